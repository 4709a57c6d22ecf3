"""The canvas beside another network: how much each weight is above the other's, in words and numbers.

The other network is a branch of the run at the same step, or whatever the canvas was told to compare with.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bpstudio.insight.branches import title
from bpstudio.insight.compared import obstacle
from bpstudio.insight.notation import exact, signed
from bpstudio.insight.windows import matrix
from ui.language import tr

if TYPE_CHECKING:
    from bpstudio.insight.elements import Edge
    from ui.canvas.picture import Picture

LONG, SHORT = 24, 12
"""Characters of a branch's name in a wide legend and in a narrow one."""


def name(picture: Picture, most: int = 0) -> str:
    """What the other branch is called, in at most so many characters; "" where no branch is compared."""
    frame = picture.frame
    if frame.compared is None or picture.view.other is not None:
        return ""
    whole = title(frame.branches, frame.compared, tr)
    return whole if not most or len(whole) <= most else f"{whole[: most - 1].rstrip(' ·')}…"


def why_not(picture: Picture, most: int = 0) -> str:
    """Why nothing can be compared; "" where something can."""
    if picture.eye.color != "difference" or picture.view.other is not None or not picture.frame.branches:
        return ""
    found = obstacle(picture.frame, name(picture, most))
    return "" if found is None else found.rendered(tr)


def label(picture: Picture, edge: Edge, digits: int) -> str:
    """The difference of a weight as it stands beside its line; "" where there is none."""
    value = picture.difference_of(edge)
    letter = "b" if edge.is_bias else "w"
    return "" if math.isnan(value) else f"{letter} − {letter}′ {signed(value, digits)}"


def facts(picture: Picture, edge: Edge) -> list[str]:
    """The other network's weight and the difference, with all their digits."""
    value, other = picture.difference_of(edge), picture.other
    if math.isnan(value) or other is None:
        return [why_not(picture) or tr("no weight of the other network corresponds to it")]
    place = list(other)[edge.layer - 1]
    theirs = matrix(*place)[edge.to, edge.source]
    letter = "b" if edge.is_bias else "w"
    who = name(picture)
    first = f"{letter}′ = {exact(float(theirs))}"
    return [f"{first} ({who})" if who else first, f"{letter} − {letter}′ = {exact(value)}"]

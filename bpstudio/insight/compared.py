"""Two networks side by side: how much each weight of one is above that of the other, and why that cannot be said.

Nothing is compared that does not correspond: a layer of another shape, or a step that the other run does not have, has
no difference, which is not a difference of 0.
"""

from __future__ import annotations

import numpy as np

from bpstudio.engine.trace import Params
from bpstudio.insight.phrase import Phrase
from bpstudio.insight.windows import matrix
from bpstudio.maths.operations import Array
from bpstudio.training.frame import Frame

NO_BRANCH = "no branch is compared"
ITSELF = "the run is on {branch} itself"
ENDS = "{branch} ends at step {last}"
BEGINS = "{branch} begins at step {first}"
OTHER_LAYERS = "{branch} has other layers"


def differences(own: Params, other: Params | None) -> tuple[Array, ...]:
    """For each layer from 1 w − w′ as a matrix (units, inputs + 1), biases last; NaN throughout where the other network
    has no layer of this shape in this place.
    """
    found = []
    others = list(other) if other is not None else []
    for place, (W, b) in enumerate(own):
        mine = matrix(W, b).astype(np.float64)
        theirs = others[place] if place < len(others) else None
        fits = theirs is not None and (theirs[0].shape, theirs[1].shape) == (W.shape, b.shape)
        found.append(mine - matrix(*theirs).astype(np.float64) if theirs is not None and fits else mine * np.nan)
    return tuple(found)


def obstacle(frame: Frame, name: str = "") -> Phrase | None:
    """Why nothing of a frame can be compared; None where something can. ``name`` is what the other branch is called."""
    other = next((branch for branch in frame.branches if branch.number == frame.compared), None)
    if other is None:
        return Phrase(NO_BRANCH)
    if frame.beside is None:
        if other.number == frame.branch:
            return Phrase(ITSELF, {"branch": name})
        if frame.step < other.first:
            return Phrase(BEGINS, {"branch": name, "first": f"{other.first:,}"})
        return Phrase(ENDS, {"branch": name, "last": f"{other.last:,}"})
    parts = differences(frame.params, frame.beside.params)
    if all(bool(np.isnan(part).all()) for part in parts):
        return Phrase(OTHER_LAYERS, {"branch": name})
    return None

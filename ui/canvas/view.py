"""All that a painting of the network depends on, frozen: the same View gives the same pixels."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from bpstudio.engine.trace import Params
from bpstudio.insight.gradcheck import GradientCheck
from bpstudio.insight.layout import Layout
from bpstudio.insight.walk import Walk
from bpstudio.training.frame import Frame
from ui.canvas.scale import Limits
from ui.focus import Eye, Focus
from ui.theme import Theme


@dataclass(frozen=True, eq=False)
class View:
    """One picture to paint.

    `phase` is the place of the pulse, 0 when the beat begins, 1 when its result has arrived; a picture at rest has
    1. `under_mouse` names the entry of the legend under the mouse. `language` is here because text is looked up
    while painting.
    """

    frame: Frame
    walk: Walk
    eye: Eye
    layout: Layout
    limits: Limits
    theme: Theme
    language: str
    width: float
    height: float
    ratio: float = 1.0
    phase: float = 1.0
    under_mouse: str = ""
    legend: bool = True
    check: GradientCheck | None = None
    """What the check of this very step's gradients found; None while it is not known."""
    other: Params | None = None
    """The network from which differences are taken; of the same shape."""

    def replace(self, **changes: object) -> View:
        """The same picture but for these fields."""
        return dataclasses.replace(self, **changes)  # type: ignore[arg-type]

    @property
    def still(self) -> View:
        """What does not move: the picture without hover, with the pulse either under way or arrived."""
        eye = dataclasses.replace(self.eye, hover=None)
        return self.replace(eye=eye, phase=1.0 if self.phase >= 1.0 else 0.0, under_mouse="")


def eye_of(focus: Focus, walk: Walk | None = None) -> Eye:
    """Where the eye is now, as a value that stays. What the network of `walk` does not have is not looked at."""
    eye = focus.eye
    gone: dict[str, None] = {}
    for name in ("selection", "hover"):
        element = getattr(eye, name)
        if walk is not None and element is not None and not walk.names.has(element):
            gone[name] = None
    return dataclasses.replace(eye, **gone) if gone else eye  # type: ignore[arg-type]

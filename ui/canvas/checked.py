"""The gradient check as colours of the edges: how far each checked gradient is from a central difference.

A number on the scale is the relative error, on a log scale. What has no error to speak of has a number below 0: at a
kink there is no slope, a convention is the gradient of nothing, and what differs is wrong. Only the last is an error.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from bpstudio.insight.elements import Edge, Names
from bpstudio.insight.gradcheck import AGREES, DIFFERS, KINK, GradientCheck
from bpstudio.insight.notation import rough
from ui.canvas.strokes import Colors, Floats
from ui.language import tr, translatable
from ui.theme import Theme

KINKED, CONVENTION, WRONG = -1.0, -2.0, -3.0
"""What stands in the place of an error."""
LOW, HIGH = 1e-12, 1e-4
"""The ends of the scale: rounding, and far more than any tolerance for double precision."""
TINY = 1e-300
"""An error of exactly 0 is as good as none, but no gradient of 0."""
VERDICTS = {
    KINKED: translatable("a kink lies here"),
    CONVENTION: translatable("gradient of nothing, by convention"),
    WRONG: translatable("differs"),
}


@lru_cache(maxsize=4)
def errors(check: GradientCheck, names: Names) -> tuple[Floats, ...]:
    """For each layer from 1 a matrix of errors, biases last; NaN where nothing was checked."""
    found: list[Floats] = [np.full((rows, columns + 1), np.nan) for rows, columns in names.matrices]
    for edge, error, verdict in zip(check.edges, check.errors.tolist(), check.verdicts, strict=True):
        if isinstance(edge, Edge):
            code = {AGREES: max(error, TINY), KINK: KINKED, DIFFERS: WRONG}.get(verdict, CONVENTION)
            found[edge.layer - 1][edge.to, edge.source] = code
    return tuple(found)


def colors_of(theme: Theme, values: Floats) -> tuple[Colors, Floats]:
    """The colours of errors, and their place between 0 (best) and 1 for the order of painting."""
    with np.errstate(invalid="ignore", divide="ignore"):
        span = np.log10(HIGH / LOW)
        t = np.where(values > 0, np.clip(np.log10(np.maximum(values, TINY) / LOW) / span, 0.0, 1.0), 1.0)
    colors = theme.gradient(t)
    for code, color in ((KINKED, theme.warning), (CONVENTION, theme.warning), (WRONG, theme.error)):
        colors = np.where(values == code, np.uint32(color.rgb()), colors)
    return colors.astype(np.uint32), t


def said(value: float) -> str:
    """An error in words: its size, or why it is none."""
    if np.isnan(value):
        return ""
    if value in VERDICTS:
        return tr(VERDICTS[value])
    return "0 ✓" if value <= TINY else f"{rough(value)} ✓"

"""What `health` finds: a sentence with its numbers, its cause, what helps; and how all signs read the record."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bpstudio.insight.elements import Element
from bpstudio.insight.notation import number
from bpstudio.insight.phrase import Phrase
from bpstudio.insight.remedies import Remedy
from bpstudio.maths.operations import Array
from bpstudio.training.frame import Frame

STEPS = 20
"""Steps without an edit before gradients, slopes and dead units are judged; medians are over as many."""
ROWS = 4096
"""Training rows that are gone through at present parameters; more would take from the training beside it."""
_FIGURES = 3


@dataclass(frozen=True)
class Finding:
    """What stands out most: `level` is "error" or "warning", `about` what to look at, `plot` the plot that shows it."""

    kind: str
    level: str
    what: Phrase
    cause: Phrase | None
    remedies: tuple[Remedy, ...]
    about: Element
    plot: str = ""

    @property
    def words(self) -> Phrase:
        """The whole sentence."""
        if self.cause is None:
            return self.what
        values = {"what": self.what, "cause": self.cause}
        return Phrase("{what}. {cause}", values) if self.kind == "baseline" else Phrase("{what}: {cause}", values)


def ran(frame: Frame) -> bool:
    """Whether the stretch without edits is long enough to be judged."""
    return frame.step + 1 - frame.segment_start >= STEPS


def recorded(frame: Frame, columns: tuple[str, ...], start: int) -> Array:
    """(steps, columns): what was recorded from `start` to the frame's step."""
    return frame.metrics.table(columns, max(start, frame.segment_start), frame.step + 1)[1]


def short(value: float) -> str:
    """Three figures: 0.241, −3.45, 4.8e-7."""
    text = f"{value:.{_FIGURES}g}" if math.isfinite(value) else number(value)
    mantissa, e, power = text.partition("e")
    return (f"{mantissa}e{int(power)}" if e else mantissa).replace("-", "−", 1 if value < 0 else 0)


def times(value: float) -> str:
    """How many times, as a whole number while it is short."""
    if value < 10:
        return f"{value:.1f}"
    return f"{value:,.0f}" if value < 1e9 else short(value)


def listed(slopes: tuple[float, ...]) -> str:
    """A product of slopes, in full while it is short."""
    shown = [short(each) for each in slopes]
    return " · ".join(shown if len(shown) <= 4 else [*shown[:2], "…", shown[-1]])

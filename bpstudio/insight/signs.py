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
FALLS = 0.05
"""So much less, relative, must the mean loss be than that of as many steps before, so that it falls."""
NOISE = 3.0
"""By so many standard errors, too: the losses of small batches go up and down by themselves."""
FALLEN = 0.1
"""So small a part of the first loss is little enough."""
_FIGURES = 3


@dataclass(frozen=True)
class Finding:
    """What stands out most: `about` is what to look at, `plot` the plot that shows it.

    `level` is "error", "warning", or "note" where `yet` says what speaks against alarm.
    """

    kind: str
    level: str
    what: Phrase
    cause: Phrase | None
    remedies: tuple[Remedy, ...]
    about: Element
    plot: str = ""
    yet: Phrase | None = None

    @property
    def words(self) -> Phrase:
        """The whole sentence."""
        found = self.what
        if self.cause is not None:
            values = {"what": self.what, "cause": self.cause}
            found = Phrase("{what}. {cause}" if self.kind == "baseline" else "{what}: {cause}", values)
        return found if self.yet is None else Phrase("{what}. {cause}", {"what": self.yet, "cause": found})


def ran(frame: Frame) -> bool:
    """Whether the stretch without edits is long enough to be judged."""
    return frame.step + 1 - frame.segment_start >= STEPS


def recorded(frame: Frame, columns: tuple[str, ...], start: int) -> Array:
    """(steps, columns): what was recorded from `start` to the frame's step."""
    return frame.metrics.table(columns, max(start, frame.segment_start), frame.step + 1)[1]


def comfort(frame: Frame) -> Phrase | None:
    """What speaks against alarm: a loss that falls, or that is a small part of what it was when the run began."""
    return _falling(frame) or _fallen(frame)


def _falling(frame: Frame) -> Phrase | None:
    """By how much the mean loss of the last steps, twenty at most, is below that of as many before; None where it is
    not clearly below.
    """
    losses = recorded(frame, ("loss",), frame.step + 1 - 2 * STEPS)[:, 0]
    count = len(losses) // 2
    if not count:
        return None
    parts = losses[-2 * count : -count], losses[-count:]
    before, now = (float(part.mean()) for part in parts)
    error = math.sqrt(sum(float(part.var()) for part in parts) / count)
    if not (now <= (1 - FALLS) * before and before - now >= NOISE * error):
        return None
    return Phrase(
        "The loss falls, by {share} in {count} steps", {"share": f"{1 - now / before:.0%}", "count": str(count)}
    )


def _fallen(frame: Frame) -> Phrase | None:
    """How the mean loss of the last twenty steps compares with that of the first; None where much of it is left."""
    start = frame.metrics.first
    if frame.step + 1 - start < 2 * STEPS:
        return None
    kept = frame.metrics.table(("loss",), start, start + STEPS)[1]
    if len(kept) < STEPS:
        return None  # it has been given up to save memory
    first = float(kept.mean())
    last = float(recorded(frame, ("loss",), frame.step + 1 - STEPS)[:, 0].mean())
    if not last <= FALLEN * first:
        return None
    return Phrase("The loss has fallen from {first} to {last}", {"first": short(first), "last": short(last)})


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

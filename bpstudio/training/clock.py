"""The numbers of a step that depend on which step it is: η under a schedule, Adam's 1 − βᵗ.

Operations are bound once to the arrays that they read. A number that changes from step to step therefore lives in an
array of its own, which the clock writes before the step computes. Where nothing changes (plain gradient descent at a
constant rate) the clock never has to be asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from bpstudio.maths.operations import Array
from bpstudio.training.schedules import Schedule

Numbered = Callable[[float, int], float]


class Clock:
    """Counts updates: ``at(k)`` makes ready for step k, whose pending update is number t = k + 1 − ``begun``, counted
    from the step at which the rule's state began. A schedule counts the updates of the whole run: it is asked for k.

    ``reductions(k)`` says how often a schedule that watches the validations had reduced the rate before step k.
    """

    def __init__(
        self,
        rate: float,
        schedule: Schedule,
        dtype: npt.DTypeLike,
        begun: int = 0,
        reductions: Callable[[int], int] | None = None,
    ) -> None:
        self.rate = rate
        self.t = 1
        self.ticks = not schedule.constant
        self._base = rate
        self._schedule = schedule
        self._dtype = np.dtype(dtype)
        self._begun = begun
        self._reductions = reductions
        self._numbers: dict[tuple[str, float], tuple[Array, Numbered]] = {}

    def rated(self, factor: float) -> Array:
        """A 0-d array that holds ``factor`` · η of the present step."""
        return self._number("rate", factor, lambda rate, _: factor * rate)

    def counted(self, name: str, factor: float, function: Numbered) -> Array:
        """A 0-d array that holds ``function(η, t)``; the same name and factor stand for the same function."""
        self.ticks = True
        return self._number(name, factor, function)

    def at(self, step: int) -> None:
        """Write the numbers of a step."""
        rate = self.rate = self.rate_at(step)
        t = self.t = step + 1 - self._begun
        for array, function in self._numbers.values():
            array[()] = function(rate, t)

    def rate_at(self, step: int) -> float:
        """η of the update that is pending at a step."""
        reductions = self._reductions(step) if self._reductions is not None else 0
        return self._schedule.rate(self._base, step, reductions)

    def ticking(self, feed: Iterator[None], step: int) -> Iterator[None]:
        """The same feed, which makes the clock ready for ``step`` and those that follow as it is advanced."""
        at = self.at
        for _ in feed:
            at(step)
            step += 1
            yield

    def _number(self, name: str, factor: float, function: Numbered) -> Array:
        key = (name, factor)
        if key not in self._numbers:
            with np.errstate(over="ignore"):  # a rate may be too large for float32
                self._numbers[key] = (np.array(function(self.rate, self.t), self._dtype), function)
        return self._numbers[key][0]

"""Where training is to stop by itself: conditions that a person sets, and what is said when one comes true."""

from __future__ import annotations

from dataclasses import dataclass

from bpstudio.training.conditions import Condition


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """A condition at which training stops, inside the step where it becomes true, while it is ``enabled``."""

    number: int
    condition: Condition
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Hit:
    """A breakpoint that was reached: its condition, at which ``step`` it became true, at which beat (``address``, as in
    the walk), and the ``value`` that made it true.
    """

    condition: Condition
    step: int
    address: str = ""
    value: float = float("nan")

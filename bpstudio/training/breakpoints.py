"""Where training is to stop by itself: conditions that a person sets, and what is said when one comes true."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from bpstudio.training.checks import whole
from bpstudio.training.conditions import Condition, from_dict, to_dict
from bpstudio.training.plain_values import plain_number, read_index, read_number, read_record


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """A condition at which training stops, inside the step where it becomes true, while it is ``enabled``."""

    number: int
    condition: Condition
    enabled: bool = True

    def __post_init__(self) -> None:
        whole("number", self.number, 1)
        if not isinstance(self.enabled, bool):
            raise ValueError(f"enabled: expected true or false, got {self.enabled!r}")

    def to_dict(self) -> dict[str, Any]:
        """The breakpoint as plain values, as JSON has them."""
        return {"number": self.number, "condition": to_dict(self.condition), "enabled": self.enabled}

    @classmethod
    def from_dict(cls, values: object, path: str = "breakpoint") -> Breakpoint:
        """The breakpoint that ``to_dict`` wrote. Raises ValueError, with the path of the field, for anything else."""
        given = read_record(path, values, "number", "condition", "enabled")
        condition = from_dict(given["condition"], f"{path}.condition")
        try:
            return cls(given["number"], condition, given["enabled"])
        except ValueError as problem:
            raise ValueError(f"{path}.{problem}") from None


@dataclass(frozen=True, slots=True)
class Hit:
    """A breakpoint that was reached: its condition, the ``step`` in which it became true, and the ``value`` that made
    it true, which had been the one ``before`` in the step before.

    ``layer`` counts from 1 and is 0 where the condition is about none; ``index`` is (unit,) of a unit or bias, and
    (unit, input, …) of a weight; of so many ``others`` it became true in the same step. By the kind of the condition
    value and before are

        GradientNorm      the norm
        UnitFlat          the greatest |f′| of the batch
        UnitDies          the share of (row, place) pairs in which the unit is off, rounded down to a 255th
        ValidationTurns   the loss of the validation
        WeightCrosses     the parameter after the update that is pending in the step, and without it
        PredictionFlips   the number of the class, from 0; of a yes or no 1 and 0
        Expression        the left side of the first comparison in it

    and NaN where there is no such number.
    """

    condition: Condition
    step: int
    value: float = math.nan
    before: float = math.nan
    layer: int = 0
    index: tuple[int, ...] = ()
    others: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The hit as plain values, as JSON has them; a number that is not finite is a text there."""
        return {
            "condition": to_dict(self.condition),
            "step": self.step,
            "value": plain_number(self.value),
            "before": plain_number(self.before),
            "layer": self.layer,
            "index": list(self.index),
            "others": self.others,
        }

    @classmethod
    def from_dict(cls, values: object, path: str = "hit") -> Hit:
        """The hit that ``to_dict`` wrote. Raises ValueError, with the path of the field, for anything else."""
        given = read_record(path, values, "condition", "step", "value", "before", "layer", "index", "others")
        condition = from_dict(given["condition"], f"{path}.condition")
        whole(f"{path}.step", given["step"], 0)
        whole(f"{path}.layer", given["layer"], 0)
        whole(f"{path}.others", given["others"], 0)
        value, before = (read_number(f"{path}.{name}", given[name]) for name in ("value", "before"))
        index = read_index(f"{path}.index", given["index"])
        return cls(condition, given["step"], value, before, given["layer"], index, given["others"])

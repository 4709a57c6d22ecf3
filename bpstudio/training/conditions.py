"""Conditions on a step of a run: what can be asked of the numbers that are computed in it.

A condition is a frozen record, so it can be written into a file (``to_dict``) and read from one that nobody can trust
(``from_dict``). What makes each one true is in ``lookout``.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from bpstudio.training.checks import number, whole
from bpstudio.training.expression import parse
from bpstudio.training.plain_values import read_number, read_object, shown

MOST_VALIDATIONS = 1000


@dataclass(frozen=True, slots=True)
class GradientNorm:
    """‖∂C/∂θ‖ over all trainable parameters leaves the range from ``low`` to ``high``; ``inf``: no upper end."""

    low: float = 0.0
    high: float = math.inf

    def __post_init__(self) -> None:
        number("low", self.low, 0)
        if self.high != math.inf:
            number("high", self.high)
        if self.high <= self.low:
            raise ValueError(f"high: expected a number above {self.low:g}, where the range begins, got {self.high!r}")


@dataclass(frozen=True, slots=True)
class UnitFlat:
    """A unit goes flat: its activation is saturated for every row of the batch (any unit of ``layer``, counted from 1;
    0: of any layer; ``unit`` counts from 0, −1: any). In a layer of images a map is a unit.
    """

    layer: int = 0
    unit: int = -1

    def __post_init__(self) -> None:
        _unit(self.layer, self.unit)


@dataclass(frozen=True, slots=True)
class UnitDies:
    """A ReLU unit is off for every row of the batch; ``layer`` and ``unit`` as for UnitFlat."""

    layer: int = 0
    unit: int = -1

    def __post_init__(self) -> None:
        _unit(self.layer, self.unit)


@dataclass(frozen=True, slots=True)
class ValidationTurns:
    """The validation loss is greater than at the validation before, for the ``times``-th time in a row."""

    times: int = 1

    def __post_init__(self) -> None:
        whole("times", self.times, 1)
        if self.times > MOST_VALIDATIONS:
            raise ValueError(f"times: expected at most {MOST_VALIDATIONS}, got {self.times}")


@dataclass(frozen=True, slots=True)
class WeightCrosses:
    """A parameter reaches or crosses zero: ``index`` is (unit, input, …) of the weights of ``layer``, counted from 1,
    or (unit,) of its biases.
    """

    layer: int
    index: tuple[int, ...]
    bias: bool = False

    def __post_init__(self) -> None:
        whole("layer", self.layer, 1)
        if not isinstance(self.bias, bool):
            raise ValueError(f"bias: expected true or false, got {self.bias!r}")
        if not isinstance(self.index, tuple):
            raise ValueError(f"index: expected whole numbers, got {self.index!r}")
        for each in self.index:
            whole("index", each, 0)
        counts = (1,) if self.bias else (2, 4)
        if len(self.index) not in counts:
            expected = "one number, the unit," if self.bias else "two numbers, unit and input, or four of a kernel,"
            raise ValueError(f"index: expected {expected} got {len(self.index)}")


@dataclass(frozen=True, slots=True)
class PredictionFlips:
    """The answer for a row of the data set, counted from 0, becomes another class."""

    row: int

    def __post_init__(self) -> None:
        whole("row", self.row, 0)


@dataclass(frozen=True, slots=True)
class Expression:
    """A typed condition over the metrics becomes true, such as ``loss < 0.1 and step > 100``.

    Raises ExpressionError, with the place, for what is none.
    """

    text: str

    def __post_init__(self) -> None:
        if not isinstance(self.text, str):
            raise ValueError(f"text: expected an expression, got {self.text!r}")
        parse(self.text)


Condition = GradientNorm | UnitFlat | UnitDies | ValidationTurns | WeightCrosses | PredictionFlips | Expression

KINDS: Mapping[str, type[Condition]] = MappingProxyType(
    {
        "gradient_norm": GradientNorm,
        "unit_flat": UnitFlat,
        "unit_dies": UnitDies,
        "validation_turns": ValidationTurns,
        "weight_crosses": WeightCrosses,
        "prediction_flips": PredictionFlips,
        "expression": Expression,
    }
)
"""The kinds of condition by the names that they have in files."""
_NAMES = {kind: name for name, kind in KINDS.items()}


def to_dict(condition: Condition) -> dict[str, Any]:
    """The condition as plain values, as JSON has them: ``kind`` and its fields. A bound at infinity is left out."""
    values = {
        field.name: list(value) if isinstance(value, tuple) else value
        for field in dataclasses.fields(condition)
        if (value := getattr(condition, field.name)) != math.inf
    }
    return {"kind": _NAMES[type(condition)], **values}


def from_dict(values: object, path: str = "condition") -> Condition:
    """The condition that ``to_dict`` wrote. Raises ValueError, with the path of the field, for anything else."""
    given = read_object(path, values)
    name = given.pop("kind", None)
    if not isinstance(name, str) or name not in KINDS:
        raise ValueError(f"{path}.kind: expected one of {', '.join(KINDS)}, got {shown(name)}")
    kind = KINDS[name]
    fields = {field.name: field for field in dataclasses.fields(kind)}
    for unknown in given:
        if unknown not in fields:
            raise ValueError(f"{path}.{shown(unknown)}: unknown; expected {', '.join(fields)}")
    for field in fields.values():
        if field.name not in given and field.default is dataclasses.MISSING:
            raise ValueError(f"{path}.{field.name}: missing")
    if isinstance(given.get("index"), list):
        given["index"] = tuple(given["index"])
    for field in fields.values():
        if field.type == "float" and field.name in given:
            given[field.name] = read_number(f"{path}.{field.name}", given[field.name])
    try:
        return kind(**given)
    except ValueError as problem:
        raise ValueError(f"{path}.{problem}") from None


def _unit(layer: int, unit: int) -> None:
    whole("layer", layer, 0)
    whole("unit", unit, -1)
    if unit >= 0 and layer == 0:
        raise ValueError(f"unit: expected −1 where no layer is given, got {unit}")

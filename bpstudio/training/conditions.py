"""Conditions on a step of a run: what can be asked of the numbers that are recorded of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GradientNorm:
    """‖∂C/∂θ‖ over all trainable parameters leaves the range from ``low`` to ``high``."""

    low: float = 0.0
    high: float = float("inf")


@dataclass(frozen=True, slots=True)
class UnitFlat:
    """A unit goes flat: its activation is saturated for every row of the batch (any unit of ``layer``, counted from 1;
    0: of any layer; ``unit`` counts from 0, −1: any).
    """

    layer: int = 0
    unit: int = -1


@dataclass(frozen=True, slots=True)
class UnitDies:
    """A ReLU unit is off for every row of the batch; ``layer`` and ``unit`` as for UnitFlat."""

    layer: int = 0
    unit: int = -1


@dataclass(frozen=True, slots=True)
class ValidationTurns:
    """The validation loss is greater than at the validation before, for the ``times``-th time in a row."""

    times: int = 1


@dataclass(frozen=True, slots=True)
class WeightCrosses:
    """A parameter changes its sign: ``index`` is (unit, input, …) of the weights of ``layer``, counted from 1, or
    (unit,) of its biases.
    """

    layer: int
    index: tuple[int, ...]
    bias: bool = False


@dataclass(frozen=True, slots=True)
class PredictionFlips:
    """The answer for a row of the data set, counted from 0, becomes another class."""

    row: int


@dataclass(frozen=True, slots=True)
class Expression:
    """A typed condition over the metrics becomes true, such as ``loss < 0.1 and step > 100``."""

    text: str


Condition = GradientNorm | UnitFlat | UnitDies | ValidationTurns | WeightCrosses | PredictionFlips | Expression

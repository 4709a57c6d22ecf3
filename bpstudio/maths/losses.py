"""What the network is asked to make small, and its derivative with respect to the outputs.

A loss is a text, "bce" or "huber(delta=0.4)", and ``loss(text)`` its record. Its formulas stand in ``distances`` (how
far from the target), ``entropies`` (how surprised by it) and ``margins`` (by how much on the right side).

Two pairs simplify so well that they are computed as one: with a sigmoid and binary cross-entropy, or a softmax and
categorical cross-entropy, the error of an output is ∂ℓ/∂z = a − y exactly, and the value is taken from z, so that it
stays finite and exact where a itself has long been rounded to 0 or 1. Such a pair has a name here (``paired_with``);
it is never fused in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from types import MappingProxyType

import numpy as np

from bpstudio.maths import distances, entropies, margins, rule_text, targets, written_number
from bpstudio.maths.operations import Array, Operation

REDUCTIONS = ("mean_batch", "mean_all", "sum")

Misfit = targets.Misfit


@dataclass(frozen=True, slots=True)
class Loss:
    """One loss ℓ per element, its slope ∂ℓ/∂a, and the activation with which ∂ℓ/∂z collapses to a − y.

    ``value(a, y)`` and ``paired_value(z, y)`` return ℓ elementwise (summed over outputs it is the row's own cost);
    ``slope(a, y, da)`` lists the operations that write ∂ℓ/∂a. ``side(a, y)`` tells on which side of its kink each
    output is, as a sign, 0 on the kink itself; None where the loss has no kink. ``lowest`` and ``highest`` bound the
    outputs for which ℓ is a number.
    """

    name: str
    value: Callable[[Array, Array], Array]
    slope: Callable[[Array, Array, Array], list[Operation]]
    paired_with: str | None = None
    paired_value: Callable[[Array, Array], Array] | None = None
    check_targets: Callable[[Array, str], Misfit | None] = lambda y, activation: None
    of_rows: bool = False
    family: str = ""
    parameters: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    side: Callable[[Array, Array], Array] | None = None
    lowest: float = -np.inf
    highest: float = np.inf

    def elements(self, activation: str, z: Array, a: Array, y: Array) -> Array:
        """ℓ of each output, shape (…, N, K), not yet divided by anything."""
        if self.paired_value is not None and activation == self.paired_with:
            return self.paired_value(z, y)
        return self.value(a, y)

    def rows(self, activation: str, z: Array, a: Array, y: Array) -> Array:
        """Each row's own cost: the sum over its outputs, shape (…, N)."""
        cost: Array = np.add.reduce(self.elements(activation, z, a, y), axis=-1)
        return cost

    def scale(self, reduction: str, rows: int, outputs: int) -> float:
        """The factor that turns Σℓ into the objective. A loss of whole rows (``of_rows``) has no mean over outputs."""
        return scale(reduction, rows, 1 if self.of_rows else outputs)

    def da(self, a: Array, y: Array) -> Array:
        """∂ℓ/∂a elementwise, without the factor of the reduction."""
        out = np.empty_like(a, order="C")
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            for function, arguments in self.slope(a, y, out):
                function(*arguments)
        return out

    def takes(self, outputs: Array) -> bool:
        """Whether ℓ is a number for each of these outputs: a logarithm takes no a below 0."""
        return bool(np.all((outputs >= self.lowest) & (outputs <= self.highest)))


def scale(reduction: str, rows: int, outputs: int) -> float:
    """The factor that turns Σℓ into the objective: 1/N, 1/(N·K) or 1."""
    if reduction == "mean_batch":
        return 1.0 / rows
    if reduction == "mean_all":
        return 1.0 / (rows * outputs)
    if reduction == "sum":
        return 1.0
    raise ValueError(f"reduction: expected one of {', '.join(REDUCTIONS)}, got {reduction!r}")


def _huber(delta: float = 1.0) -> Loss:
    if delta <= 0:
        raise ValueError(f"loss: delta of huber must be above 0, got {written_number.written(delta)}")
    return Loss(
        rule_text.written("huber", {"delta": delta}, PARAMETERS["huber"]),
        partial(distances.huber, delta),
        partial(distances.huber_slope, delta),
        side=partial(distances.huber_side, delta),
        family="huber",
        parameters=MappingProxyType({"delta": delta}),
    )


PARAMETERS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "half_squared_error": {},
        "squared_error": {},
        "mean_absolute_error": {},
        "huber": {"delta": 1.0},
        "bce": {},
        "categorical_ce": {},
        "hinge": {},
        "squared_hinge": {},
        "multiclass_hinge": {},
    }
)
"""Every loss by its bare name, with its parameters and their defaults."""

LOSSES: Mapping[str, Loss] = MappingProxyType(
    {
        loss.name: loss
        for loss in (
            Loss(
                "half_squared_error",
                distances.half_squared,
                distances.half_squared_slope,
                family="half_squared_error",
            ),
            Loss("squared_error", distances.squared, distances.squared_slope, family="squared_error"),
            Loss(
                "mean_absolute_error",
                distances.absolute,
                distances.absolute_slope,
                family="mean_absolute_error",
                side=distances.absolute_side,
            ),
            _huber(),
            Loss(
                "bce",
                entropies.binary,
                entropies.binary_slope,
                "sigmoid",
                entropies.binary_from_logits,
                targets.probabilities,
                family="bce",
                lowest=0.0,
                highest=1.0,
            ),
            Loss(
                "categorical_ce",
                entropies.categorical,
                entropies.categorical_slope,
                "softmax",
                entropies.categorical_from_logits,
                targets.shares,
                of_rows=True,
                family="categorical_ce",
                lowest=0.0,
            ),
            Loss(
                "hinge",
                margins.hinge,
                margins.hinge_slope,
                check_targets=targets.signs,
                family="hinge",
                side=margins.hinge_side,
            ),
            Loss(
                "squared_hinge",
                margins.squared_hinge,
                margins.squared_hinge_slope,
                check_targets=targets.signs,
                family="squared_hinge",
                side=margins.hinge_side,
            ),
            Loss(
                "multiclass_hinge",
                margins.multiclass_hinge,
                margins.multiclass_hinge_slope,
                check_targets=targets.one_hot,
                of_rows=True,
                family="multiclass_hinge",
                side=margins.multiclass_hinge_side,
            ),
        )
    }
)
"""The losses at their defaults, by their bare names."""


@lru_cache(maxsize=256)
def loss(text: str) -> Loss:
    """The loss of that text, such as "bce" or "huber(delta=0.4)". Raises ValueError that lists the known ones."""
    family, values = rule_text.parts("loss", text, PARAMETERS)
    return _huber(**values) if family == "huber" else LOSSES[family]

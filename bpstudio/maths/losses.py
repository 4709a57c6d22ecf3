"""What the network is asked to make small, and its derivative with respect to the outputs.

Two pairs simplify so well that they are computed as one: with a sigmoid and binary cross-entropy, or a softmax and
categorical cross-entropy, the error of an output is ∂ℓ/∂z = a − y exactly, and the value is taken from z, so that it
stays finite and exact where a itself has long been rounded to 0 or 1. Such a pair has a name here (``paired_with``);
it is never fused in silence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bpstudio.maths.operations import Array, Operation, constant

REDUCTIONS = ("mean_batch", "mean_all", "sum")


@dataclass(frozen=True, slots=True)
class Loss:
    """One loss ℓ per element, its slope ∂ℓ/∂a, and the activation with which ∂ℓ/∂z collapses to a − y.

    ``value(a, y)`` and ``paired_value(z, y)`` return ℓ elementwise (summed over outputs it is the row's own cost);
    ``slope(a, y, da)`` lists the operations that write ∂ℓ/∂a.
    """

    name: str
    value: Callable[[Array, Array], Array]
    slope: Callable[[Array, Array, Array], list[Operation]]
    paired_with: str | None = None
    paired_value: Callable[[Array, Array], Array] | None = None
    check_targets: Callable[[Array, str], str | None] = lambda y, activation: None
    of_rows: bool = False

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


def scale(reduction: str, rows: int, outputs: int) -> float:
    """The factor that turns Σℓ into the objective: 1/N, 1/(N·K) or 1."""
    if reduction == "mean_batch":
        return 1.0 / rows
    if reduction == "mean_all":
        return 1.0 / (rows * outputs)
    if reduction == "sum":
        return 1.0
    raise ValueError(f"reduction: expected one of {', '.join(REDUCTIONS)}, got {reduction!r}")


def _half_squared(a: Array, y: Array) -> Array:
    error = a - y
    half: Array = error * error * constant(0.5, error.dtype)
    return half


def _half_squared_slope(a: Array, y: Array, da: Array) -> list[Operation]:
    return [(np.subtract, (a, y, da))]


def _squared(a: Array, y: Array) -> Array:
    error = a - y
    squared: Array = error * error
    return squared


def _squared_slope(a: Array, y: Array, da: Array) -> list[Operation]:
    return [(np.subtract, (a, y, da)), (np.add, (da, da, da))]


def _times_log(y: Array, a: Array) -> Array:
    """y ln a, where 0 ln 0 is its limit 0."""
    out = np.zeros(np.broadcast_shapes(y.shape, a.shape), a.dtype)
    wanted = y != 0
    np.log(a, out=out, where=wanted)
    np.multiply(out, y, out=out, where=wanted)
    return out


def _binary(a: Array, y: Array) -> Array:
    return -_times_log(y, a) - _times_log(1 - y, 1 - a)


def _binary_slope(a: Array, y: Array, da: Array) -> list[Operation]:
    one = constant(1.0, a.dtype)
    room = np.empty_like(da)
    return [
        (np.subtract, (one, a, room)),
        (np.multiply, (room, a, room)),
        (np.subtract, (a, y, da)),
        (np.divide, (da, room, da)),
    ]


def _binary_from_logits(z: Array, y: Array) -> Array:
    # −y ln σ(z) − (1−y) ln(1−σ(z)) = max(z, 0) − z y + ln(1 + e^−|z|), exact at z = ±1000.
    cost: Array = np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))
    return cost


def _binary_targets(y: Array, activation: str) -> str | None:
    if bool(np.any((y < 0) | (y > 1))):
        return "binary cross-entropy needs targets between 0 and 1"
    return None


def _categorical(a: Array, y: Array) -> Array:
    return -_times_log(y, a)


def _divide_where_asked(y: Array, a: Array, da: Array) -> None:
    da[...] = 0
    np.divide(y, a, out=da, where=y != 0)
    np.negative(da, da)


def _categorical_slope(a: Array, y: Array, da: Array) -> list[Operation]:
    return [(_divide_where_asked, (y, a, da))]


def _categorical_from_logits(z: Array, y: Array) -> Array:
    shifted = z - np.max(z, axis=-1, keepdims=True)
    log_total = np.log(np.add.reduce(np.exp(shifted), axis=-1, keepdims=True))
    cost: Array = y * (log_total - shifted)
    return cost


def _categorical_targets(y: Array, activation: str) -> str | None:
    if bool(np.any(y < 0)):
        return "categorical cross-entropy needs targets that are not negative"
    # a − y is the gradient only for targets that sum to 1.
    if activation == "softmax" and bool(np.any(np.abs(y.sum(axis=-1) - 1) > 1e-9)):
        return "categorical cross-entropy with softmax needs the targets of each row to sum to 1"
    return None


LOSSES: dict[str, Loss] = {
    loss.name: loss
    for loss in (
        Loss("half_squared_error", _half_squared, _half_squared_slope),
        Loss("squared_error", _squared, _squared_slope),
        Loss("bce", _binary, _binary_slope, "sigmoid", _binary_from_logits, _binary_targets),
        Loss(
            "categorical_ce",
            _categorical,
            _categorical_slope,
            "softmax",
            _categorical_from_logits,
            _categorical_targets,
            of_rows=True,
        ),
    )
}


def loss(name: str) -> Loss:
    """The loss of that name. Raises ValueError that lists the known ones."""
    if name not in LOSSES:
        raise ValueError(f"loss: expected one of {', '.join(LOSSES)}, got {name!r}")
    return LOSSES[name]

"""What one unit does with its weighted input: a = f(z), and how steep f is there: f′(z).

The slope decides how much of the error passes backward through the unit. Where f is flat (a saturated sigmoid) almost
nothing passes, which is the whole story of the vanishing gradient. Function and derivative therefore stand side by
side in one record.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from bpstudio.maths.operations import Array, Operation, constant, run


@dataclass(frozen=True, slots=True)
class Activation:
    """One activation function.

    ``forward(z, a)`` lists the operations that write a = f(z); ``backward(z, a, slope)`` those that write f′(z),
    elementwise. Softmax couples the units of a row, so it has no slope of its own (``backward`` is None): its
    Jacobian is ∂a_i/∂z_j = a_i (δ_ij − a_j).
    """

    name: str
    symbol: str
    forward: Callable[[Array, Array], list[Operation]]
    backward: Callable[[Array, Array, Array], list[Operation]] | None
    max_slope: float | None
    saturates: bool = False

    @property
    def family(self) -> str:
        """The bare name, without parameters."""
        return self.name

    @property
    def everywhere(self) -> bool:
        """Whether the formula is the same for every unit and works on any flat stretch of memory."""
        return self.backward is not None

    @property
    def units(self) -> int | None:
        """For how many units it names a function each; None where one holds for all."""
        return None

    @property
    def elementwise(self) -> bool:
        """Whether each output depends on its own weighted input alone."""
        return self.backward is not None

    def f(self, z: Array) -> Array:
        """a = f(z), the same shape and dtype as z; softmax works along the last axis."""
        a = np.empty_like(z, order="C")
        with np.errstate(over="ignore"):
            run(self.forward(z, a))
        return a

    def df(self, z: Array, a: Array) -> Array:
        """f′(z), given a = f(z). Raises ValueError for softmax, which has a Jacobian instead."""
        if self.backward is None:
            raise ValueError(f"{self.name} has no elementwise derivative; its Jacobian is diag(a) − a aᵀ")
        slope = np.empty_like(z, order="C")
        run(self.backward(z, a, slope))
        return slope


def _identity(z: Array, a: Array) -> list[Operation]:
    return [(np.copyto, (a, z))]


def _identity_slope(z: Array, a: Array, slope: Array) -> list[Operation]:
    return [(np.copyto, (slope, constant(1.0, z.dtype)))]


def _sigmoid(z: Array, a: Array) -> list[Operation]:
    # e^−z overflows to inf below −709 and 1/inf is the right limit, 0; no branch is needed (overflow is silenced by
    # the caller).
    one = constant(1.0, z.dtype)
    return [(np.negative, (z, a)), (np.exp, (a, a)), (np.add, (a, one, a)), (np.divide, (one, a, a))]


def _sigmoid_slope(z: Array, a: Array, slope: Array) -> list[Operation]:
    return [(np.subtract, (constant(1.0, z.dtype), a, slope)), (np.multiply, (slope, a, slope))]


def _tanh(z: Array, a: Array) -> list[Operation]:
    return [(np.tanh, (z, a))]


def _tanh_slope(z: Array, a: Array, slope: Array) -> list[Operation]:
    return [(np.multiply, (a, a, slope)), (np.subtract, (constant(1.0, z.dtype), slope, slope))]


def _relu(z: Array, a: Array) -> list[Operation]:
    # np.maximum takes its output by name only (NumPy 2.4 deprecates the position).
    return [(partial(np.maximum, out=a), (z, constant(0.0, z.dtype)))]


def _relu_slope(z: Array, a: Array, slope: Array) -> list[Operation]:
    # At the kink z = 0 the slope is taken as 0, as PyTorch and Caffe do.
    return [(np.greater, (z, constant(0.0, z.dtype), slope))]


def _softmax(z: Array, a: Array) -> list[Operation]:
    # Subtracting the row's maximum changes nothing mathematically and keeps every exponential at most 1.
    peak = np.empty((*z.shape[:-1], 1), z.dtype)
    total = np.empty_like(peak)
    return [
        (np.maximum.reduce, (z, -1, None, peak, True)),
        (np.subtract, (z, peak, a)),
        (np.exp, (a, a)),
        (np.add.reduce, (a, -1, None, total, True)),
        (np.divide, (a, total, a)),
    ]


ACTIVATIONS: dict[str, Activation] = {
    activation.name: activation
    for activation in (
        Activation("identity", "id", _identity, _identity_slope, max_slope=1.0),
        Activation("sigmoid", "σ", _sigmoid, _sigmoid_slope, max_slope=0.25, saturates=True),
        Activation("tanh", "tanh", _tanh, _tanh_slope, max_slope=1.0, saturates=True),
        Activation("relu", "ReLU", _relu, _relu_slope, max_slope=1.0),
        Activation("softmax", "softmax", _softmax, None, max_slope=None),
    )
}


def activation(name: str) -> Activation:
    """The activation of that name. Raises ValueError that lists the known ones."""
    if name not in ACTIVATIONS:
        raise ValueError(f"activation: expected one of {', '.join(ACTIVATIONS)}, got {name!r}")
    return ACTIVATIONS[name]

"""Activation functions with two ends: sigmoid, tanh and their kin with corners, the step, and softmax.

Each is the pair of a function and its slope, bound to arrays: constants are 0-d arrays of z's dtype, scratch is
allocated once, and every overflow leads to the right limit.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from bpstudio.maths.activation_record import Activation, Backward, Forward, Piece
from bpstudio.maths.operations import Array, Operation, constant
from bpstudio.maths.written_number import factor, written


def _identity(z: Array, a: Array) -> list[Operation]:
    return [(np.copyto, (a, z))]


def _identity_slope(z: Array, a: Array, slope: Array) -> list[Operation]:
    return [(np.copyto, (slope, constant(1.0, z.dtype)))]


def identity() -> Activation:
    """f(z) = z."""
    return Activation(
        "identity", "id", _identity, _identity_slope, max_slope=1.0, family="identity", pieces=(Piece("{z}", "1"),)
    )


def logistic(z: Array, a: Array) -> list[Operation]:
    """The operations that write a = σ(z)."""
    # e^−z overflows to inf below −709 and 1/inf is the right limit, 0; no branch is needed (overflow is silenced by
    # the caller).
    one = constant(1.0, z.dtype)
    return [(np.negative, (z, a)), (np.exp, (a, a)), (np.add, (a, one, a)), (np.divide, (one, a, a))]


def _sigmoid_slope(z: Array, a: Array, slope: Array) -> list[Operation]:
    return [(np.subtract, (constant(1.0, z.dtype), a, slope)), (np.multiply, (slope, a, slope))]


def sigmoid() -> Activation:
    """f(z) = σ(z) = 1 / (1 + e^−z)."""
    pieces = (Piece("1 / (1 + e^(−{z_operand}))", "{a} (1 − {a_operand})"),)
    return Activation(
        "sigmoid", "σ", logistic, _sigmoid_slope, max_slope=0.25, saturates=True, family="sigmoid", pieces=pieces
    )


def _tanh(z: Array, a: Array) -> list[Operation]:
    return [(np.tanh, (z, a))]


def _tanh_slope(z: Array, a: Array, slope: Array) -> list[Operation]:
    return [(np.multiply, (a, a, slope)), (np.subtract, (constant(1.0, z.dtype), slope, slope))]


def tanh() -> Activation:
    """f(z) = tanh z."""
    pieces = (Piece("tanh({z})", "1 − {a_operand}²"),)
    return Activation("tanh", "tanh", _tanh, _tanh_slope, max_slope=1.0, saturates=True, family="tanh", pieces=pieces)


def scaled_tanh(amplitude: float, steepness: float) -> Activation:
    """f(z) = A tanh(B z); A = 1.7159, B = 2/3 is LeCun's choice (LeCun, Bottou, Orr and Müller 1998, section 4.4),
    with f(±1) = ±1; DeepLearnToolbox calls it tanh_opt.
    """

    def forward(z: Array, a: Array) -> list[Operation]:
        top, bend = constant(amplitude, z.dtype), constant(steepness, z.dtype)
        return [(np.multiply, (z, bend, a)), (np.tanh, (a, a)), (np.multiply, (a, top, a))]

    def backward(z: Array, a: Array, slope: Array) -> list[Operation]:
        top, steepest = constant(amplitude, z.dtype), constant(amplitude * steepness, z.dtype)
        return [
            (np.divide, (a, top, slope)),
            (np.multiply, (slope, slope, slope)),
            (np.subtract, (constant(1.0, z.dtype), slope, slope)),
            (np.multiply, (slope, steepest, slope)),
        ]

    top = written(amplitude)
    value = f"{top} · tanh({factor(steepness)} · {{z_operand}})"
    pieces = (Piece(value, f"{top} · {factor(steepness)} · (1 − ({{a}} / {top})²)"),)
    return Activation(
        "scaled_tanh",
        "stanh",
        forward,
        backward,
        max_slope=amplitude * steepness,
        saturates=True,
        pieces=pieces,
    )


def _clipped(low: float, high: float, scale: float, offset: float) -> tuple[Forward, Backward]:
    """The line scale · z + offset between two ends, where its slope is 0 (at the corners too, as PyTorch has it)."""
    corner = (high - offset) / scale

    def forward(z: Array, a: Array) -> list[Operation]:
        dtype = z.dtype
        line: list[Operation] = [
            (np.multiply, (z, constant(scale, dtype), a)),
            (np.add, (a, constant(offset, dtype), a)),
        ]
        return [
            *(line if (scale, offset) != (1.0, 0.0) else [(np.copyto, (a, z))]),
            (partial(np.maximum, out=a), (a, constant(low, dtype))),
            (partial(np.minimum, out=a), (a, constant(high, dtype))),
        ]

    def backward(z: Array, a: Array, slope: Array) -> list[Operation]:
        dtype = z.dtype
        return [
            (np.absolute, (z, slope)),
            (np.less, (slope, constant(corner, dtype), slope)),
            *([] if scale == 1.0 else [(np.multiply, (slope, constant(scale, dtype), slope))]),
        ]

    return forward, backward


def hard_sigmoid(slope: float) -> Activation:
    """f(z) = s z + ½, cut off at 0 and 1. The slope s is 1/6 in PyTorch and Keras 3, 0.2 in Keras before."""
    forward, backward = _clipped(0.0, 1.0, slope, 0.5)
    corner = 0.5 / slope
    pieces = (
        Piece("0", "0", -corner),
        Piece(f"{factor(slope)} · {{z_operand}} + ½", written(slope), corner, closed=False),
        Piece("1", "0"),
    )
    return Activation(
        "hard_sigmoid",
        "hardσ",
        forward,
        backward,
        max_slope=slope,
        saturates=True,
        kinks=(-corner, corner),
        pieces=pieces,
    )


def hard_tanh() -> Activation:
    """f(z) = z, cut off at −1 and 1 (Collobert 2004)."""
    forward, backward = _clipped(-1.0, 1.0, 1.0, 0.0)
    pieces = (Piece("−1", "0", -1.0), Piece("{z}", "1", 1.0, closed=False), Piece("1", "0"))
    return Activation(
        "hard_tanh",
        "hardtanh",
        forward,
        backward,
        max_slope=1.0,
        saturates=True,
        kinks=(-1.0, 1.0),
        pieces=pieces,
    )


def _step(z: Array, a: Array) -> list[Operation]:
    return [(np.greater, (z, constant(0.0, z.dtype), a))]


def _step_slope(z: Array, a: Array, slope: Array) -> list[Operation]:
    return [(np.copyto, (slope, constant(0.0, z.dtype)))]


def step() -> Activation:
    """f(z) = 1 above 0, else 0: the perceptron's (Rosenblatt 1958). Its slope is 0 wherever it has one, so nothing is
    learned through it.
    """
    pieces = (Piece("0", "0", 0.0), Piece("1", "0"))
    return Activation(
        "step", "step", _step, _step_slope, max_slope=0.0, has_gradient=False, kinks=(0.0,), pieces=pieces
    )


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


def softmax() -> Activation:
    """f(z)_i = e^z_i / Σ e^z_k over the units of a row."""
    pieces = (Piece("e^{z_operand} / Σ", "{a} (1 − {a_operand})"),)
    return Activation("softmax", "softmax", _softmax, None, max_slope=None, pieces=pieces)

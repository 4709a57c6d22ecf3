"""Activation functions that let large z through: ReLU, what grew out of it with softer corners, and softplus.

At a kink the slope is one of the two that meet there, by convention and stated: relu′(0) = 0, leaky_relu′(0) = slope,
elu′(0) = α, selu′(0) = scale · α, as PyTorch and Caffe have it.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from bpstudio.maths.activation_record import Activation, Piece
from bpstudio.maths.error_function import normal_density, normal_distribution
from bpstudio.maths.operations import Array, Operation, constant
from bpstudio.maths.squashing import logistic
from bpstudio.maths.written_number import factor, written

SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946

# The largest slopes where no closed form exists, to be found again by the tests: SiLU's at z = 2.3994 and that of
# GELU's tanh form at z = 1.4185. The exact GELU is steepest at √2.
_SILU_STEEPEST = 1.0998393201288675
_GELU_TANH_STEEPEST = 1.1289930686587727
_GELU_STEEPEST = 0.5 * math.erfc(-1.0) + math.exp(-1.0) / math.sqrt(math.pi)


def _relu(z: Array, a: Array) -> list[Operation]:
    # np.maximum takes its output by name only (NumPy 2.4 deprecates the position).
    return [(partial(np.maximum, out=a), (z, constant(0.0, z.dtype)))]


def _relu_slope(z: Array, a: Array, slope: Array) -> list[Operation]:
    # At the kink z = 0 the slope is taken as 0, as PyTorch and Caffe do.
    return [(np.greater, (z, constant(0.0, z.dtype), slope))]


def relu() -> Activation:
    """f(z) = max(0, z) (Nair and Hinton 2010)."""
    pieces = (Piece("0", "0", 0.0), Piece("{z}", "1"))
    return Activation(
        "relu", "ReLU", _relu, _relu_slope, max_slope=1.0, family="relu", switches=True, kinks=(0.0,), pieces=pieces
    )


def leaky_relu(slope: float) -> Activation:
    """f(z) = z above 0, else s z (Maas, Hannun and Ng 2013)."""
    leak = slope

    def forward(z: Array, a: Array) -> list[Operation]:
        if leak == 0:
            return _relu(z, a)
        if leak == 1:
            return [(np.copyto, (a, z))]
        outer = np.maximum if leak < 1 else np.minimum
        return [(np.multiply, (z, constant(leak, z.dtype), a)), (partial(outer, out=a), (a, z))]

    def backward(z: Array, a: Array, slope: Array) -> list[Operation]:
        on = np.empty(z.shape, bool)
        return [
            (np.greater, (z, constant(0.0, z.dtype), on)),
            (np.copyto, (slope, constant(leak, z.dtype))),
            (partial(np.copyto, where=on), (slope, constant(1.0, z.dtype))),
        ]

    text = written(leak).replace("-", "−")
    pieces = (Piece(f"{factor(leak)} · {{z_operand}}", text, 0.0), Piece("{z}", "1"))
    return Activation(
        "leaky_relu",
        "LReLU",
        forward,
        backward,
        max_slope=max(1.0, abs(leak)),
        monotone=leak >= 0,
        kinks=() if leak == 1 else (0.0,),
        pieces=pieces,
    )


def _exponential_below(z: Array, a: Array, alpha: float, scale: float) -> list[Operation]:
    """scale · (z above 0, else α (e^z − 1)): α (e^min(z,0) − 1) + max(z, 0), of which one part is always 0."""
    dtype = z.dtype
    zero, upper = constant(0.0, dtype), np.empty_like(z)
    return [
        (partial(np.minimum, out=a), (z, zero)),
        (np.expm1, (a, a)),
        *([] if alpha == 1.0 else [(np.multiply, (a, constant(alpha, dtype), a))]),
        (partial(np.maximum, out=upper), (z, zero)),
        (np.add, (a, upper, a)),
        *([] if scale == 1.0 else [(np.multiply, (a, constant(scale, dtype), a))]),
    ]


def _exponential_below_slope(z: Array, slope: Array, alpha: float, scale: float) -> list[Operation]:
    dtype = z.dtype
    on = np.empty(z.shape, bool)
    zero = constant(0.0, dtype)
    operations: list[Operation] = [(partial(np.minimum, out=slope), (z, zero)), (np.exp, (slope, slope))]
    if alpha * scale == 1.0:
        return operations
    # Of z itself, not of a + α, which has lost its digits where e^z is small.
    return [
        *operations,
        (np.multiply, (slope, constant(alpha * scale, dtype), slope)),
        (np.greater, (z, zero, on)),
        (partial(np.copyto, where=on), (slope, constant(scale, dtype))),
    ]


def elu(alpha: float) -> Activation:
    """f(z) = z above 0, else α (e^z − 1) (Clevert, Unterthiner and Hochreiter 2016)."""

    def forward(z: Array, a: Array) -> list[Operation]:
        return _exponential_below(z, a, alpha, 1.0)

    def backward(z: Array, a: Array, slope: Array) -> list[Operation]:
        return _exponential_below_slope(z, slope, alpha, 1.0)

    times = "" if alpha == 1 else f"{factor(alpha)} · "
    below = Piece(
        "e^{z_operand} − 1" if alpha == 1 else f"{times}(e^{{z_operand}} − 1)", f"{times}e^{{z_operand}}", 0.0
    )
    return Activation(
        "elu",
        "ELU",
        forward,
        backward,
        max_slope=max(1.0, alpha),
        saturates=True,
        kinks=() if alpha == 1 else (0.0,),
        pieces=(below, Piece("{z}", "1")),
    )


def selu() -> Activation:
    """f(z) = scale · ELU with α = 1.6733, scale = 1.0507, which keep mean 0 and variance 1 from layer to layer
    (Klambauer, Unterthiner, Mayr and Hochreiter 2017).
    """

    def forward(z: Array, a: Array) -> list[Operation]:
        return _exponential_below(z, a, SELU_ALPHA, SELU_SCALE)

    def backward(z: Array, a: Array, slope: Array) -> list[Operation]:
        return _exponential_below_slope(z, slope, SELU_ALPHA, SELU_SCALE)

    scale, alpha = f"{SELU_SCALE:.9f}", f"{SELU_ALPHA:.9f}"
    pieces = (
        Piece(f"{scale} · {alpha} · (e^{{z_operand}} − 1)", f"{scale} · {alpha} · e^{{z_operand}}", 0.0),
        Piece(f"{scale} · {{z_operand}}", scale),
    )
    return Activation(
        "selu",
        "SELU",
        forward,
        backward,
        max_slope=SELU_ALPHA * SELU_SCALE,
        saturates=True,
        kinks=(0.0,),
        pieces=pieces,
    )


def softplus(beta: float) -> Activation:
    """f(z) = ln(1 + e^βz) / β (Dugas et al. 2001), exact for all z: nothing overflows and nothing is cut off."""

    def forward(z: Array, a: Array) -> list[Operation]:
        dtype = z.dtype
        zero = constant(0.0, dtype)
        if beta == 1.0:
            return [(np.logaddexp, (z, zero, a))]
        bend = constant(beta, dtype)
        return [(np.multiply, (z, bend, a)), (np.logaddexp, (a, zero, a)), (np.divide, (a, bend, a))]

    def backward(z: Array, a: Array, slope: Array) -> list[Operation]:
        if beta == 1.0:
            return logistic(z, slope)
        return [(np.multiply, (z, constant(beta, z.dtype), slope)), *logistic(slope, slope)]

    bent = "" if beta == 1 else f"{factor(beta)} · "
    value = "ln(1 + e^{z_operand})" if beta == 1 else f"ln(1 + e^({bent}{{z_operand}})) / {factor(beta)}"
    pieces = (Piece(value, f"σ({bent}{{z_operand}})" if bent else "σ({z})"),)
    return Activation("softplus", "softplus", forward, backward, max_slope=1.0, saturates=True, pieces=pieces)


def _silu_slope(z: Array, a: Array, slope: Array) -> list[Operation]:
    # σ + z σ (1 − σ), with σ computed anew: a / z has no value at 0.
    share = np.empty_like(z)
    one = constant(1.0, z.dtype)
    return [
        *logistic(z, share),
        (np.subtract, (one, share, slope)),
        (np.multiply, (slope, z, slope)),
        (np.add, (slope, one, slope)),
        (np.multiply, (slope, share, slope)),
    ]


def _silu(z: Array, a: Array) -> list[Operation]:
    return [*logistic(z, a), (np.multiply, (a, z, a))]


def silu() -> Activation:
    """f(z) = z σ(z) (Elfwing, Uchibe and Doya 2017; Ramachandran, Zoph and Le 2017 call it Swish)."""
    pieces = (Piece("{z} · σ({z})", "σ({z}) (1 + {z_operand} (1 − σ({z})))"),)
    return Activation(
        "silu", "SiLU", _silu, _silu_slope, max_slope=_SILU_STEEPEST, saturates=True, monotone=False, pieces=pieces
    )


def _gelu_into(z: Array, a: Array) -> None:
    np.multiply(z, normal_distribution(z), a)


def _gelu_slope_into(z: Array, slope: Array) -> None:
    np.multiply(z, normal_density(z), slope)
    np.add(slope, normal_distribution(z), slope)


def _gelu(z: Array, a: Array) -> list[Operation]:
    return [(_gelu_into, (z, a))]


def _gelu_slope(z: Array, a: Array, slope: Array) -> list[Operation]:
    return [(_gelu_slope_into, (z, slope))]


def gelu() -> Activation:
    """f(z) = z Φ(z), exact (Hendrycks and Gimpel 2016): Φ is the normal distribution function, φ its density."""
    pieces = (Piece("{z} · Φ({z})", "Φ({z}) + {z_operand} · φ({z})"),)
    return Activation(
        "gelu", "GELU", _gelu, _gelu_slope, max_slope=_GELU_STEEPEST, saturates=True, monotone=False, pieces=pieces
    )


def _gelu_argument(z: Array, out: Array) -> list[Operation]:
    """2 √(2/π) (z + 0.044715 z³): ½ (1 + tanh u) is σ(2u), which keeps its digits where tanh u is near −1."""
    dtype = z.dtype
    return [
        (np.multiply, (z, z, out)),
        (np.multiply, (out, constant(0.044715, dtype), out)),
        (np.add, (out, constant(1.0, dtype), out)),
        (np.multiply, (out, z, out)),
        (np.multiply, (out, constant(2.0 * math.sqrt(2.0 / math.pi), dtype), out)),
    ]


def _gelu_tanh(z: Array, a: Array) -> list[Operation]:
    return [*_gelu_argument(z, a), *logistic(a, a), (np.multiply, (a, z, a))]


def _gelu_tanh_slope(z: Array, a: Array, slope: Array) -> list[Operation]:
    # s + z s (1 − s) u′, where s = σ(u) and u′ = 2 √(2/π) (1 + 3 · 0.044715 z²).
    dtype = z.dtype
    share, steep = np.empty_like(z), np.empty_like(z)
    one, twice = constant(1.0, dtype), constant(2.0 * math.sqrt(2.0 / math.pi), dtype)
    return [
        *_gelu_argument(z, share),
        *logistic(share, share),
        (np.multiply, (z, z, steep)),
        (np.multiply, (steep, constant(3.0 * 0.044715, dtype), steep)),
        (np.add, (steep, one, steep)),
        (np.multiply, (steep, twice, steep)),
        (np.multiply, (steep, z, steep)),
        (np.subtract, (one, share, slope)),
        (np.multiply, (slope, steep, slope)),
        (np.add, (slope, one, slope)),
        (np.multiply, (slope, share, slope)),
    ]


def gelu_tanh() -> Activation:
    """f(z) = z/2 (1 + tanh(√(2/π) (z + 0.044715 z³))), the form in which GELU is often computed."""
    inner = "√(2/π) ({z} + 0.044715 · {z_operand}³)"
    value = f"½ · {{z_operand}} · (1 + tanh({inner}))"
    slope = f"½ (1 + tanh({inner})) + ½ · {{z_operand}} · (1 − tanh²({inner})) · √(2/π) (1 + 0.134145 · {{z_operand}}²)"
    return Activation(
        "gelu_tanh",
        "GELUₜ",
        _gelu_tanh,
        _gelu_tanh_slope,
        max_slope=_GELU_TANH_STEEPEST,
        saturates=True,
        monotone=False,
        pieces=(Piece(value, slope),),
    )

"""The error function, and the normal distribution function Φ that the exact GELU is made of; NumPy has neither.

erf x = 2/√π ∫₀ˣ e^−t² dt,  erfc x = 1 − erf x,  Φ(z) = ½ erfc(−z/√2).

Four rational approximations, each for a stretch of |x|, with the coefficients that Sun Microsystems published in
fdlibm (s_erf.c, 1993; error below 1 unit in the last place). In the tail the small number is e^−x² times something
smooth: x² is split into a part that is exact and a small rest, because a rounded exponent of −50 would already cost
two digits.
"""

from __future__ import annotations

import math

import numpy as np

from bpstudio.maths.operations import Array

_CENTRE_P = (
    1.28379167095512558561e-01,
    -3.25042107247001499370e-01,
    -2.84817495755985104766e-02,
    -5.77027029648944159157e-03,
    -2.37630166566501626084e-05,
)
_CENTRE_Q = (
    1.0,
    3.97917223959155352819e-01,
    6.50222499887672944485e-02,
    5.08130628187576562776e-03,
    1.32494738004321644526e-04,
    -3.96022827877536812320e-06,
)
_AT_ONE = 8.45062911510467529297e-01
_ONE_P = (
    -2.36211856075265944077e-03,
    4.14856118683748331666e-01,
    -3.72207876035701323847e-01,
    3.18346619901161753674e-01,
    -1.10894694282396677476e-01,
    3.54783043256182359371e-02,
    -2.16637559486879084300e-03,
)
_ONE_Q = (
    1.0,
    1.06420880400844228286e-01,
    5.40397917702171048937e-01,
    7.18286544141962662868e-02,
    1.26171219808761642112e-01,
    1.36370839120290507362e-02,
    1.19844998467991074170e-02,
)
_NEAR_P = (
    -9.86494403484714822705e-03,
    -6.93858572707181764372e-01,
    -1.05586262253232909814e01,
    -6.23753324503260060396e01,
    -1.62396669462573470355e02,
    -1.84605092906711035994e02,
    -8.12874355063065934246e01,
    -9.81432934416914548592e00,
)
_NEAR_Q = (
    1.0,
    1.96512716674392571292e01,
    1.37657754143519042600e02,
    4.34565877475229228821e02,
    6.45387271733267880336e02,
    4.29008140027567833386e02,
    1.08635005541779435134e02,
    6.57024977031928170135e00,
    -6.04244152148580987438e-02,
)
_FAR_P = (
    -9.86494292470009928597e-03,
    -7.99283237680523006574e-01,
    -1.77579549177547519889e01,
    -1.60636384855821916062e02,
    -6.37566443368389627722e02,
    -1.02509513161107724954e03,
    -4.83519191608651397019e02,
)
_FAR_Q = (
    1.0,
    3.03380607434824582924e01,
    3.25792512996573918826e02,
    1.53672958608443695994e03,
    3.19985821950859553908e03,
    2.55305040643316442583e03,
    4.74528541206955367215e02,
    -2.24409524465858183362e01,
)
_CENTRE_END, _ONE_END, _NEAR_END = 0.84375, 1.25, 1 / 0.35
_HIGH_HALF = np.uint64(0xFFFFFFFF00000000)
_ROOT_HALF = math.sqrt(0.5)


def _polynomial(coefficients: tuple[float, ...], x: Array) -> Array:
    """c₀ + c₁ x + c₂ x² + …, by Horner's rule."""
    total = np.full_like(x, coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        np.multiply(total, x, total)
        np.add(total, coefficient, total)
    return total


def _centre(x: Array) -> Array:
    """erf x for |x| < 0.84375."""
    square = x * x
    result: Array = x + x * (_polynomial(_CENTRE_P, square) / _polynomial(_CENTRE_Q, square))
    return result


def _around_one(size: Array) -> Array:
    """erf |x| − 0.845… for 0.84375 ≤ |x| < 1.25."""
    from_one = size - 1.0
    result: Array = _polynomial(_ONE_P, from_one) / _polynomial(_ONE_Q, from_one)
    return result


def _tail(size: Array, root: Array, half: float) -> Array:
    """erfc |x| for |x| ≥ 1.25, where x² = half · root² (root is the argument as it was given, half 1 or ½)."""
    inverse = 1.0 / (size * size)
    smooth = np.empty_like(size)
    near = size < _NEAR_END
    for where, p, q in ((near, _NEAR_P, _NEAR_Q), (~near, _FAR_P, _FAR_Q)):
        part = inverse[where]
        if part.size:
            smooth[where] = _polynomial(p, part) / _polynomial(q, part)
    # The upper half of the digits has an exact square; what is left of x² is small.
    upper = (root.view(np.uint64) & _HIGH_HALF).view(np.float64)
    rest = half * (upper - root) * (upper + root) + smooth
    result: Array = np.exp(-half * upper * upper - 0.5625) * np.exp(rest) / size
    return result


def _regions(x: Array) -> tuple[Array, Array, Array, Array]:
    """|x|, and the places of the three stretches; what is not a number lies in none."""
    size = np.abs(x)
    centre = size < _CENTRE_END
    tail = size >= _ONE_END
    return size, np.flatnonzero(centre), np.flatnonzero(~(centre | tail) & (size == size)), np.flatnonzero(tail)


def erf(x: Array) -> Array:
    """erf x, the same shape and dtype, computed in float64."""
    flat = np.ascontiguousarray(x, np.float64).ravel()
    result = np.full_like(flat, np.nan)
    with np.errstate(all="ignore"):
        size, centre, one, tail = _regions(flat)
        if centre.size:
            result[centre] = _centre(flat[centre])
        if one.size:
            result[one] = np.copysign(_AT_ONE + _around_one(size[one]), flat[one])
        if tail.size:
            far = np.minimum(size[tail], 28.0)  # beyond it erfc is 0 in any case, and 1/x² stays above 0
            result[tail] = np.copysign(1.0 - _tail(far, far, 1.0), flat[tail])
    return result.reshape(np.shape(x)).astype(x.dtype, copy=False)


def normal_distribution(z: Array) -> Array:
    """Φ(z) = ½ erfc(−z/√2), the same shape and dtype, computed in float64; exact to the last digits in the far tail,
    where Φ(−10) = 7.6e−24.
    """
    flat = np.ascontiguousarray(z, np.float64).ravel()
    result = np.full_like(flat, np.nan)
    with np.errstate(all="ignore"):
        x = flat * _ROOT_HALF
        size, centre, one, tail = _regions(x)
        if centre.size:
            result[centre] = 0.5 + 0.5 * _centre(x[centre])
        if one.size:
            excess = _around_one(size[one])
            result[one] = np.where(flat[one] > 0, 0.5 * (1.0 + _AT_ONE + excess), 0.5 * (1.0 - _AT_ONE - excess))
        if tail.size:
            root = np.minimum(np.abs(flat[tail]), 40.0)  # Φ(−38.6) is below the smallest number
            small = 0.5 * _tail(root * _ROOT_HALF, root, 0.5)
            result[tail] = np.where(flat[tail] > 0, 1.0 - small, small)
    return result.reshape(np.shape(z)).astype(z.dtype, copy=False)


def normal_density(z: Array) -> Array:
    """φ(z) = e^(−z²/2) / √(2π), the same shape and dtype, computed in float64."""
    root = np.clip(np.abs(np.ascontiguousarray(z, np.float64)), 0.0, 40.0)
    upper = (root.view(np.uint64) & _HIGH_HALF).view(np.float64)
    with np.errstate(all="ignore"):
        rest = np.exp(0.5 * (upper - root) * (upper + root))
        density = np.exp(-0.5 * upper * upper) * rest / math.sqrt(2 * math.pi)
    result: Array = density.astype(z.dtype, copy=False)
    return result

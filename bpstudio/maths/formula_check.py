"""A typed formula is examined before anything is trained with it: is f finite, is f′, and does f′ agree with f?

Over z from −10 to 10, and out to ±100, where a weighted input seldom goes but may. Poles, jumps and kinks between the
samples are searched for where something in the formula changes its sign: what stands under a fraction, in a root or a
logarithm, in |…|, min, max and where.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from bpstudio.maths.dual import slope_operations, value_operations
from bpstudio.maths.formula import COMPARISONS, FormulaError, Node, parse, spelled
from bpstudio.maths.operations import Array, run

INSIDE, OUTSIDE = 10.0, 100.0
AGREEMENT = 1e-6
"""The largest relative difference between f′ and central differences of f."""

_FINE, _COARSE = 4001, 2001
_HALVINGS = 80
_STEPS = (1e-3, 1e-4, 1e-5)
_TOO_LARGE = 1e8
_FLAT_END = 1e-3


@dataclass(frozen=True, slots=True)
class FormulaCheck:
    """What the examination of a formula found.

    ``text`` is the formula in its canonical form. ``kinks`` are the z where f′ jumps, ``jumps`` those where f itself
    does; both are allowed and named. ``worst`` is the largest relative difference between f′ and differences of f over
    ``points`` places, found at ``worst_at``. ``max_slope`` is the largest |f′|, None where it grows without end;
    ``saturates`` says whether f has a flat end.
    """

    text: str
    kinks: tuple[float, ...]
    jumps: tuple[float, ...]
    worst: float
    worst_at: float
    points: int
    max_slope: float | None
    monotone: bool
    saturates: bool


@lru_cache(maxsize=256)
def check(text: str) -> FormulaCheck:
    """Read and examine a formula. Raises FormulaError for one that cannot be read, is not finite somewhere, has an
    infinite slope, or whose slope does not agree with differences of its value.
    """
    node = parse(text)
    inside = np.linspace(-INSIDE, INSIDE, _FINE)
    outside = np.linspace(-OUTSIDE, OUTSIDE, _COARSE)
    places = np.union1d(inside, outside)
    _refuse_what_is_not_finite(node, places)
    kinks, jumps = _corners(node, inside)
    worst, worst_at, points = _agreement(node, inside, (*kinks, *jumps))
    slopes = np.abs(_slope(node, places))
    top = float(slopes.max())
    # A slope that is still rising at the far end has no maximum.
    middle = float(slopes[np.abs(places) <= OUTSIDE / 2].max())
    ends = (float(slopes[0]), float(slopes[-1]))
    grows = top > 1.001 * middle and max(ends) > 0.999 * top
    return FormulaCheck(
        text=spelled(node),
        kinks=kinks,
        jumps=jumps,
        worst=worst,
        worst_at=worst_at,
        points=points,
        max_slope=None if grows else top,
        monotone=bool(_slope(node, places).min() >= 0),
        saturates=not grows and top > 0 and min(ends) < _FLAT_END * top,
    )


def sampled(text: str, low: float, high: float, points: int) -> tuple[Array, Array, Array]:
    """(z, f, f′) at evenly spaced places, for a picture of a formula that need not be fit for use: what is not finite
    is NaN. Raises FormulaError for one that cannot be read.
    """
    node, z = parse(text), np.linspace(low, high, points)
    f, slope = value(node, z), _slope(node, z)
    return z, np.where(np.isfinite(f), f, np.nan), np.where(np.isfinite(slope), slope, np.nan)


def value(node: Node, z: Array) -> Array:
    """f(z), in float64 where z is."""
    out = np.empty_like(z)
    with np.errstate(all="ignore"):
        run(value_operations(node, z, out))
    return out


def _slope(node: Node, z: Array) -> Array:
    out = np.empty_like(z)
    with np.errstate(all="ignore"):
        run(slope_operations(node, z, out))
    return out


def _refuse_what_is_not_finite(node: Node, places: Array) -> None:
    found = np.array(list(_critical(node, places, _poles)))
    near = 1e-9 * np.maximum(1.0, np.abs(found))
    candidates = np.concatenate([found, found - near, found + near])
    for kind, compute in (("f", value), ("f′", _slope)):
        for z in (places, candidates):
            wrong = z[~np.isfinite(compute(node, z))]
            if wrong.size:
                raise FormulaError("{function} is not finite at z = {z}", function=kind, z=_nearest(wrong))
    usual = 1.0 + float(np.median(np.abs(value(node, places))))
    for sentence, compute in (("f has a pole at z = {z}", value), ("f′ grows without end at z = {z}", _slope)):
        high = candidates[np.abs(compute(node, candidates)) > _TOO_LARGE * usual]
        if high.size:
            raise FormulaError(sentence, z=_nearest(high))


def _nearest(places: Array) -> str:
    """The place nearest to 0, as people write it."""
    return f"{round(float(places[np.argmin(np.abs(places))]), 6) + 0.0:g}".replace("-", "−")


def _poles(node: Node) -> Node | None:
    """What must not become 0 where this operation stands."""
    if node.kind == "/":
        return node.arguments[1]
    if node.kind in ("log", "sqrt"):
        return node.arguments[0]
    if node.kind == "^" and not (node.arguments[1].kind == "number" and float(node.arguments[1].text).is_integer()):
        return node.arguments[0]
    if node.kind == "tan":
        return Node("cos", node.arguments)
    return None


def _switches(node: Node) -> Node | None:
    """What changes its sign where this operation has a corner."""
    if node.kind in ("abs", "relu", "sign"):
        return node.arguments[0]
    if node.kind in ("min", "max", *COMPARISONS):
        return Node("-", node.arguments)
    return _poles(node) if node.kind in ("sqrt", "^") else None


def _critical(node: Node, places: Array, of: Callable[[Node], Node | None]) -> Iterator[float]:
    """Where one of the watched parts of a formula is 0, or comes as near to it as it does anywhere about."""
    for part in dict.fromkeys(watched for each in node.walk() if (watched := of(each)) is not None):
        if not part.varies:
            continue
        found = value(part, places)
        size = np.abs(found)
        usual = 0.1 * float(np.median(size))
        for k in np.flatnonzero(np.sign(found[1:]) * np.sign(found[:-1]) < 0):
            yield _bisected(part, float(places[k]), float(places[k + 1]))
        yield from (float(z) for z in places[found == 0])
        low = (
            np.flatnonzero(
                (size[1:-1] <= size[:-2]) & (size[1:-1] < size[2:]) & (size[1:-1] > 0) & (size[1:-1] < usual)
            )
            + 1
        )
        for k in low:
            yield _lowest(part, float(places[k - 1]), float(places[k + 1]))


def _bisected(part: Node, low: float, high: float) -> float:
    began = float(value(part, np.array([low]))[0]) > 0
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        if (float(value(part, np.array([middle]))[0]) > 0) == began:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def _lowest(part: Node, low: float, high: float) -> float:
    """Where |part| is smallest between two places, by thirds."""
    for _ in range(_HALVINGS):
        third = (high - low) / 3
        two = np.abs(value(part, np.array([low + third, high - third])))
        low, high = (low, high - third) if two[0] < two[1] else (low + third, high)
    return 0.5 * (low + high)


def _corners(node: Node, places: Array) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """(kinks, jumps): where f′ has two values and where f has."""
    kinks, jumps = [], []
    for place in sorted({_tidy(z) for z in _critical(node, places, _switches)}):
        h = 1e-6 * max(1.0, abs(place))
        z = place + h * np.array([-3.0, -1.0, 1.0, 3.0])
        f, df = value(node, z), _slope(node, z)
        scale = 1.0 + float(np.abs(df).max())
        # A jump is what remains of the difference when the slope on both sides is taken away.
        if abs(f[2] - f[1] - h * (df[1] + df[2])) > 1e-4 * h / 1e-6 * scale:
            jumps.append(place)
        elif abs(df[2] - df[1]) > 1e-4 * scale + 10 * max(abs(df[1] - df[0]), abs(df[3] - df[2])):
            kinks.append(place)
    return tuple(kinks), tuple(jumps)


def _tidy(z: float) -> float:
    nearest = round(z, 9)
    return nearest + 0.0 if abs(nearest - z) < 1e-12 else z


def _agreement(node: Node, places: Array, corners: tuple[float, ...]) -> tuple[float, float, int]:
    """(largest relative difference, where, number of places) between f′ and central differences of f, away from
    corners. Where the differences do not settle, they are taken with smaller steps.
    """
    left = places
    for corner in corners:
        left = left[np.abs(left - corner) > 2 * _STEPS[0]]
    worst, worst_at, points = 0.0, 0.0, 0
    for h in _STEPS:
        off, telling = _differ(node, left, h)
        if telling.any() and off[telling].max() >= worst:
            place = int(np.argmax(np.where(telling, off, -1.0)))
            worst, worst_at = float(off[place]), float(left[place])
        points += int(np.count_nonzero(telling))
        left = left[~telling]
        if not left.size:
            break
    if worst > AGREEMENT:
        raise FormulaError("f′ does not agree with differences of f at z = {z}", z=_nearest(np.array([worst_at])))
    if points < 0.9 * len(places):
        raise FormulaError("f changes too fast to be checked by differences, as at z = {z}", z=_nearest(left))
    return worst, worst_at, points


def _differ(node: Node, z: Array, h: float) -> tuple[Array, Array]:
    """The relative difference at each z, and where it means something. Two step sizes together cancel their common
    error (Richardson 1911); where they do not agree with each other, differences say nothing.
    """

    def differences(step: float) -> Array:
        found: Array = (value(node, z + step) - value(node, z - step)) / (2 * step)
        return found

    once, twice, thrice = differences(h), differences(h / 2), differences(h / 4)
    first, numeric = (4 * twice - once) / 3, (4 * thrice - twice) / 3
    given = _slope(node, z)
    scale = np.maximum(np.abs(given), np.abs(numeric)) + 1e-3 * max(1.0, float(np.median(np.abs(given))))
    rounding = 1e-15 * np.abs(value(node, z)) / h
    telling = np.abs(first - numeric) < 0.1 * AGREEMENT * scale
    return np.maximum(np.abs(given - numeric) - 10 * rounding, 0) / scale, telling

"""Ticks: which numbers stand beside an axis, where, and how they are written.

A linear axis has ticks at 1, 2, 2.5 or 5 times a power of ten, an axis of steps only at whole steps, and a logarithmic
axis at whole decades and nowhere else. A logarithm has no place for an exact 0, and leaving it out would hide the one
value that a learner must see (a gradient that is exactly 0 is not a small gradient): such an axis has a shelf below its
lowest decade, marked "0", and exact zeros lie on it.

Positions are in the coordinates of the picture: the value itself on a linear axis, its logarithm to base 10 on a
logarithmic one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bpstudio.insight.notation import exponent

Values = NDArray[np.float64]
Ticks = list[tuple[float, str]]
Ticker = Callable[[float, float, int], Ticks]
"""Ticks between two positions on an axis that has room for so many of them."""

FINE = (1.0, 2.0, 2.5, 5.0)
WHOLE = (1.0, 2.0, 4.0, 5.0)


def spacing(span: float, room: int, multiples: tuple[float, ...] = FINE) -> float:
    """The smallest of these multiples of a power of ten of which at most `room` fit into `span`."""
    if not (span > 0.0 and math.isfinite(span)):
        return 1.0
    raw = span / max(room, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    return next(m * power for m in (*multiples, 10.0, 20.0) if m * power >= raw * (1 - 1e-9))


def multiples(low: float, high: float, step: float) -> list[float]:
    """The multiples of `step` in low..high, from whole numbers, so that 0.3 is not 0.30000000000000004."""
    slack = 1e-9
    first, last = math.ceil(low / step - slack), math.floor(high / step + slack)
    if last - first > 1000:
        return []
    digits = max(0, 1 - math.floor(math.log10(step)))
    return [round(k * step, digits) for k in range(first, last + 1)]


def linear_ticks(low: float, high: float, room: int) -> Ticks:
    """Ticks of a linear axis, all with the same number of decimals."""
    step = spacing(high - low, room)
    return [(value, fixed(value, step, max(abs(low), abs(high)))) for value in multiples(low, high, step)]


def decimals(step: float) -> int:
    """How many decimals the multiples of `step` need."""
    return next((d for d in range(16) if abs(round(step, d) - step) <= 1e-9 * step), 16)


def fixed(value: float, step: float, largest: float) -> str:
    """`value` with the decimals that `step` needs; with an exponent where that would be too long."""
    if value == 0:
        return "0"
    if largest >= 1e5 or step < 1e-4:
        power = math.floor(math.log10(abs(value)) + 1e-9)
        return exponent(f"{value:.{decimals(step / 10.0**power)}e}")
    return f"{value:.{decimals(step)}f}"


def no_ticks(low: float, high: float, room: int) -> Ticks:
    """An axis without numbers."""
    return []


def share_ticks(low: float, high: float, room: int) -> Ticks:
    """Ticks of an axis of shares: 0, a half and 1 while all of it is in view."""
    return [(0.0, "0"), (0.5, "0.5"), (1.0, "1")] if low <= 0.0 and high >= 1.0 else linear_ticks(low, high, room)


def step_ticks(low: float, high: float, room: int) -> Ticks:
    """Ticks of an axis of training steps: whole numbers only."""
    step = max(1.0, spacing(high - low, room, WHOLE))
    return [(value, f"{int(value):,}") for value in multiples(low, high, step) if value >= 0]


def decade_text(power: int) -> str:
    """How a power of ten is written beside an axis."""
    return "1" if power == 0 else f"1e{power}"


@dataclass(frozen=True)
class LogScale:
    """A logarithmic axis; `shelf` is the position of exact zeros, None while no value is 0."""

    shelf: float | None = None

    def place(self, values: Values) -> Values:
        """Positions of values ≥ 0: their logarithm, the shelf for exact zeros, NaN (a gap) for what is not finite."""
        positive = (values > 0) & np.isfinite(values)
        placed = np.full(values.shape, np.nan)
        np.log10(values, out=placed, where=positive)
        if self.shelf is not None:
            placed[values == 0] = self.shelf
        return placed

    def ticks(self, low: float, high: float, room: int) -> Ticks:
        """Whole decades, every n-th where there are too many; the zero of the shelf below them, with room for both."""
        stride = max(1, round(spacing(high - low, max(room, 2), WHOLE)))
        found: Ticks = []
        first = low
        if self.shelf is not None and low <= self.shelf <= high:
            found.append((self.shelf, "0"))
            first = self.shelf + 0.6 * (high - low) / max(room, 2)
        return found + [
            (float(k), decade_text(int(k))) for k in multiples(math.ceil(first - 1e-9), high, 1.0) if k % stride == 0
        ]


@dataclass(frozen=True)
class LinearScale:
    """A linear axis: a value is its own position."""

    def place(self, values: Values) -> Values:
        return np.where(np.isfinite(values), values, np.nan)

    def ticks(self, low: float, high: float, room: int) -> Ticks:
        return linear_ticks(low, high, room)


Scale = LogScale | LinearScale


def extremes(groups: list[Values]) -> tuple[float, float, float] | None:
    """(smallest, largest, smallest above zero or inf) of all finite values; None when there are none."""
    low, high, positive = math.inf, -math.inf, math.inf
    for values in groups:
        finite = values[np.isfinite(values)]
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
            above = finite[finite > 0]
            positive = min(positive, float(above.min())) if above.size else positive
    return None if low > high else (low, high, positive)


def fit_log(low: float, high: float, positive: float) -> tuple[LogScale, float, float]:
    """The axis that shows all of these values, with at least two whole decades in view."""
    bottom, top = (math.log10(positive), math.log10(high)) if positive <= high else (0.0, 0.0)
    margin = max(0.04 * (top - bottom), 0.04)
    bottom, top = bottom - margin, top + margin
    # Two decades must be in view, or the axis would not say how large anything is: it grows to the nearer side.
    while math.floor(top) - math.ceil(bottom) < 1:
        if math.ceil(top) - top <= bottom - math.floor(bottom) and math.ceil(top) > top:
            top = float(math.ceil(top))
        elif math.floor(bottom) < bottom:
            bottom = float(math.floor(bottom))
        else:
            bottom -= 1.0
    if low > 0:
        return LogScale(), bottom, top
    shelf = math.ceil(bottom) - max(0.12 * (top - bottom), 0.5)
    return LogScale(shelf), min(bottom, shelf - 0.05 * (top - shelf)), top


def fit_linear(low: float, high: float, room: int) -> tuple[LinearScale, float, float]:
    """The axis that shows all of these values and ends on ticks."""
    if high - low <= 1e-12 * max(abs(low), abs(high)):
        around = abs(high) * 0.5 or 0.5
        low, high = low - (around if low != 0 else 0.0), high + around
    step = spacing(high - low, room)
    return LinearScale(), math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step


def short(value: float, digits: int = 4) -> str:
    """A value with so many significant digits, for a label: 2.303, 1e-5."""
    return exponent(f"{value:.{digits}g}")


def stack(wanted: list[float], height: float, top: float, bottom: float) -> list[float]:
    """Where labels of one height stand so that none overlaps: as near as possible to where they are wanted.

    Neighbours that would touch become one block that stands at its mean (pool adjacent violators). All positions are
    centres, growing downwards, and stay between `top` and `bottom` as long as there is room for all.
    """
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    blocks: list[tuple[float, list[int]]] = []
    for index in order:
        blocks.append((min(max(wanted[index], top + height / 2), bottom - height / 2), [index]))
        while len(blocks) > 1:
            (upper, above), (lower, below) = blocks[-2], blocks[-1]
            if lower - upper >= height * (len(above) + len(below)) / 2 - 1e-9:
                break
            joined = [*above, *below]
            half = height * len(joined) / 2
            mean = (upper * len(above) + lower * len(below)) / len(joined)
            blocks[-2:] = [(min(max(mean, top + half), max(bottom - half, top + half)), joined)]
    placed = [0.0] * len(wanted)
    for centre, members in blocks:
        first = centre - height * (len(members) - 1) / 2
        for place, index in enumerate(members):
            placed[index] = first + place * height
    return placed

"""Curves as SVG, for a report that is read long after the program was closed.

Colours are CSS variables of the page (`--layer-3`, `--text`), so that one drawing suits light and dark.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

WIDTH, HEIGHT = 560, 270
LEFT, RIGHT, TOP, BOTTOM = 62, 112, 14, 40
NAME_SPACING = 16
DASHES = ("", "7 4", "2 3")


@dataclass(frozen=True)
class Line:
    """One curve: between `low` and `high` at each of `steps` (both the same where one point is one step)."""

    name: str
    steps: Array
    low: Array
    high: Array
    color: str
    dash: str = ""


@dataclass(frozen=True)
class _Axis:
    """A stretch of numbers laid over a stretch of pixels."""

    low: float
    high: float
    first: float
    last: float
    log: bool = False

    def at(self, value: ArrayLike) -> Array:
        """Pixels for values; NaN where a logarithm does not exist."""
        low, high = self.low, self.high
        values = np.asarray(value, dtype=np.float64)
        if self.log:
            values = np.log10(np.where(values > 0, values, np.nan))
            low, high = math.log10(low), math.log10(high)
        pixels: Array = self.first + (values - low) / (high - low) * (self.last - self.first)
        return pixels


def curves(title: str, unit: str, lines: Sequence[Line], log: bool = False, top: float | None = None) -> str:
    """A figure with a title, one sentence on what is measured, and the lines with their names at their ends.

    A logarithmic axis has whole decades; where nothing is above 0 it becomes linear. `top` is the least upper end.
    """
    lines = [line for line in lines if np.isfinite(line.high).any()]
    heading = f"<h3>{escape(title)}</h3><p class=unit>{escape(unit)}</p>"
    if not lines:
        return f"<figure>{heading}<p class=none>Nothing was recorded for this.</p></figure>"
    across = _across(lines)
    up = _up(lines, log, top)
    parts = [_grid(across, up), *(_curve(line, across, up) for line in lines), _names(lines, up)]
    svg = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">{"".join(parts)}</svg>'
    return f"<figure>{heading}{svg}</figure>"


def _across(lines: Sequence[Line]) -> _Axis:
    first = min(float(line.steps[0]) for line in lines)
    last = max(float(line.steps[-1]) for line in lines)
    return _Axis(first, last if last > first else first + 1, LEFT, WIDTH - RIGHT)


def _up(lines: Sequence[Line], log: bool, top: float | None) -> _Axis:
    values = np.concatenate([part for line in lines for part in (line.low, line.high)])
    values = values[np.isfinite(values)]
    positive = values[values > 0]
    if log and positive.size:
        # Below twelve decades a number is rounding, and would press the rest into a corner.
        lowest = max(float(positive.min()), float(positive.max()) * 1e-12)
        below, above = math.floor(math.log10(lowest)), math.ceil(math.log10(float(positive.max())))
        return _Axis(10.0**below, 10.0 ** max(above, below + 1), HEIGHT - BOTTOM, TOP, log=True)
    low, high = min(0.0, float(values.min())), max(float(values.max()), 0.0 if top is None else top)
    marks = ticks(low, high if high > low else low + 1, 5)
    return _Axis(min(low, marks[0]), max(high, marks[-1]), HEIGHT - BOTTOM, TOP)


def ticks(low: float, high: float, count: int) -> list[float]:
    """Round numbers 1, 2 or 5 times a power of ten, about `count` of them, from below `low` to above `high`."""
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    return [index * step for index in range(math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9) + 1)]


def _grid(across: _Axis, up: _Axis) -> str:
    parts = []
    if up.log:
        decades = range(round(math.log10(up.low)), round(math.log10(up.high)) + 1)
        every = -(-len(decades) // 7)
        marks = [(10.0**decade, f"1e{decade}") for decade in decades[::every]]
    else:
        marks = [(value, f"{value:.6g}") for value in ticks(up.low, up.high, 5)]
    for value, text in marks:
        y = float(up.at(value))
        parts.append(f'<line class=grid x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class=tick x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor=end>{text}</text>')
    floor = HEIGHT - BOTTOM
    for value in ticks(across.low, across.high, 4):
        if across.low <= value <= across.high and value == round(value):
            x = float(across.at(value))
            parts.append(f'<text class=tick x="{x:.1f}" y="{floor + 18}" text-anchor=middle>{value:,.0f}</text>')
    parts.append(f'<line class=axis x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{floor}" y2="{floor}"/>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text class=tick x="{middle}" y="{floor + 34}" text-anchor=middle>step</text>')
    return "".join(parts)


def _curve(line: Line, across: _Axis, up: _Axis) -> str:
    x, low, high = across.at(line.steps), up.at(line.low), up.at(line.high)
    dash = f' stroke-dasharray="{line.dash}"' if line.dash else ""
    parts = []
    for part in _stretches(np.isfinite(low) & np.isfinite(high)):
        if not np.array_equal(low[part], high[part]):
            outline = _points(np.append(x[part], x[part][::-1]), np.append(high[part], low[part][::-1]))
            parts.append(f'<polygon points="{outline}" style="fill:{line.color};fill-opacity:.22"/>')
        middle = _points(x[part], (low[part] + high[part]) / 2)
        parts.append(f'<polyline class=curve points="{middle}" style="stroke:{line.color}"{dash}/>')
    return "".join(parts)


def _points(x: Array, y: Array) -> str:
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))


def _stretches(there: NDArray[np.bool_]) -> list[slice]:
    """The runs of True: a curve is not drawn across what does not exist."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], there, [False])).astype(np.int8)))
    return [slice(int(first), int(stop)) for first, stop in zip(edges[::2], edges[1::2], strict=True)]


def _names(lines: Sequence[Line], up: _Axis) -> str:
    """The names at the right ends, moved apart where they would cover each other."""
    ends = []
    for line in lines:
        middle = (up.at(line.low) + up.at(line.high)) / 2
        ends.append(float(middle[np.isfinite(middle)][-1]) if np.isfinite(middle).any() else HEIGHT - BOTTOM)
    order = np.argsort(ends)
    places = [ends[index] for index in order]
    for index in range(1, len(places)):
        places[index] = max(places[index], places[index - 1] + NAME_SPACING)
    overrun = max(0.0, places[-1] - (HEIGHT - BOTTOM))
    places = [place - overrun for place in places]
    return "".join(
        f'<text class=name x="{WIDTH - RIGHT + 8}" y="{place + 4:.1f}" style="fill:{lines[index].color}">'
        f"{escape(lines[index].name)}</text>"
        for index, place in zip(order, places, strict=True)
    )

"""One unit's curve: f and f′ over its weighted input, where it is flat, and where the rows of a batch stand on it.

Why a badly wrong unit can learn more slowly than a mildly wrong one is a matter of where on its curve it stands: δ has
the slope f′(z) as a factor, and at the flat ends hardly anything is left of the error.

A softmax has no such curve, because each of its shares depends on every z of the row. What it has is a section: the
share over its own z while the other z of the row stay, aⱼ = σ(zⱼ − ln Σ e^zₖ over the others). So each row has another
one, and the slope of a section is the diagonal of the Jacobian, aⱼ(1 − aⱼ).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bpstudio.engine.layers import Activate
from bpstudio.engine.network import Network
from bpstudio.engine.trace import LayerTrace
from bpstudio.insight.beat import Beat
from bpstudio.insight.elements import (
    Edge,
    Element,
    Example,
    Kernel,
    Map,
    Names,
    PlusOne,
    Probe,
    Row,
    Target,
    Unit,
)
from bpstudio.insight.example import Numbers
from bpstudio.maths.activations import Activation, activation
from bpstudio.maths.operations import Array
from bpstudio.training.frame import Frame

Range = tuple[float, float]
Shape = Callable[[Array], tuple[Array, Array]]
"""(f(z), f′(z)) for any z."""
Seen = Literal["nothing", "z", "a", "slope"]
"""How far the walk has come at this unit: what is not computed yet is not in the record."""

MOST_DOTS = 600
"""Rows that are drawn; of more, evenly many."""
POINTS = 241
"""Places between the ends of the home range at which a curve is computed; at 240 pixels no corner can be seen."""
_WIDE = ("sigmoid", "softmax", "softplus", "hard_sigmoid", "silu", "gelu", "gelu_tanh", "formula")
_HOME, _WIDE_HOME = 3.0, 6.0
_FARTHEST = 1e12
"""A run that diverges has weighted inputs beyond any axis; the range ends here."""
_HALVINGS = 60
_FLAT_WITHIN = 60.0
"""Where the flat end of a function is looked for."""


@dataclass(frozen=True)
class Place:
    """Where one row stands on the curve. `row` counts in the data set; None is not computed yet."""

    row: int
    z: float
    a: float | None
    slope: float | None


@dataclass(frozen=True)
class Zone:
    """A stretch of z in which hardly anything ("flat") or nothing at all ("off") of the error gets through."""

    kind: Literal["flat", "off"]
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class UnitCurve:
    """One unit's curve in one step.

    z, a, slope    (points,) the curve itself
    zones          where it is flat or off, within the range of z
    rows           (dots,) rows of the data that have a dot; dots (dots, 3) their z, a and f′(z)
    total          rows in the batch; more than `rows` where not every one is drawn
    flat_rows      rows of the batch that stand in a zone; None where there are no zones
    example        the row whose numbers are shown; None of the whole batch, and before its z is computed
    """

    unit: Unit
    function: Activation
    shape: Shape
    z: Array
    a: Array
    slope: Array
    zones: tuple[Zone, ...]
    rows: NDArray[np.int64]
    dots: Array
    total: int
    flat_rows: int | None
    example: Place | None

    @property
    def range(self) -> Range:
        """The ends of the axis of z."""
        return float(self.z[0]), float(self.z[-1])

    def at(self, z: float) -> tuple[float, float]:
        """(f(z), f′(z)) at one place."""
        a, slope = self.shape(np.array([z]))
        return float(a[0]), float(slope[0])

    def zone(self, z: float) -> Zone | None:
        """The zone in which a place lies."""
        return next((zone for zone in self.zones if zone.low <= z <= zone.high), None)

    def tangent(self) -> tuple[tuple[float, float], tuple[float, float]] | None:
        """Two points (z, a) of the line that touches the curve where the example stands; None before f′ is computed."""
        place = self.example
        if place is None or place.a is None or place.slope is None:
            return None
        if not np.isfinite([place.z, place.a, place.slope]).all():
            return None
        reach = (self.range[1] - self.range[0]) / 7
        rise = reach * place.slope
        return (place.z - reach, place.a - rise), (place.z + reach, place.a + rise)


def curve_unit(network: Network, element: Element | None, beat: Beat | None = None) -> Unit | None:
    """The unit whose curve belongs to an element: itself, where an edge leads to, the output of a target.

    Without an element the one that the beat is about, else the first output. None for an input: it is given; for a map
    and a kernel: they belong to many units; and for what has no activation function of its own.
    """
    depth, names = len(network.layers), Names.of(network)
    unit: Unit | None
    element = names.flat(element) if element is not None and names.has(element) else element
    match element:
        case Map() | Kernel():
            unit = None
        case Edge(layer) | PlusOne(layer) if names.is_convolution(layer):
            unit = None
        case Unit(layer, _):
            unit = element if layer > 0 else None
        case Edge(layer, to, _):
            unit = Unit(layer, to)
        case PlusOne(layer):
            unit = Unit(layer, 0)
        case Target(index):
            unit = Unit(depth, index)
        case None if beat is not None and beat.layer > 0:
            unit = Unit(beat.layer, beat.unit or 0)
        case _:
            unit = Unit(depth, 0)
    if unit is None or not names.has(unit):
        return None
    spec = network.layers[unit.layer - 1]
    return unit if spec.has_weights or isinstance(spec, Activate) else None


def _column(values: Array, index: int) -> Array:
    """What a unit has in every row, (N,); `index` counts through images as if they were flat."""
    column: Array = values.reshape(len(values), -1)[:, index]
    return column


def unit_curve(
    frame: Frame, unit: Unit, example: Example, seen: Seen = "slope", most: int = MOST_DOTS
) -> UnitCurve | None:
    """The curve of a unit with the rows of the frame's batch on it, at most `most` of them.

    None for a softmax of the whole batch, where each row has another section, and for one that is not computed yet.
    Raises ValueError for an input.
    """
    if unit.layer < 1:
        raise ValueError(f"curve: expected a unit of a layer, came input {unit.index + 1}")
    function = activation(frame.experiment.network.layers[unit.layer - 1].activation).of(unit.index)
    shape, centre, place = _elementwise(function), 0.0, None
    if seen != "nothing" or not function.elementwise:
        numbers = Numbers(frame, example)
        if not function.elementwise:
            if numbers.is_mean or seen in ("nothing", "z"):
                return None
            shape, centre = _section(numbers, unit)
        place = None if numbers.is_mean else _place(numbers, unit, shape, seen)
    recorded = frame.trace.layers[unit.layer - 1]
    total = len(frame.batch)
    # A row of a softmax stands on a section of its own, not on this one.
    has_dots = function.elementwise and seen in ("a", "slope")
    chosen = np.arange(0, total if has_dots else 0, -(-total // most))
    recorded_values = (recorded.z, recorded.a, recorded.slope)
    columns = [_column(values, unit.index) for values in recorded_values if values is not None]
    known = [columns[0]] if function.elementwise and seen != "nothing" else []
    home, centre = _home(function), min(max(centre, -_FARTHEST), _FARTHEST)
    z = _samples((centre - home, centre + home), [*known, np.array([place.z])] if place is not None else known)
    if function.kinks:
        # Both sides of a corner or a jump, so that it is drawn as one.
        corners = np.array([corner for corner in function.kinks if z[0] < corner < z[-1]])
        z = np.union1d(z, np.concatenate([corners, np.nextafter(corners, np.inf)]))
    a, slope = shape(z)
    threshold = frame.experiment.flat_threshold
    return UnitCurve(
        unit=unit,
        function=function,
        shape=shape,
        z=z,
        a=a,
        slope=slope,
        zones=_zones(function, threshold, z, slope),
        rows=frame.batch[chosen].astype(np.int64),
        dots=np.column_stack([values[chosen] for values in columns]) if len(chosen) else np.empty((0, 3)),
        total=total,
        flat_rows=_flat_rows(function, threshold, recorded, unit.index) if has_dots else None,
        example=place,
    )


def _home(function: Activation) -> float:
    """How far from 0 its bends are: what is always in the picture."""
    return max(_WIDE_HOME if function.family in _WIDE else _HOME, *(1.25 * abs(z) for z in (0.0, *function.kinks)))


def flat_ends(function: Activation, threshold: float) -> tuple[float, float]:
    """Below which z and above which z |f′|/max|f′| stays under the threshold; infinite where f has no such end."""
    z = np.linspace(-_FLAT_WITHIN, _FLAT_WITHIN, 4 * POINTS)
    zones = _zones(function, threshold, z, _elementwise(function)(z)[1])
    low = next((zone.high for zone in zones[:1] if zone.low == z[0]), -np.inf)
    return low, next((zone.low for zone in zones[-1:] if zone.high == z[-1]), np.inf)


def batch_places(frame: Frame, unit: Unit) -> list[Place]:
    """Where every row of the batch stands; the slope of a softmax unit is that of its row's own section."""
    trace = frame.trace.layers[unit.layer - 1]
    z, a = _column(trace.z, unit.index), _column(trace.a, unit.index)
    slope = a * (1.0 - a) if trace.slope is None else _column(trace.slope, unit.index)
    return [Place(int(row), float(z[k]), float(a[k]), float(slope[k])) for k, row in enumerate(frame.batch)]


def _elementwise(function: Activation) -> Shape:
    def shape(z: Array) -> tuple[Array, Array]:
        with np.errstate(all="ignore"):
            a = function.f(z)
            return a, function.df(z, a)

    return shape


def _section(numbers: Numbers, unit: Unit) -> tuple[Shape, float]:
    """The softmax share over its own z, the others of the row as they are; and about where it is one half."""
    others = np.delete(numbers.z(unit.layer).astype(np.float64), unit.index)
    with np.errstate(all="ignore"):
        peak = float(others.max())
        rest = peak + float(np.log(np.exp(others - peak).sum()))
    return partial(_shifted, _elementwise(activation("sigmoid")), rest), round(rest) if np.isfinite(rest) else 0.0


def _shifted(shape: Shape, by: float, z: Array) -> tuple[Array, Array]:
    return shape(z - by)


def _place(numbers: Numbers, unit: Unit, shape: Shape, seen: Seen) -> Place:
    """Where the example stands, as it was recorded, as far as it is seen."""
    match numbers.example:
        case Probe(row):
            found = row
        case Row(position):
            found = int(numbers.frame.batch[position])
        case _:
            found = int(numbers.frame.batch[0])
    z, slopes = float(numbers.z(unit.layer)[unit.index]), numbers.slope(unit.layer)
    a = float(numbers.a(unit.layer)[unit.index]) if seen in ("a", "slope") else None
    if seen != "slope":
        return Place(found, z, a, None)
    slope = slopes[unit.index] if slopes is not None else shape(np.array([z]))[1][0]
    return Place(found, z, a, float(slope))


def _samples(home: Range, shown: list[Array]) -> Array:
    """Where the curve is computed: densely around its bend, and on to whatever row stands farthest out."""
    low, high = home
    for values in shown:
        finite = values[np.isfinite(values)]
        if len(finite):
            # Whole numbers, so that the axis stands still while the dots move a little.
            low = min(low, float(np.floor(max(float(finite.min()), -_FARTHEST) - 0.5)))
            high = max(high, float(np.ceil(min(float(finite.max()), _FARTHEST) + 0.5)))
    bend = np.linspace(*home, POINTS)
    return bend if (low, high) == home else np.union1d(bend, np.linspace(low, high, POINTS))


def _zones(function: Activation, threshold: float, z: Array, slope: Array) -> tuple[Zone, ...]:
    """Stretches of z below the threshold, in functions that have a flat end; of a ReLU, where it is off."""
    kind: Literal["flat", "off"]
    if not function.has_gradient:
        return (Zone("flat", float(z[0]), float(z[-1])),)
    if function.switches:
        kind, level = "off", 0.5
    elif function.saturates and function.max_slope is not None:
        kind, level = "flat", threshold * function.max_slope
    else:
        return ()
    inside = np.abs(slope) < level
    crossings = [
        _crossing(function.name, level, float(z[k]), float(z[k + 1])) for k in np.flatnonzero(inside[1:] != inside[:-1])
    ]
    ends = [float(z[0]), *crossings, float(z[-1])]
    first = 0 if inside[0] else 1
    return tuple(Zone(kind, ends[k], ends[k + 1]) for k in range(first, len(ends) - 1, 2))


@lru_cache(maxsize=256)
def _crossing(name: str, level: float, low: float, high: float) -> float:
    """Where |f′| passes `level` between two places on different sides of it, to the last digits by halving."""
    shape = _elementwise(activation(name))

    def is_below(z: float) -> bool:
        return abs(float(shape(np.array([z]))[1][0])) < level

    began = is_below(low)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if is_below(middle) == began else (low, middle)
    return 0.5 * (low + high)


def _flat_rows(function: Activation, threshold: float, recorded: LayerTrace, index: int) -> int | None:
    """How many rows of the batch are off (ReLU) or flat, by the rule of the metrics."""
    if function.switches:
        return int(np.count_nonzero(_column(recorded.z, index) <= 0))
    if not function.has_gradient:
        return len(recorded.z)
    if recorded.slope is None or not function.saturates or function.max_slope is None:
        return None
    with np.errstate(invalid="ignore"):
        return int(np.count_nonzero(np.abs(_column(recorded.slope, index)) / function.max_slope < threshold))

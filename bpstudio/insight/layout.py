"""Where things stand in a picture of the network: pure placement, in the pixels of a picture that is not zoomed.

Layers are columns from left to right. The +1 nodes, from which biases come, stand at the foot between two columns while
single edges can be told apart, else under the layer they start from; targets and the loss node stand at the right.
Zooming scales everything; what depends on it (which units of a crowded column are drawn) is asked with the zoom.

Few edges are drawn one by one ("edges"); above about 2,000 the strongest of each layer over a density image
("strongest"); a layer beyond telling anything by lines is a heat map ("matrix"). Pixels come as an image, beside a bar
at which the input edges start, in the order of the rows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bpstudio.engine.network import Network
from bpstudio.insight.elements import BIAS, Edge, Element, LossNode, PlusOne, Target, Unit

Mode = Literal["edges", "strongest", "matrix"]
Direction = Literal["left", "right", "up", "down"]
Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

#: Up to so many weights in the whole network each edge is a line.
SINGLE_EDGES = 2_000
#: From so many weights in a layer on, lines over a shade tell nothing more.
MATRIX_EDGES = 100_000
#: A layer with so few weights keeps its single edges, however wide the others are.
_FEW = 120

_LARGEST_RADIUS = 33.0
_NUMBERED = 24.0  # a disc of this radius still holds its number
_BADGE = 42.0  # between two discs, their rings included
_WIDEST_DISC = 0.28  # of the distance between columns
_SMALLEST_PITCH = 6.0
_WIDEST_STEP = 178.0
_CLOSE = 144.0  # columns between which a +1 node and a badge have no room side by side
_PLUS_ONE = 13.0
_LOSS_RADIUS = 22.0
_TARGET = (66.0, 34.0)
_SHARES = 104.0  # names and bars of classes are wider than a target


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float

    def holds(self, x: float, y: float) -> bool:
        """Whether a point lies in it."""
        return self.x <= x <= self.x + self.width and self.y <= y <= self.y + self.height


@dataclass(frozen=True, slots=True)
class Pixels:
    """The inputs as an image of `rows` × `columns` pixels, and the bar beside it at which their edges start."""

    rows: int
    columns: int
    box: Box
    bar: Box

    def cell(self, index: int) -> Box:
        """The square of one pixel."""
        row, column = divmod(index, self.columns)
        side_x, side_y = self.box.width / self.columns, self.box.height / self.rows
        return Box(self.box.x + column * side_x, self.box.y + row * side_y, side_x, side_y)

    def at(self, x: float, y: float) -> int | None:
        """The pixel at a point."""
        if not self.box.holds(x, y):
            return None
        row = min(int((y - self.box.y) * self.rows / self.box.height), self.rows - 1)
        column = min(int((x - self.box.x) * self.columns / self.box.width), self.columns - 1)
        return row * self.columns + column


@dataclass(frozen=True, eq=False)
class Layout:
    """Positions for one network in one size of the picture; lists over layers start with the inputs (layer 0).

    `centers` are (units, 2) arrays of all units, `steps` the distance between neighbours, `plus_ones` (layers, 2) with
    the node of layer l at l − 1 (there is none where `biases` has False), `targets` (outputs, 2) the left middle of
    each target's text.
    """

    width: float
    height: float
    centers: tuple[Floats, ...]
    steps: tuple[float, ...]
    plus_ones: Floats
    plus_one_size: float
    targets: Floats
    target_size: tuple[float, float]
    loss: tuple[float, float]
    loss_radius: float
    pixels: Pixels | None
    modes: tuple[Mode, ...]
    biases: tuple[bool, ...]
    scale: float

    # ---- what is drawn

    def mode(self, layer: int) -> Mode:
        """How the edges of a layer are drawn; layers count from 1."""
        return self.modes[layer - 1]

    def stride(self, layer: int, zoom: float = 1.0) -> int:
        """Every how many units of a column are drawn: 1 unless they would melt into each other."""
        if len(self.centers[layer]) == 1:
            return 1
        return max(1, math.ceil(_SMALLEST_PITCH / (self.steps[layer] * zoom) - 1e-9))

    def drawn(self, layer: int, zoom: float = 1.0) -> Indices:
        """The units of a column that are drawn at this zoom, spread evenly; all of them where there is room."""
        return np.arange(0, len(self.centers[layer]), self.stride(layer, zoom), dtype=np.intp)

    def left_out(self, layer: int, zoom: float = 1.0) -> int:
        """The n of "… n more" under a column."""
        return len(self.centers[layer]) - len(self.drawn(layer, zoom))

    def radius(self, layer: int, zoom: float = 1.0) -> float:
        """The radius of the discs of a column, not zoomed; they never touch."""
        pitch = self.steps[layer] * self.stride(layer, zoom)
        return min(_disc(pitch, self.scale), _LARGEST_RADIUS * self.scale, _WIDEST_DISC * self.column_gap)

    @property
    def column_gap(self) -> float:
        """The distance between two columns."""
        return float(self.centers[1][0, 0] - self.centers[0][0, 0])

    def marker(self, layer: int) -> tuple[float, float]:
        """Where "… n more" stands: the middle of the text above a column. Under it the lines of its biases go by."""
        x, y = self.centers[layer][0]
        return float(x), float(y) - self.radius(layer) - 14.0 * self.scale

    def band(self, layer: int) -> Box:
        """The room between two columns, for the density image or the matrix of a layer."""
        left, right = self.centers[layer - 1], self.centers[layer]
        x1 = float(left[0, 0]) + (self.radius(layer - 1) if self.pixels is None or layer > 1 else 0.0) + 2.0
        x2 = float(right[0, 0]) - self.radius(layer) - 2.0
        top = min(float(left[0, 1]), float(right[0, 1]))
        bottom = max(float(left[-1, 1]), float(right[-1, 1]))
        least = 60.0 * self.scale
        if bottom - top < least:
            middle = (top + bottom) / 2
            top, bottom = middle - least / 2, middle + least / 2
        return Box(x1, top, x2 - x1, bottom - top)

    def lines(self, layer: int, to: Indices, source: Indices, gap: float = 1.0, zoom: float = 1.0) -> Floats:
        """Edges as lines (x1, y1, x2, y2) from rim to rim; `source` counts columns, so the bias is the last one."""
        below, here = self.centers[layer - 1], self.centers[layer]
        starts = np.vstack([below, self.plus_ones[layer - 1]])[source]
        ends = here[to]
        way = ends - starts
        length = np.maximum(np.hypot(way[:, 0], way[:, 1]), 1e-9)[:, None]
        rim = 0.0 if layer == 1 and self.pixels is not None else self.radius(layer - 1, zoom)
        leave = np.where(source == len(below), self.plus_one_size, rim)[:, None] + gap
        arrive = self.radius(layer, zoom) + gap
        return np.hstack([starts + way / length * leave, ends - way / length * arrive])

    # ---- what is under a point

    def unit_at(self, x: float, y: float, zoom: float = 1.0) -> Unit | None:
        """The unit whose disc (or pixel) holds a point; in crowded columns the nearest one."""
        if self.pixels is not None:
            pixel = self.pixels.at(x, y)
            if pixel is not None:
                return Unit(0, pixel)
        for layer, centers in enumerate(self.centers):
            if layer == 0 and self.pixels is not None:
                continue
            reach = max(self.radius(layer, zoom), 4.0 / zoom)
            if abs(x - centers[0, 0]) > reach:
                continue
            distances = np.hypot(centers[:, 0] - x, centers[:, 1] - y)
            nearest = int(np.argmin(distances))
            if distances[nearest] <= reach:
                return Unit(layer, nearest)
        return None

    def edge_at(
        self, x: float, y: float, tolerance: float = 5.0, drawn: Mapping[int, Indices] | None = None
    ) -> Edge | None:
        """The edge that passes nearest to a point, within `tolerance`.

        Where single edges are drawn all count; of other layers those in `drawn`, which maps a layer to flat indices
        into (units, inputs + 1), biases last: whoever drew the strongest knows them.
        """
        best: Edge | None = None
        for layer in range(1, len(self.centers)):
            columns = len(self.centers[layer - 1]) + 1
            if drawn is not None and layer in drawn:
                flat = np.asarray(drawn[layer], dtype=np.intp)
            elif self.mode(layer) == "edges":
                flat = np.arange(len(self.centers[layer]) * columns, dtype=np.intp)
            else:
                continue
            to, source = np.divmod(flat, columns)
            if not self.biases[layer - 1]:
                there = source < columns - 1
                to, source = to[there], source[there]
            if not len(to):
                continue
            distances = _distances(self.lines(layer, to, source), x, y)
            nearest = int(np.argmin(distances))
            if distances[nearest] <= tolerance:
                tolerance = float(distances[nearest])
                best = Edge(layer, int(to[nearest]), BIAS if source[nearest] == columns - 1 else int(source[nearest]))
        return best

    def element_at(
        self, x: float, y: float, tolerance: float = 5.0, zoom: float = 1.0, drawn: Mapping[int, Indices] | None = None
    ) -> Element | None:
        """What is under a point: nodes before edges."""
        unit = self.unit_at(x, y, zoom)
        if unit is not None:
            return unit
        if math.hypot(x - self.loss[0], y - self.loss[1]) <= self.loss_radius + 2.0:
            return LossNode()
        for layer, (center_x, center_y) in enumerate(self.plus_ones.tolist(), 1):
            is_near = max(abs(x - center_x), abs(y - center_y)) <= self.plus_one_size + 2.0
            if is_near and self.biases[layer - 1]:
                return PlusOne(layer)
        for index in range(len(self.targets)):
            if self.target_box(index).holds(x, y):
                return Target(index)
        return self.edge_at(x, y, tolerance, drawn)

    def target_box(self, index: int) -> Box:
        """The room for a target's text."""
        x, y = self.targets[index].tolist()
        width, height = self.target_size
        return Box(x, y - height / 2, width, height)

    # ---- moving the selection by keys

    def neighbour(self, element: Element | None, direction: Direction) -> Element:
        """What the selection moves to: along a column, or from a unit over an edge to the unit at its other end.

        At the rim of the picture the element itself; without a selection the first input.
        """
        match element:
            case None:
                return Unit(0, 0)
            case Unit():
                return self._from_unit(element, direction)
            case Edge():
                return self._from_edge(element, direction)
            case PlusOne(layer):
                return self._from_plus_one(layer, direction)
            case Target(index):
                if direction in ("up", "down"):
                    return Target(min(max(index + (1 if direction == "down" else -1), 0), len(self.targets) - 1))
                return Unit(len(self.centers) - 1, index) if direction == "left" else LossNode()
            case _:
                middle = self._nearest(len(self.centers) - 1, self.loss[1])
                return Target(middle) if direction == "left" else element

    def _from_unit(self, unit: Unit, direction: Direction) -> Element:
        layer, last = unit.layer, len(self.centers) - 1
        if direction == "up":
            return Unit(layer, max(unit.index - 1, 0))
        if direction == "down":
            if unit.index + 1 < len(self.centers[layer]):
                return Unit(layer, unit.index + 1)
            return PlusOne(layer + 1) if layer < last and self.biases[layer] else unit
        height = float(self.centers[layer][unit.index, 1])
        if direction == "right":
            return (
                Target(unit.index) if layer == last else Edge(layer + 1, self._nearest(layer + 1, height), unit.index)
            )
        return unit if layer == 0 else Edge(layer, unit.index, self._nearest(layer - 1, height))

    def _from_edge(self, edge: Edge, direction: Direction) -> Element:
        if direction == "right":
            return Unit(edge.layer, edge.to)
        if direction == "left":
            return PlusOne(edge.layer) if edge.is_bias else Unit(edge.layer - 1, edge.source)
        inputs = len(self.centers[edge.layer - 1])
        columns = inputs + self.biases[edge.layer - 1]
        column = inputs if edge.is_bias else edge.source
        place = edge.to * columns + column + (1 if direction == "down" else -1)
        place = min(max(place, 0), len(self.centers[edge.layer]) * columns - 1)
        to, column = divmod(place, columns)
        return Edge(edge.layer, to, BIAS if column == inputs else column)

    def _from_plus_one(self, layer: int, direction: Direction) -> Element:
        match direction:
            case "up":
                return Unit(layer - 1, len(self.centers[layer - 1]) - 1)
            case "right":
                return Edge(layer, len(self.centers[layer]) - 1, BIAS)
            case "left":
                return PlusOne(next((below for below in range(layer - 1, 0, -1) if self.biases[below - 1]), layer))
            case _:
                return PlusOne(layer)

    def _nearest(self, layer: int, y: float) -> int:
        return int(np.argmin(np.abs(self.centers[layer][:, 1] - y)))


def place(
    network: Network,
    width: float,
    height: float,
    scale: float = 1.0,
    names: float = 0.0,
    text: float | None = None,
) -> Layout:
    """Place a network in a picture of this size.

    `scale` is the size of symbols relative to normal, `text` that of text where it is another; `names` is the room in
    pixels that the names of the inputs need at the left. A picture too small for the symbols is filled as if it were
    just large enough.
    """
    sizes, depth = network.sizes, len(network.layers)
    largest = _LARGEST_RADIUS * scale
    answer = (_SHARES if network.layers[-1].activation == "softmax" else _TARGET[0]) * max(scale, text or 0.0)
    beyond = answer + (2 * _LOSS_RADIUS + 30.0) * scale + largest  # what stands to the right of the outputs
    before = max(names + 4.0 * scale, 0.0) + largest + 10.0 * scale
    width, height = max(width, before + 40.0 * scale * depth + beyond), max(height, 220.0 * scale)
    # The +1 nodes and what is written under a column; between close columns they stand below the badges.
    is_close = (width - beyond - before) / depth < _CLOSE * scale and depth < 6 and height > 300.0 * scale
    foot = (84.0 if is_close else 62.0) * scale
    top, bottom = largest + 14.0 * scale, height - foot - largest
    right = width - beyond
    # In a deep network the image gives way to the columns.
    image_width = max(min(0.21 * width, 260.0 * scale, right - (27.0 * depth + 25.0) * scale), 48.0 * scale)
    pixels = _image(network, image_width, height, scale, foot)
    left = max(0.1 * width if depth < 6 else 0.0, before) if pixels is None else pixels.bar.x
    columns = np.linspace(min(left, right - (40.0 if pixels is None else 24.0) * scale * depth), right, depth + 1)
    centers, steps = [], []
    for layer, size in enumerate(sizes):
        if layer == 0 and pixels is not None:
            high, low = pixels.bar.y, pixels.bar.y + pixels.bar.height
            step = (low - high) / size
            y = high + step * (np.arange(size) + 0.5)
        else:
            # A crowded column may use the room that large discs would need above and below it.
            room = largest if size <= 8 else largest * 0.25
            high, low = top - largest + room, bottom + largest - room
            step = min((low - high) / max(size - 1, 1), _WIDEST_STEP * scale)
            y = (high + low) / 2 + step * (np.arange(size) - (size - 1) / 2)
        centers.append(np.column_stack([np.full(size, columns[layer]), y]))
        steps.append(step)
    modes = _modes(sizes)
    outputs = centers[-1]
    reach = min(_disc(steps[-1], scale), largest, _WIDEST_DISC * float(columns[1] - columns[0])) + 22.0 * scale
    target_height = min(_TARGET[1] * scale, max(steps[-1] - 2.0, 4.0)) if sizes[-1] > 1 else _TARGET[1] * scale
    return Layout(
        width=width,
        height=height,
        centers=tuple(centers),
        steps=tuple(steps),
        plus_ones=_plus_ones(columns, modes, height - 31.0 * scale),
        plus_one_size=_PLUS_ONE * scale,
        targets=np.column_stack([outputs[:, 0] + reach, outputs[:, 1]]),
        target_size=(answer, target_height),
        loss=(width - (_LOSS_RADIUS + 6.0) * scale, float(outputs[:, 1].mean())),
        loss_radius=_LOSS_RADIUS * scale,
        pixels=pixels,
        modes=modes,
        biases=network.biases,
        scale=scale,
    )


def _disc(pitch: float, scale: float) -> float:
    """The radius that leaves room for a badge between discs, or, where there is none, between the discs alone."""
    beside_badge = (pitch - _BADGE * scale) / 2
    if beside_badge >= _NUMBERED * scale:
        return min(0.31 * pitch, beside_badge)
    return max(0.31 * pitch, min(0.42 * pitch, 15.0))


def _modes(sizes: tuple[int, ...]) -> tuple[Mode, ...]:
    counts = [inputs * units for inputs, units in pairwise(sizes)]
    if sum(counts) <= SINGLE_EDGES:
        return tuple("edges" for _ in counts)
    return tuple("edges" if n <= _FEW else "strongest" if n < MATRIX_EDGES else "matrix" for n in counts)


def _plus_ones(columns: Floats, modes: tuple[Mode, ...], y: float) -> Floats:
    """Between the columns where single edges are drawn, under the column where the picture is crowded."""
    share = [0.5 if mode == "edges" else 0.0 for mode in modes]
    return np.array([(x + at * (end - x), y) for x, end, at in zip(columns, columns[1:], share, strict=False)])


def _image(network: Network, room_x: float, height: float, scale: float, foot: float) -> Pixels | None:
    if network.input_shape is None:
        return None
    rows, columns = network.input_shape
    room_y = height - foot - 30.0 * scale
    side = min(room_x / columns, room_y / rows)
    box = Box(10.0 * scale, 0.0, side * columns, side * rows)
    box = Box(box.x, (height - foot - box.height) / 2, box.width, box.height)
    return Pixels(rows, columns, box, Box(box.x + box.width + 10.0 * scale, box.y, 5.0 * scale, box.height))


def _distances(lines: Floats, x: float, y: float) -> Floats:
    """How far a point is from each line segment (n, 4)."""
    start, way = lines[:, :2], lines[:, 2:] - lines[:, :2]
    squared = np.maximum((way * way).sum(axis=1), 1e-18)
    along = np.clip(((np.array([x, y]) - start) * way).sum(axis=1) / squared, 0.0, 1.0)
    nearest = start + along[:, None] * way
    distances: Floats = np.hypot(nearest[:, 0] - x, nearest[:, 1] - y)
    return distances

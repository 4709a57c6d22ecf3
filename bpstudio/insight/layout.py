"""Where things stand in a picture of the network: pure placement, in the pixels of a picture that is not zoomed.

Layers are columns from left to right. The +1 nodes, from which biases come, stand at the foot between two columns while
single edges can be told apart, else under the layer they start from; targets and the loss node stand at the right.
Zooming scales everything; what depends on it (which units of a crowded column are drawn) is asked with the zoom.

Few edges are drawn one by one ("edges"); above about 2,000 the strongest of each layer over a density image
("strongest"); a layer beyond telling anything by lines is a heat map ("matrix"). Pixels come as an image, beside a bar
at which the input edges start, in the order of the rows.

Layers of images are columns of maps. A convolution has a line for each kernel ("kernels"), from the map it looks at to
the map it helps to make; a layer without weights has a line from each unit, or each map, to what becomes of it
("links").
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bpstudio.engine.layers import Conv2D, Layer
from bpstudio.engine.network import Network
from bpstudio.insight.columns import Box, Column, Maps, gaps_of, is_mixed, spread
from bpstudio.maths.activations import activation

Mode = Literal["edges", "strongest", "matrix", "kernels", "links"]
Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

#: Up to so many weights in the whole network each edge is a line.
SINGLE_EDGES = 2_000
#: From so many weights in a layer on, lines over a shade tell nothing more.
MATRIX_EDGES = 100_000
#: A layer with so few weights keeps its single edges, however wide the others are.
_FEW = 120

_LARGEST_RADIUS = 33.0
_SMALLEST_RADIUS = 1.0
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
_TITLES = 34.0  # above columns that say what kind of layer they are


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
    each target's text. `columns` say how far each layer reaches to both sides; `titles` is the room above them, 0 where
    all layers are of one kind. `weights` are the shapes of each layer's W.
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
    columns: tuple[Column, ...]
    titles: float
    weights: tuple[tuple[int, ...], ...]

    # ---- what is drawn

    @cached_property
    def gaps(self) -> tuple[float, ...]:
        """The free room before each layer but the inputs, that of layer l at l − 1."""
        return gaps_of(self.columns)

    def maps(self, layer: int) -> Maps | None:
        """The maps of a layer of images; None where the layer has units."""
        return self.columns[layer].maps

    def is_bar(self, layer: int) -> bool:
        """Whether a layer's units are a bar."""
        return self.columns[layer].bar is not None

    def has_discs(self, layer: int) -> bool:
        """Whether a layer's units are discs."""
        column = self.columns[layer]
        return column.maps is None and column.bar is None and not (layer == 0 and self.pixels is not None)

    def mode(self, layer: int) -> Mode:
        """How the edges of a layer are drawn; layers count from 1."""
        return self.modes[layer - 1]

    def stride(self, layer: int, zoom: float = 1.0) -> int:
        """Every how many units of a column are drawn: 1 unless they would melt into each other."""
        if len(self.centers[layer]) == 1 or not self.steps[layer]:
            return 1
        return max(1, math.ceil(_SMALLEST_PITCH / (self.steps[layer] * zoom) - 1e-9))

    def drawn(self, layer: int, zoom: float = 1.0) -> Indices:
        """The units of a column that are discs at this zoom, spread evenly; all of them where there is room."""
        if self.maps(layer) is not None or self.is_bar(layer):
            return np.empty(0, np.intp)
        return np.arange(0, len(self.centers[layer]), self.stride(layer, zoom), dtype=np.intp)

    def left_out(self, layer: int, zoom: float = 1.0) -> int:
        """The n of "… n more" under a column."""
        maps = self.maps(layer)
        if maps is not None:
            return maps.left_out
        return 0 if self.is_bar(layer) else len(self.centers[layer]) - len(self.drawn(layer, zoom))

    def radius(self, layer: int, zoom: float = 1.0) -> float:
        """The radius of the discs of a column, not zoomed; they never touch. Of a pixel or a bar half its width."""
        column = self.columns[layer]
        if column.maps is not None:
            return column.maps.pixel / 2
        if column.bar is not None:
            return column.bar.width / 2
        pitch = self.steps[layer] * self.stride(layer, zoom)
        gap = min(self.gaps[max(layer - 1, 0) : layer + 1])
        # Where a small window lets columns run into each other there is still something to see.
        return max(min(_disc(pitch, self.scale), _LARGEST_RADIUS * self.scale, _WIDEST_DISC * gap), _SMALLEST_RADIUS)

    @property
    def column_gap(self) -> float:
        """The distance between two columns; the smallest where they differ."""
        return min(self.gaps)

    def marker(self, layer: int) -> tuple[float, float]:
        """Where "… n more" stands: the middle of the text above a column. Under it the lines of its biases go by."""
        maps = self.maps(layer)
        if maps is not None:
            return self.columns[layer].x, float((maps.boxes[:, 1] + maps.boxes[:, 3]).max()) + 9.0 * self.scale
        x, y = self.centers[layer][0]
        return float(x), float(y) - self.radius(layer) - 14.0 * self.scale

    def band(self, layer: int) -> Box:
        """The room between two columns, for the density image or the matrix of a layer."""
        left, right = self.centers[layer - 1], self.centers[layer]
        x1 = self.columns[layer - 1].right + (self.radius(layer - 1) if self.has_discs(layer - 1) else 0.0) + 2.0
        x2 = self.columns[layer].left - (self.radius(layer) if self.has_discs(layer) else 0.0) - 2.0
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

    def drawn_kernels(self, layer: int) -> tuple[Indices, Indices]:
        """Filters and channels of the kernels between maps that both stand in the picture."""
        here, below = self.maps(layer), self.maps(layer - 1)
        if here is None or below is None:
            return np.empty(0, np.intp), np.empty(0, np.intp)
        filters, channels = np.divmod(np.arange(len(here.boxes) * len(below.boxes)), len(below.boxes))
        return filters, channels

    def map_lines(self, layer: int, to: Indices, source: Indices, gap: float = 2.0) -> Floats:
        """Lines (x1, y1, x2, y2) between maps of two layers, from the right edge of one to the left edge of the
        other; `source` beyond the last map is the +1 node.
        """
        below, here = self.maps(layer - 1), self.maps(layer)
        assert below is not None
        assert here is not None
        left, top, width, height = below.boxes.T
        x, y = self.plus_ones[layer - 1].tolist()
        starts = np.vstack([np.column_stack([left + width + gap, top + height / 2]), (x, y - self.plus_one_size)])
        ends = np.column_stack([here.boxes[:, 0] - gap, here.boxes[:, 1] + here.boxes[:, 3] / 2])
        lines: Floats = np.hstack([starts[source], ends[to]])
        return lines

    def target_box(self, index: int) -> Box:
        """The room for a target's text."""
        x, y = self.targets[index].tolist()
        width, height = self.target_size
        return Box(x, y - height / 2, width, height)


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
    is_shares = not activation(network.layers[-1].activation).elementwise
    answer = (_SHARES if is_shares else _TARGET[0]) * max(scale, text or 0.0)
    beyond = answer + (2 * _LOSS_RADIUS + 30.0) * scale + largest  # what stands to the right of the outputs
    before = max(names + 4.0 * scale, 0.0) + largest + 10.0 * scale
    images = sum(len(shape) == 3 for shape in network.shapes)
    titles = _TITLES * max(scale, text or 0.0) if is_mixed(network) else 0.0
    if images:
        before = 14.0 * scale
    width = max(width, before + 40.0 * scale * depth + 20.0 * scale * images + beyond)
    height = max(height, 220.0 * scale + titles * bool(images))
    # The +1 nodes and what is written under a column; between close columns they stand below the badges.
    is_close = (width - beyond - before) / depth < _CLOSE * scale and depth < 6 and height > 300.0 * scale
    foot = (84.0 if is_close else 62.0) * scale
    top, bottom = 14.0 * scale + titles, height - foot
    right = width - beyond
    # In a deep network the image gives way to the columns.
    image_width = max(min(0.21 * width, 260.0 * scale, right - (27.0 * depth + 25.0) * scale), 48.0 * scale)
    pixels = _image(network, image_width, height, scale, foot)
    left = max(0.1 * width if depth < 6 and not images else 0.0, before) if pixels is None else pixels.bar.x
    left = min(left, right - (40.0 if pixels is None else 24.0) * scale * depth)
    columns = spread(network, left, right, titles + 8.0 * scale, height - 56.0 * scale, scale)
    centers, steps = [], []
    for layer, size in enumerate(sizes):
        if layer == 0 and pixels is not None:
            high, low = pixels.bar.y, pixels.bar.y + pixels.bar.height
            step = (low - high) / size
            y = high + step * (np.arange(size) + 0.5)
        elif (maps := columns[layer].maps) is not None:
            centers.append(maps.centers())
            steps.append(maps.pixel)
            continue
        elif (bar := columns[layer].bar) is not None:
            step = bar.height / size
            y = bar.y + step * (np.arange(size) + 0.5)
        else:
            # A crowded column may use the room that large discs would need above and below it.
            room = largest if size <= 8 else largest * 0.25
            if titles and size <= 8:  # under them small discs need not keep the room of large ones
                room = min(room, 0.5 * (bottom - top) / size)
            high, low = top + room, bottom - room
            step = min((low - high) / max(size - 1, 1), _WIDEST_STEP * scale)
            y = (high + low) / 2 + step * (np.arange(size) - (size - 1) / 2)
        centers.append(np.column_stack([np.full(size, columns[layer].x), y]))
        steps.append(step)
    modes = _modes(network)
    outputs = centers[-1]
    reach = min(_disc(steps[-1], scale), largest, _WIDEST_DISC * gaps_of(columns)[-1]) + 22.0 * scale
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
        columns=columns,
        titles=titles,
        weights=network.weight_shapes,
    )


def _disc(pitch: float, scale: float) -> float:
    """The radius that leaves room for a badge between discs, or, where there is none, between the discs alone."""
    beside_badge = (pitch - _BADGE * scale) / 2
    if beside_badge >= _NUMBERED * scale:
        return min(0.31 * pitch, beside_badge)
    return max(0.31 * pitch, min(0.42 * pitch, 15.0))


def _modes(network: Network) -> tuple[Mode, ...]:
    dense = [math.prod(shape) for shape in network.weight_shapes if len(shape) == 2]

    def mode(layer: Layer, shape: tuple[int, ...]) -> Mode:
        if isinstance(layer, Conv2D):
            return "kernels"
        if not layer.has_weights:
            return "links"
        count = math.prod(shape)
        if sum(dense) <= SINGLE_EDGES or count <= _FEW:
            return "edges"
        return "strongest" if count < MATRIX_EDGES else "matrix"

    return tuple(mode(layer, shape) for layer, shape in zip(network.layers, network.weight_shapes, strict=True))


def _plus_ones(columns: Sequence[Column], modes: tuple[Mode, ...], y: float) -> Floats:
    """Between the columns where single edges are drawn, under the column where the picture is crowded."""
    places = []
    for before, after, mode in zip(columns, columns[1:], modes, strict=False):
        between = before.right + 0.5 * (after.left - before.right)
        places.append((between if mode in ("edges", "kernels") else before.x, y))
    return np.array(places)


def _image(network: Network, room_x: float, height: float, scale: float, foot: float) -> Pixels | None:
    if network.input_shape is None or network.image_shape is not None:
        return None
    rows, columns = network.input_shape
    room_y = height - foot - 30.0 * scale
    side = min(room_x / columns, room_y / rows)
    box = Box(10.0 * scale, 0.0, side * columns, side * rows)
    box = Box(box.x, (height - foot - box.height) / 2, box.width, box.height)
    return Pixels(rows, columns, box, Box(box.x + box.width + 10.0 * scale, box.y, 5.0 * scale, box.height))

"""How the layers share the width of a picture: discs and bars are narrow, images take what their maps need.

A layer of images is a column of maps, or several columns side by side where there are many. Layers that change each map
for itself (pooling, an activation, dropout) stand level with the maps they come from. The numbers into which images are
flattened are a bar: one stretch of it for each map.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bpstudio.engine.layers import Conv2D, Dense, Flatten, Layer, Shape
from bpstudio.engine.network import Network

Floats = NDArray[np.float64]

BAR = 11.0
"""The width of a bar."""
_SMALLEST, _LARGEST_PIXEL = 9.0, 42.0
"""The side of the smallest map, and of the largest pixel: one of this size holds its number."""
_BETWEEN = 6.0
"""Between two maps."""
_IMAGE, _POOLED = 1.6, 0.75
"""How much wider than a convolution's maps the input image may be, and how much narrower pooled maps are."""
_COLORS = 3
"""So many channels of the input are red, green and blue."""
_GAP = 0.8
"""The gap before a layer with weights, in widths of a map."""
_SHORT_GAP = 0.6
"""The gap before a layer without weights, in gaps."""
_FEW_FLAT = 24
"""So many flattened numbers at most are discs of their own, if they have room."""
_FLAT_PITCH = 22.0


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


@dataclass(frozen=True, slots=True, eq=False)
class Maps:
    """The maps of a layer of images (channels, height, width): `boxes` (drawn, 4) are x, y, width, height of the first
    of them, side by side in `across` columns. `joined` is where three channels of the input stand as one colour image.
    """

    shape: Shape
    boxes: Floats
    across: int
    joined: Box | None = None

    @property
    def left_out(self) -> int:
        """The n of "… n more"."""
        return self.shape[0] - len(self.boxes)

    @property
    def pixel(self) -> float:
        """The side of a pixel, not zoomed."""
        return float(self.boxes[0, 2]) / self.shape[2]

    def box(self, channel: int) -> Box | None:
        """Where a map stands; None for one that has no room."""
        return Box(*self.boxes[channel].tolist()) if channel < len(self.boxes) else None

    def cell(self, channel: int, row: int, column: int) -> Box | None:
        """The square of one pixel."""
        box = self.box(channel)
        if box is None:
            return None
        wide, high = box.width / self.shape[2], box.height / self.shape[1]
        return Box(box.x + column * wide, box.y + row * high, wide, high)

    def at(self, x: float, y: float) -> tuple[int, int, int] | None:
        """Channel, row and column of the pixel at a point."""
        left, top, width, height = self.boxes.T
        inside = np.flatnonzero((left <= x) & (x <= left + width) & (top <= y) & (y <= top + height))
        if not len(inside):
            return None
        channel = int(inside[0])
        _, rows, columns = self.shape
        row = int((y - top[channel]) * rows / height[channel])
        column = int((x - left[channel]) * columns / width[channel])
        return channel, min(row, rows - 1), min(column, columns - 1)

    def centers(self) -> Floats:
        """The middles of all pixels (channels · height · width, 2); those of maps that are not drawn are at the foot
        of the last one.
        """
        channels, rows, columns = self.shape
        left, top, width, height = self.boxes.T[:, :, None, None]
        x = left + (np.arange(columns) + 0.5)[None, None, :] * width / columns
        y = top + (np.arange(rows) + 0.5)[None, :, None] * height / rows
        drawn = np.stack(np.broadcast_arrays(x, y), axis=-1).reshape(-1, 2)
        rest = (channels - len(self.boxes)) * rows * columns
        last = self.boxes[-1]
        foot = (last[0] + last[2] / 2, last[1] + last[3] + _BETWEEN / 2)
        return np.concatenate([drawn, np.broadcast_to(np.array(foot), (rest, 2))])

    @property
    def right(self) -> float:
        """The right edge of the last column of maps."""
        return float((self.boxes[:, 0] + self.boxes[:, 2]).max())

    @property
    def left(self) -> float:
        """The left edge of the first column."""
        return float(self.boxes[:, 0].min())


@dataclass(frozen=True, slots=True)
class Column:
    """Where a layer stands: `x` is the middle, `left` and `right` are the edges of what is drawn (of discs the
    middle); maps, or the bar, where it has any.
    """

    x: float
    left: float
    right: float
    maps: Maps | None = None
    bar: Box | None = None


def is_mixed(network: Network) -> bool:
    """Whether the layers of a network differ in kind, so that each column needs to say what it is."""
    return any(not isinstance(layer, Dense) for layer in network.layers) or network.image_shape is not None


def spread(network: Network, left: float, right: float, top: float, bottom: float, scale: float) -> tuple[Column, ...]:
    """The columns of all layers, inputs first, from `left` to the middle of the outputs at `right`; maps stand between
    `top` and `bottom`.
    """
    shapes, layers = network.shapes, network.layers
    is_image = [len(shape) == 3 for shape in shapes]
    wide = [_wish(layer) if image else 0.0 for layer, image in zip((None, *layers), is_image, strict=True)]
    bars = [_is_bar(network, number, (bottom - top), scale) for number in range(len(shapes))]
    gaps = [1.0 if layer.has_weights else _SHORT_GAP for layer in layers]
    is_joined = is_image[0] and shapes[0][0] == _COLORS
    room = right - left - BAR * scale * sum(bars)
    unit = room / (sum(wide) + _GAP * sum(gaps)) if any(is_image) else 0.0
    plans: list[_Plan | None] = []
    for number, (shape, share) in enumerate(zip(shapes, wide, strict=True)):
        before = plans[-1] if plans else None
        follows = number > 0 and is_image[number] and not isinstance(layers[number - 1], Conv2D)
        chain = before if follows else None
        wish = share * unit * (0.5 if number == 0 and is_joined else 1.0)
        plans.append(_plan(shape, wish, bottom - top, chain, scale) if is_image[number] else None)
    widths = [
        plan.width if plan is not None else BAR * scale if bar else 0.0 for plan, bar in zip(plans, bars, strict=True)
    ]
    first = plans[0]
    beside = first.side + 3 * first.between if first is not None and is_joined else 0.0
    gap = (right - left - sum(widths) - beside) / sum(gaps)
    found, x = [], left
    for number, (width, plan) in enumerate(zip(widths, plans, strict=True)):
        x += gap * gaps[number - 1] if number else 0.0
        maps = plan.maps(x, (top + bottom) / 2) if plan is not None else None
        if number == 0 and plan is not None and is_joined:
            maps = plan.joined(x, (top + bottom) / 2)
            width += beside
        box = Box(x, top, width, bottom - top) if bars[number] else None
        found.append(Column(x + width / 2, x, x + width, maps, box))
        x += width
    return tuple(found)


def gaps_of(columns: Sequence[Column]) -> tuple[float, ...]:
    """The free room before each layer but the inputs."""
    return tuple(after.left - before.right for before, after in pairwise(columns))


def _wish(layer: Layer | None) -> float:
    """How wide a layer of images would like to be, in widths of a convolution's maps."""
    if layer is None:
        return _IMAGE
    return 1.0 if isinstance(layer, Conv2D) or not layer.spatial else _POOLED


def _is_bar(network: Network, number: int, height: float, scale: float) -> bool:
    """Whether a layer is flattened images that are too many to be discs."""
    if not 0 < number < len(network.layers) or not isinstance(network.layers[number - 1], Flatten):
        return False
    size = network.sizes[number]
    return size > _FEW_FLAT or height / size < _FLAT_PITCH * scale


@dataclass(frozen=True, slots=True)
class _Plan:
    """How the maps of a layer are arranged: sizes, but no place yet."""

    shape: Shape
    pixel: float
    across: int
    down: int
    pitch: float
    between: float

    @property
    def side(self) -> float:
        return self.pixel * self.shape[2]

    @property
    def width(self) -> float:
        return self.across * self.side + (self.across - 1) * self.between

    def maps(self, left: float, middle: float) -> Maps:
        """The maps with their left edge here, centred in height. They go down the first column, then the next."""
        height = self.pixel * self.shape[1]
        number = np.arange(min(self.shape[0], self.across * self.down))
        column, row = np.divmod(number, self.down)
        x = left + column * (self.side + self.between)
        rows = min(self.down, len(number))
        y = middle + (row - (rows - 1) / 2) * self.pitch - height / 2
        sizes = np.broadcast_to((self.side, height), (len(number), 2))
        return Maps(self.shape, np.column_stack([x, y, sizes]), int(column[-1]) + 1)

    def joined(self, left: float, middle: float) -> Maps:
        """The same behind the colour image that they are together."""
        height = self.pixel * self.shape[1]
        maps = self.maps(left + self.side + 3 * self.between, middle)
        return Maps(maps.shape, maps.boxes, maps.across, Box(left, middle - height / 2, self.side, height))


def _plan(shape: Shape, width: float, height: float, chain: _Plan | None, scale: float) -> _Plan:
    """The arrangement with the largest pixels, or that of the maps it comes from."""
    channels, rows, columns = shape
    between = _BETWEEN * scale
    largest = _LARGEST_PIXEL * scale
    if chain is not None:
        pixel = min((width - (chain.across - 1) * between) / (chain.across * columns), (chain.pitch - between) / rows)
        # Not below what can be seen, and not above the maps it comes from.
        least = _SMALLEST * scale / max(rows, columns)
        pixel = min(max(pixel, least), largest, max(chain.pixel * chain.shape[1], least * rows) / rows)
        return _Plan(shape, pixel, chain.across, chain.down, chain.pitch, between)
    best: _Plan | None = None
    for across in range(1, channels + 1):
        down = math.ceil(channels / across)
        across_used = math.ceil(channels / down)
        wide, high = width - (across_used - 1) * between, height - (down - 1) * between
        pixel = min(wide / (across_used * columns), high / (down * rows), largest)
        if wide <= 0:
            break
        if best is None or pixel > best.pixel * 1.05:
            best = _Plan(shape, pixel, across_used, down, pixel * rows + between, between)
    assert best is not None
    pixel = _SMALLEST * scale / max(rows, columns)
    if best.pixel < pixel:
        down = max(int((height + between) / (pixel * rows + between)), 1)
        across = max(int((width + between) / (pixel * columns + between)), 1)
        return _Plan(shape, pixel, min(across, math.ceil(channels / down)), down, pixel * rows + between, between)
    # With room to spare maps stand a little apart, so that the lines to each can be told from the others.
    spare = (height - best.down * best.pixel * rows) / max(best.down - 1, 1)
    pitch = best.pixel * rows + min(max(spare, between), max(between, 0.35 * best.pixel * rows))
    return _Plan(shape, best.pixel, best.across, best.down, pitch, between)

"""From the layout's picture to the pixels of the canvas: the headline above, the legend below, zoom and pan between."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
from PyQt6.QtCore import QPointF, QRectF

from bpstudio.data.dataset import Dataset
from bpstudio.engine.network import Network
from bpstudio.insight import layout, pointing
from bpstudio.insight.columns import Box, Maps
from bpstudio.insight.elements import (
    BIAS,
    Edge,
    Element,
    Kernel,
    KernelEntry,
    LossNode,
    Map,
    Names,
    Pixel,
    PlusOne,
    Target,
    Unit,
)
from bpstudio.insight.layout import Layout, Mode
from bpstudio.maths.activations import activation
from bpstudio.training.frame import Frame
from ui.canvas import text
from ui.canvas.scale import Fill, fill_of
from ui.canvas.strokes import Floats, Indices
from ui.canvas.view import View
from ui.folding import HEADLINE, LEGEND
from ui.theme import Theme

LOWEST, SMALLEST = 220.0, 0.4
"""The height that a network needs at normal size, and how small it becomes at most where there is less."""
LOWEST_IMAGES = 300.0
"""The same of layers of images, which have titles and stand above each other."""
NAME_ROOM = 0.2
"""At most this share of the width goes to the names of the inputs."""
RINGED = 7.0
"""Radius from which units have rings."""
RING_ROOM = 2.6
"""What a ring takes beyond the disc, in widths of it: a gap, and twice its width where the unit is flat."""
MOST_NAMES = 60
"""More inputs than this have no room for names."""
BRACKET = 30
"""What the bracket and the name of a one-hot column take at the left."""
PLUS_ONE = 10.5
"""Half the side of a +1 node into which its words just fit."""
BADGE = 32.0
"""The room that a badge needs under a unit."""
POINTED_PIXEL = 13.0
"""From this side on a pixel of a map is pointed at by itself; below, the map is."""


class Area(NamedTuple):
    """The canvas, and how near it is."""

    width: float
    height: float
    zoom: float
    pan: tuple[float, float]
    legend: bool


def geometry_of(view: View) -> Geometry:
    """Where everything is in a view: the same object as long as only numbers change."""
    area = Area(view.width, view.height, view.eye.zoom, view.eye.pan, view.legend)
    return _geometry(view.layout, view.frame.experiment.network, view.theme, area)


class Geometry:
    """Where everything is on the canvas, in logical pixels."""

    def __init__(self, placed: Layout, network: Network, look: Theme, area: Area) -> None:
        self.layout = placed
        self.network = network
        self.zoom = area.zoom
        self.pan = area.pan
        self.theme = look
        self.top = float(look.px(HEADLINE))
        self.region = QRectF(0, self.top, area.width, area.height - self.top - foot(look, area.legend))
        self.depth = len(placed.centers) - 1
        self.names = Names.of(network)
        self._drawn: dict[int, Indices] = {}
        self._all_lines: dict[int, Floats] = {}

    @cached_property
    def fills(self) -> tuple[Fill, ...]:
        """On which map the fills of each layer lie, inputs first."""
        return tuple(fill_of(self.network, layer) for layer in range(self.depth + 1))

    # ---- points

    def to_screen(self, points: Floats) -> Floats:
        """Layout positions (…, 2) as pixels of the canvas."""
        moved: Floats = (points + np.array((0.0, self.top))) * self.zoom + np.array(self.pan)
        return moved

    def to_screen_x(self, x: float) -> float:
        """The x of a layout position on the canvas."""
        return x * self.zoom + self.pan[0]

    def to_screen_y(self, y: float) -> float:
        """The y of a layout position on the canvas."""
        return (y + self.top) * self.zoom + self.pan[1]

    def to_layout(self, point: QPointF) -> tuple[float, float]:
        """A pixel of the canvas as a layout position."""
        return (point.x() - self.pan[0]) / self.zoom, (point.y() - self.pan[1]) / self.zoom - self.top

    def rect(self, box: Box) -> QRectF:
        """A layout box as a rectangle on the canvas."""
        (x1, y1), (x2, y2) = self.to_screen(
            np.array([(box.x, box.y), (box.x + box.width, box.y + box.height)])
        ).tolist()
        return QRectF(x1, y1, x2 - x1, y2 - y1)

    @cached_property
    def units(self) -> tuple[Floats, ...]:
        """Centres of all units of each layer, inputs first."""
        return tuple(self.to_screen(centers) for centers in self.layout.centers)

    @property
    def gap(self) -> float:
        """The distance between two columns."""
        return self.layout.column_gap * self.zoom

    @cached_property
    def _discs(self) -> tuple[tuple[float, float], ...]:
        """Radius and ring width of each column's discs: in a crowded column the disc gives way to its ring."""
        found = []
        for layer in range(self.depth + 1):
            outer = self.layout.radius(layer, self.zoom) * self.zoom
            saturates = layer > 0 and activation(self.network.layers[layer - 1].activation).saturates
            if not saturates or outer < RINGED or not self.layout.has_discs(layer):
                found.append((outer, 0.0))
                continue
            free = (self.pitches[layer] - 2 * outer) / 2 if len(self.units[layer]) > 1 else outer
            width = min(max(0.13 * outer, 2.0), 5.0 * self.theme.scale)
            lack = min(max(RING_ROOM * width - free, 0.0), 0.3 * outer)
            found.append((outer - lack, min(width, (free + lack) / RING_ROOM)))
        return tuple(found)

    @cached_property
    def radii(self) -> tuple[float, ...]:
        return tuple(radius for radius, _ in self._discs)

    def ring_width(self, layer: int) -> float:
        """How thick the saturation rings of a column are; 0 where there are none. A flat unit's is twice as thick."""
        return self._discs[layer][1]

    def reach(self, layer: int) -> float:
        """The radius of a disc with its ring."""
        radius, ring = self._discs[layer]
        return radius + 1.6 * ring

    @cached_property
    def pitches(self) -> tuple[float, ...]:
        """The distance between drawn neighbours of each column."""
        return tuple(
            self.layout.steps[layer] * self.zoom * self.layout.stride(layer, self.zoom)
            for layer in range(self.depth + 1)
        )

    def drawn(self, layer: int) -> Indices:
        """The units of a column that are drawn and on the canvas."""
        if layer in self._drawn:
            return self._drawn[layer]
        indices = self.layout.drawn(layer, self.zoom)
        centers, away = self.units[layer][indices], self.radii[layer] + 40.0
        region = self.region
        inside = (centers[:, 0] > region.left() - away) & (centers[:, 0] < region.right() + away)
        inside &= (centers[:, 1] > region.top() - away) & (centers[:, 1] < region.bottom() + away)
        self._drawn[layer] = indices[inside]
        return self._drawn[layer]

    def badge_room(self, layer: int) -> bool:
        """Whether δ fits under each unit of a column."""
        if not self.layout.has_discs(layer):
            return False
        if len(self.units[layer]) == 1:
            return self.radii[layer] >= 12
        return (
            self.pitches[layer] - 2 * self.radii[layer] - 2.4 * self.ring_width(layer) >= BADGE * self.theme.scale - 4
        )

    # ---- edges

    def mode(self, layer: int) -> Mode:
        """How the edges of a layer are drawn."""
        return self.layout.mode(layer)

    def lines(self, layer: int, to: Indices, source: Indices) -> Floats:
        """Edges (k, 4) from rim to rim, clear of the rings; biases are the last column."""
        beyond = max(self.reach(at) - self.layout.radius(at, self.zoom) * self.zoom for at in (layer - 1, layer))
        gap = (max(beyond, 0.0) + 2.5) / self.zoom
        lines = self.layout.lines(layer, to, source, gap, self.zoom)
        moved: Floats = self.to_screen(lines.reshape(-1, 2)).reshape(-1, 4)
        # A level hairline between two rows of pixels would be smeared over both, at half its strength.
        level = np.abs(moved[:, 1] - moved[:, 3]) < 0.01
        moved[level, 1] = moved[level, 3] = np.floor(moved[level, 1]) + 0.5
        return moved

    def all_lines(self, layer: int) -> Floats:
        """Every edge of a layer, row by row with the bias last."""
        if layer not in self._all_lines:
            columns = len(self.units[layer - 1]) + 1
            self._all_lines[layer] = self.lines(layer, *np.divmod(np.arange(len(self.units[layer]) * columns), columns))
        return self._all_lines[layer]

    def line(self, edge: Edge) -> tuple[float, float, float, float]:
        """One edge from rim to rim; of a convolution the line of its kernel, or of its filter's bias."""
        if self.mode(edge.layer) == "kernels":
            if edge.is_bias:
                return self.map_line(edge.layer, edge.to, None)
            kernel = self.names.placed(edge)
            assert isinstance(kernel, KernelEntry)
            return self.map_line(edge.layer, edge.to, kernel.channel)
        column = len(self.units[edge.layer - 1]) if edge.source == BIAS else edge.source
        x1, y1, x2, y2 = self.lines(edge.layer, np.array([edge.to]), np.array([column]))[0].tolist()
        return x1, y1, x2, y2

    def map_line(self, layer: int, to: int, source: int | None) -> tuple[float, float, float, float]:
        """The line of a kernel, or (without a source) that of a filter's bias. What is not drawn has its line from and
        to the last map.
        """
        here, below = self.layout.maps(layer), self.layout.maps(layer - 1)
        assert here is not None
        assert below is not None
        place = len(below.boxes) if source is None else min(source, len(below.boxes) - 1)
        found = self.map_lines(layer, np.array([min(to, len(here.boxes) - 1)]), np.array([place]))
        x1, y1, x2, y2 = found[0].tolist()
        return x1, y1, x2, y2

    def map_lines(self, layer: int, to: Indices, source: Indices) -> Floats:
        """Lines (k, 4) between maps of neighbouring layers; a source beyond the last map is the +1 node."""
        lines = self.layout.map_lines(layer, to, source, 2.0 / self.zoom)
        moved: Floats = self.to_screen(lines.reshape(-1, 2)).reshape(-1, 4)
        return moved

    def band(self, layer: int) -> QRectF:
        """The room between two columns."""
        return self.rect(self.layout.band(layer))

    def room_before(self, layer: int) -> float:
        """The free room between a column and the one before it."""
        return self.layout.gaps[layer - 1] * self.zoom

    # ---- images

    def maps(self, layer: int) -> Maps | None:
        """The maps of a layer, in the layout's pixels."""
        return self.layout.maps(layer)

    def map_box(self, element: Map) -> QRectF | None:
        """Where a map stands; None for one that has no room."""
        maps = self.layout.maps(element.layer)
        box = maps.box(element.channel) if maps is not None else None
        return None if box is None else self.rect(box)

    def cell_box(self, pixel: Pixel) -> QRectF | None:
        """The square of one pixel of a map."""
        maps = self.layout.maps(pixel.layer)
        box = maps.cell(pixel.channel, pixel.row, pixel.column) if maps is not None else None
        return None if box is None else self.rect(box)

    def pixel_side(self, layer: int) -> float:
        """How large the pixels of a layer's maps are."""
        maps = self.layout.maps(layer)
        return maps.pixel * self.zoom if maps is not None else 0.0

    def pixel_at(self, point: QPointF) -> Pixel | None:
        """The pixel of a map at a point of the canvas."""
        return pointing.pixel_at(self.layout, *self.to_layout(point)) if self.region.contains(point) else None

    # ---- nodes

    @cached_property
    def plus(self) -> Floats:
        """The +1 nodes, that of layer l at l − 1."""
        return self.to_screen(self.layout.plus_ones)

    @cached_property
    def targets(self) -> Floats:
        """Left middle of what stands beside each output."""
        return self.to_screen(self.layout.targets)

    @cached_property
    def loss(self) -> tuple[float, float]:
        x, y = self.to_screen(np.array(self.layout.loss)).tolist()
        return x, y

    @property
    def loss_radius(self) -> float:
        return self.layout.loss_radius * min(self.zoom, 2.0)

    @property
    def bracket(self) -> float:
        """The x of the bracket that leads from all outputs to the loss."""
        return self.loss[0] - self.loss_radius - self.theme.px(7)

    @cached_property
    def image(self) -> QRectF | None:
        """Where the inputs are drawn as an image."""
        return self.rect(self.layout.pixels.box) if self.layout.pixels is not None else None

    def pixel(self, index: int) -> QRectF:
        """The cell of one pixel of the image."""
        assert self.layout.pixels is not None
        return self.rect(self.layout.pixels.cell(index))

    def answer_box(self, index: int) -> QRectF:
        """The room beside an output: its target, or its share. The words keep their size when the picture is zoomed."""
        x, y = self.targets[index].tolist()
        width, height = self.layout.target_size
        height = max(height, min(self.pitches[-1] - 2.0, 36.0 * self.theme.scale))
        right = self.bracket - self.theme.px(8)
        return QRectF(x, y - height / 2, max(min(width * max(self.zoom, 1.0) * 1.3, right - x), 10.0), height)

    def plus_box(self, layer: int) -> QRectF:
        x, y = self.plus[layer - 1].tolist()
        half = max(self.layout.plus_one_size, PLUS_ONE * self.theme.scale) * min(max(self.zoom, 0.6), 1.6)
        if self.depth > 1:
            half = min(half, max(0.42 * self.room_before(layer), 3.0))
        return QRectF(x - half, y - half, 2 * half, 2 * half)

    def box(self, element: Element) -> QRectF:
        """The rectangle around a node, a target, a unit or a pixel."""
        match element:
            case Unit(0, index) if self.image is not None:
                return self.pixel(index)
            case Unit(layer) if self.layout.maps(layer) is not None:
                return self.box(self.names.placed(element))
            case Pixel():
                return self.cell_box(element) or self._beyond(element.layer)
            case Map():
                return self.map_box(element) or self._beyond(element.layer)
            case Kernel(layer, number, channel) | KernelEntry(layer, number, channel):
                x1, y1, x2, y2 = self.map_line(layer, number, channel)
                return QRectF(QPointF(x1, y1), QPointF(x2, y2)).normalized()
            case Unit(layer, index):
                x, y = self.units[layer][index].tolist()
                away = self.radii[layer]
                return QRectF(x - away, y - away, 2 * away, 2 * away)
            case PlusOne(layer):
                return self.plus_box(layer)
            case Target(index):
                return self.answer_box(index)
            case LossNode():
                x, y = self.loss
                return QRectF(x - self.loss_radius, y - self.loss_radius, 2 * self.loss_radius, 2 * self.loss_radius)
            case Edge():
                x1, y1, x2, y2 = self.line(element)
                return QRectF(QPointF(x1, y1), QPointF(x2, y2)).normalized()

    def _beyond(self, layer: int) -> QRectF:
        """Where "… n more" stands for maps that are not drawn."""
        x, y = self.to_screen(np.array(self.layout.marker(layer))).tolist()
        away = self.theme.px(6)
        return QRectF(x - 3 * away, y - away, 6 * away, 2 * away)

    def element_at(self, point: QPointF, drawn: Mapping[int, Indices]) -> Element | None:
        """What is at a point of the canvas; `drawn` are the flat indices of the edges drawn as lines, by layer."""
        if not self.region.contains(point):
            return None
        x, y = self.to_layout(point)
        found = pointing.element_at(self.layout, x, y, 6.0 / self.zoom, self.zoom, drawn)
        small = isinstance(found, Pixel) and self.pixel_side(found.layer) < POINTED_PIXEL
        return found.map if isinstance(found, Pixel) and small else found


@lru_cache(maxsize=4)
def _geometry(placed: Layout, network: Network, look: Theme, area: Area) -> Geometry:
    return Geometry(placed, network, look, area)


def foot(look: Theme, legend: bool) -> int:
    """What is kept free below the network: the legend, or a margin where it is folded."""
    return look.px(LEGEND if legend else 8)


def layout_for(frame: Frame, width: float, height: float, look: Theme, legend: bool = True) -> Layout:
    """The layout for a canvas of this size; kept while neither the network, the data's names nor the size change."""
    room = max(height - look.px(HEADLINE) - foot(look, legend), 60.0)
    # Where large text leaves a low canvas, the discs give way: all of the network can be seen.
    lowest = LOWEST_IMAGES if frame.experiment.network.image_shape is not None else LOWEST
    scale = min(look.scale, max(room / lowest, SMALLEST))
    return _placed(
        frame.experiment.network, width, room, scale, round(names_width(frame.dataset, width, look)), look.scale
    )


def named_inputs(dataset: Dataset) -> bool:
    """Whether the inputs have names of their own, which stand beside the units; x1, x2, … say no more than the unit
    does."""
    if dataset.input_shape is not None or len(dataset.input_names) > MOST_NAMES:
        return False
    made_up = {f"{letter}{i + 1}" for letter in ("x", "i") for i in range(len(dataset.input_names))}
    return not set(dataset.input_names) <= made_up


def input_names(dataset: Dataset) -> tuple[str, ...]:
    """The names beside the inputs: of a column's categories the value alone, since the column's name stands once."""
    names = list(dataset.input_names)
    for group in dataset.groups:
        for index in range(group.first, group.first + group.count):
            names[index] = names[index].removeprefix(f"{group.name}=").strip()
    return tuple(names)


def names_width(dataset: Dataset, width: float, look: Theme) -> float:
    """The room that names and values at the left of the inputs need."""
    if not named_inputs(dataset):
        return 0.0
    font = text.pen_of(look, text.SMALL)
    longest = max(font.width(name) for name in input_names(dataset))
    brackets = look.px(BRACKET) if dataset.groups else 0
    return min(longest + look.px(56) + brackets, NAME_ROOM * width)


@lru_cache(maxsize=16)
def _placed(network: Network, width: float, height: float, scale: float, names: float, words: float) -> Layout:
    return layout.place(network, width, height, scale, names, words)

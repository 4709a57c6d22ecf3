"""What the selection moves to by keys: along a column, over an edge to the unit at its other end, from map to map.

A map is crossed as one thing; `inside` leads to its pixels, among which the keys then move, and out again. The same
goes for a kernel and its numbers.
"""

from __future__ import annotations

from typing import Literal, assert_never

import numpy as np

from bpstudio.insight.elements import (
    BIAS,
    Edge,
    Element,
    Kernel,
    KernelEntry,
    LossNode,
    Map,
    Pixel,
    PlusOne,
    Target,
    Unit,
    matrix_shape,
)
from bpstudio.insight.layout import Layout

Direction = Literal["left", "right", "up", "down"]


def neighbour(layout: Layout, element: Element | None, direction: Direction) -> Element:
    """What the selection moves to. At the rim of the picture the element itself; without a selection the first input,
    or the first map of the input image.
    """
    return _Keys(layout).go(element, direction)


def inside(layout: Layout, element: Element | None) -> Element | None:
    """From a map to the pixel in its middle and from a kernel to its first number, and back to the whole."""
    match element:
        case Map(layer, channel):
            maps = layout.maps(layer)
            return None if maps is None else Pixel(layer, channel, maps.shape[1] // 2, maps.shape[2] // 2)
        case Kernel(layer, number, channel):
            return KernelEntry(layer, number, channel, 0, 0)
        case Pixel():
            return element.map
        case KernelEntry():
            return element.kernel
    return element


class _Keys:
    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.last = len(layout.centers) - 1

    def go(self, element: Element | None, direction: Direction) -> Element:
        match element:
            case None:
                return self.whole(0, 0)
            case Unit():
                return self.from_unit(element, direction)
            case Edge():
                return self.from_edge(element, direction)
            case PlusOne(layer):
                return self.from_plus_one(layer, direction)
            case Target(index):
                if direction in ("up", "down"):
                    by = 1 if direction == "down" else -1
                    return Target(min(max(index + by, 0), len(self.layout.targets) - 1))
                return Unit(self.last, index) if direction == "left" else LossNode()
            case LossNode():
                middle = self.nearest(self.last, self.layout.loss[1])
                return Target(middle) if direction == "left" else element
            case Map():
                return self.from_map(element, direction)
            case Pixel():
                return self.from_pixel(element, direction)
            case Kernel():
                return self.from_kernel(element, direction)
            case KernelEntry():
                return self.from_entry(element, direction)
            case _:
                assert_never(element)

    def whole(self, layer: int, index: int) -> Element:
        """A unit, or the map in which it lies."""
        maps = self.layout.maps(layer)
        return Unit(layer, index) if maps is None else Map(layer, index // (maps.shape[1] * maps.shape[2]))

    def nearest(self, layer: int, y: float) -> int:
        return int(np.argmin(np.abs(self.layout.centers[layer][:, 1] - y)))

    def nearest_map(self, layer: int, y: float) -> int:
        maps = self.layout.maps(layer)
        assert maps is not None
        return int(np.argmin(np.abs(maps.boxes[:, 1] + maps.boxes[:, 3] / 2 - y)))

    def plus_under(self, layer: int) -> PlusOne | None:
        return PlusOne(layer + 1) if layer < self.last and self.layout.biases[layer] else None

    # ---- units and their edges

    def from_unit(self, unit: Unit, direction: Direction) -> Element:
        layer, layout = unit.layer, self.layout
        if direction == "up":
            return Unit(layer, max(unit.index - 1, 0))
        if direction == "down":
            if unit.index + 1 < len(layout.centers[layer]):
                return Unit(layer, unit.index + 1)
            return self.plus_under(layer) or unit
        height = float(layout.centers[layer][unit.index, 1])
        if direction == "right":
            if layer == self.last:
                return Target(unit.index)
            if layout.mode(layer + 1) == "links":
                return self.whole(layer + 1, unit.index)
            return Edge(layer + 1, self.nearest(layer + 1, height), unit.index)
        if layer == 0:
            return unit
        if layout.mode(layer) == "links":
            return self.whole(layer - 1, unit.index)
        return Edge(layer, unit.index, self.nearest(layer - 1, height))

    def from_edge(self, edge: Edge, direction: Direction) -> Element:
        layout = self.layout
        has_kernels = layout.mode(edge.layer) == "kernels"
        if direction == "right":
            return Map(edge.layer, edge.to) if has_kernels else Unit(edge.layer, edge.to)
        if direction == "left":
            return PlusOne(edge.layer) if edge.is_bias else Unit(edge.layer - 1, edge.source)
        if has_kernels:
            channels = layout.weights[edge.layer - 1][1]
            return self.among_kernels(edge.layer, edge.to, channels, direction)
        rows, inputs = matrix_shape(layout.weights[edge.layer - 1])
        columns = inputs + layout.biases[edge.layer - 1]
        column = inputs if edge.is_bias else edge.source
        place = edge.to * columns + column + (1 if direction == "down" else -1)
        to, column = divmod(min(max(place, 0), rows * columns - 1), columns)
        return Edge(edge.layer, to, BIAS if column == inputs else column)

    def from_plus_one(self, layer: int, direction: Direction) -> Element:
        match direction:
            case "up":
                return self.whole(layer - 1, len(self.layout.centers[layer - 1]) - 1)
            case "right":
                return Edge(layer, self.layout.weights[layer - 1][0] - 1, BIAS)
            case "left":
                biased = (below for below in range(layer - 1, 0, -1) if self.layout.biases[below - 1])
                return PlusOne(next(biased, layer))
            case _:
                return PlusOne(layer)

    # ---- maps and kernels

    def from_map(self, element: Map, direction: Direction) -> Element:
        layer, channel = element.layer, element.channel
        maps = self.layout.maps(layer)
        assert maps is not None
        if direction == "up":
            return Map(layer, max(channel - 1, 0))
        if direction == "down":
            return Map(layer, channel + 1) if channel + 1 < maps.shape[0] else self.plus_under(layer) or element
        box = maps.box(channel) or maps.box(len(maps.boxes) - 1)
        assert box is not None
        height, first = box.y + box.height / 2, channel * maps.shape[1] * maps.shape[2]
        if direction == "right":
            if layer == self.last:
                return element
            if self.layout.mode(layer + 1) == "kernels":
                return Kernel(layer + 1, self.nearest_map(layer + 1, height), channel)
            return self.whole(layer + 1, first) if self.layout.maps(layer + 1) is None else Map(layer + 1, channel)
        if layer == 0:
            return element
        if self.layout.mode(layer) == "kernels":
            return Kernel(layer, channel, self.nearest_map(layer - 1, height))
        return Map(layer - 1, channel)

    def from_pixel(self, element: Pixel, direction: Direction) -> Element:
        maps = self.layout.maps(element.layer)
        assert maps is not None
        down, across = _BY[direction]
        row, column = element.row + down, element.column + across
        _, rows, columns = maps.shape
        if 0 <= row < rows and 0 <= column < columns:
            return Pixel(element.layer, element.channel, row, column)
        return element

    def from_kernel(self, element: Kernel, direction: Direction) -> Element:
        if direction == "right":
            return Map(element.layer, element.filter)
        if direction == "left":
            return Map(element.layer - 1, element.channel)
        return self.among_kernels(element.layer, element.filter, element.channel, direction)

    def among_kernels(self, layer: int, number: int, channel: int, direction: Direction) -> Element:
        """The next kernel in the order of the filters; behind the last one of a filter stands its bias."""
        filters, channels = self.layout.weights[layer - 1][:2]
        columns = channels + self.layout.biases[layer - 1]
        place = number * columns + channel + (1 if direction == "down" else -1)
        number, channel = divmod(min(max(place, 0), filters * columns - 1), columns)
        return Edge(layer, number, BIAS) if channel == channels else Kernel(layer, number, channel)

    def from_entry(self, element: KernelEntry, direction: Direction) -> Element:
        down, across = _BY[direction]
        u, v = element.u + down, element.v + across
        _, _, rows, columns = self.layout.weights[element.layer - 1]
        if 0 <= u < rows and 0 <= v < columns:
            return KernelEntry(element.layer, element.filter, element.channel, u, v)
        return element


_BY = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}

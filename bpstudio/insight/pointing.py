"""What is under a point of the picture: pixels, units and nodes before the lines between them."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from bpstudio.insight.elements import BIAS, Edge, Element, Kernel, LossNode, Pixel, PlusOne, Target, Unit
from bpstudio.insight.layout import Floats, Indices, Layout

MOST_KERNELS = 120
"""Kernels have a line each that can be pointed at while a layer has at most so many."""


def unit_at(layout: Layout, x: float, y: float, zoom: float = 1.0) -> Unit | None:
    """The unit whose disc (or pixel) holds a point; in crowded columns the nearest one."""
    if layout.pixels is not None:
        pixel = layout.pixels.at(x, y)
        if pixel is not None:
            return Unit(0, pixel)
    for layer, centers in enumerate(layout.centers):
        bar = layout.columns[layer].bar
        if bar is not None and bar.holds(x, y):
            return Unit(layer, int(np.argmin(np.abs(centers[:, 1] - y))))
        if not layout.has_discs(layer):
            continue
        reach = max(layout.radius(layer, zoom), 4.0 / zoom)
        if abs(x - centers[0, 0]) > reach:
            continue
        distances = np.hypot(centers[:, 0] - x, centers[:, 1] - y)
        nearest = int(np.argmin(distances))
        if distances[nearest] <= reach:
            return Unit(layer, nearest)
    return None


def pixel_at(layout: Layout, x: float, y: float) -> Pixel | None:
    """The pixel of a map at a point."""
    for layer, column in enumerate(layout.columns):
        if column.maps is not None and column.left <= x <= column.right:
            place = column.maps.at(x, y)
            return None if place is None else Pixel(layer, *place)
    return None


def edge_at(
    layout: Layout, x: float, y: float, tolerance: float = 5.0, drawn: Mapping[int, Indices] | None = None
) -> Edge | None:
    """The edge that passes nearest to a point, within `tolerance`.

    Where single edges are drawn all count; of other layers those in `drawn`, which maps a layer to flat indices
    into (units, inputs + 1), biases last: whoever drew the strongest knows them.
    """
    best: Edge | None = None
    for layer in range(1, len(layout.centers)):
        columns = len(layout.centers[layer - 1]) + 1
        if layout.mode(layer) in ("kernels", "links"):
            continue
        if drawn is not None and layer in drawn:
            flat = np.asarray(drawn[layer], dtype=np.intp)
        elif layout.mode(layer) == "edges":
            flat = np.arange(len(layout.centers[layer]) * columns, dtype=np.intp)
        else:
            continue
        to, source = np.divmod(flat, columns)
        if not layout.biases[layer - 1]:
            there = source < columns - 1
            to, source = to[there], source[there]
        if not len(to):
            continue
        distances = _distances(layout.lines(layer, to, source), x, y)
        nearest = int(np.argmin(distances))
        if distances[nearest] <= tolerance:
            tolerance = float(distances[nearest])
            best = Edge(layer, int(to[nearest]), BIAS if source[nearest] == columns - 1 else int(source[nearest]))
    return best


def element_at(
    layout: Layout,
    x: float,
    y: float,
    tolerance: float = 5.0,
    zoom: float = 1.0,
    drawn: Mapping[int, Indices] | None = None,
) -> Element | None:
    """What is under a point: nodes before edges."""
    pixel = pixel_at(layout, x, y)
    if pixel is not None:
        return pixel
    unit = unit_at(layout, x, y, zoom)
    if unit is not None:
        return unit
    if math.hypot(x - layout.loss[0], y - layout.loss[1]) <= layout.loss_radius + 2.0:
        return LossNode()
    for layer, (center_x, center_y) in enumerate(layout.plus_ones.tolist(), 1):
        is_near = max(abs(x - center_x), abs(y - center_y)) <= layout.plus_one_size + 2.0
        if is_near and layout.biases[layer - 1]:
            return PlusOne(layer)
    for index in range(len(layout.targets)):
        if layout.target_box(index).holds(x, y):
            return Target(index)
    return edge_at(layout, x, y, tolerance, drawn) or kernel_at(layout, x, y, tolerance)


def kernel_at(layout: Layout, x: float, y: float, tolerance: float = 5.0) -> Kernel | None:
    """The kernel whose line passes nearest to a point, within `tolerance`."""
    best: Kernel | None = None
    for layer in range(1, len(layout.centers)):
        if layout.mode(layer) != "kernels" or not layout.columns[layer - 1].right <= x <= layout.columns[layer].right:
            continue
        filters, channels = layout.drawn_kernels(layer)
        if not len(filters) or len(filters) > MOST_KERNELS:
            continue
        distances = _distances(layout.map_lines(layer, filters, channels), x, y)
        nearest = int(np.argmin(distances))
        if distances[nearest] <= tolerance:
            tolerance = float(distances[nearest])
            best = Kernel(layer, int(filters[nearest]), int(channels[nearest]))
    return best


def _distances(lines: Floats, x: float, y: float) -> Floats:
    """How far a point is from each line segment (n, 4)."""
    start, way = lines[:, :2], lines[:, 2:] - lines[:, :2]
    squared = np.maximum((way * way).sum(axis=1), 1e-18)
    along = np.clip(((np.array([x, y]) - start) * way).sum(axis=1) / squared, 0.0, 1.0)
    nearest = start + along[:, None] * way
    distances: Floats = np.hypot(nearest[:, 0] - x, nearest[:, 1] - y)
    return distances

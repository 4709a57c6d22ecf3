"""Convolutions: a line for each kernel, from the map it looks at to the map it helps to make, and its picture.

The colour of a line is the largest of the kernel's numbers, since a mean would hide the one that learns; its width is
their root mean square. The picture is the kernel itself: its weights with their signs, and in the backward phase what
colours mean, as far as it is computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter

from bpstudio.engine.layers import Conv2D
from bpstudio.insight.elements import Element, Kernel, KernelEntry, Map, Pixel
from bpstudio.insight.notation import given, number
from bpstudio.insight.windows import grown_gradient
from ui.canvas import text
from ui.canvas.edges import STRONGEST, WAITING, colors_of, limit, line_widths, paint_lines
from ui.canvas.picture import BEFORE, NOT_YET, NOW, Picture, States
from ui.canvas.room import Box, OneOf, arrange, box_of, rect
from ui.canvas.shade import grid, image
from ui.canvas.strokes import Colors, Floats, Indices, mixed, pen

ALONG = (0.7, 0.6, 0.76, 0.5, 0.4, 0.3, 0.22)
"""Where on its line a kernel's picture may stand."""
SIDES = (32.0, 26.0, 18.0, 12.0, 8.0, 5.5, 3.5)
"""How large the numbers of a kernel are in its picture: the largest side at which all of a layer have room."""
READABLE = 34.0
"""The side at which a number has room, for kernels that are looked at."""
MOST_PICTURES = 48
"""Of a layer with more kernels only those that are looked at have a picture."""
APART = 3.0
"""What stays free around a picture."""
MOST_BIASES = 16
WIDEST = 0.62
"""The share of the room between two layers that a picture may take."""


@dataclass(frozen=True, eq=False)
class Lines:
    """The kernels of one layer that have a line each, and their lines (n, 4)."""

    layer: int
    filters: Indices
    channels: Indices
    places: Floats


@dataclass(frozen=True, slots=True)
class Pictured:
    """A kernel that has a picture, and where."""

    kernel: Kernel
    box: QRectF

    def cell(self, u: int, v: int, shape: tuple[int, ...]) -> QRectF:
        """Where one of its numbers stands; `shape` ends with its rows and columns."""
        wide, high = self.box.width() / shape[-1], self.box.height() / shape[-2]
        return QRectF(self.box.left() + v * wide, self.box.top() + u * high, wide, high)


def layers(picture: Picture) -> list[int]:
    """The layers that have kernels between maps."""
    return [layer for layer in range(1, picture.depth + 1) if picture.geometry.mode(layer) == "kernels"]


# ---- lines


def paint(painter: QPainter, picture: Picture) -> None:
    """The lines of all kernels and of their filters' biases."""
    for layer in layers(picture):
        part = chosen(picture, layer)
        if not len(part.filters):
            continue
        values, states = _largest(picture, layer, picture.shown[layer - 1]), _states(picture, layer)
        weights, before = (_size(picture, layer, each[layer - 1]) for each in (picture.shown_weights, picture.weights))
        at = (part.filters, part.channels)
        sent = np.zeros(len(part.filters), np.bool_)
        if picture.sent is not None:
            sent = picture.sent[layer - 1][part.filters, 0] != NOT_YET
        paint_lines(
            painter, picture, part.places, states[at], values[at], weights[at], before[at], np.asarray(sent, np.bool_)
        )
        _paint_biases(painter, picture, layer)


def chosen(picture: Picture, layer: int) -> Lines:
    """All kernels of a layer, or the strongest and those that are looked at."""
    filters, channels = picture.geometry.layout.drawn_kernels(layer)
    known = bool((picture.shown_states[layer - 1] != NOT_YET).any())
    if len(filters) > (STRONGEST if known else WAITING):
        numbers = picture.shown if known else picture.weights
        size = np.abs(_largest(picture, layer, numbers[layer - 1]))[filters, channels]
        size = np.where(np.isfinite(size), size, np.inf)
        count = limit(picture.depth) if known else WAITING
        best = np.argpartition(size, len(size) - count)[len(size) - count :]
        looked = [(each.filter, each.channel) for each in looked_at(picture, layer)]
        keep = {*zip(filters[best].tolist(), channels[best].tolist(), strict=True), *looked}
        filters, channels = (np.array(each, dtype=np.intp) for each in zip(*sorted(keep), strict=True))
    return Lines(layer, filters, channels, picture.geometry.map_lines(layer, filters, channels))


def _grouped(picture: Picture, layer: int, values: Floats) -> Floats:
    """A matrix without its biases as (filters, channels, numbers of a kernel)."""
    filters, channels = picture.names.weights[layer - 1][:2]
    grouped: Floats = values[:, :-1].reshape(filters, channels, -1)
    return grouped


def _largest(picture: Picture, layer: int, values: Floats) -> Floats:
    """The number of each kernel that is largest in size, with its sign: (filters, channels)."""
    grouped = _grouped(picture, layer, values)
    low, high = grouped.min(axis=2), grouped.max(axis=2)
    largest: Floats = np.where(np.abs(low) > np.abs(high), low, high)
    return largest


def _size(picture: Picture, layer: int, values: Floats) -> Floats:
    """The root mean square of each kernel: (filters, channels)."""
    with np.errstate(over="ignore"):
        size: Floats = np.sqrt((_grouped(picture, layer, values) ** 2).mean(axis=2))
    return size


def _states(picture: Picture, layer: int) -> States:
    """Whether each kernel's numbers are known, all of them: (filters, channels)."""
    filters, channels = picture.names.weights[layer - 1][:2]
    states = picture.shown_states[layer - 1][:, :-1].reshape(filters, channels, -1)
    now = (states == NOW).any(axis=2)
    return np.where((states == NOT_YET).any(axis=2), NOT_YET, np.where(now, NOW, BEFORE)).astype(np.uint8)


def _paint_biases(painter: QPainter, picture: Picture, layer: int) -> None:
    maps = picture.geometry.maps(layer)
    below = picture.geometry.maps(layer - 1)
    if maps is None or below is None or len(maps.boxes) > MOST_BIASES or not picture.network.biases[layer - 1]:
        return
    filters = np.arange(len(maps.boxes))
    places = picture.geometry.map_lines(layer, filters, np.full(len(filters), len(below.boxes)))
    values, weights, before = (
        each[layer - 1][filters, -1] for each in (picture.shown, picture.shown_weights, picture.weights)
    )
    sent = np.zeros(len(filters), np.bool_)
    if picture.sent is not None:
        sent = picture.sent[layer - 1][filters, -1] != NOT_YET
    states = picture.shown_states[layer - 1][filters, -1]
    paint_lines(painter, picture, places, states, values, weights, before, np.asarray(sent, np.bool_))


# ---- pictures


def looked_at(picture: Picture, layer: int) -> tuple[Kernel, ...]:
    """The kernels of a layer that are selected or glow, and those that make the selected map."""
    found: list[Kernel] = []
    element = picture.eye.selection
    if isinstance(element, KernelEntry):
        element = element.kernel
    if isinstance(element, Kernel) and element.layer == layer:
        found.append(element)
    if isinstance(element, Map) and element.layer == layer:
        channels = picture.names.weights[layer - 1][1]
        found += [Kernel(layer, element.channel, channel) for channel in range(channels)]
    lit = sorted(picture.lit_kernels, key=lambda each: (each.filter, each.channel))
    found += [each for each in lit if each.layer == layer]
    return tuple(dict.fromkeys(found))


def pictured(picture: Picture) -> tuple[Pictured, ...]:
    """The kernels that have a picture: all of a layer where there is room, those that are looked at in any case."""
    found: list[Pictured] = []
    for layer in layers(picture):
        looked = looked_at(picture, layer)[:MOST_PICTURES]
        filters, channels = picture.geometry.layout.drawn_kernels(layer)
        if 0 < len(filters) <= MOST_PICTURES:
            every = [Kernel(layer, f, c) for f, c in zip(filters.tolist(), channels.tolist(), strict=True)]
            places = _placed(picture, layer, every, SIDES)
            if places is not None:
                found += [Pictured(kernel, rect(place)) for kernel, place in zip(every, places, strict=True)]
                continue
        drawn = [each for each in looked if picture.geometry.map_box(Map(layer, each.filter)) is not None]
        places = _placed(picture, layer, drawn, (READABLE, *SIDES)) if drawn else None
        if places is not None:
            found += [Pictured(kernel, rect(place)) for kernel, place in zip(drawn, places, strict=True)]
    return tuple(found)


def _placed(picture: Picture, layer: int, kernels: Sequence[Kernel], sides: Sequence[float]) -> list[Box] | None:
    """A box for each kernel on its line, all with the largest side at which every one has room; None where there is
    no such side.
    """
    geometry, theme = picture.geometry, picture.theme
    rows, columns = picture.names.weights[layer - 1][2:]
    room = geometry.room_before(layer) * WIDEST
    lines = [geometry.map_line(layer, each.filter, each.channel) for each in kernels]
    taken = np.array([box_of(geometry.plus_box(each), 2) for each in picture.biased], np.float64).reshape(-1, 4)
    left = min(line[0] for line in lines)
    right = max(line[2] for line in lines)
    inside = (left, -1e6, right, 1e6)
    for side in sides:
        cell = side * theme.scale * max(geometry.zoom, 1.0)
        cell = min(cell, room / columns)
        if cell < sides[-1] * 0.8:
            continue
        wishes = tuple((OneOf(_candidates(line, cell * columns, cell * rows)),) for line in lines)
        found = arrange(inside, b"", taken.tobytes(), wishes)
        if all(place is not None for place in found):
            return [_without_rim(place[1]) for place in found if place is not None]
    return None


def _without_rim(box: Box) -> Box:
    return box[0] + APART, box[1] + APART, box[2] - APART, box[3] - APART


def _candidates(line: Box, width: float, height: float) -> tuple[Box, ...]:
    x1, y1, x2, y2 = line
    spots = [(x1 + (x2 - x1) * t, y1 + (y2 - y1) * t) for t in ALONG]
    half_width, half_height = width / 2 + APART, height / 2 + APART
    return tuple((x - half_width, y - half_height, x + half_width, y + half_height) for x, y in spots)


def paint_pictures(painter: QPainter, picture: Picture, pictures: Sequence[Pictured]) -> None:
    """The kernels as small heat maps, their numbers where there is room."""
    theme = picture.theme
    mono = text.pen_of(theme, text.SMALL, mono=True)
    for each in pictures:
        kernel, box = each.kernel, each.box
        if not picture.geometry.region.intersects(box):
            continue
        values, colors = _shown(picture, kernel)
        is_computed = _is_computed(picture, kernel) or growing(picture, kernel) is not None
        rows, columns = values.shape
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.drawImage(box, image(colors))
        if box.width() / columns >= 9:
            grid(painter, box, rows, columns, mixed(theme.border, theme.background, 0.8))
        lit = kernel in picture.lit_kernels
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(pen(theme.glow if lit else theme.dashed, theme.stroke(2.0 if lit else 1.0)))
        painter.drawRect(box)
        grown = growing(picture, kernel) if lit else None
        if grown is not None:
            small = text.pen_of(theme, text.SMALL, mono=True)
            counter = QRectF(box.left(), box.top() - small.height - 1, box.width(), small.height)
            small.draw(painter, counter, f"Σ {grown[1]}/{grown[2]}", theme.phase["B"])
        room = box.width() / columns * 0.96
        if room < mono.width("0.00"):
            continue
        for (u, v), value in np.ndenumerate(values):
            cell = each.cell(u, v, values.shape)
            shown = mono.compact(float(value), room, number if is_computed else given)
            mono.draw(painter, cell, shown, theme.ink(QColor(int(colors[u, v]))))


def _is_computed(picture: Picture, kernel: Kernel) -> bool:
    """Whether a kernel's picture shows what colours mean instead of its weights: in the backward phase, once known."""
    if picture.phase != "B" or picture.whole or picture.eye.color in ("weight", "difference", "check"):
        return False
    return bool((picture.states_of(kernel, "dW") != NOT_YET).any())


def growing(picture: Picture, kernel: Kernel) -> tuple[Floats, int, int] | None:
    """The gradient of a kernel as a sum that grows with each place of its filter's map, while the walk goes through
    them: the sum so far, the number of places in it, and of all places. None at any other time.
    """
    beat = picture.beat
    if beat is None or beat.kind != "gradient" or picture.whole or picture.eye.color != "gradient":
        return None
    lit = next((each for each in picture.lights if isinstance(each, Pixel)), None)
    layer = picture.network.layers[kernel.layer - 1]
    if lit is None or lit.map != Map(kernel.layer, kernel.filter) or not isinstance(layer, Conv2D):
        return None
    _, height, width = picture.network.shapes[kernel.layer]
    places = lit.row * width + lit.column + picture.arrived
    here = picture.frame.trace.layers[kernel.layer - 1]
    row = grown_gradient(layer, here.x, here.delta, kernel.filter, places)
    values: Floats = row[picture.place(kernel)].reshape(layer.kernel).astype(np.float64, copy=False)
    return values, places, height * width


def _shown(picture: Picture, kernel: Kernel) -> tuple[Floats, Colors]:
    """What a kernel's picture shows, and its colours (rows, columns)."""
    grown = growing(picture, kernel)
    if grown is not None:
        return grown[0], colors_of(picture, grown[0])[0]
    if _is_computed(picture, kernel):
        values = picture.values_of(kernel, picture.shown[kernel.layer - 1])
        known = picture.states_of(kernel, "dW").reshape(values.shape) != NOT_YET
        colors = colors_of(picture, values)[0]
        return values, np.where(known, colors, np.uint32(picture.theme.background.rgb())).astype(np.uint32)
    values = picture.values_of(kernel, picture.shown_weights[kernel.layer - 1])
    return values, picture.theme.signed(np.clip(values / picture.limits.weight, -1.0, 1.0))


def at(pictures: Sequence[Pictured], picture: Picture, point: QPointF) -> Element | None:
    """The kernel whose picture is at a point, or its number where these are large enough to be pointed at."""
    for each in reversed(pictures):
        if each.box.contains(point):
            rows, columns = picture.names.weights[each.kernel.layer - 1][2:]
            wide, high = each.box.width() / columns, each.box.height() / rows
            if min(wide, high) < 9:
                return each.kernel
            u = min(int((point.y() - each.box.top()) / high), rows - 1)
            v = min(int((point.x() - each.box.left()) / wide), columns - 1)
            return KernelEntry(each.kernel.layer, each.kernel.filter, each.kernel.channel, u, v)
    return None


def paint_lit(painter: QPainter, picture: Picture) -> None:
    """The lines of the kernels that glow, at full strength on a halo."""
    theme = picture.theme
    light = theme.glow if theme.dark else theme.phase[picture.phase] if picture.phase else theme.glow
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for kernel in picture.lit_kernels:
        x1, y1, x2, y2 = picture.geometry.map_line(kernel.layer, kernel.filter, kernel.channel)
        weights = picture.values_of(kernel, picture.weights[kernel.layer - 1])
        size = float(np.sqrt(np.mean(weights**2)))
        width = max(theme.stroke(3.0), float(line_widths(picture, np.array([size]))[0]))
        painter.setPen(pen(mixed(light, theme.background, 0.22), width + theme.stroke(5.0)))
        painter.drawLine(QPointF(x1, y1), QPointF(x2, y2))
        value = _largest(picture, kernel.layer, picture.shown[kernel.layer - 1])[kernel.filter, kernel.channel]
        known = bool(_states(picture, kernel.layer)[kernel.filter, kernel.channel] != NOT_YET)
        color = (
            QColor(int(colors_of(picture, np.array([value]))[0][0]))
            if known
            else theme.phase.get(picture.phase, theme.dashed)
        )
        painter.setPen(pen(color, width))
        painter.drawLine(QPointF(x1, y1), QPointF(x2, y2))

"""Layers without weights: a line from each unit, or each map, to what becomes of it. Nothing is learned on these lines,
so they have no colour of the gradient.

What a dropout drops does not arrive: its line ends half-way, at a cross. A pixel of a pooled map shows, when it is
looked at, the window that it sees and which pixel of it was the greatest; one of a convolution shows its window too.
"""

from __future__ import annotations

import numpy as np
from PyQt6.QtCore import QLineF, QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPolygonF

from bpstudio.insight.elements import Map, Pixel, Unit
from bpstudio.insight.windows import seen_maps, sliding, window, winner
from ui.canvas.picture import NOT_YET, Picture
from ui.canvas.strokes import Floats, Indices, dashes, draw_lines, mixed, pen

MOST = 240
"""Of more units only every second or tenth has a line, as in a crowded column."""
CUT = 0.5
"""How far along its way a line comes to what is dropped."""


def paint(painter: QPainter, picture: Picture) -> None:
    """The lines of all layers without weights."""
    for layer in range(1, picture.depth + 1):
        if picture.geometry.mode(layer) != "links":
            continue
        if picture.geometry.maps(layer) is not None:
            _paint_maps(painter, picture, layer)
        elif picture.geometry.maps(layer - 1) is not None:
            _paint_flattened(painter, picture, layer)
        else:
            _paint_units(painter, picture, layer)


def _color(picture: Picture) -> QColor:
    return mixed(picture.theme.secondary, picture.theme.background, picture.theme.strength(0.6))


def _draw(
    painter: QPainter, picture: Picture, places: Floats, known: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
) -> None:
    """Thin lines: solid where the number has come, dashed where it has not."""
    theme = picture.theme
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, len(places) <= MOST)
    pieces, _ = dashes(places[~known], theme.stroke(1.0))
    for lines, color in ((pieces, theme.dashed), (places[known], _color(picture))):
        ones = np.ones(len(lines))
        draw_lines(
            painter,
            lines,
            np.full(len(lines), color.rgb(), np.uint32),
            theme.stroke(1.0) * ones,
            np.zeros(len(lines), np.intp),
        )


def _paint_maps(painter: QPainter, picture: Picture, layer: int) -> None:
    """From each map to the one that is made of it."""
    here, below = picture.geometry.maps(layer), picture.geometry.maps(layer - 1)
    assert here is not None
    assert below is not None
    channels = np.arange(min(len(here.boxes), len(below.boxes)))
    known = np.array(
        [bool((picture.states_of(Map(layer, channel), "a") != NOT_YET).any()) for channel in channels.tolist()]
    )
    _draw(painter, picture, picture.geometry.map_lines(layer, channels, channels), known)


def _paint_flattened(painter: QPainter, picture: Picture, layer: int) -> None:
    """From each map to the stretch of the row that its pixels become."""
    geometry, theme = picture.geometry, picture.theme
    below = geometry.maps(layer - 1)
    assert below is not None
    _, height, width = below.shape
    states, units = picture.states(layer, "a"), geometry.units[layer]
    is_bar = geometry.layout.is_bar(layer)
    away = geometry.radii[layer] + (0 if is_bar else 2)
    shades = [mixed(theme.secondary, theme.background, strength) for strength in (0.05, 0.12)]
    come = _color(picture)
    for channel in range(len(below.boxes)):
        box = geometry.map_box(Map(layer - 1, channel))
        if box is None:
            continue
        first, last = channel * height * width, (channel + 1) * height * width - 1
        known = bool((states[first : last + 1] != NOT_YET).any())
        reach = geometry.layout.steps[layer] * geometry.zoom / 2 if is_bar else geometry.radii[layer]
        x = float(units[first, 0]) - away
        top, bottom = float(units[first, 1]) - reach, float(units[last, 1]) + reach
        corners = [(box.right(), box.top()), (x, top), (x, bottom), (box.right(), box.bottom())]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(shades[known])
        painter.drawPolygon(QPolygonF([QPointF(*corner) for corner in corners]))
        painter.setPen(pen(come if known else theme.dashed, theme.stroke(1.0), dashed=not known))
        painter.drawLine(QPointF(*corners[0]), QPointF(*corners[1]))
        painter.drawLine(QPointF(*corners[3]), QPointF(*corners[2]))


def _paint_units(painter: QPainter, picture: Picture, layer: int) -> None:
    """From each unit to its own in the next column."""
    geometry = picture.geometry
    indices = geometry.drawn(layer)
    if not len(indices):  # a bar beside a bar
        return
    places = unit_lines(picture, layer, indices)
    known = picture.states(layer, "a")[indices] != NOT_YET
    dropped = picture.numbers.dropped(layer) if not picture.is_mean else None
    if dropped is None:
        _draw(painter, picture, places, known)
        return
    cut = known & dropped[indices]
    whole = places[~cut]
    ends = places[cut].copy()
    ends[:, 2:] = ends[:, :2] + (ends[:, 2:] - ends[:, :2]) * CUT
    _draw(painter, picture, whole, known[~cut])
    _draw(painter, picture, ends, np.ones(len(ends), np.bool_))
    if geometry.pitches[layer] < 8:
        return
    half = picture.theme.px(3)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(pen(picture.theme.secondary, picture.theme.stroke(1.25)))
    for x, y in ends[:, 2:].tolist():
        painter.drawLine(QLineF(x - half, y - half, x + half, y + half))
        painter.drawLine(QLineF(x - half, y + half, x + half, y - half))


def unit_lines(picture: Picture, layer: int, indices: Indices) -> Floats:
    """Lines (n, 4) from units of one layer to the same units of the next, from rim to rim."""
    geometry = picture.geometry
    here, below = geometry.units[layer][indices], geometry.units[layer - 1][indices]
    away = [geometry.reach(at) + 2.0 for at in (layer - 1, layer)]
    lines: Floats = np.column_stack([below[:, 0] + away[0], below[:, 1], here[:, 0] - away[1], here[:, 1]])
    return lines


# ---- what a pixel sees


def looked_at(picture: Picture) -> list[tuple[Pixel, bool]]:
    """The pixels whose windows are shown: the one under the mouse, the selected one (True) and those of the beat."""
    found: list[tuple[Pixel, bool]] = []
    for element, strong in ((picture.eye.hover, False), (picture.eye.selection, True)):
        if isinstance(element, Unit):
            placed = picture.names.placed(element)
            element = placed if isinstance(placed, Pixel) else element
        if isinstance(element, Pixel):
            found.append((element, strong))
    return found


def paint_windows(painter: QPainter, picture: Picture) -> None:
    """What the pixels that are looked at see in the layer below, and the greatest of it where that is what counts."""
    theme = picture.theme
    for pixel, strong in looked_at(picture):
        paint_window(painter, picture, pixel, theme.accent, theme.stroke(2.0 if strong else 1.25))


def paint_lit(painter: QPainter, picture: Picture) -> None:
    """The windows of the pixels that glow, of a fine beat."""
    lit = [picture.names.placed(each) if isinstance(each, Unit) else each for each in picture.lights]
    pixels = [each for each in lit if isinstance(each, Pixel)]
    highest = max((pixel.layer for pixel in pixels), default=0)
    for pixel in pixels:
        box = picture.geometry.cell_box(pixel)
        if box is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(pen(picture.theme.glow, picture.theme.stroke(2.0)))
            painter.drawRect(_widened(box))
        if pixel.layer == highest and len(pixels) <= 2:
            paint_window(painter, picture, pixel, picture.theme.glow, picture.theme.stroke(1.5))


def paint_window(painter: QPainter, picture: Picture, pixel: Pixel, color: QColor, width: float) -> None:
    """A frame round what a pixel sees, in each map it looks at."""
    if pixel.layer == 0 or sliding(picture.network, pixel.layer) is None:
        return
    rows, columns = window(picture.network, pixel)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for below in seen_maps(picture.network, pixel):
        first = picture.geometry.cell_box(Pixel(below.layer, below.channel, rows.start, columns.start))
        last = picture.geometry.cell_box(Pixel(below.layer, below.channel, rows.stop - 1, columns.stop - 1))
        if first is not None and last is not None:
            painter.setPen(pen(color, width))
            painter.drawRect(first.united(last).adjusted(-0.5, -0.5, 0.5, 0.5))
    known = picture.known(pixel, "a") and not picture.is_mean
    greatest = winner(picture.network, pixel, picture.numbers.a(pixel.layer - 1)) if known else None
    box = picture.geometry.cell_box(greatest) if greatest is not None else None
    if box is not None:
        paint_winner(painter, picture, box, color)


def paint_winner(painter: QPainter, picture: Picture, box: QRectF, color: QColor) -> None:
    """The greatest pixel of a window: a second frame within its own, so that the number in it can still be read."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if min(box.width(), box.height()) < 9:
        painter.setPen(pen(picture.theme.background, 1.0))
        painter.setBrush(color)
        painter.drawEllipse(box.center(), 3.0, 3.0)
        return
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(pen(picture.theme.background, 4.0))
    painter.drawRect(box.adjusted(2.5, 2.5, -2.5, -2.5))
    painter.setPen(pen(color, picture.theme.stroke(2.0)))
    painter.drawRect(box.adjusted(2.5, 2.5, -2.5, -2.5))


def _widened(box: QRectF) -> QRectF:
    """A pixel's frame, never smaller than can be seen."""
    grow = max((5.0 - box.width()) / 2, 0.0)
    return box.adjusted(-grow, -grow, grow, grow)

"""Layers of images: each map a small picture of what its pixels give, on the map of colours that units have.

In the backward phase the pictures turn, as far as it has come, to δ, on the map for numbers with a sign; its ends stand
in the column's title. The numbers into which images are flattened are a bar in the same colours. Near enough, every
pixel has its number.
"""

from __future__ import annotations

import numpy as np
from PyQt6.QtCore import QLineF, QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPen

from bpstudio.insight.elements import Map, Units
from bpstudio.insight.notation import given, number
from ui.canvas import text
from ui.canvas.inputs import greys
from ui.canvas.picture import NOT_YET, Picture, States
from ui.canvas.room import Box, box_of
from ui.canvas.scale import nice
from ui.canvas.shade import grid, image
from ui.canvas.strokes import Colors, Floats, mixed, pen
from ui.canvas.units import role_color

GRID = 9.0
"""From this side on pixels have lines between them."""
CROSSED = 7.0
"""From this side on a dropped pixel has its cross."""
MOST_NUMBERS = 1200
CHIP = 15
"""The side of the sign that says δ, at normal text size."""


def shows_delta(picture: Picture, layer: int) -> bool:
    """Whether the pictures of a layer show δ: in the backward phase, from the first δ of the layer on."""
    if layer == 0 or picture.phase != "B" or picture.whole:
        return False
    return bool((picture.states(layer, "delta") != NOT_YET).any())


def delta_end(picture: Picture, layer: int) -> float:
    """Where the colours of a layer's δ end: the next round number above the largest."""
    sizes = np.abs(picture.delta(layer))
    return nice(float(sizes[np.isfinite(sizes)].max(initial=0.0)))


def paint(painter: QPainter, picture: Picture) -> None:
    """All maps and all bars."""
    for layer in range(picture.depth + 1):
        if picture.geometry.maps(layer) is not None:
            _paint_maps(painter, picture, layer)
        elif picture.geometry.layout.is_bar(layer):
            _paint_bar(painter, picture, layer)


def _colors(picture: Picture, layer: int) -> tuple[Colors, States]:
    """The colour of each unit of a layer, and whether it is known."""
    theme = picture.theme
    if shows_delta(picture, layer):
        return theme.signed(picture.delta(layer) / delta_end(picture, layer)), picture.states(layer, "delta")
    values: Floats = np.asarray(picture.numbers.a(layer), dtype=np.float64)
    known = picture.states(layer, "a")
    if layer == 0:
        return greys(picture, values), known
    t = values / picture.fill_end(layer)
    return (theme.signed(t) if picture.is_signed(layer) else theme.activation(t)), known


def _paint_maps(painter: QPainter, picture: Picture, layer: int) -> None:
    theme, geometry = picture.theme, picture.geometry
    maps = geometry.maps(layer)
    assert maps is not None
    _, height, width = maps.shape
    colors, states = _colors(picture, layer)
    known = states != NOT_YET
    dropped = picture.numbers.dropped(layer) if layer and not picture.is_mean else None
    background = np.uint32(theme.background.rgb())
    colors = np.where(known, colors, background)
    if dropped is not None:
        colors = np.where(known & dropped, np.uint32(theme.track.rgb()), colors)
    drawn = len(maps.boxes)
    picture_of_all = image(colors[: drawn * height * width].reshape(-1, width).astype(np.uint32))
    values = picture.delta(layer) if shows_delta(picture, layer) else picture.numbers.a(layer)
    finite = np.isfinite(values)
    side = geometry.pixel_side(layer)
    line = mixed(theme.border, theme.background, 0.8)
    if maps.joined is not None:
        _paint_joined(painter, picture, geometry.rect(maps.joined))
    for channel in range(drawn):
        where = geometry.map_box(Map(layer, channel))
        if where is None or not geometry.region.intersects(where):
            continue
        place = picture.place(Map(layer, channel))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.drawImage(where, picture_of_all, QRectF(0, channel * height, width, height))
        if side >= GRID:
            grid(painter, where, height, width, line)
        if dropped is not None and side >= CROSSED:
            _cross(painter, picture, where, (dropped & known)[place].reshape(height, width))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(_rim(picture, Map(layer, channel), bool(known[place].all()), bool(finite[place].all())))
        painter.drawRect(where)
        if shows_delta(picture, layer):
            _chip(painter, picture, where, side >= _narrowest(picture))


def _paint_joined(painter: QPainter, picture: Picture, where: QRectF) -> None:
    """The three channels of the input as red, green and blue of one image."""
    values = np.asarray(picture.numbers.a(0), dtype=np.float64).reshape(picture.network.shapes[0])
    low = -picture.limits.inputs if picture.limits.signed_inputs else 0.0
    share = np.clip(np.nan_to_num((values - low) / (picture.limits.inputs - low)), 0.0, 1.0)
    red, green, blue = np.rint(share * 255).astype(np.uint32)
    colors = np.uint32(0xFF000000) | red << np.uint32(16) | green << np.uint32(8) | blue
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.drawImage(where, image(colors.astype(np.uint32)))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(pen(picture.theme.dashed, picture.theme.stroke(1.0)))
    painter.drawRect(where)


def _rim(picture: Picture, element: Map, whole: bool, finite: bool) -> QPen:
    """The outline of a map: dashed while some of it is not computed yet, bright while it is looked at."""
    theme = picture.theme
    if picture.is_map_lit(element):
        role = next((role for lit, role in picture.beat.lit if _is_of(lit, element)), "") if picture.beat else ""
        return pen(role_color(theme, role), theme.stroke(2.0), dashed=not whole)
    if not finite:
        return pen(theme.nonfinite, theme.stroke(2.0))
    if shows_delta(picture, element.layer):
        return pen(theme.phase["B"], theme.stroke(1.0), dashed=not whole)
    return pen(theme.dashed, theme.stroke(1.0), dashed=not whole)


def _is_of(lit: object, element: Map) -> bool:
    if lit == element:
        return True
    return getattr(lit, "layer", None) == element.layer and (
        isinstance(lit, Units) or getattr(lit, "channel", element.channel) == element.channel
    )


def _chip(painter: QPainter, picture: Picture, where: QRectF, has_numbers: bool) -> None:
    """The sign that a picture shows δ: at the upper left corner of a map that is large enough to lose it, above the
    corner where its pixels have numbers.
    """
    theme = picture.theme
    side = theme.px(CHIP)
    if min(where.width(), where.height()) < 2.4 * side:
        return
    top = where.top() - side if has_numbers else where.top()
    box = QRectF(where.left(), top, side, side)
    painter.fillRect(box, theme.phase["B"])
    text.pen_of(theme, text.SMALL, bold=True).draw(painter, box, "δ", theme.ink(theme.phase["B"]))


def _cross(
    painter: QPainter, picture: Picture, where: QRectF, dropped: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
) -> None:
    """A cross through each pixel that a dropout drops."""
    rows, columns = dropped.shape
    wide, high = where.width() / columns, where.height() / rows
    lines = []
    for row, column in np.argwhere(dropped).tolist():
        left, top = where.left() + (column + 0.25) * wide, where.top() + (row + 0.25) * high
        right, bottom = left + 0.5 * wide, top + 0.5 * high
        lines += [QLineF(left, top, right, bottom), QLineF(left, bottom, right, top)]
    painter.setPen(pen(picture.theme.secondary, 1.0))
    if lines:
        painter.drawLines(*lines)


def _paint_bar(painter: QPainter, picture: Picture, layer: int) -> None:
    """The flattened images: a stretch for each map."""
    theme, geometry = picture.theme, picture.geometry
    bar = geometry.layout.columns[layer].bar
    assert bar is not None
    where = geometry.rect(bar)
    colors, states = _colors(picture, layer)
    known = states != NOT_YET
    colors = np.where(known, colors, np.uint32(theme.background.rgb())).astype(np.uint32)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.drawImage(where, image(colors[:, None]))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    lit = picture.lit_units(layer)
    rim = theme.glow if lit is not None and bool(lit.all()) else theme.dashed
    painter.setPen(pen(rim, theme.stroke(1.0), dashed=not bool(known.all())))
    painter.drawRect(where)
    below = geometry.maps(layer - 1)
    if below is not None and where.height() / below.shape[0] >= 5:
        painter.setPen(theme.background)
        for channel in range(1, below.shape[0]):
            y = round(where.top() + where.height() * channel / below.shape[0])
            painter.drawLine(QPointF(where.left() + 1, y), QPointF(where.right() - 1, y))


def taken(picture: Picture) -> list[Box]:
    """Where no other text may stand: maps, and the titles above the columns."""
    geometry, found = picture.geometry, []
    for layer in range(picture.depth + 1):
        column = geometry.layout.columns[layer]
        if column.maps is not None:
            boxes = (geometry.map_box(Map(layer, channel)) for channel in range(len(column.maps.boxes)))
            found += [box_of(box, 2) for box in boxes if box is not None]
            if column.maps.joined is not None:
                found.append(box_of(geometry.rect(column.maps.joined), 2))
        elif column.bar is not None:
            found.append(box_of(geometry.rect(column.bar), 2))
    if geometry.layout.titles:
        region = geometry.region
        height = 2 * text.pen_of(picture.theme, text.SMALL).height
        found.append((region.left(), region.top(), region.right(), region.top() + height + 4))
    return found


def _narrowest(picture: Picture) -> float:
    """The side from which on a pixel holds its number."""
    return text.pen_of(picture.theme, text.SMALL, mono=True).width("0.00") + 2


def paint_numbers(painter: QPainter, picture: Picture) -> None:
    """The value of each pixel that is large enough to hold it."""
    theme, geometry = picture.theme, picture.geometry
    mono = text.pen_of(theme, text.SMALL, mono=True)
    count = 0
    for layer in range(picture.depth + 1):
        maps = geometry.maps(layer)
        if maps is None or geometry.pixel_side(layer) < _narrowest(picture):
            continue
        colors, states = _colors(picture, layer)
        is_delta = shows_delta(picture, layer)
        values = picture.delta(layer) if is_delta else picture.numbers.a(layer)
        write = given if layer == 0 else number
        places = geometry.units[layer]
        room = geometry.pixel_side(layer) * 0.96
        region = geometry.region
        inside = (places[:, 0] > region.left()) & (places[:, 0] < region.right()) & (states != NOT_YET)
        inside &= (places[:, 1] > region.top()) & (places[:, 1] < region.bottom())
        inside[len(maps.boxes) * maps.shape[1] * maps.shape[2] :] = False
        indices = np.flatnonzero(inside)
        count += len(indices)
        if count > MOST_NUMBERS:
            return
        dropped = picture.numbers.dropped(layer) if layer and not picture.is_mean else None
        for index in indices.tolist():
            if dropped is not None and bool(dropped[index]):
                continue
            x, y = places[index].tolist()
            shown = mono.compact(float(values[index]), room, write)
            box = QRectF(x - room / 2, y - mono.height / 2, room, mono.height)
            mono.draw(painter, box, shown, theme.ink(QColor(int(colors[index]))))

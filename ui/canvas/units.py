"""The units: fill is the activation, the ring says how flat f is there, the badge is δ. Every fill has an outline and
a number where there is room, so that no colour speaks alone.
"""

from __future__ import annotations

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter

from bpstudio.insight.elements import Unit, Units
from bpstudio.insight.notation import given, number, signed
from bpstudio.maths.activations import FORMULA
from ui.canvas import glyphs, sprites, text
from ui.canvas.geometry import named_inputs
from ui.canvas.outputs import shares
from ui.canvas.picture import NOT_YET, NOW, Picture, States
from ui.canvas.sprites import VISIBLE_GREY
from ui.canvas.strokes import Colors, Floats, Indices, mixed, pen
from ui.language import tr, translatable
from ui.theme import Theme

SMALL = 12.0
"""Below this radius a disc stands in its ring without a gap and an outline."""
ALL = -1
DROPPED = translatable("0: dropped")
"""Of a unit that a dropout drops for this row."""


def fills(picture: Picture, layer: int) -> Colors:
    """The fill of each unit: 0..1 on the activation map, numbers with a sign on the signed map."""
    t = np.asarray(picture.numbers.a(layer), dtype=np.float64) / picture.fill_end(layer)
    return picture.theme.signed(t) if picture.is_signed(layer) else picture.theme.activation(t)


def rim_colors(picture: Picture, layer: int) -> dict[int, QColor]:
    """The rims of the units that glow in this beat, by index, or by ALL for the whole layer: the colours of their
    factors."""
    if picture.beat is None or picture.whole:
        return {}
    found = {}
    for element, role in picture.beat.lit:
        if isinstance(element, Unit) and element.layer == layer:
            found[element.index] = role_color(picture.theme, role)
        elif isinstance(element, Units) and element.layer == layer:
            found[ALL] = role_color(picture.theme, role)
    return found


def role_color(theme: Theme, role: str) -> QColor:
    """The colour in which an operand glows: that of its factor in the formula; a result glows in the light of the
    beat."""
    match role:
        case "error" | "delta":
            return theme.factors[0]
        case "weight" | "slope":
            return theme.factors[1]
        case "input":
            return theme.factors[2]
        case "loss" | "target":
            return theme.phase["L"]
        case _:
            return theme.glow


def paint(painter: QPainter, picture: Picture) -> None:
    """All units of all layers; a layer of images has none, nor has a row of flattened ones."""
    for layer in range(picture.depth + 1):
        if picture.geometry.layout.has_discs(layer):
            paint_layer(painter, picture, layer)


def paint_layer(painter: QPainter, picture: Picture, layer: int) -> None:
    """One column of units."""
    theme, geometry = picture.theme, picture.geometry
    centers, radius = geometry.units[layer], geometry.radii[layer]
    known = picture.states(layer, "a")
    colors = fills(picture, layer)
    values = picture.numbers.a(layer)
    rings = picture.numbers.saturation(layer) if layer and geometry.ring_width(layer) else None
    greys = theme.saturation(VISIBLE_GREY + (1.0 - VISIBLE_GREY) * rings) if rings is not None else None
    off = picture.numbers.off(layer) if layer and not picture.is_mean else None
    dropped = picture.numbers.dropped(layer) if layer and not picture.is_mean else None
    rims = rim_colors(picture, layer)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    drawn = geometry.drawn(layer)
    if radius < SMALL and not rims and off is None:
        plain = (known[drawn] != NOT_YET) & np.isfinite(values[drawn])
        plain &= np.isfinite(rings[drawn]) if rings is not None else True
        plain &= ~dropped[drawn] if dropped is not None else True
        _copies(painter, picture, layer, drawn[plain], rings)
        drawn = drawn[~plain]
    for index in drawn.tolist():
        center = QPointF(*centers[index].tolist())
        rim = rims.get(index, rims.get(ALL))
        if known[index] == NOT_YET:
            _hollow(painter, picture, center, radius, rim)
            continue
        if dropped is not None and bool(dropped[index]):
            glyphs.dropped(painter, center, radius, theme, rim)
            continue
        if rings is not None and greys is not None and np.isfinite(rings[index]):
            _ring(painter, picture, layer, center, float(rings[index]), QColor(int(greys[index])))
        if off is not None and bool(off[index]):
            _off(painter, picture, center, radius, rim)
        else:
            fill, is_finite = QColor(int(colors[index])), bool(np.isfinite(values[index]))
            _disc(painter, picture, center, radius, fill, rim, is_finite, rings is not None)
    if picture.is_mean and radius >= text.NAMED:
        _ticks(painter, picture, layer, known)


def paint_words(painter: QPainter, picture: Picture) -> None:
    """Names and values inside the discs."""
    theme, geometry = picture.theme, picture.geometry
    for layer in range(picture.depth + 1):
        radius = geometry.radii[layer]
        if not geometry.layout.has_discs(layer) or radius < text.SMALL / 2:
            continue
        known, values = picture.states(layer, "a"), picture.numbers.a(layer)
        off = picture.numbers.off(layer) if layer and not picture.is_mean else None
        dropped = picture.numbers.dropped(layer) if layer and not picture.is_mean else None
        colors = fills(picture, layer)
        for index in geometry.drawn(layer).tolist():
            center, unit = QPointF(*geometry.units[layer][index].tolist()), Unit(layer, index)
            if dropped is not None and bool(dropped[index]) and known[index] != NOT_YET:
                _inside_dropped(painter, picture, unit, center, radius)
            elif known[index] == NOT_YET:
                _inside(painter, picture, unit, center, radius, theme.secondary, None)
            elif off is None or not bool(off[index]):
                ink = theme.ink(QColor(int(colors[index])))
                _inside(painter, picture, unit, center, radius, ink, float(values[index]))
            elif radius >= text.VALUED * theme.scale:
                _inside(painter, picture, unit, center, radius, theme.secondary, 0.0)
            elif radius >= theme.px(8):
                zero = text.pen_of(theme, text.SMALL, mono=True)
                box = QRectF(center.x() - radius, center.y() - radius, 2 * radius, 2 * radius)
                zero.draw(painter, box, "0", theme.secondary)
        if layer:
            _own_functions(painter, picture, layer)


def _copies(painter: QPainter, picture: Picture, layer: int, indices: Indices, rings: Floats | None) -> None:
    """Small discs without text or glow, all at once."""
    theme, geometry, ratio = picture.theme, picture.geometry, picture.view.ratio
    centers, radius, width = geometry.units[layer][indices], geometry.radii[layer], geometry.ring_width(layer)
    if rings is not None:
        flat = rings[indices] > 1.0 - picture.frame.experiment.flat_threshold
        flat &= not picture.is_mean
        numbers = sprites.levels(rings[indices], sprites.SHARES) + sprites.SHARES * flat
        sprites.copy(painter, sprites.rings(theme, radius, width, ratio), centers, numbers)
    signed = picture.is_signed(layer)
    t = np.asarray(picture.numbers.a(layer), dtype=np.float64)[indices] / picture.fill_end(layer)
    atlas = sprites.discs(theme, signed, radius, "outlined" if rings is None else "ringed", ratio)
    sprites.copy(painter, atlas, centers, sprites.levels(0.5 + 0.5 * t if signed else t, sprites.LEVELS))


def _hollow(painter: QPainter, picture: Picture, center: QPointF, radius: float, rim: QColor | None) -> None:
    """Not computed yet: a dashed outline and nothing in it, not even a 0."""
    theme = picture.theme
    outline = pen(rim or theme.dashed, theme.stroke(1.5 if radius > 9 else 1.0), dashed=radius > 4)
    painter.setPen(outline)
    painter.setBrush(theme.background)
    painter.drawEllipse(center, radius, radius)


def _disc(
    painter: QPainter,
    picture: Picture,
    center: QPointF,
    radius: float,
    fill: QColor,
    rim: QColor | None,
    finite: bool,
    ringed: bool,
) -> None:
    theme = picture.theme
    if rim is not None:
        painter.setPen(pen(rim, theme.stroke(3.0 if radius > 12 else 2.0)))
    elif not finite:
        painter.setPen(pen(theme.nonfinite, theme.stroke(2.0)))
    elif ringed and radius < SMALL:
        painter.setPen(Qt.PenStyle.NoPen)
    else:
        painter.setPen(pen(theme.dashed, theme.stroke(1.0)))
    painter.setBrush(fill)
    painter.drawEllipse(center, radius, radius)


def _off(painter: QPainter, picture: Picture, center: QPointF, radius: float, rim: QColor | None) -> None:
    """A ReLU unit that is off for this row: hollow, with a solid outline."""
    theme = picture.theme
    painter.setPen(pen(rim or theme.zero, theme.stroke(1.5 if radius > 9 else 1.0)))
    painter.setBrush(theme.background)
    painter.drawEllipse(center, radius, radius)


def _ring(painter: QPainter, picture: Picture, layer: int, center: QPointF, share: float, grey: QColor) -> None:
    """How flat f is here: the arc's share of the circle is the saturation, and so is its grey.

    A flat unit's ring is twice as wide and has a glyph.
    """
    theme, radius, width = picture.theme, picture.geometry.radii[layer], picture.geometry.ring_width(layer)
    is_flat = share > 1.0 - picture.frame.experiment.flat_threshold and not picture.is_mean
    inner = radius + 0.6 * width
    outer = inner + (2.0 if is_flat else 1.0) * width
    gap = inner if radius >= SMALL else 0.0  # a small disc fills its ring, without a gap
    glyphs.ring(painter, center, gap, outer, share, theme.track, grey, theme.background)
    if is_flat and radius >= 12:
        away = (radius + 2.2 * width) * 0.7071 + theme.px(8)
        glyphs.flat(painter, QPointF(center.x() + away, center.y() - away), theme.px(11), theme.text)


def _inside(
    painter: QPainter,
    picture: Picture,
    unit: Unit,
    center: QPointF,
    radius: float,
    ink: QColor,
    value: float | None,
) -> None:
    """Name over value where there is room for both, else the value; of a number as much as fits."""
    theme = picture.theme
    if radius < text.VALUED * theme.scale:
        # Discs that gave way to large text keep their names where these fit.
        name, bold = picture.letters.unit(unit), text.pen_of(theme, text.NORMAL, bold=True)
        if picture.geometry.layout.scale < theme.scale and max(bold.width(name), bold.height * 0.8) <= 1.7 * radius:
            bold.draw(painter, QRectF(center.x() - radius, center.y() - radius, 2 * radius, 2 * radius), name, ink)
        return
    named = radius >= text.NAMED * theme.scale
    name_pen = text.pen_of(theme, text.NORMAL, bold=True)
    value_pen = text.pen_of(theme, text.NORMAL if named else text.SMALL, mono=True)
    write = given if unit.layer == 0 else number
    # Where the value stands beside the disc a small disc keeps its name.
    beside = shares(picture) if unit.layer == picture.depth else unit.layer == 0 and named_inputs(picture.frame.dataset)
    shown = value_pen.fitting(value, 2 * radius * 0.95, write) if value is not None and (named or not beside) else ""
    box = QRectF(center.x() - radius, 0, 2 * radius, name_pen.height)
    if shown and not named:
        box.moveCenter(center)
        value_pen.draw(painter, box, shown, ink)
        return
    box.moveTop(center.y() - (name_pen.height * 0.98 if shown else name_pen.height / 2))
    name_pen.draw(painter, box, name_pen.elided(picture.letters.unit(unit), 1.7 * radius), ink)
    if shown:
        box.moveTop(center.y() - value_pen.height * 0.06)
        value_pen.draw(painter, box, shown, ink)


def _inside_dropped(painter: QPainter, picture: Picture, unit: Unit, center: QPointF, radius: float) -> None:
    """Name over "0: dropped" where there is room, else over the 0; a small disc has its cross alone."""
    theme = picture.theme
    if radius < text.VALUED * theme.scale:
        return
    name, plain = text.pen_of(theme, text.NORMAL, bold=True), text.pen_of(theme, text.SMALL)
    long = tr(DROPPED)
    shown = long if plain.width(long) <= 1.9 * radius else "0"
    for font, words, middle in ((name, picture.letters.unit(unit), -0.45), (plain, shown, 0.45)):
        width = font.width(words)
        box = QRectF(center.x() - width / 2, center.y() + middle * name.height - font.height / 2, width, font.height)
        painter.fillRect(box.adjusted(-2, 2, 2, -1), theme.background)  # the cross must not go through it
        font.draw(painter, box, words, theme.secondary)


def _own_functions(painter: QPainter, picture: Picture, layer: int) -> None:
    """In a layer whose units differ, the name of each unit's function on the rim of its disc."""
    theme, geometry = picture.theme, picture.geometry
    small = text.pen_of(theme, text.SMALL)
    functions = picture.numbers.function(layer).units
    radius = geometry.radii[layer]
    if not functions or radius < text.NAMED * theme.scale:
        return
    for index in geometry.drawn(layer).tolist():
        x, y = geometry.units[layer][index].tolist()
        words = "f(z)" if functions[index].family == FORMULA else functions[index].symbol
        box = QRectF(0, 0, small.width(words) + theme.px(10), small.height)
        # At the upper left nothing else stands: badges are above and below, the sign of a flat unit is at the right.
        box.moveCenter(QPointF(x - 0.78 * radius, y - 0.78 * radius))
        painter.setPen(pen(theme.dashed, theme.stroke(1.0)))
        painter.setBrush(theme.background)
        painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
        small.draw(painter, box, words, theme.text)


def _ticks(painter: QPainter, picture: Picture, layer: int, known: States) -> None:
    """Of a whole batch: a tick for the activation of each row, from left (smallest) to right, at the foot of the
    disc."""
    geometry = picture.geometry
    radius = geometry.radii[layer]
    signed_fill = picture.is_signed(layer)
    colors = fills(picture, layer)
    for index in np.flatnonzero(known != NOT_YET).tolist():
        rows = np.asarray(picture.numbers.ticks(layer, index), dtype=np.float64) / picture.fill_end(layer)
        place = np.clip(0.5 + 0.5 * rows if signed_fill else rows, 0.0, 1.0)
        x, y = geometry.units[layer][index].tolist()
        left, width = x - radius * 0.62, radius * 1.24
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(pen(picture.theme.ink(QColor(int(colors[index]))), picture.theme.stroke(1.0)))
        for t in np.unique(np.rint(place * width)).tolist():
            painter.drawLine(QPointF(left + t, y + radius * 0.52), QPointF(left + t, y + radius * 0.72))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)


def badge_text(picture: Picture, layer: int, index: int, values: Floats, digits: int = 6) -> str:
    """What the badge says: δ, and for a unit that lets nothing through the reason for its 0."""
    dropped = picture.numbers.dropped(layer) if not picture.is_mean else None
    if dropped is not None and bool(dropped[index]) and values[index] != 0.0:
        # δ is that of what would have been given: the mask is the slope, so nothing of it comes to the layer below.
        return f"δ {signed(float(values[index]), digits)}"
    off = picture.numbers.off(layer) if not picture.is_mean else None
    if (off is not None and bool(off[index])) or not picture.numbers.function_of(Unit(layer, index)).has_gradient:
        return "δ 0 (slope 0)"
    return f"δ {signed(float(values[index]), digits)}"


def badge_box(picture: Picture, layer: int, index: int, words: str) -> QRectF:
    """Where a badge stands: under the unit, centred."""
    theme, geometry = picture.theme, picture.geometry
    font = text.pen_of(theme, text.NORMAL, mono=True)
    x, y = geometry.units[layer][index].tolist()
    width, height = font.width(words) + theme.px(26), theme.px(24)
    top = y + geometry.reach(layer) + theme.px(5)
    return QRectF(x - width / 2, top, width, height)


def badges(picture: Picture) -> list[tuple[Unit, str, QRectF, bool]]:
    """The badges for which there is room: unit, words, box, and whether it is this beat's result."""
    found = []
    for layer in range(1, picture.depth + 1):
        if not picture.geometry.badge_room(layer):
            continue
        states = picture.states(layer, "delta")
        if not states.any():
            continue
        values = picture.delta(layer)
        room = picture.geometry.room_before(layer)
        room -= picture.geometry.radii[layer - 1] if picture.geometry.layout.has_discs(layer - 1) else 0.0
        # Beside large text columns stand close: a badge must not hide a +1 node.
        nodes = [picture.geometry.plus_box(each) for each in picture.biased] if picture.depth < 6 else []
        for index in picture.geometry.drawn(layer).tolist():
            if states[index] == NOT_YET:
                continue
            words = badge_text(picture, layer, index, values)
            box = badge_box(picture, layer, index, words)
            if box.width() / 2 > room or any(box.intersects(node) for node in nodes):
                continue
            found.append((Unit(layer, index), words, badge_box(picture, layer, index, words), states[index] == NOW))
    return found


def paint_badges(painter: QPainter, picture: Picture, items: list[tuple[Unit, str, QRectF, bool]]) -> None:
    """δ in the colour of the backward phase, on a tint of it."""
    theme = picture.theme
    color = theme.phase["B"]
    font = text.pen_of(theme, text.NORMAL, mono=True)
    for _, words, box, now in items:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(pen(color, theme.stroke(2.0 if now and not picture.whole else 1.0)))
        painter.setBrush(mixed(color, theme.background, 0.14))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), theme.px(5), theme.px(5))
        ink = QColor("#FFC88A") if theme.dark else color
        font.draw(painter, box, words, ink)


def paint_selection(painter: QPainter, picture: Picture, unit: Unit, strong: bool) -> None:
    """A circle around the unit that is selected (or, thinner, under the mouse)."""
    geometry, theme = picture.geometry, picture.theme
    x, y = geometry.units[unit.layer][unit.index].tolist()
    # With a ring the circle is the disc's rim, between disc and ring; else it stands around the disc.
    away = geometry.radii[unit.layer] + (0.5 if geometry.ring_width(unit.layer) else 4.0)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(pen(theme.accent, theme.stroke(3.0 if strong else 1.5)))
    painter.drawEllipse(QPointF(x, y), away, away)

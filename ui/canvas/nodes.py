"""The nodes that are no units: +1, where biases come from, and the loss, into which all outputs go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QPainter, QPolygonF

from bpstudio.insight.elements import Edge, LossNode, PlusOne, Unit
from bpstudio.insight.notation import given, number, raised, rough
from ui.canvas import glyphs, text
from ui.canvas.picture import NOT_YET, Picture
from ui.canvas.room import Box, OneOf, rect
from ui.canvas.strokes import mixed, pen
from ui.language import tr, translatable

BIAS = translatable("bias {value}")
BIASES = translatable("biases")
THRESHOLD = translatable("threshold {value}")
THRESHOLDS = translatable("thresholds")
MORE = translatable("… {count} more")


def paint(painter: QPainter, picture: Picture) -> None:
    """+1 nodes with what stands beside them, the loss node with its bracket, what was left out of crowded columns."""
    for layer in picture.biased:
        _paint_plus(painter, picture, layer)
    _paint_loss(painter, picture)
    _paint_left_out(painter, picture)
    if picture.crowded:
        _paint_norms(painter, picture)
    _paint_first_nonfinite(painter, picture)


MANY = 8
"""In a deeper network the word for biases that differ stands once."""


@dataclass(frozen=True)
class PlusLabel:
    """The words beside a +1 (or −1) node: the bias that all units share, or that these are biases or thresholds."""

    wish: OneOf
    words: str
    frozen: bool


def plus_labels(picture: Picture) -> list[PlusLabel]:
    """What wants to stand beside each +1 node, at its right, left or foot."""
    theme = picture.theme
    font = text.pen_of(theme, text.SMALL)
    found = []
    for layer in picture.biased:
        node, shared = picture.geometry.plus_box(layer), picture.shared_bias(layer)
        frozen = picture.frozen(layer, bias=True)
        one, many = (THRESHOLD, THRESHOLDS) if picture.network.layers[layer - 1].bias_sign < 0 else (BIAS, BIASES)
        words = tr(one, value=given(shared, 4)) if shared is not None else tr(many)
        again = shared is None and layer > 1 and picture.depth > MANY
        if again or (picture.crowded and (shared is None or not frozen)):
            words = ""
        if not words and not frozen:
            continue
        # While training runs the room is that of any number, so that nothing moves when the digits do.
        asked = tr(one, value=text.LONGEST) if picture.running and shared is not None and words else words
        width = max(font.width(words), font.width(asked)) + (theme.px(18) if frozen else 0)
        gap, middle, half = theme.px(7), node.center().y(), font.height / 2
        places = (
            (node.right() + gap, middle),
            (node.left() - gap - width, middle),
            (node.center().x() - width / 2, node.bottom() + 3 + half),
        )
        boxes = tuple((x, y - half + 1, x + width, y + half - 1) for x, y in places)
        found.append(PlusLabel(OneOf(boxes), words, frozen))
    return found


def paint_plus_labels(
    painter: QPainter, picture: Picture, labels: Sequence[PlusLabel], places: Sequence[tuple[int, Box] | None]
) -> None:
    """The words and the snowflake of each +1 node."""
    theme = picture.theme
    font = text.pen_of(theme, text.SMALL)
    for label, place in zip(labels, places, strict=True):
        if place is None:
            continue
        box = rect(place[1])
        middle = box.center().y()
        end = font.put(painter, box.left(), middle, label.words, theme.secondary)
        if label.frozen:
            glyphs.snowflake(painter, QPointF(end + theme.px(11), middle), theme.px(6), theme.secondary)


def _paint_plus(painter: QPainter, picture: Picture, layer: int) -> None:
    theme = picture.theme
    box = picture.geometry.plus_box(layer)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(
        pen(theme.glow, theme.stroke(2.0)) if layer in picture.lit_plus else pen(theme.dashed, theme.stroke(1.0))
    )
    painter.setBrush(theme.control)
    painter.drawRoundedRect(box, theme.px(4), theme.px(4))
    mono = text.pen_of(theme, text.SMALL, mono=True, bold=True)
    one = picture.letters.element(PlusOne(layer))
    words = next((each for each in (one, one[0]) if mono.width(each) <= box.width() - 1), "")
    mono.draw(painter, box, words, theme.text)


def loss_value_box(picture: Picture) -> QRectF:
    """The room for the loss in its node, under the C."""
    node = picture.geometry.box(LossNode())
    return QRectF(node.left(), node.center().y(), node.width(), node.height() * 0.36)


def _paint_loss(painter: QPainter, picture: Picture) -> None:
    """All outputs and their targets go into one number."""
    theme, geometry = picture.theme, picture.geometry
    node = geometry.box(LossNode())
    known = picture.known(LossNode(), "C")
    color = theme.phase["L"]
    outputs = geometry.units[-1]
    reached = bool((picture.states(picture.depth, "element") != NOT_YET).any())
    line = color if picture.phase == "L" and not picture.whole else mixed(color, theme.background, theme.strength(0.55))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(pen(line if reached else theme.dashed, theme.stroke(1.25), dashed=not reached))
    x, arm = geometry.bracket, theme.px(5)
    reach = min(geometry.radii[-1], theme.px(16))
    top, bottom = float(outputs[0, 1]) - reach, float(outputs[-1, 1]) + reach
    painter.drawPolyline(
        QPolygonF([QPointF(x - arm, top), QPointF(x, top), QPointF(x, bottom), QPointF(x - arm, bottom)])
    )
    painter.drawLine(QPointF(x, node.center().y()), QPointF(node.left(), node.center().y()))
    lit = picture.loss_lit
    rim = theme.glow if lit else color if known else theme.dashed
    painter.setPen(pen(rim, theme.stroke(2.5 if lit else 1.5), dashed=not known and not lit))
    painter.setBrush(mixed(color, theme.background, 0.16) if known else theme.background)
    painter.drawEllipse(node)
    bold = text.pen_of(theme, text.NORMAL, bold=True)
    if not known:
        bold.draw(painter, node, "C", theme.secondary)
        return
    value, mono = picture.frame.objective, text.pen_of(theme, text.SMALL, mono=True)
    ink, shown = theme.text if np.isfinite(value) else theme.nonfinite, five(value)
    width = mono.width(shown)
    if width <= node.width():
        bold.draw(painter, QRectF(node.left(), node.top(), node.width(), node.height() * 0.62), "C", color)
        mono.draw(painter, loss_value_box(picture), shown, ink)
        return
    # Beside large text the node is small: its value stands under it.
    bold.draw(painter, node, "C", color)
    right = max(node.center().x() + width / 2, node.right())
    right = min(right, picture.view.width - theme.px(4))
    mono.put(painter, right - width, node.bottom() + mono.height / 2 + 2, shown, ink)


def five(value: float) -> str:
    """A number in about five characters: 0.298, 12.35, 1234, 2e-7."""
    if not np.isfinite(value):
        return number(value)
    if 0 < abs(value) < 0.01 or abs(value) >= 99999.5:
        return rough(value)
    return f"{value:.{max(0, 4 - len(str(int(abs(value)))))}f}".replace("-", "−")


def _paint_left_out(painter: QPainter, picture: Picture) -> None:
    """A crowded column draws every second or tenth unit, and says how many are missing."""
    geometry, theme = picture.geometry, picture.theme
    font = text.pen_of(theme, text.SMALL)
    for layer in range(picture.depth + 1):
        count = geometry.layout.left_out(layer, geometry.zoom)
        if count and not (layer == 0 and geometry.image is not None):
            x, y = geometry.to_screen(np.array(geometry.layout.marker(layer))).tolist()
            words = tr(MORE, count=count)
            column = geometry.layout.columns[layer]
            if font.width(words) > geometry.gap - 6 + (column.right - column.left) * geometry.zoom:
                words = f"…{count}"
            box = QRectF(x - font.width(words) / 2, y - font.height / 2, font.width(words), font.height)
            font.draw(painter, box, words, theme.secondary)


def _paint_norms(painter: QPainter, picture: Picture) -> None:
    """Under a layer's edges the size of its whole gradient, once it is known. Where it is narrow the symbol stands
    once."""
    theme, geometry = picture.theme, picture.geometry
    font = text.pen_of(theme, text.SMALL)
    found: list[tuple[int, str]] = []
    for layer in range(1, picture.depth + 1):
        if not picture.network.layers[layer - 1].has_weights:
            continue
        size = picture.frame.metrics.value(f"norm/{layer}", picture.frame.step)
        if size is not None and bool((picture.states(layer, "dW") != NOT_YET).all()):
            found.append((layer, number(size, 3) if size >= 0.001 else rough(size, 2)))
    if not found:
        return
    gap = geometry.gap
    long = all(font.width(f"‖∂C/∂W{raised(layer)}‖ {shown}") <= gap - 8 for layer, shown in found)
    y = float(geometry.plus[0, 1]) + theme.px(24)
    if y - theme.px(12) > geometry.region.bottom():
        return
    y = min(y, geometry.region.bottom() - font.height / 2 + 3)
    left = np.inf
    for layer, shown in found:
        words = f"‖∂C/∂W{raised(layer)}‖ {shown}" if long else shown
        width = font.width(words)
        if width > gap - 4:
            continue
        x = geometry.band(layer).center().x() - width / 2
        left = min(left, x)
        font.put(painter, x, y, words, theme.secondary)
    symbol = "‖∂C/∂W‖"
    if not long and np.isfinite(left) and left - font.width(symbol) - theme.px(12) > 2:
        font.put(painter, left - font.width(symbol) - theme.px(12), y, symbol, theme.secondary)


def _paint_first_nonfinite(painter: QPainter, picture: Picture) -> None:
    """The first operation that made a number that is not finite is framed; what is not finite after it came from
    there."""
    problem = picture.frame.nonfinite
    if problem is None:
        return
    theme, geometry = picture.theme, picture.geometry
    if problem.quantity == "loss":
        box = geometry.box(LossNode())
    elif problem.quantity in ("dW", "update_W"):
        shape = picture.names.weights[problem.layer - 1][1:]
        source = int(np.ravel_multi_index(problem.index[1:], shape))
        box = geometry.box(Edge(problem.layer, problem.index[0], source))
        center = box.center()
        box = QRectF(center.x() - theme.px(9), center.y() - theme.px(9), theme.px(18), theme.px(18))
    else:
        shape = picture.network.shapes[problem.layer]
        place = problem.index[-len(shape) :]
        box = geometry.box(Unit(problem.layer, int(np.ravel_multi_index(place, shape))))
    box = box.adjusted(-6, -6, 6, 6)
    room = QRectF(0, 0, picture.view.width, picture.view.height).adjusted(4, 4, -4, -4)
    if problem.quantity == "loss":
        box = box.intersected(room)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(pen(theme.nonfinite, theme.stroke(2.0)))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(box, 5, 5)
    font = text.pen_of(theme, text.SMALL, bold=True)
    name = picture.letters.text("cost") if problem.quantity == "loss" else problem.quantity
    words = f"{name} = {number(problem.value)}"
    width = font.width(words) + theme.px(12)
    chip = QRectF(box.center().x() - width / 2, box.top() - font.height - 3, width, font.height + 2)
    if room.intersects(box):  # else it was panned out of the canvas, and its words go with it
        chip.moveLeft(max(min(chip.left(), room.right() - width), room.left()))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.nonfinite)
    painter.drawRoundedRect(chip, 4, 4)
    font.draw(painter, chip, words, theme.background)

"""Names and values of edges: beside their line, never on one, and only where there is room.

The edges of the present beat, the selected and the hovered one come first and have all digits; the others take what
room is left. What stands beside the +1 nodes takes part in the same search.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PyQt6.QtCore import QPointF, QRectF
from PyQt6.QtGui import QColor, QPainter

from bpstudio.insight.elements import BIAS, Edge, Row
from bpstudio.insight.notation import given, number, signed
from ui.canvas import checked, compared, glyphs, mark, text
from ui.canvas.edges import Lines, colors_of
from ui.canvas.mark import RAIL
from ui.canvas.picture import NOT_YET, Picture
from ui.canvas.room import Beside, Box, rect

MOST = 64
"""With more lines than this only the edges that are pointed at have labels."""
STRIP, STRIP_HEIGHT, MOST_ROWS = 96.0, 26, 64
"""Pixels of the strip of all rows' bars, and how many rows a strip can show."""
SHORT = 4
"""Decimals of a value on the canvas; the beat's own has all."""


@dataclass(frozen=True)
class Words:
    """What a label says, on one line or two.

    The glyph tells where the weight will go ("up", "down") or that it will not ("frozen"); it stands on the last
    line. `carried` marks the number that travels over the edge in this beat; `rows` asks for a strip of so many
    bars, each what one row of the batch gives to the gradient.
    """

    first: str
    second: str
    glyph: str
    carried: bool = False
    rows: int = 0


@dataclass(frozen=True)
class Request:
    """An edge whose label looks for room, with its wordings from the longest to the shortest."""

    edge: Edge
    line: Box
    strong: bool
    wordings: tuple[Words, ...]


@dataclass(frozen=True)
class Label:
    """A label that has found its room."""

    edge: Edge
    box: QRectF
    words: Words
    strong: bool


def requests(picture: Picture, lines: Sequence[Lines]) -> list[Request]:
    """All labels that would like to stand somewhere, the most important first."""
    found = []
    for strong, part, at in _in_order(picture, lines):
        to, source = int(part.to[at]), int(part.source[at])
        edge = Edge(part.layer, to, BIAS if source == part.inputs else source)
        if edge.is_bias and not strong and picture.shared_bias(part.layer) is not None:
            continue  # written once, beside the +1 node
        x1, y1, x2, y2 = part.places[at].tolist()
        known = bool(part.states[at] != NOT_YET)
        found.append(Request(edge, (x1, y1, x2, y2), strong, _wordings(picture, edge, known, strong)))
    return found


def wishes(picture: Picture, request: Request) -> tuple[Beside, ...]:
    """The sizes of a request's wordings. While training runs plain labels ask for the room of any number, whatever
    they say now: so they stay where they are.
    """
    theme = picture.theme
    font = text.pen_of(theme, text.NORMAL if request.strong else text.SMALL, mono=True)
    marked = mark.marked(picture.walk, picture.eye.mark) if not picture.running else ()
    found = []
    for words in request.wordings:
        sign = theme.px(15) if words.glyph else 0.0
        first, second = font.width(words.first), font.width(words.second)
        if picture.running and not request.strong:
            reserved = font.width(text.LONGEST)
            name = font.width(words.first.split(" ")[0] + " ")
            first = max(first, name + reserved)
            second, sign = max(second, reserved) if words.second else 0.0, float(theme.px(15))
        width = max(first, second + sign) if words.second else first + sign
        height = font.height * (1.95 if words.second else 1.0) - 2
        if words.rows:
            width, height = max(width, theme.px(STRIP)), height + theme.px(STRIP_HEIGHT)
        gap = theme.px(3) + (4.0 if request.strong else 1.0)
        if request.edge in marked:
            gap = max(gap, theme.px(RAIL + 4))
        further = (0.0, theme.px(6), theme.px(15)) if request.strong else (0.0, theme.px(6))
        found.append(Beside(request.line, width, height, gap, further))
    return tuple(found)


def placed(wanted: Sequence[Request], places: Sequence[tuple[int, Box] | None]) -> list[Label]:
    """The labels for which there was room."""
    return [
        Label(request.edge, rect(place[1]), request.wordings[place[0]], request.strong)
        for request, place in zip(wanted, places, strict=True)
        if place is not None
    ]


def _in_order(picture: Picture, lines: Sequence[Lines]) -> list[tuple[bool, Lines, int]]:
    total = sum(part.count for part in lines)
    first, rest = [], []
    for part in lines:
        strong = {
            (edge.to, part.inputs if edge.is_bias else edge.source)
            for edge in (picture.eye.selection, picture.eye.hover)
            if isinstance(edge, Edge) and edge.layer == part.layer
        }
        if picture.beat is not None and not picture.whole:
            lit = np.argwhere(picture.walk.lit_edges(picture.beat, part.layer)).tolist()
            if len(lit) <= 4:
                strong.update((to, source) for to, source in lit)
        if total > MOST and not strong:
            continue
        for at, key in enumerate(zip(part.to.tolist(), part.source.tolist(), strict=True)):
            if key in strong:
                first.append((True, part, at))
            elif total <= MOST:
                rest.append((False, part, at))
    return first + rest


def _wordings(picture: Picture, edge: Edge, known: bool, strong: bool) -> tuple[Words, ...]:
    """What a label could say, from all there is to the name and one value."""
    wordings = [_words(picture, edge, known, picture.eye.digits if strong else SHORT)]
    if strong and picture.eye.digits > SHORT:
        wordings.append(_words(picture, edge, known, SHORT))
    rows = len(picture.frame.batch)
    kind = picture.beat.kind if picture.beat is not None and not picture.whole else ""
    if kind == "gradient" and 1 < rows <= MOST_ROWS and strong and picture.is_lit(edge):
        wordings.insert(0, dataclasses.replace(wordings[0], rows=rows))
    short = wordings[-1]
    if short.second:
        wordings.append(Words(short.first, "", short.glyph))
    elif "→" in short.first:
        new = number(picture.weight_of(edge) + picture.update_of(edge), SHORT)
        wordings.append(Words(f"{picture.letters.edge(edge)} {new}", "", short.glyph))
    return tuple(wordings)


def _words(picture: Picture, edge: Edge, known: bool, digits: int) -> Words:
    weight, update = picture.weight_of(edge), picture.update_of(edge)
    first = f"{picture.letters.edge(edge)} {given(weight, max(SHORT, digits))}"
    frozen = picture.frozen(edge.layer, edge.is_bias)
    if picture.shows_new(edge):
        if not frozen:
            first += f" → {number(weight + update, digits)}"
        return Words(first, "", "frozen" if frozen else "")
    if picture.eye.color == "check":
        return Words(first, checked.said(float(picture.errors[edge.layer - 1][edge.to, edge.source])), "")
    if picture.eye.color == "difference":
        return Words(first, compared.label(picture, edge, digits), "")
    told = known and picture.eye.color != "weight"
    glyph = "frozen" if frozen else "up" if told and update > 0 else "down" if told and update < 0 else ""
    carried = _carried(picture, edge, digits)
    if carried:
        return Words(first, carried, "", carried=True)
    value = picture.gradient_of(edge) if picture.eye.color == "gradient" else update
    zero = "∂C/∂w 0" if picture.eye.color == "gradient" else "Δw 0"
    return Words(first, "" if not told else zero if value == 0.0 else signed(value, digits), glyph)


def _carried(picture: Picture, edge: Edge, digits: int) -> str:
    """What goes over a lit edge in this beat: the product on its way forward, or δ on its way back."""
    if picture.beat is None or not picture.arrived or not picture.is_lit(edge):
        return ""
    if picture.beat.kind == "product":
        return f"→ {number(picture.numbers.sent(edge), digits)}"
    if picture.beat.kind == "arrival":
        return f"← {number(picture.eye.delta_sign * picture.numbers.returned(edge), digits)}"
    return ""


def _ink(picture: Picture, label: Label) -> QColor:
    """The colour of a label's second line: of the beat's own number that of its edge, or of the phase it travels in."""
    theme = picture.theme
    if not label.strong:
        return theme.secondary
    if label.words.carried:
        return theme.phase[picture.phase]
    edge = label.edge
    value = picture.shown[edge.layer - 1][edge.to, picture.sizes[edge.layer - 1] if edge.is_bias else edge.source]
    if picture.eye.color != "gradient" or value == 0.0:
        return theme.text
    return QColor(int(colors_of(picture, np.array([value]))[0][0]))


def paint(painter: QPainter, picture: Picture, labels: Sequence[Label]) -> None:
    """All labels; those of the beat in the text's colour, the others quieter."""
    theme = picture.theme
    for label in labels:
        font = text.pen_of(theme, text.NORMAL if label.strong else text.SMALL, mono=True)
        words, center = label.words, label.box.center()
        rows = [(words.first, theme.text if label.strong else theme.secondary)]
        if words.second:
            rows.append((words.second, _ink(picture, label)))
        middle = center.y() - (len(rows) - 1) * font.height * 0.475
        if words.rows:
            middle -= theme.px(STRIP_HEIGHT) / 2
            strip = QRectF(
                label.box.left(), label.box.bottom() - theme.px(STRIP_HEIGHT), label.box.width(), theme.px(STRIP_HEIGHT)
            )
            _paint_strip(painter, picture, label.edge, strip)
        for row, (shown, color) in enumerate(rows):
            lead = theme.px(15) if words.glyph and row == len(rows) - 1 else 0.0
            x = center.x() - (font.width(shown) + lead) / 2
            if lead:
                _sign(painter, picture, words.glyph, QPointF(x + theme.px(5), middle), color)
            font.put(painter, x + lead, middle, shown, color)
            middle += font.height * 0.95


def _sign(painter: QPainter, picture: Picture, glyph: str, center: QPointF, color: QColor) -> None:
    if glyph == "frozen":
        glyphs.snowflake(painter, center, picture.theme.px(5), color)
    else:
        glyphs.triangle(painter, center, picture.theme.px(9), glyph == "up", color)


def _paint_strip(painter: QPainter, picture: Picture, edge: Edge, where: QRectF) -> None:
    """What each row gives to the gradient, as bars up and down from 0; the bar of the row that is shown is bright."""
    theme = picture.theme
    values = np.asarray(picture.numbers.contributions(edge), dtype=np.float64)
    largest = float(np.abs(values[np.isfinite(values)]).max(initial=0.0)) or 1.0
    t = np.clip(values / largest, -1.0, 1.0)
    colors = theme.signed(np.sign(t) * (0.5 + 0.5 * np.abs(t)))
    example = picture.numbers.example
    middle, half = where.center().y(), where.height() / 2 - 3
    bar = min(theme.px(STRIP) / len(values), 9.0)
    left = where.center().x() - len(values) * bar / 2
    painter.fillRect(QRectF(left, middle - 0.5, len(values) * bar, 1), theme.dashed)
    for row, (size, color) in enumerate(zip(np.nan_to_num(t).tolist(), colors.tolist(), strict=True)):
        here = isinstance(example, Row) and example.position == row
        top, height = (middle - size * half, size * half) if size >= 0 else (middle, -size * half)
        ink = theme.text if here else QColor(int(color))
        painter.fillRect(QRectF(left + row * bar + 0.5, top, max(bar - 1, 1.0), max(height, 1.0)), ink)

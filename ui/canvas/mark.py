"""The line at which a person's own number leaves ours: dashed rails and rings in the colour of a warning, and a sign.

Nothing else on the canvas is drawn in this way, so it is not taken for the selection (solid and blue) or for what has
not been computed (dashed and grey).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PyQt6.QtCore import QLineF, QPointF, Qt
from PyQt6.QtGui import QPainter, QPen

from bpstudio.insight.beat import Beat
from bpstudio.insight.elements import BIAS, Edge, Edges, Element, Lit, LossNode, Target, Targets, Unit, Units
from bpstudio.insight.walk import Walk
from ui.canvas import glyphs
from ui.canvas.edges import line_widths
from ui.canvas.picture import Picture
from ui.focus import Mark
from ui.theme import Theme

FEW = 12
"""So many edges are marked one by one; of more only the unit where they meet."""
_PLACE = 0.32
"""Where on an edge the sign stands: away from its label and from a pulse at rest."""
RAIL = 5
"""Pixels from the middle of a thin edge to its rails."""
_ONE_EDGE = ("product", "gradient", "update")


@lru_cache(maxsize=16)
def marked(walk: Walk, mark: Mark | None) -> tuple[Element, ...]:
    """The elements of a mark; nothing where the walk has no such line. The last one bears the sign."""
    if mark is None:
        return ()
    try:
        beat = walk.beat("edge", walk.find("edge", mark.address))
    except ValueError:
        return ()
    if mark.lit:
        return tuple(element for lit in mark.lit for element in _each(walk, lit) if walk.names.has(element))
    if beat.kind == "start":
        return ()
    found = [element for lit in beat.lights if isinstance(lit, (Edge, Edges)) for element in _each(walk, lit)]
    return tuple(found if beat.kind in _ONE_EDGE else [*found, _result(beat)])


def _each(walk: Walk, lit: Lit) -> list[Element]:
    """The single elements of what is lit; of a crowd none."""
    sizes = walk.network.sizes
    match lit:
        case Edges(layer, to, source):
            ends = range(sizes[layer]) if to is None else (to,)
            sources = (*range(sizes[layer - 1]), BIAS) if source is None else (source,)
            few = len(ends) * len(sources) <= FEW
            return [Edge(layer, one, other) for one in ends for other in sources] if few else []
        case Units(layer):
            return [Unit(layer, index) for index in range(sizes[layer])] if sizes[layer] <= FEW else []
        case Targets():
            return [Target(index) for index in range(sizes[-1])] if sizes[-1] <= FEW else []
    return [lit]


def _result(beat: Beat) -> Element:
    return LossNode() if beat.phase == "L" or beat.unit is None else Unit(beat.layer, beat.unit)


def paint_rails(painter: QPainter, picture: Picture) -> None:
    """The rails beside marked edges; they lie under everything that is read."""
    if picture.running:
        return
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(_pen(picture.theme))
    for element in marked(picture.walk, picture.eye.mark):
        if isinstance(element, Edge):
            for rail in _rails(picture, element):
                painter.drawLine(rail)


def paint(painter: QPainter, picture: Picture) -> None:
    """The rings round what is marked and the sign; nothing where there is none."""
    elements = marked(picture.walk, picture.eye.mark)
    if not elements or picture.running:
        return
    theme, geometry = picture.theme, picture.geometry
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for element in elements:
        painter.setPen(_pen(theme))
        if isinstance(element, Edge):
            continue
        if isinstance(element, Unit):
            x, y = geometry.units[element.layer][element.index].tolist()
            away = geometry.reach(element.layer) + theme.px(5)
            painter.drawEllipse(QPointF(x, y), away, away)
        else:
            painter.drawEllipse(geometry.box(element).adjusted(-5, -5, 5, 5))
    glyphs.warning(painter, _spot(picture, elements[-1]), theme.px(9), theme)


def _pen(theme: Theme) -> QPen:
    pen = QPen(theme.warning, theme.stroke(2.0))
    pen.setDashPattern([3.0, 2.0])
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    return pen


def _rails(picture: Picture, edge: Edge) -> list[QLineF]:
    x1, y1, x2, y2 = picture.geometry.line(edge)
    length = max(float(np.hypot(x2 - x1, y2 - y1)), 1e-9)
    width = float(line_widths(picture, np.array([picture.weight_of(edge)]))[0])
    away = max(width / 2 + picture.theme.px(2.5), picture.theme.px(RAIL))
    nx, ny = (y1 - y2) / length * away, (x2 - x1) / length * away
    return [QLineF(x1 + side * nx, y1 + side * ny, x2 + side * nx, y2 + side * ny) for side in (-1, 1)]


def _spot(picture: Picture, element: Element) -> QPointF:
    """Where the sign stands: on an edge, or at the upper left of a disc."""
    geometry = picture.geometry
    if isinstance(element, Edge):
        x1, y1, x2, y2 = geometry.line(element)
        return QPointF(x1 + (x2 - x1) * _PLACE, y1 + (y2 - y1) * _PLACE)
    if isinstance(element, Unit):
        x, y = geometry.units[element.layer][element.index].tolist()
        away = (geometry.reach(element.layer) + picture.theme.px(5)) * 0.7071
        return QPointF(x - away, y - away)
    box = geometry.box(element)
    return box.topLeft() + QPointF(box.width() * 0.1, box.height() * 0.1)

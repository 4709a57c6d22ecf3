"""What lights up in a beat, and the number on its way: the pulse.

Operands glow in the colours of the formula's factors. A pulse runs the way the number travels: forward to the right,
backward to the left. Three shapes, so that no colour speaks alone: a dot goes forward, a diamond is a delta, a disc
with a halo a gradient. A pulse eases out before its goal and rests there, so that a picture at rest still says which
way the number went.
"""

from __future__ import annotations

import numpy as np
from PyQt6.QtCore import QLineF, QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPolygonF, QRegion

from bpstudio.insight.elements import (
    BIAS,
    Edge,
    Edges,
    Kernel,
    KernelEntry,
    Lit,
    LossNode,
    Map,
    Pixel,
    PlusOne,
    Target,
    Unit,
    Units,
)
from bpstudio.insight.walk import Pulse
from ui.canvas import kernels, links, units
from ui.canvas.edges import colors_of, line_widths
from ui.canvas.picture import NOT_YET, Picture
from ui.canvas.strokes import Floats, mixed, pen

REST = 0.8
"""Where on its way a pulse comes to rest."""
FEW = 12
"""So many lit edges get a halo each; more are told from the others by their full strength."""
MANY = 64
"""So many pulses at most run at once; a whole layer sends a front."""


def lit_edges(picture: Picture) -> list[Edge]:
    """The edges that glow one by one: of a fine beat all, of a coarse one none."""
    if picture.beat is None or picture.whole:
        return []
    found: list[Edge] = []
    for layer in range(1, picture.depth + 1):
        if picture.geometry.mode(layer) in ("kernels", "links"):
            continue
        where = np.argwhere(picture.walk.lit_edges(picture.beat, layer))
        if len(where) > FEW:
            return []
        inputs = picture.sizes[layer - 1]
        found.extend(Edge(layer, to, BIAS if source == inputs else source) for to, source in where.tolist())
    return found if len(found) <= FEW else []


def paint_lit(painter: QPainter, picture: Picture) -> None:
    """A halo under each lit edge, and the edge itself again at full strength and a width that the eye finds."""
    theme = picture.theme
    light = theme.glow if theme.dark else theme.phase[picture.phase] if picture.phase else theme.glow
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for edge in lit_edges(picture):
        line = picture.geometry.line(edge)
        at = (edge.to, picture.sizes[edge.layer - 1] if edge.is_bias else edge.source)
        known = picture.shown_states[edge.layer - 1][at] != NOT_YET
        value = np.array([picture.shown[edge.layer - 1][at]])
        width = max(theme.stroke(4.0), float(line_widths(picture, np.array([picture.weight_of(edge)]))[0]))
        if known and value[0] == 0.0:
            width = theme.stroke(1.0)  # exactly 0 stays a thin line
        painter.setPen(pen(mixed(light, theme.background, 0.22), width + theme.stroke(6.0)))
        painter.drawLine(QLineF(*line))
        if known and np.isfinite(value[0]):
            color = QColor(int(colors_of(picture, value)[0][0]))
        elif known:
            color = theme.nonfinite
        else:
            color = theme.phase["F"] if picture.sends(edge) else theme.dashed
        painter.setPen(pen(color, width if known else width * 0.6, dashed=not known and not picture.sends(edge)))
        painter.drawLine(QLineF(*line))


def travelled(phase: float) -> float:
    """How far along its way a pulse is: fast at first, then at rest before its goal."""
    return REST * (1.0 - (1.0 - min(max(phase, 0.0), 1.0)) ** 2)


def paint_pulse(painter: QPainter, picture: Picture) -> None:
    """The number on its way, in the colour of its phase or of its gradient."""
    beat = picture.beat
    if beat is None or beat.pulse is None or picture.eye.reduced_motion or beat.grain == "step":
        return
    if picture.arrived and picture.whole:
        return
    ways = ways_of(picture, beat.pulse)
    place = travelled(picture.view.phase)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if len(ways) > MANY:
        if not picture.arrived:
            _front(painter, picture, ways, place)
        return
    if picture.arrived and (len(ways) > FEW or beat.pulse.along is None):
        return  # a crowd at rest says nothing, and between outputs and loss it would cover the targets
    size = picture.theme.px(9) if len(ways) == 1 else picture.theme.px(6)
    for x1, y1, x2, y2 in ways.tolist():
        _shape(painter, picture, beat.pulse.kind, QPointF(x1 + (x2 - x1) * place, y1 + (y2 - y1) * place), size)


def resting(picture: Picture) -> list[QRectF]:
    """Where single pulses come to rest: text keeps away, also while they are still under way."""
    beat = picture.beat
    if beat is None or beat.pulse is None or picture.eye.reduced_motion or beat.grain == "step" or picture.whole:
        return []
    ways = ways_of(picture, beat.pulse)
    if len(ways) > FEW or beat.pulse.along is None:
        return []
    away = picture.theme.px(17) if len(ways) == 1 else picture.theme.px(11)
    spots = ways[:, :2] + (ways[:, 2:] - ways[:, :2]) * REST
    return [QRectF(x - away, y - away, 2 * away, 2 * away) for x, y in spots.tolist()]


def ways_of(picture: Picture, pulse: Pulse) -> Floats:
    """The straight ways (n, 4) that a pulse takes, each from where the number comes to where it goes."""
    geometry = picture.geometry
    along = pulse.along
    if along is not None and geometry.mode(along.layer) == "kernels":
        lines = _kernel_lines(picture, along)
    elif isinstance(along, Edge):
        lines = np.array([geometry.line(along)])
    elif isinstance(along, Edges):
        inputs = picture.sizes[along.layer - 1]
        to = np.arange(picture.sizes[along.layer]) if along.to is None else np.array([along.to])
        columns = (
            np.arange(inputs + (pulse.kind != "delta" and picture.network.biases[along.layer - 1]))
            if along.source is None
            else np.array([along.source % (inputs + 1)])
        )
        if len(to) * len(columns) > 4 * MANY:  # a front needs no more than its outline
            to, columns = to[[0, -1]], columns[:: max(1, len(columns) // MANY)]
        to, columns = (grid.ravel() for grid in np.meshgrid(to, columns, indexing="ij"))
        lines = geometry.lines(along.layer, to, columns)
    else:
        start, end = points(picture, pulse.origin), points(picture, pulse.destination)
        count = max(len(start), len(end))
        spread = (each[np.linspace(0, len(each) - 1, count).round().astype(np.intp)] for each in (start, end))
        return np.concatenate(tuple(spread), axis=1)
    return lines if pulse.kind == "forward" else lines[:, [2, 3, 0, 1]]


def _kernel_lines(picture: Picture, along: Edge | Edges) -> Floats:
    """The lines of the kernels that an edge, or edges, of a convolution belong to; of a bias that of its filter."""
    geometry, layer = picture.geometry, along.layer
    if isinstance(along, Edge):
        return np.array([geometry.line(along)])
    filters, channels = geometry.layout.drawn_kernels(layer)
    there = np.ones(len(filters), np.bool_) if along.to is None else filters == along.to
    return geometry.map_lines(layer, filters[there], channels[there])


def points(picture: Picture, lit: Lit) -> Floats:
    """Where a lit element stands, (n, 2); a layer of images by the middles of its maps."""
    geometry = picture.geometry
    match lit:
        case Units(layer) if (maps := geometry.maps(layer)) is not None:
            middles: Floats = maps.boxes[:, :2] + maps.boxes[:, 2:] / 2
            return geometry.to_screen(middles)
        case Map() | Pixel() | Kernel() | KernelEntry():
            middle = geometry.box(lit).center()
            return np.array([(middle.x(), middle.y())])
        case Unit(layer, index):
            return geometry.units[layer][index : index + 1]
        case Units(layer):
            return geometry.units[layer]
        case LossNode():
            return np.array([geometry.loss])
        case PlusOne(layer):
            return geometry.plus[layer - 1 : layer]
        case Target(index):
            return geometry.targets[index : index + 1]
        case _:
            return geometry.targets


def _shape(painter: QPainter, picture: Picture, kind: str, at: QPointF, size: float) -> None:
    theme = picture.theme
    forward = theme.phase["L" if picture.phase == "L" else "F"]
    gradient = theme.glow if theme.dark else theme.phase["B"]
    color = {"forward": forward, "delta": theme.phase["B"]}.get(kind, gradient)
    halo = QColor(color)
    halo.setAlpha(70)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(halo)
    if kind == "delta":
        painter.drawPolygon(_diamond(at, size * 1.7))
        painter.setBrush(color)
        painter.drawPolygon(_diamond(at, size * 1.05))
    else:
        wide = 1.8 if kind == "gradient" else 1.5
        painter.drawEllipse(at, size * wide, size * wide)
        painter.setBrush(color)
        solid = size if kind == "gradient" else size * 0.8
        painter.drawEllipse(at, solid, solid)


def _diamond(at: QPointF, size: float) -> QPolygonF:
    x, y = at.x(), at.y()
    return QPolygonF([QPointF(x, y - size), QPointF(x + size, y), QPointF(x, y + size), QPointF(x - size, y)])


def _front(painter: QPainter, picture: Picture, ways: Floats, place: float) -> None:
    """A whole layer at once: an upright bar that sweeps over its edges."""
    x = float(np.mean(ways[:, 0] + (ways[:, 2] - ways[:, 0]) * place))
    top, bottom = float(ways[:, [1, 3]].min()), float(ways[:, [1, 3]].max())
    color = picture.theme.phase["F" if picture.phase == "F" else "B"]
    painter.setPen(pen(color, picture.theme.stroke(3.0)))
    painter.drawLine(QLineF(x, top, x, bottom))


def paint_pointed(painter: QPainter, picture: Picture) -> None:
    """What is selected, and what is under the mouse."""
    links.paint_windows(painter, picture)
    for element, strong in ((picture.eye.hover, False), (picture.eye.selection, True)):
        if isinstance(element, Unit) and picture.geometry.layout.has_discs(element.layer):
            units.paint_selection(painter, picture, element, strong)
        elif isinstance(element, Map | Pixel | Unit):
            if not (element.layer == 0 and picture.geometry.image is not None):  # which marks its own pixels
                _paint_box(painter, picture, picture.geometry.box(element), strong)
        elif isinstance(element, Kernel | KernelEntry):
            _paint_kernel(painter, picture, element, strong)
        elif isinstance(element, Edge):
            _paint_edge(painter, picture, element, strong)
        elif isinstance(element, (LossNode, PlusOne, Target)):
            box = picture.geometry.box(element)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(pen(picture.theme.accent, picture.theme.stroke(2.0 if strong else 1.25)))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(-4, -4, 4, 4), 6, 6)


def _paint_box(painter: QPainter, picture: Picture, box: QRectF, strong: bool) -> None:
    """A frame round a map or a pixel, never smaller than can be seen."""
    grow = max((6.0 - min(box.width(), box.height())) / 2, 1.5)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(pen(picture.theme.accent, picture.theme.stroke(2.5 if strong else 1.5)))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(box.adjusted(-grow, -grow, grow, grow))


def _paint_kernel(painter: QPainter, picture: Picture, element: Kernel | KernelEntry, strong: bool) -> None:
    """Rails along a kernel's line, and a frame round its picture and round the number that is meant."""
    kernel = element if isinstance(element, Kernel) else element.kernel
    own = [each for each in kernels.pictured(picture) if each.kernel == kernel]
    painter.save()
    for each in own:  # the rails end at the picture
        painter.setClipRegion(QRegion(painter.clipRegion()) - QRegion(each.box.toAlignedRect()))
    _paint_edge(painter, picture, Edge(kernel.layer, kernel.filter, _first(picture, kernel)), strong)
    painter.restore()
    for each in own:
        painter.setPen(pen(picture.theme.accent, picture.theme.stroke(2.0 if strong else 1.25)))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(each.box.adjusted(-2, -2, 2, 2))
        if isinstance(element, KernelEntry):
            cell = each.cell(element.u, element.v, picture.names.weights[element.layer - 1])
            painter.drawRect(cell.adjusted(-0.5, -0.5, 0.5, 0.5))


def _first(picture: Picture, kernel: Kernel) -> int:
    """The place of a kernel's first number in its filter's row."""
    return int(picture.place(kernel).start)


def _paint_edge(painter: QPainter, picture: Picture, edge: Edge, strong: bool) -> None:
    """Rails along an edge: its own colour and width stay what they are."""
    x1, y1, x2, y2 = picture.geometry.line(edge)
    length = max(float(np.hypot(x2 - x1, y2 - y1)), 1e-9)
    width = max(
        4.0 if picture.is_lit(edge) else 0.0, float(line_widths(picture, np.array([picture.weight_of(edge)]))[0])
    )
    away = width / 2 + (5.5 if picture.is_lit(edge) else 3.0)
    nx, ny = (y1 - y2) / length * away, (x2 - x1) / length * away
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(pen(picture.theme.accent, picture.theme.stroke(2.0 if strong else 1.25)))
    for side in (-1, 1):
        painter.drawLine(QLineF(x1 + side * nx, y1 + side * ny, x2 + side * nx, y2 + side * ny))

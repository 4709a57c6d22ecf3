"""The edges: colour is the number looked at, width is |w|, and a second channel always says the same.

Which edges are drawn as lines is chosen first (all, or the strongest of each layer over a shade), then every look is
one batch: not computed yet (dashed), exactly 0 (solid, grey), a colour of the map, not finite (zigzag).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QPainter, QPolygonF

from bpstudio.insight.elements import Edge
from ui.canvas import checked, scale
from ui.canvas.picture import NOT_YET, NOW, Picture, States, column
from ui.canvas.shade import draw_image, matrix_cells, shade, shade_image
from ui.canvas.shade import image as picture_of
from ui.canvas.strokes import Colors, Floats, Indices, blend, dashes, draw_lines, mixed, pen, snap, zigzag

ALL_SMOOTH = 600
"""So many edges are all antialiased; above, only the strongest SMOOTH of them (an antialiased line costs four plain
ones)."""
SMOOTH = 300
WAITING = 48
"""So many edges of a layer at most are drawn dashed while nothing of it is known."""
STRONGEST = 120
"""So many edges of a layer at most are drawn over its shade."""
FADED = 0.6
"""Strength of what was computed in an earlier beat."""
GHOSTS, GHOST_RIM = 200, 5.0
"""Up to so many edges keep a ghost of their old width; it is wider by a rim, or a small change could not be seen."""
WIDEST_FEW, WIDEST_MANY = 7.0, 3.0


@dataclass(frozen=True, eq=False)
class Lines:
    """The edges of one layer that are drawn as lines; `source` is the column, so the bias is the last.

    `weights` are those that widths mean; `before` is what they were before the update.
    """

    layer: int
    to: Indices
    source: Indices
    states: States
    values: Floats
    weights: Floats
    before: Floats
    places: Floats

    inputs: int

    @property
    def count(self) -> int:
        return len(self.to)

    @property
    def flat(self) -> Indices:
        """Indices into (units, inputs + 1)."""
        return self.to * (self.inputs + 1) + self.source


def chosen(picture: Picture) -> tuple[Lines, ...]:
    """The lines of each layer: all its edges, or the strongest; where nothing is known yet, those of the largest
    weights."""
    lines = []
    for layer in range(1, picture.depth + 1):
        states, values = picture.shown_states[layer - 1], picture.shown[layer - 1]
        weights = picture.shown_weights[layer - 1]
        mode = picture.geometry.mode(layer)
        if mode in ("kernels", "links"):
            continue
        if mode == "edges":
            flat = np.arange(values.size)
        elif mode == "strongest":
            flat = strongest(picture, layer)
        else:
            flat = picked(picture, layer)
        to, source = np.divmod(flat, values.shape[1])
        geometry = picture.geometry
        places = geometry.all_lines(layer) if mode == "edges" else geometry.lines(layer, to, source)
        if not picture.network.biases[layer - 1]:
            there = source < values.shape[1] - 1
            flat, to, source, places = flat[there], to[there], source[there], places[there]
        lines.append(
            Lines(
                layer,
                to,
                source,
                states.ravel()[flat],
                values.ravel()[flat],
                weights.ravel()[flat],
                picture.weights[layer - 1].ravel()[flat],
                places,
                picture.sizes[layer - 1],
            )
        )
    return tuple(lines)


def strongest(picture: Picture, layer: int) -> Indices:
    """Flat indices of the strongest edges of a layer, and of those that are pointed at or lit."""
    values = picture.shown[layer - 1]
    count = min(limit(picture.depth), values.size)
    known = picture.shown_states[layer - 1] != NOT_YET
    ranks = np.where(known, np.abs(values), 0.0).ravel()
    if not known.any():
        ranks = np.abs(picture.weights[layer - 1]).ravel()
        count = min(count, WAITING)
    ranks = np.where(np.isfinite(ranks), ranks, np.inf)  # what is not finite is never left out
    best = np.argpartition(ranks, ranks.size - count)[ranks.size - count :]
    return np.union1d(best, picked(picture, layer))


def limit(depth: int) -> int:
    """How many edges of each layer are drawn when not all are."""
    return max(30, min(STRONGEST, ALL_SMOOTH // depth))


def picked(picture: Picture, layer: int) -> Indices:
    """Flat indices of edges that are selected, hovered or lit by a fine beat: always drawn."""
    columns = picture.sizes[layer - 1] + 1
    found = [
        element.to * columns + column(element, columns - 1)
        for element in (picture.eye.selection, picture.eye.hover)
        if isinstance(element, Edge) and element.layer == layer
    ]
    if picture.beat is not None and not picture.whole:
        lit = np.flatnonzero(picture.walk.lit_edges(picture.beat, layer))
        if len(lit) <= STRONGEST:
            found.extend(lit.tolist())
    return np.array(found, dtype=np.intp)


def line_widths(picture: Picture, weights: Floats) -> Floats:
    """Widths in pixels by |w|: fine steps while there are few lines, whole pixels when there are many."""
    few = picture.edge_count <= 200
    wide = scale.widths(weights, picture.limits.weight, WIDEST_FEW if few else WIDEST_MANY)
    return snap(wide * max(picture.theme.scale, 1.0), 0.25 if few else 1.0)


def thinner(picture: Picture, widths: Floats) -> Floats:
    """The width of a line that has not got its own colour yet: it tells |w| more quietly."""
    thinnest = picture.theme.stroke(1.0)
    return snap(thinnest + np.maximum(widths - thinnest, 0.0) * 0.4, 0.25)


def colors_of(picture: Picture, values: Floats) -> tuple[Colors, Indices]:
    """Colours of the numbers and their rank for painting: the strongest on top. Exact zeros get their own colour."""
    theme, limits = picture.theme, picture.limits
    if picture.eye.color == "gradient":
        t = limits.place(values)
        colors = theme.gradient(t)
    elif picture.eye.color == "check":
        colors, t = checked.colors_of(theme, values)
    else:
        t = np.clip(values / picture.signed_end, -1.0, 1.0)
        colors = theme.signed(t)
    colors = np.where(values == 0.0, np.uint32(theme.zero.rgb()), colors).astype(np.uint32)
    ranks = 1 + np.rint(np.nan_to_num(np.abs(t)) * 63).astype(np.intp)
    return colors, np.where(values == 0.0, 0, ranks)


def paint(painter: QPainter, picture: Picture, lines: Sequence[Lines]) -> None:
    """All edges: shades and matrices, dashed ones, then solid ones from weak to strong."""
    for layer in range(1, picture.depth + 1):
        mode = picture.geometry.mode(layer)
        if mode == "strongest" and not picture.theme.faintest:  # a shade is faint by its nature
            paint_shade(painter, picture, layer)
        elif mode == "matrix":
            paint_matrix(painter, picture, layer)
    total = sum(part.count for part in lines)
    if not total:
        return
    places = np.concatenate([part.places for part in lines])
    states = np.concatenate([part.states for part in lines])
    values = np.concatenate([part.values for part in lines])
    weights = np.concatenate([part.weights for part in lines])
    sent = np.zeros(len(states), dtype=bool)
    if picture.sent is not None:
        sent = np.concatenate([picture.sent[part.layer - 1].ravel()[part.flat] for part in lines]) != NOT_YET
    before = np.concatenate([part.before for part in lines])
    paint_lines(painter, picture, places, states, values, weights, before, sent)


def paint_lines(
    painter: QPainter,
    picture: Picture,
    places: Floats,
    states: States,
    values: Floats,
    weights: Floats,
    before: Floats,
    sent: NDArray[np.bool_],
) -> None:
    """Lines (n, 4) in the looks of their numbers: what is sent forward, what colours mean, and the weights that widths
    mean, now and before the update.
    """
    total = len(places)
    widths = line_widths(picture, weights)
    finite = np.isfinite(values)
    waiting = states == NOT_YET
    smooth = total <= ALL_SMOOTH
    _paint_waiting(painter, picture, places[waiting & ~sent], widths[waiting & ~sent], smooth)
    _paint_sent(painter, picture, places[waiting & sent], widths[waiting & sent], smooth)
    if picture.shown_weights is not picture.weights and not picture.whole and total <= GHOSTS:
        moved = before != weights
        _paint_ghosts(painter, picture, places[moved], line_widths(picture, before[moved]))
    solid = ~waiting & finite
    colors, ranks = colors_of(picture, values[solid])
    widths_solid = np.where(values[solid] == 0.0, picture.theme.stroke(1.0), widths[solid])
    if not picture.whole:
        faded = states[solid] != NOW
        colors = np.where(faded, blend(colors, picture.theme.background, picture.theme.strength(FADED)), colors)
        ranks = ranks + np.where(faded, 0, 100)
    _paint_solid(painter, places[solid], colors, widths_solid, ranks, smooth)
    _paint_nonfinite(painter, picture, places[~waiting & ~finite])


def _paint_solid(
    painter: QPainter, places: Floats, colors: Colors, widths: Floats, ranks: Indices, smooth: bool
) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, smooth)
    if smooth or len(places) <= SMOOTH:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        draw_lines(painter, places, colors, widths, ranks)
        return
    strong = np.zeros(len(places), dtype=bool)
    strong[np.argpartition(ranks, len(ranks) - SMOOTH)[len(ranks) - SMOOTH :]] = True
    draw_lines(painter, places[~strong], colors[~strong], widths[~strong], ranks[~strong])
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    draw_lines(painter, places[strong], colors[strong], widths[strong], ranks[strong])


def _paint_waiting(painter: QPainter, picture: Picture, places: Floats, widths: Floats, smooth: bool) -> None:
    """Not computed yet: dashed, in the width that the weight has."""
    if not len(places):
        return
    pieces, owners = dashes(places, picture.theme.stroke(1.0))
    theme = picture.theme
    color = theme.dashed if len(places) <= 150 else mixed(theme.dashed, theme.background, theme.strength(0.5))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, smooth)
    colors = np.full(len(pieces), color.rgb(), np.uint32)
    draw_lines(painter, pieces, colors, thinner(picture, widths)[owners], np.zeros(len(pieces), np.intp))


def _paint_sent(painter: QPainter, picture: Picture, places: Floats, widths: Floats, smooth: bool) -> None:
    """On the way forward: the product is computed, so the line is solid, in the colour of the forward phase."""
    blue = np.array([picture.theme.phase["F"].rgb()], np.uint32)
    color = np.full(len(places), blend(blue, picture.theme.background, picture.theme.strength(FADED))[0])
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, smooth)
    draw_lines(painter, places, color, thinner(picture, widths), np.zeros(len(places), np.intp))


def _paint_ghosts(painter: QPainter, picture: Picture, places: Floats, widths: Floats) -> None:
    """The width that an edge had before its update, as a pale band that shows on both sides of the new one."""
    pale = np.full(
        len(places),
        blend(np.array([picture.theme.dashed.rgb()], np.uint32), picture.theme.background, picture.theme.strength(0.4))[
            0
        ],
    )
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    draw_lines(painter, places, pale, widths + picture.theme.stroke(GHOST_RIM), np.zeros(len(places), np.intp))


def _paint_nonfinite(painter: QPainter, picture: Picture, places: Floats) -> None:
    """A zigzag in a colour that no map has. Above STRONGEST of them the picture is clear enough."""
    few = len(places) <= 12
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(pen(picture.theme.nonfinite, picture.theme.stroke(1.5 if few else 1.0)))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for x1, y1, x2, y2 in places[:STRONGEST].tolist():
        painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in zigzag(x1, y1, x2, y2, 4.0 if few else 2.0)]))


def paint_shade(painter: QPainter, picture: Picture, layer: int) -> None:
    """Where the layer's other edges go and how strong they are on average; grey while nothing is known."""
    band = picture.geometry.band(layer)
    values = np.abs(picture.shown[layer - 1][:, :-1])
    known = picture.shown_states[layer - 1][:, :-1] != NOT_YET
    sources, targets = (picture.geometry.units[at][:, 1] for at in (layer - 1, layer))
    mean, share = shade(np.where(known, values, 0.0), sources, targets, band)
    colors, _ = colors_of(picture, np.where(share > 0, mean, 0.0))
    draw_image(painter, band, shade_image(colors, share, picture.theme.background), smooth=False)


def paint_matrix(painter: QPainter, picture: Picture, layer: int) -> None:
    """The layer's matrix: one row per unit, one column per input, the bias not among them."""
    where: QRectF = picture.geometry.band(layer)
    values = picture.shown[layer - 1][:, :-1]
    known = picture.shown_states[layer - 1][:, :-1] != NOT_YET
    if known.any():
        colors, _ = colors_of(picture, matrix_cells(np.where(known, values, 0.0), where.width(), where.height()))
    else:
        colors = np.full((1, 1), picture.theme.background.rgb(), np.uint32)
    if known.any() and not known.all():
        seen = matrix_cells(known.astype(np.float64), where.width(), where.height()) > 0
        colors = np.where(seen, colors, np.uint32(picture.theme.background.rgb()))
    draw_image(painter, where, picture_of(colors), smooth=False)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(
        pen(
            picture.theme.border if known.any() else picture.theme.dashed,
            picture.theme.stroke(1.0),
            dashed=not known.all(),
        )
    )
    painter.drawRect(where)

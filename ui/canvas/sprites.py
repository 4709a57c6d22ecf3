"""Small discs and rings by the hundred: drawn once for each level of their map, then copied.

A disc of a few pixels costs as much to draw as a large one, and a network has hundreds. A copy costs a tenth. Levels
are so fine that no eye tells them apart; what has text, a glow or a number that is not finite is drawn by itself.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from PyQt6 import sip
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPixmap

from ui.canvas import glyphs
from ui.canvas.strokes import Floats, Indices, pen
from ui.theme import Theme

LEVELS = 64
"""Levels of a fill."""
SHARES = 32
"""Levels of a ring; the ring of a flat unit, which is twice as wide, has as many again."""
VISIBLE_GREY = 0.6
"""A ring's grey starts here on the map: the map's own dark end could not be seen on the background (3:1)."""

Look = Literal["ringed", "outlined"]


@dataclass(frozen=True, eq=False)
class Atlas:
    """Pictures of one size side by side; `cell` is their width in device pixels."""

    pixmap: QPixmap
    cell: int
    ratio: float


@functools.lru_cache(maxsize=32)
def discs(theme: Theme, signed: bool, radius: float, look: Look, ratio: float) -> Atlas:
    """A disc for each level of a map. In a ring it has no outline of its own."""
    t = np.linspace(0.0, 1.0, LEVELS)
    colors = theme.signed(2.0 * t - 1.0) if signed else theme.activation(t)

    def draw(painter: QPainter, number: int, center: QPointF) -> None:
        painter.setPen(pen(theme.dashed, theme.stroke(1.0)) if look == "outlined" else Qt.PenStyle.NoPen)
        painter.setBrush(QColor(int(colors[number])))
        painter.drawEllipse(center, radius, radius)

    return _atlas(LEVELS, radius + 1.0, ratio, draw)


@functools.lru_cache(maxsize=32)
def rings(theme: Theme, radius: float, width: float, ratio: float) -> Atlas:
    """A ring for each level of saturation, then the same for flat units."""
    shares = np.linspace(0.0, 1.0, SHARES)
    greys = theme.saturation(VISIBLE_GREY + (1.0 - VISIBLE_GREY) * shares)

    def draw(painter: QPainter, number: int, center: QPointF) -> None:
        flat, level = divmod(number, SHARES)
        outer = radius + (0.6 + 1.0 + flat) * width
        glyphs.ring(
            painter, center, 0.0, outer, float(shares[level]), theme.track, QColor(int(greys[level])), theme.track
        )

    return _atlas(2 * SHARES, radius + 2.6 * width, ratio, draw)


def levels(t: Floats, count: int) -> Indices:
    """The level of each number in 0..1."""
    return np.rint(np.clip(t, 0.0, 1.0) * (count - 1)).astype(np.intp)


def copy(painter: QPainter, atlas: Atlas, centers: Floats, numbers: Indices) -> None:
    """Put picture `numbers[i]` at each of `centers` (n, 2), on whole device pixels."""
    count = len(numbers)
    if not count:
        return
    array: Any = sip.array(QPainter.PixmapFragment, count)  # type: ignore[call-arg]  # the stubs know no constructor
    # x, y, source left, top, width, height, scale x, y, rotation, opacity: as Qt documents PixmapFragment.
    fields = np.frombuffer(array, dtype=np.float64).reshape(count, 10)
    fields[:, :2] = (np.floor(centers * atlas.ratio) + 0.5) / atlas.ratio
    fields[:, 2] = numbers * atlas.cell
    fields[:, 3:] = (0.0, atlas.cell, atlas.cell, 1.0 / atlas.ratio, 1.0 / atlas.ratio, 0.0, 1.0)
    painter.drawPixmapFragments(array, atlas.pixmap)


def _atlas(count: int, reach: float, ratio: float, draw: Any) -> Atlas:
    """`reach` is the half width of one picture in logical pixels."""
    cell = 2 * math.ceil(reach * ratio) + 1  # odd, so that there is a middle pixel
    pixmap = QPixmap(cell * count, cell)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for number in range(count):
        painter.resetTransform()
        painter.setClipRect(QRectF(number * cell, 0, cell, cell))
        painter.translate(number * cell + cell / 2, cell / 2)
        painter.scale(ratio, ratio)
        draw(painter, number, QPointF(0.0, 0.0))
    painter.end()
    return Atlas(pixmap, cell, ratio)

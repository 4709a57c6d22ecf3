"""Too many edges to tell apart: the whole layer as a shade, or its matrix as a heat map.

The shade answers "where does the rest go, and how strong is it?": the layer's edges are bundled (neighbouring sources
with neighbouring targets), each bundle has the mean size of its edges, and every point between the two columns shows
the mean of the bundles that pass it. 78,400 edges are a few thousand bundles, so it can be computed for every
picture.
"""

from __future__ import annotations

import functools
import math

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QColor, QImage, QPainter

from ui.canvas.strokes import Colors, Floats, blend, pen
from ui.theme import Theme

BUNDLES = 36
"""At most so many bundles leave a layer and reach the next."""
CELL_WIDTH, CELL_HEIGHT = 8.0, 7.0
MOST_COLUMNS, MOST_ROWS = 32, 72
"""The cells in which bundles are counted."""
FINE = 3.0
"""Pixels of a cell that is drawn."""
SPREAD_ROWS, SPREAD_COLUMNS = 3.5, 1.5
FAINT, DENSE = 0.10, 0.42
"""Strength of the shade where few and where most bundles pass."""


def shade(sizes: Floats, sources: Floats, targets: Floats, where: QRectF) -> tuple[Floats, Floats]:
    """Mean size and share of bundles at each point of a rectangle between two columns, as two images of coarse cells.

    `sizes` (targets, sources) are sizes of the numbers shown; `sources` and `targets` the y of the units, in pixels.
    Points that no bundle passes have share 0 and mean NaN.
    """
    rows = int(min(max(where.height() / CELL_HEIGHT, 16), MOST_ROWS))
    columns = int(min(max(where.width() / CELL_WIDTH, 8), MOST_COLUMNS))
    groups_to, groups_from = _groups(len(targets)), _groups(len(sources))
    bundles = np.add.reduceat(np.add.reduceat(sizes, groups_from, axis=1), groups_to, axis=0)
    counts_to, counts_from = np.diff([*groups_to, len(targets)]), np.diff([*groups_from, len(sources)])
    bundles = bundles / (counts_to[:, None] * counts_from)
    ys = np.add.reduceat(sources, groups_from) / counts_from
    yt = np.add.reduceat(targets, groups_to) / counts_to
    cells, passing = _passing(ys.tobytes(), yt.tobytes(), where.top(), where.height(), rows, columns)
    passing = _spread_out(passing, where)
    finite = np.where(
        np.isfinite(bundles), bundles, 0.0
    )  # what is not finite is drawn by itself, not spread over the layer
    sums = np.bincount(cells, weights=np.repeat(finite.ravel(), columns), minlength=rows * columns)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = _spread_out(sums.reshape(rows, columns).astype(np.float64), where) / passing
    return mean, passing / max(float(passing.max()), 1e-9)


def _spread_out(values: Floats, where: QRectF) -> Floats:
    """Coarse cells as a fine image: a bundle is as wide as the units it stands for, not a thread.

    Interpolating here and stretching the image without smoothing takes a quarter of the time of smooth stretching.
    """
    down = _spread(max(int(where.height() / FINE), 1), values.shape[0], SPREAD_ROWS)
    across = _spread(max(int(where.width() / FINE), 1), values.shape[1], SPREAD_COLUMNS)
    spread: Floats = down @ values @ across.T
    return spread


@functools.lru_cache(maxsize=64)
def _spread(fine: int, coarse: int, reach: float) -> Floats:
    """The matrix (fine, coarse) that spreads each coarse cell over the fine ones within `reach` coarse cells."""
    place = (np.arange(fine) + 0.5) * coarse / fine - 0.5
    weights = np.maximum(0.0, 1.0 - np.abs(place[:, None] - np.arange(coarse)) / reach)
    matrix: Floats = weights / weights.sum(axis=1, keepdims=True)
    return matrix


def shade_image(colors: Colors, share: Floats, background: QColor) -> QImage:
    """The picture of a shade: colours of the means, the fainter the fewer bundles pass."""
    strength = np.minimum(share / 0.08, 1.0) * (FAINT + (DENSE - FAINT) * np.sqrt(share))  # soft at its rims
    return image(blend(colors, background, strength))


def matrix_cells(values: Floats, width: float, height: float) -> Floats:
    """A matrix no finer than the pixels it is drawn on: each cell keeps its block's largest in size, NaN before all.

    A mean would hide the one weight that learns; the largest never lies about extremes.
    """
    rows, columns = values.shape
    tall, wide = math.ceil(rows / max(1, int(height))), math.ceil(columns / max(1, int(width)))
    if tall == 1 and wide == 1:
        return values
    spare = ((0, -rows % tall), (0, -columns % wide))
    blocks = np.pad(values, spare, mode="edge").reshape(-(-rows // tall), tall, -(-columns // wide), wide)
    low, high = blocks.min(axis=(1, 3)), blocks.max(axis=(1, 3))
    cells: Floats = np.where(np.abs(low) > np.abs(high), low, high)
    return cells


def image(colors: Colors) -> QImage:
    """An opaque picture, one pixel per colour."""
    rows, columns = colors.shape
    pixels = np.ascontiguousarray(colors)
    return QImage(pixels.tobytes(), columns, rows, columns * 4, QImage.Format.Format_RGB32).copy()


def draw_image(painter: QPainter, where: QRectF, picture: QImage, smooth: bool) -> None:
    """Stretch a picture over a rectangle: a shade smoothly, cells of a matrix with sharp edges."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
    painter.drawImage(where, picture)
    painter.restore()


def outlined(painter: QPainter, where: QRectF, theme: Theme) -> None:
    """A line around a field of colours, some of which are as pale as what is around it."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(pen(theme.dashed, theme.stroke(1.0)))
    painter.drawRect(where)


def grid(painter: QPainter, where: QRectF, rows: int, columns: int, color: QColor) -> None:
    """Hairlines between cells, where the cells are large enough to have any."""
    if where.width() / columns < 6 or where.height() / rows < 6:
        return
    painter.setPen(color)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for column in range(1, columns):
        x = where.left() + where.width() * column / columns
        painter.drawLine(round(x), round(where.top()), round(x), round(where.bottom()))
    for row in range(1, rows):
        y = where.top() + where.height() * row / rows
        painter.drawLine(round(where.left()), round(y), round(where.right()), round(y))


def _groups(count: int) -> NDArray[np.intp]:
    """First members of at most BUNDLES runs of neighbours."""
    return np.unique(np.linspace(0, count, min(count, BUNDLES), endpoint=False).astype(np.intp))


@functools.lru_cache(maxsize=32)
def _passing(
    sources: bytes, targets: bytes, top: float, height: float, rows: int, columns: int
) -> tuple[NDArray[np.intp], Floats]:
    """The cell that each bundle passes in each column, and how many pass each cell. The same while nothing moves."""
    ys, yt = np.frombuffer(sources), np.frombuffer(targets)
    t = (np.arange(columns) + 0.5) / columns
    y = ys[None, :, None] * (1 - t) + yt[:, None, None] * t
    row = np.clip(((y - top) / max(height, 1.0) * rows).astype(np.intp), 0, rows - 1)
    cells = (row * columns + np.arange(columns)).ravel()
    share = np.bincount(cells, minlength=rows * columns).reshape(rows, columns).astype(np.float64)
    return cells, share

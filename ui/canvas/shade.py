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

from ui.canvas.strokes import Colors, Floats, blend

BUNDLES = 48
"""At most so many bundles leave a layer and reach the next."""
COLUMNS, ROWS = 40, 112
BLUR_ROWS, BLUR_COLUMNS = 4, 2
FAINT, DENSE = 0.10, 0.42
"""Strength of the shade where few and where most bundles pass."""


def shade(sizes: Floats, sources: Floats, targets: Floats, top: float, height: float) -> tuple[Floats, Floats]:
    """Mean size and share of bundles at each point between two columns, as two (ROWS, COLUMNS) images.

    `sizes` (targets, sources) are sizes of the numbers shown; `sources` and `targets` the y of the units, in the
    pixels of a picture that reaches from `top` over `height`. Points that no bundle passes have share 0 and mean
    NaN.
    """
    groups_to, groups_from = _groups(len(targets)), _groups(len(sources))
    bundles = np.add.reduceat(np.add.reduceat(sizes, groups_from, axis=1), groups_to, axis=0)
    counts_to, counts_from = np.diff([*groups_to, len(targets)]), np.diff([*groups_from, len(sources)])
    bundles = bundles / (counts_to[:, None] * counts_from)
    ys = np.add.reduceat(sources, groups_from) / counts_from
    yt = np.add.reduceat(targets, groups_to) / counts_to
    where, passing = _passing(ys.tobytes(), yt.tobytes(), top, height)
    strength = np.repeat(bundles.ravel(), COLUMNS)
    sums = np.bincount(where, weights=strength, minlength=ROWS * COLUMNS).astype(np.float64)
    total, passing = _blurred(sums.reshape(ROWS, COLUMNS)), _blurred(passing)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total / passing
    return mean, passing / max(float(passing.max()), 1e-9)


def _blurred(values: Floats) -> Floats:
    """A bundle is as wide as the units it stands for, not a thread: spread over the cells around it."""
    for axis, reach in ((0, BLUR_ROWS), (1, BLUR_COLUMNS)):
        pad = [(reach + 1, reach) if at == axis else (0, 0) for at in (0, 1)]
        sums = np.cumsum(np.pad(values, pad), axis=axis)
        low, high = (
            np.take(sums, range(values.shape[axis]), axis),
            np.take(sums, range(2 * reach + 1, 2 * reach + 1 + values.shape[axis]), axis),
        )
        values = (high - low) / (2 * reach + 1)
    return values


def shade_image(colors: Colors, share: Floats, background: QColor) -> QImage:
    """The picture of a shade: colours of the means, the fainter the fewer bundles pass."""
    strength = np.where(share > 0.004, FAINT + (DENSE - FAINT) * np.sqrt(share), 0.0)
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
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
    painter.drawImage(where, picture)
    painter.restore()


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
def _passing(sources: bytes, targets: bytes, top: float, height: float) -> tuple[NDArray[np.intp], Floats]:
    """The cell that each bundle passes in each column, and how many pass each cell. The same while nothing moves."""
    ys, yt = np.frombuffer(sources), np.frombuffer(targets)
    t = (np.arange(COLUMNS) + 0.5) / COLUMNS
    y = ys[None, :, None] * (1 - t) + yt[:, None, None] * t
    row = np.clip(((y - top) / max(height, 1.0) * ROWS).astype(np.intp), 0, ROWS - 1)
    where = (row * COLUMNS + np.arange(COLUMNS)).ravel()
    share = np.bincount(where, minlength=ROWS * COLUMNS).reshape(ROWS, COLUMNS).astype(np.float64)
    return where, share

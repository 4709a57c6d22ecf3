"""Many lines at once: sorted into buckets of one colour and one width, each bucket one call.

What a line costs is its pixels, and an antialiased line wider than one pixel costs twice a hairline (Qt's raster
engine has a fast path for width 1, and none for round ends). So widths are rounded to steps, and colours come from
maps with few levels: a thousand lines with a colour and a width of their own then take a quarter of the time of an
object per line.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6 import sip
from PyQt6.QtCore import QLineF, Qt
from PyQt6.QtGui import QColor, QPainter, QPen

Floats = NDArray[np.float64]
Colors = NDArray[np.uint32]
Indices = NDArray[np.intp]

DASHES = (5.0, 4.0)
"""Dash and gap of "not computed yet", in pixels."""


def blend(colors: Colors, over: QColor, strength: float | Floats) -> Colors:
    """Opaque colours that look like `colors` at `strength` (0..1) over a background: no line is ever translucent."""
    result = np.full(colors.shape, 0xFF000000, dtype=np.uint32)
    for shift, ground in ((16, over.red()), (8, over.green()), (0, over.blue())):
        channel = (colors >> np.uint32(shift) & np.uint32(255)).astype(np.float64)
        result |= np.rint(ground + (channel - ground) * strength).astype(np.uint32) << np.uint32(shift)
    return result


def mixed(color: QColor, over: QColor, strength: float) -> QColor:
    """One opaque colour between two."""
    return QColor(int(blend(np.array([color.rgb()], dtype=np.uint32), over, strength)[0]))


def draw_lines(
    painter: QPainter, lines: Floats, colors: Colors, widths: Floats, ranks: NDArray[np.integer], dashed: bool = False
) -> None:
    """Draw lines (n, 4: x1 y1 x2 y2), each in its colour and width; a higher rank is painted later, on top of lower
    ones.

    Lines of one rank, colour and width are one call. Ranks should be few (levels of a map), widths rounded
    (`snap`).
    """
    count = len(lines)
    if count == 0:
        return
    keys = np.stack((np.asarray(ranks, dtype=np.int64), colors.astype(np.int64), np.rint(widths * 8).astype(np.int64)))
    order = np.lexsort((keys[2], keys[1], keys[0]))
    sorted_keys = keys[:, order]
    starts = np.flatnonzero(np.any(np.diff(sorted_keys, axis=1) != 0, axis=0)) + 1
    bounds = [0, *starts.tolist(), count]
    array: Any = sip.array(QLineF, count)  # type: ignore[call-arg]  # the stubs know no constructor
    np.frombuffer(array, dtype=np.float64).reshape(count, 4)[...] = lines[order]
    for first, stop in itertools.pairwise(bounds):
        painter.setPen(_pen(int(sorted_keys[1, first]), float(sorted_keys[2, first]) / 8, dashed))
        painter.drawLines(array[first:stop])


def dashes(lines: Floats, scale: float = 1.0) -> tuple[Floats, Indices]:
    """Cut lines (n, 4) into dashes, `scale` times as long as normal: the pieces (k, 4) and the line that each is of.

    Qt's own dashed pen sends every line through the slow stroker; pieces are drawn like any other lines.
    """
    dash, gap = DASHES[0] * scale, DASHES[1] * scale
    lengths = np.hypot(lines[:, 2] - lines[:, 0], lines[:, 3] - lines[:, 1])
    counts = np.maximum(1, np.ceil(lengths / (dash + gap))).astype(np.intp)
    owners = np.repeat(np.arange(len(lines)), counts)
    first = np.concatenate(([0], np.cumsum(counts)[:-1]))
    starts = (np.arange(len(owners)) - first[owners]) * (dash + gap)
    share = 1.0 / np.maximum(lengths[owners], 1e-9)
    begin, end = starts * share, np.minimum(starts + dash, lengths[owners]) * share
    origin, span = lines[owners, :2], lines[owners, 2:] - lines[owners, :2]
    return np.concatenate((origin + span * begin[:, None], origin + span * end[:, None]), axis=1), owners


def pen(color: QColor, width: float, dashed: bool = False) -> QPen:
    """A pen with flat ends: round ones cost forty times as much once they are wider than a pixel. Not to be changed."""
    return _pen(color.rgba(), width, dashed)


@functools.lru_cache(maxsize=4096)
def _pen(color: int, width: float, dashed: bool) -> QPen:
    made = QPen(QColor.fromRgba(color), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap, Qt.PenJoinStyle.MiterJoin)
    if dashed:
        made.setDashPattern([length / max(width, 1.0) for length in DASHES])
    return made


def snap(widths: Floats, step: float) -> Floats:
    """Widths rounded to whole steps, never thinner than one pixel."""
    rounded: Floats = np.maximum(1.0, np.rint(widths / step) * step)
    return rounded


def zigzag(x1: float, y1: float, x2: float, y2: float, swing: float = 4.0) -> Sequence[tuple[float, float]]:
    """Corners of a zigzag between two points: the line of what is not a finite number."""
    length = float(np.hypot(x2 - x1, y2 - y1))
    count = max(2, round(length / 8))
    t = np.linspace(0.0, 1.0, count + 1)
    side = np.where(np.arange(count + 1) % 2, swing, -swing)
    side[[0, -1]] = 0.0
    across_x, across_y = (y1 - y2) / max(length, 1e-9), (x2 - x1) / max(length, 1e-9)
    xs = x1 + (x2 - x1) * t + across_x * side
    ys = y1 + (y2 - y1) * t + across_y * side
    return list(zip(xs.tolist(), ys.tolist(), strict=True))

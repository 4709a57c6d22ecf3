"""Where there is room: text goes to the first place where it covers no line, no disc and no other text.

Numbers appear where there is room and disappear where there is none. All tests are on rectangles (left, top, right,
bottom) and line segments (x1, y1, x2, y2) in pixels, for many candidates at once. Where everything stands depends on
sizes alone and not on what the texts say, so an arrangement is kept while numbers change, and labels do not jump
while training runs.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QRectF

from ui.canvas.strokes import Floats

Box = tuple[float, float, float, float]
Flags = NDArray[np.bool_]

MARGIN = 3.0
"""What stays free at the left and right of every text."""

BELONGS = 3.0
"""So much nearer than to any other line must a text be to its own, or it would seem to be the other's."""


@dataclass(frozen=True, slots=True)
class Beside:
    """A text of some size that wants to stand beside a line, clear of it by `gap`, then by so much `further`."""

    line: Box
    width: float
    height: float
    gap: float
    further: tuple[float, ...] = (0.0, 6.0)


@dataclass(frozen=True, slots=True)
class OneOf:
    """A text that may stand in one of these boxes, best first."""

    boxes: tuple[Box, ...]


Wish = Beside | OneOf


@functools.lru_cache(maxsize=64)
def arrange(
    inside: Box, lines: bytes, boxes: bytes, wishes: tuple[tuple[Wish, ...], ...]
) -> tuple[tuple[int, Box] | None, ...]:
    """For each text the first of its wishes that has room, as (which wish, box); None where there is none.

    `lines` and `boxes` are (n, 4) arrays of float64 as bytes: what is taken already. Texts are placed in order, and
    each takes its room from those after it.
    """
    all_lines = np.frombuffer(lines).reshape(-1, 4)
    taken = list(np.frombuffer(boxes).reshape(-1, 4))
    found: list[tuple[int, Box] | None] = []
    for texts in wishes:
        place = None
        for number, wish in enumerate(texts):
            candidates = beside(wish) if isinstance(wish, Beside) else np.array(wish.boxes)
            ok = _free(candidates, inside, all_lines, np.array(taken).reshape(-1, 4))
            if isinstance(wish, Beside) and ok.any():
                ok[ok] = clearance(candidates[ok], all_lines, wish.line) >= wish.gap + BELONGS
            free = np.flatnonzero(ok)
            if len(free):
                left, top, right, bottom = candidates[free[0]].tolist()
                place = number, (left, top, right, bottom)
                taken.append(candidates[free[0]] + (-MARGIN, 0.0, MARGIN, 0.0))
                break
        found.append(place)
    return tuple(found)


def _free(boxes: Floats, inside: Box, lines: Floats, taken: Floats) -> Flags:
    left, top, right, bottom = inside
    free: Flags = (boxes[:, 0] >= left) & (boxes[:, 1] >= top) & (boxes[:, 2] <= right) & (boxes[:, 3] <= bottom)
    if free.any() and len(taken):
        free[free] = ~overlapping(boxes[free], taken).any(axis=1)
    if free.any() and len(lines):
        free[free] = ~crossing(boxes[free], lines).any(axis=1)
    return free


def overlapping(boxes: Floats, others: Floats) -> Flags:
    """Which of `boxes` (k, 4) and `others` (n, 4) have a pixel in common: (k, n)."""
    a, b = boxes[:, None], others[None]
    return (a[..., 0] < b[..., 2]) & (b[..., 0] < a[..., 2]) & (a[..., 1] < b[..., 3]) & (b[..., 1] < a[..., 3])


def crossing(boxes: Floats, lines: Floats) -> Flags:
    """Which lines (n, 4) pass through which boxes (k, 4): (k, n). Clipping after Liang and Barsky (1984)."""
    x1, y1, x2, y2 = (lines[None, :, i] for i in range(4))
    enter, leave = np.zeros((len(boxes), len(lines))), np.ones((len(boxes), len(lines)))
    outside = np.zeros(enter.shape, dtype=bool)
    for low, high, start, step in ((0, 2, x1, x2 - x1), (1, 3, y1, y2 - y1)):
        near, far = boxes[:, None, low], boxes[:, None, high]
        still = np.abs(step) < 1e-9
        outside |= still & ((start <= near) | (start >= far))
        safe = np.where(still, 1.0, step)
        t0, t1 = (near - start) / safe, (far - start) / safe
        enter = np.where(still, enter, np.maximum(enter, np.minimum(t0, t1)))
        leave = np.where(still, leave, np.minimum(leave, np.maximum(t0, t1)))
    crossed: Flags = ~outside & (enter < leave)
    return crossed


def clearance(boxes: Floats, lines: Floats, own: Box) -> Floats:
    """How far each box (k, 4) is from the nearest line that is not its own and that it stands alongside: (k,)."""
    others = lines[np.abs(lines - np.array(own)).max(axis=1) > 0.5]
    if not len(others):
        return np.full(len(boxes), np.inf)
    center, half = (boxes[:, None, :2] + boxes[:, None, 2:]) / 2, (boxes[:, None, 2:] - boxes[:, None, :2]) / 2
    way = others[:, 2:] - others[:, :2]
    length = np.maximum(np.hypot(way[:, 0], way[:, 1]), 1e-9)
    unit = way / length[:, None]
    offset = center - others[None, :, :2]
    along = offset[..., 0] * unit[:, 0] + offset[..., 1] * unit[:, 1]
    across = np.abs(offset[..., 1] * unit[:, 0] - offset[..., 0] * unit[:, 1])
    free = across - half[..., 0] * np.abs(unit[:, 1]) - half[..., 1] * np.abs(unit[:, 0])
    beyond = half[..., 0] * np.abs(unit[:, 0]) + half[..., 1] * np.abs(unit[:, 1])
    nearest: Floats = np.where((along < -beyond) | (along > length + beyond), np.inf, free).min(axis=1)
    return nearest


ALONG_LEVEL = (0.5, 0.42, 0.58, 0.34, 0.66, 0.28, 0.72)
ALONG_SLOPED = (0.26, 0.32, 0.2, 0.38, 0.72, 0.66, 0.78, 0.44, 0.56, 0.15, 0.84)
"""Where along a line its text is tried first: in the middle of a level one, near an end of a sloped one (lines cross
halfway)."""


def beside(wish: Beside) -> Floats:
    """Candidate rectangles (k, 4) for text beside a line, best first."""
    x1, y1, x2, y2 = wish.line
    length = max(float(np.hypot(x2 - x1, y2 - y1)), 1e-9)
    ux, uy = (x2 - x1) / length, (y2 - y1) / length
    along = np.array(ALONG_LEVEL if abs(uy) < 0.12 else ALONG_SLOPED)
    half_width, half_height = wish.width / 2, wish.height / 2
    clear = half_width * abs(uy) + half_height * abs(ux) + wish.gap + np.array(wish.further)
    # The normal that points up on the screen comes first: text above a line reads as its title.
    nx, ny = (uy, -ux) if ux >= 0 else (-uy, ux)
    away = np.array([1.0, -1.0])[None, None, :] * clear[:, None, None]
    x = (x1 + (x2 - x1) * along)[None, :, None] + nx * away
    y = (y1 + (y2 - y1) * along)[None, :, None] + ny * away
    return np.stack((x - half_width, y - half_height, x + half_width, y + half_height), axis=-1).reshape(-1, 4)


def rect(box: Sequence[float]) -> QRectF:
    """Qt's rectangle of a box."""
    return QRectF(box[0], box[1], box[2] - box[0], box[3] - box[1])


def box_of(rectangle: QRectF, margin: float = 0.0) -> Box:
    """The box of Qt's rectangle, grown by a margin."""
    return (
        rectangle.left() - margin,
        rectangle.top() - margin,
        rectangle.right() + margin,
        rectangle.bottom() + margin,
    )

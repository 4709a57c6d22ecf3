"""The rows of a data set as points: filled what trains, hollow what validates, each class with a colour and a shape."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF
from PyQt6.QtGui import QColor

from bpstudio.data.dataset import Dataset
from ui.plots.classes import class_color, class_symbol
from ui.plots.keys import ColorKey, Key
from ui.plots.pane import Pane, Points
from ui.plots.scales import Values
from ui.theme import Theme

MOST_POINTS = 1500
"""Rows that are drawn; of more, evenly many."""
NEAR = 9
"""Pixels from a point within which the mouse means it."""

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Scatter:
    """Which rows are drawn, and where."""

    rows: Rows
    x: Values
    y: Values

    def place(self, row: int | None) -> tuple[float, float] | None:
        """Where a row is drawn; None when it is not."""
        found = np.flatnonzero(self.rows == row) if row is not None else self.rows[:0]
        return (float(self.x[found[0]]), float(self.y[found[0]])) if len(found) else None

    def row_at(self, pane: Pane, pixel: QPointF) -> int | None:
        """The row whose point is under this pixel of the pane."""
        if not len(self.rows):
            return None
        (left, right), (bottom, top) = pane.x_view, pane.y_view
        dx = (self.x - left) / (right - left) * pane.area.width() + pane.area.left() - pixel.x()
        dy = (top - self.y) / (top - bottom) * pane.area.height() + pane.area.top() - pixel.y()
        nearest = int(np.argmin(dx * dx + dy * dy))
        return int(self.rows[nearest]) if dx[nearest] ** 2 + dy[nearest] ** 2 <= NEAR**2 else None


NOTHING = Scatter(np.empty(0, np.int64), np.empty(0), np.empty(0))


def over_surface(dataset: Dataset) -> Scatter:
    """Rows at their two inputs."""
    rows = _drawn(dataset)
    return Scatter(rows, dataset.x[rows, 0], dataset.x[rows, 1])


def along_curve(dataset: Dataset, column: int | None) -> Scatter:
    """Rows at their input and their target `column`; None: at 1, which every row's own class should give."""
    rows = _drawn(dataset)
    heights = np.ones(len(rows)) if column is None else dataset.y[rows, column]
    return Scatter(rows, dataset.x[rows, 0], heights)


def _drawn(dataset: Dataset) -> Rows:
    return np.arange(0, dataset.rows, -(-dataset.rows // MOST_POINTS), dtype=np.int64)


def markers(theme: Theme, dataset: Dataset, scatter: Scatter, key: Key | None, column: int) -> list[Points]:
    """The points to draw. Over a surface each point of a regression has the colour of its own target `column`."""
    held = np.isin(scatter.rows, dataset.validation)
    size = 8.0 if len(scatter.rows) <= 400 else 6.0
    classes = dataset.class_index
    groups: list[Points] = []

    def add(members: NDArray[np.bool_], symbol: str, colors: list[QColor], hollow: bool) -> None:
        if members.any():
            groups.append(Points(scatter.x[members], scatter.y[members], symbol, colors, hollow, size))

    for hollow in (False, True):
        of_kind = held if hollow else ~held
        if classes is None:
            colors = [QColor(int(theme.signed(1.0)))]
            if isinstance(key, ColorKey):
                targets = dataset.y[scatter.rows[of_kind], column]
                colors = [QColor(int(argb)) for argb in key.colors(theme, targets)]
            add(of_kind, "o", colors, hollow)
            continue
        for index in range(len(dataset.class_names)):
            members = of_kind & (classes[scatter.rows] == index)
            add(members, class_symbol(index), [class_color(theme, index, len(dataset.class_names))], hollow)
    return groups

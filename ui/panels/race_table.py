"""How the members of a race stand: one row each, sorted by any column."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PyQt6.QtCore import QAbstractTableModel, QEvent, QItemSelectionModel, QModelIndex, QSize, QSortFilterProxyModel, Qt
from PyQt6.QtGui import QPainter, QPen, QPixmap
from PyQt6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget
from typing_extensions import override

from bpstudio.insight.notation import number as written
from bpstudio.training.race import Standing
from ui import theme
from ui.language import tr

_NOWHERE = QModelIndex()
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
NAME, LOSS, BEST, VALIDATION, ACCURACY, STATE = range(6)
DIGITS = 5


@dataclass(frozen=True)
class Place:
    """A member in the table: its name and number, its losses, and how it is doing. NaN: there is no such number."""

    name: str
    loss: float
    best: float
    validation: float
    accuracy: float
    state: str
    rests: bool

    @property
    def numbers(self) -> tuple[float, ...]:
        """What the columns from LOSS to ACCURACY hold."""
        return self.loss, self.best, self.validation, self.accuracy


def place_of(name: str, standing: Standing) -> Place:
    """How a member stands, in numbers and words."""
    metrics = standing.metrics
    loss = metrics.value("loss", standing.step)
    _, low, _ = metrics.curve("loss")
    finite = low[np.isfinite(low)]
    validation = metrics.validation
    accuracy = metrics.value("accuracy", standing.step)
    if standing.nonfinite is not None:
        state = tr("diverged at step {step}", step=f"{standing.nonfinite.step:,}")
    elif standing.stopped is not None:
        state = tr("stopped, best step {step}", step=f"{standing.stopped.best:,}")
    else:
        state = tr("step {step}", step=f"{standing.step:,}")
    return Place(
        name,
        math.nan if loss is None else loss,
        float(finite.min()) if len(finite) else math.nan,
        float(np.nanmin(validation[:, 1])) if np.isfinite(validation[:, 1:2]).any() else math.nan,
        math.nan if accuracy is None else accuracy,
        state,
        standing.nonfinite is not None or standing.stopped is not None,
    )


class RaceModel(QAbstractTableModel):
    """One row for each member, in the order in which they were named."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.title = ""
        self.places: tuple[Place, ...] = ()
        self.pen: Callable[[int], QPen] = lambda number: QPen()
        self._samples: dict[int, QPixmap] = {}

    def show_places(self, places: Sequence[Place]) -> None:
        """Show how they stand now."""
        same = len(places) == len(self.places)
        if not same:
            self.beginResetModel()
        self.places = tuple(places)
        if same and places:
            self.dataChanged.emit(self.index(0, 0), self.index(len(places) - 1, STATE))
        elif not same:
            self.endResetModel()

    def repaint_samples(self) -> None:
        """Draw the samples of lines again: the theme has changed."""
        self._samples.clear()
        if self.places:
            self.dataChanged.emit(self.index(0, NAME), self.index(len(self.places) - 1, NAME))

    def _sample(self, row: int) -> QPixmap:
        if row not in self._samples:
            look = theme.current()
            sample = QPixmap(look.px(26), look.px(12))
            sample.fill(Qt.GlobalColor.transparent)
            painter = QPainter(sample)
            pen = QPen(self.pen(row))
            pen.setWidthF(look.stroke(2.0))
            if pen.style() == Qt.PenStyle.CustomDashLine:
                pen.setDashPattern([length / 2 for length in pen.dashPattern()])
            painter.setPen(pen)
            painter.drawLine(0, sample.height() // 2, sample.width(), sample.height() // 2)
            painter.end()
            self._samples[row] = sample
        return self._samples[row]

    @override
    def rowCount(self, parent: QModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.places)

    @override
    def columnCount(self, parent: QModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else STATE + 1

    @override
    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        place, column = self.places[index.row()], index.column()
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _LEFT if column in (NAME, STATE) else _RIGHT
        if role == Qt.ItemDataRole.DecorationRole:
            return self._sample(index.row()) if column == NAME else None
        if role == Qt.ItemDataRole.ForegroundRole:
            return theme.current().warning if column == STATE and place.rests else None
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.UserRole, Qt.ItemDataRole.ToolTipRole):
            return None
        if column in (NAME, STATE):
            if role == Qt.ItemDataRole.UserRole:
                return index.row() if column == NAME else place.state
            return place.name if column == NAME else place.state
        value = place.numbers[column - LOSS]
        if role == Qt.ItemDataRole.UserRole:
            return math.inf if math.isnan(value) else value
        if math.isnan(value):
            return "–"
        return repr(value) if role == Qt.ItemDataRole.ToolTipRole else written(value, DIGITS)

    @override
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._headings()[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._explanations()[section]
        return (_LEFT if section in (NAME, STATE) else _RIGHT) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def _headings(self) -> tuple[str, ...]:
        return self.title, tr("loss"), tr("best loss"), tr("best validation"), tr("accuracy"), tr("how it is doing")

    def _explanations(self) -> tuple[str, ...]:
        return (
            tr("What tells the members from each other"),
            tr("The loss on the batch of the last step"),
            tr("The least loss of a batch until now"),
            tr("The least loss on the validation rows until now"),
            tr("The share of rows of the last batch answered right"),
            tr("How far it has come, and why it rests"),
        )


class RaceTable(QTableView):
    """The table; the row with the cursor is the member that is looked at."""

    def __init__(self, choose: Callable[[int], None], parent: QWidget | None = None) -> None:
        """`choose` is called with the number of a member."""
        super().__init__(parent)
        self._choose = choose
        self._quiet = False
        self.model_of_race = RaceModel(self)
        self._sorted = QSortFilterProxyModel(self)
        self._sorted.setSourceModel(self.model_of_race)
        self._sorted.setSortRole(Qt.ItemDataRole.UserRole)
        self.setModel(self._sorted)
        self.setSortingEnabled(True)
        self.sortByColumn(NAME, Qt.SortOrder.AscendingOrder)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setWordWrap(False)
        self.setShowGrid(False)
        selection = self.selectionModel()
        if selection is not None:
            selection.currentRowChanged.connect(self._row_chosen)
        self._shape()

    def show_places(self, title: str, places: Sequence[Place], has_classes: bool, validates: bool) -> None:
        """Show how the members stand; columns without numbers are left out."""
        model = self.model_of_race
        if title != model.title:
            model.title = title
            model.headerDataChanged.emit(Qt.Orientation.Horizontal, NAME, STATE)
        model.show_places(places)
        self.setColumnHidden(ACCURACY, not has_classes)
        self.setColumnHidden(VALIDATION, not validates)
        self.setColumnHidden(STATE, not any(place.rests for place in places))

    def show_chosen(self, number: int) -> None:
        """Put the cursor on a member."""
        index = self._sorted.mapFromSource(self.model_of_race.index(number, NAME))
        selection = self.selectionModel()
        if not index.isValid() or selection is None or selection.currentIndex().row() == index.row():
            return
        self._quiet = True
        flags = QItemSelectionModel.SelectionFlag
        selection.setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
        self._quiet = False

    def order(self) -> list[int]:
        """The members as they stand in the table, from the top."""
        rows = range(self._sorted.rowCount())
        return [self._sorted.mapToSource(self._sorted.index(row, NAME)).row() for row in rows]

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        self.setAccessibleName(tr("How the members of the race stand"))
        self.model_of_race.headerDataChanged.emit(Qt.Orientation.Horizontal, NAME, STATE)

    def _row_chosen(self, current: QModelIndex, previous: QModelIndex) -> None:
        if not self._quiet and current.isValid():
            self._choose(self._sorted.mapToSource(current).row())

    def _shape(self) -> None:
        look = theme.current()
        self.setFont(look.font(12))
        self.setIconSize(QSize(look.px(26), look.px(12)))
        vertical, horizontal = self.verticalHeader(), self.horizontalHeader()
        if vertical is not None:
            vertical.hide()
            vertical.setDefaultSectionSize(look.px(24))
        if horizontal is not None:
            horizontal.setFixedHeight(look.px(28))
            horizontal.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
            horizontal.setStretchLastSection(True)
            for column, width in enumerate((118, 84, 84, 112, 76, 150)):
                horizontal.resizeSection(column, look.px(width))

    @override
    def sizeHint(self) -> QSize:
        look = theme.current()
        return QSize(look.px(520), look.px(260))

    @override
    def changeEvent(self, e: QEvent | None) -> None:
        super().changeEvent(e)
        if e is not None and e.type() == QEvent.Type.PaletteChange:
            self._shape()
            self.model_of_race.repaint_samples()
        elif e is not None and e.type() == QEvent.Type.LanguageChange:
            self.retranslate()

"""A handful of rows, typed where they stand: the data of an exercise sheet."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt
from PyQt6.QtGui import QFontMetrics, QResizeEvent
from PyQt6.QtWidgets import QHeaderView, QStyledItemDelegate, QStyleOptionViewItem, QTableView, QWidget
from typing_extensions import override

from bpstudio.data.dataset import Dataset
from bpstudio.data.source import Prepared
from bpstudio.insight import own_names
from bpstudio.insight.notation import given, small
from bpstudio.insight.own_names import Pairs
from ui import theme
from ui.language import tr
from ui.panels.describe import input_names, subscripted
from ui.panels.number import NumberField

MOST_ROWS = 8
MOST_COLUMNS = 6
_NOWHERE = QModelIndex()
_CENTER = int(Qt.AlignmentFlag.AlignCenter)
Edit = Callable[[int, int, float], None]
"""edit(row, column, value): columns are the inputs, then the targets."""


def is_small(dataset: Dataset) -> bool:
    """Whether all of the data fits into the left column."""
    return dataset.rows <= MOST_ROWS and dataset.inputs + dataset.outputs <= MOST_COLUMNS


def headings(dataset: Dataset, names: Pairs = ()) -> list[str]:
    """Inputs by name, targets as target₁ … unless a file or a person (`names`) named them."""
    if isinstance(dataset.source, Prepared) or dataset.task == "classes":
        targets = [subscripted(name) for name in dataset.output_names]
    elif dataset.outputs == 1:
        targets = [tr("target")]
    else:
        targets = [tr("target") + small(place + 1) for place in range(dataset.outputs)]
    own = dict(names)
    named = [own_names.text(own.get(f"target{place}", "")) or title for place, title in enumerate(targets, 1)]
    return input_names(dataset, names) + named


def with_value(dataset: Dataset, row: int, column: int, value: float) -> Dataset:
    """The data with one cell typed anew; `column` counts the inputs, then the targets."""
    if column < dataset.inputs:
        return dataset.replace_input(row, column, value)
    return dataset.replace_target(row, column - dataset.inputs, value)


class SmallModel(QAbstractTableModel):
    """Inputs and targets of a few rows."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.dataset: Dataset | None = None
        self.names: Pairs = ()

    def show_dataset(self, dataset: Dataset | None, names: Pairs = ()) -> None:
        """Show other data; the cells stay where only a value changed."""
        before, called = self.dataset, self.names
        self.names = names
        same = before is not None and dataset is not None and headings(before, called) == headings(dataset, names)
        if same and dataset is not None and before is not None and before.rows == dataset.rows:
            self.dataset = dataset
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, self.columnCount() - 1))
            return
        self.beginResetModel()
        self.dataset = dataset
        self.endResetModel()

    def value(self, row: int, column: int) -> float:
        """The number in a cell."""
        dataset = self.dataset
        if dataset is None:
            return 0.0
        values = dataset.x[row, column] if column < dataset.inputs else dataset.y[row, column - dataset.inputs]
        return float(values)

    @override
    def rowCount(self, parent: QModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() or self.dataset is None else self.dataset.rows

    @override
    def columnCount(self, parent: QModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() or self.dataset is None else self.dataset.inputs + self.dataset.outputs

    @override
    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        return super().flags(index) | Qt.ItemFlag.ItemIsEditable

    @override
    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        value = self.value(index.row(), index.column())
        if role == Qt.ItemDataRole.DisplayRole:
            return given(value, 4)
        if role == Qt.ItemDataRole.ToolTipRole:
            return repr(value)
        return _CENTER if role == Qt.ItemDataRole.TextAlignmentRole else None

    @override
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if self.dataset is None or orientation != Qt.Orientation.Horizontal:
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return headings(self.dataset, self.names)[section]
        return _CENTER if role == Qt.ItemDataRole.TextAlignmentRole else None


class NumberDelegate(QStyledItemDelegate):
    """Edits a cell in a number field; what was understood, or is wrong, is said outside the table."""

    def __init__(self, edit: Edit, say: Callable[[str, str], None], parent: QWidget) -> None:
        super().__init__(parent)
        self._edit = edit
        self._say = say

    @override
    def createEditor(self, parent: QWidget | None, option: QStyleOptionViewItem, index: QModelIndex) -> QWidget | None:
        row, column, model = index.row(), index.column(), index.model()
        editor = NumberField(lambda value: self._edit(row, column, value), self._say, parent=parent)
        editor.setFont(theme.current().font(12, mono=True))
        if isinstance(model, SmallModel):
            editor.show_value(model.value(row, column))
        return editor

    @override
    def setEditorData(self, editor: QWidget | None, index: QModelIndex) -> None:
        pass  # the field was filled when it was made, and nothing may overwrite what is being typed

    @override
    def setModelData(self, editor: QWidget | None, model: object, index: QModelIndex) -> None:
        pass  # the field has sent its number itself, and only when it was good


class SmallTable(QTableView):
    """As high as its rows, as wide as the column."""

    def __init__(self, edit: Edit, say: Callable[[str, str], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = SmallModel(self)
        self.setModel(self.rows)
        self.setItemDelegate(NumberDelegate(edit, say, self))
        self.setProperty("role", "small")
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        vertical, horizontal = self.verticalHeader(), self.horizontalHeader()
        if vertical is not None:
            vertical.hide()
        if horizontal is not None:
            horizontal.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
            horizontal.setMinimumSectionSize(20)

    def show_dataset(self, dataset: Dataset, names: Pairs = ()) -> None:
        """Show a few rows; `names` are a person's own."""
        look = theme.current()
        self.rows.show_dataset(dataset, names)
        self.setFont(look.font(12, mono=True))
        vertical, horizontal = self.verticalHeader(), self.horizontalHeader()
        if vertical is not None and horizontal is not None:
            vertical.setDefaultSectionSize(look.px(26))
            horizontal.setFixedHeight(look.px(26))
            self._share_out()
            bar = self.horizontalScrollBar()
            needed = sum(horizontal.sectionSize(place) for place in range(self.rows.columnCount()))
            extra = bar.sizeHint().height() if bar is not None and needed > self.width() > 0 else 0
            self.setFixedHeight(horizontal.height() + dataset.rows * look.px(26) + extra + 4)

    def _share_out(self) -> None:
        """Every column has the room that its heading and its cells need; what is left is shared out evenly."""
        dataset, horizontal, viewport = self.rows.dataset, self.horizontalHeader(), self.viewport()
        if dataset is None or horizontal is None or viewport is None:
            return
        heading, cell = QFontMetrics(theme.current().font(13)), QFontMetrics(self.font())
        needed = []
        for place, title in enumerate(headings(dataset, self.rows.names)):
            texts = [given(self.rows.value(row, place), 4) for row in range(dataset.rows)]
            widest = max(cell.horizontalAdvance(text) for text in texts)
            needed.append(max(heading.horizontalAdvance(title), widest) + 6)
        spare = max(viewport.width() - sum(needed), 0) // len(needed)
        for place, width in enumerate(needed):
            horizontal.resizeSection(place, width + spare)

    @override
    def resizeEvent(self, e: QResizeEvent | None) -> None:
        super().resizeEvent(e)
        self._share_out()

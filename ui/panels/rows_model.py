"""Every row of the data as a table that costs nothing until a cell is looked at.

The numbers stay in their arrays. Sorting permutes row numbers, a cell is turned into text when Qt asks for it, and new
answers replace one reference: 50,000 rows open as fast as five.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt
from typing_extensions import override

from bpstudio.data.dataset import Dataset
from bpstudio.insight.answers import Answers
from ui.language import tr

Array = NDArray[np.float64]
Rows = NDArray[np.int64]
_FEW_INPUTS = 6
"""More inputs than this stand behind what the network says about them."""
_NOWHERE = QModelIndex()
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


Values = NDArray[np.float64] | NDArray[np.int64] | NDArray[np.bool_]


@dataclass(frozen=True)
class Field:
    """A column of the table: its heading and where its values are; `names` where the values number names."""

    title: str
    values: Callable[[Answers | None], Values | None]
    names: tuple[str, ...] = ()
    is_answer: bool = False
    """Whether it changes with the parameters."""

    @property
    def is_number(self) -> bool:
        return not self.names

    def text(self, answers: Answers | None, row: int, is_exact: bool = False) -> str:
        """The cell of a row; nothing while there is no answer. Exact: the shortest text that reads back the same."""
        values = self.values(answers)
        if values is None:
            return ""
        if self.names:
            return self.names[int(values[row])]
        value = values[row].item()
        return repr(value) if is_exact or isinstance(value, int) else f"{value:.6g}"


class RowsModel(QAbstractTableModel):
    """Row number, inputs, targets, answers, loss and split of every row of a dataset."""

    def __init__(self, parent: QObject | None = None) -> None:
        """`parent` is the view: a model that goes before its view makes Qt complain."""
        super().__init__(parent)
        self.dataset: Dataset | None = None
        self.answers: Answers | None = None
        self.fields: tuple[Field, ...] = ()
        self.order: Rows = np.empty(0, np.int64)
        """Row numbers of the dataset in the order of the table."""
        self._places: Rows = np.empty(0, np.int64)
        self._sorted = (-1, Qt.SortOrder.AscendingOrder)

    def show_dataset(self, dataset: Dataset) -> None:
        """Show other data; their answers come later. The sorting stays where there is such a column."""
        if dataset is self.dataset:
            return
        self.beginResetModel()
        self.dataset = dataset
        self.answers = None
        self.fields = _fields(dataset)
        self._reorder()
        self.endResetModel()

    def show_answers(self, answers: Answers, resort: bool) -> None:
        """Show new answers; with `resort` the rows move where the sorting goes by them."""
        if self.dataset is None or len(answers.outputs) != self.dataset.rows:
            return
        self.answers = answers
        column, direction = self._sorted
        if resort and 0 <= column < len(self.fields) and self.fields[column].is_answer:
            self.sort(column, direction)
            return
        changed = [place for place, field in enumerate(self.fields) if field.is_answer]
        if changed and len(self.order):
            self.dataChanged.emit(self.index(0, changed[0]), self.index(len(self.order) - 1, changed[-1]))

    def retranslate(self) -> None:
        """Name the columns in the language in use."""
        if self.dataset is not None:
            self.fields = _fields(self.dataset)
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, max(len(self.fields) - 1, 0))

    def row_of(self, place: int) -> int:
        """The dataset's row at a place of the table."""
        return int(self.order[place])

    def place_of(self, row: int) -> int:
        """Where a row of the dataset stands in the table."""
        return int(self._places[row])

    def _reorder(self) -> None:
        column, direction = self._sorted
        rows = self.dataset.rows if self.dataset is not None else 0
        keys = self.fields[column].values(self.answers) if 0 <= column < len(self.fields) else None
        if keys is None:
            self.order = np.arange(rows, dtype=np.int64)
        else:
            order = np.argsort(keys, kind="stable")
            # Reversing the keys, not the result, keeps equal rows in the order of the data.
            if direction == Qt.SortOrder.DescendingOrder:
                order = len(order) - 1 - np.argsort(keys[::-1], kind="stable")[::-1]
            self.order = order.astype(np.int64)
        self._places = np.empty(rows, np.int64)
        self._places[self.order] = np.arange(rows)

    @override
    def rowCount(self, parent: QModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.order)

    @override
    def columnCount(self, parent: QModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.fields)

    @override
    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        field = self.fields[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return field.text(self.answers, int(self.order[index.row()]))
        if role == Qt.ItemDataRole.TextAlignmentRole and field.is_number:
            return _RIGHT
        if role == Qt.ItemDataRole.ToolTipRole:
            return field.text(self.answers, int(self.order[index.row()]), is_exact=True)
        return None

    @override
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self.fields):
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self.fields[section].title
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if self.fields[section].is_number else _LEFT
        return None

    @override
    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self.layoutAboutToBeChanged.emit()
        before = self.order
        self._sorted = (column, order)
        self._reorder()
        old = self.persistentIndexList()
        self.changePersistentIndexList(
            old, [self.index(int(self._places[before[index.row()]]), index.column()) for index in old]
        )
        self.layoutChanged.emit()


def _fields(dataset: Dataset) -> tuple[Field, ...]:
    numbers = np.arange(1, dataset.rows + 1)
    held = np.zeros(dataset.rows, np.bool_)
    held[dataset.validation] = True
    inputs = [Field(name, _column(dataset.x, place)) for place, name in enumerate(dataset.input_names)]
    shares: list[Field] = []
    fields = [Field(tr("row"), lambda _: numbers), *(inputs if len(inputs) <= _FEW_INPUTS else [])]
    if dataset.task == "regression":
        for place, name in enumerate(dataset.output_names):
            fields.append(Field(tr("target {name}", name=name), _column(dataset.y, place)))
        for place, name in enumerate(dataset.output_names):
            fields.append(Field(tr("prediction {name}", name=name), _output(place), is_answer=True))
    else:
        names = dataset.class_names
        fields.append(Field(tr("target"), lambda _: dataset.class_index, names))
        fields.append(Field(tr("prediction"), lambda found: None if found is None else found.classes, names, True))
        for place, name in enumerate(names if dataset.task == "classes" else names[1:]):
            shares.append(Field(tr("output {name}", name=name), _output(place), is_answer=True))
    fields.append(Field(tr("loss"), lambda found: None if found is None else found.costs, is_answer=True))
    fields.append(Field(tr("used for"), lambda _: held, (tr("training"), tr("validation"))))
    return (*fields, *shares, *(inputs if len(inputs) > _FEW_INPUTS else []))


def _column(table: Array, place: int) -> Callable[[Answers | None], Values | None]:
    return lambda _: table[:, place]


def _output(place: int) -> Callable[[Answers | None], Values | None]:
    return lambda found: None if found is None else found.outputs[:, place]

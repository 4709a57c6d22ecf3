"""The columns of an opened file as a table: use, reading and why, gaps, scale. A cell with ▾ is a choice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PyQt6.QtCore import QAbstractItemModel, QAbstractTableModel, QModelIndex, Qt
from PyQt6.QtGui import QBrush, QKeyEvent
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)
from typing_extensions import override

from bpstudio.data.choices import Preparation
from bpstudio.data.columns import Column
from bpstudio.data.table import Table
from ui import theme
from ui.language import tr, translatable
from ui.panels import roles
from ui.panels.plain import told

NAME, USE, READ, WHY, GAPS, SCALE = range(6)
KIND_WORDS = {
    "number": translatable("number"),
    "yes/no": translatable("yes/no"),
    "category": translatable("category"),
    "date": translatable("date"),
    "id": translatable("id"),
    "constant": translatable("constant"),
    "mostly empty": translatable("mostly empty"),
    "text": translatable("text"),
}
FILLING_WORDS = {
    "": translatable("missing: choose"),
    "mean": translatable("fill in the mean"),
    "median": translatable("fill in the median"),
    "most frequent": translatable("fill in the most frequent"),
    "drop row": translatable("drop the rows"),
}
SCALING_WORDS = {
    "": translatable("as it is"),
    "standardize": translatable("standardise"),
    "range": translatable("to 0 … 1"),
    "joint range": translatable("to 0 … 1, all together"),
}
_HEADINGS = (
    translatable("Column"),
    translatable("Use as"),
    translatable("Read as"),
    translatable("Why"),
    translatable("Gaps"),
    translatable("Scale"),
)
_NOWHERE = QModelIndex()


class ColumnsModel(QAbstractTableModel):
    """A table's columns under a preparation. An edit hands a whole new preparation to `change`, or the error."""

    def __init__(self, change: Callable[[Preparation], None], refuse: Callable[[ValueError, str], None]) -> None:
        super().__init__()
        self._change = change
        self._refuse = refuse
        self.table: Table | None = None
        self.preparation: Preparation | None = None
        self.troubled = ""
        """The column that stands in the way; marked."""
        self._columns: tuple[Column, ...] = ()
        self._chosen: dict[tuple[str, str], Column] = {}
        """Columns as a person chose to read them: reading a long one again takes a while."""

    @property
    def has_gaps(self) -> bool:
        """Whether a value is missing anywhere."""
        return any(column.missing_count for column in self._columns)

    def show_columns(self, table: Table, preparation: Preparation) -> None:
        """Show a table as it is to be prepared."""
        is_new = table is not self.table
        if is_new:
            self.beginResetModel()
            self._chosen.clear()
        for name, kind in preparation.kinds.items():
            if (name, kind) not in self._chosen:
                self._chosen[name, kind] = table.with_kind(name, kind).column(name)
        kinds = preparation.kinds
        self._columns = tuple(self._chosen.get((each.name, kinds.get(each.name, "")), each) for each in table.columns)
        self.table, self.preparation = table, preparation
        if is_new:
            self.endResetModel()
        elif self._columns:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._columns) - 1, SCALE))

    def mark(self, column: str) -> int:
        """Mark the column that stands in the way ("" for none) and return its row, or -1."""
        self.troubled = column
        if self._columns:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._columns) - 1, SCALE))
        return next((row for row, each in enumerate(self._columns) if each.name == column), -1)

    def choices(self, row: int, place: int) -> list[tuple[str, str]]:
        """What can be chosen in a cell, as (value, text); empty where nothing can."""
        preparation = self.preparation
        if preparation is None:
            return []
        column = self._columns[row]
        role = roles.role_of(preparation, column.name)
        if place == USE:
            return [(value, tr(words)) for value, words in roles.ROLES.items()]
        if place == READ:
            return [(kind, tr(KIND_WORDS[kind])) for kind in roles.kinds_of(column)]
        if place == GAPS and column.missing_count and role:
            return [(how, tr(FILLING_WORDS[how])) for how in ("", *roles.fillings_of(column, role == "target"))]
        if place == SCALE and role and roles.is_scalable(column, preparation):
            return [(way, tr(words)) for way, words in SCALING_WORDS.items()]
        return []

    def value(self, row: int, place: int) -> str:
        """What is chosen in a cell."""
        preparation = self.preparation
        if preparation is None:
            return ""
        column = self._columns[row]
        if place == USE:
            return roles.role_of(preparation, column.name)
        if place == READ:
            return column.kind
        if place == GAPS:
            return preparation.impute.get(column.name, "")
        return preparation.scaling.get(column.name, "")

    def retranslate(self) -> None:
        """Say everything in the language in use."""
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, SCALE)
        self.mark(self.troubled)

    def _text(self, row: int, place: int) -> str:
        column = self._columns[row]
        if place == NAME:
            return column.name
        if place == WHY:
            return told(column.reason)
        words = dict(self.choices(row, place)).get(self.value(row, place), "")
        if place == GAPS:
            gaps = tr("{count} missing", count=f"{column.missing_count:,}") if column.missing_count else ""
            chosen = self.value(row, place)
            return f"{gaps} → {tr(chosen)} ▾" if words and chosen else f"{gaps} ▾" if words else gaps
        return f"{words} ▾" if words else ""

    @override
    def rowCount(self, parent: QModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._columns)

    @override
    def columnCount(self, parent: QModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(_HEADINGS)

    @override
    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        flags = super().flags(index)
        if index.isValid() and self.choices(index.row(), index.column()):
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    @override
    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or self.preparation is None:
            return None
        row, place = index.row(), index.column()
        column = self._columns[row]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._text(row, place)
        if role == Qt.ItemDataRole.EditRole:
            return self.value(row, place)
        if role == Qt.ItemDataRole.ForegroundRole:
            look = theme.current()
            if column.name == self.troubled:
                return QBrush(look.error)
            if place == GAPS and column.missing_count and not self.value(row, place):
                return QBrush(look.warning if roles.role_of(self.preparation, column.name) else look.secondary)
            if not roles.role_of(self.preparation, column.name) or place == WHY:
                return QBrush(look.secondary)
        return None

    @override
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return tr(_HEADINGS[section])
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        return None

    @override
    def setData(self, index: QModelIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.EditRole or self.table is None or self.preparation is None:
            return False
        name = self._columns[index.row()].name
        if value == self.value(index.row(), index.column()):
            return False
        try:
            match index.column():
                case 1:
                    changed = roles.with_role(self.table, self.preparation, name, value)
                case 2:
                    changed = roles.with_kind(self.table, self.preparation, name, value)
                case 4:
                    changed = roles.with_filling(self.preparation, name, value)
                case _:
                    changed = roles.with_scaling(self.preparation, name, value)
        except ValueError as error:
            self._refuse(error, name)
            return False
        self._change(changed)
        return True


class ChoiceDelegate(QStyledItemDelegate):
    """Opens the choices of a cell as a list."""

    @override
    def createEditor(self, parent: QWidget | None, option: QStyleOptionViewItem, index: QModelIndex) -> QWidget | None:
        model = index.model()
        if not isinstance(model, ColumnsModel):
            return None
        editor = QComboBox(parent)
        for value, text in model.choices(index.row(), index.column()):
            editor.addItem(text, value)
        editor.activated.connect(lambda _: self._done(editor))
        return editor

    @override
    def setEditorData(self, editor: QWidget | None, index: QModelIndex) -> None:
        if isinstance(editor, QComboBox):
            editor.setCurrentIndex(editor.findData(index.data(Qt.ItemDataRole.EditRole)))
            editor.showPopup()

    @override
    def setModelData(self, editor: QWidget | None, model: QAbstractItemModel | None, index: QModelIndex) -> None:
        if isinstance(editor, QComboBox) and model is not None:
            model.setData(index, editor.currentData(), Qt.ItemDataRole.EditRole)

    def _done(self, editor: QComboBox) -> None:
        self.commitData.emit(editor)
        self.closeEditor.emit(editor)
        view = self.parent()
        if isinstance(view, QWidget):
            view.setFocus()  # the list of choices had the keyboard, and took it along


class ColumnsTable(QTableView):
    """The view of a ColumnsModel."""

    def __init__(self, model: ColumnsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        # A model that goes before its view makes Qt complain: the view owns it.
        model.setParent(self)
        self.setModel(model)
        self.setItemDelegate(ChoiceDelegate(self))
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setShowGrid(False)
        self.setProperty("role", "form")
        self.clicked.connect(self._open)
        vertical, horizontal = self.verticalHeader(), self.horizontalHeader()
        if vertical is not None:
            vertical.hide()
            vertical.setDefaultSectionSize(theme.current().px(26))
        if horizontal is not None:
            for place, width in ((NAME, 120), (USE, 96), (READ, 112), (WHY, 240), (GAPS, 160), (SCALE, 112)):
                horizontal.resizeSection(place, theme.current().px(width))
            horizontal.setSectionResizeMode(WHY, QHeaderView.ResizeMode.Stretch)
        model.modelReset.connect(self._leave_room)
        model.dataChanged.connect(self._leave_room)

    def _leave_room(self) -> None:
        """No place for gaps in a table that has none: the reasons are long."""
        model = self.model()
        if isinstance(model, ColumnsModel):
            self.setColumnHidden(GAPS, not model.has_gaps)

    def _open(self, index: QModelIndex) -> None:
        if self._can_open(index):
            self.edit(index)

    def _can_open(self, index: QModelIndex) -> bool:
        return index.isValid() and bool(index.flags() & Qt.ItemFlag.ItemIsEditable)

    @override
    def keyPressEvent(self, e: QKeyEvent | None) -> None:
        # Enter opens the choices of a cell. Elsewhere it goes on to the window, where it means "Use this data".
        index = self.currentIndex()
        opening = e is not None and e.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
        if opening and self.state() != QAbstractItemView.State.EditingState and self._can_open(index):
            self._open(index)
        else:
            super().keyPressEvent(e)

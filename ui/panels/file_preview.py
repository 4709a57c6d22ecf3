"""How a file is read (separator, decimal mark, encoding, header), and what comes out of it, cell by cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PyQt6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt
from PyQt6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from bpstudio.data.choices import ReadOptions
from bpstudio.data.decoding import EncodingError
from bpstudio.data.table import Table
from ui import theme
from ui.language import tr, translatable
from ui.panels.form import Choice, Message
from ui.panels.plain import plain

_SEPARATORS = (
    (",", translatable("comma  ,")),
    (";", translatable("semicolon  ;")),
    ("\t", translatable("tab")),
    ("|", translatable("bar  |")),
    (" ", translatable("space")),
)
_DECIMALS = ((".", translatable("dot  0.5")), (",", translatable("comma  0,5")))
_HEADERS = (("yes", translatable("names in line 1")), ("no", translatable("no header")))
_ENCODINGS = ("utf-8", "utf-16", "gb18030", "big5", "shift_jis", "latin-1", "cp1252")
_NOWHERE = QModelIndex()


class PreviewModel(QAbstractTableModel):
    """The cells of a table as they stand in the file."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.table: Table | None = None

    def show_table(self, table: Table | None) -> None:
        self.beginResetModel()
        self.table = table
        self.endResetModel()

    @override
    def rowCount(self, parent: QModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() or self.table is None else self.table.rows

    @override
    def columnCount(self, parent: QModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() or self.table is None else len(self.table.columns)

    @override
    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if self.table is None or not index.isValid():
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self.table.columns[index.column()].text(index.row())
        return None

    @override
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        if self.table is None or role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        return self.table.columns[section].name if orientation == Qt.Orientation.Horizontal else str(section + 1)


class FilePreview(QWidget):
    """Four choices and the preview under them. `read(options)` asks for another reading."""

    def __init__(self, read: Callable[[ReadOptions], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._read = read
        self._found: ReadOptions | None = None
        self.options = ReadOptions()
        """What was chosen; an empty field is found out from the file."""
        self.separator, self.decimal, self.encoding, self.header = Choice(), Choice(), Choice(), Choice()
        self.labels = {name: QLabel() for name in ("separator", "decimal", "encoding", "header")}
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(2)
        for place, (name, choice) in enumerate(self._choices()):
            self.labels[name].setProperty("role", "secondary")
            self.labels[name].setBuddy(choice)
            grid.addWidget(self.labels[name], 0, place)
            grid.addWidget(choice, 1, place)
            grid.setColumnStretch(place, 1)
            choice.activated.connect(lambda _, name=name, choice=choice: self._set(name, choice.currentData()))
        self.message = Message()
        self.offers = QHBoxLayout()
        self.cells = QTableView()
        self.cells.setTabKeyNavigation(False)
        self.model = PreviewModel(self.cells)
        self.cells.setModel(self.model)
        self.cells.setWordWrap(False)
        self.cells.setFont(theme.current().font(12, mono=True))
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setFont(theme.current().font(12, mono=True))
        self.stack = QStackedWidget()
        self.stack.addWidget(self.cells)
        self.stack.addWidget(self.text)
        vertical, horizontal = self.cells.verticalHeader(), self.cells.horizontalHeader()
        if vertical is not None:
            vertical.setDefaultSectionSize(theme.current().px(22))
        if horizontal is not None:
            horizontal.setDefaultSectionSize(theme.current().px(96))
            horizontal.setTextElideMode(Qt.TextElideMode.ElideRight)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(grid)
        column.addWidget(self.message)
        column.addLayout(self.offers)
        column.addWidget(self.stack, 1)
        self.retranslate()

    def begin(self) -> None:
        """Another file: everything is found out anew."""
        self.options = ReadOptions()
        self.show_table(None, "")

    def show_table(self, table: Table | None, beginning: str) -> None:
        """Show the cells; where there is no table, the beginning of the file as plain text."""
        self._found = table.options if table is not None else None
        self.model.show_table(table)
        self.text.setPlainText(beginning)
        self.stack.setCurrentWidget(self.cells if table is not None else self.text)
        self._offer_encodings(None)
        self.message.say("", "")
        self.retranslate()

    def show_error(self, error: Exception) -> None:
        """Say why the file could not be read; where the encoding is the trouble, offer the likely ones."""
        self.message.say(plain(error), "error")
        self._offer_encodings(error if isinstance(error, EncodingError) else None)

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        for name, words in (
            ("separator", tr("Separator")),
            ("decimal", tr("Decimal mark")),
            ("encoding", tr("Encoding")),
            ("header", tr("Header")),
        ):
            self.labels[name].setText(words)
        encodings = tuple((name, name) for name in _ENCODINGS)
        known: tuple[tuple[str, str], ...]
        for (name, choice), known in zip(self._choices(), (_SEPARATORS, _DECIMALS, encodings, _HEADERS), strict=True):
            found = getattr(self._found, name) if self._found is not None else ""
            spoken = dict(known)
            automatic = tr("found: {what}", what=tr(spoken.get(found, found))) if found else tr("find out")
            offered: list[tuple[object, str]] = [("", automatic)]
            offered += [(value, tr(text)) for value, text in known]
            choice.offer(offered)
            choice.show_value(getattr(self.options, name))
            choice.setAccessibleName(self.labels[name].text())

    def _choices(self) -> tuple[tuple[str, Choice], ...]:
        return (
            ("separator", self.separator),
            ("decimal", self.decimal),
            ("encoding", self.encoding),
            ("header", self.header),
        )

    def _set(self, name: str, value: Any) -> None:
        self.options = self.options.replace(**{name: value})
        self._read(self.options)

    def _offer_encodings(self, error: EncodingError | None) -> None:
        while (item := self.offers.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for suggestion in error.suggestions if error is not None else ():
            button = QPushButton(f"{suggestion.encoding}: {suggestion.preview[:40]}")
            button.setToolTip(suggestion.preview)
            button.clicked.connect(lambda _, name=suggestion.encoding: self._set("encoding", name))
            self.offers.addWidget(button)
        if self.offers.count():
            self.offers.addStretch(1)

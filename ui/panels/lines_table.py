"""A small table of lines of the walk: a row leads to its beat, and is copied with all digits for a spreadsheet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QAbstractTableModel, QEvent, QModelIndex, QSize, Qt
from PyQt6.QtGui import QColor, QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent
from PyQt6.QtWidgets import QHeaderView, QTableView, QWidget
from typing_extensions import override

from ui import theme
from ui.language import tr

SHOWN_ROWS = 9
"""So many rows are seen at once; more are scrolled."""
_NAME = 48
"""Pixels that are left of a long name at least."""
_NOWHERE = QModelIndex()


@dataclass(frozen=True)
class Row:
    """The cells of a line as they are shown and as they are copied, the address of its beat, and its look."""

    cells: tuple[str, ...]
    copied: tuple[str, ...]
    address: str
    color: QColor | None = None
    bold: bool = False


class LinesModel(QAbstractTableModel):
    """Rows under headings; the first column stands at the left, the others at the right."""

    def __init__(self, headings: Sequence[str], parent: QWidget) -> None:
        """`headings` are English; they are translated when they are shown."""
        super().__init__(parent)
        self.headings = tuple(headings)
        self.rows: tuple[Row, ...] = ()

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show other rows."""
        self.beginResetModel()
        self.rows = tuple(rows)
        self.endResetModel()

    @override
    def rowCount(self, parent: QModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    @override
    def columnCount(self, parent: QModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.headings)

    @override
    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return row.cells[index.column()]
            case Qt.ItemDataRole.ToolTipRole:
                return f"{row.cells[0]}\n{row.address}"
            case Qt.ItemDataRole.TextAlignmentRole:
                return _side(index.column())
            case Qt.ItemDataRole.ForegroundRole:
                return row.color
            case Qt.ItemDataRole.FontRole if row.bold:
                return theme.current().font(12, mono=True, bold=True)
        return None

    @override
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return tr(self.headings[section])
        return _side(section) if role == Qt.ItemDataRole.TextAlignmentRole else None


class LinesTable(QTableView):
    """As high as its rows, up to SHOWN_ROWS of them. A click or Enter calls `go` with the address of a line."""

    def __init__(self, headings: Sequence[str], go: Callable[[str], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines = LinesModel(headings, self)
        self._go = go
        self.setModel(self.lines)
        self.setProperty("role", "lines")
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QTableView.EditTrigger.NoEditTriggers)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.clicked.connect(lambda index: self._open(index.row()))
        vertical, horizontal = self.verticalHeader(), self.horizontalHeader()
        if vertical is not None:
            vertical.hide()
        if horizontal is not None:
            horizontal.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
            horizontal.setHighlightSections(False)

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show other rows, in the height that they need."""
        self.lines.show_rows(rows)
        self._fit()

    def copy(self) -> None:
        """Copy the selected rows, or all, with their headings and tabs between the cells."""
        selection, clipboard = self.selectionModel(), QGuiApplication.clipboard()
        if selection is None or clipboard is None:
            return
        chosen = sorted({index.row() for index in selection.selectedRows()}) or range(len(self.lines.rows))
        lines = [[tr(heading) for heading in self.lines.headings], *(self.lines.rows[row].copied for row in chosen)]
        clipboard.setText("\n".join("\t".join(cells) for cells in lines))

    def _open(self, row: int) -> None:
        if 0 <= row < len(self.lines.rows):
            self._go(self.lines.rows[row].address)

    def _fit(self) -> None:
        """Rows as high as the text, columns as wide as their cells. What is left of the width the first one has; where
        something is missing it gives way, because its names are read in the tooltip, and the numbers are whole.
        """
        look = theme.current()
        font = look.font(12, mono=True)
        if self.font() != font:
            self.setFont(font)
        vertical, horizontal, bar = self.verticalHeader(), self.horizontalHeader(), self.horizontalScrollBar()
        if vertical is None or horizontal is None or bar is None:
            return
        vertical.setDefaultSectionSize(look.px(24))
        needed = [
            max(self.sizeHintForColumn(column), horizontal.sectionSizeHint(column))
            for column in range(self.lines.columnCount())
        ]
        shown = min(len(self.lines.rows), SHOWN_ROWS)
        scroll = self.verticalScrollBar()
        beside = scroll.sizeHint().width() if scroll is not None and len(self.lines.rows) > SHOWN_ROWS else 0
        room = self.width() - 2 * self.frameWidth() - beside
        needed[0] = max(needed[0] + room - sum(needed), min(needed[0], look.px(_NAME)))
        for column, width in enumerate(needed):
            horizontal.resizeSection(column, width)
        extra = bar.sizeHint().height() if sum(needed) > room else 0
        height = horizontal.sizeHint().height() + shown * look.px(24) + extra + 2 * self.frameWidth() + 2
        if height != self.height() or self.minimumHeight() != height:
            self.setFixedHeight(height)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(80, 40)

    @override
    def sizeHint(self) -> QSize:
        return QSize(200, self.minimumHeight())

    @override
    def resizeEvent(self, e: QResizeEvent | None) -> None:
        super().resizeEvent(e)
        self._fit()

    @override
    def keyPressEvent(self, e: QKeyEvent | None) -> None:
        if e is not None and e.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif e is not None and e.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._open(self.currentIndex().row())
        else:
            super().keyPressEvent(e)

    @override
    def changeEvent(self, e: QEvent | None) -> None:
        super().changeEvent(e)
        if e is not None and e.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._fit()


def _side(column: int) -> int:
    side = Qt.AlignmentFlag.AlignLeft if column == 0 else Qt.AlignmentFlag.AlignRight
    return int(side | Qt.AlignmentFlag.AlignVCenter)

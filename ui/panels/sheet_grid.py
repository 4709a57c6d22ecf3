"""A grid of the exercise sheet: typed cell by cell, or pasted as a block, and copied back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from PyQt6.QtCore import QModelIndex, QSize, Qt
from PyQt6.QtGui import QFocusEvent, QFontMetrics, QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent
from PyQt6.QtWidgets import QAbstractItemView, QHBoxLayout, QHeaderView, QPushButton, QVBoxLayout, QWidget
from typing_extensions import override

from bpstudio.files import pasted
from bpstudio.files.exercise import Cell, Grid, Sheet
from ui import theme
from ui.beside import Beside, Words
from ui.panels.form import Message
from ui.panels.sheet_cells import CellDelegate, CellsView, GridModel, Owner, clipboard_text

ROW_HEIGHT, NARROWEST, WIDEST = 28, 62, 150


class GridView(CellsView):
    """As high as its rows and as wide as its columns, up to the room there is."""

    def __init__(self, owner: Owner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._owner = owner
        self.grid = GridModel(self)
        self.setModel(self.grid)
        self.setItemDelegate(CellDelegate(self, owner))
        self.setSelectionMode(QAbstractItemView.SelectionMode.ContiguousSelection)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.AnyKeyPressed
            | QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for header in (self.verticalHeader(), self.horizontalHeader()):
            if header is not None:
                header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
                header.setHighlightSections(False)
                header.setMinimumSectionSize(20)
        selection = self.selectionModel()
        if selection is not None:
            selection.currentChanged.connect(lambda now, _: self._tell(now))

    def show_cells(
        self, sheet: Sheet, cells: Grid, headings: tuple[tuple[str, ...], tuple[str, ...]], wrong: Mapping[Cell, str]
    ) -> None:
        """Show these cells of a sheet."""
        self.grid.show(sheet, cells, headings, wrong)
        self.fit()
        self.viewport().update()  # type: ignore[union-attr]  # a table has one

    def fit(self) -> None:
        """Take the size that the cells and headings need."""
        look = theme.current()
        self.setFont(look.font(13, mono=True))
        vertical, horizontal = self.verticalHeader(), self.horizontalHeader()
        if vertical is None or horizontal is None:
            return
        cell, heading = QFontMetrics(self.font()), QFontMetrics(look.font())
        vertical.setDefaultSectionSize(look.px(ROW_HEIGHT))
        horizontal.setFixedHeight(look.px(ROW_HEIGHT))
        beside = max((heading.horizontalAdvance(name) for name in self.grid.rows), default=0)
        vertical.setFixedWidth(max(beside + look.px(20), look.px(44)))
        for column, name in enumerate(self.grid.columns):
            texts = [self.grid.data(self.grid.index(row, column)) for row in range(self.grid.rowCount())]
            widest = max((cell.horizontalAdvance(str(text or "")) for text in texts), default=0) + look.px(14)
            widest = max(widest, heading.horizontalAdvance(name) + look.px(16), look.px(NARROWEST))
            horizontal.resizeSection(column, min(widest, look.px(WIDEST)))
        width = vertical.width() + sum(horizontal.sectionSize(column) for column in range(len(self.grid.columns))) + 2
        self.setMaximumWidth(width)
        self._fit_height()
        self.updateGeometry()

    def _fit_height(self) -> None:
        """As high as the headings, the rows, and the bar below them where the columns do not fit."""
        horizontal, bar = self.horizontalHeader(), self.horizontalScrollBar()
        if horizontal is None or bar is None:
            return
        below = bar.sizeHint().height() if self.maximumWidth() > self.width() else 0
        height = horizontal.height() + len(self.grid.rows) * theme.current().px(ROW_HEIGHT) + below + 2
        if height != self.maximumHeight():
            self.setFixedHeight(height)

    def go_to(self, cell: Cell) -> bool:
        """Put the cursor on a cell; whether this grid has it."""
        index = self.grid.find(cell)
        if not index.isValid():
            return False
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        self.setCurrentIndex(index)
        self.scrollTo(index)
        return True

    def go_to_end(self, by: int) -> None:
        """Put the cursor on the first cell (1) or on the last (−1)."""
        rows = self.grid.cells
        if rows:
            self.go_to(rows[0][0] if by > 0 else rows[-1][-1])

    @override
    def advance(self, by: int) -> None:
        """One cell on or back, through the rows, and out of the grid at its ends."""
        here = self.currentIndex()
        cells = [(row, column) for row, each in enumerate(self.grid.cells) for column in range(len(each))]
        at = cells.index((here.row(), here.column())) + by if (here.row(), here.column()) in cells else 0
        if 0 <= at < len(cells):
            self.setCurrentIndex(self.grid.index(*cells[at]))
        else:
            self._owner.go_on(self, by)

    def copy(self) -> None:
        """The selected cells as a block that a spreadsheet takes."""
        clipboard = QGuiApplication.clipboard()
        texts = [[self.grid.sheet.texts.get(cell, "") for cell in row] for row in self.chosen]
        if clipboard is not None and texts:
            clipboard.setText(pasted.write(texts))

    def clear_chosen(self) -> None:
        """Empty the selected cells."""
        self._owner.type({cell: "" for row in self.chosen for cell in row})

    def _tell(self, index: QModelIndex) -> None:
        self._owner.look_at(self.grid.cell(index.row(), index.column()) if index.isValid() else None)

    @override
    def sizeHint(self) -> QSize:
        return QSize(self.maximumWidth(), self.maximumHeight())

    @override
    def resizeEvent(self, e: QResizeEvent | None) -> None:
        super().resizeEvent(e)
        self._fit_height()

    @override
    def keyPressEvent(self, e: QKeyEvent | None) -> None:
        if e is None:
            return
        keys = QKeySequence.StandardKey
        here = self.currentIndex()
        if e.matches(keys.Paste):
            chosen = self.selectedIndexes()
            row = min((index.row() for index in chosen), default=max(here.row(), 0))
            column = min((index.column() for index in chosen), default=max(here.column(), 0))
            self._owner.paste(self, row, column, clipboard_text())
        elif e.matches(keys.Copy):
            self.copy()
        elif e.matches(keys.Cut):
            self.copy()
            self.clear_chosen()
        elif e.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.clear_chosen()
        elif e.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and e.modifiers() == Qt.KeyboardModifier.NoModifier:
            self.advance(1)
        else:
            super().keyPressEvent(e)
            return
        e.accept()

    @override
    def focusInEvent(self, e: QFocusEvent | None) -> None:
        super().focusInEvent(e)
        if not self.currentIndex().isValid() and self.grid.rowCount() and self.grid.columnCount():
            self.setCurrentIndex(self.grid.index(0, 0))
        self._tell(self.currentIndex())


class GridBox(QWidget):
    """A grid with its heading above it and what there is to say below it."""

    def __init__(self, layer: int, owner: Owner) -> None:
        super().__init__()
        self.face, self.layer = "", layer
        self.heading, self.note = Words("heading"), Words("secondary")
        self.view = GridView(owner, self)
        self.message = Message()
        self.offer = QPushButton()
        self.offer.setProperty("role", "link")
        self.offer.setAutoDefault(False)
        self.offer.hide()
        self._act: Callable[[], None] | None = None
        self.offer.clicked.connect(self._do)
        for header, is_column in ((self.view.verticalHeader(), False), (self.view.horizontalHeader(), True)):
            if header is not None:
                header.sectionDoubleClicked.connect(partial(self._name_heading, owner, is_column))
        top = QWidget()
        Beside(top, self.heading, self.note, fill=True)
        below = QHBoxLayout()
        below.addWidget(self.message, 1)
        below.addWidget(self.offer)
        grid = QHBoxLayout()
        grid.addWidget(self.view, 1)
        grid.addStretch(0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(top)
        column.addLayout(grid)
        column.addLayout(below)

    def say(self, text: str, kind: str, offer: str = "", act: Callable[[], None] | None = None) -> None:
        """Say something under the grid; `offer` is the text of a button that does `act`."""
        self.message.say(text, kind)
        self._act = act
        self.offer.setText(offer)
        self.offer.setVisible(bool(offer))

    def _do(self) -> None:
        act, self._act = self._act, None
        self.say("", "")
        if act is not None:
            act()

    def _name_heading(self, owner: Owner, is_column: bool, section: int) -> None:
        owner.name_heading(self.layer, is_column, section)

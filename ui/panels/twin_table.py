"""One table of a step on the screen: cells by arrow keys, copies for a spreadsheet, the cell of the beat framed."""

from __future__ import annotations

import csv
import io

from PyQt6.QtCore import QEvent, QItemSelection, QItemSelectionModel, QModelIndex, QPoint, QSize, Qt, pyqtSignal
from PyQt6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QFontMetrics,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPen,
    QResizeEvent,
)
from PyQt6.QtWidgets import QAbstractItemView, QMenu, QStyledItemDelegate, QStyleOptionViewItem, QTableView, QWidget
from typing_extensions import override

from bpstudio.insight.elements import Element
from ui import theme
from ui.language import tr
from ui.panels.twin_model import HOVER_ROLE, NOW_ROLE, TwinModel
from ui.panels.twin_text import WORDS

WIDEST = 150
"""Pixels that a column of words has at most; the rest of a long name is in its tooltip."""
ROW = 22
MOST_SPARE = 64
"""Pixels that a column of numbers is wider than it needs at most: farther apart they are no row any more."""
HEADING_PADDING = 6
"""What the style sheet puts at either side of a heading."""
MOST_COPIED = 200_000
"""Cells that go to the clipboard at most; more are a matter for a file."""


class _Delegate(QStyledItemDelegate):
    """Frames what the beat computes, and underlines the row of what is under the mouse."""

    @override
    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        super().paint(painter, option, index)
        if painter is None:
            return
        look, rect = theme.current(), option.rect
        if index.data(NOW_ROLE):
            painter.setPen(QPen(look.glow, 2))
            painter.drawRect(rect.adjusted(1, 1, -2, -2))
        elif index.data(HOVER_ROLE):
            painter.fillRect(rect.left(), rect.bottom() - 1, rect.width(), 2, look.accent)


class TwinTable(QTableView):
    """`chosen`: the keyboard or the mouse went to another cell. `pointed`: the mouse is above an element, or gone."""

    chosen = pyqtSignal(object)
    pointed = pyqtSignal(object)
    save_wanted = pyqtSignal()
    copied = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = TwinModel(self)
        self._by_hand = True
        self.needed_width = 0
        """Pixels in which every column is seen."""
        self._shaping = self._is_shaped_by_hand = False
        self.setModel(self.rows)
        self.setItemDelegate(_Delegate(self))
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.setAlternatingRowColors(True)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setSortingEnabled(True)
        self.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        header = self.horizontalHeader()
        if header is not None:
            header.setSortIndicatorClearable(True)
            header.setMinimumSectionSize(16)
            header.setHighlightSections(False)
            header.sectionResized.connect(self._take_width)
        vertical = self.verticalHeader()
        if vertical is not None:
            vertical.hide()
        self.entered.connect(lambda index: self.pointed.emit(self.rows.element(index.row())))
        self.rows.modelReset.connect(self.shape)
        self.shape()

    def shape(self) -> None:
        """Rows of one height, columns as wide as their digits: nothing is measured cell by cell."""
        look = theme.current()
        self.setFont(look.font(12, mono=True))
        metrics, words = QFontMetrics(self.font()), QFontMetrics(look.font(12))
        vertical, header = self.verticalHeader(), self.horizontalHeader()
        if vertical is None or header is None:
            return
        vertical.setMinimumSectionSize(look.px(ROW))
        vertical.setDefaultSectionSize(look.px(ROW))
        header.setFixedHeight(look.px(26))
        header.setFont(look.font(12))
        self._shaping = True
        try:
            for place, width in enumerate(self._widths(words, metrics)):
                header.resizeSection(place, width)
        finally:
            self._shaping = False

    def _widths(self, words: QFontMetrics, digits: QFontMetrics) -> list[int]:
        """What each column gets: the numbers share what is left, so that they are not crowded for nothing."""
        look, viewport = theme.current(), self.viewport()
        needed = self._needed(words, digits)
        self.needed_width = sum(needed)
        numbers = [place for place, column in enumerate(self.rows.columns) if column not in WORDS]
        spare = ((viewport.width() if viewport is not None else 0) - sum(needed)) // max(len(numbers), 1)
        for place in numbers:
            needed[place] += min(max(spare, 0), look.px(MOST_SPARE))
        return needed

    def _needed(self, words: QFontMetrics, digits: QFontMetrics) -> list[int]:
        sheet, look = self.rows.sheet, theme.current()
        if sheet is None:
            return []
        number = digits.horizontalAdvance("−0." + "0" * sheet.digits)
        needed = []
        for column in self.rows.columns:
            cells = [digits.horizontalAdvance(sheet.word(row, column)) for row in self._samples()]
            widest = min(max(cells, default=0), look.px(WIDEST)) if column in WORDS else number
            sort_mark = 0 if column in WORDS else look.px(10)
            heading = words.horizontalAdvance(sheet.heading(column)) + look.px(2 * HEADING_PADDING + 2)
            needed.append(max(widest + look.px(9), heading + sort_mark))
        return needed

    def _samples(self) -> list[int]:
        """Rows by whose words a column is measured: some of the first, the middle and the last, in every layer."""
        sheet = self.rows.sheet
        if sheet is None:
            return []
        count = sheet.table.rows
        step = max(count // 64, 1)
        return [*range(min(count, 24)), *range(0, count, step), *range(max(count - 8, 0), count)]

    def _take_width(self, *_: object) -> None:
        # A width that somebody has chosen stays while the window changes its size.
        self._is_shaped_by_hand = self._is_shaped_by_hand or not self._shaping

    def follow(self, element: Element | None) -> bool:
        """Make an element's row the current one, and bring it into view. Nothing is chosen by that."""
        selection = self.selectionModel()
        here = self.currentIndex()
        if selection is None:
            return False
        if element is not None and here.isValid() and self.rows.element(here.row()) == element:
            return True
        place = self.rows.place_of(element) if element is not None else None
        self._by_hand = False
        try:
            if place is None:
                selection.clear()
                return False
            column = here.column() if here.isValid() else self.rows.columns.index("name")
            flags = QItemSelectionModel.SelectionFlag
            selection.setCurrentIndex(self.rows.index(place, column), flags.ClearAndSelect)
            self._see(self.rows.index(place, column))
        finally:
            self._by_hand = True
        return True

    def show_beat(self) -> None:
        """Bring the cell of the present beat into view."""
        cell = self.rows.beat_cell()
        if cell.isValid():
            self._see(cell)

    def _see(self, cell: QModelIndex) -> None:
        # Sideways only as far as needed, up and down so that the neighbours are seen too.
        self.scrollTo(cell)
        if not self.visualRect(cell).adjusted(0, -self.rowHeight(cell.row()), 0, 0).top() > 0:
            self.scrollTo(cell, QAbstractItemView.ScrollHint.PositionAtCenter)

    def text(self, everything: bool = False) -> str:
        """The selected cells, or the whole table, with their headings: columns by tabs, every digit, decimal points."""
        places, columns = self._chosen(everything)
        held = io.StringIO()
        csv.writer(held, delimiter="\t", lineterminator="\n").writerows(self.rows.lines(places, columns))
        return held.getvalue()

    def _chosen(self, everything: bool) -> tuple[list[int], list[int]]:
        """The rows and columns that are meant: of a single cell its whole row."""
        selection = self.selectionModel()
        chosen = selection.selection() if selection is not None and not everything else QItemSelection()
        areas = [chosen[number] for number in range(len(chosen))]
        places = sorted({row for area in areas for row in range(area.top(), area.bottom() + 1)})
        columns = sorted({column for area in areas for column in range(area.left(), area.right() + 1)})
        if len(places) * len(columns) < 2:
            return places or list(range(len(self.rows.order))), list(range(len(self.rows.columns)))
        return places, columns

    def copy(self, everything: bool = False) -> None:
        """Put the selection, the row of a single cell, or all of it on the clipboard."""
        clipboard = QGuiApplication.clipboard()
        if clipboard is None:
            return
        places, columns = self._chosen(everything)
        if len(places) * len(columns) > MOST_COPIED:
            self.copied.emit("")
            return
        text = self.text(everything)
        clipboard.setText(text)
        self.copied.emit(text)

    def menu(self) -> QMenu:
        """What can be done with the table: also what the mouse does with its heads."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        copy = QKeySequence(QKeySequence.StandardKey.Copy).toString(QKeySequence.SequenceFormat.NativeText)
        for text, act in (
            (tr("Copy the selection") + f"\t{copy}", self.copy),
            (tr("Copy the table"), lambda: self.copy(everything=True)),
            (tr("Save as CSV…"), self.save_wanted.emit),
        ):
            self._offer(menu, text, act)
        column = self.currentIndex().column()
        if column >= 0 and self.rows.sheet is not None:
            name = self.rows.sheet.heading(self.rows.columns[column], spoken=True)
            menu.addSeparator()
            orders = Qt.SortOrder
            for text, by, order in (
                (tr("Sort by {column}, smallest first", column=name), column, orders.AscendingOrder),
                (tr("Sort by {column}, largest first", column=name), column, orders.DescendingOrder),
                (tr("As in the network"), -1, orders.AscendingOrder),
            ):
                self._offer(menu, text, lambda by=by, order=order: self.sortByColumn(by, order))
        return menu

    def _offer(self, menu: QMenu, text: str, act: object) -> None:
        action = menu.addAction(text)
        if action is not None and callable(act):
            action.triggered.connect(lambda _checked: act())

    # ---- Qt

    @override
    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:
        super().currentChanged(current, previous)
        if self._by_hand and current.isValid():
            self.chosen.emit(self.rows.element(current.row()))

    @override
    def focusInEvent(self, e: QFocusEvent | None) -> None:
        # Qt goes to the first cell when the keyboard comes in; nobody has chosen that one.
        self._by_hand = False
        super().focusInEvent(e)
        self._by_hand = True

    @override
    def keyPressEvent(self, e: QKeyEvent | None) -> None:
        if e is not None and e.matches(QKeySequence.StandardKey.Copy):
            self.copy()
            return
        before = self.currentIndex()
        super().keyPressEvent(e)
        if before.isValid() and self.currentIndex() == before:
            # The cell at which the keyboard came in is chosen by the first key, also by one that leads nowhere else.
            self.chosen.emit(self.rows.element(before.row()))

    @override
    def contextMenuEvent(self, a0: QContextMenuEvent | None) -> None:
        if a0 is None:
            return
        at = a0.globalPos()
        if a0.reason() == QContextMenuEvent.Reason.Keyboard:
            viewport = self.viewport()
            corner = self.visualRect(self.currentIndex()).bottomLeft()
            at = viewport.mapToGlobal(corner) if viewport is not None else self.mapToGlobal(QPoint(0, 0))
        self.menu().popup(at)

    @override
    def viewportEvent(self, event: QEvent | None) -> bool:
        if event is not None and event.type() == QEvent.Type.Leave:
            self.pointed.emit(None)
        return super().viewportEvent(event)

    @override
    def resizeEvent(self, e: QResizeEvent | None) -> None:
        super().resizeEvent(e)
        if not self._is_shaped_by_hand:
            self.shape()

    @override
    def changeEvent(self, e: QEvent | None) -> None:
        super().changeEvent(e)
        if e is not None and e.type() in (QEvent.Type.PaletteChange, QEvent.Type.LanguageChange):
            self.shape()

    @override
    def sizeHint(self) -> QSize:
        return QSize(400, theme.current().px(ROW) * 6)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(160, theme.current().px(ROW) * 2)

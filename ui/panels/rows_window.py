"""The large table: every row with what the network answers and what it costs."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from PyQt6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QPoint, QSize, Qt, QTimer
from PyQt6.QtGui import QCloseEvent, QShowEvent
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from bpstudio.insight.answers import Answers
from bpstudio.insight.elements import Probe, Row
from bpstudio.training.frame import Frame
from ui import theme
from ui.focus import Focus
from ui.language import tr
from ui.panels.form import Message
from ui.panels.plain import plain
from ui.panels.questions import AnswerRows, WriteRows
from ui.panels.rows_model import RowsModel
from ui.runner import Progress, Runner

REFRESH_SECONDS = 0.3
"""While training runs, answers are asked for at most this often."""


class RowsWindow(QWidget):
    """A window beside the main one; a chosen row becomes the example."""

    def __init__(self, runner: Runner, focus: Focus, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self._runner = runner
        self._focus = focus
        self._frame: Frame | None = None
        self._asked: AnswerRows | None = None
        self._asked_at = 0.0
        self._took = 0.0
        self._answered: Frame | None = None
        self._is_choosing = False
        self.fill_menu: Callable[[QMenu, int], object] = lambda menu, row: None
        """Puts into a menu what can be done with a row of the data."""
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._refresh)
        self.resize(900, 560)

        self.table = QTableView()
        self.table.setTabKeyNavigation(False)
        self.model = RowsModel(self.table)
        self.table.setModel(self.model)
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setWordWrap(False)
        self.table.setAlternatingRowColors(True)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(self._show_menu)
        self._shape_table()
        selection = self.table.selectionModel()
        if selection is not None:
            selection.currentRowChanged.connect(self._choose)
        self.count = QLabel()
        self.count.setProperty("role", "secondary")
        self.save = QPushButton()
        self.save.clicked.connect(self._ask_where)
        self.message = Message()

        line = QHBoxLayout()
        line.addWidget(self.count)
        line.addWidget(self.message, 1)
        line.addStretch(0)
        line.addWidget(self.save)
        column = QVBoxLayout(self)
        column.addWidget(self.table, 1)
        column.addLayout(line)
        self.retranslate()
        runner.answered.connect(self._take)
        focus.changed.connect(self._follow)

    def show_frame(self, frame: Frame) -> None:
        """Show the data of a frame, and ask for its answers when somebody looks."""
        self._frame = frame
        if self.isVisible():
            self._catch_up()

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        self.setWindowTitle(tr("Rows of the data"))
        self.table.setAccessibleName(tr("Rows of the data"))
        self.save.setText(tr("Save as CSV…"))
        self.model.retranslate()
        self._count()

    def write(self, path: str) -> None:
        """Write the table, as it is sorted now, to a CSV file with every digit."""
        model, order, answers = self.model, self.model.order, self.model.answers
        header = tuple(field.title for field in model.fields)
        fields = model.fields

        def line(place: int) -> tuple[str, ...]:
            row = int(order[place])
            return tuple(field.text(answers, row, is_exact=True) for field in fields)

        self._runner.ask(WriteRows(path, header, line, len(order)))

    def _show_menu(self, at: QPoint) -> None:
        """What can be done with the row under the mouse, or with the chosen one."""
        index = self.table.indexAt(at)
        index = index if index.isValid() else self.table.currentIndex()
        viewport = self.table.viewport()
        if not index.isValid() or viewport is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.fill_menu(menu, self.model.row_of(index.row()))
        if not menu.isEmpty():
            menu.popup(viewport.mapToGlobal(at))

    def _catch_up(self) -> None:
        frame = self._frame
        if frame is None:
            return
        if frame.dataset is not self.model.dataset:
            self.model.show_dataset(frame.dataset)
            self.table.setColumnWidth(0, theme.current().px(64))
            self._count()
            self._follow()
        self._refresh()

    def _refresh(self) -> None:
        """Ask for the answers of the newest frame, not too often, and never twice at once."""
        frame = self._frame
        if frame is None or not self.isVisible() or self._asked is not None or frame is self._answered:
            return
        # Where answering takes long, most of the time is left to the training and to other questions.
        wait = self._asked_at + max(REFRESH_SECONDS, 3 * self._took) - time.monotonic()
        if wait > 0:
            if not self._later.isActive():
                self._later.start(int(wait * 1000) + 1)
            return
        self._asked = AnswerRows(frame)
        self._asked_at = time.monotonic()
        self._runner.ask(self._asked)

    def _take(self, question: object, answer: object) -> None:
        if isinstance(question, WriteRows) and not isinstance(answer, Progress):
            if isinstance(answer, Exception):
                self.message.say(plain(answer), "error")
            else:
                self.message.say(tr("Saved {path}", path=question.path), "good")
        if question is not self._asked or isinstance(answer, Progress) or not isinstance(question, AnswerRows):
            return
        self._asked = None
        self._took = time.monotonic() - self._asked_at
        self._answered = question.frame
        if isinstance(answer, Answers) and question.frame.dataset is self.model.dataset:
            self.model.show_answers(answer, resort=question.frame.run != "running")
            if question.frame.run != "running":
                self._follow()
        self._refresh()

    def _choose(self, current: QModelIndex, previous: QModelIndex) -> None:
        """Make the row under the cursor the example: a row of the batch where it is one, else a probe."""
        frame = self._frame
        if frame is None or self._is_choosing or not current.isValid():
            return
        row = self.model.row_of(current.row())
        found = np.flatnonzero(frame.batch == row)
        self._focus.set(example=Row(int(found[0])) if len(found) else Probe(row))

    def _follow(self) -> None:
        """Mark the example's row."""
        frame, example = self._frame, self._focus.example
        if frame is None or not self.isVisible() or frame.dataset is not self.model.dataset:
            return
        row = -1
        if isinstance(example, Probe):
            row = example.row
        elif isinstance(example, Row) and example.position < len(frame.batch):
            row = int(frame.batch[example.position])
        selection = self.table.selectionModel()
        if selection is None or not 0 <= row < frame.dataset.rows:
            return
        index = self.model.index(self.model.place_of(row), 0)
        if selection.currentIndex().row() != index.row():
            self._is_choosing = True
            flags = QItemSelectionModel.SelectionFlag
            selection.setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
            self._is_choosing = False

    def _count(self) -> None:
        dataset = self.model.dataset
        if dataset is not None:
            self.count.setText(
                tr(
                    "{rows} rows · {train} training, {held} validation",
                    rows=f"{dataset.rows:,}",
                    train=f"{len(dataset.train):,}",
                    held=f"{len(dataset.validation):,}",
                )
            )

    def _ask_where(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, tr("Save as CSV"), "rows.csv", "CSV (*.csv)")
        if path:
            self.write(path)

    def _shape_table(self) -> None:
        """Rows of one height and columns of one width: nothing is measured, so nothing grows with the data."""
        look = theme.current()
        self.table.setFont(look.font(12, mono=True))
        vertical, horizontal = self.table.verticalHeader(), self.table.horizontalHeader()
        if vertical is not None:
            vertical.hide()
            vertical.setDefaultSectionSize(look.px(24))
        if horizontal is not None:
            horizontal.setDefaultSectionSize(look.px(104))
            horizontal.setFixedHeight(look.px(28))

    @override
    def sizeHint(self) -> QSize:
        return QSize(900, 560)

    @override
    def showEvent(self, a0: QShowEvent | None) -> None:
        super().showEvent(a0)
        self._catch_up()
        self._follow()

    @override
    def closeEvent(self, a0: QCloseEvent | None) -> None:
        self._later.stop()
        super().closeEvent(a0)

    @override
    def changeEvent(self, a0: QEvent | None) -> None:
        super().changeEvent(a0)
        if a0 is not None and a0.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        elif a0 is not None and a0.type() == QEvent.Type.PaletteChange:
            self._shape_table()

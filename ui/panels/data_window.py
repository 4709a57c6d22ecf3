"""Opening a file of one's own: how it is read, what each column is, what goes in and comes out, and "Use this data".

Reading and preparing happen beside the training, in the runner's second thread. Nothing of the present run changes
before the last button, which is one edit that can be undone.
"""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QEvent, QSize, Qt
from PyQt6.QtGui import QCloseEvent
from PyQt6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSplitter,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from bpstudio.data.choices import Preparation, ReadOptions
from bpstudio.data.dataset import Dataset
from bpstudio.data.errors import DataError
from bpstudio.data.suggestion import suggest
from bpstudio.data.table import Table
from ui import tabbing, theme
from ui.language import tr
from ui.panels.columns_table import NAME, ColumnsModel, ColumnsTable
from ui.panels.file_preview import FilePreview
from ui.panels.form import Message
from ui.panels.plain import plain
from ui.panels.preparation_form import PreparationForm
from ui.panels.questions import OpenedTable, PreparedTable, PrepareTable, ReadTable
from ui.runner import Progress, Runner


class DataWindow(QDialog):
    """The window in which a file becomes data to train on."""

    def __init__(self, runner: Runner, name: str, parent: QWidget | None = None) -> None:
        """`name` is what the edit is called for undo."""
        super().__init__(parent)
        self._runner = runner
        self._name = name
        self._path = ""
        self._reading: ReadTable | None = None
        self._preparing: PrepareTable | None = None
        self.table: Table | None = None
        self.preparation: Preparation | None = None
        self.dataset: Dataset | None = None
        """What the present choices give; None while that is being worked out, or when they cannot be used."""

        self.file_name = QLabel()
        self.file_name.setProperty("role", "heading")
        self.facts = QLabel()
        self.facts.setProperty("role", "secondary")
        self.other = QPushButton()
        self.other.clicked.connect(self.ask_for_file)
        self.preview = FilePreview(self._read)
        self.columns = ColumnsModel(self.prepare, self._refuse)
        self.columns_table = ColumnsTable(self.columns)
        self.form = PreparationForm(self.prepare)
        self.message = Message()
        self.use, self.cancel = QPushButton(), QPushButton()
        self.use.setDefault(True)
        self.use.clicked.connect(self.use_data)
        self.cancel.clicked.connect(self.reject)

        top = QHBoxLayout()
        top.addWidget(self.file_name)
        top.addWidget(self.facts)
        top.addStretch(1)
        top.addWidget(self.other)
        tables = QSplitter(Qt.Orientation.Vertical)
        tables.addWidget(self.preview)
        tables.addWidget(self.columns_table)
        tables.setSizes([240, 300])
        side = QScrollArea()
        side.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # what is written below the controls is read by arrow keys
        side.setWidgetResizable(True)
        side.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # One that comes and goes can make the form higher and lower in turn, without an end.
        side.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        side.setWidget(self.form)
        side.setFixedWidth(theme.current().px(290))
        middle = QHBoxLayout()
        middle.setSpacing(14)
        middle.addWidget(tables, 1)
        middle.addWidget(side)
        bottom = QHBoxLayout()
        bottom.addWidget(self.message, 1)
        bottom.addStretch(0)
        bottom.addWidget(self.cancel)
        bottom.addWidget(self.use)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(16, 14, 16, 14)
        whole.setSpacing(10)
        whole.addLayout(top)
        whole.addLayout(middle, 1)
        whole.addLayout(bottom)
        for button in (self.other, self.cancel):
            button.setAutoDefault(False)
        self._scrolled = side
        look, screen = theme.current(), self.screen()
        room = screen.availableSize() if screen is not None else QSize(1280, 720)
        self.resize(QSize(look.px(1180), look.px(690)).boundedTo(room))
        self.retranslate()
        self._enable()
        runner.answered.connect(self._take)

    def open_path(self, path: str) -> None:
        """Read a file and show what is in it."""
        self._path = path
        self.table = self.preparation = self.dataset = None
        self.preview.begin()
        self.file_name.setText(Path(path).name)
        self._read(ReadOptions())

    def ask_for_file(self) -> None:
        """Let a person choose a file."""
        kinds = tr("Tables") + " (*.csv *.tsv *.txt *.dat);;" + tr("All files") + " (*)"
        path, _ = QFileDialog.getOpenFileName(self, tr("Open data"), self._path, kinds)
        if path:
            self.open_path(path)
            self.show()

    def prepare(self, preparation: Preparation) -> None:
        """Choose how the data are prepared; what they give is worked out beside."""
        if self.table is None:
            return
        self.preparation = preparation
        self.dataset = None
        self.columns.show_columns(self.table, preparation)
        self.form.show_preparation(self.table, preparation)
        self.message.say("", "")
        self._preparing = PrepareTable(self.table, preparation)
        self._runner.ask(self._preparing)
        self._enable()

    def use_data(self) -> None:
        """Train on these data from now on: one edit, with the network that was chosen."""
        experiment = self.form.experiment()
        if self.dataset is None or experiment is None:
            return
        self._runner.apply(experiment=experiment, dataset=self.dataset, name=self._name)
        self.accept()

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        self.setWindowTitle(tr("Open data"))
        self.other.setText(tr("Other file…"))
        self.use.setText(tr("Use this data"))
        self.cancel.setText(tr("Cancel"))
        self.preview.cells.setAccessibleName(tr("Beginning of the file"))
        self.columns_table.setAccessibleName(tr("Columns of the file"))
        self._scrolled.setAccessibleName(tr("What will be done"))
        self.preview.retranslate()
        self.columns.retranslate()
        self.form.retranslate()
        self._tell_facts()

    def _read(self, options: ReadOptions) -> None:
        self._reading = ReadTable(self._path, options)
        self.facts.setText(tr("reading …"))
        self._runner.ask(self._reading)
        self._enable()

    def _take(self, question: object, answer: object) -> None:
        if isinstance(answer, Progress):
            return
        if question is self._reading:
            self._reading = None
            if isinstance(answer, OpenedTable):
                self._show_opened(answer)
            elif isinstance(answer, Exception):
                self._show_opened(OpenedTable(None, ValueError(str(answer)), ""))
        elif question is self._preparing:
            self._preparing = None
            if isinstance(answer, PreparedTable):
                self._show_prepared(answer)
            elif isinstance(answer, Exception):
                self.message.say(plain(answer), "error")
        self._enable()

    def _show_opened(self, opened: OpenedTable) -> None:
        """A table: suggest how to prepare it. None: the reason; what was open before is no longer offered."""
        self.table, self.dataset, self.preparation = opened.table, None, None
        self.preview.show_table(opened.table, opened.beginning)
        self._tell_facts()
        # One column alone has nothing to choose: what it could be learned from is missing.
        is_table = opened.table is not None and len(opened.table.names) > 1
        self.columns_table.setVisible(is_table)
        self.form.setVisible(is_table)
        if opened.error is not None:
            self.preview.show_error(opened.error)
        if opened.table is None:
            return
        names = opened.table.names
        try:
            self.prepare(suggest(opened.table))
        except DataError as error:
            # No column can be used as it was read; a person may know better, and needs the columns to say so.
            if len(names) > 1:
                self.prepare(Preparation(inputs=names[:-1], targets=names[-1:]))
            self.message.say(plain(error), "error")

    def _show_prepared(self, prepared: PreparedTable) -> None:
        self.dataset = prepared.dataset
        frame = self._runner.frame
        self.form.show_advice(prepared.advice)
        self.form.show_dataset(prepared.dataset, frame.experiment if frame is not None else None)
        if prepared.error is not None:
            self._refuse(prepared.error, getattr(prepared.error, "column", None) or "")
        else:
            self.columns.mark("")

    def _refuse(self, error: ValueError, column: str) -> None:
        """Say what is wrong and show the column it is about."""
        self.message.say(plain(error), "error")
        row = self.columns.mark(column)
        if row >= 0:
            self.columns_table.scrollTo(self.columns.index(row, NAME))

    def _tell_facts(self) -> None:
        if self.table is not None:
            rows, columns = f"{self.table.rows:,}", f"{len(self.table.columns):,}"
            self.facts.setText(tr("{rows} rows, {columns} columns", rows=rows, columns=columns))
        else:
            self.facts.setText("")

    def _enable(self) -> None:
        self.use.setEnabled(self.dataset is not None and self._preparing is None and self._reading is None)

    @override
    def focusNextPrevChild(self, next: bool) -> bool:
        return tabbing.go(self, next)

    @override
    def closeEvent(self, a0: QCloseEvent | None) -> None:
        for kind in ("read table", "prepare table"):
            self._runner.cancel(kind)
        super().closeEvent(a0)

    @override
    def changeEvent(self, a0: QEvent | None) -> None:
        super().changeEvent(a0)
        if a0 is not None and a0.type() == QEvent.Type.LanguageChange:
            self.retranslate()

"""The Data section: which rows are trained on, where they came from, and what was done to them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent
from PyQt6.QtWidgets import QLabel, QMenu, QPushButton, QVBoxLayout, QWidget
from typing_extensions import override

from bpstudio.data.dataset import Dataset
from bpstudio.data.source import Generated, Prepared
from bpstudio.training.carry import check_fit
from bpstudio.training.first_network import suggested
from bpstudio.training.frame import Frame
from ui import theme
from ui.focus import Focus
from ui.language import tr, translatable
from ui.panels import edits
from ui.panels.done import done_to, in_full
from ui.panels.example_line import ExampleLine
from ui.panels.form import Message, Section
from ui.panels.generator_form import NAMES, GeneratorForm
from ui.panels.questions import MakePoints
from ui.panels.small_table import SmallTable, is_small, with_value
from ui.runner import Progress, Runner

if TYPE_CHECKING:
    from ui.panels.data_window import DataWindow
    from ui.panels.rows_window import RowsWindow

TYPE_VALUE = translatable("type a value")
USE_DATA = translatable("use other data")


class DataPanel(QWidget):
    """The Data section of the left column, and the doors to the data window and the table of rows."""

    def __init__(self, runner: Runner, focus: Focus, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runner = runner
        self._focus = focus
        self._frame: Frame | None = None
        self._sent: Dataset | None = None
        """What was typed and has not come back yet: a second cell builds on it."""
        self._points: MakePoints | None = None
        self._window: DataWindow | None = None
        self._window_scale = 1.0
        self._rows: RowsWindow | None = None
        self.watch_row: Callable[[QMenu, int], object] = lambda menu, row: None
        """Puts into a menu what can be done with a row of the data."""
        self.section = Section("section.data", self)
        self.name, self.facts, self.steps = QLabel(), QLabel(), QLabel()
        self.name.setProperty("role", "heading")
        for label in (self.facts, self.steps):
            label.setProperty("role", "secondary")
        for label in (self.name, self.facts, self.steps):
            label.setWordWrap(True)
        self.message = Message()
        self.table = SmallTable(self.type_value, self.message.say)
        self.example = ExampleLine(focus)
        self.open, self.make, self.all = QPushButton(), QPushButton(), QPushButton()
        self.make.setCheckable(True)
        self.generator = GeneratorForm(self._ask_for_points)
        self.generator.hide()
        rows: tuple[QWidget, ...] = (
            self.name,
            self.facts,
            self.table,
            self.message,
            self.example,
            self.steps,
            self.all,
            self.open,
            self.make,
            self.generator,
        )
        for widget in rows:
            self.section.rows.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.section)
        self.open.clicked.connect(self.ask_for_file)
        self.make.toggled.connect(self._unfold_generator)
        self.all.clicked.connect(self.show_rows)
        self.retranslate()
        runner.failed.connect(self._forget)
        runner.answered.connect(self._take_points)

    def show_frame(self, frame: Frame) -> None:
        """Show the data of a frame; nothing happens while they stay the same."""
        before, self._frame = self._frame, frame
        if before is None or before.dataset is not frame.dataset or before.caption.names != frame.caption.names:
            self._sent = None
            self._fill(frame.dataset)
        self.example.show_frame(frame)
        if self._rows is not None:
            self._rows.show_frame(frame)

    @property
    def editors(self) -> tuple[QWidget, ...]:
        """What changes the data; looking at them stays free."""
        return self.table, self.open, self.make, self.generator

    def open_path(self, path: str) -> None:
        """Show what is in a file, in the data window; nothing is used before a person says so."""
        window = self._opened()
        window.open_path(path)
        window.show()
        window.raise_()

    def ask_for_file(self) -> None:
        """Let a person choose a file, then show what is in it."""
        self._opened().ask_for_file()

    def show_rows(self) -> None:
        """Open the table of all rows."""
        from ui.panels.rows_window import RowsWindow  # here, so that the main window is up sooner

        if self._rows is None:
            self._rows = RowsWindow(self._runner, self._focus, self.window())
            self._rows.fill_menu = self.watch_row
        if self._frame is not None:
            self._rows.show_frame(self._frame)
        self._rows.show()
        self._rows.raise_()

    @property
    def data_window(self) -> DataWindow | None:
        """The data window, once it was opened."""
        return self._window

    @property
    def rows_window(self) -> RowsWindow | None:
        """The table of all rows, once it was opened."""
        return self._rows

    def type_value(self, row: int, column: int, value: float) -> None:
        """One input or target typed anew; raises ValueError where the task does not allow it."""
        if self._frame is None:
            return
        dataset = with_value(self._sent or self._frame.dataset, row, column, value)
        check_fit(self._frame.experiment, dataset)
        self._sent = dataset
        self._runner.apply(dataset=dataset, name=TYPE_VALUE)

    def use(self, dataset: Dataset) -> None:
        """Train on these data from now on, with the present network where it fits, else with one that suits."""
        if self._frame is None:
            return
        present = self._frame.experiment
        chosen = present if edits.fits(present, dataset) else suggested(dataset)
        self._runner.apply(experiment=chosen, dataset=dataset, name=USE_DATA)

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        self.section.name(tr("Data"))
        self.table.setAccessibleName(tr("Data"))
        self.open.setText(tr("Open data…"))
        self.open.setToolTip(tr("A CSV or TSV file of your own"))
        self.make.setText(tr("Make points"))
        self.make.setToolTip(tr("Circle, XOR, spirals, clouds, moons or a sine, with noise and seed"))
        self.all.setText(tr("All rows…"))
        self.all.setToolTip(tr("Every row with prediction and loss; choose one to look at it"))
        self.generator.retranslate()
        if self._frame is not None:
            self._fill(self._frame.dataset)

    def _fill(self, dataset: Dataset) -> None:
        rows = tr("1 row") if dataset.rows == 1 else tr("{rows} rows", rows=f"{dataset.rows:,}")
        self.section.summary.setText(rows)
        small = is_small(dataset)
        self.table.setVisible(small)
        if small:
            self.table.show_dataset(dataset, self._focus.names)
        name = _name(dataset)
        self.name.setText(name)
        self.name.setVisible(bool(name) and not small)
        self.facts.setText(_facts(dataset))
        self.facts.setVisible(not small)
        steps = done_to(dataset.source)
        self.steps.setText("\n".join(steps))
        self.steps.setToolTip("\n".join(in_full(dataset.source)))
        self.steps.setVisible(bool(steps))
        self.message.say("", "")

    def _ask_for_points(self, recipe: Generated) -> None:
        self._points = MakePoints(recipe)
        self._runner.ask(self._points)

    def _take_points(self, question: object, answer: object) -> None:
        if question is not self._points or self._points is None or isinstance(answer, Progress):
            return
        self._points = None
        if isinstance(answer, Dataset):
            self.generator.message.say("", "")
            self.use(answer)
        elif isinstance(answer, Exception):
            self.generator.refuse(answer)

    def _forget(self, reason: str) -> None:
        self._sent = None

    def _opened(self) -> DataWindow:
        from ui.panels.data_window import DataWindow  # here, so that the main window is up sooner

        scale = theme.current().scale
        if self._window is not None and self._window_scale != scale:
            # Its tables and columns were measured for another size of text.
            self._window.close()
            self._window.deleteLater()
            self._window = None
        if self._window is None:
            self._window = DataWindow(self._runner, USE_DATA, self.window())
            self._window_scale = scale
        return self._window

    def _unfold_generator(self, is_open: bool) -> None:
        self.generator.setVisible(is_open)
        if is_open and self._frame is not None:
            self.generator.show_dataset(self._frame.dataset)

    @override
    def changeEvent(self, a0: QEvent | None) -> None:
        super().changeEvent(a0)
        if a0 is not None and a0.type() == QEvent.Type.LanguageChange:
            self.retranslate()


def _name(dataset: Dataset) -> str:
    source = dataset.source.origin
    if isinstance(source, Generated) and source.generator in NAMES:
        return tr(NAMES[source.generator])
    return dataset.name or (Path(source.path).name if isinstance(source, Prepared) else "")


def _facts(dataset: Dataset) -> str:
    """Rows for training and validation, inputs, and what is learned."""
    facts = [tr("{train} training rows", train=f"{len(dataset.train):,}")]
    if len(dataset.validation):
        facts.append(tr("{held} validation rows", held=f"{len(dataset.validation):,}"))
    facts.append(tr("{count} inputs", count=f"{dataset.inputs:,}") if dataset.inputs > 1 else tr("1 input"))
    if dataset.task == "regression":
        facts.append(tr("1 target") if dataset.outputs == 1 else tr("{count} targets", count=f"{dataset.outputs:,}"))
    else:
        facts.append(tr("{count} classes", count=len(dataset.class_names)))
    return " · ".join(fact.replace(" ", "\u00a0") for fact in facts)

"""The table twin: the step that the canvas draws, as two tables that can be read, copied and heard.

Whoever cannot see the picture, or wants its numbers in a spreadsheet, has everything here that the picture has: units,
targets and loss at the left, weights and biases at the right, of the same example, as far as the same walk has come.
Selection, mouse and beat are one with the canvas, through Focus. It is made of ordinary Qt tables, so a screen reader
finds rows, columns and headings, and each cell says what it is of what.
"""

from __future__ import annotations

import time

from PyQt6.QtCore import QEvent, QSize, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QHideEvent, QShowEvent
from PyQt6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from bpstudio.insight.elements import Element, Kernel, Row
from bpstudio.insight.example import Numbers
from bpstudio.insight.notation import letters
from bpstudio.insight.step_table import EdgeTable, Moment, UnitTable
from bpstudio.insight.walk import Walk
from bpstudio.training.frame import Frame
from ui import theme
from ui.focus import Focus
from ui.language import tr
from ui.panels.example_line import example_text
from ui.panels.form import Choice, Message
from ui.panels.plain import plain
from ui.panels.questions import WriteRows
from ui.panels.twin_grid import MapGrid, whole_of
from ui.panels.twin_model import ALL_LAYERS
from ui.panels.twin_table import TwinTable
from ui.panels.twin_text import Sheet
from ui.runner import Progress, Runner

REFRESH_SECONDS = 0.1
"""While training runs, numbers change at most this often: faster than this nobody reads."""


class Twin(QWidget):
    """Both tables with a line above them: layer, search, whose numbers, ways out. `left` says that it was closed."""

    left = pyqtSignal()

    def __init__(self, runner: Runner, focus: Focus, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runner, self._focus = runner, focus
        self._frame: Frame | None = None
        self._shown: tuple[object, ...] = ()
        self._shown_frame: Frame | None = None
        self._shown_at = 0.0
        self._beat: tuple[object, ...] = ()
        self._selection: Element | None = None
        self._writing: WriteRows | None = None
        self._needs: list[int] = []
        self._is_shared_by_hand = False
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self.refresh)
        self.units, self.edges = TwinTable(), TwinTable()
        self.grid = MapGrid()
        self.layer, self.search = Choice(), QLineEdit()
        self.search.setClearButtonEnabled(True)
        self.whose, self.message = QLabel(), Message()
        self.whose.setProperty("role", "secondary")
        self.message.setWordWrap(False)
        self.doors = (QToolButton(), QToolButton())
        self.close_button = QToolButton()
        self._lay_out()
        for table, door in zip((self.units, self.edges), self.doors, strict=True):
            table.chosen.connect(self._choose)
            table.pointed.connect(lambda element: focus.set(hover=element))
            table.save_wanted.connect(lambda table=table: self._ask_where(table))
            table.copied.connect(self._say_copied)
            table.rows.modelReset.connect(self._count)
            door.clicked.connect(lambda _, table=table, door=door: self._open_menu(table, door))
        self.grid.chosen.connect(self._choose)
        self.layer.activated.connect(lambda _: self._filter())
        self.search.textChanged.connect(lambda _: self._filter())
        self.close_button.clicked.connect(self.left)
        focus.changed.connect(self._follow)
        runner.answered.connect(self._take)
        self.retranslate()

    # ---- what is shown

    def show_frame(self, frame: Frame) -> None:
        """Show a step: at once at rest, at most ten times a second while training runs."""
        self._frame = frame
        wait = self._shown_at + REFRESH_SECONDS - time.monotonic()
        if frame.run == "running" and wait > 0:
            if self.isVisible() and not self._later.isActive():
                self._later.start(int(wait * 1000) + 1)
            return
        self.refresh()

    def refresh(self) -> None:
        """Bring both tables up to date; nothing happens while nobody can see them."""
        frame, focus = self._frame, self._focus
        if frame is None or not self.isVisible():
            return
        eye = focus.eye
        shown = (focus.notation, eye.grain, eye.playhead, eye.example, eye.scale_delta, eye.digits)
        if shown == self._shown and frame is self._shown_frame:
            return
        self._shown, self._shown_frame, self._shown_at = shown, frame, time.monotonic()
        walk = focus.walk if focus.walk == Walk.of(frame) else Walk.of(frame)
        assert walk is not None
        moment = Moment(
            frame,
            walk,
            self._numbers(frame),
            grain=eye.grain,
            index=min(eye.playhead, walk.count(eye.grain)),
            batch_delta=eye.scale_delta == "batch",
            delta_sign=focus.notation.delta_sign,
            weight_layout=focus.notation.weight_layout,
        )
        symbols = letters(focus.notation, frame.experiment.network)
        self._offer_layers(len(frame.experiment.network.layers))
        for table, made in ((self.units, UnitTable(moment)), (self.edges, EdgeTable(moment))):
            table.rows.show_sheet(Sheet(made, symbols, eye.digits), resort=frame.run != "running")
        self._show_grid()
        self._share_out()
        self.whose.setText(example_text(frame, eye.example))
        beat = (eye.grain, eye.playhead, frame.step)
        if beat != self._beat and frame.run != "running":
            self._beat = beat
            for table in (self.units, self.edges):
                table.show_beat()

    def _show_grid(self) -> None:
        """Show the selected map or kernel as a grid, in place of the table that it does not come from."""
        whole = whole_of(self._focus.selection)
        table = self.edges if isinstance(whole, Kernel) else self.units
        sheet = table.rows.sheet
        if whole is None or sheet is None or not sheet.table.names.has(whole):
            self.grid.hide()
            self.units.show()
            self.edges.show()
            return
        self.grid.show_sheet(sheet, whole, sheet.letters.element(whole))
        self.units.setVisible(table is self.units)
        self.edges.setVisible(table is self.edges)
        if self.grid.isHidden():
            self.grid.show()
            self.columns.setSizes([self.columns.width() // 2] * 3)
        self.grid.follow(self._focus.selection)

    def take_keyboard(self) -> None:
        """Give the keyboard to the table that has the selection, or that the present beat is about."""
        table = self.edges if self._focus.selection is not None and self._holds(self.edges) else self.units
        if self._focus.selection is None and not self.units.rows.beat_cell().isValid():
            table = self.edges if self.edges.rows.beat_cell().isValid() else self.units
        table.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        for table, name, words in (
            (
                self.units,
                tr("Units and loss of this step"),
                tr("Arrow keys go from cell to cell; the row's unit is selected on the canvas too."),
            ),
            (
                self.edges,
                tr("Weights and biases of this step"),
                tr("Arrow keys go from cell to cell; the row's weight is selected on the canvas too."),
            ),
        ):
            table.setAccessibleName(name)
            table.setAccessibleDescription(words)
            table.setWhatsThis(words)
            table.rows.retranslate()
        self.setAccessibleName(tr("The step as tables"))
        self.setWhatsThis(
            tr("All numbers of the step, as far as the walk has come. A point stands where nothing is computed yet.")
        )
        self.layer.setAccessibleName(tr("Layer"))
        self.search.setAccessibleName(tr("Find by name"))
        self.search.setPlaceholderText(tr("Find: w5, h1, b_o1"))
        self.close_button.setText("✕")
        self.close_button.setToolTip(tr("Back to the curves (F4)"))
        self.close_button.setAccessibleName(self.close_button.toolTip())
        self._shown = ()
        if self._frame is not None:
            self.layer.clear()
            self.refresh()
        self._count()
        self._measure()

    # ---- within

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.setContentsMargins(10, 3, 6, 3)
        line.setSpacing(8)
        for button in (*self.doors, self.close_button):
            button.setProperty("role", "flat")
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.whose.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.message.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        line.addWidget(self.layer)
        line.addWidget(self.search)
        line.addWidget(self.whose, 2)
        line.addWidget(self.message, 3)
        for widget in (*self.doors, self.close_button):
            line.addWidget(widget)
        self.columns = QSplitter(Qt.Orientation.Horizontal)
        self.columns.setHandleWidth(6)
        self.columns.setChildrenCollapsible(False)
        self.columns.addWidget(self.units)
        self.columns.addWidget(self.grid)
        self.columns.addWidget(self.edges)
        for place in (0, 1, 2):
            self.columns.setStretchFactor(place, 1)
        self.columns.splitterMoved.connect(self._take_share)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(line)
        column.addWidget(self.columns, 1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def _measure(self) -> None:
        look = theme.current()
        self.search.setFixedWidth(look.px(150))
        self.search.setMaximumHeight(look.px(24))
        self.layer.setMaximumHeight(look.px(24))

    def _share_out(self) -> None:
        """Give each table the share of the width that its columns need, until somebody moves the line between them."""
        needs = [table.needed_width for table in (self.units, self.edges)]
        if not self.grid.isHidden():
            self._needs = []
        elif needs != self._needs and not self._is_shared_by_hand:
            self._needs = needs
            units, edges = (round(self.columns.width() * need / max(sum(needs), 1)) for need in needs)
            self.columns.setSizes([units, 0, edges])

    def _take_share(self, *_: object) -> None:
        self._is_shared_by_hand = True

    def _numbers(self, frame: Frame) -> Numbers:
        """The example's numbers; the first row's where this batch has no such row."""
        try:
            return Numbers(frame, self._focus.example)
        except ValueError:
            return Numbers(frame, Row(0))

    def _holds(self, table: TwinTable) -> bool:
        element = self._focus.selection
        return element is not None and table.rows.place_of(element) is not None

    def _offer_layers(self, depth: int) -> None:
        layers: list[tuple[object, str]] = [(ALL_LAYERS, tr("all layers")), (0, tr("inputs"))]
        layers += [(layer, tr("layer {number}", number=layer)) for layer in range(1, depth + 1)]
        before = self.layer.currentData()
        self.layer.offer(layers)
        if self.layer.currentIndex() < 0:
            self.layer.setCurrentIndex(0)
        if before is not None and before != self.layer.currentData():
            self._filter()

    def _filter(self) -> None:
        layer, text = self.layer.currentData(), self.search.text()
        for table in (self.units, self.edges):
            table.rows.filter(ALL_LAYERS if layer is None else int(layer), text)
        found = len(self.units.rows.order) + len(self.edges.rows.order)
        self.message.say("" if found or not text else tr("Nothing here is called “{text}”.", text=text), "warning")
        self._selection = None
        self._follow_selection()

    def _count(self) -> None:
        """Say at the doors how many rows there are."""
        for table, door, words in zip(
            (self.units, self.edges), self.doors, (tr("Units: {count}"), tr("Edges: {count}")), strict=True
        ):
            sheet = table.rows.sheet
            count, all_of_them = len(table.rows.order), sheet.table.rows if sheet is not None else 0
            of = f"{count:,} / {all_of_them:,}" if count < all_of_them else f"{count:,}"
            door.setText(words.format(count=of) + " ▾")
            door.setToolTip(tr("Copy, save or sort this table"))
            door.setAccessibleName(f"{table.accessibleName()}: {door.toolTip()}")

    def _follow(self) -> None:
        """Focus changed: another beat, example or notation, another selection, or the mouse went elsewhere."""
        if not self.isVisible():
            return
        self.refresh()
        for table in (self.units, self.edges):
            table.rows.hover(self._focus.hover)
        self._follow_selection()

    def _follow_selection(self) -> None:
        if self._focus.selection != self._selection:
            self._selection = self._focus.selection
            self._show_grid()
            self._share_out()
            for table in (self.units, self.edges):
                table.follow(self._selection)

    def _choose(self, element: Element | None) -> None:
        self._focus.set(selection=element)

    def _open_menu(self, table: TwinTable, door: QToolButton) -> None:
        table.menu().popup(door.mapToGlobal(door.rect().bottomLeft()))

    # ---- ways out

    def write(self, table: TwinTable, path: str) -> None:
        """Write a table as it is filtered and sorted now to a CSV file, with every digit."""
        sheet, order = table.rows.sheet, table.rows.order
        if sheet is None:
            return
        columns = sheet.columns
        header = tuple(sheet.heading(column, spoken=True) for column in columns)
        self._writing = WriteRows(
            path, header, lambda place: tuple(sheet.exact(int(order[place]), name) for name in columns), len(order)
        )
        self._runner.ask(self._writing)

    def _ask_where(self, table: TwinTable) -> None:
        name = "units.csv" if table is self.units else "edges.csv"
        path, _ = QFileDialog.getSaveFileName(self, tr("Save as CSV"), name, "CSV (*.csv)")
        if path:
            self.write(table, path if path.lower().endswith(".csv") else f"{path}.csv")

    def _take(self, question: object, answer: object) -> None:
        if question is not self._writing or isinstance(answer, Progress) or not isinstance(question, WriteRows):
            return
        if isinstance(answer, Exception):
            self.message.say(plain(answer), "error")
        else:
            self.message.say(tr("Saved {path}", path=question.path), "good")

    def _say_copied(self, text: str) -> None:
        if text:
            rows = text.count("\n") - 1
            self.message.say(tr("Copied: {rows} rows", rows=f"{rows:,}"), "good")
        else:
            self.message.say(tr("Too much for the clipboard: save it as a file."), "warning")

    # ---- Qt

    @override
    def showEvent(self, a0: QShowEvent | None) -> None:
        super().showEvent(a0)
        self._beat = ()
        self._selection = None
        self._follow()

    @override
    def hideEvent(self, a0: QHideEvent | None) -> None:
        self._later.stop()
        super().hideEvent(a0)

    @override
    def changeEvent(self, a0: QEvent | None) -> None:
        super().changeEvent(a0)
        if a0 is not None and a0.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        elif a0 is not None and a0.type() == QEvent.Type.PaletteChange:
            self._measure()

    @override
    def sizeHint(self) -> QSize:
        return QSize(1280, theme.current().px(240))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(480, theme.current().px(120))

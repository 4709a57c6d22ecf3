"""The exercise sheet: a network is typed or pasted as a sheet of paper gives it, and becomes what is trained.

The window is never modal and never loses anything: what cannot be read yet stays as it was typed, and is named. Nothing
of the present run changes before the last button, which is one gesture that can be undone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from PyQt6.QtCore import QEvent, QSize, Qt
from PyQt6.QtGui import QKeyEvent, QKeySequence, QShortcut, QShowEvent
from PyQt6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from bpstudio.files import pasted
from bpstudio.files.exercise import Cell, Given, Name, Reading, Sheet, read
from bpstudio.insight import own_names
from bpstudio.insight.elements import Edge, Target, Unit
from bpstudio.insight.phrase import Phrase
from bpstudio.insight.typed_number import NumberError, echoed, read_number
from ui import tabbing, theme
from ui.document import Document
from ui.focus import Focus
from ui.language import tr
from ui.panels import describe
from ui.panels.form import Message
from ui.panels.plain import plain
from ui.panels.sheet_cells import CellsView, ends_of, headings
from ui.panels.sheet_form import SheetForm, sentence, words
from ui.panels.sheet_grid import GridBox
from ui.placing import Scrolled
from ui.runner import Runner

Face = Literal["values", "names"]
STEPS_BACK = 200


class ExerciseWindow(QDialog):
    """The sheet in its window."""

    def __init__(self, document: Document, runner: Runner, focus: Focus, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document, self._runner, self._focus = document, runner, focus
        self._past: list[Sheet] = []
        self._future: list[Sheet] = []
        self._writing = (focus.samples, focus.weight_layout)
        self.face: Face = "values"
        self.sheet = Sheet(title=tr("My exercise"))
        self.reading: Reading = read(self.sheet)
        self._settled = self.sheet
        self.boxes: list[GridBox] = []
        self.form = SheetForm(self.change, lambda: focus.notation)
        self.faces = {"values": QToolButton(), "names": QToolButton()}
        self.present, self.turn = QPushButton(), QPushButton()
        self.message = Message()
        self.use, self.cancel = QPushButton(), QPushButton()
        self._lay_out()
        for keys, act in ((QKeySequence.StandardKey.Undo, self.undo), (QKeySequence.StandardKey.Redo, self.redo)):
            QShortcut(QKeySequence(keys), self, act)
        look, screen = theme.current(), self.screen()
        room = screen.availableSize() if screen is not None else QSize(1280, 720)
        self.resize(QSize(look.px(1020), look.px(650)).boundedTo(room))
        focus.changed.connect(self._follow)
        self.retranslate()

    # ---- the sheet

    @property
    def is_unworked(self) -> bool:
        """Whether something was typed that stands nowhere else."""
        return self.sheet.texts != self._settled.texts

    def settle(self) -> None:
        """What stands here now stands somewhere else too, or may go."""
        self._settled = self.sheet

    def change(self, edit: Callable[[Sheet], Sheet]) -> None:
        """Put another sheet in place, which Ctrl+Z takes back. Raises ValueError where it cannot be."""
        sheet = edit(self.sheet)
        if sheet == self.sheet:
            return
        self._past = [*self._past[-STEPS_BACK:], self.sheet]
        self._future = []
        self._show(sheet)

    def undo(self) -> None:
        if self._past:
            self._future.append(self.sheet)
            self._show(self._past.pop())

    def redo(self) -> None:
        if self._future:
            self._past.append(self.sheet)
            self._show(self._future.pop())

    def take_present(self) -> None:
        """Put the network that is trained, with its present numbers and its data, on the sheet."""
        frame = self._runner.frame
        if frame is None:
            return
        title = self._document.own_title or tr("My exercise")
        try:
            self.change(lambda _: Sheet.of(frame, title))
            self.settle()
        except ValueError as error:
            self.message.say(plain(error), "error")

    def open_exercise(self) -> None:
        """Train what stands on the sheet; where something is missing, go there."""
        if self.reading.exercise is None:
            problem = self.reading.problems[0]
            self.go_to(problem.where)
            self.message.say(words(problem), "error")
            return
        self._document.take(self.reading.exercise)
        self.settle()
        self.accept()

    def go_to(self, place: Cell | str) -> None:
        """Put the cursor where something is missing or wrong."""
        if isinstance(place, str):
            field = {"title": self.form.title, "rate": self.form.rate}.get(place)
            if field is not None:
                field.setFocus()
            return
        self.show_face("names" if isinstance(place, Name) else "values")
        for box in self.boxes:
            if box.view.go_to(place):
                self._area.ensureWidgetVisible(box)

    def show_face(self, face: Face) -> None:
        """Show the numbers, or what they and the units are called."""
        self.faces[face].setChecked(True)
        if face != self.face:
            self.face = face
            self._show(self.sheet)

    # ---- what the grids ask for

    def type(self, texts: Mapping[Cell, str]) -> None:
        """Cells typed anew."""
        self.change(lambda sheet: sheet.with_texts(texts))

    def look_at(self, cell: Cell | None, typed: str | None = None) -> None:
        """Say under the grid which cell this is, and what was understood."""
        for box in self.boxes:
            if cell is None or not box.view.grid.find(cell).isValid():
                box.say("", "")
                continue
            text = self.sheet.texts.get(cell, "") if typed is None else typed
            box.say(*self._told(cell, text))

    def paste(self, grid: CellsView, row: int, column: int, text: str) -> None:
        """Put a block into a grid from a cell on; where it does not fit, say so and change nothing."""
        box = next(box for box in self.boxes if box.view is grid)
        chosen = [cell for cells in grid.chosen for cell in cells]
        try:
            block = pasted.read(text)
            if len(block) == len(block[0]) == 1 and len(chosen) > 1:
                self.type(dict.fromkeys(chosen, block[0][0]))
                return
            self._put(grid, row, column, block)
        except pasted.PasteError as error:
            if error.fits_turned:
                block = pasted.turned(pasted.read(text))
                box.say(plain(error), "error", tr("Turn it round"), lambda: self._put(grid, row, column, block))
            else:
                box.say(plain(error), "error")

    def go_on(self, grid: CellsView, by: int) -> None:
        """From the last cell of a grid to the first of the next, and back."""
        at = next(place for place, box in enumerate(self.boxes) if box.view is grid) + by
        if 0 <= at < len(self.boxes):
            self.boxes[at].view.go_to_end(by)
            self._area.ensureWidgetVisible(self.boxes[at])
        elif by > 0:
            self.use.setFocus()

    def _put(self, grid: CellsView, row: int, column: int, block: pasted.Block) -> None:
        model = grid.grid
        rows, width = len(model.cells), model.columnCount()
        whole = (width, width - 1) if (row, column) == (0, 0) else ()
        texts: dict[Cell, str] = {}
        for down, line in enumerate(pasted.fitted(block, rows - row, width - column, whole), row):
            for right, text in enumerate(line, column):
                cell = model.cell(down, right)
                if cell is not None:
                    texts[cell] = text
                elif text:
                    values = {"text": text, "row": model.rows[down], "count": str(len(model.cells[down]))}
                    raise pasted.PasteError(Phrase("There is no cell for “{text}”: {row} has {count}.", values))
        self.type(texts)
        self.look_at(model.cell(row, column))

    def _told(self, cell: Cell, text: str) -> tuple[str, str]:
        place = sentence(self.sheet.place(cell).rendered(tr))
        if not text.strip():
            return place, "echo"
        if isinstance(cell, Name):
            wrong = next((words(problem) for problem in self.reading.problems if problem.where == cell), "")
            return (wrong, "error") if wrong else (f"{place}: {own_names.text(text.strip())}", "echo")
        try:
            return f"{place} {echoed(read_number(text))}", "echo"
        except NumberError as error:
            return f"{place}: {plain(error)}", "error"

    # ---- showing it

    def _show(self, sheet: Sheet) -> None:
        self.sheet, self.reading = sheet, read(sheet)
        count = len(sheet.sizes)
        while len(self.boxes) > count:
            box = self.boxes.pop(0)
            box.hide()
            box.deleteLater()
        while len(self.boxes) < count:
            self.boxes.insert(0, GridBox(0, self))
            self._grids.insertWidget(0, self.boxes[0])
        wrong = {
            problem.where: words(problem)
            for problem in self.reading.problems
            if not isinstance(problem.where, str) and sheet.texts.get(problem.where, "")
        }
        # Numbers: the layers in their order, then the data. Names: the units first, then what leads to them.
        order = [*range(1, count), 0] if self.face == "values" else [*range(count)]
        for layer, box in zip(order, self.boxes, strict=True):
            if (box.face, box.layer) != (self.face, layer):
                box.face, box.layer = self.face, layer
                box.say("", "")  # that was about other cells
            self._fill(box, wrong)
        self.form.show_sheet(sheet)
        self.form.show_reading(self.reading)
        self._sum_up()

    def _fill(self, box: GridBox, wrong: Mapping[Cell, str]) -> None:
        sheet, layer = self.sheet, box.layer
        cells = sheet.grid(layer) if self.face == "values" else sheet.names_grid(layer)
        rows, columns = headings(sheet, layer, self.face == "names")
        turns = self._turns(layer)
        if turns:
            cells, rows, columns = tuple(zip(*cells, strict=True)), columns, rows
        self._name(box, turns)
        box.view.show_cells(sheet, cells, (rows, columns), wrong)
        box.view.setAccessibleName(box.heading.text())
        box.view.setAccessibleDescription(box.note.text())

    def _name(self, box: GridBox, turns: bool) -> None:
        sheet, layer, is_names = self.sheet, box.layer, self.face == "names"
        if layer == 0:
            box.heading.setText(tr("Names of the units") if is_names else tr("Examples"))
            note = tr("a column each: its inputs, then its targets")
            note = note if turns else tr("a row each: its inputs, then its targets")
            box.note.setText("" if is_names else note)
            return
        is_output = layer == len(sheet.layers)
        title = tr("Output layer") if is_output else tr("Hidden layer {number}", number=layer)
        box.heading.setText(f"{title} · {tr('names of the weights')}" if is_names else title)
        box.note.setText(
            tr("a row for what comes in, a column for each unit") if turns
            else tr("a row for each unit, a column for what comes in")
        )  # fmt: skip

    def name_heading(self, layer: int, is_column: bool, section: int) -> None:
        """Go where the unit of a heading is named."""
        if self.face == "names" and layer == 0:
            return
        ends = ends_of(self.sheet, layer)[is_column != self._turns(layer)]
        end = ends[section] if section < len(ends) else None
        if isinstance(end, Target):
            end = Unit(len(self.sheet.layers), end.index)
        if isinstance(end, Unit):
            self.go_to(Name(end))

    def _sum_up(self) -> None:
        """One line about the whole: what was understood, or what is wrong first, or how much is still missing."""
        sheet, problems = self.sheet, self.reading.problems
        # An empty cell among them is only one that is still to come.
        empty = [p.where for p in problems if isinstance(p.where, Edge | Given) and not sheet.texts.get(p.where, "")]
        places = set(empty)
        wrong = next((p for p in problems if p.where not in places), None)
        if wrong is not None:
            self.message.say(words(wrong), "error")
        elif empty:
            first = sheet.place(empty[0]).rendered(tr)
            said = tr("1 number is missing: {place}.", place=first)
            if len(empty) > 1:
                said = tr("{count} numbers are missing; the first: {place}.", count=len(empty), place=first)
            self.message.say(said, "echo")
        else:
            layers = " → ".join(f"{each.units} {describe.activation(each.activation)}" for each in sheet.layers)
            examples = tr("1 example") if sheet.rows == 1 else tr("{count} examples", count=sheet.rows)
            sizes = f"{sheet.inputs} → {layers}"
            self.message.say(tr("Understood: {sizes}, {examples}.", sizes=sizes, examples=examples), "good")

    def _lay_out(self) -> None:
        segments = QFrame()
        segments.setProperty("role", "segments")
        inside = QHBoxLayout(segments)
        inside.setContentsMargins(2, 2, 2, 2)
        inside.setSpacing(2)
        group = QButtonGroup(self)
        for face, button in self.faces.items():
            button.setProperty("role", "segment")
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _, face=face: self.show_face(face))
            group.addButton(button)
            inside.addWidget(button)
        self.faces["values"].setChecked(True)
        top = QHBoxLayout()
        top.addWidget(segments)
        top.addWidget(self.turn)
        top.addStretch(1)
        top.addWidget(self.present)
        page = QWidget()
        self._grids = QVBoxLayout(page)
        self._grids.setContentsMargins(0, 0, 8, 0)
        self._grids.setSpacing(14)
        self._grids.addStretch(1)
        self._area = _scrolled(page)
        side = _scrolled(self.form)
        side.setFixedWidth(theme.current().px(268))
        middle = QHBoxLayout()
        middle.setSpacing(16)
        middle.addWidget(side)
        middle.addWidget(self._area, 1)
        bottom = QHBoxLayout()
        bottom.addWidget(self.message, 1)
        bottom.addStretch(0)
        bottom.addWidget(self.cancel)
        bottom.addWidget(self.use)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(16, 14, 16, 14)
        whole.setSpacing(10)
        for part in (top, middle, bottom):
            whole.addLayout(part, 1 if part is middle else 0)
        for other in (self.present, self.turn, self.cancel):
            other.setAutoDefault(False)
        self.use.setProperty("role", "primary")
        self.use.setAutoDefault(False)
        self.present.clicked.connect(self.take_present)
        self.turn.setProperty("role", "flat")
        self.turn.clicked.connect(self.turn_round)
        self.use.clicked.connect(self.open_exercise)
        self.cancel.clicked.connect(self.reject)

    def turn_round(self) -> None:
        """Rows as columns, in every grid of weights: some sheets write what comes in beside, some above."""
        self._focus.set(weight_layout="out_in" if self._focus.weight_layout == "in_out" else "in_out")

    def _turns(self, layer: int) -> bool:
        """Whether a grid stands the other way round: W (in, out), or samples as columns."""
        if layer > 0:
            return self._focus.weight_layout == "in_out"
        return self._focus.samples == "columns" and self.face == "values"

    def _follow(self) -> None:
        """Focus changed: perhaps the way in which arrays are written."""
        writing = (self._focus.samples, self._focus.weight_layout)
        if writing != self._writing:
            self._writing = writing
            self._show(self.sheet)

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        self.setWindowTitle(tr("Exercise sheet"))
        self.faces["values"].setText(tr("Numbers"))
        self.faces["names"].setText(tr("Names"))
        self.turn.setText(tr("⇄ Rows as columns"))
        self.turn.setToolTip(tr("Some sheets write what comes in beside the grid, some above it"))
        self.present.setText(tr("Take the present network"))
        self.present.setToolTip(tr("Its weights, biases and data as they are now; Ctrl+Z brings back what stood here"))
        self.use.setText(tr("Work this exercise"))
        self.cancel.setText(tr("Close"))
        self.form.retranslate()
        self._show(self.sheet)

    @override
    def focusNextPrevChild(self, next: bool) -> bool:
        return tabbing.go(self, next)

    @override
    def keyPressEvent(self, a0: QKeyEvent | None) -> None:
        # No button is the default one, because Return in a field is meant for the field; so Qt leaves them to Space.
        focused = self.focusWidget()
        if a0 is not None and a0.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and isinstance(focused, QPushButton):
            focused.click()
        else:
            super().keyPressEvent(a0)

    @override
    def showEvent(self, a0: QShowEvent | None) -> None:
        super().showEvent(a0)
        self.boxes[0].view.go_to_end(1)  # the sheet is for typing

    @override
    def changeEvent(self, a0: QEvent | None) -> None:
        super().changeEvent(a0)
        if a0 is not None and a0.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        elif a0 is not None and a0.type() == QEvent.Type.PaletteChange and self.boxes:
            self._show(self.sheet)


def _scrolled(inner: QWidget) -> QScrollArea:
    area = Scrolled()
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(inner)
    return area

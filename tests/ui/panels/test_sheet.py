"""The exercise sheet: cells, blocks, names, what is said beside them, and that nothing typed is lost."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from PyQt6.QtCore import QItemSelection, QItemSelectionModel, Qt
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from bpstudio.files import lesson
from bpstudio.files.exercise import Name, Problem
from bpstudio.insight.elements import BIAS, Edge, Unit
from ui import language, theme
from ui.document import Document
from ui.focus import Focus
from ui.navigation import Navigation
from ui.panels.sheet import ExerciseWindow
from ui.panels.sheet_grid import GridView
from ui.runner import Runner

Key, Mod = Qt.Key, Qt.KeyboardModifier


@dataclass
class Desk:
    runner: Runner
    focus: Focus
    document: Document
    window: ExerciseWindow
    qtbot: QtBot

    @property
    def grids(self) -> list[GridView]:
        return [box.view for box in self.window.boxes]

    def paste(self, grid: int, text: str, row: int = 0, column: int = 0) -> None:
        clipboard = QGuiApplication.clipboard()
        assert clipboard is not None
        clipboard.setText(text)
        view = self.grids[grid]
        view.setCurrentIndex(view.grid.index(row, column))
        self.qtbot.keyClick(view, Key.Key_V, Mod.ControlModifier)

    def said(self, grid: int) -> str:
        return self.window.boxes[grid].message.text()

    def texts(self, grid: int) -> list[list[str]]:
        return [[self.window.sheet.texts.get(cell, "") for cell in row] for row in self.grids[grid].grid.cells]

    def fill(self) -> None:
        self.paste(0, "0,15\t0,20\t0,35\n0,25\t0,30\t0,35")
        self.paste(1, "0.40;0.45;0.60\n0.50;0.55;0.60")
        self.paste(2, "0.05 0.1 0.01 0.99")


@pytest.fixture
def desk(qtbot: QtBot, qapp: QApplication) -> Iterator[Desk]:
    theme.apply(qapp, "dark")
    language.install(qapp, "en")
    runner, focus = Runner(), Focus()
    navigation = Navigation(focus, runner)
    document = Document(runner, focus, lambda level, text: None)
    document.show(lesson.load("mazur"), name="mazur")
    window = ExerciseWindow(document, runner, focus)
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    yield Desk(runner, focus, document, window, qtbot)
    qtbot.waitUntil(lambda: runner.idle)
    navigation.pause()
    runner.close()
    language.install(qapp, "en")


def test_a_pasted_sheet_is_understood_and_opened(desk: Desk) -> None:
    window = desk.window
    assert "16 numbers are missing; the first: layer 1, unit h1, from i1." in window.message.text()
    desk.fill()
    assert window.message.text() == "✓ Understood: 2 → 2 sigmoid → 2 sigmoid, 1 example."
    desk.qtbot.mouseClick(window.use, Qt.MouseButton.LeftButton)
    desk.qtbot.waitUntil(lambda: desk.runner.idle)
    frame = desk.runner.frame
    assert frame is not None
    assert (frame.step, frame.caption.title, frame.undo) == (0, "My exercise", "open “My exercise”")
    assert (desk.focus.grain, desk.focus.playhead) == ("edge", 0)
    assert desk.document.title == "My exercise"
    assert desk.document.choice is None
    desk.runner.undo()
    desk.qtbot.waitUntil(lambda: desk.runner.idle)
    assert desk.document.title == "Worked example 2-2-2 (Mazur)"
    assert desk.texts(0)[0] == ["0,15", "0,20", "0,35"], "the sheet is as it was left"


def test_what_is_missing_is_gone_to_and_named(desk: Desk) -> None:
    desk.fill()
    desk.window.type({Edge(2, 0, 1): ""})
    desk.window.open_exercise()
    assert desk.window.isVisible()
    assert desk.window.message.text() == "✕ Layer 2, unit o1, from h2 is empty."
    assert desk.grids[1].hasFocus()
    assert desk.grids[1].grid.cell(desk.grids[1].currentIndex().row(), 1) == Edge(2, 0, 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("abc", "✕ Layer 1, unit h2, from i1: “abc” is not a number. Examples: 0.35, 0,35, 1/3, 1e-3."),
        ("1/0", "✕ Layer 1, unit h2, from i1: Division by zero: “1/0” is not a number."),
        ("0,1,2", "✕ Layer 1, unit h2, from i1: “0,1,2” has group separators."),
        ("1/3", "Layer 1, unit h2, from i1 = 0.333333333"),
        ("−,5", "Layer 1, unit h2, from i1 = -0.5"),
    ],
)
def test_every_key_is_answered_and_the_text_stays(desk: Desk, text: str, said: str) -> None:
    view = desk.grids[0]
    view.setFocus()
    view.setCurrentIndex(view.grid.index(1, 0))
    desk.qtbot.keyClick(view, Key.Key_F2)
    editor = view.findChild(QLineEdit)
    assert editor is not None
    editor.insert("")  # a keyboard has no −
    editor.setText(text[:-1])
    desk.qtbot.keyClicks(editor, text[-1])
    assert desk.said(0).startswith(said)
    desk.qtbot.keyClick(editor, Key.Key_Return)
    assert desk.texts(0)[1][0] == text
    assert (view.currentIndex().row(), view.currentIndex().column()) == (1, 1)
    assert (Edge(1, 1, 0) in view.grid.wrong) == said.startswith("✕")


def test_a_block_that_does_not_fit_changes_nothing_and_says_so(desk: Desk) -> None:
    desk.fill()
    before = desk.window.sheet
    desk.paste(0, "\t".join("1" * 17))
    assert desk.window.sheet == before
    assert desk.said(0) == "✕ 1 × 17 cells were copied (rows × columns); here is room for 2 × 3."
    assert not desk.window.boxes[0].offer.isVisible()
    desk.paste(0, "1\t2\n3\t4\n5\t6")
    offer = desk.window.boxes[0].offer
    assert offer.isVisible()
    desk.qtbot.mouseClick(offer, Qt.MouseButton.LeftButton)
    assert desk.texts(0) == [["1", "3", "5"], ["2", "4", "6"]]
    desk.window.undo()
    assert desk.window.sheet == before
    desk.window.redo()
    assert desk.texts(0)[0] == ["1", "3", "5"]


def test_a_matrix_in_one_line_one_value_for_many_and_a_copy(desk: Desk) -> None:
    desk.paste(0, "0.15 0.20 0.25 0.30")
    assert desk.texts(0) == [["0.15", "0.20", ""], ["0.25", "0.30", ""]]
    view = desk.grids[0]
    selection = view.selectionModel()
    assert selection is not None
    column = QItemSelection(view.grid.index(0, 2), view.grid.index(1, 2))
    selection.select(column, QItemSelectionModel.SelectionFlag.ClearAndSelect)
    desk.window.paste(view, 0, 2, "1/3")
    assert [row[2] for row in desk.texts(0)] == ["1/3", "1/3"]
    view.selectAll()
    desk.qtbot.keyClick(view, Key.Key_C, Mod.ControlModifier)
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    assert clipboard.text() == "0.15\t0.20\t1/3\n0.25\t0.30\t1/3"
    desk.qtbot.keyClick(view, Key.Key_Delete)
    assert desk.texts(0) == [["", "", ""], ["", "", ""]]


def test_rows_as_columns_show_and_take_the_same_numbers_turned(desk: Desk) -> None:
    desk.fill()
    before = desk.window.sheet
    desk.window.turn_round()
    assert desk.texts(0) == [["0,15", "0,25"], ["0,20", "0,30"], ["0,35", "0,35"]]
    assert desk.grids[0].grid.columns == ("h₁", "h₂")
    assert desk.window.sheet == before
    desk.paste(0, "0,15\t0,25\n0,20\t0,30\n0,35\t0,35")
    assert desk.window.sheet == before


def test_samples_as_columns_turn_the_examples_and_nothing_else(desk: Desk) -> None:
    desk.fill()
    before, weights = desk.window.sheet, desk.texts(0)
    examples = desk.texts(len(desk.grids) - 1)
    desk.focus.set(samples="columns")
    assert desk.texts(len(desk.grids) - 1) == [list(column) for column in zip(*examples, strict=True)]
    assert "a column each" in desk.window.boxes[-1].note.text()
    assert desk.texts(0) == weights
    assert desk.window.sheet == before
    desk.paste(len(desk.grids) - 1, "0,5\n0,25\n0,01\n0,99")
    assert desk.texts(len(desk.grids) - 1) == [["0,5"], ["0,25"], ["0,01"], ["0,99"]]
    desk.focus.set(samples="rows")
    assert desk.texts(len(desk.grids) - 1) == [["0,5", "0,25", "0,01", "0,99"]]


def test_names_stand_on_the_other_face(desk: Desk) -> None:
    desk.fill()
    desk.window.show_face("names")
    assert desk.texts(0) == [["", ""], ["", ""], ["", ""]]
    desk.paste(0, "A\tB", 1, 0)
    desk.paste(2, "v11\tv12\n", 0, 0)
    desk.window.show_face("values")
    assert desk.grids[0].grid.rows == ("A", "B")
    assert desk.window.reading.exercise is not None
    assert dict(desk.window.reading.exercise.caption.names) == {"h1": "A", "h2": "B", "w5": "v11", "w6": "v12"}
    desk.window.type({Name(Edge(2, 1, 1)): "v_11"})
    assert desk.window.message.text() == "✕ “v_11” stands there twice: for w5 and for w8."
    desk.window.open_exercise()
    assert desk.window.face == "names"
    desk.window.name_heading(1, True, 0)
    assert desk.grids[0].grid.find(Name(Unit(0, 0))) == desk.grids[0].currentIndex()


def test_names_of_layers_of_different_widths_are_copied_and_pasted(desk: Desk) -> None:
    desk.window.change(lambda sheet: sheet.with_layer(0, units=3))
    desk.window.show_face("names")
    desk.paste(0, "x1\tx2\t\nA\tB\tC\ny1\ty2\t")
    assert desk.texts(0) == [["x1", "x2"], ["A", "B", "C"], ["y1", "y2"]]
    view = desk.grids[0]
    view.selectAll()
    desk.qtbot.keyClick(view, Key.Key_C, Mod.ControlModifier)
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    copied = clipboard.text()
    desk.qtbot.keyClick(view, Key.Key_Delete)
    assert desk.window.sheet.texts == {}
    desk.paste(0, copied)
    assert desk.texts(0) == [["x1", "x2"], ["A", "B", "C"], ["y1", "y2"]]
    desk.paste(0, "a\tb\tc")
    assert desk.said(0) == "✕ There is no cell for “c”: inputs has 2."
    assert desk.texts(0)[0] == ["x1", "x2"]


def test_what_is_understood_is_called_as_in_the_list(desk: Desk) -> None:
    desk.fill()
    desk.window.change(lambda sheet: sheet.with_layer(1, activation="relu"))
    assert "2 → 2 sigmoid → 2 ReLU" in desk.window.message.text()


def test_nothing_is_said_about_cells_that_are_no_longer_there(desk: Desk) -> None:
    desk.window.go_to(Edge(1, 0, 1))
    assert desk.said(0) == "Layer 1, unit h1, from i2"
    desk.window.show_face("names")
    assert desk.said(0) == ""


def test_a_grid_that_is_too_wide_keeps_its_rows_above_the_bar(desk: Desk) -> None:
    view, window = desk.grids[0], desk.window
    window.change(lambda sheet: sheet.having(inputs=12))
    bar = view.horizontalScrollBar()
    viewport = view.viewport()
    assert bar is not None
    assert viewport is not None
    for width, is_shown in ((700, True), (1500, False), (700, True)):
        window.resize(width, 600)
        desk.qtbot.waitUntil(lambda is_shown=is_shown: bar.isVisible() == is_shown)  # type: ignore[misc]
        desk.qtbot.waitUntil(lambda: viewport.height() >= 2 * view.rowHeight(0))
        assert viewport.height() < 2 * view.rowHeight(0) + 8


def test_the_keyboard_goes_through_the_sheet_as_it_is_read(desk: Desk) -> None:
    desk.fill()
    window, form = desk.window, desk.window.form
    window.faces["values"].setFocus()
    order: list[object] = []
    while (here := QApplication.focusWidget()) not in order:
        assert here is not None
        order.append(here)
        desk.qtbot.keyClick(here, Key.Key_Tab)
    wanted = [window.turn, window.present, form.title, form.layers[0].units, form.add, form.rows, *desk.grids]
    assert [order.index(each) for each in wanted] == sorted(order.index(each) for each in wanted)
    assert order[-2:] == [window.cancel, window.use]
    desk.grids[-1].go_to_end(-1)
    desk.qtbot.keyClick(desk.grids[-1], Key.Key_Return)
    assert window.use.hasFocus(), "after the last cell"
    desk.qtbot.keyClick(window.use, Key.Key_Return)
    assert not window.isVisible()


def test_the_form_changes_the_grids_and_keeps_what_was_typed(desk: Desk) -> None:
    desk.fill()
    form, window = desk.window.form, desk.window
    form.inputs.setText("3")
    form.inputs.setModified(True)
    form.inputs.editingFinished.emit()
    assert desk.texts(0)[0] == ["0,15", "0,20", "", "0,35"]
    form.add.click()
    assert len(desk.grids) == 4
    assert desk.texts(2)[1][1] == "0.55", "the output layer has kept its numbers"
    form.layers[1].remove.click()
    form.bias.setCurrentIndex(form.bias.findData("threshold"))
    form.bias.activated.emit(0)
    assert desk.grids[0].grid.columns[-1] == "threshold θ"
    form.bias.setCurrentIndex(form.bias.findData("none"))
    form.bias.activated.emit(0)
    assert Edge(1, 0, BIAS) not in desk.grids[0].grid.cells[0]
    assert not form.trains_row.isVisible()
    form.rate.clear()
    desk.qtbot.keyClicks(form.rate, "0x")
    assert form.rate_row.message.text().startswith("✕ “0x” is not a number")
    form.layers[0].units.setText("9999")
    form.layers[0].units.setModified(True)
    form.layers[0].units.editingFinished.emit()
    assert "a sheet holds up to 5,000" in form.layers[0].message.text()
    assert window.sheet.layers[0].units == 2
    for field, row, text in ((form.rows, form.rows_row, "-1"), (form.inputs, form.inputs_row, "0")):
        field.setText(text)
        field.setModified(True)
        field.editingFinished.emit()
        assert row.message.text().startswith("✕ An exercise needs at least 1 input and 1 example.")
    assert (window.sheet.inputs, window.sheet.rows) == (3, 1)


def test_an_answer_takes_no_longer_than_the_sheet_is_long(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    window = desk.window
    window.change(lambda sheet: sheet.having(inputs=40, rows=40))
    compared: list[object] = []
    monkeypatch.setattr(Problem, "__eq__", lambda problem, other: bool(compared.append(other)))
    window.type({Edge(1, 0, 0): "1/3"})
    assert window.message.text().startswith("1767 numbers are missing")
    assert len(compared) < 1767


def test_the_present_network_stands_on_the_sheet(desk: Desk) -> None:
    desk.runner.step(3)
    desk.qtbot.waitUntil(lambda: desk.runner.idle)
    frame = desk.runner.frame
    assert frame is not None
    desk.window.take_present()
    exercise = desk.window.reading.exercise
    assert exercise is not None
    assert exercise.start.flat.tobytes() == frame.params.flat.tobytes()
    desk.window.undo()
    assert desk.texts(0) == [["", "", ""], ["", "", ""]]


def test_both_languages(desk: Desk, qapp: QApplication) -> None:
    language.install(qapp, "zh_CN")
    desk.qtbot.waitUntil(lambda: desk.window.use.text() == "开始做这道题")
    assert desk.window.boxes[0].heading.text() == "隐藏层 1"
    assert "还缺 16 个数" in desk.window.message.text()

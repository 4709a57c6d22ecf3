"""A learner comes with an exercise sheet: pastes it, gives a weight the sheet's own name, and walks to the number."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PyQt6 import sip
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QContextMenuEvent, QGuiApplication
from PyQt6.QtWidgets import QApplication, QDialog, QFileDialog, QMenu

from bpstudio.insight.elements import Edge, Target, Unit
from ui.canvas import words
from ui.panels.small_table import headings

Key, Mod = Qt.Key, Qt.KeyboardModifier
Visit = Callable[..., Any]
LAYERS = ("0,15\t0,20\t0,35\n0,25\t0,30\t0,35", "0.40;0.45;0.60\n0.50;0.55;0.60")


def paste(person: Any, view: Any, text: str) -> None:
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    clipboard.setText(text)
    view.setFocus()
    view.setCurrentIndex(view.grid.index(0, 0))
    person.press(Key.Key_V, Mod.ControlModifier, on=view)


def worked(person: Any) -> Any:
    """The worked example through the sheet's door, by paste and keyboard; the present frame afterwards."""
    sheet = person.app.doors.sheet
    first, second, data = (box.view for box in sheet.boxes)
    for view, text in zip((first, second), LAYERS, strict=True):
        paste(person, view, text)
    paste(person, data, "5e-2 1/10 0.01 0.99")
    sheet.form.trains.setCurrentIndex(1)
    sheet.form.trains.activated.emit(1)
    assert sheet.message.text().startswith("✓ Understood: 2 → 2 sigmoid → 2 sigmoid"), sheet.message.text()
    person.click(sheet.use)
    assert not sheet.isVisible()
    back(person)
    return person.frame


def back(person: Any) -> None:
    person.window.activateWindow()
    person.wait(person.window.isActiveWindow)
    person.window.canvas.setFocus()


def answer(person: Any, text: str) -> Any:
    """Type into the question that has opened, and press Return; the question."""
    (dialog,) = [each for each in person.window.findChildren(QDialog) if hasattr(each, "line") and each.isVisible()]
    dialog.activateWindow()
    person.wait(dialog.isActiveWindow)
    dialog.line.setText(text)
    person.press(Key.Key_Return, on=dialog.line)
    # The button that Return presses is seen to go down first.
    person.wait(lambda: sip.isdeleted(dialog) or bool(dialog.problem.text()))
    if sip.isdeleted(dialog):
        back(person)
    return dialog


def test_an_exercise_is_pasted_named_walked_saved_and_undone(
    visit: Visit, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = visit(door="")
    page = person.app.doors.page
    assert page.isVisible()
    person.press(Key.Key_2, on=page.doors[0])
    assert not page.isVisible()
    before = person.frame
    frame = worked(person)
    assert (frame.step, person.playhead, person.app.focus.grain) == (0, 0, "edge")
    assert frame.params.flat.tobytes() == before.params.flat.tobytes(), "the same numbers as lesson 1"
    assert person.app.document.title == "My exercise"
    assert person.app.document.modified
    assert not person.window.lesson.isVisible(), "its words are about another sheet"

    person.app.focus.set(selection=Edge(2, 0, 0))
    person.do("edit.rename")
    answer(person, "v11")
    assert person.app.focus.names == (("w5", "v11"),)
    assert person.frame.undo == "rename w₅"

    person.press(Key.Key_Escape)  # the tour is about the lesson and may be there
    person.window.tour.close_tour()
    person.app.focus.set(playhead=0)
    places = [person.press(Key.Key_PageDown, on=person.window.canvas).playhead for _ in range(4)]
    assert places == [16, 19, 43, 55]
    person.press(Key.Key_Right, on=person.window.canvas)
    assert (person.frame.step, person.playhead) == (1, 0)
    assert person.frame.loss == pytest.approx(0.291027774, abs=5e-10)

    path = home / "sheet.json"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    person.press(Key.Key_S, Mod.ControlModifier, on=person.window.canvas)
    assert '"w5": "v11"' in path.read_text(encoding="utf-8")
    assert '"title": "My exercise"' in path.read_text(encoding="utf-8")
    assert not person.app.document.modified

    while person.frame.undo is not None:
        person.press(Key.Key_Z, Mod.ControlModifier, on=person.window.canvas)
    assert person.app.focus.names == ()
    assert person.frame.dataset.name == "Mazur 2015"
    while person.frame.redo is not None:
        person.press(Key.Key_Z, Mod.ControlModifier, Mod.ShiftModifier, on=person.window.canvas)
    assert person.app.focus.names == (("w5", "v11"),)

    person = visit(path)
    person.wait(lambda: person.frame.step == 1)
    assert person.app.focus.names == (("w5", "v11"),)
    assert person.frame.loss == pytest.approx(0.291027774, abs=5e-10)


def test_a_name_is_seen_wherever_the_weight_is_spoken_of(visit: Visit) -> None:
    person = visit("mazur")
    for element, name in ((Edge(2, 0, 0), "v11"), (Unit(1, 0), "A"), (Unit(0, 0), "x1"), (Target(1), "t")):
        person.app.document.rename(element, name)
        person.settle()
    person.press(Key.Key_End)
    person.app.focus.set(selection=Edge(2, 0, 0))
    person.settle()
    window = person.window
    assert window.inspector._head._value_name.text().startswith("v₁₁")
    assert "A" in window.inspector._head._title.text()
    assert "v_{11}" in window.inspector.derivation.tex
    assert "w_{5}" not in window.inspector.derivation.tex
    assert headings(person.frame.dataset, person.app.focus.names) == ["x₁", "i₂", "target₁", "t"]
    assert window.data.table.rows.headerData(0, Qt.Orientation.Horizontal) == "x₁"
    assert window.builder.network.input.facts.text().startswith("x₁")
    window.canvas.grab()
    assert "v₁₁" in words.tooltip(window.canvas._drawn.picture, Edge(2, 0, 0))
    person.do("edit.go_to")
    person.app.focus.set(selection=None)
    answer(person, "v11")
    assert person.app.focus.selection == Edge(2, 0, 0)


def test_the_other_button_renames_on_the_canvas(visit: Visit) -> None:
    person = visit("mazur")
    person.press(Key.Key_End)
    canvas = person.window.canvas
    canvas.grab()
    points = [QPoint(x, y) for x in range(0, canvas.width(), 8) for y in range(0, canvas.height(), 8)]
    at = next(point for point in points if canvas._drawn.element_at(QPointF(point)) == Unit(2, 0))
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, canvas.mapToGlobal(at))
    QApplication.sendEvent(canvas, event)
    assert person.app.focus.selection == Unit(2, 0)
    menu = next(
        each for each in person.window.findChildren(QMenu) if each.isVisible() and each.parent() is person.window
    )
    first = menu.actions()[0]
    menu.close()
    first.trigger()
    dialog = answer(person, "h1")
    assert "what h1 is called" in dialog.problem.text(), "a name that is taken is refused beside the field"
    dialog.problem.clear()
    answer(person, "Z")
    person.settle()
    assert person.app.focus.names == (("o1", "Z"),)


def test_the_page_lets_who_has_begun_pass(visit: Visit) -> None:
    person = visit(door="")
    page = person.app.doors.page
    person.click(person.window.toolbar._buttons["run.next_beat"])
    assert not page.isVisible()
    assert person.playhead == 1
    person.do("file.start")
    assert page.isVisible()
    assert page.doors[0].hasFocus()
    person.press(Key.Key_Right, on=page.doors[0]).press(Key.Key_Right, on=page.doors[1])
    assert page.doors[2].hasFocus()
    person.press(Key.Key_Escape, on=page.doors[2])
    assert not page.isVisible()
    assert person.window.canvas.hasFocus()
    assert not person.window.tour.isVisible()
    assert person.playhead == 1, "looking at the page is no move"


def test_a_cancelled_file_leaves_the_page_where_it_was(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    person = visit(door="")
    page = person.app.doors.page
    person.press(Key.Key_3, on=page.doors[0])
    assert page.isVisible()
    assert len(page.links) == len(person.app.files.lessons) + 2
    person.click(next(link for link in page.links if link.text().startswith("4")))
    person.wait(lambda: person.app.document.name == "xor")
    assert not page.isVisible()

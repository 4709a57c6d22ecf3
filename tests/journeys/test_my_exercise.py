"""A learner comes with an exercise sheet: pastes it, gives a weight the sheet's own name, and walks to the number.

A start of the window takes most of the time here, so a story goes on where another test would begin anew.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PyQt6 import sip
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QContextMenuEvent, QGuiApplication
from PyQt6.QtWidgets import QApplication, QDialog, QFileDialog, QMenu, QMessageBox, QScrollArea

from bpstudio.insight.elements import Edge, Target, Unit
from ui.canvas import words
from ui.canvas.text import Pen
from ui.panels.small_table import headings
from ui.plots.unit_map import SaturationMap

Key, Mod = Qt.Key, Qt.KeyboardModifier
Visit = Callable[..., Any]
TITLE = "Sheet 3 & 4 [*]"
LONG = "an input of the sheet"[:20]
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
    sheet.form.title.selectAll()
    person.qtbot.keyClicks(sheet.form.title, TITLE)
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
    person.wait(person.app.doors.sheet.isActiveWindow)
    person.press(Key.Key_7).press(Key.Key_Return)
    asked: list[str] = []
    kinds = QMessageBox.StandardButton
    monkeypatch.setattr(QMessageBox, "exec", lambda box: (asked.append(box.text()), kinds.Cancel)[1])
    assert not person.window.close(), "what was typed is nowhere else"
    assert asked == ["Throw away what you have typed on the exercise sheet?"]
    person.app.doors.sheet.activateWindow()
    before = person.frame
    frame = worked(person)
    assert (frame.step, person.playhead, person.app.focus.grain) == (0, 0, "edge")
    assert frame.params.flat.tobytes() == before.params.flat.tobytes(), "the same numbers as lesson 1"
    assert person.app.document.title == TITLE
    assert person.window.windowTitle() == "Sheet 3 & 4 [*][*][*] — bpstudio", "Qt shows two as one"
    assert person.app.actions["edit.undo"].text() == "Undo: open “Sheet 3 && 4 [*]”"
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

    path = home / "sheet & more.json"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    person.press(Key.Key_S, Mod.ControlModifier, on=person.window.canvas)
    assert '"w5": "v11"' in path.read_text(encoding="utf-8")
    assert f'"title": "{TITLE}"' in path.read_text(encoding="utf-8")
    assert not person.app.document.modified
    (recent,) = person.app.actions.menu("file.recent").actions()
    assert recent.text() == "sheet && more.json"

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
    names_are_seen_wherever_it_is_spoken_of_them(person)
    long_names_take_no_room(person, monkeypatch)
    the_other_button_renames_on_the_canvas(person)
    person.do("network.sheet")
    assert person.app.doors.sheet.form.title.text() == TITLE
    assert person.app.doors.sheet.reading.exercise.caption.names == person.app.focus.names
    assert not person.app.doors.sheet.is_unworked, "it stands in the window too"


def names_are_seen_wherever_it_is_spoken_of_them(person: Any) -> None:
    for element, name in ((Unit(1, 0), "A"), (Unit(0, 0), "x1"), (Target(1), "t")):
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


def long_names_take_no_room(person: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for element, name in ((Unit(1, 1), LONG), (Edge(1, 1, 0), "隐" * 20)):
        person.app.document.rename(element, name)
        person.settle()
    window, written = person.window, list[str]()
    draw = Pen.draw
    monkeypatch.setattr(Pen, "draw", lambda pen, *each: (written.append(each[2]), draw(pen, *each))[1])
    for element in (Unit(1, 1), Edge(1, 1, 0)):
        person.app.focus.set(selection=element)
        person.settle()
        window.canvas.grab()
        area = next(each for each in window.findChildren(QScrollArea) if each.isAncestorOf(window.inspector))
        assert area.widget().width() <= area.viewport().width()
    assert LONG not in written
    assert any(text.endswith("…") and LONG.startswith(text[:-1]) for text in written), "in its disc"
    assert LONG in window.inspector._head._title.text()
    pane = window.plots.findChild(SaturationMap).pane
    pane.arrange()
    assert pane.area.left() <= 0.45 * pane.width()


def the_other_button_renames_on_the_canvas(person: Any) -> None:
    canvas = person.window.canvas
    canvas.grab()
    points = [QPoint(x, y) for x in range(0, canvas.width(), 16) for y in range(0, canvas.height(), 16)]
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
    dialog = answer(person, "o2")
    assert "what o2 is called" in dialog.problem.text(), "a name that is taken is refused beside the field"
    dialog.problem.clear()
    answer(person, "Z")
    person.settle()
    assert ("o1", "Z") in person.app.focus.names


def test_the_page_stays_until_one_has_begun(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    person = visit(door="")
    page = person.app.doors.page
    person.press(Key.Key_3, on=page.doors[0])
    assert page.isVisible(), "no file was chosen"
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

    person.do("file.start")
    assert len(page.links) == len(person.app.files.lessons) + 2
    person.click(next(link for link in page.links if link.text().startswith("4")))
    person.wait(lambda: person.app.document.name == "xor")
    assert not page.isVisible()

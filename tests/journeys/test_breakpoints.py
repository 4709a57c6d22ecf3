"""A learner wants to see the very moment: the weight that crosses zero, the answer that flips, the loss that is low."""

from collections.abc import Callable
from typing import Any

from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QContextMenuEvent
from PyQt6.QtWidgets import QApplication, QMenu, QPushButton, QWidget

from bpstudio.insight.elements import Edge, Unit
from bpstudio.training.conditions import Expression, PredictionFlips, WeightCrosses
from ui.panels.marks_events import Events

Visit = Callable[..., Any]


def menu_of(person: Any) -> QMenu:
    """The menu that has popped up."""
    person.wait(lambda: isinstance(QApplication.activePopupWidget(), QMenu))
    found = QApplication.activePopupWidget()
    assert isinstance(found, QMenu)
    return found


def choose(person: Any, words: str) -> None:
    """Take the entry of the menu that begins with these words."""
    menu = menu_of(person)
    action = next(each for each in menu.actions() if each.text().startswith(words))
    action.trigger()
    menu.close()
    person.settle()


def ask_canvas(person: Any, element: object) -> None:
    """The menu of what is selected, by the key."""
    person.app.focus.set(selection=element)
    canvas = person.window.canvas
    QApplication.sendEvent(canvas, QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(5, 5)))


def health_button(person: Any, words: str) -> QWidget:
    person.wait(lambda: any(each.isVisible() and each.text() == words for each in person.window.health.buttons))
    found: QPushButton = next(each for each in person.window.health.buttons if each.text() == words)
    return found


def train(person: Any) -> None:
    person.do("run.grain_step").do("run.play")


def test_the_beat_in_which_a_weight_crosses_zero(visit: Visit) -> None:
    person = visit("mazur")
    ask_canvas(person, Unit(1, 0))
    texts = [each.text() for each in menu_of(person).actions()]
    menu_of(person).close()
    assert "Stop when h₁ goes flat" in texts
    assert not any("dies" in text for text in texts)
    ask_canvas(person, Edge(2, 0, 0))
    choose(person, "Stop when w₅ crosses zero")
    assert [each.condition for each in person.frame.breakpoints] == [WeightCrosses(2, (0, 0))]
    train(person)
    frame = person.frame
    assert frame.hit is not None
    step = frame.step
    # It is the step whose update carries the weight over zero, and no earlier one.
    value, update = float(frame.params.W[1][0, 0]), float(frame.trace.layers[1].update_W[0, 0])
    assert value > 0 > value + update
    walk, focus = person.app.focus.walk, person.app.focus
    assert (focus.grain, focus.selection) == (walk.default_grain, Edge(2, 0, 0))
    assert focus.playhead == walk.find(focus.grain, "update/w5")
    assert f"Stopped at step {step}: w₅ crosses zero" in person.window.health.sentence.text()
    focus.set(notation="nielsen")
    assert "w²₁₁ crosses zero" in person.window.health.sentence.text()
    # A click on the sentence leads back to the beat.
    focus.set(playhead=1, selection=None)
    person.click(person.window.health.sentence)
    assert (focus.playhead, focus.selection) == (walk.find(focus.grain, "update/w5"), Edge(2, 0, 0))
    # Going on leaves it behind; the event stays, and a click on it leads back.
    person.click(health_button(person, "Breakpoints…"))
    person.wait(lambda: person.app.marks.breakpoints is not None and person.app.marks.breakpoints.isVisible())
    person.app.runner.step(20)
    person.settle()
    assert person.frame.hit is None
    assert "Stopped" not in person.window.health.sentence.text()
    focus.set(playhead=0, selection=None)
    events = person.window.findChild(Events)
    assert events is not None
    assert len(events.list.lines.keys) == 1
    events.list.choose(events.list.lines.keys[0])
    person.press(Qt.Key.Key_Return, on=events.list)
    assert person.frame.step == step
    assert (focus.playhead, focus.selection) == (walk.find(focus.grain, "update/w5"), Edge(2, 0, 0))


def test_go_on_trains_on_at_the_grain_of_before(visit: Visit) -> None:
    person = visit("mazur")
    person.app.marks.marking.add(Expression("loss < 0.1"))
    person.app.marks.marking.add(Expression("loss < 0.05"))
    person.settle()
    train(person)
    first = person.frame.step
    assert person.frame.loss < 0.1
    assert person.app.focus.grain != "step"
    assert health_button(person, "Go on").isEnabled()
    # Where nobody sees the line about the run's health, a message says it.
    person.window.health.hide()
    person.app.alarm.go_on()
    person.settle()
    step = person.frame.step
    assert step > first
    assert person.frame.loss < 0.05
    assert f"step {step}" in person.app.messages.words.text()
    person.app.runner.seek(step - 1)
    person.settle()
    assert not person.app.messages.isVisible()


def test_walking_stops_at_the_beat(visit: Visit) -> None:
    person = visit("mazur")
    ask_canvas(person, Edge(2, 0, 0))
    choose(person, "Stop when w₅ crosses zero")
    train(person)
    hit = person.frame.step
    person.app.runner.seek(hit - 1)
    person.settle()
    focus = person.app.focus
    focus.set(grain="layer", speed=8.0, playhead=focus.walk.count("layer"))
    person.app.navigation.forward()
    person.settle()
    # It was walked into: its beats come one after the other.
    assert (person.frame.step, focus.playhead) == (hit, 0)
    focus.set(playhead=focus.walk.find("layer", "update/w5") - 1)
    person.app.navigation.play()
    person.wait(lambda: not focus.playing_walk)
    assert person.frame.step == hit
    assert focus.playhead == focus.walk.find("layer", "update/w5")
    assert focus.selection == Edge(2, 0, 0)
    person.click(health_button(person, "Go on"))
    assert focus.playing_walk
    person.app.navigation.pause()


def test_a_row_of_the_data_and_a_curve_lead_to_breakpoints(visit: Visit) -> None:
    person = visit("xor")
    person.do("data.table")
    rows = person.window.data.rows_window
    person.wait(lambda: rows.isVisible() and rows.model.rowCount() > 0)
    at = rows.table.visualRect(rows.model.index(2, 0)).center()
    rows.table.customContextMenuRequested.emit(at)
    choose(person, "Stop when the prediction of row")
    rows.close()
    condition = person.frame.breakpoints[0].condition
    assert condition == PredictionFlips(rows.model.row_of(2))
    person.wait(lambda: person.window.plots is not None)
    menu = person.window.plots.loss.menu()
    next(each for each in menu.actions() if each.text() == "Stop when…").trigger()
    form = person.app.marks.breakpoints.form
    person.wait(lambda: form is not None and form.isVisible())
    assert form.what == "typed"


def test_a_beat_is_marked_and_found_again(visit: Visit) -> None:
    person = visit("mazur")
    person.app.focus.set(grain="edge", playhead=24)
    person.press(Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    bookmarks = person.app.marks.bookmarks
    assert bookmarks is not None
    person.wait(lambda: bookmarks.list.editor is not None and bookmarks.list.editor.hasFocus())
    person.qtbot.keyClicks(bookmarks.list.editor, "as on the sheet")
    person.press(Qt.Key.Key_Return, on=bookmarks.list.editor)
    assert [(mark.address, mark.note) for mark in person.frame.bookmarks] == [("backward/w5", "as on the sheet")]
    person.wait(person.window.canvas.hasFocus)
    person.app.runner.step(30)
    person.settle()
    person.app.focus.set(playhead=2)
    person.press(Qt.Key.Key_PageDown, Qt.KeyboardModifier.ControlModifier)
    assert (person.frame.step, person.playhead) == (0, 24)
    person.do("edit.undo").do("edit.undo").do("edit.undo")
    assert person.frame.bookmarks == ()
    # Where somebody else arranges the window, as a presentation does, nothing is moved for it.
    person.window.regions.resting = True
    person.do("run.bookmark")
    assert len(person.frame.bookmarks) == 1
    assert bookmarks.list.editor is None
    assert "Bookmarked" in person.app.messages.words.text()
    person.window.regions.resting = False

"""Going back, trying something else, and having both: branches in the real window."""

from collections.abc import Callable
from typing import Any

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication, QSplitter

from bpstudio.training.optimizers import SGD

Visit = Callable[..., Any]
Key = Qt.Key
CONTROL = Qt.KeyboardModifier.ControlModifier


def train(person: Any, steps: int) -> None:
    person.app.runner.step(steps)
    person.settle()


def go_back_and_change(person: Any, step: int, rate: float) -> None:
    """To an earlier step, and another rate there, typed into its field."""
    person.app.runner.seek(step)
    person.settle()
    field = person.window.builder.training.rate
    field.setFocus()
    field.selectAll()
    person.qtbot.keyClicks(field, str(rate))
    person.press(Key.Key_Return, on=field)
    person.wait(lambda: person.frame.experiment.optimizer == SGD(rate))
    person.window.canvas.setFocus()


def test_the_old_future_is_told_of_found_again_and_compared(visit: Visit) -> None:
    person = visit("mazur")
    window, messages = person.window, person.window.messages
    train(person, 30)
    go_back_and_change(person, 10, 0.1)
    assert messages.words.text() == "The old future stays as branch “first run”."
    train(person, 25)
    assert window.timeline.steps.branch.shown == "▾ branch 2"
    go_on = person.app.runner.frame
    assert (go_on.step, go_on.branch) == (35, 2)
    messages.say("good", "something else")
    window.builder.training.rate.setFocus()
    person.app.runner.apply(person.frame.experiment.replace(optimizer=SGD(0.2)), name="change learning rate")
    person.settle()
    assert messages.words.text() == "something else", "at the end of a branch a change goes on in it, and is not told"
    go_back_and_change(person, 5, 0.3)
    assert messages.words.text() == "The old future stays as branch “branch 2 · η = 0.2”."
    person.click(messages.button)
    history = person.app.history
    assert history.shown
    assert not messages.isVisible()
    assert [each.number for each in person.frame.branches] == [1, 2, 3]
    train(person, 10)
    window.canvas.setFocus()
    person.press(Key.Key_D)
    assert person.app.focus.color == "difference"
    assert person.frame.compared == 2, "with the branch that was left"
    assert person.frame.beside is not None
    assert person.app.actions["view.color_difference"].isChecked()
    person.wait(lambda: window.plots.loss.compared is not None)
    assert window.plots.loss.compared.title == "branch 2 · η = 0.2"
    person.press(Key.Key_G)
    assert person.app.focus.color == "gradient"
    person.do("edit.undo").do("edit.undo")
    assert [each.number for each in person.frame.branches] == [1, 2]
    assert person.frame.branch == 2
    assert (person.frame.compared, person.frame.beside) == (2, None), "nothing is compared with itself"
    person.wait(lambda: window.plots.loss.compared is None)


def test_a_change_is_taken_back_with_its_message_and_every_gesture_by_its_name(visit: Visit) -> None:
    person = visit("mazur")
    window, messages = person.window, person.window.messages
    person.press(Key.Key_D)
    assert person.app.focus.color == "gradient"
    assert messages.words.text().startswith("There is only one branch yet.")
    assert person.app.actions["view.color_gradient"].isChecked()
    assert not person.app.actions["view.color_difference"].isChecked()
    train(person, 12)
    go_back_and_change(person, 4, 0.1)
    assert messages.isVisible()
    person.press(Key.Key_Z, CONTROL)
    assert not messages.isVisible()
    assert len(person.frame.branches) == 1
    person.do("edit.history")
    lines = person.app.history.panel.section("undo").rows.itemAt(0).widget().lines
    assert lines.hasFocus()
    assert lines.currentRow() == 1, "the training; the rate stands below it"
    person.press(Key.Key_Down, on=lines).press(Key.Key_Return, on=lines)
    assert (person.frame.branch, person.frame.experiment.optimizer) == (2, SGD(0.1))
    person.press(Key.Key_Up, on=lines).press(Key.Key_Up, on=lines).press(Key.Key_Return, on=lines)
    assert (person.frame.step, len(person.frame.redo_names)) == (0, 2)
    assert window.isVisible()


def test_the_panel_has_its_place_its_key_and_is_found_again(visit: Visit) -> None:
    person = visit("mazur")
    window, history = person.window, person.app.history
    window.resize(1280, 720)
    person.settle()
    assert history.panel is None, "made when it is wanted"
    before = window.split_sizes()[0]
    assert before[0] > 100
    person.press(Key.Key_H, CONTROL)
    assert history.shown
    left, canvas, explanation, past = window.split_sizes()[0]
    assert left == 0, "network and data fold, so that the network can be read"
    assert canvas > 450
    assert explanation >= 340
    assert past >= 240
    assert history.panel.isAncestorOf(QApplication.focusWidget())
    person.press(Key.Key_Escape)
    assert window.canvas.hasFocus()
    person.press(Key.Key_F6).press(Key.Key_F6)
    assert history.panel.isAncestorOf(QApplication.focusWidget()), "after the explanation"
    history.panel.section("branches").set_open(False)
    columns = history.panel.window().centralWidget().findChild(QSplitter)
    columns.setSizes([0, 500, 350, 430])
    columns.splitterMoved.emit(850, 3)
    wide = window.split_sizes()[0][3]
    assert wide > past + 50
    assert window.close()
    person = visit("mazur")
    person.window.resize(1280, 720)
    history = person.app.history
    person.wait(lambda: history.shown)
    assert not history.panel.section("branches").is_open
    person.wait(lambda: abs(person.window.split_sizes()[0][3] - wide) <= 3)
    person.press(Key.Key_H, CONTROL)
    assert not history.shown
    assert person.window.canvas.hasFocus()
    person.wait(lambda: person.window.split_sizes()[0][0] > 100)
    person.press(Key.Key_H, CONTROL).do("view.reset_layout")
    assert not history.shown


def test_the_tree_goes_on_while_training_runs_and_steps_aside_for_a_presentation(visit: Visit) -> None:
    person = visit("mazur")
    train(person, 20)
    go_back_and_change(person, 10, 0.1)
    person.press(Key.Key_H, CONTROL)
    person.window.canvas.setFocus()
    person.press(Key.Key_1).press(Key.Key_Space)
    tree = person.app.history.panel.section("branches").rows.itemAt(0).widget().tree
    person.wait(lambda: tree.tree.last > 500)
    person.app.navigation.pause()
    person.settle()
    assert tree.tree.stands == (2, person.frame.step)
    assert tree.tree.last == person.frame.last_step
    sizes = person.window.split_sizes()[0]
    person.press(Key.Key_F11)
    assert not person.app.history.shown
    assert person.window.split_sizes()[0][3] == 0
    person.press(Key.Key_F11)
    assert person.app.history.shown
    person.wait(lambda: person.window.split_sizes()[0][:4] == sizes)

"""A teacher shows why a deep sigmoid network does not learn, presses the button that helps, and takes it back."""

from collections.abc import Callable
from typing import Any

import pytest
from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtWidgets import QApplication

Visit = Callable[..., Any]


def test_the_remedy_keeps_the_old_curve_and_is_undone(visit: Visit) -> None:
    person = visit("vanishing")
    window, health = person.window, person.window.health
    person.app.focus.set(grain="step")
    person.app.runner.step(60)
    person.settle().wait(lambda: health.sentence.text().startswith("Layer 1 has a gradient "))
    before = person.frame
    person.click(health.buttons[1])
    assert person.frame.experiment.network.layers[0].activation == "tanh"
    assert len(window.plots.kept) == 1
    person.app.runner.step(60)
    person.settle().wait(lambda: health.sentence.text() == "Nothing unusual")
    person.do("edit.undo").do("edit.undo")
    assert (person.frame.step, person.frame.experiment) == (60, before.experiment)
    assert person.frame.params.flat.tobytes() == before.params.flat.tobytes()
    assert len(window.plots.kept) == 1, "the ghost stays"


def test_clicks_leave_the_arrow_keys_to_the_network(visit: Visit) -> None:
    person = visit("mazur")
    window, health = person.window, person.window.health
    focus, canvas = person.app.focus, person.window.canvas

    def train() -> None:
        person.app.runner.step(20)
        person.settle().wait(lambda: not health.buttons[0].isHidden())

    train()
    part = next(part for part in window.conventions.parts if part.convention.name == "order")
    part.menu().aboutToShow.connect(lambda: QTimer.singleShot(0, part.menu().close))
    for clicked in (health.sentence, health.buttons[0], part):
        canvas.setFocus()
        focus.set(playhead=3)
        person.click(clicked)
        if QApplication.activePopupWidget() is not None:
            person.wait(lambda: QApplication.activePopupWidget() is None)
        window.activateWindow()  # as the desktop does when a menu closes; the offscreen platform does not
        person.wait(canvas.hasFocus)
        person.press(Qt.Key.Key_Right)
        assert focus.playhead == 4

    # By keyboard a button that has done its work does not hand on to something far away.
    person.app.runner.undo()
    person.settle().wait(lambda: not health.buttons[0].isHidden())
    health.buttons[0].setFocus()
    person.qtbot.keyClick(health.buttons[0], Qt.Key.Key_Space)
    person.settle().wait(health.buttons[0].isHidden)
    assert health.sentence.hasFocus()


@pytest.mark.parametrize("folded", [False, True])
def test_a_divergence_is_said_once(visit: Visit, folded: bool) -> None:
    """Above the curves; or, where they are folded away, in the line of messages."""
    person = visit("xor")
    window = person.window
    if folded:
        person.do("view.bottom")
        person.wait(lambda: not window.health.isVisible())
    params = person.frame.params.copy()
    params.W[0][:] = 1e308
    params.W[1][:] = 1e308
    person.app.runner.apply(params=params, dataset=person.frame.dataset.replace_input(1, 0, 1e308), name="weights")
    person.settle()
    assert person.frame.nonfinite is not None
    if folded:
        assert window.messages.isVisible()
        assert window.messages.level == "error"
    else:
        person.wait(lambda: window.health.sentence.level == "error")
        assert not window.messages.isVisible()
    person.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert person.frame.nonfinite is None
    person.wait(lambda: window.health.sentence.level == "good" or folded)
    assert not window.messages.isVisible()

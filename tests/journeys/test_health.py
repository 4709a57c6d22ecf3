"""A teacher shows why a deep sigmoid network does not learn, presses the button that helps, and takes it back."""

from collections.abc import Callable
from typing import Any

import pytest
from PyQt6.QtCore import Qt

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

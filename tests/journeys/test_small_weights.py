"""A learner asks for small weights, sees the term in the gradient, and takes it back."""

import pytest
from PyQt6.QtCore import Qt

from bpstudio.insight.elements import Edge
from bpstudio.insight.lines import line
from bpstudio.insight.notation import number
from bpstudio.insight.walk import Walk
from bpstudio.maths.penalties import L2


def said(person) -> str:
    focus = person.app.focus
    walk = Walk.of(person.frame)
    found = line(person.frame, focus.example, walk.beat(focus.grain, focus.playhead), focus.notation, focus.digits)
    return " | ".join([found.text, *(part.text for part in found.more)])


def test_a_penalty_is_asked_for_seen_checked_saved_and_taken_back(visit, tmp_path):
    person = visit("mazur")
    before = person.frame.loss
    form = person.window.builder.training.penalties
    next(action for action in form.menu.actions() if action.text() == "L2: λ/2 Σ w²").trigger()
    person.settle()
    assert person.frame.experiment.penalties == (L2(0.01),)
    strength = form.cards[0].strength
    strength.setFocus()
    strength.selectAll()
    person.qtbot.keyClicks(strength, "0,5")
    person.press(Qt.Key.Key_Return, on=strength)
    assert person.frame.experiment.penalties == (L2(0.5),)
    size = sum(float((W * W).sum()) for W in person.frame.params.W)
    assert person.frame.penalty == pytest.approx(0.25 * size, rel=1e-14)
    assert person.frame.loss == before
    w5 = person.frame.trace.layers[1].dW[0, 0]
    assert w5 == pytest.approx(0.082167041 + 0.5 * 0.40, abs=1e-8)

    person.window.canvas.setFocus()
    person.press(Qt.Key.Key_4)
    walk = Walk.of(person.frame)
    person.app.focus.set(playhead=walk.find("edge", "backward/w5"), selection=Edge(2, 0, 0))
    assert said(person).endswith(f"0.082167041 + λ w₅ = 0.082167041 + 0.5 · 0.4 = {number(w5)}")
    status = person.window.status.fields["loss"]
    assert status.caption.text() == "loss"
    assert number(person.frame.objective, person.app.focus.digits) in status.toolTip()

    person.do("run.next_step")
    place = tmp_path / "small.json"
    person.app.document.save(place)
    person.wait(place.exists).settle()
    trained = person.frame
    for name in ("change penalty", "add penalty"):
        while person.frame.undo != name:
            person.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier, on=person.window.canvas)
        person.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier, on=person.window.canvas)
    assert person.frame.experiment.penalties == ()
    assert form.cards == []
    assert person.frame.trace.layers[1].dW[0, 0] == pytest.approx(0.082167041, abs=1e-9)

    person.app.document.open(place)
    person.wait(lambda: person.frame.step == 1).settle()
    assert person.frame.params.flat.tobytes() == trained.params.flat.tobytes()
    assert person.frame.objective == trained.objective
    assert form.cards[0].strength.text() == "0.5"

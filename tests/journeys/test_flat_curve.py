"""A learner with the smallest network: why does the start that is more wrong learn more slowly?"""

import pytest
from PyQt6.QtCore import Qt

from bpstudio.insight.elements import BIAS, Edge, Unit


def heading(person):
    return person.window.curve.section


def place(person):
    return person.window.curve.plot.curve.example


def one_neuron(visit):
    person = visit("one-neuron")
    return person.wait(lambda: person.window.curve.plot.curve is not None)


def test_the_curve_stands_first_where_a_lesson_is_about_it(visit):
    person = one_neuron(visit)
    column = person.window._right.widget().layout()
    assert column.indexOf(person.window.curve) < column.indexOf(person.window.inspector)
    assert heading(person).heading.text() == "▾ The curve at o₁"
    assert place(person) is None
    person.press(Qt.Key.Key_Right, times=2)
    assert (place(person).z, place(person).a) == (1.5, None)
    person.press(Qt.Key.Key_Right)
    assert place(person).a == pytest.approx(0.8176, abs=5e-5)
    assert person.window.curve.plot.curve.tangent() is None
    person.press(Qt.Key.Key_PageDown, times=2)
    assert place(person).slope == pytest.approx(0.1491, abs=5e-5)
    person.app.document.open("mazur")
    person.settle()
    assert column.indexOf(person.window.curve) > column.indexOf(person.window.inspector)


def test_a_typed_bias_moves_the_dot_with_the_very_frame(visit):
    person = one_neuron(visit)
    person.press(Qt.Key.Key_1)
    person.app.focus.set(selection=Edge(1, 0, BIAS))
    seen = []
    person.app.runner.frame_arrived.connect(lambda frame: seen.append((frame.trace.layers[0].z[0, 0], place(person).z)))
    for bias, at in (("3", 3.6), ("-2,5", -1.9), ("1/4", 0.85)):
        person.window.canvas.setFocus()
        person.press(Qt.Key.Key_F2)
        person.qtbot.keyClicks(person.app.qt.focusWidget(), bias)
        person.press(Qt.Key.Key_Return)
        assert place(person).z == pytest.approx(at)
    assert len(seen) >= 3
    assert all(z == shown for z, shown in seen)
    assert person.window.curve.plot.curve.zone(3.7).kind == "flat"


def test_both_starts_after_300_steps(visit):
    person = one_neuron(visit)
    for variant, early, late in (("steep", 0.8176, 0.0940), ("flat", 0.9820, 0.2028)):
        person.window.lesson.choose(person.app.document.switches.named(variant))
        person.settle().press(Qt.Key.Key_1)
        assert place(person).a == pytest.approx(early, abs=5e-5)
        in_the_shade = person.window.curve.plot.curve.zone(place(person).z) is not None
        assert in_the_shade == (variant == "flat")
        person.app.runner.step(300)
        person.settle()
        assert place(person).a == pytest.approx(late, abs=5e-5)


def test_the_curve_follows_what_is_explained_and_stays_folded(visit):
    person = visit("mazur")
    person.app.focus.set(selection=Edge(2, 1, 0))
    assert heading(person).heading.text() == "▾ The curve at o₂"
    person.press(Qt.Key.Key_Right, times=3)
    assert heading(person).heading.text() == "▾ The curve at h₁"
    person.click(heading(person).heading)
    assert not person.window.curve.plot.isVisible()
    person.app.focus.set(selection=Unit(2, 0))
    assert heading(person).heading.text() == "▸ The curve at o₁"
    person.window.close()
    assert heading(visit("mazur")).is_open is False


def test_it_can_be_put_above_the_explanation_for_good(visit):
    person = visit("mazur")
    curve, inspector = person.window.curve, person.window.inspector

    def put(words):
        [action] = [action for action in curve.plot.menu().actions() if action.text() == words]
        action.trigger()
        return curve.parentWidget().layout()

    column = put("Above the explanation")
    assert column.indexOf(curve) + 1 == column.indexOf(inspector)
    again = visit("mazur").window
    assert again.curve.parentWidget().layout().indexOf(again.curve) == 0
    curve, inspector = again.curve, again.inspector
    column = put("Under the explanation")
    assert column.indexOf(curve) == column.indexOf(inspector) + 1

"""A learner with the worked example: look, step, go back, train, take it all back. On a real screen."""

import pytest
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QGuiApplication

from bpstudio.insight.elements import Unit

pytestmark = pytest.mark.xcb
CONTROL = Qt.KeyboardModifier.ControlModifier


def test_it_is_a_real_window(visit):
    assert QGuiApplication.platformName() == "xcb"
    assert visit("mazur").window.windowHandle().isExposed()


def test_forward_and_back_by_keyboard(visit):
    person = visit("mazur")
    focus = person.app.focus
    person.press(Qt.Key.Key_Right, times=3)
    assert focus.playhead == 3
    person.press(Qt.Key.Key_Left)
    assert focus.playhead == 2
    person.press(Qt.Key.Key_End)
    assert focus.playhead == 55
    person.press(Qt.Key.Key_Right)
    assert (person.frame.step, focus.playhead) == (1, 0)
    assert person.frame.loss == pytest.approx(0.291027774, abs=5e-10)
    person.press(Qt.Key.Key_Left)
    assert (person.frame.step, focus.playhead) == (0, 55)
    assert person.frame.loss == pytest.approx(0.298371109, abs=5e-10)
    person.press(Qt.Key.Key_2)
    assert (focus.grain, focus.playhead) == ("layer", 9)


def test_a_click_on_a_circle_explains_it(visit):
    person = visit("mazur")
    person.press(Qt.Key.Key_End)
    canvas = person.window.canvas
    points = [QPoint(x, y) for x in range(0, canvas.width(), 8) for y in range(0, canvas.height(), 8)]
    hits = [point for point in points if canvas._drawn.element_at(QPointF(point)) == Unit(2, 0)]
    person.qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=hits[len(hits) // 2])
    assert person.app.focus.selection == Unit(2, 0)


def test_it_trains_and_everything_can_be_taken_back(visit):
    person = visit("mazur")
    start = person.frame.params.flat.copy()
    person.press(Qt.Key.Key_1)
    person.qtbot.keyClick(person.window.canvas, Qt.Key.Key_Space)
    person.qtbot.waitUntil(lambda: person.app.runner.frame.step > 200)
    person.qtbot.keyClick(person.window.canvas, Qt.Key.Key_Space)
    trained = person.settle().frame
    assert trained.step > 200
    assert trained.loss < 0.1
    person.press(Qt.Key.Key_Home, CONTROL)
    assert person.frame.step == 0
    assert (person.frame.params.flat == start).all()
    person.press(Qt.Key.Key_End, CONTROL)
    assert person.frame.step == trained.step
    assert (person.frame.params.flat == trained.params.flat).all()
    person.press(Qt.Key.Key_Z, CONTROL)
    assert person.frame.step == 0

"""A value that is dragged by its name: it goes along live, on round numbers, and is one gesture."""

from collections.abc import Iterator

import numpy as np
import pytest
from PyQt6.QtCore import QEvent, QPointF, Qt
from PyQt6.QtGui import QMouseEvent
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

import bpstudio
from bpstudio.insight.elements import Edge, Element, Target, Unit
from bpstudio.insight.walk import Walk
from bpstudio.training.frame import Frame
from ui.explain.card import Card
from ui.focus import Focus
from ui.panels.inspector import Inspector
from ui.panels.scrub import Scrub, pixel_decimals
from ui.runner import Runner

NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier


class Hand:
    """An inspector on the softmax lesson, and a mouse on the name of its value."""

    def __init__(self, qtbot: QtBot, lesson: str = "softmax") -> None:
        self.qtbot = qtbot
        self.runner, self.focus = Runner(), Focus()
        self.inspector = Inspector(self.runner, self.focus, Card)
        qtbot.addWidget(self.inspector)
        self.inspector.resize(330, 700)
        self.inspector.show()
        self.runner.frame_arrived.connect(lambda frame: self.focus.follow(Walk.of(frame)))
        self.runner.frame_arrived.connect(self.inspector.show_frame)
        self.runner.open(bpstudio.load_lesson(lesson).session())  # type: ignore[attr-defined]
        self.settle()
        self.focus.set(grain="step")

    @property
    def name(self) -> Scrub:
        return self.inspector._head._value_name

    def settle(self) -> Frame:
        self.qtbot.waitUntil(lambda: self.runner.idle)
        assert self.runner.frame is not None
        return self.runner.frame

    def send(self, kind: QEvent.Type, x: float, held: Qt.KeyboardModifier = NONE) -> None:
        button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else Qt.MouseButton.LeftButton
        place = QPointF(x, 8)
        buttons = Qt.MouseButton.LeftButton
        QApplication.sendEvent(self.name, QMouseEvent(kind, place, self.name.mapToGlobal(place), button, buttons, held))

    def drag(self, element: Element, *places: float, held: Qt.KeyboardModifier = NONE) -> list[Frame]:
        """Press at 10, pass the places, release; the frame that stands at each place."""
        self.focus.set(selection=element)
        self.settle()
        self.send(QEvent.Type.MouseButtonPress, 10)
        frames = []
        for place in places:
            self.send(QEvent.Type.MouseMove, 10 + place, held)
            frames.append(self.settle())
        self.send(QEvent.Type.MouseButtonRelease, 10 + places[-1])
        return frames


@pytest.fixture
def hand(qtbot: QtBot) -> Iterator[Hand]:
    made = Hand(qtbot)
    yield made
    made.runner.close()


def test_a_score_is_dragged_and_the_shares_go_along(hand: Hand) -> None:
    frames = hand.drag(Edge(1, 1, 0), 50, 100)
    assert [frame.params.W[0][1, 0] for frame in frames] == [3.5, 4.0]
    np.testing.assert_allclose(frames[1].trace.layers[0].a[0], np.exp([2, 4, 4]) / np.exp([2, 4, 4]).sum())
    assert hand.inspector._head._value.text() == "4"


def test_a_whole_drag_is_one_gesture(hand: Hand) -> None:
    before = hand.settle()
    hand.drag(Edge(1, 0, 0), *range(5, 200, 5))
    frame = hand.settle()
    assert (frame.params.W[0][0, 0], frame.segment) == (3.95, 0)
    hand.runner.undo()
    again = hand.settle()
    assert again.params.flat.tobytes() == before.params.flat.tobytes()
    assert again.undo is None
    hand.runner.redo()
    assert hand.settle().params.W[0][0, 0] == 3.95


def test_two_drags_are_two_gestures(hand: Hand) -> None:
    hand.drag(Edge(1, 0, 0), 50)
    hand.drag(Edge(1, 0, 0), 50)
    assert hand.settle().params.W[0][0, 0] == 3.0
    hand.runner.undo()
    assert hand.settle().params.W[0][0, 0] == 2.5


def test_shift_is_finer(hand: Hand) -> None:
    assert hand.drag(Edge(1, 0, 0), 12, held=SHIFT)[0].params.W[0][0, 0] == 2.012


def test_a_click_does_not_move_anything_but_goes_to_the_field(hand: Hand) -> None:
    before = hand.settle()
    hand.drag(Edge(1, 0, 0), 2)
    assert hand.settle() is before
    assert hand.inspector._head._value.hasFocus()


def test_dragging_back_to_the_start_is_no_edit(hand: Hand) -> None:
    hand.drag(Edge(1, 0, 0), 50, 0)
    frame = hand.settle()
    assert (frame.params.W[0][0, 0], frame.undo) == (2.0, None)


def test_inputs_are_dragged_too(hand: Hand) -> None:
    frame = hand.drag(Unit(0, 0), 20)[0]
    assert frame.dataset.x[0, 0] == 1.2
    assert frame.trace.layers[0].z[0].tolist() == pytest.approx([2.4, 3.6, 4.8])


def test_a_value_that_cannot_be_is_said_and_the_last_good_one_stays(hand: Hand) -> None:
    hand.drag(Target(0), -50)
    assert hand.settle().dataset.y[0, 0] == 0
    assert hand.inspector._head._message.isVisible()
    assert hand.inspector._head._value.property("state") == "error"


@pytest.mark.parametrize(("value", "decimals"), [(0.0, 2), (0.05, 2), (-99.0, 2), (100.0, 1), (1004.0, 0), (2.5e5, -2)])
def test_a_pixel_is_a_round_step_that_suits_the_size(value: float, decimals: int) -> None:
    assert pixel_decimals(value) == decimals

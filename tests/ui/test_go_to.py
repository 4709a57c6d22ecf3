"""Going to a place: suggestions while typing, Tab takes over, Enter goes, nonsense is answered."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from bpstudio.files import lesson
from bpstudio.insight.elements import Edge, Probe, Unit
from ui import language
from ui.focus import Focus
from ui.go_to import GoTo
from ui.navigation import Navigation
from ui.runner import Runner


@dataclass
class Place:
    qtbot: QtBot
    runner: Runner
    focus: Focus
    dialog: GoTo

    def type(self, text: str) -> "Place":
        self.dialog.line.clear()
        self.qtbot.keyClicks(self.dialog.line, text)
        return self

    def press(self, key: Qt.Key) -> "Place":
        self.qtbot.keyClick(self.dialog.line, key)
        return self

    @property
    def offered(self) -> list[str]:
        items = [self.dialog.list.topLevelItem(row) for row in range(self.dialog.list.topLevelItemCount())]
        return [item.text(0) for item in items if item is not None]


@pytest.fixture(params=["iris"])
def place(qtbot: QtBot, qapp: QApplication, request: pytest.FixtureRequest) -> Iterator[Place]:
    runner, focus = Runner(), Focus()
    navigation = Navigation(focus, runner)
    parent = QWidget()
    qtbot.addWidget(parent)
    runner.open(lesson.load(request.param).session())
    qtbot.waitUntil(lambda: runner.idle)
    dialog = GoTo(focus, runner, navigation, parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    dialog.show()
    qtbot.waitExposed(dialog)
    yield Place(qtbot, runner, focus, dialog)
    dialog.close()
    navigation.pause()
    runner.close()
    language.install(qapp, "en")


def test_typing_enter(place: Place) -> None:
    place.type("w1,2,3").press(Qt.Key.Key_Return)
    assert place.focus.selection == Edge(1, 1, 2)
    assert not place.dialog.isVisible()


def test_arrow_and_enter(place: Place) -> None:
    place.type("h")
    assert place.offered[:3] == ["h1", "h2", "h3"]
    place.press(Qt.Key.Key_Down).press(Qt.Key.Key_Down).press(Qt.Key.Key_Return)
    assert place.focus.selection == Unit(1, 1)


def test_tab_takes_over_and_a_word_waits_for_its_number(place: Place) -> None:
    place.type("st").press(Qt.Key.Key_Tab)
    assert place.dialog.line.text() == "step "
    assert place.dialog.isVisible()
    place.qtbot.keyClicks(place.dialog.line, "3")
    place.press(Qt.Key.Key_Return)
    place.qtbot.waitUntil(lambda: place.runner.idle and place.runner.frame is not None and place.runner.frame.step == 3)


def test_a_marked_word_waits_for_its_number_too(place: Place) -> None:
    place.type("ro").press(Qt.Key.Key_Down).press(Qt.Key.Key_Return)
    assert (place.dialog.line.text(), place.dialog.isVisible()) == ("row ", True)


def test_an_epoch_is_trained_to_and_a_row_outside_the_batch_is_a_probe(place: Place) -> None:
    frame = place.runner.frame
    assert frame is not None
    place.dialog.answer("epoch 1")
    place.qtbot.waitUntil(lambda: place.runner.idle and place.runner.frame.step == frame.steps_per_epoch)  # type: ignore[union-attr]
    now = place.runner.frame
    assert now is not None
    assert (now.epoch, now.position) == (1, 0)
    outside = next(row for row in range(now.dataset.rows) if row not in now.batch)
    place.dialog.answer(f"row {outside + 1}")
    assert place.focus.example == Probe(outside)


def test_an_address_is_walked_to(place: Place) -> None:
    place.focus.set(grain="step")
    place.dialog.answer("backward/h1->o1")
    assert place.focus.grain == "edge"
    walk = place.focus.walk
    assert walk is not None
    assert walk.beat("edge", place.focus.playhead).lights


def test_nonsense_is_answered_and_the_answer_goes_when_typing_goes_on(place: Place, qapp: QApplication) -> None:
    place.type("step").press(Qt.Key.Key_Return)
    assert place.dialog.problem.text() == "A number belongs after it, such as step 1."
    assert place.dialog.isVisible()
    place.qtbot.keyClicks(place.dialog.line, " ")
    assert place.dialog.problem.isHidden()
    language.install(qapp, "zh_CN")
    place.type("w9,1,1").press(Qt.Key.Key_Return)
    assert place.dialog.problem.text() == "层是 1 到 2。"

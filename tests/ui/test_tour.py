"""The strip with the first steps, and the strip with messages."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import QSettings
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from bpstudio.files import lesson
from bpstudio.insight.elements import Edge
from ui import language
from ui.focus import Focus
from ui.messages import Messages
from ui.navigation import Navigation
from ui.panels.judging import Judge
from ui.runner import Runner
from ui.tour import STOPS, Tour


@pytest.fixture
def tour(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Tour]:
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path))
    focus, runner = Focus(), Runner()
    navigation = Navigation(focus, runner)
    made = Tour(focus, runner)
    qtbot.addWidget(made)
    runner.open(lesson.load("mazur").session())
    qtbot.waitUntil(lambda: runner.idle)
    focus.set(grain="edge", playhead=0)
    yield made
    navigation.pause()
    runner.close()
    language.install(qapp, "en")


def test_first_forward_only_turns_the_page(tour: Tour) -> None:
    tour.begin()
    assert tour.take_forward()
    assert tour.stop == 1
    assert not tour.take_forward()


def test_it_goes_on_by_what_is_done(tour: Tour) -> None:
    tour.begin()
    stops = []
    for beat in (1, 2, 16, 19, 20, 24):
        tour._focus.set(playhead=beat)
        stops.append(tour.stop)
    assert stops == [1, 2, 2, 3, 3, 4]


def test_it_waits_for_a_number_and_then_lets_it_train(tour: Tour, qtbot: QtBot) -> None:
    shown: list[int] = []
    tour.point = lambda: shown.append(tour.stop)
    tour.begin()
    tour._focus.set(playhead=30)
    assert tour.stop == 4
    assert "your number" in tour._words.text()
    weight = Edge(2, 0, 0)
    tour._focus.set(selection=weight)
    assert shown == [4], "the field is brought into view"
    tour._runner.step()
    qtbot.waitUntil(lambda: tour._runner.idle)
    assert tour.stop == 4, "a training step is no number"
    frame = tour._runner.frame
    assert frame is not None
    question = Judge(frame, tour._focus.example, weight, "0.44", None, (), tour._focus.notation, 9)
    tour._runner.ask(question)
    qtbot.waitUntil(lambda: tour.stop == 5)
    assert tour._focus.grain == "step", "there Space trains"


def test_next_leads_through_all_stops_and_out(tour: Tour) -> None:
    tour.begin()
    for _ in STOPS:
        assert tour.stop >= 0
        tour.advance()
    assert tour.stop == -1
    assert tour.isHidden()
    assert not tour.close_tour(), "it was closed already"


def test_loss_is_the_one_of_the_frame(tour: Tour) -> None:
    tour.begin()
    tour.advance()
    tour.advance()
    assert "0.298" in tour._words.text()


def test_words_change_with_the_language(tour: Tour, qapp: QApplication, qtbot: QtBot) -> None:
    tour.begin()
    language.install(qapp, "zh_CN")
    qtbot.waitUntil(lambda: "这是一个真实的网络" in tour._words.text())
    assert tour.stop == 0


def test_do_not_show_again_is_remembered(tour: Tour) -> None:
    assert Tour.wanted()
    tour.begin()
    tour._never.click()
    assert not Tour.wanted()


def test_messages_have_a_sign_and_one_way_out(qtbot: QtBot) -> None:
    done: list[int] = []
    messages = Messages()
    qtbot.addWidget(messages)
    messages.say("warning", "something", "Do it", lambda: done.append(1))
    assert not messages.isHidden()
    assert (messages.level, messages._sign.text()) == ("warning", "!")
    messages.button.click()
    assert done == [1]
    assert messages.isHidden()
    messages.button.click()
    assert done == [1], "an offer is taken once"


def test_good_message_goes_by_itself_and_an_error_stays(qtbot: QtBot) -> None:
    messages = Messages()
    qtbot.addWidget(messages)
    messages._clock.setInterval(1)
    messages.say("good", "saved")
    qtbot.waitUntil(messages.isHidden)
    messages.say("error", "refused")
    assert not messages._clock.isActive()
    assert messages.button.isHidden(), "nothing is offered"

"""The toolbar shows how the run is moved through, and moves it."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from bpstudio.files import lesson
from ui import language
from ui.actions import Actions
from ui.focus import FLAT_OUT, Focus
from ui.navigation import Navigation
from ui.runner import Runner
from ui.status import Status
from ui.toolbar import Toolbar


@dataclass
class Set:
    focus: Focus
    runner: Runner
    go: Navigation
    actions: Actions
    toolbar: Toolbar


@pytest.fixture
def bar(qtbot: QtBot, qapp: QApplication) -> Iterator[Set]:
    focus, runner = Focus(), Runner()
    go, actions = Navigation(focus, runner), Actions()
    toolbar = Toolbar(actions, focus, go, Status(focus, runner))
    qtbot.addWidget(toolbar)
    runner.frame_arrived.connect(toolbar.show_frame)
    actions.connect("run.play", go.toggle)
    for grain in ("step", "layer", "neuron", "edge"):
        actions.connect(f"run.grain_{grain}", lambda grain=grain: go.choose_grain(grain))
    runner.open(lesson.load("mazur").session())
    qtbot.waitUntil(lambda: runner.idle)
    toolbar.resize(1280, 50)
    toolbar.show()
    yield Set(focus, runner, go, actions, toolbar)
    go.pause()
    runner.close()
    language.install(qapp, "en")


def test_segments_choose_the_grain_and_follow_it(bar: Set) -> None:
    bar.toolbar._grains["layer"].click()
    assert bar.focus.grain == "layer"
    bar.focus.set(grain="step")
    checked = [grain for grain, button in bar.toolbar._grains.items() if button.isChecked()]
    assert checked == ["step"]
    assert bar.actions["run.grain_step"].isChecked()


def test_slider_is_the_speed_of_the_walk_or_the_pace_of_training(bar: Set) -> None:
    slider, value = bar.toolbar._speed, bar.toolbar._speed_value
    assert value.text() == "1×"
    slider.setValue(slider.maximum())
    assert (bar.focus.speed, value.text()) == (8.0, "8×")
    bar.focus.set(grain="step")
    assert (slider.value(), value.text()) == (slider.maximum(), "full")
    slider.setValue(0)
    assert (bar.focus.pace, value.text()) == (1.0, "1 /s")
    assert bar.focus.speed == 8.0, "each keeps its own"
    bar.focus.set(pace=FLAT_OUT)
    assert slider.value() == slider.maximum()


def test_play_button_becomes_pause_and_back(bar: Set, qtbot: QtBot) -> None:
    button = bar.toolbar._buttons["run.play"]
    assert button.accessibleName() == "Play"
    bar.focus.set(grain="step")
    button.click()
    qtbot.waitUntil(lambda: button.accessibleName() == "Pause")
    button.click()
    qtbot.waitUntil(lambda: button.accessibleName() == "Play")


def test_buttons_leave_the_keyboard_where_it_is(bar: Set) -> None:
    for button in (*bar.toolbar._buttons.values(), *bar.toolbar._grains.values()):
        assert not button.focusPolicy() & Qt.FocusPolicy.ClickFocus
        assert button.focusPolicy() & Qt.FocusPolicy.TabFocus, "but the Tab key reaches them"


def test_numbers_get_room_before_the_slider_does(bar: Set) -> None:
    bar.toolbar.resize(1500, 50)
    assert not bar.toolbar._speed_name.isHidden()
    bar.toolbar.resize(1000, 50)
    assert bar.toolbar._speed_name.isHidden()
    assert not bar.toolbar.status.fields["loss"].isHidden()


def test_words_change_with_the_language(bar: Set, qapp: QApplication, qtbot: QtBot) -> None:
    language.install(qapp, "zh_CN")
    bar.actions.retranslate()
    bar.toolbar.retranslate()
    assert bar.toolbar._grains["step"].text() == "整步"
    qtbot.waitUntil(lambda: bar.toolbar.status.fields["loss"].caption.text() == "损失 C")

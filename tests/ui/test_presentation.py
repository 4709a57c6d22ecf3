"""A lecture at the real window: presentation, scenes, and what a lesson has locked."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import QCoreApplication, QEvent, QSettings, QStandardPaths, Qt
from PyQt6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from bpstudio.files import lesson as lessons
from bpstudio.insight.elements import Edge, Row, Unit, WholeBatch
from bpstudio.training.frame import Frame
from bpstudio.training.optimizers import SGD
from ui import language, theme
from ui.app import App, application

Key = Qt.Key


class Lecture:
    """The window, and somebody who presses keys."""

    def __init__(self, app: App, qtbot: QtBot) -> None:
        self.app, self.qtbot = app, qtbot
        self.window = app.window

    @property
    def frame(self) -> Frame:
        assert self.app.runner.frame is not None
        return self.app.runner.frame

    def settle(self) -> Frame:
        self.qtbot.waitUntil(lambda: self.app.runner.idle)
        QApplication.processEvents()
        return self.frame

    def press(self, key: Qt.Key, times: int = 1) -> Frame:
        for _ in range(times):
            self.qtbot.keyClick(self.window.canvas, key)
            self.settle()
        return self.frame

    def open(self, lesson: lessons.Lesson, name: str = "") -> Frame:
        self.app.document.show(lesson, name=name)
        return self.settle()

    def state(self) -> tuple[object, ...]:
        """All that leaving a presentation has to bring back."""
        window = self.window
        bar = window.menuBar()
        regions = (bar, window.toolbar, window._left, window._right, window._bottom, window.timeline)
        return (
            [region is not None and region.isVisible() for region in regions],
            window.geometry().getRect(),
            window.isFullScreen(),
            theme.current().name,
            theme.current().scale,
            window.canvas.view().legend if window.canvas.view() is not None else None,  # type: ignore[union-attr]
        )


@pytest.fixture
def lecture(tmp_path: Path, qapp: QApplication, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lecture]:
    application()
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "settings"))
    monkeypatch.setattr(QStandardPaths, "writableLocation", staticmethod(lambda place: str(tmp_path)), raising=True)
    app = App(qapp, "dark", "en")
    app.start("mazur")
    made = Lecture(app, qtbot)
    qtbot.waitUntil(lambda: app.window.lesson is not None)
    app.window.resize(1280, 720)
    app.window.activateWindow()
    app.window.canvas.setFocus()
    qtbot.waitUntil(app.window.isActiveWindow)
    made.settle()
    yield made
    app.close()
    # Gone before the next style sheet is put on.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    theme.apply(qapp, "dark")
    language.install(qapp, "en")


# ---- in and out


@pytest.mark.parametrize("leave", [Key.Key_F11, Key.Key_Escape])
def test_leaving_brings_everything_back(lecture: Lecture, leave: Qt.Key) -> None:
    window = lecture.window
    lecture.app.actions["view.left"].trigger()
    window.split(([0, 800, 480], [430, 220]))
    window._columns.splitterMoved.emit(800, 2)  # as if somebody had dragged the lines there
    window._rows.splitterMoved.emit(430, 1)
    window.regions.arrange()
    before, wish, sizes = lecture.state(), window.regions.wish, window.split_sizes()
    lecture.press(Key.Key_F11)
    assert window.isFullScreen()
    assert theme.current().name == "presentation"
    assert theme.current().scale > 1
    shown = [window.canvas, lecture.app.presentation._panel()]
    hidden = [window.menuBar(), window.toolbar, window._left, window._right, window._bottom, window.timeline]
    assert [each.isVisible() for each in shown] == [True, True]
    assert not any(each is not None and each.isVisible() for each in hidden)
    lecture.press(leave)
    assert lecture.state() == before
    assert window.regions.wish == wish
    # The menu bar is measured again a moment later; the handle between regions is one pixel.
    for place, then in enumerate(sizes):
        lecture.qtbot.waitUntil(
            lambda place=place, then=then: window.split_sizes()[place][: len(then)] == pytest.approx(then, abs=1)
        )
    assert QSettings().value("view/theme", "none", str) == "none", "the theme was not chosen, only lent"
    assert window.canvas.hasFocus()


def test_the_panel_is_the_scene_or_the_explanation_in_a_size_of_its_own(lecture: Lecture) -> None:
    lecture.press(Key.Key_F11)
    area, explanation = lecture.app.presentation._panel(), lecture.window.explanation
    assert [area.isVisible(), explanation.isVisible()] == [True, False]
    lecture.press(Key.Key_E)
    assert [area.isVisible(), explanation.isVisible()] == [False, True]
    lecture.press(Key.Key_E)
    assert [area.isVisible(), explanation.isVisible()] == [True, False]
    usual = theme.current().scale
    lecture.qtbot.keyClick(lecture.window.canvas, Key.Key_Minus, Qt.KeyboardModifier.ControlModifier)
    smaller = theme.current().scale
    assert smaller < usual
    lecture.press(Key.Key_Escape)
    assert theme.current().scale == QSettings().value("view/scale", 1.0, float) == 1.0
    lecture.press(Key.Key_F11)
    assert theme.current().scale == smaller, "remembered apart"
    lecture.press(Key.Key_Escape)


def test_page_keys_are_scenes_in_a_presentation_and_phases_outside(lecture: Lecture) -> None:
    scenes = lecture.window.scenes
    lecture.press(Key.Key_PageDown)
    assert (lecture.app.focus.playhead, scenes.number) == (16, 0), "forward is one phase"
    lecture.press(Key.Key_F11)
    lecture.press(Key.Key_Home)
    number = scenes.number
    lecture.press(Key.Key_PageDown, 2)
    assert scenes.number == number + 2
    assert scenes.is_there
    lecture.press(Key.Key_PageUp)
    assert scenes.number == number + 1
    lecture.press(Key.Key_Escape)
    playhead = lecture.app.focus.playhead
    lecture.press(Key.Key_PageDown)
    assert lecture.app.focus.playhead > playhead
    assert scenes.number == number + 1


# ---- scenes


def test_every_scene_of_every_lesson_can_be_gone_to(lecture: Lecture) -> None:
    scenes = lecture.window.scenes
    for name in ("mazur", "softmax", "xor"):
        lesson = lessons.load(name)
        lecture.open(lesson, name)
        for number, scene in enumerate(lesson.scenes, 1):
            scenes.visit(number)
            frame = lecture.settle()
            assert frame.step == scene.step
            assert scenes.is_there, (name, number)
    lesson = lessons.load("iris")
    first = lesson.scenes[0]
    shown = (
        dataclasses.replace(first, row="batch", color="weight"),
        dataclasses.replace(first, row=int(lesson.session().frame().batch[2]), color="update", hover="w5"),
    )
    lecture.open(lesson.replace(scenes=shown))
    focus = lecture.app.focus
    scenes.visit(1)
    lecture.settle()
    assert (focus.example, focus.color) == (WholeBatch(), "weight")
    scenes.visit(2)
    lecture.settle()
    assert (focus.example, focus.color) == (Row(2), "update")
    assert focus.walk is not None
    assert focus.hover == focus.walk.names.find("w5")


def test_back_to_the_scene_makes_its_state_again_and_undo_what_was_there(lecture: Lecture) -> None:
    scenes, focus, runner = lecture.window.scenes, lecture.app.focus, lecture.app.runner
    lecture.open(lessons.load("xor"), "xor")
    scenes.visit(5)  # 2,000 steps row by row, the second hidden unit selected
    there = lecture.settle()
    assert scenes.is_there
    assert focus.selection == Unit(1, 1)
    eye = focus.eye
    params = there.params.copy()
    params.W[0][0, 0] = 3.0
    runner.apply(params=params, name="type a weight")
    runner.step(5)
    lecture.settle()
    runner.apply(experiment=lecture.frame.experiment.replace(optimizer=SGD(0.01)), name="rate")
    changed = lecture.settle()
    focus.set(selection=Edge(1, 0, 0), example=WholeBatch(), playhead=3)
    lecture.window.canvas.zoom_in()
    assert not scenes.is_there
    scenes.back()
    again = lecture.settle()
    assert again.params.flat.tobytes() == there.params.flat.tobytes()
    assert (again.step, again.experiment) == (there.step, there.experiment)
    assert focus.eye == eye
    assert scenes.is_there
    runner.undo()
    undone = lecture.settle()
    assert undone.params.flat.tobytes() == changed.params.flat.tobytes()
    assert (undone.step, undone.experiment) == (changed.step, changed.experiment)
    assert not scenes.is_there
    lecture.open(lessons.load("mazur"), "mazur")
    scenes.visit(3)
    lecture.settle()
    runner.step(40)
    lecture.settle()
    assert not scenes.is_there
    scenes.back()
    assert lecture.settle().step == 0
    assert lecture.frame.last_step == 40, "training is not lost by going back"
    assert scenes.is_there


def test_question_hides_its_answer_until_it_is_asked_for(lecture: Lecture) -> None:
    lecture.press(Key.Key_F11)
    scenes = lecture.window.scenes
    scenes.visit(3)
    lecture.settle()
    area = lecture.app.presentation._panel()

    def words() -> str:
        return " ".join(label.text() for label in area.findChildren(QLabel) if label.isVisible())

    assert "Which of the two outputs costs more?" in words()
    assert "0.274811083" not in words()
    scenes.reveal()
    assert "0.274811083" in words()
    assert "3 of 8" in words()
    scenes.turn(1)
    lecture.settle()
    scenes.turn(-1)
    lecture.settle()
    assert "0.274811083" not in words(), "the next class is asked again"
    language.install(QApplication.instance(), "zh_CN")  # type: ignore[arg-type]  # there is one
    QApplication.processEvents()
    assert "两个输出，哪一个代价更大？" in words()
    assert "第 3 幕，共 8 幕" in words()


# ---- locks


def test_locked_panels_say_why_and_can_be_unlocked(lecture: Lecture) -> None:
    app, window = lecture.app, lecture.window
    lecture.open(lessons.load("mazur").replace(locks=("builder", "training", "data", "values")))
    before = lecture.frame
    strips = window.locked.strips
    assert all(strip.isVisibleTo(window) for strip in strips.values())
    assert strips["data"].words.text() == "This lesson has locked the data."
    assert not window.builder.network.body.isEnabled()
    assert not window.data.open.isEnabled()
    for id in ("network.add_layer", "network.reseed", "data.open", "edit.type", "file.weights_in"):
        assert not app.actions[id].isEnabled()
        assert "locked" in app.actions[id].toolTip()
    params = before.params.copy()
    params.flat[:] = 0.5
    app.runner.apply(params=params, name="type")
    assert lecture.settle().params.flat.tobytes() == before.params.flat.tobytes()
    assert window.messages.words.text() == "This lesson has locked the numbers."
    app.runner.apply(experiment=before.experiment.replace(optimizer=SGD(9.0)), name="rate")
    lecture.settle()
    assert window.messages.words.text() == "This lesson has locked how it is trained."
    app.runner.reseed()
    assert lecture.settle().experiment == before.experiment
    other = before.experiment.replace(optimizer=SGD(9.0))
    assert not app.runner.restart(other, before.dataset, before.params, "begin again")
    assert lecture.settle().experiment == before.experiment
    assert lecture.press(Key.Key_Right).step == 0
    assert app.focus.playhead == 1, "looking is free"
    app.runner.step()
    assert lecture.settle().step == 1, "training is free"
    strips["values"].button.click()
    assert not strips["values"].isVisibleTo(window)
    assert app.actions["edit.type"].isEnabled()
    assert "locked" not in app.actions["edit.type"].toolTip()
    app.runner.apply(params=params, name="type")
    assert np.array_equal(lecture.settle().params.flat, params.flat)
    assert not window.builder.network.body.isEnabled(), "one lock at a time"
    lecture.open(lessons.load("softmax"), "softmax")
    assert not any(strip.isVisibleTo(window) for strip in strips.values())
    assert window.builder.network.body.isEnabled()

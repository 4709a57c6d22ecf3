"""The line about the run's health: what it says, where it leads, and that its buttons are one edit each."""

import dataclasses
import time
from typing import Any

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.files import lesson
from bpstudio.insight.elements import Unit
from bpstudio.training.experiment import Experiment
from bpstudio.training.optimizers import SGD
from bpstudio.training.session import Session
from ui import language, theme
from ui.panels.health import EVERY, HealthLine, Sentence


def shown(stage: Any, session: Session, width: int = 900) -> HealthLine:
    """The line under a run that is examined."""
    health = HealthLine(stage.runner, stage.focus)
    stage.show(health, width=width, height=60)
    stage.open(session)
    examined(stage, health)
    return health


def examined(stage: Any, health: HealthLine) -> HealthLine:
    """Wait until the newest frame has been looked at."""
    stage.qtbot.waitUntil(lambda: stage.runner.idle and health._examined is stage.runner.frame)
    return health


def vanishing(steps: int = 0) -> Session:
    run = lesson.load("vanishing").session()
    run.run(steps)
    return run


def offered(health: HealthLine) -> list[str]:
    return [button.text() for button in health.buttons if not button.isHidden()]


def test_nothing_unusual_offers_nothing(stage: Any) -> None:
    health = shown(stage, lesson.load("iris").session())
    assert health.sentence.text() == "Nothing unusual"
    assert health.sentence.level == "good"
    assert offered(health) == []
    selection = stage.focus.selection
    stage.qtbot.mouseClick(health.sentence, Qt.MouseButton.LeftButton)
    assert stage.focus.selection == selection


def test_a_finding_is_said_whole_in_the_tip_and_to_a_screen_reader(stage: Any) -> None:
    health = shown(stage, vanishing(40))
    text = health.sentence.text()
    assert text.startswith("Layer 1 has a gradient ")
    assert text == health.sentence.toolTip() == health.sentence.accessibleName()
    assert offered(health) == ["ReLU in layers 1–10, He start", "tanh in layers 1–10, same start"]
    assert all("Undo brings this run back" in button.toolTip() for button in health.buttons)
    assert health.accessibleName()
    assert health.whatsThis()


def test_the_sentence_leads_to_what_it_is_about_with_mouse_and_keyboard(stage: Any) -> None:
    health = shown(stage, vanishing(40))
    brought: list[str] = []
    health.bring = brought.append
    stage.qtbot.mouseClick(health.sentence, Qt.MouseButton.LeftButton)
    assert stage.focus.selection == Unit(1, 0)
    assert brought == ["bars"]
    stage.focus.set(selection=None)
    health.sentence.setFocus()
    stage.qtbot.keyClick(health.sentence, Qt.Key.Key_Space)
    assert stage.focus.selection == Unit(1, 0)


def test_a_remedy_is_one_edit_that_undo_takes_back_and_it_helps(stage: Any) -> None:
    health = shown(stage, vanishing(40))
    kept: list[int] = []
    health.keep = lambda: kept.append(stage.frame.step)
    before = stage.frame
    stage.qtbot.mouseClick(health.buttons[1], Qt.MouseButton.LeftButton)
    stage.settle()
    assert kept == [40], "the curve was kept before it went"
    frame = stage.frame
    assert frame.step == 0
    assert {layer.activation for layer in frame.experiment.network.layers[:10]} == {"tanh"}
    assert frame.undo == "tanh, same start"
    examined(stage, health)
    assert health.sentence.text() == "Nothing unusual"
    stage.runner.step(60)
    stage.settle()
    examined(stage, health)
    assert health.sentence.text() == "Nothing unusual"
    stage.runner.undo()
    stage.settle()
    stage.runner.undo()
    back = stage.settle()
    assert (back.step, back.experiment) == (40, before.experiment)
    assert back.params.flat.tobytes() == before.params.flat.tobytes()
    examined(stage, health)
    assert health.sentence.text().startswith("Layer 1 has a gradient ")


def test_what_was_training_goes_on_training(stage: Any) -> None:
    health = shown(stage, vanishing(40))
    stage.runner.play()
    stage.qtbot.waitUntil(lambda: stage.frame.step > 45)
    stage.qtbot.mouseClick(health.buttons[1], Qt.MouseButton.LeftButton)
    stage.qtbot.waitUntil(
        lambda: stage.frame.experiment.network.layers[0].activation == "tanh" and stage.frame.step > 5
    )
    assert stage.runner.playing
    stage.runner.pause()
    stage.settle()


def test_while_training_it_is_asked_at_most_twice_a_second(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    health = shown(stage, vanishing())
    asked: list[object] = []
    monkeypatch.setattr(stage.runner, "ask", asked.append)
    running = dataclasses.replace(stage.frame, run="running")
    health._asked = time.perf_counter() + 3600  # however long a machine that is busy takes for what follows
    for _ in range(5):
        health.show_frame(running)
    assert asked == []
    health._asked = time.perf_counter() - EVERY
    for _ in range(5):
        health.show_frame(running)
    assert len(asked) == 1, "and not again before the answer is there"


def test_a_hidden_line_asks_nothing_until_it_is_seen(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    health = shown(stage, lesson.load("iris").session())
    health.hide()
    stage.open(vanishing(40))
    assert health.finding is None
    health.show()
    examined(stage, health)
    assert health.sentence.text().startswith("Layer 1 has a gradient ")


def exploding(rate: float) -> Session:
    x = np.random.default_rng(3).normal(size=(20, 2)) * 3
    network = Network(2, (Dense(3, "identity"), Dense(1, "identity")))
    return Session(Experiment(network, optimizer=SGD(rate), batch_size=0), Dataset.from_arrays(x, x[:, :1]))


def test_a_divergence_offers_the_last_finite_step_and_a_smaller_rate(stage: Any) -> None:
    health = shown(stage, exploding(5.0))
    stage.runner.play()
    stage.qtbot.waitUntil(lambda: stage.frame.nonfinite is not None)
    examined(stage, health)
    at = stage.frame.step
    assert health.sentence.level == "error"
    assert health.sentence.text().startswith(f"Step {at} is not finite; first not finite: ")
    assert offered(health) == ["Step back", "Begin again with η = 0.5"]
    stage.qtbot.mouseClick(health.buttons[0], Qt.MouseButton.LeftButton)
    back = stage.settle()
    assert (back.step, back.nonfinite) == (at - 1, None)
    examined(stage, health)
    assert health.sentence.level == "good"


def test_a_typed_infinity_offers_to_undo_it(stage: Any) -> None:
    health = shown(stage, exploding(0.001))
    params = stage.frame.params.copy()
    params.W[0][:] = 1e308
    params.W[1][:] = 1e308
    stage.runner.apply(params=params, name="weights")
    stage.settle()
    examined(stage, health)
    assert offered(health)[0] == "Undo"
    stage.qtbot.mouseClick(health.buttons[0], Qt.MouseButton.LeftButton)
    assert stage.settle().nonfinite is None


def test_it_speaks_the_language_and_the_letters_in_use(stage: Any) -> None:
    health = shown(stage, vanishing(40))
    app = QApplication.instance()
    assert app is not None
    language.install(app, "zh_CN")
    stage.qtbot.waitUntil(lambda: health.sentence.text().startswith("第 1 层的梯度是第 11 层的 1/"))
    assert offered(health)[1] == "第 1–10 层用 tanh，起点不变"
    asked = health._asked
    stage.focus.set(notation="mazur")
    stage.qtbot.waitUntil(lambda: health._asked != asked)
    examined(stage, health)


@pytest.mark.parametrize("look", ["dark", "light"])
def test_it_is_one_line_and_paints_inside_its_size(stage: Any, look: str) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app, look)
    health = shown(stage, vanishing(40), width=500)
    assert health.height() <= 22
    assert all(button.height() <= 20 for button in health.buttons)
    picture = health.grab().toImage()
    ink = {picture.pixel(x, y) for x in range(200) for y in range(picture.height())}
    assert len(ink) > 4, "words are there"
    sentence = health.sentence
    assert sentence.geometry().right() < health.buttons[0].geometry().left()


def test_a_sentence_never_asks_for_another_size() -> None:
    sentence = Sentence()
    before = sentence.sizeHint(), sentence.minimumSizeHint()
    sentence.say("warning", "long " * 100, "long")
    assert (sentence.sizeHint(), sentence.minimumSizeHint()) == before

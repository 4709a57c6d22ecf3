"""A run that diverges stops on the operation, says so in words, and can be stepped back."""

from collections.abc import Callable

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.engine.trace import Params
from bpstudio.insight.elements import LossNode
from bpstudio.training.experiment import Experiment
from bpstudio.training.optimizers import SGD, Adam
from bpstudio.training.session import Session
from bpstudio.training.stopping import EarlyStopping
from ui.alarm import Alarm
from ui.focus import Focus
from ui.navigation import Navigation
from ui.runner import Runner


@pytest.mark.parametrize("grain", ["step", "edge"])
def test_divergence_stops_on_the_operation_and_stepping_back_works(qtbot: QtBot, grain: str) -> None:
    network = Network(1, (Dense(1, "identity", train_bias=False), Dense(1, "identity", train_bias=False)))
    data = Dataset.from_arrays([[10.0]], [[1.0]])
    start = Params.from_layers(network, [([[1.0]], [0.0]), ([[1.0]], [0.0])])
    runner, focus = Runner(), Focus()
    said: list[tuple[object, ...]] = []
    navigation = Navigation(focus, runner)
    withdrawn: list[str] = []
    alarm = Alarm(focus, runner, lambda *words: said.append(words), withdrawn.append)
    try:
        runner.open(Session(Experiment(network, optimizer=SGD(5.0)), data, start))
        qtbot.waitUntil(lambda: runner.idle)
        focus.set(grain=grain)
        assert not said
        runner.play()
        qtbot.waitUntil(lambda: bool(said))
        qtbot.waitUntil(lambda: runner.idle)
        frame = runner.frame
        assert frame is not None
        assert frame.run == "diverged"
        assert frame.nonfinite is not None
        level, text, offer, act = said[0]
        assert (level, offer) == ("error", "Step back")
        assert f"diverged in step {frame.step}: first not finite" in str(text)
        assert focus.walk is not None
        # The square of the error overflows long before the error itself does.
        assert focus.walk.beat(focus.grain, focus.playhead).address == "loss/C"
        assert focus.selection == LossNode()
        assert callable(act)
        act()
        qtbot.waitUntil(lambda: runner.idle)
        back = runner.frame
        assert back is not None
        assert (back.step, back.nonfinite) == (frame.step - 1, None)
        assert len(said) == 1
        assert withdrawn == [text], "what was said is no longer true"
        runner.step()
        qtbot.waitUntil(lambda: runner.idle)
        assert len(said) == 2, "it diverges again, and that is said again"
    finally:
        navigation.pause()
        runner.close()
        alarm.deleteLater()


def test_early_stopping_shows_the_best_step_and_says_why_and_training_on_is_a_click(qtbot: QtBot) -> None:
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(40, 2)), rng.integers(0, 2, (40, 1)).astype(float)
    data = Dataset.from_arrays(x, y, task="binary", validation=range(0, 40, 3))
    network = Network(2, (Dense(12, "tanh"), Dense(1, "sigmoid")))
    experiment = Experiment(
        network, "bce", optimizer=Adam(0.05), batch_size=0, stopping=EarlyStopping(4), validate_every=5
    )
    runner, focus = Runner(), Focus()
    said: list[tuple[str, str, str, Callable[[], None]]] = []
    withdrawn: list[str] = []
    navigation = Navigation(focus, runner)
    alarm = Alarm(focus, runner, lambda *words: said.append(words), withdrawn.append)  # type: ignore[arg-type]
    try:
        runner.open(Session(experiment, data))
        qtbot.waitUntil(lambda: runner.idle)
        focus.set(grain="step")
        runner.play()
        qtbot.waitUntil(lambda: bool(said))
        qtbot.waitUntil(lambda: runner.idle)
        frame = runner.frame
        assert frame is not None
        assert frame.stopped is not None
        assert (frame.step, frame.run, frame.last_step) == (frame.stopped.best, "paused", frame.stopped.step)
        assert not navigation.playing
        (level, text, offer, train_on), *others = said
        assert (level, offer, others) == ("good", "Train on", [])
        assert text.startswith(f"Stopped early at step {frame.stopped.step}: no better validation loss for 4")
        train_on()
        # It waits as long again, which may be over before a frame of the training is shown.
        qtbot.waitUntil(lambda: withdrawn == [text] or len(said) == 2)
        qtbot.waitUntil(lambda: runner.frame is not None and runner.frame.last_step > frame.last_step)
        runner.pause()
        qtbot.waitUntil(lambda: runner.idle)
    finally:
        runner.close()
        alarm.deleteLater()
        navigation.deleteLater()

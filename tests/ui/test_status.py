"""The status fields: what they say belongs to the frame that is shown."""

from collections.abc import Iterator

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.engine.trace import Params
from bpstudio.insight.gradcheck import GradientCheck
from bpstudio.training.experiment import Experiment
from bpstudio.training.session import Session
from ui.focus import Focus
from ui.runner import Runner
from ui.status import ALL_UP_TO, Status


def session(inputs: int) -> Session:
    x = np.arange(4.0 * inputs).reshape(4, inputs) / 10
    return Session(Experiment(Network(inputs, (Dense(1),))), Dataset.from_arrays(x, x[:, :1]))


@pytest.fixture
def runner(qtbot: QtBot) -> Iterator[Runner]:
    made = Runner()
    yield made
    made.close()


def test_check_of_another_network_is_not_shown_as_this_one(runner: Runner, qtbot: QtBot) -> None:
    status = Status(Focus(), runner)
    qtbot.addWidget(status)
    runner.frame_arrived.connect(status.show_frame)
    runner.open(session(3))
    status.check_now()
    check = status.fields["check"].value
    qtbot.waitUntil(lambda: "4 of 4" in check.text())
    runner.open(session(1))
    qtbot.waitUntil(lambda: runner.frame is not None and runner.frame.dataset.inputs == 1)
    assert check.text() == "…"
    qtbot.waitUntil(lambda: "2 of 2" in check.text())


def test_check_of_other_weights_at_the_same_step_is_not_shown_as_theirs(runner: Runner, qtbot: QtBot) -> None:
    status = Status(Focus(), runner)
    qtbot.addWidget(status)
    runner.frame_arrived.connect(status.show_frame)
    runner.open(session(1))
    status.check_now()
    check = status.fields["check"].value
    qtbot.waitUntil(lambda: "2 of 2" in check.text())
    frame = runner.frame
    assert frame is not None
    huge = Params.from_layers(frame.experiment.network, [([[1e308]], [1e308])])
    runner.apply(experiment=frame.experiment.replace(loss="squared_error"), name="loss")
    runner.apply(params=huge, name="weight")
    qtbot.waitUntil(lambda: runner.frame is not None and runner.frame.params.W[0][0, 0] == 1e308)
    assert check.text() in ("…", "–")


def wide() -> Session:
    """Four outputs of a hundred inputs: more gradients than are checked one by one."""
    x = np.random.default_rng(0).normal(size=(4, 100))
    return Session(Experiment(Network(100, (Dense(4),))), Dataset.from_arrays(x, x[:, :4]))


def test_what_a_check_finds_is_given_on_and_its_progress_is_said(runner: Runner, qtbot: QtBot) -> None:
    status = Status(Focus(), runner)
    qtbot.addWidget(status)
    found: list[tuple[object, GradientCheck]] = []
    status.checked.connect(lambda frame, check: found.append((frame, check)))
    runner.frame_arrived.connect(status.show_frame)
    runner.open(wide())
    qtbot.waitUntil(lambda: bool(found))
    frame, check = found[0]
    assert frame is runner.frame
    assert (check.count, check.total) == (ALL_UP_TO, 404)
    assert runner.frame is not None
    status._say_progress(runner.frame, 0.37)
    assert status.fields["check"].value.text() == "… 37%"


def test_a_check_that_was_asked_for_outlives_the_rest(runner: Runner, qtbot: QtBot) -> None:
    status = Status(Focus(), runner)
    qtbot.addWidget(status)
    runner.frame_arrived.connect(status.show_frame)
    runner.open(wide())
    qtbot.waitUntil(lambda: runner.frame is not None)
    status.check_now()
    runner.play()
    qtbot.waitUntil(lambda: f"of {ALL_UP_TO}" in status.fields["check"].value.text())
    runner.pause()
    qtbot.waitUntil(lambda: runner.idle)

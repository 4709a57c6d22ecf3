"""The runner with real sessions: commands go in, frames come out, and nothing is left behind."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from PyQt6.QtCore import QThread
from pytestqt.qtbot import QtBot

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.training.experiment import Experiment
from bpstudio.training.frame import Frame
from bpstudio.training.optimizers import SGD
from bpstudio.training.session import Session
from ui.runner import Progress, Runner


def xor_session(rate: float = 0.5, units: int = 3) -> Session:
    data = Dataset.from_arrays([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], task="binary")
    network = Network(2, (Dense(units, "sigmoid"), Dense(1, "sigmoid")))
    return Session(Experiment(network, optimizer=SGD(rate), batch_size=4), data)


@pytest.fixture
def runner(qtbot: QtBot) -> Iterator[Runner]:
    made = Runner()
    made.open(xor_session())
    qtbot.waitUntil(lambda: made.idle)
    yield made
    made.close()


def settle(qtbot: QtBot, runner: Runner) -> Frame:
    qtbot.waitUntil(lambda: runner.idle)
    assert runner.frame is not None
    return runner.frame


def test_opening_brings_the_frame_of_step_0(runner: Runner) -> None:
    assert runner.frame is not None
    assert (runner.frame.step, runner.frame.run) == (0, "ready")


def test_steps_give_the_digits_of_the_engine(runner: Runner, qtbot: QtBot) -> None:
    runner.step()
    runner.step(40)
    frame = settle(qtbot, runner)
    alone = xor_session()
    alone.run(41)
    assert frame.step == 41
    assert frame.params.flat.tobytes() == alone.params.flat.tobytes()


def test_play_until_stops_exactly_there(runner: Runner, qtbot: QtBot) -> None:
    runner.play(until=1234)
    frame = settle(qtbot, runner)
    assert (frame.step, frame.run, runner.playing) == (1234, "paused", False)


def test_playing_says_so_and_pause_stops_between_two_steps(runner: Runner, qtbot: QtBot) -> None:
    runs = []
    runner.frame_arrived.connect(lambda frame: runs.append(frame.run))
    runner.play()
    qtbot.waitUntil(lambda: "running" in runs and runner.frame is not None and runner.frame.step > 200)
    assert runner.frame is not None
    assert runner.frame.steps_per_second > 0
    runner.pause()
    frame = settle(qtbot, runner)
    assert frame.run == "paused"
    runner.step(0 + 1)
    assert settle(qtbot, runner).step == frame.step + 1


def test_pace_is_kept(runner: Runner, qtbot: QtBot) -> None:
    # A pace that is ignored would pass thousands of steps in this time.
    runner.pace = 100
    runner.play()
    qtbot.waitUntil(lambda: runner.frame is not None and runner.frame.step >= 10)
    runner.pause()
    assert settle(qtbot, runner).step < 60


def test_seek_goes_back_and_scrubbing_ends_at_the_newest_place(runner: Runner, qtbot: QtBot) -> None:
    runner.step(300)
    late = settle(qtbot, runner)
    for step in range(0, 300, 7):
        runner.seek(step)
    runner.seek(17)
    assert settle(qtbot, runner).step == 17
    runner.seek(300)
    again = settle(qtbot, runner)
    assert again.params.flat.tobytes() == late.params.flat.tobytes()


def test_seek_during_training_pauses(runner: Runner, qtbot: QtBot) -> None:
    runner.play()
    qtbot.waitUntil(lambda: runner.frame is not None and runner.frame.step > 100)
    runner.seek(5)
    frame = settle(qtbot, runner)
    assert (frame.step, frame.run) == (5, "paused")


def test_a_drag_ends_at_the_newest_value_and_is_one_for_undo(runner: Runner, qtbot: QtBot) -> None:
    before = settle(qtbot, runner)
    drag = object()
    for value in np.linspace(0, 1, 50):
        params = before.params.copy()
        params.W[0][0, 0] = value
        runner.apply(params=params, name="type w1", drag=drag)
    after = settle(qtbot, runner)
    assert (after.params.W[0][0, 0], after.undo) == (1.0, "type w1")
    runner.undo()
    again = settle(qtbot, runner)
    assert again.params.flat.tobytes() == before.params.flat.tobytes()
    assert again.undo is None


def test_a_restart_takes_everything_anew_and_is_one_for_undo(runner: Runner, qtbot: QtBot) -> None:
    runner.step(7)
    before = settle(qtbot, runner)
    other = xor_session(rate=0.1, units=5)
    runner.restart(other.experiment, other.dataset, other.params, "switch")
    frame = settle(qtbot, runner)
    assert (frame.step, frame.experiment, frame.undo) == (0, other.experiment, "switch")
    runner.undo()
    again = settle(qtbot, runner)
    assert (again.step, again.experiment) == (7, before.experiment)
    assert again.params.flat.tobytes() == before.params.flat.tobytes()


def test_undo_takes_back_a_whole_stretch_of_training(runner: Runner, qtbot: QtBot) -> None:
    runner.step(50)
    frame = settle(qtbot, runner)
    assert frame.undo == "training"
    runner.undo()
    assert settle(qtbot, runner).step == 0
    runner.redo()
    assert settle(qtbot, runner).step == 50


def test_single_steps_in_a_row_are_one_undo(runner: Runner, qtbot: QtBot) -> None:
    for _ in range(5):
        runner.step()
    settle(qtbot, runner)
    runner.undo()
    assert settle(qtbot, runner).step == 0


def test_edit_during_training_goes_on_with_the_new_value(runner: Runner, qtbot: QtBot) -> None:
    runner.play()
    qtbot.waitUntil(lambda: runner.frame is not None and runner.frame.step > 50)
    assert runner.frame is not None
    runner.apply(experiment=runner.frame.experiment.replace(optimizer=SGD(0.25)), name="rate")
    qtbot.waitUntil(lambda: runner.frame is not None and runner.frame.experiment.optimizer == SGD(0.25))
    here = runner.frame.step
    qtbot.waitUntil(lambda: runner.frame is not None and runner.frame.step > here)
    assert runner.playing
    runner.pause()
    settle(qtbot, runner)


def test_refused_edit_is_told_and_changes_nothing(runner: Runner, qtbot: QtBot) -> None:
    before = runner.frame
    assert before is not None
    wide = Dataset.from_arrays(np.zeros((2, 5)), np.zeros(2))
    with qtbot.waitSignal(runner.failed) as told:
        runner.apply(dataset=wide)
    assert "2" in told.args[0]
    assert "5" in told.args[0]
    frame = settle(qtbot, runner)
    assert frame.dataset is before.dataset


def test_divergence_pauses_on_the_step(runner: Runner, qtbot: QtBot) -> None:
    data = Dataset.from_arrays([[1.0], [2.0]], [[1.0], [4.0]])
    network = Network(1, (Dense(1, "identity"), Dense(1, "identity")))
    runner.open(Session(Experiment(network, optimizer=SGD(1e6), batch_size=2, seed=1), data))
    runner.play()
    frame = settle(qtbot, runner)
    assert frame.run == "diverged"
    assert frame.nonfinite is not None
    assert not runner.playing
    runner.seek(frame.step - 1)
    assert settle(qtbot, runner).nonfinite is None


def test_reset_returns_to_the_same_start_and_reseed_to_another(runner: Runner, qtbot: QtBot) -> None:
    assert runner.frame is not None
    start = runner.frame.params.flat.tobytes()
    runner.step(10)
    runner.reset()
    frame = settle(qtbot, runner)
    assert (frame.step, frame.params.flat.tobytes()) == (0, start)
    runner.reseed()
    frame = settle(qtbot, runner)
    assert frame.step == 0
    assert frame.params.flat.tobytes() != start


def test_clock_sleeps_when_nothing_moves(runner: Runner, qtbot: QtBot) -> None:
    runner.step()
    settle(qtbot, runner)
    qtbot.waitUntil(lambda: not runner._clock.isActive())


@dataclass(frozen=True)
class Slow:
    """A question that goes on until it is told that nobody waits."""

    begun: threading.Event
    kind: str = "slow"

    def answer(self, progress: Callable[[float], None]) -> object:
        self.begun.set()
        while True:
            progress(0.5)


@dataclass(frozen=True)
class Quick:
    value: object
    kind: str = "slow"

    def answer(self, progress: Callable[[float], None]) -> object:
        if isinstance(self.value, Exception):
            raise self.value
        return self.value, QThread.currentThread() is None


def test_newest_question_of_a_kind_wins(runner: Runner, qtbot: QtBot) -> None:
    answers = []
    runner.answered.connect(lambda question, answer: answers.append((question, answer)))
    slow = Slow(threading.Event())
    runner.ask(slow)
    qtbot.waitUntil(lambda: any(isinstance(answer, Progress) for _, answer in answers))
    runner.ask(Quick(1))
    runner.ask(Quick(2))
    qtbot.waitUntil(lambda: runner.idle)
    final = [(question, answer) for question, answer in answers if not isinstance(answer, Progress)]
    assert [question.value for question, _ in final][-1] == 2
    assert not any(question is slow for question, _ in final)


def test_command_given_when_an_answer_arrives_is_carried_out(runner: Runner, qtbot: QtBot) -> None:
    # The clock must not fall asleep over it.
    runner.answered.connect(lambda question, answer: runner.open(xor_session(units=5)))
    runner.ask(Quick(1))
    qtbot.waitUntil(lambda: runner.frame is not None and runner.frame.experiment.network.sizes == (2, 5, 1))


def test_error_of_a_question_is_its_answer(runner: Runner, qtbot: QtBot) -> None:
    error = ValueError("row 3 has 2 fields")
    with qtbot.waitSignal(runner.answered) as told:
        runner.ask(Quick(error))
    assert told.args[1] is error


def test_stumbling_question_is_logged_and_told(runner: Runner, qtbot: QtBot, caplog: pytest.LogCaptureFixture) -> None:
    with qtbot.waitSignal(runner.answered) as told:
        runner.ask(Quick(KeyError("oops")))
    assert isinstance(told.args[1], KeyError)
    assert "stumbled" in caplog.text
    caplog.clear()


def test_closing_ends_both_threads_in_the_middle_of_work(qtbot: QtBot) -> None:
    runner = Runner()
    runner.open(xor_session())
    runner.play()
    slow = Slow(threading.Event())
    runner.ask(slow)
    assert slow.begun.wait(5)
    runner.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("bpstudio")]
    runner.close()


def test_exception_in_a_view_does_not_stop_the_frames(runner: Runner, qtbot: QtBot) -> None:
    def broken(_frame: Frame) -> None:
        raise RuntimeError("a view with a mistake")

    runner.frame_arrived.connect(broken)
    with qtbot.captureExceptions() as caught:
        runner.play()
        qtbot.waitUntil(lambda: len(caught) > 3)
        runner.pause()
        assert settle(qtbot, runner).step > 0


def test_an_answer_that_is_given_while_somebody_looks_is_waited_for(
    runner: Runner, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the clock would stop before it is shown, and it would be shown with the next command or never."""

    class InThatMoment:
        @property
        def idle(self) -> bool:
            runner._reply(Quick(1), "an answer")
            return True

    answers: list[object] = []
    runner.answered.connect(lambda question, answer: answers.append(answer))
    with monkeypatch.context() as patched:
        patched.setattr(runner, "_answerer", InThatMoment())
        assert not runner.idle
    runner._clock.start()
    qtbot.waitUntil(lambda: answers == ["an answer"])

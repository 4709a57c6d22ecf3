"""Moving through a run: over the beats, over the ends of a step, by training steps, by itself."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from pytestqt.qtbot import QtBot

from bpstudio.files import lesson
from bpstudio.insight.elements import Probe, Row, WholeBatch
from ui.focus import FLAT_OUT, Focus
from ui.navigation import Navigation
from ui.runner import Runner


@dataclass
class Bench:
    focus: Focus
    runner: Runner
    go: Navigation
    qtbot: QtBot

    def settle(self) -> tuple[int, int]:
        """Wait until everything has arrived; (training step, playhead)."""
        self.qtbot.waitUntil(lambda: self.runner.idle)
        assert self.runner.frame is not None
        return self.runner.frame.step, self.focus.playhead


@pytest.fixture
def bench(qtbot: QtBot) -> Iterator[Bench]:
    focus, runner = Focus(), Runner()
    made = Bench(focus, runner, Navigation(focus, runner), qtbot)
    runner.open(lesson.load("mazur").session())
    made.settle()
    yield made
    made.go.pause()
    runner.close()


def test_forward_walks_55_beats_and_then_takes_a_training_step(bench: Bench) -> None:
    for expected in range(1, 56):
        bench.go.forward()
        assert bench.settle() == (0, expected)
    bench.go.forward()
    assert bench.settle() == (1, 0)
    bench.go.forward()
    assert bench.settle() == (1, 1)


def test_back_over_the_beginning_is_the_end_of_the_step_before(bench: Bench) -> None:
    bench.go.back()
    assert bench.settle() == (0, 0), "before the first step there is nothing"
    bench.go.next_step()
    bench.settle()
    bench.go.back()
    assert bench.settle() == (0, 55)
    bench.go.back()
    assert bench.settle() == (0, 54)


def test_hasty_presses_at_the_end_of_a_step_do_not_skip_one(bench: Bench) -> None:
    bench.focus.set(playhead=55)
    bench.go.forward()
    bench.go.forward()
    bench.go.forward()
    assert bench.settle() == (1, 0)


def test_phases_end_at_16_19_43_and_55(bench: Bench) -> None:
    places = []
    for _ in range(4):
        bench.go.next_phase()
        places.append(bench.settle()[1])
    assert places == [16, 19, 43, 55]
    bench.go.next_phase()
    assert bench.settle() == (1, 0)
    bench.focus.set(playhead=20)
    bench.go.previous_phase()
    assert bench.settle()[1] == 19
    bench.go.previous_phase()
    assert bench.settle()[1] == 16
    bench.go.previous_phase()
    assert bench.settle()[1] == 0


def test_training_steps_keep_the_beat(bench: Bench) -> None:
    bench.focus.set(playhead=24)
    bench.go.next_step()
    assert bench.settle() == (1, 24)
    bench.go.next_step()
    bench.settle()
    bench.go.first_step()
    assert bench.settle() == (0, 24)
    bench.go.last_step()
    assert bench.settle() == (2, 24)


def test_step_grain_moves_by_training_steps_and_keeps_the_place(bench: Bench) -> None:
    bench.focus.set(playhead=24)
    bench.go.choose_grain("step")
    bench.go.forward()
    bench.settle()
    bench.go.forward()
    assert bench.settle()[0] == 2
    bench.go.back()
    assert bench.settle()[0] == 1
    bench.go.choose_grain("edge")
    assert bench.settle() == (1, 24)


def test_ends(bench: Bench) -> None:
    bench.go.end()
    assert bench.settle() == (0, 55)
    bench.go.beginning()
    assert bench.settle() == (0, 0)


def test_playing_goes_over_the_end_into_the_next_step(bench: Bench) -> None:
    bench.focus.set(speed=8.0, playhead=53)
    bench.go.play()
    assert bench.go.playing
    assert bench.focus.playing_walk
    bench.qtbot.waitUntil(lambda: bench.runner.frame is not None and bench.runner.frame.step == 1)
    bench.qtbot.waitUntil(lambda: bench.focus.playhead >= 2)
    bench.go.toggle()
    assert not bench.go.playing
    place = bench.settle()
    assert place[0] == 1


def test_playing_at_step_grain_trains(bench: Bench) -> None:
    bench.go.choose_grain("step")
    bench.go.toggle()
    bench.qtbot.waitUntil(lambda: bench.runner.frame is not None and bench.runner.frame.step > 100)
    bench.go.toggle()
    bench.settle()
    assert not bench.go.playing


def test_other_grain_stops_what_plays(bench: Bench) -> None:
    bench.go.play()
    bench.go.choose_grain("step")
    assert not bench.go.playing
    bench.go.play()
    bench.go.choose_grain("edge")
    bench.settle()
    assert not bench.go.playing


def test_train_until_goes_there_in_either_direction(bench: Bench) -> None:
    bench.go.train_until(120)
    assert bench.settle()[0] == 120
    bench.go.train_until(30)
    assert bench.settle()[0] == 30
    assert bench.runner.frame is not None
    assert bench.runner.frame.last_step == 120, "going back loses nothing"


def test_visit_goes_to_a_step_and_its_beat(bench: Bench) -> None:
    bench.go.visit(300, "edge", "backward/w5")
    assert bench.settle() == (300, 24)
    bench.go.visit(2, "neuron", "backward/o1/delta")
    assert bench.settle()[0] == 2
    assert bench.focus.grain == "neuron"
    assert bench.focus.walk is not None
    assert bench.focus.playhead == bench.focus.walk.find("neuron", "backward/o1/delta")


def test_visit_of_a_beat_leaves_the_step_grain_and_one_without_leaves_the_eye_alone(bench: Bench) -> None:
    bench.focus.set(grain="step")
    bench.go.visit(1, "step", "loss/C")
    bench.settle()
    assert bench.focus.grain == "neuron"
    bench.focus.set(grain="edge", playhead=7)
    bench.go.visit(5)
    assert bench.settle() == (5, 7)


def test_visit_of_a_beat_that_is_not_there_goes_to_the_step(bench: Bench) -> None:
    bench.focus.set(playhead=7)
    bench.go.visit(4, "edge", "backward/w99")
    assert bench.settle() == (4, 7)


def test_visit_waits_for_the_run_that_is_meant(bench: Bench) -> None:
    xor = lesson.load("xor")
    bench.go.visit(2, "edge", "backward/w5", lambda frame: frame.dataset is xor.dataset)
    assert bench.settle() == (0, 0)
    bench.runner.open(xor.session())
    assert bench.settle()[0] == 2
    assert bench.focus.walk is not None
    assert bench.focus.playhead == bench.focus.walk.find("edge", "backward/w5")


def test_speed_and_pace_have_steps_and_ends(bench: Bench) -> None:
    for _ in range(10):
        bench.go.faster()
    assert bench.focus.speed == 8.0
    for _ in range(10):
        bench.go.faster(-1)
    assert bench.focus.speed == 0.25
    bench.go.choose_grain("step")
    assert bench.focus.pace == FLAT_OUT
    bench.go.faster(-1)
    assert bench.focus.pace == bench.runner.pace == 1000
    bench.go.faster()
    assert bench.focus.pace == FLAT_OUT


def test_rows_of_the_batch_go_round(bench: Bench) -> None:
    bench.runner.open(lesson.load("iris").session())
    bench.settle()
    assert bench.runner.frame is not None
    count = len(bench.runner.frame.batch)
    bench.go.next_row(-1)
    assert bench.focus.example == Row(count - 1)
    bench.go.next_row()
    assert bench.focus.example == Row(0)
    bench.go.toggle_whole_batch()
    assert bench.focus.example == WholeBatch()
    bench.go.next_row()
    assert bench.focus.example == Row(0)
    bench.focus.set(example=Probe(0))
    bench.go.next_row(-1)
    assert bench.focus.example == Probe(bench.runner.frame.dataset.rows - 1)


def test_row_outside_a_smaller_batch_is_brought_in(bench: Bench) -> None:
    bench.runner.open(lesson.load("iris").session())
    bench.settle()
    assert bench.runner.frame is not None
    bench.focus.set(example=Row(len(bench.runner.frame.batch) - 1))
    bench.runner.apply(experiment=bench.runner.frame.experiment.replace(batch_size=2))
    bench.settle()
    assert bench.focus.example == Row(1)

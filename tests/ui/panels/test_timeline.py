"""The strip of beats and the bar of steps: a place is a beat, a beat is a place, and moving one moves the other."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QSlider

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.insight.elements import Probe, Row, WholeBatch
from bpstudio.insight.walk import Walk
from bpstudio.training.experiment import Experiment
from bpstudio.training.session import Session
from ui.panels.beat_strip import beat_at, lay_out, phase_label, span_of
from ui.panels.example_line import ExampleLine, example_text, neighbour
from ui.panels.step_bar import first_step_of
from ui.panels.timeline import Timeline

WORKED = (("F", 1, 16), ("L", 17, 19), ("B", 20, 43), ("U", 44, 55))
counts = st.lists(st.integers(1, 200_000), min_size=1, max_size=12)


def phases_of(sizes: list[int]) -> list[tuple[str, int, int]]:
    ends = list(itertools.accumulate(sizes))
    return [("FLBU"[place % 4], end - size + 1, end) for place, (size, end) in enumerate(zip(sizes, ends, strict=True))]


@given(counts, st.floats(60, 4000))
def test_every_phase_has_a_place_and_they_meet_without_gaps(sizes: list[int], width: float) -> None:
    spans = lay_out(phases_of(sizes), 10, 10 + width)
    assert spans[0].left == 10
    assert spans[-1].right == pytest.approx(10 + width)
    for before, after in itertools.pairwise(spans):
        assert before.right == pytest.approx(after.left)
    assert min(span.right - span.left for span in spans) > 0


@given(counts, st.floats(60, 4000), st.data())
def test_the_middle_of_a_beat_is_that_beat(sizes: list[int], width: float, data: st.DataObject) -> None:
    spans = lay_out(phases_of(sizes), 10, 10 + width)
    index = data.draw(st.integers(1, sum(sizes)))
    span = span_of(spans, index)
    assert span is not None
    left, right = span.edges(index)
    assert abs(beat_at(spans, (left + right) / 2) - index) <= (1 if right - left < 1e-6 else 0)


def test_the_ends_of_the_strip() -> None:
    spans = lay_out(WORKED, 12, 900)
    assert beat_at(spans, 0) == 0
    assert beat_at(spans, 12.1) == 1
    assert beat_at(spans, 5000) == 55
    assert all(span.has_cells for span in spans)
    assert len({round(span.pitch, 9) for span in spans}) == 1, "cells of a short walk are equally wide"


def test_a_long_walk_keeps_its_short_phases_wide_enough_to_hit() -> None:
    spans = lay_out((("F", 1, 79_620), ("L", 79_621, 79_631), ("B", 79_632, 161_000), ("U", 161_001, 240_510)), 0, 900)
    loss = spans[1]
    assert loss.right - loss.left >= 18
    assert not spans[0].has_cells


@pytest.fixture
def timeline(stage: Any, mazur_session: Session) -> Timeline:
    stage.open(mazur_session)
    made = Timeline(stage.runner, stage.focus)
    stage.show(made, width=1280, height=80)
    stage.focus.set(grain="edge", playhead=0)
    return made


def click(timeline: Timeline, index: int) -> None:
    span = span_of(timeline.strip.spans, index)
    assert span is not None
    left, right = span.edges(index)
    place = QPointF((left + right) / 2, 12).toPoint()
    QTest.mouseClick(timeline.strip, Qt.MouseButton.LeftButton, pos=place)


def test_a_click_moves_the_playhead(timeline: Timeline, stage: Any) -> None:
    for index in (24, 1, 55, 30):
        click(timeline, index)
        assert stage.focus.playhead == index
    QTest.mouseClick(timeline.strip, Qt.MouseButton.LeftButton, pos=QPointF(2, 12).toPoint())
    assert stage.focus.playhead == 0


def test_a_drag_scrubs(timeline: Timeline, stage: Any) -> None:
    spans = timeline.strip.spans
    start, end = (QPointF(sum(span_of(spans, index).edges(index)) / 2, 12).toPoint() for index in (3, 40))  # type: ignore[union-attr]
    QTest.mousePress(timeline.strip, Qt.MouseButton.LeftButton, pos=start)
    stage.qtbot.mouseMove(timeline.strip, end)
    seen = stage.focus.playhead
    QTest.mouseRelease(timeline.strip, Qt.MouseButton.LeftButton, pos=end)
    assert seen == 40


def test_a_click_stops_the_walk_that_plays(timeline: Timeline, stage: Any) -> None:
    stage.focus.set(playing_walk=True)
    click(timeline, 5)
    assert not stage.focus.playing_walk


@pytest.mark.parametrize(
    ("grain", "counts"), [("edge", [16, 3, 24, 12]), ("neuron", [4, 1, 8, 4]), ("layer", [2, 1, 4, 2])]
)
def test_the_phases_of_the_worked_example(timeline: Timeline, stage: Any, grain: str, counts: list[int]) -> None:
    stage.focus.set(grain=grain)
    assert [(span.letter, span.count) for span in timeline.strip.spans] == list(zip("FLBU", counts, strict=True))


def test_labels_say_phase_and_count() -> None:
    assert [phase_label(letter, last - first + 1) for letter, first, last in WORKED] == [
        "F forward 16",
        "L loss 3",
        "B backward 24",
        "U update 12",
    ]


def test_the_strip_follows_grain_and_network(timeline: Timeline, stage: Any) -> None:
    stage.focus.set(grain="step")
    assert [span.letter for span in timeline.strip.spans] == list("FLBU")
    assert timeline.strip.place == timeline.strip.spans[-1].last, "a whole step is wholly seen"
    stage.focus.set(grain="edge")
    stage.runner.apply(experiment=stage.frame.experiment.replace(update_order="sequential"))
    stage.settle()
    assert [span.letter for span in timeline.strip.spans] == list("FLBUBU")


def test_a_wide_network_holds_a_span_per_phase_not_an_object_per_beat(stage: Any) -> None:
    walk = Walk(Network(784, (Dense(100), Dense(10))), "half_squared_error", "mean_batch", 32)
    timeline = Timeline(stage.runner, stage.focus)
    stage.qtbot.addWidget(timeline)
    timeline.resize(1280, 60)
    stage.focus.follow(walk)
    stage.focus.set(grain="edge", playhead=90_000)
    assert walk.count("edge") > 100_000
    assert len(timeline.strip.spans) == 4
    calls = 0
    original = Walk.beat

    def counted(self: Walk, *place: Any) -> Any:
        nonlocal calls
        calls += 1
        return original(self, *place)

    Walk.beat = counted  # type: ignore[method-assign]
    try:
        timeline.grab()
    finally:
        Walk.beat = original  # type: ignore[method-assign]
    assert calls == 0


def test_the_slider_covers_what_was_reached_and_seeks(timeline: Timeline, stage: Any) -> None:
    stage.runner.step(30)
    stage.settle()
    slider = timeline.steps.slider
    assert (slider.minimum(), slider.maximum(), slider.value()) == (0, 30, 30)
    slider.setSliderPosition(12)
    slider.triggerAction(QSlider.SliderAction.SliderMove)
    frame = stage.settle()
    assert (frame.step, frame.last_step) == (12, 30)
    assert timeline.steps.field.text() == "12"
    assert timeline.steps.last.text() == "30"


def test_a_click_on_the_groove_jumps_there(timeline: Timeline, stage: Any) -> None:
    stage.runner.step(40)
    stage.settle()
    slider = timeline.steps.slider
    QTest.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPointF(slider.x_of(10), slider.height() / 2).toPoint())
    assert abs(stage.settle().step - 10) <= 1


def test_a_frame_that_arrives_is_not_a_seek(timeline: Timeline, stage: Any) -> None:
    seeks: list[int] = []
    stage.runner.seek = seeks.append
    stage.runner.step(25)
    stage.settle()
    assert timeline.steps.slider.value() == 25
    assert seeks == []


def test_a_dragged_handle_stays_under_the_mouse(timeline: Timeline, stage: Any) -> None:
    stage.runner.step(30)
    stage.settle()
    slider = timeline.steps.slider
    slider.setSliderDown(True)
    slider.setSliderPosition(5)
    timeline.show_frame(stage.frame)
    assert slider.sliderPosition() == 5
    slider.setSliderDown(False)


def test_typing_a_step_goes_back_or_trains_on(timeline: Timeline, stage: Any) -> None:
    field = timeline.steps.field
    for text, step, last in (("20", 20, 20), ("5", 5, 20), ("8", 8, 20), ("1e2", 100, 100)):
        field.setFocus()
        field.selectAll()
        QTest.keyClicks(field, text)
        QTest.keyClick(field, Qt.Key.Key_Return)
        frame = stage.settle()
        assert (frame.step, frame.last_step) == (step, last)
    field.selectAll()
    QTest.keyClicks(field, "-3")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert "begins at step 0" in timeline.steps.message.text()
    assert stage.settle().step == 100


def test_typing_an_epoch_trains_to_its_beginning(stage: Any, clouds_session: Session) -> None:
    stage.open(clouds_session)
    timeline = Timeline(stage.runner, stage.focus)
    stage.show(timeline, width=1280, height=80)
    each = stage.frame.steps_per_epoch
    assert each == 3
    stage.runner.step(4)
    stage.settle()
    timeline.steps.unit.show_value("epoch")
    field = timeline.steps.field
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "5")
    QTest.keyClick(field, Qt.Key.Key_Return)
    frame = stage.settle()
    assert (frame.step, frame.epoch) == (15, 5)
    stage.runner.apply(experiment=frame.experiment.replace(batch_size=20))
    frame = stage.settle()
    target = first_step_of(frame, 7)
    stage.runner.play(until=target - 1)
    assert stage.settle().epoch == 6
    stage.runner.step()
    assert stage.settle().epoch == 7


def test_edits_are_marked_on_the_slider(timeline: Timeline, stage: Any) -> None:
    stage.runner.step(10)
    stage.settle()
    stage.runner.apply(experiment=stage.frame.experiment.replace(reduction="sum"))
    stage.runner.step(10)
    stage.settle()
    assert timeline.steps.slider.edits == (10,)


def test_while_training_runs_the_strip_rests(timeline: Timeline, stage: Any) -> None:
    timeline.strip.show_run(True, 400)
    before = stage.focus.playhead
    QTest.mouseClick(timeline.strip, Qt.MouseButton.LeftButton, pos=QPointF(300, 12).toPoint())
    assert stage.focus.playhead == before
    timeline.strip.show_run(False, 400)
    click(timeline, 7)
    assert stage.focus.playhead == 7


def test_the_example_line(stage: Any, clouds_session: Session) -> None:
    stage.open(clouds_session)
    line = ExampleLine(stage.focus)
    stage.show(line, width=300, height=80)
    assert line.text.text() == "row 1 of 32 in this batch"
    line.next.click()
    assert stage.focus.example == Row(1)
    line.previous.click()
    line.previous.click()
    assert stage.focus.example == Row(31)
    assert line.text.text() == "row 32 of 32 in this batch"
    line.whole.click()
    assert stage.focus.example == WholeBatch()
    assert line.text.text() == "all 32 rows of this batch, means"
    stage.focus.set(example=Probe(4))
    assert "row 5 as a probe" in line.text.text()
    assert neighbour(stage.frame, Probe(95), 1) == Probe(0)


def test_the_only_row_needs_no_line(stage: Any, mazur_session: Session) -> None:
    stage.open(mazur_session)
    line = ExampleLine(stage.focus)
    stage.show(line)
    assert not line.isVisible()
    assert example_text(stage.frame, Row(0)) == "the only row"


def test_a_batch_of_one_names_the_row_of_the_data(stage: Any) -> None:
    data = Dataset.from_arrays([[0.0], [1.0], [2.0]], [0.0, 1.0, 2.0])
    stage.open(Session(Experiment(Network(1, (Dense(1, "identity"),)), shuffle=False), data))
    stage.runner.step()
    stage.settle()
    assert example_text(stage.frame, Row(0)) == "row 2 of 3"

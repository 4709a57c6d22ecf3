"""The list of what happened: what, where and when; a click goes there, and a thousand of them cost nothing."""

import dataclasses
from typing import Any

import pytest
from PyQt6.QtCore import Qt

from bpstudio.training.breakpoints import Breakpoint, Hit
from bpstudio.training.conditions import Expression, WeightCrosses
from bpstudio.training.past import Event
from bpstudio.training.session import Session
from ui.marking import Marking
from ui.navigation import Navigation
from ui.panels.marks_events import Events
from ui.panels.step_bar import StepSlider


@pytest.fixture
def panel(stage: Any, mazur_session: Session) -> Events:
    navigation = Navigation(stage.focus, stage.runner)
    shown = Events(Marking(stage.runner, stage.focus, navigation), stage.focus)
    stage.focus.set(grain="edge", notation="mazur")
    stage.open(mazur_session)
    stage.show(shown, width=280)
    return shown


def train_to(stage: Any, *conditions: Any) -> int:
    """Train until a breakpoint stops it; returns the step."""
    points = tuple(Breakpoint(number, each) for number, each in enumerate(conditions, 1))
    stage.runner.set_breakpoints(points, "breakpoint")
    stage.runner.play(until=500)
    frame = stage.settle()
    assert frame.hit is not None
    return int(frame.step)


def test_an_empty_list_says_what_it_is_for(stage: Any, panel: Events) -> None:
    assert panel.empty.isVisible()
    assert not panel.list.isVisible()


def test_what_where_and_when_and_a_click_goes_there(stage: Any, panel: Events) -> None:
    step = train_to(stage, WeightCrosses(2, (0, 0)))
    line = panel.list.lines.line(panel.list.lines.keys[0])
    assert line.title.startswith("w₅ crosses zero")
    assert line.detail == f"step {step} · what will w₅ be?"
    assert line.is_here
    stage.runner.seek(0)
    stage.settle()
    assert not panel.list.lines.line(panel.list.lines.keys[0]).is_here
    viewport = panel.list.viewport()
    at = panel.list.visualRect(panel.list.lines.index(0)).center()
    stage.qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=at)
    stage.settle()
    walk = stage.focus.walk
    assert (stage.frame.step, stage.focus.playhead) == (step, walk.find("edge", "update/w5"))
    assert stage.focus.selection is not None


def test_the_newest_stands_first(stage: Any, panel: Events) -> None:
    first = train_to(stage, Expression("loss < 0.2"))
    second = train_to(stage, Expression("loss < 0.1"))
    assert [key.step for key in panel.list.lines.keys] == [second, first]
    slider = StepSlider()
    stage.qtbot.addWidget(slider)
    slider.marks.show_frame(stage.frame)
    assert {(mark.step, mark.kind) for mark in slider.marks.marks} == {(first, "breakpoint"), (second, "breakpoint")}


def test_a_thousand_are_put_into_words_only_where_they_are_seen(stage: Any, panel: Events) -> None:
    condition = Expression("loss < 0.2")
    many = tuple(Event("breakpoint", 1, step, 1, hit=Hit(condition, step, 0.1)) for step in range(1000))
    frame = dataclasses.replace(stage.frame, events=many, last_step=1000)
    panel.show_frame(frame)
    panel.list.grab()
    assert 0 < len(panel.list.lines._known) < 60
    known = dict(panel.list.lines._known)
    panel.show_frame(dataclasses.replace(frame, step=0))
    assert panel.list.lines._known.keys() == known.keys()
    slider = StepSlider()
    stage.qtbot.addWidget(slider)
    slider.resize(200, 22)
    slider.show_run(0, 1000, 0, ())
    slider.marks.show_frame(frame)
    slider.grab()
    assert slider.marks.near(slider.x_of(500), slider.x_of) is not None


def test_an_event_of_a_deleted_branch_goes_with_it(stage: Any, panel: Events) -> None:
    stage.runner.step(3)
    stage.runner.branch("other")
    stage.settle()
    train_to(stage, WeightCrosses(2, (0, 0)))
    assert len(panel.list.lines.keys) == 1
    stage.runner.delete_branch(stage.frame.branch)
    stage.settle()
    assert len(panel.list.lines.keys) == 0
    stage.runner.undo()
    stage.settle()
    assert len(panel.list.lines.keys) == 1

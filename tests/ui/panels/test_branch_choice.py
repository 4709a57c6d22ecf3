"""The name of the branch beside the bar of training steps, and the forks on the bar."""

from typing import Any

from bpstudio.training.optimizers import SGD
from bpstudio.training.session import Session
from ui.panels.timeline import Timeline


def fork(stage: Any, step: int, rate: float, until: int) -> None:
    stage.runner.seek(step)
    stage.settle()
    stage.runner.apply(stage.frame.experiment.replace(optimizer=SGD(rate)), name="change learning rate")
    stage.runner.step(until - step)
    stage.settle()


def test_one_branch_has_no_chooser_and_several_have(stage: Any, mazur_session: Session) -> None:
    stage.open(mazur_session)
    timeline = Timeline(stage.runner, stage.focus)
    stage.show(timeline, width=900)
    bar, height = timeline.steps, timeline.sizeHint().height()
    stage.runner.step(40)
    stage.settle()
    assert bar.label.isVisible()
    assert not bar.branch.isVisible()
    fork(stage, 10, 0.1, 30)
    assert not bar.label.isVisible()
    assert bar.branch.isVisible()
    assert bar.branch.shown == "▾ branch 2"
    assert "branch 2 · η = 0.1" in bar.branch.toolTip()
    assert timeline.sizeHint().height() == height, "nothing moves because of it"
    asked = []
    bar.branch.show_tree = lambda: asked.append("tree")
    menu = bar.branch.menu_of_branches()
    first, second, _, tree = menu.actions()
    assert [action.text() for action in (first, second)] == ["first run\t40", "branch 2 · η = 0.1\t30"]
    assert [first.isChecked(), second.isChecked()] == [False, True]
    first.trigger()
    assert (stage.settle().branch, stage.frame.step) == (1, 10)
    assert bar.branch.shown == "▾ first run"
    tree.trigger()
    assert asked == ["tree"]
    stage.runner.rename_branch(1, "fast & furious, with a name that has no room at all")
    stage.settle()
    assert bar.branch.shown.startswith("▾ fast & fu")
    assert bar.branch.shown.endswith("…")


def test_forks_of_the_present_path_are_marked_on_the_bar(stage: Any, mazur_session: Session) -> None:
    stage.open(mazur_session)
    timeline = Timeline(stage.runner, stage.focus)
    stage.show(timeline, width=900)
    slider = timeline.steps.slider
    stage.runner.step(40)
    stage.settle()
    assert slider.forks == ()
    plain = slider.grab().toImage()
    fork(stage, 10, 0.1, 40)
    assert slider.forks == (10,)
    fork(stage, 30, 0.2, 40)
    assert slider.forks == (10, 30)
    stage.runner.switch(1, 40)
    stage.settle()
    assert slider.forks == (10, 10)
    x = round(slider.x_of(10)) + 3
    rows = range(slider.height() // 2 + 3, slider.height() // 2 + 9)
    assert any(slider.grab().toImage().pixel(x, y) != plain.pixel(x, y) for y in rows)

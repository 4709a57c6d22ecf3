"""The list of breakpoints, and the form that makes one: only what its kind needs, checked while it is filled in."""

import math
from typing import Any

import pytest
from PyQt6.QtCore import Qt

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.insight.elements import Edge, Unit
from bpstudio.training.breakpoints import Breakpoint
from bpstudio.training.conditions import (
    Expression,
    GradientNorm,
    PredictionFlips,
    UnitDies,
    UnitFlat,
    ValidationTurns,
    WeightCrosses,
)
from bpstudio.training.experiment import Experiment
from bpstudio.training.session import Session
from ui.marking import Marking
from ui.navigation import Navigation
from ui.panels.marks_breakpoints import Breakpoints
from ui.panels.marks_form import KINDS, BreakpointForm


def classes() -> Session:
    """Two classes, ReLU and sigmoid units, rows to validate with."""
    x = [[0.1 * row, 1.0 - 0.1 * row] for row in range(8)]
    data = Dataset.from_arrays(x, [row % 2 for row in range(8)], task="classes", validation=(1, 6))
    network = Network(2, (Dense(3, "relu"), Dense(3, "sigmoid"), Dense(2, "softmax")))
    return Session(Experiment(network, loss="categorical_ce", validate_every=1), data)


@pytest.fixture
def panel(stage: Any) -> Breakpoints:
    navigation = Navigation(stage.focus, stage.runner)
    shown = Breakpoints(Marking(stage.runner, stage.focus, navigation), stage.focus)
    stage.focus.set(grain="edge", notation="mazur")
    stage.open(classes())
    stage.show(shown, width=280)
    return shown


def opened(panel: Breakpoints, kind: str = "") -> BreakpointForm:
    panel.open_form(kind)
    assert panel.form is not None
    return panel.form


def conditions(stage: Any) -> list[object]:
    return [each.condition for each in stage.settle().breakpoints]


def type_into(stage: Any, field: Any, text: str) -> None:
    field.setFocus()
    field.selectAll()
    stage.qtbot.keyClicks(field, text)


def test_a_weight_is_typed_by_name(stage: Any, panel: Breakpoints) -> None:
    form = opened(panel, "crosses")
    assert not form.take.isEnabled()
    type_into(stage, form.weight, "h1")
    assert not form.take.isEnabled()
    assert "no weight" in form.message.text()
    type_into(stage, form.weight, "w2")
    value = float(stage.frame.params.W[0][0, 1])
    assert f"{abs(value):.6f}" in form.message.text()
    stage.qtbot.keyClick(form.weight, Qt.Key.Key_Return)
    assert conditions(stage) == [WeightCrosses(1, (0, 1))]
    assert form.isHidden()
    assert panel.add.isVisible()


def test_a_click_in_the_network_fills_the_form(stage: Any, panel: Breakpoints) -> None:
    form = opened(panel, "crosses")
    stage.focus.set(selection=Edge(2, 1, 2))
    assert form.condition() == WeightCrosses(2, (1, 2))
    form.kind.show_value("flat")
    form.kind.activated.emit(form.kind.currentIndex())
    stage.focus.set(selection=Unit(2, 1))
    assert form.condition() == UnitFlat(2, 1)


@pytest.mark.parametrize(
    ("selection", "kind"), [(Edge(1, 0, 0), "crosses"), (Unit(1, 0), "dies"), (Unit(2, 2), "flat"), (None, "crosses")]
)
def test_it_begins_with_what_is_selected(stage: Any, panel: Breakpoints, selection: Any, kind: str) -> None:
    stage.focus.set(selection=selection)
    assert opened(panel).what == kind


def test_every_kind_has_its_fields_and_makes_its_condition(stage: Any, panel: Breakpoints) -> None:
    form = opened(panel, "norm")
    norm = form.condition()
    assert isinstance(norm, GradientNorm)
    assert norm.low == 0 < stage.frame.gradient_norm < norm.high
    type_into(stage, form.high, "inf")
    type_into(stage, form.low, "0.25")
    stage.qtbot.keyClick(form.low, Qt.Key.Key_Return)
    assert conditions(stage) == [GradientNorm(0.25, math.inf)]
    made = {"flat": UnitFlat(), "dies": UnitDies(), "turns": ValidationTurns(), "flips": PredictionFlips(0)}
    for kind, condition in made.items():
        form = opened(panel, kind)
        if kind == "flips":
            type_into(stage, form.row, "1")
        form.accept()
        assert conditions(stage)[-1] == condition
    assert {*made, "norm", "crosses", "typed"} == set(KINDS)


def test_only_the_fields_of_the_kind_are_shown(stage: Any, panel: Breakpoints) -> None:
    form = opened(panel, "norm")
    rows = {
        "norm": {form.low_row, form.high_row}, "flat": {form.which}, "turns": {form.times_row},
        "dies": {form.which}, "crosses": {form.weight_row}, "flips": {form.row_row},
        "typed": {form.expression},
    }  # fmt: skip
    for kind, own in rows.items():
        form.open(kind)
        assert {row for each in rows.values() for row in each if row.isVisible()} == own


def test_units_of_a_layer_are_offered_by_name(stage: Any, panel: Breakpoints) -> None:
    form = opened(panel, "dies")
    assert [form.which.layer.itemText(place) for place in range(form.which.layer.count())] == ["any", "1"]
    form.which.layer.show_value(1)
    form.which.layer.activated.emit(1)
    assert [form.which.unit.itemText(place) for place in range(form.which.unit.count())] == ["any", "h¹₁", "h¹₂", "h¹₃"]
    form.which.unit.show_value(2)
    assert form.condition() == UnitDies(1, 2)


def test_an_expression_is_checked_while_it_is_typed(stage: Any, panel: Breakpoints) -> None:
    form = opened(panel, "typed")
    field = form.expression.field
    assert not form.take.isEnabled()
    type_into(stage, field, "los < 0.1")
    assert "Character 1" in form.expression.message.text()
    assert "loss" in form.expression.message.text()
    assert field.property("state") == "error"
    type_into(stage, field, "norm[4] > 1")
    assert "1 to 3" in form.expression.message.text()
    type_into(stage, field, "norm[3] > 1 and step > 4")
    assert "norm[3], step" in form.expression.message.text()
    stage.qtbot.keyClick(field, Qt.Key.Key_Return)
    assert conditions(stage) == [Expression("norm[3] > 1 and step > 4")]


def test_names_are_offered_for_the_last_word(stage: Any, panel: Breakpoints) -> None:
    form = opened(panel, "typed")
    field = form.expression.field
    type_into(stage, field, "loss < 0.1 and acc")
    completer = field.completer()
    assert completer.currentCompletion() == "loss < 0.1 and accuracy"
    completer.popup().hide()


def test_what_this_run_does_not_have_is_said(stage: Any, mazur_session: Session, panel: Breakpoints) -> None:
    stage.open(mazur_session)
    for kind, word in (("dies", "ReLU"), ("turns", "validation"), ("flips", "classes")):
        form = opened(panel, kind)
        assert word in form.message.text()
        assert form.message.property("role") == "warning"
        assert not form.take.isEnabled()
    form = opened(panel, "crosses")
    type_into(stage, form.weight, "b_h1")
    assert "frozen" in form.message.text()


def test_a_bad_range_is_refused(stage: Any, panel: Breakpoints) -> None:
    form = opened(panel, "norm")
    type_into(stage, form.low, "5")
    type_into(stage, form.high, "3")
    form.take.setFocus()
    assert not form.take.isEnabled()
    assert "above 5" in form.message.text()


def test_esc_closes_the_form(stage: Any, panel: Breakpoints) -> None:
    form = opened(panel, "crosses")
    stage.qtbot.keyClick(form.kind, Qt.Key.Key_Escape)
    assert form.isHidden()
    assert conditions(stage) == []


def test_the_box_the_cross_and_undo(stage: Any, panel: Breakpoints) -> None:
    given = (Breakpoint(1, UnitFlat()), Breakpoint(2, WeightCrosses(1, (0, 1))))
    stage.runner.set_breakpoints(given, "breakpoint")
    stage.settle()
    view = panel.list
    assert [view.lines.line(key).title for key in view.lines.keys] == ["A unit goes flat", "w₂ crosses zero"]
    index = view.lines.index(1)
    place = view.place(index, view.visualRect(index))
    stage.qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place.box.center())
    assert [each.enabled for each in stage.settle().breakpoints] == [True, False]
    view.setFocus()
    stage.qtbot.keyClick(view, Qt.Key.Key_Space)
    assert [each.enabled for each in stage.settle().breakpoints] == [True, True]
    stage.qtbot.keyClick(view, Qt.Key.Key_Delete)
    assert conditions(stage) == [UnitFlat()]
    names = stage.frame.undo_names
    assert names[:3] == ("remove breakpoint", "breakpoint on", "breakpoint off")
    stage.runner.undo()
    assert stage.settle().breakpoints == given


def test_two_in_a_row_are_both_kept(stage: Any, panel: Breakpoints) -> None:
    marking = panel._marking
    assert marking.add(UnitFlat())
    assert marking.add(UnitDies())
    assert not marking.add(UnitFlat())
    assert conditions(stage) == [UnitFlat(), UnitDies()]


def test_one_that_this_run_does_not_have_says_so(stage: Any, panel: Breakpoints) -> None:
    stage.runner.set_breakpoints((Breakpoint(1, UnitDies(1, 2)),), "breakpoint")
    frame = stage.settle()
    layers = (Dense(3, "sigmoid"), *frame.experiment.network.layers[1:])
    stage.runner.apply(experiment=frame.experiment.replace(network=Network(2, layers)), name="edit")
    stage.settle()
    line = panel.list.lines.line(1)
    assert line.is_faint
    assert "Not in this run" in line.detail

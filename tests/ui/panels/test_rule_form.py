"""Optimiser, schedule, clipping and stopping in the builder: what is offered, what is sent, what is refused."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QWidget

from bpstudio.training.clipping import ClipByNorm, ClipByValue
from bpstudio.training.experiment import Experiment
from bpstudio.training.optimizers import OPTIMIZERS, AdaGrad, Adam, AdamW, Momentum, Optimizer, RMSProp, Rprop
from bpstudio.training.schedules import SCHEDULES, Constant, Cosine, Plateau, Step
from bpstudio.training.session import Session
from bpstudio.training.stopping import EarlyStopping
from ui import language
from ui.panels.builder import Builder
from ui.panels.form import Row
from ui.panels.options_form import OptionsForm
from ui.panels.plain import plain
from ui.panels.rule_options import CLIPPING_OPTIONS, RULE_OPTIONS, SCHEDULE_OPTIONS


@pytest.fixture
def builder(stage: Any, clouds_session: Session) -> Builder:
    stage.open(clouds_session)
    made = Builder(stage.runner, stage.focus)
    stage.show(made, height=1000)
    made.training.limits.set_open(True)
    return made


def type_into(field: QWidget, text: str) -> None:
    assert isinstance(field, QLineEdit)
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


def choose(box: QWidget, value: object) -> None:
    assert isinstance(box, QComboBox)
    row = next(row for row in range(box.count()) if box.itemData(row) == value)
    box.setCurrentIndex(row)
    box.activated.emit(row)


def tick(box: QWidget) -> None:
    assert isinstance(box, QCheckBox)
    box.click()


def given(stage: Any, **changes: object) -> Experiment:
    """Another experiment in the run, as an edit from elsewhere would make it."""
    stage.runner.apply(experiment=stage.frame.experiment.replace(**changes))
    experiment: Experiment = stage.settle().experiment
    return experiment


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_rule_shows_its_own_numbers_and_no_others(builder: Builder, stage: Any, name: str) -> None:
    choose(builder.training.optimizer, name)
    rule = stage.settle().experiment.optimizer
    assert rule.name == name
    form = builder.training.rule
    shown = {field for field, row in form.options.rows.items() if row.isVisible()}
    fields = {field.name for field in dataclasses.fields(rule)} & RULE_OPTIONS.keys()
    assert shown == fields
    both = form.epsilon_form.isVisible(), form.epsilon_hat.isVisible()
    assert both == (name in ("adagrad", "rmsprop"), name in ("adam", "adamw"))
    assert form.choice_row.message.text().startswith("w ← w − ")


EDITS: list[tuple[Optimizer, Callable[[Any], None], Optimizer]] = [
    (Momentum(0.1), lambda f: type_into(f.options.control("momentum"), "0,5"), Momentum(0.1, 0.5)),
    (Momentum(0.1), lambda f: choose(f.options.control("velocity"), "inside"), Momentum(0.1, velocity="inside")),
    (Adam(0.1), lambda f: type_into(f.options.control("beta2"), "0.99"), Adam(0.1, beta2=0.99)),
    (Adam(0.1), lambda f: tick(f.options.control("amsgrad")), Adam(0.1, amsgrad=True)),
    (Adam(0.1), lambda f: choose(f.epsilon_hat.control("epsilon_form"), "hat"), Adam(0.1, epsilon_form="hat")),
    (
        AdaGrad(0.1),
        lambda f: choose(f.epsilon_form.control("epsilon_form"), "inside"),
        AdaGrad(0.1, epsilon_form="inside"),
    ),
    (RMSProp(0.1), lambda f: tick(f.options.control("centred")), RMSProp(0.1, centred=True)),
    (Rprop(0.1), lambda f: type_into(f.options.control("step_max"), "5"), Rprop(0.1, step_max=5.0)),
]


@pytest.mark.parametrize(("rule", "act", "wanted"), EDITS)
def test_a_number_of_a_rule_is_one_edit(
    builder: Builder, stage: Any, rule: Optimizer, act: Callable[[Any], None], wanted: Optimizer
) -> None:
    before = given(stage, optimizer=rule)
    act(builder.training.rule)
    assert stage.settle().experiment == before.replace(optimizer=wanted)
    stage.runner.undo()
    assert stage.settle().experiment == before
    assert stage.failures == []


def limits(builder: Builder) -> Any:
    return builder.training.limits


LIMITS: list[tuple[dict[str, object], Callable[[Builder], None], dict[str, object]]] = [
    ({}, lambda b: choose(b.training.rule.schedule, "cosine"), {"schedule": Cosine()}),
    (
        {"schedule": Cosine()},
        lambda b: type_into(b.training.rule.schedule_options.control("t_max"), "50"),
        {"schedule": Cosine(50)},
    ),
    ({}, lambda b: choose(limits(b).clipping, "global_norm"), {"clipping": ClipByNorm()}),
    (
        {"clipping": ClipByValue()},
        lambda b: type_into(limits(b).clipping_options.control("limit"), "1/2"),
        {"clipping": ClipByValue(0.5)},
    ),
    ({"clipping": ClipByNorm()}, lambda b: choose(limits(b).clipping, ""), {"clipping": None}),
    ({}, lambda b: type_into(limits(b).every, "20"), {"validate_every": 20}),
    ({"validate_every": 9}, lambda b: type_into(limits(b).every, "epochs"), {"validate_every": 0}),
    ({}, lambda b: tick(limits(b).stopping), {"stopping": EarlyStopping()}),
    (
        {"stopping": EarlyStopping()},
        lambda b: type_into(limits(b).stopping_options.control("patience"), "9"),
        {"stopping": EarlyStopping(9)},
    ),
    ({"stopping": EarlyStopping()}, lambda b: tick(limits(b).stopping), {"stopping": None}),
    (
        {"optimizer": Adam(0.1)},
        lambda b: type_into(limits(b).decay, "0.01"),
        {"optimizer": Adam(0.1, weight_decay=0.01)},
    ),
    (
        {"optimizer": AdamW(0.1, weight_decay=0.01)},
        lambda b: tick(limits(b).decay_biases),
        {"optimizer": AdamW(0.1, weight_decay=0.01, decay_biases=False)},
    ),
    ({"optimizer": Adam(0.1)}, lambda b: type_into(limits(b).bias_rate, "2"), {"optimizer": Adam(0.1, bias_rate=2.0)}),
]


@pytest.mark.parametrize(("start", "act", "wanted"), LIMITS)
def test_each_limit_is_one_edit(
    builder: Builder,
    stage: Any,
    start: dict[str, object],
    act: Callable[[Builder], None],
    wanted: dict[str, object],
) -> None:
    before = given(stage, **start) if start else stage.frame.experiment
    act(builder)
    assert stage.settle().experiment == before.replace(**wanted)
    stage.runner.undo()
    assert stage.settle().experiment == before
    assert stage.failures == []


REFUSED: list[tuple[dict[str, object], Callable[[Builder], QWidget], str, str]] = [
    ({"optimizer": Adam(0.1)}, lambda b: b.training.rule.options.control("beta1"), "1", "at least 0 and below 1"),
    ({"optimizer": Adam(0.1)}, lambda b: b.training.rule.options.control("epsilon"), "-1e-8", "ε must be 0 or more"),
    ({"optimizer": Rprop(0.1)}, lambda b: b.training.rule.options.control("eta_plus"), "1", "must be above 1"),
    ({"schedule": Step()}, lambda b: b.training.rule.schedule_options.control("step_size"), "0", "at least 1"),
    ({"schedule": Plateau()}, lambda b: b.training.rule.schedule_options.control("factor"), "1", "below 1"),
    ({"clipping": ClipByValue()}, lambda b: limits(b).clipping_options.control("limit"), "0", "above 0"),
    ({"stopping": EarlyStopping()}, lambda b: limits(b).stopping_options.control("patience"), "0", "at least 1"),
    ({}, lambda b: limits(b).decay, "-1", "at least 0"),
    ({}, lambda b: limits(b).every, "2.5", "whole number"),
]


@pytest.mark.parametrize(("start", "find", "text", "words"), REFUSED)
def test_what_is_out_of_range_is_said_beside_the_field(
    builder: Builder,
    stage: Any,
    start: dict[str, object],
    find: Callable[[Builder], QWidget],
    text: str,
    words: str,
) -> None:
    before = given(stage, **start) if start else stage.frame.experiment
    field = find(builder)
    type_into(field, text)
    assert stage.settle().experiment == before
    row = field.parentWidget()
    assert isinstance(row, Row)
    assert row.message.isVisible()
    assert words in row.message.text()


def test_what_cannot_be_combined_is_said_beside_the_choice(builder: Builder, stage: Any) -> None:
    before = given(stage, update_order="sequential")
    choose(limits(builder).clipping, "global_norm")
    assert stage.settle().experiment == before
    assert "not known before the last layer" in limits(builder).clipping_row.message.text()
    assert limits(builder).clipping.currentData() == ""
    before = given(stage, optimizer=Rprop(0.01), update_order="simultaneous")
    choose(builder.training.rule.schedule, "step")
    assert stage.settle().experiment == before
    assert "Rprop keeps a step for every weight" in builder.training.rule.schedule_row.message.text()
    assert builder.training.rule.schedule.currentData() == "constant"


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_shows_its_shape(builder: Builder, stage: Any, name: str) -> None:
    choose(builder.training.rule.schedule, name) if name != "constant" else None
    stage.settle()
    curve = builder.training.rule.curve
    assert curve.isVisible() == (name not in ("constant", "plateau"))
    if curve.isVisible():
        before = curve.grab().toImage()
        stage.runner.step(3)
        stage.settle()
        assert curve.grab().toImage() != before, "the mark goes on with the training"


def test_a_folded_section_says_what_is_on(builder: Builder, stage: Any) -> None:
    part = limits(builder)
    part.set_open(False)
    assert part.facts.isHidden()
    given(
        stage,
        optimizer=Adam(0.1, weight_decay=0.01, bias_rate=2.0),
        clipping=ClipByNorm(3.0),
        validate_every=20,
        stopping=EarlyStopping(4),
    )
    said = "λ 0.01 · biases 2 η · ‖g‖ ≤ 3 · validated every 20 steps · stops after 4 validations"
    assert part.facts.text() == said
    assert part.facts.isVisible()
    part.set_open(True)
    assert part.facts.isHidden()


def test_every_field_has_a_row(stage: Any) -> None:
    for records, options in (
        (OPTIMIZERS.values(), {*RULE_OPTIONS, "rate", "epsilon_form", "weight_decay", "decay_biases", "bias_rate"}),
        (SCHEDULES.values(), {*SCHEDULE_OPTIONS}),
        ((ClipByNorm, ClipByValue), {*CLIPPING_OPTIONS}),
    ):
        for kind in records:
            assert {field.name for field in dataclasses.fields(kind)} <= options


def test_rows_come_in_the_order_of_the_table_whenever_they_are_made(stage: Any) -> None:
    form = OptionsForm(RULE_OPTIONS, lambda name, value: None)
    stage.qtbot.addWidget(form)
    form.show_values({"epsilon": 1e-8, "centred": True})
    form.show_values({"momentum": 0.9, "beta1": 0.9, "epsilon": 1e-8, "centred": False, "step_max": 50.0})
    form.resize(200, 400)
    form.show()
    stage.qtbot.waitUntil(lambda: form.rows["step_max"].y() > 0)
    tops = [form.rows[name].y() for name in ("momentum", "beta1", "epsilon", "centred", "step_max")]
    assert tops == sorted(tops)
    assert len(set(tops)) == 5


def test_the_words_follow_the_language(builder: Builder, stage: Any, qapp: Any) -> None:
    given(stage, optimizer=Momentum(0.1), clipping=ClipByNorm())
    language.install(qapp, "zh_CN")
    stage.qtbot.waitUntil(lambda: limits(builder).clipping_row.label.text() == "梯度裁剪")
    assert builder.training.rule.options.rows["velocity"].label.text() == "η 在"  # type: ignore[union-attr]
    assert limits(builder).clipping_options.rows["max_norm"].label.text() == "最大范数"


def test_no_refusal_of_a_rule_is_shown_raw() -> None:
    for build in (
        lambda: Adam(0.1, beta1=1.0),
        lambda: Adam(0.1, epsilon=-1.0),
        lambda: AdaGrad(0.1, initial_accumulator=-1.0),
        lambda: RMSProp(0.1, rho=1.0),
        lambda: Rprop(0.1, eta_plus=1.0),
        lambda: Rprop(0.1, eta_minus=0.0),
        lambda: Rprop(0.1, step_min=2.0, step_max=1.0),
        lambda: Momentum(0.1, weight_decay=-1.0),
        lambda: Step(0),
        lambda: Plateau(1.0),
        lambda: Cosine(5, -1.0),
        lambda: ClipByNorm(0.0),
        lambda: ClipByNorm(1.0, -1.0),
        lambda: EarlyStopping(0),
        lambda: EarlyStopping(3, -1.0),
    ):
        with pytest.raises(ValueError) as caught:  # noqa: PT011 - the words are what is tested
            build()
        words = plain(caught.value)
        assert words[0].isupper() or words[0] in "εη", words
        assert "expected" not in words
        assert " got" not in words


def test_constant_is_the_schedule_of_old_files() -> None:
    assert SCHEDULES["constant"]() == Constant()

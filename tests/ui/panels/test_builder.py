"""Every control changes exactly the right field, undo brings it back, and a refusal changes nothing."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QComboBox

from bpstudio.data.dataset import Dataset
from bpstudio.insight.elements import BIAS, Edge, Probe, Unit
from bpstudio.training.experiment import Experiment
from bpstudio.training.optimizers import SGD, Momentum
from bpstudio.training.session import Session
from ui.panels.builder import Builder
from ui.panels.number import NumberField


def type_into(field: NumberField, text: str) -> None:
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


def choose(box: QComboBox, value: object) -> None:
    box.setCurrentIndex(next(row for row in range(box.count()) if box.itemData(row) == value))
    box.activated.emit(box.currentIndex())


@pytest.fixture
def builder(stage: Any, clouds_session: Session) -> Builder:
    stage.open(clouds_session)
    made = Builder(stage.runner, stage.focus)
    stage.show(made, height=1000)
    made.training.conventions.set_open(True)
    return made


def layer(experiment: Experiment, index: int, **changes: object) -> Experiment:
    layers = list(experiment.network.layers)
    layers[index] = dataclasses.replace(layers[index], **changes)  # type: ignore[arg-type]
    return experiment.replace(network=dataclasses.replace(experiment.network, layers=tuple(layers)))


def drawn(experiment: Experiment, **changes: object) -> object:
    return dataclasses.replace(experiment.network.layers[0].initializer, **changes)  # type: ignore[arg-type]


TRAINING: list[tuple[str, Callable[[Builder], None], Callable[[Experiment], Experiment]]] = [
    ("loss", lambda b: choose(b.training.loss, "half_squared_error"), lambda e: e.replace(loss="half_squared_error")),
    (
        "optimiser",
        lambda b: choose(b.training.optimizer, "momentum"),
        lambda e: e.replace(optimizer=Momentum(0.1, 0.9)),
    ),
    ("rate", lambda b: type_into(b.training.rate, "0,25"), lambda e: e.replace(optimizer=SGD(0.25))),
    ("batch size", lambda b: type_into(b.training.batch, "16"), lambda e: e.replace(batch_size=16)),
    ("full batch", lambda b: type_into(b.training.batch, "full"), lambda e: e.replace(batch_size=0)),
    ("seed", lambda b: type_into(b.training.seed, "5"), lambda e: e.replace(seed=5)),
    ("reduction", lambda b: choose(b.training.reduction, "sum"), lambda e: e.replace(reduction="sum")),
    ("order", lambda b: choose(b.training.order, "sequential"), lambda e: e.replace(update_order="sequential")),
    ("precision", lambda b: choose(b.training.precision, "float32"), lambda e: e.replace(dtype="float32")),
    ("flat", lambda b: type_into(b.training.threshold, "1/5"), lambda e: e.replace(flat_threshold=0.2)),
    ("shuffle", lambda b: b.training.shuffle.click(), lambda e: e.replace(shuffle=False)),
    (
        "initialiser",
        lambda b: choose(b.training.initializer, "he_normal"),
        lambda e: layer(
            layer(e, 0, initializer=drawn(e, weights="he_normal")), 1, initializer=drawn(e, weights="he_normal")
        ),
    ),
]
LAYER: list[tuple[str, Callable[[Any], None], Callable[[Experiment], Experiment]]] = [
    ("units", lambda c: type_into(c.units, "7"), lambda e: layer(e, 0, units=7)),
    ("activation", lambda c: choose(c.activation, "relu"), lambda e: layer(e, 0, activation="relu")),
    (
        "start weights",
        lambda c: choose(c.start.weights, "lecun_uniform"),
        lambda e: layer(e, 0, initializer=drawn(e, weights="lecun_uniform")),
    ),
    (
        "start biases",
        lambda c: choose(c.start.biases, "normal"),
        lambda e: layer(e, 0, initializer=drawn(e, biases="normal")),
    ),
    ("frozen weights", lambda c: c.train_weights.click(), lambda e: layer(e, 0, train_weights=False)),
    ("frozen biases", lambda c: c.train_bias.click(), lambda e: layer(e, 0, train_bias=False)),
    ("thresholds", lambda c: choose(c.bias, "threshold"), lambda e: layer(e, 0, bias="threshold")),
    ("no biases", lambda c: choose(c.bias, "none"), lambda e: layer(e, 0, bias="none")),
]


@pytest.mark.parametrize(("act", "expected"), [case[1:] for case in TRAINING], ids=[case[0] for case in TRAINING])
def test_a_training_control_changes_one_field_and_undo_restores_it(
    builder: Builder, stage: Any, act: Callable[[Builder], None], expected: Callable[[Experiment], Experiment]
) -> None:
    before = stage.frame.experiment
    act(builder)
    assert stage.settle().experiment == expected(before)
    assert stage.frame.undo is not None
    stage.runner.undo()
    assert stage.settle().experiment == before
    assert stage.failures == []


@pytest.mark.parametrize(("act", "expected"), [case[1:] for case in LAYER], ids=[case[0] for case in LAYER])
def test_a_layer_control_changes_one_field_and_undo_restores_it(
    builder: Builder, stage: Any, act: Callable[[Any], None], expected: Callable[[Experiment], Experiment]
) -> None:
    before = stage.frame.experiment
    builder.network.open_layer(0)
    act(builder.network.cards[0].editor)
    assert stage.settle().experiment == expected(before)
    stage.runner.undo()
    assert stage.settle().experiment == before


def test_the_controls_show_the_experiment_after_an_undo(builder: Builder, stage: Any) -> None:
    type_into(builder.training.rate, "0.3")
    stage.settle()
    choose(builder.training.loss, "squared_error")
    stage.settle()
    stage.runner.undo()
    stage.runner.undo()
    stage.settle()
    assert builder.training.rate.text() == "0.1"
    assert builder.training.loss.currentData() == "categorical_ce"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0", "must be above 0"),
        ("-1", "must be above 0"),
        ("nan", "not a finite number"),
        ("1e999", "too large"),
        ("1.234,5", "group separators"),
        ("fast", "not a number"),
    ],
)
def test_a_bad_rate_is_explained_and_changes_nothing(builder: Builder, stage: Any, text: str, words: str) -> None:
    before = stage.frame.experiment
    type_into(builder.training.rate, text)
    assert stage.settle().experiment is before
    message = builder.training.rate_row.message
    assert message.isVisible()
    assert words in message.text()
    assert message.text().endswith("Still 0.1.")
    QTest.keyClick(builder.training.rate, Qt.Key.Key_Escape)
    assert builder.training.rate.text() == "0.1"
    assert not message.isVisible()


def test_an_enormous_but_finite_rate_is_taken(builder: Builder, stage: Any) -> None:
    type_into(builder.training.rate, "1e300")
    assert stage.settle().experiment.optimizer == SGD(1e300)
    assert builder.training.rate.text() == "1e300"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0", "at least 1 unit"),
        ("1000000000", "GiB of memory"),
        ("1e300", "No computer"),
        ("2.5", "whole number"),
    ],
)
def test_impossible_units_are_explained_and_change_nothing(builder: Builder, stage: Any, text: str, words: str) -> None:
    before = stage.frame.experiment
    builder.network.open_layer(0)
    editor = builder.network.cards[0].editor
    assert editor is not None
    type_into(editor.units, text)
    assert stage.settle().experiment is before
    assert words in editor.units_row.message.text()


def test_the_data_decide_how_many_outputs_there_are(builder: Builder, stage: Any) -> None:
    builder.network.open_layer(1)
    editor = builder.network.cards[1].editor
    assert editor is not None
    type_into(editor.units, "4")
    assert "The data has 3 targets" in editor.units_row.message.text()
    assert not editor.remove.isEnabled()
    assert stage.settle().experiment.network.outputs == 3


def test_a_loss_that_the_targets_do_not_allow_is_refused_and_the_box_goes_back(stage: Any) -> None:
    from bpstudio.engine.layers import Dense
    from bpstudio.engine.network import Network

    data = Dataset.from_arrays([[0.0], [1.0]], [[-3.0], [3.0]])
    stage.open(Session(Experiment(Network(1, (Dense(1, "sigmoid"),))), data))
    builder = Builder(stage.runner, stage.focus)
    stage.show(builder)
    choose(builder.training.loss, "bce")
    assert "targets between 0 and 1" in builder.training.loss_row.message.text()
    assert builder.training.loss.currentData() == "half_squared_error"
    assert stage.settle().experiment.loss == "half_squared_error"


def test_softmax_is_offered_in_every_layer_of_numbers(builder: Builder) -> None:
    builder.network.open_layer(0)
    hidden = builder.network.cards[0].editor
    assert hidden is not None
    assert "softmax" in [hidden.activation.itemData(row) for row in range(hidden.activation.count())]
    builder.network.open_layer(1)
    output = builder.network.cards[1].editor
    assert output is not None
    assert output.activation.currentData() == "softmax"
    assert builder.network.cards[0].editor is None, "at most one card is open"


def test_layers_are_added_moved_and_removed(builder: Builder, stage: Any) -> None:
    builder.network.add.click()
    assert stage.settle().experiment.network.sizes == (4, 10, 10, 3)
    assert len(builder.network.cards) == 3
    builder.network.open_layer(1)
    editor = builder.network.cards[1].editor
    assert editor is not None
    type_into(editor.units, "6")
    assert stage.settle().experiment.network.sizes == (4, 10, 6, 3)
    editor.up.click()
    assert stage.settle().experiment.network.sizes == (4, 6, 10, 3)
    editor.remove.click()
    assert stage.settle().experiment.network.sizes == (4, 6, 3)
    assert len(builder.network.cards) == 2
    for _ in range(4):
        stage.runner.undo()
    assert stage.settle().experiment.network.sizes == (4, 10, 3)


def test_two_edits_before_the_first_comes_back_do_not_lose_the_first(builder: Builder, stage: Any) -> None:
    builder.change("one", lambda e: e.replace(seed=3))
    builder.change("two", lambda e: e.replace(batch_size=8))
    after = stage.settle().experiment
    assert (after.seed, after.batch_size) == (3, 8)


def test_reset_and_new_start(builder: Builder, stage: Any) -> None:
    start = stage.frame.params.flat.copy()
    stage.runner.step(20)
    assert stage.settle().step == 20
    builder.training.reset.click()
    assert stage.settle().step == 0
    assert (stage.frame.params.flat == start).all()
    builder.training.reseed.click()
    assert stage.settle().step == 0
    assert (stage.frame.params.flat != start).any()


def test_cards_say_what_the_worked_example_is(stage: Any, mazur_session: Session) -> None:
    stage.open(mazur_session)
    builder = Builder(stage.runner, stage.focus)
    stage.focus.set(notation="mazur")
    stage.show(builder)
    said = [
        (card.title.text().replace("\u00a0", " "), card.facts.text().replace("\u00a0", " "))
        for card in (builder.network.input, *builder.network.cards)
    ]
    assert said == [
        ("Input · 2 units", "i₁ = 0.05  i₂ = 0.10"),
        ("Layer 1 · hidden · 2 units", "sigmoid · biases frozen ❄ 0.35"),
        ("Layer 2 · output · 2 units", "sigmoid · biases frozen ❄ 0.60"),
    ]
    assert builder.training.loss.currentText() == "½ Σ (out − target)²"
    assert builder.training.batch.text() == "1 of 1"
    stage.focus.set(notation="nielsen")
    assert builder.training.loss.currentText() == "½ Σ (a − y)²"


def test_the_frozen_bias_on_the_card_follows_a_typed_one(stage: Any, mazur_session: Session) -> None:
    stage.open(mazur_session)
    builder = Builder(stage.runner, stage.focus)
    stage.show(builder)
    params = stage.frame.params.copy()
    params.b[0][...] = 0.4
    stage.runner.apply(params=params)
    stage.settle()
    assert builder.network.cards[0].facts.text().endswith("❄\u00a00.40")
    params.b[0][0] = 0.3
    stage.runner.apply(params=params)
    stage.settle()
    assert builder.network.cards[0].facts.text().endswith("frozen\u00a0❄")


def test_the_card_of_what_is_selected_is_framed(builder: Builder, stage: Any) -> None:
    def framed() -> list[bool]:
        return [card.property("selected") == "true" for card in (builder.network.input, *builder.network.cards)]

    stage.focus.set(selection=Edge(2, 0, BIAS))
    assert framed() == [False, False, True]
    stage.focus.set(selection=Unit(0, 1))
    assert framed() == [True, False, False]
    stage.focus.set(selection=None)
    assert framed() == [False, False, False]


def test_the_input_card_shows_the_example(builder: Builder, stage: Any) -> None:
    row = int(stage.frame.dataset.validation[0])
    stage.focus.set(example=Probe(row))
    expected = f"{stage.frame.dataset.x[row, 0]:.4f}"
    assert builder.network.input.facts.text().startswith(f"x₁\u00a0=\u00a0{expected}")


def test_a_card_opens_by_keyboard(builder: Builder) -> None:
    card = builder.network.cards[0]
    card.setFocus()
    QTest.keyClick(card, Qt.Key.Key_Return)
    assert card.editor is not None
    QTest.keyClick(card, Qt.Key.Key_Space)
    assert card.editor is None


def test_a_frame_of_the_same_experiment_leaves_typing_alone(builder: Builder, stage: Any) -> None:
    builder.training.rate.setFocus()
    builder.training.rate.selectAll()
    QTest.keyClicks(builder.training.rate, "0.7")
    stage.runner.step(3)
    stage.settle()
    assert builder.training.rate.text() == "0.7"


def test_sequential_order_is_labelled_wherever_it_stands(builder: Builder, stage: Any) -> None:
    choose(builder.training.order, "sequential")
    stage.settle()
    assert "gradient of nothing" in builder.training.order_row.message.text()
    builder.training.conventions.set_open(False)
    assert "historic" in builder.training.summary.text()
    assert builder.training.summary.isVisible()


def test_a_card_speaks_of_what_the_layer_has(builder: Builder, stage: Any) -> None:
    """Thresholds are called so; where there are no biases nobody asks how they start."""
    builder.network.open_layer(0)
    card = builder.network.cards[0]
    choose(card.editor.bias, "threshold")
    before = stage.frame.params.b[0].copy()
    stage.settle()
    assert (stage.frame.params.b[0] == 0.0 - before).all()
    assert "thresholds" in card.facts.text()
    assert card.editor.train_bias.text() == "train thresholds"
    choose(card.editor.bias, "none")
    stage.settle()
    assert "no\N{NO-BREAK SPACE}biases" in card.facts.text()
    assert not card.editor.train_bias.isVisible()
    assert not card.editor.start.biases_row.isVisible()


def test_each_start_rule_asks_for_its_own_number(builder: Builder, stage: Any) -> None:
    builder.network.open_layer(0)
    start = builder.network.cards[0].editor.start
    assert not start.number_row.isVisible()
    for rule, field, text, value in (
        ("uniform", "limit", "0,12", 0.12),
        ("constant", "value", "-0.5", -0.5),
        ("orthogonal", "gain", "2", 2.0),
        ("normal", "std", "1/4", 0.25),
    ):
        choose(start.weights, rule)
        stage.settle()
        assert start.number_row.isVisible()
        type_into(start.number, text)
        stage.settle()
        assert stage.frame.experiment == layer(
            stage.frame.experiment, 0, initializer=drawn(stage.frame.experiment, weights=rule, **{field: value})
        )
        stage.runner.undo()
        stage.settle()
        assert start.number.text() != text
    choose(start.biases, "uniform")
    stage.settle()
    type_into(start.bias_number, "0.3")
    assert stage.settle().experiment.network.layers[0].initializer.bias_limit == 0.3
    assert abs(stage.frame.params.b[0]).max() <= 0.3


def test_a_rule_that_says_how_biases_begin_leaves_no_choice_of_them(builder: Builder, stage: Any) -> None:
    builder.network.open_layer(0)
    start = builder.network.cards[0].editor.start
    stage.qtbot.waitUntil(start.biases_row.isVisible)
    choose(start.weights, "deep_learn_toolbox")
    stage.settle()
    assert not start.biases_row.isVisible()
    assert "w, b: U(±4√(6/(in + out)))" in start.weights_row.message.text()
    assert "DeepLearnToolbox, nnsetup.m" in start.weights.toolTip()


def test_the_spread_of_the_start_stands_beside_the_textbooks_and_does_not_move_with_training(
    builder: Builder, stage: Any
) -> None:
    builder.network.open_layer(0)
    start = builder.network.cards[0].editor.start
    choose(start.weights, "nielsen_large")
    stage.settle()
    said = start.spread.text()
    assert f"{stage.frame.params.W[0].std():.2f}" in said
    for name, spread in (("LeCun", 4**-0.5), ("Xavier", (2 / 14) ** 0.5), ("He", (2 / 4) ** 0.5)):
        assert f"{name}\N{NO-BREAK SPACE}{spread:.2f}" in said
    stage.runner.step(5)
    stage.settle()
    assert start.spread.text() == said
    type_into(builder.network.cards[0].editor.units, "7")
    frame = stage.settle()
    assert f"{frame.start.W[0].std():.2f}" in start.spread.text()
    stage.runner.step(2)
    assert stage.settle().step == 2
    builder.network.add_layer()
    frame = stage.settle()
    assert frame.start.network.sizes == (4, 7, 3), "an edit that keeps a layer does not move the beginning"
    assert start.spread.text() == "", "which is about another network"


def test_a_threshold_begins_at_minus_the_constant(builder: Builder, stage: Any) -> None:
    builder.network.open_layer(0)
    editor = builder.network.cards[0].editor
    choose(editor.bias, "threshold")
    stage.settle()
    choose(editor.start.biases, "constant")
    stage.settle()
    type_into(editor.start.bias_number, "0.3")
    assert (stage.settle().params.b[0] == -0.3).all()
    assert editor.start.biases_row.message.text() == "θ: -0.3"


def test_a_refused_number_of_a_start_is_explained(builder: Builder, stage: Any) -> None:
    builder.network.open_layer(0)
    start = builder.network.cards[0].editor.start
    choose(start.weights, "uniform")
    stage.settle()
    before = stage.frame.experiment
    type_into(start.number, "-1")
    assert "at least 0" in start.number_row.message.text()
    assert "initializer" not in start.number_row.message.text()
    assert stage.settle().experiment is before

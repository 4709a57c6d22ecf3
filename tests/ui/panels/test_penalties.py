"""Penalties and losses with numbers in the builder: one undoable edit each, and a refusal that changes nothing."""

from typing import Any

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QComboBox

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.maths.penalties import L1, L2, KLSparsity, RunningSparsity
from bpstudio.training.experiment import Experiment
from bpstudio.training.session import Session
from ui import language
from ui.panels import edits
from ui.panels.builder import Builder
from ui.panels.number import NumberField
from ui.panels.penalty_form import FORMULAS, WORDS, made


def choose(box: QComboBox, value: object) -> None:
    box.setCurrentIndex(next(row for row in range(box.count()) if box.itemData(row) == value))
    box.activated.emit(box.currentIndex())


def type_into(field: NumberField, text: str) -> None:
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


def sigmoid_session(hidden: str = "sigmoid") -> Session:
    x = [[0.1, 0.9], [0.8, 0.3], [0.5, 0.5]]
    network = Network(2, (Dense(3, "sigmoid"), Dense(3, hidden), Dense(1, "sigmoid")))
    return Session(Experiment(network, batch_size=0), Dataset.from_arrays(x, [0.2, 0.7, 0.4]))


@pytest.fixture
def builder(stage: Any) -> Builder:
    stage.open(sigmoid_session())
    made_builder = Builder(stage.runner, stage.focus)
    stage.show(made_builder, height=1000)
    return made_builder


def test_a_penalty_is_added_changed_and_taken_away(stage: Any, builder: Builder) -> None:
    form = builder.training.penalties
    assert form.cards == []
    form.add_kind(("l2", "half"))
    assert stage.settle().experiment.penalties == (L2(0.01),)
    (card,) = form.cards
    type_into(card.strength, "0,25")
    assert stage.settle().experiment.penalties == (L2(0.25),)
    choose(card.apply_to, "all")
    assert stage.settle().experiment.penalties == (L2(0.25, apply_to="all"),)
    choose(card.kind, ("l1", "training_rows"))
    assert stage.settle().experiment.penalties == (L1(0.25, "training_rows", "all"),)
    assert card.apply_row.isVisibleTo(form)
    assert not card.rho_row.isVisibleTo(form)
    form.add_kind(("kl_sparsity", ""))
    assert stage.settle().experiment.penalties[1] == KLSparsity(0.1, 0.05, (1,))
    assert len(form.cards) == 2
    form.cards[0].remove.click()
    assert stage.settle().experiment.penalties == (KLSparsity(0.1, 0.05, (1,)),)
    assert len(form.cards) == 1
    assert form.cards[0].rho_row.isVisibleTo(form)
    names = []
    while stage.frame.undo is not None:
        names.append(stage.frame.undo)
        stage.runner.undo()
        stage.settle()
    assert names == ["remove penalty", "add penalty", *["change penalty"] * 3, "add penalty"]
    assert stage.frame.experiment.penalties == ()
    assert form.cards == []


@pytest.mark.parametrize("kind", [*FORMULAS, *WORDS])
def test_every_kind_can_be_asked_for(stage: Any, builder: Builder, kind: tuple[str, str]) -> None:
    form = builder.training.penalties
    action = form.menu.actions()[[*FORMULAS, *WORDS].index(kind)]
    action.trigger()
    rule = stage.settle().experiment.penalties[0]
    assert rule == made(kind, stage.frame.experiment.network)
    assert form.cards[0].kind.currentData() == kind
    assert stage.failures == []


def test_layers_of_a_sparsity_are_ticked(stage: Any, builder: Builder) -> None:
    form = builder.training.penalties
    form.add_kind(("running_sparsity", ""))
    stage.settle()
    (card,) = form.cards
    assert card.layers.text() == "Layer 2"
    card.menu.actions()[0].trigger()
    assert stage.settle().experiment.penalties == (RunningSparsity(0.1, 0.05, (0, 1)),)
    assert card.layers.text() == "Layer 1, Layer 2"
    card.menu.actions()[2].trigger()
    stage.settle()
    assert card.layers.text() == "3 layers"
    card.menu.actions()[2].trigger()
    stage.settle()
    type_into(card.decay, "0.9")
    assert stage.settle().experiment.penalties[0].decay == 0.9
    assert "gradient of nothing" in card.message.text()
    for place in (0, 1):
        card.menu.actions()[place].trigger()
        stage.settle()
    assert stage.frame.experiment.penalties[0].layers == (1,)
    assert "at least one layer" in card.message.text()
    assert card.menu.actions()[1].isChecked()


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [("strength", "-1", "at least 0"), ("rho", "1", "between 0 and 1"), ("decay", "1", "below 1")],
)
def test_a_wrong_number_is_refused_in_plain_words(
    stage: Any, builder: Builder, field: str, text: str, words: str
) -> None:
    form = builder.training.penalties
    form.add_kind(("running_sparsity", ""))
    before = stage.settle().experiment
    card = form.cards[0]
    type_into(getattr(card, field), text)
    assert stage.settle().experiment == before
    row = getattr(card, f"{field}_row")
    assert words in row.message.text()


def test_a_sparsity_that_does_not_fit_is_refused(stage: Any) -> None:
    stage.open(sigmoid_session("tanh"))
    builder = Builder(stage.runner, stage.focus)
    stage.show(builder, height=1000)
    form = builder.training.penalties
    form.add_kind(("kl_sparsity", ""))
    assert stage.settle().experiment.penalties == ()
    assert "tanh" in form.message.text()


def test_sparsity_goes_with_its_layer() -> None:
    before = sigmoid_session().experiment.replace(penalties=(KLSparsity(0.1, 0.05, (1,)), L2(0.1)))
    assert edits.with_hidden_layer(before).penalties == before.penalties
    assert edits.without_layer(before, 0).penalties == (KLSparsity(0.1, 0.05, (0,)), L2(0.1))
    assert edits.without_layer(before, 1).penalties == (L2(0.1),)
    assert edits.with_moved_layer(before, 1, -1).penalties == (KLSparsity(0.1, 0.05, (0,)), L2(0.1))
    assert edits.with_layer(before, 1, units=7).penalties == before.penalties


def test_the_width_of_huber_stands_where_huber_is_chosen(stage: Any, builder: Builder) -> None:
    training = builder.training
    assert not training.huber_row.isVisibleTo(training)
    choose(training.loss, "huber")
    assert stage.settle().experiment.loss == "huber"
    assert training.huber_row.isVisibleTo(training)
    type_into(training.huber, "0.4")
    assert stage.settle().experiment.loss == "huber(delta=0.4)"
    assert training.loss.currentData() == "huber"
    choose(training.loss, "huber")
    assert stage.settle().experiment.loss == "huber(delta=0.4)"
    type_into(training.huber, "0")
    assert stage.settle().experiment.loss == "huber(delta=0.4)"
    assert "above 0" in training.huber_row.message.text()
    choose(training.loss, "hinge")
    assert stage.settle().experiment.loss == "huber(delta=0.4)"
    assert "−1 and +1" in training.loss_row.message.text()


def test_targets_can_be_coded_as_the_refused_loss_needs_them(stage: Any) -> None:
    data = Dataset.from_arrays([[0.1], [0.8], [0.5]], [0.0, 1.0, 1.0], task="binary")
    stage.open(Session(Experiment(Network(1, (Dense(1, "sigmoid"),)), loss="bce", batch_size=0), data))
    builder = Builder(stage.runner, stage.focus)
    stage.show(builder, height=1000)
    training = builder.training
    assert not training.recode.isVisibleTo(training)
    choose(training.loss, "hinge")
    assert "row 1" in training.loss_row.message.text()
    assert training.recode.text() == "Code the targets as −1 and +1"
    assert training.recode.isVisibleTo(training)
    training.recode.click()
    frame = stage.settle()
    assert frame.experiment.loss == "hinge"
    assert frame.dataset.y.ravel().tolist() == [-1, 1, 1]
    assert frame.undo == "change loss and coding of targets"
    assert not training.recode.isVisibleTo(training)
    choose(training.loss, "bce")
    assert training.recode.text() == "Code the targets as 0 and 1"
    training.recode.click()
    frame = stage.settle()
    assert (frame.experiment.loss, frame.dataset.y.ravel().tolist()) == ("bce", [0, 1, 1])
    stage.runner.undo()
    assert stage.settle().dataset.y.min() == -1
    assert stage.failures == []


def test_numbers_are_not_offered_as_yes_and_no(stage: Any, builder: Builder) -> None:
    choose(builder.training.loss, "hinge")
    assert "−1 and +1" in builder.training.loss_row.message.text()
    assert not builder.training.recode.isVisibleTo(builder.training)


def test_everything_is_said_in_chinese(stage: Any, builder: Builder, qapp: Any) -> None:
    form = builder.training.penalties
    for kind in (("l2", "half_training_rows"), ("running_sparsity", "")):
        form.add_kind(kind)
        stage.settle()
    language.install(qapp, "zh_CN")
    stage.qtbot.waitUntil(lambda: form.add.text() == "+ 添加惩罚项")
    assert form.cards[0].message.text() == "n：训练行数"
    assert form.cards[1].kind.currentText() == "稀疏性（滑动平均）"
    assert form.cards[1].layers.text() == "第 2 层"
    assert form.cards[0].strength_row.label.text() == "强度 λ"

"""What is asked of the network beside a small loss: a card for each penalty, and a way to add one.

A card has only the numbers that its penalty takes. Every change is a whole new experiment and one step for undo.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QMenu, QPushButton, QToolButton, QVBoxLayout, QWidget

from bpstudio.engine.network import Network
from bpstudio.maths.penalties import L1, L2, KLSparsity, Penalty, RunningSparsity
from bpstudio.training.experiment import Experiment
from ui import theme
from ui.language import tr, translatable
from ui.panels.form import Choice, Message, Row
from ui.panels.layer_card import Change
from ui.panels.number import NumberField
from ui.panels.plain import plain

ADD_PENALTY = translatable("add penalty")
REMOVE_PENALTY = translatable("remove penalty")
CHANGE_PENALTY = translatable("change penalty")

FORMULAS: dict[tuple[str, str], str] = {
    ("l2", "half"): "L2: λ/2 Σ w²",
    ("l2", "half_training_rows"): "L2: λ/2n Σ w²",
    ("l2", "half_batch_rows"): "L2: λ/2N Σ w²",
    ("l2", "plain"): "L2: λ Σ w²",
    ("l1", "plain"): "L1: λ Σ |w|",
    ("l1", "training_rows"): "L1: λ/n Σ |w|",
    ("l1", "batch_rows"): "L1: λ/N Σ |w|",
}
"""The weight penalties by name and form, as they are offered."""
WORDS = {
    ("kl_sparsity", ""): translatable("sparsity (KL)"),
    ("running_sparsity", ""): translatable("sparsity, running mean"),
}


def kind_of(rule: Penalty) -> tuple[str, str]:
    """(name, form) of a penalty; a sparsity has no form."""
    return rule.name, rule.form if isinstance(rule, (L1, L2)) else ""


def made(kind: tuple[str, str], network: Network, old: Penalty | None = None) -> Penalty:
    """A penalty of a kind, with the numbers of an old one where it has them."""
    name, form = kind
    if name in ("l1", "l2"):
        rule = old if isinstance(old, (L1, L2)) else None
        strength = rule.strength if rule else 0.01
        apply_to = rule.apply_to if rule else "weights"
        return (L1 if name == "l1" else L2)(strength, form, apply_to)
    hidden = [n for n, layer in enumerate(network.layers[:-1]) if layer.has_weights]
    layers = tuple(hidden[-1:]) or (len(network.layers) - 1,)
    sparse = old if isinstance(old, (KLSparsity, RunningSparsity)) else None
    values = (sparse.weight, sparse.rho, sparse.layers) if sparse else (0.1, 0.05, layers)
    return KLSparsity(*values) if name == "kl_sparsity" else RunningSparsity(*values)


class PenaltyForm(QWidget):
    """All penalties of an experiment."""

    def __init__(self, change: Change, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._change = change
        self._experiment: Experiment | None = None
        self.cards: list[PenaltyCard] = []
        self.add = QPushButton()
        self.add.setProperty("role", "add")
        self.menu = QMenu(self.add)
        self.add.setMenu(self.menu)
        self.message = Message()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(5)
        self._column.addWidget(self.add)
        self._column.addWidget(self.message)

    def show_experiment(self, experiment: Experiment) -> None:
        """Show the penalties there are; a card is made or taken away only where their number changed."""
        self._experiment = experiment
        while len(self.cards) > len(experiment.penalties):
            card = self.cards.pop()
            self._column.removeWidget(card)
            card.hide()
            card.deleteLater()
        while len(self.cards) < len(experiment.penalties):
            card = PenaltyCard(len(self.cards), self._change, self)
            self._column.insertWidget(len(self.cards), card)
            self.cards.append(card)
            card.retranslate()
        for card in self.cards:
            card.show_experiment(experiment)
        self.message.say("", "")

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        self.add.setText(tr("+ Add penalty"))
        self.add.setToolTip(tr("Ask for small weights, or for units that are seldom on, beside a small loss"))
        self.menu.clear()
        for kind in (*FORMULAS, *WORDS):
            action = self.menu.addAction(words(kind))
            if action is not None:
                action.triggered.connect(partial(self.add_kind, kind))
        for card in self.cards:
            card.retranslate()

    def add_kind(self, kind: tuple[str, str], _: bool = False) -> None:
        """Add a penalty of a kind at numbers that do little harm."""
        try:
            self._change(ADD_PENALTY, lambda e: e.replace(penalties=(*e.penalties, made(kind, e.network))))
        except ValueError as error:
            self.message.say(plain(error), "error")


def words(kind: tuple[str, str]) -> str:
    """What a kind of penalty is called."""
    return FORMULAS[kind] if kind in FORMULAS else tr(WORDS[kind])


class PenaltyCard(QFrame):
    """The numbers of one penalty."""

    def __init__(self, index: int, change: Change, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.index = index
        self._change = change
        self._experiment: Experiment | None = None
        self.kind = Choice()
        self.remove = QToolButton()
        self.remove.setProperty("role", "flat")
        self.remove.setIconSize(QSize(14, 14))
        self.strength, self.strength_row = self._number("strength", "weight")
        self.rho, self.rho_row = self._number("rho")
        self.decay, self.decay_row = self._number("decay")
        self.apply_to = Choice()
        self.apply_row = Row(self.apply_to)
        self.layers = QToolButton()
        self.layers.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu = QMenu(self.layers)
        self.layers.setMenu(self.menu)
        self.layers_row = Row(self.layers)
        self.message = Message()
        foot = QHBoxLayout()
        foot.setSpacing(4)
        foot.addWidget(self.message, 1)
        foot.addStretch(0)
        foot.addWidget(self.remove, 0, Qt.AlignmentFlag.AlignBottom)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 4)
        column.setSpacing(5)
        for widget in (
            self.kind,
            self.strength_row,
            self.rho_row,
            self.decay_row,
            self.apply_row,
            self.layers_row,
        ):
            column.addWidget(widget)
        column.addLayout(foot)
        self.kind.activated.connect(self._set_kind)
        self.apply_to.activated.connect(lambda: self._edit({"apply_to": self.apply_to.currentData()}))
        self.remove.clicked.connect(self._remove)

    @property
    def rule(self) -> Penalty:
        """The penalty that is shown."""
        assert self._experiment is not None
        return self._experiment.penalties[self.index]

    def show_experiment(self, experiment: Experiment) -> None:
        """Show the truth in every control; quiet where nothing changed."""
        self._experiment = experiment
        rule = self.rule
        is_sparse = isinstance(rule, (KLSparsity, RunningSparsity))
        self.kind.show_value(kind_of(rule))
        self.strength_row.name(
            tr("Weight β") if is_sparse else tr("Strength λ"), tr("How much the penalty counts beside the loss")
        )
        self.strength.show_value(rule.weight if isinstance(rule, (KLSparsity, RunningSparsity)) else rule.strength)
        self.rho_row.setVisible(is_sparse)
        self.layers_row.setVisible(is_sparse)
        self.apply_row.setVisible(not is_sparse)
        self.decay_row.setVisible(isinstance(rule, RunningSparsity))
        if isinstance(rule, (KLSparsity, RunningSparsity)):
            self.rho.show_value(rule.rho)
            self._show_layers(experiment.network, rule)
        else:
            self.apply_to.show_value(rule.apply_to)
        if isinstance(rule, RunningSparsity):
            self.decay.show_value(rule.decay)
        self._explain(rule)

    def _show_layers(self, network: Network, rule: KLSparsity | RunningSparsity) -> None:
        names = [layer.name or tr("Layer {number}", number=n) for n, layer in enumerate(network.layers, 1)]
        several = len(rule.layers) > 2
        self.layers.setText(
            tr("{count} layers", count=len(rule.layers)) if several else ", ".join(names[n] for n in rule.layers)
        )
        self.menu.clear()
        for number, name in enumerate(names):
            action = self.menu.addAction(name)
            if action is not None:
                action.setCheckable(True)
                action.setChecked(number in rule.layers)
                action.triggered.connect(partial(self._toggle_layer, number))

    def _explain(self, rule: Penalty) -> None:
        """Say what n or N is, and of the historic convention that it is the gradient of nothing."""
        if isinstance(rule, RunningSparsity):
            self.message.say(
                tr("A historic convention: its term is the gradient of nothing, and C does not grow by it."), "warning"
            )
        elif isinstance(rule, KLSparsity):
            self.message.say("β Σ ρ ln(ρ/ρ̂) + (1 − ρ) ln((1 − ρ)/(1 − ρ̂))", "echo")
        elif rule.form.endswith("training_rows"):
            self.message.say(tr("n: the number of training rows"), "echo")
        elif rule.form.endswith("batch_rows"):
            self.message.say(tr("N: the rows of the batch"), "echo")
        else:
            self.message.say("", "")

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        self.kind.offer([(kind, words(kind)) for kind in (*FORMULAS, *WORDS)])
        self.kind.setAccessibleName(tr("Penalty"))
        self.kind.setToolTip(tr("What is added to the loss; their sum C is what training makes small"))
        self.rho_row.name(tr("Target ρ"), tr("How large the mean output of a unit should be, between 0 and 1"))
        self.decay_row.name(
            tr("Share kept"), tr("Share of the running mean that stays: p ← share · p + (1 − share) · mean")
        )
        self.apply_row.name(tr("Applies to"), tr("Whether biases are kept small too; most books leave them out"))
        self.layers_row.name(tr("Layers"), tr("Whose units should be seldom on"))
        self.apply_to.offer([("weights", tr("weights")), ("all", tr("weights and biases"))])
        self.remove.setIcon(theme.current().icon("trash-2"))
        self.remove.setToolTip(tr("Remove this penalty"))
        self.remove.setAccessibleName(tr("Remove this penalty"))
        if self._experiment is not None:
            self.show_experiment(self._experiment)

    def _number(self, *fields: str) -> tuple[NumberField, Row]:
        """A field for the first of these fields that the penalty has."""
        message = Message()

        def commit(value: float) -> None:
            field = next(name for name in fields if hasattr(self.rule, name))
            changes: dict[str, Any] = {field: value}
            self._change(CHANGE_PENALTY, self._replacing(lambda old, _: dataclasses.replace(old, **changes)))

        field = NumberField(commit, message.say)
        return field, Row(field, message)

    def _replacing(self, edit: Callable[[Penalty, Network], Penalty]) -> Callable[[Experiment], Experiment]:
        """An edit of this penalty as one of the experiment."""

        def edited(experiment: Experiment) -> Experiment:
            rules = list(experiment.penalties)
            rules[self.index] = edit(rules[self.index], experiment.network)
            return experiment.replace(penalties=tuple(rules))

        return edited

    def _set_kind(self) -> None:
        kind = self.kind.currentData()
        self._try(CHANGE_PENALTY, self._replacing(lambda old, network: made(kind, network, old)))

    def _toggle_layer(self, number: int, is_on: bool) -> None:
        layers = set(getattr(self.rule, "layers", ()))
        self._edit({"layers": tuple(sorted(layers | {number} if is_on else layers - {number}))})

    def _edit(self, changes: dict[str, Any]) -> None:
        self._try(CHANGE_PENALTY, self._replacing(lambda old, _: dataclasses.replace(old, **changes)))

    def _remove(self) -> None:
        place = self.index
        self._try(REMOVE_PENALTY, lambda e: e.replace(penalties=(*e.penalties[:place], *e.penalties[place + 1 :])))

    def _try(self, name: str, edit: Callable[[Experiment], Experiment]) -> None:
        """Send an edit; a refusal is shown, and the controls go back to what is true."""
        try:
            self._change(name, edit)
        except ValueError as error:
            if self._experiment is not None:
                self.show_experiment(self._experiment)
            self.message.say(plain(error), "error")

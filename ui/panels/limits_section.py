"""What holds training back: weight decay, slower biases, clipping, and when it stops. Folded, with a line that says
which of them are on.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from PyQt6.QtWidgets import QCheckBox, QLabel, QWidget

from bpstudio.insight.typed_number import shortest
from bpstudio.insight.update_lines import given_gradient, right_side
from bpstudio.training.clipping import ClipByNorm, ClipByValue
from bpstudio.training.experiment import Experiment
from bpstudio.training.frame import Frame
from ui.language import tr, translatable
from ui.panels import edits
from ui.panels.form import Choice, Message, Row, Section
from ui.panels.layer_card import Change
from ui.panels.number import NumberField
from ui.panels.options_form import OptionsForm
from ui.panels.plain import plain
from ui.panels.rule_options import CLIPPING_OPTIONS, STOPPING_OPTIONS, clippings

CHANGE_DECAY = translatable("change weight decay")
CHANGE_BIAS_RATE = translatable("change the rate of biases")
CHANGE_CLIPPING = translatable("change clipping")
CHANGE_VALIDATION = translatable("change when to validate")
CHANGE_STOPPING = translatable("change early stopping")


class LimitsSection(Section):
    """Weight decay, rate of biases, clipping, validation, early stopping."""

    def __init__(self, change: Change, parent: QWidget | None = None) -> None:
        super().__init__("section.limits", parent)
        self._change = change
        self._frame: Frame | None = None
        self.facts = QLabel()
        """What is on; stands below the folded section, where its owner puts it."""
        self.facts.setProperty("role", "secondary")
        self.facts.setWordWrap(True)
        self.decay, self.decay_row = self._number("weight_decay", CHANGE_DECAY)
        self.decay_biases, self.decay_biases_message = QCheckBox(), Message()
        self.decay_biases.clicked.connect(
            lambda on: self._try(self.decay_biases_message, CHANGE_DECAY, decay_biases=bool(on))
        )
        self.bias_rate, self.bias_rate_row = self._number("bias_rate", CHANGE_BIAS_RATE)
        self.clipping = Choice()
        self.clipping_row = Row(self.clipping)
        self.clipping.activated.connect(self._choose_clipping)
        self.clipping_options = OptionsForm(CLIPPING_OPTIONS, self._set_clipping)
        message = Message()
        self.every = NumberField(self._set_every, message.say, whole=True)
        self.every.display = self._every_text
        self.every_row = Row(self.every, message)
        self.stopping, self.stopping_message = QCheckBox(), Message()
        self.stopping.clicked.connect(self._set_stopping)
        self.stopping_options = OptionsForm(STOPPING_OPTIONS, self._set_stopping_number)
        for widget in (
            self.decay_row,
            self.decay_biases,
            self.decay_biases_message,
            self.bias_rate_row,
            self.clipping_row,
            self.clipping_options,
            self.every_row,
            self.stopping,
            self.stopping_message,
            self.stopping_options,
        ):
            self.rows.addWidget(widget)
        self.heading.toggled.connect(self._show_facts)
        self.set_open(False)

    def show_frame(self, frame: Frame) -> None:
        """Show what is on in the experiment of a frame."""
        self._frame = frame
        experiment = frame.experiment
        rule, clipping, stopping = experiment.optimizer, experiment.clipping, experiment.stopping
        self.decay.show_value(rule.weight_decay)
        decayed = (
            f"w ← {right_side(rule, 'w', 'g')}" if rule.decoupled else f"g = {given_gradient(experiment, 'w', False)}"
        )
        self.decay_row.message.say(decayed if rule.weight_decay else "", "echo")
        self.decay_biases.setVisible(rule.weight_decay > 0)
        self.decay_biases.setChecked(rule.decay_biases)
        self.bias_rate.show_value(rule.bias_rate)
        self.clipping.show_value(clipping.name if clipping is not None else "")
        self.clipping_row.message.say(_clipping_formula(experiment), "echo")
        self.clipping_options.show_values(dataclasses.asdict(clipping) if clipping is not None else {})
        self.every.show_value(experiment.validate_every)
        held = len(frame.dataset.validation) > 0
        self.stopping.setChecked(stopping is not None)
        watches = tr("Watches the training rows: no rows are held out for validation.")
        self.stopping_message.say("" if held or stopping is None else watches, "echo")
        self.stopping_options.show_values(dataclasses.asdict(stopping) if stopping is not None else {})
        self.facts.setText(" · ".join(_facts(experiment)))
        self._show_facts()

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        self.name(tr("Decay and stopping"))
        self.decay_row.name(tr("Weight decay λ"), tr("Pulls every weight towards 0; no part of the cost C"))
        self.decay_biases.setText(tr("biases decay too"))
        self.decay_biases.setToolTip(tr("PyTorch and Caffe: yes, unless told otherwise"))
        self.bias_rate_row.name(tr("Bias rate"), tr("What η is multiplied with for biases; Caffe often takes 2"))
        self.clipping_row.name(
            tr("Clipping"), tr("Shortens a gradient that is too large, before the optimiser sees it")
        )
        self.clipping.offer(clippings())
        self.every_row.name(tr("Validate"), tr("Every so many steps; 0: at the ends of epochs"))
        self.every.words = {"0": 0, tr("epochs"): 0}
        self.stopping.setText(tr("stop early"))
        self.stopping.setToolTip(tr("Stop when validation gets no better, and show the best step again"))
        self.clipping_options.retranslate()
        self.stopping_options.retranslate()
        if self._frame is not None:
            self.show_frame(self._frame)

    def _show_facts(self) -> None:
        self.facts.setVisible(not self.is_open and bool(self.facts.text()))

    def _number(self, field: str, name: str) -> tuple[NumberField, Row]:
        message = Message()
        line = NumberField(lambda value: self._set(name, **{field: value}), message.say)
        return line, Row(line, message)

    def _set(self, name: str, **fields: Any) -> None:
        self._change(name, lambda e: e.replace(optimizer=dataclasses.replace(e.optimizer, **fields)))

    def _try(self, message: Message, name: str, **fields: Any) -> None:
        try:
            self._set(name, **fields)
        except ValueError as error:
            self._refused(message, error)

    def _choose_clipping(self) -> None:
        chosen = self.clipping.currentData()
        try:
            self._change(CHANGE_CLIPPING, lambda e: edits.with_clipping(e, chosen))
        except ValueError as error:
            self._refused(self.clipping_row.message, error)

    def _set_clipping(self, field: str, value: Any) -> None:
        def edit(experiment: Experiment) -> Experiment:
            assert experiment.clipping is not None
            return experiment.replace(clipping=dataclasses.replace(experiment.clipping, **{field: value}))

        self._change(CHANGE_CLIPPING, edit)

    def _set_every(self, value: float) -> None:
        self._change(CHANGE_VALIDATION, lambda e: e.replace(validate_every=int(value)))

    def _set_stopping(self, is_on: bool) -> None:
        try:
            self._change(CHANGE_STOPPING, lambda e: edits.with_stopping(e, is_on))
        except ValueError as error:
            self._refused(self.stopping_message, error)

    def _set_stopping_number(self, field: str, value: Any) -> None:
        def edit(experiment: Experiment) -> Experiment:
            assert experiment.stopping is not None
            return experiment.replace(stopping=dataclasses.replace(experiment.stopping, **{field: value}))

        self._change(CHANGE_STOPPING, edit)

    def _refused(self, message: Message, error: ValueError) -> None:
        if self._frame is not None:
            self.show_frame(self._frame)
        message.say(plain(error), "error")

    def _every_text(self, value: float) -> str:
        return tr("each epoch") if value == 0 else tr("{count} steps", count=f"{int(value):,}")


def _clipping_formula(experiment: Experiment) -> str:
    match experiment.clipping:
        case ClipByValue(limit=limit):
            return f"−{shortest(limit)} ≤ g ≤ {shortest(limit)}"
        case ClipByNorm(epsilon=0):
            return "g ← g · min(1, max/‖g‖)"
        case ClipByNorm():
            return "g ← g · min(1, max/(‖g‖ + ε))"
    return ""


def _facts(experiment: Experiment) -> list[str]:
    """What is on, in a few signs each."""
    rule, clipping, stopping = experiment.optimizer, experiment.clipping, experiment.stopping
    facts = []
    if rule.weight_decay:
        facts.append(f"λ {shortest(rule.weight_decay)}")
    if rule.bias_rate != 1:
        facts.append(tr("biases {factor} η", factor=shortest(rule.bias_rate)))
    if isinstance(clipping, ClipByValue):
        facts.append(f"|g| ≤ {shortest(clipping.limit)}")
    elif isinstance(clipping, ClipByNorm):
        facts.append(f"‖g‖ ≤ {shortest(clipping.max_norm)}")
    if experiment.validate_every:
        facts.append(tr("validated every {count} steps", count=f"{experiment.validate_every:,}"))
    if stopping is not None:
        facts.append(tr("stops after {count} validations", count=f"{stopping.patience:,}"))
    return facts

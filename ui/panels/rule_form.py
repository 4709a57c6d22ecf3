"""The optimiser, its rate and its numbers, and how the rate changes while training goes on."""

from __future__ import annotations

import dataclasses
from typing import Any

from PyQt6.QtWidgets import QVBoxLayout, QWidget

from bpstudio.insight.schedule_formulas import schedule_symbols
from bpstudio.insight.update_lines import given_gradient, right_side
from bpstudio.training.adaptive import Adam
from bpstudio.training.frame import Frame
from ui.language import tr, translatable
from ui.panels import edits
from ui.panels.form import Choice, Message, Row
from ui.panels.layer_card import Change
from ui.panels.number import NumberField
from ui.panels.options_form import OptionsForm
from ui.panels.plain import plain
from ui.panels.rate_curve import RateCurve
from ui.panels.rule_options import HAT, ROOT, RULE_OPTIONS, SCHEDULE_OPTIONS, rules, schedules

CHANGE_OPTIMIZER = translatable("change optimiser")
CHANGE_RATE = translatable("change learning rate")
CHANGE_MOMENTUM = translatable("change momentum")
CHANGE_RULE = translatable("change the optimiser's numbers")
CHANGE_SCHEDULE = translatable("change schedule")


class RuleForm(QWidget):
    """Which rule, η, and what else the rule takes; then the schedule with a small picture of it."""

    def __init__(self, change: Change, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._change = change
        self._frame: Frame | None = None
        self.choice = Choice()
        self.choice_row = Row(self.choice)
        self.choice.activated.connect(self._choose)
        message = Message()
        self.rate = NumberField(lambda value: self._set("rate", value), message.say)
        self.rate_row = Row(self.rate, message)
        self.options = OptionsForm(RULE_OPTIONS, self._set)
        self.epsilon_form = OptionsForm({"epsilon_form": ROOT}, self._set)
        self.epsilon_hat = OptionsForm({"epsilon_form": HAT}, self._set)
        self.schedule = Choice()
        self.schedule_row = Row(self.schedule)
        self.schedule.activated.connect(self._choose_schedule)
        self.schedule_options = OptionsForm(SCHEDULE_OPTIONS, self._set_schedule)
        self.curve = RateCurve()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        for widget in (
            self.choice_row,
            self.rate_row,
            self.options,
            self.epsilon_form,
            self.epsilon_hat,
            self.schedule_row,
            self.schedule_options,
            self.curve,
        ):
            column.addWidget(widget)
        self.curve.hide()

    def show_frame(self, frame: Frame) -> None:
        """Show the rule and the schedule of a frame."""
        self._frame = frame
        experiment = frame.experiment
        rule, schedule = experiment.optimizer, experiment.schedule
        self.choice.show_value(rule.name)
        self.choice_row.message.say(f"w ← {right_side(rule, 'w', self._given())}", "echo")
        self.rate.show_value(rule.rate)
        values = _fields(rule)
        form = {"epsilon_form": values["epsilon_form"]} if "epsilon_form" in values else {}
        self.options.show_values(values)
        self.epsilon_form.show_values({} if isinstance(rule, Adam) else form)
        self.epsilon_hat.show_values(form if isinstance(rule, Adam) else {})
        self.schedule.show_value(schedule.name)
        self.schedule_row.message.say("" if schedule.constant else f"η = {schedule_symbols(schedule)}", "echo")
        self.schedule_options.show_values(_fields(schedule))
        self.curve.show_schedule(schedule, rule.rate, frame.step)

    def follow(self, frame: Frame) -> None:
        """Move the mark of the picture to where training is."""
        if not self.curve.is_empty:
            self.curve.show_schedule(frame.experiment.schedule, frame.experiment.optimizer.rate, frame.step)

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        self.choice_row.name(tr("Optimiser"), tr("How a gradient becomes an update"))
        self.rate_row.name(tr("Learning rate η"), tr("How far a step goes: update = −η · gradient"))
        self.schedule_row.name(tr("Schedule"), tr("How the learning rate changes while training goes on"))
        self.choice.offer(rules())
        self.schedule.offer(schedules())
        for form in (self.options, self.epsilon_form, self.epsilon_hat, self.schedule_options):
            form.retranslate()
        if self._frame is not None:
            self.show_frame(self._frame)

    def _given(self) -> str:
        """The gradient that the rule is given, in letters: bare, or g where something is done to it."""
        assert self._frame is not None
        plain_gradient = "∂C/∂w"
        return plain_gradient if given_gradient(self._frame.experiment, "w", biases=False) == plain_gradient else "g"

    def _set(self, field: str, value: Any) -> None:
        name = {"rate": CHANGE_RATE, "momentum": CHANGE_MOMENTUM}.get(field, CHANGE_RULE)
        self._change(name, lambda e: e.replace(optimizer=dataclasses.replace(e.optimizer, **{field: value})))

    def _set_schedule(self, field: str, value: Any) -> None:
        self._change(CHANGE_SCHEDULE, lambda e: e.replace(schedule=dataclasses.replace(e.schedule, **{field: value})))

    def _choose(self) -> None:
        chosen = self.choice.currentData()
        try:
            self._change(CHANGE_OPTIMIZER, lambda e: edits.with_rule(e, chosen))
        except ValueError as error:
            self._refused(self.choice_row, error)

    def _choose_schedule(self) -> None:
        chosen = self.schedule.currentData()
        try:
            self._change(CHANGE_SCHEDULE, lambda e: edits.with_schedule(e, chosen))
        except ValueError as error:
            self._refused(self.schedule_row, error)

    def _refused(self, row: Row, error: ValueError) -> None:
        if self._frame is not None:
            self.show_frame(self._frame)
        row.message.say(plain(error), "error")


def _fields(record: Any) -> dict[str, Any]:
    return dataclasses.asdict(record)

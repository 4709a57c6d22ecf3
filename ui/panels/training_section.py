"""The Training section: what is made small, by which rule, on how many rows at once, and by which conventions.

Every convention that changes a digit stands here (mean or sum, update order, precision), because a learner whose number
differs has usually met one of them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PyQt6.QtCore import QSize
from PyQt6.QtWidgets import QCheckBox, QLabel, QPushButton, QToolButton, QWidget

from bpstudio.data.dataset import Dataset
from bpstudio.insight.conventions import loss_formula
from bpstudio.insight.notation import Notation
from bpstudio.maths.losses import loss as loss_named
from bpstudio.training.experiment import DTYPES, Experiment
from bpstudio.training.frame import Frame
from ui import theme
from ui.focus import Focus
from ui.language import tr, translatable
from ui.panels import describe, edits
from ui.panels.form import Choice, Message, Row, Section
from ui.panels.layer_card import CHANGE_INITIALIZER, Change
from ui.panels.limits_section import LimitsSection
from ui.panels.number import NumberField
from ui.panels.penalty_form import PenaltyForm
from ui.panels.plain import plain
from ui.panels.rule_form import RuleForm
from ui.shortened import Shortened

CHANGE_LOSS = translatable("change loss")
CHANGE_TARGETS = translatable("change loss and coding of targets")
CHANGE_REDUCTION = translatable("change mean or sum")
CHANGE_BATCH = translatable("change batch size")
CHANGE_SEED = translatable("change seed")
CHANGE_SHUFFLE = translatable("change shuffling")
CHANGE_ORDER = translatable("change update order")
CHANGE_PRECISION = translatable("change precision")
CHANGE_THRESHOLD = translatable("change flat threshold")


SIDES = ("hinge", "squared_hinge")
"""Losses that take the targets −1 and +1."""


def _other_codes(family: str, dataset: Dataset) -> bool:
    """Whether the targets only have to be written otherwise for a loss: −1 for 0, or 0 for −1."""
    present = set(np.unique(dataset.y).tolist())
    wanted = {0.0, 1.0} if family in SIDES else {-1.0, 1.0}
    return present <= wanted and (family in SIDES or family in ("bce", "categorical_ce", "multiclass_hinge"))


class TrainingSection(Section):
    """Loss, rule, rate, batch, seed; and, folded, the conventions."""

    def __init__(
        self,
        focus: Focus,
        change: Change,
        reset: Callable[[], None],
        reseed: Callable[[], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("section.training", parent)
        self._focus = focus
        self._change = change
        self._frame: Frame | None = None
        self._notation: Notation | None = None
        self.loss = Choice()
        self.loss_row = Row(self.loss)
        self.loss.activated.connect(self._set_loss)
        self.huber, self.huber_row = self._number(
            CHANGE_LOSS, lambda e, value: e.replace(loss=f"huber(delta={value!r})")
        )
        self.recode = QPushButton()
        """Codes the targets as the refused loss needs them; whoever has the data connects it."""
        self.recode.setProperty("role", "link")
        self.recode.hide()
        self.refused_loss = ""
        self.penalties = PenaltyForm(change)
        self.rule = RuleForm(change)
        self.optimizer, self.rate, self.rate_row = self.rule.choice, self.rule.rate, self.rule.rate_row
        self.limits = LimitsSection(change)
        self.batch, self.batch_row = self._number(
            CHANGE_BATCH, lambda e, value: e.replace(batch_size=int(value)), whole=True, words={"full": 0, "all": 0}
        )
        self.batch.display = self._batch_text
        self.seed, self.seed_row = self._number(CHANGE_SEED, lambda e, value: e.replace(seed=int(value)), whole=True)

        self.conventions = Section("section.conventions")
        self.conventions.set_open(False)
        self.summary = QLabel()
        self.summary.setProperty("role", "secondary")
        self.summary.setWordWrap(True)
        self.sets = Shortened(120)
        """Opens the sets of conventions; whoever has them connects it."""
        self.sets.setProperty("role", "link")
        self.reduction, self.reduction_row = self._choice(CHANGE_REDUCTION, "reduction")
        self.order, self.order_row = self._choice(CHANGE_ORDER, "update_order")
        self.initializer = Choice()
        self.initializer_row = Row(self.initializer)
        self.initializer.activated.connect(self._set_initializer)
        self.precision, self.precision_row = self._choice(CHANGE_PRECISION, "dtype")
        self.threshold, self.threshold_row = self._number(
            CHANGE_THRESHOLD, lambda e, value: e.replace(flat_threshold=value)
        )
        self.shuffle = QCheckBox()
        self.shuffle_message = Message()
        self.shuffle.clicked.connect(self._set_shuffle)
        conventions: tuple[QWidget, ...] = (
            self.sets,
            self.reduction_row,
            self.order_row,
            self.initializer_row,
            self.precision_row,
            self.threshold_row,
            self.shuffle,
            self.shuffle_message,
        )
        for widget in conventions:
            self.conventions.rows.addWidget(widget)
        self.conventions.heading.toggled.connect(lambda is_open: self.summary.setVisible(not is_open))

        self.reset, self.reseed = QToolButton(), QToolButton()
        self.reset.clicked.connect(reset)
        self.reseed.clicked.connect(reseed)
        for button in (self.reset, self.reseed):
            button.setProperty("role", "flat")
            button.setIconSize(QSize(14, 14))
            self.corner.addWidget(button)
        rows: tuple[QWidget, ...] = (
            self.loss_row,
            self.recode,
            self.huber_row,
            self.penalties,
            self.rule,
            self.batch_row,
            self.seed_row,
            self.limits,
            self.limits.facts,
            self.conventions,
            self.summary,
        )
        for widget in rows:
            self.rows.addWidget(widget)

    def show_frame(self, frame: Frame) -> None:
        """Show the experiment of a frame; nothing happens while it stays the same one."""
        before, self._frame = self._frame, frame
        if before is None or before.experiment is not frame.experiment or before.dataset is not frame.dataset:
            self._fill(frame)
        else:
            self.rule.follow(frame)

    def look(self) -> None:
        """Follow the letters that Focus chose."""
        if self._notation is not self._focus.notation and self._frame is not None:
            self._fill(self._frame)

    def retranslate(self) -> None:
        self.name(tr("Training"))
        self.loss_row.name(tr("Loss"), tr("What training makes small: the cost ℓ of one row"))
        self.huber_row.name(tr("Huber's δ"), tr("Errors larger than this pull no harder"))
        self.penalties.retranslate()
        self.rule.retranslate()
        self.limits.retranslate()
        self.batch_row.name(tr("Batch size"), tr("Rows per update; type 0 or full for all rows at once"))
        self.seed_row.name(tr("Seed"), tr("Start weights and the order of the rows are drawn from it"))
        self.conventions.name(tr("Conventions"))
        self.sets.setText(tr("As in a book or a library…"))
        self.sets.setToolTip(tr("Conventions of a book or a library: shows first what would change"))
        self.reduction_row.name(tr("Mean or sum"), tr("How the costs of the rows of a batch become one number C"))
        self.order_row.name(tr("Update order"), tr("Whether hidden errors pass through the old or the new weights"))
        self.initializer_row.name(tr("Start weights"), tr("For every layer; a change draws the weights anew"))
        self.precision_row.name(tr("Precision"), tr("Digits that the engine computes with: about 16 or about 7"))
        self.threshold_row.name(tr("Flat below"), tr("A unit counts as flat below this share of its greatest slope"))
        self.shuffle.setText(tr("shuffle the rows"))
        self.shuffle.setToolTip(tr("A new order in every epoch, from the seed"))
        look = theme.current()
        for button, icon, words in (
            (self.reset, "rotate-ccw", tr("Reset: back to step 0 with the same start weights")),
            (self.reseed, "dices", tr("New start: other start weights, from the next seed")),
        ):
            button.setIcon(look.icon(icon, look.secondary))
            button.setToolTip(words)
            button.setAccessibleName(words)
        self.batch.words = {"full": 0, "all": 0, tr("all"): 0}
        self.reduction.offer(describe.reductions())
        self.order.offer(describe.update_orders())
        self.precision.offer([(name, name) for name in DTYPES])
        if self._frame is not None:
            self._fill(self._frame)

    def _fill(self, frame: Frame) -> None:
        experiment = frame.experiment
        self._notation = notation = self._focus.notation
        self.loss.offer(describe.losses(notation))
        rule_of_loss = loss_named(experiment.loss)
        self.loss.show_value(rule_of_loss.family)
        self._offer_codes("")
        self.huber_row.setVisible("delta" in rule_of_loss.parameters)
        if "delta" in rule_of_loss.parameters:
            self.huber.show_value(rule_of_loss.parameters["delta"])
        self.penalties.show_experiment(experiment)
        is_named = self.loss.currentText() == describe.loss_words(experiment.loss)
        self.loss_row.message.say(f"ℓ = {loss_formula(experiment.loss, notation)}" if is_named else "", "echo")
        self.loss.setToolTip(describe.loss_words(experiment.loss))
        self.rule.show_frame(frame)
        self.limits.show_frame(frame)
        self.batch.show_value(experiment.batch_size)
        self.seed.show_value(experiment.seed)
        self.reduction.show_value(experiment.reduction)
        self.reduction_row.message.say(describe.objective(experiment.reduction), "echo")
        self.order.show_value(experiment.update_order)
        is_sequential = experiment.update_order == "sequential"
        self.order_row.message.say(
            tr("A historic convention: below the output layer, what is applied is the gradient of nothing.")
            if is_sequential
            else "",
            "warning",
        )
        self._show_initializer(experiment)
        self.precision.show_value(experiment.dtype)
        self.threshold.show_value(experiment.flat_threshold)
        self.shuffle.setChecked(experiment.shuffle)
        facts = [
            self.reduction.currentText(),
            self.order.currentText(),
            tr("shuffled") if experiment.shuffle else tr("in the order of the data"),
            experiment.dtype,
        ]
        self.summary.setText(" · ".join(facts))

    def _show_initializer(self, experiment: Experiment) -> None:
        rules = {layer.initializer.weights for layer in experiment.network.layers if layer.has_weights}
        mixed: list[tuple[object, str]] = [] if len(rules) == 1 else [(None, tr("differs by layer"))]
        self.initializer.offer(mixed + describe.initializers())
        self.initializer.show_value(rules.pop() if len(rules) == 1 else None)

    def _batch_text(self, value: float) -> str:
        rows = len(self._frame.dataset.train) if self._frame is not None else 0
        if value == 0:
            return tr("all {rows}", rows=f"{rows:,}")
        return tr("{size} of {rows}", size=f"{int(value):,}", rows=f"{rows:,}")

    def _choice(self, name: str, field: str) -> tuple[Choice, Row]:
        """A combo box for a field of Experiment."""
        choice = Choice()
        row = Row(choice)
        choice.activated.connect(lambda: self._edit(row, name, lambda e: e.replace(**{field: choice.currentData()})))
        return choice, row

    def _number(
        self,
        name: str,
        edit: Callable[[Experiment, float], Experiment],
        whole: bool = False,
        words: dict[str, float] | None = None,
    ) -> tuple[NumberField, Row]:
        """A number field whose value `edit` puts into an experiment."""
        message = Message()
        field = NumberField(
            lambda value: self._change(name, lambda e: edit(e, value)), message.say, whole=whole, words=words
        )
        return field, Row(field, message)

    def _set_initializer(self) -> None:
        chosen = self.initializer.currentData()
        if chosen is not None:
            self._edit(self.initializer_row, CHANGE_INITIALIZER, lambda e: edits.with_initializer(e, weights=chosen))

    def _set_loss(self) -> None:
        family, frame = self.loss.currentData(), self._frame
        self._offer_codes("")
        if frame is None or loss_named(frame.experiment.loss).family == family:
            return
        self._edit(self.loss_row, CHANGE_LOSS, lambda e: e.replace(loss=family))
        if self.loss_row.message.property("role") == "error" and _other_codes(family, frame.dataset):
            self._offer_codes(family)

    def _offer_codes(self, family: str) -> None:
        """Offer to code the targets as a loss needs them that was refused for them; nothing without one."""
        self.refused_loss = family
        self.recode.setText(
            tr("Code the targets as −1 and +1") if family in SIDES else tr("Code the targets as 0 and 1")
        )
        self.recode.setVisible(bool(family))

    def _set_shuffle(self, is_on: bool) -> None:
        self._edit(None, CHANGE_SHUFFLE, lambda e: e.replace(shuffle=is_on))

    def _edit(self, row: Row | None, name: str, edit: Callable[[Experiment], Experiment]) -> None:
        """Send an edit; a refusal is shown in the row, and the controls go back to what is true."""
        message = row.message if row is not None else self.shuffle_message
        try:
            self._change(name, edit)
        except ValueError as error:
            if self._frame is not None:
                self._fill(self._frame)
            message.say(plain(error), "error")

"""What is learned and how the rows are shared out; what stands out in the columns; what will be done, in order."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtWidgets import QCheckBox, QFrame, QLabel, QPushButton, QVBoxLayout, QWidget

from bpstudio.data.choices import Preparation
from bpstudio.data.dataset import Dataset
from bpstudio.data.suggestion import Advice
from bpstudio.data.table import Table
from bpstudio.training.experiment import Experiment
from bpstudio.training.first_network import suggested
from ui.language import tr, translatable
from ui.panels import describe, edits
from ui.panels.done import in_full
from ui.panels.form import Choice, Message, Row
from ui.panels.number import NumberField
from ui.panels.plain import PlainError, plain, told

TASK_WORDS = {
    "regression": translatable("numbers (regression)"),
    "binary": translatable("yes or no"),
    "classes": translatable("one of several classes"),
}
MOST_STEPS = 12
"""Lines that are shown; a table of pixels has hundreds."""
BETWEEN = translatable("The share must be from 0 to below 100 %.")


class PreparationForm(QWidget):
    """The right column of the data window."""

    def __init__(self, change: Callable[[Preparation], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._change = change
        self._table: Table | None = None
        self._preparation: Preparation | None = None
        self._dataset: Dataset | None = None
        self._present: Experiment | None = None
        self._advice: tuple[Advice, ...] = ()
        self.task, self.positive, self.network = Choice(), Choice(), Choice()
        self.task_row, self.positive_row, self.network_row = Row(self.task), Row(self.positive), Row(self.network)
        share, seed = Message(), Message()
        self.share = NumberField(self._set_share, share.say, display=lambda value: f"{value:g} %")
        self.share_row = Row(self.share, share)
        self.seed = NumberField(self._set_seed, seed.say, whole=True)
        self.seed_row = Row(self.seed, seed)
        self.stratified, self.shuffle = QCheckBox(), QCheckBox()
        self.advice_title, self.steps_title, self.steps = QLabel(), QLabel(), QLabel()
        for title in (self.advice_title, self.steps_title):
            title.setProperty("role", "heading")
        self.steps.setProperty("role", "secondary")
        self.steps.setWordWrap(True)
        self.cards = QVBoxLayout()
        self.cards.setSpacing(6)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 6, 0)
        column.setSpacing(6)
        rows: tuple[QWidget, ...] = (
            self.task_row,
            self.positive_row,
            self.share_row,
            self.stratified,
            self.shuffle,
            self.seed_row,
            self.network_row,
            self.advice_title,
        )
        for widget in rows:
            column.addWidget(widget)
        column.addLayout(self.cards)
        column.addWidget(self.steps_title)
        column.addWidget(self.steps)
        column.addStretch(1)
        self.task.activated.connect(lambda _: self._try(task=self.task.currentData(), positive=""))
        self.positive.activated.connect(lambda _: self._try(positive=self.positive.currentData()))
        self.stratified.clicked.connect(lambda on: self._try(stratified=on))
        self.shuffle.clicked.connect(lambda on: self._try(shuffle=on))
        self.network.activated.connect(lambda _: self._tell_network())
        self.retranslate()

    def show_preparation(self, table: Table, preparation: Preparation) -> None:
        """Show what is chosen; quiet."""
        self._table, self._preparation = table, preparation
        self.task.show_value(preparation.task)
        self.task_row.message.say("", "")
        self.share.show_value(round(preparation.validation * 100, 6))
        self.seed.show_value(preparation.seed)
        self.stratified.setChecked(preparation.stratified)
        self.stratified.setEnabled(preparation.task != "regression" and preparation.validation > 0)
        self.shuffle.setChecked(preparation.shuffle)
        self.positive_row.setVisible(preparation.task == "binary")
        if preparation.task == "binary":
            values = table.column(preparation.targets[0]).distinct[:2]
            self.positive.offer([(value, value) for value in values])
            self.positive.show_value(preparation.positive or (values[-1] if values else ""))

    def show_advice(self, advice: tuple[Advice, ...]) -> None:
        """Show what stands out, each with what could be done about it."""
        if advice == self._advice and self.cards.count() == len(advice):
            return
        self._advice = advice
        while (item := self.cards.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for each in advice:
            self.cards.addWidget(_AdviceCard(each, self._change))
        self.advice_title.setVisible(bool(advice))

    def show_dataset(self, dataset: Dataset | None, present: Experiment | None) -> None:
        """Show what the preparation gives, and which network would learn it."""
        self._dataset, self._present = dataset, present
        self.steps.setText("\n".join(in_full(dataset.source)[:MOST_STEPS]) if dataset is not None else "")
        self.steps_title.setVisible(dataset is not None)
        self.network_row.setVisible(dataset is not None)
        if dataset is None:
            return
        chosen = self.network.currentData()
        offered: list[tuple[object, str]] = [("new", tr("new: {sizes}", sizes=_sizes(suggested(dataset))))]
        if present is not None and edits.fits(present, dataset):
            offered.append(("present", tr("as it is: {sizes}", sizes=_sizes(present))))
        self.network.offer(offered)
        self.network.show_value(chosen if chosen in dict(offered) else "new")
        self._tell_network()

    def experiment(self) -> Experiment | None:
        """The network and conventions that were chosen for the dataset."""
        if self._dataset is None:
            return None
        return self._present if self.network.currentData() == "present" else suggested(self._dataset)

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        self.task_row.name(tr("Learn"), tr("What the target is: a number, yes or no, or one of several classes"))
        self.positive_row.name(tr("“Yes” is"), tr("The value that becomes 1"))
        self.share_row.name(tr("Validation"), tr("Share of the rows that training never sees"))
        self.seed_row.name(tr("Seed"), tr("The rows that validate are drawn from it"))
        self.stratified.setText(tr("same share of each class"))
        self.shuffle.setText(tr("draw the rows at random"))
        self.shuffle.setToolTip(tr("Off: the last rows validate"))
        self.network_row.name(tr("Network"), tr("A network that suits the data, or the present one where it fits"))
        self.advice_title.setText(tr("Worth a look"))
        self.steps_title.setText(tr("What will be done"))
        self.task.offer([(task, tr(words)) for task, words in TASK_WORDS.items()])
        advice, self._advice = self._advice, ()
        self.show_advice(advice)
        self.advice_title.setVisible(bool(advice))
        self.show_dataset(self._dataset, self._present)
        if self._table is not None and self._preparation is not None:
            self.show_preparation(self._table, self._preparation)

    def _tell_network(self) -> None:
        experiment = self.experiment()
        if experiment is not None:
            last = experiment.network.layers[-1]
            self.network_row.message.say(f"{last.activation} · {describe.loss_words(experiment.loss)}", "echo")

    def _set_share(self, value: float) -> None:
        if not 0 <= value < 100:
            raise PlainError(BETWEEN)
        self._send(validation=value / 100)

    def _set_seed(self, value: float) -> None:
        self._send(seed=int(value))

    def _try(self, **changes: object) -> None:
        """Send a choice; a refusal stands under the task, and the controls go back to what is true."""
        try:
            self._send(**changes)
        except ValueError as error:
            if self._table is not None and self._preparation is not None:
                self.show_preparation(self._table, self._preparation)
            self.task_row.message.say(plain(error), "error")

    def _send(self, **changes: object) -> None:
        if self._preparation is not None:
            self._change(self._preparation.replace(**changes))


class _AdviceCard(QFrame):
    """One thing that stands out, with a button per offer."""

    def __init__(self, advice: Advice, change: Callable[[Preparation], None]) -> None:
        super().__init__()
        self.setProperty("role", "warning")
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 7)
        column.setSpacing(5)
        words = QLabel("! " + told(advice.words))
        words.setWordWrap(True)
        column.addWidget(words)
        for offer in advice.offers:
            button = QPushButton(told(offer.words))
            button.clicked.connect(lambda _, offer=offer: change(offer.preparation))
            column.addWidget(button)


def _sizes(experiment: Experiment) -> str:
    return "-".join(str(size) for size in experiment.network.sizes)

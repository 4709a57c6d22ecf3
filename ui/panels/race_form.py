"""Who races: what differs between the members, its values, and how far they run.

The values stand in one line that can be typed; a range fills that line. What was understood is said at once: how many
members, and which.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from PyQt6.QtCore import QEvent, QSize, Qt
from PyQt6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget
from typing_extensions import override

from bpstudio.insight.typed_number import read_many, shortest
from bpstudio.training.frame import Frame
from bpstudio.training.race import FEWEST, MOST
from ui import theme
from ui.language import tr, translatable
from ui.panels import edits
from ui.panels.describe import initializers
from ui.panels.form import Choice, Message, Row, restyle
from ui.panels.number import NumberField, TypedField
from ui.panels.plain import PlainError, plain
from ui.panels.race_questions import Entrant
from ui.panels.rule_options import rules

RATE, SEED, INITIALIZER, OPTIMIZER = "rate", "seed", "initializer", "optimizer"
VARIED = {
    RATE: translatable("Learning rate η"),
    SEED: translatable("Start: the seed"),
    INITIALIZER: translatable("Start: the rule"),
    OPTIMIZER: translatable("Optimiser"),
}
"""What can differ, in the order in which it is offered."""
NOT_SO_MANY = translatable("A race has {fewest} to {most} members, not {count}.")
ABOVE_0 = translatable("A range of rates begins and ends above 0.")
NO_SEED = translatable("A seed is a whole number of at least 0, not {value}.")
TWICE = translatable("{value} stands there twice.")
TOO_LONG = translatable("Run for at least 1 and at most {most} steps.")
USUAL_INITIALIZERS = ("lecun_normal", "xavier_normal", "he_normal", "orthogonal")
USUAL_OPTIMIZERS = ("sgd", "momentum", "nesterov", "rmsprop", "adam")
USUAL_STEPS = 500
TOO_MANY = 10_000_000


def geometric(low: float, high: float, count: int) -> list[float]:
    """``count`` values from one to the other, each the same multiple of the one before, to four digits."""
    if not (low > 0 and high > 0):
        raise PlainError(ABOVE_0)
    if not FEWEST <= count <= MOST:
        raise PlainError(NOT_SO_MANY, fewest=FEWEST, most=MOST, count=count)
    ratio = (high / low) ** (1.0 / (count - 1))
    return [float(f"{low * ratio**place:.4g}") for place in range(count)]


class ValuesField(TypedField):
    """A line of values: it wants the whole width for itself."""

    @override
    def sizeHint(self) -> QSize:
        return QSize(theme.current().px(236), super().sizeHint().height())


class RaceForm(QWidget):
    """The controls of a race. `begin()` is called when Enter asks for it."""

    def __init__(self, begin: Callable[[], object], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._begin = begin
        self._frame: Frame | None = None
        self._typed: dict[str, str] = {}
        self.varied = Choice()
        self.varied_row = Row(self.varied)
        self.varied.activated.connect(self._other)
        message = Message()
        self.values = ValuesField()
        self.values.setProperty("letters", "digits")
        self.values.textEdited.connect(self._say_what)
        self.values.returnPressed.connect(self._entered)
        self.values_row = Row(self.values, message)
        self.names = QListWidget()
        self.names_row = Row(self.names)
        self.names.itemChanged.connect(self._say_what)
        self.low = NumberField(lambda value: self._fill(low=value), message.say)
        self.high = NumberField(lambda value: self._fill(high=value), message.say)
        self.count = NumberField(lambda value: self._fill(count=value), message.say, whole=True)
        self.low_row, self.high_row, self.count_row = Row(self.low), Row(self.high), Row(self.count)
        self.length_message = Message()
        self.length = NumberField(self._set_length, self.length_message.say, whole=True)
        self.unit = Choice()
        self.unit.activated.connect(self._say_length)
        self.length_row = Row(self._beside(self.length, self.unit), self.length_message)
        self.length_row.label.setBuddy(self.length)
        self.preview = Message()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(7)
        for widget in (
            self.varied_row,
            self.values_row,
            self.low_row,
            self.high_row,
            self.count_row,
            self.names_row,
            self.length_row,
            self.preview,
        ):
            column.addWidget(widget)
        self.low.show_value(0.1)
        self.high.show_value(1.0)
        self.count.show_value(6)
        self.retranslate()

    # ---- what it says

    @property
    def what(self) -> str:
        """What differs: a key of VARIED."""
        return str(self.varied.currentData())

    @property
    def title(self) -> str:
        """What differs, in words."""
        return tr(VARIED[self.what])

    def entrants(self, frame: Frame) -> tuple[Entrant, ...]:
        """The members, from the run of this frame. Raises ValueError where the values are no race."""
        experiment, what = frame.experiment, self.what
        begun = frame.start if frame.start is not None and frame.start.fits(experiment.network) else None
        found: list[Entrant] = []
        if what == RATE:
            for value in self._numbers():
                rule = dataclasses.replace(experiment.optimizer, rate=value)
                text = shortest(value)
                found.append(Entrant(text, experiment.replace(optimizer=rule), begun, f"η = {text}"))
        elif what == SEED:
            for value in self._numbers():
                if value != int(value) or value < 0:
                    raise PlainError(NO_SEED, value=shortest(value))
                text = shortest(value)
                found.append(Entrant(text, experiment.replace(seed=int(value)), title=tr("seed {seed}", seed=text)))
        elif what == INITIALIZER:
            for rule_name, words in self._checked():
                found.append(Entrant(words, edits.with_initializer(experiment, weights=rule_name)))
        else:
            for rule_name, words in self._checked():
                same = rule_name == experiment.optimizer.name
                found.append(Entrant(words, experiment if same else edits.with_rule(experiment, rule_name), begun))
        if not FEWEST <= len(found) <= MOST:
            raise PlainError(NOT_SO_MANY, fewest=FEWEST, most=MOST, count=len(found))
        for place, entrant in enumerate(found):
            if any(entrant.name == other.name for other in found[:place]):
                raise PlainError(TWICE, value=entrant.name)
        return tuple(found)

    def steps(self, frame: Frame) -> int:
        """How many steps are asked for."""
        each = frame.steps_per_epoch if self.unit.currentData() == "epochs" else 1
        return int(self.length.value) * each

    # ---- what it shows

    def show_frame(self, frame: Frame) -> None:
        """Offer values round those of a run; what was typed stays."""
        first = self._frame is None
        self._frame = frame
        if first:
            several = frame.steps_per_epoch > 1
            self.unit.show_value("epochs" if several else "steps")
            epochs = max(1, -(-USUAL_STEPS // frame.steps_per_epoch))
            self.length.show_value(epochs if several else USUAL_STEPS)
        self._suggest()
        self._say_what()
        self._say_length()

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        self.varied.offer([(name, tr(words)) for name, words in VARIED.items()])
        if self.varied.currentIndex() < 0:
            self.varied.setCurrentIndex(0)
        self.unit.offer([("epochs", tr("epochs")), ("steps", tr("steps"))])
        if self.unit.currentIndex() < 0:
            self.unit.setCurrentIndex(0)
        self.varied_row.name(tr("What differs"), tr("Everything else is the same for all members"))
        self.values_row.name(tr("Values"), tr("Numbers with spaces between them, or fill them in from a range"))
        self.names_row.name(tr("Who takes part"))
        self.low_row.name(tr("from"))
        self.high_row.name(tr("to"))
        self.count_row.name(tr("how many"), tr("Each value is the same multiple of the one before"))
        self.length_row.name(tr("Run for"))
        self.length.setAccessibleName(tr("Run for"))
        self.unit.setAccessibleName(tr("epochs or steps"))
        self._offer_names()
        self._arrange()
        self._say_what()

    def _numbers(self) -> list[float]:
        return [entry.number.value for entry in read_many(self.values.text())]

    def _checked(self) -> list[tuple[str, str]]:
        items = [self.names.item(row) for row in range(self.names.count())]
        return [
            (item.data(Qt.ItemDataRole.UserRole), item.text())
            for item in items
            if item is not None and item.checkState() == Qt.CheckState.Checked
        ]

    def _suggest(self) -> None:
        """Values round the present one, where nobody has typed any."""
        frame = self._frame
        if frame is None:
            return
        if self.what == RATE and RATE not in self._typed:
            rate = frame.experiment.optimizer.rate
            self.low.show_value(float(f"{rate / 8:.4g}"))
            self.high.show_value(float(f"{rate * 4:.4g}"))
            self.count.show_value(6)
            self._write(geometric(self.low.value, self.high.value, 6))
        elif self.what == SEED and SEED not in self._typed:
            self.low.show_value(frame.experiment.seed)
            self.count.show_value(8)
            self._write([frame.experiment.seed + place for place in range(8)])
        elif self.what in self._typed:
            self.values.setText(self._typed[self.what])

    def _write(self, values: list[float]) -> None:
        self.values.setText("  ".join(shortest(value) for value in values))
        self.values.setCursorPosition(0)

    def _fill(self, low: float | None = None, high: float | None = None, count: float | None = None) -> None:
        """A bound or the number of values was typed: write the values."""
        first = self.low.value if low is None else low
        last = self.high.value if high is None else high
        many = int(self.count.value if count is None else count)
        if self.what == RATE:
            values = geometric(first, last, many)
        elif FEWEST <= many <= MOST:
            values = [first + place for place in range(many)]
        else:
            raise PlainError(NOT_SO_MANY, fewest=FEWEST, most=MOST, count=many)
        self._write(values)
        for field, value in ((self.low, low), (self.high, high), (self.count, count)):
            if value is not None:
                field.show_value(value)
        self._typed[self.what] = self.values.text()
        self._say_what()

    def _other(self, _: int) -> None:
        self._arrange()
        self._offer_names()
        self._suggest()
        self._say_what()

    def _arrange(self) -> None:
        numbers = self.what in (RATE, SEED)
        self.names_row.setVisible(not numbers)
        for row in (self.values_row, self.low_row, self.count_row):
            row.setVisible(numbers)
        self.high_row.setVisible(self.what == RATE)

    def _offer_names(self) -> None:
        """The rules or optimisers to tick; those that are ticked stay so."""
        if self.what not in (INITIALIZER, OPTIMIZER):
            return
        offered = initializers() if self.what == INITIALIZER else rules()
        present = {self.names.item(row).data(Qt.ItemDataRole.UserRole) for row in range(self.names.count())}  # type: ignore[union-attr]
        ticked = {name for name, _ in self._checked()}
        if present != {name for name, _ in offered}:
            ticked = set(USUAL_INITIALIZERS if self.what == INITIALIZER else USUAL_OPTIMIZERS)
            if self.what == OPTIMIZER and self._frame is not None:
                ticked.add(self._frame.experiment.optimizer.name)
        self.names.blockSignals(True)
        self.names.clear()
        for name, words in offered:
            item = QListWidgetItem(words)
            item.setData(Qt.ItemDataRole.UserRole, name)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsSelectable)
            item.setCheckState(Qt.CheckState.Checked if name in ticked else Qt.CheckState.Unchecked)
            self.names.addItem(item)
        self.names.blockSignals(False)
        self.names.setFixedHeight(theme.current().px(196))

    def _say_what(self, *_: object) -> None:
        """How many members there are, or why there is no race."""
        if self.sender() is self.values:
            self._typed[self.what] = self.values.text()
        frame = self._frame
        if frame is None:
            return
        try:
            entrants = self.entrants(frame)
        except ValueError as error:
            self._refuse(plain(error))
            return
        restyle(self.values, "state", "")
        self.values_row.message.say("", "")
        names = " · ".join(entrant.name for entrant in entrants)
        self.preview.say(tr("{count} members: {names}", count=len(entrants), names=names), "echo")

    def _refuse(self, why: str) -> None:
        self.preview.say(why, "error")
        restyle(self.values, "state", "error" if self.what in (RATE, SEED) else "")

    def _set_length(self, value: float) -> None:
        frame = self._frame
        each = frame.steps_per_epoch if frame is not None and self.unit.currentData() == "epochs" else 1
        if value < 1 or value * each > TOO_MANY:
            raise PlainError(TOO_LONG, most=f"{TOO_MANY:,}")
        self.length.show_value(value)
        self._say_length()

    def _say_length(self, *_: object) -> None:
        frame = self._frame
        if frame is None or self.unit.currentData() != "epochs":
            self.length_message.say("", "")
        else:
            self.length_message.say(tr("= {steps} steps", steps=f"{self.steps(frame):,}"), "echo")

    def _entered(self) -> None:
        self._begin()

    @staticmethod
    def _beside(*widgets: QWidget) -> QWidget:
        whole = QWidget()
        line = QHBoxLayout(whole)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(6)
        for place, widget in enumerate(widgets):
            line.addWidget(widget, 0 if place else 1)
        return whole

    @override
    def changeEvent(self, a0: QEvent | None) -> None:
        super().changeEvent(a0)
        if a0 is not None and a0.type() == QEvent.Type.LanguageChange:
            self.retranslate()


class Buttons(QWidget):
    """Buttons in one line, each as wide as the others."""

    def __init__(self, *buttons: QPushButton) -> None:
        super().__init__()
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(6)
        for button in buttons:
            button.setAutoDefault(False)
            line.addWidget(button, 1)

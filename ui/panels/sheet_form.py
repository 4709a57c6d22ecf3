"""The side of the exercise sheet: how large the network is, what its layers do, and by which conventions it learns."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PyQt6.QtCore import QSize
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QToolButton, QVBoxLayout, QWidget

from bpstudio.files.exercise import LONGEST_TITLE, Problem, Reading, Sheet
from bpstudio.insight.notation import Notation
from bpstudio.insight.typed_number import NumberError, echoed, read_number
from bpstudio.maths.losses import loss as loss_named
from ui import language, theme
from ui.language import tr
from ui.panels import describe
from ui.panels.form import Choice, Message, Row, restyle
from ui.panels.number import NumberField
from ui.panels.plain import plain

Change = Callable[[Callable[[Sheet], Sheet]], None]
"""Makes a new sheet out of the present one; raises ValueError where it cannot be."""


class LayerLine(QWidget):
    """One layer: how many units, what they do, and a cross where it may go."""

    def __init__(self, index: int, change: Change, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._index = index
        self.message = Message()
        self.title = QLabel()
        self.units = NumberField(self._set_units, self.message.say, whole=True, explain=plain)
        self.activation = Choice()
        self.remove = QToolButton()
        self.remove.setProperty("role", "flat")
        self._change = change
        self.activation.activated.connect(self._set_activation)
        self.remove.clicked.connect(lambda: change(lambda sheet: sheet.without_layer(index)))
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(6)
        line.addWidget(self.units)
        line.addWidget(self.activation, 1)
        line.addWidget(self.remove)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addWidget(self.title)
        column.addLayout(line)
        column.addWidget(self.message)

    def show_sheet(self, sheet: Sheet) -> None:
        """Show the layer as it stands on the sheet."""
        count = len(sheet.layers)
        is_output = self._index == count - 1
        look = theme.current()
        self.title.setText(tr("Output layer") if is_output else tr("Hidden layer {number}", number=self._index + 1))
        self.units.setFixedWidth(look.px(64))
        self.units.show_value(sheet.layers[self._index].units)
        self.units.setAccessibleName(f"{self.title.text()}: {tr('Units')}")
        present = sheet.layers[self._index].activation
        offered = describe.activations(True)
        if present not in [value for value, _ in offered]:
            offered.append((present, describe.activation(present)))
        self.activation.offer(offered)
        self.activation.show_value(present)
        self.activation.setAccessibleName(f"{self.title.text()}: {tr('Activation')}")
        self.remove.setIcon(look.icon("trash-2"))
        self.remove.setIconSize(QSize(look.px(14), look.px(14)))
        self.remove.setToolTip(tr("Remove this layer"))
        self.remove.setAccessibleName(tr("Remove this layer"))
        self.remove.setVisible(not is_output)

    def _set_units(self, value: float) -> None:
        self._change(lambda sheet: sheet.with_layer(self._index, units=int(value)))

    def _set_activation(self) -> None:
        try:
            self._change(lambda sheet: sheet.with_layer(self._index, activation=self.activation.currentData()))
        except ValueError as error:
            self.message.say(plain(error), "error")
        else:
            self.message.say("", "")


class SheetForm(QWidget):
    """Everything of a sheet that is no grid."""

    def __init__(self, change: Change, notation: Callable[[], Notation], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._change = change
        self._notation = notation
        self.title = QLineEdit()
        self.title.setMaxLength(LONGEST_TITLE)
        self.title.textEdited.connect(lambda text: change(lambda sheet: sheet.having(title=text)))
        self.title_row = Row(self.title)
        self.inputs, self.inputs_row = self._number(lambda sheet, value: sheet.having(inputs=int(value)))
        self.rows, self.rows_row = self._number(lambda sheet, value: sheet.having(rows=int(value)))
        self.rate = QLineEdit()
        self.rate_row = Row(self.rate)
        self.rate.textEdited.connect(self._type_rate)
        self.rate.editingFinished.connect(lambda: self.rate_row.message.say("", "") if self._rate_is_good() else None)
        self.loss, self.loss_row = self._choice(lambda sheet, value: _with_base(sheet, loss=value))
        self.reduction, self.reduction_row = self._choice(lambda sheet, value: _with_base(sheet, reduction=value))
        self.batch, self.batch_row = self._choice(lambda sheet, value: _with_base(sheet, batch_size=value))
        self.bias, self.bias_row = self._choice(lambda sheet, value: sheet.with_all_layers(bias=value))
        self.trains, self.trains_row = self._choice(lambda sheet, value: sheet.with_all_layers(train_bias=value))
        self.layers: list[LayerLine] = []
        self._holder = QVBoxLayout()
        self._holder.setSpacing(7)
        self.add = QPushButton()
        self.add.setProperty("role", "add")
        self.add.setAutoDefault(False)
        self.add.clicked.connect(self._add_layer)
        self.message = Message()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(7)
        column.addWidget(self.title_row)
        column.addWidget(self.inputs_row)
        column.addLayout(self._holder)
        column.addWidget(self.add)
        column.addWidget(self.message)
        for row in (self.loss_row, self.rate_row, self.bias_row, self.trains_row, self.rows_row, self.batch_row):
            column.addWidget(row)
        column.addWidget(self.reduction_row)
        column.addStretch(1)

    def show_sheet(self, sheet: Sheet) -> None:
        """Show what stands on the sheet; nothing here is sent back."""
        while len(self.layers) > len(sheet.layers):
            line = self.layers.pop()
            line.hide()
            line.deleteLater()
        while len(self.layers) < len(sheet.layers):
            self.layers.append(LayerLine(len(self.layers), self._change))
            self._holder.addWidget(self.layers[-1])
        for line in self.layers:
            line.show_sheet(sheet)
        for field, text in ((self.title, sheet.title), (self.rate, sheet.rate)):
            if field.text() != text:
                field.setText(text)
        self.inputs.show_value(sheet.inputs)
        self.rows.show_value(sheet.rows)
        self.loss.offer(describe.losses(self._notation()))
        self.loss.show_value(loss_named(sheet.base.loss).family)
        self.reduction.offer(describe.reductions())
        self.reduction.show_value(sheet.base.reduction)
        sizes = [(0, tr("all at once")), (1, tr("one after another"))]
        if sheet.base.batch_size > 1:
            sizes.append((sheet.base.batch_size, tr("{count} at once", count=sheet.base.batch_size)))
        self.batch.offer(list(sizes))
        self.batch.show_value(sheet.base.batch_size)
        kinds = [("bias", tr("bias: + b")), ("threshold", tr("threshold: − θ")), ("none", tr("none"))]
        self.bias.offer([*kinds, *([("", tr("differs by layer"))] if not sheet.bias else [])])
        self.bias.show_value(sheet.bias)
        trained: list[tuple[object, str]] = [(True, tr("trained")), (False, tr("frozen ❄"))]
        self.trains.offer([*trained, *([(None, tr("differs by layer"))] if sheet.trains_bias is None else [])])
        self.trains.show_value(sheet.trains_bias)
        self.trains_row.setVisible(sheet.bias != "none")
        # One row is as good as its mean, and is always all of them.
        for row in (self.batch_row, self.reduction_row):
            row.setVisible(sheet.rows > 1)
        self.message.say("", "")

    def show_reading(self, reading: Reading) -> None:
        """Say beside a field what is wrong with it."""
        problems = {problem.where: problem for problem in reading.problems if isinstance(problem.where, str)}
        for name, row in (("title", self.title_row), ("rate", self.rate_row)):
            problem = problems.get(name)
            restyle(row.control, "state", "error" if problem is not None else "")
            if problem is not None:
                row.message.say(words(problem), "error")
            elif row.message.property("role") == "error":
                row.message.say("", "")

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        self.title_row.name(tr("Title"))
        self.inputs_row.name(tr("Inputs"))
        self.loss_row.name(tr("Loss"), tr("What training makes small: the cost ℓ of one row"))
        self.rate_row.name(tr("Learning rate η"), tr("How far a step goes: update = −η · gradient"))
        self.bias_row.name(tr("Bias"), tr("z = Σ w·x + b, z = Σ w·x − θ, or neither"))
        self.trains_row.name(tr("Biases are"), tr("Trained: they learn like weights. Frozen: they stay as they are."))
        self.rows_row.name(tr("Examples"), tr("Rows of inputs and targets"))
        self.batch_row.name(tr("Taken"), tr("All rows make one update, or each makes its own"))
        self.reduction_row.name(tr("Cost"), tr("How the rows' costs become one number"))
        self.add.setText(tr("+ Add layer"))
        self.add.setToolTip(tr("A hidden layer below the output"))

    def _number(self, edit: Callable[[Sheet, float], Sheet]) -> tuple[NumberField, Row]:
        message = Message()
        field = NumberField(
            lambda value: self._change(lambda sheet: edit(sheet, value)), message.say, whole=True, explain=plain
        )
        return field, Row(field, message)

    def _choice(self, edit: Callable[[Sheet, Any], Sheet]) -> tuple[Choice, Row]:
        choice = Choice()
        row = Row(choice)
        choice.activated.connect(partial(self._choose, choice, row, edit))
        return choice, row

    def _choose(self, choice: Choice, row: Row, edit: Callable[[Sheet, Any], Sheet], _: int) -> None:
        value = choice.currentData()
        if value in ("", None):
            return
        try:
            self._change(lambda sheet: edit(sheet, value))
        except ValueError as error:
            row.message.say(plain(error), "error")
        else:
            row.message.say("", "")

    def _add_layer(self) -> None:
        try:
            self._change(Sheet.with_hidden_layer)
        except ValueError as error:
            self.message.say(plain(error), "error")

    def _type_rate(self, text: str) -> None:
        self._change(lambda sheet: sheet.having(rate=text))
        if self._rate_is_good():
            self.rate_row.message.say(echoed(read_number(text)), "echo")

    def _rate_is_good(self) -> bool:
        try:
            return read_number(self.rate.text()) > 0
        except NumberError:
            return False


def words(problem: Problem) -> str:
    """What is wrong, in the language in use, as a sentence of its own."""
    return sentence(plain(problem.error) if problem.error is not None else problem.phrase.rendered(tr))


def sentence(text: str) -> str:
    """A phrase as a sentence of its own: English ones begin with a capital."""
    return text[:1].upper() + text[1:] if language.current() == "en" else text


def _with_base(sheet: Sheet, **changes: Any) -> Sheet:
    return sheet.having(base=sheet.base.replace(**changes))

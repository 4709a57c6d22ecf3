"""What the units of a layer do with their weighted input: a function from the list with its numbers, a person's own
formula, or another function for each unit.
"""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtWidgets import QVBoxLayout, QWidget
from typing_extensions import override

from bpstudio.maths.activations import (
    FAMILIES,
    FORMULA,
    PER_UNIT,
    Activation,
    Parameter,
    activation,
    formula,
    per_unit,
    text_of,
)
from bpstudio.maths.written_number import written
from ui.language import tr, translatable
from ui.panels import describe
from ui.panels.form import Choice, Message, Row
from ui.panels.formula_form import FIRST, FormulaForm
from ui.panels.number import NumberField
from ui.panels.plain import plain

Send = Callable[[str], None]
"""send(text): make the layer anew with this activation; raises ValueError when it is refused."""

_PARAMETERS = {
    "amplitude": (translatable("Amplitude {letter}"), translatable("How far from 0 the ends are")),
    "steepness": (translatable("Steepness {letter}"), translatable("How quickly it bends: z is multiplied by it")),
    "slope": (translatable("Slope {letter}"), translatable("How steep the straight part is that is not 1")),
    "alpha": (translatable("Depth {letter}"), translatable("How far below 0 the flat end is")),
    "beta": (translatable("Sharpness {letter}"), translatable("How sharply it bends; ReLU is the limit")),
}
_MOST_PARAMETERS = max(len(family.parameters) for family in FAMILIES.values())


class FunctionForm(QWidget):
    """One function: which, and its numbers or its formula."""

    def __init__(self, send: Send, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._send = send
        self._record = activation("identity")
        self._typing = False
        self.choice = Choice()
        self.row = Row(self.choice)
        self.numbers = [self._field(place) for place in range(_MOST_PARAMETERS)]
        self.formula = FormulaForm(lambda text: self._send(formula(text)), self._give_up)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(5)
        for widget in (self.row, *(row for _, row in self.numbers), self.formula):
            self.column.addWidget(widget)
        self.formula.hide()
        self.choice.activated.connect(self._chosen)

    def offer(self, choices: list[tuple[object, str]]) -> None:
        """What can be chosen: (family, words)."""
        self.choice.offer(choices)

    def show_function(self, record: Activation) -> None:
        """Show a function, its numbers where it has any, its formula where it was typed."""
        if record.name != self._record.name:
            self._typing = False
        self._record = record
        self._show()

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        self.formula.retranslate()
        self._show()

    def _show(self) -> None:
        record = self._record
        typed = self._typing or record.family == FORMULA
        self.choice.show_value(FORMULA if typed else record.family)
        parameters = () if typed or record.family not in FAMILIES else FAMILIES[record.family].parameters
        for place, (field, row) in enumerate(self.numbers):
            row.setVisible(place < len(parameters))
            if place < len(parameters):
                name, explanation = _PARAMETERS[parameters[place].name]
                row.name(tr(name, letter=parameters[place].letter), tr(explanation))
                field.show_value(dict(record.parameters)[parameters[place].name])
        self.formula.setVisible(typed)
        if typed:
            in_use = record.family == FORMULA
            self.formula.show_formula(record.name[len(FORMULA) + 1 : -1] if in_use else FIRST, in_use)

    def _chosen(self) -> None:
        family = self.choice.currentData()
        self.row.message.say("", "")
        if family == FORMULA:
            self._typing = True
            self._show()
            self.formula.reveal()
            return
        self._typing = False
        if family == self._record.family:
            self._show()
            return
        self._try(str(family))

    def _try(self, text: str) -> None:
        try:
            self._send(text)
        except ValueError as error:
            self._show()
            self.row.message.say(plain(error), "error")

    def _give_up(self) -> None:
        """Back to the function in use."""
        self._typing = False
        self.formula.field.setModified(False)
        self._show()

    def _field(self, place: int) -> tuple[NumberField, Row]:
        message = Message()

        def commit(value: float) -> None:
            parameter: Parameter = FAMILIES[self._record.family].parameters[place]
            values = dict(self._record.parameters) | {parameter.name: value}
            self._send(activation(text_of(self._record.family, **values)).name)

        field = NumberField(commit, message.say, display=written)
        return field, Row(field, message)


class ActivationForm(FunctionForm):
    """The function of a layer; where units differ, the unit that is looked at and its function under it."""

    def __init__(self, send: Send, parent: QWidget | None = None) -> None:
        super().__init__(send, parent)
        self.unit = Choice()
        self.unit_row = Row(self.unit)
        self.own = FunctionForm(self._send_own)
        for widget in (self.unit_row, self.own):
            self.column.addWidget(widget)
            widget.hide()
        self._units = 1
        self.unit.activated.connect(self._show_own)

    def show_layer(self, text: str, units: int, in_rows: bool) -> None:
        """Show a layer's activation. Softmax, and a function for each unit, are for rows of numbers, not for images."""
        self._units = units
        offered = describe.activations(in_rows)
        if in_rows and units > 1:
            offered.append((PER_UNIT, tr("one per unit…")))
        self.offer([*offered, (FORMULA, tr("my formula…"))])
        self.own.offer([*describe.activations(False), (FORMULA, tr("my formula…"))])
        self.show_function(activation(text))

    def show_unit(self, unit: int) -> None:
        """Look at another unit's function, numbered from 0."""
        if 0 <= unit < self.unit.count():
            self.unit.setCurrentIndex(unit)
            self._show_own()

    @override
    def retranslate(self) -> None:
        self.row.name(tr("Activation"), tr("What a unit does with its weighted input"))
        self.unit_row.name(tr("Unit"), tr("Whose function is shown below"))
        self.own.row.name(tr("Its function"), tr("What this unit does with its weighted input"))
        self.own.retranslate()
        super().retranslate()

    @override
    def _show(self) -> None:
        super()._show()
        record = self._record
        differs = bool(record.units) and not self._typing
        self.unit_row.setVisible(differs)
        self.own.setVisible(differs)
        if differs:
            place = max(self.unit.currentIndex(), 0)
            self.unit.offer(
                [(index, f"{index + 1} · {describe.activation(unit.name)}") for index, unit in enumerate(record.units)]
            )
            self.unit.setCurrentIndex(min(place, len(record.units) - 1))
            self._show_own()

    def _show_own(self) -> None:
        self.own.show_function(self._record.of(max(self.unit.currentIndex(), 0)))

    @override
    def _chosen(self) -> None:
        if self.choice.currentData() != PER_UNIT:
            super()._chosen()
            return
        self._typing = False
        if not self._record.units:
            each = self._record.name if self._record.everywhere else "tanh"
            self._try(per_unit(*[each] * self._units))

    def _send_own(self, text: str) -> None:
        texts = [unit.name for unit in self._record.units]
        texts[max(self.unit.currentIndex(), 0)] = text
        self._send(per_unit(*texts))

"""The fields of a record, a row for each: what can be set about a rule, a schedule, clipping or stopping.

A row is made when a record first has the field, and hidden while none has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from PyQt6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from ui.language import tr
from ui.panels.form import Choice, Message, Row
from ui.panels.number import NumberField
from ui.panels.plain import plain

Send = Callable[[str, Any], None]
"""send(field, value): make the record anew; raises ValueError when it is refused."""


@dataclass(frozen=True)
class Option:
    """One field: its label, what it means, and what it takes: a number, a whole number, one of ``choices`` (value,
    words), or with ``is_switch`` yes or no. ``words`` stand for numbers.
    """

    label: str
    explanation: str
    whole: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    is_switch: bool = False


class OptionsForm(QWidget):
    """Rows for those fields of a record that are in the table, in its order."""

    def __init__(self, options: Mapping[str, Option], send: Send, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._options = options
        self._send = send
        self._values: dict[str, Any] = {}
        self.rows: dict[str, Row | QCheckBox] = {}
        """The rows by field; a switch is its own row."""
        self._switch_messages: dict[str, Message] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(5)
        self.hide()

    def control(self, field: str) -> QWidget:
        """What is typed into, chosen from or ticked for a field."""
        row = self.rows[field]
        return row.control if isinstance(row, Row) else row

    def show_values(self, values: Mapping[str, Any]) -> None:
        """Show these fields and no others; what the table does not know stays out."""
        self._values = {name: values[name] for name in self._options if name in values}
        for name, value in self._values.items():
            if name not in self.rows:
                self._make(name)
            control = self.control(name)
            if isinstance(control, NumberField | Choice):
                control.show_value(value)
            elif isinstance(control, QCheckBox):
                control.setChecked(bool(value))
        for name, row in self.rows.items():
            row.setVisible(name in self._values)
            if name in self._switch_messages and name not in self._values:
                self._switch_messages[name].say("", "")
        self.setVisible(bool(self._values))

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        for name in self.rows:
            self._name(name)

    def _make(self, name: str) -> None:
        option = self._options[name]
        before = [other for other in self._options if other in self.rows]
        place = sum(list(self._options).index(other) < list(self._options).index(name) for other in before)
        if option.is_switch:
            box, message = QCheckBox(), Message()
            box.clicked.connect(lambda on: self._try(name, bool(on), message))
            self._switch_messages[name] = message
            holder: Row | QCheckBox = box
        elif option.choices:
            choice = Choice()
            holder = Row(choice)
            said = holder.message
            choice.activated.connect(lambda _: self._try(name, choice.currentData(), said))
        else:
            message = Message()
            whole = option.whole
            field = NumberField(
                lambda value: self._send(name, int(value) if whole else value), message.say, whole=whole
            )
            holder = Row(field, message)
        self.rows[name] = holder
        at = self._index(place)
        self._column.insertWidget(at, holder)
        if name in self._switch_messages:
            self._column.insertWidget(at + 1, self._switch_messages[name])
        self._name(name)

    def _index(self, place: int) -> int:
        """Where in the column the row stands that has ``place`` rows before it; a switch has its message below."""
        ordered = [name for name in self._options if name in self.rows]
        return sum(2 if name in self._switch_messages else 1 for name in ordered[:place])

    def _name(self, name: str) -> None:
        option, row = self._options[name], self.rows[name]
        if isinstance(row, Row):
            row.name(tr(option.label), tr(option.explanation))
        else:
            row.setText(tr(option.label))
            row.setToolTip(tr(option.explanation))
        control = self.control(name)
        if isinstance(control, Choice):
            control.offer([(value, tr(words)) for value, words in option.choices])
            control.show_value(self._values.get(name))

    def _try(self, name: str, value: Any, message: Message) -> None:
        """Send a choice; a refusal is shown below it, and the control goes back to what is true."""
        message.say("", "")
        try:
            self._send(name, value)
        except ValueError as error:
            self.show_values(self._values)
            message.say(plain(error), "error")

"""What a layer other than a dense one is made of: filters and windows, or how much is dropped."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PyQt6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from bpstudio.engine.layers import MODES, AvgPool2D, Conv2D, Dropout, Layer, MaxPool2D, said
from ui.language import tr, translatable
from ui.panels.form import Choice, Message, Row
from ui.panels.number import NumberField, TypedField
from ui.panels.plain import PlainError, plain

Send = Callable[[dict[str, Any]], None]
"""send(changes): make this layer anew with other fields; raises ValueError when it is refused."""

_PAIR = re.compile(r"\s*(\d{1,4})\s*(?:[×xX*,;\s]\s*(\d{1,4})\s*)?")
_MODES = {
    "cross_correlation": translatable("as it is (cross-correlation)"),
    "convolution": translatable("turned by 180° (convolution)"),
}


@dataclass(frozen=True)
class _Words:
    """What a control is called, and what it means."""

    name: str
    explanation: str


_WORDS = {
    "filters": _Words(translatable("Filters"), translatable("Each filter makes one feature map")),
    "kernel": _Words(translatable("Window size"), translatable("Height × width of what is seen at each position")),
    "stride": _Words(translatable("Stride"), translatable("By how many pixels the window moves, down × across")),
    "padding": _Words(translatable("Padding"), translatable("Pixels put around the image, above × beside")),
    "mode": _Words(translatable("Kernel lies"), translatable("Libraries do not turn it, textbooks do")),
    "rate": _Words(translatable("Dropped"), translatable("The probability with which a number is dropped in a step")),
}
_FIELDS: dict[type[Layer], tuple[str, ...]] = {
    Conv2D: ("filters", "kernel", "stride", "padding", "mode"),
    MaxPool2D: ("kernel", "stride", "padding", "ceil_mode"),
    AvgPool2D: ("kernel", "stride", "padding", "ceil_mode", "count_include_pad"),
    Dropout: ("rate", "inverted"),
}


class PairField(TypedField):
    """A line for two whole numbers: 3 and 3×3 are the same."""

    def __init__(self, commit: Callable[[tuple[int, int]], None], say: Callable[[str, str], None]) -> None:
        super().__init__()
        self._commit = commit
        self._say = say
        self._value = (0, 0)
        self.editingFinished.connect(self._finish)

    def show_value(self, value: tuple[int, int]) -> None:
        """Show what is true, unless somebody is typing."""
        self._value = value
        if not self.isModified():
            self.setText(said(value))

    def _finish(self) -> None:
        if not self.isModified():
            return
        found = _PAIR.fullmatch(self.text())
        try:
            if found is None:
                raise PlainError("Two whole numbers are expected, such as 3×3; one stands for both.")
            pair = int(found[1]), int(found[2] or found[1])
            if pair != self._value:
                self._commit(pair)
        except ValueError as error:
            self._say(plain(error), "error")
        else:
            self._say("", "")
            self.setModified(False)
            self.setText(said(self._value))


class ShapeForm(QWidget):
    """The controls that belong to the kind of one layer; those of other kinds are hidden."""

    def __init__(self, send: Send, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._send = send
        self._layer: Layer | None = None
        self.rows: dict[str, Row] = {}
        self.pairs: dict[str, PairField] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        self.filters = self._number("filters", whole=True)
        for name in ("kernel", "stride", "padding"):
            self._pair(name)
        self.mode = Choice()
        self.mode.activated.connect(lambda: self._try("mode", self.mode.currentData()))
        self.rows["mode"] = Row(self.mode)
        self.rate = self._number("rate")
        self.boxes = {name: QCheckBox() for name in ("ceil_mode", "count_include_pad", "inverted")}
        for row in self.rows.values():
            column.addWidget(row)
        for name, box in self.boxes.items():
            box.clicked.connect(lambda on, name=name: self._try(name, on))
            column.addWidget(box)
        self.message = Message()
        column.addWidget(self.message)

    def show_layer(self, layer: Layer) -> None:
        """Show the controls of this kind of layer, and what is true in them."""
        self._layer = layer
        fields = _FIELDS.get(type(layer), ())
        self.setVisible(bool(fields))
        for name, widget in (*self.rows.items(), *self.boxes.items()):
            widget.setVisible(name in fields)
        for name in fields:
            value = getattr(layer, name)
            if name in self.pairs:
                self.pairs[name].show_value(value)
            elif name in self.boxes:
                self.boxes[name].setChecked(value)
            elif name == "mode":
                self.mode.show_value(value)
            else:
                (self.filters if name == "filters" else self.rate).show_value(value)

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        for name, row in self.rows.items():
            row.name(tr(_WORDS[name].name), tr(_WORDS[name].explanation))
        self.mode.offer([(mode, tr(_MODES[mode])) for mode in MODES])
        for name, text, explanation in (
            ("ceil_mode", tr("round the size up"), tr("A last window may stick out of the image, as in Caffe")),
            ("count_include_pad", tr("padding counts in the mean"), tr("Off: the mean of the image's pixels alone")),
            (
                "inverted",
                tr("scale while training"),
                tr("What is kept is multiplied by 1/(1 − p). Off: everything by 1 − p outside training."),
            ),
        ):
            self.boxes[name].setText(text)
            self.boxes[name].setToolTip(explanation)

    def _number(self, name: str, whole: bool = False) -> NumberField:
        message = Message()
        field = NumberField(lambda value: self._send({name: int(value) if whole else value}), message.say, whole=whole)
        self.rows[name] = Row(field, message)
        return field

    def _pair(self, name: str) -> None:
        message = Message()
        field = PairField(lambda pair: self._send({name: pair}), message.say)
        self.pairs[name] = field
        self.rows[name] = Row(field, message)

    def _try(self, name: str, value: object) -> None:
        try:
            self._send({name: value})
        except ValueError as error:
            self.message.say(plain(error), "error")
            if self._layer is not None:
                self.show_layer(self._layer)
        else:
            self.message.say("", "")

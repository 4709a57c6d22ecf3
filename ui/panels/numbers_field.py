"""A field for one typed number, or for several that were pasted; what was understood is said while it is typed."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QFocusEvent, QKeyEvent
from PyQt6.QtWidgets import QWidget
from typing_extensions import override

from bpstudio.insight.typed_number import Entry, NumberError, echoed, read_many, shortest
from ui import theme
from ui.language import tr
from ui.panels.form import restyle
from ui.panels.number import TypedField
from ui.panels.plain import plain

_SHORT, _LONG = 8, 12
"""Digits for which the field has room at least, and at most before its text scrolls."""
_ECHOED = 4
"""So many of several numbers are said again; of more only how many there are."""


def understood(entries: tuple[Entry, ...]) -> str:
    """What was read, in words: "= 0.333333333", or how many numbers and which."""
    if len(entries) == 1 and not entries[0].name:
        return echoed(entries[0].number.value)
    shown = [f"{entry.name} = {_short(entry)}" if entry.name else _short(entry) for entry in entries[:_ECHOED]]
    listed = " · ".join([*shown, "…"] if len(entries) > _ECHOED else shown)
    return listed if len(entries) == 1 else tr("{count} numbers: {listed}", count=len(entries), listed=listed)


def _short(entry: Entry) -> str:
    return shortest(float(f"{entry.number.value:.9g}"))


class NumbersField(TypedField):
    """A line of numbers.

    `judge(text, entries)` takes what was read when Enter is pressed or the field is left; an empty text takes back what
    was asked. `say(text, kind)` shows a line beside the field, as for every number field.
    """

    def __init__(
        self,
        judge: Callable[[str, tuple[Entry, ...]], object],
        say: Callable[[str, str], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._judge, self._say = judge, say
        self._kept = ""
        self.setProperty("letters", "digits")
        self.setInputMethodHints(Qt.InputMethodHint.ImhPreferNumbers | Qt.InputMethodHint.ImhNoPredictiveText)
        self.textEdited.connect(self._echo)
        self.editingFinished.connect(lambda: self._finish(again=False))

    def show_text(self, text: str) -> None:
        """Show what was asked before, or nothing; quiet, and whatever stands here is forgotten."""
        self._kept = text
        if self.text() != text:
            self.setText(text)
        self.setCursorPosition(0)
        self.setModified(False)
        restyle(self, "state", "")
        self._say("", "")

    def take_draft(self, text: str) -> None:
        """Show what was typed and not handed over yet, as if it had been typed now."""
        self.setText(text)
        self.setModified(True)
        self._echo(text)

    def enter(self, text: str) -> None:
        """As if `text` had been typed, and Enter pressed."""
        self.take_draft(text)
        self._finish(again=False)

    def _echo(self, text: str) -> None:
        if not text.strip():
            restyle(self, "state", "")
            self._say("", "")
            return
        try:
            entries = read_many(text)
        except NumberError as error:
            self._refuse(error)
            return
        restyle(self, "state", "")
        self._say(understood(entries), "echo")

    def _refuse(self, error: NumberError) -> None:
        restyle(self, "state", "error")
        self._say(plain(error), "error")

    def _finish(self, again: bool) -> None:
        """Hand over what was typed; with `again` also what was handed over before."""
        if not (self.isModified() or again):
            return
        text = self.text().strip()
        entries: tuple[Entry, ...] = ()
        if text:
            try:
                entries = read_many(text)
            except NumberError as error:
                self._refuse(error)
                return
        elif again and not self.isModified():
            self._refuse(NumberError("Type a number."))
            return
        self._kept = text
        self.setModified(False)
        restyle(self, "state", "")
        self._judge(text, entries)

    @override
    def sizeHint(self) -> QSize:
        px = theme.current().px
        digits = min(max(len(self.text()), _SHORT), _LONG)
        return QSize(self.fontMetrics().horizontalAdvance("0" * digits) + px(18), super().sizeHint().height())

    @override
    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None:
            return
        if event.key() == Qt.Key.Key_Escape and self.isModified():
            self.show_text(self._kept)
            self.selectAll()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._finish(again=True)
            event.accept()
        else:
            super().keyPressEvent(event)

    @override
    def focusInEvent(self, event: QFocusEvent | None) -> None:
        super().focusInEvent(event)
        if event is not None and event.reason() != Qt.FocusReason.MouseFocusReason:
            self.selectAll()

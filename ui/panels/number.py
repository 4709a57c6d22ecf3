"""A field for one number: what was understood is said at once, beside the field, before anything changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PyQt6.QtCore import QEvent, QSize, Qt
from PyQt6.QtGui import QFocusEvent, QKeyEvent, QKeySequence
from PyQt6.QtWidgets import QLineEdit, QWidget
from typing_extensions import override

from bpstudio.insight.typed_number import NumberError, echoed, read_number, read_whole, shortest
from ui import theme
from ui.language import tr
from ui.panels.form import restyle
from ui.panels.plain import plain


class TypedField(QLineEdit):
    """A line that keeps Esc and its own undo while something unfinished stands in it, and leaves both to the
    application when nothing does.
    """

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(64, super().minimumSizeHint().height())

    @override
    def event(self, event: QEvent | None) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            if event.key() == Qt.Key.Key_Escape and self.isModified():
                event.accept()
                return True
            is_undo = event.matches(QKeySequence.StandardKey.Undo) or event.matches(QKeySequence.StandardKey.Redo)
            if is_undo and not self.isModified():
                event.ignore()
                return False
        return super().event(event)


class NumberField(TypedField):
    """A line for one number.

    `commit(value)` takes a good number; it may raise ValueError, which `explain` puts into words that then stand beside
    the field. `say(text, kind)` shows a text beside the field: kind "echo" for what was understood, "error" for what is
    wrong, "" for none. The field itself owns nothing: `show_value` says what is true, and only `commit` changes it.
    """

    def __init__(
        self,
        commit: Callable[[float], object],
        say: Callable[[str, str], None],
        *,
        whole: bool = False,
        words: Mapping[str, float] | None = None,
        display: Callable[[float], str] | None = None,
        explain: Callable[[Exception], str] = plain,
        parent: QWidget | None = None,
    ) -> None:
        """`words` are texts that stand for a number ("full" for 0); `display` writes the value while nobody types."""
        super().__init__(parent)
        self._commit = commit
        self._say = say
        self._whole = whole
        self.words = dict(words or {})
        self.display = display or shortest
        self._explain = explain
        self._value = 0.0
        self._asked_for = QSize()
        self.setInputMethodHints(Qt.InputMethodHint.ImhPreferNumbers | Qt.InputMethodHint.ImhNoPredictiveText)
        self.textEdited.connect(self._echo)
        self.editingFinished.connect(self._finish)

    @property
    def value(self) -> float:
        """The last good value."""
        return self._value

    def show_value(self, value: float) -> None:
        """Show what is true now. Quiet: never commits, and leaves alone what somebody is typing over the same value."""
        if value == self._value and self.isModified():
            return
        self._value = value
        self._rest()

    def read(self, text: str) -> float:
        """The number in `text` as this field reads it. Raises NumberError."""
        word = self.words.get(text.strip().lower())
        if word is not None:
            return word
        return read_whole(text) if self._whole else read_number(text)

    def refuse(self, message: str) -> None:
        """Show `message` as the reason why what stands here is not used."""
        restyle(self, "state", "error")
        self._say(message, "error")

    def _echo(self, text: str) -> None:
        if not text.strip():
            restyle(self, "state", "")
            self._say("", "")
            return
        try:
            value = self.read(text)
        except NumberError as error:
            self.refuse(plain(error))
            return
        restyle(self, "state", "")
        self._say(echoed(value), "echo")

    def _finish(self) -> None:
        if not self.isModified():
            return
        try:
            value = self.read(self.text())
            if value != self._value:
                self._commit(value)
        except (ValueError, OverflowError) as error:
            self._keep(self._explain(error))
        else:
            self._value = value
            self._rest()

    def _keep(self, reason: str) -> None:
        self.refuse(reason + " " + tr("Still {value}.", value=shortest(self._value)))

    def _rest(self) -> None:
        """Nobody is typing: the value in its own form, no message."""
        text = shortest(self._value) if self.hasFocus() else self.display(self._value)
        if self.text() != text or self.isModified():
            self.setText(text)  # also forgets the typing history, so that Ctrl+Z is the application's again
            if self.sizeHint() != self._asked_for:  # else the whole window would be laid out for every number
                self._asked_for = self.sizeHint()
                self.updateGeometry()
        self.setModified(False)
        self.setToolTip(repr(self._value) if self.display is shortest else self.display(self._value))
        restyle(self, "state", "")
        self._say("", "")

    @override
    def sizeHint(self) -> QSize:
        text = self.fontMetrics().horizontalAdvance(max(self.display(self._value), self.text(), key=len))
        px = theme.current().px
        return QSize(max(text + px(18), px(64)), super().sizeHint().height())

    @override
    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is not None and event.key() == Qt.Key.Key_Escape and self.isModified():
            self._rest()
            return
        super().keyPressEvent(event)
        # A line edit passes Return on; a card would fold and a dialog would press its first button.
        if event is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.accept()

    @override
    def focusInEvent(self, event: QFocusEvent | None) -> None:
        super().focusInEvent(event)
        if not self.isModified():
            self._rest()
            self.selectAll()

    @override
    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        super().focusOutEvent(event)
        if not self.isModified():
            self._rest()

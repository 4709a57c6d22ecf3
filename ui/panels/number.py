"""Numbers as people type them.

A learner copies 0,35 from a German sheet, 1/3 from a formula and 1e-3 from a paper, and each must mean what it says on
every computer. So nothing here asks the system's locale: dot and comma are both the decimal separator, and a number
with two separators is refused, because 1.234,5 and 1,234.5 cannot both be right. What was understood is said at once,
beside the field, before anything changes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping

from PyQt6.QtCore import QEvent, QSize, Qt
from PyQt6.QtGui import QFocusEvent, QKeyEvent, QKeySequence
from PyQt6.QtWidgets import QLineEdit, QWidget
from typing_extensions import override

from bpstudio.insight.notation import exponent
from ui import theme
from ui.language import tr
from ui.panels.form import restyle
from ui.panels.plain import PlainError, plain

# What an input method or a copied page writes instead of the ASCII sign. Superscripts are not here on purpose: 3² must
# not be read as 32.
_SIGNS = str.maketrans(
    {
        "\u2212": "-",
        "\uff0d": "-",
        "\uff0b": "+",
        "\uff0e": ".",
        "\u3002": ".",
        "\uff0c": ",",
        "\uff0f": "/",
        "\u2044": "/",
        "\u2215": "/",
        "\uff45": "e",
        "\uff25": "e",
        **{chr(0xFF10 + digit): str(digit) for digit in range(10)},
    }
)
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+[.,]?[0-9]*|[.,][0-9]+)(?:[eE][+-]?[0-9]+)?")
_LONGEST = 60


class NumberError(PlainError):
    """What is wrong with a typed number."""


def read_number(text: str) -> float:
    """The finite number that `text` writes.

    Reads 0.35 and 0,35, .5 and 5., 1e-3 and 1E-3, 1/3, a leading + or − (also U+2212) and full-width digits.

    Raises:
        NumberError: for nothing, two separators (group separators are refused, never guessed), words, nan and inf,
            division by zero, and numbers that double precision cannot hold.
    """
    plain = text.strip().translate(_SIGNS)
    if not plain:
        raise NumberError("Type a number.")
    if len(plain) > _LONGEST:
        raise NumberError("{count} characters are too many for one number.", count=len(plain))
    parts = plain.split("/")
    if len(parts) == 1:
        return _read_decimal(plain, text.strip())
    if len(parts) > 2:
        raise NumberError("“{text}” has more than one fraction bar.", text=text.strip())
    above, below = (_read_decimal(part.strip(), part.strip()) for part in parts)
    if below == 0:
        raise NumberError("Division by zero: “{text}” is not a number.", text=text.strip())
    return _finite(above / below, text.strip(), above != 0)


def read_whole(text: str) -> int:
    """The whole number that `text` writes; 1e3 is 1000 and 4,0 is 4. Raises NumberError."""
    value = read_number(text)
    if value != int(value):
        bare = re.fullmatch(r"\s*([0-9]{1,3})[.,]([0-9]{3})\s*", text)
        if bare is not None:
            whole = bare[1] + bare[2]
            raise NumberError("“{text}” is read as {value}. Write {whole} without a separator.", text=text.strip(),
                              value=shortest(value), whole=whole)  # fmt: skip
        raise NumberError("{value} is not a whole number.", value=shortest(value))
    return int(value)


def shortest(value: float) -> str:
    """The shortest text that reads back as the same number: 0.5, 1e-7, 12."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value)) if value else "0"
    return exponent(repr(float(value)))


def echoed(value: float) -> str:
    """What was understood, to nine digits: "= 0.333333333"."""
    return "= " + exponent(f"{value:.9g}")


def _read_decimal(plain: str, text: str) -> float:
    if re.search(r"[0-9][\s_'’\u00a0\u202f]+[0-9]", plain) or len(re.findall(r"[.,]", plain)) > 1:
        raise NumberError(
            "“{text}” has group separators. Write one decimal separator and nothing else, such as {example}.",
            text=text,
            example=_ungrouped(plain),
        )
    if re.fullmatch(r"[+-]?\s*(nan|inf|infinity|∞)", plain, re.IGNORECASE):
        raise NumberError("“{text}” is not a finite number.", text=text)
    if _DECIMAL.fullmatch(plain) is None:
        raise NumberError("“{text}” is not a number. Examples: 0.35, 0,35, 1/3, 1e-3.", text=text)
    mantissa = re.split(r"[eE]", plain)[0]
    return _finite(float(plain.replace(",", ".")), text, any(digit in "123456789" for digit in mantissa))


def _ungrouped(plain: str) -> str:
    """What was probably meant, as an example only: a separator that comes twice groups, else the last one decides."""
    digits = re.sub(r"[^0-9.,]", "", plain)
    if len(re.findall(r"[.,]", digits)) > 1 and len(set(re.findall(r"[.,]", digits))) == 1:
        return re.sub(r"[.,]", "", digits)
    head, separator, tail = digits.replace(",", ".").rpartition(".")
    return head.replace(".", "") + separator + tail


def _finite(value: float, text: str, is_nonzero: bool) -> float:
    if not math.isfinite(value):
        raise NumberError("“{text}” is too large: double precision ends at 1.8e308.", text=text)
    if value == 0 and is_nonzero:
        raise NumberError("“{text}” is too small: double precision ends at 5e-324.", text=text)
    return value


class NumberField(QLineEdit):
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

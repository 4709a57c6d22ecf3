"""A person's own activation function: a line to type it in, its picture, and what the examination says.

Nothing typed here is used before it has been read, drawn and examined: poles are refused, f′ is compared with
differences of f, and only then the button works.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress

from PyQt6.QtCore import QCoreApplication, QEvent, Qt
from PyQt6.QtGui import QColor, QInputMethodEvent, QKeyEvent, QTextCharFormat, QTextFormat
from PyQt6.QtWidgets import QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget
from typing_extensions import override

from bpstudio.insight.notation import number, rough
from bpstudio.maths.formula import FUNCTIONS, FormulaError
from bpstudio.maths.formula_check import FormulaCheck, check, sampled
from ui import theme
from ui.language import tr, translatable
from ui.later import after_painting
from ui.panels.form import Message, restyle
from ui.panels.number import TypedField
from ui.panels.plain import plain
from ui.panels.small_curve import SmallCurve

FIRST = "z / (1 + abs(z))"
"""What stands in the line before anything is typed: softsign, which no list of names has here."""

_REACH, _POINTS = 6.0, 241
_MOST_NAMED = 4

#: What the engine says of a formula; the sentences are templates there.
SENTENCES = (
    translatable("expected at most {most} characters"),
    translatable("expected at most {most} brackets and signs within one another"),
    translatable("expected at most {most} operations"),
    translatable("expected z somewhere in the formula"),
    translatable("expected a number, z, a function or an opening bracket"),
    translatable("expected an operator such as + or * or a closing bracket"),
    translatable("expected an operator such as + or * or the end"),
    translatable("expected an opening bracket after {name}"),
    translatable("expected a comma: {name} takes {count} arguments"),
    translatable("expected a closing bracket: {name} takes {count} arguments"),
    translatable("expected a comparison such as z < 0"),
    translatable("expected a point before decimals, as in 0.5"),
    translatable("{name} is not known; known are {known}"),
    translatable("{character} has no meaning here"),
    translatable("{number} is too large"),
    translatable("{function} is not finite at z = {z}"),
    translatable("f has a pole at z = {z}"),
    translatable("f′ grows without end at z = {z}"),
    translatable("f′ does not agree with differences of f at z = {z}"),
    translatable("f changes too fast to be checked by differences, as at z = {z}"),
)


class FormulaField(TypedField):
    """A line that marks what is wrong in it. Return accepts; Esc gives up."""

    def __init__(self, accept: Callable[[], None], give_up: Callable[[], None]) -> None:
        super().__init__()
        self._accept, self._give_up = accept, give_up
        self.setInputMethodHints(Qt.InputMethodHint.ImhNoPredictiveText | Qt.InputMethodHint.ImhNoAutoUppercase)

    def mark(self, position: int | None) -> None:
        """Show the word or the sign at `position` as the wrong one; None takes the mark away."""
        formats: list[QInputMethodEvent.Attribute] = []
        if position is not None:
            look, wrong = theme.current(), QTextCharFormat()
            wrong.setForeground(QColor(look.error))
            wrong.setBackground(QColor(look.error_background))
            wrong.setFontUnderline(True)
            # The end of the text has no character; then it is the last one. A line edit paints what an input method
            # asks for, and has no other way of giving a character another look; it wants the plain QTextFormat.
            start = min(position, max(len(self.text()) - 1, 0)) - self.cursorPosition()
            kind = QInputMethodEvent.AttributeType.TextFormat
            word = re.match(r"\w+", self.text()[position:])
            length = len(word.group()) if word is not None else 1
            formats = [QInputMethodEvent.Attribute(kind, start, length, QTextFormat(wrong))]
        QCoreApplication.sendEvent(self, QInputMethodEvent("", formats))

    @override
    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._accept()
            event.accept()
            return
        if event is not None and event.key() == Qt.Key.Key_Escape and self.isModified():
            self._give_up()
            event.accept()
            return
        super().keyPressEvent(event)


class FormulaForm(QWidget):
    """The line, the picture under it, the verdict, and the button that takes the formula over."""

    def __init__(self, use: Callable[[str], None], give_up: Callable[[], None], parent: QWidget | None = None) -> None:
        """`use(formula)` takes a good formula and may raise ValueError; `give_up` goes back to what was."""
        super().__init__(parent)
        self._use = use
        self._in_use = ""
        self.found: FormulaCheck | None = None
        self.field = FormulaField(self._accept, give_up)
        self.curve = SmallCurve()
        self.verdict = Message()
        self.accept, self.cancel = QPushButton(), QPushButton()
        self.accept.setProperty("role", "primary")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        buttons = QHBoxLayout()
        buttons.setSpacing(4)
        buttons.addWidget(self.accept)
        buttons.addWidget(self.cancel)
        buttons.addStretch(1)
        for widget in (self.field, self.curve, self.verdict):
            column.addWidget(widget)
        column.addLayout(buttons)
        self.field.textEdited.connect(self._examine)
        self.accept.clicked.connect(self._accept)
        self.cancel.clicked.connect(give_up)

    def show_formula(self, formula: str, in_use: bool) -> None:
        """Show a formula; leaves alone what somebody is typing over the same one."""
        present = formula if in_use else ""
        if self.field.isModified() and present == self._in_use:
            return
        self._in_use = present
        if self.field.text() != formula:
            self.field.setText(formula)
        self.field.setModified(False)
        self._examine()

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        self.accept.setText(tr("Use it"))
        self.cancel.setText(tr("Cancel"))
        self.field.setAccessibleName(tr("Formula of f(z)"))
        self.field.setToolTip(
            tr(
                "Your own f(z), in z, numbers, + − * / ^ and brackets, pi, e, and {functions}. where(z < 0, a, b) "
                "takes a or b.",
                functions=", ".join(name for name in FUNCTIONS if name != "where"),
            )
        )
        self.curve.setToolTip(tr("f over z, and dashed its slope f′"))
        self._examine()

    def reveal(self) -> None:
        """Scroll to the line and what stands under it, as soon as they have their places."""
        self.field.setFocus()
        self.field.selectAll()
        after_painting(self)

    @override
    def customEvent(self, a0: QEvent | None) -> None:
        area = self.parentWidget()
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        if isinstance(area, QScrollArea) and self.isVisible():
            for widget in (self.accept, self.verdict, self.field):  # the line itself is seen in any case
                area.ensureWidgetVisible(widget, 0, 8)

    @property
    def can_be_used(self) -> bool:
        """Whether a good formula stands here that is not the one in use."""
        return self.found is not None and self.found.text != self._in_use

    def _examine(self) -> None:
        text = self.field.text()
        self.found = None
        with suppress(FormulaError):  # said below; the last picture stays
            self.curve.show_curve(*sampled(text, -_REACH, _REACH, _POINTS))
        try:
            self.found = check(text)
        except FormulaError as error:
            self.verdict.say(plain(error), "error")
            self.field.mark(error.position)
        else:
            self.verdict.say(verdict(self.found), "good")
            self.field.mark(None)
        restyle(self.field, "state", "" if self.found is not None else "error")
        self.accept.setEnabled(self.found is not None)
        for button in (self.accept, self.cancel):
            button.setVisible(not self._in_use or text != self._in_use)

    def _accept(self) -> None:
        if self.found is None:
            return
        if not self.can_be_used:
            self.field.setText(self._in_use)
            self.field.setModified(False)
            self._examine()
            return
        try:
            self._use(self.found.text)
        except ValueError as error:
            self.verdict.say(plain(error), "error")
        else:
            self.field.setModified(False)


def verdict(found: FormulaCheck) -> str:
    """What the examination of a good formula found."""
    said = [tr("f′ agrees with differences of f at {count:,} places.", count=found.points)]
    if found.worst:
        said = [
            tr(
                "f′ agrees with differences of f at {count:,} places, to {worst}.",
                count=found.points,
                worst=rough(found.worst),
            )
        ]
    for places, words in (
        (found.kinks, translatable("f′ jumps at z = {places}.")),
        (found.jumps, translatable("f itself jumps at z = {places}.")),
    ):
        if places:
            named = ", ".join(number(float(f"{z:.4g}")) for z in places[:_MOST_NAMED])
            said.append(tr(words, places=f"{named}, …" if len(places) > _MOST_NAMED else named))
    if found.max_slope == 0:
        said.append(tr("Its slope is 0 everywhere: nothing can be learned through it."))
    return " ".join(said)

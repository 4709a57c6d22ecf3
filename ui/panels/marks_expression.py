"""A typed condition over the numbers of a step: what is wrong is marked where it stands, and names are offered."""

from __future__ import annotations

import re
from collections.abc import Callable

from PyQt6.QtCore import QModelIndex, QStringListModel, Qt
from PyQt6.QtWidgets import QCompleter, QVBoxLayout, QWidget
from typing_extensions import override

from bpstudio.training.expression import FUNCTIONS, ExpressionError, known_columns, parse, written
from ui.language import tr, translatable
from ui.panels.form import Message, restyle
from ui.panels.formula_form import FormulaField

EXAMPLE = "loss < 0.1 and step > 100"

SENTENCES = (
    translatable("expected at most {most} characters"),
    translatable("expected at most {most} brackets and signs within one another"),
    translatable("expected at most {most} operations"),
    translatable("expected a point before decimals, as in 0.5"),
    translatable("expected two equals signs to compare, as in step == 100"),
    translatable("expected an operator such as < or + or and, or the end"),
    translatable("expected a comparison such as loss < 0.1"),
    translatable("expected a comparison such as loss < 0.1, not a number"),
    translatable("expected a number, not a comparison"),
    translatable("expected a number, a column such as loss, a function or an opening bracket"),
    translatable("expected an operator such as < or + or a closing bracket"),
    translatable("expected an opening bracket after {name}"),
    translatable("expected a comma: {name} takes two numbers or more"),
    translatable("expected a closing bracket: {name} takes one number"),
    translatable("expected no layer: {name} is about the whole network"),
    translatable("expected a layer after {name}, as in {name}[1]"),
    translatable("expected the number of a layer, counted from 1"),
    translatable("expected the number of a layer, 1 to {most}"),
    translatable("expected a closing bracket ] after the number of the layer"),
    translatable("{name} is not known; did you mean {near}?"),
    translatable("{name} is not known; known are {known}"),
    translatable("{character} has no meaning here"),
    translatable("{number} is too large"),
)
"""What the reader of expressions says; the sentences are templates there."""


_LAST_WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9]*\[?$")


class ExpressionField(QWidget):
    """The line and what is said of it. `changed()` is told of every change; Return accepts, Esc gives up."""

    def __init__(
        self,
        changed: Callable[[], object],
        accept: Callable[[], None],
        leave: Callable[[], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._layers = 0
        self.field = FormulaField(accept, leave)
        self._names = _Names(self.field)
        self.field.setCompleter(self._names)
        self.field.setProperty("letters", "digits")
        self.message = Message()
        self.field.textChanged.connect(lambda _: changed())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addWidget(self.field)
        column.addWidget(self.message)

    def read(self, layers: int) -> str:
        """The expression, read for a network of so many layers. Raises ValueError; what is wrong is marked."""
        if layers != self._layers:
            self._layers = layers
            names = [written(column) for column in known_columns(layers)]
            self._names.names.setStringList([*names, *(f"{name}(" for name in FUNCTIONS)])
        text = self.field.text().strip()
        try:
            tree = parse(self.field.text(), known_columns(layers))
        except ExpressionError as error:
            if text:
                self.message.say(said(error), "error")
                self.field.mark(error.position)
            else:
                self.message.say(tr("Compare numbers of the step, as in {example}", example=EXAMPLE), "echo")
                self.field.mark(None)
            restyle(self.field, "state", "error" if text else "")
            raise
        self.field.mark(None)
        restyle(self.field, "state", "")
        named = ", ".join(written(name) for name in tree.columns)
        if named:
            self.message.say(tr("Looks at {names}.", names=named), "good")
        else:
            self.message.say(tr("It is about no number of the step, so it never changes."), "warning")
        return text

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        self.field.setPlaceholderText(EXAMPLE)
        self.field.setAccessibleName(tr("Expression"))
        self.field.setToolTip(
            tr(
                "Numbers of a step: {names}; compare them with < <= > >= == !=, join with and, or, not. "
                "norm[2] is of layer 2. Functions: {functions}.",
                names=", ".join(written(column) for column in known_columns(1)),
                functions=", ".join(FUNCTIONS),
            )
        )


class _Names(QCompleter):
    """Completes the word at the end of a line, and leaves what stands before it."""

    def __init__(self, line: FormulaField) -> None:
        self.names = QStringListModel(line)
        super().__init__(self.names, line)
        self._line = line
        self.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)

    @override
    def pathFromIndex(self, index: QModelIndex) -> str:
        return _LAST_WORD.sub("", self._line.text()) + super().pathFromIndex(index)

    @override
    def splitPath(self, path: str | None) -> list[str]:
        found = _LAST_WORD.search(path or "")
        # Without a word nothing is offered: no name begins with a space.
        return [found.group() if found is not None else " "]


def said(error: ExpressionError) -> str:
    """What is wrong with an expression, where, and what stands there instead."""
    words = tr(error.sentence, **error.values)
    if error.found:
        words = tr("{said}, not “{found}”", said=words, found=error.found)
    elif error.found is not None:
        words = tr("{said}, but the expression ends here", said=words)
    return tr("Character {place}: {said}", place=error.position + 1, said=words)

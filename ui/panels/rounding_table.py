"""Student's rounding: the lines that lead to a number, exact and as they stand when every line is rounded.

A row leads to its beat; what is selected is copied as it stands, with tabs, for a spreadsheet.
"""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QEvent, Qt
from PyQt6.QtWidgets import QHBoxLayout, QPushButton, QSpinBox, QVBoxLayout, QWidget
from typing_extensions import override

from bpstudio.insight.notation import exact, number, rough
from bpstudio.insight.rounding import Mode, RoundedLine, Rounding
from ui.beside import Words
from ui.focus import Focus
from ui.language import tr, translatable
from ui.panels.form import Choice, Message
from ui.panels.judging import RoundByHand
from ui.panels.lines_table import LinesTable, Row
from ui.panels.plain import plain
from ui.runner import Runner
from ui.threads import Progress

FEWEST, MOST = 2, 8
"""Digits to which one rounds by hand."""
_MORE = 3
"""So many digits more than the rounded number the exact one is shown with; it is copied with all."""
_SHORT = 5
"""Beside longer numbers the drift has one figure, so that it is seen without scrolling."""
_LARGE = 1e9
"""From here on nobody writes a number out."""
COLUMNS = (translatable("line"), translatable("exact"), translatable("rounded"), translatable("drift"))


def digits_of(line: RoundedLine, mode: Mode, count: int) -> str:
    """The rounded number with the digits that a hand would write: 0.0004 of 4 decimals, not 4e-4."""
    if mode == "decimals" and abs(line.rounded) < _LARGE:
        return f"{line.rounded + 0.0:.{count}f}".replace("-", "−")
    if mode == "decimals":
        return number(line.rounded, count)
    return number(float(f"{line.rounded:.{count}g}"), 12)


def row_of(line: RoundedLine, rounding: Rounding, digits: int) -> Row:
    """What the table shows and copies of a line."""
    written = digits_of(line, rounding.mode, rounding.count)
    digits = min(max(digits, 9), rounding.count + _MORE)
    is_none = abs(line.drift) <= 1e-14 * max(1.0, abs(line.exact))
    drift = "0" if is_none else rough(line.drift, 2 if rounding.count <= _SHORT else 1)
    cells = (line.symbol, number(line.exact, digits), written, drift)
    copied = (line.symbol, exact(line.exact), written.replace("−", "-"), exact(line.drift))
    return Row(cells, copied, line.address)


class RoundingTable(QWidget):
    """A fold that says what comes out when every line is rounded to so many digits."""

    def __init__(self, runner: Runner, focus: Focus, go: Callable[[str], None], parent: QWidget | None = None) -> None:
        """`go` is called with the address of a line that somebody clicked."""
        super().__init__(parent)
        self._runner, self._focus = runner, focus
        self._asked: RoundByHand | None = None
        self._rounding: Rounding | None = None
        self._about: Callable[[Mode, int], RoundByHand] | None = None
        self._touched = False
        self.heading = QPushButton()
        self.heading.setFlat(True)
        self.heading.setCheckable(True)
        self.heading.setProperty("role", "heading")
        self.heading.setCursor(Qt.CursorShape.PointingHandCursor)
        self.heading.toggled.connect(self._fold)
        self._to = Words("secondary")
        self.count = QSpinBox()
        self.count.setRange(FEWEST, MOST)
        self.count.setValue(4)
        self.count.valueChanged.connect(self._chosen)
        self.mode = Choice()
        self.mode.activated.connect(self._chosen)
        self._result = Words("")
        self._message = Message()
        self.table = LinesTable(COLUMNS, go, self)
        self._copy = QPushButton()
        self._copy.clicked.connect(lambda _: self.table.copy())
        self._body = QWidget()
        controls = QHBoxLayout()
        controls.setSpacing(6)
        controls.addWidget(self._to)
        controls.addWidget(self.count)
        controls.addWidget(self.mode)
        controls.addStretch(1)
        inner = QVBoxLayout(self._body)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(6)
        inner.addLayout(controls)
        for widget in (self._result, self._message, self.table):
            inner.addWidget(widget)
        inner.addWidget(self._copy, 0, Qt.AlignmentFlag.AlignRight)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.heading)
        column.addWidget(self._body)
        self._body.hide()
        runner.answered.connect(self._answered)
        self.retranslate()

    def ask_about(self, question: Callable[[Mode, int], RoundByHand], decimals: int | None = None) -> None:
        """Be about another number from now on: `question` asks about it. `decimals` is how a typed number was
        rounded; it is taken over until somebody chooses another rounding.
        """
        self._about = question
        if decimals is not None and FEWEST <= decimals <= MOST and not self._touched:
            self.count.blockSignals(True)
            self.count.setValue(decimals)
            self.count.blockSignals(False)
        self._ask()

    def _chosen(self, _: object = None) -> None:
        self._touched = True
        self._ask()

    def _ask(self) -> None:
        if self._about is None or not self.heading.isChecked():
            return
        question = self._about(self.mode.currentData() or "decimals", self.count.value())
        if self._asked is None or not question.is_same(self._asked):
            self._asked = question
            self._runner.ask(question)

    def _fold(self, is_open: bool) -> None:
        self._body.setVisible(is_open)
        self._name_heading()
        self._ask()

    def _answered(self, question: object, answer: object) -> None:
        if question is not self._asked or isinstance(answer, Progress):
            return
        self._rounding = answer if isinstance(answer, Rounding) else None
        self._message.say(plain(answer) if isinstance(answer, Exception) else "", "error")
        for widget in (self._result, self.table, self._copy):
            widget.setVisible(self._rounding is not None)
        if self._rounding is not None:
            self._show(self._rounding)

    def _show(self, rounding: Rounding) -> None:
        last, digits = rounding.lines[-1], self._focus.digits
        self.table.show_rows([row_of(line, rounding, digits) for line in rounding.lines])
        written = digits_of(last, rounding.mode, rounding.count)
        said = tr(
            "Rounded in every line: {symbol} = {rounded}; without rounding {exact}.",
            symbol=last.symbol,
            rounded=written,
            exact=number(last.exact, digits),
        )
        if not rounding.complete:
            said += " " + tr("Only the lines that it needs most are listed.")
        self._result.setText(said)

    def _name_heading(self) -> None:
        self.heading.setText(("▾ " if self.heading.isChecked() else "▸ ") + tr("Rounded by hand"))

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        self._name_heading()
        explanation = tr(
            "The step worked out again with every line rounded, as on paper: so you see whether your number is right "
            "and only rounded, and where it drifts."
        )
        self.heading.setToolTip(explanation)
        self.setWhatsThis(explanation)
        self._to.setText(tr("every line to"))
        self.count.setAccessibleName(tr("digits"))
        self.mode.offer([("decimals", tr("decimals")), ("figures", tr("figures"))])
        self.mode.show_value(self.mode.currentData() or "decimals")
        self.mode.setAccessibleName(tr("decimals or figures"))
        self._copy.setText(tr("Copy the table"))
        self.table.setAccessibleName(tr("Lines, exact and rounded; Enter goes to the line"))
        self.table.setToolTip(tr("A click goes to the line."))
        if self._rounding is not None:
            self._show(self._rounding)

    @override
    def changeEvent(self, a0: QEvent | None) -> None:
        if a0 is not None and a0.type() in (QEvent.Type.LanguageChange, QEvent.Type.PaletteChange):
            self.retranslate()
        super().changeEvent(a0)

"""The numerical check of the derivative that is explained: one line, found out beside the training; and on a click
how its error depends on ε.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PyQt6.QtCore import QEvent, Qt
from PyQt6.QtWidgets import QVBoxLayout, QWidget
from typing_extensions import override

from bpstudio.insight.elements import Edge
from bpstudio.insight.gradcheck import (
    AGREES,
    KINK,
    SEQUENTIAL,
    SPARSE,
    ErrorCurve,
    GradientCheck,
    check,
    error_curve,
)
from bpstudio.insight.notation import number, rough
from bpstudio.training.frame import Frame
from ui.beside import Beside, Link, Words
from ui.focus import Focus
from ui.language import tr
from ui.panels.cost_along import CostAlong
from ui.panels.error_plot import ErrorPlot
from ui.panels.form import restyle
from ui.panels.plain import plain
from ui.runner import Runner
from ui.threads import Progress


@dataclass(frozen=True, eq=False)
class Check:
    """The numerical check of one derivative, asked beside the training."""

    frame: Frame
    edge: Edge
    kind: str = "check of the selected derivative"

    def answer(self, progress: Callable[[float], None]) -> GradientCheck:
        """Central differences of the very objective that the step differentiates."""
        return check(self.frame, self.edge)


@dataclass(frozen=True, eq=False)
class CurveOf:
    """How the error of the check of one derivative depends on ε, asked beside the training."""

    frame: Frame
    edge: Edge
    kind: str = "error curve of the selected derivative"

    def answer(self, progress: Callable[[float], None]) -> ErrorCurve:
        """The errors of simple central differences over a range of ε."""
        return error_curve(self.frame, self.edge)


class NumericalCheck(QWidget):
    """Says whether a central difference agrees with the derivative of `ask`; hidden while nothing is asked.

    The curve of its error over ε unfolds on a click and stays unfolded.
    """

    def __init__(self, runner: Runner, focus: Focus, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runner, self._focus = runner, focus
        self._asked: tuple[Frame, Edge] | None = None
        self.more, self._value = Link(self._unfold), Words("good")
        self._value.setProperty("letters", "digits")
        self._value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.plot = ErrorPlot()
        self.plot.hide()
        self._plotted: tuple[Frame, Edge] | None = None
        line = QWidget()
        Beside(line, self.more, self._value)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(line)
        column.addWidget(self.plot)
        self.cost = CostAlong(runner)
        runner.answered.connect(self._answered)
        self.retranslate()
        self.hide()

    def ask(self, frame: Frame, edge: Edge) -> None:
        """Check the derivative of an edge; what is known already is not asked again."""
        self.show()
        if self._asked is not None and self._asked[0] is frame and self._asked[1] == edge:
            return
        self._asked = (frame, edge)
        self._say("…", "good")
        self._runner.ask(Check(frame, edge))
        self._plot()
        self.cost.ask(frame, edge)

    def _unfold(self) -> None:
        self.plot.setVisible(self.plot.isHidden())
        self.retranslate()
        self._plot()

    def _plot(self) -> None:
        """Ask for the curve of what is explained, where it is looked at."""
        if self.plot.isHidden() or self._asked is None:
            return
        before = self._plotted
        if before is not None and before[0] is self._asked[0] and before[1] == self._asked[1]:
            return
        self._plotted = self._asked
        self.plot.show_curve(None)
        self._runner.ask(CurveOf(*self._asked))

    @override
    def setVisible(self, visible: bool) -> None:
        """Show or hide it, and with it the cost over the weight, which stands elsewhere."""
        super().setVisible(visible)
        if self.cost.parent() is not None:
            self.cost.setVisible(visible)

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        self.more.setText(tr("numerical check") + (" …" if self.plot.isHidden() else " ▾"))
        tips = tr("Central difference of the objective at this parameter."), tr("A click shows its error over ε.")
        self.more.setToolTip("\n".join(tips))

    def _answered(self, question: object, answer: object) -> None:
        if isinstance(question, CurveOf) and isinstance(answer, ErrorCurve):
            if self._plotted is not None and self._plotted[0] is question.frame and self._plotted[1] == question.edge:
                self.plot.show_curve(answer)
            return
        if not isinstance(question, Check) or self._asked is None or isinstance(answer, Progress):
            return
        if question.frame is not self._asked[0] or question.edge != self._asked[1]:
            return
        if not isinstance(answer, GradientCheck):
            self._say(plain(answer) if isinstance(answer, Exception) else str(answer), "warning")
            return
        verdict, numeric = answer.verdicts[0], number(float(answer.numeric[0]), self._focus.digits)
        if verdict == AGREES:
            self._say(f"{numeric} ✓", "good")
        elif verdict == KINK:
            self._say(tr("{value} (a kink lies here)", value=numeric), "warning")
        elif verdict == SEQUENTIAL:
            self._say(tr("{value} (sequential order is the gradient of nothing)", value=numeric), "warning")
        elif verdict == SPARSE:
            self._say(tr("{value} (running-mean sparsity is the gradient of nothing)", value=numeric), "warning")
        else:
            self._say(tr("{value} ✕ differs by {error}", value=numeric, error=rough(answer.worst, 2)), "error")

    def _say(self, text: str, role: str) -> None:
        self._value.setText(text)
        restyle(self._value, "role", role)

    @override
    def changeEvent(self, a0: QEvent | None) -> None:
        if a0 is not None and a0.type() in (QEvent.Type.LanguageChange, QEvent.Type.PaletteChange):
            self.retranslate()
        super().changeEvent(a0)

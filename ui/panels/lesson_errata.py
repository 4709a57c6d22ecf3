"""Errata of a lesson: what is printed, what is true, and the digits that show it.

The digits are computed beside the training, from the lesson as its file has it, whatever the run on the screen is; and
pressing one leads the run to the place where it can be seen. They are computed when somebody looks at them first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PyQt6.QtGui import QPaintEvent
from PyQt6.QtWidgets import QFrame, QLabel, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from bpstudio.files import errata
from bpstudio.files.errata import Erratum, Evidence
from bpstudio.files.lesson import Lesson
from bpstudio.files.wording import Wording
from bpstudio.training.frame import Frame
from ui import language
from ui.language import tr
from ui.panels.lesson_digits import Digit
from ui.panels.lesson_rows import SMALL, Prose
from ui.threads import Question

Found = dict[tuple[str, int], Frame]


@dataclass(frozen=True, eq=False)
class Examine:
    """Compute what the errata of a lesson claim."""

    lesson: Lesson
    kind: str = "errata"

    def answer(self, progress: Callable[[float], None]) -> Found:
        return errata.frames(self.lesson, self.lesson.errata, progress)


class ErratumCard(QFrame):
    """One erratum: the printed claim, the truth, the source, and the evidence with its marks."""

    def __init__(self, erratum: Erratum, go: Callable[[Evidence], object], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.erratum = erratum
        self.setProperty("role", "erratum")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._printed_name, self._truth_name = QLabel(), QLabel()
        self.printed, self.truth, self.source = Prose(), Prose(), Prose("secondary", SMALL)
        for label, role in ((self._printed_name, "warning"), (self._truth_name, "good")):
            label.setProperty("role", role)
            label.setProperty("letters", "small")
        self.digits = [Digit(evidence.known, partial(go, evidence)) for evidence in erratum.evidence]
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 4, 4)
        column.setSpacing(2)
        self._truth_name.setContentsMargins(0, 6, 0, 0)
        for widget in (self._printed_name, self.printed, self.source, self._truth_name, self.truth, *self.digits):
            column.addWidget(widget)

    def retranslate(self) -> None:
        """Every text in the language and the look in use."""
        self._printed_name.setText("! " + tr("in print"))
        self._truth_name.setText("✓ " + tr("in truth"))
        self.printed.say(tr("“{claim}”", claim=_said(self.erratum.printed)))
        self.truth.say(_said(self.erratum.truth))
        self.source.say(_said(self.erratum.source))
        self.setAccessibleName(f"{tr('in print')}: {self.printed.plain}")
        self.setAccessibleDescription(f"{tr('in truth')}: {self.truth.plain}")
        for digit in self.digits:
            digit.retranslate()

    def show_found(self, found: Found) -> None:
        """Tick the evidence."""
        for digit, evidence in zip(self.digits, self.erratum.evidence, strict=True):
            digit.show_frame(found.get(evidence.place), True)


class Errata(QWidget):
    """All errata of the open lesson. `ask` computes beside the training; `go` leads to a piece of evidence."""

    def __init__(
        self,
        ask: Callable[[Question], None],
        go: Callable[[Evidence], object],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._ask, self._go = ask, go
        self._lesson: Lesson | None = None
        self._asked: Examine | None = None
        self.cards: list[ErratumCard] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)

    @property
    def present(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.cards)

    def show_lesson(self, lesson: Lesson | None) -> None:
        """Show the errata of this lesson; they are computed when they are seen."""
        if lesson is self._lesson:
            return
        self._lesson, self._asked = lesson, None
        for card in self.cards:
            card.hide()
            card.deleteLater()
        self.cards = [ErratumCard(erratum, self._go) for erratum in (lesson.errata if lesson is not None else ())]
        for card in self.cards:
            self._column.addWidget(card)
            card.retranslate()

    def show_answer(self, question: object, answer: object) -> None:
        """Take what was computed. Other people's questions and progress are passed over."""
        if question is self._asked and isinstance(answer, dict):
            for card in self.cards:
                card.show_found(answer)

    def retranslate(self) -> None:
        """Every text in the language and the look in use."""
        for card in self.cards:
            card.retranslate()

    @override
    def paintEvent(self, a0: QPaintEvent | None) -> None:
        super().paintEvent(a0)
        if self._asked is None and self._lesson is not None and self.cards:
            self._asked = Examine(self._lesson)
            self._ask(self._asked)


def _said(wording: Wording) -> str:
    return wording.within(language.current())

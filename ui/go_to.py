"""Go to a place by typing it: a weight, a unit, a step, an epoch, a row, a beat.

While somebody types, what it could become stands below; the arrow keys choose, Tab takes over, Enter goes there.
"""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, Qt
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QLabel, QWidget
from typing_extensions import override

from bpstudio.insight import places
from bpstudio.insight.notation import Letters, letters
from bpstudio.insight.places import Address, Beat, NoPlaceError, Place, Step, Suggestion, Whose
from bpstudio.insight.walk import Walk
from bpstudio.training.frame import Frame
from ui.focus import Focus
from ui.language import tr
from ui.navigation import Navigation
from ui.offers import Choosing
from ui.panels.plain import plain
from ui.runner import Runner

EXAMPLES = "w5 · w¹₁₁ · h1 · step 300 · epoch 3 · row 12 · backward/o1/delta"


class GoTo(Choosing):
    """What is typed is selected (a weight, a unit), sought (a step), shown (a row) or walked to (a beat)."""

    def __init__(self, focus: Focus, runner: Runner, navigation: Navigation, parent: QWidget) -> None:
        super().__init__(tr("Go to…"), EXAMPLES, 500, 320, parent)
        self._focus, self._runner, self._navigation = focus, runner, navigation
        words = QLabel(tr("A weight, a unit, a training step, an epoch, a row or a beat"))
        words.setWordWrap(True)
        self.problem = QLabel()
        self.problem.setProperty("role", "error")
        self.problem.setWordWrap(True)
        self.problem.hide()
        self.column.insertWidget(0, words)
        self.column.insertWidget(2, self.problem)
        self.setWhatsThis(tr("Type where you want to go; Tab takes over what is marked below, Enter goes there."))
        self.fill("")

    def answer(self, text: str) -> None:
        """Go where the text says. Raises ValueError that says what is wrong."""
        known = self._known()
        if known is None:
            return
        frame, walk, written = known
        self._go(places.find(text, frame, walk, written, self._focus.last))

    @override
    def fill(self, text: str) -> None:
        self.problem.hide()
        self.list.clear()
        known = self._known()
        for each in places.suggest(text, *known, self._focus.last) if known is not None else ():
            self.list.add(each.text, each.words.rendered(tr), each)

    @override
    def take(self) -> None:
        """Go to the marked place, else to what is typed; what is not there is said, and the dialog stays."""
        chosen = self.list.chosen
        if isinstance(chosen, Suggestion):
            self.line.setText(chosen.text)
            if not chosen.whole:
                return
        self.accept()

    @override
    def accept(self) -> None:
        try:
            self.answer(self.line.text().strip())
        except ValueError as error:
            said = error.words.rendered(tr) if isinstance(error, NoPlaceError) else plain(error)
            self.problem.setText(said)
            self.problem.show()
            return
        super().accept()

    def _known(self) -> tuple[Frame, Walk, Letters] | None:
        walk, frame = self._focus.walk, self._runner.frame
        if walk is None or frame is None:
            return None
        return frame, walk, letters(self._focus.notation, frame.experiment.network)

    def _go(self, place: Place) -> None:
        match place:
            case Step(number):
                self._navigation.train_until(number)
            case Beat(index):
                self._focus.set(playhead=index)
            case Address(text):
                walk = self._focus.walk
                grain = self._focus.grain if self._focus.grain != "step" else "edge"
                if walk is not None:
                    self._focus.set(grain=grain, playhead=walk.find(grain, text))
            case Whose(example):
                self._focus.set(example=example)
            case _:
                self._focus.set(selection=place)

    @override
    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        if isinstance(a1, QKeyEvent) and a1.type() == QEvent.Type.KeyPress and a1.key() == Qt.Key.Key_Tab:
            if self.list.currentItem() is None:
                self.list.choose(0)
            chosen = self.list.chosen
            if isinstance(chosen, Suggestion) and chosen.text != self.line.text():
                self.line.setText(chosen.text)
                return True
        return super().eventFilter(a0, a1)

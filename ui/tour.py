"""The first six steps: a strip above the canvas that says what to do next, and goes on when it is done.

It is never modal and acts on the real lesson: the window works as always while the strip is there. → goes on, Esc
closes it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PyQt6.QtCore import QEvent, QSettings
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLabel, QPushButton, QWidget
from typing_extensions import override

from ui import theme
from ui.focus import Focus
from ui.language import tr, translatable
from ui.runner import Progress, Question, Runner

SETTING = "tour/hidden"
ROOMY = 640
"""Pixels from which on the buttons stand beside the words, below that under them."""


@dataclass(frozen=True)
class Stop:
    """One sentence of the tour, and how one sees that it has been followed."""

    title: str
    text: str
    done: Callable[[Focus, Runner], bool]
    answer: str = ""
    """The kind of question whose answer is what the stop asks for."""


def _phase_end(focus: Focus, letter: str) -> int:
    walk = focus.walk
    ends = [last for phase, _, last in walk.phases(focus.grain) if phase == letter] if walk is not None else []
    return ends[0] if ends else 0


_ = translatable
STOPS = (
    Stop(
        _("This is a real network."),
        _("Circles are units, lines are weights. Dashed grey: not computed yet."),
        lambda focus, runner: focus.playhead > 0,
    ),
    Stop(
        _("Press →."),
        _("One number is computed; the right side shows how. ← takes it back."),
        lambda focus, runner: focus.playhead > 1,
    ),
    Stop(
        _("Press PgDn twice."),
        _("Forward is done; the loss is one number, {loss}."),
        lambda focus, runner: focus.grain != "step" and focus.playhead >= _phase_end(focus, "L") > 0,
    ),
    Stop(
        _("Now it runs backward."),
        _("Press → and watch δ travel. The stronger the colour, the more this weight changes the loss."),
        lambda focus, runner: focus.playhead >= _phase_end(focus, "L") + 5,
    ),
    Stop(
        _("Different from your sheet?"),
        _("Click a number and type yours under “your number”."),
        lambda focus, runner: False,
        answer="your number",
    ),
    Stop(
        _("Space lets it train."),
        _("Everything can be undone. Next: your exercise, your data, or the lessons."),
        lambda focus, runner: False,
    ),
)
"""At the last stop the grain becomes Step, because there Space trains; before, it plays beat after beat."""
del _


class Tour(QFrame):
    """The strip. `→` goes on from the first stop; the others go on when what they ask for has happened."""

    def __init__(self, focus: Focus, runner: Runner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "tour")
        self._focus = focus
        self._runner = runner
        self.stop = -1
        """Which stop is shown, from 0; −1: the tour is closed."""
        self.point: Callable[[], None] = lambda: None
        """Brings the field into view that the fifth stop speaks of."""
        self._selected = focus.selection
        self._count = QLabel()
        self._count.setProperty("role", "secondary")
        self._words = QLabel()
        self._words.setProperty("markup", True)
        self._words.setWordWrap(True)
        self._next = QPushButton()
        self._next.clicked.connect(self.advance)
        self._close = QPushButton()
        self._close.setProperty("role", "flat")
        self._close.clicked.connect(self.close_tour)
        self._never = QPushButton()
        self._never.setProperty("role", "link")
        self._never.clicked.connect(self._hide_for_good)
        self._halves = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._halves.setContentsMargins(14, 6, 10, 6)
        self._halves.setSpacing(6)
        said, buttons = QHBoxLayout(), QHBoxLayout()
        said.setSpacing(10)
        said.addWidget(self._count)
        said.addWidget(self._words, 1)
        buttons.addStretch(1)
        for button in (self._never, self._close, self._next):
            buttons.addWidget(button)
        self._halves.addLayout(said, 1)
        self._halves.addLayout(buttons)
        self.hide()
        focus.changed.connect(self._look)
        runner.frame_arrived.connect(self._look)
        runner.answered.connect(self._hear)

    @staticmethod
    def wanted() -> bool:
        """Whether nobody has said "don't show again"."""
        return not QSettings().value(SETTING, False, bool)

    def begin(self) -> None:
        """Show the first stop."""
        self.stop = 0
        self._say()

    def advance(self) -> None:
        """The next stop; after the last one the strip goes."""
        if self.stop < 0:
            return
        self.stop += 1
        if self.stop == len(STOPS):
            self.close_tour()
        else:
            self._say()

    def take_forward(self) -> bool:
        """Whether → belongs to the tour just now: on the first stop, which only has to be read."""
        if self.stop == 0:
            self.advance()
            return True
        return False

    def close_tour(self) -> bool:
        """Close the strip; whether it was open."""
        was_open = self.stop >= 0
        self.stop = -1
        self.hide()
        return was_open

    def _hide_for_good(self) -> None:
        QSettings().setValue(SETTING, True)
        self.close_tour()

    def _look(self, *_: object) -> None:
        """Go on as far as what was asked for has happened."""
        if self.stop >= 0:
            before = self.stop
            while self.stop < len(STOPS) - 1 and STOPS[self.stop].done(self._focus, self._runner):
                self.stop += 1
            if self.stop != before:
                self._say()
            if self._focus.selection != self._selected:
                self._selected = self._focus.selection
                if STOPS[self.stop].answer and self._selected is not None:
                    self.point()

    def _hear(self, question: Question, answer: object) -> None:
        """Go on when the answer is there that a stop asks for."""
        wanted = STOPS[self.stop].answer if self.stop >= 0 else ""
        if wanted and question.kind == wanted and not isinstance(answer, (Progress, Exception)):
            self.advance()

    def _say(self) -> None:
        stop = STOPS[self.stop]
        if self.stop == len(STOPS) - 1 and not self.isHidden() and self._focus.grain != "step":
            self._focus.set(grain="step")
        frame = self._runner.frame
        self._count.setText(f"{self.stop + 1} / {len(STOPS)}")
        loss = f"{frame.loss:.3f}" if frame is not None else "–"
        words = tr(stop.text, loss=loss) if "{loss}" in stop.text else tr(stop.text)
        self._words.setText(f"<b>{tr(stop.title)}</b> {words}")
        self._next.setText(tr("Next  →") if self.stop < len(STOPS) - 1 else tr("Done"))
        self._close.setText(tr("Close (Esc)"))
        self._never.setText(tr("Don't show again"))
        self.setMinimumWidth(1)
        self.show()

    @override
    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        beside = self.width() >= theme.current().px(ROOMY)
        self._halves.setDirection(QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom)

    @override
    def changeEvent(self, event: QEvent | None) -> None:
        if event is not None and event.type() == QEvent.Type.LanguageChange and self.stop >= 0:
            self._say()
        super().changeEvent(event)

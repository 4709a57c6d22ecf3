"""One line above the curves: how the run is doing, what follows from its numbers, and what can be done about it.

What it says is found beside the training, at most twice a second. A button begins again with one thing changed; that is
one edit, which undo takes back, and the curve of before stays as a ghost.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QRect, QSize, Qt, QTimer
from PyQt6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen, QResizeEvent, QShowEvent
from PyQt6.QtWidgets import QAbstractButton, QHBoxLayout, QPushButton, QSizePolicy, QWidget
from typing_extensions import override

from ui import theme
from ui.alarm import stopped_at
from ui.focus import Focus
from ui.language import tr, translatable
from ui.runner import Progress, Runner

if TYPE_CHECKING:
    from bpstudio.insight.notation import Notation
    from bpstudio.insight.remedies import Remedy
    from bpstudio.insight.signs import Finding
    from bpstudio.training.breakpoints import Hit
    from bpstudio.training.frame import Frame

EVERY = 0.5
"""Seconds between two examinations while training runs."""
REST_MS = 40
"""How long a frame at rest is painted in peace before it is examined."""
HEIGHT = 22
MOST = 2
"""Buttons."""
SIGNS = {"good": "✓", "stop": "●", "note": "i", "warning": "!", "error": "✕"}
FINE = translatable("Nothing unusual")
LOOKED_AT = translatable(
    "Looked at: numbers that are not finite, a loss no better than a constant answer, gradients that vanish from layer "
    "to layer, flat and dead units, columns far from 0, answers no better than the most frequent class. Most signs are "
    "told after 20 steps."
)
AGAIN = translatable("Begins again at step 0. Undo brings this run back; its curve stays as a ghost.")


@dataclass(frozen=True, eq=False)
class Examine:
    """What stands out most in this frame?"""

    frame: Frame
    notation: Notation | str
    kind: str = "health"

    def answer(self, progress: Callable[[float], None]) -> Examined:
        from bpstudio.insight.health import examine

        return Examined(examine(self.frame, self.notation))


@dataclass(frozen=True)
class Examined:
    """A finding, or None where nothing is unusual."""

    finding: Finding | None


class HealthLine(QWidget):
    """Sign, sentence, remedies. `keep` pins the curves before a remedy begins, `bring` shows a plot by its name."""

    def __init__(self, runner: Runner, focus: Focus, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runner, self._focus = runner, focus
        self.keep: Callable[[], object] = lambda: None
        self.bring: Callable[[str], object] = lambda plot: None
        self.go_on: Callable[[], object] = runner.play
        """Trains on from a breakpoint."""
        self.show_breakpoints: Callable[[], object] = lambda: None
        self.look: Callable[[Frame, Hit], object] = lambda frame, hit: None
        """Shows where a breakpoint was reached."""
        self._hit: Hit | None = None
        self._spelt: Notation | None = None
        self.finding: Finding | None = None
        """What is said now."""
        self._frame: Frame | None = None
        self._examined: Frame | None = None
        self._asking: Frame | None = None
        self._asked = 0.0
        self._notation: object = None
        self._clock = QTimer(self)
        self._clock.setSingleShot(True)
        self._clock.timeout.connect(self._ask)
        self.sentence = Sentence()
        self.sentence.clicked.connect(self.go)
        self.buttons = [QPushButton() for _ in range(MOST)]
        self._acts: list[Callable[[], object]] = []
        self._row = QHBoxLayout(self)
        self._row.addWidget(self.sentence, 1)
        for number, button in enumerate(self.buttons):
            button.setProperty("role", "remedy")
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.hide()
            button.clicked.connect(partial(self._act, number))
            self._row.addWidget(button)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        runner.answered.connect(self._answered)
        runner.frame_arrived.connect(self.show_frame)
        focus.changed.connect(self._look)
        self.retint()
        self.retranslate()

    def show_frame(self, frame: Frame) -> None:
        """Have a frame examined: at once when it diverged, soon when it is at rest, else when it is time."""
        self._frame = frame
        if frame.hit is not self._hit:
            self._hit = frame.hit
            self._say()
        if not self.isVisible() or self._asking is not None:
            return
        if frame.nonfinite is not None:
            self._ask()
        elif frame.run == "running":
            if time.perf_counter() - self._asked > EVERY:
                self._ask()
        elif not self._clock.isActive():
            self._clock.start(REST_MS)

    def go(self) -> None:
        """Look at what the sentence is about."""
        if self._hit is not None and self._frame is not None:
            self.look(self._frame, self._hit)
        elif self.finding is not None:
            self._focus.set(selection=self.finding.about)
            self.bring(self.finding.plot)

    def retranslate(self) -> None:
        """Say it in the language in use."""
        self.setAccessibleName(tr("Health of the run"))
        self.setWhatsThis(
            tr("What stands out most in this run, computed from its numbers. Click it to see what it is about.")
        )
        self._say()

    def retint(self) -> None:
        """Take the size of the text in use."""
        look = theme.current()
        self.setFixedHeight(look.px(HEIGHT))
        self._row.setContentsMargins(look.px(10), 1, look.px(6), 1)
        self._row.setSpacing(look.px(6))
        for button in self.buttons:
            button.setFont(look.font(12))
            button.setFixedHeight(look.px(HEIGHT) - 2)
        self.sentence.updateGeometry()

    def _ask(self) -> None:
        frame = self._frame
        if frame is None or (frame is self._examined and self._notation is self._focus.notation):
            return
        self._asked = time.perf_counter()
        self._asking, self._notation = frame, self._focus.notation
        self._runner.ask(Examine(frame, self._focus.notation))

    def _answered(self, question: object, answer: object) -> None:
        if not isinstance(question, Examine) or isinstance(answer, Progress):
            return
        self._examined, self._asking = question.frame, None
        found = answer.finding if isinstance(answer, Examined) else None
        if found != self.finding or (found is not None and found.kind == "nonfinite"):
            self.finding = found
            self._say()
        newest = self._frame
        if newest is not None and newest is not question.frame:
            self.show_frame(newest)

    def _say(self) -> None:
        """Show why training rests at a breakpoint, or else the finding."""
        found, frame = self.finding, self._frame
        if self._hit is not None and frame is not None:
            self._spelt = self._focus.notation
            words = stopped_at(frame, self._hit, self._focus)
            self.sentence.say("stop", words, words)
            found = None
        elif found is None:
            self.sentence.say("good", tr(FINE), tr(LOOKED_AT))
        else:
            words = found.words.rendered(tr)
            self.sentence.say(found.level, words, words)
        self._offer(found)

    def _offer(self, found: Finding | None) -> None:
        """Put what can be done on the buttons."""
        offers: list[tuple[str, str, Callable[[], object]]] = []
        frame = self._examined
        if self._hit is not None:
            offers.append((tr("Go on"), tr("Trains on from here"), self.go_on))
            offers.append((tr("Breakpoints…"), tr("Where training stops"), self.show_breakpoints))
        if found is not None and found.kind == "nonfinite" and frame is not None:
            if frame.step > frame.metrics.first:
                offers.append(
                    (tr("Step back"), tr("To the last finite step"), partial(self._runner.seek, frame.step - 1))
                )
            elif frame.undo is not None:
                offers.append((tr("Undo"), tr(frame.undo), self._runner.undo))
        for remedy in found.remedies if found is not None else ():
            words = remedy.words.rendered(tr)
            offers.append((words, f"{words}\n{tr(AGAIN)}", partial(self._begin, remedy)))
        del offers[MOST:]
        self._acts = [act for _, _, act in offers]
        for number, button in enumerate(self.buttons):
            shown = number < len(offers)
            if shown:
                button.setText(offers[number][0])
                button.setToolTip(offers[number][1])
                button.setAccessibleDescription(offers[number][1])
            if not shown and button.hasFocus():
                self.sentence.setFocus()
            if shown == button.isHidden():
                button.setVisible(shown)

    def _act(self, number: int) -> None:
        if number < len(self._acts):
            self._acts[number]()

    def _begin(self, remedy: Remedy) -> None:
        """Begin again with a remedy; what was running goes on running."""
        frame, examined = self._runner.frame, self._examined
        if frame is None or examined is None or frame.experiment != examined.experiment:
            return
        if frame.dataset.hash != examined.dataset.hash:
            return
        experiment, dataset, start = remedy.begin(frame)
        if self._runner.refuses(experiment, dataset):
            return
        playing = self._runner.playing
        self.keep()
        self._runner.restart(experiment, dataset, start, remedy.edit)
        if playing:
            self._runner.play()

    def _look(self) -> None:
        """Follow the names and letters that Focus chose."""
        if self._hit is not None and self._spelt is not self._focus.notation:
            self._say()
        if self._notation is not self._focus.notation and self._examined is not None and self.isVisible():
            self._clock.start(REST_MS)

    # ---- Qt

    @override
    def showEvent(self, a0: QShowEvent | None) -> None:
        super().showEvent(a0)
        if self._frame is not None:
            self.show_frame(self._frame)

    @override
    def changeEvent(self, a0: QEvent | None) -> None:
        if a0 is not None and a0.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        elif a0 is not None and a0.type() == QEvent.Type.PaletteChange:
            self.retint()
        super().changeEvent(a0)


class Sentence(QAbstractButton):
    """A sign and a sentence in one line, cut off with … where there is no room; a click leads to what it is about.

    It has the size that it is given: a new sentence never has the window laid out again.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.level = "good"
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the arrow keys to the network

    def say(self, level: str, words: str, more: str) -> None:
        """Show a sentence; `more` is its tip."""
        self.level = level
        self.setText(words)
        self.setToolTip(more)
        self.setAccessibleName(words)
        self.setCursor(Qt.CursorShape.ArrowCursor if level == "good" else Qt.CursorShape.PointingHandCursor)
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(theme.current().px(200), theme.current().px(HEIGHT) - 2)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(theme.current().px(120), theme.current().px(HEIGHT) - 2)

    @override
    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        super().resizeEvent(a0)
        self.update()

    @override
    def paintEvent(self, e: QPaintEvent | None) -> None:
        look = theme.current()
        painter = QPainter(self)
        color = {
            "good": look.good,
            "stop": look.accent,
            "note": look.text,
            "warning": look.warning,
            "error": look.error,
        }[self.level]
        bold, plain = look.font(12, bold=True), look.font(12)
        gap = look.px(18)
        inside = self.rect().adjusted(2, 0, -2, 0)
        painter.setFont(bold)
        painter.setPen(color)
        painter.drawText(QRect(inside.left(), 0, gap, self.height()), Qt.AlignmentFlag.AlignVCenter, SIGNS[self.level])
        painter.setFont(plain)
        painter.setPen(look.secondary if self.level == "good" else look.text)
        room = inside.adjusted(gap, 0, 0, 0)
        words = QFontMetrics(plain).elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, words)
        if self.hasFocus():
            painter.setPen(QPen(look.accent, 1))
            painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 4, 4)
        elif self.underMouse() and self.level != "good":
            width = QFontMetrics(plain).horizontalAdvance(words)
            painter.setPen(QPen(look.secondary, 1))
            y = room.center().y() + QFontMetrics(plain).ascent() // 2 + 2
            painter.drawLine(room.left(), y, room.left() + width, y)
        painter.end()

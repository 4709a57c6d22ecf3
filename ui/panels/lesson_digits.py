"""The digits that a lesson promises, and what the run gives where it stands.

Each promise is measured in the frame of its own step, by the same function that tests the lesson. It is ticked when the
walk has reached the beat that computes it, so a learner who goes on sees one number after the other agree; what the
page prints differently stands under the number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QRectF, Qt, QTimer
from PyQt6.QtGui import QFontMetricsF, QPainter
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from bpstudio.files.known import Known
from bpstudio.insight.typed_number import shortest
from bpstudio.training.frame import Frame
from ui import language, theme
from ui.language import tr
from ui.panels.form import restyle
from ui.panels.lesson_rows import Line

LONGEST_COLUMN = 4
"""A list of more numbers than this is written in lines."""
LATER_MS = 500
"""After so long the rows are made that nobody sees yet."""

Reached = Callable[[Known], bool]
"""Whether the walk has come to the beat that computes a promise."""


def written(known: Known, values: object = None, room: int | None = None) -> str:
    """The promised number, or `values` with as many digits: several under each other, a matrix in rows.

    Rows longer than `room` characters are broken, and stand in brackets then.
    """
    array = np.asarray(known.value if values is None else values, dtype=np.float64)
    sign = {"above": "> ", "below": "< "}[known.relation] if known.relation != "equal" and values is None else ""
    rows = _rows(array)
    texts = [[sign + _one(value, known.decimals) for value in row] for row in rows]
    width = max((len(text) for row in texts for text in row), default=0)
    longest = max((len(row) for row in texts), default=0)
    if room is None or longest == 1 or longest * (width + 2) - 2 <= room:
        return "\n".join("  ".join(text.rjust(width) for text in row) for row in texts)
    fitting = max(room // (width + 2), 1)  # the brackets take the place of the last gap
    return "\n".join(_broken([text.rjust(width) for text in row], fitting) for row in texts)


def _broken(row: list[str], fitting: int) -> str:
    """A row in several lines of at most so many numbers, as even as can be."""
    fitting = -(-len(row) // -(-len(row) // fitting))
    lines = ["  ".join(row[start : start + fitting]) for start in range(0, len(row), fitting)]
    return "\n".join(
        ("[" if number == 0 else " ") + line.ljust(len(lines[0])) + ("]" if number == len(lines) - 1 else " ")
        for number, line in enumerate(lines)
    )


def _rows(array: NDArray[np.float64]) -> list[list[float]]:
    if array.size <= LONGEST_COLUMN and 1 in (array.ndim, *array.shape):
        return [[float(value)] for value in array.ravel()]
    table = array.reshape(-1, array.shape[-1]) if array.ndim > 1 else np.atleast_2d(array)
    return [[float(value) for value in row] for row in table]


def _one(value: float, decimals: int | None) -> str:
    text = shortest(value) if decimals is None else f"{value:.{decimals}f}"
    return text.replace("-", "−")


def named(known: Known) -> str:
    """What is promised, in words: the lesson's own, or those of the metric, or the place where it is read off."""
    own = known.note.within(language.current())
    if own:
        return own
    names = {
        "loss": tr("loss"),
        "objective": tr("objective"),
        "penalty": tr("penalties"),
        "accuracy": tr("accuracy"),
        "gradient_norm": tr("size of the gradient"),
        "flat_share": tr("share of flat units"),
        "validation loss": tr("validation loss"),
        "validation accuracy": tr("validation accuracy"),
    }
    return names.get(known.what, known.what)


class Digit(Line):
    """One promise: ✓ it agrees, ≠ it does not (and what comes out), ○ not computed yet, empty: another step."""

    def __init__(self, known: Known, press: Callable[[], object], parent: QWidget | None = None) -> None:
        super().__init__(press, parent)
        self.known = known
        self.state = ""
        self._below: bool | None = None
        self.value, self.now, self.printed = QLabel(self), QLabel(self), QLabel(self)
        for label, role in ((self.value, ""), (self.now, "warning"), (self.printed, "warning")):
            label.setProperty("role", role)
            label.setProperty("letters", "digits")
            label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        self.value.setText(written(known))
        for row, label in ((2, self.now), (3, self.printed)):
            self.rows.addWidget(label, row, 0, 1, 3)
        self.now.hide()
        self._place()

    def retranslate(self) -> None:
        """Its words in the language in use."""
        self.restyle()
        self.words.setText(named(self.known))
        printed = self.known.printed.replace("-", "−")
        self.printed.setText("! " + tr("printed as {number}", number=printed))
        self.printed.setVisible(bool(printed))
        self.setToolTip(self.known.what)
        self._tell()

    def show_frame(self, frame: Frame | None, is_reached: bool) -> None:
        """Measure it in a frame of its step; None: the run stands elsewhere."""
        state, now = "", ""
        if frame is not None and not is_reached:
            state = "○"
        elif frame is not None:
            try:
                got = self.known.measure(frame)
                agrees = self.known.holds(frame)
            except ValueError:
                state = "—"  # the network of the present run has no such number
            else:
                state = "✓" if agrees else "≠"
                if not agrees or self.known.relation != "equal":
                    now = tr("now {value}", value=_told(self.known, got, self._room() - 4))
        self.state = state
        self.now.setText(now)
        self.now.setVisible(bool(now))
        restyle(self.now, "role", "warning" if state == "≠" else "secondary")
        self._tell()
        self.update()

    def _tell(self) -> None:
        spoken = {
            "✓": tr("agrees"),
            "≠": tr("differs"),
            "○": tr("not computed yet"),
            "—": tr("not in this network"),
        }.get(self.state, "")
        words = f"{self.words.text()}: {self.value.text()}"
        self.setAccessibleName(f"{words}, {spoken}" if spoken else words)
        self.setAccessibleDescription(" ".join(label.text() for label in (self.now, self.printed)))

    def _place(self) -> None:
        """The number stands at the right of its words, under them where it is too wide."""
        self.value.ensurePolished()
        self.value.setText(written(self.known, room=self._room()))
        below = self.value.sizeHint().width() > 0.55 * (self.width() - theme.current().px(30))
        if below == self._below:
            return
        self._below = below
        self.rows.removeWidget(self.value)
        if below:
            self.rows.addWidget(self.value, 1, 0, 1, 3)
        else:
            self.rows.addWidget(self.value, 0, 2)
        self.value.setContentsMargins(0 if below else 8, 0, 0, 0)

    def _room(self) -> int:
        """How many characters fit into a line of numbers."""
        margins = self.rows.contentsMargins()
        width = self.width() - margins.left() - margins.right() - 2
        return max(int(width / QFontMetricsF(theme.current().font(12, mono=True)).horizontalAdvance("0")), 8)

    @override
    def restyle(self) -> None:
        super().restyle()
        self._below = None
        self._place()

    @override
    def resizeEvent(self, a0: object) -> None:
        super().resizeEvent(a0)  # type: ignore[arg-type]
        self._place()

    @override
    def paint_mark(self, painter: QPainter, place: QRectF) -> None:
        look = theme.current()
        colors = {"✓": look.good, "≠": look.warning}
        painter.setFont(look.font(13, bold=True))
        painter.setPen(colors.get(self.state, look.dashed))
        painter.drawText(place.adjusted(-4, -4, 4, 4), Qt.AlignmentFlag.AlignCenter, self.state)


class Group(QWidget):
    """The promises of one step, under its name and the way there."""

    def __init__(
        self, step: int, promises: Sequence[Known], go: Callable[[Known], object], visit: Callable[[int], object]
    ) -> None:
        super().__init__()
        self.step = step
        self.title, self.score, self.link = QLabel(), QLabel(), QPushButton()
        self.title.setProperty("role", "heading")
        self.score.setProperty("letters", "small")
        self.title.setWordWrap(True)
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.link.setProperty("role", "link")
        self.link.clicked.connect(lambda: visit(step))
        self.digits = [Digit(known, partial(go, known)) for known in promises]
        head = QHBoxLayout()
        head.setContentsMargins(4, 0, 4, 0)
        head.addWidget(self.title, 1)
        head.addWidget(self.score)
        head.addWidget(self.link)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(1)
        column.addLayout(head)
        for digit in self.digits:
            column.addWidget(digit)
        self.score.hide()

    def retranslate(self) -> None:
        """Every text in the language in use."""
        steps = f"{self.step:,}"
        if self.step == 0:
            self.title.setText(tr("Before the first update"))
        elif self.step == 1:
            self.title.setText(tr("After one step"))
        else:
            self.title.setText(tr("After {steps} steps", steps=steps))
        self.link.setText(tr("at step {step}", step=steps) + " →")
        self.link.setToolTip(tr("Go to step {step}, training as far as it takes", step=steps))
        for digit in self.digits:
            digit.retranslate()

    def show_frame(self, frame: Frame | None, is_reached: Reached) -> None:
        """Measure what belongs to the step of a frame at rest; None while training goes on."""
        here = frame if frame is not None and frame.step == self.step else None
        for digit in self.digits:
            digit.show_frame(here, is_reached(digit.known))
        self.link.setVisible(here is None)
        self.score.setVisible(here is not None)
        states = [digit.state for digit in self.digits]
        agree, differ, all = states.count("✓"), states.count("≠"), len(states)
        if differ:
            self.score.setText("≠ " + tr("{some} of {all} differ", some=differ, all=all))
        elif agree == all:
            self.score.setText("✓ " + (tr("all {all} agree", all=all) if all > 1 else tr("agrees")))
        else:
            self.score.setText(tr("{some} of {all} computed", some=agree, all=all))
        restyle(self.score, "role", "warning" if differ else "good" if agree == all else "secondary")


class Digits(QWidget):
    """Every promise of the lesson as it is now, by step. `go` leads to a promise's beat, `visit` to a step."""

    def __init__(
        self, go: Callable[[Known], object], visit: Callable[[int], object], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._go, self._visit = go, visit
        self._expected: tuple[Known, ...] = ()
        self._groups: list[Group] | None = []
        self._look: tuple[Frame | None, Reached] | None = None
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        # A method and no lambda: Qt lets go of it when the widget goes, also in the middle of a test's end.
        self._later.timeout.connect(self._make)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)

    @property
    def groups(self) -> list[Group]:
        """The rows. They are many, at the end of a long text, so they are made when all the rest is there."""
        return self._fill() if self._groups is None else self._groups

    def _make(self) -> None:
        """Make the rows now, if nobody has asked for them yet."""
        _ = self.groups

    @property
    def promised(self) -> bool:
        """Whether there is anything to show."""
        return bool(self._expected)

    def show_promises(self, expected: tuple[Known, ...]) -> None:
        """Promise these from now on."""
        if expected == self._expected:
            return
        self._expected = expected
        for group in self._groups or ():
            group.hide()
            group.deleteLater()
        self._groups, self._look = None, None
        if self.visibleRegion().isEmpty():
            self._later.start(LATER_MS)
        else:
            self._fill()

    def show_frame(self, frame: Frame | None, is_reached: Reached) -> None:
        """Mark what can be read off a frame at rest; None while training goes on."""
        self._look = (frame, is_reached)
        for group in self._groups or ():
            group.show_frame(frame, is_reached)

    def retranslate(self) -> None:
        """Every text in the language and the look in use."""
        for group in self._groups or ():
            group.retranslate()

    def _fill(self) -> list[Group]:
        self._later.stop()
        expected = self._expected
        steps = sorted({known.after for known in expected})
        self._groups = [
            Group(step, [known for known in expected if known.after == step], self._go, self._visit) for step in steps
        ]
        for group in self._groups:
            self._column.addWidget(group)
            group.retranslate()
            if self._look is not None:
                group.show_frame(*self._look)
            group.show()
        return self._groups


def _told(known: Known, got: NDArray[np.float64], room: int) -> str:
    """What comes out instead; with more digits where as many as promised would look the same."""
    if known.relation != "equal":
        return "\n".join(f"{value:.6g}".replace("-", "−") for value in got.ravel())
    text = written(known, got, room)
    if known.decimals is not None and text == written(known, room=room):
        text = "\n".join(shortest(float(value)).replace("-", "−") for value in got.ravel())
    return text

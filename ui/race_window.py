"""The window of a race: who takes part, their curves over each other, how they stand, and the network of one of them.

It looks and never touches the run: a race is an object of its own, worked on in the runner's second thread by questions
of a tenth of a second (``ui.panels.race_questions``), so nothing waits for it. Only "Continue with this one" reaches
the run, as one gesture: it begins anew as that member, and is trained to where the member stands, with the same digits.
"""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QSize, Qt
from PyQt6.QtGui import QCloseEvent
from PyQt6.QtWidgets import QDialog, QHBoxLayout, QLabel, QProgressBar, QPushButton, QSplitter, QVBoxLayout, QWidget
from typing_extensions import override

from bpstudio.insight.walk import Walk
from bpstudio.training.frame import Frame
from ui import tabbing, theme
from ui.canvas.widget import Canvas
from ui.focus import DIFFERENCE, Focus
from ui.language import tr
from ui.panels.form import Choice, Message
from ui.panels.plain import plain
from ui.panels.race_form import Buttons, RaceForm
from ui.panels.race_questions import Entrant, LookAtMember, RunRace, Standings
from ui.panels.race_table import RaceTable, place_of
from ui.plots.race import RacePlot, RacingLine, member_pen
from ui.runner import Progress, Runner

NOBODY = -1


class RaceWindow(QDialog):
    """A window beside the main one."""

    def __init__(self, runner: Runner, focus: Focus, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setObjectName("race")
        self._runner, self._main_focus = runner, focus
        self._frame: Frame | None = None
        """Of the run from which the race began."""
        self._entrants: tuple[Entrant, ...] = ()
        self._asked: RunRace | None = None
        self._looked: LookAtMember | None = None
        self._until = 0
        self._goes_on = False
        self._title = ""
        self.standings: Standings | None = None
        self.chosen = 0
        self.shown: Frame | None = None
        """The step of the chosen member, as the canvas shows it."""
        self.focus = Focus(self)
        self.focus.set(grain="step")

        self.form = RaceForm(self.begin)
        self.start, self.stop, self.longer = QPushButton(), QPushButton(), QPushButton()
        self.start.setProperty("role", "primary")
        self.start.clicked.connect(self.begin)
        self.stop.clicked.connect(self.pause)
        self.longer.clicked.connect(self.run_longer)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(6)
        self.progress.setRange(0, 1000)
        self.message = Message()
        self.plot = RacePlot(self.focus)
        self.table = RaceTable(self.choose)
        self.table.model_of_race.pen = lambda number: member_pen(theme.current(), number)
        self.resume = QPushButton()
        self.resume.clicked.connect(self.continue_with)
        self.resume.setAutoDefault(False)
        self.canvas = Canvas(self.focus)
        self.heading = QLabel()
        self.heading.setProperty("role", "heading")
        self.color, self.other = Choice(), Choice()
        self.color.activated.connect(self._recolor)
        self.other.activated.connect(self._recolor)
        self._place()
        self.retranslate()
        self._enable()
        runner.answered.connect(self._take)
        focus.changed.connect(self._follow_main)
        self._follow_main()

    # ---- the race

    @property
    def is_running(self) -> bool:
        """Whether the race goes on by itself."""
        return self._asked is not None

    def show_run(self, frame: Frame) -> None:
        """Offer a race from the run of this frame; one that has begun stays."""
        if self.standings is None and not self.is_running:
            self._frame = frame
        self.form.show_frame(frame)
        self._enable()

    def begin(self) -> None:
        """Begin a race with what the form says; the one before is gone."""
        frame = self._runner.frame
        if frame is None:
            return
        try:
            self._entrants = self.form.entrants(frame)
        except ValueError as error:
            self.message.say(plain(error), "error")
            return
        self._frame, self._until, self._title = frame, self.form.steps(frame), self.form.title
        self.standings, self.shown, self.chosen = None, None, 0
        self.message.say("", "")
        self._offer_others()
        self._ask()

    def pause(self) -> None:
        """Stop between two steps, when the present stretch is done; "Run longer" goes on."""
        self._goes_on = False

    def run_longer(self) -> None:
        """As many steps again as the form says; after a stop first to where the race was going."""
        if self.standings is None or self._frame is None or self.is_running:
            return
        if self.standings.step >= self._until:
            self._until = self.standings.step + self.form.steps(self._frame)
        self._ask()

    def continue_with(self) -> None:
        """Make the chosen member the run: one gesture, which undo takes back."""
        standings = self.standings
        if standings is None:
            return
        entrant = self._entrants[self.chosen]
        if reason := self._runner.refusal(entrant.experiment, None, None):
            self.message.say(plain(reason), "error")
            return
        race, step = standings.race, standings.members[self.chosen].step
        name = tr("continue with {member}", member=entrant.called)
        self._runner.restart(entrant.experiment, race.dataset, race.starts[self.chosen].copy(), name, step=step)
        self.message.say(
            tr("The run is this member now, trained to step {step}. Undo takes it back.", step=f"{step:,}"), "good"
        )

    def _ask(self) -> None:
        self._goes_on = True
        self._ask_on()

    def _ask_on(self) -> None:
        assert self._frame is not None
        self._asked = RunRace(self._entrants, self._frame.dataset, self._until, self.standings)
        self._runner.ask(self._asked)
        self._enable()

    def _take(self, question: object, answer: object) -> None:
        if isinstance(question, LookAtMember):
            self._take_look(question, answer)
        if question is not self._asked or isinstance(answer, Progress):
            return
        self._asked = None
        if isinstance(answer, Standings):
            self.standings = answer
            self._show_standings()
            if self._goes_on and answer.step < self._until and not answer.is_over:
                self._ask_on()
        elif isinstance(answer, Exception):
            self.message.say(plain(answer), "error")
        self._enable()

    # ---- looking

    def choose(self, number: int) -> None:
        """Look at a member."""
        self.chosen = number
        self.plot.choose(number)
        self.table.show_chosen(number)
        self._name_chosen()
        self._look()

    def _look(self) -> None:
        """Ask for the chosen member's step, never twice at once."""
        if self.standings is None or self._looked is not None:
            return
        other = self._other() if self.focus.color == DIFFERENCE else NOBODY
        self._looked = LookAtMember(self.standings.race, self.chosen, other)
        self._runner.ask(self._looked)

    def _take_look(self, question: LookAtMember, answer: object) -> None:
        if question is not self._looked or isinstance(answer, Progress):
            return
        self._looked = None
        if isinstance(answer, Exception) or self.standings is None or question.race is not self.standings.race:
            return
        if not isinstance(answer, tuple) or question.number != self.chosen:
            self._look()
            return
        frame, other = answer
        self.shown = frame
        self.focus.follow(Walk.of(frame))
        self.canvas.compare(other)
        self.canvas.show_frame(frame)
        wanted = self._other() if self.focus.color == DIFFERENCE else NOBODY
        if question.other != wanted or (frame.step != self.standings.members[self.chosen].step):
            self._look()

    def _show_standings(self) -> None:
        standings, frame = self.standings, self._frame
        if standings is None or frame is None:
            return
        lines = [RacingLine(e.name, m.metrics) for e, m in zip(self._entrants, standings.members, strict=True)]
        self.plot.show_race(frame, lines, standings.step)
        places = [place_of(e.name, m) for e, m in zip(self._entrants, standings.members, strict=True)]
        has_classes = frame.dataset.task != "regression"
        self.table.show_places(self._title, places, has_classes, len(frame.dataset.validation) > 0)
        if self.plot.chosen != self.chosen:
            self.choose(self.chosen)
        self.table.show_chosen(self.chosen)
        self._name_chosen()
        self._look()

    def _recolor(self, _: int = 0) -> None:
        self.focus.set(color=str(self.color.currentData()))
        self.other.setVisible(self.focus.color == DIFFERENCE)
        self._look()

    def _other(self) -> int:
        value = self.other.currentData()
        return int(value) if value is not None else NOBODY

    def _offer_others(self) -> None:
        self.other.offer([(number, entrant.name) for number, entrant in enumerate(self._entrants)])
        if self.other.currentIndex() < 0 and self._entrants:
            self.other.setCurrentIndex(0)

    def _name_chosen(self) -> None:
        if self.standings is None:
            self.heading.setText(tr("The network of a member"))
            return
        step, called = self.standings.members[self.chosen].step, self._entrants[self.chosen].called
        self.heading.setText(tr("{member}, step {step}", member=called, step=f"{step:,}"))

    def _follow_main(self) -> None:
        """Letters and digits are those of the main window."""
        main = self._main_focus
        self.focus.set(notation=main.eye.notation, digits=main.digits, names=main.names, delta_sign=main.delta_sign)

    # ---- furniture

    def _enable(self) -> None:
        standings, running = self.standings, self.is_running
        self.start.setEnabled(not running)
        self.stop.setVisible(running)
        self.longer.setVisible(not running)
        self.longer.setEnabled(standings is not None and not standings.is_over)
        self.resume.setEnabled(standings is not None and not running)
        self._below.setVisible(standings is not None)
        self.form.setEnabled(not running)
        done = standings.step / self._until if standings is not None and self._until else 0.0
        self.progress.setValue(round(1000 * min(done, 1.0)))
        self.progress.setVisible(running or standings is not None)
        for control in (self.color, self.other):
            control.setEnabled(standings is not None)

    def _place(self) -> None:
        look = theme.current()
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(self.form)
        column.addWidget(Buttons(self.start, self.stop, self.longer))
        column.addWidget(self.progress)
        column.addWidget(self.message)
        column.addStretch(1)
        side.setFixedWidth(look.px(250))
        standing = QWidget()
        left = QVBoxLayout(standing)
        left.setContentsMargins(0, 0, 0, 0)
        left.setSpacing(6)
        left.addWidget(self.table, 1)
        left.addWidget(self.resume, 0, Qt.AlignmentFlag.AlignLeft)
        picture = QWidget()
        right = QVBoxLayout(picture)
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(4)
        line = QHBoxLayout()
        line.setContentsMargins(10, 0, 0, 0)
        line.addWidget(self.heading, 1)
        line.addWidget(self.color)
        line.addWidget(self.other)
        right.addLayout(line)
        right.addWidget(self.canvas, 1)
        self.canvas.setMinimumSize(look.px(300), look.px(200))
        below = self._below = QSplitter(Qt.Orientation.Horizontal)
        below.addWidget(standing)
        below.addWidget(picture)
        below.setSizes([look.px(470), look.px(440)])
        below.setChildrenCollapsible(False)
        rows = QSplitter(Qt.Orientation.Vertical)
        rows.addWidget(self.plot)
        rows.addWidget(below)
        rows.setSizes([look.px(270), look.px(360)])
        rows.setChildrenCollapsible(False)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(14, 12, 14, 12)
        whole.setSpacing(14)
        whole.addWidget(side)
        whole.addWidget(rows, 1)
        screen = self.screen()
        room = screen.availableSize() if screen is not None else QSize(1280, 720)
        self.resize(QSize(look.px(1220), look.px(690)).boundedTo(room))
        self.other.setVisible(False)

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        self.setWindowTitle(tr("Race"))
        self.setWhatsThis(tr("Several runs side by side, each with the digits that it has by itself."))
        self.start.setText(tr("Start the race"))
        self.stop.setText(tr("Stop"))
        self.longer.setText(tr("Run longer"))
        self.resume.setText(tr("Continue with this one"))
        self.resume.setToolTip(tr("Make the chosen member the run, as one edit that undo takes back"))
        self.color.offer(
            [
                ("gradient", tr("Colour by gradient")),
                ("weight", tr("Colour by weight")),
                ("update", tr("Colour by update")),
                (DIFFERENCE, tr("Difference from …")),
            ]
        )
        self.color.show_value(self.focus.color)
        self.color.setAccessibleName(tr("What the edges' colour means"))
        self.other.setAccessibleName(tr("The member that is compared with"))
        self.progress.setAccessibleName(tr("How far the race is"))
        self._name_chosen()
        self._show_standings()

    # ---- Qt

    @override
    def focusNextPrevChild(self, next: bool) -> bool:
        return tabbing.go(self, next)

    @override
    def done(self, a0: int) -> None:
        self.pause()
        super().done(a0)

    @override
    def closeEvent(self, a0: QCloseEvent | None) -> None:
        self.pause()
        super().closeEvent(a0)

    @override
    def changeEvent(self, a0: QEvent | None) -> None:
        super().changeEvent(a0)
        if a0 is not None and a0.type() == QEvent.Type.LanguageChange:
            self.retranslate()

"""The open lesson: its text, its switches, where to look, and the digits it promises.

Everything here is read off the lesson and the run: which switch is on, where the eye is and which digit agrees are not
kept but compared, so undo, an edit or a step changes the marks by itself. Pressing something is one gesture.
"""

from __future__ import annotations

from functools import partial
from operator import is_
from typing import Literal

from PyQt6.QtCore import QEvent, QSettings, Qt
from PyQt6.QtGui import QMoveEvent, QShowEvent
from PyQt6.QtWidgets import QPushButton, QVBoxLayout, QWidget
from typing_extensions import override

from bpstudio.files.errata import Evidence
from bpstudio.files.known import Known
from bpstudio.files.lesson import Lesson
from bpstudio.files.lesson_parts import Scene
from bpstudio.files.switches import Choice, Switches
from bpstudio.files.wording import Wording
from bpstudio.insight.walk import Grain
from bpstudio.training.frame import Frame
from ui import language
from ui.document import Document
from ui.focus import Focus
from ui.language import tr
from ui.navigation import Navigation
from ui.panels.form import Section
from ui.panels.held import Held
from ui.panels.lesson_digits import Digits
from ui.panels.lesson_errata import Errata
from ui.panels.lesson_rows import SMALL, Prose, Stop, Switch, title
from ui.panels.scene import ScenePanel
from ui.runner import Runner
from ui.scenes import Scenes

FOLDED = "layout/folded"


class LessonPanel(QWidget):
    """Stands below the explanation; nothing is seen of a document without words of its own."""

    def __init__(
        self,
        runner: Runner,
        focus: Focus,
        document: Document,
        navigation: Navigation,
        scenes: Scenes | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.scenes = scenes or Scenes(runner, focus, document, navigation)
        self._runner, self._focus, self._document, self._navigation = runner, focus, document, navigation
        self._frame: Frame | None = None
        self._switches: Switches | None = None
        self._choice: Choice | None = None
        """Whose digits are shown: the switch that is on, or was on last."""
        self._shown: tuple[tuple[object, ...], tuple[object, ...]] | None = None
        """The run and the eye that the marks are made for."""
        self.switches: list[Switch] = []
        self.stops: list[Stop] = []
        self._title, self._summary, self._text = title(), Prose(), Prose()
        self._changed, self.back = Prose("secondary", SMALL), QPushButton()
        self.back.setProperty("role", "link")
        self.back.clicked.connect(self.return_to_lesson)
        self.scene = ScenePanel(self.scenes, whole=False)
        self.digits = Digits(self._go_to_digit, self._go_to_step)
        self.errata = Errata(runner.ask, self._go_to_evidence)
        self._held = Held(self)
        self._lay_out()
        self.scenes.listen(self._open)
        document.listen(self._take_lesson)
        focus.changed.connect(self._look)
        runner.answered.connect(self.errata.show_answer)
        self._take_lesson()
        if self._switches is None:
            self.retranslate()

    # ---- what is shown

    @property
    def lesson(self) -> Lesson | None:
        """The lesson whose words stand here."""
        return self._switches.base.lesson if self._switches is not None else None

    def show_frame(self, frame: Frame) -> None:
        """Mark what the run is and what it gives; numbers only while it rests."""
        before = self._frame
        other = before is None or before.dataset is not frame.dataset or before.caption.title != frame.caption.title
        self._frame = frame
        if other:
            self._show_presence()
        self._look()

    def _take_lesson(self) -> None:
        """Show the words of the lesson that is open now."""
        if self._document.switches is self._switches:
            return
        self._switches = switches = self._document.switches
        self._choice, self._shown = None, None
        for row in (*self.switches, *self.stops):
            row.hide()
            row.deleteLater()
        lesson = self.lesson
        choices = switches.choices if switches is not None else ()
        several = choices if len(choices) > 1 else ()
        self.switches = [
            Switch(choice.variant.name if choice.variant is not None else "", partial(self.choose, choice))
            for choice in several
        ]
        scenes = lesson.scenes if lesson is not None else ()
        self.stops = [Stop(number, partial(self.visit, number)) for number in range(1, len(scenes) + 1)]
        for rows, holder in ((self.switches, self._switch_rows), (self.stops, self._stop_rows)):
            for row in rows:
                holder.addWidget(row)
        self.digits.show_promises(switches.base.expected if switches is not None else ())
        self.errata.show_lesson(lesson)
        self.retranslate()

    def _look(self) -> None:
        """Compare run and eye with what the lesson offers; only where something changed."""
        frame, focus, switches = self._frame, self._focus, self._switches
        if frame is None or switches is None or not self.isVisible():
            return
        resting = frame if frame.run != "running" else None
        choice = switches.on(frame)
        run, eye = (choice, resting, focus.walk), (focus.grain, focus.playhead)
        # Runs are compared by identity: two frames are never equal, and comparing their arrays takes long.
        if self._shown is not None and eye == self._shown[1] and all(map(is_, run, self._shown[0])):
            return
        self._shown = (run, eye)
        if choice is not None and choice is not self._choice:
            self._choice = choice
            self.digits.show_promises(choice.expected)
        for row, each in zip(self.switches, switches.choices, strict=False):
            row.show_on(each is choice)
        self._note.setVisible(choice is None)
        self._mark_stops(frame, choice)
        self.digits.show_frame(resting, self._is_reached)

    def _mark_stops(self, frame: Frame, choice: Choice | None) -> None:
        scenes = self.lesson.scenes if self.lesson is not None else ()
        for stop, scene in zip(self.stops, scenes, strict=True):
            same = choice is None or choice is self.scenes.wanted(scene)
            stop.show_here(frame.run != "running" and same and self.scenes.shows(scene, frame))
        here = [stop.number for stop in self.stops if stop.is_here]
        if here and self.scenes.number not in here:
            self.scenes.notice(here[0])

    def _is_reached(self, known: Known) -> bool:
        """Whether the walk has come to the beat that computes what is promised."""
        focus, walk = self._focus, self._focus.walk
        if walk is None or focus.grain == "step" or not known.at:
            return True
        if known.after and known.at.startswith("update/"):
            return True  # the beat that made it belongs to the step before
        try:
            return walk.find("edge", known.at) <= walk.position(focus.grain, focus.playhead)
        except ValueError:
            return True  # another network was put in place; the promise is measured all the same

    def _show_presence(self) -> None:
        """A lesson speaks of its own columns of data; beside others, or an exercise, its words would be in the way."""
        lesson, frame = self.lesson, self._frame
        has_words = lesson is not None and bool(lesson.text or lesson.summary or lesson.scenes or lesson.variants)
        if has_words and lesson is not None and frame is not None:
            ours, theirs = lesson.dataset, frame.dataset
            has_words = (ours.input_names, ours.output_names) == (theirs.input_names, theirs.output_names)
            has_words = has_words and not frame.caption.title
        if self.parentWidget() is not None:  # alone it would be a window
            self.setVisible(has_words)

    # ---- what can be done

    def choose(self, choice: Choice) -> None:
        """Switch this version on; choosing the present one begins it anew only when it has been changed."""
        if self._frame is None or self._switches is None or self._switches.on(self._frame) is choice:
            return
        self._navigation.pause()
        self._document.choose(choice)

    def return_to_lesson(self) -> None:
        """From a changed run back to the version that it came from."""
        if self._switches is not None:
            self.choose(self._choice or self._switches.base)

    def visit(self, number: int) -> None:
        """Look at a scene: its version, its step, its beat. A run that somebody has changed stays as it is."""
        self.scenes.visit(number, exact=False)

    def _go_to_step(self, step: int) -> None:
        self._go(step, "", "")

    def _go_to_digit(self, known: Known) -> None:
        at = "" if known.after and known.at.startswith("update/") else known.at
        self._go(known.after, self._focus.grain if at else "", at)

    def _go_to_evidence(self, evidence: Evidence) -> None:
        if self._switches is not None:
            known, choice = evidence.known, self._switches.named(evidence.variant)
            self._go(known.after, self._focus.grain if known.at else "", known.at, choice, insist=True)

    def _go(
        self, step: int, grain: Grain | Literal[""], at: str, choice: Choice | None = None, insist: bool = False
    ) -> None:
        """Go to a step and a beat of it. A changed run stays as it is, unless `choice` is another run altogether."""
        frame, switches = self._frame, self._switches
        if frame is None or switches is None:
            return
        present = switches.on(frame)
        if choice is not None and choice is not present and (present is not None or insist):
            self.choose(choice)
        else:
            choice = None
            if step < frame.metrics.first:
                self._navigation.pause()
                self._runner.reset()

        def is_there(arrived: Frame) -> bool:
            return arrived.metrics.first <= step and (choice is None or switches.on(arrived) is choice)

        self._navigation.visit(step, grain, at, is_there)

    def _open(self) -> None:
        """Show the text of the present scene."""
        number = self.scenes.number
        if [stop.number for stop in self.stops if stop.is_open] != [number] * bool(number):
            for stop in self.stops:
                stop.show_open(stop.number == number)
        self.scene.setVisible(bool(self.stops))

    # ---- furniture

    def _lay_out(self) -> None:
        self.section = Section("lesson")
        self._parts = [Section(f"lesson.{name}") for name in ("text", "stops", "digits", "errata")]
        self._note, note = _rows()
        note.addWidget(self._changed)
        note.addWidget(self.back, 0, Qt.AlignmentFlag.AlignLeft)
        text, stops, digits, errata = self._parts
        switches, self._switch_rows = _rows()
        stop_list, self._stop_rows = _rows()
        text.rows.addWidget(self._text)
        stops.rows.addWidget(stop_list)
        stops.rows.addWidget(self.scene)
        digits.rows.addWidget(self.digits)
        errata.rows.addWidget(self.errata)
        for widget in (self._title, self._summary, switches, self._note, *self._parts):
            self.section.rows.addWidget(widget)
        self.section.rows.setSpacing(8)
        self.section.rows.setContentsMargins(4, 0, 0, 4)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        column.addWidget(self.section)
        for section in (self.section, *self._parts):
            section.set_open(not QSettings().value(f"{FOLDED}/{section.objectName()}", False, bool))
            section.heading.toggled.connect(partial(_remember, section.objectName()))

    def retranslate(self) -> None:
        """Set every text in the language and the look in use."""
        self.section.name(tr("Lesson"))
        names = (tr("What happens here"), tr("Where to look"), tr("Known digits"), tr("Errata"))
        for part, name in zip(self._parts, names, strict=True):
            part.name(name)
        self._changed.say(tr("You changed this run, so the lesson's digits need not come out."))
        self.back.setText(tr("Back to the lesson"))
        self._say_lesson()
        self.digits.retranslate()
        self.errata.retranslate()
        self._shown = None
        self._show_presence()
        self._look()

    def _say_lesson(self) -> None:
        lesson, switches = self.lesson, self._switches
        if lesson is None or switches is None:
            return
        self._title.setText(_said(lesson.title))
        self._summary.say(_said(lesson.summary))
        self._text.say(_said(lesson.text))
        for row, choice in zip(self.switches, switches.choices, strict=False):
            row.restyle()
            variant = choice.variant
            if variant is None:
                row.name(tr("As the lesson stands"), "")
            else:
                row.name(_said(variant.label), _said(variant.note))
        for stop, scene in zip(self.stops, lesson.scenes, strict=True):
            stop.name(_said(scene.title), self._place_of(scene), _said(scene.text))
            stop.restyle()
        there = (lesson.text, self.stops, self.digits.promised, self.errata.present)
        for part, shown in zip(self._parts, there, strict=True):
            part.setVisible(bool(shown))
        self._open()

    def _place_of(self, scene: Scene) -> str:
        """What else than the beat a scene chooses: its version and its step."""
        wanted = self.scenes.wanted(scene) if scene.variant else None
        label = _said(wanted.variant.label) if wanted is not None and wanted.variant is not None else ""
        step = tr("step {step}", step=f"{scene.step:,}") if scene.step else ""
        return " · ".join(filter(None, (label, step)))

    # ---- Qt

    @override
    def showEvent(self, a0: QShowEvent | None) -> None:
        super().showEvent(a0)
        self._look()

    @override
    def changeEvent(self, a0: QEvent | None) -> None:
        if a0 is not None and a0.type() in (QEvent.Type.LanguageChange, QEvent.Type.PaletteChange):
            self.retranslate()
        super().changeEvent(a0)

    @override
    def moveEvent(self, a0: QMoveEvent | None) -> None:
        super().moveEvent(a0)
        self._held.moved()


def _rows() -> tuple[QWidget, QVBoxLayout]:
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(2)
    return holder, column


def _remember(name: str, is_open: bool) -> None:
    QSettings().setValue(f"{FOLDED}/{name}", not is_open)


def _said(wording: Wording) -> str:
    """A text of the lesson in the language in use."""
    return wording.within(language.current())

"""What is open: a lesson, where it is saved, and whether there is something to lose.

A document is a lesson file: the description of the run, its data, its start values and how far training had come. It is
made from the newest Frame, so saving never disturbs the training. Reading and writing happen beside the training; a
file is replaced only when its replacement is complete.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from PyQt6.QtCore import QObject, QSettings, QStandardPaths

from bpstudio.files import lesson as lessons
from bpstudio.files.lesson import Lesson
from bpstudio.files.switches import Choice, Switches
from bpstudio.files.wording import Wording
from bpstudio.insight import naming
from bpstudio.insight.elements import Element, Row
from bpstudio.insight.notation import letters
from bpstudio.training.caption import Caption
from ui import language, verified
from ui.focus import Focus
from ui.language import tr
from ui.runner import Progress, Runner

if TYPE_CHECKING:
    from bpstudio.files.case_lesson import OpenedCase
    from bpstudio.files.exercise import Exercise
    from bpstudio.training.frame import Frame
    from bpstudio.training.session import Session

MOST_RECENT = 8
DIGITS = "view/digits"
"""The setting of how many decimals are shown; 0 or nothing: as each lesson says."""


@dataclass(frozen=True)
class OpenLesson:
    """Read a lesson (a path, or the name of one that travels with the program) and make its first step."""

    place: str | Path
    kind: str = "open"

    def answer(self, progress: Callable[[float], None]) -> tuple[Lesson, Session] | OpenedCase:
        try:
            lesson = lessons.read(self.place) if isinstance(self.place, Path) else lessons.load(self.place)
        except lessons.ReferenceCaseError:
            from bpstudio.files import case_lesson  # only where somebody has one

            return case_lesson.open(Path(self.place))
        progress(0.5)
        return lesson, lesson.session()


@dataclass(frozen=True, eq=False)
class SaveLesson:
    """Write a lesson; `frame` is what is saved."""

    lesson: Lesson
    frame: Frame
    path: Path
    kind: str = "save"

    def answer(self, progress: Callable[[float], None]) -> Path:
        lessons.write(self.lesson, self.path)
        return self.path


class Document(QObject):
    """The open lesson and its file. `say(level, text)` shows a message."""

    def __init__(
        self, runner: Runner, focus: Focus, say: Callable[[str, str], None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._runner = runner
        self._focus = focus
        self._say = say
        self._listeners: list[Callable[[], None]] = []
        self._opening = False
        self._shown = ("", False)
        self._saved: Frame | None = None
        self._then: Callable[[], object] | None = None
        self._case: OpenedCase | None = None
        self.lesson: Lesson | None = None
        """The lesson as it was opened or saved; which of its switches is on says `choice`."""
        self.switches: Switches | None = None
        self.path: Path | None = None
        self.name = ""
        """Which lesson of the program this is; empty for a file."""
        runner.frame_arrived.connect(self._show_frame)
        runner.answered.connect(self._answered)

    # ---- what it is

    @property
    def title(self) -> str:
        """The name of its file, what a person calls it, its title, or what is trained on other data."""
        if self.path is not None:
            return self.path.stem
        lesson, frame = self.lesson, self._runner.frame
        if frame is not None and frame.caption.title:
            return frame.caption.title
        if lesson is not None and frame is not None and frame.dataset.hash != lesson.dataset.hash:
            return f"{frame.dataset.name or tr('Untitled')} {_written(frame.experiment.network.sizes)}"
        return lesson.title.within(language.current()) if lesson is not None else ""

    @property
    def own_title(self) -> str:
        """What a person calls the run, or called the file that it came from; empty for a lesson of the program."""
        lesson, frame = self.lesson, self._runner.frame
        if frame is not None and frame.caption.title:
            return frame.caption.title
        return lesson.title.within(language.current()) if lesson is not None and not self.name else ""

    @property
    def choice(self) -> Choice | None:
        """Which switch of the lesson the run is on; None where it was changed into something else."""
        frame = self._runner.frame
        return self.switches.on(frame) if self.switches is not None and frame is not None else None

    @property
    def modified(self) -> bool:
        """Whether closing would lose something; not when a lesson of the program was only walked, trained, switched."""
        frame, saved = self._runner.frame, self._saved
        if frame is None or saved is None or frame is saved:
            return False
        if frame.caption != saved.caption:
            return True
        if self.path is None and self.name and self.choice is not None:
            return False
        described = frame.experiment == saved.experiment and frame.dataset.hash == saved.dataset.hash
        return not (described and frame.step == saved.step and _same_params(frame, saved))

    def as_lesson(self, frame: Frame) -> Lesson:
        """What a file of this moment holds: the open lesson's texts, and the run as it stands."""
        choice = self.switches.on(frame) if self.switches is not None else None
        lesson = choice.lesson if choice is not None else self.lesson
        if frame.caption.title:
            lesson = None  # an exercise of a person's own, whose numbers may be those of the lesson all the same
        walk, focus = self._focus.walk, self._focus
        at = walk.beat(focus.grain, focus.playhead).address if walk is not None and focus.playhead else ""
        values: dict[str, Any] = {
            "notation": focus.notation.name,
            "delta_sign": focus.delta_sign,
            "samples": focus.samples,
            "weight_layout": focus.weight_layout,
            "grain": focus.grain,
            "at": "" if focus.grain == "step" else at,
            "digits": focus.digits,
        }
        if isinstance(focus.example, Row) and focus.example.position < len(frame.batch):
            values["row"] = int(frame.batch[focus.example.position])
        if lesson is None:
            values |= {"title": Wording.of(frame.caption.title or tr("Untitled"))}
        elif frame.dataset.hash != lesson.dataset.hash:
            values |= {"title": Wording.of(self.title), "summary": Wording(), "text": Wording()}
        return lessons.capture(frame, lesson, **values)

    # ---- opening

    def show(self, lesson: Lesson, session: Session | None = None, path: Path | None = None, name: str = "") -> None:
        """Make a lesson the open one."""
        self.lesson, self.path, self.name = lesson, path, name
        self.switches = Switches(lesson)
        self._opening = True
        self._saved = None
        self._case = None
        grain = lesson.grain
        self._focus.set(
            notation=lesson.notation,
            delta_sign=lesson.delta_sign,
            samples=lesson.samples,
            weight_layout=lesson.weight_layout,
            digits=QSettings().value(DIGITS, 0, int) or lesson.digits,
            selection=None,
            hover=None,
            mark=None,
            example=Row(0),
            playing_walk=False,
            zoom=1.0,
            pan=(0.0, 0.0),
            **({"grain": grain} if grain else {}),
        )
        self._runner.open(session if session is not None else lesson.session())
        if path is not None:
            self._remember(path)
        self._tell()

    def choose(self, choice: Choice, step: int = 0, name: str = "") -> None:
        """Begin the lesson anew with one of its switches on, and train it to a step; one gesture, which undo takes
        back under a name of its own.
        """
        lesson, variant = choice.lesson, choice.variant
        label = variant.label if variant is not None else lesson.title
        name = name or tr("switch to “{name}”", name=label.within(language.current()))
        frame = self._runner.frame
        caption = dataclasses.replace(frame.caption, title="") if frame is not None else lesson.caption
        self._runner.restart(lesson.experiment, lesson.dataset, choice.origin, name, caption, step, is_other=True)

    def take(self, exercise: Exercise) -> None:
        """Make an exercise what is trained, at step 0 and before its first beat; one gesture, which undo takes back.

        One of another title is another exercise: the file of the present one is not its file.
        """
        is_other = exercise.caption.title != self.own_title
        if not is_other and self._runner.refuses(exercise.experiment, exercise.dataset, exercise.start):
            return
        if is_other:
            self.path = None
        self._focus.set(grain="edge", playhead=0, selection=None, example=Row(0), playing_walk=False)
        name = tr("open “{name}”", name=exercise.caption.title)
        self._runner.restart(
            exercise.experiment, exercise.dataset, exercise.start, name, exercise.caption, is_other=is_other
        )

    def rename(self, element: Element, name: str) -> None:
        """Call a unit, a weight, a bias or a target something else; an empty name takes that back.

        One gesture, which undo takes back. Raises NamingError where the name cannot be given.
        """
        frame = self._runner.frame
        if frame is None:
            return
        network = frame.experiment.network
        names = naming.with_name(self._focus.names, network, element, name)
        called = letters(self._focus.notation, network).element(element)
        self._runner.rename(Caption.of(frame.caption.title, names, network), tr("rename {name}", name=called))

    def open(self, place: str | Path) -> None:
        """Open a lesson by name or a file by path, beside the training; what goes wrong is said."""
        self._runner.ask(OpenLesson(place))

    def resume(self, kept: Path) -> None:
        """Go on with the run that was open when the window closed last; it has no file of its own."""
        self._runner.ask(OpenLesson(kept))

    # ---- saving

    def save(self, path: Path | None = None, then: Callable[[], object] | None = None) -> None:
        """Write the present moment; `then` is done when it is on the disk."""
        frame = self._runner.frame
        path = path or self.path
        if frame is None or path is None:
            return
        self._then = then
        self._runner.ask(SaveLesson(self.as_lesson(frame), frame, path))

    def keep_session(self) -> None:
        """Write the present moment where the next start finds it; a failure costs only that offer."""
        frame = self._runner.frame
        if frame is None or (not self.modified and frame.step == 0 and self.path is None):
            return
        try:
            place = last_session()
            place.parent.mkdir(parents=True, exist_ok=True)
            lessons.write(self.as_lesson(frame), place)
        except (OSError, ValueError):
            return

    # ---- recent files

    @property
    def recent(self) -> list[Path]:
        """Files that were opened or saved, newest first, those that still exist."""
        stored = QSettings().value("recent", [], list)
        return [Path(each) for each in stored if Path(each).is_file()]

    def listen(self, act: Callable[[], None]) -> None:
        """Do this when the title, the path or what is modified may have changed."""
        self._listeners.append(act)

    def _remember(self, path: Path) -> None:
        path = path.resolve()
        kept = [str(path), *(str(each) for each in self.recent if each != path)]
        QSettings().setValue("recent", kept[:MOST_RECENT])

    def _show_frame(self, frame: Frame) -> None:
        lesson = self.lesson
        caption = frame.caption
        self._focus.set(names=naming.moved(caption.names, caption.addresses, frame.experiment.network))
        if self._opening and lesson is not None and frame.dataset is lesson.dataset:
            # A last frame of the run before may still have been on its way.
            self._opening = False
            self._saved = frame
            self._start_look(frame)
        if self._case is not None and frame.experiment != self._case.lesson.experiment:
            self._case = None  # what differed is computed otherwise now
            self._focus.set(mark=None)
        shown = (self.title, self.modified)
        if shown != self._shown:
            self._shown = shown
            self._tell()

    def _start_look(self, frame: Frame) -> None:
        """Look where the lesson says, as soon as there is a step to walk."""
        lesson, walk = self.lesson, self._focus.walk
        if lesson is None or walk is None:
            return
        if not lesson.grain:
            self._focus.set(grain=walk.default_grain)
        at = walk.find(self._focus.grain, lesson.at) if lesson.at else 0
        position = next((i for i, row in enumerate(frame.batch) if int(row) == lesson.row), 0)
        marked = verified.look(self._case) if self._case is not None else {}
        self._focus.set(playhead=at, example=Row(position), **marked)

    def _show_case(self, opened: OpenedCase, path: Path) -> None:
        """Make a reference case what is open: a run without a file of its own, which stands where it differs first."""
        self.show(opened.lesson, opened.session)
        self._case = opened
        self._remember(path)
        self._say(*verified.sentence(opened))

    def _answered(self, question: object, answer: object) -> None:
        if isinstance(answer, Progress):
            return
        if isinstance(question, OpenLesson):
            if isinstance(answer, tuple):
                lesson, session = answer
                path = question.place if isinstance(question.place, Path) and question.place != last_session() else None
                self.show(lesson, session, path, question.place if isinstance(question.place, str) else "")
            elif isinstance(question.place, Path) and not isinstance(answer, Exception):
                self._show_case(cast("OpenedCase", answer), question.place)
            else:
                name = question.place.name if isinstance(question.place, Path) else question.place
                self._say("error", tr("{name} cannot be opened: {reason}", name=name, reason=answer))
        elif isinstance(question, SaveLesson):
            if isinstance(answer, Path):
                self.path, self.name, self._saved = answer, "", question.frame
                self.lesson, self.switches = question.lesson, Switches(question.lesson)
                self._remember(answer)
                self._say("good", tr("Saved: {path}", path=answer))
                then, self._then = self._then, None
                if then is not None:
                    then()
            else:
                self._then = None
                self._say("error", tr("Not saved: {reason}", reason=answer))
            self._tell()

    def _tell(self) -> None:
        for act in self._listeners:
            act()


def last_session() -> Path:
    """Where the run is kept that was open when the window closed."""
    place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericStateLocation)
    return Path(place or Path.home()) / "bpstudio" / "last-session.json"


def _same_params(one: Frame, other: Frame) -> bool:
    return one.params.flat.shape == other.params.flat.shape and one.params.flat.tobytes() == other.params.flat.tobytes()


def _written(sizes: tuple[int, ...]) -> str:
    """The sizes of the layers, equal neighbours as one: 4-10-3, 3-4×30-1."""
    runs = [(size, len(list(equal))) for size, equal in itertools.groupby(sizes)]
    parts = [f"{size}×{count}" if count > 3 else "-".join([str(size)] * count) for size, count in runs]
    return "-".join(parts)

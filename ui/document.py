"""What is open: a project or a lesson, where it is saved, and whether there is something to lose.

A project file keeps the whole run: every branch with its past, what a person marked, and how it was looked at. It is
made of an archive, which the training thread freezes between two steps, and written by a thread of its own. A lesson
file keeps one moment, made from the newest Frame, that a person can read. Neither disturbs the training, and a file is
replaced only when its replacement is complete.
"""

from __future__ import annotations

import dataclasses
import itertools
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from PyQt6.QtCore import QObject, QSettings

from bpstudio.files import lesson as lessons
from bpstudio.files.lesson import Lesson
from bpstudio.files.switches import Choice, Switches
from bpstudio.files.wording import Wording
from bpstudio.insight import naming
from bpstudio.insight.elements import Element, Row
from bpstudio.insight.notation import letters
from bpstudio.training.caption import Caption
from ui import language, look, verified
from ui.focus import Focus
from ui.language import tr, translatable
from ui.opening import NO_FILE, CheckReplay, ExportMoment, Open, Opened, SaveLesson, is_whole, plainly, stamp
from ui.runner import CancelledError, Progress, Runner
from ui.saved import Saved
from ui.writer import UNNOTICED, Writer

if TYPE_CHECKING:
    from bpstudio.data.dataset import Dataset
    from bpstudio.files.case_lesson import OpenedCase
    from bpstudio.files.exercise import Exercise
    from bpstudio.files.project import Discrepancy, Project
    from bpstudio.training.archive import Archive
    from bpstudio.training.frame import Frame
    from bpstudio.training.session import Session

MOST_RECENT = 8
FROM_ANOTHER_MACHINE = translatable(
    "This project was made on another machine. Computed anew here, the last digits differ from step {step} on. "
    "What was stored is shown as it was there; what lies between is computed here."
)
DIGITS = "view/digits"
"""The setting of how many decimals are shown; 0 or nothing: as each lesson says."""


class Document(QObject):
    """What is open, and its file. `say(level, text)` shows a message; `writer` writes projects."""

    def __init__(
        self,
        runner: Runner,
        focus: Focus,
        say: Callable[[str, str], None],
        writer: Writer | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._writer = writer if writer is not None else Writer(runner.rest, self)
        self._runner = runner
        self._focus = focus
        self._say = say
        self._listeners: list[Callable[[], None]] = []
        self._awaited: Dataset | None = None
        self._look: Mapping[str, Any] = {}
        self._stamp = NO_FILE
        self._shown = ("", False)
        self._saved: Saved | None = None
        self._thens: list[Callable[[], object]] = []
        self._case: OpenedCase | None = None
        self.run = 0
        """Counts what was opened: another number, another run."""
        self.embed = True
        """Whether a project has its data in it, or only says where they are."""
        self.layout: Callable[[], Mapping[str, Any]] = dict
        """How the window is divided, in plain values."""
        self.arrange: Callable[[Mapping[str, Any]], object] = lambda _: None
        """Divides the window as a project says."""
        self.working: Callable[[str, float, Callable[[], object]], object] = lambda *_: None
        """Told of reading and writing that takes long: (words, share, what cancels it); without words, of its end."""
        self.refused: Callable[[str], object] = partial(say, "error")
        """Told why something was not saved."""
        self.explain: Callable[[Exception], str] = plainly
        """Says in the language in use what went wrong."""
        self.taken_up: Callable[[Path], object] = lambda _: None
        """Told that a run that was kept is open again."""
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
    def is_opening(self) -> bool:
        """Whether what was opened has not been shown yet."""
        return self._awaited is not None

    @property
    def changed(self) -> bool:
        """Whether the run is another one than was opened or saved."""
        frame, saved = self._runner.frame, self._saved
        return frame is not None and saved is not None and not self.is_opening and not saved.holds(frame)

    @property
    def modified(self) -> bool:
        """Whether closing would lose something; not when a lesson of the program, or a reference case, was only
        walked, trained or switched.
        """
        frame = self._runner.frame
        if frame is None or not self.changed:
            return False
        choice, lesson = self.choice, self.lesson
        is_given = bool(self.name) or self._case is not None
        if self.path is not None or not is_given or choice is None or lesson is None:
            return True
        named = frame.caption.names not in (lesson.names, choice.lesson.names)
        return named or bool(frame.bookmarks or frame.breakpoints) or len(frame.branches) > 1

    def as_lesson(self, frame: Frame) -> Lesson:
        """What a file of this moment holds: the open lesson's texts, and the run as it stands."""
        choice = self.switches.on(frame) if self.switches is not None else None
        lesson = choice.lesson if choice is not None else self.lesson
        if frame.caption.title:
            lesson = None  # an exercise of a person's own, whose numbers may be those of the lesson all the same
        values = look.in_lesson(self._focus, frame)
        if lesson is None:
            values |= {"title": Wording.of(frame.caption.title or tr("Untitled"))}
        elif frame.dataset.hash != lesson.dataset.hash:
            values |= {"title": Wording.of(self.title), "summary": Wording(), "text": Wording()}
        return lessons.capture(frame, lesson, **values)

    def export(self, path: Path) -> None:
        """Write the present moment as a lesson of its own, with the digits that must come out of it."""
        frame = self._runner.frame
        if frame is not None:
            self._runner.ask(ExportMoment(frame, self.lesson, look.in_lesson(self._focus, frame), path))

    # ---- opening

    def show(
        self,
        lesson: Lesson,
        session: Session | None = None,
        path: Path | None = None,
        name: str = "",
        kept_look: Mapping[str, Any] | None = None,
    ) -> None:
        """Make a lesson the open one, or a run that came from it; then `kept_look` is how it was looked at."""
        self.lesson, self.path, self.name = lesson, path, name
        self.switches = Switches(lesson)
        self.run += 1
        self.embed = True
        self._saved, self._case, self._stamp = None, None, stamp(path)
        self._look = kept_look or {}
        now: dict[str, Any] = {
            "notation": lesson.notation,
            "delta_sign": lesson.delta_sign,
            "samples": lesson.samples,
            "weight_layout": lesson.weight_layout,
            "digits": lesson.digits,
            **({"grain": lesson.grain} if lesson.grain else {}),
            **look.letters(self._look),
        }
        digits = QSettings().value(DIGITS, 0, int)
        self._focus.set(
            **(now | ({"digits": digits} if digits else {})),
            selection=None,
            hover=None,
            mark=None,
            example=Row(0),
            playing_walk=False,
            zoom=1.0,
            pan=(0.0, 0.0),
        )
        session = session if session is not None else lesson.session()
        self._awaited = session.dataset
        self._runner.cancel("replay")
        self._writer.leave("file")
        self._runner.open(session)
        if path is not None:
            self._remember(path)
        self._tell()

    def _show_project(self, opened: Opened, place: Path, kept: bool) -> None:
        """Make a project what is open. One that was kept for a person has the file that it had, if that is still as it
        was then; else no file of its own.
        """
        project, session = opened.project, opened.session
        notes = _mapping(project.view, "document") if kept else {}
        path: Path | None = place
        if kept:
            path = Path(str(notes["path"])) if isinstance(notes.get("path"), str) and notes["path"] else None
            if path is not None and list(stamp(path)) != notes.get("stamp"):
                path = None
        lesson = project.lesson
        if lesson is None:
            first = project.archive.segments[project.archive.branch.segments[0]]
            lesson = Lesson(Wording.of(place.stem), first.experiment, first.dataset)
        name = str(notes.get("name", ""))
        in_program = name if name in lessons.NAMES and path is None else ""
        self.show(lesson, session, path, in_program, _mapping(project.view, "look"))
        self.embed = notes.get("embed") is not False if kept else project.embed
        if kept and (path is None or notes.get("modified") is not False):
            self._saved = Saved((), {}, (), ())  # it is in nobody's file as it is now
        else:
            self._saved = Saved.of_archive(project.archive)
        self.arrange(_mapping(project.view, "layout"))
        if kept:
            self.taken_up(place)
        elif path is not None:
            self._writer.follow("file", path, self.run, project.revision)
        self._runner.ask(CheckReplay(project))

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
        self._runner.ask(Open(place, asked=time.perf_counter()))

    def resume(self, kept: Path) -> None:
        """Go on with a run that was kept when the window closed, or when it ended without warning."""
        self._runner.ask(Open(kept, kept=True, asked=time.perf_counter()))

    # ---- saving

    def save(self, path: Path | None = None, then: Callable[[], object] | None = None) -> None:
        """Write the run, or of a lesson file (.json) the present moment; `then` is done when it is on the disk."""
        frame = self._runner.frame
        path = path or self.path
        if frame is None or path is None:
            return
        self._thens += [then] if then is not None else []
        if path.suffix.lower() == ".json":
            self._runner.ask(SaveLesson(self.as_lesson(frame), frame, path))
        else:
            write = partial(self._write, path, self.run, self.lesson_of(frame), self.view(frame))
            self._runner.archive(write, failed=self._thens.clear)

    def project(
        self, archive: Archive, lesson: Lesson | None, view: Mapping[str, Any], embed: bool | None = None
    ) -> Project:
        """What a file holds of a frozen run; with its data or without them, or as a person has chosen (None)."""
        from bpstudio.files.fingerprint import fingerprint
        from bpstudio.files.project import Project

        inside = self.embed if embed is None else embed
        return Project(archive=archive, lesson=lesson, view=view, made_with=fingerprint(), embed=inside)

    def lesson_of(self, frame: Frame) -> Lesson | None:
        """The open lesson, as a project keeps it: under the name of what is trained on other data."""
        lesson = self.lesson
        if lesson is None or frame.dataset.hash == lesson.dataset.hash:
            return lesson
        return lesson.replace(title=Wording.of(self.title))

    def view(self, frame: Frame) -> dict[str, Any]:
        """How the run is looked at now, in plain values."""
        return {"look": look.of(self._focus, frame), "layout": dict(self.layout())}

    def notes(self) -> dict[str, Any]:
        """What a run that is kept has to know of itself, so that it can be gone on with."""
        return {
            "path": str(self.path or ""),
            "stamp": list(self._stamp),
            "name": self.name,
            "modified": self.modified,
            "embed": self.embed,
        }

    def _write(self, path: Path, run: int, lesson: Lesson | None, view: Mapping[str, Any], archive: Archive) -> None:
        project, saved = self.project(archive, lesson, view), Saved.of_archive(archive)
        words = tr("Saving {name} …", name=path.name)
        cancel = partial(self._writer.cancel, "file")
        told = partial(self._written, path, run, saved)
        self._writer.save("file", path, project, run, told, lambda share: self.working(words, share, cancel))

    def _written(self, path: Path, run: int, saved: Saved, problem: Exception | None) -> None:
        if problem is not None:
            self._thens.clear()
            if isinstance(problem, CancelledError):
                self._say("warning", tr("Not saved, because it was cancelled. The file is as it was before."))
            else:
                self._refuse(problem)
        else:
            if run == self.run:
                self.path, self.name, self._saved, self._stamp = path, "", saved, stamp(path)
            self._done(path)
        self._tell()

    def _refuse(self, problem: Exception) -> None:
        words = self.explain(problem)
        self.refused(words if is_whole(problem) else tr("Not saved: {reason}", reason=words))

    def _done(self, path: Path) -> None:
        """Something is on the disk."""
        self._remember(path)
        self._say("good", tr("Saved: {path}", path=path))
        thens = list(self._thens)
        self._thens.clear()
        for then in thens:
            then()

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
        caption = frame.caption
        self._focus.set(names=naming.moved(caption.names, caption.addresses, frame.experiment.network))
        if self._awaited is not None and frame.dataset is self._awaited:
            # A last frame of the run before may still have been on its way.
            self._awaited = None
            if self._saved is None:
                self._saved = Saved.of_frame(frame)
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
        if self._look:
            self._focus.set(**look.place(self._look, self._focus, frame))
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
        if isinstance(question, Open):
            self._show_answer(question, answer)
        elif isinstance(question, SaveLesson) and not isinstance(answer, Progress):
            if isinstance(answer, Path):
                frame = question.frame
                self.path, self.name, self._stamp = answer, "", stamp(answer)
                self._saved = Saved.of_frame(frame)
                self.lesson, self.switches = question.lesson, Switches(question.lesson)
                self._done(answer)
            else:
                self._thens.clear()
                self._refuse(cast("Exception", answer))
            self._tell()
        elif isinstance(question, ExportMoment) and not isinstance(answer, Progress):
            if isinstance(answer, Path):
                self._say("good", tr("Saved: {path}", path=answer))
            else:
                self._refuse(cast("Exception", answer))
        elif isinstance(question, CheckReplay) and answer is not None and not isinstance(answer, Progress | Exception):
            step = cast("Discrepancy", answer).step
            self._say("warning", tr(FROM_ANOTHER_MACHINE, step=f"{step:,}"))

    def _show_answer(self, question: Open, answer: object) -> None:
        place = question.place
        name = place.name if isinstance(place, Path) else place
        if isinstance(answer, Progress):
            if time.perf_counter() - question.asked > UNNOTICED:
                words = tr("Opening {name} …", name=name)
                self.working(words, answer.share, partial(self._runner.cancel, question.kind))
            return
        self.working("", 1.0, lambda: None)
        if isinstance(answer, Exception):
            words = self.explain(answer)
            whole = tr("{name} cannot be opened: {reason}", name=name, reason=words)
            self._say("error", words if is_whole(answer) else whole)
        elif isinstance(answer, Opened) and isinstance(place, Path):
            self._show_project(answer, place, question.kept)
        elif isinstance(answer, tuple):
            lesson, session = answer
            path = place if isinstance(place, Path) else None
            self.show(lesson, session, path, place if isinstance(place, str) else "")
        elif isinstance(place, Path):
            self._show_case(cast("OpenedCase", answer), place)

    def _tell(self) -> None:
        for act in self._listeners:
            act()


def _mapping(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = values.get(name)
    return found if isinstance(found, Mapping) else {}


def _written(sizes: tuple[int, ...]) -> str:
    """The sizes of the layers, equal neighbours as one: 4-10-3, 3-4×30-1."""
    runs = [(size, len(list(equal))) for size, equal in itertools.groupby(sizes)]
    parts = [f"{size}×{count}" if count > 3 else "-".join([str(size)] * count) for size, count in runs]
    return "-".join(parts)

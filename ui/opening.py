"""What is read and written about whole files beside the training: a project, a lesson, and whether a project comes out
the same on this machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bpstudio.files import lesson as lessons
from bpstudio.files.lesson import Lesson

if TYPE_CHECKING:
    from bpstudio.files.case_lesson import OpenedCase
    from bpstudio.files.project import Discrepancy, Project
    from bpstudio.training.frame import Frame
    from bpstudio.training.session import Session

SUFFIX = ".bpstudio"
"""How the name of a project file ends; a lesson's ends with .json."""
_SQLITE = b"SQLite format 3\0"
Stamp = tuple[int, int]
"""When a file was written (ns) and its length: another one where somebody has written it again."""
NO_FILE: Stamp = (0, 0)


@dataclass(frozen=True, eq=False)
class Opened:
    """A project that was read, and a session that stands where it stood."""

    project: Project
    session: Session


@dataclass(frozen=True)
class Open:
    """Read a project or a lesson (a path, or the name of a lesson that travels with the program) and make its present
    step. `kept`: it was not saved by a person, but kept for one.
    """

    place: str | Path
    kept: bool = False
    asked: float = 0.0
    kind: str = "open"

    def answer(self, progress: Callable[[float], None]) -> tuple[Lesson, Session] | OpenedCase | Opened:
        if isinstance(self.place, Path) and _is_project(self.place):
            return self._project(self.place, progress)
        try:
            lesson = lessons.read(self.place) if isinstance(self.place, Path) else lessons.load(self.place)
        except lessons.ReferenceCaseError:
            from bpstudio.files import case_lesson  # only where somebody has one

            return case_lesson.open(Path(self.place))
        progress(0.5)
        return lesson, lesson.session()

    def _project(self, path: Path, progress: Callable[[float], None]) -> Opened:
        from bpstudio.files import project  # SQLite, only where a project is opened
        from bpstudio.training.session import Session

        read = project.read(path, lambda share: progress(0.9 * share))
        return Opened(read, Session.restored(read.archive))


@dataclass(frozen=True, eq=False)
class CheckReplay:
    """Find out whether a project from another machine comes out the same here."""

    project: Project
    kind: str = "replay"

    def answer(self, progress: Callable[[float], None]) -> Discrepancy | None:
        from bpstudio.files import project
        from bpstudio.files.fingerprint import fingerprint

        # One fingerprint, one arithmetic: then every digit comes out the same.
        if dict(self.project.made_with) == fingerprint():
            return None
        return project.check_replay(self.project, progress)


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


@dataclass(frozen=True, eq=False)
class ExportMoment:
    """Write the step of a frame as a lesson, with the digits that must come out; `look` are fields of a lesson."""

    frame: Frame
    lesson: Lesson | None
    look: Mapping[str, Any]
    path: Path
    kind: str = "export"

    def answer(self, progress: Callable[[float], None]) -> Path:
        from bpstudio.files import moment

        lessons.write(moment.moment(self.frame, self.lesson, **self.look), self.path)
        return self.path


def stamp(path: Path | None) -> Stamp:
    """What tells a file from one that is written there later; NO_FILE where there is none."""
    try:
        found = path.stat() if path is not None else None
    except (OSError, ValueError):  # a path that was read from a file may be none
        found = None
    return (found.st_mtime_ns, found.st_size) if found is not None else NO_FILE


def _is_project(path: Path) -> bool:
    """Whether a file is one, by its name or by how it begins."""
    if path.suffix.lower() == SUFFIX:
        return True
    try:
        with path.open("rb") as stream:
            return stream.read(len(_SQLITE)) == _SQLITE
    except OSError:
        return False


def plainly(problem: Exception) -> str:
    """What went wrong with a file, as it was said."""
    return str(problem) or type(problem).__name__


def is_whole(problem: Exception) -> bool:
    """Whether what is said of a problem names the file already."""
    from bpstudio.files.project_error import ProjectError

    return isinstance(problem, ProjectError)

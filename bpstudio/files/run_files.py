"""A run in and out of a file, in one word each: what `bpstudio.open` and `bpstudio.save` do in a notebook.

    session = bpstudio.open("yesterday.bpstudio")
    session.seek(100)
    session.branch("with momentum")
    session.apply(session.experiment.replace(optimizer=bpstudio.Momentum(0.1)))
    session.run(500)
    bpstudio.save(session, "today.bpstudio")

A project keeps the whole past, a lesson the present moment; which of them it is says the name's ending.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from bpstudio.files import lesson as lessons
from bpstudio.files.lesson import Lesson
from bpstudio.training.frame import Frame
from bpstudio.training.session import DEFAULT_BUDGET, Session

if TYPE_CHECKING:
    from bpstudio.files.project import Project

PROJECT, LESSON = ".bpstudio", ".json"
SQLITE = b"SQLite format 3\0"
"""How every project begins."""


def open(path: str | os.PathLike[str], budget: int = DEFAULT_BUDGET) -> Session:
    """The run in a file, where it stood: of a project with all its past, of a lesson from where it begins, of a
    reference case from its first step. ``budget`` is the memory, in bytes, that its past may take.

    Raises OSError where the file cannot be read, and ValueError that says what is wrong with it.
    """
    file = Path(path)
    if is_project(file):
        from bpstudio.files import project

        return Session.restored(project.read(file).archive, budget)
    try:
        session = lessons.read(file).session()
    except lessons.ReferenceCaseError:
        from bpstudio.files import case_lesson

        session = case_lesson.open(file).session
    session.hold(budget)
    return session


def save(what: Session | Frame | Lesson | Project, path: str | os.PathLike[str]) -> None:
    """Write a run as a project (``.bpstudio``), which keeps its whole past, or as a lesson (``.json``), which keeps the
    present moment. A frame and a lesson can only be a lesson, a project only a project.

    A file of this name is replaced, when its replacement is complete. Raises OSError where it cannot be written, and
    ValueError for another ending or for what such a file does not hold.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in (PROJECT, LESSON):
        raise ValueError(f"{path}: expected a name that ends in {PROJECT} or {LESSON}, got {suffix or 'no ending'}")
    if suffix == LESSON:
        if not isinstance(what, Session | Frame | Lesson):
            raise ValueError(f"{path}: a lesson holds one moment of a run; save a project as {PROJECT}")
        lessons.write(what, path)
        return
    from bpstudio.files import project as projects

    if isinstance(what, Session):
        what = projects.Project(what.archive())
    if not isinstance(what, projects.Project):
        raise ValueError(f"{path}: a project holds a run with its past; save a {type(what).__name__} as {LESSON}")
    projects.write(path, what)


def is_project(file: Path) -> bool:
    """Whether a file is a project, by its first bytes; a folder is none, nor is what is not there."""
    if not file.is_file():
        return file.suffix.lower() == PROJECT
    with file.open("rb") as stream:
        return stream.read(len(SQLITE)) == SQLITE

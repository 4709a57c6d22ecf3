"""What a word on the command line means: a lesson by its name, or a file of some kind.

The kind is told by the file's ending, and where that says nothing by its first bytes. Nothing is guessed: what is none
of them is refused, with what was expected.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bpstudio.cli import settings as setting
from bpstudio.cli.settings import Setting
from bpstudio.files import lesson as lessons
from bpstudio.files.lesson import Lesson
from bpstudio.training.session import Session

if TYPE_CHECKING:
    from bpstudio.files.project import Project

PROJECT, LESSON = ".bpstudio", ".json"
TABLES = (".csv", ".tsv", ".txt", ".data", ".tab", ".dat")
Kind = Literal["lesson", "project", "table"]
_SQLITE = b"SQLite format 3\0"


@dataclass(frozen=True, eq=False)
class Opened:
    """A run, and where it came from: ``name`` is that of its file without the ending, or of the lesson. ``remarks`` are
    lines that somebody should read first: what was understood of a table, or that a project was made elsewhere.
    ``edited`` says whether something was set that changed it.
    """

    kind: Kind
    name: str
    path: Path | None
    session: Session
    title: str
    lesson: Lesson | None = None
    project: Project | None = None
    remarks: Sequence[str] = ()
    edited: bool = False


def kind_of(word: str) -> Kind:
    """What a name or path is. Raises ValueError where it is nothing that can be opened."""
    path = Path(word)
    if path.is_dir():
        raise ValueError(
            f"{word} is a folder: expected a lesson (.json), a project (.bpstudio) or a table (.csv) in it"
        )
    suffix = path.suffix.lower()
    if suffix == PROJECT:
        return "project"
    if suffix in TABLES:
        return "table"
    if suffix == LESSON or (word in lessons.NAMES and not path.exists()):
        return "lesson"
    if not path.exists():
        listed = ", ".join(lessons.NAMES)
        raise ValueError(
            f"{word}: there is no such file, and no lesson of this name{setting.near(word, lessons.NAMES) or ';'} "
            f"the lessons are {listed}"
        )
    beginning = _beginning(path)
    if beginning.startswith(_SQLITE):
        return "project"
    if beginning.lstrip().startswith(b"{"):
        return "lesson"
    raise ValueError(
        f"{word}: expected a lesson (.json), a project (.bpstudio) or a table ({', '.join(TABLES)}), "
        f"got a file that ends in {suffix or 'nothing'}"
    )


def open_run(word: str, settings: Sequence[Setting] = ()) -> Opened:
    """The run that a name or a file holds, with everything set as one edit.

    Raises OSError and ValueError that say what is wrong.
    """
    from bpstudio.cli import table_settings

    kind = kind_of(word)
    about_data, others = table_settings.split(settings)
    if about_data and kind != "table":
        raise ValueError(
            f"--set {table_settings.PREFIX}{about_data[0][0]}: only the data of a table (.csv) are prepared here"
        )
    if kind == "table":
        from bpstudio.training.first_network import suggested

        path = Path(word).resolve()
        dataset, understood = table_settings.load(path, about_data)
        session = Session(suggested(dataset), dataset)
        opened = Opened(kind, path.stem, path, session, dataset.name, remarks=understood)
    elif kind == "project":
        opened = _project(Path(word))
    else:
        opened = _lesson(word)
    experiment = setting.apply(opened.session.experiment, others)
    edited = opened.session.apply(experiment=experiment) if others else False
    return dataclasses.replace(opened, edited=edited)


def _lesson(word: str) -> Opened:
    path = Path(word)
    is_name = word in lessons.NAMES and not path.exists()
    lesson = lessons.load(word) if is_name else lessons.read(path)
    title = lesson.title.within("en") or path.stem
    return Opened("lesson", path.stem, None if is_name else path.resolve(), lesson.session(), title, lesson)


def _project(path: Path) -> Opened:
    from bpstudio.files import project as projects

    project = projects.read(path)
    session = Session.restored(project.archive)
    caption = session.frame().caption
    title = caption.title or path.stem
    return Opened(
        "project", path.stem, path.resolve(), session, title, project.lesson, project, tuple(_from_elsewhere(project))
    )


def _from_elsewhere(project: Project) -> Iterator[str]:
    """Whether the last digits are others here than where a project was saved, and from which step on."""
    from bpstudio.files.fingerprint import fingerprint
    from bpstudio.files.project import check_replay

    if dict(project.made_with) == fingerprint():
        return
    found = check_replay(project)
    if found is not None:
        yield (
            "This project was made on another machine. Computed anew here, the last digits differ from step "
            f"{found.step:,} on. What was stored is shown as it was there; what lies between is computed here."
        )


def _beginning(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(64)

"""What is in no file of a person's is kept, offered when its process is gone, and forgotten when it is saved."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PyQt6.QtCore import QSettings
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from bpstudio.files import lesson, project
from bpstudio.files.exercise import Sheet, read
from bpstudio.training.frame import Frame
from bpstudio.training.optimizers import SGD
from ui import recovery
from ui.document import Document
from ui.focus import Focus
from ui.navigation import Navigation
from ui.recovery import Recovery
from ui.runner import Runner
from ui.writer import Writer


@dataclass
class Desk:
    """All there is of the application besides the window."""

    folder: Path
    qtbot: QtBot
    said: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        def say(level: str, text: str) -> None:
            self.said.append((level, text))

        self.focus, self.runner = Focus(), Runner()
        self.navigation = Navigation(self.focus, self.runner)
        self.writer = Writer(self.runner.rest)
        self.document = Document(self.runner, self.focus, say, self.writer)
        self.recovery = Recovery(self.runner, self.document, self.writer, say, self.folder)
        self.document.show(lesson.load("xor"), name="xor")
        self.settle()

    def settle(self) -> Frame:
        self.qtbot.waitUntil(lambda: self.runner.idle and self.writer.idle)
        assert self.runner.frame is not None
        return self.runner.frame

    def edit(self, rate: float = 0.125) -> Frame:
        frame = self.settle()
        self.runner.apply(experiment=frame.experiment.replace(optimizer=SGD(rate)), name="rate")
        return self.settle()

    def keep(self) -> None:
        """What the clock does every few seconds."""
        self.recovery._keep()
        self.settle()

    def leave(self) -> None:
        """End, as the application does; a process that is killed leaves the same files behind."""
        self.navigation.pause()
        self.writer.close()
        self.recovery.close()
        self.runner.close()

    @property
    def files(self) -> list[str]:
        return sorted(path.name.split("-")[0] + path.suffix for path in self.folder.glob("*"))


@pytest.fixture
def start(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Callable[[], Desk]]:
    qapp.setOrganizationName("bpstudio")
    qapp.setApplicationName("bpstudio")
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "settings"))
    made: list[Desk] = []

    def begin() -> Desk:
        made.append(Desk(tmp_path / "state", qtbot))
        return made[-1]

    yield begin
    for desk in made:
        desk.leave()


@pytest.fixture
def desk(start: Callable[[], Desk]) -> Desk:
    return start()


def test_nothing_is_kept_while_there_is_nothing_to_lose(desk: Desk) -> None:
    desk.focus.set(playhead=3)
    desk.keep()
    assert desk.files == []
    assert desk.recovery.keep_now()
    desk.recovery.end()
    assert desk.writer.settle(30)
    assert desk.files == []


def test_training_is_kept_by_itself(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "EVERY", 0.01)
    desk.recovery._clock.stop()
    desk.runner.play()
    desk.qtbot.waitUntil(desk.recovery.path.is_file)
    desk.qtbot.waitUntil(lambda: project.describe(desk.recovery.path).step > 100)
    desk.runner.pause()
    last = desk.settle().step
    desk.qtbot.waitUntil(lambda: project.describe(desk.recovery.path).step == last)
    assert desk.said == []


def test_lock_of_the_living_hides_what_they_keep(desk: Desk, start: Callable[[], Desk]) -> None:
    desk.edit()
    desk.keep()
    other = start()
    assert other.recovery.offers() == ()
    desk.leave()
    (offer,) = other.recovery.offers()
    assert offer.description is not None
    assert (offer.description.wording, offer.description.steps) == (lesson.load("xor").title, 0)
    assert len(other.recovery.offers()) == 1, "it is offered until somebody decides"
    third = start()
    assert third.recovery.offers() == (), "one offer is enough"


def test_run_that_was_left_behind_is_gone_on_with(desk: Desk, start: Callable[[], Desk]) -> None:
    desk.edit()
    desk.runner.step(40)
    desk.settle()
    desk.runner.seek(11)
    desk.settle()
    desk.edit(0.5)
    desk.runner.bookmark(note="here")
    kept = desk.settle()
    assert desk.recovery.keep_now()
    desk.leave()

    second = start()
    (offer,) = second.recovery.offers()
    assert offer.description is not None
    assert offer.description.branches == 2
    second.document.resume(offer.path)
    second.qtbot.waitUntil(lambda: second.document.run == 2)
    frame = second.settle()
    assert (frame.step, len(frame.branches), frame.bookmarks) == (11, 2, kept.bookmarks)
    assert frame.params.flat.tobytes() == kept.params.flat.tobytes()
    assert (second.document.path, second.document.modified) == (None, True)
    assert second.recovery.offers() == ()
    assert offer.path.is_file(), "it is the only copy until there is another one"
    second.keep()
    assert not offer.path.is_file()
    assert second.recovery.path.is_file()


def test_run_that_was_only_looked_at_stays_where_it_was(desk: Desk, start: Callable[[], Desk]) -> None:
    desk.edit()
    desk.keep()
    desk.leave()
    second = start()
    (offer,) = second.recovery.offers()
    second.document.resume(offer.path)
    second.qtbot.waitUntil(lambda: second.document.run == 2)
    second.settle()
    second.document.show(lesson.load("mazur"), name="mazur")
    second.edit(0.25)
    second.keep()
    assert second.recovery.path.is_file()
    assert offer.path.is_file(), "what is written now is another run"


def test_trained_lesson_of_the_program_is_still_that_lesson(desk: Desk, start: Callable[[], Desk]) -> None:
    desk.runner.step(25)
    desk.settle()
    assert desk.recovery.keep_now()
    desk.leave()
    second = start()
    (offer,) = second.recovery.offers()
    second.document.resume(offer.path)
    second.qtbot.waitUntil(lambda: second.document.run == 2)
    assert second.settle().step == 25
    assert (second.document.name, second.document.modified) == ("xor", False)
    second.keep()
    assert not offer.path.is_file()


def test_crash_after_a_save_gives_the_file_back(desk: Desk, start: Callable[[], Desk], tmp_path: Path) -> None:
    path = tmp_path / "mine.bpstudio"
    desk.edit()
    desk.document.save(path)
    desk.qtbot.waitUntil(lambda: desk.document.path == path)
    desk.runner.step(9)
    desk.settle()
    assert desk.recovery.keep_now()
    desk.leave()

    second = start()
    second.document.resume(second.recovery.offers()[0].path)
    second.qtbot.waitUntil(lambda: second.document.run == 2)
    second.settle()
    assert (second.document.path, second.document.modified) == (path, True)
    second.document.save()
    second.qtbot.waitUntil(lambda: not second.document.modified)
    assert project.read(path).archive.branch.step == 9
    second.runner.step(1)
    second.settle()
    assert second.recovery.keep_now()
    second.leave()

    project.write(path, project.read(path))  # somebody else has saved it
    third = start()
    third.document.resume(third.recovery.offers()[0].path)
    third.qtbot.waitUntil(lambda: third.document.run == 2)
    third.settle()
    assert third.document.path is None, "what somebody else saved is not written over"


def test_what_was_saved_or_left_is_not_kept_any_more(desk: Desk, tmp_path: Path) -> None:
    desk.edit()
    desk.keep()
    assert desk.recovery.path.is_file()
    desk.document.save(tmp_path / "mine.bpstudio")
    desk.qtbot.waitUntil(lambda: not desk.document.modified)
    desk.qtbot.waitUntil(lambda: not desk.recovery.path.is_file())
    desk.runner.step(1)
    desk.settle()
    desk.keep()
    assert desk.recovery.path.is_file()
    desk.document.show(lesson.load("mazur"), name="mazur")
    desk.settle()
    desk.keep()
    assert not desk.recovery.path.is_file()


def test_data_are_kept_too_and_the_choice_of_a_person_stays(desk: Desk, start: Callable[[], Desk]) -> None:
    desk.document.embed = False
    desk.edit()
    desk.keep()
    assert project.read(desk.recovery.path).embed
    desk.leave()
    second = start()
    second.document.resume(second.recovery.offers()[0].path)
    second.qtbot.waitUntil(lambda: second.document.run == 2)
    assert not second.document.embed


def test_every_name_is_kept(desk: Desk) -> None:
    desk.edit()
    for name in ("first", "second"):
        desk.runner.rename_branch(1, name)
        desk.settle()
        desk.keep()
        assert project.read(desk.recovery.path).archive.branch.name == name


def test_another_run_takes_the_place_of_the_first(desk: Desk) -> None:
    desk.edit()
    desk.keep()
    desk.document.show(lesson.load("mazur"), name="mazur")
    frame = desk.edit(0.25)
    desk.keep()
    kept = project.read(desk.recovery.path).archive
    assert [segment.experiment for segment in kept.segments.values()] == [frame.experiment]


def test_closed_window_leaves_its_last_session(desk: Desk, start: Callable[[], Desk]) -> None:
    desk.edit()
    desk.runner.step(12)
    desk.settle()
    desk.keep()
    desk.recovery.end()
    desk.leave()
    assert desk.files == ["last.bpstudio"]
    second = start()
    assert second.recovery.offers() == (), "nothing went wrong"
    second.document.resume(second.recovery.last_session)
    second.qtbot.waitUntil(lambda: second.document.run == 2)
    assert second.settle().step == 12
    assert (second.document.path, second.document.modified) == (None, True)
    second.keep()
    assert second.recovery.last_session.is_file(), "it is offered until there is another one"


def test_exercise_of_a_person_is_kept_under_its_name(desk: Desk, start: Callable[[], Desk]) -> None:
    exercise = read(Sheet.of(desk.settle(), "Sheet 3")).exercise
    assert exercise is not None
    desk.document.take(exercise)
    desk.settle()
    desk.recovery.end()
    desk.leave()
    second = start()
    second.document.resume(second.recovery.last_session)
    second.qtbot.waitUntil(lambda: second.document.run == 2)
    second.settle()
    assert (second.document.own_title, second.document.modified) == ("Sheet 3", True)


def test_trouble_is_said_once_and_tried_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.folder.write_text("a file stands where the folder should be")
    desk.edit()
    for _ in range(3):
        desk.keep()
    assert [level for level, _ in desk.said] == ["warning"]
    assert desk.recovery._clock.interval() == recovery.AFTER_TROUBLE * 1000
    assert not desk.recovery.keep_now()
    desk.folder.unlink()
    desk.keep()
    assert desk.recovery.path.is_file()
    with monkeypatch.context() as patch:
        full = project.ProjectError("{name} was not saved: the drive is full.", "Make room.", name="x")

        def refuse(*_: object) -> None:
            raise full

        patch.setattr(project.ProjectFile, "save", refuse)
        desk.runner.step(1)
        desk.settle()
        desk.keep()
    assert len(desk.said) == 2
    assert "the drive is full. Make room." in desk.said[-1][1]
    desk.keep()
    assert project.describe(desk.recovery.path).step == 1


def test_what_cannot_be_read_is_offered_with_the_reason(desk: Desk) -> None:
    desk.folder.mkdir()
    path = desk.folder / "recovery-1-abc.bpstudio"
    path.write_bytes(b"not a project at all, by any means")
    (offer,) = desk.recovery.offers()
    assert offer.description is None
    assert path.name in offer.problem
    desk.recovery.discard(offer.path)
    assert (desk.files, desk.recovery.offers()) == ([], ())


def test_remains_of_processes_are_swept_when_they_are_old(desk: Desk) -> None:
    desk.edit()
    desk.keep()
    old = time.time() - recovery.OLD - 60
    for name in ("recovery-1-a.lock", ".bpstudio-12.part", "recovery-2-b.lock"):
        (desk.folder / name).touch()
    for path in desk.folder.iterdir():
        if path.name != "recovery-2-b.lock":
            os.utime(path, (old, old))
    assert desk.recovery.offers() == ()
    left = {path.name for path in desk.folder.iterdir()}
    assert left == {desk.recovery.path.name, desk.recovery.path.with_suffix(".lock").name, "recovery-2-b.lock"}
    broken = desk.folder / "recovery-3-c.bpstudio"
    journal = broken.with_name(f"{broken.name}-journal")
    for path in (broken, journal):
        path.touch()
    desk.recovery.offers()
    desk.recovery.discard(broken)
    assert not journal.exists()


def test_keyframes_are_bounded_and_the_rest_comes_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "KEYFRAME_BYTES", 4000)
    desk.runner.step(2000)
    frame = desk.settle()
    desk.keep()
    kept = project.read(desk.recovery.path).archive
    assert sum(each.nbytes for segment in kept.segments.values() for each in segment.keyframes.values()) < 5000
    assert kept.branch.step == frame.step

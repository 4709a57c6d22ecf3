"""Saves go through one thread: the newest wins, a person's file comes first, and what goes wrong is told."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from bpstudio.files import lesson, project
from bpstudio.files.project import Project, ProjectError, ProjectFile
from ui import writer
from ui.threads import CancelledError
from ui.writer import Writer

Told = list[Exception | None]


def run(steps: int = 3) -> Project:
    session = lesson.load("one-neuron").session()
    session.run(steps)
    return Project(session.archive(), lesson.load("one-neuron"))


def step(path: Path) -> int:
    return project.read(path).archive.branch.step


@pytest.fixture
def made(qtbot: QtBot) -> Iterator[Writer]:
    writer = Writer()
    yield writer
    writer.close()


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Creating a file waits until this is set, and says meanwhile that it is at 25 %."""
    opened = threading.Event()
    create = ProjectFile.create

    def slow(path: Path, made: Project, progress: Callable[[float], None]) -> ProjectFile:
        while not opened.wait(0.002):
            progress(0.25)
        return create(path, made, progress)

    monkeypatch.setattr(ProjectFile, "create", slow)
    yield opened
    opened.set()


def test_second_save_goes_into_the_open_file(made: Writer, tmp_path: Path, qtbot: QtBot) -> None:
    path, told = tmp_path / "a.bpstudio", Told()
    made.save("file", path, run(3), 1, told.append)
    qtbot.waitUntil(lambda: made.idle)
    first = path.stat().st_ino
    made.save("file", path, run(5), 1, told.append)
    qtbot.waitUntil(lambda: made.idle)
    assert (told, step(path), path.stat().st_ino) == ([None, None], 5, first)
    made.leave("file")
    made.save("file", path, run(2), 2, told.append)
    qtbot.waitUntil(lambda: made.idle)
    assert step(path) == 2, "another run takes the place of the old one"


def test_newest_save_wins_and_the_person_comes_first(
    made: Writer, tmp_path: Path, qtbot: QtBot, gate: threading.Event
) -> None:
    mine, copy = tmp_path / "mine.bpstudio", tmp_path / "copy.bpstudio"
    order: list[tuple[str, int | str]] = []

    def told(what: str, steps: int) -> Callable[[Exception | None], None]:
        return lambda problem: order.append((what, steps if problem is None else type(problem).__name__))

    made.save("recovery", copy, run(1), 1, told("copy", 1))
    qtbot.waitUntil(lambda: made._pen._current is not None)
    made.save("recovery", copy, run(2), 1, told("copy", 2))
    made.save("file", mine, run(3), 1, told("mine", 3))
    qtbot.waitUntil(lambda: bool(order) and made._pen._current is not None)
    for steps in (4, 5):
        made.save("file", mine, run(steps), 1, told("mine", steps))
    gate.set()
    qtbot.waitUntil(lambda: made.idle)
    assert order == [("copy", "CancelledError"), ("mine", 3), ("mine", 5), ("copy", 2)]
    assert (step(mine), step(copy)) == (5, 2)


def test_progress_is_told_only_of_what_takes_long(
    made: Writer, tmp_path: Path, qtbot: QtBot, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares: list[float] = []
    made.save("file", tmp_path / "a.bpstudio", run(), 1, lambda _: None, shares.append)
    begun = time.perf_counter()
    qtbot.waitUntil(lambda: bool(shares))
    assert time.perf_counter() - begun > writer.UNNOTICED * 0.9
    assert shares[0] == 0.25
    gate.set()
    qtbot.waitUntil(lambda: made.idle)


def test_cancelled_save_leaves_the_file_as_it_was(
    made: Writer, tmp_path: Path, qtbot: QtBot, gate: threading.Event
) -> None:
    path, told = tmp_path / "a.bpstudio", Told()
    project.write(path, run(1))
    before = path.read_bytes()
    made.save("file", path, run(9), 1, told.append)
    qtbot.waitUntil(lambda: made._pen._current is not None)
    made.cancel("file")
    qtbot.waitUntil(lambda: made.idle)
    assert isinstance(told[0], CancelledError)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path], "nothing half is left beside it"


def test_who_saved_meanwhile_is_not_written_over(made: Writer, tmp_path: Path, qtbot: QtBot) -> None:
    path, told = tmp_path / "a.bpstudio", Told()
    project.write(path, run(1))
    revision = project.read(path).revision
    made.follow("file", path, 1, revision)
    qtbot.waitUntil(lambda: made.idle)
    project.write(path, run(2))
    made.save("file", path, run(3), 1, told.append)
    qtbot.waitUntil(lambda: made.idle)
    made.follow("file", path, 2, revision)
    made.save("file", path, run(3), 2, told.append)
    qtbot.waitUntil(lambda: made.idle)
    assert [type(problem) for problem in told] == [project.ProjectConflictError] * 2
    assert step(path) == 2


def test_copy_that_somebody_deleted_is_made_again(made: Writer, tmp_path: Path) -> None:
    path, told = tmp_path / "a.bpstudio", Told()
    made.save("recovery", path, run(1), 1, told.append)
    assert made.settle(30)
    path.unlink()
    made.save("recovery", path, run(2), 1, told.append)
    assert made.settle(30)
    made.save("recovery", path, run(3), 1, told.append)
    assert made.settle(30)
    assert (told, step(path)) == ([None, None, None], 3)


def test_trouble_is_told_and_does_not_end_the_thread(
    made: Writer, tmp_path: Path, qtbot: QtBot, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told()
    made.save("file", tmp_path / "nowhere" / "a.bpstudio", run(), 1, told.append)
    qtbot.waitUntil(lambda: made.idle)
    with monkeypatch.context() as patch:
        patch.setattr(ProjectFile, "create", lambda *_: [].pop())
        made.save("file", tmp_path / "a.bpstudio", run(), 1, told.append)
        qtbot.waitUntil(lambda: made.idle)
    made.save("file", tmp_path / "a.bpstudio", run(), 1, told.append)
    qtbot.waitUntil(lambda: made.idle)
    assert isinstance(told[0], ProjectError)
    assert isinstance(told[1], IndexError)
    assert told[2] is None
    assert "stumbled" in caplog.text
    caplog.clear()


def test_file_is_let_go_deleted_or_moved(made: Writer, tmp_path: Path, qtbot: QtBot) -> None:
    path, target = tmp_path / "a.bpstudio", tmp_path / "b.bpstudio"
    target.write_bytes(b"old")
    made.save("recovery", path, run(4), 1, lambda _: None)
    made.drop("recovery", path, target)
    assert made.settle(30)
    assert (path.exists(), step(target)) == (False, 4)
    made.save("recovery", path, run(4), 1, lambda _: None)
    made.drop("recovery", path)
    made.drop("recovery", path)
    assert made.settle(30)
    assert list(tmp_path.iterdir()) == [target]


def test_close_writes_what_waits(qtbot: QtBot, tmp_path: Path) -> None:
    writer = Writer()
    writer.save("file", tmp_path / "a.bpstudio", run(6), 1, lambda _: None)
    writer.close()
    assert step(tmp_path / "a.bpstudio") == 6
    writer.save("file", tmp_path / "b.bpstudio", run(6), 1, lambda _: None)
    assert not (tmp_path / "b.bpstudio").exists()

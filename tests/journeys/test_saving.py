"""Saving a run with its whole past, and getting it back: after a crash, a signal, and a disk that is gone."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFileDialog, QLabel, QMessageBox

from bpstudio.files import lesson, project
from bpstudio.insight.elements import Row, Unit
from bpstudio.training.optimizers import SGD
from ui import file_commands, writer

Key, Mod = Qt.Key, Qt.KeyboardModifier
Visit = Callable[..., Any]

CHILD = """
import sys
from PyQt6.QtCore import QTimer
from ui import app as program

class Trained(program.App):
    def start(self, place):
        super().start(place)
        self.runner.play()
        self.told = QTimer()
        self.told.timeout.connect(lambda: print(self.runner.frame.step, flush=True))
        self.told.start(50)

program.App = Trained
sys.exit(program.run("xor"))
"""
LOST_AT_MOST = 5.0
"""Seconds of work."""


class Child:
    """The real window in a process of its own, which trains and says how far it is."""

    def __init__(self, home: Path) -> None:
        names = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
        places = {name: str(home / name.lower()) for name in names}
        self.folder = home / "xdg_state_home" / "bpstudio"
        self.process = subprocess.Popen(
            [sys.executable, "-c", CHILD],
            stdout=subprocess.PIPE,
            env=os.environ | places | {"QT_QPA_PLATFORM": "offscreen"},
            text=True,
        )
        self.told: list[tuple[float, int]] = []

    def listen(self, until: Callable[[], bool]) -> None:
        """Hear how far it is, until something is so."""
        assert self.process.stdout is not None
        while not until():
            line = self.process.stdout.readline()
            assert line, "it ended by itself"
            self.told.append((time.monotonic(), int(line)))

    @property
    def left_behind(self) -> list[Path]:
        return sorted(self.folder.glob("recovery-*.bpstudio"))

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        self.process.communicate(timeout=30)
        return self.process.returncode

    def step_at(self, when: float) -> int:
        """How far it was at a moment."""
        return max((step for then, step in self.told if then <= when), default=0)


@pytest.fixture
def child(tmp_path: Path) -> Iterator[Child]:
    made = Child(tmp_path)
    yield made
    made.process.kill()
    made.process.communicate()


def kill(child: Child, seconds: float) -> None:
    """Kill it so long after it has begun to keep its run, and look at what is there."""
    child.listen(lambda: bool(child.left_behind))
    begun = time.monotonic()
    child.listen(lambda: time.monotonic() - begun > seconds)
    now = time.monotonic()
    assert child.end(signal.SIGKILL) == -signal.SIGKILL
    (path,) = child.left_behind
    found = project.read(path).archive
    assert found.branch.step > 0
    assert found.branch.step >= child.step_at(now - LOST_AT_MOST)
    assert project.describe(path).steps >= found.branch.step


def test_killed_window_loses_seconds(child: Child) -> None:
    kill(child, 0.5)


@pytest.mark.soak
@pytest.mark.parametrize("number", range(50))
def test_window_killed_at_any_moment_loses_seconds(child: Child, number: int) -> None:
    kill(child, 0.23 * number)


@pytest.mark.soak
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_signal_saves_and_ends_cleanly(child: Child, name: str) -> None:
    number = signal.Signals[name]
    child.listen(lambda: bool(child.told) and child.told[-1][1] > 100)
    assert child.end(number) == 128 + number
    (path,) = child.left_behind
    assert project.read(path).archive.branch.step >= child.told[-1][1], "nothing at all is lost"


# ---- in the window


def edit(person: Any, rate: float = 0.125) -> None:
    person.app.runner.apply(experiment=person.frame.experiment.replace(optimizer=SGD(rate)), name="rate")
    person.settle()


def crash(person: Any) -> None:
    """End without a question, as a process does that is killed after it has kept its run."""
    assert person.app.recovery.keep_now()
    person.app.close()


def settle(person: Any) -> Any:
    person.wait(lambda: person.app.runner.idle and person.app.writer.idle)
    return person


def choose_file(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))


def press(monkeypatch: pytest.MonkeyPatch, words: str) -> list[str]:
    """Answer every question with the button of these words."""
    asked: list[str] = []

    def reply(box: QMessageBox) -> int:
        asked.append(box.text())
        next(button for button in box.buttons() if words in button.text()).click()
        return box.standardButton(box.clickedButton()).value

    monkeypatch.setattr(QMessageBox, "exec", reply)
    return asked


def test_run_comes_back_with_its_past_and_its_look(visit: Visit, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    choose_file(monkeypatch, home / "mine")
    person = visit("xor")
    person.app.runner.step(60)
    person.settle()
    person.app.runner.seek(20)
    person.settle()
    edit(person)
    person.app.runner.step(30)
    person.settle()
    person.app.runner.bookmark(note="here")
    person.app.runner.rename_branch(1, "old")
    person.app.runner.seek(31)
    person.settle()
    person.app.focus.set(grain="neuron", selection=Unit(1, 1), example=Row(2), color="weight", digits=4)
    person.app.focus.set(playhead=5)
    row = person.frame.batch[2]
    person.do("view.bottom")
    assert person.window.isWindowModified()
    person.press(Key.Key_S, Mod.ControlModifier)
    settle(person)
    path = home / "mine.bpstudio"
    assert path.is_file(), "a project is what one gets without saying anything"
    assert not person.window.isWindowModified()
    kept = person.frame
    assert person.window.close()

    person = visit(path)
    person.wait(lambda: person.frame.step == 31)
    assert person.frame.params.flat.tobytes() == kept.params.flat.tobytes()
    assert [(each.number, each.name, each.last) for each in person.frame.branches] == [(1, "old", 60), (2, "", 50)]
    assert [mark.note for mark in person.frame.bookmarks] == ["here"]
    focus = person.app.focus
    assert (focus.grain, focus.playhead, focus.color, focus.digits) == ("neuron", 5, "weight", 4)
    assert focus.selection == Unit(1, 1)
    assert person.frame.batch[focus.example.position] == row
    assert not person.window._bottom.isVisible(), "the window is divided as it was"
    assert not person.window.isWindowModified()
    person.app.runner.switch(1)
    person.settle()
    assert not person.window.isWindowModified(), "going elsewhere is looking"
    person.app.runner.bookmark()
    person.settle()
    assert person.window.isWindowModified()
    size = path.stat().st_ino
    person.press(Key.Key_S, Mod.ControlModifier)
    settle(person)
    assert path.stat().st_ino == size, "saved in place"
    assert len(project.read(path).archive.bookmarks) == 2


def test_crashed_run_is_offered_and_comes_back(visit: Visit, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept_in = home / "state" / "bpstudio"
    person = visit("xor")
    edit(person)
    person.app.runner.step(33)
    kept = person.settle().frame
    crash(person)
    (old,) = kept_in.glob("recovery-*.bpstudio")
    broken = kept_in / "recovery-1-a.bpstudio"
    broken.write_bytes(old.read_bytes()[:5000])

    person = visit("mazur")
    assert person.window.messages.isVisible(), "whoever opens something else hears of it"
    person.click(person.window.messages.button)
    left = person.app.doors.page.left_behind
    words = [label.text() for label in left.findChildren(QLabel)]
    assert any("XOR" in text for text in words)
    assert any("step 33" in text for text in words)
    assert any("damaged" in text for text in words)
    asked = press(monkeypatch, "Discard")
    person.click(next(discard for recover, discard in left.rows if recover is None))
    assert (len(asked), len(left.rows), broken.exists()) == (1, 1, False)
    person.click(left.later)
    assert not left.isVisible()
    person.press(Key.Key_Escape, on=person.app.doors.page.doors[0])
    person.do("file.start")
    assert left.isVisible(), "it stays until somebody decides"
    person.press(Key.Key_Return)
    person.wait(lambda: person.frame.step == 33)
    assert person.frame.params.flat.tobytes() == kept.params.flat.tobytes()
    assert person.window.isWindowModified(), "it is in nobody's file"
    assert person.app.recovery.keep_now()
    assert not old.is_file(), "it is in the file of this process now"
    assert len(list(kept_in.glob("recovery-*.bpstudio"))) == 1


def test_lesson_file_is_asked_about_its_past(visit: Visit, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home / "mine.json"
    lesson.write(lesson.load("xor"), path)
    person = visit(path)
    person.wait(lambda: person.app.document.path == path)
    person.app.runner.step(7)
    person.settle()
    choose_file(monkeypatch, home / "moment")
    person.do("file.lesson_out")
    moment = lesson.read(home / "moment.json")
    assert (moment.session().step_number, bool(moment.expected)) == (7, True)
    assert person.app.document.path == path, "what is open is still what was open"

    asked = press(monkeypatch, "Cancel")
    person.press(Key.Key_S, Mod.ControlModifier)
    assert (len(asked), person.window.isWindowModified()) == (1, True)
    press(monkeypatch, "this moment")
    person.press(Key.Key_S, Mod.ControlModifier)
    assert lesson.read(path).session().step_number == 7
    assert not person.window.isWindowModified()
    person.app.runner.step(2)
    person.settle()
    choose_file(monkeypatch, home / "mine.v2")
    (home / "mine.v2.bpstudio").write_bytes(b"there already")
    asked = press(monkeypatch, "Cancel")
    person.do("file.save_as")
    assert len(asked) == 1, "the dialog did not ask about this name"
    assert (home / "mine.v2.bpstudio").read_bytes() == b"there already"
    press(monkeypatch, "Replace")
    person.do("file.save_as")
    settle(person)
    assert project.read(home / "mine.v2.bpstudio").archive.branch.step == person.frame.step
    assert person.app.document.path == home / "mine.v2.bpstudio"


def test_refused_save_offers_another_place_and_a_slow_one_does_not_freeze(
    visit: Visit, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = home / "stick"
    folder.mkdir()
    choose_file(monkeypatch, folder / "mine.bpstudio")
    monkeypatch.setattr(file_commands, "MUCH_DATA", 1)
    asked = press(monkeypatch, "Only say")
    person = visit("iris")
    person.app.runner.step(5)
    person.do("file.save_as")
    settle(person)
    assert len(asked) == 1
    assert not project.read(folder / "mine.bpstudio").embed
    shutil.rmtree(folder)
    person.app.runner.step(5)
    person.settle()
    person.press(Key.Key_S, Mod.ControlModifier)
    settle(person)
    messages = person.window.messages
    assert messages.level == "error"
    assert "no folder" in messages.words.text()
    assert person.window.isWindowModified()
    choose_file(monkeypatch, home / "mine.bpstudio")
    person.click(messages.button)
    settle(person)
    assert project.read(home / "mine.bpstudio").archive.branch.step == 10
    assert len(asked) == 2, "another file, another choice"

    # Saving takes long now, and somebody saves and closes.
    monkeypatch.setattr(writer, "UNNOTICED", 0.0)
    go = threading.Event()
    save = project.ProjectFile.save

    def slow(file: project.ProjectFile, made: project.Project, progress: Callable[[float], None]) -> None:
        while not go.wait(0.01):
            progress(0.42)
        save(file, made, progress)

    monkeypatch.setattr(project.ProjectFile, "save", slow)
    monkeypatch.setattr(QMessageBox, "exec", lambda _: QMessageBox.StandardButton.Save.value)
    edit(person)
    assert not person.window.close()
    person.wait(lambda: "42%" in messages.words.text())
    person.press(Key.Key_Right, on=person.window.canvas)
    assert person.window.isVisible(), "the window goes on meanwhile"
    go.set()
    person.wait(lambda: not person.window.isVisible())
    assert len(project.read(home / "mine.bpstudio").archive.segments) == 2

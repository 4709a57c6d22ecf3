"""What is open, whether there is something to lose, and that it comes back from the disk as it was."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import QSettings
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from bpstudio.data.dataset import Dataset
from bpstudio.files import lesson
from bpstudio.files.exercise import Sheet, read
from bpstudio.insight.elements import Row
from bpstudio.training.frame import Frame
from bpstudio.training.optimizers import SGD, Momentum
from ui import document
from ui.document import Document, last_session
from ui.focus import Focus
from ui.navigation import Navigation
from ui.runner import Runner


@dataclass
class Desk:
    focus: Focus
    runner: Runner
    document: Document
    qtbot: QtBot
    said: list[tuple[str, str]] = field(default_factory=list)

    def settle(self) -> Frame:
        self.qtbot.waitUntil(lambda: self.runner.idle)
        assert self.runner.frame is not None
        return self.runner.frame


@pytest.fixture
def desk(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Desk]:
    qapp.setOrganizationName("bpstudio")
    qapp.setApplicationName("bpstudio")
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "settings"))
    focus, runner = Focus(), Runner()
    navigation = Navigation(focus, runner)
    said: list[tuple[str, str]] = []
    document = Document(runner, focus, lambda level, text: said.append((level, text)))
    made = Desk(focus, runner, document, qtbot, said)
    document.show(lesson.load("mazur"), name="mazur")
    made.settle()
    yield made
    navigation.pause()
    runner.close()


def test_lesson_opens_in_its_own_letters_and_grain(desk: Desk) -> None:
    assert (desk.focus.notation.name, desk.focus.grain, desk.focus.digits) == ("mazur", "edge", 9)
    assert desk.document.title == "Worked example 2-2-2 (Mazur)"
    assert not desk.document.modified


def test_walking_and_training_a_lesson_is_nothing_to_lose(desk: Desk) -> None:
    desk.focus.set(playhead=30)
    desk.runner.step(20)
    desk.settle()
    assert not desk.document.modified


def test_edit_of_a_lesson_is_something_to_lose_until_it_is_undone(desk: Desk) -> None:
    frame = desk.settle()
    desk.runner.apply(experiment=frame.experiment.replace(optimizer=SGD(0.1)), name="rate")
    desk.settle()
    assert desk.document.modified
    desk.runner.undo()
    desk.settle()
    assert not desk.document.modified


def test_switching_a_lesson_is_one_edit_and_nothing_to_lose(desk: Desk) -> None:
    switches = desk.document.switches
    assert switches is not None
    assert desk.document.choice is switches.base
    desk.runner.step(3)
    before = desk.settle()
    desk.document.choose(switches.named("sequential"))
    frame = desk.settle()
    assert (frame.step, frame.undo) == (0, "switch to “Output layer first”")
    assert desk.document.choice is switches.named("sequential")
    assert not desk.document.modified
    desk.runner.undo()
    again = desk.settle()
    assert (again.step, desk.document.choice) == (3, switches.base)
    assert again.params.flat.tobytes() == before.params.flat.tobytes()


def test_a_switch_is_saved_with_the_run(desk: Desk, tmp_path: Path) -> None:
    switches = desk.document.switches
    assert switches is not None
    desk.document.choose(switches.named("sequential"))
    desk.runner.step(2)
    desk.settle()
    path = tmp_path / "switched.json"
    desk.document.save(path)
    before = desk.settle()
    for _ in range(2):
        choice = desk.document.choice
        assert choice is not None
        assert choice.variant is not None
        assert choice.variant.name == "sequential"
        assert choice.lesson.scenes == lesson.load("mazur").scenes, "what the lesson says stays"
        desk.document.open(path)
        assert desk.settle().params.flat.tobytes() == before.params.flat.tobytes()
    assert desk.document.lesson is not None
    assert desk.document.lesson.variant == "sequential"
    assert not desk.document.modified


def test_opening_during_training_begins_where_the_lesson_says(desk: Desk) -> None:
    for name in ("xor", "four-equations", "mazur") * 3:
        desk.runner.play()
        desk.qtbot.waitUntil(lambda: desk.runner.frame is not None and desk.runner.frame.step > 50)
        desk.document.show(lesson.load(name), name=name)
        frame = desk.settle()
        assert (frame.step, frame.dataset) == (0, desk.document.lesson.dataset)  # type: ignore[union-attr]
        assert not desk.document.modified, "the last frame of the run before is not what was opened"


def test_typed_weight_is_something_to_lose(desk: Desk) -> None:
    frame = desk.settle()
    params = frame.params.copy()
    params.W[0][0, 0] = 0.5
    desk.runner.apply(params=params, name="type w1")
    desk.settle()
    assert desk.document.modified


def test_saved_run_comes_back_with_every_digit(desk: Desk, tmp_path: Path) -> None:
    frame = desk.settle()
    params = frame.params.copy()
    params.W[0][0, 0] = 0.1 + 0.2
    desk.runner.apply(params=params, name="type w1")
    desk.runner.apply(experiment=frame.experiment.replace(optimizer=Momentum(0.5, 0.9)), name="optimiser")
    desk.runner.step(37)
    desk.focus.set(playhead=24)
    before = desk.settle()
    done: list[int] = []
    path = tmp_path / "mine.json"
    desk.document.save(path, then=lambda: done.append(1))
    desk.settle()
    assert done == [1]
    assert not desk.document.modified
    assert desk.document.title == "mine"
    desk.runner.step(5)
    later = desk.settle()
    assert desk.document.modified, "a file's run went on"

    desk.document.open(path)
    after = desk.settle()
    assert after.step == 37
    assert after.params.flat.tobytes() == before.params.flat.tobytes()
    assert desk.focus.playhead == 24
    desk.runner.step(5)
    assert desk.settle().params.flat.tobytes() == later.params.flat.tobytes(), "momentum was saved too"
    desk.runner.reset()
    first = desk.settle()
    assert first.step == 0
    assert first.params.W[0][0, 0] == 0.1 + 0.2, "reset leads to the typed start"


def test_refused_save_keeps_the_old_file_and_is_told(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "folder.json"
    folder.mkdir()
    desk.document.save(folder)
    desk.settle()
    level, text = desk.said[-1]
    assert level == "error"
    assert text.startswith("Not saved")
    assert desk.document.path is None


def test_file_that_cannot_be_read_is_told_and_the_run_stays(desk: Desk, tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text('{"format": "bpstudio-lesson/1", "title": "x", "experiment": {}, "data": {}}')
    before = desk.settle()
    desk.document.open(bad)
    assert desk.settle() is before
    assert desk.said[-1][0] == "error"
    assert "bad.json" in desk.said[-1][1]
    desk.document.open(tmp_path / "missing.json")
    desk.settle()
    assert "missing.json" in desk.said[-1][1]


def test_recent_files_are_those_that_exist_newest_first(desk: Desk, tmp_path: Path) -> None:
    for name in ("a.json", "b.json", "a.json"):
        desk.document.save(tmp_path / name)
        desk.settle()
    assert [path.name for path in desk.document.recent] == ["a.json", "b.json"]
    (tmp_path / "a.json").unlink()
    assert [path.name for path in desk.document.recent] == ["b.json"]


def test_last_session_is_kept_and_gone_on_with(desk: Desk) -> None:
    frame = desk.settle()
    desk.runner.apply(experiment=frame.experiment.replace(optimizer=SGD(0.25)), name="rate")
    desk.runner.step(11)
    before = desk.settle()
    desk.document.keep_session()
    assert last_session().is_file()
    desk.document.show(lesson.load("xor"), name="xor")
    desk.settle()
    desk.document.resume(last_session())
    after = desk.settle()
    assert after.step == 11
    assert after.params.flat.tobytes() == before.params.flat.tobytes()
    assert desk.document.path is None, "it is nobody's file"


def test_another_exercise_does_not_get_the_file_of_the_present_one(desk: Desk, tmp_path: Path) -> None:
    frame, document = desk.settle(), desk.document
    assert document.own_title == "", "a lesson of the program is nobody's own"
    sheet = Sheet.of(frame, "Sheet 3")
    first, again, other = (read(each).exercise for each in (sheet, sheet.having(rate="1/3"), sheet.having(title="4")))
    assert first is not None
    assert again is not None
    assert other is not None
    document.take(first)
    desk.settle()
    document.save(tmp_path / "sheet.json")
    desk.settle()
    document.open(tmp_path / "sheet.json")
    desk.settle()
    assert document.own_title == "Sheet 3"
    document.take(again)
    desk.settle()
    assert document.path == tmp_path / "sheet.json", "the same one with another number"
    document.take(other)
    desk.settle()
    assert document.path is None
    assert (document.title, document.modified) == ("4", True)
    document.keep_session()
    document.resume(last_session())
    desk.settle()
    assert (document.own_title, document.modified) == ("4", False)
    desk.runner.step(3)
    desk.settle()
    assert document.modified, "nothing else has kept it"


def test_other_data_give_another_title_and_no_promises(desk: Desk, tmp_path: Path) -> None:
    data = Dataset.from_arrays(np.eye(2), np.eye(2), name="mine.csv")
    desk.runner.apply(dataset=data, name="data")
    desk.settle()
    assert desk.document.title == "mine.csv 2-2-2"
    desk.document.save(tmp_path / "mine.json")
    desk.settle()
    saved = json.loads((tmp_path / "mine.json").read_text(encoding="utf-8"))
    assert saved["title"] == "mine.csv 2-2-2"
    assert "expected" not in saved


def test_row_that_was_looked_at_is_looked_at_again(desk: Desk, tmp_path: Path) -> None:
    desk.document.show(lesson.load("xor"), name="xor")
    frame = desk.settle()
    desk.focus.set(example=Row(2))
    desk.document.save(tmp_path / "third.json")
    desk.settle()
    desk.document.open(tmp_path / "third.json")
    again = desk.settle()
    assert isinstance(desk.focus.example, Row)
    assert again.batch[desk.focus.example.position] == frame.batch[2]


def test_file_that_is_gone_is_told_without_an_error_number(desk: Desk, tmp_path: Path) -> None:
    desk.document.open(tmp_path / "gone.json")
    desk.settle()
    ((level, text),) = desk.said
    assert level == "error"
    assert text.startswith("gone.json cannot be opened: there is no file")


@pytest.mark.parametrize(
    ("sizes", "written"), [((2, 2, 2), "2-2-2"), ((4, 10, 3), "4-10-3"), ((3, *[4] * 30, 1), "3-4×30-1")]
)
def test_the_title_of_a_deep_network_stays_short(sizes: tuple[int, ...], written: str) -> None:
    assert document._written(sizes) == written


def test_the_sign_of_delta_and_the_writing_of_matrices_are_saved_and_come_back(desk: Desk, tmp_path: Path) -> None:
    desk.focus.set(delta_sign=-1, samples="columns", weight_layout="in_out")
    assert not desk.document.modified, "nothing that is computed is another"
    saved = desk.document.as_lesson(desk.runner.frame)  # type: ignore[arg-type]
    lesson.write(saved, tmp_path / "older.json")
    desk.document.show(lesson.load("mazur"), name="mazur")
    desk.settle()
    assert (desk.focus.delta_sign, desk.focus.samples, desk.focus.weight_layout) == (1, "rows", "out_in")
    desk.document.show(lesson.read(tmp_path / "older.json"), path=tmp_path / "older.json")
    desk.settle()
    notation = desk.focus.notation
    assert (notation.name, notation.delta_sign) == ("mazur", -1)
    assert (notation.samples, notation.weight_layout) == ("columns", "in_out")

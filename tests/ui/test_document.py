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
from bpstudio.insight.elements import Edge, Row, Unit
from bpstudio.training.frame import Frame
from bpstudio.training.optimizers import SGD, Momentum
from ui import document, verified
from ui.document import Document, last_session
from ui.focus import Focus, Mark
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


# ---- reference cases

CASES = Path(__file__).parents[1] / "bpstudio" / "files" / "cases"


def changed_case(folder: Path, name: str, *place: object) -> Path:
    """A case with one expected number changed."""
    found = json.loads((CASES / f"{name}.json").read_text())
    node = found["expected"]
    for key in place[:-1]:
        node = node[key]
    if place:
        node[place[-1]] *= 1.001
    path = folder / f"{name}.json"
    path.write_text(json.dumps(found))
    return path


def opened_case(desk: Desk, path: Path) -> Frame:
    title = json.loads(path.read_text())["id"]
    desk.document.open(path)
    desk.qtbot.waitUntil(lambda: desk.document.title == title)
    desk.qtbot.waitUntil(lambda: not desk.document._opening)
    return desk.settle()


def test_case_that_passes_just_opens(desk: Desk, tmp_path: Path) -> None:
    frame = opened_case(desk, changed_case(tmp_path, "pt-single-neuron"))
    assert frame.experiment.network.sizes == (1, 1)
    assert (desk.focus.mark, desk.focus.selection, desk.focus.playhead) == (None, None, 0)
    level, text = desk.said[-1]
    assert level == "good"
    assert "pt-single-neuron" in text
    assert not desk.document.modified
    assert desk.document.path is None, "what is saved goes into another file"
    assert (tmp_path / "pt-single-neuron.json") in desk.document.recent


def test_case_that_fails_opens_where_it_differs(desk: Desk, tmp_path: Path) -> None:
    frame = opened_case(desk, changed_case(tmp_path, "pt-opt-sgd", "layers", 0, "delta", 3, 1))
    focus = desk.focus
    assert focus.selection == Unit(1, 1)
    assert focus.mark == Mark("backward/h2/delta", (Unit(1, 1),), of_case=True)
    assert focus.walk is not None
    assert focus.walk.beat(focus.grain, focus.playhead).address == "backward/h2/delta"
    assert isinstance(focus.example, Row)
    assert frame.batch[focus.example.position] == 3
    level, text = desk.said[-1]
    got = float(frame.trace.layers[0].delta[3, 1])
    assert level == "warning"
    assert "layer 1, row 4, unit 2" in text
    assert f"{got:.9g}" in text
    assert f"{got * 1.001:.9g}" in text
    assert "1/12" in text, "the case has the mean's factor in δ, the window shows the row's own"


def test_parameter_that_differs_is_shown_at_the_update_that_made_it(desk: Desk, tmp_path: Path) -> None:
    frame = opened_case(desk, changed_case(tmp_path, "pt-opt-sgd", "params_after", "10", 1, "W", 2, 4))
    assert frame.step == 9
    assert desk.focus.selection == Edge(2, 2, 4)
    edge = frame.params.W[1][2, 4] + frame.trace.layers[1].update_W[2, 4]
    assert f"{float(edge):.9g}" in desk.said[-1][1]


def test_mark_goes_with_what_it_marks(desk: Desk, tmp_path: Path) -> None:
    path = changed_case(tmp_path, "pt-opt-sgd", "layers", 1, "dW", 0, 0)
    frame = opened_case(desk, path)
    assert desk.focus.mark is not None
    desk.runner.apply(experiment=frame.experiment.replace(optimizer=SGD(0.25)), name="rate")
    desk.qtbot.waitUntil(lambda: desk.focus.mark is None)
    opened_case(desk, path)
    assert desk.focus.mark is not None
    desk.document.show(lesson.load("xor"), name="xor")
    desk.settle()
    assert desk.focus.mark is None


def test_case_that_asks_for_what_there_is_not_says_so(desk: Desk, tmp_path: Path) -> None:
    path = changed_case(tmp_path, "pt-single-neuron")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"optimizer": {"name": "lion", "lr": 1.0}}))
    desk.document.open(path)
    desk.qtbot.waitUntil(lambda: bool(desk.said))
    level, text = desk.said[-1]
    assert level == "error"
    assert "optimizer lion" in text
    assert desk.document.name == "mazur", "the last good state stays"


@pytest.mark.parametrize(
    ("one", "other", "written"),
    [(0.1, 0.2, ("0.1", "0.2")), (1.00000000001, 1.0, ("1.00000000001", "1.0")), (float("nan"), 1.0, ("nan", "1"))],
)
def test_numbers_are_written_so_that_they_differ(one: float, other: float, written: tuple[str, str]) -> None:
    assert verified._numbers(one, other) == written

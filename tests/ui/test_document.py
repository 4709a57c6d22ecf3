"""What is open, whether there is something to lose, and that it comes back from the disk as it was."""

import dataclasses
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import QSettings
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from bpstudio.data.dataset import Dataset
from bpstudio.files import lesson, project, project_error
from bpstudio.files.exercise import Sheet, read
from bpstudio.files.project import Project
from bpstudio.insight.elements import Edge, Row, Unit
from bpstudio.training.frame import Frame
from bpstudio.training.optimizers import SGD, Momentum
from bpstudio.training.session import Session
from ui import document, verified, writer
from ui.document import Document
from ui.focus import Focus, Mark
from ui.navigation import Navigation
from ui.runner import Runner
from ui.writer import Writer


@dataclass
class Desk:
    focus: Focus
    runner: Runner
    writer: Writer
    document: Document
    qtbot: QtBot
    said: list[tuple[str, str]] = field(default_factory=list)

    def settle(self) -> Frame:
        self.qtbot.waitUntil(lambda: self.runner.idle and self.writer.idle)
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
    writer = Writer(runner.rest)
    document = Document(runner, focus, lambda level, text: said.append((level, text)), writer)
    made = Desk(focus, runner, writer, document, qtbot, said)
    document.show(lesson.load("mazur"), name="mazur")
    made.settle()
    yield made
    navigation.pause()
    writer.close()
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


@pytest.mark.parametrize("gesture", ["name", "bookmark", "branch"])
def test_what_a_person_adds_to_a_lesson_is_something_to_lose(desk: Desk, gesture: str) -> None:
    desk.runner.step(3)
    desk.settle()
    assert not desk.document.modified
    match gesture:
        case "name":
            desk.document.rename(Unit(1, 0), "A")
        case "bookmark":
            desk.runner.bookmark()
        case _:
            desk.runner.branch("mine")
    desk.settle()
    assert desk.document.modified


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


# ---- projects


def kept(desk: Desk, path: Path) -> Project:
    """Save the run, and read what was written."""
    desk.document.save(path)
    desk.settle()
    assert desk.said[-1][0] == "good"
    return project.read(path)


def opened(desk: Desk, path: Path) -> Frame:
    run = desk.document.run
    desk.document.open(path)
    desk.qtbot.waitUntil(lambda: desk.document.run > run and not desk.document.is_opening)
    return desk.settle()


def test_project_keeps_every_branch_and_mark(desk: Desk, tmp_path: Path) -> None:
    desk.runner.step(30)
    desk.settle()
    desk.runner.seek(10)
    frame = desk.settle()
    desk.runner.apply(experiment=frame.experiment.replace(optimizer=SGD(0.1)), name="rate")
    desk.runner.step(5)
    desk.runner.bookmark(note="look here")
    before = desk.settle()
    kept(desk, tmp_path / "mine.bpstudio")
    assert (desk.document.title, desk.document.modified) == ("mine", False)
    after = opened(desk, tmp_path / "mine.bpstudio")
    assert after.step == before.step == 15
    assert after.params.flat.tobytes() == before.params.flat.tobytes()
    assert [(each.fork, each.last) for each in after.branches] == [(0, 30), (10, 15)]
    assert after.bookmarks == before.bookmarks
    assert not desk.document.modified
    assert desk.document.lesson is not None
    assert desk.document.lesson.scenes == lesson.load("mazur").scenes, "what the lesson says stays"
    desk.runner.switch(1, 7)
    assert desk.settle().step == 7
    desk.runner.step(23)
    assert desk.settle().last_step == 30, "what was trained is not trained anew"
    assert not desk.document.modified


@pytest.mark.parametrize("gesture", ["trained", "branched", "bookmarked", "renamed", "changed at the end"])
def test_project_is_modified_by_what_would_be_lost(desk: Desk, tmp_path: Path, gesture: str) -> None:
    desk.runner.step(10)
    desk.settle()
    kept(desk, tmp_path / "mine.bpstudio")
    runner = desk.runner
    runner.seek(4)
    desk.settle()
    assert not desk.document.modified, "looking loses nothing"
    if gesture in ("trained", "changed at the end"):
        runner.seek(10)
    match gesture:
        case "trained":
            runner.step(1)
        case "branched":
            runner.branch("mine")
        case "bookmarked":
            runner.bookmark()
        case "renamed":
            runner.rename_branch(1, "first")
        case _:
            runner.apply(experiment=desk.settle().experiment.replace(optimizer=SGD(0.1)), name="rate")
    desk.settle()
    assert desk.document.modified
    if gesture not in ("trained",):
        runner.undo()
        desk.settle()
        assert not desk.document.modified, "what is undone is as it was saved"


def test_look_of_a_project_is_restored_and_a_hostile_one_left_out(desk: Desk, tmp_path: Path) -> None:
    desk.focus.set(grain="layer", selection=Edge(1, 0, 1), color="update", delta_sign=-1, notation="nielsen", digits=3)
    desk.focus.set(playhead=2)
    made = kept(desk, tmp_path / "mine.bpstudio")
    desk.document.show(lesson.load("mazur"), name="mazur")
    desk.settle()
    desk.focus.set(color="gradient")
    opened(desk, tmp_path / "mine.bpstudio")
    focus = desk.focus
    assert (focus.grain, focus.playhead, focus.selection) == ("layer", 2, Edge(1, 0, 1))
    assert (focus.color, focus.delta_sign, focus.notation.name, focus.digits) == ("update", -1, "nielsen", 3)
    bad = {"grain": 7, "at": "nowhere", "selection": "w999", "digits": True, "color": [], "row": {}, "notation": "x"}
    project.write(tmp_path / "bad.bpstudio", dataclasses.replace(made, view={"look": bad, "layout": 3}))
    opened(desk, tmp_path / "bad.bpstudio")
    assert desk.said[-1][0] == "good"
    assert (focus.selection, focus.playhead, focus.example) == (None, 0, Row(0))


def test_second_process_on_the_file_is_told(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "mine.bpstudio"
    desk.runner.step(2)
    desk.settle()
    made = kept(desk, path)
    desk.runner.step(2)
    desk.settle()
    theirs = project.ProjectFile.open(path)
    theirs.save(dataclasses.replace(made, view={"theirs": 1}))
    theirs.close()
    desk.document.save()
    desk.settle()
    level, text = desk.said[-1]
    assert (level, desk.document.modified) == ("error", True)
    assert "somebody else" in text
    assert project.read(path).view == {"theirs": 1}
    assert kept(desk, tmp_path / "other.bpstudio").archive.branch.step == 4


def test_full_disk_leaves_the_work_in_the_window(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mine.bpstudio"
    desk.runner.step(2)
    desk.settle()
    kept(desk, path)
    before = path.read_bytes()
    desk.runner.step(2)
    desk.settle()

    def full(*_: object) -> None:
        raise project_error.ProjectError(project_error.FULL, project_error.FULL_REMEDY, name="mine.bpstudio")

    done: list[int] = []
    with monkeypatch.context() as patch:
        patch.setattr(project.ProjectFile, "save", full)
        desk.document.save(then=lambda: done.append(1))
        desk.settle()
    assert desk.said[-1] == ("error", project_error.FULL.format(name="mine.bpstudio") + " " + project_error.FULL_REMEDY)
    assert (desk.document.modified, done, path.read_bytes() == before) == (True, [], True)
    desk.document.save(then=lambda: done.append(2))
    desk.settle()
    assert (desk.document.modified, done) == (False, [2])


def test_run_that_cannot_be_frozen_is_told_and_closes_nothing_later(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    done: list[int] = []
    desk.runner.failed.connect(told.append)

    def too_much(*_: object) -> None:
        raise MemoryError("no room for this run")

    with monkeypatch.context() as patch:
        patch.setattr(Session, "archive", too_much)
        desk.document.save(tmp_path / "mine.bpstudio", then=lambda: done.append(1))
        desk.qtbot.waitUntil(lambda: bool(told))
    kept(desk, tmp_path / "mine.bpstudio")
    assert (told, done) == (["no room for this run"], [])


def test_cancelled_save_says_so(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "UNNOTICED", 0.0)

    def endless(path: Path, made: Project, progress: Callable[[float], None]) -> None:
        while True:
            progress(0.5)

    monkeypatch.setattr(project.ProjectFile, "create", endless)
    desk.document.working = lambda words, share, cancel: cancel()
    desk.runner.step(2)
    desk.document.save(tmp_path / "mine.bpstudio")
    desk.qtbot.waitUntil(lambda: bool(desk.said))
    assert "cancelled" in desk.said[0][1]
    assert desk.document.path is None


def test_save_of_what_was_open_before_does_not_name_what_is_open_now(desk: Desk, tmp_path: Path) -> None:
    desk.runner.step(2)
    desk.settle()
    desk.document.save(tmp_path / "mine.bpstudio")
    desk.document.show(lesson.load("xor"), name="xor")
    desk.settle()
    desk.qtbot.waitUntil((tmp_path / "mine.bpstudio").is_file)
    desk.settle()
    assert (desk.document.path, desk.document.name) == (None, "xor")
    assert project.read(tmp_path / "mine.bpstudio").archive.branch.step == 2


def test_project_from_another_machine_says_from_which_step_it_differs(desk: Desk, tmp_path: Path) -> None:
    desk.runner.step(200)
    desk.settle()
    made = kept(desk, tmp_path / "mine.bpstudio")
    segment = made.archive.segments[1]
    frames = dict(segment.keyframes)
    places = sorted(frames)
    for place in places[2:]:
        frames[place] = np.nextafter(frames[place], np.inf)
    archive = dataclasses.replace(made.archive, segments={1: dataclasses.replace(segment, keyframes=frames)})
    project.write(
        tmp_path / "theirs.bpstudio",
        dataclasses.replace(made, archive=archive, made_with={"kernel": "another"}),
    )
    frame = opened(desk, tmp_path / "theirs.bpstudio")
    desk.qtbot.waitUntil(lambda: desk.said[-1][0] == "warning")
    assert f"from step {places[1]} on" in desk.said[-1][1]
    assert frame.params.flat.tobytes() == frames[200][: frame.params.flat.size].tobytes(), "as it was there"


def test_large_data_are_remembered_as_a_choice(desk: Desk, tmp_path: Path) -> None:
    desk.document.embed = False
    desk.document.show(lesson.load("mazur"), name="mazur")
    desk.settle()
    assert desk.document.embed, "another run, another choice"


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
    desk.qtbot.waitUntil(lambda: not desk.document.is_opening)
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

"""A run that is saved and opened is the same run, digit for digit, and a save costs what is new."""

import dataclasses
import json
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import project_runs as runs
import pytest

from bpstudio.files import lesson as lessons
from bpstudio.files import project as projects
from bpstudio.files import project_arrays, project_schema
from bpstudio.files.project import Project, ProjectDamageError, ProjectFile
from bpstudio.training.archive import Archive, KeptBranch, KeptSegment
from bpstudio.training.caption import Caption
from bpstudio.training.experiment import Experiment
from bpstudio.training.past import Bookmark
from bpstudio.training.session import Session

KINDS = dict(runs.kinds())


def memory(run: Session, branch: int, step: int) -> bytes:
    run.switch(branch, step)
    frame = run.frame()
    return frame.params.flat.tobytes() + frame.trace.arena.tobytes() + repr((frame.watched, frame.rate)).encode()


@pytest.mark.parametrize("name", KINDS)
def test_every_step_of_an_opened_project_has_the_digits_of_the_run(name: str, tmp_path: Path) -> None:
    run = runs.run_with_a_past(KINDS[name])
    archive = run.archive()
    path = tmp_path / "run.bpstudio"
    projects.write(path, Project(archive))
    read = projects.read(path)
    assert runs.digest(read.archive) == runs.digest(archive)
    again = Session.restored(read.archive)
    rng = random.Random(name)
    for _ in range(3):
        branch = rng.choice(run.past.branches)
        step = rng.randint(branch.first, branch.last)
        assert memory(run, branch.number, step) == memory(again, branch.number, step), (branch.number, step)
    for each in (run, again):
        each.switch(1, each.past.numbered(1).last)
        each.run(9)
        each.seek(each.last_step)
    assert memory(again, 1, again.last_step) == memory(run, 1, run.last_step)
    assert np.array_equal(again.metrics.validation, run.metrics.validation, equal_nan=True)


def test_a_file_can_have_any_name(tmp_path: Path) -> None:
    archive = runs.run_with_a_past().archive()
    for name in ("a b?mode=rwc.bpstudio", "#1%20.bpstudio", "反向传播 'x\".bpstudio", "plain"):
        path = tmp_path / name
        projects.write(path, Project(archive))
        file = ProjectFile.open(path)
        file.save(Project(archive, view={"name": name}))
        file.close()
        assert projects.read(path).view == {"name": name}
    assert len(list(tmp_path.iterdir())) == 4


def test_lesson_view_and_fingerprint_come_back(tmp_path: Path) -> None:
    lesson = lessons.load("iris")
    run = lesson.session()
    run.run(40)
    view = {"panels": [1, 2.5, None, {"on": True}], "语言": "zh_CN"}
    projects.write(tmp_path / "a.bpstudio", Project(run.archive(), lesson, view, {"numpy": "1"}))
    read = projects.read(tmp_path / "a.bpstudio")
    assert (read.view, read.made_with, read.embed) == (view, {"numpy": "1"}, True)
    assert read.lesson is not None
    assert read.lesson.dataset is read.archive.segments[1].dataset
    assert lessons.document(read.lesson) == lessons.document(lesson)


def check_lesson(name: str, path: Path, variants: int) -> None:
    """Every switch of a lesson comes back, with the digits of the steps before and after."""
    whole = lessons.load(name)
    for lesson in (whole, *(whole.choose(each.name) for each in whole.variants[:variants])):
        run = lesson.session()
        run.run(7)
        projects.write(path, runs.project(run, lesson=lesson))
        read = projects.read(path)
        assert runs.digest(read.archive) == runs.digest(run.archive())
        assert read.lesson is not None
        assert (read.lesson.title, read.lesson.experiment) == (lesson.title, lesson.experiment)
        assert projects.check_replay(read) is None
        again = Session.restored(read.archive)
        for each in (run, again):
            if run.nonfinite is None:
                each.run(2)
        assert again.cursor.memory.tobytes() == run.cursor.memory.tobytes()


@pytest.mark.parametrize("name", ["thresholds", "lenet"])
def test_lessons_with_layers_of_every_kind_come_back(name: str, tmp_path: Path) -> None:
    check_lesson(name, tmp_path / "a.bpstudio", 1)


@pytest.mark.soak
@pytest.mark.parametrize("name", lessons.NAMES)
def test_every_lesson_comes_back_with_every_switch(name: str, tmp_path: Path) -> None:
    check_lesson(name, tmp_path / "a.bpstudio", 100)


def test_a_description_says_what_is_in_a_file(tmp_path: Path) -> None:
    run = runs.run_with_a_past()
    path = tmp_path / "a.bpstudio"
    projects.write(path, runs.project(run))
    said = projects.describe(path)
    assert (said.title, said.steps, said.step, said.branches) == ("", run.last_step, run.step_number, 4)
    assert said.saved.tzinfo is not None
    lesson = lessons.load("xor")
    projects.write(path, runs.project(run, lesson=lesson))
    assert projects.describe(path).wording == lesson.title
    run.rename(Caption("mine 我的"))
    projects.write(path, runs.project(run, lesson=lesson))
    assert projects.describe(path).title == "mine 我的"


def test_explicit_batches_come_back(tmp_path: Path) -> None:
    batches = [np.array([0, 2]), np.array([1]), np.array([3, 4, 5])]
    run = Session(runs.experiment(), runs.data(), batches=batches)
    run.run(70)
    run.apply(run.experiment.replace(seed=0, optimizer=runs.SGD(0.01)))
    run.run(5)
    projects.write(tmp_path / "a.bpstudio", runs.project(run))
    read = projects.read(tmp_path / "a.bpstudio").archive
    assert runs.digest(read) == runs.digest(run.archive())
    assert read.segments[1].explicit is read.segments[2].explicit


def test_the_documented_statements_read_a_loss_and_a_keyframe(tmp_path: Path) -> None:
    run = Session(runs.small(), runs.data())
    run.run(1500)
    path = tmp_path / "run.bpstudio"
    projects.write(path, runs.project(run))
    source = project_schema.__doc__ or ""
    code = source[source.index("    file = sqlite3") : source.index("\nmeta ")]
    code = "\n".join(line[4:] for line in code.splitlines()).replace('"run.bpstudio"', repr(str(path)))
    names: dict[str, object] = {"sqlite3": sqlite3, "numpy": np, "json": json}
    exec(code, names)
    names["file"].close()  # type: ignore[attr-defined]
    _, loss = run.metrics.table(["loss"])
    assert np.array_equal(np.asarray(names["loss"]), loss[:, 0])
    run.seek(64)
    assert np.asarray(names["memory"]).tobytes() == run.cursor.memory.tobytes()


def statements(file: ProjectFile, archive: object) -> tuple[int, int]:
    """(rows, bytes of arrays) that a save changes."""
    connection = file._connection
    written: list[str] = []
    before = connection.total_changes
    connection.set_trace_callback(written.append)
    file.save(Project(archive))  # type: ignore[arg-type]
    connection.set_trace_callback(None)
    pieces = [text for text in written if text.startswith("INSERT INTO")]
    return connection.total_changes - before, sum(len(text) // 2 for text in pieces)


def test_a_save_costs_what_is_new(tmp_path: Path) -> None:
    run = Session(runs.small(), runs.data())
    run.run(3000)
    path = tmp_path / "a.bpstudio"
    file = ProjectFile.create(path, runs.project(run))
    size = path.stat().st_size
    try:
        # What was written by somebody else is compared by its hashes; after that, by reference.
        assert statements(file, run.archive())[0] < 10
        rows, written = statements(file, run.archive())
        assert rows < 10
        assert written == 0
        run.run(64)
        rows, written = statements(file, run.archive())
        assert rows < 40
        assert written < size / 2
        run.run(100)
        archive = run.archive()
        statements(file, archive)
        assert runs.digest(projects.read(path).archive) == runs.digest(archive)
    finally:
        file.close()


def test_what_is_gone_is_deleted_from_the_file(tmp_path: Path) -> None:
    run = runs.run_with_a_past()
    path = tmp_path / "a.bpstudio"
    file = ProjectFile.create(path, runs.project(run))
    run.delete_branch(1)
    assert not run.past.bookmarks
    run.hold(6000)
    file.save(runs.project(run))
    assert runs.digest(projects.read(path).archive) == runs.digest(run.archive())
    other = Session(runs.experiment().replace(seed=9), runs.data())
    other.run(10)
    file.save(runs.project(other))
    file.close()
    projects.write(tmp_path / "b.bpstudio", runs.project(other))
    assert runs.digest(projects.read(path).archive) == runs.digest(other.archive())
    for name in (*project_schema.RECORDS, *project_schema.ARRAYS):
        counts = []
        for each in (path, tmp_path / "b.bpstudio"):
            connection = sqlite3.connect(each)
            counts.append(connection.execute(f"SELECT count(*) FROM {name}").fetchone())
            connection.close()
        assert counts[0] == counts[1], name


def test_what_is_too_large_for_a_row_stands_in_several(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project_arrays, "PIECE", 100)
    run = runs.run_with_a_past()
    path = tmp_path / "a.bpstudio"
    file = ProjectFile.create(path, runs.project(run))
    assert runs.digest(projects.read(path).archive) == runs.digest(run.archive())
    run.run(100)
    file.save(runs.project(run))
    file.close()
    assert runs.digest(projects.read(path).archive) == runs.digest(run.archive())
    with closing(sqlite3.connect(path)) as connection:
        lengths = connection.execute("SELECT max(length(data)), max(piece) FROM keyframes").fetchone()
        assert lengths[0] == 100
        assert lengths[1] > 1
        connection.execute("DELETE FROM keyframes WHERE segment = 1 AND step = 0 AND piece = 1")
        connection.commit()
    with pytest.raises(ProjectDamageError, match="keyframes: segment 1, step 0 is not what was saved"):
        projects.read(path)


def test_texts_come_back_whatever_is_typed(tmp_path: Path) -> None:
    run = Session(runs.small(), runs.data())
    notes = ["", "a\x00b", "'; DROP TABLE meta; --", "\u202e反", "\U0001f600", "x" * 2000]
    for note in notes:
        run.bookmark("", note)
    run.bookmark("", "half \ud83d")
    run.branch("'quoted\"")
    projects.write(tmp_path / "a.bpstudio", runs.project(run))
    read = projects.read(tmp_path / "a.bpstudio").archive
    assert [mark.note for mark in read.bookmarks] == [*notes, "half ?"]
    assert [branch.name for branch in read.branches] == [branch.name for branch in run.past.branches]


def test_every_field_of_a_run_is_known_here() -> None:
    """Another field would be lost in the file without a word."""
    known = {
        KeptSegment: "number cause experiment dataset start epoch position continued explicit begun watched interval "
        "pinned keyframes numbers units validation watches",
        KeptBranch: "number name parent fork cause step segments origin caption",
        Archive: "segments branches current bookmarks breakpoints events made",
        Bookmark: "number branch step address note",
        Caption: "title names sizes network",
    }
    for record, names in known.items():
        assert " ".join(field.name for field in dataclasses.fields(record)) == names


def act(run: Session, rng: random.Random) -> None:
    """Something that a person may do."""
    past = run.past
    kind = rng.randrange(10)
    if kind < 4:
        run.run(rng.choice((1, 7, 60, 200)))
    elif kind == 4:
        run.seek(rng.randint(past.branch.first, run.last_step))
    elif kind == 5:
        size = rng.choice((0, 3, 4))
        run.apply(run.experiment.replace(batch_size=size, optimizer=rng.choice((runs.SGD(0.1), runs.Adam(0.01)))))
    elif kind == 6:
        dataset = run.dataset.replace_input(rng.randrange(run.dataset.rows), 0, rng.choice((0.0, -0.0, 0.25)))
        run.apply(dataset=dataset, name="data")
    elif kind == 7:
        rng.choice((run.undo, run.redo, lambda: run.branch("b"), lambda: run.bookmark("", "n")))()
    elif kind == 8:
        run.switch(rng.choice(past.branches).number)
        if len(past.branches) > 2:
            run.delete_branch(rng.choice(past.branches).number)
    else:
        run.hold(rng.choice((20_000, 60_000, 1_000_000)))


def check_saves(path: Path, seed: int, saves: int) -> None:
    """Save after every few acts; the file always holds the whole run, and no more than a new file would."""
    rng = random.Random(seed)
    run = Session(runs.small(), runs.data(), budget=60_000)
    file = ProjectFile.create(path, runs.project(run))
    for number in range(saves):
        for _ in range(rng.randint(1, 4)):
            act(run, rng)
        archive = run.archive(keyframe_bytes=rng.choice((None, None, 5_000)))
        file.save(Project(archive, view={"number": number}))
        read = projects.read(path)
        assert (runs.digest(read.archive), read.view) == (runs.digest(archive), {"number": number}), number
        if rng.random() < 0.2:
            file.close()
            file = ProjectFile.open(path, read.revision)
            run = Session.restored(read.archive, budget=60_000) if rng.random() < 0.5 else run
    file.close()
    projects.write(path.with_name("new.bpstudio"), Project(archive))
    counts = []
    for each in (path, path.with_name("new.bpstudio")):
        with closing(sqlite3.connect(each)) as connection:
            tables = (*project_schema.RECORDS, *project_schema.ARRAYS)
            counts.append([connection.execute(f"SELECT count(*) FROM {name}").fetchone() for name in tables])
    assert counts[0] == counts[1]


@pytest.mark.parametrize("seed", [1, 2])
def test_any_run_is_saved_again_and_again(seed: int, tmp_path: Path) -> None:
    check_saves(tmp_path / "a.bpstudio", seed, 12)


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(10, 40))
def test_many_runs_are_saved_again_and_again(seed: int, tmp_path: Path) -> None:
    check_saves(tmp_path / "a.bpstudio", seed, 60)


def test_thinned_and_forgotten_records_come_back(tmp_path: Path) -> None:
    run = Session(runs.small(), runs.data(), budget=200_000)
    run.run(7000)
    archive = run.archive()
    assert archive.segments[1].numbers.levels[0].first > 0
    projects.write(tmp_path / "a.bpstudio", Project(archive))
    read = projects.read(tmp_path / "a.bpstudio").archive
    assert runs.digest(read) == runs.digest(archive)
    again = Session.restored(read)
    for each in (run, again):
        each.run(700)
    for one, other in zip(run.metrics.curve("loss", points=90), again.metrics.curve("loss", points=90), strict=True):
        assert np.array_equal(one, other)


def test_a_diverged_run_comes_back(tmp_path: Path) -> None:
    network = runs.Network(4, (runs.Dense(2, "identity"), runs.Dense(1, "identity")))
    run = Session(Experiment(network, optimizer=runs.SGD(1e150)), runs.data())
    run.run(50)
    assert run.nonfinite is not None
    projects.write(tmp_path / "a.bpstudio", runs.project(run))
    again = Session.restored(projects.read(tmp_path / "a.bpstudio").archive)
    assert (again.nonfinite, again.last_step) == (run.nonfinite, run.last_step)


def test_progress_goes_up_and_a_cancelled_save_changes_nothing(tmp_path: Path) -> None:
    run = Session(runs.small(), runs.data())
    run.run(4000)
    path = tmp_path / "a.bpstudio"
    shares: list[float] = []
    file = ProjectFile.create(path, runs.project(run), shares.append)
    projects.read(path, shares.append)
    assert len(shares) > 6
    assert all(0 <= share <= 1 for share in shares)
    before = path.read_bytes()
    run.run(4000)

    class EnoughError(Exception):
        pass

    def stop(share: float) -> None:
        if share > 0.3:
            raise EnoughError

    for save in (file.save, lambda *given: projects.write(path, *given), lambda *given: projects.read(path, given[1])):
        with pytest.raises(EnoughError):
            save(runs.project(run), stop)
        assert path.read_bytes() == before
        assert list(tmp_path.iterdir()) == [path]
    archive = run.archive()
    file.save(Project(archive))
    file.close()
    assert runs.digest(projects.read(path).archive) == runs.digest(archive)


def test_data_may_stay_in_their_own_file(tmp_path: Path) -> None:
    from bpstudio.data.preparation import prepare
    from bpstudio.data.readers import open_table
    from bpstudio.data.suggestion import suggest

    table = tmp_path / "points.csv"
    table.write_text("a,b,c\n" + "".join(f"{i},{i % 3},{i % 2}\n" for i in range(20)), encoding="utf-8")
    opened = open_table(table)
    dataset = prepare(opened, suggest(opened))
    run = Session(Experiment(runs.Network(dataset.inputs, (runs.Dense(dataset.outputs, "sigmoid"),))), dataset)
    run.run(5)
    (tmp_path / "there").mkdir()
    path = tmp_path / "there" / "a.bpstudio"
    projects.write(path, runs.project(run, embed=False))
    assert b"../points.csv" in path.read_bytes()
    read = projects.read(path)
    assert (read.embed, read.archive.segments[1].dataset.hash) == (False, dataset.hash)
    table.write_text("a,b,c\n" + "1,2,3\n" * 20, encoding="utf-8")
    with pytest.raises(ValueError, match=r"points\.csv gives other data than when this file was saved"):
        projects.read(path)
    table.unlink()
    with pytest.raises(ValueError, match=r"points\.csv is not there"):
        projects.read(path)
    projects.write(path, runs.project(run))
    read = projects.read(path)
    assert read.archive.segments[1].dataset.source == dataset.source

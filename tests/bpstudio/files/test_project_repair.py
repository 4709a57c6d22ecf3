"""Old versions are brought up to date, damaged files give back what is sound, and other arithmetic is noticed."""

import contextlib
import dataclasses
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from types import MappingProxyType

import numpy as np
import project_runs as runs
import pytest

from bpstudio.files import project as projects
from bpstudio.files import project_migration, project_schema
from bpstudio.files.project import Discrepancy, Project, ProjectDamageError, ProjectError, ProjectFile
from bpstudio.training.session import Session


@pytest.fixture(scope="module")
def project() -> Project:
    return Project(runs.run_with_a_past().archive(), view={"a": 1})


@pytest.fixture
def path(project: Project, tmp_path: Path) -> Path:
    projects.write(tmp_path / "a.bpstudio", project)
    return tmp_path / "a.bpstudio"


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


# ---- older versions


@pytest.fixture
def older(path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of a version before the first one, which had no events and one more thing to say of itself."""
    tables = [table.sql for table in project_schema.TABLES if table.name != "events"]
    monkeypatch.setitem(project_schema.SCHEMAS, 0, tuple(sorted(tables)))

    def migrate(old: sqlite3.Connection, new: sqlite3.Connection) -> None:
        for table in project_schema.TABLES:
            if table.name != "events":
                places = ", ".join("?" * len(table.columns))
                rows = old.execute(f"SELECT {table.names} FROM {table.name}")
                new.executemany(f"INSERT INTO {table.name} VALUES ({places})", rows)
        new.execute("DELETE FROM meta WHERE key = 'colour'")
        for name in ("meta", "events"):
            found = project_schema.RECORDS[name]
            rows = new.execute(f"SELECT {found.names} FROM {name} ORDER BY {', '.join(found.key)}")
            new.execute("INSERT OR REPLACE INTO checks VALUES (?, ?)", (name, project_schema.check(rows)))

    monkeypatch.setitem(project_migration.MIGRATIONS, 0, migrate)
    change(path, "DROP TABLE events", "DELETE FROM checks WHERE name = 'events'", "PRAGMA user_version = 0")
    change(path, "INSERT INTO meta VALUES ('colour', 'red')")
    return path


def test_an_older_file_is_read_without_being_changed(older: Path, project: Project) -> None:
    before = older.read_bytes()
    assert runs.digest(projects.read(older).archive) == runs.digest(project.archive)
    assert projects.describe(older).branches == len(project.archive.branches)
    assert older.read_bytes() == before
    assert list(older.parent.iterdir()) == [older]


def test_an_older_file_becomes_a_new_one_where_somebody_works_on_it(older: Path, project: Project) -> None:
    file = ProjectFile.open(older)
    file.save(project)
    file.close()
    with closing(sqlite3.connect(older)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (project_schema.VERSION,)
        assert connection.execute("SELECT count(*) FROM meta WHERE key = 'colour'").fetchone() == (0,)
    assert runs.digest(projects.read(older).archive) == runs.digest(project.archive)
    assert list(older.parent.iterdir()) == [older]


def test_an_older_version_that_nobody_knows_is_refused(path: Path) -> None:
    change(path, "PRAGMA user_version = 0")
    with pytest.raises(ProjectDamageError, match="its header is not one that bpstudio writes"):
        projects.read(path)


# ---- repair


def repaired(path: Path) -> tuple[Session, tuple[str, ...]]:
    with pytest.raises(ProjectError):
        projects.read(path)
    target = path.with_name("b.bpstudio")
    lost = projects.repair(path, target)
    assert lost
    return Session.restored(projects.read(target).archive), lost


def test_lost_keyframes_and_blocks_cost_no_digit(path: Path, project: Project) -> None:
    run = Session.restored(project.archive)
    step = max(project.archive.segments[1].keyframes)
    change(
        path,
        f"UPDATE keyframes SET data = zeroblob(length(data)) WHERE segment = 1 AND step = {step}",
        "UPDATE blocks SET data = zeroblob(length(data)) WHERE segment = 1 AND series = 'numbers' AND level = 1",
        "DELETE FROM documents",
    )
    again, lost = repaired(path)
    assert any(f"keyframes: segment 1, step {step}" in each for each in lost)
    assert len(again.past.branches) == len(run.past.branches)
    for each in (run, again):
        each.switch(1, each.past.numbered(1).last)
    assert again.cursor.memory.tobytes() == run.cursor.memory.tobytes()
    assert again.past.bookmarks == run.past.bookmarks


def test_curves_that_are_lost_cost_no_digit_either(path: Path) -> None:
    run = Session(runs.small(), runs.data(), budget=400_000)
    run.run(4000)
    projects.write(path, runs.project(run))
    change(path, "DELETE FROM levels", "DELETE FROM blocks", "DELETE FROM meta", "DELETE FROM origins")
    again, lost = repaired(path)
    assert any("levels" in each for each in lost)
    assert again.last_step == max(run.archive().segments[1].keyframes)
    for each in (run, again):
        each.seek(2000)
    assert again.cursor.memory.tobytes() == run.cursor.memory.tobytes()
    assert np.isnan(again.metrics.curve("loss")[1]).all()
    again.seek(again.last_step)
    again.run(100)
    assert np.isfinite(again.metrics.value("loss", again.last_step) or np.nan)


def test_a_lost_stretch_takes_what_follows_with_it(path: Path, project: Project) -> None:
    branch = max(project.archive.branches, key=lambda each: len(each.segments))
    gone = branch.segments[1]
    change(path, f"DELETE FROM keyframes WHERE segment = {gone}")
    again, lost = repaired(path)
    assert f"segments: number {gone} has no keyframe at its start" in lost
    kept = {number for each in again.past.branches for number in [s.number for s in each.chain.segments]}
    assert gone not in kept
    assert kept >= {1}
    again.run(10)


def test_a_file_that_is_cut_off_gives_back_what_is_left(path: Path, project: Project, tmp_path: Path) -> None:
    content = path.read_bytes()
    kept = []
    for share in (0.97, 0.8, 0.5, 0.2):
        path.write_bytes(content[: int(len(content) * share)])
        with contextlib.suppress(ProjectDamageError):
            again, _ = repaired(path)
            again.run(5)
            kept.append(share)
    assert 0.97 in kept


def test_a_hole_in_the_middle_costs_what_lay_there(path: Path) -> None:
    run = Session(runs.small(), runs.data())
    run.run(5000)
    projects.write(path, runs.project(run))
    content = bytearray(path.read_bytes())
    archive = run.archive()
    in_the_middle = sorted(archive.segments[1].keyframes)[len(archive.segments[1].keyframes) // 2]
    page = content.index(archive.segments[1].keyframes[in_the_middle].tobytes()) // 4096
    content[page * 4096 : (page + 1) * 4096] = bytes(4096)
    path.write_bytes(content)
    again, lost = repaired(path)
    kept = projects.read(path.with_name("b.bpstudio")).archive.segments[1].keyframes
    assert len(archive.segments[1].keyframes) / 2 < len(kept) < len(archive.segments[1].keyframes)
    assert in_the_middle not in kept
    assert any("keyframes" in each for each in lost)
    for each in (run, again):
        each.seek(4999)
    assert again.cursor.memory.tobytes() == run.cursor.memory.tobytes()


def test_what_is_beyond_repair_is_said(path: Path) -> None:
    target = path.with_name("b.bpstudio")
    for statement in ("DELETE FROM datasets", "DELETE FROM segments", "CREATE TABLE more (a)"):
        copy = Path(shutil.copy(path, path.with_name("c.bpstudio")))
        change(copy, statement)
        with pytest.raises(ProjectError):
            projects.repair(copy, target)
    assert not target.exists()


# ---- arithmetic


def test_a_replay_that_is_the_same_is_no_discrepancy(path: Path, project: Project) -> None:
    shares: list[float] = []
    before = runs.digest(project.archive)
    assert projects.check_replay(projects.read(path), shares.append) is None
    assert projects.check_replay(project) is None
    assert shares == sorted(shares)
    assert shares
    assert runs.digest(project.archive) == before


@pytest.mark.parametrize("steps", [20_000, 300])
def test_other_arithmetic_is_told_from_the_first_stretch_on(steps: int) -> None:
    """From one step on every stored state is that of a machine whose last bits are others."""
    run = Session(runs.small(), runs.data())
    run.run(1000)
    archive = run.archive()
    kept = archive.segments[1]
    steps_kept = sorted(kept.keyframes)
    since = steps_kept[len(steps_kept) // 2]
    memory = {
        step: np.nextafter(each, np.inf) if step > since else each for step, each in sorted(kept.keyframes.items())
    }
    segment = dataclasses.replace(kept, keyframes=MappingProxyType(memory))
    other = Project(dataclasses.replace(archive, segments=MappingProxyType({1: segment})))
    found = projects.check_replay(other, steps=steps)
    assert isinstance(found, Discrepancy)
    assert (found.segment, found.step, found.until) == (1, since, steps_kept[steps_kept.index(since) + 1])
    assert 0 < found.largest < 1e-12
    # What was stored is used all the same.
    again = Session.restored(other.archive)
    again.seek(found.until)
    assert again.cursor.memory.tobytes() == memory[found.until].tobytes()

"""What cannot be opened or saved is refused with a sentence that helps, and nothing is harmed by trying."""

import dataclasses
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import project_runs as runs
import pytest

from bpstudio.files import lesson as lessons
from bpstudio.files import project as projects
from bpstudio.files import project_schema
from bpstudio.files.project import Project, ProjectConflictError, ProjectDamageError, ProjectError, ProjectFile
from bpstudio.training import carry
from bpstudio.training.caption import Caption
from bpstudio.training.session import Session


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "a.bpstudio"
    run = Session(runs.small(), runs.data())
    run.run(300)
    run.bookmark("", "here")
    projects.write(path, runs.project(run))
    return path


@pytest.fixture
def path(sound: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(sound, tmp_path / "a.bpstudio"))


def refusal(path: Path) -> ProjectError:
    """What both ways of opening say; the file and its folder stay as they are."""
    before = {each: each.read_bytes() if each.is_file() else None for each in path.parent.iterdir()}
    with pytest.raises(ProjectError) as refused:
        projects.read(path)
    for opened in (ProjectFile.open, projects.describe):
        with pytest.raises(ProjectError) as again:
            opened(path)
        assert (again.value.template, again.value.values) == (refused.value.template, refused.value.values)
    assert {each: each.read_bytes() if each.is_file() else None for each in path.parent.iterdir()} == before
    assert refused.value.remedy
    return refused.value


def changed(path: Path, *statements: str) -> Path:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement).fetchall()
    return path


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is not a bpstudio project"),
        (b'{"format": "bpstudio-lesson/1"}', "is not a bpstudio project"),
        (b"SQLite format 3\x00" + bytes(4000), "is not a bpstudio project"),
        (os.urandom(9000), "is not a bpstudio project"),
    ],
    ids=["empty", "lesson", "zeros", "noise"],
)
def test_other_files_are_no_projects(content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "a.bpstudio").write_bytes(content)
    assert words in str(refusal(tmp_path / "a.bpstudio"))


def test_what_is_not_there_or_no_file_is_said(tmp_path: Path) -> None:
    assert "There is no file a.bpstudio" in str(refusal(tmp_path / "a.bpstudio"))
    (tmp_path / "b.bpstudio").mkdir()
    assert "is not an ordinary file" in str(refusal(tmp_path / "b.bpstudio"))
    if not hasattr(os, "mkfifo"):
        return
    os.mkfifo(tmp_path / "c.bpstudio")  # reading it would wait for ever
    with pytest.raises(ProjectError, match="is not an ordinary file"):
        projects.read(tmp_path / "c.bpstudio")


def test_another_database_is_no_project(tmp_path: Path) -> None:
    changed(tmp_path / "a.bpstudio", "CREATE TABLE t (a)")
    assert "is not a bpstudio project" in str(refusal(tmp_path / "a.bpstudio"))


def test_a_newer_format_is_named(path: Path) -> None:
    changed(path, "PRAGMA user_version = 7")
    assert "its format is 7, this one reads up to 1" in str(refusal(path))


def test_a_file_with_a_log_beside_it_is_refused_without_making_one(path: Path) -> None:
    changed(path, "PRAGMA journal_mode = WAL")
    assert "two more files beside it" in str(refusal(path))
    assert [each.name for each in path.parent.iterdir()] == ["a.bpstudio"]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER t AFTER INSERT ON meta BEGIN DELETE FROM keyframes; END",
        "CREATE VIEW v AS SELECT * FROM meta",
        "CREATE INDEX i ON meta (value)",
        "CREATE TABLE more (a)",
        "ALTER TABLE meta ADD COLUMN more TEXT",
        "DROP TABLE events",
        "CREATE VIRTUAL TABLE f USING fts5(a)",
    ],
)
def test_foreign_tables_are_refused_before_a_row_is_read(statement: str, path: Path) -> None:
    changed(path, statement)
    assert "has other tables than a bpstudio project" in str(refusal(path))


def test_a_view_in_the_place_of_a_table_is_refused(path: Path) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i, i FROM n"
    changed(path, "DROP TABLE meta", f"CREATE VIEW meta (key, value) AS {endless}")
    assert "has other tables" in str(refusal(path))


def test_twenty_thousand_tables_are_refused_at_once(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        rows = ((f"t{number}", f"t{number}", f"CREATE TABLE t{number}(a)") for number in range(20_000))
        connection.executemany("INSERT INTO sqlite_master VALUES ('table', ?, ?, 2, ?)", rows)
        connection.commit()
    begun = time.process_time()
    with pytest.raises(ProjectError):
        projects.read(path)
    assert time.process_time() - begun < 2


def test_a_journal_that_names_a_further_file_does_not_get_it_deleted(path: Path) -> None:
    """SQLite deletes what the end of a journal names, when it has taken back what the journal says."""
    victim = path.with_name("thesis.txt")
    victim.write_text("years of work", encoding="utf-8")
    half_a_save(path)
    name = str(victim).encode()
    tail = (262144).to_bytes(4) + name + len(name).to_bytes(4) + sum(name).to_bytes(4)
    journal = path.with_name("a.bpstudio-journal")
    journal.write_bytes(journal.read_bytes() + tail + bytes.fromhex("d9d505f920a163d7"))
    assert "is not from bpstudio" in str(refusal(path))
    assert victim.exists()


def test_a_link_in_the_place_of_a_journal_is_not_followed(path: Path) -> None:
    victim = path.with_name("thesis.txt")
    victim.write_text("years of work", encoding="utf-8")
    path.with_name("a.bpstudio-journal").symlink_to(victim)
    with pytest.raises(ProjectError, match="is not from bpstudio"):
        ProjectFile.open(path)
    assert victim.read_text(encoding="utf-8") == "years of work"


def half_a_save(path: Path) -> None:
    """Leave a file in the middle of a transaction, as a killed process does."""
    code = """if True:
        import os, sqlite3, sys
        connection = sqlite3.connect(sys.argv[1], isolation_level=None)
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE keyframes SET data = data || data")
        connection.execute("DELETE FROM bookmarks")
        os.kill(os.getpid(), 9)"""
    subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert path.with_name(f"{path.name}-journal").stat().st_size > 0


def test_half_a_save_is_taken_back_in_a_copy_and_then_in_the_file(path: Path, sound: Path) -> None:
    half_a_save(path)
    broken = path.read_bytes()
    assert broken != sound.read_bytes()
    wanted = runs.digest(projects.read(sound).archive)
    assert runs.digest(projects.read(path).archive) == wanted
    assert projects.describe(path) == projects.describe(sound)
    assert path.read_bytes() == broken
    file = ProjectFile.open(path)
    assert path.read_bytes() == sound.read_bytes()
    file.close()
    assert [each.name for each in path.parent.iterdir()] == ["a.bpstudio"]


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE keyframes SET data = zeroblob(length(data)) WHERE step = 64", "keyframes: segment 1, step 64"),
        ("UPDATE keyframes SET step = 65 WHERE step = 64", "keyframes: segment 1, step 65"),
        ("DELETE FROM keyframes WHERE step = 0", "keyframes: one is missing"),
        ("DELETE FROM keyframes WHERE step = 64", "keyframes: one is missing"),
        ("UPDATE keyframes SET data = 'text' WHERE step = 64", "keyframes: segment 1, step 64"),
        ("UPDATE blocks SET data = x'00' WHERE level = 1", "level 1"),
        ("DELETE FROM blocks WHERE series = 'units' AND level = 0", "is missing"),
        ("UPDATE experiments SET json = replace(json, '0.5', '0.25')", "experiments is not what was saved"),
        ("UPDATE bookmarks SET note = 'there'", "bookmarks is not what was saved"),
        ("UPDATE levels SET stop = 9000000000000", "levels is not what was saved"),
        ("UPDATE meta SET value = x'00' WHERE key = 'made'", "value is no TEXT"),
    ],
)
def test_damage_is_named(statement: str, words: str, path: Path) -> None:
    changed(path, statement)
    with pytest.raises(ProjectDamageError) as refused:
        projects.read(path)
    assert words in str(refused.value)
    assert "repair" in refused.value.remedy


def test_a_run_that_is_too_large_for_this_machine_is_not_called_damaged(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carry, "memory_limit", lambda: 100)
    with pytest.raises(ProjectError, match="this computer has not enough memory for") as refused:
        projects.read(path)
    assert not isinstance(refused.value, ProjectDamageError)


def test_a_key_of_another_kind_is_refused(path: Path) -> None:
    """SQLite keeps a text in a column of numbers, and its hash may be right."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        row = "SELECT segment, series, level, first, piece, data FROM blocks WHERE series = 'numbers' AND level = 0"
        *key, data = connection.execute(row).fetchone()
        key[3] = "zero"
        mark = project_schema.seal(project_schema.ARRAYS["blocks"], tuple(key), data)
        connection.execute("UPDATE blocks SET first = 'zero', hash = ? WHERE series = 'numbers' AND level = 0", (mark,))
    with pytest.raises(ProjectDamageError, match="first zero is not what was saved"):
        projects.read(path)


def test_a_truncated_file_is_damaged(path: Path) -> None:
    content = path.read_bytes()
    for size in (100, 4096, len(content) // 2, len(content) - 5000):
        path.write_bytes(content[:size])
        with pytest.raises(ProjectDamageError):
            projects.read(path)


def resealed(path: Path, table: str, statement: str, *values: object) -> Path:
    """Change a row as somebody does who also knows how to write the hashes."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(statement, values)
        found = project_schema.RECORDS[table]
        rows = connection.execute(f"SELECT {found.names} FROM {table}").fetchall()
        mark = project_schema.check(sorted(rows, key=found.key_of))
        connection.execute("UPDATE checks SET hash = ? WHERE name = ?", (mark, table))
    return path


@pytest.mark.parametrize(
    ("table", "statement", "words"),
    [
        ("levels", "UPDATE levels SET stop = 1 << 50 WHERE level = 0 AND series = 'numbers'", "level 0"),
        ("levels", "UPDATE levels SET first = 1024 WHERE level = 0 AND series = 'numbers'", "level 0"),
        ("levels", "UPDATE levels SET stop = 1 << 50 WHERE series = 'units'", "level 0"),
        ("levels", "INSERT INTO levels SELECT segment, series, 7, first, stop FROM levels WHERE level = 0", "level is"),
        ("levels", "DELETE FROM levels WHERE level = 1", "level 1"),
        ("segments", "UPDATE segments SET start = -1", "no keyframe at its start"),
        ("segments", "UPDATE segments SET interval = 0", "interval is 0"),
        ("segments", "UPDATE segments SET pinned = 3", "keyframes are not those"),
        ("segments", "UPDATE segments SET watched = '{}'", "watched.schedule: missing"),
        ("branches", "UPDATE branches SET parent = 1", "there is no branch 1, from which it comes"),
        ("branches", "UPDATE branches SET origin = 4", "its start values are not there"),
        ("paths", "UPDATE paths SET segment = 2", "branch 1 is not complete"),
        ("meta", "UPDATE meta SET value = '9' WHERE key = 'current'", "there is no branch 9"),
        ("meta", "UPDATE meta SET value = '²' WHERE key = 'current'", "current is no number"),
        ("datasets", "UPDATE datasets SET rows = 1 << 40", "rows of"),
        ("datasets", "UPDATE datasets SET json = replace(json, 'binary', 'secret')", "expected one of"),
        (
            "experiments",
            "UPDATE experiments SET json = replace(json, '\"units\":1', '\"units\":1000000')",
            "bytes in the",
        ),
        ("documents", "UPDATE documents SET json = '[' || json WHERE name = 'view'", "documents: view"),
        ("bookmarks", "UPDATE bookmarks SET branch = 5", "bookmarks: number 1"),
    ],
)
def test_what_is_sealed_but_wrong_is_refused(table: str, statement: str, words: str, path: Path) -> None:
    resealed(path, table, statement)
    with pytest.raises(ProjectDamageError) as refused:
        projects.read(path)
    assert words in str(refused.value)


# ---- saving


def saved(path: Path) -> tuple[ProjectFile, Session]:
    read = projects.read(path)
    return ProjectFile.open(path, read.revision), Session.restored(read.archive)


def refused_save(file: ProjectFile, run: Session) -> ProjectError:
    run.run(50)
    with pytest.raises(ProjectError) as refused:
        file.save(Project(run.archive()))
    assert refused.value.remedy
    return refused.value


def test_who_saves_second_is_told(path: Path) -> None:
    (mine, my_run), (theirs, their_run) = saved(path), saved(path)
    revision = mine.revision
    their_run.run(10)
    theirs.save(Project(their_run.archive()))
    error = refused_save(mine, my_run)
    assert isinstance(error, ProjectConflictError)
    assert "was saved by somebody else" in str(error)
    assert runs.digest(projects.read(path).archive) == runs.digest(their_run.archive())
    mine.close()
    with pytest.raises(ProjectConflictError):
        ProjectFile.open(path, revision)
    their_run.run(10)
    theirs.save(Project(their_run.archive()))
    theirs.close()


def test_a_file_that_was_replaced_or_deleted_is_not_saved_into_nothing(path: Path) -> None:
    file, run = saved(path)
    projects.write(path, Project(run.archive()))
    assert isinstance(refused_save(file, run), ProjectConflictError)
    path.unlink()
    assert "is not there any more" in str(refused_save(file, run))
    shutil.rmtree(path.parent)
    assert "There is no folder" in str(refused_save(file, run))
    file.close()
    with pytest.raises(ProjectError, match="There is no folder"):
        projects.write(path, Project(run.archive()))


def test_a_file_in_use_is_not_waited_for_without_end(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projects.opening, "PATIENCE", 0.05)
    file, run = saved(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert "in use by another program" in str(refused_save(file, run))
        other.execute("ROLLBACK")
    file.save(Project(run.archive()))
    file.close()


def test_a_save_that_cannot_begin_can_be_repeated(path: Path) -> None:
    """No journal can be made where a folder stands."""
    file, run = saved(path)
    before = path.read_bytes()
    path.with_name("a.bpstudio-journal").mkdir()
    assert "was not saved: the drive did not take it" in str(refused_save(file, run))
    assert path.read_bytes() == before
    path.with_name("a.bpstudio-journal").rmdir()
    file.save(Project(run.archive()))
    file.close()
    assert runs.digest(projects.read(path).archive) == runs.digest(run.archive())


def as_anybody(act: Callable[[], object]) -> str:
    """What an act says in a process without the rights of the one who runs the tests, where that one has all."""
    hears, told = os.pipe()
    copy = os.fork()
    if copy == 0:
        try:
            if os.geteuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
            act()
        except ValueError as error:
            os.write(told, str(error).encode())
        finally:  # whatever happens, this copy of the tests must not go on
            os._exit(0)
    os.close(told)
    os.waitpid(copy, 0)
    said = os.read(hears, 10_000).decode()
    os.close(hears)
    return said


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs another user")
def test_a_read_only_file_or_folder_is_named(sound: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = Path(shutil.copy(sound, folder))
        if os.geteuid() == 0:
            os.chown(folder, 65534, 65534)
            os.chown(path, 65534, 65534)
        run = Session.restored(projects.read(path).archive)
        run.run(20)
        project = Project(run.archive())

        def save() -> None:
            file = ProjectFile.open(path)
            file.save(project)
            file.close()

        def write() -> None:
            projects.write(path, project)

        folder.chmod(0o755)
        assert (as_anybody(save), as_anybody(write)) == ("", "")
        content = path.read_bytes()
        path.chmod(0o444)
        assert "cannot be changed: the file or its folder is read-only. Save under" in as_anybody(save)
        folder.chmod(0o555)
        for act in (save, write):
            assert "cannot be changed: the file or its folder is read-only. Save under" in as_anybody(act)
        path.chmod(0o644)
        assert "cannot be changed: the file or its folder is read-only. Save under" in as_anybody(save)
        path.chmod(0o000)
        assert "cannot be read: Permission denied" in as_anybody(lambda: projects.read(path))
        path.chmod(0o644)
        assert path.read_bytes() == content
        folder.chmod(0o755)


FULL = """if True:
    import resource, sys
    from bpstudio.files import project as projects
    from bpstudio.files.project import Project, ProjectFile
    from bpstudio.training.session import Session
    path, other = sys.argv[1:]
    read = projects.read(path)
    file, run = ProjectFile.open(path), Session.restored(read.archive)
    run.run(8000)
    archive = run.archive()
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, limit[1]))
    for save in (lambda: file.save(Project(archive)), lambda: projects.write(other, Project(archive))):
        try:
            save()
            sys.exit("was saved")
        except projects.ProjectError as error:
            print(error)
    resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    print(projects.read(path).revision == read.revision)
    file.save(Project(archive))
    print(projects.describe(path).steps)"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_full_drive_keeps_the_old_file_and_the_work(path: Path) -> None:
    other = path.with_name("other.bpstudio")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(path), str(other)], capture_output=True, text=True, env=environment, check=True
    )
    first, second, same, steps = done.stdout.splitlines()
    for said in (first, second):
        assert "was not saved: the drive" in said
        assert "What was saved before is still there." in said
    assert (same, steps) == ("True", "8300")
    assert sorted(each.name for each in path.parent.iterdir()) == ["a.bpstudio"]


def test_a_drive_that_says_it_is_full(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, run = saved(path)
    before = path.read_bytes()
    file._connection.execute("PRAGMA max_page_count = 5")
    run.run(5000)
    assert "the drive is full" in str(refused_save(file, run))
    file.close()
    assert path.read_bytes() == before


def test_more_text_than_can_be_read_again_is_not_saved(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in ("LARGEST_TEXT", "MOST_PARTS"):
        monkeypatch.setattr(project_schema, limit, 100_000)
    file, run = saved(path)
    run.rename(Caption("x" * 200_000))
    error = refused_save(file, run)
    assert "is more text than a project holds" in str(error)
    file.close()
    lesson = lessons.load("xor")
    scene = dataclasses.replace(lesson.scenes[0], at="y" * 200_000)
    projects.write(path, Project(saved_run(path).archive(), lesson.replace(scenes=(scene,))))
    kept = projects.read(path).lesson
    assert kept is not None
    assert (kept.title, kept.scenes) == (lesson.title, ())
    # Nor may a lesson that nobody could open keep anybody from opening the run.
    archive = saved_run(path).archive()
    monkeypatch.setattr(lessons, "MOST_MEMORY", 10)
    projects.write(path, Project(archive, lesson.replace()))
    assert projects.read(path).lesson is None


def saved_run(path: Path) -> Session:
    return Session.restored(projects.read(path).archive)


def test_a_view_that_is_no_plain_json_is_refused_before_anything_is_touched(path: Path) -> None:
    file, run = saved(path)
    views: list[Callable[[], object]] = [
        lambda: {"x": object()},
        lambda: {"x": float("nan")},
        lambda: {"x": "y" * 2**21},
        lambda: {"x": json.loads("[" * 40 + "]" * 40)},
        lambda: {"x": 2**70},
    ]
    for view in views:
        with pytest.raises((TypeError, ValueError)):
            file.save(Project(run.archive(), view=view()))  # type: ignore[arg-type]
    file.save(Project(run.archive()))
    file.close()

"""Projects as a broken disk, another program or a stranger makes them: refused in a sentence, or what was saved."""

import json
import os
import subprocess
import sys
from pathlib import Path

import mutants
import project_mutants as hostile
import pytest

HERE = Path(__file__).parent


@pytest.mark.parametrize("part", range(10))
def test_a_damaged_project_is_refused_or_is_what_was_saved(part: int, tmp_path: Path) -> None:
    for name in hostile.MAKERS:
        hostile.source(name)
    wrong, opened = {}, 0
    before = mutants.peak()
    for seed in range(30 * part, 30 * part + 30):
        folder = tmp_path / str(seed)
        folder.mkdir()
        complaint, refusal = hostile.judged(folder, seed)
        opened += not refusal
        if complaint:
            wrong[seed] = complaint
    assert not wrong
    assert 0 < opened < 30
    assert mutants.peak() - before < 400e6


@pytest.mark.parametrize("name", hostile.MAKERS)
def test_an_untouched_project_opens(name: str, tmp_path: Path) -> None:
    path = tmp_path / hostile.NAME
    sound = hostile.source(name)
    path.write_bytes(sound.content)
    assert mutants.judged(lambda: hostile.open_project(path, sound)) == ("", "")


def test_links_in_a_circle_and_a_log_beside_the_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / hostile.NAME
    path.symlink_to(path)
    with pytest.raises(hostile.projects.ProjectError, match="is not an ordinary file"):
        hostile.projects.read(path)
    with pytest.raises(hostile.projects.ProjectError, match="is not an ordinary file"):
        hostile.projects.describe(path)
    path.unlink()
    path.write_bytes(hostile.source("past").content)
    log = path.with_name(f"{path.name}-wal")
    log.write_bytes(os.urandom(600))
    with pytest.raises(hostile.projects.ProjectError, match=r"run\.bpstudio-wal beside run\.bpstudio is not from"):
        hostile.projects.read(path)
    assert sorted(each.name for each in tmp_path.iterdir()) == [path.name, log.name]


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(10))
def test_thousands_of_damaged_projects(part: int) -> None:
    """In a process of its own, whose memory is counted."""
    command = [sys.executable, str(HERE / "mutants.py"), "projects", str(1000 + 1000 * part), "1000"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["opened"] + report["refused"] == 1000
    assert report["opened"] > 100
    assert report["peak"] < 500e6

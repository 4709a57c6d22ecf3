"""A process that is killed while it saves leaves what it had acknowledged, or what it was just saving, and no third."""

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import project_runs as runs
import pytest

from bpstudio.files import project as projects
from bpstudio.files.project import Project
from bpstudio.training.session import Session

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs to make copies of a process")
HERE = Path(__file__).parent


@contextmanager
def saver(path: Path) -> Iterator[tuple[IO[str], IO[str]]]:
    """(what it reads, what it says) of a process that saves to a file."""
    command = [sys.executable, str(HERE / "project_saver.py"), str(path)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE), *sys.path])}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdin, process.stdout
        process.stdin.close()


def killed(path: Path, kills: int, seed: int) -> int:
    """Kill a saving process so often, and look at the file each time; returns how many saves were cut in two."""
    rng = random.Random(seed)
    run = Session(runs.small(), runs.data())
    archive = run.archive()
    projects.write(path, Project(archive))
    expected, halves = {runs.digest(archive)}, 0
    with saver(path) as (orders, said):
        for kill in range(kills):
            orders.write(f"{kill} {rng.choice((1, 1, 2, 4))} {rng.random() * 25}\n")
            orders.flush()
            for word, *digests in map(str.split, iter(said.readline, "dead\n")):  # nothing at all: it cannot be split
                expected = {*digests} if word == "saved" else {*expected, *digests}
            journal = path.with_name(f"{path.name}-journal")
            halves += journal.exists()
            before = path.read_bytes()
            found = runs.digest(projects.read(path).archive)
            assert path.read_bytes() == before  # looking changes nothing
            assert found in expected, f"kill {kill}: neither acknowledged nor being saved"
            expected = {found}
    return halves


RIVAL = """if True:
    import sys
    import project_runs as runs
    from bpstudio.files import project as projects
    from bpstudio.files.project import Project, ProjectError, ProjectFile
    from bpstudio.training.session import Session
    path = sys.argv[1]
    for line in sys.stdin:
        if line == "open\\n":
            read = projects.read(path)
            file, run = ProjectFile.open(path, read.revision), Session.restored(read.archive)
            print("opened", flush=True)
            continue
        run.run(int(line))
        archive = run.archive()
        try:
            file.save(Project(archive))
            print(runs.digest(archive), flush=True)
        except ProjectError:
            print("told", flush=True)"""


def test_of_two_processes_the_second_one_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.bpstudio"
    projects.write(path, Project(Session(runs.small(), runs.data()).archive()))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE), *sys.path])}
    command = [sys.executable, "-c", RIVAL, str(path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "env": environment}
    with subprocess.Popen(command, **pipes) as first, subprocess.Popen(command, **pipes) as second:  # type: ignore[call-overload]

        def ask(*orders: tuple[subprocess.Popen[str], object]) -> list[str]:
            for process, order in orders:
                process.stdin.write(f"{order}\n")  # type: ignore[union-attr]
                process.stdin.flush()  # type: ignore[union-attr]
            return [process.stdout.readline().strip() for process, _ in orders]  # type: ignore[union-attr]

        for _ in range(3):
            ask((first, "open"), (second, "open"))
            # Both at the same moment: whoever comes first wins, and the other one is told again and again.
            said = ask((first, 20), (second, 30))
            assert sorted(each == "told" for each in said) == [False, True]
            loser, winner = (first, second) if said[0] == "told" else (second, first)
            assert ask((loser, 5)) == ["told"]
            (digest,) = ask((winner, 10))
            assert runs.digest(projects.read(path).archive) == digest
        for process in (first, second):
            process.stdin.close()
    assert list(tmp_path.iterdir()) == [path]


def test_every_acknowledged_save_survives_a_kill(tmp_path: Path) -> None:
    killed(tmp_path / "a.bpstudio", 20, seed=1)


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_every_acknowledged_save_survives_five_hundred_kills(tmp_path: Path) -> None:
    assert killed(tmp_path / "a.bpstudio", 500, seed=2) > 10

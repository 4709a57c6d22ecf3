"""A process that is killed while it saves leaves what it had acknowledged, or what it was just saving, and no third."""

import importlib.util
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import IO

import pytest

from bpstudio.files import project as projects
from bpstudio.files.project import Project
from bpstudio.training.session import Session

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs to make copies of a process")
HERE = Path(__file__).parent


def _beside(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


runs = _beside("project_runs")


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
            orders.write(f"{kill} {rng.choice((1, 1, 2, 4))} {rng.random() * 12}\n")
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


def test_every_acknowledged_save_survives_a_kill(tmp_path: Path) -> None:
    killed(tmp_path / "a.bpstudio", 20, seed=1)


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_every_acknowledged_save_survives_five_hundred_kills(tmp_path: Path) -> None:
    assert killed(tmp_path / "a.bpstudio", 500, seed=2) > 10

"""Lessons as a broken disk, a mistyped edit or a stranger makes them: refused in a sentence, or opened for good."""

import json
import subprocess
import sys
from pathlib import Path

import mutants
import pytest

from bpstudio.files import asset, lesson

HERE = Path(__file__).parent
LARGE = ("vanishing", "exploding", "sparse-autoencoder", "lenet")


def source(name: str) -> bytes:
    return asset.find(f"lessons/{name}.json").read_bytes()


@pytest.mark.parametrize("name", lesson.NAMES)
def test_a_damaged_lesson_is_refused_or_opens(name: str, tmp_path: Path) -> None:
    file = tmp_path / "lesson.json"
    wrong = {}
    before = mutants.peak()
    for seed in range(5 if name in LARGE else 19):
        file.write_bytes(mutants.lesson_mutant(source(name), seed))
        complaint, _ = mutants.judged(lambda: mutants.open_lesson(file))
        if complaint:
            wrong[seed] = complaint
    assert not wrong
    assert mutants.peak() - before < 500e6
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("name", ["mazur", "iris"])
def test_an_untouched_lesson_opens(name: str, tmp_path: Path) -> None:
    file = tmp_path / "lesson.json"
    file.write_bytes(source(name))
    assert mutants.judged(lambda: mutants.open_lesson(file)) == ("", "")


def changed(tmp_path: Path, name: str, *changes: tuple[list[str | int], object]) -> str:
    """The refusal of a lesson in which something stands elsewhere."""
    document = json.loads(source(name))
    for way, value in changes:
        holder = document
        for key in way[:-1]:
            holder = holder[key]
        holder[way[-1]] = value
    file = tmp_path / "lesson.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    complaint, refusal = mutants.judged(lambda: mutants.open_lesson(file))
    assert not complaint
    return refusal


LAYERS = ["experiment", "network", "layers"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ([(["experiment", "loss"], "x" * 5000)], "experiment.loss: expected one of"),
        ([(["experiment", "x" * 5000], 1)], "experiment.xxx"),
        ([(["experiment", "a\x00b\u202e"], 1)], "experiment.a\\x00b\\u202e: unknown"),
        ([(["format"], "bp-oracle/" + "x" * 5000)], "format: bp-oracle/"),
        ([([*LAYERS, 0, "units"], 10**6)], "experiment: a network of 5,000,002 parameters with 1 rows at once needs"),
        (
            [
                ([*LAYERS, 0, "units"], 3 * 10**6),
                (["experiment", "penalties"], [{"name": "kl_sparsity", "weight": 1.0, "rho": 0.1, "layers": [0]}]),
            ],
            "parameters with 1 rows at once needs about",
        ),
        (
            [(["variants", 0, "changes"], {"network.layers[0].units": 10**6}), (["variants", 0, "start"], "drawn")],
            "variants[0].changes: a network of 5,000,002 parameters",
        ),
    ],
    ids=[
        "long value",
        "long key",
        "unseen letters",
        "long format",
        "many units",
        "many sparse units",
        "many in a variant",
    ],
)
def test_what_a_few_lines_may_ask_for_is_bounded(changes: list, said: str, tmp_path: Path) -> None:
    before = mutants.peak()
    assert said in changed(tmp_path, "mazur", *changes)
    assert mutants.peak() - before < 50e6


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(10))
def test_thousands_of_damaged_lessons(part: int) -> None:
    """In a process of its own, whose memory is counted."""
    command = [sys.executable, str(HERE / "mutants.py"), "lessons", str(1000 + 1000 * part), "1000"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["opened"] + report["refused"] == 1000
    assert report["opened"] > 0
    assert report["peak"] < 500e6

"""Runs in and out of files by one word: which file is which, and what is refused."""

import json
import shutil
from pathlib import Path

import pytest

import bpstudio
from bpstudio.files import lesson, project, run_files

CASE = Path(__file__).parent / "cases" / "pt-single-neuron.json"


@pytest.fixture
def session():
    run = lesson.load("mazur").session()
    run.run(20)
    return run


def test_the_kind_of_a_file_is_what_is_in_it(tmp_path, session):
    run_files.save(session, tmp_path / "run.bpstudio")
    run_files.save(session, tmp_path / "run.json")
    shutil.move(tmp_path / "run.bpstudio", tmp_path / "renamed")
    for name in ("renamed", "run.json"):
        opened = run_files.open(tmp_path / name)
        assert opened.params.flat.tobytes() == session.params.flat.tobytes()
    # A lesson keeps the present moment, a project the way there.
    assert len(run_files.open(tmp_path / "run.json").metrics.arrays()["step"]) == 1
    assert len(run_files.open(tmp_path / "renamed").metrics.arrays()["step"]) == 21


def test_a_reference_case_opens_at_its_first_step():
    promised = json.loads(CASE.read_text(encoding="utf-8"))["expected"]["loss"]
    assert run_files.open(CASE).loss == pytest.approx(promised, rel=1e-12)


def test_a_project_can_be_saved_as_it_was_read(tmp_path, session):
    run_files.save(session, tmp_path / "run.bpstudio")
    run_files.save(project.read(tmp_path / "run.bpstudio"), tmp_path / "copy.bpstudio")
    assert run_files.open(tmp_path / "copy.bpstudio").step_number == 20


def test_its_past_takes_no_more_memory_than_is_said(tmp_path, session):
    run_files.save(session, tmp_path / "run.bpstudio")
    assert run_files.open(tmp_path / "run.bpstudio", budget=2**20).budget == 2**20
    assert run_files.open(CASE, budget=2**20).budget == 2**20


@pytest.mark.parametrize("name", ["run.npz", "run", "run.bpstudio.txt"])
def test_another_ending_is_refused_and_nothing_is_written(tmp_path, session, name):
    with pytest.raises(ValueError, match=r"\.bpstudio or \.json"):
        run_files.save(session, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_what_a_file_does_not_hold_is_refused(tmp_path, session):
    with pytest.raises(ValueError, match="save a Lesson as"):
        run_files.save(lesson.load("mazur"), tmp_path / "run.bpstudio")
    with pytest.raises(ValueError, match="save a project as"):
        run_files.save(project.Project(session.archive()), tmp_path / "run.json")


@pytest.mark.parametrize("name", ["nothing.bpstudio", "nothing.json", "."])
def test_what_is_not_there_is_named(tmp_path, name):
    with pytest.raises((OSError, ValueError), match=r"nothing|folder"):
        run_files.open(tmp_path / name)


def test_the_words_are_those_of_the_package():
    assert (bpstudio.open, bpstudio.save) == (run_files.open, run_files.save)

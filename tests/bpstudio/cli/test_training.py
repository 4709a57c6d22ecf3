"""Training in the terminal: what comes out, where it goes, and that nothing is lost on the way."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import bpstudio
from bpstudio import cli
from bpstudio.cli import exits, training
from bpstudio.files import lesson
from bpstudio.training.session import Session


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def train(*words: str) -> int:
    return cli.main(["train", *words])


def bits(session: Session) -> bytes:
    return session.params.flat.tobytes()


def trained(name: str, steps: int) -> Session:
    session = lesson.load(name).session()
    session.run(steps)
    return session


def test_it_prints_what_came_of_it_and_writes_the_report(tmp_path, capsys):
    report = tmp_path / "report.html"
    assert train("mazur", "--steps", "100", "--report", str(report)) == 0
    out = capsys.readouterr().out
    assert "100" in out
    assert str(report) in out
    assert report.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_it_knows_epochs(capsys):
    assert train("mazur", "--epochs", "7") == 0
    assert "7 (epoch 7)" in capsys.readouterr().out


def test_an_unknown_lesson_is_named_with_the_known_and_the_near_ones(capsys):
    assert train("mazzur") == 2
    error = capsys.readouterr().err
    assert "mazzur" in error
    assert "did you mean mazur" in error
    assert "lenet" in error


def test_out_is_a_project_with_its_past_or_a_lesson_of_the_last_moment(here, capsys):
    for name in ("run.bpstudio", "run.json"):
        assert train("mazur", "--steps", "60", "--out", name) == 0
        assert f"Saved: {here / name}" in capsys.readouterr().out.replace("\n", "")
        opened = bpstudio.open(here / name)
        assert (opened.step_number, bits(opened)) == (60, bits(trained("mazur", 60)))
    assert bpstudio.read_lesson(here / "run.json").text == lesson.load("mazur").text
    opened = bpstudio.open(here / "run.bpstudio")
    opened.seek(17)
    assert bits(opened) == bits(trained("mazur", 17))


def test_a_project_goes_on_and_keeps_its_past_its_lesson_and_its_view(here):
    from bpstudio.files import project

    session = trained("mazur", 30)
    session.bookmark(note="here")
    made = project.Project(session.archive(), lesson.load("mazur"), {"panel": "left"})
    project.write(here / "a.bpstudio", made)
    assert train("a.bpstudio", "--steps", "12", "--set", "rate=0.25", "--out", "b.bpstudio") == 0
    assert bpstudio.open(here / "a.bpstudio").step_number == 30  # nobody asked for it to be changed
    again = project.read(here / "b.bpstudio")
    assert (again.lesson.title, dict(again.view)) == (made.lesson.title, {"panel": "left"})
    opened = bpstudio.open(here / "b.bpstudio")
    assert [mark.note for mark in opened.past.bookmarks] == ["here"]
    session.apply(session.experiment.replace(optimizer=bpstudio.SGD(0.25)))
    session.run(12)
    assert bits(opened) == bits(session)
    opened.seek(29)
    assert bits(opened) == bits(trained("mazur", 29))
    assert train("b.bpstudio", "--steps", "1", "--out", "b.bpstudio") == 0
    assert bpstudio.open(here / "b.bpstudio").step_number == 43


def test_an_edit_in_the_past_of_a_project_begins_a_branch(here, capsys):
    session = trained("mazur", 40)
    session.seek(10)
    bpstudio.save(session, here / "a.bpstudio")
    assert train("a.bpstudio", "--steps", "5", "--set", "rate=1", "--out", "a.bpstudio") == 0
    assert "branch 2" in capsys.readouterr().out
    branches = bpstudio.open(here / "a.bpstudio").past.branches
    assert [(branch.number, branch.last) for branch in branches] == [(1, 40), (2, 15)]


def test_a_project_that_somebody_saved_meanwhile_is_not_written_over(here, capsys, monkeypatch):
    bpstudio.save(trained("mazur", 10), here / "a.bpstudio")
    run = Session.run

    def and_saved_elsewhere(self: Session, steps: int) -> int:
        monkeypatch.setattr(Session, "run", run)
        bpstudio.save(trained("mazur", 3), here / "a.bpstudio")
        return self.run(steps)

    monkeypatch.setattr(Session, "run", and_saved_elsewhere)
    assert train("a.bpstudio", "--steps", "5", "--out", "a.bpstudio") == exits.TROUBLE
    assert bpstudio.open(here / "a.bpstudio").step_number == 3
    kept = here / "a-step-15.bpstudio"
    assert str(kept) in capsys.readouterr().err
    assert bpstudio.open(kept).step_number == 15


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--out", "run.txt"], "ends in .bpstudio or .json, got .txt"),
        (["--out", "nowhere/run.json"], "there is no folder"),
        (["--out", "folder.json"], "is a folder"),
        (["--report", "report.pdf"], "ends in .html"),
        (["--stop-when", "los < 1"], "did you mean loss"),
        (["--stop-when", ""], "the expression ends here"),
        (["--set", "rat=1"], "did you mean rate"),
        (["--set", "data.target=y"], "only the data of a table"),
    ],
)
def test_what_cannot_end_well_does_not_begin(here, capsys, monkeypatch, words, said):
    (here / "folder.json").mkdir()
    monkeypatch.setattr(Session, "run", lambda *_: pytest.fail("it trained"))
    assert train("mazur", *words) == exits.TROUBLE
    assert said in capsys.readouterr().err
    assert [path.name for path in here.iterdir()] == ["folder.json"]


@pytest.mark.parametrize("name", ["folder", "image.png", "empty", "other.bpstudio", "nothing.csv", "nothing"])
def test_a_file_of_another_kind_is_refused_by_name(here, capsys, name):
    (here / "folder").mkdir()
    for other in ("image.png", "empty", "other.bpstudio"):
        (here / other).write_bytes(b"" if other == "empty" else b"\x89PNG\r\n\x1a\n" * 200)
    assert train(name) == exits.TROUBLE
    error = capsys.readouterr().err
    assert name in error
    assert "Traceback" not in error


def test_the_kind_of_a_file_without_an_ending_is_what_is_in_it(here):
    bpstudio.save(trained("mazur", 5), here / "run.bpstudio")
    bpstudio.save(lesson.load("mazur"), here / "run.json")
    (here / "run.bpstudio").rename(here / "one")
    (here / "run.json").rename(here / "two")
    for name, step in (("one", 7), ("two", 2)):
        assert train(name, "--steps", "2", "--out", "after.json") == 0
        assert bpstudio.open(here / "after.json").step_number == step


# ---- ended before its time


@pytest.fixture
def interrupted(monkeypatch):
    """Makes training get a signal in its third stretch."""
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("only the main thread hears signals")

    def arrange(number: signal.Signals) -> list[int]:
        run, stretches = Session.run, []

        def after_a_while(self: Session, steps: int) -> int:
            stretches.append(steps)
            if len(stretches) == 3:
                signal.raise_signal(number)
                monkeypatch.setattr(Session, "run", run)
            return run(self, steps)

        monkeypatch.setattr(Session, "run", after_a_while)
        return stretches

    return arrange


@pytest.mark.parametrize(("number", "status"), list(training.STATUSES.items()))
def test_a_signal_stops_between_two_steps_and_the_run_is_saved(here, capsys, interrupted, number, status):
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    stretches = interrupted(number)
    assert train("mazur", "--steps", "100000", "--out", "run.bpstudio") == status
    said = capsys.readouterr().out
    assert number.name in said
    assert "Saved" in said
    opened = bpstudio.open(here / "run.bpstudio")
    assert opened.step_number == sum(stretches) < 100000
    opened.run(5)
    assert bits(opened) == bits(trained("mazur", opened.step_number))
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == before


def test_what_is_to_be_ignored_stays_ignored():
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("only the main thread hears signals")
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with training.Signals() as signals:
            signal.raise_signal(signal.SIGTERM)
            assert signals.number == 0
            signal.raise_signal(signal.SIGINT)
            assert signals.number == signal.SIGINT
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGTERM, before)


def test_without_out_an_interrupted_run_goes_into_a_new_file_of_its_own(here, capsys, interrupted):
    bpstudio.save(trained("mazur", 10), here / "a.bpstudio")
    saved = (here / "a.bpstudio").read_bytes()
    interrupted(signal.SIGINT)
    assert train("a.bpstudio", "--steps", "100000") == exits.INTERRUPTED
    capsys.readouterr()
    assert (here / "a.bpstudio").read_bytes() == saved
    (kept,) = (path for path in here.iterdir() if path.name != "a.bpstudio")
    opened = bpstudio.open(kept)
    assert kept.name == f"a-step-{opened.step_number}.bpstudio"
    assert opened.step_number > 10


def test_a_second_file_gets_a_name_of_its_own(here):
    (here / "mazur-step-0.bpstudio").write_text("somebody's")
    opened = training.open_run("mazur")
    kept = training.keep_aside(opened, opened.session, opened.session.frame())
    assert kept == here / "mazur-step-0-2.bpstudio"
    assert (here / "mazur-step-0.bpstudio").read_text() == "somebody's"


def test_a_run_that_cannot_be_written_is_kept_elsewhere(here, capsys, monkeypatch):
    monkeypatch.setattr(training.lessons, "write", lambda *_: (_ for _ in ()).throw(OSError("the disk is full")))
    assert train("mazur", "--steps", "9", "--out", "run.json") == exits.TROUBLE
    error = capsys.readouterr().err
    assert "the disk is full" in error
    assert "mazur-step-9.bpstudio" in error
    assert bpstudio.open(here / "mazur-step-9.bpstudio").step_number == 9


def test_ctrl_c_in_a_real_terminal_saves(here):
    bpstudio.save(trained("mazur", 10), here / "a.bpstudio")
    command = [sys.executable, "-m", "bpstudio", "train", "a.bpstudio", "--steps", "1000000000"]
    environment = {**os.environ, "PYTHONPATH": str(Path(bpstudio.__file__).parents[1])}
    with subprocess.Popen(command, cwd=here, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        assert "goes on at step 10" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == exits.INTERRUPTED
    assert "Saved: " in out
    (kept,) = here.glob("a-step-*.bpstudio")
    assert bpstudio.open(kept).step_number >= 10


def test_it_stops_where_an_expression_becomes_true(here, capsys):
    assert train("mazur", "--steps", "5000", "--stop-when", "loss < 0.1", "--out", "run.bpstudio") == exits.STOPPED_AT
    said = capsys.readouterr().out
    assert "loss < 0.1" in said
    opened = bpstudio.open(here / "run.bpstudio")
    step = opened.step_number
    assert opened.past.breakpoints == ()  # it was meant for this time
    assert opened.loss < 0.1
    opened.seek(step - 1)
    assert opened.loss >= 0.1
    assert train("mazur", "--steps", "5", "--stop-when", "loss < 0.1") == exits.DONE
    capsys.readouterr()
    assert train("run.bpstudio", "--steps", "5", "--stop-when", "loss < 0.1") == exits.DONE
    assert f"loss < 0.1 is true already at step {step}: " in capsys.readouterr().out


def test_the_breakpoints_of_a_project_hold_here_too(here, capsys):
    session = trained("mazur", 5)
    mark = bpstudio.Breakpoint(1, bpstudio.conditions.Expression("step >= 20"))
    session.set_breakpoints((mark,))
    bpstudio.save(session, here / "a.bpstudio")
    words = ("--stop-when", "step >= 100", "--out", "b.bpstudio")
    assert train("a.bpstudio", "--steps", "500", *words) == exits.STOPPED_AT
    opened = bpstudio.open(here / "b.bpstudio")
    assert (opened.step_number, opened.past.breakpoints) == (20, (mark,))


def test_a_project_from_a_machine_with_other_digits_says_from_which_step_on(here, capsys):
    from bpstudio.files import project

    archive = trained("iris", 200).archive()
    kept = archive.segments[1]
    last = sorted(kept.keyframes)[-1]
    other = {**kept.keyframes, last: np.nextafter(kept.keyframes[last], 1)}
    altered = dataclasses.replace(archive, segments={1: dataclasses.replace(kept, keyframes=other)})
    for made_with, is_said in (({"numpy": "another"}, True), (project.Project(archive).made_with, False)):
        project.write(here / "a.bpstudio", project.Project(altered, made_with=made_with))
        for command in ("train", "show"):
            words = ["--steps", "1"] if command == "train" else []
            assert cli.main([command, "a.bpstudio", *words]) == exits.DONE
            said = "".join(capsys.readouterr())
            assert ("last digits differ from step 1" in said) == is_said


def test_a_run_that_diverges_says_where(here, capsys):
    assert train("linear", "--set", "rate=1e160", "--steps", "500") == exits.NOT_THE_SAME
    assert "smaller learning rate" in capsys.readouterr().out


def test_early_stopping_is_a_good_end(capsys):
    words = ("--set", "stopping=on", "--set", "stopping.patience=1", "--set", "rate=2", "--epochs", "200")
    assert train("iris", *words) == exits.DONE
    assert "early at step" in " ".join(capsys.readouterr().out.split())


def test_the_summary_as_json(here, capsys):
    assert train("iris", "--epochs", "3", "--json", "--out", "run.json") == 0
    said = json.loads(capsys.readouterr().out)
    session = bpstudio.open(here / "run.json")
    assert (said["step"], said["loss"]) == (session.step_number, session.loss)
    assert said["updates"] == session.step_number
    assert said["written"] == [str(here / "run.json")]
    assert said["stopped"] == []
    assert 0 <= said["validation"]["accuracy"] <= 1


def test_what_a_file_calls_itself_gives_the_terminal_no_orders(here, capsys):
    session = trained("mazur", 3)
    (here / "a\x1b[2J.csv").write_text("a,b\n" + "".join(f"{n},{n % 3}.5\n" for n in range(30)))
    bpstudio.save(session, here / "b\x1b[2J.bpstudio")
    for name in ("a\x1b[2J.csv", "b\x1b[2J.bpstudio"):
        assert train(name, "--steps", "2") == 0
        assert "\x1b" not in capsys.readouterr().out


def test_the_numbers_do_not_depend_on_the_progress_bar(monkeypatch, here):
    """Stretches of another length are the same steps."""
    monkeypatch.setattr(training, "_FIRST_STRETCH", 1)
    monkeypatch.setattr(training, "REFRESH_SECONDS", 1e-9)
    assert train("iris", "--steps", "50", "--out", "run.bpstudio") == 0
    opened = bpstudio.open(here / "run.bpstudio")
    assert bits(opened) == bits(trained("iris", 50))
    losses = trained("iris", 50).metrics.arrays()["loss"]
    assert np.array_equal(opened.metrics.arrays()["loss"], losses)

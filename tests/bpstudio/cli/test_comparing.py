"""`bpstudio diff`: its exit status, and what it says."""

import json

import pytest

import bpstudio
from bpstudio import cli
from bpstudio.cli import exits


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def diff(*words: str) -> int:
    return cli.main(["diff", *words])


def test_the_same_run_by_any_way_is_the_same(here, capsys):
    assert cli.main(["train", "iris", "--steps", "50", "--out", "a.bpstudio"]) == 0
    assert cli.main(["train", "iris", "--steps", "20", "--out", "b.bpstudio"]) == 0
    assert cli.main(["train", "b.bpstudio", "--steps", "30", "--out", "c.bpstudio"]) == 0
    capsys.readouterr()
    assert diff("a.bpstudio", "c.bpstudio") == exits.DONE
    assert capsys.readouterr().out == "the same, bit by bit\n"
    assert diff("a.bpstudio", "c.bpstudio", "--json") == exits.DONE
    assert json.loads(capsys.readouterr().out) == {"same": True, "first_difference": None}
    assert diff("mazur", "mazur") == exits.DONE


def test_the_first_difference_is_named_with_both_values_in_full(here, capsys):
    for rate, name in (("0.1", "a"), ("0.30000000000000004", "b")):
        assert cli.main(["train", "iris", "--steps", "5", "--set", f"rate={rate}", "--out", f"{name}.bpstudio"]) == 0
    capsys.readouterr()
    assert diff("a.bpstudio", "b.bpstudio") == exits.NOT_THE_SAME
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "first difference: experiment: optimizer.rate (branch 1)"
    assert lines[1:] == ["  a.bpstudio  0.1", "  b.bpstudio  0.30000000000000004"]
    assert diff("a.bpstudio", "b.bpstudio", "--json") == exits.NOT_THE_SAME
    said = json.loads(capsys.readouterr().out)
    assert said["first_difference"]["first"] == "0.1"


def test_a_step_as_json_is_compared_with_that_step(here, capsys):
    assert cli.main(["train", "mazur", "--steps", "40", "--out", "a.bpstudio"]) == 0
    capsys.readouterr()
    assert cli.main(["show", "a.bpstudio", "--step", "25", "--json"]) == 0
    step = json.loads(capsys.readouterr().out)
    (here / "step.json").write_text(json.dumps(step))
    for side in ("a.bpstudio", "mazur", "step.json"):
        assert diff(side, "step.json") == exits.DONE
        assert diff("step.json", side) == exits.DONE
    capsys.readouterr()
    step["trace"]["layers"]["layer1"]["delta"][0][1] *= 1 + 2**-52
    (here / "other.json").write_text(json.dumps(step))
    assert diff("a.bpstudio", "other.json") == exits.NOT_THE_SAME
    assert "trace.layers.layer1.delta[0][1]" in capsys.readouterr().out


def test_breakpoints_do_not_end_the_way_to_a_step(here, capsys):
    session = bpstudio.load_lesson("mazur").session()
    session.set_breakpoints((bpstudio.Breakpoint(1, bpstudio.conditions.Expression("step >= 5")),))
    bpstudio.save(session, "a.bpstudio")
    assert cli.main(["show", "mazur", "--step", "20", "--json"]) == 0
    (here / "step.json").write_text(capsys.readouterr().out, encoding="utf-8")
    assert diff("a.bpstudio", "step.json") == exits.DONE


def test_a_lesson_and_a_project_of_it(here):
    bpstudio.save(bpstudio.load_lesson("mazur").session(), here / "a.bpstudio")
    assert diff("mazur", "a.bpstudio") == exits.DONE
    assert diff("iris", "a.bpstudio") == exits.NOT_THE_SAME


@pytest.mark.parametrize("name", ["nothing", "nothing.json", "."])
def test_trouble_is_no_difference(here, capsys, name):
    assert diff("mazur", name) == exits.TROUBLE
    assert capsys.readouterr().err.startswith("bpstudio: ")


def test_a_step_that_says_nothing_of_itself_is_trouble(here, capsys):
    (here / "step.json").write_text('{"format": "bpstudio-step/1"}')
    assert diff("mazur", "step.json") == exits.TROUBLE
    assert "step" in capsys.readouterr().err


def test_a_step_of_another_branch_is_looked_for_on_that_branch(here, capsys):
    session = bpstudio.load_lesson("mazur").session()
    session.run(20)
    session.seek(5)
    session.apply(session.experiment.replace(optimizer=bpstudio.SGD(2.0)))
    session.run(10)
    session.switch(1)
    bpstudio.save(session, here / "a.bpstudio")
    assert cli.main(["show", "a.bpstudio", "--branch", "2", "--step", "9", "--json"]) == 0
    (here / "step.json").write_text(capsys.readouterr().out)
    assert diff("a.bpstudio", "step.json") == exits.DONE

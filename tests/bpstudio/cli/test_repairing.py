"""`bpstudio repair`: what is sound comes into a new file, what is lost is said, and nothing is written over."""

import sqlite3
from contextlib import closing

import pytest

from bpstudio import cli
from bpstudio.cli import exits


@pytest.fixture
def here(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["train", "xor", "--steps", "200", "--out", "a.bpstudio"]) == 0
    capsys.readouterr()
    return tmp_path


def test_a_damaged_project_is_repaired_and_goes_on(here, capsys):
    with closing(sqlite3.connect("a.bpstudio")) as file:
        file.execute("UPDATE keyframes SET data = randomblob(length(data)) WHERE step = 64")
        file.commit()
    assert cli.main(["show", "a.bpstudio", "--step", "3"]) == exits.TROUBLE
    assert "bpstudio repair" in capsys.readouterr().err
    before = (here / "a.bpstudio").read_bytes()
    assert cli.main(["repair", "a.bpstudio", "-o", "b.bpstudio"]) == exits.NOT_THE_SAME
    lines = capsys.readouterr().out.splitlines()
    assert "step 64" in lines[0]
    assert lines[-1] == "what is sound is in b.bpstudio"
    assert (here / "a.bpstudio").read_bytes() == before
    assert cli.main(["train", "b.bpstudio", "--steps", "10", "--out", "b.bpstudio"]) == exits.DONE


def test_a_sound_project_is_the_same_in_its_copy(here, capsys):
    assert cli.main(["repair", "a.bpstudio", "-o", "b.bpstudio"]) == exits.DONE
    assert capsys.readouterr().out == "everything is sound; a copy is in b.bpstudio\n"
    assert cli.main(["diff", "a.bpstudio", "b.bpstudio"]) == exits.DONE


@pytest.mark.parametrize(("out", "words"), [("a.bpstudio", "is there already"), ("b.json", "ends in .bpstudio")])
def test_nothing_is_written_over(here, capsys, out, words):
    before = (here / "a.bpstudio").read_bytes()
    assert cli.main(["repair", "a.bpstudio", "-o", out]) == exits.TROUBLE
    assert words in capsys.readouterr().err
    assert (here / "a.bpstudio").read_bytes() == before

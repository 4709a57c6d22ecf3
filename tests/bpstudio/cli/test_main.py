"""From what was typed to an exit status: wrong lines, help, and an output that nobody reads to the end."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import bpstudio
from bpstudio import cli
from bpstudio.cli import exits


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["train", "mazur", "--steps", "0"],
        ["train", "mazur", "--steps", "3", "--epochs", "3"],
        ["train"],
        ["show"],
        ["show", "mazur", "--step", "-1"],
        ["diff", "mazur"],
        ["export", "mazur"],
        ["verify"],
    ],
)
def test_a_wrong_command_line_has_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(arguments)
    assert stopped.value.code == exits.TROUBLE
    assert "usage" in capsys.readouterr().err


@pytest.mark.parametrize("command", [(), *((name,) for name in cli.COMMANDS)])
def test_help_lists_every_exit_status(command, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main([*command, "--help"])
    assert stopped.value.code == 0
    said = capsys.readouterr().out
    for status, meaning in exits.MEANINGS.items():
        assert f"  {status:<4} {meaning}" in said


def test_every_exit_status_is_explained():
    named = {value for name, value in vars(exits).items() if name.isupper() and isinstance(value, int)}
    assert named == set(exits.MEANINGS)


def test_help_says_what_stands_in_the_json_of_a_step(capsys):
    with pytest.raises(SystemExit):
        cli.main(["show", "--help"])
    said = capsys.readouterr().out
    from bpstudio.files.step_document import document

    for key in document(bpstudio.load_lesson("mazur").session().frame()):
        assert key in said


@pytest.mark.parametrize("words", ["show mazur --json", "train mazur --steps 3"])
def test_an_output_that_nobody_reads_is_no_error(words):
    read, write = os.pipe()
    os.close(read)
    environment = {**os.environ, "PYTHONPATH": str(Path(bpstudio.__file__).parents[1])}
    command = [sys.executable, "-m", "bpstudio", *words.split()]
    with subprocess.Popen(command, stdout=write, stderr=subprocess.PIPE, text=True, env=environment) as process:
        os.close(write)
        _, error = process.communicate(timeout=60)
    assert (process.returncode, error) == (exits.PIPE_CLOSED, "")


def test_ctrl_c_before_anything_has_begun_says_nothing(monkeypatch, capsys):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules[cli.main.__module__], "parser", interrupted)
    assert cli.main(["train", "mazur"]) == exits.INTERRUPTED
    assert capsys.readouterr() == ("", "")


def test_a_terminal_that_cannot_write_a_letter_writes_another():
    environment = {
        **os.environ, "PYTHONPATH": str(Path(bpstudio.__file__).parents[1]), "PYTHONIOENCODING": "ascii",
    }  # fmt: skip
    command = [sys.executable, "-m", "bpstudio", "show", "mazur", "--at", "backward/w5"]
    said = subprocess.run(command, capture_output=True, text=True, env=environment, check=True).stdout
    assert "?C/?w" in said

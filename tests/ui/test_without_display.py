import subprocess
import sys

import pytest

from bpstudio import cli
from ui.__main__ import main


@pytest.fixture
def no_display(monkeypatch):
    monkeypatch.setattr(cli, "display_missing", lambda: True)


def test_without_a_display_the_iris_lesson_trains_in_the_terminal(no_display, monkeypatch):
    monkeypatch.setattr(cli, "without_display", lambda: 17)
    assert main([]) == 17


def test_a_file_cannot_be_opened_without_a_display_and_the_remedy_is_named(no_display, capsys):
    assert main(["mazur"]) == 4
    assert "bpstudio train mazur" in capsys.readouterr().err


def test_the_command_line_never_loads_qt():
    code = "import sys; from ui.__main__ import main; main(['verify', '/nowhere']); print('PyQt6' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "False"

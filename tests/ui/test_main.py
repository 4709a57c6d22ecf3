"""What the console script makes of its arguments."""

import subprocess
import sys
from pathlib import Path

import pytest
from PyQt6.QtGui import QImage

import bpstudio
from ui import __main__ as script
from ui import theme
from ui.__main__ import main
from ui.shot import what_to_shoot


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What the window was opened with."""
    places: list[object] = []
    monkeypatch.setattr("ui.app.run", lambda place: places.append(place) or 0)
    monkeypatch.setattr(script.cli, "display_missing", lambda: False)
    monkeypatch.setattr(script.gc, "disable", lambda: None)
    return places


def test_no_arguments_open_the_window(opened: list[object]) -> None:
    assert main([]) == 0
    assert opened == [None]


def test_file_and_lesson_are_opened(opened: list[object], tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text("{}")
    assert main([str(path)]) == main(["xor"]) == 0
    assert opened == [path.resolve(), "xor"]


@pytest.mark.parametrize("words", [["no-such-lesson"], ["a.json", "b.json"]])
def test_what_cannot_be_meant_is_refused_in_one_line(
    opened: list[object], words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert opened == []


def test_commands_belong_to_the_command_line(opened: list[object], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "/nowhere"]) == 2
    assert "nowhere" in capsys.readouterr().err
    assert opened == []


def test_case_is_verified_and_then_shown(opened: list[object], capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(__file__).parents[1] / "bpstudio" / "files" / "cases" / "pt-single-neuron.json"
    assert main(["verify", "--show", str(path)]) == 0
    assert capsys.readouterr().out.startswith("PASS")
    assert opened == [path.resolve()]


def test_blas_is_pinned_before_numpy_is_loaded() -> None:
    code = (
        "import os, sys\n"
        "import ui.__main__\n"
        "assert 'numpy' not in sys.modules\n"
        "print(os.environ['OPENBLAS_NUM_THREADS'], os.environ['OMP_NUM_THREADS'], os.environ['MKL_NUM_THREADS'])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["1", "1", "1"]


def shot(tmp_path: Path, *words: str) -> tuple[subprocess.CompletedProcess[str], Path]:
    path = tmp_path / "picture.png"
    command = [sys.executable, "-m", "ui", "shot", *words, "-o", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False), path


def test_shot_is_a_picture_of_the_asked_size(tmp_path: Path) -> None:
    words = ("mazur", "--at", "backward/w5", "--select", "w5", "--number", "0.43982", "--size", "1280x720")
    done, path = shot(tmp_path, *words, "--theme", "light")
    assert done.returncode == 0, done.stderr
    image = QImage(str(path))
    assert (image.width(), image.height()) == (1280, 720)
    colors = {image.pixel(x, y) for x in range(0, 1280, 5) for y in range(0, 720, 5)}
    assert len(colors) > 50, "something is painted"
    assert image.pixelColor(600, 440).lightness() > 200, "and it is light"
    differs = theme.THEMES["light"].warning.rgb()
    assert any(image.pixel(x, y) == differs for x in range(930, 1270) for y in range(400, 480)), "the number is judged"
    assert [file.name for file in tmp_path.iterdir()] == ["picture.png"]


def test_shot_of_a_beat_that_is_not_there_says_so(tmp_path: Path) -> None:
    done, path = shot(tmp_path, "mazur", "--beat", "99", "--grain", "edge")
    assert done.returncode == 2
    assert "0 to 55" in done.stderr
    assert not path.exists()


def test_shot_of_a_project_is_of_its_run_where_it_stands(tmp_path: Path) -> None:
    session = bpstudio.load_lesson("mazur").session()
    session.run(7)
    bpstudio.save(session, tmp_path / "mine.bpstudio")
    lesson, run = what_to_shoot(str(tmp_path / "mine.bpstudio"))
    assert run is not None
    assert (run.step_number, lesson.experiment) == (7, session.experiment)
    assert what_to_shoot("mazur")[1] is None

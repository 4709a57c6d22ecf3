import json
import shutil
from pathlib import Path

import pytest

from bpstudio import cli

CASES = Path(__file__).parent / "files" / "cases"


@pytest.fixture
def folder(tmp_path):
    for name in ("mazur", "pt-single-neuron"):
        shutil.copy(CASES / f"{name}.json", tmp_path)
    (tmp_path / "MANIFEST.json").write_text("{}")
    return tmp_path


def alter(path, change):
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def test_verify_passes_a_folder(folder, capsys):
    assert cli.main(["verify", str(folder)]) == 0
    first, second, last = capsys.readouterr().out.splitlines()
    assert first.split()[::2] == ["PASS", "mazur"]
    assert float(first.split()[1]) < 1e-10
    assert second.split()[0] == "PASS"
    assert last == "2 cases: 2 PASS, 0 FAIL, 0 SKIP"


def test_verify_with_a_skip_has_status_3_and_names_the_feature(folder, capsys):
    alter(folder / "mazur.json", lambda found: found["optimizer"].update(name="lion"))
    assert cli.main(["verify", str(folder)]) == 3
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split(maxsplit=3) == ["SKIP", "-", "mazur", "optimizer lion"]
    assert lines[-1] == "2 cases: 1 PASS, 0 FAIL, 1 SKIP"


def test_verify_with_a_fail_has_status_1_even_beside_a_skip(folder, capsys):
    alter(folder / "mazur.json", lambda found: found["optimizer"].update(name="lion"))
    alter(folder / "pt-single-neuron.json", lambda found: found["expected"].update(loss=found["expected"]["loss"] + 1))
    assert cli.main(["verify", str(folder)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("FAIL")
    assert lines[1].endswith("loss differs")
    assert lines[-1] == "2 cases: 0 PASS, 1 FAIL, 1 SKIP"


def test_verify_takes_files_and_folders_together(folder, capsys):
    assert cli.main(["verify", str(folder / "mazur.json"), str(folder)]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("3 cases")


@pytest.mark.parametrize("name", ["nothing.json", "empty"])
def test_verify_without_cases_is_a_mistake_of_the_caller(tmp_path, capsys, name):
    (tmp_path / "empty").mkdir()
    assert cli.main(["verify", str(tmp_path / name)]) == 2
    assert name in capsys.readouterr().err


def test_a_broken_file_is_a_fail_among_the_others(folder, capsys):
    (folder / "broken.json").write_text("{")
    assert cli.main(["verify", str(folder)]) == 1
    assert "2 PASS, 1 FAIL" in capsys.readouterr().out


def test_train_prints_what_came_of_it_and_writes_the_report(tmp_path, capsys):
    report = tmp_path / "report.html"
    assert cli.main(["train", "mazur", "--steps", "100", "--report", str(report)]) == 0
    out = capsys.readouterr().out
    assert "100" in out
    assert str(report) in out
    assert report.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_train_knows_epochs(capsys):
    assert cli.main(["train", "mazur", "--epochs", "7"]) == 0
    assert "7 (epoch 7)" in capsys.readouterr().out


def test_an_unknown_lesson_is_named_with_the_known_ones(capsys):
    assert cli.main(["train", "nonsense"]) == 2
    error = capsys.readouterr().err
    assert "nonsense" in error
    assert "mazur" in error


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["train", "mazur", "--steps", "0"], ["verify"]])
def test_a_wrong_command_line_has_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(arguments)
    assert stopped.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_the_lesson_without_a_display(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cli, "DEFAULT_EPOCHS", 3)
    assert cli.without_display() == 0
    out = capsys.readouterr().out
    assert out.startswith("No display here")
    report = tmp_path / "iris-report.html"
    assert str(report) in out.replace("\n", "")
    assert "<svg" in report.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("platform", "environment", "missing"),
    [
        ("linux", {}, True),
        ("linux", {"DISPLAY": ":0"}, False),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, False),
        ("linux", {"QT_QPA_PLATFORM": "offscreen"}, False),
        ("win32", {}, False),
        ("darwin", {}, False),
    ],
)
def test_where_a_display_is_missing(monkeypatch, platform, environment, missing):
    monkeypatch.setattr("sys.platform", platform)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert cli.display_missing() is missing


def test_what_a_case_calls_itself_gives_the_terminal_no_orders(folder, capsys):
    alter(folder / "mazur.json", lambda found: found.update(id="a\x1b[2J\nPASS b"))
    cli.main(["verify", str(folder / "mazur.json")])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("a�[2J�PASS b")
    assert len(lines) == 2

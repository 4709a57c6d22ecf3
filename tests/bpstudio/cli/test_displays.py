import pytest

from bpstudio import cli
from bpstudio.cli import training


def test_the_lesson_without_a_display(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(training, "DEFAULT_EPOCHS", 3)
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

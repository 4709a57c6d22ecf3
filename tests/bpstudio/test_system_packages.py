import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / ".ci" / "system_packages.py"


@pytest.fixture
def script():
    spec = importlib.util.spec_from_file_location("system_packages", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_bare_system_gets_all_that_qt_needs_and_a_chinese_font(script, monkeypatch):
    monkeypatch.setattr(script, "loads", lambda library: False)
    monkeypatch.setattr(script, "draws_chinese", lambda: False)
    monkeypatch.setattr(script.shutil, "which", lambda program: None)
    monkeypatch.setattr(script.importlib.util, "find_spec", lambda name: None)
    needed = script.missing(dev=False)
    assert needed == sorted(needed)
    venv = f"python3.{sys.version_info.minor}-venv"
    assert {"libegl1", "libgl1", "libxkbcommon-x11-0", "libxcb-cursor0", "fonts-noto-cjk", venv} <= set(needed)
    assert "xvfb" not in needed
    assert set(script.missing(dev=True)) - set(needed) == {"xvfb", "xauth"}


def test_what_is_there_is_not_asked_for(script, monkeypatch):
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(script, "loads", lambda library: library != "libEGL.so.1")
    monkeypatch.setattr(script, "draws_chinese", lambda: True)
    monkeypatch.setattr(script.importlib.util, "find_spec", lambda name: object())
    assert script.missing(dev=False) == ["libegl1"]


def test_the_loader_knows_what_is_there(script):
    assert not script.loads("libno-such-library.so.7")


def test_it_prints_one_line():
    said = subprocess.run([sys.executable, str(SCRIPT)], capture_output=True, text=True, check=True).stdout
    assert said.count("\n") <= 1

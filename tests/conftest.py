"""No test leaves anything behind: no record in the log, no thread, no file in the user's folders."""

import gc
import itertools
import logging
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

# Before any test loads NumPy, so that tests compute as bpstudio does, on one thread, whichever file is run alone.
import bpstudio  # noqa: F401

# Settings and logs of a test belong to the test, and no test opens a window on somebody's desktop.
_home = tempfile.TemporaryDirectory(prefix="bpstudio-tests-")
for _name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
    os.environ[_name] = str(Path(_home.name) / _name.lower())
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


# Cycles are collected between two tests and nowhere else, as `ui.garbage` does it in the window: qtbot holds widgets
# weakly, and one that only its own cycles keep could be deleted in the middle of its own event, which ends the process.
gc.disable()
_tests = itertools.count(1)

PATIENCE = 30
"""Seconds for which a test waits for what must come. It never waits in vain when all is well; a machine that does
other things at the same time may stand still for several seconds.
"""


def pytest_configure(config: pytest.Config) -> None:
    """Let qtbot be as patient, wherever a test does not say how long it waits."""
    if config.pluginmanager.hasplugin("pytest-qt"):
        from pytestqt.qtbot import QtBot

        for wait in (QtBot.waitUntil, QtBot.waitExposed, QtBot.waitActive, QtBot.waitSignal, QtBot.waitSignals):
            wait.__kwdefaults__["timeout"] = PATIENCE * 1000


def pytest_collection_finish() -> None:
    """What is there when all tests are known stays to the end: to look through it again and again finds nothing."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def collect_between_tests() -> None:
    """Every few tests, before anything of the next one is made."""
    if next(_tests) % 50 == 0:
        gc.collect()


@pytest.fixture(autouse=True)
def no_stray_threads() -> Iterator[None]:
    """Fail a test that leaves a thread running Python code, a QThread included (threading does not count those)."""
    before = sys._current_frames().keys()
    yield
    patience = time.monotonic() + PATIENCE
    while left := sys._current_frames().keys() - before:
        if time.monotonic() > patience:
            names = {thread.ident: thread.name for thread in threading.enumerate()}
            pytest.fail(f"threads left running: {sorted(names.get(ident, str(ident)) for ident in left)}")
        # A thread that has been told to stop needs the interpreter to do so.
        threading.Event().wait(0.005)


@pytest.fixture(autouse=True)
def no_stray_logs(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail a test that logs a warning or worse. One that expects it looks at `caplog`, then calls `caplog.clear()`."""
    yield
    stray = [record.getMessage() for record in caplog.get_records("call") if record.levelno >= logging.WARNING]
    if stray:
        pytest.fail(f"logged: {stray}")

"""A program that opens the window and lets somebody wander in it who tries everything, for so many seconds.

It ends with a line of JSON: what went wrong, how much memory there was, and which threads were left. Every action is
written down before it is done, and the same seed tries the same:

    QT_QPA_PLATFORM=offscreen .venv/bin/python tests/journeys/wandering.py 7 600 actions.log
"""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PyQt6.QtCore import QtMsgType
    from wanderer import Wanderer

REST = 30.0
"""Seconds between two looks at the memory, each time with the same small lesson and nothing else in the window."""

HARMLESS = ("This plugin does not support", "propagateSizeHints")
"""What the platform without a screen says of things that only a desktop can do."""


def resident() -> int:
    """The bytes that this process holds in memory now; 0 where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


class _Heard(logging.Handler):
    """Keeps what is logged as a warning or worse."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._problems = problems

    def emit(self, record: logging.LogRecord) -> None:
        if not any(harmless in record.getMessage() for harmless in HARMLESS):
            why = "" if record.exc_info is None else f"\n{logging.Formatter().formatException(record.exc_info)}"
            self._problems.append(f"{record.name}: {record.getMessage()[-3000:]}{why[-3000:]}")


def _answer_dialogs(wanderer: Wanderer) -> None:
    """Files are chosen without a dialog, and nothing outside the window is opened."""
    from PyQt6.QtGui import QDesktopServices
    from PyQt6.QtWidgets import QFileDialog, QWhatsThis

    chosen: dict[str, Callable[..., Any]] = {
        "getOpenFileName": lambda *_, **__: (wanderer.file_to_open(), ""),
        "getSaveFileName": lambda _parent=None, _title="", name="", *_, **__: (wanderer.file_to_save(name), ""),
    }
    for name, answer in chosen.items():
        setattr(QFileDialog, name, staticmethod(answer))
    QDesktopServices.openUrl = staticmethod(lambda *_: True)  # type: ignore[method-assign, assignment]
    QWhatsThis.enterWhatsThisMode = staticmethod(lambda: None)  # type: ignore[method-assign]


def wander(seed: int, seconds: float, log: Path | None, home: Path) -> dict[str, Any]:
    """Open the window, wander, close it; what there is to say of it."""
    import faulthandler

    from PyQt6.QtCore import QSettings, QTimer, qInstallMessageHandler
    from wanderer import Wanderer

    from ui.app import App, application

    problems: list[str] = []
    done: list[str] = []
    lines = log.open("w", encoding="utf-8") if log is not None else None

    def told(line: str) -> None:
        done.append(line)
        del done[:-12]
        if lines is not None:
            lines.write(f"{line}\n")
            lines.flush()

    def heard(kind: QtMsgType, _: object, text: str | None) -> None:
        if kind.name != "QtDebugMsg" and not any(harmless in (text or "") for harmless in HARMLESS):
            problems.append(f"Qt: {text}")

    qInstallMessageHandler(heard)
    qt = application(["bpstudio"])
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(home / "settings"))
    logging.getLogger().addHandler(_Heard(problems))
    app = App(qt, "dark", "en")
    app.runner.budget = 16 * 2**20
    app.start("mazur")
    wanderer = Wanderer(app, home, seed, told)
    _answer_dialogs(wanderer)
    answering = QTimer()
    answering.timeout.connect(wanderer.answer)
    answering.start(100)
    memory: list[tuple[int, int]] = []
    began, rested, actions, reported = time.monotonic(), 0.0, 0, 0
    while time.monotonic() - began < seconds:
        faulthandler.dump_traceback_later(300, exit=True)  # a window that hangs is ended, and says where
        wanderer.act()
        actions += 1
        if len(problems) > reported:
            problems[reported] += f"\nafter {actions} actions: {' | '.join(done)}"
            print(problems[reported], file=sys.stderr, flush=True)
            reported = len(problems)
        if time.monotonic() - rested > REST:
            wanderer.rest()
            rested = time.monotonic()
            memory.append((round(rested - began), resident()))
            if not wanderer.settle(30.0):
                problems.append(f"it never came to rest after {' | '.join(done)}")
    answering.stop()
    wanderer.rest()
    app.close()
    wanderer.wait(0.5)
    faulthandler.cancel_dump_traceback_later()
    left = [each.name for each in threading.enumerate() if each is not threading.main_thread()]
    if lines is not None:
        lines.close()
    return {"seed": seed, "actions": actions, "problems": problems, "threads": left, "memory": memory}


def main(arguments: list[str]) -> int:
    """Wander in a home of its own."""
    seed, seconds = int(arguments[0]), float(arguments[1])
    with tempfile.TemporaryDirectory(prefix="wandering-") as home:
        for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "HOME"):
            os.environ[name] = str(Path(home) / name.lower())
        report = wander(seed, seconds, Path(arguments[2]) if len(arguments) > 2 else None, Path(home))
    print(json.dumps(report))
    return 1 if report["problems"] or report["threads"] else 0


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    sys.exit(main(sys.argv[1:]))

"""`bpstudio shot`: the real window, painted without a display, as a PNG."""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from pathlib import Path

from PyQt6.QtCore import QElapsedTimer, QEventLoop, QSettings
from PyQt6.QtWidgets import QApplication

from bpstudio.files import lesson as lessons
from bpstudio.files import project as projects
from bpstudio.files.run_files import is_project
from bpstudio.training.session import Session
from ui import theme
from ui.app import App, application
from ui.focus import GRAINS

PATIENCE_MS = 60_000
QUIET_MS = 400
"""Plots draw ten times a second; after this long without news everything has been drawn."""


def main(words: list[str]) -> int:
    """Make one picture; returns the exit status."""
    options = _parser().parse_args(words)
    try:
        # The picture must not depend on who makes it: nobody's settings are read or changed.
        with tempfile.TemporaryDirectory(prefix="bpstudio-shot-") as settings:
            QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, settings)
            _shoot(*what_to_shoot(options.lesson), options)
    except (OSError, ValueError) as error:
        print(f"bpstudio shot: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bpstudio shot", description="Save a picture of the real window.")
    parser.add_argument("lesson", help="a lesson's name, such as mazur, or a file: a lesson or a project")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--at", metavar="ADDRESS", help="the beat of this address, such as backward/w5")
    where.add_argument("--beat", type=int, help="the beat of this number")
    parser.add_argument("--grain", choices=GRAINS, help="the size of a beat")
    parser.add_argument("--steps", type=int, default=0, help="training steps before the picture")
    parser.add_argument("--select", metavar="ELEMENT", help="an edge or a unit, such as w5 or h1")
    parser.add_argument("--number", metavar="TEXT", help="a number of one's own, judged")
    parser.add_argument("--size", type=_size, default=(1600, 1000), metavar="WxH", help="in pixels (1600x1000)")
    parser.add_argument("--theme", choices=tuple(theme.THEMES), default="dark")
    parser.add_argument("--lang", choices=("en", "zh_CN"), default="en")
    parser.add_argument("--scale", type=float, default=1.0, help="size of the text (1)")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.png")
    return parser


def _shoot(lesson: lessons.Lesson, session: Session | None, options: argparse.Namespace) -> None:
    qt = application(["bpstudio"])
    QSettings().setValue("view/scale", options.scale)
    app = App(qt, options.theme, options.lang)
    try:
        window = app.window
        window.resize(*options.size)
        app.document.show(lesson, session, name=options.lesson if options.lesson in lessons.NAMES else "")
        window.show()
        window.complete()
        _settle(qt, app)
        if options.steps:
            app.runner.step(options.steps)
            _settle(qt, app)
        _look(app, options)
        window.reset_layout()
        window.status.check_now()
        _settle(qt, app)
        if options.number:
            window.inspector.your_number.enter(options.number)
            _settle(qt, app)
        picture = window.grab()
        if not picture.save(str(options.output)):
            raise OSError(f"{options.output} cannot be written")
    finally:
        app.close()


def _look(app: App, options: argparse.Namespace) -> None:
    walk = app.focus.walk
    if walk is None:
        raise ValueError("the lesson has no step to show")
    grain = options.grain or ("edge" if options.at or options.beat is not None else app.focus.grain)
    changes: dict[str, object] = {"grain": grain}
    if options.at:
        changes["playhead"] = walk.find(grain, options.at)
    elif options.beat is not None:
        if not 0 <= options.beat <= walk.count(grain):
            raise ValueError(f"beat: expected 0 to {walk.count(grain)} at grain {grain}, got {options.beat}")
        changes["playhead"] = options.beat
    elif options.steps:
        changes["playhead"] = walk.count(grain)
    if options.select:
        changes["selection"] = walk.names.find(options.select)
    app.focus.set(reduced_motion=True, **changes)


def _settle(qt: QApplication, app: App) -> None:
    """Let everything arrive that is on its way: frames, answers, plots, layouts."""
    clock, quiet = QElapsedTimer(), QElapsedTimer()
    clock.start()
    quiet.start()
    while quiet.elapsed() < QUIET_MS:
        qt.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
        if not app.runner.idle:
            quiet.restart()
        if clock.elapsed() > PATIENCE_MS:
            raise ValueError("the picture did not settle within a minute")


def what_to_shoot(name: str) -> tuple[lessons.Lesson, Session | None]:
    """A lesson; of a project the one that it came from, and its run where that stands."""
    path = Path(name)
    if path.is_file() and is_project(path):
        project = projects.read(path)
        session = Session.restored(project.archive)
        return project.lesson or lessons.capture(session.frame()), session
    return (lessons.read(name) if name.endswith(".json") or path.is_file() else lessons.load(name)), None


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{3,5})x(\d{3,5})", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"expected a size such as 1600x1000, got {text!r}")
    return int(match[1]), int(match[2])

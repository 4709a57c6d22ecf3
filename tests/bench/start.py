"""How long the window takes to appear, against the least that a window with a plot can take.

Three programs start in turn, A B C A B C, each in a process of its own that ends at the moment in question: a bare
pyqtgraph window that has been painted; bpstudio whose window has been painted whole; bpstudio whose first lesson is
complete, with an edge selected, its formula typeset and every visible curve drawn. Each bpstudio is a first start, with
empty settings. The figures are medians of the ratios within a round; a first round that is not counted brings
everything into memory.

`python start.py bare|window|lesson` is one of the programs. It looks at the running application from outside: what it
calls is what the console script calls.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "15"))
PROGRAMS = ("bare", "window", "lesson")


def bare() -> None:
    """A window with one empty plot."""
    import pyqtgraph
    from PyQt6.QtCore import QCoreApplication, QEvent, QObject

    class End(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint and watched is window.viewport():
                QCoreApplication.postEvent(self, QEvent(QEvent.Type.User), -2)
            return False

        def event(self, event: QEvent) -> bool:
            os._exit(0)

    app = pyqtgraph.mkQApp()
    window = pyqtgraph.PlotWidget()
    end = End()
    app.installEventFilter(end)
    window.resize(1280, 800)
    window.show()
    app.exec()


def product(complete: bool) -> None:
    """The real program; `complete` waits for the lesson and not only for the window."""
    from ui.__main__ import main  # first: it pins BLAS

    # isort: split
    from PyQt6.QtCore import QCoreApplication, QEvent, QObject
    from PyQt6.QtWidgets import QApplication, QWidget

    import ui.app

    class Watch(QObject):
        """Hears of every paint event. What it posts arrives when the whole window has been painted."""

        def __init__(self, app: ui.app.App) -> None:
            super().__init__()
            self.app, self.window = app, app.window
            self.painted: set[QObject] = set()
            self.posted = self.selected = False

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                self.painted.add(watched)
                if not self.posted:
                    self.posted = True
                    QCoreApplication.postEvent(self, QEvent(QEvent.Type.User), -2)
            return False

        def event(self, event: QEvent) -> bool:
            self.posted = False
            if not self.selected:
                if not self.whole():
                    return True
                if not complete:
                    os._exit(0)
                self.select()
            elif self.finished():
                os._exit(0)
            return True

        def whole(self) -> bool:
            """Whether every region of the window has been painted, the network with its first step."""
            window = self.window
            sides = [window.builder, window.data, window.inspector]
            regions = [window, window.menuBar(), window.toolbar, window.canvas, window.timeline, *sides]
            return self.app.runner.frame is not None and all(self.seen(region) for region in regions)

        def select(self) -> None:
            from bpstudio.insight.elements import Edge

            self.selected = True
            self.painted.clear()
            self.app.focus.set(grain="step", selection=Edge(2, 0, 0))

        def finished(self) -> bool:
            """Whether the lesson's text, the formula with its numbers and every visible plot have been painted."""
            window = self.window
            if window.lesson is None or window.plots is None or not self.seen(window.lesson):
                return False
            from pyqtgraph import GraphicsView

            from ui.explain.formula import Formula

            formula = window.inspector.findChild(Formula)
            if "0.741365070" not in formula.accessibleName() or formula not in self.painted:
                return False

            views = [view for view in window.plots.findChildren(GraphicsView) if view.isVisible()]
            return len(views) >= 4 and all(view.viewport() in self.painted for view in views)

        def seen(self, region: QWidget) -> bool:
            """Whether a region, or a part of it, has been painted. What is scrolled out of sight need not be."""
            parts = [region, *region.findChildren(QWidget)]
            return region.visibleRegion().isEmpty() or any(part in self.painted for part in parts)

    start = ui.app.App.start

    def watched(app: ui.app.App, place: str | Path | None = None) -> None:
        app.watch = Watch(app)
        QApplication.instance().installEventFilter(app.watch)
        start(app, place)

    ui.app.App.start = watched
    sys.exit(main([]))


def seconds(program: str, environment: dict[str, str]) -> float:
    before = time.perf_counter()
    subprocess.run([sys.executable, __file__, program], env=environment, check=True, timeout=60)
    return time.perf_counter() - before


def measure() -> Iterator["Row"]:
    """Two rows: the window, and the lesson in it."""
    with tempfile.TemporaryDirectory() as home:
        environment = dict(os.environ)
        if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            environment["QT_QPA_PLATFORM"] = "offscreen"
        # Settings are never written there: a program that ends in the middle of an event keeps nothing.
        for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"):
            environment[name] = home
        # What was compiled is kept as it is where bpstudio is installed, whatever this shell says about it.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        environment["PYTHONPYCACHEPREFIX"] = str(Path(home, "compiled"))
        rounds = [[seconds(program, environment) for program in PROGRAMS] for _ in range(ROUNDS + 1)][1:]
    least = statistics.median(round[0] for round in rounds)
    for column, (what, target) in enumerate((("the whole window", 1.5), ("the first lesson complete", 2.0)), 1):
        ratios = sorted(round[column] / round[0] for round in rounds)
        taken = statistics.median(round[column] for round in rounds)
        spread = (ratios[len(ratios) // 4], ratios[3 * len(ratios) // 4])
        note = f"{1000 * taken:.0f} / {1000 * least:.0f} ms"
        yield Row(f"{what}, against a bare plot", statistics.median(ratios), target, spread, note, at_most=True)


if __name__ == "__main__":
    if sys.argv[1:] == ["bare"]:
        bare()
    else:
        product(complete=sys.argv[1:] == ["lesson"])
else:
    from row import Row

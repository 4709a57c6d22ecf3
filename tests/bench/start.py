"""How long the window takes to appear, against the least that a window with a plot can take.

Three programs start in turn, A B C A B C, each in a process of its own that ends at the moment in question: a bare
pyqtgraph window that has been painted; bpstudio whose window has been painted whole; bpstudio whose first lesson is
complete, with an edge selected, its formula typeset and every visible curve drawn. Each bpstudio is a first start, with
empty settings. The figures are medians of the ratios within a round; a first round that is not counted brings
everything into memory.

`python start.py bare|window|lesson` is one of the programs. It looks at the running application from outside: what it
calls is what the console script calls.
"""

import faulthandler
import os
import shutil
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
    from PyQt6.QtWidgets import QWidget

    import ui.app

    class Watch(QObject):
        """Hears of the paint events of some widgets. What it posts arrives when the whole window has been painted."""

        def __init__(self, app: ui.app.App) -> None:
            super().__init__()
            self.app, self.window = app, app.window
            self.painted: set[QObject] = set()
            self.posted = self.selected = False
            window = self.window
            sides = [window.builder, window.data, window.inspector]
            self.regions = [window, window.menuBar(), window.toolbar, window.canvas, window.timeline, *sides]
            self.wait_for(*self.regions)

        def wait_for(self, *widgets: QWidget) -> None:
            """Hear of these only: to ask in Python about every event of the application would take a while itself."""
            for widget in widgets:
                widget.installEventFilter(self)

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
                shown = [region for region in self.regions if not region.visibleRegion().isEmpty()]
                if self.app.runner.frame is not None and self.painted.issuperset(shown):
                    if not complete:
                        os._exit(0)
                    self.select()
            elif self.finished():
                os._exit(0)
            return True

        def select(self) -> None:
            from bpstudio.insight.elements import Edge
            from ui.explain.formula import Formula

            self.selected = True
            self.painted.clear()
            self.formula = self.window.inspector.findChild(Formula)
            self.wait_for(self.formula)
            self.app.focus.set(grain="step", selection=Edge(2, 0, 0))

        def plotted(self) -> None:
            """The window has made the plots; they are still to be painted."""
            from pyqtgraph import GraphicsView

            self.views = self.window.plots.findChildren(GraphicsView)
            self.wait_for(*(view.viewport() for view in self.views))

        def finished(self) -> bool:
            """Whether the formula with its numbers, every visible plot and what can be seen of the text are painted."""
            if self.window.plots is None:
                return False
            plots = {view.viewport() for view in self.views if view.isVisible()}
            # The explanation may have pushed the text out of sight; then only the plots and the formula are waited for.
            lesson = self.window.lesson
            text = {lesson} if lesson is not None and not lesson.visibleRegion().isEmpty() else set()
            numbers = "0.741365070" in self.formula.accessibleName()
            return numbers and len(plots) >= 4 and self.painted >= {self.formula, *text, *plots}

    start = ui.app.App.start

    def watched(app: ui.app.App, place: str | Path | None = None) -> None:
        app.watch = Watch(app)
        make_plots = app.window.make_plots

        def making() -> None:
            if app.window.plots is None:
                make_plots()
                app.watch.plotted()

        app.window.make_plots = making
        start(app, place)

    ui.app.App.start = watched
    sys.exit(main([]))


def seconds(program: str, environment: dict[str, str]) -> float:
    # What ends in the middle of an event looks like a crash to the next start, which would offer what was left.
    shutil.rmtree(environment["XDG_STATE_HOME"], ignore_errors=True)
    before = time.perf_counter()
    # Without a timeout, which would look for the end only every 50 ms.
    subprocess.run([sys.executable, __file__, program], env=environment, check=True)
    return time.perf_counter() - before


def measure() -> Iterator["Row"]:
    """Two rows: the window, and the lesson in it."""
    with tempfile.TemporaryDirectory() as home:
        environment = dict(os.environ)
        if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            environment["QT_QPA_PLATFORM"] = "offscreen"
        # Settings are never written there: a program that ends in the middle of an event keeps nothing.
        for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"):
            environment[name] = str(Path(home, name))
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
    faulthandler.dump_traceback_later(60, exit=True)
    if sys.argv[1:] == ["bare"]:
        bare()
    else:
        product(complete=sys.argv[1:] == ["lesson"])
else:
    from row import Row

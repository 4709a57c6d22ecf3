"""Training flat out beside the live window, and how fast the window is there.

Idle, a timer shows the window two frames in turn, as often as the display clock does, so that everything is painted
that training would paint; training, the runner shows what it has. Both take turns in one process. Frame intervals are
those between two paintings of the canvas; the share of painting is the time that the window's thread works.
"""

import os
import statistics
import sys
import time
from collections.abc import Iterator

if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import bpstudio  # first: it pins BLAS before NumPy is loaded

# isort: split
import numpy as np
from PyQt6.QtCore import QEventLoop, Qt, QTimer
from row import Row

from bpstudio.data.dataset import Dataset
from bpstudio.training.session import Session

ROUNDS, SECONDS = int(os.environ.get("BENCH_ROUNDS", "5")), 2.0


def session(sizes: tuple[int, ...], activation: str, batch: int) -> Session:
    rng = np.random.default_rng(0)
    layers = tuple(bpstudio.Dense(units, activation) for units in sizes[1:])
    data = Dataset.from_arrays(rng.normal(size=(500, sizes[0])), rng.uniform(size=(500, sizes[-1])))
    experiment = bpstudio.Experiment(bpstudio.Network(sizes[0], layers), optimizer=bpstudio.SGD(0.01), batch_size=batch)
    return Session(experiment, data)


def alone(made: Session) -> float:
    """Steps per second of the engine without a window."""
    made.run(200)
    start, before = time.perf_counter(), made.step_number
    while time.perf_counter() - start < SECONDS / 2:
        made.run(100)
    return (made.step_number - before) / (time.perf_counter() - start)


class Watch:
    """Notes when the canvas was painted, and how long the window was busy with each frame."""

    def __init__(self, app: object) -> None:
        self.app = app
        self.window = app.window
        self.moments: list[float] = []
        self.busy: list[float] = []
        canvas, show = self.window.canvas, self.window.turns.show_frame
        self._began = 0.0

        def shown(frame: object) -> None:
            self._began = time.perf_counter()
            show(frame)

        app.runner.frame_arrived.disconnect(self.window.turns.show_frame)
        app.runner.frame_arrived.connect(shown)
        self.show = shown
        paint = type(canvas).paintEvent

        def painted(self_canvas: object, event: object) -> None:
            paint(self_canvas, event)
            now = time.perf_counter()
            self.moments.append(now)
            self.busy.append(now - self._began)

        type(canvas).paintEvent = painted

    def clear(self) -> None:
        self.moments.clear()
        self.busy.clear()

    def figures(self) -> tuple[float, float]:
        """(99th percentile of the intervals, median time of a frame), in ms."""
        return float(np.percentile(np.diff(self.moments), 99)) * 1e3, statistics.median(self.busy) * 1e3


def spin(qt: object, seconds: float) -> None:
    """Let the window live. A loop over processEvents would never sleep and keep the interpreter from the training."""
    loop = QEventLoop()
    QTimer.singleShot(round(seconds * 1000), Qt.TimerType.PreciseTimer, loop.quit)
    loop.exec()


def beside(name: str, made: Session, other: Session) -> Iterator[Row]:
    from ui.app import App, application

    qt = application()
    app = App(qt, "dark", "en")
    watch = Watch(app)
    app.window.resize(1280, 800)
    app.window.show()
    app.window.complete()
    app.runner.open(made)
    app.focus.set(grain="step", reduced_motion=True)
    spin(qt, 1.0)
    app.runner.step(50)
    spin(qt, 1.0)
    first = app.runner.frame
    app.runner.step(1)
    spin(qt, 1.0)
    frames = [first, app.runner.frame]
    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    shown = iter(range(10**9))
    timer.timeout.connect(lambda: watch.show(frames[next(shown) % 2]))
    late, slower, kept, shares = [], [], [], []
    for _ in range(ROUNDS):
        watch.clear()
        timer.start(16)
        spin(qt, SECONDS)
        timer.stop()
        idle_p99, idle_busy = watch.figures()
        engine = alone(other)
        watch.clear()
        before, start, worked = app.runner.frame.step, time.perf_counter(), time.thread_time()
        app.runner.play()
        spin(qt, SECONDS)
        app.runner.pause()
        spent = time.perf_counter() - start
        share = (time.thread_time() - worked) / spent
        spin(qt, 0.3)
        p99, busy = watch.figures()
        late.append(p99 - idle_p99)
        slower.append(busy / idle_busy)
        kept.append((app.runner.frame.step - before) / spent / (engine * (1 - share)))
        shares.append(share)
    app.close()
    note = f"(idle p99 {idle_p99:.1f} ms, frame {idle_busy:.1f} ms)"
    yield Row(f"{name}: frame interval p99 above idle, ms", statistics.median(late), 3, _spread(late), note, True)
    yield Row(f"{name}: time of a frame against idle", statistics.median(slower), 1.15, _spread(slower), "", True)
    yield Row(
        f"{name}: steps/s kept of what painting leaves",
        statistics.median(kept),
        0.85,
        _spread(kept),
        f"(painting takes {statistics.median(shares):.0%})",
    )


def _spread(values: list[float]) -> tuple[float, float]:
    return min(values), max(values)


def measure() -> Iterator[Row]:
    """Rows for two networks."""
    yield from beside("2-4-2-1", session((2, 4, 2, 1), "tanh", 10), session((2, 4, 2, 1), "tanh", 10))
    yield from beside("784-30-10", session((784, 30, 10), "sigmoid", 10), session((784, 30, 10), "sigmoid", 10))

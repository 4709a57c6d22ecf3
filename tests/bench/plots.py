"""The loss plot: one refresh at a million recorded steps against one at a thousand.

A refresh is `refresh()` and the repaint that follows. Both plots are refreshed in turn; the figure is the median ratio.
"""

import os
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import bpstudio  # first: it pins BLAS before NumPy is loaded

# isort: split
import numpy as np
from PyQt6.QtWidgets import QApplication
from row import Row

from bpstudio.data.dataset import Dataset
from bpstudio.training.frame import Frame
from bpstudio.training.metrics import Leg, Metrics, Series

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "11")) * 3
MOST = 2.0


def frame_after(steps: int) -> Frame:
    """A frame of a run that recorded so many steps, with a noisy loss and a validation every hundred steps."""
    network = bpstudio.Network(1, (bpstudio.Dense(1),))
    dataset = Dataset.from_arrays(np.arange(4.0), np.arange(4.0) / 4)
    frame = bpstudio.Session(bpstudio.Experiment(network), dataset).frame()
    rng = np.random.default_rng(0)
    columns = frame.metrics.columns
    numbers, units = Series(len(columns)), Series(1, np.uint8)
    for start in range(0, steps, 50_000):
        count = min(50_000, steps - start)
        decay = 0.2 / (1 + (start + np.arange(count)) / 500)
        numbers.append(decay[:, None] * rng.uniform(0.3, 1.7, (count, len(columns))))
        units.append(np.zeros((count, 1), np.uint8))
    validation = np.stack([np.arange(0, steps, 100), *rng.uniform(0.1, 0.2, (2, -(-steps // 100)))], axis=1)
    leg = Leg(0, steps, columns, numbers.view(), units.view(), ((1, 0),), validation)
    return replace(frame, metrics=Metrics((leg,)), step=steps - 1, last_step=steps - 1)


def measure() -> Iterator[Row]:
    """One row: a refresh at 1,000,000 against 1,000 steps."""
    app = QApplication.instance() or QApplication(sys.argv)
    from ui.focus import Focus
    from ui.plots.loss import LossPlot

    plots = []
    for steps in (1_000, 1_000_000):
        plot = LossPlot(Focus())
        plot.resize(900, 400)
        plot.show()
        plot.show_frame(frame_after(steps))
        plots.append(plot)
    app.processEvents()
    times: list[list[float]] = [[], []]
    for _ in range(ROUNDS):
        for plot, taken in zip(plots, times, strict=True):
            start = time.perf_counter()
            plot.refresh()
            app.processEvents()
            taken.append(time.perf_counter() - start)
    ratios = sorted(long / short for short, long in zip(*times, strict=True))
    short, long = (1000 * statistics.median(taken) for taken in times)
    spread = (ratios[len(ratios) // 4], ratios[3 * len(ratios) // 4])
    note = f"{long:.1f} / {short:.1f} ms"
    yield Row("loss plot, 1M against 1k steps", statistics.median(ratios), MOST, spread, note, at_most=True)
    for plot in plots:
        plot.close()

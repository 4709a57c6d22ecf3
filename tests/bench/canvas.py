"""Painting the network: lines in batches against an object per line, and whole frames against the display's 16 ms.

The lines are those of a full 20-24-20 network on 1200×800 pixels, each with a colour and a width of its own that
change with every frame, all antialiased; both ways are painted in turn in widgets of the same size. A whole frame is
what the canvas does when a new step arrives while training runs: everything, nothing kept from before. Of its times
the lower quartile counts, the frames that nobody else on the machine disturbed.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import bpstudio  # first: it pins BLAS before NumPy is loaded

# isort: split
import numpy as np
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QApplication, QFrame, QGraphicsLineItem, QGraphicsScene, QGraphicsView, QWidget
from row import Row

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Conv2D, Flatten, MaxPool2D
from bpstudio.training.frame import Frame

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "11")) * 2
LEAST, MOST = 2.0, 16.0
LESSONS = ("mazur", "softmax", "four-equations", "xor", "vanishing", "iris")
EDGES, SIZE = 1004, (1200, 800)


def network_lines() -> np.ndarray:
    """The 1,004 edges of a 20-24-20 network, biases included."""
    columns = [[(x, 40 + 720 * i / (n - 1)) for i in range(n)] for x, n in ((100, 20), (600, 24), (1100, 20))]
    lines = [
        (*source, *target)
        for left, right, plus in ((0, 1, (350, 780)), (1, 2, (850, 780)))
        for target in columns[right]
        for source in (*columns[left], plus)
    ]
    return np.array(lines, dtype=float)


class Batches(QWidget):
    """The canvas's way."""

    def __init__(self, lines: np.ndarray) -> None:
        super().__init__()
        self.resize(*SIZE)
        self.lines = lines
        self.values = np.zeros(len(lines))

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        from ui import theme
        from ui.canvas import scale, strokes

        look, limits = theme.current(), scale.Limits()
        painter = QPainter(self)
        painter.fillRect(self.rect(), look.background)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        t = limits.place(self.values)
        widths = strokes.snap(scale.widths(self.values, 1.0, 3.0), 1.0)
        strokes.draw_lines(painter, self.lines, look.gradient(t), widths, np.rint(t * 63).astype(int))
        painter.end()


def against_objects(app: QApplication) -> Row:
    """A thousand antialiased lines, batches against QGraphicsLineItems."""
    from ui import theme
    from ui.canvas import scale

    lines = network_lines()
    assert len(lines) == EDGES
    batches = Batches(lines)
    scene = QGraphicsScene(0.0, 0.0, *map(float, SIZE))
    items = [QGraphicsLineItem(*line) for line in lines.tolist()]
    for item in items:
        scene.addItem(item)
    view = QGraphicsView(scene)
    view.setFrameShape(QFrame.Shape.NoFrame)
    view.setRenderHint(QPainter.RenderHint.Antialiasing)
    view.resize(*SIZE)
    for widget in (batches, view):
        widget.show()
    app.processEvents()
    random, look, limits = np.random.default_rng(0), theme.current(), scale.Limits()

    def one_batch(values: np.ndarray) -> None:
        batches.values = values
        batches.repaint()

    def objects(values: np.ndarray) -> None:
        colors = look.gradient(limits.place(values)).tolist()
        widths = scale.widths(values, 1.0, 3.0).tolist()
        for item, color, width in zip(items, colors, widths, strict=True):
            item.setPen(QPen(QColor(color), width))
        viewport = view.viewport()
        assert viewport is not None
        viewport.repaint()

    times: list[list[float]] = [[], []]
    for _ in range(ROUNDS):
        values = np.abs(random.normal(0, 0.3, EDGES))
        for way, taken in zip((objects, one_batch), times, strict=True):
            taken.append(timed(lambda way=way, values=values: (way(values), app.processEvents())))
    ratios = [slow / fast for slow, fast in zip(*times, strict=True)]
    slow, fast = (1000 * statistics.median(taken) for taken in times)
    for widget in (batches, view):
        widget.close()
    note = f"{slow:.1f} / {fast:.1f} ms"
    return Row(
        "1,000 antialiased edges against QGraphicsLineItems", statistics.median(ratios), LEAST, quartiles(ratios), note
    )


def wide() -> bpstudio.Session:
    """784-100-10 on noise with a shape."""
    random = np.random.default_rng(1)
    labels = random.integers(10, size=320)
    x = np.clip(random.random((320, 784)) * 0.4 + (np.arange(784) % 10 == labels[:, None]) * 0.6, 0.0, 1.0)
    data = replace(
        Dataset.from_arrays(x, labels, "classes", class_names=[str(k) for k in range(10)]), input_shape=(28, 28)
    )
    start = bpstudio.Initializer("lecun_normal")
    layers = (bpstudio.Dense(100, "sigmoid", start), bpstudio.Dense(10, "softmax", start))
    experiment = bpstudio.Experiment(bpstudio.Network(784, layers, (28, 28)), loss="categorical_ce", batch_size=32)
    return bpstudio.Session(experiment, data)


def lenet() -> bpstudio.Session:
    """LeNet-5 on 28×28 pixels of noise."""
    random = np.random.default_rng(1)
    data = Dataset.from_arrays(
        random.random((320, 784)), random.integers(10, size=320), "classes", class_names=[str(k) for k in range(10)]
    )
    start = bpstudio.Initializer("xavier_normal")
    layers = (
        Conv2D(6, (5, 5), initializer=start),
        MaxPool2D(),
        Conv2D(16, (5, 5), initializer=start),
        MaxPool2D(),
        Flatten(),
        bpstudio.Dense(120, "tanh", start),
        bpstudio.Dense(84, "tanh", start),
        bpstudio.Dense(10, "softmax", start),
    )
    network = bpstudio.Network(784, layers, (1, 28, 28))
    return bpstudio.Session(bpstudio.Experiment(network, loss="categorical_ce", batch_size=32), data)


def whole_frames(app: QApplication, name: str, session: bpstudio.Session, size: tuple[int, int]) -> Row:
    """What one new step costs the canvas."""
    from ui.canvas.widget import Canvas
    from ui.focus import Focus

    focus = Focus()
    focus.set(grain="step", notation="nielsen")
    canvas = Canvas(focus)
    canvas.resize(*size)
    canvas.show()
    app.processEvents()
    frames: list[Frame] = []
    for _ in range(4):
        frames.append(replace(session.frame(), run="running"))
        session.run(3)
    for frame in frames:
        canvas.show_frame(frame)
        canvas.repaint()
    taken = []
    for round_ in range(ROUNDS):
        canvas.show_frame(frames[round_ % len(frames)])
        taken.append(1000 * timed(canvas.repaint))
    canvas.close()
    app.processEvents()
    what = f"a frame of {name} on {size[0]}×{size[1]}, of {MOST:g} ms"
    low, high = quartiles(taken)
    return Row(what, low / MOST, 1.0, (low / MOST, high / MOST), f"{low:.1f} ms", at_most=True)


def timed(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def quartiles(values: list[float]) -> tuple[float, float]:
    ordered = sorted(values)
    return ordered[len(ordered) // 4], ordered[3 * len(ordered) // 4]


def measure() -> Iterator[Row]:
    """Lines against objects, then every network of the lessons, 784-100-10 and LeNet-5."""
    app = QApplication.instance() or QApplication(sys.argv)
    assert isinstance(app, QApplication)
    from ui import theme

    theme.apply(app, "dark")
    yield against_objects(app)
    for name in LESSONS:
        for size in ((730, 390), SIZE):
            yield whole_frames(app, name, bpstudio.load_lesson(name).session(), size)
    for size in ((730, 390), SIZE):
        yield whole_frames(app, "784-100-10", wide(), size)
        yield whole_frames(app, "LeNet-5", lenet(), size)

"""Real steps to paint, made once: sessions of the lessons and of some networks that have looks of their own.

Tests get all of it through one fixture, `easel`.
"""

import functools
import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from PyQt6.QtGui import QColor, QImage, QPainter
from PyQt6.QtWidgets import QApplication

import bpstudio
from bpstudio.data.dataset import Dataset, Group
from bpstudio.engine.layers import Activate, AvgPool2D, Conv2D, Dropout, Flatten, Layer, MaxPool2D
from bpstudio.insight.walk import Walk
from bpstudio.training.frame import Frame
from ui import language, theme
from ui.canvas import painting, scale
from ui.canvas.geometry import layout_for
from ui.canvas.view import View
from ui.focus import Eye

SMALL = (730, 390)
"""The canvas in a window of 1280×720, between its side panels."""


@pytest.fixture(autouse=True)
def looks(qapp: QApplication) -> Iterator[None]:
    """Each test begins in English and in the dark."""
    language.install(qapp, "en")
    theme.apply(qapp, "dark")
    yield
    language.install(qapp, "en")
    theme.apply(qapp, "dark")


def network_session(
    sizes: tuple[int, ...], activations: tuple[str, ...], task: str = "regression", rows: int = 12, rate: float = 0.1
) -> bpstudio.Session:
    """A session on noise; the first input is 1 in every row."""
    random = np.random.default_rng(5)
    x = random.uniform(0.0, 1.0, (rows, sizes[0]))
    x[:, 0] = 1.0
    if task == "classes":
        data = Dataset.from_arrays(
            x, random.integers(sizes[-1], size=rows), "classes", class_names=[*map(str, range(sizes[-1]))]
        )
        loss = "categorical_ce"
    else:
        data, loss = Dataset.from_arrays(x, random.normal(size=(rows, sizes[-1]))), "half_squared_error"
    start = bpstudio.Initializer("xavier_normal")
    layers = tuple(bpstudio.Dense(n, name, start) for n, name in zip(sizes[1:], activations, strict=True))
    experiment = bpstudio.Experiment(
        bpstudio.Network(sizes[0], layers), loss=loss, batch_size=4, optimizer=bpstudio.SGD(rate)
    )
    return bpstudio.Session(experiment, data)


START = bpstudio.Initializer("xavier_normal")
IMAGES: dict[str, tuple[tuple[int, ...], tuple[Layer, ...]]] = {
    "small images": (
        (1, 5, 5),
        (
            Conv2D(2, (3, 3), activation="sigmoid", initializer=START, name="conv1"),
            MaxPool2D((2, 2), (1, 1)),
            Flatten(),
            bpstudio.Dense(2, "sigmoid", START),
        ),
    ),
    "lenet": (
        (1, 28, 28),
        (
            Conv2D(6, (5, 5), initializer=START, name="conv1"),
            MaxPool2D(),
            Conv2D(16, (5, 5), initializer=START),
            MaxPool2D(),
            Flatten(),
            bpstudio.Dense(120, "tanh", START),
            bpstudio.Dense(84, "tanh", START),
            bpstudio.Dense(10, "softmax", START),
        ),
    ),
    "dropped images": (
        (3, 6, 6),
        (
            Conv2D(4, (3, 3), activation="identity", initializer=START),
            Activate("tanh"),
            Dropout(0.5),
            AvgPool2D(),
            Flatten(),
            bpstudio.Dense(3, "softmax", START),
        ),
    ),
    "layers": (
        (4,),
        (
            bpstudio.Dense(6, "identity", START),
            Activate("relu"),
            Dropout(0.4),
            bpstudio.Dense(3, "per_unit(sigmoid, tanh, relu)", START),
            bpstudio.Dense(2, "sigmoid", START),
        ),
    ),
}
"""Networks of layers of different kinds: the shape of a row, and the layers."""


def layers_session(name: str) -> bpstudio.Session:
    """A session on noise through one of `IMAGES`."""
    shape, layers = IMAGES[name]
    random = np.random.default_rng(5)
    x, outputs = random.uniform(0.0, 1.0, (12, math.prod(shape))), layers[-1].units  # type: ignore[attr-defined]
    is_softmax = layers[-1].activation == "softmax"
    if is_softmax:
        names = [*map(str, range(outputs))]
        data = Dataset.from_arrays(x, random.integers(outputs, size=12), "classes", class_names=names)
    else:
        data = Dataset.from_arrays(x, random.uniform(size=(12, outputs)))
    network = bpstudio.Network(math.prod(shape), layers, shape if len(shape) == 3 else None)
    loss = "categorical_ce" if is_softmax else "half_squared_error"
    experiment = bpstudio.Experiment(network, loss=loss, batch_size=4, optimizer=bpstudio.SGD(0.5))
    return bpstudio.Session(experiment, data)


@functools.cache
def frame_of(name: str) -> Frame:
    """One step at rest, by the name of a lesson or of a network above or below."""
    if name in IMAGES:
        return layers_session(name).frame()
    if name == "wide":  # 784-100-10 with an image
        session = network_session((784, 100, 10), ("sigmoid", "softmax"), "classes", rows=40)
        data = replace(session.dataset, input_shape=(28, 28))
        layers = session.experiment.network.layers
        network = bpstudio.Network(784, layers, (28, 28))
        return bpstudio.Session(session.experiment.replace(network=network), data).frame()
    if name == "relu":  # one-hot columns, units that are off, a number at the end
        session = network_session((5, 6, 1), ("relu", "identity"))
        names = ("size", "price", "fuel=gas", "fuel=diesel", "fuel=none")
        data = replace(session.dataset, input_names=names, groups=(Group("fuel", 2, 3),))
        return bpstudio.Session(session.experiment, data).frame()
    if name == "matrix":
        return network_session((400, 260, 2), ("tanh", "identity")).frame()
    if name == "medium":  # between 600 and 2,000 edges
        return network_session((20, 24, 20), ("sigmoid", "sigmoid")).frame()
    if name == "diverged":
        session = network_session((2, 3, 1), ("relu", "identity"), rate=1e200)
        session.run(5)
        return session.frame()
    return bpstudio.load_lesson(name).session().frame()


@functools.cache
def limits_of(name: str) -> scale.Limits:
    return scale.fit(frame_of(name))


def view_of(
    name: str,
    size: tuple[int, int] = SMALL,
    look: str = "dark",
    ratio: float = 1.0,
    phase: float = 1.0,
    under_mouse: str = "",
    at: str = "",
    frame: Frame | None = None,
    **eye: object,
) -> View:
    """A View of a named step; `at` is an address, playhead −1 the whole step."""
    frame = frame if frame is not None else frame_of(name)
    walk = Walk.of(frame)
    grain = str(eye.get("grain", "edge"))
    if at:
        eye["playhead"] = walk.find(grain, at)  # type: ignore[arg-type]
    elif eye.get("playhead", -1) == -1:
        eye["playhead"] = walk.count(grain)  # type: ignore[arg-type]
    used = theme.THEMES[look]
    return View(
        frame=frame,
        walk=walk,
        eye=Eye(**eye),  # type: ignore[arg-type]
        layout=layout_for(frame, *size, used),
        limits=limits_of(name),
        theme=used,
        language=language.current(),
        width=float(size[0]),
        height=float(size[1]),
        ratio=ratio,
        phase=phase,
        under_mouse=under_mouse,
    )


def painted(view: View, part: Callable[[QPainter, View], object] = painting.paint) -> QImage:
    """The picture, on an image whose pixels are all known before: magenta, which nothing is painted in."""
    image = QImage(round(view.width * view.ratio), round(view.height * view.ratio), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(view.ratio)
    image.fill(QColor("#FF00FF"))
    painter = QPainter(image)
    part(painter, view)
    painter.end()
    return image


def pixels(image: QImage) -> np.ndarray:
    """(height, width) of 0xFFRRGGBB."""
    bits = image.constBits()
    assert bits is not None
    array = np.frombuffer(bits.asarray(image.sizeInBytes()), np.uint32)
    return array.reshape(image.height(), image.bytesPerLine() // 4)[:, : image.width()].copy()


def near(color: QColor, other: QColor, tolerance: int = 12) -> bool:
    """Whether two colours are alike, channel by channel."""
    return all(abs(a - b) <= tolerance for a, b in zip(color.getRgb()[:3], other.getRgb()[:3], strict=True))


def has_color(
    image: QImage, color: QColor, box: tuple[float, float, float, float] | None = None, tolerance: int = 6
) -> bool:
    """Whether a colour occurs in the picture, or in a box (left, top, right, bottom) of it."""
    array = pixels(image)
    if box is not None:
        left, top, right, bottom = (round(value * image.devicePixelRatio()) for value in box)
        array = array[max(top, 0) : bottom, max(left, 0) : right]
    channels = [(array >> shift & 255).astype(int) for shift in (16, 8, 0)]
    wanted = color.getRgb()[:3]
    return bool(np.all([np.abs(c - w) <= tolerance for c, w in zip(channels, wanted, strict=True)], axis=0).any())


class Easel:
    """What the tests of the canvas paint with."""

    frame_of = staticmethod(frame_of)
    limits_of = staticmethod(limits_of)
    view = staticmethod(view_of)
    painted = staticmethod(painted)
    pixels = staticmethod(pixels)
    near = staticmethod(near)
    has_color = staticmethod(has_color)
    session = staticmethod(network_session)
    layers = staticmethod(layers_session)


@pytest.fixture
def easel(qapp: QApplication) -> Easel:
    return Easel()

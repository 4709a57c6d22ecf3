"""The look for a projector, measured on what is really painted: every lesson, and with eyes that see fewer colours.

A picture is measured without knowing what is on it: wherever something can be told from its surroundings at all, some
of it nearby stands out by 3:1. Text is measured where it is written, against what it stands on, and needs 4.5:1.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PyQt6.QtCore import QPoint, QRectF, QSettings, QStandardPaths, Qt
from PyQt6.QtGui import QColor, QImage, QPainter
from PyQt6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from bpstudio.files import lesson as lessons
from bpstudio.insight.elements import Map
from ui import language, theme
from ui.app import App, application
from ui.canvas import kernels, text
from ui.theme import THEMES

Floats = NDArray[np.float64]

# Machado, Oliveira and Fernandes (2009), A Physiologically-based Model for Simulation of Color Vision Deficiency, IEEE
# TVCG 15 (6): the matrices of their table for severity 1.0, for linear RGB.
VISIONS: dict[str, Floats] = {
    "usual": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TILE = 10
"""Pixels of a tile: what is nearer than about two of them belongs together."""
SEEN = 1.12
"""From this contrast on something can be told from its surroundings at all."""


@dataclass(frozen=True)
class Written:
    """Words and the rectangle in which they were painted."""

    words: str
    box: QRectF


def pixels(image: QImage) -> Floats:
    """The picture as linear RGB, (height, width, 3)."""
    picture = image.convertToFormat(QImage.Format.Format_RGB32)
    bits = picture.constBits()
    assert bits is not None
    raw = np.frombuffer(bits.asstring(picture.sizeInBytes()), np.uint8).reshape(picture.height(), -1, 4)
    encoded = raw[:, : picture.width(), 2::-1] / 255.0
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def luminance(linear: Floats, vision: str) -> Floats:
    """Relative luminance (WCAG 2) as these eyes see it."""
    seen: Floats = np.clip(linear @ VISIONS[vision].T, 0.0, 1.0) @ np.array((0.2126, 0.7152, 0.0722))
    return seen


def ratio(low: Floats | float, high: Floats | float) -> Floats:
    return np.asarray((np.asarray(high) + 0.05) / (np.asarray(low) + 0.05))


def faint_marks(light: Floats, masked: NDArray[np.bool_]) -> list[tuple[int, int, float]]:
    """Tiles (x, y, contrast) on which something is seen, but stands out by 3:1 neither there nor right beside it."""
    rows, columns = light.shape[0] // TILE, light.shape[1] // TILE
    tiles = light[: rows * TILE, : columns * TILE].reshape(rows, TILE, columns, TILE)
    hidden = masked[: rows * TILE, : columns * TILE].reshape(rows, TILE, columns, TILE).any(axis=(1, 3))
    low, high = tiles.min(axis=(1, 3)), tiles.max(axis=(1, 3))
    around_low, around_high = np.pad(low, 1, mode="edge"), np.pad(high, 1, mode="edge")
    shifts = [(slice(dy, dy + rows), slice(dx, dx + columns)) for dy in range(3) for dx in range(3)]
    near = ratio(
        np.min([around_low[shift] for shift in shifts], axis=0),
        np.max([around_high[shift] for shift in shifts], axis=0),
    )
    faint = (ratio(low, high) >= SEEN) & (near < 3.0) & ~hidden
    return [(int(x) * TILE, int(y) * TILE, float(near[y, x])) for y, x in zip(*np.nonzero(faint), strict=True)]


def unreadable(linear: Floats, written: list[Written], vision: str) -> list[tuple[str, float]]:
    """Words that stand out from their ground by less than 4.5:1, and by how much."""
    light, found = luminance(linear, vision), []
    for each in written:
        box = each.box.toAlignedRect()
        part = light[max(box.top(), 0) : box.bottom() + 1, max(box.left(), 0) : box.right() + 1].ravel()
        if part.size < 20:
            continue
        values, counts = np.unique(np.round(part, 3), return_counts=True)
        ground = float(values[counts.argmax()])
        best = max(float(ratio(min(ground, v), max(ground, v))) for v in (float(part.min()), float(part.max())))
        if best < 4.5:
            found.append((each.words, best))
    return found


@pytest.fixture
def app(tmp_path: Path, qapp: QApplication, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    application()
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "settings"))
    monkeypatch.setattr(QStandardPaths, "writableLocation", staticmethod(lambda place: str(tmp_path)), raising=True)
    QSettings().setValue("view/presentation_scale", 1.3)
    made = App(qapp, "dark", "en")
    made.start("mazur")
    qtbot.waitUntil(lambda: made.window.lesson is not None and made.runner.idle)
    made.presentation.enter()
    made.window.setWindowState(Qt.WindowState.WindowNoState)  # the screen of the offscreen platform is small
    made.window.resize(1120, 640)
    yield made
    made.close()
    qtbot.waitUntil(lambda: True)
    theme.apply(qapp, "dark")
    language.install(qapp, "en")


def labels(window: QWidget) -> list[Written]:
    """What stands on labels and buttons that can be used."""
    found = []
    for widget in (*window.findChildren(QLabel), *window.findChildren(QAbstractButton)):
        words = widget.text()
        if widget.isVisible() and widget.isEnabled() and words.strip() and not widget.visibleRegion().isEmpty():
            seen = widget.visibleRegion().boundingRect()
            place = widget.mapTo(window, QPoint(0, 0))
            if seen.height() >= widget.fontMetrics().height():
                found.append(Written(words, QRectF(seen.translated(place))))
    return found


def masks(app: App, linear: Floats) -> NDArray[np.bool_]:
    """Where colours are a field of numbers, each beside the next: images of inputs, maps and kernels."""
    masked = np.zeros(linear.shape[:2], dtype=bool)
    drawn = app.window.canvas._drawn
    assert drawn is not None
    origin = app.window.canvas.mapTo(app.window, QPoint(0, 0))
    picture = drawn.picture
    geometry = picture.geometry
    columns = [(layer, geometry.maps(layer)) for layer in range(picture.depth + 1)]
    fields = [geometry.image, *(each.box for each in kernels.pictured(picture))]
    fields += [geometry.map_box(Map(layer, c)) for layer, maps in columns if maps for c in range(len(maps.boxes))]
    for box in fields:
        if box is None:
            continue
        place = box.translated(origin.x(), origin.y()).adjusted(4, 4, -4, -4).toRect()
        masked[place.top() : place.bottom(), place.left() : place.right()] = True
    return masked


def test_every_lesson_can_be_read_from_the_last_row(app: App, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    assert theme.current().name == "presentation"
    written: list[Written] = []
    paint = text.Pen.draw

    def record(self: text.Pen, painter: QPainter, box: QRectF, words: str, color: QColor, *align: object) -> None:
        paint(self, painter, box, words, color, *align)  # type: ignore[arg-type]
        if words.strip():
            true = QRectF(0, 0, self.width(words), self.height)
            true.moveCenter(box.center())
            true.moveLeft(box.left()) if align and align[0] == text.LEFT else None
            written.append(Written(words, painter.transform().mapRect(true)))

    monkeypatch.setattr(text.Pen, "draw", record)
    wrong: list[object] = []
    for name in lessons.NAMES:
        app.document.show(lessons.load(name), name=name)
        qtbot.waitUntil(lambda: app.runner.idle)
        scenes = app.window.scenes
        number = next(i for i, scene in enumerate(scenes.scenes, 1) if scene.at.startswith("backward") or i == 2)
        scenes.visit(number)
        scenes.reveal()
        qtbot.waitUntil(lambda: app.runner.idle and app.window.scenes.is_there)
        QApplication.processEvents()
        written.clear()
        app.window.canvas._still = None
        linear = pixels(app.window.grab().toImage())
        origin = app.window.canvas.mapTo(app.window, QPoint(0, 0))
        ratios = [Written(each.words, each.box.translated(origin.x(), origin.y())) for each in written]
        assert len(ratios) > 8
        masked = masks(app, linear)
        for vision in VISIONS:
            wrong += [(name, vision, *each) for each in unreadable(linear, ratios + labels(app.window), vision)]
            wrong += [(name, vision, *each) for each in faint_marks(luminance(linear, vision), masked)]
    assert wrong == []


def test_what_is_pale_would_be_found() -> None:
    light = np.ones((80, 80))
    light[38:41, 5:75] = 0.45  # a grey line of 2.1:1
    assert faint_marks(light, np.zeros(light.shape, bool))
    light[38:41, 5:75] = 0.2
    assert not faint_marks(light, np.zeros(light.shape, bool))
    linear = np.ones((30, 60, 3))
    linear[10:20, 10:40] = 0.25
    assert unreadable(linear, [Written("pale", QRectF(0, 0, 60, 30))], "usual")


@pytest.mark.parametrize("vision", VISIONS)
def test_maps_keep_their_meaning_for_all_eyes(vision: str) -> None:
    """Every line's colour stands out from white; the sides of the signed map differ from each other and from 0."""
    look = THEMES["presentation"]

    def light(colors: NDArray[np.uint32]) -> Floats:
        image = QImage(len(colors), 1, QImage.Format.Format_RGB32)
        for x, color in enumerate(colors):
            image.setPixel(x, 0, int(color))
        return luminance(pixels(image), vision)[0]

    t = np.linspace(0.0, 1.0, 33)
    white = 1.0
    for colors in (look.gradient(t), look.signed(2 * t - 1)):
        assert float(ratio(light(colors), white).min()) >= 3.0
    gradient = light(look.gradient(t))
    assert (np.diff(gradient) < 0).all(), "the larger, the darker"
    words = np.array([look.phase[letter].rgb() for letter in theme.PHASES], dtype=np.uint32)
    assert float(ratio(light(words), white).min()) >= 4.5
    signed = np.array(
        [[QColor(int(c)).red(), QColor(int(c)).green(), QColor(int(c)).blue()] for c in look.signed([-1, 0, 1])]
    )
    negative, zero, positive = signed
    assert negative[2] > negative[0], "blue is negative"
    assert positive[0] > positive[2], "amber is positive"
    assert np.ptp(zero) <= 4, "grey is nothing"

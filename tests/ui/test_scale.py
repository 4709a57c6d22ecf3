"""Text, strokes and units from 80 to 250 %, in a small and a large window."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import QCoreApplication, QEvent, QPoint, QRect, QSettings, QStandardPaths, Qt
from PyQt6.QtWidgets import QApplication, QLabel, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from bpstudio.insight.elements import Edge
from ui import language, theme
from ui.app import App, application

Key, Control = Qt.Key, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def app(tmp_path: Path, qapp: QApplication, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    application()
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "settings"))
    monkeypatch.setattr(QStandardPaths, "writableLocation", staticmethod(lambda place: str(tmp_path)), raising=True)
    made = App(qapp, "light", "en")
    made.start("mazur")
    qtbot.waitUntil(lambda: made.window.lesson is not None and made.runner.idle)
    made.window.tour.close_tour()
    yield made
    made.close()
    # Gone before the next style sheet is put on.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    theme.apply(qapp, "dark")
    language.install(qapp, "en")


def settle(qtbot: QtBot, app: App) -> None:
    for _ in range(3):
        QApplication.processEvents()
    qtbot.waitUntil(lambda: app.runner.idle)


def at(app: App, qtbot: QtBot, scale: float, size: tuple[int, int]) -> None:
    qt = QApplication.instance()
    assert isinstance(qt, QApplication)
    app.window.resize(*size)
    theme.apply(qt, "light", scale)
    settle(qtbot, app)


def placed(widget: QWidget, inside: QWidget) -> QRect:
    return QRect(widget.mapTo(inside, QPoint(0, 0)), widget.size())


SIZES = ((1280, 720), (1920, 1080))


def test_nothing_is_cut_and_nothing_lies_over_another(app: App, qtbot: QtBot, qapp: QApplication) -> None:
    for scale in (theme.SCALES[0], 1.75, theme.SCALES[-1]):
        theme.apply(qapp, "light", scale)
        for size, speech in zip((*SIZES, *SIZES), ("en", "en", "zh_CN", "zh_CN"), strict=True):
            if language.current() != speech:
                language.install(qapp, speech)
            app.window.resize(*size)
            settle(qtbot, app)
            assert (app.window.width(), app.window.height()) == size
            for check in (check_regions, check_words, check_panels):
                qtbot.waitUntil(lambda check=check: check(app))  # what is measured late is laid out once more
        language.install(qapp, "en")


def check_regions(app: App) -> None:
    """Regions fill the window side by side, and the network has room."""
    window, look = app.window, theme.current()
    regions = [window.toolbar, window.canvas, window._left, window._right, window.timeline, window._bottom]
    boxes = [placed(region, window) for region in regions if region.isVisible()]
    assert all(window.rect().contains(box) for box in boxes)
    assert not any(a.intersects(b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert window.canvas.height() >= look.px(58) + 150, "the network has room under its headline"
    assert window.canvas.width() >= look.px(215)
    bar = window.menuBar()
    assert bar is not None
    last = bar.actionGeometry(bar.actions()[-1])
    assert last.width() > 0, "every menu is there"
    assert last.right() < window.width()
    assert not window._title.isVisible() or last.right() <= window._title.x()


def check_words(app: App) -> None:
    """No word of the toolbar is cut."""
    toolbar = app.window.toolbar
    for label in toolbar.findChildren(QLabel):
        if label.isVisible() and label.text():
            assert label.width() >= label.fontMetrics().horizontalAdvance(label.text()) - 1, label.text()
    shown = [button for button in (*toolbar._grains.values(), toolbar.grain) if button.isVisible()]
    assert shown
    for button in shown:
        assert button.width() >= button.fontMetrics().horizontalAdvance(button.text()), button.text()


def check_panels(app: App) -> None:
    """Side panels are no wider than half of the window, and their content is no wider than they are."""
    for area in app.window.findChildren(QScrollArea):
        inner, viewport = area.widget(), area.viewport()
        if area.objectName() in ("left", "right") and area.isVisible() and inner is not None and viewport is not None:
            assert inner.width() <= viewport.width(), area.objectName()
            assert area.width() <= 0.5 * app.window.width()


def test_folding_is_taken_back_and_changes_no_wish(app: App, qtbot: QtBot) -> None:
    window = app.window
    at(app, qtbot, 1.0, (1280, 720))
    before, wish = window.split_sizes(), window.regions.wish
    at(app, qtbot, 2.5, (1280, 720))
    qtbot.waitUntil(lambda: not window._bottom.isVisible() and not window._left.isVisible())
    assert not app.actions["view.bottom"].isChecked()
    assert window.regions.wish == wish
    window.keep_layout()
    assert QSettings().value("layout/3/bottom", False, bool)
    app.actions["view.bottom"].trigger()
    settle(qtbot, app)
    assert window._bottom.isVisible(), "it was asked for"
    window.resize(1300, 740)
    settle(qtbot, app)
    qtbot.waitUntil(lambda: not window._bottom.isVisible())  # in another room
    at(app, qtbot, 1.0, (1280, 720))
    qtbot.waitUntil(window._bottom.isVisible)
    qtbot.waitUntil(lambda: window.split_sizes() == before)


def thickness(app: App) -> int:
    """Pixels of the line of w5, across its middle."""
    drawn, walk = app.window.canvas._drawn, app.focus.walk
    assert drawn is not None
    assert walk is not None
    edge = walk.names.find("w5")
    assert isinstance(edge, Edge)
    x1, y1, x2, _ = drawn.picture.geometry.line(edge)
    image, x = app.window.canvas.grab().toImage(), round((x1 + x2) / 2)
    ground = theme.current().background.name()
    inked = [image.pixelColor(x, y).name() != ground for y in range(round(y1) - 12, round(y1) + 13)]
    return 1 + sum(sum(1 for _ in itertools.takewhile(bool, side)) for side in (inked[13:], inked[11::-1]))


def test_keys_change_text_and_strokes_and_the_next_start_knows_it(app: App, qtbot: QtBot, qapp: QApplication) -> None:
    app.focus.set(color="weight", grain="step", selection=None)
    at(app, qtbot, 1.0, (1920, 1080))
    app.window.canvas.grab()
    thin = thickness(app)
    theme.apply(qapp, "light", 2.25)
    app.window.canvas.setFocus()
    for _ in range(2):
        qtbot.keyClick(app.window.canvas, Key.Key_Plus, Control)
    settle(qtbot, app)
    assert theme.current().scale == theme.SCALES[-1] == 2.5
    assert QSettings().value("view/scale", 1.0, float) == 2.5
    app.window.canvas.grab()
    assert thickness(app) >= 1.7 * thin
    qtbot.keyClick(app.window.canvas, Key.Key_0, Control)
    assert theme.current().scale == 1.0


def test_sizes_of_another_time_are_brought_back_into_range(qapp: QApplication) -> None:
    for asked, given in ((40.0, 2.5), (0.01, 0.8)):
        theme.apply(qapp, "light", asked)
        assert theme.current().scale == given
    theme.apply(qapp, "dark")

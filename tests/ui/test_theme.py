"""Two looks whose colours can be told apart, by everybody."""

import math
import os
import subprocess
import sys

import numpy as np
import pytest
from PyQt6.QtCore import QEvent, Qt
from PyQt6.QtGui import QColor, QPalette
from PyQt6.QtWidgets import QApplication, QLabel, QMessageBox, QToolTip, QWidget
from pytestqt.qtbot import QtBot
from typing_extensions import override

from ui import theme
from ui.theme import THEMES, Theme, contrast

both = pytest.mark.parametrize("look", THEMES.values(), ids=THEMES.keys())


@pytest.fixture(autouse=True)
def put_back(qapp: QApplication) -> None:
    theme.apply(qapp, "dark")


def rgb(value: object) -> str:
    return QColor(int(np.asarray(value))).name()


@both
def test_text_reads_on_everything_it_stands_on(look: Theme) -> None:
    for back in (look.background, look.panel, look.card, look.control):
        assert contrast(look.text, back) >= 7
        assert contrast(look.secondary, back) >= 6.5


@both
def test_signs_read_on_their_own_ground(look: Theme) -> None:
    assert contrast(look.warning, look.warning_background) >= 4.5
    assert contrast(look.error, look.error_background) >= 4.5
    assert contrast(look.on_accent, look.accent) >= 4.5


@both
def test_lines_stand_out_from_the_canvas(look: Theme) -> None:
    assert contrast(look.dashed, look.background) >= 3.6
    for letter in theme.PHASES:
        assert contrast(look.phase[letter], look.background) >= 4.8
    for t in np.linspace(0, 1, 11):
        assert contrast(QColor(int(look.gradient(t))), look.background) >= 2.95


@pytest.mark.parametrize(
    ("name", "maps"),
    [
        ("dark", {"signed": ("#7cc4ff", "#2a313b", "#ffc66b"), "activation": ("#1b2a3a", "#2e6da4", "#8ccbff")}),
        ("light", {"signed": ("#0b4f8a", "#f1f3f5", "#8a4300"), "activation": ("#e8f1fa", "#6fa8dc", "#0b3d70")}),
    ],
)
def test_maps_pass_through_their_named_colours(name: str, maps: dict[str, tuple[str, str, str]]) -> None:
    look = THEMES[name]
    for value, color in zip((-1, 0, 1), maps["signed"], strict=True):
        near = QColor(int(look.signed(value)))
        assert max(abs(a - b) for a, b in zip(near.getRgb(), QColor(color).getRgb(), strict=True)) <= 2
    for value, color in zip((0, 0.5, 1), maps["activation"], strict=True):
        near = QColor(int(look.activation(value)))
        assert max(abs(a - b) for a, b in zip(near.getRgb(), QColor(color).getRgb(), strict=True)) <= 2


def test_flat_is_white_in_the_dark_and_black_in_the_light() -> None:
    dark, light = THEMES["dark"], THEMES["light"]
    assert QColor(int(dark.saturation(1.0))).lightness() > 230 > 40 > QColor(int(dark.saturation(0.0))).lightness()
    assert QColor(int(light.saturation(0.0))).lightness() > 230 > 40 > QColor(int(light.saturation(1.0))).lightness()


@both
def test_not_finite_has_a_colour_of_its_own_and_the_range_is_closed(look: Theme) -> None:
    for colors in (look.gradient, look.signed, look.activation, look.saturation):
        assert [rgb(c) for c in colors([math.nan, math.inf, -math.inf])] == [look.nonfinite.name()] * 3
        assert rgb(colors(5.0)) == rgb(colors(1.0))
    assert rgb(look.gradient(-3.0)) == rgb(look.gradient(0.0))
    assert look.gradient(np.zeros((2, 3))).dtype == np.uint32
    assert look.gradient(np.zeros((2, 3))).shape == (2, 3)


@both
def test_ink_can_be_read_on_every_fill(look: Theme) -> None:
    for t in np.linspace(0, 1, 101):
        fill = QColor(int(look.activation(t)))
        assert contrast(look.ink(fill), fill) >= 4.5


@both
def test_layers_differ_in_colour_and_dash(look: Theme) -> None:
    pens = [look.layer_pen(depth, 3) for depth in (1, 2, 3)]
    assert len({pen.color().name() for pen in pens}) == len({pen.style() for pen in pens}) == 3
    assert look.layer_color(1, 1) == look.layer_color(5, 5), "the last layer has the end of the map"


def test_contrast_is_the_one_of_wcag() -> None:
    assert contrast(QColor("#ffffff"), QColor("#000000")) == pytest.approx(21)
    assert contrast(QColor("#777777"), QColor("#ffffff")) == pytest.approx(4.48, abs=0.01)


class Hearing(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []

    @override
    def changeEvent(self, event: QEvent | None) -> None:
        if event is not None and event.type() == QEvent.Type.PaletteChange:
            self.heard.append(theme.current().name)
        super().changeEvent(event)


def test_change_of_theme_reaches_widgets(qapp: QApplication, qtbot: QtBot) -> None:
    widget = Hearing()
    qtbot.addWidget(widget)
    widget.show()
    theme.apply(qapp, "light")
    assert widget.heard
    assert set(widget.heard) == {"light"}
    assert qapp.palette().color(QPalette.ColorRole.Window) == THEMES["light"].panel


class Restyled(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.times = 0

    @override
    def changeEvent(self, event: QEvent | None) -> None:
        self.times += event is not None and event.type() == QEvent.Type.StyleChange
        super().changeEvent(event)


def test_what_stands_deep_in_a_window_is_styled_no_more_often_than_the_window(qapp: QApplication, qtbot: QtBot) -> None:
    deepest = window = Restyled()
    qtbot.addWidget(window)
    for _ in range(12):
        inner = Restyled()
        inner.setParent(deepest)
        deepest = inner
    window.show()
    for name, scale in (("light", 1.0), ("light", 1.5), ("dark", 1.0)):
        window.times = deepest.times = 0
        theme.apply(qapp, name, scale)
        assert 1 <= window.times <= 2
        assert 1 <= deepest.times <= 2


def test_the_look_that_is_on_is_not_put_on_again(qapp: QApplication, qtbot: QtBot) -> None:
    window = Restyled()
    qtbot.addWidget(window)
    window.show()
    theme.apply(qapp, "light", 1.5)
    window.times = 0
    theme.apply(qapp, "light", 1.5)
    assert window.times == 0
    assert theme.chosen() == "light"
    theme.apply(qapp, "light", 1.5, dressed=False)
    assert qapp.styleSheet() == ""


class Field(QWidget):
    """Sets the font of what stands in it by hand, as some views do."""

    def __init__(self) -> None:
        super().__init__()
        self.label = QLabel("3.14", self)
        self.label.setProperty("role", "good")

    @override
    def changeEvent(self, event: QEvent | None) -> None:
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.PaletteChange:
            self.label.setFont(theme.current().font(20, mono=True))


def test_fonts_set_by_hand_survive_a_change_of_theme(qapp: QApplication, qtbot: QtBot) -> None:
    field = Field()
    qtbot.addWidget(field)
    field.show()
    for name, scale in (("dark", 1.5), ("light", 1.5), ("presentation", 1.5), ("dark", 1.0)):
        theme.apply(qapp, name, scale)
        assert field.label.font().pixelSize() == 20 * scale, name


def test_a_window_is_put_together_before_it_is_dressed(qapp: QApplication, qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    theme.apply(qapp, "light", dressed=False)
    assert qapp.styleSheet() == ""
    assert qapp.palette().color(QPalette.ColorRole.Window) == THEMES["light"].panel
    theme.apply(qapp, "dark")
    assert THEMES["dark"].panel.name() in qapp.styleSheet()


def test_system_theme_is_followed_while_running(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    theme.apply(qapp, "system")
    monkeypatch.setattr(theme, "_system", lambda: "light")
    theme._follow()
    assert theme.current().name == "light"
    theme.apply(qapp, "dark")
    theme._follow()
    assert theme.current().name == "dark", "a chosen theme does not follow"


def test_unknown_theme_is_refused(qapp: QApplication) -> None:
    with pytest.raises(ValueError, match="dark, light, presentation or system, got 'blue'"):
        theme.apply(qapp, "blue")


def test_text_grows_with_the_scale_and_is_never_too_small(qapp: QApplication) -> None:
    theme.apply(qapp, "dark", 1.5)
    assert theme.current().font(13).pixelSize() == round(13 * 1.5)
    theme.apply(qapp, "dark")
    assert theme.current().font(5).pixelSize() == theme.SMALLEST


def test_every_icon_of_the_commands_can_be_drawn(qapp: QApplication) -> None:
    from ui.actions import COMMANDS
    from ui.toolbar import TRANSPORT

    for name in {command.icon for command in COMMANDS if command.icon} | {icon for _, icon in TRANSPORT}:
        image = theme.current().icon(name).pixmap(20).toImage()
        assert any(image.pixelColor(x, y).alpha() for x in range(20) for y in range(20)), name


def test_what_a_file_calls_itself_is_shown_and_never_fetched(qapp: QApplication, qtbot: QtBot) -> None:
    theme.dress(qapp)
    name = "<img src='//server/share/picture.png'> <b>Iris</b>"
    window = QWidget()
    qtbot.addWidget(window)
    plain, marked, box = QLabel(name, window), QLabel("<b>ours</b>", window), QMessageBox(window)
    marked.setProperty("markup", True)
    box.setText(name)
    for label in (plain, marked, *box.findChildren(QLabel)):
        label.ensurePolished()
    assert plain.textFormat() == Qt.TextFormat.PlainText
    assert marked.textFormat() == Qt.TextFormat.RichText
    assert {label.textFormat() for label in box.findChildren(QLabel)} == {Qt.TextFormat.PlainText}
    QToolTip.showText(window.pos(), name, window)
    tips = [each for each in qapp.allWidgets() if isinstance(each, QLabel) and each.inherits("QTipLabel")]
    assert [tip.textFormat() for tip in tips] == [Qt.TextFormat.PlainText]
    QToolTip.hideText()


def test_widgets_that_were_never_shown_end_without_a_trace_in_the_style_sheet() -> None:
    """In a process of its own, because Qt's walk into freed memory ends it."""
    script = """
from PyQt6 import sip
from PyQt6.QtWidgets import QApplication, QSpinBox, QStyle
from ui import theme

app = QApplication(["widgets that are never shown"])
kept = QSpinBox()

def look(boxes):
    for box in boxes:  # as a layout does that measures what it holds
        box.style().pixelMetric(QStyle.PixelMetric.PM_DefaultFrameWidth, None, box)

theme.apply(app, "dark")
boxes = [QSpinBox() for _ in range(200)]
look(boxes)
theme.apply(app, "light")
look(boxes)
for box in boxes:
    sip.delete(box)
junk = [bytearray(bytes([165]) * size) for size in range(16, 600) for _ in range(30)]
app.setStyleSheet(app.styleSheet() + "QLabel { padding: 1px }")
theme.apply(app, "dark")
theme.dress(app)
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "MALLOC_PERTURB_": "165"},  # what is free does not look like a widget any more
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr

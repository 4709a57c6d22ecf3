"""Words of the panels: every one has a Chinese text with the same places in it, and none is cut at 200 pixels."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PyQt6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLabel, QLineEdit, QPushButton, QWidget

import ui.panels
from bpstudio.insight import typed_number
from bpstudio.insight.elements import Probe
from bpstudio.training.clipping import ClipByNorm, ClipByValue
from bpstudio.training.optimizers import AdamW, Momentum, Nesterov, Optimizer, RMSProp
from bpstudio.training.schedules import Cosine, LinearWarmup, Plateau
from bpstudio.training.session import Session
from bpstudio.training.stopping import EarlyStopping
from ui import language
from ui.panels.builder import Builder
from ui.panels.data import DataPanel
from ui.panels.form import Message

SOURCES = sorted(Path(ui.panels.__file__).parent.glob("*.py"))
BREAKS = re.compile(r"[ \u3000-\u9fff\uff00-\uffef]")
MARKERS = {"tr", "translatable", "PlainError", "NumberError"}


def texts() -> Iterator[str]:
    for path in (*SOURCES, Path(typed_number.__file__)):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in MARKERS and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield first.value


def test_every_text_has_a_chinese_one_with_the_same_places() -> None:
    catalogue = language.catalogue("zh_CN")
    places = re.compile(r"\{(\w+)\}")
    missing = sorted({text for text in texts() if text not in catalogue})
    assert missing == []
    for text in texts():
        assert sorted(set(places.findall(text))) == sorted(set(places.findall(catalogue[text]))), text


def test_what_the_code_says_without_tr_is_no_sentence() -> None:
    """A text handed straight to a widget would stay English."""
    shown = {"setText", "setToolTip", "setWindowTitle", "addItem", "setPlaceholderText"}
    raw = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in shown and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and re.search(r"[A-Za-z]{2}", str(first.value)):
                    raw.append((path.name, first.value))
    assert raw == []


def cut(window: QWidget) -> list[str]:
    """The texts under a window that do not fit where they stand."""
    found = []
    for widget in window.findChildren(QWidget):
        if not widget.isVisibleTo(window) or widget.width() == 0:
            continue
        metrics = widget.fontMetrics()
        room = widget.contentsRect().width()
        if isinstance(widget, QLabel) and widget.text():
            lines = widget.text().split("\n")
            # A line may end at a space and between Chinese characters.
            pieces = [word for line in lines for word in BREAKS.split(line)] if widget.wordWrap() else lines
            if max(metrics.horizontalAdvance(piece) for piece in pieces) > room:
                found.append(widget.text())
            elif widget.wordWrap() and widget.height() < widget.heightForWidth(widget.width()):
                found.append(f"too low: {widget.text()}")
        elif isinstance(widget, QComboBox):
            if metrics.horizontalAdvance(widget.currentText()) + 36 > widget.width():
                found.append(widget.currentText())
        elif isinstance(widget, QLineEdit):
            if metrics.horizontalAdvance(widget.text()) + 14 > widget.width():
                found.append(widget.text())
        elif isinstance(widget, QAbstractButton) and widget.text():
            beside = 26 if not isinstance(widget, QPushButton) and not widget.icon().isNull() else 6
            if metrics.horizontalAdvance(widget.text()) + beside > widget.width():
                found.append(widget.text())
    return found


@pytest.mark.parametrize("code", ["en", "zh_CN"])
@pytest.mark.parametrize("which", ["mazur", "clouds"])
@pytest.mark.parametrize("width", [190, 200, 222])
def test_nothing_is_cut_in_the_left_column(
    stage: Any, mazur_session: Session, clouds_session: Session, code: str, which: str, width: int
) -> None:
    app = QApplication.instance()
    assert app is not None
    language.install(app, code)
    stage.open(mazur_session if which == "mazur" else clouds_session)
    stage.focus.set(notation=which if which == "mazur" else "nielsen")
    builder, data = Builder(stage.runner, stage.focus), DataPanel(stage.runner, stage.focus)
    stage.show(builder, data, width=width, height=2400)
    assert stage.window.width() == width
    builder.network.open_layer(0)
    builder.training.conventions.set_open(True)
    data.make.setChecked(True)
    rule = Momentum(0.123456789, 0.95)
    stage.runner.apply(experiment=stage.frame.experiment.replace(optimizer=rule, update_order="sequential"))
    stage.settle()
    for name in ("gaussians", "spirals"):
        data.generator.choose(name)
        _wait_for_whole_words(stage)
    builder.training.rate_row.message.say("“1.234,5” — a long explanation of what is wrong with it.", "error")
    if stage.frame.dataset.rows > 1:
        stage.focus.set(example=Probe(17))
    _wait_for_whole_words(stage)
    assert stage.window.width() == width, "nothing makes the column wider"


@pytest.mark.parametrize("code", ["en", "zh_CN"])
@pytest.mark.parametrize("rule", [AdamW(0.001, weight_decay=0.01), RMSProp(0.001, centred=True), Nesterov(0.1)])
def test_no_option_of_training_is_cut(stage: Any, clouds_session: Session, code: str, rule: Optimizer) -> None:
    app = QApplication.instance()
    assert app is not None
    language.install(app, code)
    stage.open(clouds_session)
    builder = Builder(stage.runner, stage.focus)
    stage.show(builder, width=190, height=2000)
    builder.training.limits.set_open(True)
    for schedule, clipping in (
        (Cosine(eta_min=1e-5), ClipByNorm()),
        (LinearWarmup(), ClipByValue()),
        (Plateau(), None),
    ):
        limits = {"clipping": clipping, "stopping": EarlyStopping(), "validate_every": 12_345}
        stage.runner.apply(experiment=stage.frame.experiment.replace(optimizer=rule, schedule=schedule, **limits))
        stage.settle()
        _wait_for_whole_words(stage)
    builder.training.limits.set_open(False)
    _wait_for_whole_words(stage)
    assert stage.window.width() == 190


def _wait_for_whole_words(stage: Any) -> None:
    """Nothing is cut when everything has been laid out."""

    def whole() -> None:
        assert cut(stage.window) == []

    QApplication.processEvents()  # what has just been changed is not laid out before
    stage.qtbot.waitUntil(whole)


def test_the_language_changes_while_everything_stands(stage: Any, clouds_session: Session) -> None:
    app = QApplication.instance()
    assert app is not None
    stage.open(clouds_session)
    builder, data = Builder(stage.runner, stage.focus), DataPanel(stage.runner, stage.focus)
    stage.show(builder, data, height=1600)
    builder.network.open_layer(0)
    language.install(app, "zh_CN")
    stage.qtbot.waitUntil(lambda: builder.network.cards[1].title.text().startswith("第"))
    said = [label.text() for label in stage.window.findChildren(QLabel) if label.isVisibleTo(stage.window)]
    said += [button.text() for button in stage.window.findChildren(QAbstractButton)]
    english = [text for text in said if re.search(r"[a-z]{3,} [a-z]{3,}", text) and "sigmoid" not in text]
    assert english == []
    language.install(app, "en")
    stage.qtbot.waitUntil(lambda: builder.network.cards[1].title.text().startswith("Layer"))


def test_a_message_is_marked_by_a_sign_and_not_by_colour_alone(qtbot: Any) -> None:
    message = Message()
    qtbot.addWidget(message)
    for kind, sign in (("error", "✕"), ("warning", "!"), ("good", "✓")):
        message.say("words", kind)
        assert message.text() == f"{sign} words"
    message.say("", "")
    assert message.isHidden()

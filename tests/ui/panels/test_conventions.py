"""The line under the network: it says what is assumed, and every part can be changed there, by mouse and by keys."""

from itertools import pairwise
from typing import Any

import pytest
from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtGui import QAction
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QMenu

from bpstudio.data.dataset import Dataset
from bpstudio.insight.conventions import conventions
from bpstudio.training.optimizers import Momentum
from bpstudio.training.session import Session
from ui import language, theme
from ui.panels.builder import Builder
from ui.panels.conventions import HEIGHT, ConventionsLine, Part


class Desk:
    """The line and the builder that sends its edits, in a window of some width."""

    def __init__(self, stage: Any, session: Session, width: int = 760) -> None:
        self.stage = stage
        stage.open(session)
        self.builder = Builder(stage.runner, stage.focus)
        self.line = ConventionsLine(stage.focus, self.builder.change)
        stage.show(self.line, self.builder, width=width, height=400)

    def part(self, name: str) -> Part:
        return next(part for part in self.line.parts if part.convention is not None and part.convention.name == name)

    def texts(self) -> list[str]:
        return [part.text() for part in self.line.parts if part.isVisible()]

    def offers(self, name: str) -> list[QAction]:
        menu = self.part(name).menu()
        assert menu is not None
        menu.aboutToShow.emit()
        return menu.actions()

    def choose(self, name: str, value: str) -> None:
        next(action for action in self.offers(name) if action.data() == value).trigger()


def test_it_says_what_the_engine_does(stage: Any, mazur_session: Session) -> None:
    desk = Desk(stage, mazur_session, 1000)
    stage.focus.set(notation="mazur")
    assert desk.texts() == [
        "C = ½ Σ (out − target)²", "one row at a time", "biases frozen", "simultaneous update", "δ = +∂C/∂z",
    ]  # fmt: skip
    stage.runner.apply(experiment=stage.frame.experiment.replace(loss="squared_error", optimizer=Momentum(0.1, 0.5)))
    stage.settle()
    assert desk.texts()[0] == "C = Σ (out − target)²"
    assert "momentum 0.5, η outside v" in desk.texts()


CHOICES = [
    ("loss", "squared_error", lambda e: e.loss == "squared_error"),
    ("reduction", "sum", lambda e: e.reduction == "sum"),
    (
        "bias",
        "threshold frozen",
        lambda e: {(x.bias, x.train_bias) for x in e.network.layers} == {("threshold", False)},
    ),
    ("bias", "none", lambda e: not any(e.network.biases)),
    ("order", "sequential", lambda e: e.update_order == "sequential"),
]


@pytest.mark.parametrize(("name", "value", "holds"), CHOICES, ids=[f"{n} {v}" for n, v, _ in CHOICES])
def test_a_choice_is_an_edit_that_undo_takes_back(
    stage: Any, clouds_session: Session, name: str, value: str, holds: Any
) -> None:
    desk = Desk(stage, clouds_session)
    before = stage.frame.experiment
    desk.choose(name, value)
    after = stage.settle()
    assert holds(after.experiment)
    assert after.undo is not None
    assert desk.part(name).text() != ""
    stage.runner.undo()
    assert stage.settle().experiment == before
    assert stage.failures == []


def test_matrices_the_other_way_round_are_said_and_can_be_turned_back(stage: Any, clouds_session: Session) -> None:
    desk = Desk(stage, clouds_session, 1200)
    before = stage.frame
    assert not any(text.startswith("Z = ") for text in desk.texts())
    stage.focus.set(samples="columns")
    assert desk.texts()[-1] == "Z = W X"
    assert [action.data() for action in desk.offers("matrices") if action.isChecked()] == ["columns out_in"]
    desk.choose("matrices", "rows in_out")
    assert desk.texts()[-1] == "Z = X W"
    assert stage.focus.notation.weight_layout == "in_out"
    desk.choose("matrices", "rows out_in")
    assert not any(text.startswith("Z = ") for text in desk.texts())
    assert stage.settle() is before


def test_the_sign_of_delta_changes_no_run(stage: Any, mazur_session: Session) -> None:
    desk = Desk(stage, mazur_session)
    before = stage.frame
    desk.choose("delta", "-1")
    assert stage.focus.delta_sign == stage.focus.notation.delta_sign == -1
    assert desk.part("delta").text() == "δ = −∂C/∂z"
    assert "w + η δ" in desk.part("delta").toolTip()
    assert stage.runner.idle
    assert stage.frame is before
    assert [action.isChecked() for action in desk.offers("delta")] == [False, True]


def test_what_the_data_refuse_is_grey_and_says_why(stage: Any, mazur_session: Session) -> None:
    data = Dataset.from_arrays([[0.05, 0.10]], [[2.0, -1.0]])
    desk = Desk(stage, Session(mazur_session.experiment, data))
    offers = {action.data(): action for action in desk.offers("loss")}
    assert offers["half_squared_error"].isChecked()
    refused = ["bce", "categorical_ce", "hinge", "squared_hinge", "multiclass_hinge"]
    assert [name for name, action in offers.items() if not action.isEnabled()] == refused
    assert "between 0 and 1" in offers["bce"].text()
    assert "row 1" in offers["hinge"].text()


@pytest.mark.parametrize("width", [200, 320, 420, 560, 900])
@pytest.mark.parametrize("speech", ["en", "zh_CN"])
def test_no_part_is_cut_off_at_any_width(
    stage: Any, clouds_session: Session, qapp: QApplication, width: int, speech: str
) -> None:
    """In few words, or in the menu at the end; what stands there stands whole, in one line."""
    language.install(qapp, speech)
    desk = Desk(stage, clouds_session, width)
    seen = [part for part in (*desk.line.parts, desk.line.more) if part.isVisible()]
    for before, after in pairwise(seen):
        assert before.geometry().right() < after.geometry().left()
    assert seen[-1].geometry().right() <= desk.line.width()
    for part in seen:
        metrics = part.fontMetrics()
        assert metrics.horizontalAdvance(part.text()) <= part.width()
        assert part.height() >= metrics.height() - 2
    hidden = len(conventions(*desk.line._shown)) - len(desk.texts())  # type: ignore[misc]  # what it has shown last
    menu = desk.line.more.menu()
    assert menu is not None
    menu.aboutToShow.emit()
    assert desk.line.more.isVisible() == (hidden > 0)
    assert len(menu.actions()) == hidden
    assert desk.line.height() == HEIGHT


def test_what_has_no_room_can_still_be_changed(stage: Any, clouds_session: Session) -> None:
    desk = Desk(stage, clouds_session, 200)
    menu = desk.line.more.menu()
    assert menu is not None
    menu.aboutToShow.emit()
    inner = menu.actions()[-1].menu()
    assert isinstance(inner, QMenu)
    next(action for action in inner.actions() if action.data() == "-1").trigger()
    assert stage.focus.delta_sign == -1


def test_by_keys_alone(stage: Any, clouds_session: Session, qapp: QApplication) -> None:
    """Tab comes to a part, Space opens it, arrows choose, Enter takes it; a screen reader hears what it is."""
    desk = Desk(stage, clouds_session)
    part = desk.part("reduction")
    assert part.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert part.accessibleName().startswith("mean over 32 rows. How the costs")
    part.setFocus()
    pressed = []

    def walk() -> None:
        menu = qapp.activePopupWidget()
        assert isinstance(menu, QMenu)
        pressed.append([action.data() for action in menu.actions()])
        for _ in range(3):
            QTest.keyClick(menu, Qt.Key.Key_Down)
        QTest.keyClick(menu, Qt.Key.Key_Return)

    QTimer.singleShot(0, walk)
    QTest.keyClick(part, Qt.Key.Key_Space)
    assert pressed == [["mean_batch", "mean_all", "sum"]]
    assert stage.settle().experiment.reduction == "sum"


def test_larger_text_makes_a_higher_line(stage: Any, clouds_session: Session, qapp: QApplication) -> None:
    desk = Desk(stage, clouds_session)
    theme.apply(qapp, "light", 1.5)
    try:
        stage.qtbot.waitUntil(lambda: desk.line.height() == round(HEIGHT * 1.5))
        assert all(
            part.fontMetrics().horizontalAdvance(part.text()) <= part.width()
            for part in desk.line.parts
            if part.isVisible()
        )
    finally:
        theme.apply(qapp, "dark", 1.0)

"""Choosing the conventions of a source shows what would change, changes exactly that, and undo takes all of it back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PyQt6.QtCore import QRect, Qt
from PyQt6.QtGui import QFontMetrics
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.insight.convention_rules import Writing
from bpstudio.insight.convention_sets import SETS
from bpstudio.training.clipping import ClipByNorm
from bpstudio.training.experiment import Experiment
from bpstudio.training.optimizers import Momentum
from bpstudio.training.session import Session
from ui import language, theme
from ui.panels.builder import Builder
from ui.panels.convention_sets import NAME, SetsWindow
from ui.panels.conventions import ConventionsLine


class Desk:
    """The line under the network with the builder that sends its edits."""

    def __init__(self, stage: Any, session: Session, width: int = 900) -> None:
        self.stage = stage
        stage.open(session)
        self.builder = Builder(stage.runner, stage.focus)
        self.line = ConventionsLine(stage.focus, self.builder.change)
        stage.show(self.line, self.builder, width=width, height=400)

    def open(self, name: str = "") -> SetsWindow:
        self.line.sets.open(name)
        dialog = self.line.sets.dialog
        assert dialog is not None
        self.stage.qtbot.waitUntil(dialog.isVisible)
        return dialog

    @property
    def writing(self) -> Writing:
        return self.line.sets.writing


def rows(dialog: SetsWindow) -> list[list[str]]:
    table = dialog.table
    cells = [[table.item(row, column) for column in range(4)] for row in range(table.rowCount())]
    return [[cell.text() if cell is not None else "" for cell in row] for row in cells]


@pytest.mark.parametrize("name", SETS)
def test_what_is_shown_is_what_comes_and_undo_restores_all_of_it(
    stage: Any, clouds_session: Session, name: str
) -> None:
    desk = Desk(stage, clouds_session)
    stage.runner.apply(experiment=stage.frame.experiment.replace(optimizer=Momentum(0.1, 0.5)))
    before, written = stage.settle().experiment, desk.writing
    dialog = desk.open(name)
    assert stage.frame.experiment is before
    assert desk.writing == written, "looking changes nothing"
    shown = dialog.shown
    assert shown is not None
    changing = [row for row in rows(dialog) if row[2]]
    assert len(changing) == shown.count > 0
    assert all(row[1] != row[2] for row in changing)
    QTest.mouseClick(dialog.take, Qt.MouseButton.LeftButton)
    after = stage.settle()
    assert after.experiment == shown.experiment
    assert desk.writing == shown.writing
    assert SETS[name] in desk.line.sets.current()
    if after.experiment is before:
        # Only what is written: nothing of the run that could be undone.
        assert all(row[3].startswith("only what is written") for row in changing)
        return
    assert after.undo == "take a set of conventions"
    stage.runner.undo()
    assert stage.settle().experiment == before
    assert desk.writing == written
    stage.runner.redo()
    assert stage.settle().experiment == shown.experiment
    assert desk.writing == shown.writing
    assert stage.failures == []


def test_closing_the_window_changes_nothing(stage: Any, mazur_session: Session) -> None:
    desk = Desk(stage, mazur_session)
    frame, written = stage.frame, desk.writing
    dialog = desk.open("pytorch")
    QTest.keyClick(dialog, Qt.Key.Key_Down)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert desk.line.sets.dialog is None
    assert stage.settle() is frame
    assert desk.writing == written


def test_the_keyboard_goes_through_the_sets_and_takes_one(stage: Any, mazur_session: Session) -> None:
    desk = Desk(stage, mazur_session)
    dialog = desk.open("nielsen")
    stage.qtbot.waitUntil(dialog.names.hasFocus)
    assert dialog.title.text() == "Nielsen"
    QTest.keyClick(dialog.names, Qt.Key.Key_Down)
    assert dialog.title.text() == "Mazur, as printed"
    order = next(row for row in rows(dialog) if row[0] == "Update order")
    assert order == [
        "Update order",
        "simultaneous",
        "sequential (historic)",
        "the error goes back through new weights: the gradient of nothing",
    ]
    QTest.keyClick(dialog.names, Qt.Key.Key_Return)
    assert stage.settle().experiment.update_order == "sequential"
    assert desk.line.sets.dialog is None


def test_the_present_one_is_marked_and_cannot_be_taken_again(stage: Any, mazur_session: Session) -> None:
    desk = Desk(stage, mazur_session)
    stage.qtbot.waitUntil(lambda: desk.line.source.text() == "as in Mazur, corrected")
    dialog = desk.open()
    assert dialog.names.currentItem().data(NAME) == "mazur_corrected"  # type: ignore[union-attr]
    assert dialog.names.currentItem().text().startswith("✓")  # type: ignore[union-attr]
    assert not dialog.take.isEnabled()
    assert "already" in dialog.message.text()
    assert all(row[3] == "stays" for row in rows(dialog))
    dialog.reject()
    stage.focus.set(weight_layout="in_out")
    assert desk.line.source.text() == "as in scikit-learn", "its half squared error is a mean over the rows, too"
    stage.focus.set(samples="columns")
    assert desk.line.source.text() == "as in a book…"


def test_start_weights_may_stay(stage: Any, mazur_session: Session) -> None:
    """Whoever typed the numbers of a sheet keeps them."""
    desk = Desk(stage, mazur_session)
    before = stage.frame
    dialog = desk.open("deep_learn_toolbox")
    stage.qtbot.waitUntil(dialog.with_start.isVisible)
    start = next(row for row in rows(dialog) if row[0] == "Start weights")
    assert start[1] == "typed numbers"
    assert "U(±4√" in start[2]
    assert "begins again" in dialog.message.text()
    dialog.choose("nielsen")
    dialog.with_start.click()
    assert next(row for row in rows(dialog) if row[0] == "Start weights")[3] == "stays"
    assert dialog.with_start.isVisible()
    dialog.accept()
    after = stage.settle()
    assert np.array_equal(after.params.W[0], before.params.W[0])
    assert all(layer.train_bias for layer in after.experiment.network.layers)


def test_what_cannot_be_had_is_said_and_not_taken(stage: Any, mazur_session: Session) -> None:
    desk = Desk(stage, mazur_session)
    stage.runner.apply(experiment=stage.frame.experiment.replace(clipping=ClipByNorm(1.0)))
    before = stage.settle().experiment
    dialog = desk.open("mazur_printed")
    assert "✕" in dialog.message.text()
    assert not dialog.take.isEnabled()
    dialog.accept()
    assert stage.settle().experiment is before
    dialog.choose("mazur_corrected")
    assert "✕" not in dialog.message.text()


def test_a_loss_that_cannot_be_had_stays_and_that_is_said(stage: Any) -> None:
    data = Dataset.from_arrays([[0.5], [0.25]], [[2.0], [-1.0]])
    desk = Desk(stage, Session(Experiment(Network(1, (Dense(2), Dense(1, "identity")))), data))
    dialog = desk.open("ng")
    assert dialog.message.text().startswith("! None of its losses")
    assert next(row for row in rows(dialog) if row[0] == "Loss")[3] == "stays"
    assert dialog.take.isEnabled(), "the rest can be had"
    dialog.accept()
    assert stage.settle().experiment.loss == "half_squared_error"
    assert stage.frame.experiment.network.layers[0].initializer.weights == "ng"
    assert desk.line.sets.current() == (), "with another loss it is not as in Ng"


def test_the_menu_counts_the_changes_and_opens_the_window(stage: Any, mazur_session: Session) -> None:
    desk = Desk(stage, mazur_session)
    menu = desk.line.source.menu()
    assert menu is not None
    menu.aboutToShow.emit()
    actions = {action.data(): action for action in menu.actions()}
    assert list(actions) == list(SETS)
    assert [name for name, action in actions.items() if action.isChecked()] == ["mazur_corrected"]
    assert actions["mazur_printed"].text() == "Mazur, as printed\t1 change"
    actions["keras"].trigger()
    dialog = desk.line.sets.dialog
    assert dialog is not None
    assert dialog.shown is not None
    assert dialog.shown.one is SETS["keras"]
    assert actions["keras"].text() == f"Keras\t{dialog.shown.count} changes"


@pytest.mark.parametrize("look", ["dark", "light"])
def test_every_word_of_the_table_is_seen_in_both_languages(
    stage: Any, clouds_session: Session, qapp: QApplication, look: str
) -> None:
    theme.apply(qapp, look)
    desk = Desk(stage, clouds_session)
    dialog = desk.open("nielsen")
    for speech, words in (("en", "Take these conventions"), ("zh_CN", "采用这套约定")):
        language.install(qapp, speech)
        stage.qtbot.waitUntil(lambda words=words: dialog.take.text() == words)
        for name in SETS:
            dialog.choose(name)
            viewport = dialog.table.viewport()
            assert viewport is not None
            widths = sum(dialog.table.columnWidth(column) for column in range(4))
            assert widths <= viewport.width()
            stage.qtbot.waitUntil(lambda: _nothing_is_cut(dialog))


def _nothing_is_cut(dialog: SetsWindow) -> bool:
    """Every text fits into its cell when it is broken into lines as wide as the cell."""
    table = dialog.table
    for row in range(table.rowCount()):
        for column in range(4):
            item = table.item(row, column)
            assert item is not None
            metrics = QFontMetrics(item.font() if column == 2 else table.font())
            room = QRect(0, 0, table.columnWidth(column) - 12, 1000)
            if metrics.boundingRect(room, Qt.TextFlag.TextWordWrap, item.text()).height() > table.rowHeight(row):
                return False
    return True

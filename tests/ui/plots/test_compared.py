"""The curves of another branch over those of the run."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.training.experiment import Experiment
from bpstudio.training.optimizers import SGD
from bpstudio.training.session import Session
from ui import language, theme
from ui.focus import Focus
from ui.plots.kept import LONGEST
from ui.plots.row import PlotsRow


def forked() -> Session:
    """The first run to step 60; from step 20 on another rate, to step 40; compared with the first run."""
    x = np.linspace(-1, 1, 8)[:, None]
    session = Session(
        Experiment(Network(1, (Dense(3, "tanh"), Dense(1))), optimizer=SGD(0.1)), Dataset.from_arrays(x, x**2)
    )
    session.run(60)
    session.seek(20)
    session.apply(session.experiment.replace(optimizer=SGD(0.4)), name="change learning rate")
    session.run(20)
    session.compare(1)
    return session


@pytest.fixture
def row(qtbot: QtBot, focus: Focus) -> PlotsRow:
    row = PlotsRow(focus)
    qtbot.addWidget(row)
    row.resize(1280, 200)
    row.show()
    return row


def show(row: PlotsRow, session: Session) -> None:
    row.show_frame(session.frame())
    for plot in row.curves:
        plot.refresh()


def ends(row: PlotsRow) -> list[list[str]]:
    return [[end.text for end in plot.pane.ends if "baseline" not in end.text] for plot in row.curves]


def test_its_curves_are_grey_named_once_and_reach_as_far_as_they_go(row: PlotsRow) -> None:
    session = forked()
    show(row, session)
    assert ends(row) == [["first run", "training"], *[["first run", "layer 1", "layer 2"]] * 2]
    ghost, own = row.loss.content_shown.curves[0], row.loss.content_shown.curves[-1]
    assert (ghost.name, own.name) == ("first run", "training")
    assert ghost.pen.color() == theme.current().dashed
    assert np.array_equal(ghost.low[:21], own.low[:21])
    assert ghost.low[30] != own.low[30]
    assert row.loss.pane.x_view == (0.0, 60.0)
    said = [entry.name for entry in row.loss.values_at(50)]
    assert "first run" in said
    assert "training" not in said, "beyond its end the run has no value"


def test_what_is_trained_on_is_drawn_as_it_comes_and_nothing_stays_when_comparing_ends(row: PlotsRow) -> None:
    session = forked()
    session.switch(1, 60)
    session.compare(2)
    show(row, session)
    assert row.loss.compared is not None
    assert row.loss.compared.title == "branch 2 · η = 0.4"
    assert ends(row)[0] == ["branch 2", "training"]
    session.switch(2, 40)
    session.run(5)
    show(row, session)
    assert ends(row)[0] == ["training"], "nothing lies over itself"
    session.compare(1)
    show(row, session)
    session.compare(None)
    show(row, session)
    assert ends(row)[0] == ["training"]
    assert row.loss.pane.x_view == (0.0, 45.0)


def test_a_branch_with_other_layers_shows_what_both_have(row: PlotsRow) -> None:
    session = forked()
    session.seek(30)
    session.apply(session.experiment.replace(network=Network(1, (Dense(3, "tanh"), Dense(2, "tanh"), Dense(1)))))
    session.compare(2)
    session.run(10)
    show(row, session)
    assert "branch 2" in ends(row)[2]
    assert row.gradient.content_shown.curves


def test_a_long_name_is_short_at_the_end_of_its_curve_and_whole_in_the_menu(row: PlotsRow) -> None:
    session = forked()
    session.rename_branch(1, "the one with much too much & everything")
    show(row, session)
    (short, _), *_ = ends(row)
    assert len(short) <= LONGEST
    assert short.endswith("…")
    stop = next(action for action in row.loss.menu().actions() if "too much" in action.text())
    assert stop.text() == "Stop comparing with the one with much too much && everything"
    stop.trigger()
    row.loss.refresh()
    assert row.loss.compared is None


def test_it_is_exported_beside_the_run_and_named_in_the_language_in_use(row: PlotsRow, tmp_path: Path) -> None:
    session = forked()
    show(row, session)
    row.loss.export_csv(tmp_path / "loss.csv")
    with (tmp_path / "loss.csv").open(encoding="utf-8", newline="") as stream:
        names, *rows = csv.reader(stream)
    assert names == ["step", "loss", "first run: loss"]
    assert len(rows) == 61
    assert rows[5][1] == rows[5][2]
    assert (rows[50][1], rows[50][2] != "") == ("", True)
    app = QApplication.instance()
    assert app is not None
    language.install(app, "zh_CN")
    show(row, session)
    assert ends(row)[0][0] == "最初的训练"

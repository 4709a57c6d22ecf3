"""The loss plot shows what is made small beside the loss, where penalties make the two differ."""

import pytest
from pytestqt.qtbot import QtBot

from bpstudio.maths.penalties import L2, RunningSparsity
from bpstudio.training.session import Session
from ui.focus import Focus
from ui.plots.loss import LossPlot


def shown(qtbot: QtBot, focus: Focus, session: Session) -> LossPlot:
    plot = LossPlot(focus)
    qtbot.addWidget(plot)
    plot.resize(400, 220)
    plot.show()
    plot.show_frame(session.frame())
    plot.refresh()
    return plot


def test_the_objective_has_a_line_of_its_own(qtbot: QtBot, focus: Focus, mazur_session: Session):
    mazur_session.apply(experiment=mazur_session.experiment.replace(penalties=(L2(0.01),)))
    mazur_session.run(20)
    plot = shown(qtbot, focus, mazur_session)
    values = {entry.name: float(entry.value) for entry in plot.values_at(mazur_session.step_number - 5)}
    metrics, step = mazur_session.frame().metrics, mazur_session.step_number - 5
    assert values["objective"] == pytest.approx(metrics.value("objective", step), abs=1e-8)
    assert values["training"] == pytest.approx(metrics.value("loss", step), abs=1e-8)
    assert values["objective"] > values["training"]
    assert "objective" in [text for text, _ in plot.pane.written_names()]
    assert plot.name() == "Loss"
    table = plot.table()
    assert table is not None
    assert table[0] == ["step", "loss", "objective"]


def test_a_penalty_that_adds_nothing_draws_nothing(qtbot: QtBot, focus: Focus, mazur_session: Session):
    mazur_session.apply(experiment=mazur_session.experiment.replace(penalties=(RunningSparsity(0.1, 0.1, (0,)),)))
    mazur_session.run(5)
    plot = shown(qtbot, focus, mazur_session)
    assert [entry.name for entry in plot.values_at(mazur_session.step_number)] == ["training"]
    assert plot.name() == "Loss C"

"""The table of all rows: the engine's numbers, sorted by any column, written in full, and open at once at any size."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PyQt6.QtCore import Qt

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.insight.answers import Answers, answers
from bpstudio.insight.elements import Probe, Row
from bpstudio.training.experiment import Experiment
from bpstudio.training.session import Session
from ui.panels.questions import AnswerRows
from ui.panels.rows_model import RowsModel
from ui.panels.rows_window import RowsWindow

DOWN, UP = Qt.SortOrder.DescendingOrder, Qt.SortOrder.AscendingOrder


def titles(model: RowsModel) -> list[str]:
    return [field.title for field in model.fields]


def column(model: RowsModel, title: str) -> list[str]:
    place = titles(model).index(title)
    return [str(model.data(model.index(row, place))) for row in range(model.rowCount())]


def filled(dataset: Dataset, costs: list[float]) -> RowsModel:
    model = RowsModel()
    model.show_dataset(dataset)
    model.show_answers(Answers(np.zeros((dataset.rows, dataset.outputs)), np.array(costs), None), resort=True)
    return model


@pytest.fixture
def window(stage: Any, clouds_session: Session) -> RowsWindow:
    stage.open(clouds_session)
    stage.runner.step(50)
    made = RowsWindow(stage.runner, stage.focus)
    stage.qtbot.addWidget(made)
    stage.views.append(made)
    made.show_frame(stage.settle())
    made.show()
    stage.settle()
    return made


def test_predictions_and_losses_are_those_of_the_engine(window: RowsWindow, stage: Any) -> None:
    frame = stage.frame
    alone = Session(frame.experiment, frame.dataset, start=frame.params)
    a = alone.predict(frame.dataset.x)
    picked = frame.dataset.class_index
    expected = -np.log(a[np.arange(len(a)), picked])
    assert column(window.model, "loss") == [f"{value:.6g}" for value in expected]
    assert column(window.model, "prediction") == [frame.dataset.class_names[k] for k in np.argmax(a, axis=1)]
    assert column(window.model, "output 2") == [f"{value:.6g}" for value in a[:, 2]]
    held = set(frame.dataset.validation.tolist())
    assert column(window.model, "used for") == ["validation" if row in held else "training" for row in range(96)]


@pytest.mark.parametrize("reduction", ["mean_batch", "mean_all", "sum"])
def test_a_rows_own_cost_is_the_objective_of_a_batch_of_one(reduction: str) -> None:
    data = Dataset.from_arrays([[0.1], [0.9]], [[0.2, 0.4], [0.6, 0.8]])
    experiment = Experiment(Network(1, (Dense(3), Dense(2))), reduction=reduction, shuffle=False)
    session = Session(experiment, data)
    found = answers(session.frame())
    assert found.costs[0] == pytest.approx(session.loss, rel=1e-14)
    assert found.classes is None


def test_answers_are_the_same_in_chunks(monkeypatch: pytest.MonkeyPatch, clouds_session: Session) -> None:
    frame = clouds_session.frame()
    whole = answers(frame)
    monkeypatch.setattr("bpstudio.insight.answers._ROWS_AT_ONCE", 7)
    shares: list[float] = []
    parts = answers(frame, shares.append)
    np.testing.assert_allclose(parts.outputs, whole.outputs, rtol=1e-13)
    np.testing.assert_allclose(parts.costs, whole.costs, rtol=1e-12)
    assert len(shares) == 14


def test_sorting_goes_by_value_and_keeps_equal_rows_in_order() -> None:
    data = Dataset.from_arrays([[10.0], [9.0], [100.0], [9.0]], [0.0, 0, 0, 0])
    model = filled(data, [4.0, 3.0, 2.0, 1.0])
    place = titles(model).index("x")
    model.sort(place, UP)
    assert column(model, "row") == ["2", "4", "1", "3"], "by number, not by text"
    model.sort(place, DOWN)
    assert column(model, "row") == ["3", "1", "2", "4"]
    model.sort(titles(model).index("loss"), UP)
    assert column(model, "row") == ["4", "3", "2", "1"]


@given(st.lists(st.sampled_from([0.0, 1.0, 2.5, -3.0]), min_size=1, max_size=30), st.booleans())
def test_a_row_is_found_where_it_stands(values: list[float], is_down: bool) -> None:
    data = Dataset.from_arrays(np.array(values), np.zeros(len(values)))
    model = filled(data, values)
    model.sort(titles(model).index("loss"), DOWN if is_down else UP)
    assert [model.place_of(model.row_of(place)) for place in range(len(values))] == list(range(len(values)))
    assert sorted(model.order.tolist()) == list(range(len(values)))


def test_new_answers_move_rows_only_at_rest() -> None:
    data = Dataset.from_arrays([[1.0], [2.0], [3.0]], [0.0, 0, 0])
    model = filled(data, [3.0, 2.0, 1.0])
    model.sort(titles(model).index("loss"), UP)
    fresh = Answers(np.zeros((3, 1)), np.array([1.0, 2.0, 3.0]), None)
    model.show_answers(fresh, resort=False)
    assert column(model, "row") == ["3", "2", "1"]
    model.show_answers(fresh, resort=True)
    assert column(model, "row") == ["1", "2", "3"]


def test_answers_to_other_data_are_not_shown() -> None:
    model = filled(Dataset.from_arrays([[1.0], [2.0]], [0.0, 0]), [1.0, 2.0])
    model.show_answers(Answers(np.zeros((5, 1)), np.zeros(5), None), resort=True)
    assert column(model, "loss") == ["1", "2"]


def test_a_row_not_answered_yet_is_empty_not_zero() -> None:
    model = RowsModel()
    model.show_dataset(Dataset.from_arrays([[1.0]], [0.0]))
    assert column(model, "loss") == [""]
    assert column(model, "prediction y") == [""]


def test_choosing_a_row_makes_it_the_example(window: RowsWindow, stage: Any) -> None:
    frame = stage.frame
    inside, outside = int(frame.batch[3]), int(frame.dataset.validation[0])
    window.table.selectRow(window.model.place_of(inside))
    assert stage.focus.example == Row(3)
    window.table.selectRow(window.model.place_of(outside))
    assert stage.focus.example == Probe(outside)


def test_the_example_is_marked_and_marking_chooses_nothing(window: RowsWindow, stage: Any) -> None:
    stage.focus.set(example=Probe(5))
    assert window.table.currentIndex().row() == window.model.place_of(5)
    window.model.sort(titles(window.model).index("loss"), DOWN)
    stage.runner.step()
    stage.settle()
    assert stage.focus.example == Probe(5)
    assert window.table.currentIndex().row() == window.model.place_of(5)


def test_saving_writes_every_digit_in_the_order_of_the_table(window: RowsWindow, stage: Any, tmp_path: Path) -> None:
    window.model.sort(titles(window.model).index("loss"), DOWN)
    path = tmp_path / "rows.csv"
    window.write(str(path))
    stage.settle()
    assert window.message.text().startswith("✓ Saved")
    with path.open(encoding="utf-8", newline="") as file:
        written = list(csv.reader(file))
    assert written[0] == titles(window.model)
    found = answers(stage.frame).costs
    losses = [float(line[written[0].index("loss")]) for line in written[1:]]
    assert losses == sorted(found.tolist(), reverse=True)
    numbers = [int(line[0]) for line in written[1:]]
    assert sorted(numbers) == list(range(1, 97))


def test_a_file_that_cannot_be_written_is_explained(window: RowsWindow, stage: Any, tmp_path: Path) -> None:
    window.write(str(tmp_path))
    stage.settle()
    assert window.message.text().startswith("✕")


def test_a_regression_has_a_column_per_number(stage: Any, mazur_session: Session) -> None:
    stage.open(mazur_session)
    window = RowsWindow(stage.runner, stage.focus)
    stage.qtbot.addWidget(window)
    window.show_frame(stage.frame)
    window.show()
    stage.settle()
    assert titles(window.model) == [
        "row", "i1", "i2", "target o1", "target o2", "prediction o1", "prediction o2", "loss", "used for",
    ]  # fmt: skip
    assert column(window.model, "loss") == ["0.298371"]


def test_a_hidden_table_asks_nothing_and_a_running_one_not_too_often(window: RowsWindow, stage: Any) -> None:
    asked: list[AnswerRows] = []
    ask = stage.runner.ask

    def counted(question: Any) -> None:
        asked.append(question)
        ask(question)

    stage.runner.ask = counted
    window.hide()
    stage.runner.step(5)
    stage.settle()
    assert asked == []
    window.show()
    for _ in range(40):
        window.show_frame(stage.frame)
    stage.qtbot.waitUntil(lambda: window.model.answers is not None and len(asked) >= 1)
    stage.settle()
    assert len(asked) <= 2
    assert asked[-1].frame is stage.frame


def test_fifty_thousand_rows_open_by_what_is_seen(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    data = Dataset.from_arrays(rng.normal(size=(50_000, 8)), rng.normal(size=50_000))
    stage.open(Session(Experiment(Network(8, (Dense(4, "tanh"), Dense(1, "identity"))), batch_size=32), data))
    window = RowsWindow(stage.runner, stage.focus)
    stage.qtbot.addWidget(window)
    calls = 0
    original = RowsModel.data

    def counted(self: RowsModel, index: Any, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        nonlocal calls
        calls += 1
        return original(self, index, role)

    monkeypatch.setattr(RowsModel, "data", counted)
    window.show_frame(stage.frame)
    window.show()
    stage.settle()
    window.grab()
    assert window.model.rowCount() == 50_000
    # About 20 rows of 8 columns are seen, painted a few times with a handful of roles each.
    assert calls < 20_000

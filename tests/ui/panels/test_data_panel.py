"""The Data section: a typed input takes effect, made points are used, a refusal changes nothing."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QLineEdit

from bpstudio.data.dataset import Dataset
from bpstudio.data.generators import generate, run
from bpstudio.data.source import Generated
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.training.experiment import Experiment
from bpstudio.training.session import Session
from ui import theme
from ui.panels.data import DataPanel
from ui.panels.number import NumberField
from ui.panels.small_table import headings, is_small


@pytest.fixture
def panel(stage: Any, mazur_session: Session) -> DataPanel:
    stage.open(mazur_session)
    made = DataPanel(stage.runner, stage.focus)
    stage.show(made)
    return made


def editor_at(panel: DataPanel, row: int, column: int) -> NumberField:
    index = panel.table.rows.index(row, column)
    panel.table.setCurrentIndex(index)
    panel.table.edit(index)
    field = panel.table.findChild(NumberField)
    assert field is not None
    return field


def test_the_worked_example_stands_in_the_column(panel: DataPanel) -> None:
    model = panel.table.rows
    assert [model.headerData(c, Qt.Orientation.Horizontal) for c in range(4)] == ["i₁", "i₂", "target₁", "target₂"]
    assert [model.data(model.index(0, column)) for column in range(4)] == ["0.05", "0.10", "0.01", "0.99"]
    assert panel.section.summary.text() == "1 row"
    assert panel.table.isVisible()


@pytest.mark.parametrize(("column", "text", "value"), [(0, "0,5", 0.5), (1, "1/3", 1 / 3), (3, "1", 1.0)])
def test_a_typed_cell_takes_effect_and_undo_restores_it(
    panel: DataPanel, stage: Any, column: int, text: str, value: float
) -> None:
    before = stage.frame
    field = editor_at(panel, 0, column)
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)
    frame = stage.settle()
    cells = np.concatenate([frame.dataset.x[0], frame.dataset.y[0]])
    expected = np.concatenate([before.dataset.x[0], before.dataset.y[0]])
    expected[column] = value
    assert cells.tolist() == expected.tolist()
    assert frame.loss != before.loss
    assert frame.undo == "type a value"
    stage.runner.undo()
    assert stage.settle().loss == before.loss


def test_two_cells_typed_before_the_first_comes_back_are_both_kept(panel: DataPanel, stage: Any) -> None:
    panel.type_value(0, 0, 0.7)
    panel.type_value(0, 1, 0.8)
    assert stage.settle().dataset.x.tolist() == [[0.7, 0.8]]


def test_a_bad_cell_is_explained_and_changes_nothing(panel: DataPanel, stage: Any) -> None:
    before = stage.frame.dataset.hash
    field = editor_at(panel, 0, 0)
    field.selectAll()
    QTest.keyClicks(field, "1.234,5")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert "group separators" in panel.message.text()
    assert stage.settle().dataset.hash == before


def test_a_target_that_the_loss_does_not_allow_is_refused(stage: Any) -> None:
    data = Dataset.from_arrays([[0.0], [1.0]], [0, 1], task="binary")
    stage.open(Session(Experiment(Network(1, (Dense(1, "sigmoid"),)), loss="bce"), data))
    panel = DataPanel(stage.runner, stage.focus)
    stage.show(panel)
    with pytest.raises(ValueError, match="targets between 0 and 1"):
        panel.type_value(0, 1, 3.0)
    assert stage.settle().dataset is data


def test_many_rows_are_described_not_listed(stage: Any, clouds_session: Session) -> None:
    stage.open(clouds_session)
    panel = DataPanel(stage.runner, stage.focus)
    stage.show(panel)
    assert not panel.table.isVisible()
    words = panel.facts.text().replace("\u00a0", " ")
    assert words == "76 training rows · 20 validation rows · 4 inputs · 3 classes"
    assert panel.section.summary.text() == "96 rows"
    assert panel.example.isVisible()


@pytest.mark.parametrize("name", ["circle", "xor", "gaussians", "moons", "spirals", "sine"])
def test_made_points_are_used_with_a_network_that_fits(panel: DataPanel, stage: Any, name: str) -> None:
    panel.make.setChecked(True)
    panel.generator.choose(name)
    panel.generator.make.click()
    stage.settle()  # the points are made beside …
    frame = stage.settle()  # … then used
    assert isinstance(frame.dataset.source, Generated)
    assert frame.dataset.source.generator == name
    assert frame.dataset.rows == 200
    assert frame.experiment.network.sizes[0] == frame.dataset.inputs
    assert frame.experiment.network.outputs == frame.dataset.outputs
    assert stage.failures == []
    stage.runner.undo()
    frame = stage.settle()
    assert frame.experiment.network.sizes == (2, 2, 2), "data and network are one edit"
    assert frame.dataset.rows == 1


def test_generator_fields_reach_the_data(panel: DataPanel) -> None:
    form = panel.generator
    panel.make.setChecked(True)
    form.choose("gaussians")
    for name, text in (("rows", "60"), ("classes", "4"), ("noise", "0,1"), ("seed", "9"), ("validation", "25")):
        field = form.fields[name]
        field.setFocus()
        field.selectAll()
        QTest.keyClicks(field, text)
        QTest.keyClick(field, Qt.Key.Key_Return)
    assert run(form.recipe()).hash == generate("gaussians", 60, 0.1, 9, 0.25, classes=4, distance=1).hash


def test_a_generator_field_out_of_bounds_is_explained(panel: DataPanel) -> None:
    form = panel.generator
    panel.make.setChecked(True)
    form.choose("spirals")
    for name, text, words in (
        ("rows", "1", "from 2 to 1,000,000"),
        ("turns", "99", "from 0.25 to 5"),
        ("rows", "2.5", "whole"),
    ):
        field = form.fields[name]
        field.setFocus()
        field.selectAll()
        QTest.keyClicks(field, text)
        QTest.keyClick(field, Qt.Key.Key_Return)
        assert words in form.rows[name].message.text()
        QTest.keyClick(field, Qt.Key.Key_Escape)
    assert form.recipe().rows == 200


def test_a_present_network_that_fits_is_kept(panel: DataPanel, stage: Any) -> None:
    panel.use(generate("moons", 50))
    first = stage.settle().experiment
    panel.use(generate("circle", 80))
    assert stage.settle().experiment == first


def test_unfolding_the_generator_begins_with_the_present_data(panel: DataPanel, stage: Any) -> None:
    panel.use(generate("spirals", 70, 0.3, 4, turns=2.5))
    stage.settle()
    panel.make.setChecked(True)
    assert run(panel.generator.recipe()).hash == stage.frame.dataset.hash


def test_headings_name_targets_by_number_only_where_nobody_named_them() -> None:
    one = Dataset.from_arrays([[1.0]], [1.0], input_names=["age"])
    assert headings(one) == ["age", "target"]
    three = Dataset.from_arrays(np.eye(3), [0, 1, 2], task="classes", class_names=("ant", "bee", "cat"))
    assert headings(three)[3:] == ["ant", "bee", "cat"]
    assert is_small(three)
    assert not is_small(Dataset.from_arrays(np.zeros((9, 2)), np.zeros(9)))


def test_the_data_section_folds(panel: DataPanel) -> None:
    heading = panel.section.heading
    QTest.mouseClick(heading, Qt.MouseButton.LeftButton, pos=QPointF(30, 8).toPoint())
    assert not panel.table.isVisible()
    assert heading.text().startswith("▸")
    QTest.keyClick(heading, Qt.Key.Key_Space)
    assert panel.table.isVisible()


def test_a_cell_editor_is_a_number_field_with_the_exact_value(panel: DataPanel, stage: Any) -> None:
    panel.type_value(0, 0, 1 / 3)
    stage.settle()
    field = editor_at(panel, 0, 0)
    assert isinstance(field, QLineEdit)
    assert field.text() == repr(1 / 3)


def test_data_window_is_made_anew_for_another_size_of_text(stage: Any, mazur_session: Session, tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text("x,y\n1,2\n2,4\n3,6\n", encoding="utf-8")
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    stage.open(mazur_session)
    panel = DataPanel(stage.runner, stage.focus)
    stage.show(panel)
    panel.open_path(str(path))
    stage.settle()
    first = panel.data_window
    assert first is not None
    height = first.columns_table.verticalHeader().defaultSectionSize()
    panel.open_path(str(path))
    assert panel.data_window is first
    try:
        theme.apply(app, "dark", 2.0)
        panel.open_path(str(path))
        stage.settle()
        second = panel.data_window
        assert second is not None
        assert second.columns_table.verticalHeader().defaultSectionSize() == 2 * height
        assert second is not first
        second.close()
    finally:
        theme.apply(app, "dark", 1.0)

"""Layers of every kind from the builder: where they go, what they ask for, and what they refuse."""

from typing import Any

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QComboBox, QLineEdit

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Conv2D, Dense, Dropout, Flatten, MaxPool2D
from bpstudio.engine.network import Network
from bpstudio.training.experiment import Experiment
from bpstudio.training.session import Session
from ui.panels import describe
from ui.panels.builder import Builder


def type_into(field: QLineEdit, text: str) -> None:
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


def choose(box: QComboBox, value: object) -> None:
    box.setCurrentIndex(next(row for row in range(box.count()) if box.itemData(row) == value))
    box.activated.emit(box.currentIndex())


def made(stage: Any, shape: tuple[int, int] | None) -> Builder:
    rng = np.random.default_rng(2)
    dataset = Dataset.from_arrays(rng.normal(size=(20, 64)), np.eye(3)[rng.integers(0, 3, 20)], "classes")
    network = Network(64, (Dense(5, "tanh"), Dense(3, "softmax")), shape)
    stage.open(Session(Experiment(network, loss="categorical_ce", batch_size=10), dataset))
    builder = Builder(stage.runner, stage.focus)
    stage.show(builder, height=1000)
    return builder


@pytest.fixture
def builder(stage: Any) -> Builder:
    return made(stage, (8, 8))


def kinds(stage: Any) -> list[str]:
    return [layer.kind for layer in stage.settle().experiment.network.layers]


def test_every_kind_goes_where_it_makes_sense_and_undo_takes_it_back(builder: Builder, stage: Any) -> None:
    section = builder.network
    offered = [action.text() for action in section.menu.actions()]
    assert offered == ["dense", "convolution", "max pooling", "mean pooling", "dropout", "activation alone"]
    for action, found in zip(
        (1, 2, 1, 4, 5, 3),
        (
            ["conv2d", "flatten", "dense", "dense"],
            ["conv2d", "maxpool2d", "flatten", "dense", "dense"],
            ["conv2d", "maxpool2d", "conv2d", "flatten", "dense", "dense"],
            ["conv2d", "maxpool2d", "conv2d", "flatten", "dense", "dropout", "dense"],
            ["conv2d", "maxpool2d", "conv2d", "flatten", "dense", "dropout", "activation", "dense"],
            ["conv2d", "maxpool2d", "conv2d", "avgpool2d", "flatten", "dense", "dropout", "activation", "dense"],
        ),
        strict=True,
    ):
        section.menu.actions()[action].trigger()
        assert kinds(stage) == found
        assert len(section.cards) == len(found)
    stage.runner.step(3)
    assert np.isfinite(stage.settle().loss)
    for _ in range(7):
        stage.runner.undo()
        stage.settle()
    assert kinds(stage) == ["dense", "dense"]
    assert stage.failures == []


def test_taking_the_last_image_layer_away_takes_the_flatten_along(builder: Builder, stage: Any) -> None:
    builder.network.add_kind("conv2d")
    stage.settle()
    builder.network.open_layer(0)
    builder.network.cards[0].editor.remove.click()
    assert kinds(stage) == ["dense", "dense"]


def test_a_window_is_typed_as_one_number_or_two(builder: Builder, stage: Any) -> None:
    builder.network.add_kind("conv2d")
    stage.settle()
    builder.network.open_layer(0)
    form = builder.network.cards[0].editor.shape
    for text, kernel in (("5", (5, 5)), ("3x2", (3, 2)), (" 2 × 4 ", (2, 4))):
        type_into(form.pairs["kernel"], text)
        assert stage.settle().experiment.network.layers[0].kernel == kernel
        assert form.pairs["kernel"].text() == f"{kernel[0]}×{kernel[1]}"
    type_into(form.filters, "7")
    type_into(form.pairs["padding"], "1")
    choose(form.mode, "convolution")
    layer = stage.settle().experiment.network.layers[0]
    assert (layer.filters, layer.padding, layer.mode) == (7, (1, 1), "convolution")
    assert "7 maps 9×7" in builder.network.cards[0].title.text().replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("9", "A window of 9×9 does not fit into an image of 8×8."),
        ("0", "Window and stride are whole numbers of at least 1."),
        ("three", "Two whole numbers are expected, such as 3×3; one stands for both."),
    ],
)
def test_an_impossible_window_is_refused_beside_its_field(builder: Builder, stage: Any, text: str, said: str) -> None:
    builder.network.add_kind("conv2d")
    before = stage.settle().experiment
    builder.network.open_layer(0)
    form = builder.network.cards[0].editor.shape
    type_into(form.pairs["kernel"], text)
    assert said in form.rows["kernel"].message.text()
    assert stage.settle().experiment == before


def test_rows_of_numbers_have_no_windows(stage: Any) -> None:
    builder = made(stage, None)
    builder.network.add_kind("maxpool2d")
    assert "need images" in builder.network.message.text()
    assert kinds(stage) == ["dense", "dense"]


def test_what_a_kind_does_not_have_is_not_offered(builder: Builder, stage: Any) -> None:
    builder.network.add_kind("dropout")
    stage.settle()
    builder.network.open_layer(1)
    editor = builder.network.cards[1].editor
    assert not editor.units_row.isVisible()
    assert not editor.bias_row.isVisible()
    assert not editor.start.isVisible()
    type_into(editor.shape.rate, "0,25")
    editor.shape.boxes["inverted"].click()
    assert stage.settle().experiment.network.layers[1] == Dropout(0.25, inverted=False)
    type_into(editor.shape.rate, "1")
    assert "below 1" in editor.shape.rows["rate"].message.text()


def test_a_layer_says_how_much_it_is() -> None:
    network = Network(64, (Conv2D(6, (3, 3)), MaxPool2D(), Flatten(), Dense(2, "softmax")), (8, 8))
    titles = [describe.layer_title(network, index).replace("\u00a0", " ") for index in range(4)]
    assert titles == [
        "Layer 1 · convolution · 6 maps 6×6",
        "Layer 2 · max pooling · 6 maps 3×3",
        "Layer 3 · flatten · 54 units",
        "Layer 4 · output · 2 units",
    ]

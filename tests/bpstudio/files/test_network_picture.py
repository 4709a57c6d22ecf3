"""The picture of a network in a report: of any layers."""

import re

import numpy as np
import pytest

import bpstudio
from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Activate, Conv2D, Dense, Dropout, Flatten, MaxPool2D
from bpstudio.files.network_picture import DECADES, LEVELS, network_picture
from bpstudio.training.frame import Frame


def frame_of(layers: tuple[object, ...], shape: tuple[int, ...]) -> Frame:
    random = np.random.default_rng(2)
    size = int(np.prod(shape))
    network = bpstudio.Network(size, layers, shape if len(shape) == 3 else None)  # type: ignore[arg-type]
    data = Dataset.from_arrays(random.normal(size=(6, size)), random.uniform(size=(6, network.outputs)))
    return bpstudio.Session(bpstudio.Experiment(network, batch_size=3), data).frame()


IMAGES = (Conv2D(3, (2, 2), name="conv1"), MaxPool2D(), Flatten(), Dropout(0.5), Dense(2, "tanh"), Activate("relu"))


def test_maps_are_squares_and_kernels_lines() -> None:
    frame = frame_of(IMAGES, (2, 5, 5))
    svg = network_picture(frame)
    nodes = (2 + 3 + 3, 12 + 12 + 2 + 2)
    assert svg.count("<rect") == nodes[0] + 2  # the +1 nodes are squares too
    assert svg.count("<circle") == nodes[1]
    parameters = 3 * (2 + 1) + 2 * (12 + 1)  # a line for each kernel and bias, for each weight and bias
    passed_on = 3 + 12 + 12 + 2
    assert svg.count("<line") == parameters + passed_on
    assert "conv1" in svg
    assert "3×4×4 relu" in svg
    assert "2×5×5" in svg


def test_the_line_of_a_kernel_has_the_colour_of_its_largest_gradient() -> None:
    frame = frame_of((Conv2D(1, (2, 2)), Flatten(), Dense(1)), (1, 3, 3))
    gradients = [np.abs(layer.dW).ravel() for layer in frame.trace.layers] + [np.abs(x.db) for x in frame.trace.layers]
    largest = max(float(each.max(initial=0.0)) for each in gradients)
    share = 1 + np.log10(np.abs(frame.trace.layers[0].dW).max() / largest) / DECADES
    level = min(max(int(share * LEVELS), 0), LEVELS - 1)
    first = re.findall(r"<line[^>]*--gradient-(\d)", network_picture(frame))
    assert str(level) in first[:2]  # the kernel and its filter's bias


@pytest.mark.parametrize("count", [40, 300])
def test_of_many_maps_some_are_shown(count: int) -> None:
    svg = network_picture(frame_of((Conv2D(count, (2, 2)), Flatten(), Dense(2)), (1, 3, 3)))
    assert f"⋮ {count - 16} more" in svg
    assert len(svg) < 200_000

"""What a place of a convolution or a pooling sees, against plain loops."""

from dataclasses import replace

import numpy as np
import pytest

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import AvgPool2D, Conv2D, Dense, Dropout, Flatten, MaxPool2D
from bpstudio.engine.network import Network
from bpstudio.insight.elements import BIAS, Edge, Map, Pixel, Row, Unit, WholeBatch, unit_of
from bpstudio.insight.example import Numbers
from bpstudio.insight.windows import grown_gradient, matrix, seen_maps, window, winner
from bpstudio.training.experiment import Experiment
from bpstudio.training.frame import Frame
from bpstudio.training.session import Session

CONVOLUTIONS = {
    "plain": Conv2D(3, (3, 2), activation="tanh"),
    "stride": Conv2D(3, (2, 3), stride=(2, 1), activation="tanh"),
    "padding": Conv2D(2, (3, 3), stride=(2, 2), padding=(1, 2), activation="tanh"),
    "turned": Conv2D(2, (3, 2), mode="convolution", activation="tanh"),
    "threshold": Conv2D(2, (2, 2), bias="threshold", activation="tanh"),
}


def frame_of(convolution: Conv2D, *more: object) -> Frame:
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(6, 2 * 6 * 7)), rng.uniform(size=(6, 2))
    layers = (convolution, *more, Flatten(), Dense(2))
    network = Network(84, layers, (2, 6, 7))  # type: ignore[arg-type]
    return Session(Experiment(network, batch_size=3), Dataset.from_arrays(x, y)).frame()


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_the_shares_of_the_rows_are_the_gradient_of_the_batch(name: str) -> None:
    frame = frame_of(CONVOLUTIONS[name])
    rows = [Numbers(frame, Row(row)) for row in range(3)]
    whole = Numbers(frame, WholeBatch()).batch_gradient(1)
    assert whole.shape == (CONVOLUTIONS[name].filters, 2 * np.prod(CONVOLUTIONS[name].kernel) + 1)
    assert np.allclose(np.mean([numbers.gradient(1) for numbers in rows], axis=0), whole, rtol=1e-12, atol=1e-15)
    for edge in (Edge(1, 1, 3), Edge(1, 0, BIAS)):
        shares = rows[0].contributions(edge)
        assert shares[1] == pytest.approx(rows[1].gradient(1)[edge.to, edge.source], rel=1e-12)


@pytest.mark.parametrize("name", ["plain", "stride", "padding"])
def test_a_place_is_the_sum_over_its_window(name: str) -> None:
    frame, layer = frame_of(CONVOLUTIONS[name]), CONVOLUTIONS[name]
    numbers, shape = Numbers(frame, Row(0)), frame.experiment.network.shapes[1]
    image = np.asarray(numbers.a(0)).reshape(2, 6, 7)
    kernel, bias = frame.params.W[0], frame.params.b[0]
    for channel, row, column in np.ndindex(*shape):
        pixel = Pixel(1, channel, row, column)
        rows, columns = window(frame.experiment.network, pixel)
        first = (row * layer.stride[0] - layer.padding[0], column * layer.stride[1] - layer.padding[1])
        total = bias[channel] + sum(
            kernel[channel, c, i - first[0], j - first[1]] * image[c, i, j]
            for c in range(2)
            for i in rows
            for j in columns
        )
        assert numbers.z(1)[unit_of(shape, pixel).index] == pytest.approx(total, rel=1e-12)
        assert seen_maps(frame.experiment.network, pixel) == (Map(0, 0), Map(0, 1))


def test_the_winner_is_what_a_pooled_pixel_took() -> None:
    frame = frame_of(CONVOLUTIONS["plain"], MaxPool2D((2, 3), (1, 2), (1, 1)))
    network, numbers = frame.experiment.network, Numbers(frame, Row(1))
    below = numbers.a(1)
    for channel, row, column in np.ndindex(*network.shapes[2]):
        pixel = Pixel(2, channel, row, column)
        greatest = winner(network, pixel, below)
        assert greatest is not None
        rows, columns = window(network, pixel)
        assert greatest.row in rows
        assert greatest.column in columns
        found = below[unit_of(network.shapes[1], greatest).index]
        assert found == numbers.a(2)[unit_of(network.shapes[2], pixel).index]
        assert seen_maps(network, pixel) == (Map(1, channel),)


def test_of_equal_pixels_the_first_wins_and_a_mean_has_no_winner() -> None:
    network = Network(16, (MaxPool2D(), Flatten(), Dense(1)), (1, 4, 4))
    assert winner(network, Pixel(1, 0, 1, 0), np.ones(16)) == Pixel(0, 0, 2, 0)
    mean = replace(network, layers=(AvgPool2D(), *network.layers[1:]))
    assert winner(mean, Pixel(1, 0, 1, 0), np.ones(16)) is None


def test_numbers_of_images_are_flat_and_dropped_ones_are_told() -> None:
    frame = frame_of(CONVOLUTIONS["plain"], Dropout(0.5))
    numbers = Numbers(frame, Row(0))
    for layer, size in enumerate(frame.experiment.network.sizes):
        assert numbers.a(layer).shape == (size,)
        if layer:
            assert numbers.z(layer).shape == numbers.delta(layer).shape == numbers.batch_delta(layer).shape == (size,)
            assert numbers.error(layer).shape == (size,)
    dropped = numbers.dropped(2)
    assert dropped is not None
    assert 0 < dropped.sum() < len(dropped)
    assert (numbers.a(2)[dropped] == 0.0).all()
    assert (numbers.a(2)[~dropped] == 2.0 * numbers.a(1)[~dropped]).all()
    assert numbers.dropped(1) is None
    share = Numbers(frame, WholeBatch()).dropped(2)
    assert share is not None
    assert set(np.round(share * 3).tolist()) <= {0, 1, 2, 3}
    assert len(numbers.ticks(2, 5)) == 3
    assert numbers.function_of(Unit(1, 0)).family == "tanh"


def test_a_layer_without_weights_is_an_empty_matrix() -> None:
    assert matrix(np.zeros((0, 0)), np.zeros(0)).shape == (0, 1)


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_a_kernels_gradient_grows_place_by_place_to_that_of_the_batch(name: str) -> None:
    layer, frame = CONVOLUTIONS[name], frame_of(CONVOLUTIONS[name])
    here, shape = frame.trace.layers[0], frame.experiment.network.shapes[1]
    places = shape[1] * shape[2]
    assert (grown_gradient(layer, here.x, here.delta, 1, 0) == 0.0).all()
    whole = matrix(here.dW, here.db)[1]
    assert np.allclose(grown_gradient(layer, here.x, here.delta, 1, places), whole, rtol=1e-12, atol=1e-15)
    before, then = (grown_gradient(layer, here.x, here.delta, 1, count) for count in (places - 1, places))
    last = here.delta[:, 1, -1, -1].sum() * layer.bias_sign
    assert (then - before)[-1] == pytest.approx(last, rel=1e-9, abs=1e-15)

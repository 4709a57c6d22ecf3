"""Layers on images against loops over single pixels, and the gradient of whole networks of them against differences."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bpstudio.engine.images import Convolution, Pooling
from bpstudio.engine.layers import Activate, AvgPool2D, Conv2D, Dense, Dropout, Flatten, Layer, MaxPool2D
from bpstudio.engine.network import Network
from bpstudio.engine.passes import backward, forward, input_gradient, predict
from bpstudio.engine.trace import Trace, draw_params
from bpstudio.maths.losses import loss as loss_named
from bpstudio.maths.operations import run

Floats = NDArray[np.float64]
Pair = tuple[int, int]


def pixel(x: Floats, n: int, c: int, i: int, j: int) -> float | None:
    """A pixel of x, or nothing outside the image."""
    inside = 0 <= i < x.shape[2] and 0 <= j < x.shape[3]
    return float(x[n, c, i, j]) if inside else None


def convolution_by_loops(layer: Conv2D, x: Floats, W: Floats, b: Floats) -> Floats:
    filters, height, width = layer.output_shape(x.shape[1:])
    z = np.zeros((len(x), filters, height, width))
    kh, kw = layer.kernel
    for n, f, i, j in np.ndindex(z.shape):
        total = float(b[f]) * layer.bias_sign
        for c, u, v in np.ndindex(x.shape[1], kh, kw):
            seen = pixel(
                x, n, c, i * layer.stride[0] + u - layer.padding[0], j * layer.stride[1] + v - layer.padding[1]
            )
            k = W[f, c, kh - 1 - u, kw - 1 - v] if layer.mode == "convolution" else W[f, c, u, v]
            total += float(k) * (seen or 0.0)
        z[n, f, i, j] = total
    return z


def window(layer: MaxPool2D | AvgPool2D, x: Floats, n: int, c: int, i: int, j: int) -> list[tuple[Pair, float | None]]:
    """(place, pixel) of each place of a window that lies within the padding; None for a pixel of the padding."""
    places = []
    for u, v in np.ndindex(*layer.kernel):
        row, column = i * layer.stride[0] + u - layer.padding[0], j * layer.stride[1] + v - layer.padding[1]
        if row < x.shape[2] + layer.padding[0] and column < x.shape[3] + layer.padding[1]:
            places.append(((row, column), pixel(x, n, c, row, column)))
    return places


def pooling_by_loops(layer: MaxPool2D | AvgPool2D, x: Floats, delta: Floats) -> tuple[Floats, Floats]:
    """(z, dx) of pooling."""
    z, dx = np.zeros(delta.shape), np.zeros(x.shape)
    for n, c, i, j in np.ndindex(z.shape):
        places = window(layer, x, n, c, i, j)
        seen = [(place, value) for place, value in places if value is not None]
        if isinstance(layer, MaxPool2D):
            place, z[n, c, i, j] = max(seen, key=lambda each: each[1])  # the first of equals
            dx[n, c, *place] += delta[n, c, i, j]
        else:
            count = len(places) if layer.count_include_pad else len(seen)
            z[n, c, i, j] = math.fsum(value for _, value in seen) / count
            for place, _ in seen:
                dx[n, c, *place] += delta[n, c, i, j] / count
    return z, dx


pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))
sides = st.tuples(st.integers(3, 7), st.integers(3, 7))


@settings(max_examples=25, deadline=None)
@given(sides, pairs, pairs, st.booleans(), st.booleans(), st.sampled_from(["bias", "threshold", "none"]))
def test_convolution_is_what_loops_say(
    size: Pair, kernel: Pair, stride: Pair, padded: bool, turned: bool, bias: str
) -> None:
    rng = np.random.default_rng(7)
    padding = (1, 2) if padded else (0, 0)
    mode = "convolution" if turned else "cross_correlation"
    layer = Conv2D(2, kernel, stride, padding, "identity", mode, bias=bias)
    x = rng.normal(size=(3, 2, *size))
    W, b = rng.normal(size=layer.weight_shape(x.shape[1:])), rng.normal(size=2)
    z = np.empty((3, *layer.output_shape(x.shape[1:])))
    delta, dW, db, dx = rng.normal(size=z.shape), np.empty_like(W), np.zeros(2), np.full(x.shape, np.nan)
    bound = Convolution(layer, x, z)
    run(bound.forward(W, b) + bound.gradient(delta, dW, db) + bound.error_below(delta, W, dx))
    np.testing.assert_allclose(z, convolution_by_loops(layer, x, W, b), rtol=1e-12, atol=1e-12)
    # z is linear in each of W, b and x: so a derivative is the answer to a unit step, without any rounding to speak of.
    nothing = convolution_by_loops(layer, x, np.zeros_like(W), np.zeros(2))
    for gradient, step in (
        (dW, lambda unit: convolution_by_loops(layer, x, unit, np.zeros(2)) - nothing),
        (dx, lambda unit: convolution_by_loops(layer, unit, W, np.zeros(2))),
        (db, lambda unit: convolution_by_loops(layer, x, np.zeros_like(W), unit) - nothing),
    ):
        for index in itertools.islice(np.ndindex(gradient.shape), 0, None, 5):
            unit = np.zeros(gradient.shape)
            unit[index] = 1.0
            assert gradient[index] == pytest.approx(float((step(unit) * delta).sum()), rel=1e-10, abs=1e-10)


@settings(max_examples=80, deadline=None)
@given(sides, pairs, pairs, st.booleans(), st.booleans(), st.sampled_from(["max", "mean", "mean of the image"]))
def test_pooling_is_what_loops_say(
    size: Pair, kernel: Pair, stride: Pair, padded: bool, ceil_mode: bool, kind: str
) -> None:
    rng = np.random.default_rng(8)
    padding = tuple(k // 2 for k in kernel) if padded else (0, 0)
    layer: MaxPool2D | AvgPool2D = (
        MaxPool2D(kernel, stride, padding, ceil_mode)
        if kind == "max"
        else AvgPool2D(kernel, stride, padding, ceil_mode, count_include_pad=kind == "mean")
    )
    x = np.round(rng.normal(size=(2, 2, *size)), 1)  # rounded, so that there are ties
    z = np.empty((2, *layer.output_shape(x.shape[1:])))
    delta, dx = rng.normal(size=z.shape), np.full(x.shape, np.nan)
    bound = Pooling(layer, x, z)
    run(bound.forward() + bound.error_below(delta, dx))
    want_z, want_dx = pooling_by_loops(layer, x, delta)
    np.testing.assert_allclose(z, want_z, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(dx, want_dx, rtol=1e-12, atol=1e-15)


def test_the_first_of_equals_takes_the_whole_error() -> None:
    x, z = np.ones((1, 1, 2, 2)), np.empty((1, 1, 1, 1))
    dx = np.empty_like(x)
    bound = Pooling(MaxPool2D(), x, z)
    run(bound.forward() + bound.error_below(np.array([[[[5.0]]]]), dx))
    assert dx.ravel().tolist() == [5.0, 0.0, 0.0, 0.0]


MIXED: dict[str, tuple[Layer, ...]] = {
    "lenet": (
        Conv2D(3, (3, 3), activation="tanh", padding=(1, 1)),
        AvgPool2D(),
        Conv2D(4, (2, 2), activation="sigmoid", mode="convolution", bias="threshold"),
        MaxPool2D((2, 2), (1, 1)),
        Flatten(),
        Dense(6, "tanh"),
        Dense(4, "softmax"),
    ),
    "an activation on its own, a softmax inside, a dropout": (
        Conv2D(2, (3, 3), (2, 2), activation="identity", bias="none"),
        MaxPool2D((2, 2), (2, 2), ceil_mode=True),
        Activate("sigmoid"),
        Flatten(),
        Dropout(0.5),
        Dense(5, "softmax"),
        Dense(4, "identity"),
        Activate("softmax"),
    ),
    "a mean over each map as the answer": (
        Conv2D(4, (3, 3), activation="softplus"),
        AvgPool2D((6, 6), (1, 1)),
        Flatten(),
    ),
}


@pytest.mark.parametrize("layers", MIXED.values(), ids=MIXED)
@pytest.mark.parametrize("rows", [1, 3])
def test_gradient_of_a_network_of_images_is_the_limit_of_differences(layers: tuple[Layer, ...], rows: int) -> None:
    network = Network(64, layers, (8, 8))
    params, rng = draw_params(network, 3), np.random.default_rng(1)
    trace = Trace.allocate(network, rows, params)
    trace.x[...] = rng.normal(size=(rows, 64))
    trace.y[...] = np.eye(4)[rng.integers(0, 4, rows)]
    name = "squared_error" if isinstance(layers[-1], Flatten) else "categorical_ce"
    operations = forward(network, params, trace) + backward(network, params, trace, name, "mean_batch")
    for layer, slope in zip(layers, trace.slopes, strict=True):
        if isinstance(layer, Dropout):
            slope[...] = rng.integers(0, 2, slope.shape) * layer.scale
    run(operations)
    gradient, below = trace.gradient.flat.copy(), input_gradient(trace)
    rule = loss_named(name)

    def objective() -> float:
        run(operations)
        last = trace.layers[-1]
        rows_of = rule.rows(layers[-1].activation, last.z, last.a, trace.y)
        return float(rows_of.sum()) * rule.scale("mean_batch", rows, 4)

    for values, slopes in ((params.flat, gradient), (trace.x.ravel(), below.ravel())):
        for index in range(0, values.size, 7):
            kept, step = values[index], 1e-5
            values[index] = kept + step
            above = objective()
            values[index] = kept - step
            difference = (above - objective()) / (2 * step)
            values[index] = kept
            assert slopes[index] == pytest.approx(difference, rel=2e-5, abs=2e-9)


def test_what_is_predicted_is_what_a_pass_computes() -> None:
    network = Network(64, MIXED["lenet"], (8, 8))
    params, x = draw_params(network, 3), np.random.default_rng(1).normal(size=(9, 64))
    trace = Trace.allocate(network, 9, params)
    trace.x[...] = x
    run(forward(network, params, trace))
    for got, want in zip(predict(network, params, x, chunk=4), trace.layers, strict=True):
        np.testing.assert_allclose(got, want.a, rtol=1e-13)


def test_a_flatten_and_a_lone_activation_copy_nothing() -> None:
    network = Network(64, (Conv2D(2), Flatten(), Activate("tanh"), Dense(3)), (8, 8))
    params = draw_params(network, 0)
    trace = Trace.allocate(network, 2, params)
    conv, flatten, lone, _ = trace.layers
    assert np.shares_memory(flatten.a, conv.a)
    assert np.shares_memory(lone.z, conv.a)
    assert np.shares_memory(flatten.delta, lone.delta)
    assert params.W[1].size == params.b[1].size == 0


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ((Conv2D(2), Dense(3)), r"layers\[1\]: a dense layer expects a row of numbers, got images of 2×6×6: put a Fl"),
        ((Conv2D(2),), r"layers\[0\]: the last layer gives images of 2×6×6; put a Flatten layer behind it"),
        ((Conv2D(2, (9, 9)), Flatten()), r"layers\[0\].kernel: 9×9 does not fit into an image of 8×8"),
        ((Flatten(), MaxPool2D()), r"layers\[1\]: pooling expects images \(channels, height, width\), got a row of 64"),
        ((MaxPool2D((9, 9)), Flatten()), r"layers\[0\].kernel: a window of 9×9 leaves nothing of an image of 8×8"),
        ((Flatten(), Dropout(0.5, masks=("101",))), r"layers\[1\].masks\[0\]: expected 64 digits, got 3"),
        ((Dense(1), Activate("softmax")), r"layers\[1\].units: softmax shares 1 among the units"),
    ],
)
def test_layers_that_do_not_chain_are_refused_by_number(layers: tuple[Layer, ...], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Network(64, layers, (8, 8))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Dropout(1.0), "rate: expected a probability from 0 to below 1, got 1.0; at 1 nothing would be left"),
        (lambda: Dropout(math.nan), "rate: expected a probability"),
        (lambda: Conv2D(0), "filters: expected a whole number of at least 1, got 0"),
        (lambda: Conv2D(1, (3, 0)), "kernel: expected two whole numbers of at least 1"),
        (lambda: Conv2D(1, mode="twisted"), "mode: expected one of cross_correlation, convolution"),
        (lambda: Conv2D(2, activation="softmax"), "activation: softmax works on a row of numbers, not on images"),
        (lambda: MaxPool2D((2, 2), padding=(2, 0)), "padding: expected less than the window of 2×2"),
        (lambda: Network(9, (Dense(1),), (2, 3)), "2×3 pixels are not 9 inputs"),
    ],
)
def test_an_impossible_layer_is_refused_in_words(make: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make()  # type: ignore[operator]

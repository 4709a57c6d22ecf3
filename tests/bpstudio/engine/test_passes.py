"""The backward pass against two things written differently: plain loops, and differences of the objective."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.engine.passes import backward, forward, input_gradient, predict
from bpstudio.engine.trace import Params, Trace, draw_params
from bpstudio.maths.initializers import Initializer
from bpstudio.maths.losses import LOSSES, REDUCTIONS
from bpstudio.maths.operations import run

Floats = NDArray[np.float64]
HIDDEN = ["identity", "sigmoid", "tanh", "relu"]
NETWORKS = [
    (hidden, output, loss, reduction, rows)
    for hidden in HIDDEN
    for output in ("identity", "sigmoid", "tanh", "softmax")
    for loss in ("half_squared_error", "squared_error", "bce", "categorical_ce")
    for reduction in REDUCTIONS
    for rows in (1, 4)
    # Cross-entropy is defined for outputs between 0 and 1.
    if not (loss in ("bce", "categorical_ce") and output in ("identity", "tanh"))
]


def build(hidden: str, output: str) -> tuple[Network, Params]:
    start = Initializer("normal", 0.6, "normal", 0.3)
    network = Network(3, (Dense(4, hidden, start), Dense(5, hidden, start), Dense(3, output, start)))
    return network, draw_params(network, 11)


def data(rows: int) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(5)
    y = rng.uniform(0.1, 1, (rows, 3))
    return rng.normal(size=(rows, 3)), y / y.sum(axis=1, keepdims=True)


def one_pass(network: Network, params: Params, x: Floats, y: Floats, loss: str, reduction: str) -> Trace:
    trace = Trace.allocate(network, len(x), params)
    trace.x[...], trace.y[...] = x, y
    run(forward(network, params, trace) + backward(network, params, trace, loss, reduction))
    return trace


def objective(network: Network, params: Params, x: Floats, y: Floats, loss: str, reduction: str) -> float:
    trace = Trace.allocate(network, len(x), params)
    trace.x[...] = x
    run(forward(network, params, trace))
    last = trace.layers[-1]
    rows = LOSSES[loss].rows(network.layers[-1].activation, last.z, last.a, y)
    return float(rows.sum()) * LOSSES[loss].scale(reduction, len(x), network.outputs)


def by_loops(network: Network, params: Params, x: Floats, y: Floats, loss: str, reduction: str) -> list[Floats]:
    """dW of each layer with nothing but numbers in loops, row by row: slow on purpose."""
    functions = {
        "identity": (lambda z: z, lambda z: 1.0),
        "sigmoid": (lambda z: 1 / (1 + math.exp(-z)), lambda z: math.exp(-z) / (1 + math.exp(-z)) ** 2),
        "tanh": (math.tanh, lambda z: 1 / math.cosh(z) ** 2),
        "relu": (lambda z: max(z, 0.0), lambda z: 1.0 if z > 0 else 0.0),
    }
    errors = {
        "half_squared_error": lambda a, t: a - t,
        "squared_error": lambda a, t: 2 * (a - t),
        "bce": lambda a, t: -t / a + (1 - t) / (1 - a),
        "categorical_ce": lambda a, t: -t / a,
    }
    # A loss of whole rows has no mean over outputs.
    elements = 1 if reduction != "mean_all" or loss == "categorical_ce" else y.shape[1]
    share = 1.0 if reduction == "sum" else 1 / (len(x) * elements)
    gradients = [np.zeros_like(W) for W in params.W]
    for row, target in zip(x.tolist(), y.tolist(), strict=True):
        values, weighted = [row], []
        for layer, W, b in zip(network.layers, params.W, params.b, strict=True):
            z = [sum(w * v for w, v in zip(ws, values[-1], strict=True)) + c for ws, c in zip(W, b, strict=True)]
            weighted.append(z)
            if layer.activation == "softmax":
                total = sum(math.exp(v) for v in z)
                values.append([math.exp(v) / total for v in z])
            else:
                values.append([functions[layer.activation][0](v) for v in z])
        error = [errors[loss](a, t) for a, t in zip(values[-1], target, strict=True)]
        for number in reversed(range(len(network.layers))):
            name, a = network.layers[number].activation, values[number + 1]
            if name == "softmax":
                delta = [
                    sum(error[j] * a[j] * ((1.0 if i == j else 0.0) - a[i]) for j in range(len(a)))
                    for i in range(len(a))
                ]
            else:
                delta = [e * functions[name][1](z) for e, z in zip(error, weighted[number], strict=True)]
            for j, d in enumerate(delta):
                for k, v in enumerate(values[number]):
                    gradients[number][j, k] += d * v * share
            W = params.W[number]
            error = [sum(W[j, k] * d for j, d in enumerate(delta)) for k in range(W.shape[1])]
    return gradients


@pytest.mark.parametrize(("hidden", "output", "loss", "reduction", "rows"), NETWORKS)
def test_gradient_three_ways(hidden: str, output: str, loss: str, reduction: str, rows: int) -> None:
    network, params = build(hidden, output)
    x, y = data(rows)
    trace = one_pass(network, params, x, y, loss, reduction)
    for got, want in zip(trace.gradient.W, by_loops(network, params, x, y, loss, reduction), strict=True):
        assert np.allclose(got, want, rtol=1e-10, atol=1e-14)
    direction = np.random.default_rng(6).normal(size=params.flat.shape)
    h = 1e-5
    up, down = (Params(network, params.flat + sign * h * direction) for sign in (1, -1))
    numeric = (objective(network, up, x, y, loss, reduction) - objective(network, down, x, y, loss, reduction)) / (
        2 * h
    )
    assert trace.gradient.flat @ direction == pytest.approx(numeric, rel=2e-6, abs=1e-9)


def test_batch_gradient_is_the_mean_of_its_rows() -> None:
    network, params = build("tanh", "sigmoid")
    x, y = data(4)
    together = one_pass(network, params, x, y, "bce", "mean_batch").gradient.flat
    alone = [one_pass(network, params, x[i : i + 1], y[i : i + 1], "bce", "mean_batch").gradient.flat for i in range(4)]
    assert np.allclose(together, np.mean(alone, axis=0), rtol=1e-12, atol=1e-16)


def test_input_gradient_is_the_limit_of_differences() -> None:
    network, params = build("tanh", "softmax")
    x, y = data(4)
    gradient = input_gradient(one_pass(network, params, x, y, "categorical_ce", "mean_batch"))
    h = 1e-6
    for i, k in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[i, k] = h
        args = ("categorical_ce", "mean_batch")
        up, down = objective(network, params, x + step, y, *args), objective(network, params, x - step, y, *args)
        assert gradient[i, k] == pytest.approx((up - down) / (2 * h), abs=1e-9)


def test_a_frozen_parameter_has_a_gradient_and_its_own_place() -> None:
    layers = (Dense(2, train_bias=False), Dense(3, train_weights=False))
    free = (Dense(2), Dense(3))
    x, y = np.ones((2, 2)), np.zeros((2, 3))
    gradients = []
    for chain in (layers, free):
        network = Network(2, chain)
        trace = one_pass(network, draw_params(network, 1), x, y, "half_squared_error", "mean_batch")
        gradients.append([*trace.gradient.W, *trace.gradient.b])
    for got, want in zip(*gradients, strict=True):
        assert np.array_equal(got, want)


def test_views_share_the_arena_and_do_not_overlap() -> None:
    network = Network(3, (Dense(4, "tanh"), Dense(2, "softmax")))
    params = draw_params(network, 0)
    for sequential in (False, True):
        trace = Trace.allocate(network, 5, params, sequential)
        parts = [trace.y, trace.dC_da, *trace.slopes, trace.gradient.flat, trace.update.flat]
        for layer in trace.layers:
            parts += [layer.z, layer.a, layer.delta, *([] if layer.dx is None else [layer.dx])]
        if sequential:
            parts.append(trace.used.flat)
        for part in parts:
            assert not trace.arena.any()
            part[...] = 1
            assert trace.arena.sum() == part.size
            part[...] = 0
        assert sum(part.size for part in parts) == trace.arena.size


def test_predict_agrees_with_the_pass_and_takes_any_layout() -> None:
    network, params = build("sigmoid", "softmax")
    x, y = data(4)
    trace = one_pass(network, params, x, y, "categorical_ce", "mean_batch")
    assert np.allclose(predict(network, params, np.asfortranarray(x))[-1], trace.layers[-1].a, rtol=1e-13)
    assert np.allclose(predict(network, params, x, chunk=3)[0], trace.layers[0].a, rtol=1e-13)
    with pytest.raises(ValueError, match=r"shape \(rows, 3\)"):
        predict(network, params, x[:, :2])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Dense(0), "units: expected a whole number of at least 1, got 0"),
        (lambda: Dense(True), "units: expected a whole number"),
        (lambda: Dense(2.5), "units: expected a whole number"),  # type: ignore[arg-type]
        (lambda: Dense(1, "softmax"), "needs at least 2"),
        (lambda: Network(0, (Dense(1),)), "inputs: expected a whole number of at least 1"),
        (lambda: Network(1, ()), "at least one layer"),
        (lambda: Network(2, (Dense(10**9),)), r"needs about [\d.,]+ GiB"),
        (lambda: Network(2, (Dense(10**30),)), r"needs about [\d.,]+ GiB"),
        (lambda: Network(5, (Dense(1),), (2, 3)), "2×3 pixels are not 5 inputs"),
        (lambda: Network(2, (Dense(1, name="a"), Dense(1, name="a"))), "'a' is the name of two layers"),
    ],
)
def test_an_impossible_network_is_refused_in_words(make: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()  # type: ignore[operator]


def test_typed_parameters_are_checked() -> None:
    network = Network(2, (Dense(1),))
    with pytest.raises(ValueError, match=r"layers\[0\].W: expected shape \(1, 2\), got \(2,\)"):
        Params.from_layers(network, [([1, 2], [0])])
    with pytest.raises(ValueError, match=r"layers\[0\].b: expected finite"):
        Params.from_layers(network, [([[1, 2]], [float("inf")])])


def test_a_layer_keeps_its_draw_when_another_changes() -> None:
    small = draw_params(Network(3, (Dense(4), Dense(2))), 7)
    large = draw_params(Network(3, (Dense(4), Dense(5), Dense(2))), 7)
    assert np.array_equal(small.W[0], large.W[0])

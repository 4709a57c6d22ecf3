"""Layers with biases, with thresholds and with neither, in one network: against loops, differences and each other."""

import math
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from bpstudio.engine.layers import BIAS_SIGNS, Dense
from bpstudio.engine.network import Network
from bpstudio.engine.passes import backward, forward, predict
from bpstudio.engine.trace import Params, Trace, draw_params, params_layout
from bpstudio.maths.initializers import Initializer
from bpstudio.maths.operations import run

Floats = NDArray[np.float64]
START = Initializer("normal", 0.6, "normal", 0.4)
KINDS = list(product(BIAS_SIGNS, repeat=2))


def build(*kinds: str) -> tuple[Network, Params]:
    layers = tuple(Dense(units, "sigmoid", START, bias=kind) for units, kind in zip((4, 3), kinds, strict=True))
    network = Network(2, layers)
    return network, draw_params(network, 3)


def data(rows: int) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(8)
    return rng.normal(size=(rows, 2)), rng.uniform(size=(rows, 3))


def one_pass(network: Network, params: Params, x: Floats, y: Floats) -> Trace:
    trace = Trace.allocate(network, len(x), params)
    trace.x[...], trace.y[...] = x, y
    run(forward(network, params, trace) + backward(network, params, trace, "half_squared_error", "mean_batch"))
    return trace


def by_loops(network: Network, params: Params, x: Floats, y: Floats) -> list[tuple[Floats, Floats]]:
    """(dW, db) of each layer, number by number; what stands in b's place is added, subtracted or left out."""
    found = [(np.zeros_like(W), np.zeros_like(b)) for W, b in params]
    for row, target in zip(x.tolist(), y.tolist(), strict=True):
        values = [row]
        for layer, (W, b) in zip(network.layers, params, strict=True):
            units = []
            for weights, own in zip(W.tolist(), b.tolist(), strict=True):
                z = sum(w * v for w, v in zip(weights, values[-1], strict=True))
                if layer.bias == "bias":
                    z += own
                if layer.bias == "threshold":
                    z -= own
                units.append(1 / (1 + math.exp(-z)))
            values.append(units)
        error = [a - t for a, t in zip(values[-1], target, strict=True)]
        for number in (1, 0):
            delta = [e * a * (1 - a) for e, a in zip(error, values[number + 1], strict=True)]
            dW, db = found[number]
            for to, d in enumerate(delta):
                for source, v in enumerate(values[number]):
                    dW[to, source] += d * v / len(x)
                if network.layers[number].bias == "bias":
                    db[to] += d / len(x)
                if network.layers[number].bias == "threshold":
                    db[to] -= d / len(x)
            W = params.W[number]
            error = [sum(W[to, source] * d for to, d in enumerate(delta)) for source in range(W.shape[1])]
    return found


@pytest.mark.parametrize("rows", [1, 5])
@pytest.mark.parametrize("kinds", KINDS)
def test_gradient_against_loops_and_differences(kinds: tuple[str, str], rows: int) -> None:
    network, params = build(*kinds)
    x, y = data(rows)
    trace = one_pass(network, params, x, y)
    for layer, (dW, db) in zip(trace.layers, by_loops(network, params, x, y), strict=True):
        assert np.allclose(layer.dW, dW, rtol=1e-12, atol=1e-16)
        assert np.allclose(layer.db, db, rtol=1e-12, atol=1e-16)
    direction = np.random.default_rng(6).normal(size=params.flat.shape)

    def objective(at: float) -> float:
        a = predict(network, Params(network, params.flat + at * direction), x)[-1]
        return float(0.5 * ((a - y) ** 2).sum() / rows)

    numeric = (objective(1e-5) - objective(-1e-5)) / 2e-5
    assert trace.gradient.flat @ direction == pytest.approx(numeric, rel=1e-6)


def test_a_threshold_is_a_bias_with_the_other_sign_to_the_last_bit() -> None:
    """Same seed, same network, whatever it is called: W, z, a, δ and dW have the same bits, θ and dθ the other sign."""
    (plain, b), (other, theta) = build("bias", "bias"), build("threshold", "threshold")
    x, y = data(5)
    one, two = one_pass(plain, b, x, y), one_pass(other, theta, x, y)
    for first, second in zip(one.layers, two.layers, strict=True):
        for name in ("z", "a", "delta", "dW"):
            assert getattr(first, name).tobytes() == getattr(second, name).tobytes(), name
        assert np.array_equal(first.db, -second.db)
    for mine, theirs in zip(b.b, theta.b, strict=True):
        assert np.array_equal(mine, -theirs)
        assert mine.any()
    assert b.fitted(other).flat.tobytes() == theta.flat.tobytes()
    assert theta.fitted(plain).flat.tobytes() == b.flat.tobytes()


def test_a_layer_without_biases_has_zeros_in_their_place_and_trains_none() -> None:
    network, params = build("none", "bias")
    assert not params.b[0].any()
    assert network.parameter_count == 2 * 4 + 4 * 3 + 3
    assert params_layout(network).trainable == network.parameter_count
    assert not one_pass(network, params, *data(5)).layers[0].db.any()
    assert network.biases == (False, True)
    given = [(W, np.ones_like(b)) for W, b in params]
    with pytest.raises(ValueError, match=r"layers\[0\]\.b: this layer has no biases, expected zeros"):
        Params.from_layers(network, given)  # type: ignore[arg-type]


def test_what_a_layer_without_biases_leaves_open_stays_as_it_is() -> None:
    bare, biased = build("none", "none")[1], build("bias", "threshold")[1]
    before = [b.copy() for b in biased.b]
    for number in (0, 1):
        biased.take(number, bare, number)
    assert all(np.array_equal(p, q) for p, q in zip(before, biased.b, strict=True))
    assert all(np.array_equal(p, q) for p, q in zip(bare.W, biased.W, strict=True))
    assert not any(b.any() for b in biased.fitted(bare.network).b)


def test_another_word_is_refused() -> None:
    with pytest.raises(ValueError, match="bias: expected one of bias, threshold, none, got 'offset'"):
        Dense(2, bias="offset")
    with pytest.raises(ValueError, match=r"expected layers of \(2, 4, 3\), got \(2, 2\)"):
        draw_params(Network(2, (Dense(2),)), 0).fitted(build("bias", "bias")[0])


def test_an_ordinary_bias_costs_what_it_did() -> None:
    """Two operations for z and one for db in a layer, and the functions that have always been called."""
    network, params = build("bias", "bias")
    trace = Trace.allocate(network, 1, params)
    functions = [function for function, _ in forward(network, params, trace)]
    assert functions.count(np.add) >= 2
    assert np.subtract not in functions
    lengths = set()
    for kinds in (("bias", "bias"), ("threshold", "threshold")):
        network, params = build(*kinds)
        trace = Trace.allocate(network, 5, params)
        lengths.add(len(forward(network, params, trace) + backward(network, params, trace, "bce", "sum")))
    assert len(lengths) == 1

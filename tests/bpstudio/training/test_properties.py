"""What holds for every network, whatever its layers, its function, its loss and its rule."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.engine.trace import Params, draw_params
from bpstudio.maths.activations import ACTIVATIONS, activation
from bpstudio.maths.initializers import Initializer
from bpstudio.maths.losses import LOSSES, loss
from bpstudio.training.arithmetic import compute_step
from bpstudio.training.clipping import ClipByNorm
from bpstudio.training.experiment import Experiment
from bpstudio.training.optimizers import OPTIMIZERS
from bpstudio.training.schedules import Cosine
from bpstudio.training.session import Session

Floats = NDArray[np.float64]

SMOOTH = [name for name, record in ACTIVATIONS.items() if record.has_gradient]
START = Initializer("normal", 0.7, "normal", 0.4)


@st.composite
def experiments(draw: st.DrawFn) -> Experiment:
    """A network of two or three dense layers with any functions, a loss that can take its outputs, any reduction."""
    hidden = draw(st.lists(st.tuples(st.integers(2, 5), st.sampled_from(SMOOTH)), min_size=1, max_size=2))
    output, name = draw(
        st.sampled_from(
            [
                ("identity", "half_squared_error"),
                ("tanh", "squared_error"),
                ("identity", "mean_absolute_error"),
                ("softplus", "huber(delta=0.4)"),
                ("sigmoid", "bce"),
                ("softmax", "categorical_ce"),
                ("softmax", "half_squared_error"),
                ("identity", "hinge"),
                ("tanh", "squared_hinge"),
                ("identity", "multiclass_hinge"),
            ]
        )
    )
    kinds = st.sampled_from(["bias", "threshold", "none"])
    layers = [Dense(units, function, START, bias=draw(kinds)) for units, function in hidden]
    network = Network(3, (*layers, Dense(3, output, START)))
    reduction = draw(st.sampled_from(["mean_batch", "mean_all", "sum"]))
    return Experiment(network, loss=name, reduction=reduction, seed=draw(st.integers(0, 99)))


def data(experiment: Experiment, rows: int) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(experiment.seed)
    y = np.eye(3)[rng.integers(0, 3, rows)]
    return rng.normal(size=(rows, 3)), 2 * y - 1 if experiment.loss in ("hinge", "squared_hinge") else y


@settings(max_examples=60, deadline=None)
@given(experiments(), st.integers(2, 7))
def test_the_gradient_of_a_batch_is_that_of_its_rows_together(experiment: Experiment, rows: int) -> None:
    params = draw_params(experiment.network, experiment.seed)
    x, y = data(experiment, rows)
    whole = compute_step(experiment, params, x, y)[0].gradient.flat
    alone = [compute_step(experiment, params, x[n : n + 1], y[n : n + 1])[0].gradient.flat for n in range(rows)]
    together = np.sum(alone, axis=0) / (1 if experiment.reduction == "sum" else rows)
    np.testing.assert_allclose(whole, together, rtol=1e-9, atol=1e-12 * max(1.0, np.abs(together).max()))


@settings(max_examples=60, deadline=None)
@given(experiments(), st.randoms(use_true_random=False))
def test_units_that_change_places_take_their_numbers_along(experiment: Experiment, random: object) -> None:
    network = experiment.network
    params = draw_params(network, experiment.seed)
    order = np.random.default_rng(experiment.seed + 1).permutation(network.sizes[1])
    other = params.copy()
    other.W[0][...], other.b[0][...] = params.W[0][order], params.b[0][order]
    other.W[1][...] = params.W[1][:, order]
    x, y = data(experiment, 4)
    (one, cost, _), (two, same, _) = (compute_step(experiment, p, x, y) for p in (params, other))
    assert same == pytest.approx(cost, rel=1e-12)
    for name in ("z", "a", "delta"):
        first, second = getattr(one.layers[0], name), getattr(two.layers[0], name)
        np.testing.assert_allclose(second, first[:, order], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(two.layers[0].dW, one.layers[0].dW[order], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(two.layers[1].dW, one.layers[1].dW[:, order], rtol=1e-9, atol=1e-12)


LAYOUTS = {
    "C": lambda x: x,
    "F": np.asfortranarray,
    "reversed": lambda x: np.ascontiguousarray(x[::-1, ::-1])[::-1, ::-1],
    "strided": lambda x: np.repeat(np.repeat(x, 2, axis=0), 2, axis=1)[::2, ::2],
    "big-endian": lambda x: x.astype(">f8"),
}


@settings(max_examples=25, deadline=None)
@given(experiments(), st.sampled_from(sorted(LAYOUTS)))
def test_how_data_lie_in_memory_changes_not_a_bit(experiment: Experiment, layout: str) -> None:
    x, y = data(experiment, 9)
    experiment = experiment.replace(batch_size=4)
    runs = [Session(experiment, Dataset.from_arrays(make(x), make(y))) for make in (LAYOUTS["C"], LAYOUTS[layout])]
    for run in runs:
        run.run(7)
    assert runs[0].params.flat.tobytes() == runs[1].params.flat.tobytes()


@pytest.mark.parametrize("kind", [np.int8, np.int64, np.uint16, np.bool_, np.float32])
def test_whole_numbers_are_numbers(kind: type) -> None:
    x = np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0], [0, 0, 1]])
    y = np.eye(3)[[0, 1, 2, 0]]
    experiment = Experiment(Network(3, (Dense(4, "tanh"), Dense(3, "softmax"))), loss="categorical_ce", batch_size=3)
    runs = [Session(experiment, Dataset.from_arrays(a, b)) for a, b in ((x * 1.0, y), (x.astype(kind), y.astype(kind)))]
    for run in runs:
        run.run(20)
    assert runs[0].params.flat.tobytes() == runs[1].params.flat.tobytes()


@pytest.mark.parametrize("rule", OPTIMIZERS)
def test_single_precision_stays_single_in_every_rule(rule: str) -> None:
    network = Network(3, (Dense(4, "gelu"), Dense(3, "softmax")))
    changes = {} if rule == "rprop" else {"schedule": Cosine(20)}
    experiment = Experiment(
        network,
        "categorical_ce",
        optimizer=OPTIMIZERS[rule](0.01),
        dtype="float32",
        clipping=ClipByNorm(1.0),
        **changes,
    )
    x, y = data(experiment, 12)
    run = Session(experiment, Dataset.from_arrays(x, y))
    run.run(5)
    frame = run.frame()
    states = [values.flat for part in (frame.state, frame.state_next) for values in part.values()]
    arrays = [frame.params.flat, frame.trace.arena, frame.trace.x, *states]
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}
    double = Session(experiment.replace(dtype="float64"), Dataset.from_arrays(x, y))
    double.run(5)
    np.testing.assert_allclose(run.params.flat, double.params.flat, atol=2e-5)


@pytest.mark.parametrize(("output", "name"), [("sigmoid", "bce"), ("softmax", "categorical_ce")])
@pytest.mark.parametrize("size", [40.0, 800.0, 1e5])
def test_extreme_scores_stay_finite_and_exact(output: str, name: str, size: float) -> None:
    network = Network(2, (Dense(2, output, bias="none"),))
    params = Params.from_layers(network, [([[size, 0.0], [0.0, size]], [0.0, 0.0])])
    x, y = np.array([[1.0, -1.0], [-1.0, 1.0]]), np.array([[0.0, 1.0], [0.0, 1.0]])
    trace, cost, rows = compute_step(Experiment(network, name, "sum"), params, x, y)
    assert np.isfinite(trace.arena).all()
    wrong = 2 * size  # two scores of that size each, or two that lie twice as far apart
    assert rows[0] == pytest.approx(wrong, rel=1e-12)
    assert rows[1] == pytest.approx(0.0, abs=1e-15)
    assert cost == pytest.approx(wrong, rel=1e-12)


def along(experiment: Experiment, params: Params, direction: Params, x: Floats, y: Floats) -> float:
    """dC along a direction in parameter space, in forward mode: every number carries its change along."""
    a, da = x, np.zeros_like(x)
    for layer, (W, b), (dW, db) in zip(experiment.network.layers, params, direction, strict=True):
        sign = {"bias": 1.0, "threshold": -1.0, "none": 0.0}[layer.bias]
        z, dz = a @ W.T + sign * b, da @ W.T + a @ dW.T + sign * db
        record = activation(layer.activation)
        a = record.f(z)
        da = a * (dz - (a * dz).sum(axis=1, keepdims=True)) if record.backward is None else record.df(z, a) * dz
    rule = loss(experiment.loss)
    with np.errstate(all="ignore"):
        slope = rule.da(a, y)
    return float((slope * da).sum()) * rule.scale(experiment.reduction, len(x), 3)


@settings(max_examples=80, deadline=None)
@given(experiments())
def test_forward_mode_along_any_direction_is_the_dot_product_with_the_gradient(experiment: Experiment) -> None:
    network = experiment.network
    params, direction = draw_params(network, experiment.seed), draw_params(network, experiment.seed + 1)
    x, y = data(experiment, 5)
    trace = compute_step(experiment, params, x, y)[0]
    with_bias = [
        np.concatenate([W.ravel(), b * layer.has_bias]) for layer, (W, b) in zip(network.layers, direction, strict=True)
    ]
    gradient = [np.concatenate([W.ravel(), b]) for W, b in trace.gradient]
    backward = sum(float(g @ v) for g, v in zip(gradient, with_bias, strict=True))
    scale = sum(float(np.abs(g) @ np.abs(v)) for g, v in zip(gradient, with_bias, strict=True))
    assert along(experiment, params, direction, x, y) == pytest.approx(backward, rel=1e-8, abs=1e-9 * max(scale, 1e-6))


def test_every_loss_and_function_is_in_the_draw() -> None:
    """A new one must be put into the tables above, or these properties are not asked of it."""
    assert {activation(name).family for name in SMOOTH} | {"step"} >= set(ACTIVATIONS)
    names = {"half_squared_error", "squared_error", "mean_absolute_error", "huber", "bce", "categorical_ce"}
    assert set(LOSSES) == names | {"hinge", "squared_hinge", "multiclass_hinge"}

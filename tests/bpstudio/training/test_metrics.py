"""A record of a million steps may be drawn from summaries, and must not lie about one of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.training.experiment import Experiment
from bpstudio.training.metrics import Series
from bpstudio.training.optimizers import SGD
from bpstudio.training.session import Session


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 700), min_size=1, max_size=12), st.data())
def test_an_envelope_is_the_true_one_however_it_was_appended(lengths: list[int], data: st.DataObject) -> None:
    total = sum(lengths)
    values = np.random.default_rng(total).normal(size=(total, 2))
    series = Series(2)
    for start, length in zip(np.cumsum([0, *lengths[:-1]]), lengths, strict=True):
        series.append(values[start : start + length])
    start = data.draw(st.integers(0, total - 1))
    stop = data.draw(st.integers(start + 1, total))
    points = data.draw(st.integers(2, 300))
    steps, low, high = series.view().envelope(1, start, stop, points)
    assert len(steps) <= points + 16
    assert np.all(np.diff(steps) > 0)
    assert steps[0] <= start
    # Cells begin at multiples of a power of 16, so the first may reach a little to the left of the range.
    begin = int(steps[0])
    assert low.min() == values[begin:stop, 1].min()
    assert high.max() == values[begin:stop, 1].max()
    bounds = [*steps.tolist(), stop]
    for cell in range(len(steps)):
        part = values[bounds[cell] : bounds[cell + 1], 1]
        assert (low[cell], high[cell]) == (part.min(), part.max())


def test_a_spike_survives_a_million_steps_and_a_budget() -> None:
    series = Series(1)
    for block in range(100):
        values = np.zeros((10_000, 1))
        if block == 3:
            values[1234] = 99.0
        series.append(values)
        series.forget(2_000_000)
    assert series.nbytes <= 2_100_000
    view = series.view()
    steps, _, high = view.envelope(0, 0, 1_000_000, 1000)
    assert high.max() == 99.0
    cell = int(np.argmax(high))
    assert steps[cell] <= 31_234 < steps[cell + 1]
    assert view.row(31_234) is None, "the exact value was given up"
    assert view.row(999_999) is not None


def test_a_view_does_not_see_what_is_appended_later() -> None:
    series = Series(1)
    series.append(np.arange(10.0)[:, None])
    view = series.view()
    series.append(np.full((5000, 1), 7.0))
    assert view.length == 10
    assert view.envelope(0, 0, 5010, 50)[1].tolist() == list(range(10))


@pytest.mark.parametrize("widths", [(3, 4, 2), (40, 60, 10)])
def test_numbers_do_not_depend_on_when_they_were_asked_for(widths: tuple[int, ...]) -> None:
    # Steps are reduced a block at a time; a frame in between cuts the blocks differently.
    rng = np.random.default_rng(0)
    data = Dataset.from_arrays(
        rng.normal(size=(64, widths[0])), np.eye(widths[-1])[rng.integers(0, widths[-1], 64)], task="classes",
        class_names=[str(n) for n in range(widths[-1])],
    )  # fmt: skip
    network = Network(widths[0], (Dense(widths[1], "tanh"), Dense(widths[1], "relu"), Dense(widths[-1], "softmax")))
    experiment = Experiment(network, loss="categorical_ce", optimizer=SGD(0.1), batch_size=10)
    often, once = Session(experiment, data), Session(experiment, data)
    for steps in (1, 1, 3, 7, 1, 40, 100, 2, 300):
        often.run(steps)
        often.frame()
    once.run(455)
    columns = once.frame().metrics.columns
    assert np.array_equal(
        often.frame().metrics.table(columns)[1], once.frame().metrics.table(columns)[1], equal_nan=True
    )


@pytest.mark.parametrize("widths", [(3, 4), (40, 60)])
def test_recorded_numbers_are_what_the_trace_says(widths: tuple[int, int]) -> None:
    # Short steps are recorded whole, long ones as sums: both must mean the same.
    rng = np.random.default_rng(1)
    inputs, hidden = widths
    x = rng.normal(size=(50, inputs)) * 2
    data = Dataset.from_arrays(x, (x[:, :1] > 0).astype(float), task="binary")
    network = Network(inputs, (Dense(hidden, "tanh", train_weights=False), Dense(hidden, "relu"), Dense(1, "sigmoid")))
    session = Session(Experiment(network, loss="bce", optimizer=SGD(0.5), batch_size=20), data)
    for _ in range(5):
        session.step()
        frame = session.frame()
        metrics = {name: frame.metrics.value(name, frame.step) for name in frame.metrics.columns}
        for number, layer in enumerate(frame.trace.layers, 1):
            assert metrics[f"norm/{number}"] == pytest.approx(np.linalg.norm(layer.dW), rel=1e-13)
        assert metrics["gradient_norm"] == pytest.approx(frame.gradient_norm, rel=1e-13)
        tanh, relu, sigmoid = frame.trace.layers
        assert tanh.slope is not None
        assert relu.slope is not None
        assert sigmoid.slope is not None
        assert metrics["saturation/1"] == pytest.approx(np.mean(1 - tanh.slope), abs=1e-13)
        assert metrics["saturation/3"] == pytest.approx(np.mean(1 - sigmoid.slope / 0.25), abs=1e-13)
        assert metrics["flat/1"] == np.mean(tanh.slope < 0.1)
        assert metrics["off/2"] == pytest.approx(np.mean(relu.z <= 0), abs=1e-13)
        pairs = np.concatenate([(tanh.slope < 0.1).ravel(), (sigmoid.slope < 0.025).ravel()])
        assert metrics["flat_share"] == pytest.approx(pairs.mean(), abs=1e-13)
        assert metrics["accuracy"] == np.mean((sigmoid.a > 0.5) == (frame.trace.y > 0.5))
        for name in ("saturation/2", "off/1"):
            value = metrics[name]
            assert value is not None
            assert np.isnan(value)
        _, cells, units = frame.metrics.units(frame.step, frame.step + 1)
        assert units == (*((1, j) for j in range(hidden)), (3, 0))
        assert cells[-1, 0] == round(float(255 * (1 - tanh.slope[:, 0].mean())))


def test_curves_of_a_changed_network_leave_a_gap_not_a_lie() -> None:
    data = Dataset.from_arrays([[0.0], [1.0]], [[0.0], [1.0]])
    two = Network(1, (Dense(2, "tanh"), Dense(1, "identity")))
    three = Network(1, (Dense(2, "tanh"), Dense(2, "tanh"), Dense(1, "identity")))
    session = Session(Experiment(two, batch_size=0), data)
    session.run(10)
    session.apply(experiment=session.experiment.replace(network=three))
    session.run(5)
    metrics = session.frame().metrics
    assert metrics.curve("norm/3")[0].tolist() == list(range(10, 16))
    assert metrics.curve("loss")[0].tolist() == list(range(16))
    assert metrics.value("norm/3", 5) is None
    assert metrics.units()[2] == ((1, 0), (1, 1), (2, 0), (2, 1))
    session.seek(4)
    steps, _, units = session.frame().metrics.units(at=4)
    assert (steps[0], steps[-1], units) == (0, 9, ((1, 0), (1, 1))), "units of the network that is looked at"


@settings(max_examples=60, deadline=None)
@given(st.sets(st.integers(0, 6999), max_size=8), st.integers(1, 7000), st.integers(1, 20_000))
def test_a_stretch_that_ends_now_is_found_exactly_and_never_too_long(on: set[int], length: int, budget: int) -> None:
    """Whole, the record says where the stretch begins; thinned, it may say a later place, never an earlier one."""
    values = np.full((length, 2), (0, 255), np.uint8)
    there = [place for place in on if place < length]
    values[there, 1] = 254
    series = Series(2, np.uint8)
    series.append(values)
    begins = max(there, default=-1) + 1
    assert series.view().constant_since(1, 255, length) == begins
    series.forget(budget)
    assert begins <= series.view().constant_since(1, 255, length) <= length


def test_a_long_stretch_is_found_through_its_summaries() -> None:
    series = Series(1, np.uint8)
    values = np.full((50_000, 1), 255, np.uint8)
    values[12_345] = 254
    series.append(values)
    assert series.view().constant_since(0, 255, 50_000) == 12_346
    assert series.view().constant_since(0, 255, 12_346) == 12_346
    assert series.view().constant_since(0, 255, 12_345) == 0


def test_a_unit_is_off_since_the_last_batch_that_switched_it_on() -> None:
    network = Network(1, (Dense(3, "relu"), Dense(1, "identity")))
    data = Dataset.from_arrays([[1.0], [2.0], [3.0], [-1.0]], [[1.0], [2.0], [3.0], [0.0]])
    run = Session(Experiment(network, optimizer=SGD(0.01), batch_size=2), data)
    run.run(37)
    params = run.params
    params.W[0][1], params.b[0][1] = 0.0, -1.0  # off from step 37 on
    params.W[0][2], params.b[0][2] = 0.0, 1.0  # never off again
    run.apply(params=params)
    run.run(20)
    metrics = run.frame().metrics
    assert metrics.off_since(1, 1, 57) is not None
    assert metrics.off_since(1, 2, 57) is None
    seen = {}
    run.seek(0)
    for step in range(58):
        run.seek(step)
        seen[step] = (run.trace.layers[0].z <= 0).all(axis=0)
    for unit in range(3):
        for step in range(58):
            begins = step + 1
            while begins > 0 and seen[begins - 1][unit]:
                begins -= 1
            assert metrics.off_since(1, unit, step) == (begins if begins <= step else None)
    assert metrics.units()[2] == (), "ReLU units are no columns of the saturation map"

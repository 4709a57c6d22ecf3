"""The curves of a run as arrays and as a frame: nothing invented, and what was thinned says so."""

import numpy as np
import pytest

import bpstudio
from bpstudio.training.session import Session


def trained(budget: int = 2**28, steps: int = 300) -> Session:
    data = bpstudio.Dataset.from_arrays([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], task="binary")
    network = bpstudio.Network(2, (bpstudio.Dense(3, "tanh"), bpstudio.Dense(1, "sigmoid")))
    session = Session(bpstudio.Experiment(network, loss="bce", batch_size=2, seed=1), data, budget=budget)
    session.run(steps)
    return session


def test_arrays_hold_every_step_by_column():
    session = trained()
    metrics = session.metrics
    arrays = metrics.arrays()
    assert list(arrays) == ["step", *metrics.columns]
    assert arrays["step"].tolist() == list(range(301))
    for name in ("loss", "gradient_norm", "norm/2"):
        assert arrays[name][137] == metrics.value(name, 137)
    session.seek(200)
    assert arrays["loss"][200] == session.loss
    arrays["loss"][0] = -1.0  # they are the caller's own
    assert session.metrics.value("loss", 0) != -1.0


def test_columns_that_came_with_an_edit_are_nan_before_it():
    session = trained()
    session.apply(session.experiment.replace(penalties=(bpstudio.L2(0.1),)))
    session.run(50)
    arrays = session.metrics.arrays()
    assert np.isnan(arrays["penalty"][299])
    assert arrays["penalty"][300] > 0
    assert len(arrays["step"]) == 351


@pytest.mark.parametrize("extremes", [False, True])
def test_a_frame_holds_the_same_numbers(extremes):
    session = trained()
    table = session.metrics.to_polars(extremes)
    arrays = session.metrics.arrays()
    assert set(table["steps"].to_list()) == {1}
    for name, values in arrays.items():
        assert np.array_equal(table[name].to_numpy(), values, equal_nan=True)
    assert ("loss min" in table.columns) == extremes
    if extremes:
        assert table["loss min"].to_list() == table["loss max"].to_list() == table["loss"].to_list()


def test_a_thinned_stretch_says_how_many_steps_a_row_stands_for():
    whole, thin = trained(steps=3500), trained(budget=2**18, steps=3500)
    exact = thin.metrics.arrays()["step"]
    assert 0 < len(exact) < 3501
    table, every = thin.metrics.to_polars(extremes=True), whole.metrics.arrays()["loss"]
    starts, counts = table["step"].to_numpy(), table["steps"].to_numpy()
    # Without a gap and without an overlap, the old ones in larger cells.
    assert starts[0] == 0
    assert np.array_equal(starts[1:], (starts + counts)[:-1])
    assert starts[-1] + counts[-1] == 3501
    assert counts.max() > 1
    for start, count, mean, low, high in zip(
        starts, counts, table["loss"], table["loss min"], table["loss max"], strict=True
    ):
        stretch = every[start : start + count]
        assert (low, high) == (stretch.min(), stretch.max())
        assert mean == pytest.approx(stretch.mean(), rel=1e-12)


def test_a_cell_that_another_branch_shares_tells_nothing_of_its_future():
    session = trained(budget=2**18, steps=3500)
    assert session.metrics.value("loss", 100) is None
    session.seek(100)
    session.apply(session.experiment.replace(optimizer=bpstudio.SGD(0.1)))
    session.run(20)
    table = session.metrics.to_polars()
    starts, counts, loss = (table[name].to_list() for name in ("step", "steps", "loss"))
    place = starts.index(96)
    assert (counts[place], starts[place + 1]) == (4, 100)
    assert np.isnan(loss[place])
    assert not np.isnan(loss[place - 1])
    assert not np.isnan(loss[place + 1])

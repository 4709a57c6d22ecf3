"""Differences between two networks, and why there are none."""

import numpy as np

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.engine.trace import draw_params
from bpstudio.insight.compared import differences, obstacle
from bpstudio.training.experiment import Experiment
from bpstudio.training.optimizers import SGD
from bpstudio.training.session import Session


def session() -> Session:
    data = Dataset.from_arrays(np.linspace(-1, 1, 8)[:, None], np.linspace(0, 1, 8)[:, None])
    return Session(Experiment(Network(1, (Dense(3, "tanh"), Dense(1))), optimizer=SGD(0.1), batch_size=4), data)


def test_a_difference_is_own_minus_other_biases_last() -> None:
    own, other = (draw_params(Network(2, (Dense(3), Dense(1))), seed) for seed in (1, 2))
    first, second = differences(own, other)
    assert np.array_equal(first[:, :2], own.W[0] - other.W[0])
    assert np.array_equal(first[:, 2], own.b[0] - other.b[0])
    assert second.shape == (1, 4)


def test_a_layer_of_another_shape_has_no_difference_which_is_not_0() -> None:
    own = draw_params(Network(2, (Dense(3), Dense(4), Dense(1))), 1)
    other = draw_params(Network(2, (Dense(3), Dense(2), Dense(1))), 2)
    first, second, third = differences(own, other)
    assert np.isfinite(first).all()
    assert np.isnan(second).all()
    assert np.isnan(third).all()
    assert all(np.isnan(part).all() for part in differences(own, None))
    shorter = draw_params(Network(2, (Dense(3),)), 2)
    assert [bool(np.isnan(part).all()) for part in differences(own, shorter)] == [False, True, True]


def test_it_is_said_why_nothing_can_be_compared() -> None:
    run = session()

    def why() -> str:
        found = obstacle(run.frame(), "first run")
        return "" if found is None else found.text

    run.run(10)
    assert why() == "no branch is compared"
    run.compare(1)
    assert run.frame().compared == 1
    assert why() == "the run is on first run itself"
    run.seek(5)
    run.apply(run.experiment.replace(optimizer=SGD(0.5)))
    assert why() == ""
    run.run(3)
    assert why() == ""
    run.run(5)
    assert why() == "first run ends at step 10"
    run.seek(6)
    run.apply(run.experiment.replace(network=Network(1, (Dense(3, "tanh"), Dense(2), Dense(1)))))
    found = differences(run.frame().params, run.frame().beside.params)  # type: ignore[union-attr]
    assert [bool(np.isnan(part).all()) for part in found] == [False, True, True]
    run.seek(6)
    run.apply(run.experiment.replace(network=Network(1, (Dense(2, "tanh"), Dense(1)))))
    assert why() == "first run has other layers"
    run.restart(run.experiment, run.dataset, run.params, is_other=True)
    assert run.frame().compared is None

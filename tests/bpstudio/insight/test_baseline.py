import numpy as np
import pytest

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.insight.baseline import constant_loss
from bpstudio.training.experiment import Experiment


def experiment(units: int, activation: str, loss: str, **changes: object) -> Experiment:
    return Experiment(Network(1, (Dense(units, activation),)), loss=loss, **changes)  # type: ignore[arg-type]


def test_ten_equal_classes_cost_the_logarithm_of_ten():
    dataset = Dataset.from_arrays(np.arange(20.0), np.repeat(np.arange(10), 2), task="classes")
    assert constant_loss(experiment(10, "softmax", "categorical_ce"), dataset) == pytest.approx(np.log(10))


def test_a_regression_costs_half_its_variance_and_validation_rows_do_not_count():
    y = np.array([1.0, 2.0, 4.0, 5.0, 1000.0])
    dataset = Dataset.from_arrays(np.arange(5.0), y, validation=[4])
    assert constant_loss(experiment(1, "identity", "half_squared_error"), dataset) == pytest.approx(y[:4].var() / 2)


def test_the_reduction_is_that_of_the_steps_it_is_compared_with():
    y = np.array([[0.0, 2.0], [2.0, 0.0], [0.0, 0.0], [2.0, 2.0]])
    dataset = Dataset.from_arrays(np.arange(4.0), y)
    values = {
        (reduction, size): constant_loss(
            experiment(2, "identity", "squared_error", reduction=reduction, batch_size=size), dataset
        )
        for reduction in ("mean_batch", "mean_all", "sum")
        for size in (0, 3)
    }
    assert values == {
        ("mean_batch", 0): 2.0, ("mean_batch", 3): 2.0, ("mean_all", 0): 1.0, ("mean_all", 3): 1.0,
        ("sum", 0): 8.0, ("sum", 3): 6.0,
    }  # fmt: skip


def test_a_yes_no_task_costs_the_entropy_of_its_share():
    dataset = Dataset.from_arrays(np.arange(4.0), [0, 0, 0, 1], task="binary")
    entropy = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    assert constant_loss(experiment(1, "sigmoid", "bce"), dataset) == pytest.approx(entropy)


def test_an_answer_that_the_loss_does_not_allow_is_no_number():
    dataset = Dataset.from_arrays(np.arange(3.0), [-1.0, 2.0, -3.0])
    assert constant_loss(experiment(1, "tanh", "bce"), dataset) == np.inf

"""What a frame says of its step."""

import numpy as np

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.engine.trace import Params
from bpstudio.training.experiment import Experiment
from bpstudio.training.session import Session


def test_gradient_too_large_to_square_is_infinite_and_says_nothing_else() -> None:
    experiment = Experiment(Network(1, (Dense(1, "identity", train_bias=False),)))
    start = Params.from_layers(experiment.network, [([[1e150]], [0.0])])
    made = Session(experiment, Dataset.from_arrays([[1e50]], [[0.0]]), start)
    assert made.frame().gradient_norm == np.inf

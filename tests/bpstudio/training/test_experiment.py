"""An experiment is valid by construction, and says by name what is not."""

import json

import pytest

from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.maths.initializers import Initializer
from bpstudio.training.experiment import Experiment
from bpstudio.training.optimizers import SGD, Momentum

IMAGE = Experiment(
    Network(
        6,
        (
            Dense(3, "tanh", Initializer("normal", 0.5, "normal", 0.1), train_bias=False, name="edges"),
            Dense(2, "softmax"),
        ),
        (2, 3),
    ),
    loss="categorical_ce",
    optimizer=Momentum(0.1, 0.8),
    batch_size=0,
    seed=12345678901234567,
    shuffle=False,
    update_order="sequential",
    dtype="float32",
    flat_threshold=0.25,
)


def test_what_is_written_is_read_as_equal() -> None:
    for experiment in (IMAGE, Experiment(Network(1, (Dense(1),)))):
        assert Experiment.from_dict(json.loads(json.dumps(experiment.to_dict()))) == experiment


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("network", "layers", 0, "units"), 0, r"^network.layers\[0\].units: expected a whole number of at least 1"),
        (("network", "layers", 0, "units"), "3", r"^network.layers\[0\].units: expected a whole number, got '3'"),
        (("network", "layers", 0, "units"), True, r"^network.layers\[0\].units: expected a whole number, got True"),
        (("network", "layers", 1, "activation"), "relux", r"^network.layers\[1\].activation: expected one of"),
        (("network", "layers", 1, "type"), "conv", r"^network.layers\[1\].type: expected one of dense"),
        (("network", "layers", 0, "unit"), 3, r"^network.layers\[0\].unit: unknown; expected units"),
        (
            ("network", "layers", 0, "initializer", "std"),
            -1.0,
            r"^network.layers\[0\].initializer.std: expected a finite",
        ),
        (("network", "layers"), {}, r"^network.layers: expected a list, got an object"),
        (("network", "inputs"), None, r"^network.inputs: expected a whole number, got nothing"),
        (("network", "input_shape"), [2, 2], r"^network.input_shape: 2×2 pixels are not 6 inputs"),
        (("network", "input_shape"), [2, "3"], r"^network.input_shape: expected \[height, width\]"),
        (("optimizer", "rate"), 0, r"^optimizer.rate: expected a finite number above 0"),
        (("optimizer", "rate"), -0.5, r"^optimizer.rate: expected a finite number above 0"),
        (("optimizer", "rate"), float("nan"), r"^optimizer.rate: expected a finite number above 0"),
        (("optimizer", "rate"), 10**400, r"^optimizer.rate: the number is too large"),
        (("optimizer", "momentum"), 1.0, r"^optimizer.momentum: expected a number from 0 to below 1"),
        (("optimizer", "name"), "adem", r"^optimizer.name: expected one of sgd, momentum, .*, got 'adem'"),
        (("loss",), "mse", r"^loss: expected one of half_squared_error"),
        (("reduction",), "mean", r"^reduction: expected one of"),
        (("batch_size",), -1, r"^batch_size: expected a whole number of at least 0"),
        (("batch_size",), 2.0, r"^batch_size: expected a whole number, got 2.0"),
        (("seed",), 2**70, r"^seed: expected a whole number"),
        (("update_order",), "both", r"^update_order: expected one of"),
        (("dtype",), "float16", r"^dtype: expected one of"),
        (("flat_threshold",), 0.0, r"^flat_threshold: expected a number above 0"),
        (("network",), [], r"^network: expected an object, got a list"),
    ],
)
def test_a_wrong_value_is_named_by_its_path(path: tuple[str | int, ...], value: object, message: str) -> None:
    values = IMAGE.to_dict()
    place = values
    for key in path[:-1]:
        place = place[key]  # type: ignore[index]
    place[path[-1]] = value  # type: ignore[index]
    with pytest.raises(ValueError, match=message):
        Experiment.from_dict(values)


def test_what_is_missing_is_named() -> None:
    values = IMAGE.to_dict()
    del values["network"]["inputs"]
    with pytest.raises(ValueError, match=r"^network.inputs: missing"):
        Experiment.from_dict(values)


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf"), True, "0.1"])
def test_a_rate_that_is_no_rate_is_refused(rate: object) -> None:
    with pytest.raises(ValueError, match=r"optimizer.rate: expected a finite number above 0"):
        SGD(rate)  # type: ignore[arg-type]
    assert SGD(1e300).rate == 1e300, "it will diverge, and that is worth seeing"

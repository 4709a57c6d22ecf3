"""Reference cases: one network, its data, and what another program computed for them.

A case is run through the very Session that trains in the window, and every number that it expects is compared. What a
case asks for and this program does not have is named and skipped: an option that is not understood is never ignored.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.engine.passes import input_gradient
from bpstudio.engine.trace import Params
from bpstudio.files.case_document import Array, read
from bpstudio.files.case_verdict import Verdict, judge
from bpstudio.maths.activations import ACTIVATIONS
from bpstudio.maths.losses import LOSSES
from bpstudio.training.arithmetic import accuracy
from bpstudio.training.evaluation import evaluate
from bpstudio.training.experiment import Experiment
from bpstudio.training.optimizers import SGD, Momentum, Optimizer
from bpstudio.training.session import Session

# What a file can bring about that is not the document it claims to be.
_MALFORMED = (ArithmeticError, AttributeError, LookupError, MemoryError, OSError, TypeError, ValueError)

MAX_STEPS = 1_000_000


def verify(path: Path) -> Verdict:
    """Read, run and judge one case. Nothing in a file makes it raise: what cannot be read or run is a FAIL."""
    try:
        case = read(path)
    except _MALFORMED as problem:
        return Verdict(path.stem, "FAIL", detail=f"cannot be read: {_said(problem)}")
    name = str(case.get("id", path.stem))
    question = {key: value for key, value in case.items() if key not in ("expected", "published")}
    try:
        got = run(question)
    except NotImplementedError as missing:
        return Verdict(name, "SKIP", detail=str(missing))
    except _MALFORMED as problem:
        return Verdict(name, "FAIL", detail=_said(problem))
    try:
        return judge(name, case, got)
    except _MALFORMED as problem:
        return Verdict(name, "FAIL", detail=f"what it expects cannot be compared: {_said(problem)}")


def _said(problem: Exception) -> str:
    return f"{problem.args[0]!r} is missing" if isinstance(problem, KeyError) else str(problem) or repr(problem)


# Understanding


class _Missing(list[str]):
    """The features that a case asks for and this program lacks, each by its name in the case."""

    def unless(self, supported: bool, feature: str) -> None:
        if not supported and feature not in self:
            self.append(feature)

    def other_keys(self, found: Mapping[str, Any], place: str, known: set[str]) -> None:
        for key in sorted(found.keys() - known):
            self.unless(False, f"{place}.{key}")

    def refuse(self) -> None:
        if self:
            raise NotImplementedError(", ".join(self))


_DOCUMENT = {
    *("format", "id", "set", "title", "tags", "optional", "notes", "source", "dtype", "network", "loss", "optimizer"),
    *("regularization", "schedule", "gradient_clipping", "batches", "checkpoints", "history_steps", "want_predictions"),
    *("tolerance", "optional_keys", "init", "data", "arrays_file", "expected", "published"),
}


def _refuse_what_is_missing(case: Mapping[str, Any]) -> None:
    missing = _Missing()
    missing.other_keys({key: 0 for key in case if not key.startswith("_")}, "case", _DOCUMENT)
    missing.unless(case.get("dtype", "float64") == "float64", f"dtype {case.get('dtype')}")
    network = case["network"]
    layers = network["layers"]
    for number, layer in enumerate(layers):
        if layer["type"] != "dense":
            missing.unless(False, f"layer {layer['type']}")
            continue
        known = {"type", "units", "activation", "use_bias", "bias_sign", "train_bias", "train_weights"}
        missing.other_keys(layer, "dense", known)
        missing.unless(layer.get("bias_sign", "plus") in ("plus", "minus"), f"bias_sign {layer.get('bias_sign')}")
        name = layer["activation"]["name"]
        missing.unless(name in ACTIVATIONS, f"activation {name}")
        if name in ACTIVATIONS:
            missing.other_keys(layer["activation"], f"activation {name}", {"name"})
            missing.unless(name != "softmax" or number == len(layers) - 1, "softmax in a hidden layer")
    if not missing:
        missing.unless(len(network["input_shape"]) == 1, "input_shape with channels")
    missing.unless(case["loss"]["name"] in LOSSES, f"loss {case['loss']['name']}")
    if case["loss"]["name"] in LOSSES:
        missing.other_keys(case["loss"], "loss", {"name", "reduction"})
    for name, value in (case.get("regularization") or {}).items():
        missing.unless(name == "apply_to" or not value, f"regularization {name}")
    schedule = case.get("schedule") or {"name": "constant"}
    missing.unless(schedule["name"] == "constant", f"schedule {schedule['name']}")
    missing.unless(not case.get("gradient_clipping"), "gradient_clipping")
    rule = case.get("optimizer") or {"name": "sgd"}
    missing.unless(rule["name"] in ("sgd", "momentum"), f"optimizer {rule['name']}")
    if rule["name"] in ("sgd", "momentum"):
        missing.unless(not rule.get("weight_decay"), "optimizer.weight_decay")
        missing.unless(rule.get("bias_lr_mult", 1) == 1, "optimizer.bias_lr_mult")
        known = {"name", "lr", "update_order", "weight_decay", "decay_bias", "bias_lr_mult"}
        missing.other_keys(
            rule, "optimizer", known | ({"momentum", "velocity"} if rule["name"] == "momentum" else set())
        )
    missing.refuse()


def _optimizer(rule: Mapping[str, Any] | None) -> Optimizer:
    if rule is None:
        return SGD(1.0)  # nothing is updated: the case compares one gradient
    if rule["name"] == "sgd":
        return SGD(float(rule["lr"]))
    # The "classic" velocity has the rate inside, v' = μv' + ηg. While the rate is constant, and no schedule came this
    # far, v' = ηv at every step by induction, so that both make the same update.
    return Momentum(float(rule["lr"]), float(rule["momentum"]))


def _reduction(description: Mapping[str, Any]) -> str:
    # In this format an element of the categorical cross-entropy is a row, so that the mean over all of them is the mean
    # over the batch. Here an element is an output, as it is for the other losses.
    if description["name"] == "categorical_ce" and description["reduction"] == "mean_all":
        return "mean_batch"
    return str(description["reduction"])


def _bias(layer: Mapping[str, Any]) -> str:
    if not layer.get("use_bias", True):
        return "none"
    return "threshold" if layer.get("bias_sign", "plus") == "minus" else "bias"


def _experiment(case: Mapping[str, Any]) -> tuple[Experiment, Params]:
    layers = case["network"]["layers"]
    dense = tuple(
        Dense(
            units=layer["units"],
            activation=layer["activation"]["name"],
            train_weights=layer.get("train_weights", True),
            train_bias=layer.get("train_bias", True),
            bias=_bias(layer),
        )
        for layer in layers
    )
    network = Network(case["network"]["input_shape"][0], dense)
    start = Params.from_layers(
        network,
        [
            (values["W"], values["b"] if layer.get("use_bias", True) else np.zeros(layer["units"]))
            for layer, values in zip(layers, case["init"], strict=True)
        ],
    )
    rule = case.get("optimizer")
    experiment = Experiment(
        network,
        loss=case["loss"]["name"],
        reduction=_reduction(case["loss"]),
        optimizer=_optimizer(rule),
        batch_size=0,
        shuffle=False,
        update_order=(rule or {}).get("update_order", "simultaneous"),
    )
    return experiment, start


# Running


def run(case: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that a case may expect, as its format names it. `case` is what `read` returns.

    Raises NotImplementedError that names the missing features.
    """
    _refuse_what_is_missing(case)
    experiment, start = _experiment(case)
    dataset = Dataset.from_arrays(case["data"]["X"], case["data"]["Y"])
    batches = case.get("batches")
    session = Session(experiment, dataset, start=start, batches=batches)

    # A case's delta is the derivative, from which the sequential order departs below the output; only its updates do.
    simultaneous = experiment.replace(update_order="simultaneous")
    frame = Session(simultaneous, dataset, start=start, batches=batches).frame()
    result: dict[str, Any] = {
        "loss": frame.loss,
        "objective": frame.loss,
        "layers": [
            {name: np.array(getattr(layer, name)) for name in ("z", "a", "delta", "dW", "db")[: 4 + has_bias]}
            for layer, has_bias in zip(frame.trace.layers, experiment.network.biases, strict=True)
        ],
        "dX": np.array(input_gradient(frame.trace)),
    }
    if case.get("optimizer") is None:
        return result

    history: list[float] = []
    params_after: dict[str, list[dict[str, Array]]] = {}
    wanted_history = int(case.get("history_steps", 0))
    checkpoints = {int(step) for step in case.get("checkpoints", ())}
    last = max({wanted_history, *checkpoints})
    if last > MAX_STEPS:
        raise ValueError(f"case: expected at most {MAX_STEPS:,} steps, got {last:,}")
    for step in range(last + 1):
        if step in checkpoints:
            params_after[str(step)] = _parameters(session.frame().params)
        if step < wanted_history:
            history.append(session.frame().loss)
        if step < last:
            session.step()
    frame = session.frame()
    result["history"] = {"objective": np.array(history), "lr": np.full(len(history), experiment.optimizer.rate)}
    result["params_after"] = params_after
    answers = session.predict(dataset.x)
    result["final_objective"] = evaluate(experiment, frame.params, dataset, np.arange(dataset.rows))[0]
    result["final_accuracy"] = float(accuracy("binary" if dataset.outputs == 1 else "classes", answers, dataset.y))
    return result


def _parameters(params: Params) -> list[dict[str, Array]]:
    return [
        {"W": W.copy(), "b": b.copy()} if has_bias else {"W": W.copy()}
        for has_bias, (W, b) in zip(params.network.biases, params, strict=True)
    ]

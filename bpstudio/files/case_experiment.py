"""What a reference case describes, in the words of this program: experiment, data, start values, batches.

Every option of a case is taken by its name, and what nobody took is named: a case that asks for something that this
program has not, or does not know, is skipped and never run as if it had not asked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import (
    Activate,
    AvgPool2D,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Layer,
    MaxPool2D,
)
from bpstudio.engine.network import Network
from bpstudio.engine.trace import Params
from bpstudio.files import case_training
from bpstudio.files.case_options import Options
from bpstudio.maths import activations
from bpstudio.maths.penalties import L1, L2, KLSparsity, Penalty, RunningSparsity
from bpstudio.training.experiment import Experiment

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Question:
    """A case without its answers: what is trained on what, from which parameters, with which rows in each update."""

    experiment: Experiment
    dataset: Dataset
    start: Params
    batches: tuple[Array, ...] | None


def understand(case: Mapping[str, Any]) -> Question:
    """The experiment of a case as ``case_document.read`` gives it.

    Raises NotImplementedError that names all that is not understood, KeyError or ValueError that names what cannot be.
    """
    missing: list[str] = []
    try:
        return _understood(Options(case, "", missing))
    except (KeyError, ValueError):
        if not missing:
            raise
        # What is not understood may well be the reason.
        raise _lacking(missing) from None


def _lacking(missing: Sequence[str]) -> NotImplementedError:
    return NotImplementedError(", ".join(dict.fromkeys(missing)))


def _understood(top: Options) -> Question:
    top.drop("format", "id", "set", "title", "tags", "optional", "notes", "source", "arrays_file", "expected")
    top.drop("published", "tolerance", "optional_keys", "checkpoints", "history_steps", "want_predictions")
    top.choice("dtype", {"float64": None}, "float64")
    described = top.inner("network")
    shape = _shape(described.take("input_shape"))
    layers = [_layer(each) for each in described.inner_list("layers")]
    described.close()
    loss, reduction = _loss(top.inner("loss"))
    penalties = _penalties(top.inner("regularization", {}))
    rule, order = case_training.optimizer(top.inner("optimizer", {"name": "sgd", "lr": 1.0}))
    schedule = case_training.schedule(top.inner("schedule", {"name": "constant"}))
    clipping = case_training.clipping(top.inner("gradient_clipping", {}))
    data = top.inner("data")
    x, y = data.take("X"), data.take("Y")
    data.drop("preprocess_X", "preprocess_Y", "layout_X", "layout_Y", "dtype_X", "dtype_Y")
    data.close()
    batches, init = top.take("batches", None), top.take("init")
    top.close()
    if top.missing:
        raise _lacking(top.missing)
    # What could not be understood has been named by now, so that nothing is left out here.
    known = tuple(layer for layer in layers if layer is not None)
    network = Network(math.prod(shape), known, shape if len(shape) == 3 else None)
    experiment = Experiment(
        network,
        loss=loss,
        reduction=reduction,
        optimizer=rule,
        batch_size=0,
        shuffle=False,
        update_order=order,
        schedule=schedule,
        clipping=clipping,
        penalties=penalties,
    )
    return Question(experiment, _dataset(x, y, network), _start(network, init), _batches(batches))


# The network


def _shape(found: object) -> tuple[int, ...]:
    good = isinstance(found, list) and len(found) in (1, 3) and all(type(n) is int and n > 0 for n in found)
    if not good or not isinstance(found, list):
        raise ValueError(f"network.input_shape: expected [features] or [channels, height, width], got {found!r}")
    return tuple(found)


def _layer(options: Options) -> Layer | None:
    kind = options.take("type")
    build = _LAYERS.get(kind) if isinstance(kind, str) else None
    if build is None:
        options.lacks(f"layer {kind}")
        return None
    options.place = str(kind)
    layer = build(options)
    options.close()
    return layer


def _weighted(options: Options) -> dict[str, Any]:
    """What dense and convolutional layers have in common."""
    bias = options.choice("bias_sign", {"plus": "bias", "minus": "threshold"}, "plus")
    return {
        "activation": _activation(options.inner("activation")),
        "bias": bias if options.flag("use_bias", True) else "none",
        "train_weights": options.flag("train_weights", True),
        "train_bias": options.flag("train_bias", True),
    }


def _dense(options: Options) -> Layer:
    return Dense(options.whole("units"), **_weighted(options))


def _conv2d(options: Options) -> Layer:
    mode = options.choice("mode", {mode: mode for mode in ("cross_correlation", "convolution")}, "cross_correlation")
    weighted = _weighted(options)
    if not activations.activation(weighted["activation"]).everywhere:
        # Of an image it would have to be said over which of its numbers.
        options.lacks(f"activation {weighted['activation'].partition('(')[0]} of conv2d")
        weighted["activation"] = "identity"
    return Conv2D(options.whole("filters"), *_window(options), mode=mode, **weighted)


def _activate(options: Options) -> Layer:
    return Activate(_activation(options.inner("activation")))


def _window(options: Options) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    return options.pair("kernel"), options.pair("stride"), options.pair("padding")


def _pool(kind: type[MaxPool2D | AvgPool2D]) -> Callable[[Options], Layer]:
    def build(options: Options) -> Layer:
        window = _window(options)
        ceil_mode = options.flag("ceil_mode", False)
        counted = options.flag("count_include_pad", True)  # a maximum has nothing to count
        if kind is AvgPool2D:
            return AvgPool2D(*window, ceil_mode=ceil_mode, count_include_pad=counted)
        return MaxPool2D(*window, ceil_mode=ceil_mode)

    return build


def _flatten(options: Options) -> Layer:
    return Flatten()


def _dropout(options: Options) -> Layer:
    scale, given = options.number("scale"), options.take("mask")
    try:
        mask = np.asarray(given, np.float64)
    except (TypeError, ValueError):
        raise ValueError("dropout.mask: expected a row of 0 and 1 for each row of the data") from None
    rate = 0.0 if scale <= 0 else 1.0 - 1.0 / scale
    if mask.ndim < 2 or not np.isin(mask, (0.0, 1.0)).all():
        options.lacks("dropout mask other than rows of 0 and 1")
        return Flatten()
    if scale < 1:
        options.lacks(f"dropout scale {scale!r}")
        return Flatten()
    digits = mask.reshape(len(mask), -1).astype(np.uint8) + ord("0")
    masks = tuple(row.tobytes().decode("ascii") for row in digits)
    # A scale of 1 is a dropout that scales outside training instead, by a rate that a case does not say.
    return Dropout(rate, inverted=scale > 1, masks=masks) if scale > 1 else Dropout(0.5, inverted=False, masks=masks)


_LAYERS: Mapping[str, Callable[[Options], Layer]] = {
    "dense": _dense,
    "conv2d": _conv2d,
    "activation": _activate,
    "maxpool2d": _pool(MaxPool2D),
    "avgpool2d": _pool(AvgPool2D),
    "flatten": _flatten,
    "dropout": _dropout,
}

_FUNCTIONS: Mapping[str, Mapping[str, str]] = {
    **{name: {} for name in ("identity", "sigmoid", "tanh", "relu", "selu", "gelu", "gelu_tanh", "silu", "softmax")},
    "scaled_tanh": {"A": "amplitude", "B": "steepness"},
    "leaky_relu": {"slope": "slope"},
    "elu": {"alpha": "alpha"},
    "softplus": {"beta": "beta"},
}
"""The functions of the format, and what their parameters are called here."""


def _activation(options: Options, depth: int = 0) -> str:
    """The text of an activation."""
    name = options.take("name")
    if name == "per_neuron" and depth == 0:
        units = [_activation(each, depth + 1) for each in options.inner_list("units")]
        options.close()
        if any(activations.activation(unit).family == "softmax" for unit in units):
            options.lacks("activation softmax of one neuron")
            return "identity"
        return activations.per_unit(*units)
    if not isinstance(name, str) or name not in _FUNCTIONS:
        options.lacks(f"activation {name}")
        return "identity"
    options.place = f"activation {name}"
    # Parameters that a case leaves out have the usual values, which are the same in the format and here.
    values = {mine: options.number(theirs) for theirs, mine in _FUNCTIONS[name].items() if options.has(theirs)}
    options.close()
    return activations.text_of(name, **values)


# Objective


def _loss(options: Options) -> tuple[str, str]:
    name = options.choice("name", {name: name for name in _LOSSES})
    reduction = options.choice("reduction", {name: name for name in ("mean_batch", "mean_all", "sum")})
    if name == "huber":
        name = f"huber(delta={options.number('delta', 1.0)!r})"
    options.close()
    return name, reduction


_LOSSES = (
    *("half_squared_error", "squared_error", "bce", "categorical_ce", "huber", "hinge", "squared_hinge"),
    "multiclass_hinge",
)


def _penalties(options: Options) -> tuple[Penalty, ...]:
    l1, l2 = options.number("l1", 0.0), options.number("l2", 0.0)
    apply_to = options.choice("apply_to", {"weights": "weights", "all": "all"}, "weights")
    found: list[Penalty] = []
    if l1:
        found.append(L1(l1, apply_to=apply_to))
    if l2:
        found.append(L2(l2, apply_to=apply_to))
    sparsity = options.inner("sparsity", {})
    if sparsity.is_given:
        found.append(_sparsity(sparsity))
    options.close()
    return tuple(found)


def _sparsity(options: Options) -> Penalty:
    options.place = "sparsity"
    kind = options.choice("kind", {"kl": "kl", "dlt_running": "dlt_running"})
    weight, rho = options.number("weight"), options.number("target")
    layers = tuple(options.take("layers"))
    decay = options.number("decay", 0.99)
    options.close()
    return KLSparsity(weight, rho, layers) if kind == "kl" else RunningSparsity(weight, rho, layers, decay)


# Numbers


def _dataset(x: Array, y: Array, network: Network) -> Dataset:
    """Rows of numbers; an image is one row, channel by channel."""
    for name, values in (("X", x), ("Y", y)):
        if not values.ndim or not values.size:
            raise ValueError(f"data.{name}: expected rows of numbers, got the shape {values.shape}")
    if x.size != len(x) * network.inputs:
        expected = (len(x), *network.shapes[0])
        raise ValueError(f"data.X: expected the shape {expected}, got {x.shape}")
    return Dataset.from_arrays(x.reshape(len(x), -1), y.reshape(len(y), -1))


def _start(network: Network, init: Sequence[Mapping[str, Array]]) -> Params:
    if len(init) != len(network.layers):
        raise ValueError(f"init: expected {len(network.layers)} layers, got {len(init)}")
    layers: list[tuple[Array, Array]] = []
    for number, (layer, values) in enumerate(zip(network.layers, init, strict=True)):
        wanted = {"W", "b"} if layer.has_bias else {"W"} if layer.has_weights else set()
        if values.keys() != wanted:
            expected, got = sorted(wanted) or "nothing", sorted(values) or "nothing"
            raise ValueError(f"init[{number}]: expected {expected}, got {got}")
        zeros = np.zeros(network.bias_counts[number])
        layers.append((values.get("W", np.zeros(network.weight_shapes[number])), values.get("b", zeros)))
    return Params.from_layers(network, [*layers])


def _batches(batches: Sequence[Array] | None) -> tuple[Array, ...] | None:
    return None if batches is None else tuple(batches)

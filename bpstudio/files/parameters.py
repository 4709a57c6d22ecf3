"""Weights and biases in a JSON file, layer by layer under the layer's name.

{"layer1": {"W": [[0.15, 0.20], [0.25, 0.30]], "b": [0.35, 0.35]},
 "layer2": {"W": [[0.40, 0.45], [0.50, 0.55]], "b": [0.60, 0.60]}}

Thresholds stand under "b" with their own sign; a layer without biases has no "b", and a layer without weights does not
stand there. The W of a convolution is nested like its shape: filters, channels, rows, columns.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bpstudio.data import records
from bpstudio.engine.network import Network
from bpstudio.engine.trace import Params


def write(params: Params) -> dict[str, Any]:
    """The JSON form: each number as the shortest text that reads back to the same double."""
    return {
        name: {"W": W.tolist(), "b": b.tolist()} if layer.has_bias else {"W": W.tolist()}
        for name, layer, (W, b) in zip(params.network.layer_names, params.network.layers, params, strict=True)
        if layer.has_weights
    }


def read(document: object, network: Network, path: str) -> Params:
    """Parameters of exactly the network's shapes; errors name the place, such as ``start.layer2.W[1]``."""
    weighted = [name for name, layer in zip(network.layer_names, network.layers, strict=True) if layer.has_weights]
    entries = records.mapping(document, path, weighted, weighted)
    layers: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
    for number, name in enumerate(network.layer_names):
        shape, biases = network.weight_shapes[number], network.bias_counts[number]
        if name not in weighted:
            layers.append((np.zeros(shape), np.zeros(biases)))
            continue
        place = f"{path}.{name}"
        keys = ("W", "b") if network.layers[number].has_bias else ("W",)
        layer = records.mapping(entries[name], place, keys, keys)
        W = array(layer["W"], f"{place}.W", shape)
        layers.append((W, array(layer["b"], f"{place}.b", (biases,)) if "b" in keys else np.zeros(biases)))
    return Params.from_layers(network, list(layers))


def array(document: object, path: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Nested lists of finite numbers with exactly this shape."""
    _refuse_other_shape(document, path, shape)
    return np.array(document, dtype=np.float64).reshape(shape)


def _refuse_other_shape(document: object, path: str, shape: tuple[int, ...]) -> None:
    entries = records.sequence(document, path)
    if len(entries) != shape[0]:
        inner = "×".join(str(length) for length in shape[1:])
        what = "numbers" if len(shape) == 1 else f"{'rows' if len(shape) == 2 else 'arrays'} of {inner} numbers"
        raise ValueError(f"{path}: expected {shape[0]} {what}, got {len(entries)}")
    if len(shape) > 1:
        for index, row in enumerate(entries):
            _refuse_other_shape(row, f"{path}[{index}]", shape[1:])
        return
    # One look at the types of a row first: the exact place is searched for only when something is wrong in it.
    if not {float, int}.issuperset(map(type, entries)) or not all(map(math.isfinite, entries)):
        for index, value in enumerate(entries):
            records.number(value, f"{path}[{index}]")

"""Weights in and out, as arrays that other programs read.

A .npz holds `layer1.W` (units, inputs) and `layer1.b` (units,) of each layer, in the dtype of the run. Opening one
never unpickles anything: an array of objects is refused. A .safetensors holds the same names, where that package is
installed.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bpstudio.engine.network import Network
from bpstudio.engine.trace import Params
from bpstudio.files import atomic, npz

MAX_BYTES = 4 * 2**30
SUFFIXES = (".npz", ".safetensors")

_NOT_INSTALLED = "{name}: opening and saving .safetensors needs the package safetensors (pip install safetensors)"


def arrays(params: Params) -> dict[str, NDArray[Any]]:
    """The arrays by name, in the order of the layers."""
    named: dict[str, NDArray[Any]] = {}
    for name, layer, (W, b) in zip(params.network.layer_names, params.network.layers, params, strict=True):
        if layer.has_weights:
            named[f"{name}.W"] = W
        if layer.has_bias:
            named[f"{name}.b"] = b
    return named


def write(params: Params, path: str | os.PathLike[str]) -> None:
    """Save parameters as .npz or .safetensors, by the name's ending; an older file stays until the new one is whole."""
    file = Path(path)
    content = io.BytesIO()
    if _kind(file) == ".npz":
        np.savez_compressed(content, allow_pickle=False, **arrays(params))
        atomic.write_bytes(file, content.getvalue())
        return
    try:
        from safetensors.numpy import save
    except ImportError:
        raise ValueError(_NOT_INSTALLED.format(name=file.name)) from None
    contiguous = {name: np.ascontiguousarray(values) for name, values in arrays(params).items()}
    atomic.write_bytes(file, save(contiguous))


def read(path: str | os.PathLike[str], network: Network) -> Params:
    """Parameters for `network` from a file; ValueError names the layer, the shape expected and the shape that came."""
    file = Path(path)
    if not file.is_file():
        raise ValueError(f"{file.name}: expected a file, got {'a folder' if file.is_dir() else 'nothing there'}")
    return _read_npz(file, network) if _kind(file) == ".npz" else _read_safetensors(file, network)


def _kind(file: Path) -> str:
    suffix = file.suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(f"{file.name}: expected a name that ends in {' or '.join(SUFFIXES)}, got {suffix or 'none'}")
    return suffix


def _read_npz(file: Path, network: Network) -> Params:
    # Checked before they are unpacked: what fits the network is no larger than the network.
    stored = npz.read(file, MAX_BYTES, lambda headers: _check(headers, network))
    return _fitted(stored, network, file.name)


def _read_safetensors(file: Path, network: Network) -> Params:
    try:
        from safetensors import SafetensorError
        from safetensors.numpy import load_file
    except ImportError:
        raise ValueError(_NOT_INSTALLED.format(name=file.name)) from None
    size = file.stat().st_size
    if size > MAX_BYTES:
        raise ValueError(f"{file.name}: holds {size:,} bytes; at most {MAX_BYTES:,} are opened")
    try:
        stored = load_file(file)
    except (SafetensorError, *npz.DAMAGED) as error:
        raise ValueError(f"{file.name}: is not a whole .safetensors file ({error})") from None
    try:
        _check(stored, network)
    except ValueError as error:
        raise ValueError(f"{file.name}: {error}") from None
    return _fitted(stored, network, file.name)


def _check(described: Mapping[str, npz.Header] | Mapping[str, NDArray[Any]], network: Network) -> None:
    """Raise ValueError unless every array of the network is there, of the right shape, and nothing else."""
    shapes = {
        f"{layer}.{part}": shape
        for layer, spec, weights, biases in zip(
            network.layer_names, network.layers, network.weight_shapes, network.bias_counts, strict=True
        )
        for part, shape in (("W", weights), ("b", (biases,)))[: spec.has_weights + spec.has_bias]
    }
    missing = [name for name in shapes if name not in described]
    foreign = [name for name in described if name not in shapes]
    if missing or foreign:
        found = ", ".join(sorted(described)[:8]) or "nothing"
        problem = f"{missing[0]} is missing" if missing else f"{foreign[0]} belongs to no layer of this network"
        raise ValueError(f"{problem}; the file has {found}")
    for name, shape in shapes.items():
        if described[name].shape != shape:
            raise ValueError(f"{name}: expected shape {shape}, got {described[name].shape}")
        if described[name].dtype.kind not in "fiu":
            raise ValueError(f"{name}: expected real numbers, got {described[name].dtype}")


def _fitted(stored: Mapping[str, NDArray[Any]], network: Network, name: str) -> Params:
    """The arrays, which fit, in the network's layout; ValueError where one holds what is not finite."""
    for key, values in stored.items():
        if not np.isfinite(values).all():
            raise ValueError(f"{name}: {key}: expected finite numbers, got {_first_not_finite(values)}")
    layers = zip(network.layer_names, network.layers, network.weight_shapes, network.bias_counts, strict=True)
    return Params.from_layers(
        network,
        [
            (
                stored[f"{at}.W"] if layer.has_weights else np.zeros(shape),
                stored[f"{at}.b"] if layer.has_bias else np.zeros(count),
            )
            for at, layer, shape, count in layers
        ],
    )


def _first_not_finite(values: NDArray[Any]) -> str:
    index = tuple(int(i) for i in np.argwhere(~np.isfinite(values))[0])
    return f"{values[index]} at {list(index)}"

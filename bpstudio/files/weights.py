"""Weights in and out, as arrays that other programs read.

A .npz holds `layer1.W` (units, inputs) and `layer1.b` (units,) of each layer, in the dtype of the run. Opening one
never unpickles anything: an array of objects is refused. A .safetensors holds the same names, where that package is
installed.
"""

from __future__ import annotations

import io
import os
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bpstudio.engine.network import MEMORY_LIMIT, Network
from bpstudio.engine.trace import Params
from bpstudio.files import atomic

MAX_BYTES = MEMORY_LIMIT
SUFFIXES = (".npz", ".safetensors")

# What the readers of both formats raise when bytes are missing or changed, besides ValueError.
_DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, EOFError, OSError, KeyError, TypeError, OverflowError, MemoryError),
    *(NotImplementedError, RuntimeError, SyntaxError, struct.error),
)
_NOT_INSTALLED = "{name}: opening and saving .safetensors needs the package safetensors (pip install safetensors)"


def arrays(params: Params) -> dict[str, NDArray[Any]]:
    """The arrays by name, in the order of the layers."""
    named: dict[str, NDArray[Any]] = {}
    for name, (W, b) in zip(params.network.layer_names, params, strict=True):
        named[f"{name}.W"] = W
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
    try:
        with zipfile.ZipFile(file) as archive:
            # What it says it unpacks to: a small file can hold gigabytes of zeros.
            size = sum(member.file_size for member in archive.infolist())
        if size > MAX_BYTES:
            raise ValueError(f"{file.name}: holds {size:,} bytes; at most {MAX_BYTES:,} are opened")
        with np.load(file, allow_pickle=False) as stored:
            return _fitted(stored, network, file.name)
    except _DAMAGED as error:
        raise ValueError(f"{file.name}: is not a whole .npz file ({error})") from None
    except ValueError as error:
        if "allow_pickle" in str(error) or "Object arrays" in str(error):
            raise ValueError(f"{file.name}: holds objects instead of numbers, and those are never opened") from None
        raise ValueError(str(error) if str(error).startswith(file.name) else f"{file.name}: {error}") from None


def _read_safetensors(file: Path, network: Network) -> Params:
    try:
        from safetensors import SafetensorError
        from safetensors.numpy import load_file
    except ImportError:
        raise ValueError(_NOT_INSTALLED.format(name=file.name)) from None
    try:
        stored = load_file(file)
    except (SafetensorError, *_DAMAGED) as error:
        raise ValueError(f"{file.name}: is not a whole .safetensors file ({error})") from None
    return _fitted(stored, network, file.name)


def _fitted(stored: Mapping[str, NDArray[Any]], network: Network, name: str) -> Params:
    """The arrays in the network's layout: every one of them there, of the right shape, and nothing else."""
    wanted = [f"{layer}.{part}" for layer in network.layer_names for part in ("W", "b")]
    missing = [key for key in wanted if key not in stored]
    foreign = [key for key in stored if key not in wanted]
    if missing or foreign:
        found = ", ".join(sorted(stored)[:8]) or "nothing"
        problem = f"{missing[0]} is missing" if missing else f"{foreign[0]} belongs to no layer of this network"
        raise ValueError(f"{name}: {problem}; the file has {found}")
    layers = []
    for number, layer in enumerate(network.layer_names):
        units, inputs = network.sizes[number + 1], network.sizes[number]
        W, b = stored[f"{layer}.W"], stored[f"{layer}.b"]
        for part, values, shape in (("W", W, (units, inputs)), ("b", b, (units,))):
            if values.shape != shape:
                raise ValueError(f"{name}: {layer}.{part}: expected shape {shape}, got {values.shape}")
            if values.dtype.kind not in "fiu":
                raise ValueError(f"{name}: {layer}.{part}: expected real numbers, got {values.dtype}")
            if not np.isfinite(values).all():
                raise ValueError(f"{name}: {layer}.{part}: expected finite numbers, got {_first_not_finite(values)}")
        layers.append((W, b))
    return Params.from_layers(network, list(layers))


def _first_not_finite(values: NDArray[Any]) -> str:
    index = tuple(int(i) for i in np.argwhere(~np.isfinite(values))[0])
    return f"{values[index]} at {list(index)}"

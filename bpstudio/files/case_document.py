"""A reference case as a document (``bp-oracle/1``): reading it, without trust in what it says of itself."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bpstudio.files import npz, strict_json
from bpstudio.files.case_verdict import floats

Array = NDArray[Any]

FORMAT = "bp-oracle/1"
MAX_ARRAY_BYTES = 512 * 1024 * 1024
MAX_AXES = 4
"""Rows, channels, height, width. A layout that doubles every axis would make gigabytes out of thirty of length 1."""


def read(path: Path) -> dict[str, Any]:
    """The document of a case with every array as a float64 array, its data preprocessed and laid out as it says.

    Raises KeyError or ValueError when it is no such document, OSError when a file cannot be read.
    """
    document = strict_json.read(path)
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError(f"expected a document of the format {FORMAT}")
    # null stands for a part that is not there.
    document = {key: value for key, value in document.items() if value is not None}
    arrays = npz.read(_beside(path, document["arrays_file"]), MAX_ARRAY_BYTES) if "arrays_file" in document else {}
    case: dict[str, Any] = _with_arrays(document, arrays)
    case["init"] = [_parameters(layer, f"init[{n}]") for n, layer in enumerate(_listed(case["init"], "init"))]
    data = case["data"] = dict(_mapped(case["data"], "data"))
    for name in ("X", "Y"):
        values = _prepared(_numbers(data[name], f"data.{name}"), data.get(f"preprocess_{name}") or (), name)
        with np.errstate(all="ignore"):
            values = values.astype(_type(data.get(f"dtype_{name}") or "float64"))
        if not values.ndim:
            raise ValueError(f"data.{name}: expected rows of numbers, got one number")
        data[name] = _laid_out(values, data.get(f"layout_{name}") or "C")
    if "batches" in case:
        batches = _listed(case["batches"], "batches")
        case["batches"] = [_rows(batch, f"batches[{n}]", len(data["X"])) for n, batch in enumerate(batches)]
        if not batches:
            raise ValueError("batches: expected at least one, got none")
    return case


def _mapped(value: object, place: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{place}: expected an object, got {type(value).__name__}")
    return value


def _listed(value: object, place: str) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"{place}: expected a list, got {type(value).__name__}")
    return value


def _parameters(layer: object, place: str) -> dict[str, Array]:
    values = {} if layer is None else _mapped(layer, place)
    return {str(key): _numbers(value, f"{place}.{key}") for key, value in values.items()}


def _numbers(value: object, place: str) -> NDArray[np.float64]:
    """Nested lists of numbers, or an array from beside the case, as float64."""
    try:
        found = floats(value)
    except (TypeError, ValueError):
        raise ValueError(f"{place}: expected numbers in lists of equal lengths") from None
    if found.ndim > MAX_AXES:
        raise ValueError(f"{place}: expected at most {MAX_AXES} axes, got {found.ndim}")
    return found


def _rows(batch: object, place: str, rows: int) -> NDArray[np.int64]:
    """Row numbers of a batch, each within the data."""
    found = np.asarray(batch)
    if found.ndim != 1 or not found.size or found.dtype.kind not in "iu":
        raise ValueError(f"{place}: expected a list of row numbers, got {batch!r:.60}")
    outside = found[(found < 0) | (found >= rows)]
    if outside.size:
        raise ValueError(f"{place}: expected row numbers from 0 to {rows - 1}, got {outside[0]}")
    return found.astype(np.int64)


def _beside(path: Path, name: object) -> Path:
    if not isinstance(name, str) or Path(name).name != name:
        raise ValueError(f"arrays_file: expected the name of a file beside the case, got {name!r:.60}")
    return path.with_name(name)


def _type(name: object) -> np.dtype[Any]:
    """A type of numbers. NumPy would also take "U99999999" here, and make gigabytes out of one number."""
    dtype = np.dtype(name) if isinstance(name, str) else None
    if dtype is None or dtype.kind not in "fiub":
        raise ValueError(f"data: expected the name of a type of numbers, got {name!r:.60}")
    return dtype


def _with_arrays(node: Any, arrays: Mapping[str, Array]) -> Any:
    if isinstance(node, dict):
        if node.keys() == {"$npz"}:
            if not isinstance(node["$npz"], str) or node["$npz"] not in arrays:
                raise ValueError(f"arrays_file: there is no array {node['$npz']!r:.60} in it")
            return arrays[node["$npz"]]
        return {key: _with_arrays(value, arrays) for key, value in node.items()}
    if isinstance(node, list):
        return [_with_arrays(value, arrays) for value in node]
    return node


def _prepared(values: Array, steps: Iterable[object], name: str) -> Array:
    for number, each in enumerate(steps):
        place = f"data.preprocess_{name}[{number}]"
        step = _mapped(each, place)
        if step["op"] == "divide":
            shift, scale = np.zeros(()), _numbers(step["by"], f"{place}.by")
        elif step["op"] == "standardize":
            shift, scale = _numbers(step["mean"], f"{place}.mean"), _numbers(step["std"], f"{place}.std")
        else:
            raise ValueError(f"{place}: expected divide or standardize, got {step['op']!r:.60}")
        for part in (shift, scale):
            if part.ndim > values.ndim or any(
                n not in (1, length) for n, length in zip(part.shape[::-1], values.shape[::-1], strict=False)
            ):
                raise ValueError(f"{place}: expected a number for each column, {values.shape[1:]}, got {part.shape}")
        with np.errstate(all="ignore"):  # what is no number afterwards is found where the data are read
            values = (values - shift) / scale
    return values


def _laid_out(values: Array, layout: str) -> Array:
    """The same values in another order in memory, which must not make a difference."""
    if layout == "C":
        return values
    if layout == "F":
        return np.asfortranarray(values)
    if layout == "transposed":
        return np.ascontiguousarray(values.T).T
    if layout == "reversed":
        backwards = (slice(None, None, -1),) * values.ndim
        return np.ascontiguousarray(values[backwards])[backwards]
    if layout == "strided":
        wide = np.zeros([2 * length for length in values.shape], values.dtype)
        view = wide[(slice(None, None, 2),) * values.ndim]
    elif layout == "offset":
        view = np.zeros(values.size + 3, values.dtype)[3:].reshape(values.shape)
    else:
        raise ValueError(f"data: unknown layout {layout!r:.60}")
    view[...] = values
    return view

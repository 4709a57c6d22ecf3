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


def read(path: Path) -> dict[str, Any]:
    """The document of a case with every array as a float64 array, its data preprocessed and laid out as it says.

    Raises ValueError when it is no such document, OSError when a file cannot be read.
    """
    document = strict_json.read(path)
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError(f"expected a document of the format {FORMAT}")
    arrays = npz.read(_beside(path, document["arrays_file"]), MAX_ARRAY_BYTES) if "arrays_file" in document else {}
    case: dict[str, Any] = _with_arrays(document, arrays)
    case["init"] = [{key: floats(value) for key, value in (layer or {}).items()} for layer in case["init"]]
    data = case["data"] = dict(case["data"])
    for name in ("X", "Y"):
        values = _prepared(floats(data[name]), data.get(f"preprocess_{name}", ()))
        values = values.astype(_numbers(data.get(f"dtype_{name}", "float64")))
        data[name] = _laid_out(values, data.get(f"layout_{name}", "C"))
    if "batches" in case:
        case["batches"] = [np.asarray(batch, dtype=np.int64) for batch in case["batches"]]
    return case


def _beside(path: Path, name: object) -> Path:
    if not isinstance(name, str) or Path(name).name != name:
        raise ValueError(f"arrays_file: expected the name of a file beside the case, got {name!r}")
    return path.with_name(name)


def _numbers(name: object) -> np.dtype[Any]:
    """A type of numbers. NumPy would also take "U99999999" here, and make gigabytes out of one number."""
    dtype = np.dtype(name) if isinstance(name, str) else None
    if dtype is None or dtype.kind not in "fiub":
        raise ValueError(f"data: expected the name of a type of numbers, got {name!r}")
    return dtype


def _with_arrays(node: Any, arrays: Mapping[str, Array]) -> Any:
    if isinstance(node, dict):
        if node.keys() == {"$npz"}:
            return arrays[node["$npz"]]
        return {key: _with_arrays(value, arrays) for key, value in node.items()}
    if isinstance(node, list):
        return [_with_arrays(value, arrays) for value in node]
    return node


def _prepared(values: Array, steps: Iterable[Mapping[str, Any]]) -> Array:
    for step in steps:
        if step["op"] == "divide":
            values = values / step["by"]
        elif step["op"] == "standardize":
            values = (values - floats(step["mean"])) / floats(step["std"])
        else:
            raise ValueError(f"data: unknown preprocessing {step['op']!r}")
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
        raise ValueError(f"data: unknown layout {layout!r}")
    view[...] = values
    return view

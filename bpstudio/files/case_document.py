"""A reference case as a document (``bp-oracle/1``): reading it, and comparing what it expects with what was computed.

The measure, for each array: the largest of |got − want| / max(|want|, 0.001 max|want|). Small elements are measured
against the largest one of their array, because rounding is. For an array of zeros: max|got| / 1e-4.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bpstudio.files import npz, strict_json

Array = NDArray[Any]

FORMAT = "bp-oracle/1"
LIMIT = 1e-10
FLOOR = 1e-3
ZERO_SCALE = 1e-4
MAX_ARRAY_BYTES = 512 * 1024 * 1024


@dataclass(frozen=True)
class Verdict:
    """What came of one case: PASS, FAIL or SKIP, its worst relative error, and where that is or what is missing."""

    case: str
    status: str
    worst: float = math.nan
    detail: str = ""


def read(path: Path) -> dict[str, Any]:
    """The document of a case with every array as a float64 array, its data preprocessed and laid out as it says.

    Raises ValueError when it is no such document, OSError when a file cannot be read.
    """
    document = strict_json.read(path)
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError(f"expected a document of the format {FORMAT}")
    arrays = npz.read(_beside(path, document["arrays_file"]), MAX_ARRAY_BYTES) if "arrays_file" in document else {}
    case: dict[str, Any] = _with_arrays(document, arrays)
    case["init"] = [{key: _floats(value) for key, value in (layer or {}).items()} for layer in case["init"]]
    data = case["data"] = dict(case["data"])
    for name in ("X", "Y"):
        values = _prepared(_floats(data[name]), data.get(f"preprocess_{name}", ()))
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


def _floats(value: Any) -> NDArray[np.float64]:
    """Numbers as float64; the strings "inf", "-inf" and "nan" stand for themselves."""
    array = np.asarray(value)
    if array.dtype.kind in "OUS":
        flat = np.array([float(element) for element in array.ravel()], dtype=np.float64)
        return flat.reshape(array.shape)
    return np.array(array, dtype=np.float64, order="C")


def _prepared(values: Array, steps: Iterable[Mapping[str, Any]]) -> Array:
    for step in steps:
        if step["op"] == "divide":
            values = values / step["by"]
        elif step["op"] == "standardize":
            values = (values - _floats(step["mean"])) / _floats(step["std"])
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


def error_of(got: Any, want: Array, floor: float = FLOOR) -> float:
    """The measure above; inf for another shape or for a number that is not finite where it should be."""
    found = _floats(got)
    if found.shape != want.shape and not found.size == want.size == 1:
        return math.inf
    found = found.reshape(want.shape)
    finite = np.isfinite(want)
    if not np.array_equal(found[~finite], want[~finite], equal_nan=True) or not np.isfinite(found[finite]).all():
        return math.inf
    found, want = found[finite], want[finite]
    if want.size == 0:
        return 0.0
    largest = float(np.abs(want).max())
    if largest == 0.0:
        return float(np.abs(found).max()) / ZERO_SCALE
    with np.errstate(over="ignore", under="ignore"):
        return float((np.abs(found - want) / np.maximum(np.abs(want), floor * largest)).max())


def judge(name: str, case: Mapping[str, Any], got: Mapping[str, Any]) -> Verdict:
    """PASS when every array that the case expects is there and within its limit, and its printed numbers are met."""
    tolerance = case.get("tolerance") or {}
    limit, floor = float(tolerance.get("rtol", LIMIT)), float(tolerance.get("floor", FLOOR))
    left_out = tuple(case.get("optional_keys", ()))
    worst, place, failed = 0.0, "", False
    for path, want in _leaves(case["expected"]):
        if path.startswith(left_out):
            continue
        try:
            error = error_of(_at(got, path), want, floor)
        except (KeyError, IndexError, TypeError, ValueError):
            return Verdict(name, "FAIL", math.inf, f"{path} is not computed here")
        error = math.inf if math.isnan(error) else error
        allowed = _limit(path, tolerance.get("overrides", {}), limit)
        # The place to name is the worst one that fails, or else the worst one.
        if (error > allowed, error) > (failed, worst):
            worst, place, failed = error, path, error > allowed
    if failed:
        return Verdict(name, "FAIL", worst, f"{place} differs")
    for printed in case.get("published", ()):
        if printed.get("reproduces") is True and "path" in printed:
            value = float(np.asarray(_at(got, printed["path"])))
            if abs(value - printed["value"]) > 0.5000001 * 10.0 ** -printed["decimals"]:
                return Verdict(name, "FAIL", worst, f"{printed['path']} is {value!r}, printed {printed['value']!r}")
    return Verdict(name, "PASS", worst, place)


def _limit(path: str, overrides: Mapping[str, float], limit: float) -> float:
    quantity = path
    if path.startswith("layers["):
        quantity = path.rsplit(".", 1)[-1]
    elif path.startswith("params_after."):
        quantity = f"params@{path.split('.')[1].split('[')[0]}"
    return next((value for key, value in overrides.items() if key == quantity or path.startswith(key)), limit)


def _leaves(node: Any, path: str = "") -> Iterator[tuple[str, Array]]:
    """(path, array) of each number or array in a structure of expectations, such as ``layers[0].dW``."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from _leaves(value, f"{path}.{key}" if path else key)
    elif isinstance(node, list) and node and isinstance(node[0], Mapping):
        for index, value in enumerate(node):
            yield from _leaves(value, f"{path}[{index}]")
    elif node is not None:
        yield path, _floats(node)


def _at(node: Any, path: str) -> Any:
    for part in path.replace("]", "").replace("[", ".").split("."):
        node = node[part] if isinstance(node, Mapping) else node[int(part)]
    return node

"""Judging a reference case: every number that it expects beside the number that was computed.

The measure, for each array: the largest of |got − want| / max(|want|, 0.001 max|want|). Small elements are measured
against the largest one of their array, because rounding is. For an array of zeros: max|got| / 1e-4. A number that a
book printed is met when it rounds to the printed decimals.

What differs is named in the order in which a step computes: forward through the layers, the loss, back through the
layers, then update by update. The first disagreement in that order is where to look; what comes later may only follow
from it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

LIMIT = 1e-10
FLOOR = 1e-3
ZERO_SCALE = 1e-4
ROUNDING = 0.5000001
"""Half a unit in the last printed decimal, and a little for the rounding of the half itself."""

_LAYER = re.compile(r"layers\[(\d+)\]\.(\w+)")
_PARAMETERS = re.compile(r"params_after\.(\d+)\[(\d+)\]\.(\w+)")
_HISTORY = re.compile(r"history\.(\w+)(?:\[(\d+)\])?")
_INDEX = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True)
class Disagreement:
    """One element that differs: `index` in its array (rows from 0), what the case expects and what came."""

    path: str
    step: int
    layer: int | None
    quantity: str
    index: tuple[int, ...]
    expected: float
    got: float


@dataclass(frozen=True)
class Compared:
    """One array of a case: its worst relative error beside the limit, and its first element that is beyond it.

    `layer` counts from 1; None where the quantity belongs to the whole network. `step` is the number of updates before
    it. `problem` says why there is nothing to measure: not computed, or of another shape.
    """

    path: str
    step: int
    layer: int | None
    quantity: str
    shape: tuple[int, ...]
    worst: float
    limit: float
    problem: str = ""
    first: Disagreement | None = None

    @property
    def passes(self) -> bool:
        """Whether the array is within its limit."""
        return not self.problem and self.worst <= self.limit


@dataclass(frozen=True)
class Verdict:
    """What came of one case: PASS, FAIL or SKIP, its worst relative error, and where that is or what is missing.

    `missing` names each feature of a skipped case that this program lacks, `compared` every array in the order of a
    step. `first` is the first element that differs.
    """

    case: str
    status: str
    worst: float = math.nan
    detail: str = ""
    missing: tuple[str, ...] = ()
    compared: tuple[Compared, ...] = ()
    first: Disagreement | None = None


def judge(name: str, case: Mapping[str, Any], got: Mapping[str, Any]) -> Verdict:
    """PASS when every array that the case expects is there and within its limit, and its printed numbers are met."""
    tolerance = case.get("tolerance") or {}
    limit, floor = float(tolerance.get("rtol", LIMIT)), float(tolerance.get("floor", FLOOR))
    overrides = {str(key): float(value) for key, value in (tolerance.get("overrides") or {}).items()}
    left_out = tuple(case.get("optional_keys", ()))
    compared = [
        _compare(got, path, want, _limit(path, overrides, limit), floor)
        for path, want in _leaves(case["expected"])
        if not path.startswith(left_out)
    ]
    compared += [
        _compare_printed(got, str(printed["path"]), float(printed["value"]), int(printed["decimals"]))
        for printed in case.get("published", ())
        if printed.get("reproduces") is True and "path" in printed
    ]
    if not compared:
        raise ValueError("there is nothing in it")
    compared.sort(key=_when)
    worst = max((each.worst for each in compared if not each.path.startswith("published ")), default=0.0)
    failed = [each for each in compared if not each.passes]
    if not failed:
        place = next((each.path for each in compared if each.worst == worst), "")
        return Verdict(name, "PASS", worst, place, compared=tuple(compared))
    first = next((each.first for each in failed if each.first is not None), None)
    return Verdict(name, "FAIL", worst, _said(failed[0]), compared=tuple(compared), first=first)


def _said(failed: Compared) -> str:
    if failed.problem:
        return f"{failed.path} {failed.problem}"
    if failed.path.startswith("published ") and failed.first is not None:
        path = failed.path.removeprefix("published ")
        return f"{path} is {failed.first.got!r}, printed {failed.first.expected!r}"
    return f"{failed.path} differs"


def _compare(got: Mapping[str, Any], path: str, want: Array, limit: float, floor: float) -> Compared:
    step, layer, quantity = place(path)
    known = (path, step, layer, quantity, want.shape)
    try:
        found = floats(_at(got, path))
    except (KeyError, IndexError, TypeError, ValueError):
        return Compared(*known, math.inf, limit, "is not computed here")
    if found.shape != want.shape:
        if not found.size == want.size == 1:
            return Compared(*known, math.inf, limit, f"has the shape {found.shape}, expected {want.shape}")
        found = found.reshape(want.shape)
    errors = errors_of(found, want, floor)
    worst = float(errors.max()) if errors.size else 0.0
    first = None
    if worst > limit:
        index = tuple(int(i) for i in np.argwhere(errors > limit)[0])
        first = Disagreement(path, step, layer, quantity, index, float(want[index]), float(found[index]))
        if path.startswith("history.") and index:  # the curve belongs to the update at which it leaves ours
            first = replace(first, step=index[0])
    return Compared(*known, worst, limit, "", first)


def _compare_printed(got: Mapping[str, Any], path: str, value: float, decimals: int) -> Compared:
    """`decimals` may be negative: 12300 printed to hundreds."""
    step, layer, quantity = place(path)
    allowed = ROUNDING * 10.0**-decimals
    known = (f"published {path}", step, layer, quantity, ())
    try:
        found = float(np.asarray(_at(got, path)))
    except (KeyError, IndexError, TypeError, ValueError):
        return Compared(*known, math.inf, allowed, "is not computed here")
    away = abs(found - value)
    away = math.inf if math.isnan(away) else away
    index = tuple(int(i) for i in _INDEX.findall(path.rpartition(".")[2]))
    first = Disagreement(path, step, layer, quantity, index, value, found) if away > allowed else None
    return Compared(*known, away, allowed, "", first)


def errors_of(got: Array, want: Array, floor: float = FLOOR) -> NDArray[np.float64]:
    """The measure element by element, for two arrays of one shape; ∞ where a number is not finite and should be.

    An element that the case expects to be infinite or NaN is met by just that.
    """
    errors = np.full(want.shape, np.inf)
    finite = np.isfinite(want)
    errors[~finite & ((got == want) | (np.isnan(got) & np.isnan(want)))] = 0.0
    both = finite & np.isfinite(got)
    if finite.any():
        largest = float(np.abs(want[finite]).max())
        with np.errstate(over="ignore", under="ignore"):
            if largest == 0.0:
                errors[both] = np.abs(got[both]) / ZERO_SCALE
            else:
                scale = np.maximum(np.abs(want[both]), floor * largest)
                errors[both] = np.abs(got[both] - want[both]) / scale
    return errors


def error_of(got: Any, want: Array, floor: float = FLOOR) -> float:
    """The measure of a whole array; ∞ for another shape."""
    found = floats(got)
    if found.shape != want.shape and not found.size == want.size == 1:
        return math.inf
    errors = errors_of(found.reshape(want.shape), want, floor)
    return float(errors.max()) if errors.size else 0.0


def floats(value: Any) -> NDArray[np.float64]:
    """Numbers as float64; the strings "inf", "-inf" and "nan" stand for themselves. Raises TypeError or ValueError."""
    array = np.asarray(value)
    if array.dtype.kind not in "fiubOUS":
        raise TypeError(f"expected numbers, got {array.dtype}")
    if array.dtype.kind in "OUS":
        flat = np.array([float(element) for element in array.ravel()], dtype=np.float64)
        return flat.reshape(array.shape)
    return np.array(array, dtype=np.float64, order="C")


# Places


def place(path: str) -> tuple[int, int | None, str]:
    """(updates before it, layer from 1 or None, quantity) of a path such as ``layers[0].dW``."""
    if match := _LAYER.match(path):
        return 0, int(match[1]) + 1, match[2]
    if match := _PARAMETERS.match(path):
        return int(match[1]), int(match[2]) + 1, match[3]
    if match := _HISTORY.match(path):
        return int(match[2] or 0), None, match[1]
    return 0, None, path


_BACKWARD = {"delta": 0, "da": 1, "dW": 2, "db": 3}


def _when(compared: Compared) -> tuple[float, ...]:
    """Where an array stands in the order of a step and of a run."""
    layer = compared.layer or 0
    match compared.path.removeprefix("published ").split(".")[0].split("[")[0]:
        case "layers" if compared.quantity in ("z", "a"):
            return (0, layer, 0 if compared.quantity == "z" else 1)
        case "loss":
            return (1, 0)
        case "objective":
            return (1, 1)
        case "layers":
            return (2, -layer, _BACKWARD.get(compared.quantity, 9))
        case "dX":
            return (3, 0)
        case "grad_norm":
            return (3, 1)
        case "history":
            return (4, compared.first.step if compared.first else compared.step, compared.quantity != "lr")
        case "params_after":
            return (4, compared.step - 0.5, layer, compared.quantity != "W")
    return (5, 0)


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
        try:
            yield path, floats(node)
        except (TypeError, ValueError):
            raise ValueError(f"{path}: expected numbers in lists of equal lengths") from None


def _at(node: Any, path: str) -> Any:
    for part in path.replace("]", "").replace("[", ".").split("."):
        node = node[part] if isinstance(node, Mapping) else node[int(part)]
    return node

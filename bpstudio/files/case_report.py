"""What came of reference cases, as lines and tables in a terminal and as one JSON document for other programs.

Paths and indices are those of the case's own file, which count from 0; the words beside them count layers, units and
rows from 1, as the window does.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import bpstudio
from bpstudio.files.case_verdict import Compared, Disagreement, Verdict

FORMAT = "bpstudio-verify/1"

_AXES: Mapping[str, Mapping[int, tuple[str, ...]]] = {
    "z": {2: ("row", "unit"), 4: ("row", "map", "line", "column")},
    "W": {2: ("unit", "input"), 4: ("filter", "channel", "line", "column")},
    "b": {1: ("unit",)},
    "dX": {2: ("row", "input"), 4: ("row", "channel", "line", "column")},
}
_LIKE = {"a": "z", "delta": "z", "da": "z", "dW": "W", "db": "b"}


def line(verdict: Verdict) -> str:
    """One line: PASS, FAIL or SKIP, the worst relative error, the case, and what is wrong or missing."""
    worst = "-" if math.isnan(verdict.worst) else f"{verdict.worst:.1e}"
    # The place of the worst error matters where it is too large; otherwise it is a curiosity.
    detail = "" if verdict.status == "PASS" else verdict.detail
    return f"{verdict.status}  {worst:>7}  {verdict.case}  {detail}".rstrip()


def table(verdict: Verdict) -> list[str]:
    """Lines below the line of a case: the first disagreement, then every array with its worst relative error."""
    if not verdict.compared:
        return []
    lines = []
    if verdict.first is not None:
        lines.append(f"first disagreement: {sentence(verdict.first)}")
    rows = [("", "array", "shape", "worst", "at", "expected", "got")]
    for each in verdict.compared:
        first, shape = each.first, "×".join(str(n) for n in each.shape) or "1"
        status = "ok" if each.passes else "FAIL"
        worst = "-" if math.isinf(each.worst) else f"{each.worst:.1e}"
        if first is None:
            rows.append((status, each.path, shape, worst, each.problem, "", ""))
        else:
            rows.append((status, each.path, shape, worst, _index(first), repr(first.expected), repr(first.got)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (cell.rjust(width) if column == 3 else cell.ljust(width)
                 for column, (cell, width) in enumerate(zip(row, widths, strict=True)))  # fmt: skip
        lines.append("  ".join(cells).rstrip())
    return lines


def sentence(first: Disagreement) -> str:
    """Where an element differs, by its path and in words, and by what."""
    words = ", ".join(f"{name} {number}" for name, number in location(first))
    where = f"{first.path}{_index(first)}" + (f" ({words})" if words else "")
    return f"{where}: expected {first.expected!r}, got {first.got!r}"


def location(first: Disagreement) -> list[tuple[str, int]]:
    """The places of an element from the outside in, each with its number as a person counts: layer 2, row 1, unit 3."""
    when = "update" if first.quantity in ("W", "b") else "step"  # parameters are those after an update
    found: list[tuple[str, int]] = [(when, first.step)] if first.step else []
    if first.layer is not None:
        found.append(("layer", first.layer))
    axes = _AXES.get(_LIKE.get(first.quantity, first.quantity), {}).get(len(first.index), ())
    return [*found, *((axis, number + 1) for axis, number in zip(axes, first.index, strict=False))]


def _index(first: Disagreement) -> str:
    if not first.index or first.path.endswith("]"):
        return ""
    return f"[{', '.join(str(i) for i in first.index)}]"


def document(verdicts: Iterable[tuple[Path, Verdict]]) -> dict[str, Any]:
    """Everything about every case, for `json`. Numbers that JSON cannot write are the texts "inf", "-inf", "nan"."""
    cases = [_case(path, verdict) for path, verdict in verdicts]
    return {
        "format": FORMAT,
        "bpstudio": bpstudio.__version__,
        "counts": {status: sum(case["status"] == status for case in cases) for status in ("PASS", "FAIL", "SKIP")},
        "cases": cases,
    }


def text(verdicts: Sequence[tuple[Path, Verdict]]) -> str:
    """The JSON text of `document`."""
    return json.dumps(document(verdicts), indent=1, ensure_ascii=False, allow_nan=False)


def _case(path: Path, verdict: Verdict) -> dict[str, Any]:
    return {
        "file": str(path),
        "case": verdict.case,
        "status": verdict.status,
        "worst": None if math.isnan(verdict.worst) else _number(verdict.worst),
        "detail": verdict.detail,
        "missing": list(verdict.missing),
        "first": _disagreement(verdict.first),
        "arrays": [_array(each) for each in verdict.compared],
    }


def _array(each: Compared) -> dict[str, Any]:
    return {
        "path": each.path,
        "layer": each.layer,
        "quantity": each.quantity,
        "updates": each.step,
        "shape": list(each.shape),
        "worst": _number(each.worst),
        "limit": _number(each.limit),
        "status": "PASS" if each.passes else "FAIL",
        "problem": each.problem,
        "first": _disagreement(each.first),
    }


def _disagreement(first: Disagreement | None) -> dict[str, Any] | None:
    if first is None:
        return None
    return {
        "path": first.path,
        "layer": first.layer,
        "quantity": first.quantity,
        "updates": first.step,
        "index": list(first.index),
        "expected": _number(first.expected),
        "got": _number(first.got),
    }


def _number(value: float) -> float | str:
    return value if math.isfinite(value) else repr(value)

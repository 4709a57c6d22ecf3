"""Reference cases: one network, its data, and what another program computed for them.

A case is run through the very Session that trains in the window, and every number that it expects is compared. What a
case asks for and this program does not have is named and skipped: an option that is not understood is never ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bpstudio.engine.memory import gibibytes, memory_limit
from bpstudio.engine.passes import input_gradient
from bpstudio.engine.trace import Params
from bpstudio.files.case_document import read
from bpstudio.files.case_experiment import Question, understand
from bpstudio.files.case_verdict import Verdict, judge
from bpstudio.maths.losses import loss as loss_named
from bpstudio.training.frame import Frame
from bpstudio.training.session import Session

Array = NDArray[Any]

# What a file can bring about that is not the document it claims to be.
MALFORMED = (ArithmeticError, AttributeError, LookupError, MemoryError, OSError, RecursionError, TypeError, ValueError)

LONGEST_NAME = 200
MAX_STEPS = 100_000
MAX_WORK = 10**12
"""So many bytes may all steps of a case together go through: some minutes."""
MAX_BYTES = 2**30
"""So much memory may the parameters take that a case wants to see."""


def verify(path: Path) -> Verdict:
    """Read, run and judge one case. Nothing in a file makes it raise: what cannot be read or run is a FAIL."""
    try:
        case = read(path)
    except MALFORMED as problem:
        return Verdict(path.stem, "FAIL", detail=f"cannot be read: {said(problem)}")
    name = str(case.get("id", path.stem))[:LONGEST_NAME]
    question = {key: value for key, value in case.items() if key not in ("expected", "published")}
    given = [np.array(case["data"][name]) for name in ("X", "Y")]
    try:
        with np.errstate(all="ignore"):  # numbers that are not finite are compared like others
            got = run(question)
    except NotImplementedError as missing:
        return Verdict(name, "SKIP", detail=str(missing), missing=tuple(str(missing).split(", ")))
    except MALFORMED as problem:
        return Verdict(name, "FAIL", detail=said(problem))
    if any(not np.array_equal(case["data"][name], before) for name, before in zip("XY", given, strict=True)):
        return Verdict(name, "FAIL", detail="X or Y was written into")
    try:
        return judge(name, case, got)
    except MALFORMED as problem:
        return Verdict(name, "FAIL", detail=f"what it expects cannot be compared: {said(problem)}")


def said(problem: Exception) -> str:
    """What went wrong, for a person."""
    return f"{problem.args[0]!r} is missing" if isinstance(problem, KeyError) else str(problem) or repr(problem)


def run(case: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that a case may expect, as its format names it. `case` is what `read` returns.

    Raises NotImplementedError that names the missing features.
    """
    question = understand(case)
    wanted_history, checkpoints = _whole(case.get("history_steps", 0)), {_whole(t) for t in case.get("checkpoints", ())}
    last = max({wanted_history, *checkpoints}) if case.get("optimizer") is not None else 0
    if last > MAX_STEPS:
        raise ValueError(f"case: expected at most {MAX_STEPS:,} steps, got {last:,}")
    experiment, start = question.experiment, question.start
    _refuse_too_much(question, last, len(checkpoints))
    session = Session(experiment, question.dataset, start=start, batches=question.batches)

    # A case's delta is the derivative, from which the sequential order departs below the output; only its updates do.
    simultaneous = experiment.replace(update_order="simultaneous")
    frame = Session(simultaneous, question.dataset, start=start, batches=question.batches).frame()
    result: dict[str, Any] = {
        "loss": frame.loss,
        "objective": frame.objective,
        "layers": [_layer(frame, number) for number in range(len(experiment.network.layers))],
        "dX": np.array(input_gradient(frame.trace)).reshape(-1, *case["data"]["X"].shape[1:]),
        "grad_norm": float(np.linalg.norm(frame.trace.gradient.flat)),
    }
    if case.get("optimizer") is None:
        return result
    objectives: list[float] = []
    rates: list[float] = []
    params_after: dict[str, list[dict[str, Array]]] = {}
    for step in range(last + 1):
        if step in checkpoints:
            params_after[str(step)] = _parameters(session.params)
        if step < wanted_history:
            frame = session.frame()
            objectives.append(frame.objective)
            rates.append(frame.rate)
        if step < last:
            session.step()
    result["history"] = {"objective": np.array(objectives), "lr": np.array(rates)}
    result["params_after"] = params_after
    return result | _at_the_end(question, session.params)


def _refuse_too_much(question: Question, steps: int, kept: int) -> None:
    """A file of a few bytes must not take the machine for a day."""
    rows = max((len(batch) for batch in question.batches), default=0) if question.batches else question.dataset.rows
    step_bytes = question.experiment.network.memory_bytes(rows)
    if step_bytes > memory_limit():
        raise ValueError(f"batches: {rows:,} rows at once need about {gibibytes(step_bytes)} GiB of memory")
    if kept * question.start.flat.nbytes > MAX_BYTES:
        raise ValueError(f"checkpoints: the parameters of {kept:,} steps do not fit into memory")
    if steps * step_bytes > MAX_WORK:
        raise ValueError(f"checkpoints, history_steps: {steps:,} steps of this network take too long")


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"checkpoints, history_steps: expected whole numbers, got {value!r}")
    return value


def _layer(frame: Frame, number: int) -> dict[str, Array]:
    """What a case may expect of one layer: z, a, delta, dW, db, or a and da where it has no parameters."""
    here, layer = frame.trace.layers[number], frame.experiment.network.layers[number]
    if layer.has_weights:
        names = ("z", "a", "delta", "dW", *(("db",) if layer.has_bias else ()))
        return {name: np.array(getattr(here, name)) for name in names}
    return {"a": np.array(here.a), "da": _da(frame, number)}


def _da(frame: Frame, number: int) -> Array:
    """∂C/∂a of a layer."""
    trace, experiment = frame.trace, frame.experiment
    if number + 1 < len(trace.layers):
        error = trace.layers[number + 1].dx
        assert error is not None
        return error.reshape(trace.layers[number].a.shape).copy()
    rule = loss_named(experiment.loss)
    if experiment.network.layers[-1].activation != rule.paired_with:
        return np.array(trace.dC_da)
    # A pair computes δ at once and leaves out what a case wants to see: the slope of the loss by itself.
    last = trace.layers[-1]
    slope = rule.da(last.a, trace.y) * rule.scale(experiment.reduction, trace.rows, experiment.network.outputs)
    return slope if last.term is None else slope + last.term


def _at_the_end(question: Question, params: Params) -> dict[str, Any]:
    """The objective of all rows with the last parameters, by a pass as in training, and how often its answer is
    right: the greatest output, or a single one above ½, as the format has it whatever the loss.
    """
    frame = Session(question.experiment, question.dataset, start=params).frame()
    a, y = frame.trace.layers[-1].a, frame.trace.y
    right = (a > 0.5) == (y > 0.5) if y.shape[1] == 1 else np.argmax(a, axis=1) == np.argmax(y, axis=1)
    return {"final_objective": frame.objective, "final_accuracy": float(np.mean(right))}


def _parameters(params: Params) -> list[dict[str, Array]]:
    found = []
    for layer, (W, b) in zip(params.network.layers, params, strict=True):
        values = {"W": W, "b": b} if layer.has_bias else {"W": W}
        found.append({name: array.copy() for name, array in values.items()} if layer.has_weights else {})
    return found

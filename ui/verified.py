"""What came of a reference case that was opened: one sentence, and where to look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from bpstudio.insight.elements import LossNode
from bpstudio.maths.losses import loss as loss_named
from ui.focus import Mark
from ui.language import tr, translatable

if TYPE_CHECKING:
    from bpstudio.files.case_lesson import OpenedCase
    from bpstudio.files.case_verdict import Disagreement

_PLACES = {
    "step": translatable("step {number}"),
    "update": translatable("update {number}"),
    "layer": translatable("layer {number}"),
    "row": translatable("row {number}"),
    "unit": translatable("unit {number}"),
    "input": translatable("input {number}"),
    "map": translatable("map {number}"),
    "filter": translatable("filter {number}"),
    "channel": translatable("channel {number}"),
    "line": translatable("line {number}"),
    "column": translatable("column {number}"),
}
_QUANTITIES = {
    "z": "z",
    "a": "a",
    "delta": "δ",
    "da": "∂C/∂a",
    "dW": "∂C/∂w",
    "db": "∂C/∂b",
    "dX": "∂C/∂x",
    "W": "w",
    "b": "b",
    "loss": translatable("the loss"),
    "objective": translatable("the objective"),
    "lr": translatable("the learning rate"),
    "grad_norm": translatable("the norm of the gradient"),
    "final_objective": translatable("the objective at the end"),
    "final_accuracy": translatable("the accuracy at the end"),
}
ENOUGH = 9
"""So many digits are shown of two numbers, if they differ in them."""


def sentence(opened: OpenedCase) -> tuple[str, str]:
    """(level, text) of a message: that everything agrees, or what differs first and by how much."""
    verdict, name = opened.verdict, opened.lesson.title.within("")
    if verdict.status == "PASS":
        return "good", tr("{case} passes: every number agrees to {worst}.", case=name, worst=f"{verdict.worst:.1e}")
    first = verdict.first
    if first is None:
        return "warning", tr("{case} fails: {reason}", case=name, reason=verdict.detail)
    expected, got = _numbers(first.expected, first.got)
    values = {"case": name, "what": _what(first, opened), "expected": expected, "got": got}
    place = _place(first)
    if not place:
        return "warning", tr("{case}: {what} differs. The case expects {expected}, here it is {got}.", **values)
    text = tr("{case}: {what} differs ({place}). The case expects {expected}, here it is {got}.", place=place, **values)
    return "warning", text


def look(opened: OpenedCase) -> Mapping[str, object]:
    """What Focus is to be set to: the number that differs is selected, and marked on the canvas."""
    element = opened.element
    if element is None:
        return {}
    return {
        "selection": None if isinstance(element, LossNode) else element,
        "mark": Mark(opened.lesson.at, (element,), of_case=True),
    }


def _what(first: Disagreement, opened: OpenedCase) -> str:
    """What differs. The window shows δ of a row's own cost, a case the derivative of the whole loss."""
    what = tr(_QUANTITIES.get(first.quantity, first.path))
    experiment, rows = opened.session.experiment, opened.session.trace.rows
    scale = loss_named(experiment.loss).scale(experiment.reduction, rows, experiment.network.outputs)
    if first.quantity not in ("delta", "da", "dX") or scale == 1:
        return what
    return tr("{what} with its factor 1/{count}", what=what, count=round(1 / scale))


def _place(first: Disagreement) -> str:
    from bpstudio.files.case_report import location  # only where somebody has a case

    return tr(", ").join(tr(_PLACES[name], number=number) for name, number in location(first))


def _numbers(one: float, other: float) -> tuple[str, str]:
    """Two numbers with as many digits as it takes to tell them apart."""
    short = (f"{one:.{ENOUGH}g}", f"{other:.{ENOUGH}g}")
    return short if short[0] != short[1] else (repr(one), repr(other))

"""The written form of the losses: ℓ of a row, the part of an output, and its slope, over letters or numbers.

A loss with a corner is written as the piece that holds at the numbers at hand: of a hinge that is far enough only 0
remains. The tests evaluate every piece against the functions in `maths`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from bpstudio.insight.formulas import DESCENT, ELEMENT, ERROR
from bpstudio.insight.notation import number, operand
from bpstudio.insight.phrase import Phrase, plain
from bpstudio.maths.losses import Loss
from bpstudio.maths.losses import loss as loss_named
from bpstudio.maths.operations import Array

#: ℓ of one row, as a book writes it.
OF_ROW: Mapping[str, str] = MappingProxyType(
    {
        "half_squared_error": "½ Σ ({a} − {y})²",
        "squared_error": "Σ ({a} − {y})²",
        "mean_absolute_error": "Σ |{a} − {y}|",
        "huber": "Σ m (|{a} − {y}| − ½ m), m = min(|{a} − {y}|, {delta})",
        "bce": "−Σ [{y} ln {a} + (1 − {y}) ln(1 − {a})]",
        "categorical_ce": "−Σ {y} ln {a}",
        "hinge": "Σ max(0, 1 − {y} {a})",
        "squared_hinge": "Σ max(0, 1 − {y} {a})²",
        "multiclass_hinge": "Σ max(0, 1 + {a}ⱼ − {a}ₖ), j ≠ k",
    }
)

#: ℓ of an output, in general; {own} is the output of the row's class.
_ELEMENT: Mapping[str, str] = MappingProxyType(
    {
        **ELEMENT,
        "mean_absolute_error": "|{y} − {a_operand}|",
        "huber": "m (|{a} − {y_operand}| − ½ m), m = min(|{a} − {y_operand}|, {delta})",
        "hinge": "max(0, 1 − {y_operand} · {a_operand})",
        "squared_hinge": "max(0, 1 − {y_operand} · {a_operand})²",
        "multiclass_hinge": "max(0, 1 + {a} − {own_operand})",
    }
)

#: ∂ℓ/∂a of an output, in general.
_ERROR: Mapping[str, str] = MappingProxyType(
    {
        **ERROR,
        "mean_absolute_error": "sign({a} − {y_operand})",
        "huber": "max(−{delta}, min({delta}, {a} − {y_operand}))",
        "hinge": "−{y_operand} [{y_operand} {a_operand} < 1]",
        "squared_hinge": "−2 {y_operand} max(0, 1 − {y_operand} {a_operand})",
        "multiclass_hinge": "[1 + {a} − {own_operand} > 0]",
    }
)


def of_row(loss: str, *, a: str, y: str) -> str:
    """ℓ of one row, in letters."""
    rule = loss_named(loss)
    return OF_ROW[rule.family].format(a=a, y=y, **_parameters(rule))


def element(loss: str, *, a: str, y: str) -> str:
    """ℓ of an output, in letters, whatever its numbers are."""
    return _general(_ELEMENT, loss, a, y)


def error(loss: str, *, a: str, y: str) -> str:
    """∂ℓ/∂a of an output, in letters, whatever its numbers are."""
    return _general(_ERROR, loss, a, y)


def _general(templates: Mapping[str, str], loss: str, a: str, y: str) -> str:
    rule = loss_named(loss)
    return written(templates[rule.family].replace("{delta}", _parameters(rule).get("delta", "")), a=a, y=y, own=f"{a}ₖ")


def _parameters(rule: Loss) -> dict[str, str]:
    return {name: number(value) for name, value in rule.parameters.items()}


def written(template: str, *, a: str, y: str, own: str = "", outputs: int = 1) -> str:
    """A template with letters or numbers in it; `outputs` > 1 divides by the number of outputs (mean over all)."""
    text = template.format(a=a, y=y, own=own, a_operand=operand(a), y_operand=operand(y), own_operand=operand(own))
    return text if outputs == 1 or text == "0" else f"({text}) / {outputs}"


def element_at(rule: Loss, a: Array, y: Array, at: int) -> str:
    """The template of ℓ of output `at` of a row with the outputs a and targets y (K,)."""
    if rule.family == "huber":
        delta = number(rule.parameters["delta"])
        inside = abs(a[at] - y[at]) <= rule.parameters["delta"]
        return ELEMENT["half_squared_error"] if inside else f"{delta} (|{{y}} − {{a_operand}}| − ½ · {delta})"
    if rule.family == "multiclass_hinge" and y[at] == 1:
        return "0"
    return _ELEMENT[rule.family]


def error_at(rule: Loss, a: Array, y: Array, at: int, sign: int) -> str:
    """The template of sign · ∂ℓ/∂a of output `at` of a row with the outputs a and targets y (K,)."""
    smooth = ERROR if sign > 0 else DESCENT
    if rule.family in smooth:
        return smooth[rule.family]
    difference = "{a} − {y_operand}" if sign > 0 else "{y} − {a_operand}"
    minus, plus = ("−", "") if sign > 0 else ("", "−")
    if rule.family == "mean_absolute_error":
        return f"sign({difference})"
    if rule.family == "huber":
        delta = rule.parameters["delta"]
        return difference if abs(a[at] - y[at]) <= delta else f"{number(delta)} · sign({difference})"
    if rule.family == "multiclass_hinge":
        count = -int(rule.da(a, y)[at]) if y[at] == 1 else int(rule.da(a, y)[at])
        return "0" if count == 0 else f"{minus if y[at] == 1 else plus}{count}"
    margin = "(1 − {y_operand} · {a_operand})"
    if not y[at] * a[at] < 1:
        return "0"
    target = "{y_operand}" if minus else "{y}"
    return f"{minus}{target}" if rule.family == "hinge" else f"{minus}2 · {{y_operand}} {margin}"


def own_output(rule: Loss, a: Array, y: Array) -> float:
    """The output of the row's class, of which a multi-class hinge speaks; 0 for other losses."""
    return float(a[int(np.argmax(y))]) if rule.family == "multiclass_hinge" else 0.0


def corner_notes(rule: Loss, a: Array, y: Array, at: int, digits: int = 9) -> tuple[Phrase, ...]:
    """What has to be said of the slope of output `at` where the loss has a corner: which side of it was taken."""
    if rule.side is None:
        return ()
    out, target, side = number(float(a[at]), digits), number(float(y[at]), digits), float(rule.side(a, y)[at])
    if rule.family == "huber":
        beyond = Phrase("further away than δ = {delta}: the error pulls no harder", _parameters(rule))
        return (beyond,) if side > 0 else ()
    if rule.family == "multiclass_hinge" and y[at] == 1:
        count = str(-int(rule.da(a, y)[at]))
        return (Phrase("other classes within the margin of 1: {count}", {"count": count}),)
    if side == 0:
        return (Phrase("on the corner of the loss: slope taken as 0"),)
    if rule.family == "mean_absolute_error":
        return ()
    if rule.family == "multiclass_hinge":
        own = own_output(rule, a, y)
        lead = f"1 + {out} − {operand(number(own, digits))} = {number(1 + float(a[at]) - own, digits)}"
    else:
        lead = f"1 − {operand(target)} · {operand(out)} = {number(1 - float(y[at] * a[at]), digits)}"
    if side > 0:
        return (plain(f"{lead} > 0"),)
    return (Phrase("{lead}: right by the margin of 1, costs nothing and pulls at nothing", {"lead": lead}),)

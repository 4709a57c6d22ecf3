"""What a derivative is multiplied together from, and what its sums are made of: factors and terms with their numbers.

Every value is read from the frame. δ and what is made of it has the sign that the notation gives it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bpstudio.engine.layers import AvgPool2D, Dropout, Flatten, MaxPool2D
from bpstudio.insight import penalty_lines
from bpstudio.insight.backward_lines import (
    arrivals,
    corners,
    directly,
    error_written,
    sequential_note,
    softmax_symbols,
    used_weight,
)
from bpstudio.insight.elements import Edge, Element, Pixel, Unit
from bpstudio.insight.formulas import direct, is_spelled, slope, slope_at, value, written
from bpstudio.insight.image_backward_lines import from_above, is_fed_by_dense
from bpstudio.insight.image_numbers import arrivals as arrivals_of
from bpstudio.insight.phrase import Phrase, plain
from bpstudio.insight.writer import Writer

ColorRole = Literal["error", "slope", "input", "product", "delta"]


@dataclass(frozen=True)
class Factor:
    """One factor of the product: its symbol, words, the formula behind it, its value, and where it stands."""

    symbol_tex: str
    symbol: str
    words: Phrase
    formula: Phrase
    value: float
    color_role: ColorRole
    element: Element


@dataclass(frozen=True)
class Term:
    """One summand: two named numbers and their product, or one named number (then the other is 1 and has no symbol)."""

    symbol: str
    left: float
    right_symbol: str
    right: float
    product: float
    element: Element
    words: Phrase | None = None
    """What stands beside it instead of its two numbers."""


def unit_title(w: Writer, unit: Unit) -> Phrase:
    """What a unit, or a pixel, is called at the head of its explanation."""
    placed = w.letters.names.placed(unit)
    if isinstance(placed, Pixel):
        places = {"map": str(placed.channel + 1), "row": str(placed.row + 1), "column": str(placed.column + 1)}
        where = {"pixel": w.letters.unit(unit), "layer": str(unit.layer), **places}
        return Phrase("Pixel {pixel} (layer {layer}, map {map}, row {row}, column {column})", where)
    values = {"unit": w.letters.unit(unit), "layer": str(unit.layer), "number": str(unit.index + 1)}
    return Phrase("Unit {unit} (layer {layer}, unit {number})", values)


def own_factors(w: Writer, unit: Unit, sign: int) -> tuple[list[Factor], list[Phrase]]:
    """What multiplies to sign · ∂C/∂z of a unit, and what has to be said about it."""
    letters, at = w.letters, unit.index
    value = sign * float(w.numbers.delta(unit.layer)[at])
    slopes = w.numbers.slope(unit.layer)
    notes: list[Phrase] = []
    is_output = unit.layer == w.depth
    if is_output and w.numbers.paired:
        notes.append(directly(w))
    error = float(w.numbers.error(unit.layer)[at])
    if slopes is None or (is_output and w.numbers.paired and not math.isfinite(error)) or w.numbers.is_mean:
        return [_delta_factor(w, unit, value, sign)], notes
    if not is_output:
        notes += sequential_note(w)
    steep = float(slopes[at])
    layer = w.network.layers[unit.layer - 1]
    notes += slope_notes(w, unit, steep) if not isinstance(layer, Dropout) else []
    if is_output:
        formula = plain(error_written(w, unit, sign)[0])
        notes += corners(w, unit) if not w.numbers.paired else ()
        notes += penalty_lines.unit_lines(w, unit)
    else:
        values = {"layer": str(unit.layer + 1), "count": str(w.network.sizes[unit.layer + 1])}
        formula = Phrase(
            "Σ w δ over layer {layer} ({count} terms)"
            if sign == w.sign
            else "−Σ w δ over layer {layer} ({count} terms)",
            values,
        )
        if not is_fed_by_dense(w, unit.layer):
            formula = from_above(w, unit.layer)
        sparse = penalty_lines.of_unit(w, unit)
        if sparse is not None:
            formula = Phrase(
                "{sum} + {sparsity}" if sign > 0 else "{sum} − {sparsity}",
                {"sum": formula, "sparsity": Phrase("sparsity")},
            )
            notes += penalty_lines.unit_lines(w, unit)
    passes_on = isinstance(layer, MaxPool2D | AvgPool2D | Flatten)
    return [
        Factor(
            ("" if sign > 0 else "-") + letters.tex("error", unit),
            ("" if sign > 0 else "−") + letters.text("error", unit),
            Phrase("error of {unit}", {"unit": letters.unit(unit)}),
            formula,
            sign * error,
            "error",
            unit,
        ),
        *([] if passes_on else [slope_factor(w, unit, steep)]),
    ], notes


def slope_notes(w: Writer, unit: Unit, steep: float) -> list[Phrase]:
    """What has to be said of a slope: how it came about where the function is not known by heart, that nothing comes
    through, or which side of a kink was taken.
    """
    function, z = w.numbers.function_of(unit), float(w.numbers.z(unit.layer)[unit.index])
    spelled = _spelled_slope(w, unit, steep)
    if not function.has_gradient:
        return [
            Phrase(
                "the slope of {function} is 0 wherever it has one: no error comes through",
                {"function": function.symbol},
            )
        ]
    if z in function.kinks:
        return [Phrase("kink: slope taken as {slope}", {"slope": w.number(steep)})]
    return [Phrase("off for this row: slope 0")] if function.switches and steep == 0 else spelled


def _spelled_slope(w: Writer, unit: Unit, steep: float) -> list[Phrase]:
    """f′(z) = its formula = the same with numbers = its value."""
    function, z = w.numbers.function_of(unit), float(w.numbers.z(unit.layer)[unit.index])
    a, letters = float(w.numbers.a(unit.layer)[unit.index]), w.letters
    if not is_spelled(function):
        return []
    symbol = f"{function.symbol}′({letters.text('z_letter')})"
    formula = slope_at(function, z, a=letters.text("a_letter"), z=letters.text("z_letter"))
    numbers = slope_at(function, z, a=w.number(a), z=w.number(z))
    return [w.equation(symbol, *([formula, numbers] if formula else []), w.number(steep))]


def value_notes(w: Writer, unit: Unit) -> tuple[Phrase, ...]:
    """f(z) = its formula = the same with numbers = its value, where the function is not known by heart."""
    function, z = w.numbers.function_of(unit), float(w.numbers.z(unit.layer)[unit.index])
    formula = value(function, z, w.letters.text("z_letter"))
    if not formula or w.numbers.is_mean:
        return ()
    symbol = f"{function.symbol}({w.letters.text('z_letter')})"
    result = w.number(float(w.numbers.a(unit.layer)[unit.index]))
    return (w.equation(symbol, formula, value(function, z, w.number(z)), result),)


def slope_factor(w: Writer, unit: Unit, value: float) -> Factor:
    """f′(z) of a unit; of a dropout its mask with the scale."""
    if isinstance(w.network.layers[unit.layer - 1], Dropout):
        return mask_factor(w, unit, value)
    letters, function = w.letters, w.numbers.function_of(unit)
    words = Phrase("slope of {function} at {unit}", {"function": function.symbol, "unit": letters.unit(unit)})
    formula = slope(function, a=letters.text("a_letter"), z=letters.text("z_letter"))
    return Factor(letters.tex("slope", unit), letters.text("slope", unit), words, formula, value, "slope", unit)


def mask_factor(w: Writer, unit: Unit, value: float) -> Factor:
    """What a dropout multiplies a number by: 0 or the scale."""
    layer = w.network.layers[unit.layer - 1]
    assert isinstance(layer, Dropout)
    if value == 0.0:
        formula = Phrase("0: dropped in this step")
    elif value == 1.0:
        formula = Phrase("kept")
    else:
        formula = Phrase("kept: {scale}", {"scale": f"1 / (1 − {w.number(layer.rate)})"})
    return Factor("m", "m", Phrase("mask and scale"), formula, value, "slope", unit)


def _delta_factor(w: Writer, unit: Unit, value: float, sign: int) -> Factor:
    """sign · ∂C/∂z as one factor, where it was not multiplied together: δ, or −δ where δ has the other sign."""
    letters = w.letters
    minus_tex, minus = ("", "") if sign == w.sign else ("-", "−")
    a, y = letters.text("a_letter"), letters.text("y_letter")
    if unit.layer == w.depth and w.numbers.paired:
        formula = written(direct(sign), a=a, y=y, outputs=w.divisor)
    elif not w.numbers.function(unit.layer).elementwise:
        formula = softmax_symbols(a, sign)
    else:
        formula = minus + letters.text("delta", unit)
    words = Phrase("error term of {unit}", {"unit": letters.unit(unit)})
    tex, text = minus_tex + letters.tex("delta", unit), minus + letters.text("delta", unit)
    return Factor(tex, text, words, plain(formula), value, "delta", unit)


def terms_of(w: Writer, unit: Unit) -> tuple[Term, ...]:
    """What the error of a hidden unit, or δ through a softmax, is the sum of."""
    if w.numbers.is_mean:
        return ()
    elementwise = w.numbers.function(unit.layer).elementwise
    if elementwise and unit.layer < w.depth and not is_fed_by_dense(w, unit.layer):
        return (*_image_terms(w, unit), *_sparse_terms(w, unit))
    if elementwise and unit.layer < w.depth:
        deltas = w.delta(unit.layer + 1)
        found = []
        for index, product in enumerate(arrivals(w, unit)):
            above, back = Unit(unit.layer + 1, index), Edge(unit.layer + 1, index, unit.index)
            symbol, weight, _ = used_weight(w, back)
            delta = float(deltas[index])
            found.append(Term(symbol, weight, w.letters.text("delta", above), delta, float(product), back))
        return (*found, *_sparse_terms(w, unit))
    if elementwise:
        return ()
    # Through the Jacobian of softmax: ∂a_k/∂z_j = a_k ([k = j] − a_j).
    a, errors = w.numbers.a(unit.layer), w.numbers.error(unit.layer)
    jacobian = a * ((np.arange(len(a)) == unit.index) - a[unit.index])
    return tuple(
        Term(
            w.letters.text("error", output),
            float(errors[output.index]),
            f"∂{w.letters.text('a', output)}/∂{w.letters.text('z', unit)}",
            float(jacobian[output.index]),
            float(errors[output.index] * jacobian[output.index]),
            output,
        )
        for output in (Unit(unit.layer, index) for index in range(len(a)))
    )


def _sparse_terms(w: Writer, unit: Unit) -> tuple[Term, ...]:
    """What a sparsity adds."""
    sparse = penalty_lines.of_unit(w, unit)
    if sparse is None:
        return ()
    value = w.sign * sparse.value
    return (Term(sparse.letters, value, "", 1.0, value, unit),)


def _image_terms(w: Writer, unit: Unit) -> tuple[Term, ...]:
    """What comes back from the places that saw a number; from a maximum it lost, 0."""
    found = []
    for each in arrivals_of(w.numbers, unit):
        delta, symbol = w.sign * each.delta, w.letters.text("delta", each.above)
        if each.edge is not None:
            found.append(Term(w.letters.edge(each.edge), each.factor, symbol, delta, each.factor * delta, each.edge))
        elif each.lost:
            found.append(Term(symbol, delta, "", 0.0, 0.0, each.above, Phrase("0: not the maximum")))
        elif each.factor != 1.0:
            found.append(
                Term(symbol, delta, f"· 1/{round(1 / each.factor)}", each.factor, each.factor * delta, each.above)
            )
        else:
            found.append(Term(symbol, delta, "", 1.0, delta, each.above))
    return tuple(found)

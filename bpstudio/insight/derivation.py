"""The chain rule of one selected thing, with its numbers: what the inspector writes down.

For a weight the derivation is three factors: how the cost changes with the unit's output, how steep the unit is, and
what came in. For a hidden unit's δ the first of them is itself a sum over the layer above, which stands in `terms`. A
row gives its own product; what becomes of it in the batch is `gathered`. All of it is read from the frame.

Where loss and output activation are a pair, δ = a − y was computed directly. Then δ is the first factor; for a sigmoid
∂C/∂a and the slope are worked out here too, and a note says so.

Where the notation has δ = −∂C/∂z, δ and everything made of it has the other sign. What is written ∂C/∂… has not: a
weight's factors stay the chain rule, and a note says ∂C/∂w = −δ · a.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from bpstudio.engine.layers import Dense
from bpstudio.insight import image_derivation, penalty_lines
from bpstudio.insight.derived import Derivation, Grid
from bpstudio.insight.elements import BIAS, Edge, Element, Example, Kernel, LossNode, Map, PlusOne, Unit
from bpstudio.insight.factors import Factor, Term, own_factors, slope_factor, terms_of, unit_title, value_notes
from bpstudio.insight.lines import Line, headline, line
from bpstudio.insight.next_values import new_value
from bpstudio.insight.notation import Notation
from bpstudio.insight.phrase import Phrase, plain
from bpstudio.insight.writer import Writer
from bpstudio.maths.operations import Array
from bpstudio.training.frame import Frame

__all__ = ["Derivation", "Factor", "Grid", "Line", "Phrase", "Term", "derive", "headline", "line"]


def derive(
    frame: Frame,
    example: Example,
    target: Element,
    notation: str | Notation = "mazur",
    digits: int = 9,
    quantity: Literal["delta", "activation"] = "delta",
) -> Derivation:
    """Write down how the number of `target` comes about; of a unit its δ or its activation, as `quantity` says.

    Raises ValueError for a target that the network does not have, or of which nothing is computed.
    """
    w = Writer(frame, example, notation, digits)
    target = w.letters.names.flat(target)
    if isinstance(target, (Edge, Unit)):
        w.letters.names.check(target)
    with np.errstate(all="ignore"):  # of a diverged step NaN and infinity are shown, not warned about
        match target:
            case Edge():
                return _edge(w, target)
            case Unit(layer=0):
                return _input(w, target)
            case Unit():
                if quantity == "delta":
                    return _delta(w, target)
                is_dense = isinstance(w.network.layers[target.layer - 1], Dense)
                return _activation(w, target) if is_dense else image_derivation.activation(w, target)
            case Map():
                is_back = quantity == "delta" and target.layer > 0
                return image_derivation.delta_of_map(w, target) if is_back else image_derivation.of_map(w, target)
            case Kernel():
                return image_derivation.of_kernel(w, target)
            case LossNode():
                return _loss(w)
    raise ValueError(f"target: expected an edge, a unit, a map, a kernel or the loss, came {target}")


def _multiplied(symbol_tex: str, factors: list[Factor]) -> str:
    product = r" \cdot ".join(factor.symbol_tex for factor in factors)
    return f"{symbol_tex} = {product}" if factors else symbol_tex


# ---- edges


def _edge(w: Writer, edge: Edge) -> Derivation:
    unit, letters = Unit(edge.layer, edge.to), w.letters
    is_kernel = letters.names.is_convolution(edge.layer)
    factors, notes = ([], []) if is_kernel else own_factors(w, unit, 1)
    sign = w.bias_sign(edge.layer) if edge.is_bias else 1
    if w.numbers.is_mean or is_kernel:
        factors = []
    elif not edge.is_bias:
        below = Unit(edge.layer - 1, edge.source)
        a, name = letters.text("a_letter"), letters.unit(below)
        formula = (
            plain(letters.activation(below)) if below.layer == 0 else Phrase("{a} of {unit}", {"a": a, "unit": name})
        )
        came_in = float(w.numbers.a(below.layer)[below.index])
        symbol, words = letters.text("came_in", edge), Phrase("what came in")
        factors.append(Factor(letters.tex("came_in", edge), symbol, words, formula, came_in, "input", below))
    elif sign < 0:
        symbol, node = letters.text("came_in", edge), PlusOne(edge.layer)
        factors.append(
            Factor(letters.tex("came_in", edge), symbol, Phrase("what came in"), plain("−1"), -1.0, "input", node)
        )
    else:
        notes.append(Phrase("what came in is the constant 1"))
    own = w.gradient(edge) if w.numbers.is_mean else math.prod(factor.value for factor in factors)
    if is_kernel and not w.numbers.is_mean:
        own = float(w.numbers.gradient(edge.layer)[edge.to, edge.source])
    if w.numbers.paired and unit.layer == w.depth and not w.numbers.is_mean:
        # δ is what was computed; ∂C/∂a · slope only explains it.
        own = float(w.numbers.delta(unit.layer)[unit.index]) * (sign if edge.is_bias else factors[-1].value)
    symbol, symbol_tex = w.gradient_symbol(edge), letters.tex("db" if edge.is_bias else "dw", edge)
    source = PlusOne(edge.layer) if edge.is_bias else Unit(edge.layer - 1, edge.source)
    several = w.numbers.rows > 1
    names = {"source": letters.element(source), "unit": letters.unit(unit)}
    address = letters.names.edge(edge)
    value, update = w.weight(edge), w.update(edge)
    whole = penalty_lines.with_penalties(w, edge)
    if w.sign < 0 and not w.numbers.is_mean and not is_kernel:
        came = "" if edge.is_bias else f" · {letters.activation(Unit(edge.layer - 1, edge.source))}"
        notes.append(plain(f"{symbol} = {'−' if sign > 0 else ''}{letters.text('delta', unit)}{came}"))
    if w.frozen(edge):
        notes.append(Phrase("frozen: stays {value}", {"value": w.given(value)}))
    return Derivation(
        target=edge,
        quantity="gradient",
        title=image_derivation.entry_title(w, edge)
        if is_kernel
        else Phrase(
            ("Bias of {unit}" if sign > 0 else "Threshold of {unit}") if edge.is_bias else "Edge {source} → {unit}",
            names,
        ),
        symbol=symbol,
        symbol_tex=symbol_tex,
        tex=image_derivation.entry_tex(w, edge, symbol_tex) if is_kernel else _multiplied(symbol_tex, factors),
        factors=tuple(factors),
        result=own,
        terms=_edge_terms(w, edge),
        terms_title=image_derivation.places_title(w, edge) if is_kernel and not w.numbers.is_mean else None,
        grids=image_derivation.entry_grids(w, edge) if is_kernel else (),
        terms_sign=w.sign
        if not is_kernel and unit.layer < w.depth and not w.numbers.is_mean and _is_elementwise(w, unit)
        else 1,
        gathered=w.gradient(edge) if several or whole is not None else None,
        gathering=_gathering(w, edge, whole) if several or whole is not None else None,
        of_one_row=not w.numbers.is_mean,
        name=letters.edge(edge),
        value=value,
        new_value=value + update,
        update=update,
        update_lines=new_value(w, edge),
        update_beat_address=f"update/{address}",
        beat_address=f"backward/{address}",
        frozen=w.frozen(edge),
        notes=tuple(notes),
    )


def _gathering(w: Writer, edge: Edge, whole: Phrase | None) -> Phrase:
    """What the batch does with the rows' gradients, and what penalties add to that."""
    of_rows = w.gather(w.number(penalty_lines.of_rows_alone(w, edge)))
    if whole is None:
        return of_rows
    with_penalty = Phrase("with the penalty {equation}", {"equation": whole})
    if w.numbers.rows == 1:
        return with_penalty
    return Phrase("{gathered}; {penalized}", {"gathered": of_rows, "penalized": with_penalty})


def _edge_terms(w: Writer, edge: Edge) -> tuple[Term, ...]:
    """The rows of a batch; of one row the places of a filter, or what the error of a unit is the sum of."""
    if w.letters.names.is_convolution(edge.layer):
        return image_derivation.entry_terms(w, edge)
    return _row_terms(w, edge) if w.numbers.is_mean else terms_of(w, Unit(edge.layer, edge.to))


def _row_terms(w: Writer, edge: Edge) -> tuple[Term, ...]:
    """What each row of the batch gives to the gradient of an edge."""
    here = w.numbers.layer(edge.layer)
    deltas = here.delta[:, edge.to] / w.numbers.share
    came_in = np.full(len(deltas), w.bias_sign(edge.layer)) if edge.is_bias else here.x[:, edge.source]
    return tuple(
        Term(w.letters.row_cost(row), float(delta), "", float(x), float(delta * x), edge)
        for row, (delta, x) in enumerate(zip(deltas, came_in, strict=True), 1)
    )


# ---- units and the loss


def _delta(w: Writer, unit: Unit) -> Derivation:
    factors, notes = own_factors(w, unit, w.sign)
    letters, name = w.letters, w.letters.names.unit(unit)
    symbol_tex = letters.tex("delta", unit)
    if w.numbers.is_mean:
        tex, factors = symbol_tex, []
    elif len(factors) > 1 or isinstance(w.network.layers[unit.layer - 1], image_derivation.PASSING):
        tex = _multiplied(symbol_tex, factors)
    elif w.numbers.paired and unit.layer == w.depth:
        difference = " - ".join([letters.tex("a", unit), letters.tex("y", unit)][:: w.sign])
        tex = f"{symbol_tex} = {difference if w.divisor == 1 else rf'({difference}) / {w.divisor}'}"
    else:
        active = f"{letters.tex('a_letter')}_k"
        chain = (
            rf"\frac{{\partial C}}{{\partial {active}}} \frac{{\partial {active}}}{{\partial {letters.tex('z', unit)}}}"
        )
        tex = rf"{symbol_tex} = {'' if w.sign > 0 else '-'}\sum_k {chain}"
    batch = w.sign * float(_column(w.frame.trace.layers[unit.layer - 1].delta, unit).sum())
    several = w.numbers.rows > 1
    return Derivation(
        target=unit,
        quantity="delta",
        title=unit_title(w, unit),
        symbol=letters.text("delta", unit),
        symbol_tex=symbol_tex,
        tex=tex,
        factors=tuple(factors),
        result=w.delta_of(unit),
        terms=terms_of(w, unit),
        terms_sign=1 if unit.layer < w.depth and _is_elementwise(w, unit) else w.sign,
        gathered=batch if several else None,
        gathering=w.gather(w.number(batch)) if several else None,
        of_one_row=not w.numbers.is_mean,
        beat_address=f"backward/{name}/delta",
        notes=tuple(notes),
    )


def _column(values: Array, unit: Unit) -> Array:
    """The numbers of a unit in all rows."""
    found: Array = values.reshape(len(values), -1)[:, unit.index]
    return found


def _is_elementwise(w: Writer, unit: Unit) -> bool:
    return w.numbers.function(unit.layer).elementwise


def _activation(w: Writer, unit: Unit) -> Derivation:
    """z as a sum of what came in, and f(z)."""
    letters, layer, at = w.letters, unit.layer, unit.index
    function = w.numbers.function(layer)
    z_tex, symbol_tex = letters.tex("z", unit), letters.tex("a", unit)
    weights, came_in = w.frame.params.W[layer - 1][at], w.numbers.a(layer - 1)
    terms = [
        Term(
            letters.edge(edge), float(weights[source]), letters.activation(Unit(layer - 1, source)),
            float(came_in[source]), float(weights[source] * came_in[source]), edge,
        )
        for source, edge in enumerate(Edge(layer, at, source) for source in range(len(weights)))
    ]  # fmt: skip
    bias, sign = Edge(layer, at, BIAS), w.bias_sign(layer)
    if sign > 0:
        terms.append(Term(letters.edge(bias), w.weight(bias), "", 1.0, w.weight(bias), bias))
    elif sign < 0:
        terms.append(Term(letters.edge(bias), w.weight(bias), "(−1)", -1.0, -w.weight(bias), bias))
    formula = {1: "Σ w x + b ({count} terms)", -1: "Σ w x − θ ({count} terms)", 0: "Σ w x ({count} terms)"}[sign]
    weighted = Factor(
        z_tex,
        letters.text("z", unit),
        Phrase("weighted input"),
        Phrase(formula, {"count": str(len(terms))}),
        float(w.numbers.z(layer)[at]),
        "input",
        unit,
    )
    factors = [weighted]
    steep = w.numbers.slope(layer)
    if steep is not None and not w.numbers.is_mean:
        factors.append(slope_factor(w, unit, float(steep[at])))
    function_tex = letters.function_tex(unit)
    tex = rf"{symbol_tex} = {function_tex}\left({z_tex}\right)"
    if not function.elementwise:
        tex = rf"{symbol_tex} = \frac{{e^{{{z_tex}}}}}{{\sum_k e^{{{letters.layer_tex('z_layer', layer)}_k}}}}"
    return Derivation(
        target=unit,
        quantity="activation",
        title=unit_title(w, unit),
        symbol=letters.text("a", unit),
        symbol_tex=symbol_tex,
        tex=tex,
        factors=tuple(factors),
        result=float(w.numbers.a(layer)[at]),
        terms=tuple(terms),
        beat_address=f"forward/{letters.names.unit(unit)}",
        notes=value_notes(w, unit),
        grids=image_derivation.picture_grids(w, unit),
    )


def _input(w: Writer, unit: Unit) -> Derivation:
    value = float(w.numbers.a(0)[unit.index])
    names = w.frame.dataset.input_names
    title = Phrase("Input {unit}: {column}", {"unit": w.letters.unit(unit), "column": names[unit.index]})
    symbol_tex = w.letters.tex("input", unit)
    return Derivation(
        target=unit,
        quantity="activation",
        title=title,
        symbol=w.letters.text("input", unit),
        symbol_tex=symbol_tex,
        tex=symbol_tex,
        factors=(),
        result=value,
        name=w.letters.unit(unit),
        value=value,
    )


def _loss(w: Writer) -> Derivation:
    """The parts of the outputs, and in a batch what becomes of the row's cost."""
    letters, outputs = w.letters, [Unit(w.depth, index) for index in range(w.network.outputs)]
    terms = tuple(
        Term(letters.text("element", unit), float(part), "", 1.0, float(part), unit)
        for unit, part in zip(outputs, w.numbers.elements(), strict=True)
    )
    several = w.numbers.rows > 1
    is_penalized = penalty_lines.is_penalized(w.experiment)
    symbol_tex = letters.tex("cost") + ("_0" if is_penalized else "")
    parts = [letters.tex("element", unit) for unit in outputs]
    shown = parts if len(parts) <= 4 else [*parts[:2], r"\cdots", parts[-1]]
    return Derivation(
        target=LossNode(),
        quantity="loss",
        title=Phrase("Loss"),
        symbol=letters.text("cost") + ("₀" if is_penalized else ""),
        symbol_tex=symbol_tex,
        tex=f"{symbol_tex} = {' + '.join(shown)}",
        factors=(),
        result=w.numbers.cost(),
        terms=terms,
        gathered=float(w.frame.loss) if several else None,
        gathering=w.gather(w.number(w.frame.loss)) if several else None,
        of_one_row=not w.numbers.is_mean,
        beat_address="loss/C",
        notes=penalty_lines.objective(w),
        grids=image_derivation.copy_grids(w),
    )

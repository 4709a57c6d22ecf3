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
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.insight import penalty_lines
from bpstudio.insight.elements import BIAS, Edge, Element, Example, LossNode, PlusOne, Target, Unit
from bpstudio.insight.factors import Factor, Term, own_factors, slope_factor, terms_of, value_notes
from bpstudio.insight.lines import Line, headline, line
from bpstudio.insight.next_values import new_value
from bpstudio.insight.notation import Notation
from bpstudio.insight.phrase import Phrase, plain
from bpstudio.insight.writer import Writer
from bpstudio.training.frame import Frame

__all__ = ["Derivation", "Factor", "Line", "Phrase", "Term", "derive", "headline", "line"]

Quantity = Literal["gradient", "delta", "activation", "loss"]


@dataclass(frozen=True)
class Derivation:
    """How one number comes about.

    `result` is that of the example alone (a row's own, without 1/N); `gathered` is the batch's where the two differ,
    and `gathering` says how it came about; `of_one_row` is False where the example is the whole batch. `terms` are
    the summands of the first factor, or of the result where there are no factors; `terms_sign` is −1 where it is their
    sum with a minus. For a parameter `value`, `new_value` and `update` say what it is, will be, and by how much it
    moves, and `update_beat_address` at which beat. `symbol_tex` is the left side of `tex`, the whole formula.
    """

    target: Element
    quantity: Quantity
    title: Phrase
    symbol: str
    symbol_tex: str
    tex: str
    factors: tuple[Factor, ...]
    result: float
    terms: tuple[Term, ...] = ()
    terms_sign: int = 1
    gathered: float | None = None
    gathering: Phrase | None = None
    of_one_row: bool = True
    name: str = ""
    value: float | None = None
    new_value: float | None = None
    update: float | None = None
    update_lines: tuple[Phrase, ...] = ()
    update_beat_address: str | None = None
    beat_address: str = ""
    frozen: bool = False
    notes: tuple[Phrase, ...] = ()


def explains(network: Network, target: Element) -> bool:
    """Whether the chain rule of an element is written down: of units and edges of dense layers whose error comes from
    a dense layer or from the loss, of inputs, targets and the loss.
    """
    dense = [isinstance(layer, Dense) for layer in network.layers]
    match target:
        case Unit(layer=0):
            return network.image_shape is None
        case Unit(layer=layer) | Edge(layer=layer) | PlusOne(layer=layer):
            return all(dense[layer - 1 : layer + 1])
        case Target():
            return dense[-1]
        case LossNode():
            return True
    return False


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
    if isinstance(target, (Edge, Unit)):
        w.letters.names.check(target)
    with np.errstate(all="ignore"):  # of a diverged step NaN and infinity are shown, not warned about
        match target:
            case Edge():
                return _edge(w, target)
            case Unit(layer=0):
                return _input(w, target)
            case Unit():
                return _delta(w, target) if quantity == "delta" else _activation(w, target)
            case LossNode():
                return _loss(w)
    raise ValueError(f"target: expected an edge, a unit or the loss, came {target}")


def _multiplied(symbol_tex: str, factors: list[Factor]) -> str:
    product = r" \cdot ".join(factor.symbol_tex for factor in factors)
    return f"{symbol_tex} = {product}" if factors else symbol_tex


# ---- edges


def _edge(w: Writer, edge: Edge) -> Derivation:
    unit, letters = Unit(edge.layer, edge.to), w.letters
    factors, notes = own_factors(w, unit, 1)
    sign = w.bias_sign(edge.layer) if edge.is_bias else 1
    if w.numbers.is_mean:
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
    if w.sign < 0 and not w.numbers.is_mean:
        came = "" if edge.is_bias else f" · {letters.activation(Unit(edge.layer - 1, edge.source))}"
        notes.append(plain(f"{symbol} = {'−' if sign > 0 else ''}{letters.text('delta', unit)}{came}"))
    if w.frozen(edge):
        notes.append(Phrase("frozen: stays {value}", {"value": w.given(value)}))
    return Derivation(
        target=edge,
        quantity="gradient",
        title=Phrase(
            ("Bias of {unit}" if sign > 0 else "Threshold of {unit}") if edge.is_bias else "Edge {source} → {unit}",
            names,
        ),
        symbol=symbol,
        symbol_tex=symbol_tex,
        tex=_multiplied(symbol_tex, factors),
        factors=tuple(factors),
        result=own,
        terms=_row_terms(w, edge) if w.numbers.is_mean else terms_of(w, unit),
        terms_sign=w.sign if unit.layer < w.depth and not w.numbers.is_mean and _is_elementwise(w, unit) else 1,
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
    elif len(factors) > 1:
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
    batch = w.sign * float(w.frame.trace.layers[unit.layer - 1].delta[:, unit.index].sum())
    several = w.numbers.rows > 1
    return Derivation(
        target=unit,
        quantity="delta",
        title=_unit_title(w, unit),
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


def _is_elementwise(w: Writer, unit: Unit) -> bool:
    return w.numbers.function(unit.layer).elementwise


def _unit_title(w: Writer, unit: Unit) -> Phrase:
    values = {"unit": w.letters.unit(unit), "layer": str(unit.layer), "number": str(unit.index + 1)}
    return Phrase("Unit {unit} (layer {layer}, unit {number})", values)


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
        title=_unit_title(w, unit),
        symbol=letters.text("a", unit),
        symbol_tex=symbol_tex,
        tex=tex,
        factors=tuple(factors),
        result=float(w.numbers.a(layer)[at]),
        terms=tuple(terms),
        beat_address=f"forward/{letters.names.unit(unit)}",
        notes=value_notes(w, unit),
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
    )

"""Sentences of the forward pass and of the loss."""

from __future__ import annotations

import numpy as np

from bpstudio.insight import penalty_lines
from bpstudio.insight.beat import Beat
from bpstudio.insight.elements import BIAS, Edge, Row, Unit
from bpstudio.insight.formulas import value
from bpstudio.insight.loss_formulas import element_at, own_output, written
from bpstudio.insight.matrices import Matrices
from bpstudio.insight.notation import operand
from bpstudio.insight.phrase import Phrase, plain
from bpstudio.insight.writer import SPELLED_OUT, Text, Writer


def start(w: Writer, beat: Beat) -> tuple[Phrase, ...]:
    """Before the first beat."""
    return (Phrase("nothing is computed yet"),)


def product(w: Writer, beat: Beat) -> tuple[Phrase, ...]:
    """What one weight sends."""
    assert beat.source is not None
    edge, below = Edge(beat.layer, beat.subject.index, beat.source), Unit(beat.layer - 1, beat.source)
    result = w.numbers.sent(edge)
    names = (w.letters.edge(edge), w.letters.activation(below))
    symbol = "".join(names) if below.layer == 0 else " · ".join(names)
    if w.numbers.is_mean:
        return (w.mean(symbol, w.number(result)),)
    return (w.equation(symbol, f"{w.given(w.weight(edge))} · {operand(w.came_in(below))}", w.number(result)),)


def sum_in(w: Writer, unit: Unit) -> Phrase:
    """The products and the bias: 0.0075 + 0.02 + 0.35."""
    weights = w.frame.params.W[unit.layer - 1][unit.index]
    products = w.sum(weights * w.numbers.a(unit.layer - 1), "{sum} ({count} products)")
    sign = w.bias_sign(unit.layer)
    if sign == 0:
        return products if isinstance(products, Phrase) else plain(products)
    bias = w.given(w.weight(Edge(unit.layer, unit.index, BIAS)))
    if sign < 0:
        return Phrase("{products} − {bias}", {"products": products, "bias": operand(bias)})
    template = "{products} − {bias}" if bias.startswith("−") else "{products} + {bias}"
    return Phrase(template, {"products": products, "bias": bias.removeprefix("−")})


def z(w: Writer, beat: Beat) -> tuple[Phrase, ...]:
    """The weighted input as a sum."""
    unit = beat.subject
    symbol, result = w.letters.text("z", unit), w.number(float(w.numbers.z(unit.layer)[unit.index]))
    if w.numbers.is_mean:
        return (w.mean(symbol, result),)
    return (w.equation(symbol, sum_in(w, unit), result),)


def a(w: Writer, beat: Beat) -> tuple[Phrase, ...]:
    """The activation; of a whole layer with shapes."""
    if beat.unit is None:
        return _layer(w, beat.layer)
    unit = beat.subject
    symbol, result = w.letters.text("a", unit), w.number(float(w.numbers.a(unit.layer)[unit.index]))
    if w.numbers.is_mean:
        return (w.mean(symbol, result),)
    function, weighted = w.numbers.function_of(unit), float(w.numbers.z(unit.layer)[unit.index])
    parts: list[Text] = [symbol]
    if beat.grain == "neuron":
        parts.append(Phrase("{function}({sum})", {"function": function.symbol, "sum": sum_in(w, unit)}))
    formula = value(function, weighted, w.number(weighted))
    spelled = [formula] if formula else []
    equation = w.equation(*parts, f"{function.symbol}({w.number(weighted)})", *spelled, result)
    if function.switches and weighted <= 0:
        return (Phrase("{equation}: off for this row", {"equation": equation}),)
    return (equation,)


def softmax(w: Writer, beat: Beat) -> tuple[Phrase, ...]:
    """The shares of a softmax layer, together or one by one."""
    weighted, shares = w.numbers.z(beat.layer), w.numbers.a(beat.layer)
    if w.numbers.is_mean and beat.unit is None:
        return (w.mean(w.letters.layer("a_layer", beat.layer), w.vector(shares)),)
    if w.numbers.is_mean:
        return (w.mean(w.letters.text("a", beat.subject), w.number(float(shares[beat.subject.index]))),)
    peak = float(weighted.max())
    exponentials = np.exp(weighted - peak)
    whole = w.number(float(exponentials.sum()))
    if beat.unit is None:
        values = {
            "peak": w.number(peak),
            "shifted": w.vector(weighted - peak),
            "exponentials": w.vector(exponentials),
            "sum": whole,
            "shares": w.vector(shares),
        }
        return (
            Phrase(
                "shift by the maximum {peak}: {shifted}; exponentials {exponentials}, sum {sum}; shares {shares}",
                values,
            ),
        )
    unit = beat.subject
    power = f"e^({w.number(float(weighted[unit.index]))} − {w.factor(peak)})"
    share = f"{w.number(float(exponentials[unit.index]))} / {whole}"
    return (w.equation(w.letters.text("a", unit), f"{power} / Σ", share, w.number(float(shares[unit.index]))),)


def _layer(w: Writer, layer: int) -> tuple[Phrase, ...]:
    """z and a of a whole layer, with shapes."""
    letters, matrices = w.letters, Matrices.of(w.letters.notation, w.numbers.trace.rows)
    inputs, units = w.network.sizes[layer - 1], w.network.sizes[layer]
    below = letters.layer("x_layer", layer) if layer == 1 else letters.layer("a_layer", layer - 1)
    weights, bias = letters.layer("w_layer", layer), letters.layer("b_layer", layer)
    sign = {1: " + ", -1: " − ", 0: ""}[w.bias_sign(layer)]
    added, shape = (f"{sign}{bias}", f"{sign}({units})") if sign else ("", "")
    product = matrices.forward(weights, below, inputs, units)
    symbols, shapes = f"{product.symbols}{added}", f"{product.shapes}{shape}"
    weighted, active = letters.layer("z_layer", layer), letters.layer("a_layer", layer)
    function = f"{w.numbers.function(layer).symbol}({weighted})"
    return (
        with_shapes(w, weighted, symbols, shapes, w.vector(w.numbers.z(layer))),
        with_shapes(w, active, function, matrices.samples(units), w.vector(w.numbers.a(layer))),
    )


def with_shapes(w: Writer, symbol: str, symbols: str, shapes: str, values: str) -> Phrase:
    """A matrix line: symbols, shapes, and the values of the example."""
    parts = {"symbol": symbol, "symbols": symbols, "shapes": shapes, "values": values}
    if w.numbers.trace.rows == 1:
        return Phrase("{symbol} = {symbols}, shapes {shapes}: {values}", parts)
    if w.numbers.is_mean:
        return Phrase("{symbol} = {symbols}, shapes {shapes}; mean of the rows {values}", parts)
    return Phrase("{symbol} = {symbols}, shapes {shapes}; this row {values}", parts)


# ---- loss


def element(w: Writer, beat: Beat) -> tuple[Phrase, ...]:
    """One output's part of the row's cost."""
    unit = beat.subject
    symbol, result = w.letters.text("element", unit), w.number(float(w.numbers.elements()[unit.index]))
    if w.numbers.is_mean:
        return (w.mean(symbol, result),)
    template = _element(w, unit)
    own = w.letters.text("a_letter") + "ₖ"
    letters = written(template, a=w.letters.text("a", unit), y=w.letters.text("y", unit), own=own, outputs=w.divisor)
    return (w.equation(symbol, letters, element_in_numbers(w, unit), result),)


def _element(w: Writer, unit: Unit) -> str:
    """The formula of the part of an output that holds at its numbers."""
    return element_at(w.numbers.loss, w.numbers.a(unit.layer), w.numbers.y(), unit.index)


def element_in_numbers(w: Writer, unit: Unit) -> str:
    """The part of an output with its numbers in it."""
    target, out = w.given(float(w.numbers.y()[unit.index])), w.number(float(w.numbers.a(unit.layer)[unit.index]))
    own = w.number(own_output(w.numbers.loss, w.numbers.a(unit.layer), w.numbers.y()))
    return written(_element(w, unit), a=out, y=target, own=own, outputs=w.divisor)


def cost(w: Writer, beat: Beat) -> tuple[Phrase, ...]:
    """The row's cost, the objective, or both, as the grain has it."""
    several = w.numbers.rows > 1
    if w.numbers.is_mean and beat.kind == "row":
        costs = w.vector(w.frame.row_loss * w.numbers.own_scale)
        return (Phrase("costs of the {rows} rows: {values}", {"rows": str(w.numbers.rows), "values": costs}),)
    whole = penalty_lines.objective(w)
    if w.numbers.is_mean:
        return (_objective(w), *whole)
    if beat.kind == "row" or not several:
        return (_row(w), *(whole if beat.kind != "row" or not several else ()))
    return (_row(w), _objective(w), *whole) if beat.grain == "layer" else (_objective(w), *whole)


def loss_symbol(w: Writer) -> str:
    """C, or C₀ for the loss where penalties are added to it."""
    return w.letters.text("cost") + ("₀" if penalty_lines.is_penalized(w.experiment) else "")


def _row(w: Writer) -> Phrase:
    """The sum over the outputs."""
    row = w.numbers.example.position + 1 if isinstance(w.numbers.example, Row) and w.numbers.rows > 1 else 0
    symbol = w.letters.row_cost(row) if row else loss_symbol(w)
    parts = w.sum(w.numbers.elements(), "{sum} ({count} outputs)")
    equation = w.equation(symbol, parts, w.number(w.numbers.cost()))
    if w.numbers.trace.rows == 1 and w.numbers.rows > 1:
        return Phrase("cost of this probe: {equation}", {"equation": equation})
    return equation


def _objective(w: Writer) -> Phrase:
    """The mean (or sum) over the rows of the batch."""
    rows, costs = w.numbers.rows, w.frame.row_loss * w.numbers.own_scale
    result, spelled = w.gather(w.number(w.frame.loss)), w.sum(costs, "{sum} ({count} rows)")
    if w.experiment.reduction == "sum":
        return w.equation(loss_symbol(w), spelled, result)
    whole = f"({spelled})" if rows <= SPELLED_OUT else w.number(float(costs.sum()))
    return w.equation(loss_symbol(w), f"{whole} / {rows}", result)

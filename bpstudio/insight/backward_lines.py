"""Sentences of the backward pass and of the update."""

from __future__ import annotations

import math

import numpy as np

from bpstudio.insight import loss_formulas, penalty_lines
from bpstudio.insight.beat import Beat
from bpstudio.insight.elements import Edge, Unit
from bpstudio.insight.formulas import direct, is_spelled, slope_at, written
from bpstudio.insight.forward_lines import with_shapes
from bpstudio.insight.matrices import Matrices
from bpstudio.insight.notation import operand
from bpstudio.insight.phrase import Phrase
from bpstudio.insight.writer import SPELLED_OUT, Text, Writer
from bpstudio.maths.operations import Array


def error(w: Writer, beat: Beat) -> tuple[Phrase, ...]:
    """How the cost changes with an output."""
    unit = beat.subject
    symbol, value = w.letters.text("error", unit), float(w.numbers.error(unit.layer)[unit.index])
    if w.numbers.is_mean:
        return (w.mean(symbol, w.number(value)),)
    letters, numbers = error_written(w, unit)
    sparse = penalty_lines.unit_lines(w, unit)
    if not w.numbers.paired:
        return (w.equation(symbol, letters, numbers, w.number(value)), *corners(w, unit), *sparse)
    if math.isfinite(value):
        return w.equation(symbol, letters, numbers, w.number(value)), directly(w), *sparse
    # An output of exactly 0 or 1 has no finite ∂C/∂a, and needs none: that is what the pair is for.
    parts = {"symbol": symbol, "formula": f"{letters} = {numbers}"}
    return Phrase("{symbol} = {formula} is not finite here", parts), directly(w)


def error_written(w: Writer, unit: Unit, sign: int = 1) -> tuple[str, str]:
    """The error of an output as letters and as numbers; with a sign of −1 what stands there is −∂C/∂a."""
    out, target = float(w.numbers.a(unit.layer)[unit.index]), float(w.numbers.y()[unit.index])
    letters, outputs, targets = w.letters, w.numbers.a(unit.layer), w.numbers.y()
    template = loss_formulas.error_at(w.numbers.loss, outputs, targets, unit.index, sign)
    symbols = loss_formulas.written(template, a=letters.text("a_letter"), y=letters.text("y_letter"), outputs=w.divisor)
    numbers = loss_formulas.written(template, a=w.number(out), y=w.given(target), outputs=w.divisor)
    sparse = penalty_lines.of_unit(w, unit)
    if sparse is None:
        return symbols, numbers
    return f"{symbols} {'+' if sign > 0 else '−'} s", f"{numbers} + {w.factor(sign * sparse.value)}"


def corners(w: Writer, unit: Unit) -> tuple[Phrase, ...]:
    """On which side of its corner a loss with one is."""
    return loss_formulas.corner_notes(w.numbers.loss, w.numbers.a(unit.layer), w.numbers.y(), unit.index, w.digits)


def directly(w: Writer) -> Phrase:
    """Says that δ of the outputs was not multiplied together."""
    a, y = w.letters.text("a_letter"), w.letters.text("y_letter")
    parts = {
        "activation": w.numbers.loss.paired_with or "",
        "direct": written(direct(w.sign), a=a, y=y, outputs=w.divisor),
    }
    return Phrase("{activation} with cross-entropy: δ = {direct} was computed directly", parts)


def arrivals(w: Writer, unit: Unit) -> Array:
    """What comes back to a hidden unit over each of its weights into the layer above."""
    terms: Array = w.numbers.layer(unit.layer + 1).W_used[:, unit.index] * w.delta(unit.layer + 1)
    return terms


def used_weight(w: Writer, edge: Edge) -> tuple[str, float, bool]:
    """Symbol and value of the weight that carried the error back, and whether it is an already updated one."""
    value = float(w.numbers.layer(edge.layer).W_used[edge.to, edge.source])
    updated = w.numbers.trace.sequential
    return w.letters.edge(edge) + ("⁺" if updated else ""), value, updated


def sequential_note(w: Writer) -> tuple[Phrase, ...]:
    """The label that sequential update carries wherever it shows."""
    if not w.numbers.trace.sequential:
        return ()
    return (
        Phrase(
            "sequential update: the error came back through weights that are already updated; "
            "this is the gradient of nothing"
        ),
    )


def arrival(w: Writer, beat: Beat) -> tuple[Phrase, ...]:
    """What comes back over one weight."""
    assert beat.source is not None
    above = Unit(beat.layer + 1, beat.source)
    edge = Edge(above.layer, above.index, beat.subject.index)
    symbol, weight, updated = used_weight(w, edge)
    delta, back = w.delta_of(above), w.number(w.sign * w.numbers.returned(edge))
    product = f"{symbol} · {w.letters.text('delta', above)}"
    if w.numbers.is_mean:
        return (w.mean(product, back),)
    equation = w.equation(product, f"{w.given(weight)} · {w.factor(delta)}", back)
    if updated:
        return (Phrase("{equation}, where {weight} is already updated", {"equation": equation, "weight": symbol}),)
    return (equation,)


def arrived(w: Writer, beat: Beat) -> tuple[Phrase, ...]:
    """All that came back to a hidden unit."""
    unit = beat.subject
    symbol, value = w.letters.text("error", unit), float(w.numbers.error(unit.layer)[unit.index])
    if w.numbers.is_mean:
        return (w.mean(symbol, w.number(value)),)
    came_back = w.sum(returned(w, unit), "{sum} ({count} arrivals)")
    # What comes back are weights times δ; with the other sign of δ that is −∂C/∂a.
    total: Text = came_back if w.sign > 0 else Phrase("−({sum})", {"sum": came_back})
    return w.equation(symbol, total, w.number(value)), *penalty_lines.unit_lines(w, unit)


def returned(w: Writer, unit: Unit) -> Array:
    """What comes back to a hidden unit, and last what a sparsity adds to it."""
    added = penalty_lines.of_unit(w, unit)
    back = arrivals(w, unit)
    return back if added is None else np.append(back, w.sign * added.value)


def delta(w: Writer, beat: Beat) -> tuple[Phrase, ...]:
    """Error times slope, or a − y where loss and activation are a pair; the negative of it with the other sign."""
    if beat.unit is None:
        return _layer_delta(w, beat.layer)
    unit = beat.subject
    symbol, value = w.letters.text("delta", unit), w.delta_of(unit)
    if w.numbers.is_mean:
        return (w.mean(symbol, w.number(value)),)
    is_output = unit.layer == w.depth
    if is_output and w.numbers.paired:
        a, y = w.numbers.a(unit.layer)[unit.index], w.numbers.y()[unit.index]
        template = direct(w.sign)
        letters = written(template, a=w.letters.text("a_letter"), y=w.letters.text("y_letter"), outputs=w.divisor)
        numbers = written(template, a=w.number(float(a)), y=w.given(float(y)), outputs=w.divisor)
        if penalty_lines.of_unit(w, unit) is not None:
            # What a sparsity of the outputs adds came through the slope; it is what δ has more than a − y.
            more = value - w.sign * (float(a) - float(y)) * w.numbers.own_scale
            letters, numbers = f"{letters} {'+' if w.sign > 0 else '−'} s", f"{numbers} + {w.factor(more)}"
        return w.equation(symbol, letters, numbers, w.number(value)), directly(w), *penalty_lines.unit_lines(w, unit)
    errors = w.numbers.error(unit.layer)
    slopes = w.numbers.slope(unit.layer)
    if slopes is None:
        return _softmax_delta(w, unit, errors, value)
    slope, arrived_here = float(slopes[unit.index]), w.number(w.sign * float(errors[unit.index]))
    parts: list[Text] = [symbol]
    if beat.grain == "neuron":
        inner: Text = (
            error_written(w, unit, w.sign)[1] if is_output else w.sum(returned(w, unit), "{sum} ({count} arrivals)")
        )
        parts.append(Phrase("({error}) · {slope}", {"error": inner, "slope": w.number(slope)}))
    else:
        parts.append(f"{w.minus}{w.letters.text('error', unit)} · {w.letters.text('slope', unit)}")
    equation = w.equation(*parts, f"{operand(arrived_here)} · {w.number(slope)}", w.number(value))
    function, z = w.numbers.function_of(unit), float(w.numbers.z(unit.layer)[unit.index])
    if z in function.kinks:
        equation = Phrase("{equation} (kink: slope taken as {slope})", {"equation": equation, "slope": w.number(slope)})
    elif function.switches and slope == 0:
        equation = Phrase("{equation} (slope 0)", {"equation": equation})
    sparse = penalty_lines.unit_lines(w, unit) if beat.grain == "neuron" else ()
    sparse += corners(w, unit) if is_output and beat.grain == "neuron" else ()
    return (equation, *_slope_line(w, unit, slope), *sparse, *(() if is_output else sequential_note(w)))


def _slope_line(w: Writer, unit: Unit, slope: float) -> tuple[Phrase, ...]:
    """How the slope came about, of a function that is not known by heart."""
    function, z = w.numbers.function_of(unit), float(w.numbers.z(unit.layer)[unit.index])
    if not function.has_gradient:
        return (Phrase("{function} has the slope 0: no error comes through", {"function": function.symbol}),)
    symbol, a = w.letters.text("slope", unit), float(w.numbers.a(unit.layer)[unit.index])
    if not is_spelled(function):
        return ()
    formula = slope_at(function, z, a=w.number(a), z=w.number(z))
    return (w.equation(symbol, *([formula] if formula else []), w.number(slope)),)


def _softmax_delta(w: Writer, unit: Unit, errors: Array, value: float) -> tuple[Phrase, ...]:
    """Through the Jacobian of softmax, when the loss is not its pair: a (e − Σ a e), and the same as the sum over its
    row ∂a_k/∂z.
    """
    a = w.numbers.a(unit.layer)
    own, common = w.number(float(errors[unit.index])), float(np.dot(a, errors))
    letter = w.letters.text("a_letter")
    symbols = softmax_symbols(letter, w.sign)
    difference = f"{own} − {w.factor(common)}" if w.sign > 0 else f"{w.number(common)} − {operand(own)}"
    numbers = f"{w.number(float(a[unit.index]))} ({difference})"
    symbol = w.letters.text("delta", unit)
    row = a * ((np.arange(len(a)) == unit.index) - a[unit.index])
    if len(a) <= SPELLED_OUT:
        products = [f"{w.factor(float(e))} · {w.factor(float(j))}" for e, j in zip(errors, row, strict=True)]
        summed: Text = f"{w.minus}({' + '.join(products)})" if w.sign < 0 else " + ".join(products)
    else:
        summed = w.sum(w.sign * errors * row, "{sum} ({count} products)")
    along = f"{w.minus}Σₖ ∂C/∂{letter}ₖ · ∂{letter}ₖ/∂{w.letters.text('z', unit)}"
    return w.equation(symbol, symbols, numbers, w.number(value)), w.equation(symbol, along, summed, w.number(value))


def softmax_symbols(letter: str, sign: int, product: str = "") -> str:
    """δ through the Jacobian of softmax, in letters; `product` stands before the bracket."""
    own, common = f"∂C/∂{letter}", f"Σ {letter} ∂C/∂{letter}"
    return f"{letter} {product}({own} − {common})" if sign > 0 else f"{letter} {product}({common} − {own})"


def _layer_delta(w: Writer, layer: int) -> tuple[Phrase, ...]:
    letters, units = w.letters, w.network.sizes[layer]
    matrices = Matrices.of(letters.notation, w.numbers.trace.rows)
    values, function = w.vector(w.delta(layer)), w.numbers.function(layer)
    symbol, weighted = letters.layer("delta_layer", layer), letters.layer("z_layer", layer)
    here = matrices.samples(units)
    if layer < w.depth:
        above = w.network.sizes[layer + 1]
        plus = "⁺" if w.numbers.trace.sequential else ""
        weights, after = letters.layer("w_layer", layer + 1) + plus, letters.layer("delta_layer", layer + 1)
        back = matrices.back(weights, after, units, above)
        sparse = "" if w.numbers.layer(layer).term is None else f" {'+' if w.sign > 0 else '−'} s"
        symbols = f"({back.symbols}{sparse}) ⊙ {function.symbol}′({weighted})"
        if not function.elementwise:
            # e is ∂C/∂a with the sign of δ, which the Jacobian leaves as it is.
            active = letters.layer("a_layer", layer)
            symbols = f"{active} ⊙ (e − Σ {active} e), e = {back.symbols}"
        note: tuple[Phrase, ...] = ()
        if sparse:
            term = w.numbers.layer(layer).term
            assert term is not None
            values_of_term = w.vector(np.ravel(term) / w.numbers.share)
            note = (Phrase("s = {values}: what sparsity adds to each unit", {"values": values_of_term}),)
            note += penalty_lines.running_note(w.experiment)
        return with_shapes(w, symbol, symbols, f"{back.shapes} ⊙ {here}", values), *note, *sequential_note(w)
    active = letters.layer("a_layer", layer)
    if w.numbers.paired:
        symbols = written(direct(w.sign), a=active, y=letters.text("y_letter"), outputs=w.divisor)
        if w.numbers.layer(layer).term is not None:
            symbols += f" {'+' if w.sign > 0 else '−'} s ∂{active}/∂{weighted}"
        return with_shapes(w, symbol, symbols, f"{here} − {here}", values), directly(w)
    if function.elementwise:
        symbols = f"{w.minus}∂C/∂{active} ⊙ {function.symbol}′({weighted})"
        return (with_shapes(w, symbol, symbols, f"{here} ⊙ {here}", values),)
    symbols = softmax_symbols(active, w.sign, "⊙ ")
    return (with_shapes(w, symbol, symbols, f"{here} ⊙ {here}", values),)


# ---- gradients


def gradient(w: Writer, beat: Beat) -> tuple[Phrase, ...]:
    """What reached the unit times what came in: this row, then the batch."""
    if beat.unit is None:
        return _layer_gradient(w, beat.layer)
    unit = beat.subject
    if beat.source is None:
        return _gradient_row(w, unit)
    edge = Edge(unit.layer, unit.index, beat.source)
    own_delta = w.delta_of(unit)
    # ∂C/∂θ = −δ; where δ = −∂C/∂z it is the others that have the minus.
    sign = w.sign * (w.bias_sign(unit.layer) if edge.is_bias else 1)
    minus = "" if sign > 0 else "−"
    symbol = minus + w.letters.text("delta", unit)
    whole = penalty_lines.with_penalties(w, edge)
    gathered = w.number(penalty_lines.of_rows_alone(w, edge))
    # With penalties what the rows give is not yet the gradient.
    named: list[Text] = [] if whole is not None else [w.gradient_symbol(edge)]
    last = () if whole is None else (_stays(w, edge, whole),)
    if w.numbers.is_mean:
        of_rows = w.equation(*named, w.gather(gathered))
        return (of_rows if last else _stays(w, edge, of_rows), *last)
    if edge.is_bias:
        numbers = f"−{w.factor(own_delta)}" if sign < 0 else w.number(own_delta)
        equation = w.equation(*named, symbol, numbers, w.number(sign * own_delta))
    else:
        below = Unit(unit.layer - 1, edge.source)
        own = w.sign * own_delta * float(w.numbers.a(below.layer)[below.index])
        letters = f"{symbol} · {w.letters.activation(below)}"
        numbers = f"{minus}{w.factor(own_delta)} · {operand(w.came_in(below))}"
        equation = w.equation(*named, letters, numbers, w.number(own))
    return *w.contribution(equation if last else _stays(w, edge, equation), gathered), *last


def _stays(w: Writer, edge: Edge, equation: Phrase) -> Phrase:
    if not w.frozen(edge):
        return equation
    return Phrase("{equation}, frozen: stays {value}", {"equation": equation, "value": w.given(w.weight(edge))})


def _gradient_row(w: Writer, unit: Unit) -> tuple[Phrase, ...]:
    """The gradients of all parameters into one unit."""
    edges, constant = w.parameters(unit), [float(w.bias_sign(unit.layer))] * edges_of_bias(w, unit.layer)
    symbols = w.gradient_symbol(edges[0])
    if len(edges) > 1:
        symbols = f"{symbols} … {w.gradient_symbol(edges[-1])}"
    whole = w.numbers.batch_gradient(unit.layer)[unit.index][: len(edges)]
    added = penalty_lines.of_weights(w.frame, unit.layer)[unit.index][: len(edges)]
    is_penalized = any(penalty_lines.of_weight(w.frame, edge) for edge in edges)
    gathered = w.vector(whole - added)
    named: list[Text] = [] if is_penalized else [symbols]
    terms = joined_names(w, unit.layer, bool(constant))
    last = (w.equation(symbols, f"{gathered}{terms}", w.vector(whole)),) if is_penalized else ()
    if w.numbers.is_mean:
        return w.equation(*named, w.gather(gathered)), *last
    came_in = w.numbers.a(unit.layer - 1)
    own = w.delta_of(unit)
    write = w.given if unit.layer == 1 else w.number
    factors = w.vector([*came_in, *constant], write)
    result = w.vector(w.sign * own * np.array([*came_in, *constant]))
    below = w.letters.layer("x_layer" if unit.layer == 1 else "a_layer", unit.layer - 1)
    if constant:
        below = f"({below}, {w.number(constant[0])})"
    letters = f"{w.minus}{w.letters.text('delta', unit)} · {below}"
    equation = w.equation(*named, letters, f"{w.minus}{w.factor(own)} · {factors}", result)
    return *w.contribution(equation, gathered), *last


def joined_names(w: Writer, layer: int, biases: bool) -> str:
    """What the penalties add to all parameters into a unit, in letters."""
    terms = penalty_lines.for_layer(w, layer, w.letters.layer("w_layer", layer))
    return terms + (penalty_lines.for_layer(w, layer, w.letters.layer("b_layer", layer), True) if biases else "")


def edges_of_bias(w: Writer, layer: int) -> int:
    """How many biases a unit of this layer has: 1 or 0."""
    return abs(w.bias_sign(layer))


def _layer_gradient(w: Writer, layer: int) -> tuple[Phrase, ...]:
    letters, rows = w.letters, w.numbers.rows
    inputs, units = w.network.sizes[layer - 1], w.network.sizes[layer]
    here = w.frame.trace.layers[layer - 1]
    after, weights = letters.layer("delta_layer", layer), letters.layer("w_layer", layer)
    below = letters.layer("x_layer", layer) if layer == 1 else letters.layer("a_layer", layer - 1)
    product = Matrices.of(letters.notation, rows).gradient(after, below, inputs, units)
    symbols, shapes = f"{w.minus}{product.symbols}", product.shapes
    minus = "" if w.sign * w.bias_sign(layer) > 0 else "−"
    sum_over_rows = minus + (after if rows == 1 else f"Σ {after}")
    return tuple(
        Phrase(
            "{symbol} = {symbols}, shapes {shapes}, size {norm}",
            {"symbol": symbol, "symbols": formula, "shapes": shape, "norm": f"‖{symbol}‖ = {w.number(norm)}"},
        )
        for symbol, formula, shape, norm in (
            (
                f"∂C/∂{weights}",
                symbols + penalty_lines.for_layer(w, layer, weights),
                shapes,
                float(np.linalg.norm(here.dW)),
            ),
            (
                f"∂C/∂{letters.layer('b_layer', layer)}",
                sum_over_rows + penalty_lines.for_layer(w, layer, letters.layer("b_layer", layer), True),
                f"({units})",
                float(np.linalg.norm(here.db)),
            ),
        )[: 1 + edges_of_bias(w, layer)]
    )

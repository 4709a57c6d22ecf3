"""Sentences of layers that are not dense, on the way back: δ of a place, of a map and of a layer, and the gradients of
kernels as sums over places.
"""

from __future__ import annotations

import numpy as np

from bpstudio.engine.layers import AvgPool2D, Conv2D, Dense, Dropout, Flatten, MaxPool2D, said
from bpstudio.insight import penalty_lines
from bpstudio.insight.backward_lines import arrived, edges_of_bias, sequential_note
from bpstudio.insight.beat import Beat
from bpstudio.insight.elements import Edge, Map, Unit
from bpstudio.insight.image_lines import part_of, summary
from bpstudio.insight.image_numbers import Arrival, arrivals, grown
from bpstudio.insight.notation import operand
from bpstudio.insight.phrase import Phrase
from bpstudio.insight.writer import SPELLED_OUT, Text, Writer


def delta(w: Writer, beat: Beat) -> tuple[Phrase, ...]:
    """δ of one number, of a map, or of a layer."""
    if beat.unit is not None:
        return of_unit(w, beat.subject)
    if beat.channel is not None:
        return of_map(w, Map(beat.layer, beat.channel))
    return _of_layer(w, beat.layer)


def is_fed_by_dense(w: Writer, layer: int) -> bool:
    """Whether what comes back to a layer comes from a dense one."""
    return layer < w.depth and isinstance(w.network.layers[layer], Dense)


# ---- one number


def passed_back(w: Writer, beat: Beat) -> tuple[Phrase, ...]:
    """∂C/∂a of a number that a layer above changes by itself: δ there."""
    unit = beat.subject
    symbol, value = w.letters.text("error", unit), float(w.numbers.error(unit.layer)[unit.index])
    if w.numbers.is_mean:
        return (w.mean(symbol, w.number(value)),)
    above = w.letters.text("delta", Unit(unit.layer + 1, unit.index))
    return w.equation(symbol, f"{w.minus}{above}", w.number(value)), *penalty_lines.unit_lines(w, unit)


def of_unit(w: Writer, unit: Unit) -> tuple[Phrase, ...]:
    """What came back, times the slope; what is dropped or was not the greatest gets nothing."""
    symbol, value = w.letters.text("delta", unit), w.delta_of(unit)
    if w.numbers.is_mean:
        return (w.mean(symbol, w.number(value)),)
    came, notes = came_back(w, unit)
    layer = w.network.layers[unit.layer - 1]
    slopes = w.numbers.slope(unit.layer)
    slope = 1.0 if slopes is None else float(slopes[unit.index])
    back = w.number(w.sign * float(w.numbers.error(unit.layer)[unit.index]))
    result = w.number(value)
    sparse = penalty_lines.unit_lines(w, unit)
    if isinstance(layer, Dropout):
        if slope == 0.0:
            return (Phrase("{symbol} = 0: dropped in this step", {"symbol": symbol}),)
        return w.equation(symbol, _times(came, slope, w), f"{operand(back)} · {w.number(slope)}", result), *notes
    if w.numbers.function(unit.layer).family == "identity":
        return w.equation(symbol, came, result), *notes, *sparse
    equation = w.equation(symbol, _times(came, slope, w), f"{operand(back)} · {w.number(slope)}", result)
    if w.numbers.function_of(unit).switches and slope == 0.0:
        equation = Phrase("{equation} (slope 0)", {"equation": equation})
    return equation, *notes, *sparse, *sequential_note(w)


def _times(came: Text, slope: float, w: Writer) -> Text:
    if isinstance(came, str) and " " not in came:
        return f"{operand(came)} · {w.number(slope)}"
    return Phrase("({error}) · {slope}", {"error": came, "slope": w.number(slope)})


def came_back(w: Writer, unit: Unit) -> tuple[Text, tuple[Phrase, ...]]:
    """What came back to a number as a sum, with the sign of δ, and what has to be said about it."""
    if is_fed_by_dense(w, unit.layer):
        weights = w.numbers.layer(unit.layer + 1).W_used[:, unit.index]
        return w.sum((weights * w.delta(unit.layer + 1)).tolist(), "{sum} ({count} arrivals)"), ()
    found = arrivals(w.numbers, unit)
    if not found:
        return w.number(0.0), (Phrase("no window saw this pixel"),)
    lost = sum(each.lost for each in found)
    won = [each for each in found if not each.lost]
    notes: tuple[Phrase, ...] = ()
    if lost and not won:
        return w.number(0.0), (Phrase("0: not the maximum"),)
    if lost:
        notes = (Phrase("not the maximum in {count} of its windows: 0 from there", {"count": str(lost)}),)
    if len(won) > SPELLED_OUT:
        return w.sum([w.sign * each.product for each in won], "{sum} ({count} arrivals)"), notes
    return " + ".join(_arrival(w, each) for each in won), notes


def _arrival(w: Writer, each: Arrival) -> str:
    delta = w.factor(w.sign * each.delta)
    if each.edge is not None:
        return f"{operand(w.given(each.factor))} · {delta}"
    return delta if each.factor == 1.0 else f"{delta} / {round(1 / each.factor)}"


# ---- a map and a layer


def of_map(w: Writer, element: Map) -> tuple[Phrase, ...]:
    """How δ comes to the places of a map, and between which numbers it lies."""
    values = part_of(w, element, w.delta(element.layer))
    parts = {"map": w.letters.element(element), "zeros": str(int((values == 0).sum())), "count": str(len(values))}
    between = Phrase("δ of {map}: {least} … {greatest}, {zeros} of {count} are 0", parts | summary(w, values))
    return *_way_back(w, element.layer), between


def _way_back(w: Writer, layer: int) -> tuple[Phrase, ...]:
    """How δ comes back to a layer, in words."""
    here, function = w.network.layers[layer - 1], w.numbers.function(layer)
    if isinstance(here, Dropout):
        own: tuple[Phrase, ...] = (
            Phrase("what was dropped gets 0, the rest times {scale}", {"scale": w.number(here.scale)}),
        )
    elif function.family == "identity":
        own = ()
    else:
        own = (Phrase("then times {slope}", {"slope": f"{function.symbol}′({w.letters.text('z_letter')})"}),)
    return from_above(w, layer), *own


def from_above(w: Writer, layer: int) -> Phrase:
    """How what comes back to a layer comes from the one above, in words."""
    above = w.network.layers[layer]
    match above:
        case Dense():
            return Phrase("each unit gathers w · δ from layer {layer}", {"layer": str(layer + 1)})
        case Conv2D():
            return Phrase("each pixel gathers kernel · δ from all windows that saw it")
        case MaxPool2D():
            return Phrase("δ goes to the greatest pixel of each window; the others get 0: not the maximum")
        case AvgPool2D():
            window = {"count": str(above.kernel[0] * above.kernel[1])}
            return Phrase("each of the {count} pixels of a window gets an equal share of δ", window)
        case Flatten():
            return Phrase("the row is laid out as {shape} again", {"shape": said(w.network.shapes[layer])})
    return Phrase("δ of layer {layer} comes back as it is", {"layer": str(layer + 1)})


def _of_layer(w: Writer, layer: int) -> tuple[Phrase, ...]:
    values = w.delta(layer)
    symbol = w.letters.layer("delta_layer", layer)
    size = w.equation(f"‖{symbol}‖", w.number(float(np.linalg.norm(values))))
    line = w.equation(symbol, w.vector(values.tolist()))
    shown = w.mean(symbol, w.vector(values.tolist())) if w.numbers.is_mean else line
    return *_way_back(w, layer), shown, size


# ---- gradients of kernels


def gradient(w: Writer, beat: Beat) -> tuple[Phrase, ...]:
    """The gradients of a filter's kernels: what one place adds, all of them, or those of the layer."""
    if beat.unit is not None and beat.channel is not None:
        return _of_place(w, beat.subject, beat.channel)
    if beat.channel is not None:
        return _of_filter(w, Map(beat.layer, beat.channel))
    return _of_layer_weights(w, beat.layer)


def _of_place(w: Writer, unit: Unit, number: int) -> tuple[Phrase, ...]:
    """δ of a place times its window is added to what the places before it gave."""
    layer = unit.layer
    places = int(np.prod(w.network.shapes[layer][1:]))
    done = unit.index - number * places + 1
    before, now = (grown(w.numbers, layer, number, count) for count in (done - 1, done))
    count = len(w.parameters(Unit(layer, number)))
    symbol = w.gradient_symbol(Edge(layer, number, 0))
    parts = {"done": str(done), "count": str(places)}
    so_far = Phrase("place {done} of {count}", parts)
    added = w.vector((now - before)[:count].tolist())
    delta = w.number(w.delta_of(unit))
    first: Phrase
    if w.numbers.is_mean:
        first = Phrase("{place}: all rows together add {added}", {"place": so_far, "added": added})
    else:
        letter = w.letters.text("delta", unit)
        product = w.equation(f"{w.minus}{letter} · x", f"{w.minus}{operand(delta)} · x", added)
        first = Phrase("{place} adds {product}", {"place": so_far, "product": product})
    sums = w.equation(f"{symbol} …", w.vector(now[:count].tolist()))
    whole = "sum so far: {equation}" if done < places else "the whole sum: {equation}"
    return first, Phrase(whole, {"equation": sums}), *_then(w, layer, number, done == places)


def _then(w: Writer, layer: int, number: int, is_last: bool) -> tuple[Phrase, ...]:
    """What becomes of a row's kernel gradients in the batch, at the last place."""
    if not is_last or w.numbers.is_mean or w.numbers.rows == 1:
        return ()
    count = len(w.parameters(Unit(layer, number)))
    return (w.gather(w.vector(w.numbers.batch_gradient(layer)[number][:count].tolist())),)


def _of_filter(w: Writer, element: Map) -> tuple[Phrase, ...]:
    layer, number = element.layer, element.channel
    edges = w.parameters(Unit(layer, number))
    symbols = f"{w.gradient_symbol(edges[0])} … {w.gradient_symbol(edges[-1])}"
    whole = w.numbers.batch_gradient(layer)[number][: len(edges)]
    added = penalty_lines.of_weights(w.frame, layer)[number][: len(edges)]
    gathered = w.vector((whole - added).tolist())
    places = Phrase(
        "each number of a kernel: the sum of δ · x over {count} places",
        {"count": str(int(np.prod(w.network.shapes[layer][1:])))},
    )
    penalized: tuple[Phrase, ...] = ()
    if any(penalty_lines.of_weight(w.frame, edge) for edge in edges):
        terms = penalty_lines.for_layer(w, layer, w.letters.layer("w_layer", layer))
        penalized = (w.equation(symbols, f"{gathered}{terms}", w.vector(whole.tolist())),)
    if w.numbers.is_mean:
        return places, w.equation(symbols, w.gather(gathered)), *penalized
    own = w.equation(symbols, w.vector(w.numbers.gradient(layer)[number][: len(edges)].tolist()))
    return places, *w.contribution(own, gathered), *penalized


def _of_layer_weights(w: Writer, layer: int) -> tuple[Phrase, ...]:
    """The gradients of all kernels by their size."""
    here, letters = w.frame.trace.layers[layer - 1], w.letters
    lines = []
    for name, norm, formula in (
        ("w_layer", float(np.linalg.norm(here.dW)), "Σ δ · x"),
        ("b_layer", float(np.linalg.norm(here.db)), "Σ δ"),
    )[: 1 + edges_of_bias(w, layer)]:
        symbol = letters.layer(name, layer)
        sign = w.sign * (w.bias_sign(layer) if name == "b_layer" else 1)
        terms = penalty_lines.for_layer(w, layer, symbol, name == "b_layer")
        parts = {
            "symbol": f"∂C/∂{symbol}",
            "symbols": f"{'' if sign > 0 else '−'}{formula}{terms}",
            "norm": f"‖∂C/∂{symbol}‖ = {w.number(norm)}",
        }
        lines.append(Phrase("{symbol} = {symbols} over all places, size {norm}", parts))
    return tuple(lines)


def arrived_here(w: Writer, beat: Beat) -> tuple[Phrase, ...]:
    """All that came back to a unit, from a dense layer or from one that changes each number by itself."""
    return arrived(w, beat) if is_fed_by_dense(w, beat.layer) else passed_back(w, beat)

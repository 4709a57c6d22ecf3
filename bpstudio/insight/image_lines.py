"""Sentences of layers that are not dense, on the way up: convolution, pooling, dropout, an activation on its own, and
what flattens.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bpstudio.engine.layers import Activate, AvgPool2D, Conv2D, Dropout, Flatten, MaxPool2D, said
from bpstudio.insight.beat import Beat
from bpstudio.insight.elements import BIAS, Edge, Map, Unit, pixel_of
from bpstudio.insight.formulas import value
from bpstudio.insight.image_numbers import laid, pooled
from bpstudio.insight.notation import operand
from bpstudio.insight.phrase import Phrase
from bpstudio.insight.writer import SPELLED_OUT, Text, Writer
from bpstudio.maths.operations import Array


def forward(w: Writer, beat: Beat) -> tuple[Phrase, ...]:
    """What a layer that is not dense computes: one number, a map, or all of it."""
    if beat.unit is not None:
        return of_unit(w, beat.subject)
    if beat.channel is not None:
        return of_map(w, Map(beat.layer, beat.channel))
    return _of_layer(w, beat.layer)


# ---- one number


def of_unit(w: Writer, unit: Unit) -> tuple[Phrase, ...]:
    """z and a of one number, or only a where nothing is added up."""
    layer = w.network.layers[unit.layer - 1]
    symbol, result = w.letters.text("a", unit), w.number(float(w.numbers.a(unit.layer)[unit.index]))
    if w.numbers.is_mean:
        return (w.mean(symbol, result),)
    match layer:
        case Conv2D():
            weighted = w.number(float(w.numbers.z(unit.layer)[unit.index]))
            return w.equation(w.letters.text("z", unit), convolved(w, unit), weighted), activated(w, unit)
        case MaxPool2D() | AvgPool2D():
            return _pooled(w, unit, symbol, result)
        case Dropout():
            return (dropped(w, unit, symbol, result),)
        case Activate():
            return (activated(w, unit),)
    return (w.equation(symbol, w.letters.activation(Unit(unit.layer - 1, unit.index)), result),)


def convolved(w: Writer, unit: Unit) -> Text:
    """The products of a window and its kernel, and the bias; few of them one by one."""
    pixel = pixel_of(w.network.shapes[unit.layer], unit)
    place = laid(w.numbers, pixel)
    seen, kernel = place.seen.ravel(), place.kernel.ravel()
    write = w.given if unit.layer == 1 else w.number
    products: Text
    if len(seen) <= SPELLED_OUT:
        pairs = zip(seen.tolist(), kernel.tolist(), strict=True)
        products = " + ".join(f"{operand(write(x))} · {operand(w.given(k))}" for x, k in pairs)
    else:
        products = w.sum(place.products.ravel().tolist(), "{sum} ({count} products)")
    sign = w.bias_sign(unit.layer)
    if sign == 0:
        return products
    bias = w.given(w.weight(Edge(unit.layer, pixel.channel, BIAS)))
    if sign < 0:
        return Phrase("{products} − {bias}", {"products": products, "bias": operand(bias)})
    template = "{products} − {bias}" if bias.startswith("−") else "{products} + {bias}"
    return Phrase(template, {"products": products, "bias": bias.removeprefix("−")})


def activated(w: Writer, unit: Unit) -> Phrase:
    """a = f(z) = the formula with its numbers = its value."""
    function, z = w.numbers.function_of(unit), float(w.numbers.z(unit.layer)[unit.index])
    result, weighted = w.number(float(w.numbers.a(unit.layer)[unit.index])), w.number(z)
    formula = value(function, z, weighted)
    parts = [w.letters.text("a", unit), f"{function.symbol}({weighted})", *([formula] if formula else []), result]
    equation = w.equation(*parts)
    if function.switches and z <= 0:
        return Phrase("{equation}: off for this row", {"equation": equation})
    return equation


def z_of_beat(w: Writer, beat: Beat) -> tuple[Phrase, ...]:
    """z of an activation on its own: what came in."""
    unit = beat.subject
    symbol, result = w.letters.text("z", unit), w.number(float(w.numbers.z(unit.layer)[unit.index]))
    if w.numbers.is_mean:
        return (w.mean(symbol, result),)
    return (w.equation(symbol, w.letters.activation(Unit(unit.layer - 1, unit.index)), result),)


def _pooled(w: Writer, unit: Unit, symbol: str, result: str) -> tuple[Phrase, ...]:
    found = pooled(w.numbers, pixel_of(w.network.shapes[unit.layer], unit))
    if found.won is None:
        if len(found.values) <= SPELLED_OUT:
            spelled: Text = f"({w.sum(found.values.tolist(), '')}) / {found.divisor}"
        else:
            whole = w.sum(found.values.tolist(), "{sum} ({count} pixels)")
            spelled = Phrase("{sum} / {count}", {"sum": whole, "count": str(found.divisor)})
        return (w.equation(symbol, spelled, result),)
    greatest = w.equation(symbol, f"max{w.vector(found.values.tolist())}", result)
    who: dict[str, str | Phrase] = {"equation": greatest, "pixel": w.letters.element(found.pixels[found.won])}
    rest = len(found.pixels) - 1
    others = (Phrase("the other {count} pixels: 0, not the maximum", {"count": str(rest)}),) if rest else ()
    return Phrase("{equation}, of {pixel}", who), *others


def dropped(w: Writer, unit: Unit, symbol: str, result: str) -> Phrase:
    """What became of a number in a dropout: 0, or times 1/(1 − p)."""
    layer = w.network.layers[unit.layer - 1]
    assert isinstance(layer, Dropout)
    slopes = w.numbers.slope(unit.layer)
    scale = 1.0 if slopes is None else float(slopes[unit.index])
    if scale == 0.0:
        return Phrase("{symbol} = 0: dropped in this step", {"symbol": symbol})
    came_in = operand(w.number(float(w.numbers.a(unit.layer - 1)[unit.index])))
    if scale == 1.0:
        return Phrase("{equation}: kept", {"equation": w.equation(symbol, f"{came_in} · 1", result)})
    formula = f"{came_in} · 1 / (1 − {w.number(layer.rate)})"
    return Phrase(
        "{equation}: kept", {"equation": w.equation(symbol, formula, f"{came_in} · {w.number(scale)}", result)}
    )


# ---- a map


def summary(w: Writer, values: Array) -> dict[str, str | Phrase]:
    """The least, the mean and the greatest of many numbers."""
    with np.errstate(all="ignore"):
        return {
            "least": w.number(float(values.min())),
            "mean": w.number(float(values.mean())),
            "greatest": w.number(float(values.max())),
        }


def part_of(w: Writer, element: Map, values: Array) -> Array:
    """The numbers of a map out of those of its layer."""
    found: Array = values.reshape(w.network.shapes[element.layer])[element.channel].ravel()
    return found


def of_map(w: Writer, element: Map) -> tuple[Phrase, ...]:
    """What the places of a map have in common, and between which numbers they lie."""
    layer, values = w.network.layers[element.layer - 1], part_of(w, element, w.numbers.a(element.layer))
    between = Phrase(
        "{map}: {least} … {greatest}, mean {mean}", {"map": w.letters.element(element), **summary(w, values)}
    )
    return how(w, layer, element), between


def how(w: Writer, layer: object, element: Map) -> Phrase:
    """How each place of a map comes about, in words."""
    count = {"count": str(int(np.prod(w.network.shapes[element.layer][1:])))}
    match layer:
        case Conv2D():
            products = w.network.weight_shapes[element.layer - 1][1:]
            parts = {"products": str(int(np.prod(products))), "function": w.numbers.function(element.layer).symbol}
            return Phrase(
                "{count} places, at each the sum of {products} products of window and kernel, then {function}",
                count | parts,
            )
        case MaxPool2D():
            return Phrase("{count} places, at each the greatest of {window} pixels", count | _window(layer.kernel))
        case AvgPool2D():
            return Phrase("{count} places, at each the mean of {window} pixels", count | _window(layer.kernel))
        case Dropout():
            return _masked(w, layer, part_of(w, element, _mask(w, element.layer)))
        case _:
            return Phrase("each of {count} pixels by itself: {function}", count | _function(w, element.layer))


def _window(kernel: Sequence[int]) -> dict[str, str]:
    return {"window": said(tuple(kernel))}


def _function(w: Writer, layer: int) -> dict[str, str]:
    return {"function": w.numbers.function(layer).symbol}


def _mask(w: Writer, layer: int) -> Array:
    slopes = w.numbers.slope(layer)
    assert slopes is not None  # a dropout's slope is its scaled mask
    return slopes


def _masked(w: Writer, layer: Dropout, mask: Array) -> Phrase:
    if w.numbers.is_mean:
        return Phrase("each row drops others; on average {share} of them", {"share": f"{layer.rate:.0%}"})
    counts = {"dropped": str(int((mask == 0).sum())), "count": str(len(mask)), "scale": w.number(layer.scale)}
    if layer.scale == 1.0:
        return Phrase("{dropped} of {count} dropped in this step: 0; the others stay", counts)
    return Phrase("{dropped} of {count} dropped in this step: 0; the others times {scale}", counts)


# ---- a layer


def _of_layer(w: Writer, layer: int) -> tuple[Phrase, ...]:
    """What a layer makes of what comes in, and the values."""
    spec, shapes = w.network.layers[layer - 1], w.network.shapes
    values = w.vector(w.numbers.a(layer))
    parts = {"before": said(shapes[layer - 1]), "after": said(shapes[layer]), "values": values}
    symbol = w.letters.layer("a_layer", layer)
    match spec:
        case Conv2D():
            template = "{filters} kernels of {kernel} slide over {before}: {after}"
            whole = said(w.network.weight_shapes[layer - 1][1:])
            first = Phrase(template, parts | {"filters": str(spec.filters), "kernel": whole})
        case MaxPool2D():
            first = Phrase("the greatest of each {window}: {before} becomes {after}", parts | _window(spec.kernel))
        case AvgPool2D():
            first = Phrase("the mean of each {window}: {before} becomes {after}", parts | _window(spec.kernel))
        case Flatten():
            first = Phrase("{before} as a row of {after}, map by map and row by row: nothing is computed", parts)
        case Dropout():
            first = _masked(w, spec, _mask(w, layer))
        case _:
            count = {"count": str(w.network.sizes[layer])}
            first = Phrase("each of {count} by itself: {function}", _function(w, layer) | count)
    if w.numbers.is_mean:
        return first, w.mean(symbol, values)
    return first, w.equation(symbol, values)

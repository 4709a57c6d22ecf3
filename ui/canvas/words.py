"""What the canvas says in words: tooltips with exact values, announcements."""

from __future__ import annotations

import math

import numpy as np

from bpstudio.engine.layers import Dropout
from bpstudio.insight.elements import Edge, Element, Kernel, KernelEntry, LossNode, Map, Pixel, PlusOne, Target, Unit
from bpstudio.insight.notation import exact, number
from bpstudio.insight.windows import winner
from bpstudio.maths.activations import FORMULA, Activation
from ui.canvas import compared, mark, titles
from ui.canvas.inputs import prepared
from ui.canvas.picture import Picture
from ui.canvas.scale import Limits
from ui.canvas.strokes import Floats
from ui.language import tr, translatable

NOT_COMPUTED = translatable("not computed yet")
FITTED = translatable("Colour range: {low} to {high}, locked again from here on.")
FROZEN = translatable("frozen: keeps its value")
WILL_BECOME = translatable("will become {value}")
SATURATION = translatable("saturation {value}")
NOTHING_SELECTED = translatable("Nothing is selected. Shift and the arrow keys select.")
OFF = translatable("off: slope 0")
LEAVES = translatable("! your number leaves ours in this line")
DIFFERS = translatable("! the case has another number here")
NO_GRADIENT = translatable("its slope is 0: no error comes through")
MAP = translatable("{layer}, map {map} of {count}, {size}")
PIXEL = translatable("{layer}, map {map}, row {row}, column {column}")
ENTRY = translatable("row {row}, column {column} of the kernel")
RANGE = translatable("{low} to {high}, mean {mean}")
DROPPED = translatable("dropped in this step: × 0")
DROPPED_OF = translatable("{count} of {all} dropped in this step")
KEPT = translatable("kept in this step: × {scale}")
GREATEST = translatable("the greatest of its window: row {row}, column {column}")
KINK = translatable("kink at z = 0: slope taken as 0")


def title(picture: Picture, element: Element) -> str:
    """What an element is called: its letter, and for inputs and outputs the name of the column."""
    element = picture.names.placed(element)
    name = picture.letters.element(element)
    data = picture.frame.dataset
    if isinstance(element, Map | Pixel):
        return f"{name} · {_place_of(picture, element)}"
    if isinstance(element, Kernel | KernelEntry) or (
        isinstance(element, Edge) and picture.names.is_convolution(element.layer)
    ):
        return f"{name}   {_way_of(picture, element)}"
    if isinstance(element, Edge):
        unit = picture.letters.unit(Unit(element.layer, element.to))
        source = PlusOne(element.layer) if element.is_bias else Unit(element.layer - 1, element.source)
        origin = picture.letters.element(source)
        return f"{name}   {origin} → {unit}"
    if isinstance(element, Unit) and element.layer == 0 and element.index < len(data.input_names):
        return f"{name} · {data.input_names[element.index]}"
    if isinstance(element, Unit) and element.layer == picture.depth and element.index < len(data.output_names):
        return f"{name} · {data.output_names[element.index]}"
    if isinstance(element, LossNode):
        return f"{name} · {tr('loss')}"
    return name


def _place_of(picture: Picture, element: Map | Pixel) -> str:
    """Where a map or a pixel is: its layer, and the numbers that a person counts."""
    layer, (channels, height, width) = element.layer, picture.network.shapes[element.layer]
    spec = picture.network.layers[layer - 1] if layer else None
    of = tr(titles.INPUT) if spec is None else spec.name or titles.kind(spec)
    values = {"layer": of, "map": element.channel + 1, "count": channels}
    if isinstance(element, Map):
        return tr(MAP, size=f"{height}×{width}", **values)
    return tr(PIXEL, row=element.row + 1, column=element.column + 1, **values)


def _way_of(picture: Picture, element: Kernel | KernelEntry | Edge) -> str:
    """From which map to which a kernel leads; a bias comes from its node."""
    layer = element.layer
    if isinstance(element, Edge):
        source, number = picture.letters.element(PlusOne(layer)), element.to
    else:
        source, number = picture.letters.element(Map(layer - 1, element.channel)), element.filter
    way = f"{source} → {picture.letters.element(Map(layer, number))}"
    if not isinstance(element, KernelEntry):
        return way
    return f"{way} · {tr(ENTRY, row=element.u + 1, column=element.v + 1)}"


def facts(picture: Picture, element: Element) -> list[str]:
    """The numbers of an element with all their digits, each only if it is known by now."""
    element = picture.names.flat(element)
    match element:
        case Map():
            return _map_facts(picture, element)
        case Kernel():
            return _kernel_facts(picture, element)
        case Unit(layer, index):
            return _unit_facts(picture, layer, index)
        case Edge():
            return _edge_facts(picture, element)
        case LossNode():
            known = picture.known(element, "C")
            return [f"C = {exact(picture.frame.objective)}" if known else tr(NOT_COMPUTED)]
        case Target(index):
            return [exact(float(picture.numbers.y()[index]))]
        case PlusOne(layer):
            thresholds = picture.network.layers[layer - 1].bias_sign < 0
            words = translatable("always −1: the thresholds are its weights")
            return [tr(words) if thresholds else tr("always 1: the biases are its weights")]
        case Pixel() | KernelEntry():
            raise ValueError(f"expected a unit or an edge, came {element}")  # flat leaves none of them


def _range(values: Floats) -> str:
    """From the smallest to the largest number, and their mean."""
    with np.errstate(all="ignore"):
        low, high, mean = float(values.min()), float(values.max()), float(values.mean())
    return tr(RANGE, low=number(low, 6), high=number(high, 6), mean=number(mean, 6))


def _map_facts(picture: Picture, element: Map) -> list[str]:
    symbol = picture.letters.text("input" if element.layer == 0 else "a", element)
    place = picture.place(element)
    if element.layer and not picture.known(element, "a"):
        return [tr(NOT_COMPUTED)]
    lines = [f"{symbol}: {_range(picture.numbers.a(element.layer)[place])}"]
    dropped = picture.numbers.dropped(element.layer) if element.layer and not picture.is_mean else None
    if dropped is not None:
        lines.append(tr(DROPPED_OF, count=int(dropped[place].sum()), all=len(dropped[place])))
    if element.layer and picture.known(element, "delta"):
        lines.append(f"{picture.letters.text('delta', element)}: {_range(picture.delta(element.layer)[place])}")
    return lines


def _kernel_facts(picture: Picture, element: Kernel) -> list[str]:
    layer, letters = element.layer, picture.letters
    weights = picture.values_of(element, picture.weights[layer - 1])
    lines = [f"{letters.text('w', element)}: {_range(weights)}"]
    if picture.known(element, "dW"):
        gradient = picture.values_of(element, picture.gradients[layer - 1])
        lines.append(f"{letters.text('dw', element)}: {_range(gradient)}")
    else:
        lines.append(f"{letters.text('dw', element)}: {tr(NOT_COMPUTED)}")
    if picture.frozen(layer, bias=False):
        lines.append(tr(FROZEN))
    return lines


def _pooled_facts(picture: Picture, unit: Unit) -> list[str]:
    """What a pooled pixel took, and what a dropout did."""
    if picture.is_mean:
        return []
    dropped, spec = picture.numbers.dropped(unit.layer), picture.network.layers[unit.layer - 1]
    if dropped is not None and isinstance(spec, Dropout):
        return [tr(DROPPED) if bool(dropped[unit.index]) else tr(KEPT, scale=number(spec.scale, 6))]
    pixel = picture.names.placed(unit)
    if not isinstance(pixel, Pixel):
        return []
    greatest = winner(picture.network, pixel, picture.numbers.a(pixel.layer - 1))
    return [] if greatest is None else [tr(GREATEST, row=greatest.row + 1, column=greatest.column + 1)]


def _unit_facts(picture: Picture, layer: int, index: int) -> list[str]:
    numbers, unit = picture.numbers, Unit(layer, index)
    symbol = picture.letters.activation(unit)
    value = float(numbers.a(layer)[index])
    if layer == 0:
        scaling = prepared(picture.frame.dataset, index)
        return [f"{symbol} = {exact(value)}", *([f"= {scaling.formula}"] if scaling is not None else [])]
    if not picture.known(unit, "a"):
        return [tr(NOT_COMPUTED)]
    z = float(numbers.z(layer)[index])
    function = numbers.function_of(unit)
    own = [f"f = {_function_words(function)}"] if numbers.function(layer).units or function.family == FORMULA else []
    lines = [*own, f"{picture.letters.text('z', unit)} = {exact(z)}", f"{symbol} = {exact(value)}"]
    lines += _pooled_facts(picture, unit)
    saturation, off = numbers.saturation(layer), numbers.off(layer)
    if saturation is not None and not np.isnan(saturation[index]):
        lines.append(tr(SATURATION, value=f"{float(saturation[index]):.4f}"))
    if off is not None and bool(off[index]) and not picture.is_mean:
        lines.append(tr(KINK if z == 0.0 else OFF))
    if not numbers.function_of(unit).has_gradient:
        lines.append(tr(NO_GRADIENT))
    if picture.known(unit, "delta"):
        lines.append(f"{picture.letters.text('delta', unit)} = {exact(float(picture.delta(layer)[index]))}")
    return lines


def _function_words(function: Activation) -> str:
    """What a unit's own function is called: as it was typed, or its name with its numbers."""
    return function.name[len(FORMULA) + 1 : -1] if function.family == FORMULA else function.name


def _edge_facts(picture: Picture, edge: Edge) -> list[str]:
    weight = picture.weight_of(edge)
    lines = [f"{picture.letters.edge(edge)} = {exact(weight)}"]
    if picture.eye.color == "difference":
        lines += compared.facts(picture, edge)
    if picture.known(edge, "dW"):
        lines.append(
            f"{picture.letters.text('db' if edge.is_bias else 'dw', edge)} = {exact(picture.gradient_of(edge))}"
        )
    else:
        lines.append(f"{picture.letters.text('db' if edge.is_bias else 'dw', edge)}: {tr(NOT_COMPUTED)}")
    if picture.frozen(edge.layer, edge.is_bias):
        lines.append(tr(FROZEN))
    elif picture.known(edge, "dW"):
        lines.append(tr(WILL_BECOME, value=exact(weight + picture.update_of(edge))))
    return lines


def tooltip(picture: Picture, element: Element, pixel: Pixel | None = None) -> str:
    """Name and exact values, one per line; of a map also the pixel under the mouse."""
    lines = [title(picture, element), *facts(picture, element)]
    if isinstance(element, Map) and pixel is not None:
        lines += [title(picture, pixel), *facts(picture, pixel)]
    marked = picture.eye.mark
    if marked is not None and element in mark.marked(picture.walk, marked):
        lines.append(tr(DIFFERS if marked.of_case else LEAVES))
    return "\n".join(lines)


def fitted(limits: Limits) -> str:
    """The sentence that announces a new colour range."""
    return tr(FITTED, low=f"1e{round(math.log10(limits.bottom))}", high=f"1e{round(math.log10(limits.top))}")

"""What the canvas says in words: tooltips with exact values, announcements."""

from __future__ import annotations

import math

import numpy as np

from bpstudio.insight.elements import Edge, Element, LossNode, PlusOne, Target, Unit
from bpstudio.insight.notation import exact
from bpstudio.maths.activations import FORMULA, Activation
from ui.canvas import mark
from ui.canvas.inputs import prepared
from ui.canvas.picture import Picture
from ui.canvas.scale import Limits
from ui.language import tr, translatable

NOT_COMPUTED = translatable("not computed yet")
FITTED = translatable("Colour range: {low} to {high}, locked again from here on.")
FROZEN = translatable("frozen: keeps its value")
WILL_BECOME = translatable("will become {value}")
SATURATION = translatable("saturation {value}")
NOTHING_SELECTED = translatable("Nothing is selected. Shift and the arrow keys select.")
OFF = translatable("off: slope 0")
LEAVES = translatable("! your number leaves ours in this line")
NO_GRADIENT = translatable("its slope is 0: no error comes through")
KINK = translatable("kink at z = 0: slope taken as 0")


def title(picture: Picture, element: Element) -> str:
    """What an element is called: its letter, and for inputs and outputs the name of the column."""
    name = picture.letters.element(element)
    data = picture.frame.dataset
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


def facts(picture: Picture, element: Element) -> list[str]:
    """The numbers of an element with all their digits, each only if it is known by now."""
    match element:
        case Unit(layer, index):
            return _unit_facts(picture, layer, index)
        case Edge():
            return _edge_facts(picture, element)
        case LossNode():
            known = picture.known(element, "C")
            return [f"C = {exact(picture.frame.loss)}" if known else tr(NOT_COMPUTED)]
        case Target(index):
            return [exact(float(picture.numbers.y()[index]))]
        case PlusOne(layer):
            thresholds = picture.network.layers[layer - 1].bias_sign < 0
            words = translatable("always −1: the thresholds are its weights")
            return [tr(words) if thresholds else tr("always 1: the biases are its weights")]


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


def tooltip(picture: Picture, element: Element) -> str:
    """Name and exact values, one per line."""
    lines = [title(picture, element), *facts(picture, element)]
    if element in mark.marked(picture.walk, picture.eye.mark):
        lines.append(tr(LEAVES))
    return "\n".join(lines)


def fitted(limits: Limits) -> str:
    """The sentence that announces a new colour range."""
    return tr(FITTED, low=f"1e{round(math.log10(limits.bottom))}", high=f"1e{round(math.log10(limits.top))}")

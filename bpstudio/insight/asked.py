"""What a breakpoint waits for, in words: such as “w₅ crosses zero”."""

from __future__ import annotations

import math

from bpstudio.engine.network import Network
from bpstudio.insight.elements import BIAS, Edge, Element, KernelEntry, Map, Names, Unit
from bpstudio.insight.notation import Notation, letters, number
from bpstudio.insight.phrase import Phrase, plain
from bpstudio.training.conditions import (
    Condition,
    Expression,
    GradientNorm,
    PredictionFlips,
    UnitDies,
    UnitFlat,
    ValidationTurns,
    WeightCrosses,
)


def asked(condition: Condition, network: Network, notation: str | Notation = "mazur") -> Phrase:
    """The condition as a clause: “Stop when …”. What the network does not have any more is called by its numbers."""
    match condition:
        case GradientNorm(low, high):
            values = {"low": number(low), "high": number(high)}
            if high == math.inf:
                return Phrase("‖∇C‖ falls below {low}", values)
            return Phrase("‖∇C‖ exceeds {high}", values) if low == 0 else Phrase("‖∇C‖ leaves {low} … {high}", values)
        case UnitFlat(layer, unit):
            return _of_unit(
                layer,
                unit,
                network,
                notation,
                ("a unit goes flat", "a unit of layer {layer} goes flat", "{unit} goes flat"),
            )
        case UnitDies(layer, unit):
            return _of_unit(
                layer, unit, network, notation, ("a unit dies", "a unit of layer {layer} dies", "{unit} dies")
            )
        case ValidationTurns(1):
            return Phrase("the validation loss rises")
        case ValidationTurns(times):
            return Phrase("the validation loss rises {times} times in a row", {"times": str(times)})
        case WeightCrosses():
            return Phrase("{name} crosses zero", {"name": _called(network, notation, weight_of(condition, network))})
        case PredictionFlips(row):
            return Phrase("the prediction of row {row} flips", {"row": f"{row + 1:,}"})
        case Expression(text):
            return plain(text)


def weight_of(condition: WeightCrosses, network: Network) -> Element | str:
    """The weight or bias that is meant; its numbers where the network does not have it."""
    layer, index = condition.layer, condition.index
    element: Element
    if len(index) == 4:
        element = KernelEntry(layer, *index)
    else:
        element = Edge(layer, index[0], BIAS if condition.bias else index[1])
    written = ",".join(str(place + 1) for place in index)
    return element if _has(network, element) else f"{'b' if condition.bias else 'w'}^{layer}_{written}"


def unit_of(layer: int, unit: int, network: Network) -> Element | None:
    """The unit that is meant, or the map in a layer of images; None where the network does not have it."""
    if not 1 <= layer <= len(network.layers) or unit < 0:
        return None
    element = Map(layer, unit) if Names.of(network).is_image(layer) else Unit(layer, unit)
    return element if _has(network, element) else None


def _of_unit(
    layer: int, unit: int, network: Network, notation: str | Notation, templates: tuple[str, str, str]
) -> Phrase:
    of_any, of_layer, of_one = templates
    if layer == 0:
        return Phrase(of_any)
    if unit < 0:
        return Phrase(of_layer, {"layer": str(layer)})
    element = unit_of(layer, unit, network)
    return Phrase(of_one, {"unit": _called(network, notation, element or f"h^{layer}_{unit + 1}")})


def _called(network: Network, notation: str | Notation, element: Element | str) -> str:
    return element if isinstance(element, str) else letters(notation, network).element(element)


def _has(network: Network, element: Element) -> bool:
    return Names.of(network).has(element)

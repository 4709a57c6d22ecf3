"""Addresses: stable names of beats, for lessons, tests, links and the command line.

    start
    forward/h1/w1    forward/h1/z    forward/h1/a    forward/h1    forward/softmax    forward/layer1
    loss/o1    loss/row    loss/C
    backward/o1/error    backward/o1/delta    backward/layer2/delta
    backward/h1/from-o1    backward/h1/sum    backward/h1/delta    backward/layer1/delta
    backward/w5    backward/b_o1    backward/o1/weights    backward/layer2/weights
    update/w5    update/b_o1    update/o1    update/layer2
    step

Of layers of images:

    forward/p1_3_5_2    forward/m1_3    forward/layer1
    backward/p1_3_5_2/delta    backward/m1_3/delta
    backward/p1_3_5_2/kernels    backward/k1_3_2_1_1    backward/k1_3_2    backward/b_m1_3    backward/m1_3/weights
    update/k1_3_2_1_1    update/k1_3_2    update/b_m1_3    update/m1_3

Every address works at every grain: it stands for the edge beat at which the named thing is complete, and a coarser
grain answers with the beat in which that lies. Without a batch `loss/row` is `loss/C`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bpstudio.insight.elements import BIAS, Edge, Element, Kernel, LossNode, Map, Names, Unit
from bpstudio.insight.order import Block, Grain, Order

_LAYER = re.compile(r"layer(\d{1,9})")


def address(order: Order, names: Names, grain: Grain, index: int) -> str:
    """The address of a beat."""
    if index == 0:
        return "start"
    if grain == "step":
        return "step"
    if grain == "layer":
        return _layer_address(order.locate_layer(index))
    if grain == "neuron":
        block, offset = order.locate_neuron(index)
        return _neuron_address(order, block, _row_name(order, names, block, offset))
    return _edge_address(order, names, *order.locate(index))


def _row_name(order: Order, names: Names, block: Block, offset: int) -> str:
    """What one beat of the neuron grain is about: a unit, a map, or the whole layer."""
    pace = order.paces[block.layer - 1]
    if pace.is_image:
        return names.element(Map(block.layer, offset))
    if block.act == "forward" and pace.forward.rows == 1 and not pace.is_dense:
        return f"layer{block.layer}"
    return names.unit(Unit(block.layer, offset))


def _layer_address(block: Block) -> str:
    match block.act:
        case "forward":
            return f"forward/layer{block.layer}"
        case "loss":
            return "loss/C"
        case "gradients":
            return f"backward/layer{block.layer}/weights"
        case "update":
            return f"update/layer{block.layer}"
        case _:
            return f"backward/layer{block.layer}/delta"


def _neuron_address(order: Order, block: Block, unit: str) -> str:
    match block.act:
        case "forward":
            return f"forward/{unit}/z" if order.joint(block.layer) else f"forward/{unit}"
        case "shares":
            return "forward/softmax" if block.layer == order.depth else f"forward/layer{block.layer}/softmax"
        case "loss":
            return "loss/row" if order.rows > 1 else "loss/C"
        case "mean":
            return "loss/C"
        case "gradients":
            return f"backward/{unit}/weights"
        case "update":
            return f"update/{unit}"
        case _:
            return f"backward/{unit}/delta"


def _edge_address(order: Order, names: Names, block: Block, offset: int) -> str:
    layer = block.layer
    match block.act:
        case "shares":
            return f"forward/{names.unit(Unit(layer, offset))}/a"
        case "loss" if offset < order.sizes[layer]:
            return f"loss/{names.unit(Unit(layer, offset))}"
        case "loss":
            return "loss/row" if order.rows > 1 else "loss/C"
        case "mean":
            return "loss/C"
    pace = order.paces[layer - 1]
    index, inner = divmod(offset, block.stride)
    if block.act == "update":
        return f"update/{names.edge(Edge(layer, index, BIAS if inner == pace.columns else inner))}"
    if pace.is_image:
        pixel = names.unit(Unit(layer, offset))
        return {"forward": f"forward/{pixel}", "gradients": f"backward/{pixel}/kernels"}.get(
            block.act, f"backward/{pixel}/delta"
        )
    unit = names.unit(Unit(layer, index))
    inputs = order.sizes[layer - 1]
    match block.act:
        case "forward" if not pace.is_dense:
            return f"forward/{f'layer{layer}' if block.count == 1 < pace.units else unit}{'/z' if pace.joint else ''}"
        case "forward" if inner < inputs:
            return f"forward/{unit}/{names.edge(Edge(layer, index, inner))}"
        case "forward":
            return f"forward/{unit}/{'z' if inner == inputs else 'a'}"
        case "output deltas":
            return f"backward/{unit}/{'error' if inner == 0 else 'delta'}"
        case "hidden deltas" if inner < block.stride - 2:
            return f"backward/{unit}/from-{names.unit(Unit(layer + 1, inner))}"
        case "hidden deltas":
            return f"backward/{unit}/{'sum' if inner == block.stride - 2 else 'delta'}"
    return f"backward/{names.edge(Edge(layer, index, BIAS if inner == inputs else inner))}"


def resolve(order: Order, names: Names, text: str) -> int:
    """The edge beat that an address stands for. Raises ValueError that names near addresses."""
    try:
        return _resolve(order, names, text)
    except (ValueError, KeyError):
        import difflib  # only where a name is misspelt

        near = difflib.get_close_matches(text, sorted(set(_examples(order, names, text))), n=4, cutoff=0.0)
        raise ValueError(f"no beat {text!r} in this walk; near it: {', '.join(near)}") from None


def _resolve(order: Order, names: Names, text: str) -> int:
    depth, words = order.depth, text.split("/")
    if len(words) > 1 and words[1][:1] in ("m", "k"):
        return _of_images(order, names, words)
    match words:
        case ["start"]:
            return 0
        case ["step"]:
            return order.counts["edge"]
        case ["loss", "C" | "row" as quantity]:
            return order.place(LossNode(), quantity)
        case ["loss", name]:
            return order.place(names.find_unit(name), "element")
        case ["forward", "softmax"]:
            return order.end("shares", depth)
        case ["forward", name, "softmax"] if layer := _layer(name, depth):
            return order.end("shares", layer)
        case ["forward", name] if layer := _layer(name, depth):
            return order.place(Unit(layer, order.sizes[layer] - 1), "a")
        case ["forward", name]:
            return order.place(_computed(names.find_unit(name)), "a")
        case ["forward", name, "z" | "a" as quantity]:
            return order.place(_computed(names.find_unit(name)), quantity)
        case ["forward", name, weight]:
            unit, edge = names.find_unit(name), names.find_edge(weight)
            if (edge.layer, edge.to) == (unit.layer, unit.index) and not edge.is_bias:
                return order.place(edge, "product")
        case ["backward", name, "delta"] if layer := _layer(name, depth):
            return order.place(Unit(layer, order.sizes[layer] - 1), "delta")
        case ["backward", name, "weights"] if layer := _layer(name, depth):
            return order.end("gradients", layer)
        case ["update", name] if layer := _layer(name, depth):
            return order.end("update", layer)
        case ["backward", name, "weights"]:
            return order.place(_last_edge(names, name), "dW")
        case ["backward", name, "delta"]:
            return order.place(names.find_unit(name), "delta")
        case ["backward", name, "kernels"]:
            unit = names.find_unit(name)
            if names.is_convolution(unit.layer):
                return order.start("gradients", unit.layer) + unit.index + 1
        case ["backward", name, "error" | "sum" as quantity]:
            unit = names.find_unit(name)
            if (unit.layer == depth) == (quantity == "error"):
                return order.place(unit, "error")
        case ["backward", name, source] if source.startswith("from-"):
            unit, above = names.find_unit(name), names.find_unit(source.removeprefix("from-"))
            if above.layer == unit.layer + 1 and unit.layer > 0 and order.paces[unit.layer].is_dense:
                return order.place(Edge(above.layer, above.index, unit.index), "arrival")
        case ["backward", name]:
            return order.place(names.find_edge(name), "dW")
        case ["update", name] if name[:1] in ("w", "b"):
            return order.place(names.find_edge(name), "new")
        case ["update", name]:
            return order.place(_last_edge(names, name), "new")
    raise ValueError(text)


def _of_images(order: Order, names: Names, words: list[str]) -> int:
    """Of a map its last place; of a kernel, or a number of it, where it is complete."""
    element: Element = names.find(words[1])
    if isinstance(element, Map) and element.layer > 0:
        pace = order.paces[element.layer - 1]
        last = Unit(element.layer, (element.channel + 1) * pace.places - 1)
        match words:
            case ["forward", _]:
                return order.place(last, "a")
            case ["backward", _, "delta"]:
                return order.place(last, "delta")
            case ["backward", _, "weights"]:
                return order.start("gradients", element.layer) + last.index + 1
            case ["update", _]:
                return order.start("update", element.layer) + (element.channel + 1) * pace.update.stride
    if isinstance(element, Kernel):
        size = names.matrices[element.layer - 1][1] // names.weights[element.layer - 1][1]
        element = Edge(element.layer, element.filter, (element.channel + 1) * size - 1)
    edge = names.flat(element)
    match words:
        case ["backward", _] if isinstance(edge, Edge):
            return order.place(edge, "dW")
        case ["update", _] if isinstance(edge, Edge):
            return order.place(edge, "new")
    raise ValueError("/".join(words))


def _layer(name: str, depth: int) -> int:
    """The number in `layer3`, or 0 when this is no layer of the network."""
    match = _LAYER.fullmatch(name)
    number = int(match[1]) if match else 0
    return number if number <= depth else 0


def _computed(unit: Unit) -> Unit:
    if unit.layer == 0:
        raise ValueError("inputs are given, not computed")
    return unit


def _last_edge(names: Names, name: str) -> Edge:
    unit = _computed(names.find_unit(name))
    last = BIAS if names.biases[unit.layer - 1] else names.sizes[unit.layer - 1] - 1
    return Edge(unit.layer, unit.index, last)


def _examples(order: Order, names: Names, text: str) -> Iterator[str]:
    """Addresses worth suggesting: of each kind the first, the last and the one whose number is nearest to the wish."""
    wish = int(max(re.findall(r"\d{1,9}", text), key=len, default="1"))
    yield from ("start", "step")
    for block in order.blocks:
        start = order.start(block.act, block.layer)
        beat = min(max(wish - 1, 0), block.count // block.stride - 1) * block.stride
        picks = {0, block.count - 1, beat, beat + block.stride - 1, max(beat + block.stride - 2, 0)}
        for pick in picks:
            yield _edge_address(order, names, block, pick)
            yield address(order, names, "neuron", order.at("neuron", start + pick + 1))
        yield _layer_address(block) if block.act not in ("shares", "mean") else "loss/C"
    for number in {1, names.weight_count, min(max(wish, 1), names.weight_count)} - {0}:
        name = names.edge(names.weight(number))
        yield from (f"backward/{name}", f"update/{name}")

"""A slip put into words: what happened, where it happened, what helps, and the numbers that it was done with."""

from __future__ import annotations

from dataclasses import dataclass

from bpstudio.insight import loss_formulas
from bpstudio.insight.altered import Pass
from bpstudio.insight.elements import BIAS, Edge, Edges, Lit, LossNode, PlusOne, Unit, Units
from bpstudio.insight.formulas import DIRECT, slope, written
from bpstudio.insight.notation import Letters, given, number, operand
from bpstudio.insight.phrase import Phrase, plain
from bpstudio.insight.suspects import Case, Done, Suspect
from bpstudio.insight.symbols import SIGNED, beat_of
from bpstudio.maths.activations import Activation

#: Numbers in an explanation are for reading along: so many decimals, and no sum of more parts.
_DECIMALS = 6
_PARTS = 4


@dataclass(frozen=True)
class Finding:
    """One slip that explains a number.

    `words` complete "This is what comes out …"; `lit` are the elements where it happened, `address` the beat.
    """

    id: str
    words: Phrase
    remedy: Phrase
    lit: tuple[Lit, ...]
    address: str


@dataclass(frozen=True)
class Explanation:
    """All slips of one combination, the number that comes out with them, and how: 0.741365 · 0.593270."""

    findings: tuple[Finding, ...]
    value: float
    numbers: str
    note: Phrase | None = None

    @property
    def ids(self) -> tuple[str, ...]:
        """The names of the slips."""
        return tuple(finding.id for finding in self.findings)


def explanation(case: Case, suspect: Suspect, letters: Letters, digits: int) -> Explanation:
    """Put a suspect into words."""
    said = tuple(_finding(case, one, letters, digits) for one in suspect.done)
    return Explanation(said, suspect.value, _numbers(case, suspect, min(digits, _DECIMALS)), suspect.view.note)


def _finding(case: Case, one: Done, letters: Letters, digits: int) -> Finding:
    lit, address = _where(case, one, letters)
    values = _values(case, one, letters, digits)
    return Finding(one.slip.id, _filled(one.slip.words, values), _filled(one.slip.remedy, values), lit, address)


def _filled(template: str, values: dict[str, str | Phrase]) -> Phrase:
    return Phrase(template, {name: value for name, value in values.items() if f"{{{name}}}" in template})


# ---- where


def _where(case: Case, one: Done, letters: Letters) -> tuple[tuple[Lit, ...], str]:
    """The elements in which a slip happened, and the beat."""
    asked, names, depth = case.asked, letters.names, case.numbers.depth
    own = _own(case, letters)
    layer = one.layers[0]
    place = one.slip.put[0] if one.slip.put is not None else ""
    if one.slip.pick is not None:
        return _where_picked(case, one, letters)
    if one.slip.settings is not None:
        if one.slip.id in ("half", "double", "sum_over_outputs", "mean_over_outputs"):
            return (LossNode(),), "loss/C"
        return own
    if len(one.layers) > 1:
        if place in ("back", "W"):
            return tuple(Edges(each) for each in one.layers), _layer_beat(place, one.layers[-1])
        if place == "b":
            return tuple(PlusOne(each) for each in one.layers), f"forward/layer{layer}"
        return tuple(Units(each) for each in one.layers), _layer_beat(place, one.layers[-1])
    unit = Unit(layer, asked.unit)
    is_own = layer == asked.layer
    match place:
        case "came_in":
            edge = asked.target
            assert isinstance(edge, Edge)
            return (Unit(edge.layer - 1, edge.source), edge), f"backward/{names.edge(edge)}"
        case "slope" | "delta" if is_own:
            return (unit,), f"backward/{names.unit(unit)}/delta"
        case "back" if layer == asked.layer + 1 and asked.quantity != "arrival":
            below = Unit(asked.layer, asked.unit)
            return (Edges(layer, source=asked.unit),), f"backward/{names.unit(below)}/sum"
        case "b" if is_own:
            return (Edge(layer, asked.unit, BIAS),), f"forward/{names.unit(unit)}/z"
        case "W" if is_own:
            return (Edges(layer, to=asked.unit),), f"forward/{names.unit(unit)}/z"
        case "a" if is_own:
            return (unit,), f"forward/{names.unit(unit)}/a"
        case "back" | "W":
            return (Edges(layer),), _layer_beat(place, layer)
        case "b":
            return (PlusOne(layer),), f"forward/layer{layer}"
    if place in ("slope", "delta") and case.numbers.network.sizes[layer] == 1:
        return (Unit(layer, 0),), f"backward/{names.unit(Unit(layer, 0))}/delta"
    return (Units(min(layer, depth)),), _layer_beat(place, layer)


def _layer_beat(place: str, layer: int) -> str:
    if place in ("a", "W", "b"):
        return f"forward/layer{layer}"
    # Weights that carry the error back are used for the δ of the layer below.
    return f"backward/layer{layer - 1 if place == 'back' else layer}/delta"


def _where_picked(case: Case, one: Done, letters: Letters) -> tuple[tuple[Lit, ...], str]:
    asked, names, layer = case.asked, letters.names, one.layers[0]
    index = one.index or 0
    match one.slip.id:
        case "product_left_out" | "one_product":
            edge = Edge(layer, asked.unit, index)
            return (edge,), f"forward/{names.unit(Unit(layer, asked.unit))}/{names.edge(edge)}"
        case "other_input":
            edge = Edge(layer, asked.unit, index)
            return (edge,), f"backward/{names.edge(edge)}"
        case "one_output":
            return (Unit(layer, index),), f"loss/{names.unit(Unit(layer, index))}"
        case "one_route":
            first, second = divmod(index, case.numbers.network.sizes[layer])
            other, further = Unit(layer, second), Unit(layer + 1, first)
            return (other, Edge(layer + 1, first, second), further), f"backward/{names.unit(other)}/delta"
    other = Unit(layer, index)
    if one.slip.id == "slope_of_one_forgotten" or layer > asked.layer + 1:
        return (other,), f"backward/{names.unit(other)}/delta"
    below = Unit(asked.layer, asked.unit)
    path = Edge(layer, index, asked.unit)
    return (path, other), f"backward/{names.unit(below)}/from-{names.unit(other)}"


def _own(case: Case, letters: Letters) -> tuple[tuple[Lit, ...], str]:
    """The asked element itself, and the beat at which its number is computed."""
    return (case.asked.target,), beat_of(case.asked, letters)


# ---- words


def _values(case: Case, one: Done, letters: Letters, digits: int) -> dict[str, str | Phrase]:
    """All that the words of a slip may name."""
    n, asked, layer = case.numbers, case.asked, one.layers[-1]
    function = n.function(layer or n.depth)
    if function.units and layer == asked.layer:
        function = function.of(asked.unit)
    unit = Unit(layer, asked.unit) if layer else None
    a, z = letters.text("a_letter"), letters.text("z_letter")
    values: dict[str, str | Phrase] = {
        "function": function.symbol,
        "a": a,
        "z": z,
        "y": letters.text("y_letter"),
        "where": _place(one, asked.layer, unit, letters),
        "into": _into(one),
        "slope": _slope(function, a, z),
        "rows": str(n.trace.rows),
        "outputs": str(n.network.outputs),
        "rate": f"{n.frame.rate:g}",
        "sign": _sign(asked.quantity, letters),
        "constant": _constant(case, a, letters.text("y_letter")),
        "bias": Phrase("threshold") if layer and n.network.layers[layer - 1].bias_sign < 0 else Phrase("bias"),
        "weighted": "w x − θ" if layer and n.network.layers[layer - 1].bias_sign < 0 else "w x + b",
    }
    edge = asked.target
    if isinstance(edge, Edge):
        params = case.frame.params
        weight = params.b[edge.layer - 1][edge.to] if edge.is_bias else params.W[edge.layer - 1][edge.to, edge.source]
        values |= {"edge": letters.edge(edge), "w": letters.edge(edge), "value": given(float(weight), digits)}
        if not edge.is_bias:
            source = Unit(edge.layer - 1, edge.source)
            values |= {"source": letters.unit(source), "came_in": letters.activation(source)}
    if one.index is not None:
        values |= _picked(case, one, letters)
    return values


def _picked(case: Case, one: Done, letters: Letters) -> dict[str, str | Phrase]:
    sizes, layer, index = case.numbers.network.sizes, one.layers[0], one.index or 0
    if one.slip.id == "one_route":
        first, second = divmod(index, sizes[layer])
        return {"other": letters.unit(Unit(layer, second)), "further": letters.unit(Unit(layer + 1, first))}
    if one.slip.id in ("product_left_out", "one_product", "other_input"):
        edge = Edge(layer, case.asked.unit, index)
        sent = letters.activation(Unit(layer - 1, index))
        return {"other_edge": letters.edge(edge), "sent": sent, "all": _all(sizes[layer - 1])}
    return {"other": letters.unit(Unit(layer, index)), "all": _all(sizes[layer])}


def _all(count: int) -> Phrase:
    """So many of so many, before a plural."""
    return Phrase("both") if count == 2 else Phrase("all {count}", {"count": str(count)})


def _place(one: Done, own: int, unit: Unit | None, letters: Letters) -> Phrase:
    if len(one.layers) > 1:
        return Phrase(
            "in all layers from {first} to {last}", {"first": str(one.layers[0]), "last": str(one.layers[-1])}
        )
    if unit is not None and (unit.layer == own or letters.network.sizes[unit.layer] == 1):
        at = unit if unit.layer == own else Unit(unit.layer, 0)
        return Phrase("at {unit}", {"unit": letters.unit(at)})
    return Phrase("in layer {layer}", {"layer": str(one.layers[0])})


def _into(one: Done) -> Phrase:
    if len(one.layers) > 1:
        return Phrase(
            "of all layers from {first} to {last}", {"first": str(one.layers[0]), "last": str(one.layers[-1])}
        )
    return Phrase("of layer {layer}", {"layer": str(one.layers[0])})


def _slope(function: Activation, a: str, z: str) -> str:
    # Where f has several formulas, or f′ a long one, its name is clearer in the middle of a sentence.
    return slope(function, a=a, z=z).text if len(function.pieces) == 1 and function.pieces[0].is_short else f"f′({z})"


def _sign(quantity: str, letters: Letters) -> Phrase:
    delta = "∂C/∂" + letters.text("z_letter")
    if letters.notation.delta_sign < 0 and quantity in SIGNED:
        return Phrase("Here δ is −{derivative}; other books write +{derivative}.", {"derivative": delta})
    if quantity in SIGNED:
        return Phrase("Here δ is +{derivative}; some books write −{derivative}.", {"derivative": delta})
    return Phrase("Where δ = −∂C/∂{z} is used, the gradient is −δ · what came in.", {"z": letters.text("z_letter")})


def _constant(case: Case, a: str, y: str) -> Phrase:
    loss = case.numbers.experiment.loss
    if case.asked.quantity in ("loss", "element"):
        return Phrase("With this loss an output costs {formula}.", {"formula": loss_formulas.element(loss, a=a, y=y)})
    formula = loss_formulas.error(loss, a=a, y=y)
    if case.numbers.paired:
        formula = written(DIRECT, a=a, y=y)
        return Phrase("With this loss δ of an output is {formula}.", {"formula": formula})
    return Phrase("With this loss ∂C/∂{a} is {formula}.", {"a": a, "formula": formula})


# ---- numbers


def _numbers(case: Case, suspect: Suspect, digits: int) -> str:
    """How the number comes out, where one row and few factors make it: "0.741365 · 0.593270"; else ""."""
    row, asked = case.numbers.position, case.asked
    if row is None or suspect.view.of_batch or asked.quantity not in ("gradient", "delta"):
        return ""
    p = case.passed(suspect.done)
    factors = [operand(text) for text in _factors(case, p, suspect, row, digits)]
    settings = [one.slip.settings(p) for one in suspect.done if one.slip.settings is not None]
    constants = [value for each in settings for name, value in each.items() if name != "rows"]
    texts = [operand(number(value, digits)) for value in constants] + factors
    return " · ".join(texts) if factors and len(texts) > 1 else ""


def _factors(case: Case, p: Pass, suspect: Suspect, row: int, digits: int) -> list[str]:
    """What was multiplied, as text, leaving out what was forgotten."""
    asked, n = case.asked, case.numbers
    layer, at = asked.layer, asked.unit
    picked = next((one for one in suspect.done if one.slip.pick is not None), None)
    forgotten = {
        one.slip.put[0]
        for one in suspect.done
        if one.slip.put is not None and one.slip.id.endswith("forgotten") and layer in one.layers
    }
    factors: list[str] = []
    multiplied = n.function(layer).elementwise and not (layer == n.depth and n.paired)
    if picked is not None:
        index = picked.index or 0
        if picked.slip.id == "other_input":
            came_in = float(p.a(layer - 1)[row, index])
            return [number(float(p.delta(layer)[row, at]), digits), _chosen(came_in, layer, digits)]
        if picked.slip.id != "one_path" or picked.layers[0] != layer + 1:
            return []
        factors += [
            given(float(p.back(layer + 1)[index, at]), digits),
            number(float(p.delta(layer + 1)[row, index]), digits),
        ]
    elif multiplied or "slope" in forgotten:
        factors.append(number(float(p.error(layer)[row, at]), digits))
    else:
        factors.append(number(float(p.delta(layer)[row, at]), digits))
    if multiplied and "slope" not in forgotten:
        factors.append(number(float(p.slope(layer)[row, at]), digits))
    if isinstance(asked.target, Edge) and not asked.target.is_bias and "came_in" not in forgotten:
        factors.append(_chosen(float(p.came_over(asked.target)[row]), layer, digits))
    return factors


def _chosen(came_in: float, layer: int, digits: int) -> str:
    """What came in; an input was chosen by somebody and is written as it was."""
    return given(came_in, digits) if layer == 1 else number(came_in, digits)


def sentence(said: Explanation) -> Phrase:
    """This is what comes out …"""
    values: dict[str, str | Phrase] = {"what": said.findings[0].words, "numbers": said.numbers}
    if len(said.findings) > 1:
        values["and"] = said.findings[1].words
        if said.numbers:
            return Phrase("This is what comes out {what} and {and} ({numbers}).", values)
        return Phrase("This is what comes out {what} and {and}.", {k: v for k, v in values.items() if k != "numbers"})
    if said.numbers:
        return Phrase("This is what comes out {what} ({numbers}).", values)
    return Phrase("This is what comes out {what}.", {"what": said.findings[0].words})


def together(phrases: list[Phrase]) -> Phrase:
    """Sentences one after another."""
    if not phrases:
        return plain("")
    whole = phrases[0]
    for further in phrases[1:]:
        whole = Phrase("{sentence} {next}", {"sentence": whole, "next": further})
    return whole

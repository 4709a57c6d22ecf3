"""Which number is meant: names that people write before a number, and the order in which they write numbers.

"w5 = 0.08" is the gradient of w₅ (or its new value, where that is what is asked for), "w5+ = 0.36" its new value,
"net_h1", "z_h1", "out_h1", "δ_o1" and "E_o1" are quantities of units, "C" is the loss; the symbols of the notation and
a person's own names are understood too. Numbers without names are the lines of what is asked: the factors and then
their product, or the summands and then their sum; or they are a column: the same number of a whole layer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bpstudio.insight.altered import Asked, Quantity
from bpstudio.insight.elements import BIAS, Edge, LossNode, Unit
from bpstudio.insight.notation import Letters
from bpstudio.insight.suspects import Case
from bpstudio.insight.symbols import symbol_of
from bpstudio.insight.typed_number import NumberError

#: Up to so many elements every symbol of a network is written down to be compared with.
_ELEMENTS = 3000
_PREFIXES: dict[str, Quantity] = {
    "net": "z", "z": "z", "out": "a", "a": "a", "δ": "delta", "delta": "delta", "E": "element",
    "σ'": "slope", "f'": "slope", "dC/dout": "error", "dC/da": "error", "dE/dout": "error", "dE/da": "error",
}  # fmt: skip
_EDGE = re.compile(r"(?P<d>d?(?:[CE]/d)?)(?P<name>(?:w|b).*?)(?P<new>\+|new|')?")
_LEVEL = str.maketrans("₀₁₂₃₄₅₆₇₈₉⁰¹²³⁴⁵⁶⁷⁸⁹⁺∂′’", "01234567890123456789+d''")


def plain_name(name: str) -> str:
    """A written name without what people write differently: small digits, underscores, spaces, ∂ for d."""
    return re.sub(r"[\s_·*^{}()]", "", name.translate(_LEVEL))


def find(name: str, letters: Letters, asked: Asked) -> Asked:
    """What a written name means, beside what is asked. Raises NumberError that shows names that are understood."""
    wanted = plain_name(name)
    for found in (_from_symbols(wanted, letters, asked), _from_plain(wanted, letters, asked)):
        if found is not None:
            return found
    examples = [symbol_of(Asked(Edge(1, 0, 0), "gradient"), letters), letters.edge(Edge(1, 0, 0))]
    examples += [symbol_of(Asked(Unit(1, 0), quantity), letters) for quantity in ("z", "a", "delta")]
    raise NumberError("“{name}” is no number of this network. Names are {examples}.", name=name,
                      examples=", ".join(examples))  # fmt: skip


def _of_edge(asked: Asked) -> Quantity:
    return asked.quantity if asked.quantity in ("gradient", "new") else "gradient"


def _from_symbols(wanted: str, letters: Letters, asked: Asked) -> Asked | None:
    """Compare with every symbol of the notation, a person's own names among them."""
    sizes = letters.names.sizes
    if sum(sizes) + letters.names.weight_count > _ELEMENTS:
        return None
    for meant, symbol in _symbols(letters, asked):
        if plain_name(symbol) == wanted:
            return meant
    return None


def _symbols(letters: Letters, asked: Asked) -> Iterator[tuple[Asked, str]]:
    sizes = letters.names.sizes
    quantities: tuple[Quantity, ...] = ("a", "z", "delta", "error", "slope")
    for layer in range(1, len(sizes)):
        for to in range(sizes[layer]):
            for source in (*range(sizes[layer - 1]), BIAS):
                edge = Edge(layer, to, source)
                if not letters.names.has(edge):
                    continue
                yield Asked(edge, _of_edge(asked)), letters.edge(edge)
                yield Asked(edge, "gradient"), symbol_of(Asked(edge, "gradient"), letters)
                yield Asked(edge, "new"), symbol_of(Asked(edge, "new"), letters)
            unit = Unit(layer, to)
            for quantity in quantities:
                yield Asked(unit, quantity), symbol_of(Asked(unit, quantity), letters)
            yield Asked(unit, "a"), letters.unit(unit)
            if layer == len(sizes) - 1:
                yield Asked(unit, "element"), symbol_of(Asked(unit, "element"), letters)
    yield Asked(LossNode(), "loss"), letters.text("cost")


def _from_plain(wanted: str, letters: Letters, asked: Asked) -> Asked | None:
    """The plain names of addresses with a prefix or a suffix: net_h1, delta_o1, dw5, w5+."""
    names = letters.names
    if wanted in ("C", "E", "L", "loss", "Etotal", "cost"):
        return Asked(LossNode(), "loss")
    edge = _EDGE.fullmatch(wanted)
    if edge is not None:
        for name in (edge["name"], re.sub(r"^b", "b_", edge["name"])):
            try:
                target = names.find_edge(_hidden(name))
            except ValueError:
                continue
            return Asked(target, "new" if edge["new"] else "gradient" if edge["d"] else _of_edge(asked))
    for prefix, quantity in ({"": "a"} | _PREFIXES).items():
        if not wanted.startswith(prefix):
            continue
        try:
            unit = names.find_unit(_hidden(wanted.removeprefix(prefix)))
        except ValueError:
            continue
        if unit.layer > 0 and (quantity != "element" or unit.layer == names.depth):
            return Asked(unit, quantity)  # type: ignore[arg-type]  # the values of a table of quantities
    return None


def _hidden(name: str) -> str:
    """Unit 3 of hidden layer 2 is h2_3; its underscore went with the others."""
    return re.sub(r"h(\d)(\d+)$", r"h\1_\2", name) if re.search(r"h\d{2,}$", name) else name


# ---- numbers without names


def orders(case: Case) -> list[tuple[Asked, ...]]:
    """The lines as which so many numbers can be meant: the most usual first."""
    asked, n = case.asked, case.numbers
    layer, unit = asked.layer, Unit(asked.layer, asked.unit)
    found: list[tuple[Asked, ...]] = []
    match asked.quantity:
        case "gradient" | "new":
            edge = asked.target
            assert isinstance(edge, Edge)
            came_in = () if edge.is_bias or layer == 1 else (Asked(Unit(layer - 1, edge.source), "a"),)
            for factors in _factors(case, unit):
                found += [(*factors, *came_in), (*came_in, *factors)]
            found = [(*order, Asked(edge, "gradient")) for order in found]
            if asked.quantity == "new":
                found += [(*order, asked) for order in found] + [(Asked(edge, "gradient"), asked)]
        case "delta" | "error" | "slope":
            back = (
                tuple(
                    Asked(Edge(layer + 1, above, asked.unit), "arrival") for above in range(n.network.sizes[layer + 1])
                )
                if layer < n.depth
                else ()
            )
            tails: list[tuple[Asked, ...]] = [(asked,)]
            if asked.quantity == "delta":
                tails = [(*factors, asked) for factors in _factors(case, unit) if asked not in factors] or tails
            found = [*tails, *((*back, *tail) for tail in tails if back)]
        case "z" | "a":
            products = tuple(
                Asked(Edge(layer, asked.unit, source), "product") for source in range(n.network.sizes[layer - 1])
            )
            tail = (asked,) if asked.quantity == "z" else (Asked(unit, "z"), asked)
            found = [tail, (*products, *tail)]
        case "loss":
            parts = tuple(Asked(Unit(n.depth, index), "element") for index in range(n.network.outputs))
            outs = tuple(Asked(Unit(n.depth, index), "a") for index in range(n.network.outputs))
            found = [(*parts, asked), (*outs, *parts, asked), (*outs, asked)]
    return found


def _factors(case: Case, unit: Unit) -> list[tuple[Asked, ...]]:
    if not case.numbers.function(unit.layer).elementwise:
        return [(Asked(unit, "delta"),)]
    error, slope, delta = (Asked(unit, quantity) for quantity in ("error", "slope", "delta"))
    return [(error, slope), (delta,), (error, slope, delta)]


def without_names(case: Case, count: int, letters: Letters) -> list[tuple[Asked, ...]]:
    """The orders of exactly `count` lines. Raises NumberError that says how many would be understood, and as what."""
    possible = orders(case)
    fitting = [order for order in possible if len(order) == count]
    # The product itself may be missing at the end.
    fitting += [order[:-1] for order in possible if len(order) == count + 1]
    fitting += [column for column in _columns(case) if len(column) == count]
    if not fitting:
        longest = max(possible, key=len, default=(case.asked,))
        shown = [symbol_of(asked, letters) for asked in longest]
        if len(shown) > 6:
            shown = [*shown[:3], "…", *shown[-2:]]
        known = {len(order) - less for order in possible for less in (0, 1) if len(order) > less}
        counts = ", ".join(str(size) for size in sorted(known | {1} | {len(column) for column in _columns(case)}))
        raise NumberError(
            "{count} numbers came; here {counts} can be judged, as in {symbols}. Others need names: {example} = …",
            count=count, counts=counts, symbols=", ".join(shown), example=shown[-1],
        )  # fmt: skip
    return list(dict.fromkeys(fitting))


def _columns(case: Case) -> list[tuple[Asked, ...]]:
    """The same number of all units of a layer, or of all weights into a unit or a layer, as it stands in a spreadsheet;
    with the biases after them too.
    """
    asked, layer, sizes = case.asked, case.asked.layer, case.numbers.network.sizes
    usual: tuple[Quantity, ...]
    lines: list[tuple[Unit | Edge, ...]]
    if isinstance(asked.target, Unit):
        usual = ("delta", "a", "z")
        lines = [tuple(Unit(layer, index) for index in range(sizes[layer]))]
    elif isinstance(asked.target, Edge) and not asked.target.is_bias:
        usual = ("gradient", "new")
        ends = ((asked.unit,), range(sizes[layer]))
        lines = [tuple(Edge(layer, to, source) for to in units for source in range(sizes[layer - 1])) for units in ends]
        if case.usual.sign(layer):
            lines += [
                (*line, *(Edge(layer, to, BIAS) for to in units)) for line, units in zip(lines, ends, strict=True)
            ]
    else:
        return []
    wanted = dict.fromkeys((asked.quantity, *usual))
    return [
        tuple(Asked(element, quantity) for element in line)
        for quantity in wanted
        for line in lines
        if len(line) > 1 and (quantity in usual or not any(isinstance(one, Edge) and one.is_bias for one in line))
    ]

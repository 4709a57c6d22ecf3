"""How quantities are written: one table per notation, and one way to write a number.

A notation is data. Each symbol has a TeX form and a Unicode form, both templates over these fields:

    u, u_tex, u_text    the unit: its plain name, as in TeX, with small digits (o1, o1, o₁)
    l, l_sup            its layer, counted from the first one with weights
    j, j_sub            its number in the layer, from 1
    f, f_text           its activation function (TeX, Unicode)
    n, n_sub            of a weight: its number through the whole network
    k, k_sub            of a weight: the number of the unit it comes from
    jk, jk_sub          of a weight: both numbers, to first

`NOTATIONS` holds what is built in; `Notation.from_table` reads another one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from bpstudio.engine.network import Network
from bpstudio.insight.elements import Edge, Element, LossNode, Names, PlusOne, Target, Unit
from bpstudio.maths.activations import activation

#: What every notation has to name: quantities of a unit, of an edge, of a row, and the bare letters of a formula.
SYMBOLS = {
    "input": "what comes in from outside, of an input",
    "z": "weighted input, of a unit",
    "a": "activation, of a unit",
    "y": "target, of an output",
    "error": "∂C/∂a, of a unit",
    "slope": "∂a/∂z, of a unit",
    "delta": "∂C/∂z, of a unit",
    "element": "part of the loss, of an output",
    "w": "weight",
    "b": "bias",
    "dw": "∂C/∂w",
    "db": "∂C/∂b",
    "came_in": "∂z/∂w",
    "cost": "the objective",
    "row_cost": "the cost of one row; field r, r_sub",
    "z_layer": "the weighted inputs of a layer",
    "a_layer": "the activations of a layer",
    "w_layer": "the weights of a layer",
    "b_layer": "the biases of a layer",
    "delta_layer": "the deltas of a layer",
    "x_layer": "the inputs as one array",
    "z_letter": "weighted input in a formula",
    "a_letter": "activation in a formula",
    "y_letter": "target in a formula",
}

_MAZUR = {
    "input": ("i_{{{j}}}", "i{j_sub}"),
    "z": ("net_{{{u_tex}}}", "net_{u}"),
    "a": ("out_{{{u_tex}}}", "out_{u}"),
    "y": ("target_{{{u_tex}}}", "target_{u}"),
    "error": (r"\frac{{\partial C}}{{\partial out_{{{u_tex}}}}}", "∂C/∂out_{u}"),
    "slope": (r"\frac{{\partial out_{{{u_tex}}}}}{{\partial net_{{{u_tex}}}}}", "∂out_{u}/∂net_{u}"),
    "delta": (r"\delta_{{{u_tex}}}", "δ_{u}"),
    "element": ("E_{{{u_tex}}}", "E_{u}"),
    "w": ("w_{{{n}}}", "w{n_sub}"),
    "b": ("b_{{{u_tex}}}", "b_{u}"),
    "dw": (r"\frac{{\partial C}}{{\partial w_{{{n}}}}}", "∂C/∂w{n_sub}"),
    "db": (r"\frac{{\partial C}}{{\partial b_{{{u_tex}}}}}", "∂C/∂b_{u}"),
    "came_in": (r"\frac{{\partial net_{{{u_tex}}}}}{{\partial w_{{{n}}}}}", "∂net_{u}/∂w{n_sub}"),
    "cost": ("C", "C"),
    "row_cost": ("C_{{{r}}}", "C{r_sub}"),
    "z_layer": ("net^{{{l}}}", "net{l_sup}"),
    "a_layer": ("out^{{{l}}}", "out{l_sup}"),
    "w_layer": ("W^{{{l}}}", "W{l_sup}"),
    "b_layer": ("b^{{{l}}}", "b{l_sup}"),
    "delta_layer": (r"\delta^{{{l}}}", "δ{l_sup}"),
    "x_layer": ("i", "i"),
    "z_letter": ("net", "net"),
    "a_letter": ("out", "out"),
    "y_letter": ("target", "target"),
}

_NIELSEN = {
    "input": ("x_{{{j}}}", "x{j_sub}"),
    "z": ("z^{{{l}}}_{{{j}}}", "z{l_sup}{j_sub}"),
    "a": ("a^{{{l}}}_{{{j}}}", "a{l_sup}{j_sub}"),
    "y": ("y_{{{j}}}", "y{j_sub}"),
    "error": (r"\frac{{\partial C}}{{\partial a^{{{l}}}_{{{j}}}}}", "∂C/∂a{l_sup}{j_sub}"),
    "slope": ("{f}'(z^{{{l}}}_{{{j}}})", "{f_text}′(z{l_sup}{j_sub})"),
    "delta": (r"\delta^{{{l}}}_{{{j}}}", "δ{l_sup}{j_sub}"),
    "element": ("C_{{{j}}}", "C{j_sub}"),
    "w": ("w^{{{l}}}_{{{jk}}}", "w{l_sup}{jk_sub}"),
    "b": ("b^{{{l}}}_{{{j}}}", "b{l_sup}{j_sub}"),
    "dw": (r"\frac{{\partial C}}{{\partial w^{{{l}}}_{{{jk}}}}}", "∂C/∂w{l_sup}{jk_sub}"),
    "db": (r"\frac{{\partial C}}{{\partial b^{{{l}}}_{{{j}}}}}", "∂C/∂b{l_sup}{j_sub}"),
    "came_in": (
        r"\frac{{\partial z^{{{l}}}_{{{j}}}}}{{\partial w^{{{l}}}_{{{jk}}}}}",
        "∂z{l_sup}{j_sub}/∂w{l_sup}{jk_sub}",
    ),
    "cost": ("C", "C"),
    "row_cost": ("C_{{x_{{{r}}}}}", "C_x{r_sub}"),
    "z_layer": ("z^{{{l}}}", "z{l_sup}"),
    "a_layer": ("a^{{{l}}}", "a{l_sup}"),
    "w_layer": ("w^{{{l}}}", "w{l_sup}"),
    "b_layer": ("b^{{{l}}}", "b{l_sup}"),
    "delta_layer": (r"\delta^{{{l}}}", "δ{l_sup}"),
    "x_layer": ("x", "x"),
    "z_letter": ("z", "z"),
    "a_letter": ("a", "a"),
    "y_letter": ("y", "y"),
}


@dataclass(frozen=True, eq=False)
class Notation:
    """A name, a title for the menu, and for each symbol of SYMBOLS its TeX and Unicode templates."""

    name: str
    title: str
    symbols: Mapping[str, tuple[str, str]]

    @classmethod
    def from_table(cls, name: str, title: str, symbols: Mapping[str, tuple[str, str]]) -> Notation:
        """A notation from a table. Raises ValueError that names what is missing or unknown."""
        for given, wanted, fault in ((SYMBOLS, symbols, "missing"), (symbols, SYMBOLS, "unknown")):
            for symbol in given:
                if symbol not in wanted:
                    raise ValueError(f"notation {name}: symbol {symbol!r} is {fault}; expected {', '.join(SYMBOLS)}")
        return cls(name, title, MappingProxyType(dict(symbols)))


NOTATIONS: Mapping[str, Notation] = MappingProxyType(
    {
        table.name: table
        for table in (
            Notation.from_table("mazur", "net / out", _MAZUR),
            Notation.from_table("nielsen", "z / a", _NIELSEN),
        )
    }
)

#: So many written symbols are remembered per network and notation.
_REMEMBERED = 4096

_SMALL = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_TEX_FUNCTIONS = {"sigmoid": r"\sigma", "tanh": r"\tanh", "relu": r"\mathrm{ReLU}", "identity": r"\mathrm{id}"}


def _function_tex(name: str) -> str:
    return _TEX_FUNCTIONS.get(name, rf"\mathrm{{{name}}}")


def small(number: int) -> str:
    """The number in subscript digits."""
    return str(number).translate(_SMALL)


def raised(number: int) -> str:
    """The number in superscript digits."""
    return str(number).translate(_RAISED)


class Letters:
    """A notation applied to a network: the one place from which canvas, inspector and status take their symbols."""

    def __init__(self, notation: str | Notation, network: Network) -> None:
        if isinstance(notation, str):
            if notation not in NOTATIONS:
                raise ValueError(f"notation: expected one of {', '.join(NOTATIONS)}, came {notation!r}")
            notation = NOTATIONS[notation]
        self.notation = notation
        self.network = network
        self.names = Names(network.sizes)
        self._comma = "," if max(network.sizes) > 9 else ""
        self._written: dict[tuple[str, Element], str] = {}

    def tex(self, symbol: str, element: Element | None = None) -> str:
        """The TeX of a symbol, such as `tex("delta", Unit(2, 0))`."""
        return self.notation.symbols[symbol][0].format(**self._fields(element))

    def text(self, symbol: str, element: Element | None = None) -> str:
        """The Unicode text of a symbol."""
        if element is None:
            return self.notation.symbols[symbol][1]
        key = (symbol, element)
        if key not in self._written:
            if len(self._written) > _REMEMBERED:
                self._written.clear()
            self._written[key] = self.notation.symbols[symbol][1].format(**self._fields(element))
        return self._written[key]

    def unit(self, unit: Unit) -> str:
        """The short name that stands in the disc: h₁, o₂; h²₃ is unit 3 of hidden layer 2."""
        name = self.names.unit(unit)
        if "_" in name:
            return f"h{raised(unit.layer)}{small(unit.index + 1)}"
        return f"{name[0]}{small(unit.index + 1)}"

    def edge(self, edge: Edge) -> str:
        """The name that stands beside the line: w₅ or w²₁₁."""
        return self.text("b" if edge.is_bias else "w", edge)

    def activation(self, unit: Unit) -> str:
        """The symbol of what a unit gives: out_h1, a¹₁; for an input i₁, x₁."""
        return self.text("input" if unit.layer == 0 else "a", unit)

    def element(self, element: Element) -> str:
        """The name of anything that can be selected."""
        match element:
            case Unit():
                return self.unit(element)
            case Edge():
                return self.edge(element)
            case LossNode():
                return self.text("cost")
            case PlusOne():
                return "+1"
            case Target(index):
                return self.text("y", Unit(len(self.network.layers), index))

    def layer(self, symbol: str, layer: int) -> str:
        """The Unicode text of a symbol that stands for a whole layer, such as `layer("delta_layer", 2)`."""
        return self.notation.symbols[symbol][1].format(l=layer, l_sup=raised(layer))

    def layer_tex(self, symbol: str, layer: int) -> str:
        """The TeX of a symbol that stands for a whole layer."""
        return self.notation.symbols[symbol][0].format(l=layer)

    def function_tex(self, layer: int) -> str:
        """The TeX of a layer's activation function."""
        return _function_tex(self.network.layers[layer - 1].activation)

    def row_cost(self, row: int) -> str:
        """The symbol of one row's own cost; rows count from 1."""
        return self.notation.symbols["row_cost"][1].format(r=row, r_sub=small(row))

    def _fields(self, element: Element | None) -> dict[str, str]:
        if isinstance(element, Target):
            element = Unit(len(self.network.layers), element.index)
        if isinstance(element, Edge):
            fields = self._unit_fields(Unit(element.layer, element.to))
            if not element.is_bias:
                number, j, k = self.names.weight_number(element), element.to + 1, element.source + 1
                fields |= {"n": str(number), "n_sub": small(number), "k": str(k), "k_sub": small(k)}
                fields |= {"jk": f"{j}{self._comma}{k}", "jk_sub": f"{small(j)}{self._comma}{small(k)}"}
            return fields
        return self._unit_fields(element) if isinstance(element, Unit) else {}

    def _unit_fields(self, unit: Unit) -> dict[str, str]:
        name = self.names.unit(unit)
        fields = {"u": name, "u_tex": name.replace("_", ","), "u_text": self.unit(unit)}
        fields |= {"l": str(unit.layer), "l_sup": raised(unit.layer)}
        fields |= {"j": str(unit.index + 1), "j_sub": small(unit.index + 1)}
        if unit.layer > 0:
            function = activation(self.network.layers[unit.layer - 1].activation)
            fields |= {"f": _function_tex(function.name), "f_text": function.symbol}
        return fields


@lru_cache(maxsize=8)
def letters(notation: str | Notation, network: Network) -> Letters:
    """The Letters of a notation and a network, made once: a sum over hundreds of weights writes hundreds of symbols."""
    return Letters(notation, network)


# ---- numbers

#: A value whose shorter decimal is this near (relative) is that decimal: 0.2 · 0.1 is 0.02, not 0.020000000.
_EXACT = 8 * 2.0**-52


def number(value: float, digits: int = 9) -> str:
    """A computed value with `digits` decimals: 0.082167041, −0.0226, 1.2346e-7, NaN, +∞; exactly short ones stay short.

    Scientific where fewer than two figures (four at nine decimals) would be left, or from a million on.
    """
    value = float(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    sign, size = "−" if value < 0 else "", abs(value)
    if size < 1e9 and size == int(size):
        return f"{sign}{int(size)}"
    figures = max(2, digits - 5)
    if size >= 1e6 or size < 10.0 ** (figures - 1 - digits):
        mantissa, power = f"{size:.{max(1, digits - 3)}e}".split("e")
        short = mantissa.rstrip("0").rstrip(".")
        if abs(float(f"{short}e{power}") - size) <= _EXACT * size:
            mantissa = short
        return f"{sign}{mantissa}e{int(power)}"
    text = f"{size:.{digits}f}"
    short = text.rstrip("0").rstrip(".")
    return sign + (short if abs(float(short) - size) <= _EXACT * size else text)


def given(value: float, digits: int = 9) -> str:
    """A value that somebody chose (a weight, an input, a target): like `number`, with at least two decimals: 0.40."""
    text = number(value, digits)
    whole, point, decimals = text.partition(".")
    return f"{whole}.{decimals}0" if point and len(decimals) == 1 else text


def signed(value: float, digits: int = 9) -> str:
    """Like `number`, and a + stands before what is above 0."""
    text = number(value, digits)
    return f"+{text}" if value > 0 and not text.startswith("+") else text


def operand(text: str) -> str:
    """A number as a factor: in brackets when it has a sign."""
    return f"({text})" if text[:1] in ("−", "+") else text


def total(texts: list[str]) -> str:
    """Numbers as a sum: 0.0554 − 0.0190."""
    parts = texts[:1]
    for text in texts[1:]:
        parts.append(f"− {text[1:]}" if text.startswith("−") else f"+ {text}")
    return " ".join(parts)


def exponent(text: str) -> str:
    """A number as Python writes it with the exponent as people do: 1e-05 as 1e-5."""
    mantissa, _, power = text.partition("e")
    return f"{mantissa}e{int(power)}" if power else text


def rough(value: float, figures: int = 1) -> str:
    """How large something is, in scientific form with few figures: 3e-7, −1.2e-12."""
    if not math.isfinite(value) or value == 0:
        return number(value)
    return ("−" if value < 0 else "") + exponent(f"{abs(value):.{figures - 1}e}")


def exact(value: float) -> str:
    """The shortest text that reads back to the same double, for copying."""
    return repr(float(value))

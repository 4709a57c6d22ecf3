"""How quantities are written: one table per notation, and one way to write a number.

A notation is data. Each symbol has a TeX form and a Unicode form, both templates over these fields:

    u, u_tex, u_text    the unit: its plain name, as in TeX, with small digits (o1, o1, o₁)
    l, l_sup            its layer, counted from the first one with weights
    j, j_sub            its number in the layer, from 1
    f, f_text           its activation function (TeX, Unicode)
    n, n_sub            of a weight: its number through the whole network
    k, k_sub            of a weight: the number of the unit it comes from
    jk, jk_sub          of a weight: both numbers, to first; from first where W is (in, out)
    t, t_text           of a bias: its letter (b, or θ for a threshold)
    w_tex, w_text       of a weight: its whole symbol; b_tex, b_text likewise of a bias

`NOTATIONS` holds what is built in; `Notation.from_table` reads another one. Names that a person gave, the sign of δ and
which way round matrices are written belong to a notation too: `Notation.having` makes the notation that has them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from types import MappingProxyType

from bpstudio.engine.network import Network
from bpstudio.insight import own_names
from bpstudio.insight.elements import (
    Edge,
    Element,
    Kernel,
    KernelEntry,
    LossNode,
    Map,
    Names,
    Pixel,
    PlusOne,
    Target,
    Unit,
    entry_of,
    pixel_of,
)
from bpstudio.maths.activations import Activation, activation

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
    "b": ("{t}_{{{u_tex}}}", "{t_text}_{u}"),
    "dw": (r"\frac{{\partial C}}{{\partial {w_tex}}}", "∂C/∂{w_text}"),
    "db": (r"\frac{{\partial C}}{{\partial {b_tex}}}", "∂C/∂{b_text}"),
    "came_in": (r"\frac{{\partial net_{{{u_tex}}}}}{{\partial {w_tex}}}", "∂net_{u}/∂{w_text}"),
    "cost": ("C", "C"),
    "row_cost": ("C_{{{r}}}", "C{r_sub}"),
    "z_layer": ("net^{{{l}}}", "net{l_sup}"),
    "a_layer": ("out^{{{l}}}", "out{l_sup}"),
    "w_layer": ("W^{{{l}}}", "W{l_sup}"),
    "b_layer": ("{t}^{{{l}}}", "{t_text}{l_sup}"),
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
    "b": ("{t}^{{{l}}}_{{{j}}}", "{t_text}{l_sup}{j_sub}"),
    "dw": (r"\frac{{\partial C}}{{\partial {w_tex}}}", "∂C/∂{w_text}"),
    "db": (r"\frac{{\partial C}}{{\partial {b_tex}}}", "∂C/∂{b_text}"),
    "came_in": (r"\frac{{\partial z^{{{l}}}_{{{j}}}}}{{\partial {w_tex}}}", "∂z{l_sup}{j_sub}/∂{w_text}"),
    "cost": ("C", "C"),
    "row_cost": ("C_{{x_{{{r}}}}}", "C_x{r_sub}"),
    "z_layer": ("z^{{{l}}}", "z{l_sup}"),
    "a_layer": ("a^{{{l}}}", "a{l_sup}"),
    "w_layer": ("w^{{{l}}}", "w{l_sup}"),
    "b_layer": ("{t}^{{{l}}}", "{t_text}{l_sup}"),
    "delta_layer": (r"\delta^{{{l}}}", "δ{l_sup}"),
    "x_layer": ("x", "x"),
    "z_letter": ("z", "z"),
    "a_letter": ("a", "a"),
    "y_letter": ("y", "y"),
}


SAMPLES = ("rows", "columns")
"""What the samples of a batch are in an array that is written."""
WEIGHT_LAYOUTS = ("out_in", "in_out")
"""Whether W has a row or a column for each unit."""


@dataclass(frozen=True, eq=False)
class Notation:
    """A name, a title for the menu, and for each symbol of SYMBOLS its TeX and Unicode templates.

    `names` are a person's own names by address, and `delta_sign` is the sign of δ: +1 where δ = +∂C/∂z, −1 where
    δ = −∂C/∂z. `samples` says whether the samples of a batch are the "rows" or the "columns" of what is written, and
    `weight_layout` whether W is "out_in" (a row for each unit) or "in_out". They change what is written and nothing
    that is computed. `table` is the notation without them.
    """

    name: str
    title: str
    symbols: Mapping[str, tuple[str, str]]
    names: own_names.Pairs = ()
    delta_sign: int = 1
    samples: str = "rows"
    weight_layout: str = "out_in"
    table: Notation | None = field(default=None, repr=False)

    @classmethod
    def from_table(cls, name: str, title: str, symbols: Mapping[str, tuple[str, str]]) -> Notation:
        """A notation from a table. Raises ValueError that names what is missing or unknown."""
        for given, wanted, fault in ((SYMBOLS, symbols, "missing"), (symbols, SYMBOLS, "unknown")):
            for symbol in given:
                if symbol not in wanted:
                    raise ValueError(f"notation {name}: symbol {symbol!r} is {fault}; expected {', '.join(SYMBOLS)}")
        return cls(name, title, MappingProxyType(dict(symbols)))

    def having(
        self,
        *,
        names: Mapping[str, str] | Iterable[tuple[str, str]] | None = None,
        delta_sign: int | None = None,
        samples: str | None = None,
        weight_layout: str | None = None,
    ) -> Notation:
        """This notation with other names, another sign of δ or matrices the other way round; the same object for the
        same wish.

        Names stand by the address of what they name (`h1`, `w5`, `b_o1`, `target1`). Raises ValueError for a name that
        is empty or used twice, and for a sign, samples or a layout that there are not.
        """
        wanted = self.names if names is None else own_names.pairs(names)
        sign = self.delta_sign if delta_sign is None else delta_sign
        if isinstance(sign, bool) or sign not in (1, -1):
            raise ValueError(f"delta_sign: expected 1 or -1, came {sign!r}")
        which = self.samples if samples is None else samples
        if which not in SAMPLES:
            raise ValueError(f"samples: expected one of {', '.join(SAMPLES)}, came {which!r}")
        layout = self.weight_layout if weight_layout is None else weight_layout
        if layout not in WEIGHT_LAYOUTS:
            raise ValueError(f"weight_layout: expected one of {', '.join(WEIGHT_LAYOUTS)}, came {layout!r}")
        table = self.table or self
        is_plain = not wanted and (sign, which, layout) == (1, "rows", "out_in")
        return table if is_plain else _having(table, wanted, sign, which, layout)

    @cached_property
    def own(self) -> Mapping[str, str]:
        """The person's names by address."""
        return MappingProxyType(dict(self.names))


@lru_cache(maxsize=64)
def _having(table: Notation, names: own_names.Pairs, delta_sign: int, samples: str, weight_layout: str) -> Notation:
    return replace(table, names=names, delta_sign=delta_sign, samples=samples, weight_layout=weight_layout, table=table)


def notation_named(name: str) -> Notation:
    """The built-in notation of this name. Raises ValueError that names all of them."""
    if name not in NOTATIONS:
        raise ValueError(f"notation: expected one of {', '.join(NOTATIONS)}, came {name!r}")
    return NOTATIONS[name]


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

_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_TEX_FUNCTIONS = {
    "sigmoid": r"\sigma",
    "tanh": r"\tanh",
    "relu": r"\mathrm{ReLU}",
    "identity": r"\mathrm{id}",
    "hard_sigmoid": r"\sigma_{\mathrm{hard}}",
    "gelu_tanh": r"\mathrm{GELU}_{t}",
    "per_unit": "f",
    "formula": "f",
}


def _function_tex(function: Activation) -> str:
    return _TEX_FUNCTIONS.get(function.family, rf"\mathrm{{{function.symbol}}}")


def small(number: int) -> str:
    """The number in subscript digits."""
    return own_names.small_digits(str(number))


def raised(number: int) -> str:
    """The number in superscript digits."""
    return str(number).translate(_RAISED)


class Letters:
    """A notation applied to a network: the one place from which canvas, inspector and status take their symbols."""

    def __init__(self, notation: str | Notation, network: Network) -> None:
        notation = notation_named(notation) if isinstance(notation, str) else notation
        self.notation = notation
        self.network = network
        self.names = Names.of(network)
        self._comma = "," if max(network.sizes) > 9 else ""
        self._written: dict[tuple[str, Element], str] = {}

    def tex(self, symbol: str, element: Element | None = None) -> str:
        """The TeX of a symbol, such as `tex("delta", Unit(2, 0))`."""
        own = self._named(symbol, element)
        if own is not None and (made := own_names.tex(own)) is not None:
            return made
        fields = self._fields(element)
        if f"{symbol}_tex" in fields:
            return fields[f"{symbol}_tex"]
        return self.notation.symbols[symbol][0].format(**fields).replace("^{}", "")

    def text(self, symbol: str, element: Element | None = None) -> str:
        """The Unicode text of a symbol."""
        if element is None:
            return self.notation.symbols[symbol][1]
        key = (symbol, element)
        if key not in self._written:
            if len(self._written) > _REMEMBERED:
                self._written.clear()
            self._written[key] = self._write(symbol, element)
        return self._written[key]

    def _write(self, symbol: str, element: Element) -> str:
        own = self._named(symbol, element)
        if own is not None:
            return own_names.text(own)
        fields = self._fields(element)
        return fields.get(f"{symbol}_text") or self.notation.symbols[symbol][1].format(**fields)

    def _named(self, symbol: str, element: Element | None) -> str | None:
        """The person's name where it is the whole symbol: of an input, a weight, a bias, a target."""
        if not self.notation.own or element is None or symbol not in ("input", "w", "b", "y"):
            return None
        if symbol == "y" and isinstance(element, Unit):
            element = Target(element.index)
        return self.own_name(element)

    def unit(self, unit: Unit) -> str:
        """The short name that stands in the disc: h₁, o₂; h²₃ is unit 3 of hidden layer 2; or the person's own."""
        name = self.names.unit(unit)
        if name in self.notation.own:
            return own_names.text(self.notation.own[name])
        if self.names.is_image(unit.layer):
            return self._in_image(unit)
        if "_" in name:
            return f"h{raised(unit.layer)}{small(unit.index + 1)}"
        return f"{name[0]}{small(unit.index + 1)}"

    def edge(self, edge: Edge) -> str:
        """The name that stands beside the line: w₅ or w²₁₁."""
        return self.text("b" if edge.is_bias else "w", edge)

    def activation(self, unit: Unit) -> str:
        """The symbol of what a unit gives: out_h1, a¹₁; for an input i₁, x₁."""
        return self.text("input" if unit.layer == 0 else "a", unit)

    def own_name(self, element: Element) -> str | None:
        """The name that a person gave to this element, as it was typed; None where it has none."""
        return self.notation.own.get(self.names.element(element)) if self.notation.own else None

    def element(self, element: Element) -> str:
        """The name of anything that can be selected."""
        match element:
            case Unit():
                return self.unit(element)
            case Edge():
                return self.edge(element)
            case LossNode():
                return self.text("cost")
            case PlusOne(layer):
                return "−1" if self.network.layers[layer - 1].bias == "threshold" else "+1"
            case Target(index):
                return self.text("y", Unit(len(self.network.layers), index))
            case Pixel():
                return self._in_image(element)
            case KernelEntry():
                return self.text("w", element)
            case Map() | Kernel():
                own = self.own_name(element)
                return self._in_image(element) if own is None else own_names.text(own)

    def _in_image(self, element: Unit | Map | Pixel | Kernel) -> str:
        """The short name of a map, a pixel or a kernel: m¹₃, p¹₃,₅,₂, k²₃,₁."""
        places = ",".join(small(place) for place in self._places(element))
        return f"{self.names.element(element)[0]}{raised(element.layer)}{places}"

    def _places(self, element: Unit | Edge | Map | Pixel | Kernel | KernelEntry) -> tuple[int, ...]:
        """Where something is, from 1: channel, row, column, or filter, channel, row, column."""
        if isinstance(element, Unit) and self.names.is_image(element.layer):
            element = pixel_of(self.names.shapes[element.layer], element)
        if isinstance(element, Edge) and self.names.is_convolution(element.layer) and not element.is_bias:
            element = entry_of(self.names.weights[element.layer - 1], element)
        match element:
            case Pixel(_, channel, row, column):
                return channel + 1, row + 1, column + 1
            case KernelEntry(_, number, channel, u, v):
                return number + 1, channel + 1, u + 1, v + 1
            case Kernel(_, number, channel):
                return number + 1, channel + 1
            case Map(_, channel):
                return (channel + 1,)
            case Edge(_, to, _):
                return (to + 1,)
            case Unit(_, index):
                return (index + 1,)

    def layer(self, symbol: str, layer: int) -> str:
        """The Unicode text of a symbol that stands for a whole layer, such as `layer("delta_layer", 2)`."""
        return self.notation.symbols[symbol][1].format(l=layer, l_sup=raised(layer), t_text=self._bias(layer)[1])

    def layer_tex(self, symbol: str, layer: int) -> str:
        """The TeX of a symbol that stands for a whole layer."""
        return self.notation.symbols[symbol][0].format(l=layer, t=self._bias(layer)[0])

    def _bias(self, layer: int) -> tuple[str, str]:
        """The letter of what a layer adds to its weighted sums, in TeX and as text."""
        return (r"\theta", "θ") if self.network.layers[layer - 1].bias == "threshold" else ("b", "b")

    def function_tex(self, unit: Unit) -> str:
        """The TeX of a unit's activation function."""
        return _function_tex(activation(self.network.layers[unit.layer - 1].activation).of(unit.index))

    def row_cost(self, row: int) -> str:
        """The symbol of one row's own cost; rows count from 1."""
        return self.notation.symbols["row_cost"][1].format(r=row, r_sub=small(row))

    def _fields(self, element: Element | None) -> dict[str, str]:
        if isinstance(element, Target):
            element = Unit(len(self.network.layers), element.index)
        if isinstance(element, Kernel):
            fields = self._unit_fields(Map(element.layer, element.filter)) | self._of_kernel(element)
            return self._with_parameter(element, fields, "w", fields)
        if isinstance(element, KernelEntry):
            element = self.names.flat(element)
        if isinstance(element, Edge) and self.names.is_convolution(element.layer):
            fields = self._unit_fields(Map(element.layer, element.to)) | self._of_kernel(element)
            return self._with_parameter(element, fields, "b" if element.is_bias else "w", fields)
        if isinstance(element, Edge):
            fields = self._unit_fields(Unit(element.layer, element.to))
            letter, indices = "b", fields
            if not element.is_bias:
                number, j, k = self.names.weight_number(element), element.to + 1, element.source + 1
                fields |= {"n": str(number), "n_sub": small(number), "k": str(k), "k_sub": small(k)}
                # Row, then column of W as it is written.
                first, second = (k, j) if self.notation.weight_layout == "in_out" else (j, k)
                fields |= {"jk": f"{first}{self._comma}{second}"}
                fields |= {"jk_sub": f"{small(first)}{self._comma}{small(second)}"}
                # Its numbers say less without the layer, also where the unit has a name of its own.
                letter, indices = "w", fields | {"l": str(element.layer), "l_sup": raised(element.layer)}
            return self._with_parameter(element, fields, letter, indices)
        return self._unit_fields(element) if isinstance(element, Unit | Pixel | Map) else {}

    def _with_parameter(
        self, edge: Edge | Kernel, fields: dict[str, str], letter: str, indices: dict[str, str]
    ) -> dict[str, str]:
        """The fields of an edge or a kernel with the whole symbol of its weight or bias among them."""
        own = self.own_name(edge)
        own_tex = None if own is None else own_names.tex(own)
        tex, text = self.notation.symbols[letter]
        fields[f"{letter}_tex"] = tex.format(**indices).replace("^{}", "") if own_tex is None else own_tex
        fields[f"{letter}_text"] = text.format(**indices) if own is None else own_names.text(own)
        # ∂z/∂w is written of a threshold too: −1.
        return {"w_tex": fields[f"{letter}_tex"], "w_text": fields[f"{letter}_text"], **fields}

    def _of_kernel(self, element: Edge | Kernel) -> dict[str, str]:
        """The indices of a kernel or of a number in it: filter, channel, row, column. A bias has its filter's alone."""
        if isinstance(element, Edge) and element.is_bias:
            return {}
        places = self._places(element)
        plain, low = ",".join(map(str, places)), ",".join(map(small, places))
        number = plain if isinstance(element, Kernel) else str(self.names.weight_number(element))
        low_number = low if isinstance(element, Kernel) else small(self.names.weight_number(element))
        indices = {"n": number, "n_sub": low_number, "k": plain, "k_sub": low, "jk": plain, "jk_sub": low}
        return indices | {"l": str(element.layer), "l_sup": raised(element.layer)}

    def _unit_fields(self, unit: Unit | Pixel | Map) -> dict[str, str]:
        name, places = self.names.element(unit), self._places(unit)
        fields = {"u": name, "u_tex": name.replace("_", ","), "u_text": self.element(unit)}
        fields |= {"l": str(unit.layer), "l_sup": raised(unit.layer)}
        fields |= {"j": ",".join(map(str, places)), "j_sub": ",".join(map(small, places))}
        own = self.own_name(unit)
        if own is not None:
            # A name says which unit it is: no layer has to be said beside it.
            fields |= {"u": own, "l_sup": "", "j_sub": f"_{own}"}
            own_tex = own_names.index_tex(own)
            if own_tex is not None:
                fields |= {"u_tex": own_tex, "l": "", "j": own_tex}
        if unit.layer > 0:
            fields["t"], fields["t_text"] = self._bias(unit.layer)
            # On images all units have one function.
            index = unit.index if isinstance(unit, Unit) else 0
            function = activation(self.network.layers[unit.layer - 1].activation).of(index)
            fields |= {"f": _function_tex(function), "f_text": function.symbol}
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

"""Activation functions by their text: ``relu``, ``leaky_relu(slope=0.2)``, ``per_unit(relu, tanh)``.

A text is a name, with the parameters that differ from the usual ones in brackets. ``per_unit`` lists one function for
each unit of a layer; ``formula`` holds one that somebody typed. The record says everything that is to be known of a
function, so that nothing else in the program has to ask for its name.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from types import MappingProxyType

from bpstudio.maths import rectifying, squashing
from bpstudio.maths.activation_record import Activation, Piece
from bpstudio.maths.dual import slope_operations, value_operations
from bpstudio.maths.formula import Node, parse, spelled
from bpstudio.maths.formula_check import check
from bpstudio.maths.formula_slope import derivative
from bpstudio.maths.operations import Array, Operation
from bpstudio.maths.written_number import read, written

__all__ = [
    "ACTIVATIONS",
    "FAMILIES",
    "Activation",
    "Family",
    "Parameter",
    "Piece",
    "activation",
    "fitted",
    "formula",
    "per_unit",
    "text_of",
]

LONGEST = 100_000
"""The most characters of an activation's text."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number of a function: its name, the letter it has in formulas, what it usually is, and whether it must be
    above 0.
    """

    name: str
    letter: str
    usual: float
    positive: bool = True

    def check(self, family: str, value: float) -> None:
        """Raise ValueError for a value that the function cannot have."""
        if not abs(value) < float("inf"):
            raise ValueError(f"activation: {family}: {self.name}: expected a finite number, got {value!r}")
        if self.positive and value <= 0:
            raise ValueError(f"activation: {family}: {self.name}: expected a number above 0, got {value!r}")


@dataclass(frozen=True, slots=True)
class Family:
    """Functions that differ only in their parameters."""

    name: str
    build: Callable[..., Activation]
    parameters: tuple[Parameter, ...] = ()

    def make(self, **values: float) -> Activation:
        """The function with these values; the usual ones for those not given. Raises ValueError for impossible ones."""
        for name in values:
            if name not in [parameter.name for parameter in self.parameters]:
                known = ", ".join(parameter.name for parameter in self.parameters) or "no parameters"
                raise ValueError(f"activation: {self.name}: expected {known}, got {name!r}")
        full = {parameter.name: float(values.get(parameter.name, parameter.usual)) for parameter in self.parameters}
        for parameter in self.parameters:
            parameter.check(self.name, full[parameter.name])
        return dataclasses.replace(
            self.build(*full.values()),
            name=text_of(self.name, **full),
            family=self.name,
            parameters=tuple(full.items()),
        )


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        family.name: family
        for family in (
            Family("identity", squashing.identity),
            Family("sigmoid", squashing.sigmoid),
            Family("tanh", squashing.tanh),
            Family(
                "scaled_tanh",
                squashing.scaled_tanh,
                (Parameter("amplitude", "A", 1.7159), Parameter("steepness", "B", 2 / 3)),
            ),
            Family("relu", rectifying.relu),
            Family("leaky_relu", rectifying.leaky_relu, (Parameter("slope", "s", 0.01, positive=False),)),
            Family("elu", rectifying.elu, (Parameter("alpha", "α", 1.0),)),
            Family("selu", rectifying.selu),
            Family("gelu", rectifying.gelu),
            Family("gelu_tanh", rectifying.gelu_tanh),
            Family("silu", rectifying.silu),
            Family("softplus", rectifying.softplus, (Parameter("beta", "β", 1.0),)),
            Family("hard_sigmoid", squashing.hard_sigmoid, (Parameter("slope", "s", 1 / 6),)),
            Family("hard_tanh", squashing.hard_tanh),
            Family("step", squashing.step),
            Family("softmax", squashing.softmax),
        )
    }
)
"""The named functions, in the order in which they are offered."""

_LONGEST_SLOPE = 160

PER_UNIT, FORMULA = "per_unit", "formula"


def text_of(family: str, **values: float) -> str:
    """The canonical text of a function: usual values are left out."""
    usual = {parameter.name: parameter.usual for parameter in FAMILIES[family].parameters}
    inside = ", ".join(f"{name}={written(value)}" for name, value in values.items() if value != usual[name])
    return f"{family}({inside})" if inside else family


def per_unit(*units: str) -> str:
    """The text of one function for each unit."""
    return f"{PER_UNIT}({', '.join(activation(unit).name for unit in units)})"


def fitted(text: str, units: int) -> str:
    """The text for a layer of so many units: functions of its units are left away at the end, or the last goes on."""
    each = [unit.name for unit in activation(text).units]
    if not each or len(each) == units or units < 1:
        return text
    return per_unit(*each[:units], *[each[-1]] * (units - len(each)))


@lru_cache(maxsize=1024)
def activation(text: str) -> Activation:
    """The function of that text. Raises ValueError that says what is wrong with it; an unknown name lists the known."""
    if not isinstance(text, str) or len(text) > LONGEST:
        raise ValueError(f"activation: expected a text of at most {LONGEST} characters, got {str(text)[:40]!r}")
    name, inside = _call(text)
    if name == PER_UNIT:
        return _each(_arguments(inside or ""))
    if name == FORMULA:
        return _typed(inside or "")
    if name not in FAMILIES:
        known = ", ".join([*FAMILIES, f"{PER_UNIT}(…)", f"{FORMULA}(…)"])
        raise ValueError(f"activation: expected one of {known}, got {text!r}")
    values: dict[str, float] = {}
    for argument in _arguments(inside) if inside is not None else []:
        key, equals, typed = argument.partition("=")
        key, value = key.strip(), read(typed.strip())
        if not equals:
            known = ", ".join(f"{parameter.name}=…" for parameter in FAMILIES[name].parameters) or "no parameters"
            raise ValueError(f"activation: {name}: expected {known}, got {argument!r}")
        if value is None:
            raise ValueError(f"activation: {name}: {key}: expected a finite number, got {typed.strip()!r}")
        if key in values:
            raise ValueError(f"activation: {name}: {key} is given twice")
        values[key] = value
    return FAMILIES[name].make(**values)


def _call(text: str) -> tuple[str, str | None]:
    """A name, and what stands in its brackets; None where there are none."""
    bare = text.strip()
    name, bracket, rest = bare.partition("(")
    if not bracket:
        return bare, None
    if not rest.endswith(")"):
        raise ValueError(f"activation: expected a closing bracket at the end, got {text!r}")
    return name.strip(), rest[:-1]


def _arguments(inside: str) -> list[str]:
    """What stands between the commas that are not within brackets."""
    parts, depth, start = [], 0, 0
    for place, character in enumerate(inside):
        depth += (character == "(") - (character == ")")
        if depth < 0:
            break
        if character == "," and depth == 0:
            parts.append(inside[start:place])
            start = place + 1
    if depth:
        raise ValueError(f"activation: expected as many closing brackets as opening ones, got {inside!r}")
    parts = [part.strip() for part in [*parts, inside[start:]]]
    if any(not part for part in parts):
        raise ValueError(f"activation: expected something between the commas, got {inside!r}")
    return parts


def _each(texts: list[str]) -> Activation:
    """One function for each unit: neighbours with the same one are computed together."""
    units = tuple(activation(text) for text in texts)
    for unit in units:
        if not unit.everywhere:
            raise ValueError(f"activation: {PER_UNIT}: expected functions of one unit, got {unit.name!r}")
    runs: list[tuple[slice, Activation]] = []
    for function, run in groupby(units, key=lambda unit: unit.name):
        start = runs[-1][0].stop if runs else 0
        runs.append((slice(start, start + len(list(run))), activation(function)))

    def check(z: Array) -> None:
        if z.shape[-1] != len(units):
            raise ValueError(f"activation: expected {len(units)} units, as many as functions, got {z.shape[-1]}")

    def forward(z: Array, a: Array) -> list[Operation]:
        check(z)
        return [step for place, function in runs for step in function.forward(z[..., place], a[..., place])]

    def backward(z: Array, a: Array, slope: Array) -> list[Operation]:
        check(z)
        operations: list[Operation] = []
        for place, function in runs:
            assert function.backward is not None
            operations += function.backward(z[..., place], a[..., place], slope[..., place])
        return operations

    return Activation(
        f"{PER_UNIT}({', '.join(unit.name for unit in units)})",
        "f",
        forward,
        backward,
        max_slope=None,
        family=PER_UNIT,
        saturates=any(unit.saturates for unit in units),
        switches=any(unit.switches for unit in units),
        monotone=all(unit.monotone for unit in units),
        has_gradient=any(unit.has_gradient for unit in units),
        units=units,
    )


def _typed(text: str) -> Activation:
    """A function by its formula, which is read and examined first."""
    found = check(text)
    node = parse(found.text)

    def forward(z: Array, a: Array) -> list[Operation]:
        return value_operations(node, z, a)

    def backward(z: Array, a: Array, slope: Array) -> list[Operation]:
        return slope_operations(node, z, slope)

    return Activation(
        f"{FORMULA}({found.text})",
        "f",
        forward,
        backward,
        max_slope=found.max_slope,
        family=FORMULA,
        saturates=found.saturates,
        monotone=found.monotone,
        kinks=tuple(sorted((*found.kinks, *found.jumps))),
        has_gradient=found.max_slope != 0,
        pieces=(_piece(node),),
    )


def _piece(node: Node) -> Piece:
    """A formula and its derivative as people read them; a derivative that is too long for a line stays away."""
    slope = derivative(node)
    texts = [
        "0" if each is None else spelled(each, "{z_operand}", "{z}").replace(" * ", " · ").replace("-", "−")
        for each in (node, slope)
    ]
    return Piece(texts[0], texts[1] if len(texts[1]) <= _LONGEST_SLOPE else "")


def formula(text: str) -> str:
    """The text of a typed function. Raises ValueError for a formula that cannot be used."""
    return f"{FORMULA}({check(text).text})"


ACTIVATIONS: Mapping[str, Activation] = MappingProxyType({name: family.make() for name, family in FAMILIES.items()})
"""Every named function with its usual parameters."""

"""How an asked number is written, and at which beat of the walk it is computed."""

from __future__ import annotations

from bpstudio.insight.altered import Asked
from bpstudio.insight.elements import Edge, Unit
from bpstudio.insight.notation import Letters

#: What is written with the sign of δ: δ itself, and w · δ.
SIGNED = frozenset({"delta", "arrival"})


def sign_of(asked: Asked, names: Letters, typed: float, truth: float) -> int:
    """The sign with which a computed number is compared with a typed one.

    Where δ is −∂C/∂z it is made of −∂C/∂a, so there a person writes either sign of ∂C/∂a.
    """
    if names.notation.delta_sign > 0:
        return 1
    is_either = asked.quantity == "error" and typed * truth < 0
    return -1 if asked.quantity in SIGNED or is_either else 1


def symbol_of(asked: Asked, names: Letters) -> str:
    """How an asked number is written: ∂C/∂w₅, net_h1, w₅⁺."""
    target = asked.target
    match asked.quantity, target:
        case "gradient", Edge() as edge:
            return names.text("db" if edge.is_bias else "dw", edge)
        case "new", Edge() as edge:
            return names.edge(edge) + "⁺"
        case "product", Edge() as edge:
            return f"{names.edge(edge)} · {names.activation(Unit(edge.layer - 1, edge.source))}"
        case "arrival", Edge() as edge:
            return f"{names.edge(edge)} · {names.text('delta', Unit(edge.layer, edge.to))}"
        case "a", Unit() as unit:
            return names.activation(unit)
        case quantity, Unit() as unit:
            return names.text(quantity, unit)
    return names.text("cost")


def beat_of(asked: Asked, letters: Letters) -> str:
    """The address of the beat at which an asked number is computed."""
    names, target = letters.names, asked.target
    match target:
        case Edge():
            name, unit = names.edge(target), names.unit(Unit(target.layer, target.to))
            if asked.quantity == "product":
                return f"forward/{unit}/{name}"
            if asked.quantity == "arrival":
                return f"backward/{names.unit(Unit(target.layer - 1, target.source))}/from-{unit}"
            return f"{'update' if asked.quantity == 'new' else 'backward'}/{name}"
        case Unit(layer=layer):
            name = names.unit(target)
            if asked.quantity == "element":
                return f"loss/{name}"
            if asked.quantity in ("z", "a"):
                return f"forward/{name}/{asked.quantity}" if layer else "start"
            if asked.quantity == "error":
                return f"backward/{name}/{'error' if layer == names.depth else 'sum'}"
            return f"backward/{name}/delta"
    return "loss/C"

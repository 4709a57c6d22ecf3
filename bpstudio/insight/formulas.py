"""The written form of what `maths` computes: errors, parts of the loss and slopes, as templates over a, y and z.

The same template takes letters ("out − target") and numbers ("0.7514 − 0.01"). The tests evaluate each of them against
the functions in `maths`, so that no formula on the screen differs from the one that was computed.
"""

from __future__ import annotations

from bpstudio.insight.notation import number, operand
from bpstudio.insight.phrase import Phrase, plain
from bpstudio.maths.activations import Activation

#: ∂ℓ/∂a of an output.
ERROR = {
    "half_squared_error": "{a} − {y_operand}",
    "squared_error": "2 ({a} − {y_operand})",
    "bce": "({a} − {y_operand}) / ({a_operand} (1 − {a_operand}))",
    "categorical_ce": "−{y_operand} / {a_operand}",
}

#: −∂ℓ/∂a of an output, for books in which δ = −∂C/∂z.
DESCENT = {
    "half_squared_error": "{y} − {a_operand}",
    "squared_error": "2 ({y} − {a_operand})",
    "bce": "({y} − {a_operand}) / ({a_operand} (1 − {a_operand}))",
    "categorical_ce": "{y} / {a_operand}",
}

#: ℓ of an output.
ELEMENT = {
    "half_squared_error": "½({y} − {a_operand})²",
    "squared_error": "({y} − {a_operand})²",
    "bce": "−{y_operand} ln {a_operand} − (1 − {y_operand}) ln(1 − {a_operand})",
    "categorical_ce": "−{y_operand} ln {a_operand}",
}

#: δ of an output whose loss and activation are a pair.
DIRECT = "{a} − {y_operand}"
DIRECT_DESCENT = "{y} − {a_operand}"


#: Functions whose symbol before (z) says all that there is to say; of the others the formula stands beside it.
_SAID_BY_SYMBOL = ("identity", "sigmoid", "tanh", "relu", "step", "softmax")


def written(template: str, *, a: str = "", y: str = "", z: str = "", outputs: int = 1) -> str:
    """A template with letters or numbers in it; `outputs` > 1 divides by the number of outputs (mean over all)."""
    text = template.format(a=a, y=y, z=z, a_operand=operand(a), y_operand=operand(y), z_operand=operand(z))
    return text if outputs == 1 else f"({text}) / {outputs}"


def error(loss: str, sign: int) -> str:
    """The template of ∂ℓ/∂a (sign +1) or −∂ℓ/∂a (sign −1)."""
    return (ERROR if sign > 0 else DESCENT)[loss]


def direct(sign: int) -> str:
    """The template of δ where loss and activation are a pair, in the convention of this sign."""
    return DIRECT if sign > 0 else DIRECT_DESCENT


def is_spelled(function: Activation) -> bool:
    """Whether its formula stands beside the symbol of a function."""
    return bool(function.pieces) and function.family not in _SAID_BY_SYMBOL


def value(function: Activation, at: float, z: str) -> str:
    """The formula of f that holds at this weighted input, with letters or numbers for z; empty where the symbol of the
    function says it all.
    """
    return written(function.piece(at).value, z=z) if is_spelled(function) else ""


def slope(function: Activation, *, a: str, z: str) -> Phrase:
    """The slope of an activation function as a phrase: one formula, or one for each stretch of z."""
    slopes = [
        written(piece.slope, a=a, z=z) if piece.slope else f"{function.symbol}′({z})" for piece in function.pieces
    ]
    if len(set(slopes)) == 1:
        return plain(slopes[0])
    corner = number(function.pieces[-2].upto)
    if len(slopes) == 2:
        return Phrase(
            "{above} if {z} > {corner}, else {below}",
            dict(zip(("below", "above"), slopes, strict=True)) | {"z": z, "corner": corner},
        )
    return Phrase(
        "{inside} if |{z}| < {corner}, else {outside}",
        {"inside": slopes[1], "outside": slopes[0], "z": z, "corner": corner},
    )


def slope_at(function: Activation, at: float, *, a: str, z: str) -> str:
    """The formula of f′ that holds at this weighted input, with numbers for a and z."""
    template = function.piece(at).slope
    return written(template, a=a, z=z) if template else ""

"""The written form of what `maths` computes: errors, parts of the loss and slopes, as templates over a, y and z.

The same template takes letters ("out − target") and numbers ("0.7514 − 0.01"). The tests evaluate each of them against
the functions in `maths`, so that no formula on the screen differs from the one that was computed.
"""

from __future__ import annotations

from bpstudio.insight.notation import operand
from bpstudio.insight.phrase import Phrase, plain

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

#: f′(z), for the functions that have one.
SLOPE = {
    "identity": "1",
    "sigmoid": "{a} (1 − {a_operand})",
    "tanh": "1 − {a_operand}²",
    "relu": "1 if {z} > 0, else 0",
}

#: δ of an output whose loss and activation are a pair.
DIRECT = "{a} − {y_operand}"
DIRECT_DESCENT = "{y} − {a_operand}"


def written(template: str, *, a: str = "", y: str = "", z: str = "", outputs: int = 1) -> str:
    """A template with letters or numbers in it; `outputs` > 1 divides by the number of outputs (mean over all)."""
    text = template.format(a=a, y=y, z=z, a_operand=operand(a), y_operand=operand(y))
    return text if outputs == 1 else f"({text}) / {outputs}"


def error(loss: str, sign: int) -> str:
    """The template of ∂ℓ/∂a (sign +1) or −∂ℓ/∂a (sign −1)."""
    return (ERROR if sign > 0 else DESCENT)[loss]


def direct(sign: int) -> str:
    """The template of δ where loss and activation are a pair, in the convention of this sign."""
    return DIRECT if sign > 0 else DIRECT_DESCENT


def slope(function: str, *, a: str, z: str) -> Phrase:
    """The slope of an activation function as a phrase (the one of ReLU is words)."""
    if function == "relu":
        return Phrase(SLOPE["relu"], {"z": z})
    return plain(written(SLOPE[function], a=a, z=z))

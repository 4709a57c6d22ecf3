"""Where the weights begin.

Equal weights stay equal for ever (the units of a layer would be copies of each other), too large ones saturate a
sigmoid at once, too small ones let the signal die. The scaled rules keep the variance of what passes through a layer
about constant; the historic ones are what the programs and texts of their time did, so that their numbers can be
understood. Each rule carries its formula and its source in `WEIGHT_RULES`.

A rule sees the shape of the weights: (units, inputs), or (filters, channels, height, width) of kernels. n_in is what
one unit sees (channels·height·width), n_out how many units see one input (filters·height·width): He et al. (2015,
eqs. 10 and 14) count the same way.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from bpstudio.maths.operations import Array

NG_LIMIT = 0.12


@dataclass(frozen=True, slots=True)
class Fans:
    """How a layer is wired: inputs of one unit, units that see one input, units (or filters), and whether its weights
    are kernels.
    """

    inputs: int
    outputs: int
    units: int
    has_kernels: bool = False

    @classmethod
    def of(cls, shape: tuple[int, ...]) -> Fans:
        """The fans of weights of the shape (units, inputs) or (filters, channels, height, width)."""
        window = math.prod(shape[2:])
        return cls(math.prod(shape[1:]), shape[0] * window, shape[0], len(shape) > 2)


@dataclass(frozen=True, slots=True)
class Initializer:
    """How a layer's start values are drawn.

    ``std`` belongs to the rule "normal", ``limit`` to "uniform" (±limit), ``value`` to "constant", ``gain`` to
    "orthogonal"; ``bias_std``, ``bias_limit`` and ``bias_value`` belong to the same rules for biases. ``biases`` counts
    where the rule for the weights does not say how biases begin (`own_biases`).
    """

    weights: str = "xavier_normal"
    std: float = 1.0
    biases: str = "zeros"
    bias_std: float = 1.0
    limit: float = 0.5
    value: float = 0.1
    gain: float = 1.0
    bias_limit: float = 0.5
    bias_value: float = 0.1

    def __post_init__(self) -> None:
        if self.weights not in WEIGHT_RULES:
            raise ValueError(f"initializer.weights: expected one of {', '.join(WEIGHT_RULES)}, got {self.weights!r}")
        if self.biases not in BIAS_RULES:
            raise ValueError(f"initializer.biases: expected one of {', '.join(BIAS_RULES)}, got {self.biases!r}")
        for field in ("std", "bias_std", "limit", "bias_limit", "gain"):
            value = getattr(self, field)
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"initializer.{field}: expected a finite number of at least 0, got {value!r}")
        for field in ("value", "bias_value"):
            value = getattr(self, field)
            if not math.isfinite(value):
                raise ValueError(f"initializer.{field}: expected a finite number, got {value!r}")

    @property
    def rule(self) -> WeightRule:
        """What is known of the rule for the weights."""
        return WEIGHT_RULES[self.weights]

    @property
    def own_biases(self) -> str:
        """How biases begin by the rule for the weights, as a formula; empty where ``biases`` decides."""
        return self.rule.own_biases

    @property
    def formula(self) -> str:
        """The law of the weights with the chosen number in it: N(0, 0.5) has that standard deviation, U(±r) limits."""
        number = getattr(self, self.rule.parameter) if self.rule.parameter else 0.0
        return self.rule.formula.format(number=f"{number:g}")

    @property
    def bias_formula(self) -> str:
        """The law of the biases."""
        numbers = {"constant": f"{self.bias_value:g}", "normal": f"N(0, {self.bias_std:g})"}
        numbers["uniform"] = f"U(±{self.bias_limit:g})"
        return self.own_biases or numbers.get(self.biases, "0")

    @property
    def is_equal(self) -> bool:
        """Whether all weights begin with the same value, so that the units of a layer stay copies of each other."""
        return self.weights in ("zeros", "constant")

    def spread(self, inputs: int, outputs: int) -> float:
        """The standard deviation that the rule gives a weight between ``inputs`` and ``outputs`` units."""
        return self.spread_of((outputs, inputs))

    def spread_of(self, shape: tuple[int, ...]) -> float:
        """The standard deviation that the rule gives weights of a shape."""
        return self.rule.spread(self, Fans.of(shape))

    def draw(
        self,
        rng: np.random.Generator,
        inputs: int,
        outputs: int,
        weight_shape: tuple[int, ...] | None = None,
        bias_count: int | None = None,
    ) -> tuple[Array, Array]:
        """Start values W and b, float64.

        W has the shape (outputs, inputs) and b (outputs,), or ``weight_shape`` and (bias_count,) where weights have
        another shape; then ``inputs`` and ``outputs`` are n_in and n_out.
        """
        shape = (outputs, inputs) if weight_shape is None else weight_shape
        fans = Fans(inputs, outputs, shape[0], len(shape) > 2)
        spread = self.rule.spread(self, fans)
        W = np.full(shape, self.value) if self.rule.law == "constant" else _LAWS[self.rule.law](rng, shape, spread)
        b = self._draw_biases(rng, fans, shape[0] if bias_count is None else bias_count)
        # 0 · −1.3 is −0.0; a start at zero shall be plainly zero.
        return W + 0.0, b + 0.0

    def _draw_biases(self, rng: np.random.Generator, fans: Fans, count: int) -> Array:
        if self.rule.draw_biases is not None:
            return self.rule.draw_biases(rng, self.rule.spread(self, fans), fans, count)
        if self.biases == "constant":
            return np.full(count, self.bias_value)
        if self.biases == "uniform":
            return rng.uniform(-self.bias_limit, self.bias_limit, count)
        return rng.standard_normal(count) * (self.bias_std if self.biases == "normal" else 0.0)

    def written(self, bias: str = "b") -> str:
        """Both laws in a line, "w: N(0, 0.5), b: 0"; without a letter for biases only that of the weights."""
        if bias and self.bias_formula == self.formula:
            return f"w, {bias}: {self.formula}"
        return f"w: {self.formula}" + (f", {bias}: {self.bias_formula}" if bias else "")

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON: the rules and their deviations, and of the other numbers those that were changed."""
        always = {"weights", "std", "biases", "bias_std"}
        return {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if field.name in always or getattr(self, field.name) != field.default
        }


# ---- laws: how numbers with a standard deviation are drawn


def _normal(rng: np.random.Generator, shape: tuple[int, ...], spread: float) -> Array:
    return rng.standard_normal(shape) * spread


def _uniform(rng: np.random.Generator, shape: tuple[int, ...], spread: float) -> Array:
    limit = spread * math.sqrt(3.0)  # a uniform law on ±limit has the variance limit²/3
    return rng.uniform(-limit, limit, shape)


def _orthogonal(rng: np.random.Generator, shape: tuple[int, ...], spread: float) -> Array:
    """Rows (or, where there are more of them, columns) that are orthogonal and of equal length.

    The Q of a QR decomposition is evenly distributed only when R has a positive diagonal (Mezzadri 2007).
    """
    rows, columns = shape[0], math.prod(shape[1:])
    most = max(rows, columns)
    Q, R = np.linalg.qr(rng.standard_normal((most, min(rows, columns))))
    Q = Q * np.where(np.diagonal(R) < 0, -1.0, 1.0)
    flat = Q if rows >= columns else Q.T
    W: Array = np.ascontiguousarray(flat * (spread * math.sqrt(most))).reshape(shape)
    return W


def _rows_of_one_length(rng: np.random.Generator, shape: tuple[int, ...], spread: float) -> Array:
    """Directions from a cube, each row of the length spread·√n_in."""
    flat = rng.uniform(-1.0, 1.0, (shape[0], math.prod(shape[1:])))
    length = spread * math.sqrt(flat.shape[1])
    W: Array = (flat * (length / np.linalg.norm(flat, axis=1, keepdims=True))).reshape(shape)
    return W


_LAWS: Mapping[str, Callable[[np.random.Generator, tuple[int, ...], float], Array]] = MappingProxyType(
    {
        "normal": _normal,
        "uniform": _uniform,
        "orthogonal": _orthogonal,
        "rows": _rows_of_one_length,
    }
)

# ---- biases that belong to a rule for weights


def _standard_normal_biases(rng: np.random.Generator, _spread: float, _fans: Fans, count: int) -> Array:
    return rng.standard_normal(count)


def _biases_as_weights(rng: np.random.Generator, spread: float, fans: Fans, count: int) -> Array:
    """The bias is the first column of W; the kernels of DeepLearnToolbox have biases of 0 instead."""
    return np.zeros(count) if fans.has_kernels else _uniform(rng, (count,), spread)


def _biases_along_rows(rng: np.random.Generator, spread: float, fans: Fans, count: int) -> Array:
    """U(±β), β the length of a row: the units' bends lie spread over the range of the inputs."""
    length = spread * math.sqrt(fans.inputs)
    return rng.uniform(-length, length, count)


# ---- the rules


@dataclass(frozen=True)
class WeightRule:
    """One way to begin: the law of its numbers, their standard deviation, its formula and where it comes from.

    ``parameter`` names the field of the Initializer that it takes. A rule that says how biases begin has their formula
    in ``own_biases`` and draws them by ``draw_biases``.
    """

    law: str
    spread: Callable[[Initializer, Fans], float]
    formula: str
    source: str = ""
    parameter: str = ""
    own_biases: str = ""
    draw_biases: Callable[[np.random.Generator, float, Fans, int], Array] | None = None


def _limit(limit: Callable[[Fans], float]) -> Callable[[Initializer, Fans], float]:
    """The standard deviation of a uniform law on ±limit."""
    return lambda _, fans: limit(fans) / math.sqrt(3.0)


def _lecun(_: Initializer, fans: Fans) -> float:
    return math.sqrt(1.0 / fans.inputs)


def _xavier(_: Initializer, fans: Fans) -> float:
    return math.sqrt(2.0 / (fans.inputs + fans.outputs))


def _he(_: Initializer, fans: Fans) -> float:
    return math.sqrt(2.0 / fans.inputs)


def _nguyen_widrow(_: Initializer, fans: Fans) -> float:
    """β/√n_in of rows of the length β = 0.7 units^(1/n_in)."""
    return 0.7 * math.pow(fans.units, 1.0 / fans.inputs) / math.sqrt(fans.inputs)


def _deep_learn_toolbox(fans: Fans) -> float:
    """nnsetup.m has 4√(6/(in + out)) (for sigmoid units: Glorot and Bengio 2010), cnnsetup.m the same without the 4."""
    return (1.0 if fans.has_kernels else 4.0) * math.sqrt(6.0 / (fans.inputs + fans.outputs))


_LECUN = "LeCun et al. 1998, Efficient BackProp, eq. 16"
_XAVIER = "Glorot & Bengio 2010, eq. 16"
_HE = "He et al. 2015, eq. 10"

WEIGHT_RULES: Mapping[str, WeightRule] = MappingProxyType(
    {
        "zeros": WeightRule("normal", lambda *_: 0.0, "0"),
        "constant": WeightRule("constant", lambda *_: 0.0, "{number}", parameter="value"),
        "normal": WeightRule("normal", lambda rule, _: rule.std, "N(0, {number})", parameter="std"),
        "uniform": WeightRule(
            "uniform", lambda rule, _: rule.limit / math.sqrt(3.0), "U(±{number})", parameter="limit"
        ),
        "lecun_normal": WeightRule("normal", _lecun, "N(0, √(1/in))", _LECUN),
        "lecun_uniform": WeightRule("uniform", _lecun, "U(±√(3/in))", _LECUN),
        "xavier_normal": WeightRule("normal", _xavier, "N(0, √(2/(in + out)))", _XAVIER),
        "xavier_uniform": WeightRule("uniform", _xavier, "U(±√(6/(in + out)))", _XAVIER),
        "he_normal": WeightRule("normal", _he, "N(0, √(2/in))", _HE),
        "he_uniform": WeightRule("uniform", _he, "U(±√(6/in))", _HE),
        "orthogonal": WeightRule(
            "orthogonal",
            lambda rule, fans: rule.gain / math.sqrt(max(fans.units, fans.inputs)),
            "W Wᵀ = {number}² I",
            "Saxe, McClelland & Ganguli 2013",
            parameter="gain",
        ),
        "nguyen_widrow": WeightRule(
            "rows",
            _nguyen_widrow,
            "‖wⱼ‖ = β = 0.7 n^(1/in)",
            "Nguyen & Widrow 1990",
            own_biases="U(±β)",
            draw_biases=_biases_along_rows,
        ),
        "nielsen": WeightRule(
            "normal",
            _lecun,
            "N(0, 1/√in)",
            "Nielsen, network2.py, default_weight_initializer",
            own_biases="N(0, 1)",
            draw_biases=_standard_normal_biases,
        ),
        "nielsen_large": WeightRule(
            "normal",
            lambda *_: 1.0,
            "N(0, 1)",
            "Nielsen, network.py; network2.py, large_weight_initializer",
            own_biases="N(0, 1)",
            draw_biases=_standard_normal_biases,
        ),
        "ng": WeightRule(
            "uniform",
            _limit(lambda _: NG_LIMIT),
            "U(±0.12)",
            "Ng, Machine Learning, exercise 4",
            own_biases="U(±0.12)",
            draw_biases=_biases_as_weights,
        ),
        "ufldl": WeightRule(
            "uniform",
            _limit(lambda fans: math.sqrt(6.0 / (fans.inputs + fans.outputs + 1.0))),
            "U(±√(6/(in + out + 1)))",
            "Ng et al., UFLDL, initializeParameters.m",
            own_biases="0",
            draw_biases=lambda _rng, _spread, _fans, count: np.zeros(count),
        ),
        "deep_learn_toolbox": WeightRule(
            "uniform",
            _limit(_deep_learn_toolbox),
            "U(±4√(6/(in + out)))",
            "Palm 2012, DeepLearnToolbox, nnsetup.m",
            own_biases="U(±4√(6/(in + out)))",
            draw_biases=_biases_as_weights,
        ),
    }
)
"""The rules for weights by name, in the order in which they are offered."""
BIAS_RULES = ("zeros", "constant", "normal", "uniform")
BIAS_PARAMETERS: Mapping[str, str] = MappingProxyType(
    {"constant": "bias_value", "normal": "bias_std", "uniform": "bias_limit"}
)
"""The field of the Initializer that a rule for biases takes."""


def reference_spreads(shape: tuple[int, ...]) -> dict[str, float]:
    """The standard deviation that LeCun, Xavier and He would give weights of this shape, by name."""
    fans, some = Fans.of(shape), Initializer()
    return {"LeCun": _lecun(some, fans), "Xavier": _xavier(some, fans), "He": _he(some, fans)}


def measured_spread(W: Array) -> float:
    """The standard deviation of weights as they are, about their own mean."""
    return float(np.std(W, dtype=np.float64))

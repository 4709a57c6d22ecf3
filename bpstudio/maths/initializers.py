"""Where the weights begin.

Equal weights stay equal for ever (the units of a layer would be copies of each other), too large ones saturate a
sigmoid at once, too small ones let the signal die. The scaled rules keep the variance of what passes through a layer
about constant:

- LeCun (1998, *Efficient BackProp*, eq. 16): variance 1/n_in
- Xavier (Glorot and Bengio 2010, eq. 16): variance 2/(n_in + n_out)
- He (He et al. 2015, eq. 10): variance 2/n_in
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bpstudio.maths.operations import Array

WEIGHT_RULES = (
    "zeros",
    "normal",
    "lecun_normal",
    "lecun_uniform",
    "xavier_normal",
    "xavier_uniform",
    "he_normal",
    "he_uniform",
)
BIAS_RULES = ("zeros", "normal")


@dataclass(frozen=True, slots=True)
class Initializer:
    """How a layer's start values are drawn; ``std`` and ``bias_std`` belong to the rule "normal"."""

    weights: str = "xavier_normal"
    std: float = 1.0
    biases: str = "zeros"
    bias_std: float = 1.0

    def __post_init__(self) -> None:
        if self.weights not in WEIGHT_RULES:
            raise ValueError(f"initializer.weights: expected one of {', '.join(WEIGHT_RULES)}, got {self.weights!r}")
        if self.biases not in BIAS_RULES:
            raise ValueError(f"initializer.biases: expected one of {', '.join(BIAS_RULES)}, got {self.biases!r}")
        for field, value in (("std", self.std), ("bias_std", self.bias_std)):
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"initializer.{field}: expected a finite number of at least 0, got {value!r}")

    def spread(self, inputs: int, outputs: int) -> float:
        """The standard deviation of a weight between ``inputs`` and ``outputs`` units."""
        if self.weights == "zeros":
            return 0.0
        if self.weights == "normal":
            return self.std
        variance = {"lecun": 1.0 / inputs, "xavier": 2.0 / (inputs + outputs), "he": 2.0 / inputs}
        return math.sqrt(variance[self.weights.split("_")[0]])

    def draw(self, rng: np.random.Generator, inputs: int, outputs: int) -> tuple[Array, Array]:
        """Start values W (outputs, inputs) and b (outputs,), float64."""
        spread = self.spread(inputs, outputs)
        if self.weights.endswith("_uniform"):
            limit = spread * math.sqrt(3.0)  # a uniform law on ±limit has the variance limit²/3
            W = rng.uniform(-limit, limit, (outputs, inputs))
        else:
            W = rng.standard_normal((outputs, inputs)) * spread
        b = rng.standard_normal(outputs) * (self.bias_std if self.biases == "normal" else 0.0)
        # 0 · −1.3 is −0.0; a start at zero shall be plainly zero.
        return W + 0.0, b + 0.0

"""A layer is a frozen description; its parameters and everything it computes live in arrays that are handed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from bpstudio.maths.activations import activation
from bpstudio.maths.initializers import Initializer

BIAS_SIGNS: Mapping[str, int] = MappingProxyType({"bias": 1, "threshold": -1, "none": 0})
"""What a layer adds to its weighted sum: + b, − θ, or nothing; and what the node carries from which it comes."""


@dataclass(frozen=True, slots=True)
class Dense:
    """Every unit sees every output of the layer below: z = x Wᵀ + b, a = f(z).

    W has the shape (units, inputs), b (units,). A frozen parameter keeps its gradient and is not updated. ``bias`` is
    "bias", or "threshold" where z = x Wᵀ − θ and θ lies in b's place, or "none" where b is 0 and no parameter.
    """

    units: int
    activation: str = "sigmoid"
    initializer: Initializer = field(default_factory=Initializer)
    train_weights: bool = True
    train_bias: bool = True
    name: str = ""
    bias: str = "bias"

    def __post_init__(self) -> None:
        if isinstance(self.units, bool) or not isinstance(self.units, int) or self.units < 1:
            raise ValueError(f"units: expected a whole number of at least 1, got {self.units!r}")
        activation(self.activation)
        if self.bias not in BIAS_SIGNS:
            raise ValueError(f"bias: expected one of {', '.join(BIAS_SIGNS)}, got {self.bias!r}")
        if self.activation == "softmax" and self.units < 2:
            raise ValueError("units: softmax shares 1 among the units, so it needs at least 2, got 1")

    @property
    def bias_sign(self) -> int:
        """1 for z = … + b, −1 for z = … − θ, 0 without either."""
        return BIAS_SIGNS[self.bias]

    @property
    def has_bias(self) -> bool:
        """Whether each unit has a bias or a threshold."""
        return self.bias != "none"

    @property
    def trains_bias(self) -> bool:
        """Whether the optimiser moves biases or thresholds here."""
        return self.train_bias and self.bias != "none"

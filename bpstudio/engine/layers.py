"""A layer is a frozen description; its parameters and everything it computes live in arrays that are handed in."""

from __future__ import annotations

from dataclasses import dataclass, field

from bpstudio.maths.activations import activation
from bpstudio.maths.initializers import Initializer


@dataclass(frozen=True, slots=True)
class Dense:
    """Every unit sees every output of the layer below: z = x Wᵀ + b, a = f(z).

    W has the shape (units, inputs), b (units,). A frozen parameter keeps its gradient and is not updated.
    """

    units: int
    activation: str = "sigmoid"
    initializer: Initializer = field(default_factory=Initializer)
    train_weights: bool = True
    train_bias: bool = True
    name: str = ""

    def __post_init__(self) -> None:
        if isinstance(self.units, bool) or not isinstance(self.units, int) or self.units < 1:
            raise ValueError(f"units: expected a whole number of at least 1, got {self.units!r}")
        activation(self.activation)
        if self.activation == "softmax" and self.units < 2:
            raise ValueError("units: softmax shares 1 among the units, so it needs at least 2, got 1")

"""A pass computed once more, with something else in some of its places.

Somebody who forgets σ′ computes the same pass with a 1 where σ′ stands. So a pass is written here as a chain of
*places*, one per array and layer:

    W  z  a                      forward: z = a W + b,  a = f(z)
    slope  error  delta  back    backward: error = ∂C/∂a, delta = error ⊙ slope, back = the W that carries the error
    came_in                      what is multiplied to δ in the gradient of the target

and an alteration is a mapping from places to rules; a rule is handed what usually stands there and says what stands
there instead. Without alterations every number is the recorded one. Places that no alteration reaches are shared with
the pass that was altered, so that hundreds of alterations cost little.

All deltas here are those of the row's own cost, without 1/N; arrays are (rows, units). The rows are those of the batch,
or the one row of a probe.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bpstudio.insight.elements import Edge, Element, LossNode, Unit
from bpstudio.insight.example import Numbers
from bpstudio.maths.activations import Activation
from bpstudio.maths.operations import Array

#: What can be asked about: of an edge its gradient, its new value, what it sends and what comes back over it; of a
#: unit z, a, the slope, ∂C/∂a ("error"), δ and, of an output, its part of the loss; the loss.
Quantity = Literal["gradient", "new", "product", "arrival", "z", "a", "slope", "error", "delta", "element", "loss"]

Place = tuple[str, int]
Rule = Callable[["Pass", int, Array], Array]
Alterations = Mapping[Place, Rule]

FORWARD_PLACES = ("W", "b", "z", "a")
_BACKWARD = ("slope", "error", "delta", "back")
_SUMMED = ("gradient", "new", "delta", "error")
_NEVER = 1 << 30


@dataclass(frozen=True)
class Asked:
    """One number of a step: an element of the network and which of its quantities."""

    target: Element
    quantity: Quantity

    @property
    def layer(self) -> int:
        """The layer of the target; of the loss 0."""
        return self.target.layer if isinstance(self.target, (Unit, Edge)) else 0

    @property
    def unit(self) -> int:
        """The unit that the target is, or leads to."""
        match self.target:
            case Unit(index=index):
                return index
            case Edge(to=to):
                return to
        return 0

    def check(self, depth: int) -> None:
        """Raise ValueError where the target has no such quantity in a network of so many layers."""
        match self.target:
            case Edge(layer=layer, source=source):
                names = ["gradient", "new", *(["product"] if source >= 0 else [])]
                names += ["arrival"] if source >= 0 and layer > 1 else []
            case Unit(layer=0):
                names = ["a"]
            case Unit(layer=layer):
                names = ["z", "a", "slope", "error", "delta", *(["element"] if layer == depth else [])]
            case LossNode():
                names = ["loss"]
            case _:
                names = []
        if self.quantity not in names:
            known = ", ".join(names) or "none"
            raise ValueError(f"quantity of {self.target}: expected one of {known}, came {self.quantity!r}")


class Pass:
    """The places of one pass; `alterations` put something else into some of them."""

    def __init__(self, numbers: Numbers, added: Alterations | None = None, base: Pass | None = None) -> None:
        self.numbers = numbers
        self.base = base
        self.depth = numbers.depth
        self._added: Alterations = added or {}
        self.alterations: Alterations = self._added if base is None else {**base.alterations, **self._added}
        self._known: dict[Place, Array] = {}
        self._gains: dict[tuple[Asked, int], Array] = {}
        forward = [layer for place, layer in self._added if place in FORWARD_PLACES]
        backward = [layer for place, layer in self._added if place in _BACKWARD]
        self._forward_from = min(forward, default=_NEVER)
        self._is_forward = bool(forward)
        self._backward_from = self.depth if forward else max(backward, default=0)
        # The lowest layer whose δ is another one by itself; below it only what comes back has changed.
        reached = [layer - (place == "back") for place, layer in self._added]
        self._lowest = 0 if forward or len(backward) < len(self._added) else min(reached, default=0)

    def altered(self, added: Alterations) -> Pass:
        """This pass with further alterations."""
        return Pass(self.numbers, added, self)

    def function(self, layer: int) -> Activation:
        """The activation function of a layer."""
        return self.numbers.function(layer)

    # ---- places

    def _at(self, place: str, layer: int, reached: bool, usual: Callable[[], Array]) -> Array:
        key = (place, layer)
        found = self._known.get(key)
        if found is None:
            if self.base is not None and not reached and key not in self._added:
                found = getattr(self.base, place)(layer)
            else:
                found = usual()
                rule = self.alterations.get(key)
                if rule is not None:
                    found = rule(self, layer, found)
            self._known[key] = found
        return found

    def W(self, layer: int) -> Array:  # noqa: N802  # a letter of the field
        """The weights of the forward pass, (units, inputs)."""
        return self._at("W", layer, False, lambda: _double(self.numbers.frame.params.W[layer - 1]))

    def b(self, layer: int) -> Array:
        """What is added to the weighted sum: the biases, of thresholds the negative."""
        return self._at("b", layer, False, lambda: _double(self.numbers.frame.params.b[layer - 1]) * self.sign(layer))

    def sign(self, layer: int) -> int:
        """1 where a layer has biases, −1 where it has thresholds, 0 without either."""
        return self.numbers.network.layers[layer - 1].bias_sign

    def z(self, layer: int) -> Array:
        """Weighted inputs."""
        return self._at("z", layer, layer >= self._forward_from, lambda: self._usual_z(layer))

    def _usual_z(self, layer: int) -> Array:
        if self.base is None:
            return _double(self.numbers.layer(layer).z)
        weighted: Array = self.a(layer - 1) @ self.W(layer).T + self.b(layer)
        return weighted

    def a(self, layer: int) -> Array:
        """Activations; of layer 0 the inputs."""
        return self._at("a", layer, layer >= self._forward_from, lambda: self._usual_a(layer))

    def _usual_a(self, layer: int) -> Array:
        if layer == 0:
            return _double(self.numbers.trace.x)
        return _double(self.numbers.layer(layer).a) if self.base is None else self.function(layer).f(self.z(layer))

    def slope(self, layer: int) -> Array:
        """f′(z); of a softmax ∂a/∂z of each output by itself, the diagonal of its Jacobian."""
        return self._at("slope", layer, layer >= self._forward_from, lambda: self._usual_slope(layer))

    def _usual_slope(self, layer: int) -> Array:
        if not self.function(layer).elementwise:
            diagonal: Array = self.a(layer) * (1 - self.a(layer))
            return diagonal
        recorded = self.numbers.layer(layer).slope
        if self.base is None and recorded is not None:
            return _double(recorded)
        return self.function(layer).df(self.z(layer), self.a(layer))

    def error(self, layer: int) -> Array:
        """∂C/∂a."""
        return self._at(
            "error", layer, layer < self._backward_from or self._is_forward, lambda: self._usual_error(layer)
        )

    def _usual_error(self, layer: int) -> Array:
        n = self.numbers
        if layer < self.depth:
            back: Array = self.delta(layer + 1) @ self.back(layer + 1) + n.sparsity(layer)
            return back
        return n.loss.da(self.a(layer), _double(n.trace.y)) * n.own_scale

    def delta(self, layer: int) -> Array:
        """δ = ∂C/∂z."""
        return self._at("delta", layer, layer <= self._backward_from, lambda: self._usual_delta(layer))

    def _usual_delta(self, layer: int) -> Array:
        n = self.numbers
        if self.base is None:
            return _double(n.layer(layer).delta) / n.share
        if not self._is_multiplied(layer):
            if layer == self.depth and n.paired:
                direct: Array = (self.a(layer) - _double(n.trace.y)) * n.own_scale
                return direct
            if not self.function(layer).elementwise:
                a, error = self.a(layer), self.error(layer)
                through: Array = a * (error - (a * error).sum(axis=1, keepdims=True))
                return through
        product: Array = self.error(layer) * self.slope(layer)
        return product

    def _is_multiplied(self, layer: int) -> bool:
        """Whether an alteration makes somebody multiply ∂C/∂a by a slope where δ is written down directly."""
        return ("slope", layer) in self.alterations or ("error", layer) in self.alterations

    def back(self, layer: int) -> Array:
        """The weights through which the error of a layer comes back, (units, inputs)."""
        return self._at("back", layer, False, lambda: _double(self.numbers.layer(layer).W_used))

    def elements(self) -> Array:
        """Each output's part of the row's own cost."""
        n, layer = self.numbers, self.depth
        y = _double(n.trace.y)
        if ("a", layer) in self.alterations:
            return n.loss.value(self.a(layer), y) * n.own_scale
        return n.loss.elements(self.function(layer).name, self.z(layer), self.a(layer), y) * n.own_scale

    # ---- the number that is asked about

    def came_in(self, layer: int) -> Array:
        """What is multiplied to δ in the gradients of a layer, (rows, inputs)."""
        return self._at("came_in", layer, layer > self._forward_from, lambda: self.a(layer - 1))

    def came_over(self, edge: Edge) -> Array:
        """What is multiplied to δ in the gradient of an edge, (rows,); of a bias 1, of a threshold −1."""
        if edge.is_bias:
            return np.full(len(self.delta(edge.layer)), float(self.sign(edge.layer)))
        return self.came_in(edge.layer)[:, edge.source]

    def value(self, asked: Asked) -> Array:
        """The number in each row, (rows,); of a gradient and of a new value what the row gives to the gradient."""
        layer, at = asked.layer, asked.unit
        if self._lowest > layer and asked.quantity in _SUMMED and not self.numbers.is_sparse:
            # Nothing else has changed below, so the sum of the chain rule can be taken there: the same number, sooner.
            total: Array = self.summands(asked, self._lowest).sum(axis=1)
            return total
        match asked.quantity, asked.target:
            case "gradient" | "new", Edge() as edge:
                product: Array = self.delta(layer)[:, at] * self.came_over(edge)
                return product
            case "product", Edge(source=source):
                sent: Array = self.a(layer - 1)[:, source] * self.W(layer)[at, source]
                return sent
            case "arrival", Edge(source=source):
                returned: Array = self.delta(layer)[:, at] * self.back(layer)[at, source]
                return returned
            case "z" | "a" | "slope" | "error" | "delta" as quantity, Unit():
                array: Array = getattr(self, quantity)(layer)[:, at]
                return array
            case "element", Unit():
                return self.elements()[:, at]
            case "loss", LossNode():
                cost: Array = self.elements().sum(axis=1)
                return cost
        raise ValueError(f"quantity of {asked.target}: nothing is computed, came {asked.quantity!r}")

    def gain(self, asked: Asked, layer: int) -> Array:
        """How much the asked number changes with δ of each unit of a layer above its own, (rows, units).

        Multiplied by δ of that layer it is what comes back over each of its units: the summands of the chain rule.
        """
        key = (asked, layer)
        found = self._gains.get(key)
        if found is None:
            found = self._gains[key] = self._usual_gain(asked, layer)
        return found

    def _usual_gain(self, asked: Asked, layer: int) -> Array:
        if self.base is not None and not self._is_forward and not self._changes_gain(layer):
            return self.base.gain(asked, layer)
        here, at = asked.layer, asked.unit
        if layer > here + 1:
            further: Array = (self.gain(asked, layer - 1) * self.slope(layer - 1)) @ self.back(layer).T
            return further
        first = np.ones(len(self.numbers.trace.x))
        if asked.quantity in ("gradient", "new", "delta"):
            first = self.slope(here)[:, at]
        if isinstance(asked.target, Edge):
            first = first * self.came_over(asked.target)
        gain: Array = first[:, None] * self.back(here + 1)[:, at]
        return gain

    def _changes_gain(self, layer: int) -> bool:
        """Whether an alteration lies between the asked number and δ of a layer."""
        return any(
            place == "came_in" or (place == "slope" and at < layer) or (place == "back" and at <= layer)
            for place, at in self._added
        )

    def summands(self, asked: Asked, layer: int) -> Array:
        """What the asked number is the sum of, (rows, summands).

        Backward: what comes back over each unit of a layer above. Forward: the products of z; of the loss the parts.
        """
        if asked.quantity == "loss":
            return self.elements()
        if asked.quantity in ("z", "a"):
            products: Array = self.a(asked.layer - 1) * self.W(asked.layer)[asked.unit]
            return products
        return self.delta(layer) * self.gain(asked, layer)


def _double(values: Array) -> Array:
    return np.asarray(values, dtype=np.float64)

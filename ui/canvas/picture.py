"""What a View shows, worked out once for all parts of the painting: whose numbers, which beat, what is known by now."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bpstudio.engine.trace import Params
from bpstudio.insight.compared import differences
from bpstudio.insight.elements import (
    BIAS,
    Edge,
    Edges,
    Element,
    Kernel,
    KernelEntry,
    Lit,
    LossNode,
    Map,
    Pixel,
    PlusOne,
    Row,
    Target,
    Targets,
    Unit,
    Units,
    WholeBatch,
)
from bpstudio.insight.example import Numbers
from bpstudio.insight.notation import Letters, letters
from bpstudio.insight.walk import Beat
from bpstudio.insight.windows import matrix
from ui.canvas import checked, scale
from ui.canvas.geometry import geometry_of
from ui.canvas.strokes import Floats
from ui.canvas.view import View

NOT_YET, BEFORE, NOW = 0, 1, 2
"""The states of a number in the walk, as `Walk.states` counts them."""

States = NDArray[np.uint8]


class Picture:
    """A View with everything that follows from it. Layers count from 1, layer 0 is the inputs.

    The units of a layer are flat, (units,), also those of images. Its parameters are a matrix with the biases as last
    column: (units, inputs + 1), of a convolution (filters, numbers of a kernel + 1), (0, 1) where there are none.
    """

    def __init__(self, view: View) -> None:
        self.view = view
        self.frame = view.frame
        self.eye = view.eye
        self.theme = view.theme
        self.limits = view.limits
        self.walk = view.walk
        self.network = view.frame.experiment.network
        self.sizes = self.network.sizes
        self.names = view.walk.names
        self.depth = len(self.network.layers)
        self.grain = view.eye.grain
        self.arrived = view.phase >= 1.0
        self.geometry = geometry_of(view)
        self._states: dict[tuple[int, str], States] = {}

    @cached_property
    def index(self) -> int:
        """The beat looked at, within this step's beats."""
        return min(self.eye.playhead, self.walk.count(self.grain))

    @cached_property
    def whole(self) -> bool:
        """Whether the step is shown whole: it is walked through, or training runs and nobody walks."""
        return self.running or (self.arrived and self.index == self.walk.count(self.grain))

    @property
    def running(self) -> bool:
        return self.frame.run == "running"

    @cached_property
    def beat(self) -> Beat | None:
        """The beat looked at; None before the first one and while training runs."""
        return None if self.running or self.index == 0 else self.walk.beat(self.grain, self.index)

    @property
    def phase(self) -> str:
        """F, L, B or U; empty before the first beat and while training runs."""
        return self.beat.phase if self.beat is not None else ""

    @cached_property
    def letters(self) -> Letters:
        return letters(self.eye.written, self.network)

    @cached_property
    def numbers(self) -> Numbers:
        """The example's numbers. A row that this batch has not, or a probe that is gone, gives way to the first row."""
        example = self.eye.example
        try:
            return Numbers(self.frame, example)
        except ValueError:
            return Numbers(self.frame, Row(0))

    @property
    def is_mean(self) -> bool:
        return isinstance(self.eye.example, WholeBatch)

    def states(self, layer: int, quantity: str) -> States:
        """Which numbers of a layer are known: (units,), or a matrix for quantities of edges.

        What the present beat computes is known once its pulse has arrived.
        """
        key = layer, quantity
        if key not in self._states:
            self._states[key] = self._find_states(layer, quantity)
        return self._states[key]

    def _find_states(self, layer: int, quantity: str) -> States:
        if self.whole:
            return np.full(self._shape(layer, quantity), BEFORE, np.uint8)
        states = self.walk.states(self.grain, self.index, layer, quantity)
        return states if self.arrived else np.where(states == NOW, NOT_YET, states).astype(np.uint8)

    def _shape(self, layer: int, quantity: str) -> tuple[int, ...]:
        if quantity in PARAMETERS:
            rows, columns = self.names.matrices[layer - 1]
            return rows, columns + 1
        return (self.sizes[layer],)

    def known(self, element: Element, quantity: str) -> bool:
        """Whether one number is known; of a map or a kernel whether all of its numbers are."""
        if self.whole:
            return True
        if isinstance(element, Map):
            return bool((self.states_of(element, quantity) != NOT_YET).all())
        if isinstance(element, Kernel):
            return bool((self.states_of(element, quantity) != NOT_YET).all())
        element = self.names.flat(element)
        state = self.walk.known(self.grain, self.index, element, quantity)
        return state == "before" or (state == "now" and self.arrived)

    def states_of(self, element: Map | Kernel, quantity: str) -> States:
        """The states of a map's pixels, or of a kernel's numbers."""
        states = self.states(element.layer, quantity)
        return states[self.place(element)] if isinstance(element, Map) else states[element.filter, self.place(element)]

    def place(self, element: Map | Kernel) -> slice:
        """Where a map lies in its layer's flat units, or a kernel in its filter's row of the matrix."""
        if isinstance(element, Map):
            _, height, width = self.network.shapes[element.layer]
            size, number = height * width, element.channel
        else:
            _, _, height, width = self.names.weights[element.layer - 1]
            size, number = height * width, element.channel
        return slice(number * size, (number + 1) * size)

    def values_of(self, element: Map | Kernel, values: Floats) -> Floats:
        """A map out of a layer's flat numbers, or a kernel out of its matrix, as (rows, columns)."""
        if isinstance(element, Map):
            return values[self.place(element)].reshape(self.network.shapes[element.layer][1:])
        row = values[element.filter, self.place(element)]
        return row.reshape(self.names.weights[element.layer - 1][2:])

    @cached_property
    def shown_states(self) -> tuple[States, ...]:
        """For each layer from 1, which edges have the number that their colour means."""
        if self.eye.color == "check":
            return tuple(np.where(np.isnan(part), NOT_YET, BEFORE).astype(np.uint8) for part in self.errors)
        if self.eye.color == "difference":
            return tuple(np.where(np.isnan(part), NOT_YET, BEFORE).astype(np.uint8) for part in self.differences)
        quantity = {"gradient": "dW", "update": "new"}.get(self.eye.color)
        if quantity is None:
            return tuple(np.full(self._shape(layer, "dW"), BEFORE, np.uint8) for layer in range(1, self.depth + 1))
        return tuple(self.states(layer, quantity) for layer in range(1, self.depth + 1))

    @cached_property
    def sent(self) -> tuple[States, ...] | None:
        """For each layer from 1, which products have gone forward; None after the loss, when the question is
        another."""
        if self.phase not in ("F", "L") or self.whole or self.eye.color in ("weight", "difference", "check"):
            return None
        return tuple(
            self.states(layer, "product") if self.geometry.mode(layer) != "kernels" else self._kernels_sent(layer)
            for layer in range(1, self.depth + 1)
        )

    def _kernels_sent(self, layer: int) -> States:
        """A kernel has sent what it has to as soon as its filter's map is there."""
        maps = [self.states_of(Map(layer, number), "z") for number in range(self.names.weights[layer - 1][0])]
        reached = np.array([bool((states != NOT_YET).any()) for states in maps])
        return np.broadcast_to(np.where(reached, BEFORE, NOT_YET)[:, None], self._shape(layer, "dW")).astype(np.uint8)

    def sends(self, edge: Edge) -> bool:
        """Whether an edge's product has gone forward in this phase."""
        return self.sent is not None and self.known(edge, "product")

    @cached_property
    def shown(self) -> tuple[Floats, ...]:
        """For each layer from 1, the numbers that edge colours mean, as a matrix."""
        trace, params = self.frame.trace, self.frame.params
        if self.eye.color == "weight":
            pairs = list(zip(params.W, params.b, strict=True))
        elif self.eye.color == "difference":
            return tuple(np.nan_to_num(part, nan=0.0, posinf=np.inf, neginf=-np.inf) for part in self.differences)
        elif self.eye.color == "check":
            return tuple(np.nan_to_num(part, nan=0.0) for part in self.errors)
        elif self.eye.color == "update":
            pairs = [(layer.update_W, layer.update_b) for layer in trace.layers]
        else:
            pairs = [(layer.dW, layer.db) for layer in trace.layers]
        return tuple(matrix(*pair).astype(np.float64, copy=False) for pair in pairs)

    @cached_property
    def errors(self) -> tuple[Floats, ...]:
        """For each layer from 1, how far its gradients are from central differences, biases last; NaN: not checked."""
        if self.view.check is None:
            return tuple(np.full((rows, columns + 1), np.nan) for rows, columns in self.names.matrices)
        return checked.errors(self.view.check, self.names)

    @property
    def other(self) -> Params | None:
        """The network from which differences are taken: what the view says, or the branch that is compared."""
        beside = self.frame.beside
        return self.view.other if self.view.other is not None else beside.params if beside is not None else None

    @cached_property
    def differences(self) -> tuple[Floats, ...]:
        """For each layer from 1, how much the weights are above the other network's, biases last; NaN where that has
        no such layer.
        """
        return differences(self.frame.params, self.other)

    @cached_property
    def signed_end(self) -> float:
        """Where the signed scale of the colours ends."""
        if self.eye.color == "difference":
            return scale.nice(max(float(np.abs(part).max(initial=0.0)) for part in self.shown))
        return self.limits.weight if self.eye.color == "weight" else self.limits.update

    @cached_property
    def weights(self) -> tuple[Floats, ...]:
        """For each layer from 1, weights with the biases as last column."""
        return tuple(matrix(W, b).astype(np.float64, copy=False) for W, b in self.frame.params)

    @cached_property
    def updates(self) -> tuple[Floats, ...]:
        """For each layer from 1, what the optimiser will add, biases last."""
        return tuple(
            matrix(layer.update_W, layer.update_b).astype(np.float64, copy=False) for layer in self.frame.trace.layers
        )

    @cached_property
    def shown_weights(self) -> tuple[Floats, ...]:
        """The weights that widths mean: new ones as far as the walk has come (sequential order updates on its way)."""
        updating = self.phase == "U" or (self.phase == "B" and self.walk.sequential)
        if self.running or not updating or self.grain == "step" or self.frame.nonfinite is not None:
            return self.weights
        return tuple(
            np.where(self.states(layer, "new") != NOT_YET, old + update, old)
            for layer, (old, update) in enumerate(zip(self.weights, self.updates, strict=True), 1)
        )

    @cached_property
    def gradients(self) -> tuple[Floats, ...]:
        """For each layer from 1, ∂C/∂w of the step, biases last: what updates."""
        return tuple(matrix(layer.dW, layer.db).astype(np.float64, copy=False) for layer in self.frame.trace.layers)

    def gradient_of(self, edge: Edge) -> float:
        """∂C/∂w of the step: what updates."""
        return float(self.gradients[edge.layer - 1][edge.to, edge.source])

    def difference_of(self, edge: Edge) -> float:
        """How much a weight is above the other network's; NaN where none corresponds to it."""
        return float(self.differences[edge.layer - 1][edge.to, edge.source])

    def weight_of(self, edge: Edge) -> float:
        return float(self.weights[edge.layer - 1][edge.to, edge.source])

    def update_of(self, edge: Edge) -> float:
        return float(self.updates[edge.layer - 1][edge.to, edge.source])

    def frozen(self, layer: int, bias: bool) -> bool:
        """Whether these parameters keep their value whatever the gradient."""
        spec = self.network.layers[layer - 1]
        return not (spec.train_bias if bias else spec.train_weights)

    def delta(self, layer: int) -> Floats:
        """δ as the switches say: of the row's own cost or the batch's with its 1/N; +∂C/∂z or −∂C/∂z."""
        numbers = self.numbers
        deltas = numbers.batch_delta(layer) if self.eye.scale_delta == "batch" else numbers.delta(layer)
        return deltas if self.eye.delta_sign > 0 else -deltas

    @cached_property
    def edge_count(self) -> int:
        """All edges of the network, biases included."""
        return self.network.parameter_count

    @cached_property
    def crowded(self) -> bool:
        """Whether some layer is beyond single edges."""
        return any(self.geometry.mode(layer) not in ("edges", "links") for layer in range(1, self.depth + 1))

    # ---- what the beat does

    @cached_property
    def lights(self) -> tuple[Lit, ...]:
        """What glows; nothing while the step is shown whole."""
        return self.beat.lights if self.beat is not None and not self.whole else ()

    def is_lit(self, element: Unit | Edge) -> bool:
        """Whether the present beat lights a unit or an edge."""
        if self.beat is None or self.whole:
            return False
        if isinstance(element, Unit):
            return bool(self.walk.lit_units(self.beat, element.layer)[element.index])
        return bool(self.walk.lit_edges(self.beat, element.layer)[element.to, element.source])

    def is_map_lit(self, element: Map) -> bool:
        """Whether the present beat lights a map or some of its pixels."""
        layer = element.layer
        for lit in self.lights:
            if lit == element or (isinstance(lit, Units) and lit.layer == layer):
                return True
            if isinstance(lit, Unit) and lit.layer == layer:
                lit = self.names.placed(lit)
            if isinstance(lit, Pixel) and lit.map == element:
                return True
        return False

    @cached_property
    def lit_kernels(self) -> frozenset[Kernel]:
        """The kernels that glow one by one, or of which a number does."""
        found = set()
        for lit in self.lights:
            if isinstance(lit, Edge):
                lit = self.names.placed(lit)
            if isinstance(lit, Kernel):
                found.add(lit)
            elif isinstance(lit, KernelEntry):
                found.add(lit.kernel)
            elif isinstance(lit, Edges) and self.names.is_convolution(lit.layer) and lit.to is not None:
                found.update(Kernel(lit.layer, lit.to, c) for c in range(self.names.weights[lit.layer - 1][1]))
        return frozenset(each for each in found if self.names.has(each))

    def lit_units(self, layer: int) -> NDArray[np.bool_] | None:
        """Which units of a layer glow; None where none does."""
        if self.beat is None or self.whole:
            return None
        lit = self.walk.lit_units(self.beat, layer)
        return lit if lit.any() else None

    @cached_property
    def lit_targets(self) -> frozenset[int]:
        """Outputs whose target is compared in this beat."""
        found = {element.index for element in self.lights if isinstance(element, Target)}
        if any(isinstance(element, Targets) for element in self.lights):
            found.update(range(self.network.outputs))
        return frozenset(found)

    @cached_property
    def lit_plus(self) -> frozenset[int]:
        """Layers whose +1 node glows."""
        return frozenset(element.layer for element in self.lights if isinstance(element, PlusOne))

    @property
    def loss_lit(self) -> bool:
        return any(isinstance(element, LossNode) for element in self.lights)

    # ---- fills and biases

    def is_signed(self, layer: int) -> bool:
        """Whether fills of a layer are on the signed map."""
        fill = self.geometry.fills[layer]
        return self.limits.signed_inputs if fill.is_input else fill.signed

    def fill_end(self, layer: int) -> float:
        """The activation at the end of a layer's map: 1 where f has an end, else the run's locked one."""
        fill = self.geometry.fills[layer]
        if fill.end is None:
            return self.limits.inputs if fill.is_input else self.limits.activation
        return fill.end

    @cached_property
    def biased(self) -> tuple[int, ...]:
        """The layers whose units have biases or thresholds."""
        return tuple(layer for layer, has_bias in enumerate(self.network.biases, 1) if has_bias)

    def shared_bias(self, layer: int) -> float | None:
        """The bias that all units of a layer share, written once; None where they differ."""
        biases = self.frame.params.b[layer - 1]
        return float(biases[0]) if bool((biases == biases[0]).all()) else None

    def shows_new(self, edge: Edge) -> bool:
        """Whether the walk has come to an edge's new value. While training runs the present one is shown."""
        return not self.running and self.grain != "step" and self.frame.nonfinite is None and self.known(edge, "new")


PARAMETERS = ("product", "dW", "new", "arrival")
"""What the walk knows of edges; everything else it knows of units."""


def column(edge: Edge, inputs: int) -> int:
    """The column of an edge in an array with the biases last."""
    return inputs if edge.source == BIAS else edge.source

"""The numerical check: move one parameter a little, compute the objective again, and compare the slope with backprop's.

The slope is a central difference of fourth order over five points (Abramowitz and Stegun 1964, 25.3.6),

    ∂C/∂θ ≈ [C(θ − 2h) − 8 C(θ − h) + 8 C(θ + h) − C(θ + 2h)] / 12h,

always in float64, of the very objective that was differentiated: the forward pass and loss of the engine on the rows of
the step. Where a ReLU switches between those points the difference measures nothing; then h is made smaller, and if it
still switches the parameter is reported as standing at a kink, which is no failure. Under sequential order everything
below the output layer is the gradient of nothing: there the gap is reported as a property of that order.

The error of a parameter is |analytic − numeric| divided by the larger of the two sizes, and by at least FLOOR times the
largest gradient of the network: rounding of C cannot be told from a gradient that is a millionth of the largest one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bpstudio.engine.network import Network
from bpstudio.engine.passes import weighted_inputs
from bpstudio.engine.penalizing import stretches
from bpstudio.engine.trace import Params, params_layout
from bpstudio.insight.elements import BIAS, Edge
from bpstudio.maths.activations import Activation, activation
from bpstudio.maths.losses import loss as loss_named
from bpstudio.maths.operations import Array
from bpstudio.maths.penalties import L1, RunningSparsity
from bpstudio.training.evaluation import penalty
from bpstudio.training.frame import Frame

FLOOR = 1e-3
#: What is left of the truth by rounding and truncation, with room: of a float64 trace, and of a float32 one.
TOLERANCE = {"float64": 1e-6, "float32": 1e-3}
#: h relative to max(1, |θ|): the fifth root of the double's precision balances rounding against the h⁴ that is cut off.
STEP = float(np.finfo(np.float64).eps) ** 0.2
#: How much smaller h gets, in turn, when a ReLU switches on the way.
_SHRINK = (1.0, 1e-2, 1e-3)

AGREES, DIFFERS, KINK, SEQUENTIAL, SPARSE = "agrees", "differs", "kink", "sequential", "sparse"

#: Called with (done, all); returning False ends the check early.
Progress = Callable[[int, int], bool | None]


@dataclass(frozen=True, eq=False)
class GradientCheck:
    """What a check found, one entry per checked parameter.

    `verdicts` are "agrees", "differs", "kink" (something switches within h), "sequential" or "sparse" (this order, or a
    running-mean sparsity, is the gradient of nothing there). `worst` is the largest error among those that agree or
    differ, and `where` it stands; `gap` is the largest among those that are the gradient of nothing. `count` of `total`
    parameters were checked; `complete` is False after a cancel.
    """

    edges: tuple[Edge, ...]
    analytic: Array
    numeric: Array
    errors: Array
    steps: Array
    verdicts: tuple[str, ...]
    total: int
    tolerance: float
    complete: bool
    floor: float

    @property
    def count(self) -> int:
        """How many parameters were checked."""
        return len(self.edges)

    def _largest(self, verdicts: tuple[str, ...]) -> int | None:
        places = [place for place, verdict in enumerate(self.verdicts) if verdict in verdicts]
        # NaN must win: it is the worst there is.
        return max(places, key=lambda place: np.nan_to_num(self.errors[place], nan=np.inf)) if places else None

    @property
    def worst(self) -> float:
        """The largest relative error among the parameters that have a derivative; 0 when there are none."""
        place = self._largest((AGREES, DIFFERS))
        return 0.0 if place is None else float(self.errors[place])

    @property
    def where(self) -> Edge | None:
        """The parameter with the largest error."""
        place = self._largest((AGREES, DIFFERS))
        return None if place is None else self.edges[place]

    @property
    def gap(self) -> float:
        """How far sequential order or a running-mean sparsity is from the gradient; 0 without these conventions."""
        place = self._largest((SEQUENTIAL, SPARSE))
        return 0.0 if place is None else float(self.errors[place])

    @property
    def passed(self) -> bool:
        """Whether no parameter differs. Kinks and the sequential convention are no failures."""
        return DIFFERS not in self.verdicts

    @property
    def agreeing(self) -> int:
        """How many parameters agree."""
        return self.verdicts.count(AGREES)


def check(
    frame: Frame, element: Edge | None = None, progress: Progress | None = None, sample: int = 200, seed: int = 0
) -> GradientCheck:
    """Compare the recorded gradient of one parameter, or of all, with central differences.

    Of a network with more than `sample` parameters that many are drawn with `seed`, as evenly over the layers as they
    allow, so that a small output layer is not lost beside a large first one. Raises ValueError for an unknown edge.
    """
    objective = _Objective(frame)
    if element is None:
        edges = _sampled(frame.experiment.network, sample, seed)
    else:
        objective.place(element)
        edges = [element]
    total = frame.experiment.network.parameter_count
    floor = FLOOR * float(np.abs(frame.trace.gradient.flat).max())
    tolerance = TOLERANCE[frame.experiment.dtype]
    analytic, numeric, errors, steps, verdicts = [], [], [], [], []
    for done, edge in enumerate(edges):
        if progress is not None and progress(done, len(edges)) is False:
            break
        recorded = _recorded(frame, edge)
        slope, h, smooth = objective.slope(edge)
        with np.errstate(invalid="ignore"):
            error = abs(recorded - slope) / max(abs(recorded), abs(slope), floor, np.finfo(np.float64).tiny)
        analytic.append(recorded)
        numeric.append(slope)
        errors.append(error)
        steps.append(h)
        verdicts.append(_verdict(frame, edge, error <= tolerance, smooth))
    else:
        if progress is not None:
            progress(len(edges), len(edges))
    return GradientCheck(
        edges=tuple(edges[: len(verdicts)]),
        analytic=np.array(analytic),
        numeric=np.array(numeric),
        errors=np.array(errors),
        steps=np.array(steps),
        verdicts=tuple(verdicts),
        total=total,
        tolerance=tolerance,
        complete=len(verdicts) == len(edges),
        floor=floor,
    )


def _verdict(frame: Frame, edge: Edge, agrees: bool, smooth: bool) -> str:
    if agrees:
        return AGREES
    if not smooth:
        return KINK
    listed = [n for rule in frame.experiment.penalties if isinstance(rule, RunningSparsity) for n in rule.layers]
    if listed and edge.layer - 1 <= max(listed):
        return SPARSE
    below_output = edge.layer < len(frame.experiment.network.layers)
    return SEQUENTIAL if below_output and frame.experiment.update_order == "sequential" else DIFFERS


def _recorded(frame: Frame, edge: Edge) -> float:
    here = frame.trace.layers[edge.layer - 1]
    return float(here.db[edge.to] if edge.is_bias else here.dW[edge.to, edge.source])


def _sampled(network: Network, sample: int, seed: int) -> list[Edge]:
    """All edges in walk order, or a draw of about `sample` of them."""
    sizes = network.sizes
    widths = [inputs + has_bias for inputs, has_bias in zip(sizes, network.biases, strict=False)]
    counts = [width * units for width, units in zip(widths, sizes[1:], strict=True)]
    shares = list(counts)
    generator = np.random.default_rng(seed)
    if sum(counts) > sample:
        left = sample
        for rank, layer in enumerate(sorted(range(len(counts)), key=counts.__getitem__)):
            shares[layer] = min(counts[layer], max(1, left // (len(counts) - rank)))
            left -= shares[layer]
    edges = []
    for layer, (count, share) in enumerate(zip(counts, shares, strict=True), 1):
        places = np.arange(count) if share == count else np.sort(generator.choice(count, share, replace=False))
        for to, column in zip(*divmod(places, widths[layer - 1]), strict=True):
            edges.append(Edge(layer, int(to), BIAS if column == sizes[layer - 1] else int(column)))
    return edges


def _is_bent(function: Activation) -> bool:
    return bool(function.kinks) or any(unit.kinks for unit in function.units)


class _Objective:
    """C as a function of one parameter, the others held."""

    def __init__(self, frame: Frame) -> None:
        experiment = frame.experiment
        self.network = experiment.network
        self.sizes = self.network.sizes
        self._params = Params(self.network, frame.params.flat.astype(np.float64))
        self._x = frame.trace.x.astype(np.float64)
        self._y = frame.trace.y.astype(np.float64)
        self._experiment = experiment
        self._training_rows = len(frame.dataset.train)
        self._loss = loss_named(experiment.loss)
        layout, layers = params_layout(self.network), range(len(self.network.layers))
        #: The parameters that an L1 bends at 0.
        self._bent_at_zero = [
            self._params.flat[place]
            for rule in experiment.penalties
            if isinstance(rule, L1)
            for place in stretches(layout, layers, rule.apply_to)
        ]
        self._scale = loss_named(experiment.loss).scale(experiment.reduction, len(self._x), self.network.outputs)
        self._bent = [
            place for place, layer in enumerate(self.network.layers) if _is_bent(activation(layer.activation))
        ]

    def place(self, edge: Edge) -> tuple[Array, tuple[int, ...]]:
        """The array and index at which a parameter lies."""
        if not (
            1 <= edge.layer < len(self.sizes)
            and 0 <= edge.to < self.sizes[edge.layer]
            and BIAS <= edge.source < self.sizes[edge.layer - 1]
        ):
            raise ValueError(f"no edge {edge} in a network of sizes {self.sizes}")
        if edge.is_bias and not self.network.biases[edge.layer - 1]:
            raise ValueError(f"layer {edge.layer} has no biases, came {edge}")
        if edge.is_bias:
            return self._params.b[edge.layer - 1], (edge.to,)
        return self._params.W[edge.layer - 1], (edge.to, edge.source)

    def _evaluate(self) -> tuple[float, list[Array]]:
        """C, and between which kinks of its function each unit, of the loss each output and of an L1 each parameter
        stands.
        """
        z, a = weighted_inputs(self.network, self._params, self._x)
        with np.errstate(all="ignore"):
            costs = self._loss.rows(self.network.layers[-1].activation, z[-1], a[-1], self._y)
            added = penalty(self._experiment, self._params, a, self._training_rows)
            sides = [self._sides(place, z[place]) for place in self._bent]
            sides += [self._loss.side(a[-1], self._y)] if self._loss.side is not None else []
        sides += [np.sign(part) for part in self._bent_at_zero]
        return float(costs.sum()) * self._scale + added, sides

    def _sides(self, place: int, z: Array) -> Array:
        """How many kinks lie below each z, halves counting for one that is hit."""
        function = activation(self.network.layers[place].activation)
        sides = np.zeros(z.shape)
        for unit in range(z.shape[1]) if function.units else [slice(None)]:
            for kink in (function.of(unit) if isinstance(unit, int) else function).kinks:
                sides[:, unit] += np.sign(z[:, unit] - kink)
        return sides

    def slope(self, edge: Edge) -> tuple[float, float, bool]:
        """(∂C/∂θ, h, whether the objective is smooth over the five points)."""
        array, index = self.place(edge)
        value = float(array[index])
        sides = self._evaluate()[1]
        slope, h = np.nan, 0.0
        try:
            for shrink in _SHRINK:
                # A score of 1000 bends no slower than one of 1, but beside it a tiny h would lose its digits.
                h = STEP * shrink * max(1.0, abs(value)) ** (1 / 3)
                costs, smooth = [], True
                for distance in (-2, -1, 1, 2):
                    array[index] = value + distance * h
                    cost, now = self._evaluate()
                    costs.append(cost)
                    smooth = smooth and all(np.array_equal(p, q) for p, q in zip(sides, now, strict=True))
                slope = (costs[0] - costs[3] + 8.0 * (costs[2] - costs[1])) / (12.0 * h)
                if smooth:
                    return slope, h, True
        finally:
            array[index] = value
        return slope, h, False

"""The numerical check: move one parameter a little, compute the objective again, and compare the slope with backprop's.

The slope is a central difference of fourth order over five points (Abramowitz and Stegun 1964, 25.3.6),

    ∂C/∂θ ≈ [C(θ − 2h) − 8 C(θ − h) + 8 C(θ + h) − C(θ + 2h)] / 12h,

always in float64, of the very objective that was differentiated: the forward pass, loss and penalties of the engine on
the rows of the step, with what its dropouts dropped. Where a unit crosses a kink of its function, another number
becomes the greatest of a window, or a weight changes its sign under |w|, the difference measures nothing; then h is
made smaller, and if it still crosses, the parameter is reported as standing at a kink, which is no failure. Two
conventions are the gradient of nothing, and their gap is reported as their property: sequential order below the output
layer, and the running-mean sparsity in the layers that it lists and below.

The error of a parameter is |analytic − numeric| divided by the larger of the two sizes, and by at least FLOOR times the
largest gradient of the network, and by at least what rounding of C amounts to in a difference: where training has come
to rest, a gradient of 1e-17 and a difference of 1e-13 are both nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bpstudio.engine.images import winners
from bpstudio.engine.layers import Dropout, MaxPool2D
from bpstudio.engine.network import Network
from bpstudio.engine.passes import forward, input_gradient
from bpstudio.engine.penalizing import stretches
from bpstudio.engine.trace import Params, Trace, params_layout
from bpstudio.insight.elements import BIAS, Edge, matrix_shape
from bpstudio.maths.activations import Activation, activation
from bpstudio.maths.losses import loss as loss_named
from bpstudio.maths.operations import Array, run
from bpstudio.maths.penalties import L1, RunningSparsity
from bpstudio.training.evaluation import penalty
from bpstudio.training.frame import Frame

FLOOR = 1e-3
#: What is left of the truth by rounding and truncation, with room: of a float64 trace, and of a float32 one.
TOLERANCE = {"float64": 1e-6, "float32": 1e-3}
#: h relative to max(1, |θ|): the fifth root of the double's precision balances rounding against the h⁴ that is cut off.
STEP = float(np.finfo(np.float64).eps) ** 0.2
#: How many roundings of C are in a difference, at most: four values of C, weighted by 1 and 8, over 12 h.
_ROUNDINGS = 8.0
#: How much smaller h gets, in turn, when a corner is crossed on the way.
_SHRINK = (1.0, 1e-2, 1e-3)

AGREES, DIFFERS, KINK, SEQUENTIAL, SPARSE = "agrees", "differs", "kink", "sequential", "sparse"

#: Called with (done, all); returning False ends the check early.
Progress = Callable[[int, int], bool | None]


@dataclass(frozen=True, slots=True)
class Input:
    """Input `index` in a row of the batch, both counted from 0."""

    row: int
    index: int


@dataclass(frozen=True, eq=False)
class GradientCheck:
    """What a check found, one entry per checked parameter or input.

    `verdicts` are "agrees", "differs", "kink" (a corner is crossed within h), "sequential" or "sparse" (this order, or
    a running-mean sparsity, is the gradient of nothing there). `worst` is the largest error among those that agree or
    differ, and `where` it stands; `gap` is the largest among the conventions. `count` of `total` were checked;
    `complete` is False after a cancel.
    """

    edges: tuple[Edge | Input, ...]
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
    def where(self) -> Edge | Input | None:
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
    frame: Frame,
    element: Edge | Input | None = None,
    progress: Progress | None = None,
    sample: int = 200,
    seed: int = 0,
) -> GradientCheck:
    """Compare the recorded gradient of one parameter or input, or of all parameters, with central differences.

    Of a network with more than `sample` parameters that many are drawn with `seed`, as evenly over the layers as they
    allow, so that a small output layer is not lost beside a large first one. Raises ValueError for an unknown edge.
    """
    network = frame.experiment.network
    edges: list[Edge | Input] = [*_sampled(network, sample, seed)] if element is None else [element]
    floor = FLOOR * float(np.abs(frame.trace.gradient.flat).max())
    return _check(frame, edges, network.parameter_count, floor, progress)


def check_inputs(frame: Frame, progress: Progress | None = None, sample: int = 200, seed: int = 0) -> GradientCheck:
    """Compare ∂C/∂x of the batch with central differences: of every input in every row, or of `sample` of them."""
    places = np.arange(frame.trace.x.size)
    if len(places) > sample:
        places = np.sort(np.random.default_rng(seed).choice(places, sample, replace=False))
    rows, indices = np.unravel_index(places, frame.trace.x.shape)
    inputs: list[Edge | Input] = [Input(int(row), int(index)) for row, index in zip(rows, indices, strict=True)]
    floor = FLOOR * float(np.abs(input_gradient(frame.trace)).max())
    return _check(frame, inputs, frame.trace.x.size, floor, progress)


def _check(
    frame: Frame, edges: list[Edge | Input], total: int, floor: float, progress: Progress | None
) -> GradientCheck:
    objective = Objective(frame)
    tolerance = TOLERANCE[frame.experiment.dtype]
    rounding = _ROUNDINGS * float(np.finfo(np.float64).eps) * objective.size() / tolerance
    analytic, numeric, errors, steps, verdicts = [], [], [], [], []
    for done, edge in enumerate(edges):
        if progress is not None and progress(done, len(edges)) is False:
            break
        recorded = objective.recorded(edge)
        slope, h, smooth, error = np.nan, 0.0, False, np.inf
        for shrink in _SHRINK:
            slope, h, smooth = objective.slope(edge, shrink)
            least = max(floor, rounding / h) if np.isfinite(rounding) else floor
            with np.errstate(invalid="ignore"):
                error = abs(recorded - slope) / max(abs(recorded), abs(slope), least, np.finfo(np.float64).tiny)
            if error <= tolerance or not smooth:
                break
            # Over this h the objective may bend too much: inputs of a thousand, or a curve that is smooth but once.
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


def _verdict(frame: Frame, edge: Edge | Input, agrees: bool, smooth: bool) -> str:
    if agrees:
        return AGREES
    if not smooth:
        return KINK
    experiment, layer = frame.experiment, edge.layer if isinstance(edge, Edge) else 0
    listed = [n for rule in experiment.penalties if isinstance(rule, RunningSparsity) for n in rule.layers]
    if listed and layer - 1 <= max(listed):
        return SPARSE
    weighted = [number for number, each in enumerate(experiment.network.layers, 1) if each.has_weights]
    is_below = layer < max(weighted, default=0)
    return SEQUENTIAL if is_below and experiment.update_order == "sequential" else DIFFERS


@dataclass(frozen=True, eq=False)
class ErrorCurve:
    """How the error of a simple central difference [C(θ + h) − C(θ − h)] / 2h depends on h.

    To the right it grows with h², which is cut off; to the left with 1/h, which is rounding: `best` lies between.
    """

    steps: Array
    errors: Array

    @property
    def best(self) -> float:
        """The h with the smallest error."""
        return float(self.steps[np.argmin(self.errors)])


def error_curve(frame: Frame, element: Edge | Input, points: int = 45) -> ErrorCurve:
    """The relative error over h from 1e-11 to 1, evenly on a logarithmic scale. Raises ValueError for no such edge."""
    objective = Objective(frame)
    recorded = objective.recorded(element)
    steps = np.logspace(-11, 0, points)
    slopes = np.array([objective.difference(element, float(h)) for h in steps])
    with np.errstate(invalid="ignore"):
        sizes = np.maximum(np.maximum(np.abs(slopes), abs(recorded)), np.finfo(np.float64).tiny)
        return ErrorCurve(steps, np.abs(slopes - recorded) / sizes)


def _sampled(network: Network, sample: int, seed: int) -> list[Edge]:
    """All edges in walk order, or a draw of about `sample` of them."""
    shapes = [matrix_shape(shape) for shape in network.weight_shapes]
    widths = [columns + layer.has_bias for (_, columns), layer in zip(shapes, network.layers, strict=True)]
    counts = [width * rows for width, (rows, _) in zip(widths, shapes, strict=True)]
    shares = list(counts)
    generator = np.random.default_rng(seed)
    if sum(counts) > sample:
        left, waiting = sample, [layer for layer in sorted(range(len(counts)), key=counts.__getitem__) if counts[layer]]
        for rank, layer in enumerate(waiting):
            shares[layer] = min(counts[layer], max(1, left // (len(waiting) - rank)))
            left -= shares[layer]
    edges = []
    for layer, (count, share) in enumerate(zip(counts, shares, strict=True), 1):
        places = np.arange(count) if share == count else np.sort(generator.choice(count, share, replace=False))
        for to, column in zip(*divmod(places, max(widths[layer - 1], 1)), strict=True):
            edges.append(Edge(layer, int(to), BIAS if column == shapes[layer - 1][1] else int(column)))
    return edges


def _is_bent(function: Activation) -> bool:
    return bool(function.kinks) or any(unit.kinks for unit in function.units)


class Objective:
    """C as a function of one parameter or input, the others held."""

    def __init__(self, frame: Frame) -> None:
        experiment = self._experiment = frame.experiment
        network = self.network = experiment.network
        self._frame = frame
        self._params = Params(network, frame.params.flat.astype(np.float64))
        self._trace = Trace.allocate(network, frame.trace.rows, self._params)
        self._trace.x[...], self._trace.y[...] = frame.trace.x, frame.trace.y
        self._forward = forward(network, self._params, self._trace)
        self._training_rows = len(frame.dataset.train)
        self._loss = loss_named(experiment.loss)
        self._scale = self._loss.scale(experiment.reduction, frame.trace.rows, network.outputs)
        layout, layers = params_layout(network), range(len(network.layers))
        #: The parameters that an L1 bends at 0.
        self._bent_at_zero = [
            self._params.flat[place]
            for rule in experiment.penalties
            if isinstance(rule, L1)
            for place in stretches(layout, layers, rule.apply_to)
        ]
        self._bent = [place for place, layer in enumerate(network.layers) if _is_bent(activation(layer.activation))]
        self._pools = [(place, layer) for place, layer in enumerate(network.layers) if isinstance(layer, MaxPool2D)]
        for place, layer in enumerate(network.layers):
            if isinstance(layer, Dropout):
                self._trace.slopes[place][...] = frame.trace.slopes[place]

    def place(self, element: Edge | Input) -> tuple[Array, tuple[int, ...]]:
        """The array and index at which a parameter or input lies."""
        if isinstance(element, Edge):
            return _parameter(self._params, element)
        rows, inputs = self._trace.x.shape
        if not (0 <= element.row < rows and 0 <= element.index < inputs):
            raise ValueError(f"no input {element} in a batch of {rows} rows of {inputs} inputs")
        return self._trace.x, (element.row, element.index)

    def recorded(self, element: Edge | Input) -> float:
        """The derivative that the frame's backward pass found."""
        if isinstance(element, Edge):
            array, index = _parameter(self._frame.trace.gradient, element)
            return float(array[index])
        _, index = self.place(element)
        return float(input_gradient(self._frame.trace)[index])

    def value(self) -> float:
        """C of the step, in float64."""
        return self._evaluate()[0]

    def size(self) -> float:
        """How large the numbers are of which C is the difference: a cross-entropy subtracts a score from its like."""
        scores = self._trace.layers[-1].z
        value = self.value()
        with np.errstate(all="ignore"):
            return abs(value) + float(np.abs(scores).max(axis=1).sum()) * self._scale

    def _evaluate(self) -> tuple[float, list[Array]]:
        """C, and between which kinks of its function each unit, of the loss each output and of an L1 each parameter
        stands, and which pixel each place of a maximum took.
        """
        layers, y = self._trace.layers, self._trace.y
        last = layers[-1]
        with np.errstate(all="ignore"):
            run(self._forward)
            costs = self._loss.rows(self.network.layers[-1].activation, last.z, last.a, y)
            added = penalty(self._experiment, self._params, [layer.a for layer in layers], self._training_rows)
            sides = [self._sides(place, layers[place].z) for place in self._bent]
            sides += [self._loss.side(last.a, y)] if self._loss.side is not None else []
            sides += [winners(layer, layers[place].x, layers[place].z) for place, layer in self._pools]
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

    def difference(self, element: Edge | Input, h: float) -> float:
        """[C(θ + h) − C(θ − h)] / 2h."""
        array, index = self.place(element)
        value = float(array[index])
        try:
            array[index] = value + h
            above = self._evaluate()[0]
            array[index] = value - h
            return (above - self._evaluate()[0]) / (2.0 * h)
        finally:
            array[index] = value

    def slope(self, element: Edge | Input, most: float = 1.0) -> tuple[float, float, bool]:
        """(∂C/∂θ, h, whether the objective is smooth over the five points); h is shrunk to `most` at least."""
        array, index = self.place(element)
        value = float(array[index])
        sides = self._evaluate()[1]
        slope, h = np.nan, 0.0
        try:
            for shrink in (each for each in _SHRINK if each <= most):
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


def _parameter(params: Params, edge: Edge) -> tuple[Array, tuple[int, ...]]:
    """The array and index of a parameter; the numbers of a filter's kernels count as one row."""
    network = params.network
    if not 1 <= edge.layer <= len(network.layers):
        raise ValueError(f"no edge {edge} in a network of sizes {network.sizes}")
    W, b = params.W[edge.layer - 1], params.b[edge.layer - 1]
    rows, columns = matrix_shape(W.shape)
    if not (0 <= edge.to < rows and BIAS <= edge.source < columns):
        raise ValueError(f"no edge {edge} in a network of sizes {network.sizes}")
    if edge.is_bias and not network.biases[edge.layer - 1]:
        raise ValueError(f"layer {edge.layer} has no biases, came {edge}")
    return (b, (edge.to,)) if edge.is_bias else (W.reshape(rows, columns), (edge.to, edge.source))

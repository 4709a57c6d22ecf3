"""What each condition reads of a step, and when it is true: one record for each kind.

A unit is flat or off in the sense of the metrics: |f′| below the experiment's share of its maximum, or slope 0, for
every row of the batch, and in a layer of images at every place of its map.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bpstudio.data.dataset import Dataset
from bpstudio.data.errors import Words
from bpstudio.engine.passes import predict
from bpstudio.engine.trace import params_layout
from bpstudio.maths.operations import Array
from bpstudio.training.arithmetic import Step, saturating_units, switching_units
from bpstudio.training.behaviour import behaving
from bpstudio.training.conditions import (
    MOST_VALIDATIONS,
    Condition,
    Expression,
    GradientNorm,
    PredictionFlips,
    UnitDies,
    UnitFlat,
    ValidationTurns,
    WeightCrosses,
)
from bpstudio.training.experiment import Experiment
from bpstudio.training.expression import known_columns, left_side, parse, truth
from bpstudio.training.history import Segment

if TYPE_CHECKING:
    from bpstudio.training.cursor import Cursor

Truth = npt.NDArray[np.bool_]
Sample = Callable[[], object]
Thing = tuple[int, tuple[int, ...]]
"""A layer, counted from 1, and the index of a unit or a parameter in it; (0, ()) for what is about the whole run."""


class MisfitError(ValueError):
    """A condition that has no meaning for what is trained; ``words`` says why, so that it can be translated."""

    def __init__(self, template: str, **values: str | int) -> None:
        self.words = Words(template, values)
        super().__init__(str(self.words))


@dataclass(frozen=True, slots=True)
class Block:
    """Some steps of a segment, ``first`` and those that follow: the rows that are recorded of each, and what was
    written down of each for the condition that reads it.
    """

    segment: Segment
    per_epoch: int
    first: int
    numbers: Array
    units: Array
    sample: Array

    @property
    def steps(self) -> Array:
        """The numbers of the steps, (steps,)."""
        return np.arange(self.first, self.first + len(self.numbers))

    def column(self, name: str) -> Array:
        """A column of an expression, (steps,) of float64, see ``known_columns``."""
        segment, experiment = self.segment, self.segment.experiment
        if name in segment.columns:
            return np.ascontiguousarray(self.numbers[:, segment.columns.index(name)])
        match name:
            case "step":
                return self.steps.astype(np.float64)
            case "epoch":
                done = segment.position + self.steps - segment.start
                return (segment.epoch + done // self.per_epoch).astype(np.float64)
            case "validation_loss" | "validation_accuracy":
                return self.validation()[:, 1 if name == "validation_loss" else 2].copy()
            case "objective":
                return self.column("loss")
        constant = {"rate": experiment.optimizer.rate, "penalty": 0.0}.get(name, math.nan)
        return np.full(len(self.numbers), constant)

    def validation(self) -> Array:
        """(steps, 4): step, loss and accuracy of the last validation of the segment up to each step, NaN before the
        first one, and for how many validations in a row until then the loss has risen.
        """
        known = self.segment.validation
        rows = np.full((len(self.numbers), 4), math.nan)
        rows[:, 3] = 0.0
        at = max(bisect_right(known, float(self.first), key=lambda each: each[0]) - 1, 0)
        rises = 0
        while at - rises > 0 and rises < MOST_VALIDATIONS and known[at - rises][1] > known[at - rises - 1][1]:
            rises += 1
        while at < len(known) and known[at][0] < self.first + len(rows):
            rows[max(int(known[at][0]) - self.first, 0) :] = *known[at], rises
            at += 1
            rises = rises + 1 if at < len(known) and known[at][1] > known[at - 1][1] else 0
        return rows


_NONE_FLAT = ("layer {layer} has no units that can go flat", "the network has no units that can go flat")
_NONE_OFF = (
    "layer {layer} has no units that can be off, such as ReLU",
    "the network has no units that can be off, such as ReLU",
)


def becoming(values: Array, true: Truth, before: Array, was_true: Truth) -> Truth:
    """In which steps a condition is true and was not in the step before."""
    return true & ~was_true


@dataclass(frozen=True, slots=True)
class Watcher:
    """Looks out for one condition, which may become true of several ``things``, such as each unit of a layer.

    ``read`` gives of a block (values, truth), (steps, things) each: the number that is told, and whether the condition
    is true. ``sampling`` gives what is called in each step for ``width`` more numbers to be written down. ``news`` says
    in which steps it became true, from what was read of them and of the steps before them, and ``before`` what is told
    as the number before, where that is not the one of the step before.
    """

    condition: Condition
    read: Callable[[Block], tuple[Array, Truth]]
    things: tuple[Thing, ...] = ((0, ()),)
    width: int = 0
    sampling: Callable[[Cursor, Step], Sample] | None = None
    news: Callable[[Array, Truth, Array, Truth], Truth] = becoming
    before: Callable[[Block], Array] | None = None


def watcher(condition: Condition, experiment: Experiment, dataset: Dataset) -> Watcher:
    """What looks out for a condition. Raises MisfitError where it has no meaning for this experiment and data."""
    made = _WATCHERS[type(condition)]
    return made(condition, experiment, dataset)


def _norm(condition: GradientNorm, experiment: Experiment, dataset: Dataset) -> Watcher:
    def read(block: Block) -> tuple[Array, Truth]:
        norm = block.column("gradient_norm")[:, None]
        return norm, (norm < condition.low) | (norm > condition.high)

    return Watcher(condition, read)


def _flat(condition: UnitFlat, experiment: Experiment, dataset: Dataset) -> Watcher:
    found = _chosen(condition, saturating_units(experiment), experiment, _NONE_FLAT)
    layers = sorted({layer for layer, _ in found})
    parts = [part for part in behaving(experiment.network) if part.number + 1 in layers]
    dtype = np.dtype(experiment.dtype)
    width = sum(part.width for part in parts)
    places = [sum(part.width for part in parts[: layers.index(layer)]) + unit for layer, unit in found]
    limits = np.concatenate(
        [np.broadcast_to(part.limits(experiment.flat_threshold, dtype), (part.width, 1))[:, 0] for part in parts]
    )[places]

    def sampling(cursor: Cursor, step: Step) -> Sample:
        slopes = [
            (step.trace.slopes[part.number].reshape(step.trace.rows, part.width, part.places), part.monotone)
            for part in parts
        ]

        def greatest() -> Array:
            return np.concatenate(
                [(slope if monotone else np.abs(slope)).max(axis=(0, 2)) for slope, monotone in slopes]
            )

        return greatest

    def read(block: Block) -> tuple[Array, Truth]:
        greatest = block.sample[:, places]
        return greatest, greatest < limits

    return Watcher(condition, read, tuple((layer, (unit,)) for layer, unit in found), width, sampling)


def _dies(condition: UnitDies, experiment: Experiment, dataset: Dataset) -> Watcher:
    known = switching_units(experiment)
    found = _chosen(condition, known, experiment, _NONE_OFF)
    first = len(saturating_units(experiment))
    columns = [first + known.index(each) for each in found]

    def read(block: Block) -> tuple[Array, Truth]:
        off = block.units[:, columns]
        return off / 255.0, off == 255

    return Watcher(condition, read, tuple((layer, (unit,)) for layer, unit in found))


def _chosen(
    condition: UnitFlat | UnitDies, known: tuple[tuple[int, int], ...], experiment: Experiment, none: tuple[str, str]
) -> list[tuple[int, int]]:
    """The units (layer, unit) that a condition is about, among those that it can be about; ``none`` is said where there
    are none, in a layer and in the network.
    """
    network = experiment.network
    if condition.layer > len(network.layers):
        _no_layer(condition.layer, experiment)
    if condition.layer and condition.unit >= network.shapes[condition.layer][0]:
        units = network.shapes[condition.layer][0]
        raise MisfitError("layer {layer} has {units} units", layer=condition.layer, units=units)
    found = [
        (layer, unit)
        for layer, unit in known
        if condition.layer in (0, layer) and (condition.unit < 0 or condition.unit == unit)
    ]
    if not found:
        of_layer, of_network = none
        raise MisfitError(of_layer if condition.layer else of_network, layer=condition.layer)
    return found


def _turns(condition: ValidationTurns, experiment: Experiment, dataset: Dataset) -> Watcher:
    if not len(dataset.validation):
        raise MisfitError("the data has no rows for validation")

    def read(block: Block) -> tuple[Array, Truth]:
        rows = block.validation()
        return rows[:, 1:2], rows[:, 3:] >= condition.times

    return Watcher(condition, read)


def _crosses(condition: WeightCrosses, experiment: Experiment, dataset: Dataset) -> Watcher:
    network, number = experiment.network, condition.layer - 1
    if condition.layer > len(network.layers):
        _no_layer(condition.layer, experiment)
    layer = network.layers[number]
    shape = (network.bias_counts[number],) if condition.bias else network.weight_shapes[number]
    if not layer.has_weights or (condition.bias and not layer.has_bias):
        none = "layer {layer} has no biases" if condition.bias else "layer {layer} has no weights"
        raise MisfitError(none, layer=condition.layer)
    if len(shape) != len(condition.index) or any(a >= b for a, b in zip(condition.index, shape, strict=True)):
        size = " × ".join(map(str, shape))
        raise MisfitError("layer {layer} has {size} of them, counted from 0", layer=condition.layer, size=size)
    layout = params_layout(network)
    place = (layout.b if condition.bias else layout.W)[number].start
    place += int(np.ravel_multi_index(condition.index, shape))
    if place >= layout.trainable:
        raise MisfitError("this parameter is frozen: it never changes")

    def sampling(cursor: Cursor, step: Step) -> Sample:
        value, update = (flat[place : place + 1] for flat in (cursor.params.flat, step.trace.update.flat))
        return lambda: (value[0], value[0] + update[0])

    def read(block: Block) -> tuple[Array, Truth]:
        value, after = block.sample[:, :1], block.sample[:, 1:]
        return after, (value != 0) & (np.sign(value) != np.sign(after)) & np.isfinite(after)

    return Watcher(
        condition,
        read,
        ((condition.layer, condition.index),),
        2,
        sampling,
        lambda values, true, before, was_true: true,
        lambda block: block.sample[:, :1],
    )


def _flips(condition: PredictionFlips, experiment: Experiment, dataset: Dataset) -> Watcher:
    if dataset.task == "regression":
        raise MisfitError("the data has no classes, so no answer is one")
    if condition.row >= len(dataset.x):
        raise MisfitError("the data has {rows} rows", rows=len(dataset.x))
    x, middle, has_classes = dataset.x[condition.row : condition.row + 1], dataset.middle, dataset.task == "classes"

    def sampling(cursor: Cursor, step: Step) -> Sample:
        network, params = experiment.network, cursor.params

        def answer() -> float:
            a = predict(network, params, x)[-1][0]
            if not np.isfinite(a).all():
                return math.nan
            return float(np.argmax(a)) if has_classes else float(a[0] > middle)

        return answer

    def read(block: Block) -> tuple[Array, Truth]:
        return block.sample, np.isfinite(block.sample)

    def news(values: Array, true: Truth, before: Array, was_true: Truth) -> Truth:
        changed: Truth = true & was_true & (values != before)
        return changed

    return Watcher(condition, read, width=1, sampling=sampling, news=news)


def _typed(condition: Expression, experiment: Experiment, dataset: Dataset) -> Watcher:
    tree = parse(condition.text, known_columns(len(experiment.network.layers)))

    def read(block: Block) -> tuple[Array, Truth]:
        columns = {name: block.column(name) for name in tree.columns}
        return left_side(tree, columns)[:, None], truth(tree, columns)[:, None]

    return Watcher(condition, read)


def _no_layer(number: int, experiment: Experiment) -> None:
    raise MisfitError(
        "there is no layer {layer}: the network has {count}", layer=number, count=len(experiment.network.layers)
    )


_WATCHERS: Mapping[type, Callable[..., Watcher]] = {
    GradientNorm: _norm,
    UnitFlat: _flat,
    UnitDies: _dies,
    ValidationTurns: _turns,
    WeightCrosses: _crosses,
    PredictionFlips: _flips,
    Expression: _typed,
}

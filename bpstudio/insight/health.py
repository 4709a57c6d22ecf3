"""How a run is doing, in one sentence that is computed: what stands out most, its numbers, its cause, what helps.

The signs, the gravest first; `examine` tells the first one that is there:

1. nonfinite  a number became NaN or infinite
2. baseline   the mean loss of each of the last n/50 stretches of 50 steps lies within 1 % of what a constant answer
              gets (`baseline.constant_loss`); told from n = 100 on, counted up to n = 2,000
3. vanishing  ‖∂C/∂W‖ of the first trained layer is less than a tenth of the last one's, in this step and in the median
              of the last 20
4. flat       more than half of a layer's (unit, row) pairs have |f′| below the threshold, in this step and in the
              median of the last 20. At the output a pair counts only if it is flat and wrong by more than half of what
              f can give, and not at all where the loss is paired with the activation: there the slope drops out of δ
5. dead       ReLU units that are off for every training row (the first 4,096) at these parameters, and were off in
              every row of every batch of at least the last 20 steps and the last epoch, so for every row there is;
              *since* is the first step of that stretch
6. column     an input of numbers, not scaled, with |mean| above 10 standard deviations over the training rows,
              of which there are at least 10
7. accuracy   the share of training rows (the first 4,096) answered right is not above the share of their most frequent
              class, after at least 100 steps and an epoch

Nothing but 1 and 6 is told before a stretch without edits has 20 steps. A cause is told only where it follows from the
numbers, as an identity or a count; what is not known is left out. A frame is enough, and nothing in it is changed: the
same frame gives the same finding.
"""

from __future__ import annotations

import math
import weakref

import numpy as np

from bpstudio.data.dataset import Dataset
from bpstudio.data.standardizing import figures, standardizable
from bpstudio.engine.passes import weighted_inputs
from bpstudio.insight import remedies
from bpstudio.insight.baseline import constant_loss
from bpstudio.insight.diagnostics import origin
from bpstudio.insight.elements import LossNode, Unit
from bpstudio.insight.layer_signs import blocked, dead, flat, vanishing
from bpstudio.insight.notation import Notation, number
from bpstudio.insight.phrase import Phrase
from bpstudio.insight.response import predicted_class
from bpstudio.insight.signs import ROWS, Finding, recorded, short, times
from bpstudio.maths.operations import Array
from bpstudio.training.frame import Frame

STRETCH, STUCK, MOST = 50, 100, 2000
"""A mean of the loss is over so many steps; a stand at the baseline is told from so many on, and counted so far."""
NEAR = 0.01
"""How near the baseline a mean is at it, relative."""
FAR, COLUMN_ROWS = 10.0, 10
"""|mean| / standard deviation of a column from which on it is unscaled, over at least so many training rows."""


def examine(frame: Frame, notation: str | Notation = "nielsen") -> Finding | None:
    """The gravest sign of a frame, or None where nothing is unusual."""
    if frame.nonfinite is not None:
        return _nonfinite(frame, notation)
    for sign in (blocked, _baseline, vanishing, flat, dead, _column, _accuracy):
        found = sign(frame, notation)
        if found is not None:
            return found
    return None


def _nonfinite(frame: Frame, notation: str | Notation) -> Finding | None:
    """The first operation that was not finite. Its cause: the loss of the steps before, where it grew in each of at
    least three."""
    where = origin(frame, notation)
    if where is None:
        return None
    what = Phrase("Step {step} is not finite; {where}", {"step": f"{frame.step:,}", "where": where.words})
    start = max(frame.step - 5, frame.segment_start)
    losses = recorded(frame, ("loss",), start)[:-1, 0]
    cause = None
    if len(losses) >= 3 and np.isfinite(losses).all() and (np.diff(losses) > 0).all():
        values = {"first": short(losses[0]), "last": short(losses[-1]), "count": str(len(losses))}
        values["rate"] = f"{frame.experiment.optimizer.rate:g}"
        cause = Phrase(
            "the loss grew in each of {count} steps, from {first} to {last}; η = {rate} steps too far", values
        )
    shorter = remedies.shorter_steps(frame.experiment)
    offered = (remedies.smaller_rate(frame.experiment), *((shorter,) if shorter is not None else ()))
    return Finding("nonfinite", "error", what, cause, offered, where.element, "loss")


def _baseline(frame: Frame, notation: str | Notation) -> Finding | None:
    """A loss that has stood for n steps where a constant answer stands; the cause is the next sign that is there."""
    steps = _at_baseline(frame)
    if steps < STUCK:
        return None
    level = constant_loss(frame.experiment, frame.dataset)
    mean = float(np.mean(recorded(frame, ("loss",), frame.step + 1 - steps)[:, 0]))
    count = f"{steps:,}+" if steps >= MOST else f"{steps:,}"
    what = Phrase(
        "{steps} steps at the baseline: loss {loss}, always the same answer {level}",
        {"steps": count, "loss": number(mean, 4), "level": number(level, 4)},
    )
    for sign in (_identical, vanishing, flat, dead, _column):
        reason = sign(frame, notation)
        if reason is not None:
            return Finding("baseline", "warning", what, reason.words, reason.remedies, reason.about, reason.plot)
    return Finding("baseline", "warning", what, None, (remedies.new_start(frame.experiment),), LossNode(), "loss")


def _at_baseline(frame: Frame) -> int:
    """For how many steps, in whole stretches back from now, the mean loss has been within NEAR of the baseline."""
    ran = frame.step + 1 - frame.segment_start
    if ran < STUCK or len(frame.dataset.train) < 2:
        return 0
    level = constant_loss(frame.experiment, frame.dataset)
    if not (math.isfinite(level) and level > 0):
        return 0
    losses = recorded(frame, ("loss",), max(frame.segment_start, frame.step + 1 - MOST))[:, 0]
    count = len(losses) // STRETCH
    means = losses[len(losses) - count * STRETCH :].reshape(count, STRETCH).mean(axis=1)
    near = np.abs(means - level) <= NEAR * level
    away = np.flatnonzero(~near)
    return STRETCH * (count - (int(away[-1]) + 1 if len(away) else 0))


def _identical(frame: Frame, notation: str | Notation) -> Finding | None:
    """All units of a hidden layer have bitwise the same weights in and out: they stay copies of each other."""
    params = frame.params
    for layer in range(1, len(params.W)):
        W, b, above = params.W[layer - 1], params.b[layer - 1], params.W[layer]
        same = (W[0] == W).all() and (b == b[0]).all() and (above == above[:, :1]).all()
        if len(W) > 1 and same:
            what = Phrase(
                "The {units} units of layer {layer} have equal weights in and out, so they learn as one",
                {"units": str(len(W)), "layer": str(layer)},
            )
            start = remedies.new_start(frame.experiment)
            return Finding("identical", "warning", what, None, (start,), Unit(layer, 0))
    return None


def _column(frame: Frame, notation: str | Notation) -> Finding | None:
    """The input whose mean is most standard deviations away from 0, if that is more than FAR."""
    dataset = frame.dataset
    if len(dataset.train) < COLUMN_ROWS:
        return None
    far = _far(dataset)
    columns = [int(n) for n in np.flatnonzero(far > FAR) if standardizable(dataset, int(n))]
    if not columns:
        return None
    worst = max(columns, key=lambda column: far[column])
    step = figures(dataset, worst)
    what = Phrase(
        "{column} has mean {mean} and standard deviation {std}, {times} times less, and is not scaled",
        {
            "column": step.column,
            "mean": short(step.mean),
            "std": short(step.std),
            "times": times(abs(step.mean) / step.std),
        },
    )
    cause = Phrase("every row brings almost the same number")
    both = (remedies.standardise(dataset, (worst,)), remedies.standardise(dataset, tuple(columns)))
    found = tuple(each for each in (both if len(columns) > 1 else both[:1]) if each is not None)
    return Finding("column", "warning", what, cause, found, Unit(0, worst))


_found: weakref.WeakKeyDictionary[Dataset, Array] = weakref.WeakKeyDictionary()


def _far(dataset: Dataset) -> Array:
    """(inputs,) |mean| / standard deviation over the training rows; 0 where nothing varies by more than rounding.

    Once for each dataset, and a few rows at a time, because a copy of all of them can be large.
    """
    if dataset not in _found:
        parts = [dataset.train[start : start + ROWS] for start in range(0, len(dataset.train), ROWS)]
        with np.errstate(all="ignore"):
            mean = np.add.reduce([dataset.x[rows].sum(axis=0) for rows in parts]) / len(dataset.train)
            squares = np.add.reduce([np.square(dataset.x[rows] - mean).sum(axis=0) for rows in parts])
            deviation = np.sqrt(squares / len(dataset.train))
            _found[dataset] = np.abs(mean) / np.where(deviation > 1e-12 * np.abs(mean), deviation, np.inf)
    return _found[dataset]


def _accuracy(frame: Frame, notation: str | Notation) -> Finding | None:
    """No more rows right than by always saying the most frequent class; the cause is what is answered instead."""
    dataset, ran = frame.dataset, frame.step + 1 - frame.segment_start
    classes = dataset.class_index
    if classes is None or ran < max(STUCK, frame.steps_per_epoch):
        return None
    rows = dataset.train[:ROWS]
    counts = np.bincount(classes[rows], minlength=len(dataset.class_names))
    answers = weighted_inputs(frame.experiment.network, frame.params, dataset.x[rows])[1][-1]
    answered = predicted_class(dataset, answers)
    right = int(np.count_nonzero(answered == classes[rows]))
    most = int(counts.max())
    if most == len(rows) or right > most:
        return None
    often = np.bincount(answered, minlength=len(counts))
    said = int(np.argmax(often))
    what = Phrase(
        "{right} of {rows} rows are right, no more than by always answering {most} ({count})",
        {
            "right": f"{right:,}",
            "rows": f"{len(rows):,}",
            "most": dataset.class_names[int(np.argmax(counts))],
            "count": f"{most:,}",
        },
    )
    cause = Phrase(
        "the network answers {answer} for {often} of them",
        {"answer": dataset.class_names[said], "often": f"{int(often[said]):,}"},
    )
    unit = said if dataset.task == "classes" else 0
    about = Unit(len(frame.experiment.network.layers), unit)
    return Finding("accuracy", "warning", what, cause, (remedies.new_start(frame.experiment),), about, "accuracy")

"""One input column of a finished dataset, standardised: what preparing its table anew with that choice would give.

A column whose mean is many times its spread makes every unit see almost the same number in every row. The figures are
those of the training rows, and what was done stays in sight: in the steps of a table's preparation, else in the name
of the input, which becomes the formula.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from bpstudio.data.dataset import Dataset
from bpstudio.data.source import Inline, Prepared
from bpstudio.data.steps import Split, Standardize, Step


def figures(dataset: Dataset, column: int) -> Standardize:
    """Mean and standard deviation (with 1/n) of input `column` over the training rows, from exact sums."""
    name, seen = dataset.input_names[column], dataset.x[dataset.train, column]
    if bool((seen == seen[0]).all()):
        return Standardize(name, float(seen[0]), 0.0, len(seen))
    try:
        mean = math.fsum(seen) / len(seen)
        with np.errstate(over="ignore"):
            std = math.sqrt(math.fsum(np.square(seen - mean)) / len(seen))
    except OverflowError:
        std = mean = math.inf
    if not math.isfinite(std):
        raise ValueError(f"{name}: expected numbers that can be scaled in float64, got a sum that overflows")
    return Standardize(name, mean, std, len(seen))


def standardizable(dataset: Dataset, column: int) -> bool:
    """Whether it can be: an input of numbers that is neither part of a one-hot column nor scaled already."""
    if any(group.first <= column < group.first + group.count for group in dataset.groups):
        return False
    source = dataset.source
    return not (isinstance(source, Prepared) and source.scaling_of(dataset.input_names[column]) is not None)


def standardized(dataset: Dataset, column: int) -> Dataset:
    """The dataset with input `column` (from 0) at mean 0 and deviation 1. ValueError where it cannot be."""
    name = dataset.input_names[column]
    if not standardizable(dataset, column):
        raise ValueError(f"{name}: expected a column of numbers that is not scaled yet")
    step = figures(dataset, column)
    x = dataset.x.copy()
    x[:, column] = step.apply(dataset.x[:, column])
    source = dataset.source
    if isinstance(source, Prepared):
        scaling = {**source.preparation.scaling, name: "standardize"}
        chosen = source.preparation.replace(scaling=scaling)
        recipe = dataclasses.replace(source, preparation=chosen, steps=_inserted(source, step))
        return dataclasses.replace(dataset, x=x, source=recipe)
    names = tuple(step.formula if number == column else each for number, each in enumerate(dataset.input_names))
    return dataclasses.replace(dataset, x=x, input_names=names, source=Inline(source.origin))


def _inserted(source: Prepared, step: Standardize) -> tuple[Step, ...]:
    """The steps of a preparation with one more, in the place where preparing would have put it."""
    order = (*source.preparation.inputs, *source.preparation.targets)
    split = next((n for n, each in enumerate(source.steps) if isinstance(each, Split)), -1)
    place = split + 1
    while place < len(source.steps) and order.index(source.steps[place].column) <= order.index(step.column):
        place += 1
    return (*source.steps[:place], step, *source.steps[place:])

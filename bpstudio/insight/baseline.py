"""What a network must beat: the loss of always giving the same answer.

The best constant for a squared error and for a cross-entropy alike is the mean of the targets over the training rows
(for classes: the share of each class). A loss that has settled at this value has learned how often each answer occurs
and nothing about the inputs.
"""

from __future__ import annotations

import weakref

import numpy as np

from bpstudio.data.dataset import Dataset
from bpstudio.maths.losses import loss
from bpstudio.training.experiment import Experiment

_known: weakref.WeakKeyDictionary[Dataset, dict[tuple[str, str, int], float]] = weakref.WeakKeyDictionary()
"""What was found for a dataset: it is asked for again with every frame, and goes through all the rows."""


def constant_loss(experiment: Experiment, dataset: Dataset) -> float:
    """The objective, averaged over the training rows, when every answer is the mean of the training targets.

    With the reduction "sum" it is that of a full batch of the experiment's size, like the steps it is compared with.
    Infinite where the mean is an answer that this loss does not allow.
    """
    size = min(experiment.batch_size or len(dataset.train), len(dataset.train))
    known = _known.setdefault(dataset, {})
    asked = experiment.loss, experiment.reduction, size
    if asked not in known:
        known[asked] = _constant_loss(*asked, dataset)
    return known[asked]


def _constant_loss(name: str, reduction: str, size: int, dataset: Dataset) -> float:
    y = dataset.y[dataset.train]
    answer = np.broadcast_to(dataset.baseline().prediction, y.shape)
    with np.errstate(all="ignore"):
        rows = np.add.reduce(loss(name).value(answer, y), axis=-1)
    value = float(np.mean(rows)) * size * loss(name).scale(reduction, size, y.shape[1])
    return value if np.isfinite(value) else float("inf")

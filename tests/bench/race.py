"""Sixteen experiments in one computation against one of them: the time of a step, both with metrics and shuffling.

Driven in turn in one process; the figure is the median of the ratios of the rounds. Every member has the digits of its
single run, which is looked at first: a race that computes something else has no speed.
"""

import os
import statistics
import time
from collections.abc import Iterator

import bpstudio  # first: it pins BLAS before NumPy is loaded

# isort: split
import numpy as np
from engine import WORKLOADS, data, start
from row import Row

from bpstudio.data.dataset import Dataset
from bpstudio.training.race import MOST, Race
from bpstudio.training.session import Session

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "11"))
STEPS = 2000
SIXTEEN_RATES, SIXTEEN_STARTS = 1.6, 4.0
"""So many times the time of one, at most. Starts have an order of rows and a first layer's input each."""


def race(starts: bool) -> tuple[Race, Session]:
    """Sixteen of network a that differ in rate or in seed, and the first of them by itself."""
    work = WORKLOADS[0]
    pairs = zip(work.sizes[1:], work.activations, strict=True)
    network = bpstudio.Network(work.sizes[0], tuple(bpstudio.Dense(units, name) for units, name in pairs))
    experiments = [
        bpstudio.Experiment(
            network,
            loss=work.loss,
            optimizer=bpstudio.SGD(work.rate if starts else work.rate * (1 + number / MOST)),
            batch_size=work.batch,
            seed=number if starts else 0,
        )
        for number in range(MOST)
    ]
    dataset = Dataset.from_arrays(*data(work))
    typed = bpstudio.Params.from_layers(network, start(work))
    return Race(experiments, dataset, [typed] * MOST), Session(experiments[0], dataset, typed)


def measure() -> Iterator[Row]:
    for starts, most in ((False, SIXTEEN_RATES), (True, SIXTEEN_STARTS)):
        together, alone = race(starts)
        together.run(STEPS)
        alone.run(STEPS)
        if not np.array_equal(together.params(0).flat, alone.params.flat):
            raise AssertionError("a member of the race differs from its single run")
        ratios, times = [], []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            alone.run(STEPS)
            middle = time.perf_counter()
            together.run(STEPS)
            ended = time.perf_counter()
            ratios.append((ended - middle) / (middle - began))
            times.append((middle - began) / STEPS * 1e6)
        what = "16 starts" if starts else "16 rates"
        yield Row(
            f"{what} of network a against one",
            statistics.median(ratios),
            most,
            (min(ratios), max(ratios)),
            f"({statistics.median(times):.0f} µs for a step of one)",
            at_most=True,
        )

"""Going back in long runs: the slowest seek, a step back, the memory of the past, and what recording costs.

The figures of a seek are shares of a promise in milliseconds. A seek is slowest to the step just before a keyframe, so
those are tried, in the widest gaps and at random. Others use this machine too, so the slowest one does not count (of
steps back the slowest fiftieth).
"""

import itertools
import os
import resource
import statistics
import sys
import time
from collections.abc import Iterator

import bpstudio  # first: it pins BLAS before NumPy is loaded

# isort: split
import numpy as np
from engine import WORKLOADS, data, start
from row import Row

from bpstudio.data.dataset import Dataset
from bpstudio.training.optimizers import Optimizer
from bpstudio.training.session import Session

STEPS = int(os.environ.get("BENCH_STEPS", "1000000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "9"))
SEEKS = 12
STRETCH = 4096
"""Steps of one round with states that are kept, and without."""
RULES: dict[str, Optimizer] = {"SGD": bpstudio.SGD(0.1), "Adam": bpstudio.Adam(0.001)}
PROMISED = {("c1", "SGD"): 100.0, ("c1", "Adam"): 300.0, ("a", "SGD"): 1.0, ("a", "Adam"): 1.0}
STEP_BACK_MS = 16.0
FLAT, RECORDING = 1.05, 1.1


def session(name: str, rule: Optimizer) -> Session:
    """A run of one of the engine's workloads."""
    work = next(each for each in WORKLOADS if each.name.split()[0] == name)
    pairs = zip(work.sizes[1:], work.activations, strict=True)
    network = bpstudio.Network(work.sizes[0], tuple(bpstudio.Dense(units, kind) for units, kind in pairs))
    experiment = bpstudio.Experiment(network, loss=work.loss, optimizer=rule, batch_size=work.batch)
    typed = bpstudio.Params.from_layers(network, start(work))
    return Session(experiment, Dataset.from_arrays(*data(work)), typed)


def resident() -> float:
    """The memory of this process in MB."""
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20


def seconds(run: Session, step: int) -> float:
    """The time of a seek."""
    began = time.perf_counter()
    run.seek(step)
    return time.perf_counter() - began


def slowest_seek(run: Session) -> float:
    """Seconds of the slowest of some seeks."""
    frames = list(run.cursor.segment.keyframes)
    gaps = sorted(itertools.pairwise(frames), key=lambda pair: pair[0] - pair[1])
    rng = np.random.default_rng(0)
    chosen = gaps[: SEEKS // 2] + [gaps[number] for number in rng.integers(0, len(gaps), SEEKS // 2)]
    return sorted(seconds(run, after - 1) for _, after in chosen)[-2]


def slowest_step_back(run: Session) -> float:
    """Seconds of the slowest step back through the last interval."""
    interval = run.cursor.segment.interval
    steps = range(run.last_step - 1, max(run.last_step - interval, 1), -max(1, interval // 300))
    return sorted(seconds(run, step) for step in steps)[-max(2, len(steps) // 50)]


def recording(name: str, rule: Optimizer) -> list[float]:
    """The time of steps of which states are kept against that of steps of which none is, round by round."""
    run, forgetful = session(name, rule), session(name, rule)
    forgetful.cursor.segment.interval = 10**9
    ratios = []
    for _ in range(ROUNDS):
        times = []
        for each in (run, forgetful):
            began = time.perf_counter()
            each.run(STRETCH)
            times.append(time.perf_counter() - began)
        ratios.append(times[0] / times[1])
    return ratios


def measure() -> Iterator[Row]:
    for (name, kind), promise in PROMISED.items():
        run = session(name, RULES[kind])
        run.run(STEPS * 3 // 5)
        before = resident() if sys.platform == "linux" else float("nan")
        run.run(STEPS - run.step_number)
        after = resident() if sys.platform == "linux" else float("nan")
        what = f"{name} with {kind}, {STEPS:,} steps"
        back = slowest_step_back(run) * 1000
        yield Row(
            f"{what}: a step back, of {STEP_BACK_MS:g} ms", back / STEP_BACK_MS, 1, note=f"{back:.1f} ms", at_most=True
        )
        worst = slowest_seek(run) * 1000
        yield Row(f"{what}: slowest seek, of {promise:g} ms", worst / promise, 1, note=f"{worst:.1f} ms", at_most=True)
        if name == "c1":
            note = f"{before:.0f} / {after:.0f} MB"
            yield Row(f"{what}: memory, against 3/5 of them", after / before, FLAT, note=note, at_most=True)
        ratios = recording(name, RULES[kind])
        yield Row(
            f"{name} with {kind}: states kept against none kept",
            statistics.median(ratios),
            RECORDING,
            (min(ratios), max(ratios)),
            at_most=True,
        )

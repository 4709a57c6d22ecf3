"""Updates per second: this engine (metrics and shuffling on) against straightforward NumPy and PyTorch eager.

All are driven in turn in one process, A B C A B C, each for a moment; a figure is the median of the ratios of the
rounds. Absolute numbers of one machine at one moment mean little, ratios of neighbours do. All shuffle: a permutation
for each epoch, and a batch is taken by its row numbers. The peers record nothing, which is to their advantage. One BLAS
thread, float64, plain gradient descent everywhere.
"""

import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import bpstudio  # first: it pins BLAS before NumPy is loaded

# isort: split
import numpy as np
from row import Row

from bpstudio.data.dataset import Dataset

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "11"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "0.15"))

Run = Callable[[int], object]


@dataclass(frozen=True)
class Workload:
    name: str
    sizes: tuple[int, ...]
    activations: tuple[str, ...]
    loss: str
    rows: int
    batch: int
    rate: float
    over_torch: float
    over_numpy: float | None


TEN = (32,) * 11
WORKLOADS = (
    Workload("a 2-4-2-1 tanh, batch 10", (2, 4, 2, 1), ("tanh",) * 3, "half_squared_error", 500, 10, 0.05, 6.5, 1.3),
    Workload("b Mazur 2-2-2", (2, 2, 2), ("sigmoid",) * 2, "half_squared_error", 1, 1, 0.5, 6.5, 1.3),
    Workload("c1 784-30-10", (784, 30, 10), ("sigmoid",) * 2, "half_squared_error", 2000, 10, 0.1, 2.3, 1.1),
    Workload("c2 784-100-10", (784, 100, 10), ("sigmoid",) * 2, "half_squared_error", 2048, 32, 0.1, 1.2, None),
    Workload(
        "d 64-256-256-10 ReLU softmax, batch 128",
        (64, 256, 256, 10),
        ("relu", "relu", "softmax"),
        "categorical_ce",
        1792,
        128,
        0.05,
        1.05,
        None,
    ),
    Workload("e ten layers of 32, batch 32", TEN, ("sigmoid",) * 10, "half_squared_error", 1024, 32, 0.1, 2.3, 1.15),
)


def data(work: Workload) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(1)
    x = random.random((work.rows, work.sizes[0]))
    if work.loss == "categorical_ce" or work.sizes[-1] == 10:
        y = np.eye(work.sizes[-1])[random.integers(work.sizes[-1], size=work.rows)]
    else:
        y = random.random((work.rows, work.sizes[-1]))
    return x, y


def start(work: Workload) -> list[tuple[np.ndarray, np.ndarray]]:
    random = np.random.default_rng(2)
    pairs = zip(work.sizes, work.sizes[1:], strict=False)
    return [(random.normal(0, n**-0.5, (m, n)), random.normal(0, 0.1, m)) for n, m in pairs]


# The engines. Each returns a function that makes `count` updates, and one that returns the parameters.


def this_engine(work: Workload, shuffle: bool = True) -> tuple[Run, Callable[[], list[np.ndarray]]]:
    layers = tuple(
        bpstudio.Dense(units, activation) for units, activation in zip(work.sizes[1:], work.activations, strict=True)
    )
    network = bpstudio.Network(work.sizes[0], layers)
    experiment = bpstudio.Experiment(
        network, loss=work.loss, optimizer=bpstudio.SGD(work.rate), batch_size=work.batch, shuffle=shuffle
    )
    x, y = data(work)
    dataset = Dataset.from_arrays(x, y, task="classes" if work.loss == "categorical_ce" else "regression")
    session = bpstudio.Session(experiment, dataset, start=bpstudio.Params.from_layers(network, start(work)))
    return session.run, lambda: [part for pair in session.params for part in pair]


def batches(work: Workload, shuffle: bool) -> Iterator[np.ndarray]:
    """Row numbers of one batch after another, epoch after epoch."""
    random = np.random.default_rng(3)
    while True:
        order = random.permutation(work.rows) if shuffle else np.arange(work.rows)
        for first in range(0, work.rows, work.batch):
            yield order[first : first + work.batch]


def straightforward_numpy(work: Workload, shuffle: bool = True) -> tuple[Run, Callable[[], list[np.ndarray]]]:
    x, y = data(work)
    parameters = [[W.copy(), b.copy()] for W, b in start(work)]
    stream = batches(work, shuffle)
    functions: dict[str, tuple[Callable, Callable]] = {
        "tanh": (np.tanh, lambda a: 1 - a * a),
        "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda a: a * (1 - a)),
        "relu": (lambda z: np.maximum(z, 0), lambda a: a > 0),
    }

    def softmax(z: np.ndarray) -> np.ndarray:
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def run(count: int) -> None:
        for batch in islice(stream, count):
            a = [x[batch]]
            for (W, b), name in zip(parameters, work.activations, strict=True):
                z = a[-1] @ W.T + b
                a.append(softmax(z) if name == "softmax" else functions[name][0](z))
            delta = (a[-1] - y[batch]) / len(a[0])
            if work.activations[-1] != "softmax":
                delta = delta * functions[work.activations[-1]][1](a[-1])
            for number in reversed(range(len(parameters))):
                W, b = parameters[number]
                dW, db = delta.T @ a[number], delta.sum(axis=0)
                if number:
                    delta = (delta @ W) * functions[work.activations[number - 1]][1](a[number])
                parameters[number] = [W - work.rate * dW, b - work.rate * db]

    return run, lambda: [part for pair in parameters for part in pair]


def torch_eager(work: Workload, shuffle: bool = True) -> tuple[Run, Callable[[], list[np.ndarray]]]:
    import torch

    torch.set_num_threads(1)
    x, y = (torch.tensor(array) for array in data(work))
    kinds = {"tanh": torch.nn.Tanh, "sigmoid": torch.nn.Sigmoid, "relu": torch.nn.ReLU}
    modules: list[torch.nn.Module] = []
    for (W, b), name in zip(start(work), work.activations, strict=True):
        linear = torch.nn.Linear(W.shape[1], W.shape[0], dtype=torch.float64)
        with torch.no_grad():
            linear.weight.copy_(torch.tensor(W))
            linear.bias.copy_(torch.tensor(b))
        modules += [linear, *([kinds[name]()] if name in kinds else [])]
    model = torch.nn.Sequential(*modules)
    optimizer = torch.optim.SGD(model.parameters(), lr=work.rate)
    cross_entropy = torch.nn.CrossEntropyLoss()
    stream = batches(work, shuffle)

    def run(count: int) -> None:
        for rows in islice(stream, count):
            batch = torch.from_numpy(rows)
            answer, target = model(x[batch]), y[batch]
            if work.loss == "categorical_ce":
                loss = cross_entropy(answer, target)
            else:
                loss = (answer - target).square().sum() / (2 * len(target))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    return run, lambda: [parameter.detach().numpy().copy() for parameter in model.parameters()]


PEERS = {"straightforward NumPy": straightforward_numpy, "PyTorch eager": torch_eager}


def absent() -> list[str]:
    try:
        import torch  # noqa: F401
    except ImportError:
        return ["PyTorch eager"]
    return []


def same_result(work: Workload, peers: list[str]) -> None:
    """The engines have to do the same work, or comparing their speed means nothing."""
    run, parameters = this_engine(work, shuffle=False)
    run(20)
    for peer in peers:
        peer_run, peer_parameters = PEERS[peer](work, shuffle=False)
        peer_run(20)
        for ours, theirs in zip(parameters(), peer_parameters(), strict=True):
            difference = float(np.abs(ours - theirs).max())
            if difference > 1e-12:
                raise AssertionError(f"{work.name}: {peer} differs by {difference:.1e} after 20 updates")


def rates(runs: dict[str, Run]) -> dict[str, list[float]]:
    """Updates per second of each, round by round, in turn."""
    counts = {}
    for name, run in runs.items():
        run(20)
        begun, count = time.perf_counter(), 0
        while time.perf_counter() - begun < SECONDS:
            run(50)
            count += 50
        counts[name] = count
    found: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, run in runs.items():
            begun = time.perf_counter()
            run(counts[name])
            found[name].append(counts[name] / (time.perf_counter() - begun))
    return found


def measure() -> Iterator[Row]:
    gone = absent()
    for peer in gone:
        print(f"  absent: {peer} (.venv/bin/python -m pip install -e '.[bench]')")
    peers = [peer for peer in PEERS if peer not in gone]
    for work in WORKLOADS:
        same_result(work, peers)
        found = rates({"bpstudio": this_engine(work)[0], **{peer: PEERS[peer](work)[0] for peer in peers}})
        own = statistics.median(found["bpstudio"])
        for peer in peers:
            target = work.over_numpy if peer == "straightforward NumPy" else work.over_torch
            ratios = sorted(a / b for a, b in zip(found["bpstudio"], found[peer], strict=True))
            yield Row(
                f"{work.name} against {peer}",
                statistics.median(ratios),
                target or 0.0,
                (ratios[0], ratios[-1]),
                f"({own:,.0f}/s, {statistics.median(found[peer]):,.0f}/s)",
            )

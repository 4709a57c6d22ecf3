"""Updates per second: this engine (metrics and shuffling on) against straightforward NumPy, PyTorch eager, scikit-learn
and itself while every step is recorded.

All are driven in turn in one process, A B C A B C, each for a moment; a figure is the median of the ratios of the
rounds. Absolute numbers of one machine at one moment mean little, ratios of neighbours do. All shuffle: a permutation
for each epoch, and a batch is taken by its row numbers. The peers record nothing, which is to their advantage. One BLAS
thread, float64, plain gradient descent everywhere. scikit-learn is given whole epochs, so that its calls count little;
its regressor has an identity at the output, which is to its advantage too.
"""

import importlib.util
import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import bpstudio  # first: it pins BLAS before NumPy is loaded

# isort: split
import numpy as np
from row import Row

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import AvgPool2D, Conv2D, Flatten

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
    over_numpy: float | None = None
    over_sklearn: float | None = None
    recorded: float | None = None
    """What is left of the speed while every step is recorded."""
    convolutions: bool = False
    """LeNet-5 (LeCun et al. 1998) with a softmax, on images of 28×28, in place of ``sizes``."""


TEN = (32,) * 11
HALF_SQUARED, ENTROPY = "half_squared_error", "categorical_ce"
DIGITS = ("relu", "relu", "softmax")
WORKLOADS = (
    Workload("a 2-4-2-1 tanh, batch 10", (2, 4, 2, 1), ("tanh",) * 3, HALF_SQUARED, 500, 10, 0.05, 8, 1.65, 5, 0.9),
    Workload("b Mazur 2-2-2", (2, 2, 2), ("sigmoid",) * 2, HALF_SQUARED, 1, 1, 0.5, 8, 1.65, None, 0.9),
    Workload("c1 784-30-10", (784, 30, 10), ("sigmoid",) * 2, HALF_SQUARED, 2000, 10, 0.1, 2.4, 1.1, 2, 0.9),
    Workload("c2 784-100-10", (784, 100, 10), ("sigmoid",) * 2, HALF_SQUARED, 2048, 32, 0.1, 1.25),
    Workload("d 64-256-256-10, batch 128", (64, 256, 256, 10), DIGITS, ENTROPY, 1792, 128, 0.05, 1.05, None, 1.2, 0.9),
    Workload("e ten layers of 32, batch 32", TEN, ("sigmoid",) * 10, HALF_SQUARED, 1024, 32, 0.1, 3, 1.15, None, 0.9),
    Workload("l LeNet-5 28×28, batch 32", (784, 10), (), ENTROPY, 320, 32, 0.05, 1, convolutions=True),
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


def lenet() -> bpstudio.Network:
    return bpstudio.Network(
        784,
        (
            Conv2D(6, (5, 5), padding=(2, 2), activation="tanh"),
            AvgPool2D(),
            Conv2D(16, (5, 5), activation="tanh"),
            AvgPool2D(),
            Flatten(),
            *(bpstudio.Dense(units, "tanh") for units in (120, 84)),
            bpstudio.Dense(10, "softmax"),
        ),
        (28, 28),
    )


def session(work: Workload, shuffle: bool) -> bpstudio.Session:
    layers = (
        tuple(
            bpstudio.Dense(units, activation)
            for units, activation in zip(work.sizes[1:], work.activations, strict=True)
        )
        if not work.convolutions
        else ()
    )
    network = lenet() if work.convolutions else bpstudio.Network(work.sizes[0], layers)
    experiment = bpstudio.Experiment(
        network, loss=work.loss, optimizer=bpstudio.SGD(work.rate), batch_size=work.batch, shuffle=shuffle
    )
    x, y = data(work)
    dataset = Dataset.from_arrays(x, y, task="classes" if work.loss == ENTROPY else "regression")
    first = None if work.convolutions else bpstudio.Params.from_layers(network, start(work))
    return bpstudio.Session(experiment, dataset, start=first)


def this_engine(work: Workload, shuffle: bool = True) -> tuple[Run, Callable[[], list[np.ndarray]]]:
    living = session(work, shuffle)
    return living.run, lambda: [part for pair in living.params for part in pair if part.size]


def every_step_recorded(work: Workload, shuffle: bool = True) -> tuple[Run, Callable[[], list[np.ndarray]]]:
    living = session(work, shuffle)
    return living.record, lambda: [part for pair in living.params for part in pair]


def scikit_learn(work: Workload, shuffle: bool = True) -> tuple[Run, Callable[[], list[np.ndarray]]]:
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    warnings.simplefilter("ignore", ConvergenceWarning)
    x, y = data(work)
    kind = MLPClassifier if work.loss == ENTROPY else MLPRegressor
    model = kind(
        hidden_layer_sizes=work.sizes[1:-1],
        activation={"sigmoid": "logistic"}.get(work.activations[0], work.activations[0]),
        solver="sgd",
        alpha=0.0,
        batch_size=work.batch,
        learning_rate_init=work.rate,
        momentum=0.0,
        shuffle=shuffle,
        random_state=1,
    )
    target = np.argmax(y, axis=1) if work.loss == ENTROPY else y if y.shape[1] > 1 else y.ravel()
    classes = {"classes": np.arange(y.shape[1])} if work.loss == ENTROPY else {}
    per_epoch = -(-work.rows // work.batch)

    owed = 0

    def run(count: int) -> None:
        nonlocal owed
        owed += count
        while owed >= per_epoch:
            model.partial_fit(x, target, **classes)
            owed -= per_epoch

    return run, lambda: [*model.coefs_, *model.intercepts_]


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
    for (W, b), name in zip(start(work) if not work.convolutions else [], work.activations, strict=True):
        linear = torch.nn.Linear(W.shape[1], W.shape[0], dtype=torch.float64)
        with torch.no_grad():
            linear.weight.copy_(torch.tensor(W))
            linear.bias.copy_(torch.tensor(b))
        modules += [linear, *([kinds[name]()] if name in kinds else [])]
    if work.convolutions:
        modules = torch_lenet(torch)
        x = x.reshape(-1, 1, 28, 28)
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


def torch_lenet(torch: Any) -> list[Any]:
    nn, double = torch.nn, {"dtype": torch.float64}
    return [
        *(nn.Conv2d(1, 6, 5, padding=2, **double), nn.Tanh(), nn.AvgPool2d(2)),
        *(nn.Conv2d(6, 16, 5, **double), nn.Tanh(), nn.AvgPool2d(2), nn.Flatten()),
        *(nn.Linear(400, 120, **double), nn.Tanh(), nn.Linear(120, 84, **double), nn.Tanh()),
        nn.Linear(84, 10, **double),
    ]


@dataclass(frozen=True)
class Peer:
    name: str
    make: Callable[[Workload], tuple[Run, Callable[[], list[np.ndarray]]]]
    target: Callable[[Workload], float | None]
    package: str = "numpy"
    same: bool = False
    """Whether it does the very same work, so that its numbers can be compared."""


NUMPY = Peer("straightforward NumPy", straightforward_numpy, lambda work: work.over_numpy, same=True)
TORCH = Peer("PyTorch eager", torch_eager, lambda work: work.over_torch, "torch", same=True)
SKLEARN = Peer("scikit-learn partial_fit", scikit_learn, lambda work: work.over_sklearn, "sklearn")
PEERS = (NUMPY, TORCH, SKLEARN)


def same_result(work: Workload, peers: list[Peer]) -> None:
    """The engines have to do the same work, or comparing their speed means nothing."""
    run, parameters = this_engine(work, shuffle=False)
    run(20)
    for peer in peers:
        peer_run, peer_parameters = peer.make(work, shuffle=False)  # type: ignore[call-arg]
        peer_run(20)
        for ours, theirs in zip(parameters(), peer_parameters(), strict=True):
            difference = float(np.abs(ours - theirs).max())
            if difference > 1e-12:
                raise AssertionError(f"{work.name}: {peer.name} differs by {difference:.1e} after 20 updates")


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
    here = [peer for peer in PEERS if importlib.util.find_spec(peer.package) is not None]
    for peer in PEERS:
        if peer not in here:
            print(f"  absent: {peer.name} (.venv/bin/python -m pip install -e '.[bench]')")
    for work in WORKLOADS:
        peers = [peer for peer in here if peer.target(work) is not None]
        if not work.convolutions:
            same_result(work, [peer for peer in peers if peer.same])
        runs = {"bpstudio": this_engine(work)[0], **{peer.name: peer.make(work)[0] for peer in peers}}
        if work.recorded is not None:
            runs["recorded"] = every_step_recorded(work)[0]
        found = rates(runs)
        own = statistics.median(found["bpstudio"])
        for peer in peers:
            ratios = sorted(a / b for a, b in zip(found["bpstudio"], found[peer.name], strict=True))
            yield Row(
                f"{work.name} against {peer.name}",
                statistics.median(ratios),
                peer.target(work) or 0.0,
                (ratios[0], ratios[-1]),
                f"({own:,.0f}/s, {statistics.median(found[peer.name]):,.0f}/s)",
            )
        if work.recorded is not None:
            ratios = sorted(a / b for a, b in zip(found["recorded"], found["bpstudio"], strict=True))
            what = f"{work.name}, every step recorded against none"
            yield Row(what, statistics.median(ratios), work.recorded, (ratios[0], ratios[-1]))

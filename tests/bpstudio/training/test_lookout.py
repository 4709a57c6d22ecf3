"""Breakpoints of every kind on runs of every kind: however a run is made, it stops at the same places."""

import random
from collections.abc import Callable

import numpy as np
import pytest

from bpstudio.data.choices import Task
from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Conv2D, Dense, Dropout, Flatten, Layer, MaxPool2D
from bpstudio.engine.network import Network
from bpstudio.training.adaptive import Adam
from bpstudio.training.breakpoints import Breakpoint, Hit
from bpstudio.training.conditions import (
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
from bpstudio.training.lookout import misfit
from bpstudio.training.optimizers import SGD, Momentum, RMSProp
from bpstudio.training.schedules import Plateau
from bpstudio.training.session import DEFAULT_BUDGET, Session
from bpstudio.training.stopping import EarlyStopping

ACTIVATIONS = ("tanh", "relu", "sigmoid", "softplus", "identity", "hard_tanh")
TEXTS = (
    "step > 30 and loss < 0.6",
    "validation_loss > 0.7",
    "accuracy < 0.5 or epoch == 3",
    "norm[1] > 0.3",
    "loss ^ 2 + log(loss) > -1",
    "rate < 0.1",
)


def a_run(chance: random.Random) -> tuple[Experiment, Dataset]:
    """Some network, on data that it cannot learn well, trained in some way."""
    rng = np.random.default_rng(chance.randrange(10**6))
    rows, kind = chance.randrange(6, 40), chance.choice(["dense", "images", "classes"])
    validation = range(0, rows, 3) if chance.random() < 0.7 else ()
    y = rng.integers(0, 2, (rows, 1)).astype(float)
    task: Task = "binary"
    loss, inputs = "bce", 2
    layers: list[Layer] = [Dense(chance.randrange(1, 7), chance.choice(ACTIVATIONS)), Dense(1, "sigmoid")]
    if kind == "images":
        inputs = 36
        first = Conv2D(3, (3, 3), activation=chance.choice(["relu", "tanh"]))
        layers = [first, MaxPool2D((2, 2)), Flatten(), layers[-1]]
    elif kind == "classes":
        y, task, loss = np.eye(3)[rng.integers(0, 3, rows)], "classes", "categorical_ce"
        layers[-1] = Dense(3, "softmax")
    elif chance.random() < 0.3:
        layers.insert(1, Dropout(0.3))
    data = Dataset.from_arrays(rng.normal(size=(rows, inputs)), y, task=task, validation=validation)
    network = Network(inputs, tuple(layers), (1, 6, 6)) if kind == "images" else Network(inputs, tuple(layers))
    experiment = Experiment(
        network,
        loss=loss,
        optimizer=chance.choice([SGD(chance.choice([0.1, 1.0, 5.0])), Momentum(0.3), Adam(0.05), RMSProp(0.01)]),
        batch_size=chance.choice([0, 1, 2, 5, 8]),
        seed=chance.randrange(100),
        shuffle=chance.random() < 0.8,
        flat_threshold=chance.choice([0.05, 0.3]),
        dtype=chance.choice(["float64", "float32"]),
        validate_every=chance.choice([0, 0, chance.randrange(1, 9)]),
    )
    if chance.random() < 0.3:
        experiment = experiment.replace(schedule=Plateau(factor=0.5, patience=2))
    if chance.random() < 0.3:
        experiment = experiment.replace(stopping=EarlyStopping(chance.randrange(2, 9)))
    return experiment, data


def some_conditions(chance: random.Random, bare: Session) -> list[Condition]:
    """Conditions that come true now and then in this run."""
    norms = bare.metrics.table(("gradient_norm",))[1]
    low, high = (float(each) for each in np.nanquantile(norms[np.isfinite(norms)], [0.05, 0.95]))
    layer, shape = chance.choice([pair for pair in enumerate(bare.experiment.network.weight_shapes, 1) if pair[1]])
    index = tuple(chance.randrange(max(size, 1)) for size in shape)
    kinds: list[Callable[[], Condition]] = [
        lambda: GradientNorm(low, max(high, low * 1.01 + 1e-9)),
        UnitFlat,
        UnitDies,
        lambda: ValidationTurns(chance.randrange(1, 4)),
        lambda: WeightCrosses(layer, index),
        lambda: PredictionFlips(chance.randrange(len(bare.dataset.x))),
        lambda: Expression(chance.choice(TEXTS)),
    ]
    made = [chance.choice(kinds)() for _ in range(chance.randrange(1, 5))]
    return [each for each in made if misfit(each, bare.experiment, bare.dataset) is None]


def trained(session: Session, until: int, chance: random.Random | None = None) -> list[Hit]:
    """The events up to a step, which is reached whatever stops on the way: in one piece, or in pieces by chance."""
    while session.step_number < until and session.nonfinite is None:
        left = until - session.step_number
        session.run(left if chance is None else min(left, chance.randrange(1, 30)))
        if session.stopped is not None:
            session.seek(session.stopped.step)
    return [event.hit for event in session.events if event.hit is not None]


def seen(session: Session) -> tuple[object, ...]:
    """All that was computed and recorded, bit for bit."""
    frame, metrics = session.frame(), session.metrics
    return (
        (frame.params.flat.tobytes(), frame.trace.arena.tobytes()),
        (session.step_number, session.last_step, repr(session.nonfinite)),
        repr(metrics.validation.tolist()),
        (metrics.table(metrics.columns)[1].tobytes(), metrics.units()[1].tobytes()),
    )


@pytest.mark.parametrize("seed", [*range(3), *(pytest.param(n, marks=pytest.mark.soak) for n in range(3, 150))])
def test_any_run_stops_at_the_same_places_however_it_is_made(seed: int) -> None:
    chance = random.Random(seed)
    experiment, data = a_run(chance)
    until, budget = chance.randrange(40, 180), chance.choice([DEFAULT_BUDGET, 2**16, 20_000])
    bare = Session(experiment, data, budget=budget)
    trained(bare, until)
    conditions = some_conditions(chance, bare)
    marks = [Breakpoint(number, each) for number, each in enumerate(conditions, 1)]

    def looking() -> Session:
        session = Session(experiment, data, budget=budget)
        session.set_breakpoints(marks)
        return session

    once, pieces = looking(), looking()
    hits = trained(once, until)
    assert trained(pieces, until, chance) == hits
    assert seen(once) == seen(pieces) == seen(bare)
    bare.set_breakpoints(marks)
    bare.seek(0)
    assert trained(bare, until, chance) == hits
    assert seen(bare) == seen(once)
    if hits and experiment.stopping is None:
        hit, early, alone = chance.choice(hits), looking(), Session(experiment, data, budget=budget)
        while early.step_number < hit.step:
            early.run(until)
        alone.run(hit.step)
        assert seen(early) == seen(alone)
        assert max(early.archive().segments[1].keyframes) <= hit.step

"""Runs to be saved, and everything that one consists of as one number."""

import hashlib
import json
from collections.abc import Iterator

import numpy as np

from bpstudio.data.dataset import Dataset, Group
from bpstudio.engine.layers import Dense, Dropout
from bpstudio.engine.network import Network
from bpstudio.files.project import Project
from bpstudio.maths.penalties import L1, L2, KLSparsity, RunningSparsity
from bpstudio.training.adaptive import Adam
from bpstudio.training.archive import Archive
from bpstudio.training.breakpoints import Breakpoint
from bpstudio.training.conditions import Expression, GradientNorm, WeightCrosses
from bpstudio.training.experiment import Experiment
from bpstudio.training.metrics import SeriesView
from bpstudio.training.optimizers import OPTIMIZERS, SGD, Momentum, Optimizer, Rprop
from bpstudio.training.schedules import SCHEDULES, Plateau, Schedule
from bpstudio.training.session import Session
from bpstudio.training.stopping import EarlyStopping


def data(rows: int = 24) -> Dataset:
    rng = np.random.default_rng(rows)
    x = np.append(rng.normal(size=(rows, 2)), np.eye(2)[np.arange(rows) % 2], axis=1)
    plain = Dataset.from_arrays(
        x, (x[:, :1] > 0).astype(float), "binary", ["a", "b", "colour=red", "colour=蓝"], validation=range(0, rows, 5)
    )
    return Dataset(
        *(plain.x, plain.y, plain.input_names, plain.output_names, plain.task, plain.class_names),
        *(plain.train[::-1], plain.validation, (2, 2), (Group("colour", 2, 2),), "moons 月"),
    )


def experiment(rule: Optimizer | None = None, plan: Schedule | None = None) -> Experiment:
    layers = (Dense(3, "tanh"), Dense(3, "relu"), Dense(3, "sigmoid"), Dropout(0.3), Dense(1, "sigmoid"))
    return Experiment(
        Network(4, layers),
        loss="bce",
        optimizer=rule or SGD(0.2),
        batch_size=5,
        **({} if plan is None else {"schedule": plan}),
    )


def small() -> Experiment:
    """One that trains fast."""
    return Experiment(Network(4, (Dense(1, "sigmoid"),)), loss="bce", batch_size=0)


def kinds() -> Iterator[tuple[str, Experiment]]:
    """An experiment for each kind of optimiser, schedule, penalty and number."""
    for name, kind in OPTIMIZERS.items():
        yield name, experiment(kind(0.02))
    for name, plan in SCHEDULES.items():
        yield name, experiment(Momentum(0.1), plan())
    yield "plateau", experiment(Adam(0.05), Plateau(0.5, patience=1)).replace(stopping=EarlyStopping(4))
    yield "running means", experiment().replace(penalties=(L1(0.01), RunningSparsity(0.1, 0.3, (2,))))
    yield "sparsity", experiment(Rprop(0.1)).replace(penalties=(L2(0.01), KLSparsity(0.1, 0.2, (2,))))
    yield "float32", experiment(Adam(0.05)).replace(dtype="float32", batch_size=0)
    yield "sequential", experiment().replace(update_order="sequential", validate_every=3)


def run_with_a_past(described: Experiment | None = None, steps: int = 40) -> Session:
    """Three branches, marks of every kind, and a moment that is no end of anything."""
    run = Session(described or experiment(Adam(0.05)), data())
    run.run(steps)
    end = run.last_step
    run.bookmark("", "first note\n第二行")
    run.set_breakpoints(
        (
            Breakpoint(1, GradientNorm(0.0)),
            Breakpoint(2, WeightCrosses(1, (0, 1)), enabled=False),
            Breakpoint(3, Expression("loss < 0")),
        )
    )
    run.seek(end // 2)
    run.apply(run.experiment.replace(batch_size=3), name="batch size")
    run.run(12)
    run.apply(run.experiment.replace(network=Network(4, (Dense(2, "tanh"), Dense(1, "sigmoid"))), penalties=()))
    run.run(9)
    run.branch("third 三")
    run.run(7)
    run.seek(run.last_step - 4)
    return run


def digest(archive: Archive) -> str:
    """A hash over everything in an archive."""
    found = hashlib.sha256()

    def add(*values: object) -> None:
        found.update(repr(values).encode())

    def series(view: SeriesView) -> None:
        add(view.columns, view.dtype.str)
        for level in view.levels:
            add(
                level.first, level.stop, hashlib.sha256(level.cells(level.first, level.stop).tobytes()).hexdigest()
            ) if (level.stop > level.first) else add(level.first, level.stop)

    for number, kept in sorted(archive.segments.items()):
        dataset = kept.dataset
        add(number, kept.number, kept.cause, json.dumps(kept.experiment.to_dict()), kept.experiment)
        add(dataset.hash, dataset.name, dataset.input_names, dataset.output_names, dataset.task, dataset.class_names)
        add(dataset.input_shape, dataset.groups, dataset.source)
        add(kept.start, kept.epoch, kept.position, kept.continued, kept.begun, kept.watched, kept.interval, kept.pinned)
        add(None if kept.explicit is None else [rows.tolist() for rows in kept.explicit], kept.watches)
        for step, memory in sorted(kept.keyframes.items()):
            add(step, memory.dtype.str, memory.tobytes())
        series(kept.numbers)
        series(kept.units)
        add(kept.validation.tobytes())
    for branch in archive.branches:
        add(branch.number, branch.name, branch.parent, branch.fork, branch.cause, branch.step, branch.segments)
        add(branch.origin.flat.tobytes(), branch.origin.network, branch.caption)
    add(archive.current, archive.bookmarks, archive.breakpoints, archive.events, archive.made)
    return found.hexdigest()


def project(run: Session, **values: object) -> Project:
    return Project(run.archive(), **values)  # type: ignore[arg-type]

"""The rate of each update, by the formulas, and what a schedule refuses."""

import math
from collections.abc import Callable

import pytest

from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.training.experiment import Experiment
from bpstudio.training.optimizers import SGD
from bpstudio.training.schedules import (
    SCHEDULES,
    Constant,
    Cosine,
    Exponential,
    Inv,
    InverseTime,
    LinearWarmup,
    Plateau,
    Schedule,
    Step,
)


@pytest.mark.parametrize(
    ("plan", "formula"),
    [
        (Constant(), lambda k: 0.2),
        (Step(7, 0.5), lambda k: 0.2 * 0.5 ** (k // 7)),
        (Exponential(0.97), lambda k: 0.2 * 0.97**k),
        (InverseTime(0.05), lambda k: 0.2 / (1 + 0.05 * k)),
        (Inv(0.01, 0.75), lambda k: 0.2 * (1 + 0.01 * k) ** -0.75),
        (LinearWarmup(0.1, 15), lambda k: 0.2 * (0.1 + 0.9 * min(k, 15) / 15)),
        (Cosine(100, 0.001), lambda k: 0.001 + 0.199 * (1 + math.cos(math.pi * k / 100)) / 2),
    ],
    ids=lambda value: value.name if isinstance(value, Schedule) else "",
)
def test_the_rate_is_the_formula(plan: Schedule, formula: Callable[[int], float]) -> None:
    for k in (0, 1, 6, 7, 14, 15, 16, 99, 100, 150):
        assert plan.rate(0.2, k) == pytest.approx(formula(k), rel=1e-14)


def test_every_schedule_but_a_growing_one_begins_at_most_at_the_rate() -> None:
    for kind in SCHEDULES.values():
        assert 0 < kind().rate(0.2, 0) <= 0.2


def test_a_plateau_reduces_down_to_its_floor() -> None:
    plan = Plateau(0.5, patience=2, eta_min=0.04)
    assert [plan.rate(0.2, 9, n) for n in range(5)] == [0.2, 0.1, 0.05, 0.04, 0.04]
    assert Plateau(eta_min=1.0).rate(0.2, 9, 3) == 0.2, "a floor above the rate lifts nothing"


def test_a_rate_that_grows_beyond_every_number_is_infinite() -> None:
    assert Exponential(2.0).rate(0.1, 5000) == math.inf
    assert Step(1, 10.0).rate(0.1, 5000) == math.inf


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Step(0), "schedule.step_size: expected a whole number of at least 1, got 0"),
        (lambda: Step(5, 0.0), "schedule.gamma: expected a finite number above 0, got 0.0"),
        (lambda: Exponential(math.nan), "schedule.gamma: expected a finite number above 0, got nan"),
        (lambda: InverseTime(-1.0), "schedule.decay: expected a finite number of at least 0, got -1.0"),
        (lambda: Inv(0.1, -1.0), "schedule.power: expected a finite number of at least 0"),
        (lambda: LinearWarmup(0.5, 0), "schedule.total_iters: expected a whole number of at least 1"),
        (lambda: Cosine(0), "schedule.t_max: expected a whole number of at least 1"),
        (lambda: Cosine(5, -1.0), "schedule.eta_min: expected a finite number of at least 0"),
        (lambda: Plateau(1.0), "schedule.factor: expected a number from 0 to below 1, got 1.0"),
        (lambda: Plateau(0.0), "schedule.factor: expected a finite number above 0, got 0.0"),
        (lambda: Plateau(patience=0), "schedule.patience: expected a whole number of at least 1, got 0"),
    ],
)
def test_numbers_out_of_range_are_named(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message.replace(".", r"\.")):
        make()


@pytest.mark.parametrize("kind", SCHEDULES.values(), ids=SCHEDULES.keys())
def test_a_described_schedule_reads_back_equal(kind: type[Schedule]) -> None:
    made = Experiment(Network(2, (Dense(1),)), optimizer=SGD(0.1), schedule=kind())
    assert ("schedule" in made.to_dict()) == (kind is not Constant)
    assert Experiment.from_dict(made.to_dict()) == made
    assert Experiment.from_dict(made.to_dict(complete=True)) == made


def test_a_description_is_read_strictly() -> None:
    document = Experiment(Network(2, (Dense(1),)), schedule=Step(5)).to_dict()
    for place, value, message in (
        ("schedule", {"name": "stair"}, "schedule.name: expected one of constant, step"),
        ("schedule", {"name": "step", "size": 3}, "schedule.size: unknown; expected step_size, gamma"),
        ("schedule", {"name": "step", "step_size": 2.5}, "schedule.step_size: expected a whole number, got 2.5"),
        ("clipping", {"name": "norm"}, "clipping.name: expected one of value, global_norm"),
        ("stopping", {"patience": 0}, "stopping.patience: expected a whole number of at least 1"),
        ("stopping", 3, "stopping: expected an object, got 3"),
        ("validate_every", -1, "validate_every: expected a whole number of at least 0"),
    ):
        with pytest.raises(ValueError, match=f"^{message}"):
            Experiment.from_dict(document | {place: value})

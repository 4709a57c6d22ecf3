"""When training stops by itself, where it goes back to, and that going on is possible."""

import math

import numpy as np
import pytest

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.training.experiment import Experiment
from bpstudio.training.optimizers import SGD, Adam
from bpstudio.training.schedules import Plateau
from bpstudio.training.session import Session
from bpstudio.training.stopping import UNTRIED, EarlyStopping, Patience, Stopped


def seen(values: list[float], patience: int, min_delta: float = 0.0) -> Patience:
    state = UNTRIED
    for number, value in enumerate(values):
        state = state.after(10 * number, value, patience, min_delta)
    return state


def test_patience_counts_what_is_no_better_and_begins_anew() -> None:
    assert seen([3.0, 2.0, 2.5], 2) == Patience(2.0, 10, 1, 0)
    assert seen([3.0, 2.0, 2.5, 2.0], 2) == Patience(2.0, 10, 0, 1), "as good is no better"
    assert seen([3.0, 2.0, 2.5, 2.0, 2.1, 2.2], 2) == Patience(2.0, 10, 0, 2)
    assert seen([3.0, 2.0, 2.5, 1.0, 2.1], 2) == Patience(1.0, 30, 1, 0)


def test_a_gain_that_is_too_small_is_no_better() -> None:
    assert seen([3.0, 2.95, 2.91], 5, 0.1) == Patience(3.0, 0, 2, 0)
    assert seen([3.0, 2.85], 5, 0.1) == Patience(2.85, 10, 0, 0)


def test_not_a_number_is_never_better() -> None:
    assert seen([3.0, math.nan], 5).best == 3.0
    assert seen([math.nan, 5.0], 5) == Patience(5.0, 10, 0, 0)


def noisy(rows: int = 40) -> Dataset:
    """Labels that cannot be learnt: soon the validation rows only get worse."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(rows, 2))
    y = rng.integers(0, 2, (rows, 1)).astype(float)
    return Dataset.from_arrays(x, y, task="binary", validation=range(0, rows, 3))


def fitting(**changes: object) -> Experiment:
    network = Network(2, (Dense(12, "tanh"), Dense(1, "sigmoid")))
    made = Experiment(network, loss="bce", optimizer=Adam(0.05), batch_size=0, stopping=EarlyStopping(4))
    return made.replace(validate_every=5, **changes)


def until_it_stops(session: Session, chunk: int = 10_000) -> Stopped:
    for _ in range(5000):
        session.run(chunk)
        if session.stopped is not None:
            return session.stopped
    raise AssertionError("it never stopped")


def test_it_stops_after_patience_validations_and_shows_the_best_step() -> None:
    session = Session(fitting(), noisy())
    stopped = until_it_stops(session)
    losses = session.frame().metrics.validation
    best = int(np.argmin(losses[:, 1]))
    assert stopped == Stopped(int(losses[-1, 0]), int(losses[best, 0]), 4)
    assert len(losses) - 1 - best == 4
    assert session.step_number == stopped.best
    assert session.last_step == stopped.step, "what came after it is not lost"
    assert session.frame().stopped == stopped
    session.seek(stopped.step)
    assert session.frame().stopped is None


def test_in_what_pieces_a_run_is_made_changes_nothing() -> None:
    whole, pieces = Session(fitting(), noisy()), Session(fitting(), noisy())
    assert until_it_stops(whole) == until_it_stops(pieces, 3)
    assert np.array_equal(whole.params.flat, pieces.params.flat)
    assert whole.last_step == pieces.last_step


def test_playing_on_is_possible_and_waits_as_long_again() -> None:
    session = Session(fitting(), noisy())
    first = until_it_stops(session)
    straight = Session(fitting(stopping=None), noisy())
    straight.run(first.step + 3)
    session.run(first.step + 3 - first.best)
    assert session.stopped is None
    assert session.step_number == first.step + 3
    assert np.array_equal(session.params.flat, straight.params.flat)
    second = until_it_stops(session)
    assert second.step >= first.step + 4 * 5
    assert second.best == first.best or second.best > first.step


def test_the_best_keyframe_outlives_the_budget() -> None:
    session = Session(fitting(stopping=EarlyStopping(300)), noisy(), budget=20_000)
    stopped = until_it_stops(session)
    segment = session._chain.segments[0]
    assert segment.interval > 64
    assert segment.nearest(stopped.best)[0] == stopped.best
    assert segment.nbytes <= 0.8 * 20_000 + 2 * segment.nearest(0)[1].nbytes


def test_an_edit_in_between_is_no_validation_and_the_best_step_may_lie_before_it() -> None:
    session = Session(fitting(), noisy())
    stopped = until_it_stops(session)
    again = Session(fitting(), noisy())
    again.run(stopped.best + 7)
    again.apply(experiment=fitting(optimizer=Adam(0.04)))
    second = until_it_stops(again)
    assert second.best <= stopped.best
    assert again.step_number == second.best
    assert again.frame().segment == 0
    again.run(second.step + 2 - second.best)
    assert (again.step_number, again.frame().segment) == (second.step + 2, 1)


def test_an_edit_of_the_loss_begins_the_waiting_anew() -> None:
    session = Session(fitting(stopping=EarlyStopping(100)), noisy())
    session.run(60)
    assert session.frame().watched.stopping.best_step >= 0
    session.apply(experiment=fitting(loss="half_squared_error", stopping=EarlyStopping(100)))
    session.run(1)
    assert session.frame().watched.stopping.best_step == 60


def test_without_validation_rows_the_training_rows_are_watched() -> None:
    rng = np.random.default_rng(3)
    data = Dataset.from_arrays(rng.normal(size=(20, 2)), rng.integers(0, 2, (20, 1)).astype(float), task="binary")
    session = Session(fitting(optimizer=SGD(1e-6), stopping=EarlyStopping(2, min_delta=0.01)), data)
    stopped = until_it_stops(session)
    assert stopped == Stopped(10, 0, 2, validated=False)
    assert len(session.frame().metrics.validation) == 0


def test_the_rate_falls_when_validations_get_no_better_and_the_same_in_every_replay() -> None:
    made = fitting(stopping=None, schedule=Plateau(0.5, patience=2))
    session = Session(made, noisy())
    session.run(300)
    steps, rates = session.frame().metrics.table(("rate",))
    validation = session.frame().metrics.validation
    best, waited, rate, wanted = math.inf, 0, 0.05, {}
    for step, loss, _ in validation.tolist():
        if loss < best:
            best, waited = loss, 0
        else:
            waited += 1
        if waited == 2:
            rate, waited = rate / 2, 0
        wanted[int(step)] = rate
    assert rate < 0.05
    for step, value in zip(steps.tolist(), rates[:, 0].tolist(), strict=True):
        # What a validation finds counts from the next step on: the update of its own step is pending already.
        assert value == wanted.get((step - 1) // 5 * 5, 0.05)
    session.seek(100)
    assert session.frame().rate == rates[100, 0]


@pytest.mark.parametrize(("every", "wanted"), [(0, [0, 8, 16, 24]), (10, [0, 10, 20]), (3, [0, 3, 4, 6, 8, 9, 12])])
def test_when_the_network_is_judged(every: int, wanted: list[int]) -> None:
    # Four batches an epoch: ends of epochs at least eight steps apart, or every n-th step.
    session = Session(fitting(stopping=None, batch_size=7).replace(validate_every=every), noisy())
    session.run(27)
    assert session.frame().metrics.validation[:, 0].tolist()[: len(wanted)] == wanted


def test_ends_of_long_epochs_are_judged_too() -> None:
    session = Session(fitting(stopping=None, batch_size=2).replace(validate_every=10), noisy())
    session.run(30)
    assert session.frame().steps_per_epoch == 13
    assert session.frame().metrics.validation[:, 0].tolist() == [0, 10, 13, 20, 26, 30]


def test_looking_is_no_reason_to_stop() -> None:
    session = Session(fitting(), noisy())
    stopped = until_it_stops(session)
    session.seek(0)
    session.run(stopped.step)
    assert (session.step_number, session.stopped) == (stopped.step, None)

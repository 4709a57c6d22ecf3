"""Going back is being there, for every rule and every schedule: the same bits across keyframes, edits and seeks."""

import dataclasses
import hashlib

import numpy as np
import pytest

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.training.clipping import ClipByNorm
from bpstudio.training.experiment import Experiment
from bpstudio.training.optimizers import OPTIMIZERS, SGD, AdaGrad, Adam, AdaMax, Momentum, Optimizer, RMSProp, Rprop
from bpstudio.training.schedules import (
    SCHEDULES,
    Constant,
    Cosine,
    Exponential,
    InverseTime,
    LinearWarmup,
    Plateau,
    Schedule,
    Step,
)
from bpstudio.training.session import Session

NETWORK = Network(2, (Dense(4, "tanh"), Dense(3, "sigmoid", train_bias=False), Dense(1, "sigmoid")))


def moons(rows: int = 47, seed: int = 0) -> Dataset:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 2))
    return Dataset.from_arrays(x, (x[:, :1] * x[:, 1:] > 0).astype(float), task="binary", validation=range(0, rows, 7))


def made(rule: Optimizer | None = None, **changes: object) -> Experiment:
    return Experiment(NETWORK, loss="bce", optimizer=rule or SGD(0.3), batch_size=6).replace(**changes)


def digest(session: Session) -> str:
    frame = session.frame()
    parts = [frame.params.flat, frame.trace.x, frame.trace.arena, frame.batch]
    parts += [np.array([frame.step, frame.epoch, frame.rate, frame.t, frame.watched.schedule.ran_out])]
    parts += [state.flat for state in (*frame.state.values(), *frame.state_next.values())]
    return hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in parts)).hexdigest()


RULES = [kind(0.03) for kind in OPTIMIZERS.values()]
RULES += [Momentum(0.1, velocity="inside"), Adam(0.03, amsgrad=True), RMSProp(0.01, centred=True, momentum=0.5)]
RULES += [dataclasses.replace(Adam(0.03), weight_decay=0.1, decay_biases=False, bias_rate=2.0)]
PLANS: list[Schedule] = [kind() for kind in SCHEDULES.values()]
PLANS += [Plateau(0.5, patience=1), Step(7, 0.5), LinearWarmup(0.0, 50), Cosine(40, 0.001)]


def check(session: Session, edits: list[dict[str, object]]) -> None:
    seen = {}
    for edit in ({}, *edits):
        if edit:
            assert session.apply(**edit)  # type: ignore[arg-type]
            seen[session.step_number] = digest(session)
        for _ in range(70):
            session.step()
            seen[session.step_number] = digest(session)
    rates = session.frame().metrics.table(("loss", "rate"))[1]
    for step in np.random.default_rng(2).permutation(list(seen))[:40].tolist():
        session.seek(step)
        assert digest(session) == seen[step], f"step {step}"
    session.seek(0)
    session.run(max(seen))
    assert digest(session) == seen[max(seen)]
    np.testing.assert_array_equal(session.frame().metrics.table(("loss", "rate"))[1], rates)


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_every_rule_replays_across_an_edit(rule: Optimizer) -> None:
    session = Session(made(rule, clipping=ClipByNorm(0.5)), moons())
    smaller = dataclasses.replace(rule, rate=rule.rate / 2)
    check(session, [{"experiment": session.experiment.replace(optimizer=smaller)}])


@pytest.mark.parametrize("plan", PLANS, ids=repr)
def test_every_schedule_replays_across_an_edit(plan: Schedule) -> None:
    session = Session(made(Adam(0.05), schedule=plan, validate_every=5), moons())
    check(session, [{"experiment": session.experiment.replace(batch_size=5)}])


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_a_weight_typed_at_rest_moves_no_state(rule: Optimizer) -> None:
    session = Session(made(rule), moons())
    session.run(7)
    before = session.frame()
    assert not session.apply(params=session.params)
    params = session.params
    params.b[0][0] += 1.0
    assert session.apply(params=params)
    after = session.frame()
    assert after.t == before.t == 8
    for name in rule.states:
        assert np.array_equal(after.state[name].flat, before.state[name].flat)


@pytest.mark.parametrize("rule", [r for r in RULES if r.states], ids=repr)
def test_state_goes_on_where_rule_and_shape_stay(rule: Optimizer) -> None:
    session = Session(made(rule), moons())
    session.run(9)
    before = session.frame()
    session.apply(experiment=made(dataclasses.replace(rule, rate=0.5), batch_size=9, loss="half_squared_error"))
    after = session.frame()
    assert (after.t, after.begun) == (10, 0)
    for name in rule.states:
        assert np.array_equal(after.state[name].flat, before.state[name].flat)


def test_a_changed_beta_keeps_the_means() -> None:
    session = Session(made(Adam(0.03)), moons())
    session.run(9)
    before = session.frame().state["m"].flat.copy()
    session.apply(experiment=made(Adam(0.03, beta1=0.5)))
    assert np.array_equal(session.frame().state["m"].flat, before)
    assert session.frame().t == 10


def test_another_rule_begins_anew_and_counts_from_there() -> None:
    session = Session(made(Momentum(0.1)), moons())
    session.run(9)
    session.apply(experiment=made(Adam(0.03)))
    frame = session.frame()
    assert (frame.begun, frame.t) == (9, 1)
    fresh = Session(made(Adam(0.03)), moons())
    assert not frame.state["m"].flat.any()
    # At t = 1 the update is −η g/(|g| + ε): the count of the run would make it about a hundredth.
    trained = np.abs(frame.trace.update.W[0])
    assert np.allclose(trained, np.abs(fresh.frame().trace.update.W[0]), rtol=1e-3)
    session.apply(experiment=made(Momentum(0.1, velocity="inside")))
    session.run(3)
    session.apply(experiment=made(Momentum(0.1)))
    assert not session.frame().state["velocity"].flat.any(), "η v is no v"


def test_a_rule_that_counts_begins_anew_where_a_layer_does() -> None:
    session = Session(made(Adam(0.03)), moons())
    session.run(9)
    wider = dataclasses.replace(NETWORK, layers=(Dense(5, "tanh"), *NETWORK.layers[1:]))
    session.apply(experiment=made(Adam(0.03), network=wider))
    frame = session.frame()
    assert (frame.step, frame.t) == (9, 1)
    assert not frame.state["m"].flat.any()


def test_a_rule_that_does_not_count_keeps_the_state_of_kept_layers() -> None:
    session = Session(made(AdaGrad(0.1, initial_accumulator=0.25)), moons())
    session.run(9)
    old = session.frame().state["s"]
    wider = dataclasses.replace(NETWORK, layers=(Dense(5, "tanh"), *NETWORK.layers[1:]))
    session.apply(experiment=made(AdaGrad(0.1, initial_accumulator=0.25), network=wider))
    new = session.frame().state["s"]
    assert np.array_equal(new.W[2], old.W[2])
    assert (new.W[0] == 0.25).all()
    assert not new.b[1].any(), "what is frozen has no state"


@pytest.mark.parametrize(
    "rule", [AdaMax(0.03), Momentum(0.1), Adam(0.03), RMSProp(0.01, centred=True), Rprop(0.01)], ids=repr
)
def test_a_bias_that_becomes_a_threshold_trains_on_as_it_would_have(rule: Optimizer) -> None:
    plain, turned = Session(made(rule), moons()), Session(made(rule), moons())
    plain.run(12)
    turned.run(12)
    thresholds = tuple(dataclasses.replace(layer, bias="threshold") for layer in NETWORK.layers)
    turned.apply(experiment=made(rule, network=dataclasses.replace(NETWORK, layers=thresholds)))
    plain.run(20)
    turned.run(20)
    np.testing.assert_allclose(turned.params.W[0], plain.params.W[0], rtol=1e-9)
    np.testing.assert_allclose(turned.params.b[0], -plain.params.b[0], rtol=1e-9)


def test_rates_are_those_of_the_whole_run_and_are_recorded() -> None:
    session = Session(made(SGD(0.5), schedule=InverseTime(0.1)), moons())
    session.run(20)
    session.apply(experiment=made(SGD(0.5), schedule=InverseTime(0.1), batch_size=3))
    session.run(20)
    steps, rates = session.frame().metrics.table(("rate",))
    np.testing.assert_array_equal(rates[:, 0], [0.5 / (1 + 0.1 * k) for k in steps.tolist()])
    assert session.frame().rate == 0.5 / (1 + 0.1 * 40)
    assert "rate" not in Session(made(), moons()).frame().metrics.columns


def test_a_saved_state_goes_on_as_if_it_had_not_been_saved() -> None:
    experiment = made(Adam(0.05), schedule=Plateau(0.5, patience=1), validate_every=5)
    session = Session(experiment.replace(optimizer=Momentum(0.1)), moons())
    session.run(13)
    session.apply(experiment=experiment)
    session.run(90)
    frame = session.frame()
    assert frame.watched.schedule.ran_out > 0
    resumed = Session(
        experiment,
        moons(),
        resume=(frame.step, frame.params, frame.state),
        place=(frame.epoch, frame.position),
        begun=frame.begun,
        watched=frame.watched.schedule,
    )
    assert digest(resumed) == digest(session)
    session.run(60)
    resumed.run(60)
    assert np.array_equal(resumed.params.flat, session.params.flat)


def test_an_overflow_is_found_where_it_happened_and_seeks_stay_true() -> None:
    session = Session(made(SGD(1e308), schedule=Exponential(1.5), loss="half_squared_error"), moons())
    session.run(50)
    assert session.nonfinite is not None
    at = session.step_number
    session.seek(0)
    session.run(50)
    assert session.step_number == at


def test_constant_descent_asks_the_clock_nothing() -> None:
    for rule in (SGD(0.1), Momentum(0.1), dataclasses.replace(SGD(0.1), weight_decay=0.1, bias_rate=2.0)):
        session = Session(made(rule), moons())
        assert not session._cursor.clock.ticks
    for experiment in (made(Adam(0.1)), made(SGD(0.1), schedule=Exponential())):
        assert Session(experiment, moons())._cursor.clock.ticks
    assert Session(made(SGD(0.1), schedule=Constant()), moons()).frame().rate == 0.1

"""A race is as many single runs, digit for digit."""

import numpy as np
import pytest

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense, Dropout
from bpstudio.engine.network import Network
from bpstudio.engine.regions import Unstackable
from bpstudio.engine.rehearsal import same_bits
from bpstudio.engine.trace import draw_params
from bpstudio.maths.penalties import L1, L2, KLSparsity, RunningSparsity
from bpstudio.training import optimizers as rules
from bpstudio.training.clipping import ClipByNorm, ClipByValue
from bpstudio.training.experiment import Experiment
from bpstudio.training.optimizers import SGD, Momentum
from bpstudio.training.race import MOST, Race
from bpstudio.training.schedules import Exponential, Plateau
from bpstudio.training.session import Session
from bpstudio.training.together import Together


def data(inputs, outputs, rows=53, kind="numbers", validation=0):
    random = np.random.default_rng(3)
    x = random.normal(size=(rows, inputs))
    if kind == "classes":
        y, task = np.eye(outputs)[random.integers(outputs, size=rows)], "classes"
    elif kind == "signs":
        y, task = random.choice([-1.0, 1.0], (rows, outputs)), "regression"
    else:
        y, task = random.random((rows, outputs)), "regression"
    return Dataset.from_arrays(x, y, task=task, validation=np.arange(validation))


def network(sizes, activations):
    pairs = zip(sizes[1:], activations, strict=True)
    return Network(sizes[0], tuple(Dense(units, activation) for units, activation in pairs))


def experiments(net, members=3, rate=0.05, seeds=False, rule=SGD, **others):
    others.setdefault("batch_size", 10)
    return [Experiment(net, optimizer=rule(rate * (n + 1)), seed=n if seeds else 7, **others) for n in range(members)]


def assert_equal(race, singles):
    """Parameters, every array of the pass, the curves and the validations, bit for bit."""
    for number, single in enumerate(singles):
        assert race.step_of(number) == single.step_number
        assert same_bits(race.params(number).flat, single.params.flat), number
        assert same_bits(race.trace(number).x, single.trace.x), number
        assert same_bits(race.trace(number).arena, single.trace.arena), number
        columns = ("loss", "accuracy")
        ours, theirs = race.metrics(number), single.metrics
        assert ours.stop == theirs.stop
        assert same_bits(ours.table(columns)[1], theirs.table(columns)[1]), number
        assert same_bits(ours.validation, theirs.validation), number


def run_both(members, dataset, steps=(1, 25), stacked=True):
    race = Race(members, dataset)
    assert race.groups == ((tuple(range(len(members))),) if stacked else ()), race.alone_because
    singles = [Session(member, dataset) for member in members]
    for count in steps:
        race.run(count)
        for single in singles:
            single.run(count)
        assert_equal(race, singles)
    return race


@pytest.mark.parametrize("seeds", [False, True])
@pytest.mark.parametrize(
    ("sizes", "batch", "rows"),
    [
        ((2, 4, 2, 1), 10, 53),  # a last batch of 3
        ((2, 4, 2, 1), 10, 41),  # of 1
        ((2, 2, 2), 1, 3),
        ((3, 5, 2), 0, 17),
        ((1, 1, 1), 4, 9),
        ((5, 3), 7, 20),
        ((40, 9, 13), 32, 70),
        ((13, 8, 8, 8, 3), 6, 36),
    ],
)
def test_odd_shapes_remainders_and_orders(sizes, batch, rows, seeds):
    net = network(sizes, ("tanh",) * (len(sizes) - 1))
    run_both(experiments(net, seeds=seeds, batch_size=batch), data(sizes[0], sizes[-1], rows))


@pytest.mark.parametrize(
    "activation",
    [
        *("sigmoid", "relu", "leaky_relu(slope=0.2)", "elu", "gelu", "silu", "softplus", "scaled_tanh", "hard_sigmoid"),
        "per_unit(relu, tanh, sigmoid, leaky_relu, identity)",
    ],
)
def test_activations(activation):
    net = network((3, 5, 5, 2), (activation, activation, "identity"))
    run_both(experiments(net, seeds=True), data(3, 2, validation=9), steps=(9, 23))


@pytest.mark.parametrize(
    ("loss", "output", "kind"),
    [
        ("categorical_ce", "softmax", "classes"),
        ("half_squared_error", "softmax", "classes"),
        ("bce", "sigmoid", "numbers"),
        ("huber(delta=0.4)", "identity", "numbers"),
        ("hinge", "tanh", "signs"),
        ("multiclass_hinge", "identity", "classes"),
    ],
)
def test_losses(loss, output, kind):
    net = network((5, 9, 4), ("tanh", output))
    run_both(experiments(net, rate=0.01, loss=loss), data(5, 4, kind=kind, validation=11), steps=(4, 30))


RULES = ["Momentum", "Nesterov", "AdaGrad", "RMSProp", "Adadelta", "Adam", "AdamW", "AdaMax", "NAdam"]


@pytest.mark.parametrize("rule", RULES)
def test_optimizers_and_their_state(rule):
    net = network((3, 6, 2), ("tanh", "sigmoid"))
    run_both(experiments(net, rate=0.01, rule=getattr(rules, rule)), data(3, 2), steps=(1, 40))


@pytest.mark.parametrize(
    "changes",
    [
        {"schedule": Exponential(0.99)},
        {"penalties": (L2(0.01), L1(0.001, apply_to="all"))},
        {"clipping": ClipByNorm(0.1)},
        {"clipping": ClipByValue(0.02)},
        {"update_order": "sequential"},
        {"dtype": "float32"},
        {"reduction": "sum"},
        {"shuffle": False},
        {"validate_every": 3},
    ],
)
def test_conventions(changes):
    net = network((3, 6, 2), ("tanh", "sigmoid"))
    run_both(experiments(net, rate=0.01, seeds=True, **changes), data(3, 2, validation=9), steps=(1, 40))


def test_numbers_of_the_rule_may_differ_from_member_to_member():
    net = network((3, 6, 2), ("tanh", "sigmoid"))
    members = [
        Experiment(net, optimizer=Momentum(0.1, momentum=share, weight_decay=0.01), batch_size=10)
        for share in (0.0, 0.5, 0.9)
    ]
    run_both(members, data(3, 2))


def test_thresholds_frozen_layers_and_no_bias():
    layers = (Dense(5, "tanh", bias="threshold"), Dense(4, "tanh", bias="none"), Dense(2, train_weights=False))
    run_both(experiments(Network(3, layers), seeds=True), data(3, 2))


def test_what_cannot_be_stacked_runs_by_itself():
    net = Network(3, (Dense(6, "tanh"), Dropout(0.5), Dense(2)))
    race = run_both(experiments(net, members=2, seeds=True), data(3, 2), steps=(1, 15), stacked=False)
    assert set(race.alone_because) == {0, 1}
    net = network((3, 4, 2), ("tanh", "sigmoid"))
    run_both(experiments(net, members=2, schedule=Plateau()), data(3, 2), steps=(20,), stacked=False)


def test_sparsity_counts_in_the_updates():
    net = network((3, 6, 2), ("sigmoid", "sigmoid"))
    for penalty in (KLSparsity(0.1, 0.05, (0,)), RunningSparsity(0.1, 0.05, (0,))):
        members = experiments(net, members=2, penalties=(penalty,))
        race, singles = Race(members, data(3, 2)), [Session(member, data(3, 2)) for member in members]
        for runner in (race, *singles):
            runner.run(30)
        assert_equal(race, singles)


def test_large_networks_are_trained_in_smaller_groups_or_alone(monkeypatch):
    net, dataset = network((3, 6, 2), ("tanh", "sigmoid")), data(3, 2)
    race = Race(experiments(net, members=5), dataset)
    numbers = race._groups[0][1].numbers_in_a_step // 5
    monkeypatch.setattr("bpstudio.training.race.STACKED_NUMBERS", 2 * numbers)
    race = Race(experiments(net, members=5), dataset)
    assert race.groups == ((0, 1), (2, 3))
    assert "faster" in race.alone_because[4]
    race.run(20)
    singles = [Session(member, dataset) for member in race.experiments]
    for single in singles:
        single.run(20)
    assert_equal(race, singles)


def test_different_optimizers_are_grouped_by_rule():
    net = network((3, 4, 2), ("tanh", "sigmoid"))
    chosen = [SGD(0.1), Momentum(0.1), SGD(0.2), Momentum(0.05), rules.Adam(0.01)]
    members = [Experiment(net, optimizer=rule, batch_size=10) for rule in chosen]
    race = Race(members, data(3, 2))
    assert race.groups == ((0, 2), (1, 3))
    assert set(race.alone_because) == {4}
    race.run(50)
    singles = [Session(member, data(3, 2)) for member in members]
    for single in singles:
        single.run(50)
    assert_equal(race, singles)


def test_a_member_that_diverges_rests_and_the_others_go_on():
    net = network((3, 6, 2), ("relu", "identity"))
    members = [Experiment(net, optimizer=SGD(rate), batch_size=10) for rate in (0.01, 50.0, 0.02, 1e200)]
    dataset = data(3, 2, validation=9)
    race = Race(members, dataset)
    race.run(150)
    assert [race.rests(number) for number in range(4)] == [False, True, False, True]
    assert race.step_number == 150
    singles = [Session(member, dataset) for member in members]
    for single in singles:
        single.run(150)
    assert_equal(race, singles)
    for number in (1, 3):
        assert race.standing(number).nonfinite == singles[number].nonfinite
        assert singles[number].step_number < 150
    race.run(37)
    for number in (0, 2):
        singles[number].run(37)
    assert_equal(race, singles)


def test_the_last_of_two_goes_on_where_the_other_diverges():
    net = network((3, 6, 2), ("relu", "identity"))
    members = [Experiment(net, optimizer=SGD(rate), batch_size=10) for rate in (0.01, 1e200)]
    race, single = Race(members, data(3, 2)), Session(members[0], data(3, 2))
    race.run(40)
    single.run(40)
    assert race.groups == ((0,),)
    assert_equal(race, [single])


def test_squares_that_overflow_alone_do_not_stop_a_member():
    net = network((1, 1), ("identity",))
    dataset = Dataset.from_arrays([[1e155], [-1e155]], [[1.0], [0.0]])
    members = [
        Experiment(net, loss="mean_absolute_error", optimizer=SGD(rate), batch_size=1, seed=3)
        for rate in (1e-170, 2e-170)
    ]
    race, singles = Race(members, dataset), [Session(member, dataset) for member in members]
    for runner in (race, *singles):
        runner.run(6)
    assert not any(race.rests(number) for number in (0, 1))
    assert_equal(race, singles)


def test_a_frame_of_a_member_is_the_frame_of_its_run():
    net = network((3, 6, 2), ("tanh", "sigmoid"))
    members = experiments(net, rule=rules.Adam, rate=0.01, seeds=True)
    dataset = data(3, 2)
    race = Race(members, dataset)
    race.run(33)
    single = Session(members[2], dataset)
    single.run(33)
    ours, theirs = race.frame(2), single.frame()
    assert (ours.step, ours.epoch, ours.position, ours.loss) == (33, theirs.epoch, theirs.position, theirs.loss)
    assert same_bits(ours.trace.arena, theirs.trace.arena)
    assert same_bits(ours.state_next["v"].flat, theirs.state_next["v"].flat)
    assert ours.metrics.value("loss", 20) == theirs.metrics.value("loss", 20)


def test_given_starts():
    net = network((2, 3, 1), ("tanh", "sigmoid"))
    members, dataset = experiments(net, members=3), data(2, 1)
    starts = [draw_params(net, seed) for seed in (5, 6, 7)]
    race = Race(members, dataset, starts)
    race.run(20)
    for number, (member, start) in enumerate(zip(members, starts, strict=True)):
        single = Session(member, dataset, start)
        single.run(20)
        assert same_bits(race.params(number).flat, single.params.flat)


def test_every_operation_of_a_small_network_is_one_for_all():
    net = network((2, 4, 2, 1), ("tanh",) * 3)
    members = experiments(net, members=MOST)
    group = Together(members, data(2, 1), [draw_params(net, number) for number in range(MOST)])
    single = Session(members[0], data(2, 1))
    group.run(5)
    assert group.one_by_one == ()
    assert len(group.pass_now.commit_and_compute) <= len(single.cursor.now.commit_and_compute)


class EnoughError(Exception):
    pass


def test_a_rest_that_raises_leaves_a_race_that_goes_on():
    net = network((3, 6, 2), ("tanh", "sigmoid"))
    members, dataset = experiments(net), data(3, 2)
    race = Race(members, dataset)

    def rest():
        raise EnoughError

    with pytest.raises(EnoughError):
        race.run(300, rest)
    reached = race.step_number
    assert 0 < reached < 300
    race.run(300 - reached)
    singles = [Session(member, dataset) for member in members]
    for single in singles:
        single.run(300)
    assert_equal(race, singles)


def test_refusals(monkeypatch):
    net = network((3, 6, 2), ("tanh", "sigmoid"))
    with pytest.raises(ValueError, match="expected 2 to 16 members, got 1"):
        Race(experiments(net, members=1), data(3, 2))
    with pytest.raises(ValueError, match=f"got {MOST + 1}"):
        Race(experiments(net, members=MOST + 1), data(3, 2))
    with pytest.raises(ValueError, match="input columns"):
        Race(experiments(net), data(4, 2))
    monkeypatch.setattr("bpstudio.training.race.memory_limit", lambda: 2**20)
    with pytest.raises(ValueError, match=r"race: 16 networks need about .* GiB"):
        Race(experiments(network((40, 400, 2), ("tanh", "sigmoid")), members=16), data(40, 2, rows=11))
    monkeypatch.undo()
    with pytest.raises(Unstackable, match="same loss"):
        Together([Experiment(net), Experiment(net, loss="squared_error")], data(3, 2), [draw_params(net, 0)] * 2)
    with pytest.raises(Unstackable, match="differ"):
        Together(
            [Experiment(net, optimizer=SGD(0.1)), Experiment(net, optimizer=Momentum(0.1))],
            data(3, 2),
            [draw_params(net, 0)] * 2,
        )

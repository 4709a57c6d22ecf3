"""Penalties in a run: against loops over single numbers, against differences of the objective, and replayed."""

import math

import numpy as np
import pytest

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Conv2D, Dense, Flatten, MaxPool2D
from bpstudio.engine.network import Network
from bpstudio.engine.trace import Params, draw_params
from bpstudio.maths.losses import LOSSES
from bpstudio.maths.penalties import L1, L2, KLSparsity, Penalty, RunningSparsity
from bpstudio.training.evaluation import evaluate, objective, probe
from bpstudio.training.experiment import Experiment
from bpstudio.training.optimizers import SGD, Momentum
from bpstudio.training.session import Session

RNG = np.random.default_rng(5)
NETWORK = Network(3, (Dense(4, "sigmoid"), Dense(3, "sigmoid", train_weights=False), Dense(2, "sigmoid")))
DATA = Dataset.from_arrays(RNG.normal(size=(11, 3)), RNG.uniform(0.1, 0.9, (11, 2)))
SPARSE = KLSparsity(0.3, 0.1, (0, 1))
RUNNING = RunningSparsity(0.3, 0.1, (0, 1))
PENALTIES: list[tuple[Penalty, ...]] = [
    (L1(0.02),),
    (L1(0.02, "training_rows", "all"),),
    (L1(0.02, "batch_rows"),),
    (L2(0.03),),
    (L2(0.03, "plain", "all"),),
    (L2(0.03, "half_training_rows"),),
    (L2(0.03, "half_batch_rows", "all"),),
    (SPARSE,),
    (KLSparsity(0.2, 0.3, (2,)),),
    (L2(0.03), L1(0.01), SPARSE, KLSparsity(0.1, 0.5, (1, 2))),
]


def experiment(*penalties: Penalty, **changes: object) -> Experiment:
    return Experiment(NETWORK, optimizer=SGD(0.3), batch_size=4, penalties=penalties).replace(**changes)


def by_hand(rule: Penalty, params: Params, outputs: tuple[np.ndarray, ...], rows: int, training_rows: int) -> float:
    """The value of a penalty, number by number."""
    if isinstance(rule, KLSparsity):
        total = 0.0
        for layer in rule.layers:
            for unit in outputs[layer].T.tolist():
                mean = sum(unit) / rows
                total += rule.rho * math.log(rule.rho / mean) + (1 - rule.rho) * math.log((1 - rule.rho) / (1 - mean))
        return rule.weight * total
    assert not isinstance(rule, RunningSparsity)
    numbers = [float(w) for W in params.W for w in W.ravel()]
    numbers += [float(b) for part in params.b for b in part] if rule.apply_to == "all" else []
    size = sum(abs(w) if isinstance(rule, L1) else w * w for w in numbers)
    by = {"plain": 1, "half": 2, "training_rows": training_rows, "batch_rows": rows}
    by |= {"half_training_rows": 2 * training_rows, "half_batch_rows": 2 * rows}
    return rule.strength * size / by[rule.form]


@pytest.mark.parametrize("penalties", PENALTIES)
def test_values_are_those_of_a_loop(penalties: tuple[Penalty, ...]) -> None:
    frame = Session(experiment(*penalties), DATA).frame()
    outputs = tuple(layer.a for layer in frame.trace.layers)
    wanted = [by_hand(rule, frame.params, outputs, 4, len(DATA.train)) for rule in penalties]
    assert frame.trace.penalties.tolist() == pytest.approx(wanted, rel=1e-13)
    assert frame.penalty == pytest.approx(sum(wanted), rel=1e-13)
    assert frame.objective == frame.loss + frame.penalty
    plain = Session(experiment(), DATA).frame()
    assert plain.loss == frame.loss
    assert plain.penalty == 0


@pytest.mark.parametrize("penalties", PENALTIES)
@pytest.mark.parametrize("loss", ["half_squared_error", "bce"])
def test_the_gradient_is_that_of_the_whole_objective(penalties: tuple[Penalty, ...], loss: str) -> None:
    described = experiment(*penalties, loss=loss)
    frame = Session(described, DATA).frame()
    x, y = frame.trace.x, frame.trace.y
    h = 1e-4
    for place in range(frame.params.flat.size):
        costs = []
        for distance in (-2, -1, 1, 2):
            moved = frame.params.copy()
            moved.flat[place] += distance * h
            costs.append(objective(described, moved, x, y, len(DATA.train)))
        slope = (costs[0] - costs[3] + 8 * (costs[2] - costs[1])) / (12 * h)
        assert frame.trace.gradient.flat[place] == pytest.approx(slope, rel=1e-7, abs=1e-10)


def test_a_softmax_may_be_sparse() -> None:
    network = Network(3, (Dense(3, "sigmoid"), Dense(3, "softmax")))
    data = Dataset.from_arrays(RNG.normal(size=(6, 3)), np.eye(3)[[0, 1, 2, 0, 1, 2]])
    described = Experiment(network, loss="categorical_ce", batch_size=0, penalties=(KLSparsity(0.4, 0.2, (1,)),))
    frame = Session(described, data).frame()
    h = 1e-5
    for place in range(0, frame.params.flat.size, 3):
        up, down = frame.params.copy(), frame.params.copy()
        up.flat[place] += h
        down.flat[place] -= h
        x, y = frame.trace.x, frame.trace.y
        slope = (objective(described, up, x, y) - objective(described, down, x, y)) / (2 * h)
        assert frame.trace.gradient.flat[place] == pytest.approx(slope, rel=1e-6, abs=1e-9)


def test_maps_and_what_passes_them_on_may_be_sparse() -> None:
    layers = (Conv2D(2, (3, 3), activation="sigmoid"), MaxPool2D((2, 2), (2, 2)), Flatten(), Dense(2, "sigmoid"))
    network = Network(36, layers, (6, 6))
    data = Dataset.from_arrays(RNG.uniform(size=(5, 36)), RNG.uniform(0.1, 0.9, (5, 2)))
    rules = (KLSparsity(0.3, 0.1, (0, 2)), L2(0.1, apply_to="all"), L1(0.02))
    described = Experiment(network, batch_size=0, penalties=rules)
    frame = Session(described, data).frame()
    first = frame.trace.layers[0]
    assert first.term is not None
    assert first.term.shape == first.a.shape[1:]
    assert frame.objective == pytest.approx(objective(described, frame.params, data.x, data.y), rel=1e-13)
    h = 1e-5
    for place in range(0, frame.params.flat.size, 2):
        up, down = frame.params.copy(), frame.params.copy()
        up.flat[place] += h
        down.flat[place] -= h
        slope = (objective(described, up, data.x, data.y) - objective(described, down, data.x, data.y)) / (2 * h)
        assert frame.trace.gradient.flat[place] == pytest.approx(slope, rel=1e-6, abs=1e-9)


def test_a_frozen_parameter_has_the_gradient_of_its_penalty_and_no_update() -> None:
    penalized, plain = (Session(experiment(*rules), DATA).frame() for rules in ((L2(0.5),), ()))
    added = penalized.trace.layers[1].dW - plain.trace.layers[1].dW
    assert np.allclose(added, 0.5 * penalized.params.W[1], rtol=1e-12)
    assert not penalized.trace.layers[1].update_W.any()
    assert np.array_equal(penalized.trace.layers[1].db, plain.trace.layers[1].db)


def test_the_slope_of_a_weight_of_zero_is_zero() -> None:
    start = draw_params(NETWORK, 0)
    start.W[0][0, 0] = 0.0
    penalized, plain = (Session(experiment(*rules), DATA, start=start).frame() for rules in ((L1(0.5),), ()))
    assert penalized.trace.layers[0].dW[0, 0] == plain.trace.layers[0].dW[0, 0]
    added = penalized.trace.layers[0].dW - plain.trace.layers[0].dW
    assert added == pytest.approx(0.5 * np.sign(start.W[0]), abs=1e-12)


def test_the_term_of_a_sparsity_stands_in_the_error() -> None:
    frame = Session(experiment(SPARSE), DATA).frame()
    first, second = frame.trace.layers[:2]
    assert first.term is not None
    assert second.term is not None
    assert second.dx is not None
    passed = second.delta @ frame.params.W[1]
    assert np.allclose(second.dx, passed + first.term, rtol=1e-13)
    assert np.allclose(first.delta, second.dx * first.slope, rtol=1e-13)
    assert frame.trace.layers[2].term is None
    mean = first.a.mean(axis=0)
    assert np.allclose(first.mean, mean)
    assert np.allclose(first.term, 0.3 * (-0.1 / mean + 0.9 / (1 - mean)) / 4)


def test_a_running_mean_follows_its_rule_and_adds_nothing_to_the_objective() -> None:
    session = Session(experiment(RUNNING), DATA)
    p = np.zeros(4)
    for step in range(12):
        frame = session.frame()
        assert np.allclose(frame.averages[0], p, rtol=1e-13, atol=0)
        first = frame.trace.layers[0]
        p = 0.99 * p + 0.01 * first.a.mean(axis=0)
        assert np.allclose(frame.averages_next[0], p, rtol=1e-13)
        rows = len(first.a)
        assert np.allclose(first.term, 0.3 * (-0.1 / p + 0.9 / (1 - p)) / rows, rtol=1e-12)
        assert frame.penalty == 0
        assert frame.objective == frame.loss
        assert frame.step == step
        session.step()


def bits(session: Session) -> tuple[bytes, ...]:
    frame = session.frame()
    averages = [part.tobytes() for part in (*frame.averages.values(), *frame.averages_next.values())]
    return (frame.params.flat.tobytes(), frame.trace.arena.tobytes(), *averages)


@pytest.mark.parametrize("order", ["simultaneous", "sequential"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_seek_gives_back_every_bit_of_a_running_mean(order: str, dtype: str) -> None:
    described = experiment(RUNNING, L2(0.01), optimizer=Momentum(0.1, 0.5), update_order=order, dtype=dtype)
    session = Session(described, DATA)
    seen = {}
    for stop in (0, 1, 63, 64, 65, 200):
        session.run(stop - session.step_number)
        seen[stop] = bits(session)
    assert session.frame().averages[0].dtype == np.dtype(dtype)
    for step in (65, 1, 200, 64, 0, 63):
        session.seek(step)
        assert bits(session) == seen[step]


def test_an_edit_carries_the_running_mean_where_the_layer_stays() -> None:
    session = Session(experiment(RUNNING), DATA)
    session.run(20)
    before = session.frame().averages
    session.apply(session.experiment.replace(optimizer=SGD(0.1)))
    assert np.array_equal(session.frame().averages[0], before[0])
    session.apply(session.experiment.replace(penalties=(RunningSparsity(0.1, 0.1, (1,)),)))
    after = session.frame().averages
    assert list(after) == [1]
    assert np.array_equal(after[1], before[1])
    session.undo()
    assert np.array_equal(session.frame().averages[0], before[0])
    session.reset()
    assert not session.frame().averages[0].any()


def test_a_running_mean_moves_up_with_its_layer() -> None:
    session = Session(experiment(RunningSparsity(0.3, 0.1, (0,))), DATA)
    session.run(9)
    before = session.frame().averages[0]
    deeper = Network(3, (Dense(3, "tanh"), *NETWORK.layers))
    session.apply(session.experiment.replace(network=deeper, penalties=(RunningSparsity(0.3, 0.1, (1,)),)))
    after = session.frame()
    assert after.continued == "continued"
    assert np.array_equal(after.averages[1], before)
    assert before.any()


def test_a_saved_running_mean_goes_on() -> None:
    session = Session(experiment(RUNNING), DATA)
    session.run(11)
    frame = session.frame()
    place = (frame.epoch, frame.position)
    resumed = Session(
        experiment(RUNNING), DATA, resume=(11, frame.params, frame.state), place=place, averages=frame.averages
    )
    session.run(30)
    resumed.run(30)
    assert bits(resumed) == bits(session)


def test_penalties_without_strength_change_no_digit() -> None:
    runs = []
    for rules in ((), (L2(0.0), L1(0.0)), (RunningSparsity(0.0, 0.5, (0,)),)):
        session = Session(experiment(*rules), DATA)
        session.run(40)
        runs.append(session.frame().params.flat.tobytes())
    assert runs[0] == runs[1] == runs[2]


def test_sequential_order_adds_penalties_before_a_layer_is_updated() -> None:
    described = experiment(L2(0.2), SPARSE, update_order="sequential")
    frame = Session(described, DATA).frame()
    same = Session(described.replace(update_order="simultaneous"), DATA).frame()
    assert np.array_equal(frame.trace.layers[2].dW, same.trace.layers[2].dW)
    assert frame.penalty == pytest.approx(same.penalty, rel=1e-14)
    last = frame.trace.layers[2]
    assert np.allclose(last.W_used, frame.params.W[2] - 0.3 * last.dW)


@pytest.mark.parametrize("units", [3, 700])
def test_the_penalty_is_a_curve(units: int) -> None:
    network = Network(3, (Dense(units, "sigmoid"), Dense(2, "sigmoid")))
    session = Session(experiment(L2(0.01), L1(0.002), network=network), DATA)
    wanted = []
    for _ in range(9):
        wanted.append(session.frame().penalty)
        session.step()
    metrics = session.frame().metrics
    steps, values = metrics.table(["penalty", "loss"], stop=9)
    assert steps.tolist() == list(range(9))
    assert values[:, 0] == pytest.approx(wanted, rel=1e-14)
    assert metrics.value("objective", 3) == pytest.approx(values[:, :2].sum(axis=1)[3], rel=1e-14)
    session.apply(session.experiment.replace(penalties=()))
    assert "penalty" not in session.frame().metrics.columns


def test_judging_and_probing_leave_penalties_out() -> None:
    described = experiment(L2(0.2), SPARSE)
    params = draw_params(NETWORK, 0)
    assert evaluate(described, params, DATA, DATA.train) == pytest.approx(
        evaluate(described.replace(penalties=()), params, DATA, DATA.train), nan_ok=True
    )
    assert np.array_equal(
        probe(described, params, DATA, 3).arena, probe(described.replace(penalties=()), params, DATA, 3).arena
    )


def test_signs_are_told_apart_at_zero() -> None:
    x = np.array([[-2.0], [-0.2], [0.3], [2.0]])
    data = Dataset.from_arrays(x, np.array([-1.0, -1, 1, 1]), task="binary")
    network = Network(1, (Dense(1, "identity"),))
    start = Params.from_layers(network, [([[1.0]], [0.0])])
    session = Session(Experiment(network, loss="hinge", batch_size=0), data, start=start)
    session.step()
    assert session.frame().metrics.value("accuracy", 0) == 1
    assert evaluate(session.experiment, start, data, data.train)[1] == 1
    assert data.class_index is not None
    assert data.class_index.tolist() == [0, 0, 1, 1]
    assert data.replace_class(0, 1).y[0, 0] == 1
    assert data.replace_class(3, 0).y[3, 0] == -1


@pytest.mark.parametrize(
    ("loss", "output", "message"),
    [
        ("bce", "tanh", "loss: bce needs outputs from 0 to 1, which tanh does not keep to"),
        ("bce", "identity", "loss: bce needs outputs from 0 to 1"),
        ("categorical_ce", "tanh", "loss: categorical_ce needs outputs of at least 0"),
        ("hinge", "identity", "data: row 1, column y1: a hinge loss needs targets"),
        ("multiclass_hinge", "identity", "data: row 1, column y1: the multi-class hinge"),
    ],
)
def test_what_a_loss_does_not_take_is_refused_before_training(loss: str, output: str, message: str) -> None:
    network = Network(3, (Dense(2, output),))
    with pytest.raises(ValueError, match=message):
        Session(Experiment(network, loss=loss), DATA)


@pytest.mark.parametrize("loss", ["half_squared_error", "bce", "categorical_ce"])
def test_losses_that_fit_are_taken(loss: str) -> None:
    Session(Experiment(Network(3, (Dense(2, "sigmoid"),)), loss=loss), DATA)
    assert loss in LOSSES


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"name": "l3", "strength": 1}, r"penalties\[0\].name: expected one of l1, l2"),
        ({"name": "l2"}, r"penalties\[0\].strength: missing"),
        ({"name": "l2", "strength": -1}, r"penalties\[0\].strength: expected a finite number of at least 0"),
        ({"name": "l2", "strength": 1, "form": "third"}, r"penalties\[0\].form: expected one of half"),
        ({"name": "l1", "strength": 1, "apply_to": "biases"}, r"penalties\[0\].apply_to"),
        ({"name": "kl_sparsity", "weight": 1, "rho": 1, "layers": [0]}, r"penalties\[0\].rho: .* above 0 and below 1"),
        (
            {"name": "kl_sparsity", "weight": 1, "rho": 0.1, "layers": []},
            r"penalties\[0\].layers: expected one layer or more",
        ),
        ({"name": "kl_sparsity", "weight": 1, "rho": 0.1, "layers": [7]}, "expected layers 0 to 2, got layer 7"),
        ({"name": "running_sparsity", "weight": 1, "rho": 0.1, "layers": [0], "decay": 1}, "decay: expected"),
    ],
)
def test_a_wrong_penalty_is_named_by_its_path(values: dict[str, object], message: str) -> None:
    document = experiment().to_dict() | {"penalties": [values]}
    with pytest.raises(ValueError, match=message):
        Experiment.from_dict(document)


def test_one_loss_has_one_text() -> None:
    assert experiment(loss=" huber( delta = 1.0 )") == experiment(loss="huber")
    assert Experiment.from_dict(experiment(loss="huber(delta=0.40)").to_dict()).loss == "huber(delta=0.4)"


def test_penalties_are_written_when_there_are_any() -> None:
    described = experiment(L1(0.1, "training_rows"), L2(0.2, "plain", "all"), SPARSE, RUNNING)
    assert Experiment.from_dict(described.to_dict()) == described
    assert "penalties" not in experiment().to_dict()


def test_a_mean_outside_zero_and_one_has_no_kullback_leibler_sparsity() -> None:
    network = Network(3, (Dense(4, "tanh"), Dense(2)))
    with pytest.raises(ValueError, match="outputs from 0 to 1, which tanh of layer 0"):
        Experiment(network, penalties=(KLSparsity(1, 0.1, (0,)),))
    Experiment(network, penalties=(RunningSparsity(1, 0.1, (0,)),))
    with pytest.raises(ValueError, match="one running-mean sparsity"):
        Experiment(network, penalties=(RunningSparsity(1, 0.1, (0,)), RunningSparsity(1, 0.1, (1,))))


def test_one_column_of_class_numbers_is_told_from_one_column_per_class() -> None:
    data = Dataset.from_arrays([[0.0], [1.0], [2.0]], [0.0, 2.0, 7.0])
    network = Network(1, (Dense(3, "softmax"),))
    with pytest.raises(ValueError, match=r"a target column for each of the 3 classes.* and 7 is none of 0 to 2"):
        Session(Experiment(network, loss="categorical_ce"), data)

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.engine.trace import Params, Trace, draw_params
from bpstudio.files import lesson
from bpstudio.insight.elements import BIAS, Edge
from bpstudio.insight.gradcheck import check
from bpstudio.maths.penalties import L1, L2, KLSparsity, Penalty, RunningSparsity
from bpstudio.training.experiment import Experiment
from bpstudio.training.frame import Frame
from bpstudio.training.session import Session

# A logarithm needs outputs between 0 and 1; the targets are any numbers, which a hinge does not take.
LOSSES = ("half_squared_error", "squared_error", "mean_absolute_error", "huber(delta=0.4)", "bce", "categorical_ce")
COMBINATIONS = [
    (output, loss)
    for output in ("identity", "relu", "sigmoid", "softmax", "tanh")
    for loss in LOSSES
    if output in ("sigmoid", "softmax") or not loss.endswith(("ce", "bce"))
]


def altered(frame: Frame, change: Callable[[Trace], None]) -> Frame:
    """The frame with a mistake in its trace."""
    old = frame.trace
    trace = Trace(old.network, old.rows, old.x, old.arena.copy(), frame.params, old.sequential)
    change(trace)
    return dataclasses.replace(frame, trace=trace)


@pytest.mark.parametrize("reduction", ["mean_batch", "mean_all", "sum"])
@pytest.mark.parametrize(("output", "loss"), COMBINATIONS)
@pytest.mark.parametrize("hidden", ["tanh", "relu"])
def test_every_activation_with_every_loss_passes(
    session: Callable[..., Session], hidden: str, output: str, loss: str, reduction: str
) -> None:
    frame = session(sizes=(3, 3, 2), activations=(hidden, output), loss=loss, reduction=reduction, seed=4).frame()
    found = check(frame)
    assert found.passed
    assert found.count == found.total == 20
    assert found.worst < 1e-7
    assert found.complete
    assert np.abs(found.analytic).max() > 1e-3  # a network of zeros would agree with everything


def test_the_worked_example_agrees_in_12_of_12(mazur: Callable[..., Session]) -> None:
    """Frozen biases have a gradient too, and it is checked."""
    found = check(mazur().frame())
    assert (found.agreeing, found.total) == (12, 12)
    assert found.worst < 1e-9
    one = check(mazur().frame(), Edge(2, 0, 0))
    assert one.edges == (Edge(2, 0, 0),)
    assert one.numeric[0] == pytest.approx(0.0821670405642308, rel=1e-11)


@pytest.mark.parametrize(
    ("mistake", "edges"),
    [
        (lambda trace: trace.layers[0].dW.__setitem__((1, 0), trace.layers[0].dW[1, 0] * (1 + 1e-5)), {Edge(1, 1, 0)}),
        (lambda trace: trace.layers[1].db.__setitem__(1, -trace.layers[1].db[1]), {Edge(2, 1, BIAS)}),
        (lambda trace: trace.layers[1].dW.__imul__(4.0), {Edge(2, k, j) for k in range(2) for j in range(3)}),
        (lambda trace: trace.layers[0].dW.__setitem__((0, 0), np.nan), {Edge(1, 0, 0)}),
    ],
)
def test_a_planted_mistake_is_found_where_it_is(
    session: Callable[..., Session], mistake: Callable[[Trace], None], edges: set[Edge]
) -> None:
    """A fifth digit, a sign, a forgotten 1/N, and a NaN, which compares as neither larger nor smaller."""
    frame = altered(session(sizes=(2, 3, 2), seed=1).frame(), mistake)
    found = check(frame)
    assert not found.passed
    assert {edge for edge, verdict in zip(found.edges, found.verdicts, strict=True) if verdict == "differs"} == edges
    assert found.where in edges
    assert not found.worst < 1e-6


def test_sequential_order_is_a_property_and_not_a_failure(mazur: Callable[..., Session]) -> None:
    frame = mazur(update_order="sequential").frame()
    found = check(frame)
    assert found.passed
    assert found.verdicts == ("sequential",) * 6 + ("agrees",) * 6
    assert found.gap == pytest.approx(1 - 0.000364722880 / 0.000438567734, rel=1e-2)
    assert found.worst < 1e-9
    # A mistake in the output layer is still one.
    wrong = altered(frame, lambda trace: trace.layers[1].dW.__imul__(2.0))
    assert not check(wrong).passed


def test_a_kink_is_named(session: Callable[..., Session]) -> None:
    """At z = 0 exactly a ReLU has no derivative; the other unit's parameters are checked as ever."""
    run = session(sizes=(2, 2, 1), activations=("relu", "identity"), rows=1, batch_size=1)
    params = run.params
    params.W[0][0] = 0.0
    params.W[0][1] = np.sign(run.trace.x[0])
    params.b[0][:] = [0.0, 0.5]
    run.apply(params=params)
    found = check(run.frame())
    verdicts = dict(zip(found.edges, found.verdicts, strict=True))
    assert [verdicts[Edge(1, 0, source)] for source in (0, 1, BIAS)] == ["kink"] * 3
    assert [verdicts[Edge(1, 1, source)] for source in (0, 1, BIAS)] == ["agrees"] * 3
    assert found.passed
    assert found.worst < 1e-9


def test_a_relu_close_to_its_kink_is_checked_with_smaller_steps(session: Callable[..., Session]) -> None:
    run = session(sizes=(1, 1, 1), activations=("relu", "identity"), rows=1, batch_size=1)
    params = run.params
    params.W[0][:] = 0.0
    params.b[0][:] = 3e-4
    run.apply(params=params)
    found = check(run.frame(), Edge(1, 0, BIAS))
    assert found.verdicts == ("agrees",)
    assert found.steps[0] < 1e-4


def test_a_large_network_is_sampled_over_all_layers(session: Callable[..., Session]) -> None:
    frame = session(sizes=(40, 30, 3)).frame()
    found = check(frame, sample=60)
    assert found.count == 60
    assert found.total == 41 * 30 + 31 * 3
    layers = [edge.layer for edge in found.edges]
    assert (layers.count(1), layers.count(2)) == (30, 30)
    assert len(set(found.edges)) == 60
    assert found.edges == check(frame, sample=60).edges
    assert found.edges != check(frame, sample=60, seed=1).edges


def test_it_can_be_cancelled_and_reports_how_far_it_is(session: Callable[..., Session]) -> None:
    frame, seen = session().frame(), []

    def progress(done: int, all_of_them: int) -> bool:
        seen.append((done, all_of_them))
        return done < 5

    found = check(frame, progress=progress)
    assert seen == [(done, 43) for done in range(6)]
    assert (found.count, found.complete) == (5, False)
    done: list[int] = []
    assert check(frame, progress=lambda now, whole: done.append(now)).complete
    assert done[-1] == 43


def test_single_precision_is_judged_by_its_own_tolerance(session: Callable[..., Session]) -> None:
    found = check(session(dtype="float32").frame())
    assert found.passed
    assert found.tolerance == 1e-3
    assert found.numeric.dtype == np.float64


def test_checking_changes_nothing(session: Callable[..., Session]) -> None:
    run = session()
    frame = run.frame()
    before = (frame.params.flat.tobytes(), frame.trace.arena.tobytes())
    check(frame)
    assert (frame.params.flat.tobytes(), frame.trace.arena.tobytes()) == before


def test_an_unknown_edge_is_refused(session: Callable[..., Session]) -> None:
    with pytest.raises(ValueError, match="no edge"):
        check(session().frame(), Edge(1, 5, 0))


def test_large_scores_are_checked_as_well_as_small_ones() -> None:
    # With steps in proportion to a score of 1004 the check would measure another place of the curve.
    frame = lesson.load("softmax").choose("plus-1000").session().frame()
    assert check(frame).worst < 1e-9


def test_thresholds_are_checked_and_what_is_not_there_is_not(session: Callable[..., Session]) -> None:
    frame = session(biases=("threshold", "none")).frame()
    found = check(frame, sample=10_000)
    assert found.passed
    assert found.agreeing == len(found.edges) == found.total == frame.experiment.network.parameter_count
    assert {edge.layer for edge in found.edges if edge.is_bias} == {1}
    with pytest.raises(ValueError, match="layer 2 has no biases"):
        check(frame, Edge(2, 0, BIAS))


SIGNS = Dataset.from_arrays(
    np.random.default_rng(3).normal(size=(6, 3)), np.where(np.eye(2)[[0, 1, 0, 1, 1, 0]], 1, -1)
)
CLASSES = Dataset.from_arrays(SIGNS.x, np.eye(2)[[0, 1, 0, 1, 1, 0]])
SQUEEZED = Network(3, (Dense(4, "sigmoid"), Dense(2, "sigmoid")))


@pytest.mark.parametrize(
    ("loss", "output", "penalties"),
    [
        ("hinge", "tanh", ()),
        ("squared_hinge", "identity", (L2(0.1),)),
        ("multiclass_hinge", "identity", (L1(0.05, apply_to="all"),)),
        ("bce", "sigmoid", (KLSparsity(0.3, 0.1, (0,)), L2(0.2, "half_training_rows"))),
        ("half_squared_error", "sigmoid", (KLSparsity(0.3, 0.1, (0, 1)),)),
    ],
)
def test_the_whole_objective_is_checked(loss: str, output: str, penalties: tuple[Penalty, ...]) -> None:
    network = Network(3, (Dense(4, "sigmoid"), Dense(2, output)))
    data = SIGNS if loss in ("hinge", "squared_hinge") else CLASSES
    found = check(Session(Experiment(network, loss=loss, batch_size=4, penalties=penalties), data).frame())
    assert found.passed
    assert found.agreeing >= found.total - 1
    assert found.worst < 1e-6


def test_a_weight_beside_zero_stands_at_the_kink_of_an_l1() -> None:
    start = draw_params(SQUEEZED, 1)
    start.W[0][1, 2] = 1e-9
    frame = Session(Experiment(SQUEEZED, batch_size=0, penalties=(L1(0.3),)), CLASSES, start=start).frame()
    found = check(frame)
    assert found.verdicts[found.edges.index(Edge(1, 1, 2))] == "kink"
    assert found.passed


def test_a_running_mean_is_the_gradient_of_nothing_up_to_its_layer() -> None:
    described = Experiment(SQUEEZED, batch_size=0, penalties=(RunningSparsity(0.4, 0.1, (0,)), L2(0.1)))
    found = check(Session(described, CLASSES).frame())
    assert found.passed
    assert found.gap > 0.01
    verdicts = dict(zip(found.edges, found.verdicts, strict=True))
    assert {verdict for edge, verdict in verdicts.items() if edge.layer == 1} <= {"sparse", "agrees"}
    assert {verdict for edge, verdict in verdicts.items() if edge.layer == 2} == {"agrees"}


@pytest.mark.parametrize(
    ("layer", "loss", "x", "weight", "bias"),
    [
        (Dense(1, "elu"), "half_squared_error", [[0.0], [1.0], [-2.0]], 1.0, 0.0),  # f″ jumps at z = 0
        (Dense(2, "softmax"), "categorical_ce", [[400.0], [-700.0], [3.0]], 0.002, 0.0),  # z bends over a small h
        (Dense(2, "softmax"), "categorical_ce", [[1.0], [-1.0]], 13.0, 0.0),  # C is what rounding leaves of scores
    ],
    ids=["curve", "inputs", "learned"],
)
def test_what_is_right_is_right_where_differences_are_hard(
    layer: Dense, loss: str, x: list[list[float]], weight: float, bias: float
) -> None:
    network = Network(1, (layer,))
    W = [[weight], [-weight]][: layer.units]
    y = [[float(row[0] >= 0), float(row[0] < 0)][: layer.units] for row in x]
    start = Params.from_layers(network, [(W, [bias] * layer.units)])
    session = Session(Experiment(network, loss=loss, batch_size=0), Dataset.from_arrays(x, y), start)
    frame = session.frame()
    assert check(frame).passed, check(frame).errors

    def mistaken(trace: Trace) -> None:
        trace.gradient.flat[...] *= 1.001

    # What a network has learned to twelve digits leaves nothing to compare.
    assert check(altered(frame, mistaken)).passed == (frame.loss < 1e-9)

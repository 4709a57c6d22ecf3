"""Training stops inside the step in which a condition becomes true, and nothing else about the run changes."""

import hashlib
import json
import math
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise

import numpy as np
import pytest

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense, Dropout, Layer
from bpstudio.engine.network import Network
from bpstudio.engine.passes import predict
from bpstudio.engine.trace import Params
from bpstudio.training.adaptive import Adam
from bpstudio.training.breakpoints import Breakpoint, Hit
from bpstudio.training.conditions import (
    KINDS,
    Condition,
    Expression,
    GradientNorm,
    PredictionFlips,
    UnitDies,
    UnitFlat,
    ValidationTurns,
    WeightCrosses,
    from_dict,
    to_dict,
)
from bpstudio.training.divergence import NonFinite
from bpstudio.training.experiment import Experiment
from bpstudio.training.lookout import misfit
from bpstudio.training.optimizers import SGD, Momentum
from bpstudio.training.past import Event
from bpstudio.training.schedules import Plateau
from bpstudio.training.session import Session
from bpstudio.training.stopping import EarlyStopping, Stopped
from bpstudio.training.watchers import Block, watcher

LONG = 300
"""Steps: several keyframes, and more than one block of metrics."""


def rows(count: int = 42, seed: int = 3) -> Dataset:
    """Labels that cannot be learnt well: gradients, answers and validations go up and down."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, 2))
    y = rng.integers(0, 2, (count, 1)).astype(float)
    return Dataset.from_arrays(x, y, task="binary", validation=range(0, count, 3))


def described(kind: str = "sgd", hidden: str = "tanh", **changes: object) -> Experiment:
    layers: list[Layer] = [Dense(6, hidden), Dense(4, "relu"), Dense(1, "sigmoid")]
    if kind == "dropout":
        layers.insert(1, Dropout(0.3))
    made = Experiment(Network(2, tuple(layers)), loss="bce", optimizer=SGD(0.4), batch_size=8, seed=5)
    match kind:
        case "adam":
            made = made.replace(optimizer=Adam(0.02))
        case "plateau":
            made = made.replace(optimizer=Adam(0.05), schedule=Plateau(factor=0.5, patience=3))
        case "stopping":
            made = made.replace(optimizer=Adam(0.05), stopping=EarlyStopping(12))
    return made.replace(**changes)


def watched(session: Session, *conditions: Condition) -> Session:
    session.set_breakpoints([Breakpoint(number, each) for number, each in enumerate(conditions, 1)])
    return session


def digits(session: Session) -> str:
    """All that a run is: its present state, its past with every keyframe, and what was recorded."""
    seen = hashlib.sha256()
    frame = session.frame()
    for values in (frame.params.flat, frame.trace.arena, frame.trace.x):
        seen.update(np.ascontiguousarray(values).tobytes())
    for state in frame.state.values():
        seen.update(state.flat.tobytes())
    for segment in session.archive().segments.values():
        for step, memory in segment.keyframes.items():
            seen.update(f"{step}".encode() + memory.tobytes())
        for series in (segment.numbers, segment.units):
            _, table = series.rows(0, series.length)
            seen.update(f"{series.length}".encode() + np.ascontiguousarray(table).tobytes())
        seen.update(segment.validation.tobytes() + repr(segment.watches).encode())
    seen.update(repr((session.step_number, session.last_step, session.stopped)).encode())
    return seen.hexdigest()


def column(session: Session, name: str) -> tuple[np.ndarray, np.ndarray]:
    steps, values = session.metrics.table((name,))
    return steps, values[:, 0]


def becomes(true: np.ndarray) -> list[int]:
    """The places at which a row of truth values turns from false to true."""
    return [place for place in range(1, len(true)) if true[place] and not true[place - 1]]


def all_hits(session: Session, until: int, piece: int = 10_000) -> list[Hit]:
    found = []
    while session.step_number < until:
        session.run(min(piece, until - session.step_number))
        if session.hit is not None:
            assert session.hit.step == session.step_number
            found.append(session.hit)
    return found


KINDS_OF_RUN = ("sgd", "adam", "dropout", "plateau", "stopping")

NEVER: tuple[Condition, ...] = (
    GradientNorm(0.0, 1e9),
    UnitFlat(1, 0),
    UnitDies(2, 1),
    ValidationTurns(500),
    WeightCrosses(3, (0, 1)),
    PredictionFlips(0),
    Expression("loss < -1 or validation_loss < -1 or norm[1] > 1e9"),
)


@pytest.mark.parametrize("kind", KINDS_OF_RUN)
def test_looking_out_changes_no_digit(kind: str) -> None:
    bare, looking = Session(described(kind), rows()), Session(described(kind), rows())
    never = [each for each in NEVER if isinstance(each, GradientNorm | ValidationTurns | Expression)]
    watched(looking, *never)
    for session in (bare, looking):
        session.run(LONG // 2)
        session.run(LONG // 2)
    assert looking.events == tuple(e for e in bare.events)
    assert digits(looking) == digits(bare)


@pytest.mark.parametrize("kind", KINDS_OF_RUN)
def test_it_stops_as_if_one_had_run_to_that_step(kind: str) -> None:
    whole = Session(described(kind), rows())
    whole.run(LONG)
    steps, norms = column(whole, "gradient_norm")
    limit = float(np.quantile(norms, 0.97))
    expected = [int(steps[place]) for place in becomes(norms > limit)]
    session = watched(Session(described(kind), rows()), GradientNorm(0.0, limit), *NEVER[-1:])
    for at in expected[:3]:
        session.run(LONG)
        assert session.hit == Hit(GradientNorm(0.0, limit), at, norms[at], norms[at - 1])
        assert session.last_step == session.step_number == at
        assert session.metrics.stop == at + 1
        alone = Session(described(kind), rows())
        alone.run(at)
        assert digits(session) == digits(alone)


@pytest.mark.parametrize("piece", [1, 7, 10_000])
def test_in_what_pieces_a_run_is_made_changes_nothing(piece: int) -> None:
    conditions = (*NEVER, GradientNorm(0.02, 0.3), ValidationTurns(2), UnitDies(), Expression("accuracy < 0.5"))
    once, pieces = (watched(Session(described(), rows()), *conditions) for _ in range(2))
    assert all_hits(once, 90) == all_hits(pieces, 90, piece)
    assert once.events == pieces.events
    assert len(once.events) > 5
    assert digits(once) == digits(pieces)


def test_steps_that_are_gone_through_again_stop_at_the_same_places() -> None:
    session = Session(described(), rows())
    session.run(130)
    before = digits(session)
    watched(session, GradientNorm(0.0, 0.3), UnitDies(), PredictionFlips(1))
    session.seek(0)
    assert session.hit is None
    again = all_hits(session, 130)
    anew = all_hits(watched(Session(described(), rows()), GradientNorm(0.0, 0.3), UnitDies(), PredictionFlips(1)), 130)
    assert again == anew
    assert again
    assert digits(session) == before
    events = session.events
    session.seek(0)
    assert all_hits(session, 130) == again
    assert session.events == events, "what happened once is told once"


def test_seeking_does_not_stop() -> None:
    session = Session(described(), rows())
    session.run(100)
    watched(session, Expression("step == 50"))
    session.seek(0)
    session.seek(80)
    assert (session.step_number, session.hit, session.events) == (80, None, ())
    session.seek(0)
    session.run(80)
    assert session.step_number == 50
    session.undo()
    assert session.hit is None


def test_what_is_true_already_is_no_news_until_it_was_false() -> None:
    session = watched(Session(described(), rows()), Expression("step < 5 or step > 20"))
    session.run(10)
    assert session.hit is None
    session.run(100)
    assert session.step_number == 21
    session.run(100)
    assert (session.step_number, session.hit) == (121, None)


def test_each_frame_says_why_training_rests() -> None:
    session = watched(Session(described(), rows()), Expression("step == 5"))
    session.run(10)
    frame = session.frame()
    assert frame.hit == session.hit == Hit(Expression("step == 5"), 5, 5.0, 4.0)
    assert frame.events == (Event("breakpoint", 1, 5, 1, hit=frame.hit),)
    session.run(1)
    assert session.frame().hit is None
    session.seek(5)
    assert session.frame().hit is None


def test_nobody_stops_at_what_is_switched_off() -> None:
    session = Session(described(), rows())
    session.set_breakpoints([Breakpoint(1, Expression("step == 5"), enabled=False)])
    session.run(10)
    assert session.step_number == 10


def test_of_several_in_one_step_all_are_told() -> None:
    session = watched(Session(described(), rows()), Expression("step == 5"), Expression("step >= 5"))
    session.run(10)
    assert [event.hit.condition for event in session.events if event.hit is not None] == [
        Expression("step == 5"),
        Expression("step >= 5"),
    ]
    assert session.hit is not None
    assert session.hit.condition == Expression("step == 5")


def test_recording_does_not_stop() -> None:
    session = watched(Session(described(), rows()), Expression("step == 5"))
    assert len(session.record(10)) == 10


# ---- what each condition means


def test_a_norm_leaves_its_range_at_either_end() -> None:
    session = Session(described(), rows())
    session.run(150)
    _, norms = column(session, "gradient_norm")
    low, high = (float(each) for each in np.quantile(norms, [0.05, 0.9]))
    session.seek(0)
    watched(session, GradientNorm(low, high))
    assert [hit.step for hit in all_hits(session, 150)] == becomes((norms < low) | (norms > high))


def slopes_of(session: Session, layer: int, until: int) -> np.ndarray:
    """The greatest |f′| of each unit over the batch, (steps, units)."""
    found = []
    for step in range(until + 1):
        session.seek(step)
        found.append(np.abs(session.trace.slopes[layer - 1]).max(axis=0))
    return np.array(found)


@pytest.mark.parametrize("condition", [UnitFlat(), UnitFlat(1), UnitFlat(1, 3)])
def test_a_unit_goes_flat(condition: UnitFlat) -> None:
    experiment = described(flat_threshold=0.3, optimizer=SGD(2.0), batch_size=3)
    session = Session(experiment, rows())
    session.run(150)
    greatest = np.concatenate([slopes_of(session, 1, 150), slopes_of(session, 3, 150)], axis=1)
    flat = greatest < np.array([0.3] * 6 + [0.25 * 0.3])
    kept = {UnitFlat(): slice(None), UnitFlat(1): slice(6), UnitFlat(1, 3): slice(3, 4)}[condition]
    news = [(step, np.flatnonzero(flat[step, kept] & ~flat[step - 1, kept])) for step in range(1, 151)]
    session.seek(0)
    watched(session, condition)
    hits = all_hits(session, 150)
    things = [(layer, (unit,)) for layer, units in ((1, 6), (3, 1)) for unit in range(units)][kept]
    assert [(hit.step, hit.layer, hit.index, hit.others) for hit in hits] == [
        (step, *things[units[0]], len(units) - 1) for step, units in news if len(units)
    ]
    assert len(hits) > 1
    assert all(hit.value < 0.3 <= hit.before for hit in hits if hit.layer == 1)


def test_a_unit_dies() -> None:
    experiment = described(optimizer=SGD(1.0))
    session = Session(experiment, rows())
    session.run(200)
    off = slopes_of(session, 2, 200) == 0
    session.seek(0)
    watched(session, UnitDies(2))
    hits = all_hits(session, 200)
    assert [hit.step for hit in hits] == becomes_any(off)
    assert hits
    assert {(hit.layer, hit.value) for hit in hits} == {(2, 1.0)}
    assert all(hit.before < 1 for hit in hits)


def becomes_any(true: np.ndarray) -> list[int]:
    return [step for step in range(1, len(true)) if (true[step] & ~true[step - 1]).any()]


@pytest.mark.parametrize("times", [1, 2])
def test_the_validation_turns(times: int) -> None:
    session = Session(described("adam"), rows())
    session.run(LONG)
    points = session.metrics.validation
    rises = 0
    expected = []
    for (_, before, _), (step, loss, _) in pairwise(points):
        rises = rises + 1 if loss > before else 0
        if rises == times and step > points[0, 0]:
            expected.append((int(step), loss, before))
    fresh = watched(Session(described("adam"), rows()), ValidationTurns(times))
    hits = all_hits(fresh, LONG)
    assert [(hit.step, hit.value, hit.before) for hit in hits] == expected
    assert len(hits) > 3
    fresh.seek(0)
    assert all_hits(fresh, LONG) == hits


@pytest.mark.parametrize(("layer", "bias"), [(1, False), (3, False), (1, True)], ids=["weight", "last", "bias"])
def test_a_weight_crosses_zero_in_the_step_whose_update_carries_it(layer: int, bias: bool) -> None:
    last = 150
    session = Session(described(optimizer=Momentum(0.5, momentum=0.9)), rows())
    session.run(last + 1)
    values = []
    for step in range(last + 2):
        session.seek(step)
        values.append((session.params.b if bias else session.params.W)[layer - 1])
    signs = np.sign(values)
    crossed = (signs[:-1] != signs[1:]) & (signs[:-1] != 0)
    index = tuple(int(n) for n in np.unravel_index(np.argmax(crossed.sum(axis=0)), crossed.shape[1:]))
    steps = [step for step in range(1, last + 1) if crossed[(step, *index)]]
    session.seek(0)
    watched(session, WeightCrosses(layer, index, bias))
    hits = all_hits(session, last)
    assert [(hit.step, hit.value, hit.before) for hit in hits] == [
        (step, values[step + 1][index], values[step][index]) for step in steps
    ]
    assert hits
    assert {(hit.layer, hit.index) for hit in hits} == {(layer, index)}


def test_zero_is_reached_once_and_left_without_a_word() -> None:
    session = Session(described(), rows())
    looking = watcher(WeightCrosses(1, (0, 0)), session.experiment, session.dataset)
    moves = np.array([[-1, 1], [1, 2], [0.5, 0], [0, 0], [0, -1], [0, 1], [-1, 0], [1, np.inf], [1, np.nan]])
    segment = session.cursor.segment
    _, true = looking.read(Block(segment, 1, 0, np.empty((len(moves), 0)), np.empty((len(moves), 0)), moves))
    assert true[:, 0].tolist() == [True, False, True, False, False, False, True, False, False]


@pytest.mark.parametrize("classes", [2, 3])
def test_an_answer_becomes_another_class(classes: int) -> None:
    if classes == 2:
        data, experiment = rows(), described(optimizer=SGD(1.0))
    else:
        rng = np.random.default_rng(1)
        y = np.eye(3)[rng.integers(0, 3, 30)]
        data = Dataset.from_arrays(rng.normal(size=(30, 2)), y, task="classes")
        network = Network(2, (Dense(5, "tanh"), Dense(3, "softmax")))
        experiment = Experiment(network, loss="categorical_ce", optimizer=SGD(1.0), batch_size=5)
    session = Session(experiment, data)
    session.run(200)
    row, answers = 4, []
    for step in range(201):
        session.seek(step)
        a = predict(experiment.network, session.params, data.x[row : row + 1])[-1][0]
        answers.append(int(a[0] > 0.5) if classes == 2 else int(a.argmax()))
    session.seek(0)
    watched(session, PredictionFlips(row))
    hits = all_hits(session, 200)
    assert [(hit.step, hit.value, hit.before) for hit in hits] == [
        (step, answers[step], answers[step - 1]) for step in range(1, 201) if answers[step] != answers[step - 1]
    ]
    assert hits


@pytest.mark.parametrize(
    "text",
    [
        "loss < 0.66",
        "objective - loss - penalty < 0 or accuracy > 0.7",
        "norm[1] > 2 * norm[3]",
        "rate < 0.05 and epoch >= 3",
        "validation_loss > 0.7 and step > 30",
        "validation_accuracy < 0.5",
        "epoch == 4",
        "off[2] > 0.4 or saturation[1] > 0.3 or flat[3] > 0",
        "flat_share > 0.001",
    ],
)
@pytest.mark.parametrize("kind", ["sgd", "plateau"])
def test_a_typed_condition_reads_what_is_recorded(text: str, kind: str) -> None:
    session = Session(described(kind), rows())
    session.run(120)
    code = text.replace("[", "").replace("]", "")
    true = [bool(eval(code, {}, values)) for values in numbers_of_steps(kind)]
    session.seek(0)
    watched(session, Expression(text))
    assert [hit.step for hit in all_hits(session, 120)] == becomes(np.array(true))


@lru_cache(maxsize=2)
def numbers_of_steps(kind: str) -> list[dict[str, float]]:
    """What frames say of the first steps, by the names that expressions have for it."""
    session = Session(described(kind), rows())
    session.run(120)
    validation, found = session.metrics.validation, []
    for step in range(121):
        session.seek(step)
        frame = session.frame()
        known = validation[validation[:, 0] <= step]
        found.append(
            {
                **{name.replace("/", ""): frame.metrics.value(name, step) or 0.0 for name in frame.metrics.columns},
                "objective": frame.loss,
                "penalty": frame.penalty,
                "rate": frame.rate,
                "validation_loss": known[-1, 1] if len(known) else math.nan,
                "validation_accuracy": known[-1, 2] if len(known) else math.nan,
                "step": step,
                "epoch": frame.epoch,
            }
        )
    return found


# ---- events besides breakpoints


def exploding() -> Session:
    network = Network(1, (Dense(1, "identity"),))
    data = Dataset.from_arrays(np.array([[3.0], [-2.0]]), np.array([[1.0], [2.0]]))
    return Session(Experiment(network, optimizer=SGD(3.0), dtype="float32"), data)


def test_divergence_is_an_event_and_is_told_once() -> None:
    session = exploding()
    session.run(10_000)
    bad = session.nonfinite
    assert isinstance(bad, NonFinite)
    assert session.events == (Event("nonfinite", 1, bad.step, 1, nonfinite=bad),)
    session.seek(max(0, session.step_number - 3))
    session.run(10)
    assert session.nonfinite == bad
    assert len(session.events) == 1


def test_divergence_goes_before_a_breakpoint_in_its_step() -> None:
    bare = exploding()
    bare.run(10_000)
    last = bare.step_number
    looking = watched(exploding(), Expression(f"step == {last + 1}"), GradientNorm(0, 1e300))
    looking.run(10_000)
    assert looking.hit is None
    assert looking.nonfinite == bare.nonfinite
    assert digits(looking) == digits(bare)
    early = watched(exploding(), Expression(f"step == {last - 2}"))
    early.run(10_000)
    assert (early.step_number, early.last_step, early.nonfinite) == (last - 2, last - 2, None)
    early.run(10_000)
    assert digits(early) == digits(bare)


def test_stopping_early_is_an_event_and_goes_before_a_breakpoint_in_its_step() -> None:
    bare = Session(described("stopping"), rows())
    bare.run(10_000)
    why = bare.stopped
    assert isinstance(why, Stopped)
    assert bare.events == (Event("stopped", 1, why.step, 1, stopped=why),)
    session = watched(Session(described("stopping"), rows()), Expression(f"step == {why.step}"))
    session.run(10_000)
    assert (session.stopped, session.hit) == (why, None)
    assert [event.kind for event in session.events] == ["breakpoint", "stopped"]
    assert digits(session) == digits(bare)


def test_a_branch_has_the_events_of_the_steps_that_it_shares() -> None:
    session = watched(Session(described(), rows()), Expression("step == 20"), Expression("step == 60"))
    session.run(100)
    session.run(100)
    session.seek(40)
    session.apply(session.experiment.replace(optimizer=SGD(0.1)))
    assert [(event.step, event.branch) for event in session.events] == [(20, 1), (60, 1)]
    session.run(100)
    assert [(event.step, event.branch) for event in session.events] == [(20, 1), (60, 1), (60, 2)]
    session.delete_branch(1)
    assert [(event.step, event.branch) for event in session.events] == [(20, 2), (60, 2)]
    session.undo()
    assert [(event.step, event.branch) for event in session.events] == [(20, 1), (60, 1), (60, 2)]


def test_an_edit_is_no_news_but_what_follows_is() -> None:
    session = watched(Session(described(), rows()), Expression("rate < 0.2"), Expression("rate < 0.2 and step > 12"))
    session.run(10)
    session.apply(session.experiment.replace(optimizer=SGD(0.1)))
    session.run(10)
    assert session.step_number == 13
    session.seek(0)
    session.run(20)
    assert session.step_number == 13, "the same when the way is gone again"


def test_what_an_edit_took_the_meaning_from_is_passed_over() -> None:
    session = watched(Session(described(), rows()), WeightCrosses(3, (0, 3)), UnitDies(2), Expression("norm[3] < 0"))
    changed = session.experiment.replace(network=Network(2, (Dense(6, "tanh"), Dense(1, "sigmoid"))))
    assert misfit(UnitDies(2), session.experiment, session.dataset) is None
    session.apply(changed)
    assert isinstance(misfit(UnitDies(2), changed, session.dataset), ValueError)
    session.run(50)
    assert session.step_number == 50
    session.set_breakpoints([*session.past.breakpoints, Breakpoint(4, Expression("step == 55"))])
    session.run(50)
    assert session.step_number == 55


# ---- what is refused, and what a file holds


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (UnitFlat(4), "there is no layer 4: the network has 3"),
        (UnitFlat(2), "layer 2 has no units that can go flat"),
        (UnitFlat(1, 6), "layer 1 has 6 units"),
        (UnitDies(1), "layer 1 has no units that can be off, such as ReLU"),
        (WeightCrosses(4, (0, 0)), "there is no layer 4"),
        (WeightCrosses(1, (6, 0)), "layer 1 has 6 × 2 of them"),
        (WeightCrosses(1, (0, 0, 0, 0)), "layer 1 has 6 × 2 of them"),
        (WeightCrosses(1, (6,), bias=True), "layer 1 has 6 of them"),
        (PredictionFlips(42), "the data has 42 rows"),
        (Expression("norm[4] < 1"), "the number of a layer, 1 to 3"),
    ],
)
def test_a_condition_without_a_meaning_is_refused(condition: Condition, said: str) -> None:
    session = Session(described(), rows())
    with pytest.raises(ValueError, match=said.replace("[", r"\[")):
        watched(session, condition)
    assert session.past.breakpoints == ()


def test_what_the_data_or_the_layer_cannot_give_is_refused() -> None:
    data = Dataset.from_arrays(np.ones((4, 2)), np.ones((4, 1)))
    network = Network(2, (Dense(2, "sigmoid", train_bias=False), Dense(1, "identity")))
    session = Session(Experiment(network), data)
    for condition, said in (
        (ValidationTurns(), "no rows for validation"),
        (PredictionFlips(0), "no classes"),
        (WeightCrosses(1, (0,), bias=True), "frozen"),
    ):
        with pytest.raises(ValueError, match=said):
            watched(session, condition)
    with pytest.raises(ValueError, match="a number of its own"):
        session.set_breakpoints([Breakpoint(1, Expression("step > 3")), Breakpoint(1, Expression("step > 4"))])


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: GradientNorm(-1.0), "low: expected a finite number of at least 0"),
        (lambda: GradientNorm(2.0, 1.0), "high: expected a number above 2"),
        (lambda: GradientNorm(0.0, math.nan), "high: expected a finite number"),
        (lambda: UnitFlat(-1), "layer: expected a whole number"),
        (lambda: UnitFlat(0, 3), "unit: expected −1 where no layer is given"),
        (lambda: UnitDies(1, -2), "unit: expected a whole number"),
        (lambda: ValidationTurns(0), "times: expected a whole number of at least 1"),
        (lambda: ValidationTurns(10**6), "times: expected at most 1000"),
        (lambda: WeightCrosses(0, (0, 0)), "layer: expected a whole number of at least 1"),
        (lambda: WeightCrosses(1, (0,)), "index: expected two numbers, unit and input"),
        (lambda: WeightCrosses(1, (0, -1)), "index: expected a whole number"),
        (lambda: WeightCrosses(1, (0, 1), bias=True), "index: expected one number, the unit"),
        (lambda: PredictionFlips(-1), "row: expected a whole number"),
        (lambda: Expression("loss <"), "expression: expected a number"),
        (lambda: Breakpoint(0, UnitFlat()), "number: expected a whole number of at least 1"),
    ],
)
def test_a_condition_is_valid_or_is_none(make: Callable[[], object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make()


@pytest.mark.parametrize(
    "condition", [*NEVER, GradientNorm(), WeightCrosses(1, (4,), bias=True)], ids=lambda each: type(each).__name__
)
def test_conditions_survive_a_file(condition: Condition) -> None:
    assert from_dict(json.loads(json.dumps(to_dict(condition), allow_nan=False))) == condition
    mark = Breakpoint(3, condition, enabled=False)
    assert Breakpoint.from_dict(json.loads(json.dumps(mark.to_dict(), allow_nan=False))) == mark


def test_every_kind_has_a_name() -> None:
    assert {type(each) for each in NEVER} == set(KINDS.values())


@pytest.mark.parametrize(
    "event",
    [
        Event("breakpoint", 2, 7, 3, hit=Hit(WeightCrosses(1, (0, 1)), 7, 0.25, -0.5, 1, (0, 1), 2)),
        Event("breakpoint", 1, 7, 3, hit=Hit(GradientNorm(0.0, 1.0), 7, math.inf, -math.inf)),
        Event("nonfinite", 1, 0, 1, nonfinite=NonFinite(0, 2, "dW", (0, 1), math.inf)),
        Event("stopped", 1, 30, 1, stopped=Stopped(30, 10, 4, validated=False)),
    ],
    ids=["hit", "infinite", "nonfinite", "stopped"],
)
def test_events_survive_a_file(event: Event) -> None:
    assert Event.from_dict(json.loads(json.dumps(event.to_dict(), allow_nan=False))) == event


GOOD = Event("breakpoint", 1, 7, 3, hit=Hit(Expression("loss < 1"), 7, math.nan)).to_dict()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "bang"}, "event.kind: expected one of breakpoint, nonfinite, stopped, got 'bang'"),
        ({"kind": ["breakpoint"]}, "event.kind: expected one of"),
        ({"kind": "stopped"}, "event.stopped: missing"),
        ({"branch": 0}, "event.branch: expected a whole number of at least 1"),
        ({"step": -1}, "event.step: expected a whole number"),
        ({"step": True}, "event.step: expected a whole number"),
        ({"more": 1}, "event.'more': unknown"),
        ({"hit": None}, "event.hit: expected an object, got nothing"),
        ({"hit": {**GOOD["hit"], "value": "nan"}}, "event.hit.value: expected a number"),
        ({"hit": {**GOOD["hit"], "index": [1] * 5}}, "event.hit.index: expected at most four"),
        ({"hit": {**GOOD["hit"], "index": [-1]}}, "event.hit.index: expected a whole number"),
        ({"hit": {**GOOD["hit"], "condition": {}}}, "event.hit.condition.kind: expected one of gradient_norm"),
        ({"hit": {**GOOD["hit"], "condition": {"kind": "unit_flat", "depth": 1}}}, "condition.'depth': unknown"),
        ({"hit": {**GOOD["hit"], "condition": {"kind": "expression"}}}, "condition.text: missing"),
        ({"hit": {**GOOD["hit"], "condition": {"kind": "expression", "text": "l < 1"}}}, "condition.expression: l is"),
        ({"hit": {**GOOD["hit"], "condition": {"kind": "gradient_norm", "low": "0"}}}, "low: expected a number, got"),
        ({"hit": {**GOOD["hit"], "condition": {"kind": "unit_flat", "layer": 1.5}}}, "condition.layer: expected a"),
        ({"hit": {**GOOD["hit"], "condition": {"kind": "weight_crosses", "layer": 1, "index": 3}}}, "condition.index"),
    ],
)
def test_what_a_file_gets_wrong_is_told(change: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match="event") as refused:
        Event.from_dict({**GOOD, **change} if change.get("kind") != "stopped" else {**GOOD, **change, "hit": 0})
    assert said in str(refused.value)


def test_a_session_keeps_its_breakpoints_and_events_in_its_archive() -> None:
    session = watched(Session(described(), rows()), Expression("step == 20"), UnitDies(2))
    session.run(100)
    again = Session.restored(session.archive())
    assert again.past.breakpoints == session.past.breakpoints
    assert again.events == session.events
    assert again.hit is None
    before = Params(again.params.network, again.params.flat.copy())
    again.seek(0)
    again.run(100)
    assert again.step_number == session.step_number
    assert again.params.flat.tobytes() == before.flat.tobytes()
    assert again.events == session.events

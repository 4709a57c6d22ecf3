"""A run, its past, and the promise that going back is being there: the same bits."""

import dataclasses
import hashlib

import numpy as np
import pytest
from numpy.typing import NDArray

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.engine.trace import Params
from bpstudio.maths.initializers import Initializer
from bpstudio.training.experiment import Experiment
from bpstudio.training.optimizers import SGD, Momentum, Optimizer
from bpstudio.training.session import Session


def moons(rows: int = 47, seed: int = 0) -> Dataset:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 2))
    return Dataset.from_arrays(x, (x[:, :1] * x[:, 1:] > 0).astype(float), task="binary", validation=range(0, rows, 7))


def small(optimizer: Optimizer | None = None, **changes: object) -> Experiment:
    network = Network(2, (Dense(4, "tanh"), Dense(3, "sigmoid"), Dense(1, "sigmoid")))
    return Experiment(network, loss="bce", optimizer=optimizer or SGD(0.3), batch_size=6).replace(**changes)


def mazur(**changes: object) -> Session:
    network = Network(2, (Dense(2, train_bias=False), Dense(2, train_bias=False)))
    start = Params.from_layers(
        network, [([[0.15, 0.20], [0.25, 0.30]], [0.35, 0.35]), ([[0.40, 0.45], [0.50, 0.55]], [0.60, 0.60])]
    )
    data = Dataset.from_arrays([[0.05, 0.10]], [[0.01, 0.99]])
    return Session(Experiment(network).replace(**changes), data, start)


def digest(session: Session) -> str:
    """All that a step is: parameters, optimiser state, the pass and the pending update."""
    frame = session.frame()
    parts = [frame.params.flat, frame.trace.x, frame.trace.arena, frame.batch, np.array([frame.step, frame.epoch])]
    parts += [state.flat for state in (*frame.state.values(), *frame.state_next.values())]
    return hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in parts)).hexdigest()


# ---- digits


def test_the_worked_example() -> None:
    session = mazur()
    assert session.loss == pytest.approx(0.298371109, abs=5e-10)
    session.step()
    assert session.loss == pytest.approx(0.291027774, abs=5e-10)
    session.run(9998)
    assert session.loss == pytest.approx(0.0000351085, abs=5e-11)
    session.step()
    assert session.loss == pytest.approx(0.0000351019, abs=5e-11)
    assert session.params.b[0].tolist() == [0.35, 0.35]


def test_the_worked_example_in_sequential_order_prints_what_the_page_prints() -> None:
    session = mazur(update_order="sequential")
    used = session.trace.layers[1].W_used
    assert np.allclose(used, [[0.358916480, 0.408666186], [0.511301270, 0.561370121]], atol=5e-10)
    assert session.params.W[1].tolist() == [[0.40, 0.45], [0.50, 0.55]]
    session.step()
    assert session.loss == pytest.approx(0.291027924, abs=5e-10)


def test_momentum_by_hand() -> None:
    data = Dataset.from_arrays([[1.0]], [[0.0]])
    network = Network(1, (Dense(1, "identity", train_bias=False),))
    start = Params.from_layers(network, [([[2.0]], [0.0])])
    session = Session(Experiment(network, optimizer=Momentum(0.1, 0.5)), data, start)
    # C = w²/2, g = w: v₁ = 2, w₁ = 1.8; v₂ = 1 + 1.8 = 2.8, w₂ = 1.52; v₃ = 1.4 + 1.52 = 2.92, w₃ = 1.228
    seen = []
    for _ in range(3):
        session.step()
        seen.append(float(session.params.W[0][0, 0]))
    assert seen == pytest.approx([1.8, 1.52, 1.228], rel=1e-14)


def test_a_smaller_last_batch_is_its_own_batch() -> None:
    data = moons(20)
    session = Session(small(batch_size=6, shuffle=True), data)
    lengths, rows = [], []
    for _ in range(6):
        frame = session.frame()
        lengths.append(len(frame.batch))
        rows.append(frame.batch)
        assert np.array_equal(frame.trace.x, data.x[frame.batch])
        assert np.array_equal(frame.trace.y, data.y[frame.batch])
        session.step()
    assert len(data.train) == 17
    assert lengths == [6, 6, 5, 6, 6, 5]
    assert sorted(np.concatenate(rows[:3])) == sorted(data.train)
    assert not np.array_equal(rows[0], rows[3]), "the second epoch has an order of its own"


def test_an_unshuffled_epoch_has_the_order_of_the_data() -> None:
    session = Session(small(shuffle=False), moons(20))
    assert np.array_equal(session.frame().batch, moons(20).train[:6])


@pytest.mark.parametrize("width", [2, 400])
def test_narrow_and_wide_rows_give_the_rows_that_the_frame_names(width: int) -> None:
    # Narrow batches are slices of a gathered window, wide ones are gathered one by one.
    rng = np.random.default_rng(0)
    data = Dataset.from_arrays(rng.normal(size=(5000, width)), rng.normal(size=(5000, 1)))
    network = Network(width, (Dense(1, "identity"),))
    session = Session(Experiment(network, optimizer=SGD(1e-6), batch_size=3), data)
    for steps in (1, 700, 900, 66, 1, 1):
        session.run(steps)
        frame = session.frame()
        assert np.array_equal(frame.trace.x, data.x[frame.batch])
        assert np.array_equal(frame.trace.y, data.y[frame.batch])


def test_float32_stays_float32() -> None:
    session = Session(small(Momentum(0.1), dtype="float32"), moons())
    session.run(5)
    frame = session.frame()
    arrays = [frame.params.flat, frame.trace.arena, frame.trace.x, frame.state["velocity"].flat]
    assert {array.dtype for array in arrays} == {np.dtype("float32")}


# ---- replay


@pytest.mark.parametrize("optimizer", [SGD(0.3), Momentum(0.1, 0.9)])
@pytest.mark.parametrize("order", ["simultaneous", "sequential"])
def test_any_seek_is_bitwise_as_it_was(optimizer: Optimizer, order: str) -> None:
    session = Session(small(optimizer, update_order=order), moons())
    seen = {0: digest(session)}
    for step in range(1, 400):
        session.step()
        seen[step] = digest(session)
    curve = session.frame().metrics.table(("loss", "norm/1", "saturation/2", "accuracy"))[1]
    rng = np.random.default_rng(1)
    for step in rng.integers(0, 400, 60).tolist():
        session.seek(step)
        assert digest(session) == seen[step], f"step {step}"
    session.seek(399)
    session.run(100)
    again = Session(small(optimizer, update_order=order), moons())
    again.run(499)
    assert digest(again) == digest(session)
    assert np.array_equal(again.frame().metrics.table(("loss", "norm/1", "saturation/2", "accuracy"))[1][:400], curve)


@pytest.mark.parametrize("optimizer", [SGD(0.3), Momentum(0.1, 0.9)])
def test_seeking_across_edits_gives_each_segment_its_own_digits(optimizer: Optimizer) -> None:
    session = Session(small(optimizer), moons())
    seen: dict[int, str] = {}

    def train(steps: int) -> None:
        for _ in range(steps):
            session.step()
            seen[session.step_number] = digest(session)

    def edit(**changes: object) -> None:
        assert session.apply(**changes)  # type: ignore[arg-type]
        seen[session.step_number] = digest(session)

    train(90)
    edit(experiment=session.experiment.replace(batch_size=5))
    train(75)
    params = session.params
    params.W[1][0, 0] += 0.25
    edit(params=params)
    train(130)
    edit(dataset=moons(seed=3))
    train(20)
    for step in np.random.default_rng(2).permutation(list(seen)).tolist():
        session.seek(step)
        assert digest(session) == seen[step], f"step {step}"
    # Walking forward from the past follows the path that was taken, edits included.
    session.seek(10)
    session.run(305)
    assert digest(session) == seen[315]
    assert session.frame().metrics.edits == (90, 165, 295)


def test_an_edit_that_leaves_the_batches_alone_goes_on_in_the_middle_of_the_epoch() -> None:
    plain, edited = Session(small(), moons()), Session(small(), moons())
    plain.run(10)
    edited.run(10)
    edited.apply(experiment=small(SGD(0.2)))
    for _ in range(12):
        plain.step()
        edited.step()
        assert np.array_equal(plain.frame().batch, edited.frame().batch)
        assert plain.frame().epoch == edited.frame().epoch


@pytest.mark.parametrize("optimizer", [SGD(0.3), Momentum(0.1, 0.9)])
def test_retyping_the_same_weight_at_rest_changes_nothing(optimizer: Optimizer) -> None:
    session = Session(small(optimizer), moons())
    session.run(13)
    before, undo = digest(session), session.frame().undo
    assert not session.apply(params=session.params)
    assert not session.apply(experiment=small(optimizer), dataset=moons())
    assert digest(session) == before
    assert session.frame().undo == undo


def test_computing_again_at_rest_gives_the_same_update() -> None:
    # A velocity that advances when somebody types a number would make looking change the run.
    session = Session(small(Momentum(0.1, 0.9)), moons())
    session.run(7)
    before = session.frame().state["velocity"].flat.copy()
    params = session.params
    params.b[0][0] += 1
    session.apply(params=params)
    assert np.array_equal(session.frame().state["velocity"].flat, before)


def test_keyframes_thin_out_under_a_budget_and_every_step_is_still_there() -> None:
    free = Session(small(), moons())
    tight = Session(small(), moons(), budget=20_000)
    free.run(6000)
    tight.run(6000)
    assert digest(free) == digest(tight)
    segment = tight._chain.segments[0]
    assert segment.nbytes <= 16_000
    assert segment.interval > 64
    for step in (0, 1, 63, 2500, 5999):
        free.seek(step)
        tight.seek(step)
        assert digest(free) == digest(tight)


def test_seek_outside_the_run_names_the_range() -> None:
    session = mazur()
    session.run(5)
    with pytest.raises(ValueError, match="step: expected 0 to 5, got 6"):
        session.seek(6)


# ---- edits, undo, reset


def test_undo_and_redo_return_to_the_exact_moment() -> None:
    session = Session(small(), moons())
    moments = [digest(session)]
    session.gesture("train")
    session.run(100)
    moments.append(digest(session))
    session.apply(experiment=session.experiment.replace(optimizer=SGD(0.01)), name="change learning rate")
    moments.append(digest(session))
    session.gesture("train")
    session.run(50)
    moments.append(digest(session))
    session.reset()
    moments.append(digest(session))
    names = ["reset", "train", "change learning rate", "train"]
    assert session.frame().undo == "reset"
    for name, want in zip(names, reversed(moments[:-1]), strict=True):
        assert session.undo() == name
        assert digest(session) == want
    assert session.undo() is None
    for name, want in zip(reversed(names), moments[1:], strict=True):
        assert session.redo() == name
        assert digest(session) == want
    assert session.redo() is None


def test_a_branch_from_the_past_keeps_the_old_future_in_undo() -> None:
    session = Session(small(), moons())
    session.run(200)
    future = digest(session)
    session.seek(50)
    session.apply(experiment=session.experiment.replace(optimizer=SGD(2.0)))
    session.run(100)
    assert session.last_step == 150
    session.undo()
    assert session.step_number == 50
    assert session.last_step == 200
    session.seek(200)
    assert digest(session) == future


def test_reset_returns_to_the_start_weights_with_the_present_experiment() -> None:
    session = Session(small(), moons())
    start = digest(session)
    session.run(40)
    session.reset()
    assert digest(session) == start
    assert session.frame().metrics.stop == 1, "the curves begin anew"
    session.run(40)
    session.apply(experiment=session.experiment.replace(optimizer=SGD(0.05)))
    session.reset()
    assert session.experiment.optimizer == SGD(0.05)
    assert np.array_equal(session.params.flat, Session(small(), moons()).params.flat)


def test_weights_typed_at_step_0_are_where_reset_returns_to() -> None:
    session = Session(small(), moons())
    params = session.params
    params.W[0][1, 1] = 0.5
    session.apply(params=params)
    session.run(30)
    session.reset()
    assert session.params.W[0][1, 1] == 0.5


def test_a_restart_takes_everything_anew_and_is_one_gesture() -> None:
    session = Session(small(), moons())
    session.run(9)
    before = digest(session)
    other = small(Momentum(0.2), batch_size=0)
    start = Session(other.replace(seed=5), moons()).params
    session.restart(other, moons(seed=1), start, "switch")
    assert digest(session) == digest(Session(other, moons(seed=1), start))
    session.run(4)
    session.reset()
    assert np.array_equal(session.params.flat, start.flat), "its start is where a reset returns to"
    assert [session.undo(), session.undo()] == ["reset", "switch"]
    assert digest(session) == before


def test_a_restart_that_does_not_fit_changes_nothing() -> None:
    session = Session(small(), moons())
    session.run(9)
    before = digest(session)
    wide = small(network=Network(3, (Dense(1, "sigmoid"),)))
    with pytest.raises(ValueError, match="2 input columns, got 3"):
        session.restart(wide, moons(), session.params)
    with pytest.raises(ValueError, match="start: expected layers"):
        session.restart(small(network=Network(2, (Dense(1, "sigmoid"),))), moons(), session.params)
    assert (digest(session), session.frame().undo) == (before, None)


def dragged(session: Session, values: list[float], drag: object) -> None:
    for value in values:
        params = session.params
        params.W[0][1, 1] = value
        session.apply(params=params, name="drag", drag=drag)


def test_a_dragged_value_is_one_gesture_and_leaves_no_traces_of_its_way() -> None:
    session = Session(small(), moons())
    session.run(9)
    before = digest(session)
    dragged(session, [0.1, 0.2, 0.3], object())
    straight = Session(small(), moons())
    straight.run(9)
    dragged(straight, [0.3], object())
    assert digest(session) == digest(straight)
    assert session.frame().segment == 1
    dragged(session, [0.7, 0.8], object())
    assert session.params.W[0][1, 1] == 0.8
    assert [session.undo(), session.undo(), session.undo()] == ["drag", "drag", None]
    assert digest(session) == before
    session.redo()
    assert session.params.W[0][1, 1] == 0.3, "another drag is another gesture"


def test_a_value_dragged_back_is_no_edit() -> None:
    session = Session(small(), moons())
    first = float(session.params.W[0][1, 1])
    before = digest(session)
    dragged(session, [0.1, first], object())
    frame = session.frame()
    assert (digest(session), frame.undo, frame.redo) == (before, None, None)


def test_a_value_dragged_while_training_goes_on_keeps_what_was_trained() -> None:
    session, drag = Session(small(), moons()), object()
    session.run(9)
    dragged(session, [0.1], drag)
    session.run(5)
    dragged(session, [0.2], drag)
    assert session.step_number == 14
    assert [session.undo(), session.undo()] == ["drag", None]
    assert session.step_number == 9


def test_a_drag_that_is_refused_keeps_the_value_before() -> None:
    session, drag = Session(small(), moons()), object()
    dragged(session, [0.1], drag)
    bad = session.dataset.replace_target(0, 0, 1.5)
    with pytest.raises(ValueError, match="between 0 and 1"):
        session.apply(dataset=bad, drag=drag)
    assert session.params.W[0][1, 1] == 0.1


def test_new_start_draws_other_weights() -> None:
    session = Session(small(), moons())
    before = session.params.flat
    session.run(3)
    session.reseed()
    assert session.step_number == 0
    assert not np.array_equal(session.params.flat, before)
    session.undo()
    assert session.step_number == 3


def test_changing_one_layer_keeps_the_others() -> None:
    session = Session(small(Momentum(0.1)), moons())
    session.run(20)
    old = session.params
    velocity = session.frame().state["velocity"].W[0].copy()
    network = session.experiment.network
    wider = Network(2, (network.layers[0], Dense(5, "sigmoid"), network.layers[2]))
    session.apply(experiment=session.experiment.replace(network=wider))
    frame = session.frame()
    assert frame.step == 20
    assert frame.continued == "continued"
    assert np.array_equal(frame.params.W[0], old.W[0])
    assert np.array_equal(frame.state["velocity"].W[0], velocity)
    deeper = Network(2, (network.layers[0], Dense(4, "tanh", Initializer("zeros")), *wider.layers[1:]))
    second, third = frame.params.W[1].copy(), frame.params.W[2].copy()
    session.apply(experiment=session.experiment.replace(network=deeper))
    frame = session.frame()
    assert np.array_equal(frame.params.W[0], old.W[0])
    assert not frame.params.W[1].any()
    assert np.array_equal(frame.params.W[2], second)
    assert np.array_equal(frame.params.W[3], third)


def test_changing_activation_and_freezing_keeps_all_parameters() -> None:
    session = Session(small(), moons())
    session.run(20)
    old = session.params
    layers = tuple(Dense(layer.units, "sigmoid", train_bias=False) for layer in session.experiment.network.layers)
    session.apply(experiment=session.experiment.replace(network=Network(2, layers)))
    for (W, b), (old_W, old_b) in zip(session.params, old, strict=True):
        assert np.array_equal(W, old_W)
        assert np.array_equal(b, old_b)
    biases = [b.copy() for b in session.params.b]
    session.run(5)
    assert all(np.array_equal(a, b) for a, b in zip(session.params.b, biases, strict=True))


def test_an_edit_that_does_not_fit_changes_nothing() -> None:
    session = Session(small(), moons())
    session.run(5)
    before = digest(session)
    wrong = Dataset.from_arrays([[1.0]], [[1.0]])
    with pytest.raises(ValueError, match=r"network.inputs: the data has 1 input columns, got 2"):
        session.apply(dataset=wrong)
    with pytest.raises(ValueError, match="targets between 0 and 1"):
        session.apply(dataset=Dataset.from_arrays([[1.0, 2.0]], [[3.0]]))
    assert digest(session) == before
    assert session.frame().undo is None


def test_too_large_a_batch_is_refused_with_the_figure() -> None:
    rng = np.random.default_rng(0)
    data = Dataset.from_arrays(rng.normal(size=(60_000, 2)), rng.normal(size=(60_000, 1)))
    network = Network(2, (Dense(3_000_000), Dense(1)))
    with pytest.raises(ValueError, match=r"batch_size: 60,000 rows .* need about [\d.,]+ GiB"):
        Session(Experiment(network, batch_size=0), data)


# ---- divergence


def line(rate: float, slope: float = 1.0) -> Session:
    network = Network(1, (Dense(1, "identity", train_bias=False),))
    data = Dataset.from_arrays([[10.0]], [[1.0]])
    return Session(Experiment(network, optimizer=SGD(rate)), data, Params.from_layers(network, [([[slope]], [0.0])]))


def test_divergence_stops_at_the_step_and_the_last_finite_parameters_stay() -> None:
    session = line(0.3)
    done = session.run(10_000)
    assert done < 10_000
    bad = session.nonfinite
    assert bad is not None
    assert bad.step == session.step_number == done
    assert np.isfinite(session.params.flat).all()
    assert session.frame().run == "diverged"
    with pytest.raises(ValueError, match="step back"):
        session.step()
    session.seek(bad.step - 1)
    assert session.nonfinite is None
    session.run(1)
    assert session.nonfinite == bad, "the same step diverges in the same place again"


def test_an_update_that_overflows_is_found_where_it_happens() -> None:
    session = line(1e300, slope=1e10)
    session.run(5)
    bad = session.nonfinite
    assert bad is not None
    assert (bad.step, bad.layer, bad.quantity, bad.index) == (0, 1, "update_W", (0, 0))
    assert session.params.W[0][0, 0] == 1e10


def test_large_but_finite_numbers_are_no_divergence() -> None:
    # The quick check squares every number; 1e160 is finite although its square is not.
    session = line(5e-324, slope=1e130)
    data = Dataset.from_arrays([[1e30]], [[1.0]])
    session = Session(session.experiment, data, session.params)
    assert session.frame().loss == np.inf
    assert session.nonfinite is not None
    assert session.nonfinite.quantity == "loss"


def test_a_value_that_is_not_finite_is_named_in_the_order_of_the_walk() -> None:
    network = Network(1, (Dense(2, "identity"), Dense(1, "identity")))
    start = Params.from_layers(network, [([[1.0], [1e200]], [0, 0]), ([[1.0, 1e200]], [0])])
    session = Session(Experiment(network), Dataset.from_arrays([[1.0]], [[0.0]]), start)
    bad = session.nonfinite
    assert bad is not None
    assert (bad.layer, bad.quantity, bad.index, bad.value) == (2, "z", (0, 0), np.inf)


# ---- frames


def test_a_frame_does_not_change_when_the_run_goes_on() -> None:
    session = Session(small(Momentum(0.1)), moons())
    session.run(10)
    frame = session.frame()
    copies = [frame.params.flat.copy(), frame.trace.arena.copy(), frame.trace.x.copy()]
    for _ in range(30):
        session.step()
        session.frame()
    assert all(
        np.array_equal(a, b) for a, b in zip(copies, [frame.params.flat, frame.trace.arena, frame.trace.x], strict=True)
    )
    with pytest.raises(ValueError, match="read-only"):
        frame.params.W[0][0, 0] = 1


def test_an_array_of_a_forgotten_frame_keeps_its_numbers() -> None:
    session = Session(small(), moons())
    delta = session.frame().trace.layers[1].delta
    copy = delta.copy()
    for _ in range(20):
        session.step()
        session.frame()
    assert np.array_equal(delta, copy)


def test_the_frames_loss_is_the_recorded_loss() -> None:
    session = Session(small(), moons())
    for _ in range(25):
        session.step()
        frame = session.frame()
        assert frame.metrics.value("loss", frame.step) == frame.loss
        assert frame.loss == pytest.approx(frame.row_loss.mean(), rel=1e-14)


def test_the_update_in_a_frame_is_what_the_next_step_adds() -> None:
    session = Session(small(Momentum(0.2)), moons())
    session.run(9)
    frame = session.frame()
    session.step()
    assert np.array_equal(session.params.flat, frame.params.flat + frame.trace.update.flat)
    assert np.array_equal(session.frame().state["velocity"].flat, frame.state_next["velocity"].flat)


def test_a_probe_is_a_row_on_its_own() -> None:
    session = Session(small(), moons())
    session.run(5)
    before = digest(session)
    frame = session.frame()
    inside = session.probe(int(frame.batch[2]))
    assert np.allclose(inside.layers[1].z[0], frame.trace.layers[1].z[2], rtol=1e-12)
    assert np.allclose(inside.layers[1].delta[0], frame.trace.layers[1].delta[2] * 6, rtol=1e-12)
    assert digest(session) == before
    with pytest.raises(ValueError, match="row: expected 0 to 46"):
        session.probe(47)


def test_a_saved_run_continues_with_the_same_digits() -> None:
    session = Session(small(Momentum(0.1)), moons())
    start = session.params
    session.run(40)
    frame = session.frame()
    # 40 steps of 7 batches end in the middle of an epoch.
    resume, place = (40, frame.params, frame.state), (frame.epoch, frame.position)
    resumed = Session(small(Momentum(0.1)), moons(), start=start, resume=resume, place=place)
    assert digest(resumed) == digest(session)
    session.run(20)
    resumed.run(20)
    assert digest(resumed) == digest(session)
    resumed.reset()
    session.reset()
    assert digest(resumed) == digest(session)


Numbers = NDArray[np.float64]


def test_validation_is_recorded_at_ends_of_epochs_and_the_same_after_a_rewind() -> None:
    session = Session(small(), moons())
    session.run(64)
    points = session.frame().metrics.validation
    assert points[:, 0].tolist() == [0, 14, 28, 42, 56]  # 7 batches an epoch, at least 8 steps apart
    frame = session.frame()
    session.seek(28)
    session.run(36)
    assert np.array_equal(session.frame().metrics.validation, frame.metrics.validation)
    session.seek(14)
    rows = session.dataset.validation
    a = session.predict(session.dataset.x[rows])
    right = (a > 0.5) == (session.dataset.y[rows] > 0.5)
    assert points[1, 2] == right.mean()


# ---- biases, thresholds, and neither


def with_biases(experiment: Experiment, *kinds: str) -> Experiment:
    layers = zip(experiment.network.layers, kinds, strict=True)
    return experiment.replace(
        network=Network(
            experiment.network.inputs, tuple(dataclasses.replace(layer, bias=kind) for layer, kind in layers)
        )
    )


@pytest.mark.parametrize("order", ["simultaneous", "sequential"])
@pytest.mark.parametrize("optimizer", [SGD(0.3), Momentum(0.2, 0.9)])
def test_a_run_with_thresholds_is_the_run_with_biases(optimizer: Optimizer, order: str) -> None:
    """To the last bit, also where the word changes on the way; the threshold is −b."""
    plain = Session(small(optimizer, update_order=order), moons())
    other = Session(with_biases(small(optimizer, update_order=order), *["threshold"] * 3), moons())
    turning = Session(small(optimizer, update_order=order), moons())
    for session in (plain, other):
        session.run(40)
    for kind in ("threshold", "bias", "threshold", "bias"):
        turning.apply(with_biases(turning.experiment, *[kind] * 3))
        turning.run(10)
    assert turning.params.flat.tobytes() == plain.params.flat.tobytes()
    for (W, b), (same, theta) in zip(plain.params, other.params, strict=True):
        assert W.tobytes() == same.tobytes()
        assert np.array_equal(b, -theta)
        assert b.any()
    assert plain.loss == other.loss


def test_every_kind_of_bias_replays_to_the_bit() -> None:
    session = Session(with_biases(small(Momentum(0.2, 0.9)), "threshold", "none", "bias"), moons())
    seen = [digest(session)]
    for kinds in (("threshold", "none", "threshold"), ("none", "bias", "threshold"), ("bias", "none", "none")):
        session.run(9)
        seen.append(digest(session))
        session.apply(with_biases(session.experiment, *kinds), name=" ".join(kinds))
        seen.append(digest(session))
    session.run(5)
    last = digest(session)
    for step, at in ((0, 0), (9, 2), (18, 4), (27, 6)):
        session.seek(step)
        assert digest(session) == seen[at]
    session.seek(32)
    assert digest(session) == last
    assert session.undo() == "bias none none"
    assert digest(session) == seen[5]
    assert session.redo() == "bias none none"
    assert digest(session) == last
    assert not session.params.b[1].any()
    session.reset()
    session.run(3)
    assert session.experiment.network.layers[0].bias == "bias"


def test_a_reset_keeps_what_the_network_computes() -> None:
    """The start values of another convention are read as what they meant."""
    start = Initializer(biases="normal")
    network = Network(2, (Dense(3, "tanh", start), Dense(1, "sigmoid", start)))
    session = Session(Experiment(network, loss="bce", batch_size=0), moons())
    loss, b = session.loss, session.params.b[0]
    session.run(3)
    session.apply(with_biases(session.experiment, "threshold", "threshold"))
    assert np.array_equal(session.frame().start.fitted(session.experiment.network).b[0], -b)  # type: ignore[union-attr]
    session.reset()
    assert session.loss == loss
    assert np.array_equal(session.params.b[0], -b)


def test_no_optimiser_moves_a_bias_that_is_none() -> None:
    session = Session(with_biases(small(Momentum(0.2, 0.9)), "none", "none", "none"), moons())
    session.run(20)
    assert not any(b.any() for b in session.params.b)
    assert session.frame().trace.update.b[0].tolist() == [0.0] * 4

"""Every sign is planted and found with its numbers, and is not found where it is not; a remedy takes it away."""

import ast
import dataclasses
import itertools
import json
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.engine.trace import Params
from bpstudio.files import lesson
from bpstudio.files.asset import folder
from bpstudio.insight import health, layer_signs, remedies
from bpstudio.insight.baseline import constant_loss
from bpstudio.insight.elements import Unit
from bpstudio.insight.health import STRETCH, STUCK, examine
from bpstudio.insight.layer_signs import passage
from bpstudio.insight.phrase import Phrase
from bpstudio.insight.remedies import Remedy, shorter_steps
from bpstudio.insight.signs import STEPS, Finding
from bpstudio.insight.unit_curve import flat_ends
from bpstudio.maths.activations import activation
from bpstudio.maths.initializers import Initializer
from bpstudio.training.clipping import ClipByNorm
from bpstudio.training.evaluation import evaluate
from bpstudio.training.experiment import Experiment
from bpstudio.training.frame import Frame
from bpstudio.training.optimizers import SGD, Adam
from bpstudio.training.session import Session


def begun(frame: Frame, remedy: Remedy, steps: int) -> Frame:
    """The run that a remedy begins, after some steps."""
    experiment, dataset, start = remedy.begin(frame)
    run = Session(experiment, dataset, start)
    run.run(steps)
    return run.frame()


def kind(frame: Frame) -> str:
    found = examine(frame)
    return "" if found is None else found.kind


def regression(rows: int = 40, scale: float = 1.0, shift: float = 0.0) -> Dataset:
    x = np.random.default_rng(3).normal(size=(rows, 2)) * scale + shift
    return Dataset.from_arrays(x, np.sin(x[:, :1]))


# ---- nothing unusual


@pytest.mark.parametrize("name", ["tanh", "relu", "sigmoid"])
def test_a_step_whose_record_was_given_up_can_be_examined(name: str) -> None:
    layers = (*(Dense(3, name) for _ in range(4)), Dense(1, "identity"))
    session = Session(Experiment(Network(2, layers), optimizer=SGD(0.01), batch_size=40), regression(), budget=200_000)
    session.run(3500)
    session.seek(700)
    frame = session.frame()
    assert frame.metrics.table(("loss",), 600, 701)[1].shape == (0, 1), "nothing is left of the steps before"
    examine(frame)


@pytest.mark.parametrize(("name", "steps"), [("iris", 400), ("four-equations", 300), ("softmax", 120)])
def test_a_run_that_learns_has_nothing_unusual(name: str, steps: int) -> None:
    run = lesson.load(name).session()
    for _ in range(4):
        assert examine(run.frame()) is None
        run.run(steps // 4)
    assert examine(run.frame()) is None


@pytest.mark.parametrize("variant", ["sigmoid", "tanh", "relu"])
def test_no_wolf_is_cried_in_the_first_steps(variant: str) -> None:
    run = lesson.load("vanishing").choose(variant).session()
    for _ in range(STEPS - 1):
        assert examine(run.frame()) is None
        run.step()
    assert (kind(run.frame()) == "vanishing") == (variant == "sigmoid")


def test_the_same_frame_gives_the_same_finding_and_nothing_is_changed() -> None:
    run = lesson.load("vanishing").session()
    run.run(40)
    frame = run.frame()
    before = frame.trace.arena.tobytes(), frame.params.flat.tobytes()
    assert examine(frame) == examine(frame)
    assert (frame.trace.arena.tobytes(), frame.params.flat.tobytes()) == before


# ---- 1 not finite


def exploding(rate: float) -> Session:
    network = Network(2, (Dense(3, "identity"), Dense(1, "identity")))
    return Session(Experiment(network, optimizer=SGD(rate), batch_size=0), regression(scale=3.0))


def test_what_is_not_finite_comes_first_with_the_growth_that_led_there() -> None:
    run = exploding(5.0)
    run.run(2000)
    frame = run.frame()
    assert frame.nonfinite is not None
    found = examine(frame)
    assert found is not None
    assert (found.kind, found.level) == ("nonfinite", "error")
    assert found.what.text.startswith(f"Step {frame.step} is not finite; first not finite: ")
    losses = [frame.metrics.value("loss", step) for step in range(frame.step - 5, frame.step)]
    assert losses == sorted(losses)  # type: ignore[type-var]
    assert found.cause is not None
    assert found.cause.text.startswith(f"the loss grew in each of 5 steps, from {losses[0]:.3g}".replace("e+", "e"))
    assert found.remedies[0].experiment(frame.experiment).optimizer.rate == 0.5


def test_the_smaller_rate_keeps_it_finite() -> None:
    run = exploding(0.5)
    run.run(2000)
    found = examine(run.frame())
    assert found is not None
    assert found.kind == "nonfinite"
    after = begun(run.frame(), found.remedies[0], 300)
    assert after.nonfinite is None
    assert kind(after) == ""
    assert np.array_equal(after.start.flat, run.frame().start.flat), "the same start"  # type: ignore[union-attr]


def test_clipping_keeps_it_finite_and_is_offered_where_it_can() -> None:
    run = exploding(0.5)
    run.run(2000)
    found = examine(run.frame())
    assert found is not None
    (shorter,) = [remedy for remedy in found.remedies if remedy.clip]
    after = begun(run.frame(), shorter, 300)
    assert after.experiment == run.experiment.replace(clipping=ClipByNorm(1.0))
    assert after.nonfinite is None
    for changes in (
        {"optimizer": SGD(5.0)},
        {"optimizer": Adam(0.1)},
        {"clipping": ClipByNorm(3.0)},
        {"update_order": "sequential"},
    ):
        assert shorter_steps(run.experiment.replace(**changes)) is None


def test_a_typed_infinity_has_no_cause_that_follows_from_the_loss(mazur: Callable[..., Session]) -> None:
    run = mazur()
    run.run(50)
    params = run.params
    params.W[0][:] = 1e308
    params.W[1][:] = 1e308
    run.apply(params=params, dataset=run.dataset.replace_input(0, 0, 1e308))
    found = examine(run.frame())
    assert found is not None
    assert found.kind == "nonfinite"
    assert found.cause is None


# ---- 2 at the baseline


def test_a_loss_at_the_baseline_is_told_with_the_cause_that_is_there() -> None:
    run = lesson.load("vanishing").session()
    run.run(STUCK - 2)
    assert kind(run.frame()) == "vanishing", "one step too early"
    run.run(152)
    frame = run.frame()
    found = examine(frame)
    assert found is not None
    assert found.kind == "baseline"
    losses = frame.metrics.table(["loss"], frame.step + 1 - 250)[1][:, 0]
    level = constant_loss(frame.experiment, frame.dataset)
    for stretch in losses.reshape(-1, STRETCH):
        assert abs(stretch.mean() - level) <= 0.01 * level
    assert found.what.text == (
        f"250 steps at the baseline: loss {losses.mean():.4f}, always the same answer {level:.4f}"
    )
    assert found.cause is not None
    assert found.cause.text.startswith("Layer 1 has a gradient ")
    assert found.about == Unit(1, 0)


def test_relu_with_he_takes_both_away() -> None:
    run = lesson.load("vanishing").session()
    run.run(150)
    found = examine(run.frame())
    assert found is not None
    assert [remedy.edit for remedy in found.remedies] == ["ReLU with He start", "tanh, same start"]
    assert kind(begun(run.frame(), found.remedies[0], 300)) not in ("baseline", "vanishing")
    assert kind(begun(run.frame(), found.remedies[1], 300)) == ""


def test_units_that_are_copies_are_the_cause_and_a_new_start_ends_it() -> None:
    run = lesson.load("xor").session()
    run.run(STUCK)
    frame = run.frame()
    found = examine(frame)
    assert found is not None
    assert found.cause is not None
    assert found.cause.text.startswith("The 2 units of layer 1 have equal weights in and out")
    after = begun(frame, found.remedies[0], 0)
    assert len(set(after.params.W[0][:, 0])) == 2
    params = run.params
    params.W[0][0, 0] = 1e-3
    run.apply(params=params)
    run.run(STUCK)
    found = examine(run.frame())
    assert found is None or "equal weights" not in found.words.text


def test_far_from_the_baseline_or_with_a_single_row_nothing_is_said(mazur: Callable[..., Session]) -> None:
    run = lesson.load("iris").session()
    run.run(200)
    frame = run.frame()
    # The same run beside a constant answer that is as bad as it is good: only the distance decides.
    assert abs(frame.loss - constant_loss(frame.experiment, frame.dataset)) > 0.1
    assert kind(frame) == ""
    alone = mazur(optimizer=SGD(1e-9))
    alone.run(150)
    assert kind(alone.frame()) != "baseline"


# ---- 3 vanishing


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.sampled_from(["sigmoid", "tanh", "identity"]), min_size=2, max_size=6),
    st.integers(0, 50),
    st.sampled_from(["simultaneous", "sequential"]),
)
def test_the_factors_make_the_ratio(activations: list[str], seed: int, order: str) -> None:
    network = Network(3, tuple(Dense(4, name) for name in activations))
    rng = np.random.default_rng(seed)
    data = Dataset.from_arrays(rng.normal(size=(6, 3)), rng.uniform(0.1, 0.9, (6, 4)))
    run = Session(Experiment(network, optimizer=SGD(0.01), batch_size=6, seed=seed, update_order=order), data)
    run.run(3)
    frame = run.frame()
    way = passage(frame, 1, len(activations))
    assert way is not None
    norms = [float(np.linalg.norm(layer.dW)) for layer in frame.trace.layers]
    assert way.ratio == norms[0] / norms[-1]
    assert math.prod(way.slopes) * way.weights * way.inputs == pytest.approx(way.ratio, rel=1e-9)
    for name, slope in zip(activations, way.slopes, strict=False):
        assert 0 < slope <= (activation(name).max_slope or 0) * (1 + 1e-12)


def test_a_vanishing_gradient_is_told_with_its_factors() -> None:
    run = lesson.load("vanishing").session()
    run.run(60)
    frame = run.frame()
    found = examine(frame)
    assert found is not None
    assert found.kind == "vanishing"
    norms = [float(np.linalg.norm(layer.dW)) for layer in frame.trace.layers]
    assert f"{norms[-1] / norms[0]:,.0f} times smaller than layer 11" in found.what.text
    way = passage(frame, 1, 11)
    assert way is not None
    assert found.cause is not None
    assert f" = {math.prod(way.slopes):.3g}".replace("e-0", "e-") in found.cause.text


def test_while_the_loss_falls_it_is_a_note(mazur: Callable[..., Session]) -> None:
    """The worked example learns well with a layer that hears forty times less: said, but no alarm."""
    run = mazur()
    run.run(STEPS)
    frame = run.frame()
    found = examine(frame)
    assert found is not None
    assert (found.kind, found.level) == ("vanishing", "note")
    losses = frame.metrics.table(["loss"])[1][:, 0]
    before, now = losses[-20:-10].mean(), losses[-10:].mean()
    assert found.words.text.startswith(f"The loss falls, by {1 - now / before:.0%} in 10 steps. Layer 1 has a gradient")
    slower = mazur(optimizer=SGD(1e-3))
    slower.run(STEPS)
    found = examine(slower.frame())
    assert found is not None
    assert (found.level, found.yet) == ("warning", None)


def test_when_little_of_the_loss_is_left_it_is_a_note_too() -> None:
    run = lesson.load("mazur").choose("trained-biases").session()
    run.run(1500)
    frame = run.frame()
    found = examine(frame)
    assert found is not None
    assert (found.kind, found.level) == ("vanishing", "note")
    losses = frame.metrics.table(["loss"])[1][:, 0]
    assert losses[-20:].mean() > 0.95 * losses[-40:-20].mean(), "it hardly falls any more"
    first, last = (f"{part.mean():.3g}" for part in (losses[:STEPS], losses[-STEPS:]))
    assert found.words.text.startswith(f"The loss has fallen from {first} to {last}. Layer 1 ")


def test_a_row_of_zeros_says_nothing_of_the_layers() -> None:
    run = lesson.load("xor").choose("row-by-row").session()
    said = set()
    for _ in range(120):
        run.step()
        frame = run.frame()
        assert frame.trace.x.any() or kind(frame) != "vanishing"
        said.add((bool(frame.trace.x.any()), kind(frame)))
    assert (True, "vanishing") in said


def test_a_start_with_a_dead_half_is_no_remedy(mazur: Callable[..., Session]) -> None:
    run = mazur()
    run.run(STEPS)
    frame = run.frame()
    he = begun(frame, remedies.relu_with_he((0,)), 0)
    assert (he.trace.layers[0].z <= 0).sum() == 1, "one of two units would be off for the only row"
    found = examine(frame)
    assert found is not None
    assert [remedy.edit for remedy in found.remedies] == ["tanh, same start"]


def test_slopes_that_steps_have_made_0_ask_for_smaller_steps() -> None:
    run = lesson.load("iris").session()
    run.apply(run.experiment.replace(optimizer=SGD(1000.0)))
    run.run(STEPS + 5)
    found = examine(run.frame())
    assert found is not None
    assert found.words.text == "Layer 1 has gradient 0, layer 2 has not: every slope of layer 1 is 0"
    assert [remedy.edit for remedy in found.remedies] == ["smaller learning rate", "new start"]
    assert found.remedies[0].rate == 100.0


def test_slopes_that_far_inputs_have_made_0_ask_for_scaled_inputs() -> None:
    rng = np.random.default_rng(5)
    x = np.stack([rng.normal(size=40) * 8 + 2000, rng.normal(size=40)], axis=1)
    network = Network(2, (Dense(6, "tanh", Initializer("xavier_normal")), Dense(1, "identity")))
    run = Session(Experiment(network, optimizer=SGD(0.05), batch_size=0), Dataset.from_arrays(x, x[:, 1:] ** 2))
    run.run(STEPS + 5)
    found = examine(run.frame())
    assert found is not None
    assert found.words.text.endswith("every slope of layer 1 is 0")
    assert [remedy.edit for remedy in found.remedies] == ["standardise", "new start"]
    assert found.remedies[0].columns == (0,), "the other input has a suitable size"
    assert kind(begun(run.frame(), found.remedies[0], 60)) == ""


def test_zero_weights_above_let_nothing_through() -> None:
    network = Network(
        2, (Dense(3, "tanh"), Dense(3, "tanh", train_weights=False, train_bias=False), Dense(1, "identity"))
    )
    run = Session(Experiment(network, optimizer=SGD(1e-30), batch_size=0), regression())
    params = run.params
    params.W[1][:] = 0.0
    run.apply(params=params)
    run.run(STEPS)
    found = examine(run.frame())
    assert found is None or found.kind != "vanishing", "layer 3 learns nothing either: all that comes in is 0"
    params.b[1][:] = 0.5
    run.apply(params=params)
    run.run(STEPS)
    found = examine(run.frame())
    assert found is not None
    assert found.words.text == "Layer 1 has gradient 0, layer 3 has not: every weight of layer 2 is 0"


def test_frozen_layers_are_not_asked_to_learn() -> None:
    run = lesson.load("vanishing").session()
    layers = list(run.experiment.network.layers)
    layers[:10] = [dataclasses.replace(layer, train_weights=False) for layer in layers[:10]]
    network = dataclasses.replace(run.experiment.network, layers=tuple(layers))
    run.apply(run.experiment.replace(network=network))
    run.run(40)
    assert kind(run.frame()) != "vanishing"


# ---- 4 flat


def wide_start(std: float) -> Session:
    start = Initializer("normal", std=std)
    network = Network(2, (Dense(8, "tanh", start), Dense(1, "identity", train_weights=False)))
    return Session(Experiment(network, optimizer=SGD(0.001), batch_size=0), regression())


def test_a_flat_layer_is_told_with_its_count_and_its_inputs() -> None:
    run = wide_start(30.0)
    run.run(STEPS)
    frame = run.frame()
    found = examine(frame)
    assert found is not None
    assert found.kind == "flat"
    z, slope = frame.trace.layers[0].z, frame.trace.layers[0].slope
    assert slope is not None
    pairs = slope < 0.1
    assert found.what.text == f"{pairs.sum()} of {pairs.size} (unit, row) pairs of layer 1 are flat"
    assert found.cause is not None
    assert found.cause.text == f"|z| is {np.abs(z[pairs]).mean():.3g} there on average, and tanh is flat beyond 1.82"
    assert isinstance(found.about, Unit)
    assert pairs[:, found.about.index].sum() == pairs.sum(axis=0).max()
    assert found.remedies[0].words.text == "Xavier start in layer 1"
    for remedy in found.remedies:
        assert kind(begun(frame, remedy, STEPS)) == ""


@pytest.mark.parametrize(("rate", "sign"), [(5.0, "flat"), (20.0, "vanishing")])
def test_a_layer_that_steps_have_made_flat_asks_for_smaller_steps(rate: float, sign: str) -> None:
    run = lesson.load("iris").session()
    run.apply(run.experiment.replace(optimizer=SGD(rate)))
    for steps in (25, 100, 200):
        run.run(steps)
        found = examine(run.frame())
        assert found is not None
        assert found.kind == sign
        assert found.remedies[0].rate == rate / 10
        if found.level == "note":
            losses = run.frame().metrics.table(["loss"])[1][:, 0]
            assert losses[-STEPS:].mean() <= losses[:STEPS].mean() / 10, "a loss that jumps by itself does not fall"


def test_a_steep_layer_is_not() -> None:
    run = wide_start(0.5)
    run.run(STEPS)
    assert kind(run.frame()) == ""


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "scaled_tanh", "elu", "softplus(beta=2)", "hard_sigmoid"])
@pytest.mark.parametrize("threshold", [0.01, 0.1, 0.5, 0.99])
def test_where_it_is_flat_follows_from_the_threshold(name: str, threshold: float) -> None:
    rule = activation(name)
    low, high = flat_ends(rule, threshold)
    assert low > -np.inf
    for edge, outwards in ((low, -1e-6), (high, 1e-6)):
        if np.isfinite(edge):
            values = np.array([edge + outwards, edge - outwards])
            slope = rule.df(values, rule.f(values))
            assert (slope < threshold * (rule.max_slope or 0)).tolist() == [True, False]


def test_what_has_no_flat_end_is_flat_nowhere() -> None:
    assert flat_ends(activation("identity"), 0.1) == flat_ends(activation("leaky_relu"), 0.1) == (-np.inf, np.inf)
    assert flat_ends(activation("elu"), 0.1)[1] == np.inf


def one_neuron(w: float, b: float, y: float, loss: str = "half_squared_error") -> Frame:
    network = Network(1, (Dense(1),))
    start = Params.from_layers(network, [([[w]], [b])])
    run = Session(Experiment(network, loss=loss, optimizer=SGD(0.15)), Dataset.from_arrays([[1.0]], [[y]]), start)
    run.run(STEPS)
    return run.frame()


def test_an_output_is_flat_where_it_is_wrong_and_its_slope_counts() -> None:
    """The neuron that starts at 0.98 and should be 0 stands on the flat part; one that should be 1 is done."""
    frame = one_neuron(2.0, 2.0, 0.0)
    found = examine(frame)
    assert found is not None
    assert found.what.text == "1 of 1 (unit, row) pairs of layer 1 are flat and far from their target"
    assert kind(one_neuron(0.6, 0.9, 0.0)) == ""
    assert kind(one_neuron(2.0, 2.0, 1.0)) == ""
    assert kind(one_neuron(2.0, 2.0, 0.0, "bce")) == "", "there δ is a − y"
    assert found.remedies[0].edit == "cross-entropy"
    assert kind(begun(frame, found.remedies[0], 60)) == ""


# ---- 5 dead


def relu_run(bias: float, rate: float = 0.01) -> Session:
    network = Network(2, (Dense(4, "relu"), Dense(1, "identity")))
    start = Params.from_layers(network, [(np.eye(4, 2), [0.5, 0.5, 0.5, bias]), ([[0.5, 0.5, 0.5, 0.5]], [0.0])])
    return Session(Experiment(network, optimizer=SGD(rate), batch_size=8), regression(), start)


def test_a_dead_unit_is_told_since_when() -> None:
    run = relu_run(0.7)
    run.run(33)
    assert kind(run.frame()) == ""
    params = run.params
    params.b[0][3] = -5.0
    run.apply(params=params)
    run.run(STEPS - 2)
    assert kind(run.frame()) == "", "one step too early"
    run.step()
    frame = run.frame()
    found = examine(frame)
    assert found is not None
    assert found.kind == "dead"
    assert found.about == Unit(1, 3)
    assert found.what.text == "h₄ is dead, off for all 40 rows and in every batch since step 33"
    assert found.cause is not None
    z = frame.dataset.x @ frame.params.W[0][3] + frame.params.b[0][3]
    assert f"the greatest z is −{-z.max():.3g}," in found.cause.text
    assert kind(begun(frame, found.remedies[0], 60)) == "", "tanh cannot be off"
    run.seek(33)
    assert kind(run.frame()) == "", "at that step nobody could know"


def test_one_row_is_not_all_rows(mazur: Callable[..., Session]) -> None:
    run = mazur()
    run.run(STEPS)
    found = examine(begun(run.frame(), remedies.relu_with_he((0,)), STEPS))
    assert found is not None
    assert found.what.text == "h₁ is dead, off for the only row and in every batch since step 0"


def test_a_unit_that_is_on_for_one_row_of_the_data_is_not_dead() -> None:
    run = relu_run(-1.0, rate=1e-12)
    x = run.dataset.x.copy()
    run.apply(dataset=Dataset.from_arrays(np.vstack([x, [[0.0, 0.0]]]), np.zeros((len(x) + 1, 1))))
    params = run.params
    params.W[0][3] = 0.0, 0.0
    params.b[0][3] = 1e-9
    run.apply(params=params)
    run.run(60)
    assert kind(run.frame()) != "dead"


def test_of_many_rows_some_are_gone_through_and_the_record_knows_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    run = relu_run(-5.0)
    run.run(STEPS)
    monkeypatch.setattr(layer_signs, "ROWS", 25)
    found = examine(run.frame())
    assert found is not None
    assert found.what.text == "h₄ is dead, off for the first 25 rows and in every batch since step 0"


def test_several_units_are_counted() -> None:
    run = relu_run(-5.0)
    params = run.params
    params.b[0][2] = -6.0
    run.apply(params=params)
    run.run(STEPS)
    found = examine(run.frame())
    assert found is not None
    assert found.what.text.startswith("2 of 4 units of layer 1 are dead, off for all 40 rows; ")
    assert found.remedies[1].edit == "new start", "they were born dead"


# ---- 6 a column


def table(shift: float, rows: int = 40, name: str = "year") -> Session:
    rng = np.random.default_rng(5)
    x = np.stack([rng.normal(size=rows) * 2 + shift, rng.normal(size=rows)], axis=1)
    data = Dataset.from_arrays(x, x[:, 1:], input_names=[name, "other"])
    network = Network(2, (Dense(3, "relu", Initializer("he_normal")), Dense(1, "identity")))
    return Session(Experiment(network, optimizer=SGD(1e-9), batch_size=0), data)


def test_a_column_far_from_0_is_told_at_once_and_standardised() -> None:
    run = table(2000.0)
    frame = run.frame()
    found = examine(frame)
    assert found is not None
    assert found.kind == "column"
    seen = frame.dataset.x[:, 0]
    mean, std = seen.mean(), seen.std()
    assert found.what.text == (
        f"year has mean {float(f'{mean:.3g}'):g} and standard deviation {std:.3g}, "
        f"{mean / std:,.0f} times less, and is not scaled"
    ).replace("2000", "2e3")
    (remedy,) = found.remedies
    after = begun(frame, remedy, 0)
    assert kind(after) == ""
    assert after.dataset.x[:, 0].mean() == pytest.approx(0, abs=1e-9)
    assert np.array_equal(after.dataset.x[:, 1], frame.dataset.x[:, 1])


def test_a_column_near_0_or_without_spread_or_of_few_rows_is_not() -> None:
    assert kind(table(15.0).frame()) == ""
    assert kind(table(2000.0, rows=9).frame()) == ""
    network = Network(1, (Dense(1, "identity"),))
    for constant in (7.0, 0.1, -1e9 / 3):
        data = Dataset.from_arrays(np.full((23, 1), constant), np.zeros((23, 1)))
        run = Session(Experiment(network, optimizer=SGD(1e-30)), data)
        assert kind(run.frame()) == "", "a constant has no standard deviation, whatever rounding makes of it"


# ---- 7 accuracy


def classes(seed: int, learnable: bool) -> Session:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(60, 2))
    labels = np.where(x[:, 0] + x[:, 1] > 0.9, 1, 0) if learnable else np.array([0] * 45 + [1] * 15)
    data = Dataset.from_arrays(x, labels, "classes", class_names=["no", "yes"])
    network = Network(2, (Dense(2, "softmax"),))
    # Half a squared error far above that of the baseline, so that only the answers are judged.
    return Session(Experiment(network, optimizer=SGD(0.5), batch_size=0, loss="categorical_ce"), data)


def test_no_more_right_than_the_most_frequent_class() -> None:
    run = classes(1, learnable=False)
    params = run.params
    params.W[0][:], params.b[0][:] = 0.0, [4.0, -4.0]
    run.apply(run.experiment.replace(optimizer=SGD(1e-9)), params=params)
    run.run(STUCK - 2)
    assert kind(run.frame()) == "", "one step too early"
    run.step()
    frame = run.frame()
    found = examine(frame)
    assert found is not None
    assert found.kind == "accuracy"
    right = evaluate(frame.experiment, frame.params, frame.dataset, frame.dataset.train)[1] * 60
    assert found.words.text == (
        f"{right:.0f} of 60 rows are right, no more than by always answering no (45): "
        "the network answers no for 60 of them"
    )


def test_one_row_more_is_enough() -> None:
    run = classes(1, learnable=True)
    run.run(300)
    assert kind(run.frame()) == ""


# ---- remedies, words


def test_a_remedy_changes_what_it_names_and_nothing_else() -> None:
    run = lesson.load("vanishing").session()
    frame = run.frame()
    experiment, dataset, start = remedies.with_tanh((0, 1, 2)).begin(frame)
    assert [layer.activation for layer in experiment.network.layers[:4]] == ["tanh"] * 3 + ["sigmoid"]
    assert dataset is frame.dataset
    assert frame.start is not None
    assert np.array_equal(start.flat, frame.start.flat), "the same start"
    experiment, _, start = remedies.relu_with_he((3,)).begin(frame)
    assert [np.array_equal(start.W[n], frame.start.W[n]) for n in range(11)] == [n != 3 for n in range(11)]
    assert experiment.network.layers[3].initializer.weights == "he_normal"
    again, _, _ = remedies.new_start(frame.experiment).begin(frame)
    assert again == frame.experiment.replace(seed=frame.experiment.seed + 1)


def test_spans() -> None:
    assert [remedies.spans(each) for each in ((0,), (0, 1, 2), (0, 2))] == ["1", "1–3", "1, 3"]


def everything() -> Iterator[Finding]:
    """One finding of every kind."""
    for run, steps in (
        (exploding(5.0), 2000), (lesson.load("vanishing").session(), 150),
        (lesson.load("vanishing").session(), 40), (lesson.load("mazur").session(), 20),
        (wide_start(30.0), 40), (relu_run(-5.0), 40), (table(2000.0), 0), (lesson.load("xor").session(), 150),
    ):  # fmt: skip
        run.run(steps)
        found = examine(run.frame())
        assert found is not None
        yield found


def templates(phrase: Phrase) -> Iterator[str]:
    yield phrase.template
    for value in phrase.values.values():
        if isinstance(value, Phrase):
            yield from templates(value)


def catalogue() -> dict[str, str]:
    found: dict[str, str] = {}
    for path in (Path(folder()) / "translations" / "zh_CN").glob("*.json"):
        found |= json.loads(path.read_text(encoding="utf-8"))
    return found


def test_every_sentence_can_be_said_in_chinese() -> None:
    entries = catalogue()
    for found in everything():
        for phrase in (found.words, *(remedy.words for remedy in found.remedies)):
            assert "{" not in phrase.text
            assert not re.search(r"nan|inf\b|None|np\.", phrase.text), phrase.text
            chinese = phrase.rendered(
                lambda template: entries[template] if re.search("[a-z]{2}", template) else template
            )
            assert re.search(r"[\u4e00-\u9fff]", chinese), chinese


NAMES = ("Phrase", "Remedy", "_in_layers")


def test_no_sentence_is_missing_from_the_catalogue() -> None:
    entries, missing = catalogue(), set()
    for module in (health, layer_signs, remedies):
        for node in ast.walk(ast.parse(Path(module.__file__).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NAMES:
                choices = [
                    [each.body, each.orelse] if isinstance(each, ast.IfExp) else [each] for each in node.args[:2]
                ]
                for part in itertools.chain(*choices):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value not in entries:
                        missing.add(part.value)
    assert not missing
    assert layer_signs.SMALLER in entries

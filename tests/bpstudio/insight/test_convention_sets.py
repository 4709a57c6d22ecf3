"""Each named set against what its source's own cases use, and the preview against what really changes."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import AvgPool2D, Conv2D, Dense, Dropout, Flatten, MaxPool2D
from bpstudio.engine.network import Network
from bpstudio.engine.trace import Params, draw_params
from bpstudio.files.case_document import read
from bpstudio.files.case_experiment import understand
from bpstudio.insight.convention_changes import State, changes
from bpstudio.insight.convention_rules import ConventionSet, Writing
from bpstudio.insight.convention_sets import SETS, is_current
from bpstudio.insight.notation import NOTATIONS
from bpstudio.maths.initializers import Initializer
from bpstudio.maths.penalties import L1, L2, KLSparsity, RunningSparsity
from bpstudio.training.adaptive import Adam, AdamW
from bpstudio.training.clipping import ClipByNorm
from bpstudio.training.experiment import Experiment
from bpstudio.training.optimizers import SGD, AdaGrad, Momentum, Nesterov, RMSProp
from bpstudio.training.schedules import Constant, Inv, InverseTime
from bpstudio.training.session import Session

CASES = Path(__file__).parents[1] / "files" / "cases"
OF_CASES = {
    "caffe": "caffe",
    "dlt": "deep_learn_toolbox",
    "keras": "keras",
    "mazur": "mazur_corrected",
    "nielsen": "nielsen",
    "ufldl": "ufldl",
}
"""Of these sources every case is written by its own conventions throughout."""
VARIED = {"mazur-train-bias"}
MEANWHILE = {"mazur-sequential": "mazur_printed"}
NIELSEN = NOTATIONS["nielsen"]


def kind(path: Path) -> str:
    return path.stem.split("-")[0]


OWN_CASES = sorted(path for path in CASES.glob("*.json") if kind(path) in OF_CASES and path.stem not in VARIED)


def rows(outputs: int = 2, inputs: int = 3, count: int = 6) -> Dataset:
    rng = np.random.default_rng(5)
    return Dataset.from_arrays(rng.normal(size=(count, inputs)), np.eye(outputs)[rng.integers(0, outputs, count)])


def setup(**changes: Any) -> Experiment:
    layers = (Dense(4, "sigmoid"), Dense(2, "sigmoid"))
    return Experiment(Network(3, layers), batch_size=3, optimizer=SGD(0.1)).replace(**changes)


EXPERIMENTS = {
    "plain": setup(),
    "squared": setup(loss="squared_error", reduction="sum", batch_size=0),
    "entropy": setup(loss="bce", reduction="mean_all", update_order="sequential"),
    "softmax": setup(
        network=Network(3, (Dense(4, "tanh"), Dense(2, "softmax"))), loss="categorical_ce", optimizer=Momentum(0.2, 0.7)
    ),
    "decay": setup(optimizer=Momentum(0.2, 0.7, velocity="inside", weight_decay=0.03), penalties=(L1(0.1),)),
    "weights decay": setup(optimizer=SGD(0.2, weight_decay=0.03, decay_biases=False)),
    "penalties": setup(penalties=(L1(0.1), L2(0.2), KLSparsity(0.3, 0.1, (0,))), clipping=ClipByNorm(2.0)),
    "all decays": setup(penalties=(L2(0.2, "plain", "all"),), optimizer=SGD(0.1, weight_decay=0.05)),
    "running": setup(penalties=(RunningSparsity(0.3, 0.1, (0, 1)),), optimizer=Adam(0.01)),
    "adam": setup(optimizer=Adam(0.01, epsilon_form="hat"), clipping=ClipByNorm(2.0, 0.0)),
    "adamw": setup(optimizer=AdamW(0.01, weight_decay=0.1), penalties=(L2(0.2),)),
    "rmsprop": setup(optimizer=RMSProp(0.01), schedule=InverseTime(0.1)),
    "adagrad": setup(optimizer=AdaGrad(0.01, initial_accumulator=0.3), schedule=Inv()),
    "nesterov": setup(optimizer=Nesterov(0.01, 0.8)),
    "thresholds": setup(
        network=Network(3, (Dense(4, bias="threshold"), Dense(2, train_bias=False, initializer=Initializer("ng"))))
    ),
    "no biases": setup(network=Network(3, (Dense(4, bias="none"), Dense(2, bias="none")))),
    "images": setup(
        network=Network(
            36,
            (
                Conv2D(2, (2, 2), mode="convolution"),
                MaxPool2D((2, 2), (2, 2)),
                AvgPool2D((2, 2), (1, 1)),
                Flatten(),
                Dropout(0.5, inverted=False),
                Dense(2, "sigmoid"),
            ),
            (1, 6, 6),
        )
    ),
}


def data_of(experiment: Experiment) -> Dataset:
    return rows(inputs=experiment.network.inputs)


@pytest.mark.parametrize("path", OWN_CASES, ids=lambda path: path.stem)
def test_a_case_of_a_source_is_by_the_conventions_of_its_source(path: Path) -> None:
    question = understand(read(path))
    one = SETS[MEANWHILE.get(path.stem, OF_CASES[kind(path)])]
    assert one.applied(question.experiment, question.dataset, with_start=False) == question.experiment


@pytest.mark.parametrize(
    ("stem", "name", "divisor"),
    [
        ("nielsen2-ce-l2", "nielsen", "training"),
        ("nielsen2-quadratic-l2-minibatch", "nielsen", "training"),
        ("sklearn-classifier-nesterov", "scikit_learn", "batch"),
        ("sklearn-regressor-adam", "scikit_learn", "batch"),
    ],
)
def test_a_penalty_divided_by_rows_trains_as_the_case_whose_strength_is_divided_already(
    stem: str, name: str, divisor: str
) -> None:
    question = understand(read(CASES / f"{stem}.json"))
    (penalty,) = question.experiment.penalties
    assert isinstance(penalty, L2)
    count = len(question.dataset.train)
    size = count if divisor == "training" or question.batches is None else len(question.batches[0])
    spoken = question.experiment.replace(penalties=(L2(penalty.strength * size),))
    made = SETS[name].applied(spoken, question.dataset, with_start=False)
    assert made == question.experiment.replace(penalties=made.penalties)
    sessions = [
        Session(each, question.dataset, question.start, batches=question.batches)
        for each in (question.experiment, made)
    ]
    for session in sessions:
        session.run(5)
    np.testing.assert_allclose(sessions[1].params.flat, sessions[0].params.flat, rtol=1e-12)


@pytest.mark.parametrize("setup_name", EXPERIMENTS)
@pytest.mark.parametrize("name", SETS)
def test_the_table_shows_exactly_what_changes(name: str, setup_name: str) -> None:
    before, one = EXPERIMENTS[setup_name], SETS[name]
    dataset = data_of(before)
    if one.order == "sequential" and before.clipping is not None:
        with pytest.raises(ValueError, match="sequential"):
            one.applied(before, dataset)
        return
    after = one.applied(before, dataset)
    writing = Writing()
    states = [State(each, 6, how, NIELSEN) for each, how in ((before, writing), (after, one.written(writing)))]
    table = changes(*states)
    changed = {row.name for row in table if row.effect is not None}
    expected = set()
    for field, rows_of_it in ROWS_OF_FIELD.items():
        if getattr(before, field) != getattr(after, field):
            expected |= rows_of_it(getattr(before, field), getattr(after, field))
    untold = {f.name for f in dataclasses.fields(Experiment)} - set(ROWS_OF_FIELD)
    assert all(getattr(before, field) == getattr(after, field) for field in untold)
    for field, row in (("delta_sign", "delta"), ("scale_delta", "scale"), ("samples", "samples")):
        if getattr(writing, field) != getattr(one.written(writing), field):
            expected.add(row)
    if one.written(writing).weight_layout != writing.weight_layout:
        expected.add("weights")
    assert changed == expected
    assert all(row.now != row.after for row in table if row.effect is not None)
    assert all(row.now == row.after for row in table if row.effect is None)


def layer_rows(before: Network, after: Network) -> set[str]:
    names = {
        "bias": "bias",
        "train_bias": "bias",
        "initializer": "start",
        "mode": "convolution",
        "ceil_mode": "pooling",
        "inverted": "dropout",
    }
    found = set()
    for was, now in zip(before.layers, after.layers, strict=True):
        for field in dataclasses.fields(was):
            if getattr(was, field.name) != getattr(now, field.name):
                found.add(names[field.name])
    return found


def optimizer_rows(before: Any, after: Any) -> set[str]:
    if before.name != after.name:
        assert (before.name, after.name) == ("momentum", "nesterov")
        return {"momentum"} | ({"rate"} if before.rate != after.rate else set())
    names = {
        "rate": "rate",
        "velocity": "momentum",
        "epsilon_form": "epsilon",
        "initial_accumulator": "accumulator",
        "weight_decay": "penalty",
        "decay_biases": "penalty",
    }
    return {names[f.name] for f in dataclasses.fields(after) if getattr(before, f.name) != getattr(after, f.name)}


def penalty_rows(before: tuple[Any, ...], after: tuple[Any, ...]) -> set[str]:
    sparse = (KLSparsity, RunningSparsity)
    parts = [
        [[p for p in each if isinstance(p, sparse) is wanted] for each in (before, after)] for wanted in (False, True)
    ]
    return {name for name, (was, now) in zip(("penalty", "sparsity"), parts, strict=True) if was != now}


ROWS_OF_FIELD = {
    "network": layer_rows,
    "loss": lambda _before, _after: {"loss"},
    "reduction": lambda _before, _after: {"reduction"},
    "optimizer": optimizer_rows,
    "batch_size": lambda _before, _after: {"batch"},
    "update_order": lambda _before, _after: {"order"},
    "schedule": lambda _before, _after: {"schedule"},
    "clipping": lambda _before, _after: {"clip"},
    "penalties": penalty_rows,
}


@pytest.mark.parametrize("setup_name", EXPERIMENTS)
@pytest.mark.parametrize("name", SETS)
def test_a_set_that_was_chosen_is_the_current_one_and_changes_nothing_more(name: str, setup_name: str) -> None:
    before, one = EXPERIMENTS[setup_name], SETS[name]
    dataset = data_of(before)
    try:
        after = one.applied(before, dataset)
    except ValueError:
        assert not is_current(one, before, dataset, one.written(Writing()))
        return
    assert one.applied(after, dataset) == after
    assert is_current(one, after, dataset, one.written(Writing()))
    assert not is_current(one, before, dataset, one.written(Writing())) or after == before
    kept = one.applied(before, dataset, with_start=False)
    assert [layer.initializer for layer in kept.network.layers] == [
        layer.initializer for layer in before.network.layers
    ]
    assert one.applied(kept, dataset) == after


@pytest.mark.parametrize("name", SETS)
def test_the_numbers_of_the_words_stay(name: str) -> None:
    """μ, λ, ρ and everything that a source says nothing about."""
    one = SETS[name]
    before = setup(
        optimizer=Momentum(0.2, 0.7), penalties=(L2(0.25), KLSparsity(0.3, 0.1, (0,))), seed=9, shuffle=False
    )
    after = one.applied(before, rows())
    assert getattr(after.optimizer, "momentum") == 0.7  # noqa: B009 - of whichever rule it is
    strengths = [p.strength for p in after.penalties if isinstance(p, L2)]
    assert strengths + [after.optimizer.weight_decay] * (not strengths) == [0.25]
    (sparse,) = (p for p in after.penalties if not isinstance(p, L2))
    assert (sparse.weight, sparse.rho, sparse.layers) == (0.3, 0.1, (0,))  # type: ignore[union-attr]
    assert (after.seed, after.shuffle, after.dtype) == (9, False, "float64")
    assert after.optimizer.rate == (0.5 if name.startswith("mazur") else 0.2)
    assert [layer.activation for layer in after.network.layers] == ["sigmoid", "sigmoid"]


def test_writing_is_what_each_source_writes() -> None:
    def written(name: str) -> tuple[str, str, int]:
        found = SETS[name].written(Writing(scale_delta="batch"))
        return found.samples, found.weight_layout, found.delta_sign

    assert {name for name in SETS if written(name)[0] == "columns"} == {"nielsen", "ufldl", "thresholds"}
    assert {name for name in SETS if written(name)[1] == "in_out"} == {"keras", "scikit_learn"}
    assert {name for name in SETS if written(name)[2] == -1} == {"index_derivation"}
    scaled = {name for name in SETS if SETS[name].written(Writing()).scale_delta == "batch"}
    assert scaled == {"caffe", "pytorch", "keras"}


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("nielsen", "half_training_rows"),
        ("ng", "half_training_rows"),
        ("ufldl", "half"),
        ("keras", "plain"),
        ("scikit_learn", "half_batch_rows"),
    ],
)
def test_l2_is_a_part_of_the_objective_where_the_source_has_it_there(name: str, form: str) -> None:
    for before in (
        setup(penalties=(L1(0.5), L2(0.25, "plain" if form == "half" else "half", "all"))),
        setup(penalties=(L1(0.5),), optimizer=Momentum(0.1, 0.9, weight_decay=0.25)),
        setup(penalties=(L1(0.5), L2(0.125)), optimizer=SGD(0.1, weight_decay=0.125, decay_biases=False)),
    ):
        after = SETS[name].applied(before, rows())
        assert after.penalties == (L1(0.5), L2(0.25, form))
        assert after.optimizer.weight_decay == 0


@pytest.mark.parametrize(("name", "biases"), [("deep_learn_toolbox", False), ("caffe", True), ("pytorch", True)])
def test_l2_is_weight_decay_where_the_source_has_it_in_the_update(name: str, biases: bool) -> None:
    for before in (
        setup(penalties=(L1(0.5), L2(0.25))),
        setup(penalties=(L1(0.5),), optimizer=SGD(0.1, weight_decay=0.25, decay_biases=not biases)),
    ):
        after = SETS[name].applied(before, rows())
        assert after.penalties == (L1(0.5),)
        assert (after.optimizer.weight_decay, after.optimizer.decay_biases) == (0.25, biases)


@pytest.mark.parametrize("name", ["mazur_printed", "mazur_corrected", "thresholds", "index_derivation"])
def test_l2_stays_where_the_source_has_none(name: str) -> None:
    before = setup(penalties=(L2(0.25, "plain"),), optimizer=SGD(0.5, weight_decay=0.1))
    after = SETS[name].applied(before, rows())
    assert (after.penalties, after.optimizer) == (before.penalties, before.optimizer)


INSIDE = {"deep_learn_toolbox", "caffe", "keras", "scikit_learn", "index_derivation"}
EPSILONS: dict[str, tuple[str, str, str, float]] = {
    "caffe": ("outside", "outside", "hat", 0.0),
    "pytorch": ("outside", "outside", "outside", 0.0),
    "keras": ("inside", "inside", "hat", 0.1),
    "scikit_learn": ("", "", "hat", -1.0),
}


@pytest.mark.parametrize("name", SETS)
def test_the_rate_and_epsilon_stand_where_the_source_has_them(name: str) -> None:
    one, data = SETS[name], rows()
    for velocity in ("inside", "outside"):
        after: Any = one.applied(setup(optimizer=Momentum(0.1, 0.9, velocity=velocity)), data).optimizer
        expected = "inside" if name in INSIDE else "outside" if name == "pytorch" else velocity
        assert (after.velocity, after.name) == (expected, "nesterov" if name == "scikit_learn" else "momentum")
    wanted = EPSILONS.get(name, ("", "", "", -1.0))
    for form in ("inside", "outside"):
        for kind_of, place in ((AdaGrad, 0), (RMSProp, 1)):
            after = one.applied(setup(optimizer=kind_of(0.1, epsilon_form=form)), data).optimizer
            assert after.epsilon_form == (wanted[place] or form)
    for form in ("hat", "outside"):
        after = one.applied(setup(optimizer=Adam(0.1, epsilon_form=form)), data).optimizer
        assert after.epsilon_form == (wanted[2] or form)
    after = one.applied(setup(optimizer=AdaGrad(0.1, initial_accumulator=0.7)), data).optimizer
    assert after.initial_accumulator == (0.7 if wanted[3] < 0 else wanted[3])
    if one.order == "simultaneous":
        clipped: Any = one.applied(setup(clipping=ClipByNorm(2.0, 0.5)), data).clipping
        assert clipped == ClipByNorm(2.0, {"caffe": 0.0, "pytorch": 1e-6}.get(name, 0.5))


def test_image_layers_are_those_of_the_source() -> None:
    def layers(name: str) -> tuple[Any, ...]:
        experiment = EXPERIMENTS["images"]
        return SETS[name].applied(experiment, data_of(experiment)).network.layers

    for name in ("caffe", "pytorch", "keras"):
        conv, *_, drop, _dense = layers(name)
        assert (conv.mode, drop.inverted) == ("cross_correlation", True)
    conv, *_, drop, _dense = layers("deep_learn_toolbox")
    assert (conv.mode, drop.inverted) == ("convolution", False)
    assert [layers(name)[1].ceil_mode for name in ("caffe", "pytorch", "keras")] == [True, False, False]
    before = EXPERIMENTS["images"].network.layers
    assert layers("scikit_learn")[1:5] == before[1:5], "it has none"


@pytest.mark.parametrize(
    ("name", "bias", "trained"),
    [
        ("nielsen", "bias", True),
        ("mazur_printed", "bias", False),
        ("mazur_corrected", "bias", False),
        ("thresholds", "threshold", None),
        ("pytorch", "bias", None),
        ("index_derivation", "bias", None),
    ],
)
def test_biases_are_those_of_the_source(name: str, bias: str, trained: bool | None) -> None:
    before = setup(
        network=Network(3, (Dense(4, bias="threshold"), Dense(3, bias="bias", train_bias=False), Dense(2, bias="none")))
    )
    layers = SETS[name].applied(before, rows()).network.layers
    assert [layer.bias for layer in layers] == [bias, bias, "none"], "a layer without biases gets none"
    expected = [True, False] if trained is None else [trained, trained]
    assert [layer.train_bias for layer in layers[:2]] == expected


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("nielsen", "nielsen"),
        ("ng", "ng"),
        ("deep_learn_toolbox", "deep_learn_toolbox"),
        ("ufldl", "ufldl"),
        ("pytorch", "xavier_normal"),
    ],
)
def test_weights_begin_as_in_the_source(name: str, rule: str) -> None:
    assert {layer.initializer.weights for layer in SETS[name].applied(setup(), rows()).network.layers} == {rule}
    large = setup(network=Network(3, (Dense(4, initializer=Initializer("nielsen_large")), Dense(2))))
    if name == "nielsen":
        layers = SETS[name].applied(large, rows()).network.layers
        assert [layer.initializer.weights for layer in layers] == ["nielsen_large", "nielsen"], "either is his"


@pytest.mark.parametrize(
    ("name", "loss", "outputs", "expected"),
    [
        ("nielsen", "squared_error", "sigmoid", ("half_squared_error", "mean_batch")),
        ("nielsen", "bce", "sigmoid", ("bce", "mean_batch")),
        ("pytorch", "half_squared_error", "sigmoid", ("squared_error", "mean_all")),
        ("keras", "bce", "sigmoid", ("bce", "mean_all")),
        ("pytorch", "categorical_ce", "softmax", ("categorical_ce", "mean_batch")),
        ("ng", "half_squared_error", "sigmoid", ("bce", "mean_batch")),
        ("ng", "half_squared_error", "tanh", ("half_squared_error", "sum")),
        ("deep_learn_toolbox", "half_squared_error", "softmax", ("half_squared_error", "mean_batch")),
        ("deep_learn_toolbox", "bce", "softmax", ("categorical_ce", "mean_batch")),
        ("deep_learn_toolbox", "bce", "sigmoid", ("half_squared_error", "mean_batch")),
        ("scikit_learn", "squared_error", "identity", ("half_squared_error", "mean_batch")),
        ("mazur_printed", "bce", "sigmoid", ("half_squared_error", "sum")),
        ("caffe", "huber(delta=0.5)", "identity", ("huber(delta=0.5)", "mean_batch")),
    ],
)
def test_a_loss_becomes_what_the_source_means_by_it(
    name: str, loss: str, outputs: str, expected: tuple[str, str]
) -> None:
    network = Network(3, (Dense(4), Dense(2, outputs)))
    after = SETS[name].applied(setup(network=network, loss=loss, reduction="sum"), rows())
    assert (after.loss, after.reduction) == expected


def test_a_typed_start_is_called_so() -> None:
    experiment = setup()
    after = SETS["ng"].applied(experiment, rows())
    table = changes(State(experiment, 6, Writing(), NIELSEN, typed=True), State(after, 6, Writing(), NIELSEN))
    start = next(row for row in table if row.name == "start")
    assert (start.now.text, start.after.text) == ("typed numbers", "w, b: U(±0.12)")
    drawn: Params = draw_params(after.network, 0)
    assert np.abs(drawn.flat).max() <= 0.12


def test_constant_rates_get_no_schedule() -> None:
    assert SETS["caffe"].applied(setup(), rows()).schedule == Constant()
    falling = SETS["caffe"].applied(setup(schedule=InverseTime(0.25)), rows()).schedule
    assert [falling.rate(0.4, k) for k in range(5)] == pytest.approx([InverseTime(0.25).rate(0.4, k) for k in range(5)])


def test_every_set_says_whose_it_is() -> None:
    assert len(SETS) == 12
    for name, one in SETS.items():
        assert isinstance(one, ConventionSet)
        assert one.name == name
        assert one.title.text
        assert len(one.note.text) > 20

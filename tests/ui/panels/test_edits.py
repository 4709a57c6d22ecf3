"""One experiment in, another one out: exactly the named field differs, or the edit is refused."""

import re

import numpy as np
import pytest

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.training.carry import check_fit
from bpstudio.training.experiment import Experiment
from bpstudio.training.optimizers import SGD, Adam, AdamW, Momentum, NAdam, Nesterov, Rprop
from bpstudio.training.schedules import Constant, Cosine
from ui.panels import edits
from ui.panels.plain import PlainError, plain

DEEP = Experiment(
    Network(3, (Dense(4, "tanh"), Dense(5, "relu", train_bias=False, name="middle"), Dense(2, "softmax"))),
    loss="categorical_ce",
    optimizer=Momentum(0.1, 0.8),
)
DATA = Dataset.from_arrays(np.arange(12.0).reshape(4, 3), [0, 1, 0, 1], task="classes")


def test_a_layer_changes_alone() -> None:
    new = edits.with_layer(DEEP, 1, units=7)
    assert new.network.sizes == (3, 4, 7, 2)
    assert new.network.layers[1].name == "middle"
    assert new.replace(network=DEEP.network) == DEEP


def test_a_hidden_layer_is_added_below_the_output_like_the_one_under_it() -> None:
    new = edits.with_hidden_layer(DEEP)
    assert new.network.sizes == (3, 4, 5, 5, 2)
    added = new.network.layers[2]
    assert (added.activation, added.train_bias, added.name) == ("relu", True, "")


def test_a_hidden_layer_can_be_added_to_a_network_without_one() -> None:
    single = Experiment(Network(3, (Dense(2, "softmax"),)), loss="categorical_ce")
    assert edits.with_hidden_layer(single).network.layers[0].activation == "tanh"


def test_layers_move_and_go_but_the_output_stays() -> None:
    moved = edits.with_moved_layer(DEEP, 1, -1)
    assert [layer.units for layer in moved.network.layers] == [5, 4, 2]
    assert edits.without_layer(DEEP, 0).network.sizes == (3, 5, 2)
    for refused in (
        lambda: edits.without_layer(DEEP, 2),
        lambda: edits.with_moved_layer(DEEP, 1, 1),
        lambda: edits.with_moved_layer(DEEP, 0, -1),
    ):
        with pytest.raises(PlainError):
            refused()


def test_another_optimiser_keeps_the_rate() -> None:
    assert edits.with_rule(DEEP, "sgd").optimizer == SGD(0.1)
    assert edits.with_rule(DEEP, "momentum") == DEEP
    assert edits.with_rule(edits.with_rule(DEEP, "sgd"), "momentum").optimizer == Momentum(0.1, 0.9)
    assert edits.with_rule(DEEP, "nesterov").optimizer == Nesterov(0.1, DEEP.optimizer.momentum)  # type: ignore[attr-defined]


def test_another_optimiser_keeps_what_is_common_and_drops_what_it_cannot_have() -> None:
    scheduled = DEEP.replace(optimizer=Adam(0.02, 0.8, weight_decay=0.1, bias_rate=2.0), schedule=Cosine())
    assert edits.with_rule(scheduled, "nadam").optimizer == NAdam(0.02, 0.8, weight_decay=0.1, bias_rate=2.0)
    rprop = edits.with_rule(scheduled, "rprop")
    assert (rprop.optimizer, rprop.schedule) == (Rprop(0.02, weight_decay=0.1, bias_rate=2.0), Constant())
    assert edits.with_rule(DEEP, "adamw").optimizer == AdamW(0.1, weight_decay=0.01), "without decay it would be Adam"


def test_the_initialiser_changes_in_every_layer() -> None:
    new = edits.with_initializer(DEEP, weights="he_normal")
    assert {layer.initializer.weights for layer in new.network.layers} == {"he_normal"}
    assert new.network.layers[1].name == "middle"


def test_what_does_not_fit_is_refused_in_plain_words() -> None:
    wide = Dataset.from_arrays(np.zeros((2, 4)), [0, 1], task="classes")
    negative = Dataset.from_arrays(np.zeros((2, 3)), [[-1.0, 2.0], [0, 1]])
    many = Dataset.from_arrays(np.zeros((300_000, 3)), np.zeros(300_000), task="binary")
    huge = Experiment(Network(3, (Dense(2_000_000), Dense(1))), loss="bce", batch_size=0)
    for experiment, data, words in (
        (edits.with_layer(DEEP, 2, units=3), DATA, "so the last layer has 2 units, not 3"),
        (DEEP, wide, "has 4 inputs, this network takes 3"),
        (DEEP, negative, "targets that are not negative"),
        (huge, many, "300,000 rows at once would need about"),
    ):
        with pytest.raises(ValueError) as caught:  # noqa: PT011 — the plain words are what is tested
            check_fit(experiment, data)
        assert words in plain(caught.value)


def refusals() -> list[Exception]:
    found: list[Exception] = []
    for build in (
        lambda: SGD(0),
        lambda: SGD(-1),
        lambda: SGD(float("nan")),
        lambda: Momentum(0.1, 1.0),
        lambda: Dense(0),
        lambda: Dense(1, "softmax"),
        lambda: edits.with_layer(DEEP, 0, units=10**9),
        lambda: edits.with_layer(DEEP, 0, units=10**30),
        lambda: DEEP.replace(batch_size=-1),
        lambda: DEEP.replace(seed=-1),
        lambda: edits.with_initializer(DEEP, std=-1.0),
        lambda: edits.with_layer(DEEP, 0, name="middle"),
    ):
        with pytest.raises(ValueError) as caught:  # noqa: PT011 — the words are what is tested below
            build()
        found.append(caught.value)
    return found


def test_no_refusal_of_the_engine_is_shown_raw() -> None:
    for error in refusals():
        words = plain(error)
        assert words[0].isupper(), words
        assert "got" not in words.split(), words
        assert "expected" not in words, words


def test_a_billion_units_are_refused_with_their_memory() -> None:
    with pytest.raises(ValueError, match="layers:") as caught:
        edits.with_layer(DEEP, 0, units=10**9)
    words = plain(caught.value)
    assert "GiB of memory" in words
    assert re.search(r"the limit is [\d.,]+ GiB", words)


def test_a_sentence_that_nobody_foresaw_loses_only_its_field_name() -> None:
    assert plain(ValueError("flat_threshold: something new")) == "something new"
    assert plain(ValueError("no field here")) == "no field here"

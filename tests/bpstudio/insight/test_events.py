"""What is said when training comes to rest by itself, and to which beat a click leads."""

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.files.asset import folder
from bpstudio.insight.elements import Edge
from bpstudio.insight.events import STEP, address, said, told
from bpstudio.insight.order import GRAINS
from bpstudio.insight.walk import Walk
from bpstudio.training.breakpoints import Breakpoint, Hit
from bpstudio.training.conditions import (
    Condition,
    Expression,
    GradientNorm,
    PredictionFlips,
    UnitDies,
    UnitFlat,
    ValidationTurns,
    WeightCrosses,
)
from bpstudio.training.divergence import QUANTITIES, NonFinite
from bpstudio.training.experiment import Experiment
from bpstudio.training.expression import ExpressionError, parse
from bpstudio.training.lookout import misfit
from bpstudio.training.optimizers import SGD
from bpstudio.training.past import Event
from bpstudio.training.session import Session
from bpstudio.training.stopping import Stopped
from bpstudio.training.watchers import MisfitError

NETWORK = Network(2, (Dense(3, "tanh"), Dense(2, "relu"), Dense(1, "sigmoid")))
WALK = Walk(NETWORK, "bce", "mean", 4)


@dataclass(frozen=True)
class Case:
    name: str
    condition: Condition
    hit: Hit
    words: str
    address: str


def case(
    name: str,
    condition: Condition,
    words: str,
    address: str,
    value: float = 0.0,
    before: float = 0.0,
    layer: int = 0,
    index: tuple[int, ...] = (),
    others: int = 0,
) -> Case:
    return Case(name, condition, Hit(condition, 412, value, before, layer, index, others), words, address)


CASES = (
    case(
        "norm above",
        GradientNorm(0.0, 100.0),
        "‖∇C‖ rose from 98.7 to 153, above 100",
        "backward/layer1/weights",
        153.2,
        98.71,
    ),
    case(
        "norm below",
        GradientNorm(1e-3, 100.0),
        "‖∇C‖ fell from 0.00123 to 0.0009, below 0.001",
        "backward/layer1/weights",
        9e-4,
        1.234e-3,
    ),
    case(
        "flat",
        UnitFlat(),
        "h¹₂ went flat: |f′| is 0.0123 at most in every row of the batch",
        "forward/h1_2",
        0.0123,
        0.5,
        1,
        (1,),
    ),
    case(
        "several flat",
        UnitFlat(1),
        "h¹₁ and 2 more went flat for every row of the batch",
        "forward/h1_1",
        0.0123,
        0.5,
        1,
        (0,),
        2,
    ),
    case("dead", UnitDies(2), "h²₂ died: off for every row of the batch", "forward/h2_2", 1.0, 0.75, 2, (1,)),
    case(
        "several dead",
        UnitDies(),
        "h²₁ and 1 more died: off for every row of the batch",
        "forward/h2_1",
        1.0,
        0.75,
        2,
        (0,),
        1,
    ),
    case("validation", ValidationTurns(), "the validation loss rose from 0.123456 to 0.23", STEP, 0.23, 0.123456),
    case("validations", ValidationTurns(3), "the validation loss rose 3 times in a row, to 0.23", STEP, 0.23, 0.123456),
    case(
        "weight",
        WeightCrosses(1, (1, 0)),
        "w₃ crosses zero: −0.0123 → 0.0045",
        "update/w3",
        0.0045,
        -0.01234,
        1,
        (1, 0),
    ),
    case("bias", WeightCrosses(3, (0,), bias=True), "b_o1 crosses zero: 0.2 → −0.1", "update/b_o1", -0.1, 0.2, 3, (0,)),
    case("zero", WeightCrosses(1, (0, 0)), "w₁ reaches zero: 0.25 → 0", "update/w1", 0.0, 0.25, 1, (0, 0)),
    case("answer", PredictionFlips(11), "the answer for row 12 changed from no to yes", "forward/layer3", 1.0, 0.0),
    case("loss", Expression("loss  < .1"), "loss < .1 became true: loss = 0.0987", "loss/C", 0.0987),
    case(
        "gradient",
        Expression("norm[2] > 1 and loss < 1"),
        "norm[2] > 1 and loss < 1 became true: norm[2] = 1.23",
        "backward/layer2/weights",
        1.234,
    ),
    case("layers", Expression("2 * off[2] > flat[1]"), "2 * off[2] > flat[1] became true", "forward/layer2", 1.2),
    case("rate", Expression("rate < 0.1"), "rate < 0.1 became true: rate = 0.05", STEP, 0.05),
)


@pytest.mark.parametrize("case", CASES, ids=lambda each: each.name)
def test_what_is_said_of_a_hit_and_where_it_is(case: Case) -> None:
    event = Event("breakpoint", 1, 412, 1, hit=case.hit)
    for about in (case.hit, event):
        assert said(about, NETWORK, "mazur", ("no", "yes")).text == case.words
        assert told(about, NETWORK, "mazur", ("no", "yes")).text == f"step 412: {case.words}"
        assert address(about, WALK) == case.address
    for grain in GRAINS:
        assert 1 <= WALK.find(grain, case.address) <= WALK.count(grain)


@pytest.mark.parametrize("case", CASES, ids=lambda each: each.name)
def test_another_network_is_told_of_by_number(case: Case) -> None:
    other = Network(1, (Dense(1, "sigmoid"),))
    text = said(case.hit, other, "mazur").text
    assert text
    assert "{" not in text
    walk = Walk(other, "bce", "mean", 1)
    assert walk.find("edge", address(case.hit, walk)) >= 1


def test_a_norm_is_known_when_the_way_back_ends() -> None:
    beat = WALK.find("edge", address(CASES[0].hit, WALK))
    assert [letter for letter, first, last in WALK.phases("edge") if first <= beat <= last] == ["B"]
    assert WALK.beat("edge", beat + 1).phase == "U"


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_what_is_not_finite_leads_to_its_operation(quantity: str) -> None:
    index = {"z": (3, 1), "a": (3, 1), "delta": (3, 1), "loss": ()}.get(quantity, (1, 2) if "W" in quantity else (1,))
    bad = NonFinite(7, 2, quantity, index, math.inf)
    event = Event("nonfinite", 1, 7, 1, nonfinite=bad)
    assert re.fullmatch(r"step 7: first not finite: \S+ = \+∞", told(event, NETWORK).text)
    expected = {
        "z": "forward/h2_2/z",
        "a": "forward/h2_2/a",
        "loss": "loss/C",
        "delta": "backward/h2_2/delta",
        "dW": "backward/w12",
        "db": "backward/b_h2_2",
        "update_W": "update/w12",
        "update_b": "update/b_h2_2",
    }
    assert address(event, WALK) == expected[quantity]
    small = Network(1, (Dense(1, "sigmoid"),))
    assert address(event, Walk(small, "bce", "mean", 1)) == STEP
    assert told(event, small).text == "step 7: a number of layer 2 is not finite"


def test_stopping_early_says_its_own_step() -> None:
    event = Event("stopped", 1, 30, 1, stopped=Stopped(30, 10, 4))
    assert told(event, NETWORK).text.startswith("stopped early at step 30: ")
    assert address(event, WALK) == STEP


def test_a_click_leads_to_the_beat_in_which_the_weight_crosses() -> None:
    rng = np.random.default_rng(2)
    data = Dataset.from_arrays(rng.normal(size=(12, 2)), rng.normal(size=(12, 1)))
    network = Network(2, (Dense(3, "tanh"), Dense(1, "identity")))
    session = Session(Experiment(network, optimizer=SGD(0.3), batch_size=4), data)
    marks = [WeightCrosses(1, (unit, source)) for unit in range(3) for source in range(2)]
    session.set_breakpoints([Breakpoint(number, each) for number, each in enumerate(marks, 1)])
    session.run(2000)
    frame = session.frame()
    assert frame.hit is not None
    assert isinstance(frame.hit.condition, WeightCrosses)
    walk, (to, source) = Walk.of(frame), frame.hit.index
    beat = walk.find("edge", address(frame.events[0], walk))
    assert walk.known("edge", beat, Edge(1, to, source), "new") == "now"
    W, update = frame.params.W[0][to, source], frame.trace.layers[0].update_W[to, source]
    assert (W < 0) != (W + update < 0)
    assert (frame.hit.before, frame.hit.value) == (W, W + update)


# ---- in Chinese


def catalogue() -> dict[str, str]:
    found: dict[str, str] = {}
    for path in (Path(folder()) / "translations" / "zh_CN").glob("*.json"):
        found |= json.loads(path.read_text(encoding="utf-8"))
    return found


def test_every_event_can_be_said_in_chinese() -> None:
    entries = catalogue()
    for each in CASES:
        phrase = told(each.hit, NETWORK, "mazur", ("no", "yes"))
        assert re.search("[一-鿿]", phrase.rendered(lambda template: entries[template]))


def test_every_refusal_can_be_said_in_chinese() -> None:
    entries = catalogue()
    data = Dataset.from_arrays(np.ones((4, 2)), np.ones((4, 1)))
    plainest = Experiment(Network(2, (Dense(2, "identity", train_bias=False), Dense(1, "identity", bias="none"))))
    refused = [
        misfit(condition, plainest, data)
        for condition in (
            UnitFlat(),
            UnitFlat(1),
            UnitFlat(3),
            UnitFlat(1, 2),
            UnitDies(),
            UnitDies(1),
            ValidationTurns(),
            WeightCrosses(3, (0, 0)),
            WeightCrosses(1, (2, 0)),
            WeightCrosses(1, (0,), bias=True),
            WeightCrosses(2, (0,), bias=True),
            PredictionFlips(0),
        )
    ]
    for error in refused:
        assert isinstance(error, MisfitError)
        assert re.search("[一-鿿]", entries[error.words.template]), error
    assert len({str(error) for error in refused}) >= 11
    for text in ("", "los < 1", "loss", "1 < 2", "loss = 1", "loss < 0,5", "norm < 1", "loss[1] < 2", "min(loss) < 1"):
        with pytest.raises(ExpressionError) as wrong:
            parse(text)
        assert re.search("[一-鿿]", entries[wrong.value.sentence]), text

"""What is said of an update is arithmetic: every line is computed again from the numbers that stand in it."""

import json
import math
import re

import numpy as np
import pytest

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.files import asset
from bpstudio.insight.elements import BIAS, Edge, WholeBatch
from bpstudio.insight.lines import line
from bpstudio.insight.next_values import new_value
from bpstudio.insight.phrase import Phrase
from bpstudio.insight.schedule_formulas import schedule_numbers
from bpstudio.insight.walk import Walk
from bpstudio.insight.writer import Writer
from bpstudio.training.clipping import ClipByNorm, ClipByValue
from bpstudio.training.experiment import Experiment
from bpstudio.training.optimizers import (
    OPTIMIZERS,
    SGD,
    Adadelta,
    AdaGrad,
    Adam,
    AdamW,
    Momentum,
    NAdam,
    Nesterov,
    Optimizer,
    RMSProp,
    Rprop,
)
from bpstudio.training.schedules import (
    Cosine,
    Exponential,
    Inv,
    InverseTime,
    LinearWarmup,
    Plateau,
    Schedule,
    Step,
)
from bpstudio.training.session import Session


def session(rule: Optimizer, **changes: object) -> Session:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(9, 3))
    data = Dataset.from_arrays(x, np.tanh(x[:, :2] * x[:, 1:]), task="regression")
    network = Network(3, (Dense(3, "tanh"), Dense(2, "identity")))
    return Session(Experiment(network, optimizer=rule, batch_size=4).replace(**changes), data)


def computed(text: str) -> float:
    """The value of an expression in the way of writing of the lines."""
    for sign, python in (("·", "*"), ("−", "-"), ("⌊", "math.floor("), ("⌋", ")"), ("½", "0.5"), ("^", "**")):
        text = text.replace(sign, python)
    text = text.replace("²", "**2").replace("π", "math.pi")
    text = re.sub(r"√\(", "math.sqrt(", text)
    text = re.sub(r"√([0-9.e-]+)", r"math.sqrt(\1)", text)
    text = re.sub(r"\bcos\(", "math.cos(", text)
    text = re.sub(r"clip\((.+), ±(.+)\)", r"min(max(\1, -\2), \2)", text)
    text = re.sub(r"(\))\(", r"\1*(", text)
    return float(eval(text, {"math": math, "min": min, "max": max}))


def spoken(phrase: Phrase) -> list[str]:
    return phrase.text.split(" = ")


RULES = [kind(0.05) for kind in OPTIMIZERS.values()]
RULES += [
    Momentum(0.1, velocity="inside"),
    Nesterov(0.1, velocity="inside", bias_rate=2.0),
    AdaGrad(0.1, 1e-3, "inside", 0.1),
    RMSProp(0.01, 0.9, 1e-3, "inside", centred=True, momentum=0.5),
    RMSProp(0.01, centred=True),
    Adadelta(1.0, weight_decay=0.1),
    Adam(0.05, 0.8, 0.9, 1e-3, "hat", amsgrad=True),
    Adam(0.05, amsgrad=True, weight_decay=0.1, decay_biases=False),
    AdamW(0.05, weight_decay=0.2, bias_rate=0.5),
    NAdam(0.05, momentum_decay=0.3),
    SGD(0.3, weight_decay=0.1, bias_rate=3.0),
]


@pytest.mark.parametrize("clipping", [None, ClipByValue(0.3), ClipByNorm(0.2), ClipByNorm(50.0, 0.0)], ids=repr)
@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_every_line_is_arithmetic(rule: Optimizer, clipping: ClipByNorm | ClipByValue | None) -> None:
    running = session(rule, clipping=clipping)
    for steps in (0, 1, 5):
        running.run(steps)
        frame = running.frame()
        writer = Writer(frame, WholeBatch(), "nielsen", 11)
        for edge in (Edge(1, 0, 0), Edge(2, 1, 2), Edge(1, 2, BIAS)):
            said = new_value(writer, edge)
            new = spoken(said[0])
            assert computed(new[-1]) == pytest.approx(writer.weight(edge) + writer.update(edge), abs=2e-11)
            for each in said:
                parts = spoken(each)
                if parts[0].startswith(("the sign", "nothing to compare")):
                    continue
                if parts[0] == "Pₜ":
                    continue  # a long product
                tolerance = 2e-5 if isinstance(rule, NAdam) else 1e-8
                assert computed(parts[-2]) == pytest.approx(computed(parts[-1]), rel=tolerance, abs=2e-10), each.text


@pytest.mark.parametrize(
    "plan",
    [Step(2, 0.5), Exponential(0.9), InverseTime(0.1), Inv(0.1, 0.75), LinearWarmup(0.1, 9), Cosine(40, 0.001)],
    ids=repr,
)
def test_the_rate_of_a_schedule_is_a_line(plan: Schedule) -> None:
    running = session(Adam(0.05), schedule=plan)
    running.run(5)
    frame = running.frame()
    said = [line.text for line in new_value(Writer(frame, WholeBatch(), "nielsen", 9), Edge(1, 0, 0))]
    (rate,) = [line for line in said if line.startswith("η = ")]
    _, _, numbers, result = rate.split(" = ")
    assert float(result) == pytest.approx(frame.rate, rel=1e-5)
    assert computed(numbers) == pytest.approx(frame.rate, rel=1e-12)


def test_a_reduced_rate_says_how_often() -> None:
    assert schedule_numbers(Plateau(0.5), 0.1, 30, 2) == "0.1 · 0.5^2"
    assert schedule_numbers(Plateau(0.5, eta_min=0.01), 0.1, 30, 2) == "max(0.1 · 0.5^2, 0.01)"


def test_rprop_says_what_became_of_the_sign() -> None:
    running = session(Rprop(0.1), batch_size=0)
    kinds = set()
    for _ in range(12):
        frame = running.frame()
        writer = Writer(frame, WholeBatch(), "nielsen", 9)
        for at in range(3):
            edge = Edge(1, at, 0)
            first, second = new_value(writer, edge)
            kinds.add(second.template.split(":")[0])
            if second.template.startswith("the sign changed"):
                assert writer.update(edge) == 0
                assert first.text.endswith(f"· 0 = {writer.number(writer.weight(edge))}")
        running.step()
    assert len(kinds) == 3


def test_plain_rules_say_what_they_always_said() -> None:
    for rule, count in ((SGD(0.1), 1), (Momentum(0.1), 2)):
        running = session(rule)
        running.run(3)
        said = new_value(Writer(running.frame(), WholeBatch(), "nielsen", 6), Edge(1, 0, 0))
        assert len(said) == count
    assert "− 0.1 · " in said[0].text


def test_a_layer_is_told_by_the_rule_and_what_it_is_given() -> None:
    running = session(AdamW(0.05, weight_decay=0.2, decay_biases=False), clipping=ClipByNorm(0.2))
    frame = running.frame()
    walk = Walk.of(frame)
    beat = walk.beat("layer", walk.find("layer", "update/layer2"))
    whole = line(frame, WholeBatch(), beat, "nielsen", 6)
    said = [whole.text, *(more.text for more in whole.more)]
    assert said[0].startswith("w²⁺ = w² − η λ w² − η m̂/(√v̂ + ε), η = 0.05: ‖Δw²‖ = ")
    assert said[1] == "g = c ∂C/∂w²"
    assert said[2].startswith("b²⁺ = b² − η m̂/(√v̂ + ε), η = 0.05: ")
    assert said[4].startswith("c = min(1, 0.2/(‖∇C‖ + ε)) = ")


def test_every_sentence_has_a_chinese_form() -> None:
    entries = json.loads((asset.folder() / "translations" / "zh_CN" / "training.json").read_text(encoding="utf-8"))
    templates = set()
    for rule in (SGD(0.1, bias_rate=2.0), Rprop(0.1)):
        running = session(rule, batch_size=0)
        for _ in range(12):
            for edge in (Edge(1, 0, BIAS), Edge(1, 1, 0), Edge(1, 2, 0)):
                templates |= {
                    line.template for line in new_value(Writer(running.frame(), WholeBatch(), "nielsen", 6), edge)
                }
            running.step()
    worded = {text for text in templates if re.search("[A-Za-z]{2}", re.sub(r"\{\w+\}", "", text))}
    assert len(worded) == 4
    assert worded <= entries.keys()

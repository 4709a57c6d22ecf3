"""Rules by name: what about each of them is a convention, and the change from one to another."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.files.asset import folder
from bpstudio.insight.conventions import alternatives, changed, conventions
from bpstudio.insight.notation import notation_named
from bpstudio.insight.phrase import Phrase
from bpstudio.insight.rule_words import NAMES, assumed, with_rule
from bpstudio.training.experiment import Experiment
from bpstudio.training.optimizers import OPTIMIZERS, SGD, AdaGrad, Adam, AdamW, Momentum, Nesterov, Optimizer, Rprop
from bpstudio.training.schedules import Constant, Cosine


def with_one(rule: Optimizer, **changes: object) -> Experiment:
    return Experiment(Network(2, (Dense(1),)), optimizer=rule).replace(**changes)


@pytest.mark.parametrize(
    ("rule", "words", "short"),
    [
        (Momentum(0.1), "momentum 0.9, η outside v", "μ 0.9"),
        (Momentum(0.1, velocity="inside"), "momentum 0.9, η inside v", "μ 0.9"),
        (Nesterov(0.1, 0.5), "Nesterov 0.5, η outside v", "Nesterov μ 0.5"),
        (Adam(0.1), "Adam, ε beside √v̂", "Adam"),
        (Adam(0.1, epsilon_form="hat"), "Adam, ε beside √v", "Adam"),
        (AdaGrad(0.1, epsilon_form="inside"), "AdaGrad, ε inside the root", "AdaGrad"),
        (AdamW(0.1, weight_decay=0.01), "AdamW, ε beside √v̂, decay λ 0.01 beside it", "AdamW"),
        (SGD(0.1, weight_decay=0.01), "SGD, decay λ 0.01 in the gradient", "SGD"),
        (Rprop(0.1), "Rprop", "Rprop"),
    ],
)
def test_the_line_of_conventions_names_the_rule(rule: Optimizer, words: str, short: str) -> None:
    parts = {part.name: part for part in conventions(with_one(rule), 4, notation_named("nielsen"))}
    assert parts["optimizer"].phrase.text == words
    assert parts["optimizer"].short.text == short


def test_bare_gradient_descent_needs_no_name() -> None:
    assert assumed(with_one(SGD(0.1))) is None


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_rule_is_offered_and_made(name: str) -> None:
    present = with_one(Adam(0.02, 0.8, weight_decay=0.1), schedule=Cosine())
    offered = alternatives(present, 4, notation_named("nielsen"), "optimizer")
    assert [each.value for each in offered] == list(OPTIMIZERS) == list(NAMES)
    new = changed(present, "optimizer", name)
    assert new.optimizer.name == name
    assert (new.optimizer.rate, new.optimizer.weight_decay) == (0.02, 0.1)
    assert new.schedule == (Constant() if name == "rprop" else Cosine())
    assert (new is present) == (name == "adam")


def test_what_two_rules_have_in_common_goes_from_one_to_the_other() -> None:
    inside = with_one(Momentum(0.1, 0.7, "inside", bias_rate=2.0))
    assert with_rule(inside, "nesterov").optimizer == Nesterov(0.1, 0.7, "inside", bias_rate=2.0)
    assert with_rule(inside, "rmsprop").optimizer == OPTIMIZERS["rmsprop"](0.1, bias_rate=2.0), "another momentum"


def templates(phrase: Phrase) -> Iterator[str]:
    yield phrase.template
    for value in phrase.values.values():
        if isinstance(value, Phrase):
            yield from templates(value)


def test_every_name_has_a_chinese_form() -> None:
    known: dict[str, str] = {}
    for path in (Path(folder()) / "translations" / "zh_CN").glob("*.json"):
        known |= json.loads(path.read_text(encoding="utf-8"))
    rules = [kind(0.1, weight_decay=decay) for kind in OPTIMIZERS.values() for decay in (0.0, 0.1)]
    rules += [Momentum(0.1, velocity="inside"), Nesterov(0.1, velocity="inside"), AdaGrad(0.1, epsilon_form="inside")]
    found = set()
    for rule in rules:
        for part in assumed(with_one(rule)) or ():
            found |= set(templates(part))
        for each in alternatives(with_one(rule), 4, notation_named("nielsen"), "optimizer"):
            found |= {*templates(each.phrase), *templates(each.effect)}
    worded = {text for text in found if re.search("[A-Za-z]{3}", re.sub(r"\{\w+\}", "", text))}
    assert len(worded) > 10
    assert worded <= known.keys()

"""What is said to be assumed is what the engine does; what a choice is said to change is what changes."""

import dataclasses
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from bpstudio.engine.layers import Conv2D, Dense, Dropout, Flatten
from bpstudio.engine.network import Network
from bpstudio.files.asset import folder
from bpstudio.insight.conventions import (
    Name,
    alternatives,
    batch_rows,
    changed,
    conventions,
    loss_formula,
    sentence,
)
from bpstudio.insight.notation import NOTATIONS
from bpstudio.insight.phrase import Phrase
from bpstudio.training.carry import check_fit
from bpstudio.training.experiment import Experiment
from bpstudio.training.frame import Frame
from bpstudio.training.optimizers import SGD, Momentum
from bpstudio.training.session import Session

NIELSEN, MAZUR = NOTATIONS["nielsen"], NOTATIONS["mazur"]
NAMES: tuple[Name, ...] = ("loss", "reduction", "bias", "optimizer", "order", "delta")


def rows_of(frame: Frame) -> int:
    return batch_rows(frame.experiment, len(frame.dataset.train))


def said(frame: Frame, sign: int = 1) -> str:
    return sentence(conventions(frame.experiment, rows_of(frame), NIELSEN.having(delta_sign=sign))).text


def test_the_line_of_the_worked_example(mazur: Callable[..., Session]) -> None:
    parts = conventions(mazur().frame().experiment, 1, MAZUR)
    assert sentence(parts).text == (
        "C = ½ Σ (out − target)² · one row at a time · biases frozen · simultaneous update · δ = +∂C/∂z"
    )
    assert [part.name for part in parts] == ["loss", "reduction", "bias", "order", "delta"]
    sequential = mazur(update_order="sequential").frame().experiment
    assert "gradient of nothing" in sentence(conventions(sequential, 1, MAZUR)).text


def test_batches_pairs_momentum_and_signs_are_worded(session: Callable[..., Session]) -> None:
    classes = session(rows=64, batch_size=32, activations=("tanh", "softmax"), loss="categorical_ce").frame()
    assert said(classes) == "C = −Σ y ln a · mean over 32 rows · biases trained · simultaneous update · δ = +∂C/∂z"
    assert said(classes, -1).endswith("δ = −∂C/∂z")
    loss = conventions(classes.experiment, 32, NIELSEN.having(delta_sign=-1))[0]
    assert loss.note.text == "Cross-entropy with softmax: δ of the outputs is y − a, computed directly."
    assert "½" in conventions(session().frame().experiment, 4, NIELSEN)[0].note.text
    assert "sum over 4 rows" in said(session(reduction="sum").frame())
    assert "mean over 4 rows and 3 outputs" in said(session(reduction="mean_all").frame())
    assert "mean over 12 rows" in said(session(batch_size=0).frame())
    assert "momentum 0.9, η outside v" in said(session(optimizer=Momentum(0.1, 0.9)).frame())
    assert "momentum" not in said(session(optimizer=SGD(0.1)).frame())
    for kinds, words in (
        (("threshold", "threshold"), "thresholds trained"),
        (("none", "none"), "no biases"),
        (("bias", "threshold"), "biases differ by layer"),
    ):
        assert words in said(session(biases=kinds).frame())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "values", [{}, {"rows": 1, "batch_size": 1}, {"optimizer": Momentum(0.1, 0.9)}, {"reduction": "sum"}]
)
def test_each_choice_makes_what_it_says(session: Callable[..., Session], name: Name, values: dict[str, object]) -> None:
    frame = session(activations=("tanh", "sigmoid"), **values).frame()
    offered = alternatives(frame.experiment, rows_of(frame), NIELSEN, name)
    assert len({each.value for each in offered}) == len(offered) > 1
    assert [each.current for each in offered].count(True) == 1
    for each in offered:
        if name == "delta":
            with pytest.raises(ValueError, match="none called 'delta'"):
                changed(frame.experiment, name, each.value)
            continue
        new = changed(frame.experiment, name, each.value)
        assert (new == frame.experiment) == each.current
        again = {other.value: other for other in alternatives(new, rows_of(frame), NIELSEN, name)}
        assert again[each.value].current
        assert changed(new, name, next(other.value for other in offered if other.current)) == frame.experiment


@pytest.mark.parametrize("start", ["mean_batch", "mean_all", "sum"])
def test_the_factor_that_is_promised_is_the_one_that_comes(session: Callable[..., Session], start: str) -> None:
    """Of mean and sum, and of the ½: the gradient of the same rows, before and after."""
    run = session(reduction=start, shuffle=False)
    frame = run.frame()
    for name in ("reduction", "loss"):
        for each in alternatives(frame.experiment, rows_of(frame), NIELSEN, name):  # type: ignore[arg-type]
            new = changed(frame.experiment, name, each.value)  # type: ignore[arg-type]
            is_factor = name == "reduction" or each.value.endswith("squared_error")
            if not is_factor or each.current:
                continue
            check_fit(new, frame.dataset)
            after = Session(new, frame.dataset, frame.params).frame()
            ratio = np.linalg.norm(after.trace.gradient.flat) / np.linalg.norm(frame.trace.gradient.flat)
            words = each.effect.text
            factor = {"every gradient twice as large": 2.0, "the same gradients for this batch": 1.0}.get(words)
            if factor is None:
                above, _, below = words.removeprefix("every gradient times ").partition("/")
                factor = float(above) / float(below or 1)
            assert ratio == pytest.approx(factor, rel=1e-12), words


def test_a_threshold_keeps_what_the_network_computes_and_none_drops_it(session: Callable[..., Session]) -> None:
    run = session()
    before = run.frame()
    run.apply(changed(run.experiment, "bias", "threshold frozen"), name="thresholds")
    assert run.frame().loss == before.loss
    assert np.array_equal(run.params.b[0], -before.params.b[0])
    assert {layer.train_bias for layer in run.experiment.network.layers} == {False}
    run.undo()
    assert run.frame().params.flat.tobytes() == before.params.flat.tobytes()
    run.apply(changed(run.experiment, "bias", "none"), name="none")
    assert not run.params.b[0].any()
    assert [layer.train_bias for layer in run.experiment.network.layers] == [True, True]


def test_the_formula_of_a_loss_is_written_in_the_letters_in_use() -> None:
    assert loss_formula("bce", NIELSEN) == "−Σ [y ln a + (1 − y) ln(1 − a)]"
    assert loss_formula("half_squared_error", MAZUR) == "½ Σ (out − target)²"


def phrases(phrase: Phrase) -> Iterator[str]:
    yield phrase.template
    for value in phrase.values.values():
        if isinstance(value, Phrase):
            yield from phrases(value)


def test_all_of_it_can_be_said_in_chinese(session: Callable[..., Session]) -> None:
    known: dict[str, str] = {}
    for path in (Path(folder()) / "translations" / "zh_CN").glob("*.json"):
        known |= json.loads(path.read_text(encoding="utf-8"))
    experiments: list[tuple[Experiment, int]] = []
    for values in (
        {},
        {"reduction": "sum", "optimizer": Momentum(0.1)},
        {"reduction": "mean_all", "update_order": "sequential"},
        {"activations": ("tanh", "softmax"), "loss": "categorical_ce"},
    ):
        for kinds in (("bias", "bias"), ("threshold", "threshold"), ("none", "none"), ("none", "bias")):
            run = session(biases=kinds, **values)
            layers = tuple(dataclasses.replace(each, train_bias=False) for each in run.experiment.network.layers)
            frozen = run.experiment.replace(network=dataclasses.replace(run.experiment.network, layers=layers))
            experiments += [(run.experiment, 1), (run.experiment, 4), (frozen, 4)]
    missing = set()
    for experiment, rows in experiments:
        for notation in (NIELSEN, MAZUR.having(delta_sign=-1)):
            for part in conventions(experiment, rows, notation):
                others = alternatives(experiment, rows, notation, part.name)
                for phrase in (part.phrase, part.short, part.note, *(p for o in others for p in (o.phrase, o.effect))):
                    assert "{" not in phrase.text
                    for template in phrases(phrase):
                        if re.search(r"[a-z]{2}", re.sub(r"\{.*?\}", "", template)) and template not in known:
                            missing.add(template)
    assert not missing


def test_layers_without_weights_have_no_say_in_biases() -> None:
    layers = (Conv2D(2, (2, 2)), Flatten(), Dropout(0.5), Dense(2, "softmax"))
    experiment = Experiment(Network(9, layers, (3, 3)), loss="categorical_ce")
    said = {each.name: each.phrase.template for each in conventions(experiment, 1, NOTATIONS["nielsen"])}
    assert said["bias"] == "biases trained"
    none = changed(experiment, "bias", "none")
    assert [layer.bias for layer in none.network.layers] == ["none"] * 4
    assert [layer.kind for layer in none.network.layers] == [layer.kind for layer in layers]

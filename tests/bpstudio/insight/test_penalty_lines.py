"""Penalties in sentences, derivations, conventions and verdicts: every number is the one that was computed."""

import dataclasses
import re
from collections.abc import Callable

import numpy as np
import pytest

from bpstudio.insight.conventions import alternatives, changed, conventions, sentence
from bpstudio.insight.derivation import derive
from bpstudio.insight.elements import BIAS, Edge, Example, LossNode, Row, Unit, WholeBatch
from bpstudio.insight.lines import line
from bpstudio.insight.notation import NOTATIONS, number
from bpstudio.insight.penalty_lines import formula, of_weight, of_weights
from bpstudio.insight.verdict import judge
from bpstudio.insight.walk import GRAINS, Walk
from bpstudio.maths.penalties import FORMS_L1, FORMS_L2, L1, L2, KLSparsity, Penalty, RunningSparsity
from bpstudio.training.frame import Frame
from bpstudio.training.session import Session

Make = Callable[..., Session]
NIELSEN = NOTATIONS["nielsen"]
SPARSE = KLSparsity(0.3, 0.2, (0,))
RUNNING = RunningSparsity(0.3, 0.2, (0,))
ALL = (L2(0.2, "half_training_rows"), L1(0.05, apply_to="all"), SPARSE)


def frame_of(session: Make, *penalties: Penalty, **changes: object) -> Frame:
    run = session(activations=("sigmoid", "sigmoid"), penalties=penalties, **changes)
    run.run(3)
    return run.frame()


def said(frame: Frame, address: str, notation: str = "mazur") -> str:
    walk = Walk.of(frame)
    found = line(frame, Row(0), walk.beat("edge", walk.find("edge", address)), notation, 6)
    return " | ".join([found.text, *(part.text for part in found.more)])


@pytest.mark.parametrize("form", FORMS_L2)
@pytest.mark.parametrize("apply_to", ["weights", "all"])
def test_terms_of_a_weight_are_what_the_gradient_has_more(session: Make, form: str, apply_to: str) -> None:
    rules: tuple[Penalty, ...] = (L2(0.2, form, apply_to), L1(0.1, "training_rows", apply_to))
    penalized, plain = session(penalties=rules).frame(), session().frame()
    for layer in (1, 2):
        added = of_weights(penalized, layer)
        more = np.column_stack(
            [
                penalized.trace.layers[layer - 1].dW - plain.trace.layers[layer - 1].dW,
                penalized.trace.layers[layer - 1].db - plain.trace.layers[layer - 1].db,
            ]
        )
        assert np.allclose(added, more, rtol=1e-10, atol=1e-14)
        for source in (0, BIAS):
            terms = of_weight(penalized, Edge(layer, 1, source))
            assert len(terms) == (0 if source == BIAS and apply_to == "weights" else 2)
            assert sum(term.value for term in terms) == pytest.approx(added[1, source], abs=1e-14)


def test_the_gradient_of_a_weight_has_its_penalties_as_terms_of_their_own(session: Make) -> None:
    frame = frame_of(session, *ALL)
    text = said(frame, "backward/w1")
    name = "w₁"
    weight, gradient = frame.params.W[0][0, 0], frame.trace.layers[0].dW[0, 0]
    assert f"+ λ₁/n {name} + λ₂ sign({name})" in text
    assert f"0.2/12 · {number(weight, 6)}" in text or f"0.2/12 · ({number(weight, 6)})" in text
    assert text.endswith(f"= {number(gradient, 6)}")
    assert f"this row gives ∂C/∂{name}" not in text  # what a row gives is not the gradient here


def test_c_is_the_objective_and_c0_the_loss(session: Make) -> None:
    frame = frame_of(session, *ALL)
    text = said(frame, "loss/C")
    assert "| C₀ = " in f"| {text}"
    assert "C = C₀ + λ₁/2n Σ w² + λ₂ Σ (|w| + |b|) + β Σ KL(ρ ‖ ρ̂)" in text
    assert text.endswith(f"= {number(frame.objective, 6)}")
    assert number(frame.loss, 6) in text
    for each in frame.trace.penalties:
        assert number(float(each), 6) in text
    found = derive(frame, Row(0), LossNode())
    assert found.symbol == "C₀"
    assert str(found.notes[0]).endswith(number(frame.objective))


@pytest.mark.parametrize("rule", [SPARSE, RUNNING])
@pytest.mark.parametrize("notation", ["mazur", "nielsen"])
@pytest.mark.parametrize("reduction", ["mean_batch", "sum"])
def test_a_sparsity_is_a_term_of_the_error(session: Make, rule: Penalty, notation: str, reduction: str) -> None:
    frame = frame_of(session, rule, reduction=reduction)
    first = frame.trace.layers[0]
    assert first.term is not None
    own = float(first.term[1]) * (4 if reduction == "mean_batch" else 1)
    text = said(frame, "backward/h2/sum", notation=notation)
    assert f"sparsity adds β (−ρ/{'p' if rule is RUNNING else 'ρ̂'}" in text
    assert f"= {number(own, 6)}" in text
    found = derive(frame, Row(0), Unit(1, 1), notation)
    total = sum(term.product for term in found.terms)
    assert total == pytest.approx(found.factors[0].value, rel=1e-12)
    assert found.terms[-1].product == pytest.approx(own, rel=1e-12)
    label = "it is the gradient of nothing"
    assert (label in text) == (rule is RUNNING)
    assert any(label in str(note) for note in found.notes) == (rule is RUNNING)


@pytest.mark.parametrize(("loss", "output"), [("bce", "sigmoid"), ("half_squared_error", "sigmoid")])
@pytest.mark.parametrize("notation", ["mazur", "nielsen"])
def test_outputs_may_be_sparse_too(session: Make, loss: str, output: str, notation: str) -> None:
    run = session(activations=("sigmoid", output), loss=loss, penalties=(KLSparsity(0.3, 0.2, (1,)),))
    frame, unit = run.frame(), Unit(2, 1)
    found = derive(frame, Row(0), unit, notation)
    assert found.result == pytest.approx(float(frame.trace.layers[1].delta[0, 1]) * 4, rel=1e-12)
    assert np.prod([factor.value for factor in found.factors]) == pytest.approx(found.result, rel=1e-9)
    text = said(frame, "backward/o2/error", notation)
    error = found.factors[0].value
    assert f"= {number(error, 6)}" in text
    assert "sparsity adds β" in text
    first, second = text.split(" = ")[2].rsplit(" + ", 1)
    slope = float(frame.trace.layers[1].term[1]) * 4  # type: ignore[index]
    assert second.strip("()") == number(slope, 6)
    assert first
    assert number(found.result, 6) in said(frame, "backward/o2/delta", notation)


def test_the_other_sign_of_delta_keeps_every_term(session: Make) -> None:
    turned = dataclasses.replace(NOTATIONS["nielsen"], delta_sign=-1)
    frame = frame_of(session, *ALL)
    found = derive(frame, Row(0), Unit(1, 0), turned)
    assert found.result == pytest.approx(-float(frame.trace.layers[0].delta[0, 0]) * 4, rel=1e-12)
    assert sum(term.product for term in found.terms) == pytest.approx(found.factors[0].value, rel=1e-12)


@pytest.mark.parametrize("grain", GRAINS)
@pytest.mark.parametrize("example", [Row(1), WholeBatch()])
@pytest.mark.parametrize("rules", [ALL, (RUNNING, L2(0.1, "plain"))])
def test_every_beat_has_a_sentence(session: Make, grain: str, example: Example, rules: tuple[Penalty, ...]) -> None:
    frame = frame_of(session, *rules)
    walk = Walk.of(frame)
    for place in range(walk.count(grain)):  # type: ignore[arg-type]
        text = line(frame, example, walk.beat(grain, place), "nielsen").text  # type: ignore[arg-type]
        assert text
        assert not re.search(r"[{}]", text)


@pytest.mark.parametrize("batch_size", [1, 4])
def test_a_typed_gradient_is_judged_with_its_penalties(session: Make, batch_size: int) -> None:
    frame = frame_of(session, *ALL, batch_size=batch_size)
    edge = Edge(1, 2, 1)
    right = float(frame.trace.layers[0].dW[2, 1])
    assert judge(frame, WholeBatch() if batch_size > 1 else Row(0), edge, "gradient", f"{right:.9f}").is_right
    assert judge(frame, Row(0), edge, "gradient", f"{right:.9f}").is_right
    new = float(frame.params.W[0][2, 1] + frame.trace.layers[0].update_W[2, 1])
    assert judge(frame, Row(0), edge, "new", f"{new:.9f}").is_right
    without = right - sum(term.value for term in of_weight(frame, edge))
    if batch_size > 1:
        verdict = judge(frame, WholeBatch(), edge, "gradient", f"{without:.9f}")
        assert verdict.explanations[0].ids == ("penalty_forgotten",)
    assert judge(frame, Row(0), LossNode(), "loss", f"{frame.objective:.9f}").is_right
    assert judge(frame, Row(0), Unit(1, 0), "delta", f"{derive(frame, Row(0), Unit(1, 0)).result:.9f}").is_right


def test_conventions_name_penalties_and_offer_the_forms_of_books(session: Make) -> None:
    frame = frame_of(session, L2(0.25))
    parts = conventions(frame.experiment, 4, NIELSEN)
    text = str(sentence(parts))
    assert "C₀ = ½ Σ (a − y)²" in text
    assert "C = C₀ + λ/2 Σ w², λ = 0.25" in text
    offered = alternatives(frame.experiment, 4, NIELSEN, "penalty")
    assert len(offered) == 1 + len(FORMS_L2) + len(FORMS_L1)
    assert [each.value for each in offered if each.current] == ["l2 half"]
    for each in offered:
        new = changed(frame.experiment, "penalty", each.value)
        assert len(new.penalties) == (0 if each.value == "none" else 1)
        again = alternatives(new, 4, NIELSEN, "penalty")
        assert [other.value for other in again if other.current] == [each.value]
    assert "penalty" not in [part.name for part in conventions(session().experiment, 4, NIELSEN)]
    with pytest.raises(ValueError, match="penalty: expected one of"):
        changed(frame.experiment, "penalty", "l3 half")


def test_the_running_mean_carries_its_label_among_the_conventions(session: Make) -> None:
    both = frame_of(session, RUNNING, L2(0.1)).experiment
    assert "running-mean sparsity: gradient of nothing" in str(sentence(conventions(both, 4, NIELSEN)))
    alone = frame_of(session, RUNNING).experiment
    (part,) = [part for part in conventions(alone, 4, NIELSEN) if part.name == "penalty"]
    assert "nothing to C" in str(part.note)
    assert [each.value for each in alternatives(alone, 4, NIELSEN, "penalty")] == ["none", "present"]


@pytest.mark.parametrize(
    ("rule", "letters"),
    [
        (L2(0.1), "λ/2 Σ w²"),
        (L2(0.1, "plain", "all"), "λ Σ (w² + b²)"),
        (L2(0.1, "half_batch_rows"), "λ/2N Σ w²"),
        (L1(0.1), "λ Σ |w|"),
        (L1(0.1, "training_rows", "all"), "λ/n Σ (|w| + |b|)"),
        (SPARSE, "β Σ KL(ρ ‖ ρ̂)"),
        (RUNNING, ""),
    ],
)
def test_formulas_of_penalties(session: Make, rule: Penalty, letters: str) -> None:
    assert formula(frame_of(session, rule).experiment, rule) == letters

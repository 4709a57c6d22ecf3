import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bpstudio.insight.derivation import Derivation, derive
from bpstudio.insight.elements import BIAS, Edge, LossNode, PlusOne, Probe, Row, Unit, WholeBatch
from bpstudio.insight.walk import Walk
from bpstudio.training.frame import Frame
from bpstudio.training.optimizers import SGD, Momentum
from bpstudio.training.session import Session

SMOOTH = ("identity", "sigmoid", "tanh", "relu")


def edges(frame: Frame) -> list[Edge]:
    sizes = frame.experiment.network.sizes
    return [
        Edge(layer, to, source)
        for layer in range(1, len(sizes))
        for to in range(sizes[layer])
        for source in [*range(sizes[layer - 1]), BIAS]
    ]


def gradient(frame: Frame, edge: Edge) -> float:
    here = frame.trace.layers[edge.layer - 1]
    return float(here.db[edge.to] if edge.is_bias else here.dW[edge.to, edge.source])


def product(derivation: Derivation) -> float:
    return math.prod(factor.value for factor in derivation.factors)


@st.composite
def sessions(draw: st.DrawFn, make: Callable[..., Session]) -> Session:
    hidden = draw(st.lists(st.integers(1, 4), min_size=0, max_size=3))
    loss = draw(st.sampled_from(["half_squared_error", "squared_error", "bce", "categorical_ce"]))
    last = {"bce": "sigmoid", "categorical_ce": "softmax"}.get(loss) or draw(st.sampled_from([*SMOOTH, "softmax"]))
    return make(
        sizes=(draw(st.integers(1, 4)), *hidden, draw(st.integers(2, 3))),
        activations=(*(draw(st.sampled_from(SMOOTH)) for _ in hidden), last),
        loss=loss,
        reduction=draw(st.sampled_from(["mean_batch", "mean_all", "sum"])),
        update_order=draw(st.sampled_from(["simultaneous", "sequential"])),
        optimizer=draw(st.sampled_from([SGD(0.1), Momentum(0.1, 0.9)])),
        seed=draw(st.integers(0, 10_000)),
    )


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_the_product_is_the_recorded_gradient(session: Callable[..., Session], data: st.DataObject) -> None:
    """On random networks: a row's factors multiply to its share, and the shares gather to dW of the trace."""
    run = data.draw(sessions(session))
    run.step()
    frame = run.frame()
    rows = len(frame.batch)
    share = 1.0 if frame.experiment.reduction == "sum" else 1.0 / rows
    for edge in edges(frame):
        found = [derive(frame, Row(position), edge) for position in range(rows)]
        for each in found:
            assert product(each) == pytest.approx(each.result, rel=1e-12, abs=1e-300)
            assert each.gathered == gradient(frame, edge)
        sizes = sum(abs(each.result) for each in found) * share
        total = math.fsum(each.result for each in found) * share
        assert abs(total - gradient(frame, edge)) <= 1e-12 * sizes
        whole = derive(frame, WholeBatch(), edge)
        assert whole.result == gradient(frame, edge)
        assert math.fsum(term.product for term in whole.terms) * share == pytest.approx(total, rel=1e-9, abs=1e-300)
        # What it will become is what the next step finds.
        assert found[0].new_value == found[0].value + found[0].update  # type: ignore[operator]
    before = {edge: derive(frame, Row(0), edge).new_value for edge in edges(frame)}
    run.step()
    after = run.frame()
    assert all(derive(after, Row(0), edge).value == value for edge, value in before.items())


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_the_terms_of_a_delta_add_up(session: Callable[..., Session], data: st.DataObject) -> None:
    """A hidden unit's error is the sum over the layer above; through a softmax δ itself is a sum over the outputs."""
    frame = data.draw(sessions(session)).frame()
    depth = len(frame.experiment.network.layers)
    for layer in range(1, depth + 1):
        for index in range(frame.experiment.network.sizes[layer]):
            found = derive(frame, Row(1), Unit(layer, index))
            size = sum(abs(term.product) for term in found.terms)
            if layer < depth:
                assert len(found.terms) == frame.experiment.network.sizes[layer + 1]
                assert abs(math.fsum(t.product for t in found.terms) - found.factors[0].value) <= 1e-12 * size
                assert product(found) == pytest.approx(found.result, rel=1e-12, abs=1e-300)
            elif frame.experiment.network.layers[-1].activation == "softmax":
                assert abs(math.fsum(t.product for t in found.terms) - found.result) <= 1e-9 * size
            for term in found.terms:
                assert term.left * term.right == pytest.approx(term.product, rel=1e-12, abs=1e-300)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_addresses_belong_to_the_walk_and_activations_add_up(
    session: Callable[..., Session], data: st.DataObject
) -> None:
    frame = data.draw(sessions(session)).frame()
    walk = Walk.of(frame)
    for edge in edges(frame):
        found = derive(frame, Row(0), edge)
        assert found.update_beat_address is not None
        assert walk.known("edge", walk.find("edge", found.update_beat_address), edge, "new") == "now"
        assert walk.known("edge", walk.find("edge", found.beat_address), edge, "dW") == "now"
    for layer in range(1, len(frame.experiment.network.sizes)):
        unit = Unit(layer, 0)
        found = derive(frame, Row(0), unit, quantity="activation")
        assert walk.known("edge", walk.find("edge", found.beat_address), unit, "a") == "now"
        size = sum(abs(term.product) for term in found.terms)
        assert abs(math.fsum(t.product for t in found.terms) - found.factors[0].value) <= 1e-12 * size
        assert found.result == frame.trace.layers[layer - 1].a[0, 0]


def test_the_inspector_of_the_worked_example(mazur: Callable[..., Session]) -> None:
    found = derive(mazur().frame(), Row(0), Edge(2, 0, 0))
    assert (str(found.title), found.name, found.value, found.symbol) == ("Edge h₁ → o₁", "w₅", 0.40, "∂C/∂w₅")
    assert [(str(f.words), str(f.formula), f"{f.value:.9f}", f.color_role, f.element) for f in found.factors] == [
        ("error of o₁", "out − target", "0.741365070", "error", Unit(2, 0)),
        ("slope of σ at o₁", "out (1 − out)", "0.186815602", "slope", Unit(2, 0)),
        ("what came in", "out of h₁", "0.593269992", "input", Unit(1, 0)),
    ]
    assert f"{found.result:.9f}" == "0.082167041"
    assert found.tex == (
        r"\frac{\partial C}{\partial w_{5}} = \frac{\partial C}{\partial out_{o1}} \cdot "
        r"\frac{\partial out_{o1}}{\partial net_{o1}} \cdot \frac{\partial net_{o1}}{\partial w_{5}}"
    )
    assert (found.gathered, found.update_beat_address) == (None, "update/w5")
    assert f"{found.new_value:.9f}" == "0.358916480"
    nielsen = derive(mazur().frame(), Row(0), Edge(2, 0, 0), "nielsen")
    assert nielsen.tex.endswith(r"\sigma'(z^{2}_{1}) \cdot \frac{\partial z^{2}_{1}}{\partial w^{2}_{11}}")
    assert [str(f.formula) for f in nielsen.factors] == ["a − y", "a (1 − a)", "a of h₁"]


def test_a_frozen_bias_says_so_and_keeps_its_gradient(mazur: Callable[..., Session]) -> None:
    found = derive(mazur().frame(), Row(0), Edge(2, 0, BIAS))
    assert found.frozen
    assert (found.value, found.new_value, found.update) == (0.6, 0.6, 0.0)
    assert f"{found.result:.9f}" == "0.138498562"
    assert [str(note) for note in found.notes] == ["what came in is the constant 1", "frozen: stays 0.60"]


def test_the_weight_that_carried_the_error_is_the_updated_one(mazur: Callable[..., Session]) -> None:
    found = derive(mazur(update_order="sequential").frame(), Row(0), Unit(1, 0))
    assert [(term.symbol, f"{term.left:.9f}") for term in found.terms] == [
        ("w₅⁺", "0.358916480"),
        ("w₇⁺", "0.511301270"),
    ]
    assert any("gradient of nothing" in str(note) for note in found.notes)
    assert not derive(mazur(update_order="sequential").frame(), Row(0), Unit(2, 0)).notes


def test_a_pair_says_that_delta_was_computed_directly(session: Callable[..., Session]) -> None:
    softmax = session(activations=("tanh", "softmax"), loss="categorical_ce").frame()
    found = derive(softmax, Row(0), Edge(2, 1, 0))
    assert [factor.color_role for factor in found.factors] == ["delta", "input"]
    assert found.factors[0].value == softmax.trace.layers[1].a[0, 1] - softmax.trace.y[0, 1]
    assert str(found.notes[0]) == "softmax with cross-entropy: δ = out − target was computed directly"
    sigmoid = session(loss="bce").frame()
    found = derive(sigmoid, Row(0), Edge(2, 1, 0))
    assert [factor.color_role for factor in found.factors] == ["error", "slope", "input"]
    assert str(found.factors[0].formula) == "(out − target) / (out (1 − out))"
    assert "computed directly" in str(found.notes[0])


def test_a_saturated_pair_stays_exact(session: Callable[..., Session]) -> None:
    """At a = 1 in double precision ∂C/∂a is infinite and the slope 0; δ = a − y must not become NaN."""
    run = session(sizes=(1, 2), activations=("sigmoid",), loss="bce", rows=1, batch_size=1)
    params = run.params
    params.b[0][:] = 900.0
    run.apply(params=params)
    frame = run.frame()
    found = derive(frame, Row(0), Edge(1, 0, BIAS))
    assert [factor.color_role for factor in found.factors] == ["delta"]
    assert found.result == 1.0 - frame.trace.y[0, 0] == gradient(frame, Edge(1, 0, BIAS))


def test_relu_units_name_what_stops_the_error(session: Callable[..., Session]) -> None:
    run = session(sizes=(2, 2, 1), activations=("relu", "identity"), rows=1, batch_size=1)
    params = run.params
    params.W[0][:] = 0.0
    params.b[0][:] = [0.0, -1.0]
    run.apply(params=params)
    frame = run.frame()
    kink, off = (derive(frame, Row(0), Unit(1, index)) for index in (0, 1))
    assert [str(note) for note in kink.notes] == ["kink: slope taken as 0"]
    assert [str(note) for note in off.notes] == ["off for this row: slope 0"]
    assert kink.result == off.result == 0.0
    assert kink.factors[0].value != 0.0


def test_a_probe_contributes_nothing(session: Callable[..., Session]) -> None:
    frame = session(shuffle=False).frame()
    found = derive(frame, Probe(11), Edge(1, 0, 0))
    assert found.gathered == gradient(frame, Edge(1, 0, 0))
    assert found.result != derive(frame, Row(0), Edge(1, 0, 0)).result


def test_the_loss_is_the_sum_of_its_outputs_and_the_mean_of_its_rows(session: Callable[..., Session]) -> None:
    frame = session(activations=("tanh", "softmax"), loss="categorical_ce").frame()
    found = [derive(frame, Row(position), LossNode()) for position in range(4)]
    assert [math.fsum(term.product for term in each.terms) for each in found] == pytest.approx(list(frame.row_loss))
    assert np.mean([each.result for each in found]) == pytest.approx(frame.loss)
    assert {each.gathered for each in found} == {frame.loss}


def test_momentum_shows_its_velocity(session: Callable[..., Session]) -> None:
    run = session(optimizer=Momentum(0.1, 0.9))
    run.run(2)
    frame = run.frame()
    found = derive(frame, Row(0), Edge(1, 0, 0))
    update, velocity = (str(line) for line in found.update_lines)
    assert update.startswith("w₁⁺ = w₁ − η v⁺ = ")
    assert velocity.startswith("v⁺ = μ v + ∂C/∂w₁ = 0.9 · ")
    assert found.update == pytest.approx(-0.1 * float(frame.state_next["velocity"].W[0][0, 0]))


def test_what_cannot_be_derived_is_refused(mazur: Callable[..., Session]) -> None:
    frame = mazur().frame()
    with pytest.raises(ValueError, match="no edge"):
        derive(frame, Row(0), Edge(3, 0, 0))
    with pytest.raises(ValueError, match="no unit 2 in layer 1"):
        derive(frame, Row(0), Unit(1, 2))
    with pytest.raises(ValueError, match="expected an edge, a unit, a map, a kernel or the loss"):
        derive(frame, Row(0), PlusOne(1))
    assert derive(frame, Row(0), Unit(0, 1)).result == 0.10

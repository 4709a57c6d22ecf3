"""Student's rounding: every line rounded, against plain decimal arithmetic, and never more lines than one can read."""

import math
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpstudio.insight.elements import BIAS, Edge, LossNode, Probe, Row, Unit, WholeBatch
from bpstudio.insight.notation import NOTATIONS
from bpstudio.insight.rounding import LINES, Rounding, rounded, student_rounding
from bpstudio.insight.verdict import judge
from bpstudio.insight.walk import Walk
from bpstudio.training.frame import Frame
from bpstudio.training.optimizers import Momentum
from bpstudio.training.session import Session

Make = Callable[..., Session]


def line(rounding: Rounding, symbol: str) -> float:
    return next(each.rounded for each in rounding.lines if each.symbol == symbol)


def school(value: float, places: int) -> float:
    return float(Decimal(repr(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))


@given(st.floats(-1e6, 1e6), st.integers(0, 9))
def test_rounding_is_that_of_school(value: float, places: int) -> None:
    wanted = school(value, places)
    got = float(rounded(np.array(value), "decimals", places))
    # Where the written digits end in a 5 that the double only nearly holds, either neighbour is the school's.
    tie = abs(abs(value) * 10**places % 1 - 0.5) < 0.05
    assert got == wanted or tie or math.isclose(got, wanted, rel_tol=3e-14)


@pytest.mark.parametrize(
    ("value", "mode", "count", "wanted"),
    [
        (0.285, "decimals", 2, 0.29), (-0.125, "decimals", 2, -0.13), (2.5, "decimals", 0, 3.0),
        (1.005, "decimals", 2, 1.01), (0.08216704, "figures", 3, 0.0822), (9.996, "figures", 3, 10.0),
        (123456.0, "figures", 2, 120000.0), (0.0, "figures", 3, 0.0), (-4.385e-7, "figures", 3, -4.39e-7),
    ],
)  # fmt: skip
def test_halves_and_figures(value: float, mode: str, count: int, wanted: float) -> None:
    assert float(rounded(np.array(value), mode, count)) == wanted  # type: ignore[arg-type]


def test_what_is_not_finite_stays() -> None:
    values = rounded(np.array([np.nan, np.inf, -np.inf, 1e300]), "decimals", 4)
    assert np.isnan(values[0])
    assert list(values[1:]) == [np.inf, -np.inf, 1e300]


def worked(places: int) -> dict[str, float]:
    """The worked example up to ∂C/∂w₅ and ∂C/∂w₁ as a student writes it."""

    def r(value: float) -> float:
        return school(value, places)

    def unit(weights: list[float], bias: float, inputs: list[float]) -> tuple[float, float]:
        z = r(sum(r(w * x) for w, x in zip(weights, inputs, strict=True)) + bias)
        return z, r(1 / (1 + math.exp(-z)))

    i = [0.05, 0.10]
    (z1, h1), (z2, h2) = unit([0.15, 0.20], 0.35, i), unit([0.25, 0.30], 0.35, i)
    (_, o1), (_, o2) = unit([0.40, 0.45], 0.60, [h1, h2]), unit([0.50, 0.55], 0.60, [h1, h2])
    d1, d2 = (r(r(o - y) * r(o * (1 - o))) for o, y in ((o1, 0.01), (o2, 0.99)))
    back = r(r(0.40 * d1) + r(0.50 * d2))
    dh = r(back * r(h1 * (1 - h1)))
    return {
        "net_h1": z1, "out_h1": h1, "net_h2": z2, "out_h2": h2, "out_o1": o1, "out_o2": o2, "δ_o1": d1, "δ_o2": d2,
        "∂C/∂out_h1": back, "δ_h1": dh, "∂C/∂w₁": r(dh * 0.05),
    }  # fmt: skip


@pytest.mark.parametrize("places", [3, 4, 5, 6])
def test_the_worked_example_as_a_student_writes_it(mazur: Make, places: int) -> None:
    rounding = student_rounding(mazur().frame(), Row(0), Edge(1, 0, 0), "gradient", "decimals", places)
    assert rounding.complete
    for symbol, value in worked(places).items():
        assert line(rounding, symbol) == value, symbol


def test_a_students_number_is_seen_to_be_right(mazur: Make) -> None:
    frame = mazur().frame()
    rounding = student_rounding(frame, Row(0), Edge(2, 0, 0), "gradient", "decimals", 4)
    assert rounding.rounded == 0.0822
    assert rounding.exact == frame.trace.layers[1].dW[0, 0]
    assert abs(rounding.lines[-1].drift) < 1e-4
    assert not any(each.symbol == "net_o2" for each in rounding.lines)


def test_lines_stand_in_the_order_of_the_walk(mazur: Make) -> None:
    frame = mazur().frame()
    walk = Walk.of(frame)
    for target, quantity in ((Edge(1, 0, 0), "new"), (Unit(1, 1), "delta"), (LossNode(), "loss"), (Unit(2, 1), "a")):
        lines = student_rounding(frame, Row(0), target, quantity).lines  # type: ignore[arg-type]
        beats = [walk.find("edge", each.address) for each in lines]
        assert beats == sorted(beats)
        assert (lines[-1].element, lines[-1].quantity) == (target, quantity)


@pytest.mark.parametrize("quantity", ["gradient", "new", "product", "arrival"])
@pytest.mark.parametrize("loss", ["half_squared_error", "bce", "categorical_ce", "softmax with squares"])
def test_thirteen_digits_hardly_drift(session: Make, quantity: str, loss: str) -> None:
    last = "softmax" if loss in ("categorical_ce", "softmax with squares") else "sigmoid"
    loss = "half_squared_error" if loss == "softmax with squares" else loss
    living = session((3, 4, 2), ("tanh", last), loss, optimizer=Momentum(0.1, 0.5), reduction="mean_all")
    living.run(2)
    frame = living.frame()
    for example in (Row(1), WholeBatch(), Probe(2)):
        rounding = student_rounding(frame, example, Edge(2, 1, 2), quantity, "figures", 13)  # type: ignore[arg-type]
        assert rounding.rounded == pytest.approx(rounding.exact, rel=1e-9, abs=1e-11)
    for each in student_rounding(frame, Row(0), Unit(1, 1), "delta", "figures", 13).lines:
        assert each.rounded == pytest.approx(each.exact, rel=1e-9, abs=1e-11), each.symbol


def test_a_threshold_is_subtracted_on_the_way(session: Make) -> None:
    from bpstudio.engine.layers import Dense
    from bpstudio.engine.network import Network

    base = session((2, 3, 2), ("sigmoid", "sigmoid")).frame()
    layers = tuple(Dense(layer.units, layer.activation, bias="threshold") for layer in base.experiment.network.layers)
    frame = Session(base.experiment.replace(network=Network(2, layers)), base.dataset).frame()
    for target, quantity in ((Unit(1, 0), "z"), (Edge(1, 0, BIAS), "gradient")):
        rounding = student_rounding(frame, Row(0), target, quantity, "figures", 13)  # type: ignore[arg-type]
        assert rounding.rounded == pytest.approx(rounding.exact, rel=1e-9)


def test_delta_is_listed_with_the_sign_of_the_notation(mazur: Make) -> None:
    older = NOTATIONS["mazur"].having(delta_sign=-1)
    frame = mazur().frame()
    plain = student_rounding(frame, Row(0), Unit(2, 0), "delta")
    flipped = student_rounding(frame, Row(0), Unit(2, 0), "delta", notation=older)
    assert flipped.rounded == -plain.rounded
    assert flipped.exact == -plain.exact


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 6), st.sampled_from(["decimals", "figures"]), st.integers(0, 1000))
def test_what_comes_out_rounded_is_judged_right(session: Make, count: int, mode: str, seed: int) -> None:
    frame = session((3, 4, 2), ("tanh", "sigmoid"), seed=seed).frame()
    rounding = student_rounding(frame, Row(0), Edge(2, 1, 1), "gradient", mode, count)  # type: ignore[arg-type]
    typed = f"{rounding.rounded:.{count}f}" if mode == "decimals" else f"{rounding.rounded:.{count - 1}e}"
    if rounding.rounded:
        assert judge(frame, Row(0), Edge(2, 1, 1), "gradient", typed).is_right


def large(session: Make) -> Frame:
    return session((64, 30, 30, 30, 10), ("sigmoid",) * 4, rows=64, batch_size=32).frame()


@pytest.mark.parametrize("example", [Row(3), WholeBatch()])
def test_a_large_network_lists_what_is_needed_most(session: Make, example: Row | WholeBatch) -> None:
    frame = large(session)
    asked = [(Edge(1, 3, 4), "gradient"), (Edge(4, 1, 2), "new"), (Unit(2, 5), "delta"), (Unit(3, 1), "a")]
    for target, quantity in (*asked, (LossNode(), "loss")):
        rounding = student_rounding(frame, example, target, quantity)  # type: ignore[arg-type]
        assert not rounding.complete
        assert 1 <= len(rounding.lines) <= LINES
        assert (rounding.lines[-1].element, rounding.lines[-1].quantity) == (target, quantity)


@pytest.mark.parametrize(("mode", "count"), [("digits", 3), ("decimals", -1), ("figures", 0), ("figures", 14)])
def test_a_mode_or_a_count_that_is_none_is_refused(mazur: Make, mode: str, count: int) -> None:
    with pytest.raises(ValueError, match="expected"):
        student_rounding(mazur().frame(), Row(0), Edge(1, 0, 0), "gradient", mode, count)  # type: ignore[arg-type]


def test_the_loss_of_a_large_network_lists_what_it_is_made_of(session: Make) -> None:
    rounding = student_rounding(large(session), Row(3), LossNode(), "loss", "decimals", 4)
    kinds = [line.quantity for line in rounding.lines]
    assert kinds == ["a"] * 10 + ["element"] * 10 + ["loss"]
    parts = [line.rounded for line in rounding.lines if line.quantity == "element"]
    assert rounding.rounded == pytest.approx(sum(parts), abs=1e-12)

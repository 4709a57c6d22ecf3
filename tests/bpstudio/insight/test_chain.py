"""Several numbers at once: the first wrong line is named, what follows from it is told apart from new mistakes."""

import math
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpstudio.insight.altered import Asked
from bpstudio.insight.chain import ChainVerdict, judge_chain, judge_text
from bpstudio.insight.elements import BIAS, Edge, Element, LossNode, Row, Unit, WholeBatch
from bpstudio.insight.named_numbers import find
from bpstudio.insight.notation import NOTATIONS, letters
from bpstudio.insight.typed_number import NumberError, read_typed
from bpstudio.insight.verdict import Verdict
from bpstudio.training.session import Session

Make = Callable[..., Session]
W1, W5 = Edge(1, 0, 0), Edge(2, 0, 0)


def states(verdict: Verdict | ChainVerdict) -> dict[str, str]:
    assert isinstance(verdict, ChainVerdict)
    return {line.symbol: line.state for line in verdict.lines}


def first(verdict: Verdict | ChainVerdict) -> str | None:
    assert isinstance(verdict, ChainVerdict)
    return None if verdict.first is None else verdict.lines[verdict.first].symbol


@pytest.mark.parametrize(
    "text",
    [
        "0.741365070 0.186815602 0.593269992 0.082167041",
        "0,7414; 0,1868; 0,5933; 0,0822",
        "0.5933 0.7414 0.1868 0.0822",  # in the order of the walk
        "0.7414 0.1868 0.5933",  # the product is not yet worked out
        "0.138499 0.593270 0.082167",
        "0.7414\t0.1868\t0.1385\t0.5933\t0.0822",
    ],
)
def test_the_factors_in_any_usual_order(mazur: Make, text: str) -> None:
    verdict = judge_text(mazur().frame(), Row(0), W5, "gradient", text)
    assert isinstance(verdict, ChainVerdict)
    assert verdict.is_right
    assert verdict.text.text == f"All {len(verdict.lines)} numbers agree."


@pytest.mark.parametrize(
    ("target", "quantity", "text"),
    [
        (Unit(1, 0), "delta", "0.0554 -0.0190 0.0364 0.2413 0.0088"),
        (Unit(2, 0), "delta", "0.7414 0.1868 0.1385"),
        (Unit(1, 0), "z", "0.0075 0.02 0.3775"),
        (Unit(1, 0), "a", "0.0075 0.02 0.3775 0.5933"),
        (Unit(1, 0), "error", "0.0554 -0.0190 0.0364"),
        (LossNode(), "loss", "0.2748 0.0236 0.2984"),
        (W5, "new", "0.0822 0.3589"),
        (Edge(2, 0, BIAS), "gradient", "0.7414 0.1868 0.1385"),
    ],
)
def test_every_quantity_has_its_lines(mazur: Make, target: Element, quantity: str, text: str) -> None:
    verdict = judge_text(mazur().frame(), Row(0), target, quantity, text)  # type: ignore[arg-type]
    assert isinstance(verdict, ChainVerdict)
    assert verdict.is_right, verdict.text.text


@pytest.mark.parametrize(
    ("target", "quantity", "text", "symbols"),
    [
        (W5, "gradient", "0.0822\n0.0827\n-0.0226\n-0.0227", "∂C/∂w₅ ∂C/∂w₆ ∂C/∂w₇ ∂C/∂w₈"),
        (W5, "new", "0.3589\t0.4087\t0.5113\t0.5614", "w₅⁺ w₆⁺ w₇⁺ w₈⁺"),
        (W1, "gradient", "0.00043857; 0.00087714", "∂C/∂w₁ ∂C/∂w₂"),
        (Unit(1, 0), "a", "0.5933 0.5969", "out_h1 out_h2"),
        (Unit(1, 0), "delta", "0.5933 0.5969", "out_h1 out_h2"),
        (Unit(2, 1), "delta", "0.1385 -0.0381", "δ_o1 δ_o2"),
        (W5, "gradient", "0.0822 0.0827 0.1385", "∂C/∂w₅ ∂C/∂w₆ ∂C/∂b_o1"),
    ],
)
def test_a_column_of_a_spreadsheet(mazur: Make, target: Element, quantity: str, text: str, symbols: str) -> None:
    verdict = judge_text(mazur().frame(), Row(0), target, quantity, text)  # type: ignore[arg-type]
    assert isinstance(verdict, ChainVerdict)
    assert verdict.is_right, verdict.text.text
    assert [line.symbol for line in verdict.lines] == symbols.split()


def test_the_same_slip_again_is_no_other_mistake(mazur: Make) -> None:
    # σ′ of o₁ is forgotten twice; w₇ is wrong for no reason.
    verdict = judge_text(mazur().frame(), Row(0), W5, "gradient", "w5 = 0.43983; w6 = 0.44251; w7 = 0.12345")
    assert list(states(verdict).values()) == ["first", "again", "differs"]
    assert "The same slip again: ∂C/∂w₆. These differ by themselves too: ∂C/∂w₇." in verdict.text.text


def test_one_mistake_is_named_once(mazur: Make) -> None:
    # The slope was taken at out; the product is right from there on.
    verdict = judge_text(mazur().frame(), Row(0), W5, "gradient", "0.741365 0.217600 0.593270 0.095707")
    slope = "∂out_o1/∂net_o1"
    assert first(verdict) == slope
    assert states(verdict)["∂C/∂w₅"] == "follows"
    assert isinstance(verdict, ChainVerdict)
    assert verdict.text.text.startswith(f"{slope} is the first that leaves ours (3 of 4).")
    assert verdict.text.text.endswith("One later number follows from it.")
    assert (verdict.lit, verdict.address) == ((Unit(2, 0),), "backward/o1/delta")


def test_a_mistake_in_the_forward_pass_is_carried_through_everything(mazur: Make) -> None:
    def sigma(z: float) -> float:
        return 1 / (1 + math.exp(-z))

    h1, h2 = sigma(0.0275), sigma(0.3925)
    o1 = sigma(0.40 * h1 + 0.45 * h2 + 0.60)
    lines = {"net_h1": 0.0275, "out_h1": h1, "out_h2": h2, "out_o1": o1, "δ_o1": (o1 - 0.01) * o1 * (1 - o1)}
    text = "\n".join(f"{name} = {value:.6f}" for name, value in lines.items())
    verdict = judge_text(mazur().frame(), Row(0), W1, "gradient", text)
    assert first(verdict) == "net_h1"
    assert list(states(verdict).values()) == ["first", "follows", "right", "follows", "follows"]
    assert "without the bias" in verdict.text.text


def test_a_second_mistake_is_not_excused_by_the_first(mazur: Make) -> None:
    text = "net_h1 = 0.0275\nout_h1 = 0.506875\nout_o2 = 0.5"
    verdict = judge_text(mazur().frame(), Row(0), W1, "gradient", text)
    assert states(verdict) == {"net_h1": "first", "out_h1": "follows", "out_o2": "differs"}
    assert "These differ by themselves too: out_o2." in verdict.text.text


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("w5", Asked(W5, "gradient")), ("w₅", Asked(W5, "gradient")), ("dw5", Asked(W5, "gradient")),
        ("∂C/∂w₅", Asked(W5, "gradient")), ("dC/dw5", Asked(W5, "gradient")), ("w5+", Asked(W5, "new")),
        ("w₅⁺", Asked(W5, "new")), ("w5 new", Asked(W5, "new")), ("net_h1", Asked(Unit(1, 0), "z")),
        ("net h1", Asked(Unit(1, 0), "z")), ("z_h1", Asked(Unit(1, 0), "z")), ("h1", Asked(Unit(1, 0), "a")),
        ("out_h1", Asked(Unit(1, 0), "a")), ("δ_o1", Asked(Unit(2, 0), "delta")),
        ("delta o1", Asked(Unit(2, 0), "delta")),
        ("E_o2", Asked(Unit(2, 1), "element")), ("C", Asked(LossNode(), "loss")), ("loss", Asked(LossNode(), "loss")),
        ("b_o1", Asked(Edge(2, 0, BIAS), "gradient")), ("∂C/∂out_o1", Asked(Unit(2, 0), "error")),
        ("out_{h1}", Asked(Unit(1, 0), "a")),
    ],
)  # fmt: skip
def test_names_that_people_write(mazur: Make, name: str, asked: Asked) -> None:
    frame = mazur().frame()
    assert find(name, letters("mazur", frame.experiment.network), Asked(W1, "gradient")) == asked


def test_names_in_other_notations_and_of_ones_own(session: Make) -> None:
    network = session((3, 4, 4, 2), ("tanh",) * 3).frame().experiment.network
    nielsen = letters("nielsen", network)
    assert find("δ²₃", nielsen, Asked(W1, "gradient")) == Asked(Unit(2, 2), "delta")
    assert find("h2_3", nielsen, Asked(W1, "gradient")) == Asked(Unit(2, 2), "a")
    assert find("w5", nielsen, Asked(W1, "new")) == Asked(Edge(1, 1, 1), "new")
    own = letters(NOTATIONS["mazur"].having(names={"w5": "v21", "h2_3": "q"}), network)
    assert find("v21", own, Asked(W1, "gradient")) == Asked(Edge(1, 1, 1), "gradient")
    assert find("q", own, Asked(W1, "gradient")) == Asked(Unit(2, 2), "a")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Type a number"),
        ("foo", "not a number"),
        ("0.5; 1/0", "Number 2: Division by zero"),
        ("0,1,2", "group separators"),
        ("\t".join(["0.5"] * 17), "17 numbers came; here 1, 2, 3, 4, 5, 6 can be judged, as in "),
        ("foo = 0.5; w5 = 0.1", "“foo” is no number of this network"),
        ("w5 = 0.5; 0.1", "Number 2 has no name"),
        ("w5 = 0.5; w₅ = 0.1", "came twice"),
        ("0.5 " * 300, "More than 200 numbers"),
        ("w99 = 1; w5 = 2", "“w99” is no number"),
    ],
)
def test_what_cannot_be_judged_is_refused(mazur: Make, text: str, reason: str) -> None:
    with pytest.raises(NumberError, match=reason):
        judge_text(mazur().frame(), Row(0), W5, "gradient", text)


def test_one_number_with_a_name_is_that_number(mazur: Make) -> None:
    verdict = judge_text(mazur().frame(), Row(0), W5, "gradient", "w5+ = 0.3589")
    assert isinstance(verdict, Verdict)
    assert verdict.is_right
    assert verdict.address == "update/w5"


def test_the_sign_of_delta_is_that_of_the_notation(mazur: Make) -> None:
    older = NOTATIONS["mazur"].having(delta_sign=-1)
    for text in ("0.0364 0.2413 -0.0088", "-0.0554 0.0190 -0.0364 0.2413 -0.0088"):
        verdict = judge_text(mazur().frame(), Row(0), Unit(1, 0), "delta", text, older)
        assert isinstance(verdict, ChainVerdict)
        assert verdict.is_right, verdict.text.text
    wrong = judge_text(mazur().frame(), Row(0), Unit(1, 0), "delta", "-0.0554 0.0190 -0.0364 0.25 -0.0091", older)
    assert list(states(wrong).values()) == ["right", "right", "right", "first", "follows"]


def test_a_batch_is_judged_as_a_whole(session: Make) -> None:
    frame = session().frame()
    edge = Edge(2, 1, 1)
    gradient, new = frame.trace.layers[1].dW[1, 1], frame.params.W[1][1, 1] + frame.trace.layers[1].update_W[1, 1]
    right = judge_text(frame, WholeBatch(), edge, "new", f"{gradient:.8f} {new:.8f}")
    assert isinstance(right, ChainVerdict)
    assert right.is_right
    wrong = judge_text(
        frame, WholeBatch(), edge, "new", f"{3 * gradient:.8f} {frame.params.W[1][1, 1] - 0.3 * gradient:.8f}"
    )
    assert list(states(wrong).values()) == ["first", "follows"]


@settings(max_examples=30, deadline=None)
@given(st.data(), st.integers(0, 500), st.integers(5, 12))
def test_the_first_wrong_line_of_any_chain_is_named(session: Make, data: st.DataObject, seed: int, digits: int) -> None:
    """A number of the walk is changed, and all later ones are worked out from it by plain arithmetic."""
    frame = session((3, 3, 2), ("tanh", "sigmoid"), seed=seed, batch_size=1).frame()
    row = frame.trace
    a, w = row.layers[0].a[0, 1], frame.params.W[1][0, 1]
    error, slope = float(row.dC_da[0, 0]), float(row.layers[1].slope[0, 0])
    planted = data.draw(st.sampled_from(["a", "error", "slope", "none"]))
    factor = {"a": 1.0, "error": 1.0, "slope": 1.0, planted: 1.37 if planted != "none" else 1.0}
    values = {"a": float(a) * factor["a"], "error": error * factor["error"], "slope": slope * factor["slope"]}
    delta = values["error"] * values["slope"]
    edge, out = Edge(2, 0, 1), Unit(2, 0)
    numbers = [
        (Asked(Unit(1, 1), "a"), values["a"]),
        (Asked(out, "error"), values["error"]),
        (Asked(out, "slope"), values["slope"]),
        (Asked(out, "delta"), delta),
        (Asked(edge, "gradient"), delta * values["a"]),
    ]
    if planted == "a":
        # Their forward pass would change the error as well; they give the error they have.
        numbers = [numbers[0], numbers[-1]]
        numbers[1] = (numbers[1][0], error * slope * values["a"])
    typed = [(asked, read_typed(f"{value:.{digits - 1}e}")) for asked, value in data.draw(st.permutations(numbers))]
    verdict = judge_chain(frame, Row(0), typed)
    wanted = {"a": Asked(Unit(1, 1), "a"), "error": Asked(out, "error"), "slope": Asked(out, "slope"), "none": None}
    named = None if verdict.first is None else verdict.lines[verdict.first].asked
    assert named == wanted[planted]
    assert w == frame.params.W[1][0, 1]
    if planted in ("error", "slope"):
        assert {line.state for line in verdict.lines[verdict.first + 1 :]} <= {"follows", "right"}  # type: ignore[operator]

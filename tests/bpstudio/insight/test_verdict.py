"""The verdict on the worked example: its famous slips are named, its right numbers are right."""

import math
from collections.abc import Callable

import pytest

from bpstudio.insight.elements import BIAS, Edge, LossNode, Row, Unit, WholeBatch
from bpstudio.insight.notation import NOTATIONS, number
from bpstudio.insight.slips import SLIPS
from bpstudio.insight.typed_number import NumberError
from bpstudio.insight.verdict import Verdict, judge
from bpstudio.training.optimizers import SGD
from bpstudio.training.session import Session

Make = Callable[..., Session]
W1, W5 = Edge(1, 0, 0), Edge(2, 0, 0)


def named(verdict: Verdict) -> list[tuple[str, ...]]:
    return [explanation.ids for explanation in verdict.explanations]


@pytest.mark.parametrize(
    ("typed", "slip", "where", "address"),
    [
        ("0.000668396", "one_path", Edge(2, 0, 0), "backward/h1/from-o1"),
        ("0.001817515", "slope_forgotten", Unit(1, 0), "backward/h1/delta"),
        ("0.000364723", "updated_weights", None, "backward/h1/sum"),
        ("0.000461551", "transposed", None, "backward/h1/sum"),
        ("0,000668396", "one_path", Edge(2, 0, 0), "backward/h1/from-o1"),
        ("6.68e-4", "one_path", Edge(2, 0, 0), "backward/h1/from-o1"),
    ],
)
def test_famous_slips_of_the_worked_example(mazur: Make, typed: str, slip: str, where: object, address: str) -> None:
    verdict = judge(mazur().frame(), Row(0), W1, "gradient", typed)
    assert verdict.kind == "slip"
    assert named(verdict)[0] == (slip,)
    assert verdict.address == address
    assert where is None or where in verdict.lit


@pytest.mark.parametrize("typed", ["0.000438568", "0.00044", "4.4e-4", "0.000438", "0.00043856773447"])
def test_the_true_gradient_is_right(mazur: Make, typed: str) -> None:
    verdict = judge(mazur().frame(), Row(0), W1, "gradient", typed)
    assert verdict.is_right
    assert verdict.explanations == ()
    assert verdict.address == "backward/w1"


def test_the_number_of_the_design_picture(mazur: Make) -> None:
    verdict = judge(mazur().frame(), Row(0), W5, "gradient", "0.43982")
    assert verdict.word.text == "differs"
    assert verdict.text.text == (
        "This is what comes out without the slope of σ at o₁ (0.741365 · 0.593270). Multiply by out (1 − out)."
    )
    assert (verdict.lit, verdict.address) == ((Unit(2, 0),), "backward/o1/delta")


def test_the_numbers_of_an_explanation_are_those_of_the_trace(mazur: Make) -> None:
    frame = mazur().frame()
    trace = frame.trace
    factors = (trace.dC_da[0, 0], trace.layers[1].x[0, 0])
    typed = f"{math.prod(factors):.9f}"
    said = judge(frame, Row(0), W5, "gradient", typed).explanations[0]
    assert said.numbers == " · ".join(number(float(factor), 6) for factor in factors)
    assert said.value == pytest.approx(math.prod(factors), rel=1e-15)


@pytest.mark.parametrize(
    ("typed", "kind"), [("-0.0822", "sign"), ("\u22120,082167041", "sign"), ("-0.08", "sign"), ("0.0822", "rounded")]
)
def test_the_opposite_sign_is_said_as_such(mazur: Make, typed: str, kind: str) -> None:
    assert judge(mazur().frame(), Row(0), W5, "gradient", typed).kind == kind


def test_delta_has_the_sign_of_the_notation(mazur: Make) -> None:
    frame = mazur().frame()
    older = NOTATIONS["mazur"].having(delta_sign=-1)
    assert judge(frame, Row(0), Unit(2, 0), "delta", "-0.138499", older).is_right
    flipped = judge(frame, Row(0), Unit(2, 0), "delta", "0.138499", older)
    assert flipped.kind == "sign"
    assert flipped.truth == -frame.trace.layers[1].delta[0, 0]
    assert judge(frame, Row(0), W5, "gradient", "0.0822", older).is_right
    forgotten = f"{-frame.trace.dC_da[0, 0]:.8f}"
    assert named(judge(frame, Row(0), Unit(2, 0), "delta", forgotten, older))[0] == ("slope_forgotten",)


@pytest.mark.parametrize(
    ("quantity", "target", "typed", "slip"),
    [
        ("new", W5, "0.4410835", "uphill"),
        ("new", W5, "0.0410835", None),
        ("new", W5, "-0.0410835", "only_the_change"),
        ("new", W5, "0.082167", "only_the_gradient"),
        ("new", W5, "0.317833", "rate_forgotten"),
        ("new", Edge(2, 0, BIAS), "0.530750719", "frozen_moved"),
        ("delta", Unit(2, 0), "0.7413650", "slope_forgotten"),
        ("z", Unit(1, 0), "0.0275", "bias_left_out"),
        ("z", Unit(1, 0), "-0.3225", "bias_mirrored"),
        ("z", Unit(1, 0), "0.3575", "one_product"),
        ("a", Unit(1, 0), "0.3775", "function_forgotten"),
        ("a", Unit(1, 0), "0.406730", "mirrored"),
        ("loss", LossNode(), "0.5967422", "double"),
        ("loss", LossNode(), "0.2748111", "one_output"),
    ],
)
def test_slips_of_every_quantity(mazur: Make, quantity: str, target: object, typed: str, slip: str | None) -> None:
    verdict = judge(mazur().frame(), Row(0), target, quantity, typed)  # type: ignore[arg-type]
    assert ((named(verdict) or [(None,)])[0] == (slip,)) or (slip is None and len(named(verdict)[0]) == 2)


def test_too_few_digits_accuse_nobody(mazur: Make) -> None:
    verdict = judge(mazur().frame(), Row(0), W1, "gradient", "0.0005")
    assert verdict.kind == "unsure"
    assert "more digits would tell" in verdict.text.text
    assert judge(mazur().frame(), Row(0), W1, "gradient", "0.0").kind == "rounded"


@pytest.mark.parametrize(
    ("quantity", "target", "typed", "said"),
    [
        ("gradient", W1, "0.000668396", "Sum over both paths."),
        ("loss", LossNode(), "0.2748111", "Sum over both outputs."),
        ("loss", LossNode(), "0.5967422", "With this loss an output costs ½(target − out)²."),
        ("gradient", W5, "0.164334", "With this loss ∂C/∂out is out − target."),
        ("gradient", W1, "0", "Rounded to a whole number nothing is left of 0.000438568: type more digits."),
        ("gradient", W1, "0.0", "Rounded to one decimal nothing is left of 0.000438568: type more digits."),
        ("gradient", W1, "0.00", "Rounded to 2 decimals nothing is left of 0.000438568: type more digits."),
    ],
)
def test_what_helps_is_said_of_what_was_asked(
    mazur: Make, quantity: str, target: object, typed: str, said: str
) -> None:
    verdict = judge(mazur().frame(), Row(0), target, quantity, typed)  # type: ignore[arg-type]
    assert verdict.text.text.endswith(said)


def test_all_of_more_than_two_are_counted(session: Make) -> None:
    frame = session((2, 2, 3), ("tanh", "sigmoid"), batch_size=1).frame()
    one = float(frame.trace.layers[1].delta[0, 1] * frame.params.W[1][1, 0])
    verdict = judge(frame, Row(0), Unit(1, 0), "error", f"{one:.9g}")
    assert verdict.text.text.endswith("Sum over all 3 paths.")


def test_what_nothing_explains_differs_by_a_factor(mazur: Make) -> None:
    verdict = judge(mazur().frame(), Row(0), W5, "gradient", "0.31415926")
    assert verdict.kind == "differs"
    assert "3.823 times ours" in verdict.text.text
    assert verdict.lit == (W5,)


def test_rounding_on_the_way_is_right(mazur: Make) -> None:
    frame = mazur().frame()
    # 0.7514 − 0.01, 0.1868, 0.5933: each with four digits.
    typed = "0.08217"
    assert judge(frame, Row(0), W5, "gradient", typed).is_right
    verdict = judge(frame, Row(0), Unit(2, 1), "z", "1.2250")
    assert verdict.kind == "rounded"
    assert verdict.text.text.startswith("Right, if every line is rounded to 4 decimals")


@pytest.mark.parametrize(
    ("quantity", "target", "typed", "said"),
    [
        # 0.741 · 0.187 · 0.593 = 0.082170231, and 0.74 · 0.19 · 0.59 = 0.082954
        ("gradient", W5, "0.08217023", "if every line before it is rounded to 3 decimals"),
        ("gradient", W5, "0.0829", "if every line before it is rounded to 2 decimals"),
        ("a", Unit(1, 0), "0.593873", "if every line before it is rounded to 2 decimals"),  # σ(0.38)
        ("new", W5, "0.358900", "if every line before it is rounded to 4 decimals"),
    ],
)
def test_more_digits_at_the_end_than_on_the_way_are_right_too(
    mazur: Make, quantity: str, target: object, typed: str, said: str
) -> None:
    verdict = judge(mazur().frame(), Row(0), target, quantity, typed)  # type: ignore[arg-type]
    assert verdict.kind == "rounded"
    assert said in verdict.text.text


def test_a_small_drift_is_no_factor(mazur: Make) -> None:
    frame = mazur().frame()
    verdict = judge(frame, Row(0), W5, "gradient", "0.0823")
    assert (verdict.kind, verdict.is_right) == ("close", False)
    off = 0.0823 / frame.trace.layers[1].dW[0, 0] - 1
    assert f"It is off by {100 * off:.2g} %" in verdict.text.text
    assert "1.02 times ours" in judge(frame, Row(0), W5, "gradient", "0.0838").text.text


@pytest.mark.parametrize("text", ["", "abc", "1/0", "0,1,2", "1e999", "nan", "0.5 m"])
def test_what_is_no_number_is_refused(mazur: Make, text: str) -> None:
    with pytest.raises(NumberError):
        judge(mazur().frame(), Row(0), W5, "gradient", text)


def test_what_the_network_does_not_have_is_refused(mazur: Make) -> None:
    frame = mazur().frame()
    with pytest.raises(ValueError, match="no edge"):
        judge(frame, Row(0), Edge(3, 0, 0), "gradient", "1")
    for target, quantity in ((Unit(1, 0), "gradient"), (W5, "delta"), (Unit(1, 0), "element"), (Unit(0, 0), "z")):
        with pytest.raises(ValueError, match=r"quantity of .*expected one of"):
            judge(frame, Row(0), target, quantity, "1")  # type: ignore[arg-type]


def test_a_step_that_is_not_finite_is_no_crash(session: Make) -> None:
    living = session((2, 3, 2), ("relu", "identity"), "squared_error", optimizer=SGD(1e200))
    living.run(5)
    frame = living.frame()
    for example in (Row(0), WholeBatch()):
        verdict = judge(frame, example, Edge(1, 0, 0), "gradient", "0.5")
        assert verdict.kind in ("differs", "agrees", "slip")


def test_the_table_is_a_table() -> None:
    ids = [slip.id for slip in SLIPS]
    assert len(ids) == len(set(ids))
    for slip in SLIPS:
        assert sum(way is not None for way in (slip.put, slip.pick, slip.settings)) == 1
        assert slip.words
        assert slip.remedy.endswith((".", "}"))

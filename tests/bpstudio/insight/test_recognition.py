"""A typed number says itself which number of a thing it is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bpstudio
from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.insight.altered import Asked
from bpstudio.insight.elements import BIAS, Edge, LossNode, PlusOne, Row, Target, Unit, WholeBatch
from bpstudio.insight.recognition import quantities, recognised
from bpstudio.insight.suspects import Case
from bpstudio.insight.typed_number import NumberError
from bpstudio.training.experiment import Experiment
from bpstudio.training.optimizers import SGD
from bpstudio.training.session import Session

MAZUR = bpstudio.load_lesson("mazur").session().frame()
W5 = Edge(2, 0, 0)


def test_what_can_be_asked_about_each_element() -> None:
    network = MAZUR.experiment.network
    assert quantities(network, W5) == ("gradient", "new", "arrival", "product")
    assert quantities(network, Edge(1, 0, 0)) == ("gradient", "new", "product"), "nothing comes back to an input"
    assert quantities(network, Edge(1, 0, BIAS)) == ("gradient", "new")
    assert "element" in quantities(network, Unit(2, 0))
    assert "element" not in quantities(network, Unit(1, 0))
    assert quantities(network, LossNode()) == ("loss",)
    for element in (Unit(0, 0), Target(0), PlusOne(1)):
        assert quantities(network, element) == ()
        with pytest.raises(ValueError, match="expected an edge, a computed unit or the loss"):
            recognised(MAZUR, Row(0), element, "0.5")


def test_a_softmax_unit_has_no_slope_of_its_own() -> None:
    network = Network(2, (Dense(3, "softmax"),))
    assert "slope" not in quantities(network, Unit(1, 0))


@pytest.mark.parametrize(
    ("text", "quantity", "kind"),
    [
        ("0.0822", "gradient", "rounded"),
        ("0.35892", "new", "rounded"),
        ("0.055399", "arrival", "rounded"),
        ("0.237308", "product", "rounded"),
        ("0.43982", "gradient", "slip"),
        ("0.44108", "new", "slip"),
        ("7.25", "gradient", "differs"),
    ],
)
def test_a_number_is_taken_for_what_it_is_or_nearly_is(text: str, quantity: str, kind: str) -> None:
    judged = recognised(MAZUR, Row(0), W5, text)
    assert (judged.asked.quantity, judged.verdict.kind) == (quantity, kind)


@pytest.mark.parametrize(
    ("element", "text", "quantity", "kind"),
    [
        (Unit(1, 0), "-0.0363503", "error", "sign"),  # and not two slips of δ
        (Unit(1, 0), "0.0275", "z", "slip"),  # without the bias, while δ is looked at
        (Unit(2, 0), "0.505906", "z", "slip"),
        (Unit(2, 0), "0.82", "delta", "differs"),  # two digits fit too much
        (W5, "0.0823", "gradient", "close"),
    ],
)
def test_the_simplest_that_it_can_be_is_said(element: Edge | Unit, text: str, quantity: str, kind: str) -> None:
    judged = recognised(MAZUR, Row(0), element, text)
    assert (judged.asked.quantity, judged.verdict.kind) == (quantity, kind)


def test_what_was_looked_at_is_thought_of_first() -> None:
    assert recognised(MAZUR, Row(0), W5, "3.3").asked.quantity == "gradient"
    assert recognised(MAZUR, Row(0), W5, "99", preferred=("new",)).asked.quantity == "new"


def test_one_digit_is_not_taken_for_something_far_fetched() -> None:
    # w₅ · out_h1 is 0.2373: with one digit nearly everything has a number that fits.
    judged = recognised(MAZUR, Row(0), W5, "0.2")
    assert judged.asked.quantity in ("gradient", "new")
    assert judged.verdict.text.text.endswith("It would be right for w₅ · out_h1 = 0.237307997.")
    exactly = recognised(MAZUR, Row(0), Edge(1, 0, 1), "0.02")
    assert (exactly.asked.quantity, exactly.verdict.is_right) == ("product", True), "0.20 · 0.10 is nothing else"


def test_a_text_that_is_no_number_is_refused() -> None:
    with pytest.raises(NumberError, match="not a number"):
        recognised(MAZUR, Row(0), W5, "w5")


@given(seed=st.integers(0, 10_000), place=st.integers(0, 10_000), whole=st.booleans())
@settings(max_examples=40, deadline=None)
def test_a_right_number_is_right_whatever_it_is_of(seed: int, place: int, whole: bool) -> None:
    random = np.random.default_rng(seed)
    data = Dataset.from_arrays(random.normal(size=(4, 3)), random.normal(size=(4, 2)))
    network = Network(3, (Dense(3, "tanh"), Dense(2, "sigmoid")))
    frame = Session(Experiment(network, optimizer=SGD(0.3), batch_size=4, seed=seed), data).frame()
    example = WholeBatch() if whole else Row(place % 4)
    elements = [Edge(1, 2, 1), Edge(2, 1, BIAS), Edge(2, 0, 2), Unit(1, 1), Unit(2, 0), LossNode()]
    element = elements[place % len(elements)]
    possible = quantities(network, element)
    quantity = possible[place % len(possible)]
    truth = Case(frame, example, Asked(element, quantity)).views[0].truth
    judged = recognised(frame, example, element, f"{truth:.12g}")
    assert judged.verdict.is_right

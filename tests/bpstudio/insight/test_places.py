"""What a person types is found in every way of writing it, or refused with a sentence that helps."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Conv2D, Dense, Flatten, MaxPool2D
from bpstudio.engine.network import Network
from bpstudio.files import lesson
from bpstudio.files.asset import folder
from bpstudio.insight import places
from bpstudio.insight.elements import (
    BIAS,
    Edge,
    Kernel,
    KernelEntry,
    LossNode,
    Map,
    Pixel,
    Probe,
    Row,
    Target,
    Unit,
)
from bpstudio.insight.notation import Letters, letters, notation_named
from bpstudio.insight.places import Address, Beat, NoPlaceError, Step, Whose, described, find, suggest
from bpstudio.insight.walk import Walk
from bpstudio.training.experiment import Experiment
from bpstudio.training.session import Session

OWN = (("b_h2", "θ2"), ("h1", "u_1"), ("w5", "θ₁"))


class Where:
    """A frame, its walk, and letters."""

    def __init__(self, name: str, own: tuple[tuple[str, str], ...] = ()) -> None:
        self.frame = lesson.load(name).session().frame()
        self.walk = Walk.of(self.frame)
        table = notation_named("nielsen").having(names=own, delta_sign=1)
        self.letters: Letters = letters(table, self.frame.experiment.network)

    @property
    def all(self) -> tuple[Any, ...]:
        return self.frame, self.walk, self.letters, self.walk.count("edge")

    def find(self, text: str) -> object:
        return find(text, *self.all)


MAZUR, DEEP, IRIS = Where("mazur", OWN), Where("vanishing"), Where("iris")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        *((text, Edge(1, 1, 0)) for text in ("w3", "w¹₂₁", "w^1_21", "w1,2,1", "w^1_{2,1}", "i1->h2", "i1→h2")),
        *((text, Edge(2, 0, BIAS)) for text in ("b_o1", "b²₁", "b^2_1", "b2,1", "bias_o1")),
        *((text, Unit(1, 1)) for text in ("h2", "a¹₂", "z1,2", "δ¹₂", "net_h2", "out_h2", "δ_h2")),
        *((text, Edge(2, 0, 0)) for text in ("θ₁", "θ1", "w5")),
        *((text, Unit(1, 0)) for text in ("u_1", "U_1", "h1")),
        *((text, Edge(2, 0, 1)) for text in ("W6", "w_6", "W_{6}", "H2->O1")),
        *((text, Unit(2, 0)) for text in ("O1", "o_1", "delta o1", "NET o1", "Net_O1")),
        *((text, LossNode()) for text in ("c", "loss", "Loss", "cost", "损失")),
        *((text, Target(1)) for text in ("target_o2", "Target2", "y2", "y_2", "y₂", "target 2")),
        ("θ2", Edge(1, 1, BIAS)), ("o2", Unit(2, 1)), ("i1", Unit(0, 0)), ("C", LossNode()), ("target1", Target(0)),
        *((text, Step(300)) for text in ("step 300", "Step300", "步 300", "第 300 步", "s 300")),
        ("epoch 3", Step(3)), ("24", Beat(24)), ("beat 24", Beat(24)), ("拍 24", Beat(24)),
        ("row 1", Whose(Row(0))),
        ("backward/o1/delta", Address("backward/o1/delta", 21)),
        ("backward/h1->o1", Address("backward/w5", 24)), ("start", Address("start", 0)),
    ],
)  # fmt: skip
def test_every_way_of_writing_it(text: str, place: object) -> None:
    assert MAZUR.find(text) == place
    assert MAZUR.find(f"  {text} ") == place


def test_of_wide_layers_and_batches() -> None:
    assert DEEP.find("w1,10,3") == Edge(1, 9, 2)
    assert DEEP.find("h²₁₃") == DEEP.find("h2_13") == DEEP.find("a2,13") == Unit(2, 12)
    assert DEEP.find("epoch 2") == Step(2 * DEEP.frame.steps_per_epoch)
    inside = int(IRIS.frame.batch[3])
    assert IRIS.find(f"row {inside + 1}") == Whose(Row(3))
    outside = next(row for row in range(IRIS.frame.dataset.rows) if row not in IRIS.frame.batch)
    assert IRIS.find(f"row {outside + 1}") == Whose(Probe(outside))


@pytest.mark.parametrize(
    ("where", "text", "said"),
    [
        (MAZUR, "", "Type a weight, a unit, a step, a row or a beat."),
        (MAZUR, "56", "Beats of this grain go from 0 to 55."),
        (MAZUR, "row 2", "The data have rows 1 to 1."),
        (MAZUR, "row 0", "The data have rows 1 to 1."),
        (MAZUR, "w3,1,1", "The layers are 1 to 2."),
        (MAZUR, "w1,3,1", "Weights of layer 1 go to units 1 to 2 from units 1 to 2."),
        (MAZUR, "w1,1,0", "Weights of layer 1 go to units 1 to 2 from units 1 to 2."),
        (MAZUR, "h1->h2", "No weight leads from h1 to h2: they are not neighbours."),
        (MAZUR, "step", "A number belongs after it, such as step 1."),
        (MAZUR, "step -1", "A number belongs after it, such as step 1."),
        (MAZUR, "Row x", "A number belongs after it, such as Row 1."),
        (MAZUR, "a1,2,3", "A unit has a layer and one number, such as a1,2."),
        (DEEP, "w^1_103", "Write layer, to and from with commas: w1,10,3."),
        (DEEP, "z2,21", "Layer 2 has units 1 to 20."),
    ],
)
def test_a_plain_answer_to_what_is_not_there(where: Where, text: str, said: str) -> None:
    with pytest.raises(NoPlaceError) as caught:
        where.find(text)
    assert caught.value.words.text == said


def test_capitals_are_offered_once() -> None:
    assert [each.text for each in suggest("W6", *MAZUR.all)] == ["w6"]
    assert [each.text for each in suggest("O2", *MAZUR.all)] == ["o2"]


@given(st.text(max_size=30))
def test_nonsense_is_refused_and_never_breaks(text: str) -> None:
    for act in (find, suggest):
        try:
            act(text, *MAZUR.all)
        except ValueError:
            assert act is find


@pytest.mark.parametrize("where", [MAZUR, DEEP, IRIS])
@pytest.mark.parametrize(
    "text", ["", "w", "w1", "h", "b_", "o", "i", "C", "s", "e", "back", "backward/", "upd", "θ", "9"]
)
def test_every_suggestion_leads_where_it_says(where: Where, text: str) -> None:
    offered = suggest(text, *where.all)
    assert len(offered) <= places.SUGGESTIONS
    assert len({each.text for each in offered}) == len(offered)
    for each in offered:
        if each.whole:
            place = where.find(each.text)
            assert described(place, where.frame, where.letters) == each.words  # type: ignore[arg-type]
        else:
            assert each.text.endswith(" ")
    if text == "w1" and where is DEEP:
        assert [each.text for each in offered] == ["w1", *(f"w{n}" for n in range(10, 17))]
    if text == "backward/":
        assert offered[0].text.startswith("backward/")


def test_renamed_things_are_offered_by_their_names() -> None:
    assert [each.text for each in suggest("θ", *MAZUR.all)] == ["θ2", "θ₁"]


def test_every_sentence_is_in_the_catalogue() -> None:
    entries: dict[str, str] = {}
    for path in (Path(folder()) / "translations" / "zh_CN").glob("*.json"):
        entries |= json.loads(path.read_text(encoding="utf-8"))
    missing = set()
    for node in ast.walk(ast.parse(Path(places.__file__).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Phrase":
            text = node.args[0]
            if isinstance(text, ast.Constant) and re.search("[a-z]{2}", str(text.value)) and text.value not in entries:
                missing.add(text.value)
    assert not missing


# ---- images


@pytest.fixture(scope="module")
def images() -> tuple[Any, ...]:
    """What `find` needs for a convolution of 5×5 pixels."""
    layers = (Conv2D(2, (3, 2)), MaxPool2D((2, 2), (1, 1)), Flatten(), Dense(2))
    data = Dataset.from_arrays(np.random.default_rng(1).normal(size=(4, 50)), np.zeros((4, 2)))
    frame = Session(Experiment(Network(50, layers, (2, 5, 5)), batch_size=2), data).frame()
    walk = Walk.of(frame)
    return frame, walk, letters("nielsen", frame.experiment.network), walk.count("layer")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("m1_2", Map(1, 1)),
        ("M1_2", Map(1, 1)),
        ("m¹₂", Map(1, 1)),
        ("p1_2_3_1", Pixel(1, 1, 2, 0)),
        ("p¹₂,₃,₁", Pixel(1, 1, 2, 0)),
        ("a¹₂,₃,₁", Pixel(1, 1, 2, 0)),
        ("k1_2_1", Kernel(1, 1, 0)),
        ("k¹₂,₁", Kernel(1, 1, 0)),
        ("k1_2_1_3_2", KernelEntry(1, 1, 0, 2, 1)),
        ("w¹₂,₁,₃,₂", KernelEntry(1, 1, 0, 2, 1)),
        ("w7", KernelEntry(1, 0, 1, 0, 0)),
        ("b_m1_2", Edge(1, 1, BIAS)),
        ("b¹₂", Edge(1, 1, BIAS)),
        ("w25", Edge(4, 0, 0)),
        ("h3_2", Unit(3, 1)),
    ],
)
def test_places_in_images_are_found(images: tuple[Any, ...], text: str, place: object) -> None:
    assert find(text, *images) == place
    assert described(place, images[0], images[2]).text  # type: ignore[arg-type]


def test_names_in_images_are_offered(images: tuple[Any, ...]) -> None:
    assert [each.text for each in suggest("m", *images)][:4] == ["m0_1", "m0_2", "m1_1", "m1_2"]
    assert [each.text for each in suggest("k1_2", *images)] == ["k1_2_1", "k1_2_2"]
    assert [each.text for each in suggest("b_", *images)][:3] == ["b_m1_1", "b_m1_2", "b_o1"]


@pytest.mark.parametrize("text", ["m3_1", "k2_1_1", "p1_1_9_1", "b²₁", "w3,1,1"])
def test_what_the_images_have_not_is_refused(images: tuple[Any, ...], text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        find(text, *images)

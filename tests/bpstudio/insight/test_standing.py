"""A place that was marked is found again at every grain, and said in the letters of the moment."""

import pytest

from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.insight.standing import asked_at, beat_at, order_of, place_of
from bpstudio.insight.walk import Walk

NETWORK = Network(2, (Dense(3), Dense(2)))


@pytest.fixture
def walk() -> Walk:
    return Walk(NETWORK, "mse", "mean", 4)


@pytest.mark.parametrize("grain", ["edge", "neuron", "layer"])
def test_every_beat_is_found_again_at_its_own_grain(walk: Walk, grain: str) -> None:
    for index in range(walk.count(grain) + 1):  # type: ignore[arg-type]
        address = place_of(walk, grain, index)  # type: ignore[arg-type]
        assert walk.find(grain, address) == index  # type: ignore[arg-type]
        found = beat_at(walk, address)
        assert found is not None
        assert found.address == address


def test_a_whole_step_has_no_beat(walk: Walk) -> None:
    assert place_of(walk, "step", 1) == ""
    assert beat_at(walk, "") is None
    assert asked_at(walk, "", "mazur").text == "one whole training step"
    assert order_of(walk, "") > order_of(walk, walk.beat("edge", walk.count("edge")).address)


def test_places_stand_in_the_order_of_the_walk(walk: Walk) -> None:
    places = [order_of(walk, place_of(walk, "neuron", index)) for index in range(walk.count("neuron") + 1)]
    assert places == sorted(places)
    assert len(set(places)) == len(places)


def test_it_is_said_in_the_letters_of_the_moment(walk: Walk) -> None:
    assert asked_at(walk, "backward/w7", "mazur").text == "how much does w₇ change the loss?"
    assert asked_at(walk, "backward/w7", "nielsen").text == "how much does w²₁₁ change the loss?"
    assert asked_at(walk, "start", "mazur").text == "nothing is computed yet"


def test_what_is_not_there_any_more_is_called_by_its_address(walk: Walk) -> None:
    assert beat_at(walk, "backward/w99") is None
    assert asked_at(walk, "backward/w99", "mazur").text == "backward/w99"
    assert 0 < order_of(walk, "backward/w99") <= walk.count("edge")

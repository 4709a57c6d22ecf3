"""Names of a person's own: which may be given, which element one means, and where they go with a network."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpstudio.insight import naming, own_names
from bpstudio.insight.elements import BIAS, Edge, Names, Target, Unit
from bpstudio.insight.naming import NamingError

SIZES = (2, 2, 2)


def test_names_of_a_sheet_are_taken_and_tidied() -> None:
    given_names = {"w5": " v11 ", "h1": "A", "b_o1": "θ1", "target1": "t"}
    assert dict(naming.checked(given_names, SIZES)) == {"w5": "v11", "h1": "A", "b_o1": "θ1", "target1": "t"}


@pytest.mark.parametrize(
    ("names", "address", "part"),
    [
        ({"w99": "v"}, "w99", "w8"),
        ({"h7": "A"}, "h7", "h1"),
        ({"C": "E"}, "C", "cannot have a name"),
        ({"plus-one1": "E"}, "plus-one1", "cannot have a name"),
        ({"w05": "v"}, "w05", "cannot have a name"),
        ({"w5": "   "}, "w5", "Type a name"),
        ({"w5": "a\nb"}, "w5", "one line"),
        ({"w5": "x" * 21}, "w5", "at most 20"),
        ({"w5": "v11", "w6": "v_11"}, "w6", "twice"),
        ({"w5": "v₁₁", "h1": "v11"}, "h1", "twice"),
        ({"w5": "w6"}, "w5", "what w6 is called"),
        ({"w5": "h_1"}, "w5", "what h1 is called"),
        ({"h1": "h₂"}, "h1", "what h2 is called"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(names: dict[str, str], address: str, part: str) -> None:
    with pytest.raises(NamingError, match=part) as refused:
        naming.checked(names, SIZES)
    assert refused.value.address == address
    assert str(refused.value).startswith(f"names.{address}: ")


def test_weights_may_be_numbered_in_another_order() -> None:
    swapped = naming.checked({"w2": "w3", "w3": "w2"}, SIZES)
    assert naming.find(swapped, SIZES, "w3") == Names(SIZES).weight(2)
    assert naming.find(swapped, SIZES, "w₂") == Names(SIZES).weight(3)


def test_an_empty_name_gives_the_old_one_back() -> None:
    names = naming.with_name((), SIZES, Edge(2, 0, 0), "v11")
    assert names == (("w5", "v11"),)
    assert naming.find(names, SIZES, "v11") == naming.find(names, SIZES, "w5") == Edge(2, 0, 0)
    assert naming.with_name(names, SIZES, Edge(2, 0, 0), " ") == ()
    with pytest.raises(ValueError, match="v11"):
        naming.find((), SIZES, "v11")


def test_names_stay_with_their_elements_when_the_network_changes() -> None:
    names = naming.checked({"i1": "x", "h1": "A", "o2": "Z", "w1": "u", "w7": "v", "b_h2": "θ"}, SIZES)
    wider = naming.moved(names, SIZES, (2, 3, 2))
    assert naming.find(wider, (2, 3, 2), "v") == Edge(2, 1, 0)
    assert dict(wider)["w10"] == "v", "the same line has another number now"
    deeper = naming.moved(names, SIZES, (2, 2, 2, 2))
    assert naming.find(deeper, (2, 2, 2, 2), "A") == Unit(1, 0)
    assert naming.find(deeper, (2, 2, 2, 2), "Z") == Unit(3, 1)
    assert naming.find(deeper, (2, 2, 2, 2), "θ") == Edge(1, 1, BIAS)
    assert "v" not in dict(deeper).values(), "no line leads from there to the output any more"
    assert dict(naming.moved(names, SIZES, (2, 1, 2))) == {"i1": "x", "h1": "A", "o2": "Z", "w1": "u", "w4": "v"}
    assert dict(naming.moved(deeper, (2, 2, 2, 2), (2, 2))) == {"i1": "x", "o2": "Z"}
    assert naming.moved(names, SIZES, SIZES) == names


def test_a_name_makes_room_for_an_element_that_comes_new() -> None:
    names = naming.checked({"h1": "h3"}, SIZES)
    assert naming.moved(names, SIZES, (2, 3, 2)) == ()


@given(st.data(), st.lists(st.integers(1, 3), min_size=2, max_size=4))
def test_every_name_is_found_again_and_moves_without_a_clash(data: st.DataObject, sizes: list[int]) -> None:
    network = Names(sizes)
    elements = [Unit(layer, i) for layer, size in enumerate(sizes) for i in range(size)]
    elements += [Target(i) for i in range(sizes[-1])]
    elements += [Edge(lay, to, s) for lay in range(1, len(sizes)) for to in range(sizes[lay]) for s in range(-1, 1)]
    chosen = data.draw(st.lists(st.sampled_from(elements), unique=True))
    texts = data.draw(
        st.lists(
            st.text("ABvxyzθ", min_size=1, max_size=2),
            min_size=len(chosen),
            max_size=len(chosen),
            unique_by=own_names.text,
        )
    )
    names = naming.checked({network.element(e): t + "7" for e, t in zip(chosen, texts, strict=True)}, sizes)
    for element, text in zip(chosen, texts, strict=True):
        assert naming.find(names, sizes, text + "7") == element
    other = data.draw(st.lists(st.integers(1, 3), min_size=2, max_size=4))
    moved = naming.moved(names, sizes, other)
    assert naming.checked(moved, other) == moved
    assert set(dict(moved).values()) <= set(dict(names).values())

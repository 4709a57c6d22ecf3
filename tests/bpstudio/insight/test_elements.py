"""Maps, pixels, kernels: two ways to say the same, and their names."""

import math

import numpy as np
import pytest

from bpstudio.engine.layers import Activate, Conv2D, Dense, Dropout, Flatten, MaxPool2D
from bpstudio.engine.network import Network
from bpstudio.insight import naming
from bpstudio.insight.elements import (
    BIAS,
    Edge,
    Element,
    Kernel,
    KernelEntry,
    Map,
    Names,
    Pixel,
    PlusOne,
    Unit,
    edge_of,
    entry_of,
    matrix_shape,
    pixel_of,
    unit_of,
)
from bpstudio.insight.notation import NOTATIONS, Letters
from bpstudio.training.caption import Caption

NETWORK = Network(
    2 * 6 * 5,
    (Conv2D(3, (3, 2)), MaxPool2D(), Flatten(), Dropout(0.5), Dense(4), Activate("relu"), Dense(2)),
    (2, 6, 5),
)
NAMES = Names.of(NETWORK)


def test_pixels_and_entries_are_units_and_edges_in_the_order_of_the_arrays() -> None:
    shape, weights = (3, 4, 5), (3, 2, 3, 2)
    for index, place in enumerate(np.ndindex(*shape)):
        unit, pixel = Unit(1, index), Pixel(1, *place)
        assert (pixel_of(shape, unit), unit_of(shape, pixel)) == (pixel, unit)
    for source, place in enumerate(np.ndindex(*weights[1:])):
        edge, entry = Edge(1, 2, source), KernelEntry(1, 2, *place)
        assert (entry_of(weights, edge), edge_of(weights, entry)) == (entry, edge)


def test_parameters_are_matrices_whatever_the_layer() -> None:
    assert NAMES.matrices == ((3, 12), (0, 0), (0, 0), (0, 0), (4, 12), (0, 0), (2, 4))
    assert matrix_shape((0, 0)) == (0, 0)


@pytest.mark.parametrize(
    ("element", "name"),
    [
        (Pixel(0, 1, 5, 4), "p0_2_6_5"),
        (Pixel(1, 2, 3, 3), "p1_3_4_4"),
        (Map(2, 2), "m2_3"),
        (Kernel(1, 2, 0), "k1_3_1"),
        (KernelEntry(1, 2, 1, 0, 1), "k1_3_2_1_2"),
        (Edge(1, 2, BIAS), "b_m1_3"),
        (Edge(5, 3, BIAS), "b_h5_4"),
        (Unit(4, 11), "h4_12"),
        (Unit(7, 1), "o2"),
        (PlusOne(1), "plus-one1"),
    ],
)
def test_a_name_leads_to_its_element_and_back(element: Element, name: str) -> None:
    assert NAMES.element(element) == name
    assert NAMES.find(name) == element
    assert NAMES.has(element)
    assert NAMES.placed(NAMES.flat(element)) == element


def test_weights_count_through_kernels_and_matrices() -> None:
    sizes = [math.prod(shape) for shape in NETWORK.weight_shapes]
    assert NAMES.weight_count == sum(sizes)
    assert NAMES.find("w1") == KernelEntry(1, 0, 0, 0, 0)
    assert NAMES.find(f"w{sizes[0]}") == KernelEntry(1, 2, 1, 2, 1)
    assert NAMES.find(f"w{sizes[0] + 1}") == Edge(5, 0, 0)
    assert all(NAMES.weight_number(NAMES.weight(number)) == number for number in range(1, NAMES.weight_count + 1))


@pytest.mark.parametrize("name", ["m1_4", "m3_1", "p1_1_5_1", "k2_1_1", "k1_1_3", "k1_1_1_4_1", "b_m2_1", "b_h6_1"])
def test_what_the_network_has_not_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        NAMES.find(name)


def test_layers_without_weights_have_no_edges() -> None:
    assert not NAMES.has(Edge(2, 0, 0))
    assert not NAMES.has(Edge(6, 0, 0))
    assert not NAMES.has(PlusOne(3))


@pytest.mark.parametrize("notation", NOTATIONS)
def test_letters_are_written_in_every_notation(notation: str) -> None:
    letters = Letters(notation, NETWORK)
    assert letters.element(Map(1, 2)) == "m¹₃"
    assert letters.element(Pixel(1, 2, 3, 0)) == letters.element(Unit(1, NAMES.flat(Pixel(1, 2, 3, 0)).index))  # type: ignore[union-attr]
    assert letters.element(Kernel(1, 2, 0)) == "k¹₃,₁"
    written = {letters.edge(NAMES.weight(number)) for number in range(1, NAMES.weight_count + 1)}
    assert len(written) == NAMES.weight_count
    for symbol in ("a", "z", "delta"):
        assert letters.text(symbol, Pixel(1, 0, 1, 2)) == letters.text(symbol, Unit(1, 6))
        assert letters.tex(symbol, Map(1, 1))
    assert letters.text("db", Edge(1, 1, BIAS)) != letters.text("db", Edge(1, 2, BIAS))


def test_maps_and_kernels_take_names_of_a_persons_own() -> None:
    names = naming.checked({"m1_2": "edges", "k1_1_2": "K", "b_m1_1": "c", "k1_2_1_1_1": "v"}, NETWORK)
    assert naming.find(names, NETWORK, "edges") == Map(1, 1)
    assert naming.find(names, NETWORK, "v") == KernelEntry(1, 1, 0, 0, 0)
    letters = Letters("nielsen", NETWORK)
    own = Letters(letters.notation.having(names=names), NETWORK)
    assert own.element(Map(1, 1)) == "edges"
    wider = Network(60, (Conv2D(3, (3, 2)), *NETWORK.layers[1:4], Dense(5), Activate("relu"), Dense(2)), (2, 6, 5))
    assert dict(naming.moved(names, NETWORK, wider)) == dict(names)


def test_names_of_weights_stay_with_them_where_a_layer_grows() -> None:
    first = NAMES.element(Edge(5, 0, 0))
    names = naming.checked({first: "v"}, NETWORK)
    wider = Network(60, (*NETWORK.layers[:4], Dense(4), Activate("relu"), Dense(3)), (2, 6, 5))
    caption = Caption.of("", names, NETWORK)
    assert dict(naming.moved(caption.names, caption.addresses, wider)) == {first: "v"}
    deeper = Network(60, (Conv2D(5, (3, 2)), *NETWORK.layers[1:]), (2, 6, 5))
    moved = dict(naming.moved(caption.names, caption.addresses, deeper))
    assert moved == {Names.of(deeper).element(Edge(5, 0, 0)): "v"}
    assert Caption.of("", names, Network(2, (Dense(2),))).network is None

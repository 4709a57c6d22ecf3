import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bpstudio.engine.layers import Conv2D, Dense, Flatten, MaxPool2D
from bpstudio.engine.network import Network
from bpstudio.insight.elements import BIAS, Element, Kernel, Map, Names, Pixel, PlusOne, Target
from bpstudio.insight.walk import GRAINS, STATES, Edge, Grain, LossNode, Probe, Row, Unit, Walk, WholeBatch
from bpstudio.training.session import Session

# How long an example takes depends on what else the machine does.
patient = settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])


def walk_of(sizes: tuple[int, ...], softmax: bool = False, rows: int = 1, sequential: bool = False) -> Walk:
    kinds = ["sigmoid"] * (len(sizes) - 2) + ["softmax" if softmax else "sigmoid"]
    layers = tuple(Dense(units, kind) for units, kind in zip(sizes[1:], kinds, strict=True))
    loss = "categorical_ce" if softmax else "half_squared_error"
    return Walk(Network(sizes[0], layers), loss, "mean_batch", rows, sequential)


@st.composite
def walks(draw: st.DrawFn) -> Walk:
    sizes = tuple(draw(st.lists(st.integers(1, 4), min_size=2, max_size=5)))
    softmax = draw(st.booleans()) and sizes[-1] > 1
    return walk_of(sizes, softmax, draw(st.sampled_from([1, 3])), draw(st.booleans()))


# ---- an oracle in plain loops, as walk.md says it


def unit_name(walk: Walk, layer: int, index: int) -> str:
    depth = len(walk.network.layers)
    if layer in (0, depth):
        return f"{'i' if layer == 0 else 'o'}{index + 1}"
    return f"h{index + 1}" if depth == 2 else f"h{layer}_{index + 1}"


def written_out(walk: Walk) -> Iterator[tuple[str, str, str]]:
    """(edge address, neuron address, layer address) of every edge beat in order."""
    sizes, depth = walk.network.sizes, len(walk.network.layers)
    softmax, batch = walk.network.layers[-1].activation == "softmax", walk.batch_size > 1
    numbers: dict[tuple[int, int, int], int] = {}
    for layer in range(1, depth + 1):
        for to in range(sizes[layer]):
            for source in range(sizes[layer - 1]):
                numbers[layer, to, source] = len(numbers) + 1

    def units(layer: int) -> list[str]:
        return [unit_name(walk, layer, index) for index in range(sizes[layer])]

    def parameters(layer: int, to: int) -> list[str]:
        weights = [f"w{numbers[layer, to, source]}" for source in range(sizes[layer - 1])]
        return [*weights, f"b_{unit_name(walk, layer, to)}"]

    def update(layer: int) -> Iterator[tuple[str, str, str]]:
        for to, unit in enumerate(units(layer)):
            for name in parameters(layer, to):
                yield f"update/{name}", f"update/{unit}", f"update/layer{layer}"

    for layer in range(1, depth + 1):
        joint = softmax and layer == depth
        for to, unit in enumerate(units(layer)):
            here = f"forward/{unit}/z" if joint else f"forward/{unit}"
            for name in parameters(layer, to)[:-1]:
                yield f"forward/{unit}/{name}", here, f"forward/layer{layer}"
            yield f"forward/{unit}/z", here, f"forward/layer{layer}"
            if not joint:
                yield f"forward/{unit}/a", here, f"forward/layer{layer}"
        if joint:
            for unit in units(layer):
                yield f"forward/{unit}/a", "forward/softmax", f"forward/layer{layer}"
    row = "loss/row" if batch else "loss/C"
    for unit in units(depth):
        yield f"loss/{unit}", row, "loss/C"
    yield row, row, "loss/C"
    if batch:
        yield "loss/C", "loss/C", "loss/C"
    for layer in range(depth, 0, -1):
        for unit in units(layer):
            parts = ["error"] if layer == depth else [*(f"from-{above}" for above in units(layer + 1)), "sum"]
            for part in [*parts, "delta"]:
                yield f"backward/{unit}/{part}", f"backward/{unit}/delta", f"backward/layer{layer}/delta"
        for to, unit in enumerate(units(layer)):
            for name in parameters(layer, to):
                yield f"backward/{name}", f"backward/{unit}/weights", f"backward/layer{layer}/weights"
        if walk.sequential:
            yield from update(layer)
    if not walk.sequential:
        for layer in range(1, depth + 1):
            yield from update(layer)


def without_repeats(addresses: list[str]) -> list[str]:
    return [here for place, here in enumerate(addresses) if place == 0 or here != addresses[place - 1]]


@patient
@given(walks())
def test_every_beat_stands_where_the_written_order_has_it(walk: Walk) -> None:
    edge, neuron, layer = (list(column) for column in zip(*written_out(walk), strict=True))
    for grain, expected in (
        ("edge", edge),
        ("neuron", without_repeats(neuron)),
        ("layer", without_repeats(layer)),
        ("step", ["step"]),
    ):
        count = walk.count(grain)
        assert [walk.beat(grain, index).address for index in range(1, count + 1)] == expected


@patient
@given(walks())
def test_an_address_leads_back_to_its_beat_and_a_grain_keeps_the_place(walk: Walk) -> None:
    for grain in GRAINS:
        for index in range(walk.count(grain) + 1):
            address = walk.beat(grain, index).address
            assert walk.find(grain, address) == index
            position = walk.position(grain, index)
            assert walk.at(grain, position) == index
            for other in GRAINS:
                assert walk.find(other, address) == walk.at(other, position)


@patient
@given(walks())
def test_what_is_known_grows_beat_by_beat(walk: Walk) -> None:
    """`states` for whole layers, `known` for one thing and the order of addresses tell the same story."""
    order = [edge for edge, _, _ in written_out(walk)]
    names, sizes, depth = walk.names, walk.network.sizes, len(walk.network.layers)

    def expected(place: int, grain: Grain, index: int) -> str:
        first, last = walk.span(grain, index)
        return "not yet" if place > last else "before" if place < first else "now"

    quantities: list[tuple[str, str, Callable[[str], str]]] = [
        ("unit", "z", lambda name: f"forward/{name}/z"),
        ("unit", "a", lambda name: f"forward/{name}/a"),
        ("unit", "delta", lambda name: f"backward/{name}/delta"),
        ("edge", "dW", lambda name: f"backward/{name}"),
        ("edge", "new", lambda name: f"update/{name}"),
    ]
    for grain in GRAINS:
        for index in {0, 1, walk.count(grain) // 2, walk.count(grain)}:
            for layer in range(1, depth + 1):
                for kind, quantity, address in quantities:
                    states = walk.states(grain, index, layer, quantity)
                    for place in np.ndindex(states.shape):
                        if kind == "unit":
                            element: Unit | Edge = Unit(layer, place[0])
                            name = names.unit(element)
                        else:
                            element = Edge(layer, place[0], -1 if place[1] == sizes[layer - 1] else place[1])
                            name = names.edge(element)
                        wanted = expected(order.index(address(name)) + 1, grain, index)
                        assert STATES[states[place]] == wanted == walk.known(grain, index, element, quantity)


@patient
@given(walks())
def test_arrivals_and_products_are_known_in_their_own_beat(walk: Walk) -> None:
    names, sizes = walk.names, walk.network.sizes
    for layer in range(1, len(sizes)):
        for to in range(sizes[layer]):
            for source in range(sizes[layer - 1]):
                edge = Edge(layer, to, source)
                product = walk.find("edge", f"forward/{names.unit(Unit(layer, to))}/{names.edge(edge)}")
                assert walk.known("edge", product, edge, "product") == "now"
                assert walk.known("edge", product - 1, edge, "product") == "not yet"
                assert walk.states("edge", product, layer, "product")[to, source] == 2
                if layer > 1:
                    back = f"backward/{names.unit(Unit(layer - 1, source))}/from-{names.unit(Unit(layer, to))}"
                    index = walk.find("edge", back)
                    assert walk.known("edge", index, edge, "arrival") == "now"
                    assert walk.states("edge", index, layer, "arrival")[to, source] == 2
                    assert walk.states("edge", index, layer, "arrival")[to, -1] == 0


# ---- counts


@pytest.mark.parametrize(
    ("walk", "edge", "neuron", "layer"),
    [
        (walk_of((2, 2, 2)), 16 + 3 + 24 + 12, 4 + 1 + 8 + 4, 2 + 1 + 4 + 2),
        (walk_of((4, 10, 3), softmax=True, rows=32), 60 + 15 + 21 + 5 + 6 + 33 + 50 + 50 + 83, 55, 9),
        (walk_of((3, 2)), 10 + 3 + 4 + 8 + 8, 2 + 1 + 2 + 2 + 2, 1 + 1 + 2 + 1),
    ],
)
def test_counts(walk: Walk, edge: int, neuron: int, layer: int) -> None:
    assert (walk.count("edge"), walk.count("neuron"), walk.count("layer"), walk.count("step")) == (
        edge,
        neuron,
        layer,
        1,
    )


def test_neuron_grain_of_a_softmax_batch_is_made_of_these_parts() -> None:
    """10 hidden, 3 z, softmax, the row's loss, the mean, 3 deltas, 3 rows, 10 deltas, 10 rows, 13 updates."""
    walk = walk_of((4, 10, 3), softmax=True, rows=32)
    kinds = [walk.beat("neuron", index).kind for index in range(1, 56)]
    assert [kinds.count(kind) for kind in ("a", "z", "softmax", "row", "C")] == [10, 3, 1, 1, 1]
    assert kinds[16:] == ["delta"] * 3 + ["gradient"] * 3 + ["delta"] * 10 + ["gradient"] * 10 + ["update"] * 13


def test_phases_of_the_worked_example() -> None:
    walk = walk_of((2, 2, 2))
    assert walk.phases("edge") == (("F", 1, 16), ("L", 17, 19), ("B", 20, 43), ("U", 44, 55))
    assert walk.phases("neuron") == (("F", 1, 4), ("L", 5, 5), ("B", 6, 13), ("U", 14, 17))
    assert walk.phases("layer") == (("F", 1, 2), ("L", 3, 3), ("B", 4, 7), ("U", 8, 9))
    assert walk.phases("step") == (("U", 1, 1),)


def test_sequential_order_moves_the_updates_of_the_output_layer_before_the_hidden_deltas() -> None:
    """Beats 50 to 55 between 29 and 30."""
    together, sequential = walk_of((2, 2, 2)), walk_of((2, 2, 2), sequential=True)
    addresses = [together.beat("edge", index).address for index in range(1, 56)]
    moved = addresses[:29] + addresses[49:] + addresses[29:49]
    assert [sequential.beat("edge", index).address for index in range(1, 56)] == moved
    assert [phase for phase, _, _ in sequential.phases("edge")] == ["F", "L", "B", "U", "B", "U"]


def test_a_wide_network_is_walked_as_fast_as_a_small_one() -> None:
    """80,000 weights: a list of beats would take a second, arithmetic takes microseconds."""
    start = time.process_time()
    walk = walk_of((784, 100, 10), softmax=True, rows=32)
    last = walk.count("edge")
    assert last == 100 * 786 + 10 * 102 + 12 + 20 + 1010 + 100 * 12 + 78500 + 79510
    for index in range(1, last, last // 500):
        assert walk.find("edge", walk.beat("edge", index).address) == index
        walk.known("edge", index, Edge(1, 0, 0), "dW")
    assert time.process_time() - start < 0.5


# ---- lookups that fail


@pytest.mark.parametrize(
    ("address", "near"),
    [
        ("backward/w99", "backward/w8"),
        ("bakward/h1/delta", "backward/h1/delta"),
        ("loss/h1", "loss/o1"),
        ("backward/h1/error", "backward/h1/sum"),
        ("backward/o1/sum", "backward/h1/sum"),
        ("forward/h1/w5", "forward/o1/w5"),
        ("forward/i1", "forward/h1"),
        ("forward/softmax", "forward/"),
        ("update/w0", "update/w"),
        ("", "update/"),
    ],
)
def test_an_unknown_address_names_near_ones(address: str, near: str) -> None:
    with pytest.raises(ValueError, match="near it") as caught:
        walk_of((2, 2, 2)).find("edge", address)
    assert near in str(caught.value)


def test_wrong_grains_indices_elements_and_quantities_are_named() -> None:
    walk = walk_of((2, 2, 2))
    with pytest.raises(ValueError, match="0 … 55 at grain edge, came 56"):
        walk.beat("edge", 56)
    with pytest.raises(ValueError, match="step, layer, neuron, edge, came 'beat'"):
        walk.count("beat")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no unit 2 in layer 1"):
        walk.known("edge", 1, Unit(1, 2), "a")
    with pytest.raises(ValueError, match="z, a, error, delta, came 'dW'"):
        walk.known("edge", 1, Unit(1, 1), "dW")
    with pytest.raises(ValueError, match="row, C, came 'a'"):
        walk.known("edge", 1, LossNode(), "a")


# ---- what a beat lights


def test_inputs_are_given_and_the_loss_is_known_when_it_is() -> None:
    walk = walk_of((2, 2, 2), rows=4)
    assert walk.known("edge", 0, Unit(0, 1), "a") == "before"
    assert walk.known("edge", 19, LossNode(), "row") == "now"
    assert walk.known("edge", 19, LossNode(), "C") == "not yet"
    assert walk.known("edge", 20, LossNode(), "C") == "now"


def test_lights_and_pulses_of_the_worked_example() -> None:
    walk = walk_of((2, 2, 2))
    for index, pulse, origin, destination in (
        (1, "forward", Unit(0, 0), Unit(1, 0)),
        (24, "gradient", Unit(2, 0), Unit(1, 0)),
        (31, "delta", Unit(2, 1), Unit(1, 0)),
    ):
        beat = walk.beat("edge", index)
        assert beat.pulse is not None
        assert (beat.pulse.kind, beat.pulse.origin, beat.pulse.destination) == (pulse, origin, destination)
    assert walk.beat("edge", 31).pulse.along == Edge(2, 1, 0)  # type: ignore[union-attr]
    assert walk.beat("edge", 21).pulse is None
    assert Edge(2, 0, -1) in walk.beat("edge", 26).lights
    lit = walk.lit_edges(walk.beat("neuron", 10), 2)
    assert lit.tolist() == [[True, False, False], [True, False, False]]
    assert walk.lit_units(walk.beat("neuron", 10), 2).tolist() == [True, True]
    assert walk.lit_edges(walk.beat("layer", 1), 1).all()


@patient
@given(walks())
def test_every_beat_lights_something_of_this_network(walk: Walk) -> None:
    depth = len(walk.network.layers)
    for grain in GRAINS:
        for index in range(1, walk.count(grain) + 1):
            beat = walk.beat(grain, index)
            assert beat.lights
            assert beat.phase in "FLBU"
            for element in beat.lights:
                if isinstance(element, (Unit, Edge)):
                    walk.names.check(element)
            if beat.kind != "C" and beat.kind != "row":
                lit = [walk.lit_units(beat, layer).any() for layer in range(depth + 1)]
                lit += [walk.lit_edges(beat, layer).any() for layer in range(1, depth + 1)]
                assert any(lit)


def test_the_default_grain_is_the_neuron_up_to_40_units() -> None:
    assert walk_of((4, 37, 3)).default_grain == "neuron"
    assert walk_of((4, 38, 3)).default_grain == "layer"


def test_a_walk_of_a_frame_follows_its_batch(session: Callable[..., Session]) -> None:
    """The smaller last batch of an epoch has its own walk, and one row needs no mean."""
    run = session(rows=5, batch_size=4, shuffle=False)
    first = Walk.of(run.frame())
    run.step()
    last = Walk.of(run.frame())
    assert (first.batch_size, last.batch_size) == (4, 1)
    assert first.count("edge") == last.count("edge") + 1
    assert first == Walk.of(session(rows=5, batch_size=4, shuffle=False).frame())


def test_examples_are_values() -> None:
    assert {Row(1), Row(1), WholeBatch(), WholeBatch(), Probe(1)} == {Row(1), WholeBatch(), Probe(1)}


@pytest.mark.parametrize(
    ("there", "not_there"),
    [
        ([Unit(0, 1), Unit(2, 0)], [Unit(3, 0), Unit(2, 1), Unit(-1, 0), Unit(1, -1)]),
        ([Edge(1, 2, 1), Edge(2, 0, -1)], [Edge(0, 0, 0), Edge(3, 0, 0), Edge(1, 3, 0), Edge(1, 0, 2), Edge(1, 0, -2)]),
        ([PlusOne(1), PlusOne(2)], [PlusOne(0), PlusOne(3)]),
        ([Target(0), LossNode()], [Target(1), Target(-1)]),
    ],
)
def test_a_network_has_its_own_elements_only(there: list[Element], not_there: list[Element]) -> None:
    names = Names((2, 3, 1))
    assert all(names.has(element) for element in there)
    assert not any(names.has(element) for element in not_there)


# ---- layers without biases


def mixed(*kinds: str) -> Walk:
    layers = tuple(Dense(units, bias=kind) for units, kind in zip((3, 2), kinds, strict=True))
    return Walk(Network(2, layers), "half_squared_error", "mean_batch", 1)


@pytest.mark.parametrize("grain", GRAINS)
@pytest.mark.parametrize("kinds", [("none", "bias"), ("threshold", "none"), ("none", "none")])
def test_a_layer_without_biases_has_no_beats_for_them(kinds: tuple[str, str], grain: str) -> None:
    walk = mixed(*kinds)
    fewer = sum(units for units, kind in zip((3, 2), kinds, strict=True) if kind == "none")
    assert walk.count("edge") == mixed("bias", "bias").count("edge") - 2 * fewer
    assert [walk.count(each) for each in ("neuron", "layer")] == [
        mixed("bias", "bias").count(each) for each in ("neuron", "layer")
    ]
    addresses = []
    for index in range(1, walk.count(grain) + 1):  # type: ignore[arg-type]
        beat = walk.beat(grain, index)  # type: ignore[arg-type]
        addresses.append(beat.address)
        assert walk.find(grain, beat.address) == index  # type: ignore[arg-type]
        for element in beat.lights:
            if isinstance(element, Edge | PlusOne | Unit):
                assert walk.names.has(element)
        if beat.pulse is not None and isinstance(beat.pulse.origin, PlusOne):
            assert walk.names.has(beat.pulse.origin)
        for layer, kind in enumerate(kinds, 1):
            assert kind != "none" or not walk.lit_edges(beat, layer)[:, -1].any()
    assert len(set(addresses)) == len(addresses)
    for layer, kind in enumerate(kinds, 1):
        for quantity in ("dW", "new"):
            states = walk.states("edge", walk.count("edge"), layer, quantity)
            assert (states[:, :-1] > 0).all()
            assert (states[:, -1] > 0).all() == (kind != "none")


def test_a_bias_that_is_none_is_no_element() -> None:
    walk = mixed("none", "threshold")
    assert not walk.names.has(Edge(1, 0, BIAS))
    assert not walk.names.has(PlusOne(1))
    assert walk.names.find("plus-one2") == PlusOne(2)
    for text in ("b_h1", "plus-one1"):
        with pytest.raises(ValueError, match=r"no biases|expected a unit"):
            walk.names.find(text)
    with pytest.raises(ValueError, match="no beat 'backward/b_h1'"):
        walk.find("edge", "backward/b_h1")
    with pytest.raises(ValueError, match="no edge"):
        walk.known("edge", 1, Edge(1, 0, BIAS), "dW")
    assert walk.beat("edge", walk.find("edge", "backward/b_o2")).kind == "gradient"


def test_kernels_are_known_when_the_last_place_has_been_gone_through() -> None:
    layers = (Conv2D(3, (2, 2)), MaxPool2D(), Flatten(), Dense(2))
    walk = Walk(Network(25, layers, (1, 5, 5)), "half_squared_error", "sum", 1)
    count = walk.count("layer")
    for quantity in ("product", "dW", "new"):
        shapes = {walk.states("layer", count, layer, quantity).shape for layer in (1, 2, 4)}
        assert shapes == {(3, 5), (0, 1), (2, 13)}
    at = walk.find("layer", "backward/layer1/weights")
    before, then = (walk.states("layer", index, 1, "dW") for index in (at - 1, at))
    assert (before == 0).all()
    assert (then == 2).all()
    assert walk.known("layer", at, Edge(1, 2, 3), "dW") == "now"
    assert walk.known("layer", at - 1, Edge(1, 2, BIAS), "dW") == "not yet"
    lit = walk.lit_edges(walk.beat("layer", at), 1)
    assert lit.shape == (3, 5)
    assert lit.all()


def test_maps_pixels_and_kernels_light_what_they_are_made_of() -> None:
    walk = Walk(Network(25, (Conv2D(3, (2, 2)), Flatten(), Dense(2)), (1, 5, 5)), "half_squared_error", "sum", 1)
    beat = replace(walk.beat("layer", 1), lit=((Map(1, 1), "z"), (Pixel(1, 0, 0, 3), "z"), (Kernel(1, 2, 0), "weight")))
    assert np.flatnonzero(walk.lit_units(beat, 1)).tolist() == [3, *range(16, 32)]
    assert walk.lit_edges(beat, 1)[2].tolist() == [True] * 4 + [False]
    assert not walk.lit_edges(beat, 1)[:2].any()

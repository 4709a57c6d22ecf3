import dataclasses
import itertools
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bpstudio.engine.layers import Activate, AvgPool2D, Conv2D, Dense, Dropout, Flatten, MaxPool2D
from bpstudio.engine.network import Network
from bpstudio.insight.columns import Box
from bpstudio.insight.elements import (
    BIAS,
    Edge,
    Element,
    Kernel,
    KernelEntry,
    LossNode,
    Map,
    Names,
    Pixel,
    PlusOne,
    Target,
    Unit,
    unit_of,
)
from bpstudio.insight.layout import Layout, place
from bpstudio.insight.neighbours import Direction, inside, neighbour
from bpstudio.insight.pointing import edge_at, element_at, pixel_at, unit_at

# The area that is left to the network in a window of 1280×720, and in one of 1920×1080.
SMALL, LARGE = (730.0, 350.0), (1300.0, 640.0)


def network(*sizes: int, shape: tuple[int, int] | None = None) -> Network:
    return Network(sizes[0], tuple(Dense(units) for units in sizes[1:]), shape)


NETWORKS = {
    "mazur": network(2, 2, 2),
    "softmax": network(4, 10, 3),
    "digits": network(64, 30, 30, 30, 10, shape=(8, 8)),
    "mnist": network(784, 100, 10, shape=(28, 28)),
    "mnist without pixels": network(784, 100, 10),
    "ten layers": network(4, *[10] * 10, 3),
    "ten small layers": network(2, *[2] * 10),
    "one layer": network(3, 1),
    "xor": network(2, 2, 1),
}


LENET = (
    Conv2D(6, (5, 5)),
    MaxPool2D(),
    Conv2D(16, (5, 5)),
    MaxPool2D(),
    Flatten(),
    Dense(120),
    Dense(84),
    Dense(10, "softmax"),
)
IMAGES = {
    "lenet": Network(784, LENET, (1, 28, 28)),
    "small": Network(25, (Conv2D(2, (3, 3)), MaxPool2D((2, 2), (1, 1)), Flatten(), Dense(2)), (1, 5, 5)),
    "colour": Network(3072, (Conv2D(8, (5, 5)), AvgPool2D(), Activate(), Dropout(), Flatten(), Dense(3)), (3, 32, 32)),
    "many maps": Network(192, (Conv2D(300, (3, 3)), MaxPool2D(), Flatten(), Dense(2)), (3, 8, 8)),
    "wide images": Network(120, (Conv2D(4, (1, 5)), Flatten(), Dense(2)), (1, 4, 30)),
    "layers": Network(4, (Dense(30, "identity"), Activate(), Dropout(0.2), Dense(5), Activate("softmax"))),
}
EVERY = NETWORKS | IMAGES


def boxes(layout: Layout) -> list[tuple[str, Box]]:
    """Everything that takes room: discs, +1 nodes, targets, the loss node, the image."""
    found = []
    for layer, centers in enumerate(layout.centers):
        column = layout.columns[layer]
        if column.maps is not None:
            found += [(f"map {layer} {n}", Box(*box)) for n, box in enumerate(column.maps.boxes.tolist())]
            found += [("colour image", column.maps.joined)] if column.maps.joined is not None else []
        if column.bar is not None:
            found.append((f"bar {layer}", column.bar))
        if not layout.has_discs(layer):
            continue
        radius = layout.radius(layer)
        for index in layout.drawn(layer):
            x, y = centers[index]
            found.append((f"unit {layer} {index}", Box(x - radius, y - radius, 2 * radius, 2 * radius)))
    side = layout.plus_one_size
    for layer, (x, y) in enumerate(layout.plus_ones, 1):
        if not layout.biases[layer - 1]:
            continue
        found.append((f"+1 {layer}", Box(x - side, y - side, 2 * side, 2 * side)))
    found += [(f"target {index}", layout.target_box(index)) for index in range(len(layout.targets))]
    (x, y), radius = layout.loss, layout.loss_radius
    found.append(("loss", Box(x - radius, y - radius, 2 * radius, 2 * radius)))
    if layout.pixels is not None:
        found += [("image", layout.pixels.box), ("bar", layout.pixels.bar)]
    return found


def overlap(first: Box, second: Box) -> bool:
    return (
        first.x < second.x + second.width
        and second.x < first.x + first.width
        and first.y < second.y + second.height
        and second.y < first.y + first.height
    )


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("scale", [1.0, 1.5])
@pytest.mark.parametrize("name", EVERY)
def test_nothing_stands_on_anything_and_all_is_inside(name: str, size: tuple[float, float], scale: float) -> None:
    layout = place(EVERY[name], *size, scale=scale)
    everything = boxes(layout)
    for (first, a), (second, b) in itertools.combinations(everything, 2):
        assert not overlap(a, b), (first, second)
    for what, box in everything:
        assert box.x >= 0, what
        assert box.y >= 0, what
        assert box.x + box.width <= layout.width + 1e-9, what
        assert box.y + box.height <= layout.height + 1e-9, what


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.integers(1, 60), min_size=2, max_size=6),
    st.floats(400, 2000),
    st.floats(260, 1400),
)
def test_any_network_fits(sizes: list[int], width: float, height: float) -> None:
    layout = place(network(*sizes), width, height)
    columns = [float(centers[0, 0]) for centers in layout.centers]
    assert columns == sorted(columns)
    for layer, (count, centers) in enumerate(zip(sizes, layout.centers, strict=True)):
        assert centers.shape == (count, 2)
        assert np.isfinite(centers).all()
        assert 0 < layout.radius(layer) <= 33.0
        drawn = centers[layout.drawn(layer)]
        if len(drawn) > 1:
            assert np.diff(drawn[:, 1]).min() >= 2 * layout.radius(layer)
        assert len(drawn) + layout.left_out(layer) == count
        assert centers[:, 1].min() >= 0
        assert centers[:, 1].max() <= layout.height


def test_the_worked_example_has_the_look_of_the_design() -> None:
    """Full discs with room for a badge below them, +1 nodes at the foot between the columns, targets at the right."""
    layout = place(NETWORKS["mazur"], 816, 430)
    assert [layout.radius(layer) for layer in range(3)] == [33.0] * 3
    assert layout.modes == ("edges", "edges")
    for first, second in itertools.pairwise(layout.centers):
        assert layout.steps[0] - 2 * 33.0 >= 60
        between = layout.plus_ones[0 if first is layout.centers[0] else 1]
        assert first[0, 0] + 33 < between[0] < second[0, 0] - 33
        assert between[1] > first[1, 1] + 33
    assert layout.targets[:, 0].min() > layout.centers[2][0, 0] + 33
    assert np.array_equal(layout.targets[:, 1], layout.centers[2][:, 1])


def test_modes_change_where_edges_can_no_longer_be_told_apart() -> None:
    assert set(place(network(4, 10, 3), *SMALL).modes) == {"edges"}
    assert set(place(NETWORKS["digits"], *SMALL).modes) == {"strongest"}
    assert place(network(784, 100, 10), *SMALL).modes == ("strongest", "strongest")
    assert place(network(512, 512, 10, 2), *SMALL).modes == ("matrix", "strongest", "edges")


def test_a_crowded_column_says_how_many_units_it_leaves_out_until_zooming_shows_them() -> None:
    layout = place(NETWORKS["mnist"], *SMALL)
    assert 0 < layout.left_out(1) < 100
    assert layout.left_out(1, zoom=4.0) == 0
    assert layout.left_out(2) == 0
    assert layout.radius(1, zoom=4.0) <= layout.radius(1)
    x, y = layout.marker(1)
    assert x == layout.centers[1][0, 0]
    assert 0 < y < layout.centers[1][0, 1] - layout.radius(1)


def test_pixels_are_an_image_and_a_bar() -> None:
    layout = place(NETWORKS["digits"], *SMALL)
    pixels = layout.pixels
    assert pixels is not None
    for index in (0, 7, 8, 63):
        cell = pixels.cell(index)
        middle = cell.x + cell.width / 2, cell.y + cell.height / 2
        assert pixels.at(*middle) == index
        assert unit_at(layout, *middle) == Unit(0, index)
    assert pixels.box.width == pytest.approx(pixels.box.height)
    assert (np.diff(layout.centers[0][:, 1]) > 0).all()
    assert pixels.bar.x > pixels.box.x + pixels.box.width
    assert pixels.at(pixels.box.x - 1, pixels.box.y) is None


def test_names_of_the_inputs_have_their_room() -> None:
    layout = place(NETWORKS["softmax"], *SMALL, names=150.0)
    assert layout.centers[0][0, 0] - layout.radius(0) >= 150.0


# ---- what is under a point


@pytest.mark.parametrize("name", ["mazur", "softmax", "ten small layers", "xor"])
def test_every_node_and_edge_is_found_where_it_is_drawn(name: str) -> None:
    layout = place(NETWORKS[name], *LARGE)
    for layer, centers in enumerate(layout.centers):
        for index, (x, y) in enumerate(centers):
            assert element_at(layout, x, y) == Unit(layer, index)
    for layer, (x, y) in enumerate(layout.plus_ones, 1):
        assert element_at(layout, x, y) == PlusOne(layer)
    for index in range(len(layout.targets)):
        box = layout.target_box(index)
        assert element_at(layout, box.x + 5, box.y + box.height / 2) == Target(index)
    assert element_at(layout, *layout.loss) == LossNode()
    for layer in range(1, len(layout.centers)):
        columns = len(layout.centers[layer - 1]) + 1
        to, source = np.divmod(np.arange(len(layout.centers[layer]) * columns), columns)
        for k, j, (x1, y1, x2, y2) in zip(to, source, layout.lines(layer, to, source), strict=True):
            edge = Edge(layer, int(k), BIAS if j == columns - 1 else int(j))
            # A tenth of the way from the source the lines of one column have fanned out but not crossed yet.
            assert edge_at(layout, x1 + 0.03 * (x2 - x1), y1 + 0.03 * (y2 - y1), 0.5) == edge


def test_lines_run_from_rim_to_rim() -> None:
    layout = place(NETWORKS["mazur"], *SMALL)
    x1, y1, x2, y2 = layout.lines(2, np.array([0]), np.array([0]), gap=2.0)[0]
    assert x1 - layout.centers[1][0, 0] == pytest.approx(layout.radius(1) + 2)
    assert layout.centers[2][0, 0] - x2 == pytest.approx(layout.radius(2) + 2)
    assert y1 == y2 == layout.centers[1][0, 1]


def test_of_a_crowded_layer_only_drawn_edges_are_found() -> None:
    layout = place(NETWORKS["digits"], *SMALL)
    flat = np.array([3 * 31 + 7])
    x1, y1, x2, y2 = layout.lines(2, *np.divmod(flat, 31))[0]
    middle = (x1 + x2) / 2, (y1 + y2) / 2
    assert edge_at(layout, *middle) is None
    assert edge_at(layout, *middle, drawn={2: flat}) == Edge(2, 3, 7)
    assert edge_at(layout, *middle, drawn={2: flat[:0]}) is None


def test_nothing_is_found_where_nothing_is() -> None:
    layout = place(NETWORKS["mazur"], *LARGE)
    assert element_at(layout, 1.0, 1.0) is None


# ---- keys


def test_arrows_walk_from_unit_over_edge_to_unit() -> None:
    layout = place(NETWORKS["mazur"], *SMALL)

    def walk(start: Element | None, *directions: Direction) -> Element:
        for direction in directions:
            start = neighbour(layout, start, direction)
        assert start is not None
        return start

    assert walk(None, "right") == Unit(0, 0)
    assert walk(Unit(0, 0), "right") == Edge(1, 0, 0)
    assert walk(Unit(0, 0), "right", "right", "right", "right") == Unit(2, 0)
    assert walk(Unit(2, 1), "left") == Edge(2, 1, 1)
    assert walk(Unit(2, 1), "left", "left") == Unit(1, 1)
    assert walk(Edge(1, 0, 0), "down") == Edge(1, 0, 1)
    assert walk(Edge(1, 0, 1), "down", "down") == Edge(1, 1, 0)
    assert walk(Edge(1, 0, BIAS), "left") == PlusOne(1)
    assert walk(Unit(0, 1), "down") == PlusOne(1)
    assert walk(PlusOne(1), "right") == Edge(1, 1, BIAS)
    assert walk(Unit(2, 0), "right", "right") == LossNode()
    assert walk(LossNode(), "left", "left") == Unit(2, 0)
    assert walk(Unit(0, 0), "up") == Unit(0, 0)
    assert walk(Edge(2, 1, BIAS), "down") == Edge(2, 1, BIAS)


def reached(layout: Layout) -> set[Element]:
    """Everything that the keys lead to."""
    seen: set[Element] = set()
    waiting: list[Element] = [neighbour(layout, None, "right")]
    directions: tuple[Direction, ...] = ("left", "right", "up", "down")
    while waiting:
        here = waiting.pop()
        if here not in seen:
            seen.add(here)
            within = inside(layout, here)
            waiting += [neighbour(layout, here, direction) for direction in directions]
            waiting += [within] if within is not None else []
    return seen


@pytest.mark.parametrize("name", ["mazur", "softmax", "one layer", "ten small layers"])
def test_everything_can_be_reached_by_keys(name: str) -> None:
    net = NETWORKS[name]
    seen = reached(place(net, *SMALL))
    edges = sum((m + 1) * n for m, n in itertools.pairwise(net.sizes))
    assert len(seen) == sum(net.sizes) + edges + len(net.layers) + net.outputs + 1


def test_a_large_picture_is_searched_quickly() -> None:
    """The mouse moves a hundred times a second; a loop over 2,000 edges would not keep up."""
    layout = place(network(30, 60, 3), *LARGE)
    start = time.process_time()
    for x in range(100):
        element_at(layout, 300.0 + x, 200.0)
    assert time.process_time() - start < 0.5


def test_beside_the_tour_in_a_small_window_badges_still_have_room() -> None:
    # 1280×720: 720×300 pixels are left for two rows of units.
    layout = place(Network(2, (Dense(2), Dense(2))), 724, 238)
    between = layout.steps[1] - 2 * layout.radius(1)
    assert between >= 40
    assert layout.radius(1) >= 24


def test_nothing_is_found_where_a_layer_has_no_biases() -> None:
    network = Network(2, (Dense(3, bias="none"), Dense(2, bias="threshold"), Dense(2, bias="none")))
    layout = place(network, 900.0, 500.0)
    for layer, (x, y) in enumerate(layout.plus_ones.tolist(), 1):
        assert (element_at(layout, x, y) == PlusOne(layer)) == (layer == 2)
    bias = layout.lines(1, np.array([1]), np.array([2]))[0]
    found = edge_at(layout, float(bias[[0, 2]].mean()), float(bias[[1, 3]].mean()))
    assert found is None or not found.is_bias
    seen: set[Element] = set()
    todo: list[Element] = [Unit(0, 0)]
    while todo:
        here = todo.pop()
        if here not in seen:
            seen.add(here)
            todo += [neighbour(layout, here, way) for way in ("left", "right", "up", "down")]  # type: ignore[arg-type]
    names = Names(network.sizes, network.biases)
    assert all(names.has(element) for element in seen)
    edges = {element for element in seen if isinstance(element, Edge)}
    assert edges >= {Edge(2, to, BIAS) for to in range(2)}
    assert len(edges) == network.parameter_count


# ---- images


@pytest.mark.parametrize("name", ["small", "lenet"])
def test_every_pixel_map_and_kernel_is_found_where_it_is_drawn(name: str) -> None:
    net = IMAGES[name]
    layout = place(net, *LARGE)
    for layer, shape in enumerate(net.shapes):
        maps = layout.maps(layer)
        assert (maps is not None) == (len(shape) == 3)
        if maps is None:
            continue
        for channel in range(shape[0]):
            pixel = Pixel(layer, channel, shape[1] // 2, shape[2] - 1)
            x, y = layout.centers[layer][unit_of(shape, pixel).index]
            assert pixel_at(layout, x, y) == element_at(layout, x, y) == pixel
            assert maps.box(channel) is not None
    filters, channels = layout.drawn_kernels(1)
    for to, source, (x1, y1, x2, y2) in zip(filters, channels, layout.map_lines(1, filters, channels), strict=True):
        near = x1 + 0.5 * (x2 - x1), y1 + 0.5 * (y2 - y1)
        assert element_at(layout, *near, 1.0) == Kernel(1, int(to), int(source))


def test_maps_are_arranged_in_columns_and_pooled_ones_stand_level_with_theirs() -> None:
    layout = place(IMAGES["lenet"], *SMALL)
    first, second, pooled = layout.maps(1), layout.maps(3), layout.maps(4)
    assert first is not None
    assert second is not None
    assert pooled is not None
    assert second.across > 1
    assert pooled.across == second.across
    for maps in (second, pooled):
        # They go down the first column, then the next; the columns are equally long.
        lefts = np.unique(maps.boxes[:, 0])
        assert [int((maps.boxes[:, 0] == x).sum()) for x in lefts] == [16 // maps.across] * maps.across
        assert (np.diff(maps.boxes[: 16 // maps.across, 1]) > 0).all()
    middles = [maps.boxes[:, 1] + maps.boxes[:, 3] / 2 for maps in (second, pooled)]
    assert np.allclose(middles[0], middles[1])
    assert first.boxes[0, 2] == pytest.approx(first.boxes[0, 3])
    assert layout.is_bar(5)
    assert layout.modes == ("kernels", "links", "kernels", "links", "links", "strongest", "strongest", "strongest")
    assert layout.left_out(1) == layout.left_out(5) == 0


def test_maps_that_have_no_room_are_counted() -> None:
    layout = place(IMAGES["many maps"], *SMALL)
    maps = layout.maps(1)
    assert maps is not None
    assert 0 < len(maps.boxes) < 300
    assert layout.left_out(1) == 300 - len(maps.boxes)
    assert maps.box(299) is None
    assert layout.centers[1].shape == (300 * 36, 2)
    assert neighbour(layout, Map(1, 298), "down") == Map(1, 299)
    assert neighbour(layout, Map(1, 299), "right") == Map(2, 299)


def test_few_flattened_numbers_are_discs() -> None:
    layout = place(IMAGES["small"], *LARGE)
    assert layout.has_discs(3)
    assert list(layout.drawn(3)) == list(range(8))


@pytest.mark.parametrize("name", ["small", "layers"])
def test_every_kind_of_layer_can_be_reached_by_keys(name: str) -> None:
    net = IMAGES[name]
    seen, names = reached(place(net, *SMALL)), Names.of(net)
    assert all(names.has(element) for element in seen)
    for layer, shape in enumerate(net.shapes):
        if len(shape) == 3:
            assert {Map(layer, channel) for channel in range(shape[0])} <= seen
            assert {Pixel(layer, *spot) for spot in np.ndindex(*shape)} <= seen
        else:
            assert {Unit(layer, index) for index in range(shape[0])} <= seen
    for number in range(1, names.weight_count + 1):
        weight = names.placed(names.weight(number))
        assert weight in seen
        if isinstance(weight, KernelEntry):
            assert weight.kernel in seen
    assert {PlusOne(layer) for layer, has_bias in enumerate(net.biases, 1) if has_bias} <= seen


def test_a_map_leads_over_its_kernel_to_the_next_map() -> None:
    layout = place(IMAGES["small"], *LARGE)
    assert neighbour(layout, None, "right") == Map(0, 0)
    assert neighbour(layout, Map(0, 0), "right") == Kernel(1, 0, 0)
    assert neighbour(layout, Kernel(1, 0, 0), "right") == Map(1, 0)
    assert neighbour(layout, Kernel(1, 0, 0), "down") == Edge(1, 0, BIAS)
    assert neighbour(layout, Map(1, 1), "right") == Map(2, 1)
    assert neighbour(layout, Map(2, 1), "right") == Unit(3, 4)
    assert neighbour(layout, Unit(3, 4), "left") == Map(2, 1)
    assert neighbour(layout, Map(1, 1), "left") == Kernel(1, 1, 0)
    assert inside(layout, Map(1, 1)) == Pixel(1, 1, 1, 1)
    assert inside(layout, Pixel(1, 1, 0, 2)) == Map(1, 1)
    assert inside(layout, inside(layout, Kernel(1, 1, 0))) == Kernel(1, 1, 0)
    assert inside(layout, Unit(3, 0)) == Unit(3, 0)


def test_three_channels_stand_as_one_colour_image_too() -> None:
    layout = place(IMAGES["colour"], *LARGE)
    maps = layout.maps(0)
    assert maps is not None
    assert maps.joined is not None
    assert maps.shape == (3, 32, 32)
    assert len(maps.boxes) == 3
    assert element_at(layout, maps.joined.x + 2, maps.joined.y + 2) is None
    grey = place(IMAGES["small"], *LARGE).maps(0)
    assert grey is not None
    assert grey.joined is None


def test_discs_have_a_size_where_columns_run_into_each_other() -> None:
    layout = place(network(4, 8, 3), *SMALL)
    crowded = dataclasses.replace(layout, columns=(layout.columns[-1], *layout.columns[:-1]))
    assert min(crowded.gaps) < 0
    assert min(crowded.radius(layer) for layer in range(3)) > 0

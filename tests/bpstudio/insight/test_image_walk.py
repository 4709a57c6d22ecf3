import math
from collections.abc import Callable

import numpy as np
import pytest

from bpstudio.engine.layers import Activate, AvgPool2D, Conv2D, Dense, Dropout, Flatten, MaxPool2D
from bpstudio.engine.network import Network
from bpstudio.insight.elements import BIAS, Edge, Kernel, KernelEntry, Map, Pixel, Unit, WholeBatch, pixel_of
from bpstudio.insight.example import Numbers
from bpstudio.insight.image_numbers import arrivals, grown, kernel_terms, laid, pooled
from bpstudio.insight.lines import headline, line
from bpstudio.insight.order import GRAINS
from bpstudio.insight.walk import Example, Probe, Row, Walk
from bpstudio.insight.windows import seen_by, seen_maps, sliding, window
from bpstudio.training.frame import Frame

Make = Callable[..., Frame]


@pytest.fixture(scope="module")
def frame(image_frame: Make) -> Frame:
    return image_frame()


# ---- the walk


def test_a_small_network_has_the_beats_that_one_counts_by_hand() -> None:
    # 1×5×5, two kernels of 2×2 make 2×4×4, pooled 2×2×2, 8 numbers, 3 outputs.
    network = Network(25, (Conv2D(2, (2, 2)), MaxPool2D(), Flatten(), Dense(3, "sigmoid")), (1, 5, 5))
    walk = Walk(network, "half_squared_error", "mean_batch", 1)
    forward, loss = 32 + 8 + 1 + 3 * (8 + 2), 3 + 1
    deltas = 2 * 3 + 8 * (3 + 2) + 8 + 32
    gradients, update = 3 * 9 + 32, 2 * (4 + 1) + 3 * 9
    assert walk.count("edge") == forward + loss + deltas + gradients + update
    assert walk.count("neuron") == (2 + 2 + 1 + 3) + 1 + (3 + 8 + 2 + 2) + (3 + 2) + (2 + 3)
    assert walk.count("layer") == 4 + 1 + 4 + 2 + 2
    assert walk.count("step") == 1
    assert walk.find("edge", "forward/p1_2_1_1") == 17
    assert walk.find("edge", "forward/m1_1") == 16
    assert walk.find("neuron", "forward/p1_2_1_1") == 2
    assert walk.find("layer", "forward/p1_2_1_1") == 1


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("sequential", [False, True])
def test_addresses_lead_to_their_beats(image_network: Network, rows: int, sequential: bool) -> None:
    layers = (*image_network.layers[:-1], Dense(3, "identity"), Activate("softmax"))
    walk = Walk(
        Network(image_network.inputs, layers, image_network.input_shape),
        "categorical_ce",
        "mean_batch",
        rows,
        sequential,
    )
    for grain in GRAINS:
        found = [walk.beat(grain, index).address for index in range(walk.count(grain) + 1)]
        assert [walk.find(grain, address) for address in found] == list(range(len(found)))
    assert walk.beat("edge", walk.find("edge", "backward/p1_2_1_3/kernels")).unit == 7 * 4 + 2
    for kernel, last in (("k1_2_1", "k1_2_1_3_2"), ("k1_1_2", "k1_1_2_3_2")):
        assert walk.find("edge", f"update/{kernel}") == walk.find("edge", f"update/{last}")
    assert walk.find("edge", "backward/k4_2_1_1_2") == walk.find("edge", "backward/m4_2/weights")
    assert walk.find("edge", "backward/b_m4_2") == walk.find("edge", "backward/m4_2/weights")


@pytest.mark.parametrize(
    "address", ["backward/layer2/weights", "update/m2_1", "backward/p2_1_1_1/kernels", "forward/m0_1", "forward/m9_1"]
)
def test_what_is_not_computed_has_no_address(image_network: Network, address: str) -> None:
    walk = Walk(image_network, "half_squared_error", "mean_batch", 1)
    with pytest.raises(ValueError, match="near it"):
        walk.find("edge", address)


def test_a_large_network_is_walked_without_making_its_beats() -> None:
    layers = (Conv2D(32, (5, 5), padding=(2, 2)), MaxPool2D(), Conv2D(64, (5, 5)), MaxPool2D(), Flatten(), Dense(10))
    walk = Walk(Network(784, layers, (1, 28, 28)), "half_squared_error", "mean_batch", 64)
    assert walk.count("edge") > 50_000
    for address in ("forward/p1_32_28_28", "backward/p3_64_1_1/kernels", "update/k3_64_32_5_5"):
        beat = walk.beat("edge", walk.find("edge", address))
        assert beat.address == address
        assert len(beat.lit) < 100
    assert walk.default_grain == "layer"


def test_places_are_known_one_by_one_and_kernels_at_their_last_place(image_network: Network) -> None:
    walk = Walk(image_network, "half_squared_error", "mean_batch", 1)
    at = walk.find("edge", "forward/p1_1_2_3")
    assert walk.known("edge", at, Pixel(1, 0, 1, 2), "a") == "now"
    assert walk.known("edge", at, Pixel(1, 0, 1, 3), "z") == "not yet"
    assert walk.known("edge", at, Map(1, 0), "a") == "not yet"
    assert walk.known("neuron", 1, Map(1, 0), "a") == "now"
    assert int((walk.states("edge", at, 1, "a") > 0).sum()) == 7 + 3
    last = walk.find("edge", "backward/m1_1/weights")
    for element in (Kernel(1, 0, 1), KernelEntry(1, 0, 1, 2, 0), Edge(1, 0, BIAS)):
        assert walk.known("edge", last - 1, element, "dW") == "not yet"
        assert walk.known("edge", last, element, "dW") == "now"
    assert walk.states("edge", last, 1, "dW")[:, 0].tolist() == [2, 0]


def test_a_beat_lights_its_window_and_who_saw_its_place(image_network: Network) -> None:
    walk = Walk(image_network, "half_squared_error", "mean_batch", 1)
    beat = walk.beat("edge", walk.find("edge", "forward/p4_2_1_3"))
    assert Pixel(4, 1, 0, 2) in beat.lights
    assert walk.lit_edges(beat, 4).tolist() == [[False] * 9, [True] * 9]
    back = walk.beat("edge", walk.find("edge", "backward/p3_1_2_2/delta"))
    assert set(seen_by(walk.network, Unit(3, walk.names.find_unit("p3_1_2_2").index))) < set(back.lights)
    assert walk.beat("neuron", walk.find("neuron", "backward/m4_1/weights")).channel == 0
    assert walk.beat("edge", walk.find("edge", "update/k4_2_1_1_2")).lights == (Edge(4, 1, 1),)


# ---- numbers, against loops


def test_who_sees_a_pixel_is_the_window_turned_round(frame: Frame) -> None:
    network = frame.experiment.network
    for layer in range(2, 7):
        if sliding(network, layer) is None:
            continue
        above = [pixel_of(network.shapes[layer], Unit(layer, index)) for index in range(network.sizes[layer])]
        for index in range(network.sizes[layer - 1]):
            here = pixel_of(network.shapes[layer - 1], Unit(layer - 1, index))
            seeing = [
                each
                for each in above
                if here.map in seen_maps(network, each)
                and all(at in side for at, side in zip((here.row, here.column), window(network, each), strict=True))
            ]
            assert list(seen_by(network, Unit(layer - 1, index))) == seeing


@pytest.mark.parametrize("example", [Row(0), Row(2), Probe(3)])
def test_every_place_is_what_the_engine_computed(frame: Frame, example: Example) -> None:
    numbers, network = Numbers(frame, example), frame.experiment.network
    for number, layer in enumerate(network.layers, 1):
        z = numbers.z(number)
        for index in range(network.sizes[number]):
            if isinstance(layer, Conv2D):
                place = laid(numbers, pixel_of(network.shapes[number], Unit(number, index)))
                bias = layer.bias_sign * frame.params.b[number - 1][place.pixel.channel]
                assert place.products.sum() + bias == pytest.approx(z[index], abs=1e-12)
                row = frame.params.W[number - 1][place.pixel.channel].ravel()
                assert row[place.columns].tolist() == place.kernel.tolist()
                assert not place.seen[:, ~place.inside].any()
            elif isinstance(layer, MaxPool2D | AvgPool2D):
                found = pooled(numbers, pixel_of(network.shapes[number], Unit(number, index)))
                value = found.values.sum() / found.divisor if found.won is None else found.values[found.won]
                assert value == pytest.approx(z[index], abs=1e-12)
            if number < len(network.layers) and not isinstance(network.layers[number], Dense):
                back = sum(each.product for each in arrivals(numbers, Unit(number, index)))
                assert back == pytest.approx(numbers.error(number)[index], abs=1e-12)


@pytest.mark.parametrize("example", [Row(1), Probe(3)])
def test_gradients_of_kernels_grow_place_by_place(frame: Frame, example: Example) -> None:
    numbers, network = Numbers(frame, example), frame.experiment.network
    for layer in (1, 4):
        whole = numbers.gradient(layer)
        places = math.prod(network.shapes[layer][1:])
        for number in range(len(whole)):
            assert not grown(numbers, layer, number, 0).any()
            np.testing.assert_allclose(grown(numbers, layer, number, places), whole[number], atol=1e-12)
            for column in range(whole.shape[1]):
                edge = Edge(layer, number, BIAS if column == whole.shape[1] - 1 else column)
                terms = kernel_terms(numbers, edge)
                assert terms.shape == (1, *network.shapes[layer][1:])
                assert terms.sum() == pytest.approx(whole[number, column], abs=1e-12)
                some = grown(numbers, layer, number, 3)[column]
                assert terms.ravel()[:3].sum() == pytest.approx(some, abs=1e-12)


def test_the_whole_batch_sums_over_its_rows(frame: Frame) -> None:
    numbers = Numbers(frame, WholeBatch())
    here = frame.trace.layers[0]
    np.testing.assert_allclose(grown(numbers, 1, 1, 10**6)[:-1], here.dW[1].ravel(), atol=1e-12)


# ---- sentences


def said(frame: Frame, address: str, grain: str = "edge", example: Example | None = None) -> list[str]:
    walk = Walk.of(frame)
    beat = walk.beat(grain, walk.find(grain, address))  # type: ignore[arg-type]
    found = line(frame, Row(0) if example is None else example, beat, "nielsen", 4)
    return [found.text, *(each.text for each in found.more)]


@pytest.mark.parametrize("batch", [1, 3])
def test_every_beat_has_a_sentence_and_a_question(image_frame: Make, batch: int) -> None:
    frame = image_frame(batch=batch)
    walk = Walk.of(frame)
    for grain in GRAINS:
        for index in range(0, walk.count(grain) + 1, 3 if grain == "edge" else 1):
            beat = walk.beat(grain, index)
            for example in (Row(0), WholeBatch(), *([Probe(1)] if grain == "layer" else [])):
                assert line(frame, example, beat, "mazur", 6).text
            assert headline(frame, beat).text


def test_a_place_is_written_out_with_the_numbers_of_the_window(image_frame: Make) -> None:
    frame = image_frame((Conv2D(1, (2, 2), activation="sigmoid"), Flatten(), Dense(1)), (1, 3, 3), 1)
    x, W = frame.trace.x.reshape(3, 3), frame.params.W[0][0, 0]
    z, a = said(frame, "forward/p1_1_2_1")
    assert z.startswith("z¹₁,₂,₁ = ")
    assert f"{x[1, 0]:.4f}".replace("-", "−") in z
    assert f"{W[1, 1]:.4f}".replace("-", "−") in z
    assert z.count(" · ") == 4
    assert a.startswith("a¹₁,₂,₁ = σ(")


def test_the_greatest_is_named_and_the_others_read_not_the_maximum(image_frame: Make) -> None:
    frame = image_frame((MaxPool2D(), Flatten(), Dense(1)), (1, 4, 4), 1)
    x = frame.trace.x.reshape(4, 4)[:2, :2]
    row, column = divmod(int(x.argmax()), 2)
    first, others = said(frame, "forward/p1_1_1_1")
    assert first.endswith(f"of p⁰₁,{'₁₂'[row]},{'₁₂'[column]}")
    assert others == "the other 3 pixels: 0, not the maximum"


def test_what_loses_a_maximum_gets_nothing_back(image_frame: Make) -> None:
    frame = image_frame((Conv2D(1, (1, 1), activation="tanh"), MaxPool2D(), Flatten(), Dense(1)), (1, 4, 4), 1)
    a = frame.trace.layers[0].a[0, 0]
    best = divmod(int(a[:2, :2].argmax()), 2)
    for row in range(2):
        for column in range(2):
            lines = said(frame, f"backward/p1_1_{row + 1}_{column + 1}/delta")
            assert ("0: not the maximum" in lines) == ((row, column) != best)


def test_dropped_numbers_read_dropped_and_kept_ones_are_scaled(image_frame: Make) -> None:
    masks = ("0101", "1111")
    frame = image_frame((Dense(4, "tanh"), Dropout(0.5, masks=masks), Dense(1)), (3,), 1)
    for index, digit in enumerate(masks[int(frame.batch[0])], 1):
        forward = said(frame, f"forward/h2_{index}")[0]
        back = said(frame, f"backward/h2_{index}/delta")[0]
        assert ("= 0: dropped in this step" in forward) == (digit == "0")
        assert ("= 0: dropped in this step" in back) == (digit == "0")
        assert ("1 / (1 − 0.5)" in forward) == (digit == "1")

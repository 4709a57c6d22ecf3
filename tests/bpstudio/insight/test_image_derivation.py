import math
from collections.abc import Callable

import numpy as np
import pytest

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import AvgPool2D, Dense, Dropout, Flatten, MaxPool2D
from bpstudio.engine.network import Network
from bpstudio.insight.derivation import derive
from bpstudio.insight.elements import BIAS, Edge, Kernel, KernelEntry, LossNode, Map, Names, Pixel, Unit
from bpstudio.insight.example import Numbers
from bpstudio.insight.gradcheck import check
from bpstudio.insight.walk import Probe, Row, WholeBatch
from bpstudio.training.experiment import Experiment
from bpstudio.training.frame import Frame
from bpstudio.training.session import Session

Make = Callable[..., Frame]


@pytest.fixture(scope="module")
def frame(image_frame: Make) -> Frame:
    return image_frame()


def names_of(frame: Frame) -> Names:
    return Names.of(frame.experiment.network)


def test_sums_and_products_are_the_numbers_of_the_engine(frame: Frame) -> None:
    numbers, names = Numbers(frame, Row(1)), names_of(frame)
    depth = names.depth
    for layer in range(1, depth + 1):
        for index in range(names.sizes[layer]):
            unit = names.placed(Unit(layer, index))
            forward = derive(frame, Row(1), unit, "nielsen", 6, "activation")
            back = derive(frame, Row(1), unit, "nielsen", 6, "delta")
            assert forward.result == pytest.approx(numbers.a(layer)[index], abs=1e-12)
            assert back.result == pytest.approx(numbers.delta(layer)[index], abs=1e-12)
            if forward.terms:
                assert sum(term.product for term in forward.terms) == pytest.approx(numbers.z(layer)[index], abs=1e-12)
            if layer < depth:
                came = sum(term.product for term in back.terms)
                assert came == pytest.approx(numbers.error(layer)[index], abs=1e-12)
            assert math.prod(factor.value for factor in back.factors) == pytest.approx(back.result, abs=1e-12)


@pytest.mark.parametrize("layer", [1, 4])
def test_a_number_of_a_kernel_is_a_sum_over_places(frame: Frame, layer: int) -> None:
    numbers, names = Numbers(frame, Row(2)), names_of(frame)
    rows, columns = names.matrices[layer - 1]
    places = math.prod(names.shapes[layer][1:])
    for row in range(rows):
        for column in (*range(columns), BIAS):
            edge = Edge(layer, row, column)
            found = derive(frame, Row(2), names.placed(edge), "mazur", 6)
            assert found.target == edge
            assert len(found.terms) == places
            assert sum(term.product for term in found.terms) == pytest.approx(found.result, abs=1e-12)
            assert found.result == pytest.approx(numbers.gradient(layer)[row, column], abs=1e-12)
            assert found.gathered == pytest.approx(numbers.batch_gradient(layer)[row, column], abs=1e-12)
            assert all(term.left * term.right == pytest.approx(term.product) for term in found.terms)
            by_rows = derive(frame, WholeBatch(), edge, "mazur", 6)
            assert np.mean([term.product for term in by_rows.terms]) == pytest.approx(by_rows.result, abs=1e-12)


def test_the_check_of_a_kernel_agrees(frame: Frame) -> None:
    for edge in (Edge(1, 1, 7), Edge(1, 0, BIAS), Edge(4, 1, 2)):
        found = check(frame, edge)
        assert found.verdicts[0] in ("agrees", "kink")
        whole = derive(frame, WholeBatch(), edge).result
        assert whole == pytest.approx(float(found.analytic[0]))


def test_a_window_stands_beside_the_kernel_as_it_is_laid_on(frame: Frame) -> None:
    names = names_of(frame)
    found = derive(frame, Row(0), Pixel(1, 0, 1, 1), "mazur", 6, "activation")
    titles = [grid.title.text for grid in found.grids]
    assert titles == ["window in map 1", "kernel, turned by 180°", "window in map 2", "kernel, turned by 180°"]
    image = frame.trace.x.reshape(-1, *names.shapes[0])[0]
    for channel in range(2):
        window, kernel = found.grids[2 * channel].values, found.grids[2 * channel + 1].values
        # Stride (2, 1) and padding (1, 1): place (1, 1) begins at row 1, column 0.
        assert window.tolist() == image[channel, 1:4, 0:2].tolist()
        assert kernel.tolist() == frame.params.W[0][0, channel, ::-1, ::-1].tolist()
    corner = derive(frame, Row(0), Pixel(1, 0, 0, 0), "mazur", 6, "activation")
    assert "the window sticks out of the image: zeros lie there" in [note.text for note in corner.notes]


def test_pooled_pixels_say_who_won_and_means_share(image_frame: Make) -> None:
    frame = image_frame((MaxPool2D(), AvgPool2D((1, 2), (1, 2)), Flatten(), Dense(1)), (1, 4, 4), 1)
    greatest = derive(frame, Row(0), Pixel(1, 0, 1, 0), "mazur", 6, "activation")
    words = [term.words.text for term in greatest.terms if term.words is not None]
    assert words.count("the maximum") == 1
    assert sum(text.endswith(": not the maximum") for text in words) == 3
    mean = derive(frame, Row(0), Pixel(2, 0, 0, 0), "mazur", 6, "activation")
    assert [term.right for term in mean.terms] == [0.5, 0.5]
    lost = [
        derive(frame, Row(0), Pixel(1, 0, row, column), "mazur", 6, "delta").terms[0].right_symbol
        for row in range(2)
        for column in range(2)
    ]
    assert lost == ["· 1/2"] * 4


def test_a_dropout_has_its_mask_as_a_factor(image_frame: Make) -> None:
    masks = ("0101", "1011")
    frame = image_frame((Dense(4, "tanh"), Dropout(0.2, masks=masks), Dense(1)), (3,), 1)
    for index, digit in enumerate(masks[int(frame.batch[0])]):
        for quantity in ("activation", "delta"):
            mask = derive(frame, Row(0), Unit(2, index), "mazur", 6, quantity).factors[-1]  # type: ignore[arg-type]
            assert mask.value == pytest.approx(1.25 if digit == "1" else 0.0)
            assert mask.formula.text == ("kept: 1 / (1 − 0.2)" if digit == "1" else "0: dropped in this step")


@pytest.mark.parametrize("example", [Row(0), WholeBatch(), Probe(3)])
def test_maps_and_kernels_are_summed_up(frame: Frame, example: Row | WholeBatch | Probe) -> None:
    numbers, names = Numbers(frame, example), names_of(frame)
    for layer, shape in enumerate(names.shapes):
        if len(shape) == 3:
            found = derive(frame, example, Map(layer, 1), quantity="activation")
            values = numbers.a(layer).reshape(shape)[1]
            assert found.result == pytest.approx(values.mean())
            assert any(note.text.startswith("least ") for note in found.notes)
            if layer:
                back = derive(frame, example, Map(layer, 1), quantity="delta")
                assert back.result == pytest.approx(numbers.delta(layer).reshape(shape)[1].mean())
    kernel = derive(frame, example, Kernel(4, 1, 0))
    assert kernel.grids[0].values.tolist() == frame.params.W[3][1, 0].tolist()
    assert kernel.result == pytest.approx(float(np.linalg.norm(numbers.gradient(4)[1, :4])))
    entry = derive(frame, example, KernelEntry(4, 1, 0, 1, 0))
    assert entry.grids[0].marked == (1, 0)


@pytest.mark.parametrize("example", [Row(1), WholeBatch()])
def test_a_unit_that_sees_a_picture_shows_what_it_looks_for(example: Row | WholeBatch) -> None:
    """An autoencoder of 2 × 3 pixels; the picture of a unit is its row of W, and the loss shows the copy."""
    pixels = np.random.default_rng(4).random((5, 6))
    network = Network(6, (Dense(3), Dense(6)), (2, 3))
    session = Session(Experiment(network, batch_size=0), Dataset.from_arrays(pixels, pixels))
    frame = session.frame()
    numbers = Numbers(frame, example)
    picture, weights = derive(frame, example, Unit(1, 2), quantity="activation").grids
    assert picture.values.ravel() == pytest.approx(numbers.a(0))
    assert weights.values.tolist() == frame.params.W[0][2].reshape(2, 3).tolist()
    wanted, answer = derive(frame, example, LossNode()).grids
    assert wanted.values == pytest.approx(picture.values)
    assert answer.values.ravel() == pytest.approx(numbers.a(2))
    assert derive(frame, example, Unit(2, 0), quantity="activation").grids == ()

"""Symbols, shapes and numbers of matrix products agree, whichever way round a book writes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product

import numpy as np
import pytest

from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.engine.trace import Params
from bpstudio.insight import lines
from bpstudio.insight.elements import Edge, Row
from bpstudio.insight.matrices import Matrices
from bpstudio.insight.notation import NOTATIONS, SAMPLES, WEIGHT_LAYOUTS, Letters, Notation
from bpstudio.insight.walk import Walk
from bpstudio.maths.operations import Array
from bpstudio.training.session import Session

WRITINGS = [NOTATIONS["nielsen"].having(samples=s, weight_layout=w) for s, w in product(SAMPLES, WEIGHT_LAYOUTS)]
IDS = [f"{notation.samples}-{notation.weight_layout}" for notation in WRITINGS]
INPUTS, UNITS, ABOVE = 4, 3, 2


def computed(symbols: str, arrays: dict[str, Array]) -> tuple[Array, list[tuple[int, ...]]]:
    """The product that a reader computes from the letters, and the shapes of its factors."""
    factors = [arrays[word.rstrip("ᵀ")].T if word.endswith("ᵀ") else arrays[word] for word in symbols.split()]
    return factors[0] @ factors[1], [factor.shape for factor in factors]


def shapes_in(text: str) -> list[tuple[int, ...]]:
    return [tuple(map(int, found.split("×"))) for found in re.findall(r"\(([\d×]+)\)", text.split(" = ")[0])]


@pytest.mark.parametrize("rows", [1, 5])
@pytest.mark.parametrize("notation", WRITINGS, ids=IDS)
def test_a_reader_who_follows_the_letters_gets_the_numbers_of_the_run(notation: Notation, rows: int) -> None:
    rng = np.random.default_rng(3)
    matrices = Matrices.of(notation, rows)
    x, delta, above = rng.normal(size=(rows, INPUTS)), rng.normal(size=(rows, UNITS)), rng.normal(size=(rows, ABOVE))
    W, V = rng.normal(size=(UNITS, INPUTS)), rng.normal(size=(ABOVE, UNITS))
    forward = matrices.forward("W", "x", INPUTS, UNITS)
    back = matrices.back("V", "above", UNITS, ABOVE)
    gradient = matrices.gradient("delta", "x", INPUTS, UNITS)
    arrays = {
        "W": matrices.shown_weights(W),
        "V": matrices.shown_weights(V),
        **{name: matrices.shown_samples(values) for name, values in (("x", x), ("delta", delta), ("above", above))},
    }
    if rows == 1:
        # One sample is a vector; the side on which W stands says whether it is a row or a column.
        is_row = not forward.symbols.startswith("W")
        arrays |= {
            name: values if is_row else values.T for name, values in (("x", x), ("delta", delta), ("above", above))
        }
    for made, expected, result in (
        (forward, matrices.shown_samples(x @ W.T), matrices.samples(UNITS)),
        (back, matrices.shown_samples(above @ V), matrices.samples(UNITS)),
        (gradient, matrices.shown_weights(delta.T @ x), matrices.weights(INPUTS, UNITS)),
    ):
        values, shapes = computed(made.symbols, arrays)
        if rows == 1:
            np.testing.assert_allclose(np.squeeze(values), np.squeeze(expected), rtol=1e-13)
            assert [tuple(n for n in shape if n != 1) for shape in shapes] == shapes_in(made.shapes)
        else:
            np.testing.assert_allclose(values, expected, rtol=1e-13)
            assert shapes == shapes_in(made.shapes)
            assert shapes_in(result) == [values.shape]
    assert gradient.shapes.endswith(f" = {matrices.weights(INPUTS, UNITS)}")


@pytest.mark.parametrize(
    ("samples", "layout", "rows", "forward", "back", "gradient"),
    [
        ("columns", "out_in", 9, "W x", "Wᵀ δ", "δ xᵀ"),
        ("rows", "out_in", 9, "x Wᵀ", "δ W", "δᵀ x"),
        ("rows", "in_out", 9, "x W", "δ Wᵀ", "xᵀ δ"),
        ("columns", "in_out", 9, "Wᵀ x", "W δ", "x δᵀ"),
        ("rows", "out_in", 1, "W x", "Wᵀ δ", "δ xᵀ"),
        ("rows", "in_out", 1, "x W", "δ Wᵀ", "xᵀ δ"),
    ],
)
def test_the_products_read_as_in_the_books(
    samples: str, layout: str, rows: int, forward: str, back: str, gradient: str
) -> None:
    matrices = Matrices.of(NOTATIONS["nielsen"].having(samples=samples, weight_layout=layout), rows)
    assert matrices.forward("W", "x", 4, 3).symbols == forward
    assert matrices.back("W", "δ", 4, 3).symbols == back
    assert matrices.gradient("δ", "x", 4, 3).symbols == gradient


@pytest.mark.parametrize("notation", WRITINGS, ids=IDS)
def test_the_two_numbers_of_a_weight_are_its_row_and_column(notation: Notation) -> None:
    network = Network(INPUTS, (Dense(UNITS), Dense(ABOVE)))
    letters = Letters(notation, network)
    params = Params.from_layers(
        network,
        [
            (np.arange(UNITS * INPUTS).reshape(UNITS, INPUTS), np.zeros(UNITS)),
            (np.arange(ABOVE * UNITS).reshape(ABOVE, UNITS), np.zeros(ABOVE)),
        ],
    )
    for layer, (W, _) in enumerate(params, 1):
        shown = Matrices.of(notation, 1).shown_weights(W)
        for to, source in np.ndindex(W.shape):
            row, column = re.findall(r"_\{(\d)(\d)\}", letters.tex("w", Edge(layer, to, source)))[0]
            assert shown[int(row) - 1, int(column) - 1] == W[to, source]


def test_other_writings_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="samples: expected one of rows, columns, came 'row'"):
        NOTATIONS["mazur"].having(samples="row")
    with pytest.raises(ValueError, match="weight_layout: expected one of out_in, in_out, came 'inout'"):
        NOTATIONS["mazur"].having(weight_layout="inout")
    table = NOTATIONS["mazur"]
    assert table.having(samples="columns").having(samples="rows") is table
    assert table.having(weight_layout="in_out") is table.having(weight_layout="in_out")


@pytest.mark.parametrize("rows", [1, 4])
@pytest.mark.parametrize("notation", WRITINGS, ids=IDS)
def test_the_sentences_of_whole_layers_compute_the_arrays_of_the_trace(
    session: Callable[..., Session], notation: Notation, rows: int
) -> None:
    frame = session(batch_size=rows).frame()
    matrices, walk = Matrices.of(notation, rows), Walk.of(frame)
    below, above = frame.trace.layers
    W, V = frame.params.W
    # One sample is a row where W (in, out) stands at its right, else a column.
    as_columns = matrices.columns or (rows == 1 and not matrices.turned)
    samples = {"x": frame.trace.x, "a¹": below.a, "δ¹": below.delta, "δ²": above.delta}
    arrays = {name: values.T if as_columns else values for name, values in samples.items()}
    arrays |= {"w¹": matrices.shown_weights(W), "w²": matrices.shown_weights(V)}
    expected = {
        "forward/layer1": frame.trace.x @ W.T,
        "forward/layer2": below.a @ V.T,
        "backward/layer2/weights": above.dW,
        "backward/layer1/weights": below.dW,
        "backward/layer1/delta": above.delta @ V,
    }
    for address, array in expected.items():
        beat = walk.beat("layer", walk.find("layer", address))
        said = lines.line(frame, Row(0), beat, notation).text
        stated = re.search(r" = \(?(\S+ [^\s)]+).*, shapes ((?:\([\d×]+\)ᵀ?)+)", said)
        assert stated is not None, said
        values, factors = computed(stated[1], arrays)
        turned = matrices.turned if address.endswith("weights") else as_columns
        np.testing.assert_allclose(values, array.T if turned else array, rtol=1e-12)
        whole = [tuple(n for n in shape if rows > 1 or n != 1) for shape in factors]
        assert whole == shapes_in(stated[2])

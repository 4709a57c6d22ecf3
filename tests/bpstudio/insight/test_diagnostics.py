import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from bpstudio.insight.diagnostics import dead_units, origin
from bpstudio.insight.elements import BIAS, Edge, LossNode, Row, Unit
from bpstudio.insight.walk import Walk
from bpstudio.training.divergence import NonFinite
from bpstudio.training.session import Session


def test_a_finite_step_has_no_origin(session: Callable[..., Session]) -> None:
    assert origin(session().frame()) is None


@pytest.mark.parametrize(
    ("first", "second", "element", "address"),
    [
        (1e200, 1e200, Unit(2, 0), "forward/o1/z"),
        (1.0, 1e200, LossNode(), "loss/C"),
    ],
)
def test_the_origin_is_the_first_operation_of_the_walk(
    session: Callable[..., Session], first: float, second: float, element: object, address: str
) -> None:
    run = session(sizes=(2, 2, 1), activations=("identity", "identity"))
    params = run.params
    params.W[0][:] = first
    params.W[1][:] = second
    run.apply(params=params)
    frame = run.frame()
    found = origin(frame)
    assert found is not None
    assert (found.element, found.address) == (element, address)
    assert Walk.of(frame).find("edge", found.address) > 0
    assert "∞" in found.words.text
    if isinstance(found.element, Unit):
        assert found.row == Row(0)
        assert found.words.text.endswith("in row 1 of the batch")


@pytest.mark.parametrize(
    ("quantity", "index", "element", "address", "symbol"),
    [
        ("a", (1, 0), Unit(1, 0), "forward/h1/a", "out_h1"),
        ("delta", (0, 2), Unit(1, 2), "backward/h3/delta", "δ_h3"),
        ("dW", (1, 0), Edge(1, 1, 0), "backward/w5", "∂C/∂w₅"),
        ("db", (2,), Edge(1, 2, BIAS), "backward/b_h3", "∂C/∂b_h3"),
        ("update_W", (1, 0), Edge(1, 1, 0), "update/w5", "w₅⁺"),
        ("update_b", (2,), Edge(1, 2, BIAS), "update/b_h3", "b_h3⁺"),
    ],
)
def test_every_quantity_has_its_beat(
    session: Callable[..., Session], quantity: str, index: tuple[int, ...], element: object, address: str, symbol: str
) -> None:
    frame = dataclasses.replace(session().frame(), nonfinite=NonFinite(0, 1, quantity, index, -np.inf))
    found = origin(frame)
    assert found is not None
    assert (found.element, found.address) == (element, address)
    assert found.words.text.startswith(f"first not finite: {symbol} = −∞")
    assert Walk.of(frame).find("edge", found.address) > 0


def test_dead_units_are_off_for_every_training_row(session: Callable[..., Session]) -> None:
    run = session(activations=("relu", "sigmoid"))
    params = run.params
    params.b[0][2] = -100.0
    params.W[0][3], params.b[0][3] = 0.0, 0.0  # z is exactly 0: on the kink, where the slope is taken as 0
    run.apply(params=params)
    first, last = dead_units(run.frame())
    assert last is None
    assert first is not None
    assert first[2]
    assert first[3]
    assert not first.all()
    z = run.frame().dataset.x @ params.W[0].T + params.b[0]
    assert np.array_equal(first, (z <= 0).all(axis=0))

"""The curve at a unit against closed forms, finite differences and the trace itself."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Activate, Conv2D, Dense, Flatten, MaxPool2D
from bpstudio.engine.network import Network
from bpstudio.engine.trace import Params
from bpstudio.insight.elements import (
    BIAS,
    Edge,
    Kernel,
    KernelEntry,
    LossNode,
    Map,
    Pixel,
    PlusOne,
    Probe,
    Row,
    Target,
    Unit,
    WholeBatch,
)
from bpstudio.insight.example import present
from bpstudio.insight.unit_curve import UnitCurve, Zone, batch_places, curve_unit, unit_curve
from bpstudio.insight.walk import Walk
from bpstudio.training.experiment import Experiment
from bpstudio.training.frame import Frame
from bpstudio.training.session import Session

Make = Callable[..., Session]


def one_unit(activation: str, z: list[float], threshold: float = 0.1) -> Frame:
    """One unit with weight 1 and bias 0: the inputs are its z."""
    network = Network(1, (Dense(1, activation),))
    experiment = Experiment(network, batch_size=0, flat_threshold=threshold, shuffle=False)
    data = Dataset.from_arrays(np.array(z), np.zeros(len(z)))
    return Session(experiment, data, Params.from_layers(network, [([[1.0]], [0.0])])).frame()


FIRST, FIRST_ROW = Unit(1, 0), Row(0)


def curve_of(frame: Frame, unit: Unit = FIRST, example: object = FIRST_ROW, **options: object) -> UnitCurve:
    found = unit_curve(frame, unit, example, **options)  # type: ignore[arg-type]
    assert found is not None
    return found


@settings(max_examples=30, deadline=None)
@given(threshold=st.floats(0.01, 0.95))
def test_the_flat_zones_end_where_the_closed_form_says(threshold: float) -> None:
    end = math.atanh(math.sqrt(1 - threshold))
    for activation, boundary in (("sigmoid", 2 * end), ("tanh", end)):
        curve = curve_of(one_unit(activation, [0.0], threshold))
        low, high = curve.range
        if boundary < high:
            left, right = curve.zones
            assert (left.kind, left.low, right.high) == ("flat", low, high)
            assert (left.high, right.low) == pytest.approx((-boundary, boundary), rel=1e-9)
        else:
            assert curve.zones == ()


def test_relu_is_off_up_to_its_kink_and_identity_has_no_zones() -> None:
    [zone] = curve_of(one_unit("relu", [0.0])).zones
    assert (zone.kind, zone.low) == ("off", -3.0)
    assert zone.high == pytest.approx(0.0, abs=1e-12)
    assert curve_of(one_unit("identity", [0.0])).zones == ()


@settings(max_examples=40, deadline=None)
@given(
    activation=st.sampled_from(["sigmoid", "tanh", "relu", "identity"]),
    z=st.floats(-8, 8).filter(lambda z: abs(z) > 1e-3),
)
def test_the_slope_is_the_slope_of_the_curve(activation: str, z: float) -> None:
    curve = curve_of(one_unit(activation, [0.3]))
    step = 1e-5
    rise = (curve.at(z + step)[0] - curve.at(z - step)[0]) / (2 * step)
    assert curve.at(z)[1] == pytest.approx(rise, abs=1e-8)


def test_the_curve_itself_is_smooth_and_what_the_engine_computes(session: Make) -> None:
    frame = session().frame()
    for unit in (Unit(1, 2), Unit(2, 1)):
        curve = curve_of(frame, unit)
        layer = frame.trace.layers[unit.layer - 1]
        assert np.all(np.diff(curve.z) > 0)
        np.testing.assert_array_equal(curve.dots[:, 0], layer.z[:, unit.index])
        np.testing.assert_array_equal(curve.dots[:, 1], layer.a[:, unit.index])
        np.testing.assert_array_equal(curve.dots[:, 2], layer.slope[:, unit.index])
        np.testing.assert_array_equal(curve.rows, frame.batch)
        for z, a, slope in curve.dots:
            assert curve.at(z) == pytest.approx((a, slope), rel=1e-12)
            assert curve.range[0] < z < curve.range[1]
            assert a == pytest.approx(np.interp(z, curve.z, curve.a), abs=1e-3)


def test_the_example_stands_where_the_trace_has_it_and_the_tangent_touches(session: Make) -> None:
    frame = session().frame()
    curve = curve_of(frame, Unit(1, 3), Row(2))
    layer, place = frame.trace.layers[0], curve.example
    assert place is not None
    assert (place.row, place.z, place.a, place.slope) == (
        frame.batch[2],
        layer.z[2, 3],
        layer.a[2, 3],
        layer.slope[2, 3],
    )
    tangent = curve.tangent()
    assert tangent is not None
    (left, low), (right, high) = tangent
    assert (left + right) / 2 == pytest.approx(place.z)
    assert (low + high) / 2 == pytest.approx(place.a)
    assert (high - low) / (right - left) == pytest.approx(place.slope)


def test_what_is_not_computed_is_not_in_the_record() -> None:
    frame = one_unit("sigmoid", [9.25, -9.25])
    nothing, z, a, slope = (curve_of(frame, seen=seen) for seen in ("nothing", "z", "a", "slope"))
    assert (nothing.example, nothing.flat_rows, len(nothing.rows), nothing.range) == (None, None, 0, (-6.0, 6.0))
    assert z.example is not None
    assert (z.example.z, z.example.a, z.example.slope, len(z.rows)) == (9.25, None, None, 0)
    assert z.range == (-10.0, 10.0)
    assert a.example is not None
    assert a.example.a is not None
    assert (a.example.slope, a.tangent(), len(a.rows)) == (None, None, 2)
    assert slope.example is not None
    assert slope.example.slope is not None
    assert slope.flat_rows == 2


def test_a_row_outside_the_batch_and_the_whole_batch(session: Make) -> None:
    frame = session().frame()
    outside = next(row for row in range(frame.dataset.rows) if row not in frame.batch)
    probe = curve_of(frame, Unit(1, 0), Probe(outside))
    assert probe.example is not None
    assert probe.example.row == outside
    z = frame.dataset.x[outside] @ frame.params.W[0][0] + frame.params.b[0][0]
    assert (probe.example.z, probe.example.a) == pytest.approx((z, math.tanh(z)))
    whole = curve_of(frame, Unit(1, 0), WholeBatch())
    assert whole.example is None
    assert len(whole.rows) == len(frame.batch)


def test_a_large_batch_is_thinned_out_evenly_and_counted_in_full() -> None:
    z = np.linspace(-12, 12, 5000)
    frame = one_unit("sigmoid", list(z))
    curve = curve_of(frame)
    assert 300 < len(curve.rows) <= 600
    assert curve.total == 5000
    assert set(np.diff(curve.rows)) == {-(-5000 // 600)}
    assert curve.flat_rows == round(frame.metrics.value("flat/1", 0) * 5000) == np.count_nonzero(np.abs(z) > 3.6368929)
    assert len(batch_places(frame, Unit(1, 0))) == 5000
    assert len(curve_of(frame, most=100_000).rows) == 5000


def test_relu_counts_the_rows_that_are_off() -> None:
    frame = one_unit("relu", [-1.0, 0.0, 2.0, 5.0])
    assert curve_of(frame).flat_rows == 2
    assert frame.metrics.value("off/1", 0) == 0.5


@settings(max_examples=30, deadline=None)
@given(scores=st.lists(st.floats(-30, 30), min_size=2, max_size=5), other=st.floats(-40, 40), data=st.data())
def test_a_softmax_section_is_what_another_bias_would_give(
    scores: list[float], other: float, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(scores) - 1))
    network = Network(1, (Dense(len(scores), "softmax"),))
    targets = np.eye(len(scores))[:1]

    def run(biases: list[float]) -> Frame:
        params = Params.from_layers(network, [(np.zeros((len(scores), 1)), biases)])
        return Session(
            Experiment(network, loss="categorical_ce"), Dataset.from_arrays(np.zeros((1, 1)), targets), params
        ).frame()

    curve = curve_of(run(scores), Unit(1, index))
    moved = run([other if k == index else score for k, score in enumerate(scores)])
    share = float(moved.trace.layers[0].a[0, index])
    assert curve.at(other) == pytest.approx((share, share * (1 - share)), abs=1e-12)
    assert curve.zones == ()
    assert len(curve.rows) == 0


@pytest.mark.parametrize("weight", [1e3, 1e17, 1e200])
def test_however_far_out_the_axis_has_a_width(weight: float) -> None:
    network = Network(1, (Dense(2, "softmax"),))
    data = Dataset.from_arrays([[1.0]], [[1.0, 0.0]])
    start = Params.from_layers(network, [([[weight], [2 * weight]], [0.0, 0.0])])
    frame = Session(Experiment(network, loss="categorical_ce"), data, start).frame()
    for index in range(2):
        low, high = curve_of(frame, Unit(1, index)).range
        assert low < high


def test_a_softmax_without_one_row_or_before_its_shares_has_no_curve(session: Make) -> None:
    frame = session(activations=("tanh", "softmax"), loss="categorical_ce").frame()
    assert unit_curve(frame, Unit(2, 0), WholeBatch()) is None
    assert unit_curve(frame, Unit(2, 0), Row(0), "z") is None
    assert unit_curve(frame, Unit(2, 0), Row(0), "a") is not None
    for place, row in zip(batch_places(frame, Unit(2, 1)), range(len(frame.batch)), strict=True):
        own = curve_of(frame, Unit(2, 1), Row(row)).example
        assert own is not None
        assert (place.row, place.z, place.a) == (own.row, own.z, own.a)
        assert place.slope == pytest.approx(own.slope, rel=1e-9)


@pytest.mark.parametrize("activation", ["identity", "sigmoid", "tanh", "relu"])
def test_numbers_beyond_any_axis_are_left_out(activation: str) -> None:
    network = Network(1, (Dense(1, activation),))
    params = Params.from_layers(network, [([[1e300]], [0.0])])
    data = Dataset.from_arrays(np.array([1e300, -2.0, 0.0, -1e300]), np.zeros(4))
    frame = Session(Experiment(network, batch_size=0, shuffle=False), data, params).frame()
    curve = curve_of(frame)
    assert np.isfinite(curve.z).all()
    assert curve.total == 4
    if activation == "identity":
        assert curve.tangent() is None


def test_which_unit_a_thing_belongs_to(session: Make) -> None:
    frame = session().frame()
    network, walk = frame.experiment.network, Walk.of(frame)
    assert curve_unit(network, Unit(1, 4)) == Unit(1, 4)
    assert curve_unit(network, Edge(2, 1, 3)) == Unit(2, 1)
    assert curve_unit(network, Edge(1, 2, BIAS)) == Unit(1, 2)
    assert curve_unit(network, PlusOne(1)) == Unit(1, 0)
    assert curve_unit(network, Target(2)) == Unit(2, 2)
    assert curve_unit(network, LossNode()) == Unit(2, 0)
    assert curve_unit(network, Unit(0, 1)) is None
    assert curve_unit(network, Unit(7, 0)) is None
    assert curve_unit(network, None) == Unit(2, 0)
    for address, unit in (("forward/h3/a", Unit(1, 2)), ("loss/o2", Unit(2, 1)), ("update/w1", Unit(1, 0))):
        assert curve_unit(network, None, walk.beat("edge", walk.find("edge", address))) == unit
    assert curve_unit(network, None, walk.beat("layer", 1)) == Unit(1, 0)
    with pytest.raises(ValueError, match="expected a unit of a layer, came input 2"):
        unit_curve(frame, Unit(0, 1), Row(0))


def test_an_example_that_is_not_there_any_more_becomes_the_first_row(session: Make) -> None:
    frame = session().frame()
    assert present(frame, Row(3)) == Row(3)
    assert present(frame, Row(4)) == Row(0)
    assert present(frame, Probe(11)) == Probe(11)
    assert present(frame, Probe(12)) == Row(0)
    assert present(frame, WholeBatch()) == WholeBatch()


def test_the_zone_of_a_place() -> None:
    curve = curve_of(one_unit("sigmoid", [0.0]))
    assert curve.zone(0.0) is None
    found = curve.zone(4.0)
    assert isinstance(found, Zone)
    assert found.kind == "flat"


def test_a_pixel_has_the_curve_of_its_unit_and_a_map_has_none() -> None:
    layers = (Conv2D(2, (2, 2), activation="tanh"), MaxPool2D((2, 2), (1, 1)), Flatten(), Activate("relu"), Dense(2))
    network = Network(16, layers, (1, 4, 4))
    pixel = Pixel(1, 1, 2, 0)
    unit = curve_unit(network, pixel)
    assert unit == Unit(1, 9 + 6)
    for element in (Map(1, 0), Kernel(1, 0, 0), KernelEntry(1, 0, 0, 1, 1), PlusOne(1), Pixel(2, 0, 0, 0), Unit(3, 2)):
        assert curve_unit(network, element) is None
    assert curve_unit(network, Unit(4, 2)) == Unit(4, 2)
    data = Dataset.from_arrays(np.random.default_rng(1).normal(size=(6, 16)), np.zeros((6, 2)))
    frame = Session(Experiment(network, batch_size=3), data).frame()
    curve = unit_curve(frame, Unit(1, 15), Row(0))
    assert curve is not None
    assert np.allclose(curve.dots[:, 0], frame.trace.layers[0].z.reshape(3, -1)[:, 15])

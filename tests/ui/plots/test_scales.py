import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ui.plots.scales import (
    LinearScale,
    LogScale,
    extremes,
    fit_linear,
    fit_log,
    fixed,
    linear_ticks,
    share_ticks,
    stack,
    step_ticks,
)


def test_ticks_are_written_without_the_dust_of_floating_point():
    assert linear_ticks(0.0, 0.5, 6) == [
        (0.0, "0"),
        (0.1, "0.1"),
        (0.2, "0.2"),
        (0.3, "0.3"),
        (0.4, "0.4"),
        (0.5, "0.5"),
    ]
    assert [text for _, text in linear_ticks(0.0, 1.0, 4)] == ["0", "0.25", "0.50", "0.75", "1.00"]
    assert fixed(250_000.0, 50_000.0, 400_000.0) == "2.5e5"
    assert fixed(2e-5, 1e-5, 1e-4) == "2e-5"


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9), st.integers(2, 12))
def test_linear_ticks_lie_inside_and_read_back(low: float, span: float, room: int):
    assume(span > 1e-6 * abs(low))
    ticks = linear_ticks(low, low + span, room)
    assert len(ticks) <= room + 1
    for position, text in ticks:
        assert low - 1e-6 * span <= position <= low + span * (1 + 1e-6)
        assert math.isclose(float(text), position, rel_tol=1e-6, abs_tol=1e-6 * span)


@given(st.floats(0, 1e7), st.floats(0.5, 1e7), st.integers(2, 10))
def test_steps_are_whole(low: float, span: float, room: int):
    for position, text in step_ticks(low, low + span, room):
        assert position == int(position)
        assert int(text.replace(",", "")) == position


def test_shares_have_a_middle():
    assert [text for _, text in share_ticks(0.0, 1.0, 2)] == ["0", "0.5", "1"]


@given(st.floats(1e-30, 1e30), st.floats(1, 1e6), st.integers(2, 8))
def test_a_logarithmic_axis_has_whole_decades_only_and_shows_at_least_two(low: float, factor: float, room: int):
    scale, bottom, top = fit_log(low, low * factor, low)
    assert bottom <= math.log10(low) <= math.log10(low * factor) <= top
    everything = scale.ticks(bottom, top, 100)
    assert len(everything) >= 2
    for position, text in scale.ticks(bottom, top, room):
        assert position == int(position)
        assert math.isclose(float(text), 10.0**position)


def test_an_exact_zero_lies_on_a_shelf_of_its_own():
    """Dropped, or drawn at the lowest decade, it would look like a small number."""
    values = np.array([0.0, 1e-3, 1e-2, np.nan, np.inf])
    low, high, positive = extremes([values]) or (1.0, 1.0, 1.0)
    assert (low, high, positive) == (0.0, 1e-2, 1e-3)
    scale, bottom, top = fit_log(low, high, positive)
    placed = scale.place(values)
    assert bottom <= placed[0] < math.log10(1e-3) - 0.3
    np.testing.assert_allclose(placed[1:3], [-3, -2])
    assert np.isnan(placed[3:]).all()
    assert scale.ticks(bottom, top, 8)[0] == (placed[0], "0")
    assert not any(abs(position - placed[0]) < 0.2 for position, _ in scale.ticks(bottom, top, 8)[1:])


def test_only_zeros_still_have_an_axis():
    scale, bottom, top = fit_log(0.0, 0.0, math.inf)
    assert isinstance(scale, LogScale)
    assert bottom < scale.place(np.zeros(1))[0] < top


def test_a_constant_does_not_lie_on_the_edge():
    for value in (0.0, 2.3, -4.0):
        scale, low, high = fit_linear(value, value, 4)
        assert isinstance(scale, LinearScale)
        assert low <= value < high
        assert high - low < 10 * max(abs(value), 1.0)


@given(st.lists(st.floats(-50, 250), max_size=12))
def test_names_never_overlap_and_stay_inside(wanted: list[float]):
    placed = stack(wanted, 14.0, 0.0, 200.0)
    ordered = sorted(placed)
    assert all(b - a >= 14.0 - 1e-6 for a, b in itertools.pairwise(ordered))
    assert all(7.0 - 1e-6 <= place <= 193.0 + 1e-6 for place in placed)
    order = np.argsort(wanted, kind="stable")
    assert list(np.array(placed)[order]) == ordered


@pytest.mark.parametrize("wanted", [[50.0, 100.0], [20.0, 40.0, 60.0]])
def test_names_with_room_stay_where_they_are(wanted: list[float]):
    assert stack(wanted, 14.0, 0.0, 200.0) == wanted


@given(st.floats(-60, -0.5), st.floats(0, 3), st.integers(3, 8))
def test_no_decade_stands_on_the_zero(smallest: float, largest: float, room: int):
    scale, low, high = fit_log(0.0, 10**largest, 10**smallest)
    assert scale.shelf is not None
    ticks = scale.ticks(low, high, room)
    assert (scale.shelf, "0") in ticks
    decades = [place for place, text in ticks if text != "0"]
    assert decades
    assert min(decades) - scale.shelf >= 0.5 * (high - low) / room

import re

import numpy as np
import pytest

from bpstudio.files.charts import HEIGHT, NAME_SPACING, Line, curves, ticks


def line(values, name="one", steps=None):
    values = np.asarray(values, float)
    return Line(name, np.arange(len(values)) if steps is None else steps, values, values, "red")


def points(page):
    return [
        [tuple(map(float, pair.split(","))) for pair in found.split()]
        for found in re.findall(r'polyline class=curve points="([^"]*)"', page)
    ]


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (0, 0.97), (-3, 12), (0, 1499), (1e-7, 3e-7), (0, 123456), (-0.2, -0.1)]
)
def test_ticks_are_round_even_and_cover_the_stretch(low, high):
    marks = ticks(low, high, 5)
    assert marks[0] <= low + 1e-9 * abs(low)
    assert marks[-1] >= high - 1e-9 * abs(high)
    assert 3 <= len(marks) <= 13
    assert np.allclose(np.diff(marks), marks[1] - marks[0])


def test_a_curve_falls_where_its_numbers_fall():
    (drawn,) = points(curves("Loss", "", [line([1.0, 0.5, 0.1])], log=True))
    heights = [y for _, y in drawn]
    assert heights == sorted(heights)
    assert min(heights) >= 0
    assert max(heights) <= HEIGHT


def test_equal_factors_are_equal_distances_on_a_logarithmic_axis():
    (drawn,) = points(curves("Loss", "", [line([1.0, 0.1, 0.01])], log=True))
    a, b, c = (y for _, y in drawn)
    assert b - a == pytest.approx(c - b, abs=0.11)


def test_a_logarithmic_axis_has_whole_decades():
    page = curves("Loss", "", [line([0.5, 0.02])], log=True)
    assert re.findall(r">(1e-?\d+)<", page) == ["1e-2", "1e-1", "1e0"]


def test_a_curve_is_not_drawn_across_what_does_not_exist():
    assert len(points(curves("Accuracy", "", [line([0.1, 0.2, np.nan, 0.4, 0.5])]))) == 2
    assert len(points(curves("Loss", "", [line([1, 0.5, 0, 0.2, 0.1])], log=True))) == 2


def test_extremes_between_two_points_are_a_band():
    both = Line("one", np.arange(3), np.array([0.0, 0.1, 0.2]), np.array([0.3, 0.9, 0.4]), "red")
    assert "<polygon" in curves("Loss", "", [both])
    assert "<polygon" not in curves("Loss", "", [line([1.0, 2.0])])


def test_names_do_not_cover_each_other():
    page = curves("Saturation", "", [line([0.5, 0.5 + 0.001 * index], f"layer{index}") for index in range(8)])
    places = sorted(float(y) for y in re.findall(r'class=name x="[^"]*" y="([^"]*)"', page))
    assert len(places) == 8
    assert min(np.diff(places)) >= NAME_SPACING - 0.2
    assert places[-1] < HEIGHT


@pytest.mark.parametrize("lines", [[], [line([np.nan, np.nan])]])
def test_nothing_recorded_is_said(lines):
    assert "Nothing was recorded" in curves("Saturation", "", lines)


@pytest.mark.parametrize("values", [[0.0], [0.0, 0.0], [5.0], [-1.0, -1.0], [1e300, 1.0], [1e-300, 1.0]])
@pytest.mark.parametrize("log", [True, False])
def test_any_numbers_make_finite_pixels(values, log):
    page = curves("Loss", "", [line(values)], log=log)
    assert "nan" not in page
    assert "inf" not in page


def test_names_are_escaped():
    page = curves("<b>", "<i>", [line([1.0], "<u>")])
    assert not re.search("<b>|<i>|<u>", page)

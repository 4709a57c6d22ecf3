"""Numbers become colours and widths on scales that are locked, and lines are drawn in the order of their strength."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PyQt6.QtCore import QRectF
from PyQt6.QtGui import QColor, QImage, QPainter

from ui import theme
from ui.canvas import scale, shade, sprites
from ui.canvas.strokes import blend, dashes, draw_lines, snap, zigzag


@pytest.mark.parametrize("name", ["mazur", "iris", "vanishing", "wide", "relu", "xor", "diverged"])
def test_the_legend_has_two_to_five_whole_decades(easel: Any, name: str) -> None:
    limits = easel.limits_of(name)
    assert 2 <= len(limits.ticks) <= 5
    assert all(np.log10(tick) == pytest.approx(round(np.log10(tick))) for tick in limits.ticks)
    assert limits.ticks[-1] == limits.top
    assert limits.ticks[0] == pytest.approx(limits.bottom)


def test_the_top_is_the_decade_above_the_largest_trained_gradient(easel: Any) -> None:
    assert (
        easel.limits_of("mazur").top == 0.1
    )  # the largest weight gradient is 0.083; the frozen biases' 0.138 is not asked


def test_layers_far_apart_get_a_wide_range(easel: Any) -> None:
    assert easel.limits_of("vanishing").decades == 8
    assert easel.limits_of("mazur").decades == 3


@given(st.floats(-30, 10))
def test_place_is_linear_in_the_logarithm_between_its_ends(exponent: float) -> None:
    limits = scale.Limits(top=0.1, decades=3)
    place = float(limits.place(np.array([-(10.0**exponent)]))[0])
    assert place == pytest.approx(min(max((exponent + 4) / 3, 0.0), 1.0), abs=1e-9)


def test_what_is_not_a_number_has_no_place() -> None:
    assert np.isnan(scale.Limits().place(np.array([np.nan]))[0])
    assert scale.Limits().place(np.array([np.inf]))[0] == 1.0


@given(st.floats(1e-300, 1e300))
def test_nice_is_the_next_of_1_2_5(value: float) -> None:
    nice = scale.nice(value)
    assert value <= nice * (1 + 1e-6)
    assert nice <= value * 2.5 * (1 + 1e-6)


def test_training_and_rates_stay_in_a_run_and_a_new_start_leaves_it(easel: Any) -> None:
    frame = easel.frame_of("mazur")
    same = replace(frame, step=7, experiment=frame.experiment.replace(batch_size=0))
    other = replace(frame, experiment=frame.experiment.replace(seed=frame.experiment.seed + 1))
    assert scale.run_of(same) == scale.run_of(frame) != scale.run_of(other)


def test_widths_grow_with_size_whatever_the_sign() -> None:
    wide = scale.widths(np.array([0.0, -0.5, 1.0, 7.0, np.nan]), 1.0, 5.0)
    assert wide.tolist() == [1.0, 3.0, 5.0, 5.0, 1.0]


def test_blend_of_full_and_no_strength() -> None:
    colors = np.array([0xFF102030, 0xFFFFFFFF], np.uint32)
    ground = QColor("#445566")
    assert blend(colors, ground, 1.0).tolist() == colors.tolist()
    assert blend(colors, ground, 0.0).tolist() == [ground.rgb()] * 2
    assert blend(colors, ground, np.array([1.0, 0.0])).tolist() == [int(colors[0]), ground.rgb()]


def test_a_higher_rank_is_painted_on_top(easel: Any) -> None:
    image = QImage(40, 40, QImage.Format.Format_RGB32)
    lines = np.array([[20.0, 0.0, 20.0, 40.0], [0.0, 20.0, 40.0, 20.0]])
    colors = np.array([0xFFFF0000, 0xFF0000FF], np.uint32)
    for ranks, top in (([1, 0], "#ff0000"), ([0, 1], "#0000ff")):
        image.fill(0)
        painter = QPainter(image)
        draw_lines(painter, lines, colors, np.array([4.0, 4.0]), np.array(ranks))
        painter.end()
        assert image.pixelColor(20, 20).name() == top


def test_dashes_lie_on_their_line_and_leave_gaps() -> None:
    lines = np.array([[0.0, 0.0, 90.0, 0.0], [0.0, 0.0, 0.0, 3.0]])
    pieces, owners = dashes(lines)
    long = pieces[owners == 0]
    assert (long[:, 2] <= 90.0).all()
    assert (long[1:, 0] > long[:-1, 2]).all(), "gaps"
    assert pieces[owners == 1].tolist() == [[0.0, 0.0, 0.0, 3.0]], "a line shorter than a dash is drawn"


def test_snap_never_makes_a_line_vanish() -> None:
    assert snap(np.array([0.1, 1.4, 1.6]), 1.0).tolist() == [1.0, 1.0, 2.0]


def test_zigzag_begins_and_ends_on_its_line() -> None:
    corners = zigzag(0.0, 0.0, 80.0, 0.0)
    assert corners[0] == (0.0, 0.0)
    assert corners[-1] == (80.0, 0.0)
    assert {abs(y) for _, y in corners[1:-1]} == {4.0}


def test_shade_is_strong_where_the_strong_edges_pass() -> None:
    sizes = np.full((10, 10), 1e-6)
    sizes[0, :] = 1.0  # all edges into the upper unit
    ys = np.linspace(0.0, 100.0, 10)
    mean, share = shade.shade(sizes, ys, ys, QRectF(0.0, 0.0, 100.0, 100.0))
    right = mean[:, -1]
    assert right[0] > 0.3
    assert right[-1] < 0.05
    assert share.max() == 1.0


def test_shade_of_equal_edges_is_their_size() -> None:
    ys = np.linspace(0.0, 300.0, 60)
    mean, share = shade.shade(np.full((60, 60), 0.25), ys, ys, QRectF(0.0, 0.0, 120.0, 300.0))
    assert np.allclose(mean[share > 0], 0.25)


def test_cells_of_a_matrix_keep_extremes_and_nan() -> None:
    values = np.zeros((40, 90))
    values[33, 71], values[3, 5] = -7.0, np.nan
    cells = shade.matrix_cells(values, 30.0, 20.0)
    assert cells.shape == (20, 30)
    assert np.nanmin(cells) == -7.0
    assert np.isnan(cells).sum() == 1


def test_copies_of_discs_have_the_colours_of_their_levels(easel: Any) -> None:
    look = theme.THEMES["dark"]
    atlas = sprites.discs(look, False, 5.0, "ringed", 1.0)
    image = QImage(60, 20, QImage.Format.Format_RGB32)
    image.fill(look.background)
    painter = QPainter(image)
    values = np.array([0.0, 0.5, 1.0])
    centers = np.array([[10.0, 10.0], [30.0, 10.0], [50.0, 10.0]])
    sprites.copy(painter, atlas, centers, sprites.levels(values, sprites.LEVELS))
    painter.end()
    for (x, y), value in zip(centers.tolist(), values.tolist(), strict=True):
        assert easel.near(image.pixelColor(int(x), int(y)), QColor(int(look.activation(value))), 6)

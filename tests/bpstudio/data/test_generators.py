import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpstudio.data.generators import GENERATORS, generate


@given(
    st.sampled_from(sorted(GENERATORS)), st.integers(2, 60), st.floats(0, 2), st.integers(0, 2**62), st.floats(0, 0.9)
)
def test_every_generator_is_a_pure_function_of_its_arguments(kind, rows, noise, seed, share):
    data = generate(kind, rows, noise, seed, share)
    assert generate(kind, rows, noise, seed, share).hash == data.hash
    assert data.rows == rows
    assert sorted([*data.train.tolist(), *data.validation.tolist()]) == list(range(rows))


@pytest.mark.parametrize("kind", sorted(GENERATORS))
def test_noise_and_seed_make_other_points(kind):
    assert generate(kind, 40, 0.1, 1).hash != generate(kind, 40, 0.1, 2).hash
    assert generate(kind, 40, 0.1, 1).hash != generate(kind, 40, 0.2, 1).hash


@pytest.mark.parametrize("kind", sorted(GENERATORS))
def test_another_share_of_validation_keeps_the_points(kind):
    some, more = (generate(kind, 40, 0.1, 1, share) for share in (0.1, 0.5))
    assert some.x.tolist() == more.x.tolist()
    assert len(more.validation) == 20


def test_four_exact_rows_of_xor_are_the_truth_table():
    data = generate("xor", 4)
    assert data.x.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert data.y[:, 0].tolist() == [0, 1, 1, 0]
    assert data.train.tolist() == [0, 1, 2, 3]
    cloud = generate("xor", 400, 0.1, 3)
    assert np.std(cloud.x - np.round(cloud.x)) == pytest.approx(0.1, rel=0.15)
    assert cloud.class_index.tolist() == generate("xor", 400).class_index.tolist()


def test_the_circle_has_a_gap_between_disc_and_ring():
    data = generate("circle", 300, seed=4, inner=0.3)
    radius = np.hypot(data.x[:, 0], data.x[:, 1])
    inside = data.class_index == 1
    assert radius[inside].max() <= 0.3
    assert radius[~inside].min() >= 0.7
    assert radius.max() <= 1
    assert inside.sum() == 150


def test_spiral_arms_are_half_a_turn_apart():
    data = generate("spirals", 200, turns=1.0)
    first, second = data.x[data.class_index == 0], data.x[data.class_index == 1]
    assert np.allclose(first, -second)
    t = np.arange(100) / 100
    assert np.allclose(first, np.column_stack([t * np.sin(2 * np.pi * t), t * np.cos(2 * np.pi * t)]))


def test_moons_are_the_two_half_circles():
    data = generate("moons", 101)
    upper, lower = data.x[data.class_index == 0], data.x[data.class_index == 1]
    assert np.allclose(np.hypot(upper[:, 0], upper[:, 1]), 1)
    assert upper[:, 1].min() >= -1e-12
    assert np.allclose(np.hypot(lower[:, 0] - 1, lower[:, 1] - 0.5), 1)
    assert lower[:, 1].max() <= 0.5 + 1e-12


def test_gaussians_have_their_centres_on_a_circle():
    two = generate("gaussians", 10, 0.0, distance=2)
    assert two.task == "binary"
    assert np.allclose(np.hypot(two.x[:, 0], two.x[:, 1]), 2)
    assert np.allclose(two.x[0], -two.x[1])
    five = generate("gaussians", 1000, 0.2, 7, 0.2, classes=5)
    assert five.task == "classes"
    assert five.y.shape == (1000, 5)
    assert np.bincount(five.class_index[five.validation]).tolist() == [40] * 5


def test_the_sine_goes_from_x_to_y():
    data = generate("sine", 9, periods=2)
    assert (data.task, data.input_names, data.output_names) == ("regression", ("x",), ("y",))
    assert data.x[[0, -1], 0].tolist() == [-np.pi, np.pi]
    assert np.allclose(data.y[:, 0], np.sin(2 * data.x[:, 0]))


def test_the_source_names_every_parameter_also_those_left_alone():
    source = generate("circle", 10).source
    assert dict(source.parameters) == {"inner": 0.5}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "square"}, "generator: expected one of circle, xor"),
        ({"rows": 1}, "rows: expected 2 to 1000000, got 1"),
        ({"rows": 10**9}, "rows: expected 2 to 1000000, got 1000000000"),
        ({"noise": -0.1}, "noise: expected 0 to 100, got -0.1"),
        ({"noise": float("nan")}, "noise: expected 0 to 100, got nan"),
        ({"seed": -1}, "seed: expected 0 or more, got -1"),
        ({"validation": 1.0}, "validation: expected a share from 0 to below 1, got 1.0"),
        ({"inner": 0.9}, r"parameters\.inner: expected from 0.05 to 0.7, got 0.9"),
        ({"inner": float("nan")}, r"parameters\.inner: expected from 0.05 to 0.7, got nan"),
        ({"outer": 1}, r"parameters\.outer: circle does not have it; it has inner"),
        ({"kind": "gaussians", "classes": 2.5}, r"parameters\.classes: expected a whole number from 2 to 10"),
        ({"kind": "gaussians", "classes": 5, "rows": 4}, "rows: expected at least one for each of 5 classes, got 4"),
    ],
)
def test_arguments_out_of_bounds_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        generate(**{"kind": "circle", **arguments})

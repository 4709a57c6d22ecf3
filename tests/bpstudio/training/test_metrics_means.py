import itertools

import numpy as np

from bpstudio.training.metrics import Series


def test_each_mean_is_that_of_its_stretch_of_steps():
    """A mean of cell means that forgets that the last cells hold fewer steps would be wrong at the end of a run."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=70_003)
    series = Series(1)
    series.append(values[:, None])
    for start, stop, points in ((0, 70_003, 100), (5, 69_999, 37), (0, 50, 200), (4096, 4096 + 17, 5)):
        steps, mean = series.view().means(0, start, stop, points)
        assert len(steps) <= max(points, 2) + 1
        bounds = [*steps.tolist(), stop]
        expected = [values[a:b].mean() for a, b in itertools.pairwise(bounds)]
        np.testing.assert_allclose(mean, expected, rtol=1e-9, atol=1e-12)


def test_the_mean_of_steps_that_were_given_up_is_still_known():
    values = np.arange(200_000.0)
    series = Series(1)
    series.append(values[:, None])
    series.forget(400_000)
    view = series.view()
    assert view.row(0) is None
    steps, mean = view.means(0, 0, 16_384, 4)
    # What is left of old steps are cells of 16 or more steps: the stretches begin on them and cover everything.
    assert steps[0] == 0
    bounds = [*steps.tolist(), 16_384]
    np.testing.assert_allclose(mean, [values[a:b].mean() for a, b in itertools.pairwise(bounds)])

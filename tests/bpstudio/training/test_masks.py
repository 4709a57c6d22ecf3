"""Dropout: masks from (seed, step, layer), or given by row; nothing is dropped outside training."""

import numpy as np
import pytest

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense, Dropout
from bpstudio.engine.network import Network
from bpstudio.training.experiment import Experiment
from bpstudio.training.optimizers import Momentum
from bpstudio.training.session import Session

RNG = np.random.default_rng(4)
DATA = Dataset.from_arrays(RNG.normal(size=(12, 3)), RNG.normal(size=(12, 2)))


def session(dropout: Dropout, seed: int = 5) -> Session:
    network = Network(3, (Dense(8, "tanh"), dropout, Dense(2, "identity")))
    return Session(Experiment(network, optimizer=Momentum(0.05), batch_size=5, seed=seed), DATA)


def test_masks_come_back_bitwise_wherever_one_stands() -> None:
    run = session(Dropout(0.4))
    seen = []
    for _ in range(150):
        run.step()
        seen.append((run.trace.slopes[1].copy(), run.params.flat.tobytes()))
    assert len({slope.tobytes() for slope, _ in seen}) > 140
    for step in (150, 1, 77, 64, 3, 129):
        run.seek(step)
        assert np.array_equal(run.trace.slopes[1], seen[step - 1][0])
        assert run.params.flat.tobytes() == seen[step - 1][1]


def test_what_is_kept_is_scaled_and_what_is_dropped_takes_no_error() -> None:
    run = session(Dropout(0.25))
    run.run(3)
    below, dropout, _ = run.trace.layers
    dropped = dropout.slope == 0
    assert set(np.unique(dropout.slope)) == {0.0, 1 / 0.75}
    assert (dropout.a[dropped] == 0).all()
    assert (below.delta[dropped] == 0).all()
    np.testing.assert_array_equal(dropout.a[~dropped], below.a[~dropped] * (1 / 0.75))


def test_a_rate_of_nothing_is_the_network_without_it() -> None:
    run, plain = session(Dropout(0.0)), session(Dropout(0.0, inverted=False))
    run.run(20)
    plain.run(20)
    assert run.params.flat.tobytes() == plain.params.flat.tobytes()


@pytest.mark.parametrize(("inverted", "factor"), [(True, 1.0), (False, 0.75)])
def test_outside_training_nothing_is_dropped(inverted: bool, factor: float) -> None:
    run = session(Dropout(0.25, inverted))
    params, x = run.params, DATA.x
    hidden = np.tanh(x @ params.W[0].T + params.b[0]) * factor
    np.testing.assert_allclose(run.predict(x), hidden @ params.W[2].T + params.b[2], rtol=1e-12)
    np.testing.assert_allclose(run.probe(4).layers[-1].a[0], run.predict(x[4:5])[0], rtol=1e-12)


def test_given_masks_follow_their_rows() -> None:
    masks = tuple("".join(RNG.choice(["0", "1"], 8)) for _ in range(12))
    run = session(Dropout(0.5, masks=masks))
    for _ in range(7):
        run.step()
        want = np.array([[2.0 * int(digit) for digit in masks[row]] for row in run.frame().batch])
        np.testing.assert_array_equal(run.trace.slopes[1], want)

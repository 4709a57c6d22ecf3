import gc

import numpy as np
import pytest

import bpstudio

STEPS = 1_000_000
BUDGET = 16 * 2**20


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_a_million_steps_stay_in_memory_and_every_one_can_be_reached_again():
    random = np.random.default_rng(3)
    x = random.uniform(-1, 1, (500, 2))
    dataset = bpstudio.Dataset.from_arrays(x, np.sign(x[:, :1] * x[:, 1:]), validation=np.arange(0, 500, 5))
    layers = (bpstudio.Dense(4, "tanh"), bpstudio.Dense(2, "tanh"), bpstudio.Dense(1, "tanh"))
    experiment = bpstudio.Experiment(
        bpstudio.Network(2, layers), optimizer=bpstudio.Momentum(0.01), batch_size=32, seed=1
    )
    session = bpstudio.Session(experiment, dataset, budget=BUDGET)
    seen = {}
    marks = np.unique(random.integers(0, STEPS, 12))
    for mark in (*marks, STEPS):
        session.run(int(mark) - session.step_number)
        seen[int(mark)] = (session.params.flat.tobytes(), session.loss)
    gc.collect()
    history = session.frame().metrics
    kept = sum(chunk.nbytes for leg in history.legs for level in leg.numbers.levels for chunk in level.chunks)
    assert kept < BUDGET
    for step in random.permutation(list(seen)):
        session.seek(int(step))
        assert (session.params.flat.tobytes(), session.loss) == seen[int(step)]
    steps, low, high = history.curve("loss")
    assert steps[0] == 0
    assert len(steps) < 5000
    assert np.isfinite(low).all()
    assert (low <= high).all()

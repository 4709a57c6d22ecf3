"""A step back inside the last interval replays a few steps, however far keyframes stand apart."""

import numpy as np

import bpstudio
from bpstudio.data.dataset import Dataset
from bpstudio.training import near
from bpstudio.training.near import CLOSEST, ROWS, Near
from bpstudio.training.session import Session


def large(budget: int = 256 * 2**20) -> Session:
    rng = np.random.default_rng(0)
    dataset = Dataset.from_arrays(rng.random((40, 300)), rng.random((40, 2)))
    network = bpstudio.Network(300, (bpstudio.Dense(30, "sigmoid"), bpstudio.Dense(2, "sigmoid")))
    return Session(bpstudio.Experiment(network, optimizer=bpstudio.SGD(0.1), batch_size=5), dataset, budget=budget)


def replayed(session: Session, step: int) -> int:
    """How many steps a seek computes."""
    starts: list[int] = []
    restore = session.cursor.restore
    session.cursor.restore = lambda at, memory: (starts.append(at), restore(at, memory))[1]  # type: ignore[method-assign]
    before = session.step_number
    session.seek(step)
    del session.cursor.restore
    return step - (starts[0] if starts else before)


def test_stepping_back_through_a_whole_interval_replays_few_steps_each_time() -> None:
    session = large()
    session.run(3000)
    segment = session.cursor.segment
    segment.thin(segment.nbytes // 3)
    assert segment.interval == 1024
    seen = {step: (session.seek(step), session.params.flat.tobytes())[1] for step in (2500, 2800, 2900)}
    session.seek(2999)
    counts = [replayed(session, step) for step in range(2998, 2060, -7)]
    assert max(counts[1:]) < CLOSEST, counts
    for step, digits in seen.items():
        session.seek(step)
        assert session.params.flat.tobytes() == digits


def test_the_digits_are_those_of_a_run_without_it() -> None:
    session, plain = large(budget=2**22), large()
    session.run(2000)
    plain.run(2000)
    rng = np.random.default_rng(3)
    for step in rng.integers(0, 2000, 40):
        session.seek(int(step))
        plain.seek(int(step))
        assert session.params.flat.tobytes() == plain.params.flat.tobytes()


def test_states_of_another_segment_are_never_taken() -> None:
    kept = Near(lambda: 10**6)
    one, other = object(), object()
    kept.keep(one, 64, np.arange(10.0))
    assert kept.before(other, 100) is None
    kept.keep(other, 32, np.zeros(10))
    assert kept.before(one, 100) is None
    found = kept.before(other, 100)
    assert found is not None
    assert (found[0], found[1].tolist()) == (32, [0.0] * 10)


def test_the_oldest_state_makes_room_and_memory_stays_what_it_is() -> None:
    kept, owner = Near(lambda: 10**6), object()
    for step in range(0, 100 * near.ROWS, 100):
        kept.keep(owner, step, np.full(10, float(step)))
    size = kept.nbytes
    kept.keep(owner, 10**6, np.zeros(10))
    assert kept.nbytes == size == ROWS * 80
    assert kept.before(owner, 50) is None
    assert kept.before(owner, 150) is not None


def test_where_there_is_no_room_nothing_is_kept() -> None:
    kept = Near(lambda: 10)
    kept.keep(self := object(), 1, np.zeros(10))
    assert kept.before(self, 5) is None
    assert kept.nbytes == 0

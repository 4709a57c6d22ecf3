"""A recording is the frames that one would have got by stopping at every step."""

import dataclasses

import numpy as np
import pytest

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense, Dropout
from bpstudio.engine.network import Network
from bpstudio.training import recording
from bpstudio.training.experiment import Experiment
from bpstudio.training.frame import Frame
from bpstudio.training.optimizers import SGD, Adam
from bpstudio.training.session import Session

RNG = np.random.default_rng(4)
DATA = Dataset.from_arrays(RNG.normal(size=(23, 3)), RNG.normal(size=(23, 2)))
NETWORK = Network(3, (Dense(8, "tanh"), Dropout(0.3), Dense(2, "identity")))
EXPERIMENT = Experiment(NETWORK, optimizer=Adam(0.01), batch_size=5)


def same(one: Frame, other: Frame) -> bool:
    """Bitwise the same step: parameters, trace, state, batch and cost."""
    pairs = [(one.params.flat, other.params.flat), (one.trace.arena, other.trace.arena), (one.batch, other.batch)]
    pairs += [(one.trace.x, other.trace.x), (one.row_loss, other.row_loss)]
    for name, values in one.state.items():
        pairs += [(values.flat, other.state[name].flat), (one.state_next[name].flat, other.state_next[name].flat)]
    numbers = ("step", "epoch", "position", "loss", "penalty", "rate", "begun")
    return all(np.array_equal(a, b) for a, b in pairs) and all(getattr(one, n) == getattr(other, n) for n in numbers)


def test_a_recording_is_what_stopping_at_every_step_shows() -> None:
    recorded, stepped = Session(EXPERIMENT, DATA), Session(EXPERIMENT, DATA)
    frames = recorded.record(150)
    assert len(frames) == 150
    for frame in frames:
        stepped.step()
        assert same(frame, stepped.frame())
    assert same(recorded.frame(), stepped.frame())
    assert [frame.step for frame in frames[10:13]] == [11, 12, 13]


def test_what_is_replayed_is_recorded_too_across_an_edit() -> None:
    run = Session(EXPERIMENT, DATA)
    run.run(20)
    run.apply(EXPERIMENT.replace(optimizer=Adam(0.05)))
    run.run(20)
    run.seek(5)
    frames = run.record(30)
    assert [frame.step for frame in frames] == list(range(6, 36))
    assert [frame.experiment.optimizer.rate for frame in frames[::14]] == [0.01, 0.05, 0.05]
    other = Session(EXPERIMENT, DATA)
    other.run(12)
    assert same(frames[6], other.frame())


def test_large_networks_are_replayed_between_what_is_kept() -> None:
    network = Network(3, (Dense(300, "tanh"), Dense(20, "tanh"), Dense(2, "identity")))
    recorded, stepped = (Session(EXPERIMENT.replace(network=network), DATA) for _ in range(2))
    frames = recorded.record(60)
    assert frames[0].params.flat.nbytes > recording.SMALL_BYTES
    for number in (59, 0, 7, 8, 31):
        stepped.seek(0)
        stepped.run(number + 1)
        assert same(frames[number], stepped.frame())


def test_a_recorded_frame_cannot_be_written_and_outlives_the_run() -> None:
    run = Session(EXPERIMENT, DATA)
    frame = run.record(3)[0]
    before = frame.params.flat.tobytes()
    run.run(200)
    assert frame.params.flat.tobytes() == before
    with pytest.raises(ValueError, match="read-only"):
        frame.trace.layers[0].z[...] = 0


def test_a_run_that_diverges_ends_its_recording() -> None:
    run = Session(dataclasses.replace(EXPERIMENT, optimizer=SGD(1e200)), DATA)
    frames = run.record(50)
    assert 0 < len(frames) < 50
    assert frames[-1].step == run.last_step


def test_what_would_not_fit_is_refused_before_anything_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "memory_limit", lambda: 2**20)
    run = Session(EXPERIMENT, DATA)
    with pytest.raises(ValueError, match=r"1,000,000 recorded steps of this network take \d+\.\d GiB"):
        run.record(1_000_000)
    assert run.step_number == 0

"""A run with a running-mean sparsity is saved with its means, and goes on to the same digits."""

import json
from pathlib import Path

import numpy as np
import pytest

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.files import lesson
from bpstudio.maths.penalties import L2, RunningSparsity
from bpstudio.training.experiment import Experiment
from bpstudio.training.session import Session


def run() -> Session:
    rng = np.random.default_rng(3)
    data = Dataset.from_arrays(rng.uniform(size=(9, 3)), rng.uniform(size=(9, 2)))
    network = Network(3, (Dense(4, name="code"), Dense(2)))
    session = Session(Experiment(network, batch_size=4, penalties=(L2(0.01), RunningSparsity(0.2, 0.1, (0,)))), data)
    session.run(17)
    return session


def test_what_was_saved_goes_on_bit_by_bit(tmp_path: Path) -> None:
    session, path = run(), tmp_path / "sparse.json"
    lesson.write(session.frame(), path)
    again = lesson.read(path).session()
    for each in (session, again):
        each.run(20)
    one, other = session.frame(), again.frame()
    assert one.params.flat.tobytes() == other.params.flat.tobytes()
    assert one.averages[0].tobytes() == other.averages[0].tobytes()
    assert one.averages[0].any()


def test_missing_and_wrong_means_are_named(tmp_path: Path) -> None:
    path = tmp_path / "sparse.json"
    lesson.write(run().frame(), path)
    for change, message in (
        ({}, r"state.running_means.code: missing"),
        ({"code": [0.1]}, r"state.running_means.code: expected 4 numbers, got 1"),
        ({"code": [0.1] * 4, "layer2": [0.1]}, r"state.running_means.layer2: not known here"),
    ):
        document = json.loads(path.read_text(encoding="utf-8"))
        document["state"]["running_means"] = change
        path.with_name("changed.json").write_text(json.dumps(document), encoding="utf-8")
        with pytest.raises(ValueError, match=message):
            lesson.read(path.with_name("changed.json"))

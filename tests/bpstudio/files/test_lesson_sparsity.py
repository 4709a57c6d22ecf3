"""A run with a running-mean sparsity is saved with its means, and goes on to the same digits."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense, Dropout
from bpstudio.engine.network import Network
from bpstudio.files import known, lesson
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


def test_a_lesson_can_promise_what_penalties_come_to() -> None:
    frame = run().frame()
    for what, value in (
        ("objective", frame.objective),
        ("penalty", frame.penalty),
        ("objective - loss", frame.objective - frame.loss),
        ("code.mean[1]", float(frame.trace.layers[0].a[:, 1].mean())),
        ("code.term[2]", float(frame.trace.layers[0].term[2])),  # type: ignore[index]
    ):
        promise = known.read({"what": what, "value": value, "after": 17, "decimals": 14}, "expected[0]")
        promise.check(frame.experiment.network, "expected[0]")
        assert promise.holds(frame), what
    absent = known.read({"what": "layer2.mean[0]", "value": 0, "after": 17}, "expected[0]")
    with pytest.raises(ValueError, match="is not computed here"):
        absent.measure(frame)


def test_a_promise_about_a_layer_that_has_no_weights_now_is_not_measured() -> None:
    session = run()
    layers = (*session.experiment.network.layers[:-1], Dropout(0.5), session.experiment.network.layers[-1])
    session.apply(session.experiment.replace(network=dataclasses.replace(session.experiment.network, layers=layers)))
    promise = known.read({"what": "layer2.dW", "value": [[0.5]], "after": 17, "decimals": 2}, "expected[0]")
    with pytest.raises(ValueError, match="no such numbers"):
        promise.measure(session.frame())


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

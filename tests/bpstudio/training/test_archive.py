"""A run that is frozen and put together again is the same run: every step of every branch, and what comes after."""

import numpy as np
import pytest

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense, Dropout
from bpstudio.engine.network import Network
from bpstudio.maths.penalties import RunningSparsity
from bpstudio.training.adaptive import Adam
from bpstudio.training.experiment import Experiment
from bpstudio.training.optimizers import SGD
from bpstudio.training.schedules import Plateau
from bpstudio.training.session import Session
from bpstudio.training.stopping import EarlyStopping


def run_with_a_past() -> Session:
    x = np.random.default_rng(0).normal(size=(30, 2))
    dataset = Dataset.from_arrays(x, (x[:, :1] > 0).astype(float), task="binary", validation=range(0, 30, 7))
    network = Network(2, (Dense(5, "sigmoid"), Dropout(0.3), Dense(1, "sigmoid")))
    experiment = Experiment(
        network,
        loss="bce",
        optimizer=Adam(0.05),
        batch_size=4,
        schedule=Plateau(0.5, patience=1),
        stopping=EarlyStopping(patience=60),
        penalties=(RunningSparsity(0.1, 0.3, layers=(1,)),),
    )
    run = Session(experiment, dataset)
    run.run(150)
    run.seek(40)
    run.apply(run.experiment.replace(optimizer=SGD(0.5)), name="rate")
    run.run(130)
    run.rename_branch(2, "slow")
    run.bookmark("", "note")
    run.seek(77)
    return run


def state(run: Session) -> bytes:
    frame = run.frame()
    parts = [frame.params, *frame.state.values(), *frame.state_next.values()]
    known = repr((frame.watched, frame.rate, frame.t, frame.epoch, frame.batch.tolist(), sorted(frame.averages)))
    return b"".join(part.flat.tobytes() for part in parts) + frame.trace.arena.tobytes() + known.encode()


def test_a_restored_run_has_the_digits_of_every_step_before_and_after() -> None:
    run = run_with_a_past()
    again = Session.restored(run.archive())
    assert (again.step_number, again.past.current, state(again)) == (77, 2, state(run))
    rng = np.random.default_rng(1)
    for branch, step in zip(rng.integers(1, 3, 40), rng.integers(0, 140, 40), strict=True):
        for each in (run, again):
            each.switch(int(branch), int(step))
        assert state(run) == state(again), (branch, step)
    for each in (run, again):
        each.switch(2, 170)
        each.run(90)
    assert (run.last_step, state(run)) == (again.last_step, state(again))
    for column in run.metrics.columns:
        for one, other in zip(run.metrics.curve(column), again.metrics.curve(column), strict=True):
            assert np.array_equal(one, other, equal_nan=True)
    assert np.array_equal(run.metrics.validation, again.metrics.validation)


def test_an_archive_stays_what_it_was_while_training_goes_on() -> None:
    run = run_with_a_past()
    run.switch(2, 170)
    wanted, archive = state(run), run.archive()
    last = archive.segments[archive.branch.segments[-1]]
    recorded = last.numbers.length
    run.run(3000)
    assert last.numbers.length == recorded
    again = Session.restored(archive)
    assert (again.step_number, again.last_step, state(again)) == (170, 170, wanted)


def test_an_archive_holds_the_state_of_the_present_step_itself() -> None:
    """Another processor may replay other last digits: what is on the screen has to be in the file."""
    run = run_with_a_past()
    archive = run.archive()
    kept = archive.segments[archive.branch.segments[-1]].keyframes
    assert kept[77][: run.params.flat.size].tobytes() == run.params.flat.tobytes()


def test_few_keyframes_are_enough_for_the_same_digits() -> None:
    run = run_with_a_past()
    run.switch(2, 170)
    run.run(2000)
    everything, few = run.archive(), run.archive(keyframe_bytes=4000)
    counts = [sum(len(segment.keyframes) for segment in each.segments.values()) for each in (everything, few)]
    assert counts[1] < counts[0] / 3
    again = Session.restored(few)
    for step in (900, 170, 800):
        run.seek(step)
        again.seek(step)
        assert state(run) == state(again)


def test_undo_and_new_branches_work_after_restoring() -> None:
    again = Session.restored(run_with_a_past().archive())
    assert again.undo() is None
    again.apply(again.experiment.replace(batch_size=7), name="batch size")
    assert [branch.number for branch in again.past.branches] == [1, 2, 3]
    segments = {s.number for branch in again.past.branches for s in branch.chain.segments}
    assert len(segments) == 3  # no number is given twice
    assert again.undo() == "batch size"
    assert again.past.bookmarks[0].note == "note"


def test_parts_that_do_not_fit_are_refused() -> None:
    archive = run_with_a_past().archive()
    one, two = (archive.segments[branch.segments[-1]] for branch in archive.branches)
    wrong = {**archive.segments, two.number: _changed(two, numbers=one.units)}
    with pytest.raises(ValueError, match=f"segment {two.number}: what was recorded"):
        Session.restored(_changed(archive, segments=wrong))
    short = {**archive.segments, two.number: _changed(two, keyframes={two.start: np.zeros(3)})}
    with pytest.raises(ValueError, match=f"segment {two.number}: its keyframe of step"):
        Session.restored(_changed(archive, segments=short))
    branch = archive.branches[1]
    backwards = _changed(branch, segments=branch.segments[::-1])
    with pytest.raises(ValueError, match="one after the other"):
        Session.restored(_changed(archive, branches=(archive.branches[0], backwards)))


def _changed(record: object, **changes: object):  # type: ignore[no-untyped-def]
    import dataclasses

    return dataclasses.replace(record, **changes)  # type: ignore[type-var]

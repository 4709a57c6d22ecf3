"""Branches, marks and undo: whatever is changed in the past, the old future stays, digit for digit."""

import numpy as np
import pytest

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.training.adaptive import Adam
from bpstudio.training.breakpoints import Breakpoint
from bpstudio.training.conditions import GradientNorm
from bpstudio.training.experiment import Experiment
from bpstudio.training.optimizers import SGD
from bpstudio.training.past import LONGEST_NAME, MOST_UNDONE
from bpstudio.training.session import Session


def session(**changes: object) -> Session:
    x = np.random.default_rng(0).normal(size=(30, 2))
    dataset = Dataset.from_arrays(x, (x[:, :1] > 0).astype(float), task="binary", validation=range(0, 30, 7))
    network = Network(2, (Dense(3, "tanh"), Dense(1, "sigmoid")))
    return Session(Experiment(network, loss="bce", optimizer=Adam(0.05), batch_size=4).replace(**changes), dataset)


def state(run: Session) -> bytes:
    frame = run.frame()
    parts = [frame.params, *frame.state.values(), *frame.state_next.values()]
    return b"".join(part.flat.tobytes() for part in parts) + frame.trace.arena.tobytes()


def forked() -> tuple[Session, dict[tuple[int, int], bytes]]:
    """Branch 1 to step 100, branch 2 with another rate from step 40 to step 90; and what some steps were."""
    run, seen = session(), {}
    for step in (0, 40, 70, 100):
        run.run(step - run.step_number) if step else None
        seen[1, step] = state(run)
    run.seek(40)
    run.apply(run.experiment.replace(optimizer=SGD(0.5)), name="rate")
    for step in (40, 60, 90):
        run.run(step - run.step_number)
        seen[2, step] = state(run)
    return run, seen


def test_a_change_in_the_past_leaves_the_old_future_as_a_branch() -> None:
    run, seen = forked()
    first, second = run.past.branches
    assert (first.number, first.parent, first.first, first.last, first.step) == (1, None, 0, 100, 40)
    assert (second.number, second.parent, second.fork, second.last, second.cause) == (2, 1, 40, 90, "rate")
    assert run.past.current == 2
    for (branch, step), digits in reversed(seen.items()):
        run.switch(branch, step)
        assert state(run) == digits, (branch, step)


def test_a_change_at_the_end_goes_on_in_the_same_branch() -> None:
    run = session()
    run.run(20)
    run.apply(run.experiment.replace(optimizer=SGD(0.1)))
    run.run(5)
    assert [(branch.number, branch.last) for branch in run.past.branches] == [(1, 25)]


def test_every_place_of_a_drag_is_the_same_new_branch() -> None:
    run, drag = session(), object()
    run.run(20)
    run.seek(5)
    for value in (0.1, 0.2, 0.3):
        params = run.params
        params.W[0][0, 0] = value
        run.apply(params=params, name="drag w", drag=drag)
    assert [(branch.number, branch.fork) for branch in run.past.branches] == [(1, 0), (2, 5)]
    assert run.undo() == "drag w"
    assert ([branch.number for branch in run.past.branches], run.step_number, run.last_step) == ([1], 5, 20)


def test_a_restart_keeps_what_was_trained_as_a_branch_unless_it_is_the_same_run_again() -> None:
    run = session()
    run.run(10)
    run.reset()
    assert len(run.past.branches) == 1  # the same start and the same description: the same digits
    run.run(10)
    run.reseed()
    assert [(each.number, each.parent, each.last) for each in run.past.branches] == [(1, None, 10), (2, None, 0)]


def test_another_run_altogether_has_no_branches_and_undo_leads_back() -> None:
    run, seen = forked()
    run.bookmark("", "here")
    run.restart(run.experiment, run.dataset, run.params, "open", is_other=True)
    assert (len(run.past.branches), run.past.bookmarks) == (1, ())
    assert run.undo() == "open"
    assert (len(run.past.branches), run.past.current, run.step_number) == (2, 2, 90)
    assert state(run) == seen[2, 90]


def test_undo_after_training_on_returns_to_the_exact_state() -> None:
    run, seen = forked()
    run.gesture("training")
    run.run(500)
    run.switch(1, 70)
    run.apply(run.experiment.replace(batch_size=7), name="batch size")
    run.run(30)
    assert (run.undo(), run.past.current, run.step_number, state(run)) == ("batch size", 1, 70, seen[1, 70])
    assert (run.undo(), run.past.current, run.step_number, state(run)) == ("training", 2, 90, seen[2, 90])
    assert (run.undo(), run.past.current, run.step_number, state(run)) == ("rate", 1, 40, seen[1, 40])
    for name in ("rate", "training", "batch size"):
        assert run.redo() == name
    assert (run.past.current, run.step_number, run.experiment.batch_size) == (3, 100, 7)
    frame = run.frame()
    assert (frame.undo_names, frame.redo_names) == (("batch size", "training", "rate"), ())


def test_a_branch_can_begin_without_a_change_and_has_the_digits_of_its_parent() -> None:
    run = session()
    run.run(30)
    wanted = state(run)
    run.seek(10)
    number = run.branch("  mine\n")
    assert (run.past.branch.name, run.past.branch.parent, run.past.branch.fork) == ("mine", 1, 10)
    run.run(20)
    assert (run.past.current, state(run)) == (number, wanted)


def test_a_switch_to_the_present_branch_stays_where_the_run_is() -> None:
    run, seen = forked()
    run.switch(1, 70)
    run.switch(2)
    run.seek(60)
    run.switch(2)
    assert (run.past.current, run.step_number, state(run)) == (2, 60, seen[2, 60])


def test_branches_are_renamed_and_deleted_as_gestures() -> None:
    run, seen = forked()
    assert run.rename_branch(2, "x" * 200)
    assert not run.rename_branch(2, "x" * 200)
    assert run.past.branch.name == "x" * LONGEST_NAME
    run.bookmark("", "on two")
    run.delete_branch(2)  # the one on which the run is
    assert (run.past.current, len(run.past.branches), run.past.bookmarks) == (1, 1, ())
    with pytest.raises(ValueError, match="the only one"):
        run.delete_branch(1)
    assert run.undo() == "delete branch"
    assert (run.past.current, run.past.bookmarks[0].note, state(run)) == (2, "on two", seen[2, 90])
    with pytest.raises(ValueError, match="expected one of 1, 2, got 7"):
        run.switch(7)
    with pytest.raises(ValueError, match="expected 0 to 100, got 101"):
        run.switch(1, 101)
    assert state(run) == seen[2, 90]


def test_grandchildren_of_a_deleted_branch_keep_their_steps() -> None:
    run, _ = forked()
    run.seek(60)
    run.apply(run.experiment.replace(optimizer=SGD(0.01)))
    run.run(10)
    wanted = state(run)
    run.delete_branch(2)
    child = run.past.numbered(3)
    assert (child.parent, child.fork, child.last) == (1, 40, 70)
    run.switch(3, 70)
    assert state(run) == wanted


def test_bookmarks_lead_back_to_their_branch_and_step() -> None:
    run, seen = forked()
    run.switch(1, 70)
    mark = run.bookmark("backward/w5", "why?")
    run.switch(2, 60)
    run.go_to_bookmark(mark)
    assert (run.past.current, run.step_number, state(run)) == (1, 70, seen[1, 70])
    assert run.annotate(mark, "because")
    assert not run.annotate(mark, "because")
    assert run.frame().bookmarks[0].note == "because"
    run.remove_bookmark(mark)
    assert (run.undo(), run.past.bookmarks[0].note) == ("remove bookmark", "because")
    with pytest.raises(ValueError, match="bookmark"):
        run.go_to_bookmark(9)


def test_breakpoints_are_set_as_one_gesture() -> None:
    run = session()
    wanted = (Breakpoint(1, GradientNorm(high=3.0)),)
    assert run.set_breakpoints(wanted)
    assert not run.set_breakpoints(wanted)
    assert run.frame().breakpoints == wanted
    assert (run.undo(), run.past.breakpoints) == ("breakpoint", ())


def test_a_compared_branch_is_shown_at_the_same_step_and_looking_changes_nothing() -> None:
    run, seen = forked()
    run.switch(2, 60)
    run.compare(1)
    beside = run.frame().beside
    assert beside is not None
    assert (beside.branch, beside.step) == (1, 60)
    assert run.frame().undo == "rate"
    run.switch(1, 60)
    assert run.frame().beside is None  # with itself there is nothing to compare
    assert run.params.flat.tobytes() == beside.params.flat.tobytes()
    run.switch(2, 90)
    run.run(20)
    assert run.frame().beside is None  # branch 1 ends at step 100
    assert state(run) != seen[2, 90]


def test_a_frame_shows_every_branch_with_its_curves() -> None:
    run, _ = forked()
    first, second = run.frame().branches
    assert (first.last, second.last) == (100, 90)
    assert np.array_equal(first.metrics.curve("loss")[1][:40], second.metrics.curve("loss")[1][:40])
    assert not np.array_equal(first.metrics.curve("loss")[1][41:60], second.metrics.curve("loss")[1][41:60])
    assert run.frame().branches[0] is first  # what does not grow is not made again


def test_what_can_be_undone_is_bounded() -> None:
    run = session()
    for number in range(MOST_UNDONE + 20):
        run.gesture(str(number))
    names = run.frame().undo_names
    assert (len(names), names[0], names[-1]) == (MOST_UNDONE, str(MOST_UNDONE + 19), "20")


def test_a_budget_holds_whatever_is_edited() -> None:
    """Each of these begins a stretch with a state of its own, to which only undo leads; the oldest are forgotten."""
    run = session()
    run.hold(60_000)
    for number in range(100):
        run.restart(run.experiment, run.dataset, run.params, str(number), is_other=True)
        run.run(40)
    assert run._holding.nbytes <= 60_000  # what undo holds can be seen nowhere else
    names = run.frame().undo_names
    assert names[0] == "99"
    assert 40 < len(names) < 90
    wanted = state(run)
    for _ in names:
        assert run.undo() is not None
    for _ in names:
        run.redo()
    assert state(run) == wanted


def test_a_smaller_budget_holds_at_once() -> None:
    run = session()
    run.run(1500)
    before = run._holding.nbytes
    run.hold(before // 4)
    assert run._holding.nbytes <= 0.8 * before // 4


def test_what_is_no_step_and_no_address_is_refused_and_changes_nothing() -> None:
    run, seen = forked()
    for move, wrong in ((run.seek, 3.0), (run.seek, "3"), (run.run, 2.5), (run.run, None)):
        with pytest.raises(ValueError, match="expected a whole number, got"):
            move(wrong)  # type: ignore[operator]
    with pytest.raises(ValueError, match="expected 0 or more, got -3"):
        run.run(-3)
    with pytest.raises(ValueError, match="address: expected at most 2,000 characters, got 2,001"):
        run.bookmark("x" * 2001)
    assert (run.past.bookmarks, state(run)) == ((), seen[2, 90])
    run.seek(np.int64(60))  # type: ignore[arg-type]
    assert state(run) == seen[2, 60]

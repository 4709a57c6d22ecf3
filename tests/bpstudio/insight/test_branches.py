"""The tree of branches: who comes out of whom, which steps two of them share, what they are called."""

from dataclasses import replace

import numpy as np
import pytest

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.insight.branches import forks, lane_of, lanes, parting, path, title, value_at
from bpstudio.training.experiment import Experiment
from bpstudio.training.optimizers import SGD
from bpstudio.training.session import Session


def session() -> Session:
    data = Dataset.from_arrays(np.linspace(-1, 1, 8)[:, None], np.linspace(0, 1, 8)[:, None])
    return Session(Experiment(Network(1, (Dense(2, "tanh"), Dense(1))), optimizer=SGD(0.1), batch_size=4), data)


def slower(run: Session, step: int, rate: float, until: int, name: str = "change learning rate") -> None:
    run.seek(step)
    run.apply(run.experiment.replace(optimizer=SGD(rate)), name=name)
    run.run(until - run.step_number)


@pytest.fixture(scope="module")
def tree() -> Session:
    """1: to step 40. 2 out of 1 at step 20, 3 out of 2 at step 30, 4 out of 1 at step 10, though it was 2 that was
    left there; 5 begins anew.
    """
    run = session()
    run.run(40)
    slower(run, 20, 0.2, 35)
    slower(run, 30, 0.05, 60)
    run.switch(2, 10)
    slower(run, 10, 0.3, 25)
    run.reset()
    run.run(5)
    return run


def test_each_step_of_a_path_lies_on_one_branch(tree: Session) -> None:
    branches = tree.frame().branches
    assert [(each.number, each.parent, each.fork) for each in branches[1:]] == [
        (2, 1, 20),
        (3, 2, 30),
        (4, 2, 10),
        (5, None, 0),
    ]
    for branch in branches:
        stretches = path(branches, branch.number)
        assert [step for each in stretches for step in range(each.start, each.stop)] == [*range(branch.last + 1)]
    assert [each.number for each in path(branches, 3)] == [1, 2, 3]
    assert [lane_of(branches, 3, step) for step in (0, 19, 20, 29, 30, 60, 99)] == [1, 1, 2, 2, 3, 3, 3]


def test_two_branches_part_where_their_numbers_do(tree: Session) -> None:
    branches = tree.frame().branches
    for one in branches:
        for other in branches:
            step = parting(branches, one.number, other.number)
            if one is other:
                assert step == one.last + 1
                continue
            shared = 0 if step is None else step
            mine, theirs = (each.metrics.curve("loss", points=10_000)[1] for each in (one, other))
            assert np.array_equal(mine[:shared], theirs[:shared])
            if 0 < shared < min(len(mine), len(theirs)) - 1:
                assert mine[shared + 1] != theirs[shared + 1], (one.number, other.number)
    assert forks(branches, 1) == ((10, 4), (20, 2), (20, 3))
    assert forks(branches, 3) == ((10, 4), (20, 1), (30, 2))
    assert forks(branches, 5) == ()


def test_a_lane_comes_out_of_the_lane_that_it_leaves_and_crosses_no_other(tree: Session) -> None:
    rows = lanes(tree.frame().branches)
    assert [(each.branch.number, each.origin) for each in rows] == [(1, None), (2, 0), (3, 1), (4, 0), (5, None)]
    for row, lane in enumerate(rows):
        between = rows[(lane.origin if lane.origin is not None else row) + 1 : row]
        assert all(each.start >= lane.start for each in between)
    assert [each.start for each in rows] == [0, 20, 30, 10, 0]


def test_a_branch_that_begins_where_its_parent_does_comes_out_of_the_same_lane() -> None:
    run = session()
    run.run(20)
    slower(run, 10, 0.2, 20)
    slower(run, 10, 0.3, 15)
    branches = run.frame().branches
    assert [(each.parent, each.fork) for each in branches[1:]] == [(1, 10), (2, 10)]
    assert [each.origin for each in lanes(branches)] == [None, 0, 0]
    assert [each.number for each in path(branches, 3)] == [1, 3]


def test_a_branch_is_called_by_its_name_or_by_the_change_that_made_it(tree: Session) -> None:
    branches = tree.frame().branches
    titles = [title(branches, each.number, str) for each in branches]
    assert titles[:4] == ["first run", "branch 2 · η = 0.2", "branch 3 · η = 0.05", "branch 4 · η = 0.3"]
    assert titles[4] == "branch 5 · reset"
    words = {"first run": "最初的训练", "branch {number} · {cause}": "分支 {number} · {cause}", "reset": "重置"}
    assert title(branches, 1, lambda text: words[text]) == "最初的训练"
    assert title(branches, 5, lambda text: words[text]) == "分支 5 · 重置"
    run = session()
    run.run(3)
    run.seek(1)
    run.branch()
    run.branch("slow {start}")
    assert [title(run.frame().branches, number, str) for number in (1, 2, 3)] == [
        "first run",
        "branch 2",
        "slow {start}",
    ]
    run.run(2)
    run.seek(1)
    run.apply(run.experiment.replace(batch_size=2), name="rename {seed}")
    assert title(run.frame().branches, 4, str) == "branch 4 · rename {seed}"


def test_a_cycle_of_parents_ends() -> None:
    run = session()
    run.run(6)
    slower(run, 3, 0.2, 8)
    one, two = run.frame().branches
    branches = (replace(one, parent=2, fork=2), two)
    assert {each.branch.number for each in lanes(branches)} <= {1, 2}
    assert path(branches, 2)[-1].number == 2


def test_a_value_is_exact_or_the_range_of_its_stretch() -> None:
    run = session()
    run.run(3000)
    metrics = run.frame().metrics
    exact = metrics.value("loss", 7)
    assert value_at(metrics, "loss", 7) == (exact, exact)
    assert value_at(metrics, "loss", 3001) is None
    run.hold(60_000)
    thinned = run.frame().metrics
    assert exact is not None
    assert thinned.value("loss", 7) is None
    low, high = value_at(thinned, "loss", 7) or (0.0, 0.0)
    assert low <= exact <= high
    assert low < high

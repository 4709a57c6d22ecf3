"""What a run is called: it changes no digit, and undo brings it back with the rest."""

from collections.abc import Callable

import numpy as np

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.engine.trace import draw_params
from bpstudio.training.caption import Caption
from bpstudio.training.experiment import Experiment
from bpstudio.training.optimizers import SGD
from bpstudio.training.session import Session

DATA = Dataset.from_arrays(np.array([[0.1, 0.9], [0.4, 0.2]]), np.array([[0.0], [1.0]]))
EXPERIMENT = Experiment(Network(2, (Dense(2), Dense(1))), batch_size=0)
NAMED = Caption("Sheet 3", (("w1", "v11"),), (2, 2, 1))


def test_a_name_is_one_gesture_and_no_digit_depends_on_it() -> None:
    named, plain = Session(EXPERIMENT, DATA), Session(EXPERIMENT, DATA)
    for session in (named, plain):
        session.run(70)
    assert named.rename(NAMED, "rename w1")
    assert not named.rename(NAMED, "rename w1"), "it is called so already"
    for session in (named, plain):
        session.run(30)
    assert named.frame().params.flat.tobytes() == plain.frame().params.flat.tobytes()
    assert len(named.frame().metrics.legs) == 1, "no new stretch begins"
    assert named.frame().undo == "rename w1"
    named.undo()
    assert (named.frame().caption, named.step_number) == (Caption(), 70)
    named.redo()
    assert (named.frame().caption, named.step_number) == (NAMED, 100)


def test_a_name_stays_through_edits_resets_and_rewinds() -> None:
    session = Session(EXPERIMENT, DATA, caption=NAMED)
    acts: tuple[Callable[[], object], ...] = (
        lambda: session.run(5),
        lambda: session.seek(2),
        lambda: session.apply(EXPERIMENT.replace(optimizer=SGD(0.1))),
        lambda: session.apply(EXPERIMENT.replace(network=Network(2, (Dense(3), Dense(1))))),
        session.reseed,
        session.reset,
        session.undo,
    )
    for act in acts:
        act()
        assert session.frame().caption == NAMED


def test_another_exercise_brings_its_own_name_and_undo_the_old_one() -> None:
    session = Session(EXPERIMENT, DATA, caption=NAMED)
    start = draw_params(EXPERIMENT.network, 7)
    session.restart(EXPERIMENT, DATA, start, "again")
    assert session.frame().caption == NAMED, "none was given"
    session.restart(EXPERIMENT, DATA, start, "other", Caption("Sheet 4"))
    assert session.frame().caption == Caption("Sheet 4")
    session.undo()
    assert session.frame().caption == NAMED

"""A moment of a run as a lesson: somebody else's program comes to the same digits."""

import dataclasses

import numpy as np
import pytest

import bpstudio
from bpstudio.data.dataset import Dataset
from bpstudio.files import lesson
from bpstudio.files.moment import MOST_NUMBERS, moment
from bpstudio.training.session import Session


def reread(exported: lesson.Lesson) -> lesson.Lesson:
    return lesson.parse(lesson.text(exported))


def broken(opened: lesson.Lesson) -> list[str]:
    """The promises that the run of a lesson does not keep."""
    session = opened.session()
    frames = {session.step_number: session.frame()}
    session.run(1)
    frames[session.step_number] = session.frame()
    return [known.what for known in opened.expected if not known.holds(frames[known.after])]


def trained(**changes: object) -> Session:
    random = np.random.default_rng(5)
    data = Dataset.from_arrays(random.uniform(-1, 1, (11, 3)), random.uniform(0, 1, (11, 2)))
    layers = (bpstudio.Dense(4, "tanh"), bpstudio.Dropout(0.5), bpstudio.Dense(2, "sigmoid"))
    values = {"optimizer": bpstudio.Adam(0.01), "batch_size": 4, "seed": 3, "penalties": (bpstudio.L2(0.01),)}
    return Session(bpstudio.Experiment(bpstudio.Network(3, layers), **(values | changes)), data)


@pytest.mark.parametrize("name", ["mazur", "optimisers", "cuts", "lenet"])
@pytest.mark.parametrize("step", [0, 5])
def test_the_digits_of_a_moment_come_out_again(name, step):
    whole = lesson.load(name)
    session = whole.session()
    session.run(step)
    opened = reread(moment(session.frame(), whole))
    assert opened.session().step_number == step
    assert broken(opened) == []
    asked = {known.what.partition("[")[0] for known in opened.expected}
    last = whole.experiment.network.layer_names[-1]
    assert {"loss", f"{last}.a", f"{last}.dW", f"{last}.W"} <= asked
    assert {known.after for known in opened.expected} == {step, step + 1}
    assert all(np.size(known.value) <= MOST_NUMBERS for known in opened.expected)


def test_it_goes_on_as_the_run_did_with_its_optimiser_dropout_and_place_in_the_data():
    session = trained()
    session.run(7)
    opened = reread(moment(session.frame()))
    assert broken(opened) == []
    again = opened.session()
    for each in (session, again):
        each.run(20)
    assert again.params.flat.tobytes() == session.params.flat.tobytes()


@pytest.mark.parametrize("place", ["parameters", "optimizer"])
def test_another_digit_in_the_state_breaks_a_promise(place):
    session = trained()
    session.run(7)
    opened = moment(session.frame())
    state = opened.state
    assert state is not None
    altered = state.params if place == "parameters" else state.optimizer["m"]
    altered.W[2][0, 1] += 1e-6
    assert "layer3.W" in broken(opened)


def test_start_values_that_were_drawn_stand_in_the_file():
    session = trained()
    assert lesson.capture(session.frame()).start is None
    opened = reread(moment(session.frame()))
    assert opened.start is not None
    assert opened.start.flat.tobytes() == session.params.flat.tobytes()


def test_what_speaks_of_other_steps_is_left_out_and_the_words_stay_while_they_are_true():
    whole = lesson.load("mazur")
    session = whole.session()
    session.run(3)
    exported = moment(session.frame(), whole, digits=9, grain="edge")
    assert exported.text == whole.text
    assert (exported.scenes, exported.variants, exported.locks) == ((), (), ())
    assert (exported.digits, exported.grain, exported.notation) == (9, "edge", whole.notation)
    assert "step 3" in exported.title.within("en")
    assert {known.after for known in exported.expected} == {3, 4}
    session.apply(session.experiment.replace(loss="squared_error"))
    assert not moment(session.frame(), whole).text


def test_a_step_far_on_in_a_run_can_be_promised():
    whole = lesson.load("mazur")
    session = whole.session()
    session.run(2)
    captured = lesson.capture(session.frame())
    assert captured.state is not None
    far = captured.replace(state=dataclasses.replace(captured.state, step=5_000_000))
    opened = reread(moment(far.session().frame()))
    assert {known.after for known in opened.expected} == {5_000_000, 5_000_001}
    assert broken(opened) == []


def test_a_step_that_is_not_finite_promises_what_is():
    session = trained(optimizer=bpstudio.SGD(1e200))
    with np.errstate(all="ignore"):
        session.run(50)
        frame = session.frame()
        assert frame.nonfinite is not None
        opened = reread(moment(frame))
    assert opened.session().step_number == frame.step
    assert {known.after for known in opened.expected} <= {frame.step}


def test_rows_chosen_by_hand_are_refused_because_a_lesson_has_no_place_for_them():
    session = trained()
    by_hand = Session(session.experiment, session.dataset, batches=[np.array([3, 1]), np.array([0])])
    by_hand.run(3)
    with pytest.raises(ValueError, match="chosen by hand"):
        moment(by_hand.frame())

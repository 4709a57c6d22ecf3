"""Which switch of a lesson a run is on is read off the run."""

import pytest

from bpstudio.files import lesson
from bpstudio.files.lesson import Lesson
from bpstudio.files.switches import Choice, Switches
from bpstudio.training.optimizers import SGD
from bpstudio.training.session import Session


def switch(session: Session, choice: Choice) -> None:
    session.restart(choice.lesson.experiment, choice.lesson.dataset, choice.origin, "switch")


def name(choice: Choice | None) -> str | None:
    return choice.variant.name if choice is not None and choice.variant is not None else None


@pytest.mark.parametrize("which", lesson.NAMES)
def test_every_switch_is_known_again_by_its_run(which: str) -> None:
    opened = lesson.load(which)
    session, switches = opened.session(), Switches(opened)
    assert switches.on(session.frame()) is switches.base
    for choice in switches.choices:
        switch(session, choice)
        assert switches.on(session.frame()) is choice
        session.run(2)
        assert switches.on(session.frame()) is choice
        session.reset()
        assert switches.on(session.frame()) is choice


def test_what_is_edited_is_no_switch_any_more_until_it_is_undone() -> None:
    opened = lesson.load("mazur")
    session, switches = opened.session(), Switches(opened)
    session.run(5)
    session.apply(experiment=session.experiment.replace(optimizer=SGD(0.1)))
    assert switches.on(session.frame()) is None
    session.seek(3)
    assert switches.on(session.frame()) is switches.base, "before the edit it still is the lesson"
    session.seek(5)
    session.apply(experiment=session.experiment.replace(optimizer=SGD(0.5)))
    assert switches.on(session.frame()) is None, "the same experiment, but not the same run"
    session.undo()
    session.undo()
    assert switches.on(session.frame()) is switches.base


def test_typed_start_values_and_data_leave_the_switch() -> None:
    opened = lesson.load("softmax")
    session, switches = opened.session(), Switches(opened)
    params = session.params
    params.W[0][0, 0] = 2.5
    session.apply(params=params)
    assert switches.on(session.frame()) is None
    params.W[0][:, 0] = (1002, 1003, 1004)
    session.apply(params=params)
    assert name(switches.on(session.frame())) == "plus-1000", "typed or chosen, it is the same run"
    session.apply(dataset=session.dataset.replace_class(0, 2))
    assert switches.on(session.frame()) is None


def test_the_lesson_as_it_stands_promises_its_own_digits_and_those_of_its_switch() -> None:
    opened = lesson.load("xor")
    base = Switches(opened).base
    assert name(base) == "full-batch"
    assert base.expected[: len(opened.expected)] == opened.expected
    assert [known.what for known in base.expected[len(opened.expected) :]] == ["gradient_norm", "gradient_norm"]
    mazur = lesson.load("mazur")
    assert len(Switches(mazur).base.expected) == len(mazur.expected), "no digit is promised twice"


def test_a_lesson_without_switches_is_its_only_choice() -> None:
    opened = lesson.load("four-equations")
    switches = Switches(opened)
    assert [choice.variant for choice in switches.choices] == [None]
    assert switches.named("") is switches.base
    with pytest.raises(ValueError, match="expected one of none, got 'tanh'"):
        switches.named("tanh")


def test_a_lesson_that_no_switch_leaves_alone_is_a_choice_of_its_own() -> None:
    opened = lesson.load("xor")
    others: Lesson = opened.replace(variants=opened.variants[1:])
    assert [name(choice) for choice in Switches(others).choices] == [None, "row-by-row", "random"]


def test_what_is_made_out_of_a_switched_lesson_without_its_switches_is_on_its_own() -> None:
    own = lesson.load("xor").choose("random").replace(variants=(), scenes=())
    switches = Switches(own)
    assert [name(choice) for choice in switches.choices] == [None]
    assert switches.base.lesson is own


def test_a_switched_lesson_offers_the_same_choices() -> None:
    opened = lesson.load("mazur")
    switches = Switches(opened.choose("sequential"))
    assert [name(choice) for choice in switches.choices] == ["simultaneous", "sequential", "trained-biases"]
    assert switches.on(opened.choose("sequential").session().frame()) is switches.named("sequential")

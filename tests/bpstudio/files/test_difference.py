"""Two runs compared bit by bit: the first difference has a place and both its values."""

import dataclasses
import json
from types import MappingProxyType

import numpy as np
import pytest

import bpstudio
from bpstudio.data.dataset import Dataset
from bpstudio.files import readable_json, step_document
from bpstudio.files.difference import Difference, between_documents, between_runs
from bpstudio.training.archive import Archive
from bpstudio.training.session import Session

RANDOM = np.random.default_rng(3)
DATA = Dataset.from_arrays(RANDOM.uniform(-1, 1, (12, 2)), RANDOM.uniform(0, 1, 12), validation=[10, 11])


def session(steps: int = 150, data: Dataset = DATA, **changes: object) -> Session:
    network = bpstudio.Network(2, (bpstudio.Dense(3, "tanh"), bpstudio.Dense(1, "sigmoid")))
    values = {"optimizer": bpstudio.Adam(0.01), "batch_size": 4, "seed": 2}
    run = Session(bpstudio.Experiment(network, **(values | changes)), data)
    run.run(steps)
    return run


def archive(steps: int = 150, **changes: object) -> Archive:
    return session(steps, **changes).archive()


def found(one: Archive, other: Archive) -> Difference:
    difference = between_runs(one, other)
    assert difference is not None
    # From the other side it is the same place, the other way round.
    back = between_runs(other, one)
    assert back == dataclasses.replace(difference, first=difference.second, second=difference.first)
    return difference


def test_the_same_run_twice_is_the_same():
    assert between_runs(archive(), archive()) is None


def test_what_people_wrote_beside_it_plays_no_part():
    named = session()
    named.bookmark("loss/C", "look")
    named.rename(bpstudio.load_lesson("mazur").caption)
    named.rename_branch(1, "mine")
    assert between_runs(named.archive(), archive()) is None


def test_keyframes_that_one_of_them_has_given_up_are_no_difference():
    assert between_runs(session().archive(keyframe_bytes=1), archive()) is None


@pytest.mark.parametrize(
    ("changes", "what", "values"),
    [
        ({"optimizer": bpstudio.Adam(0.02)}, "experiment: optimizer.rate", ("0.01", "0.02")),
        ({"seed": 3}, "experiment: seed", ("2", "3")),
        ({"loss": "bce"}, "experiment: loss", ("'half_squared_error'", "'bce'")),
    ],
)
def test_another_experiment(changes, what, values):
    difference = found(archive(), archive(**changes))
    assert (difference.what, (difference.first, difference.second)) == (what, values)


def test_another_number_in_the_data():
    difference = found(archive(), archive(data=DATA.replace_input(7, 1, 0.5)))
    assert difference.what == "data: x2 of row 8"
    assert (difference.first, difference.second) == (repr(float(DATA.x[7, 1])), "0.5")
    swapped = dataclasses.replace(DATA, validation=DATA.train[:2], train=np.r_[DATA.train[2:], DATA.validation])
    assert found(archive(), archive(data=swapped)).what == "data: the rows that validate"


def test_one_run_is_longer():
    difference = found(archive(100), archive(120))
    assert (difference.what, difference.first, difference.second) == ("the last step", "100", "120")


def test_a_step_that_was_not_reached_by_one_more_update_but_by_a_rewind():
    rewound = session()
    rewound.seek(40)
    difference = found(archive(), rewound.archive())
    assert (difference.what, difference.first, difference.second) == ("the present step", "150", "40")


def test_an_edit_that_one_of_them_has():
    edited = session(60)
    edited.apply(edited.experiment.replace(optimizer=bpstudio.Adam(0.5)), name="typed")
    edited.run(90)
    difference = found(archive(), edited.archive())
    assert (difference.what, difference.first, difference.second) == ("an edit", "nothing", "typed at step 60")


def test_edits_at_different_steps():
    runs = []
    for step in (60, 70):
        edited = session(step)
        edited.apply(edited.experiment.replace(optimizer=bpstudio.Adam(0.5)))
        edited.run(20)
        runs.append(edited.archive())
    difference = found(*runs)
    assert (difference.what, difference.first, difference.second) == ("the step of the next edit", "60", "70")


def test_a_branch_that_one_of_them_has():
    branched = session()
    branched.seek(50)
    branched.branch()
    branched.switch(1, 150)
    difference = found(archive(), branched.archive())
    assert (difference.what, difference.first, difference.second) == (
        "branch 2", "nothing", "one from step 50 (branch)",
    )  # fmt: skip


def test_where_one_stands():
    branched, other = session(), session()
    for each in (branched, other):
        each.seek(50)
        each.branch()
    other.switch(1, 150)
    assert found(branched.archive(), other.archive()).what == "the present branch"


def altered(whole: Archive, step: int, place: int) -> Archive:
    """One bit of one number of a keyframe turned."""
    segment = whole.segments[1]
    keyframe = segment.keyframes[step].copy()
    keyframe[place] = np.nextafter(keyframe[place], np.inf)
    kept = dataclasses.replace(segment, keyframes=MappingProxyType({**segment.keyframes, step: keyframe}))
    return dataclasses.replace(whole, segments=MappingProxyType({1: kept}))


@pytest.mark.parametrize(
    ("place", "what"),
    [(0, "layer1.W[0][0]"), (7, "layer2.W[0][1]"), (9, "layer1.b[0]"), (13 + 5, "m of layer1.W[2][1]")],
)
def test_one_bit_of_a_parameter_or_of_the_state_at_one_step(place, what):
    whole = archive()
    step = sorted(whole.segments[1].keyframes)[1]
    difference = found(whole, altered(whole, step, place))
    assert (difference.what, difference.where) == (what, f"branch 1, step {step}")
    first, second = float(difference.first), float(difference.second)
    assert first != second
    assert second == np.nextafter(first, np.inf)
    assert first == whole.segments[1].keyframes[step][place]


def test_a_metric_of_the_earliest_step_comes_before_a_later_parameter():
    whole = archive()
    other = altered(whole, sorted(whole.segments[1].keyframes)[-1], 0)
    numbers = other.segments[1].numbers
    chunk = numbers.levels[0].chunks[0].copy()
    chunk[37, 0] += 1e-12
    level = dataclasses.replace(numbers.levels[0], chunks=(chunk, *numbers.levels[0].chunks[1:]))
    view = dataclasses.replace(numbers, levels=(level, *numbers.levels[1:]))
    kept = dataclasses.replace(other.segments[1], numbers=view)
    difference = found(whole, dataclasses.replace(other, segments=MappingProxyType({1: kept})))
    assert (difference.what, difference.where) == ("loss", "branch 1, step 37")


def test_a_validation():
    whole = archive()
    points = whole.segments[1].validation.copy()
    points[2, 1] += 1e-12
    kept = dataclasses.replace(whole.segments[1], validation=points)
    difference = found(whole, dataclasses.replace(whole, segments=MappingProxyType({1: kept})))
    assert difference.what == "validation loss"
    assert difference.where == f"branch 1, step {int(points[2, 0])}"


def documents() -> tuple[dict, dict]:
    text = readable_json.write(step_document.document(session().frame(), "mine"))
    return json.loads(text), json.loads(text)


def test_steps_in_their_json_form():
    one, other = documents()
    other["title"] = "yours"
    other["made_with"] = {"numpy": "another"}
    assert between_documents(one, other) is None
    value = other["trace"]["layers"]["layer2"]["dW"][0][1]
    other["trace"]["layers"]["layer2"]["dW"][0][1] = float(np.nextafter(value, 1))
    difference = between_documents(one, other)
    assert difference is not None
    assert difference.place == "trace.layers.layer2.dW[0][1]"
    assert float(difference.first) == value


@pytest.mark.parametrize(
    ("change", "values"),
    [
        (lambda step: step.pop("loss"), "nothing"),
        (lambda step: step.update(loss="nan"), "'nan'"),
        (lambda step: step.update(penalty=-0.0), "-0.0"),
        (lambda step: step["batch"].append(3), "5 entries"),
        (lambda step: step.update(more=1), "1"),
    ],
)
def test_any_part_of_a_step_that_is_not_the_same(change, values):
    one, other = documents()
    change(other)
    difference = between_documents(one, other)
    assert difference is not None
    assert difference.second == values

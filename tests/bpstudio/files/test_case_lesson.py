"""A reference case in the window: what is trained, and where one looks."""

import json
from pathlib import Path

import numpy as np
import pytest

from bpstudio.files import case_lesson, lesson
from bpstudio.insight.elements import BIAS, Edge, KernelEntry, LossNode, Pixel, Unit
from bpstudio.insight.walk import Walk

CASES = Path(__file__).parent / "cases"


def opened(tmp_path, name, *place, **changes):
    """A case with one expected number changed, as it opens."""
    document = json.loads((CASES / f"{name}.json").read_text()) | changes
    node = document["expected"]
    for key in place[:-1]:
        node = node[key]
    if place:
        node[place[-1]] = node[place[-1]] * 1.001 + 1e-3
    path = tmp_path / f"{name}.json"
    path.write_text(json.dumps(document))
    return case_lesson.open(path)


def test_a_case_that_passes_stands_at_its_start(tmp_path):
    found = opened(tmp_path, "mazur")
    assert found.verdict.status == "PASS"
    assert found.element is None
    assert found.session.step_number == 0
    assert np.array_equal(found.session.params.flat, found.lesson.origin.flat)
    assert found.session.experiment == found.lesson.experiment
    assert found.session.dataset is found.lesson.dataset


WHERE = [
    ("pt-opt-sgd", ("layers", 0, "z", 3, 1), Unit(1, 1), "forward/h2/z", 3, 0),
    ("pt-opt-sgd", ("layers", 1, "a", 2, 0), Unit(2, 0), "forward/o1/a", 2, 0),
    ("pt-opt-sgd", ("layers", 0, "delta", 3, 1), Unit(1, 1), "backward/h2/delta", 3, 0),
    ("pt-opt-sgd", ("layers", 1, "dW", 2, 1), Edge(2, 2, 1), "backward/w38", 0, 0),
    ("pt-threshold-minus", ("layers", 1, "db", 0), Edge(2, 0, BIAS), "backward/b_o1", 0, 0),
    ("pt-opt-sgd", ("params_after", "10", 0, "W", 2, 1), Edge(1, 2, 1), "update/w10", 0, 9),
    ("pt-opt-sgd", ("params_after", "10", 0, "b", 2), Edge(1, 2, BIAS), "update/b_h3", 0, 9),
    ("pt-opt-sgd", ("history", "objective", 5), LossNode(), "loss/C", 0, 5),
    ("pt-schedule-inv", ("history", "lr", 4), None, "step", 0, 4),
    ("pt-conv-plain", ("final_objective",), LossNode(), "loss/C", 0, 20),
    ("pt-opt-sgd", ("loss",), LossNode(), "loss/C", 0, 0),
    ("pt-opt-sgd", ("dX", 4, 2), Unit(0, 2), "step", 4, 0),
    ("pt-conv-plain", ("layers", 0, "z", 1, 0, 1, 2), Pixel(1, 0, 1, 2), "forward/p1_1_2_3/z", 1, 0),
    ("pt-conv-plain", ("layers", 0, "dW", 1, 0, 1, 1), KernelEntry(1, 1, 0, 1, 1), "backward/k1_2_1_2_2", 0, 0),
    ("pt-conv-plain", ("dX", 1, 1, 2, 3), Pixel(0, 1, 2, 3), "step", 1, 0),
    ("pt-conv-maxpool", ("layers", 1, "da", 1, 0, 1, 1), Pixel(2, 0, 1, 1), "backward/p2_1_2_2/sum", 1, 0),
    ("pt-dropout-inverted", ("layers", 1, "da", 1, 0), Unit(2, 0), "backward/h2_1/sum", 1, 0),
]


@pytest.mark.parametrize(
    ("name", "place", "element", "address", "row", "step"), WHERE, ids=lambda value: str(value)[:40]
)
def test_a_case_that_fails_opens_where_it_differs_first(tmp_path, name, place, element, address, row, step):
    found = opened(tmp_path, name, *place)
    assert found.verdict.status == "FAIL"
    assert (found.element, found.lesson.at, found.lesson.row) == (element, address, row)
    assert found.session.step_number == step
    walk = Walk.of(found.session.frame())
    assert element is None or walk.names.has(element)
    assert walk.find("edge", address) > 0


def test_the_row_is_that_of_the_data_and_not_of_the_batch(tmp_path):
    batches = [[6, 2, 5], [0, 1, 3]]
    document = json.loads((CASES / "pt-opt-sgd.json").read_text())
    found = opened(tmp_path, "pt-opt-sgd", batches=batches, expected={"layers": [{"z": document["expected"]["dX"]}]})
    assert found.verdict.first is None, "another shape is no disagreement of one element"
    session = case_lesson.open(write(tmp_path, batches)).session
    session.seek(0)
    z = session.trace.layers[0].z.copy()
    z[1, 3] += 1
    found = case_lesson.open(write(tmp_path, batches, {"layers": [{"z": z.tolist()}]}))
    assert found.element == Unit(1, 3)
    assert found.lesson.row == 2


def write(tmp_path, batches, expected=None):
    document = json.loads((CASES / "pt-opt-sgd.json").read_text())
    document |= {"batches": batches, "expected": expected or {"final_accuracy": 2.0}, "checkpoints": [3]}
    path = tmp_path / "written.json"
    path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize("batches", [[[6, 2], [0, 1], [5]], [[3, 1, 2]], [[0], [1], [2]]])
def test_batches_in_turn_become_the_order_of_the_rows(tmp_path, batches):
    found = case_lesson.open(write(tmp_path, batches))
    lesson.write(found.lesson.replace(at="", grain=""), tmp_path / "saved.json")
    sessions = [lesson.read(tmp_path / "saved.json").session(), case_lesson.open(write(tmp_path, batches)).session]
    sessions[1].seek(0)
    for session in sessions:
        seen = []
        for _ in range(4):
            seen.append(session.frame().batch.tolist())
            session.step()
        assert seen == [batches[step % len(batches)] for step in range(4)]


def test_batches_of_other_sizes_stay_a_list(tmp_path):
    batches = [[1], [0, 2, 3], [3, 3]]
    session = case_lesson.open(write(tmp_path, batches)).session
    session.seek(0)
    seen = []
    for _ in range(4):
        seen.append(session.frame().batch.tolist())
        session.step()
    assert seen == [*batches, batches[0]]


@pytest.mark.parametrize("name", ["pt-lenet-small", "dlt-all", "pt-act-per-neuron"])
def test_a_case_can_be_saved_as_a_lesson(tmp_path, name):
    found = case_lesson.open(CASES / f"{name}.json")
    lesson.write(found.lesson, tmp_path / "saved.json")
    again = lesson.read(tmp_path / "saved.json")
    assert again.experiment == found.lesson.experiment
    assert np.array_equal(again.origin.flat, found.lesson.origin.flat)


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(ValueError, match="optimizer lion"):
        opened(tmp_path, "mazur", optimizer={"name": "lion", "lr": 1})


def test_what_is_no_case_is_refused(tmp_path):
    with pytest.raises(ValueError, match="'init' is missing"):
        opened(tmp_path, "mazur", init=None)
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(ValueError, match="too early"):
        case_lesson.open(tmp_path / "broken.json")


def test_what_a_case_says_of_itself_is_text(tmp_path):
    found = opened(tmp_path, "mazur", id="a\x1b[2J\n" + "b" * 1000, notes="two\x07")
    assert found.lesson.title.within("en").startswith("a [2J b")
    assert len(found.lesson.title.within("en")) <= case_lesson.LONGEST_TITLE
    assert not found.lesson.text

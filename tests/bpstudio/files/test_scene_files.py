"""Scenes and locks in a lesson's file: what is read strictly, and comes back as it was."""

import copy
import json
from typing import Any

import pytest

from bpstudio.files import lesson as lessons
from bpstudio.files.lesson_parts import LOCKS

DOCUMENT: dict[str, Any] = {
    "format": "bpstudio-lesson/1",
    "title": "Small",
    "experiment": {"network": {"inputs": 2, "layers": [{"units": 1, "activation": "sigmoid"}]}},
    "data": {"inputs": ["a", "b"], "outputs": ["y"], "rows": [[0.0, 1.0, 1.0], [1.0, 0.0, 0.0]]},
    "locks": ["data", "builder"],
    "scenes": [
        {
            "title": "One",
            "text": "Look",
            "at": "forward/o1/z",
            "select": "w2",
            "hover": "o1",
            "row": 1,
            "color": "weight",
            "question": "Why?",
            "answer": {"en": "Because", "zh_CN": "因为"},
        },
        {"text": "All rows", "row": "batch"},
    ],
}


def read(**changes: object) -> lessons.Lesson:
    return lessons.parse(json.dumps(DOCUMENT | changes))


def test_everything_of_a_scene_and_the_locks_come_back() -> None:
    lesson = read()
    scene = lesson.scenes[0]
    assert (scene.select, scene.hover, scene.row, scene.color) == ("w2", "o1", 1, "weight")
    assert scene.question.within("en") == "Why?"
    assert scene.answer.within("zh_CN") == "因为"
    assert lesson.scenes[1].row == "batch"
    assert lesson.locks == ("data", "builder")
    again = lessons.parse(lessons.text(lesson))
    assert again.scenes == lesson.scenes
    assert again.locks == lesson.locks


def test_what_is_not_said_is_not_written() -> None:
    lesson = read(scenes=[{"text": "x"}], locks=[])
    document = lessons.document(lesson)
    assert document["scenes"] == [{"text": "x"}]
    assert "locks" not in document


def test_locks_stay_in_what_a_learner_saves() -> None:
    lesson = read()
    session = lesson.session()
    session.run(2)
    assert lessons.capture(session.frame(), lesson).locks == lesson.locks


@pytest.mark.parametrize(
    ("scene", "problem"),
    [
        ({"select": "w9"}, r"scenes\[0\].select: weights are w1 … w2, came w9"),
        ({"hover": "h1"}, r"scenes\[0\].hover: expected a unit"),
        ({"row": 2}, r"scenes\[0\].row: expected a row from 0 to 1, got 2"),
        ({"row": "all"}, r'scenes\[0\].row: expected the number of a row or "batch", got "all"'),
        ({"row": -1}, r"scenes\[0\].row: expected a whole number"),
        ({"row": 1.5}, r"scenes\[0\].row"),
        ({"color": "red"}, r"scenes\[0\].color: expected one of gradient, weight, update"),
        ({"question": "Why?"}, r"scenes\[0\].answer: expected a text: a question and its answer come together"),
        ({"answer": "So"}, r"scenes\[0\].question: expected a text"),
        ({"beat": 3}, r"scenes\[0\].*beat"),
        ({"at": "forward/o9"}, r"scenes\[0\].at: no beat"),
    ],
)
def test_a_scene_that_points_at_nothing_is_refused(scene: dict[str, object], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        read(scenes=[{"text": "x"} | scene])


@pytest.mark.parametrize(
    ("locks", "problem"),
    [
        ("data", "locks: expected a list"),
        (["menu"], rf"locks\[0\]: expected one of {', '.join(LOCKS)}, got \"menu\""),
        (["data", "data"], r"locks\[1\]: data is locked already"),
        ([*LOCKS, "data"], "locks: expected at most 4 entries, got 5"),
        ([True], r"locks\[0\]"),
    ],
)
def test_unknown_locks_are_refused(locks: object, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        read(locks=locks)


def test_a_scene_of_a_switch_is_checked_in_the_network_of_the_switch() -> None:
    document = copy.deepcopy(DOCUMENT)
    wider = {"network.layers[0].units": 1, "loss": "half_squared_error"}
    document["variants"] = [{"name": "other", "label": "Other", "changes": wider}]
    document["scenes"] = [{"text": "x", "variant": "other", "select": "w2"}]
    assert lessons.parse(json.dumps(document)).scenes[0].variant == "other"

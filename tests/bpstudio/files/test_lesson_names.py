"""Names of a person's own in a lesson file: read strictly, kept through a run, written when there are any."""

import json
from typing import Any

import pytest

from bpstudio.files import lesson as lessons
from bpstudio.training.caption import Caption

NAMES = {"b_o1": "θ1", "h1": "A", "w5": "v11"}


def document(**changes: Any) -> str:
    """The worked example as a file says it, changed in places."""
    return json.dumps({**lessons.document(lessons.load("mazur").replace(made_with={})), **changes})


def test_names_are_kept_through_a_run_and_come_back() -> None:
    lesson = lessons.parse(document(names=NAMES))
    session = lesson.session()
    assert session.frame().caption == Caption("", tuple(NAMES.items()), (2, 2, 2))
    session.run(3)
    again = lessons.parse(lessons.text(lessons.capture(session.frame(), lesson)))
    assert dict(again.names) == NAMES
    assert again.session().frame().caption == session.frame().caption
    assert "names" not in lessons.document(lessons.load("mazur"))


def test_names_go_with_their_elements_into_another_network() -> None:
    changes = {"network.layers": [{"units": 3}, {"units": 2}]}
    wide = {"name": "wide", "label": "Wide", "changes": changes, "start": "drawn"}
    lesson = lessons.parse(document(names=NAMES, variants=[wide], scenes=[], errata=[]))
    switched = lesson.choose("wide")
    assert dict(switched.names) == {"b_o1": "θ1", "h1": "A", "w7": "v11"}
    again = lessons.parse(lessons.text(lessons.capture(switched.session().frame(), switched)))
    assert again.variant == "wide"
    assert dict(again.names) == dict(switched.names)
    assert dict(again.base.names) == NAMES  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], r"names: expected an object"),
        ({"w9": "v"}, r"names\.w9: .*w8"),
        ({"w5": 3}, r"names\.w5: expected text"),
        ({"w5": ""}, r"names\.w5: Type a name"),
        ({"w5": "v\u0007"}, r"names\.w5: the control character"),
        ({"w5": "v" * 21}, r"names\.w5: .*at most 20"),
        ({"w5": "v", "w6": "v"}, r"names\.w6: .*twice"),
        ({"w5": "w6"}, r"names\.w5: .*what w6 is called"),
    ],
)
def test_names_that_cannot_be_are_refused_with_their_place(names: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        lessons.parse(document(names=names))

"""Errata in the lesson's file: there and back, and what is refused with its place."""

import copy
import json
from typing import Any

import pytest

from bpstudio.files import errata, lesson
from bpstudio.training.optimizers import SGD

DOCUMENT: dict[str, Any] = {
    "printed": {"en": "It is 1.", "zh_CN": "它是 1。"},
    "truth": {"en": "It is 0.5.", "zh_CN": "它是 0.5。"},
    "source": {"en": "A page", "zh_CN": "某网页"},
    "evidence": [
        {"what": "layer2.a[0]", "value": [0.5], "at": "forward/o1/a"},
        {"variant": "row-by-row", "what": "norm/1", "after": 1, "above": 0.001},
    ],
}


def document() -> dict[str, Any]:
    whole: dict[str, Any] = json.loads(lesson.text(lesson.load("xor")))
    whole["errata"] = [copy.deepcopy(DOCUMENT)]
    return whole


def test_an_erratum_goes_out_as_it_came_in() -> None:
    read = lesson.parse(json.dumps(document()))
    assert json.loads(json.dumps(errata.write(read.errata[0]))) == DOCUMENT
    assert lesson.parse(lesson.text(read)).errata == read.errata


def test_what_is_not_said_is_not_written() -> None:
    plain = {"printed": "1", "truth": "2"}
    assert errata.write(errata.read(plain, "errata[0]")) == plain
    assert '"errata"' not in lesson.text(lesson.load("iris"))


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (
            ("evidence", 1, "variant"),
            "other",
            r"errata\[0\]\.evidence\[1\]\.variant: expected one of full-batch, row-by",
        ),
        (("evidence", 0, "what"), "layer7.a", r"errata\[0\]\.evidence\[0\]\.what: the layer 'layer7' is none of"),
        (
            ("evidence", 0, "what"),
            "1 - 2",
            r"errata\[0\]\.evidence\[0\]\.what: expected something that a step computes",
        ),
        (("evidence", 0, "at"), "forward/o9/a", r"errata\[0\]\.evidence\[0\]\.at: "),
        (("evidence", 0, "price"), 3, r"errata\[0\]\.evidence\[0\].*price"),
        (("printed",), 3, r"errata\[0\]\.printed"),
        (("evidence",), [1], r"errata\[0\]\.evidence\[0\]: expected an object"),
        (("evidence",), [DOCUMENT["evidence"][0]] * (errata.MOST + 1), r"errata\[0\]\.evidence: expected at most"),
        (("author",), "me", r"errata\[0\].*author"),
    ],
)
def test_a_wrong_erratum_is_refused_with_its_place(place: tuple[Any, ...], value: object, message: str) -> None:
    whole = document()
    entry = whole["errata"][0]
    for key in place[:-1]:
        entry = entry[key]
    entry[place[-1]] = value
    with pytest.raises(ValueError, match=message):
        lesson.parse(json.dumps(whole))


def test_frames_are_those_of_the_lesson_whatever_is_switched_on_or_trained() -> None:
    whole = lesson.parse(json.dumps(document()))
    switched = whole.choose("random")
    plain, other = (errata.frames(each, each.errata) for each in (whole, switched))
    assert sorted(plain) == [("", 0), ("row-by-row", 1)] == sorted(other)
    for place, frame in plain.items():
        assert frame.step == place[1]
        assert frame.params.flat.tobytes() == other[place].params.flat.tobytes()
        assert all(
            piece.known.holds(frame) for erratum in whole.errata for piece in erratum.evidence if piece.place == place
        )


def test_computing_can_be_given_up() -> None:
    whole = lesson.load("mazur")
    shares: list[float] = []

    def stop(share: float) -> None:
        shares.append(share)
        if len(shares) == 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        errata.frames(whole, whole.errata, stop)
    assert 0 < shares[0] < shares[2] < 1


def test_a_changed_run_keeps_no_errata() -> None:
    """They speak of the lesson's own numbers."""
    whole = lesson.load("xor")
    session = whole.session()
    assert lesson.capture(session.frame(), whole).errata == whole.errata
    session.apply(experiment=session.experiment.replace(optimizer=SGD(0.3)))
    assert lesson.capture(session.frame(), whole).errata == ()

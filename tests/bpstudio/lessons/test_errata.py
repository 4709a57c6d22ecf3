"""What famous pages print, and what is true: every piece of evidence out of the engine."""

import math

import numpy as np
import pytest

from bpstudio.files import errata, lesson
from bpstudio.files.errata import Evidence
from bpstudio.files.known import Known
from bpstudio.training.frame import Frame

WITH_ERRATA = [name for name in lesson.NAMES if lesson.load(name).errata]


def found(name: str) -> list[tuple[Evidence, Frame]]:
    whole = lesson.load(name)
    at = errata.frames(whole, whole.errata)
    return [(piece, at[piece.place]) for erratum in whole.errata for piece in erratum.evidence]


@pytest.mark.parametrize("name", WITH_ERRATA)
def test_every_piece_of_evidence_comes_out(name: str) -> None:
    pieces = found(name)
    assert [piece.known.what for piece, frame in pieces if not piece.known.holds(frame)] == []
    for erratum in lesson.load(name).errata:
        assert erratum.evidence
        assert erratum.source


@pytest.mark.parametrize("name", WITH_ERRATA)
def test_evidence_with_another_last_digit_does_not(name: str) -> None:
    for piece, frame in found(name):
        known = piece.known
        if known.relation == "equal":
            step = 10.0**-known.decimals if known.decimals is not None else 1e-15
            other = Known(known.what, (np.asarray(known.value) + step).tolist(), known.after, known.decimals)  # type: ignore[arg-type]
            assert not other.holds(frame)


def printed(name: str) -> list[str]:
    return [erratum.printed.within("en") for erratum in lesson.load(name).errata]


def test_the_errata_that_are_known() -> None:
    assert WITH_ERRATA == ["mazur", "softmax", "four-equations", "xor"]
    for claim, number in zip(printed("mazur"), ("0.291027924", "−0.019049119", "0.0000351085"), strict=True):
        assert number in claim
    assert "0.0903" in printed("softmax")[0]
    assert "1/(1 + eᶻ)" in printed("four-equations")[0]
    assert "all gradients are zero" in printed("xor")[0]


def test_no_printed_number_is_the_true_one() -> None:
    """What the page prints must differ from what the engine has, or it would be no erratum."""
    at = {piece.known.what + piece.variant: piece.known.measure(frame) for piece, frame in found("mazur")}
    assert round(float(at["loss"]), 10) != 0.0000351085  # the last one of the plain run: after 10,000 updates
    assert round(float(at["losssequential"]), 9) == 0.291027924
    assert round(float(at["layer2.W_used[1][0] * layer2.delta[0][1]"]), 9) != -0.019049119
    share = math.exp(2) / (math.exp(2) + math.exp(3) + math.exp(4))
    assert round(share, 4) != 0.0903


def test_the_printed_sigmoid_is_one_minus_the_true_one() -> None:
    pieces = {piece.known.what: piece.known.measure(frame) for piece, frame in found("four-equations")}
    z = float(pieces["layer1.z[0][1]"])
    assert float(pieces["1 - layer1.a[0][1]"]) == pytest.approx(1 / (1 + math.exp(z)), rel=1e-14)
    assert float(pieces["layer1.a[0][1]"]) == pytest.approx(1 / (1 + math.exp(-z)), rel=1e-14)


def test_the_9999th_update_is_where_the_printed_loss_belongs() -> None:
    session = lesson.load("mazur").session()
    session.run(9999)
    assert f"{session.loss:.10f}" == "0.0000351085"
    session.step()
    assert f"{session.loss:.10f}" == "0.0000351019"

"""Errata: where a famous text prints something else than is true.

A learner whose number differs from the page does not know who is wrong. Where it is the page, the lesson says what is
printed, what is true, and where the printed number may come from; and it does not merely say so: every erratum has
evidence, which the engine computes like any other digit of the lesson, in one of its variants where that is needed.

    {"printed": "0.0903", "truth": "The first share is 0.0900306.", "source": "A widely copied text",
     "evidence": [{"what": "layer1.a[0][0]", "value": 0.0900306, "decimals": 7}]}
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bpstudio.data import records
from bpstudio.files import known, lesson_parts, wording
from bpstudio.files.known import Known
from bpstudio.files.wording import Wording

if TYPE_CHECKING:
    from bpstudio.files.lesson import Lesson
    from bpstudio.training.frame import Frame

MOST = 30
"""Errata of a lesson, and pieces of evidence of one."""
_AT_ONCE = 500
"""Steps between two reports of progress."""


@dataclass(frozen=True)
class Evidence:
    """A digit that the engine computes, in the lesson as it stands or with a switch on."""

    known: Known
    variant: str = ""

    @property
    def place(self) -> tuple[str, int]:
        """The variant and the step in which it is measured."""
        return self.variant, self.known.after


@dataclass(frozen=True)
class Erratum:
    """printed: the claim as it stands in print; truth: what is so instead, and why; source: where it is printed."""

    printed: Wording
    truth: Wording
    source: Wording = field(default_factory=Wording)
    evidence: tuple[Evidence, ...] = ()


def read(document: object, path: str) -> Erratum:
    """An erratum from its JSON form; whether the network has what its evidence measures is the lesson's to say."""
    entries = records.mapping(document, path, ("printed", "truth", "source", "evidence"), ("printed", "truth"))
    return Erratum(
        printed=wording.read(entries["printed"], f"{path}.printed"),
        truth=wording.read(entries["truth"], f"{path}.truth"),
        source=wording.read(entries.get("source", ""), f"{path}.source"),
        evidence=lesson_parts.listed(entries.get("evidence", []), f"{path}.evidence", MOST, _read_evidence),
    )


def write(erratum: Erratum) -> dict[str, Any]:
    """The JSON form, without what is at its default."""
    document = {"printed": wording.write(erratum.printed), "truth": wording.write(erratum.truth)}
    if erratum.source:
        document["source"] = wording.write(erratum.source)
    if erratum.evidence:
        document["evidence"] = [_write_evidence(evidence) for evidence in erratum.evidence]
    return document


def frames(
    lesson: Lesson, errata: Iterable[Erratum], progress: Callable[[float], None] = lambda share: None
) -> dict[tuple[str, int], Frame]:
    """A frame of every (variant, step) in which the evidence is measured, each variant in one run from step 0.

    `progress(share)` is called now and then and may raise to give up.
    """
    wanted: dict[str, set[int]] = {}
    for erratum in errata:
        for evidence in erratum.evidence:
            wanted.setdefault(evidence.variant, set()).add(evidence.known.after)
    total = sum(max(steps) for steps in wanted.values()) or 1
    base, done, found = lesson.base or lesson, 0, {}
    for variant, steps in wanted.items():
        session = (base.choose(variant) if variant else base.replace(state=None)).session()
        for step in sorted(steps):
            while session.step_number < step:
                part = min(_AT_ONCE, step - session.step_number)
                session.run(part)
                done += part
                progress(done / total)
            found[variant, step] = session.frame()
    return found


def _read_evidence(document: object, path: str) -> Evidence:
    if not isinstance(document, dict):
        raise ValueError(f"{path}: expected an object {{…}}, got {records.shown(document)}")
    rest = {key: value for key, value in document.items() if key != "variant"}
    variant = wording.line(document.get("variant", ""), f"{path}.variant")
    return Evidence(known.read(rest, path), variant)


def _write_evidence(evidence: Evidence) -> dict[str, Any]:
    return ({"variant": evidence.variant} if evidence.variant else {}) | known.write(evidence.known)

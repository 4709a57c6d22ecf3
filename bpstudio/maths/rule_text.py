"""Rules with parameters are texts: "huber(delta=0.4)". One text is one rule, so it can be compared, saved and typed."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bpstudio.maths import written_number

_RULE = re.compile(r"\s*([a-z_][a-z0-9_]*)\s*(?:\((.*)\)\s*)?", re.DOTALL)


def parts(what: str, text: str, known: Mapping[str, Mapping[str, float]]) -> tuple[str, dict[str, float]]:
    """(family, parameters) of a text such as "huber(delta=0.4)"; ``known`` has the defaults of every family.

    ``what`` names the kind of rule in an error. Raises ValueError for an unknown family or parameter, and for what is
    not a finite number.
    """
    found = _RULE.fullmatch(text) if isinstance(text, str) else None
    family = found.group(1) if found else ""
    if found is None or family not in known:
        raise ValueError(f"{what}: expected one of {', '.join(known)}, got {text!r}")
    values = dict(known[family])
    given: set[str] = set()
    for piece in (found.group(2) or "").split(",") if (found.group(2) or "").strip() else []:
        name, equals, number = (part.strip() for part in piece.partition("="))
        if not equals or name not in values or name in given:
            takes = ", ".join(f"{name}=…" for name in known[family]) or "no parameters"
            raise ValueError(f"{what}: {family} takes {takes}, got {piece.strip()!r}")
        value = written_number.read(number)
        if value is None:
            raise ValueError(f"{what}: {name} of {family} must be a finite number, got {number!r}")
        values[name] = value
        given.add(name)
    return family, values


def written(family: str, values: Mapping[str, float], defaults: Mapping[str, float]) -> str:
    """The one text of a rule: parameters in their order, those at their defaults left out."""
    told = [f"{name}={written_number.written(value)}" for name, value in values.items() if value != defaults[name]]
    return f"{family}({', '.join(told)})" if told else family

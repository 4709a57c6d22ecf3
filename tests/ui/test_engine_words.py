"""What the engine says about a typed number is said in Chinese too, with the same places in it."""

import ast
import re
from pathlib import Path

import bpstudio.insight
from bpstudio.insight.slips import SLIPS
from ui import language

MODULES = (
    *("chain", "convention_changes", "convention_sets", "findings", "named_numbers", "rounding", "suspects"),
    *("typed_number", "verdict"),
)
PLACES = re.compile(r"\{(\w+)\}")


def templates() -> set[str]:
    """Templates of phrases and refusals, and the words of the table of slips."""
    folder = Path(bpstudio.insight.__path__[0])
    found = {text for slip in SLIPS for text in (slip.words, slip.remedy)}
    for name in MODULES:
        for node in ast.walk(ast.parse((folder / f"{name}.py").read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Phrase", "NumberError")):
                continue
            for first in node.args[:1]:
                choices = [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
                found |= {str(each.value) for each in choices if isinstance(each, ast.Constant)}
    return {text for text in found if re.search("[A-Za-z]{2}", PLACES.sub("", text))}


def test_every_verdict_can_be_said_in_chinese() -> None:
    entries = language.catalogue("zh_CN")
    assert len(templates()) > 80
    assert sorted(text for text in templates() if text not in entries) == []
    for text in templates():
        assert sorted(set(PLACES.findall(text))) == sorted(set(PLACES.findall(entries[text]))), text

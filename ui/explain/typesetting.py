"""LaTeX mathematics as outlines: which glyph stands where, in thousandths of an em.

ziamath does it, but takes a third of a second to load and up to 20 ms a formula. So the formulas of the lessons that a
person meets first travel with the program, typeset (`assets/formulas.json`, written by `.ci/typeset_formulas.py`), and
ziamath is loaded by the first formula that is not among them: no cache has to be written, and the first start is as
fast as the second. Both ways lead to the same `Setting`, and from there to the same picture; a file that cannot be read
only costs time.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from bpstudio.files import asset

EM = 1000
PLACE = "formulas.json"
_MARGIN = 1
"""ziamath leaves so much around a formula, in pixels of whatever size it is drawn at."""

log = logging.getLogger(__name__)

Box = tuple[float, float, float, float]


class Mark(NamedTuple):
    """A glyph: its outline, magnified so much, with its origin here."""

    outline: str
    x: float
    y: float
    scale: float


@dataclass(frozen=True)
class Setting:
    """A typeset formula. Its baseline is y = 0, y grows downward, and the unit is a thousandth of an em."""

    box: Box
    """Left, top, width and height of what is drawn."""
    marks: tuple[Mark, ...]
    rules: tuple[Box, ...]
    """Bars of fractions and roots."""

    def svg(self, size: float, color: str) -> str:
        """A picture with an em of `size` pixels, in SVG 1.1, the only one that QSvgRenderer paints."""
        k = size / EM
        left, top, width, height = (length * k for length in self.box)
        view = (left - _MARGIN, top - _MARGIN, width + 2 * _MARGIN, height + 2 * _MARGIN)
        paths = "".join(
            f'<path transform="matrix({mark.scale * k:.6f} 0 0 {mark.scale * k:.6f} {mark.x * k:.4f} {mark.y * k:.4f})"'
            f' d="{mark.outline}"/>'
            for mark in self.marks
        )
        bars = "".join(
            '<rect x="{:.4f}" y="{:.4f}" width="{:.4f}" height="{:.4f}"/>'.format(*(length * k for length in rule))
            for rule in self.rules
        )
        frame = " ".join(f"{length:.4f}" for length in view)
        return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{frame}"><g fill="{color}">{paths}{bars}</g></svg>'


def setting(tex: str) -> Setting:
    """Typeset LaTeX mathematics, or take what was typeset before."""
    return _unpacked(tex) or typeset(tex)


def typeset(tex: str) -> Setting:
    """Typeset LaTeX mathematics now."""
    from ziamath.config import config
    from ziamath.zmath import Latex

    config.svg2 = True  # glyphs by name: an outline once, and where it is used
    return _read(Latex(tex, size=EM, color="black").svg())


def _read(svg: str) -> Setting:
    from xml.etree import ElementTree

    root = ElementTree.fromstring(svg)
    outlines: dict[str, tuple[Box, str]] = {}
    marks, rules = [], []
    left, top, width, height = _numbers(root.attrib["viewBox"].split())
    for each in root:
        kind = each.tag.rpartition("}")[2]
        if kind == "symbol":
            # A bracket that grows is put together from several pieces.
            drawn = "".join(piece.attrib["d"] for piece in each.iter() if "d" in piece.attrib)
            outlines[each.attrib["id"]] = _numbers(each.attrib["viewBox"].split()), drawn
        elif kind == "use":
            view, outline = outlines[each.attrib["href"].removeprefix("#")]
            x, y, _, tall = _numbers(each.attrib[name] for name in ("x", "y", "width", "height"))
            scale = tall / view[3]
            if outline:  # a space has none
                marks.append(Mark(outline, x - scale * view[0], y - scale * view[1], scale))
        elif kind == "rect":
            rules.append(_numbers(each.attrib[name] for name in ("x", "y", "width", "height")))
        else:
            raise ValueError(f"typeset mathematics: expected symbols, their uses and bars, got <{kind}>")
    box = (left + _MARGIN, top + _MARGIN, width - 2 * _MARGIN, height - 2 * _MARGIN)
    return Setting(box, tuple(marks), tuple(rules))


def _numbers(texts: Iterable[str]) -> Box:
    first, second, third, fourth = (float(text) for text in texts)
    return first, second, third, fourth


# ---- what travels with the program


def packed(formulas: Iterable[str]) -> str:
    """The file of these formulas: each outline once, a formula on a line."""
    outlines: dict[str, int] = {}
    lines = []
    for tex in sorted(formulas):
        made = typeset(tex)
        marks = [
            [outlines.setdefault(mark.outline, len(outlines)), *(round(n, 4) for n in (mark.x, mark.y, mark.scale))]
            for mark in made.marks
        ]
        entry = [[round(n, 3) for n in made.box], marks, made.rules]
        lines.append(f"{json.dumps(tex)}: {json.dumps(entry, separators=(',', ':'))}")
    shapes = ",\n".join(json.dumps(outline) for outline in outlines)
    together = ",\n".join(lines)
    return f'{{"outlines": [\n{shapes}\n],\n"formulas": {{\n{together}\n}}}}\n'


@lru_cache(maxsize=1)
def _shipped() -> tuple[list[Any], dict[str, Any]]:
    """The outlines and the formulas of that file; none where it cannot be read."""
    try:
        content = json.loads(asset.find(PLACE).read_text(encoding="utf-8"))
        outlines, formulas = content["outlines"], content["formulas"]
        if isinstance(outlines, list) and isinstance(formulas, dict):
            return outlines, formulas
        problem: object = "expected a list of outlines and formulas by their LaTeX"
    except (OSError, ValueError, LookupError, TypeError) as error:
        problem = error
    log.info("formulas are typeset as they are needed: %s: %s", PLACE, problem)
    return [], {}


def _unpacked(tex: str) -> Setting | None:
    """A formula of that file; None where it is not there, or not as it was written."""
    outlines, formulas = _shipped()
    try:
        box, marks, rules = formulas[tex]
        return Setting(
            _numbers(box),
            tuple(Mark(str(outlines[number]), float(x), float(y), float(scale)) for number, x, y, scale in marks),
            tuple(_numbers(rule) for rule in rules),
        )
    except (LookupError, TypeError, ValueError):
        return None

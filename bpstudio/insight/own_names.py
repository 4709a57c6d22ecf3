"""Names that a person gives to units, weights and biases (w13, v21, θ₁), and how they are written.

An exercise sheet has its own names. They are kept as pairs of an address (`h1`, `w5`, `b_o1`, `target1`) and a text. A
name is written as mathematics writes one: a letter with its index below it. What TeX cannot hold safely, or its font
has no glyphs for, or is too long for a formula, has no TeX here: the formula then keeps the letter of the notation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

Pairs = tuple[tuple[str, str], ...]

LONGEST = 20
"""So many characters a name may have: it stands in a disc."""
LONGEST_TEX = 8
"""So many of them one with TeX may have: a formula has it several times in a column of some 300 pixels."""

_SMALL = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_PLAIN = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta", "θ": "theta",
    "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma",
    "τ": "tau", "υ": "upsilon", "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega", "Γ": "Gamma", "Δ": "Delta",
    "Θ": "Theta", "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi", "Σ": "Sigma", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega",
}  # fmt: skip
#: Letters, and an index: w13, w_13, θ1, net_h1, w1,2.
_INDEXED = re.compile(r"([A-Za-z]+|[" + "".join(_GREEK) + r"])(?:(\d+(?:,\d+)*)|_([A-Za-z0-9]+(?:,[A-Za-z0-9]+)*))?")
#: What may stand in an upright word; everything else means something to TeX or has no glyph.
_WORD = re.compile(r"[A-Za-z0-9 .,:+()\-]+")


def pairs(names: Mapping[str, str] | Iterable[tuple[str, str]]) -> Pairs:
    """Names by address, in one order, hashable. Raises ValueError for a name that is empty, too long or used twice."""
    return _checked(tuple(names.items() if isinstance(names, Mapping) else names))


@lru_cache(maxsize=64)
def _checked(names: Pairs) -> Pairs:
    seen: dict[str, str] = {}
    for address, name in sorted(dict(names).items()):
        if not isinstance(name, str) or not name.strip() or not name.isprintable():
            raise ValueError(f"names: expected a visible name for {address}, came {name!r}")
        if len(name) > LONGEST:
            raise ValueError(f"names: expected at most {LONGEST} characters for {address}, came {len(name)}: {name!r}")
        if name.strip() in seen:
            raise ValueError(f"names: {name.strip()!r} is the name of {seen[name.strip()]} and of {address}")
        seen[name.strip()] = address
    return tuple((address, name) for name, address in sorted(seen.items(), key=lambda item: item[1]))


def small_digits(text: str) -> str:
    """The text with its digits as subscripts."""
    return text.translate(_SMALL)


def plain_digits(text: str) -> str:
    """The text with subscript digits on the line: w₁₃ is w13."""
    return text.translate(_PLAIN)


def text(name: str) -> str:
    """The name as it stands by itself: digits at its end are small (w13: w₁₃, v_21: v₂₁)."""
    match = _INDEXED.fullmatch(name.translate(_PLAIN))
    if match is None:
        return name
    letters, number, index = match.groups()
    if index is not None and not index.replace(",", "").isdigit():
        return name
    return f"{letters}{small_digits(number or index or '')}"


def tex(name: str) -> str | None:
    """The name as TeX by itself (w13: `w_{13}`, θ1: `\\theta_{1}`); None where TeX cannot write it shortly."""
    match = _INDEXED.fullmatch(name.translate(_PLAIN))
    if match is None or len(name) > LONGEST_TEX:
        return _upright(name)
    letters, number, index = match.groups()
    below = number or index
    return _letters(letters) + (f"_{{{below}}}" if below else "")


def index_tex(name: str) -> str | None:
    """The name as TeX where it is itself an index (net with o1 below it); None where TeX cannot write it shortly."""
    match = _INDEXED.fullmatch(name.translate(_PLAIN))
    if match is None or len(name) > LONGEST_TEX:
        return _upright(name)
    letters, number, index = match.groups()
    if letters in _GREEK:
        return f"{_letters(letters)} {number or index or ''}".rstrip()
    return f"{_letters(letters)}{number or ''}" + (f",{index}" if index else "")


def _letters(letters: str) -> str:
    if letters in _GREEK:
        return f"\\{_GREEK[letters]}"
    return letters if len(letters) == 1 else rf"\mathrm{{{letters}}}"


def _upright(name: str) -> str | None:
    if _WORD.fullmatch(name) is None or len(name) > LONGEST_TEX:
        return None
    words = name.replace(" ", "\\ ")
    return rf"\mathrm{{{words}}}"

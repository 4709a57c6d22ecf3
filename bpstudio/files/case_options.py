"""The options of a reference case, taken one by one, so that what nobody took can be named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LONGEST = 80
"""So many characters of a name that a file gives are repeated."""

_NEEDED: Any = object()


class Options:
    """The keys of one object of a case. Each is taken once; what is left at the end is not understood."""

    def __init__(self, found: object, place: str, missing: list[str]) -> None:
        if not isinstance(found, Mapping):
            raise ValueError(f"{place or 'case'}: expected an object, got {type(found).__name__}")
        self._left = dict(found)
        self.place = place
        self.missing = missing

    @property
    def is_given(self) -> bool:
        """Whether there is anything in it."""
        return bool(self._left)

    def has(self, key: str) -> bool:
        """Whether a key is there, and not null."""
        return self._left.get(key) is not None

    def take(self, key: str, default: Any = _NEEDED) -> Any:
        """The value of a key, or the default where it is absent or null."""
        value = self._left.pop(key, None)
        if value is not None:
            return value
        if default is _NEEDED:
            raise KeyError(f"{self.place}.{key}" if self.place else key)
        return default

    def number(self, key: str, default: Any = _NEEDED) -> float:
        """A finite number."""
        value = self.take(key, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(f"{self.place}.{key}: expected a number, got {value!r:.60}")
        return float(value)

    def whole(self, key: str, default: Any = _NEEDED) -> int:
        """A whole number."""
        value = self.take(key, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError(f"{self.place}.{key}: expected a whole number, got {value!r:.60}")
        return value

    def flag(self, key: str, default: bool) -> bool:
        """True or false."""
        value = self.take(key, default)
        if not isinstance(value, bool):
            raise ValueError(f"{self.place}.{key}: expected true or false, got {value!r:.60}")
        return value

    def choice(self, key: str, known: Mapping[str, Any], default: Any = _NEEDED) -> Any:
        """What a word stands for; a word that is not known is missing, and the first one stands in for it."""
        word = self.take(key, default)
        if not isinstance(word, str):
            raise ValueError(f"{self.place or 'case'}.{key}: expected a word, got {word!r:.60}")
        if word not in known:
            where = self.place if key == "name" else f"{self.place}.{key}" if self.place else key
            self.lacks(f"{where} {word}")
            return next(iter(known.values()))
        return known[word]

    def inner(self, key: str, default: Any = _NEEDED) -> Options:
        """The object that a key holds."""
        place = f"{self.place}.{key}" if self.place else key
        return Options(self.take(key, default), place, self.missing)

    def inner_list(self, key: str) -> list[Options]:
        """The objects in the list that a key holds."""
        found = self.take(key)
        if not isinstance(found, list):
            raise ValueError(f"{self.place}.{key}: expected a list, got {type(found).__name__}")
        return [Options(each, key.removesuffix("s"), self.missing) for each in found]

    def pair(self, key: str, default: Any = _NEEDED) -> tuple[int, int]:
        """[height, width]."""
        value = self.take(key, default)
        if not isinstance(value, list) or len(value) != 2:
            raise ValueError(f"{self.place}.{key}: expected two whole numbers, got {value!r:.60}")
        return value[0], value[1]

    def drop(self, *keys: str) -> None:
        """Leave these alone: they say nothing about what is computed, or are taken elsewhere."""
        for key in keys:
            self._left.pop(key, None)

    def lacks(self, feature: str) -> None:
        """Name something that this program has not."""
        self.missing.append(feature if len(feature) <= LONGEST else f"{feature[: LONGEST - 1]}…")

    def close(self) -> None:
        """Name every key that nobody took; keys that begin with an underscore are remarks."""
        for key in sorted(self._left):
            if not key.startswith("_"):
                self.lacks(f"{self.place or 'case'}.{key}")

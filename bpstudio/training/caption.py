"""What a person calls a run: its title, and names of their own for its units and weights.

Nothing is computed from it and no digit depends on it. It belongs to the run all the same, because what undo brings
back is the whole of what stood there, its names included.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caption:
    """``names`` are pairs (address, name) such as ("w5", "v11"), read as the addresses of a network of these
    ``sizes`` (inputs first): an edit that changes the sizes also changes what is called w5.
    """

    title: str = ""
    names: tuple[tuple[str, str], ...] = ()
    sizes: tuple[int, ...] = ()


UNNAMED = Caption()

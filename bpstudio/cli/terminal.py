"""Text that comes out of a terminal as it was meant.

Titles and names come from files, and in a terminal some characters are orders: they move the cursor, change colours, or
type. Whatever cannot be printed is shown as �.
"""

from __future__ import annotations

import sys
from typing import TextIO


def say(*lines: str, file: TextIO | None = None) -> None:
    """Print lines, with nothing in them that a terminal would obey, and none of them longer than one line."""
    print("\n".join(map(visible, lines)), file=file or sys.stdout, flush=True)


def visible(line: str) -> str:
    """One line in which every character can be seen."""
    return "".join(character if character.isprintable() else "�" for character in line)


def be_forgiving(*streams: TextIO) -> None:
    """Let a stream that cannot write every character write a question mark, instead of giving up in the middle."""
    for stream in streams:
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None and (stream.encoding or "").lower() not in ("utf-8", "utf8"):
            reconfigure(errors="replace")

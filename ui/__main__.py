"""The console script: without arguments the window opens, with a file it opens that, `shot` makes a picture of it, and
`verify --show` opens a reference case where it differs.

BLAS is pinned to one thread by `import bpstudio`, which has to come before NumPy is loaded; so it is the first import
here. Everything that is not about the window is the command line's business, where Qt is never loaded.
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

import bpstudio  # pins BLAS, see there
from bpstudio import cli


def main(arguments: list[str] | None = None) -> int:
    """Do what the arguments say; returns the exit status."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    if words and words[0] == "shot":
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        from ui.shot import main as shot

        return shot(words[1:])
    if words and (words[0] in cli.COMMANDS or words[0].startswith("-")):
        return cli.main(words, show=lambda case: _window([str(case)]))
    return _window(words)


def _window(words: list[str]) -> int:
    if len(words) > 1:
        print(f"bpstudio: expected one file, got {len(words)}: {' '.join(words)}", file=sys.stderr)
        return 2
    place: str | Path | None = None
    if words:
        from bpstudio.files.lesson import NAMES

        path = Path(words[0])
        if not path.exists() and words[0] not in NAMES:
            print(f"bpstudio: no file, lesson or command {words[0]!r} (bpstudio --help)", file=sys.stderr)
            return 2
        place = path.resolve() if path.exists() else words[0]
    if cli.display_missing():
        # Qt would abort the process without one.
        if not words:
            return cli.without_display()
        print(f"bpstudio: no display here; `bpstudio train {words[0]}` trains in the terminal", file=sys.stderr)
        return 4
    if not bpstudio.blas_pinned:
        print("bpstudio: NumPy was loaded first; training may be slow beside the window", file=sys.stderr)
    gc.disable()  # loading makes no garbage worth looking for; ui.garbage takes over
    try:
        from ui.app import run
    except ImportError as problem:
        if problem.name is not None and not problem.name.startswith("PyQt6"):
            raise
        # A library of the system that Qt needs is missing: `make run` installs them.
        print(f"bpstudio: Qt cannot be loaded: {problem}", file=sys.stderr)
        return 4
    return run(place)


if __name__ == "__main__":
    sys.exit(main())

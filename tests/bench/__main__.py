"""`make bench`: every measured promise, its ratio and what it should reach. The exit status is 1 if one is missed.

Each module named in GROUPS has a function `measure` that yields rows. `python tests/bench engine` runs one of them.
What was measured last in each group is kept in RESULTS.md beside this file.
"""

import datetime
import importlib
import platform
import sys
from pathlib import Path

from row import Row

GROUPS = {
    "engine": "Updates per second (more is better)",
    "past": "Going back in long runs (less is better)",
    "race": "Sixteen experiments at once against one (less is better)",
    "plots": "Refresh of a plot (less is better)",
    "canvas": "Painting the network",
    "start": "Time until the window is there (less is better)",
    "window": "Training beside the live window",
    "verdict": "The answer to a typed number (less is better)",
}
RESULTS = Path(__file__).with_name("RESULTS.md")
TITLE = """\
# What `make bench` measured last

Ratios within one run; a machine that does other work at the time moves them.
"""


def kept() -> dict[str, str]:
    """The sections of the file, by heading."""
    if not RESULTS.exists():
        return {}
    sections = RESULTS.read_text(encoding="utf-8").split("\n## ")[1:]
    return {section.split("\n", 1)[0]: section.split("\n", 1)[1] for section in sections}


def table(rows: list[Row]) -> str:
    """The rows of a group as a table, and when and on what they were measured."""
    import numpy as np

    lines = ["", "| what | measured | wanted | lowest … highest | |", "|---|---|---|---|---|"]
    lines += [row.markdown() for row in rows]
    today = datetime.datetime.now(datetime.UTC).date()
    where = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, NumPy {np.__version__}"
    return "\n".join([*lines, "", f"{today}, {where}.", ""])


def main(chosen: list[str]) -> int:
    """Measure the groups; the exit status."""
    missed, sections = 0, kept()
    for name in chosen:
        print(f"\n{GROUPS[name]}")
        rows = []
        for row in importlib.import_module(name).measure():
            print(row, flush=True)
            rows.append(row)
            missed += not row.reached
        sections[GROUPS[name]] = table(rows)
    written = [f"\n## {heading}\n{sections[heading]}" for heading in GROUPS.values() if heading in sections]
    RESULTS.write_text(TITLE + "".join(written), encoding="utf-8")
    print(f"\n{missed} missed" if missed else "\nall reached")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(GROUPS)))

"""`make bench`: every measured promise, its ratio and what it should reach. The exit status is 1 if one is missed.

Each module named in GROUPS has a function `measure` that yields rows. `python tests/bench engine` runs one of them.
"""

import importlib
import sys

GROUPS = {
    "engine": "Updates per second (more is better)",
    "race": "Sixteen experiments at once against one (less is better)",
    "plots": "Refresh of a plot (less is better)",
    "canvas": "Painting the network",
    "start": "Time until the window is there (less is better)",
    "window": "Training beside the live window",
    "verdict": "The answer to a typed number (less is better)",
}

if __name__ == "__main__":
    chosen = sys.argv[1:] or list(GROUPS)
    missed = 0
    for name in chosen:
        print(f"\n{GROUPS[name]}")
        for row in importlib.import_module(name).measure():
            print(row, flush=True)
            missed += not row.reached
    print(f"\n{missed} missed" if missed else "\nall reached")
    sys.exit(1 if missed else 0)

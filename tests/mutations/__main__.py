"""`make mutations`: plants classic mistakes of backpropagation one at a time, and shows that the tests catch each.

A mistake is a change of one place of the source in a copy of the package; the tests that are named with it have to
fail there. A test of its own (test_mutations.py) sees to it that every place is still in the source.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from planted import MISTAKES, Mistake

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("bpstudio", "tests", "assets", "pyproject.toml", "README.md", "LICENSE")


def verdict(mistake: Mistake) -> tuple[Mistake, str]:
    """What the tests say of a copy with one mistake: the first failing test, or "" where none fails."""
    with tempfile.TemporaryDirectory(prefix="bpstudio-mutation-") as folder:
        copy = Path(folder)
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(source, copy / name)
        file = copy / mistake.file
        file.write_text(mistake.planted(file.read_text(encoding="utf-8")), encoding="utf-8")
        words = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *mistake.tests]
        environment = os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(words, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return mistake, ""
    said = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return mistake, said[0].split(" - ")[0].removeprefix("FAILED ") if said else "the tests do not run"


def main() -> int:
    """Try every mistake, or those whose names contain a word that is given; the number of those that slip through."""
    wanted = [each for each in MISTAKES if all(word in each.name for word in sys.argv[1:])]
    with ThreadPoolExecutor(os.cpu_count() or 1) as workers:
        missed = 0
        for mistake, caught in workers.map(verdict, wanted):
            missed += not caught
            print(f"{'caught' if caught else 'MISSED'}  {mistake.name}{f': {caught}' if caught else ''}", flush=True)
    print(f"\n{len(wanted) - missed} of {len(wanted)} caught")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

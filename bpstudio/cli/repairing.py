"""`bpstudio repair`: what is sound in a damaged project, in a new file."""

from __future__ import annotations

from pathlib import Path

from bpstudio.cli import exits
from bpstudio.cli.terminal import say


def repair(damaged: Path, out: Path) -> int:
    """Write what is sound to another file and print what is lost; returns the exit status. Raises OSError and
    ValueError.
    """
    from bpstudio.files import project

    if out.suffix.lower() != project.SUFFIX:
        raise ValueError(f"--out: expected a name that ends in {project.SUFFIX}, got {out.name}")
    if out.exists():
        raise ValueError(f"--out: {out} is there already; expected a new name, so that nothing is lost")
    lost = project.repair(damaged, out)
    for what in lost:
        say(f"lost: {what}")
    say(f"everything is sound; a copy is in {out}" if not lost else f"what is sound is in {out}")
    return exits.NOT_THE_SAME if lost else exits.DONE

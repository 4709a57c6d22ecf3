"""One command, from what was typed to its exit status."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path

from bpstudio.cli import exits
from bpstudio.cli.arguments import parser
from bpstudio.cli.terminal import be_forgiving, say


def main(arguments: Sequence[str] | None = None, show: Callable[[Path], int] | None = None) -> int:
    """Run one command; returns the exit status. ``show`` opens a case in the window, where there is one."""
    be_forgiving(sys.stdout, sys.stderr)
    try:
        known = parser()  # that takes half a second, in which somebody may think better of it
        options = known.parse_args(arguments)
        if options.command == "verify" and not options.paths and not options.recipe:
            known.error("verify: expected a case file or a folder of them")
        status = _run(options, show)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read is gone; what is still in the buffer has to go nowhere, or Python would complain at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exits.PIPE_CLOSED
    except (OSError, ValueError) as problem:
        say(*f"bpstudio: {problem}".splitlines(), file=sys.stderr)
        return exits.TROUBLE
    except KeyboardInterrupt:
        return exits.INTERRUPTED
    return status


def _run(options: Namespace, show: Callable[[Path], int] | None) -> int:
    if options.command == "verify":
        from bpstudio.cli import verifying

        if options.recipe:
            print(verifying.recipe(options.recipe), end="")
            return exits.DONE
        if options.show and show is None:
            raise ValueError("verify --show: only the window shows a case; here is none (bpstudio verify --show)")
        return verifying.verify(options.paths, options.table, options.json, show if options.show else None)
    if options.command == "train":
        from bpstudio.cli.settings import parse
        from bpstudio.cli.training import Wishes, train

        wishes = Wishes(
            options.place,
            options.steps,
            options.epochs,
            parse(options.settings),
            options.out,
            options.report,
            options.stop_when,
            options.json,
        )
        return train(wishes)
    if options.command == "diff":
        from bpstudio.cli.comparing import diff

        return diff(options.first, options.second, options.json)
    if options.command == "repair":
        from bpstudio.cli.repairing import repair

        return repair(options.project, options.out)
    from bpstudio.cli import showing

    if options.command == "export":
        return showing.export(options.place, options.step, options.branch, options.out)
    return showing.show(options.place, options.step, options.branch, options.at, options.json)

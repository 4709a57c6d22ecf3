"""The command line, without Qt: train, show, diff, export, repair and verify in the terminal.

The window and its pictures (`bpstudio`, `bpstudio FILE`, `bpstudio shot`) are the business of ui.__main__, which hands
everything else over to `main` here. What an exit status means is said in one place, ``bpstudio.cli.exits``.
"""

from bpstudio.cli.displays import display_missing, without_display
from bpstudio.cli.main import main

__all__ = ["COMMANDS", "display_missing", "main", "without_display"]

COMMANDS = ("verify", "train", "show", "diff", "export", "repair")

"""What can be typed after `bpstudio`, and what --help says about it."""

from __future__ import annotations

import argparse
from pathlib import Path

import bpstudio
from bpstudio.cli import exits

_PLACE = "a lesson's name, such as iris; a lesson (.json); a project (.bpstudio); a table (.csv, .tsv, .txt)"


def parser() -> argparse.ArgumentParser:
    """The parser of every command."""
    whole = argparse.ArgumentParser(
        prog="bpstudio",
        description="See backpropagation happen. Without a command, the window opens; a FILE, or a lesson by name, is\n"
        "opened in it; `bpstudio shot` makes a picture of it. The commands work without a window:",
        epilog=exits.listed(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    whole.add_argument("--version", action="version", version=f"bpstudio {bpstudio.__version__}")
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _verify(commands)
    _train(commands)
    _show(commands)
    _diff(commands)
    _export(commands)
    _repair(commands)
    return whole


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, words: str, text: str, epilog: str = ""
) -> argparse.ArgumentParser:
    return commands.add_parser(
        name,
        help=words,
        description=text,
        epilog=f"{epilog}\n\n{exits.listed()}".lstrip(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _verify(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from bpstudio.cli.verifying import CASE_FORMAT, RECIPES

    verify = _command(
        commands,
        "verify",
        "run reference cases and compare every number",
        "Run reference cases and compare every number. The exit status is 1 if any failed, else 3 if any was skipped,\n"
        "else 0.",
        CASE_FORMAT,
    )
    verify.add_argument("paths", nargs="*", type=Path, metavar="FILE|FOLDER")
    form = verify.add_mutually_exclusive_group()
    form.add_argument("--table", action="store_true", help="every array with its worst error, also where a case passes")
    form.add_argument("--json", action="store_true", help="everything as one JSON document, for other programs")
    form.add_argument(
        "--show",
        action="store_true",
        help="open the case (of several the first that fails) in the window, at what differs first",
    )
    form.add_argument("--recipe", choices=RECIPES, help="print a script that writes a case from a model of your own")


def _train(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from bpstudio.cli.settings import help_text
    from bpstudio.cli.training import DEFAULT_EPOCHS

    train = _command(
        commands,
        "train",
        "train a lesson, a project or a table in the terminal",
        "Train in the terminal. A lesson begins where it stands; a project goes on from its present step, on its\n"
        "present branch, and keeps its past; a table is read and prepared as the window does it, and what was\n"
        "understood is said. Ctrl-C, SIGTERM and SIGHUP stop between two steps and save: into the --out file, else\n"
        "into a new file of its own in this folder. The digits are those of the window.",
        help_text(),
    )
    train.add_argument("place", metavar="LESSON|PROJECT|CSV", help=_PLACE)
    length = train.add_mutually_exclusive_group()
    length.add_argument("--steps", type=_count, help="how many updates more")
    length.add_argument("--epochs", type=_count, help=f"how many times through the data (default {DEFAULT_EPOCHS})")
    train.add_argument(
        "--set",
        dest="settings",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change something first, see below",
    )
    train.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="save the run: FILE.bpstudio with all its past, FILE.json as a lesson of the last moment. A file of this "
        "name is replaced, when its replacement is complete",
    )
    train.add_argument("--report", type=Path, metavar="FILE.html", help="write what happened as a web page")
    train.add_argument(
        "--stop-when",
        metavar="EXPRESSION",
        help="stop at the step where it becomes true, such as 'loss < 0.01 and step > 100' (exit status 5)",
    )
    train.add_argument("--json", action="store_true", help="the summary as JSON, for other programs")


def _show(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from bpstudio.files.step_document import DESCRIPTION

    show = _command(
        commands,
        "show",
        "print every number of a step",
        "Print a step with every number that it computed, each with as many digits as it takes to read back the same\n"
        "double. A lesson is trained up to the step; a project goes to it.",
        f"the JSON form; what is not finite is the text nan, inf or -inf:\n{_indented(DESCRIPTION)}\n"
        "  With --at: address, beat, kind, layer, question, first_row (the sentence for the batch's first row) and\n"
        "  numbers, by name: of a unit over the rows of the batch, of a weight one, of a layer its array.",
    )
    show.add_argument("place", metavar="PROJECT|LESSON", help=_PLACE)
    show.add_argument("--step", type=_number, help="which one (default: where it stands)")
    show.add_argument("--branch", help="the number or the name of a branch (default: the present one)")
    show.add_argument(
        "--at", metavar="ADDRESS", help="one beat of the step, such as forward/h1, loss/C, backward/w5, update/layer2"
    )
    show.add_argument("--json", action="store_true", help="as JSON, for other programs")


def _diff(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    diff = _command(
        commands,
        "diff",
        "compare two runs bit by bit",
        "Compare two runs bit by bit: what is trained, the data, the branches, the parameters of every step that\n"
        "both keep, what was recorded of each step, and the step where they stand. The first difference is named,\n"
        "with both values in full. Titles, words, notes and the look are not compared. Either may also be what\n"
        "`show --json` printed; then that step is compared.",
    )
    diff.add_argument("first", metavar="A", help="a project, a lesson, or a step as `show --json` prints it")
    diff.add_argument("second", metavar="B", help="the same")
    diff.add_argument("--json", action="store_true", help="the first difference as JSON, for other programs")


def _export(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    export = _command(
        commands,
        "export",
        "write one moment of a run as a lesson",
        "Write one moment of a run as a lesson: a readable file with the state of the step and the digits that must\n"
        "come out of it, which are checked wherever it is opened.",
    )
    export.add_argument("place", metavar="PROJECT|LESSON", help=_PLACE)
    export.add_argument("--step", type=_number, help="which one (default: where it stands)")
    export.add_argument("--branch", help="the number or the name of a branch (default: the present one)")
    export.add_argument("-o", "--out", type=Path, required=True, metavar="FILE.json", help="the file to write")


def _repair(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    repair = _command(
        commands,
        "repair",
        "keep what is sound in a damaged project",
        "Write what is sound in a damaged project to a new file, and say what is lost. A lost state comes back by\n"
        "replay, digit for digit; a lost stretch of training takes what follows on its branch with it. The damaged\n"
        "file stays as it is.",
    )
    repair.add_argument("project", type=Path, metavar="PROJECT", help="the damaged file")
    repair.add_argument("-o", "--out", type=Path, required=True, metavar="FILE.bpstudio", help="the new file")


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text!r}")
    return int(text)


def _number(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected the number of a step, from 0, got {text!r}")
    return int(text)

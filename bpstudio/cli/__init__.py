"""The command line, without Qt: verify reference cases, train a lesson in the terminal.

The window and its pictures (`bpstudio`, `bpstudio FILE`, `bpstudio shot`) are the business of ui.__main__, which hands
everything else over to `main` here.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import bpstudio

if TYPE_CHECKING:
    from bpstudio.files.lesson import Lesson
    from bpstudio.training.frame import Frame
    from bpstudio.training.session import Session

COMMANDS = ("verify", "train")
RECIPES = ("pytorch", "keras", "numpy")
DEFAULT_EPOCHS = 100
REFRESH_SECONDS = 0.1


CASE_FORMAT = """\
A case (format bp-oracle/1) is one JSON file. Rows of X and Y are samples, W is (units, inputs):
  {"format": "bp-oracle/1", "id": "mine",
   "network": {"input_shape": [2], "layers": [
     {"type": "dense", "units": 3, "activation": {"name": "tanh"}},
     {"type": "dense", "units": 1, "activation": {"name": "sigmoid"}}]},
   "loss": {"name": "bce", "reduction": "mean_batch"},
   "optimizer": {"name": "adam", "lr": 0.01, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8},
   "init": [{"W": [[...]], "b": [...]}, {"W": [[...]], "b": [...]}],
   "data": {"X": [[...]], "Y": [[...]]},
   "checkpoints": [1, 10], "history_steps": 10,
   "expected": {"loss": ..., "layers": [{"z": ..., "a": ..., "delta": ..., "dW": ..., "db": ...}, {...}],
     "history": {"objective": [...]}, "params_after": {"1": [{"W": ..., "b": ...}, {...}], "10": [...]}}}
What you do not compute may be left out of `expected`. delta is dC/dz, with the 1/N of a mean in it. An array passes
when no element is further away than 1e-10, relative to itself or to a thousandth of the largest of its array.
  layers      dense (units), conv2d (filters, kernel, stride, padding, mode), maxpool2d and avgpool2d (kernel, stride,
              padding, ceil_mode), flatten, dropout (mask, scale), activation. dense and conv2d also: use_bias,
              bias_sign plus or minus (a threshold), train_weights, train_bias
  activation  identity, sigmoid, tanh, scaled_tanh (A, B), relu, leaky_relu (slope), elu (alpha), selu, gelu, gelu_tanh,
              silu, softplus (beta), softmax, or {"name": "per_neuron", "units": [{"name": "tanh"}, ...]}
  loss        half_squared_error, squared_error, bce, categorical_ce, huber (delta), hinge, squared_hinge,
              multiclass_hinge; reduction mean_batch, mean_all or sum
  optimizer   sgd, momentum and nesterov (momentum, velocity torch or classic), adagrad, rmsprop (rho, eps, centered,
              momentum), adam and adamw (beta1, beta2, eps, eps_mode standard or hat, amsgrad), adadelta (rho, eps),
              adamax, nadam, rprop. All: lr, weight_decay, decay_bias, bias_lr_mult
  schedule    step (step_size, gamma), exponential (gamma), inverse_time (decay), inv (gamma, power), cosine (t_max,
              eta_min), linear_warmup (start_factor, total_iters)
  others      "regularization": {"l1", "l2", "apply_to", "sparsity"}, "batches": row numbers for each update in turn,
              "gradient_clipping": {"kind": "global_norm", "max_norm"} or {"kind": "value", "limit"}
bpstudio verify --recipe pytorch (or keras, numpy) prints a script that writes such a file."""


def main(arguments: Sequence[str] | None = None, show: Callable[[Path], int] | None = None) -> int:
    """Run one command; returns the exit status. ``show`` opens a case in the window, where there is one."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.command == "verify" and not options.paths and not options.recipe:
        parser.error("verify: expected a case file or a folder of them")
    try:
        if options.command == "verify":
            if options.recipe:
                print(recipe(options.recipe), end="")
                return 0
            if options.show and show is None:
                raise ValueError("verify --show: only the window shows a case; here is none (bpstudio verify --show)")
            return verify(options.paths, options.table, options.json, show if options.show else None)
        return train(options.lesson, options.steps, options.epochs, options.report)
    except (OSError, ValueError) as problem:
        print(f"bpstudio: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bpstudio",
        description="See backpropagation happen. Without a command, the window opens.",
    )
    parser.add_argument("--version", action="version", version=f"bpstudio {bpstudio.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    verify_command = commands.add_parser(
        "verify",
        help="run reference cases and compare every number",
        description="Run reference cases and compare every number. The exit status is 1 if any failed, else 3 if any "
        "was skipped, else 0.",
        epilog=CASE_FORMAT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verify_command.add_argument("paths", nargs="*", type=Path, metavar="FILE|FOLDER")
    form = verify_command.add_mutually_exclusive_group()
    form.add_argument("--table", action="store_true", help="every array with its worst error, also where a case passes")
    form.add_argument("--json", action="store_true", help="everything as one JSON document, for other programs")
    form.add_argument(
        "--show",
        action="store_true",
        help="open the case (of several the first that fails) in the window, at what differs first",
    )
    form.add_argument("--recipe", choices=RECIPES, help="print a script that writes a case from a model of your own")

    train_command = commands.add_parser("train", help="train a lesson in the terminal")
    train_command.add_argument("lesson", metavar="LESSON", help="a lesson's name, such as iris, or a lesson file")
    length = train_command.add_mutually_exclusive_group()
    length.add_argument("--steps", type=_count, help="how many updates")
    length.add_argument("--epochs", type=_count, help=f"how many times through the data (default {DEFAULT_EPOCHS})")
    train_command.add_argument("--report", type=Path, metavar="FILE.html", help="write what happened as a web page")
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text!r}")
    return int(text)


def verify(
    paths: Sequence[Path], table: bool = False, json: bool = False, show: Callable[[Path], int] | None = None
) -> int:
    """Judge each case, a line for each, and the counts in the last line; below a line that fails what differs.

    ``show`` is given the first case that fails, or the first of all.
    """
    from bpstudio.files import case, case_report

    judged = []
    for path in case_files(paths):
        verdict = case.verify(path)
        judged.append((path, verdict))
        if not json:
            lines = case_report.table(verdict) if table or verdict.status == "FAIL" else []
            for line in (case_report.line(verdict), *(f"      {line}" for line in lines)):
                # A name comes from the file, and in a terminal some characters are orders.
                print("".join(character if character.isprintable() else "�" for character in line), flush=True)
    counts = {status: sum(verdict.status == status for _, verdict in judged) for status in ("PASS", "FAIL", "SKIP")}
    if json:
        print(case_report.text(judged))
    else:
        print(f"{len(judged)} cases: {counts['PASS']} PASS, {counts['FAIL']} FAIL, {counts['SKIP']} SKIP")
    if show is not None:
        return show(next((path for path, verdict in judged if verdict.status == "FAIL"), judged[0][0]))
    return 1 if counts["FAIL"] else 3 if counts["SKIP"] else 0


def recipe(name: str) -> str:
    """A script that writes a case from a model of the user's own, in PyTorch, Keras or NumPy."""
    from bpstudio.files import asset

    return asset.find(f"recipes/case_from_{name}.py").read_text(encoding="utf-8")


def case_files(paths: Sequence[Path]) -> list[Path]:
    """The cases among these files and in these folders. Raises ValueError where there is none."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            found = sorted(file for file in path.glob("*.json") if file.name != "MANIFEST.json")
            if not found:
                raise ValueError(f"{path}: no reference cases (.json) in this folder")
            files += found
        elif path.exists():
            files.append(path)
        else:
            raise ValueError(f"{path}: no such file or folder")
    return files


def train(lesson_name: str, steps: int | None, epochs: int | None, report: Path | None) -> int:
    """Train with a progress bar, print what came of it, and write the report if one was asked for."""
    from bpstudio.files.report import write
    from bpstudio.insight.notation import notation_named

    lesson = _lesson(lesson_name)
    session = lesson.session()
    frame = session.frame()
    wanted = steps if steps is not None else (epochs or DEFAULT_EPOCHS) * frame.steps_per_epoch
    title, text = lesson.title.within("en"), lesson.text.within("en")
    seconds = _run(session, wanted, title)
    frame = session.frame()
    _summarise(frame, seconds)
    if report is not None:
        letters = notation_named(lesson.notation).having(
            names=lesson.names,
            delta_sign=lesson.delta_sign,
            samples=lesson.samples,
            weight_layout=lesson.weight_layout,
        )
        write(report, frame, title, text, letters)
        print(f"Report: {report.resolve()}")
    return 0 if frame.nonfinite is None else 1


def _lesson(name: str) -> "Lesson":
    from bpstudio.files import lesson

    return lesson.read(name) if name.endswith(".json") or Path(name).is_file() else lesson.load(name)


def _run(session: "Session", wanted: int, title: str) -> float:
    """Train in stretches of about REFRESH_SECONDS; returns the seconds it took."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("steps · loss {task.fields[loss]}"),
        TimeRemainingColumn(),
    )
    stretch, done, spent = 16, 0, 0.0
    with Progress(*columns) as progress:
        bar = progress.add_task(title, total=wanted, loss="-")
        while done < wanted and session.nonfinite is None and session.stopped is None:
            begun = time.perf_counter()
            done += session.run(min(stretch, wanted - done))
            took = time.perf_counter() - begun
            spent += took
            stretch = max(1, min(2 * stretch, int(stretch * REFRESH_SECONDS / max(took, 1e-6))))
            progress.update(bar, completed=done, loss=f"{session.loss:.6g}")
    return spent


def _summarise(frame: "Frame", seconds: float) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(show_header=False, box=None)
    table.add_column(style="bold")
    rate = f"{frame.step / seconds:,.0f} steps/s" if seconds > 0 else ""
    table.add_row("steps", f"{frame.step:,} (epoch {frame.epoch:,})  {rate}")
    table.add_row("loss", f"{frame.loss:.6g} on the last batch")
    if frame.experiment.penalties:
        table.add_row("with penalties", f"{frame.objective:.6g}")
    baseline = frame.dataset.baseline()
    held = frame.metrics.validation
    if len(held):
        table.add_row("validation loss", f"{held[-1, 1]:.6g}")
        if baseline.validation_accuracy is not None:
            usual = f"{baseline.accuracy_words}: {baseline.validation_accuracy:.1%}"
            table.add_row("validation accuracy", f"{held[-1, 2]:.1%}  ({usual})")
    if frame.stopped is not None:
        from bpstudio.insight.resting import why

        table.add_row("stopped", why(frame.stopped).text.removeprefix("stopped "))
    if frame.nonfinite is not None:
        where = frame.nonfinite
        table.add_row(
            "stopped",
            f"step {where.step:,}: {where.quantity} of layer {where.layer} became {where.value}; "
            "a smaller learning rate is the remedy",
        )
    Console().print(table)


def display_missing() -> bool:
    """Whether this is a system on which windows need a display server, and none is announced."""
    if sys.platform in ("win32", "darwin") or os.environ.get("QT_QPA_PLATFORM"):
        return False
    return not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def without_display() -> int:
    """What `bpstudio` does where no window can open: the Iris lesson, here, with a report to look at elsewhere."""
    print("No display here (DISPLAY and WAYLAND_DISPLAY are not set), so the Iris lesson trains in this terminal.")
    return train("iris", None, None, Path("iris-report.html"))

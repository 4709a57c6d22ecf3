"""`bpstudio verify`: reference cases, each number compared; and scripts that make such cases of one's own models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from bpstudio.cli import exits
from bpstudio.cli.terminal import say

RECIPES = ("pytorch", "keras", "numpy")

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
                say(line)
    counts = {status: sum(verdict.status == status for _, verdict in judged) for status in ("PASS", "FAIL", "SKIP")}
    if json:
        print(case_report.text(judged))
    else:
        print(f"{len(judged)} cases: {counts['PASS']} PASS, {counts['FAIL']} FAIL, {counts['SKIP']} SKIP")
    if show is not None:
        return show(next((path for path, verdict in judged if verdict.status == "FAIL"), judged[0][0]))
    return exits.NOT_THE_SAME if counts["FAIL"] else exits.SKIPPED if counts["SKIP"] else exits.DONE


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

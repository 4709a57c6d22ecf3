"""`--set key=value`: one number or name of an experiment said anew, as it is typed in the window.

A key is a place in the experiment as it stands in a lesson, such as ``optimizer.rate`` or ``network.layers[0].units``.
A layer may be called by its name, and what is changed often has a short key. All of them together make one edit, so
that a loss and the activation that goes with it can be changed in one line.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from bpstudio.files import changes
from bpstudio.insight.conventions import changed
from bpstudio.insight.typed_number import NumberError, read_number
from bpstudio.training.adaptive import AdamW
from bpstudio.training.clipping import CLIPPINGS
from bpstudio.training.experiment import Experiment
from bpstudio.training.optimizers import OPTIMIZERS
from bpstudio.training.schedules import SCHEDULES
from bpstudio.training.stopping import EarlyStopping

Setting = tuple[str, str]

SHORT = {
    "rate": "optimizer.rate",
    "momentum": "optimizer.momentum",
    "weight_decay": "optimizer.weight_decay",
    "batch": "batch_size",
    "order": "update_order",
}
"""Short keys, and the places that they stand for."""
CHOICES = ("optimizer", "schedule", "clipping", "stopping")
"""Keys that choose among several kinds of record; the other numbers of the new one are the usual ones."""
PENALTIES = ("l1", "l2")
_NONE = ("none", "off", "no", "false")
_TRUTHS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}

HELP = """\
keys of --set:
  rate=0.1            the learning rate (optimizer.rate); 0,1 and 1/10 are read too
  optimizer=adam      another rule at the same rate: {optimizers}
  momentum=0.9        a number of the rule: optimizer.momentum, .beta1, .beta2, .epsilon, .rho, .weight_decay, ...
  schedule=cosine     how the rate changes: {schedules};
                      its numbers are schedule.step_size, .gamma, .t_max, ...
  clipping=value      {clippings} or none; clipping.limit, clipping.max_norm
  stopping=on         early stopping, on or off; stopping.patience, stopping.min_delta
  batch=32            rows of a batch (batch_size), 0 for all of them
  seed=3              of start values and the order of rows
  loss=bce            also: reduction, shuffle, update_order, dtype, validate_every, flat_threshold
  l2=0.001            the strength of a penalty on the weights, 0 for none; also l1
  layer1.units=8      a field of a layer, by its name: units, activation, bias, train_bias, ...
  network.layers[*].activation=tanh   or by its number from 0, of several [0:2], of all [*]
Several --set are one edit. On a project it goes on from the step where the project stands, as in the window.

keys of --set for a table (CSV):
  data.target=price   the column to learn (several with commas); data.inputs=age,size
  data.task=classes   regression, binary or classes; data.positive=yes
  data.scaling=standardize            of all number inputs; data.scaling.price=range of one column
  data.impute=mean    for missing values: mean, median, most frequent, drop row; data.impute.age=median
  data.kind.zip=category              what a column is taken for
  data.validation=0.2 data.seed=1 data.separator=; data.decimal=, data.header=no data.encoding=gb18030"""


def help_text() -> str:
    """The list of keys as --help prints it."""
    return HELP.format(optimizers=", ".join(OPTIMIZERS), schedules=", ".join(SCHEDULES), clippings=", ".join(CLIPPINGS))


def parse(texts: Sequence[str]) -> tuple[Setting, ...]:
    """The pairs (key, value) of the options as they were typed. Raises ValueError for one without "="."""
    pairs = []
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise ValueError(f"--set {text}: expected key=value, such as rate=0.1")
        pairs.append((key.strip(), value.strip()))
    return tuple(pairs)


def apply(experiment: Experiment, settings: Iterable[Setting]) -> Experiment:
    """The experiment with everything set, checked as a whole.

    Raises ValueError that names the key, what is known there, and what may have been meant.
    """
    settings = tuple(settings)
    if not settings:
        return experiment
    document = experiment.to_dict(complete=True)
    # What is chosen comes first, whatever the order: its numbers are set on the new one.
    for key, value in sorted(settings, key=lambda pair: pair[0].removesuffix(".name") not in CHOICES):
        chosen = key.removesuffix(".name")
        if chosen in CHOICES:
            document[chosen] = _chosen(experiment, chosen, value)
        elif key in PENALTIES:
            _set_penalty(document, key, value)
        else:
            _set(document, experiment, key, value)
    try:
        return Experiment.from_dict(document)
    except ValueError as problem:
        raise ValueError(f"--set: {problem}{_meant(str(problem))}") from None


def near(word: str, known: Iterable[str]) -> str:
    """ "; did you mean …?" where a known word is close, else nothing."""
    found = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {found[0]}?" if found else ""


def read_value(text: str, present: Any, key: str) -> Any:
    """The value that a text writes, of the kind that stands there now."""
    if isinstance(present, bool):
        if text.lower() not in _TRUTHS:
            raise ValueError(f"--set {key}: expected true or false, got {text!r}")
        return _TRUTHS[text.lower()]
    if isinstance(present, int | float):
        return number(text, key)
    if isinstance(present, str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        raise ValueError(f"--set {key}: expected JSON, such as {json.dumps(present)}, got {text!r}") from None


def number(text: str, key: str) -> int | float:
    """A number as people type it; whole ones are whole."""
    if re.fullmatch(r"-?[0-9]{1,30}", text):
        return int(text)
    try:
        value = read_number(text)
    except NumberError as problem:
        raise ValueError(f"--set {key}: {problem}") from None
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _chosen(experiment: Experiment, key: str, value: str) -> Any:
    """The plain values of the record that a name chooses."""
    kinds: dict[str, tuple[str, ...]] = {
        "optimizer": tuple(OPTIMIZERS),
        "schedule": tuple(SCHEDULES),
        "clipping": (*CLIPPINGS, "none"),
        "stopping": ("on", "off"),
    }
    if key in ("clipping", "stopping") and value.lower() in _NONE:
        return None
    if key == "stopping" and value.lower() in ("on", "yes", "true"):
        return dataclasses.asdict(EarlyStopping())
    if value not in kinds[key]:
        raise ValueError(
            f"--set {key}: expected one of {', '.join(kinds[key])}, got {value!r}{near(value, kinds[key])}"
        )
    if key == "schedule":
        return {"name": value, **dataclasses.asdict(SCHEDULES[value]())}
    if key == "clipping":
        return {"name": value, **dataclasses.asdict(CLIPPINGS[value]())}
    rule = changed(experiment.replace(schedule=SCHEDULES["constant"]()), "optimizer", value).optimizer
    if isinstance(rule, AdamW) and rule.weight_decay == 0:
        rule = dataclasses.replace(rule, weight_decay=AdamW.usual_decay)
    return {"name": value, **dataclasses.asdict(rule)}


def _set_penalty(document: dict[str, Any], name: str, text: str) -> None:
    strength = number(text, name)
    rules = [rule for rule in document["penalties"] if rule["name"] != name]
    old = next((rule for rule in document["penalties"] if rule["name"] == name), {"name": name})
    document["penalties"] = [*rules, {**old, "strength": strength}] if strength else rules


def _set(document: dict[str, Any], experiment: Experiment, key: str, text: str) -> None:
    names = experiment.network.layer_names
    first, dot, rest = SHORT.get(key, key).partition(".")
    if first in names and dot:
        first, dot, rest = "network", ".", f"layers[{names.index(first)}].{rest}"
    known = (*document, *SHORT, *CHOICES, *PENALTIES, *names)
    if re.split(r"\[", first)[0] not in document:
        listed = ", ".join(dict.fromkeys(known))
        raise ValueError(f"--set {key}: there is no such key{near(first, known) or '.'} Known are {listed}")
    try:
        holders = list(changes.places(document, first + dot + rest, f"--set {key}"))
    except ValueError as problem:
        raise ValueError(f"{problem}{_known_below(document, first, rest)}") from None
    for holder, name in holders:
        if isinstance(holder[name], dict):
            raise ValueError(f"--set {key}: expected a place inside it, such as {key}.{next(iter(holder[name]))}")
        holder[name] = read_value(text, holder[name], key)


def _known_below(document: dict[str, Any], first: str, rest: str) -> str:
    """What can be set there, as far as the key leads somewhere."""
    if document.get(first) is None and first in CHOICES:
        return f"; set {first}={'on' if first == 'stopping' else next(iter(CLIPPINGS))} with it"
    parent = ".".join((first, *rest.split(".")[:-1]))
    try:
        holder, name = next(changes.places(document, parent, ""))
    except (StopIteration, ValueError):
        return ""
    found = holder[name]
    return f" Known are {', '.join(found)}" if isinstance(found, dict) else ""


def _meant(problem: str) -> str:
    """The near one of the names that a refusal lists."""
    listed = re.search(r"expected one of (.+), got '(\w+)'", problem)
    return near(listed[2], re.split(r", ", listed[1])) if listed else ""

"""The parts of a lesson besides its experiment and data: scenes, switches, locks, and where a saved run stood."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from bpstudio.data import records
from bpstudio.engine.network import Network
from bpstudio.engine.penalizing import Averages, average_places
from bpstudio.engine.trace import Params
from bpstudio.files import changes, known, parameters, wording
from bpstudio.files.known import Known
from bpstudio.files.wording import Wording
from bpstudio.insight import naming
from bpstudio.insight.elements import Names
from bpstudio.insight.own_names import Pairs
from bpstudio.insight.walk import GRAINS, Grain, Walk
from bpstudio.training.experiment import Experiment
from bpstudio.training.stopping import UNTRIED, Patience

MAX_STEP = 2**53
COLORS = ("gradient", "weight", "update")
"""What the colour of an edge can mean."""
LOCKS = ("builder", "training", "data", "values")
"""What a lesson can lock: the network; loss, optimiser and the rest of training; the data; and typed numbers."""
_SCENE_KEYS = (
    *("title", "text", "variant", "step", "grain", "at", "select", "hover", "row", "color", "question", "answer"),
)

Part = TypeVar("Part")


@dataclass(frozen=True)
class Scene:
    """One scene of a lesson: a beat of a step to look at, in the chosen variant, and what there is to see.

    select, hover      plain names of what is selected and what is pointed at ("": nothing)
    row                the row of the data that neurons show; "batch": all rows of the batch; None: the first one
    color              what edge colours mean ("": what they meant before)
    question, answer   something to think about; the answer is hidden until it is asked for
    """

    text: Wording
    title: Wording = field(default_factory=Wording)
    step: int = 0
    grain: Grain | Literal[""] = ""
    at: str = ""
    variant: str = ""
    select: str = ""
    hover: str = ""
    row: int | Literal["batch"] | None = None
    color: str = ""
    question: Wording = field(default_factory=Wording)
    answer: Wording = field(default_factory=Wording)


@dataclass(frozen=True, eq=False)
class Variant:
    """A switch that a lesson offers: what it changes in the experiment, and what comes out then.

    `changes` maps places such as ``network.layers[*].activation`` to new values. `start` is "same" (the lesson's start
    values), "drawn" (from the seed), or values of its own.
    """

    name: str
    label: Wording
    changes: Mapping[str, Any] = field(default_factory=dict)
    start: Literal["same", "drawn"] | Params = "same"
    note: Wording = field(default_factory=Wording)
    expected: tuple[Known, ...] = ()


@dataclass(frozen=True, eq=False)
class State:
    """How far training had come: the step, its parameters, the optimiser's numbers by name, and its place in the data:
    the epoch, and the number of its batch in it. ``begun`` is the step from which the optimiser counts its updates,
    ``watched`` what a schedule that waits for better validations knew of them, ``averages`` the running means of a
    sparsity by layer, counted from 0.
    """

    step: int
    params: Params
    optimizer: Mapping[str, Params] = field(default_factory=dict)
    epoch: int = 0
    batch: int = 0
    begun: int = 0
    watched: Patience = UNTRIED
    averages: Averages = field(default_factory=dict)


def listed(document: object, path: str, most: int, read: Callable[[Any, str], Part]) -> tuple[Part, ...]:
    """Each element of a list, read with its path; `most` bounds what a stranger may hand in."""
    entries = records.sequence(document, path)
    if len(entries) > most:
        raise ValueError(f"{path}: expected at most {most} entries, got {len(entries)}")
    return tuple(read(entry, f"{path}[{index}]") for index, entry in enumerate(entries))


def choice(document: object, path: str, allowed: tuple[str, ...]) -> str:
    """One of the allowed names."""
    if not isinstance(document, str) or document not in allowed:
        raise ValueError(f"{path}: expected one of {', '.join(filter(None, allowed))}, got {records.shown(document)}")
    return document


def whole(document: object, path: str, low: int, high: int) -> int:
    """A whole number within bounds."""
    number = records.whole(document, path)
    if not low <= number <= high:
        raise ValueError(f"{path}: expected a whole number from {low:,} to {high:,}, got {number:,}")
    return number


def grain(document: object, path: str) -> Grain | Literal[""]:
    """The name of a grain, or "" where the window shall choose."""
    if document == "":
        return ""
    return next(each for each in GRAINS if each == choice(document, path, GRAINS))


def read_scene(document: object, path: str) -> Scene:
    """A scene from its JSON form; whether beat, elements and row exist is `check_scene`'s to say."""
    entries = records.mapping(document, path, _SCENE_KEYS, ("text",))
    question = wording.read(entries.get("question", ""), f"{path}.question")
    answer = wording.read(entries.get("answer", ""), f"{path}.answer")
    if bool(question) != bool(answer):
        lacking = "answer" if question else "question"
        raise ValueError(f"{path}.{lacking}: expected a text: a question and its answer come together")
    color = entries.get("color", "")
    return Scene(
        text=wording.read(entries["text"], f"{path}.text"),
        title=wording.read(entries.get("title", ""), f"{path}.title"),
        step=whole(entries.get("step", 0), f"{path}.step", 0, known.MAX_STEPS),
        grain=grain(entries.get("grain", ""), f"{path}.grain"),
        at=wording.line(entries.get("at", ""), f"{path}.at"),
        variant=wording.line(entries.get("variant", ""), f"{path}.variant"),
        select=wording.line(entries.get("select", ""), f"{path}.select"),
        hover=wording.line(entries.get("hover", ""), f"{path}.hover"),
        row=_row(entries.get("row"), f"{path}.row"),
        color=choice(color, f"{path}.color", COLORS) if color != "" else "",
        question=question,
        answer=answer,
    )


def _row(document: object, path: str) -> int | Literal["batch"] | None:
    if document is None or document == "batch":
        return "batch" if document else None
    if isinstance(document, str):
        raise ValueError(f'{path}: expected the number of a row or "batch", got {records.shown(document)}')
    return whole(document, path, 0, MAX_STEP)


def write_scene(scene: Scene) -> dict[str, Any]:
    """The JSON form, without what is at its default."""
    document: dict[str, Any] = {"title": wording.write(scene.title)} if scene.title else {}
    for name in ("variant", "step", "grain", "at", "select", "hover", "color"):
        if getattr(scene, name):
            document[name] = getattr(scene, name)
    if scene.row is not None:
        document["row"] = scene.row
    document["text"] = wording.write(scene.text)
    for name in ("question", "answer"):
        if getattr(scene, name):
            document[name] = wording.write(getattr(scene, name))
    return document


def read_locks(document: object, path: str) -> tuple[str, ...]:
    """What a lesson locks, each once."""
    locks = listed(document, path, len(LOCKS), lambda each, at: choice(each, at, LOCKS))
    for index, name in enumerate(locks):
        if name in locks[:index]:
            raise ValueError(f"{path}[{index}]: {name} is locked already")
    return locks


def read_variant(document: object, path: str, experiment: Experiment) -> Variant:
    """A switch from its JSON form; `experiment` is the one that it changes."""
    keys = ("name", "label", "note", "changes", "start", "expected")
    entries = records.mapping(document, path, keys, ("name", "label"))
    given = entries.get("changes", {})
    if not isinstance(given, dict):
        raise ValueError(f"{path}.changes: expected an object {{…}}, got {records.shown(given)}")
    changed = changes.apply(experiment, given, f"{path}.changes")
    start = entries.get("start", "same")
    own = parameters.read(start, changed.network, f"{path}.start") if isinstance(start, dict) else None
    kind: Literal["same", "drawn"] = "drawn" if start == "drawn" else "same"
    if own is None and start != kind:
        raise ValueError(f'{path}.start: expected "same", "drawn" or an object {{…}}, got {records.shown(start)}')
    if kind == "same" and own is None and changed.network.sizes != experiment.network.sizes:
        raise ValueError(f'{path}.start: the layers have other sizes: expected "drawn" or an object {{…}}, got "same"')
    return Variant(
        name=wording.line(entries["name"], f"{path}.name"),
        label=wording.read(entries["label"], f"{path}.label"),
        changes=given,
        start=own or kind,
        note=wording.read(entries.get("note", ""), f"{path}.note"),
        expected=read_expected(entries.get("expected", []), f"{path}.expected", changed.network),
    )


def write_variant(variant: Variant) -> dict[str, Any]:
    """The JSON form, without what is at its default."""
    document: dict[str, Any] = {"name": variant.name, "label": wording.write(variant.label)}
    if variant.note:
        document["note"] = wording.write(variant.note)
    if variant.changes:
        document["changes"] = dict(variant.changes)
    if isinstance(variant.start, Params):
        document["start"] = parameters.write(variant.start)
    elif variant.start != "same":
        document["start"] = variant.start
    if variant.expected:
        document["expected"] = [known.write(each) for each in variant.expected]
    return document


def read_names(document: object, path: str, network: Network) -> Pairs:
    """Names of a person's own by address; each address exists, each name can be shown, and none is used twice."""
    if not isinstance(document, dict):
        raise ValueError(f"{path}: expected an object {{…}}, got {records.shown(document)}")
    names = {address: wording.line(name, f"{path}.{address}") for address, name in document.items()}
    try:
        return naming.checked(names, network)
    except naming.NamingError as error:
        raise ValueError(f"{path}.{error.address}: {error.phrase.text}") from None


def read_expected(document: object, path: str, network: Network, begun: int = 0) -> tuple[Known, ...]:
    """Promises, each checked to speak of something that the network has; the run begins at the step ``begun``."""

    def read(entry: object, place: str) -> Known:
        promise = known.read(entry, place, begun)
        promise.check(network, place)
        return promise

    return listed(document, path, 1000, read)


def read_state(document: object, path: str, experiment: Experiment) -> State:
    """Where a saved run stood; exactly the numbers that the optimiser keeps have to be there."""
    entries = records.mapping(
        document,
        path,
        ("step", "epoch", "batch", "begun", "watched", "parameters", "optimizer", "running_means"),
        ("step", "parameters"),
    )
    step = whole(entries["step"], f"{path}.step", 0, MAX_STEP)
    network, names = experiment.network, experiment.optimizer.states
    kept = records.mapping(entries.get("optimizer", {}), f"{path}.optimizer", names, names)
    return State(
        step=step,
        params=parameters.read(entries["parameters"], network, f"{path}.parameters"),
        optimizer={name: parameters.read(kept[name], network, f"{path}.optimizer.{name}") for name in names},
        epoch=whole(entries.get("epoch", 0), f"{path}.epoch", 0, MAX_STEP),
        batch=whole(entries.get("batch", 0), f"{path}.batch", 0, MAX_STEP),
        begun=whole(entries.get("begun", 0), f"{path}.begun", 0, step),
        watched=_watched(entries["watched"], f"{path}.watched", step) if "watched" in entries else UNTRIED,
        averages=_averages(entries.get("running_means", {}), f"{path}.running_means", experiment),
    )


def _averages(document: object, path: str, experiment: Experiment) -> Averages:
    """The running means of exactly the layers of which such a sparsity is asked, by the layers' names."""
    network = experiment.network
    named = {network.layer_names[n]: n for n in average_places(network, experiment.penalties)}
    entries = records.mapping(document, path, named, named)
    return {n: parameters.array(entries[name], f"{path}.{name}", network.shapes[n + 1]) for name, n in named.items()}


def _watched(document: object, path: str, step: int) -> Patience:
    entries = records.mapping(document, path, ("best", "best_step", "waited", "ran_out"), ("ran_out",))
    return Patience(
        best=records.number(entries["best"], f"{path}.best") if "best" in entries else math.inf,
        best_step=whole(entries.get("best_step", -1), f"{path}.best_step", -1, step),
        waited=whole(entries.get("waited", 0), f"{path}.waited", 0, MAX_STEP),
        ran_out=whole(entries["ran_out"], f"{path}.ran_out", 0, MAX_STEP),
    )


def write_state(state: State) -> dict[str, Any]:
    """The JSON form."""
    document: dict[str, Any] = {"step": state.step, "epoch": state.epoch, "batch": state.batch}
    if state.begun:
        document["begun"] = state.begun
    if state.watched != UNTRIED:
        best = {"best": state.watched.best} if math.isfinite(state.watched.best) else {}
        watched = {"best_step": state.watched.best_step, "waited": state.watched.waited}
        document["watched"] = {**best, **watched, "ran_out": state.watched.ran_out}
    document["parameters"] = parameters.write(state.params)
    if state.averages:
        names = state.params.network.layer_names
        document["running_means"] = {names[n]: means.tolist() for n, means in state.averages.items()}
    if state.optimizer:
        document["optimizer"] = {name: parameters.write(values) for name, values in state.optimizer.items()}
    return document


def check_scene(scene: Scene, experiment: Experiment, rows: int, train: int, path: str) -> None:
    """Raise ValueError, naming the place, unless everything that a scene points at exists: its beat in the walk of a
    batch of the `train` training rows, what is selected and pointed at in the network, its row among the `rows`.
    """
    check_beat(experiment, train, scene.at, f"{path}.at")
    names = Names.of(experiment.network)
    for key, name in (("select", scene.select), ("hover", scene.hover)):
        if name:
            try:
                names.find(name)
            except ValueError as error:
                raise ValueError(f"{path}.{key}: {error}") from None
    if isinstance(scene.row, int) and scene.row >= rows:
        raise ValueError(f"{path}.row: expected a row from 0 to {rows - 1:,}, got {scene.row:,}")


def check_beat(experiment: Experiment, rows: int, at: str, path: str) -> None:
    """Raise ValueError, naming the place, unless the walk of a batch of `rows` rows has the address `at`."""
    if not at:
        return
    sequential = experiment.update_order == "sequential"
    size = min(experiment.batch_size or rows, rows)
    walk = Walk(experiment.network, experiment.loss, experiment.reduction, size, sequential)
    try:
        walk.find("edge", at)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None

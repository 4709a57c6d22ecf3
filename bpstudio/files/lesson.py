"""A lesson: an experiment in a file that a person can read, with its text and the digits it promises.

The same format keeps what a learner saves: the description of the run, its data (or where they are), the start values,
and how far training had come. Nothing in a lesson is executed, every number is checked on the way in, and every float
goes out as the shortest text that reads back to the same double.

    {"format": "bpstudio-lesson/1",
     "title": {"en": "One neuron", "zh_CN": "一个神经元"},
     "experiment": {"network": {"inputs": 1, "layers": [{"units": 1, "activation": "sigmoid"}]}},
     "data": {"inputs": ["x"], "outputs": ["y"], "rows": [[1.0, 0.0]]},
     "start": {"layer1": {"W": [[0.6]], "b": [0.9]}}}
"""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from bpstudio.data import records
from bpstudio.data.dataset import Dataset
from bpstudio.data.errors import DataError, sayable
from bpstudio.engine.trace import Params, draw_params
from bpstudio.files import (
    asset,
    atomic,
    changes,
    data_reference,
    errata,
    known,
    parameters,
    readable_json,
    strict_json,
    wording,
)
from bpstudio.files import lesson_parts as parts
from bpstudio.files.errata import Erratum
from bpstudio.files.fingerprint import fingerprint
from bpstudio.files.known import Known
from bpstudio.files.lesson_parts import Scene, State, Variant
from bpstudio.files.wording import Wording
from bpstudio.insight import naming
from bpstudio.insight.notation import NOTATIONS, SAMPLES, WEIGHT_LAYOUTS
from bpstudio.insight.own_names import Pairs
from bpstudio.insight.walk import Grain
from bpstudio.training.caption import Caption
from bpstudio.training.carry import check_fit, same_values
from bpstudio.training.experiment import Experiment
from bpstudio.training.frame import Frame
from bpstudio.training.session import Session
from bpstudio.training.update import further_numbers

FORMAT = "bpstudio-lesson/1"
NAMES = (
    "one-neuron",
    "mazur",
    "softmax",
    "four-equations",
    "xor",
    "dead-relu",
    "linear",
    "cuts",
    "logistic",
    "shallow",
    "thresholds",
    "deep-learn-toolbox",
    "optimisers",
    "vanishing",
    "exploding",
    "efficient-backprop",
    "iris",
    "sparse-autoencoder",
    "lenet",
)
"""The lessons that travel with the program, in the order in which they are offered."""

MOST_MEMORY = 128 * 2**20
"""Bytes of arrays that a lesson may ask for. Numbers for more than a sixth of it would not fit into its file."""

PLOTS = ("loss", "accuracy", "rate", "saturation", "map", "gradient", "bars", "fit", "curve")
"""What a lesson can put in front; "rate" is the learning rate of a schedule, "map" saturation by unit, "bars" the
gradient of each layer, "curve" f and f′ of the unit in view.
"""

_KEYS = (
    *("format", "title", "summary", "text", "notation", "delta_sign", "samples", "weight_layout", "names"),
    *("grain", "at", "digits", "row", "plots"),
    *("experiment", "data", "start", "variant", "state", "scenes", "locks", "variants", "expected"),
    *("errata", "made_with"),
)


class ReferenceCaseError(ValueError):
    """The file is no lesson: it is a reference case (see ``case_lesson``)."""


@dataclass(frozen=True, eq=False)
class Lesson:
    """An experiment, its data and start values, and what there is to see.

    start          parameters of step 0; None: drawn from the experiment's seed
    state          where a saved run stood; None: at step 0
    notation       whose letters it speaks; grain, at: where the walk opens ("" leaves the choice to the window)
    digits         decimals that numbers show; row: the row of the data that neurons show first
    delta_sign     what δ means in what is written: 1 for +∂C/∂z, -1 for −∂C/∂z as in older books
    samples        what the samples of a batch are in what is written: "rows" or "columns"
    weight_layout  whether W is written with a row ("out_in") or a column ("in_out") for each unit
    names          a person's own names by address: ("w5", "v11"), ("h1", "A")
    plots          the plots that stand in front
    scenes         what there is to see, in order; locks: what cannot be changed (lesson_parts.LOCKS)
    variants       switches; the first one usually is the lesson as it stands
    errata         where a text prints something else than is true
    variant        the switch that is on ("": none), and base: the lesson before it was
    made_with      the fingerprint of the machine on which a run was saved
    """

    title: Wording
    experiment: Experiment
    dataset: Dataset
    start: Params | None = None
    state: State | None = None
    summary: Wording = field(default_factory=Wording)
    text: Wording = field(default_factory=Wording)
    notation: str = "nielsen"
    delta_sign: int = 1
    samples: str = "rows"
    weight_layout: str = "out_in"
    names: Pairs = ()
    grain: Grain | Literal[""] = ""
    at: str = ""
    digits: int = 6
    row: int = 0
    plots: tuple[str, ...] = ()
    scenes: tuple[Scene, ...] = ()
    variants: tuple[Variant, ...] = ()
    expected: tuple[Known, ...] = ()
    errata: tuple[Erratum, ...] = ()
    locks: tuple[str, ...] = ()
    variant: str = ""
    base: Lesson | None = None
    made_with: Mapping[str, str] = field(default_factory=dict)

    def session(self) -> Session:
        """A run that begins where the lesson stands."""
        if self.state is None:
            return Session(self.experiment, self.dataset, self.start, caption=self.caption)
        resume = (self.state.step, self.state.params, dict(self.state.optimizer))
        return Session(
            self.experiment,
            self.dataset,
            self.start,
            resume=resume,
            place=(self.state.epoch, self.state.batch),
            caption=self.caption,
            begun=self.state.begun,
            watched=self.state.watched,
            averages=self.state.averages,
        )

    @property
    def caption(self) -> Caption:
        """The names with which a run of it begins; its title is the file's, until a person gives another."""
        return Caption.of("", self.names, self.experiment.network)

    @property
    def origin(self) -> Params:
        """The parameters of step 0: typed, or drawn from the seed."""
        return self.start or draw_params(self.experiment.network, self.experiment.seed)

    def choose(self, name: str) -> Lesson:
        """The lesson with the named variant switched on, at step 0. Raises ValueError for an unknown name."""
        variant = next((each for each in self.variants if each.name == name), None)
        if variant is None:
            names = ", ".join(each.name for each in self.variants) or "none"
            raise ValueError(f"variant: expected one of {names}, got {name!r}")
        # Always from the lesson as its file has it: switches are alternatives, they do not add up.
        base = self.base or self
        experiment = changes.apply(base.experiment, variant.changes, "changes")
        start = base.start if variant.start == "same" else None
        if isinstance(variant.start, Params):
            start = variant.start
        if start is not None:
            # The same values in the layout of the changed network: what is frozen lies elsewhere in the flat array.
            start = start.fitted(experiment.network)
        called = naming.moved(base.names, base.experiment.network, experiment.network)
        now = {"experiment": experiment, "start": start, "expected": variant.expected, "state": None, "names": called}
        return base.replace(**now, variant=name, base=base)

    def replace(self, **values: Any) -> Lesson:
        """A new lesson that differs in the named fields."""
        return dataclasses.replace(self, **values)


def read(path: str | os.PathLike[str]) -> Lesson:
    """The lesson in a file. Raises OSError when it cannot be read, ValueError that names the place when it is wrong."""
    file = Path(path)
    if file.is_dir():
        raise ValueError(f"{file} is a folder: open a lesson file (.json) in it")
    return _read(strict_json.read(file), file.parent)


def parse(source: bytes | str, folder: str | os.PathLike[str] | None = None) -> Lesson:
    """The lesson in a text; data files that it names are looked for relative to `folder`."""
    return _read(strict_json.parse(source), folder)


def of_document(document: object, dataset: Dataset) -> Lesson:
    """The lesson of a JSON form whose data are kept elsewhere: what stands under its `data` is not looked at."""
    return _read(document, None, dataset)


def load(name: str) -> Lesson:
    """A lesson that travels with the program, by its name."""
    if name not in NAMES:
        raise ValueError(f"lesson: expected one of {', '.join(NAMES)}, got {name!r}")
    return read(asset.find(f"lessons/{name}.json"))


def write(what: Lesson | Session | Frame, path: str | os.PathLike[str]) -> None:
    """Save a lesson, or a run as it stands. The file is replaced when its replacement is complete, else it stays."""
    if isinstance(what, Session):
        what = what.frame()
    lesson = capture(what) if isinstance(what, Frame) else what
    atomic.write_text(path, text(lesson, Path(path).resolve().parent))


def capture(frame: Frame, lesson: Lesson | None = None, **view: Any) -> Lesson:
    """The run in a frame as a lesson that goes on from there; `view` sets title, notation, grain, at, digits and so on.

    Of the lesson from which it came the words stay. Its stops, switches and promised digits stay only while experiment,
    data and start values are still its own: they speak of those.
    """
    experiment, dataset = frame.experiment, frame.dataset
    drawn = draw_params(experiment.network, experiment.seed)
    # Start values of another shape are those of before an edit: a reset draws others, and so does the file.
    origin = frame.start
    start = drawn if origin is None or not origin.fits(experiment.network) else origin.fitted(experiment.network)
    state = None
    if frame.step > 0:
        optimizer = {name: values.copy() for name, values in frame.state.items()}
        known = frame.watched.schedule
        state = State(
            frame.step,
            frame.params.copy(),
            optimizer,
            frame.epoch,
            frame.position,
            begun=frame.begun,
            watched=known,
            averages={layer: means.copy() for layer, means in frame.averages.items()},
        )
    names = naming.moved(frame.caption.names, frame.caption.addresses, experiment.network)
    now: dict[str, Any] = {"state": state, "made_with": fingerprint(), "names": names}
    if (
        lesson is None
        or lesson.experiment != experiment
        or lesson.dataset.hash != dataset.hash
        or not same_values(lesson.origin, start)
    ):
        # Drawn values need not stand in the file: the seed says them.
        now |= {"experiment": experiment, "dataset": dataset, "start": None if same_values(start, drawn) else start}
        now |= {
            "scenes": (),
            "variants": (),
            "expected": (),
            "errata": (),
            "variant": "",
            "base": None,
            "at": "",
            "row": 0,
        }
        lesson = lesson or Lesson(Wording.of(dataset.name), experiment, dataset)
    return lesson.replace(**(now | view))


def text(lesson: Lesson, folder: str | os.PathLike[str] | None = None) -> str:
    """The text of the file; data files are named relative to `folder` where that is possible."""
    result = readable_json.write(document(lesson, folder))
    size = len(result.encode())
    if size > strict_json.MAX_BYTES:
        raise ValueError(
            f"the lesson would have {size:,} bytes, more than the {strict_json.MAX_BYTES:,} that can be opened again: "
            "export the weights as .npz, and keep the data in a file of their own"
        )
    return result


def document(lesson: Lesson, folder: str | os.PathLike[str] | None = None) -> dict[str, Any]:
    """The JSON form of a lesson, in the order in which a person wants to read it."""
    result: dict[str, Any] = {"format": FORMAT, "title": wording.write(lesson.title)}
    for name in ("summary", "text"):
        if getattr(lesson, name):
            result[name] = wording.write(getattr(lesson, name))
    base = lesson.base if lesson.base is not None and _is_switched(lesson) else lesson
    result["notation"] = lesson.notation
    if lesson.delta_sign != 1:
        result["delta_sign"] = lesson.delta_sign
    for name, usual in (("samples", "rows"), ("weight_layout", "out_in")):
        if getattr(lesson, name) != usual:
            result[name] = getattr(lesson, name)
    if lesson.names:
        result["names"] = dict(naming.moved(lesson.names, lesson.experiment.network, base.experiment.network))
    for name in ("grain", "at"):
        if getattr(lesson, name):
            result[name] = getattr(lesson, name)
    result["digits"] = lesson.digits
    if lesson.row:
        result["row"] = lesson.row
    if lesson.plots:
        result["plots"] = list(lesson.plots)
    result["experiment"] = base.experiment.to_dict()
    result["data"] = data_reference.write(lesson.dataset, folder)
    if base.start is not None:
        result["start"] = parameters.write(base.start)
    if base is not lesson:
        result["variant"] = lesson.variant
    if lesson.state is not None:
        result["state"] = parts.write_state(lesson.state)
    if lesson.scenes:
        result["scenes"] = [parts.write_scene(scene) for scene in lesson.scenes]
    if lesson.locks:
        result["locks"] = list(lesson.locks)
    if lesson.variants:
        result["variants"] = [parts.write_variant(variant) for variant in lesson.variants]
    if base.expected:
        result["expected"] = [known.write(promise) for promise in base.expected]
    if lesson.errata:
        result["errata"] = [errata.write(erratum) for erratum in lesson.errata]
    if lesson.made_with:
        result["made_with"] = dict(lesson.made_with)
    return result


def _is_switched(lesson: Lesson) -> bool:
    """Whether the lesson still is what its switch makes of its base; then the file can say it by the switch's name."""
    if lesson.base is None or lesson.variants != lesson.base.variants:
        return False
    switched = lesson.base.choose(lesson.variant)
    return switched.experiment == lesson.experiment and same_values(switched.origin, lesson.origin)


def _read(document: object, folder: str | os.PathLike[str] | None, dataset: Dataset | None = None) -> Lesson:
    try:
        return _lesson(document, folder, dataset)
    except DataError:
        raise
    except ValueError as error:
        # Whoever complains may quote what stands in the file, which may be a megabyte of anything.
        plain = sayable(str(error))
        if plain == str(error):
            raise
        raise type(error)(plain) if type(error) in (ValueError, ReferenceCaseError) else ValueError(plain) from None


def _lesson(document: object, folder: str | os.PathLike[str] | None, dataset: Dataset | None) -> Lesson:
    _check_format(document)
    entries = records.mapping(document, "lesson", _KEYS, ("format", "title", "experiment", "data"))
    experiment = _experiment(entries["experiment"])
    network = experiment.network
    dataset = data_reference.read(entries["data"], "data", folder) if dataset is None else dataset
    _check_memory(experiment, dataset, "experiment")
    _check_fit(experiment, dataset)
    lesson = Lesson(
        title=wording.read(entries["title"], "title"),
        experiment=experiment,
        dataset=dataset,
        start=parameters.read(entries["start"], network, "start") if "start" in entries else None,
        summary=wording.read(entries.get("summary", ""), "summary"),
        text=wording.read(entries.get("text", ""), "text"),
        notation=parts.choice(entries.get("notation", "nielsen"), "notation", tuple(NOTATIONS)),
        delta_sign=_sign(entries.get("delta_sign", 1)),
        samples=parts.choice(entries.get("samples", "rows"), "samples", SAMPLES),
        weight_layout=parts.choice(entries.get("weight_layout", "out_in"), "weight_layout", WEIGHT_LAYOUTS),
        names=parts.read_names(entries.get("names", {}), "names", network),
        grain=parts.grain(entries.get("grain", ""), "grain"),
        at=wording.line(entries.get("at", ""), "at"),
        digits=parts.whole(entries.get("digits", 6), "digits", 1, 17),
        row=parts.whole(entries.get("row", 0), "row", 0, dataset.rows - 1),
        plots=parts.listed(
            entries.get("plots", []), "plots", len(PLOTS), lambda plot, at: parts.choice(plot, at, PLOTS)
        ),
        scenes=parts.listed(entries.get("scenes", []), "scenes", 100, parts.read_scene),
        variants=parts.listed(
            entries.get("variants", []), "variants", 20, lambda each, at: parts.read_variant(each, at, experiment)
        ),
        expected=parts.read_expected(entries.get("expected", []), "expected", network, _begun(entries)),
        errata=parts.listed(entries.get("errata", []), "errata", errata.MOST, errata.read),
        locks=parts.read_locks(entries.get("locks", []), "locks"),
        made_with=_made_with(entries.get("made_with", {})),
    )
    for index, variant in enumerate(lesson.variants):
        _check_memory(lesson.choose(variant.name).experiment, dataset, f"variants[{index}].changes")
    _check_names(lesson)
    if "variant" in entries:
        names = tuple(variant.name for variant in lesson.variants)
        lesson = lesson.choose(parts.choice(entries["variant"], "variant", names))
    parts.check_beat(lesson.experiment, len(dataset.train), lesson.at, "at")
    if "state" in entries:
        lesson = lesson.replace(state=parts.read_state(entries["state"], "state", lesson.experiment))
    return lesson


def _begun(entries: Mapping[str, Any]) -> int:
    """The step at which the run begins, as far as that can be said before the state has been read."""
    state = entries.get("state")
    step = state.get("step") if isinstance(state, dict) else 0
    return step if type(step) is int and 0 <= step <= parts.MAX_STEP else 0


def _check_format(document: object) -> None:
    """The format comes first: a file of another kind would only be a list of unknown keys."""
    found = document.get("format") if isinstance(document, dict) else None
    if found == FORMAT:
        return
    if isinstance(found, str):
        if re.fullmatch(r"bpstudio-lesson/\d{1,6}", found):
            raise ValueError(f"format: {found} was written by a newer bpstudio than this one, which reads {FORMAT}")
        if found.startswith("bp-oracle/"):
            raise ReferenceCaseError(f"format: {found} is a reference case, not a lesson: bpstudio verify checks it")
    raise ValueError(f'format: expected "{FORMAT}", got {records.shown(found)}')


def _experiment(document: object) -> Experiment:
    if not isinstance(document, dict):
        raise ValueError(f"experiment: expected an object {{…}}, got {records.shown(document)}")
    try:
        return Experiment.from_dict(document)
    except ValueError as error:
        raise ValueError(f"experiment.{error}".replace("experiment.experiment", "experiment", 1)) from None


def _check_fit(experiment: Experiment, dataset: Dataset) -> None:
    try:
        check_fit(experiment, dataset)
    except ValueError as error:
        raise ValueError(f"{'' if str(error).startswith('data') else 'experiment.'}{error}") from None


def _check_memory(experiment: Experiment, dataset: Dataset, path: str) -> None:
    """What a file of a few lines may ask for; opening it would have taken the memory before anybody could say no."""
    rows = min(experiment.batch_size or len(dataset.train), len(dataset.train))
    need = experiment.network.memory_bytes(rows, 8) + 8 * further_numbers(experiment)
    if need > MOST_MEMORY:
        raise ValueError(
            f"{path}: a network of {experiment.network.parameter_count:,} parameters with {rows:,} rows at once needs "
            f"about {need >> 20:,} MB; a lesson may ask for {MOST_MEMORY >> 20}. Use fewer units or a smaller batch."
        )


def _sign(document: object) -> int:
    sign = records.whole(document, "delta_sign")
    if sign not in (1, -1):
        raise ValueError(f"delta_sign: expected 1 or -1, got {sign}")
    return sign


def _made_with(document: object) -> dict[str, str]:
    if not isinstance(document, dict):
        raise ValueError(f"made_with: expected an object {{…}}, got {records.shown(document)}")
    return {wording.line(key, "made_with"): wording.line(text, f"made_with.{key}") for key, text in document.items()}


def _check_names(lesson: Lesson) -> None:
    """What a lesson mentions has to exist: variants by name, beats by address."""
    rows = len(lesson.dataset.train)
    names = [variant.name for variant in lesson.variants]
    for index, name in enumerate(names):
        if not name or name in names[:index]:
            raise ValueError(f"variants[{index}].name: expected a name of its own, got {records.shown(name)}")
    experiments = {"": lesson.experiment}
    for index, variant in enumerate(lesson.variants):
        experiments[variant.name] = lesson.choose(variant.name).experiment
        for number, promise in enumerate(variant.expected):
            place = f"variants[{index}].expected[{number}].at"
            parts.check_beat(experiments[variant.name], rows, promise.at, place)
    for number, promise in enumerate(lesson.expected):
        parts.check_beat(lesson.experiment, rows, promise.at, f"expected[{number}].at")
    for index, erratum in enumerate(lesson.errata):
        for number, evidence in enumerate(erratum.evidence):
            place = f"errata[{index}].evidence[{number}]"
            experiment = experiments[parts.choice(evidence.variant, f"{place}.variant", tuple(experiments))]
            evidence.known.check(experiment.network, place)
            parts.check_beat(experiment, rows, evidence.known.at, f"{place}.at")
    for number, scene in enumerate(lesson.scenes):
        place = f"scenes[{number}]"
        parts.choice(scene.variant, f"{place}.variant", tuple(experiments))
        parts.check_scene(scene, experiments[scene.variant], lesson.dataset.rows, rows, place)

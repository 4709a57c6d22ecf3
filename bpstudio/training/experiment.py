"""The description of a run: what is trained, on what it is judged, and by which conventions.

An experiment is frozen and valid by construction. An edit makes a new one; whoever holds the old one still holds the
truth of then.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from bpstudio.engine.layers import LAYERS, Activate, Layer
from bpstudio.engine.network import Network
from bpstudio.maths.activations import activation
from bpstudio.maths.initializers import Initializer
from bpstudio.maths.losses import loss as loss_named
from bpstudio.maths.losses import scale
from bpstudio.maths.penalties import PENALTIES, KLSparsity, Penalty, RunningSparsity, listed_layers
from bpstudio.training.checks import whole
from bpstudio.training.clipping import CLIPPINGS, ClipByNorm, ClipByValue, Clipping
from bpstudio.training.optimizers import OPTIMIZERS, SGD, Optimizer, Rprop
from bpstudio.training.rule import Rule
from bpstudio.training.schedules import SCHEDULES, Constant, Schedule
from bpstudio.training.stopping import EarlyStopping

UPDATE_ORDERS = ("simultaneous", "sequential")
DTYPES = ("float64", "float32")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Experiment:
    """What to train, completely; together with a data set and start values it determines every digit.

    ``batch_size`` 0 means all training rows at once. ``flat_threshold`` is the share of its greatest slope below
    which a unit counts as flat; it names a metric and touches no parameter.

    ``schedule`` changes the optimiser's rate from step to step, ``clipping`` limits what it is given. The validation
    rows are judged at the ends of epochs, or with ``validate_every`` n at every n-th step and at the ends of epochs
    that are longer; ``stopping`` ends the training when they get no better.

    ``penalties`` are added to the loss: the objective is their sum, and the gradient that of the objective.
    """

    network: Network
    loss: str = "half_squared_error"
    reduction: str = "mean_batch"
    optimizer: Optimizer = field(default_factory=lambda: SGD(0.5))
    batch_size: int = 1
    seed: int = 0
    shuffle: bool = True
    update_order: str = "simultaneous"
    dtype: str = "float64"
    flat_threshold: float = 0.1
    schedule: Schedule = field(default_factory=Constant)
    clipping: Clipping | None = None
    stopping: EarlyStopping | None = None
    validate_every: int = 0
    penalties: tuple[Penalty, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "loss", loss_named(self.loss).name)  # one text for one loss
        scale(self.reduction, 1, 1)
        if not isinstance(self.optimizer, Rule) or type(self.optimizer) is not OPTIMIZERS.get(self.optimizer.name):
            raise ValueError(f"optimizer: expected one of {', '.join(OPTIMIZERS)}, got {self.optimizer!r}")
        for name, lowest in (("batch_size", 0), ("seed", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value < 2**63:
                raise ValueError(f"{name}: expected a whole number of at least {lowest}, got {value!r}")
        if self.update_order not in UPDATE_ORDERS:
            raise ValueError(f"update_order: expected one of {', '.join(UPDATE_ORDERS)}, got {self.update_order!r}")
        if self.dtype not in DTYPES:
            raise ValueError(f"dtype: expected one of {', '.join(DTYPES)}, got {self.dtype!r}")
        if not (isinstance(self.flat_threshold, (int, float)) and 0 < self.flat_threshold <= 1):
            raise ValueError(f"flat_threshold: expected a number above 0 and at most 1, got {self.flat_threshold!r}")
        self._check_training()
        self._check_penalties()

    def _check_penalties(self) -> None:
        object.__setattr__(self, "penalties", tuple(self.penalties))
        for rule in self.penalties:
            if not isinstance(rule, tuple(PENALTIES.values())):
                raise ValueError(f"penalties: expected one of {', '.join(PENALTIES)}, got {rule!r}")
        layers = len(self.network.layers)
        for number in listed_layers(self.penalties):
            if number >= layers:
                raise ValueError(f"penalties: expected layers 0 to {layers - 1}, got layer {number}")
        if sum(isinstance(rule, RunningSparsity) for rule in self.penalties) > 1:
            raise ValueError("penalties: expected one running-mean sparsity at most, which may list several layers")
        if any(isinstance(rule, KLSparsity) for rule in self.penalties):
            self._check_means()

    def _check_means(self) -> None:
        # Looked at over the numbers that a unit usually gets: a mean below 0 or above 1 has no logarithm here.
        for number in listed_layers(rule for rule in self.penalties if isinstance(rule, KLSparsity)):
            source = source_of(self.network, number)
            name, units = self.network.layers[source].activation, self.network.sizes[source + 1]
            rule = activation(name)
            # Where all units have the same function, two of them answer for a million.
            shown = units if rule.units else min(units, 2)
            a = rule.f(np.repeat(np.linspace(-6.0, 6.0, 25)[:, None], shown, axis=1))
            if a.min() < 0 or a.max() > 1:
                raise ValueError(
                    f"penalties: a Kullback–Leibler sparsity needs outputs from 0 to 1, which {name} of layer {number} "
                    "does not keep to"
                )

    def _check_training(self) -> None:
        if not isinstance(self.schedule, tuple(SCHEDULES.values())):
            raise ValueError(f"schedule: expected one of {', '.join(SCHEDULES)}, got {self.schedule!r}")
        if self.clipping is not None and not isinstance(self.clipping, ClipByValue | ClipByNorm):
            raise ValueError(f"clipping: expected one of {', '.join(CLIPPINGS)}, got {self.clipping!r}")
        if self.stopping is not None and not isinstance(self.stopping, EarlyStopping):
            raise ValueError(f"stopping: expected early stopping or nothing, got {self.stopping!r}")
        whole("validate_every", self.validate_every, 0)
        if self.update_order == "sequential" and isinstance(self.clipping, ClipByNorm):
            raise ValueError(
                "clipping: sequential update changes the layers above before the gradients below are known, so there "
                "is no norm of all of them; expected clipping by value, or the simultaneous order"
            )
        if isinstance(self.optimizer, Rprop) and not self.schedule.constant:
            raise ValueError(
                "schedule: Rprop gives every parameter a step of its own, of which the rate is only the beginning; "
                f"expected constant, got {self.schedule.name}"
            )

    def replace(self, **changes: Any) -> Experiment:
        """A new experiment that differs in the named fields."""
        return dataclasses.replace(self, **changes)

    def to_dict(self, complete: bool = False) -> dict[str, Any]:
        """Plain values for JSON; ``from_dict`` gives back an equal experiment. Options that are at their default are
        left out, unless the description is to be ``complete``.
        """
        return {
            "network": {
                "inputs": self.network.inputs,
                **({"input_shape": list(self.network.input_shape)} if self.network.input_shape else {}),
                "layers": [_layer_to_dict(layer) for layer in self.network.layers],
            },
            "loss": self.loss,
            "reduction": self.reduction,
            "optimizer": {"name": self.optimizer.name, **_options(self.optimizer, complete)},
            "batch_size": self.batch_size,
            "seed": self.seed,
            "shuffle": self.shuffle,
            "update_order": self.update_order,
            "dtype": self.dtype,
            "flat_threshold": self.flat_threshold,
            **self._training_to_dict(complete),
        }

    def _training_to_dict(self, complete: bool) -> dict[str, Any]:
        values: dict[str, Any] = {}
        if complete or not self.schedule.constant:
            values["schedule"] = {"name": self.schedule.name, **dataclasses.asdict(self.schedule)}
        if complete or self.clipping is not None:
            clipping = self.clipping
            values["clipping"] = clipping and {"name": clipping.name, **dataclasses.asdict(clipping)}
        if complete or self.stopping is not None:
            values["stopping"] = self.stopping and dataclasses.asdict(self.stopping)
        if complete or self.validate_every:
            values["validate_every"] = self.validate_every
        if complete or self.penalties:
            values["penalties"] = [_penalty_to_dict(rule) for rule in self.penalties]
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Experiment:
        """Read what ``to_dict`` wrote. Raises ValueError that names the place, such as ``network.layers[2].units``."""
        given = _mapping("", values)
        network = _mapping("network", given.pop("network", None))
        layers = network.pop("layers", None)
        if not isinstance(layers, list):
            raise ValueError(f"network.layers: expected a list, got {_kind(layers)}")
        shape = network.pop("input_shape", None)
        if shape is not None:
            if not (isinstance(shape, list) and len(shape) in (2, 3) and all(type(n) is int and n > 0 for n in shape)):
                raise ValueError(
                    f"network.input_shape: expected [height, width] or [channels, height, width], got {shape!r}"
                )
            network["input_shape"] = tuple(shape)
        network["layers"] = tuple(_layer_from_dict(f"network.layers[{i}]", layer) for i, layer in enumerate(layers))
        given["network"] = _build("network", Network, network)
        if "optimizer" in given:
            given["optimizer"] = _chosen("optimizer", OPTIMIZERS, given["optimizer"])
        if "schedule" in given:
            given["schedule"] = _chosen("schedule", SCHEDULES, given["schedule"])
        if given.get("clipping") is not None:
            given["clipping"] = _chosen("clipping", CLIPPINGS, given["clipping"])
        if given.get("stopping") is not None:
            given["stopping"] = _build("stopping", EarlyStopping, _mapping("stopping", given["stopping"]))
        if "penalties" in given:
            rules = given["penalties"]
            if not isinstance(rules, list):
                raise ValueError(f"penalties: expected a list, got {_kind(rules)}")
            given["penalties"] = tuple(_chosen(f"penalties[{i}]", PENALTIES, rule) for i, rule in enumerate(rules))
        return _build("", cls, given)


def source_of(network: Network, number: int) -> int:
    """The layer, counted from 0, whose activation made the outputs of a layer: itself, or the one below those that
    only pass on what came in (flatten, pooling, dropout).
    """
    layers = network.layers
    while number and not layers[number].has_weights and not isinstance(layers[number], Activate):
        number -= 1
    return number


def _penalty_to_dict(rule: Penalty) -> dict[str, Any]:
    values = {"name": rule.name, **dataclasses.asdict(rule)}
    return values | ({"layers": list(values["layers"])} if "layers" in values else {})


def _layer_to_dict(layer: Layer) -> dict[str, Any]:
    values: dict[str, Any] = dataclasses.asdict(layer)
    if layer.has_weights:
        values["initializer"] = layer.initializer.to_dict()
    if not layer.name:
        del values["name"]
    if not values.get("masks", True):
        del values["masks"]
    return {
        "type": layer.kind,
        **{name: list(value) if isinstance(value, tuple) else value for name, value in values.items()},
    }


def _layer_from_dict(path: str, values: Any) -> Layer:
    given = _mapping(path, values)
    kind = given.pop("type", "dense")
    if not isinstance(kind, str) or kind not in LAYERS:
        raise ValueError(f"{path}.type: expected one of {', '.join(LAYERS)}, got {_kind(kind)}")
    if "initializer" in given:
        place = f"{path}.initializer"
        given["initializer"] = _build(place, Initializer, _mapping(place, given["initializer"]))
    for name in ("kernel", "stride", "padding", "masks"):
        if isinstance(given.get(name), list):
            given[name] = tuple(given[name])
        elif name in given:
            raise ValueError(f"{path}.{name}: expected a list, got {_kind(given[name])}")
    return _build(path, LAYERS[kind], given)


def _options(rule: Rule, complete: bool) -> dict[str, Any]:
    """The fields of a rule: its rate and its numbers, and of the options those that somebody chose."""
    own = {f.name for f in dataclasses.fields(rule) if f.type == "float" and not f.kw_only}
    values = dataclasses.asdict(rule)
    defaults = {f.name: f.default for f in dataclasses.fields(rule)}
    return {name: value for name, value in values.items() if complete or name in own or value != defaults[name]}


def _chosen(path: str, kinds: Mapping[str, type[T]], values: Any) -> T:
    """The record that the field ``name`` chooses among several kinds, from the other fields."""
    given = _mapping(path, values)
    name = given.pop("name", None)
    if not isinstance(name, str) or name not in kinds:
        raise ValueError(f"{path}.name: expected one of {', '.join(kinds)}, got {name!r}")
    return _build(path, kinds[name], given)


def _build(path: str, kind: type[T], values: dict[str, Any]) -> T:
    """Construct a frozen record from plain values; field names are checked, and an error carries the path."""
    fields = {f.name: f for f in dataclasses.fields(kind) if f.init}  # type: ignore[arg-type]
    dot = f"{path}." if path else ""
    for name, value in values.items():
        if name not in fields:
            raise ValueError(f"{dot}{name}: unknown; expected {', '.join(fields)}")
        expected = _TYPES.get(str(fields[name].type))
        if expected is not None and (
            not isinstance(value, expected) or (isinstance(value, bool) and bool not in expected)
        ):
            raise ValueError(f"{dot}{name}: expected {_WORDS[str(fields[name].type)]}, got {_kind(value)}")
        if fields[name].type == "float":
            try:
                values = {**values, name: float(value)}
            except OverflowError:
                raise ValueError(f"{dot}{name}: the number is too large") from None
    for name, f in fields.items():
        if name not in values and f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING:
            raise ValueError(f"{dot}{name}: missing")
    try:
        return kind(**values)
    except ValueError as problem:
        text = str(problem)
        name = text.split(":", 1)[0].split(".")[0].split("[")[0]
        if name in fields:
            raise ValueError(f"{dot}{text}") from None
        if name == path.rsplit(".", 1)[-1]:  # the record called itself by its own name: "optimizer.rate"
            raise ValueError(f"{path}{text.removeprefix(name)}") from None
        raise ValueError(f"{path or 'experiment'}: {text}") from None


_TYPES: dict[str, tuple[type, ...]] = {"str": (str,), "bool": (bool,), "int": (int,), "float": (int, float)}
_WORDS = {"str": "a text", "bool": "true or false", "int": "a whole number", "float": "a number"}


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, (Mapping, list)):
        return "a list" if isinstance(value, list) else "an object"
    return repr(value) if len(repr(value)) <= 40 else repr(value)[:37] + "..."


def _mapping(path: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{path or 'experiment'}: expected an object, got {_kind(value)}")
    return dict(value)

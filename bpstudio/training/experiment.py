"""The description of a run: what is trained, on what it is judged, and by which conventions.

An experiment is frozen and valid by construction. An edit makes a new one; whoever holds the old one still holds the
truth of then.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.maths.initializers import Initializer
from bpstudio.maths.losses import loss as loss_named
from bpstudio.maths.losses import scale
from bpstudio.training.optimizers import OPTIMIZERS, SGD, Optimizer

UPDATE_ORDERS = ("simultaneous", "sequential")
DTYPES = ("float64", "float32")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Experiment:
    """What to train, completely; together with a data set and start values it determines every digit.

    ``batch_size`` 0 means all training rows at once. ``flat_threshold`` is the share of its greatest slope below
    which a unit counts as flat; it names a metric and touches no parameter.
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

    def __post_init__(self) -> None:
        loss_named(self.loss)
        scale(self.reduction, 1, 1)
        if not isinstance(self.optimizer, SGD | OPTIMIZERS["momentum"]):
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

    def replace(self, **changes: Any) -> Experiment:
        """A new experiment that differs in the named fields."""
        return dataclasses.replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; ``from_dict`` gives back an equal experiment."""
        return {
            "network": {
                "inputs": self.network.inputs,
                **({"input_shape": list(self.network.input_shape)} if self.network.input_shape else {}),
                "layers": [_layer_to_dict(layer) for layer in self.network.layers],
            },
            "loss": self.loss,
            "reduction": self.reduction,
            "optimizer": {"name": self.optimizer.name, **dataclasses.asdict(self.optimizer)},
            "batch_size": self.batch_size,
            "seed": self.seed,
            "shuffle": self.shuffle,
            "update_order": self.update_order,
            "dtype": self.dtype,
            "flat_threshold": self.flat_threshold,
        }

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
            if not (isinstance(shape, list) and len(shape) == 2 and all(type(n) is int and n > 0 for n in shape)):
                raise ValueError(f"network.input_shape: expected [height, width], got {shape!r}")
            network["input_shape"] = tuple(shape)
        network["layers"] = tuple(_layer_from_dict(f"network.layers[{i}]", layer) for i, layer in enumerate(layers))
        given["network"] = _build("network", Network, network)
        if "optimizer" in given:
            rule = _mapping("optimizer", given["optimizer"])
            name = rule.pop("name", None)
            if not isinstance(name, str) or name not in OPTIMIZERS:
                raise ValueError(f"optimizer.name: expected one of {', '.join(OPTIMIZERS)}, got {name!r}")
            given["optimizer"] = _build("optimizer", OPTIMIZERS[name], rule)
        return _build("", cls, given)


def _layer_to_dict(layer: Dense) -> dict[str, Any]:
    values = dataclasses.asdict(layer) | {"initializer": layer.initializer.to_dict()}
    if not layer.name:
        del values["name"]
    return {"type": "dense", **values}


def _layer_from_dict(path: str, values: Any) -> Dense:
    given = _mapping(path, values)
    kind = given.pop("type", "dense")
    if kind != "dense":
        raise ValueError(f"{path}.type: expected 'dense', got {kind!r}")
    if "initializer" in given:
        place = f"{path}.initializer"
        given["initializer"] = _build(place, Initializer, _mapping(place, given["initializer"]))
    return _build(path, Dense, given)


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

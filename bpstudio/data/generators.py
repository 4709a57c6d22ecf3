"""Data that show one thing each: what a line cannot separate, what needs a hidden layer, what needs several.

Every generator is a pure function of its arguments and the seed. x1 and x2 are the inputs; the task is binary (one
output, 0 or 1) except for three or more Gaussians (classes) and the sine (regression, x to y).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from bpstudio.data.dataset import Dataset
from bpstudio.data.source import Generated
from bpstudio.data.splitting import split

Array = NDArray[np.float64]
Points = tuple[Array, Array]

MAX_ROWS = 1_000_000


@dataclass(frozen=True)
class Parameter:
    """A number that shapes a generator's points: what it is where nothing is said, and its bounds."""

    default: float
    low: float
    high: float
    whole: bool = False


@dataclass(frozen=True)
class Generator:
    """`points(rows, noise, rng, **parameters) -> (x, class numbers or values)` with what it needs to be offered."""

    name: str
    words: str
    points: Callable[..., Points]
    noise: float
    parameters: Mapping[str, Parameter]


def circle(rows: int, noise: float, rng: np.random.Generator, inner: float) -> Points:
    """A disc of radius `inner` (class 1) inside a ring from 0.7 to 1 (class 0).

    As in the TensorFlow Playground (dataset.ts, classifyCircleData), in units of its radius.
    """
    label = _alternating(rows, 2)
    radius = np.where(label == 1, rng.uniform(0, inner, rows), rng.uniform(0.7, 1, rows))
    angle = rng.uniform(0, 2 * np.pi, rows)
    return _noisy(np.column_stack([radius * np.sin(angle), radius * np.cos(angle)]), noise, rng), label


def xor(rows: int, noise: float, rng: np.random.Generator) -> Points:
    """Row i lies on corner i mod 4 of the unit square; 1 where exactly one coordinate is. 4 rows: the truth table."""
    corner = np.arange(rows) % 4
    x = np.column_stack([corner // 2, corner % 2]).astype(np.float64)
    return _noisy(x, noise, rng), (x[:, 0] != x[:, 1]).astype(np.float64)


def spirals(rows: int, noise: float, rng: np.random.Generator, turns: float) -> Points:
    """Two arms r = t, angle = 2π·turns·t, t from 0 to 1, half a turn apart.

    As in the TensorFlow Playground (dataset.ts, classifySpiralData; 1.75 turns there).
    """
    label = _alternating(rows, 2)
    t = (np.arange(rows) // 2) / ((rows + 1) // 2)
    angle = 2 * np.pi * turns * t + np.pi * label
    return _noisy(np.column_stack([t * np.sin(angle), t * np.cos(angle)]), noise, rng), label


def gaussians(rows: int, noise: float, rng: np.random.Generator, classes: float, distance: float) -> Points:
    """Normal clouds with deviation `noise` around centres evenly on a circle of radius `distance`."""
    label = _alternating(rows, int(classes))
    angle = np.pi / 4 + 2 * np.pi * label / int(classes)
    return _noisy(distance * np.column_stack([np.cos(angle), np.sin(angle)]), noise, rng), label


def moons(rows: int, noise: float, rng: np.random.Generator) -> Points:
    """Two half circles, (cos t, sin t) and (1 − cos t, ½ − sin t), t from 0 to π, as in scikit-learn's make_moons."""
    label = _alternating(rows, 2)
    t = np.empty(rows)
    for k in (0, 1):
        t[label == k] = np.linspace(0, np.pi, int((label == k).sum()))
    upper = np.column_stack([np.cos(t), np.sin(t)])
    lower = np.column_stack([1 - np.cos(t), 0.5 - np.sin(t)])
    return _noisy(np.where(label[:, None] == 0, upper, lower), noise, rng), label


def sine(rows: int, noise: float, rng: np.random.Generator, periods: float) -> Points:
    """y = sin(periods · x) at even steps from −π to π; the noise is on y."""
    x = np.linspace(-np.pi, np.pi, rows)
    return x[:, None], _noisy(np.sin(periods * x), noise, rng)


GENERATORS: dict[str, Generator] = {
    each.name: each
    for each in (
        Generator("circle", "a disc inside a ring", circle, 0.05, {"inner": Parameter(0.5, 0.05, 0.7)}),
        Generator("xor", "the four corners of a square", xor, 0.0, {}),
        Generator("gaussians", "normal clouds", gaussians, 0.3, {
            "classes": Parameter(2, 2, 10, whole=True), "distance": Parameter(1, 0, 100),
        }),
        Generator("moons", "two half circles", moons, 0.1, {}),
        Generator("spirals", "two spiral arms", spirals, 0.02, {"turns": Parameter(1.75, 0.25, 5)}),
        Generator("sine", "a sine wave", sine, 0.05, {"periods": Parameter(1, 0.1, 10)}),
    )
}  # fmt: skip


def generate(
    kind: str, rows: int = 200, noise: float = 0.0, seed: int = 0, validation: float = 0.0, **parameters: float
) -> Dataset:
    """The dataset of a generator: `noise` is a standard deviation, `validation` the share of rows kept from training.

    ValueError names the argument that is out of bounds. Parameters that are not given have their defaults; the source
    of the dataset names all of them.
    """
    if kind not in GENERATORS:
        raise ValueError(f"generator: expected one of {', '.join(GENERATORS)}, got {kind!r}")
    return run(Generated(kind, rows, noise, seed, validation, parameters))


def run(recipe: Generated) -> Dataset:
    """The dataset of a recipe; the same digits every time."""
    if recipe.generator not in GENERATORS:
        raise ValueError(f"generator: expected one of {', '.join(GENERATORS)}, got {recipe.generator!r}")
    generator = GENERATORS[recipe.generator]
    parameters = _checked(recipe, generator)
    rng = np.random.default_rng((recipe.seed, 0))
    x, target = generator.points(recipe.rows, recipe.noise, rng, **parameters)
    if generator.name == "sine":
        train, held = split(recipe.rows, recipe.validation, recipe.seed)
        data = Dataset.from_arrays(x, target, input_names=("x",), output_names=("y",))
    else:
        several = parameters.get("classes", 2) > 2
        count = int(parameters.get("classes", 2))
        names = tuple(str(k) for k in range(count))
        train, held = split(recipe.rows, recipe.validation, recipe.seed, classes=target.astype(np.int64))
        data = Dataset.from_arrays(x, target, "classes" if several else "binary", class_names=names)
    # Training keeps the order of the rows: an exercise with four rows in a known order should show them so.
    source = replace(recipe, parameters=MappingProxyType(parameters))
    return replace(data, train=np.sort(train), validation=held, name=generator.name, source=source)


def _checked(recipe: Generated, generator: Generator) -> dict[str, float]:
    if not 2 <= recipe.rows <= MAX_ROWS:
        raise ValueError(f"rows: expected 2 to {MAX_ROWS}, got {recipe.rows}")
    if not (math.isfinite(recipe.noise) and 0 <= recipe.noise <= 100):
        raise ValueError(f"noise: expected 0 to 100, got {recipe.noise}")
    if not 0 <= recipe.seed < 2**63:
        raise ValueError(f"seed: expected 0 or more, got {recipe.seed}")
    if not 0 <= recipe.validation < 1:
        raise ValueError(f"validation: expected a share from 0 to below 1, got {recipe.validation}")
    for name in recipe.parameters:
        if name not in generator.parameters:
            known = ", ".join(generator.parameters) or "none"
            raise ValueError(f"parameters.{name}: {generator.name} does not have it; it has {known}")
    values = {}
    for name, parameter in generator.parameters.items():
        value = float(recipe.parameters.get(name, parameter.default))
        if not parameter.low <= value <= parameter.high or (parameter.whole and value % 1):
            kind = "a whole number " if parameter.whole else ""
            raise ValueError(
                f"parameters.{name}: expected {kind}from {parameter.low:g} to {parameter.high:g}, got {value:g}"
            )
        values[name] = value
    if recipe.rows < values.get("classes", 2):
        raise ValueError(f"rows: expected at least one for each of {values['classes']:g} classes, got {recipe.rows}")
    return values


def _alternating(rows: int, classes: int) -> Array:
    return (np.arange(rows) % classes).astype(np.float64)


def _noisy(values: Array, noise: float, rng: np.random.Generator) -> Array:
    # Without noise nothing is drawn, so that an exact dataset does not depend on the generator at all.
    return values + rng.normal(0, noise, values.shape) if noise else values

"""An exercise as a sheet of paper gives it: a grid of weights per layer, a row of inputs and targets, a loss, a rate.

A `Sheet` holds what was typed, as text, complete or not: nothing that a person wrote is lost because it is wrong.
`read` says what it means: the experiment, the data and the start values, or what is missing and where.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from bpstudio.data.dataset import Dataset
from bpstudio.data.source import Inline
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.engine.trace import Params
from bpstudio.insight import naming
from bpstudio.insight.elements import BIAS, Edge, Names, Target, Unit
from bpstudio.insight.own_names import Pairs
from bpstudio.insight.phrase import Phrase
from bpstudio.insight.typed_number import NumberError, read_number, shortest
from bpstudio.training.caption import Caption
from bpstudio.training.carry import check_fit
from bpstudio.training.experiment import Experiment
from bpstudio.training.frame import Frame
from bpstudio.training.optimizers import SGD

MOST_NUMBERS = 5_000
"""Nobody types more; a larger network is read from a file of weights."""
MOST_LAYERS = 12
LONGEST_TITLE = 80


class SheetError(ValueError):
    """Why a sheet cannot be changed like this."""

    def __init__(self, phrase: Phrase) -> None:
        super().__init__(phrase.text)
        self.phrase = phrase


@dataclass(frozen=True, slots=True)
class Given:
    """A number of the data: in `row`, what comes in at an input (Unit of layer 0) or is wanted at an output."""

    row: int
    of: Unit | Target


@dataclass(frozen=True, slots=True)
class Name:
    """The place where the name of something stands."""

    of: Unit | Edge | Target


Cell = Edge | Given | Name
Grid = tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Problem:
    """What keeps a sheet from being an exercise: where (a cell, or a field such as "rate"), and why.

    `error` is what the engine says about the whole, where it is the engine that refuses.
    """

    where: Cell | str
    phrase: Phrase
    error: ValueError | None = None


@dataclass(frozen=True, eq=False)
class Exercise:
    """A sheet that can be worked: what is trained, on what, from which start, and what everything is called."""

    experiment: Experiment
    dataset: Dataset
    start: Params
    caption: Caption


@dataclass(frozen=True, eq=False)
class Reading:
    """What a sheet means: an exercise, or why it is none yet. `values` are the cells that could be read."""

    exercise: Exercise | None
    problems: tuple[Problem, ...]
    values: Mapping[Cell, float]


_FIRST_LAYERS = (Dense(2), Dense(2))
_FIRST = Network(2, _FIRST_LAYERS)


@dataclass(frozen=True)
class Sheet:
    """What stands on the sheet. An edit makes a new one.

    texts      what was typed into the cells; one without an entry is empty, one outside the grids waits until its unit
               or row comes back
    base       loss, reduction, batch size and everything else that the sheet leaves as it is
    data       the data that the sheet began with: what they are called, and which task they are
    """

    title: str = ""
    inputs: int = _FIRST.inputs
    layers: tuple[Dense, ...] = _FIRST_LAYERS
    rows: int = 1
    rate: str = "0.5"
    texts: Mapping[Cell, str] = field(default_factory=dict)
    base: Experiment = field(default_factory=lambda: Experiment(_FIRST, batch_size=0, shuffle=False))
    data: Dataset | None = None

    @classmethod
    def of(cls, frame: Frame, title: str) -> Sheet:
        """The present network, its numbers and its data as a sheet. Raises SheetError where they are too many."""
        experiment, dataset = frame.experiment, frame.dataset
        layers = tuple(layer for layer in experiment.network.layers if isinstance(layer, Dense))
        if len(layers) < len(experiment.network.layers):
            raise SheetError(Phrase("A sheet has a grid for each dense layer; this network has layers of other kinds."))
        sheet = cls(
            title=title,
            inputs=dataset.inputs,
            layers=layers,
            rows=dataset.rows,
            rate=shortest(experiment.optimizer.rate),
            base=experiment,
            data=dataset,
        )
        sheet.check_size()
        texts: dict[Cell, str] = {}
        for layer, (W, b) in enumerate(frame.params, 1):
            for to, row in enumerate(W):
                texts |= {Edge(layer, to, source): _written(value) for source, value in enumerate(row)}
                texts[Edge(layer, to, BIAS)] = _written(b[to])
        for row_number, (x, y) in enumerate(zip(dataset.x, dataset.y, strict=True)):
            texts |= {Given(row_number, Unit(0, i)): _written(value) for i, value in enumerate(x)}
            texts |= {Given(row_number, Target(k)): _written(value) for k, value in enumerate(y)}
        sizes, caption = experiment.network.sizes, frame.caption
        for address, name in naming.moved(caption.names, caption.addresses, sizes):
            element = Names(sizes).find(address)
            if isinstance(element, Unit | Edge | Target):
                texts[Name(element)] = name
        return dataclasses.replace(sheet, texts=texts)

    # ---- what there is to fill in

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """(inputs, units of layer 1, …, outputs)."""
        return (self.inputs, *(layer.units for layer in self.layers))

    @property
    def numbers(self) -> int:
        """How many numbers the sheet asks for."""
        pairs = zip(self.sizes, self.sizes[1:], strict=False)
        return sum((inputs + 1) * units for inputs, units in pairs) + self.rows * (self.sizes[0] + self.sizes[-1])

    @property
    def bias(self) -> str:
        """ "bias", "threshold" or "none"; empty where the layers differ."""
        kinds = {layer.bias for layer in self.layers}
        return kinds.pop() if len(kinds) == 1 else ""

    @property
    def trains_bias(self) -> bool | None:
        """Whether biases are trained; None where the layers differ."""
        kinds = {layer.train_bias for layer in self.layers if layer.bias != "none"}
        return kinds.pop() if len(kinds) == 1 else None

    def grid(self, layer: int) -> Grid:
        """The cells of a layer's numbers: a row per unit, a column per thing that comes in, the bias last. Layer 0 is
        the data: a row per example, its inputs and then its targets.
        """
        if layer == 0:
            ends: list[Unit | Target] = [Unit(0, i) for i in range(self.inputs)]
            ends += [Target(k) for k in range(self.sizes[-1])]
            return tuple(tuple(Given(row, end) for end in ends) for row in range(self.rows))
        sources = [*range(self.sizes[layer - 1]), *([BIAS] if self.layers[layer - 1].bias != "none" else [])]
        return tuple(tuple(Edge(layer, to, source) for source in sources) for to in range(self.sizes[layer]))

    def names_grid(self, layer: int) -> Grid:
        """The cells of a layer's names, placed like its numbers. Layer 0: a row for each layer's units, inputs first;
        in narrow layers it ends earlier.
        """
        if layer == 0:
            return tuple(tuple(Name(Unit(at, i)) for i in range(size)) for at, size in enumerate(self.sizes))
        return tuple(tuple(Name(cell) for cell in row if isinstance(cell, Edge)) for row in self.grid(layer))

    def cells(self) -> Iterator[Edge | Given]:
        """Every number that is asked for, in the order of the sheet."""
        for layer in (*range(1, len(self.sizes)), 0):
            for row in self.grid(layer):
                for cell in row:
                    if not isinstance(cell, Name):
                        yield cell

    def called(self, element: Unit | Edge | Target) -> str:
        """What something is called here: its own name, or the plain one."""
        own = self.texts.get(Name(element), "").strip()
        return own or Names(self.sizes).element(element)

    def place(self, cell: Cell) -> Phrase:
        """Where a cell is, in words."""
        if isinstance(cell, Name):
            return Phrase("the name of {element}", {"element": Names(self.sizes).element(cell.of)})
        if isinstance(cell, Given):
            values = {"row": str(cell.row + 1), "name": self.called(cell.of)}
            if isinstance(cell.of, Unit):
                return Phrase("row {row}, input {name}", values)
            return Phrase("row {row}, target of {name}", values | {"name": self.called(self._output(cell.of))})
        values = {"layer": str(cell.layer), "unit": self.called(Unit(cell.layer, cell.to))}
        if not cell.is_bias:
            source = self.called(Unit(cell.layer - 1, cell.source))
            return Phrase("layer {layer}, unit {unit}, from {source}", values | {"source": source})
        if self.layers[cell.layer - 1].bias == "threshold":
            return Phrase("layer {layer}, the threshold of {unit}", values)
        return Phrase("layer {layer}, the bias of {unit}", values)

    def _output(self, target: Target) -> Unit:
        return Unit(len(self.layers), target.index)

    # ---- filling it in

    def with_texts(self, texts: Mapping[Cell, str]) -> Sheet:
        """The sheet with these cells typed anew; an empty text empties a cell."""
        kept = {cell: text for cell, text in {**self.texts, **texts}.items() if text.strip()}
        return dataclasses.replace(self, texts=MappingProxyType(kept))

    def having(self, **fields: Any) -> Sheet:
        """The sheet with other fields. Raises SheetError where it would ask for too many numbers or for none."""
        sheet = dataclasses.replace(self, **fields)
        sheet.check_size()
        return sheet

    def with_layer(self, index: int, **changes: Any) -> Sheet:
        """Layer `index` (from 0) with other fields of its spec. Raises ValueError as the engine does."""
        layers = list(self.layers)
        layers[index] = dataclasses.replace(layers[index], **changes)
        return self.having(layers=tuple(layers))

    def with_all_layers(self, **changes: Any) -> Sheet:
        """Every layer with other fields."""
        return self.having(layers=tuple(dataclasses.replace(layer, **changes) for layer in self.layers))

    def with_hidden_layer(self) -> Sheet:
        """One more layer below the output; what was typed stays with its layer."""
        if len(self.layers) >= MOST_LAYERS:
            raise SheetError(Phrase("A sheet has at most {most} layers.", {"most": str(MOST_LAYERS)}))
        below = self.layers[-2] if len(self.layers) > 1 else Dense(2, bias=self.layers[-1].bias)
        layers = (*self.layers[:-1], dataclasses.replace(below, name=""), self.layers[-1])
        return self.having(layers=layers, texts=self._moved(len(self.layers), 1))

    def without_layer(self, index: int) -> Sheet:
        """Without a hidden layer (from 0) and what was typed into it; the output layer stays."""
        if not 0 <= index < len(self.layers) - 1:
            raise SheetError(Phrase("The output layer stays: it answers to the targets."))
        return self.having(layers=self.layers[:index] + self.layers[index + 1 :], texts=self._moved(index + 1, -1))

    def _moved(self, layer: int, by: int) -> dict[Cell, str]:
        """The texts where what belongs to `layer` or above it is counted `by` further; −1 forgets `layer` itself."""

        def moved(cell: Unit | Edge) -> Unit | Edge | None:
            if by < 0 and cell.layer == layer:
                return None
            return dataclasses.replace(cell, layer=cell.layer + by) if cell.layer >= layer else cell

        result: dict[Cell, str] = {}
        for cell, text in self.texts.items():
            if isinstance(cell, Edge):
                there = moved(cell)
                if isinstance(there, Edge):
                    result[there] = text
            elif isinstance(cell, Name) and not isinstance(cell.of, Target):
                named = moved(cell.of)
                if named is not None:
                    result[Name(named)] = text
            else:
                result[cell] = text
        return result

    def check_size(self) -> None:
        """Raise SheetError where the sheet asks for more numbers than anybody types, or for none."""
        if self.inputs < 1 or self.rows < 1:
            raise SheetError(Phrase("An exercise needs at least 1 input and 1 example."))
        if self.numbers > MOST_NUMBERS:
            values = {"count": f"{self.numbers:,}", "most": f"{MOST_NUMBERS:,}"}
            raise SheetError(Phrase("That would be {count} numbers; a sheet holds up to {most}.", values))


def read(sheet: Sheet) -> Reading:
    """What the sheet means."""
    values, problems = _values(sheet)
    names, faults = _names(sheet)
    problems += faults
    title = sheet.title.strip()
    if not title:
        problems.append(Problem("title", Phrase("The exercise needs a title.")))
    elif len(title) > LONGEST_TITLE or not title.isprintable():
        most = {"most": str(LONGEST_TITLE)}
        problems.append(Problem("title", Phrase("A title is one line of at most {most} characters.", most)))
    rate = 0.0
    try:
        rate = read_number(sheet.rate)
        SGD(rate)
    except NumberError as error:
        problems.append(Problem("rate", error.phrase))
    except ValueError as error:
        problems.append(Problem("rate", Phrase("The learning rate must be above 0."), error))
    if problems:
        return Reading(None, tuple(problems), values)
    try:
        experiment = sheet.base.replace(
            network=Network(sheet.inputs, sheet.layers, _shape(sheet)),
            optimizer=dataclasses.replace(sheet.base.optimizer, rate=rate),
        )
        dataset = _dataset(sheet, values, title)
        check_fit(experiment, dataset)
        start = Params.from_layers(
            experiment.network, [_parameters(sheet, at, values) for at in range(len(sheet.layers))]
        )
    except ValueError as error:
        return Reading(None, (Problem("network", Phrase("{text}", {"text": str(error)}), error),), values)
    exercise = Exercise(experiment, dataset, start, Caption(title, names, sheet.sizes))
    return Reading(exercise, (), values)


def _written(value: float) -> str:
    """The shortest text that reads back to the same double; −0 too, which multiplies differently."""
    return "-0" if value == 0 and np.signbit(value) else shortest(float(value))


def _values(sheet: Sheet) -> tuple[dict[Cell, float], list[Problem]]:
    values: dict[Cell, float] = {}
    problems: list[Problem] = []
    for cell in sheet.cells():
        text = sheet.texts.get(cell, "")
        if not text.strip():
            problems.append(Problem(cell, Phrase("{place} is empty.", {"place": sheet.place(cell)})))
            continue
        try:
            values[cell] = read_number(text)
        except NumberError as error:
            parts = {"place": sheet.place(cell), "reason": error.phrase}
            problems.append(Problem(cell, Phrase("{place}: {reason}", parts)))
    return values, problems


def _names(sheet: Sheet) -> tuple[Pairs, list[Problem]]:
    network = Names(sheet.sizes)
    typed = {
        network.element(cell.of): text
        for cell, text in sheet.texts.items()
        if isinstance(cell, Name) and network.has(cell.of) and text.strip()
    }
    try:
        return naming.checked(typed, sheet.sizes), []
    except naming.NamingError as error:
        element = network.find(error.address)
        where: Cell | str = Name(element) if isinstance(element, Unit | Edge | Target) else "network"
        return (), [Problem(where, error.phrase)]


def _parameters(sheet: Sheet, index: int, values: Mapping[Cell, float]) -> tuple[Any, Any]:
    layer, inputs = sheet.layers[index], sheet.sizes[index]
    units = range(layer.units)
    W = np.array([[values[Edge(index + 1, to, source)] for source in range(inputs)] for to in units])
    if not layer.has_bias:
        return W, np.zeros(layer.units)
    return W, np.array([values[Edge(index + 1, to, BIAS)] for to in units])


def _shape(sheet: Sheet) -> tuple[int, ...] | None:
    shape = sheet.base.network.input_shape
    return shape if sheet.inputs == sheet.base.network.inputs else None


def _dataset(sheet: Sheet, values: Mapping[Cell, float], title: str) -> Dataset:
    """The data of the sheet; what they were before gives the names, the task and the split where it still fits."""
    inputs, outputs = sheet.inputs, sheet.sizes[-1]
    x = np.array([[values[Given(row, Unit(0, i))] for i in range(inputs)] for row in range(sheet.rows)])
    y = np.array([[values[Given(row, Target(k))] for k in range(outputs)] for row in range(sheet.rows)])
    before = sheet.data
    if before is not None and (before.x.shape, before.y.shape) == (x.shape, y.shape):
        same = x.tobytes() == before.x.tobytes() and y.tobytes() == before.y.tobytes()
        return dataclasses.replace(before, x=x, y=y, source=before.source if same else Inline(before.source.origin))
    plain = [f"i{i + 1}" for i in range(inputs)], [f"o{k + 1}" for k in range(outputs)]
    kept = before is not None and before.inputs == inputs, before is not None and before.outputs == outputs
    if before is None or not kept[1]:
        names = before.input_names if before is not None and kept[0] else plain[0]
        return Dataset.from_arrays(x, y, input_names=names, output_names=plain[1], name=title)
    return Dataset.from_arrays(
        x,
        y,
        before.task,
        before.input_names if kept[0] else plain[0],
        before.output_names,
        before.class_names,
        name=title,
    )

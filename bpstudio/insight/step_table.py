"""One step as two tables: a row for everything that has a value, and a row for every weight and bias.

The tables are the twin of the picture: the same numbers, out of the same record, as far as the walk has come. A column
is one array over all rows, made when somebody asks for it, with a second array that says of each number whether it is
known by now. That "not yet" is neither 0 nor an empty cell is the point of the second array.

Units stand layer by layer from the inputs on, each layer followed by the +1 node that feeds the next one, then the
targets, what each output adds to the loss, and the loss. Edges stand layer by layer in the order in which W is read:
unit by unit with the bias last, or, where W is (in, out), input by input with the biases last.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from bpstudio.insight.elements import (
    BIAS,
    Edge,
    Element,
    Kernel,
    KernelEntry,
    LossNode,
    Map,
    Pixel,
    PlusOne,
    Probe,
    Row,
    Target,
    Unit,
)
from bpstudio.insight.example import Numbers
from bpstudio.insight.notation import Letters, exact
from bpstudio.insight.order import Grain
from bpstudio.insight.walk import Walk
from bpstudio.insight.windows import matrix
from bpstudio.training.frame import Frame

NOT_YET, KNOWN, NOW, ABSENT = 0, 1, 2, 3
"""States of a cell: the walk has not come to it, it has, it is there just now; the row has no such quantity."""

UNIT_COLUMNS = ("z", "a", "error", "slope", "delta")
"""z; the value a (of the loss rows their cost); ∂C/∂a; f′(z); δ."""
EDGE_COLUMNS = ("weight", "gradient", "own", "update", "new")
STATE = "state "
"""Before the name of a number that the optimiser keeps of every parameter: a column of its own, as it is after the
step.
"""
"""w; ∂C/∂w of the batch; what the row alone gives; what the optimiser adds; what the weight becomes."""

_OF_EDGES = ("product", "arrival", "dW", "new")
_FEW_EDGES = 5_000
"""Up to so many edges every symbol is written to be searched."""

Floats = NDArray[np.float64]
States = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Moment:
    """What is looked at: a frame, whose numbers, and how far the walk has come.

    `batch_delta`: δ and ∂C/∂a of the batch's cost, with its 1/N, instead of the row's own. `delta_sign` is the sign
    with which δ is written: −1 where δ means −∂C/∂z; `weight_layout` says which way round W is read. Raises ValueError
    for a row that the batch has not.
    """

    frame: Frame
    walk: Walk
    numbers: Numbers
    grain: Grain = "step"
    index: int = 1
    batch_delta: bool = False
    delta_sign: int = 1
    weight_layout: str = "out_in"

    @property
    def whole(self) -> bool:
        """Whether every number is shown and none is looked at: nobody walks through a run, or through a whole step."""
        return self.frame.run == "running" or (self.grain == "step" and self.index > 0)

    def states(self, layer: int, quantity: str) -> States:
        """How far each number of a layer is, flat: its units, or its parameters row by row with the biases last."""
        size = self.walk.names.sizes[layer]
        if quantity in _OF_EDGES:
            rows, columns = self.walk.names.matrices[layer - 1]
            size = rows * (columns + 1)
        if self.whole or not size:
            return np.full(size, KNOWN, np.uint8)
        return self.walk.states(self.grain, min(self.index, self.walk.count(self.grain)), layer, quantity).ravel()

    def state(self, element: Element, quantity: str) -> int:
        """How far one number is."""
        element = self.walk.names.flat(element)
        if self.whole:
            return KNOWN
        known = self.walk.known(self.grain, min(self.index, self.walk.count(self.grain)), element, quantity)
        return {"not yet": NOT_YET, "before": KNOWN, "now": NOW}[known]


class StepTable:
    """What both tables have in common: rows by number, elements by row, columns by name."""

    columns: tuple[str, ...] = ()

    def __init__(self, moment: Moment) -> None:
        self.moment = moment
        self.numbers = moment.numbers
        self.network = moment.frame.experiment.network
        self.sizes = self.network.sizes
        self.depth = len(self.network.layers)
        self.names = moment.walk.names
        self._values: dict[str, Floats] = {}
        self._states: dict[str, States] = {}

    @property
    def rows(self) -> int:
        raise NotImplementedError

    @property
    def shape(self) -> object:
        """Tables of the same shape have the same rows; their values may differ."""
        return type(self), self.sizes, self.rows, self.columns

    def element(self, row: int) -> Element:
        """What a row is about. Raises IndexError where there is none."""
        raise NotImplementedError

    def row_of(self, element: Element) -> int | None:
        """The row of an element; None where this table has none."""
        raise NotImplementedError

    def title(self, letters: Letters, row: int) -> str:
        """What the row is called in a notation."""
        return letters.element(self.element(row))

    def find(self, letters: Letters, wanted: str) -> tuple[Mask, Mask]:
        """The rows that have a plain word as a whole, and those that have it as part of one."""
        raise NotImplementedError

    @cached_property
    def layers(self) -> Rows:
        """The layer of each row: 0 the inputs, depth + 1 the loss."""
        raise NotImplementedError

    def values(self, column: str) -> Floats:
        """A column, one number per row; NaN where the row has no such quantity."""
        if column not in self._values:
            self._values[column] = np.concatenate([*self._value_parts(column)]).astype(np.float64, copy=False)
        return self._values[column]

    def states(self, column: str) -> States:
        """NOT_YET, KNOWN, NOW or ABSENT for each row of a column."""
        if column not in self._states:
            self._states[column] = np.concatenate([*self._state_parts(column)]).astype(np.uint8, copy=False)
        return self._states[column]

    def now(self) -> tuple[int, str] | None:
        """The first cell that the present beat computes or uses; None before the first beat and for a whole step."""
        if self.moment.whole:
            return None
        found = [
            (int(rows[0]), column) for column in self.columns if len(rows := np.flatnonzero(self.states(column) == NOW))
        ]
        # Of one row the last column is the result: z and f′ lead to what stands right of them.
        return min(found, key=lambda cell: (cell[0], -self.columns.index(cell[1]))) if found else None

    def keys(self, column: str) -> Floats:
        """What a column is sorted by: its numbers as far as they are known, else NaN."""
        states = self.states(column)
        return np.where((states == KNOWN) | (states == NOW), self.values(column), np.nan)

    def exact(self, row: int, column: str) -> str | None:
        """The shortest text that reads back as the same number; "" where the row has none, None for not yet."""
        state = self.states(column)[row]
        if state == ABSENT:
            return ""
        return None if state == NOT_YET else exact(float(self.values(column)[row]))

    def _value_parts(self, column: str) -> Iterator[Floats]:
        raise NotImplementedError

    def _state_parts(self, column: str) -> Iterator[States]:
        raise NotImplementedError


class UnitTable(StepTable):
    """Units, +1 nodes, targets and the loss with z, a, ∂C/∂a, f′(z) and δ."""

    columns = UNIT_COLUMNS

    def __init__(self, moment: Moment) -> None:
        super().__init__(moment)
        # A layer is followed by the +1 node from which the biases of the next one come, where it has any.
        counts = [size + self._feeds(layer) for layer, size in enumerate(self.sizes)]
        self._starts = [0]
        for count in counts:
            self._starts.append(self._starts[-1] + count)
        self._outputs = self.sizes[-1]
        self._costs: tuple[str, ...] = ("row", "C") if self._own_cost_differs else ("C",)

    def _feeds(self, layer: int) -> bool:
        """Whether a node stands under a layer that feeds the biases of the next one."""
        return layer < self.depth and self.network.biases[layer]

    @property
    def _own_cost_differs(self) -> bool:
        """Whether the row's cost and the objective are two numbers."""
        example = self.numbers.example
        return isinstance(example, Probe) or (isinstance(example, Row) and self.numbers.rows > 1)

    @property
    @override
    def rows(self) -> int:
        return self._starts[-1] + 2 * self._outputs + len(self._costs)

    @override
    def element(self, row: int) -> Element:
        if not 0 <= row < self.rows:
            raise IndexError(f"row: expected 0 … {self.rows - 1}, came {row}")
        if row < self._starts[-1]:
            layer = bisect.bisect_right(self._starts, row) - 1
            index = row - self._starts[layer]
            return self.names.placed(Unit(layer, index)) if index < self.sizes[layer] else PlusOne(layer + 1)
        index = row - self._starts[-1]
        return Target(index) if index < self._outputs else LossNode()

    def part(self, row: int) -> int | None:
        """Of a row of the loss that is one output's part, the output; else None."""
        index = row - self._starts[-1] - self._outputs
        return index if 0 <= index < self._outputs else None

    @override
    def row_of(self, element: Element) -> int | None:
        if isinstance(element, Map):
            element = Pixel(element.layer, element.channel, 0, 0)
        if not self.names.has(element):
            return None
        element = self.names.flat(element)
        match element:
            case Unit(layer, index) if self.names.has(element):
                return self._starts[layer] + index
            case PlusOne(layer) if self.names.has(element):
                return self._starts[layer] - 1
            case Target(index) if self.names.has(element):
                return self._starts[-1] + index
            case LossNode():
                return self.rows - 1
        return None

    @override
    def title(self, letters: Letters, row: int) -> str:
        part = self.part(row)
        if part is not None:
            return letters.text("element", Unit(self.depth, part))
        if self.quantity(row) == "row":
            example = self.numbers.example
            place = example.row if isinstance(example, Probe) else self.numbers.frame.batch[self._position]
            return letters.row_cost(int(place) + 1)
        return super().title(letters, row)

    def quantity(self, row: int) -> str:
        """What the value of a row of the loss is: `element`, `row` or `C`; `a` for everything else."""
        if row < self._starts[-1] + self._outputs:
            return "a"
        return "element" if self.part(row) is not None else self._costs[row - self.rows + len(self._costs)]

    @override
    def find(self, letters: Letters, wanted: str) -> tuple[Mask, Mask]:
        return _told((self._words(letters, row) for row in range(self.rows)), wanted)

    def _words(self, letters: Letters, row: int) -> tuple[str, ...]:
        element = self.element(row)
        columns: tuple[str, ...] = ()
        data = self.moment.frame.dataset
        if isinstance(element, Unit):
            columns = {0: data.input_names, self.depth: data.output_names}.get(element.layer, ())
        index = getattr(element, "index", -1)
        named = (columns[index],) if 0 <= index < len(columns) else ()
        within = (self.names.element(element.map),) if isinstance(element, Pixel) else ()
        return (self.names.element(element), self.title(letters, row), *named, *within)

    @cached_property
    @override
    def layers(self) -> Rows:
        counts = [*np.diff(self._starts).tolist(), self.rows - self._starts[-1]]
        return np.repeat(np.arange(len(counts)), counts)

    @property
    def _position(self) -> int:
        return self.numbers.example.position if isinstance(self.numbers.example, Row) else 0

    def _scaled(self, own: Floats) -> Floats:
        """∂C/∂a of the row's own cost, or of the batch's with the factor of its reduction, as δ is."""
        if not self.moment.batch_delta:
            return own
        weight: Floats = own * (self.numbers.share * (self.numbers.rows if self.numbers.is_mean else 1))
        return weight

    def _of_layer(self, layer: int, column: str) -> Floats | None:
        numbers = self.numbers
        if column == "a":
            return numbers.a(layer)
        if layer == 0:
            return None
        if column == "delta":
            delta = numbers.batch_delta(layer) if self.moment.batch_delta else numbers.delta(layer)
            return delta * self.moment.delta_sign
        if column == "error":
            with np.errstate(all="ignore"):  # of a diverged step, and of ln 0
                return self._scaled(numbers.error(layer))
        return numbers.slope(layer) if column == "slope" else numbers.z(layer)

    @override
    def _value_parts(self, column: str) -> Iterator[Floats]:
        for layer, size in enumerate(self.sizes):
            found = self._of_layer(layer, column)
            yield np.full(size, np.nan) if found is None else found
            if self._feeds(layer):
                yield np.array([float(self.network.layers[layer].bias_sign) if column == "a" else np.nan])
        if column == "a":
            yield self.numbers.y()
            yield self.numbers.elements()
            yield np.array([self.numbers.cost(), self.moment.frame.objective][-len(self._costs) :])
        else:
            yield np.full(self.rows - self._starts[-1], np.nan)

    @override
    def _state_parts(self, column: str) -> Iterator[States]:
        moment = self.moment
        has = np.array([KNOWN if column == "a" else ABSENT], np.uint8)
        for layer, size in enumerate(self.sizes):
            if layer == 0:
                yield np.repeat(has, size)
            elif column == "slope":
                # Softmax has no slope of its own. The ring shows the slope as soon as the unit is filled.
                none = self.numbers.slope(layer) is None
                yield np.full(size, ABSENT) if none else np.minimum(moment.states(layer, "a"), KNOWN)
            else:
                yield moment.states(layer, column)
            if self._feeds(layer):
                yield has
        if column != "a":
            yield np.full(self.rows - self._starts[-1], ABSENT)
            return
        yield np.full(self._outputs, KNOWN)
        yield moment.states(self.depth, "element")
        yield np.array([moment.state(LossNode(), cost) for cost in self._costs])


class EdgeTable(StepTable):
    """Weights and biases with what becomes of them. With a batch there is also what the row alone gives."""

    def __init__(self, moment: Moment) -> None:
        super().__init__(moment)
        self._turned = moment.weight_layout == "in_out"
        self._starts = [0]
        # A row for each unit, or filter; a column for each input, or number of its kernels.
        self._heights = [rows for rows, _ in self.names.matrices]
        biases = zip(self.names.matrices, self.network.biases, strict=True)
        self._widths = [columns + has_bias for (_, columns), has_bias in biases]
        for width, height in zip(self._widths, self._heights, strict=True):
            self._starts.append(self._starts[-1] + height * width)
        alone = isinstance(moment.numbers.example, Probe) or (moment.numbers.rows > 1 and not moment.numbers.is_mean)
        columns = [column for column in EDGE_COLUMNS if column != "own" or alone]
        place = columns.index("update")
        kept = [f"{STATE}{name}" for name in moment.frame.experiment.optimizer.states]
        self.columns = (*columns[:place], *kept, *columns[place:])

    @property
    @override
    def rows(self) -> int:
        return self._starts[-1]

    @property
    @override
    def shape(self) -> object:
        return super().shape, self._turned

    @override
    def element(self, row: int) -> Element:
        return self.names.placed(self.edge(row))

    def edge(self, row: int) -> Edge:
        """The weight or bias of a row. Raises IndexError where there is none."""
        if not 0 <= row < self.rows:
            raise IndexError(f"row: expected 0 … {self.rows - 1}, came {row}")
        layer = bisect.bisect_right(self._starts, row)
        inputs = self.names.matrices[layer - 1][1]
        place = row - self._starts[layer - 1]
        if self._turned:
            source, to = divmod(place, self._heights[layer - 1])
        else:
            to, source = divmod(place, self._widths[layer - 1])
        return Edge(layer, to, BIAS if source == inputs else source)

    @override
    def row_of(self, element: Element) -> int | None:
        if isinstance(element, Kernel):
            element = KernelEntry(element.layer, element.filter, element.channel, 0, 0)
        element = self.names.flat(element) if self.names.has(element) else element
        if not isinstance(element, Edge) or not self.names.has(element):
            return None
        inputs = self.names.matrices[element.layer - 1][1]
        column = inputs if element.is_bias else element.source
        if self._turned:
            return self._starts[element.layer - 1] + column * self._heights[element.layer - 1] + element.to
        return self._starts[element.layer - 1] + element.to * self._widths[element.layer - 1] + column

    def ends(self, letters: Letters, row: int) -> tuple[str, str]:
        """The names of the unit that an edge comes from and of the one that it leads to."""
        edge = self.edge(row)
        source, target = self._ends(edge.layer, edge.to, edge.source)
        return letters.element(PlusOne(edge.layer) if edge.is_bias else source), letters.element(target)

    def _ends(self, layer: int, to: int, source: int) -> tuple[Element, Element]:
        """What an edge comes from and what it leads to: units, or maps."""
        if not self.names.is_convolution(layer):
            return Unit(layer - 1, source), Unit(layer, to)
        _, _, height, width = self.names.weights[layer - 1]
        return Map(layer - 1, source // (height * width)), Map(layer, to)

    @override
    def find(self, letters: Letters, wanted: str) -> tuple[Mask, Mask]:
        # An edge is found by its own name and by those of its ends; the ends are few, so their words are made once.
        def told(elements: Iterable[Element]) -> tuple[Mask, Mask]:
            return _told(((self.names.element(each), letters.element(each)) for each in elements), wanted)

        into, out_of = [], []
        for layer, (rows, columns) in enumerate(self.names.matrices, 1):
            into.append(told(self._ends(layer, to, 0)[1] for to in range(rows)))
            out_of.append(told(self._ends(layer, 0, source)[0] for source in range(columns)))
        found = []
        for kind, own in enumerate(self._named(letters, wanted)):
            sides = []
            for layer in range(1, self.depth + 1):
                one, typed = letters.element(PlusOne(layer)), wanted.replace("-", "−")
                plus = np.full(int(self.network.biases[layer - 1]), typed == one if kind == 0 else typed in one)
                sides.append(
                    self._read(into[layer - 1][kind][:, None] | np.append(out_of[layer - 1][kind], plus)[None, :])
                )
            found.append(np.concatenate(sides) | own)
        return found[0], found[1]

    def _named(self, letters: Letters, wanted: str) -> tuple[Mask, Mask]:
        """Which edges have the word as their own name, and which in it."""
        if self.rows <= _FEW_EDGES:
            edges = map(self.edge, range(self.rows))
            return _told(((self.names.edge(edge), letters.edge(edge)) for edge in edges), wanted)
        # Symbols of a hundred thousand edges take a second to write; plain names and a person's own are looked up.
        own = {plain_digits(name): address for address, name in letters.notation.own.items()}
        whole, part = np.zeros(self.rows, np.bool_), np.zeros(self.rows, np.bool_)
        for name, address in (*own.items(), (wanted, wanted)):
            row = self._row_named(address) if wanted in name else None
            if row is not None:
                part[row] = True
                whole[row] = name == wanted
        is_bias = np.concatenate([self._is_last(layer) for layer in range(1, self.depth + 1)])
        if wanted[:1] == "b":
            last = np.flatnonzero(is_bias)
            part[last] |= _told(((self.names.edge(self.edge(int(row))),) for row in last), wanted)[1]
        elif wanted == "w":
            part |= ~is_bias
        return whole, part

    def _row_named(self, address: str) -> int | None:
        try:
            return self.row_of(self.names.find_edge(address))
        except ValueError:
            return None

    def _is_last(self, layer: int) -> Mask:
        """Which edges of a layer are biases, flat."""
        columns = np.arange(self._widths[layer - 1]) == self.names.matrices[layer - 1][1]
        return self._read(np.tile(columns, (self._heights[layer - 1], 1)))

    @cached_property
    @override
    def layers(self) -> Rows:
        return np.repeat(np.arange(1, self.depth + 1), np.diff(self._starts))

    @cached_property
    def frozen(self) -> Mask:
        """Which parameters keep their value whatever the gradient."""
        parts = []
        for number, (layer, width) in enumerate(zip(self.network.layers, self._widths, strict=True), 1):
            row = np.full(width, not layer.train_weights)
            if layer.has_bias:
                row[-1] = not layer.train_bias
            parts.append(self._read(np.tile(row, (self._heights[number - 1], 1))))
        return np.concatenate(parts)

    @override
    def _value_parts(self, column: str) -> Iterator[Floats]:
        frame = self.moment.frame
        for layer in range(1, self.depth + 1):
            trace = frame.trace.layers[layer - 1]
            old = matrix(frame.params.W[layer - 1], frame.params.b[layer - 1])
            match column:
                case "weight":
                    yield self._there(layer, old)
                case "gradient":
                    yield self._there(layer, self.numbers.batch_gradient(layer))
                case "own":
                    yield self._there(layer, self.numbers.gradient(layer))
                case str() if column.startswith(STATE):
                    kept = frame.state_next[column.removeprefix(STATE)]
                    yield self._there(layer, matrix(kept.W[layer - 1], kept.b[layer - 1]))
                case _:
                    update = matrix(trace.update_W, trace.update_b)
                    with np.errstate(all="ignore"):
                        yield self._there(layer, update if column == "update" else old + update)

    @override
    def _state_parts(self, column: str) -> Iterator[States]:
        for layer in range(1, self.depth + 1):
            if column == "weight":
                # Given from the start; looked at while it carries something forward or back.
                used = self.moment.states(layer, "product") == NOW
                if layer > 1:
                    used |= self.moment.states(layer, "arrival") == NOW
                yield self._there(layer, np.where(used, NOW, KNOWN))
            else:
                yield self._there(layer, self.moment.states(layer, "dW" if column in ("gradient", "own") else "new"))

    def _there(self, layer: int, values: NDArray[Any]) -> NDArray[Any]:
        """Of values (units, inputs + 1), flat or not, those of the edges that there are, flat."""
        rows, columns = self.names.matrices[layer - 1]
        return self._read(values.reshape(rows, columns + 1)[:, : self._widths[layer - 1]])

    def _read(self, table: NDArray[Any]) -> NDArray[Any]:
        """Values (units, inputs + 1) in the order in which W is read."""
        flat: NDArray[Any] = table.ravel("F" if self._turned else "C")
        return flat


_PLAIN = str.maketrans("₀₁₂₃₄₅₆₇₈₉⁰¹²³⁴⁵⁶⁷⁸⁹", "01234567890123456789")


def plain_digits(text: str) -> str:
    """Small digits on the line, and no difference between large and small letters: how names are compared."""
    return text.translate(_PLAIN).casefold()


def matching(table: StepTable, letters: Letters, text: str) -> Mask:
    """The rows that have every word of a text: as a whole word where any row has it so, else as part of one."""
    mask = np.ones(table.rows, np.bool_)
    for wanted in plain_digits(text).replace("→", " ").replace("->", " ").split():
        whole, part = table.find(letters, wanted)
        mask &= whole if whole.any() else part
    return mask


def _told(words: Iterable[tuple[str, ...]], wanted: str) -> tuple[Mask, Mask]:
    """Which of these have the word as a whole, and which have one that contains it."""
    plain = [tuple(map(plain_digits, each)) for each in words]
    whole = np.array([wanted in each for each in plain], np.bool_)
    return whole, np.array([any(wanted in word for word in each) for each in plain], np.bool_)


def ordered(rows: Rows, keys: Floats, descending: bool) -> Rows:
    """These rows by their keys, smallest or largest first; NaN at the end, equal ones in the order they had."""
    found = keys[rows]
    return rows[np.argsort(-found if descending else found, kind="stable")]

"""What a typed number could be: the outcome of every slip, and of every two, for one asked number.

The outcomes of single slips come first and are few; those of two slips are computed only when no single one fits. A
typed number with few digits fits something by chance, so the search also says how many outcomes one would expect to
fit by chance alone, from how densely they lie around the typed number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations

import numpy as np

from bpstudio.insight.altered import FORWARD_PLACES, Alterations, Asked, Pass
from bpstudio.insight.elements import Edge, Example, Probe, WholeBatch
from bpstudio.insight.example import Numbers
from bpstudio.insight.penalty_lines import of_weight
from bpstudio.insight.phrase import Phrase
from bpstudio.insight.recorded import is_dense, pass_of
from bpstudio.insight.slips import SLIPS, Slip, is_frozen, layers_of
from bpstudio.insight.stepping import update_of
from bpstudio.insight.typed_number import Typed
from bpstudio.insight.update_lines import is_plain
from bpstudio.maths.operations import Array
from bpstudio.training.frame import Frame
from bpstudio.training.optimizers import Momentum

#: Two results of the same formula may differ by so much, relatively: of a float64 trace, and of a float32 one.
SAME = {"float64": 1e-9, "float32": 3e-6}

#: Up to so many layers everything is tried that could have happened.
SHALLOW = 5


@dataclass(frozen=True, eq=False)
class Done:
    """A slip that happened somewhere: in which layers, and of a picked summand which one (from 0)."""

    slip: Slip
    layers: tuple[int, ...]
    index: int | None = None


@dataclass(frozen=True)
class View:
    """One right answer, and how it comes out of the numbers of the rows.

    `note` says what it is where it is not the plainest reading (the batch's in place of the row's). `weights` are what
    the rows are multiplied by before they are added up.
    """

    truth: float
    weights: Array
    of_batch: bool
    note: Phrase | None = None


@dataclass(frozen=True)
class Suspect:
    """A combination of slips whose outcome fits, and the pass in which they happened."""

    done: tuple[Done, ...]
    view: View
    value: float


@dataclass
class Lineup:
    """Those that fit, simplest first, and how many would be expected to fit by chance."""

    suspects: list[Suspect] = field(default_factory=list)
    by_chance: float = 0.0


class Case:
    """One asked number of one example: the right answers, and what slips make of it.

    `sign` is −1 where a person writes the number with the other sign than it is computed with. `beside` is a case of
    the same frame and example: what was computed for it is not computed again.
    """

    def __init__(self, frame: Frame, example: Example, asked: Asked, sign: int = 1, beside: Case | None = None) -> None:
        asked.check(len(frame.experiment.network.layers))
        # What the step does to a parameter is the batch's, whoever is looked at.
        outside = asked.quantity == "new" and isinstance(example, Probe)
        whose = WholeBatch() if outside else example
        self.frame, self.asked, self.sign = frame, asked, sign
        self.same = SAME[frame.experiment.dtype]
        known = beside if beside is not None and beside.numbers.example == whose else None
        self.numbers: Numbers = known.numbers if known is not None else Numbers(frame, whose)
        self._passes: dict[tuple[tuple[str, tuple[int, ...]], ...], Pass] = (
            known._passes if known is not None else {(): pass_of(self.numbers)}
        )
        self.usual: Pass = self._passes[()]
        self._totals: dict[tuple[Done, ...], Array] = {}

    @property
    def is_searched(self) -> bool:
        """Whether slips and rounding on the way can be worked out: in networks of dense layers."""
        return is_dense(self.numbers.network)

    # ---- what is right

    @cached_property
    def views(self) -> tuple[View, ...]:
        """The right answers, the plainest first."""
        n, asked = self.numbers, self.asked
        rows = n.trace.rows
        row, everything = n.position, np.ones(rows)
        own = everything if row is None else np.eye(rows)[row]
        weighed = everything * n.share
        several = str(rows)
        if asked.quantity == "new":
            return (View(self._new_value(), weighed, True),)
        right = float(self.usual.value(asked) @ (own if row is not None else everything / rows))
        if asked.quantity not in ("gradient", "delta", "loss", "error", "arrival", "element"):
            return (View(right, own if row is not None else everything / rows, False),)
        gathered = View(
            self._recorded_total(weighed),
            weighed,
            True,
            Phrase("the sum of {rows} rows" if n.experiment.reduction == "sum" else "the mean of {rows} rows",
                   {"rows": several}),
        )  # fmt: skip
        if row is None:
            mean = View(right, everything / rows, True)
            if asked.quantity in ("gradient", "loss"):
                return (View(gathered.truth, weighed, True),)
            return (mean,) if n.share != 1.0 else (mean, gathered)
        plain = View(self._recorded_row(row), own, False)
        if rows == 1 and not self._added:
            return (plain,)
        if rows == 1:
            whole = Phrase("with the penalty")
            return (plain, View(gathered.truth, weighed, True, whole))
        views = [plain, gathered] if asked.quantity in ("gradient", "loss", "delta") else [plain]
        if n.share != 1.0 and asked.quantity != "loss":
            part = Phrase("the row's own with the 1/{rows} of the batch", {"rows": several})
            views.append(View(plain.truth * n.share, own * n.share, False, part))
        return tuple(views)

    def _recorded_row(self, row: int) -> float:
        if self.asked.quantity == "loss":
            return self.numbers.cost()
        return float(self.usual.value(self.asked)[row])

    def _recorded_total(self, weights: Array) -> float:
        """The batch's number as the step has it: the very digits that are shown."""
        here = self.frame.trace.layers[self.asked.layer - 1]
        own_trace = self.numbers.trace is self.frame.trace
        match self.asked.quantity, self.asked.target:
            case "loss", _ if own_trace:
                return float(self.frame.objective)
            case "gradient", Edge(to=to, source=source) as edge if own_trace:
                return float(here.db[to] if edge.is_bias else _rows(here.dW)[to, source])
        return float(self.usual.value(self.asked) @ weights)

    @cached_property
    def _added(self) -> float:
        """What penalties add to the batch's number; nothing where the example is a probe."""
        return self.added(self.asked) if self.numbers.trace is self.frame.trace else 0.0

    def added(self, asked: Asked) -> float:
        """What penalties add to a gradient of the batch, or to its cost."""
        if asked.quantity == "loss":
            return self.frame.penalty
        if asked.quantity in ("gradient", "new") and isinstance(asked.target, Edge):
            return sum(term.value for term in of_weight(self.frame, asked.target))
        return 0.0

    def _new_value(self) -> float:
        here, edge = self.frame.trace.layers[self.asked.layer - 1], self._edge
        update = here.update_b[edge.to] if edge.is_bias else _rows(here.update_W)[edge.to, edge.source]
        return self._of(edge, self.frame.params.W, self.frame.params.b) + float(update)

    @staticmethod
    def _of(edge: Edge, W: tuple[Array, ...], b: tuple[Array, ...]) -> float:
        return float(b[edge.layer - 1][edge.to] if edge.is_bias else _rows(W[edge.layer - 1])[edge.to, edge.source])

    # ---- what slips make of it

    def finish(self, totals: Array, settings: Mapping[str, float]) -> Array:
        """From the gathered numbers of the rows, (views, …), to what is asked, with constants changed."""
        factor = settings.get("sign", 1.0) * settings.get("factor", 1.0) * settings.get("outputs", 1.0)
        if factor != 1.0:
            totals = totals * factor
        if "rows" in settings:
            totals = totals * np.array([[settings["rows"] if view.of_batch else 1.0] for view in self.views])
        if self._added:
            penalty = self._added * settings.get("penalty", 1.0)
            totals = totals + np.array([[penalty if view.of_batch else 0.0] for view in self.views])
        if self.asked.quantity != "new":
            return totals
        return self.moved(self.velocity(totals, settings), settings)

    def velocity(self, gradient: Array, settings: Mapping[str, float]) -> Array:
        """What η multiplies: the gradient, or with plain momentum the new velocity, which is a line of its own."""
        rule, before = self.frame.experiment.optimizer, self.frame.state
        if not isinstance(rule, Momentum) or not self._is_plain:
            return gradient
        old = self._of(self._edge, before["velocity"].W, before["velocity"].b)
        faster: Array = gradient + rule.momentum * old * settings.get("velocity", 1.0)
        return faster

    def moved(self, velocity: Array, settings: Mapping[str, float]) -> Array:
        """The new value of the asked parameter."""
        value = self._of(self._edge, self.frame.params.W, self.frame.params.b)
        if settings.get("frozen", float(is_frozen(self.usual, self.asked, 0))):
            return np.full_like(velocity, value)
        if self._is_plain:
            step = settings.get("rate", self.frame.experiment.optimizer.rate) * velocity
        else:
            step = -update_of(self.frame, self._edge, velocity, settings)
        new: Array = settings.get("start", value) - settings.get("direction", 1.0) * step
        return new

    @cached_property
    def _is_plain(self) -> bool:
        """Whether the step is −η times the gradient or the velocity."""
        return is_plain(self.frame.experiment)

    @property
    def _edge(self) -> Edge:
        if not isinstance(self.asked.target, Edge):
            raise ValueError(f"new value: expected an edge, came {self.asked.target}")
        return self.asked.target

    @cached_property
    def _possible(self) -> list[Done]:
        found = []
        for slip in SLIPS:
            layers = layers_of(slip, self.usual, self.asked)
            if slip.layers != "everywhere" or len(layers) == 1:
                found += [Done(slip, (layer,)) for layer in layers]
            if slip.put is not None and len(layers) > 1:
                found.append(Done(slip, layers))
        return found

    def passed(self, done: tuple[Done, ...]) -> Pass:
        """The pass with these slips in it."""
        # From the input forward, then from the top down: so each one changes least of what those before it computed.
        puts = tuple(sorted((one for one in done if one.slip.put is not None), key=_reach))
        key = tuple((one.slip.id, one.layers) for one in puts)
        if key not in self._passes:
            below = self.passed(puts[:-1])
            self._passes[key] = below.altered(_alterations(puts[-1]))
        return self._passes[key]

    def outcomes(self, done: tuple[Done, ...]) -> Array:
        """What comes out of these slips, (views, outcomes): one outcome, or one for each picked summand."""
        settings: dict[str, float] = {}
        places = []
        for one in done:
            if one.slip.settings is not None:
                settings |= one.slip.settings(self.usual)
            else:
                places.append(one)
        return self.finish(self._gathered(tuple(places)), settings)

    def _gathered(self, places: tuple[Done, ...]) -> Array:
        """What the rows give together after some slips, for each view, (views, outcomes)."""
        found = self._totals.get(places)
        if found is None:
            p, picked = self.passed(places), [one for one in places if one.slip.pick is not None]
            rows = p.value(self.asked)[:, None]
            for one in picked:
                assert one.slip.pick is not None
                rows = one.slip.pick(p, self.asked, one.layers[0])
            found = self._totals[places] = self._weights @ rows
        return found

    @cached_property
    def _weights(self) -> Array:
        return np.stack([view.weights for view in self.views])

    def singles(self) -> Iterator[tuple[Done, ...]]:
        """Every slip by itself."""
        for one in self._possible:
            if one.slip.cost == 1:
                yield (one,)

    def doubles(self) -> Iterator[tuple[Done, ...]]:
        """Every two slips that can happen together, and those that are two in one."""
        for one in self._possible:
            if one.slip.cost == 2:
                yield (one,)
        plain = [one for one in self._possible if one.slip.cost == 1 and self._is_near(one)]
        keys = {id(one): frozenset(self._keys(one)) for one in plain}
        for first, second in combinations(plain, 2):
            if not keys[id(first)] & keys[id(second)]:
                yield first, second

    def _is_near(self, one: Done) -> bool:
        """Whether a slip is thought of beside another one.

        In a deep network single layers far from both ends of the way are not: two slips there are unlikely, and all
        pairs of layers would be thousands. What is done in every layer alike is thought of at any depth.
        """
        if one.slip.id == "other_input":
            return False
        own, depth = self.asked.layer, self.numbers.depth
        return len(one.layers) > 1 or depth <= SHALLOW or one.layers[0] in (0, 1, own, own + 1, depth)

    def _keys(self, one: Done) -> list[object]:
        if one.slip.put is not None:
            return [(one.slip.put[0], layer) for layer in one.layers]
        if one.slip.pick is not None:
            return ["pick"]
        return list(one.slip.settings(self.usual)) if one.slip.settings is not None else []

    # ---- what fits

    def search(self, typed: Typed, pairs: bool = True) -> tuple[Lineup, Lineup]:
        """Single slips that fit a number, and two where no single one does."""
        with np.errstate(all="ignore"):
            singles = self._fitting(typed, self.singles)
            if singles.suspects or not pairs:
                return singles, Lineup()
            return singles, self._fitting(typed, self.doubles)

    def _fitting(self, typed: Typed, combinations_of: Callable[[], Iterator[tuple[Done, ...]]]) -> Lineup:
        combined = list(combinations_of())
        if not combined:
            return Lineup()
        blocks = [self.outcomes(done) for done in combined]
        values = np.concatenate(blocks, axis=1) * self.sign
        told = np.isfinite(values)
        for view in self.views:
            # What a slip leaves as it was is no slip.
            told &= np.abs(values - view.truth * self.sign) > self.same * max(abs(view.truth), 1e-300)
        lineup = Lineup(by_chance=self._by_chance(typed, values[told]))
        ends = np.cumsum([block.shape[1] for block in blocks])
        found = np.argwhere((told & fits(typed, values, self.same)).T)
        for place, number in found.tolist():
            which = int(np.searchsorted(ends, place, side="right"))
            index = int(place - (ends[which] - blocks[which].shape[1]))
            done = tuple(
                Done(one.slip, one.layers, index) if one.slip.pick is not None else one for one in combined[which]
            )
            lineup.suspects.append(Suspect(done, self.views[number], float(values[number, place])))
        lineup.suspects.sort(key=lambda suspect: not rounds_to(typed, suspect.value, self.same))
        return lineup

    def _by_chance(self, typed: Typed, values: Array) -> float:
        """How many of the outcomes would fit a number that was typed at random."""
        reach = min([abs(typed.value), *(abs(typed.value - view.truth * self.sign) for view in self.views)])
        if reach == 0 or not len(values):
            return np.inf
        # Outcomes that are the same number are one chance to fit, not many.
        near = np.unique(np.round(values[np.abs(values - typed.value) <= reach] / reach, 9))
        return len(near) * (typed.unit / 2 + self.same * abs(typed.value)) / reach


def _rows(weights: Array) -> Array:
    """The numbers of all kernels of a filter in a row; a matrix as it is."""
    return weights.reshape(len(weights), -1)


def _reach(one: Done) -> tuple[bool, int]:
    """Where a slip stands in the order of a pass: forward ones first, then the layers downward."""
    assert one.slip.put is not None
    return one.slip.put[0] not in FORWARD_PLACES, -max(one.layers)


def _alterations(one: Done) -> Alterations:
    assert one.slip.put is not None
    place, rule = one.slip.put
    return {(place, layer): rule for layer in one.layers}


def rounds_to(typed: Typed, value: float | Array, same: float) -> Array:
    """Whether a value, rounded to the typed places, is the typed number."""
    room = 0.5 * typed.unit * (1 + 1e-9) + same * np.abs(value)
    close: Array = np.abs(value - typed.value) <= room
    return close


def is_cut_to(typed: Typed, value: float | Array) -> Array:
    """Whether a value, cut off after the typed places, is the typed number."""
    rest = np.abs(value) - abs(typed.value)
    cut: Array = (rest >= 0) & (rest < typed.unit) & (np.sign(value) == np.sign(typed.value))
    return cut


def fits(typed: Typed, value: float | Array, same: float) -> Array:
    """Whether a value, rounded or cut off, is the typed number."""
    return rounds_to(typed, value, same) | is_cut_to(typed, value)

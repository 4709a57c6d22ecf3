"""The numbers of one example, and the ways in which sentences write them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from bpstudio.insight.elements import BIAS, Edge, Example, Probe, Unit
from bpstudio.insight.example import Numbers
from bpstudio.insight.notation import Notation, given, letters, number, operand, total
from bpstudio.insight.phrase import Phrase
from bpstudio.maths.operations import Array
from bpstudio.training.frame import Frame

#: A sum or a list of more parts than this is named by its size instead of being spelled out.
SPELLED_OUT = 6

Text = str | Phrase


class Writer:
    """A frame, an example, a notation and a number of decimals: all that a sentence depends on."""

    def __init__(self, frame: Frame, example: Example, notation: str | Notation, digits: int) -> None:
        self.frame = frame
        self.experiment = frame.experiment
        self.network = frame.experiment.network
        self.depth = len(self.network.layers)
        self.letters = letters(notation, self.network)
        self.digits = digits
        self.numbers = Numbers(frame, example)
        #: δ = sign · ∂C/∂z.
        self.sign = self.letters.notation.delta_sign
        self.minus = "" if self.sign > 0 else "−"
        #: The number of outputs by which the loss of a row is divided, 1 unless the reduction is a mean over all.
        self.divisor = round(1 / self.numbers.own_scale)

    # ---- δ with the sign that the notation gives it

    def delta(self, layer: int) -> Array:
        """δ of the example, (units,): +∂C/∂z or −∂C/∂z."""
        deltas: Array = self.sign * self.numbers.delta(layer)
        return deltas

    def delta_of(self, unit: Unit) -> float:
        """δ of one unit."""
        return float(self.delta(unit.layer)[unit.index])

    # ---- numbers as text

    def number(self, value: float) -> str:
        return number(value, self.digits)

    def given(self, value: float) -> str:
        return given(value, self.digits)

    def factor(self, value: float) -> str:
        """A computed number as a factor, in brackets when it is negative."""
        return operand(self.number(value))

    def came_in(self, unit: Unit) -> str:
        """What a unit gives to the layer above it; an input was chosen, not computed."""
        value = float(self.numbers.a(unit.layer)[unit.index])
        return self.given(value) if unit.layer == 0 else self.number(value)

    def sum(self, values: Iterable[float], many: str) -> Text:
        """Numbers added up; a long sum by its size, where `many` is a template over {sum} and {count}."""
        values = list(values)
        if len(values) <= SPELLED_OUT:
            return total([self.number(value) for value in values])
        return Phrase(many, {"sum": self.number(float(np.sum(values))), "count": str(len(values))})

    def vector(self, values: Iterable[float], write: Callable[[float], str] | None = None) -> str:
        """Numbers in a row; of a long one the first three and the last."""
        values = list(values)
        is_long = len(values) > SPELLED_OUT
        texts = [(write or self.number)(float(value)) for value in ([*values[:3], values[-1]] if is_long else values)]
        if is_long:
            texts.insert(3, "…")
        return f"({', '.join(texts)})"

    # ---- sentences

    def equation(self, *parts: Text) -> Phrase:
        """Parts joined by equals signs; of neighbours that read the same one is left out."""
        kept = [part for place, part in enumerate(parts) if place == 0 or str(part) != str(parts[place - 1])]
        names = [f"part{place}" for place in range(len(kept))]
        return Phrase(" = ".join(f"{{{name}}}" for name in names), dict(zip(names, kept, strict=True)))

    def mean(self, symbol: str, result: Text) -> Phrase:
        """What stands for a quantity when the whole batch is the example."""
        rows = str(self.numbers.rows)
        return Phrase("mean of {rows} rows: {symbol} = {result}", {"rows": rows, "symbol": symbol, "result": result})

    def gather(self, result: Text) -> Phrase:
        """What the batch does with the gradients of its rows."""
        rows = str(self.numbers.rows)
        if self.experiment.reduction == "sum":
            return Phrase("sum of {rows} rows = {result}", {"rows": rows, "result": result})
        return Phrase("mean of {rows} rows = {result}", {"rows": rows, "result": result})

    def contribution(self, own: Phrase, gathered: Text) -> tuple[Phrase, ...]:
        """What one row gives, and under it what becomes of it in the batch."""
        if isinstance(self.numbers.example, Probe):
            nothing = Phrase(
                "probe: contributes nothing to this update, where {gathered}", {"gathered": self.gather(gathered)}
            )
            return Phrase("this probe would give {equation}", {"equation": own}), nothing
        if self.numbers.rows == 1:
            return (own,)
        return Phrase("this row gives {equation}", {"equation": own}), self.gather(gathered)

    # ---- parameters

    def weight(self, edge: Edge) -> float:
        """The present value of a weight or bias."""
        params = self.frame.params
        if edge.is_bias:
            return float(params.b[edge.layer - 1][edge.to])
        return _at(params.W[edge.layer - 1], edge)

    def update(self, edge: Edge) -> float:
        """What the step will add to it."""
        here = self.frame.trace.layers[edge.layer - 1]
        return float(here.update_b[edge.to] if edge.is_bias else _at(here.update_W, edge))

    def gradient(self, edge: Edge) -> float:
        """∂C/∂w of the step."""
        here = self.frame.trace.layers[edge.layer - 1]
        return float(here.db[edge.to] if edge.is_bias else _at(here.dW, edge))

    def state(self, name: str, edge: Edge) -> tuple[float, float]:
        """A number of the optimiser for this parameter, before and after the step."""
        pair = []
        for params in (self.frame.state[name], self.frame.state_next[name]):
            layer = edge.layer - 1
            pair.append(float(params.b[layer][edge.to] if edge.is_bias else _at(params.W[layer], edge)))
        return pair[0], pair[1]

    def bias_sign(self, layer: int) -> int:
        """What the node carries from which the biases of a layer come: 1, or −1 where they are thresholds, or 0."""
        return self.network.layers[layer - 1].bias_sign

    def parameters(self, unit: Unit) -> list[Edge]:
        """The weights into a unit and, where there is one, its bias or threshold; of a convolution those of a filter,
        whose number stands for the unit.
        """
        columns = self.letters.names.matrices[unit.layer - 1][1]
        sources = [*range(columns), *[BIAS] * abs(self.bias_sign(unit.layer))]
        return [Edge(unit.layer, unit.index, source) for source in sources]

    def frozen(self, edge: Edge) -> bool:
        """Whether the parameter is not trained."""
        layer = self.network.layers[edge.layer - 1]
        return not (layer.train_bias if edge.is_bias else layer.train_weights)

    def gradient_symbol(self, edge: Edge) -> str:
        """∂C/∂w₅ or ∂C/∂b_o1."""
        return self.letters.text("db" if edge.is_bias else "dw", edge)


def _at(weights: Array, edge: Edge) -> float:
    """The number of an edge among weights of any shape."""
    return float(weights.reshape(len(weights), -1)[edge.to, edge.source])

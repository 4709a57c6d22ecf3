"""How a layer's weights and biases begin: the rule, its number, and what it came to beside what textbooks give."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence

from PyQt6.QtWidgets import QVBoxLayout, QWidget

from bpstudio.engine.layers import Layer
from bpstudio.maths.initializers import BIAS_PARAMETERS, Initializer, measured_spread, reference_spreads
from bpstudio.training.frame import Frame
from ui.language import tr, translatable
from ui.panels import describe
from ui.panels.form import Choice, Message, Row
from ui.panels.number import NumberField
from ui.panels.plain import plain

Begin = Callable[[Callable[[Initializer], Initializer]], None]
"""begin(edit): send the layer with another initialiser; raises ValueError when it is refused."""

_NUMBERS = {
    "std": (translatable("σ of weights"), translatable("Standard deviation of the drawn weights")),
    "limit": (translatable("Limit r"), translatable("Weights are drawn evenly between −r and r")),
    "value": (translatable("Value of weights"), translatable("Every weight begins with this value")),
    "gain": (translatable("Gain g"), translatable("Orthogonal weights are multiplied by it: W Wᵀ = g² I")),
    "bias_std": (translatable("σ of biases"), translatable("Standard deviation of the drawn biases")),
    "bias_limit": (translatable("Limit of biases"), translatable("Biases are drawn evenly between −r and r")),
    "bias_value": (translatable("Value of biases"), translatable("Every bias begins with this value")),
}


class StartForm(QWidget):
    """The rules for weights and biases of one layer, each with the number it takes; another rule draws anew."""

    def __init__(self, begin: Begin, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._begin = begin
        self.weights, self.weights_row = self._rule("weights")
        self.number, self.number_row = self._field(lambda rule: rule.rule.parameter)
        self.spread = Message()
        self.biases, self.biases_row = self._rule("biases")
        self.bias_number, self.bias_number_row = self._field(lambda rule: BIAS_PARAMETERS.get(rule.biases, ""))
        self._initializer = Initializer()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        for widget in (self.weights_row, self.number_row, self.spread, self.biases_row, self.bias_number_row):
            column.addWidget(widget)

    def show_layer(self, layer: Layer) -> None:
        """Show the rules of a layer and their numbers; a number stands only where its rule takes one."""
        start = self._initializer = layer.initializer
        self.weights.show_value(start.weights)
        letter = {"bias": "b", "threshold": "θ"}.get(layer.bias, "")
        self.weights_row.message.say(start.written(letter if start.own_biases else ""), "echo")
        explanation = tr("How this layer's weights are drawn; a change draws anew")
        source = start.rule.source
        self.weights_row.name(tr("Start weights"), f"{explanation}\n{source}" if source else explanation)
        self.biases.show_value(start.biases)
        self.biases_row.name(
            tr("Start thresholds") if layer.bias == "threshold" else tr("Start biases"),
            tr("How this layer's biases are drawn; a change draws anew"),
        )
        is_negative = layer.bias == "threshold" and start.biases == "constant"
        # A threshold is the negative of the bias that is drawn.
        self.biases_row.message.say(f"θ: {0.0 - start.bias_value:g}" if is_negative else "", "echo")
        decides = layer.has_bias and not start.own_biases
        self.biases_row.setVisible(decides)
        self._show_number(self.number, self.number_row, start.rule.parameter)
        self._show_number(
            self.bias_number, self.bias_number_row, BIAS_PARAMETERS.get(start.biases, "") if decides else ""
        )

    def show_start(self, frame: Frame, index: int) -> None:
        """Say how far the weights of layer ``index`` spread at step 0, and what the rules of the textbooks would give;
        nothing where there are none, or where the run began with another network.
        """
        start, network = frame.start, frame.experiment.network
        has_begun_so = start is not None and start.fits(network)
        W = start.W[index] if start is not None and has_begun_so else None
        if W is None or W.size < 2:
            self.spread.say("", "")
            return
        names = reference_spreads(W.shape)
        found, *usual = rounded([measured_spread(W), *names.values()])
        others = ", ".join(describe.together(f"{name} {text}") for name, text in zip(names, usual, strict=True))
        self.spread.say(tr("σ of the weights at step 0: {spread} ({others})", spread=found, others=others), "echo")

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        self.weights.offer(describe.initializers())
        self.biases.offer(describe.bias_rules())
        self.spread.setToolTip(
            tr("How far the start weights lie from their mean, and how far they would by LeCun, Xavier and He")
        )

    def _show_number(self, field: NumberField, row: Row, parameter: str) -> None:
        row.setVisible(bool(parameter))
        if parameter:
            name, explanation = _NUMBERS[parameter]
            row.name(tr(name), tr(explanation))
            field.show_value(getattr(self._initializer, parameter))

    def _rule(self, field: str) -> tuple[Choice, Row]:
        """A combo box for one of the two rules; a refusal is said under it, and it goes back to what is true."""
        choice = Choice()
        row = Row(choice)

        def chosen() -> None:
            try:
                self._send(field, choice.currentData())
            except ValueError as error:
                choice.show_value(getattr(self._initializer, field))
                row.message.say(plain(error), "error")

        choice.activated.connect(chosen)
        return choice, row

    def _field(self, parameter: Callable[[Initializer], str]) -> tuple[NumberField, Row]:
        """A field for the number that the chosen rule takes."""
        message = Message()
        field = NumberField(lambda value: self._send(parameter(self._initializer), value), message.say)
        return field, Row(field, message)

    def _send(self, field: str, value: object) -> None:
        changes = {field: value}
        self._begin(lambda present: dataclasses.replace(present, **changes))  # type: ignore[arg-type]


def rounded(values: Sequence[float]) -> list[str]:
    """Deviations with the same few decimals: two, or as many (to four) as show two figures of the smallest."""
    smallest = min((value for value in values if value > 1e-12), default=1.0)
    decimals = min(max(2, 1 - math.floor(math.log10(smallest))), 4)
    return [f"{value:.{decimals}f}" for value in values]

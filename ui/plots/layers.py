"""Curves with one line per layer: how flat its units are, and how large its gradient is."""

from __future__ import annotations

from typing_extensions import override

from bpstudio.engine.layers import Layer
from bpstudio.maths.activations import activation
from ui import theme as looks
from ui.language import tr
from ui.plots.curves import Content, Curve, CurvePlot, recorded, trend
from ui.plots.kept import Record


def weighted(layers: tuple[Layer, ...]) -> list[int]:
    """The layers that have weights, counted from 1."""
    return [number for number, layer in enumerate(layers, 1) if layer.has_weights]


def layer_title(layers: tuple[Layer, ...], number: int) -> str:
    """What a layer (counted from 1) is called in every plot."""
    name = layers[number - 1].name
    return name or tr("layer {number}", number=number)


def layer_curves(
    metrics: Record, quantity: str, layers: tuple[Layer, ...], numbers: list[int], start: int, stop: int, points: int
) -> tuple[Curve, ...]:
    """The recorded quantity of each of these layers, in the layers' colours."""
    theme, curves = looks.current(), []
    for number in numbers:
        column = f"{quantity}/{number}"
        steps, low, high = metrics.curve(column, start, stop, points)
        pen = theme.layer_pen(number, len(layers))
        value, means = recorded(metrics, column), trend(metrics, column, start, stop)
        curves.append(Curve(layer_title(layers, number), pen, steps, low, high, value, means))
    return tuple(curves)


def unflat_words(layers: tuple[Layer, ...]) -> str:
    """Which layers have no saturation, and what they have instead; "" when all have one."""
    relu = [number for number, layer in enumerate(layers, 1) if activation(layer.activation).switches]
    silent = [
        number
        for number, layer in enumerate(layers, 1)
        if layer.has_weights
        and not activation(layer.activation).switches
        and not activation(layer.activation).saturates
    ]
    words = []
    if relu:
        words.append(tr("ReLU layers ({numbers}) report off and dead units instead", numbers=_list(relu)))
    if silent:
        kinds = " / ".join(sorted({activation(layers[number - 1].activation).family for number in silent}))
        words.append(
            tr("{kinds} layers ({numbers}) have no flat end and report nothing", kinds=kinds, numbers=_list(silent))
        )
    return tr("; ").join(words)


def _list(numbers: list[int]) -> str:
    """1, 2, 3, 7 as "1–3, 7"."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ", ".join(f"{part[0]}–{part[-1]}" if len(part) > 1 else str(part[0]) for part in parts)


class SaturationPlot(CurvePlot):
    """Mean saturation of the layers whose activation has a flat end."""

    @override
    def titles(self) -> tuple[list[str], int]:
        return [tr("Saturation")], 0

    @override
    def subtitle(self) -> str:
        if self.frame is None:
            return ""
        layers, metrics, step = self.frame.experiment.network.layers, self.frame.metrics, self.frame.step
        others = []
        rules = [activation(layer.activation) for layer in layers]
        off = [metrics.value(f"off/{k}", step) for k, rule in enumerate(rules, 1) if rule.switches]
        shares = sorted({f"{100 * share:.0f}" for share in off if share is not None}, key=float)
        if shares:
            others.append(tr("ReLU: {share} % off", share="–".join(dict.fromkeys((shares[0], shares[-1])))))
        kinds = {
            rule.family
            for rule, layer in zip(rules, layers, strict=True)
            if layer.has_weights and not rule.saturates and not rule.switches
        }
        others += [tr("{kind}: none", kind=kind) for kind in sorted(kinds)]
        if not others:
            return tr("mean of 1 − |f′|/max|f′|: 0 responsive, 1 flat")
        return tr("; ").join((tr("0 responsive, 1 flat"), *others))

    @override
    def whole_story(self) -> str:
        said = tr("mean of 1 − |f′|/max|f′|: 0 responsive, 1 flat")
        others = unflat_words(self.frame.experiment.network.layers) if self.frame is not None else ""
        noise = super().whole_story().removeprefix(f"{self.subtitle()}. ")
        return " ".join((f"{said}.", f"{others}." if others else "", noise)).strip()

    @override
    def scales(self) -> tuple[str, ...]:
        return ("linear",)

    def numbers(self) -> list[int]:
        """The layers that are drawn, counted from 1."""
        layers = self.frame.experiment.network.layers if self.frame is not None else ()
        return [number for number, layer in enumerate(layers, 1) if activation(layer.activation).saturates]

    @override
    def columns(self) -> tuple[str, ...]:
        return tuple(f"saturation/{number}" for number in self.numbers())

    @override
    def content(self, metrics: Record, start: int, stop: int, points: int) -> Content:
        layers = self.frame.experiment.network.layers if self.frame is not None else ()
        numbers = self.numbers()
        curves = layer_curves(metrics, "saturation", layers, numbers, start, stop, points)
        empty = "" if numbers else tr("No layer saturates here. {why}.", why=unflat_words(layers))
        return Content(curves, (0.0, 1.0), empty, metrics.edits)


class GradientPlot(CurvePlot):
    """Size of each layer's gradient."""

    @override
    def titles(self) -> tuple[list[str], int]:
        return [tr("Gradient size")], 0

    @override
    def subtitle(self) -> str:
        return tr("‖∂C/∂W‖ per layer")

    @override
    def preferred_scale(self) -> str:
        return "log"

    @override
    def columns(self) -> tuple[str, ...]:
        layers = self.frame.experiment.network.layers if self.frame is not None else ()
        return tuple(f"norm/{number}" for number in weighted(layers))

    @override
    def content(self, metrics: Record, start: int, stop: int, points: int) -> Content:
        layers = self.frame.experiment.network.layers if self.frame is not None else ()
        numbers = weighted(layers)
        return Content(layer_curves(metrics, "norm", layers, numbers, start, stop, points), edits=metrics.edits)

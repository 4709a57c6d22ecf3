"""What a set of conventions would change, before it changes: now, afterwards, and what follows from it.

A row for each convention that the present experiment has: the loss and its mean, biases, the order of updating,
penalties, the form of the optimiser, what is written, and how weights begin. Rows that stay as they are are listed too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from bpstudio.engine.layers import AvgPool2D, Conv2D, Dropout, Layer, MaxPool2D
from bpstudio.insight.convention_rules import SQUARED, Writing
from bpstudio.insight.conventions import loss_formula, ratio, times
from bpstudio.insight.matrices import Matrices
from bpstudio.insight.notation import Notation, exponent
from bpstudio.insight.penalty_lines import formula
from bpstudio.insight.phrase import Phrase, plain
from bpstudio.insight.schedule_formulas import schedule_symbols
from bpstudio.maths.losses import loss as loss_named
from bpstudio.maths.penalties import L1, L2, KLSparsity, RunningSparsity
from bpstudio.training.clipping import ClipByNorm
from bpstudio.training.experiment import Experiment
from bpstudio.training.optimizers import Momentum, Nesterov

NOTHING = plain("–")


@dataclass(frozen=True)
class State:
    """What is trained on how many rows, and how it is written; ``typed``: the start was typed, not drawn."""

    experiment: Experiment
    rows: int
    writing: Writing
    notation: Notation
    typed: bool = False

    @property
    def batch(self) -> int:
        """How many rows an update has."""
        return min(self.experiment.batch_size or self.rows, self.rows)

    @property
    def letters(self) -> Notation:
        """The notation with the writing."""
        writing = self.writing
        return self.notation.having(
            delta_sign=writing.delta_sign, samples=writing.samples, weight_layout=writing.weight_layout
        )


@dataclass(frozen=True)
class Change:
    """One convention: its name, what it is now and afterwards, and a sentence where these differ."""

    name: str
    heading: Phrase
    now: Phrase
    after: Phrase
    effect: Phrase | None


@dataclass(frozen=True)
class _Aspect:
    """`told(state)` says what a convention is, None where the experiment has no such thing."""

    name: str
    heading: Phrase
    told: Callable[[State], Phrase | None]
    effect: Callable[[State, State], Phrase]


def changes(now: State, after: State) -> tuple[Change, ...]:
    """All conventions of an experiment beside those of another one made from it, in the order of a step."""
    found = []
    for aspect in _ASPECTS:
        before, then = aspect.told(now), aspect.told(after)
        if before is None and then is None:
            continue
        effect = aspect.effect(now, after) if before != then else None
        found.append(Change(aspect.name, aspect.heading, before or NOTHING, then or NOTHING, effect))
    return tuple(found)


# ---- the cost


def _loss(state: State) -> Phrase:
    return plain(f"C = {loss_formula(state.experiment.loss, state.letters)}")


def _other_loss(now: State, after: State) -> Phrase:
    if now.experiment.loss in SQUARED and after.experiment.loss in SQUARED:
        if after.experiment.loss == "squared_error":
            return Phrase("every gradient twice as large")
        return Phrase("every gradient half as large")
    return Phrase("another cost, with other gradients")


def _reduction(state: State) -> Phrase:
    if state.experiment.reduction == "sum":
        return Phrase("sum over the rows")
    if state.experiment.reduction == "mean_all":
        return Phrase("mean over rows and outputs")
    return Phrase("mean over the rows")


def _other_reduction(now: State, after: State) -> Phrase:
    outputs = now.experiment.network.outputs
    before, then = (
        loss_named(each.experiment.loss).scale(each.experiment.reduction, each.batch, outputs) for each in (now, after)
    )
    return times(then / before)


def _batch(state: State) -> Phrase:
    return Phrase("one row at a time") if state.batch == 1 else plain(f"{state.batch:,}")


# ---- the network


def _weighted(state: State) -> list[Layer]:
    return [layer for layer in state.experiment.network.layers if layer.has_weights]


def _one(found: Iterable[Phrase]) -> Phrase | None:
    """What all of them say, or each of the things that some of them say; None where there are none."""
    return _together(list({phrase.text: phrase for phrase in found}.values()))


def _bias_of(layer: Layer) -> Phrase:
    if not layer.has_bias:
        return Phrase("no biases")
    if layer.bias == "threshold":
        return Phrase("thresholds, trained") if layer.train_bias else Phrase("thresholds, frozen")
    return Phrase("biases, trained") if layer.train_bias else Phrase("biases, frozen")


def _bias(state: State) -> Phrase | None:
    return _one(map(_bias_of, _weighted(state)))


def _other_bias(now: State, after: State) -> Phrase:
    pairs = list(zip(_weighted(now), _weighted(after), strict=True))
    if any(one.trains_bias != other.trains_bias for one, other in pairs):
        frozen = any(one.trains_bias and not other.trains_bias for one, other in pairs)
        return Phrase("they keep their values") if frozen else Phrase("training moves them too")
    return Phrase("θ = −b: the same network")


def _convolution(state: State) -> Phrase | None:
    return _one(
        Phrase("true convolution, kernels turned") if layer.mode == "convolution" else Phrase("cross-correlation")
        for layer in state.experiment.network.layers
        if isinstance(layer, Conv2D)
    )


def _pooling(state: State) -> Phrase | None:
    return _one(
        Phrase("sizes rounded up") if layer.ceil_mode else Phrase("sizes rounded down")
        for layer in state.experiment.network.layers
        if isinstance(layer, MaxPool2D | AvgPool2D)
    )


def _dropout(state: State) -> Phrase | None:
    return _one(
        Phrase("scaled by 1/(1 − p) while training") if layer.inverted else Phrase("not scaled while training")
        for layer in state.experiment.network.layers
        if isinstance(layer, Dropout)
    )


def _start(state: State) -> Phrase | None:
    if state.typed:
        return Phrase("typed numbers")
    return _one(plain(layer.initializer.written("b" if layer.has_bias else "")) for layer in _weighted(state))


# ---- the objective


def _penalty(state: State) -> Phrase | None:
    parts = []
    for one in state.experiment.penalties:
        if isinstance(one, L1 | L2):
            form = formula(state.experiment, one)
            parts.append(
                Phrase("{form} in the objective, λ = {strength}", {"form": form, "strength": _short(one.strength)})
            )
    rule = state.experiment.optimizer
    if rule.weight_decay:
        values = {"strength": _short(rule.weight_decay)}
        if rule.decoupled:
            words = "weights and biases shrink by η λ, λ = {strength}"
            parts.append(
                Phrase(words, values) if rule.decay_biases else Phrase("weights shrink by η λ, λ = {strength}", values)
            )
        elif rule.decay_biases:
            parts.append(Phrase("g + λ w in the update, biases too, λ = {strength}", values))
        else:
            parts.append(Phrase("g + λ w in the update, λ = {strength}", values))
    return _together(parts)


def _other_penalty(now: State, after: State) -> Phrase:
    had, has = (bool([one for one in each.experiment.penalties if isinstance(one, L2)]) for each in (now, after))
    if had and not has:
        return Phrase("it moves the weights and no longer counts in the objective")
    if has and not had:
        return Phrase("it is a part of the objective and of its gradient")
    if had and has:
        before, then = (
            sum(one.slope_factor(each.batch, each.rows) for one in each.experiment.penalties if isinstance(one, L2))
            for each in (now, after)
        )
        if before and then != before:
            return Phrase("the same λ weighs {factor} times as much", {"factor": ratio(then / before)})
    return Phrase("whether biases shrink too")


def _sparsity(state: State) -> Phrase | None:
    parts = [
        Phrase("Kullback–Leibler, mean of the batch")
        if isinstance(one, KLSparsity)
        else Phrase("running mean: the gradient of nothing")
        for one in state.experiment.penalties
        if isinstance(one, KLSparsity | RunningSparsity)
    ]
    return _together(parts)


def _together(parts: list[Phrase]) -> Phrase | None:
    if len(parts) < 2:
        return parts[0] if parts else None
    names = [f"part{number}" for number in range(len(parts))]
    return Phrase(" · ".join(f"{{{name}}}" for name in names), dict(zip(names, parts, strict=True)))


# ---- the update


def _order(state: State) -> Phrase:
    return Phrase("sequential (historic)") if state.experiment.update_order == "sequential" else Phrase("simultaneous")


def _other_order(now: State, after: State) -> Phrase:
    if after.experiment.update_order == "sequential":
        return Phrase("the error goes back through new weights: the gradient of nothing")
    return Phrase("all layers from the gradients of the same weights")


def _rate(state: State) -> Phrase:
    return plain(f"η = {_short(state.experiment.optimizer.rate)}")


_VELOCITIES = {
    ("momentum", "outside"): "v ← μ v + g, w ← w − η v",
    ("momentum", "inside"): "v ← μ v + η g, w ← w − v",
    ("nesterov", "outside"): "v ← μ v + g, w ← w − η (g + μ v)",
    ("nesterov", "inside"): "v⁺ = μ v + η g, w ← w + μ v − (1 + μ) v⁺",
}


def _momentum(state: State) -> Phrase | None:
    rule = state.experiment.optimizer
    return plain(_VELOCITIES[rule.name, rule.velocity]) if isinstance(rule, Momentum | Nesterov) else None


def _other_momentum(now: State, after: State) -> Phrase:
    if now.experiment.optimizer.name != after.experiment.optimizer.name:
        return Phrase("momentum looks ahead")
    return Phrase("another v, and the same w until η changes")


_EPSILONS = {
    "outside": "g/(√s + ε)",
    "inside": "g/√(s + ε)",
}
_ADAMS = {
    "outside": "m̂/(√v̂ + ε)",
    "hat": "√(1 − β₂ᵗ)/(1 − β₁ᵗ) · m/(√v + ε)",
}


def _epsilon(state: State) -> Phrase | None:
    rule: Any = state.experiment.optimizer
    form = getattr(rule, "epsilon_form", None)
    if form is None:
        return None
    return plain((_ADAMS if rule.counts else _EPSILONS)[form])


def _accumulator(state: State) -> Phrase | None:
    begins = getattr(state.experiment.optimizer, "initial_accumulator", None)
    return None if begins is None else plain(f"s₀ = {_short(begins)}")


def _clip(state: State) -> Phrase | None:
    clipping = state.experiment.clipping
    if not isinstance(clipping, ClipByNorm):
        return None
    return plain(f"max/(‖g‖ + {_short(clipping.epsilon)})" if clipping.epsilon else "max/‖g‖")


def _schedule(state: State) -> Phrase | None:
    schedule = state.experiment.schedule
    return None if schedule.constant else plain(f"η = {schedule_symbols(schedule)}")


# ---- what is written


def _delta_sign(state: State) -> Phrase:
    return plain("δ = +∂C/∂z" if state.writing.delta_sign > 0 else "δ = −∂C/∂z")


def _delta_scale(state: State) -> Phrase:
    if state.writing.scale_delta == "batch":
        return Phrase("with the factor of the mean")
    return Phrase("of the row's own cost")


def _samples(state: State) -> Phrase:
    return Phrase("columns") if state.writing.samples == "columns" else Phrase("rows")


def _weights(state: State) -> Phrase:
    return plain("(in, out)" if state.writing.weight_layout == "in_out" else "(out, in)")


def _other_writing(_now: State, after: State) -> Phrase:
    product = Matrices.of(after.letters, 2).forward("W", "X", 1, 1).symbols
    return Phrase("only what is written: Z = {product}", {"product": product})


def _short(value: float) -> str:
    return exponent(f"{value:g}")


def _says(phrase: Phrase) -> Callable[[State, State], Phrase]:
    return lambda _now, _after: phrase


_ASPECTS: tuple[_Aspect, ...] = (
    _Aspect("loss", Phrase("Loss"), _loss, _other_loss),
    _Aspect("reduction", Phrase("Mean or sum"), _reduction, _other_reduction),
    _Aspect("batch", Phrase("Batch size"), _batch, _says(Phrase("one sample in each update"))),
    _Aspect("bias", Phrase("Bias"), _bias, _other_bias),
    _Aspect(
        "convolution",
        Phrase("Convolution"),
        _convolution,
        _says(Phrase("the same kernel gives another map")),
    ),
    _Aspect("pooling", Phrase("Pooling"), _pooling, _says(Phrase("maps may get another size"))),
    _Aspect("dropout", Phrase("Dropout"), _dropout, _says(Phrase("other sizes while training and afterwards"))),
    _Aspect("penalty", Phrase("Penalty"), _penalty, _other_penalty),
    _Aspect("sparsity", Phrase("Sparsity"), _sparsity, _says(Phrase("another mean activation is held at ρ"))),
    _Aspect("order", Phrase("Update order"), _order, _other_order),
    _Aspect("rate", Phrase("Learning rate"), _rate, _says(Phrase("the rate of the worked example"))),
    _Aspect("schedule", Phrase("Schedule"), _schedule, _says(Phrase("the same rate in every step"))),
    _Aspect("momentum", Phrase("Momentum"), _momentum, _other_momentum),
    _Aspect("epsilon", plain("ε"), _epsilon, _says(Phrase("differs where gradients are as small as ε"))),
    _Aspect("accumulator", plain("AdaGrad"), _accumulator, _says(Phrase("the first steps have another size"))),
    _Aspect("clip", Phrase("Clipping"), _clip, _says(Phrase("differs in the last digits"))),
    _Aspect("delta", Phrase("Sign of δ"), _delta_sign, _says(Phrase("only what is written"))),
    _Aspect("scale", Phrase("δ shown"), _delta_scale, _says(Phrase("only what is written"))),
    _Aspect("samples", Phrase("Samples"), _samples, _other_writing),
    _Aspect("weights", plain("W"), _weights, _other_writing),
    _Aspect("start", Phrase("Start weights"), _start, _says(Phrase("drawn anew: training begins again"))),
)

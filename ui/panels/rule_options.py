"""Words for optimisers, schedules and clipping: their names, and what each of their fields means."""

from __future__ import annotations

from types import MappingProxyType

from bpstudio.insight.rule_words import NAMES
from ui.language import tr, translatable
from ui.panels.options_form import Option

SCHEDULES = MappingProxyType(
    {
        "constant": translatable("constant"),
        "step": translatable("in steps"),
        "exponential": translatable("exponential"),
        "inverse_time": translatable("inverse time"),
        "inv": translatable("inv (Caffe)"),
        "linear_warmup": translatable("linear warm-up"),
        "cosine": translatable("cosine"),
        "plateau": translatable("reduce on plateau"),
    }
)
CLIPPINGS = MappingProxyType(
    {
        "": translatable("none"),
        "value": translatable("each number"),
        "global_norm": translatable("norm of all"),
    }
)
_KEPT = translatable("Share of the running mean that stays at every step")
RULE_OPTIONS = MappingProxyType(
    {
        "momentum": Option(
            translatable("Momentum μ"), translatable("Share of the velocity that stays: v ← μ v + gradient")
        ),
        "velocity": Option(
            translatable("η stands"),
            translatable("Outside: w ← w − η v. Inside: v ← μ v + η gradient; the same until η changes"),
            choices=(("outside", translatable("outside v")), ("inside", translatable("inside v"))),
        ),
        "beta1": Option("β₁", translatable("Share of the running mean m of the gradients that stays at every step")),
        "beta2": Option("β₂", translatable("Share of the running mean v of their squares that stays at every step")),
        "rho": Option("ρ", _KEPT),
        "epsilon": Option("ε", translatable("Keeps the division finite where the gradients were 0")),
        "initial_accumulator": Option(translatable("s at first"), translatable("With what the sum of squares begins")),
        "centred": Option(
            translatable("centred"),
            translatable("Divide by the spread of the gradients, not by their size"),
            is_switch=True,
        ),
        "amsgrad": Option(
            "AMSGrad", translatable("Divide by the greatest v that there was: steps never grow again"), is_switch=True
        ),
        "momentum_decay": Option("ψ", translatable("How slowly the look ahead grows to β₁")),
        "eta_minus": Option("η⁻", translatable("What a step is multiplied with where the gradient changed its sign")),
        "eta_plus": Option("η⁺", translatable("What a step is multiplied with where the gradient kept its sign")),
        "step_min": Option(translatable("Smallest step"), translatable("No step becomes smaller")),
        "step_max": Option(translatable("Largest step"), translatable("No step becomes larger")),
    }
)
ROOT = Option(
    translatable("ε stands"),
    translatable("Outside: √s + ε. Inside: √(s + ε), as in Keras"),
    choices=(("outside", translatable("outside the root")), ("inside", translatable("inside the root"))),
)
HAT = Option(
    translatable("ε stands"),
    translatable("Beside √v̂ (PyTorch) or, before the correction, beside √v (Keras, Caffe)"),
    choices=(("outside", translatable("beside √v̂")), ("hat", translatable("beside √v"))),
)
SCHEDULE_OPTIONS = MappingProxyType(
    {
        "step_size": Option(translatable("Steps s"), translatable("After so many updates the rate falls"), whole=True),
        "factor": Option(translatable("Factor f"), translatable("What the rate is multiplied with")),
        "gamma": Option("γ", translatable("How much the rate falls: see the formula")),
        "power": Option(translatable("Power p"), translatable("How much the rate falls: see the formula")),
        "decay": Option("d", translatable("How much the rate falls: see the formula")),
        "start_factor": Option(translatable("Start s"), translatable("Share of the rate with which training begins")),
        "total_iters": Option(translatable("Updates n"), translatable("Until the rate is whole"), whole=True),
        "t_max": Option(translatable("Updates T"), translatable("Until the rate is smallest"), whole=True),
        "patience": Option(
            translatable("Patience"), translatable("Validations in a row that may bring nothing better"), whole=True
        ),
        "min_delta": Option(
            translatable("Better by"), translatable("What a validation has to gain to count as better")
        ),
        "eta_min": Option("η_min", translatable("The rate does not fall below it")),
    }
)
CLIPPING_OPTIONS = MappingProxyType(
    {
        "limit": Option(translatable("Limit"), translatable("No number of the gradient is larger")),
        "max_norm": Option(translatable("Largest norm"), translatable("A longer gradient is shortened to it")),
        "epsilon": Option("ε", translatable("Added to the norm: 1e-6 in PyTorch, 0 in Caffe")),
    }
)
STOPPING_OPTIONS = MappingProxyType({name: SCHEDULE_OPTIONS[name] for name in ("patience", "min_delta")})


def rules() -> list[tuple[object, str]]:
    """Optimisers to choose from."""
    return [(name, tr(words)) for name, words in NAMES.items()]


def schedules() -> list[tuple[object, str]]:
    """Schedules to choose from."""
    return [(name, tr(words)) for name, words in SCHEDULES.items()]


def clippings() -> list[tuple[object, str]]:
    """Ways of clipping to choose from."""
    return [(name, tr(words)) for name, words in CLIPPINGS.items()]

"""Optimisers, schedules and clipping as a reference case names them, and what they are called here.

Where a case leaves a number out, it is that of torch.optim.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bpstudio.files.case_options import Options
from bpstudio.training.adaptive import Adam, AdaMax, AdamW, NAdam
from bpstudio.training.clipping import ClipByNorm, ClipByValue, Clipping
from bpstudio.training.optimizers import SGD, Adadelta, AdaGrad, Momentum, Nesterov, RMSProp, Rprop
from bpstudio.training.rule import Rule
from bpstudio.training.schedules import (
    Constant,
    Cosine,
    Exponential,
    Inv,
    InverseTime,
    LinearWarmup,
    Schedule,
    Step,
)


def optimizer(options: Options) -> tuple[Rule, str]:
    """The rule, and the order in which layers are updated."""
    name = options.take("name")
    build = _RULES.get(name) if isinstance(name, str) else None
    if build is None:
        options.lacks(f"optimizer {name}")
        return SGD(1.0), "simultaneous"
    orders = {order: order for order in ("simultaneous", "sequential")}
    order = options.choice("update_order", orders, "simultaneous")
    common = {
        "rate": options.number("lr"),
        "weight_decay": options.number("weight_decay", 0.0),
        "decay_biases": options.flag("decay_bias", True),
        "bias_rate": options.number("bias_lr_mult", 1.0),
    }
    rule = build(options, common)
    options.close()
    return rule, order


def _velocity(options: Options) -> dict[str, Any]:
    # "classic" has the rate inside the velocity, v = μv + ηg; the same as "torch" until η changes.
    inside = options.choice("velocity", {"torch": "outside", "classic": "inside"}, "torch")
    return {"momentum": options.number("momentum"), "velocity": inside}


def _under_root(options: Options, epsilon: float) -> dict[str, Any]:
    form = "inside" if options.flag("eps_inside_sqrt", False) else "outside"
    return {"epsilon": options.number("eps", epsilon), "epsilon_form": form}


def _moments(options: Options) -> dict[str, Any]:
    return {
        "beta1": options.number("beta1", 0.9),
        "beta2": options.number("beta2", 0.999),
        "epsilon": options.number("eps", 1e-8),
    }


def _adam(options: Options) -> dict[str, Any]:
    form = options.choice("eps_mode", {"standard": "outside", "hat": "hat"}, "standard")
    return {**_moments(options), "epsilon_form": form, "amsgrad": options.flag("amsgrad", False)}


def _rmsprop(options: Options) -> dict[str, Any]:
    return {
        **_under_root(options, 1e-8),
        "rho": options.number("rho", 0.9),
        "centred": options.flag("centered", False),
        "momentum": options.number("momentum", 0.0),
    }


_Build = Callable[[Options, Mapping[str, Any]], Rule]

_RULES: Mapping[str, _Build] = {
    "sgd": lambda options, common: SGD(**common),
    "momentum": lambda options, common: Momentum(**common, **_velocity(options)),
    "nesterov": lambda options, common: Nesterov(**common, **_velocity(options)),
    "adagrad": lambda options, common: AdaGrad(
        **common, **_under_root(options, 1e-10), initial_accumulator=options.number("initial_accumulator", 0.0)
    ),
    "rmsprop": lambda options, common: RMSProp(**common, **_rmsprop(options)),
    "adadelta": lambda options, common: Adadelta(
        **common, rho=options.number("rho", 0.9), epsilon=options.number("eps", 1e-6)
    ),
    "adam": lambda options, common: Adam(**common, **_adam(options)),
    "adamw": lambda options, common: AdamW(**common, **_adam(options)),
    "adamax": lambda options, common: AdaMax(**common, **_moments(options)),
    "nadam": lambda options, common: NAdam(
        **common, **_moments(options), momentum_decay=options.number("momentum_decay", 0.004)
    ),
    "rprop": lambda options, common: Rprop(
        **common,
        eta_minus=options.number("eta_minus", 0.5),
        eta_plus=options.number("eta_plus", 1.2),
        step_min=options.number("step_min", 1e-6),
        step_max=options.number("step_max", 50.0),
    ),
}


def schedule(options: Options) -> Schedule:
    """How the rate changes."""
    build = options.choice("name", _SCHEDULES)
    rule: Schedule = build(options)
    options.close()
    return rule


_SCHEDULES: Mapping[str, Callable[[Options], Schedule]] = {
    "constant": lambda options: Constant(),
    "step": lambda options: Step(options.whole("step_size"), options.number("gamma")),
    "exponential": lambda options: Exponential(options.number("gamma")),
    "inverse_time": lambda options: InverseTime(options.number("decay")),
    "inv": lambda options: Inv(options.number("gamma"), options.number("power")),
    "cosine": lambda options: Cosine(options.whole("t_max"), options.number("eta_min", 0.0)),
    "linear_warmup": lambda options: LinearWarmup(options.number("start_factor"), options.whole("total_iters")),
}


def clipping(options: Options) -> Clipping | None:
    """What limits the gradient, if anything."""
    if not options.is_given:
        return None
    kind = options.choice("kind", {"global_norm": "global_norm", "value": "value"})
    rule: Clipping
    if kind == "value":
        rule = ClipByValue(options.number("limit"))
    else:
        rule = ClipByNorm(options.number("max_norm"), options.number("eps", 1e-6))
    options.close()
    return rule

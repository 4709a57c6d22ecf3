"""What optimisers are called, what about them differs from book to book, and the change from one to another."""

from __future__ import annotations

import dataclasses
from types import MappingProxyType
from typing import Any

from bpstudio.insight.phrase import Phrase, plain
from bpstudio.insight.typed_number import shortest
from bpstudio.insight.update_lines import right_side
from bpstudio.training.adaptive import Adam, AdaMax, NAdam
from bpstudio.training.experiment import Experiment
from bpstudio.training.optimizers import OPTIMIZERS, SGD, AdaGrad, Momentum, Nesterov, RMSProp, Rprop
from bpstudio.training.rule import Rule
from bpstudio.training.schedules import Constant

NAMES = MappingProxyType(
    {
        "sgd": "SGD",
        "momentum": "momentum",
        "nesterov": "Nesterov",
        "adagrad": "AdaGrad",
        "rmsprop": "RMSProp",
        "adadelta": "Adadelta",
        "adam": "Adam",
        "adamw": "AdamW",
        "adamax": "AdaMax",
        "nadam": "NAdam",
        "rprop": "Rprop",
    }
)
_BY_NATURE = {"momentum": "μ {0}", "nesterov": "Nesterov μ {0}"}


def assumed(experiment: Experiment) -> tuple[Phrase, Phrase, Phrase] | None:
    """(what is assumed, the same in a few signs, what it means), or None for bare gradient descent."""
    rule = experiment.optimizer
    if isinstance(rule, SGD) and not rule.weight_decay:
        return None
    phrase, short = _said(rule), plain(_short(rule))
    if rule.weight_decay:
        values: dict[str, str | Phrase] = {"rule": phrase, "decay": shortest(rule.weight_decay)}
        if rule.decoupled:
            phrase = Phrase("{rule}, decay λ {decay} beside it", values)
        else:
            phrase = Phrase("{rule}, decay λ {decay} in the gradient", values)
    return phrase, short, _note(rule)


def _short(rule: Rule) -> str:
    known = _BY_NATURE.get(rule.name)
    return known.format(f"{rule.momentum:g}") if known and isinstance(rule, Momentum | Nesterov) else NAMES[rule.name]


def _said(rule: Rule) -> Phrase:
    match rule:
        case Momentum():
            share = {"momentum": f"{rule.momentum:g}"}
            if rule.velocity == "inside":
                return Phrase("momentum {momentum}, η inside v", share)
            return Phrase("momentum {momentum}, η outside v", share)
        case Nesterov():
            share = {"momentum": f"{rule.momentum:g}"}
            if rule.velocity == "inside":
                return Phrase("Nesterov {momentum}, η inside v", share)
            return Phrase("Nesterov {momentum}, η outside v", share)
        case AdaGrad() | RMSProp():
            name = {"name": NAMES[rule.name]}
            if rule.epsilon_form == "inside":
                return Phrase("{name}, ε inside the root", name)
            return Phrase("{name}, ε outside the root", name)
        case Adam():
            beside = "√v" if rule.epsilon_form == "hat" else "√v̂"
            return Phrase("{name}, ε beside {root}", {"name": NAMES[rule.name], "root": beside})
    return plain(NAMES[rule.name])


def _note(rule: Rule) -> Phrase:
    formula = {"formula": f"w ← {right_side(rule, 'w', 'g')}"}
    match rule:
        case Momentum(velocity="outside"):
            return Phrase("v ← μ v + ∂C/∂w, w ← w − η v. Books that put η inside v print another v, and the same w.")
        case Momentum() | Nesterov():
            return Phrase("{formula}. Where η stands makes a difference only when η changes.", formula)
        case AdaGrad() | RMSProp():
            return Phrase("{formula}. PyTorch and Caffe add ε outside the root, Keras inside.", formula)
        case Adam():
            return Phrase("{formula}. PyTorch adds ε to √v̂; Keras, Caffe and scikit-learn add it to √v.", formula)
        case AdaMax() | NAdam() | Rprop():
            return Phrase("{formula}, as PyTorch has it.", formula)
    return Phrase("{formula}.", formula)


def with_rule(experiment: Experiment, name: str) -> Experiment:
    """Another optimiser at the same rate, with what decays and how fast biases move; and with the momentum or the β of
    the one before, where it has one too. Rprop takes no schedule.
    """
    old, kind = experiment.optimizer, OPTIMIZERS[name]
    if kind is type(old):
        return experiment
    shared = {"rate", "weight_decay", "decay_biases", "bias_rate", "beta1", "beta2"}
    if isinstance(old, Momentum | Nesterov) and kind in (Momentum, Nesterov):
        shared |= {"momentum", "velocity"}
    names = {field.name for field in dataclasses.fields(kind)}
    values: dict[str, Any] = {n: value for n, value in dataclasses.asdict(old).items() if n in names & shared}
    changes: dict[str, Any] = {"schedule": Constant()} if kind is Rprop else {}
    return experiment.replace(optimizer=kind(**values), **changes)

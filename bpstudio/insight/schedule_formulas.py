"""How a schedule makes the rate of a step, in letters and in numbers; η₀ is the optimiser's rate, k the step."""

from __future__ import annotations

import math

import numpy as np

from bpstudio.insight.typed_number import shortest
from bpstudio.maths.operations import Array
from bpstudio.training.schedules import (
    Constant,
    Cosine,
    Exponential,
    Inv,
    InverseTime,
    LinearWarmup,
    Plateau,
    Schedule,
    Step,
)


def schedule_symbols(schedule: Schedule) -> str:
    """The right side of η = … in letters."""
    match schedule:
        case Constant():
            return "η₀"
        case Step():
            return "η₀ γ^⌊k/s⌋"
        case Exponential():
            return "η₀ γᵏ"
        case InverseTime():
            return "η₀/(1 + d k)"
        case Inv():
            return "η₀ (1 + γ k)^−p"
        case LinearWarmup():
            return "η₀ (s + (1 − s) min(k, n)/n)"
        case Cosine():
            return "η_min + (η₀ − η_min)(1 + cos(π k/T))/2"
        case Plateau():
            return "max(η₀ fʳ, η_min)" if schedule.eta_min else "η₀ fʳ"


def schedule_numbers(schedule: Schedule, rate: float, k: int, reductions: int = 0) -> str:
    """The same with its numbers."""
    eta = f"{rate:g}"
    match schedule:
        case Constant():
            return eta
        case Step():
            return f"{eta} · {shortest(schedule.gamma)}^⌊{k}/{schedule.step_size}⌋"
        case Exponential():
            return f"{eta} · {shortest(schedule.gamma)}^{k}"
        case InverseTime():
            return f"{eta}/(1 + {shortest(schedule.decay)} · {k})"
        case Inv():
            return f"{eta} · (1 + {shortest(schedule.gamma)} · {k})^−{shortest(schedule.power)}"
        case LinearWarmup():
            start, count = shortest(schedule.start_factor), schedule.total_iters
            return f"{eta} · ({start} + (1 − {start}) · {min(k, count)}/{count})"
        case Cosine():
            low = shortest(schedule.eta_min)
            return f"{low} + ({eta} − {low})(1 + cos(π · {k}/{schedule.t_max}))/2"
        case Plateau():
            reduced = f"{eta} · {shortest(schedule.factor)}^{reductions}"
            return f"max({reduced}, {shortest(schedule.eta_min)})" if schedule.eta_min else reduced


def span(schedule: Schedule, step: int = 0) -> int:
    """Over how many updates a schedule shows its shape; at least as far as a little beyond ``step``. 0 where it has no
    shape of its own: a constant rate, or one that follows the validations.
    """
    match schedule:
        case Step():
            wide = 5 * schedule.step_size
        case Exponential():
            wide = round(min(abs(4.6 / math.log(schedule.gamma)), 1e6)) if schedule.gamma != 1 else 100
        case InverseTime():
            wide = round(min(10 / schedule.decay, 1e6)) if schedule.decay else 100
        case Inv():
            wide = round(min(20 / schedule.gamma, 1e6)) if schedule.gamma else 100
        case LinearWarmup():
            wide = round(1.5 * schedule.total_iters)
        case Cosine():
            wide = schedule.t_max
        case _:
            return 0
    return max(wide, 10, round(1.2 * step))


def curve(schedule: Schedule, rate: float, stop: int, points: int = 120) -> tuple[Array, Array]:
    """(steps, rates): η from step 0 to ``stop``, at every step or at ``points`` of them."""
    steps = np.unique(np.linspace(0, stop, min(points, stop + 1)).astype(np.int64))
    return steps, np.array([schedule.rate(rate, int(k)) for k in steps])

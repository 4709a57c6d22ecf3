"""How an optimiser gets the new value of one parameter, by its own formula and with its numbers.

First the new value, then what it is made of, from the gradient on: clipping, weight decay, the rate of a schedule, the
rule's running numbers and their corrections. Every number stands in the recorded step or follows from it by the line
in which it is shown.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from bpstudio.insight.elements import Edge
from bpstudio.insight.notation import exponent, operand
from bpstudio.insight.phrase import Phrase
from bpstudio.insight.schedule_formulas import schedule_numbers, schedule_symbols
from bpstudio.insight.typed_number import shortest
from bpstudio.insight.writer import Writer
from bpstudio.training.adaptive import Adam, AdaMax, NAdam, correction
from bpstudio.training.clipping import ClipByNorm, ClipByValue
from bpstudio.training.experiment import Experiment
from bpstudio.training.optimizers import SGD, Adadelta, AdaGrad, Momentum, Nesterov, RMSProp, Rprop
from bpstudio.training.rule import Rule

SMALL = 1e-2
_BY_THE_LETTER = {
    "momentum": ("η v⁺", "v⁺"),
    "nesterov": ("η ({g} + μ v⁺)", "((1 + μ) v⁺ − μ v)"),
}


def right_side(rule: Rule, parameter: str, gradient: str, biases: bool = False) -> str:
    """What becomes of a parameter, in letters: θ − η g, θ − η m̂/(√v̂ + ε), …"""
    decay = f"η λ {parameter} − " if rule.decoupled and rule.decays(biases) else ""
    return f"{parameter} − {decay}{_moved(rule).format(g=gradient)}"


def _moved(rule: Rule) -> str:
    """What is subtracted from a parameter, in letters; {g} is the gradient that the rule is given."""
    match rule:
        case SGD():
            return "η {g}"
        case Momentum() | Nesterov():
            return _BY_THE_LETTER[rule.name][rule.velocity == "inside"]
        case AdaGrad():
            return f"η {{g}}/{_root('s⁺', rule.epsilon_form)}"
        case RMSProp():
            return "η b⁺" if rule.momentum else f"η {{g}}/{_spread(rule)}"
        case Adadelta():
            return "η d"
        case Adam(epsilon_form="hat"):
            return f"η̂ m⁺/(√{'v_max⁺' if rule.amsgrad else 'v⁺'} + ε)"
        case Adam():
            return "η m̂/(√v̂ + ε)"
        case AdaMax():
            return "η m̂/u⁺"
        case NAdam():
            return "η m̂/(√v̂ + ε)"
        case Rprop():
            return "step⁺ sign({g})"
    raise TypeError(f"no formula for {rule!r}")


def _root(s: str, form: str) -> str:
    return f"√({s} + ε)" if form == "inside" else f"(√{s} + ε)"


def _spread(rule: RMSProp) -> str:
    if not rule.centred:
        return _root("s⁺", rule.epsilon_form)
    return "√(s⁺ − m⁺² + ε)" if rule.epsilon_form == "inside" else "(√(s⁺ − m⁺²) + ε)"


def given_gradient(experiment: Experiment, parameter: str, biases: bool) -> str:
    """What the rule is given, in letters: the gradient ∂C/∂θ, clipped and with the decay added."""
    gradient, rule = f"∂C/∂{parameter}", experiment.optimizer
    if isinstance(experiment.clipping, ClipByValue):
        gradient = f"clip({gradient}, ±{shortest(experiment.clipping.limit)})"
    elif experiment.clipping is not None:
        gradient = f"c {gradient}"
    return f"{gradient} + λ {parameter}" if rule.decays(biases) and not rule.decoupled else gradient


def clipping_factor(w: Writer) -> Phrase | None:
    """c, with which clipping by norm multiplies every gradient of the step."""
    clipping = w.experiment.clipping
    if not isinstance(clipping, ClipByNorm):
        return None
    norm, most = w.frame.gradient_norm, shortest(clipping.max_norm)
    over, below = "‖∇C‖", w.number(norm)
    if clipping.epsilon:
        over, below = "(‖∇C‖ + ε)", f"({below} + {shortest(clipping.epsilon)})"
    return w.equation("c", f"min(1, {most}/{over})", f"min(1, {most}/{below})", w.number(clipping.factor(norm)))


def is_plain(experiment: Experiment) -> bool:
    """Whether an update is −η times the gradient, or times the velocity outside of which η is, and nothing else."""
    rule = experiment.optimizer
    as_given = experiment.clipping is None and experiment.schedule.constant
    alike = rule.weight_decay == 0 and rule.bias_rate == 1
    return as_given and alike and rule.meaning in (("sgd",), ("momentum", "outside"))


@dataclass(frozen=True)
class _Gradient:
    """What the rule is given instead of ∂C/∂θ, and how it came about."""

    symbol: str
    value: float
    lines: tuple[Phrase, ...]


class UpdateWriter:
    """The lines of one parameter's update."""

    def __init__(self, w: Writer, edge: Edge) -> None:
        self._w = w
        self._edge = edge
        self._rule = w.experiment.optimizer
        self._name = w.letters.edge(edge)
        self._value = w.weight(edge)
        self._given = self._gradient()
        #: η of this parameter: the schedule's, times the factor of biases.
        self._rate = w.frame.rate * (self._rule.bias_rate if edge.is_bias else 1.0)
        self._t = w.frame.t

    def lines(self) -> tuple[Phrase, ...]:
        """The new value first, then what it is made of."""
        w, g = self._w, self._given
        numbers, parts = self._rule_lines()
        decays = self._rule.decoupled and self._rule.decays(self._edge.is_bias)
        value = w.given(self._value)
        if decays:
            numbers = f"{self._eta} · {shortest(self._rule.weight_decay)} · {operand(value)} − {numbers}"
        new = w.number(self._value + w.update(self._edge))
        letters = right_side(self._rule, self._name, g.symbol, self._edge.is_bias)
        first = w.equation(f"{self._name}⁺", letters, f"{value} − {numbers}", new)
        return (first, *g.lines, *self._rate_lines(), *parts)

    # ---- the gradient that the rule is given

    def _gradient(self) -> _Gradient:
        w, edge, rule = self._w, self._edge, self._w.experiment.optimizer
        symbol, value = w.gradient_symbol(edge), w.gradient(edge)
        lines: list[Phrase] = []
        clipping = w.experiment.clipping
        if isinstance(clipping, ClipByValue):
            clipped = min(max(value, -clipping.limit), clipping.limit)
            limit = shortest(clipping.limit)
            lines.append(
                w.equation("g", f"clip({symbol}, ±{limit})", f"clip({w.number(value)}, ±{limit})", w.number(clipped))
            )
            symbol, value = "g", clipped
        elif isinstance(clipping, ClipByNorm):
            factor = clipping.factor(w.frame.gradient_norm)
            lines += [line] if (line := clipping_factor(w)) is not None else []
            lines.append(
                w.equation("g", f"c {symbol}", f"{w.number(factor)} · {w.factor(value)}", w.number(factor * value))
            )
            symbol, value = "g", factor * value
        if rule.decays(edge.is_bias) and not rule.decoupled:
            theta = w.weight(edge)
            decayed = value + rule.weight_decay * theta
            now = "g′" if symbol == "g" else "g"
            numbers = f"{w.number(value)} + {shortest(rule.weight_decay)} · {operand(w.given(theta))}"
            lines.append(w.equation(now, f"{symbol} + λ {w.letters.edge(edge)}", numbers, w.number(decayed)))
            symbol, value = now, decayed
        return _Gradient(symbol, value, tuple(lines))

    # ---- the rate

    @property
    def _eta(self) -> str:
        return f"{self._rate:g}"

    def _rate_lines(self) -> Iterator[Phrase]:
        w, schedule, rule = self._w, self._w.experiment.schedule, self._rule
        if isinstance(rule, Rprop):
            return
        rate = w.frame.rate
        if not schedule.constant:
            reduced = w.frame.watched.schedule.ran_out
            numbers = schedule_numbers(schedule, rule.rate, w.frame.step, reduced)
            yield w.equation("η", schedule_symbols(schedule), numbers, f"{rate:g}")
        if self._edge.is_bias and rule.bias_rate != 1:
            parts = {"factor": shortest(rule.bias_rate), "rate": f"{rate:g}", "result": self._eta}
            yield Phrase("biases move at η = {factor} · {rate} = {result}", parts)

    # ---- the rule

    def _state(self, name: str) -> tuple[float, float]:
        return self._w.state(name, self._edge)

    def _n(self, value: float) -> str:
        """A running number; squares are small, and a line can be checked only with as many figures as the others."""
        plain = self._w.number(value)
        if 0 < abs(value) < SMALL and abs(float(plain.replace("−", "-")) - value) > 1e-9 * abs(value):
            size = exponent(f"{abs(value):.{max(2, self._w.digits - 2)}e}")
            return f"−{size}" if value < 0 else size
        return plain

    def _f(self, value: float) -> str:
        return operand(self._n(value))

    def _mean(self, name: str, beta: str, share: float, of: str, number: str) -> Phrase:
        """x⁺ = β x + (1 − β) …, a running mean."""
        w, (before, after) = self._w, self._state(name)
        letters = f"{beta} {name} + (1 − {beta}) {of}"
        numbers = f"{shortest(share)} · {self._f(before)} + {1 - share:g} · {number}"
        return w.equation(f"{name}⁺", letters, numbers, self._n(after))

    def _rule_lines(self) -> tuple[str, tuple[Phrase, ...]]:
        """What is subtracted, in numbers, and the lines of what it is made of."""
        rule = self._rule
        match rule:
            case SGD():
                return f"{self._eta} · {self._w.factor(self._given.value)}", ()
            case Momentum() | Nesterov():
                return self._velocity(rule)
            case AdaGrad():
                return self._adagrad(rule)
            case RMSProp():
                return self._rmsprop(rule)
            case Adadelta():
                return self._adadelta(rule)
            case Adam():
                return self._adam(rule)
            case AdaMax():
                return self._adamax(rule)
            case NAdam():
                return self._nadam(rule)
            case Rprop():
                return self._rprop(rule)
        raise TypeError(f"no formula for {rule!r}")

    def _velocity(self, rule: Momentum | Nesterov) -> tuple[str, tuple[Phrase, ...]]:
        w, g, mu = self._w, self._given, shortest(rule.momentum)
        before, after = self._state("velocity")
        inside = rule.velocity == "inside"
        of, number = (
            (f"η {g.symbol}", f"{self._eta} · {w.factor(g.value)}") if inside else (g.symbol, w.factor(g.value))
        )
        line = w.equation("v⁺", f"μ v + {of}", f"{mu} · {self._f(before)} + {number}", self._n(after))
        match rule, inside:
            case Momentum(), True:
                moved = self._f(after)
            case Momentum(), False:
                moved = f"{self._eta} · {self._f(after)}"
            case _, True:
                moved = f"({1 + rule.momentum:g} · {self._f(after)} − {mu} · {self._f(before)})"
            case _:
                moved = f"{self._eta} · ({w.number(g.value)} + {mu} · {self._f(after)})"
        return moved, (line,)

    def _adagrad(self, rule: AdaGrad) -> tuple[str, tuple[Phrase, ...]]:
        w, g = self._w, self._given
        before, after = self._state("s")
        line = w.equation(
            "s⁺", f"s + {_squared(g.symbol)}", f"{self._n(before)} + {_squared(w.factor(g.value))}", self._n(after)
        )
        return f"{self._eta} · {w.factor(g.value)}/{self._below(after, rule.epsilon, rule.epsilon_form)}", (line,)

    def _below(self, s: float, epsilon: float, form: str) -> str:
        """A denominator in numbers."""
        number, small = self._n(s), shortest(epsilon)
        return f"√({number} + {small})" if form == "inside" else f"(√{operand(number)} + {small})"

    def _rmsprop(self, rule: RMSProp) -> tuple[str, tuple[Phrase, ...]]:
        w, g = self._w, self._given
        parts = [self._mean("s", "ρ", rule.rho, _squared(g.symbol), _squared(w.factor(g.value)))]
        spread = self._state("s")[1]
        if rule.centred:
            parts.append(self._mean("m", "ρ", rule.rho, g.symbol, w.factor(g.value)))
            mean = self._state("m")[1]
            variance = max(spread - mean * mean, 0.0)
            parts.append(w.equation("s⁺ − m⁺²", f"{self._n(spread)} − {_squared(self._f(mean))}", self._n(variance)))
            spread = variance
        quotient = f"{w.factor(g.value)}/{self._below(spread, rule.epsilon, rule.epsilon_form)}"
        if not rule.momentum:
            return f"{self._eta} · {quotient}", tuple(parts)
        before, after = self._state("b")
        numbers = f"{shortest(rule.momentum)} · {self._f(before)} + {quotient}"
        parts.append(w.equation("b⁺", f"μ b + {g.symbol}/{_spread(rule)}", numbers, self._n(after)))
        return f"{self._eta} · {self._f(after)}", tuple(parts)

    def _adadelta(self, rule: Adadelta) -> tuple[str, tuple[Phrase, ...]]:
        w, g, small = self._w, self._given, shortest(rule.epsilon)
        s, u = self._state("s")[1], self._state("u")[0]
        with_epsilon = math.sqrt(u + rule.epsilon), math.sqrt(s + rule.epsilon)
        d = with_epsilon[0] / with_epsilon[1] * g.value if with_epsilon[1] else math.nan
        numbers = f"√({self._n(u)} + {small})/√({self._n(s)} + {small}) · {w.factor(g.value)}"
        parts = (
            self._mean("s", "ρ", rule.rho, _squared(g.symbol), _squared(w.factor(g.value))),
            w.equation("d", f"√(u + ε)/√(s⁺ + ε) · {g.symbol}", numbers, self._n(d)),
            self._mean("u", "ρ", rule.rho, "d²", _squared(self._f(d))),
        )
        return f"{self._eta} · {self._f(d)}", parts

    def _moments(self, beta1: float, beta2: float) -> tuple[Phrase, Phrase]:
        w, g = self._w, self._given
        return (
            self._mean("m", "β₁", beta1, g.symbol, w.factor(g.value)),
            self._mean("v", "β₂", beta2, _squared(g.symbol), _squared(w.factor(g.value))),
        )

    def _corrected(self, symbol: str, of: str, value: float, letter: str, beta: float) -> tuple[Phrase, float]:
        """x̂ = x⁺/(1 − βᵗ)."""
        w, share = self._w, correction(beta, self._t)
        right = value / share if share else math.nan
        numbers = f"{self._f(value)}/(1 − {shortest(beta)}^{self._t})"
        return w.equation(symbol, f"{of}/(1 − {letter}ᵗ)", numbers, self._n(right)), right

    def _adam(self, rule: Adam) -> tuple[str, tuple[Phrase, ...]]:
        w, small, t = self._w, shortest(rule.epsilon), self._t
        parts = list(self._moments(rule.beta1, rule.beta2))
        m, of, size = self._state("m")[1], "v⁺", self._state("v")[1]
        if rule.amsgrad:
            before, after = self._state("v_max")
            numbers = f"max({self._n(before)}, {self._n(size)})"
            parts.append(w.equation("v_max⁺", "max(v_max, v⁺)", numbers, self._n(after)))
            of, size = "v_max⁺", after
        if rule.epsilon_form == "hat":
            scaled = self._rate * math.sqrt(correction(rule.beta2, t)) / correction(rule.beta1, t)
            numbers = f"{self._eta} · √(1 − {shortest(rule.beta2)}^{t})/(1 − {shortest(rule.beta1)}^{t})"
            parts.append(w.equation("η̂", "η √(1 − β₂ᵗ)/(1 − β₁ᵗ)", numbers, self._n(scaled)))
            return f"{self._n(scaled)} · {self._f(m)}/(√{operand(self._n(size))} + {small})", tuple(parts)
        line, m_hat = self._corrected("m̂", "m⁺", m, "β₁", rule.beta1)
        parts.append(line)
        line, v_hat = self._corrected("v̂", of, size, "β₂", rule.beta2)
        parts.append(line)
        return f"{self._eta} · {self._f(m_hat)}/(√{operand(self._n(v_hat))} + {small})", tuple(parts)

    def _adamax(self, rule: AdaMax) -> tuple[str, tuple[Phrase, ...]]:
        w, g = self._w, self._given
        mean = self._mean("m", "β₁", rule.beta1, g.symbol, w.factor(g.value))
        before, after = self._state("u")
        numbers = (
            f"max({shortest(rule.beta2)} · {self._n(before)}, {w.number(abs(g.value))} + {shortest(rule.epsilon)})"
        )
        line, m_hat = self._corrected("m̂", "m⁺", self._state("m")[1], "β₁", rule.beta1)
        parts = (mean, w.equation("u⁺", f"max(β₂ u, |{g.symbol}| + ε)", numbers, self._n(after)), line)
        return f"{self._eta} · {self._f(m_hat)}/{self._f(after)}", parts

    def _nadam(self, rule: NAdam) -> tuple[str, tuple[Phrase, ...]]:
        w, g, t = self._w, self._given, self._t
        m = self._state("m")[1]
        mu, mu_next = rule.mu(t), rule.mu(t + 1)
        now, after = rule.product(t), rule.product(t + 1)
        m_hat = (1 - mu) * g.value / (1 - now) + mu_next * m / (1 - after)
        numbers = f"{1 - mu:.6g} · {w.factor(g.value)}/{1 - now:.6g} + {mu_next:.6g} · {self._f(m)}/{1 - after:.6g}"
        line, v_hat = self._corrected("v̂", "v⁺", self._state("v")[1], "β₂", rule.beta2)
        ahead = w.equation("m̂", f"(1 − μₜ) {g.symbol}/(1 − Pₜ) + μₜ₊₁ m⁺/(1 − Pₜ₊₁)", numbers, self._n(m_hat))
        share = w.equation(
            "μₜ",
            "β₁ (1 − ½ · 0.96^(t ψ))",
            f"{shortest(rule.beta1)} · (1 − ½ · 0.96^({t} · {shortest(rule.momentum_decay)}))",
            f"{mu:.6g}",
        )
        products = w.equation("Pₜ", "μ₁ ⋯ μₜ", f"{now:.6g}")
        parts = (*self._moments(rule.beta1, rule.beta2), share, products, ahead, line)
        moved = f"{self._eta} · {self._f(m_hat)}/(√{operand(self._n(v_hat))} + {shortest(rule.epsilon)})"
        return moved, parts

    def _rprop(self, rule: Rprop) -> tuple[str, tuple[Phrase, ...]]:
        g = self._given
        before, after = self._state("step")
        turned = self._state("g")[0] * g.value
        sizes = {"before": self._n(before), "after": self._n(after)}
        if turned > 0:
            said = Phrase(
                "the sign stayed: step⁺ = {factor} · {before} = {after}", sizes | {"factor": shortest(rule.eta_plus)}
            )
        elif turned < 0:
            said = Phrase(
                "the sign changed: step⁺ = {factor} · {before} = {after}, and nothing moves this time",
                sizes | {"factor": shortest(rule.eta_minus)},
            )
        else:
            said = Phrase("nothing to compare the sign with: step⁺ = {after}", sizes)
        sign = "0" if turned < 0 or g.value == 0 else "1" if g.value > 0 else "(−1)"
        return f"{self._n(after)} · {sign}", (said,)


def _squared(text: str) -> str:
    """x² of a symbol or a number; a symbol of several signs is put in brackets."""
    return f"{text}²" if len(text) <= 2 or text.startswith("(") or _is_number(text) else f"({text})²"


def _is_number(text: str) -> bool:
    return text[:1].isdigit() and "e" not in text

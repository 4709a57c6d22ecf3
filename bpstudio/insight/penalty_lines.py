"""Sentences of the penalties: what they add to the objective, to the gradient of a weight and to the error of a unit.

With penalties C stands for the whole objective, and C₀ for the loss by itself (Nielsen, ch. 3). Weight penalties belong
to the network, not to a row: they are added once, to the gradient that the rows of the batch gave together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bpstudio.insight.elements import Edge, Unit
from bpstudio.insight.notation import number, operand
from bpstudio.insight.phrase import Phrase
from bpstudio.insight.writer import Writer
from bpstudio.maths.operations import Array
from bpstudio.maths.penalties import L1, L2, KLSparsity, Penalty, RunningSparsity
from bpstudio.training.experiment import Experiment
from bpstudio.training.frame import Frame

_DIVISORS = {"training_rows": "n", "batch_rows": "N"}


@dataclass(frozen=True)
class Added:
    """One summand: with letters, with numbers, and what it comes to."""

    letters: str
    numbers: str
    value: float


def is_penalized(experiment: Experiment) -> bool:
    """Whether the objective is more than the loss."""
    return any(not isinstance(rule, RunningSparsity) for rule in experiment.penalties)


def strength(experiment: Experiment, rule: Penalty) -> str:
    """λ of a weight penalty or β of a sparsity, numbered where there are several."""
    sparse = isinstance(rule, (KLSparsity, RunningSparsity))
    alike = [each for each in experiment.penalties if isinstance(each, (KLSparsity, RunningSparsity)) == sparse]
    letter = "β" if sparse else "λ"
    place = next(place for place, each in enumerate(alike, 1) if each is rule)
    return letter if len(alike) == 1 else letter + "₀₁₂₃₄₅₆₇₈₉"[place % 10]


def formula(experiment: Experiment, rule: Penalty) -> str:
    """What a penalty adds to the objective, in letters; nothing for a running-mean sparsity."""
    letter = strength(experiment, rule)
    if isinstance(rule, RunningSparsity):
        return ""
    if isinstance(rule, KLSparsity):
        return f"{letter} Σ KL(ρ ‖ ρ̂)"
    alone, with_biases = ("Σ |w|", "Σ (|w| + |b|)") if isinstance(rule, L1) else ("Σ w²", "Σ (w² + b²)")
    half = "2" if isinstance(rule, L2) and rule.form != "plain" else ""
    below = half + _divisor(rule)
    return f"{letter}{'/' + below if below else ''} {with_biases if rule.apply_to == 'all' else alone}"


def _divisor(rule: L1 | L2) -> str:
    return next((letter for form, letter in _DIVISORS.items() if rule.form.endswith(form)), "")


def _pull(experiment: Experiment, rule: L1 | L2) -> str:
    """What a weight, or its sign, is multiplied with in the gradient, in letters: λ, 2 λ or λ/n."""
    divisor = _divisor(rule)
    twice = "2 " if isinstance(rule, L2) and rule.form == "plain" else ""
    return f"{twice}{strength(experiment, rule)}{'/' + divisor if divisor else ''}"


def rows_of(frame: Frame) -> tuple[int, int]:
    """(N, n): the rows of the batch and those for training."""
    return len(frame.batch), len(frame.dataset.train)


def of_weight(frame: Frame, edge: Edge, name: str = "w", digits: int = 9) -> tuple[Added, ...]:
    """What each penalty adds to the gradient of a weight or bias; `name` is its letter."""
    params, found = frame.params, []
    at = edge.layer - 1
    value = float(
        params.b[at][edge.to] if edge.is_bias else params.W[at].reshape(len(params.b[at]), -1)[edge.to, edge.source]
    )
    rows, training = rows_of(frame)
    for rule in frame.experiment.penalties:
        if not isinstance(rule, (L1, L2)) or (edge.is_bias and rule.apply_to != "all"):
            continue
        letters, factor = _pull(frame.experiment, rule), rule.slope_factor(rows, training)
        pull = number(rule.strength) + {"n": f"/{training}", "N": f"/{rows}", "": ""}[_divisor(rule)]
        if isinstance(rule, L1):
            sign = float(np.sign(value))
            found.append(Added(f"{letters} sign({name})", f"{pull} · {operand(number(sign))}", factor * sign))
        else:
            pull = f"2 · {pull}" if letters.startswith("2") else pull
            found.append(Added(f"{letters} {name}", f"{pull} · {operand(number(value, digits))}", factor * value))
    return tuple(found)


def of_weights(frame: Frame, layer: int) -> Array:
    """What the penalties add to the gradient of a layer, (units, inputs + 1), biases last."""
    params, (rows, training) = frame.params, rows_of(frame)
    W, b = params.W[layer - 1], params.b[layer - 1]
    added = np.zeros((len(b), W.size // max(len(b), 1) + 1))
    for rule in frame.experiment.penalties:
        if isinstance(rule, (L1, L2)):
            factor = rule.slope_factor(rows, training)
            slope = np.sign if isinstance(rule, L1) else np.asarray
            added[:, :-1] += factor * slope(W.reshape(len(b), -1))
            if rule.apply_to == "all":
                added[:, -1] += factor * slope(b)
    return added


def joined(first: str, terms: Sequence[str]) -> str:
    """A sum; a summand with a minus in front is put in brackets."""
    return " + ".join([first, *(operand(term) for term in terms)])


def with_penalties(w: Writer, edge: Edge) -> Phrase | None:
    """The gradient of a parameter as what the rows gave and what the penalties add; None where they add nothing."""
    terms = of_weight(w.frame, edge, w.letters.edge(edge), w.digits)
    if not terms:
        return None
    of_rows = w.number(of_rows_alone(w, edge))
    symbol, total = w.gradient_symbol(edge), w.number(w.gradient(edge))
    letters = joined(of_rows, [term.letters for term in terms])
    return w.equation(symbol, letters, joined(of_rows, [term.numbers for term in terms]), total)


def of_rows_alone(w: Writer, edge: Edge) -> float:
    """The gradient of a parameter without what penalties of the weights add to it."""
    return w.gradient(edge) - sum(term.value for term in of_weight(w.frame, edge))


def for_layer(w: Writer, layer: int, name: str, biases: bool = False) -> str:
    """What the penalties add to the gradient of a whole layer, in letters: " + λ W"."""
    text = ""
    for rule in w.experiment.penalties:
        if isinstance(rule, (L1, L2)) and not (biases and rule.apply_to != "all"):
            text += f" + {_pull(w.experiment, rule)} " + (f"sign({name})" if isinstance(rule, L1) else name)
    return text


def objective(w: Writer) -> tuple[Phrase, ...]:
    """The objective as the loss and what is added to it, and the label of what adds nothing."""
    cost = w.letters.text("cost")
    lines: list[Phrase] = []
    if is_penalized(w.experiment):
        rules = [rule for rule in w.experiment.penalties if not isinstance(rule, RunningSparsity)]
        values = {id(rule): float(v) for rule, v in zip(w.experiment.penalties, w.frame.trace.penalties, strict=True)}
        letters = joined(f"{cost}₀", [formula(w.experiment, rule) for rule in rules])
        numbers = joined(w.number(w.frame.loss), [w.number(values[id(rule)]) for rule in rules])
        lines.append(w.equation(cost, letters, numbers, w.number(w.frame.objective)))
    return (*lines, *running_note(w.experiment))


def running_note(experiment: Experiment) -> tuple[Phrase, ...]:
    """The label that a running-mean sparsity carries wherever it shows."""
    if not any(isinstance(rule, RunningSparsity) for rule in experiment.penalties):
        return ()
    return (
        Phrase("running-mean sparsity: its term is added to ∂C/∂a, but nothing to C; it is the gradient of nothing"),
    )


def of_unit(w: Writer, unit: Unit) -> Added | None:
    """What the sparsities add to ∂C/∂a of a unit in a row's own cost; None where there is none."""
    term = w.numbers.layer(unit.layer).term
    if term is None or w.numbers.trace is not w.frame.trace:
        return None
    layer, at = unit.layer - 1, unit.index
    rows = w.numbers.rows
    own = 1 if w.numbers.share != 1 else rows
    letters, numbers = [], []
    for rule in w.experiment.penalties:
        if not isinstance(rule, (KLSparsity, RunningSparsity)) or layer not in rule.layers:
            continue
        running = isinstance(rule, RunningSparsity)
        mean = w.frame.averages_next[layer] if running else w.numbers.layer(unit.layer).mean
        assert mean is not None
        p, letter = w.number(float(mean.ravel()[at])), "p" if running else "ρ̂"
        by = "" if own == 1 else " / N"
        letters.append(f"{strength(w.experiment, rule)} (−ρ/{letter} + (1 − ρ)/(1 − {letter})){by}")
        rho, rest = number(rule.rho), number(1 - rule.rho)
        by = "" if own == 1 else f" / {own}"
        numbers.append(f"{number(rule.weight)} · (−{rho}/{p} + {rest}/(1 − {p})){by}")
    value = float(term.ravel()[at]) / w.numbers.share
    return Added(" + ".join(letters), " + ".join(numbers), value)


def unit_lines(w: Writer, unit: Unit) -> tuple[Phrase, ...]:
    """How the sparsity's term of a unit came about, with its label where it is the gradient of nothing."""
    added = of_unit(w, unit)
    if added is None:
        return ()
    equation = w.equation(added.letters, added.numbers, w.number(added.value))
    label = () if not _is_running(w, unit) else running_note(w.experiment)
    return Phrase("sparsity adds {equation}", {"equation": equation}), *label


def _is_running(w: Writer, unit: Unit) -> bool:
    return any(isinstance(rule, RunningSparsity) and unit.layer - 1 in rule.layers for rule in w.experiment.penalties)

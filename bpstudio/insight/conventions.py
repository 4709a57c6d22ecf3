"""What is assumed, in words and symbols: the loss, the mean, the biases, the order of updating, the sign of δ.

A number that differs from the one in a book is often right by another convention. Each of them is a part here that can
be said in a few words, with the alternatives that books have and what each would change. All but the sign of δ belong
to the experiment; that one belongs to the notation, because it changes what is written and nothing that is computed.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from bpstudio.engine.network import Network
from bpstudio.insight.formulas import direct, written
from bpstudio.insight.loss_formulas import of_row
from bpstudio.insight.matrices import Matrices
from bpstudio.insight.notation import SAMPLES, WEIGHT_LAYOUTS, Notation, number
from bpstudio.insight.penalty_lines import formula, is_penalized, strength
from bpstudio.insight.phrase import Phrase, plain
from bpstudio.insight.rule_words import NAMES, assumed, with_rule
from bpstudio.insight.update_lines import right_side
from bpstudio.maths.losses import LOSSES
from bpstudio.maths.losses import loss as loss_named
from bpstudio.maths.penalties import FORMS_L1, FORMS_L2, L1, L2, RunningSparsity
from bpstudio.training.experiment import Experiment
from bpstudio.training.optimizers import OPTIMIZERS

Name = Literal["loss", "reduction", "penalty", "bias", "optimizer", "order", "delta", "matrices"]


@dataclass(frozen=True)
class Convention:
    """One thing that is assumed: in full, in short where there is little room, and a sentence that explains it."""

    name: Name
    phrase: Phrase
    short: Phrase
    note: Phrase


@dataclass(frozen=True)
class Alternative:
    """What could be assumed instead, by the `value` that `changed` takes, and what would be different then."""

    value: str
    phrase: Phrase
    effect: Phrase
    current: bool


def batch_rows(experiment: Experiment, training_rows: int) -> int:
    """How many rows an update has: the batch size, or all."""
    return min(experiment.batch_size or training_rows, training_rows)


def conventions(experiment: Experiment, rows: int, notation: Notation) -> tuple[Convention, ...]:
    """All that is assumed for batches of `rows` rows, in the order in which a step meets it."""
    parts = [_loss(experiment, notation), _reduction(experiment, rows)]
    if experiment.penalties:
        parts.append(_penalties(experiment))
    parts.append(_bias(experiment.network))
    rule = assumed(experiment)
    if rule is not None:
        parts.append(Convention("optimizer", *rule))
    parts += [_order(experiment), _delta(experiment, notation)]
    if (notation.samples, notation.weight_layout) != (SAMPLES[0], WEIGHT_LAYOUTS[0]):
        parts.append(_matrices(rows, notation))
    return tuple(parts)


def sentence(parts: tuple[Convention, ...]) -> Phrase:
    """All parts in one line, as a report has it."""
    names = [f"part{number}" for number in range(len(parts))]
    template = " · ".join(f"{{{name}}}" for name in names)
    return Phrase(template, dict(zip(names, (part.phrase for part in parts), strict=True)))


def loss_formula(loss: str, notation: Notation) -> str:
    """The cost ℓ of one row, in the letters of a notation."""
    a, y = _letters(notation)
    return of_row(loss, a=a, y=y)


# ---- what is assumed


def _letters(notation: Notation) -> tuple[str, str]:
    return notation.symbols["a_letter"][1], notation.symbols["y_letter"][1]


def _paired(experiment: Experiment) -> bool:
    return loss_named(experiment.loss).paired_with == experiment.network.layers[-1].activation


def _loss(experiment: Experiment, notation: Notation) -> Convention:
    cost = "C₀" if is_penalized(experiment) else "C"
    formula = plain(f"{cost} = {loss_formula(experiment.loss, notation)}")
    if _paired(experiment):
        a, y = _letters(notation)
        values = {"activation": experiment.network.layers[-1].activation, "direct": _direct(notation, a, y)}
        note = Phrase("Cross-entropy with {activation}: δ of the outputs is {direct}, computed directly.", values)
    else:
        note = Phrase("The cost of one row. The ½ of some books makes every gradient half as large.")
    return Convention("loss", formula, formula, note)


def _direct(notation: Notation, a: str, y: str) -> str:
    return written(direct(notation.delta_sign), a=a, y=y)


def _reduction(experiment: Experiment, rows: int) -> Convention:
    values = {"rows": f"{rows:,}", "outputs": str(experiment.network.outputs)}
    note = Phrase("How the costs of the rows of a batch become one number C.")
    shares = experiment.reduction == "mean_all" and experiment.network.outputs > 1
    if rows == 1:
        phrase = Phrase("one row, mean over {outputs} outputs", values) if shares else Phrase("one row at a time")
        return Convention("reduction", phrase, Phrase("mean of outputs") if shares else Phrase("one row"), note)
    if experiment.reduction == "sum":
        return Convention("reduction", Phrase("sum over {rows} rows", values), Phrase("sum of {rows}", values), note)
    if shares:
        phrase = Phrase("mean over {rows} rows and {outputs} outputs", values)
        return Convention("reduction", phrase, Phrase("mean of {rows} × {outputs}", values), note)
    return Convention("reduction", Phrase("mean over {rows} rows", values), Phrase("mean of {rows}", values), note)


def _penalties(experiment: Experiment) -> Convention:
    """What is added to the loss, with its numbers; and the label of what is the gradient of nothing."""
    parts = [formula(experiment, rule) for rule in experiment.penalties if not isinstance(rule, RunningSparsity)]
    running = any(isinstance(rule, RunningSparsity) for rule in experiment.penalties)
    label = Phrase("running-mean sparsity: gradient of nothing")
    note = Phrase("What is asked beside a small loss. C is the sum, and every gradient is that of C.")
    if not parts:
        nothing = Phrase("Its term is added to ∂C/∂a of the units, and nothing to C: the gradient of nothing.")
        return Convention("penalty", label, Phrase("sparse, no gradient"), nothing)
    strengths = ", ".join(
        f"{strength(experiment, rule)} = {number(getattr(rule, 'strength', getattr(rule, 'weight', 0.0)))}"
        for rule in experiment.penalties
        if not isinstance(rule, RunningSparsity)
    )
    short = plain("C = C₀ + " + " + ".join(parts))
    full = Phrase("{formula}, {strengths}", {"formula": short, "strengths": strengths})
    if running:
        full = Phrase("{penalty}; {label}", {"penalty": full, "label": label})
    return Convention("penalty", full, short, note)


def _bias(network: Network) -> Convention:
    note = Phrase("What is added to the weighted sums, and whether training moves it.")
    phrases = {
        "bias trained": (Phrase("biases trained"), Phrase("b trained")),
        "bias frozen": (Phrase("biases frozen"), Phrase("b frozen")),
        "threshold trained": (Phrase("thresholds trained"), Phrase("θ trained")),
        "threshold frozen": (Phrase("thresholds frozen"), Phrase("θ frozen")),
        "none": (Phrase("no biases"), Phrase("no b")),
        "": (Phrase("biases differ by layer"), Phrase("b differs")),
    }
    return Convention("bias", *phrases[_bias_value(network)], note)


def _bias_value(network: Network) -> str:
    """The value of `changed` that all layers with weights agree on, or nothing."""
    found = {
        f"{layer.bias} {'trained' if layer.train_bias else 'frozen'}" if layer.has_bias else "none"
        for layer in network.layers
        if layer.has_weights
    }
    return found.pop() if len(found) == 1 else ""


def _order(experiment: Experiment) -> Convention:
    if experiment.update_order == "sequential":
        note = Phrase("The output layer is updated first; below it, what is applied is the gradient of nothing.")
        phrase = Phrase("sequential update: gradient of nothing")
        return Convention("order", phrase, Phrase("sequential, no gradient"), note)
    note = Phrase("All layers are updated from the gradients of the same weights.")
    return Convention("order", Phrase("simultaneous update"), Phrase("simultaneous"), note)


def _delta(experiment: Experiment, notation: Notation) -> Convention:
    formula = plain("δ = +∂C/∂z" if notation.delta_sign > 0 else "δ = −∂C/∂z")
    if notation.delta_sign > 0:
        note = Phrase("The sign of δ in what is written: w ← w − η δ {a}.", {"a": _letters(notation)[0]})
    else:
        note = Phrase("The sign of δ in what is written: w ← w + η δ {a}.", {"a": _letters(notation)[0]})
    return Convention("delta", formula, formula, note)


def _matrices(rows: int, notation: Notation) -> Convention:
    formula = plain(_weighted_sum(rows, notation))
    note = Phrase("How arrays are written, and which way round they are shown; nothing is computed in another way.")
    return Convention("matrices", formula, formula, note)


def _weighted_sum(rows: int, notation: Notation) -> str:
    z, x = ("z", "x") if rows == 1 else ("Z", "X")
    return f"{z} = {Matrices.of(notation, rows).forward('W', x, 1, 1).symbols}"


# ---- what could be assumed instead


def alternatives(experiment: Experiment, rows: int, notation: Notation, name: Name) -> tuple[Alternative, ...]:
    """What books have for one convention, the present one included."""
    match name:
        case "loss":
            return _losses(experiment, notation)
        case "reduction":
            return _reductions(experiment, rows)
        case "penalty":
            return _penalty_forms(experiment)
        case "bias":
            return _biases(experiment.network)
        case "optimizer":
            return _rules(experiment)
        case "order":
            return _orders(experiment)
        case "delta":
            return _signs(notation)
        case "matrices":
            return _writings(rows, notation)


def _losses(experiment: Experiment, notation: Notation) -> tuple[Alternative, ...]:
    effects = {
        ("half_squared_error", "squared_error"): Phrase("every gradient twice as large"),
        ("squared_error", "half_squared_error"): Phrase("every gradient half as large"),
    }
    a, y = _letters(notation)
    values = {"direct": _direct(notation, a, y)}
    others = {
        "half_squared_error": Phrase("for any target"),
        "squared_error": Phrase("for any target, without the ½"),
        "bce": Phrase("for yes or no; with sigmoid δ = {direct}", values),
        "categorical_ce": Phrase("for classes; with softmax δ = {direct}", values),
        "mean_absolute_error": Phrase("every error pulls alike, however large"),
        "huber": Phrase("like ½ Σ d², but a wild row pulls no harder than δ"),
        "hinge": Phrase("for yes or no as −1 and +1: right by 1 is enough"),
        "squared_hinge": Phrase("the same, squared: smooth at the corner"),
        "multiclass_hinge": Phrase("for classes: the right one ahead by 1 is enough"),
    }
    present = loss_named(experiment.loss)
    return tuple(
        Alternative(
            present.name if name == present.family else name,
            plain(f"C = {loss_formula(present.name if name == present.family else name, notation)}"),
            effects.get((present.family, name), others[name]),
            name == present.family,
        )
        for name in LOSSES
    )


def _reductions(experiment: Experiment, rows: int) -> tuple[Alternative, ...]:
    rule, outputs = loss_named(experiment.loss), experiment.network.outputs
    now = rule.scale(experiment.reduction, rows, outputs)
    words = {
        "mean_batch": Phrase("mean over the rows"),
        "mean_all": Phrase("mean over rows and outputs"),
        "sum": Phrase("sum over the rows"),
    }
    return tuple(
        Alternative(
            name,
            phrase,
            Phrase("as it is now") if name == experiment.reduction else times(rule.scale(name, rows, outputs) / now),
            name == experiment.reduction,
        )
        for name, phrase in words.items()
    )


def _penalty_forms(experiment: Experiment) -> tuple[Alternative, ...]:
    """No penalty; and where there is a single one of the weights, the other forms in which books write it."""
    none = Alternative("none", Phrase("no penalty"), Phrase("C is the loss alone"), not experiment.penalties)
    if not experiment.penalties:
        return (none,)
    rule = experiment.penalties[0]
    if len(experiment.penalties) > 1 or not isinstance(rule, (L1, L2)):
        phrase = _penalties(experiment).phrase
        return (none, Alternative("present", phrase, Phrase("as it is now"), True))
    found = [none]
    for kind, forms in ((L2, FORMS_L2), (L1, FORMS_L1)):
        for form in forms:
            new = kind(rule.strength, form, rule.apply_to)
            after = experiment.replace(penalties=(new,))
            effect = Phrase("pulls at every weight in proportion to it") if kind is L2 else Phrase("pulls at all alike")
            if new == rule:
                effect = Phrase("as it is now")
            found.append(Alternative(f"{new.name} {form}", plain(f"+ {formula(after, new)}"), effect, new == rule))
    return tuple(found)


def times(factor: float) -> Phrase:
    """What a factor does to the gradients."""
    if factor == 1.0:
        return Phrase("the same gradients for this batch")
    return Phrase("every gradient times {factor}", {"factor": ratio(factor)})


def ratio(factor: float) -> str:
    """A factor as a fraction of whole numbers: 1/15."""
    exact = Fraction(factor).limit_denominator(1_000_000)
    return f"{exact.numerator:,}" if exact.denominator == 1 else f"{exact.numerator:,}/{exact.denominator:,}"


def _biases(network: Network) -> tuple[Alternative, ...]:
    threshold = (
        Phrase("z = Wx − θ with θ = −b: the same network")
        if all(layer.has_bias for layer in network.layers if layer.has_weights)
        else plain("z = Wx − θ")
    )
    entries = {
        "bias trained": (Phrase("biases, trained"), plain("z = Wx + b, b ← b − η ∂C/∂b")),
        "bias frozen": (Phrase("biases, frozen"), Phrase("z = Wx + b, b keeps its values")),
        "threshold trained": (Phrase("thresholds, trained"), threshold),
        "threshold frozen": (Phrase("thresholds, frozen"), Phrase("z = Wx − θ, θ keeps its values")),
        "none": (Phrase("no biases"), Phrase("z = Wx: what was added is dropped")),
    }
    present = _bias_value(network)
    return tuple(Alternative(value, *entry, value == present) for value, entry in entries.items())


def _rules(experiment: Experiment) -> tuple[Alternative, ...]:
    present = experiment.optimizer
    known = {
        "sgd": (Phrase("gradient descent"), plain("w ← w − η ∂C/∂w")),
        "momentum": (Phrase("momentum"), plain("v ← μ v + ∂C/∂w, w ← w − η v")),
    }
    offered = []
    for name, kind in OPTIMIZERS.items():
        rule = present if name == present.name else kind(present.rate)
        entry = known.get(name, (plain(NAMES[name]), plain(f"w ← {right_side(rule, 'w', '∂C/∂w')}")))
        offered.append(Alternative(name, *entry, name == present.name))
    return tuple(offered)


def _orders(experiment: Experiment) -> tuple[Alternative, ...]:
    effects = {
        "simultaneous": (Phrase("simultaneous"), Phrase("all layers from the gradients of the same weights")),
        "sequential": (
            Phrase("sequential (historic)"),
            Phrase("the error goes back through new weights: the gradient of nothing"),
        ),
    }
    return tuple(Alternative(order, *entry, order == experiment.update_order) for order, entry in effects.items())


def _signs(notation: Notation) -> tuple[Alternative, ...]:
    a, y = _letters(notation)
    now = notation.delta_sign
    return (
        Alternative("1", plain("δ = +∂C/∂z"), plain(f"({a} − {y}) f′, w ← w − η δ {a}"), now > 0),
        Alternative("-1", plain("δ = −∂C/∂z"), plain(f"({y} − {a}) f′, w ← w + η δ {a}"), now < 0),
    )


def _writings(rows: int, notation: Notation) -> tuple[Alternative, ...]:
    words = {
        "rows out_in": Phrase("samples as rows, W as (out, in)"),
        "rows in_out": Phrase("samples as rows, W as (in, out)"),
        "columns out_in": Phrase("samples as columns, W as (out, in)"),
        "columns in_out": Phrase("samples as columns, W as (in, out)"),
    }
    made = []
    for value, phrase in words.items():
        samples, layout = value.split()
        written = notation.having(samples=samples, weight_layout=layout)
        made.append(Alternative(value, phrase, plain(_weighted_sum(rows, written)), written is notation))
    return tuple(made)


def changed(experiment: Experiment, name: Name, value: str) -> Experiment:
    """The experiment with one convention changed, by a value of `alternatives`.

    The sign of δ and the writing of matrices are none of its conventions. Raises ValueError for what is not to be had.
    """
    match name:
        case "loss":
            return experiment.replace(loss=value)
        case "reduction":
            return experiment.replace(reduction=value)
        case "order":
            return experiment.replace(update_order=value)
        case "penalty":
            return _with_penalty(experiment, value)
        case "optimizer":
            return with_rule(experiment, value)
        case "bias":
            kind, _, trained = value.partition(" ")
            changes: dict[str, Any] = {"bias": kind} | ({"train_bias": trained == "trained"} if trained else {})
            layers = tuple(
                dataclasses.replace(layer, **changes) if layer.has_weights else layer
                for layer in experiment.network.layers
            )
            return experiment.replace(network=dataclasses.replace(experiment.network, layers=layers))
    raise ValueError(f"convention: an experiment has none called {name!r}")


def _with_penalty(experiment: Experiment, value: str) -> Experiment:
    if value == "none":
        return experiment.replace(penalties=())
    if value == "present" or not experiment.penalties:
        return experiment
    name, _, form = value.partition(" ")
    rule = experiment.penalties[0]
    if name not in ("l1", "l2") or not isinstance(rule, (L1, L2)):
        raise ValueError(f"penalty: expected one of its alternatives, got {value!r}")
    return experiment.replace(penalties=((L1 if name == "l1" else L2)(rule.strength, form, rule.apply_to),))

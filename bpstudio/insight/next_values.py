"""Sentences of the update: what becomes of a parameter, of all into a unit, of a layer; and what the step comes to."""

from __future__ import annotations

import numpy as np

from bpstudio.engine.passes import weighted_inputs
from bpstudio.engine.trace import Params
from bpstudio.insight import penalty_lines
from bpstudio.insight.backward_lines import edges_of_bias
from bpstudio.insight.beat import Beat
from bpstudio.insight.elements import Edge, Unit
from bpstudio.insight.notation import number, operand
from bpstudio.insight.phrase import Phrase
from bpstudio.insight.update_lines import UpdateWriter, clipping_factor, given_gradient, is_plain, right_side
from bpstudio.insight.writer import Writer
from bpstudio.maths.losses import loss as loss_named
from bpstudio.training.evaluation import penalty
from bpstudio.training.frame import Frame
from bpstudio.training.optimizers import Momentum, Rprop


def update(w: Writer, beat: Beat) -> tuple[Phrase, ...]:
    """The new values."""
    if beat.unit is None:
        if beat.channel is not None:
            return _update_row(w, Unit(beat.layer, beat.channel))
        return _layer_update(w, beat.layer)
    if beat.source is None:
        return _update_row(w, beat.subject)
    edge = Edge(beat.layer, beat.subject.index, beat.source)
    return new_value(w, edge)


def new_value(w: Writer, edge: Edge) -> tuple[Phrase, ...]:
    """How the optimiser gets the new value of one parameter."""
    name, value = w.letters.edge(edge), w.weight(edge)
    if w.frozen(edge):
        parts = {"name": name, "gradient": w.number(w.gradient(edge)), "value": w.given(value)}
        return (Phrase("{name}: gradient {gradient}, frozen: stays {value}", parts),)
    rule = w.experiment.optimizer
    if not is_plain(w.experiment):
        return UpdateWriter(w, edge).lines()
    rate = f"{rule.rate:g}"
    result = w.number(value + w.update(edge))
    if isinstance(rule, Momentum):
        before, after = w.state("velocity", edge)
        momentum = f"{rule.momentum:g}"
        velocity = w.equation(
            "v⁺",
            f"μ v + {w.gradient_symbol(edge)}",
            f"{momentum} · {w.factor(before)} + {w.factor(w.gradient(edge))}",
            w.number(after),
        )
        return w.equation(
            f"{name}⁺", f"{name} − η v⁺", f"{w.given(value)} − {rate} · {w.factor(after)}", result
        ), velocity
    is_product = w.sign < 0 and w.numbers.rows == 1 and not w.letters.names.is_convolution(edge.layer)
    if is_product and not penalty_lines.of_weight(w.frame, edge):
        return (w.equation(f"{name}⁺", *_climb(w, edge, rate), result),)
    numbers = f"{w.given(value)} − {rate} · {w.factor(w.gradient(edge))}"
    return (w.equation(f"{name}⁺", f"{name} − η {w.gradient_symbol(edge)}", numbers, result),)


def _climb(w: Writer, edge: Edge, rate: str) -> tuple[str, str]:
    """The update as older books write it, w + η δ a or θ − η δ, in letters and in numbers; of a step of one row."""
    unit = Unit(edge.layer, edge.to)
    here = w.frame.trace.layers[edge.layer - 1]
    symbol, delta = w.letters.text("delta", unit), w.factor(w.sign * float(here.delta[0, edge.to]))
    sign = "−" if edge.is_bias and w.bias_sign(edge.layer) < 0 else "+"
    letters = f"{w.letters.edge(edge)} {sign} η {symbol}"
    numbers = f"{w.given(w.weight(edge))} {sign} {rate} · {delta}"
    if edge.is_bias:
        return letters, numbers
    below = Unit(edge.layer - 1, edge.source)
    came_in = float(here.x[0, edge.source])
    value = w.given(came_in) if below.layer == 0 else w.number(came_in)
    return f"{letters} · {w.letters.activation(below)}", f"{numbers} · {operand(value)}"


def _update_row(w: Writer, unit: Unit) -> tuple[Phrase, ...]:
    """All parameters into one unit, before and after."""
    edges = w.parameters(unit)
    names = w.letters.edge(edges[0])
    if len(edges) > 1:
        names = f"{names} … {w.letters.edge(edges[-1])}"
    before = [w.weight(edge) for edge in edges]
    parts = {
        "names": names,
        "before": w.vector(before, w.given),
        "after": w.vector([value + w.update(edge) for value, edge in zip(before, edges, strict=True)], w.given),
    }
    return (Phrase("{names}: {before} → {after}", parts), *_frozen_note(w, unit.layer))


def _frozen_note(w: Writer, layer: int) -> tuple[Phrase, ...]:
    here = w.network.layers[layer - 1]
    frozen_bias = here.has_bias and not here.train_bias
    if here.train_weights and not frozen_bias:
        return ()
    if not frozen_bias:
        return (Phrase("weights are frozen"),)
    if here.bias == "threshold":
        thresholds = Phrase("thresholds are frozen")
        return (thresholds if here.train_weights else Phrase("weights and thresholds are frozen"),)
    return (Phrase("biases are frozen") if here.train_weights else Phrase("weights and biases are frozen"),)


def _layer_update(w: Writer, layer: int) -> tuple[Phrase, ...]:
    here = w.frame.trace.layers[layer - 1]
    rule = w.experiment.optimizer
    lines = []
    changes = (("w_layer", here.update_W), ("b_layer", here.update_b))
    for symbol, change in changes[: 1 + edges_of_bias(w, layer)]:
        name, biases = w.letters.layer(symbol, layer), symbol == "b_layer"
        rate = w.frame.rate * (rule.bias_rate if biases else 1.0)
        given = given_gradient(w.experiment, name, biases)
        plain = given == f"∂C/∂{name}"
        parts = {
            "name": name,
            "formula": right_side(rule, name, given if plain else "g", biases),
            "rate": f"{rate:g}",
            "size": f"‖Δ{name}‖ = {w.number(float(np.linalg.norm(change)))}",
        }
        own_steps = isinstance(rule, Rprop)
        lines.append(
            Phrase("{name}⁺ = {formula}: {size}" if own_steps else "{name}⁺ = {formula}, η = {rate}: {size}", parts)
        )
        lines += [] if plain else [w.equation("g", given)]
    factor = clipping_factor(w)
    lines += [factor] if factor is not None else []
    return (*lines, *_frozen_note(w, layer))


def step(w: Writer, beat: Beat) -> tuple[Phrase, ...]:
    """The whole training step."""
    parts = {"loss": w.number(w.frame.objective), "norm": w.number(w.frame.gradient_norm), "step": str(w.frame.step)}
    return (Phrase("training step {step}: C = {loss}, ‖∇C‖ = {norm}", parts),)


def outlook(frame: Frame, digits: int = 9) -> Phrase:
    """What the pending update does to the objective, on the very rows of this step."""
    experiment, trace = frame.experiment, frame.trace
    after = Params(experiment.network, frame.params.flat + trace.update.flat)
    z, a = weighted_inputs(experiment.network, after, trace.x)
    with np.errstate(all="ignore"):
        costs = loss_named(experiment.loss).rows(experiment.network.layers[-1].activation, z[-1], a[-1], trace.y)
    objective = float(costs.sum()) * loss_named(experiment.loss).scale(
        experiment.reduction, trace.rows, experiment.network.outputs
    )
    objective += penalty(experiment, after, a, len(frame.dataset.train))
    same_rows = trace.rows == len(frame.dataset.train)
    return Phrase(
        "{now} → {next} in the next step's forward pass"
        if same_rows
        else "{now} → {next} on these rows after the update",
        {"now": number(frame.objective, digits), "next": number(objective, digits)},
    )

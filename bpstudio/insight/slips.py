"""Slips: what people do wrong when they work out a pass by hand, one line of a table each.

A slip says in words what comes out, what helps, of which quantities it is possible, and what it does to the
computation. There are three ways to do something:

    put      put something else into a place of the pass (`altered`), in one layer or in all layers that have it
    pick     take other summands of the sum that the number is; one outcome for each summand
    settings change a constant: the sign, a factor, the learning rate, …

Nothing else has to know a slip: the search for what a typed number is, its explanation and the lit elements are all
read from the table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from bpstudio.insight.altered import Asked, Pass, Rule
from bpstudio.insight.elements import Edge
from bpstudio.insight.penalty_lines import of_weight
from bpstudio.maths.operations import Array
from bpstudio.training.optimizers import Momentum, Nesterov

BACKWARD = frozenset({"gradient", "new", "delta", "error", "arrival"})
CHAIN = frozenset({"gradient", "new", "delta"})
FORWARD = frozenset({"z", "a", "loss", "element", "product"})
SLOPES = BACKWARD | {"slope"}

Pick = Callable[[Pass, Asked, int], Array]
Settings = Callable[[Pass], Mapping[str, float]]
Condition = Callable[[Pass, Asked, int], bool]


def _is_penalized(p: Pass, asked: Asked, layer: int) -> bool:
    edge = asked.target
    return isinstance(edge, Edge) and bool(of_weight(p.numbers.frame, edge))


def _always(p: Pass, asked: Asked, layer: int) -> bool:
    return True


@dataclass(frozen=True)
class Slip:
    """One line of the table.

    `words` end the sentence "This is what comes out …"; `remedy` is a sentence of its own. Both may name {function},
    {where}, {into}, {a}, {z}, {y}, {slope}, {source}, {came_in}, {other}, {edge}, {w}, {value}, {rows}, {outputs},
    {rate}, {bias}, {weighted}; of a pick also {other}, {further}, {other_edge}, {sent}, {all}.

    `layers` says which layers can have it, seen from the target: its "own", those "above" it, "upward" (both), those
    that are "forward" of the input up to what is asked, "everywhere" (all of those at once, never one of them), the
    "output" layer, or "none" for a constant. `possible` leaves
    out what would change nothing or make no sense. A slip of `cost` 2 is two slips in one.
    """

    id: str
    words: str
    remedy: str
    quantities: frozenset[str]
    layers: str = "none"
    put: tuple[str, Rule] | None = None
    pick: Pick | None = None
    settings: Settings | None = None
    possible: Condition = field(default=_always)
    cost: int = 1


# ---- conditions


def _is_curved(p: Pass, asked: Asked, layer: int) -> bool:
    return p.function(layer).elementwise and p.function(layer).name != "identity"


def _is_smooth(p: Pass, asked: Asked, layer: int) -> bool:
    return p.function(layer).saturates


def _is_softmax(p: Pass, asked: Asked, layer: int) -> bool:
    return not p.function(layer).elementwise


def _is_direct(p: Pass, asked: Asked, layer: int) -> bool:
    return p.numbers.paired


def _is_weight(p: Pass, asked: Asked, layer: int) -> bool:
    return isinstance(asked.target, Edge) and not asked.target.is_bias


def _comes_from_a_unit(p: Pass, asked: Asked, layer: int) -> bool:
    return _is_weight(p, asked, layer) and layer > 1


def _is_square(p: Pass, asked: Asked, layer: int) -> bool:
    sizes = p.numbers.network.sizes
    return sizes[layer] == sizes[layer - 1] > 1


def _has_several(p: Pass, asked: Asked, layer: int) -> bool:
    return p.numbers.network.sizes[layer] > 1


def _has_many(p: Pass, asked: Asked, layer: int) -> bool:
    return p.numbers.network.sizes[layer] > 2


def _has_several_inputs(p: Pass, asked: Asked, layer: int) -> bool:
    return p.numbers.network.sizes[layer - 1] > 1


def _has_many_inputs(p: Pass, asked: Asked, layer: int) -> bool:
    return p.numbers.network.sizes[layer - 1] > 2


def _has_a_layer_above(p: Pass, asked: Asked, layer: int) -> bool:
    if layer >= p.depth:
        return False
    sizes = p.numbers.network.sizes
    return sizes[layer] > 1 and sizes[layer + 1] > 1 and sizes[layer] * sizes[layer + 1] <= 1024


def _has_bias(p: Pass, asked: Asked, layer: int) -> bool:
    return p.sign(layer) != 0


def _is_simultaneous(p: Pass, asked: Asked, layer: int) -> bool:
    return not p.numbers.trace.sequential


def _is_sequential(p: Pass, asked: Asked, layer: int) -> bool:
    return p.numbers.trace.sequential


def _is_mean_over_outputs(p: Pass, asked: Asked, layer: int) -> bool:
    return p.numbers.own_scale != 1.0


def _is_sum_over_outputs(p: Pass, asked: Asked, layer: int) -> bool:
    return p.numbers.own_scale == 1.0 and p.numbers.network.outputs > 1


def _is_mean_over_rows(p: Pass, asked: Asked, layer: int) -> bool:
    return p.numbers.trace.rows > 1 and p.numbers.experiment.reduction != "sum"


def _is_sum_over_rows(p: Pass, asked: Asked, layer: int) -> bool:
    return p.numbers.trace.rows > 1 and p.numbers.experiment.reduction == "sum"


def _has_momentum(p: Pass, asked: Asked, layer: int) -> bool:
    return isinstance(p.numbers.experiment.optimizer, Momentum | Nesterov)


def _is_corrected(p: Pass, asked: Asked, layer: int) -> bool:
    return p.numbers.experiment.optimizer.counts and _is_trained(p, asked, layer)


def _decays(p: Pass, asked: Asked, layer: int) -> bool:
    edge = asked.target
    return isinstance(edge, Edge) and p.numbers.experiment.optimizer.decays(edge.is_bias) and not is_frozen(p, asked, 0)


def _is_clipped(p: Pass, asked: Asked, layer: int) -> bool:
    return p.numbers.experiment.clipping is not None and _is_trained(p, asked, layer)


def is_frozen(p: Pass, asked: Asked, layer: int) -> bool:
    """Whether the asked parameter is not trained."""
    if not isinstance(asked.target, Edge):
        return False
    here = p.numbers.network.layers[asked.layer - 1]
    return not (here.trains_bias if asked.target.is_bias else here.train_weights)


def _is_trained(p: Pass, asked: Asked, layer: int) -> bool:
    return not is_frozen(p, asked, layer)


# ---- what they do


def _one(p: Pass, layer: int, usual: Array) -> Array:
    return np.ones_like(usual)


def _zero(p: Pass, layer: int, usual: Array) -> Array:
    return np.zeros_like(usual)


def _transposed(p: Pass, layer: int, usual: Array) -> Array:
    return usual.T


def _updated(p: Pass, layer: int, usual: Array) -> Array:
    changed: Array = p.W(layer) + p.numbers.frame.trace.layers[layer - 1].update_W
    return changed


def _slope_at_a(p: Pass, layer: int, usual: Array) -> Array:
    function, a = p.function(layer), p.a(layer)
    return function.df(a, function.f(a))


def _slope_with_z(p: Pass, layer: int, usual: Array) -> Array:
    return p.function(layer).df(p.z(layer), p.z(layer))


def _mirrored(p: Pass, layer: int, usual: Array) -> Array:
    return p.function(layer).f(-p.z(layer))


def _alone(p: Pass, asked: Asked, layer: int) -> Array:
    return p.summands(asked, layer)


def _left_out(p: Pass, asked: Asked, layer: int) -> Array:
    rest: Array = p.value(asked)[:, None] - p.summands(asked, layer)
    return rest


def _one_product(p: Pass, asked: Asked, layer: int) -> Array:
    return _activated(p, asked, p.summands(asked, layer) + p.b(layer)[asked.unit])


def _product_left_out(p: Pass, asked: Asked, layer: int) -> Array:
    return _activated(p, asked, p.z(layer)[:, asked.unit, None] - p.summands(asked, layer))


def _activated(p: Pass, asked: Asked, z: Array) -> Array:
    return p.function(asked.layer).f(z) if asked.quantity == "a" else z


def _slope_of_one(p: Pass, asked: Asked, layer: int) -> Array:
    """The slope forgotten at one unit of a layer above: its summand without it."""
    without = p.altered({("slope", layer): _one})
    whole: Array = _left_out(p, asked, layer) + without.delta(layer) * p.gain(asked, layer)
    return whole


def _one_route(p: Pass, asked: Asked, layer: int) -> Array:
    """Every way over one unit of a layer and one of the layer above it, (rows, both)."""
    steep = p.gain(asked, layer) * p.slope(layer)
    ways: Array = p.delta(layer + 1)[:, :, None] * p.back(layer + 1) * steep[:, None, :]
    return ways.reshape(len(ways), -1)


def _other_input(p: Pass, asked: Asked, layer: int) -> Array:
    """The gradients of the other weights into the same unit."""
    products: Array = p.delta(layer)[:, asked.unit, None] * p.a(layer - 1)
    return products


def _has_elementwise_output(p: Pass, asked: Asked, layer: int) -> bool:
    return p.function(layer).elementwise and _has_several_inputs(p, asked, layer)


def _has_elementwise_output_of_many(p: Pass, asked: Asked, layer: int) -> bool:
    return p.function(layer).elementwise and _has_many_inputs(p, asked, layer)


def layers_of(slip: Slip, p: Pass, asked: Asked) -> tuple[int, ...]:
    """The layers in which a slip can have happened; (0,) for a constant, () where it is not possible."""
    if asked.quantity not in slip.quantities:
        return ()
    own, depth = asked.layer, p.depth
    match slip.layers:
        case "none":
            span = range(1)
        case "own":
            span = range(own, own + 1)
        case "above":
            span = range(own if asked.quantity == "arrival" else own + 1, depth + 1)
        case "upward":
            span = range(own + 1 if asked.quantity == "error" else own, depth + 1)
            span = span[:1] if asked.quantity == "slope" else span
        case "forward" | "everywhere":
            span = range(1, (own if asked.quantity in ("z", "a", "product") else depth) + 1)
        case _:
            span = range(depth, depth + 1)
    return tuple(layer for layer in span if slip.possible(p, asked, layer or own))


# ---- the table: what stands first is thought of first

SLIPS: tuple[Slip, ...] = (
    Slip("opposite_sign", "with the opposite sign", "{sign}", BACKWARD - {"new"}, settings=lambda p: {"sign": -1.0}),
    Slip("slope_forgotten", "without the slope of {function} {where}", "Multiply by {slope}.", SLOPES, "upward",
         put=("slope", _one), possible=_is_curved),
    Slip("slope_of_one_forgotten", "without the slope of {function} at {other} alone", "Multiply by {slope} there.",
         CHAIN, "above", pick=_slope_of_one, possible=lambda p, q, m: _is_curved(p, q, m) and _has_several(p, q, m)),
    Slip("slope_at_a", "with the slope of {function} taken at {a} {where}", "The slope belongs to {z}: {slope}.",
         SLOPES, "upward", put=("slope", _slope_at_a), possible=_is_smooth),
    Slip("slope_with_z", "with {z} in place of {a} in {slope} {where}", "Put {a} into {slope}.",
         SLOPES, "upward", put=("slope", _slope_with_z), possible=_is_smooth),
    Slip("jacobian_forgotten", "without the derivatives of softmax", "Multiply by ∂{a}/∂{z} of softmax.",
         CHAIN, "output", put=("slope", _one), possible=_is_softmax),
    Slip("jacobian_diagonal", "with {a} (1 − {a}) as the slope of softmax",
         "Each output of a softmax depends on the {z} of all of them.",
         CHAIN, "output", put=("slope", lambda p, m, usual: usual), possible=_is_softmax),
    Slip("slope_twice", "with the slope of {function} multiplied to {a} − {y}",
         "With this loss the slope has cancelled.",
         CHAIN, "output", put=("delta", lambda p, m, usual: usual * p.slope(m)), possible=_is_direct),
    Slip("z_came_in", "with {z} in place of {a} of {source}", "What came in is {a} of {source}.",
         frozenset({"gradient", "new"}), "own", put=("came_in", lambda p, m, usual: p.z(m - 1)),
         possible=_comes_from_a_unit),
    Slip("input_forgotten", "without what came in", "Multiply by {came_in}.",
         frozenset({"gradient", "new"}), "own", put=("came_in", _one), possible=_is_weight),
    Slip("other_input", "with what came in over {other_edge}", "What came in over {edge} is {came_in}.",
         frozenset({"gradient"}), "own", pick=_other_input, possible=_is_weight),
    Slip("one_path", "with only the path through {other}", "Sum over {all} paths.",
         CHAIN | {"error"}, "above", pick=_alone, possible=_has_several),
    Slip("path_left_out", "without the path through {other}", "Sum over {all} paths.",
         CHAIN | {"error"}, "above", pick=_left_out, possible=_has_many),
    Slip("one_route", "with only the path through {other} and {further}", "Sum over all paths.",
         CHAIN | {"error"}, "above", pick=_one_route, possible=_has_a_layer_above, cost=2),
    Slip("updated_weights", "with already updated weights {into}", "Go back through the weights of before the update.",
         BACKWARD, "above", put=("back", _updated), possible=_is_simultaneous),
    Slip("old_weights", "with the weights of before the update {into}",
         "In sequential order the error goes back through weights that are already updated.",
         BACKWARD, "above", put=("back", lambda p, m, usual: p.W(m)), possible=_is_sequential),
    Slip("transposed", "with the weights {into} transposed",
         "Back through a layer go the weights that leave a unit, forward those that lead to it.",
         BACKWARD, "above", put=("back", _transposed), possible=_is_square),
    Slip("transposed_forward", "with the weights {into} transposed",
         "Forward go the weights that lead to a unit: w with the number of that unit first.",
         FORWARD, "forward", put=("W", _transposed), possible=_is_square),
    Slip("uphill", "with {w} + η · gradient", "A step goes downhill: {w} − η · gradient.",
         frozenset({"new"}), settings=lambda p: {"direction": -1.0}, possible=_is_trained),
    Slip("rate_forgotten", "without the learning rate", "Multiply by η = {rate}.",
         frozenset({"new"}), settings=lambda p: {"rate": 1.0}, possible=_is_trained),
    Slip("velocity_forgotten", "without the velocity of the steps before", "Add μ times the old velocity.",
         frozenset({"new"}), settings=lambda p: {"velocity": 0.0}, possible=_has_momentum),
    Slip("correction_forgotten", "without the corrections 1 − βᵗ",
         "The means began at 0: divide m by 1 − β₁ᵗ and v by 1 − β₂ᵗ.",
         frozenset({"new"}), settings=lambda p: {"corrected": 0.0}, possible=_is_corrected),
    Slip("decay_forgotten", "without the weight decay", "Weight decay pulls {w} towards 0 too.",
         frozenset({"new"}), settings=lambda p: {"decay": 0.0}, possible=_decays),
    Slip("clipping_forgotten", "without clipping", "The gradient is clipped before the optimiser sees it.",
         frozenset({"new"}), settings=lambda p: {"clipped": 0.0}, possible=_is_clipped),
    Slip("only_the_change", "as the change alone", "Add it to {w} = {value}.",
         frozenset({"new"}), settings=lambda p: {"start": 0.0}, possible=_is_trained),
    Slip("only_the_gradient", "as the gradient alone", "The new value is {w} − η · gradient.",
         frozenset({"new"}), settings=lambda p: {"start": 0.0, "rate": 1.0, "direction": -1.0, "velocity": 0.0}),
    Slip("frozen_moved", "when {w} is trained", "{w} is frozen here and stays.",
         frozenset({"new"}), settings=lambda p: {"frozen": 0.0}, possible=is_frozen),
    Slip("penalty_forgotten", "without the penalty", "Add what the penalties add to ∂C/∂w.",
         frozenset({"gradient", "new"}), settings=lambda p: {"penalty": 0.0}, possible=_is_penalized),
    Slip("half", "with a factor ½", "{constant}", CHAIN | {"error", "loss", "element"},
         settings=lambda p: {"factor": 0.5}),
    Slip("double", "with a factor 2", "{constant}", CHAIN | {"error", "loss", "element"},
         settings=lambda p: {"factor": 2.0}),
    Slip("sum_over_rows", "with the sum over the {rows} rows in place of the mean", "Divide by {rows}.",
         CHAIN | {"loss"}, settings=lambda p: {"rows": float(p.numbers.trace.rows)}, possible=_is_mean_over_rows),
    Slip("mean_over_rows", "with the mean over the {rows} rows in place of the sum", "Here the rows are added up.",
         CHAIN | {"loss"}, settings=lambda p: {"rows": 1.0 / p.numbers.trace.rows}, possible=_is_sum_over_rows),
    Slip("sum_over_outputs", "with the sum over the {outputs} outputs in place of the mean", "Divide by {outputs}.",
         CHAIN | {"error", "loss", "element"}, settings=lambda p: {"outputs": 1.0 / p.numbers.own_scale},
         possible=_is_mean_over_outputs),
    Slip("mean_over_outputs", "with the mean over the {outputs} outputs in place of the sum",
         "Here the outputs are added up.", CHAIN | {"error", "loss", "element"},
         settings=lambda p: {"outputs": 1.0 / p.numbers.network.outputs}, possible=_is_sum_over_outputs),
    Slip("bias_left_out", "without the {bias} {where}", "{z} is Σ {weighted}.",
         FORWARD | BACKWARD, "forward", put=("b", _zero), possible=_has_bias),
    Slip("bias_mirrored", "with the other sign of the {bias} {where}", "{z} is Σ {weighted}.",
         FORWARD, "forward", put=("b", lambda p, m, usual: -usual), possible=_has_bias),
    Slip("product_left_out", "without {other_edge} · {sent}", "Sum over {all} inputs.",
         frozenset({"z", "a"}), "own", pick=_product_left_out, possible=_has_elementwise_output_of_many),
    Slip("one_product", "with only {other_edge} · {sent} and the bias", "Sum over {all} inputs.",
         frozenset({"z", "a"}), "own", pick=_one_product, possible=_has_elementwise_output),
    Slip("function_forgotten", "without {function} {where}", "Pass on {a} = {function}({z}), not {z}.",
         FORWARD, "forward", put=("a", lambda p, m, usual: p.z(m)), possible=_is_curved),
    Slip("mirrored", "with e^{z} in place of e^(−{z}) {where}", "σ({z}) = 1 / (1 + e^(−{z})).",
         FORWARD | BACKWARD, "everywhere", put=("a", _mirrored),
         possible=lambda p, q, m: p.function(m).name == "sigmoid"),
    Slip("one_output", "with only {other}", "Sum over {all} outputs.",
         frozenset({"loss"}), "output", pick=_alone, possible=_has_several),
)  # fmt: skip

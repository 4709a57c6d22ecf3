"""Slips planted in plain loops on random networks: what is planted is named, what is right is never blamed.

The loops use nothing of the program but its parameters and its data.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.insight.altered import Asked
from bpstudio.insight.elements import BIAS, Edge, LossNode, Probe, Row, Unit, WholeBatch
from bpstudio.insight.findings import explanation
from bpstudio.insight.notation import letters
from bpstudio.insight.suspects import Case, Suspect
from bpstudio.insight.symbols import beat_of
from bpstudio.insight.verdict import Verdict, agreeing, judge
from bpstudio.insight.walk import Walk
from bpstudio.maths.initializers import Initializer
from bpstudio.training.clipping import ClipByValue
from bpstudio.training.experiment import Experiment
from bpstudio.training.frame import Frame
from bpstudio.training.optimizers import SGD, Adam, Momentum
from bpstudio.training.session import Session

Make = Callable[..., Session]
START = Initializer(weights="normal", std=0.7, biases="normal", bias_std=0.3)

# ---- by hand

Rows = list[list[float]]

FUNCTIONS: dict[str, Callable[[float], float]] = {
    "identity": lambda z: z,
    "sigmoid": lambda z: 1 / (1 + math.exp(-z)),
    "tanh": math.tanh,
    "relu": lambda z: max(z, 0.0),
}
SLOPES: dict[str, Callable[[float], float]] = {
    "identity": lambda z: 1.0,
    "sigmoid": lambda z: math.exp(-z) / (1 + math.exp(-z)) ** 2,
    "tanh": lambda z: 1 / math.cosh(z) ** 2,
    "relu": lambda z: 1.0 if z > 0 else 0.0,
}


@dataclass
class Mistakes:
    """What goes wrong; layers count from 1."""

    no_slope: set[int] = field(default_factory=set)
    slope_at_a: set[int] = field(default_factory=set)
    other_back: dict[int, Rows] = field(default_factory=dict)  # the weights through which the error comes back
    only_path: tuple[int, int] | None = None  # of this layer only this unit sends anything back
    without_path: tuple[int, int] | None = None
    z_came_in: bool = False
    nothing_came_in: bool = False
    no_bias: set[int] = field(default_factory=set)
    slope_twice: bool = False


@dataclass
class Worked:
    """Everything of one row; lists over layers start with the inputs."""

    z: Rows
    a: Rows
    error: Rows
    slope: Rows
    delta: Rows
    parts: list[float]


def work(
    W: Sequence[Rows],
    b: Sequence[Sequence[float]],
    functions: Sequence[str],
    loss: str,
    x: Sequence[float],
    y: Sequence[float],
    mistakes: Mistakes | None = None,
    scale: float = 1.0,
) -> Worked:
    """One row, its own cost times `scale`."""
    wrong = mistakes or Mistakes()
    depth = len(W)
    z: Rows = [[]]
    a: Rows = [list(x)]
    for layer in range(1, depth + 1):
        here = []
        for to in range(len(W[layer - 1])):
            total = 0.0 if layer in wrong.no_bias else float(b[layer - 1][to])
            for source, came_in in enumerate(a[-1]):
                total += W[layer - 1][to][source] * came_in
            here.append(total)
        z.append(here)
        if functions[layer - 1] == "softmax":
            powers = [math.exp(value - max(here)) for value in here]
            a.append([power / sum(powers) for power in powers])
        else:
            a.append([FUNCTIONS[functions[layer - 1]](value) for value in here])
    outs = a[-1]
    error: Rows = [[] for _ in range(depth + 1)]
    slope: Rows = [[] for _ in range(depth + 1)]
    delta: Rows = [[] for _ in range(depth + 1)]
    parts = [scale * _part(loss, out, target) for out, target in zip(outs, y, strict=True)]
    error[depth] = [scale * _error(loss, out, target) for out, target in zip(outs, y, strict=True)]
    for layer in range(depth, 0, -1):
        name = functions[layer - 1]
        if layer < depth:
            back = wrong.other_back.get(layer + 1, W[layer])
            error[layer] = []
            for unit in range(len(a[layer])):
                total = 0.0
                for above in range(len(delta[layer + 1])):
                    if wrong.only_path is not None and wrong.only_path[0] == layer + 1 and wrong.only_path[1] != above:
                        continue
                    if wrong.without_path == (layer + 1, above):
                        continue
                    total += back[above][unit] * delta[layer + 1][above]
                error[layer].append(total)
        if name == "softmax":
            if loss == "categorical_ce":
                delta[layer] = [scale * (out - target) for out, target in zip(outs, y, strict=True)]
            else:
                for unit, out in enumerate(outs):
                    total = 0.0
                    for other, value in enumerate(outs):
                        total += error[layer][other] * value * ((1.0 if other == unit else 0.0) - out)
                    delta[layer].append(total)
            continue
        at = a[layer] if layer in wrong.slope_at_a else z[layer]
        slope[layer] = [1.0 if layer in wrong.no_slope else SLOPES[name](value) for value in at]
        if loss == "bce" and name == "sigmoid" and layer == depth and layer not in (wrong.no_slope | wrong.slope_at_a):
            delta[layer] = [scale * (out - target) for out, target in zip(outs, y, strict=True)]
            if wrong.slope_twice:
                delta[layer] = [d * s for d, s in zip(delta[layer], slope[layer], strict=True)]
            continue
        delta[layer] = [e * s for e, s in zip(error[layer], slope[layer], strict=True)]
    return Worked(z, a, error, slope, delta, parts)


def gradient(worked: Worked, layer: int, to: int, source: int, mistakes: Mistakes | None = None) -> float:
    """What a row gives to the gradient of a weight; source −1 is the bias."""
    wrong = mistakes or Mistakes()
    if source < 0 or wrong.nothing_came_in:
        return worked.delta[layer][to]
    came_in = worked.z[layer - 1][source] if wrong.z_came_in else worked.a[layer - 1][source]
    return worked.delta[layer][to] * came_in


def _error(loss: str, out: float, target: float) -> float:
    match loss:
        case "half_squared_error":
            return out - target
        case "squared_error":
            return 2 * (out - target)
        case "bce":
            return (out - target) / (out * (1 - out))
    return -target / out if target else 0.0


def _part(loss: str, out: float, target: float) -> float:
    match loss:
        case "half_squared_error":
            return (out - target) ** 2 / 2
        case "squared_error":
            return (out - target) ** 2
        case "bce":
            return -target * math.log(out) - (1 - target) * math.log(1 - out)
    return -target * math.log(out) if target else 0.0


def by_hand(frame: Frame, row: int = 0, mistakes: Mistakes | None = None, scale: float | None = None) -> Worked:
    network = frame.experiment.network
    own = 1.0 if frame.experiment.reduction != "mean_all" else 1.0 / network.outputs
    if frame.experiment.loss == "categorical_ce":
        own = 1.0
    return work(
        [W.tolist() for W in frame.params.W],
        [(sign.bias_sign * b).tolist() for sign, b in zip(network.layers, frame.params.b, strict=True)],
        [layer.activation for layer in network.layers],
        frame.experiment.loss,
        frame.trace.x[row].tolist(),
        frame.trace.y[row].tolist(),
        mistakes,
        own if scale is None else scale,
    )


def named(verdict: Verdict) -> list[tuple[str, ...]]:
    return [explanation.ids for explanation in verdict.explanations]


# ---- batches


def test_in_a_batch_the_row_and_the_batch_are_both_right(session: Make) -> None:
    frame = session().frame()
    edge = Edge(1, 2, 1)
    own = judge(frame, Row(1), edge, "gradient", repr(gradient(by_hand(frame, 1), 1, 2, 1)))
    assert own.kind == "agrees"
    both = judge(frame, Row(1), edge, "gradient", repr(float(frame.trace.layers[0].dW[2, 1])))
    assert both.kind == "agrees"
    assert "the mean of 4 rows" in both.text.text
    share = judge(frame, Row(1), Unit(1, 2), "delta", repr(float(frame.trace.layers[0].delta[1, 2])))
    assert share.kind == "agrees"
    assert "1/4" in share.text.text


def test_sum_in_place_of_mean_and_the_other_way_round(session: Make) -> None:
    edge = Edge(2, 1, 0)
    frame = session().frame()
    verdict = judge(frame, WholeBatch(), edge, "gradient", f"{4 * frame.trace.layers[1].dW[1, 0]:.9g}")
    assert named(verdict)[0] == ("sum_over_rows",)
    frame = session(reduction="sum").frame()
    verdict = judge(frame, WholeBatch(), edge, "gradient", f"{frame.trace.layers[1].dW[1, 0] / 4:.9g}")
    assert ("mean_over_rows",) in named(verdict)


def test_a_probe_is_judged_by_its_own_pass(session: Make) -> None:
    frame = session().frame()
    outside = next(row for row in range(12) if row not in frame.batch)
    mine = work(
        [W.tolist() for W in frame.params.W],
        [b.tolist() for b in frame.params.b],
        ["tanh", "sigmoid"],
        "half_squared_error",
        frame.dataset.x[outside].tolist(),
        frame.dataset.y[outside].tolist(),
    )
    assert judge(frame, Probe(outside), Edge(1, 0, 0), "gradient", repr(gradient(mine, 1, 0, 0))).kind == "agrees"
    new = frame.params.W[0][0, 0] + frame.trace.layers[0].update_W[0, 0]
    assert judge(frame, Probe(outside), Edge(1, 0, 0), "new", repr(float(new))).kind == "agrees"


def test_sequential_order_has_the_slip_the_other_way_round(mazur: Make) -> None:
    true = mazur().frame().trace.layers[0].dW[0, 0]
    frame = mazur(update_order="sequential").frame()
    verdict = judge(frame, Row(0), Edge(1, 0, 0), "gradient", f"{true:.9f}")
    assert named(verdict)[0] == ("old_weights",)
    assert judge(frame, Row(0), Edge(1, 0, 0), "gradient", "0.000364723").is_right


def test_momentum_has_its_own_slips(session: Make) -> None:
    living = session(optimizer=Momentum(0.1, 0.8))
    living.run(4)
    frame = living.frame()
    edge = Edge(2, 1, 0)
    weight, slope = frame.params.W[1][1, 0], frame.trace.layers[1].dW[1, 0]
    assert judge(frame, WholeBatch(), edge, "new", repr(float(weight + frame.trace.layers[1].update_W[1, 0]))).is_right
    assert named(judge(frame, WholeBatch(), edge, "new", f"{weight - 0.1 * slope:.10f}"))[0] == ("velocity_forgotten",)


def test_adam_has_its_own_slips(session: Make) -> None:
    """Each is computed here from the recorded gradient and means, by the rule with that one thing left out."""
    rule = Adam(0.1, 0.8, 0.9, weight_decay=0.3)
    living = session(optimizer=rule, clipping=ClipByValue(1e-4))
    living.run(4)
    frame = living.frame()
    edge = Edge(2, 1, 0)
    theta, slope = float(frame.params.W[1][1, 0]), float(frame.trace.layers[1].dW[1, 0])
    m, v = (float(frame.state[name].W[1][1, 0]) for name in ("m", "v"))

    def stepped(g: float, t: float = frame.t) -> float:
        mean, size = 0.8 * m + 0.2 * g, 0.9 * v + 0.1 * g * g
        return theta - 0.1 * (mean / (1 - 0.8**t)) / ((size / (1 - 0.9**t)) ** 0.5 + rule.epsilon)

    clipped = min(max(slope, -1e-4), 1e-4)
    assert clipped != slope
    assert judge(frame, WholeBatch(), edge, "new", repr(stepped(clipped + 0.3 * theta))).is_right
    for value, name in (
        (stepped(clipped + 0.3 * theta, 1e9), "correction_forgotten"),
        (stepped(clipped), "decay_forgotten"),
        (stepped(slope + 0.3 * theta), "clipping_forgotten"),
    ):
        assert named(judge(frame, WholeBatch(), edge, "new", f"{value:.12f}"))[0] == (name,)


@pytest.mark.parametrize("kind", ["threshold", "none"])
def test_thresholds_and_layers_without_biases(kind: str) -> None:
    network = Network(2, (Dense(3, "sigmoid", START, bias=kind), Dense(2, "tanh", START)))
    rng = np.random.default_rng(4)
    data = Dataset.from_arrays(rng.normal(size=(1, 2)), rng.normal(size=(1, 2)) / 3)
    frame = Session(Experiment(network), data).frame()
    mine = by_hand(frame)
    assert judge(frame, Row(0), Edge(1, 2, 1), "gradient", repr(gradient(mine, 1, 2, 1))).kind == "agrees"
    assert judge(frame, Row(0), Unit(1, 2), "z", repr(mine.z[1][2])).kind == "agrees"
    if kind == "threshold":
        assert judge(frame, Row(0), Edge(1, 2, BIAS), "gradient", repr(-mine.delta[1][2])).kind == "agrees"
        assert judge(frame, Row(0), Edge(1, 2, BIAS), "gradient", repr(mine.delta[1][2])).kind == "sign"
        left_out = by_hand(frame, 0, Mistakes(no_bias={1}))
        verdict = judge(frame, Row(0), Unit(1, 2), "z", repr(left_out.z[1][2]))
        assert named(verdict)[0] == ("bias_left_out",)
        assert "without the threshold" in verdict.text.text
    else:
        with pytest.raises(ValueError, match="no edge"):
            judge(frame, Row(0), Edge(1, 2, BIAS), "gradient", "0.5")


# ---- any network


def any_frame(draw: st.DataObject, session: Make, least_layers: int = 1) -> Frame:
    """A frame of a random network: depth, widths, activations, loss, batch, reduction, optimiser."""
    depth = draw.draw(st.integers(least_layers, 4))
    sizes = tuple(draw.draw(st.lists(st.integers(2, 4), min_size=depth + 1, max_size=depth + 1)))
    hidden = draw.draw(st.lists(st.sampled_from(["sigmoid", "tanh"]), min_size=depth - 1, max_size=depth - 1))
    last, loss = draw.draw(
        st.sampled_from(
            [
                ("sigmoid", "half_squared_error"), ("tanh", "squared_error"), ("identity", "half_squared_error"),
                ("sigmoid", "bce"), ("softmax", "categorical_ce"), ("softmax", "half_squared_error"),
            ]
        )
    )  # fmt: skip
    living = session(
        sizes,
        (*hidden, last),
        loss,
        rows=6,
        batch_size=draw.draw(st.sampled_from([1, 3])),
        seed=draw.draw(st.integers(0, 10_000)),
        reduction=draw.draw(st.sampled_from(["mean_batch", "mean_all", "sum"])),
        optimizer=draw.draw(st.sampled_from([SGD(0.3), Momentum(0.2, 0.7)])),
    )
    living.run(draw.draw(st.sampled_from([0, 2])))
    return living.frame()


def any_edge(draw: st.DataObject, frame: Frame, least: int = 1, biases: bool = True) -> Edge:
    sizes = frame.experiment.network.sizes
    layer = draw.draw(st.integers(least, len(sizes) - 1))
    lowest = BIAS if biases else 0
    return Edge(
        layer, draw.draw(st.integers(0, sizes[layer] - 1)), draw.draw(st.integers(lowest, sizes[layer - 1] - 1))
    )


quick = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@quick
@given(st.data(), st.integers(1, 17))
def test_a_right_number_is_never_blamed(session: Make, data: st.DataObject, digits: int) -> None:
    """Gradient, δ, z, a, new value and loss out of plain loops, typed with any number of digits, by school rounding."""
    frame = any_frame(data, session)
    row = data.draw(st.integers(0, len(frame.batch) - 1))
    mine, edge = by_hand(frame, row), any_edge(data, frame)
    unit, depth = Unit(edge.layer, edge.to), len(frame.experiment.network.layers)
    right = {
        ("gradient", edge): gradient(mine, edge.layer, edge.to, edge.source),
        ("delta", unit): mine.delta[edge.layer][edge.to],
        ("z", unit): mine.z[edge.layer][edge.to],
        ("a", unit): mine.a[edge.layer][edge.to],
        ("loss", LossNode()): sum(mine.parts),
        ("error", unit): mine.error[edge.layer][edge.to],
    }
    rows = [by_hand(frame, position) for position in range(len(frame.batch))]
    total = sum(gradient(each, edge.layer, edge.to, edge.source) for each in rows)
    if frame.experiment.reduction != "sum":
        total /= len(rows)
    rate, velocity = frame.experiment.optimizer.rate, total
    at = (edge.to,) if edge.is_bias else (edge.to, edge.source)
    if isinstance(frame.experiment.optimizer, Momentum):
        before = frame.state["velocity"]
        velocity += frame.experiment.optimizer.momentum * float(
            (before.b if edge.is_bias else before.W)[edge.layer - 1][at]
        )
    old = float((frame.params.b if edge.is_bias else frame.params.W)[edge.layer - 1][at])
    right["new", edge] = old - rate * velocity
    assert depth == len(frame.params.W)
    for (quantity, target), value in right.items():
        assume(abs(value) > 1e-12)
        verdict = judge(frame, Row(row), target, quantity, f"{value:.{digits - 1}e}")  # type: ignore[arg-type]
        assert verdict.is_right, (quantity, target, value, verdict.text.text)
        assert verdict.explanations == ()
    for quantity, target, value in (("gradient", edge, total), ("new", edge, right["new", edge])):
        assert judge(frame, WholeBatch(), target, quantity, f"{value:.{digits - 1}e}").is_right  # type: ignore[arg-type]


def plants(frame: Frame, edge: Edge) -> dict[str, tuple[int, Mistakes]]:
    """Slips that can be planted on the way to an edge, each with its cost."""
    network, depth = frame.experiment.network, len(frame.params.W)
    found: dict[str, tuple[int, Mistakes]] = {}
    for layer in range(edge.layer, depth + 1):
        name = network.layers[layer - 1].activation
        if name in ("sigmoid", "tanh"):
            found[f"slope_forgotten {layer}"] = 1, Mistakes(no_slope={layer})
            found[f"slope_at_a {layer}"] = 1, Mistakes(slope_at_a={layer})
    for layer in range(edge.layer + 1, depth + 1):
        W = frame.params.W[layer - 1]
        updated = W + frame.trace.layers[layer - 1].update_W
        found[f"updated_weights {layer}"] = 1, Mistakes(other_back={layer: updated.tolist()})
        if W.shape[0] == W.shape[1]:
            found[f"transposed {layer}"] = 1, Mistakes(other_back={layer: W.T.tolist()})
        found[f"one_path {layer}"] = 1, Mistakes(only_path=(layer, 1))
        if W.shape[0] > 2:
            found[f"path_left_out {layer}"] = 1, Mistakes(without_path=(layer, 1))
    if frame.experiment.loss == "bce":
        found[f"slope_twice {depth}"] = 1, Mistakes(slope_twice=True)
    if not edge.is_bias:
        found[f"input_forgotten {edge.layer}"] = 1, Mistakes(nothing_came_in=True)
        if edge.layer > 1:
            found[f"z_came_in {edge.layer}"] = 1, Mistakes(z_came_in=True)
    found["bias_left_out 1"] = 1, Mistakes(no_bias={1})
    return found


def merged(first: Mistakes, second: Mistakes) -> Mistakes:
    return Mistakes(
        no_slope=first.no_slope | second.no_slope,
        slope_at_a=first.slope_at_a | second.slope_at_a,
        other_back=first.other_back | second.other_back,
        only_path=first.only_path or second.only_path,
        without_path=first.without_path or second.without_path,
        z_came_in=first.z_came_in or second.z_came_in,
        nothing_came_in=first.nothing_came_in or second.nothing_came_in,
        no_bias=first.no_bias | second.no_bias,
        slope_twice=first.slope_twice or second.slope_twice,
    )


def typed_apart(frame: Frame, edge: Edge, value: float) -> bool:
    """Whether a wrong number can be told from the right one at all."""
    truth = gradient(by_hand(frame), edge.layer, edge.to, edge.source)
    return math.isfinite(value) and abs(value) > 1e-9 and abs(abs(value) - abs(truth)) > 1e-5 * abs(truth)


def address_in_walk(frame: Frame, verdict: Verdict) -> bool:
    return Walk.of(frame).find("edge", verdict.address) >= 0


@quick
@given(st.data())
def test_a_planted_slip_is_named(session: Make, data: st.DataObject) -> None:
    frame = any_frame(data, session, 2)
    edge = any_edge(data, frame)
    possible = plants(frame, edge)
    name = data.draw(st.sampled_from(sorted(possible)))
    mistakes = possible[name][1]
    value = gradient(by_hand(frame, 0, mistakes), edge.layer, edge.to, edge.source, mistakes)
    assume(typed_apart(frame, edge, value))
    verdict = judge(frame, Row(0), edge, "gradient", f"{value:.11e}")
    assert verdict.kind == "slip", (name, verdict.text.text)
    slip, layer = name.split()
    outcomes = {explanation.value for explanation in verdict.explanations}
    assert all(math.isclose(outcome, value, rel_tol=1e-9) for outcome in outcomes)
    assert (slip,) in named(verdict) or all(len(ids) == 1 for ids in named(verdict)), (name, named(verdict))
    if named(verdict)[0] == (slip,) and slip in ("slope_forgotten", "slope_at_a") and int(layer) == edge.layer:
        assert verdict.lit == (Unit(edge.layer, edge.to),)
    assert address_in_walk(frame, verdict)


@settings(quick, max_examples=15)
@given(st.data())
def test_two_planted_slips_are_named_or_something_simpler_is(session: Make, data: st.DataObject) -> None:
    frame = any_frame(data, session, 2)
    edge = any_edge(data, frame, biases=False)
    possible = plants(frame, edge)
    both = data.draw(st.sampled_from(list(combinations(sorted(possible), 2))))
    kinds = {name.split()[0] for name in both}
    layers = {name.split()[1] for name in both}
    # Two at one place are one: the slope is forgotten or taken at a, the weights are transposed or updated.
    assume(len(layers) == 2 or kinds not in ({"slope_forgotten", "slope_at_a"}, {"transposed", "updated_weights"}))
    assume(not kinds <= {"one_path", "path_left_out"})
    assume(kinds != {"input_forgotten", "z_came_in"})
    assume("slope_twice" not in kinds or not kinds & {"slope_forgotten", "slope_at_a"})
    mistakes = merged(possible[both[0]][1], possible[both[1]][1])
    value = gradient(by_hand(frame, 0, mistakes), edge.layer, edge.to, edge.source, mistakes)
    assume(typed_apart(frame, edge, value))
    verdict = judge(frame, Row(0), edge, "gradient", f"{value:.12e}")
    assert verdict.kind in ("slip", "sign"), (both, verdict.text.text)
    assert math.isclose(verdict.explanations[0].value, value, rel_tol=1e-9)
    assert len(verdict.explanations[0].ids) <= 2
    assert address_in_walk(frame, verdict)


@quick
@given(st.data(), st.sampled_from(["gradient", "new", "delta", "z", "a", "loss", "slope", "error"]))
def test_every_slip_of_the_table_can_be_said(session: Make, data: st.DataObject, quantity: str) -> None:
    """Whatever the search finds has words without holes, elements of the network and a beat of the walk."""
    frame = any_frame(data, session)
    edge = any_edge(data, frame)
    target = (
        edge if quantity in ("gradient", "new") else LossNode() if quantity == "loss" else Unit(edge.layer, edge.to)
    )
    if quantity == "slope" and frame.experiment.network.layers[edge.layer - 1].activation == "softmax":
        return
    case = Case(frame, Row(0), Asked(target, quantity))  # type: ignore[arg-type]
    names, walk = letters("nielsen", frame.experiment.network), Walk.of(frame)
    with np.errstate(all="ignore"):
        for done in (*case.singles(), *list(case.doubles())[:40]):
            if any(one.slip.pick is not None for one in done):
                continue
            said = explanation(case, Suspect(done, case.views[0], 1.0), names, 9)
            for finding in said.findings:
                assert "{" not in finding.words.text + finding.remedy.text
                assert finding.lit
                assert walk.find("edge", finding.address) >= 0
    assert walk.find("edge", beat_of(case.asked, names)) >= 0


def test_a_large_network_is_judged(session: Make) -> None:
    frame = session((64, 30, 30, 30, 10), ("sigmoid",) * 4, rows=64, batch_size=32).frame()
    mistakes = Mistakes(slope_at_a={2, 4})
    value = gradient(by_hand(frame, 5, mistakes), 1, 3, 4)
    verdict = judge(frame, Row(5), Edge(1, 3, 4), "gradient", f"{value:.12e}")
    assert named(verdict)[0] == ("slope_at_a", "slope_at_a")
    assert agreeing(verdict.explanations[0].value, value) > 9


def test_what_is_done_in_every_layer_is_one_slip_however_deep(session: Make) -> None:
    sizes = (4, *(5,) * 8, 2)
    frame = session(sizes, ("tanh",) * 9, batch_size=1).frame()
    mistakes = Mistakes(no_slope=set(range(1, 10)))
    value = gradient(by_hand(frame, 0, mistakes), 1, 3, 2, mistakes)
    verdict = judge(frame, Row(0), Edge(1, 3, 2), "gradient", f"{value:.9e}")
    assert named(verdict)[0] == ("slope_forgotten",)
    assert len(verdict.lit) == 9


def test_what_fits_the_batch_says_that_it_is_the_batchs(session: Make) -> None:
    frame = session().frame()
    edge = Edge(2, 1, 0)
    verdict = judge(frame, Row(0), edge, "gradient", f"{4 * frame.trace.layers[1].dW[1, 0]:.10g}")
    assert named(verdict)[0] == ("sum_over_rows",)
    assert verdict.text.text.endswith("Compared with the mean of 4 rows.")


def test_float32_is_judged_by_what_float32_can_say(session: Make) -> None:
    frame = session(dtype="float32").frame()
    value = gradient(by_hand(frame), 1, 1, 1)
    for digits in range(2, 17):
        assert judge(frame, Row(0), Edge(1, 1, 1), "gradient", f"{value:.{digits}e}").is_right

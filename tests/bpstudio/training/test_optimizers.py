"""Every rule against the same rule written a second time, as loops over single numbers."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.engine.trace import params_layout
from bpstudio.training.clipping import ClipByNorm, ClipByValue, Clipping
from bpstudio.training.experiment import Experiment
from bpstudio.training.optimizers import (
    OPTIMIZERS,
    SGD,
    Adadelta,
    AdaGrad,
    Adam,
    AdaMax,
    AdamW,
    Momentum,
    NAdam,
    Nesterov,
    Optimizer,
    RMSProp,
    Rprop,
)
from bpstudio.training.schedules import Exponential
from bpstudio.training.session import Session


def sgd(rule: SGD) -> Callable[[float, float], float]:
    return lambda g, rate: -rate * g


def momentum(rule: Momentum) -> Callable[[float, float], float]:
    v = 0.0

    def update(g: float, rate: float) -> float:
        nonlocal v
        if rule.velocity == "inside":
            v = rule.momentum * v + rate * g
            return -v
        v = rule.momentum * v + g
        return -rate * v

    return update


def nesterov(rule: Nesterov) -> Callable[[float, float], float]:
    v = 0.0

    def update(g: float, rate: float) -> float:
        nonlocal v
        old = v
        if rule.velocity == "inside":
            v = rule.momentum * v + rate * g
            return -((1 + rule.momentum) * v - rule.momentum * old)
        v = rule.momentum * v + g
        return -rate * (g + rule.momentum * v)

    return update


def adagrad(rule: AdaGrad) -> Callable[[float, float], float]:
    s = rule.initial_accumulator

    def update(g: float, rate: float) -> float:
        nonlocal s
        s += g**2
        inside = rule.epsilon_form == "inside"
        return -rate * g / (math.sqrt(s + rule.epsilon) if inside else math.sqrt(s) + rule.epsilon)

    return update


def rmsprop(rule: RMSProp) -> Callable[[float, float], float]:
    s = m = b = 0.0

    def update(g: float, rate: float) -> float:
        nonlocal s, m, b
        s = rule.rho * s + (1 - rule.rho) * g**2
        m = rule.rho * m + (1 - rule.rho) * g
        size = max(s - m**2, 0.0) if rule.centred else s
        below = math.sqrt(size + rule.epsilon) if rule.epsilon_form == "inside" else math.sqrt(size) + rule.epsilon
        b = rule.momentum * b + g / below
        return -rate * b

    return update


def adadelta(rule: Adadelta) -> Callable[[float, float], float]:
    s = u = 0.0

    def update(g: float, rate: float) -> float:
        nonlocal s, u
        s = rule.rho * s + (1 - rule.rho) * g**2
        d = math.sqrt(u + rule.epsilon) / math.sqrt(s + rule.epsilon) * g
        u = rule.rho * u + (1 - rule.rho) * d**2
        return -rate * d

    return update


def adam(rule: Adam) -> Callable[[float, float], float]:
    m = v = greatest = 0.0
    t = 0

    def update(g: float, rate: float) -> float:
        nonlocal m, v, greatest, t
        t += 1
        m = rule.beta1 * m + (1 - rule.beta1) * g
        v = rule.beta2 * v + (1 - rule.beta2) * g**2
        greatest = max(greatest, v)
        size = greatest if rule.amsgrad else v
        if rule.epsilon_form == "hat":
            rate_hat = rate * math.sqrt(1 - rule.beta2**t) / (1 - rule.beta1**t)
            return -rate_hat * m / (math.sqrt(size) + rule.epsilon)
        return -rate * (m / (1 - rule.beta1**t)) / (math.sqrt(size / (1 - rule.beta2**t)) + rule.epsilon)

    return update


def adamax(rule: AdaMax) -> Callable[[float, float], float]:
    m = u = 0.0
    t = 0

    def update(g: float, rate: float) -> float:
        nonlocal m, u, t
        t += 1
        m = rule.beta1 * m + (1 - rule.beta1) * g
        u = max(rule.beta2 * u, abs(g) + rule.epsilon)
        return -rate / (1 - rule.beta1**t) * m / u

    return update


def nadam(rule: NAdam) -> Callable[[float, float], float]:
    m = v = 0.0
    product = 1.0
    t = 0

    def update(g: float, rate: float) -> float:
        nonlocal m, v, product, t
        t += 1
        mu = rule.beta1 * (1 - 0.5 * 0.96 ** (t * rule.momentum_decay))
        mu_next = rule.beta1 * (1 - 0.5 * 0.96 ** ((t + 1) * rule.momentum_decay))
        product *= mu
        m = rule.beta1 * m + (1 - rule.beta1) * g
        v = rule.beta2 * v + (1 - rule.beta2) * g**2
        below = math.sqrt(v / (1 - rule.beta2**t)) + rule.epsilon
        return -rate * (1 - mu) / (1 - product) * g / below - rate * mu_next / (1 - product * mu_next) * m / below

    return update


def rprop(rule: Rprop, bias: bool = False) -> Callable[[float, float], float]:
    before = 0.0
    step = rule.rate * (rule.bias_rate if bias else 1.0)

    def update(g: float, rate: float) -> float:
        nonlocal before, step
        if g * before > 0:
            step *= rule.eta_plus
        elif g * before < 0:
            step *= rule.eta_minus
            g = 0.0
        step = min(max(step, rule.step_min), rule.step_max)
        before = g
        return 0.0 if g == 0 else -math.copysign(step, g)

    return update


ORACLES = {
    "sgd": sgd,
    "momentum": momentum,
    "nesterov": nesterov,
    "adagrad": adagrad,
    "rmsprop": rmsprop,
    "adadelta": adadelta,
    "adam": adam,
    "adamw": adam,
    "adamax": adamax,
    "nadam": nadam,
    "rprop": rprop,
}

RULES = [
    SGD(0.3),
    Momentum(0.1, 0.9),
    Momentum(0.1, 0.8, velocity="inside"),
    Nesterov(0.1, 0.9),
    Nesterov(0.1, 0.8, velocity="inside"),
    AdaGrad(0.1),
    AdaGrad(0.1, 1e-3, "inside", 0.1),
    RMSProp(0.01),
    RMSProp(0.01, 0.95, 1e-3, "inside"),
    RMSProp(0.01, 0.9, 1e-6, centred=True),
    RMSProp(0.01, 0.9, 1e-4, "inside", centred=True, momentum=0.5),
    RMSProp(0.01, momentum=0.7),
    Adadelta(1.0, 0.95, 1e-4),
    Adam(0.02),
    Adam(0.02, 0.8, 0.99, 1e-4, "hat"),
    Adam(0.02, 0.9, 0.9, amsgrad=True),
    Adam(0.02, 0.9, 0.9, 1e-3, "hat", amsgrad=True),
    AdamW(0.02, weight_decay=0.1),
    AdaMax(0.02),
    NAdam(0.02),
    NAdam(0.02, momentum_decay=0.5),
    Rprop(0.01),
]


def named(rule: Optimizer) -> str:
    return repr(rule).replace("(rate=", "(")


def data() -> Dataset:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(9, 3))
    return Dataset.from_arrays(x, np.tanh(x[:, :2] * x[:, 1:]), task="regression")


def experiment(rule: Optimizer, **changes: object) -> Experiment:
    layers = (Dense(3, "tanh"), Dense(2, "tanh", train_weights=False), Dense(2, "identity", train_bias=False))
    return Experiment(Network(3, layers), optimizer=rule, batch_size=4).replace(**changes)


def check_against_loops(made: Experiment, steps: int = 12) -> None:
    """Each update of a run is what the loops make of the run's own gradients and parameters."""
    rule, clipping = made.optimizer, made.clipping
    session = Session(made, data())
    layout = params_layout(made.network)
    biases = [number >= layout.weights for number in range(layout.trainable)]
    rules = [
        rprop(rule, bias) if isinstance(rule, Rprop) else ORACLES[rule.name](rule)  # type: ignore[operator]
        for bias in biases
    ]
    for step in range(steps):
        frame = session.frame()
        gradient = frame.trace.gradient.flat[: layout.trainable].tolist()
        params = frame.params.flat[: layout.trainable].tolist()
        factor = 1.0
        if isinstance(clipping, ClipByNorm):
            norm = math.sqrt(sum(g * g for g in gradient))
            factor = min(1.0, clipping.max_norm / (norm + clipping.epsilon))
        rate = made.schedule.rate(rule.rate, step)
        wanted = []
        for g, p, bias, oracle in zip(gradient, params, biases, rules, strict=True):
            g *= factor
            if isinstance(clipping, ClipByValue):
                g = min(max(g, -clipping.limit), clipping.limit)
            decay = rule.weight_decay if rule.decay_biases or not bias else 0.0
            own = rate * rule.bias_rate if bias else rate
            if isinstance(rule, AdamW):
                wanted.append(oracle(g, own) - own * decay * p)
            else:
                wanted.append(oracle(g + decay * p, own))
        assert frame.rate == rate
        assert frame.t == step + 1
        np.testing.assert_allclose(frame.trace.update.flat[: layout.trainable], wanted, rtol=1e-11, atol=1e-15)
        assert not frame.trace.update.flat[layout.trainable :].any()
        session.step()
        moved = session.params.flat[: layout.trainable]
        np.testing.assert_array_equal(
            moved, frame.params.flat[: layout.trainable] + frame.trace.update.flat[: layout.trainable]
        )


@pytest.mark.parametrize("rule", RULES, ids=named)
def test_a_rule_is_the_loop(rule: Optimizer) -> None:
    check_against_loops(experiment(rule))


OPTIONS = {
    "decay": {"weight_decay": 0.05},
    "decay of weights": {"weight_decay": 0.05, "decay_biases": False},
    "biases faster": {"bias_rate": 2.0},
    "biases at rest": {"bias_rate": 0.0},
    "all": {"weight_decay": 0.02, "decay_biases": False, "bias_rate": 0.5},
}


@pytest.mark.parametrize("clipping", [None, ClipByValue(0.02), ClipByNorm(0.1), ClipByNorm(0.1, 0.0)], ids=repr)
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
@pytest.mark.parametrize("kind", OPTIMIZERS.values(), ids=OPTIMIZERS.keys())
def test_what_can_be_added_to_any_rule(
    kind: type[Optimizer], options: dict[str, float], clipping: Clipping | None
) -> None:
    rule = kind(0.03, **options)
    schedule = {} if kind is Rprop else {"schedule": Exponential(0.9)}
    check_against_loops(experiment(rule, clipping=clipping, **schedule), steps=10)


@pytest.mark.parametrize("kind", OPTIMIZERS.values(), ids=OPTIMIZERS.keys())
def test_sequential_order_moves_each_layer_by_its_own_gradient(kind: type[Optimizer]) -> None:
    rule = kind(0.03, weight_decay=0.01, bias_rate=2.0)
    check_against_loops(experiment(rule, update_order="sequential", clipping=ClipByValue(0.1)), steps=10)


@pytest.mark.parametrize("rule", RULES, ids=named)
def test_float32_stays_float32(rule: Optimizer) -> None:
    made = experiment(rule, dtype="float32", clipping=ClipByNorm(0.5))
    session = Session(made, data())
    session.run(5)
    frame = session.frame()
    arrays = [
        frame.params.flat,
        frame.trace.arena,
        *(s.flat for s in (*frame.state.values(), *frame.state_next.values())),
    ]
    assert {array.dtype for array in arrays} == {np.dtype("float32")}
    assert np.isfinite(frame.params.flat).all()


def test_the_first_step_of_adam_is_the_rate() -> None:
    # m/(1 − β₁) = g and v/(1 − β₂) = g², so the update is −η g/(|g| + ε): multiplied by the correction instead it
    # would be a hundred times smaller.
    session = Session(experiment(Adam(0.01, epsilon=0.0)), data())
    update = session.trace.update.flat[: params_layout(session.experiment.network).trainable]
    np.testing.assert_allclose(np.abs(update), 0.01, rtol=1e-12)


def test_clipping_by_norm_counts_what_is_trained_and_nothing_else() -> None:
    session = Session(experiment(SGD(1.0), clipping=ClipByNorm(0.01, 0.0)), data())
    trainable = params_layout(session.experiment.network).trainable
    assert np.linalg.norm(session.trace.update.flat) == pytest.approx(0.01, rel=1e-12)
    assert np.linalg.norm(session.trace.gradient.flat[trainable:]) > 0.01


def test_a_gradient_of_zero_is_not_divided() -> None:
    rows = Dataset.from_arrays([[0.0, 0.0, 0.0]], [[0.0, 0.0]], task="regression")
    made = Experiment(Network(3, (Dense(2, "identity"),)), optimizer=SGD(1.0), clipping=ClipByNorm(1.0, 0.0))
    session = Session(made, rows)
    assert not session.trace.update.flat.any()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Adam(0.1, beta1=1.0), "optimizer.beta1: expected a number from 0 to below 1, got 1.0"),
        (lambda: Adam(0.1, beta2=1), "optimizer.beta2: expected a number from 0 to below 1, got 1"),
        (lambda: Adam(0.1, epsilon=-1e-8), "optimizer.epsilon: expected a finite number of at least 0"),
        (lambda: Adam(0.1, epsilon_form="inside"), "optimizer.epsilon_form: expected one of outside, hat"),
        (lambda: AdaGrad(0.1, epsilon_form="hat"), "optimizer.epsilon_form: expected one of outside, inside"),
        (lambda: RMSProp(0.1, rho=1.0), "optimizer.rho: expected a number from 0 to below 1"),
        (lambda: Momentum(0.1, velocity="middle"), "optimizer.velocity: expected one of outside, inside"),
        (lambda: SGD(0.0), "optimizer.rate: expected a finite number above 0, got 0.0"),
        (lambda: SGD(math.nan), "optimizer.rate: expected a finite number above 0, got nan"),
        (lambda: SGD(True), "optimizer.rate: expected a finite number above 0, got True"),
        (lambda: SGD(0.1, weight_decay=-1.0), "optimizer.weight_decay: expected a finite number of at least 0"),
        (lambda: SGD(0.1, bias_rate=math.inf), "optimizer.bias_rate: expected a finite number of at least 0"),
        (lambda: Rprop(0.1, eta_minus=1.5), "optimizer.eta_minus: expected a number from 0 to below 1"),
        (lambda: Rprop(0.1, eta_plus=1.0), "optimizer.eta_plus: expected a finite number above 1"),
        (lambda: Rprop(0.1, step_min=1.0, step_max=0.5), "optimizer.step_max: expected a finite number of at least 1"),
        (lambda: ClipByValue(0.0), "clipping.limit: expected a finite number above 0"),
        (lambda: ClipByNorm(1.0, -1.0), "clipping.epsilon: expected a finite number of at least 0"),
    ],
)
def test_numbers_out_of_range_are_named(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message.replace(".", r"\.")):
        make()


def test_what_cannot_be_combined_is_refused() -> None:
    with pytest.raises(ValueError, match="clipping: sequential update"):
        experiment(SGD(0.1), update_order="sequential", clipping=ClipByNorm())
    with pytest.raises(ValueError, match="schedule: Rprop"):
        experiment(Rprop(0.1), schedule=Exponential())


@pytest.mark.parametrize("kind", OPTIMIZERS.values(), ids=OPTIMIZERS.keys())
def test_a_description_of_any_rule_reads_back_equal(kind: type[Optimizer]) -> None:
    made = experiment(kind(0.1, weight_decay=0.5, decay_biases=False), clipping=ClipByNorm(2.0))
    assert Experiment.from_dict(made.to_dict()) == made
    assert Experiment.from_dict(made.to_dict(complete=True)) == made
    plain = experiment(kind(0.1))
    assert not plain.to_dict()["optimizer"].keys() & {"weight_decay", "decay_biases", "bias_rate"}
    assert Experiment.from_dict(plain.to_dict()) == plain


def test_what_a_rule_keeps_counts_in_the_memory_that_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = experiment(SGD(0.1))
    need = plain.network.memory_bytes(4)
    monkeypatch.setattr("bpstudio.training.carry.memory_limit", lambda: need)
    Session(plain, data())
    Session(experiment(Momentum(0.1)), data())
    with pytest.raises(ValueError, match="batch_size: 4 rows of this network need about"):
        Session(experiment(Adam(0.1)), data())

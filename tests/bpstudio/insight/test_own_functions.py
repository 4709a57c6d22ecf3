"""Functions of single units, softmax below the output, steps and typed formulas: walked, explained and measured."""

import numpy as np
import pytest

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.insight.altered import Pass
from bpstudio.insight.derivation import derive
from bpstudio.insight.diagnostics import dead_units
from bpstudio.insight.elements import Row, Unit, WholeBatch
from bpstudio.insight.example import Numbers
from bpstudio.insight.gradcheck import check
from bpstudio.insight.health import examine
from bpstudio.insight.lines import line
from bpstudio.insight.notation import NOTATIONS, number
from bpstudio.insight.unit_curve import unit_curve
from bpstudio.insight.walk import GRAINS, Walk
from bpstudio.maths.activations import ACTIVATIONS, activation
from bpstudio.training.experiment import Experiment
from bpstudio.training.frame import Frame
from bpstudio.training.optimizers import SGD
from bpstudio.training.session import Session

FOUR = "per_unit(gelu, formula(z / (1 + abs(z))), step, elu(alpha=0.7))"


def session(*layers: Dense, rows: int = 5, seed: int = 1, **changes: object) -> Session:
    rng = np.random.default_rng(3)
    outputs = layers[-1].units
    data = Dataset.from_arrays(rng.normal(size=(rows, 3)), rng.uniform(-0.8, 0.8, (rows, outputs)))
    experiment = Experiment(Network(3, layers), optimizer=SGD(0.1), seed=seed)
    return Session(experiment.replace(batch_size=rows, **changes), data)


@pytest.fixture
def mixed() -> Frame:
    run = session(Dense(4, FOUR), Dense(3, "softmax"), Dense(2, "scaled_tanh"))
    run.run(3)
    return run.frame()


@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize("grain", GRAINS)
def test_every_beat_has_its_address_and_its_sentence(mixed: Frame, grain: str, notation: str) -> None:
    walk = Walk.of(mixed)
    for index in range(walk.count(grain) + 1):  # type: ignore[arg-type]
        beat = walk.beat(grain, index)  # type: ignore[arg-type]
        assert walk.find(grain, beat.address) == index  # type: ignore[arg-type]
        for example in (Row(2), WholeBatch()):
            said = str(line(mixed, example, beat, notation))
            assert said
            assert "nan" not in said.lower()


def test_a_hidden_softmax_has_all_its_z_before_its_first_share(mixed: Frame) -> None:
    walk = Walk.of(mixed)
    last_z = walk.find("edge", "forward/h2_3/z")
    assert [walk.find("edge", f"forward/h2_{k}/a") for k in (1, 2, 3)] == [last_z + 1, last_z + 2, last_z + 3]
    assert walk.beat("neuron", walk.find("neuron", "forward/layer2/softmax")).kind == "softmax"


@pytest.mark.parametrize("sign", [1, -1])
def test_the_error_through_a_hidden_softmax_is_the_sum_over_its_jacobian(mixed: Frame, sign: int) -> None:
    notation = NOTATIONS["nielsen"].having(delta_sign=sign)
    for unit in (Unit(2, 0), Unit(2, 2)):
        found = derive(mixed, Row(1), unit, notation)
        assert len(found.terms) == 3
        assert found.terms_sign * sum(term.product for term in found.terms) == pytest.approx(found.result, rel=1e-12)
        assert found.result == pytest.approx(sign * Numbers(mixed, Row(1)).delta(2)[unit.index], rel=1e-12)
        beat = Walk.of(mixed).beat("edge", Walk.of(mixed).find("edge", f"backward/h2_{unit.index + 1}/delta"))
        more = line(mixed, Row(1), beat, notation).more
        assert any("Σₖ" in str(each) for each in more)


def test_a_number_worked_out_again_goes_through_the_same_jacobian(mixed: Frame) -> None:
    numbers = Numbers(mixed, Row(0))
    again = Pass(numbers).altered({("z", 1): lambda p, layer, usual: usual})
    for layer in (3, 2, 1):
        assert np.allclose(again.delta(layer), numbers.layer(layer).delta / numbers.share, rtol=1e-12, atol=1e-15)


def test_the_factors_of_each_unit_are_those_of_its_own_function(mixed: Frame) -> None:
    names, formulas = [], []
    for index in range(4):
        slope = derive(mixed, Row(0), Unit(1, index), "nielsen").factors[1]
        names.append(slope.words.values["function"])
        formulas.append(slope.formula.text)
        rule = activation(FOUR).of(index)
        z = Numbers(mixed, Row(0)).z(1)[index : index + 1]
        assert slope.value == pytest.approx(float(rule.df(z, rule.f(z))[0]), rel=1e-12)
    assert names == ["GELU", "f", "step", "ELU"]
    assert formulas == [
        "Φ(z) + z · φ(z)",
        "(1 + abs(z) − z · sign(z)) / (1 + abs(z))^2",
        "0",
        "1 if z > 0, else 0.7 · e^z",
    ]


def test_numbers_stand_under_the_formula_and_a_step_says_why_nothing_comes_through(mixed: Frame) -> None:
    forward = derive(mixed, Row(0), Unit(1, 0), "nielsen", quantity="activation")
    z, a = Numbers(mixed, Row(0)).z(1)[0], Numbers(mixed, Row(0)).a(1)[0]
    letters, formula, numbers, result = str(forward.notes[0]).split(" = ")
    assert (letters, formula) == ("GELU(z)", "z · Φ(z)")
    assert numbers == f"{number(z)} · Φ({number(z)})"
    assert result == number(a)
    (note,) = derive(mixed, Row(0), Unit(1, 2), "nielsen").notes
    assert "no error comes through" in str(note)
    assert derive(mixed, Row(0), Unit(1, 2), "nielsen").result == 0


def test_flat_and_off_are_told_of_each_unit(mixed: Frame) -> None:
    run = session(Dense(4, "per_unit(sigmoid, relu, identity, hard_tanh)"), Dense(2, "identity"))
    for example in (Row(0), WholeBatch()):
        numbers = Numbers(run.frame(), example)
        saturation, off = numbers.saturation(1), numbers.off(1)
        assert saturation is not None
        assert off is not None
        assert np.isnan(saturation).tolist() == [False, True, True, False]
        assert off[[0, 2, 3]].tolist() == [0, 0, 0]
    found = dead_units(run.frame())[0]
    assert found is not None
    assert not found[[0, 2, 3]].any()
    assert Numbers(mixed, Row(0)).saturation(2) is None


@pytest.mark.parametrize(
    "name", [*(name for name in ACTIVATIONS if name != "step"), "formula(z * abs(z))", "leaky_relu(slope=3)"]
)
def test_central_differences_agree_in_a_network_of_any_function(name: str) -> None:
    frame = session(Dense(3, name), Dense(2, "tanh")).frame()
    found = check(frame)
    assert set(found.verdicts) <= {"agrees", "kink"}
    assert found.verdicts.count("agrees") > 0.8 * found.count


@pytest.mark.parametrize("name", [*ACTIVATIONS, "formula(sin(z))", "per_unit(relu, step)"])
def test_every_function_has_its_curve(name: str) -> None:
    frame = session(Dense(2, name), Dense(2, "identity")).frame()
    curve = unit_curve(frame, Unit(1, 1), Row(0))
    assert curve is not None
    assert np.isfinite(curve.a).all()
    assert np.isfinite(curve.slope).all()
    rule = activation(name).of(1)
    if rule.elementwise:
        assert curve.function is rule
        for kink in rule.kinks:
            # Both sides of a corner are on the curve.
            assert kink in curve.z
            assert np.nextafter(kink, np.inf) in curve.z
    if not rule.has_gradient:
        assert [(zone.low, zone.high) for zone in curve.zones] == [curve.range]
        assert curve.flat_rows == 5


@pytest.mark.parametrize(("functions", "layer"), [(("sigmoid", "step", "tanh"), 2), (("step", "relu", "step"), 3)])
def test_a_step_is_named_at_once_as_the_reason_why_nothing_is_learned(functions: tuple[str, ...], layer: int) -> None:
    run = session(*(Dense(units, name) for units, name in zip((3, 3, 2), functions, strict=True)))
    found = examine(run.frame())
    assert found is not None
    assert (found.kind, found.about) == ("blocked", Unit(layer, 0))
    assert str(found.words) == (
        f"No error comes through layer {layer}, so it and all below it learn nothing: "
        "step has slope 0 wherever it has one"
    )
    frame = run.frame()
    assert not any(frame.trace.layers[below].dW.any() for below in range(layer))
    new, data, start = found.remedies[0].begin(frame)
    assert new.network.layers[layer - 1].activation == "sigmoid"
    assert Session(new, data, start).frame().trace.layers[layer - 1].dW.any()


def test_a_frozen_layer_of_steps_keeps_nothing_from_learning() -> None:
    run = session(Dense(3, "step", train_weights=False, train_bias=False), Dense(2, "tanh"))
    found = examine(run.frame())
    assert found is None or found.kind != "blocked"

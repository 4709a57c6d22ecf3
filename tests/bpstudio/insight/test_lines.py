import ast
import json
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from bpstudio.files.asset import folder
from bpstudio.insight import lines
from bpstudio.insight.derivation import derive
from bpstudio.insight.elements import Edge, Example, LossNode, Probe, Row, Unit, WholeBatch
from bpstudio.insight.formulas import DIRECT, ELEMENT, ERROR, slope, slope_at, value, written
from bpstudio.insight.lines import headline, line
from bpstudio.insight.notation import number
from bpstudio.insight.phrase import Phrase
from bpstudio.insight.walk import GRAINS, Walk
from bpstudio.maths.activations import ACTIVATIONS, activation
from bpstudio.maths.losses import LOSSES
from bpstudio.training.frame import Frame
from bpstudio.training.optimizers import Momentum
from bpstudio.training.session import Session

# ---- reading a written formula


def value_of(text: str) -> float:
    """The value of a written formula such as "½(0.01 − 0.75)²" or "−0.2 ln(1 − 0.3)", read by descent."""
    named = {
        "sign": lambda z: math.copysign(1.0, z) if z else 0.0,
        "ln": math.log, "tanh": math.tanh, "abs": abs, "√": math.sqrt, "e^": math.exp,
        "σ": lambda z: 1 / (1 + math.exp(-z)),
        "Φ": lambda z: 0.5 * math.erfc(-z / math.sqrt(2)),
        "φ": lambda z: math.exp(-z * z / 2) / math.sqrt(2 * math.pi),
    }  # fmt: skip
    tokens = re.findall(r"\d+(?:\.\d+)?(?:e-?\d+)?|ln|tanh|abs|sign|e\^|[-−+·/()²³½√σΦφπ^]", text)
    place = 0

    def peek() -> str:
        return tokens[place] if place < len(tokens) else ""

    def take() -> str:
        nonlocal place
        place += 1
        return tokens[place - 1]

    def summands() -> float:
        total = factors()
        while peek() in ("+", "−"):
            total = total + factors() if take() == "+" else total - factors()
        return total

    def factors() -> float:
        product = power()
        while peek() and peek() not in ("+", "−", ")"):
            if peek() == "/":
                take()
                product /= power()
            else:
                if peek() == "·":
                    take()
                product *= power()
        return product

    def power() -> float:
        base = atom()
        if peek() in ("²", "³"):
            base = base**2 if take() == "²" else base**3
        if peek() == "^":
            take()
            base **= atom()
        return base

    def atom() -> float:
        token = take()
        if token == "−":
            return -power()
        if token == "½":
            return 0.5 if peek() in ("", "·", ")") else 0.5 * power()
        if token == "π":
            return math.pi
        if token in named:
            is_squared = peek() == "²" and bool(take())
            return named[token](power()) ** (2 if is_squared else 1)
        if token == "(":
            inner = summands()
            assert take() == ")"
            return inner
        return float(token)

    result = summands()
    assert place == len(tokens), text
    return result


@pytest.mark.parametrize("loss", sorted(ERROR))
@pytest.mark.parametrize(("a", "y"), [(0.25, 0.75), (0.625, 0.125), (0.5, 1.0)])
def test_the_written_loss_is_the_computed_one(loss: str, a: float, y: float) -> None:
    """Also divided by the number of outputs, for a mean over all."""
    texts = {"a": number(a, 17), "y": number(y, 17)}
    outs, targets = np.array([[a]]), np.array([[y]])
    assert value_of(written(ERROR[loss], **texts)) == pytest.approx(LOSSES[loss].da(outs, targets)[0, 0], rel=1e-12)
    element = LOSSES[loss].elements("identity", outs, outs, targets)[0, 0]
    assert value_of(written(ELEMENT[loss], **texts)) == pytest.approx(element, rel=1e-12)
    assert value_of(written(ELEMENT[loss], **texts, outputs=4)) == pytest.approx(element / 4, rel=1e-12)


@pytest.mark.parametrize("loss", ["half_squared_error", "squared_error"])
def test_negative_outputs_and_targets_keep_their_signs(loss: str) -> None:
    texts = {"a": number(-0.25), "y": number(-0.75)}
    outs, targets = np.array([[-0.25]]), np.array([[-0.75]])
    assert value_of(written(ERROR[loss], **texts)) == LOSSES[loss].da(outs, targets)[0, 0]
    assert value_of(written(DIRECT, **texts)) == 0.5
    assert value_of(written(ELEMENT[loss], **texts)) == LOSSES[loss].elements("identity", outs, outs, targets)[0, 0]


FUNCTIONS = [name for name, rule in ACTIVATIONS.items() if rule.elementwise] + [
    "leaky_relu(slope=-0.5)",
    "elu(alpha=0.7)",
    "softplus(beta=2)",
    "scaled_tanh(amplitude=1.2, steepness=0.8)",
    "hard_sigmoid(slope=0.2)",
    "formula(z / (1 + abs(z)))",
]


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("z", [-4.5, -3.0, -1.0, -0.5, 0.0, 0.75, 1.0, 3.5])
def test_the_written_function_is_the_computed_one(name: str, z: float) -> None:
    function = activation(name)
    a = function.f(np.array([z]))
    slopes = slope_at(function, z, a=number(float(a[0]), 17), z=number(z))
    if slopes:
        assert value_of(slopes) == pytest.approx(function.df(np.array([z]), a)[0], rel=1e-9, abs=1e-15)
        assert slopes in slope(function, a=number(float(a[0]), 17), z=number(z)).text
    values = value(function, z, number(z))
    if values:
        assert value_of(values) == pytest.approx(a[0], rel=1e-9, abs=1e-15)


# ---- the sentences of all kinds of steps


def frames(session: Callable[..., Session], mazur: Callable[..., Session]) -> Iterator[Frame]:
    yield mazur().frame()
    yield mazur(update_order="sequential").frame()
    yield session(activations=("relu", "softmax"), loss="categorical_ce", reduction="sum").frame()
    yield session(activations=("relu", "softmax"), loss="squared_error", reduction="mean_all").frame()
    yield session(sizes=(9, 8, 8, 8), activations=("tanh", "identity", "sigmoid"), loss="bce", batch_size=8).frame()
    run = session(optimizer=Momentum(0.1), batch_size=0)
    run.run(2)
    yield run.frame()


EXAMPLES: tuple[Example, ...] = (Row(0), WholeBatch(), Probe(0))


def everything(session: Callable[..., Session], mazur: Callable[..., Session]) -> Iterator[tuple[Frame, str, Phrase]]:
    """(frame, kind, phrase) of every sentence and headline of these steps."""
    for frame in frames(session, mazur):
        walk = Walk.of(frame)
        for grain in GRAINS:
            for index in range(walk.count(grain) + 1):
                beat = walk.beat(grain, index)
                yield frame, beat.kind, headline(frame, beat)
                for example in EXAMPLES:
                    found = line(frame, example, beat, "nielsen" if index % 2 else "mazur", 6)
                    for phrase in (found, *found.more):
                        yield frame, beat.kind, phrase


def templates(phrase: Phrase) -> Iterator[str]:
    yield phrase.template
    for inner in phrase.values.values():
        if isinstance(inner, Phrase):
            yield from templates(inner)


def has_words(template: str) -> bool:
    return re.search(r"[a-z]{2}", re.sub(r"\{.*?\}", "", template)) is not None


def catalogue() -> dict[str, str]:
    path = Path(folder()) / "translations" / "zh_CN" / "engine.json"
    entries: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return entries


def test_every_sentence_can_be_said_in_chinese(session: Callable[..., Session], mazur: Callable[..., Session]) -> None:
    """And is complete: no empty word, no field left open, no number that was never formatted."""
    entries = catalogue()
    missing = set()
    for _, kind, phrase in everything(session, mazur):
        text = phrase.text
        assert text.strip(), kind
        assert "{" not in text
        assert not re.search(r"np\.|array|nan|inf\b|None", text), text
        chinese = phrase.rendered(lambda template: entries.get(template, template))
        assert "{" not in chinese
        missing |= {each for each in templates(phrase) if has_words(each) and each not in entries}
    assert not missing


def test_the_catalogue_has_the_same_fields_and_nothing_else() -> None:
    """Every template with words that the package writes, found in its source, is in the catalogue, and no other."""
    fields = re.compile(r"\{(\w+)\}")
    for english, chinese in catalogue().items():
        assert sorted(set(fields.findall(english))) == sorted(set(fields.findall(chinese))), english
        assert re.search(r"[\u4e00-\u9fff]", chinese), english
    source = set()
    for path in Path(lines.__file__).parent.parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                source.add(node.value)
    assert set(catalogue()) <= source


@pytest.mark.parametrize(
    "name",
    [
        "backward_lines",
        "next_values",
        "update_lines",
        "resting",
        "forward_lines",
        "writer",
        "derivation",
        "factors",
        "diagnostics",
        "lines",
        "image_lines",
        "image_derivation",
        "image_backward_lines",
    ],
)
def test_no_phrase_is_missing_from_the_catalogue(name: str) -> None:
    path = Path(lines.__file__).with_name(f"{name}.py")
    missing = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Phrase" and node.args:
            for part in ast.walk(node.args[0]):
                if isinstance(part, ast.Constant) and isinstance(part.value, str) and has_words(part.value):
                    missing.add(part.value)
    entries: set[str] = set()
    for path in (Path(folder()) / "translations" / "zh_CN").glob("*.json"):
        entries |= json.loads(path.read_text(encoding="utf-8")).keys()
    missing = {each for each in missing if each not in ("softmax", "cost")} - entries
    assert not missing


def test_long_sums_and_vectors_are_named_by_their_size(session: Callable[..., Session]) -> None:
    frame = session(sizes=(9, 8, 8), activations=("tanh", "sigmoid")).frame()
    walk = Walk.of(frame)

    def said(address: str, grain: str = "edge") -> str:
        return line(frame, Row(0), walk.beat(grain, walk.find(grain, address)), digits=4).text  # type: ignore[arg-type]

    assert " (9 products) " in said("forward/h1/z")
    assert " (8 arrivals) = " in said("backward/h1/sum")
    assert " (8 outputs) = " in said("loss/row")
    assert said("update/o1", "neuron").count("…") == 3


def test_a_batch_has_two_lines_and_a_probe_gives_nothing(session: Callable[..., Session]) -> None:
    frame = session(rows=32, batch_size=32, activations=("tanh", "softmax"), loss="categorical_ce").frame()
    beat = Walk.of(frame).beat("edge", Walk.of(frame).find("edge", "backward/w16"))
    row = line(frame, Row(16), beat, digits=4)
    assert row.text.startswith("this row gives ∂C/∂w₁₆")
    assert row.more[0].text == f"mean of 32 rows = {number(float(frame.trace.layers[0].dW[3, 3]), 4)}"
    probe = line(frame, Probe(3), beat, digits=4)
    assert probe.text.startswith("this probe would give")
    assert probe.more[0].text.startswith("probe: contributes nothing to this update")
    assert line(frame, WholeBatch(), beat, digits=4).text == f"∂C/∂w₁₆ = {row.more[0].text}"
    summed = session(reduction="sum").frame()
    assert (
        "sum of 4 rows = "
        in line(summed, Row(0), Walk.of(summed).beat("edge", Walk.of(summed).find("edge", "backward/w1"))).more[0].text
    )


def test_relu_off_kink_and_softmax_read_as_the_walk_has_them(session: Callable[..., Session]) -> None:
    run = session(sizes=(2, 2, 1), activations=("relu", "identity"), rows=1, batch_size=1)
    params = run.params
    params.W[0][:] = 0.0
    params.b[0][:] = [0.0, -1.0]
    run.apply(params=params)
    frame = run.frame()
    walk = Walk.of(frame)

    def said(address: str) -> str:
        return line(frame, Row(0), walk.beat("edge", walk.find("edge", address))).text

    assert said("forward/h2/a") == "out_h2 = ReLU(−1) = 0: off for this row"
    assert said("forward/h2/z") == "net_h2 = 0 + 0 − 1 = −1"
    assert said("backward/h1/delta").endswith(" · 0 = 0 (kink: slope taken as 0)")
    assert said("backward/h2/delta").endswith(" · 0 = 0 (slope 0)")


def test_the_softmax_beat_shows_shift_exponentials_sum_and_shares(session: Callable[..., Session]) -> None:
    run = session(sizes=(1, 3), activations=("softmax",), loss="categorical_ce", rows=1, batch_size=1)
    params = run.params
    params.W[0][:] = 0.0
    params.b[0][:] = [2.0, 3.0, 4.0]
    run.apply(params=params)
    frame = run.frame()
    walk = Walk.of(frame)
    joint = line(frame, Row(0), walk.beat("neuron", walk.find("neuron", "forward/softmax")), digits=4)
    assert joint.text == (
        "shift by the maximum 4: (−2, −1, 0); exponentials (0.1353, 0.3679, 1), sum 1.5032; "
        "shares (0.0900, 0.2447, 0.6652)"
    )
    share = line(frame, Row(0), walk.beat("edge", walk.find("edge", "forward/o1/a")), digits=4)
    assert share.text == "out_o1 = e^(2 − 4) / Σ = 0.1353 / 1.5032 = 0.0900"


def test_an_update_on_other_rows_says_on_which_it_was_tried(session: Callable[..., Session]) -> None:
    """A mini-batch's next step has other rows; only a full batch may speak of the next step's forward pass."""
    run = session()
    frame = run.frame()
    walk = Walk.of(frame)
    last = line(frame, Row(0), walk.beat("edge", walk.count("edge")))
    assert last.more[-1].text.endswith("on these rows after the update")
    full = session(batch_size=0)
    frame = full.frame()
    walk = Walk.of(frame)
    ahead = line(frame, Row(0), walk.beat("edge", walk.count("edge"))).more[-1].text
    full.step()
    assert ahead == f"{number(frame.loss)} → {number(full.loss)} in the next step's forward pass"


def test_a_step_that_is_not_finite_can_still_be_read(session: Callable[..., Session]) -> None:
    run = session(activations=("identity", "identity"))
    params = run.params
    params.W[0][:] = 1e200
    params.W[1][:] = 1e200
    run.apply(params=params)
    frame = run.frame()
    walk = Walk.of(frame)
    texts = [
        line(frame, example, walk.beat(grain, index)).text
        for example in EXAMPLES
        for grain in GRAINS
        for index in range(walk.count(grain) + 1)
    ]
    assert any("∞" in text for text in texts)
    for example in EXAMPLES:
        for target in (Edge(1, 0, 0), Edge(2, 1, 1), Unit(1, 0), Unit(2, 0), LossNode()):
            derive(frame, example, target)
            if isinstance(target, Unit):
                derive(frame, example, target, quantity="activation")

"""Symbols = numbers = result, in both notations, with both signs of δ, with biases, thresholds and neither.

Every part of every equation is read back: the symbols with their values out of the trace, the numbers as they stand.
"""

import math
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import product

import pytest

from bpstudio.insight.derivation import Derivation, derive
from bpstudio.insight.elements import BIAS, Edge, Row, Unit, WholeBatch
from bpstudio.insight.lines import line
from bpstudio.insight.notation import NOTATIONS, Letters, Notation, letters
from bpstudio.insight.phrase import Phrase
from bpstudio.insight.walk import Walk
from bpstudio.training.frame import Frame
from bpstudio.training.optimizers import SGD, Momentum
from bpstudio.training.session import Session

Values = dict[str, float]
NOTATIONS_AND_SIGNS = [table.having(delta_sign=sign) for table, sign in product(NOTATIONS.values(), (1, -1))]
IDS = [f"{notation.name}{notation.delta_sign:+d}" for notation in NOTATIONS_AND_SIGNS]
KINDS = ("bias", "threshold", "none")


class Words(Exception):  # noqa: N818
    """What stands there is no formula."""


@lru_cache(maxsize=256)
def tokens_of(names: tuple[str, ...]) -> re.Pattern[str]:
    """Names first, the longest first; then numbers, functions, signs and spaces."""
    named = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True)) or "(?!)"
    return re.compile(rf"({named})|(\d+(?:\.\d+)?(?:e-?\d+)?)|(σ|tanh|ReLU|id|ln)(?=[ (])|([-−+·/()²½])|(\s+)")


def value_of(text: str, values: Values) -> float:
    """The value of a written formula; what is named in it is looked up. Raises Words."""
    pattern, tokens, place = tokens_of(tuple(values)), list[str](), 0
    while place < len(text):
        match = pattern.match(text, place)
        if match is None:
            raise Words(text)
        if match[1]:
            tokens.append(repr(values[match[1]]))
        elif not match[5]:
            tokens.append(match[0])
        place = match.end()
    functions: dict[str, Callable[[float], float]] = {
        "σ": lambda z: 1 / (1 + math.exp(-z)),
        "tanh": math.tanh,
        "ReLU": lambda z: max(z, 0.0),
        "id": lambda z: z,
        "ln": math.log,
    }
    at = 0

    def peek() -> str:
        return tokens[at] if at < len(tokens) else ""

    def take() -> str:
        nonlocal at
        at += 1
        return tokens[at - 1]

    def summands() -> float:
        total = factors()
        while peek() in ("+", "−"):
            total = total + factors() if take() == "+" else total - factors()
        return total

    def factors() -> float:
        result = power()
        while peek() and peek() not in ("+", "−", ")"):
            if peek() == "/":
                take()
                result /= power()
            else:
                if peek() == "·":
                    take()
                result *= power()
        return result

    def power() -> float:
        base = atom()
        if peek() == "²":
            take()
            base *= base
        return base

    def atom() -> float:
        token = take() if peek() else ""
        if token == "−":
            return -power()
        if token == "½":
            return 0.5 * power()
        if token in functions:
            return functions[token](power())
        if token == "(":
            inner = summands()
            if not peek() or take() != ")":
                raise Words(text)
            return inner
        try:
            return float(token)
        except ValueError:
            raise Words(text) from None

    result = summands()
    if at != len(tokens):
        raise Words(text)
    return result


def known(frame: Frame, notation: Notation, row: int) -> Values:
    """Every symbol of the network with its value for a row of the batch: engine numbers, δ with its sign."""
    names, trace, experiment = letters(notation, frame.experiment.network), frame.trace, frame.experiment
    rows = len(frame.batch)
    own = 1.0 if experiment.reduction == "sum" else float(rows)
    outputs = experiment.network.outputs
    values: Values = {"η": experiment.optimizer.rate}
    for k in range(experiment.network.inputs):
        values[names.text("input", Unit(0, k))] = float(trace.x[row, k])
    for number, (layer, spec) in enumerate(zip(trace.layers, experiment.network.layers, strict=True), 1):
        for to in range(spec.units):
            unit = Unit(number, to)
            values[names.text("z", unit)] = float(layer.z[row, to])
            values[names.text("a", unit)] = float(layer.a[row, to])
            values[names.text("delta", unit)] = notation.delta_sign * own * float(layer.delta[row, to])
            if layer.slope is not None:
                values[names.text("slope", unit)] = float(layer.slope[row, to])
            if number < len(trace.layers):
                above = trace.layers[number]
                values[names.text("error", unit)] = own * float(above.W_used[:, to] @ above.delta[row])
            else:
                values[names.text("y", unit)] = float(trace.y[row, to])
                divisor = outputs if experiment.reduction == "mean_all" else 1
                values[names.text("error", unit)] = float(layer.a[row, to] - trace.y[row, to]) / divisor
                values[names.text("element", unit)] = 0.5 * float(layer.a[row, to] - trace.y[row, to]) ** 2 / divisor
            for source in [*range(layer.x.shape[1]), *[BIAS] * spec.has_bias]:
                edge = Edge(number, to, source)
                params, came_in = frame.params, spec.bias_sign if edge.is_bias else float(layer.x[row, source])
                value = params.b[number - 1][to] if edge.is_bias else params.W[number - 1][to, source]
                update = layer.update_b[to] if edge.is_bias else layer.update_W[to, source]
                values[names.edge(edge)] = float(value)
                values[names.edge(edge) + "⁺"] = float(value + update)
                values[names.text("db" if edge.is_bias else "dw", edge)] = own * float(layer.delta[row, to]) * came_in
    return values


def equations(phrase: Phrase) -> Iterator[list[str]]:
    """The parts of every equation in a phrase."""
    if re.fullmatch(r"\{part0\}( = \{part\d\})+", phrase.template):
        yield [str(value) for value in phrase.values.values()]
    for value in phrase.values.values():
        if isinstance(value, Phrase):
            yield from equations(value)


def numbers_of(text: str, values: Values) -> list[float]:
    """The numbers of a vector such as δ · (0.5, 1), or the one number of anything else. Raises Words."""
    match = re.fullmatch(r"(?:(.+) · )?\((.+, .+)\)", text)
    if match is None or match[2].count("(") != match[2].count(")"):
        return [value_of(text, values)]
    before = value_of(match[1], values) if match[1] else 1.0
    return [before * value_of(entry, values) for entry in match[2].split(", ")]


def check(parts: list[str], values: Values) -> int:
    """How many parts of an equation could be read; all of them are worth the same."""
    try:
        result = numbers_of(parts[-1], {})
    except Words:
        return 0
    read = 0
    for part in parts[:-1]:
        try:
            found = numbers_of(part, values)
        except Words:
            continue
        read += 1
        assert found == pytest.approx(result, rel=1e-9, abs=1e-13), " = ".join(parts)
    return read


@lru_cache(maxsize=32)
def frames(make: Callable[..., Session], kind: str) -> tuple[Frame, ...]:
    """One row and several, pairs and no pairs, two reductions, a second layer of another kind."""
    first = ("tanh", "sigmoid")
    other = {"bias": "threshold", "threshold": "none", "none": "bias"}[kind]
    steps = (
        {"sizes": (2, 3, 2), "activations": first, "rows": 1, "batch_size": 1},
        {"sizes": (3, 2, 3, 2), "activations": ("relu", *first), "rows": 4, "batch_size": 4},
        {"sizes": (2, 3, 2), "activations": first, "reduction": "mean_all"},
        {"sizes": (2, 2, 2), "activations": ("sigmoid", "sigmoid"), "reduction": "sum", "update_order": "sequential"},
    )
    found = []
    for values in steps:
        depth = len(values["sizes"]) - 1  # type: ignore[arg-type]
        found.append(make(**values, biases=(kind, other, kind)[:depth]).frame())
    return tuple(found)


@pytest.mark.parametrize("notation", NOTATIONS_AND_SIGNS, ids=IDS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_sentence_of_the_walk(session: Callable[..., Session], kind: str, notation: Notation) -> None:
    for frame in frames(session, kind):
        walk, row, read = Walk.of(frame), len(frame.batch) - 1, dict.fromkeys(("z", "delta", "gradient", "sum"), 0)
        values = known(frame, notation, row)
        for grain in ("edge", "neuron"):
            for index in range(1, walk.count(grain) + 1):  # type: ignore[arg-type]
                beat = walk.beat(grain, index)  # type: ignore[arg-type]
                found = line(frame, Row(row), beat, notation, 17)
                here = dict(values)
                if beat.kind in ("error", "delta") and beat.unit is not None and beat.layer == walk.order.depth:
                    unit, names = beat.subject, letters(notation, frame.experiment.network)
                    for letter, symbol in (("a_letter", "a"), ("y_letter", "y")):
                        here.setdefault(names.text(letter), values[names.text(symbol, unit)])
                if beat.kind == "update":
                    continue
                for phrase in (found, *found.more):
                    for parts in equations(phrase):
                        count = check(parts, here)
                        if beat.kind in read:
                            read[beat.kind] += count
        assert all(read.values()), read


@pytest.mark.parametrize("notation", NOTATIONS_AND_SIGNS, ids=IDS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("optimizer", [SGD(0.1), Momentum(0.1, 0.9)])
def test_every_new_value(
    session: Callable[..., Session], kind: str, notation: Notation, optimizer: SGD | Momentum
) -> None:
    """Of one row w + η δ a with the older sign; of a batch by the gathered gradient."""
    for rows in (1, 3):
        run = session(sizes=(2, 3, 2), rows=rows, batch_size=rows, biases=(kind,) * 2, optimizer=optimizer)
        run.run(2)
        frame = run.frame()
        walk, names = Walk.of(frame), letters(notation, frame.experiment.network)
        values, read = known(frame, notation, 0), 0
        for layer, (trace, spec) in enumerate(zip(frame.trace.layers, frame.experiment.network.layers, strict=True), 1):
            for to, source in product(range(spec.units), [*range(trace.x.shape[1]), *[BIAS] * spec.has_bias]):
                edge = Edge(layer, to, source)
                batch = float(trace.db[to] if edge.is_bias else trace.dW[to, source])
                here = values | {names.text("db" if edge.is_bias else "dw", edge): batch}
                if isinstance(optimizer, Momentum):
                    velocities = [state["velocity"] for state in (frame.state, frame.state_next)]
                    at = (layer - 1, to) if edge.is_bias else (layer - 1, to, source)
                    pair = [float((v.b if edge.is_bias else v.W)[at[0]][at[1:]]) for v in velocities]
                    here |= {"μ": 0.9, "v": pair[0], "v⁺": pair[1]}
                beat = walk.beat("edge", walk.find("edge", f"update/{names.names.edge(edge)}"))
                for phrase in (
                    line(frame, Row(0), beat, notation, 17),
                    *derive(frame, Row(0), edge, notation, 17).update_lines,
                ):
                    for parts in equations(phrase):
                        read += check(parts, here)
                        old_book = notation.delta_sign < 0 and rows == 1 and isinstance(optimizer, SGD)
                        assert ("δ" in parts[1]) == old_book, parts
        assert read


def tex_values(names: Letters, values: Values, frame: Frame) -> Values:
    """The TeX of every symbol with the value of its text."""
    found: Values = {}
    for layer, spec in enumerate(frame.experiment.network.layers, 1):
        width = frame.experiment.network.sizes[layer - 1]
        for to in range(spec.units):
            unit = Unit(layer, to)
            for symbol in ("z", "a", "y", "delta", "error", "slope"):
                if (text := names.text(symbol, unit)) in values:
                    found[names.tex(symbol, unit)] = values[text]
            for source in [*range(width), *[BIAS] * spec.has_bias]:
                edge = Edge(layer, to, source)
                symbol = "db" if edge.is_bias else "dw"
                found[names.tex(symbol, edge)] = values[names.text(symbol, edge)]
                below = names.activation(Unit(layer - 1, source)) if not edge.is_bias else ""
                found[names.tex("came_in", edge)] = values[below] if below else float(spec.bias_sign)
    return found


def tex_value(text: str, values: Values) -> float:
    """A product of symbols in TeX, or a difference of two."""
    if " - " in text:
        left, right = text.split(" - ")
        return tex_value(left, values) - tex_value(right, values)
    result = 1.0
    for factor in text.split(r" \cdot "):
        result *= -values[factor[1:]] if factor.startswith("-") else values[factor]
    return result


@pytest.mark.parametrize("notation", NOTATIONS_AND_SIGNS, ids=IDS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_derivation(session: Callable[..., Session], kind: str, notation: Notation) -> None:
    """Factors, terms, formulas and TeX; ∂C/∂w is the same number with either sign, δ is the other one."""
    for frame in frames(session, kind):
        row, names = len(frame.batch) - 1, letters(notation, frame.experiment.network)
        values = known(frame, notation, row)
        tex = tex_values(names, values, frame)
        for element in elements(frame):
            found = derive(frame, Row(row), element, notation, 17)
            plain = derive(frame, Row(row), element, notation.having(delta_sign=1), 17)
            sign = notation.delta_sign if isinstance(element, Unit) else 1
            assert found.result == pytest.approx(sign * plain.result, rel=1e-15)
            assert found.result == pytest.approx(values[found.symbol], rel=1e-12, abs=1e-300)
            assert math.prod(factor.value for factor in found.factors) == pytest.approx(
                found.result, rel=1e-12, abs=1e-300
            )
            check_terms(found, frame)
            left, right = found.tex.split(" = ", 1)
            assert tex[left] == pytest.approx(tex_value(right, tex), rel=1e-12, abs=1e-300)
            unit = element if isinstance(element, Unit) else Unit(element.layer, element.to)
            here = dict(values)
            for letter, symbol in (("a_letter", "a"), ("z_letter", "z")):
                here[names.text(letter)] = values[names.text(symbol, unit)]
            if unit.layer == len(frame.trace.layers):
                here[names.text("y_letter")] = values[names.text("y", unit)]
            for factor in found.factors:
                if factor.symbol != names.text("came_in", element if isinstance(element, Edge) else Edge(1, 0, 0)):
                    assert value_of(factor.symbol, values) == pytest.approx(factor.value, rel=1e-12, abs=1e-300)
                try:
                    assert value_of(str(factor.formula), here) == pytest.approx(factor.value, rel=1e-9, abs=1e-12)
                except Words:
                    assert re.search(r"Σ|if| of ", str(factor.formula))


def elements(frame: Frame) -> Iterator[Edge | Unit]:
    for layer, spec in enumerate(frame.experiment.network.layers, 1):
        for to in range(spec.units):
            yield Unit(layer, to)
            width = frame.experiment.network.sizes[layer - 1]
            yield from (Edge(layer, to, source) for source in [*range(width), *[BIAS] * spec.has_bias])


def check_terms(found: Derivation, frame: Frame) -> None:
    if found.terms:
        size = sum(abs(term.product) for term in found.terms)
        total = found.terms_sign * math.fsum(term.product for term in found.terms)
        assert abs(total - found.factors[0].value) <= 1e-12 * size
        for term in found.terms:
            assert term.left * term.right == pytest.approx(term.product, rel=1e-12, abs=1e-300)


@pytest.mark.parametrize("kind", KINDS)
def test_the_whole_batch_and_activations(session: Callable[..., Session], kind: str) -> None:
    for frame in frames(session, kind):
        share = 1.0 if frame.experiment.reduction == "sum" else 1.0 / len(frame.batch)
        for element in elements(frame):
            if isinstance(element, Unit):
                found = derive(frame, Row(0), element, quantity="activation")
                size = sum(abs(term.product) for term in found.terms)
                assert abs(math.fsum(t.product for t in found.terms) - found.factors[0].value) <= 1e-12 * size
                for term in found.terms:
                    assert term.left * term.right == pytest.approx(term.product, rel=1e-12)
            elif len(frame.batch) > 1:
                found = derive(frame, WholeBatch(), element)
                total = share * math.fsum(term.product for term in found.terms)
                assert total == pytest.approx(found.result, rel=1e-9, abs=1e-15)


def test_the_older_books_sentences(mazur: Callable[..., Session]) -> None:
    """δ = (t − o) f′ and w + η δ o, with the numbers of the worked example."""
    older = NOTATIONS["mazur"].having(delta_sign=-1)
    frame = mazur().frame()
    walk = Walk.of(frame)

    def said(address: str, grain: str = "edge") -> str:
        return line(frame, Row(0), walk.beat(grain, walk.find(grain, address)), older, 6).text  # type: ignore[arg-type]

    assert said("backward/o1/delta") == "δ_o1 = −∂C/∂out_o1 · ∂out_o1/∂net_o1 = (−0.741365) · 0.186816 = −0.138499"
    assert (
        said("backward/o1/delta", "neuron")
        == "δ_o1 = (0.01 − 0.751365) · 0.186816 = (−0.741365) · 0.186816 = −0.138499"
    )
    assert said("backward/w5") == "∂C/∂w₅ = −δ_o1 · out_h1 = −(−0.138499) · 0.593270 = 0.082167"
    assert said("backward/h1/from-o1") == "w₅ · δ_o1 = 0.40 · (−0.138499) = −0.055399"
    assert said("backward/h1/sum") == "∂C/∂out_h1 = −(−0.055399 + 0.019049) = 0.036350"
    assert said("update/w5") == "w₅⁺ = w₅ + η δ_o1 · out_h1 = 0.40 + 0.5 · (−0.138499) · 0.593270 = 0.358916"
    card = derive(frame, Row(0), Unit(2, 0), older)
    assert [str(factor.formula) for factor in card.factors] == ["target − out", "out (1 − out)"]
    assert card.tex == (
        r"\delta_{o1} = -\frac{\partial C}{\partial out_{o1}} \cdot \frac{\partial out_{o1}}{\partial net_{o1}}"
    )
    assert "∂C/∂w₅ = −δ_o1 · out_h1" in map(str, derive(frame, Row(0), Edge(2, 0, 0), older).notes)


def test_thresholds_read_as_their_book_has_them(session: Callable[..., Session]) -> None:
    run = session(
        sizes=(2, 1, 1), activations=("sigmoid", "sigmoid"), rows=1, batch_size=1, biases=("threshold", "none")
    )
    frame = run.frame()
    walk = Walk.of(frame)

    def said(address: str, grain: str = "edge") -> str:
        return line(frame, Row(0), walk.beat(grain, walk.find(grain, address)), "nielsen", 3).text  # type: ignore[arg-type]

    assert " − " in said("forward/h1/z")
    assert said("backward/b_h1").startswith("∂C/∂θ¹₁ = −δ¹₁ = ")
    assert said("update/b_h1").startswith("θ¹₁⁺ = θ¹₁ − η ∂C/∂θ¹₁ = ")
    assert "w¹ x − θ¹, shapes (1×2)(2) − (1)" in said("forward/layer1", "layer")
    assert "w² a¹, shapes (1×1)(1):" in said("forward/layer2", "layer")
    assert said("backward/h1/weights", "neuron").startswith("∂C/∂w¹₁₁ … ∂C/∂θ¹₁ = δ¹₁ · (x, −1)")
    assert said("backward/o1/weights", "neuron").startswith("∂C/∂w²₁₁ = δ²₁ · a¹")
    threshold = derive(frame, Row(0), Edge(1, 0, BIAS), "nielsen")
    assert (str(threshold.title), threshold.name, threshold.factors[-1].value) == ("Threshold of h₁", "θ¹₁", -1.0)
    assert threshold.tex.endswith(r"\frac{\partial z^{1}_{1}}{\partial \theta^{1}_{1}}")
    with pytest.raises(ValueError, match="no edge"):
        derive(frame, Row(0), Edge(2, 0, BIAS), "nielsen")

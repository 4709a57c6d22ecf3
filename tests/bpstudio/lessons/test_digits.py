"""Every digit that a lesson promises, computed by the real engine, and every word in both languages."""

import functools
import json
import math
import re

import numpy as np
import pytest

import bpstudio
from bpstudio.files import asset, lesson
from bpstudio.files.known import Known
from bpstudio.files.lesson import Lesson
from bpstudio.files.wording import Wording
from bpstudio.training.frame import Frame
from bpstudio.training.session import Session

load = functools.cache(lesson.load)
CHOICES = [(name, variant.name) for name in lesson.NAMES for variant in (None, *load(name).variants) if variant] + [
    (name, "") for name in lesson.NAMES
]


def opened(name: str, variant: str) -> Lesson:
    return load(name).choose(variant) if variant else load(name)


def frames(chosen: Lesson) -> dict[int, Frame]:
    """A frame of each step of which something is promised, in one run."""
    session = chosen.session()
    found = {}
    for step in sorted({known.after for known in chosen.expected}):
        session.run(step - session.step_number)
        found[step] = session.frame()
    return found


@pytest.mark.parametrize(("name", "variant"), CHOICES)
def test_every_promised_digit_comes_out(name: str, variant: str) -> None:
    chosen = opened(name, variant)
    at = frames(chosen)
    wrong = [(known.what, known.after, known.value, known.measure(at[known.after])) for known in chosen.expected]
    wrong = [entry for entry, known in zip(wrong, chosen.expected, strict=True) if not known.holds(at[known.after])]
    assert wrong == []
    assert chosen.expected


@pytest.mark.parametrize(("name", "variant"), [choice for choice in CHOICES if choice[1] and choice[0] != "vanishing"])
def test_a_switch_is_an_edit_that_undo_takes_back(name: str, variant: str) -> None:
    """As the window does it: back to step 0, then the variant's experiment and start values in one gesture."""
    session = load(name).session()
    session.run(3)
    before = session.params.flat.tobytes()
    chosen = opened(name, variant)
    session.reset()
    edited = session.apply(experiment=chosen.experiment, params=chosen.origin, name=variant)
    assert session.step_number == 0
    for known in chosen.expected:
        if known.after <= 1000:
            session.run(known.after - session.step_number)
            assert known.holds(session.frame())
    assert edited == (session.undo() == variant)
    if edited:
        session.undo()
        assert (session.step_number, session.params.flat.tobytes()) == (3, before)


def altered(known: Known) -> Known:
    """The promise with its last printed digit moved by one."""
    step = 10.0**-known.decimals if known.decimals is not None else 1e-15
    return Known(known.what, (np.asarray(known.value) + step).tolist(), known.after, known.decimals)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["mazur", "softmax", "four-equations"])
def test_a_promise_with_another_last_digit_is_broken(name: str) -> None:
    chosen = load(name)
    at = frames(chosen)
    assert [known.what for known in chosen.expected if altered(known).holds(at[known.after])] == []


@pytest.mark.parametrize("name", lesson.NAMES)
def test_the_file_is_in_the_form_in_which_it_would_be_saved(name: str) -> None:
    file = asset.find(f"lessons/{name}.json")
    assert file.read_text(encoding="utf-8") == lesson.text(lesson.read(file), file.parent)


def wordings(value: object) -> list[Wording]:
    """Every text that a lesson shows."""
    if isinstance(value, Wording):
        return [value]
    if isinstance(value, tuple | list):
        return [found for part in value for found in wordings(part)]
    if hasattr(value, "__dataclass_fields__") and type(value).__module__.startswith("bpstudio.files"):
        return [
            found for name in value.__dataclass_fields__ if name != "base" for found in wordings(getattr(value, name))
        ]
    return []


@pytest.mark.parametrize("name", lesson.NAMES)
def test_every_text_exists_in_english_and_chinese(name: str) -> None:
    shown = [wording for wording in wordings(load(name)) if wording]
    assert len(shown) > 10
    for wording in shown:
        assert set(wording.languages) == {"en", "zh_CN"}
        english, chinese = wording.within("en"), wording.within("zh_CN")
        assert english.strip() == english != ""
        assert chinese.strip() == chinese != ""
        assert english.count("\n\n") == chinese.count("\n\n")
        assert not re.search("[\u4e00-\u9fff]", english)
        # The same figures in both: a digit lost in translation is a wrong digit. Words such as "ten" may become 十.
        long = re.compile(r"\d[\d,]*\.\d{3,}")
        assert sorted(long.findall(english)) == sorted(long.findall(chinese))
    whole = load(name)
    for required in (whole.title, whole.summary, whole.text):
        assert required


@pytest.mark.parametrize("name", lesson.NAMES)
def test_a_lesson_has_stops_and_switches_that_lead_somewhere(name: str) -> None:
    whole = load(name)
    assert whole.scenes
    assert all(scene.text and scene.title and scene.at for scene in whole.scenes)
    if whole.variants:
        first = whole.choose(whole.variants[0].name)
        assert first.experiment == whole.experiment
        assert first.session().loss == whole.session().loss
        assert all(variant.label for variant in whole.variants)


@pytest.mark.parametrize("name", lesson.NAMES)
def test_the_public_door_opens_every_lesson(name: str) -> None:
    session = bpstudio.load_lesson(name).session()
    session.step()
    assert math.isfinite(session.loss)


def test_an_unknown_lesson_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"expected one of one-neuron, mazur, .*, got '\.\./x'"):
        bpstudio.load_lesson("../x")


def test_the_figures_in_mazurs_text_are_promised_figures() -> None:
    """The prose may not drift from what is tested."""
    whole = load("mazur")
    promised = {f"{abs(float(v)):.{known.decimals or 9}f}" for known in _all(whole) for v in np.ravel(known.value)}
    promised |= {known.printed.lstrip("-") for known in _all(whole) if known.printed}
    prose = " ".join(wording.within("en") for wording in wordings(whole))
    figures = set(re.findall(r"\d\.\d{7,}", prose))
    assert len(figures) > 12
    assert {figure for figure in figures if not any(found.startswith(figure) for found in promised)} == set()


def _all(whole: Lesson) -> list[Known]:
    switched = [known for variant in whole.variants for known in variant.expected]
    return [*whole.expected, *switched, *(piece.known for erratum in whole.errata for piece in erratum.evidence)]


@pytest.mark.parametrize(
    ("what", "complaint"),
    [
        ("layer1.z[0][0][0][6]", "index from 0 to 5"),
        ("layer1.W[0][1][0][0]", "index from 0 to 0"),
        ("layer2.b[0]", "index from 0 to -1"),
        ("layer5.a[0][0][0]", "a has 2 index"),
    ],
)
def test_a_promise_about_an_image_lies_in_it(what: str, complaint: str) -> None:
    network = load("lenet").experiment.network
    Known("layer1.z[0][0][0][5] * layer3.W[7][3][1][1]", 0.0).check(network, "expected")
    with pytest.raises(ValueError, match=complaint):
        Known(what, 0.0).check(network, "expected")


def test_the_reference_case_promises_the_same() -> None:
    """Mazur's digits against the numbers that his own scripts gave, where those are at hand."""
    at = frames(load("mazur"))
    assert at[0].loss == pytest.approx(0.2983711087600027, abs=1e-15)
    assert at[1].params.W[1].ravel() == pytest.approx(
        [0.35891647971788465, 0.4086661860762334, 0.5113012702387375, 0.5613701211079891], abs=1e-15
    )


# Independent arithmetic: plain loops, no engine.


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def one_neuron(w: float, b: float, steps: int) -> tuple[float, float]:
    """Output and δ of a sigmoid with x = 1, y = 0 after so many steps of rate 0.15."""
    for _ in range(steps):
        a = sigmoid(w + b)
        w, b = w - 0.15 * a * a * (1 - a), b - 0.15 * a * a * (1 - a)
    a = sigmoid(w + b)
    return a, a * a * (1 - a)


@pytest.mark.parametrize(
    ("variant", "start", "output", "delta", "late"),
    [("steep", (0.6, 0.9), 0.8176, 0.1219, 0.0940), ("flat", (2.0, 2.0), 0.9820, 0.0173, 0.2028)],
)
def test_one_neuron_by_plain_loops(
    variant: str, start: tuple[float, float], output: float, delta: float, late: float
) -> None:
    session = load("one-neuron").choose(variant).session()
    for step in (0, 1, 150, 300):
        session.run(step - session.step_number)
        layer = session.frame().trace["layer1"]
        assert (layer.a[0, 0], layer.delta[0, 0]) == pytest.approx(one_neuron(*start, step), rel=1e-10)
    assert (*(round(value, 4) for value in one_neuron(*start, 0)), round(one_neuron(*start, 300)[0], 4)) == (
        output,
        delta,
        late,
    )


def test_the_flat_start_is_slower_although_it_is_more_wrong() -> None:
    steep, flat = (load("one-neuron").choose(name).session() for name in ("steep", "flat"))
    assert flat.loss > steep.loss
    assert flat.frame().trace["layer1"].delta[0, 0] < steep.frame().trace["layer1"].delta[0, 0] / 7
    for session in (steep, flat):
        session.run(300)
    assert flat.loss > 4 * steep.loss


def test_the_four_equations_by_plain_loops() -> None:
    document = json.loads(asset.find("lessons/four-equations.json").read_text(encoding="utf-8"))
    row = document["data"]["rows"][0]
    x, y = row[:3], row[3:]
    (W1, b1), (W2, b2) = ((layer["W"], layer["b"]) for layer in document["start"].values())
    a1 = [sigmoid(sum(W1[j][k] * x[k] for k in range(3)) + b1[j]) for j in range(4)]
    a2 = [sigmoid(sum(W2[j][k] * a1[k] for k in range(4)) + b2[j]) for j in range(2)]
    delta2 = [(a2[j] - y[j]) * a2[j] * (1 - a2[j]) for j in range(2)]
    delta1 = [sum(W2[k][j] * delta2[k] for k in range(2)) * a1[j] * (1 - a1[j]) for j in range(4)]
    trace = load("four-equations").session().frame().trace
    assert trace["layer2"].delta[0] == pytest.approx(delta2, rel=1e-13)
    assert trace["layer1"].delta[0] == pytest.approx(delta1, rel=1e-13)
    assert trace["layer2"].db == pytest.approx(delta2, rel=1e-13)
    assert trace["layer2"].dW == pytest.approx(np.array([[d * a for a in a1] for d in delta2]), rel=1e-13)
    assert trace["layer1"].dW == pytest.approx(np.array([[d * a for a in x] for d in delta1]), rel=1e-13)


def test_softmax_shares_by_plain_exponentials() -> None:
    shares = [math.exp(z) / sum(map(math.exp, (2, 3, 4))) for z in (2, 3, 4)]
    trace = load("softmax").session().frame().trace
    assert trace["layer1"].a[0] == pytest.approx(shares, rel=1e-14)
    assert trace["layer1"].delta[0] == pytest.approx([shares[0], shares[1] - 1, shares[2]], rel=1e-14)
    moved = load("softmax").choose("plus-1000").session().frame().trace
    assert moved["layer1"].a.tobytes() == trace["layer1"].a.tobytes()


def test_from_zero_weights_nothing_ever_moves() -> None:
    session = load("xor").session()
    session.run(3000)
    assert not session.params.flat.any()
    frame = session.frame()
    assert not frame.trace.gradient.flat.any()
    assert frame.trace["layer2"].delta.any()


def test_row_by_row_both_hidden_units_stay_the_same_unit() -> None:
    session = load("xor").choose("row-by-row").session()
    frame = session.frame()
    assert frame.trace["layer2"].dW.all()
    assert not frame.trace["layer1"].dW.any()
    session.step()
    assert session.params.W[1].all()
    assert not session.params.W[0].any()
    for _ in range(100):
        session.run(50)
        params = session.params
        assert params.W[0][0].tobytes() == params.W[0][1].tobytes()
        assert params.W[1][0, 0] == params.W[1][0, 1] != 0
        assert params.b[0][0] == params.b[0][1]
    assert params.W[0].all()
    assert frame.batch.tolist() == [0]


def test_iris_scatters_as_its_text_says_and_names_the_two_that_overlap() -> None:
    whole = load("iris")
    session = whole.session()
    session.run(700)
    data = whole.dataset
    answers = session.predict(data.x).argmax(axis=1)
    assert data.class_index is not None
    wrong = [int(row) for row in data.validation if answers[row] != data.class_index[row]]
    assert {data.class_names[data.class_index[row]] for row in wrong} == {"versicolor", "virginica"}
    assert (len(wrong), len(data.validation)) == (2, 45)
    right = []
    for seed in range(12):
        document = lesson.document(whole)
        document["data"]["source"]["preparation"]["seed"] = seed
        del document["expected"], document["variants"], document["scenes"]
        other = lesson.parse(json.dumps(document)).session()
        other.run(700)
        right.append(round(45 * other.frame().metrics.validation[-1][2]))
    assert 41 <= min(right) < 43 < max(right) <= 45


def test_the_same_start_weights_carry_tanh_and_lose_the_sigmoid() -> None:
    whole = load("vanishing")
    sigmoid_run, tanh_run = (whole.choose(name).session() for name in ("sigmoid", "tanh"))
    assert sigmoid_run.params.flat.tobytes() == tanh_run.params.flat.tobytes()

    def norms(session: Session) -> np.ndarray:
        metrics = session.frame().metrics
        found = [metrics.value(f"norm/{layer}", 0) for layer in range(1, 12)]
        return np.array(found) / found[-1]

    assert np.all(norms(sigmoid_run)[:9] < norms(sigmoid_run)[1:10])
    assert norms(sigmoid_run)[0] < 2e-6
    assert norms(tanh_run).min() > 0.5
    assert norms(tanh_run).max() < 2


def both_slopes(w: float) -> tuple[float, float]:
    """dC/dw of the cross-entropy and of least squares on the three rows of the lesson."""
    rows = [(x, y, sigmoid(w * x)) for x, y in ((3, 1), (2, 1), (1, 0))]
    return sum((a - y) * x for x, y, a in rows) / 3, sum((a - y) * a * (1 - a) * x for x, y, a in rows) / 3


def test_one_cost_is_a_bowl_and_the_other_has_plains() -> None:
    """The slopes that the text tells, by plain loops; the one only rises, the other falls, rises and falls."""
    told = load("logistic").text.within("en")
    slopes = [both_slopes(w) for w in (-6, -2, 0, 2, 6)]
    bowl, plains = ([f"{slope[kind]:.4f}".replace("-", "−") for slope in slopes] for kind in (0, 1))
    assert ", ".join(bowl) in told
    assert ", ".join(["−0.000002", *plains[1:]]) in told
    fine = np.array([both_slopes(w) for w in np.linspace(-8, 8, 65)])
    assert np.all(np.diff(fine[:, 0]) > 0)
    turns = np.flatnonzero(np.diff(np.sign(np.diff(fine[:, 1]))))
    assert len(turns) == 2
    for name, kind in (("entropy-far", 0), ("squares-far", 1), ("entropy-right", 0), ("squares-right", 1)):
        session = load("logistic").choose(name).session()
        assert session.frame().trace["layer1"].dW[0, 0] == pytest.approx(both_slopes(session.params.W[0][0, 0])[kind])


def test_the_tricks_scatter_as_the_text_says() -> None:
    right: dict[str, list[int]] = {}
    whole = load("efficient-backprop")
    for name in ("none", "shuffled", "initial"):
        chosen = whole.choose(name)
        for seed in range(1, 13):
            session = Session(chosen.experiment.replace(seed=seed), chosen.dataset)
            session.run(1200)
            right.setdefault(name, []).append(round(30 * session.frame().metrics.validation[-1][2]))
    assert {name: (min(found), max(found)) for name, found in right.items()} == {
        "none": (10, 20),
        "shuffled": (10, 29),
        "initial": (27, 30),
    }


def test_half_of_the_window_is_what_the_kernel_says() -> None:
    """Right column minus left column, halved, over 16: all 36 places of the first map, from the pixels of the file."""
    session = load("lenet").session()
    trace = session.frame().trace
    pixels = trace.x[0].reshape(8, 8) * 16
    columns = sum(pixels[row : row + 6] for row in range(3))
    z = (columns[:, 2:] - columns[:, :-2]) / 32
    assert trace["layer1"].z[0, 0] == pytest.approx(z, abs=1e-12)
    best = np.tanh(z).reshape(3, 2, 3, 2).max(axis=(1, 3))
    assert trace["layer2"].a[0, 0] == pytest.approx(best, abs=1e-12)
    assert np.count_nonzero(trace["layer1"].delta[0, 0]) <= 9

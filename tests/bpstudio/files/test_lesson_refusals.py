"""Hostile and mistyped lessons: each is refused with the place and the reason, and nothing of it is executed."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bpstudio.files import asset, lesson

GOOD: dict[str, Any] = {
    "format": "bpstudio-lesson/1",
    "title": {"en": "One", "zh_CN": "一"},
    "notation": "mazur",
    "grain": "edge",
    "at": "backward/w5",
    "experiment": {
        "network": {
            "inputs": 2,
            "layers": [{"units": 2}, {"units": 2, "activation": "tanh"}, {"units": 1, "activation": "sigmoid"}],
        },
        "optimizer": {"name": "momentum", "rate": 0.5, "momentum": 0.9},
    },
    "data": {"inputs": ["i1", "i2"], "outputs": ["o1"], "rows": [[0.05, 0.1, 0.01], [0.5, 0.2, 0.9]]},
    "start": {
        "layer1": {"W": [[0.1, 0.2], [0.3, 0.4]], "b": [0.5, 0.6]},
        "layer2": {"W": [[0.1, 0.2], [0.3, 0.4]], "b": [0.5, 0.6]},
        "layer3": {"W": [[0.1, 0.2]], "b": [0.5]},
    },
    "scenes": [{"at": "loss/C", "text": "Look"}],
    "variants": [{"name": "slow", "label": "Slow", "changes": {"optimizer.rate": 0.1}}],
    "expected": [{"what": "layer1.W[0]", "value": [0.1, 0.2]}],
}

Change = Callable[[dict[str, Any]], object]


def put(path: str, value: object) -> Change:
    """Set the value at a path such as ``start.layer1.W.0.1``."""

    def change(document: dict[str, Any]) -> None:
        *way, last = path.split(".")
        at: Any = document
        for step in way:
            at = at[int(step) if isinstance(at, list) else step]
        at[int(last) if isinstance(at, list) else last] = value

    return change


def drop(path: str) -> Change:
    def change(document: dict[str, Any]) -> None:
        *way, last = path.split(".")
        at: Any = document
        for step in way:
            at = at[int(step) if isinstance(at, list) else step]
        del at[last]

    return change


LAYERS = "experiment.network.layers"

REFUSED: list[tuple[Change, str]] = [
    (drop("format"), 'format: expected "bpstudio-lesson/1", got null'),
    (put("format", "bpstudio-lesson/2"), "was written by a newer bpstudio"),
    (put("format", "bp-oracle/1"), "is a reference case"),
    (put("format", ["bpstudio-lesson/1"]), "format: expected"),
    (drop("title"), "lesson.title: missing"),
    (put("titel", "x"), "lesson.titel: not known here; did you mean title?"),
    (put("title", 7), "title: expected text, got 7"),
    (put("title", {"english": "x"}), 'expected languages such as "en"'),
    (put("title", "a\u0000b"), "control character U+0000"),
    (put("text", {"en": ["x", None]}), "text.en[1]: expected text, got null"),
    (put("text", "x" * 20_001), "at most 20,000 characters"),
    (put("notation", "ng"), "notation: expected one of"),
    (put("notation", ["mazur"]), "notation: expected one of"),
    (put("delta_sign", 0), "delta_sign: expected 1 or -1, got 0"),
    (put("samples", "rws"), "samples: expected one of rows, columns"),
    (put("weight_layout", 1), "weight_layout"),
    (put("delta_sign", "-"), "delta_sign: expected a whole number"),
    (put("grain", "atom"), "grain: expected one of step, layer, neuron, edge"),
    (put("at", "backward/w99"), "at: no beat 'backward/w99'"),
    (put("at", "__import__('os').system('x')"), "at: no beat"),
    (put("digits", 0), "digits: expected a whole number from 1 to 17, got 0"),
    (put("digits", 6.0), "digits: expected a whole number, got 6.0"),
    (put("digits", True), "digits: expected a whole number, got true"),
    (put("row", 2), "row: expected a whole number from 0 to 1"),
    (put("plots", ["loss", "pie"]), "plots[1]: expected one of"),
    (drop("experiment"), "lesson.experiment: missing"),
    (put("experiment", None), "experiment: expected an object"),
    (put("experiment.rate", 1), "experiment.rate: unknown"),
    (put("experiment.network", 3), "experiment.network"),
    (put(LAYERS, []), "layers: expected at least one layer"),
    (put(LAYERS, {}), "experiment.network.layers: expected a list"),
    (put(f"{LAYERS}.2.units", -3), "experiment.network.layers[2].units: expected a whole number of at least 1, got -3"),
    (put(f"{LAYERS}.2.units", 0), "experiment.network.layers[2].units"),
    (put(f"{LAYERS}.2.units", "2"), "experiment.network.layers[2].units: expected a whole number, got '2'"),
    (put(f"{LAYERS}.2.units", 2.5), "experiment.network.layers[2].units"),
    (put(f"{LAYERS}.1.units", 10**9), "GiB of memory"),
    (put(f"{LAYERS}.1.units", 2**63 - 1), "GiB of memory"),
    (put(f"{LAYERS}.1.unit", 4), "experiment.network.layers[1].unit: unknown"),
    (put(f"{LAYERS}.1.activation", "sigmoyd"), "experiment.network.layers[1].activation"),
    (put(f"{LAYERS}.0", {"type": "conv2d", "filters": 2}), "layers[0]: a convolution expects images"),
    (put(f"{LAYERS}.0", {"type": "dropout", "rate": 1}), "layers[0].rate: expected a probability from 0 to below 1"),
    (put(f"{LAYERS}.1.initializer", {"weights": "he"}), "layers[1].initializer.weights"),
    (put(f"{LAYERS}.1.train_bias", 1), "layers[1].train_bias: expected true or false"),
    (put(f"{LAYERS}.1", "dense"), "layers[1]: expected an object"),
    (put("experiment.network.inputs", 10**9), "GiB of memory"),
    (put("experiment.network.inputs", 3), "experiment.network.inputs: the data has 2 input columns, got 3"),
    (put("experiment.network.input_shape", [0, 2]), "input_shape"),
    (put("experiment.loss", "mse"), "experiment.loss"),
    (put("experiment.loss", ["bce"]), "experiment.loss: expected a text"),
    (put("experiment.optimizer", "sgd"), "experiment.optimizer: expected an object"),
    (put("experiment.optimizer.name", "adamant"), "experiment.optimizer.name"),
    (put("experiment.optimizer.rate", 0), "experiment.optimizer.rate: expected a finite number above 0, got 0"),
    (put("experiment.optimizer.rate", -1), "experiment.optimizer.rate"),
    (put("experiment.batch_size", -1), "experiment.batch_size"),
    (put("experiment.seed", -1), "experiment.seed"),
    (put("experiment.dtype", "float16"), "experiment.dtype"),
    (put("data", []), "data: expected an object"),
    (put("data.row", []), "data.row: not known here; did you mean rows?"),
    (put("data.rows", []), "data.rows: expected at least one row"),
    (put("data.rows.1", [1.0, 2.0]), "data.rows[1]: expected 3 numbers (2 inputs and 1 targets), got 2"),
    (put("data.rows.1.0", "0,5"), 'data.rows[1][0]: expected a number, got "0,5"'),
    (put("data.rows.1.0", None), "data.rows[1][0]: expected a number, got null"),
    (put("data.outputs", ["o1", "o2"]), "data.rows[0]: expected 4 numbers"),
    (put("data.task", "clustering"), "data.task: expected one of"),
    (put("data.validation", [0, 1]), "data: train: expected at least one row"),
    (put("data.validation", [5]), "data"),
    (put("data.hash", "0"), "data.hash: is not that of the rows"),
    (
        put("data", {"source": {"kind": "generated", "generator": "circle", "rows": 10**9}}),
        "data.source: rows: expected 2",
    ),
    (
        put("data", {"source": {"kind": "generated", "generator": "exec", "rows": 9}}),
        "data.source: generator: expected",
    ),
    (put("start.layer4", {}), "start.layer4: not known here; did you mean layer"),
    (drop("start.layer2"), "start.layer2: missing"),
    (drop("start.layer2.b"), "start.layer2.b: missing"),
    (put("start.layer1.W", [[1.0, 2.0]]), "start.layer1.W: expected 2 rows of 2 numbers, got 1"),
    (put("start.layer1.W.1", [1.0, 2.0, 3.0]), "start.layer1.W[1]: expected 2 numbers, got 3"),
    (put("start.layer1.W.1.0", "0.3"), 'start.layer1.W[1][0]: expected a number, got "0.3"'),
    (put("start.layer1.W.1.0", True), "start.layer1.W[1][0]: expected a number, got true"),
    (put("start.layer1.b.1", [0.5]), "start.layer1.b[1]: expected a number, got a list of 1"),
    (put("state", {"step": 1}), "state.parameters: missing"),
    (put("state", {"step": -1, "parameters": {}, "optimizer": {"velocity": {}}}), "state.step"),
    (put("state", {"step": 1, "parameters": GOOD["start"]}), "state.optimizer.velocity: missing"),
    (put("scenes", {}), "scenes: expected a list"),
    (put("scenes.0.at", "backward/h9/delta"), "scenes[0].at: no beat"),
    (put("scenes.0.variant", "fast"), "scenes[0].variant: expected one of slow"),
    (put("scenes", [{"text": "x"}] * 101), "scenes: expected at most 100 entries, got 101"),
    (
        put("variants.0.changes", {"optimizer.rte": 1.0}),
        "changes.optimizer.rte: an experiment has no rte there; did you",
    ),
    (put("variants.0.changes", {"network.layers[7].units": 1}), "layers has the elements 0 to 2, got 7"),
    (put("variants.0.changes", {"optimizer.rate": "fast"}), "variants[0].changes: optimizer.rate"),
    (put("variants.0.changes", {"__class__": 1}), "an experiment has no __class__"),
    (put("variants.0.changes", {"network.layers[0].units": 5}), 'start: the layers have other sizes: expected "drawn"'),
    (put("variants.0.start", "random"), 'variants[0].start: expected "same", "drawn"'),
    (put("variants.0.name", ""), "variants[0].name: expected a name of its own"),
    (put("variant", "fast"), "variant: expected one of slow"),
    (put("expected.0.what", "layer1.W[2]"), "expected[0].what: expected an index from 0 to 1"),
    (put("expected.0.what", "layer1.gamma"), "the quantity 'gamma' is none of"),
    (put("expected.0.what", "layer7.W"), "the layer 'layer7' is none of layer1, layer2, layer3"),
    (put("expected.0.what", "norm/9"), "expected a layer from 1 to 3"),
    (put("expected.0.what", "print(1)"), "expected something like"),
    (put("expected.0.what", "loss * loss / loss"), "one kind of operator"),
    (put("expected.0.after", 10**9), "expected[0].after: expected a step from 0 to 1,000,000"),
    (put("expected.0.above", 1.0), "exactly one of value, above, below, got value, above"),
    (put("expected.0.decimals", 99), "expected[0].decimals: expected 0 to 17"),
]


@pytest.mark.parametrize(("change", "message"), REFUSED, ids=[message[:40] for _, message in REFUSED])
def test_a_wrong_value_is_refused_with_its_place(change: Change, message: str) -> None:
    document = copy.deepcopy(GOOD)
    lesson.parse(json.dumps(document))
    change(document)
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the message is compared as text
        lesson.parse(json.dumps(document))
    assert message in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"notation"', "notation", "line 7, column 2"),
        ('"digits": 6', '"digits": NaN', "is not finite"),
        ('"digits": 6', '"digits": 6, "digits": 7', 'the key "digits" stands twice'),
        ('"digits": 6', '"digits": ' + "9" * 30, "outside the 64-bit integers"),
        ("0.05", "1e400", "larger than any float64"),
        ('"digits": 6', '"digits": ' + "[" * 40 + "]" * 40, "nested deeper than 32"),
    ],
)
def test_refused_syntax_says_the_line(old: str, new: str, message: str) -> None:
    text = json.dumps(GOOD | {"digits": 6}, indent=1)
    assert old in text
    with pytest.raises(ValueError, match=message) as caught:
        lesson.parse(text.replace(old, new, 1))
    assert str(caught.value).startswith("line ")


TABLE = {
    "name": "table",
    "source": {
        "kind": "table",
        "path": "table.csv",
        "table_hash": "0" * 64,
        "preparation": {"inputs": ["i1", "i2"], "targets": ["o1"]},
    },
}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("table.csv", "gives other data than when this file was saved"),
        ("missing.csv", "The data file missing.csv is not there"),
        ("circle.csv", "is not there"),
        ("", "is not there"),
        (".", "is not there"),
        ("a\u0000b", "is not there"),
        ("x" * 5000, "is not there"),
        ("/dev/zero", "is not there"),
        ("//server/share/table.csv", "is on another computer"),
        ("\\\\server\\share\\table.csv", "is on another computer"),
        ("/\\server/share/table.csv", "is on another computer"),
        ("asset:datasets/nothing.csv", "is not there"),
        ("asset:../../etc/passwd", "inside the assets folder"),
    ],
)
def test_a_data_file_that_is_not_the_one_is_refused(name: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("i1,i2,o1\n1,2,3\n4,5,6\n")
    (tmp_path / "circle.csv").symlink_to(tmp_path / "circle.csv")
    document = copy.deepcopy(GOOD) | {"data": copy.deepcopy(TABLE)}
    document["data"]["source"]["path"] = name
    with pytest.raises(ValueError, match=message):
        lesson.parse(json.dumps(document), tmp_path)


@pytest.mark.parametrize("name", ["../secret.txt", "link.csv", "{folder}/secret.txt"])
def test_a_file_elsewhere_is_read_only_by_its_hash_and_never_quoted(name: str, tmp_path: Path) -> None:
    (tmp_path / "lesson").mkdir()
    (tmp_path / "secret.txt").write_text("user,password,o1\nroot,hunter2,1\nme,swordfish,2\n")
    (tmp_path / "lesson" / "link.csv").symlink_to(tmp_path / "secret.txt")
    document = copy.deepcopy(GOOD) | {"data": copy.deepcopy(TABLE)}
    document["data"]["source"]["path"] = name.format(folder=tmp_path)
    with pytest.raises(ValueError, match="gives other data") as refused:
        lesson.parse(json.dumps(document), tmp_path / "lesson")
    assert "hunter2" not in str(refused.value)


def test_a_folder_and_a_missing_file_are_not_lessons(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is a folder"):
        lesson.read(tmp_path)
    with pytest.raises(OSError, match=r"lesson\.json"):
        lesson.read(tmp_path / "lesson.json")
    (tmp_path / "picture.json").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    with pytest.raises(ValueError, match="not UTF-8"):
        lesson.read(tmp_path / "picture.json")


# Mutations: any value anywhere is replaced by any other, keys vanish or change. The lesson opens and is whole, or it is
# refused; there is no third.

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.sampled_from([0, 1, -1, 10**9, 0.5, 1e308, -0.0, 5e-324])
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "same", "layer1", "softmax", "loss", "drawn", "../x", "asset:datasets/iris.csv", "\u0000"])
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    items = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, value in items:
        found.extend(places(value, (*path, key)))
    return found


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data())
def test_a_mutated_lesson_is_refused_or_whole(data: st.DataObject) -> None:
    state = {"step": 3, "parameters": GOOD["start"], "optimizer": {"velocity": GOOD["start"]}}
    document = json.loads(json.dumps(GOOD | {"state": state}))
    for _ in range(data.draw(st.integers(1, 2))):
        path = data.draw(st.sampled_from(places(document)))
        at: Any = document
        for step in path[:-1]:
            at = at[step]
        kind = data.draw(st.sampled_from(["replace", "remove", "rename"]))
        value = at.pop(path[-1])
        if kind == "replace" or isinstance(at, list):
            value = data.draw(ANYTHING)
            if isinstance(at, list):
                at.insert(path[-1], value)
            else:
                at[path[-1]] = value
        elif kind == "rename":
            at[data.draw(st.text(max_size=8))] = value
    try:
        opened = lesson.parse(json.dumps(document), asset.folder())
    except ValueError:
        return
    again = lesson.text(opened)
    assert lesson.text(lesson.parse(again)) == again
    session = opened.session()
    assert session.step_number == (opened.state.step if opened.state else 0)

import contextlib
import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bpstudio.data import document
from bpstudio.data.choices import ReadOptions
from bpstudio.data.dataset import Dataset, Group
from bpstudio.data.errors import DataError
from bpstudio.data.generators import generate
from bpstudio.data.preparation import Preparation, prepare
from bpstudio.data.readers import open_table
from bpstudio.data.source import Inline

FINITE = st.floats(allow_nan=False, allow_infinity=False)


def there_and_back(data):
    return Dataset.from_dict(json.loads(json.dumps(data.to_dict(), allow_nan=False)))


@given(arrays(np.float64, (4, 3), elements=FINITE), arrays(np.float64, (4, 2), elements=FINITE))
def test_every_digit_comes_back(x, y):
    data = Dataset.from_arrays(x, y, validation=[2], name="any")
    again = there_and_back(data)
    assert again.hash == data.hash
    assert again.x.tobytes() == data.x.tobytes()


def test_everything_comes_back():
    data = Dataset.from_arrays(
        np.arange(12.0).reshape(3, 4), [0, 2, 1], "classes", class_names=("a", "b", "c"), validation=[1], name="n"
    )
    data = dataclasses.replace(data, train=[2, 0], input_shape=(2, 2), groups=(Group("g", 1, 3),))
    again = there_and_back(data)
    for field in dataclasses.fields(Dataset):
        first, second = getattr(data, field.name), getattr(again, field.name)
        assert np.array_equal(first, second) if isinstance(first, np.ndarray) else first == second, field.name


def test_classes_are_written_by_name_and_soft_targets_as_numbers():
    data = Dataset.from_arrays([[0.5], [1.5]], [0, 1], "classes", class_names=("cat", "dog"))
    soft = data.replace_target(1, 0, 0.25)
    assert soft.to_dict()["rows"] == [[0.5, "cat"], [1.5, 0.25, 1.0]]
    assert there_and_back(soft).hash == soft.hash


def test_a_hand_written_document_needs_little():
    data = Dataset.from_dict({"inputs": ["i1", "i2"], "outputs": ["o1"], "rows": [[1, 2, 3], [4, 5, 6]]})
    assert data.y.tolist() == [[3], [6]]
    assert data.train.tolist() == [0, 1]
    assert data.source == Inline()


VALID = {
    "inputs": ["a"],
    "outputs": ["no", "yes"],
    "classes": ["no", "yes"],
    "task": "classes",
    "rows": [[1.0, "no"], [2.0, "yes"]],
}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rows": [[1, "no"], [2]]}, r"data\.rows\[1\]: expected 3 numbers \(1 inputs and 2 targets\), got 1"),
        ({"rows": [[1, "no"], [2, "maybe"]]}, r'data\.rows\[1\]: expected one of no, yes, got "maybe"'),
        ({"rows": [["1", "no"]]}, r'data\.rows\[0\]\[0\]: expected a number, got "1"'),
        ({"rows": [[True, "no"]]}, r"data\.rows\[0\]\[0\]: expected a number, got true"),
        ({"rows": [[10**400, "no"]]}, r"data\.rows\[0\]\[0\]: expected a number below 1.8e308"),
        ({"rows": [[float("nan"), "no"]]}, r"data\.rows\[0\]\[0\]: expected a finite number, got nan"),
        ({"rows": []}, r"data\.rows: expected at least one row"),
        ({"rows": {"0": [1]}}, r"data\.rows: expected a list"),
        ({"rows": ["no"]}, r"data\.rows\[0\]: expected a list .*, got \"no\""),
        ({"inputs": [1]}, r"data\.inputs\[0\]: expected text, got 1"),
        ({"task": "clases"}, r'data\.task: expected one of regression, binary, classes, got "clases"'),
        ({"validation": [0.5]}, r"data\.validation\[0\]: expected a whole number, got 0.5"),
        ({"validation": [2**70]}, r"data\.validation\[0\]: expected a whole number of at most 64 bits"),
        ({"validation": [7]}, r"data: validation: expected row numbers from 0 to 1, got 7"),
        ({"train": [0, 0]}, r"data: train and validation: row 1 stands there twice"),
        ({"input_shape": [1]}, r"data\.input_shape: expected \[height, width\]"),
        ({"groups": [{"name": "g", "first": 0}]}, r"data\.groups\[0\]\.count: missing"),
        ({"groups": [{"name": "g", "first": "0", "count": 1}]}, r"data\.groups\[0\]\.first: expected a whole number"),
        ({"row": []}, r"data\.row: not known here; did you mean rows\?"),
        ({"source": {"kind": "magic"}}, r"data\.source\.kind: expected one of inline, generated, table"),
        ({"source": {"kind": "generated", "generator": "xor"}}, r"data\.source\.rows: missing"),
        ({"source": {"kind": "inline", "origin": {"kind": "inline"}}}, r"data\.source\.origin\.kind"),
        ({"hash": "0"}, r"data\.hash: is not that of the rows"),
    ],
)
def test_errors_name_the_place(changes, message):
    with pytest.raises(ValueError, match=message):
        Dataset.from_dict({**VALID, **changes})


@pytest.mark.parametrize("broken", [None, [], "data", 3, {}, {"rows": [[1]]}])
def test_what_is_no_document_is_refused_with_its_place(broken):
    with pytest.raises(ValueError, match=r"^data"):
        Dataset.from_dict(broken)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from([*VALID, "train", "validation", "groups", "source", "input_shape", "hash", "name"]), JSON)
def test_nothing_that_json_can_hold_is_more_than_a_value_error(key, value):
    with contextlib.suppress(ValueError):
        Dataset.from_dict({**VALID, key: value})


# Recipes


@pytest.fixture
def few_values(monkeypatch):
    monkeypatch.setattr(document, "INLINE_VALUES", 10)


def test_much_generated_data_is_a_recipe(few_values):
    data = generate("circle", rows=50, noise=0.1, seed=3, validation=0.2, inner=0.4)
    written = data.to_dict()
    assert "rows" not in written
    again = there_and_back(data)
    assert again.hash == data.hash
    assert again.source == data.source


def test_an_edited_cell_brings_its_rows_along(few_values):
    data = generate("circle", rows=50).replace_input(3, 0, 0.125)
    again = there_and_back(data)
    assert again.x[3, 0] == 0.125
    assert again.source == data.source


@pytest.fixture
def table_file(tmp_path):
    path = tmp_path / "some data.csv"
    path.write_text("a,b,c\n" + "".join(f"{i},{i % 3},{'red' if i % 2 else 'blue'}\n" for i in range(40)))
    return path


CHOICES = Preparation(("a", "b"), ("c",), "binary", scaling={"a": "standardize"}, validation=0.25, stratified=True)


def test_a_table_is_named_and_prepared_again(few_values, table_file):
    data = prepare(open_table(table_file), CHOICES)
    again = there_and_back(data)
    assert again.hash == data.hash
    assert again.source == data.source
    written = data.to_dict()
    written["source"]["path"] = table_file.name
    assert Dataset.from_dict(written, folder=table_file.parent).hash == data.hash


def test_a_small_table_stands_in_the_file_with_its_steps_and_needs_the_table_no_more(table_file):
    data = prepare(open_table(table_file), CHOICES)
    table_file.unlink()
    again = there_and_back(data)
    assert again.hash == data.hash
    assert again.source == data.source
    assert again.source.steps


def test_a_table_that_changed_is_not_trained_on_in_silence(few_values, table_file):
    written = prepare(open_table(table_file), CHOICES).to_dict()
    table_file.write_text(table_file.read_text().replace("\n7,1,", "\n8,1,"))
    with pytest.raises(DataError, match=r"gives other data than when this file was saved\. Put the original back"):
        Dataset.from_dict(written)
    table_file.unlink()
    with pytest.raises(DataError, match=r"some data\.csv is not there"):
        Dataset.from_dict(written)


def test_a_recipe_names_only_known_encodings(few_values, table_file):
    written = prepare(open_table(table_file), CHOICES).to_dict()
    written["source"]["options"]["encoding"] = "utf_7"
    with pytest.raises(ValueError, match=r"data\.source\.options: encoding: expected one of"):
        Dataset.from_dict(written)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda s: s["preparation"].update(seed="7"),
            r'data\.source\.preparation\.seed: expected a whole number, got "7"',
        ),
        (lambda s: s["preparation"].update(shuffle=1), r"data\.source\.preparation\.shuffle: expected true or false"),
        (lambda s: s["preparation"].update(task="learn"), r"data\.source\.preparation\.task: expected one of"),
        (lambda s: s["preparation"].update(image=[8]), r"data\.source\.preparation\.image: expected a list of 2"),
        (
            lambda s: s["preparation"]["scaling"].update(a="log"),
            r"data\.source\.preparation\.scaling\.a: expected one of",
        ),
        (lambda s: s["preparation"].update(inputs=[]), r"data\.source\.preparation: No column is an input"),
        (
            lambda s: s["preparation"].update(sead=1),
            r"data\.source\.preparation\.sead: not known here; did you mean seed",
        ),
        (lambda s: s["steps"][0].update(kind="guess"), r"data\.source\.steps\[0\]\.kind: expected one of"),
        (lambda s: s["steps"][1].update(mean=None), r"data\.source\.steps\[1\]\.mean: expected a number, got null"),
        (lambda s: s["options"].update(separator="#"), r"data\.source\.options\.separator: expected one of"),
    ],
)
def test_recipes_are_read_strictly(table_file, change, message):
    written = prepare(open_table(table_file), CHOICES).to_dict()
    change(written["source"])
    with pytest.raises(ValueError, match=message):
        Dataset.from_dict(written)


def test_options_travel_with_the_recipe(few_values, tmp_path):
    path = tmp_path / "t.txt"
    path.write_text("1,5;2\n2,5;3\n3,5;4\n", "utf-16")
    data = prepare(open_table(path, ReadOptions(header="no")), Preparation(("column 1",), ("column 2",)))
    assert data.x[:, 0].tolist() == [1.5, 2.5, 3.5]
    assert data.source.options == ReadOptions("utf-16", ";", ",", "no")
    assert there_and_back(data).hash == data.hash


def test_few_bytes_do_not_become_more_numbers_than_can_be_held():
    classes = [f"c{k}" for k in range(20_000)]
    rows = [[1.0, "c0"]] * 3_000
    with pytest.raises(ValueError, match=r"data\.rows: 3,000 rows of 20,001 numbers are more than 50,000,000"):
        Dataset.from_dict({**VALID, "outputs": classes, "classes": classes, "rows": rows})
    Dataset.from_dict({**VALID, "outputs": classes, "classes": classes, "rows": rows[:3]}).to_dict()


def test_a_negative_zero_among_the_targets_comes_back():
    data = Dataset.from_arrays([[1.0], [2.0]], [[-0.0, 1.0], [1.0, 0.0]], "classes", class_names=("a", "b"))
    document = data.to_dict()
    assert document["rows"] == [[1.0, -0.0, 1.0], [2.0, "a"]]
    assert Dataset.from_dict(document).hash == data.hash

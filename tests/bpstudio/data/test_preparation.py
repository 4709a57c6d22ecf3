import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpstudio.data import preparation, steps
from bpstudio.data.dataset import Group
from bpstudio.data.errors import DataError
from bpstudio.data.preparation import Preparation, prepare
from bpstudio.data.readers import read_table


def table(text):
    return read_table(text.encode(), "t.csv")


def rows_of(numbers, classes="uv"):
    return table("x,c\n" + "".join(f"{number!r},{classes[i % len(classes)]}\n" for i, number in enumerate(numbers)))


COLOURS = table("size,colour,heavy\n1,red,no\n2,blue,yes\n3,red,yes\n4,green,no\n5,blue,no\n6,red,yes\n")


def step(data, kind, column=""):
    return next(each for each in data.source.steps if each.kind == kind and each.column == column)


# Encoding


def test_a_category_becomes_a_group_of_inputs():
    data = prepare(COLOURS, Preparation(("size", "colour"), ("heavy",), "binary"))
    assert data.input_names == ("size", "colour=blue", "colour=green", "colour=red")
    assert data.groups == (Group("colour", 1, 3),)
    assert data.x[:, 1:].tolist() == [[0, 0, 1], [1, 0, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0], [0, 0, 1]]
    assert data.x[:, 0].tolist() == [1, 2, 3, 4, 5, 6]
    assert step(data, "one-hot", "colour").values == ("blue", "green", "red")


@given(st.lists(st.sampled_from(["a", "b", "c"]), min_size=4, max_size=20).filter(lambda values: len(set(values)) > 1))
def test_one_hot_has_a_single_one_and_it_is_that_of_the_cell(values):
    read = table("v,n\n" + "".join(f"{value},{i}.5\n" for i, value in enumerate(values))).with_kind("v", "category")
    data = prepare(read, Preparation(("v",), ("n",), kinds={"v": "category"}))
    assert (data.x.sum(axis=1) == 1).all()
    assert [data.input_names[k] for k in data.x.argmax(axis=1)] == [f"v={value}" for value in values]


def test_a_binary_target_is_one_output_and_the_positive_value_a_choice():
    data = prepare(COLOURS, Preparation(("size",), ("heavy",), "binary"))
    assert data.y[:, 0].tolist() == [0, 1, 1, 0, 0, 1]
    assert (data.output_names, data.class_names) == (("heavy",), ("no", "yes"))
    other = prepare(COLOURS, Preparation(("size",), ("heavy",), "binary", positive="no"))
    assert other.y[:, 0].tolist() == [1, 0, 0, 1, 1, 0]
    assert other.class_names == ("yes", "no")


def test_classes_are_one_output_each_also_when_there_are_two():
    data = prepare(COLOURS, Preparation(("size",), ("colour",), "classes"))
    assert data.class_names == data.output_names == ("blue", "green", "red")
    assert data.class_index.tolist() == [2, 0, 2, 1, 0, 2]
    two = prepare(COLOURS, Preparation(("size",), ("heavy",), "classes"))
    assert two.y.tolist()[:2] == [[1, 0], [0, 1]]


def test_numbered_classes_are_classes_by_value():
    read = table("x,digit\n1,10\n2,9\n3,9.0\n4,10\n5,2\n6,2\n")
    data = prepare(read, Preparation(("x",), ("digit",), "classes"))
    assert data.class_names == ("2", "9", "10")
    assert data.class_index.tolist() == [2, 1, 1, 2, 0, 0]


def test_several_targets_of_a_regression():
    data = prepare(table("a,b,c\n1,2,3\n4,5,6\n"), Preparation(("b",), ("c", "a")))
    assert data.y.tolist() == [[3, 1], [6, 4]]


def test_dates_are_days():
    data = prepare(table("d,y\n1970-01-03,1\n1970-01-05,2\n"), Preparation(("d",), ("y",)))
    assert data.x[:, 0].tolist() == [2, 4]
    assert step(data, "days", "d").pattern == "YYYY-MM-DD"


def test_nothing_is_done_that_was_not_chosen():
    data = prepare(COLOURS, Preparation(("size",), ("heavy",), "binary", shuffle=False))
    assert [each.kind for each in data.source.steps] == ["split", "yes/no"]
    assert data.train.tolist() == [0, 1, 2, 3, 4, 5]
    assert len(data.validation) == 0


# Fitted on the training rows only


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=6, max_size=40),
    st.integers(0, 50),
    st.sampled_from(["standardize", "range"]),
)
def test_an_outlier_among_the_validation_rows_moves_no_figure(numbers, seed, scaling):
    choices = Preparation(("x",), ("c",), "binary", scaling={"x": scaling}, validation=0.3, seed=seed)
    data = prepare(rows_of(numbers), choices)
    spoiled = list(numbers)
    spoiled[int(data.validation[0])] = 1e9
    again = prepare(rows_of(spoiled), choices)
    assert again.source.steps == data.source.steps
    assert again.train.tolist() == data.train.tolist()
    assert again.x[data.train].tolist() == data.x[data.train].tolist()


@pytest.mark.parametrize("how", ["mean", "median", "most frequent"])
def test_an_outlier_among_the_validation_rows_fills_no_gap(how):
    numbers = [1.0, 2.0, 2.0, 4.0, 9.0, 5.0, 6.0, 2.0, 3.0, 8.0]
    choices = Preparation(("x",), ("c",), "binary", impute={"x": how}, validation=0.3, seed=1)
    data = prepare(rows_of(numbers), choices)
    gap = int(data.train[0])

    def with_gap(values):
        cells = ["" if i == gap else repr(value) for i, value in enumerate(values)]
        return table("x,c\n" + "".join(f"{cell},{'uv'[i % 2]}\n" for i, cell in enumerate(cells)))

    spoiled = list(numbers)
    for row in data.validation:
        spoiled[int(row)] = 1e9
    filled, again = prepare(with_gap(numbers), choices), prepare(with_gap(spoiled), choices)
    assert again.x[gap, 0] == filled.x[gap, 0]
    seen = [numbers[row] for row in data.train.tolist() if row != gap]
    expected = {"mean": math.fsum(seen) / len(seen), "median": float(np.median(seen)), "most frequent": 2.0}
    assert filled.x[gap, 0] == expected[how]
    assert step(filled, "fill", "x").rows == (gap,)


@given(st.lists(st.floats(-1e3, 1e3), min_size=4, max_size=30).filter(lambda n: max(n) - min(n) > 1e-3))
def test_standardised_training_rows_have_mean_0_and_deviation_1_and_come_back(numbers):
    data = prepare(rows_of(numbers), Preparation(("x",), ("c",), "binary", scaling={"x": "standardize"}))
    assert abs(data.x.mean()) < 1e-9
    assert abs(data.x.std() - 1) < 1e-9
    assert np.allclose(data.source.scaling_of("x").inverse(data.x[:, 0]), numbers)


def test_a_range_goes_from_0_to_1_and_a_joint_range_is_shared():
    read = table("a,b,c\n0,5,u\n2,8,v\n4,16,u\n")
    own = prepare(read, Preparation(("a", "b"), ("c",), "binary", scaling={"a": "range", "b": "range"}))
    assert own.x[:, 0].tolist() == [0, 0.5, 1]
    assert own.x[:, 1].tolist() == [0, 3 / 11, 1]
    joint = prepare(read, Preparation(("a", "b"), ("c",), "binary", scaling=dict.fromkeys("ab", "joint range")))
    assert joint.x[:, 0].tolist() == [0, 2 / 16, 4 / 16]
    assert joint.x[:, 1].tolist() == [5 / 16, 8 / 16, 1]


def test_a_target_is_scaled_and_a_prediction_finds_back():
    data = prepare(table("x,y\n1,100\n2,300\n3,200\n"), Preparation(("x",), ("y",), scaling={"y": "range"}))
    assert data.y[:, 0].tolist() == [0, 1, 0.5]
    assert data.source.scaling_of("y").inverse(np.array([0.25])).tolist() == [150]
    assert data.source.scaling_of("x") is None


def test_a_column_that_never_changes_in_training_is_shifted_not_divided():
    read = table("a,b\n0.1,1\n0.1,2\n0.1,3\n0.1,4\n")
    data = prepare(read, Preparation(("a",), ("b",), scaling={"a": "standardize"}))
    assert data.x.tolist() == [[0], [0], [0], [0]]
    assert step(data, "standardize", "a").std == 0
    ranged = prepare(read, Preparation(("a",), ("b",), scaling={"a": "range"}))
    assert ranged.x.tolist() == [[0], [0], [0], [0]]


def test_numbers_too_large_to_be_scaled_are_told_not_made_infinite():
    read = table("a,b\n1e308,1\n-1e308,2\n1.7e308,3\n")
    for scaling in ("standardize", "range"):
        with pytest.raises(DataError, match="a has numbers too large to be scaled in float64"):
            prepare(read, Preparation(("a",), ("b",), scaling={"a": scaling}))


# Missing values

GAPS = "a,c,y\n1,red,1\n,red,2\n3,?,3\n5,blue,4\n7,red,NA\n"


def test_a_missing_value_without_a_choice_is_named():
    with pytest.raises(DataError, match=r"Row 2 of a has no value \(1 rows have none\)\. Choose what to do") as caught:
        prepare(table(GAPS), Preparation(("a",), ("y",), impute={"y": "drop row"}))
    assert (caught.value.row, caught.value.column) == (2, "a")


def test_gaps_are_filled_as_chosen():
    choices = Preparation(
        ("a", "c"), ("y",), kinds={"c": "category"}, impute={"a": "median", "c": "most frequent", "y": "drop row"}
    )
    data = prepare(table(GAPS), choices)
    assert data.x[:, 0].tolist() == [1, 3, 3, 5]
    assert [data.input_names[1 + k] for k in data.x[:, 1:].argmax(axis=1)] == ["c=red", "c=red", "c=red", "c=blue"]
    assert step(data, "drop rows", "y").rows == (5,)
    assert step(data, "fill", "a") == steps.Fill("a", "median", "3", 3.0, (1,))
    assert step(data, "fill", "c") == steps.Fill("c", "most frequent", "red", None, (2,))


def test_a_gap_in_a_category_is_filled_by_the_training_rows_only():
    cells = ["", "red", "red", "blue", "blue", "blue", "blue", "blue"]
    read = table("c,y\n" + "".join(f"{cell},{i}.5\n" for i, cell in enumerate(cells)))
    choices = Preparation(("c",), ("y",), impute={"c": "most frequent"}, validation=0.6, shuffle=False)
    data = prepare(read, choices)
    assert data.train.tolist() == [0, 1, 2]
    assert step(data, "fill", "c").value == "red"


def test_rows_are_dropped_as_chosen_and_the_names_of_the_file_kept():
    choices = Preparation(("a",), ("y",), impute={"a": "drop row", "y": "drop row"}, shuffle=False)
    data = prepare(table(GAPS), choices)
    assert data.x[:, 0].tolist() == [1, 3, 5]
    assert [each.rows for each in data.source.steps if each.kind == "drop rows"] == [(2,), (5,)]


def test_a_target_is_never_made_up():
    with pytest.raises(DataError, match=r"The target y has no value in row 5, and a target cannot be made up"):
        prepare(table(GAPS), Preparation(("a",), ("y",), impute={"a": "mean", "y": "mean"}))


def test_what_cannot_be_filled_is_told():
    with pytest.raises(DataError, match=r"c is read as “category”: it has no mean to fill gaps with"):
        prepare(
            table(GAPS),
            Preparation(("c",), ("y",), kinds={"c": "category"}, impute={"c": "mean", "y": "drop row"}),
        )
    read = table("a,b\n1,1\n,2\n,3\n2,4\n")
    with pytest.raises(DataError, match=r"a has no value in any training row"):
        prepare(
            read.with_kind("a", "number"),
            Preparation(("a",), ("b",), impute={"a": "mean"}, validation=0.5, seed=next_seed(read, {1, 2})),
        )
    with pytest.raises(DataError, match=r"Only 1 rows are left after dropping"):
        prepare(table("a,b\n1,1\n,2\n3,\n"), Preparation(("a",), ("b",), impute={"a": "drop row", "b": "drop row"}))


def next_seed(read, training):
    """A seed with which exactly these rows train."""
    choices = Preparation(("b",), ("b2",), validation=0.5)
    for seed in range(200):
        data = prepare(table("b,b2\n1,1\n2,2\n3,3\n4,4\n"), choices.replace(seed=seed))
        if set(data.train.tolist()) == training:
            return seed
    raise AssertionError(f"no lot in 200 gives {training} of {read.rows}")


# Tasks that cannot be


@pytest.mark.parametrize(
    ("text", "choices", "message"),
    [
        ("a,b\n1,u\n2,u\n", (("a",), ("b",), "classes"), r"The target b has one class only \(u\): there is nothing"),
        ("a,b\n1,u\n2,u\n", (("a",), ("b",), "binary"), r"one class only \(u\)"),
        ("a,b\n1,4\n2,4\n", (("a",), ("b",), "classes"), r"one class only \(4\)"),
        (
            "a,b\n1,u\n2,v\n3,w\n4,u\n",
            (("a",), ("b",), "binary"),
            r"b has 3 classes; the task “binary” needs exactly two",
        ),
        (
            "a,b\n1,u\n2,v\n3,u\n",
            (("a",), ("b",), "regression"),
            r"The target b is read as “category”; a regression needs",
        ),
        (
            "a,b\n1,0.1\n2,0.2\n3,0.3\n4,0.4\n",
            (("a",), ("b",), "classes"),
            r"b has 4 different values in 4 rows: too many for classes",
        ),
        (
            "a,b\nx,1\ny,2\nz,3\n",
            (("a",), ("b",)),
            r"a is read as “id”, which has no numbers for the network\. Leave it out",
        ),
        ("a,b\n1,u\n2,v\n", (("a",), ("c",), "binary"), r"t\.csv has no column c\. Its columns are: a, b\."),
    ],
)
def test_a_task_that_cannot_be_is_told_with_the_remedy(text, choices, message):
    with pytest.raises(DataError, match=message) as caught:
        prepare(table(text), Preparation(*choices))
    assert caught.value.remedy


def test_other_choices_that_cannot_be():
    with pytest.raises(DataError, match=r"The target heavy has no value maybe\. Choose one of its values: no, yes"):
        prepare(COLOURS, Preparation(("size",), ("heavy",), "binary", positive="maybe"))
    with pytest.raises(DataError, match=r"colour is read as “category”, which cannot be scaled"):
        prepare(COLOURS, Preparation(("colour",), ("heavy",), "binary", scaling={"colour": "range"}))
    with pytest.raises(DataError, match=r"3 × 3 pixels are not the 1 inputs"):
        prepare(COLOURS, Preparation(("size",), ("heavy",), "binary", image=(3, 3)))
    with pytest.raises(DataError, match="has no column weight"):
        prepare(COLOURS, Preparation(("size",), ("heavy",), "binary", scaling={"weight": "range"}))
    with pytest.raises(DataError, match="Row 1 of colour is “red”, which is not a number"):
        prepare(COLOURS, Preparation(("colour",), ("heavy",), "binary", kinds={"colour": "number"}))


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"inputs": ()}, r"No column is an input\. Choose at least one\."),
        ({"targets": ()}, r"No column is a target"),
        ({"inputs": ("a", "a")}, r"a is chosen twice"),
        ({"targets": ("a",)}, r"a is chosen twice"),
        ({"targets": ("b", "c"), "task": "classes"}, r"The task “classes” has one target, but 2 are chosen"),
        ({"task": "guess"}, r"task: expected one of 'regression', 'binary', 'classes', got 'guess'"),
        ({"validation": 1.0}, r"validation: expected a share from 0 to below 1, got 1.0"),
        ({"validation": math.nan}, r"validation: expected a share"),
        ({"seed": -1}, r"seed: expected 0 or more"),
        ({"scaling": {"a": "log"}}, r"scaling\.a: expected one of"),
        ({"impute": {"a": "zero"}}, r"impute\.a: expected one of"),
        ({"kinds": {"a": "float"}}, r"kinds\.a: expected one of"),
    ],
)
def test_choices_are_valid_when_they_are_made(choices, message):
    with pytest.raises(ValueError, match=message):
        Preparation(**{"inputs": ("a",), "targets": ("b",), **choices})


# The split


def test_a_stratified_split_keeps_the_shares():
    read = table("x,c\n" + "".join(f"{i},{'rare' if i % 10 == 0 else 'usual'}\n" for i in range(100)))
    for seed in range(5):
        choices = Preparation(("x",), ("c",), "classes", validation=0.2, stratified=True, seed=seed)
        data = prepare(read, choices)
        assert np.bincount(data.class_index[data.validation]).tolist() == [2, 18]
    assert step(data, "split").stratified


def test_the_same_choices_give_the_same_digits_and_another_seed_another_split():
    choices = Preparation(("size", "colour"), ("heavy",), "binary", validation=0.5, scaling={"size": "standardize"})
    assert prepare(COLOURS, choices).hash == prepare(COLOURS, choices).hash
    others = {prepare(COLOURS, choices.replace(seed=seed)).hash for seed in range(6)}
    assert len(others) > 1


def test_without_shuffling_the_file_keeps_its_order():
    data = prepare(COLOURS, Preparation(("size",), ("heavy",), "binary", validation=0.5, shuffle=False))
    assert data.train.tolist() == [0, 1, 2]
    assert data.validation.tolist() == [3, 4, 5]
    assert str(step(data, "split").describe()) == "the first 3 rows train, the last 3 validate"


# Steps say what they did


def test_steps_are_described_in_words_and_as_a_formula():
    read = table("a,b,c\n1,10,u\n3,,v\n5,30,u\n")
    data = prepare(
        read,
        Preparation(("a", "b"), ("c",), "binary", scaling={"a": "standardize", "b": "range"}, impute={"b": "mean"}),
    )
    standardized = step(data, "standardize", "a")
    assert str(standardized.describe()) == (
        "standardised with the mean 3 and the standard deviation 1.63299 of 3 training rows"
    )
    assert standardized.formula == "(a − 3) / 1.63299"
    assert step(data, "range", "b").formula == "(b − 10) / 20"
    assert str(step(data, "fill", "b").describe()) == "missing values: 1 filled with 20 (mean)"
    assert step(data, "fill", "b").formula == "missing → 20"
    assert str(step(data, "yes/no", "c").describe()) == "u becomes 0, v becomes 1"
    for each in data.source.steps:
        assert "{" not in str(each.describe())
        assert steps.read(steps.write(each), "step") == each


def test_a_shift_to_the_right_reads_as_a_sum():
    data = prepare(table("a,b\n-5,1\n-3,2\n"), Preparation(("a",), ("b",), scaling={"a": "standardize"}))
    assert step(data, "standardize", "a").formula == "(a + 4) / 1"


def test_categories_that_would_fill_the_memory_are_refused_before_they_are_encoded(monkeypatch):
    monkeypatch.setattr(preparation, "MAX_VALUES", 29)
    with pytest.raises(DataError, match="6 rows of 5 inputs and targets are 30 numbers, more than the 29"):
        prepare(COLOURS, Preparation(("size", "colour"), ("heavy",), "binary"))
    monkeypatch.setattr(preparation, "MAX_VALUES", 30)
    assert prepare(COLOURS, Preparation(("size", "colour"), ("heavy",), "binary")).x.shape == (6, 4)


def test_an_autoencoder_is_to_answer_with_what_it_was_asked():
    """All inputs are the targets too, scaled alike although targets have ranges of their own otherwise."""
    columns = ("a", "b")
    scaling = dict.fromkeys(columns, "joint range")
    data = prepare(table("a,b\n0,4\n1,8\n2,16\n"), Preparation(columns, columns, scaling=scaling))
    assert data.y.tolist() == data.x.tolist() == [[0, 0.25], [0.0625, 0.5], [0.125, 1]]
    assert (data.input_names, data.output_names, data.task) == (columns, columns, "regression")
    for inputs, targets in ((("a", "b"), ("b",)), (("a",), ("a", "b"))):
        with pytest.raises(DataError, match="is chosen twice"):
            Preparation(inputs, targets)

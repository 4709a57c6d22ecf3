import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpstudio.data.dataset import Dataset, Group
from bpstudio.data.errors import DataError
from bpstudio.data.source import Generated, Inline

ROWS = [[0.05, 0.10], [0.2, 0.3], [0.4, 0.5]]


def small(**changes):
    data = Dataset.from_arrays(ROWS, [[0.01, 0.99], [1.0, 0.0], [0.5, 0.5]], input_names=["i1", "i2"], validation=[1])
    return dataclasses.replace(data, **changes)


def test_arrays_are_copied_and_cannot_be_written():
    x = np.array(ROWS)
    data = Dataset.from_arrays(x, [1.0, 2.0, 3.0])
    x[0, 0] = 7
    assert data.x[0, 0] == 0.05
    for array in (data.x, data.y, data.train, data.validation):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


def test_a_read_only_view_of_somebody_elses_array_is_copied_too():
    whole = np.arange(6.0).reshape(3, 2)
    view = whole[:]
    view.setflags(write=False)
    data = Dataset.from_arrays(view, [1.0, 2.0, 3.0])
    whole[0, 0] = 99
    assert data.x[0, 0] == 0


def test_rows_that_do_not_validate_train_in_their_order():
    data = small()
    assert data.train.tolist() == [0, 2]
    assert data.validation.tolist() == [1]


def test_a_number_that_is_not_finite_is_named_with_row_and_column():
    with pytest.raises(DataError, match=r"Input i2 of row 2 is nan: expected a finite number\.") as caught:
        small(x=np.array([[0, 0], [0, math.nan], [0, 0]]))
    assert (caught.value.row, caught.value.column) == (2, "i2")
    with pytest.raises(DataError, match="Target y2 of row 3 is inf"):
        small(y=np.array([[0, 0], [0, 0], [0, math.inf]]))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train": [0, 1]}, r"train and validation: row 2 stands there twice"),
        ({"train": [0, 0]}, r"row 1 stands there twice"),
        ({"train": []}, r"train: expected at least one row"),
        ({"train": [3]}, r"train: expected row numbers from 0 to 2, got 3"),
        ({"validation": [-1]}, r"validation: expected row numbers from 0 to 2, got -1"),
        ({"train": [0.5]}, r"train: expected whole row numbers"),
        ({"y": np.zeros((2, 2))}, r"y: expected as many rows as x has \(3\), got 2"),
        ({"x": np.zeros(3)}, r"x: expected rows and columns"),
        ({"x": np.zeros((3, 0))}, r"x: expected rows and columns"),
        ({"input_names": ("a",)}, r"input_names: expected 2 names, got 1"),
        ({"output_names": ("a", "a")}, r"output_names: 'a' stands there twice"),
        ({"task": "guess"}, r"task: expected one of regression, binary, classes, got 'guess'"),
        ({"task": "binary", "class_names": ("0", "1")}, r"a binary task has one output, got 2"),
        ({"task": "classes"}, r"class_names: expected 2 or more, one per output"),
        ({"class_names": ("a", "b")}, r"class_names: expected 0 for the task regression"),
        ({"input_shape": (2, 2)}, r"input_shape: 2 × 2 pixels are not the 2 inputs"),
        ({"groups": (Group("c", 1, 2),)}, r"groups: 'c' has inputs 1 to 2"),
        ({"groups": (Group("c", 0, 1), Group("d", 0, 2))}, r"groups: 'd'"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(changes, message):
    with pytest.raises(ValueError, match=message):
        small(**changes)


def test_class_numbers_become_one_hot_targets():
    data = Dataset.from_arrays([[0], [1], [2]], [2, 0, 2], "classes", class_names=("a", "b", "c"))
    assert data.y.tolist() == [[0, 0, 1], [1, 0, 0], [0, 0, 1]]
    assert data.output_names == ("a", "b", "c")
    assert data.class_index.tolist() == [2, 0, 2]
    with pytest.raises(ValueError, match="y: row 1: expected class numbers below 2, got 2"):
        Dataset.from_arrays([[0], [1]], [2, 0], "classes", class_names=("a", "b"))
    with pytest.raises(ValueError, match="class numbers 0, 1, 2"):
        Dataset.from_arrays([[0], [1]], [0.5, 0], "classes")


def test_a_binary_target_is_one_output_and_two_classes():
    data = Dataset.from_arrays([[0], [1], [2]], [0, 1, 1], "binary", class_names=("no", "yes"))
    assert data.y.shape == (3, 1)
    assert data.class_index.tolist() == [0, 1, 1]
    assert small().class_index is None


# The hash names a run: another run must have another name, and the same run the same one.


def test_equal_content_has_an_equal_hash_whatever_it_is_called():
    other = small(input_names=("u", "v"), name="other", source=Generated("xor", 4))
    assert other.hash == small().hash


@given(st.sampled_from(["x", "y"]), st.integers(0, 2), st.integers(0, 1), st.floats(-1e300, 1e300))
def test_the_hash_changes_exactly_when_a_number_does(part, row, column, value):
    data = small()
    edit = data.replace_input if part == "x" else data.replace_target
    edited = edit(row, column, value)
    old = getattr(data, part)[row, column]
    same = np.float64(value).tobytes() == old.tobytes()
    assert (edited.hash == data.hash) == same
    assert (edited is data) == same
    assert getattr(edited, part)[row, column] == value
    assert edit(row, column, value).hash == edited.hash


def test_the_hash_sees_the_split_and_the_shape():
    data = small()
    assert small(train=[2, 0]).hash != data.hash
    assert small(validation=[]).hash != data.hash
    flat = Dataset.from_arrays([[1.0, 2.0, 3.0, 4.0]], [[0.0]])
    square = Dataset.from_arrays([[1.0, 2.0], [3.0, 4.0]], [[0.0], [0.0]])
    assert flat.hash != square.hash


def test_minus_zero_is_another_number():
    data = Dataset.from_arrays([[0.0]], [[0.0]])
    assert data.replace_input(0, 0, -0.0) is not data


# Edits


def test_an_edit_leaves_the_old_dataset_and_remembers_where_it_came_from():
    recipe = Generated("xor", 3)
    data = small(source=recipe)
    edited = data.replace_target(0, "y2", 0.5)
    assert data.y[0, 1] == 0.99
    assert edited.source == Inline(recipe)
    assert edited.replace_target(0, "y2", 0.6).source == Inline(recipe)


def test_a_column_is_found_by_name_or_number():
    assert small().replace_input(1, "i2", 9).x[1].tolist() == [0.2, 9]
    for column in ("i3", 2, -1):
        with pytest.raises(DataError, match=r"There is no column .*: known are i1, i2\."):
            small().replace_input(0, column, 1)
    with pytest.raises(DataError, match=r"There is no row 4: the data have 3 rows\."):
        small().replace_input(3, 0, 1)


def test_a_typed_nan_is_refused_and_the_dataset_stays():
    data = small()
    with pytest.raises(DataError, match="Input i1 of row 1 is nan"):
        data.replace_input(0, 0, math.nan)
    assert data.x[0, 0] == 0.05


def test_a_class_is_typed_as_a_whole():
    data = Dataset.from_arrays([[0], [1]], [0, 1], "classes", class_names=("a", "b", "c"))
    assert data.replace_class(0, 2).y[0].tolist() == [0, 0, 1]
    assert data.replace_class(0, 0) is data
    binary = Dataset.from_arrays([[0], [1]], [0, 1], "binary")
    assert binary.replace_class(0, 1).y.tolist() == [[1], [1]]
    with pytest.raises(ValueError, match="class: expected a number from 0 to 2, got 3"):
        data.replace_class(0, 3)


def test_rows_come_and_go_and_the_split_follows():
    data = small()
    longer = data.append_row([7, 8], [9, 10])
    assert longer.x[3].tolist() == [7, 8]
    assert longer.train.tolist() == [0, 2, 3]
    shorter = longer.remove_row(0)
    assert shorter.train.tolist() == [1, 2]
    assert shorter.validation.tolist() == [0]
    assert shorter.x[0].tolist() == [0.2, 0.3]
    with pytest.raises(ValueError, match="x: expected 2 values for a row, got 1"):
        data.append_row([7], [9, 10])


# The baseline


def test_the_baseline_of_a_regression_is_the_mean_of_the_training_rows_only():
    baseline = small(y=np.array([[1.0, 2.0], [100.0, 100.0], [3.0, 4.0]])).baseline()
    assert baseline.prediction.tolist() == [2, 3]
    assert baseline.accuracy is None
    assert str(baseline.words) == "always the mean"


def test_the_baseline_of_classes_is_their_shares_and_the_most_frequent_of_them():
    data = Dataset.from_arrays(
        np.zeros((6, 1)), [0, 1, 1, 2, 0, 0], "classes", class_names=("a", "b", "c"), validation=[4, 5]
    )
    baseline = data.baseline()
    assert baseline.prediction.tolist() == [0.25, 0.5, 0.25]
    assert baseline.most_frequent == 1
    assert baseline.accuracy == 0.5
    assert baseline.validation_accuracy == 0.0


def test_targets_are_coded_as_a_loss_needs_them():
    data = Dataset.from_arrays([[1.0], [2.0], [3.0]], [0.0, 1.0, 0.0], task="binary", validation=[2])
    sides = data.recoded(-1)
    assert sides.y.ravel().tolist() == [-1, 1, -1]
    assert (sides.no_and_yes, sides.middle) == ((-1, 1), 0)
    assert (data.no_and_yes, data.middle) == ((0, 1), 0.5)
    assert sides.class_index is not None
    assert sides.class_index.tolist() == [0, 1, 0]
    assert sides.validation.tolist() == [2]
    assert sides.recoded(0).hash == data.hash
    assert data.recoded(0) is data
    classes = Dataset.from_arrays([[1.0], [2.0]], [0, 1], task="classes").recoded(-1)
    assert classes.y.tolist() == [[1, -1], [-1, 1]]
    assert classes.replace_class(0, 1).y.tolist() == [[-1, 1], [-1, 1]]
    with pytest.raises(ValueError, match="expected 0 or −1 beside 1, got 2"):
        data.recoded(2)
    with pytest.raises(ValueError, match=r"got 0\.5 and 3 beside 1"):
        Dataset.from_arrays([[1.0], [2.0], [3.0]], [0.5, 1, 3]).recoded(-1)

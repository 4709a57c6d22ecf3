"""One column standardised afterwards is the column standardised when the table was prepared, bit by bit."""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpstudio.data.choices import Preparation
from bpstudio.data.dataset import Dataset
from bpstudio.data.preparation import prepare
from bpstudio.data.readers import open_table
from bpstudio.data.source import Inline
from bpstudio.data.standardizing import figures, standardizable, standardized

ROWS = ["year,age,town,day,y"] + [
    f"{2000 + (7 * n) % 5},{20 + 3.7 * n},{'ABC'[n % 3]},2020-01-{n + 1:02},{n % 2}" for n in range(25)
]


BEFORE: tuple[dict[str, str], ...] = ({}, {"age": "range"}, {"year": "standardize"})
CASES = [(column, before) for column in ("year", "age", "day") for before in BEFORE if column not in before]


@pytest.mark.parametrize(("column", "before"), CASES)
def test_it_is_what_preparing_the_table_anew_gives(tmp_path: Path, column: str, before: dict[str, str]) -> None:
    path = tmp_path / "people.csv"
    path.write_text("\n".join(ROWS), encoding="utf-8")
    table = open_table(str(path))
    chosen = Preparation(
        inputs=("day", "year", "town", "age"), targets=("y",), task="binary", validation=0.2, scaling=before
    )  # type: ignore[arg-type]
    data = prepare(table, chosen)
    made = standardized(data, data.input_names.index(column))
    wanted = prepare(table, chosen.replace(scaling={**before, column: "standardize"}))
    assert made.hash == wanted.hash
    assert made.source == wanted.source
    assert made.input_names == wanted.input_names
    with pytest.raises(ValueError, match=re.escape(f"{column}: expected a column of numbers that is not scaled yet")):
        standardized(made, made.input_names.index(column))


def test_a_one_hot_column_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("\n".join(ROWS), encoding="utf-8")
    data = prepare(open_table(str(path)), Preparation(inputs=("town", "age"), targets=("y",), task="binary"))
    assert [standardizable(data, column) for column in range(4)] == [False, False, False, True]


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30))
def test_typed_data_say_in_the_name_what_was_done(numbers: list[float]) -> None:
    x = np.stack([np.array(numbers), np.arange(len(numbers))], axis=1)
    data = Dataset.from_arrays(x, x[:, 1:], input_names=["length", "n"], validation=[0] if len(numbers) > 2 else [])
    made = standardized(data, 0)
    step = figures(data, 0)
    assert made.input_names == (step.formula, "n")
    assert made.source == Inline()
    assert np.array_equal(made.x[:, 1], data.x[:, 1])
    scaled = made.x[made.train, 0]
    if step.std > 1e-3:
        assert abs(scaled.mean()) < 1e-6
        assert abs(scaled.std() - 1) < 1e-6
    if len(set(x[data.train, 0])) == 1:
        assert np.array_equal(scaled, np.zeros(len(scaled)))


def test_what_overflows_is_said() -> None:
    data = Dataset.from_arrays([[1e300], [-1e300], [1e308]], [[0.0], [1.0], [0.0]])
    with pytest.raises(ValueError, match="x: expected numbers that can be scaled in float64"):
        standardized(data, 0)

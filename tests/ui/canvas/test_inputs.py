"""Preparation is drawn as what it is: the value of the file, and what it became."""

import numpy as np
import pytest

import bpstudio
from bpstudio.data.steps import Range, Standardize
from ui.canvas.inputs import prepared, written


@pytest.mark.parametrize(
    ("scaling", "value", "result", "text"),
    [
        (Standardize("width", 5.0, 2.0, 10), 1.5, "", "8 → (x−μ)/σ"),
        (Standardize("width", 5.0, 2.0, 10), 1.5, "1.50", "8 → 1.50"),
        (Standardize("same", 5.0, 0.0, 10), 0.0, "", "5 → (x−μ)/σ"),
        (Range("pixel", 0.0, 16.0, True, 10), 0.25, "", "4 → x/16"),
        (Range("age", 20.0, 60.0, False, 10), 0.5, "", "40 → (x−20)/40"),
        (Range("cold", -10.0, 30.0, False, 10), 0.5, "", "10 → (x+10)/40"),
    ],
)
def test_the_value_of_the_file_stands_before_what_it_became(
    scaling: Standardize | Range, value: float, result: str, text: str
) -> None:
    assert written(scaling, value, result) == text


def test_the_scaling_of_a_column_survives_an_edit_by_hand() -> None:
    data = bpstudio.load_lesson("iris").dataset
    before = prepared(data, 2)
    assert isinstance(before, Standardize)
    assert before.column == "petal length"
    edited = data.replace_input(0, 0, 1.0)
    assert prepared(edited, 2) == before
    assert before.apply(before.inverse(np.array(0.5))) == pytest.approx(0.5)


def test_what_was_not_scaled_has_no_scaling() -> None:
    assert prepared(bpstudio.load_lesson("mazur").dataset, 0) is None

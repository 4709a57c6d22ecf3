"""Where outputs can lie, function by function."""

import pytest

from bpstudio.maths.value_range import value_range


@pytest.mark.parametrize(
    ("name", "signed", "end"),
    [
        ("identity", True, None),
        ("sigmoid", False, 1.0),
        ("tanh", True, 1.0),
        ("scaled_tanh", True, 1.7159),
        ("relu", False, None),
        ("leaky_relu", True, None),
        ("softmax", False, 1.0),
        ("softplus", False, None),
        ("hard_sigmoid", False, 1.0),
        ("per_unit(sigmoid, tanh)", True, 1.0),
        ("per_unit(sigmoid, relu)", False, None),
        ("formula(2 * sigmoid(z))", False, 2.0),
    ],
)
def test_the_range_is_that_of_the_function(name: str, signed: bool, end: float | None) -> None:
    assert value_range(name) == (signed, end)

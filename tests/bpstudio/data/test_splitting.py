import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bpstudio.data.splitting import split


@given(st.integers(2, 200), st.floats(0.001, 0.999), st.integers(0, 2**62), st.booleans())
def test_every_row_is_on_exactly_one_side_and_both_have_some(rows, share, seed, shuffle):
    train, held = split(rows, share, seed, shuffle)
    assert sorted([*train.tolist(), *held.tolist()]) == list(range(rows))
    assert len(train) >= 1
    assert abs(len(held) - share * rows) <= 0.5 or len(held) in (1, rows - 1)


@given(st.lists(st.integers(0, 4), min_size=2, max_size=150), st.floats(0.05, 0.6), st.integers(0, 99))
def test_stratified_shares_are_as_even_as_whole_rows_allow(labels, share, seed):
    classes = np.array(labels)
    train, held = split(len(labels), share, seed, True, classes)
    assert sorted([*train.tolist(), *held.tolist()]) == list(range(len(labels)))
    kept = set(classes[train].tolist())
    assert kept == set(labels), "a class that nobody may learn"
    actual = len(held) / len(labels)
    for k in set(labels):
        size = int((classes == k).sum())
        taken = int((classes[held] == k).sum())
        if len(held) == max(round(share * len(labels)), 1) and size > 1:
            assert abs(taken - actual * size) < 1.5


def test_a_seed_is_an_order():
    first, again, other = (split(100, 0.2, seed)[0].tolist() for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert first != sorted(first), "training rows keep the order of the lot"


def test_without_a_lot_the_last_rows_validate():
    train, held = split(10, 0.3, seed=5, shuffle=False)
    assert train.tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert held.tolist() == [7, 8, 9]


def test_no_share_is_no_validation_but_still_the_order():
    train, held = split(10, 0.0, seed=5)
    assert len(held) == 0
    assert sorted(train.tolist()) == list(range(10))

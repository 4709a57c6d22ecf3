"""Operations of several members as one: what is bound gives the members' digits, and what would not is noticed."""

from functools import partial

import numpy as np
import pytest

from bpstudio.engine.products import products
from bpstudio.engine.regions import Block, Unstackable
from bpstudio.engine.rehearsal import same_bits
from bpstudio.engine.slimming import slim
from bpstudio.engine.stacking import Stack
from bpstudio.maths.operations import constant, run

MEMBERS = 3


class Bench:
    """Two blocks (rows, 4) and (rows, 2) and a stretch of both, for each of three members."""

    def __init__(self, by_row=False, rows=5):
        self.memory = [np.zeros(6 * rows) for _ in range(MEMBERS)]
        self.first = [memory[: 4 * rows].reshape(rows, 4) for memory in self.memory]
        self.second = [memory[4 * rows :].reshape(rows, 2) for memory in self.memory]
        self.stack = Stack(MEMBERS)
        blocks = [Block(0, (rows, 4), by_row), Block(4 * rows, (rows, 2), by_row)]
        self.region = self.stack.region(self.memory, blocks)
        self.random = np.random.default_rng(5)

    def agree(self, lists):
        """Bind, then carry out both sides with other numbers than those of the rehearsal."""
        bound = self.stack.bind(lists)
        for number, memory in enumerate(self.memory):
            memory[:] = self.random.normal(size=memory.size)
            self.region.put(number, memory)
        for operations in lists:
            run(operations)
        run(bound)
        for number, memory in enumerate(self.memory):
            assert same_bits(self.region.take(number), memory), number
        return bound


@pytest.mark.parametrize("by_row", [False, True])
def test_elementwise_operations_with_numbers_that_differ(by_row):
    bench = Bench(by_row)
    lists = [
        [
            (np.multiply, (a, constant(0.5 + number, "f8"), a)),
            (partial(np.maximum, out=b), (b, constant(0.1 * number, "f8"))),
            (np.multiply, (memory, constant(number - 1.0, "f8"), memory)),
            (np.exp, (a[:, 1:3], a[:, 1:3])),
        ]
        for number, (a, b, memory) in enumerate(zip(bench.first, bench.second, bench.memory, strict=True))
    ]
    assert len(bench.agree(lists)) == 4, "one operation stays one"


@pytest.mark.parametrize("by_row", [False, True])
def test_room_between_operations(by_row):
    bench = Bench(by_row)
    lists = []
    for a, memory in zip(bench.first, bench.memory, strict=True):
        room, on, total = np.empty_like(memory), np.empty(memory.shape, bool), np.empty((len(a), 1))
        lists.append(
            [
                (np.multiply, (memory, memory, room)),
                (np.greater, (memory, constant(0.0, "f8"), on)),
                (partial(np.copyto, where=on), (memory, room)),
                (np.add.reduce, (a, 1, None, total, True)),
                (np.divide, (a, total, a)),
            ]
        )
    bench.agree(lists)


def test_rows_are_summed_in_the_order_of_the_single_run():
    bench = Bench(rows=37)
    ones = np.ones(37)
    ones.flags.writeable = False
    sums = [np.zeros(4) for _ in range(MEMBERS)]
    bench.stack.region(sums, [Block(0, (4,), False)])
    lists = [[(ones.dot, (a, total))] for a, total in zip(bench.first, sums, strict=True)]
    bound = bench.stack.bind(lists)
    for number, a in enumerate(bench.first):
        a[...] = bench.random.normal(size=a.shape)
        bench.region.put(number, bench.memory[number])
        run(lists[number])
    run(bound)
    stacked = bench.stack._regions[1]
    assert all(same_bits(stacked.take(number), total) for number, total in enumerate(sums))


def test_an_operation_that_mixes_the_members_is_carried_out_one_by_one():
    def whole(values, out):
        out[...] = values.sum()

    bench = Bench()
    lists = [[(whole, (a[:, :2], b))] for a, b in zip(bench.first, bench.second, strict=True)]
    bench.agree(lists)
    assert bench.stack.one_by_one == ["whole"]


def hidden(array):
    def double():
        array[...] *= 2

    return double


def test_what_cannot_be_seen_through_is_refused():
    bench = Bench()
    with pytest.raises(Unstackable, match="double"):
        bench.stack.bind([[(hidden(a), ())] for a in bench.first])
    with pytest.raises(Unstackable, match="same operations"):
        bench.stack.bind([[], [], [(np.exp, (bench.first[0], bench.first[0]))]])
    functions = (np.exp, np.exp, np.tanh)
    with pytest.raises(Unstackable, match="different operations"):
        bench.stack.bind([[(f, (a, a))] for f, a in zip(functions, bench.first, strict=True)])
    outside = np.ones(4)
    with pytest.raises(Unstackable, match="something else may write"):
        bench.stack.bind([[(np.add, (a, outside, a))] for a in bench.first])


def test_slimming_keeps_what_meets_what():
    a, b = np.arange(24.0).reshape(3, 2, 4), np.arange(8.0).reshape(2, 4)
    thin = slim([a, b, 7, np.float64(2.0), a])
    assert [thin[0].shape, thin[1].shape] == [(3, 8), (8,)]
    assert thin[2] == 7
    assert np.array_equal((thin[0] + thin[1]).ravel(), (a + b).ravel())
    turned = np.moveaxis(np.arange(24.0).reshape(2, 3, 4), 0, 1)
    (flat,) = slim([turned])
    assert flat.shape == (24,)
    assert np.shares_memory(flat, turned)


def test_products_write_what_each_product_is():
    random = np.random.default_rng(1)
    x, W, z = random.normal(size=(5, 3)), random.normal(size=(MEMBERS, 2, 3)), np.zeros((5, MEMBERS, 2))
    for way in products((x, True), (W.transpose(0, 2, 1), False), (z.transpose(1, 0, 2), False)):
        z[...] = 0
        run(way)
        assert np.allclose(z.transpose(1, 0, 2), x @ W.transpose(0, 2, 1))

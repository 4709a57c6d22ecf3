"""What does not fit into the machine is refused with the figure, before anything is allocated."""

import pytest

from bpstudio.data.dataset import Dataset
from bpstudio.engine import memory, network
from bpstudio.engine.layers import Conv2D, Dense, Flatten
from bpstudio.engine.network import Network
from bpstudio.training import carry
from bpstudio.training.experiment import Experiment


def test_the_machine_says_how_much_it_has() -> None:
    assert 2**28 < memory.memory_limit() < 2**50


def test_a_network_larger_than_the_machine_is_refused_with_both_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "memory_limit", lambda: 2**20)
    with pytest.raises(ValueError, match=r"needs about 0\.\d GiB .*\(100,100 parameters\); the limit is 0\.0 GiB"):
        Network(1000, (Dense(100),))
    assert Network(100, (Dense(10),)).outputs == 10


def test_the_windows_of_a_convolution_count(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Network(2500, (Flatten(), Dense(2)), (50, 50))
    layers = (Conv2D(1, (9, 9)), Flatten(), Dense(2))
    assert Network(2500, layers, (50, 50)).memory_bytes(10) > 2 * 81 * 42 * 42 * 10 * 8
    data = Dataset.from_arrays([[0.0] * 2500] * 64, [[0.0, 1.0]] * 64)
    monkeypatch.setattr(carry, "memory_limit", lambda: 2**26)
    carry.check_fit(Experiment(plain, batch_size=64), data)
    with pytest.raises(ValueError, match=r"batch_size: 64 rows of this network need about 0\.\d GiB of memory"):
        carry.check_fit(Experiment(Network(2500, layers, (50, 50)), batch_size=64), data)

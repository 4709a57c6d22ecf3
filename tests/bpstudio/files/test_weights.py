"""Weights survive a file to the bit, fit or are refused with the layer's name, and never bring an object along."""

import builtins
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.engine.trace import Params, draw_params
from bpstudio.files import weights

NETWORK = Network(3, (Dense(4, "tanh"), Dense(2, "softmax", train_bias=False, name="shares")))


def values(params: Params) -> list[bytes]:
    return [array.tobytes() for pair in params for array in pair]


@pytest.fixture
def params() -> Params:
    drawn = draw_params(NETWORK, 7)
    drawn.b[1][...] = [5e-324, -0.0]
    return drawn


@pytest.mark.parametrize("suffix", weights.SUFFIXES)
def test_a_round_trip_keeps_every_bit(params: Params, suffix: str, tmp_path: Path) -> None:
    if suffix == ".safetensors":
        pytest.importorskip("safetensors")
    file = tmp_path / f"weights{suffix}"
    weights.write(params, file)
    assert values(weights.read(file, NETWORK)) == values(params)


def test_the_names_are_those_of_the_layers(params: Params, tmp_path: Path) -> None:
    weights.write(params, tmp_path / "w.npz")
    with np.load(tmp_path / "w.npz") as stored:
        assert {name: stored[name].shape for name in stored.files} == {
            "layer1.W": (4, 3),
            "layer1.b": (4,),
            "shares.W": (2, 4),
            "shares.b": (2,),
        }


def saved(folder: Path, **changes: object) -> Path:
    """A file of the network's arrays with some of them changed; None leaves one out."""
    arrays: dict[str, object] = {**weights.arrays(draw_params(NETWORK, 0)), **changes}
    file = folder / "w.npz"
    np.savez(file, **{name: np.asarray(array) for name, array in arrays.items() if array is not None})
    return file


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layer1.W": np.zeros((3, 4))}, r"layer1\.W: expected shape \(4, 3\), got \(3, 4\)"),
        ({"shares.b": np.zeros(3)}, r"shares\.b: expected shape \(2,\), got \(3,\)"),
        ({"shares.b": None}, r"shares\.b is missing; the file has layer1\.W, layer1\.b, shares\.W"),
        ({"layer9.W": np.zeros(1)}, r"layer9\.W belongs to no layer"),
        ({"layer1.b": np.array([0, 1, np.nan, 0])}, r"layer1\.b: expected finite numbers, got nan at \[2\]"),
        ({"layer1.b": np.array(["a", "b", "c", "d"])}, r"layer1\.b: expected real numbers, got <U1"),
        ({"layer1.b": np.zeros(4, complex)}, r"layer1\.b: expected real numbers, got complex128"),
        ({"layer1.b": np.array([{}, 1, 2, 3], dtype=object)}, "objects instead of numbers"),
    ],
)
def test_what_does_not_fit_is_named(changes: dict[str, object], message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        weights.read(saved(tmp_path, **changes), NETWORK)


class Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return builtins.exec, ("raise SystemError('executed')",)


def test_a_pickle_in_the_archive_is_never_executed(tmp_path: Path) -> None:
    file = saved(tmp_path, **{"layer1.W": None})
    header = b"\x93NUMPY\x01\x00\x46\x00{'descr': '|O', 'fortran_order': False, 'shape': (4, 3), }"
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("layer1.W.npy", header.ljust(80) + pickle.dumps(Bomb()))
    with pytest.raises(ValueError, match="objects instead of numbers"):
        weights.read(file, NETWORK)


def test_an_archive_of_gigabytes_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "MAX_BYTES", 100)
    with pytest.raises(ValueError, match="at most 100 are opened"):
        weights.read(saved(tmp_path), NETWORK)


def test_a_header_that_claims_terabytes_is_refused(tmp_path: Path) -> None:
    file = saved(tmp_path, **{"layer1.W": None})
    header = b"\x93NUMPY\x01\x00\x46\x00{'descr': '<f8', 'fortran_order': False, 'shape': (10**0, 9)}"
    header = header.replace(b"(10**0, 9)", b"(1000000000000,)")
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("layer1.W.npy", header.ljust(80))
    with pytest.raises(ValueError, match=r"w\.npz"):
        weights.read(file, NETWORK)


def test_every_cut_and_every_changed_byte_gives_a_message(tmp_path: Path) -> None:
    whole = saved(tmp_path).read_bytes()
    rng = np.random.default_rng(0)
    file = tmp_path / "broken.npz"
    for trial in range(200):
        broken = bytearray(whole)
        if trial % 2:
            del broken[int(rng.integers(len(whole))) :]
        else:
            broken[int(rng.integers(len(whole)))] ^= int(rng.integers(1, 256))
        file.write_bytes(broken)
        try:
            weights.read(file, NETWORK)
        except ValueError as error:
            assert str(error).startswith("broken.npz")  # noqa: PT017 - a changed number may still be a number


@pytest.mark.parametrize(
    ("name", "message"), [("nowhere.npz", "nothing there"), ("w.pkl", "ends in .npz or .safetensors, got .pkl")]
)
def test_other_files_are_refused(name: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "w.pkl").write_bytes(b"x")
    with pytest.raises(ValueError, match=message):
        weights.read(tmp_path / name, NETWORK)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="got a folder"):
        weights.read(tmp_path, NETWORK)


def test_without_the_package_safetensors_says_what_to_install(
    params: Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "safetensors.numpy", None)
    with pytest.raises(ValueError, match="pip install safetensors"):
        weights.write(params, tmp_path / "w.safetensors")

"""A .npz is measured before it is unpacked: what it says of itself need not be true."""

import builtins
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from bpstudio.files import npz


def archive(folder: Path, **members: bytes) -> Path:
    file = folder / "a.npz"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in members.items():
            out.writestr(f"{name}.npy", content)
    return file


def array(descr: str, shape: tuple[int, ...], content: bytes) -> bytes:
    header = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape}}}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + content


class Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return builtins.exec, ("raise SystemError('executed')",)


def test_arrays_come_back_to_the_bit(tmp_path: Path) -> None:
    values = {"x": np.array([[5e-324, -0.0]]), "n": np.arange(3), "f": np.asfortranarray(np.ones((2, 3), np.float32))}
    np.savez(tmp_path / "a.npz", **values)
    found = npz.read(tmp_path / "a.npz", 10_000)
    assert {name: (part.dtype, part.tobytes()) for name, part in found.items()} == {
        name: (part.dtype, part.tobytes()) for name, part in values.items()
    }


def test_what_is_not_wanted_is_refused_by_its_header_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = archive(tmp_path, zeros=array("<f8", (2_000_000,), bytes(16_000_000)))
    assert file.stat().st_size < 50_000
    monkeypatch.setattr(np, "load", lambda *_, **__: pytest.fail("unpacked"))

    def check(headers: object) -> None:
        assert headers == {"zeros": npz.Header((2_000_000,), np.dtype("<f8"))}
        raise ValueError("too many")

    with pytest.raises(ValueError, match=r"^a\.npz: too many$"):
        npz.read(file, 10**9, check)
    with pytest.raises(ValueError, match="at most 1,000,000 are opened"):
        npz.read(file, 10**6)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (array("<f8", (10**12,), b""), "as its header says, got 128 bytes"),
        (array("<f8", (1,), bytes(16)), "as its header says, got 144 bytes"),
        (array("|O", (1,), pickle.dumps(Bomb())), "objects instead of numbers"),
        (array("<f8", (1,), bytes(8)).replace(b"NUMPY\x01", b"NUMPY\x07"), "format version 7.0"),
        (b"not an array", r"a\.npz: "),
    ],
)
def test_a_member_that_is_not_what_it_says_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        npz.read(archive(tmp_path, x=content), 10**9)


def test_a_name_that_stands_twice_is_refused(tmp_path: Path) -> None:
    file = archive(tmp_path, x=array("<f8", (1,), bytes(8)))
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(file, "a") as out:
        out.writestr("x.npy", array("<f8", (2,), bytes(16)))
    with pytest.raises(ValueError, match="holds x twice"):
        npz.read(file, 10**9)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="got a folder"):
        npz.read(tmp_path, 1000)
    with pytest.raises(ValueError, match="nothing there"):
        npz.read(tmp_path / "none.npz", 1000)

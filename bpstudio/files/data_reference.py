"""Where a data file is when a lesson names it.

``asset:datasets/iris.csv`` travels with the program, wherever it is installed. Any other name is relative to the
lesson's own folder, so that a folder with a lesson and its table can be moved or sent. What cannot be named so (another
drive) keeps its full path.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bpstudio.data import source as recipe
from bpstudio.data.dataset import Dataset
from bpstudio.data.errors import DataError
from bpstudio.data.source import Inline, Prepared, Source
from bpstudio.files import asset, wording

_ASSET = "asset:"

# A name that no file system takes, or links that lead in a circle.
_NO_NAME = (OSError, ValueError, RuntimeError)

MISSING = "The data file {name} is not there: it was looked for as {path}."
MISSING_REMEDY = "Put the file back there, or open the data anew."
ELSEWHERE = "The data file {name} is on another computer."
ELSEWHERE_REMEDY = "Copy it beside the lesson and name it without the computer."


def read(document: object, path: str, folder: str | os.PathLike[str] | None) -> Dataset:
    """The dataset of a lesson's `data`; errors name the place under `path`."""
    base = Path(folder) if folder is not None else Path()
    if isinstance(document, dict) and isinstance(document.get("source"), dict):
        # Where the rows stand in the lesson itself, the file from which they came is only named, and need not be there.
        find = _found if "rows" not in document else _placed
        document = document | {"source": _with_path(document["source"], lambda name: str(find(name, base)))}
    try:
        dataset = Dataset.from_dict(document, path, base)
    except DataError:
        raise
    except ValueError as error:
        raise ValueError(str(error) if str(error).startswith(path) else f"{path}.source: {error}") from None
    name = document.get("name") if isinstance(document, dict) else None
    return dataclasses.replace(dataset, name=wording.line(name, f"{path}.name")) if name else dataset


def write(dataset: Dataset, folder: str | os.PathLike[str] | None) -> dict[str, Any]:
    """The JSON form of the dataset, with its file named as seen from `folder`."""
    source = dataset.source
    document = dataset.to_dict()
    document["source"] = _with_path(document["source"], lambda name: _named(name, folder))
    if isinstance(source, Prepared):
        if document["source"]["path"].startswith(_ASSET):
            # It is there for everyone, so neither rows nor figures have to be copied out of it. The table's own hash
            # stays; a hash of prepared numbers would bind the lesson to the last bit of one processor.
            document["source"].pop("steps", None)
            document = {"name": dataset.name, "source": document["source"]}
    elif source == Inline():
        # Typed rows are their own truth: without a hash a person may edit them, and defaults would only be noise.
        every = list(range(dataset.rows))
        plain = {"name": "", "classes": [], "train": every, "validation": [], "input_shape": None, "groups": []}
        document = {
            name: value
            for name, value in document.items()
            if name not in ("hash", "source") and not (name in plain and value == plain[name])
        }
    return document


def _with_path(source: dict[str, Any], place: Callable[[str], str]) -> dict[str, Any]:
    """A recipe with the path of its table, or of the table from which typed rows came, put as `place` says."""
    changed = dict(source)
    if isinstance(source.get("origin"), dict):
        changed["origin"] = _with_path(source["origin"], place)
    if isinstance(source.get("path"), str):
        changed["path"] = place(source["path"])
    return changed


def _found(name: str, base: Path) -> Path:
    if name.startswith(_ASSET):
        try:
            return asset.find(name.removeprefix(_ASSET))
        except FileNotFoundError:
            raise DataError(MISSING, MISSING_REMEDY, name=name, path=str(asset.folder())) from None
    if _is_elsewhere(name):
        # Only to look would already tell a stranger's server who is looking.
        raise DataError(ELSEWHERE, ELSEWHERE_REMEDY, name=name)
    try:
        found = (base / name).resolve()
        there = found.is_file()
    except _NO_NAME:
        raise DataError(MISSING, MISSING_REMEDY, name=name, path=str(base)) from None
    if not there:
        raise DataError(MISSING, MISSING_REMEDY, name=name, path=str(found))
    return found


def _placed(name: str, base: Path) -> Path | str:
    """Where a named file should be, whether it is there or not; a name that leads nowhere stays as it is."""
    if not name or _is_elsewhere(name):
        return name
    try:
        return asset.find(name.removeprefix(_ASSET)) if name.startswith(_ASSET) else (base / name).resolve()
    except _NO_NAME:
        return name


def _is_elsewhere(name: str) -> bool:
    """Whether Windows would ask another computer for a file of this name; it takes either slash, mixed too."""
    return len(name) > 1 and set(name[:2]) <= {"/", "\\"}


def _named(name: str, folder: str | os.PathLike[str] | None) -> str:
    if not name or _is_elsewhere(name) or name.startswith(_ASSET):  # pasted text has no name
        return name
    full = Path(name).resolve()
    assets = asset.folder().resolve()
    if full.is_relative_to(assets):
        return _ASSET + full.relative_to(assets).as_posix()
    if folder is None:
        return str(full)
    try:
        return Path(os.path.relpath(full, Path(folder).resolve())).as_posix()
    except ValueError:  # another drive
        return str(full)


def source(dataset: Dataset, folder: str | os.PathLike[str] | None) -> dict[str, Any]:
    """The JSON form of where a dataset came from, with its file named as seen from `folder`."""
    return _with_path(recipe.write(dataset.source), lambda name: _named(name, folder))


def read_source(document: object, path: str, folder: str | os.PathLike[str] | None) -> Source:
    """Where a dataset came from that is there already, so that the file it names need not be."""
    base = Path(folder) if folder is not None else Path()
    placed = document
    if isinstance(document, dict):
        placed = _with_path(document, lambda name: str(_placed(name, base)))
    return recipe.read(placed, path)

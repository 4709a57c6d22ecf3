"""Where a data file is when a lesson names it.

``asset:datasets/iris.csv`` travels with the program, wherever it is installed. Any other name is relative to the
lesson's own folder, so that a folder with a lesson and its table can be moved or sent. What cannot be named so (another
drive) keeps its full path.
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

from bpstudio.data.dataset import Dataset
from bpstudio.data.errors import DataError
from bpstudio.data.source import Inline, Prepared
from bpstudio.files import asset, wording

_ASSET = "asset:"

MISSING = "The data file {name} is not there: it was looked for as {path}."
MISSING_REMEDY = "Put the file back there, or open the data anew."
ELSEWHERE = "The data file {name} is on another computer."
ELSEWHERE_REMEDY = "Copy it beside the lesson and name it without the computer."


def read(document: object, path: str, folder: str | os.PathLike[str] | None) -> Dataset:
    """The dataset of a lesson's `data`; errors name the place under `path`."""
    base = Path(folder) if folder is not None else Path()
    if isinstance(document, dict) and "rows" not in document:
        source = document.get("source")
        if isinstance(source, dict) and isinstance(source.get("path"), str):
            document = document | {"source": source | {"path": str(_found(source["path"], base))}}
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
    if isinstance(source, Prepared):
        name = _named(Path(source.path), folder)
        document["source"]["path"] = name
        if name.startswith(_ASSET):
            # It is there for everyone, so neither rows nor figures have to be copied out of it. The table's own hash
            # stays; a hash of prepared numbers would bind the lesson to the last bit of one processor.
            for entry in ("table_hash", "path"):
                document["source"].setdefault(entry, getattr(source, entry))
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


def _found(name: str, base: Path) -> Path:
    if name.startswith(_ASSET):
        try:
            return asset.find(name.removeprefix(_ASSET))
        except FileNotFoundError:
            raise DataError(MISSING, MISSING_REMEDY, name=name, path=str(asset.folder())) from None
    if name.startswith(("//", "\\\\")):
        # Only to look would already tell a stranger's server who is looking.
        raise DataError(ELSEWHERE, ELSEWHERE_REMEDY, name=name)
    try:
        found = (base / name).resolve()
        there = found.is_file()
    except (OSError, ValueError):  # a name that no file system takes
        raise DataError(MISSING, MISSING_REMEDY, name=name, path=str(base)) from None
    if not there:
        raise DataError(MISSING, MISSING_REMEDY, name=name, path=str(found))
    return found


def _named(path: Path, folder: str | os.PathLike[str] | None) -> str:
    full = path.resolve()
    assets = asset.folder().resolve()
    if full.is_relative_to(assets):
        return _ASSET + full.relative_to(assets).as_posix()
    if folder is None:
        return str(full)
    try:
        return Path(os.path.relpath(full, Path(folder).resolve())).as_posix()
    except ValueError:  # another drive
        return str(full)

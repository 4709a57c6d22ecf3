"""Where the files that travel with the program are: lessons, datasets, icons, translations.

A wheel carries them inside the package; in a checkout they stand beside it, where people read and edit them.
"""

from pathlib import Path


def folder() -> Path:
    """The assets folder of this installation."""
    package = Path(__file__).parents[1]
    # The wheel's copy is asked first: in site-packages, `assets` beside the package would be a stranger's.
    installed = package / "assets"
    return installed if installed.is_dir() else package.parent / "assets"


def find(name: str) -> Path:
    """The path of the asset called `name`, such as ``lessons/mazur.json`` (with forward slashes on every system).

    Raises FileNotFoundError when this installation has no such asset, ValueError when the name leads out of the folder.
    """
    top = folder().resolve()
    path = (top / name).resolve()
    if not path.is_relative_to(top):
        raise ValueError(f"an asset is named by a path inside the assets folder, got {name!r}")
    if not path.exists():
        raise FileNotFoundError(f"no asset {name!r} in {top}")
    return path

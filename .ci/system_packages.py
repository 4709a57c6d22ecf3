"""Print the Debian packages that are missing here, separated by spaces: for a window, and with `dev` for the tests too.

It asks the loader for each library rather than dpkg for each package: names of packages differ between releases
(libglib2.0-0 became libglib2.0-0t64), names of libraries do not. Standard library only; it runs before anything is
installed.
"""

import ctypes
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-glx.so.0": "libxcb-glx0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
}
WAYLAND_LIBRARIES = {"libwayland-client.so.0": "libwayland-client0", "libwayland-cursor.so.0": "libwayland-cursor0"}
TEST_PROGRAMS = {"xvfb-run": "xvfb", "xauth": "xauth"}


def loads(library: str) -> bool:
    """Whether the loader finds this library."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def draws_chinese() -> bool:
    """Whether a font with Chinese characters is installed."""
    lister = shutil.which("fc-list")
    if lister is None:
        return any(Path("/usr/share/fonts").rglob("*CJK*"))
    answer = subprocess.run([lister, ":lang=zh-cn", "family"], capture_output=True, text=True, check=False)
    return bool(answer.stdout.strip())


def missing(dev: bool) -> list[str]:
    """Names of the packages to install, sorted."""
    libraries = dict(LIBRARIES)
    if os.environ.get("WAYLAND_DISPLAY"):
        libraries |= WAYLAND_LIBRARIES
    packages = {package for library, package in libraries.items() if not loads(library)}
    if not draws_chinese():
        packages |= {"fonts-noto-cjk", "fontconfig"}
    # Debian takes ensurepip out of its Python; a Python from elsewhere has it, and apt could not help it anyway.
    if importlib.util.find_spec("ensurepip") is None:
        packages.add(f"python3.{sys.version_info.minor}-venv")
    if dev:
        packages |= {package for program, package in TEST_PROGRAMS.items() if shutil.which(program) is None}
    return sorted(packages)


if __name__ == "__main__":
    if sys.platform == "linux":
        print(" ".join(missing(dev="dev" in sys.argv[1:])))

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The wheel, built from this checkout and unpacked as an installer would."""
    folder = tmp_path_factory.mktemp("wheel with spaces")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    site = folder / "site-packages"
    zipfile.ZipFile(wheel).extractall(site)
    # A stranger's folder of that name beside the package is not ours.
    (site / "assets").mkdir()
    return site


def run(site, code):
    environment = {**os.environ, "PYTHONPATH": str(site)}
    answer = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=site.parent, capture_output=True, text=True, check=True
    )
    return answer.stdout.strip()


def test_assets_are_found_in_an_installed_wheel(installed):
    found = run(installed, "from bpstudio.files import asset; print(asset.find('lessons/mazur.json'))")
    assert Path(found).is_relative_to(installed / "bpstudio")


def files_in(folder):
    return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}


def test_every_asset_is_in_the_wheel(installed):
    assert files_in(ROOT / "assets") <= files_in(installed / "bpstudio" / "assets")


def test_a_lesson_trains_from_the_wheel(installed):
    said = run(installed, "import sys, bpstudio.cli; sys.exit(bpstudio.cli.main(['train', 'mazur', '--steps', '3']))")
    assert "3 (epoch 3)" in said


def test_the_wheel_has_both_packages_the_licence_and_the_command(installed):
    (info,) = installed.glob("bpstudio-*.dist-info")
    assert (installed / "ui" / "__init__.py").exists()
    assert (installed / "bpstudio" / "py.typed").exists()
    assert "ui.__main__:main" in (info / "entry_points.txt").read_text()
    assert "GNU GENERAL PUBLIC LICENSE" in next(info.rglob("LICENSE")).read_text()
    assert not (installed / "tests").exists()

import pytest

from bpstudio.files import asset


def test_an_asset_is_found_by_its_name_with_forward_slashes(monkeypatch, tmp_path):
    (tmp_path / "lessons").mkdir()
    (tmp_path / "lessons" / "one.json").write_text("{}")
    monkeypatch.setattr(asset, "folder", lambda: tmp_path)
    assert asset.find("lessons/one.json").read_text() == "{}"


def test_the_checkout_has_lessons():
    assert asset.find("lessons/mazur.json").is_file()


def test_a_missing_asset_is_named():
    with pytest.raises(FileNotFoundError, match=r"lessons/nothing\.json"):
        asset.find("lessons/nothing.json")


@pytest.mark.parametrize("name", ["../pyproject.toml", "lessons/../../pyproject.toml", "/etc/hostname"])
def test_a_name_cannot_lead_out_of_the_folder(name):
    with pytest.raises(ValueError, match="inside the assets folder"):
        asset.find(name)

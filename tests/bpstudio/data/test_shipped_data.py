from pathlib import Path

import numpy as np
import pytest

from bpstudio.data.preparation import advise, prepare, suggest
from bpstudio.data.readers import open_table
from bpstudio.files import asset


@pytest.fixture
def folder():
    return asset.folder() / "datasets"


def test_iris_is_fishers_table_with_the_two_errata_of_uci_corrected(folder):
    table = open_table(folder / "iris.csv")
    data = prepare(table, suggest(table))
    assert data.x.shape == (150, 4)
    assert data.class_names == ("setosa", "versicolor", "virginica")
    assert np.bincount(data.class_index).tolist() == [50, 50, 50]
    assert data.x[34].tolist() == [4.9, 3.1, 1.5, 0.2]
    assert data.x[37].tolist() == [4.9, 3.6, 1.4, 0.1]
    # Published in Fisher (1936), table 1: the sums of the 50 plants of each species, in cm.
    sums = [data.x[data.class_index == k].sum(axis=0).round(1).tolist() for k in range(3)]
    assert sums == [[250.3, 171.4, 73.1, 12.3], [296.8, 138.5, 213.0, 66.3], [329.4, 148.7, 277.6, 101.3]]
    assert np.bincount(data.class_index[data.validation]).tolist() == [10, 10, 10]


def test_digits_are_pictures_of_8_by_8(folder):
    table = open_table(folder / "digits.csv")
    data = prepare(table, suggest(table))
    assert data.x.shape == (1797, 64)
    assert data.input_shape == (8, 8)
    assert data.task == "classes"
    # The class counts of the test set in UCI's own description (optdigits.names).
    assert np.bincount(data.class_index).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    scaled = prepare(table, advise(table, suggest(table))[0].offers[0].preparation)
    assert scaled.x.tolist() == (data.x / 16).tolist()


def test_auto_mpg_is_a_regression_with_gaps(folder):
    table = open_table(folder / "auto-mpg.csv")
    choices = suggest(table)
    assert (choices.task, choices.targets) == ("regression", ("mpg",))
    assert table.rows == 398
    assert table.column("horsepower").missing_count == 6
    for offer in advise(table, choices)[0].offers:
        assert prepare(table, offer.preparation).rows in (392, 398)


def test_every_table_is_named_with_source_and_licence(folder):
    told = (folder / "README.md").read_text(encoding="utf-8")
    for path in folder.glob("*.csv"):
        section = told.split(f"## {path.name}")[1].split("\n## ")[0]
        assert "Source:" in section
        assert "Licence: [CC BY 4.0]" in section


def test_line_ends_survive_a_checkout(folder):
    for path in Path(folder).glob("*.csv"):
        assert b"\r" not in path.read_bytes(), path.name

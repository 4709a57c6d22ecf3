"""A table on the command line: what was understood is said, and what is in the way names the key that helps."""

from pathlib import Path

import pytest

from bpstudio.cli import table_settings
from bpstudio.data.preparation import prepare
from bpstudio.data.readers import open_table
from bpstudio.data.suggestion import suggest

ROWS = [
    "Probe;Jahr;Höhe;Ertrag;Farbe",
    *(
        f"P{n:02};{1990 + n};{n * 7 % 11},5;{'' if n == 4 else f'{n * 3 % 8},25'};{'rot' if n % 3 else 'blau'}"
        for n in range(24)
    ),
]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "ernte.csv"
    path.write_text("\n".join(ROWS) + "\n", encoding="utf-8")
    return path


def load(path: Path, *settings: str):
    return table_settings.load(
        path, tuple((key, value) for key, _, value in (each.partition("=") for each in settings))
    )


def test_it_is_read_and_prepared_as_suggested_in_the_window(table):
    dataset, said = load(table, "inputs=Jahr,Höhe")
    read = open_table(table)
    suggested = suggest(read)
    assert dataset.hash == prepare(read, suggested.replace(inputs=("Jahr", "Höhe"))).hash
    text = "\n".join(said)
    for words in ("24 rows, 5 columns", "separator ';'", "decimal mark ','", "a header", "utf-8", "task: binary",
                  "inputs: Jahr (number), Höhe (number)", "target: Farbe (category)", "Probe (id)",
                  "blau becomes 0, rot becomes 1", "19 rows train, 5 validate", "scaling=standardize"):  # fmt: skip
        assert words in text


def test_what_is_set_is_done(table):
    dataset, said = load(
        table, "target=Ertrag", "impute=drop row", "scaling=standardize", "scaling.Ertrag=range", "validation=50%",
        "seed=5", "kind.Farbe=category",
    )  # fmt: skip
    assert dataset.task == "regression"
    assert dataset.rows == 23
    assert dataset.output_names == ("Ertrag",)
    assert dataset.input_names == ("Jahr", "Höhe", "Farbe=blau", "Farbe=rot")
    assert len(dataset.validation) in (11, 12)
    train = dataset.x[dataset.train, 0]
    assert train.mean() == pytest.approx(0, abs=1e-12)
    assert dataset.y[dataset.train].max() == 1
    assert any("standardised" in line for line in said)


def test_several_targets_are_a_regression(table):
    dataset, _ = load(table, "target=Jahr,Höhe", "inputs=Farbe")
    assert (dataset.task, dataset.output_names) == ("regression", ("Jahr", "Höhe"))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (["targt=Ertrag"], "did you mean target"),
        (["target=Ertra"], "did you mean Ertrag.*its columns: Probe, Jahr"),
        (["target=Ertrag"], "no value in row 5.*drop row"),
        (["inputs=Ertrag"], "Row 5 of Ertrag has no value.*data.impute='mean'"),
        (["task=guess"], "expected one of regression, binary, classes"),
        (["kind.Jahr=numbr"], "did you mean number"),
        (["scaling=standardise"], "did you mean standardize"),
        (["inputs=Jahr", "scaling.Farbe=range"], "only columns of numbers that are in use"),
        (["impute=average"], "expected one of mean, median"),
        (["separator=:"], "data.separator: expected one of"),
        (["separator=,"], "has 3 cells where|cells where"),
        (["inputs=Jahr", "validation=1.5"], "validation"),
        (["inputs=Jahr", "validation=some"], "not a number"),
    ],
)
def test_a_refusal_names_what_helps(table, settings, words):
    with pytest.raises(ValueError, match=words):
        load(table, *settings)


def test_settings_are_told_apart():
    pairs = (("rate", "1"), ("data.target", "y"), ("data.kind.a.b", "number"))
    assert table_settings.split(pairs) == ((("target", "y"), ("kind.a.b", "number")), (("rate", "1"),))


def test_what_is_offered_is_offered_with_its_key(tmp_path):
    pixels = [f"pixel {row} {column}" for row in range(3) for column in range(3)]
    lines = [",".join([*pixels, "digit"])]
    lines += [
        ",".join([*(str(n * (place + 2) % 17 if place else 0) for place in range(9)), str(n % 2)]) for n in range(40)
    ]
    path = tmp_path / "pixels.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    _, said = load(path)
    assert any("3 × 3 pixels (--set data.scaling='joint range')" in line for line in said)
    dataset, said = load(path, "scaling=joint range")
    assert (dataset.input_shape, dataset.x.min(), dataset.x.max()) == ((3, 3), 0, 1)
    assert not any("worth a look" in line for line in said)

import json
import shutil
from pathlib import Path

import pytest

from bpstudio import cli
from bpstudio.cli import verifying

CASES = Path(__file__).parents[1] / "files" / "cases"


@pytest.fixture
def folder(tmp_path):
    """The worked example as far as its hundredth step, and a second case."""
    for name in ("mazur", "pt-single-neuron"):
        shutil.copy(CASES / f"{name}.json", tmp_path)
    alter(tmp_path / "mazur.json", shorten)
    (tmp_path / "MANIFEST.json").write_text("{}")
    return tmp_path


def alter(path, change):
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def shorten(found):
    found["checkpoints"] = [step for step in found["checkpoints"] if step <= 100]
    for step in ("1000", "10000"):
        del found["expected"]["params_after"][step]
    del found["expected"]["final_objective"]


def test_verify_passes_a_folder(folder, capsys):
    assert cli.main(["verify", str(folder)]) == 0
    first, second, last = capsys.readouterr().out.splitlines()
    assert first.split()[::2] == ["PASS", "mazur"]
    assert float(first.split()[1]) < 1e-10
    assert second.split()[0] == "PASS"
    assert last == "2 cases: 2 PASS, 0 FAIL, 0 SKIP"


def test_verify_with_a_skip_has_status_3_and_names_the_feature(folder, capsys):
    alter(folder / "mazur.json", lambda found: found["optimizer"].update(name="lion"))
    assert cli.main(["verify", str(folder)]) == 3
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split(maxsplit=3) == ["SKIP", "-", "mazur", "optimizer lion"]
    assert lines[-1] == "2 cases: 1 PASS, 0 FAIL, 1 SKIP"


def test_verify_with_a_fail_has_status_1_even_beside_a_skip(folder, capsys):
    alter(folder / "mazur.json", lambda found: found["optimizer"].update(name="lion"))
    alter(folder / "pt-single-neuron.json", lambda found: found["expected"].update(loss=found["expected"]["loss"] + 1))
    assert cli.main(["verify", str(folder)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("FAIL")
    assert lines[1].endswith("loss differs")
    assert lines[-1] == "2 cases: 0 PASS, 1 FAIL, 1 SKIP"


def test_verify_takes_files_and_folders_together(folder, capsys):
    assert cli.main(["verify", str(folder / "mazur.json"), str(folder)]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("3 cases")


@pytest.mark.parametrize("name", ["nothing.json", "empty"])
def test_verify_without_cases_is_a_mistake_of_the_caller(tmp_path, capsys, name):
    (tmp_path / "empty").mkdir()
    assert cli.main(["verify", str(tmp_path / name)]) == 2
    assert name in capsys.readouterr().err


def test_a_broken_file_is_a_fail_among_the_others(folder, capsys):
    (folder / "broken.json").write_text("{")
    assert cli.main(["verify", str(folder)]) == 1
    assert "2 PASS, 1 FAIL" in capsys.readouterr().out


def test_what_a_case_calls_itself_gives_the_terminal_no_orders(folder, capsys):
    alter(folder / "mazur.json", lambda found: found.update(id="a\x1b[2J\nPASS b"))
    cli.main(["verify", str(folder / "mazur.json")])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("a�[2J�PASS b")
    assert len(lines) == 2


def alter_dW(found):
    found["expected"]["layers"][1]["dW"][1][0] *= 1.001
    found["expected"]["layers"][0]["dW"][0][1] *= 1.001


def test_a_fail_comes_with_a_table_and_its_first_disagreement(folder, capsys):
    alter(folder / "mazur.json", alter_dW)
    assert cli.main(["verify", str(folder / "mazur.json")]) == 1
    line, first, header, *rows, last = capsys.readouterr().out.splitlines()
    # Back through the layers: the output layer comes first.
    assert line.split() == ["FAIL", "1.0e-03", "mazur", "layers[1].dW", "differs"]
    assert first.strip().startswith("first disagreement: layers[1].dW[1, 0] (layer 2, unit 2, input 1): expected ")
    assert header.split() == ["array", "shape", "worst", "at", "expected", "got"]
    failing = [row.split() for row in rows if row.split()[0] == "FAIL"]
    assert [(row[1], row[2], row[4] + row[5]) for row in failing] == [
        ("layers[1].dW", "2×2", "[1,0]"),
        ("layers[0].dW", "2×2", "[0,1]"),
    ]
    expected, got = (float(number) for number in failing[0][-2:])
    assert expected == pytest.approx(got * 1.001, rel=1e-12)
    assert {"ok", "FAIL"} == {row.split()[0] for row in rows}
    assert last == "1 cases: 0 PASS, 1 FAIL, 0 SKIP"


def test_the_table_of_a_case_that_passes_is_there_on_request(folder, capsys):
    assert cli.main(["verify", "--table", str(folder / "mazur.json")]) == 0
    line, header, *rows, _ = capsys.readouterr().out.splitlines()
    assert line.startswith("PASS")
    assert header.split()[0] == "array"
    assert {row.split()[0] for row in rows} == {"ok"}
    assert any("params_after.100[1].W" in row for row in rows)


def test_another_shape_and_a_missing_quantity_are_said_in_the_table(folder, capsys):
    def change(found):
        found["expected"]["layers"][0]["z"] = [[1.0, 2.0, 3.0]]
        found["expected"]["surprise"] = 1.0

    alter(folder / "mazur.json", change)
    assert cli.main(["verify", str(folder / "mazur.json")]) == 1
    out = capsys.readouterr().out
    assert "layers[0].z has the shape (1, 2), expected (1, 3)" in out
    assert "is not computed here" in out


def test_json_holds_everything(folder, capsys):
    alter(folder / "mazur.json", alter_dW)
    alter(folder / "pt-single-neuron.json", lambda found: found.update(optimizer={"name": "lion"}, more=1))
    assert cli.main(["verify", "--json", str(folder)]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["counts"] == {"PASS": 0, "FAIL": 1, "SKIP": 1}
    mazur, neuron = said["cases"]
    assert mazur["file"] == str(folder / "mazur.json")
    assert mazur["first"]["path"] == "layers[1].dW"
    assert (mazur["first"]["layer"], mazur["first"]["index"]) == (2, [1, 0])
    assert mazur["first"]["expected"] == pytest.approx(mazur["first"]["got"] * 1.001)
    found = json.loads((folder / "mazur.json").read_text())["expected"]
    paths = {array["path"] for array in mazur["arrays"]}
    assert {"loss", "objective", "dX", "layers[0].z", "history.objective", "params_after.1[0].W"} <= paths
    assert len(paths) == len(mazur["arrays"]) > len(found)
    assert all(array["status"] == ("PASS" if array["worst"] <= array["limit"] else "FAIL") for array in mazur["arrays"])
    assert neuron["missing"] == ["optimizer lion", "case.more"]
    assert neuron["worst"] is None


def test_json_writes_what_is_not_finite_as_text(folder, capsys):
    alter(folder / "mazur.json", lambda found: found["expected"]["layers"][0].update(z=[["nan", "inf"]]))
    assert cli.main(["verify", "--json", str(folder / "mazur.json")]) == 1
    first = json.loads(capsys.readouterr().out)["cases"][0]["first"]
    assert (first["expected"], first["index"]) == ("nan", [0, 0])


def test_a_case_is_shown_by_the_window_alone(folder, capsys):
    assert cli.main(["verify", "--show", str(folder / "mazur.json")]) == 2
    assert "window" in capsys.readouterr().err
    shown = []
    alter(folder / "pt-single-neuron.json", lambda found: found["expected"].update(loss=2.0))
    assert cli.main(["verify", "--show", str(folder)], show=lambda path: shown.append(path) or 7) == 7
    assert shown == [folder / "pt-single-neuron.json"]
    assert "FAIL" in capsys.readouterr().out


@pytest.mark.parametrize("name", verifying.RECIPES)
def test_a_recipe_is_a_short_script(name, capsys):
    assert cli.main(["verify", "--recipe", name]) == 0
    script = capsys.readouterr().out
    assert len(script.splitlines()) <= 40
    compile(script, name, "exec")
    assert {"pytorch": "torch"}.get(name, name) in script


def test_the_recipe_for_numpy_writes_a_case_that_passes(tmp_path, monkeypatch, capsys):
    cli.main(["verify", "--recipe", "numpy"])
    script = capsys.readouterr().out
    monkeypatch.chdir(tmp_path)
    exec(compile(script, "recipe", "exec"), {})
    assert cli.main(["verify", "--table", "my-network.json"]) == 0
    arrays = capsys.readouterr().out
    assert all(name in arrays for name in ("loss", "layers[0].dW", "layers[1].delta", "params_after.10[0].W"))


def test_help_describes_the_format(capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["verify", "--help"])
    assert stopped.value.code == 0
    said = capsys.readouterr().out
    assert all(word in said for word in ("bp-oracle/1", "expected", "avgpool2d", "per_neuron", "nadam", "--recipe"))

from bpstudio import cli


def test_train_prints_what_came_of_it_and_writes_the_report(tmp_path, capsys):
    report = tmp_path / "report.html"
    assert cli.main(["train", "mazur", "--steps", "100", "--report", str(report)]) == 0
    out = capsys.readouterr().out
    assert "100" in out
    assert str(report) in out
    assert report.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_train_knows_epochs(capsys):
    assert cli.main(["train", "mazur", "--epochs", "7"]) == 0
    assert "7 (epoch 7)" in capsys.readouterr().out


def test_an_unknown_lesson_is_named_with_the_known_ones(capsys):
    assert cli.main(["train", "nonsense"]) == 2
    error = capsys.readouterr().err
    assert "nonsense" in error
    assert "mazur" in error

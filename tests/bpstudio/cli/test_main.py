import pytest

from bpstudio import cli


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["train", "mazur", "--steps", "0"], ["verify"]])
def test_a_wrong_command_line_has_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(arguments)
    assert stopped.value.code == 2
    assert "usage" in capsys.readouterr().err

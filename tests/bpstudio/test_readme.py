import re
from pathlib import Path

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_the_code_for_a_notebook_runs_and_gives_what_it_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # it saves a file
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(blocks) == 2
    names: dict[str, object] = {}
    for line in "".join(blocks).splitlines():
        code, _, said = line.partition("# ")
        if re.match(r"\d", said.strip()):
            assert eval(code, names) == float(said)
        else:
            exec(code, names)
    assert names["session"].loss < 0.01

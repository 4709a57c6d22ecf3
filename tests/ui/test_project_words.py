"""What is said about project files is said in Chinese too, with the same places in it."""

import re

from bpstudio.files import project_error
from ui import language

PLACES = re.compile(r"\{(\w+)\}")


def test_every_sentence_about_a_project_has_a_chinese_one() -> None:
    entries = language.catalogue("zh_CN")
    sentences = [text for name, text in vars(project_error).items() if name.isupper() and isinstance(text, str)]
    assert len(sentences) > 30
    assert sorted(text for text in sentences if text not in entries) == []
    for text in sentences:
        assert sorted(PLACES.findall(text)) == sorted(PLACES.findall(entries[text])), text

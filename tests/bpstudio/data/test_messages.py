"""Every sentence about data can be shown in Chinese, with the same values in it."""

import importlib
import json
import pkgutil
import string

import pytest

from bpstudio import data
from bpstudio.data.choices import IMPUTATIONS, KINDS, SCALINGS, TASKS
from bpstudio.data.generators import GENERATORS
from bpstudio.files import asset

CATALOGUE = json.loads((asset.folder() / "translations" / "zh_CN" / "data.json").read_text(encoding="utf-8"))


def templates():
    for module in pkgutil.iter_modules(data.__path__):
        names = vars(importlib.import_module(f"bpstudio.data.{module.name}"))
        for name, value in names.items():
            if name.isupper() and not name.startswith("_") and isinstance(value, str):
                yield value


def places(template):
    return sorted((name, form) for _, name, form, _ in string.Formatter().parse(template) if name is not None)


@pytest.mark.parametrize("template", sorted(set(templates())))
def test_a_template_is_translated_with_the_same_places(template):
    assert places(CATALOGUE[template]) == places(template)


def test_the_words_of_the_program_are_translated():
    words = {*KINDS, *TASKS, *IMPUTATIONS, *SCALINGS, *GENERATORS}
    words |= {generator.words for generator in GENERATORS.values()}
    words |= {name for generator in GENERATORS.values() for name in generator.parameters}
    assert words <= CATALOGUE.keys()


def test_nothing_is_translated_that_nobody_says():
    used = {*templates(), *KINDS, *TASKS, *IMPUTATIONS, *SCALINGS, *GENERATORS}
    used |= {generator.words for generator in GENERATORS.values()}
    used |= {name for generator in GENERATORS.values() for name in generator.parameters}
    decoding = importlib.import_module("bpstudio.data.decoding")
    used |= {found for _, found in decoding._BINARY_STARTS} | {"it contains zero bytes"}
    assert CATALOGUE.keys() <= used

"""Which language a person reads, and that it has every text."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import tui
from tui import language
from tui.language import CHINESE, DOMAIN, ENGLISH, LANGUAGES, LOCALES, preferred

_SOURCE = Path(tui.__file__).parent
_KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}

TRANSLATIONS = [code for code in LANGUAGES if code != ENGLISH]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, ENGLISH),
        ({"LANG": "zh_CN.UTF-8"}, CHINESE),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, ENGLISH),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "zh_CN.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, CHINESE),
        ({"LANGUAGE": "zh_CN", "LC_ALL": "en_US.UTF-8"}, CHINESE),
        ({"LANGUAGE": "", "LANG": "zh_CN"}, CHINESE),
        ({"LANGUAGE": "de:zh_CN:en"}, CHINESE),
        ({"LANGUAGE": "en:zh_CN"}, ENGLISH),
        ({"LANGUAGE": "zh_TW:de"}, ENGLISH),
        ({"LANGUAGE": "zh"}, CHINESE),
        ({"LANG": "zh-Hans_CN.UTF-8"}, CHINESE),
        ({"LANG": "zh_CN.GB18030@stroke"}, CHINESE),
        ({"LANG": "C.UTF-8"}, ENGLISH),
        ({"LANG": "POSIX"}, ENGLISH),
        ({"LANG": "de_DE.UTF-8"}, ENGLISH),
    ],
)
def test_environment_is_read_in_gettexts_order(environment: dict[str, str], expected: str) -> None:
    assert preferred([], "", environment) == expected


def test_option_comes_before_setting_and_that_before_environment() -> None:
    environment = {"LANG": "zh_CN.UTF-8"}
    assert preferred([], "en", environment) == ENGLISH
    assert preferred(["--language", "zh"], "en", {}) == CHINESE
    assert preferred(["journal", "--language=en"], "zh_CN", environment) == ENGLISH
    assert preferred(["--language", "xx"], "zh_CN", {}) == CHINESE, "argparse refuses it, in the person's language"
    assert preferred(["--language"], "", {}) == ENGLISH


def extracted() -> Catalog:
    """Every marked text of the source."""
    catalogue = Catalog()
    for name, line, text, _, context in extract_from_dir(_SOURCE, [("**.py", "python")], keywords=_KEYWORDS):
        catalogue.add(text, None, [(name, line)], context=context)
    return catalogue


def catalogue(code: str) -> Catalog:
    """A translation as it is in the package."""
    with (LOCALES / code / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        return read_po(file, locale=code, abort_invalid=True)


@pytest.fixture
def in_english() -> Iterator[None]:
    """Go back to English after the test."""
    yield
    language.choose(ENGLISH)


@pytest.mark.usefixtures("in_english")
def test_texts_for_programs_stay_english() -> None:
    text = "Move funds between your own Binance wallets, by hand."
    language.choose(CHINESE)
    assert language._(text) != text
    with language.for_programs():
        assert language._(text) == text
    assert language._("") == ""

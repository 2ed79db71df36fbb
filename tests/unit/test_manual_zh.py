"""The manual and the README in Chinese: page for page, and part for part, like the English ones."""

import re
import unicodedata
from pathlib import Path

import pytest

from tui import language
from tui.domain.wallets import TransferType
from tui.screens.manual import pages

ROOT = Path(__file__).parents[2]
MANUAL = ROOT / "tui" / "manual"
CHINESE = MANUAL / "zh_CN"
PAGES = sorted(path.name for path in MANUAL.glob("*.md") if path.name != "README.zh-CN.md")
README, README_ZH = ROOT / "README.md", MANUAL / "README.zh-CN.md"

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)]+)\)")
_HAN = "[一-鿿]"
_OTHER = "[A-Za-z0-9`]"
_UNSPACED = re.compile(f"{_HAN}{_OTHER}|{_OTHER}{_HAN}|{_HAN}[,:;?!()]|[,:;?!(]{_HAN}")


def prose(text: str) -> str:
    """Return a page without its blocks of code."""
    return _BLOCK.sub("", text)


def levels(text: str) -> list[int]:
    return [len(marks) for marks in re.findall(r"^(#+) ", prose(text), re.MULTILINE)]


def blocks(text: str) -> list[tuple[str, int]]:
    """Return the language and the number of lines of each block of code."""
    return [(language, code.count("\n")) for language, code in _BLOCK.findall(text)]


def commands(text: str) -> list[str]:
    """Return the lines of the blocks for a shell, without comments."""
    lines = "".join(code for language, code in _BLOCK.findall(text) if language == "sh").splitlines()
    return [line.partition("  #")[0].rstrip() for line in lines]


def columns(text: str) -> list[int]:
    """Return the number of columns of every row of every table."""
    return [line.count("|") for line in prose(text).splitlines() if line.startswith("|")]


def items(text: str) -> list[str]:
    return re.findall(r"^(?:-|\d+\.) ", prose(text), re.MULTILINE)


def assert_alike(english: str, chinese: str) -> None:
    for part in (levels, blocks, commands, columns, items):
        assert part(chinese) == part(english), part.__name__
    assert chinese.count("**") == english.count("**")


def unspaced(text: str) -> list[str]:
    """Return where Chinese and other letters touch, and where punctuation of English stands next to Chinese."""
    shown = re.sub(r"\]\([^)]*\)|!?\[|\*", "", re.sub("`[^`]*`", "`code`", prose(text))).replace("U本位", "本位")
    return _UNSPACED.findall(shown)


def test_every_page_is_there_in_chinese_and_no_other() -> None:
    assert sorted(path.name for path in CHINESE.iterdir()) == PAGES
    assert sorted(f"{page.name}.md" for page in pages()) == PAGES


def test_the_app_shows_the_pages_of_the_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "_chosen", language.CHINESE)
    assert sorted((f"{page.name}.md", page.text) for page in pages()) == [
        (name, (CHINESE / name).read_text()) for name in PAGES
    ]


@pytest.mark.parametrize("name", PAGES)
def test_page_has_the_same_parts_in_chinese(name: str) -> None:
    english, chinese = (MANUAL / name).read_text(), (CHINESE / name).read_text()
    assert_alike(english, chinese)
    assert sorted(_LINK.findall(chinese)) == sorted(_LINK.findall(english))
    assert all((CHINESE / link).is_file() for link in _LINK.findall(chinese))


@pytest.mark.parametrize("name", PAGES)
def test_chinese_page_reads_well_in_any_terminal(name: str) -> None:
    text = (CHINESE / name).read_text()
    assert not [letter for letter in text if unicodedata.east_asian_width(letter) == "A"]
    assert not unspaced(text)


def test_keys_of_the_keyboard_are_the_same_in_chinese() -> None:
    english, chinese = ((folder / "keyboard.md").read_text() for folder in (MANUAL, CHINESE))
    keys = [line.split("|")[1] for line in english.splitlines() if line.startswith("|")][1:]
    translated = [key.replace(" or ", " 或 ").replace(" to ", " 至 ") for key in keys]
    assert [line.split("|")[1] for line in chinese.splitlines() if line.startswith("|")][1:] == translated


def test_fields_are_the_same_in_chinese() -> None:
    english, chinese = (
        re.findall(r"^(?:## |\| `)([\w ]+)", (folder / "fields.md").read_text(), re.MULTILINE)
        for folder in (MANUAL, CHINESE)
    )
    assert chinese == english


def test_readme_has_the_same_parts_in_chinese() -> None:
    english, chinese = README.read_text(), README_ZH.read_text()
    assert_alike(english, chinese)
    there, back = _LINK.findall(english), _LINK.findall(chinese)
    assert there[0] == "tui/manual/README.zh-CN.md"
    assert back[0] == "../../README.md"
    reached = [(MANUAL / link).resolve() for link in back[1:]]
    folders = {"tui/manual": CHINESE, "screenshots": ROOT / "screenshots/zh_CN"}
    parts = [(folder, name) for folder, _, name in (link.rpartition("/") for link in there[1:])]
    assert reached == [folders.get(folder, ROOT / folder) / name for folder, name in parts]
    assert all(path.is_file() for path in reached)
    assert not unspaced(chinese)


def test_every_type_has_the_words_of_the_exchanges_own_pages() -> None:
    """Its Chinese page names three of the ends in other words, which the manual keeps."""
    others = {
        "MAIN_ISOLATED_MARGIN": "现货钱包转向逐仓账户钱包",
        "ISOLATED_MARGIN_MAIN": "逐仓钱包转向现货账户钱包",
        "OPTION_MARGIN": "期权全仓钱包转向杠杆钱包",
    }
    english, chinese = (
        dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", (folder / "types.md").read_text(), re.MULTILINE))
        for folder in (MANUAL, CHINESE)
    )
    names = [each.name for each in TransferType]
    assert [*english] == [*chinese] == names
    for each in TransferType:
        assert english[each.name] == f"{each.source.english} -> {each.destination.english}"
        source, destination = (
            language.text_in(language.CHINESE, end.english) for end in (each.source, each.destination)
        )
        assert chinese[each.name] == others.get(each.name, f"{source}转向{destination}")

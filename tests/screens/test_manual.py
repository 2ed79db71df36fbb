"""The manual, which the help shows: README leads to every page, and a page shows in any terminal."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.screens.waiting import picture, until, until_open, until_screen
from tui import language
from tui.app.app import ShunterApp
from tui.screens.help import HelpScreen
from tui.screens.main import MainScreen
from tui.screens.manual import ManualScreen, Page, PageScreen, pages

AppMaker = Callable[..., ShunterApp]
ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def test_readme_is_short_and_leads_to_every_page() -> None:
    assert README.count("\n") <= 150
    assert set(re.findall(r"\(tui/manual/(\w+)\.md\)", README)) == {page.name for page in pages()}
    assert all((ROOT / link).exists() for link in re.findall(r"\]\(([^)#:]+)\)", README))


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_page_has_a_title_and_no_character_of_ambiguous_width(page: Page) -> None:
    assert page.title
    assert not [letter for letter in page.text if unicodedata.east_asian_width(letter) == "A"]
    names = {other.name for other in pages()}
    assert set(re.findall(r"\]\((\w+)\.md\)", page.text)) <= names


async def test_pages_are_listed_and_read_from_the_help(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=(80, 24)) as pilot:
        await until_open(pilot)
        await pilot.press("f1")
        await until_screen(pilot, HelpScreen)
        assert picture(pilot).index("THE FORM") < picture(pilot).index("F2 or Ctrl+R")
        await pilot.press("m")
        await until_screen(pilot, ManualScreen)
        assert all(page.title in picture(pilot) for page in pages())
        await pilot.press("down", "enter")
        await until_screen(pilot, PageScreen)
        await until(pilot, lambda: "tranId" in picture(pilot))
        assert not [letter for letter in picture(pilot) if unicodedata.east_asian_width(letter) == "A"]
        before = picture(pilot)
        await pilot.press("j", "j")
        await until(pilot, lambda: picture(pilot) != before)
        await pilot.press("q", "q", "q")
        await until_screen(pilot, MainScreen)


def shows_all_characters(pilot: Pilot[bool], page: Page) -> bool:
    """Whether the picture has every Chinese character of a page, as often as the page has it."""
    characters = Counter(each for each in page.text if unicodedata.east_asian_width(each) in "WF")
    return not characters - Counter(picture(pilot))


async def test_no_page_is_cut_in_chinese(demo_app: AppMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    async with demo_app().run_test(size=(80, 500)) as pilot:
        await until_open(pilot)
        monkeypatch.setattr(language, "_chosen", language.CHINESE)
        for page in pages():
            await pilot.app.push_screen(PageScreen(page))
            await until(pilot, partial(shows_all_characters, pilot, page))
            await pilot.press("q")
            await until_screen(pilot, MainScreen)

"""The palette: every action is found under the words that people use for it."""

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList

from tests.screens.waiting import picture, until, until_open, until_screen
from tui import keys, language
from tui.app.app import ShunterApp
from tui.language import CHINESE, LANGUAGES, text_in
from tui.screens.holdings import HoldingsScreen
from tui.screens.main import MainScreen
from tui.screens.palette import _APPLIES_LATER, QuietPalette, rank

AppMaker = Callable[..., ShunterApp]


def hits(pilot: Pilot[Any]) -> list[str]:
    """What the palette offers."""
    options = pilot.app.screen.query_one("_Commands", OptionList).options
    return [str(option.prompt).split("\n")[0] for option in options]


async def search(pilot: Pilot[Any], typed: str) -> None:
    """Open the palette and look for a text."""
    await pilot.press("ctrl+p")
    await until_screen(pilot, QuietPalette)
    await until(pilot, lambda: len(hits(pilot)) > 5)
    await pilot.press(*("space" if character == " " else character for character in typed))


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        *(("favourite", "Favourites"), ("favorite", "Favourites"), ("holdings", "Holdings"), ("balance", "Holdings")),
        *(("assets", "Holdings"), ("undo", "Reverse the marked transfer"), ("reverse", "Reverse the marked transfer")),
        *(("repeat", "Repeat the marked transfer"), ("history", "History"), ("theme", "Theme"), ("help", "Help")),
        *(("export", "Export the history"), ("csv", "Export the history"), ("taxes", "Export the history")),
        *(("colour", "Theme"), ("BALANCE", "Holdings"), ("keys", "Keys"), ("quit", "Quit"), ("reload", "Reload")),
        *(("language", "Language"), ("chinese", "Language"), ("语言", "Language"), ("中文", "Language")),
        *(("currency", "Currency"), ("worth", "Currency"), ("euro", "Currency"), ("dollar", "Currency")),
    ],
)
async def test_action_is_found_by_the_words_that_people_use(typed: str, name: str, demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=(80, 24)) as pilot:
        await until_open(pilot)
        await search(pilot, typed)
        await until(pilot, lambda: hits(pilot)[:1] == [name])


async def test_entries_say_what_they_do_and_do_it(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=(80, 24)) as pilot:
        await until_open(pilot)
        await search(pilot, "portfolio worth")
        await until(pilot, lambda: hits(pilot) == ["Holdings"])
        assert "every asset in every wallet" in picture(pilot)
        await pilot.press("enter")
        await until_screen(pilot, HoldingsScreen)


async def test_words_that_lead_nowhere_offer_nothing(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=(80, 24)) as pilot:
        await until_open(pilot)
        await search(pilot, "zzz")
        await until(pilot, lambda: "No matches" in picture(pilot))
        await pilot.press("enter", "escape")
        await until_screen(pilot, MainScreen)


async def test_demo_has_no_key_to_lock(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=(80, 24)) as pilot:
        await until_open(pilot)
        await pilot.press("ctrl+p")
        await until_screen(pilot, QuietPalette)
        await until(pilot, lambda: "Quit" in hits(pilot))
        assert "Lock" not in hits(pilot)


async def choose_currency(pilot: Pilot[Any], typed: str) -> None:
    """Choose what assets are valued in."""
    await search(pilot, "currency")
    await until(pilot, lambda: hits(pilot) == ["Currency"])
    await pilot.press("enter")
    await until(pilot, lambda: "USDC" in hits(pilot))
    await pilot.press(*typed)
    await until(pilot, lambda: len(hits(pilot)) == 1)
    await pilot.press("enter")


async def test_worth_is_in_the_currency_that_the_person_chose_now_and_later(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=(120, 40)) as pilot:
        await until_open(pilot)
        await until(pilot, lambda: "USDT at " in picture(pilot))
        await choose_currency(pilot, "euro")
        await until(pilot, lambda: "EUR at " in picture(pilot).split("\n")[0])
        assert " EUR" in next(line for line in picture(pilot).split("\n") if "HOLDINGS" in line)
        await until(pilot, lambda: keys.kept_currency() == "EUR")
    async with demo_app().run_test(size=(80, 24)) as pilot:
        await until_open(pilot)
        await until(pilot, lambda: "EUR at " in picture(pilot))


async def test_currency_without_a_price_is_said(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=(80, 24), notifications=True) as pilot:
        await until_open(pilot)
        await until(pilot, lambda: "USDT at " in picture(pilot))
        await choose_currency(pilot, "xyz")
        await until(pilot, lambda: "BTC at " in picture(pilot))
        message = "no price of a BTC in XYZ. Until it does, worth is in BTC."
        await until(pilot, lambda: message in " ".join(picture(pilot).split()))


async def test_language_is_kept_for_the_next_start_and_that_is_told(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=(80, 24), notifications=True) as pilot:
        await until_open(pilot)
        await search(pilot, "language")
        await until(pilot, lambda: hits(pilot) == ["Language"])
        assert "now English" in picture(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: hits(pilot) == list(LANGUAGES.values()))
        await pilot.press(*"mandarin")
        await until(pilot, lambda: hits(pilot) == [LANGUAGES[CHINESE]])
        await pilot.press("enter")
        await until(pilot, lambda: keys.settings().language == CHINESE)
        told = _APPLIES_LATER, text_in(CHINESE, _APPLIES_LATER)
        await until(pilot, lambda: all(text in picture(pilot) for text in told))


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        *(("导出", 3), ("历史", 3), ("导出历史", 3), ("表格", 2), ("csv", 2), ("写成csv", 2), ("报税", 1), ("tax", 1)),
        *(("export", 1), ("xport", 0), ("导出 报税", 1), ("导出 提现", 0), ("", 0)),
    ],
)
def test_chinese_is_found_without_blanks_between_its_words(typed: str, expected: int) -> None:
    assert rank(typed, "导出历史", "把列出的内容写成 CSV 表格", "export taxes 报税") == expected


async def test_palette_says_in_the_language_of_the_person_that_nothing_matches(
    demo_app: AppMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.screens.palette._", lambda text: f"<{text}>")
    async with demo_app().run_test(size=(80, 24)) as pilot:
        await until_open(pilot)
        await search(pilot, "zzz")
        await until(pilot, lambda: "<No matches found>" in picture(pilot))


async def test_language_that_cannot_be_shown_is_told_at_the_start(
    demo_app: AppMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    why = "Shunter speaks English here, because this terminal does not use UTF-8."
    monkeypatch.setattr(language, "_why_english", why)
    async with demo_app().run_test(notifications=True) as pilot:
        await until_open(pilot)
        assert [toast.message for toast in pilot.app._notifications] == [why]
        await until(pilot, lambda: "Shunter speaks English" in picture(pilot))

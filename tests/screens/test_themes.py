"""Themes: chosen in the palette, kept, and each of them legible where it matters."""

from collections.abc import Callable
from itertools import combinations, product

import pytest
from rich.color import Color as RichColor
from rich.color import ColorSystem
from textual.color import Color
from textual.command import CommandPalette
from textual.pilot import Pilot
from textual.theme import BUILTIN_THEMES
from textual.widget import Widget
from textual.widgets import Label, OptionList

from tests.evidence import evidence_for
from tests.evidence import transfer as transfer_with
from tests.screens.test_lists_follow import DONE
from tests.screens.waiting import review, until, until_open, until_screen
from tui import keys
from tui.app.app import ShunterApp
from tui.app.opening import Start
from tui.app.themes import OWN_THEMES
from tui.domain.entries import Entry
from tui.domain.transfer import Outcome, Transfer
from tui.files import config_folder
from tui.screens.entry import EntryScreen
from tui.screens.main import MainScreen
from tui.screens.palette import ThemePalette
from tui.structs import replace
from tui.widgets.entry_table import EntryTable
from tui.widgets.wallet_list import WalletList

AppMaker = Callable[..., ShunterApp]

MEANINGS = ["foreground", "strong", "muted", "accent", "warning", "error", "success"]
GROUNDS = ["background", "surface", "panel", "field", "chosen", "cursor"]
SHADED = [theme.name for theme in (*OWN_THEMES, *BUILTIN_THEMES.values()) if not theme.ansi]
OWN = [name for name, theme in BUILTIN_THEMES.items() if theme.ansi]


def luminance(colour: Color) -> float:
    """As WCAG 2 has it."""
    parts = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in colour.normalized]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: Color, other: Color) -> float:
    """Of a text's colour and what is behind it: 1 where they are equal, at most 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def of(widget: Widget) -> tuple[Color, Color]:
    """What is behind a widget's text, and the colour of the text."""
    ground, text = widget.background_colors[1], widget.colors[3]
    return ground, ground + text


def result_of(main: MainScreen, transfer: Transfer) -> EntryScreen:
    """The dialog of a transfer."""
    return EntryScreen(Entry(None, transfer), main.desk.watch_over)


def in_256_colours(colour: Color) -> Color:
    """What Rich makes of it in a terminal that has no more."""
    return Color(*RichColor.from_rgb(*colour.rgb).downgrade(ColorSystem.EIGHT_BIT).get_truecolor())


@pytest.mark.parametrize("name", SHADED)
def test_every_meaning_can_be_read_on_every_ground(name: str, demo_app: AppMaker) -> None:
    app = demo_app()
    app.theme = name
    variables = app.get_css_variables()
    for meaning, ground in product(MEANINGS, GROUNDS):
        pair = [Color.parse(variables[each]) for each in (meaning, ground)]
        assert contrast(*pair) >= 4.5, (meaning, ground, pair)
        assert contrast(*map(in_256_colours, pair)) >= 4.5, (meaning, ground, pair)


async def in_theme(pilot: Pilot[bool], name: str) -> None:
    """Put the app into a theme, all its screens that are open."""
    pilot.app.theme = name
    await until(pilot, lambda: pilot.app.stylesheet._variables == pilot.app.get_css_variables())


async def test_places_are_told_apart_and_outcomes_legible_in_every_theme(demo_app: AppMaker) -> None:
    async with demo_app(asset="USDT", amount="1").run_test(size=(120, 40)) as pilot:
        main = await until_open(pilot)
        for number, outcome in enumerate(Outcome, 1):
            main.desk.on_change(transfer_with(id=number, evidence=evidence_for(outcome)))
        table = main.query_one("#transfers", EntryTable)
        await until(pilot, lambda: len(table.entries) == len(Outcome))
        looks = {}
        for outcome in Outcome:
            await pilot.app.push_screen(result := result_of(main, replace(DONE, evidence=evidence_for(outcome))))
            looks[outcome] = " ".join(result.query_one(".title", Label).classes)
            await pilot.press("escape")
        await review(pilot)
        reviewed = pilot.app.screen.query_one("#review-place", Label)
        await pilot.app.push_screen(result_of(main, DONE))
        for name in SHADED:
            await in_theme(pilot, name)
            await assert_places_are_told_apart(pilot, name, main.query_one("#place", Label), reviewed)
            await assert_outcomes_are_legible(pilot, name, table, looks)


async def assert_places_are_told_apart(pilot: Pilot[bool], name: str, *places: Label) -> None:
    """The demo's by green, the exchange's by red, and any other host's by neither."""
    for label in places:
        grounds = []
        for place in ("-demo", "-live", ""):
            look_like(label, place)
            await pilot.pause()
            ground, text = of(label)
            assert contrast(ground, text) >= 4.5, (name, label)
            grounds.append(ground)
        demo, live, other = grounds
        assert demo.g > demo.r, (name, label)
        assert live.r > 2 * live.g, (name, label)
        assert max(other.rgb) < 1.5 * min(other.rgb), (name, label)


def look_like(label: Label, place: str) -> None:
    """Give it the class of a place, or none."""
    for other in ("-demo", "-live"):
        label.set_class(place == other, other)


async def assert_outcomes_are_legible(
    pilot: Pilot[bool], name: str, table: EntryTable, looks: dict[Outcome, str]
) -> None:
    """In the list, and in the title of a result, by the classes that it has for each."""
    ground = table.background_colors[1]
    colours = {}

    def is_recoloured() -> bool:
        for outcome in Outcome:
            style = table.get_visual_style(f"entry-table--{outcome}", partial=True)
            assert style.foreground
            colours[outcome] = style.foreground
        return colours[Outcome.DONE] == Color.parse(pilot.app.theme_variables["text-success"])

    await until(pilot, is_recoloured)
    assert all(contrast(ground, colour) >= 3 for colour in colours.values()), (name, colours)
    told_apart = (colours[outcome] for outcome in (Outcome.DONE, Outcome.REJECTED, Outcome.UNKNOWN))
    assert all(one != other for one, other in combinations(told_apart, 2)), (name, colours)
    title = pilot.app.screen.query_one(".title", Label)
    for outcome, classes in looks.items():
        title.set_classes(classes)
        await pilot.pause()
        title_ground, colour = of(title)
        assert contrast(title_ground, colour) >= 3, (name, outcome)


async def test_demo_and_live_are_told_apart_in_the_terminals_own_colours(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        for name in OWN:
            await in_theme(pilot, name)
            label = main.query_one("#place", Label)
            looks = []
            for place in ("-demo", "-live", ""):
                look_like(label, place)
                await pilot.pause()
                assert label.styles.text_style.reverse, name
                looks.append(label.styles.color)
            assert looks == [Color.parse(f"ansi_{colour}") for colour in ("green", "red", "default")], name


async def test_focus_and_choice_are_told_by_reverse_and_bold_in_the_terminals_own_colours(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        for name in OWN:
            await in_theme(pilot, name)
            for focused, other in (("#from", "#to"), ("#to", "#from")):
                main.query_one(focused).focus()
                await pilot.pause()
                assert looks_of(main, focused) == {"bold reverse"}
                assert looks_of(main, other) == {"bold"}


def looks_of(main: MainScreen, which: str) -> set[str]:
    """Return what sets the title and the chosen row of a wallet list apart from its other rows."""
    wallets = main.query_one(which, WalletList)
    title, *_ = wallets.render_line(0)
    chosen = next(line for line in map(wallets.render_line, range(1, 9)) if line.text.startswith(">"))
    styles = [title.style, *(segment.style for segment in chosen)]
    return {" ".join(look for look in ("bold", "reverse") if style and getattr(style, look)) for style in styles}


async def test_a_theme_is_chosen_in_the_palette_and_kept(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=(80, 24)) as pilot:
        await until_open(pilot)
        await pilot.press("ctrl+p")
        await until_screen(pilot, CommandPalette)
        await pilot.press(*"theme")
        await until_hit(pilot, "Theme")
        await pilot.press("enter")
        await until_screen(pilot, ThemePalette)
        await pilot.press(*"nord")
        await until_hit(pilot, "nord")
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.theme == "nord")
        await until(pilot, lambda: keys.kept_theme() == "nord")
    assert keys.settings() == keys.Settings(theme="nord")
    assert demo_app().theme == "nord"


async def until_hit(pilot: Pilot[bool], text: str) -> None:
    """Wait until the palette's first hit is one."""
    hits = pilot.app.screen.query_one(OptionList)
    await until(pilot, lambda: bool(hits.options) and text in str(hits.options[0].prompt))
    await until(pilot, lambda: hits.option_count == 1)


async def test_it_opens_in_the_theme_that_textual_begins_with(demo_app: AppMaker) -> None:
    keys.keep_theme("textual-dark")
    async with demo_app().run_test(size=(80, 24)) as pilot:
        await until_open(pilot)
        assert pilot.app.theme == "textual-dark"


@pytest.mark.parametrize("kept", ['{"theme": "no-such-theme"}', "{", '{"theme": 5}'])
def test_what_is_kept_and_cannot_be_used_falls_back_quietly(kept: str, demo_app: AppMaker) -> None:
    (config_folder() / "settings.json").parent.mkdir(parents=True, exist_ok=True)
    (config_folder() / "settings.json").write_text(kept)
    assert demo_app().theme == "shunter-dark"


async def test_a_theme_that_cannot_be_kept_is_used_and_that_is_told(demo_app: AppMaker) -> None:
    (config_folder() / "settings.json").parent.mkdir(parents=True, exist_ok=True)
    (config_folder() / "settings.json").write_text("{")
    async with demo_app().run_test(size=(80, 24)) as pilot:
        await until_open(pilot)
        await pilot.app.push_screen(ThemePalette())
        await pilot.press(*"gruvbox")
        await until_hit(pilot, "gruvbox")
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.theme == "gruvbox")
        await until(pilot, lambda: any("was not saved" in toast.message for toast in pilot.app._notifications))
    assert (config_folder() / "settings.json").read_text() == "{"


@pytest.mark.parametrize("kept", ["nord", "ansi-light", ""])
async def test_where_shades_are_lost_there_are_the_terminals_own_colours_alone(kept: str) -> None:
    keys.keep_theme(kept)
    app = ShunterApp(Start(demo=True, has_few_colours=True))
    assert app.theme == ("ansi-light" if kept == "ansi-light" else "ansi-dark")
    async with app.run_test(size=(80, 24)) as pilot:
        await until_open(pilot)
        await app.push_screen(ThemePalette())
        hits = app.screen.query_one(OptionList)
        await until(pilot, lambda: hits.option_count == 2)
        assert ["ansi-dark" in str(hits.options[0].prompt), "ansi-light" in str(hits.options[1].prompt)] == [True] * 2

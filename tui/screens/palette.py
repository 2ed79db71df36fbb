"""The palettes: every action by name, every theme, and currencies."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from textual import on
from textual.app import App, ComposeResult
from textual.command import CommandInput, CommandList, CommandPalette, DiscoveryHit, Hit, Hits, Provider, SearchIcon
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, LoadingIndicator, OptionList

from tui import keys
from tui.screens.closing import DismissesItself
from tui.structs import Struct
from tui.widgets.steady_list import SteadyClicks

_HELP = {
    "ansi-dark": "the terminal's own 16 colours, where its background is dark",
    "ansi-light": "the terminal's own 16 colours, where its background is light",
}


_ALSO = {
    "Review": "send transfer check confirm",
    "History": "past list all transfers records",
    "Export": "csv json file save taxes spreadsheet download",
    "Holdings": "assets balance balances portfolio worth wallets",
    "Gather": "collect sweep consolidate merge combine everything dust",
    "Keys": "api account secret switch add remove",
    "Favourites": "favorite template bookmark saved keep",
    "Swap": "turn round exchange reverse",
    "Reload": "refresh update balances",
    "Repeat": "again redo same",
    "Reverse": "undo back return",
    "Decide": "unknown settle question",
    "Currency": "value dollar euro usd eur fiat money price",
    "Lock": "log out hide away",
    "Theme": "color dark light contrast",
    "Notifications": "notification bell alert sound message popup",
    "Help": "manual keys how",
    "Quit": "exit end close",
}
"""Other words that people look for, by an action's name."""


class NamedAction(Struct):
    """An action of a screen or of the app."""

    name: str
    effect: str
    """What it does; empty if the name says it all."""
    key: str
    """As it is shown; empty if there is none."""
    run: Callable[[], object]

    @property
    def help(self) -> str:
        """What it does, and its key."""
        effect = self.effect.removeprefix(f"{self.name.lower()}: ")
        return "   ".join(filter(None, [effect, self.key and f"Key: {self.key}"]))

    def rank(self, typed: str) -> int:
        """Return how well each typed word begins a word of the name (3), of what it does (2), or of others that people
        use (1); 0 if one begins none.
        """
        places = [_words(self.name), _words(self.effect), _words(_ALSO.get(self.name.split()[0], ""))]
        ranks = [
            max((3 - place for place, words in enumerate(places) if any(w.startswith(word) for w in words)), default=0)
            for word in _words(typed)
        ]
        return min(ranks, default=0)


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())


class Actions(Provider):
    """Offers every action. A search compares its name, its effect, and synonyms."""

    async def discover(self) -> Hits:
        """Offer all of them."""
        for action in self._actions():
            yield DiscoveryHit(action.name, action.run, help=action.help)

    async def search(self, query: str) -> Hits:
        """Offer those that the typed words lead to."""
        for action in self._actions():
            if rank := action.rank(query):
                yield Hit(rank, action.name, action.run, text=action.name, help=action.help)

    def _actions(self) -> Iterator[NamedAction]:
        screen = self.screen
        actions: Iterator[NamedAction] = self.app.actions(screen)  # type: ignore[attr-defined]
        return actions


class _Commands(SteadyClicks, CommandList):
    """The commands that match the input."""


class QuietPalette(DismissesItself, CommandPalette):
    """Textual's command palette without anything that blinks or moves: that would be traffic on a slow line."""

    def compose(self) -> ComposeResult:
        """Compose it as Textual does, but with a list that may change below a click."""
        with Vertical(id="--container"):
            with Horizontal(id="--input"):
                yield SearchIcon()
                yield CommandInput(placeholder=self._placeholder, select_on_focus=False)
            with Vertical(id="--results"):
                yield _Commands()
                yield LoadingIndicator()

    def on_mount(self) -> None:
        """Stop the animations."""
        self.query_one(Input).cursor_blink = False
        self.query_one(LoadingIndicator).auto_refresh = None

    @on(Input.Submitted)
    @on(OptionList.OptionSelected)
    def choose_once(self, event: Message) -> None:
        """Ignore input behind the key that chose: it would choose again."""
        if self not in self.app.screen_stack:
            event.prevent_default()
            event.stop()


class Themes(Provider):
    """Textual's themes; in a terminal with few colours, only those that use its own."""

    async def discover(self) -> Hits:
        """Offer all of them."""
        for name in self._names():
            yield DiscoveryHit(name, partial(_choose, self.app, name), help=_HELP.get(name, ""))

    async def search(self, query: str) -> Hits:
        """Offer those whose name or description matches."""
        matcher = self.matcher(query)
        for name in self._names():
            is_described = query.casefold() in _HELP.get(name, "")
            if (score := max(matcher.match(name), is_described)) > 0:
                command = partial(_choose, self.app, name)
                yield Hit(score, matcher.highlight(name), command, text=name, help=_HELP.get(name, ""))

    def _names(self) -> Iterator[str]:
        themes = self.app.available_themes
        return (name for name in sorted(themes) if themes[name].ansi or not self.app.ansi_color)


class ThemePalette(QuietPalette):
    """Chooses a theme, and saves it."""

    def __init__(self) -> None:
        super().__init__(providers=[Themes], placeholder="A theme by name. Esc or ^P  close", id="--command-palette")


def _choose(app: App[Any], name: str) -> None:
    app.theme = name
    save_setting(app, "Theme", partial(keys.keep_theme, name))


def save_setting(app: App[Any], title: str, save: Callable[[], None]) -> None:
    """Save a setting in the background, or say that it was not saved."""

    async def saved() -> None:
        try:
            await keys.in_background(save)
        except keys.KeyStoreError as error:
            app.notify(f"This was not saved: {error}", title=title, severity="warning", markup=False)

    app.run_worker(saved(), group=title, exclusive=True)


CURRENCIES = {
    "USDT": "US dollar, as Tether",
    "USDC": "US dollar, as Circle's coin",
    "FDUSD": "US dollar, as First Digital's coin",
    "EUR": "euro",
    "BTC": "bitcoin",
    "ETH": "ether",
    "BNB": "BNB",
    "BRL": "Brazilian real",
    "JPY": "Japanese yen",
    "PLN": "Polish zloty",
    "TRY": "Turkish lira",
    "ZAR": "South African rand",
}
"""Those offered by name. Any other can be typed."""
_CODE = re.compile("[A-Z0-9]{2,20}")


class Currencies(Provider):
    """What assets can be valued in."""

    async def discover(self) -> Hits:
        """Offer the usual ones."""
        for code, name in CURRENCIES.items():
            yield DiscoveryHit(code, partial(self._choose, code), help=name)

    async def search(self, query: str) -> Hits:
        """Offer those whose code or name the typed words begin, and the typed code itself."""
        typed, is_found = query.strip().upper(), False
        for code, name in CURRENCIES.items():
            if NamedAction(code, name, "", lambda: None).rank(query):
                is_found = True
                yield Hit(1, code, partial(self._choose, code), text=code, help=name)
        if not is_found and _CODE.fullmatch(typed):
            yield Hit(
                1, typed, partial(self._choose, typed), text=typed, help="if the exchange has a price of a BTC in it"
            )

    def _choose(self, code: str) -> None:
        self.app.value_in(code)  # type: ignore[attr-defined]


class CurrencyPalette(QuietPalette):
    """Chooses what assets are valued in, and saves it."""

    def __init__(self) -> None:
        super().__init__(providers=[Currencies], placeholder="A currency. Esc or ^P  close", id="--command-palette")

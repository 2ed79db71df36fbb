"""The palettes: every action by name, every theme, and currencies."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Self

from rich.align import Align
from rich.text import Text
from textual import on
from textual.app import App, ComposeResult
from textual.command import CommandInput, CommandList, CommandPalette, DiscoveryHit, Hit, Hits, Provider, SearchIcon
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.visual import VisualType
from textual.widgets import Input, LoadingIndicator, OptionList
from textual.widgets.option_list import Option

from tui import keys
from tui.language import CHINESE, ENGLISH, LANGUAGES, N_, _, text_in
from tui.screens.closing import DismissesItself
from tui.structs import Struct
from tui.widgets.steady_list import SteadyClicks

_HELP = {
    "ansi-dark": N_("the terminal's own 16 colours, where its background is dark"),
    "ansi-light": N_("the terminal's own 16 colours, where its background is light"),
}


_SENT_BY = N_("review send transfer check confirm")
_READ_BY = N_("reload refresh update balances")
_EXPORTED_BY = N_("export csv json file save taxes spreadsheet download")
_REPEATED_BY = N_("repeat again redo same")
_REVERSED_BY = N_("reverse undo back return")
_ALSO = {
    "review": _SENT_BY,
    **dict.fromkeys(["choose('REST')", "choose('OTHERS')", "choose('BACK')"], _SENT_BY),
    "history": N_("history past list all transfers records"),
    **dict.fromkeys(["export", "export('csv')", "export('json')"], _EXPORTED_BY),
    "holdings": N_("holdings assets balance balances portfolio worth wallets"),
    "gather": N_("gather collect sweep consolidate merge combine everything dust"),
    "keys": N_("keys api account secret switch add remove"),
    "favourites": N_("favourites favorite template bookmark saved keep"),
    "swap": N_("swap turn round exchange reverse"),
    **dict.fromkeys(["refresh_balances", "read", "ask_or_stop"], _READ_BY),
    **dict.fromkeys(["repeat", "again(False)"], _REPEATED_BY),
    **dict.fromkeys(["reverse", "again(True)"], _REVERSED_BY),
    "decide": N_("decide unknown settle question"),
    "currency": N_("currency value dollar euro usd eur fiat money price"),
    "lock": N_("lock log out hide away"),
    "theme": N_("theme color dark light contrast"),
    "language": N_("language english chinese translation locale 语言 中文 汉语 英文"),
    "notifications": N_("notifications notification bell alert sound message popup"),
    "help": N_("help manual keys how"),
    "quit": N_("quit exit end close"),
}
"""Words that people look for, by an action: those of English count in every language."""


class NamedAction(Struct):
    """An action of a screen or of the app."""

    action: str
    """What it is called in every language."""
    name: str
    effect: str
    """What it does; empty if the name says it all."""
    key: str
    """As it is shown; empty if there is none."""
    run: Callable[[], object]

    @property
    def help(self) -> str:
        """What it does, and its key."""
        effect = self.effect.removeprefix(_("{name}: ").format(name=self.name.lower()))
        return "   ".join(filter(None, [effect, self.key and _("Key: {key}").format(key=self.key)]))

    def rank(self, typed: str) -> int:
        """Return how well each typed word begins a word of the name (3), of what it does (2), or of others that people
        use (1); 0 if one begins none.
        """
        also = _ALSO.get(self.action.removeprefix("screen."), "")
        return rank(typed, self.name, self.effect, f"{also} {_(also)}")


def rank(typed: str, *texts: str) -> int:
    """Return how early the text is that each typed word begins a word of, counted from the last; 0 if one begins none.
    Chinese has no blanks between words: there, a word begins anywhere.
    """
    places = [_words(text) for text in texts]
    ranks = [
        max((len(places) - place for place, words in enumerate(places) if _begins(word, words)), default=0)
        for word in _words(typed)
    ]
    return min(ranks, default=0)


def _begins(typed: str, words: list[str]) -> bool:
    return any(word.startswith(typed) or (not typed.isascii() and typed in word) for word in words)


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+|[^\W_a-z0-9]+", text.casefold())


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

    def add_option(self, option: "Option | VisualType | None" = None) -> Self:
        """Add a command; in place of Textual's own word that there is none, say so in the person's language."""
        if isinstance(option, Option) and option.id == CommandPalette._NO_MATCHES:
            text = Text(_("No matches found"), style="not bold")
            option = Option(Align.center(text), disabled=True, id=option.id)
        return super().add_option(option)


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
            yield DiscoveryHit(name, partial(_choose, self.app, name), help=_(_HELP.get(name, "")))

    async def search(self, query: str) -> Hits:
        """Offer those whose name or description matches."""
        matcher = self.matcher(query)
        for name in self._names():
            described = _HELP.get(name, "")
            is_described = query.casefold() in f"{described} {_(described)}"
            if (score := max(matcher.match(name), is_described)) > 0:
                command = partial(_choose, self.app, name)
                yield Hit(score, matcher.highlight(name), command, text=name, help=_(described))

    def _names(self) -> Iterator[str]:
        themes = self.app.available_themes
        return (name for name in sorted(themes) if themes[name].ansi or not self.app.ansi_color)


class ThemePalette(QuietPalette):
    """Chooses a theme, and saves it."""

    def __init__(self) -> None:
        super().__init__(providers=[Themes], placeholder=_("A theme by name. Esc or ^P  close"), id="--command-palette")


def _choose(app: App[Any], name: str) -> None:
    app.theme = name
    save_setting(app, _("Theme"), partial(keys.keep_theme, name))


def save_setting(app: App[Any], title: str, save: Callable[[], None], said: str = "") -> None:
    """Save a setting in the background, and say so if there is something to say; or say that it was not saved."""

    async def saved() -> None:
        try:
            await keys.in_background(save)
            if said:
                app.notify(said, title=title, markup=False)
        except keys.KeyStoreError as error:
            app.notify(
                _("This was not saved: {error}").format(error=error), title=title, severity="warning", markup=False
            )

    app.run_worker(saved(), group=title, exclusive=True)


class Languages(Provider):
    """What Shunter can speak."""

    async def discover(self) -> Hits:
        """Offer all of them."""
        for code, name in LANGUAGES.items():
            yield DiscoveryHit(name, partial(self._choose, code), help=code)

    async def search(self, query: str) -> Hits:
        """Offer those whose name or code the typed words begin."""
        for code, name in LANGUAGES.items():
            if rank(query, name, code, _OF_LANGUAGES.get(code, "")):
                yield Hit(1, name, partial(self._choose, code), text=name, help=code)

    def _choose(self, code: str) -> None:
        told = dict.fromkeys([_(_APPLIES_LATER), text_in(code, _APPLIES_LATER)])
        save_setting(self.app, _("Language"), partial(keys.keep_language, code), "\n".join(told))


_OF_LANGUAGES = {ENGLISH: "英文 英语", CHINESE: "Chinese Simplified Mandarin 中文 汉语"}
"""What else the languages are called, by those who cannot read their own names."""
_APPLIES_LATER = N_("Kept. It applies at the next start.")


class LanguagePalette(QuietPalette):
    """Chooses the language, and saves it."""

    def __init__(self) -> None:
        super().__init__(providers=[Languages], placeholder=_("A language. Esc or ^P  close"), id="--command-palette")


CURRENCIES = {
    "USDT": N_("US dollar, as Tether"),
    "USDC": N_("US dollar, as Circle's coin"),
    "FDUSD": N_("US dollar, as First Digital's coin"),
    "EUR": N_("euro"),
    "BTC": N_("bitcoin"),
    "ETH": N_("ether"),
    "BNB": "BNB",
    "BRL": N_("Brazilian real"),
    "JPY": N_("Japanese yen"),
    "PLN": N_("Polish zloty"),
    "TRY": N_("Turkish lira"),
    "ZAR": N_("South African rand"),
}
"""Those offered by name. Any other can be typed."""
_CODE = re.compile("[A-Z0-9]{2,20}")


class Currencies(Provider):
    """What assets can be valued in."""

    async def discover(self) -> Hits:
        """Offer the usual ones."""
        for code, name in CURRENCIES.items():
            yield DiscoveryHit(code, partial(self._choose, code), help=_(name))

    async def search(self, query: str) -> Hits:
        """Offer those whose code or name the typed words begin, and the typed code itself."""
        typed, is_found = query.strip().upper(), False
        for code, name in CURRENCIES.items():
            if rank(query, code, name, _(name)):
                is_found = True
                yield Hit(1, code, partial(self._choose, code), text=code, help=_(name))
        if not is_found and _CODE.fullmatch(typed):
            said = _("if the exchange has a price of a BTC in it")
            yield Hit(1, typed, partial(self._choose, typed), text=typed, help=said)

    def _choose(self, code: str) -> None:
        self.app.value_in(code)  # type: ignore[attr-defined]


class CurrencyPalette(QuietPalette):
    """Chooses what assets are valued in, and saves it."""

    def __init__(self) -> None:
        super().__init__(providers=[Currencies], placeholder=_("A currency. Esc or ^P  close"), id="--command-palette")

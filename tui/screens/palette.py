"""The palettes: every action by name, and every theme."""

from collections.abc import Iterator
from functools import partial

from textual import on
from textual.app import App, ComposeResult
from textual.command import CommandInput, CommandList, CommandPalette, DiscoveryHit, Hit, Hits, Provider, SearchIcon
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, LoadingIndicator, OptionList

from tui import keys
from tui.screens.closing import DismissesItself
from tui.widgets.steady_list import SteadyClicks

_HELP = {
    "ansi-dark": "the terminal's own 16 colours, where its background is dark",
    "ansi-light": "the terminal's own 16 colours, where its background is light",
}


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


def _choose(app: App[object], name: str) -> None:
    app.theme = name
    app.run_worker(_save(app, name), group="theme", exclusive=True)


async def _save(app: App[object], name: str) -> None:
    try:
        await keys.in_background(lambda: keys.keep_theme(name))
    except keys.KeyStoreError as error:
        app.notify(f"The theme was not saved: {error}", title="Theme", severity="warning", markup=False)

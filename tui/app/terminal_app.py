"""A Textual app for any terminal: its driver, colours, scroll bars, clipboard, notices and command palette."""

import os
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from time import time
from typing import TYPE_CHECKING, Any, ClassVar

from rich.console import Console
from textual._styles_cache import StylesCache
from textual.app import App
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.notifications import Notification
from textual.screen import Screen
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.widget import Widget

from tui import keys
from tui.app.crash import crash_report
from tui.app.themes import DARK, OWN_THEMES, theme_variables
from tui.domain.text import printable
from tui.frame.driver import FramedDriver
from tui.language import LANGUAGES, _, chosen
from tui.screens import closing
from tui.terminal.input import InputDriver
from tui.terminal.output import OutputDriver
from tui.widgets.field_input import PromptInput
from tui.widgets.line_breaks import break_between_characters

if TYPE_CHECKING:
    from tui.screens.palette import NamedAction, QuietPalette

_FOLDER = Path(__file__).parent
_NOT_OFFERED = "command_palette", "move_focus(1)", "move_focus(-1)"
"""Actions that are of no use from the palette."""
_MOST_IN_NOTIFICATION = 300
_OWN_COLOURS = "ansi-dark"
"""The theme that uses the terminal's own colours."""
_OWN_COLOURS_CSS = _FOLDER / "own_colours.tcss"
"""The rules for it: to read them takes a fifth of the time that all rules take."""


class Terminal(FramedDriver, InputDriver, OutputDriver):
    """Reads and writes the terminal."""

    def show_all(self) -> None:
        """Write the whole screen again, as the terminal has missed part of it. Called in the output thread."""
        if self._frame:
            self._loop.call_soon_threadsafe(self._repaint)
        else:
            super().show_all()


class PlainScrollBarRender(ScrollBarRender):
    """Draws scroll bars with blanks: the width of block characters is ambiguous in East Asian terminals."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "] * 8


class TerminalApp(App[bool]):
    """The parts of the app that know nothing of transfers."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            App.COMMAND_PALETTE_BINDING,
            "command_palette",
            _("All"),
            key_display="^P",
            priority=True,
            tooltip=_("every action by name"),
        ),
    ]

    def __init__(self, *, has_few_colours: bool) -> None:
        break_between_characters()
        super().__init__(
            driver_class=Terminal,
            css_path=[_FOLDER / "shunter.tcss"],
            ansi_color=True if has_few_colours else None,
        )
        self._held_notices: list[tuple[Notification, float]] = []
        """Notices that wait for a question to be answered, with the seconds that each is still to be shown."""
        for own in OWN_THEMES:
            self.register_theme(own)
        theme = self.available_themes.get(keys.kept_theme(), DARK)
        if has_few_colours and not theme.ansi:
            theme = self.available_themes[_OWN_COLOURS]
        self.theme = theme.name
        if self.native_ansi_color:
            self.css_path.append(_OWN_COLOURS_CSS)
        self.stylesheet.set_variables(self.get_css_variables())  # the theme may be the one that Textual begins with
        self.animation_level = "none"  # every frame would be traffic on a slow line
        ScrollBar.renderer = PlainScrollBarRender
        # The terminal selects text itself. Textual would look for the screen of a widget that an earlier click closed.
        Widget.ALLOW_SELECT = False

    def get_css_variables(self) -> dict[str, str]:
        """Return Textual's variables for the theme, with Shunter's colours."""
        variables = super().get_css_variables()
        if DARK.name in self.available_themes:  # otherwise `__init__` has yet to choose the theme
            self.theme_variables = {**variables, **theme_variables(self.current_theme, variables)}
        return self.theme_variables

    def refresh_css(self, animate: bool = True) -> None:
        """Use the theme that was chosen. Before the first screen, Textual would parse all rules, and then again."""
        if self.screen_stack:
            if self.native_ansi_color:
                self.stylesheet.read(_OWN_COLOURS_CSS)
            super().refresh_css(animate)
        else:
            self.stylesheet.set_variables(self.get_css_variables())

    def read_all_rules(self) -> None:
        """Read the rules of all screens, if they are not read. With one that has rules unread, Textual would parse
        every rule again.
        """
        if not self.stylesheet.has_source(str(closing.CSS)):
            self.stylesheet.read(closing.CSS)
            self.stylesheet.parse()

    def pop_screen(self) -> AwaitComplete:
        """Leave the screen on top, and free what was drawn for it.

        Textual's `get_inner_outer` is a method behind an `lru_cache`: it keeps the drawn lines of 1,024 widgets.
        """
        StylesCache.get_inner_outer.cache_clear()
        return super().pop_screen()

    def copy_to_clipboard(self, text: str) -> None:
        """Copy a text to the clipboard of the person's terminal, also from inside tmux or GNU screen."""
        super().copy_to_clipboard(text)
        request = f"\x1b]52;c;{b64encode(text.encode()).decode()}\x07"
        if self._driver and (outer := passed_on(request, os.environ)):
            self._driver.write(outer)

    def alert(self, text: str) -> None:
        """Ring the bell, and ask the terminal to notify the person, also from inside tmux or GNU screen.

        This is OSC 9 of iTerm2, which many terminals know; others ignore it.
        """
        self.bell()
        if self._driver and keys.may_notify():
            request = f"\x1b]9;Shunter: {printable(text)[:_MOST_IN_NOTIFICATION]}\x07"
            self._driver.write(passed_on(request, os.environ) or request)

    def _switch_notifications(self) -> None:
        self.run_worker(self._keep_notifications(not keys.may_notify()), group="notifications", exclusive=True)

    async def _keep_notifications(self, are_on: bool) -> None:
        try:
            await keys.in_background(lambda: keys.keep_notifications(are_on))
        except keys.KeyStoreError as error:
            self.notify(
                _("This was not saved: {error}").format(error=error),
                title=_("Notifications"),
                severity="warning",
                markup=False,
            )
        else:
            said = _("Notifications of the terminal are on.") if are_on else _("Notifications of the terminal are off.")
            self.notify(said, markup=False)

    def _refresh_notifications(self) -> None:
        # Notices wait while a question is on the screen: they would cover lines of the question.
        if self.screen_stack and getattr(self.screen, "holds_notices", False):
            self._held_notices += [(notice, notice.time_left) for notice in self._notifications]
            self._notifications.clear()
        else:
            for notice, left_s in self._held_notices:
                notice.raised_at = time() + left_s - notice.timeout
                self._notifications.add(notice)
            self._held_notices.clear()
        super()._refresh_notifications()

    def on_input_driver_unreadable_key(self) -> None:
        """Tell the focused field, before the next key comes to it, that a character may be missing."""
        if isinstance(self.focused, PromptInput):
            self.focused.lose_key()

    def action_command_palette(self) -> None:
        """Open or close the command palette. It closes too, as GNU screen holds back a single Esc."""
        from tui.screens.palette import Actions, QuietPalette  # late: the start need not wait for it

        if isinstance(self.screen, QuietPalette):
            self.call_later(self.screen.run_action, "escape")
        else:
            self._show_palette(
                lambda: QuietPalette(
                    providers=[Actions], placeholder=_("Every action by name. Esc or ^P  close"), id="--command-palette"
                )
            )

    def _show_palette(self, make: "Callable[[], QuietPalette]") -> None:
        """Open a palette unless one is open, also below another screen: Textual gives all of them the same id."""
        from tui.screens.palette import QuietPalette

        if not any(isinstance(screen, QuietPalette) for screen in self.screen_stack):
            self.push_screen(make())

    def actions(self, screen: Screen[Any]) -> "Iterator[NamedAction]":
        """Yield each action for the command palette, once: those in the line of keys, and of the screen and the app
        those that the help explains.
        """
        from tui.screens.palette import LanguagePalette, NamedAction, ThemePalette

        offered: dict[str, NamedAction] = {}
        for active in screen.active_bindings.values():
            binding = active.binding
            is_explained = bool(binding.tooltip) and isinstance(active.node, App | Screen)
            action = binding.action.removeprefix("app.")
            is_known = action in offered and bool(offered[action].effect)
            if not (binding.show or is_explained) or is_known or action in _NOT_OFFERED:
                continue
            run = partial(self.call_later, self.run_action, binding.action, active.node)
            key = self.get_key_display(binding)
            offered[action] = NamedAction(action, binding.description, binding.tooltip, key, run)
        yield from offered.values()
        effect = (
            _("of the terminal when an outcome settles, now on")
            if keys.may_notify()
            else _("of the terminal when an outcome settles, now off")
        )
        yield NamedAction("notifications", _("Notifications"), effect, "", self._switch_notifications)
        effect = _("colours, now {theme}").format(theme=self.theme)
        yield NamedAction("theme", _("Theme"), effect, "", partial(self._show_palette, ThemePalette))
        effect = _("of what Shunter says, now {language}").format(language=LANGUAGES[chosen()])
        yield NamedAction("language", _("Language"), effect, "", partial(self._show_palette, LanguagePalette))

    def _fatal_error(self) -> None:
        # Textual's own report prints the local variables of every frame, and so would print keys.
        self._exit_renderables.append(crash_report(self._exception))
        self._close_messages_no_wait()


def has_few_colours(environment: Mapping[str, str]) -> bool:
    """Whether the terminal has only sixteen colours, or is to show none."""
    console = Console(force_terminal=True, _environ=environment)
    return "NO_COLOR" in environment or console.color_system in (None, "standard")


def passed_on(request: str, environment: Mapping[str, str]) -> str:
    """Return a request to the terminal outside of tmux or GNU screen; empty if neither seems to run.

    It is wrapped for the program in between. If in doubt it has screen's form: tmux drops
    that, but screen would print part of tmux's. No terminal says whether it copied anything. xterm does so only if
    configured to; tmux keeps it with `set-clipboard on`, passes it on with `allow-passthrough on`, and
    drops it otherwise.
    """
    term = environment.get("TERM", "")
    if term.startswith("tmux") or ("TMUX" in environment and "STY" not in environment):
        return "\x1bPtmux;" + request.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    if "STY" in environment or term.startswith("screen"):
        return f"\x1bP{request}\x1b\\"
    return ""

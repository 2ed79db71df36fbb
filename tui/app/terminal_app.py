"""A Textual app as it is at home in every terminal: what it writes, which colours it has, and what is told by name."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ClassVar

from textual._styles_cache import StylesCache
from textual.app import App, SystemCommand
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.widget import Widget

from tui import keys
from tui.app.crash import crash_report
from tui.app.notices import HeldNotices
from tui.screens.palette import QuietPalette, ThemePalette
from tui.terminal.clipboard import asking_outside
from tui.terminal.terminal import Terminal
from tui.widgets.field_input import PromptInput

_FOLDER = Path(__file__).parent
_OWN_COLOURS = "ansi-dark"
"""The theme whose shades are the terminal's own colours."""


class PlainScrollBarRender(ScrollBarRender):
    """Scroll bars of blanks: block characters have an ambiguous width in East Asian terminals."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "] * 8


class TerminalApp(App[bool]):
    """Knows nothing of transfers."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            App.COMMAND_PALETTE_BINDING,
            "command_palette",
            "palette",
            show=False,
            priority=True,
            tooltip="every action by name",
        ),
    ]

    def __init__(self, *, has_few_colours: bool) -> None:
        """Takes whether the terminal loses shades, or is to show no colour at all."""
        super().__init__(
            driver_class=Terminal,
            css_path=[_FOLDER / "shunter.tcss", _FOLDER / "own_colours.tcss"],
            ansi_color=True if has_few_colours else None,
        )
        self._held_notices = HeldNotices()
        theme = self.available_themes.get(keys.kept_theme())
        if has_few_colours and not (theme and theme.ansi):
            theme = self.available_themes[_OWN_COLOURS]
        if theme:
            self.theme = theme.name
        self.animation_level = "none"  # every frame would be traffic on a slow line
        ScrollBar.renderer = PlainScrollBarRender
        # The terminal selects text itself. Textual would look for the screen of a widget that an earlier click closed.
        Widget.ALLOW_SELECT = False

    def pop_screen(self) -> AwaitComplete:
        """Leave the screen on top, and let go of what was drawn of it.

        Textual's `get_inner_outer` is a method behind an `lru_cache`: it keeps the last 1,024 widgets' drawn lines.
        """
        StylesCache.get_inner_outer.cache_clear()
        return super().pop_screen()

    def copy_to_clipboard(self, text: str) -> None:
        """Hand a text to the clipboard of the person's own terminal, through what is in between."""
        super().copy_to_clipboard(text)
        if self._driver and (asking := asking_outside(text, os.environ)):
            self._driver.write(asking)

    def _refresh_notifications(self) -> None:
        if self.screen_stack and getattr(self.screen, "holds_notices", False):
            self._held_notices.take(self._notifications)
        else:
            self._held_notices.give_back(self._notifications)
        super()._refresh_notifications()

    def on_typed_driver_key_lost(self) -> None:
        """Tell the field that the key was for, before the next key comes to it."""
        if isinstance(self.focused, PromptInput):
            self.focused.lose_key()

    def action_command_palette(self) -> None:
        """Show every action by name, or close that again: GNU screen holds back a single Esc."""
        if isinstance(self.screen, QuietPalette):
            self.call_later(self.screen.run_action, "escape")
        else:
            self._show_palette(
                lambda: QuietPalette(placeholder="Every action by name. Esc or ^P  close", id="--command-palette")
            )

    def _show_palette(self, make: Callable[[], QuietPalette]) -> None:
        """Show one, where there is none, below a notice either: Textual gives all of them the same id."""
        if not any(isinstance(screen, QuietPalette) for screen in self.screen_stack):
            self.push_screen(make())

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Every action of the screen by name, once, for the command palette: what the help tells of, or the footer."""
        offered: set[str] = set()
        for active in screen.active_bindings.values():
            binding = active.binding
            if not (binding.show or binding.tooltip) or binding.action in offered:
                continue
            offered.add(binding.action)
            yield SystemCommand(
                binding.description,
                f"Key: {self.get_key_display(binding)}",
                lambda action=binding.action, node=active.node: self.call_later(self.run_action, action, node),
            )
        yield SystemCommand("Theme", f"Colours, now {self.theme}", lambda: self._show_palette(ThemePalette))

    def _fatal_error(self) -> None:
        # Textual's own report prints the local variables of every frame, and so would print keys.
        self._exit_renderables.append(crash_report(self._exception))
        self._close_messages_no_wait()

"""The line at the bottom with the screen's keys."""

from typing import Any

from textual.screen import Screen
from textual.widgets import Footer


class KeyBar(Footer):
    """Textual's footer, rebuilt only if its keys change: otherwise each change of focus costs a new row of widgets and
    their layout for the same picture.

    It is compact, with one blank between keys: the keys of the main screen fit into 80 columns.
    """

    def __init__(self) -> None:
        super().__init__(show_command_palette=False, compact=True)
        self._shown: list[tuple[str, str, bool]] = []

    def bindings_changed(self, screen: Screen[Any]) -> None:
        """Show the keys of the screen if they have changed."""
        if screen is not self.screen or not screen.app.app_focus:
            return
        keys = [
            (binding.key, binding.description, is_enabled)
            for _, binding, is_enabled, _ in screen.active_bindings.values()
            if binding.show
        ]
        if keys != self._shown:
            self._shown = keys
            super().bindings_changed(screen)

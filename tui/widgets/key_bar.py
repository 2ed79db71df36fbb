"""The line at the bottom with the keys of the screen."""

from typing import Any

from textual.screen import Screen
from textual.widgets import Footer


class KeyBar(Footer):
    """Textual's footer, made anew only where the keys in it change. Else each change of focus costs a new row of
    widgets and their layout, for the same picture. One blank stands between keys: so the keys of the main screen have
    room in 80 columns.
    """

    def __init__(self) -> None:
        super().__init__(show_command_palette=False, compact=True)
        self._shown: list[tuple[str, str, bool]] = []

    def bindings_changed(self, screen: Screen[Any]) -> None:
        """Show the keys of the screen, where they are others than before."""
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

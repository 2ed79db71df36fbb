"""Every action by name: Textual's command palette, at rest while nobody types."""

from textual.command import CommandPalette
from textual.widgets import Input, LoadingIndicator


class QuietPalette(CommandPalette):
    """Nothing in it blinks or moves by itself: that would be traffic on a slow line."""

    def on_mount(self) -> None:
        """Still what moves."""
        self.query_one(Input).cursor_blink = False
        self.query_one(LoadingIndicator).auto_refresh = None

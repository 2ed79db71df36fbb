"""A screen that nothing but the person takes away.

A secret is typed on it, or one key away. If it went away because something else is ready, the rest of the secret would
be typed into whatever comes up: in the clear, or as commands.
"""

from typing import Any

from textual.message import Message
from textual.screen import Screen

from tui.screens.ending import EndsItself


class Stays(EndsItself):
    """Stands before a Screen. What is ready meanwhile waits for `Left`; what is typed early waits for `Ready`."""

    takes_keys = False
    """Whether what is typed gets to its place. The app sets it as it hands over what was typed before."""

    class Ready(Message):
        """It has a focus: what was typed for it can be handed to it."""

    class Left(Message):
        """It is gone."""

    def on_screen_resume(self: Screen[Any]) -> None:  # type: ignore[misc]
        """Textual sets the focus in the same event, after this."""
        self.call_later(self.post_message, Stays.Ready())

    def lead_to(self: Screen[Any], choice: Message) -> None:  # type: ignore[misc]
        """Lead on to another screen, for which what is typed from here on is."""
        if self.takes_keys:  # type: ignore[attr-defined]
            self.takes_keys = False  # type: ignore[attr-defined]
            self.post_message(choice)

    def choose_again(self) -> None:
        """Take keys: the last choice led nowhere."""
        self.takes_keys = True

    def on_unmount(self: Screen[Any]) -> None:  # type: ignore[misc]
        """Tell the app: what waited may come up."""
        self.app.post_message(Stays.Left())

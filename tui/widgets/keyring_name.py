"""Which keyring is in use."""

from dataclasses import dataclass

from textual import work
from textual.message import Message
from textual.widgets import Label

from tui import keys


class KeyringName(Label):
    """Says it, or why none can be used, once the keyring has told."""

    @dataclass
    class Told(Message):
        """It is known."""

        words: str

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__("", id=id, markup=False)

    def on_mount(self) -> None:
        """Ask."""
        self.ask()

    @work(exclusive=True)
    async def ask(self) -> None:
        """Ask the keyring for its name."""
        try:
            name = await keys.in_background(lambda: keys.backend_name(limit_s=keys.SLOW_S))
        except keys.KeyStoreError as error:
            self.post_message(self.Told(str(error)))
        else:
            self.post_message(self.Told(f"Keyring: {name}"))

    def on_keyring_name_told(self, message: Told) -> None:
        """Show it."""
        message.stop()
        self.update(message.words)

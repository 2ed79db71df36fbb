"""The last line of a dialog: the keys that answer it."""

from textual.widgets import Label


class AskLine(Label):
    """Says which keys answer, and above them what has become of an answer."""

    def __init__(self, keys: str, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(keys, id=id, classes="ask", markup=False)
        self._keys = keys

    def ask(self, keys: str) -> None:
        """Wait for other keys."""
        self._keys = keys
        self.update(keys)

    def say(self, words: str) -> None:
        """Say what has become of an answer; nothing takes that away."""
        self.update(f"{words}\n{self._keys}" if words else self._keys)

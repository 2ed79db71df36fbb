"""Inputs that keep what cannot be part of the value out of it."""

from collections.abc import Callable
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from tui.domain.text import printable

_APP_KEYS = {"ctrl+k", "ctrl+x"}
"""Keys that mean something to the whole app; Input would keep them to itself."""

_INPUT_BINDINGS: list[BindingType] = [
    binding
    for binding in Input.BINDINGS
    if isinstance(binding, Binding) and _APP_KEYS.isdisjoint(binding.key.split(","))
]


class FieldInput(Input, inherit_bindings=False):
    """A one-line field without a blinking cursor: an idle screen sends nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(binding for binding in _INPUT_BINDINGS if isinstance(binding, Binding) and binding.key != "enter"),
        # With priority, and then behind what was typed before it: what is typed after it is not submitted.
        Binding("enter", "enter_in_turn", "Submit", show=False, priority=True),
    ]

    class Dropped(Message):
        """Part of what was typed or pasted cannot be in this field, and was left out."""

        def __init__(self, entry: "FieldInput") -> None:
            super().__init__()
            self.entry = entry

    def __init__(self, value: str = "", *, clean: Callable[[str], str] = printable, **options: object) -> None:
        super().__init__(clean(value), compact=True, **options)  # type: ignore[arg-type]
        self.cursor_blink = False
        self._clean = clean

    def action_enter_in_turn(self) -> None:
        """Take Enter once what was typed before it has been taken in."""
        self.call_later(self.take_enter)

    async def take_enter(self) -> None:
        """Submit."""
        await self.action_submit()

    def replace(self, text: str, start: int, end: int) -> None:
        """Everything typed or pasted passes here, and is cleaned on its way in."""
        cleaned = self._clean(text)
        if len(cleaned) < len(text):
            self.post_message(self.Dropped(self))
        super().replace(cleaned, start, end)


class SecretInput(Input, inherit_bindings=False):
    """A field whose contents nobody sees. What is pasted stays whole: a PEM has many lines."""

    BINDINGS: ClassVar[list[BindingType]] = _INPUT_BINDINGS

    def __init__(self, **options: object) -> None:
        super().__init__(password=True, compact=True, **options)  # type: ignore[arg-type]
        self.cursor_blink = False

    @property
    def _value(self) -> Text:
        # Input's own mask is a bullet, whose width East Asian terminals disagree about.
        return Text("*" * len(self.value), no_wrap=True, overflow="ignore", end="")

    def action_copy(self) -> None:
        """Nothing of it goes to the clipboard: the terminal, and all on the way to it, would read it."""
        self.app.bell()

    action_cut = action_copy

    def _on_paste(self, event: events.Paste) -> None:
        self.replace(event.text, *sorted(self.selection))
        event.prevent_default()
        event.stop()


def symbol_text(text: str) -> str:
    """The letters and digits of an asset or a pair, in capitals: BTC/usdt is BTCUSDT. Full-width ones count."""
    return "".join(char for char in text.translate(_TO_ASCII) if char.isascii() and char.isalnum()).upper()


_TO_ASCII = {full: full - 0xFEE0 for full in range(ord("！"), ord("～") + 1)}

"""The field of the amount, in which single letters stand for a part of what is available."""

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from tui.widgets.field_input import FieldInput

_SHARES = {"m": 100, "t": 75, "h": 50, "q": 25}
"""No letter is ever part of an amount, and letters pass every terminal."""


class AmountInput(FieldInput):
    """Takes an amount; m, t, h and q ask for all, three quarters, half and a quarter of what is available."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key, f"share({percent})", "Max" if percent == 100 else f"{percent} % of it", show=False)
        for key, percent in _SHARES.items()
    ]

    class ShareAsked(Message):
        """The person wants a part of what is available."""

        def __init__(self, percent: int) -> None:
            super().__init__()
            self.percent = percent

    def __init__(self, value: str) -> None:
        super().__init__(value, placeholder="0.00  or m Max, q h t", max_length=60)

    def action_share(self, percent: int) -> None:
        """Ask for a part of what is available."""
        self.post_message(self.ShareAsked(percent))

    async def _on_key(self, event: events.Key) -> None:
        if event.character in _SHARES:
            event.prevent_default()  # it is a binding here, and no text

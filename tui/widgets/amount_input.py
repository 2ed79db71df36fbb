"""The field of the amount, in which single letters stand for a part of what is available."""

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType

from tui.widgets.field_input import FieldInput

_SHARES = {"m": 100, "t": 75, "h": 50, "q": 25}
"""No letter is ever part of an amount, and letters pass every terminal."""


class AmountInput(FieldInput):
    """Takes an amount; m, t, h and q ask for all, three quarters, half and a quarter of what is available."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            key,
            f"share({percent})",
            "Max" if percent == 100 else f"{percent} % of it",
            show=False,
            priority=True,
            tooltip="in Amount: all (Max), 75, 50, 25 % of what can be moved",
        )
        for key, percent in _SHARES.items()
    ]

    def __init__(self, value: str, *, ask_share: Callable[[int], None]) -> None:
        """Takes what to do when the person wants a part of what is available, in percent."""
        super().__init__(value, placeholder="e.g. 12.5; m Max, t h q", max_length=60)
        self._ask_share = ask_share

    def action_share(self, percent: int) -> None:
        """Ask for a part of what is available."""
        self._ask_share(percent)

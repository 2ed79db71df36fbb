"""The field of the amount, in which single letters stand for a part of what is available."""

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets.input import Selection

from tui.domain.amounts import ALL_BUT, LEAVE, SHARES
from tui.widgets.field_input import FieldInput

_HELP = "in Amount, empty or selected: all (Max), 75, 50, 25 % of what can be moved"
_LEAVE_HELP = "in Amount, empty or selected: all but so much"


def share_name(percent: int) -> str:
    """What a person calls a part of what can be moved."""
    return "Max" if percent == 100 else f"{percent}%"


class AmountInput(FieldInput):
    """Takes an amount; m, t, h and q ask for all, three quarters, half and a quarter of what is available, and b for
    all but so much. They count where nothing else can be meant: in an empty field, and where all of it is selected.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(
                key, f"share({percent})", f"Amount: {share_name(percent)}", show=False, priority=True, tooltip=_HELP
            )
            for key, percent in SHARES.items()
        ),
        Binding(LEAVE, "leave", "Amount: all but ...", show=False, priority=True, tooltip=_LEAVE_HELP),
    ]

    def __init__(self, value: str, *, ask_share: Callable[[int], None]) -> None:
        """Takes what to do when the person wants a part of what is available, in percent."""
        super().__init__(value, placeholder="e.g. 12.5", max_length=60)
        self._ask_share = ask_share

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A letter in the midst of something else is just that, as what is pasted without brackets has them."""
        return action not in ("share", "leave") or sorted(self.selection) == [0, len(self.value)]

    def fill(self, text: str) -> None:
        """Put in an amount that was not typed: all of it is selected, so that a digit begins a new one."""
        self.value = text
        self.selection = Selection(0, len(text))

    def action_share(self, percent: int) -> None:
        """Ask for a part of what is available."""
        self._ask_share(percent)

    def action_leave(self) -> None:
        """Begin to say how much is to stay."""
        self.value = f"{ALL_BUT} "
        self.cursor_position = len(self.value)

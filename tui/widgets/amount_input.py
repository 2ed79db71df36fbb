"""The input of the amount, in which single letters stand for a part of what is available."""

from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import var
from textual.widgets.input import Selection

from tui.domain.amounts import ALL_BUT, LEAVE, SHARES
from tui.language import _
from tui.terminal.keys import is_text_chord
from tui.widgets.field_input import FieldInput

_HELP = _("in Amount, empty or selected: all, 3/4, 1/2, 1/4 of what can be moved")
_LEAVE_HELP = _("in Amount, empty or selected: all but so much")


def share_name(percent: int) -> str:
    """Return the name of a part of what can be moved."""
    return {100: _("all"), 75: "3/4", 50: "1/2", 25: "1/4"}[percent]


class AmountInput(FieldInput):
    """Takes an amount. The letters m, t, h and q stand for 100, 75, 50 and 25 % of what is available, and b for
    "all but". They count only in an empty field, or if all of it is selected.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(
                key,
                f"share({percent})",
                _("Amount: {share}").format(share=share_name(percent)),
                show=False,
                priority=True,
                tooltip=_HELP,
            )
            for key, percent in SHARES.items()
        ),
        Binding(LEAVE, "leave", _("Amount: all but ..."), show=False, priority=True, tooltip=_LEAVE_HELP),
    ]

    has_lost: var[bool] = var(False, init=False)
    """Whether a key may be missing from the text."""

    def __init__(self, value: str, *, ask_share: Callable[[int], None]) -> None:
        """Takes what to do when the person wants a part of what is available, in percent."""
        super().__init__(value, placeholder=_("e.g. 12.5"), max_length=60)
        self._ask_share = ask_share
        self._is_warned = False

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Take a letter within other text as text: a paste without brackets may contain one."""
        return action not in ("share", "leave") or sorted(self.selection) == [0, len(self.value)]

    def post_message(self, message: Message) -> bool:
        """Notice what would be missing: a keyboard may type a character with Alt or Ctrl, and only the first line of a
        paste is taken.
        """
        taken = super().post_message(message)
        match message:
            case events.Key(is_printable=False) if is_text_chord(message.key):
                if message.key not in self.screen.active_bindings:
                    self.lose_key()
            case events.Paste() if "".join(message.text.splitlines()[1:]).strip():
                self.lose_key()
        return taken

    def lose_key(self) -> None:
        """Stop trusting the text: what follows belongs after a key that is missing."""
        self.cursor_position = len(self.value)
        self._is_warned = False
        self.has_lost = True

    def warn(self) -> None:
        """Note that the person was warned: they look at what they change from now on."""
        self._is_warned = self.has_lost

    def replace(self, text: str, start: int, end: int) -> None:
        """Replace text. If nothing typed before is left, trust the text again."""
        is_all = end - start >= len(self.value)
        if self._is_warned or (is_all and (self.value or not text)):
            self.trust()
        super().replace(text, start, end)

    def drop(self, text: str) -> None:
        """Stop trusting the text if a key was left out."""
        super().drop(text)
        if len(text) == 1:
            self.lose_key()

    def restricted(self) -> None:
        """Stop trusting the text: something was too long and is missing."""
        super().restricted()
        self.lose_key()

    def trust(self) -> None:
        """Trust the text."""
        self._is_warned = self.has_lost = False

    def watch_value(self, value: str) -> None:
        """Trust the text again once the field is empty."""
        if not value:
            self.trust()

    def fill(self, text: str) -> None:
        """Fill in an amount that was not typed, and select it, so that a digit begins a new one."""
        self.trust()
        self.value = text
        self.selection = Selection(0, len(text))

    def action_share(self, percent: int) -> None:
        """Ask for a part of what is available."""
        self._ask_share(percent)

    def action_leave(self) -> None:
        """Begin an "all but" amount."""
        self.trust()
        self.value = f"{_(ALL_BUT)} "
        self.cursor_position = len(self.value)

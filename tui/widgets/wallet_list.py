"""The list of the eight wallets, one of them chosen."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.reactive import var
from textual.style import Style

from tui.domain.balances import Balances
from tui.domain.layout import padded
from tui.domain.wallets import Wallet
from tui.language import _, pgettext
from tui.widgets.at_once import at_once
from tui.widgets.messages import fields
from tui.widgets.pane import LEFT_BUTTON, Pane, shortened
from tui.words.wallets import WALLETS, figures_heading, wallet_figures

_ARROWS_HELP = _("choose a wallet")
_DIGITS_HELP = _("choose a wallet, and go on; one without a digit is out of reach")
_FIRST_FIGURE = 3
"""The column from which a name, and at the right its figure, have room."""
_SHORT_NAME = max(cell_len(wallet.short_label) for wallet in WALLETS)
"""Columns of a name with a mark behind it. It is always a short one: the marks stay below each other."""
_WIDE = 36
"""Columns from which the list has the full names: they come and go with the size, and hardly with the figures."""
_Figures = tuple[dict[Wallet, tuple[str, bool]], str]
"""What is next to each wallet, and whether it can be relied on; and what the figures are of."""


class WalletList(Pane, can_focus=True):
    """All wallets, one of them chosen. One that cannot be chosen is muted and has no digit, since a terminal may show
    no shades.

    The arrow keys, the digits 1 to 8 and a click choose; a digit also goes on to the next field.
    """

    BINDINGS: ClassVar[list[BindingType]] = at_once(
        [
            Binding("up,k", "step(-1)", _("Wallet above"), show=False, tooltip=_ARROWS_HELP),
            Binding("down,j", "step(1)", _("Wallet below"), show=False, tooltip=_ARROWS_HELP),
            Binding("home,pageup,g", "first", _("First wallet"), show=False),
            Binding("end,pagedown,G", "last", _("Last wallet"), show=False),
            Binding("enter", "screen.move_focus(1)", show=False),
            *(
                Binding(str(digit), f"choose_wallet({digit - 1})", wallet.label, show=False, tooltip=_DIGITS_HELP)
                for digit, wallet in enumerate(WALLETS, 1)
            ),
        ]
    )

    chosen: var[Wallet] = var(Wallet.SPOT, init=False)
    """The wallet that is chosen."""

    @fields
    class OutOfReach(Message):
        """Posted when the person means a wallet that cannot be chosen."""

        wallet: Wallet

    def __init__(self, title: str, chosen: Wallet, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._title = title
        self._allowed: Mapping[Wallet, str] = dict.fromkeys(WALLETS, "")
        """The wallets that can be chosen, each with its mark."""
        self._shown: _Figures = dict.fromkeys(WALLETS, ("", False)), ""
        self._short: Callable[[], _Figures] = lambda: self._shown
        """Returns the figures of a list that has too little room."""
        self.set_reactive(WalletList.chosen, chosen)

    def allow(self, wallets: Mapping[Wallet, str]) -> None:
        """Let only these wallets be chosen. Each has a mark that is shown next to its name, or an empty text."""
        if wallets != self._allowed:
            self._allowed = wallets
            self.refresh()

    def show_balances(self, balances: Balances, asset: str, pair: str, now_ms: float) -> None:
        """Show how much of an asset each wallet or the pair's account holds; without an asset, how many assets."""

        def figures(*, is_short: bool = False) -> _Figures:
            return (
                wallet_figures(balances, asset, pair, now_ms, is_short=is_short),
                figures_heading(balances, asset, now_ms, is_short=is_short),
            )

        shown = figures()
        if shown != self._shown:
            self._shown, self._short = shown, partial(figures, is_short=True)
            self.refresh()

    def watch_chosen(self, before: Wallet, after: Wallet) -> None:
        """Mark the chosen wallet. No other row changes."""
        self.refresh(*(Region(0, 1 + WALLETS.index(wallet), self.size.width, 1) for wallet in (before, after)))

    def action_step(self, step: int) -> None:
        """Choose the next wallet, up or down, that can be chosen; after the last comes the first."""
        wallets = [wallet for wallet in WALLETS if wallet in self._allowed]
        self.chosen = wallets[(wallets.index(self.chosen) + step) % len(wallets)]

    def action_first(self) -> None:
        """Choose the first wallet that can be chosen."""
        self.chosen = next(wallet for wallet in WALLETS if wallet in self._allowed)

    def action_last(self) -> None:
        """Choose the last wallet that can be chosen."""
        self.chosen = next(wallet for wallet in reversed(WALLETS) if wallet in self._allowed)

    async def action_choose_wallet(self, index: int) -> None:
        """Choose a wallet by its digit, and go on: whoever types ahead means the next field."""
        if self._choose(WALLETS[index]):
            await self.run_action("screen.go_on")

    def post_message(self, message: Message) -> bool:
        """Take a click at once: as a message it would wait while later keys act."""
        if not isinstance(message, events.Click):
            return super().post_message(message)
        if message.button == LEFT_BUTTON and 1 <= message.y <= len(WALLETS):
            self._choose(WALLETS[message.y - 1])
        return True

    def _choose(self, wallet: Wallet) -> bool:
        """Choose a wallet, or tell the form that it cannot be chosen; whether it was."""
        if wallet not in self._allowed:
            self.post_message(self.OutOfReach(wallet))
            return False
        self.chosen = wallet
        return True

    def lines(self) -> list[Content]:
        """Return the strip, and a line for each wallet."""
        (figures, heading), names = self._shown, [wallet.label for wallet in WALLETS]
        width = self.content_size.width
        room = max(width - _FIRST_FIGURE - 1, 1)
        if width < _WIDE or not _fit(figures, names, room):
            names = [wallet.short_label for wallet in WALLETS]
        if not _fit(figures, names, room) or cell_len(heading) > width - cell_len(self._title) - 4:
            figures, heading = self._short()
        marks, muted = self._marks(figures, room), self.pen("muted")
        lines = [self.strip_line(self._title, heading)]
        for wallet, name in zip(WALLETS, names, strict=True):
            lines.append(self._line(wallet, name, marks.get(wallet, ""), *figures[wallet], room=room, muted=muted))
        return lines

    def _marks(self, figures: dict[Wallet, tuple[str, bool]], room: int) -> dict[Wallet, str]:
        """Return the marks, all of them shortened if one does not fit between a short name and a figure."""
        marks = {wallet: mark for wallet, mark in self._allowed.items() if mark}
        taken = [_SHORT_NAME + cell_len(f" {mark} {figures[wallet][0]}") for wallet, mark in marks.items()]
        if max(taken, default=0) > room:
            marks = dict.fromkeys(marks, pgettext("in short", "via"))
        return marks

    def _line(
        self, wallet: Wallet, name: str, mark: str, text: str, is_reliable: bool, *, room: int, muted: Style
    ) -> Content:
        """Return a line; `room` is the columns of a name and its figure."""
        is_chosen, is_allowed = wallet is self.chosen, wallet in self._allowed
        digit = str(WALLETS.index(wallet) + 1) if is_allowed else "-"
        if cell_len(text) > room:
            text = text.strip() if cell_len(text.strip()) <= room else _("see F6")
        left = room - cell_len(text) - 1
        if mark:
            short = shortened(padded(wallet.short_label, _SHORT_NAME), left - cell_len(mark) - 1)
            named = Content(f"{short} ") + Content.styled(mark, muted)
        else:
            named = Content(shortened(name, left))
        label = Content(f"{'>' if is_chosen else ' '}{digit} ") + named
        if not is_allowed:
            label = label.stylize(muted)
        elif not is_chosen:
            label = label.stylize(muted, 1, 2)
        gap = max(room + _FIRST_FIGURE - label.cell_length - cell_len(text), 0)
        line = label + " " * gap + (Content(text) if is_reliable else Content(text).stylize(muted))
        return self.row_line(line, is_chosen=is_chosen)


def _fit(figures: dict[Wallet, tuple[str, bool]], names: list[str], room: int) -> bool:
    pairs = zip(names, figures.values(), strict=True)
    return all(cell_len(f"{name} {text}") <= room for name, (text, _) in pairs)

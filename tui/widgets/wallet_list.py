"""The list of the eight wallets, one of them chosen."""

from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import var

from tui.domain.balances import Balances
from tui.domain.wallets import Wallet
from tui.widgets.at_once import at_once
from tui.widgets.pane import Pane
from tui.words.wallets import WALLETS, figures_heading, wallet_figures

_ARROWS_HELP = "choose a wallet"
_DIGITS_HELP = "choose a wallet, and go on; one without a digit is out of reach"
_FIRST_FIGURE = 4
"""The column from which a name, and at the right its figure, have room."""


class WalletList(Pane, can_focus=True):
    """All wallets, one of them chosen. One that cannot be chosen is muted and has no digit, since a terminal may show
    no shades.

    The arrow keys, the digits 1 to 8 and a click choose; a digit also goes on to the next field.
    """

    BINDINGS: ClassVar[list[BindingType]] = at_once(
        [
            Binding("up,k", "step(-1)", "Wallet above", show=False, tooltip=_ARROWS_HELP),
            Binding("down,j", "step(1)", "Wallet below", show=False, tooltip=_ARROWS_HELP),
            Binding("home,pageup,g", "first", "First wallet", show=False),
            Binding("end,pagedown,G", "last", "Last wallet", show=False),
            Binding("enter", "screen.move_focus(1)", show=False),
            *(
                Binding(str(digit), f"choose_wallet({digit - 1})", wallet.label, show=False, tooltip=_DIGITS_HELP)
                for digit, wallet in enumerate(WALLETS, 1)
            ),
        ]
    )

    chosen: var[Wallet] = var(Wallet.SPOT, init=False)
    """The wallet that is chosen."""

    @dataclass
    class OutOfReach(Message):
        """Posted when the person means a wallet that cannot be chosen."""

        wallet: Wallet

    def __init__(self, title: str, chosen: Wallet, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._title = title
        self._allowed: tuple[Wallet, ...] = WALLETS
        self._figures: dict[Wallet, tuple[str, bool]] = dict.fromkeys(WALLETS, ("", False))
        """What is next to each wallet, and whether it can be relied on."""
        self._heading = ""
        """What the figures are of."""
        self.set_reactive(WalletList.chosen, chosen)

    def allow(self, wallets: tuple[Wallet, ...]) -> None:
        """Let only these wallets be chosen; if the chosen one is not among them, choose the first of them."""
        if wallets != self._allowed:
            self._allowed = wallets
            self.refresh()
        if self.chosen not in wallets:
            self.chosen = wallets[0]

    def show_balances(self, balances: Balances, asset: str, pair: str, now_ms: float) -> None:
        """Show how much of an asset each wallet or the pair's account holds; without an asset, how many assets."""
        shown = wallet_figures(balances, asset, pair, now_ms), figures_heading(balances, asset, now_ms)
        if shown != (self._figures, self._heading):
            self._figures, self._heading = shown
            self.refresh()

    def watch_chosen(self) -> None:
        """Mark the chosen wallet."""
        self.refresh()

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
        if 1 <= message.y <= len(WALLETS):
            self._choose(WALLETS[message.y - 1])
        return True

    def _choose(self, wallet: Wallet) -> bool:
        """Choose a wallet, or tell the form that it cannot be chosen; whether it was."""
        if wallet not in self._allowed:
            self.post_message(self.OutOfReach(wallet))
            return False
        self.chosen = wallet
        return True

    def render(self) -> Content:
        """Draw the strip, and a line for each wallet."""
        room = self.content_size.width - _FIRST_FIGURE - 1
        fits = all(cell_len(f"{wallet.label} {text}") <= room for wallet, (text, _) in self._figures.items())
        lines = [self.strip_line(self._title, self._heading)]
        lines += [self._line(wallet, wallet.label if fits else wallet.short_label) for wallet in WALLETS]
        return Content("\n").join(lines)

    def _line(self, wallet: Wallet, name: str) -> Content:
        is_chosen, is_allowed = wallet is self.chosen, wallet in self._allowed
        digit = str(WALLETS.index(wallet) + 1) if is_allowed else "-"
        text, is_reliable = self._figures[wallet]
        muted = self.pen("muted")
        label = Content(f"{'>' if is_chosen else ' '}{digit} {name}")
        if not is_allowed:
            label = label.stylize(muted)
        elif not is_chosen:
            label = label.stylize(muted, 1, 2)
        gap = max(self.content_size.width - label.cell_length - cell_len(text) - 1, 1)
        line = label + " " * gap + (Content(text) if is_reliable else Content(text).stylize(muted))
        return self.row_line(line, is_chosen=is_chosen)

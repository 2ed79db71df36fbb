"""The list of the eight wallets, of which one is chosen."""

from dataclasses import replace
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui.domain.amounts import grouped
from tui.domain.balances import Account, Balances
from tui.domain.wallets import Wallet
from tui.widgets.at_once import at_once

WALLETS = tuple(Wallet)

_HELP = "choose a wallet; one without a digit is out of reach"


class WalletList(OptionList, inherit_bindings=False):
    """All wallets at a glance; the highlighted one is the chosen one. What cannot be chosen is dimmed, and has
    no digit: a terminal may show no shades.

    The arrow keys and the digits 1 to 8 choose, a click does too.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *at_once(
            replace(binding, tooltip=_HELP) if binding.action in ("cursor_up", "cursor_down") else binding
            for binding in OptionList.BINDINGS
            if isinstance(binding, Binding)
        ),
        Binding("enter", "screen.move_focus(1)", show=False, priority=True),
        *(
            Binding(
                str(digit), f"choose_wallet({digit - 1})", f"Wallet {digit}", show=False, priority=True, tooltip=_HELP
            )
            for digit in range(1, len(WALLETS) + 1)
        ),
    ]

    def __init__(self, chosen: Wallet, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(*(Option(wallet.label, id=wallet.value) for wallet in WALLETS), id=id, compact=True)
        self._figures: dict[Wallet, tuple[str, bool]] = dict.fromkeys(WALLETS, ("", False))
        """What stands beside each wallet, and whether it can be relied on."""
        self.highlighted = WALLETS.index(chosen)

    def on_mount(self) -> None:
        """Mark the chosen wallet, whenever it is another."""
        # Not by `watch_highlighted`: OptionList calls that for changes of its options too.
        self.watch(self, "highlighted", self._lay_out, init=False)

    @property
    def chosen(self) -> Wallet:
        """The wallet that is chosen."""
        return WALLETS[self.highlighted or 0]

    def choose(self, wallet: Wallet) -> None:
        """Choose a wallet."""
        self.highlighted = WALLETS.index(wallet)

    def allow(self, wallets: tuple[Wallet, ...]) -> None:
        """Let only these wallets be chosen. Where the chosen one is not among them, the first of them is chosen."""
        if self.chosen not in wallets:
            self.choose(wallets[0])
        changed = [wallet for wallet in WALLETS if self.get_option(wallet.value).disabled is (wallet in wallets)]
        for wallet in changed:
            if wallet in wallets:
                self.enable_option(wallet.value)
            else:
                self.disable_option(wallet.value)
        if changed:
            self._lay_out()

    def show_balances(self, balances: Balances, asset: str, pair: str, now_ms: float) -> None:
        """Show what each wallet, and under Isolated Margin the pair's account, holds of an asset; without an asset,
        how many there are. What is old or could not be read is marked.
        """
        figures = {wallet: _figure(balances, wallet, asset, pair, now_ms) for wallet in WALLETS}
        if figures != self._figures:
            self._figures = figures
            self._lay_out()

    def action_choose_wallet(self, index: int) -> None:
        """Choose a wallet by its digit, where it can be chosen."""
        if self.get_option_at_index(index).disabled:
            self.app.bell()
        else:
            self.highlighted = index

    def on_resize(self, event: events.Resize) -> None:
        """Put the figures at the right edge."""
        self._lay_out()

    def _lay_out(self) -> None:
        width = self.scrollable_content_region.width
        if not width:
            return
        fits = all(cell_len(f">1 {wallet.label} {text} ") <= width for wallet, (text, _) in self._figures.items())
        for index, wallet in enumerate(WALLETS):
            marker = ">" if index == self.highlighted else " "
            text, is_fresh = self._figures[wallet]
            figure = f" {text} "
            digit = "-" if self.get_option_at_index(index).disabled else index + 1
            label = f"{marker}{digit} {wallet.label if fits else wallet.short_label}"
            padded = set_cell_size(label, max(width - cell_len(figure), 0))
            prompt = Content(padded + figure)
            if not is_fresh:
                prompt = prompt.stylize("dim", len(padded))
            self.replace_option_prompt_at_index(index, prompt)


def _figure(balances: Balances, wallet: Wallet, asset: str, pair: str, now_ms: float) -> tuple[str, bool]:
    """What stands beside a wallet, and whether it can be relied on; where not, a question mark says so too."""
    holdings = balances.wallets[wallet]
    if holdings.read_ms is None:
        return ("?" if holdings.problem else "..."), False
    if not holdings.is_open:
        return "not open", True
    is_fresh = balances.is_fresh(wallet, now_ms)
    return _amount(balances, wallet, asset, pair) + ("" if is_fresh else " ?"), is_fresh


def _amount(balances: Balances, wallet: Wallet, asset: str, pair: str) -> str:
    holdings = balances.wallets[wallet]
    if holdings.pairs and not (asset and pair in holdings.pairs):
        return f"{len(holdings.pairs)} pair{'s' * (len(holdings.pairs) != 1)}"
    if not asset:
        return f"{len(holdings.assets)} asset{'s' * (len(holdings.assets) != 1)}"
    figure = balances.figure(Account(wallet, pair if holdings.pairs else None), asset)
    return f"{grouped(figure.amount)} {asset}" if figure else ""

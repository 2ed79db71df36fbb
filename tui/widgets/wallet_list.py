"""The list of the eight wallets, one of them chosen."""

from dataclasses import dataclass, replace
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui.domain.balances import Balances
from tui.domain.wallets import Wallet
from tui.widgets.at_once import at_once
from tui.words.wallets import WALLETS, wallet_figures

_AS_EVER = "not dim $foreground"
"""How a reliable figure looks in a dimmed line."""
ARROWS_HELP = (
    "choose a wallet; a suggestion in Asset and Pair, Esc undoes it; a cell in Holdings, where letters look for an "
    "asset and Enter moves from there"
)
"""What the arrow keys do on the main screen: the help names each key once."""
_DIGITS_HELP = "choose a wallet, and go on; one without a digit is out of reach"


class WalletList(OptionList, inherit_bindings=False):
    """All wallets; the highlighted one is the chosen one. One that cannot be chosen is dimmed and has no digit, since
    a terminal may show no shades; its figure is not dimmed.

    The arrow keys, the digits 1 to 8 and a click choose; a digit also goes on to the next field.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *at_once(
            replace(binding, tooltip=ARROWS_HELP) if binding.action in ("cursor_up", "cursor_down") else binding
            for binding in OptionList.BINDINGS
            if isinstance(binding, Binding)
        ),
        Binding("enter", "screen.move_focus(1)", show=False, priority=True),
        *(
            Binding(
                str(digit), f"choose_wallet({digit - 1})", wallet.label, show=False, priority=True, tooltip=_DIGITS_HELP
            )
            for digit, wallet in enumerate(WALLETS, 1)
        ),
    ]

    @dataclass
    class OutOfReach(Message):
        """Posted when the person means a wallet that cannot be chosen."""

        wallet: Wallet

    def __init__(self, chosen: Wallet, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(*(Option(wallet.label, id=wallet.value) for wallet in WALLETS), id=id, compact=True)
        self._figures: dict[Wallet, tuple[str, bool]] = dict.fromkeys(WALLETS, ("", False))
        """What is next to each wallet, and whether it can be relied on."""
        self.highlighted = WALLETS.index(chosen)

    def on_mount(self) -> None:
        """Mark the chosen wallet whenever it changes."""
        # Not by `watch_highlighted`: OptionList calls that for changes of its options too.
        self.watch(self, "highlighted", self._lay_out)

    @property
    def chosen(self) -> Wallet:
        """The wallet that is chosen."""
        return WALLETS[self.highlighted or 0]

    def choose(self, wallet: Wallet) -> None:
        """Choose a wallet."""
        self.highlighted = WALLETS.index(wallet)

    def allow(self, wallets: tuple[Wallet, ...]) -> None:
        """Let only these wallets be chosen; if the chosen one is not among them, choose the first of them."""
        changed = [wallet for wallet in WALLETS if self.get_option(wallet.value).disabled is (wallet in wallets)]
        for wallet in changed:
            if wallet in wallets:
                self.enable_option(wallet.value)
        if self.chosen not in wallets:
            self.choose(wallets[0])
        for wallet in changed:
            if wallet not in wallets:
                self.disable_option(wallet.value)
        if changed:
            self._lay_out()

    def show_balances(self, balances: Balances, asset: str, pair: str, now_ms: float) -> None:
        """Show how much of an asset each wallet or the pair's account holds; without an asset, how many assets."""
        figures = wallet_figures(balances, asset, pair, now_ms)
        if figures != self._figures:
            self._figures = figures
            self._lay_out()

    async def action_choose_wallet(self, index: int) -> None:
        """Choose a wallet by its digit, and go on: whoever types ahead means the next field."""
        if self._is_refused(index):
            return
        self.highlighted = index
        await self.run_action("screen.go_on")

    def on_click(self, event: events.Click) -> None:
        """Tell the form if the clicked wallet cannot be chosen."""
        if (index := event.style.meta.get("option")) is not None:
            self._is_refused(index)

    def on_resize(self, event: events.Resize) -> None:
        """Put the figures at the right edge."""
        self._lay_out()

    def _is_refused(self, index: int) -> bool:
        is_refused = self.get_option_at_index(index).disabled
        if is_refused:
            self.post_message(self.OutOfReach(WALLETS[index]))
        return is_refused

    def _lay_out(self) -> None:
        """Draw every line; before the first layout, without the figures."""
        width = self.scrollable_content_region.width
        fits = not width or all(
            cell_len(f">1 {wallet.label} {text} ") <= width for wallet, (text, _) in self._figures.items()
        )
        for index, wallet in enumerate(WALLETS):
            is_refused = self.get_option_at_index(index).disabled
            marker = ">" if index == self.highlighted else " "
            name = wallet.label if fits else wallet.short_label
            label = f"{marker}{'-' if is_refused else index + 1} {name}"
            text, is_fresh = self._figures[wallet]
            figure = f" {text} " if width else ""
            padded = set_cell_size(label, max(width - cell_len(figure), 0)) if width else label
            prompt = Content(padded + figure)
            if is_refused or not is_fresh:
                prompt = prompt.stylize(_AS_EVER if is_fresh else "dim", len(padded))
            self.replace_option_prompt_at_index(index, prompt)

"""The newest transfers of one asset, to be seen below its list of wallets."""

from collections.abc import Awaitable, Callable, Sequence

from rich.cells import cell_len
from textual import work
from textual.content import Content

from tui.domain.balances import Account
from tui.domain.entries import Entry
from tui.domain.transfer import Outcome, Transfer
from tui.domain.wallets import Wallet
from tui.journal import JournalError
from tui.language import _
from tui.widgets.entry_table import EntryTable, Texts, Widths, gap_after
from tui.widgets.late_messages import DropsLateMessages
from tui.widgets.pane import shortened
from tui.words.columns import AMOUNT, MOVE, OUTCOME, PROFILE, TIME, Column, Listed, View, telling
from tui.words.entries import InUse

_COLUMNS = (TIME, MOVE, AMOUNT, OUTCOME, PROFILE)
_FEWER = (_COLUMNS, (TIME, MOVE, AMOUNT, OUTCOME), (MOVE, AMOUNT, OUTCOME), (AMOUNT, OUTCOME))
"""What there is room for, the most first: no amount and no outcome is cut."""
_USUAL_PAIR, _USUAL_AMOUNT = "BTCUSDT", "1,000,000.00000001"
"""There is room for these where there is any, so that from asset to asset no column moves."""
_WIDEST_ASSET = 10

Read = Callable[[str, int], Awaitable[list[Transfer]]]
"""Returns the newest transfers of an asset, so many at most. Raises JournalError."""


class LastMoves(DropsLateMessages, EntryTable, can_focus=False):
    """Shows the transfers of an asset as soon as they are read. Until then, it shows those that it is named for."""

    marks_always = False

    def __init__(self, in_use: InUse, read: Read) -> None:
        super().__init__(in_use, _title(""), id="moves")
        self._read = read
        self._asset = ""
        self._is_due = False
        """Whether something may have changed since it was read."""
        self.is_reading = False
        """Whether what it shows is being read."""
        self._asked_for = 0
        """How many were asked for when they were last read."""
        self._reserve()

    def follow(self, asset: str) -> None:
        """Show the transfers of an asset."""
        if asset != self._asset or not self._asked_for:
            self._asset = asset
            if not self._asked_for:
                self._title = _title(asset)
            self.read_again()

    def read_again(self) -> None:
        """Read them again, if there is room for any."""
        self._is_due = True
        self._begin()

    def on_resize(self) -> None:
        """Read more of them if there is room for more."""
        super().on_resize()
        self._is_due = self._is_due or self._room > self._asked_for
        self._begin()

    @property
    def _room(self) -> int:
        return max(self.region.height - 1, 0)

    def _begin(self) -> None:
        if self._room and self._is_due and not self.is_reading:
            self.is_reading = True
            self._read_newest()

    @work
    async def _read_newest(self) -> None:
        """Read what is wanted at last: keys that are pressed meanwhile wait for none of it."""
        while self._is_due and self._room:
            self._is_due, asset, self._asked_for = False, self._asset, self._room
            try:
                transfers, problem = await self._read(asset, self._asked_for) if asset else [], ""
            except JournalError as error:
                transfers, problem = [], str(error)
            if not self._is_due:
                self.post_call(self._show_read, asset, transfers, problem)
        self.is_reading = False

    def _show_read(self, asset: str, transfers: Sequence[Transfer], problem: str) -> None:
        entries = [Entry(None, transfer) for transfer in transfers]
        self._exact = Widths(is_short=True)
        empty = problem or (_("None in the journal") if asset else "")
        self.show(Listed(entries, telling(_COLUMNS, entries, self._in_use)), View(), title=_title(asset), empty=empty)

    def _reserve(self) -> None:
        self._exact = Widths(is_short=True)
        outcome = max((f"  {each.words}" for each in Outcome), key=cell_len)
        isolated = Account(Wallet.ISOLATED, _USUAL_PAIR)
        for widths, pair in ((self._widths, isolated.short_label), (self._short_widths, isolated.shortest_label)):
            end = max(pair, *(wallet.short_label for wallet in Wallet), key=cell_len)
            widths.take({MOVE: f"{end} -> {end}", AMOUNT: _USUAL_AMOUNT, OUTCOME: outcome})

    def _measure(self, entry: Entry) -> None:
        super()._measure(entry)
        self._exact.take(self._texts(entry, is_short=True))

    def _texts(self, entry: Entry, *, is_short: bool = False) -> Texts:
        """Return what the columns show of one entry: the asset is in the strip."""
        texts = super()._texts(entry, is_short=is_short)
        return {**texts, AMOUNT: texts[AMOUNT].partition(" ")[0]}

    def _layout(self, width: int) -> tuple[Widths, list[tuple[Column, int]], int]:
        """Return the most columns that there is room for, as wide as the most usual entries need them or, if that is
        too wide, as these here do.
        """
        for fewer in _FEWER:
            for widths in (self._widths, self._short_widths, self._exact):
                shown = [each for each in self._columns(widths) if each[0] in fewer]
                gaps = [gap_after(column, is_dense=self._is_dense(widths)) for column, _taken in shown[:-1]]
                if 1 + sum(taken for _column, taken in shown) + sum(gaps) <= width:
                    return widths, shown, 0
        return self._exact, shown, 0

    def _cell(self, entry: Entry, column: Column, text: str) -> Content:
        return Content(text) if column is AMOUNT else super()._cell(entry, column, text)

    def _click(self, line: int) -> None:
        """Take no click: this is only to be seen."""


def _title(asset: str) -> str:
    return _("LAST MOVES OF {asset}").format(asset=shortened(asset, _WIDEST_ASSET)) if asset else _("LAST MOVES")

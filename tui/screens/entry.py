"""One entry in full: how it ended, what that means for the money, and every fact."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from tui.domain import moments
from tui.domain.balances import Account, Balances
from tui.domain.entries import Entry, mismatches
from tui.domain.transfer import Outcome, Transfer
from tui.language import _
from tui.screens.closing import DismissesItself
from tui.screens.following import FollowsBalances
from tui.widgets.ask_line import AskLine
from tui.widgets.asking_dialog import AskingDialog, described, described_facts, end_facts
from tui.widgets.clipboard import copy_text, copy_tran_id
from tui.widgets.facts import Fact, Facts
from tui.widgets.key_bar import KeyBar
from tui.words.entries import Description, InUse, describe
from tui.words.outcomes import Watch
from tui.words.wallets import before_now


class EntryScreen(FollowsBalances, DismissesItself, ModalScreen[None]):
    """Shows one entry."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy_tran_id", _("Copy tranId")),
        Binding("C", "copy_all", _("Copy all")),
        Binding("escape,enter,q", "dismiss", _("Close"), key_display="Enter"),
    ]

    def __init__(
        self,
        entry: Entry,
        watch_over: Callable[[Transfer], Watch],
        *,
        history: InUse | None = None,
        note: str = "",
        before: Mapping[Account, Decimal] | None = None,
        balances: Balances | None = None,
        since_ms: float | None = None,
    ) -> None:
        """Takes who keeps looking for a judged transfer, the history that the entry was compared with, how the settling
        goes, and the balances before it was sent and now, which count if they were read since `since_ms`.
        """
        super().__init__()
        self._entry = entry
        self._watch_over = watch_over
        self._history = history
        self._note = note
        self._before = before or {}
        self._balances = balances
        self._since_ms = since_ms

    @property
    def transfer(self) -> Transfer | None:
        """The row of the journal, if there is one."""
        return self._entry.transfer

    @property
    def _description(self) -> Description:
        watch = self._watch_over(self.transfer) if self.transfer else Watch.UNKNOWN
        return describe(self._entry, self._history, note=self._note, watch=watch)

    def compose(self) -> ComposeResult:
        """The outcome first, then every fact."""
        with AskingDialog():
            time = moments.time_of_day(self.transfer.timestamp_ms) if self.transfer else ""
            yield from described(self._description, self._facts, time and _("sent {time}").format(time=time))
            has_id = self._entry.tran_id is not None
            yield AskLine(
                _("Enter  Close     c  Copy tranId     C  Copy all") if has_id else _("Enter  Close     C  Copy all")
            )
        yield KeyBar()

    def show(self, transfer: Transfer, balances: Balances, since_ms: float | None) -> None:
        """Show how the transfer is now, in the same dialog: the person may be about to close it.

        That it is being sent comes late if anything else is known, and changes nothing.
        """
        if transfer == self.transfer or transfer.outcome is Outcome.SENDING:
            return
        record = self._entry.record
        self._entry = Entry(record, transfer, mismatches(transfer, record) if record else ())
        self._note, self._balances, self._since_ms = "", balances, since_ms
        self.refresh(recompose=True)

    def show_balances(self, balances: Balances) -> None:
        """Show what source and destination hold now, once the exchange has said so."""
        self._balances = balances
        self.call_later(self._update)

    def show_note(self, note: str) -> None:
        """Show how the settling goes."""
        self._note = note
        self.call_later(self._update)

    @property
    def _facts(self) -> list[Fact]:
        """The facts; with both balances, if they were read since the outcome is known."""
        if self._balances is None or self._since_ms is None or self.transfer is None:
            return described_facts(self._description)
        request, is_open = self.transfer.request, self.transfer.outcome.is_open
        figures = []
        for end in request.ends:
            before = self._before.get(end, _("not known")) if self._before else None
            now = before_now(before, self._balances, end, request.asset, self._since_ms, is_open=is_open)
            figures.append(now)
        heads = (_("before"), _("now")) if self._before else (_("now"), "")
        return described_facts(self._description, end_facts(request, figures, heads))

    def _update(self) -> None:
        """Show what came meanwhile. Called in the screen's own turn: while it is being made, nothing is in place."""
        for facts in self.query(Facts):
            facts.show(self._facts)

    def action_copy_tran_id(self) -> None:
        """Put the tranId into the clipboard of the person's own terminal."""
        copy_tran_id(self._entry, self)

    def action_copy_all(self) -> None:
        """Put all facts there."""
        description = self._description
        copy_text(description.text, description.title, self)

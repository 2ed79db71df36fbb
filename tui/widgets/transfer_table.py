"""A list of transfers, the newest last."""

from dataclasses import dataclass, replace
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import DataTable

from tui.domain import moments
from tui.domain.again import reverse
from tui.domain.amounts import grouped
from tui.domain.text import printable
from tui.domain.transfer import Draft, Outcome, Transfer
from tui.domain.view import Whose, made_elsewhere
from tui.widgets.at_once import at_once
from tui.widgets.clipboard import copy_tran_id

_COLUMNS = ("Time", "Move", "Amount", "tranId", "Outcome")
_PAIRS = "Pairs"
"""The column of pairs is there once a transfer has some."""
_PROFILE = "Profile"
"""The column of profiles is there once a transfer has another than the line at the top says."""

AGAIN_HELP = "in a list of transfers: fill the form with the same again / the other way round"
ROW_HELP = "in a list of transfers: all of one / copy its tranId"
"""What the keys do in every list of transfers, for the help."""


class TransferTable(DataTable[Text], inherit_bindings=False):
    """Transfers as rows. Enter opens one, `c` copies its tranId."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"transfer-table--{outcome}" for outcome in Outcome}
    """How each outcome looks."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *at_once(DataTable.BINDINGS, select_cursor=ROW_HELP),
        Binding("c", "copy_tran_id", "Copy tranId", priority=True, tooltip=ROW_HELP),
        Binding("r", "again", "Again", priority=True, tooltip=AGAIN_HELP),
        Binding("R", "back", "Reverse", priority=True, tooltip=AGAIN_HELP),
    ]

    @dataclass
    class Opened(Message):
        """The person wants to see all of one transfer."""

        transfer: Transfer

    @dataclass
    class Again(Message):
        """The person wants to make a transfer of this kind."""

        draft: Draft

    def __init__(self, *, id: str, whose: Whose) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, cursor_type="row", cell_padding=0)
        self._whose = whose
        self._transfers: dict[str, Transfer] = {}

    def on_mount(self) -> None:
        """Lay out the columns."""
        for name in _COLUMNS:
            self.add_column(f"{name} ", key=name)
        self.watch(self, "virtual_size", self._draw_anew, init=False)
        self.app.theme_changed_signal.subscribe(self, lambda _: self._colour_anew())

    def on_unmount(self) -> None:
        """Let go of what the app keeps of this: it lives longer."""
        self.app.theme_changed_signal.unsubscribe(self)

    def post_message(self, message: Message) -> bool:
        """Take a click on a row at once: as a message it would wait while other rows come under it."""
        row = message.style.meta.get("row", -1) if isinstance(message, events.Click) else -1
        if row < 0 or not self.is_valid_row_index(row):
            return super().post_message(message)
        if row == self.cursor_row:
            self.action_select_cursor()
        else:
            self.move_cursor(row=row, animate=False)
        return True

    @property
    def marked(self) -> Transfer | None:
        """The one under the cursor."""
        if not self.is_valid_row_index(self.cursor_row):
            return None
        row_key = self.coordinate_to_cell_key(self.cursor_coordinate).row_key
        return self._transfers[row_key.value or ""]

    def newest(self, transfer: Transfer) -> Transfer:
        """A transfer as it was shown last; as it is given where it was not yet."""
        return self._transfers.get(transfer.identity, transfer)

    def show(self, transfer: Transfer, time_format: str) -> None:
        """Add a transfer, or bring its row up to date. The cursor follows, unless the person is at another one."""
        if transfer.request.pairs and _PAIRS not in self.columns:
            self.add_column(f"{_PAIRS} ", key=_PAIRS, default=Text())
        if transfer.profile != self._whose.profile and _PROFILE not in self.columns:
            self.add_column(f"{_PROFILE} ", key=_PROFILE, default=Text(f"{printable(self._whose.profile)} "))
        texts = self._cells(transfer, time_format)
        key, cells = transfer.identity, [texts[column.value or ""] for column in self.columns]
        if transfer.identity in self._transfers:
            self._transfers[transfer.identity] = transfer
            for column, cell in zip(self.columns, cells, strict=True):
                self.update_cell(key, column, cell, update_width=True)
            return
        is_followed = not self.has_focus or self.cursor_row >= self.row_count - 1
        is_newest = all(_place(other) < _place(transfer) for other in self._transfers.values())
        self._transfers[transfer.identity] = transfer
        self.add_row(*cells, key=key)
        if not is_newest:
            self._put_in_order()
        elif is_followed:
            self.move_cursor(row=self.row_count - 1, animate=False)

    def _put_in_order(self) -> None:
        """Later ones have come first: put the rows in the order of the journal, the cursor on the row where it was."""
        marked = self.coordinate_to_cell_key(self.cursor_coordinate).row_key
        rows = {row_key: self.get_row(row_key) for row_key in self.rows}
        self.clear()
        for row_key in sorted(rows, key=lambda row_key: _place(self._transfers[row_key.value or ""])):
            self.add_row(*rows[row_key], key=row_key.value)
        self.move_cursor(row=self.get_row_index(marked), animate=False)

    def on_resize(self) -> None:
        """Draw the highlight as wide as the list is now: DataTable keeps rows as wide as they were drawn before."""
        self._draw_anew()

    def _draw_anew(self) -> None:
        # DataTable measures its columns some time after a row came, and keeps the cells that it drew before, cut short.
        self.notify_style_update()
        self.refresh()

    def action_again(self) -> None:
        """Fill the form with the transfer under the cursor."""
        if self.marked:
            self._make_again(self.marked, self.marked.request.draft)

    def action_back(self) -> None:
        """Fill the form with the way back of the transfer under the cursor."""
        if not self.marked:
            return
        try:
            draft = reverse(self.marked.request.draft)
        except ValueError as error:
            self.notify(str(error), severity="warning", markup=False)
        else:
            self._make_again(self.marked, draft)

    def _make_again(self, transfer: Transfer, draft: Draft) -> None:
        origin = made_elsewhere(transfer.host, transfer.profile, self._whose)
        self.post_message(self.Again(replace(draft, origin=origin)))

    def _colour_anew(self) -> None:
        for transfer in self._transfers.values():
            self.update_cell(transfer.identity, "Outcome", self._outcome(transfer))

    def action_copy_tran_id(self) -> None:
        """Copy the tranId of the row under the cursor."""
        copy_tran_id(self.marked, self)

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Open a row on Enter or a click: the one that it was, whatever the list shows by now."""
        event.stop()
        if transfer := self._transfers.get(event.row_key.value or ""):
            self.post_message(self.Opened(transfer))

    def _cells(self, transfer: Transfer, time_format: str) -> dict[str, Text]:
        request = transfer.request
        texts = {
            "Time": moments.shown(transfer.timestamp_ms, time_format),
            "Move": f"{request.type.source.short_label} -> {request.type.destination.short_label}",
            "Amount": f"{grouped(request.amount)} {request.asset}",
            "tranId": str(transfer.tran_id or "-"),
            _PAIRS: request.pairs,
            _PROFILE: transfer.profile,
        }
        cells = {column: Text(f"{printable(text)} ") for column, text in texts.items()}
        return cells | {"Outcome": self._outcome(transfer)}

    def _outcome(self, transfer: Transfer) -> Text:
        style = self.get_component_rich_style(f"transfer-table--{transfer.outcome}", partial=True)
        return Text(f"{transfer.outcome.words} ", style=style)


def _place(transfer: Transfer) -> tuple[int, int]:
    """Where a transfer stands in the list: in the order in which they were sent."""
    return transfer.timestamp_ms, transfer.id

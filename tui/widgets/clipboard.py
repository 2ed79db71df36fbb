"""Copying to the clipboard of the person's own terminal."""

from textual.widget import Widget

from tui.domain.transfer import Transfer


def copy_tran_id(transfer: Transfer | None, asked_on: Widget) -> None:
    """Copy a transfer's tranId, and say so; without one, ring."""
    if transfer is None or transfer.tran_id is None:
        asked_on.app.bell()
        return
    asked_on.app.copy_to_clipboard(str(transfer.tran_id))
    asked_on.notify(f"tranId {transfer.tran_id} copied")

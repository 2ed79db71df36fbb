"""Copying to the clipboard of the person's own terminal, which does not say whether it took it."""

from textual.widget import Widget

from tui.domain.transfer import Transfer

_READING_S = 15.0
_WORDS = "Handed to the terminal's clipboard. If that took nothing, select it above (with Shift held; on a Mac Option)."


def copy_tran_id(transfer: Transfer | None, asked_on: Widget) -> None:
    """Hand a transfer's tranId to the terminal, and show it to be selected by hand; without one, ring."""
    if transfer is None or transfer.tran_id is None:
        asked_on.app.bell()
        return
    asked_on.app.copy_to_clipboard(str(transfer.tran_id))
    asked_on.notify(f"tranId {transfer.tran_id}\n{_WORDS}", timeout=_READING_S, markup=False)

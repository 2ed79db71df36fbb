"""Copying to the clipboard of the person's own terminal, which does not say whether it took it."""

from textual.widget import Widget

from tui.domain.entries import Entry
from tui.domain.transfer import Transfer

_READING_S = 15.0
_WORDS = "Handed to the terminal's clipboard. If that took nothing, select it above (with Shift held; on a Mac Option)."


def copy_tran_id(found: Transfer | Entry | None, asked_on: Widget) -> None:
    """Hand a transfer's tranId to the terminal, and show it to be selected by hand; without one, ring."""
    if found is None or found.tran_id is None:
        asked_on.app.bell()
        return
    copy_text(str(found.tran_id), f"tranId {found.tran_id}", asked_on)


def copy_text(text: str, shown: str, asked_on: Widget) -> None:
    """Hand a text to the terminal, and show what can be selected by hand instead."""
    asked_on.app.copy_to_clipboard(text)
    asked_on.notify(f"{shown}\n{_WORDS}", timeout=_READING_S, markup=False)

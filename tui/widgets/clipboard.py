"""Copies to the clipboard of the person's terminal, which does not say whether it did."""

from textual.widget import Widget

from tui.domain.entries import Entry
from tui.language import _

_READING_S = 15.0
_HINT = _("Sent to the terminal's clipboard. If it is not there, select it above (hold Shift, or Option on a Mac).")


def copy_tran_id(entry: Entry | None, widget: Widget) -> None:
    """Copy the tranId of an entry, and show it so that it can be selected; ring if there is none."""
    if entry is None or entry.tran_id is None:
        widget.app.bell()
        return
    copy_text(str(entry.tran_id), f"tranId {entry.tran_id}", widget)


def copy_text(text: str, shown: str, widget: Widget) -> None:
    """Copy a text, and show a text that can be selected instead."""
    widget.app.copy_to_clipboard(text)
    widget.notify(f"{shown}\n{_HINT}", timeout=_READING_S, markup=False)

"""The list of the history in words: how far it is read, and what is not in it."""

from collections.abc import Sequence

from tui.domain.records import Reach, Reading
from tui.language import _, ngettext
from tui.words.differences import Section


def counted(count: int, shown: int | None, *, is_more: bool) -> str:
    """Return how many entries there are. `shown` is how many pass the filter, if there is one."""
    if shown is not None:
        text = _("filtered: {shown} of {count} and more") if is_more else _("filtered: {shown} of {count}")
        return text.format(shown=f"{shown:,}", count=f"{count:,}")
    text = ngettext("{count} transfer", "{count} transfers", count)
    if is_more:
        text = ngettext("{count} transfer and more", "{count} transfers and more", count)
    return text.format(count=f"{count:,}")


def progress(reading: Reading | None, reach: Reach, records: int, unread: int, *, is_missing: bool) -> str:
    """Return how far the exchange's history is read: `records` were read, and `unread` questions given up."""
    asked = _("asking the exchange...")
    if reading:
        asked = _("asked {answered} of {asked}").format(answered=reading.answered, asked=reading.asked)
    count = ngettext("{count} record", "{count} records", records).format(count=f"{records:,}")
    if reach is Reach.READING:
        text = _("{asked}; {records}; F5 stops")
        if wait_s := _wait_s(reading):
            text = _("{asked}; {records}; continues in {seconds} s; F5 stops")
        return text.format(asked=asked, records=count, seconds=wait_s)
    if reading is None:
        return _("the exchange was not asked. F5 asks")
    if reach is Reach.STOPPED:
        return _("stopped, {asked}; {records}. F5 asks again").format(asked=asked, records=count)
    text = _("{records} of the exchange")
    if is_missing:
        text = _("{records} of the exchange; n: what may be missing")
        if unread:
            text = _("{records} of the exchange; {unread} not read: n says why")
    return text.format(records=count, unread=unread)


def empty(*, is_filtered: bool, is_reading: bool, is_missing: bool) -> str:
    """Return why the list is empty."""
    if is_filtered:
        return _("Nothing matches. / changes the filter")
    if is_reading:
        return _("Nothing yet")
    return _("No transfers among what could be read: n says why") if is_missing else _("No transfers")


def comparing(reading: Reading | None = None) -> str:
    """Return how far the history is read again, to compare the journal with it."""
    if reading is None:
        return _("Reading the exchange's history again, to check the journal.... F5 or Esc stops.")
    text = _("Reading the exchange's history again, to check the journal: {answered} of {asked}. F5 or Esc stops.")
    if wait_s := _wait_s(reading):
        text = _(
            "Reading the exchange's history again, to check the journal: {answered} of {asked}; continues in "
            "{seconds} s. F5 or Esc stops."
        )
    return text.format(answered=reading.answered, asked=reading.asked, seconds=wait_s)


def missing(lines: Sequence[str], reach: Reach) -> tuple[str, list[Section]]:
    """Return what is not in the list, and why: a summary, and a section for each line."""
    summary = _("This is not in the list, or not all of it:")
    if reach is Reach.READING:
        summary = _("The history is still being read.")
    elif not lines:
        summary = _("All of the exchange's last six months is in the list.")
    return summary, [Section("", [line]) for line in lines]


def _wait_s(reading: Reading | None) -> int:
    return (reading and reading.wait_s) or 0

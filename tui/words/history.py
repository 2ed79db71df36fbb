"""The list of the history in words: how far it is read, and what is not in it."""

from collections.abc import Sequence

from tui.domain.records import Reach, Reading
from tui.words.differences import Section


def counted(count: int, shown: int | None, *, is_more: bool) -> str:
    """Return how many entries there are. `shown` is how many pass the filter, if there is one."""
    text = f"{count:,} transfer{'s' * (count != 1)}" if shown is None else f"filtered: {shown:,} of {count:,}"
    return f"{text}{' and more' if is_more else ''}"


def progress(reading: Reading | None, reach: Reach, records: int, unread: int, *, is_missing: bool) -> str:
    """Return how far the exchange's history is read: `records` were read, and `unread` questions given up."""
    asked = f"asked {reading.answered} of {reading.asked}" if reading else "asking the exchange..."
    count = f"{records:,} record{'s' * (records != 1)}"
    if reach is Reach.READING:
        return f"{asked}; {count}{_wait(reading)}; F5 stops"
    if reading is None:
        return "the exchange was not asked. F5 asks"
    if reach is Reach.STOPPED:
        return f"stopped, {asked}; {count}. F5 asks again"
    note = f"; {unread} not read: n says why" if unread else "; n: what may be missing"
    return f"{count} of the exchange{note if is_missing else ''}"


def empty(*, is_filtered: bool, is_reading: bool, is_missing: bool) -> str:
    """Return why the list is empty."""
    if is_filtered:
        return "Nothing matches. / changes the filter"
    if is_reading:
        return "Nothing yet"
    return "No transfers among what could be read: n says why" if is_missing else "No transfers"


def comparing(reading: Reading | None = None) -> str:
    """Return how far the history is read again, to compare the journal with it."""
    asked = f": {reading.answered} of {reading.asked}" if reading else "..."
    return f"Reading the exchange's history again, to check the journal{asked}{_wait(reading)}. F5 or Esc stops."


def missing(lines: Sequence[str], reach: Reach) -> tuple[str, list[Section]]:
    """Return what is not in the list, and why: a summary, and a section for each line."""
    summary = "This is not in the list, or not all of it:"
    if reach is Reach.READING:
        summary = "The history is still being read."
    elif not lines:
        summary = "All of the exchange's last six months is in the list."
    return summary, [Section("", [line]) for line in lines]


def _wait(reading: Reading | None) -> str:
    return f"; continues in {reading.wait_s} s" if reading and reading.wait_s else ""

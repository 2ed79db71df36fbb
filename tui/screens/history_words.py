"""What the history's screen says about its list: how far it is read, and what is not in it."""

from tui.desk.browse import HistoryBrowser, Reach
from tui.desk.history_reader import Reading
from tui.words.differences import Section


def said(browser: HistoryBrowser, shown: int, *, is_filtered: bool) -> str:
    """Return how many entries there are, and how far the exchange's history has been read."""
    count = len(browser.entries)
    words = f"filtered: {shown:,} of {count:,}" if is_filtered else f"{count:,} transfer{'s' * (count != 1)}"
    if browser.is_taking:
        words += " and more"
    return f"{words}; {_progress(browser)}"


def empty_words(browser: HistoryBrowser, *, is_filtered: bool) -> str:
    """Return why the list is empty."""
    if is_filtered and browser.entries:
        return "Nothing matches. / changes the filter"
    if browser.reach is Reach.READING or browser.is_taking:
        return "Nothing yet"
    return (
        "No transfers among what could be read: n says why"
        if browser.unread_count or browser.journal_problem
        else "No transfers"
    )


def comparing_words(reading: Reading | None = None) -> str:
    """Return how far the history has been read with which the journal is compared."""
    asked = f": {reading.answered} of {reading.asked}" if reading else "..."
    waits = f"; told to wait {reading.wait_s} s" if reading and reading.wait_s else ""
    return f"Reading the exchange's history afresh, to check the journal{asked}{waits}. F5 or Esc stops."


def missing_findings(browser: HistoryBrowser) -> tuple[str, list[Section]]:
    """Return what is not in the list, and why: a summary, and a section each."""
    found = browser.missing
    if browser.reach is Reach.READING:
        return "The history is still being read.", [Section("", [line]) for line in found]
    if not found:
        return "All of the exchange's last six months is in the list.", []
    return "This is not in the list, or not all of it:", [Section("", [line]) for line in found]


def _progress(browser: HistoryBrowser) -> str:
    reading = browser.reading
    asked = f"asked {reading.answered} of {reading.asked}" if reading else "asking the exchange..."
    records = f"{browser.record_count:,} record{'s' * (browser.record_count != 1)}"
    if browser.reach is Reach.READING:
        waits = f"; told to wait {reading.wait_s} s" if reading and reading.wait_s else ""
        return f"{asked}; {records}{waits}; F5 stops"
    if reading is None:
        return "the exchange was not asked. F5 asks"
    if browser.reach is Reach.STOPPED:
        return f"stopped, {asked}; {records}. F5 asks again"
    unread = f"; {browser.unread_count} not read: n says why" if browser.unread_count else "; n: what may be missing"
    return f"{records} of the exchange{unread if browser.missing else ''}"

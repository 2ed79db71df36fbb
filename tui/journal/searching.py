"""A search, as SQL: it looks through 100,000 rows without making a transfer of each."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from typing import TypeVar

from tui.domain.search import Search, haystack, moves, words
from tui.domain.transfer import Outcome
from tui.journal import evidence as codec
from tui.journal import rows
from tui.journal.file import JournalFile

_PAGE = 500
_LAST_ID = 2**63 - 1

_Read = TypeVar("_Read")

_HAYSTACK = (
    "haystack(kind, details, message, type, asset, amount, from_symbol, to_symbol, profile, key_tail, host, outcome, "
    "tran_id, code)"
)
"""The columns in the order of `domain.search.facts_of`, after those that the message is made from."""


def _row_haystack(kind: str, details: str, sentence: str, move: str, *columns: str | int | None) -> str:
    message = sentence
    if kind != codec.LEGACY:
        with contextlib.suppress(ValueError):  # the row is refused when it is read
            message = codec.message_of(kind, details)
    return haystack(move, *columns, message)


def prepare(connection: sqlite3.Connection) -> None:
    """Let statements on this connection call what `where` needs."""
    connection.create_function("haystack", -1, _row_haystack, deterministic=True)


def where(search: Search) -> tuple[str, list[object]]:
    """A condition, with its parameters, that is true of the rows that are looked for.

    It is true as well of any that is `sending` where only its outcome, or its text, says otherwise: whether that stands
    is not for SQL to say.
    """
    terms = ["1"]
    parameters: list[object] = []

    def add(term: str, *values: object) -> None:
        terms.append(term)
        parameters.extend(values)

    for column, wanted in (("host", search.host), ("profile", search.profile), ("asset", search.asset)):
        if wanted:
            add(f"{column} = ?", wanted)
    if search.since_ms is not None:
        add("timestamp_ms >= ?", search.since_ms)
    if search.until_ms is not None:
        add("timestamp_ms < ?", search.until_ms)
    if (kinds := moves(search)) is not None:
        add(f"type IN ({rows.marks(len(kinds))})", *sorted(kinds))
    if search.outcomes:
        add(
            f"(outcome = ? OR outcome IN ({rows.marks(len(search.outcomes))}))",
            Outcome.SENDING,
            *sorted(search.outcomes),
        )
    if wanted_words := words(search.text):
        found = " AND ".join([f"instr({_HAYSTACK}, ?)"] * len(wanted_words))
        add(f"(outcome = ? OR ({found}))", Outcome.SENDING, *wanted_words)
    return " AND ".join(terms), parameters


def page_by_page(
    file: JournalFile,
    reading: Callable[[], contextlib.AbstractContextManager[sqlite3.Connection]],
    search: Search,
    read: Callable[[sqlite3.Row, frozenset[int]], _Read | None],
    *,
    newest_first: bool = False,
) -> Iterator[_Read]:
    """What is made of the rows that may be looked for, and of the ids of those whose sender is gone. Each page is read
    on a connection of its own.
    """
    condition, parameters = where(search)
    order, beyond = ("DESC", "<") if newest_first else ("ASC", ">")
    statement = f"SELECT {rows.COLUMNS} FROM transfers WHERE id {beyond} ? AND {condition} ORDER BY id {order} LIMIT ?"  # noqa: S608
    last = _LAST_ID if newest_first else 0
    while True:
        with reading() as connection:
            prepare(connection)
            page = connection.execute(statement, (last, *parameters, _PAGE)).fetchall()
            orphans = file.orphans(page)
            found = [read(row, orphans) for row in page]
        if not page:
            return
        yield from (one for one in found if one is not None)
        last = page[-1]["id"]

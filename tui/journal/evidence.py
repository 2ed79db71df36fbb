"""Evidence as a row of the journal keeps it: a name, and its values as JSON."""

import sqlite3
from functools import lru_cache
from typing import get_args

import msgspec

from tui.domain.evidence import Accepted, Evidence, Legacy
from tui.domain.outcome import Basis, Outcome
from tui.words.outcomes import message

LEGACY = "Legacy"
"""The name of what a row said before evidence was kept: its values are columns of the row."""

_KINDS: dict[str, type[Evidence]] = {kind.__name__: kind for kind in get_args(Evidence) if kind is not Legacy}


def written(evidence: Evidence) -> tuple[str, str]:
    """Return the name and the values of evidence."""
    return type(evidence).__name__, msgspec.json.encode(evidence).decode()


def read(kind: str, values: str) -> Evidence:
    """Return the evidence that was written. Raises ValueError for anything else, also for what could not be it."""
    try:
        return msgspec.json.decode(values, type=_KINDS[kind])
    except (KeyError, TypeError, msgspec.DecodeError) as error:
        raise ValueError(f"no evidence: {kind}") from error


def of_row(row: sqlite3.Row) -> Evidence:
    """Return what the outcome in a row rests on. Raises ValueError."""
    if row["kind"] == LEGACY:
        return Legacy(Outcome(row["outcome"]), Basis(row["evidence"]), row["message"], row["tran_id"], row["code"])
    return read(row["kind"], row["details"])


def answer_of_row(row: sqlite3.Row) -> Evidence | None:
    """Return what came of sending, which a row keeps for good. Raises ValueError."""
    if row["answer_kind"] is None:
        return None
    if row["answer_kind"] == LEGACY:
        return msgspec.json.decode(row["answer_details"], type=Legacy)
    return read(row["answer_kind"], row["answer_details"])


@lru_cache(maxsize=1024)
def message_of(kind: str, values: str) -> str:
    """Return what the evidence in a row says, in words. Raises ValueError."""
    return "" if kind == Accepted.__name__ else message(read(kind, values))

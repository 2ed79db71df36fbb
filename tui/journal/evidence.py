"""Evidence as a row of the journal has it: a name, and its values as JSON."""

import sqlite3
from functools import lru_cache
from typing import get_args

import msgspec

from tui import language
from tui.domain.answers import WholeAnswer, accepted_tran_id
from tui.domain.evidence import Accepted, Ambiguous, Basis, Evidence, Failure, Flaw, Legacy, Outcome, Refusal
from tui.words.outcomes import message

LEGACY = "Legacy"
"""The name for rows older than evidence: their values are columns of the row."""

_KINDS: dict[str, type[Evidence]] = {kind.__name__: kind for kind in get_args(Evidence) if kind is not Legacy}


def written(evidence: Evidence) -> tuple[str, str]:
    """Return the name and the values of evidence."""
    return type(evidence).__name__, msgspec.json.encode(evidence).decode()


class _Refusal(msgspec.Struct, forbid_unknown_fields=True):
    answer: WholeAnswer
    wait_s: int | None = None


class _Ambiguous(msgspec.Struct, forbid_unknown_fields=True):
    flaw: Flaw
    answer: WholeAnswer | None = None
    failure: Failure | None = None
    detail: str = ""


_LISTED: dict[str, tuple[type[Refusal | Ambiguous], type[_Refusal | _Ambiguous]]] = {
    Refusal.__name__: (Refusal, _Refusal),
    Ambiguous.__name__: (Ambiguous, _Ambiguous),
}
"""Evidence that depends on the lists of refusals, with its values."""


def read(kind: str, values: str) -> Evidence:
    """Return the evidence that was written. A refusal stays one, even if this version's lists do not have it. Raises
    ValueError for anything else, also for impossible values.
    """
    try:
        return msgspec.json.decode(values, type=_KINDS[kind])
    except (KeyError, TypeError, msgspec.DecodeError) as error:
        listed = _read_listed(kind, values)
        if listed is None:
            raise ValueError(f"no evidence: {kind}") from error
        return listed


def _read_listed(kind: str, values: str) -> Evidence | None:
    if kind not in _LISTED:
        return None
    made, shape = _LISTED[kind]
    try:
        read = msgspec.json.decode(values, type=shape)
    except msgspec.DecodeError:
        return None
    if read.answer and (accepted_tran_id(read.answer) is not None or (made is Refusal and read.answer.tran_ids)):
        return None
    evidence = object.__new__(made)  # without the check, which compares with the lists
    for name in shape.__struct_fields__:
        object.__setattr__(evidence, name, getattr(read, name))
    return evidence


def of_row(row: sqlite3.Row) -> Evidence:
    """Return the evidence for the outcome of a row. Raises ValueError."""
    if row["kind"] == LEGACY:
        return Legacy(Outcome(row["outcome"]), Basis(row["evidence"]), row["message"], row["tran_id"], row["code"])
    return read(row["kind"], row["details"])


def answer_from(kind: str | None, values: str) -> Evidence | None:
    """Return the answer to a transfer, which its row keeps forever; `Legacy` if the row is older than evidence. Raises
    ValueError.
    """
    if kind == LEGACY:
        return msgspec.json.decode(values, type=Legacy)
    return None if kind is None else read(kind, values)


def message_of(kind: str, values: str) -> str:
    """Return the evidence of a row as a sentence. Raises ValueError."""
    return "" if kind == Accepted.__name__ else _message(kind, values, language.chosen())


@lru_cache(maxsize=1024)
def _message(kind: str, values: str, _of_language: str) -> str:
    return message(read(kind, values))

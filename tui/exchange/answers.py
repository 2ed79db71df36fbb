"""Reads the whole answer to a transfer. Only here does an answer become evidence."""

import contextlib
import json
import re
from collections.abc import Mapping
from math import ceil
from typing import Any

from tui.clock import wall_ms
from tui.domain.answers import (
    LIMITED_STATUSES,
    Shape,
    WholeAnswer,
    accepted_tran_id,
    is_refusal,
    mentioned_tran_ids,
    mentions_tran_id,
    unescaped,
)
from tui.domain.evidence import Accepted, Ambiguous, Flaw, Refusal
from tui.domain.text import printable

_MAX_BODY = 64 * 1024
"""Longer than any documented answer to a transfer."""
_MAX_TEXT = 300
_MAX_NUMBER = 2**63 - 1
_LONGEST_WAIT_S = 3 * 24 * 60 * 60
"""No ban is longer."""

_BAN = re.compile(rb"banned until (\d{13})(?!\d)", re.IGNORECASE)
_CODE = re.compile(r"(?:\b|_|error)code\b[\"']?\s*[:=]", re.IGNORECASE)
_PAGE = re.compile(r"\ufeff?\s*<(?:!doctype\s+html|html)(?=[\s>])", re.IGNORECASE)


def evidence_from(
    status: int, headers: Mapping[str, str], body: bytes, *, is_followed: bool = False
) -> Accepted | Refusal | Ambiguous:
    """Return what an answer to a transfer says: yes, no, or neither."""
    answer = whole_answer(status, body, is_followed=is_followed)
    if accepted_tran_id(answer) is not None:
        return Accepted(answer)
    if is_refusal(answer):
        return Refusal(answer, asked_wait_s(headers, body) if status in LIMITED_STATUSES else None)
    return Ambiguous(Flaw.BOTH if answer.tran_ids else Flaw.NEITHER, answer)


def whole_answer(status: int, body: bytes, *, is_followed: bool = False) -> WholeAnswer:
    """Return an answer with everything that came in it."""
    raw = body[:_MAX_BODY].decode("utf-8", "replace")
    text = printable(raw[: 4 * _MAX_TEXT])[:_MAX_TEXT]
    fields = _fields(body)
    if fields is not None:
        shape = Shape.OBJECT
    elif not body.strip():
        shape = Shape.EMPTY
    elif len(body) <= _MAX_BODY and _is_page(raw):
        shape = Shape.PAGE
    else:
        shape = Shape.OTHER
    is_cut = len(raw) > _MAX_TEXT or len(body) > _MAX_BODY
    return WholeAnswer(status, shape, fields or {}, text, mentioned_tran_ids(raw), is_followed, is_cut)


def asked_wait_s(headers: Mapping[str, str], body: bytes) -> int | None:
    """Return how long a pause an answer asks for, at most as long as a ban lasts; None if it does not say.

    Often only the message has the end of a ban: "banned until <ms since the epoch>".
    """
    value = headers.get("Retry-After", "")
    if value.isascii() and value.isdigit():
        return min(int(value), _LONGEST_WAIT_S) if len(value) < 10 else _LONGEST_WAIT_S
    if ban := _BAN.search(body[:_MAX_BODY]):
        return max(0, min(ceil(int(ban[1]) / 1000 - _answered_at_s(headers)), _LONGEST_WAIT_S))
    return None


def _answered_at_s(headers: Mapping[str, str]) -> float:
    """Return when an answer was given, in seconds since 1970: by the server's clock if it says so, else by ours."""
    from email.utils import parsedate_to_datetime  # late: hardly any answer asks to wait

    with contextlib.suppress(ValueError, OverflowError):
        return parsedate_to_datetime(headers.get("Date", "")).timestamp()
    return wall_ms() / 1000


def _is_page(text: str) -> bool:
    """Whether a body is HTML that names neither a code nor a tranId."""
    return bool(_PAGE.match(text)) and not _CODE.search(unescaped(text)) and not mentions_tran_id(text)


def _fields(body: bytes) -> dict[str, str | int | bool | None] | None:
    """Return the fields of a JSON object of plain values; None for anything else, such as a name that comes twice or
    that no file can hold.
    """
    if len(body) > _MAX_BODY:
        return None
    try:
        pairs = json.loads(body.decode("utf-8"), object_pairs_hook=_Pairs, parse_constant=_refuse)
    except (ValueError, RecursionError):  # no JSON, no UTF-8, or numbers and nesting beyond any answer
        return None
    if not isinstance(pairs, _Pairs):
        return None
    fields: dict[str, str | int | bool | None] = {}
    for name, value in pairs:
        is_plain = (
            value is None or isinstance(value, str | bool) or (isinstance(value, int) and abs(value) <= _MAX_NUMBER)
        )
        if name in fields or not is_plain or _writable(name) != name:
            return None
        fields[name] = _writable(value) if isinstance(value, str) else value
    return fields


def _writable(text: str) -> str:
    """Return a text without halves of surrogate pairs, which a server can send and no file can hold."""
    return text.encode(errors="replace").decode()


class _Pairs(list[tuple[str, Any]]):
    """The names and values of a JSON object, as they came."""


def _refuse(constant: str) -> None:
    raise ValueError(constant)

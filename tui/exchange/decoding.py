"""Decodes an answer's JSON into types. A server's text becomes `ServerText` or `Amount`, never a plain string."""

import contextlib
import json
from decimal import Decimal
from typing import TypeVar

import msgspec

from tui.domain.amounts import AmountError, read_amount
from tui.domain.text import ServerText

_Answer = TypeVar("_Answer")


class Amount(Decimal):
    """An amount that a server wrote: a number that can be shown and calculated with."""


class Estimate:
    """A figure that decides nothing. If it cannot be read, `amount` is None, never 0, and the rest of the answer
    counts.

    It is no dataclass, because msgspec would look for an object in the answer.
    """

    __slots__ = ("amount",)

    def __init__(self, amount: Decimal | None = None) -> None:
        self.amount = amount

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Estimate) and self.amount == other.amount

    def __hash__(self) -> int:
        return hash(self.amount)


class Never:
    """A field that a documented answer never has. Any value makes the answer unreadable."""


def decode(body: bytes | msgspec.Raw, kind: type[_Answer]) -> _Answer:
    """Return an answer that is exactly as documented. Raises ValueError for any other, however odd."""
    with contextlib.suppress(Exception):  # whatever a decoder may raise one day, the answer cannot be read
        return msgspec.json.decode(body, type=kind, dec_hook=_read)
    raise ValueError("not what is documented")


def decode_once(body: bytes, kind: type[_Answer]) -> _Answer:
    """Return an answer in which, in addition, no object names a field twice: neither of two values would be the answer.

    Raises ValueError.
    """
    with contextlib.suppress(Exception):  # as above: bytes that are no text, numbers of a million digits, ...
        json.loads(body, object_pairs_hook=_named_once)
        return decode(body, kind)
    raise ValueError("not what is documented")


def _named_once(fields: list[tuple[str, object]]) -> None:
    if len(dict(fields)) != len(fields):
        raise ValueError("a field is named twice")


def _read(kind: type, written: object) -> object:
    if kind is Estimate:
        try:
            return Estimate(read_amount(written) if isinstance(written, str) else None)
        except AmountError:
            return Estimate()
    if kind is Never:
        raise ValueError("an error, or what says that there is none")
    if not isinstance(written, str):
        raise TypeError("not a text")
    return Amount(read_amount(written)) if kind is Amount else ServerText(written)

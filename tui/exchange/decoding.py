"""An answer's JSON, into types. What a server wrote comes out as `ServerText` and `Amount`, never as it is."""

import contextlib
from decimal import Decimal
from typing import TypeVar

import msgspec

from tui.domain.amounts import AmountError, read_amount
from tui.domain.text import ServerText

_Answer = TypeVar("_Answer")


class Amount(Decimal):
    """An amount that a server wrote: a number that can be shown and reckoned with."""


class Estimate(Decimal):
    """A figure that nothing rests on: 0 where the server wrote none that can be read."""


def decode(body: bytes | msgspec.Raw, kind: type[_Answer]) -> _Answer:
    """An answer, exactly as documented. Raises ValueError for any other, however odd."""
    with contextlib.suppress(Exception):  # whatever a decoder may raise one day, the answer cannot be read
        return msgspec.json.decode(body, type=kind, dec_hook=_read)
    raise ValueError("not what is documented")


def _read(kind: type, written: object) -> object:
    if kind is Estimate:
        try:
            return Estimate(read_amount(str(written)))
        except AmountError:
            return Estimate(0)
    if not isinstance(written, str):
        raise TypeError("not a text")
    return Amount(read_amount(written)) if kind is Amount else ServerText(written)

"""Amounts: decimal from the key press to the wire and back, never a float."""

import re
from decimal import Decimal

MAX_INTEGER_DIGITS = 20
MAX_DECIMALS = 8

_FULL_WIDTH = str.maketrans("０１２３４５６７８９．。｡，－＋", "0123456789...,-+")
"""What a Chinese or Japanese input method types where a person means ASCII."""

_PLAIN = re.compile(r"(?=\.?[0-9])([0-9]*)(?:\.([0-9]*))?", re.ASCII)


_MOST_DECIMALS = 18
"""Of an amount that is read: more than can be sent, as many as the coins of any chain have."""

_LONGEST = 64
"""Characters."""

_WRITTEN = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,3})?", re.ASCII)


class AmountError(ValueError):
    """The text is not an amount that can be sent; the message says why and what would be."""


def parse_amount(text: str) -> Decimal:
    """The amount that a person typed, exact, with the decimals as typed.

    Positive, at most 8 decimals, at most 20 digits before them. Full-width digits and dots are understood.
    Raises AmountError.
    """
    typed = text.strip().translate(_FULL_WIDTH)
    if not typed:
        raise AmountError("Enter an amount, like 12.5")
    if "," in typed:
        raise AmountError("Write 1234.5 with a dot, and no commas")
    if typed[0] in "-+":
        raise AmountError("No sign: to move the other way, swap the wallets")
    if re.fullmatch(r"[0-9.]+[eE][-+]?[0-9]*", typed):
        raise AmountError("Write it out in plain digits: 1000, not 1e3")
    match = _PLAIN.fullmatch(typed)
    if match is None:
        raise AmountError("Digits and one dot only, like 12.5")
    integer, decimals = match[1].lstrip("0"), match[2] or ""
    if len(decimals) > MAX_DECIMALS:
        raise AmountError(f"At most {MAX_DECIMALS} decimals; this has {len(decimals)}")
    if len(integer) > MAX_INTEGER_DIGITS:
        raise AmountError(f"At most {MAX_INTEGER_DIGITS} digits before the dot; this has {len(integer)}")
    amount = Decimal(f"{integer or '0'}.{decimals}" if decimals else integer or "0")
    if not amount:
        raise AmountError("The amount must be more than 0")
    return amount


def read_amount(written: str) -> Decimal:
    """An amount that an exchange wrote, exact. It may be 0 or negative, but never so long that it could not be shown:
    at most 20 digits before the dot and 18 after it. Raises AmountError: NaN and infinity are no amounts either.
    """
    if len(written) <= _LONGEST and _WRITTEN.fullmatch(written):
        amount = Decimal(written)
        exponent = amount.as_tuple().exponent
        if isinstance(exponent, int) and -exponent <= _MOST_DECIMALS and amount.adjusted() < MAX_INTEGER_DIGITS:
            return amount
    raise AmountError("Not an amount")


def plain(amount: Decimal) -> str:
    """The amount as the exchange takes it: plain decimal notation, all digits, no exponent, no grouping."""
    return format(amount, "f")


def grouped(amount: Decimal) -> str:
    """The amount as a person reads it: 1,250.00. All digits stay."""
    return format(amount, ",f")

"""Amounts: decimal from the key press to the wire and back, never a float."""

import re
from collections.abc import Iterable, Sequence
from decimal import ROUND_DOWN, Context, Decimal
from functools import reduce

from tui.domain.text import printable
from tui.language import N_, _

MAX_INTEGER_DIGITS = 20
MAX_DECIMALS = 8

SHARES = {"m": 100, "t": 75, "h": 50, "q": 25}
"""Percent of what can be moved, by letter. No letter is part of an amount, and every terminal passes letters."""
LEAVE = "b"
"""The letter for all but so much."""

ALL_BUT = N_("all but")
"""What is typed before an amount that should stay, so that the rest is moved; also in the person's language."""

_FULL_WIDTH = str.maketrans("０１２３４５６７８９．。｡，－＋", "0123456789...,-+")
"""What a Chinese or Japanese input method types for ASCII."""

_PLAIN = re.compile(r"(?=\.?[0-9])([0-9]*)(?:\.([0-9]*))?", re.ASCII)

_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]*)?", re.ASCII)
"""As `grouped` writes it. A single comma and no dot, 1,250, is no more than that: elsewhere it is 1.25."""


_MOST_DECIMALS = 18
"""In an amount that the exchange wrote: as many as the coins of any chain have, and more than can be sent."""

_LONGEST = 64
"""Characters."""

_WRITTEN = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,3})?", re.ASCII)


EXACT = Context(prec=80, rounding=ROUND_DOWN)
"""Calculates with amounts to the last digit: it has more digits than any sum of amounts.

Python's own context silently rounds to 28 digits, and cannot quantize what has more.
"""


class AmountError(ValueError):
    """Raised when a text is not an amount that can be sent; the message says why, and what would be one."""


def parse_amount(text: str) -> Decimal:
    """Return the amount that a person typed, exact, with the decimals as typed.

    It is positive, with at most 8 decimals and at most 20 digits before them. Full-width digits and dots are
    understood, and so are commas that can only separate thousands: 1,250.00. A leading zero is refused: 05 may have
    lost its dot.
    Raises AmountError.
    """
    typed = text.strip().translate(_FULL_WIDTH)
    if not typed:
        raise AmountError(_("Enter an amount, like 12.5"))
    typed = _without_commas(typed)
    if typed[0] in "-+":
        raise AmountError(_("No sign: to move the other way, swap the wallets"))
    if re.fullmatch(r"[0-9.]+[eE][-+]?[0-9]*", typed):
        raise AmountError(_("Write it out in plain digits: 1000, not 1e3"))
    match = _PLAIN.fullmatch(typed)
    if match is None:
        raise AmountError(_letters_problem(typed))
    if problem := _leading_zero_problem(match[1], typed):
        raise AmountError(problem)
    integer, decimals = match[1].lstrip("0"), match[2] or ""
    if len(decimals) > MAX_DECIMALS:
        problem = _("At most {most} decimals; this has {count}")
        raise AmountError(problem.format(most=MAX_DECIMALS, count=len(decimals)))
    if len(integer) > MAX_INTEGER_DIGITS:
        problem = _("At most {most} digits before the dot; this has {count}")
        raise AmountError(problem.format(most=MAX_INTEGER_DIGITS, count=len(integer)))
    amount = Decimal(f"{integer or '0'}.{decimals}" if decimals else integer or "0")
    if not amount:
        raise AmountError(_("The amount must be more than 0"))
    return amount


def _without_commas(typed: str) -> str:
    """Return the text without commas that separate thousands. Raises AmountError if one may mean something else."""
    if _THOUSANDS.fullmatch(typed) and (typed.count(",") > 1 or "." in typed):
        return typed.replace(",", "")
    if _THOUSANDS.fullmatch(typed):
        whole, part = typed.split(",")
        raise AmountError(_either(f"{whole}{part}", f"{whole}.{part.rstrip('0') or '0'}", typed))
    if "," in typed:
        raise AmountError(_("Write 1234.5 with a dot, and no commas"))
    return typed


def _leading_zero_problem(integer: str, typed: str) -> str:
    """Return what is wrong with leading zeros; empty for one before a dot, and if there are only zeros."""
    if len(integer) < 2 or integer[0] != "0" or not typed.strip("0."):
        return ""
    if "." in typed:
        right = f"{integer.lstrip('0') or '0'}{typed[len(integer) :]}"
        return _("Write {right}: no zeros in front").format(right=right)
    return _either(integer.lstrip("0"), f"0.{integer[1:]}", typed)


def _either(one: str, other: str, typed: str) -> str:
    return _("Write {one} or {other}: {typed} may be either").format(one=one, other=other, typed=typed)


def _letters_problem(typed: str) -> str:
    if (typed[-1] in SHARES or typed[-1] == LEAVE) and _PLAIN.fullmatch(typed[:-1]):
        return _("{letter} counts in an empty field: Ctrl+U empties it").format(letter=typed[-1])
    return _("Digits and one dot only, like 12.5")


def left_behind(text: str) -> str | None:
    """Return the amount that should stay, as typed, from "all but 50"; None for any other text."""
    typed = text.strip()
    words = (word for word in (ALL_BUT, _(ALL_BUT)) if typed.casefold().startswith(word))
    return next((typed[len(word) :] for word in words), None)


def amount_shown(text: str) -> str:
    """Return an amount as a person typed it, with "all but" in the person's language."""
    is_in_english = text.strip().casefold().startswith(ALL_BUT)
    return f"{_(ALL_BUT)}{left_behind(text)}" if is_in_english and _(ALL_BUT) != ALL_BUT else text


def read_amount(written: str) -> Decimal:
    """Return an amount that the exchange wrote, exact.

    It may be 0 or negative. Raises AmountError for more than 20 digits before the dot or 18 after it, NaN and infinity.
    """
    if len(written) <= _LONGEST and _WRITTEN.fullmatch(written):
        amount = Decimal(written)
        exponent = amount.as_tuple().exponent
        if isinstance(exponent, int) and -exponent <= _MOST_DECIMALS and amount.adjusted() < MAX_INTEGER_DIGITS:
            return amount
    raise AmountError(_("Not an amount"))


def exact_sum(amounts: Iterable[Decimal]) -> Decimal:
    """Return the sum, to the last digit."""
    return reduce(EXACT.add, amounts, Decimal(0))


def plain(amount: Decimal) -> str:
    """Return the amount as the exchange takes it: all digits, no exponent, no grouping."""
    return format(amount, "f")


def grouped(amount: Decimal) -> str:
    """Return the amount as a person reads it: 1,250.00. All digits stay."""
    return format(amount, ",f")


def quantity(amount: Decimal | None, asset: str | None) -> str:
    """Return an amount with its asset, as a person reads it: "1,250.00 USDT"; a part that cannot be read is "?"."""
    return f"{'?' if amount is None else grouped(amount)} {printable(asset or '?')}"


def aligned(amounts: Sequence[Decimal], *, is_grouped: bool = True) -> list[str]:
    """Return amounts as a person reads them, padded so that all dots are in one column."""
    written = [(grouped if is_grouped else plain)(amount).partition(".") for amount in amounts]
    before = max((len(whole) for whole, _, _ in written), default=0)
    behind = max((len(dot + decimals) for _, dot, decimals in written), default=0)
    return [whole.rjust(before) + (dot + decimals).ljust(behind) for whole, dot, decimals in written]

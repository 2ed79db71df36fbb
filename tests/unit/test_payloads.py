"""What a server wrote has a type of its own in every payload, which cannot be shown or reckoned with unread."""

import importlib
import pkgutil
import typing
from collections.abc import Iterator
from decimal import Decimal

import msgspec
import pytest

from tui import exchange
from tui.domain.text import ServerText
from tui.exchange.payloads import Amount, decode
from tui.structs import Struct


def _payloads() -> Iterator[type[msgspec.Struct]]:
    """Every struct of tui.exchange that is decoded, private ones too."""
    for module in pkgutil.iter_modules(exchange.__path__, "tui.exchange."):
        for thing in vars(importlib.import_module(module.name)).values():
            is_struct = isinstance(thing, type) and issubclass(thing, msgspec.Struct)
            if is_struct and not issubclass(thing, Struct) and thing.__module__ == module.name:
                yield thing


def _types(hint: object) -> Iterator[object]:
    yield hint
    for inner in typing.get_args(hint):
        yield from _types(inner)


@pytest.mark.parametrize("payload", _payloads(), ids=lambda payload: payload.__name__)
def test_no_payload_has_a_raw_text_or_an_amount_that_may_be_none(payload: type[msgspec.Struct]) -> None:
    for name, hint in typing.get_type_hints(payload).items():
        raw = {str, bytes, float, Decimal, dict, object, typing.Any}.intersection(_types(hint))
        assert not raw, f"{payload.__name__}.{name} is {hint}"


def test_payloads_are_found() -> None:
    assert len({payload.__name__ for payload in _payloads()} & {"AssetBalance", "ServerTime", "_Page"}) == 3


@pytest.mark.parametrize("written", ["0", "1", "-1", "0.10", "12345678901234567890.123456789012345678", "1E+3", "1e-8"])
def test_amount_is_exact(written: str) -> None:
    amount = decode(b'"%b"' % written.encode(), Amount)
    assert amount == Decimal(written)
    assert str(amount) == str(Decimal(written))


@pytest.mark.parametrize(
    "written",
    [
        *('"NaN"', '"sNaN"', '"Infinity"', '"1E+3000000"', '"1E-3000000"', '"1e99999999999999999999"', '"1_000"'),
        *('""', '" 1"', '"1 "', '"+1"', '".5"', '"5."', '"1,5"', '"\uff11"', '"0x1"', '"1\\n"', f'"{"9" * 21}"'),
        *(f'"0.{"1" * 19}"', f'"{"0" * 100_000}"', "1", "1.5", "null", "true", "[]", "{}"),
    ],
)
def test_what_is_no_amount_is_not_read(written: str) -> None:
    with pytest.raises(ValueError, match="documented"):
        decode(written.encode(), Amount)


def test_text_stays_raw_until_it_is_made_printable() -> None:
    text = decode(rb'"\u001b]52;c;aGk=\u0007"', ServerText)
    assert text == ServerText("\x1b]52;c;aGk=\x07")
    assert str(text).isprintable()

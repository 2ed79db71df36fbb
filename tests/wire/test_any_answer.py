"""No answer ends the app: whatever comes in answer to whichever call, only ExchangeError leaves the client."""

import asyncio
import contextlib
import inspect
import json
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import one_in
from tests.wire.any_answer import BASE_URL, CALLS, NASTY, Answering, AnyAnswer, answers, good_bodies
from tui.demo.keys import demo_key
from tui.desk.balances import BalanceReader
from tui.domain.amounts import grouped
from tui.domain.balances import Account, share
from tui.domain.holdings import asset_choices, pair_choices
from tui.domain.text import ServerText
from tui.domain.wallets import Wallet
from tui.exchange import history, payloads
from tui.exchange.client import BinanceClient
from tui.exchange.errors import ExchangeError


@pytest.fixture(scope="module", autouse=True)
def _no_pauses() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history, "PAUSE_S", 0)
        yield


async def _assert_harmless(client: BinanceClient, name: str) -> None:
    """The call gives something that can be shown and reckoned with, or an error with words to show."""
    try:
        _assert_usable(await CALLS[name](client))
    except ExchangeError as caught:
        error = caught
    else:
        return
    assert str(error).isprintable()
    assert len(str(error)) < 600
    assert error.__context__ is None


def _parts(thing: object) -> Iterable[object]:
    if isinstance(thing, dict):
        return [*thing, *thing.values()]
    if isinstance(thing, list | tuple):
        return thing
    names: Iterable[str] = getattr(thing, "__struct_fields__", ()) or getattr(thing, "__slots__", ())
    return [getattr(thing, name) for name in names]


def _assert_usable(thing: object) -> None:
    """It can be shown and reckoned with: no text is raw, no amount is none."""
    match thing:
        case ServerText() | None | bool() | int() | float():
            return
        case str():
            assert thing.isprintable()
        case Decimal():
            assert thing.is_finite()
            assert len(grouped(thing)) < 60
            assert thing < 10**20
        case _:
            for part in _parts(thing):
                _assert_usable(part)


def test_every_call_of_the_client_is_tried() -> None:
    methods = {
        name
        for name, call in inspect.getmembers(BinanceClient, inspect.iscoroutinefunction)
        if not name.startswith("_") and name != "aclose"
    }
    reads = {
        name.lower()
        for name, call in vars(payloads).items()
        if isinstance(call, payloads.ReadCall)
        or (inspect.isfunction(call) and "ReadCall" in str(call.__annotations__.get("return")))
    }
    assert (methods - {"read", "known_clock"}) | reads == set(CALLS) - {"read_history"}


@given(data=st.data(), name=st.sampled_from(sorted(CALLS)))
async def test_only_exchange_errors_leave_the_client(data: st.DataObject, name: str) -> None:
    answer = data.draw(answers(name))
    async with BinanceClient(BASE_URL, demo_key(), transport=Answering(answer)) as client:
        await _assert_harmless(client, name)
        assert 0 <= client.wait_s <= 3 * 24 * 60 * 60
        assert client.uid_weight < 10**9


@pytest.mark.parametrize("name", CALLS)
async def test_nothing_bad_in_any_place_of_an_answer_ends_the_app(name: str) -> None:
    """Not by chance, as above: each bad thing in each place of the first rows."""
    good = json.loads(good_bodies()[name])
    for nasty in NASTY:
        for answer in _everywhere(good[:1] if isinstance(good, list) else good, nasty):
            transport = Answering(AnyAnswer(200, (), json.dumps(answer).encode()))
            async with BinanceClient(BASE_URL, demo_key(), transport=transport) as client:
                await _assert_harmless(client, name)


def _everywhere(answer: Any, nasty: object) -> Iterable[Any]:
    yield nasty
    if isinstance(answer, dict):
        for key in answer:
            for changed in _everywhere(answer[key], nasty):
                yield answer | {key: changed}
    elif isinstance(answer, list) and answer:
        for changed in _everywhere(answer[0], nasty):
            yield [changed, *answer[1:]]


@given(data=st.data(), name=st.sampled_from(sorted(CALLS)))
async def test_no_answer_ends_the_reading_of_balances_or_what_is_made_of_them(data: st.DataObject, name: str) -> None:
    answer = data.draw(answers(name))
    async with BinanceClient(BASE_URL, demo_key(), transport=Answering(answer)) as client:
        readings = BalanceReader(client)
        async for _ in readings.read_all():
            pass
        balances = await readings.read_transferable(Account(Wallet.CROSS), "USDT")
    places = [Account(wallet) for wallet in Wallet]
    for source in places:
        for choice in asset_choices(balances, source, places[0])[:20]:
            assert re.fullmatch(r"\w+", choice.value)
            assert choice.note.isprintable()
            if figure := balances.figure(source, choice.value):
                share(figure.amount, 100)
                share(figure.amount, 25)
    assert all(re.fullmatch(r"\w+", choice.value) for choice in pair_choices(balances, "USDT"))


@one_in(10)
@given(data=st.data(), name=st.sampled_from(sorted(CALLS)))
def test_no_bytes_on_the_line_end_the_app(data: st.DataObject, name: str) -> None:
    answer = data.draw(answers(name))
    head = b"HTTP/1.1 %d X\r\n" % answer.status + b"".join(b"%b: %b\r\n" % header for header in answer.headers)
    raw = data.draw(st.sampled_from([head + b"\r\n" + answer.body, head, answer.body, head * 2000, b""]))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(raw)
            await writer.drain()

    async def call() -> None:
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with BinanceClient(f"http://127.0.0.1:{port}", demo_key()) as client:
                await _assert_harmless(client, name)

    asyncio.run(call())


@pytest.mark.parametrize("kind", [ValueError, RecursionError, KeyError, UnicodeError, MemoryError, AssertionError])
async def test_whatever_a_library_raises_comes_out_as_unknown_and_without_what_was_sent(kind: type[Exception]) -> None:
    class Broken(Answering):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            raise kind(repr(request.headers.raw))

    answer = AnyAnswer(200, (), b"")
    async with BinanceClient(BASE_URL, demo_key(), transport=Broken(answer)) as client:
        for call in CALLS.values():
            with pytest.raises(ExchangeError, match="did not come") as caught:
                await call(client)
            assert demo_key().api_key.reveal() not in str(caught.value)
            assert caught.value.__context__ is None

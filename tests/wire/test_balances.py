"""What the wallets hold, read over a real socket, with each call failing in turn."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.evidence import ambiguous, refusal
from tests.gate import Gate
from tests.waiting import LIMIT_S
from tests.wire.conftest import DemoServer
from tui.clock import ticks_ms
from tui.demo.faults import Cut, Fault, Reply
from tui.demo.keys import demo_key
from tui.demo.person import PRICES_IN_BTC
from tui.desk.balances import BalanceReader
from tui.domain.balances import Account, Balances, Holdings, Restriction
from tui.domain.transfer import TransferRequest
from tui.domain.wallets import TransferType, Wallet
from tui.exchange.balances import wallet_source
from tui.exchange.client import BinanceClient
from tui.exchange.errors import OutcomeUnknown, Refused
from tui.exchange.payloads import ReadCall
from tui.screens.palette import CURRENCIES
from tui.structs import replace

GLANCE = "GET /sapi/v1/asset/wallet/balance"
OWN_CALLS = {
    Wallet.SPOT: "POST /sapi/v3/asset/getUserAsset",
    Wallet.FUNDING: "POST /sapi/v1/asset/get-funding-asset",
    Wallet.CROSS: "GET /sapi/v1/margin/account",
    Wallet.ISOLATED: "GET /sapi/v1/margin/isolated/account",
    Wallet.UM: "GET /fapi/v3/balance",
    Wallet.CM: "GET /dapi/v1/balance",
    Wallet.OPTIONS: "GET /eapi/v1/marginAccount",
    Wallet.PORTFOLIO: "GET /papi/v1/balance",
}
TIME_OUT = "time-out"
FAILURES: dict[str, dict[str, object]] = {
    "error": {"answer": Reply(500, b"oops")},
    "garbage": {"answer": Reply(200, b'{"this": "is not it"')},
    "not-permitted": {"answer": Reply(401, b'{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}')},
    "not-open": {"answer": Reply(400, b'{"code":-3003,"msg":"Margin account does not exist."}')},
    "cut": {"answer": Cut.RESET},
    TIME_OUT: {"after": 30},
}
MOVABLE = {
    Wallet.SPOT: "1250.00",
    Wallet.FUNDING: "80.00",
    Wallet.CROSS: "10.00",
    Wallet.UM: "300.00",
    Wallet.OPTIONS: "60.00",
    Wallet.PORTFOLIO: "100.00",
}
"""Of USDT, as each wallet's list tells it; COIN-M's does not list it."""


@pytest.fixture
async def client(server: DemoServer) -> AsyncIterator[BinanceClient]:
    async with BinanceClient(server.base_url, demo_key()) as client:
        yield client


@pytest.fixture
def readings(client: BinanceClient) -> BalanceReader:
    return BalanceReader(client, patience_s=LIMIT_S)


@pytest.fixture
def failing(client: BinanceClient, server: DemoServer, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Makes a call fail. The patience with one that hangs ends as soon as the exchange has got it: not with the others,
    which are as late on a busy machine.
    """
    read = client.read

    def fail(call: str, failure: str) -> None:
        gate = Gate() if failure == TIME_OUT else None
        server.exchange.faults.append(_fails(call, **(FAILURES[failure] | ({"before": gate} if gate else {}))))

        async def impatient(asked: ReadCall[Any]) -> Any:
            if gate is None or f"{asked.method} {asked.path}" != call:
                return await read(asked)
            hanging = asyncio.ensure_future(read(asked))
            await asyncio.to_thread(gate.reached.wait, LIMIT_S)
            hanging.cancel()
            raise TimeoutError

        monkeypatch.setattr(client, "read", impatient)

    return fail


async def _read(readings: BalanceReader) -> Balances:
    async for _ in readings.read_all():
        pass
    return readings.balances


def _fails(call: str, **how: object) -> Fault:
    method, path = call.split()
    return Fault(method=method, path=path, times=None, executes=False, **({"answer": Reply()} | how))  # type: ignore[arg-type]


def _usdt(balances: Balances, wallet: Wallet) -> Decimal | None:
    figure = balances.figure(Account(wallet), "USDT")
    return figure.amount if figure else None


def _assert_right(balances: Balances, wallets: set[Wallet]) -> None:
    for wallet in wallets & MOVABLE.keys():
        assert _usdt(balances, wallet) == Decimal(MOVABLE[wallet]), wallet
    if Wallet.ISOLATED in wallets:
        assert set(balances.wallets[Wallet.ISOLATED].pairs) == {"BTCUSDT", "ETHUSDT"}
    assert all(not balances.wallets[wallet].problem and balances.wallets[wallet].is_open for wallet in wallets)


async def test_all_wallets_are_read(readings: BalanceReader) -> None:
    balances = await _read(readings)
    _assert_right(balances, set(Wallet))
    assert len(balances.pairs) > 100


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("wallet", Wallet, ids=lambda wallet: wallet.value)
async def test_a_failing_wallet_leaves_the_others_right_and_transfers_possible(
    readings: BalanceReader,
    client: BinanceClient,
    server: DemoServer,
    failing: Callable[[str, str], None],
    wallet: Wallet,
    failure: str,
) -> None:
    failing(OWN_CALLS[wallet], failure)
    if wallet in (Wallet.SPOT, Wallet.FUNDING, Wallet.CROSS):  # the glance would do for them
        server.exchange.faults.append(_fails(GLANCE, **FAILURES["error"]))
    balances = await _read(readings)
    _assert_right(balances, set(Wallet) - {wallet})
    failed = balances.wallets[wallet]
    if wallet in (Wallet.UM, Wallet.CM, Wallet.OPTIONS):  # the glance still tells what is free, and no more
        assert failed.assets
        assert not failed.is_transferable
    elif failure == "not-open" and wallet in (Wallet.CROSS, Wallet.ISOLATED):
        assert not failed.is_open
    else:
        assert failed.problem
        assert failed.read_ms is None
    request = TransferRequest(TransferType.FUNDING_MAIN, "USDT", Decimal(1))
    assert await client.transfer(request, server.exchange.server_ms())


@pytest.mark.parametrize("failure", FAILURES)
async def test_without_the_glance_every_wallet_is_right_by_its_own_call(
    readings: BalanceReader, failing: Callable[[str, str], None], failure: str
) -> None:
    failing(GLANCE, failure)
    _assert_right(await _read(readings), set(Wallet))


async def test_a_wallet_that_the_glance_calls_inactive_is_not_open(readings: BalanceReader, server: DemoServer) -> None:
    body = b'[{"activate": false, "balance": "0", "walletName": "Options"}, {"activate": true, "walletName": "Spot"}]'
    server.exchange.faults += [
        _fails(GLANCE, answer=Reply(body=body)),
        _fails(OWN_CALLS[Wallet.OPTIONS], answer=Cut.CLOSE),
    ]
    balances = await _read(readings)
    assert not balances.wallets[Wallet.OPTIONS].is_open
    assert balances.wallets[Wallet.SPOT].is_open


async def test_what_does_not_answer_within_the_patience_is_not_read_and_says_so(
    client: BinanceClient, server: DemoServer
) -> None:
    server.exchange.faults += [_fails(call, **FAILURES[TIME_OUT]) for call in (GLANCE, *OWN_CALLS.values())]
    balances = await _read(BalanceReader(client, patience_s=0.05))
    assert {holdings.problem for holdings in balances.wallets.values()} == {
        "The answer was not complete within 0.05 s."
    }


async def test_a_hanging_wallet_keeps_no_other_waiting(readings: BalanceReader, server: DemoServer) -> None:
    gate = Gate()
    server.exchange.faults.append(_fails(OWN_CALLS[Wallet.PORTFOLIO], before=gate))
    reading = readings.read_all()
    assert isinstance(reading, AsyncGenerator)
    try:
        seven = set(Wallet) - {Wallet.PORTFOLIO}
        async for balances in reading:
            if all(balances.wallets[wallet].read_ms is not None for wallet in seven):
                break
        assert readings.balances.wallets[Wallet.PORTFOLIO] == Holdings()
    finally:
        gate.open()
        await reading.aclose()


async def test_wallets_are_read_when_this_machines_clock_is_off(readings: BalanceReader, server: DemoServer) -> None:
    server.exchange.clock_offset_ms = -3_600_000
    _assert_right(await _read(readings), set(Wallet))


async def test_what_can_be_moved_is_less_than_what_is_free(readings: BalanceReader) -> None:
    await _read(readings)
    for place, asset, free, transferable in (
        (Account(Wallet.CROSS), "USDC", "60.00", "15.00"),
        (Account(Wallet.ISOLATED, "BTCUSDT"), "USDT", "200.00", "119.97530865"),
        (Account(Wallet.PORTFOLIO), "USDT", "100.00", "60.00"),
    ):
        figure = readings.balances.figure(place, asset)
        assert figure is not None
        assert (figure.amount, figure.is_transferable) == (Decimal(free), False)
        figure = (await readings.read_transferable(place, asset)).figure(place, asset)
        assert figure is not None
        assert (figure.amount, figure.is_transferable) == (Decimal(transferable), True)


async def test_too_many_requests_are_followed_by_silence_until_retry_after(
    readings: BalanceReader, server: DemoServer
) -> None:
    await _read(readings)
    refusal = Reply(429, b'{"code":-1003,"msg":"Too many requests."}', {"Retry-After": "30"})
    server.exchange.faults.append(_fails(GLANCE, answer=refusal))
    await _read(readings)
    assert 28 <= readings.wait_s <= 30
    server.exchange.faults.clear()
    before = readings.balances
    assert await _read(readings) is before
    assert await readings.read_transferable(Account(Wallet.CROSS), "USDT") is before
    assert _usdt(before, Wallet.SPOT) == Decimal("1250.00")
    assert not before.is_fresh(Wallet.SPOT, ticks_ms())


async def test_only_what_is_old_is_read_again_for_a_review(readings: BalanceReader, server: DemoServer) -> None:
    await _read(readings)
    ends = Account(Wallet.SPOT), Account(Wallet.FUNDING)
    before = readings.balances
    assert await readings.freshen(ends, "USDT") is before
    old = replace(before.wallets[Wallet.SPOT], read_ms=ticks_ms() - 61_000)
    readings.balances = replace(before, wallets={**before.wallets, Wallet.SPOT: old})
    after = await readings.freshen(ends, "USDT")
    assert after.is_fresh(Wallet.SPOT, ticks_ms())
    assert after.wallets[Wallet.FUNDING] is before.wallets[Wallet.FUNDING]


async def test_a_key_without_permission_for_a_wallet_sees_the_rest(readings: BalanceReader, server: DemoServer) -> None:
    server.exchange.faults.append(_fails(OWN_CALLS[Wallet.PORTFOLIO], **FAILURES["not-permitted"]))
    balances = await _read(readings)
    assert "permission" in balances.wallets[Wallet.PORTFOLIO].problem
    assert balances.wallets[Wallet.PORTFOLIO].is_open


PRICE = "GET /api/v3/ticker/price"


async def test_assets_are_valued_in_usdt_with_the_time_of_the_price(readings: BalanceReader) -> None:
    before_ms = ticks_ms()
    balances = await _read(readings)
    assert balances.rate is not None
    assert balances.rate.read_ms >= before_ms
    assert balances.priced_ms is not None
    assert balances.unit == "USDT"
    assert round(balances.worth("BTC", Decimal(2)) or 0) == 210_526
    assert balances.worth("USDT", Decimal("12.5")) == Decimal("12.5")


@pytest.mark.parametrize(
    "answer",
    [
        Reply(500, b"oops"),
        Reply(body=b'{"symbol":"ETHUSDT","price":"3800"}'),
        Reply(body=b'{"symbol":"BTCUSDT","price":"0"}'),
        Reply(body=b'{"symbol":"BTCUSDT","price":"-1"}'),
        Reply(body=b'{"symbol":"BTCUSDT"}'),
        Reply(body=b'[{"symbol":"BTCUSDT","price":"94000"}]'),
    ],
)
async def test_without_a_price_that_can_be_read_assets_are_valued_in_btc(
    readings: BalanceReader, server: DemoServer, answer: Reply
) -> None:
    server.exchange.faults.append(_fails(PRICE, answer=answer))
    balances = await _read(readings)
    _assert_right(balances, set(Wallet))
    assert balances.unit == "BTC"
    assert balances.worth("BTC", Decimal(2)) == 2


async def test_a_price_that_cannot_be_read_again_stays_with_its_time(
    readings: BalanceReader, server: DemoServer
) -> None:
    first = (await _read(readings)).rate
    server.exchange.faults.append(_fails(PRICE, answer=Reply(500, b"oops")))
    assert (await _read(readings)).rate == first


@pytest.mark.parametrize("currency", CURRENCIES)
async def test_assets_are_valued_in_any_currency_that_the_exchange_prices(
    readings: BalanceReader, currency: str
) -> None:
    readings.currency = currency
    balances = await _read(readings)
    assert balances.unit == currency
    expected = 1 / PRICES_IN_BTC[currency]
    assert abs((balances.worth("BTC", Decimal(1)) or 0) / expected - 1) < Decimal("0.001")


async def test_a_currency_without_a_price_leaves_worth_in_btc(readings: BalanceReader, server: DemoServer) -> None:
    assert (await _read(readings)).unit == "USDT"
    for currency, answer in (("XYZ", None), ("EUR", Reply(500, b"oops"))):
        if answer:
            server.exchange.faults.append(_fails(PRICE, answer=answer))
        readings.currency = currency
        await readings.read_rate()
        assert readings.balances.unit == "BTC"


_ESCAPE = r"BTC\u001b]52;c;cm0gLXJm\u0007"


async def test_what_has_no_name_is_not_offered(readings: BalanceReader, server: DemoServer) -> None:
    """A pair or an asset whose name a terminal would obey, or that nobody could type, is left out; others stay."""
    pairs = f"""[{{"base":"BTC","quote":"USDT","symbol":"{_ESCAPE}"}},
        {{"base":"{_ESCAPE}","quote":"USDT","symbol":"XUSDT"}},
        {{"base":"BTC","quote":"USDT","symbol":""}},{{"base":"币安人生","quote":"USDT","symbol":"币安人生USDT"}}]"""
    assets = f"""[{{"asset":"{_ESCAPE}","free":"1"}},{{"asset":"US DT","free":"1"}},{{"asset":"{"A" * 50}","free":"1"}},
        {{"asset":"币安人生","free":"2"}}]"""
    account = f"""{{"assets":[{{"symbol":"{_ESCAPE}","enabled":true,"baseAsset":{{"asset":"BTC","free":"1"}},
        "quoteAsset":{{"asset":"USDT","free":"1"}}}}]}}"""
    server.exchange.faults += [
        _fails("GET /sapi/v1/margin/isolated/allPairs", answer=Reply(body=pairs.encode())),
        _fails(OWN_CALLS[Wallet.SPOT], answer=Reply(body=assets.encode())),
        _fails(OWN_CALLS[Wallet.ISOLATED], answer=Reply(body=account.encode())),
        _fails(GLANCE, answer=Cut.CLOSE),
    ]
    balances = await _read(readings)
    assert list(balances.pairs) == ["币安人生USDT"]
    assert not balances.has_all_pairs
    assert balances.wallets[Wallet.SPOT].assets == {"币安人生": Decimal(2)}
    assert _usdt(balances, Wallet.SPOT) is None  # any of the rows may be its
    isolated = balances.wallets[Wallet.ISOLATED]
    assert (isolated.pairs, isolated.is_open, isolated.is_whole) == ({}, True, False)


@pytest.mark.parametrize("free", ["NaN", "sNaN", "Infinity", "1E+3000000", "", "1_000", "9" * 5000])
async def test_wallet_with_an_amount_that_is_none_is_not_read(
    readings: BalanceReader, server: DemoServer, free: str
) -> None:
    """Left out, the asset would look as if there were none of it."""
    body = f'[{{"asset":"USDT","free":"{free}"}},{{"asset":"BTC","free":"1"}}]'.encode()
    server.exchange.faults += [
        _fails(OWN_CALLS[Wallet.SPOT], answer=Reply(body=body)),
        _fails(GLANCE, answer=Cut.CLOSE),
    ]
    balances = await _read(readings)
    assert "cannot be read" in balances.wallets[Wallet.SPOT].problem
    _assert_right(balances, set(Wallet) - {Wallet.SPOT, Wallet.UM, Wallet.CM, Wallet.OPTIONS})


_CROSS = '{"userAssets":[{"asset":"USDT","free":"1"}]%s}'
_OPTIONS = '{"asset":[{"asset":"USDT","available":"1"}]%s}'


@pytest.mark.parametrize(
    ("wallet", "answer", "flags", "restrictions"),
    [
        (Wallet.CROSS, _CROSS, "", set()),
        (Wallet.CROSS, _CROSS, ',"transferInEnabled":true,"transferOutEnabled":true', set()),
        (Wallet.CROSS, _CROSS, ',"transferInEnabled":false,"transferOutEnabled":true', {Restriction.TRANSFERS_IN}),
        (Wallet.CROSS, _CROSS, ',"transferInEnabled":true,"transferOutEnabled":false', {Restriction.TRANSFERS_OUT}),
        (Wallet.OPTIONS, _OPTIONS, "", set()),
        (Wallet.OPTIONS, _OPTIONS, ',"canDeposit":true,"canWithdraw":true,"reduceOnly":false', set()),
        (Wallet.OPTIONS, _OPTIONS, ',"canDeposit":false,"canWithdraw":false,"reduceOnly":true', set(Restriction)),
    ],
)
async def test_what_the_exchange_bars_a_wallet_from_is_read(
    readings: BalanceReader,
    server: DemoServer,
    wallet: Wallet,
    answer: str,
    flags: str,
    restrictions: set[Restriction],
) -> None:
    server.exchange.faults.append(_fails(OWN_CALLS[wallet], answer=Reply(body=(answer % flags).encode())))
    balances = await _read(readings)
    assert balances.wallets[wallet].restrictions == restrictions
    assert _usdt(balances, wallet) == 1


@pytest.mark.parametrize("flag", ["1", '"no"', "null", "[]"])
async def test_flag_that_is_none_is_not_taken_for_permission(
    readings: BalanceReader, server: DemoServer, flag: str
) -> None:
    body = (_CROSS % f',"transferOutEnabled":{flag}').encode()
    server.exchange.faults += [
        _fails(OWN_CALLS[Wallet.CROSS], answer=Reply(body=body)),
        _fails(GLANCE, answer=Cut.CLOSE),
    ]
    holdings = (await _read(readings)).wallets[Wallet.CROSS]
    assert "cannot be read" in holdings.problem if flag != "null" else holdings.restrictions == set()


_CLOSED_BY = {(Wallet.CROSS, -3003), (Wallet.ISOLATED, -3003), (Wallet.ISOLATED, -11001), (Wallet.PORTFOLIO, -21001)}


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("code", [-1000, -1102, -2015, -3003, -11001, -21001, -9000, -5012, -99999, 100001003])
@pytest.mark.parametrize("wallet", [Wallet.CROSS, Wallet.ISOLATED, Wallet.OPTIONS, Wallet.PORTFOLIO])
async def test_only_the_documented_refusal_for_its_account_says_that_a_wallet_was_never_opened(
    readings: BalanceReader, server: DemoServer, wallet: Wallet, code: int, status: int
) -> None:
    """With status 200 it is no refusal, and with 500 nothing is known."""
    answer = Reply(status, b'{"code":%d,"msg":"Something."}' % code)
    server.exchange.faults += [_fails(OWN_CALLS[wallet], answer=answer), _fails(GLANCE, **FAILURES["error"])]
    async for _ in readings.read_wallets([wallet]):
        pass
    holdings = readings.balances.wallets[wallet]
    is_closed = status == 400 and (wallet, code) in _CLOSED_BY
    assert holdings.is_open is not is_closed
    assert bool(holdings.problem) is not is_closed


async def test_another_code_near_it_closes_no_wallet_without_being_a_refusal() -> None:
    no_account = refusal(400, -21001, "Not a Portfolio Margin account.")
    assert not wallet_source(Wallet.PORTFOLIO).unread(Refused(no_account)).is_open
    assert wallet_source(Wallet.PORTFOLIO).unread(OutcomeUnknown(ambiguous(-21001, status=500))).problem
    assert wallet_source(Wallet.CROSS).unread(Refused(no_account)).problem

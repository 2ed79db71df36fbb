"""Whatever is missing, odd or contradicted in an answer is not read: never zero, never not open, never lacking."""

import copy
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import one_in
from tui.clock import ClockReading, ticks_ms
from tui.demo.exchange import DemoExchange
from tui.demo.keys import demo_key
from tui.desk.balances import BalanceReader
from tui.desk.keycheck import KeyCheck
from tui.domain.balances import Absent, Account, Balances, Holdings
from tui.domain.form import FormState
from tui.domain.holdings import all_holdings
from tui.domain.openness import Closure
from tui.domain.transfer import Draft
from tui.domain.wallets import TransferType, Wallet
from tui.exchange.client import BinanceClient
from tui.exchange.errors import ExchangeError
from tui.exchange.payloads import KEY_RESTRICTIONS
from tui.widgets.holdings_table import HoldingsTable
from tui.words.wallets import wallet_figures

GLANCE = "/sapi/v1/asset/wallet/balance"
OWN = {
    Wallet.SPOT: "/sapi/v3/asset/getUserAsset",
    Wallet.FUNDING: "/sapi/v1/asset/get-funding-asset",
    Wallet.CROSS: "/sapi/v1/margin/account",
    Wallet.ISOLATED: "/sapi/v1/margin/isolated/account",
    Wallet.UM: "/fapi/v3/balance",
    Wallet.CM: "/dapi/v1/balance",
    Wallet.OPTIONS: "/eapi/v1/marginAccount",
    Wallet.PORTFOLIO: "/papi/v1/balance",
}
PAIRS = "/sapi/v1/margin/isolated/allPairs"
ERROR: dict[str, Any] = {"code": -1000, "msg": "An unknown error occurred while processing the request."}
ODD: list[Any] = [None, "not it", "", "NaN", "-1", "1,250.00", 0, -1, 1.5, True, [], {}, [[]], ERROR]

Change = Callable[[Any], Any]
"""Makes another answer of a documented one."""


class Answers(httpx.AsyncBaseTransport):
    """The demo exchange, some of whose answers are changed on their way; None is a server error."""

    def __init__(self, changes: dict[str, Change | None]) -> None:
        self._exchange = httpx.ASGITransport(DemoExchange())
        self._changes = changes

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._exchange.handle_async_request(request)
        path = request.url.path
        if path not in self._changes:
            return answer
        change = self._changes[path]
        if change is None:
            return httpx.Response(500, content=b"oops")
        changed = change(json.loads(await answer.aread()))
        return httpx.Response(200, content=changed if isinstance(changed, bytes) else json.dumps(changed).encode())


def _client(changes: dict[str, Change | None]) -> BinanceClient:
    return BinanceClient("https://demo.invalid", demo_key(), transport=Answers(changes))


async def read(changes: dict[str, Change | None], *wallets: Wallet) -> Balances:
    """What is read of some wallets by their own calls, or of all."""
    async with _client(changes) as client:
        readings = BalanceReader(client)
        async for _ in readings.read_wallets(wallets) if wallets else readings.read_all():
            pass
        return readings.balances


def _places(answer: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    inside = answer.items() if isinstance(answer, dict) else enumerate(answer) if isinstance(answer, list) else ()
    for key, value in inside:
        yield from _places(value, (*path, key))


def _at(answer: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        answer = answer[key]
    return answer


@st.composite
def damages(draw: st.DrawFn, answer: Any) -> Any:
    """The answer with one thing wrong with it."""
    answer = copy.deepcopy(answer)
    path = draw(st.sampled_from(list(_places(answer))))
    if not path:
        return draw(st.sampled_from([value for value in ODD if not isinstance(value, bool)]))
    inside, key = _at(answer, path[:-1]), path[-1]
    match draw(st.sampled_from(["take away", "replace", "beside", "twice"])):
        case "take away" if isinstance(inside, dict):
            del inside[key]
        case "beside" if isinstance(inside[key], dict):
            inside[key].update(draw(st.sampled_from([ERROR, {"msg": ""}, {"status": "FAILED"}, {"success": False}])))
        case "twice" if isinstance(inside, list) and isinstance(inside[key], dict):
            twin = copy.deepcopy(inside[key])
            amounts = [name for name, value in twin.items() if name in _AMOUNTS and Decimal(value)]
            for name in amounts or []:
                twin[name] = "0"
            inside.insert(draw(st.sampled_from([0, len(inside)])), twin)
        case _:
            odd = [value for value in ODD if key != "asset" or value != "NaN"]  # which may well be an asset's name
            inside[key] = draw(st.sampled_from(odd))
    return answer


_AMOUNTS = {"free", "maxWithdrawAmount", "withdrawAvailable", "available", "crossMarginFree"}


def _says(balances: Balances, asset: str) -> dict[Account, Decimal | None]:
    accounts = [Account(wallet) for wallet in Wallet if wallet is not Wallet.ISOLATED]
    accounts += [Account(Wallet.ISOLATED, pair) for pair in ("BTCUSDT", "ETHUSDT")]
    figures = {account: balances.figure(account, asset) for account in accounts}
    return {account: figure.amount if figure else None for account, figure in figures.items()}


def assert_not_false(balances: Balances, truth: Balances) -> None:
    """What is known is true, what is not is not read, and nothing is said of it."""
    now_ms = ticks_ms()
    for asset in ("USDT", "BTC"):
        says, is_so = _says(balances, asset), _says(truth, asset)
        for account, amount in says.items():
            is_free = account.wallet in _FREE_TOO and (amount or not is_so[account])
            assert amount is None or amount == is_so[account] or is_free, (account, asset)
        for wallet, (text, _) in wallet_figures(balances, asset, "BTCUSDT", now_ms).items():
            account = Account(wallet, "BTCUSDT" if wallet is Wallet.ISOLATED else None)
            assert text != "not open"
            if says[account] is None:
                assert not text.startswith("0 "), (wallet, asset)
            for move in (move for move in TransferType if move.source is wallet):
                draft = Draft(move.source, move.destination, asset, "0.00000001", "BTCUSDT", "ETHUSDT")
                form, true_form = (FormState(draft, each, now_ms) for each in (balances, truth))
                problems, true_problems = form.problems, true_form.problems
                assert form.shortfall in (None, true_form.shortfall)
                closures, true_closures = (
                    [each for each in one.unopened if each.closure is not Closure.NOT_LISTED]
                    for one in (form, true_form)
                )
                assert all(each in true_closures for each in closures), closures
                is_none_held = wallet in _FREE_TOO and is_so[account] is None and says[account] == 0  # by the glance
                assert problems.keys() <= true_problems.keys() or is_none_held, problems
    for row in all_holdings(balances):
        whole = next(true for true in all_holdings(truth) if true.asset == row.asset)
        assert not row.is_whole or row.amounts.keys() == whole.amounts.keys(), row
    assert balances.prices.items() <= truth.prices.items()


_FREE_TOO = {Wallet.UM, Wallet.CM, Wallet.OPTIONS}
"""The glance says what is free in them, where their own call says nothing."""


def _changed(change: Callable[[Any], object]) -> Change:
    def changed(answer: Any) -> Any:
        change(answer)
        return answer

    return changed


async def _documented(path: str) -> Any:
    taken: list[Any] = []
    await read({GLANCE: None, path: _changed(taken.append)} if path != GLANCE else {path: _changed(taken.append)})
    return taken[0]


_EMPTY_IS_AN_ANSWER: list[Any] = [(path, []) for path in (OWN[Wallet.SPOT], OWN[Wallet.FUNDING], PAIRS)]
"""The first two list what is held: an empty list is an empty wallet."""


@one_in(1)
@given(data=st.data(), path=st.sampled_from([GLANCE, PAIRS, *OWN.values()]), is_alone=st.booleans())
async def test_one_thing_wrong_with_an_answer_makes_nothing_that_is_said_false(
    data: st.DataObject, path: str, *, is_alone: bool
) -> None:
    damaged = data.draw(damages(await _documented(path)))
    is_empty = isinstance(damaged, dict) and damaged.get("assets") == []  # no isolated accounts
    if (path, damaged) in _EMPTY_IS_AN_ANSWER or is_empty:
        return
    others: dict[str, Change | None] = {GLANCE: None} if is_alone and path != GLANCE else {}
    balances = await read({**others, path: lambda _: damaged})
    assert_not_false(balances, await read({}))


def _spot(glance: Any) -> Any:
    return next(row for row in glance if row["walletName"] == "Spot")


def _bare(glance: Any) -> Any:
    _spot(glance).update(activate=False, balance="0")
    del _spot(glance)["assetBalances"]
    return glance


def _usdt(rows: Any) -> Any:
    return next(row for row in rows if row["asset"] == "USDT")


GLANCES: dict[str, Change] = {
    "no row for Spot": lambda glance: [row for row in glance if row["walletName"] != "Spot"],
    "no assetBalances": _changed(lambda glance: _spot(glance).pop("assetBalances")),
    "nothing in them, but a worth": _changed(lambda glance: _spot(glance).update(assetBalances=[])),
    "nothing in them, and no worth": _changed(lambda glance: _spot(glance).update(assetBalances=[], balance=None)),
    "not activated, but not empty": _changed(lambda glance: _spot(glance).update(activate=False)),
    "not activated, and no worth": _changed(lambda glance: _spot(_bare(glance)).pop("balance")),
    "not activated, and an odd worth": _changed(lambda glance: _spot(_bare(glance)).update(balance="none")),
    "not activated, and a figure missing": _changed(
        lambda glance: _spot(_bare(glance)).update(assetBalances=[{"asset": "USDT", "free": "0"}])
    ),
    "no activate": _changed(lambda glance: _spot(glance).pop("activate")),
    "empty": lambda _: [],
    "no list": lambda _: {},
    "an error with 200": lambda _: ERROR,
    "an asset twice": _changed(
        lambda glance: _spot(glance)["assetBalances"].append(_usdt(_spot(glance)["assetBalances"]) | {"free": "9"})
    ),
    "a wallet twice": _changed(lambda glance: glance.append(_spot(glance) | {"activate": False, "assetBalances": []})),
    "a field twice": lambda glance: (
        json.dumps(glance).replace('"free": "1250.00"', '"free": "1250.00", "free": "0"').encode()
    ),
}


@pytest.mark.parametrize("glance", GLANCES)
async def test_glance_that_is_not_as_documented_leaves_spot_to_its_own_call(glance: str) -> None:
    balances = await read({GLANCE: GLANCES[glance]})
    assert wallet_figures(balances, "USDT", "", ticks_ms())[Wallet.SPOT][0].startswith("1,250.00")


@pytest.mark.parametrize("glance", GLANCES)
async def test_glance_that_is_not_as_documented_and_no_other_answer_is_not_read(glance: str) -> None:
    balances = await read({GLANCE: GLANCES[glance], OWN[Wallet.SPOT]: None})
    assert wallet_figures(balances, "USDT", "", ticks_ms())[Wallet.SPOT] == ("not read", False)
    state = FormState(Draft(Wallet.SPOT, Wallet.FUNDING, "USDT", "5"), balances, ticks_ms())
    assert state.obstacle is None
    (row,) = all_holdings(balances, "USDT")
    assert not row.is_whole


async def test_identical_rows_are_one() -> None:
    truth = await read({})
    twice = _changed(lambda glance: glance.append(copy.deepcopy(_spot(glance))))
    assets_twice = _changed(lambda rows: rows.extend(copy.deepcopy(rows)))
    assert _says(await read({GLANCE: twice}), "USDT") == _says(truth, "USDT")
    for wallet in (Wallet.UM, Wallet.SPOT):
        balances = await read({OWN[wallet]: assets_twice}, wallet)
        assert _says(balances, "USDT")[Account(wallet)] == _says(truth, "USDT")[Account(wallet)]


async def test_empty_wallet_is_one_where_the_exchange_lists_what_is_held() -> None:
    for wallet in (Wallet.SPOT, Wallet.FUNDING):
        balances = await read({OWN[wallet]: lambda _: []}, wallet)
        assert _says(balances, "USDT")[Account(wallet)] == 0
    nothing = _changed(lambda glance: _spot(glance).update(assetBalances=[], balance="0"))
    assert _says(await read({GLANCE: nothing}), "USDT")[Account(Wallet.SPOT)] == 0
    isolated = await read({OWN[Wallet.ISOLATED]: lambda _: {"assets": []}}, Wallet.ISOLATED)
    assert wallet_figures(isolated, "USDT", "", ticks_ms())[Wallet.ISOLATED][0] == "0 pairs"


@pytest.mark.parametrize("wallet", [Wallet.UM, Wallet.CM, Wallet.CROSS, Wallet.OPTIONS, Wallet.PORTFOLIO])
async def test_asset_without_a_row_in_a_list_of_all_assets_is_not_at_zero(wallet: Wallet) -> None:
    def without_usdt(answer: Any) -> Any:
        rows = answer if isinstance(answer, list) else answer["userAssets" if "userAssets" in answer else "asset"]
        rows[:] = [row for row in rows if row["asset"] != "USDT"] or [rows[0] | {"asset": "XYZ"}]
        return answer

    balances = await read({OWN[wallet]: without_usdt}, wallet)
    assert balances.wallets[wallet].read_ms is not None
    assert wallet_figures(balances, "USDT", "", ticks_ms())[wallet][0] == "not listed"
    assert _says(balances, "USDT")[Account(wallet)] is None


async def test_pair_without_a_name_may_be_any_that_is_not_listed() -> None:
    def unnamed(account: Any) -> None:
        account["assets"].append(account["assets"].pop(0) | {"symbol": "BTC USDT"})

    balances = await read({OWN[Wallet.ISOLATED]: _changed(unnamed)})
    assert wallet_figures(balances, "", "", ticks_ms())[Wallet.ISOLATED][0] == "1+ pairs"
    draft = Draft(Wallet.ISOLATED, Wallet.SPOT, "USDT", "1", "BTCUSDT")
    assert FormState(draft, balances, ticks_ms()).problems == {}
    assert not any(row.is_whole for row in all_holdings(balances, "USDT"))


async def test_negative_amount_is_neither_zero_nor_in_the_way_of_others() -> None:
    balances = await read(
        {OWN[Wallet.UM]: _changed(lambda rows: _usdt(rows).update(maxWithdrawAmount="-3"))}, Wallet.UM
    )
    assert wallet_figures(balances, "USDT", "", ticks_ms())[Wallet.UM] == ("not read", False)
    assert "+ assets" in wallet_figures(balances, "", "", ticks_ms())[Wallet.UM][0]
    assert balances.wallets[Wallet.UM].assets


@pytest.mark.parametrize("damage", [{"amount": "-1"}, {}, [], {"amount": None}, {"amount": "5"} | ERROR, {"amount": 5}])
async def test_what_can_be_moved_is_not_known_from_an_odd_answer(damage: Any) -> None:
    async with _client({"/sapi/v1/margin/maxTransferable": lambda _: damage}) as client:
        balances = await BalanceReader(client).read_transferable(Account(Wallet.CROSS), "USDT")
        assert not balances.transferable


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: (
            rows.remove(next(row for row in rows if row["symbol"] == "BTCUSDT"))
            or rows.append({"symbol": "x y", "base": "B", "quote": "U"})
        ),
        lambda rows: rows.append({"symbol": "BTCUSDT", "base": "ETH", "quote": "USDT"}),
        lambda rows: rows.clear(),
        lambda rows: rows[0].pop("base"),
    ],
)
async def test_pair_is_not_said_to_be_missing_by_a_list_that_is_not_whole(change: Callable[[Any], object]) -> None:
    balances = await read({PAIRS: _changed(change)})
    draft = Draft(Wallet.ISOLATED, Wallet.SPOT, "USDT", "1", "BTCUSDT")
    assert FormState(draft, balances, ticks_ms()).problems == {}


def test_total_says_that_a_wallet_is_not_in_it() -> None:
    read_ms = ticks_ms()
    whole = {wallet: Holdings(read_ms=read_ms) for wallet in Wallet}
    whole |= {Wallet.UM: Holdings({"USDT": Decimal(5980)}, read_ms=read_ms)}
    odd = {
        "failed": Holdings(problem="cut off"),
        "row without a name": Holdings(absent=Absent.NOT_READ, read_ms=read_ms),
        "odd amount": Holdings(unread=frozenset({"USDT"}), read_ms=read_ms),
    }
    assert _total(whole) == "5,980"
    for spot in odd.values():
        assert _total({**whole, Wallet.SPOT: spot}) == "5,980+"


def _total(wallets: dict[Wallet, Holdings]) -> str:
    table, balances = HoldingsTable(), Balances(wallets)
    table.show_balances(balances)
    return table.grid(80).columns[0].cells[0].strip()


FLAGS = ("ipRestrict", "enableReading", "permitsUniversalTransfer", "enableWithdrawals", "enableInternalTransfer")


async def _report(answer: Any) -> KeyCheck:
    async with _client({KEY_RESTRICTIONS.path: lambda _: answer}) as client:
        restrictions = await client.read(KEY_RESTRICTIONS)
    return KeyCheck(restrictions, ClockReading(0, 0, round_trip_ms=1, offset_ms=0), 5000)


@pytest.mark.parametrize("flag", FLAGS)
@pytest.mark.parametrize("is_null", [False, True])
async def test_permission_of_which_nothing_is_said_is_not_missing(flag: str, *, is_null: bool) -> None:
    answer: dict[str, Any] = dict.fromkeys(FLAGS, True) | ({flag: None} if is_null else {})
    if not is_null:
        del answer[flag]
    report = await _report(answer)
    assert report.missing_permission == ""
    assert not any("Reading is off" in warning or "no IP restriction" in warning for warning in report.warnings)
    assert report.is_good is (flag != "permitsUniversalTransfer")
    assert ("not known" in report.conclusion) is (flag == "permitsUniversalTransfer")


@pytest.mark.parametrize(
    "answer",
    [
        {},
        [],
        ERROR,
        None,
        "x",
        {"createTime": 1},
        {"permitsUniversalTransfer": False} | ERROR,
        {"permitsUniversalTransfer": "false"},
    ],
)
async def test_answer_that_is_none_about_permissions_says_nothing_of_them(answer: Any) -> None:
    with pytest.raises(ExchangeError):
        await _report(answer)


async def test_key_that_may_not_transfer_by_the_exchanges_word_lacks_it() -> None:
    assert "Permits Universal Transfer" in (await _report({"permitsUniversalTransfer": False})).missing_permission

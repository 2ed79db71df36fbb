"""The demo's earlier transfers: there when asked for, the same for everyone, and in nobody's way."""

import itertools
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.wire.signed import ask
from tui.demo.exchange import DemoExchange
from tui.demo.faults import TRANSFER_PATH
from tui.demo.person import EARLIER_COUNT, earlier_transfers, tran_id_at
from tui.domain.wallets import TransferType

NOW_MS = 1_795_521_600_123
DAY_MS = 24 * 60 * 60 * 1000


@pytest.fixture
def exchange() -> DemoExchange:
    return DemoExchange(earlier=EARLIER_COUNT, now_ms=lambda: NOW_MS)


@pytest.mark.parametrize("count", [1, EARLIER_COUNT, 10_000])
def test_earlier_transfers_are_of_all_types_over_six_months_and_none_is_near_today(count: int) -> None:
    transfers = earlier_transfers(count, NOW_MS)
    times = [transfer.time_ms for transfer in transfers]
    assert len(transfers) == len({transfer.tran_id for transfer in transfers}) == count
    assert times == sorted(times)
    assert times[0] >= NOW_MS - 183 * DAY_MS
    assert times[-1] < NOW_MS - 3 * 60 * 60 * 1000
    assert max(transfer.tran_id for transfer in transfers) < tran_id_at(time.time_ns() // 1_000_000)
    if count > 1:
        assert {transfer.request.type for transfer in transfers} == set(TransferType)
        assert times[0] < NOW_MS - 170 * DAY_MS
        assert {transfer.failed for transfer in transfers} == {True, False}


def test_no_earlier_transfers_are_none() -> None:
    assert earlier_transfers(0, NOW_MS) == []


def test_every_exchange_has_the_same_earlier_transfers() -> None:
    today, later = (
        {one.tran_id: one for one in earlier_transfers(EARLIER_COUNT, NOW_MS + days * DAY_MS)} for days in (0, 3)
    )
    both = today.keys() & later.keys()
    assert len(both) > EARLIER_COUNT - 12
    assert [today[tran_id] for tran_id in both] == [later[tran_id] for tran_id in both]


def _symbols(move: TransferType) -> Iterator[dict[str, str]]:
    pairs = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
    for first, second in itertools.product(
        pairs if move.needs_from_pair else (None,), pairs if move.needs_to_pair else (None,)
    ):
        yield {name: pair for name, pair in (("fromSymbol", first), ("toSymbol", second)) if pair}


async def _page(client: httpx.AsyncClient, **asked: object) -> Any:
    return (await ask(client, "", "GET", TRANSFER_PATH, timestamp=NOW_MS, **asked)).json()


def _calling(exchange: DemoExchange) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(exchange), base_url="http://demo")


async def test_pages_of_all_types_have_all_of_it_newest_first(exchange: DemoExchange) -> None:
    found: list[int] = []
    async with _calling(exchange) as client:
        for move in TransferType:
            for symbols in _symbols(move):
                rows: list[Any] = []
                for number in itertools.count(1):
                    page = await _page(
                        client, type=move.name, startTime=NOW_MS - 183 * DAY_MS, size=7, current=number, **symbols
                    )
                    rows += page["rows"]
                    if not page["rows"]:
                        break
                assert len(rows) == page["total"]
                assert [row["timestamp"] for row in rows] == sorted((row["timestamp"] for row in rows), reverse=True)
                found += (row["tranId"] for row in rows)
    assert sorted(found) == [transfer.tran_id for transfer in earlier_transfers(EARLIER_COUNT, NOW_MS)]
    assert exchange.ledger.transfers == []


async def test_earlier_transfers_of_isolated_margin_need_their_pair(exchange: DemoExchange) -> None:
    async with _calling(exchange) as client:
        assert (await _page(client, type="ISOLATEDMARGIN_MARGIN"))["code"] == -1102


async def test_exchange_has_no_earlier_transfers_unless_asked_for() -> None:
    async with _calling(DemoExchange(now_ms=lambda: NOW_MS)) as client:
        asked = {"type": "MAIN_FUNDING", "startTime": NOW_MS - 183 * DAY_MS}
        assert await _page(client, **asked) == {"total": 0, "rows": []}

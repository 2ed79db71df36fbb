"""The exchange's history read whole: what comes, what is asked for, and what is said of what did not come."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from tests.wire.conftest import Seat
from tui.demo.exchange import DemoExchange
from tui.demo.faults import TRANSFER_PATH, Edit, Fault, Reply
from tui.demo.history import Lag
from tui.demo.keys import demo_key
from tui.demo.person import EARLIER_COUNT
from tui.desk.history_reader import OVERLAP_MS, HistoryReader, open_history
from tui.domain.entries import Origin
from tui.domain.records import HistoryQuery, HistoryRow, Reading, Row, UnreadableRow
from tui.domain.search import Search
from tui.domain.transfer import TransferRequest
from tui.domain.wallets import TransferType, Wallet
from tui.exchange import history
from tui.exchange.client import BinanceClient
from tui.exchange.payloads import HISTORY_REACH_MS
from tui.history import HistoryCache
from tui.journal import Journal
from tui.structs import replace

HOST = "https://demo.invalid"
HOUR_MS = 60 * 60 * 1000
DAY_MS = 24 * HOUR_MS
_OPEN_PAIRS = {None, "BTCUSDT", "ETHUSDT"}


@dataclass
class Watched:
    """A demo exchange, and what it was asked."""

    exchange: DemoExchange = field(default_factory=lambda: DemoExchange(earlier=EARLIER_COUNT))
    asked: list[dict[str, str]] = field(default_factory=list)
    """The parameters of each reading of the history."""
    then: Callable[[], object] = lambda: None
    """Is called after each."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (scope["method"], scope["path"]) == ("GET", TRANSFER_PATH):
            self.asked.append(dict(parse_qsl(scope["query_string"].decode())))
        await self.exchange(scope, receive, send)
        if (scope["method"], scope["path"]) == ("GET", TRANSFER_PATH):
            self.then()

    def expected(self) -> set[int]:
        """The tranIds of the past that can be asked for: of the pairs that the account has."""
        now_ms = self.exchange.server_ms()
        return {
            one.tran_id
            for one in (*self.exchange.history.earlier(), *self.exchange.ledger.transfers)
            if {one.request.from_symbol, one.request.to_symbol} <= _OPEN_PAIRS
            and now_ms - HISTORY_REACH_MS <= one.time_ms <= now_ms
        }


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def watched() -> Watched:
    return Watched()


@pytest.fixture
def client(watched: Watched) -> BinanceClient:
    return BinanceClient(HOST, demo_key(), transport=httpx.ASGITransport(watched))


@pytest.fixture
def cache(tmp_path: Path) -> Callable[[], HistoryCache]:
    return lambda: HistoryCache(HOST, demo_key().fingerprint, tmp_path / "history.sqlite3")


async def _read(reader: HistoryReader) -> list[Row]:
    async for _ in reader.read():
        pass
    return reader.records


def _tran_ids(records: list[Row]) -> set[int | None]:
    return {record.tran_id for record in records}


async def test_reads_all_that_can_be_asked_for(client: BinanceClient, watched: Watched) -> None:
    reader = HistoryReader(client)
    records = await _read(reader)
    assert _tran_ids(records) == watched.expected()
    assert len(records) == len(watched.expected()) > EARLIER_COUNT - 60
    assert reader.unread == {}
    assert len(reader.notes) == 1
    assert reader.notes[0].startswith("Isolated Margin was asked for BTCUSDT, ETHUSDT: what the account or")
    assert {asked["type"] for asked in watched.asked} == {move.name for move in TransferType}
    of_pairs = [one for one in records if isinstance(one, HistoryRow) and one.type == "ISOLATEDMARGIN_ISOLATEDMARGIN"]
    assert {(one.from_symbol, one.to_symbol) for one in of_pairs} == {(None, None)}  # which the exchange did not say
    asked = {stream for one in of_pairs for stream in reader.questions[one.tran_id]}
    assert {(one.from_symbol, one.to_symbol) for one in asked} == {("BTCUSDT", "ETHUSDT"), ("ETHUSDT", "BTCUSDT")}


async def test_progress_is_told_from_the_first_to_the_last(client: BinanceClient) -> None:
    told = [reading async for reading in HistoryReader(client).read()]
    assert not told[0].is_over
    assert told[-1].is_over
    assert told[-1] == Reading(38, 38)  # 28 types without pairs, 4 of two pairs, and between the two
    answered = [reading.answered for reading in told]
    assert answered == sorted(answered)


async def test_pair_of_the_journal_is_asked_for_too(client: BinanceClient, watched: Watched) -> None:
    reader = HistoryReader(client, pairs=["SOLUSDT"])
    of_all = {one.tran_id for one in watched.exchange.history.earlier()}
    assert _tran_ids(await _read(reader)) == of_all
    assert "SOLUSDT, BTCUSDT, ETHUSDT" in reader.notes[0]


async def test_only_some_types_are_asked_for(client: BinanceClient, watched: Watched) -> None:
    reader = HistoryReader(client, moves=[TransferType.MAIN_FUNDING])
    assert await _read(reader)
    assert [asked["type"] for asked in watched.asked] == ["MAIN_FUNDING"]
    assert reader.notes == []


async def test_second_look_asks_for_the_last_day_and_keeps_the_rest(
    client: BinanceClient, watched: Watched, cache: Callable[[], HistoryCache]
) -> None:
    first = await _read(HistoryReader(client, cache()))
    watched.asked.clear()
    request = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(3))
    new = watched.exchange.ledger.transfer(request, watched.exchange.server_ms())
    second = await _read(HistoryReader(client, cache()))
    assert _tran_ids(second) == _tran_ids(first) | {new.tran_id}
    assert len(second) == len(first) + 1
    assert len(watched.asked) == 38
    since = [watched.exchange.server_ms() - int(asked["startTime"]) for asked in watched.asked]
    assert all(OVERLAP_MS <= ms < OVERLAP_MS + 60_000 for ms in since)


async def test_what_was_kept_is_there_before_anything_is_asked(
    client: BinanceClient, watched: Watched, cache: Callable[[], HistoryCache]
) -> None:
    first = await _read(HistoryReader(client, cache()))
    watched.asked.clear()
    reader = HistoryReader(client, cache())
    async with aclosing(reader.read()) as reading:
        await anext(reading)
        assert watched.asked == []
        assert set(reader.records) == set(first)


async def test_another_key_or_host_has_records_of_its_own(
    client: BinanceClient, cache: Callable[[], HistoryCache], tmp_path: Path
) -> None:
    await _read(HistoryReader(client, cache()))
    path = tmp_path / "history.sqlite3"
    assert HistoryCache("https://other", demo_key().fingerprint, path).read() == ({}, {})
    assert HistoryCache(HOST, "other", path).read() == ({}, {})


async def test_status_that_changes_is_brought_up_to_date_and_stands_once(
    client: BinanceClient, watched: Watched, cache: Callable[[], HistoryCache]
) -> None:
    watched.exchange.history.pending = Lag(seconds=10**9)
    first = await _read(HistoryReader(client, cache()))
    assert {record.status for record in first} == {"PENDING"}
    watched.exchange.history.pending = Lag()
    second = await _read(HistoryReader(client, cache()))
    assert {record.status for record in second} == {"CONFIRMED", "FAILED"}
    assert len(second) == len(first)


async def test_leaving_ends_every_call_and_the_next_look_reads_the_rest(
    client: BinanceClient, watched: Watched, cache: Callable[[], HistoryCache]
) -> None:
    before = asyncio.all_tasks()
    async with aclosing(HistoryReader(client, cache()).read()) as reading:
        async for progress in reading:
            if progress.answered:
                break
    assert asyncio.all_tasks() == before
    assert _tran_ids(await _read(HistoryReader(client, cache()))) == watched.expected()


async def test_span_until_a_time_that_has_not_come_is_not_believed(
    client: BinanceClient, watched: Watched, cache: Callable[[], HistoryCache]
) -> None:
    later_ms = watched.exchange.server_ms() + 400 * DAY_MS
    move = TransferType.MAIN_FUNDING
    cache().replace(HistoryQuery(move), [], start_ms=0, until_ms=later_ms, is_all=True)
    records = await _read(HistoryReader(client, cache(), moves=[move]))
    assert len(records) > 10
    assert set(records) == set(await _read(HistoryReader(client, moves=[move])))


@pytest.mark.parametrize("rows", [1, 7])
async def test_fewer_rows_a_page_than_asked_for(client: BinanceClient, watched: Watched, rows: int) -> None:
    watched.exchange.history.most_rows = rows
    reader = HistoryReader(client)
    assert _tran_ids(await _read(reader)) == watched.expected()
    assert reader.unread == {}


async def test_rows_that_are_on_two_pages_are_there_once(client: BinanceClient, watched: Watched) -> None:
    watched.exchange.history.most_rows = 5
    watched.exchange.history.page_shift = -2
    reader = HistoryReader(client)
    records = await _read(reader)
    assert _tran_ids(records) == watched.expected()
    assert len(records) == len(watched.expected())
    assert reader.unread == {}


async def test_rows_between_the_pages_are_told_of_and_the_others_shown(
    client: BinanceClient, watched: Watched, cache: Callable[[], HistoryCache]
) -> None:
    watched.exchange.history.most_rows = 5
    watched.exchange.history.page_shift = 2
    reader = HistoryReader(client, cache())
    records = await _read(reader)
    assert len(records) > 200
    assert _tran_ids(records) < watched.expected()
    assert reader.unread
    assert all("arrived incomplete: it announces" in why for why in reader.unread.values())
    watched.exchange.history.page_shift = 0
    assert _tran_ids(await _read(HistoryReader(client, cache()))) == watched.expected()  # it was not taken for whole


@pytest.mark.parametrize("error", [-1, 1])
async def test_total_that_is_not_right_is_told_of(client: BinanceClient, watched: Watched, error: int) -> None:
    watched.exchange.history.total_error = error
    reader = HistoryReader(client, moves=[TransferType.MAIN_FUNDING])
    records = await _read(reader)
    assert len(records) > 10
    assert len(reader.unread) == 1


@pytest.mark.parametrize(
    ("edit", "shown"),
    [
        (Edit("type", '"MAIN_MOON"'), lambda row: row.type == "MAIN_MOON"),
        (Edit("status", '"REFUNDED"'), lambda row: row.status == "REFUNDED"),
        (Edit("asset", '"币安人生"'), lambda row: row.asset == "币安人生"),
        (Edit("amount", '"1e1"'), lambda row: row.amount == 10),
        (Edit("amount", '"1,000.5"'), lambda row: isinstance(row, UnreadableRow) and '"1,000.5"' in row.text),
        (Edit("amount", "12.5"), lambda row: isinstance(row, UnreadableRow) and '"amount":12.5' in row.text),
        (Edit("tranId", '"abc"'), lambda row: isinstance(row, UnreadableRow) and '"abc"' in row.text),
        (Edit("timestamp", ""), lambda row: isinstance(row, UnreadableRow) and row.timestamp is None),
    ],
)
async def test_what_is_not_known_is_shown_as_it_is_also_from_the_cache(
    client: BinanceClient,
    watched: Watched,
    cache: Callable[[], HistoryCache],
    edit: Edit,
    shown: Callable[[Row], bool],
) -> None:
    watched.exchange.history.edits = [(edit, None)]
    records = await _read(HistoryReader(client, cache(), moves=[TransferType.MAIN_FUNDING]))
    assert len(records) > 10
    assert all(map(shown, records))
    again = await _read(HistoryReader(client, cache(), moves=[TransferType.MAIN_FUNDING]))
    assert set(again) == set(records)


async def test_waits_as_long_as_the_exchange_asks_to(client: BinanceClient, watched: Watched) -> None:
    limited = Reply(429, b'{"code":-1003,"msg":"Too many requests."}', {"retry-after": "1"})
    watched.exchange.faults.append(Fault(executes=False, answer=limited, method="GET", path=TRANSFER_PATH, times=3))
    reader = HistoryReader(client)
    waits = [reading.wait_s async for reading in reader.read()]
    assert max(waits) == 1
    assert _tran_ids(reader.records) == watched.expected()
    assert reader.unread == {}


async def test_ban_is_told_of_and_nothing_is_asked_meanwhile(client: BinanceClient, watched: Watched) -> None:
    banned = Reply(418, b"", {"retry-after": "7200"})
    watched.exchange.faults.append(Fault(executes=False, answer=banned, method="GET", path=TRANSFER_PATH, times=None))
    reader = HistoryReader(client)
    assert await _read(reader) == []
    assert len(reader.unread) == len({*reader.unread}) >= 28
    assert "The exchange asks for a pause of 7200 s." in reader.unread.values()
    assert len(watched.asked) <= len(reader.unread)


async def test_refusal_of_one_type_ends_no_other(client: BinanceClient, watched: Watched) -> None:
    refused = Reply(400, b'{"code":-1002,"msg":"You are not authorized."}')
    watched.exchange.faults.append(Fault(executes=False, answer=refused, method="GET", path=TRANSFER_PATH))
    reader = HistoryReader(client)
    assert len(await _read(reader)) > 300
    (why,) = reader.unread.values()
    assert why.startswith("You are not authorized (-1002).")


async def test_isolated_accounts_that_cannot_be_read_are_told_of(client: BinanceClient, watched: Watched) -> None:
    path = "/sapi/v1/margin/isolated/account"
    watched.exchange.faults.append(
        Fault(executes=False, answer=Reply(400, b'{"code":-2015,"msg":"No."}'), method="GET", path=path)
    )
    reader = HistoryReader(client)
    assert len(await _read(reader)) > 300
    assert reader.notes[0].startswith("Which isolated accounts there are could not be read: No (-2015).")
    assert reader.notes[1].startswith("Isolated Margin was asked for no pair")


@pytest.mark.parametrize("hours", [1 / 60, 4, -4, 5 * 24, -5 * 24])
async def test_span_is_of_the_exchanges_time_however_wrong_this_machines_clock_is(
    client: BinanceClient, watched: Watched, cache: Callable[[], HistoryCache], hours: float
) -> None:
    watched.exchange.clock_offset_ms = int(hours * HOUR_MS)
    request = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(3))
    new = watched.exchange.ledger.transfer(request, watched.exchange.server_ms())
    reader = HistoryReader(client, cache())
    assert _tran_ids(await _read(reader)) == watched.expected()
    assert new.tran_id in watched.expected()
    assert reader.unread == {}
    now_ms = watched.exchange.server_ms()
    assert reader.covered_ms
    assert all(until_ms <= now_ms for until_ms in (*cache().read()[1].values(), reader.covered_ms[1]))
    assert all(int(asked["endTime"]) < now_ms + 60_000 for asked in watched.asked)


async def test_without_the_exchanges_time_nothing_is_asked_and_nothing_is_said_to_be_read(
    client: BinanceClient, watched: Watched, cache: Callable[[], HistoryCache]
) -> None:
    failed = Reply(400, b'{"code":-1000,"msg":"No time."}')
    watched.exchange.faults.append(Fault(executes=False, answer=failed, method="GET", path="/api/v3/time", times=None))
    reader = HistoryReader(client, cache(), pairs=["BTCUSDT", "ETHUSDT"])
    assert await _read(reader) == []
    assert (watched.asked, reader.whole, reader.covered_ms) == ([], set(), None)
    assert {query.type for query in reader.unread} == set(TransferType)
    assert cache().read() == ({}, {})
    (line,) = reader.missing
    assert line.startswith(
        "Nothing of the exchange's history could be read: The exchange's time could not be measured."
    )


@pytest.mark.parametrize("ahead_ms", [60_000, 5 * DAY_MS])
async def test_span_that_was_kept_under_a_wrong_clock_is_read_again(
    client: BinanceClient, watched: Watched, cache: Callable[[], HistoryCache], ahead_ms: int
) -> None:
    now_ms = watched.exchange.server_ms()
    for move in TransferType:
        stream = HistoryQuery(
            move, *("BTCUSDT" if needs else None for needs in (move.needs_from_pair, move.needs_to_pair))
        )
        cache().replace(stream, [], start_ms=now_ms, until_ms=now_ms + ahead_ms, is_all=True)
    assert _tran_ids(await _read(HistoryReader(client, cache()))) == watched.expected()


@pytest.mark.parametrize("jump_ms", [400_000, -400_000, 3 * DAY_MS])
async def test_time_that_jumps_while_it_is_read_leaves_nothing_out(
    client: BinanceClient, watched: Watched, cache: Callable[[], HistoryCache], jump_ms: int
) -> None:
    request = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(3))

    def jump() -> None:
        if len(watched.asked) == 5 and watched.exchange.clock_offset_ms == 0:
            watched.exchange.clock_offset_ms = jump_ms
            watched.exchange.ledger.transfer(request, watched.exchange.server_ms() - 20_000)

    watched.then = jump
    reader = HistoryReader(client, cache())
    await _read(reader)
    assert len(watched.exchange.ledger.transfers) == 1
    assert _tran_ids(await _read(HistoryReader(client, cache()))) >= watched.expected()


async def test_read_afresh_it_is_what_the_exchange_says_now(
    client: BinanceClient, watched: Watched, cache: Callable[[], HistoryCache]
) -> None:
    ledger, now_ms = watched.exchange.ledger, watched.exchange.server_ms()
    request = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(3))
    failed, gone = (ledger.transfer(request, now_ms - 5 * DAY_MS) for _ in range(2))
    before = await _read(HistoryReader(client, cache()))
    ledger.transfers[:] = [replace(failed, failed=True)]

    def statuses(records: list[Row]) -> set[str | None]:
        return {record.status for record in records if record.tran_id in (failed.tran_id, gone.tran_id)}

    assert statuses(before) == {"CONFIRMED"}
    assert statuses(await _read(HistoryReader(client, cache()))) == {"CONFIRMED"}  # read five days ago
    afresh = await _read(HistoryReader(client, cache(), is_afresh=True))
    assert statuses(afresh) == {"FAILED"}
    assert _tran_ids(afresh) == watched.expected()
    assert statuses(await _read(HistoryReader(client, cache()))) == {"FAILED"}


async def test_record_that_comes_whatever_pair_is_asked_for_is_one_and_names_none(
    client: BinanceClient, watched: Watched
) -> None:
    history = watched.exchange.history
    filtered = history._records

    def of_any_pair(
        move: TransferType, symbols: tuple[str | None, str | None], times: range, now_ms: int
    ) -> list[object]:
        if move is not TransferType.MAIN_ISOLATED_MARGIN:
            return filtered(move, symbols, times, now_ms)
        return [row for pair in ("BTCUSDT", "ETHUSDT") for row in filtered(move, (None, pair), times, now_ms)]

    history._records = of_any_pair  # type: ignore[method-assign]
    reader = HistoryReader(client)
    records = await _read(reader)
    assert len(records) == len(_tran_ids(records))
    of_type = [one for one in records if isinstance(one, HistoryRow) and one.type == "MAIN_ISOLATED_MARGIN"]
    assert {one.to_symbol for one in of_type} == {None}
    assert {len(reader.questions[one.tran_id]) for one in of_type} == {2}
    assert reader.unread == {}


async def test_tran_id_of_two_records_makes_its_question_not_read_and_is_one_record(
    client: BinanceClient, watched: Watched
) -> None:
    now_ms = watched.exchange.server_ms()
    for amount in (3, 4):
        request = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(amount))
        watched.exchange.ledger.transfer(request, now_ms - DAY_MS)
    one, other = watched.exchange.ledger.transfers
    watched.exchange.ledger.transfers[:] = [one, replace(other, tran_id=one.tran_id)]
    reader = HistoryReader(client)
    records = await _read(reader)
    (record,) = (record for record in records if record.tran_id == one.tran_id)
    assert isinstance(record, UnreadableRow)
    assert (record.amount, record.asset) == (None, "USDT")
    (why,) = reader.unread.values()
    assert f"tranId {one.tran_id} came as two different records" in why


@pytest.mark.parametrize("status", ["CANCELLED", "confirmed", "PROCESSING"])
async def test_record_that_says_nothing_final_is_read_again_until_it_does(
    client: BinanceClient, watched: Watched, cache: Callable[[], HistoryCache], status: str
) -> None:
    request = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(3))
    watched.exchange.ledger.transfer(request, watched.exchange.server_ms() - 30 * DAY_MS)
    watched.exchange.history.edits = [(Edit("status", f'"{status}"'), 1)]
    moves = [TransferType.MAIN_FUNDING]
    assert status in {record.status for record in await _read(HistoryReader(client, cache(), moves=moves))}
    watched.exchange.history.edits = []
    assert status not in {record.status for record in await _read(HistoryReader(client, cache(), moves=moves))}


async def test_write_that_has_begun_ends_before_who_leaves_is_gone(client: BinanceClient, tmp_path: Path) -> None:
    class Slow(HistoryCache):
        begun, goes_on = threading.Event(), threading.Event()
        is_written = False

        def replace(self, *arguments: Any, **named: Any) -> None:
            self.begun.set()
            self.goes_on.wait()
            super().replace(*arguments, **named)
            self.is_written = True

    cache = Slow(HOST, demo_key().fingerprint, tmp_path / "history.sqlite3")

    async def read() -> None:
        async with aclosing(HistoryReader(client, cache, moves=[TransferType.MAIN_FUNDING]).read()) as reading:
            async for _ in reading:
                pass

    task = asyncio.create_task(read())
    await asyncio.to_thread(cache.begun.wait)
    task.cancel()
    for _ in range(100):  # it has every chance to leave
        await asyncio.sleep(0)
    cache.goes_on.set()
    await asyncio.wait([task])
    assert cache.is_written


@pytest.mark.parametrize("damage", [b"no database at all" * 100, b""])
async def test_damaged_cache_is_made_anew(
    client: BinanceClient, watched: Watched, tmp_path: Path, cache: Callable[[], HistoryCache], damage: bytes
) -> None:
    (tmp_path / "history.sqlite3").write_bytes(damage)
    reader = HistoryReader(client, cache())
    assert _tran_ids(await _read(reader)) == watched.expected()
    assert len(reader.notes) == 1


async def test_cache_that_cannot_be_is_told_of_and_missed_by_nothing(
    client: BinanceClient, watched: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "state" / "shunter" / "history.sqlite3").mkdir(parents=True)
    reader = await open_history(client, Journal.in_memory(), keeps=True)
    assert _tran_ids(await _read(reader)) == watched.expected()
    assert "cannot be cached in" in reader.notes[0]


async def test_calls_beyond_the_budget_of_a_minute_wait_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    now_ms, slept_s = [0.0], []

    async def sleep(seconds: float) -> None:
        slept_s.append(seconds)
        now_ms[0] += seconds * 1000

    monkeypatch.setattr(history, "ticks_ms", lambda: now_ms[0])
    monkeypatch.setattr("asyncio.sleep", sleep)
    went_ms: list[float] = []

    async def call() -> None:
        went_ms.append(now_ms[0])
        now_ms[0] += 1000

    calls = history.Paced(BinanceClient(HOST), waits=lambda: None, per_minute=5)
    for _ in range(14):
        await calls.ask(call)
    assert all(later - earlier >= 60_000 for earlier, later in zip(went_ms, went_ms[5:], strict=False))
    assert slept_s == [55, 55]


async def test_desk_reads_the_past_of_its_account_and_its_journal(seat: Seat) -> None:
    first = await seat.send("5")
    isolated = TransferRequest(TransferType.MAIN_ISOLATED_MARGIN, "USDT", Decimal(7), to_symbol="ETHUSDT")
    second = await seat.desk.submit(isolated)
    assert list(seat.desk._journal.transfers(Search(wallet=Wallet.ISOLATED), newest_first=True)) == [second]
    assert next(seat.desk._journal.transfers(newest_first=True)) == second
    past = seat.desk.browse()
    async with aclosing(past.follow()) as changes:
        async for _ in changes:
            if past.reading and past.reading.is_over:
                break
    assert {(entry.tran_id, entry.origin) for entry in past.entries} == {
        (first.tran_id, Origin.HERE),
        (second.tran_id, Origin.HERE),
    }
    assert past.missing[0].startswith("Isolated Margin was asked for ETHUSDT, BTCUSDT")


async def test_question_that_did_not_come_whole_is_not_among_those_that_did(
    client: BinanceClient, watched: Watched
) -> None:
    watched.exchange.history.total_error = 1
    reader = HistoryReader(client, moves=[TransferType.MAIN_FUNDING])
    await _read(reader)
    assert reader.whole == set()

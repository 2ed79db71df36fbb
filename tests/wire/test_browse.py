"""The past at hand: the journal at once, the exchange's records as they come, and what is said of what did not."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import aclosing, closing
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from tests.evidence import accepted, ambiguous, begin_anyway, never_left, no_record, refusal
from tests.gate import Gate
from tests.waiting import LIMIT_S
from tui.demo.exchange import DemoExchange
from tui.demo.faults import TRANSFER_PATH, Fault, Reply
from tui.demo.keys import demo_key
from tui.demo.person import EARLIER_COUNT
from tui.desk import browse
from tui.desk.browse import HistoryBrowser
from tui.domain.entries import DifferenceKind, Origin
from tui.domain.evidence import Evidence
from tui.domain.records import Reach, Reading
from tui.domain.transfer import Outcome, Sending, Transfer, TransferRequest
from tui.domain.wallets import TransferType
from tui.exchange.client import BinanceClient
from tui.journal import Journal
from tui.structs import replace
from tui.words.differences import sentence

HOST = "https://demo.invalid"
HOUR_MS = 60 * 60 * 1000


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(browse, "_PAUSE_S", 0)


@pytest.fixture
def exchange() -> DemoExchange:
    return DemoExchange(earlier=EARLIER_COUNT)


@pytest.fixture
def client(exchange: DemoExchange) -> BinanceClient:
    return BinanceClient(HOST, demo_key(), transport=httpx.ASGITransport(exchange))


def written(journal: Journal, evidence: Evidence, amount: str, at_ms: int) -> Transfer:
    request = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(amount))
    key = demo_key()
    sending = Sending(request, "demo", key.tail, key.fingerprint, HOST, at_ms, 20, 5000)
    return journal.record(begin_anyway(journal, sending), evidence)


def _request(amount: int) -> TransferRequest:
    return TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(amount))


async def followed(
    browser: HistoryBrowser, holds: Callable[[], bool], *, then: Callable[[], Awaitable[None]] | None = None
) -> int:
    """Follow until something holds, and leave; gives how often something changed."""
    count = 0
    async with asyncio.timeout(LIMIT_S), aclosing(browser.follow()) as changes:
        async for _ in changes:
            count += 1
            if holds():
                if then:
                    await then()
                break
    return count


def is_read(browser: HistoryBrowser) -> Callable[[], bool]:
    return lambda: browser.reach is Reach.WHOLE and not browser.is_taking


async def test_journal_is_there_before_the_exchange_is_asked(client: BinanceClient, exchange: DemoExchange) -> None:
    journal = Journal.in_memory()
    written(journal, never_left(), "1", exchange.server_ms())
    browser = HistoryBrowser(client, journal)
    assert await followed(browser, lambda: True) == 1
    assert [entry.origin for entry in browser.entries] == [Origin.JOURNAL]
    assert browser.reading is None


async def test_all_of_both_is_there_in_the_end_newest_first(client: BinanceClient, exchange: DemoExchange) -> None:
    journal = Journal.in_memory()
    now_ms = exchange.server_ms()
    own = exchange.ledger.transfer(TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(5)), now_ms)
    written(journal, accepted(own.tran_id), "5", now_ms - 9)
    for amount in range(1, 1200):
        written(journal, never_left(), str(amount), now_ms)
    browser = HistoryBrowser(client, journal)
    await followed(browser, is_read(browser))
    origins = [entry.origin for entry in browser.entries]
    assert origins.count(Origin.HERE) == 1
    assert origins.count(Origin.JOURNAL) == 1199
    assert origins.count(Origin.ELSEWHERE) == browser.record_count - 1 > EARLIER_COUNT - 60
    times = [entry.at_ms or 0 for entry in browser.entries]
    assert times == sorted(times, reverse=True)
    assert browser.missing[0].startswith("Isolated Margin was asked for BTCUSDT, ETHUSDT")


async def test_own_record_is_never_taken_for_one_made_elsewhere_while_rows_come(
    client: BinanceClient, exchange: DemoExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browse, "_PAGE", 1)
    journal = Journal.in_memory()
    exchange.history.earlier = tuple
    now_ms = exchange.server_ms()
    for number in range(30):
        at_ms = now_ms - (30 - number) * HOUR_MS
        request = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(1))
        written(journal, accepted(exchange.ledger.transfer(request, at_ms + 50).tran_id), "1", at_ms)
    browser = HistoryBrowser(client, journal)
    seen: set[Origin] = set()

    def look() -> bool:
        seen.update(entry.origin for entry in browser.entries)
        return is_read(browser)() and browser.record_count == 30

    await followed(browser, look)
    assert Origin.ELSEWHERE not in seen
    assert {entry.origin for entry in browser.entries} == {Origin.HERE}


async def test_stopping_keeps_what_came_and_asking_again_completes_it(client: BinanceClient) -> None:
    browser = HistoryBrowser(client, Journal.in_memory())
    is_stopped = False

    def look() -> bool:
        nonlocal is_stopped
        if browser.record_count and not is_stopped:
            browser.stop()  # on a busy machine everything may have arrived before
            is_stopped = True
        elif is_stopped and browser.reading and browser.reach is Reach.STOPPED:
            assert browser.missing[0].startswith("Stopped when ")
            browser.ask()
        return is_read(browser)()

    await followed(browser, look)
    assert is_stopped
    assert browser.record_count > EARLIER_COUNT - 60


async def test_what_could_not_be_read_is_told_and_the_rest_is_there(
    client: BinanceClient, exchange: DemoExchange
) -> None:
    refusal = Reply(400, b'{"code":-1002,"msg":"You are not authorized."}')
    exchange.faults.append(Fault(method="GET", path=TRANSFER_PATH, executes=False, answer=refusal))
    browser = HistoryBrowser(client, Journal.in_memory())
    await followed(browser, is_read(browser))
    assert browser.unread_count == 1
    (told,) = (words for words in browser.missing if "could not be read: You are not authorized" in words)
    assert {entry.type for entry in browser.entries} == {move.name for move in TransferType} - {told.split()[0]}


async def test_journal_that_cannot_be_read_is_told_and_the_records_are_there(
    client: BinanceClient, tmp_path: Path
) -> None:
    path = tmp_path / "journal.sqlite3"
    Journal.open(path).close()
    journal = Journal.open(path)
    with sqlite3.connect(path) as database:
        database.execute("ALTER TABLE transfers RENAME TO moved")
    browser = HistoryBrowser(client, journal)
    await followed(browser, is_read(browser))
    journal.close()
    assert browser.record_count > EARLIER_COUNT - 60
    assert browser.missing[0] == browser.journal_problem != ""


async def test_row_that_changes_is_shown_as_it_stands_now(client: BinanceClient, exchange: DemoExchange) -> None:
    journal = Journal.in_memory()
    exchange.history.earlier = tuple
    row = written(journal, ambiguous(), "1", exchange.server_ms())
    browser = HistoryBrowser(client, journal)

    async def change() -> None:
        browser.put(journal.record(row, no_record()))

    def look() -> bool:
        told = [entry.transfer.outcome for entry in browser.entries if entry.transfer]
        if told == [Outcome.UNKNOWN] and is_read(browser)():
            asyncio.get_running_loop().create_task(change())
        return told == [Outcome.NOT_EXECUTED]

    await followed(browser, look)


async def test_record_of_another_shunter_on_this_journal_is_never_said_to_be_made_elsewhere(
    client: BinanceClient, exchange: DemoExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It sends while the history is read, and has no answer yet."""
    journal = Journal.in_memory()
    exchange.history.earlier = tuple
    ask, begun = client.transfer_history, asyncio.Event()

    async def asked(*arguments: object, **parameters: object) -> object:
        if browser.reading and not begun.is_set():
            begun.set()
            written(journal, ambiguous(), "3", exchange.server_ms())
            exchange.ledger.transfer(_request(3), exchange.server_ms())
        return await ask(*arguments, **parameters)  # type: ignore[arg-type]

    monkeypatch.setattr(client, "transfer_history", asked)
    browser = HistoryBrowser(client, journal)
    origins: set[Origin] = set()

    def look() -> bool:
        origins.update(entry.origin for entry in browser.entries if entry.record)
        if is_read(browser)() and not origins:  # it may have sent after the moment up to which it is read
            browser.ask()
        return bool(origins) and is_read(browser)()

    await followed(browser, look)
    assert origins == {Origin.POSSIBLE}


async def test_asking_again_takes_in_what_another_shunter_wrote(client: BinanceClient, exchange: DemoExchange) -> None:
    journal = Journal.in_memory()
    exchange.history.earlier = tuple
    moves = [exchange.ledger.transfer(_request(amount), exchange.server_ms()) for amount in (1, 2)]
    row = written(journal, ambiguous(), "1", moves[0].time_ms - 9)
    browser = HistoryBrowser(client, journal)
    asked = 0

    def look() -> bool:
        nonlocal asked
        if is_read(browser)() and not asked:
            assert {entry.origin for entry in browser.entries} == {Origin.POSSIBLE, Origin.ELSEWHERE, Origin.JOURNAL}
            journal.record(row, accepted(moves[0].tran_id))
            written(journal, accepted(moves[1].tran_id), "2", moves[1].time_ms - 9)
            asked += 1
            browser.ask()
        return bool(asked) and {entry.origin for entry in browser.entries} == {Origin.HERE} and is_read(browser)()

    await followed(browser, look)
    assert [entry.tran_id for entry in browser.entries] == [moves[1].tran_id, moves[0].tran_id]


async def test_comparing_names_what_differs(client: BinanceClient, exchange: DemoExchange) -> None:
    journal = Journal.in_memory()
    at_ms = exchange.server_ms() - 2 * HOUR_MS
    moved = exchange.ledger.transfer(TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(5)), at_ms)
    written(journal, no_record(), "5", at_ms - 9)
    browser = HistoryBrowser(client, journal)
    await followed(browser, is_read(browser))
    comparison = await browser.compare()
    assert [(one.kind, one.record.tran_id if one.record else 0) for one in comparison.differences] == [
        (DifferenceKind.POSSIBLE, moved.tran_id)
    ]
    assert f"the exchange has tranId {moved.tran_id} of " in sentence(comparison.differences[0])


async def test_comparing_reads_afresh_whatever_was_kept_and_shows_what_came(
    client: BinanceClient, exchange: DemoExchange, tmp_path: Path
) -> None:
    with closing(Journal.open(tmp_path / "journal.sqlite3")) as journal:
        at_ms = exchange.server_ms() - 5 * 24 * HOUR_MS
        moved = exchange.ledger.transfer(TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(5)), at_ms)
        written(journal, accepted(moved.tran_id), "5", at_ms - 9)
        browser = HistoryBrowser(client, journal)
        await followed(browser, is_read(browser))
        assert (await browser.compare()).agree == 1
        exchange.ledger.transfers[:] = [replace(moved, failed=True)]
        told: list[Reading] = []
        comparison = await browser.compare(told.append)
        assert [one.kind for one in comparison.differences] == [DifferenceKind.FAILED_AFTER_ALL]
        assert told[-1].is_over

        browser = HistoryBrowser(client, journal)
        await followed(browser, is_read(browser))
        (own,) = (entry for entry in browser.entries if entry.transfer)
        assert own.record
        assert (own.record.status, own.origin) == ("FAILED", Origin.DIFFERS)


async def test_comparing_that_is_cancelled_ends_every_call(client: BinanceClient, exchange: DemoExchange) -> None:
    browser = HistoryBrowser(client, Journal.in_memory())
    await followed(browser, is_read(browser))
    before = asyncio.all_tasks()
    gate = Gate()
    exchange.faults.append(Fault(method="GET", path=TRANSFER_PATH, before=gate, times=None))
    comparing = asyncio.create_task(browser.compare())
    await asyncio.to_thread(gate.reached.wait)
    comparing.cancel()
    await asyncio.wait([comparing])
    gate.open()
    assert comparing.cancelled()
    assert asyncio.all_tasks() == before


async def test_record_that_could_be_a_transfer_of_the_journal_is_not_said_to_be_made_elsewhere(
    client: BinanceClient, exchange: DemoExchange
) -> None:
    journal = Journal.in_memory()
    exchange.history.earlier = tuple
    at_ms = exchange.server_ms() - 2 * HOUR_MS
    for amount in (1, 2, 3):
        exchange.ledger.transfer(TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(amount)), at_ms)
    lost = written(journal, ambiguous(), "1", at_ms - 50)
    written(journal, refusal(), "2", at_ms - 50)
    browser = HistoryBrowser(client, journal)
    await followed(browser, is_read(browser))
    origins = {entry.amount: (entry.origin, entry.possible) for entry in browser.entries if entry.record}
    assert origins == {
        Decimal(1): (Origin.POSSIBLE, (lost,)),
        Decimal(2): (Origin.ELSEWHERE, ()),
        Decimal(3): (Origin.ELSEWHERE, ()),
    }


async def test_of_a_journal_that_cannot_be_read_nothing_is_said_to_be_made_elsewhere(
    client: BinanceClient, tmp_path: Path
) -> None:
    path = tmp_path / "journal.sqlite3"
    Journal.open(path).close()
    journal = Journal.open(path)
    with sqlite3.connect(path) as database:
        database.execute("ALTER TABLE transfers RENAME TO moved")
    browser = HistoryBrowser(client, journal)
    await followed(browser, is_read(browser))
    journal.close()
    assert {entry.origin for entry in browser.entries} == {Origin.NOT_COMPARED}

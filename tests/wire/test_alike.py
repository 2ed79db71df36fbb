"""Transfers that only a pair, or nothing, tells apart: a record is one transfer's, and never guessed to be."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.gate import Gate
from tests.wire.conftest import DemoServer, OpenDesk, Seat
from tui.demo.faults import Cut, Fault, Reply
from tui.demo.history import Lag
from tui.demo.keys import new_key
from tui.desk.desk import Decision, Word
from tui.domain.credentials import KeyKind
from tui.domain.transfer import Outcome, Transfer, TransferRequest
from tui.domain.wallets import TransferType
from tui.words.outcomes import Watch, meaning
from tui.words.settling import Doubt

Jump = Callable[[], None]


async def _unanswered(seat: Seat, server: DemoServer, request: TransferRequest, *, executed: bool) -> Transfer:
    server.exchange.faults.append(Fault(answer=Cut.CLOSE, executes=executed))
    transfer = await seat.desk.submit(request, meant=frozenset(other.identity for other in seat.shown))
    assert transfer.outcome is Outcome.UNKNOWN
    return transfer


def _to_isolated(pair: str) -> TransferRequest:
    return TransferRequest(TransferType.MAIN_ISOLATED_MARGIN, "USDT", Decimal(5), to_symbol=pair)


def _asked_about(seat: Seat, transfer: Transfer, doubt: Doubt) -> Callable[[], bool]:
    return lambda: any(note.doubt is doubt and note.transfer.identity == transfer.identity for note in seat.notes)


@pytest.mark.parametrize("filters", [True, False])
async def test_record_without_a_pair_is_a_possible_match_of_every_pair(
    seat: Seat, server: DemoServer, past_the_window: Jump, filters: bool
) -> None:
    """One was executed; the record does not say for which pair, whether or not the exchange filtered by it."""
    server.exchange.history.filters_by_pair = filters
    executed = await _unanswered(seat, server, _to_isolated("BTCUSDT"), executed=True)
    other = await _unanswered(seat, server, _to_isolated("ETHUSDT"), executed=False)
    past_the_window()
    await seat.until(_asked_about(seat, executed, Doubt.NEAR))
    if filters:
        assert (await seat.settled(other)).outcome is Outcome.NOT_EXECUTED
    else:
        await seat.until(_asked_about(seat, other, Doubt.NEAR))
        assert seat.on_screen(other.id).outcome is Outcome.UNKNOWN
    assert seat.on_screen(executed.id).outcome is Outcome.UNKNOWN


async def test_two_alike_that_were_judged_are_both_open_again_where_one_record_appears(
    seat: Seat, server: DemoServer, open_desk: OpenDesk, past_the_window: Jump
) -> None:
    """Seconds apart, and only the second was executed: nothing tells whose record it is."""
    await seat.desk.open_transfers()
    server.exchange.history.hidden = Lag(reads=10**6)
    request = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(3))
    first = await _unanswered(seat, server, request, executed=False)
    second = await _unanswered(seat, server, request, executed=True)
    past_the_window()
    for transfer in (first, second):
        assert (await seat.settled(transfer)).outcome is Outcome.NOT_EXECUTED
    server.exchange.history.hidden = Lag()
    await seat.until(lambda: len({notice.identity for notice in seat.notices}) == 2)
    assert all(notice.outcome is Outcome.UNKNOWN for notice in seat.notices)
    assert not any(transfer.outcome is Outcome.DONE for transfer in seat.written())


async def test_judgement_that_nobody_watches_says_so(
    seat: Seat, server: DemoServer, open_desk: OpenDesk, past_the_window: Jump
) -> None:
    request = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(3))
    transfer = await _unanswered(seat, server, request, executed=False)
    past_the_window()
    judged = await seat.settled(transfer)
    assert seat.desk.watch_over(judged) is Watch.KEPT
    assert "keeps checking" in meaning(judged.evidence, Watch.KEPT)

    rotated = open_desk(key=new_key(KeyKind.HMAC)[0])
    assert rotated.desk.watch_over(judged) is Watch.OTHER_KEY
    assert meaning(judged.evidence, Watch.OTHER_KEY).count("Shunter does not check it now") == 1

    server.exchange.clock_offset_ms += 25 * 60 * 60 * 1000
    await seat.client.sync_clock()
    assert seat.desk.watch_over(judged) is Watch.OVER
    assert "Shunter no longer checks it" in meaning(judged.evidence, Watch.OVER)


# One record that could be several transfers'

_FOREVER = Lag(reads=10**6)


def _to_funding(amount: str = "1") -> TransferRequest:
    return TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(amount))


def _asked(seat: Seat, transfer: Transfer) -> Callable[[], bool]:
    return lambda: any(note.doubt and note.transfer.identity == transfer.identity for note in seat.notes)


def _done(seat: Seat) -> list[Transfer]:
    return [transfer for transfer in seat.written() if transfer.outcome is Outcome.DONE]


async def test_record_of_what_a_person_saw_executed_is_not_anothers(
    seat: Seat, server: DemoServer, past_the_window: Jump
) -> None:
    """Seen on the exchange's own page before the history had it. Then two were "done", and one was executed."""
    server.exchange.history.hidden = _FOREVER
    other = await _unanswered(seat, server, _to_funding(), executed=False)
    one = await _unanswered(seat, server, _to_funding(), executed=True)
    await seat.desk.choose(Decision(one, Word.EXECUTED))
    server.exchange.history.hidden = Lag()
    past_the_window()
    await seat.until(_asked(seat, other))
    assert [transfer.identity for transfer in _done(seat)] == [one.identity]


async def test_rounded_record_is_not_guessed_to_be_that_of_the_rounded_amount(
    seat: Seat, server: DemoServer, past_the_window: Jump
) -> None:
    """1 USDT was done by the record of 1.004."""
    server.exchange.history.decimals = 2
    server.exchange.history.hidden = _FOREVER
    other = await _unanswered(seat, server, _to_funding("1"), executed=False)
    one = await _unanswered(seat, server, _to_funding("1.004"), executed=True)
    server.exchange.history.hidden = Lag()
    past_the_window()
    for transfer in (other, one):
        await seat.until(_asked(seat, transfer))
    assert not _done(seat)


async def test_amounts_that_round_alike_are_told_apart_by_exact_records(
    seat: Seat, server: DemoServer, past_the_window: Jump
) -> None:
    server.exchange.history.hidden = _FOREVER
    transfers = [await _unanswered(seat, server, _to_funding(amount), executed=True) for amount in ("1.5", "1")]
    server.exchange.history.hidden = Lag()
    past_the_window()
    assert [(await seat.settled(transfer)).tran_id for transfer in transfers] == server.executed


async def test_record_of_an_exact_yes_is_offered_to_no_other(
    seat: Seat, server: DemoServer, past_the_window: Jump
) -> None:
    server.exchange.history.decimals = 2
    server.exchange.history.hidden = _FOREVER
    other = await _unanswered(seat, server, _to_funding("1"), executed=False)
    done = await seat.send("1.004")
    server.exchange.history.hidden = Lag()
    past_the_window()
    assert (await seat.settled(other)).outcome is Outcome.NOT_EXECUTED
    assert not any(note.candidates for note in seat.notes)
    assert _done(seat) == [done]


@pytest.mark.parametrize("amount", ["1", "1.004"])
async def test_record_that_an_answer_named_is_taken_back_from_whom_a_person_gave_it(
    seat: Seat, server: DemoServer, past_the_window: Jump, amount: str
) -> None:
    """It had become two: that of the one with the answer, and that of the other."""
    server.exchange.history.decimals = 2
    server.exchange.history.hidden = _FOREVER
    other = await _unanswered(seat, server, _to_funding(amount), executed=False)
    tran_id = server.exchange.ledger.next_tran_id
    gate = Gate()
    server.exchange.faults.append(Fault(after=gate, answer=Reply(500, b'{"tranId":%d}' % tran_id)))
    sending = asyncio.create_task(seat.send("1"))
    assert await asyncio.to_thread(gate.reached.wait, 10)
    server.exchange.history.hidden = Lag()
    past_the_window()
    await seat.until(lambda: any(note.doubt and note.candidates for note in seat.notes))
    record = next(note.candidates[0] for note in seat.notes if note.doubt and note.candidates)
    await seat.desk.choose(Decision(other, record))
    gate.open()
    named = await sending
    assert (await seat.settled(named)).tran_id == tran_id
    await seat.until(lambda: [notice.identity for notice in seat.notices] == [other.identity])
    await seat.until(lambda: seat.on_screen(other.id).outcome is Outcome.NOT_EXECUTED)
    assert [transfer.identity for transfer in _done(seat)] == [named.identity]


async def test_judgement_of_last_month_keeps_no_record_from_a_transfer_of_today(
    seat: Seat, server: DemoServer, past_the_window: Jump
) -> None:
    server.exchange.history.hidden = _FOREVER
    judged = await _unanswered(seat, server, _to_funding(), executed=False)
    past_the_window()
    await seat.settled(judged)
    with contextlib.closing(sqlite3.connect(seat.path)) as connection, connection:
        connection.execute(
            "UPDATE transfers SET timestamp_ms = timestamp_ms - ?1, sent_at_ms = sent_at_ms - ?1, "
            "settled_at_ms = settled_at_ms - ?1, revision = revision + 1",
            (30 * 24 * 3_600_000,),
        )
    server.exchange.history.hidden = Lag()
    transfer = await _unanswered(seat, server, _to_funding(), executed=True)
    assert (await seat.settled(transfer)).tran_id == server.executed[0]


async def test_record_that_a_person_declined_for_one_is_free_for_the_other(
    seat: Seat, server: DemoServer, past_the_window: Jump
) -> None:
    server.exchange.history.hidden = _FOREVER
    one = await _unanswered(seat, server, _to_funding(), executed=False)
    other = await _unanswered(seat, server, _to_funding(), executed=True)
    server.exchange.history.hidden = Lag()
    past_the_window()
    for transfer in (one, other):
        await seat.until(_asked(seat, transfer))
    await seat.desk.choose(Decision(one, Word.NOT_EXECUTED, tuple(server.executed)))
    assert (await seat.settled(other)).tran_id == server.executed[0]

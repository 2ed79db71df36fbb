"""That a record is missing proves nothing: what is judged and when, what puts it right, what is left to the person."""

import asyncio
import contextlib
import re
import sqlite3
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import pytest

from tests.wire.conftest import DemoServer, OpenDesk, Seat, TimePasses
from tui import clock
from tui.clock import ticks_ms
from tui.demo import requests
from tui.demo.faults import TRANSFER_PATH, Cut, Edit, Fault, Reply
from tui.demo.history import Lag
from tui.demo.keys import new_key
from tui.desk import settle
from tui.desk.desk import Decision, Undecidable, Word
from tui.desk.settle import Pace
from tui.domain.balances import Account
from tui.domain.credentials import KeyKind
from tui.domain.evidence import Basis, Clash, Evidence, MatchingRecord, NoRecord
from tui.domain.moments import ms_of
from tui.domain.records import HistoryRow, RecordStatus, status_from
from tui.domain.transfer import Outcome, Transfer, TransferRequest
from tui.domain.wallets import TransferType, Wallet
from tui.exchange.answers import evidence_from
from tui.exchange.errors import HistoryNotWhole
from tui.journal import Journal, RepeatUnconfirmed
from tui.journal import evidence as codec
from tui.structs import replace
from tui.words import outcomes
from tui.words.settling import Doubt

_NO_HISTORY = {
    "nothing": b"{}",
    "a total without rows": b'{"total":1}',
    "fewer rows than the total": b'{"total":1,"rows":[]}',
    "an error": b'{"code":-1007,"msg":"Timeout waiting for response from backend server."}',
    "maintenance": b'{"status":1,"msg":"System maintenance"}',
    "null": b"null",
    "a list": b"[]",
}
_RECORD = b'{"asset":"USDT","amount":"1","type":"MAIN_FUNDING","status":"CONFIRMED","tranId":7,"timestamp":%d}'
_UNREADABLE = {
    "tranId a text": _RECORD.replace(b":7,", b':"7",'),
    "tranId 0": _RECORD.replace(b":7,", b":0,"),
    "tranId too large": _RECORD.replace(b":7,", b":9223372036854775808,"),
    "amount null": _RECORD.replace(b'"1"', b"null"),
    "amount NaN": _RECORD.replace(b'"1"', b'"NaN"'),
    "amount without end": _RECORD.replace(b'"1"', b'"1E+999999999"'),
}
_SLOW = Pace(first_s=0.01, longest_s=0.02, judge_gap_s=0.01)
"""Looks often, and judges after five minutes of the exchange's time."""


def _history_says(server: DemoServer, body: bytes, times: int | None = None) -> Fault:
    fault = Fault(method="GET", path=TRANSFER_PATH, answer=Reply(200, body), times=times)
    server.exchange.faults.append(fault)
    return fault


async def _unknown(seat: Seat, server: DemoServer, *, executed: bool = True, amount: str = "1") -> Transfer:
    server.exchange.faults.append(Fault(answer=Cut.CLOSE, executes=executed))
    transfer = await seat.send(amount)
    assert transfer.outcome is Outcome.UNKNOWN
    return transfer


async def _judged(seat: Seat, server: DemoServer, jump: Callable[[], None], *, executed: bool) -> Transfer:
    """A transfer without a record so far, judged not executed."""
    server.exchange.history.hidden = Lag(reads=10**6)
    transfer = await _unknown(seat, server, executed=executed)
    jump()
    return await seat.settled(transfer)


def _request(amount: str = "1") -> TransferRequest:
    return TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(amount))


def _asked(seat: Seat, doubt: Doubt) -> Callable[[], bool]:
    return lambda: any(note.doubt is doubt for note in seat.notes)


def _shift_records(server: DemoServer, after_ms: int) -> None:
    """The exchange's records have another time than that of the execution."""
    transfers = server.exchange.ledger.transfers
    transfers[:] = [replace(executed, time_ms=executed.time_ms + after_ms) for executed in transfers]


@pytest.mark.parametrize("body", _NO_HISTORY.values(), ids=_NO_HISTORY)
async def test_answer_that_is_no_history_is_no_absence(
    seat: Seat, server: DemoServer, past_the_window: Callable[[], None], body: bytes
) -> None:
    fault = _history_says(server, body)
    transfer = await _unknown(seat, server)
    past_the_window()
    await seat.until(lambda: len(seat.notes) >= 6)
    assert all("out of reach" in note.note for note in seat.notes)
    assert seat.on_screen(transfer.id).outcome is Outcome.UNKNOWN
    server.exchange.faults.remove(fault)
    assert (await seat.settled(transfer)).tran_id == server.executed[0]


async def test_nothing_is_judged_before_five_minutes_after_the_sending(
    seat: Seat, server: DemoServer, time_passes: TimePasses
) -> None:
    seat.desk._pace = _SLOW
    transfer = await _unknown(seat, server, executed=False)
    time_passes(20_000)
    await _reads_in_vain(seat, 6)
    assert seat.on_screen(transfer.id).outcome is Outcome.UNKNOWN
    time_passes(281_000)
    settled = await seat.settled(transfer)
    assert (settled.outcome, settled.basis) == (Outcome.NOT_EXECUTED, Basis.HISTORY)
    assert isinstance(settled.evidence, NoRecord)
    assert settled.evidence.waited_ms >= 300_000
    assert settled.evidence.reads >= 3
    assert "No record" in outcomes.message(settled.evidence)


async def _reads_in_vain(seat: Seat, more: int) -> None:
    """Wait until the history was read so many times more, each time without a record."""
    before = len(seat.notes)
    await seat.until(
        lambda: sum(note.note.startswith("no record in the history as of") for note in seat.notes[before:]) >= more
    )


@pytest.mark.parametrize("stays", ["the exchange's clock", "this machine's clock", "the monotonic clock"])
async def test_no_clock_alone_or_with_another_is_enough_for_a_judgement(
    seat: Seat, server: DemoServer, monkeypatch: pytest.MonkeyPatch, stays: str
) -> None:
    """The exchange's clock jumped 400 s ahead, and after 70 s it was "not executed"."""
    seat.desk._pace = _SLOW
    transfer = await _unknown(seat, server, executed=False)
    passed_ms, now_ms = 400_000, clock.wall_ms
    if stays != "the exchange's clock":
        server.exchange.clock_offset_ms += passed_ms
    if stays != "this machine's clock":
        monkeypatch.setattr(clock, "wall_ms", lambda: now_ms() + passed_ms)
    if stays != "the monotonic clock":
        monkeypatch.setattr(settle, "ticks_ms", lambda: ticks_ms() + passed_ms)
    await _reads_in_vain(seat, 8)
    assert seat.on_screen(transfer.id).outcome is Outcome.UNKNOWN


async def test_after_a_restart_the_five_minutes_begin_with_the_first_read(
    seat: Seat, server: DemoServer, open_desk: OpenDesk, time_passes: TimePasses
) -> None:
    """What the clocks were set to while nobody looked, nobody knows."""
    transfer = await _unknown(seat, server, executed=False)
    await seat.desk.close()
    time_passes(400_000)
    later = open_desk()
    later.desk._pace = _SLOW
    later.shown += await later.desk.open_transfers()
    await _reads_in_vain(later, 6)
    assert later.on_screen(transfer.id).outcome is Outcome.UNKNOWN
    time_passes(301_000)
    assert (await later.settled(transfer)).outcome is Outcome.NOT_EXECUTED


async def test_judgement_is_settled_at_the_exchanges_time(
    seat: Seat, server: DemoServer, past_the_window: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made while the machine was three days slow, it was never watched."""
    now_ms = clock.wall_ms
    monkeypatch.setattr(clock, "wall_ms", lambda: now_ms() - 3 * 24 * 3_600_000)
    judged = await _judged(seat, server, past_the_window, executed=True)
    assert judged.settled_at
    assert abs(ms_of(judged.settled_at) - server.exchange.server_ms()) < 60_000
    assert seat.journal.judged(judged.host, now_ms=server.exchange.server_ms()) == [judged]
    server.exchange.history.hidden = Lag()
    await seat.desk.look_again([judged])
    assert seat.written()[0].outcome is Outcome.DONE


# What is never judged


async def test_transfer_that_was_sighted_once_is_never_judged(
    seat: Seat, server: DemoServer, open_desk: OpenDesk, past_the_window: Callable[[], None]
) -> None:
    """It was PENDING, and then gone for five minutes: "no record in several whole readings"."""
    server.exchange.history.pending = Lag(reads=10**6)
    transfer = await _unknown(seat, server)
    await seat.until(lambda: any(note.note == "the exchange is still working on it" for note in seat.notes))
    server.exchange.history.hidden = Lag(reads=10**6)
    past_the_window()
    await seat.until(_asked(seat, Doubt.GONE))
    assert "it said PENDING" in seat.notes[-1].note
    await seat.desk.close()
    later = open_desk()  # another session remembers it
    later.shown += await later.desk.open_transfers()
    await later.until(lambda: later.notes)
    past_the_window()
    await later.until(_asked(later, Doubt.GONE))
    assert later.written()[0].outcome is Outcome.UNKNOWN
    server.exchange.history.hidden = server.exchange.history.pending = Lag()
    assert (await later.settled(transfer)).tran_id == server.executed[0]


async def test_what_was_sighted_and_is_still_there_is_not_called_gone(
    seat: Seat, server: DemoServer, open_desk: OpenDesk, past_the_window: Callable[[], None]
) -> None:
    """The exchange's clock was five minutes slow for a moment: more was asked for then, and so more was seen."""
    server.exchange.ledger.transfer(_request(), server.exchange.server_ms() - 12 * 60_000)
    transfer = await _unknown(seat, server, executed=False)
    server.exchange.clock_offset_ms -= 5 * 60_000
    await seat.client.sync_clock()
    await seat.until(lambda: any(note.note == "possible match" for note in seat.notes))
    await seat.desk.close()
    server.exchange.clock_offset_ms += 5 * 60_000
    later = open_desk()
    await later.desk.open_transfers()
    await later.until(lambda: later.notes)
    past_the_window()
    await later.until(_asked(later, Doubt.NEAR))
    assert [row.tran_id for row in later.notes[-1].candidates] == server.executed
    assert Doubt.GONE not in {note.doubt for note in later.notes}
    assert later.written() == [transfer]


async def test_record_of_another_amount_that_could_not_be_read_once_is_explained(
    seat: Seat, server: DemoServer, past_the_window: Callable[[], None]
) -> None:
    server.exchange.ledger.transfer(_request("7"), server.exchange.server_ms())
    garbled = (Edit("amount", "null"), None)
    server.exchange.history.edits.append(garbled)
    transfer = await _unknown(seat, server, executed=False)
    await seat.until(_asked(seat, Doubt.UNREADABLE))
    server.exchange.history.edits.remove(garbled)
    past_the_window()
    assert (await seat.settled(transfer)).outcome is Outcome.NOT_EXECUTED
    assert Doubt.GONE not in {note.doubt for note in seat.notes}


async def _recorded_before_evidence(seat: Seat, open_desk: OpenDesk, outcome: Outcome) -> tuple[Seat, Transfer]:
    """The desk of the next session, in whose journal a row is as an older Shunter wrote it."""
    await seat.desk.close()
    with contextlib.closing(sqlite3.connect(seat.path)) as connection, connection:
        connection.execute(
            "UPDATE transfers SET kind = 'Legacy', details = '', message = 'The answer did not come.', outcome = ?, "
            "sender = 'gone', clock_error_ms = NULL, answer_kind = NULL, answer_details = NULL, "
            "revision = revision + 1",
            (outcome,),
        )
    assert [row.is_legacy for row in seat.written()] == [True]
    later = open_desk()
    (transfer,) = await later.desk.open_transfers()
    later.shown.append(transfer)
    return later, transfer


@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, Outcome.SENDING])
async def test_transfer_of_an_older_shunter_is_never_judged(
    seat: Seat,
    server: DemoServer,
    open_desk: OpenDesk,
    time_passes: TimePasses,
    past_the_window: Callable[[], None],
    outcome: Outcome,
) -> None:
    """What it was sending when it ended is SenderGone from the next start on, and recorded before all the same."""
    server.exchange.history.hidden = Lag(reads=10**6)
    await _unknown(seat, server)
    later, transfer = await _recorded_before_evidence(seat, open_desk, outcome)
    past_the_window()
    await later.until(lambda: _asked(later, Doubt.LEGACY)() or not later.shown[-1].outcome.is_open)
    time_passes(400_000)
    before = len(later.notes)
    await later.until(lambda: len(later.notes) >= before + 6 or not later.shown[-1].outcome.is_open)
    assert [(row.outcome, row.is_legacy) for row in later.written()] == [(Outcome.UNKNOWN, True)]
    decided = await later.desk.choose(Decision(transfer, Word.NOT_EXECUTED))
    assert (decided.outcome, decided.is_legacy) == (Outcome.NOT_EXECUTED, True)


async def test_what_another_shunter_sights_before_the_judgement_is_written_is_not_judged(
    seat: Seat, server: DemoServer, past_the_window: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    record = seat.journal.record

    def sighted_before(transfer: Transfer, evidence: Evidence, **others: Any) -> Transfer:
        if isinstance(evidence, NoRecord):
            seen = HistoryRow("USDT", Decimal(1), "MAIN_FUNDING", RecordStatus.PENDING, 7, transfer.timestamp_ms)
            with contextlib.closing(Journal.open(seat.path)) as other:
                other.sight(transfer, [seen], at_ms=transfer.timestamp_ms)
        return record(transfer, evidence, **others)

    monkeypatch.setattr(seat.journal, "record", sighted_before)
    server.exchange.history.hidden = Lag(reads=10**6)
    transfer = await _unknown(seat, server)
    past_the_window()
    await seat.until(lambda: _asked(seat, Doubt.GONE)() or not seat.on_screen(transfer.id).outcome.is_open)
    assert seat.on_screen(transfer.id).outcome is Outcome.UNKNOWN
    server.exchange.history.hidden = Lag()
    assert (await seat.settled(transfer)).tran_id == server.executed[0]  # it is looked for all the same


async def test_record_of_a_legacy_transfer_settles_it(seat: Seat, server: DemoServer, open_desk: OpenDesk) -> None:
    server.exchange.faults.append(Fault(method="GET", path=TRANSFER_PATH, answer=Reply(502), times=None))
    await _unknown(seat, server)
    later, transfer = await _recorded_before_evidence(seat, open_desk, Outcome.UNKNOWN)
    server.exchange.faults.clear()
    assert (await later.settled(transfer)).tran_id == server.executed[0]


# Answers that name a tranId


@pytest.mark.parametrize("body", [b'{"tranId":%d,"success":false}', b'{"tranId":%d,"status":"FAILED"}'])
async def test_record_with_the_tran_id_that_an_odd_answer_named_settles_it(
    seat: Seat, server: DemoServer, body: bytes
) -> None:
    """Such an answer was "done" at once, also of what never ran."""
    server.exchange.faults.append(Fault(method="GET", path=TRANSFER_PATH, answer=Reply(502), times=None))
    transfer = await _unknown(seat, server)
    named = replace(transfer, answer=evidence_from(200, {}, body % server.executed[0]))
    _write_answer(seat, named)
    server.exchange.faults.clear()
    settled = await seat.settled(transfer)
    assert (settled.outcome, settled.tran_id) == (Outcome.DONE, server.executed[0])
    assert isinstance(settled.evidence, MatchingRecord)
    assert settled.evidence.is_named


def _write_answer(seat: Seat, transfer: Transfer) -> None:
    assert transfer.answer
    kind, details = codec.written(transfer.answer)
    with contextlib.closing(sqlite3.connect(seat.path)) as connection, connection:
        connection.execute(
            "UPDATE transfers SET kind = ?, details = ?, answer_kind = ?, answer_details = ?, revision = revision + 1",
            (kind, details, kind, details),
        )


@pytest.mark.parametrize("executed", [True, False], ids=["executed", "not executed"])
async def test_second_transfer_answered_with_the_first_ones_tran_id_is_unknown(
    seat: Seat, server: DemoServer, past_the_window: Callable[[], None], executed: bool
) -> None:
    first = await seat.send("1.5")
    server.exchange.faults.append(Fault(executes=executed, answer=Reply(200, b'{"tranId":%d}' % server.executed[0])))
    server.exchange.history.hidden = Lag(reads=2)
    second = await seat.send("2.5")
    assert second.outcome is Outcome.UNKNOWN
    assert isinstance(second.evidence, Clash)
    assert seat.on_screen(first.id).tran_id == server.executed[0]
    past_the_window()
    if executed:
        assert (await seat.settled(second)).tran_id == server.executed[1]
    else:
        await seat.until(_asked(seat, Doubt.CLASH))
        assert "another transfer's tranId" in seat.notes[-1].note
        assert seat.written() == [first, second]


async def test_record_made_elsewhere_three_seconds_before_is_not_taken_for_this_one(
    seat: Seat, server: DemoServer, past_the_window: Callable[[], None]
) -> None:
    """Not executed here, and the same made on the web page: "The exchange has moved it."."""
    server.exchange.ledger.transfer(_request(), server.exchange.server_ms() - 3000)
    transfer = await _unknown(seat, server, executed=False)
    past_the_window()
    await seat.until(_asked(seat, Doubt.NEAR))
    assert [row.tran_id for row in seat.notes[-1].candidates] == server.executed
    assert seat.written() == [transfer]


@pytest.mark.parametrize(
    "change",
    [
        (b"MAIN_FUNDING", b"main_funding"),
        (b"MAIN_FUNDING", b"MAIN_MARGIN"),
        (b'"USDT"', b'"usdt"'),
        (b'"status"', b'"fromSymbol":"BTCUSDT","status"'),
        (b"@time", b"@early"),
        (b"@time", b"@late"),
    ],
    ids=["type in small letters", "another type", "asset in small letters", "a pair", "11 minutes early", "2 h late"],
)
async def test_own_record_that_is_written_otherwise_is_shown_and_no_absence(
    seat: Seat, server: DemoServer, time_passes: TimePasses, change: tuple[bytes, bytes]
) -> None:
    """After five minutes it was "not executed", and the record shown as made elsewhere."""
    seat.desk._pace = _SLOW
    now_ms = server.exchange.server_ms()
    row = _RECORD.replace(b"%d", b"@time").replace(*change)
    for word, at_ms in ((b"@time", now_ms), (b"@early", now_ms - 660_000), (b"@late", now_ms + 7_200_000)):
        row = row.replace(word, b"%d" % at_ms)
    _history_says(server, b'{"total":1,"rows":[%b]}' % row)
    transfer = await _unknown(seat, server)
    time_passes(20_000)
    await seat.client.sync_clock()  # this history refuses no timestamp, by which it would be measured again
    await seat.until(_asked(seat, Doubt.NEAR))
    time_passes(400_000)
    before = len(seat.notes)
    await seat.until(lambda: len(seat.notes) >= before + 6)
    assert seat.written() == [transfer]


async def test_history_that_lags_for_minutes_is_waited_for(
    seat: Seat, server: DemoServer, past_the_window: Callable[[], None]
) -> None:
    """It lagged 40 or 60 s, and the transfer counted as not executed."""
    seat.desk._pace = _SLOW
    server.exchange.history.hidden = Lag(reads=12)
    transfer = await _unknown(seat, server)
    past_the_window()
    server.exchange.clock_offset_ms += 100_000
    assert (await seat.settled(transfer)).outcome is Outcome.DONE


async def test_read_that_was_not_whole_does_not_count(
    seat: "Seat", server: "DemoServer", past_the_window: Callable[[], None]
) -> None:
    seat.desk._pace = replace(_SLOW, judge_after_s=0, judge_reads=4)
    server.exchange.faults.append(
        Fault(method="GET", path=TRANSFER_PATH, answer=Reply(200, b'{"total":1}'), skip=2, times=3)
    )
    transfer = await _unknown(seat, server, executed=False)
    past_the_window()
    assert (await seat.settled(transfer)).outcome is Outcome.NOT_EXECUTED
    notes = [note.note for note in seat.notes]
    assert sum(note.startswith("no record in the history as of") for note in notes) >= 3  # the fourth one judges
    assert sum("out of reach" in note for note in notes) >= 3


@pytest.mark.parametrize("after_ms", [-5000, 60_000])
async def test_record_whose_time_is_off_is_shown_and_no_absence(
    seat: Seat, server: DemoServer, past_the_window: Callable[[], None], after_ms: int
) -> None:
    away = _history_says(server, b"")
    transfer = await _unknown(seat, server)
    _shift_records(server, after_ms)
    server.exchange.faults.remove(away)
    past_the_window()
    server.exchange.clock_offset_ms += max(0, after_ms)
    await seat.until(_asked(seat, Doubt.NEAR))
    assert [row.tran_id for row in seat.notes[-1].candidates] == server.executed
    assert seat.on_screen(transfer.id).outcome is Outcome.UNKNOWN
    settled = await seat.desk.choose(Decision(transfer, seat.notes[-1].candidates[0]))
    assert (settled.outcome, settled.tran_id, settled.basis) == (Outcome.DONE, server.executed[0], Basis.PERSON)


async def test_record_of_the_exchanges_own_time_out_is_a_match(seat: Seat, server: DemoServer) -> None:
    """Answered with -1007, and executed nine seconds after the sending."""
    away = _history_says(server, b"")
    transfer = await _unknown(seat, server)
    _shift_records(server, 9000)
    server.exchange.clock_offset_ms += 10_000
    server.exchange.faults.remove(away)
    assert (await seat.settled(transfer)).outcome is Outcome.DONE


async def test_record_whose_amount_was_rounded_is_shown_and_no_absence(
    seat: Seat, server: DemoServer, past_the_window: Callable[[], None]
) -> None:
    away = _history_says(server, b"")
    await _unknown(seat, server, amount="1.23456789")
    (executed,) = server.exchange.ledger.transfers
    server.exchange.ledger.transfers[:] = [replace(executed, request=_request("1.2345"))]
    server.exchange.faults.remove(away)
    past_the_window()
    await seat.until(_asked(seat, Doubt.NEAR))
    assert [str(row.amount) for row in seat.notes[-1].candidates] == ["1.2345"]


@pytest.mark.parametrize("row", _UNREADABLE.values(), ids=_UNREADABLE)
async def test_record_that_cannot_be_read_is_shown_as_it_came_and_left_to_the_person_at_once(
    seat: Seat, server: DemoServer, row: bytes
) -> None:
    _history_says(server, b'{"total":1,"rows":[%b]}' % (row % server.exchange.server_ms()))
    transfer = await _unknown(seat, server)
    await seat.until(_asked(seat, Doubt.UNREADABLE))
    assert "CONFIRMED" in seat.notes[-1].unreadable[0].text
    settled = await seat.desk.choose(Decision(transfer, Word.EXECUTED))
    assert (settled.outcome, settled.tran_id, settled.basis) == (Outcome.DONE, None, Basis.PERSON)


async def test_record_of_another_that_cannot_be_read_does_not_matter(
    seat: Seat, server: DemoServer, past_the_window: Callable[[], None]
) -> None:
    row = b'{"asset":"BTC","amount":"1","type":"MAIN_FUNDING","status":"CONFIRMED","tranId":0,"timestamp":1}'
    _history_says(server, b'{"total":1,"rows":[%b]}' % row)
    transfer = await _unknown(seat, server, executed=False)
    past_the_window()
    await seat.client.sync_clock()  # this history refuses no timestamp, by which it would be measured again
    assert (await seat.settled(transfer)).outcome is Outcome.NOT_EXECUTED


async def test_record_that_an_older_row_holds_and_does_not_fit_is_shown(
    seat: Seat, server: DemoServer, past_the_window: Callable[[], None]
) -> None:
    """A server to rehearse with was started again, and gives out the same tranIds."""
    before = await seat.send("5")
    server.exchange.ledger.transfers.clear()
    transfer = await _unknown(seat, server)
    (executed,) = server.exchange.ledger.transfers
    server.exchange.ledger.transfers[:] = [replace(executed, tran_id=before.tran_id or 0)]
    past_the_window()
    await seat.until(_asked(seat, Doubt.NEAR))
    assert seat.on_screen(transfer.id).outcome is Outcome.UNKNOWN
    settled = await seat.desk.choose(Decision(transfer, seat.notes[-1].candidates[0]))
    assert (settled.outcome, settled.tran_id) == (Outcome.DONE, before.tran_id)
    assert [row.outcome for row in seat.written()] == [Outcome.DONE, Outcome.DONE]


@pytest.mark.parametrize("status", ["PENDING", "SOMETHING"])
async def test_only_a_record_that_says_confirmed_is_taken_as_done_by_hand(
    seat: Seat, server: DemoServer, status: str
) -> None:
    transfer = await _unknown(seat, server, executed=False)
    record = HistoryRow("USDT", Decimal(1), "MAIN_FUNDING", status_from(status), 7, server.exchange.server_ms())
    with pytest.raises(Undecidable, match=status):
        await seat.desk.choose(Decision(transfer, record))
    assert seat.written()[0].outcome is Outcome.UNKNOWN


async def test_history_out_of_reach_for_long_leaves_it_to_the_person(
    seat: Seat, server: DemoServer, time_passes: TimePasses
) -> None:
    """For long by the monotonic clock: the exchange's may have jumped."""
    server.exchange.faults.append(Fault(method="GET", path=TRANSFER_PATH, answer=Reply(502), times=None))
    seat.desk._pace = _SLOW
    await _unknown(seat, server)
    await seat.until(lambda: len(seat.notes) >= 3)
    assert {note.doubt for note in seat.notes} == {None}
    time_passes(301_000)
    await seat.until(_asked(seat, Doubt.OUT_OF_REACH))


# After the judgement


async def test_record_that_appears_after_the_judgement_makes_it_done_with_a_notice(
    seat: Seat, server: DemoServer, past_the_window: Callable[[], None]
) -> None:
    await seat.desk.open_transfers()
    judged = await _judged(seat, server, past_the_window, executed=True)
    assert judged.outcome is Outcome.NOT_EXECUTED
    server.exchange.history.hidden = Lag()
    await seat.until(lambda: seat.notices)
    done = seat.on_screen(judged.id)
    assert (done.outcome, done.tran_id, done.needs_notice) == (Outcome.DONE, server.executed[0], True)
    assert seat.notices[-1] == done
    assert "not executed" in outcomes.message(done.evidence)
    await seat.desk.notice_seen(done)
    assert not seat.written()[0].needs_notice


async def _first_notice(seat: Seat) -> Transfer:
    await seat.until(lambda: seat.notices)
    return seat.notices[0]


async def test_next_start_looks_for_what_was_judged_and_tells_again_until_it_is_seen(
    seat: Seat, server: DemoServer, open_desk: OpenDesk, past_the_window: Callable[[], None]
) -> None:
    judged = await _judged(seat, server, past_the_window, executed=True)
    await seat.desk.close()
    server.exchange.history.hidden = Lag()
    for _ in range(2):  # the first one ends before the person has seen it
        later = open_desk()
        assert await later.desk.open_transfers() == []
        notice = await _first_notice(later)
        assert (notice.id, notice.tran_id) == (judged.id, server.executed[0])
        await later.desk.close()


async def test_all_judgements_of_a_type_are_looked_for_in_one_read(
    seat: Seat, server: DemoServer, open_desk: OpenDesk, past_the_window: Callable[[], None]
) -> None:
    server.exchange.history.hidden = Lag(reads=10**6)
    transfers = [await _unknown(seat, server, amount=str(amount)) for amount in range(1, 6)]
    past_the_window()
    for transfer in transfers:
        await seat.settled(transfer)
    await seat.desk.close()
    server.exchange.history.hidden = Lag()
    later = open_desk()
    reads = 0
    read = later.client.transfer_history

    async def counted(*args: object, **options: object) -> object:
        nonlocal reads
        reads += 1
        return await read(*args, **options)  # type: ignore[arg-type]

    later.client.transfer_history = counted  # type: ignore[assignment,method-assign]
    await later.desk.open_transfers()
    await later.until(lambda: len({notice.id for notice in later.notices}) == 5)
    assert reads == 1


async def test_failed_that_says_confirmed_later_is_done_with_a_notice(
    seat: Seat, server: DemoServer, open_desk: OpenDesk
) -> None:
    server.exchange.history.fails = True
    rejected = await seat.settled(await _unknown(seat, server))
    assert (rejected.outcome, rejected.basis) == (Outcome.REJECTED, Basis.HISTORY)
    await seat.desk.close()
    (executed,) = server.exchange.ledger.transfers
    server.exchange.ledger.transfers[:] = [replace(executed, failed=False)]
    later = open_desk()
    await later.desk.open_transfers()
    await later.until(lambda: later.notices)
    assert (later.notices[0].outcome, later.notices[0].tran_id) == (Outcome.DONE, rejected.tran_id)


async def test_failed_that_stays_failed_is_no_news(seat: Seat, server: DemoServer, open_desk: OpenDesk) -> None:
    server.exchange.history.fails = True
    rejected = await seat.settled(await _unknown(seat, server))
    await seat.desk.close()
    later = open_desk()
    await later.desk.open_transfers()
    await later.desk.look_again([rejected])
    assert later.written() == [rejected]
    assert later.notices == []


async def test_near_record_that_appears_after_the_judgement_reopens_it(
    seat: Seat, server: DemoServer, open_desk: OpenDesk, past_the_window: Callable[[], None]
) -> None:
    judged = await _judged(seat, server, past_the_window, executed=True)
    await seat.desk.close()
    _shift_records(server, 60_000)
    server.exchange.clock_offset_ms += 60_000
    server.exchange.history.hidden = Lag()
    later = open_desk()
    await later.desk.open_transfers()
    await later.until(lambda: later.notices and later.notes)
    past_the_window()
    await later.until(_asked(later, Doubt.NEAR))
    assert (later.notices[0].id, later.notices[0].outcome) == (judged.id, Outcome.UNKNOWN)


@pytest.mark.parametrize(("times", "outcome"), [(1, Outcome.NOT_EXECUTED), (2, Outcome.UNKNOWN)])
async def test_judgement_is_taken_back_for_what_cannot_be_read_where_it_comes_twice(
    seat: Seat, server: DemoServer, past_the_window: Callable[[], None], times: int, outcome: Outcome
) -> None:
    """Else one read that is garbled would take back every judgement of the day, each with an alarm."""
    judged = await _judged(seat, server, past_the_window, executed=False)
    _history_says(server, b'{"total":1,"rows":[null]}', times=times)
    await seat.desk.look_again([judged])
    assert seat.written()[0].outcome is outcome


async def test_history_that_cannot_be_read_keeps_nobody_else_from_being_looked_for(
    seat: Seat, server: DemoServer, open_desk: OpenDesk, past_the_window: Callable[[], None]
) -> None:
    server.exchange.history.hidden = Lag(reads=10**6)
    server.exchange.faults.append(Fault(answer=Cut.CLOSE, executes=False))
    first = await seat.send(move=TransferType.MAIN_UMFUTURE)
    past_the_window()
    await seat.settled(first)
    judged = await _judged(seat, server, past_the_window, executed=True)
    await seat.desk.close()
    server.exchange.history.hidden = Lag()
    later = open_desk()
    read = later.client.transfer_history

    async def broken(move: TransferType, **options: object) -> object:
        if move is TransferType.MAIN_UMFUTURE:
            raise HistoryNotWhole("it announces 1 records, but only 0 came")
        return await read(move, **options)  # type: ignore[arg-type]

    later.client.transfer_history = broken  # type: ignore[assignment,method-assign]
    await later.desk.open_transfers()
    assert (await _first_notice(later)).id == judged.id


@pytest.mark.parametrize("when", ["before", "while it was judged"])
async def test_wrong_time_of_the_exchange_keeps_no_judgement_from_being_looked_for(
    seat: Seat, server: DemoServer, past_the_window: Callable[[], None], when: str
) -> None:
    """A day fast when it looked first; then nothing was due all session."""
    day_ms = 24 * 3_600_000

    async def jump(by_ms: int) -> None:
        server.exchange.clock_offset_ms += by_ms
        await seat.client.sync_clock()

    server.exchange.history.hidden = Lag(reads=10**6)
    if when == "before":
        await jump(day_ms)
        await seat.desk.open_transfers()
        before = await _judged(seat, server, past_the_window, executed=False)
        await seat.desk.look_again([before])
        await jump(-day_ms)
    await seat.desk.open_transfers()
    transfer = await _unknown(seat, server)
    if when == "while it was judged":
        await jump(day_ms)
    past_the_window()
    await seat.settled(transfer)
    if when == "while it was judged":
        await jump(-day_ms)
    server.exchange.history.hidden = Lag()
    assert (await _first_notice(seat)).id == transfer.id


@pytest.mark.parametrize("how", ["late", "in small letters", "without its pair"])
async def test_record_of_what_a_person_called_not_executed_is_told(
    seat: Seat, server: DemoServer, open_desk: OpenDesk, how: str
) -> None:
    """What a match would have told, a record that is only near did not; into isolated margin, that is every record."""
    server.exchange.history.hidden = Lag(reads=10**6)
    server.exchange.faults.append(Fault(answer=Cut.CLOSE))
    into_isolated = TransferRequest(TransferType.MAIN_ISOLATED_MARGIN, "USDT", Decimal(1), None, "BTCUSDT")
    transfer = await seat.desk.submit(into_isolated if how == "without its pair" else _request())
    decided = await seat.desk.choose(Decision(transfer, Word.NOT_EXECUTED))
    assert "tells you if a record appears" in outcomes.meaning(decided.evidence, seat.desk.watch_over(decided))
    await seat.desk.close()
    server.exchange.history.hidden = Lag()
    if how == "late":
        server.exchange.history.time_shift_ms = 25_000
    if how == "in small letters":
        server.exchange.history.edits.append((Edit("type", '"main_funding"'), None))
    later = open_desk()
    await later.desk.open_transfers()
    assert (await _first_notice(later)).outcome is Outcome.UNKNOWN


async def test_what_could_not_be_read_when_a_person_decided_is_no_news(
    seat: Seat, server: DemoServer, past_the_window: Callable[[], None]
) -> None:
    """It has no tranId by which it could be declined."""
    fault = _history_says(server, b'{"total":1,"rows":[null]}')
    transfer = await _unknown(seat, server, executed=False)
    await seat.until(_asked(seat, Doubt.UNREADABLE))
    decided = await seat.desk.choose(Decision(transfer, Word.NOT_EXECUTED))
    await seat.desk.look_again([decided])
    assert seat.written() == [decided]
    server.exchange.faults.remove(fault)
    _history_says(server, b'{"total":1,"rows":[0]}')
    await seat.desk.look_again([decided])
    assert seat.written()[0].outcome is Outcome.UNKNOWN


async def test_what_a_person_declined_is_not_asked_again_and_a_new_record_is(
    seat: Seat, server: DemoServer, open_desk: OpenDesk, past_the_window: Callable[[], None]
) -> None:
    transfer = await _unknown(seat, server, executed=False)
    for _ in range(2):
        server.exchange.ledger.transfer(_request(), server.exchange.server_ms())
    past_the_window()
    await seat.until(_asked(seat, Doubt.SEVERAL))
    await seat.desk.choose(Decision(transfer, Word.NOT_EXECUTED, declined=tuple(server.executed)))
    (judged,) = seat.written()
    await seat.desk.look_again([judged])
    assert seat.written() == [judged]
    server.exchange.ledger.transfer(_request(), transfer.timestamp_ms)
    await seat.desk.look_again([judged])
    assert [(row.outcome, row.tran_id) for row in seat.written()] == [(Outcome.DONE, server.executed[2])]
    assert seat.written()[0].needs_notice


@pytest.mark.parametrize("api_keys", [("a", "b"), ("short-one", "short-two")])
async def test_short_keys_are_told_apart_by_their_fingerprint(
    seat: Seat,
    server: DemoServer,
    open_desk: OpenDesk,
    past_the_window: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
    api_keys: tuple[str, str],
) -> None:
    """They have no end to show; the other one's empty history proved that nothing was executed."""
    monkeypatch.setattr(requests, "_KEY_FORMAT", re.compile(".+"))
    keys = []
    for api_key in api_keys:
        key, _ = new_key(KeyKind.HMAC)
        keys.append(replace(key, api_key=type(key.api_key)(api_key)))
        server.exchange.add_key(KeyKind.HMAC, api_key, key.secret.reveal())
    first, second = (open_desk(key=key) for key in keys)
    server.exchange.history.hidden = Lag(reads=10**6)
    transfer = await _unknown(first, server)
    await first.desk.close()
    past_the_window()
    assert await second.desk.open_transfers() == [transfer]
    await second.until(lambda: second.notes)
    past_the_window()
    await second.until(_asked(second, Doubt.OTHER_KEY))
    assert second.written()[0].outcome is Outcome.UNKNOWN


async def test_settling_that_fails_inside_ends_neither_itself_nor_the_others(
    seat: Seat, server: DemoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    holders = seat.journal.holders_by
    failures = iter([RuntimeError("a bug"), ValueError("another")])

    def fail_first(host: str, tran_ids: Iterable[int]) -> dict[int, list[Transfer]]:
        if failure := next(failures, None):
            raise failure
        return holders(host, tran_ids)

    monkeypatch.setattr(seat.journal, "holders_by", fail_first)
    one, other = await _unknown(seat, server), await _unknown(seat, server, amount="2")
    assert (await seat.settled(one)).outcome is Outcome.DONE
    assert (await seat.settled(other)).outcome is Outcome.DONE


# Repeats


async def test_repeat_of_what_was_judged_is_asked_about_for_a_day_whatever_the_wall_clock_says(
    seat: Seat, server: DemoServer, past_the_window: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = await _judged(seat, server, past_the_window, executed=False)
    now_ms = clock.wall_ms
    monkeypatch.setattr(clock, "wall_ms", lambda: now_ms() + 10 * 24 * 3_600_000)
    assert await seat.desk.repeats(_request("1.0")) == [judged]
    with pytest.raises(RepeatUnconfirmed):
        await seat.desk.submit(_request())
    assert len(server.exchange.requests) == 1


async def test_before_a_repeat_the_history_is_looked_at_anew(
    seat: Seat, server: DemoServer, past_the_window: Callable[[], None]
) -> None:
    judged = await _judged(seat, server, past_the_window, executed=True)
    assert "No record" in (await seat.desk.look_again([judged]))[judged.identity]
    server.exchange.history.hidden = Lag()
    assert "a matching record from" in (await seat.desk.look_again([judged]))[judged.identity]
    assert (await seat.desk.repeats(_request()))[0].outcome is Outcome.DONE


async def test_of_two_shunters_that_send_at_once_one_is_asked(
    seat: Seat, server: DemoServer, open_desk: OpenDesk
) -> None:
    """With `y` within two milliseconds, both had sent in 3 of 10 tries."""
    seats = [seat, *(open_desk() for _ in range(3))]
    for one in seats:
        await one.desk.prepare()
    answers = await asyncio.gather(*(one.desk.submit(_request()) for one in seats), return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["RepeatUnconfirmed"] * 3 + ["Transfer"]
    assert len(server.executed) == 1


# What the wallets hold


async def test_balances_that_an_unknown_transfer_may_have_changed_do_not_count_as_fresh(
    seat: Seat, server: DemoServer
) -> None:
    async for _ in seat.desk.balance_reader.read_all():
        pass
    server.exchange.history.hidden = Lag(reads=10**6)
    seat.desk._pace = _SLOW
    transfer = await _unknown(seat, server)
    readings = seat.desk.balance_reader
    for wallet in (Wallet.SPOT, Wallet.FUNDING):
        assert not readings.balances.is_fresh(wallet, ticks_ms())
    assert readings.balances.is_fresh(Wallet.CROSS, ticks_ms())
    balances = await readings.freshen((Account(Wallet.SPOT), Account(Wallet.FUNDING)), "USDT")
    figure = balances.figure(Account(Wallet.SPOT), "USDT")
    assert figure
    assert (figure.amount, figure.is_doubtful) == (Decimal(1249), True)  # read anew, and still not to be relied on
    server.exchange.history.hidden = Lag()
    await seat.settled(transfer)
    async for balances in readings.read_wallets({Wallet.SPOT}):
        assert balances.is_fresh(Wallet.SPOT, ticks_ms())


async def test_word_of_the_person_says_so(seat: Seat, server: DemoServer) -> None:
    transfer = await _unknown(seat, server, executed=False)
    assert await seat.desk.choose(Decision(transfer, Word.NOT_EXECUTED)) == seat.written()[0]
    assert outcomes.message(seat.written()[0].evidence).startswith("Decided by hand")
    assert seat.written()[0].basis is Basis.PERSON

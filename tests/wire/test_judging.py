"""That a record is missing proves nothing: what is judged and when, what puts it right, what is left to the person."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.wire.conftest import DemoServer, OpenDesk, Seat
from tui.demo import auth
from tui.demo.faults import TRANSFER_PATH, Answer, Cut, Fault
from tui.demo.history import Lag
from tui.demo.keys import new_key
from tui.desk.desk import Decision, Undecidable
from tui.desk.settle import Doubt, Pace
from tui.domain.balances import Account
from tui.domain.credentials import KeyKind
from tui.domain.records import HistoryRow
from tui.domain.transfer import Evidence, Finding, Outcome, Transfer, TransferRequest
from tui.domain.wallets import TransferType, Wallet
from tui.exchange.clock import ticks_ms
from tui.journal import RepeatUnconfirmed, clock

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
    fault = Fault(method="GET", path=TRANSFER_PATH, answer=Answer(200, body), times=times)
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
    seat: Seat, server: DemoServer, past_the_window: Callable[[], None]
) -> None:
    seat.desk._pace = _SLOW
    transfer = await _unknown(seat, server, executed=False)
    past_the_window()
    await seat.until(lambda: sum(note.note.startswith("no record in the history by") for note in seat.notes) >= 6)
    assert seat.on_screen(transfer.id).outcome is Outcome.UNKNOWN
    server.exchange.clock_offset_ms += 281_000
    settled = await seat.settled(transfer)
    assert (settled.outcome, settled.evidence) == (Outcome.NOT_EXECUTED, Evidence.HISTORY)
    assert "No record" in settled.message


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
        Fault(method="GET", path=TRANSFER_PATH, answer=Answer(200, b'{"total":1}'), skip=2, times=3)
    )
    transfer = await _unknown(seat, server, executed=False)
    past_the_window()
    assert (await seat.settled(transfer)).outcome is Outcome.NOT_EXECUTED
    notes = [note.note for note in seat.notes]
    assert sum(note.startswith("no record in the history by") for note in notes) >= 3  # the fourth one judges
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
    assert (settled.outcome, settled.tran_id, settled.evidence) == (Outcome.DONE, server.executed[0], Evidence.PERSON)


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
    settled = await seat.desk.choose(Decision(transfer, Outcome.DONE))
    assert (settled.outcome, settled.tran_id, settled.evidence) == (Outcome.DONE, None, Evidence.PERSON)


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
    record = HistoryRow("USDT", Decimal(1), "MAIN_FUNDING", status, 7, server.exchange.server_ms())
    with pytest.raises(Undecidable, match=status):
        await seat.desk.choose(Decision(transfer, record))
    assert seat.written()[0].outcome is Outcome.UNKNOWN


async def test_history_out_of_reach_for_long_leaves_it_to_the_person(seat: Seat, server: DemoServer) -> None:
    server.exchange.faults.append(Fault(method="GET", path=TRANSFER_PATH, answer=Answer(502), times=None))
    seat.desk._pace = _SLOW
    await _unknown(seat, server)
    await seat.until(lambda: len(seat.notes) >= 3)
    assert {note.doubt for note in seat.notes} == {None}
    clock = seat.client.clock
    assert clock
    seat.client.clock = replace(clock, server_ms=clock.server_ms + 301_000)
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
    assert "not executed" in done.message
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
    server.exchange.transfers_fail = True
    rejected = await seat.settled(await _unknown(seat, server))
    assert (rejected.outcome, rejected.evidence) == (Outcome.REJECTED, Evidence.HISTORY)
    await seat.desk.close()
    (executed,) = server.exchange.ledger.transfers
    server.exchange.ledger.transfers[:] = [replace(executed, failed=False)]
    later = open_desk()
    await later.desk.open_transfers()
    await later.until(lambda: later.notices)
    assert (later.notices[0].outcome, later.notices[0].tran_id) == (Outcome.DONE, rejected.tran_id)


async def test_failed_that_stays_failed_is_no_news(seat: Seat, server: DemoServer, open_desk: OpenDesk) -> None:
    server.exchange.transfers_fail = True
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
    await later.until(lambda: later.notices and _asked(later, Doubt.NEAR)())
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


async def test_what_a_person_declined_is_not_asked_again_and_a_new_record_is(
    seat: Seat, server: DemoServer, open_desk: OpenDesk, past_the_window: Callable[[], None]
) -> None:
    transfer = await _unknown(seat, server, executed=False)
    for _ in range(2):
        server.exchange.ledger.transfer(_request(), server.exchange.server_ms())
    past_the_window()
    await seat.until(_asked(seat, Doubt.SEVERAL))
    await seat.desk.choose(Decision(transfer, Outcome.NOT_EXECUTED, declined=tuple(server.executed)))
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
    monkeypatch.setattr(auth, "_KEY_FORMAT", re.compile(".+"))
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
    await second.until(_asked(second, Doubt.OTHER_KEY))
    assert second.written()[0].outcome is Outcome.UNKNOWN


async def test_settling_that_fails_inside_ends_neither_itself_nor_the_others(
    seat: Seat, server: DemoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    holders = seat.journal.holders
    failures = iter([RuntimeError("a bug"), ValueError("another")])

    def fail_first(host: str, tran_id: int) -> list[Transfer]:
        if failure := next(failures, None):
            raise failure
        return holders(host, tran_id)

    monkeypatch.setattr(seat.journal, "holders", fail_first)
    one, other = await _unknown(seat, server), await _unknown(seat, server, amount="2")
    assert (await seat.settled(one)).outcome is Outcome.DONE
    assert (await seat.settled(other)).outcome is Outcome.DONE


# Repeats


async def test_repeat_of_what_was_judged_is_asked_about_for_a_day_whatever_the_wall_clock_says(
    seat: Seat, server: DemoServer, past_the_window: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = await _judged(seat, server, past_the_window, executed=False)
    now_ms = clock.now_ms
    monkeypatch.setattr(clock, "now_ms", lambda: now_ms() + 10 * 24 * 3_600_000)
    assert await seat.desk.repeats(_request("1.0")) == [judged]
    with pytest.raises(RepeatUnconfirmed):
        await seat.desk.submit(_request())
    assert len(server.exchange.requests) == 1


async def test_before_a_repeat_the_history_is_looked_at_anew(
    seat: Seat, server: DemoServer, past_the_window: Callable[[], None]
) -> None:
    judged = await _judged(seat, server, past_the_window, executed=True)
    assert "No record" in (await seat.desk.look_again([judged]))[judged.id]
    server.exchange.history.hidden = Lag()
    assert "Found in the exchange's history" in (await seat.desk.look_again([judged]))[judged.id]
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
    async for _ in seat.desk.readings.read_all():
        pass
    server.exchange.history.hidden = Lag(reads=10**6)
    seat.desk._pace = _SLOW
    transfer = await _unknown(seat, server)
    readings = seat.desk.readings
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


async def test_finding_of_the_person_says_so(seat: Seat, server: DemoServer) -> None:
    transfer = await _unknown(seat, server, executed=False)
    assert await seat.desk.choose(Decision(transfer, Outcome.NOT_EXECUTED)) == seat.written()[0]
    assert seat.written()[0].message.startswith("Decided by hand")
    assert Finding(Outcome.NOT_EXECUTED).evidence is Evidence.ANSWER

"""Unknown transfers, settled from the exchange's history over a real socket."""

import asyncio
import re
from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.evidence import ambiguous
from tests.gate import Gate
from tests.wire.conftest import DemoServer, OpenDesk, Seat, TimePasses
from tui import clock
from tui.demo.faults import TRANSFER_PATH, Cut, Edit, Fault, Reply
from tui.demo.history import DAY_MS, Lag
from tui.demo.keys import new_key
from tui.desk.desk import Decision, Undecidable, Word
from tui.domain.credentials import KeyKind
from tui.domain.evidence import Evidence, outcome_from
from tui.domain.records import HistoryRow, RecordStatus
from tui.domain.transfer import Outcome, Sending, Transfer, TransferRequest
from tui.domain.wallets import TransferType
from tui.exchange import client as client_module
from tui.journal import Journal, JournalError, TranIdTaken
from tui.words.settling import Doubt

NO_RECORD = r"no record in the history as of \d\d:\d\d:\d\d; next reading at \d\d:\d\d:\d\d"

Agree = Callable[[Seat], None]
Jump = Callable[[], None]


def _request(amount: str = "1") -> TransferRequest:
    return TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(amount))


async def _unknown(seat: Seat, server: DemoServer, *, executed: bool = True, amount: str = "1") -> Transfer:
    server.exchange.faults.append(Fault(answer=Cut.CLOSE, executes=executed))
    transfer = await seat.send(amount)
    assert transfer.outcome is Outcome.UNKNOWN
    return transfer


def _elsewhere(server: DemoServer, amount: str = "1") -> int:
    """The person moves the same amount from another device: no journal of ours knows."""
    return server.exchange.ledger.transfer(_request(amount), server.exchange.server_ms(), fails=False).tran_id


def _asks(seat: Seat, transfer: Transfer) -> Callable[[], bool]:
    return lambda: any(note.doubt and note.transfer.id == transfer.id for note in seat.notes)


def _record(tran_id: int) -> HistoryRow:
    return HistoryRow("USDT", Decimal(1), "MAIN_FUNDING", RecordStatus.CONFIRMED, tran_id, 0)


def _is(transfer: Transfer, record: HistoryRow) -> Decision:
    return Decision(transfer, record)


def _records(seat: Seat) -> dict[int, HistoryRow]:
    """What the person was last shown to choose from, by tranId."""
    return {row.tran_id: row for row in next(note for note in seat.notes[::-1] if note.doubt).candidates}


async def test_history_that_lags_is_read_again(seat: Seat, server: DemoServer, agree: Agree) -> None:
    server.exchange.history.hidden = Lag(reads=4)
    settled = await seat.settled(await _unknown(seat, server))
    assert settled.outcome is Outcome.DONE
    assert len(seat.notes) == 4
    assert all(re.fullmatch(NO_RECORD, note.note) for note in seat.notes)
    agree(seat)


async def test_record_that_shows_after_the_first_empty_read_counts(
    seat: Seat, server: DemoServer, past_the_window: Jump, agree: Agree
) -> None:
    server.exchange.history.hidden = Lag(reads=1)
    past_the_window()
    seat.client.clock = None
    server.exchange.faults.append(Fault(answer=Cut.CLOSE))
    transfer = await seat.send()
    past_the_window()
    assert (await seat.settled(transfer)).outcome is Outcome.DONE
    agree(seat)


@pytest.mark.parametrize("outcome", [Outcome.DONE, Outcome.REJECTED])
async def test_pending_record_is_waited_for(
    seat: Seat, server: DemoServer, past_the_window: Jump, outcome: Outcome
) -> None:
    server.exchange.history.fails = outcome is Outcome.REJECTED
    server.exchange.history.pending = Lag(reads=5)
    transfer = await _unknown(seat, server)
    past_the_window()
    settled = await seat.settled(transfer)
    assert (settled.outcome, [settled.tran_id]) == (outcome, server.executed)
    assert [note.note for note in seat.notes].count("the exchange is still working on it") >= 2
    assert not any(note.doubt for note in seat.notes)


@pytest.mark.parametrize("chosen", [0, 1])
async def test_several_records_are_for_the_person_to_choose_from(
    seat: Seat, server: DemoServer, past_the_window: Jump, chosen: int
) -> None:
    transfer = await _unknown(seat, server)
    _elsewhere(server)
    past_the_window()
    await seat.until(_asks(seat, transfer))
    records = _records(seat)
    assert sorted(records) == server.executed
    assert seat.on_screen(transfer.id).outcome is Outcome.UNKNOWN
    settled = await seat.desk.choose(_is(transfer, records[server.executed[chosen]]))
    assert (settled.outcome, settled.tran_id) == (Outcome.DONE, server.executed[chosen])
    assert await seat.settled(transfer) == settled
    assert seat.written() == [settled]


async def test_person_is_not_asked_while_one_of_the_records_is_pending(seat: Seat, server: DemoServer) -> None:
    """A decision is final, and a pending record may still fail."""
    server.exchange.history.pending = Lag(reads=10**6)
    _elsewhere(server)
    transfer = await _unknown(seat, server)
    await seat.until(lambda: len(seat.notes) >= 3)
    assert {(note.note, note.doubt) for note in seat.notes} == {("the exchange is still working on it", None)}
    server.exchange.history.pending = Lag()
    await seat.until(_asks(seat, transfer))


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (Edit("status", '"FAILED"'), Outcome.REJECTED),
        (Edit("status", '"PENDING"'), None),
        (Edit("amount", "null"), None),
    ],
    ids=["failed", "pending", "unreadable"],
)
async def test_chosen_record_is_read_again(
    seat: Seat, server: DemoServer, past_the_window: Jump, edit: Edit, expected: Outcome | None
) -> None:
    """It said CONFIRMED when the person was asked, and FAILED when they answered: "by that, it moved"."""
    transfer = await _unknown(seat, server)
    _elsewhere(server)
    past_the_window()
    await seat.until(_asks(seat, transfer))
    record = _records(seat)[server.executed[0]]
    server.exchange.history.edits.append((edit, None))
    if expected:
        assert (await seat.desk.choose(_is(transfer, record))).outcome is expected
    else:
        with pytest.raises(Undecidable):
            await seat.desk.choose(_is(transfer, record))
        assert seat.written()[0].outcome is Outcome.UNKNOWN


async def test_chosen_record_that_cannot_be_read_again_decides_nothing(
    seat: Seat, server: DemoServer, past_the_window: Jump
) -> None:
    transfer = await _unknown(seat, server)
    _elsewhere(server)
    past_the_window()
    await seat.until(_asks(seat, transfer))
    record = _records(seat)[server.executed[0]]
    server.exchange.history.hidden = Lag(reads=10**6)
    with pytest.raises(Undecidable, match="no longer has this record"):
        await seat.desk.choose(_is(transfer, record))
    server.exchange.faults.append(Fault(method="GET", path=TRANSFER_PATH, answer=Reply(502), times=None))
    with pytest.raises(Undecidable, match="cannot be read just now"):
        await seat.desk.choose(_is(transfer, record))
    assert seat.written()[0].outcome is Outcome.UNKNOWN


async def test_stuck_pending_record_of_another_does_not_hold_up_a_confirmed_one(
    seat: Seat, server: DemoServer, past_the_window: Jump
) -> None:
    """Made elsewhere five minutes before. "The exchange is still working on it", for ever, and nobody was asked."""
    server.exchange.ledger.transfer(_request(), server.exchange.server_ms() - 300_000, number=7)
    server.exchange.history.edits.append((Edit("status", '"PENDING"'), 7))
    transfer = await _unknown(seat, server)
    past_the_window()
    await seat.until(_asks(seat, transfer))
    assert {row.status for row in _records(seat).values()} == {"PENDING", "CONFIRMED"}
    settled = await seat.desk.choose(_is(transfer, _records(seat)[server.executed[1]]))
    assert (settled.outcome, settled.tran_id) == (Outcome.DONE, server.executed[1])


async def test_status_that_nobody_knows_is_called_that(seat: Seat, server: DemoServer) -> None:
    """It was said to differ in something, and differed in nothing."""
    server.exchange.history.edits.append((Edit("status", '"SUCCESS"'), None))
    transfer = await _unknown(seat, server)
    await seat.until(_asks(seat, transfer))
    assert (seat.notes[-1].doubt, seat.notes[-1].note) == (Doubt.STATUS, "the exchange says SUCCESS: decide")


async def test_note_asks_to_decide_only_who_can(
    seat: Seat, server: DemoServer, past_the_window: Jump, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine was two hours fast when it sent: for as long, the list said "decide", and nobody could."""
    now_ms, off_ms = clock.wall_ms, 2 * 3_600_000
    monkeypatch.setattr(clock, "wall_ms", lambda: now_ms() + off_ms)
    server.exchange.history.edits.append((Edit("type", '"main_funding"'), None))
    transfer = await _unknown(seat, server)
    off_ms = 0
    await seat.until(lambda: len(seat.notes) >= 2)
    assert {(note.note, note.doubt) for note in seat.notes} == {("possible match", None)}
    past_the_window()
    await seat.until(_asks(seat, transfer))
    assert all(note.note.endswith(": decide") is bool(note.doubt) for note in seat.notes)


async def test_who_is_asked_to_wait_for_days_may_decide(
    seat: Seat, server: DemoServer, time_passes: TimePasses
) -> None:
    transfer = await _unknown(seat, server)
    waits = Reply(418, b"", {"Retry-After": "259200"})
    server.exchange.faults.append(Fault(method="GET", path=TRANSFER_PATH, answer=waits, times=None))
    await seat.until(lambda: any(note.note.startswith("the exchange asks for a pause") for note in seat.notes))
    time_passes(600_000)
    await seat.until(_asks(seat, transfer))
    assert seat.notes[-1].doubt is Doubt.OUT_OF_REACH


async def test_record_of_a_whole_second_is_the_transfers_of_any_moment_in_it(
    seat: Seat, server: DemoServer, agree: Agree
) -> None:
    """As the exchange writes them: nearly every transfer was left to the person."""
    late_ms = (900 - server.exchange.server_ms()) % 1000
    server.exchange.clock_offset_ms += late_ms
    transfer = await _unknown(seat, server)
    settled = await seat.settled(transfer)
    assert (settled.outcome, [settled.tran_id]) == (Outcome.DONE, server.executed)
    agree(seat)


async def test_chosen_record_that_failed_moved_nothing(seat: Seat, server: DemoServer) -> None:
    server.exchange.history.fails = True
    transfer = await _unknown(seat, server)
    _elsewhere(server)
    await seat.until(_asks(seat, transfer))
    settled = await seat.desk.choose(_is(transfer, _records(seat)[server.executed[0]]))
    assert (settled.outcome, settled.tran_id) == (Outcome.REJECTED, server.executed[0])


async def test_person_can_say_that_none_of_the_records_is_it(seat: Seat, server: DemoServer) -> None:
    transfer = await _unknown(seat, server, executed=False)
    _elsewhere(server)
    _elsewhere(server)
    await seat.until(_asks(seat, transfer))
    settled = await seat.desk.choose(Decision(transfer, Word.NOT_EXECUTED))
    assert (settled.outcome, settled.tran_id) == (Outcome.NOT_EXECUTED, None)
    assert seat.written() == [settled]


async def test_choice_of_what_another_transfer_has_is_refused(seat: Seat, server: DemoServer) -> None:
    done = await seat.send()
    transfer = await _unknown(seat, server, executed=False)
    assert done.tran_id
    with pytest.raises(TranIdTaken):
        await seat.desk.choose(_is(transfer, _record(done.tran_id)))
    assert seat.written()[-1].outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("first", [True, False], ids=["the first was executed", "the second was executed"])
async def test_one_record_that_two_could_claim_is_not_guessed(
    seat: Seat, server: DemoServer, past_the_window: Jump, agree: Agree, first: bool
) -> None:
    server.exchange.history.hidden = Lag(reads=10**6)
    one = await _unknown(seat, server, executed=first)
    other = await _unknown(seat, server, executed=not first)
    server.exchange.history.hidden = Lag()
    past_the_window()
    await seat.until(_asks(seat, one))
    await seat.until(_asks(seat, other))
    assert {transfer.outcome for transfer in seat.written()} == {Outcome.UNKNOWN}
    await seat.desk.choose(_is(one if first else other, _records(seat)[server.executed[0]]))
    rest = await seat.settled(other if first else one)
    assert (rest.outcome, rest.tran_id) == (Outcome.NOT_EXECUTED, None)
    await seat.settled(one)
    agree(seat)


async def test_record_that_another_transfer_has_is_not_claimed(
    seat: Seat, server: DemoServer, past_the_window: Jump, agree: Agree
) -> None:
    done = await seat.send()
    transfer = await _unknown(seat, server, executed=False)
    past_the_window()
    assert (await seat.settled(transfer)).outcome is Outcome.NOT_EXECUTED
    assert seat.on_screen(done.id).outcome is Outcome.DONE
    agree(seat)


async def test_transfer_of_another_profile_is_a_rival(
    seat: Seat, server: DemoServer, open_desk: OpenDesk, past_the_window: Jump
) -> None:
    """Two keys may be of one account: the record may be that of the other key's transfer."""
    second = open_desk(profile="second key")
    server.exchange.history.hidden = Lag(reads=10**6)
    mine = await _unknown(seat, server)
    theirs = await _unknown(second, server, executed=False)
    server.exchange.history.hidden = Lag()
    past_the_window()
    await seat.until(_asks(seat, mine))
    await second.until(_asks(second, theirs))
    assert {transfer.outcome for transfer in seat.written()} == {Outcome.UNKNOWN}


@pytest.mark.parametrize("executed", [True, False], ids=["executed", "not executed"])
async def test_what_another_key_sent_is_for_the_person_or_for_that_key(
    seat: Seat, server: DemoServer, open_desk: OpenDesk, past_the_window: Jump, agree: Agree, executed: bool
) -> None:
    """The other key may be of another account, whose history has no record of this transfer, or one that is alike."""
    server.exchange.history.hidden = Lag(reads=10**6)
    transfer = await _unknown(seat, server, executed=executed)
    await seat.desk.close()
    server.exchange.history.hidden = Lag()
    past_the_window()
    key, verifier = new_key(KeyKind.HMAC)
    server.exchange.add_key(KeyKind.HMAC, key.api_key.reveal(), verifier)

    other = open_desk(profile=seat.desk.profile, key=key)
    assert await other.desk.open_transfers() == [transfer]
    await other.until(lambda: other.notes)
    past_the_window()
    await other.until(_asks(other, transfer))
    assert len(_records(other)) == executed
    assert {written.outcome for written in other.written()} == {Outcome.UNKNOWN}

    again = open_desk()
    again.shown += await again.desk.open_transfers()
    await again.until(lambda: again.notes or executed)
    past_the_window()
    assert (await again.settled(transfer)).outcome is (Outcome.DONE if executed else Outcome.NOT_EXECUTED)
    agree(again)


async def test_what_another_key_sent_is_not_for_the_person_while_its_record_is_pending(
    seat: Seat, server: DemoServer, open_desk: OpenDesk, past_the_window: Jump
) -> None:
    server.exchange.history.pending = Lag(reads=10**6)
    transfer = await _unknown(seat, server)
    await seat.desk.close()
    past_the_window()
    key, verifier = new_key(KeyKind.HMAC)
    server.exchange.add_key(KeyKind.HMAC, key.api_key.reveal(), verifier)
    other = open_desk(key=key)
    await other.desk.open_transfers()
    await other.until(lambda: len(other.notes) >= 3)
    past_the_window()
    await other.until(lambda: len(other.notes) >= 6)
    assert {note.doubt for note in other.notes} == {None}
    server.exchange.history.pending = Lag()
    await other.until(_asks(other, transfer))


async def test_one_that_is_asked_to_wait_is_waited_with_by_all(seat: Seat, server: DemoServer) -> None:
    server.exchange.faults.append(Fault(method="GET", answer=Reply(429, headers={"retry-after": "1"})))
    first = await _unknown(seat, server)
    await seat.until(lambda: seat.notes)
    asked_to_wait_s = asyncio.get_running_loop().time()
    second = await _unknown(seat, server, amount="2")
    await seat.until(
        lambda: not (seat.on_screen(first.id).outcome.is_open and seat.on_screen(second.id).outcome.is_open)
    )
    assert asyncio.get_running_loop().time() - asked_to_wait_s > 0.9


async def test_transfer_in_flight_is_a_rival(
    seat: Seat, server: DemoServer, past_the_window: Jump, agree: Agree
) -> None:
    """The one record may be that of the identical transfer whose answer is still on its way."""
    server.exchange.history.hidden = Lag(reads=10**6)
    transfer = await _unknown(seat, server, executed=False)
    gate = Gate()
    server.exchange.faults.append(Fault(after=gate))
    sending = asyncio.create_task(seat.send())
    assert await asyncio.to_thread(gate.reached.wait, 10)
    await seat.until(lambda: server.executed)
    server.exchange.history.hidden = Lag()
    await seat.until(_asks(seat, transfer))
    gate.open()
    assert (await sending).tran_id == server.executed[0]
    past_the_window()
    assert (await seat.settled(transfer)).outcome is Outcome.NOT_EXECUTED
    agree(seat)


async def test_other_amounts_and_types_are_no_match(
    seat: Seat, server: DemoServer, past_the_window: Jump, agree: Agree
) -> None:
    await seat.send("2")
    await seat.send("1.00000001")
    await seat.send("1", TransferType.MAIN_MARGIN)
    transfer = await _unknown(seat, server, executed=False)
    past_the_window()
    assert (await seat.settled(transfer)).outcome is Outcome.NOT_EXECUTED
    agree(seat)


async def test_record_on_a_later_page_is_found(seat: Seat, server: DemoServer, agree: Agree) -> None:
    server.exchange.faults.append(Fault(method="GET", answer=Reply(502), times=None))
    transfer = await _unknown(seat, server)
    theirs = [_elsewhere(server, f"0.{n:04}") for n in range(1, 251)]
    server.exchange.faults.clear()
    settled = await seat.settled(transfer)
    assert settled.outcome is Outcome.DONE
    assert [settled.tran_id, *theirs] == server.executed


async def test_pages_shorter_than_asked_for_are_read_to_the_end(
    seat: Seat, server: DemoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exchange that caps its pages lower than it documents hides no record."""
    monkeypatch.setattr(client_module, "HISTORY_PAGE_SIZE", 20)
    server.exchange.faults.append(Fault(method="GET", answer=Reply(502), times=None))
    transfer = await _unknown(seat, server)
    for n in range(1, 41):
        _elsewhere(server, f"0.{n:04}")
    server.exchange.faults.clear()
    settled = await seat.settled(transfer)
    assert (settled.outcome, settled.tran_id) == (Outcome.DONE, server.executed[0])


@pytest.mark.parametrize(
    "answer",
    [
        Reply(502),
        Reply(200, b"<html>"),
        Reply(400, b'{"code":-1021,"msg":"late"}'),
        Cut.CLOSE,
        Cut.MID_ANSWER,
    ],
    ids=["502", "html", "clock", "cut", "cut in the answer"],
)
@pytest.mark.parametrize("executed", [True, False], ids=["executed", "not executed"])
async def test_history_out_of_reach_proves_nothing(
    seat: Seat, server: DemoServer, past_the_window: Jump, agree: Agree, answer: Reply | Cut, executed: bool
) -> None:
    away = Fault(method="GET", answer=answer, times=None)
    server.exchange.faults.append(away)
    transfer = await _unknown(seat, server, executed=executed)
    past_the_window()
    await seat.until(lambda: len(seat.notes) >= 5)
    assert all("out of reach" in note.note for note in seat.notes)
    assert seat.on_screen(transfer.id).outcome is Outcome.UNKNOWN
    server.exchange.faults.remove(away)
    assert (await seat.settled(transfer)).outcome is (Outcome.DONE if executed else Outcome.NOT_EXECUTED)
    agree(seat)


async def test_retry_after_is_respected(seat: Seat, server: DemoServer, agree: Agree) -> None:
    server.exchange.faults.append(Fault(method="GET", answer=Reply(429, headers={"retry-after": "1"})))
    transfer = await _unknown(seat, server)
    await seat.until(lambda: seat.notes)
    asked_to_wait_s = asyncio.get_running_loop().time()
    assert seat.notes[0].note == "the exchange asks for a pause of 1 s"
    assert (await seat.settled(transfer)).outcome is Outcome.DONE
    assert asyncio.get_running_loop().time() - asked_to_wait_s > 0.9
    agree(seat)


async def test_clock_that_jumps_does_not_stop_the_settling(seat: Seat, server: DemoServer, agree: Agree) -> None:
    """As after a sleep through which this machine's clock stood still: the exchange refuses to be asked with it."""
    away = Fault(method="GET", answer=Reply(502), times=None)
    server.exchange.faults.append(away)
    transfer = await _unknown(seat, server)
    server.exchange.clock_offset_ms += 3_600_000
    server.exchange.faults.remove(away)
    assert (await seat.settled(transfer)).outcome is Outcome.DONE
    assert seat.desk.client.clock
    assert seat.desk.client.clock.offset_ms > 3_500_000
    agree(seat)


@pytest.mark.parametrize("executed", [True, False], ids=["executed", "not executed"])
async def test_next_start_settles_what_the_last_left_open(
    seat: Seat, server: DemoServer, open_desk: OpenDesk, past_the_window: Jump, agree: Agree, executed: bool
) -> None:
    server.exchange.faults.append(Fault(method="GET", path=TRANSFER_PATH, answer=Reply(502), times=None))
    transfer = await _unknown(seat, server, executed=executed)
    await seat.desk.close()
    server.exchange.faults.clear()
    past_the_window()
    later = open_desk()
    found = await later.desk.open_transfers()
    assert [open_.id for open_ in found] == [transfer.id]
    later.shown += found
    await later.until(lambda: later.notes or executed)
    past_the_window()
    assert (await later.settled(transfer)).outcome is (Outcome.DONE if executed else Outcome.NOT_EXECUTED)
    agree(later)


@pytest.mark.parametrize("executed", [True, False], ids=["executed", "not executed"])
async def test_two_shunters_settle_one_transfer_alike(
    seat: Seat, server: DemoServer, open_desk: OpenDesk, past_the_window: Jump, agree: Agree, executed: bool
) -> None:
    transfer = await _unknown(seat, server, executed=executed)
    other = open_desk()
    other.shown += await other.desk.open_transfers()
    if not executed:
        past_the_window()
    assert await seat.settled(transfer) == await other.settled(transfer)
    agree(other)


async def test_transfer_older_than_the_history_is_for_the_person(seat: Seat, server: DemoServer, agree: Agree) -> None:
    sent = seat.journal.begin(
        Sending(
            _request(),
            profile="main",
            key_tail=seat.client.key_tail,
            key_print=seat.client.key_print,
            host=server.base_url,
            timestamp_ms=server.exchange.server_ms() - 181 * DAY_MS,
            clock_error_ms=20,
            recv_window_ms=5000,
        )
    )
    seat.journal.record(sent, ambiguous())
    seat.shown += await seat.desk.open_transfers()
    await seat.until(_asks(seat, sent))
    assert seat.notes[-1].candidates == ()
    settled = await seat.desk.choose(Decision(sent, Word.NOT_EXECUTED))
    assert settled.outcome is Outcome.NOT_EXECUTED
    await seat.settled(sent)
    agree(seat)


async def test_one_wrong_time_makes_no_transfer_too_old(seat: Seat, server: DemoServer, agree: Agree) -> None:
    server.exchange.history.hidden = Lag(reads=10**6)
    transfer = await _unknown(seat, server)
    server.exchange.clock_offset_ms += 200 * DAY_MS
    await seat.client.sync_clock()
    server.exchange.clock_offset_ms -= 200 * DAY_MS
    server.exchange.history.hidden = Lag()
    assert (await seat.settled(transfer)).outcome is Outcome.DONE
    assert not any(note.doubt for note in seat.notes)
    agree(seat)


async def test_age_is_counted_in_the_exchanges_time(
    seat: Seat, server: DemoServer, agree: Agree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine whose clock stood in 1970 when it sent still finds its record."""
    monkeypatch.setattr(clock, "wall_ms", lambda: 1000)
    transfer = await _unknown(seat, server)
    assert (await seat.settled(transfer)).outcome is Outcome.DONE
    assert not any(note.doubt for note in seat.notes)
    agree(seat)


async def test_journal_that_fails_while_settling_is_tried_again(
    seat: Seat, server: DemoServer, agree: Agree, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = Journal.record
    failures = iter([JournalError("the disk is full")] * 3)

    def fail_first(journal: Journal, transfer: Transfer, evidence: Evidence, **rest: object) -> Transfer:
        if outcome_from(evidence) is Outcome.DONE and (failure := next(failures, None)):
            raise failure
        return record(journal, transfer, evidence, **rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Journal, "record", fail_first)
    settled = await seat.settled(await _unknown(seat, server))
    assert settled.outcome is Outcome.DONE
    assert [note.note for note in seat.notes] == ["the disk is full"] * 3
    agree(seat)

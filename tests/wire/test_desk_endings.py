"""A desk whose transfer is in flight, and everything around it that may fail: the listener, the journal, the desk."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import NoReturn

import pytest

from tests.gate import Gate
from tests.wire.conftest import DemoServer, OpenDesk, Seat
from tui.demo.faults import Cut, Fault, Reply
from tui.desk.desk import Decision
from tui.domain.evidence import Clash
from tui.domain.records import HistoryRow
from tui.domain.transfer import Outcome, Transfer, TransferRequest
from tui.domain.wallets import TransferType
from tui.exchange.errors import NotSent
from tui.journal import Journal, JournalError
from tui.structs import replace
from tui.words import outcomes
from tui.words.transfers import facts

Agree = Callable[[Seat], None]
Jump = Callable[[], None]

_REFUSAL = Reply(400, b'{"code":-5013,"msg":"Asset transfer failed: insufficient balance"}')


async def _reached(gate: Gate) -> None:
    assert await asyncio.to_thread(gate.reached.wait, 10)


async def _next_start(open_desk: OpenDesk, jump: Jump) -> Seat:
    """A later session, in which what was left open is settled."""
    later = open_desk()
    await later.client.sync_clock()  # what was sent before is executed then, and not after the jump
    jump()
    later.shown += [row for row in later.written() if not row.outcome.is_open]
    found = await later.desk.open_transfers()
    later.shown += found
    await later.until(lambda: later.notes or not [row for row in later.written() if row.outcome.is_open])
    jump()
    for transfer in found:
        await later.settled(transfer)
    return later


async def test_cancelled_caller_does_not_cancel_what_was_sent(
    seat: Seat, server: DemoServer, gate: Gate, agree: Agree
) -> None:
    server.exchange.faults.append(Fault(before=gate))
    caller = asyncio.create_task(seat.send())
    await _reached(gate)
    caller.cancel()
    await asyncio.wait([caller])
    assert caller.cancelled()
    assert seat.desk.in_flight == 1
    gate.open()
    await seat.desk.finish()
    assert seat.desk.in_flight == 0
    assert [shown.outcome for shown in seat.shown] == [Outcome.SENDING, Outcome.DONE]
    agree(seat)


async def test_cancelled_before_it_is_written_nothing_is_sent(
    seat: Seat, server: DemoServer, gate: Gate, agree: Agree
) -> None:
    server.exchange.faults.append(Fault(before=gate, method="GET", path="/api/v3/time"))
    caller = asyncio.create_task(seat.send())
    await _reached(gate)
    caller.cancel()
    await asyncio.wait([caller])
    gate.open()
    await seat.client.sync_clock()
    assert (seat.shown, seat.written(), server.exchange.requests) == ([], [], [])


async def test_time_that_cannot_be_had_sends_nothing(open_desk: OpenDesk) -> None:
    seat = open_desk("http://127.0.0.1:1")
    with pytest.raises(NotSent):
        await seat.send()
    assert (seat.shown, seat.written()) == ([], [])


@pytest.mark.parametrize("executed", [True, False], ids=["executed", "not executed"])
async def test_desk_closed_in_flight_leaves_it_to_the_next_start(
    seat: Seat,
    server: DemoServer,
    open_desk: OpenDesk,
    past_the_window: Jump,
    agree: Agree,
    gate: Gate,
    executed: bool,
) -> None:
    server.exchange.faults.append(Fault(executes=executed, after=gate, answer=Reply(200)))
    caller = asyncio.create_task(seat.send())
    await _reached(gate)
    await seat.desk.close()
    await asyncio.wait([caller])
    assert [row.outcome for row in seat.written()] == [Outcome.UNKNOWN]
    later = await _next_start(open_desk, past_the_window)
    assert [row.outcome for row in later.written()] == [Outcome.DONE if executed else Outcome.NOT_EXECUTED]
    assert len(server.exchange.requests) == 1
    agree(later)


@pytest.mark.parametrize("steps", range(12))
async def test_desk_closed_at_any_moment_loses_nothing(
    seat: Seat, server: DemoServer, open_desk: OpenDesk, past_the_window: Jump, agree: Agree, steps: int
) -> None:
    """Closed after so many turns of the loop: somewhere between the confirmation and the answer."""
    await seat.desk.prepare()
    caller = asyncio.create_task(seat.send())
    for _ in range(steps):
        await asyncio.sleep(0.0005 * (steps > 6))
    await seat.desk.close()
    await asyncio.wait([caller])
    later = await _next_start(open_desk, past_the_window)
    assert len(server.exchange.requests) <= len(later.written()) <= 1
    agree(later)


@pytest.mark.parametrize("answer", [None, Cut.CLOSE, _REFUSAL], ids=["done", "unknown", "rejected"])
async def test_listener_that_fails_disturbs_no_transfer(
    seat: Seat, server: DemoServer, agree: Agree, answer: Cut | Reply | None
) -> None:
    """An exception in a screen: the transfer is sent, written down and settled all the same."""
    failures: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context["exception"]))
    told = seat.desk.on_change

    def fail(transfer: Transfer) -> None:
        told(transfer)
        raise RuntimeError("the screen is gone")

    seat.desk.on_change = seat.desk.on_progress = fail  # type: ignore[assignment]
    server.exchange.faults.append(Fault(answer=answer, executes=not isinstance(answer, Reply)))
    transfer = await seat.send()
    await seat.settled(transfer)
    assert len(failures) >= 2
    agree(seat)


@pytest.mark.parametrize("outcome", [Outcome.DONE, Outcome.REJECTED, Outcome.UNKNOWN])
async def test_disk_full_after_sending_is_said_and_settled_by_the_next_start(
    seat: Seat,
    server: DemoServer,
    open_desk: OpenDesk,
    past_the_window: Jump,
    agree: Agree,
    monkeypatch: pytest.MonkeyPatch,
    outcome: Outcome,
) -> None:
    def full(*_: object, **__: object) -> Transfer:
        raise JournalError("The journal: the disk is full. Free some space, then try again.")

    if outcome is Outcome.REJECTED:
        server.exchange.faults.append(Fault(answer=_REFUSAL, executes=False))
    if outcome is Outcome.UNKNOWN:
        server.exchange.faults.append(Fault(answer=Cut.CLOSE))
    with monkeypatch.context() as patched:
        patched.setattr(Journal, "record", full)
        transfer = await seat.send()
        assert transfer.outcome is outcome
        assert "Free some space" in dict(facts(transfer))["Journal"]
        await seat.desk.close()
    assert [row.outcome for row in seat.written()] == [Outcome.UNKNOWN]
    later = await _next_start(open_desk, past_the_window)
    agree(later)


@pytest.mark.parametrize("outcome", [Outcome.DONE, Outcome.REJECTED, Outcome.UNKNOWN])
async def test_answer_that_a_full_disk_did_not_take_is_written_as_soon_as_there_is_space(
    seat: Seat, server: DemoServer, agree: Agree, monkeypatch: pytest.MonkeyPatch, outcome: Outcome
) -> None:
    refused, loop, refused_often = 0, asyncio.get_running_loop(), asyncio.Event()

    def full(*_: object, **__: object) -> Transfer:
        nonlocal refused
        refused += 1
        if refused >= 3:
            loop.call_soon_threadsafe(refused_often.set)
        raise JournalError("The journal: the disk is full. Free some space, then try again.")

    if outcome is Outcome.REJECTED:
        server.exchange.faults.append(Fault(answer=_REFUSAL, executes=False))
    if outcome is Outcome.UNKNOWN:
        server.exchange.faults.append(Fault(answer=Cut.CLOSE))
    with monkeypatch.context() as patched:
        patched.setattr(Journal, "record", full)
        transfer = await seat.send()
        assert transfer.outcome is outcome
        await asyncio.wait_for(refused_often.wait(), 20)
        assert [row.outcome for row in seat.written()] == [Outcome.SENDING]
    await seat.until(lambda: [row.outcome for row in seat.written()] != [Outcome.SENDING])
    settled = await seat.settled(transfer)
    assert settled.outcome is (Outcome.REJECTED if outcome is Outcome.REJECTED else Outcome.DONE)
    assert settled.unwritten == ""
    agree(seat)


@pytest.mark.parametrize("outcome", [Outcome.DONE, Outcome.REJECTED, Outcome.UNKNOWN])
async def test_no_error_while_an_answer_is_written_loses_it(
    seat: Seat, server: DemoServer, agree: Agree, monkeypatch: pytest.MonkeyPatch, outcome: Outcome
) -> None:
    def failing(*_: object, **__: object) -> Transfer:
        raise UnicodeEncodeError("utf-8", "demodemo", 0, 1, "surrogates not allowed")

    if outcome is Outcome.REJECTED:
        server.exchange.faults.append(Fault(answer=_REFUSAL, executes=False))
    if outcome is Outcome.UNKNOWN:
        server.exchange.faults.append(Fault(answer=Cut.CLOSE))
    with monkeypatch.context() as patched:
        patched.setattr(Journal, "record", failing)
        transfer = await seat.send()
        assert transfer.outcome is outcome
        assert dict(facts(transfer))["Journal"] == (
            "Not written yet; Shunter keeps trying. Shunter itself failed: UnicodeEncodeError."
        )
        assert [row.outcome for row in seat.written()] == [Outcome.SENDING]
    await seat.until(lambda: [row.outcome for row in seat.written()] != [Outcome.SENDING])
    settled = await seat.settled(transfer)
    assert settled.outcome is (Outcome.REJECTED if outcome is Outcome.REJECTED else Outcome.DONE)
    assert settled.unwritten == ""
    agree(seat)


async def test_answer_that_is_written_late_is_settled_if_its_tran_id_is_anothers(
    seat: Seat, server: DemoServer, agree: Agree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shown as done while the journal did not take it, it was unknown afterwards, and nobody looked for it."""

    def full(*_: object, **__: object) -> Transfer:
        raise JournalError("The journal: the disk is full. Free some space, then try again.")

    await seat.send("1.5")
    server.exchange.faults.append(Fault(answer=Reply(200, b'{"tranId":%d}' % server.executed[0])))
    with monkeypatch.context() as patched:
        patched.setattr(Journal, "record", full)
        second = await seat.send("2.5")
    await seat.until(lambda: isinstance(seat.on_screen(second.id).answer, Clash))
    assert (await seat.settled(second)).tran_id == server.executed[1]
    agree(seat)


async def test_disk_full_before_sending_sends_nothing(
    seat: Seat, server: DemoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> Transfer:
        raise JournalError("The journal: the disk is full.")

    monkeypatch.setattr(Journal, "begin", full)
    with pytest.raises(JournalError, match="full"):
        await seat.send()
    assert (seat.shown, server.exchange.requests, seat.desk.in_flight) == ([], [], 0)


async def test_journal_that_is_damaged_sends_nothing(
    seat: Seat, server: DemoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(*_: object) -> None:
        raise JournalError("The journal: the file is damaged.")

    monkeypatch.setattr(Journal, "check", damaged)
    for use in (seat.send, seat.desk.open_transfers):
        with pytest.raises(JournalError, match="damaged"):
            await use()
    assert (seat.shown, server.exchange.requests, seat.desk.in_flight) == ([], [], 0)


async def test_failure_of_our_own_while_sending_is_unknown_and_settled(
    seat: Seat, server: DemoServer, agree: Agree, monkeypatch: pytest.MonkeyPatch
) -> None:
    transfer = seat.client.transfer

    async def fail(request: TransferRequest, timestamp_ms: int) -> NoReturn:
        await transfer(request, timestamp_ms)
        raise RuntimeError("a bug")

    monkeypatch.setattr(seat.client, "transfer", fail)
    with pytest.raises(RuntimeError):
        await seat.send()
    await seat.until(lambda: seat.shown and not seat.shown[-1].outcome.is_open)
    assert [shown.outcome for shown in seat.shown] == [Outcome.SENDING, Outcome.UNKNOWN, Outcome.DONE]
    agree(seat)


async def test_answer_with_a_tran_id_that_a_person_gave_another_is_left_to_the_person(
    seat: Seat, server: DemoServer, past_the_window: Jump, gate: Gate, agree: Agree
) -> None:
    server.exchange.faults.append(Fault(answer=Cut.CLOSE, executes=False))
    wrong = await seat.send()
    server.exchange.faults.append(Fault(after=gate))
    sending = asyncio.create_task(seat.send())
    await _reached(gate)
    await seat.until(lambda: any(note.candidates for note in seat.notes))
    await seat.desk.choose(Decision(wrong, next(note.candidates for note in seat.notes if note.candidates)[0]))
    gate.open()
    transfer = await sending
    assert (transfer.outcome, transfer.tran_id) == (Outcome.UNKNOWN, None)
    await seat.until(lambda: seat.notices)
    assert (seat.notices[0].id, seat.notices[0].outcome) == (wrong.id, Outcome.UNKNOWN)
    assert str(server.executed[0]) in outcomes.message(seat.notices[0].evidence)
    past_the_window()

    def asked() -> list[HistoryRow]:
        return [row for note in seat.notes if note.transfer.identity == transfer.identity for row in note.candidates]

    await seat.until(asked)
    done = await seat.desk.choose(Decision(transfer, asked()[0]))
    assert (done.outcome, [done.tran_id]) == (Outcome.DONE, server.executed)
    assert (await seat.settled(wrong)).outcome is Outcome.NOT_EXECUTED


async def test_identical_transfers_at_once_are_each_sent_once(seat: Seat, server: DemoServer, agree: Agree) -> None:
    transfers = await asyncio.gather(*(seat.send() for _ in range(20)))
    assert sorted(filter(None, (transfer.tran_id for transfer in transfers))) == sorted(server.executed)
    assert len(server.exchange.requests) == len(server.executed) == 20
    agree(seat)


async def test_repeat_is_known_while_open_and_for_some_minutes(seat: Seat, server: DemoServer) -> None:
    request = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal("1.0"))
    assert await seat.desk.repeats(request) == []
    done = await seat.send("1")
    assert await seat.desk.repeats(request) == [done]
    server.exchange.faults.append(Fault(answer=_REFUSAL, executes=False))
    await seat.send("2")
    assert await seat.desk.repeats(TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(2))) == []


async def test_clock_refusal_asks_to_send_again_and_the_next_one_goes_through(
    seat: Seat, server: DemoServer, past_the_window: Jump, agree: Agree
) -> None:
    await seat.desk.prepare()
    past_the_window()
    refused = await seat.send()
    assert (refused.outcome, refused.code) == (Outcome.REJECTED, -1021)
    assert "Send again" in outcomes.message(refused.evidence)
    assert (await seat.send()).outcome is Outcome.DONE
    assert len(server.exchange.requests) == 2
    await seat.until(lambda: len(seat.shown) == 4)
    agree(seat)


async def test_slow_time_is_no_proof_that_a_window_is_over(seat: Seat, server: DemoServer, gate: Gate) -> None:
    """The exchange's time took long to come: how much of that was the way back, nobody knows."""
    server.exchange.faults.append(Fault(executes=False, answer=Cut.CLOSE))
    await seat.desk.prepare()
    assert seat.client.clock
    seat.client.clock = replace(seat.client.clock, round_trip_ms=30_000)
    transfer = await seat.send()
    seat.client.clock = replace(seat.client.clock, server_ms=seat.client.clock.server_ms + 10_000)
    server.exchange.clock_offset_ms += 10_000
    await seat.until(lambda: len(seat.notes) >= 4)
    assert all(note.note.startswith("no record in the history as of") for note in seat.notes)
    assert seat.on_screen(transfer.id).outcome is Outcome.UNKNOWN

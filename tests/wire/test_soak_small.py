"""Transfers through random faults and restarts: at the end the journal and the ledger say the same."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable
from random import Random

import httpx
import pytest

from tests.wire.conftest import DemoServer, OpenDesk, Seat
from tui.demo.faults import Cut, Fault, Reply
from tui.demo.history import Lag
from tui.desk.desk import Decision
from tui.domain.amounts import plain
from tui.domain.transfer import Outcome
from tui.exchange.errors import ExchangeError
from tui.journal import JournalError

_SEED = 7
_TRANSFERS = 60
_SAME_AMOUNT = "0.5"
"""What every tenth transfer moves: identical ones, of which a record does not tell which it is."""

_DOUBTFUL: tuple[Reply | Cut, ...] = (
    Cut.CLOSE,
    Cut.RESET,
    Cut.MID_ANSWER,
    Reply(500),
    Reply(504),
    Reply(200, b"<html>"),
    Reply(302),
)
_REFUSALS = (Reply(400), Reply(403), Reply(418), Reply(429), Reply(503, b'{"code":-1008,"msg":"busy"}'))


def _fault(random: Random) -> Fault | None:
    match random.randrange(6):
        case 0 | 1:
            return None
        case 2:
            return Fault(answer=random.choice(_DOUBTFUL))
        case 3:
            return Fault(answer=random.choice(_DOUBTFUL), executes=False)
        case 4:
            return Fault(answer=random.choice(_REFUSALS), executes=False)
        case _:
            return Fault(before=random.choice([0.01, 0.3]))  # the longer one outlasts the client's patience


def _history_fault(random: Random) -> Fault:
    return Fault(method="GET", answer=random.choice([*_DOUBTFUL, Reply(429, headers={"retry-after": "0"})]))


def _opened(open_desk: OpenDesk) -> Seat:
    seat = open_desk()
    seat.client._connection.http.timeout = httpx.Timeout(5, read=0.15)
    return seat


async def _decide(seat: Seat, jump: Callable[[], None]) -> None:
    """As a person does who looks at what is left: the oldest transfer is the oldest record."""
    while undecided := [transfer for transfer in seat.written() if transfer.outcome.is_open]:
        transfer = undecided[0]
        for is_enough in (lambda _: True, lambda note: note.doubt):
            seat.notes.clear()
            await asyncio.sleep(0)  # the desk tells in the event loop what it has written
            await seat.until(
                lambda transfer=transfer, is_enough=is_enough: (  # type: ignore[misc]
                    not seat.on_screen(transfer.id).outcome.is_open
                    or any(is_enough(note) and note.transfer.id == transfer.id for note in seat.notes)
                )
            )
            jump()  # what is left of earlier sessions is judged by the time since the first read
        if seat.on_screen(transfer.id).outcome.is_open:
            asked = next(note for note in seat.notes if note.doubt and note.transfer.id == transfer.id)
            oldest = min(asked.candidates, key=lambda row: row.tran_id)
            await seat.desk.choose(Decision(transfer, oldest))


@pytest.mark.long
async def test_nothing_is_lost_and_nothing_doubled(
    server: DemoServer, open_desk: OpenDesk, past_the_window: Callable[[], None]
) -> None:
    random = Random(_SEED)
    server.exchange.history.hidden = Lag(reads=1)
    confirmed: Counter[str] = Counter()
    seat = _opened(open_desk)
    for n in range(1, _TRANSFERS + 1):
        server.exchange.faults[:] = filter(None, [_fault(random)])
        if random.random() < 0.3:
            server.exchange.faults.append(_history_fault(random))
        amount = _SAME_AMOUNT if n % 10 == 0 else f"0.{n:04}"
        confirmed[amount] += 1
        sending = asyncio.create_task(seat.send(amount))
        if random.random() < 0.15:
            await asyncio.sleep(random.uniform(0, 0.03))
            await seat.desk.close()
            seat = _opened(open_desk)
            with contextlib.suppress(ExchangeError):
                seat.shown += await seat.desk.open_transfers()
        with contextlib.suppress(ExchangeError, JournalError, asyncio.CancelledError):
            await sending
        if random.random() < 0.1:
            past_the_window()

    await seat.desk.close()
    server.exchange.faults.clear()
    server.exchange.history.hidden = Lag()
    past_the_window()
    seat = _opened(open_desk)
    seat.shown += await seat.desk.open_transfers()
    await _decide(seat, past_the_window)

    rows = seat.written()
    assert not [row for row in rows if row.outcome.is_open]
    assert {row.outcome for row in rows} >= {Outcome.DONE, Outcome.REJECTED, Outcome.NOT_EXECUTED}
    assert sorted(row.tran_id for row in rows if row.outcome is Outcome.DONE if row.tran_id) == sorted(server.executed)
    assert all(row.tran_id for row in rows if row.outcome is Outcome.DONE)
    asked = Counter(plain(row.request.amount) for row in rows)
    on_the_wire = Counter(sent["amount"] for sent in server.exchange.requests)
    executed = Counter(plain(transfer.request.amount) for transfer in server.exchange.ledger.transfers)
    assert executed <= on_the_wire <= asked <= confirmed
    by_row = Counter(plain(row.request.amount) for row in rows if row.outcome is Outcome.DONE)
    assert by_row == executed

"""A journal in whose place an older copy was put while Shunter runs loses nothing that this session knows."""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from tests.unit.test_journal_migration import ROWS, build_version_2
from tests.wire.conftest import DemoServer, OpenDesk, Seat
from tests.wire.test_judging import _request, _unknown
from tui.demo.faults import Fault, Reply
from tui.demo.history import Lag
from tui.domain.transfer import Outcome, Transfer
from tui.journal import file as journal_file
from tui.words import settling
from tui.words.settling import Doubt

_FOREVER = 10**6

PutBack = Callable[[bytes, Path], None]


def _in_place(copy: bytes, path: Path) -> None:
    """As cp does it."""
    with path.open("r+b") as file:
        file.write(copy)
        file.truncate()


def _by_rename(copy: bytes, path: Path) -> None:
    """As mv, rsync and most that restores a backup does it."""
    beside = path.with_name("copy")
    beside.write_bytes(copy)
    beside.replace(path)


@pytest.fixture(params=[_in_place, _by_rename])
def put_back(request: pytest.FixtureRequest) -> PutBack:
    """Put an older copy in the journal's place."""
    return request.param  # type: ignore[no-any-return]


def _asked_or_settled(seat: Seat, transfer: Transfer, doubt: Doubt) -> Callable[[], bool]:
    return lambda: any(note.doubt is doubt for note in seat.notes) or not seat.on_screen(transfer.id).outcome.is_open


def _note(seat: Seat, note: str) -> Callable[[], bool]:
    return lambda: any(progress.note == note for progress in seat.notes)


async def test_transfer_of_another_shunter_on_the_copy_is_not_overwritten(
    seat: Seat, open_desk: OpenDesk, put_back: PutBack
) -> None:
    """It made as many changes on the copy as ours made after it: SQLite then takes its old pages for current."""
    other = open_desk()
    await seat.send("1")
    await other.send("2")
    copy = seat.path.read_bytes()
    await seat.send("3")
    seat.written()
    put_back(copy, seat.path)
    await other.send("4")
    await seat.send("5")
    assert sorted(transfer.request.amount for transfer in seat.written()) == [1, 2, 3, 4, 5]
    seat.journal.check()


async def test_answer_is_written_to_the_file_that_is_there(
    seat: Seat, server: DemoServer, open_desk: OpenDesk, put_back: PutBack
) -> None:
    await seat.send("7")
    copy = seat.path.read_bytes()
    server.exchange.faults.append(Fault(after=0.3))
    sending = asyncio.create_task(seat.send("2"))
    await seat.until(lambda: any(transfer.request.amount == 2 for transfer in seat.shown))
    put_back(copy, seat.path)
    transfer = await sending
    assert (transfer.outcome, transfer.unwritten) == (Outcome.DONE, "")
    await seat.desk.close()
    assert [(row.request.amount, row.outcome) for row in open_desk().written()] == [
        (Decimal(7), Outcome.DONE),
        (Decimal(2), Outcome.DONE),
    ]


async def test_copy_of_an_older_version_is_brought_up_to_date(
    seat: Seat, server: DemoServer, put_back: PutBack
) -> None:
    old = seat.path.parent / "old" / "journal.sqlite3"
    build_version_2(old)
    server.exchange.faults.append(Fault(after=0.3))
    sending = asyncio.create_task(seat.send("2"))
    await seat.until(lambda: any(transfer.request.amount == 2 for transfer in seat.shown))
    put_back(old.read_bytes(), seat.path)
    transfer = await sending
    assert (transfer.outcome, transfer.unwritten) == (Outcome.DONE, "")
    rows = seat.written()
    assert len(rows) == len(ROWS) + 1
    assert [row.outcome for row in rows if row.identity == transfer.identity] == [Outcome.DONE]
    assert seat.path.with_name(f"{seat.path.name}.version-2").exists()


async def test_sighting_survives(
    seat: Seat, server: DemoServer, past_the_window: Callable[[], None], put_back: PutBack
) -> None:
    server.exchange.history.hidden = Lag(reads=_FOREVER)
    transfer = await _unknown(seat, server)
    copy = seat.path.read_bytes()
    server.exchange.history.hidden, server.exchange.history.pending = Lag(), Lag(reads=_FOREVER)
    await seat.until(_note(seat, settling.PENDING))
    server.exchange.history.hidden = Lag(reads=_FOREVER)
    put_back(copy, seat.path)
    past_the_window()
    await seat.until(_asked_or_settled(seat, transfer, Doubt.GONE))
    assert seat.on_screen(transfer.id).outcome is Outcome.UNKNOWN


async def _replaced_after_sending(seat: Seat, server: DemoServer, answer: Reply | None, put_back: PutBack) -> Transfer:
    """What came of a transfer, in whose row the copy has nothing of that."""
    server.exchange.faults.append(Fault(after=0.3, answer=answer))
    sending = asyncio.create_task(seat.send())
    await seat.until(lambda: seat.shown)
    copy = seat.path.read_bytes()
    transfer = await sending
    put_back(copy, seat.path)
    return transfer


async def test_tran_id_that_the_answer_named_survives(
    seat: Seat, server: DemoServer, past_the_window: Callable[[], None], put_back: PutBack
) -> None:
    server.exchange.history.hidden = Lag(reads=_FOREVER)
    transfer = await _replaced_after_sending(seat, server, Reply(200, b'{"tranId":77,"status":"PENDING"}'), put_back)
    assert transfer.outcome is Outcome.UNKNOWN
    past_the_window()
    await seat.until(_asked_or_settled(seat, transfer, Doubt.NAMED))
    assert seat.on_screen(transfer.id).outcome is Outcome.UNKNOWN


async def test_yes_survives_although_nothing_is_done_before_shunter_ends(
    seat: Seat, server: DemoServer, open_desk: OpenDesk, put_back: PutBack
) -> None:
    transfer = await _replaced_after_sending(seat, server, None, put_back)
    assert transfer.outcome is Outcome.DONE
    await seat.desk.close()
    later = open_desk()
    assert await later.desk.open_transfers() == []
    assert later.written() == [transfer]


async def test_reading_during_which_the_copy_comes_has_all_the_same(
    seat: Seat, put_back: PutBack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a judgement that was missing once, nobody was told any more."""
    connect, statements, moment = journal_file._connect, 0, 0

    def step(_: str) -> None:
        nonlocal statements
        statements += 1
        if statements == moment:
            put_back(copy, seat.path)

    def watched(path: Path | None, mode: str) -> sqlite3.Connection:
        connection = connect(path, mode)
        step("the file is open")
        connection.set_trace_callback(step)
        return connection

    await seat.send("7")
    copy = seat.path.read_bytes()
    sent = await seat.send("2")
    monkeypatch.setattr(journal_file, "_connect", watched)
    while statements >= moment:
        seat.journal.all_open(sent.host)  # the file has all again
        statements, moment = 0, moment + 1
        assert seat.journal.holders(sent.host, sent.tran_id or 0) == [sent]
    assert moment > 3


async def test_judgement_stays_watched(
    seat: Seat, server: DemoServer, past_the_window: Callable[[], None], put_back: PutBack
) -> None:
    await seat.desk.open_transfers()
    server.exchange.history.hidden = Lag(reads=_FOREVER)
    transfer = await _unknown(seat, server, executed=True)
    copy = seat.path.read_bytes()
    past_the_window()
    assert (await seat.settled(transfer)).outcome is Outcome.NOT_EXECUTED
    put_back(copy, seat.path)
    server.exchange.history.hidden = Lag()
    await seat.until(lambda: seat.notices)
    assert seat.on_screen(transfer.id).outcome is Outcome.DONE


async def test_transfer_that_was_done_after_the_copy_is_still_asked_about(seat: Seat, put_back: PutBack) -> None:
    await seat.send("7")
    copy = seat.path.read_bytes()
    done = await seat.send("2")
    put_back(copy, seat.path)
    assert await seat.desk.repeats(_request("2")) == [done]
    assert [row.request.amount for row in seat.written()] == [7, 2]


async def test_journal_that_is_gone_is_said_and_takes_the_answer_when_it_is_back(
    seat: Seat, server: DemoServer
) -> None:
    server.exchange.faults.append(Fault(after=0.3))
    sending = asyncio.create_task(seat.send("2"))
    await seat.until(lambda: seat.shown)
    aside = seat.path.with_name("aside")
    shutil.move(seat.path, aside)
    transfer = await sending
    assert transfer.outcome is Outcome.DONE
    assert "the file is gone" in transfer.unwritten
    shutil.move(aside, seat.path)
    await seat.until(lambda: not seat.on_screen(transfer.id).unwritten)
    assert [row.outcome for row in seat.written()] == [Outcome.DONE]

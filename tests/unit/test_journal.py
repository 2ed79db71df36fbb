import contextlib
import errno
import fcntl
import os
import sqlite3
import stat
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.evidence import (
    SENT_MS,
    accepted,
    ambiguous,
    begin_anyway,
    matching_record,
    named,
    never_left,
    no_record,
    persons_record,
    persons_word,
    refusal,
)
from tests.unit.test_journal_migration import ROWS, build_version_2
from tui import clock
from tui.domain import answers
from tui.domain.evidence import Awaiting, Basis, Clash, Evidence, Reason, Refusal, Reopened, SenderGone, outcome_from
from tui.domain.moments import ms_of
from tui.domain.records import HistoryRow, OtherStatus, RecordStatus
from tui.domain.transfer import Outcome, Sending, Transfer, TransferRequest
from tui.domain.wallets import TransferType
from tui.journal import Journal, JournalError, RepeatUnconfirmed, TranIdTaken, journal_path
from tui.journal import file as file_module
from tui.journal import rows as rows_module
from tui.journal import store as journal_module
from tui.journal.file import in_words
from tui.journal.schema import MIGRATIONS
from tui.structs import replace
from tui.words import outcomes
from tui.words.outcomes import SENDER_GONE

HOST = "https://api.binance.com"
REQUEST = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal("100.50"))
PAIRS = TransferRequest(TransferType.ISOLATEDMARGIN_ISOLATEDMARGIN, "USDT", Decimal("0.00000001"), "BTCUSDT", "ETHUSDT")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.sqlite3"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with contextlib.closing(Journal.open(path)) as opened:
        yield opened


@pytest.fixture
def other(journal: Journal, path: Path) -> Iterator[Journal]:
    """Another Shunter's, of the same file."""
    with contextlib.closing(Journal.open(path)) as opened:
        yield opened


def begin(
    journal: Journal,
    request: TransferRequest = REQUEST,
    *,
    profile: str = "main",
    host: str = HOST,
    timestamp_ms: int = SENT_MS,
    meant: frozenset[str] | None = None,
) -> Transfer:
    """Write down a transfer: one that repeats others than those that are meant, if that is not given."""
    sending = Sending(
        request,
        profile=profile,
        key_tail="demo",
        key_print="print",
        host=host,
        timestamp_ms=timestamp_ms,
        clock_error_ms=20,
        recv_window_ms=5000,
    )
    return begin_anyway(journal, sending) if meant is None else journal.begin(sending, meant=meant)


def open_ids(journal: Journal, host: str = HOST) -> list[int]:
    return [transfer.id for transfer in journal.open_transfers(host)]


def query(path: Path, statement: str) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement).fetchall()


def fill(path: Path, count: int) -> None:
    """Add finished transfers, quickly."""
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            """
            INSERT INTO transfers (identity, sender, profile, key_tail, host, type, asset, amount, sent_at_ms,
                timestamp_ms, recv_window_ms, outcome, tran_id, message, settled_at_ms)
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
            SELECT lower(hex(randomblob(16))), 'gone', 'main', 'demo', ?, 'MAIN_FUNDING', 'USDT', '100.50', i, i, 5000,
                'done', 1000000000 + i, '', i FROM n
            """,
            (count, HOST),
        )


# What is written down


def test_the_newest_of_an_asset_at_a_host_come_newest_first_and_no_more_than_asked_for(
    journal: Journal, path: Path
) -> None:
    other_asset = replace(REQUEST, asset="BTC")
    for minute, request in enumerate((REQUEST, other_asset, REQUEST, REQUEST)):
        begin(journal, request, timestamp_ms=SENT_MS + minute)
    begin(journal, REQUEST, timestamp_ms=SENT_MS + 9, host="https://h.example")
    begin(journal, REQUEST, timestamp_ms=SENT_MS - 1, profile="other")
    sent_ms = [transfer.timestamp_ms - SENT_MS for transfer in journal.newest(HOST, "USDT", 3)]
    assert sent_ms == [3, 2, 0]
    assert [transfer.profile for transfer in journal.newest(HOST, "USDT", 9)] == [*["main"] * 3, "other"]
    assert [transfer.request.asset for transfer in journal.newest(HOST, "BTC", 9)] == ["BTC"]
    assert journal.newest(HOST, "XYZ", 9) == []
    plan = query(
        path,
        "EXPLAIN QUERY PLAN SELECT * FROM transfers WHERE host = '' AND asset = '' "
        "ORDER BY timestamp_ms DESC, id DESC LIMIT 1",
    )
    assert [step[3] for step in plan] == ["SEARCH transfers USING INDEX transfers_timestamp (host=?)"]


def test_a_newest_one_whose_sender_is_gone_is_unknown(journal: Journal, other: Journal) -> None:
    begin(other)
    assert [transfer.outcome for transfer in journal.newest(HOST, "USDT", 1)] == [Outcome.SENDING]
    other.close()
    assert [transfer.outcome for transfer in journal.newest(HOST, "USDT", 1)] == [Outcome.UNKNOWN]


def test_everything_that_was_sent_is_in_the_row(journal: Journal, other: Journal) -> None:
    before_ms = clock.wall_ms()
    first, second = begin(journal), begin(journal, PAIRS, profile="zweites 帳戶", host="http://127.0.0.1:8080")
    assert second.request == PAIRS
    assert (second.profile, second.host) == ("zweites 帳戶", "http://127.0.0.1:8080")
    assert (second.key_tail, second.key_print) == ("demo", "print")
    assert (second.timestamp_ms, second.recv_window_ms, second.clock_error_ms) == (1_700_000_000_123, 5000, 20)
    assert second.outcome is Outcome.SENDING
    assert (second.evidence, second.answer) == (Awaiting(), None)
    assert 0 <= second.confirmed_ms - before_ms < 60_000
    assert [first, second] == list(other.transfers())


def test_amount_keeps_its_digits(journal: Journal, path: Path) -> None:
    amount = Decimal("12345678901234567890.12345678")
    begin(journal, TransferRequest(TransferType.MAIN_FUNDING, "USDT", amount))
    begin(journal, TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal("1E+3")))
    assert query(path, "SELECT amount, typeof(amount) FROM transfers") == [(f"{amount}", "text"), ("1000", "text")]
    assert next(journal.transfers()).request.amount == amount


def test_every_change_of_outcome_is_kept_with_its_evidence(journal: Journal, path: Path) -> None:
    transfer = begin(journal)
    journal.record(transfer, ambiguous(-1007))
    journal.record(transfer, ambiguous(-1007))
    done = journal.record(transfer, matching_record(13526853623))
    assert (done.outcome, done.tran_id) == (Outcome.DONE, 13526853623)
    assert done.settled_at is not None
    assert ms_of(done.settled_at) >= done.timestamp_ms
    assert query(path, "SELECT transfer_id, outcome, tran_id, code, kind FROM changes ORDER BY rowid") == [
        (transfer.id, "sending", None, None, "Awaiting"),
        (transfer.id, "unknown", None, -1007, "Ambiguous"),
        (transfer.id, "done", 13526853623, None, "MatchingRecord"),
    ]
    times = [row[0] for row in query(path, "SELECT at_ms FROM changes ORDER BY rowid")]
    assert times == sorted(times, key=int)  # type: ignore[arg-type]


def test_first_answer_stays_whatever_is_found_out_later(journal: Journal, other: Journal) -> None:
    """The reason why it was unknown, and the exchange's code, are not lost with the judgement."""
    transfer = journal.record(begin(journal), ambiguous(-5012, "The transfer is in progress."))
    judged = journal.record(transfer, no_record())
    assert (judged.evidence, judged.answer) == (no_record(), ambiguous(-5012, "The transfer is in progress."))
    reopened = journal.revise(judged, Reopened(Reason.RECORDS_APPEARED), notice=True)
    failed = other.record(reopened, matching_record(7, "FAILED"))
    assert (failed.code, failed.answer) == (-5012, ambiguous(-5012, "The transfer is in progress."))
    (written,) = other.written()
    assert (written.code, written.outcome) == (-5012, "rejected")
    assert "FAILED" in written.message


def test_unknown_is_not_settled(journal: Journal) -> None:
    assert journal.record(begin(journal), ambiguous()).settled_at is None


FINAL = (
    accepted(1),
    refusal(),
    never_left(),
    no_record(),
    matching_record(2),
    matching_record(3, "FAILED"),
    persons_word(is_executed=True),
    persons_word(is_executed=False),
)


@pytest.mark.parametrize("final", FINAL, ids=lambda final: type(final).__name__)
def test_final_outcome_stays(journal: Journal, other: Journal, final: Evidence) -> None:
    settled = journal.record(begin(journal), final)
    assert settled.outcome is outcome_from(final)
    assert not settled.outcome.is_open
    for late in (*FINAL, ambiguous(), named(), SenderGone(), Reopened(Reason.TRAN_ID_LOST)):
        assert other.record(settled, late) == settled
    assert list(journal.transfers()) == [settled]


def test_half_a_character_from_the_exchange_is_written_down(journal: Journal) -> None:
    rejected = journal.record(begin(journal), refusal(message="bad \ud83d"))
    assert isinstance(rejected.evidence, Refusal)
    assert rejected.evidence.answer.message == "bad ?"
    assert [row.message for row in journal.written()] == ["bad ?\nMore than there is: try less."]


def test_outcome_is_settled_at_the_exchanges_time(journal: Journal) -> None:
    """This machine's clock may be days off: by it, a judgement would never be watched, or for ever."""
    judged = journal.record(begin(journal), no_record(), at_ms=SENT_MS + 300_000)
    assert judged.settled_at
    assert ms_of(judged.settled_at) == SENT_MS + 300_000
    revised = journal.revise(judged, matching_record(42), notice=True, at_ms=SENT_MS + 400_000)
    assert revised.settled_at
    assert ms_of(revised.settled_at) == SENT_MS + 400_000


def test_refusal_of_an_earlier_list_stays_one(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A later version may know better; what was decided then is what the person was told."""
    refused = journal.record(begin(journal), refusal(code=-3022, message="no"))
    unknown = journal.record(begin(journal), ambiguous(-1007))
    codes = (answers.REFUSAL_CODES - {-3022}) | {-1007}
    monkeypatch.setattr(answers, "REFUSAL_CODES", codes)
    assert list(journal.transfers()) == [refused, unknown]
    assert [row.code for row in journal.written()] == [-3022, -1007]
    assert outcomes.message(refused.evidence)


def test_what_was_sighted_is_not_judged(journal: Journal, other: Journal) -> None:
    """Two Shunters look for it; one sees a record between the last look of the other and its judgement."""
    transfer = journal.record(begin(journal), ambiguous())
    seen = HistoryRow("USDT", Decimal("100.50"), "MAIN_FUNDING", RecordStatus.PENDING, 5, SENT_MS + 50)
    other.sight(transfer, [seen], at_ms=SENT_MS + 1000)
    assert journal.record(transfer, no_record()) == transfer
    assert journal.record(transfer, persons_word(), declined=[5]).outcome is Outcome.NOT_EXECUTED


def test_tran_id_of_the_history_belongs_to_one_transfer_of_a_host(journal: Journal) -> None:
    first = journal.record(begin(journal), accepted(42))
    second = begin(journal)
    with pytest.raises(TranIdTaken):
        journal.record(second, matching_record(42))
    assert list(journal.transfers())[1] == second
    elsewhere = begin(journal, host="https://api1.binance.com")
    assert journal.record(elsewhere, matching_record(42)).outcome is Outcome.DONE
    assert journal.holders(HOST, 42) == [first]
    assert journal.holders(HOST, 43) == []
    assert journal.holders("https://api2.binance.com", 42) == []


def test_answer_with_a_tran_id_that_another_has_is_unknown_at_once(journal: Journal) -> None:
    first = journal.record(begin(journal), accepted(42))
    second = journal.record(begin(journal), accepted(42))
    assert (second.outcome, second.tran_id, second.settled_at) == (Outcome.UNKNOWN, None, None)
    assert second.evidence == second.answer == Clash(accepted(42).answer, first.id)
    assert [second] == [row for row in journal.transfers() if row.outcome.is_open]
    assert journal.transfer(first) == first
    assert journal.notices(HOST) == []
    (_, written) = journal.written()
    assert written.message == "The exchange answered with tranId 42, which transfer 1 already had."


def test_answer_with_a_tran_id_that_another_has_by_the_history_makes_both_unknown(journal: Journal, path: Path) -> None:
    """Either can be the one that it belongs to: both are looked for again, and the person is told of the first."""
    wrong = journal.record(begin(journal), matching_record(42))
    right = journal.record(begin(journal), accepted(42))
    assert (right.outcome, right.tran_id) == (Outcome.UNKNOWN, None)
    assert right.evidence == right.answer == Clash(accepted(42).answer, wrong.id)
    reopened = journal.transfer(wrong)
    assert (reopened.outcome, reopened.tran_id) == (Outcome.UNKNOWN, None)
    assert reopened.evidence == Reopened(Reason.TRAN_ID_LOST, Outcome.DONE, tran_id=42)
    assert journal.notices(HOST) == [reopened]
    journal.noticed(reopened)
    assert journal.notices(HOST) == []
    assert query(path, f"SELECT outcome FROM changes WHERE transfer_id = {wrong.id} ORDER BY rowid") == [
        ("sending",),
        ("done",),
        ("unknown",),
    ]


@pytest.mark.parametrize(
    ("request_", "after_ms"),
    [
        (TransferRequest(REQUEST.type, "USDT", Decimal(7)), 0),
        (TransferRequest(REQUEST.type, "USDT", Decimal("100.504")), 0),
        (REQUEST, 61 * 60 * 1000),
    ],
    ids=["another amount", "nearly that amount", "long after"],
)
def test_answer_leaves_alone_what_no_record_can_have_confused_with_it(
    journal: Journal, request_: TransferRequest, after_ms: int
) -> None:
    """A server to rehearse with was started again: what its history said before was right all the same."""
    before = journal.record(begin(journal), matching_record(42))
    after = journal.record(begin(journal, request_, timestamp_ms=SENT_MS + after_ms), accepted(42))
    assert after.outcome is Outcome.UNKNOWN
    assert journal.transfer(before) == before
    assert journal.notices(HOST) == []


def test_judgement_is_put_right_once_and_told_until_it_is_seen(journal: Journal, other: Journal) -> None:
    judged = journal.record(begin(journal), no_record(), at_ms=SENT_MS)
    assert judged.is_judged
    assert journal.judged(HOST, now_ms=SENT_MS) == [judged]
    done = journal.revise(judged, matching_record(42, corrects=Outcome.NOT_EXECUTED), notice=True)
    assert (done.outcome, done.tran_id, done.needs_notice) == (Outcome.DONE, 42, True)
    assert other.revise(judged, Reopened(Reason.RECORDS_APPEARED), notice=True) == done
    assert other.notices(HOST) == [done]
    assert journal.judged(HOST, now_ms=SENT_MS) == []


@pytest.mark.parametrize("certain", [refusal(), never_left(), accepted(7)], ids=lambda certain: type(certain).__name__)
def test_what_the_exchange_answered_is_never_revised(journal: Journal, certain: Evidence) -> None:
    answered = journal.record(begin(journal), certain, at_ms=SENT_MS)
    assert journal.judged(HOST, now_ms=SENT_MS) == []
    assert journal.revise(answered, matching_record(42), notice=True) == answered


def test_judgement_is_watched_for_a_day_of_the_exchanges_time(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged_ms = SENT_MS + 300_000
    judged = journal.record(begin(journal), no_record(), at_ms=judged_ms)
    monkeypatch.setattr(clock, "wall_ms", lambda: judged_ms + 4 * journal_module.WATCH_MS)  # days fast
    for after_ms, watched in ((journal_module.WATCH_MS - 1000, [judged]), (journal_module.WATCH_MS + 1000, [])):
        assert journal.judged(HOST, now_ms=judged_ms + after_ms) == watched


def test_records_that_a_person_declined_are_remembered(journal: Journal, other: Journal) -> None:
    transfer, _ = begin(journal), begin(journal)
    journal.record(transfer, persons_word(), declined=[5, 7])
    assert other.declined(HOST) == {transfer.identity: {5, 7}}


def test_sightings_are_remembered_until_they_are_explained(journal: Journal, other: Journal) -> None:
    """A record that was seen once and is gone is no absence, after a restart neither."""
    transfer = begin(journal)
    seen = HistoryRow("USDT", Decimal("100.50"), "MAIN_FUNDING", RecordStatus.PENDING, 5, SENT_MS + 50)
    journal.sight(transfer, [seen, replace(seen, tran_id=6, status=OtherStatus("LOST"))], at_ms=SENT_MS + 1000)
    journal.sight(transfer, [seen], at_ms=SENT_MS + 2000)
    assert {one.tran_id: (one.status, one.recorded_ms) for one in other.unexplained(transfer)} == {
        5: ("PENDING", SENT_MS + 50),
        6: ("LOST", SENT_MS + 50),
    }
    assert other.unexplained(begin(journal)) == ()
    journal.record(begin(journal), accepted(5))  # it was another transfer's
    assert [one.tran_id for one in other.unexplained(transfer)] == [6]
    journal.record(transfer, persons_word(), declined=[6])
    assert other.unexplained(transfer) == ()


def test_no_judgement_is_written_of_what_another_shunter_has_sighted(journal: Journal, other: Journal) -> None:
    """Between the last read and the judgement. What that read has explained does not stand in the way."""
    transfer = begin(journal)
    other.sight(
        transfer,
        [HistoryRow("USDT", Decimal("100.50"), "MAIN_FUNDING", RecordStatus.PENDING, 5, SENT_MS)],
        at_ms=SENT_MS,
    )
    assert journal.record(transfer, no_record()) == transfer
    assert journal.record(transfer, no_record(), despite=[5]).outcome is Outcome.NOT_EXECUTED


def test_rivals_are_those_that_a_record_could_be_as_well(journal: Journal) -> None:
    """Of any amount: what a record may have been rounded from, the journal does not say."""
    mine, twin = begin(journal), begin(journal)
    judged = journal.record(begin(journal), no_record())
    journal.record(begin(journal), accepted(1))
    journal.record(begin(journal), refusal())
    rounded = begin(journal, TransferRequest(REQUEST.type, "USDT", Decimal("100.504")))
    by_word = journal.record(begin(journal), persons_word(True))
    begin(journal, host="https://api1.binance.com")
    assert [rival.id for rival in journal.rivals(mine)] == [twin.id, rounded.id, judged.id, by_word.id]


@pytest.mark.parametrize("amount", ["100.50", "100.504", "100"])
def test_yes_makes_unknown_what_a_rounded_record_can_have_been_taken_for(journal: Journal, amount: str) -> None:
    other = begin(journal, TransferRequest(REQUEST.type, "USDT", Decimal(amount)))
    journal.record(other, persons_record(42))
    assert journal.record(begin(journal), accepted(42)).outcome is Outcome.UNKNOWN
    assert journal.transfer(other).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("move", "is_rival"),
    [
        (TransferType.MAIN_ISOLATED_MARGIN, True),
        (TransferType.ISOLATED_MARGIN_MAIN, True),
        (TransferType.MARGIN_ISOLATEDMARGIN, False),
        (TransferType.ISOLATEDMARGIN_MARGIN, False),
    ],
)
def test_transfers_to_different_pairs_are_rivals_where_the_history_need_not_tell_pairs_apart(
    journal: Journal, move: TransferType, is_rival: bool
) -> None:
    def to(pair: str) -> TransferRequest:
        is_from = move.needs_from_pair
        return TransferRequest(move, "USDT", Decimal(1), pair if is_from else None, None if is_from else pair)

    mine, other_pair = begin(journal, to("BTCUSDT")), begin(journal, to("ETHUSDT"))
    assert journal.rivals(mine) == [other_pair] * is_rival


# An older copy of the file


def test_transfer_that_a_restored_copy_lost_is_never_confused_with_the_next(path: Path) -> None:
    """The next one gets its number: what is written down of the first must not become the next one's outcome."""
    with contextlib.closing(Journal.open(path)) as journal:
        begin(journal, PAIRS)
        copy = path.read_bytes()
        first = journal.record(begin(journal), ambiguous())
        path.write_bytes(copy)
        with contextlib.closing(Journal.open(path)) as other:
            second = begin(other, TransferRequest(REQUEST.type, "USDT", Decimal("2.5")))
        assert (second.id, second.identity == first.identity) == (first.id, False)
        done = journal.record(first, accepted(42))
        assert (done.outcome, done.tran_id, done.request) == (Outcome.DONE, 42, REQUEST)
        rows = {row.identity: row for row in journal.transfers()}
        assert rows[second.identity].outcome is Outcome.UNKNOWN  # its Shunter has ended
        assert rows[first.identity] == done
        assert done.id != second.id


@pytest.mark.parametrize("what", ["transfer", "sight", "revise", "noticed"])
def test_transfer_that_a_restored_copy_lost_is_written_anew_as_it_was(path: Path, what: str) -> None:
    with contextlib.closing(Journal.open(path)) as journal:
        begin(journal, PAIRS)
        copy = path.read_bytes()
        judged = journal.record(journal.record(begin(journal), ambiguous(-1007)), no_record(), at_ms=SENT_MS)
        path.write_bytes(copy)
        uses: dict[str, Callable[[], object]] = {
            "transfer": lambda: journal.transfer(judged),
            "sight": lambda: journal.sight(judged, [], at_ms=SENT_MS),
            "revise": lambda: journal.revise(judged, no_record(), notice=False, at_ms=SENT_MS),
            "noticed": lambda: journal.noticed(judged),
        }
        uses[what]()
        assert [row for row in journal.transfers() if row.identity == judged.identity] == [judged]
        assert (judged.code, judged.answer) == (-1007, ambiguous(-1007))
        assert journal.judged(HOST, now_ms=SENT_MS) == [judged]


@dataclass(frozen=True)
class Copies:
    """Two Shunters at a file, of which a copy is put back."""

    path: Path
    journal: Journal
    other: Journal

    def put_back(self, copy: bytes) -> None:
        """By rename, as most that restores a backup does."""
        beside = self.path.with_name("beside")
        beside.write_bytes(copy)
        beside.replace(self.path)

    def row(self, transfer: Transfer) -> Transfer:
        """A transfer as the file has it, for one who has just come."""
        with contextlib.closing(Journal.open(self.path)) as fresh:
            return next(row for row in fresh.transfers() if row.identity == transfer.identity)


@pytest.fixture
def copies(path: Path, journal: Journal, other: Journal) -> Copies:
    return Copies(path, journal, other)


def test_copies_newer_word_of_another_shunter_stays(copies: Copies) -> None:
    """It settled on the copy what was open there; ours knew less."""
    transfer = copies.journal.record(begin(copies.journal), ambiguous())
    copy = copies.path.read_bytes()
    copies.journal.sight(transfer, [], at_ms=SENT_MS)
    copies.put_back(copy)
    with contextlib.closing(Journal.open(copies.path)) as newcomer:
        done = newcomer.record(transfer, matching_record(42))
    assert copies.journal.transfer(transfer) == done


@pytest.mark.parametrize("certain", [accepted(7), refusal(), never_left()], ids=lambda one: type(one).__name__)
def test_what_the_exchange_answered_stands_against_whatever_was_made_of_a_copy(
    copies: Copies, certain: Evidence
) -> None:
    transfer = begin(copies.journal)
    copy = copies.path.read_bytes()
    answered = copies.journal.record(transfer, certain, at_ms=SENT_MS)
    copies.put_back(copy)
    with contextlib.closing(Journal.open(copies.path)) as newcomer:
        for evidence in (ambiguous(), no_record()):
            newcomer.record(transfer, evidence)
        newcomer.revise(transfer, Reopened(Reason.RECORDS_APPEARED), notice=False)
        newcomer.record(transfer, persons_word())
    assert copies.journal.transfer(transfer) == answered
    assert copies.row(transfer) == answered
    assert copies.other.transfer(transfer) == answered


def test_copy_that_comes_while_something_is_written_is_noticed_although_it_has_as_many_changes(
    copies: Copies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite writes to the file that it has open, which has no name any more."""
    ours = begin(copies.journal)
    beside = tmp_path / "beside"
    beside.write_bytes(copies.path.read_bytes())
    with contextlib.closing(Journal.open(beside)) as elsewhere:
        elsewhere.record(ours, ambiguous())
    change = rows_module.change

    def replaced(*arguments: Any, **options: Any) -> None:
        change(*arguments, **options)
        copies.put_back(beside.read_bytes())

    monkeypatch.setattr(rows_module, "change", replaced)
    copies.journal.record(ours, accepted(42))
    monkeypatch.undo()
    assert copies.journal.holders(HOST, 42)[0].outcome is Outcome.DONE


def test_first_answer_is_added_to_what_another_shunter_found_out_on_a_copy(copies: Copies) -> None:
    transfer = begin(copies.journal)
    copy = copies.path.read_bytes()
    answered = copies.journal.record(transfer, named(7))
    copies.put_back(copy)
    with contextlib.closing(Journal.open(copies.path)) as newcomer:
        newcomer.record(transfer, SenderGone())
        newcomer.record(transfer, persons_word())
    now = copies.journal.transfer(transfer)
    assert (now.evidence, now.answer) == (persons_word(), answered.answer)
    assert copies.row(transfer) == now


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((ambiguous(),), no_record()),
        ((ambiguous(),), matching_record(5)),
        ((ambiguous(),), persons_word(is_executed=True)),
        ((), ambiguous()),
    ],
)
def test_evidence_does_not_go_back_to_that_of_a_copy(
    copies: Copies, before: tuple[Evidence, ...], after: Evidence
) -> None:
    transfer = begin(copies.journal)
    for evidence in before:
        transfer = copies.journal.record(transfer, evidence)
    copy = copies.path.read_bytes()
    now = copies.journal.record(transfer, after, declined=[9], at_ms=SENT_MS)
    copies.put_back(copy)
    assert copies.journal.transfer(transfer) == now
    assert copies.row(transfer) == now
    assert copies.other.declined(HOST) == {transfer.identity: {9}}


def test_reopened_judgement_does_not_become_one_again_by_a_copy(copies: Copies) -> None:
    judged = copies.journal.record(begin(copies.journal), no_record(), at_ms=SENT_MS)
    copy = copies.path.read_bytes()
    reopened = copies.journal.revise(judged, Reopened(Reason.RECORDS_APPEARED), notice=True)
    copies.put_back(copy)
    assert copies.journal.notices(HOST) == [reopened]
    assert copies.row(judged) == reopened


def test_what_was_opened_at_the_start_survives_a_copy_from_before_it(copies: Copies) -> None:
    """Of an earlier session: this one only read it."""
    copy = copies.path.read_bytes()
    unknown = copies.other.record(begin(copies.other), ambiguous())
    seen = HistoryRow("USDT", Decimal("100.50"), "MAIN_FUNDING", RecordStatus.PENDING, 5, SENT_MS + 50)
    copies.other.sight(unknown, [seen], at_ms=SENT_MS)
    assert copies.journal.open_transfers(HOST) == [unknown]
    copies.put_back(copy)
    assert copies.journal.all_open(HOST) == [unknown]
    assert [sighting.status for sighting in copies.journal.unexplained(unknown)] == ["PENDING"]
    assert copies.row(unknown) == unknown


def test_tran_id_that_another_transfer_got_on_a_copy_is_not_two_transfers(copies: Copies) -> None:
    first = copies.journal.record(begin(copies.journal), ambiguous())
    second = copies.journal.record(begin(copies.journal), ambiguous())
    copy = copies.path.read_bytes()
    copies.journal.record(first, matching_record(42))
    copies.put_back(copy)
    with contextlib.closing(Journal.open(copies.path)) as newcomer:
        newcomer.record(second, matching_record(42))
    assert [row.outcome for row in copies.journal.holders(HOST, 42)] == [Outcome.DONE]
    now = copies.journal.transfer(first)
    assert now.evidence == Reopened(Reason.TRAN_ID_LOST, Outcome.DONE, tran_id=42)
    assert copies.journal.notices(HOST) == [now]


def test_two_copies_of_an_older_version_are_the_same_transfers(tmp_path: Path) -> None:
    """Each is migrated by itself; were they others, each transfer would be there twice."""
    older = tmp_path / "state" / "journal.sqlite3"
    build_version_2(older)
    copy = older.read_bytes()
    with contextlib.closing(Journal.open(older)) as journal:
        opened = journal.open_transfers(HOST)
        older.write_bytes(copy)
        assert journal.open_transfers(HOST) == opened
        assert len(list(journal.transfers())) == len(ROWS)


def test_rolled_back_transfer_is_not_written_again(
    journal: Journal, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was never sent."""
    with monkeypatch.context() as patch:
        patch.setattr(rows_module, "get", lambda *_: (_ for _ in ()).throw(sqlite3.OperationalError("disk I/O error")))
        with pytest.raises(JournalError):
            begin(journal)
    assert list(journal.transfers()) == []


def test_emptied_journal_is_said_and_not_begun_anew(journal: Journal, path: Path) -> None:
    transfer = begin(journal)
    before = path.read_bytes()
    path.write_bytes(b"")
    for use in (lambda: begin(journal), lambda: list(journal.transfers())):
        with pytest.raises(JournalError, match="was emptied"):
            use()
    path.write_bytes(before)
    assert list(journal.transfers()) == [transfer]


def test_no_identity_is_given_out_twice(journal: Journal) -> None:
    assert len({begin(journal).identity for _ in range(50)}) == 50


# Who is sending


def test_transfer_being_sent_is_left_to_its_sender(journal: Journal, other: Journal) -> None:
    begin(journal)
    assert open_ids(journal) == open_ids(other) == []
    assert next(other.transfers()).outcome is Outcome.SENDING


def test_transfer_whose_sender_ended_is_unknown_on_disk(journal: Journal, other: Journal, path: Path) -> None:
    transfer = begin(journal)
    journal.close()
    assert [(seen.outcome, seen.evidence) for seen in other.transfers()] == [(Outcome.UNKNOWN, SenderGone())]
    assert [(row.outcome, row.message) for row in other.written()] == [("unknown", SENDER_GONE)]
    assert query(path, "SELECT outcome FROM transfers") == [("sending",)]
    assert open_ids(other) == [transfer.id]
    assert query(path, "SELECT outcome, kind FROM transfers") == [("unknown", "SenderGone")]
    assert query(path, "SELECT outcome FROM changes ORDER BY rowid") == [("sending",), ("unknown",)]


def test_dead_senders_leave_no_files(journal: Journal, other: Journal, path: Path) -> None:
    begin(journal)
    stale = path.parent / "senders" / "0123456789abcdef.lock"
    stale.touch()
    open_ids(other)
    assert not stale.exists()
    journal.close()
    assert list(stale.parent.iterdir()) == []


def test_open_transfers_are_those_of_one_host(journal: Journal, other: Journal) -> None:
    mine = [begin(journal) for _ in range(3)]
    journal.record(mine[1], ambiguous())
    journal.record(begin(journal), refusal())
    elsewhere = begin(journal, host="http://127.0.0.1:1").id
    assert open_ids(other) == [mine[1].id]
    journal.close()
    assert open_ids(other) == [transfer.id for transfer in mine]
    assert [transfer.evidence for transfer in other.open_transfers(HOST)][1] == ambiguous()
    assert open_ids(other, "http://127.0.0.1:1") == [elsewhere]


def test_what_a_sender_wrote_last_is_not_overwritten_by_its_end(
    journal: Journal, other: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    transfer = begin(journal)

    def ends_meanwhile(folder: Path) -> frozenset[str]:
        journal.record(transfer, ambiguous(-1007, "its own words"))
        return frozenset()

    monkeypatch.setattr(file_module, "living_senders", ends_meanwhile)
    (seen,) = other.open_transfers(HOST)
    assert seen.evidence == seen.answer == ambiguous(-1007, "its own words")


def test_sender_that_was_swept_before_it_was_locked_takes_another_file(
    journal: Journal, other: Journal, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = fcntl.flock
    swept: list[Path] = []

    def sweep_then_lock(fd: int, kind: int) -> None:
        if not swept:
            swept.extend((path.parent / "senders").iterdir())
            swept[0].unlink()
        lock(fd, kind)

    monkeypatch.setattr(fcntl, "flock", sweep_then_lock)
    begin(journal)
    assert swept
    assert open_ids(other) == []


# The double-send guard


def similar(journal: Journal, request: TransferRequest = REQUEST, *, after_ms: int = 0) -> list[int]:
    return [found.id for found in journal.similar(request, host=HOST, now_ms=SENT_MS + after_ms)]


def test_similar_finds_what_would_be_repeated(journal: Journal) -> None:
    sending, unknown, done = begin(journal), begin(journal), begin(journal)
    journal.record(unknown, ambiguous())
    journal.record(done, accepted(1))
    for final in (refusal(), never_left()):
        journal.record(begin(journal), final)
    judged = journal.record(begin(journal), no_record())
    failed = journal.record(begin(journal), matching_record(2, "FAILED"))
    ids = [sending.id, unknown.id, done.id, judged.id, failed.id]

    assert similar(journal) == ids
    assert similar(journal, TransferRequest(REQUEST.type, "USDT", Decimal("100.5000"))) == ids
    assert similar(journal, after_ms=journal_module.REPEAT_WINDOW_MS) == ids
    assert similar(journal, after_ms=journal_module.REPEAT_WINDOW_MS + 1) == [id_ for id_ in ids if id_ != done.id]
    for different in (
        TransferRequest(REQUEST.type, "USDT", Decimal("100.51")),
        TransferRequest(REQUEST.type, "USDC", REQUEST.amount),
        TransferRequest(TransferType.FUNDING_MAIN, "USDT", REQUEST.amount),
    ):
        assert similar(journal, different) == []
    assert journal.similar(REQUEST, host="http://127.0.0.1:1", now_ms=SENT_MS) == []


def test_what_turned_out_to_be_done_is_asked_about_for_a_while(journal: Journal) -> None:
    """Whoever waited for its outcome may not have seen it yet."""
    later_ms = 20 * journal_module.REPEAT_WINDOW_MS
    unknown = journal.record(begin(journal), ambiguous())
    journal.record(unknown, matching_record(2), at_ms=SENT_MS + later_ms)
    last_ms = later_ms + journal_module.REPEAT_WINDOW_MS
    assert similar(journal, after_ms=last_ms) == [unknown.id]
    assert similar(journal, after_ms=last_ms + 1) == []


@pytest.mark.parametrize("offset_ms", [-10 * journal_module.WATCH_MS, 10 * journal_module.WATCH_MS])
def test_wall_clock_that_was_set_changes_nothing_about_repeats(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, offset_ms: int
) -> None:
    now_ms = clock.wall_ms
    done = journal.record(begin(journal), accepted(1))
    judged = journal.record(begin(journal), no_record())
    monkeypatch.setattr(clock, "wall_ms", lambda: now_ms() + offset_ms)
    assert similar(journal, after_ms=60_000) == [done.id, judged.id]


def test_similar_tells_pairs_apart(journal: Journal) -> None:
    transfer = begin(journal, PAIRS)
    swapped = TransferRequest(PAIRS.type, PAIRS.asset, PAIRS.amount, PAIRS.to_symbol, PAIRS.from_symbol)
    assert similar(journal, PAIRS) == [transfer.id]
    assert similar(journal, swapped) == []


def test_repeat_that_was_not_asked_about_is_not_written(journal: Journal, other: Journal) -> None:
    first = begin(journal)
    with pytest.raises(RepeatUnconfirmed) as raised:
        begin(other, meant=frozenset())
    assert raised.value.transfers == [first]
    assert list(journal.transfers()) == [first]
    assert begin(other, meant=frozenset({first.identity})).id == first.id + 1


def test_of_many_shunters_at_once_one_writes_and_all_others_are_asked(path: Path) -> None:
    """Asking and writing are one step: two that look at the same moment would else both find nothing."""
    barrier = threading.Barrier(4)

    def press_y(_: int) -> bool:
        with contextlib.closing(Journal.open(path)) as journal:
            barrier.wait()
            try:
                begin(journal, meant=frozenset())
            except RepeatUnconfirmed:
                return False
            return True

    for _ in range(5):
        path.unlink(missing_ok=True)
        with ThreadPoolExecutor(4) as pool:
            assert sorted(pool.map(press_y, range(4))) == [False, False, False, True]


@pytest.mark.parametrize(
    ("outcome", "message", "basis"),
    [
        ("done", "", Basis.ANSWER),
        ("done", "Found in the exchange's history.", Basis.HISTORY),
        ("done", "Decided by hand, from several records of the history.", Basis.PERSON),
        ("rejected", "You have insufficient balance. More than there is: try less.", Basis.ANSWER),
        ("rejected", "The exchange's history says FAILED: nothing moved.", Basis.HISTORY),
        ("not_executed", "Its time window is over and the exchange's history has no record of it.", Basis.HISTORY),
        ("not_executed", "Decided by hand: no record of the history is this transfer.", Basis.PERSON),
        ("unknown", "The answer did not come.", Basis.ANSWER),
    ],
)
def test_journal_of_an_older_shunter_says_what_its_outcomes_rest_on(
    path: Path, outcome: str, message: str, basis: Basis
) -> None:
    """What it took for proved is a judgement now, is asked about before a repeat, and watched."""
    path.parent.mkdir()
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        for statement in MIGRATIONS[0]:
            connection.execute(statement)
        connection.execute(
            """
            INSERT INTO transfers (sender, profile, key_tail, host, type, asset, amount, sent_at_ms, timestamp_ms,
                recv_window_ms, outcome, message, settled_at_ms)
            VALUES ('gone', 'main', 'demo', ?, 'MAIN_FUNDING', 'USDT', '100.50', ?, ?, 5000, ?, ?, ?)
            """,
            (HOST, SENT_MS, SENT_MS, outcome, message, clock.wall_ms()),
        )
        connection.execute("PRAGMA user_version = 1")
    with contextlib.closing(Journal.open(path)) as opened:
        (transfer,) = opened.transfers()
        assert (transfer.outcome, transfer.basis, transfer.key_print) == (Outcome(outcome), basis, "")
        assert outcomes.message(transfer.evidence) == message
        is_judged = basis is not Basis.ANSWER and outcome != "done"
        assert opened.judged(HOST, now_ms=clock.wall_ms()) == ([transfer] if is_judged else [])


# The file


def test_only_the_owner_can_read_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "made" / "on the way"))
    folder = journal_path().parent
    folder.mkdir(parents=True, mode=0o755)
    umask = os.umask(0)
    try:
        with contextlib.closing(Journal.open()) as journal:
            begin(journal)
            modes = {file: stat.S_IMODE(file.stat().st_mode) for file in (folder, *folder.rglob("*"))}
    finally:
        os.umask(umask)
    assert {file.name for file in modes} >= {"shunter", "journal.sqlite3", "journal.sqlite3-journal", "senders"}
    assert {file: oct(mode) for file, mode in modes.items()} == {
        file: oct(0o700 if file.is_dir() else 0o600) for file in modes
    }


def test_demo_transfers_never_touch_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with contextlib.closing(Journal.in_memory()) as journal:
        transfer = begin(journal)
        assert open_ids(journal) == []
        journal.record(transfer, ambiguous())
        assert open_ids(journal) == [transfer.id]
        assert journal.record(transfer, accepted(1)) == next(journal.transfers())
    assert list(tmp_path.iterdir()) == []


def test_threads_share_a_journal(journal: Journal) -> None:
    together = threading.Barrier(8)

    def work(number: int) -> int:
        together.wait()
        transfer = begin(journal)
        return journal.record(transfer, accepted(number + 1)).id

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(work, range(40)))
    assert sorted(ids) == list(range(1, 41))
    assert {transfer.tran_id for transfer in journal.transfers()} == set(range(1, 41))


def test_reader_holds_nothing_while_it_reads(
    journal: Journal, other: Journal, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(path, 1200)
    reading = journal.transfers()
    next(reading)
    begin(journal)
    begin(other)
    assert len(list(reading)) == 1201


def test_long_journal_is_read_in_little_memory(journal: Journal, path: Path) -> None:
    fill(path, 6000)
    tracemalloc.start()
    try:
        assert sum(1 for _ in journal.transfers()) == 6000
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_no_question_reads_the_whole_journal(journal: Journal, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    connect = sqlite3.connect

    def traced(*args: object, **kwargs: object) -> sqlite3.Connection:
        connection = connect(*args, **kwargs)  # type: ignore[call-overload]
        connection.set_trace_callback(asked.append)
        return connection  # type: ignore[no-any-return]

    monkeypatch.setattr(sqlite3, "connect", traced)
    transfer = begin(journal)
    open_ids(journal)
    similar(journal)
    journal.transfer(transfer)
    journal.rivals(transfer)
    journal.rivals(
        begin(journal, TransferRequest(TransferType.MAIN_ISOLATED_MARGIN, "USDT", Decimal(1), None, "BTCUSDT"))
    )
    journal.holders(HOST, 5)
    journal.judged(HOST, now_ms=SENT_MS)
    journal.notices(HOST)
    journal.declined(HOST)
    journal.unexplained(transfer)
    journal.record(transfer, accepted(5))
    monkeypatch.undo()
    questions = [statement for statement in asked if "FROM" in statement]
    assert len(questions) >= 12
    for statement in questions:
        plan = [str(row[3]) for row in query(path, f"EXPLAIN QUERY PLAN {statement}")]
        scans = [
            step
            for step in plan
            if step.startswith("SCAN") and not step.startswith(("SCAN json_each", "SCAN declined"))
        ]
        assert not [step for step in scans if "CONSTANT" not in step], statement


def test_import_is_light() -> None:
    heavy = {"textual", "httpx", "keyring", "rich", "asyncio"}
    code = f"import sys, tui.commands.journal; print(*sys.modules.keys() & {heavy})"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "\n"


# The schema


def test_newer_journal_asks_for_an_update_and_stays_as_it_is(journal: Journal, path: Path) -> None:
    begin(journal)
    journal.close()
    query(path, f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    before = path.read_bytes()
    for opening in (Journal.open, Journal.open_to_read):
        with pytest.raises(JournalError, match="Update this one"):
            opening(path)
    assert path.read_bytes() == before


def test_migration_keeps_the_transfers(journal: Journal, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settled = journal.record(begin(journal), accepted(1))
    journal.close()
    steps = (
        ("ALTER TABLE transfers ADD COLUMN note TEXT NOT NULL DEFAULT ''",),
        ("CREATE TABLE notes (n INTEGER)", "INSERT INTO notes SELECT count(*) FROM transfers"),
    )
    monkeypatch.setattr(file_module, "MIGRATIONS", MIGRATIONS + steps)
    with contextlib.closing(Journal.open(path)) as migrated:
        assert list(migrated.transfers()) == [settled]
        assert begin(migrated).id == settled.id + 1
    assert query(path, "SELECT n FROM notes") == [(1,)]
    assert query(path, "PRAGMA user_version") == [(len(MIGRATIONS) + 2,)]
    with contextlib.closing(Journal.open(path)) as again:
        assert len(list(again.transfers())) == 2


def test_migration_that_fails_changes_nothing(journal: Journal, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(journal)
    journal.close()
    before = query(path, "SELECT * FROM sqlite_master"), query(path, "SELECT * FROM transfers")
    steps = (("CREATE TABLE notes (n INTEGER)",), ("INSERT INTO nowhere VALUES (1)",))
    monkeypatch.setattr(file_module, "MIGRATIONS", MIGRATIONS + steps)
    with pytest.raises(JournalError):
        Journal.open(path)
    assert (query(path, "SELECT * FROM sqlite_master"), query(path, "SELECT * FROM transfers")) == before
    assert query(path, "PRAGMA user_version") == [(len(MIGRATIONS),)]


# What can be wrong with the file; a full and a read-only disk are in tests/terminal/test_journal_processes.py


def test_damaged_header_is_said_and_the_file_left_alone(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a journal" * 1000)
    for opening in (Journal.open, Journal.open_to_read):
        with pytest.raises(JournalError, match="damaged") as raised:
            opening(path)
        assert str(path) in str(raised.value)
    assert path.read_bytes() == b"not a journal" * 1000


def test_damaged_page_is_said_at_the_start(journal: Journal, path: Path) -> None:
    fill(path, 500)
    journal.close()
    content = bytearray(path.read_bytes())
    of_the_schema = {page for (page,) in query(path, "SELECT pageno FROM dbstat WHERE name = 'sqlite_schema'")}
    for page in range(1, len(content) // 4096 + 1):
        if page not in of_the_schema:
            content[(page - 1) * 4096 : page * 4096] = b"\xa5" * 4096
    path.write_bytes(content)
    with contextlib.closing(Journal.open(path)) as damaged:
        for use in (
            damaged.check,
            lambda: begin(damaged),
            lambda: list(damaged.transfers()),
            lambda: open_ids(damaged),
        ):
            with pytest.raises(JournalError, match="damaged"):
                use()
    assert path.read_bytes() == content


def test_index_page_of_another_day_is_found_at_the_start(journal: Journal, path: Path) -> None:
    """Looked up by it, the open transfer would not be there."""
    ((page,),) = query(path, "SELECT rootpage FROM sqlite_master WHERE name = 'transfers_open'")
    before = path.read_bytes()
    begin(journal)
    journal.close()
    start = (int(str(page)) - 1) * 4096
    after = path.read_bytes()
    path.write_bytes(after[:start] + before[start : start + 4096] + after[start + 4096 :])
    assert query(path, "SELECT count(*) FROM transfers NOT INDEXED WHERE outcome = 'sending'") == [(1,)]
    by_index = "SELECT count(*) FROM transfers INDEXED BY transfers_open WHERE outcome IN ('sending', 'unknown')"
    assert query(path, by_index) == [(0,)]
    with contextlib.closing(Journal.open(path)) as damaged, pytest.raises(JournalError, match="damaged"):
        damaged.check()


def test_row_that_makes_no_sense_is_said(journal: Journal, path: Path) -> None:
    begin(journal)
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE transfers SET type = 'MAIN_MOON', revision = revision + 1")
    with pytest.raises(JournalError, match="transfer 1 cannot be read"):
        list(journal.transfers())


def test_folder_with_the_journals_name_is_said(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(JournalError, match=r"journal\.sqlite3 is a folder, not a file\. Move it away"):
        Journal.open(path)


def test_file_with_the_folders_name_is_said(path: Path) -> None:
    path.parent.write_text("in the way")
    with pytest.raises(JournalError, match="cannot be opened"):
        Journal.open(path)
    assert path.parent.read_text() == "in the way"


def test_lock_that_is_kept_stops_a_transfer_before_it_is_sent(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_module, "BUSY_TIMEOUT_S", 0.01)
    with contextlib.closing(Journal.open(path)) as journal, contextlib.closing(sqlite3.connect(path)) as keeper:
        keeper.execute("BEGIN EXCLUSIVE")
        with pytest.raises(JournalError, match="locked"):
            begin(journal)
        with pytest.raises(JournalError, match="locked"):
            Journal.open(path)
        keeper.rollback()
        assert begin(journal).id == 1


def test_write_of_another_shunter_is_waited_for(path: Path) -> None:
    with contextlib.closing(Journal.open(path)) as journal, ThreadPoolExecutor(1) as pool:
        with contextlib.closing(sqlite3.connect(path)) as keeper:
            keeper.execute("BEGIN IMMEDIATE")
            begun = pool.submit(begin, journal)
            with pytest.raises(TimeoutError):
                begun.result(timeout=0.05)
            keeper.rollback()
        assert begun.result().id == 1


class _FailsAfterCommit(sqlite3.Connection):
    """A disk that fails when all of a commit is written and only the last word on it is missing."""

    fails = False

    def execute(self, statement: str, *parameters: object) -> sqlite3.Cursor:
        cursor = super().execute(statement, *parameters)  # type: ignore[arg-type]
        if self.fails and statement == "COMMIT":
            type(self).fails = False
            raise sqlite3.OperationalError("disk I/O error")
        return cursor


def test_begin_that_failed_is_never_taken_for_a_sent_transfer(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *args, **kwargs: connect(*args, factory=_FailsAfterCommit, **kwargs))
    with contextlib.closing(Journal.open(path)) as journal:
        monkeypatch.setattr(_FailsAfterCommit, "fails", True)
        with pytest.raises(JournalError):
            begin(journal)
        assert [transfer.outcome for transfer in journal.transfers()] == [Outcome.NOT_SENT]


def test_reading_makes_no_files(path: Path) -> None:
    assert Journal.open_to_read(path) is None
    assert not path.parent.exists()


def test_closed_journal_says_so(journal: Journal) -> None:
    journal.close()
    with pytest.raises(JournalError, match="closed"):
        begin(journal)


def test_folder_that_cannot_be_entered_is_told(path: Path) -> None:
    with pytest.raises(JournalError, match="it cannot be opened or written"), in_words(path):
        raise PermissionError(errno.EACCES, "Permission denied")

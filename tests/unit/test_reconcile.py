"""The journal against the record: exactly what was put in is named, and nothing else."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.desk.reconcile import Comparison, Difference, Kind, compare
from tui.domain.records import HistoryRow, Row, UnreadableRow
from tui.domain.transfer import Evidence, Outcome, Transfer, TransferRequest
from tui.domain.wallets import TransferType

HOST = "https://api.binance.com"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
NOW_MS = 1_795_521_600_000
HOUR_MS = 60 * 60 * 1000
DAY_MS = 24 * HOUR_MS
_MOVES = [TransferType.MAIN_FUNDING, TransferType.FUNDING_MAIN, TransferType.MAIN_UMFUTURE]


def row_of(number: int, outcome: Outcome, *, days_ago: float = 10, **changed: object) -> Transfer:
    """A row of the journal that no other is like: its amount is its number."""
    ago = timedelta(days=days_ago, minutes=number)
    row = Transfer(
        number,
        TransferRequest(_MOVES[number % 3], "USDT", Decimal(number)),
        "main",
        "tail",
        HOST,
        NOW - ago,
        NOW_MS - int(ago.total_seconds() * 1000),
        5000,
        outcome,
        tran_id=1000 + number if outcome is Outcome.DONE else None,
    )
    return replace(row, **changed)  # type: ignore[arg-type]


def record_of(row: Transfer, status: str = "CONFIRMED", **changed: object) -> HistoryRow:
    """The record that the exchange has of a row."""
    request = row.request
    record = HistoryRow(request.asset, request.amount, request.type.name, status, 1000 + row.id, row.timestamp_ms + 50)
    return replace(record, **changed)  # type: ignore[arg-type]


@dataclass
class Case:
    """A row, what the exchange has of it, and what is to be said of the two."""

    row: Transfer | None
    record: Row | None
    kind: Kind | None = None


_NOT_MOVED = st.sampled_from([Outcome.REJECTED, Outcome.NOT_SENT, Outcome.NOT_EXECUTED])
_MOVED = st.sampled_from(["CONFIRMED", "PENDING", "REFUNDED"])


def _agreeing(number: int, draw: st.DrawFn) -> Case:
    done = row_of(number, Outcome.DONE)
    rejected = row_of(number, Outcome.REJECTED)
    return draw(
        st.sampled_from(
            [
                Case(done, record_of(done)),
                Case(done, record_of(done, "PENDING")),
                Case(done, record_of(done, amount=Decimal(f"{number}.000"))),
                Case(rejected, None),
                Case(row_of(number, Outcome.NOT_SENT), None),
                Case(row_of(number, Outcome.NOT_EXECUTED), record_of(rejected, "FAILED")),
                Case(replace(rejected, tran_id=1000 + number), record_of(rejected, "FAILED")),
                Case(row_of(number, Outcome.UNKNOWN), None),
                Case(row_of(number, Outcome.DONE, days_ago=200), None),
                Case(row_of(number, Outcome.DONE, days_ago=0), None),
                Case(row_of(number, Outcome.DONE, tran_id=None, evidence=Evidence.PERSON), None),
            ]
        )
    )


def _differing(number: int, draw: st.DrawFn) -> Case:
    done = row_of(number, Outcome.DONE)
    not_moved = row_of(number, draw(_NOT_MOVED))
    unknown = row_of(number, draw(st.sampled_from([Outcome.UNKNOWN, Outcome.SENDING])))
    return draw(
        st.sampled_from(
            [
                Case(not_moved, record_of(not_moved, draw(_MOVED)), Kind.EXECUTED_AFTER_ALL),
                Case(replace(not_moved, tran_id=1000 + number), record_of(not_moved), Kind.EXECUTED_AFTER_ALL),
                Case(done, None, Kind.NO_RECORD),
                Case(done, record_of(done, "FAILED"), Kind.FAILED_AFTER_ALL),
                Case(done, record_of(done, asset="BTC"), Kind.OTHER_RECORD),
                Case(done, record_of(done, type="MAIN_MOON"), Kind.OTHER_RECORD),
                Case(done, record_of(done, "REFUNDED"), Kind.OTHER_RECORD),
                Case(unknown, record_of(unknown, draw(st.sampled_from(["CONFIRMED", "FAILED"]))), Kind.UNSETTLED),
                Case(None, record_of(done), Kind.ELSEWHERE),
                Case(None, UnreadableRow(f"garbled {number}"), Kind.ELSEWHERE),
            ]
        )
    )


@st.composite
def _cases(draw: st.DrawFn) -> list[Case]:
    makers: list[Callable[[int, st.DrawFn], Case]] = draw(
        st.lists(st.sampled_from([_agreeing, _differing]), max_size=12)
    )
    return [make(number, draw) for number, make in enumerate(makers, start=1)]


def compared(rows: list[Transfer], records: list[Row], **given_: object) -> Comparison:
    """All of six months, read whole."""
    covered = (NOW_MS - 180 * DAY_MS, NOW_MS)
    return compare(rows, (), records, host=HOST, **{"covered_ms": covered, **given_})  # type: ignore[arg-type]


@given(_cases(), st.randoms(use_true_random=False))
def test_exactly_the_differences_that_were_put_in_are_named(cases: list[Case], shuffled: object) -> None:
    rows = [case.row for case in cases if case.row]
    records = [case.record for case in cases if case.record]
    shuffled.shuffle(records)  # type: ignore[attr-defined]
    comparison = compared(rows, records)
    expected = [case for case in cases if case.kind and case.kind is not Kind.ELSEWHERE]
    assert [(one.kind, one.transfer, one.record) for one in comparison.differences] == [
        (case.kind, case.row, case.record) for case in expected
    ]
    elsewhere = {case.record for case in cases if case.kind is Kind.ELSEWHERE}
    assert {one.record for one in comparison.elsewhere} == elsewhere
    assert all(one.advice for one in (*comparison.differences, *comparison.elsewhere))
    accounted = comparison.agree + comparison.open + comparison.left_out + len(comparison.differences)
    assert accounted == len(rows)


def _kinds(comparison: Comparison) -> list[Kind]:
    return [found.kind for found in comparison.differences]


def test_record_of_two_alike_is_that_of_the_nearer_one() -> None:
    first = row_of(1, Outcome.REJECTED)
    second = replace(first, id=2, outcome=Outcome.NOT_EXECUTED, timestamp_ms=first.timestamp_ms + 3000)
    record = record_of(first, timestamp=second.timestamp_ms + 50)
    comparison = compared([first, second], [record])
    assert comparison.differences == (Difference(Kind.EXECUTED_AFTER_ALL, second, record),)
    assert (comparison.agree, comparison.elsewhere) == (1, ())


def test_record_that_another_row_has_is_not_taken_for_a_rejected_one() -> None:
    rejected = row_of(1, Outcome.REJECTED)
    again = replace(rejected, id=2, outcome=Outcome.DONE, tran_id=1001, timestamp_ms=rejected.timestamp_ms + 2000)
    assert compared([rejected, again], [record_of(rejected)]).agree == 2


def test_record_that_another_keys_row_has_was_made_here() -> None:
    other = row_of(1, Outcome.DONE, profile="other", key_print="other")
    comparison = compare([], [other], [record_of(other)], host=HOST, covered_ms=(NOW_MS - 180 * DAY_MS, NOW_MS))
    assert comparison == Comparison((), (), 0)


def test_record_that_a_person_declined_is_not_its() -> None:
    row = row_of(1, Outcome.NOT_EXECUTED, evidence=Evidence.PERSON)
    comparison = compared([row], [record_of(row)], declined={1: {1001}})
    assert (_kinds(comparison), len(comparison.elsewhere), comparison.agree) == ([], 1, 1)


def test_word_of_a_person_is_borne_out_or_not() -> None:
    row = row_of(1, Outcome.DONE, tran_id=None, evidence=Evidence.PERSON)
    assert compared([row], [record_of(row)]) == Comparison((), (), 1)
    assert _kinds(compared([row], [record_of(row, "FAILED")])) == [Kind.FAILED_AFTER_ALL]


@pytest.mark.parametrize(
    ("minutes_ago", "kinds", "left_out"), [(30, [], 1), (90, [Kind.NO_RECORD], 0), (181 * 24 * 60, [], 1)]
)
def test_missing_record_says_nothing_while_it_may_come_and_when_it_may_be_gone(
    minutes_ago: float, kinds: list[Kind], left_out: int
) -> None:
    comparison = compared([row_of(1, Outcome.DONE, days_ago=minutes_ago / 24 / 60)], [])
    assert (_kinds(comparison), comparison.left_out) == (kinds, left_out)


def test_row_whose_type_was_not_read_is_left_out() -> None:
    row = row_of(3, Outcome.DONE)
    comparison = compared([row, row_of(1, Outcome.DONE)], [], unread={(TransferType.MAIN_FUNDING, None, None)})
    assert (_kinds(comparison), comparison.left_out) == ([Kind.NO_RECORD], 1)

"""The journal against the record: exactly what was put in is named, and nothing else."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence import (
    accepted,
    ambiguous,
    legacy,
    matching_record,
    named,
    never_left,
    no_record,
    persons_record,
    persons_word,
    refusal,
    transfer,
)
from tui.desk.reconcile import compare
from tui.domain.entries import Comparison, DifferenceKind
from tui.domain.evidence import Awaiting, Basis, Evidence, Outcome
from tui.domain.records import HistoryQuery, HistoryRow, RecordStatus, Row, UnreadableRow, status_from
from tui.domain.transfer import Transfer, TransferRequest
from tui.domain.wallets import TransferType
from tui.structs import replace
from tui.words import differences as words

HOST = "https://api.binance.com"
NOW_MS = 1_795_521_600_000
HOUR_MS = 60 * 60 * 1000
DAY_MS = 24 * HOUR_MS
_MOVES = [TransferType.MAIN_FUNDING, TransferType.FUNDING_MAIN, TransferType.MAIN_UMFUTURE]
_JUDGED: list[Evidence] = [
    no_record(),
    persons_word(False),
    legacy(Outcome.NOT_EXECUTED, basis=Basis.HISTORY),
    legacy(Outcome.REJECTED),
]
"""Says that nothing moved, and knows no record."""
_OPEN: list[Evidence] = [ambiguous(), Awaiting()]


def row_of(number: int, evidence: Evidence | None = None, *, days_ago: float = 10, **changed: object) -> Transfer:
    """A row of the journal that no other is like: its amount is its number. Done, unless evidence says otherwise."""
    at_ms = NOW_MS - int(days_ago * DAY_MS) - number * 60_000
    row = transfer(
        id=number,
        request=TransferRequest(_MOVES[number % 3], "USDT", Decimal(number)),
        host=HOST,
        timestamp_ms=at_ms,
        confirmed_ms=at_ms,
        evidence=evidence or accepted(1000 + number),
    )
    return replace(row, **changed)  # type: ignore[arg-type]


def counted(comparison: Comparison) -> int:
    """How many rows of the journal were compared."""
    equal = comparison.agree + comparison.unmoved + comparison.by_word + comparison.pending
    left = comparison.open + comparison.left_out + comparison.other_key
    return equal + left + len(comparison.differences)


def record_of(row: Transfer, status: str = RecordStatus.CONFIRMED, **changed: object) -> HistoryRow:
    """The record that the exchange has of a row."""
    request = row.request
    record = HistoryRow(
        request.asset, request.amount, request.type.name, status_from(status), 1000 + row.id, row.timestamp_ms + 50
    )
    return replace(record, **changed)  # type: ignore[arg-type]


@dataclass
class Case:
    """A row, what the exchange has of it, and what is to be said of the two."""

    row: Transfer | None
    record: Row | None
    kind: DifferenceKind | None = None


def _agreeing(number: int, draw: st.DrawFn) -> Case:
    done = row_of(number)
    refused = row_of(number, refusal())
    judged = row_of(number, draw(st.sampled_from(_JUDGED)))
    failed = row_of(number, matching_record(1000 + number, "FAILED"))
    return draw(
        st.sampled_from(
            [
                Case(done, record_of(done)),
                Case(done, record_of(done, amount=Decimal(f"{number}.000"))),
                Case(row_of(number, matching_record(1000 + number)), record_of(done)),
                Case(row_of(number, days_ago=0), record_of(row_of(number, days_ago=0), "PENDING")),
                Case(refused, None),
                Case(row_of(number, never_left()), None),
                Case(judged, None),
                Case(judged, record_of(judged, "FAILED")),
                Case(failed, record_of(failed, "FAILED")),
                Case(failed, None),
                Case(row_of(number, ambiguous()), None),
                Case(row_of(number, days_ago=200), None),
                Case(row_of(number, days_ago=0), None),
                Case(row_of(number, persons_word(True)), None),
            ]
        )
    )


def _differing(number: int, draw: st.DrawFn) -> Case:
    done = row_of(number)
    judged = row_of(number, draw(st.sampled_from(_JUDGED)))
    failed = row_of(number, matching_record(1000 + number, "FAILED"))
    unknown = row_of(number, draw(st.sampled_from(_OPEN)))
    word = row_of(number, persons_word(True))
    status = draw(st.sampled_from(["CONFIRMED", "PENDING", "CANCELLED", "confirmed"]))
    return draw(
        st.sampled_from(
            [
                Case(judged, record_of(judged, status), DifferenceKind.POSSIBLE),
                Case(judged, record_of(judged, type=judged.request.type.name.lower()), DifferenceKind.POSSIBLE),
                Case(judged, record_of(judged, asset="usdt"), DifferenceKind.POSSIBLE),
                Case(failed, record_of(failed), DifferenceKind.EXECUTED_AFTER_ALL),
                Case(failed, record_of(failed, "PENDING"), DifferenceKind.PENDING),
                Case(failed, record_of(failed, "CANCELLED"), DifferenceKind.OTHER_RECORD),
                Case(done, None, DifferenceKind.NO_RECORD),
                Case(done, record_of(done, "FAILED"), DifferenceKind.FAILED_AFTER_ALL),
                Case(done, record_of(done, "PENDING"), DifferenceKind.PENDING),
                Case(done, record_of(done, asset="BTC"), DifferenceKind.OTHER_RECORD),
                Case(done, record_of(done, type="MAIN_MOON"), DifferenceKind.OTHER_RECORD),
                Case(done, record_of(done, "CANCELLED"), DifferenceKind.OTHER_RECORD),
                Case(done, record_of(done, "confirmed"), DifferenceKind.OTHER_RECORD),
                Case(
                    done,
                    UnreadableRow("{...}", status=RecordStatus.CONFIRMED, tran_id=1000 + number),
                    DifferenceKind.OTHER_RECORD,
                ),
                Case(unknown, record_of(unknown, status), DifferenceKind.UNSETTLED),
                Case(unknown, record_of(unknown, "FAILED"), DifferenceKind.UNSETTLED),
                Case(word, record_of(word, "FAILED"), DifferenceKind.POSSIBLE),
                Case(None, record_of(done), DifferenceKind.ELSEWHERE),
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
    expected = [case for case in cases if case.kind and case.kind is not DifferenceKind.ELSEWHERE]
    assert [(one.kind, one.transfer, one.record) for one in comparison.differences] == [
        (case.kind, case.row, case.record) for case in expected
    ]
    elsewhere = {case.record for case in cases if case.kind is DifferenceKind.ELSEWHERE}
    assert {one.record for one in comparison.elsewhere} == elsewhere
    assert all(words.advice(one) and words.sentence(one) for one in (*comparison.differences, *comparison.elsewhere))
    assert counted(comparison) == len(rows)
    borne_out = [
        case
        for case in cases
        if case.row
        and case.record
        and (case.row.outcome, case.row.tran_id) == (Outcome.DONE, case.record.tran_id)
        and case.record.status == "CONFIRMED"
        and not case.kind
    ]
    assert comparison.agree == len(borne_out)


def _kinds(comparison: Comparison) -> list[DifferenceKind]:
    return [found.kind for found in comparison.differences]


@pytest.mark.parametrize("evidence", [refusal(), never_left()])
def test_refused_transfer_beside_one_made_by_hand_does_not_differ(evidence: Evidence) -> None:
    row = row_of(1, evidence)
    comparison = compared([row], [record_of(row)])
    assert (_kinds(comparison), comparison.agree, comparison.unmoved, len(comparison.elsewhere)) == ([], 0, 1, 1)
    assert words.besides(comparison) == ["1 refused, failed, not sent or judged; no record says that they moved."]


@pytest.mark.parametrize("evidence", _JUDGED)
def test_record_that_matches_a_judged_row_is_a_possible_match_and_no_proof(evidence: Evidence) -> None:
    row = row_of(1, evidence)
    comparison = compared([row], [record_of(row)])
    assert (_kinds(comparison), comparison.elsewhere, comparison.perhaps) == ([DifferenceKind.POSSIBLE], (), 0)
    assert words.advice(comparison.differences[0]).startswith("A record matches this transfer. It may have moved: ")
    assert "move the other one back" not in words.advice(comparison.differences[0])


def test_two_are_told_apart_only_by_confirmed_records_of_their_own() -> None:
    failed = row_of(1, matching_record(1001, "FAILED"))
    again = replace(row_of(2), request=failed.request, timestamp_ms=failed.timestamp_ms + 60_000)
    records = [record_of(failed), record_of(again)]
    (both,) = compared([failed, again], [*records]).differences
    assert (both.kind, both.repeat) == (DifferenceKind.EXECUTED_AFTER_ALL, again)
    assert "so did transfer 2" in words.advice(both)
    for status in ("PENDING", "FAILED", "CANCELLED"):
        one = compared([failed, again], [records[0], replace(records[1], status=status_from(status))]).differences[0]
        assert words.advice(one) == "It moved: do not send it again."


def test_record_that_two_rows_match_is_a_possible_match_of_both() -> None:
    first = row_of(1, no_record())
    second = replace(first, id=2, identity="2", timestamp_ms=first.timestamp_ms + 3000)
    comparison = compared([first, second], [record_of(first, timestamp=second.timestamp_ms + 50)])
    assert _kinds(comparison) == [DifferenceKind.POSSIBLE, DifferenceKind.POSSIBLE]


def test_record_that_another_row_has_is_not_taken_for_a_judged_one() -> None:
    judged = row_of(1, no_record())
    again = replace(judged, id=2, identity="2", evidence=accepted(1001), timestamp_ms=judged.timestamp_ms + 2000)
    comparison = compared([judged, again], [record_of(judged)])
    assert (_kinds(comparison), comparison.agree, comparison.unmoved) == ([], 1, 1)


@pytest.mark.parametrize("evidence", [persons_record(1001), matching_record(1001)])
def test_equal_record_beside_the_one_that_was_chosen_is_perhaps_its(evidence: Evidence) -> None:
    """Nothing tells the two apart, so neither was surely made elsewhere. An answer that names a tranId does."""
    chosen = row_of(1, evidence)
    own, equal = record_of(chosen), record_of(chosen, tran_id=1002)
    later = record_of(chosen, tran_id=1003, timestamp=chosen.timestamp_ms + HOUR_MS // 2)
    comparison = compared([chosen], [own, equal, later])
    assert (comparison.agree, comparison.perhaps, [one.record for one in comparison.elsewhere]) == (1, 1, [later])
    for sure in (row_of(1), replace(chosen, answer=named(1001))):
        assert [one.record for one in compared([sure], [own, equal, later]).elsewhere] == [later, equal]


def test_record_of_about_the_time_of_a_row_is_perhaps_its_though_another_matched() -> None:
    """The exchange has more than one clock: the one that matched may have been made elsewhere."""
    settled = row_of(1, matching_record(1001))
    own, off = record_of(settled), record_of(settled, tran_id=1002, timestamp=settled.timestamp_ms - 8000)
    comparison = compared([settled], [own, off])
    assert (comparison.agree, comparison.perhaps, comparison.elsewhere) == (1, 1, ())


def test_record_that_another_keys_row_has_was_made_here() -> None:
    other = row_of(1, profile="other", key_print="other")
    covered = (NOW_MS - 180 * DAY_MS, NOW_MS)
    assert compare([], [other], [record_of(other)], host=HOST, covered_ms=covered) == Comparison((), (), 0, other_key=1)
    lost = row_of(1, ambiguous(), profile="other", key_print="other")
    comparison = compare([], [lost], [record_of(lost)], host=HOST, covered_ms=covered)
    assert (comparison.elsewhere, comparison.perhaps, counted(comparison)) == ((), 1, 1)
    assert words.besides(comparison)[0] == "1 not compared: sent with another key, perhaps of another account."


def test_record_that_a_person_declined_is_not_its() -> None:
    row = row_of(1, persons_word(False))
    comparison = compared([row], [record_of(row)], declined={row.identity: {1001}})
    assert (_kinds(comparison), len(comparison.elsewhere), comparison.unmoved) == ([], 1, 1)


def test_word_of_a_person_alone_does_not_agree() -> None:
    row = row_of(1, persons_word(True))
    assert compared([row], []) == Comparison((), (), 0, by_word=1)
    assert words.besides(compared([row], [])) == ["1 done, as you decided; not compared."]
    assert compared([row], [record_of(row)]) == Comparison((), (), 0, by_word=1, perhaps=1)
    (found,) = compared([row], [record_of(row, "FAILED")]).differences
    assert (found.kind, found.is_match) == (DifferenceKind.POSSIBLE, True)
    assert words.advice(found).startswith("A record matches this transfer, but says FAILED.")


def test_record_that_came_as_an_answer_to_its_question_is_its_whatever_type_it_names() -> None:
    row = row_of(3, no_record())
    record = record_of(row, type="FUNDING_UMFUTURE")
    asked = {record.tran_id: frozenset({HistoryQuery(row.request.type)})}
    assert _kinds(compared([row], [record])) == []
    (found,) = compared([row], [record], questions=asked).differences
    assert (found.kind, found.is_match) == (DifferenceKind.POSSIBLE, False)
    assert words.advice(found).startswith("A record could be this transfer.")


def test_record_that_was_seen_while_it_was_settled_or_named_by_its_answer_may_be_it() -> None:
    row = row_of(1, persons_word(False))
    record = record_of(row, timestamp=row.timestamp_ms - 11 * 60_000)
    assert _kinds(compared([row], [record])) == []
    assert _kinds(compared([row], [record], sighted={1001: {row.identity}})) == [DifferenceKind.POSSIBLE]
    assert _kinds(compared([replace(row, answer=named(1001))], [record])) == [DifferenceKind.POSSIBLE]


def test_pair_that_was_asked_for_counts_only_where_the_history_demands_one() -> None:
    def isolated(move: TransferType, pair: str, number: int) -> Transfer:
        pairs = (pair, None) if move.needs_from_pair else (None, pair)
        return row_of(number, no_record(), request=TransferRequest(move, "USDT", Decimal(5), *pairs))

    def asked(row: Transfer) -> dict[str, object]:
        return {"questions": {1001: frozenset({row.request.query})}}

    for move, is_demanded in (
        (TransferType.ISOLATEDMARGIN_MARGIN, True),
        (TransferType.MARGIN_ISOLATEDMARGIN, True),
        (TransferType.MAIN_ISOLATED_MARGIN, False),
        (TransferType.ISOLATED_MARGIN_MAIN, False),
    ):
        btc, eth = isolated(move, "BTCUSDT", 1), isolated(move, "ETHUSDT", 2)
        comparison = compared([btc, eth], [record_of(btc, timestamp=btc.timestamp_ms)], **asked(btc))
        assert [(one.transfer, one.is_match) for one in comparison.differences] == (
            [(btc, True)] if is_demanded else [(btc, False), (eth, False)]
        )


@pytest.mark.parametrize(
    ("minutes_ago", "kinds", "left_out"), [(30, [], 1), (90, [DifferenceKind.NO_RECORD], 0), (181 * 24 * 60, [], 1)]
)
def test_missing_record_says_nothing_while_it_may_come_and_when_it_may_be_gone(
    minutes_ago: float, kinds: list[DifferenceKind], left_out: int
) -> None:
    comparison = compared([row_of(1, days_ago=minutes_ago / 24 / 60)], [])
    assert (_kinds(comparison), comparison.left_out) == (kinds, left_out)


@pytest.mark.parametrize(
    ("record", "kinds"),
    [
        (UnreadableRow("{...}"), [DifferenceKind.POSSIBLE]),
        (UnreadableRow("{...}", "MAIN_FUNDING", "USDT", Decimal(3), RecordStatus.CONFIRMED), [DifferenceKind.POSSIBLE]),
        (UnreadableRow("{...}", "MAIN_FUNDING", "USDT", Decimal(3), RecordStatus.FAILED), [DifferenceKind.POSSIBLE]),
        (UnreadableRow("{...}", "MAIN_FUNDING", "BTC", Decimal(3), RecordStatus.CONFIRMED), [DifferenceKind.NO_RECORD]),
        (
            UnreadableRow("{...}", "MAIN_FUNDING", "USDT", Decimal(3), RecordStatus.CONFIRMED, 77),
            [DifferenceKind.NO_RECORD],
        ),
        (UnreadableRow("{...}", timestamp=NOW_MS), [DifferenceKind.NO_RECORD]),
    ],
)
def test_no_record_is_not_said_beside_one_that_may_be_it_and_cannot_be_read(
    record: Row, kinds: list[DifferenceKind]
) -> None:
    row = row_of(3)
    comparison = compared([row], [record])
    assert (_kinds(comparison), comparison.elsewhere == ()) == (kinds, kinds == [DifferenceKind.POSSIBLE])
    (found,) = comparison.differences
    if record.status == "FAILED":
        assert words.advice(found).startswith("A record could be this transfer, but says FAILED. ")
    elif found.kind is DifferenceKind.POSSIBLE:
        assert words.advice(found).startswith("A record could be this transfer, but Shunter cannot read all of it. ")


def test_open_row_is_unsettled_beside_a_record_whose_status_cannot_be_read() -> None:
    row = row_of(3, ambiguous())
    assert _kinds(compared([row], [UnreadableRow("{...}", "MAIN_FUNDING", "USDT", Decimal(3))])) == [
        DifferenceKind.UNSETTLED
    ]


def test_row_whose_type_was_not_read_is_left_out() -> None:
    row = row_of(3)
    comparison = compared([row, row_of(1)], [], unread={HistoryQuery(TransferType.MAIN_FUNDING)})
    assert (_kinds(comparison), comparison.left_out) == ([DifferenceKind.NO_RECORD], 1)

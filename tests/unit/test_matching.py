"""What a record must look like to be a transfer's, what it must not be taken for, and what a measured time proves."""

from decimal import Decimal
from typing import Any

import pytest

from tests.evidence import accepted, ambiguous, matching_record, named, persons_record
from tests.evidence import transfer as transfer_with
from tui import clock
from tui.desk.matching import (
    Candidates,
    Fit,
    Others,
    could_have,
    fit,
    fit_of_answer,
    is_another,
    is_contested,
    sift,
    window_start_ms,
)
from tui.domain.evidence import Evidence, recorded_outcome
from tui.domain.records import HistoryRow, OtherStatus, RecordStatus, UnreadableRow
from tui.domain.transfer import Outcome, Transfer, TransferRequest
from tui.domain.wallets import TransferType
from tui.structs import replace

_SENT_MS = 1_700_000_000_000
_TRANSFER = transfer_with(
    request=TransferRequest(TransferType.MARGIN_ISOLATEDMARGIN, "USDT", Decimal("1.50"), to_symbol="BTCUSDT"),
    timestamp_ms=_SENT_MS,
    clock_error_ms=30,
    evidence=ambiguous(),
    answer=ambiguous(),
)
_ROW = HistoryRow("USDT", Decimal("1.5"), "MARGIN_ISOLATEDMARGIN", RecordStatus.CONFIRMED, 1, _SENT_MS + 100)


def test_record_of_equal_value_matches_with_or_without_its_pair() -> None:
    assert fit(_TRANSFER, _ROW) is Fit.MATCH
    assert fit(_TRANSFER, replace_row(to_symbol="BTCUSDT", from_symbol="")) is Fit.MATCH


@pytest.mark.parametrize(
    "changes",
    [
        {"asset": "USDC", "timestamp": _SENT_MS + 5 * 60 * 1000},
        {"asset": "USDC", "amount": Decimal("1.50000001")},
        {"amount": Decimal("1.50000001")},
        {"amount": Decimal("1.40")},
        {"amount": Decimal(3)},
    ],
    ids=str,
)
def test_record_of_another_asset_or_amount_is_another(changes: dict[str, Any]) -> None:
    assert fit(_TRANSFER, replace_row(**changes)) is Fit.NONE
    assert fit_of_answer(_TRANSFER, replace_row(**changes)) is Fit.NONE


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "MAIN_ISOLATED_MARGIN"},
        {"type": "margin_isolatedmargin"},
        {"type": "MAIN_MOON"},
        {"asset": "usdt"},
        {"asset": "Usdt "},
        {"asset": "USD"},
        {"asset": "TetherUS"},
        {"asset": "\uff35\uff33\uff24\uff34"},
        {"to_symbol": "ETHUSDT"},
        {"to_symbol": "btcusdt"},
        {"from_symbol": "BTCUSDT"},
        {"timestamp": _SENT_MS - 11 * 60 * 1000},
        {"timestamp": _SENT_MS - 31},
        {"timestamp": _SENT_MS + 24 * 60 * 60 * 1000},
        {"type": "margin_isolatedmargin", "asset": "usdt", "to_symbol": "X", "timestamp": _SENT_MS + 61 * 60 * 1000},
    ],
    ids=str,
)
def test_record_that_came_for_our_question_with_our_asset_and_amount_is_never_nothing(changes: dict[str, Any]) -> None:
    """The exchange may write its own record in another way: what nothing else explains, the person looks at."""
    assert fit_of_answer(_TRANSFER, replace_row(**changes)) is Fit.NEAR
    assert sifted(replace_row(**changes)) == Candidates(near=(replace_row(**changes),))


@pytest.mark.parametrize(
    ("after_ms", "expected"),
    [
        (-600_001, Fit.NONE),
        (-600_000, Fit.NEAR),
        (-3000, Fit.NEAR),
        (-31, Fit.NEAR),
        (-30, Fit.MATCH),
        (0, Fit.MATCH),
        (9000, Fit.MATCH),
        (18_000, Fit.MATCH),
        (18_001, Fit.NEAR),
        (60 * 60 * 1000, Fit.NEAR),
        (60 * 60 * 1000 + 1, Fit.NONE),
    ],
)
def test_record_lies_where_the_exchange_can_have_executed_the_request(after_ms: int, expected: Fit) -> None:
    """From the sending, as exactly as the clock was measured, to the window's end, the exchange's own time-out of ten
    seconds, and three more. A transfer made elsewhere three seconds before is not taken for this one.
    """
    assert fit(_TRANSFER, replace_row(timestamp=_SENT_MS + after_ms)) is expected


@pytest.mark.parametrize(("error_ms", "earliest_ms"), [(0, 0), (250, 250), (9000, 9000), (None, 4000)])
def test_record_before_the_sending_is_no_match_beyond_the_measured_error(
    error_ms: int | None, earliest_ms: int
) -> None:
    """Rows of older journals keep no error: theirs is what those Shunters allowed for."""
    measured = replace(_TRANSFER, clock_error_ms=error_ms)
    assert window_start_ms(measured) == _SENT_MS - earliest_ms
    assert fit_of_answer(measured, replace_row(timestamp=_SENT_MS - earliest_ms)) is Fit.MATCH
    assert fit_of_answer(measured, replace_row(timestamp=_SENT_MS - earliest_ms - 1)) is Fit.NEAR


@pytest.mark.parametrize(
    ("move", "pairs"),
    [
        (TransferType.MAIN_ISOLATED_MARGIN, {"to_symbol": "BTCUSDT"}),
        (TransferType.ISOLATED_MARGIN_MAIN, {"from_symbol": "BTCUSDT"}),
    ],
)
def test_record_without_a_pair_is_near_at_most_where_the_history_need_not_filter_by_pair(
    move: TransferType, pairs: dict[str, str]
) -> None:
    request = TransferRequest(move, "USDT", Decimal("1.5"), **pairs)
    against_spot = replace(_TRANSFER, request=request)
    assert fit_of_answer(against_spot, replace_row(type=move.name)) is Fit.NEAR
    assert fit_of_answer(against_spot, replace_row(type=move.name, **pairs)) is Fit.MATCH
    assert fit_of_answer(against_spot, replace_row(type=move.name, **dict.fromkeys(pairs, "ETHUSDT"))) is Fit.NEAR


def test_longer_window_of_the_request_counts() -> None:
    late = replace_row(timestamp=_SENT_MS + 60_500)
    assert fit(replace(_TRANSFER, recv_window_ms=60_000), late) is Fit.MATCH
    assert fit(_TRANSFER, late) is Fit.NEAR


@pytest.mark.parametrize(
    ("asked", "recorded", "expected"),
    [
        ("1.23456789", "1.2345", Fit.NEAR),
        ("1.23456789", "1.2346", Fit.NEAR),
        ("1.23456789", "1", Fit.NEAR),
        ("1.23456789", "2", Fit.NONE),
        ("1.2341", "1.24", Fit.NEAR),
        ("0.0003", "0.001", Fit.NONE),  # 0.0010, as the exchange writes it
        ("99999999999999999999.12345678", "99999999999999999999.1234", Fit.NEAR),
        ("12345678901", "12345678900.999999999999999999", Fit.NONE),
        ("1.23456789", "1.2344", Fit.NONE),
        ("1.23456789", "3", Fit.NONE),
        ("1.5", "1.5001", Fit.NONE),
        ("100", "101", Fit.NONE),
        ("100", "1E+2", Fit.MATCH),
        ("150", "1E+2", Fit.NONE),
    ],
)
def test_amount_that_was_rounded_is_near(asked: str, recorded: str, expected: Fit) -> None:
    transfer = replace(_TRANSFER, request=replace(_TRANSFER.request, amount=Decimal(asked)))
    assert fit(transfer, replace_row(amount=Decimal(recorded))) is expected


_BLANK = UnreadableRow("{}", None, None, None, None, None, None)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"type": "MARGIN_ISOLATEDMARGIN", "asset": "USDT", "amount": Decimal("1.5"), "timestamp": _SENT_MS}, True),
        ({"amount": Decimal(2)}, True),
        ({"asset": "usdt"}, True),
        ({"type": "MAIN_FUNDING"}, True),
        ({"timestamp": _SENT_MS - 3_600_000}, True),
        ({"asset": "BTC"}, False),
        ({"amount": Decimal(7)}, False),
    ],
    ids=str,
)
def test_unreadable_record_could_be_it_unless_its_asset_or_amount_says_otherwise(
    changes: dict[str, Any], expected: bool
) -> None:
    assert is_another(_TRANSFER, replace(_BLANK, **changes)) is not expected


def sifted(
    *rows: HistoryRow | UnreadableRow,
    held_by: Transfer | None = None,
    declined: tuple[int, ...] = (),
    rivals: tuple[Transfer, ...] = (),
    transfer: Transfer = _TRANSFER,
) -> Candidates:
    holders = {1: [held_by]} if held_by else {}
    return sift(transfer, rows, Others(holders, rivals, {transfer.identity: frozenset(declined)}))


def test_record_whose_tran_id_the_answer_named_is_a_match_though_another_holds_it_and_does_not_fit() -> None:
    """The answer said so: whoever holds it by the history got it wrongly, or the exchange gives tranIds out twice."""
    holder = replace(_TRANSFER, id=2, identity="2", timestamp_ms=_SENT_MS - 86_400_000, evidence=accepted(1))
    answered = replace(_TRANSFER, answer=named(1))
    assert sifted(_ROW, held_by=holder, transfer=answered) == Candidates(matches=(_ROW,))
    twin = replace(_TRANSFER, id=2, identity="2", evidence=accepted(1))
    assert sifted(_ROW, held_by=twin, transfer=answered).is_empty


def test_record_that_another_transfer_holds_and_fits_as_well_is_that_ones() -> None:
    twin = replace(_TRANSFER, id=2, identity="2", evidence=accepted(1))
    assert sifted(_ROW, held_by=twin).is_empty


def test_record_that_another_transfer_holds_and_does_not_fit_is_shown_and_never_taken_for_absence() -> None:
    """A server to rehearse with, started again, gives out the tranIds of yesterday."""
    yesterday = replace(_TRANSFER, id=2, identity="2", timestamp_ms=_SENT_MS - 86_400_000, evidence=accepted(1))
    assert sifted(_ROW, held_by=yesterday) == Candidates(near=(_ROW,))
    an_hour_ago = replace(yesterday, timestamp_ms=_SENT_MS - 1_800_000)
    assert sifted(_ROW, held_by=an_hour_ago) == Candidates(near=(_ROW,))


def test_record_that_a_person_declined_is_not_it() -> None:
    unreadable = replace(_BLANK, tran_id=1)
    assert sifted(_ROW, unreadable, declined=(1,)).is_empty
    assert sifted(_BLANK, declined=(1,)) == Candidates(unreadable=(_BLANK,))


_ROUNDED = replace(_TRANSFER, id=2, identity="2", request=replace(_TRANSFER.request, amount=Decimal("1.504")))
"""Its record can be that of a transfer of 1.50, where the exchange rounds."""


@pytest.mark.parametrize(
    ("evidence", "record_ms", "is_shown"),
    [
        (accepted(1), 100, False),
        (accepted(1), 100 + 10 * 60 * 1000, True),  # of another time: a server to rehearse with was started again
        (matching_record(1), 100, True),
        (persons_record(1), 100, True),
    ],
    ids=["a yes", "a yes long before", "by the history", "by a person"],
)
def test_record_of_an_exact_yes_is_offered_to_no_other_whatever_it_looks_like(
    evidence: Evidence, record_ms: int, is_shown: bool
) -> None:
    """Its record was rounded, and the other one had become done beside it by the person's choice."""
    holder = replace(_ROUNDED, evidence=evidence, timestamp_ms=_SENT_MS + 100 - record_ms)
    assert sifted(_ROW, held_by=holder) == Candidates(near=(_ROW,) * is_shown)


@pytest.mark.parametrize("evidence", [matching_record(1), persons_record(1)])
def test_record_that_the_answer_named_is_not_who_has_it_without_a_yes(evidence: Evidence) -> None:
    answered = replace(_TRANSFER, answer=named(1))
    twin = replace(_TRANSFER, id=2, identity="2", evidence=evidence)
    assert sifted(_ROW, held_by=twin, transfer=answered) == Candidates(matches=(_ROW,))
    assert sifted(_ROW, held_by=replace(twin, answer=named(1)), transfer=answered).is_empty


def test_record_of_a_whole_second_may_be_of_any_moment_in_it() -> None:
    """The exchange's samples are all in whole seconds: nearly every record was a moment before the sending."""
    sent = replace(_TRANSFER, timestamp_ms=_SENT_MS + 900)
    assert fit_of_answer(sent, replace_row(timestamp=_SENT_MS)) is Fit.MATCH
    assert fit_of_answer(sent, replace_row(timestamp=_SENT_MS + 1)) is Fit.NEAR
    assert fit_of_answer(sent, replace_row(timestamp=_SENT_MS - 1000)) is Fit.NEAR
    rival = replace(_TRANSFER, id=2, identity="2", timestamp_ms=_SENT_MS + 60_900)
    assert not could_have(rival, replace_row(timestamp=_SENT_MS - 1000), Others())
    assert could_have(rival, replace_row(timestamp=_SENT_MS), Others())


@pytest.mark.parametrize(("before_ms", "is_dropped"), [(90_000, True), (30_000, False), (-90_000, False)])
def test_near_record_is_another_open_ones_where_it_was_surely_executed_before_this_one_was_sent(
    before_ms: int, is_dropped: bool
) -> None:
    """Dropped in doubt, it made a transfer that had moved look as if there was no trace of it."""
    record = replace_row(timestamp=_SENT_MS - before_ms)
    rival = replace(_TRANSFER, id=2, identity="2", timestamp_ms=_SENT_MS - before_ms)
    assert sifted(record, rivals=(rival,)).is_empty is is_dropped
    assert sifted(record) == Candidates(near=(record,))


@pytest.mark.parametrize(
    ("rival_after_ms", "has_own", "contested"),
    [
        (-90_000, False, True),  # the earlier one may have been executed late, and this one not at all
        (-90_000, True, False),
        (-5000, True, True),  # which record is whose, their times do not tell
        (5000, True, True),
        (59_000, True, True),
        (90_000, False, False),  # executed before the later one was sent
        (90_000, True, False),
        (-30 * 24 * 3_600_000, False, False),  # of last month
    ],
)
def test_match_is_contested_by_another_transfer_whose_it_could_be(
    rival_after_ms: int, has_own: bool, contested: bool
) -> None:
    record = replace_row(timestamp=_SENT_MS + 100)
    rival = replace(_TRANSFER, id=2, identity="2", timestamp_ms=_SENT_MS + rival_after_ms)
    own = replace_row(tran_id=2, timestamp=rival.timestamp_ms + 100)
    rows = [record, own] if has_own else [record]
    assert is_contested(_TRANSFER, record, rows, Others(rivals=[rival])) is contested
    assert not is_contested(_TRANSFER, record, rows, Others())


def test_match_is_not_contested_by_whom_a_person_said_it_is_not() -> None:
    rival = replace(_TRANSFER, id=2, identity="2")
    assert is_contested(_TRANSFER, _ROW, [_ROW], Others(rivals=[rival]))
    assert not is_contested(_TRANSFER, _ROW, [_ROW], Others(rivals=[rival], declined={"2": frozenset({1})}))


def test_rounded_record_is_contested_until_the_other_has_its_own() -> None:
    """A transfer of 1.50 was done by the record of one of 1.504."""
    assert is_contested(_TRANSFER, _ROW, [_ROW], Others(rivals=[_ROUNDED]))
    exact = replace_row(tran_id=2, amount=Decimal("1.504"))
    assert not is_contested(_TRANSFER, _ROW, [_ROW, exact], Others(rivals=[_ROUNDED]))


@pytest.mark.parametrize("whose", ["nobody's", "a third one's by its tranId", "a third one's, perhaps", "declined"])
def test_only_a_record_that_could_be_nobody_elses_stands_for_another(whose: str) -> None:
    rival = replace(_TRANSFER, id=2, identity="2", timestamp_ms=_SENT_MS - 90_000)
    third = replace(rival, id=3, identity="3", timestamp_ms=_SENT_MS - 95_000)
    own = replace_row(tran_id=2, timestamp=_SENT_MS - 89_000)
    others = {
        "nobody's": Others(rivals=[rival]),
        "a third one's by its tranId": Others({2: [replace(third, evidence=accepted(2))]}, [rival]),
        "a third one's, perhaps": Others(rivals=[rival, third]),
        "declined": Others(rivals=[rival], declined={"2": frozenset({2})}),
    }[whose]
    assert is_contested(_TRANSFER, _ROW, [_ROW, own], others) is (whose != "nobody's")


def test_only_two_statuses_say_how_it_ended() -> None:
    assert recorded_outcome(RecordStatus.CONFIRMED) is Outcome.DONE
    assert recorded_outcome(RecordStatus.FAILED) is Outcome.REJECTED
    others = (RecordStatus.PENDING, None, OtherStatus("DONE"), OtherStatus("confirmed"))
    assert {recorded_outcome(status) for status in others} == {None}


@pytest.mark.parametrize("answered_ms", [0, 1, 100, 20_000])
def test_time_is_at_least_what_the_exchange_said_when_the_answer_came(
    monkeypatch: pytest.MonkeyPatch, answered_ms: int
) -> None:
    monkeypatch.setattr(clock, "ticks_ms", lambda: float(answered_ms + 500))
    measured = clock.reading(_SENT_MS, asked_ms=0.0, answered_ms=float(answered_ms))
    assert _SENT_MS + 499 <= measured.at_least_ms() <= _SENT_MS + 500
    assert measured.now_ms() - measured.at_least_ms() <= measured.round_trip_ms // 2 + 1


def replace_row(**changes: object) -> HistoryRow:
    """The record with some fields changed."""
    return replace(_ROW, **changes)  # type: ignore[arg-type]

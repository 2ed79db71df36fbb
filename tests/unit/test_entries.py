"""The past merged: everything that was read and everything that was written, each exactly once."""

from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence import accepted, legacy, transfer
from tui.domain.entries import Entry, Origin, again, merge, select
from tui.domain.records import HistoryRow, OtherStatus, RecordStatus, Row, UnreadableRow, identity, one_each
from tui.domain.search import ANY, Search
from tui.domain.transfer import Outcome, Transfer, TransferRequest
from tui.domain.wallets import TransferType, Wallet
from tui.structs import replace

HOST = "https://api.binance.com"
AT_MS = 1_795_521_600_000
DONE = transfer(
    request=TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal("12.50")),
    key_tail="tail",
    host=HOST,
    timestamp_ms=AT_MS,
    evidence=accepted(7),
)
RECORD = HistoryRow("USDT", Decimal("12.5"), "MAIN_FUNDING", RecordStatus.CONFIRMED, 7, AT_MS + 40)

_TRAN_IDS = st.integers(min_value=1, max_value=6)
_AMOUNTS = st.sampled_from([Decimal("12.5"), Decimal("12.50"), Decimal(3)])
_SYMBOLS = st.sampled_from([None, "BTCUSDT"])

_rows = st.builds(
    HistoryRow,
    st.sampled_from(["USDT", "BTC", "?"]),
    _AMOUNTS,
    st.sampled_from(["MAIN_FUNDING", "FUNDING_MAIN", "MAIN_MOON"]),
    st.sampled_from(["CONFIRMED", "FAILED", "PENDING", "DONE"]),
    _TRAN_IDS,
    st.integers(min_value=AT_MS, max_value=AT_MS + 3),
    _SYMBOLS,
    _SYMBOLS,
) | st.builds(
    UnreadableRow,
    st.sampled_from(["{}", "[1]", "{tranId: 2}"]),
    tran_id=st.none() | _TRAN_IDS,
    timestamp=st.none() | st.just(AT_MS),
)


@st.composite
def _journals(draw: st.DrawFn) -> list[Transfer]:
    ended = st.tuples(st.sampled_from(list(Outcome)), st.none() | _TRAN_IDS, st.sampled_from([HOST, "https://b"]))
    return [
        replace(
            DONE,
            id=number,
            identity=str(number),
            evidence=legacy(outcome, tran_id=tran_id),
            host=host,
            timestamp_ms=AT_MS + 1000 * number,
        )
        for number, (outcome, tran_id, host) in enumerate(draw(st.lists(ended, max_size=8)), start=1)
    ]


@given(st.lists(_rows, max_size=12), _journals())
def test_every_record_and_every_row_is_there_exactly_once(records: list[Row], transfers: list[Transfer]) -> None:
    entries = merge(records, transfers, HOST)
    distinct = one_each(records)
    assert {identity(record) for record in distinct} == {identity(record) for record in records}
    assert Counter(entry.record for entry in entries if entry.record) == Counter(distinct)
    assert Counter(entry.transfer.id for entry in entries if entry.transfer) == Counter(row.id for row in transfers)
    for entry in entries:
        if entry.record and entry.transfer:
            assert entry.record.tran_id == entry.transfer.tran_id is not None
            assert entry.transfer.host == HOST
    tran_ids = [entry.record.tran_id for entry in entries if entry.record and entry.record.tran_id is not None]
    assert len(tran_ids) == len(set(tran_ids))
    # What could be held together is: no record and row of one tranId both stand alone.
    lone_records = {entry.record.tran_id for entry in entries if entry.record and not entry.transfer} - {None}
    lone_rows = {
        one.transfer.tran_id for one in entries if one.transfer and not one.record and one.transfer.host == HOST
    }
    assert not lone_records & lone_rows
    times = [entry.at_ms for entry in entries]
    assert times == sorted(times, key=lambda at_ms: (at_ms is not None, -(at_ms or 0)))


@given(st.lists(_rows, max_size=12), _journals())
def test_order_in_which_it_is_read_does_not_matter(records: list[Row], transfers: list[Transfer]) -> None:
    one, other = merge(records, transfers, HOST), merge(records[::-1], transfers, HOST)
    assert Counter(entry.record for entry in one) == Counter(entry.record for entry in other)
    assert Counter(entry.origin for entry in one) == Counter(entry.origin for entry in other)


def _one(record: Row | None, transfer: Transfer | None) -> Entry:
    (entry,) = merge([record] if record else [], [transfer] if transfer else [], HOST)
    return entry


def test_same_on_both_sides_was_made_here() -> None:
    entry = _one(RECORD, DONE)
    assert (entry.origin, entry.tran_id, entry.at_ms) == (Origin.HERE, 7, AT_MS + 40)


def test_one_side_alone() -> None:
    assert _one(RECORD, None).origin is Origin.ELSEWHERE
    assert _one(None, DONE).origin is Origin.JOURNAL
    assert len(merge([RECORD], [replace(DONE, host="https://b")], HOST)) == 2


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"type": "MAIN_MARGIN"}, "type: MAIN_FUNDING in the journal, MAIN_MARGIN at the exchange"),
        ({"asset": "USDC"}, "asset: USDT in the journal, USDC at the exchange"),
        ({"amount": Decimal("12.51")}, "amount: 12.50 in the journal, 12.51 at the exchange"),
        ({"status": RecordStatus.FAILED}, "outcome: done in the journal, FAILED at the exchange"),
        ({"status": OtherStatus("DONE")}, "outcome: done in the journal, DONE at the exchange"),
        ({"to_symbol": "BTCUSDT"}, "destination pair: none in the journal, BTCUSDT at the exchange"),
    ],
)
def test_what_differs_is_told_in_each_ones_words(changed: dict[str, object], said: str) -> None:
    entry = _one(replace(RECORD, **changed), DONE)  # type: ignore[arg-type]
    assert entry.origin is Origin.DIFFERS
    assert [str(mismatch) for mismatch in entry.mismatches] == [said]


def test_pending_says_nothing_yet_and_neither_does_what_cannot_be_read() -> None:
    assert _one(replace(RECORD, status=RecordStatus.PENDING), DONE).origin is Origin.HERE
    assert _one(UnreadableRow("{...}", tran_id=7), DONE).origin is Origin.HERE


@pytest.mark.parametrize(
    "changed",
    [
        {"asset": "BTC"},
        {"amount": Decimal(7)},
        {"type": "FUNDING_MAIN"},
        {"timestamp": AT_MS},
        {"to_symbol": "BTCUSDT"},
        {"status": RecordStatus.FAILED},
        {"status": OtherStatus("confirmed")},
    ],
)
def test_one_tran_id_that_came_as_two_records_is_one_that_is_not_as_documented(changed: dict[str, object]) -> None:
    other = replace(RECORD, **changed)  # type: ignore[arg-type]
    for records in ([other, RECORD], [RECORD, other, RECORD]):
        (entry,) = merge(records, [DONE], HOST)
        record = entry.record
        assert isinstance(record, UnreadableRow)
        assert (record.tran_id, entry.transfer) == (7, DONE)
        assert record.asset == (None if "asset" in changed else "USDT")
        assert record.status == (None if "status" in changed else "CONFIRMED")
        assert record.text.count(" | ") == 1


def test_record_that_came_for_several_questions_or_twice_is_one() -> None:
    pending = replace(RECORD, status=RecordStatus.PENDING)
    assert one_each([RECORD, RECORD]) == [RECORD]
    assert one_each([pending, RECORD]) == [RECORD]
    assert one_each([RECORD, pending]) == [RECORD]
    assert one_each([UnreadableRow("{}"), UnreadableRow("{}")]) == [UnreadableRow("{}")]


def test_record_of_a_journal_that_could_not_be_read_is_not_said_to_be_made_elsewhere() -> None:
    assert Entry(RECORD, None, is_compared=False).origin is Origin.NOT_COMPARED
    assert Entry(RECORD, None, possible=(DONE,), is_compared=False).origin is Origin.POSSIBLE


def test_pair_that_was_asked_for_fills_the_form_and_is_not_the_records_own() -> None:
    record = replace(RECORD, type="ISOLATEDMARGIN_MARGIN")
    entry = Entry(record, None, asked=(("BTCUSDT", None),))
    assert (entry.pairs, entry.asked_pairs, again(entry).from_pair) == ("", "BTCUSDT", "BTCUSDT")
    of_two = replace(entry, asked=(("BTCUSDT", None), ("ETHUSDT", None)))
    assert (of_two.asked_pairs, again(of_two).from_pair) == ("BTCUSDT or ETHUSDT", "")


def test_search_finds_by_either_side() -> None:
    differing = _one(replace(RECORD, status=RecordStatus.FAILED), DONE)
    elsewhere = _one(replace(RECORD, tran_id=8, status=RecordStatus.PENDING), None)
    unreadable = _one(UnreadableRow("{...}"), None)
    entries = [differing, elsewhere, unreadable]

    def found(search: Search) -> list[Entry]:
        return select(entries, search, profile="main", host=HOST)

    assert found(ANY) == entries
    assert found(Search(outcomes=frozenset({Outcome.DONE}))) == [differing, unreadable]
    assert found(Search(outcomes=frozenset({Outcome.REJECTED}))) == [differing, unreadable]
    assert found(Search(outcomes=frozenset({Outcome.UNKNOWN}))) == [elsewhere, unreadable]
    assert found(Search(text="elsewhere pending")) == [elsewhere]
    assert found(Search(text="tail")) == [differing]
    assert found(Search(wallet=Wallet.CROSS)) == [unreadable]
    assert found(Search(profile="other")) == []

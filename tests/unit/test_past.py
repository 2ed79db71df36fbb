"""The past merged: everything that was read and everything that was written, each exactly once."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.past import Entry, Origin, merge, select
from tui.domain.records import HistoryRow, Row, UnreadableRow, identity
from tui.domain.search import ANY, Search
from tui.domain.transfer import Outcome, Transfer, TransferRequest
from tui.domain.wallets import TransferType, Wallet

HOST = "https://api.binance.com"
AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
AT_MS = 1_795_521_600_000
DONE = Transfer(
    1,
    TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal("12.50")),
    "main",
    "tail",
    HOST,
    AT,
    AT_MS,
    5000,
    Outcome.DONE,
    tran_id=7,
)
RECORD = HistoryRow("USDT", Decimal("12.5"), "MAIN_FUNDING", "CONFIRMED", 7, AT_MS + 40)

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
        replace(DONE, id=number, outcome=outcome, tran_id=tran_id, host=host, sent_at=AT + timedelta(seconds=number))
        for number, (outcome, tran_id, host) in enumerate(draw(st.lists(ended, max_size=8)), start=1)
    ]


@given(st.lists(_rows, max_size=12), _journals())
def test_every_record_and_every_row_is_there_exactly_once(records: list[Row], transfers: list[Transfer]) -> None:
    entries = merge(records, transfers, HOST)
    newest = {identity(record): record for record in records}
    assert Counter(entry.record for entry in entries if entry.record) == Counter(newest.values())
    assert Counter(entry.transfer.id for entry in entries if entry.transfer) == Counter(row.id for row in transfers)
    for entry in entries:
        if entry.record and entry.transfer:
            assert entry.record.tran_id == entry.transfer.tran_id is not None
            assert entry.transfer.host == HOST
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
    distinct = list({identity(record): record for record in records}.values())
    one, other = merge(distinct, transfers, HOST), merge(distinct[::-1], transfers, HOST)
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
        ({"status": "FAILED"}, "outcome: done in the journal, FAILED at the exchange"),
        ({"status": "DONE"}, "outcome: done in the journal, DONE at the exchange"),
        ({"to_symbol": "BTCUSDT"}, "destination pair: none in the journal, BTCUSDT at the exchange"),
    ],
)
def test_what_differs_is_told_in_each_ones_words(changed: dict[str, object], said: str) -> None:
    entry = _one(replace(RECORD, **changed), DONE)  # type: ignore[arg-type]
    assert entry.origin is Origin.DIFFERS
    assert [str(mismatch) for mismatch in entry.mismatches] == [said]


def test_pending_says_nothing_yet_and_neither_does_what_cannot_be_read() -> None:
    assert _one(replace(RECORD, status="PENDING"), DONE).origin is Origin.HERE
    assert _one(UnreadableRow("{...}", tran_id=7), DONE).origin is Origin.HERE


def test_number_given_out_twice_goes_to_what_it_fits() -> None:
    other = replace(RECORD, asset="BTC")
    entries = merge([other, RECORD], [DONE], HOST)
    assert {(entry.record, entry.origin) for entry in entries} == {(RECORD, Origin.HERE), (other, Origin.ELSEWHERE)}


def test_search_finds_by_either_side() -> None:
    differing = _one(replace(RECORD, status="FAILED"), DONE)
    elsewhere = _one(replace(RECORD, tran_id=8, status="PENDING"), None)
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

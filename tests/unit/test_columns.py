"""What a list of the past has, in which order, and which columns tell its entries apart."""

import random
from collections import Counter
from decimal import Decimal

import pytest

from tests.evidence import never_left, transfer
from tui.domain.entries import Entry, merge
from tui.domain.records import HistoryRow, OtherStatus, RecordStatus, Row, UnreadableRow
from tui.domain.search import Search
from tui.domain.transfer import TransferRequest
from tui.domain.wallets import TransferType
from tui.structs import replace
from tui.widgets.entry_table import in_sight
from tui.words.columns import (
    AMOUNT,
    COLUMNS,
    HOST,
    MADE,
    MOVE,
    OUTCOME,
    PROFILE,
    TIME,
    TRAN_ID,
    Column,
    View,
    listed,
)
from tui.words.entries import InUse, made_elsewhere, outcome_word

BASE_URL = "https://api.binance.com"
IN_USE = InUse("main", BASE_URL)
AT_MS = 1_795_521_600_000
RECORD = HistoryRow("USDT", Decimal("12.5"), "MAIN_FUNDING", RecordStatus.CONFIRMED, 7, AT_MS)
REQUEST = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal("12.5"))
ROW = transfer(request=REQUEST, host=BASE_URL, timestamp_ms=AT_MS, evidence=never_left())


def _many() -> list[Entry]:
    chance = random.Random(7)
    records: list[Row] = [
        replace(
            RECORD,
            asset=chance.choice(["USDT", "BTC"]),
            amount=Decimal(chance.randrange(1, 900)) / 4,
            type=chance.choice([*(move.name for move in TransferType), "MAIN_MOON"]),
            status=chance.choice([*RecordStatus, OtherStatus("LOST")]),
            tran_id=number,
            timestamp=AT_MS + chance.randrange(50),
            from_symbol=chance.choice([None, "BTCUSDT"]),
        )
        for number in range(1, 200)
    ]
    rows = [replace(ROW, id=number, host=f"https://h{number % 3}", profile=f"p{number % 2}") for number in range(1, 30)]
    return merge([*records, UnreadableRow("{}"), UnreadableRow("[]", amount=Decimal(3))], rows, BASE_URL)


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
@pytest.mark.parametrize("is_reversed", [False, True])
def test_sorting_loses_nothing_and_can_be_turned_round(column: Column, is_reversed: bool) -> None:
    entries = _many()
    found = listed(entries, View(column=column, is_reversed=is_reversed), IN_USE)
    assert Counter(map(id, found.entries)) == Counter(map(id, entries))
    assert found.columns == COLUMNS


def test_newest_first_and_amounts_largest_first_within_their_asset() -> None:
    entries = _many()
    assert listed(entries, View(), IN_USE).entries == entries
    assert listed(entries, View(is_reversed=True), IN_USE).entries == entries[::-1]
    by_amount = listed(entries, View(column=AMOUNT), IN_USE).entries
    told = [(one.asset or "", one.amount or Decimal(0)) for one in by_amount]
    assert told == sorted(told, key=lambda one: (one[0], -one[1]))
    times = [one.at_ms or 0 for one in listed(entries, View(column=MADE), IN_USE).entries]
    of_journal = [at_ms for one, at_ms in zip(by_amount, times, strict=True) if one.record is None]
    assert len(of_journal) == 29


def test_what_is_equal_stays_newest_first() -> None:
    found = listed(_many(), View(column=MADE, is_reversed=True), IN_USE).entries
    for origin in {entry.origin for entry in found}:
        times = [entry.at_ms for entry in found if entry.origin is origin and entry.at_ms is not None]
        assert times == sorted(times, reverse=True)


def test_columns_are_there_only_where_they_tell_something() -> None:
    alone = listed([Entry(RECORD, None), Entry(None, ROW)], View(), IN_USE)
    assert set(COLUMNS) - set(alone.columns) == {HOST, PROFILE}
    assert set(COLUMNS) - set(listed([Entry(RECORD, None)], View(), IN_USE).columns) == {HOST, MADE, PROFILE}
    rehearsal = Entry(None, replace(ROW, host="http://127.0.0.1:8321"))
    found = listed([Entry(RECORD, None), rehearsal], View(search=Search(host=BASE_URL)), IN_USE)
    assert len(found.entries) == 1
    assert HOST in found.columns  # so that a filter does not take a column away


def test_heading_that_says_another_host_or_profile_takes_no_column_away() -> None:
    rehearsal = Entry(None, replace(ROW, host="http://127.0.0.1:8321"))
    assert HOST in listed([rehearsal], View(), IN_USE).columns
    assert PROFILE not in listed([rehearsal], View(), IN_USE).columns
    savings = Entry(None, replace(ROW, profile="savings"))
    assert PROFILE in listed([savings], View(), IN_USE).columns
    assert HOST not in listed([savings], View(), IN_USE).columns


def test_what_another_place_or_profile_has_made_is_told_by_both() -> None:
    assert made_elsewhere(BASE_URL, "main", IN_USE) == ""
    assert made_elsewhere("https://demo", "main", IN_USE) == (
        "Filled from a transfer at https://demo as main. This form sends to LIVE as main."
    )
    assert "as savings. This form sends to LIVE as main." in made_elsewhere(BASE_URL, "savings", IN_USE)


@pytest.mark.parametrize("width", [64, 80, 100])
def test_host_is_in_sight_where_it_is_a_column(width: int) -> None:
    columns = [(TIME, 11), (MOVE, 22), (AMOUNT, 8), (OUTCOME, 6), (HOST, 24)]
    shown, _ = in_sight([*columns, (MADE, 9), (TRAN_ID, 12)], 0, width)
    assert HOST in [column for column, _ in shown]
    gap = 1 if width < 70 else 2
    assert sum(taken + gap for _, taken in shown) <= width + 1


@pytest.mark.parametrize(
    ("entry", "word"),
    [
        (Entry(RECORD, None), "done"),
        (Entry(replace(RECORD, status=RecordStatus.FAILED), None), "failed"),
        (Entry(replace(RECORD, status=OtherStatus("LOST")), None), "LOST"),
        (Entry(UnreadableRow("{}"), None), "?"),
        (Entry(RECORD, ROW), "not sent"),
    ],
)
def test_outcome_in_a_word(entry: Entry, word: str) -> None:
    assert outcome_word(entry) == word

"""What a list of the past has, in which order, and which columns tell its entries apart."""

import random
from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.evidence import never_left, transfer
from tui.domain.entries import Entry, merge
from tui.domain.records import HistoryRow, Row, UnreadableRow
from tui.domain.search import Search
from tui.domain.transfer import TransferRequest
from tui.domain.view import Column, View, Whose, listed, made_elsewhere, outcome_word
from tui.domain.wallets import TransferType
from tui.widgets.entry_cells import in_sight

HOST = "https://api.binance.com"
WHOSE = Whose("main", HOST)
AT_MS = 1_795_521_600_000
RECORD = HistoryRow("USDT", Decimal("12.5"), "MAIN_FUNDING", "CONFIRMED", 7, AT_MS)
REQUEST = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal("12.5"))
ROW = transfer(request=REQUEST, host=HOST, timestamp_ms=AT_MS, evidence=never_left())


def _many() -> list[Entry]:
    chance = random.Random(7)
    records: list[Row] = [
        replace(
            RECORD,
            asset=chance.choice(["USDT", "BTC"]),
            amount=Decimal(chance.randrange(1, 900)) / 4,
            type=chance.choice([*(move.name for move in TransferType), "MAIN_MOON"]),
            status=chance.choice(["CONFIRMED", "FAILED", "PENDING", "LOST"]),
            tran_id=number,
            timestamp=AT_MS + chance.randrange(50),
            from_symbol=chance.choice([None, "BTCUSDT"]),
        )
        for number in range(1, 200)
    ]
    rows = [replace(ROW, id=number, host=f"https://h{number % 3}", profile=f"p{number % 2}") for number in range(1, 30)]
    return merge([*records, UnreadableRow("{}"), UnreadableRow("[]", amount=Decimal(3))], rows, HOST)


@pytest.mark.parametrize("column", Column)
@pytest.mark.parametrize("is_reversed", [False, True])
def test_sorting_loses_nothing_and_can_be_turned_round(column: Column, is_reversed: bool) -> None:
    entries = _many()
    found = listed(entries, View(column=column, is_reversed=is_reversed), WHOSE)
    assert Counter(map(id, found.entries)) == Counter(map(id, entries))
    assert found.columns == tuple(Column)


def test_newest_first_and_amounts_largest_first_within_their_asset() -> None:
    entries = _many()
    assert listed(entries, View(), WHOSE).entries == entries
    assert listed(entries, View(is_reversed=True), WHOSE).entries == entries[::-1]
    by_amount = listed(entries, View(column=Column.AMOUNT), WHOSE).entries
    told = [(one.asset or "", one.amount or Decimal(0)) for one in by_amount]
    assert told == sorted(told, key=lambda one: (one[0], -one[1]))
    times = [one.at_ms or 0 for one in listed(entries, View(column=Column.MADE), WHOSE).entries]
    of_journal = [at_ms for one, at_ms in zip(by_amount, times, strict=True) if one.record is None]
    assert len(of_journal) == 29


def test_what_is_equal_stays_newest_first() -> None:
    found = listed(_many(), View(column=Column.MADE, is_reversed=True), WHOSE).entries
    for origin in {entry.origin for entry in found}:
        times = [entry.at_ms for entry in found if entry.origin is origin and entry.at_ms is not None]
        assert times == sorted(times, reverse=True)


def test_columns_are_there_only_where_they_tell_something() -> None:
    alone = listed([Entry(RECORD, None), Entry(None, ROW)], View(), WHOSE)
    assert set(Column) - set(alone.columns) == {Column.HOST, Column.PROFILE, Column.PAIRS}
    rehearsal = Entry(None, replace(ROW, host="http://127.0.0.1:8321"))
    found = listed([Entry(RECORD, None), rehearsal], View(search=Search(host=HOST)), WHOSE)
    assert len(found.entries) == 1
    assert Column.HOST in found.columns  # so that a filter does not take a column away


def test_heading_that_says_another_host_or_profile_takes_no_column_away() -> None:
    rehearsal = Entry(None, replace(ROW, host="http://127.0.0.1:8321"))
    assert Column.HOST in listed([rehearsal], View(), WHOSE).columns
    assert Column.PROFILE not in listed([rehearsal], View(), WHOSE).columns
    savings = Entry(None, replace(ROW, profile="savings"))
    assert Column.PROFILE in listed([savings], View(), WHOSE).columns
    assert Column.HOST not in listed([savings], View(), WHOSE).columns


def test_what_another_place_or_profile_has_made_is_told_by_both() -> None:
    assert made_elsewhere(HOST, "main", WHOSE) == ""
    assert made_elsewhere("https://demo", "main", WHOSE) == (
        "Filled from a transfer at https://demo as main. It would be sent to LIVE as main."
    )
    assert "as savings. It would be sent to LIVE as main." in made_elsewhere(HOST, "savings", WHOSE)


@pytest.mark.parametrize("width", [64, 80, 100])
def test_host_is_in_sight_where_it_is_a_column(width: int) -> None:
    columns = [(Column.TIME, 11), (Column.MOVE, 22), (Column.AMOUNT, 8), (Column.OUTCOME, 6), (Column.HOST, 24)]
    shown, _ = in_sight([*columns, (Column.MADE, 9), (Column.TRAN_ID, 12)], 0, width)
    assert Column.HOST in [column for column, _ in shown]
    assert sum(taken + 1 for _, taken in shown) <= width


@pytest.mark.parametrize(
    ("entry", "word"),
    [
        (Entry(RECORD, None), "done"),
        (Entry(replace(RECORD, status="FAILED"), None), "failed"),
        (Entry(replace(RECORD, status="LOST"), None), "LOST"),
        (Entry(UnreadableRow("{}"), None), "?"),
        (Entry(RECORD, ROW), "not sent"),
    ],
)
def test_outcome_in_a_word(entry: Entry, word: str) -> None:
    assert outcome_word(entry) == word

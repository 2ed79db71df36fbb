"""What a record must look like to be a transfer's, and what a measured time proves."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tui.domain.transfer import Outcome, Transfer, TransferRequest
from tui.domain.wallets import TransferType
from tui.exchange import clock
from tui.exchange.payloads import HistoryRow
from tui.settle import is_match

_SENT_MS = 1_700_000_000_000
_TRANSFER = Transfer(
    id=1,
    request=TransferRequest(TransferType.MARGIN_ISOLATEDMARGIN, "USDT", Decimal("1.50"), to_symbol="BTCUSDT"),
    profile="main",
    key_tail="demo",
    host="https://api.binance.com",
    sent_at=datetime(2026, 1, 1, tzinfo=UTC),
    timestamp_ms=_SENT_MS,
    recv_window_ms=5000,
    outcome=Outcome.UNKNOWN,
)
_ROW = HistoryRow("USDT", Decimal("1.5"), "MARGIN_ISOLATEDMARGIN", "CONFIRMED", 1, _SENT_MS + 100)


def test_record_of_equal_value_matches_with_or_without_its_pair() -> None:
    assert is_match(_TRANSFER, _ROW)
    assert is_match(_TRANSFER, replace_row(to_symbol="BTCUSDT", from_symbol=""))


@pytest.mark.parametrize(
    "changes",
    [
        {"asset": "USDC"},
        {"amount": Decimal("1.50000001")},
        {"type": "MAIN_ISOLATED_MARGIN"},
        {"to_symbol": "ETHUSDT"},
        {"from_symbol": "BTCUSDT"},
    ],
    ids=str,
)
def test_record_that_differs_in_one_thing_is_another(changes: dict[str, object]) -> None:
    assert not is_match(_TRANSFER, replace_row(**changes))


@pytest.mark.parametrize(
    ("after_ms", "matches"),
    [(-4001, False), (-4000, True), (-999, True), (0, True), (5000, True), (8000, True), (8001, False)],
)
def test_record_lies_in_the_window_in_which_the_exchange_takes_the_request(after_ms: int, matches: bool) -> None:
    """From a second before the timestamp, which may be ahead so much, to its end, and three seconds on each side."""
    assert is_match(_TRANSFER, replace_row(timestamp=_SENT_MS + after_ms)) is matches


def test_longer_window_of_the_request_counts() -> None:
    late = replace_row(timestamp=_SENT_MS + 60_500)
    assert is_match(replace(_TRANSFER, recv_window_ms=60_000), late)
    assert not is_match(_TRANSFER, late)


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

"""What a search finds: by the rule in the domain, and by the journal's SQL, which must be one."""

import contextlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence import (
    accepted,
    ambiguous,
    matching_record,
    never_left,
    no_record,
    persons_word,
    refusal,
    transfer,
)
from tui.domain.evidence import Evidence
from tui.domain.search import ANY, Facts, Search, facts_of, is_found, parse_since, parse_until
from tui.domain.transfer import Outcome, Sending, TransferRequest
from tui.domain.wallets import TransferType, Wallet
from tui.journal import Journal
from tui.structs import replace

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TRANSFER = transfer(
    id=7,
    request=TransferRequest(TransferType.MAIN_ISOLATED_MARGIN, "USDT", Decimal("1250.00"), to_symbol="BTCUSDT"),
    timestamp_ms=1_795_521_600_000,
    evidence=matching_record(13526853623, "FAILED", 1_795_521_600_100),
    answer=ambiguous(-1007, "Über TIME"),
)

_EVIDENCE: tuple[Evidence | None, ...] = (
    None,
    accepted(13),
    ambiguous(-1007, "Über =1"),
    refusal(400, -5002, "Nicht genug, STRASSE"),
    never_left(),
    ambiguous(),
    no_record(),
    matching_record(77),
    matching_record(78, "FAILED"),
    persons_word(),
)
"""What becomes of the transfers of the journal; None: they are `sending` for good."""

_ASSETS, _PROFILES, _HOSTS = ("USDT", "BTC", "币安人生"), ("main", "Desk", "straße"), ("https://a", "https://b")
_TEXTS = (
    "",
    "usdt",
    "SPOT main",
    "1,250.00",
    "1250",
    "not_executed",
    "STRASSE",
    "isolated btc",
    "über",
    "=",
    "none",
    "-1007",
    "decided by hand",
    "history",
)


@st.composite
def _searches(draw: st.DrawFn) -> Search:
    wallets = st.sampled_from([None, *Wallet])
    times = st.none() | st.integers(min_value=0, max_value=2**42)
    return Search(
        text=draw(st.sampled_from(_TEXTS)),
        wallet=draw(wallets),
        source=draw(wallets),
        destination=draw(wallets),
        asset=draw(st.sampled_from(("", *_ASSETS))),
        outcomes=draw(st.frozensets(st.sampled_from(list(Outcome)), max_size=3)),
        profile=draw(st.sampled_from(("", *_PROFILES))),
        host=draw(st.sampled_from(("", *_HOSTS))),
        since_ms=draw(times),
        until_ms=draw(times),
    )


@pytest.fixture(scope="module")
def journal() -> Iterator[Journal]:
    """Some of everything; those that are `sending` are so for good, for the journal is in memory."""
    with contextlib.closing(Journal.in_memory()) as made:
        for n, move in enumerate(TransferType):
            request = TransferRequest(
                move,
                _ASSETS[n % 3],
                Decimal("1250.00") if n % 2 else Decimal(n + 1),
                "BTCUSDT" if move.needs_from_pair else None,
                "ETHUSDT" if move.needs_to_pair else None,
            )
            host = f"{_HOSTS[n % 2]}"
            begun = made.begin(Sending(request, _PROFILES[n % 3], "tail", "print", host, n, 20, 5000))
            if evidence := _EVIDENCE[n % len(_EVIDENCE)]:
                made.record(begun, evidence, despite=range(n + 1))
        yield made


@given(_searches())
def test_journal_finds_by_sql_what_the_rule_finds(journal: Journal, search: Search) -> None:
    expected = [transfer for transfer in journal.transfers() if is_found(search, facts_of(transfer))]
    assert list(journal.transfers(search)) == expected
    assert list(journal.transfers(search, newest_first=True)) == expected[::-1]
    assert [row.id for row in journal.written(search)] == [transfer.id for transfer in expected]


@pytest.mark.parametrize(
    "search",
    [
        ANY,
        Search(text="usdt SPOT btcusdt"),
        Search(text="1,250.00"),
        Search(text="13526853623 matching"),
        Search(text="-1007"),
        Search(text="rejec isolated"),
        Search(wallet=Wallet.SPOT),
        Search(wallet=Wallet.ISOLATED, source=Wallet.SPOT, destination=Wallet.ISOLATED),
        Search(outcomes=frozenset({Outcome.DONE, Outcome.REJECTED})),
        Search(since_ms=0, until_ms=2**42, asset="USDT", profile="main", host="https://api.binance.com"),
    ],
)
def test_found(search: Search) -> None:
    assert is_found(search, facts_of(TRANSFER))


@pytest.mark.parametrize(
    "search",
    [
        Search(text="usdt funding"),
        Search(wallet=Wallet.FUNDING),
        Search(source=Wallet.ISOLATED),
        Search(destination=Wallet.SPOT),
        Search(asset="BTC"),
        Search(outcomes=frozenset({Outcome.DONE})),
        Search(profile="mai"),
        Search(host="https://b"),
        Search(since_ms=1_795_521_600_001),
        Search(until_ms=1_795_521_600_000),
    ],
)
def test_not_found(search: Search) -> None:
    assert not is_found(search, facts_of(TRANSFER))


def test_what_cannot_be_read_is_not_left_out() -> None:
    unreadable = Facts(None, None, None, None, "main", "https://a", "garbled")
    search = Search(
        wallet=Wallet.SPOT, asset="BTC", outcomes=frozenset({Outcome.DONE}), since_ms=5, until_ms=6, profile="main"
    )
    assert is_found(search, unreadable)
    assert not is_found(replace(search, profile="other"), unreadable)
    assert not is_found(replace(search, text="usdt"), unreadable)


@pytest.fixture
def _in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("_in_berlin")
@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("2026-11-24", "2026-11-23T23:00Z", "2026-11-24T23:00Z"),
        ("2026-10-25", "2026-10-24T22:00Z", "2026-10-25T23:00Z"),  # the clocks are set back
        ("2026-11-24T13:05", "2026-11-24T12:05Z", "2026-11-24T12:05Z"),
        (" 2026-11-24 13:05:09.5 ", "2026-11-24T12:05:09.500Z", "2026-11-24T12:05:09.500Z"),
        ("2026-11-24T13:05+03:00", "2026-11-24T10:05Z", "2026-11-24T10:05Z"),
        ("2026-11-24T13:05Z", "2026-11-24T13:05Z", "2026-11-24T13:05Z"),
        ("90min", "2026-11-24T10:30Z", "2026-11-24T10:30Z"),
        ("7d", "2026-11-17T12:00Z", "2026-11-17T12:00Z"),
        ("today", "2026-11-23T23:00Z", "2026-11-24T23:00Z"),
        ("Yesterday", "2026-11-22T23:00Z", "2026-11-23T23:00Z"),
        ("2026-10", "2026-09-30T22:00Z", "2026-10-31T23:00Z"),
        ("2025-12", "2025-11-30T23:00Z", "2025-12-31T23:00Z"),
        ("October", "2026-09-30T22:00Z", "2026-10-31T23:00Z"),
        ("nov", "2026-10-31T23:00Z", "2026-11-30T23:00Z"),  # the one that has begun
        ("december", "2025-11-30T23:00Z", "2025-12-31T23:00Z"),  # the last one that has
        ("feb", "2026-01-31T23:00Z", "2026-02-28T23:00Z"),
    ],
)
def test_time_is_read(text: str, since: str, until: str) -> None:
    assert parse_since(text, NOW) == datetime.fromisoformat(since).timestamp() * 1000
    assert parse_until(text, NOW) == datetime.fromisoformat(until).timestamp() * 1000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "2026",
        "2026-13",
        "2026-13-01",
        "octo",
        "24.11.2026",
        "9999-12",
        "9999-12-31",
        "99999w",
        "1e3d",
        "-1d",
        "2026-11-24T25:00",
    ],
)
def test_what_is_no_time_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="is no time; write a day like"):
        parse_until(text, NOW)

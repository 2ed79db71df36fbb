"""A line of filters: what it asks for, and what is said where it asks for nothing that there is."""

import contextlib
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.moments import ms_of
from tui.domain.search import ANY, Search, parse_search
from tui.domain.transfer import Outcome
from tui.domain.wallets import Wallet

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
NAMES = ("wallet", "from", "to", "asset", "outcome", "profile", "host", "since", "until")


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("", ANY),
        ("  1,250.00   btc ", Search(text="1,250.00 btc")),
        ("wallet:spot", Search(wallet=Wallet.SPOT)),
        ("From:MAIN to:um", Search(source=Wallet.SPOT, destination=Wallet.UM)),
        ("asset:usdt elsewhere", Search(asset="USDT", text="elsewhere")),
        ("outcome:done outcome:not-sent", Search(outcomes=frozenset({Outcome.DONE, Outcome.NOT_SENT}))),
        ("profile:main", Search(profile="main")),
        ("host:live", Search(host="https://api.binance.com")),
        ("host:api1.binance.com", Search(host="https://api.binance.com")),
        ("host:127.0.0.1:8321", Search(host="http://127.0.0.1:8321")),
        ("host:https://X.example", Search(host="https://x.example")),
        ("since:7d", Search(since_ms=ms_of(NOW - timedelta(days=7)))),
        ("until:2026-11-24T13:05Z", Search(until_ms=ms_of(datetime(2026, 11, 24, 13, 5, tzinfo=UTC)))),
        ("yesterday", parse_search("since:yesterday until:yesterday", NOW)),
        ("btc October", parse_search("btc since:october until:october", NOW)),
        ("2026-10 to:cross", parse_search("to:cross since:2026-10 until:2026-10", NOW)),
        ("2026-11-23 12", parse_search("12 since:yesterday until:yesterday", NOW)),
        ("2026-13 2026", Search(text="2026-13 2026")),
        ("btc octo", Search(text="btc")),
        ("btc 2026-1", Search(text="btc")),
        ("btc wal", Search(text="btc")),
        ("btc asset ", Search(text="btc asset")),
        ("asset:BTC from", Search(asset="BTC")),
        ("https://x.example 13:05", Search(text="https://x.example 13:05")),
    ],
)
def test_line_asks_for(line: str, asked: Search) -> None:
    assert parse_search(line, NOW) == asked


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("wallet:sopt", "wallet: there is no wallet 'sopt'; choose one of: spot, funding"),
        ("from: spot", "from: goes on without a blank, like from:spot"),
        ("asset:US-DT", "asset: Letters and digits only, like USDT"),
        ("outcome:good", "outcome: there is no outcome 'good'; choose one of: sending, done"),
        ("host:http://x.example", "host: http is for this machine only"),
        ("since:tomorrow", "since: 'tomorrow' is no time; write a day like"),
        ("until:99999w", "until: '99999w' is no time"),
        ("walet:spot", "There is no filter walet: - choose of wallet:, from:, to:, asset:, outcome:, profile:, host:"),
        ("asset:BTC usdt asset:USDT", "asset: comes twice; remove one"),
        ("since:1d october", "october comes next to another time; remove one"),
        ("yesterday today", "today comes next to another time; remove one"),
        ("october until:1d", "until: comes twice; remove one"),
        ("since:1d until:2d", "since: is not before until: - there is no time between them"),
    ],
)
def test_mistake_is_told_with_what_would_be_right(line: str, said: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(said)}"):
        parse_search(line, NOW)


@given(st.lists(st.text(max_size=12) | st.builds("{}:{}".format, st.sampled_from(NAMES), st.text(max_size=12))))
def test_any_line_is_understood_or_told_of(words: list[str]) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(parse_search(" ".join(words), NOW), Search)

"""Whatever is typed or pasted, the app stays up, and what passes review is exactly what the exchange receives."""

import asyncio
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual.widgets import Label

from tests.examples import one_in
from tests.screens.waiting import facts, review, until, until_open, until_screen
from tui.app.app import ShunterApp
from tui.app.opening import Start
from tui.demo.exchange import DemoExchange
from tui.domain.transfer import Draft, Field
from tui.domain.wallets import TransferType
from tui.screens.entry import EntryScreen
from tui.screens.main import MainScreen
from tui.widgets.form_field import FormField

JUNK = st.text(max_size=12)
AMOUNTS = st.one_of(
    JUNK,
    st.text("0123456789.,eE+- ０１．。", min_size=1, max_size=14),
    st.decimals("0.00000001", "300", places=8).map(lambda amount: format(amount, "f")),
)
ASSETS = st.one_of(JUNK, st.sampled_from(["USDT", "usdt", "BTC", "u s d t", "ＵＳＤＴ", "[b]USDT[/b]"]))
PAIRS = st.one_of(JUNK, st.sampled_from(["BTCUSDT", "eth/usdt", "ETHUSDT", "\x1b[31mBTCUSDT", "BTC USDT\nmore"]))
WIRE_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,19})(\.[0-9]{1,8})?")


@one_in(60)
@given(
    move=st.sampled_from(TransferType),
    asset=ASSETS,
    amount=AMOUNTS,
    from_pair=PAIRS,
    to_pair=PAIRS,
    paste=st.booleans(),
)
def test_what_passes_review_is_exactly_what_the_exchange_receives(
    move: TransferType,
    asset: str,
    amount: str,
    from_pair: str,
    to_pair: str,
    paste: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    exchange = DemoExchange()
    monkeypatch.setattr("tui.demo.exchange.DemoExchange", lambda *, earlier: exchange)

    async def person() -> None:
        app = ShunterApp(Start(demo=True, draft=Draft(move.source, move.destination)))
        async with app.run_test(size=(80, 24)) as pilot:
            main = await until_open(pilot)
            for which, text in (
                (Field.ASSET, asset),
                (Field.AMOUNT, amount),
                (Field.FROM_PAIR, from_pair),
                (Field.TO_PAIR, to_pair),
            ):
                entry = main.query_one(f"#field-{which}", FormField).entry
                if paste:
                    entry.post_message(events.Paste(text))
                else:
                    entry.insert_text_at_cursor(text)
                await pilot.pause()
            await pilot.press("f2")
            await pilot.pause()
            if isinstance(app.screen, MainScreen):
                assert exchange.requests == []
                return
            await until(pilot, lambda: "Esc" in str(app.screen.query_one("#review-ask", Label).content))
            reviewed = facts(pilot)
            await pilot.press("y")
            await until_screen(pilot, EntryScreen)
            (received,) = exchange.requests
            shown_amount, shown_asset = reviewed["Amount"].split(" ")
            assert received["type"] == reviewed["Type"] == move.name
            assert received["asset"] == shown_asset
            assert received["amount"] == shown_amount.replace(",", "")
            assert WIRE_AMOUNT.fullmatch(received["amount"])
            assert received.get("fromSymbol", "") == "".join(reviewed["From"].split("  ")[1:])
            assert received.get("toSymbol", "") == "".join(reviewed["To"].split("  ")[1:])

    asyncio.run(person())


async def test_a_valid_draft_passes_review(demo_app: Callable[..., ShunterApp], exchange: DemoExchange) -> None:
    app = demo_app(asset="USDT", amount="0.00000001")
    async with app.run_test(size=(80, 24)) as pilot:
        await until_open(pilot)
        await review(pilot)
        await pilot.press("y")
        await until_screen(pilot, EntryScreen)
    assert [request["amount"] for request in exchange.requests] == ["0.00000001"]

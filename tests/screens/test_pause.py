"""A transfer goes out while the exchange asks for a pause only after one more question."""

from collections.abc import Callable

from tests.screens.waiting import review, until, until_open, words
from tui.app.app import ShunterApp
from tui.demo.exchange import DemoExchange
from tui.demo.faults import Fault, Reply
from tui.screens.review import ReviewScreen


async def test_review_says_until_when_and_asks_once_more(
    demo_app: Callable[..., ShunterApp], exchange: DemoExchange
) -> None:
    """ccxt 14639, XChange 4011: requests during a ban make it longer."""
    banned = Reply(418, b'{"code":-1003,"msg":"Way too much request weight used."}', {"Retry-After": "521"})
    async with demo_app(asset="USDT", amount="1").run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        exchange.faults.append(Fault(method="GET", path="/papi/v1/balance", executes=False, answer=banned))
        await pilot.press("f5")
        await until(pilot, lambda: main.desk.client.wait_s > 0)
        await review(pilot)
        assert "a pause until " in words(pilot, "#review-warning")
        await pilot.press("y")
        await pilot.pause()
        assert exchange.ledger.transfers == []
        screen = pilot.app.screen
        assert isinstance(screen, ReviewScreen)
        await pilot.press("w")
        await until(pilot, lambda: words(pilot, "#review-ask").startswith("y  Send "))
        await pilot.press("y")
        await until(pilot, lambda: len(exchange.ledger.transfers) == 1)

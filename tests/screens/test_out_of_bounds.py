"""An account without Portfolio Margin: its wallet says so in its own row, and nothing else is made of it."""

from collections.abc import Callable

from tests.screens.waiting import figure, message, until_open
from tui.app.app import ShunterApp
from tui.demo.exchange import DemoExchange
from tui.demo.faults import Fault, Reply
from tui.demo.routes import ENDPOINTS
from tui.domain.wallets import Wallet

_TURNED_AWAY = Reply(401, b'{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}')


async def test_key_that_is_turned_away_from_portfolio_margin_alone_is_no_trouble(
    demo_app: Callable[..., ShunterApp], exchange: DemoExchange
) -> None:
    """ccxt 20905: it was an alarm of four lines, and asked again every few seconds."""
    exchange.faults.append(
        Fault(method="GET", path="/papi/v1/balance", executes=False, answer=_TURNED_AWAY, times=None)
    )
    async with demo_app(asset="USDT").run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        assert figure(main, Wallet.PORTFOLIO).endswith("no access")
        assert message(main) == ""


async def test_key_that_is_turned_away_everywhere_is_trouble(
    demo_app: Callable[..., ShunterApp], exchange: DemoExchange
) -> None:
    exchange.faults += [
        Fault(method=endpoint.method, path=endpoint.path, executes=False, answer=_TURNED_AWAY, times=None)
        for endpoint in ENDPOINTS
        if endpoint.access.name == "SIGNED"
    ]
    async with demo_app(asset="USDT").run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        assert figure(main, Wallet.PORTFOLIO).endswith("not read")
        assert "-2015" in message(main)

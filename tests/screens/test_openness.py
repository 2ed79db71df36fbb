"""The form says what is not open for this account before anything is sent. It asks for the limit only if it matters."""

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from tests.screens.waiting import message, picture, until, until_open
from tui.app.app import ShunterApp
from tui.demo.exchange import DemoExchange
from tui.demo.faults import Fault, Reply
from tui.demo.person import beginner_ledger
from tui.domain.wallets import Wallet

AppMaker = Callable[..., ShunterApp]
LIMIT = "/sapi/v1/margin/isolated/accountLimit"


def _shown(pilot: Pilot[bool]) -> str:
    return " ".join(picture(pilot).split())


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 40)], ids=lambda size: "x".join(map(str, size)))
@pytest.mark.parametrize(
    ("pair", "words"),
    [
        ("SOLUSDT", "SOLUSDT is disabled: enable it on the exchange (0 of 10)."),
        ("XRPUSDT", "No XRPUSDT account: open it on the exchange (0 of 10)."),
    ],
)
async def test_a_pair_that_is_not_open_says_so_whole_at_every_size(
    pair: str, words: str, size: tuple[int, int], demo_app: AppMaker, exchange: DemoExchange
) -> None:
    exchange.ledger = beginner_ledger()
    draft = {"source": Wallet.SPOT, "destination": Wallet.ISOLATED, "to_pair": pair, "asset": "USDT"}
    async with demo_app(**draft).run_test(size=size) as pilot:
        await until_open(pilot)
        await until(pilot, lambda: words in _shown(pilot))


async def test_without_the_limit_the_rest_is_said(demo_app: AppMaker, exchange: DemoExchange) -> None:
    exchange.faults.append(Fault(method="GET", path=LIMIT, executes=False, answer=Reply(500, b"oops"), times=None))
    draft = {"source": Wallet.SPOT, "destination": Wallet.ISOLATED, "to_pair": "XRPUSDT", "asset": "USDT"}
    async with demo_app(**draft).run_test() as pilot:
        main = await until_open(pilot)
        await until(pilot, lambda: "No XRPUSDT account: open it on the exchange." in message(main))


async def test_the_limit_is_asked_for_only_if_a_pair_is_not_open(demo_app: AppMaker, exchange: DemoExchange) -> None:
    asked = Fault(method="GET", path=LIMIT, times=9)
    exchange.faults.append(asked)
    draft = {"source": Wallet.SPOT, "destination": Wallet.ISOLATED, "to_pair": "BTCUSDT", "asset": "USDT"}
    async with demo_app(**draft).run_test() as pilot:
        main = await until_open(pilot)
        await pilot.press("tab", "tab", "tab")
        await pilot.pause(0.3)
        assert asked.times == 9
        assert "account" not in message(main)


@pytest.mark.parametrize("wallet", [Wallet.CROSS, Wallet.OPTIONS, Wallet.PORTFOLIO])
async def test_a_wallet_that_a_beginner_has_not_opened_says_so(
    wallet: Wallet, demo_app: AppMaker, exchange: DemoExchange
) -> None:
    exchange.ledger = beginner_ledger()
    async with demo_app(source=Wallet.SPOT, destination=wallet, asset="USDT").run_test() as pilot:
        main = await until_open(pilot)
        await until(pilot, lambda: f"{wallet.label} is not open" in message(main))

"""What balances and completion look like."""

from collections.abc import Awaitable, Callable

import pytest
from textual.pilot import Pilot

from tests.gate import Gate
from tests.screens.waiting import until, until_open
from tui.app.app import ShunterApp
from tui.demo.exchange import DemoExchange
from tui.demo.faults import Fault, Reply
from tui.demo.routes import ENDPOINTS
from tui.domain.wallets import Wallet
from tui.screens.main import MainScreen
from tui.widgets.completing_input import Suggestions

SnapCompare = Callable[..., bool]
AppMaker = Callable[..., ShunterApp]

pytestmark = [
    pytest.mark.usefixtures("clocks_stand_still"),
    pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"]),
]


async def _opened(pilot: Pilot[bool]) -> None:
    await until_open(pilot)
    await pilot.pause()


def _completing(*keys: str) -> Callable[[Pilot[bool]], Awaitable[None]]:
    async def steps(pilot: Pilot[bool]) -> None:
        main = await until_open(pilot)
        await pilot.press(*keys)
        await until(pilot, lambda: any(suggestions.choices for suggestions in main.query(Suggestions)))
        await pilot.pause()

    return steps


def test_loading(size: tuple[int, int], demo_app: AppMaker, exchange: DemoExchange, snap_compare: SnapCompare) -> None:
    gate = Gate()
    exchange.faults += [
        Fault(method=endpoint.method, path=endpoint.path, times=None, before=gate)
        for endpoint in ENDPOINTS
        if endpoint.path not in ("/papi/v1/balance", "/api/v3/time")
    ]

    async def steps(pilot: Pilot[bool]) -> None:
        await until(pilot, lambda: isinstance(pilot.app.screen, MainScreen))
        main = pilot.app.screen
        assert isinstance(main, MainScreen)
        holdings = main.desk.balance_reader
        await until(pilot, lambda: holdings.balances.wallets[Wallet.PORTFOLIO].read_ms is not None)
        await pilot.pause()

    assert snap_compare(demo_app(asset="USDT"), terminal_size=size, run_before=steps)


def test_some_failed(
    size: tuple[int, int], demo_app: AppMaker, exchange: DemoExchange, snap_compare: SnapCompare
) -> None:
    broken = Reply(500, b'{"code":-1000,"msg":"An unknown error occurred."}')
    for method, path in (("GET", "/papi/v1/balance"), ("GET", "/sapi/v1/margin/isolated/account")):
        exchange.faults.append(Fault(method=method, path=path, executes=False, answer=broken))
    assert snap_compare(demo_app(asset="USDT"), terminal_size=size, run_before=_opened)


def test_asset_chosen(size: tuple[int, int], demo_app: AppMaker, snap_compare: SnapCompare) -> None:
    assert snap_compare(demo_app(source=Wallet.UM, asset="USDT"), terminal_size=size, run_before=_opened)


def test_asset_completion_open(size: tuple[int, int], demo_app: AppMaker, snap_compare: SnapCompare) -> None:
    assert snap_compare(demo_app(), terminal_size=size, run_before=_completing("tab", "tab", "u", "s", "down"))


def test_pair_completion_open(size: tuple[int, int], demo_app: AppMaker, snap_compare: SnapCompare) -> None:
    draft = {"destination": Wallet.ISOLATED, "asset": "USDT"}
    steps = _completing("tab", "tab", "b")
    assert snap_compare(demo_app(**draft), terminal_size=size, run_before=steps)


def test_more_than_is_available(size: tuple[int, int], demo_app: AppMaker, snap_compare: SnapCompare) -> None:
    assert snap_compare(demo_app(asset="USDT", amount="1300"), terminal_size=size, run_before=_opened)

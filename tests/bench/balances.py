"""How soon the balances of all wallets are on the screen, with 100 ms added to each call on loopback.

    python -m tests.bench.balances

Runs the app against a served exchange of 800 assets and 2,500 isolated pairs. Beside it stands the slowest single call
of the same run.
"""

import asyncio
import statistics
import subprocess
import sys
import time
from typing import Any
from unittest.mock import patch

from tui.app.app import ShunterApp
from tui.app.opening import Start
from tui.demo.keys import demo_key
from tui.domain.balances import Balances
from tui.exchange import payloads
from tui.exchange.client import BinanceClient
from tui.exchange.payloads import ReadCall
from tui.screens.main import MainScreen
from tui.widgets.status_bar import StatusBar
from tui.widgets.transfer_form import TransferForm
from tui.widgets.wallet_list import WalletList

_ADDED_S = 0.1
_ROUNDS = 5
_ROUND_TRIPS = 1.5
_LIMIT_S = 30


def _all_shown(app: ShunterApp) -> bool:
    if not isinstance(app.screen, MainScreen):
        return False
    source = app.screen.query_one("#from", WalletList)
    shown = [line.split()[-1] for line in str(source.render()).splitlines()[1:]]
    return all(word in ("assets", "pairs") for word in shown)


async def _on_screen(base_url: str) -> tuple[float, float]:
    """How long it takes until all wallets are in the list, in seconds: from the mounting of the main screen, with no
    connection and no clock yet, and from F5.
    """
    app = ShunterApp(Start(demo=True))
    with patch("tui.app.opening.BinanceClient", lambda _, key, **__: BinanceClient(base_url, key)):
        async with app.run_test(size=(80, 24)) as pilot:
            started, opened = await _all_read(app)
            opening = opened - started
            main = app.screen
            assert isinstance(main, MainScreen)
            await asyncio.wait_for(_reading_over(main), _LIMIT_S)
            main.desk.balance_reader.balances = Balances()
            main.query_one(TransferForm).show_balances(Balances())
            await pilot.pause()
            pressed = time.perf_counter()
            main.action_refresh_balances()
            _, refreshed = await _all_read(app)
            return opening, refreshed - pressed


async def _all_read(app: ShunterApp) -> tuple[float, float]:
    """When the main screen was there, and when it showed all wallets."""
    mounted = 0.0
    async with asyncio.timeout(_LIMIT_S):
        while not _all_shown(app):
            if not mounted and isinstance(app.screen, MainScreen) and app.screen.is_mounted:
                mounted = time.perf_counter()
            await asyncio.sleep(0.001)
    return mounted, time.perf_counter()


async def _reading_over(main: MainScreen) -> None:
    while main.query_one(StatusBar).status.waiting_for:  # noqa: ASYNC110
        await asyncio.sleep(0.001)


async def _slowest_call(base_url: str) -> float:
    """Of the calls that the balances take, one after the other, on a connection of their own each; seconds."""
    took = []
    async with BinanceClient(base_url, demo_key()) as client:
        await client.sync_clock()
        reading: tuple[ReadCall[Any], ...] = (
            payloads.WALLET_BALANCES,
            payloads.ISOLATED_ACCOUNT,
            payloads.ISOLATED_PAIRS,
            payloads.UM_BALANCES,
            payloads.CM_BALANCES,
            payloads.OPTIONS_ACCOUNT,
            payloads.PORTFOLIO_BALANCES,
        )
        for call in reading:
            started = time.perf_counter()
            await client.read(call)
            took.append(time.perf_counter() - started)
    return max(took)


async def measure(base_url: str) -> int:
    """Print the figures; 1 where the screen takes more than 1.5 round trips."""
    call = statistics.median([await _slowest_call(base_url) for _ in range(_ROUNDS)])
    print(f"slowest call: {call * 1000:.0f} ms")
    opening, refresh = zip(*[await _on_screen(base_url) for _ in range(_ROUNDS)], strict=True)
    for name, took in (("after opening", opening), ("after F5", refresh)):
        seconds = statistics.median(took)
        print(f"all wallets on screen {name}: {seconds * 1000:.0f} ms, {seconds / call:.2f} round trips")
    return int(statistics.median(refresh) > _ROUND_TRIPS * call)


def main() -> int:
    """Measure against a server in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.large_exchange", str(_ADDED_S)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin
        assert server.stdout
        try:
            return asyncio.run(measure(server.stdout.readline().strip()))
        finally:
            server.stdin.close()


if __name__ == "__main__":
    sys.exit(main())

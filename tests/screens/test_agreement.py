"""Pickers, command line and demo exchange agree on every pair of wallets: does a move lead there, do two, and what do
they need.
"""

import contextlib
from collections.abc import Callable
from itertools import product

import httpx
import pytest

from tests.screens.waiting import until, until_open, wallet_line
from tui.app.app import ShunterApp
from tui.cli import main
from tui.demo.exchange import DemoExchange
from tui.demo.keys import demo_key
from tui.domain.wallets import Wallet, route, transfer_type
from tui.exchange.client import BinanceClient
from tui.exchange.errors import ExchangeError
from tui.widgets.transfer_form import TransferForm
from tui.widgets.wallet_list import WalletList

PAIRS = {"fromSymbol": "BTCUSDT", "toSymbol": "ETHUSDT"}


async def test_the_pickers_allow_exactly_the_moves_mark_those_of_two_and_ask_for_exactly_their_pairs(
    demo_app: Callable[..., ShunterApp],
) -> None:
    app = demo_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await until_open(pilot)
        form = screen.query_one(TransferForm)
        sources, destinations = screen.query_one("#from", WalletList), screen.query_one("#to", WalletList)
        for source in Wallet:
            sources.focus()
            await pilot.press(str(list(Wallet).index(source) + 1))
            await until(pilot, lambda source=source: form.draft.source is source)  # type: ignore[misc]
            for digit, destination in enumerate(Wallet, start=1):
                types = route(source, destination)
                line = wallet_line(destinations, destination)
                assert (line[1] == "-") == (not types), (source, destination)
                assert (" via Spot " in line) == (len(types) == 2), (source, destination)
                destinations.focus()
                await pilot.press(str(digit))
                await pilot.pause()
                assert (form.draft.destination is destination) == bool(types)
                if types:
                    shown = [form.query_one(f"#field-{which}-pair") for which in ("from", "to")]
                    assert [bool(f.visible and f.parent and f.parent.display) for f in shown] == [
                        types[0].needs_from_pair,
                        types[-1].needs_to_pair,
                    ]


@pytest.mark.parametrize(("source", "destination"), product(Wallet, Wallet))
def test_the_command_line_takes_exactly_the_moves_and_their_pairs(
    source: Wallet, destination: Wallet, capsys: pytest.CaptureFixture[str]
) -> None:
    def status(*more: str) -> int | str | None:
        try:
            return main(["--demo", "--from", source.value, "--to", destination.exchange_id, *more])
        except SystemExit as misuse:
            return misuse.code

    types = route(source, destination)
    accepted = 1  # the form would open, but a test has no terminal
    assert status() == (accepted if types else 2)
    if types:
        assert "needs a terminal" in capsys.readouterr().err
        assert status("--from-pair", "BTCUSDT") == (accepted if types[0].needs_from_pair else 2)
        assert status("--to-pair", "ETHUSDT") == (accepted if types[-1].needs_to_pair else 2)
    else:
        assert f"{source.label} reaches: " in capsys.readouterr().err


async def test_the_demo_exchange_takes_exactly_the_moves_and_their_pairs() -> None:
    exchange = DemoExchange()
    exchange.weights.enforced = False
    async with BinanceClient("https://demo.invalid", demo_key(), transport=httpx.ASGITransport(app=exchange)) as client:

        async def takes(kind: str, asset: str, *symbols: str) -> bool:
            parameters = {"type": kind, "asset": asset, "amount": "0.001", **{name: PAIRS[name] for name in symbols}}
            before = len(exchange.ledger.transfers)
            with contextlib.suppress(ExchangeError):
                await client._signed_call("POST", "/sapi/v1/asset/transfer", parameters)
            return len(exchange.ledger.transfers) == before + 1

        for source, destination in product(Wallet, Wallet):
            move = transfer_type(source, destination)
            kind = move.name if move else f"{source.exchange_id}_{destination.exchange_id}"
            asset = "BTC" if source is Wallet.CM else "USDT"  # COIN-M holds coins only
            for from_symbol, to_symbol in product((False, True), repeat=2):
                symbols = [name for name, sent in zip(PAIRS, (from_symbol, to_symbol), strict=True) if sent]
                is_right = move is not None and (move.needs_from_pair, move.needs_to_pair) == (from_symbol, to_symbol)
                assert await takes(kind, asset, *symbols) == is_right, (kind, symbols)

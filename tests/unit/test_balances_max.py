"""Max, from the exchange's figure to the ledger: it takes all that can be moved, for every wallet, asset and amount."""

from decimal import Decimal

import httpx
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import one_in
from tui.demo.exchange import DemoExchange
from tui.demo.keys import demo_key
from tui.demo.ledger import Funds, Ledger
from tui.desk.balances import BalanceReader
from tui.domain.amounts import plain
from tui.domain.balances import Account, Pair, ends, share
from tui.domain.transfer import Draft, parse_transfers
from tui.domain.wallets import TransferType, Wallet
from tui.exchange.client import BinanceClient

PAIRS = [Pair("BTCUSDT", "BTC", "USDT"), Pair("ETHUSDT", "ETH", "USDT")]

amounts = st.decimals(min_value=0, max_value=Decimal(10) ** 11, places=8)
holdings = st.builds(Funds, free=amounts, locked=amounts, held_back=amounts, borrowed=amounts, interest=amounts)


@st.composite
def ledgers(draw: st.DrawFn) -> Ledger:
    accounts = [Account(wallet) for wallet in Wallet if wallet is not Wallet.ISOLATED]
    accounts += [Account(Wallet.ISOLATED, pair.symbol) for pair in PAIRS]
    held = {account: {"USDT": draw(holdings), "BTC": draw(holdings)} for account in accounts}
    for wallet in (Wallet.SPOT, Wallet.FUNDING):  # nothing secures a loan or a position there: free is transferable
        held[Account(wallet)] = {asset: Funds(one.free, one.locked) for asset, one in held[Account(wallet)].items()}
    return Ledger(held, PAIRS)


@one_in(5)
@given(ledger=ledgers(), move=st.sampled_from(TransferType), asset=st.sampled_from(["USDT", "BTC"]))
async def test_max_is_taken_and_leaves_nothing_that_could_be_moved(
    ledger: Ledger, move: TransferType, asset: str
) -> None:
    if move.needs_to_pair:
        asset = "USDT"  # in both pairs
    from_pair, to_pair = ("BTCUSDT" if move.needs_from_pair else ""), ("ETHUSDT" if move.needs_to_pair else "")
    exchange = DemoExchange(ledger=ledger)
    async with BinanceClient("https://demo.invalid", demo_key(), transport=httpx.ASGITransport(exchange)) as client:
        readings = BalanceReader(client)
        async for _ in readings.read_all():
            pass
        source = ends(move, from_pair, to_pair)[0]
        figure = (await readings.read_transferable(source, asset)).figure(source, asset)
        assert figure is not None
        assert figure.is_transferable
        held = ledger.balance(source.wallet, asset, source.pair)
        assert figure.amount == held.transferable
        if not figure.amount:
            return
        typed = plain(share(figure.amount, 100))
        (request,) = parse_transfers(Draft(move.source, move.destination, asset, typed, from_pair, to_pair))
        assert await client.transfer(request, exchange.server_ms())
    assert ledger.balance(source.wallet, asset, source.pair).transferable == 0

"""A demo exchange of the size of the real one: 800 assets, all of them held in Spot, and 2,500 isolated pairs."""

import itertools
import string
import sys
from decimal import Decimal

from tui.demo.exchange import DemoExchange
from tui.demo.ledger import Funds, Ledger
from tui.domain.balances import Account, Pair
from tui.domain.wallets import Wallet

_QUOTES = ("USDT", "USDC", "FDUSD", "BTC")
_ASSETS = 800
_PAIRS = 2500
_OPEN_PAIRS = 20
_IN_OTHER_WALLETS = 40


def assets() -> list[str]:
    """800 names, the usual quotes among them."""
    names = ("".join(letters) for letters in itertools.product("BKTXRNSL", "AEIOU", string.ascii_uppercase))
    return [*_QUOTES, *names][:_ASSETS]


def pairs() -> list[Pair]:
    """2,500 pairs of them."""
    made = (Pair(base + quote, base, quote) for base in assets() for quote in _QUOTES if base != quote)
    return list(itertools.islice(made, _PAIRS))


def large_exchange(*, earlier: int = 0) -> DemoExchange:
    """All of it in an exchange."""
    held = {asset: Funds(free=Decimal(number + 1) / 8) for number, asset in enumerate(assets())}
    some = {asset: held[asset] for asset in assets()[:_IN_OTHER_WALLETS]}
    wallets = {Account(wallet): dict(some) for wallet in Wallet if wallet is not Wallet.ISOLATED}
    wallets[Account(Wallet.SPOT)] = held
    accounts = {
        Account(Wallet.ISOLATED, pair.symbol): {pair.base: held[pair.base], pair.quote: held[pair.quote]}
        for pair in pairs()[:_OPEN_PAIRS]
    }
    return DemoExchange(ledger=Ledger({**wallets, **accounts}, pairs()), earlier=earlier)


def serve(seconds_added: float) -> None:
    """Serve it, each answer held for a while, and print where, until the standard input ends."""
    from tui.demo.faults import Fault
    from tui.demo.routes import ENDPOINTS
    from tui.demo.serving import served

    exchange = large_exchange()
    exchange.weights.enforced = False
    for endpoint in ENDPOINTS:
        exchange.faults.append(Fault(after=seconds_added, times=None, method=endpoint.method, path=endpoint.path))
    with served(exchange) as base_url:
        print(base_url, flush=True)
        sys.stdin.read()


def main() -> None:
    """Run the app on it: what the benchmark drives in a pseudo-terminal."""
    import tui.demo.exchange
    from tui.app.app import ShunterApp
    from tui.app.opening import Start

    tui.demo.exchange.DemoExchange = large_exchange  # type: ignore[assignment, misc]
    ShunterApp(Start(demo=True)).run()


if __name__ == "__main__":
    serve(float(sys.argv[1])) if sys.argv[1:] else main()

"""The person of the demo: a believable account, in which what is free is not always what can be moved."""

from decimal import Decimal
from typing import Final

from tui.demo.ledger import Funds, Ledger, MarginPair
from tui.domain.balances import Account
from tui.domain.wallets import Wallet


def demo_ledger() -> Ledger:
    """A fresh account: all eight wallets open, two isolated pairs, loans, open orders and positions."""
    return Ledger(_HOLDINGS, [MarginPair(base, quote) for quote in _QUOTES for base in _BASES if base != quote])


def add_hostile_names(ledger: Ledger) -> None:
    """Lets Spot hold assets, and opens pairs, of the names that nothing but an attack would have."""
    for name in HOSTILE_NAMES:
        ledger.hold(Account(Wallet.SPOT), name, _of("1"))
        pair = MarginPair(name, "USDT")
        ledger.pairs[pair.symbol] = pair
        ledger.hold(Account(Wallet.ISOLATED, pair.symbol), name, _of("1"))


def _of(free: str, *, locked: str = "0", held_back: str = "0", borrowed: str = "0", interest: str = "0") -> Funds:
    return Funds(Decimal(free), Decimal(locked), Decimal(held_back), Decimal(borrowed), Decimal(interest))


_HOLDINGS: Final = {
    Account(Wallet.SPOT): {
        "USDT": _of("1250.00", locked="150.00"),
        "BTC": _of("0.05321004", locked="0.01"),
        "ETH": _of("0.80240000"),
        "BNB": _of("3.51870012"),
        "SOL": _of("12.40"),
        "XRP": _of("512.3", locked="100"),
        "ADA": _of("940.1"),
        "DOGE": _of("2501"),
        "USDC": _of("310.55"),
        "FDUSD": _of("42.00000001"),
        "LINK": _of("18.06"),
        "DOT": _of("33.3333"),
        "SHIB": _of("1500000.25"),
    },
    Account(Wallet.FUNDING): {
        "USDT": _of("80.00"),
        "BNB": _of("0.25"),
        "USDC": _of("15.5"),
    },
    Account(Wallet.CROSS): {
        "USDT": _of("10.00"),
        "BTC": _of("0.02", held_back="0.0125"),
        "USDC": _of("60.00", locked="20.00", held_back="45.00", borrowed="50.00", interest="0.00312847"),
    },
    Account(Wallet.ISOLATED, "BTCUSDT"): {
        "BTC": _of("0.01500000", held_back="0.004"),
        "USDT": _of("200.00", held_back="80.02469135", borrowed="75.00", interest="0.02469135"),
    },
    Account(Wallet.ISOLATED, "ETHUSDT"): {
        "ETH": _of("0.50000000", locked="0.1"),
        "USDT": _of("75.00"),
    },
    Account(Wallet.UM): {
        "USDT": _of("312.30", locked="45.50", held_back="12.30"),
        "USDC": _of("20.00"),
        "BNB": _of("0.10"),
    },
    Account(Wallet.CM): {
        "BTC": _of("0.01753100", locked="0.00300000", held_back="0.00053100"),
        "ETH": _of("0.40000000"),
    },
    Account(Wallet.OPTIONS): {
        "USDT": _of("60.00", locked="15.00"),
    },
    Account(Wallet.PORTFOLIO): {
        "USDT": _of("100.00", held_back="40.00"),
        "BTC": _of("0.00800000"),
    },
}

_QUOTES = ("USDT", "USDC", "FDUSD", "BTC", "ETH", "BNB")
_BASES = [
    "BTC",
    "ETH",
    "BNB",
    "SOL",
    "XRP",
    "ADA",
    "DOGE",
    "LINK",
    "DOT",
    "SHIB",
    "TRX",
    "LTC",
    "BCH",
    "AVAX",
    "NEAR",
    "ATOM",
    "UNI",
    "APT",
    "ARB",
    "OP",
    "FIL",
    "ETC",
    "ICP",
    "SUI",
    "TON",
    "INJ",
    "AAVE",
]

HOSTILE_NAMES: Final = (
    "\x1b]52;c;Y3VybCBldmlsIHwgc2gK\x07",  # to a terminal: put a command into the clipboard
    "\x1b[2J\x1b[HBTC",  # clear the screen
    "\x9b?1049l",  # the same kind of command in one character
    "BTC\r\nUSDT",
    "US\u202eTD",  # written from right to left
    "BT\u200bC",  # with a blank of no width
    "ＢＴＣ",  # of full width
    "[red]BTC[/red]",  # to Textual: a colour
    "../BTC&asset=USDT",
    "A" * 5000,
    "",
)
"""What commands a terminal, looks like another name, or means something to the program that shows it."""

PRICES_IN_BTC: Final = {
    asset: Decimal(price)
    for asset, price in {
        "BTC": "1",
        "ETH": "0.038",
        "BNB": "0.0095",
        "SOL": "0.0017",
        "XRP": "0.000028",
        "ADA": "0.0000075",
        "DOGE": "0.0000022",
        "USDT": "0.0000095",
        "USDC": "0.0000095",
        "FDUSD": "0.0000095",
        "LINK": "0.00018",
        "DOT": "0.000038",
        "SHIB": "0.0000000001",
    }.items()
}
"""What the exchange values an asset at; others count as nothing."""

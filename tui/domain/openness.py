"""What is not open for this account, although a transfer needs it: a wallet, a pair, an asset, or the key's access."""

from collections.abc import Collection, Iterator
from enum import Enum, auto

from tui.domain.balances import Absent, Account, Balances
from tui.domain.wallets import Wallet
from tui.structs import Struct


class Closure(Enum):
    """Why an end of a transfer may not take part in it, as the exchange says it. None of them is a refusal."""

    WALLET = auto()
    """The account has never opened the wallet."""
    NO_ACCOUNT = auto()
    """The account has no isolated account of the pair."""
    DISABLED = auto()
    """The isolated account of the pair is not enabled."""
    NOT_LISTED = auto()
    """The wallet's list has no such asset."""
    KEY = auto()
    """The wallet cannot be read, and the exchange says that the key lacks the permission for it."""
    NO_ACCESS = auto()
    """The exchange refuses a good key for the wallet."""


class Unopened(Struct):
    """What is not open at one end of a transfer."""

    account: Account
    closure: Closure
    asset: str = ""


class PairLimit(Struct):
    """How many isolated pairs are enabled, and how many can be."""

    enabled: int
    most: int
    read_ms: float
    """When the exchange was asked, on a monotonic clock."""


def unopened(
    balances: Balances, ends: tuple[Account, Account], asset: str, lacking: Collection[Wallet] = ()
) -> list[Unopened]:
    """Return what the exchange says is not open for a transfer between two ends. A source without an account is left
    out: there is nothing in it.

    `lacking` are the wallets for which the exchange says that the key lacks a permission.
    """
    source, destination = ends
    at_source = (each for each in _at_end(balances, source, lacking) if each.closure is not Closure.NO_ACCOUNT)
    return [*at_source, *unopened_destination(balances, destination, asset, lacking)]


def unopened_destination(
    balances: Balances, destination: Account, asset: str, lacking: Collection[Wallet] = ()
) -> list[Unopened]:
    """Return what the exchange says is not open where an asset is to arrive."""
    closures = list(_at_end(balances, destination, lacking))
    holdings = balances.wallets[destination.wallet]
    is_listed = holdings.without(asset) is not Absent.NOT_LISTED
    if asset and destination.wallet is not Wallet.ISOLATED and not is_listed and not holdings.problem:
        closures.append(Unopened(destination, Closure.NOT_LISTED, asset))
    return closures


def _at_end(balances: Balances, end: Account, lacking: Collection[Wallet]) -> Iterator[Unopened]:
    """Yield what is not open at one end. Nothing follows from what was not read."""
    holdings = balances.wallets[end.wallet]
    if holdings.problem:
        if holdings.is_barred and end.wallet in lacking:
            yield Unopened(end, Closure.KEY)
        elif balances.is_out_of_bounds(end.wallet):
            yield Unopened(end, Closure.NO_ACCESS)
    elif holdings.read_ms is not None and not holdings.is_open:
        yield Unopened(end, Closure.WALLET)
    elif end.pair in holdings.disabled:
        yield Unopened(end, Closure.DISABLED)
    elif end.pair and holdings.is_whole and end.pair not in holdings.pairs:
        yield Unopened(end, Closure.NO_ACCOUNT)

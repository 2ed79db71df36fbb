"""What completes an asset or a pair that is being typed, the likeliest first."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain

from tui.domain.amounts import aligned, exact_sum, grouped
from tui.domain.balances import Account, Assets, Balances
from tui.domain.transfer import asset_problem, pair_problem
from tui.domain.wallets import Wallet


@dataclass(frozen=True, slots=True)
class Choice:
    """A text that the person could mean."""

    value: str
    note: str = ""
    """What helps to choose it, such as an amount."""


def asset_choices(balances: Balances, source: Account, destination: Account) -> list[Choice]:
    """Return the assets of the source by worth, then all others by name; only those that a transfer can name.

    The isolated account of a pair leaves only its base and quote.
    """
    amounts = _held(balances, source)
    others = {asset for holdings in balances.wallets.values() for asset in holdings.assets}
    others.update(*((pair.base, pair.quote) for pair in balances.pairs.values()))
    held = [asset for asset, amount in amounts.items() if amount]
    ranked = sorted(held, key=lambda asset: by_worth(balances.worth(asset, amounts[asset]), amounts[asset], asset))
    ranked += sorted(others.union(amounts).difference(ranked))
    for end in (source, destination):
        if pair := balances.pairs.get(end.pair or ""):
            ranked = [asset for asset in ranked if pair.takes(asset)]
    ranked = [asset for asset in ranked if not asset_problem(asset)]
    figures = dict(zip(held, aligned([amounts[asset] for asset in held]), strict=True))
    return [Choice(asset, figures.get(asset, "").rstrip()) for asset in ranked]


def pair_choices(balances: Balances, asset: str) -> list[Choice]:
    """Return the isolated pairs, those with an account of the person first; once an asset is typed, only its pairs."""
    held = balances.wallets[Wallet.ISOLATED].pairs
    symbols = {*held, *balances.pairs}
    if balances.pairs and balances.knows(asset):
        symbols = {symbol for symbol, pair in balances.pairs.items() if pair.takes(asset)}
    return [
        Choice(symbol, _amounts(held[symbol]) if symbol in held else "")
        for symbol in sorted(symbols, key=lambda symbol: (symbol not in held, symbol))
        if not pair_problem(symbol)
    ]


def by_worth(worth: Decimal | None, amount: Decimal, asset: str) -> tuple[bool, Decimal, Decimal, str]:
    """Return the sort key of holdings: by worth, then those without a known worth by amount, the largest first."""
    return worth is None, -(worth or Decimal(0)), -amount, asset


def matching(choices: Iterable[Choice], typed: str) -> list[Choice]:
    """Return the choices that contain the typed text: the same text first, then beginnings, then the rest."""
    found = [choice for choice in choices if typed in choice.value]
    exact = (choice for choice in found if choice.value == typed)
    beginnings = (choice for choice in found if choice.value.startswith(typed) and choice.value != typed)
    insides = (choice for choice in found if not choice.value.startswith(typed))
    return list(chain(exact, beginnings, insides))


def _held(balances: Balances, source: Account) -> Assets:
    holdings = balances.wallets[source.wallet]
    if source.wallet is not Wallet.ISOLATED:
        return holdings.assets
    if source.pair:
        return holdings.pairs.get(source.pair, {})
    sums: dict[str, Decimal] = {}
    for assets in holdings.pairs.values():
        for asset, amount in assets.items():
            sums[asset] = exact_sum([sums.get(asset, Decimal(0)), amount])
    return sums


def _amounts(assets: Assets) -> str:
    return "  ".join(f"{grouped(amount)} {asset}" for asset, amount in assets.items() if amount)

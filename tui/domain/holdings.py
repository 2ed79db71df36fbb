"""Holdings: every asset with the wallets that hold it, and what completes an asset or a pair that is being typed."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from tui.domain.amounts import aligned, exact_sum, quantity
from tui.domain.balances import Absent, Account, Assets, Balances
from tui.domain.transfer import asset_problem, pair_problem
from tui.domain.wallets import Wallet
from tui.structs import Struct


class Holding(Struct):
    """One asset in all wallets."""

    asset: str
    amounts: Mapping[Wallet, Decimal]
    """The free or transferable amount by wallet, without zeros; all pairs of Isolated Margin together."""
    worth: Decimal | None
    """The approximate worth of all of it, in `Balances.unit`; None if the exchange does not value it."""
    is_whole: bool = True
    """Whether every wallet was read; if not, there may be more of it."""

    @property
    def total(self) -> Decimal:
        """The free or transferable amount in all wallets that were read."""
        return exact_sum(self.amounts.values())


def all_holdings(balances: Balances, typed: str = "") -> list[Holding]:
    """Return every asset that a wallet holds and whose name contains the typed text, by worth."""
    amounts: dict[str, dict[Wallet, Decimal]] = {}
    for wallet, holdings in balances.wallets.items():
        for assets in (holdings.assets, *holdings.pairs.values()):
            for asset, amount in assets.items():
                if amount and typed in asset:
                    of_asset = amounts.setdefault(asset, {})
                    of_asset[wallet] = exact_sum([of_asset.get(wallet, Decimal(0)), amount])
    rows = [
        Holding(
            asset,
            by_wallet,
            balances.worth(asset, exact_sum(by_wallet.values())),
            is_whole=not any(
                holdings.without(asset) is Absent.NOT_READ
                for wallet, holdings in balances.wallets.items()
                if wallet not in by_wallet or holdings.pairs
            ),
        )
        for asset, by_wallet in amounts.items()
    ]
    return sorted(rows, key=lambda holding: by_worth(holding.worth, holding.total, holding.asset))


def accounts(balances: Balances) -> list[Account]:
    """Return every account in a fixed order: the wallets, Isolated Margin by its pairs. It has a line of its own too if
    there may be more pairs, or none.
    """
    isolated = balances.wallets[Wallet.ISOLATED]
    pairs: list[str | None] = [*sorted(isolated.pairs), *([] if isolated.pairs and isolated.is_whole else [None])]
    return [Account(wallet, pair) for wallet in Wallet for pair in (pairs if wallet is Wallet.ISOLATED else [None])]


class Choice(Struct):
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
    containing = (choice for choice in choices if typed in choice.value)
    return sorted(containing, key=lambda choice: (choice.value != typed, not choice.value.startswith(typed)))


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
    return "  ".join(quantity(amount, asset) for asset, amount in assets.items() if amount)

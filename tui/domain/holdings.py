"""Holdings: every asset with the wallets that hold it."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from tui.domain.amounts import EXACT, exact_sum, grouped
from tui.domain.balances import Absent, Balances
from tui.domain.choices import by_worth
from tui.domain.wallets import Wallet

_SCALES = (("", 0), ("K", 3), ("M", 6), ("B", 9), ("T", 12), ("Q", 15))


@dataclass(frozen=True, slots=True)
class Holding:
    """One asset in all wallets."""

    asset: str
    amounts: Mapping[Wallet, Decimal]
    """The free or transferable amount by wallet, without zeros; all pairs of Isolated Margin together."""
    worth: Decimal | None
    """The approximate worth of all of it in BTC; None if the exchange does not value it."""
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
    found = [
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
    return sorted(found, key=lambda holding: by_worth(holding.worth, holding.total, holding.asset))


def pair_of(balances: Balances, asset: str) -> str:
    """Return the only isolated pair that holds an asset; empty if several do, or none."""
    pairs = balances.wallets[Wallet.ISOLATED].pairs
    holding = [pair for pair, assets in pairs.items() if assets.get(asset)]
    return holding[0] if len(holding) == 1 else ""


def brief(amount: Decimal, width: int) -> str:
    """Return an amount in at most `width` columns (8 or more). If it does not fit, it is cut and ends in `~`; it is
    never rounded up.
    """
    whole = grouped(amount)
    if len(whole) <= width:
        return whole
    for letter, power in _SCALES:
        scaled = EXACT.scaleb(amount, -power)
        for decimals in range(width, -1, -1):
            cut = EXACT.quantize(scaled, Decimal(1).scaleb(-decimals))
            text = f"{grouped(cut)}{letter}{'~' if cut != scaled else ''}"
            if len(text) <= width:
                return text
    return "~" * width

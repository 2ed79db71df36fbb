"""What the wallets hold."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from tui.domain.wallets import Wallet

Assets = Mapping[str, Decimal]
"""Free amounts by asset."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """One wallet's contents, as far as they are known."""

    assets: Assets = field(default_factory=dict)
    """Empty for Isolated Margin, whose assets belong to its pairs."""
    pairs: Mapping[str, Assets] = field(default_factory=dict)
    """Isolated Margin only: the accounts by pair."""
    is_open: bool = True
    """False for a wallet that the person never opened."""
    problem: str = ""
    """Why the contents are not known; empty where they are."""

    def free(self, asset: str, pair: str | None = None) -> Decimal | None:
        """The free amount of an asset, of one pair's account for Isolated Margin; None where it is not known."""
        if self.problem or not self.is_open:
            return None
        if pair is None:
            return self.assets.get(asset, Decimal(0))
        return self.pairs.get(pair, {}).get(asset, Decimal(0))


Balances = Mapping[Wallet, Holdings]
"""All wallets' contents."""

NOT_READ: Balances = {wallet: Holdings(problem="not read yet") for wallet in Wallet}

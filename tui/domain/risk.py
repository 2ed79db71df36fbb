"""What the exchange says of an account's risk, before an amount leaves it."""

from collections.abc import Mapping
from decimal import Decimal
from enum import Enum

from tui.domain.wallets import Wallet
from tui.language import N_, _
from tui.structs import Struct, field


class Gauge(Enum):
    """A figure of the exchange. Source: BINANCE.md, "Risk"."""

    MARGIN_LEVEL = N_("margin level")
    UNI_MMR = N_("uniMMR")
    STATUS = N_("status")
    LIQUIDATION_PRICE = N_("liquidation price")
    MAINTENANCE = N_("maintenance margin")
    MARGIN_BALANCE = N_("margin balance")

    @property
    def label(self) -> str:
        """What a person reads."""
        return _(self.value)


class Risk(Struct):
    """What the exchange said about an account at one moment. It says nothing about any later one."""

    read_ms: float
    """When the exchange was asked, on a monotonic clock."""
    figures: Mapping[Gauge, Decimal | str] = field(default_factory=dict)
    """Exactly the exchange's figures and words; empty if it said nothing that can be read."""


def has_risk(wallet: Wallet) -> bool:
    """Whether what is moved out of a wallet may secure a loan or a position."""
    return wallet in (Wallet.CROSS, Wallet.ISOLATED, Wallet.UM, Wallet.CM, Wallet.PORTFOLIO)

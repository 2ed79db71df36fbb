"""Asks the exchange what a key may do, and says whether a transfer would be accepted."""

from datetime import datetime, timedelta

from tui import keys
from tui.clock import ClockReading, wall_ms
from tui.domain.moments import utc
from tui.domain.wallets import Wallet
from tui.exchange.client import BinanceClient
from tui.exchange.payloads import KEY_RESTRICTIONS, KeyRestrictions
from tui.structs import Struct

_PERMISSIONS = {
    "enable_reading": "reading",
    "permits_universal_transfer": "universal transfer",
    "enable_internal_transfer": "internal transfer",
    "enable_spot_and_margin_trading": "spot and margin trading",
    "enable_margin": "margin loans",
    "enable_futures": "futures",
    "enable_vanilla_options": "options",
    "enable_portfolio_margin_trading": "portfolio margin trading",
    "enable_fix_api_trade": "trading over FIX",
    "enable_withdrawals": "withdrawals",
}


_MATTERS = {
    "permits_universal_transfer",
    "enable_reading",
    "enable_withdrawals",
    "enable_internal_transfer",
    "enable_spot_and_margin_trading",
}
"""The permissions on which the conclusion or a warning depends. The exchange may leave the others out."""

_SOON = timedelta(days=14)


class KeyCheck(Struct):
    """What the exchange says about a key, with the exchange's clock and the round trip."""

    restrictions: KeyRestrictions
    clock: ClockReading
    recv_window_ms: int

    @property
    def may(self) -> str:
        """The permissions of the key as text, and the date when they end."""
        permissions = ", ".join(
            permission for name, permission in _PERMISSIONS.items() if getattr(self.restrictions, name)
        )
        if_none = "nothing that the exchange named" if self.unsaid else "nothing"
        return (permissions or if_none) + (f"; until {self.expiry:%Y-%m-%d}" if self.expiry else "")

    @property
    def unsaid(self) -> tuple[str, ...]:
        """The permissions in `_MATTERS` about which the exchange said nothing."""
        return tuple(
            permission
            for name, permission in _PERMISSIONS.items()
            if name in _MATTERS and getattr(self.restrictions, name) is None
        )

    @property
    def expiry(self) -> datetime | None:
        """When the key's permissions end; UTC."""
        ends_ms = self.restrictions.trading_authority_expiration_time
        return utc(ends_ms) if ends_ms else None

    @property
    def missing_permission(self) -> str:
        """That the key lacks the permission for transfers, and what to do; empty unless the exchange says so."""
        if self.restrictions.permits_universal_transfer is not False:
            return ""
        return 'the key lacks "Permits Universal Transfer"; switch it on on the exchange\'s API page'

    @property
    def lacking(self) -> frozenset[Wallet]:
        """The wallets that the key cannot read, because the exchange says that it lacks a permission."""
        may = self.restrictions
        permissions = {
            Wallet.UM: may.enable_futures,
            Wallet.CM: may.enable_futures,
            Wallet.OPTIONS: may.enable_vanilla_options,
            Wallet.PORTFOLIO: may.enable_portfolio_margin_trading,
        }
        return frozenset(wallet for wallet, is_permitted in permissions.items() if is_permitted is False)

    @property
    def obstacle(self) -> str:
        """Why a transfer would be refused, and what to do; empty if no reason is known."""
        if self.missing_permission:
            return self.missing_permission
        if self.clock.round_trip_ms >= self.recv_window_ms:
            problem = f"requests reach the exchange too late: it accepts them only for {self.recv_window_ms} ms"
            return f"{problem}; use a faster connection"
        return ""

    @property
    def conclusion(self) -> str:
        """Whether a transfer would be accepted, in a sentence."""
        if self.obstacle:
            return f"A transfer would be refused: {self.obstacle}."
        if not self.is_good:
            return "It is not known whether a transfer would be accepted: the exchange did not say what the key may do."
        return "A transfer would be accepted."

    @property
    def is_good(self) -> bool:
        """Whether the exchange says that a transfer would be accepted."""
        return not self.obstacle and self.restrictions.permits_universal_transfer is True

    @property
    def lines(self) -> list[str]:
        """Everything but the conclusion, one line each."""
        return [
            f"It may do: {self.may}",
            *([f"The exchange did not say: {', '.join(self.unsaid)}"] if self.unsaid else []),
            *(f"Warning: {warning}" for warning in self.warnings),
            f"Clock: offset {self.clock.offset_ms:+d} ms, round trip {self.clock.round_trip_ms} ms",
        ]

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warnings about a key that works, for example about permissions that it does not need and that are a risk.

        The permissions for futures, options and Portfolio Margin are needed: without them, those wallets cannot be
        read.
        """
        may = self.restrictions
        unneeded = {
            "withdraw": may.enable_withdrawals,
            "trade": may.enable_spot_and_margin_trading or may.enable_fix_api_trade,
            "move funds to sub-accounts": may.enable_internal_transfer,
        }
        actions = " and ".join(action for action, is_allowed in unneeded.items() if is_allowed)
        ends = f"on {self.expiry:%Y-%m-%d}" if self.expiry else "never"
        warnings = {
            f"It may also {actions}, which Shunter never does: whoever gets hold of the key can take or lose your "
            "funds. Switch that off on the exchange's API page.": bool(actions),
            "It has no IP restriction: anyone who has the key can use it from anywhere.": may.ip_restrict is False,
            f"Its permissions end {ends}: renew them on the exchange's API page.": (
                self.expiry is not None and self.expiry < utc(wall_ms()) + _SOON
            ),
            "Reading is off: Shunter can neither read balances nor find out how an interrupted transfer ended.": (
                may.enable_reading is False
            ),
        }
        return tuple(warning for warning, applies in warnings.items() if applies)


async def check(profile: keys.Profile) -> KeyCheck:
    """Load a profile's key and ask its host what the key may do. Raises KeyStoreError, ExchangeError."""
    key = await keys.in_background(lambda: keys.load(profile))
    async with BinanceClient(profile.base_url, key) as client:
        return await examine(client)


async def examine(client: BinanceClient) -> KeyCheck:
    """Ask the exchange what the client's key may do. Raises ExchangeError."""
    restrictions = await client.read(KEY_RESTRICTIONS)  # first: it asks nothing while the exchange asks for a pause
    return KeyCheck(restrictions, await client.sync_clock(), client.recv_window_ms)

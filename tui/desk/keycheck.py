"""What a key may do, asked of the exchange, and what that means for transfers."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tui import keys
from tui.clock import ClockReading, wall_ms
from tui.domain.moments import utc
from tui.exchange.calls import KEY_RESTRICTIONS
from tui.exchange.client import BinanceClient
from tui.exchange.payloads import KeyRestrictions

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
"""The permissions that a verdict or a warning rests on. The others have come over the years: a key may do without."""

_SOON = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class KeyCheck:
    """What the exchange says about a key, its clock and the way to it."""

    restrictions: KeyRestrictions
    clock: ClockReading
    recv_window_ms: int

    @property
    def may(self) -> str:
        """The permissions that the key has, in words, and how long it has them."""
        named = ", ".join(words for name, words in _PERMISSIONS.items() if getattr(self.restrictions, name))
        none = "nothing that the exchange named" if self.unsaid else "nothing"
        return (named or none) + (f"; until {self.expiry:%Y-%m-%d}" if self.expiry else "")

    @property
    def unsaid(self) -> tuple[str, ...]:
        """The permissions that matter of which the exchange did not say whether the key has them, in words."""
        return tuple(
            words
            for name, words in _PERMISSIONS.items()
            if name in _MATTERS and getattr(self.restrictions, name) is None
        )

    @property
    def expiry(self) -> datetime | None:
        """When what the key may do ends; UTC."""
        ends_ms = self.restrictions.trading_authority_expiration_time
        return utc(ends_ms) if ends_ms else None

    @property
    def missing_permission(self) -> str:
        """What the key lacks to transfer at all, and what to do about it; empty unless the exchange says so."""
        if self.restrictions.permits_universal_transfer is not False:
            return ""
        return 'the key lacks "Permits Universal Transfer"; switch it on on the exchange\'s API page'

    @property
    def obstacle(self) -> str:
        """Why a transfer would be refused, and what to do about it; empty where nothing says that it would be."""
        if self.missing_permission:
            return self.missing_permission
        if self.clock.round_trip_ms >= self.recv_window_ms:
            late = f"requests reach the exchange too late: it takes them for {self.recv_window_ms} ms"
            return f"{late}; use a faster connection"
        return ""

    @property
    def verdict(self) -> str:
        """Whether a transfer would pass, in a sentence."""
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
        """All beside the verdict, as a person reads it."""
        return [
            f"It may do: {self.may}",
            *([f"The exchange did not say: {', '.join(self.unsaid)}"] if self.unsaid else []),
            *(f"Warning: {warning}" for warning in self.warnings),
            f"Clock: offset {self.clock.offset_ms:+d} ms, round trip {self.clock.round_trip_ms} ms",
        ]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know of a key that works all the same: what it may do beyond need, with the reason.

        The permissions for futures, options and Portfolio Margin are no such thing: without them, those wallets cannot
        be read.
        """
        may = self.restrictions
        beyond_need = {
            "withdraw": may.enable_withdrawals,
            "trade": may.enable_spot_and_margin_trading or may.enable_fix_api_trade,
            "move funds to sub-accounts": may.enable_internal_transfer,
        }
        beyond = " and ".join(words for words, is_so in beyond_need.items() if is_so)
        ends = f"on {self.expiry:%Y-%m-%d}" if self.expiry else "never"
        found = {
            f"It may also {beyond}, which Shunter never does: whoever gets hold of the key can take or lose your "
            "funds. Switch that off on the exchange's API page.": bool(beyond),
            "It has no IP restriction: who has the key can use it from anywhere.": may.ip_restrict is False,
            f"What it may do ends {ends}: renew it on the exchange's API page.": (
                self.expiry is not None and self.expiry < utc(wall_ms()) + _SOON
            ),
            "Reading is off: neither balances nor the outcome of an interrupted transfer can be found out.": (
                may.enable_reading is False
            ),
        }
        return tuple(words for words, is_so in found.items() if is_so)


async def check(profile: keys.Profile) -> KeyCheck:
    """Fetch a profile's key and ask its host what it may do. Raises KeyStoreError, ExchangeError."""
    key = await keys.in_background(lambda: keys.load(profile))
    async with BinanceClient(profile.base_url, key) as client:
        return await examine(client)


async def examine(client: BinanceClient) -> KeyCheck:
    """Ask the exchange what the client's key may do. Raises ExchangeError."""
    clock = await client.sync_clock()
    return KeyCheck(await client.read(KEY_RESTRICTIONS), clock, client.recv_window_ms)

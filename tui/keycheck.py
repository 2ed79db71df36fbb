"""What a key may do, asked of the exchange, and what that means for transfers."""

from dataclasses import dataclass

from tui import keys
from tui.exchange.client import BinanceClient
from tui.exchange.clock import ClockReading
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
    "enable_withdrawals": "withdrawals",
}


@dataclass(frozen=True, slots=True)
class KeyReport:
    """What the exchange says about a key, its clock and the way to it."""

    restrictions: KeyRestrictions
    clock: ClockReading
    recv_window_ms: int

    @property
    def may(self) -> tuple[str, ...]:
        """The permissions that the key has, in words."""
        return tuple(words for name, words in _PERMISSIONS.items() if getattr(self.restrictions, name))

    @property
    def obstacle(self) -> str | None:
        """Why a transfer would be refused, and what to do about it; None where it would be accepted."""
        if not self.restrictions.permits_universal_transfer:
            return 'the key lacks "Permits Universal Transfer"; switch it on on the exchange\'s API page'
        if self.clock.round_trip_ms >= self.recv_window_ms:
            return f"requests reach the exchange too late: it takes them for {self.recv_window_ms} ms; mend the line"
        return None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know of a key that works all the same."""
        found = {
            "Withdrawals are enabled: this key can do more than Shunter needs.": self.restrictions.enable_withdrawals,
            "It has no IP restriction: who has this key can use it from anywhere.": not self.restrictions.ip_restrict,
            "Reading is off: neither balances nor the outcome of an interrupted transfer can be found out.": (
                not self.restrictions.enable_reading
            ),
        }
        return tuple(words for words, is_so in found.items() if is_so)


async def check(profile: keys.Profile) -> KeyReport:
    """Fetch a profile's key and ask its host what it may do. Raises KeyStoreError, ExchangeError."""
    key = await keys.in_background(lambda: keys.load(profile))
    async with BinanceClient(profile.base_url, key) as client:
        return await examine(client)


async def examine(client: BinanceClient) -> KeyReport:
    """Ask the exchange what the client's key may do. Raises ExchangeError."""
    clock = await client.sync_clock()
    return KeyReport(await client.key_restrictions(), clock, client.recv_window_ms)

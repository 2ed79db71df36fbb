"""Asks the exchange what a key may do, and says whether a transfer would be accepted."""

from datetime import datetime, timedelta

from tui import keys
from tui.clock import ClockReading, wall_ms
from tui.domain.moments import utc
from tui.domain.wallets import Wallet
from tui.exchange.client import BinanceClient
from tui.exchange.payloads import KEY_RESTRICTIONS, KeyRestrictions
from tui.language import _, pgettext
from tui.structs import Struct

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
        permissions = _(", ").join(
            permission for name, permission in _permissions().items() if getattr(self.restrictions, name)
        )
        if_none = _("nothing that the exchange named") if self.unsaid else pgettext("permission", "nothing")
        if not self.expiry:
            return permissions or if_none
        return _("{permissions}; until {day}").format(permissions=permissions or if_none, day=_day(self.expiry))

    @property
    def unsaid(self) -> tuple[str, ...]:
        """The permissions in `_MATTERS` about which the exchange said nothing."""
        return tuple(
            permission
            for name, permission in _permissions().items()
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
        return _('the key lacks "Permits Universal Transfer"; switch it on on the exchange\'s API page')

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
            return _(
                "requests reach the exchange too late: it accepts them only for {window} ms; use a faster connection"
            ).format(window=self.recv_window_ms)
        return ""

    @property
    def conclusion(self) -> str:
        """Whether a transfer would be accepted, in a sentence."""
        if self.obstacle:
            return _("A transfer would be refused: {why}.").format(why=self.obstacle)
        if not self.is_good:
            return _(
                "It is not known whether a transfer would be accepted: the exchange did not say what the key may do."
            )
        return _("A transfer would be accepted.")

    @property
    def is_good(self) -> bool:
        """Whether the exchange says that a transfer would be accepted."""
        return not self.obstacle and self.restrictions.permits_universal_transfer is True

    @property
    def lines(self) -> list[str]:
        """Everything but the conclusion, one line each."""
        unsaid = _("The exchange did not say: {permissions}").format(permissions=_(", ").join(self.unsaid))
        return [
            _("It may do: {permissions}").format(permissions=self.may),
            *([unsaid] if self.unsaid else []),
            *(_("Warning: {warning}").format(warning=warning) for warning in self.warnings),
            _("Clock: offset {offset:+d} ms, round trip {round_trip} ms").format(
                offset=self.clock.offset_ms, round_trip=self.clock.round_trip_ms
            ),
        ]

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warnings about a key that works, for example about permissions that it does not need and that are a risk.

        The permissions for futures, options and Portfolio Margin are needed: without them, those wallets cannot be
        read.
        """
        may = self.restrictions
        unneeded = {
            pgettext("permission", "withdraw"): may.enable_withdrawals,
            pgettext("permission", "trade"): may.enable_spot_and_margin_trading or may.enable_fix_api_trade,
            pgettext("permission", "move funds to sub-accounts"): may.enable_internal_transfer,
        }
        warnings = []
        if actions := _(" and ").join(action for action, is_allowed in unneeded.items() if is_allowed):
            also = _(
                "It may also {actions}, which Shunter never does: whoever gets hold of the key can take or lose your "
                "funds. Switch that off on the exchange's API page."
            )
            warnings.append(also.format(actions=actions))
        if may.ip_restrict is False:
            warnings.append(_("It has no IP restriction: anyone who has the key can use it from anywhere."))
        if self.expiry and self.expiry < utc(wall_ms()) + _SOON:
            ends = _("Its permissions end on {day}: renew them on the exchange's API page.")
            warnings.append(ends.format(day=_day(self.expiry)))
        if may.enable_reading is False:
            off = _("Reading is off: Shunter can neither read balances nor find out how an interrupted transfer ended.")
            warnings.append(off)
        return tuple(warnings)


def _permissions() -> dict[str, str]:
    """Return what the permissions of a key are called, by the exchange's names in the order of a list."""
    return {
        "enable_reading": pgettext("permission", "reading"),
        "permits_universal_transfer": pgettext("permission", "universal transfer"),
        "enable_internal_transfer": pgettext("permission", "internal transfer"),
        "enable_spot_and_margin_trading": pgettext("permission", "spot and margin trading"),
        "enable_margin": pgettext("permission", "margin loans"),
        "enable_futures": pgettext("permission", "futures"),
        "enable_vanilla_options": pgettext("permission", "options"),
        "enable_portfolio_margin_trading": pgettext("permission", "portfolio margin trading"),
        "enable_fix_api_trade": pgettext("permission", "trading over FIX"),
        "enable_withdrawals": pgettext("permission", "withdrawals"),
    }


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"


async def check(profile: keys.Profile) -> KeyCheck:
    """Load a profile's key and ask its host what the key may do. Raises KeyStoreError, ExchangeError."""
    key = await keys.in_background(lambda: keys.load(profile))
    async with BinanceClient(profile.base_url, key) as client:
        return await examine(client)


async def examine(client: BinanceClient) -> KeyCheck:
    """Ask the exchange what the client's key may do. Raises ExchangeError."""
    restrictions = await client.read(KEY_RESTRICTIONS)  # first: it asks nothing while the exchange asks for a pause
    return KeyCheck(restrictions, await client.sync_clock(), client.recv_window_ms)

"""The demo exchange's ledger: the balances of all wallets, and the transfers between them. No I/O, no clock."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from tui.demo.errors import Code, RequestRefused
from tui.domain.balances import Account, Pair
from tui.domain.transfer import TransferRequest
from tui.domain.wallets import Wallet
from tui.language import _
from tui.structs import Struct

ZERO = Decimal(0)

_MOST_OF_AN_ASSET = Decimal(10) ** 20
"""With 8 decimals, every smaller sum is exact in Python's 28 digits."""

_NEVER_OPENED = {
    Wallet.CROSS: Code.NO_MARGIN_ACCOUNT,
    Wallet.ISOLATED: Code.NO_ISOLATED_ACCOUNT,
    Wallet.PORTFOLIO: Code.NOT_PORTFOLIO_MARGIN,
}


class Funds(Struct):
    """The balance of one asset in one account."""

    free: Decimal = ZERO
    """What is not in an order or a position."""
    locked: Decimal = ZERO
    """What is in open orders, or is the margin of open positions."""
    held_back: Decimal = ZERO
    """The part of `free` that cannot be moved out: it secures a loan, or is profit not yet realised."""
    borrowed: Decimal = ZERO
    interest: Decimal = ZERO
    frozen: Decimal = ZERO
    withdrawing: Decimal = ZERO
    """This and the one before are in Spot and Funding only."""

    @property
    def transferable(self) -> Decimal:
        """What can be moved out."""
        return max(ZERO, self.free - self.held_back)

    @property
    def total(self) -> Decimal:
        """Everything that is there, including what is borrowed."""
        return self.free + self.locked + self.frozen + self.withdrawing

    @property
    def net(self) -> Decimal:
        """The total less what is owed."""
        return self.total - self.borrowed - self.interest

    def __add__(self, other: "Funds") -> "Funds":
        return Funds(
            self.free + other.free,
            self.locked + other.locked,
            self.held_back + other.held_back,
            self.borrowed + other.borrowed,
            self.interest + other.interest,
            self.frozen + other.frozen,
            self.withdrawing + other.withdrawing,
        )


class Executed(Struct):
    """A transfer that the exchange accepted."""

    tran_id: int
    request: TransferRequest
    time_ms: int
    failed: bool
    """Whether it failed after it was accepted: nothing moved."""
    number: int | None = None
    """Its number among the transfers that were asked for, from 1; None for one from before."""


class Arrival(Struct):
    """An amount that is credited later than it was debited."""

    account: Account
    asset: str
    amount: Decimal
    at_ms: int


class Ledger:
    """One person's accounts. Only `transfer` moves money, and only `hold` changes the sum of an asset."""

    def __init__(self, holdings: Mapping[Account, Mapping[str, Funds]], pairs: Iterable[Pair]) -> None:
        """Takes all open accounts with their balances, and every pair of the exchange.

        Raises ValueError if an asset's sum is too large to be exact.
        """
        self.pairs = {pair.symbol: pair for pair in pairs}
        self.transfers: list[Executed] = []
        """Every executed transfer, whatever the exchange answered or shows."""
        self.next_tran_id = 13526853623
        """The tranId of the next transfer; it grows by one each time."""
        self.on_the_way: list[Arrival] = []
        """What transfers have debited, and `arrive` is still to credit."""
        self.disabled: list[Pair] = []
        """The pairs whose isolated accounts are empty and not enabled."""
        self.closed: frozenset[Wallet] = frozenset()
        """The wallets that the person never opened."""
        self.holdings: dict[Account, dict[str, Funds]] = {}
        """The balances of every open account."""
        for account, assets in holdings.items():
            self.holdings[account] = {}
            for asset, holding in assets.items():
                self.hold(account, asset, holding)

    def hold(self, account: Account, asset: str, holding: Funds) -> None:
        """Add to a balance, and open the account if needed. Raises ValueError if the sum would not be exact."""
        self._add(account, asset, holding)
        if sum(held[asset].total for held in self.holdings.values() if asset in held) >= _MOST_OF_AN_ASSET:
            too_much = _("an asset's total must stay below {most}")
            raise ValueError(too_much.format(most=f"{_MOST_OF_AN_ASSET:,f}"))

    def balance(self, wallet: Wallet, asset: str, pair: str | None = None) -> Funds:
        """Return the balance of an asset, which is zero if the account does not hold it or is not open."""
        return self.holdings.get(Account(wallet, pair), {}).get(asset, Funds())

    def assets(self, wallet: Wallet, pair: str | None = None) -> dict[str, Funds]:
        """Return all balances of one account."""
        return dict(self.holdings.get(Account(wallet, pair), {}))

    def isolated_pairs(self) -> list[Pair]:
        """Return the pairs of the open isolated accounts."""
        return [self.pairs[account.pair] for account in self.holdings if account.pair is not None]

    def require_open(self, wallet: Wallet) -> None:
        """Raise RequestRefused if the person never opened a wallet. Of Options, the refusal is documented nowhere."""
        if wallet in self.closed:
            raise RequestRefused(_NEVER_OPENED.get(wallet, Code.UNSUPPORTED))

    def isolated_account(self, symbol: str, asset: str) -> Account:
        """Return the isolated account of a pair, which holds only the pair's two assets. Raises RequestRefused."""
        pair = self.pairs.get(symbol)
        if pair is None:
            raise RequestRefused(Code.BAD_SYMBOL)
        if not pair.takes(asset):
            raise RequestRefused(Code.NOT_A_MARGIN_ASSET)
        account = Account(Wallet.ISOLATED, symbol)
        if account not in self.holdings:
            raise RequestRefused(Code.NO_ISOLATED_ACCOUNT)
        return account

    def arrive(self, now_ms: int) -> None:
        """Credit what has arrived by now."""
        for arrival in [arrival for arrival in self.on_the_way if arrival.at_ms <= now_ms]:
            self.on_the_way.remove(arrival)
            self._add(arrival.account, arrival.asset, Funds(free=arrival.amount))

    def transfer(
        self,
        request: TransferRequest,
        time_ms: int,
        *,
        number: int | None = None,
        fails: bool = False,
        arrives_after_ms: int = 0,
    ) -> Executed:
        """Move the money, all or nothing, and record the transfer. With `fails` it is only recorded.

        It is credited after `arrives_after_ms`, by `arrive`. Raises RequestRefused; then nothing has changed.
        """
        source = self._end(request.type.source, request.from_symbol, request.asset)
        destination = self._end(request.type.destination, request.to_symbol, request.asset)
        have = self.balance(source.wallet, request.asset, source.pair)
        if request.amount > have.transferable:
            raise RequestRefused(_too_much(request, have))
        if not fails:
            self._add(source, request.asset, Funds(free=-request.amount))
            self.on_the_way.append(Arrival(destination, request.asset, request.amount, time_ms + arrives_after_ms))
            self.arrive(time_ms)
        number = len(self.transfers) + 1 if number is None else number
        executed = Executed(self.next_tran_id, request, time_ms, fails, number)
        self.next_tran_id += 1
        self.transfers.append(executed)
        return executed

    def _end(self, wallet: Wallet, symbol: str | None, asset: str) -> Account:
        self.require_open(wallet)
        return Account(wallet) if symbol is None else self.isolated_account(symbol, asset)

    def _add(self, account: Account, asset: str, change: Funds) -> None:
        assets = self.holdings.setdefault(account, {})
        assets[asset] = assets.get(asset, Funds()) + change


def _too_much(request: TransferRequest, have: Funds) -> Code:
    """Return the refusal: margin distinguishes too little from enough that must stay, other wallets do not."""
    if request.type.source not in (Wallet.CROSS, Wallet.ISOLATED):
        return Code.INSUFFICIENT_BALANCE
    return Code.EXCEEDS_TRANSFER_OUT if request.amount <= have.free else Code.BALANCE_NOT_ENOUGH

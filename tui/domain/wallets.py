"""The eight wallets, and the 33 moves that the exchange knows between them.

`TransferType` is the one table of valid moves. The pickers, the command line, the form and the demo exchange all
read it. Source: the exchange's page on the user universal transfer.
"""

from enum import Enum, unique
from typing import assert_never

from tui.language import ENGLISH, N_, _, chosen, pgettext


@unique
class Wallet(Enum):
    """One of a person's own wallets. The value is its name on the command line."""

    SPOT = "spot", N_("Spot"), "MAIN"
    FUNDING = "funding", N_("Funding"), "FUNDING"
    CROSS = "cross", N_("Cross Margin"), "MARGIN"
    ISOLATED = "isolated", N_("Isolated Margin"), "ISOLATEDMARGIN"
    UM = "um", N_("USD-M Futures"), "UMFUTURE"
    CM = "cm", N_("COIN-M Futures"), "CMFUTURE"
    OPTIONS = "options", N_("Options"), "OPTION"
    PORTFOLIO = "pm", N_("Portfolio Margin"), "PORTFOLIO_MARGIN"

    english: str
    """Its label in English, as the exchange's own answers have it."""
    exchange_id: str
    """The wallet's word in a transfer type; Isolated Margin is ISOLATED_MARGIN against Spot."""

    def __new__(cls, value: str, english: str, exchange_id: str) -> "Wallet":
        wallet = object.__new__(cls)
        wallet._value_ = value
        wallet.english = english
        wallet.exchange_id = exchange_id
        return wallet

    @property
    def label(self) -> str:
        """What a person reads."""
        return _(self.english)

    @property
    def short_label(self) -> str:
        """The label where space is dear."""
        match self:
            case Wallet.SPOT:
                return pgettext("short", "Spot")
            case Wallet.FUNDING:
                return pgettext("short", "Funding")
            case Wallet.CROSS:
                return pgettext("short", "Cross")
            case Wallet.ISOLATED:
                return pgettext("short", "Isolated")
            case Wallet.UM:
                return pgettext("short", "USD-M")
            case Wallet.CM:
                return pgettext("short", "COIN-M")
            case Wallet.OPTIONS:
                return pgettext("short", "Options")
            case Wallet.PORTFOLIO:
                return pgettext("short", "Portfolio")
            case _other:
                assert_never(_other)


@unique
class TransferType(Enum):
    """A move that exists: the exchange's name for it, its source and its destination."""

    MAIN_FUNDING = Wallet.SPOT, Wallet.FUNDING
    MAIN_MARGIN = Wallet.SPOT, Wallet.CROSS
    MAIN_ISOLATED_MARGIN = Wallet.SPOT, Wallet.ISOLATED
    MAIN_UMFUTURE = Wallet.SPOT, Wallet.UM
    MAIN_CMFUTURE = Wallet.SPOT, Wallet.CM
    MAIN_OPTION = Wallet.SPOT, Wallet.OPTIONS
    MAIN_PORTFOLIO_MARGIN = Wallet.SPOT, Wallet.PORTFOLIO

    FUNDING_MAIN = Wallet.FUNDING, Wallet.SPOT
    FUNDING_MARGIN = Wallet.FUNDING, Wallet.CROSS
    FUNDING_UMFUTURE = Wallet.FUNDING, Wallet.UM
    FUNDING_CMFUTURE = Wallet.FUNDING, Wallet.CM
    FUNDING_OPTION = Wallet.FUNDING, Wallet.OPTIONS

    MARGIN_MAIN = Wallet.CROSS, Wallet.SPOT
    MARGIN_FUNDING = Wallet.CROSS, Wallet.FUNDING
    MARGIN_ISOLATEDMARGIN = Wallet.CROSS, Wallet.ISOLATED
    MARGIN_UMFUTURE = Wallet.CROSS, Wallet.UM
    MARGIN_CMFUTURE = Wallet.CROSS, Wallet.CM
    MARGIN_OPTION = Wallet.CROSS, Wallet.OPTIONS

    ISOLATED_MARGIN_MAIN = Wallet.ISOLATED, Wallet.SPOT
    ISOLATEDMARGIN_MARGIN = Wallet.ISOLATED, Wallet.CROSS
    ISOLATEDMARGIN_ISOLATEDMARGIN = Wallet.ISOLATED, Wallet.ISOLATED

    UMFUTURE_MAIN = Wallet.UM, Wallet.SPOT
    UMFUTURE_FUNDING = Wallet.UM, Wallet.FUNDING
    UMFUTURE_MARGIN = Wallet.UM, Wallet.CROSS
    UMFUTURE_OPTION = Wallet.UM, Wallet.OPTIONS

    CMFUTURE_MAIN = Wallet.CM, Wallet.SPOT
    CMFUTURE_FUNDING = Wallet.CM, Wallet.FUNDING
    CMFUTURE_MARGIN = Wallet.CM, Wallet.CROSS

    OPTION_MAIN = Wallet.OPTIONS, Wallet.SPOT
    OPTION_FUNDING = Wallet.OPTIONS, Wallet.FUNDING
    OPTION_MARGIN = Wallet.OPTIONS, Wallet.CROSS
    OPTION_UMFUTURE = Wallet.OPTIONS, Wallet.UM

    PORTFOLIO_MARGIN_MAIN = Wallet.PORTFOLIO, Wallet.SPOT

    def __init__(self, source: Wallet, destination: Wallet) -> None:
        self.source = source
        self.destination = destination

    @property
    def needs_from_pair(self) -> bool:
        """Whether fromSymbol is sent: an isolated account belongs to one pair, so it takes a pair to name one."""
        return self.source is Wallet.ISOLATED

    @property
    def needs_to_pair(self) -> bool:
        """Whether toSymbol is sent; the rule is that of `needs_from_pair`."""
        return self.destination is Wallet.ISOLATED

    @property
    def needs_pair(self) -> bool:
        """Whether any pair is sent."""
        return self.needs_from_pair or self.needs_to_pair


PAIR_UNFILTERED = frozenset({TransferType.MAIN_ISOLATED_MARGIN, TransferType.ISOLATED_MARGIN_MAIN})
"""The types for which nothing documents that the exchange filters its history by pair. For the three others that take
a pair, the history demands it, so that filter counts as the pair. Source: BINANCE.md, "Transfer history".
"""

_BY_ENDS = {(move.source, move.destination): move for move in TransferType}


def transfer_type(source: Wallet, destination: Wallet) -> TransferType | None:
    """The move from one wallet to another, or None where the exchange has none."""
    return _BY_ENDS.get((source, destination))


HUB = Wallet.SPOT
"""The wallet between two moves. Each other wallet has a type out of it and one into it."""


def route(source: Wallet, destination: Wallet) -> tuple[TransferType, ...]:
    """Return the types that lead from one wallet to another: one, or two through Spot, or none."""
    if direct := transfer_type(source, destination):
        return (direct,)
    first, second = transfer_type(source, HUB), transfer_type(HUB, destination)
    return (first, second) if first and second and source is not destination else ()


def destinations(source: Wallet) -> tuple[Wallet, ...]:
    """The wallets that a source can reach with one move, in the order of `Wallet`."""
    return tuple(wallet for wallet in Wallet if transfer_type(source, wallet))


def parse_wallet(text: str) -> Wallet:
    """The wallet that a word names: its command-line name or its id in a transfer type, in any case.

    Raises ValueError with the valid names.
    """
    word = text.strip().casefold()
    for wallet in Wallet:
        if word in (wallet.value, wallet.exchange_id.casefold()):
            return wallet
    if word == "isolated_margin":  # the id against Spot
        return Wallet.ISOLATED
    names = _(", ").join(wallet.value for wallet in Wallet)
    raise ValueError(_("there is no wallet {text!r}; choose one of: {names}").format(text=text, names=names))


def wallet_named(text: str) -> Wallet:
    """The wallet that a person names: as `parse_wallet` reads it, or in the person's language. Raises ValueError."""
    if chosen() != ENGLISH:
        word = text.strip().casefold()
        for wallet in Wallet:
            if word in (wallet.label.casefold(), wallet.short_label.casefold()):
                return wallet
    return parse_wallet(text)

"""`shunter holdings`: every asset in every account, and what it is worth."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from tui import keys
from tui.clock import ticks_ms, time_of
from tui.commands import account, listing
from tui.commands.arguments import add_format, typed
from tui.domain.amounts import aligned, grouped, plain
from tui.domain.balances import Balances
from tui.domain.holdings import all_holdings
from tui.domain.hosts import exchange_of, parse_base_url
from tui.domain.moments import ms_of
from tui.domain.text import printable
from tui.domain.transfer import parse_asset
from tui.domain.wallets import Wallet
from tui.journal import Journal
from tui.language import N_, _
from tui.words import wallets
from tui.words.exports import Value, iso

if TYPE_CHECKING:
    from tui.exchange.client import BinanceClient

FIELDS = ("asset", "wallet", "pair", "amount", "amount_is", "worth", "worth_in", "read_at", "note")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `shunter holdings`."""
    account.add_arguments(parser)
    parser.add_argument(
        "--base-url", metavar="URL", type=typed(parse_base_url), help=_("the account of a key of this host")
    )
    parser.add_argument("--asset", metavar="A", type=typed(parse_asset), help=_("like USDT"))
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    """Print the holdings and return the exit status, which is 1 if part of them could not be read. Raises Misuse."""

    async def read(client: "BinanceClient", journal: Journal | None) -> int:
        return _print(args, await _balances(client, journal))

    return account.with_account(args, read)


async def _balances(client: "BinanceClient", journal: Journal | None) -> Balances:
    """Read every wallet. Raises JournalError."""
    from tui.desk.balances import BalanceReader

    async def open_elsewhere() -> frozenset[Wallet]:
        moves = (
            [transfer.request.type for transfer in journal.all_open(exchange_of(client.base_url))] if journal else ()
        )
        return frozenset(wallet for move in moves for wallet in (move.source, move.destination))

    await open_elsewhere()  # the reader goes on if the journal cannot be read
    reader = BalanceReader(client, open_elsewhere=open_elsewhere)
    reader.currency = keys.kept_currency()
    async for _reading in reader.read_all():
        pass
    return reader.balances


def _print(args: argparse.Namespace, balances: Balances) -> int:
    missing = _missing(balances)
    for line in missing:
        print(printable(line), file=sys.stderr)
    listing.print_rows(
        args,
        FIELDS,
        (_row(balances, asset, place) for asset, place in _places(balances, args.asset)),
        otherwise=lambda: _print_table(balances, list(_places(balances, args.asset)), args.asset),
    )
    return 1 if missing else 0


def _print_table(balances: Balances, places: Sequence[tuple[str, wallets.Place]], asset: str | None) -> None:
    amounts = iter(aligned([place.amount for _, place in places if place.amount is not None]))
    cells = []
    for name, place in places:
        row = dict(zip(FIELDS, _row(balances, name, place), strict=True))
        amount = "" if place.amount is None else next(amounts)
        worth = "" if row["worth"] is None else grouped(Decimal(row["worth"]))
        texts = (name, place.account.label, amount, _(str(row["amount_is"] or "")), worth, row["note"] or "")
        cells.append([printable(str(text)) for text in texts])
    worth, amount = _("WORTH {unit}").format(unit=balances.unit), _("AMOUNT")
    empty = _("No account that could be read holds anything.")
    if asset:
        empty = _("No account that could be read holds {asset}.").format(asset=asset)
    listing.print_table(
        (_("ASSET"), _("ACCOUNT"), amount, "", worth, _("NOTE")), cells, right=(amount, worth), empty=empty
    )
    if not asset and (total := wallets.total_worth(balances)):
        print(total[0].upper() + total[1:])


def _missing(balances: Balances) -> list[str]:
    """Return what could not be read, and why."""
    lines = wallets.unread(balances.troubles(), None)
    for wallet, holdings in balances.wallets.items():
        if holdings.read_ms is not None and not holdings.is_whole:
            part = _("{wallet}: part of the list could not be read: its assets are not known")
            if holdings.unread:
                part = _("{wallet}: part of the list could not be read: {assets}")
            lines.append(part.format(wallet=wallet.label, assets=_(", ").join(sorted(holdings.unread))))
    if balances.priced_ms is None:
        lines.append(_("What the assets are worth could not be read."))
    return lines


def _places(balances: Balances, asset: str | None) -> Iterator[tuple[str, wallets.Place]]:
    """Yield each asset with each account that holds it, by worth, and those of which its amount could not be read.

    For an asset that the person asks for, these are also the accounts of which nothing is known.
    """
    unread = {name for holdings in balances.wallets.values() for name in holdings.unread}
    held = [holding.asset for holding in all_holdings(balances)]
    for name in [asset] if asset else [*held, *sorted(unread.difference(held))]:
        for place in wallets.places(balances, name, ticks_ms()):
            is_unread = name in balances.wallets[place.account.wallet].unread
            if place.amount or (place.text and (asset or is_unread)):
                yield name, place


def _row(balances: Balances, asset: str, place: wallets.Place) -> tuple[Value, ...]:
    account, amount = place.account, place.amount
    holdings = balances.wallets[account.wallet]
    worth = None if amount is None else balances.worth(asset, amount)
    notes = [place.text, place.doubt.strip(), *wallets.restrictions(balances, account.wallet)]
    return (
        asset,
        account.wallet.value,
        account.pair,
        None if amount is None else plain(amount),
        None if amount is None else N_("movable") if holdings.is_transferable else N_("free"),
        None if worth is None else plain(wallets.worth_shown(worth, balances)),
        None if worth is None else balances.unit,
        None if holdings.read_ms is None else iso(ms_of(time_of(holdings.read_ms))),
        _("; ").join(filter(None, notes)) or None,
    )

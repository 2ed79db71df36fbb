"""Open one account, and read its history, for the commands that need it."""

import argparse
import contextlib
import sys
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING

from tui import keys
from tui.commands.arguments import Misuse
from tui.commands.keys import unlocking, waiting_for_keyring
from tui.domain.credentials import ApiKey
from tui.domain.hosts import DEMO_BASE_URL, exchange_of
from tui.domain.layout import padded
from tui.domain.text import printable
from tui.domain.wallets import TransferType
from tui.journal import Journal, JournalError
from tui.language import _
from tui.structs import Struct
from tui.words import differences

if TYPE_CHECKING:
    from tui.desk.history_reader import HistoryReader
    from tui.exchange.client import BinanceClient


class OpenAccount(Struct):
    """An account after its history was read."""

    host: str
    """Its exchange, as the journal has it."""
    client: "BinanceClient"
    journal: Journal | None
    reader: "HistoryReader"

    def print_missing(self) -> None:
        """Print on standard error what is missing from the history, and why."""
        for line in self.reader.missing:
            print(printable(line), file=sys.stderr)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose the account."""
    parser.add_argument("--profile", metavar="NAME", help=_("the account of this key; needed if there are several"))
    parser.add_argument("--demo", action="store_true", help=_("the account of the built-in demo exchange"))
    parser.set_defaults(base_url=None)


def with_account(
    args: argparse.Namespace,
    use: Callable[["BinanceClient", Journal | None], Awaitable[int]],
    *,
    needs_journal: bool = False,
    failed: int = 1,
) -> int:
    """Return what `use` returns of a client for the chosen account, and of the journal, if there is one.

    Returns `failed`, and says why, if the key or the journal cannot be read, or a needed journal is missing. Raises
    Misuse.
    """
    if args.demo and (given := [name for name in ("profile", "base_url") if getattr(args, name)]):
        raise Misuse(_("--demo uses no key; leave out --{option}").format(option=given[0].replace("_", "-")))

    def carry_out() -> int:
        import asyncio

        profile = key = None
        if not args.demo:
            profile = keys.choose(args.profile, args.base_url)
            if profile is None:
                raise keys.ProfileMissing(_("There is no key yet."), command="shunter keys add NAME")
            with waiting_for_keyring():
                key = keys.load(profile)
        try:
            journal = Journal.open_to_read() if profile else None
            if journal is None and needs_journal:
                print(_(differences.NO_JOURNAL if profile else differences.NO_DEMO_JOURNAL), file=sys.stderr)
                return failed
            with contextlib.closing(journal) if journal else contextlib.nullcontext():
                return asyncio.run(_connected(profile, key, lambda client: use(client, journal)))
        except JournalError as error:
            print(error, file=sys.stderr)
            return failed

    return unlocking(carry_out, failed=failed)


async def _connected(
    profile: keys.Profile | None, key: ApiKey | None, use: Callable[["BinanceClient"], Awaitable[int]]
) -> int:
    # These import httpx, which the other commands do not need.
    from tui.demo.in_process import in_process
    from tui.demo.keys import demo_key
    from tui.exchange.client import BinanceClient

    base_url = profile.base_url if profile else DEMO_BASE_URL
    async with BinanceClient(base_url, key or demo_key(), transport=None if profile else in_process()) as client:
        return await use(client)


def with_history(
    args: argparse.Namespace,
    use: Callable[[OpenAccount], int],
    *,
    moves: Iterable[TransferType] = TransferType,
    is_afresh: bool = False,
    needs_journal: bool = False,
    failed: int = 1,
) -> int:
    """Read the history of the chosen account, then return what `use` returns. `is_afresh` reads all of it again.

    Returns and raises what `with_account` does.
    """

    async def read(client: "BinanceClient", journal: Journal | None) -> int:
        from tui.desk.history_reader import open_history

        reader = await open_history(client, journal, keeps=not args.demo, moves=tuple(moves), is_afresh=is_afresh)
        with contextlib.closing(reader):
            await _follow(reader)
        return use(OpenAccount(exchange_of(client.base_url), client, journal, reader))

    return with_account(args, read, needs_journal=needs_journal, failed=failed)


async def _follow(reader: "HistoryReader") -> None:
    """Read the history, with the progress on a terminal."""
    shows_progress = sys.stderr.isatty()
    async for reading in reader.read():
        if shows_progress:
            progress = _("Reading the history: {answered} of {asked}")
            if reading.wait_s:
                progress = _("Reading the history: {answered} of {asked}; the exchange asks for a pause of {seconds} s")
            progress = progress.format(answered=reading.answered, asked=reading.asked, seconds=reading.wait_s)
            print(f"\r{padded(progress, 79)}", end="", file=sys.stderr, flush=True)
    if shows_progress:
        print(f"\r{'':79}\r", end="", file=sys.stderr, flush=True)

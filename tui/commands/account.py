"""Read one account's history, for the commands that need it."""

import argparse
import contextlib
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui import keys
from tui.commands.arguments import Misuse
from tui.commands.keys import unlocking, waiting_for_keyring
from tui.domain.credentials import ApiKey
from tui.domain.hosts import DEMO_BASE_URL, exchange_of
from tui.domain.text import printable
from tui.domain.wallets import TransferType
from tui.journal import Journal, JournalError
from tui.words import differences

if TYPE_CHECKING:
    from tui.desk.history_reader import HistoryReader
    from tui.exchange.client import BinanceClient


@dataclass(frozen=True, slots=True)
class OpenAccount:
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
    parser.add_argument("--profile", metavar="NAME", help="the account of this key; needed if there are several")
    parser.add_argument("--demo", action="store_true", help="the account of the built-in demo exchange")


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

    Returns `failed`, and says why, if the account or the journal cannot be read, or a needed journal is missing. Raises
    Misuse.
    """
    if args.demo and args.profile:
        raise Misuse("--demo uses no key; leave out --profile")

    def carry_out() -> int:
        import asyncio

        profile = key = None
        if not args.demo:
            profile = keys.choose(args.profile)
            if profile is None:
                raise keys.ProfileMissing("There is no key yet.", command="shunter keys add NAME")
            with waiting_for_keyring():
                key = keys.load(profile)
        try:
            journal = Journal.open_to_read() if profile else None
            if journal is None and needs_journal:
                print(differences.NO_JOURNAL if profile else differences.NO_DEMO_JOURNAL, file=sys.stderr)
                return failed
            with contextlib.closing(journal) if journal else contextlib.nullcontext():
                return asyncio.run(_read(profile, key, journal, tuple(moves), use, is_afresh=is_afresh))
        except JournalError as error:
            print(error, file=sys.stderr)
            return failed

    return unlocking(carry_out, failed=failed)


async def _read(
    profile: keys.Profile | None,
    key: ApiKey | None,
    journal: Journal | None,
    moves: Iterable[TransferType],
    use: Callable[[OpenAccount], int],
    *,
    is_afresh: bool,
) -> int:
    # These import httpx, which the other commands do not need.
    from tui.demo.in_process import in_process
    from tui.demo.keys import demo_key
    from tui.desk.history_reader import open_history
    from tui.exchange.client import BinanceClient

    base_url = profile.base_url if profile else DEMO_BASE_URL
    async with BinanceClient(base_url, key or demo_key(), transport=None if profile else in_process()) as client:
        reader = await open_history(client, journal, keeps=profile is not None, moves=moves, is_afresh=is_afresh)
        with contextlib.closing(reader):
            await _follow(reader)
        return use(OpenAccount(exchange_of(base_url), client, journal, reader))


async def _follow(reader: "HistoryReader") -> None:
    """Read the history, with the progress on a terminal."""
    shows_progress = sys.stderr.isatty()
    async for reading in reader.read():
        if shows_progress:
            waits = f"; the exchange asks for a pause of {reading.wait_s} s" if reading.wait_s else ""
            progress = f"Reading the history: {reading.answered} of {reading.asked}{waits}"
            print(f"\r{progress:<79.79}", end="", file=sys.stderr, flush=True)
    if shows_progress:
        print(f"\r{'':79}\r", end="", file=sys.stderr, flush=True)

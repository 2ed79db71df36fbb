"""One account at its exchange, for the commands that read it: which key, the journal, and the history as it comes."""

import argparse
import contextlib
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui import keys
from tui.commands.keys import patience, unlocking
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
class Account:
    """An account whose history was read."""

    profile: str
    host: str
    """Its exchange, as the journal has it."""
    client: "BinanceClient"
    journal: Journal | None
    reader: "HistoryReader"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which account."""
    parser.add_argument("--profile", metavar="NAME", help="the account of this key; needed where there are several")
    parser.add_argument("--demo", action="store_true", help="the account of the built-in demo exchange")


def with_past(
    args: argparse.Namespace,
    use: Callable[[Account], int],
    *,
    moves: Iterable[TransferType] = TransferType,
    is_afresh: bool = False,
    needs_journal: bool = False,
    failed: int = 1,
) -> int:
    """Read the history of the account that was asked for, all of it again if `is_afresh`, then use it; the exit status.
    That is `failed` if the account cannot be opened, or if there is no journal where one is needed: that is told.
    """
    if args.demo and args.profile:
        print("--demo uses no key; leave out --profile", file=sys.stderr)
        return 2

    def carry_out() -> int:
        import asyncio

        profile = None if args.demo else _profile(args.profile)
        with patience() if profile else contextlib.nullcontext():
            key = keys.load(profile) if profile else None
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


def _profile(name: str | None) -> keys.Profile:
    """The profile of that name, or the only one. Raises KeyStoreError."""
    if name:
        return keys.profile(name)
    listed = keys.profiles()
    if len(listed) == 1:
        return listed[0]
    if not listed:
        raise keys.ProfileMissing("There is no key yet.", command="shunter keys add NAME")
    names = ", ".join(profile.name for profile in listed)
    raise keys.ProfileMissing(f"There are several keys: choose one with --profile. Profiles: {names}")


async def _read(
    profile: keys.Profile | None,
    key: ApiKey | None,
    journal: Journal | None,
    moves: Iterable[TransferType],
    use: Callable[[Account], int],
    *,
    is_afresh: bool,
) -> int:
    # httpx comes with these; the other commands do without.
    from tui.demo.in_process import in_process
    from tui.demo.keys import demo_key
    from tui.desk.history_reader import open_history
    from tui.exchange.client import BinanceClient

    base_url = profile.base_url if profile else DEMO_BASE_URL
    key = key or demo_key()
    async with BinanceClient(base_url, key, transport=None if profile else in_process()) as client:
        reader = await open_history(client, journal, keeps=profile is not None, moves=moves, is_afresh=is_afresh)
        with contextlib.closing(reader):
            await _follow(reader)
        host = exchange_of(base_url)
        return use(Account(profile.name if profile else "demo", host, client, journal, reader))


async def _follow(reader: "HistoryReader") -> None:
    """Read the history; on a terminal, say how far that is."""
    shows = sys.stderr.isatty()
    async for reading in reader.read():
        if shows:
            waits = f"; the exchange asks to wait {reading.wait_s} s" if reading.wait_s else ""
            said = f"Reading the history: {reading.answered} of {reading.asked}{waits}"
            print(f"\r{said:<79.79}", end="", file=sys.stderr, flush=True)
    if shows:
        print(f"\r{'':79}\r", end="", file=sys.stderr, flush=True)


def tell_what_is_missing(reader: "HistoryReader") -> None:
    """Say on standard error what is not in the history, and why."""
    for words in reader.missing:
        print(printable(words), file=sys.stderr)

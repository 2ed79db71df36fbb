"""`shunter keys`: add, list, check and remove profiles. A secret is never an argument, and never shown.

The list and the report of a check go to standard output, everything else to standard error.
"""

import argparse
import codecs
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer

from tui import keys
from tui.commands.listing import print_table
from tui.commands.unseen import unseen
from tui.domain.credentials import KeyKind, Secret
from tui.domain.hosts import DEFAULT_BASE_URL, parse_base_url, place_name
from tui.domain.text import printable

_MOST_OF_A_KEY = 64 * 1024
"""The most to read from standard input: a longer file is the wrong one."""
_KEY_FILE = "The first line is the API key and nothing else; the secret, or the PEM, is below it."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the commands of `shunter keys`."""
    names = "add | list | check | remove | unlock | accept-plain-text"
    commands = parser.add_subparsers(dest="keys_command", required=True, metavar=names)

    add = commands.add_parser("add", help="keep a key in the OS keyring, under a name")
    add.add_argument("name", metavar="NAME", help="1 to 32 letters, digits, - and _")
    add.add_argument(
        "--kind", choices=[kind.value for kind in KeyKind], help="how the key signs (default: read from the secret)"
    )
    add.set_defaults(carry_out=_add)
    add.add_argument(
        "--base-url", default=DEFAULT_BASE_URL, metavar="URL", help="the host that the key is for (%(default)s)"
    )
    add.add_argument(
        "--stdin",
        action="store_true",
        help="read the API key from the first line of standard input and the secret, or the PEM, from the rest",
    )

    add.add_argument("--read-only", action="store_true", help="nothing may be sent with it")

    list_ = commands.add_parser("list", help="the profiles, and which keyring holds their keys")
    list_.set_defaults(carry_out=lambda _: _list())

    check = commands.add_parser("check", help="ask the exchange what a key may do, and whether a transfer would pass")
    check.add_argument("profile", metavar="NAME")
    check.set_defaults(carry_out=lambda args: _examine(keys.profile(args.profile), print))

    remove = commands.add_parser("remove", help="delete a key from the keyring; the exchange still knows it")
    remove.add_argument("profile", metavar="NAME")
    remove.add_argument("--yes", action="store_true", help="do not ask")
    remove.set_defaults(carry_out=_remove)

    unlock = commands.add_parser("unlock", help="unlock GNOME Keyring here, or make its login keyring")
    unlock.set_defaults(carry_out=lambda _: _unlock())
    accept = commands.add_parser("accept-plain-text", help="use a keyring that may keep keys in plain text")
    accept.set_defaults(carry_out=lambda _: _accept_plain_text())


def run(args: argparse.Namespace) -> int:
    """Carry out one of the commands and return the exit status."""
    return unlocking(lambda: args.carry_out(args))


def unlocking(carry_out: Callable[[], int], *, failed: int = 1) -> int:
    """Return what `carry_out` returns, or `failed` after saying what is wrong with a key or the keyring.

    If the keyring is locked and there is a terminal, this asks for the passphrase and tries again.
    """
    try:
        try:
            return carry_out()
        except keys.KeyStoreError as error:
            if not (sys.stdin.isatty() and error.needs_passphrase):
                raise
            _complain(error)  # without its command, which this is
        _unlock()
        return carry_out()
    except keys.KeyStoreError as error:
        message = f"{str(error).removesuffix('.')}: {error.command}" if error.command else error
        return _complain(message, status=failed)
    except (KeyboardInterrupt, EOFError):
        return _complain("\nStopped.", status=failed)


def _unlock() -> int:
    """Ask for the passphrase until it is right; read it once from a pipe."""
    keys.adopt_session_bus()
    if not keys.can_unlock():
        return _complain("GNOME Keyring is not installed, or there is no D-Bus session: dbus-run-session -- shunter")
    while True:
        passphrase = _typed_passphrase() if sys.stdin.isatty() else sys.stdin.readline(_MOST_OF_A_KEY).rstrip("\n")
        try:
            keys.unlock(Secret(passphrase))
        except keys.KeyStoreError as error:
            if error.state is not keys.KeyringState.LOCKED or not sys.stdin.isatty():
                raise
            _complain(error)
        else:
            return _say("The keyring is unlocked.")


def _typed_passphrase() -> str:
    is_new = keys.is_new()
    with unseen() as ask:
        if not is_new:
            return ask("Passphrase of the login keyring (it is not shown): ")
        while True:
            passphrase = ask("Passphrase for a new login keyring (it is not shown): ")
            if ask("Once more: ") == passphrase:
                return passphrase
            _complain("The two differ.")


def _accept_plain_text() -> int:
    try:
        keys.probe()
    except keys.KeyStoreError as error:
        if error.state is not keys.KeyringState.UNSAFE:
            raise
        _say(f"{error.keyring} may keep keys where other programs of this account can read them.")
        typed = _ask(f"To use it anyway, type: {keys.ACCEPTANCE}\n")
        if keys.accept_plain_text(error.keyring, typed):
            return _say("It is accepted, and the header says PLAIN TEXT from now on.")
        return _complain("These are not the words. Nothing was changed.")
    return _say(f"The keyring in use needs no such acceptance: {keys.backend_name()}")


def _add(args: argparse.Namespace) -> int:
    try:
        name, base_url = keys.parse_profile_name(args.name), parse_base_url(args.base_url)
    except ValueError as error:
        return _complain(error, status=2)
    kind = KeyKind(args.kind) if args.kind else None
    if args.stdin and sys.stdin.isatty():
        return _complain("--stdin is for a pipe or a file; leave it out to type the key unseen", status=2)
    if not args.stdin and not sys.stdin.isatty():
        return _complain("There is no terminal to type a key into; use --stdin")

    keys.refuse_taken(name)
    with waiting_for_keyring():
        keys.probe()  # before the key is typed, say whether the keyring can keep it
    api_key, secret = _piped_key() if args.stdin else _typed_key(kind)
    try:
        key = keys.parse_key(kind, api_key, secret)
    except keys.InvalidKey as error:
        return _complain(f"{error}. {_KEY_FILE}" if args.stdin else error)
    with waiting_for_keyring():
        added = keys.add(name, key, base_url, read_only=args.read_only)
    _say(f"Added {_line(added)} to the keyring: {keys.backend_name()}")
    _say(f"Use it:       shunter --profile {name}")
    _say(f"Check again:  shunter keys check {name}")
    _examine(added, _say)
    return 0


def _piped_key() -> tuple[str, str]:
    """Return the API key and the secret on standard input, also with the line ends and the encodings of Windows."""
    content = sys.stdin.buffer.read(_MOST_OF_A_KEY)
    encoding = "utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    lines = content.decode(encoding, errors="replace").strip().splitlines()
    return "".join(lines[:1]), "\n".join(lines[1:])


def _typed_key(kind: KeyKind | None) -> tuple[str, str]:
    secrets = {None: "Secret, or private key as PEM down to its END line", KeyKind.HMAC: "Secret"}
    prompt = secrets.get(kind, "Private key as PEM, down to its END line")
    with unseen() as ask:
        api_key = ask("API key (it is not shown): ")
        secret = ask(f"{prompt} (it is not shown): ")
        if "-----BEGIN" in secret:
            while "-----END" not in secret:
                secret += "\n" + ask("")
    return api_key, secret


def _list() -> int:
    rows = [
        (p.name, p.kind.value, f"...{p.tail}", p.base_url, f"{p.added_at:%Y-%m-%d}", "read-only" if p.read_only else "")
        for p in keys.profiles()
    ]
    empty = "There are no keys yet. Add one: shunter keys add NAME"
    print_table(("NAME", "KIND", "KEY", "HOST", "ADDED", ""), rows, empty=empty)
    try:
        print(f"Keyring: {keys.backend_name(limit_s=keys.SLOW_S)}")
    except keys.KeyStoreError as error:
        _complain(error)
    return 0


def _examine(profile: keys.Profile, show: Callable[[str], object]) -> int:
    # These import httpx, which the other commands do not need.
    import asyncio

    from tui.desk.keycheck import check
    from tui.exchange.errors import ExchangeError

    try:
        with waiting_for_keyring():
            report = asyncio.run(check(profile))
    except ExchangeError as error:
        return _complain(f"{profile.base_url}: {error}")
    for line in (f"{_line(profile)} ({place_name(profile.base_url)})", *report.lines, report.conclusion):
        show(line)
    return 0 if report.is_good else 1


def _remove(args: argparse.Namespace) -> int:
    name = args.profile
    if not args.yes:
        if not sys.stdin.isatty():
            return _complain(
                "There is no terminal to ask on; add --yes to remove the key without being asked", status=2
            )
        answer = _ask(f"Remove the key {printable(name)} from the keyring? y/N ")
        if answer.strip().casefold() not in ("y", "yes"):
            return _complain("Nothing was removed.")
    with waiting_for_keyring():
        keys.remove(name)
    return _say(f"Removed {name}. The exchange still knows the key: delete it there too if it is not needed.")


def _line(profile: keys.Profile) -> str:
    read_only = ", read-only" if profile.read_only else ""
    return f"{profile.name} (...{profile.tail}, {profile.kind}, for {profile.base_url}{read_only})"


@contextmanager
def waiting_for_keyring() -> Iterator[None]:
    """Say so if the keyring takes long."""
    message = f"Waiting for the keyring. {keys.MAY_ASK}; ^C gives up."
    timer = Timer(keys.SLOW_S, print, [message], {"file": sys.stderr})
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _ask(question: str) -> str:
    """Ask on standard error and return the answer; Python's own prompt would use standard output."""
    print(question, end="", file=sys.stderr, flush=True)
    return input()


def _complain(message: object, *, status: int = 1) -> int:
    return _say(message, status=status)


def _say(message: object, *, status: int = 0) -> int:
    print("\n".join(map(printable, str(message).split("\n"))), file=sys.stderr)
    return status

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
from tui.commands.arguments import HelpFormatter, add_language
from tui.commands.listing import print_table
from tui.commands.unseen import unseen
from tui.domain.credentials import KeyKind, Secret
from tui.domain.hosts import DEFAULT_BASE_URL, parse_base_url
from tui.domain.layout import labelled
from tui.domain.text import printable
from tui.language import _, pgettext
from tui.words.entries import place

_MOST_OF_A_KEY = 64 * 1024
"""The most to read from standard input: a longer file is the wrong one."""
_KEY_FILE = _("The first line is the API key and nothing else; the secret, or the PEM, is below it.")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the commands of `shunter keys`."""
    names = "add | list | check | remove | unlock | accept-plain-text"
    commands = parser.add_subparsers(dest="keys_command", required=True, metavar=names)

    add = commands.add_parser("add", help=_("keep a key in the OS keyring, under a name"))
    add.add_argument("name", metavar="NAME", help=_("1 to 32 letters, digits, - and _"))
    add.add_argument(
        "--kind", choices=[kind.value for kind in KeyKind], help=_("how the key signs (default: read from the secret)")
    )
    add.set_defaults(carry_out=_add)
    add.add_argument(
        "--base-url", default=DEFAULT_BASE_URL, metavar="URL", help=_("the host that the key is for (%(default)s)")
    )
    add.add_argument(
        "--stdin",
        action="store_true",
        help=_("read the API key from the first line of standard input and the secret, or the PEM, from the rest"),
    )

    add.add_argument("--read-only", action="store_true", help=_("nothing may be sent with it"))

    list_ = commands.add_parser("list", help=_("the profiles, and which keyring holds their keys"))
    list_.set_defaults(carry_out=lambda _args: _list())

    check = commands.add_parser(
        "check", help=_("ask the exchange what a key may do, and whether a transfer would pass")
    )
    check.add_argument("profile", metavar="NAME")
    check.set_defaults(carry_out=lambda args: _examine(keys.profile(args.profile), print))

    remove = commands.add_parser("remove", help=_("delete a key from the keyring; the exchange still knows it"))
    remove.add_argument("profile", metavar="NAME")
    remove.add_argument("--yes", action="store_true", help=_("do not ask"))
    remove.set_defaults(carry_out=_remove)

    unlock = commands.add_parser("unlock", help=_("unlock GNOME Keyring here, or make its login keyring"))
    unlock.set_defaults(carry_out=lambda _args: _unlock())
    accept = commands.add_parser("accept-plain-text", help=_("use a keyring that may keep keys in plain text"))
    accept.set_defaults(carry_out=lambda _args: _accept_plain_text())
    for command in commands.choices.values():
        command.formatter_class = HelpFormatter
        add_language(command)


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
        return _complain(_with_command(error), status=failed)
    except (KeyboardInterrupt, EOFError):
        return _complain("\n" + _("Stopped."), status=failed)


def _with_command(error: keys.KeyStoreError) -> str:
    """Return what is wrong, and the command that helps, if there is one."""
    if not error.command:
        return str(error)
    problem = str(error).removesuffix(".").removesuffix("。")
    return labelled(problem, error.command)


def _unlock() -> int:
    """Ask for the passphrase until it is right; read it once from a pipe."""
    keys.adopt_session_bus()
    if not keys.can_unlock():
        return _complain(_("GNOME Keyring is not installed, or there is no D-Bus session: dbus-run-session -- shunter"))
    while True:
        passphrase = _typed_passphrase() if sys.stdin.isatty() else sys.stdin.readline(_MOST_OF_A_KEY).rstrip("\n")
        try:
            keys.unlock(Secret(passphrase))
        except keys.KeyStoreError as error:
            if error.state is not keys.KeyringState.LOCKED or not sys.stdin.isatty():
                raise
            _complain(error)
        else:
            return _say(_("The keyring is unlocked."))


def _typed_passphrase() -> str:
    is_new = keys.is_new()
    with unseen() as ask:
        if not is_new:
            return ask(_("Passphrase of the login keyring (it is not shown): "))
        while True:
            passphrase = ask(_("Passphrase for a new login keyring (it is not shown): "))
            if ask(_("Once more: ")) == passphrase:
                return passphrase
            _complain(_("The two differ."))


def _accept_plain_text() -> int:
    try:
        keys.probe()
    except keys.KeyStoreError as error:
        if error.state is not keys.KeyringState.UNSAFE:
            raise
        risk = _("{keyring} may keep keys where other programs of this account can read them.")
        _say(risk.format(keyring=error.keyring))
        typed = _ask(_("To use it anyway, type: {words}").format(words=_(keys.ACCEPTANCE)) + "\n")
        if keys.accept_plain_text(error.keyring, typed):
            return _say(_("It is accepted, and the header says PLAIN TEXT from now on."))
        return _complain(_("These are not the words. Nothing was changed."))
    return _say(_("The keyring in use needs no such acceptance: {keyring}").format(keyring=keys.backend_name()))


def _add(args: argparse.Namespace) -> int:
    try:
        name, base_url = keys.parse_profile_name(args.name), parse_base_url(args.base_url)
    except ValueError as error:
        return _complain(error, status=2)
    kind = KeyKind(args.kind) if args.kind else None
    if args.stdin and sys.stdin.isatty():
        return _complain(_("--stdin is for a pipe or a file; leave it out to type the key unseen"), status=2)
    if not args.stdin and not sys.stdin.isatty():
        return _complain(_("There is no terminal to type a key into; use --stdin"))

    keys.refuse_taken(name)
    with waiting_for_keyring():
        keys.probe()  # before the key is typed, say whether the keyring can keep it
    api_key, secret = _piped_key() if args.stdin else _typed_key(kind)
    try:
        key = keys.parse_key(kind, api_key, secret)
    except keys.InvalidKey as error:
        advice = _("{problem}. {advice}").format(problem=error, advice=_KEY_FILE)
        return _complain(advice if args.stdin else error)
    with waiting_for_keyring():
        added = keys.add(name, key, base_url, read_only=args.read_only)
    _say(_("Added {key} to the keyring: {keyring}").format(key=_line(added), keyring=keys.backend_name()))
    _say(_("Use it:       shunter --profile {name}").format(name=name))
    _say(_("Check again:  shunter keys check {name}").format(name=name))
    _examine(added, _say)
    return 0


def _piped_key() -> tuple[str, str]:
    """Return the API key and the secret on standard input, also with the line ends and the encodings of Windows."""
    content = sys.stdin.buffer.read(_MOST_OF_A_KEY)
    encoding = "utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    lines = content.decode(encoding, errors="replace").strip().splitlines()
    return "".join(lines[:1]), "\n".join(lines[1:])


def _typed_key(kind: KeyKind | None) -> tuple[str, str]:
    match kind:
        case None:
            prompt = _("Secret, or private key as PEM down to its END line (it is not shown): ")
        case KeyKind.HMAC:
            prompt = _("Secret (it is not shown): ")
        case _other:
            prompt = _("Private key as PEM, down to its END line (it is not shown): ")
    with unseen() as ask:
        api_key = ask(_("API key (it is not shown): "))
        secret = ask(prompt)
        if "-----BEGIN" in secret:
            while "-----END" not in secret:
                secret += "\n" + ask("")
    return api_key, secret


def _list() -> int:
    rows = [
        (
            *(p.name, p.kind.value, f"...{p.tail}", p.base_url, f"{p.added_at:%Y-%m-%d}"),
            _("read-only") if p.read_only else "",
        )
        for p in keys.profiles()
    ]
    empty = _("There are no keys yet. Add one: shunter keys add NAME")
    print_table((_("NAME"), _("KIND"), _("KEY"), _("HOST"), _("ADDED"), ""), rows, empty=empty)
    try:
        print(_("Keyring: {keyring}").format(keyring=keys.backend_name(limit_s=keys.SLOW_S)))
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
        return _complain(labelled(profile.base_url, error))
    title = _("{key} ({place})").format(key=_line(profile), place=place(profile.base_url))
    for line in (title, *report.lines, report.conclusion):
        show(line)
    return 0 if report.is_good else 1


def _remove(args: argparse.Namespace) -> int:
    name = args.profile
    if not args.yes:
        if not sys.stdin.isatty():
            return _complain(
                _("There is no terminal to ask on; add --yes to remove the key without being asked"), status=2
            )
        answer = _ask(_("Remove the key {name} from the keyring? y/N ").format(name=printable(name)))
        if answer.strip().casefold() not in ("y", "yes", pgettext("answer", "yes")):
            return _complain(_("Nothing was removed."))
    with waiting_for_keyring():
        keys.remove(name)
    removed = _("Removed {name}. The exchange still knows the key: delete it there too if it is not needed.")
    return _say(removed.format(name=name))


def _line(profile: keys.Profile) -> str:
    line = _("{name} (...{tail}, {kind}, for {host})")
    if profile.read_only:
        line = _("{name} (...{tail}, {kind}, for {host}, read-only)")
    return line.format(name=profile.name, tail=profile.tail, kind=profile.kind, host=profile.base_url)


@contextmanager
def waiting_for_keyring() -> Iterator[None]:
    """Say so if the keyring takes long."""
    message = _("Waiting for the keyring. It may be asking for its passphrase on another screen; ^C gives up.")
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

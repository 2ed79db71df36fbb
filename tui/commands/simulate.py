"""`shunter simulate`: the demo exchange as a server on loopback."""

import argparse
import errno
import shlex
import signal
import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from tui.commands.arguments import RawHelpFormatter
from tui.demo.fault_words import OF_A_TRANSFER, OF_ALL, OF_THE_HISTORY, OF_THE_REST, UNWRITABLE, fault_name
from tui.demo.person import EARLIER_COUNT
from tui.domain.amounts import AmountError, parse_amount
from tui.domain.credentials import ApiKey, KeyKind
from tui.domain.layout import wrapped
from tui.domain.text import name as as_name
from tui.domain.wallets import Wallet
from tui.language import _

if TYPE_CHECKING:
    import socket

    from tui.demo.exchange import DemoExchange

_DEFAULT_PORT = 8321
_WIDTH, _MEANING_AT = 79, 28
_NEEDS_UVICORN = _(
    "shunter simulate needs uvicorn, which Shunter's extra 'simulator' installs. "
    "In the folder that Shunter was installed from: pip install '.[simulator]'"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options and the help of `shunter simulate`."""
    parser.formatter_class = RawHelpFormatter
    parser.description = _(
        "Serves the demo exchange on 127.0.0.1, and prints how to connect to it.\n"
        "There are throwaway keys of all three kinds, and the account is new each\n"
        "time. Ctrl-C ends it."
    )
    parser.epilog = _faults()
    parser.add_argument(
        "--port",
        type=_port,
        default=_DEFAULT_PORT,
        metavar="N",
        help=_("the port on 127.0.0.1; 0 is any free one (default: {port})").format(port=_DEFAULT_PORT),
    )
    parser.add_argument(
        "--hold",
        action="append",
        default=[],
        type=_holding,
        metavar="ASSET=N",
        help=_("add this to Spot, for example TRX=1200; can be repeated"),
    )
    parser.add_argument(
        "--account",
        choices=["full", "beginner"],
        default="full",
        help=_(
            "whose account: one with every wallet open, or one that has opened Spot, Funding and futures alone "
            "(default: full)"
        ),
    )
    parser.add_argument(
        "--past",
        type=_number_of_earlier,
        default=EARLIER_COUNT,
        metavar="N",
        help=_("how many earlier transfers the history has (default: {count})").format(count=EARLIER_COUNT),
    )
    parser.add_argument(
        "--fault", action="append", default=[], metavar="FAULT", help=_("misbehave in this way; can be repeated")
    )


def _faults() -> str:
    return "\n\n".join(
        (
            _listed(_("faults of a transfer, to rehearse with:"), OF_A_TRANSFER),
            _listed(_("faults of the history of transfers:"), OF_THE_HISTORY),
            _listed(_("faults of other calls:"), OF_THE_REST),
            _listed(_("to use in place of a BODY or value that no command line can hold:"), UNWRITABLE),
            "\n".join(
                wrapped(
                    _(
                        "Values after a key are JSON or any other text; quote them for your shell. A fault affects "
                        "every transfer or call, or with @N only the Nth: cut-after@2. If several apply, one with @N "
                        "comes first. {names} take no @N."
                    ).format(names=_(", ").join(sorted(map(fault_name, OF_ALL)))),
                    _WIDTH,
                    at_hyphens=False,
                )
            ),
        )
    )


def _listed(title: str, meanings: dict[str, str]) -> str:
    lines = [title]
    for example, meaning in meanings.items():
        parts = wrapped(_(meaning), _WIDTH - _MEANING_AT, at_hyphens=False)
        if len(example) + 4 > _MEANING_AT:
            lines.append(f"  {example}")
        else:
            parts[0] = f"  {example}".ljust(_MEANING_AT) + parts[0]
        lines += (line if line.startswith("  ") else " " * _MEANING_AT + line for line in parts)
    return "\n".join(lines)


def run(args: argparse.Namespace) -> int:
    """Serve until SIGHUP, SIGINT or SIGTERM and return the exit status."""
    import tempfile

    from tui.demo.exchange import DemoExchange
    from tui.demo.fault_specs import set_fault
    from tui.demo.ledger import Funds
    from tui.demo.person import beginner_ledger
    from tui.domain.balances import Account

    exchange = DemoExchange(ledger=beginner_ledger() if args.account == "beginner" else None, earlier=args.past)
    try:
        for asset, amount in args.hold:
            exchange.ledger.hold(Account(Wallet.SPOT), asset, Funds(amount))
        for spec in args.fault:
            set_fault(exchange, spec)
    except ValueError as error:
        print(_("shunter simulate: {problem}").format(problem=error), file=sys.stderr)
        return 2
    try:
        from tui.demo.serving import listen
    except ImportError:
        print(_NEEDS_UVICORN, file=sys.stderr)
        return 1
    try:
        listening = listen(args.port)
    except OSError as error:
        reason = _("another program listens there") if error.errno == errno.EADDRINUSE else error.strerror
        problem = _("shunter simulate: cannot listen on port {port}: {reason}")
        print(problem.format(port=args.port, reason=reason), file=sys.stderr)
        return 1
    with listening, tempfile.TemporaryDirectory(prefix="shunter-simulate-") as folder:
        _serve(exchange, listening, Path(folder), args.fault)
    return 0


def _serve(exchange: "DemoExchange", listening: "socket.socket", folder: Path, faults: list[str]) -> None:
    import asyncio

    from tui.demo.serving import base_url, server

    running = server(exchange)

    def stop(*_: object) -> None:
        running.should_exit = True

    # While the server runs, it handles two of these itself, and raises them again when it has stopped.
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    files = {key.kind: _write(key, folder) for key in _keys(exchange)}
    print(_how_to_connect(base_url(listening), files, faults), flush=True)
    asyncio.run(running.serve(sockets=[listening]))


def _keys(exchange: "DemoExchange") -> list[ApiKey]:
    """Return the HMAC key of every demo exchange, and new keys of the other kinds, which only this exchange accepts."""
    from tui.demo.keys import demo_key, new_key

    keys = [demo_key()]
    for kind in (KeyKind.ED25519, KeyKind.RSA):
        key, public_pem = new_key(kind)
        exchange.add_key(kind, key.api_key.reveal(), public_pem)
        keys.append(key)
    return keys


def _write(key: ApiKey, folder: Path) -> Path:
    """Write a key to a file for `shunter keys add --stdin`, readable only by its owner. Return its path."""
    path = folder / key.kind.value
    path.touch(mode=0o600)
    path.write_text(f"{key.api_key.reveal()}\n{key.secret.reveal().strip()}\n")
    return path


def _how_to_connect(url: str, files: dict[KeyKind, Path], faults: list[str]) -> str:
    adding = (
        f"  shunter keys add demo --base-url {url} --kind {kind} --stdin < {shlex.quote(str(path))}"
        for kind, path in files.items()
    )
    return "\n".join(
        (
            _("Demo exchange on {url} (Ctrl-C ends it)").format(url=url),
            *(_("Fault: {fault}").format(fault=fault) for fault in faults),
            "",
            _("Add one of its throwaway keys. They work nowhere else:"),
            *adding,
            "",
            _("Then open the app on it:"),
            f"  shunter --base-url {url} --profile demo",
        )
    )


def _holding(text: str) -> tuple[str, Decimal]:
    asset, _equals, amount = text.partition("=")
    name = as_name(asset.upper())
    try:
        if name is not None:
            return name, parse_amount(amount)
    except AmountError as error:
        problem = _("{amount!r} is not an amount: {error}").format(amount=amount, error=error)
        raise argparse.ArgumentTypeError(problem) from None
    problem = _("{text!r} is not an asset and an amount, like TRX=1200").format(text=text)
    raise argparse.ArgumentTypeError(problem)


def _port(text: str) -> int:
    return _up_to(65535, text, _("{text!r} is not a port from 0 to {most}"))


def _number_of_earlier(text: str) -> int:
    return _up_to(100_000, text, _("{text!r} is not a number from 0 to {most}"))


def _up_to(most: int, text: str, problem: str) -> int:
    """Return a whole number from 0 to `most`."""
    if not (text.isascii() and text.isdigit() and int(text) <= most):
        raise argparse.ArgumentTypeError(problem.format(text=text, most=most))
    return int(text)

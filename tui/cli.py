"""The command line: parses the arguments, and imports the rest late.

`__main__` has prepared the process and chosen the language before.
"""

import argparse
import contextlib
import os
import re
import signal
import sys
from collections.abc import Callable, Collection, Sequence
from difflib import get_close_matches
from importlib import import_module

from tui.app import process
from tui.commands.arguments import HelpFormatter, Misuse, RawHelpFormatter, add_language, typed
from tui.commands.pipes import leave_closed_pipes, lose_unwritable
from tui.domain.amounts import parse_amount, plain
from tui.domain.hosts import parse_base_url
from tui.domain.text import printable
from tui.domain.transfer import BOTH_ENDS, Draft, Field, given_pair_problems, parse_asset, parse_pair, route_problem
from tui.domain.wallets import Wallet, destinations, route, transfer_type, wallet_named
from tui.files import FolderRefused, require_absolute_folders
from tui.language import OPTION, _, ngettext, why_english
from tui.structs import replace

_EPILOG = _("""\
examples:
  shunter --demo                               try it: no key, no real funds
  shunter keys add main                        keep a key in the system's keyring
  shunter                                      open it with that key
  shunter --from spot --to um --asset USDT     open it with the form filled in

A transfer is only ever sent from the review screen, by a person.
Wallets: spot funding cross isolated um cm options pm, or the exchange's own
ids (MAIN, UMFUTURE, ...), in any case. `shunter routes` lists the valid moves.
""")

_COMMANDS = {
    "keys": _("add, list, check and remove API keys in the system's keyring"),
    "routes": _("the moves that the exchange knows"),
    "holdings": _("every asset in every account, and what it is worth"),
    "favourites": _("the favourites, with their moves"),
    "journal": _("every transfer ever recorded, with its outcome"),
    "history": _("every transfer on record at the exchange, of all types"),
    "reconcile": _("compare the journal with the exchange's history"),
    "rules": _("what your rules allow, and whether the file can be understood"),
    "simulate": _("serve the demo exchange on this machine"),
    "completion": _("a script with which your shell completes commands and names"),
}
"""Each is a module of `tui.commands`, which is imported when it is named."""
_NEED_NO_FILES = ("routes", "simulate", "completion")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `shunter` and return the exit status: 0 good, 1 failed, 2 misuse. `shunter reconcile` fails with 3."""
    if sys.stdout is None:
        return _complain(_("Standard output is closed: there is nowhere to print to, and no terminal to open in."))
    process.accept_any_text()
    failed = 1
    try:
        try:
            parser, args = _parsed(sys.argv[1:] if arguments is None else arguments)
            failed = getattr(args, "failed", failed)
            return _run(parser, args)
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except FolderRefused as refused:
        return _complain(str(refused), status=failed)
    except Misuse as misuse:
        print(misuse, file=sys.stderr)  # as argparse does
        return 2
    except BrokenPipeError:
        if not leave_closed_pipes():
            raise
        return 0
    except Exception as error:  # noqa: BLE001 - a traceback shows values, and one of them may be a key
        if lose_unwritable(error):
            message = _("The output could not be written: {error}").format(error=error)
        else:
            from tui.app.crash import crash_report

            message = str(crash_report(error)).rstrip()
        with contextlib.suppress(OSError):
            _complain(message)
        return failed


def _parsed(arguments: Sequence[str]) -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    parser = _parser(arguments)
    try:
        _refuse_unknown_option(parser, arguments)
        args = parser.parse_args(arguments)
    except SystemExit:  # after the help, too
        _explain_english()
        raise
    if args.command and (
        early := [each for each in arguments[: arguments.index(args.command)] if _belongs_to_a_command(each)]
    ):
        parser.error(
            _("{option} is before {command}; put the options of a command after it").format(
                option=early[0], command=args.command
            )
        )
    return parser, args


def _belongs_to_a_command(argument: str) -> bool:
    return argument.startswith("-") and argument.partition("=")[0] != OPTION


def _explain_english() -> None:
    """Say on a terminal why this is not the person's language; the app shows that itself."""
    if (why := why_english()) and sys.stderr.isatty():
        print(why, file=sys.stderr)


def _run(parser: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    if args.version or args.command:
        _explain_english()
    if args.version:
        from importlib.metadata import version

        print(f"shunter {version('shunter')}")
        return 0
    if args.command not in _NEED_NO_FILES:
        require_absolute_folders()
    if not args.command:
        return _open_app(parser, args)
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:  # see `__main__`
        signal.signal(signal.SIGINT, signal.default_int_handler)
    process.collect_garbage()
    run: Callable[[argparse.Namespace], int] = args.run
    return run(args)


def _parser(named: Collection[str] = _COMMANDS) -> argparse.ArgumentParser:
    """Return the parser, with the arguments of the commands that are named."""
    parser = argparse.ArgumentParser(
        prog="shunter",
        description=_("Move funds between your own Binance wallets, by hand."),
        epilog=_EPILOG,
        formatter_class=RawHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="store_true", help=_("print the version"))
    add_language(parser)
    where = parser.add_argument_group(_("exchange and key"))
    where.add_argument("--demo", action="store_true", help=_("use the built-in demo exchange"))
    where.add_argument("--profile", metavar="NAME", help=_("use the key of this name"))
    where.add_argument("--base-url", metavar="URL", type=typed(parse_base_url), help=_("use a key of this host"))
    where.add_argument("--read-only", action="store_true", help=_("look at everything, send nothing"))
    form = parser.add_argument_group(_("fill in the form (nothing is sent)"))
    form.add_argument("--favourite", metavar="NAME", help=_("a favourite, by its name"))
    form.add_argument("--from", dest="source", metavar="W", type=typed(wallet_named), help=_("source wallet"))
    form.add_argument("--to", dest="destination", metavar="W", type=typed(wallet_named), help=_("destination wallet"))
    form.add_argument("--asset", metavar="A", type=typed(parse_asset), help=_("like USDT"))
    form.add_argument("--amount", metavar="N", type=typed(_amount), help=_("like 12.5"))
    form.add_argument("--from-pair", metavar="S", type=typed(parse_pair), help=_("the source's isolated pair"))
    form.add_argument("--to-pair", metavar="S", type=typed(parse_pair), help=_("the destination's isolated pair"))

    commands = parser.add_subparsers(dest="command", title=_("commands"), metavar="COMMAND")
    for name, summary in _COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=_sentence(summary), formatter_class=HelpFormatter)
        if name in named:
            module = import_module(f"tui.commands.{name}")
            module.add_arguments(command)
            add_language(command)
            command.set_defaults(run=module.run)
    parser.set_defaults(whole_parser=_parser)
    return parser


def _sentence(summary: str) -> str:
    return _("{summary}.").format(summary=f"{summary[0].upper()}{summary[1:]}")


def _refuse_unknown_option(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> None:
    """End with a message that names an unknown option; argparse would name its value, taking it for a command."""
    known = re.findall(r"--([a-z-]+)", parser.format_usage())
    for argument in arguments:
        if argument in _COMMANDS:
            return
        option = argument.partition("=")[0].removeprefix("--")
        if argument.startswith("--") and option not in (*known, "help"):
            near = get_close_matches(option, known, 1)
            if near:
                hint = _("there is no option --{option}; did you mean --{near}?")
                parser.error(hint.format(option=option, near=near[0]))
            parser.error(_("there is no option --{option}").format(option=option))


def _open_app(parser: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    if args.demo and (args.profile or args.base_url):
        parser.error(_("--demo uses no key and no host; leave out --profile and --base-url"))
    draft = _favourite(parser, args) if args.favourite is not None else _draft(parser, args)
    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        return _complain(
            _("Shunter needs a terminal to open in: run it without pipes or redirections, and over ssh as ssh -t HOST")
        )
    if os.environ.get("TERM", "dumb") in ("", "dumb", "unknown"):
        return _complain(
            _("This terminal cannot show Shunter (TERM is dumb or not set). Try: TERM=xterm-256color shunter")
        )

    process.clear_textual_variables()
    from tui.app.app import ShunterApp
    from tui.app.opening import Start
    from tui.app.terminal_app import has_few_colours

    few = has_few_colours(os.environ)
    app = ShunterApp(
        Start(args.demo, args.profile, args.base_url, draft, read_only=args.read_only, has_few_colours=few)
    )
    process.end_with_the_terminal()
    app.run()
    if app.left_open:
        left = ngettext(
            "1 transfer is open. Do not repeat an open transfer: the next start of Shunter settles it.",
            "{count} transfers are open. Do not repeat an open transfer: the next start of Shunter settles it.",
            app.left_open,
        )
        print(left.format(count=app.left_open), file=sys.stderr)
    return app.return_code or 0


def _draft(parser: argparse.ArgumentParser, args: argparse.Namespace) -> Draft:
    """Return what the form opens with. A pair of wallets between which nothing moves is misuse."""
    wanted: Wallet | None = args.destination
    # The first source that has a move there: Spot, except to Spot itself.
    source: Wallet = args.source or next(each for each in Wallet if wanted is None or transfer_type(each, wanted))
    destination: Wallet = wanted or destinations(source)[0]
    types = route(source, destination)
    if not types:
        parser.error(_problem("to", route_problem(source, destination)))
    for field, problem in given_pair_problems(types, args.from_pair, args.to_pair).items():
        parser.error(_problem(field, problem))
    asset, amount, from_pair, to_pair = (text or "" for text in (args.asset, args.amount, args.from_pair, args.to_pair))
    wallets = {Field.SOURCE: args.source, Field.DESTINATION: args.destination}
    chosen = frozenset(which for which, wallet in wallets.items() if wallet)
    return Draft(source, destination, asset, amount, from_pair, to_pair, chosen)


def _problem(option: str, problem: str) -> str:
    return _("argument %(argument_name)s: %(message)s") % {"argument_name": f"--{option}", "message": problem}


def _favourite(parser: argparse.ArgumentParser, args: argparse.Namespace) -> Draft:
    """Return what the form opens with for a favourite, and choose its profile.

    --asset and --amount replace those of the favourite.
    """
    from tui.favourites import FavouritesError, favourite

    if args.source or args.destination or args.from_pair or args.to_pair:
        parser.error(_("--favourite has its own wallets; leave out --from, --to and their pairs"))
    try:
        chosen = favourite(args.favourite)
    except FavouritesError as error:
        parser.error(printable(str(error)))
    if chosen.profile and args.profile not in (None, chosen.profile):
        parser.error(
            _("the favourite {name!r} is for the profile {profile}; leave out --profile").format(
                name=args.favourite, profile=printable(chosen.profile)
            )
        )
    if chosen.profile and not args.demo:
        args.profile = chosen.profile
    draft = replace(chosen.draft, asset=args.asset or chosen.draft.asset, chosen=BOTH_ENDS)
    return replace(draft, amount=args.amount, takes_all=False) if args.amount else draft


def _amount(text: str) -> str:
    return plain(parse_amount(text))


def _complain(message: str, *, status: int = 1) -> int:
    """Print a message where a person sees it, and return the exit status."""
    is_seen = sys.stderr.isatty() or not (sys.stdout and sys.stdout.isatty())
    print(message, file=sys.stderr if is_seen else sys.stdout)
    return status

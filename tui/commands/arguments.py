"""Arguments that several commands take, read by the parsers of the domain, and the layout of their help."""

import argparse
from collections.abc import Callable, Iterable
from typing import TypeVar

from tui import clock
from tui.domain.layout import width_of, wrapped
from tui.domain.moments import utc
from tui.domain.search import Search, parse_outcome, parse_since, parse_until
from tui.domain.transfer import parse_asset
from tui.domain.wallets import wallet_named
from tui.language import LANGUAGES, OPTION, _, language

_Parsed = TypeVar("_Parsed")


class Misuse(Exception):
    """Raised when the options make no sense together. The message is for the person."""


def typed(parse: Callable[[str], _Parsed]) -> Callable[[str], _Parsed]:
    """Return a parser of the domain as a type for argparse, which then shows its message."""

    def parsed(text: str) -> _Parsed:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parsed


class HelpFormatter(argparse.HelpFormatter):
    """Wraps the lines of help by columns: many characters take two."""

    class _Section(argparse.HelpFormatter._Section):
        def format_help(self) -> str:
            """Return the section with the colon of the language, which Python has translated since 3.12."""
            text = super().format_help()
            return text.replace(f"{self.heading}:\n", f"{_('%(heading)s:') % {'heading': self.heading}}\n", 1)

    def _format_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[argparse._MutuallyExclusiveGroup],
        prefix: str | None,
    ) -> str:
        shown = _("usage: ") if prefix is None else prefix
        as_wide = "_" * width_of(shown)
        return super()._format_usage(usage, actions, groups, as_wide).replace(as_wide, shown, 1)

    def _split_lines(self, text: str, width: int) -> list[str]:
        return wrapped(text, width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(f"{indent}{line}" for line in wrapped(text, width - len(indent)))


class RawHelpFormatter(HelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Leaves the lines above and below the arguments as they are written."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return argparse.RawDescriptionHelpFormatter._fill_text(self, text, width, indent)


def add_language(parser: argparse.ArgumentParser) -> None:
    """Add the option for the language. `__main__` has read it before, so this only explains it and refuses others."""
    help_text = _("the language that Shunter speaks: {languages}").format(languages=_(", ").join(LANGUAGES))
    parser.add_argument(OPTION, metavar="L", type=typed(language), default=argparse.SUPPRESS, help=help_text)


def add_search(parser: argparse.ArgumentParser) -> None:
    """Add the options that select transfers."""
    now = utc(clock.wall_ms())
    which = parser.add_argument_group(_("which transfers"), _("Each option narrows the list."))
    which.add_argument(
        "--since",
        metavar="T",
        type=typed(lambda text: parse_since(text, now)),
        help=_("from 2026-11-24, october, yesterday or 7d on"),
    )
    which.add_argument(
        "--until",
        metavar="T",
        type=typed(lambda text: parse_until(text, now)),
        help=_("until the end of 2026-11-24 or october"),
    )
    which.add_argument("--asset", metavar="A", type=typed(parse_asset), help=_("like USDT"))
    which.add_argument("--from", dest="source", metavar="W", type=typed(wallet_named), help=_("source wallet"))
    which.add_argument("--to", dest="destination", metavar="W", type=typed(wallet_named), help=_("destination wallet"))
    which.add_argument(
        "--outcome",
        dest="outcomes",
        metavar="O",
        type=typed(parse_outcome),
        action="append",
        default=[],
        help=_("like done; may be given several times"),
    )


def add_format(parser: argparse.ArgumentParser) -> None:
    """Add the options for the format of a list."""
    formats = parser.add_mutually_exclusive_group()
    formats.add_argument("--json", action="store_true", help=_("print a JSON array, one object a line"))
    formats.add_argument("--csv", action="store_true", help=_("print CSV, for a spreadsheet"))


def search_from(args: argparse.Namespace) -> Search:
    """Return the search for what the options select. Raises Misuse if nothing can match."""
    if args.since is not None and args.until is not None and args.since >= args.until:
        raise Misuse(_("--since is not before --until: there is no time between them"))
    return Search(
        source=args.source,
        destination=args.destination,
        asset=args.asset or "",
        outcomes=frozenset(args.outcomes),
        profile=args.profile or "",
        since_ms=args.since,
        until_ms=args.until,
    )

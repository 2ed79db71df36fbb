"""`shunter routes`: the moves that the exchange knows, and those that take two of them."""

import argparse
import json

from tui.domain.wallets import TransferType, Wallet, route
from tui.language import _


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `shunter routes`."""
    parser.add_argument("--via", action="store_true", help=_("add the pairs of wallets that take two moves, via Spot"))
    parser.add_argument("--json", action="store_true", help=_("as a JSON list, for programs"))


def run(args: argparse.Namespace) -> int:
    """Print every valid move, perhaps those of two as well, and return the exit status."""
    routes: list[tuple[TransferType, ...]] = [(move,) for move in TransferType]
    if args.via:
        pairs = [(source, destination) for source in Wallet for destination in Wallet]
        routes += [types for pair in pairs if len(types := route(*pair)) > 1]
    if args.json:
        print(json.dumps([_as_json(types, has_via=args.via) for types in routes], indent=2))
        return 0
    for types in routes:
        source, destination = _ends(types)
        needs = _needs_pairs(source, destination)
        names = ", ".join(move.name for move in types)
        print(f"{source.value:<9} -> {destination.value:<9} {names:<30} {needs}".rstrip())
    return 0


def _needs_pairs(source: Wallet, destination: Wallet) -> str:
    match source is Wallet.ISOLATED, destination is Wallet.ISOLATED:
        case True, True:
            return _("needs a pair: from and to")
        case True, False:
            return _("needs a pair: from")
        case False, True:
            return _("needs a pair: to")
    return ""


def _ends(types: tuple[TransferType, ...]) -> tuple[Wallet, Wallet]:
    return types[0].source, types[-1].destination


def _as_json(types: tuple[TransferType, ...], *, has_via: bool) -> dict[str, object]:
    """A route has one type, or with `--via` a list of them."""
    source, destination = _ends(types)
    return {
        **({"types": [move.name for move in types]} if has_via else {"type": types[0].name}),
        "from": source.value,
        "to": destination.value,
        "needs_from_pair": types[0].needs_from_pair,
        "needs_to_pair": types[-1].needs_to_pair,
    }

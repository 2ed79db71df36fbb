"""`shunter routes`: the moves that the exchange knows."""

import argparse
import json

from tui.domain.wallets import TransferType


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `shunter routes`."""
    parser.add_argument("--json", action="store_true", help="as a JSON list, for programs")


def run(args: argparse.Namespace) -> int:
    """Print every valid move and return the exit status."""
    if args.json:
        print(json.dumps([_as_json(move) for move in TransferType], indent=2))
        return 0
    for move in TransferType:
        pairs = [word for word, needed in (("from", move.needs_from_pair), ("to", move.needs_to_pair)) if needed]
        needs = f"needs a pair: {' and '.join(pairs)}" if pairs else ""
        print(f"{move.source.value:<9} -> {move.destination.value:<9} {move.name:<30} {needs}".rstrip())
    return 0


def _as_json(move: TransferType) -> dict[str, str | bool]:
    return {
        "type": move.name,
        "from": move.source.value,
        "to": move.destination.value,
        "needs_from_pair": move.needs_from_pair,
        "needs_to_pair": move.needs_to_pair,
    }

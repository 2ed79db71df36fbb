"""`shunter rules`: what the person's rules say, and whether the file can be understood."""

import argparse
import sys

from tui import keys
from tui.commands.listing import print_table
from tui.domain.amounts import quantity
from tui.domain.rules import Allow, Keep, Most, MostPerDay, RetypeFrom, Rule
from tui.files import FolderRefused


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the commands of `shunter rules`."""
    commands = parser.add_subparsers(dest="rules_command", required=True, metavar="check")
    commands.add_parser("check", help="read rules.toml as a whole, and list the rules with their lines")


def run(_: argparse.Namespace) -> int:
    """Print every rule, or what is wrong with the file; return the exit status."""
    from tui import rules

    try:
        path = rules.rules_path()
        found = rules.check(lambda: [profile.name for profile in keys.profiles()])
    except (rules.RulesError, keys.KeyStoreError, FolderRefused) as error:
        print(error, file=sys.stderr)
        return 1
    lines = [(str(rule.origin.line), rule.origin.profile or "all", _said(rule)) for rule in found]
    print_table(("LINE", "PROFILE", "RULE"), lines, empty=f"There are no rules; they would be in {path}")
    return 0


def _said(rule: Rule) -> str:
    match rule:
        case Allow(moves=moves):
            names = sorted(f"{source.value} -> {destination.value}" for source, destination in moves)
            return f"only: {', '.join(names) or 'nothing'}"
        case Most():
            return f"at most {quantity(rule.amount, rule.asset)} in one transfer"
        case MostPerDay():
            return f"at most {quantity(rule.amount, rule.asset)} in one UTC day, by this journal"
        case Keep():
            return f"{quantity(rule.amount, rule.asset)} must stay in {rule.wallet.label}"
        case RetypeFrom():
            return f"from a worth of {quantity(rule.worth, rule.unit)} on, the amount is typed again"

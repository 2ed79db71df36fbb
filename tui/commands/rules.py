"""`shunter rules`: what the person's rules say, and whether the file can be understood."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress

from tui import journal, keys
from tui.commands.arguments import HelpFormatter, add_language
from tui.commands.listing import print_table
from tui.domain.amounts import quantity
from tui.domain.rules import Allow, Keep, Most, MostPerDay, RetypeFrom, Rule
from tui.files import FolderRefused
from tui.journal import JournalError
from tui.language import _


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the commands of `shunter rules`."""
    commands = parser.add_subparsers(dest="rules_command", required=True, metavar="check")
    check = commands.add_parser(
        "check",
        help=_("read rules.toml as a whole, and list the rules with their lines"),
        formatter_class=HelpFormatter,
    )
    add_language(check)


def run(_args: argparse.Namespace) -> int:
    """Print every rule, or what is wrong with the file; return the exit status."""
    from tui import rules

    try:
        path = rules.rules_path()
        listed = rules.check(lambda: [profile.name for profile in keys.profiles()])
    except (rules.RulesError, keys.KeyStoreError, FolderRefused) as error:
        print(error, file=sys.stderr)
        return 1
    lines = [(str(rule.origin.line), rule.origin.profile or _("all"), _said(rule)) for rule in listed]
    empty = _("There are no rules; they would be in {path}").format(path=path)
    print_table((_("LINE"), _("PROFILE"), _("RULE")), lines, empty=empty)
    if unseen := _(", ").join(_unseen(listed)):
        never = _(
            "Neither the journal nor the history read so far has a transfer of {assets}. Check the spelling: "
            "a rule for a misspelt asset never applies."
        )
        print(never.format(assets=unseen), file=sys.stderr)
    return 0


def _unseen(rules: Iterable[Rule]) -> Iterator[str]:
    """Yield the assets of which this machine has seen no transfer, if it has seen any; nothing if that is not known."""
    from tui.history import CacheError, recorded_assets

    with suppress(JournalError, CacheError, FolderRefused):
        seen = {*journal.recorded_assets(), *recorded_assets()}
        for rule in rules:
            if isinstance(rule, Most | MostPerDay | Keep) and seen and rule.asset not in seen:
                yield _("{asset} (line {line})").format(asset=rule.asset, line=rule.origin.line)


def _said(rule: Rule) -> str:
    match rule:
        case Allow(moves=moves):
            names = sorted(f"{source.value} -> {destination.value}" for source, destination in moves)
            return _("only: {moves}").format(moves=_(", ").join(names)) if names else _("only: nothing")
        case Most():
            return _("at most {amount} in one transfer").format(amount=quantity(rule.amount, rule.asset))
        case MostPerDay():
            limit = _("at most {amount} in one UTC day, by this journal")
            return limit.format(amount=quantity(rule.amount, rule.asset))
        case Keep():
            kept = quantity(rule.amount, rule.asset)
            return _("{amount} must stay in {wallet}").format(amount=kept, wallet=rule.wallet.label)
        case RetypeFrom():
            worth = quantity(rule.worth, rule.unit)
            return _("from a worth of {worth} on, the amount is typed again").format(worth=worth)

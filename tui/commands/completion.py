"""`shunter completion`: a script with which a shell completes Shunter's command line, made from the parser.

What the script cannot know in advance, it asks with `shunter completion --list`, at each press of Tab.
"""

import argparse
import re
from collections.abc import Iterable, Iterator

from tui import keys
from tui.commands.arguments import RawHelpFormatter
from tui.domain.text import name as as_name
from tui.domain.transfer import Outcome
from tui.domain.wallets import Wallet
from tui.journal import recorded_assets
from tui.language import LANGUAGES, OPTION, _

_SHELLS = ("bash", "zsh", "fish")
_FIXED: dict[str, Iterable[str]] = {
    "source": [wallet.value for wallet in Wallet],
    "destination": [wallet.value for wallet in Wallet],
    "outcomes": [outcome.value for outcome in Outcome],
    "language": LANGUAGES,
}
_LISTED = {"profile": "profiles", "favourite": "favourites", "asset": "assets"}
"""What completes an argument, by the argument's name in the parser."""

_EPILOG = _("""\
Write it where your shell looks for it:
  bash  shunter completion bash > ~/.local/share/bash-completion/completions/shunter
        (with the package bash-completion; otherwise read the file in ~/.bashrc)
  zsh   shunter completion zsh > FOLDER/_shunter
        (a folder of $fpath)
  fish  shunter completion fish > ~/.config/fish/completions/shunter.fish
""")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the shell, and the options that the scripts use."""
    parser.formatter_class = RawHelpFormatter
    parser.epilog = _EPILOG
    parser.usage = f"%(prog)s [-h] [{OPTION} L] {{{','.join(_SHELLS)}}}"
    either = parser.add_mutually_exclusive_group(required=True)
    either.add_argument("shell", nargs="?", choices=_SHELLS, help=_("which shell the script is for"))
    either.add_argument("--list", choices=_LISTED.values(), help=argparse.SUPPRESS)
    parser.add_argument("--bash", metavar="TYPED", help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Print the script, or what completes an argument, and return the exit status."""
    if args.list:
        try:
            values = list(_values(args.list))
        except Exception:  # noqa: BLE001 - nothing may be printed between the keys that a person types
            return 1
        for value in values if args.bash is None else _in_bash(values, args.bash):
            print(value)
        return 0
    import shtab

    parser = args.whole_parser()
    for action in _actions(parser):
        if action.dest in _FIXED:
            action.choices = _FIXED[action.dest]
        elif action.dest in _LISTED:
            action.complete = _completer(_LISTED[action.dest])  # type: ignore[attr-defined]
    print(shtab.complete(parser, args.shell))
    return 0


def _values(kind: str) -> Iterable[str]:
    """Return what completes an argument. This asks no keyring, and writes nothing."""
    match kind:
        case "profiles":
            return (profile.name for profile in keys.profiles())
        case "favourites":
            from tui.favourites import favourites

            return (favourite.name for favourite in favourites().usable)
        case _:
            return filter(as_name, recorded_assets())


def _in_bash(names: Iterable[str], typed: str) -> Iterator[str]:
    """Yield the names that begin as the word that is being typed, quoted like it: bash inserts them as they are."""
    quote = typed[:1] if typed[:1] in ("'", '"') else ""
    for name in names:
        if quote == "'":
            quoted = name.replace("'", r"'\''")
        elif quote:
            quoted = re.sub(r'(["$`\\])', r"\\\1", name)
        else:
            quoted = re.sub(r"([^\w./-])", r"\\\1", name)
        is_history = quote == '"' and "!" in name  # in double quotes, bash replaces what begins with "!"
        if f"{quote}{quoted}".startswith(typed) and not is_history:
            yield quoted


def _completer(kind: str) -> dict[str, str | dict[str, str]]:
    """Return how each shell asks for values. No shell evaluates the answer."""
    command = f"command shunter completion --list {kind}"
    quietly = "2>/dev/null </dev/null"
    function = f"_shunter_{kind}"
    return {
        "bash": function,
        "zsh": function,
        "fish": f"({command} {quietly})",
        "preamble": {
            "bash": f'{function}() {{\n  {command} --bash="$1" {quietly}\n}}',
            "zsh": f'{function}() {{\n  local -a values=(${{(f)"$({command} {quietly})"}})\n'
            '  compadd "$@" -a values\n}',
        },
    }


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Yield every argument of a parser and of its commands."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _actions(command)

"""`shunter <TAB>` in real shells: what it completes, and that no shell runs a part of a name."""

import contextlib
import shlex
import shutil
from decimal import Decimal
from pathlib import Path

import pytest
import tomlkit

from tests.evidence import begin_anyway
from tests.terminal.conftest import Environment, OpenPty
from tui import clock
from tui.domain.transfer import Sending, TransferRequest
from tui.domain.wallets import TransferType
from tui.journal import Journal

_SHELLS = {
    "bash": ("bash --norc --noprofile", "PS1='ready> '; shunter completion bash > script; source ./script"),
    "zsh": (
        "zsh --no-rcs",
        "PS1='ready> '; shunter completion zsh > _shunter; fpath=($PWD $fpath); autoload -U compinit; compinit -u -D",
    ),
    "fish": (
        "fish --no-config",
        "function fish_prompt; echo 'ready> '; end; shunter completion fish > it.fish; source it.fish",
    ),
}
"""How each is opened without the files of a person, and given the script."""

_RUNS = "$(touch ran)`touch ran`"
_FAVOURITES = ("evening sweep", _RUNS, 'it\'s "50%"; touch ran', "a\\b!1")

_TYPED = {
    "ho": "<holdings>",
    "journal --from i": "<journal><--from><isolated>",
    "journal --asset D": "<journal><--asset><DOGE>",
    "keys check ma": "<keys><check><main-2>",
    "--favourite ev": "<--favourite><evening sweep>",
    "--favourite \\$": f"<--favourite><{_RUNS}>",
    '--favourite "ev': "<--favourite><evening sweep>",
    "--favourite '$": f"<--favourite><{_RUNS}>",
    "--favourite it": f"<--favourite><{_FAVOURITES[2]}>",
    "--favourite a": f"<--favourite><{_FAVOURITES[3]}>",
}
"""What is typed before Tab, and the arguments that Shunter then gets."""


@pytest.fixture
def person(tmp_path: Path, environment: Environment, shunter: list[str]) -> Environment:
    """Return the environment of a person with a key, favourites and a journal. Their `shunter` prints its arguments,
    unless it is asked for what completes them.
    """
    program = tmp_path / "bin/shunter"
    program.parent.mkdir()
    complete = f'[ "$1" = completion ] && exec {shlex.join(shunter)} "$@"'
    program.write_text(f'#!/bin/sh\n{complete}\nprintf "<%s>" "$@"\necho\n')
    program.chmod(0o755)
    config = tmp_path / ".config/shunter"
    config.mkdir(parents=True)
    moves = [{"name": name, "from": "spot", "to": "um", "asset": "USDT"} for name in _FAVOURITES]
    (config / "favourites.toml").write_text(tomlkit.dumps({"favourite": moves}))
    key = '{"name": "main-2", "kind": "hmac", "base_url": "https://api.binance.com", "tail": "abcd"'
    (config / "profiles.json").write_text(f'{{"profiles": [{key}, "added_at": "2026-11-24T12:00:00Z"}}]}}')
    journal = tmp_path / ".local/state/shunter/journal.sqlite3"
    with contextlib.closing(Journal.open(journal)) as opened:
        request = TransferRequest(TransferType.MAIN_FUNDING, "DOGE", Decimal(5))
        now = clock.wall_ms()
        begin_anyway(opened, Sending(request, "main-2", "abcd", "print", "https://api.binance.com", now, 20, 5000))
    return environment | {"PATH": f"{program.parent}:{environment['PATH']}"}


@pytest.mark.parametrize("shell", _SHELLS)
def test_tab_completes_commands_and_names_and_runs_nothing(
    shell: str, person: Environment, open_pty: OpenPty, tmp_path: Path
) -> None:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    command, install = _SHELLS[shell]
    terminal = open_pty(shlex.split(command), person)
    terminal.type(f"cd {shlex.quote(str(tmp_path))}; {install}; echo is read\r")
    terminal.wait_for("\nis read", "\nready>")
    terminal.type("shunter \t\t")
    terminal.wait_for("completion", "holdings", "journal", "reconcile", "simulate")
    terminal.type("\x03")
    terminal.wait_until(lambda screen: screen.rstrip().endswith("\nready>"))
    for typed, arguments in _TYPED.items():
        terminal.type(f"shunter {typed}\t\r")
        terminal.wait_for(f"\n{arguments}")
        terminal.type("clear\r")
        terminal.wait_until(lambda screen: screen.split() == ["ready>"])
    assert not (tmp_path / "ran").exists()

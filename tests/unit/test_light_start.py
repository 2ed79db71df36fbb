"""What is loaded when: nobody waits for what is not needed yet."""

import os
import subprocess
import sys
import tempfile

import pytest

_HEAVY = {"textual", "rich", "httpx", "starlette", "uvicorn", "cryptography", "keyring", "sqlite3", "click", "pygments"}
_HEAVY |= {"asyncio", "importlib.metadata", "shtab"}
_HEAVY |= {"tomllib", "tui.desk.browse"}  # what F7 and F3 bring
"""What takes time to import, or to keep in memory."""

_LOADED_BY_A_COMMAND = f"""
import sys
from tui import cli
try:
    cli.main(sys.argv[1:])
finally:
    print("loaded:", *{_HEAVY} & sys.modules.keys())
"""

_LOADED_BY_THE_FIRST_SCREEN = f"""
import asyncio, sys
from tui.app.app import ShunterApp
from tui.app.opening import Start
from tui.screens.main import MainScreen

async def main():
    app = ShunterApp(Start(demo=True))
    display = app._display
    def displayed(screen, renderable):
        if isinstance(screen, MainScreen) and screen.query("TransferForm"):
            print("loaded:", *{_HEAVY} & sys.modules.keys())
            sys.stdout.flush()
            app._display = display
        display(screen, renderable)
    app._display = displayed
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()

asyncio.run(main())
"""


def _loaded(code: str, *arguments: str) -> set[str]:
    with tempfile.TemporaryDirectory() as home:  # of a person who has no key yet
        own = {f"XDG_{kind}_HOME": home for kind in ("CONFIG", "DATA", "STATE", "CACHE")}
        command = [sys.executable, "-c", code, *arguments]
        told = subprocess.run(command, env=os.environ | own, capture_output=True, text=True, check=False)
    assert "loaded:" in told.stdout, told.stderr
    return set(told.stdout.partition("loaded:")[2].splitlines()[0].split())


@pytest.mark.parametrize(
    ("command", "loaded"),
    [
        ("--version", {"sqlite3", "importlib.metadata"}),
        ("routes", {"sqlite3"}),
        ("journal", {"sqlite3"}),
        ("favourites", {"sqlite3", "tomllib"}),
        ("holdings --help", {"sqlite3"}),
        ("completion --list profiles", {"sqlite3"}),
        ("completion --list favourites", {"sqlite3", "tomllib"}),
        ("completion --list assets", {"sqlite3"}),
        ("keys list", {"sqlite3", "keyring", "importlib.metadata", "cryptography"}),  # keyring brings all its backends
    ],
)
def test_a_light_command_loads_what_it_needs(command: str, loaded: set[str]) -> None:
    assert _loaded(_LOADED_BY_A_COMMAND, *command.split()) <= loaded


def test_first_screen_is_up_before_anything_is_asked() -> None:
    assert _loaded(_LOADED_BY_THE_FIRST_SCREEN) == {"textual", "rich", "asyncio", "sqlite3"}

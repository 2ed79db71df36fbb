"""Waiting for what a person would see, never for a time."""

import asyncio
import re
from collections.abc import Callable
from typing import Any

from textual._context import visible_screen_stack
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Label

from tests.waiting import LIMIT_S
from tui.demo.exchange import DemoExchange
from tui.demo.faults import Fault, Reply
from tui.domain.transfer import Transfer
from tui.domain.wallets import Wallet
from tui.language import _
from tui.screens.entry import EntryScreen
from tui.screens.main import MainScreen
from tui.screens.review import ReviewScreen
from tui.widgets.entry_table import EntryTable
from tui.widgets.facts import Facts
from tui.widgets.message_line import MessageLine
from tui.widgets.wallet_list import WalletList


async def until(pilot: Pilot[bool], condition: Callable[[], bool]) -> None:
    """Let the app work until something holds, and is on the screen; fail when it does not come to hold."""
    try:
        async with asyncio.timeout(LIMIT_S):
            while not condition():  # noqa: ASYNC110 - nobody sets an event
                await asyncio.sleep(0.02)  # a pause of the pilot's has each widget say that it is idle
    except TimeoutError:
        raise AssertionError(f"waited in vain at {pilot.app.screen_stack}:\n{screen_text(pilot)}") from None
    await pilot.pause()


async def until_open(pilot: Pilot[bool]) -> MainScreen:
    """Wait for the main screen with the wallets read."""
    await until(pilot, lambda: isinstance(pilot.app.screen, MainScreen))
    main = pilot.app.screen
    assert isinstance(main, MainScreen)
    await until(pilot, lambda: not any(figure(main, wallet).endswith("...") for wallet in Wallet))
    return main


def figure(main: MainScreen, wallet: Wallet) -> str:
    """The line of a wallet in the list of sources."""
    return wallet_line(main.query_one("#from", WalletList), wallet)


def wallet_line(wallets: WalletList, wallet: Wallet) -> str:
    """The line of a wallet in a list."""
    return str(wallets.render()).split("\n")[1 + list(Wallet).index(wallet)].rstrip()


def message(main: MainScreen) -> str:
    """The lines above the keys."""
    return str(main.query_one(MessageLine).render()).strip()


async def until_screen(pilot: Pilot[bool], kind: type[Screen[Any]]) -> None:
    """Wait for a screen to be the one on top, and laid out."""
    await until(pilot, lambda: isinstance(pilot.app.screen, kind) and pilot.app.screen.is_mounted)
    await pilot.pause()


async def review(pilot: Pilot[bool]) -> None:
    """Open the review and wait until it can send."""
    await pilot.press("f2")
    await until_screen(pilot, ReviewScreen)
    await until(pilot, lambda: _("Connecting...     Esc  Back") != words(pilot, "#review-ask"))
    await pilot.pause()


def part(text: str) -> str:
    """The longest part of a text that nothing is filled into."""
    return max(re.split(r"{\w+}", text), key=len).strip()


def is_reading(pilot: Pilot[bool]) -> bool:
    """Whether the screen says of a balance that it is being read."""
    return any(_(text) in screen_text(pilot) for text in ("reading...", "reading wallets..."))


def words(pilot: Pilot[bool], selector: str) -> str:
    """What a label on the screen says."""
    return str(pilot.app.screen.query_one(selector, Label).content)


def facts(pilot: Pilot[bool]) -> dict[str, str]:
    """What a dialog says, by the name of each fact, as in a narrow terminal."""
    shown = pilot.app.screen.query(Facts)
    return {fact.name: shown.first().value(fact.name) for fact in shown.first().facts if fact.name} if shown else {}


def picture(pilot: Pilot[bool]) -> str:
    """What stands on the screen, as a person reads it."""
    visible_screen_stack.set(pilot.app._background_screens)  # or what it draws, and keeps, has nothing below a dialog
    return "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())


def screen_text(pilot: Pilot[bool]) -> str:
    """All that the screen says: in labels, in sight or not, and in what is drawn."""
    labels = "\n".join(str(label.content) for label in pilot.app.screen.query(Label))
    values = "\n".join(fact.value for shown in pilot.app.screen.query(Facts) for fact in shown.facts)
    return f"{labels}\n{values}\n{picture(pilot)}"


_NAMES = ("time", "move", "amount", "tranId", "outcome")


def rows(main: MainScreen) -> list[list[str]]:
    """The list of transfers as text: time, move, amount, tranId, outcome."""
    table = main.query_one("#transfers", EntryTable)
    columns = [column for name in _NAMES for column in table.columns if column.name == name]
    return [[column.text(entry, table._in_use).strip("! ") for column in columns] for entry in table.entries]


async def review_after_a_failure(pilot: Pilot[bool], main: MainScreen, exchange: DemoExchange) -> None:
    """Open the review while the exchange does not tell its time, and have it get ready once more when it does."""
    main.desk.client.clock = None
    no_time = Fault(method="GET", path="/api/v3/time", executes=False, answer=Reply(502, b""), times=None)
    exchange.faults.append(no_time)
    await pilot.press("f2")
    await until_screen(pilot, ReviewScreen)
    await until(pilot, lambda: "Try again" in words(pilot, "#review-ask"))
    exchange.faults.remove(no_time)
    await pilot.press("y")


def newest(main: MainScreen) -> Transfer:
    """The newest transfer of the journal."""
    return next(main.desk._journal.transfers(newest_first=True))


async def send(pilot: Pilot[bool]) -> None:
    """Review what is in the form, send it, and wait for the result."""
    await review(pilot)
    await pilot.press("y")
    await until_screen(pilot, EntryScreen)


def below(pilot: Pilot[bool]) -> str:
    """What the lines above the keys say, without line breaks; empty if the screen has none."""
    return " ".join(" ".join(str(line.render()) for line in pilot.app.screen.query(MessageLine)).split())

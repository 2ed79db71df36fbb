"""What the frame relies on in Textual, and what it does if that is missing or others write to the terminal."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from textual import events
from textual.app import App, ComposeResult
from textual.driver import Driver
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input, Static

from tests.mirror import Mirror
from tests.waiting import LIMIT_S
from tui.app.terminal_app import Terminal
from tui.frame import driver as framed


class SmallApp(App[None]):
    """A text and an input."""

    def compose(self) -> ComposeResult:
        yield Static("word", id="word")
        entry = Input()
        entry.cursor_blink = False
        yield entry

    def _build_driver(self, headless: bool, inline: bool, mouse: bool, size: tuple[int, int] | None) -> Driver:
        self.mirror = self._driver = Mirror(self, mouse=mouse, size=size)
        return self.mirror


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> SmallApp:
    monkeypatch.setattr("sys.__stdin__", sys.__stdout__)  # pytest has no input
    return SmallApp()


def test_textual_still_has_what_is_relied_on() -> None:
    assert framed._is_as_expected(App())


@pytest.mark.parametrize("name", ["_batch_count", "_sync_available"])
def test_a_textual_without_it_writes_by_itself(name: str) -> None:
    app = App[None]()
    delattr(app, name)
    assert not framed._is_as_expected(app)


async def until(pilot: Pilot[None], condition: Callable[[], bool]) -> None:
    """Let the app work until a condition holds."""
    async with asyncio.timeout(LIMIT_S):
        while not condition():
            await pilot.pause()


async def test_a_textual_that_draws_in_another_way_writes_by_itself(
    app: SmallApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with app.run_test() as pilot:
        monkeypatch.setattr(framed, "_draw_chops", lambda frame, update: update.missing)
        app.query_one("#word", Static).update("other")
        await until(pilot, lambda: not app.mirror.has_frame)
        assert app.mirror.line.writes[-1] == "\x1b[m"
        assert app._display.__func__ is App._display  # type: ignore[attr-defined]


async def test_what_others_write_is_painted_over(app: SmallApp) -> None:
    async with app.run_test() as pilot:
        await until(pilot, app.mirror.is_right)
        app.mirror.write("\x1b[3;3Hforeign")
        assert not app.mirror.is_right()
        await pilot.press("x")
        await until(pilot, app.mirror.is_right)


async def test_ctrl_l_paints_everything(app: SmallApp) -> None:
    async with app.run_test() as pilot:
        await until(pilot, app.mirror.is_right)
        app.mirror.framed.feed(b"\x1b[3;3Hunseen by the program")
        assert not app.mirror.is_right()
        app.mirror.process_message(events.Key("ctrl+l", None))
        await until(pilot, app.mirror.is_right)


async def test_nothing_is_written_where_nothing_changes(app: SmallApp) -> None:
    async with app.run_test() as pilot:
        await until(pilot, app.mirror.is_right)
        writes, compared = len(app.mirror.line.writes), app.mirror.compared
        app.screen.refresh()
        await until(pilot, lambda: app.mirror.compared > compared)
        assert len(app.mirror.line.writes) == writes


async def test_what_may_come_in_pieces_is_one_picture_where_the_terminal_knows_how(app: SmallApp) -> None:
    async with app.run_test(size=(200, 60)) as pilot:
        app._sync_available = True
        app.query_one("#word", Static).update("\n".join(f"{n:08}" * 20 for n in range(40)))
        await until(pilot, lambda: "00000039" in app.mirror.framed.display[39])
        large = app.mirror.line.writes[-1]
        assert large.startswith("\x1b[?2026h")
        assert large.endswith("\x1b[?2026l")
        await pilot.press("x")
        await until(pilot, lambda: app.mirror.line.writes[-1] != large)
        assert "2026" not in app.mirror.line.writes[-1]


class Alone(Mirror):
    """Compares with nothing: Textual itself leaves half of a wide character blank."""

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        Terminal._display(self, screen, renderable)


class CoveredApp(SmallApp):
    """A line of wide characters, and something over a part of it that ends in the middle of one."""

    CSS = "Screen { layers: below above; } #above { layer: above; width: 7; offset: 4 0; position: absolute; }"

    def compose(self) -> ComposeResult:
        yield Static("输入数量，例如 12.5")
        yield Static("USDT", id="above")

    def _build_driver(self, headless: bool, inline: bool, mouse: bool, size: tuple[int, int] | None) -> Driver:
        self.mirror = self._driver = Alone(self, mouse=mouse, size=size)
        return self.mirror


@pytest.mark.usefixtures("app")
async def test_a_wide_character_is_whole_again_when_nothing_is_over_it() -> None:
    app = CoveredApp()
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.mirror.framed.display[0].rstrip() == "输入USDT    如 12.5")
        for _ in range(5):  # until all of the app has been drawn
            await pilot.pause()
        app.query_one("#above").styles.width = 4
        await until(pilot, lambda: app.mirror.framed.display[0].rstrip() == "输入USDT，例如 12.5")


async def test_the_pointer_is_told_its_shape_only_when_that_is_another(app: SmallApp) -> None:
    async with app.run_test():
        text, default = "\x1b]22;text\x07", "\x1b]22;default\x07"
        before = len(app.mirror.line.writes)
        for shape in (default, text, text, default, default):
            app.mirror.write(shape)
        assert app.mirror.line.writes[before:] == [text, default]


HARMLESS = (
    "",
    "\x07",
    "\x1b[?1000h\x1b[?1002h",
    "\x1b]22;pointer\x07",
    "\x1b]52;c;eA==\x07",
    "\x1bPtmux;\x1b\x1b]52;c;eA==\x07\x1b\\",
    "\x1bP\x1b]52;c;eA==\x07\x1b\\",
    "\x1b[?2026$p",
    "\x1b[<u",
)
HARMFUL = ("x", "\x1b[2J", "\x1b[1;1H", "\x1b[31m", "\x1bc", "\x1b[?25l\n", "\x1bP\x1b\\x")


@pytest.mark.parametrize(("data", "is_harmless"), [(d, True) for d in HARMLESS] + [(d, False) for d in HARMFUL])
def test_what_changes_no_cell_is_let_past(data: str, is_harmless: bool) -> None:
    assert bool(framed._CHANGES_NO_CELL.fullmatch(data)) == is_harmless


@pytest.mark.parametrize(
    ("environment", "erases"),
    [
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "linux"}, True),
        ({"TERM": "screen-256color"}, False),
        ({"TERM": "screen", "TMUX": "/tmp/tmux,1,0"}, True),
        ({"TERM": "xterm", "STY": "1.pts"}, False),
        ({"TERM": "no-such-terminal"}, False),
    ],
)
def test_terminal_is_known_to_erase_in_colour_or_not(environment: dict[str, str], erases: bool) -> None:
    asked = "from tui.frame.driver import _erases_in_colour; print(_erases_in_colour())"
    path = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    said = subprocess.run(
        [sys.executable, "-c", asked], env=path | environment, capture_output=True, text=True, check=True
    )
    assert said.stdout == f"{erases}\n"

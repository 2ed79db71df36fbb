"""Whatever is typed, answered and resized, the terminal shows what it would show without the frame."""

import asyncio
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.driver import Driver
from textual.geometry import Size

from tests.examples import one_in
from tests.mirror import Mirror
from tests.screens.waiting import until_open
from tui.app.app import ShunterApp
from tui.app.opening import Start
from tui.demo.exchange import DemoExchange
from tui.demo.faults import Cut, Fault, Reply
from tui.domain.transfer import Draft
from tui.domain.wallets import Wallet
from tui.structs import replace

_KEYS = (
    *("tab", "shift+tab", "up", "down", "home", "end", "enter", "escape", "backspace", "pagedown"),
    *("f1", "f2", "f3", "f4", "f5", "ctrl+x", "ctrl+l", "ctrl+p", "ctrl+t", "y", "y", "1", "2", "4", "7", ".", "m"),
)
_REFUSAL = b'{"code":-3041,"msg":"Balance is not enough. \\u754c e\\u0301"}'
_FAULTS = (
    None,
    Fault(executes=False, answer=Reply(400, _REFUSAL)),
    Fault(answer=Reply(502)),
    Fault(answer=Cut.CLOSE),
)
keys = st.lists(st.sampled_from(_KEYS), min_size=1, max_size=6)
sizes = st.sampled_from([Size(80, 24), Size(120, 40), Size(61, 17), Size(50, 10), Size(81, 24)])
deeds = st.lists(st.one_of(keys, keys, st.just(["f2", "y", "escape"]), sizes), min_size=1, max_size=6)


class MirroredApp(ShunterApp):
    """The app in those two terminals."""

    def _build_driver(self, headless: bool, inline: bool, mouse: bool, size: tuple[int, int] | None) -> Driver:
        self.mirror = self._driver = Mirror(self, mouse=mouse, size=size)
        return self.mirror


@one_in(30)
@given(
    colours=st.sampled_from(["truecolor", "256", "standard"]),
    term=st.sampled_from(["xterm", "vt220"]),  # one that erases in colour, and one of which that is not known
    fault=st.sampled_from(_FAULTS),
    deeds=deeds,
)
def test_picture_is_the_one_without_the_frame(
    colours: str, term: str, fault: Fault | None, deeds: list[list[str] | Size], monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange = DemoExchange()
    if fault:
        exchange.faults.append(replace(fault))
    monkeypatch.setattr("tui.demo.exchange.DemoExchange", lambda *, earlier: exchange)
    monkeypatch.setattr("textual.constants.COLOR_SYSTEM", colours)
    monkeypatch.setattr("tui.frame.driver._erases_in_colour", lambda: term == "xterm")
    monkeypatch.setattr("sys.__stdin__", sys.__stdout__)  # pytest has no input

    draft = Draft(Wallet.SPOT, Wallet.FUNDING, asset="USDT", amount="1")
    start = Start(demo=True, draft=draft, has_few_colours=colours == "standard")

    async def person() -> None:
        app = MirroredApp(start)
        async with app.run_test(size=(80, 24)) as pilot:
            for terminal in (app.mirror.framed, app.mirror.unframed):
                terminal.erases_in_colour = term == "xterm"
            await until_open(pilot)
            for deed in deeds:
                if isinstance(deed, Size):
                    app.mirror.resize(deed)
                else:
                    await pilot.press(*deed)
                await pilot.pause()
            assert app.mirror.compared
            assert app.mirror.has_frame

    asyncio.run(person())

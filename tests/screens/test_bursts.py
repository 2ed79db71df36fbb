"""Over a slow line many keys arrive at once: they mean what they mean one by one."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual.pilot import Pilot

from tests.examples import one_in
from tests.screens.waiting import facts, until_open
from tui.app.app import ShunterApp
from tui.app.opening import Start
from tui.domain.transfer import Draft
from tui.screens.main import MainScreen
from tui.widgets.form_field import FormField
from tui.widgets.transfer_form import TransferForm

TEXT = list("USDTBCH0125.mqbx")
EDITING = ["backspace", "delete", "left", "right", "shift+left", "home", "end", "ctrl+u", "ctrl+w", "ctrl+a", "ctrl+e"]
MOVING = ["tab", "shift+tab", "up", "down", "escape", "ctrl+x", "ctrl+o"]
KEYS = st.lists(st.one_of(*(st.sampled_from(keys) for keys in (TEXT, TEXT, EDITING, MOVING))), min_size=4, max_size=40)
STARTS = st.sampled_from([[], ["4"], ["4", "4"], ["tab", "tab"], ["ctrl+o", "m"], ["5", "tab", "tab"]])
REVIEW = st.sampled_from([[], ["enter"], ["f2"], ["ctrl+r"]])

Press = Callable[[Pilot[bool], list[str]], Awaitable[None]]


def state(pilot: Pilot[bool]) -> dict[str, object]:
    """All that the keys can have changed, and what would be sent."""
    main = next(screen for screen in pilot.app.screen_stack if isinstance(screen, MainScreen))
    form = main.query_one(TransferForm)
    return {
        "screen": type(pilot.app.screen).__name__,
        "wallets": (form.draft.source, form.draft.destination),
        "fields": [(field.text, field.entry.cursor_position) for field in form.query(FormField)],
        "focus": main.focused and (main.focused.id or [type(node).__name__ for node in main.focused.ancestors][:2]),
        "facts": facts(pilot),
    }


async def one_by_one(pilot: Pilot[bool], keys: list[str]) -> None:
    for key in keys:
        await pilot.press(key)
        await pilot.pause()


async def at_once(pilot: Pilot[bool], keys: list[str]) -> None:
    for key in keys:
        pilot.app.post_message(events.Key(key, key if len(key) == 1 else None))
    for _ in range(5):
        await pilot.pause()


async def typed(press: Press, start: list[str], keys: list[str]) -> dict[str, object]:
    """What comes of keys in a new app."""
    app = ShunterApp(Start(demo=True, draft=Draft()))
    async with app.run_test(size=(80, 24)) as pilot:
        await until_open(pilot)
        await one_by_one(pilot, start)
        await press(pilot, keys)
        return state(pilot)


@one_in(60)
@given(start=STARTS, keys=KEYS, review=REVIEW)
def test_keys_at_once_mean_what_they_mean_one_by_one(
    start: list[str], keys: list[str], review: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.widgets.balance_refresher._SETTLED_S", 3600)
    slow, fast = (asyncio.run(typed(press, start, [*keys, *review])) for press in (one_by_one, at_once))
    assert fast == slow

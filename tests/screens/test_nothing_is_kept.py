"""A screen that was left leaves nothing behind, however often it is opened."""

import gc
from collections import Counter
from collections.abc import Callable

import pytest
from textual.strip import Strip
from textual.widget import Widget

from tests.screens.waiting import until, until_open
from tui.app.app import ShunterApp

_ROUNDS = 12
_FEW_A_ROUND = 2
"""Fewer widgets than any screen has: one that was just left may still be there."""
_STRIPS_OF_A_SCREEN = 300
"""What one screen's widgets keep of their drawn lines, with room to spare."""


def _kept() -> tuple[int, int]:
    """How many widgets there are, and how many drawn lines."""
    gc.collect()
    kinds = Counter(Widget if isinstance(kept, Widget) else type(kept) for kept in gc.get_objects())
    return kinds[Widget], kinds[Strip]


@pytest.mark.parametrize("keys", ["f3 q f5", "f6 escape f5", "f1 escape", "f4 escape", "f2 escape", "ctrl+p escape"])
async def test_screen_that_was_left_is_gone(demo_app: Callable[..., ShunterApp], keys: str) -> None:
    async with demo_app(asset="USDT", amount="1").run_test(size=(80, 24)) as pilot:
        at_first = len(pilot.app.screen_stack)

        async def rounds(count: int) -> None:
            for _ in range(count):
                for key in keys.split():
                    await pilot.press(key)
                    await pilot.pause()
                await until(pilot, lambda: len(pilot.app.screen_stack) == at_first)

        def is_as_before(widgets_now: int, strips_now: int) -> bool:
            is_few = widgets_now < widgets + _FEW_A_ROUND * _ROUNDS
            return is_few and strips_now <= strips + _STRIPS_OF_A_SCREEN

        await until_open(pilot)
        await rounds(2)
        widgets, strips = _kept()
        await rounds(_ROUNDS)
        # What a worker still holds of the last screens goes with it.
        await until(pilot, lambda: is_as_before(*_kept()))

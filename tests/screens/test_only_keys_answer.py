"""What does something for good takes its key alone: no command by name, and no click."""

from collections.abc import Callable

from textual import events

from tests.screens.waiting import review, screen_text, until, until_open
from tui.app.app import ShunterApp
from tui.screens.review import ReviewScreen


async def test_the_command_palette_does_not_send(demo_app: Callable[..., ShunterApp]) -> None:
    app = demo_app(asset="USDT", amount="7.25")
    async with app.run_test() as pilot:
        await until_open(pilot)
        await review(pilot)
        assert not {"Send", "Send another"} & {command.title for command in app.get_system_commands(app.screen)}


async def test_a_full_width_letter_sends_nothing_and_is_named(demo_app: Callable[..., ShunterApp]) -> None:
    app = demo_app(asset="USDT", amount="7.25")
    async with app.run_test() as pilot:
        await until_open(pilot)
        await review(pilot)
        app.screen.post_message(events.Key("fullwidth_latin_small_letter_y", "ｙ"))
        await until(pilot, lambda: "ｙ is full-width. Switch the input method, then press y." in screen_text(pilot))
        assert isinstance(app.screen, ReviewScreen)

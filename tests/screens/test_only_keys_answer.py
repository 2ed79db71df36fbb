"""What does something for good takes its key alone: no command by name, and no click."""

from collections.abc import Callable

from tests.screens.waiting import review, until_open
from tui.app import ShunterApp


async def test_the_command_palette_does_not_send(demo_app: Callable[..., ShunterApp]) -> None:
    app = demo_app(asset="USDT", amount="7.25")
    async with app.run_test() as pilot:
        await until_open(pilot)
        await review(pilot)
        assert not {"Send", "Send another"} & {command.title for command in app.get_system_commands(app.screen)}

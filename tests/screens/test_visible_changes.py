"""Nothing that a person types, pastes or clicks changes the move unseen, and the review shows what is in the form."""

import asyncio
import re
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual.pilot import Pilot

from tests.examples import one_in
from tests.screens.waiting import facts, picture, until, until_open
from tui.app.app import ShunterApp
from tui.app.opening import Start
from tui.domain.transfer import Draft, parse_transfers
from tui.screens.main import MainScreen
from tui.screens.review import ReviewScreen

WIDTH, HEIGHT = 80, 24
TYPED = [*"12345678mthqb.0usdtc"]
PRESSED = ["tab", "shift+tab", "up", "down", "left", "right", "home", "end", "enter", "escape", "backspace"]
COMMANDS = ["ctrl+u", "ctrl+x", "ctrl+o", "f2", "f5", "f6"]
KEYS = st.sampled_from(TYPED + PRESSED + COMMANDS)
PASTES = st.sampled_from(["USDT", "1,250.00", "usdt1", "all but 5", "12.5", "BTCUSDT", "5\t1\r", "m"]).map(events.Paste)
CLICKS = st.tuples(st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1))
STEPS = st.lists(st.one_of(KEYS, KEYS, KEYS, PASTES, CLICKS), min_size=3, max_size=25)


def shown(lines: list[str]) -> tuple[str, str, str, str]:
    """Source, destination, asset and amount as a person reads them off the main screen."""
    wallets = lines[2:10]
    left = [line[3:39] for line in wallets if line.startswith(">")]
    right = [line[44:80] for line in wallets if line[41:42] == ">"]
    assert len(left) == len(right) == 1
    (fields,) = (line for line in lines if line.startswith(" Asset ") and " Amount " in line)
    return left[0], right[0], fields[10:37].strip(), re.sub(r"  (of|=) .*", "", fields[50:79]).strip()


def is_shown(draft: Draft, lines: list[str]) -> bool:
    """Whether a picture of the main screen says all of it."""
    source, destination, asset, amount = shown(lines)
    return (
        source.startswith(draft.source.label)
        and destination.startswith((draft.destination.label, f"{draft.destination.short_label:<9} via Spot"))
        and asset == (draft.asset or "e.g. USDT")
        and amount == (draft.amount.strip() or "e.g. 12.5")
    )


async def do(pilot: Pilot[bool], step: object) -> None:
    if isinstance(step, events.Paste):
        pilot.app.post_message(events.Paste(step.text))
    elif isinstance(step, tuple):
        await pilot.click(offset=step)
    else:
        await pilot.press(str(step))
    await pilot.pause()


@one_in(40)
@given(steps=STEPS)
def test_whatever_changes_the_move_is_seen_and_the_review_shows_the_same(steps: list[object]) -> None:
    async def person() -> None:
        app = ShunterApp(Start(demo=True))
        async with app.run_test(size=(WIDTH, HEIGHT)) as pilot:
            main = await until_open(pilot)
            before = main.draft
            for step in steps:
                await do(pilot, step)
                top = app.screen
                if isinstance(top, ReviewScreen):
                    await until(pilot, lambda: "From" in facts(pilot))
                    (request,) = parse_transfers(main.draft)
                    said = facts(pilot)
                    assert said["Type"] == request.type.name
                    amount, asset = said["Amount"].split(" ")
                    assert (Decimal(amount.replace(",", "")), asset) == (request.amount, request.asset)
                    await pilot.press("escape")
                    await until(pilot, lambda: isinstance(app.screen, MainScreen))
                elif isinstance(top, MainScreen):
                    draft = main.draft
                    await until(pilot, lambda: is_shown(main.draft, picture(pilot).split("\n")))
                    before = draft
                else:
                    assert main.draft == before, f"{step} changed the form below {type(top).__name__}"

    asyncio.run(person())

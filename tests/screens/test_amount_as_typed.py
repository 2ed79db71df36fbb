"""The amount is what was typed, of what it was typed for; or it is not reviewed."""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot

from tests.examples import one_in
from tests.screens.waiting import picture, until, until_open, until_screen
from tests.unit.test_keys_of_terminals import encodings
from tui.app.app import ShunterApp
from tui.app.opening import Start
from tui.domain.balances import Balances
from tui.domain.transfer import Draft, Field
from tui.domain.wallets import Wallet
from tui.screens.review import ReviewScreen
from tui.terminal.input import InputDriver
from tui.terminal.tokens import Token, TokenKind
from tui.widgets.form_field import FormField
from tui.widgets.transfer_form import TransferForm

AppMaker = Callable[..., ShunterApp]
SEQUENCES = [
    (character, form) for character in "0123456789.," for all_ in encodings(character).values() for form in all_
]
LOST = ["\x1b[57500u", "\x1b[E", "\x1b[46;2u", "\x1b[46;7u", "\x1b[53;9u"]
KEYS = st.one_of(st.sampled_from(SEQUENCES), st.sampled_from(SEQUENCES), st.sampled_from([("", lost) for lost in LOST]))


async def come_in(pilot: Pilot[bool], sequences: list[str]) -> None:
    """Have the app take what a driver makes of sequences."""
    driver = InputDriver(pilot.app)
    for sequence in sequences:
        for message in driver._messages(Token(TokenKind.KEY if len(sequence) == 1 else TokenKind.SEQUENCE, sequence)):
            pilot.app.post_message(message)
    for _ in range(3):
        await pilot.pause()


@one_in(25)
@given(keys=st.lists(KEYS, min_size=1, max_size=8))
def test_what_is_in_the_field_is_what_was_typed_or_the_review_does_not_open(
    keys: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.__stdin__", __import__("sys").__stdout__)  # pytest has no input
    typed = "".join(character for character, _ in keys)

    async def look() -> None:
        app = ShunterApp(Start(demo=True, draft=Draft(asset="USDT")))
        async with app.run_test(size=(80, 24)) as pilot:
            main = await until_open(pilot)
            await pilot.press("ctrl+o", "m")
            await come_in(pilot, [sequence for _, sequence in keys])
            assert main.query_one(TransferForm).draft.amount == typed
            await pilot.press("f2")
            if any(not character for character, _ in keys):
                await until(pilot, lambda: "A key was not understood:" in picture(pilot))
                assert not isinstance(app.screen, ReviewScreen)

    asyncio.run(look())


CHANGES = {
    "another source": ["ctrl+o", "f", "2"],
    "another destination": ["ctrl+o", "t", "3"],
    "another asset": ["ctrl+o", "a", *"BTC"],
    "a way round": ["ctrl+x"],
}


@pytest.mark.parametrize("share", list("mthq"))
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_a_max_that_waits_is_not_filled_in_for_anything_else(
    demo_app: AppMaker, monkeypatch: pytest.MonkeyPatch, change: list[str], share: str
) -> None:
    app = demo_app(asset="USDT", source=Wallet.SPOT, destination=Wallet.FUNDING)
    async with app.run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        form = main.query_one(TransferForm)
        known, show_balances = form._balances, form.show_balances
        monkeypatch.setattr(form, "show_balances", lambda _: None)
        show_balances(Balances())  # as before the wallets are read
        await pilot.press("ctrl+o", "m", share, *change)
        assert form.draft.amount == ""
        show_balances(known)
        for _ in range(5):
            await pilot.pause()
        assert form.draft.amount == ""


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_all_but_so_much_that_waits_is_emptied_with_a_word(
    demo_app: AppMaker, monkeypatch: pytest.MonkeyPatch, change: list[str]
) -> None:
    app = demo_app(asset="USDT", source=Wallet.SPOT, destination=Wallet.FUNDING)
    async with app.run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        form = main.query_one(TransferForm)
        known, show_balances = form._balances, form.show_balances
        monkeypatch.setattr(form, "show_balances", lambda _: None)
        show_balances(Balances())
        await pilot.press("ctrl+o", "m", *"b50", *change)
        await until(pilot, lambda: "Emptied: all but 50" in picture(pilot))
        show_balances(known)
        assert form.draft.amount == ""


async def test_all_but_so_much_that_is_known_follows_the_source(demo_app: AppMaker) -> None:
    app = demo_app(asset="USDT", amount="all but 50", source=Wallet.SPOT, destination=Wallet.UM)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_open(pilot)
        await until(pilot, lambda: "= 1,200.00 USDT" in picture(pilot))
        await pilot.press("ctrl+o", "f", "2")
        await until(pilot, lambda: "= 30.00 USDT" in picture(pilot))


async def test_tab_goes_through_the_form_in_one_order(demo_app: AppMaker) -> None:
    app = demo_app(source=Wallet.ISOLATED, destination=Wallet.ISOLATED)
    async with app.run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        order = []
        for _ in range(7):
            focused = main.focused
            assert focused
            fields = [node.which for node in focused.ancestors if isinstance(node, FormField)]
            order.append(fields[0] if fields else focused.id)
            await pilot.press("tab")
        assert order == [
            Field.SOURCE,
            Field.FROM_PAIR,
            Field.DESTINATION,
            Field.TO_PAIR,
            Field.ASSET,
            Field.AMOUNT,
            "transfers",
        ]
        places = [main.query_one(f"#field-{which}").region for which in (Field.FROM_PAIR, Field.TO_PAIR)]
        assert places[0].y == places[1].y == main.query_one("#from").region.bottom


async def test_a_favourite_that_takes_all_waits_for_its_figure(demo_app: AppMaker) -> None:
    app = demo_app(asset="USDT", source=Wallet.SPOT, destination=Wallet.FUNDING, takes_all=True)
    async with app.run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        await until(pilot, lambda: main.query_one(TransferForm).draft.amount == "1250.00")
        await pilot.press("f2")
        await until_screen(pilot, ReviewScreen)

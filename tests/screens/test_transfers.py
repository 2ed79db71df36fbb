"""Making a transfer, from the form to the list, as a person at the keyboard does."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from textual import events
from textual.app import ComposeResult

from tests.evidence import ambiguous
from tests.gate import Gate
from tests.screens.waiting import (
    facts,
    figure,
    newest,
    picture,
    review,
    review_after_a_failure,
    rows,
    screen_text,
    send,
    until,
    until_open,
    until_screen,
    words,
)
from tui.app.app import ShunterApp
from tui.clock import ticks_ms
from tui.demo.exchange import DemoExchange
from tui.demo.faults import Fault, Reply
from tui.demo.history import Lag
from tui.desk.settle import Progress
from tui.domain.balances import Balances, Holdings
from tui.domain.entries import Entry
from tui.domain.transfer import Field, Outcome, Transfer
from tui.domain.wallets import Wallet
from tui.screens.entry import EntryScreen
from tui.screens.main import MainScreen
from tui.screens.review import ReviewScreen
from tui.structs import replace
from tui.widgets.entry_table import EntryTable
from tui.widgets.form_field import FormField
from tui.widgets.transfer_form import TransferForm

AppMaker = Callable[..., ShunterApp]

KINDS: dict[str, dict[str, Any]] = {
    "no pair": {"source": Wallet.SPOT, "destination": Wallet.FUNDING},
    "from pair": {"source": Wallet.ISOLATED, "destination": Wallet.SPOT, "from_pair": "BTCUSDT"},
    "to pair": {"source": Wallet.SPOT, "destination": Wallet.ISOLATED, "to_pair": "ETHUSDT"},
    "both pairs": {
        "source": Wallet.ISOLATED,
        "destination": Wallet.ISOLATED,
        "from_pair": "BTCUSDT",
        "to_pair": "ETHUSDT",
    },
}


def problem(main: MainScreen, which: Field) -> str:
    """What a field says is wrong with it."""
    form_field = main.query_one(f"#field-{which}", FormField)
    return form_field.problem


@pytest.mark.parametrize("kind", KINDS)
async def test_a_transfer_of_each_kind_goes_through_and_shows_its_tran_id(
    kind: str, demo_app: AppMaker, exchange: DemoExchange
) -> None:
    app = demo_app(**KINDS[kind], asset="USDT", amount="1.5")
    async with app.run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        await send(pilot)
        (executed,) = exchange.ledger.transfers
        assert str(executed.tran_id) in screen_text(pilot)
        await pilot.press("escape")
        ((_, _, amount, tran_id, outcome, *_),) = rows(main)
        assert (amount, tran_id, outcome) == ("1.5 USDT", str(executed.tran_id), "done")


async def test_the_balances_follow_a_transfer(demo_app: AppMaker) -> None:
    app = demo_app(asset="USDT", amount="100")
    async with app.run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        await until(pilot, lambda: "1,250.00" in figure(main, Wallet.SPOT))
        await send(pilot)
        await until(pilot, lambda: "1,150.00" in figure(main, Wallet.SPOT))
        assert "180.00" in figure(main, Wallet.FUNDING)


async def test_keys_typed_in_one_burst_reach_the_fields_they_were_meant_for(
    demo_app: AppMaker, exchange: DemoExchange
) -> None:
    app = demo_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await until_open(pilot)
        for key in ("tab", "tab", *"usdt", "tab", *"12.5", "f2"):
            app.simulate_key(key)
        await until_screen(pilot, ReviewScreen)
        assert "12.5 USDT" in screen_text(pilot)


@pytest.mark.parametrize("key", ["f2", "enter"])
async def test_keys_typed_after_the_review_was_asked_for_change_nothing_in_it(key: str, demo_app: AppMaker) -> None:
    app = demo_app(asset="USDT")
    async with app.run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        main.query_one(f"#field-{Field.AMOUNT}", FormField).entry.focus()
        for typed in (*"20", key, "7"):
            app.simulate_key(typed)
        await until_screen(pilot, ReviewScreen)
        assert "20 USDT" in screen_text(pilot)
        assert "207" not in screen_text(pilot)


@pytest.mark.parametrize("amount", ["", "1,5", "一百", "1e3"])
async def test_a_bad_amount_is_told_beside_old_figures_too(
    amount: str, demo_app: AppMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.domain.balances.FRESH_MS", -1)
    app = demo_app(asset="USDT", amount=amount)
    async with app.run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        await pilot.press("f2")
        await until(pilot, lambda: bool(problem(main, Field.AMOUNT)))
        assert pilot.app.screen is main


async def test_trying_again_tells_of_identical_transfers_first(demo_app: AppMaker, exchange: DemoExchange) -> None:
    exchange.faults.append(Fault(answer=Reply(502, b""), executes=True))
    app = demo_app(asset="USDT", amount="8")
    async with app.run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        await send(pilot)
        await pilot.press("escape")
        main.query_one(f"#field-{Field.AMOUNT}", FormField).entry.value = "8"
        await review_after_a_failure(pilot, main, exchange)
        await until(pilot, lambda: "Allow a second one" in words(pilot, "#review-ask"))
        await pilot.press("y", "y")
        await pilot.pause()
        assert len(exchange.requests) == 1


@pytest.mark.parametrize("size", [(59, 24), (80, 15)])
async def test_nothing_is_sent_from_a_terminal_that_does_not_show_it(
    size: tuple[int, int], demo_app: AppMaker, exchange: DemoExchange
) -> None:
    app = demo_app(asset="USDT", amount="8")
    async with app.run_test(size=(80, 24)) as pilot:
        await until_open(pilot)
        await review(pilot)
        await pilot.resize_terminal(*size)
        await until(pilot, lambda: bool(app.screen.query_one("#too-small").display))
        await pilot.press("y")
        await pilot.pause()
        assert exchange.requests == []
        assert isinstance(app.screen, ReviewScreen)


async def test_a_second_press_sends_nothing_more(demo_app: AppMaker, exchange: DemoExchange) -> None:
    gate = Gate()
    exchange.faults.append(Fault(before=gate))
    app = demo_app(asset="USDT", amount="1")
    async with app.run_test(size=(80, 24)) as pilot:
        await until_open(pilot)
        await review(pilot)
        await pilot.press("y", "y", "enter", "y")
        await until(pilot, gate.reached.is_set)
        await pilot.press("y", "escape", "y")
        assert "Waiting for the exchange's answer" in words(pilot, "#review-ask")
        gate.open()
        await until_screen(pilot, EntryScreen)
        await pilot.press("y", "y")
        await pilot.pause()
    assert len(exchange.requests) == 1


@pytest.mark.parametrize("key", ["f2", "enter", "ctrl+r", "space", "n", "escape"])
async def test_no_other_key_than_y_sends(key: str, demo_app: AppMaker, exchange: DemoExchange) -> None:
    app = demo_app(asset="USDT", amount="1")
    async with app.run_test(size=(80, 24)) as pilot:
        await until_open(pilot)
        await review(pilot)
        await pilot.press(key)
        await pilot.pause()
    assert exchange.requests == []


async def test_a_y_typed_before_the_review_asked_for_it_does_not_send(
    demo_app: AppMaker, exchange: DemoExchange
) -> None:
    app = demo_app(asset="USDT", amount="1")
    async with app.run_test(size=(80, 24)) as pilot:
        await until_open(pilot)
        too_early = events.Key("y", "y")
        await review(pilot)
        await until(pilot, lambda: "y  Send" in words(pilot, "#review-ask"))
        app.post_message(too_early)
        await pilot.pause()
        await pilot.pause()
        assert exchange.requests == []
        await pilot.press("y")
        await until_screen(pilot, EntryScreen)
    assert len(exchange.requests) == 1


async def test_an_identical_transfer_right_after_needs_a_word_of_its_own(
    demo_app: AppMaker, exchange: DemoExchange
) -> None:
    app = demo_app(asset="USDT", amount="1")
    async with app.run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        await send(pilot)
        await pilot.press("escape")
        main.query_one(f"#field-{Field.AMOUNT}", FormField).entry.value = "1.0"
        await review(pilot)
        assert "An identical transfer went out" in words(pilot, "#review-warning")
        await pilot.press("y")
        await pilot.pause()
        assert len(exchange.requests) == 1
        await pilot.press("d", "y")
        await until_screen(pilot, EntryScreen)
        assert len(exchange.requests) == 2


async def test_a_refusal_is_told_in_the_exchanges_words_and_keeps_what_was_entered(
    demo_app: AppMaker, exchange: DemoExchange
) -> None:
    exchange.faults.append(
        Fault(executes=False, answer=Reply(400, b'{"code":-5013,"msg":"[red]Not [/] today\\u001b[31m"}'))
    )
    app = demo_app(asset="USDT", amount="7")
    async with app.run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        await send(pilot)
        shown = screen_text(pilot)
        assert "[red]Not [/] today?[31m" in shown
        assert "-5013" in shown
        await pilot.press("escape")
        assert rows(main)[0][4] == "rejected"
        assert main.query_one(f"#field-{Field.AMOUNT}", FormField).text == "7"


async def test_a_wrong_clock_is_set_and_one_key_sends_again(demo_app: AppMaker, exchange: DemoExchange) -> None:
    app = demo_app(asset="USDT", amount="7")
    async with app.run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        await review(pilot)
        exchange.clock_offset_ms = 60_000
        await pilot.press("y")
        await until(pilot, lambda: "Send" in words(pilot, "#review-ask") and "clock" in words(pilot, "#review-warning"))
        assert exchange.ledger.transfers == []
        await pilot.press("y")
        await until_screen(pilot, EntryScreen)
        await pilot.press("escape")
        assert [row[4] for row in rows(main)] == ["done", "rejected"]


async def test_how_a_settling_goes_is_told_whole_until_it_is_over(demo_app: AppMaker) -> None:
    note = "the history is out of reach: the connection broke off; it is tried again in a while"
    app = demo_app(asset="USDT", amount="1")
    async with app.run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        await send(pilot)
        await pilot.press("escape")
        transfer = newest(main)
        main.desk.on_progress(Progress(transfer, note))
        await pilot.pause()
        assert note in " ".join(screen_text(pilot).split())
        main.desk.on_change(transfer)
        await pilot.pause()
        assert note not in " ".join(screen_text(pilot).split())


async def test_result_says_what_the_wallets_hold_now_also_when_the_desk_tells_of_it_after(demo_app: AppMaker) -> None:
    app = demo_app(asset="USDT", amount="1")
    async with app.run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        changes: list[Transfer] = []
        report, main.desk.on_change = main.desk.on_change, changes.append
        await send(pilot)
        await until_screen(pilot, EntryScreen)
        assert "reading..." in facts(pilot)["From"]
        for transfer in changes:
            report(transfer)
        await until(pilot, lambda: "reading..." not in facts(pilot)["From"] + facts(pilot)["To"])


async def test_result_takes_in_what_it_is_told_while_it_is_being_made(
    demo_app: AppMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = demo_app(asset="USDT", amount="1")
    async with app.run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        await send(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: not app.workers)
        transfer = replace(newest(main), evidence=ambiguous())
        compose = EntryScreen.compose

        def told_meanwhile(screen: EntryScreen) -> ComposeResult:
            yield from compose(screen)
            screen.show_balances(main.desk.balance_reader.balances)  # all of it is made, and nothing is in its place
            screen.show_note("looked 3 times")

        monkeypatch.setattr(EntryScreen, "compose", told_meanwhile)
        app.push_screen(
            EntryScreen(
                Entry(None, transfer), main.desk.watch_over, balances=Balances(), since_ms=0, note="looked twice"
            )
        )
        await until_screen(pilot, EntryScreen)
        await until(pilot, lambda: facts(pilot)["From"] == "Spot\n1,249.00 USDT (may change)")
        assert "looked 3 times" in screen_text(pilot)


async def test_an_answer_that_never_comes_is_unknown_and_settles_from_the_history(
    demo_app: AppMaker, exchange: DemoExchange
) -> None:
    exchange.faults.append(Fault(answer=Reply(502, b"<html>Bad gateway</html>")))
    exchange.history.hidden = Lag(reads=10**6)
    app = demo_app(asset="USDT", amount="7")
    async with app.run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        await send(pilot)
        assert "It may or may not have moved." in screen_text(pilot)
        exchange.history.hidden = Lag()
        await pilot.press("escape")
        await until(pilot, lambda: rows(main)[0][4] == "done")
        tran_id = str(exchange.ledger.transfers[0].tran_id)
        assert rows(main)[0][3] == tran_id
        (told,) = (toast for toast in app._notifications if toast.title == "Settled")
        assert told.message.startswith("7 USDT, Spot -> Funding, sent ")
        assert told.message.endswith(f": it is done, according to a matching record, tranId {tran_id}")


async def test_quitting_waits_for_a_transfer_in_flight(demo_app: AppMaker, exchange: DemoExchange) -> None:
    gate = Gate()
    exchange.faults.append(Fault(before=gate))
    app = demo_app(asset="USDT", amount="1")
    async with app.run_test(size=(80, 24)) as pilot:
        await until_open(pilot)
        await review(pilot)
        await pilot.press("y")
        await until(pilot, gate.reached.is_set)
        await pilot.press("ctrl+q")
        await pilot.pause()
        assert app.is_running
        assert any("Waiting for the answer" in str(toast.message) for toast in app._notifications)
        gate.open()
        await until(pilot, lambda: not app.is_running)
    assert len(exchange.ledger.transfers) == 1


async def test_swapping_turns_wallets_and_pairs_round(demo_app: AppMaker) -> None:
    app = demo_app(source=Wallet.ISOLATED, destination=Wallet.ISOLATED, from_pair="BTCUSDT", to_pair="ETHUSDT")
    async with app.run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        form = main.query_one(TransferForm)
        await pilot.press("ctrl+x")
        await pilot.pause()
        assert main.query_one(f"#field-{Field.FROM_PAIR}", FormField).text == "ETHUSDT"
        main.query_one("#from").focus()
        await pilot.press("1")
        await until(pilot, lambda: form.draft.source is Wallet.SPOT)
        await pilot.press("ctrl+x")
        await until(pilot, lambda: (form.draft.source, form.draft.destination) == (Wallet.ISOLATED, Wallet.SPOT))


async def test_changing_the_source_keeps_the_destination_where_it_can(demo_app: AppMaker) -> None:
    app = demo_app(source=Wallet.SPOT, destination=Wallet.UM)
    async with app.run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        form = main.query_one(TransferForm)
        await pilot.press("2")
        await until(pilot, lambda: form.draft.source is Wallet.FUNDING)
        assert form.draft.destination is Wallet.UM
        await pilot.press("shift+tab", "4")
        await until(pilot, lambda: form.draft.source is Wallet.ISOLATED)
        await until(pilot, lambda: form.draft.destination is Wallet.SPOT)


async def test_bad_input_is_told_at_its_field_and_nothing_entered_is_lost(demo_app: AppMaker) -> None:
    app = demo_app(source=Wallet.ISOLATED, destination=Wallet.ISOLATED)
    async with app.run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        await pilot.press("tab", *"btcusdt", "tab", "tab", *"btcusdt", "tab", *"usdt", "tab", *"1,5", "f2")
        await until(pilot, lambda: bool(problem(main, Field.TO_PAIR)))
        assert "dot" in problem(main, Field.AMOUNT)
        assert "differ" in problem(main, Field.TO_PAIR)
        assert not problem(main, Field.ASSET)
        assert isinstance(app.screen, MainScreen)
        texts = [form_field.text for form_field in main.query(FormField)]
        assert texts == ["BTCUSDT", "BTCUSDT", "USDT", "1,5"]


async def test_the_tran_id_is_copied_through_the_terminal(demo_app: AppMaker, exchange: DemoExchange) -> None:
    app = demo_app(asset="USDT", amount="1")
    async with app.run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        await send(pilot)
        await pilot.press("c")
        assert app.clipboard == str(exchange.ledger.transfers[0].tran_id)
        await pilot.press("escape")
        app.copy_to_clipboard("something else")
        main.query_one("#transfers", EntryTable).focus()
        await pilot.press("c")
        await until(pilot, lambda: app.clipboard == str(exchange.ledger.transfers[0].tran_id))


async def test_every_shown_character_has_one_width_everywhere(demo_app: AppMaker) -> None:
    from unicodedata import east_asian_width

    app = demo_app(source=Wallet.ISOLATED, destination=Wallet.ISOLATED, asset="USDT", amount="1,5")
    async with app.run_test(size=(80, 24)) as pilot:
        await until_open(pilot)
        for key in ("escape", "f1", "escape", "f3", "escape", "f4", "a", "escape", "escape"):
            await pilot.press(key)
            await pilot.pause()
            assert not {character for character in picture(pilot) if east_asian_width(character) == "A"}, key


def test_open_outcomes_are_exactly_those_that_can_still_turn_out_either_way() -> None:
    assert {outcome for outcome in Outcome if outcome.is_open} == {Outcome.SENDING, Outcome.UNKNOWN}


async def test_what_the_exchange_said_and_what_to_do_are_two_facts(demo_app: AppMaker, exchange: DemoExchange) -> None:
    said = b'{"code":-9000,"msg":"user have no avaliable amount"}'
    exchange.faults.append(Fault(executes=False, answer=Reply(400, said)))
    async with demo_app(asset="USDT", amount="7").run_test(size=(80, 24)) as pilot:
        await until_open(pilot)
        await send(pilot)
        assert facts(pilot)["Answer"] == "user have no avaliable amount (-9000)."
        assert facts(pilot)["To do"] == "More than there is: try less."


async def test_of_what_is_not_there_the_review_says_so(demo_app: AppMaker, exchange: DemoExchange) -> None:
    async with demo_app(asset="USDT", amount="7").run_test(size=(80, 24)) as pilot:
        await until_open(pilot)
        await review(pilot)
        review_screen = pilot.app.screen
        assert isinstance(review_screen, ReviewScreen)
        spot = Holdings({"USDT": Decimal(0)}, is_transferable=True, read_ms=ticks_ms())
        review_screen.show_fresh(Balances().with_holdings(Wallet.SPOT, spot))
        told = "No USDT to move in Spot.\nGo back and choose another asset or wallet."
        await until(pilot, lambda: words(pilot, "#review-warning") == told)
        await pilot.press("y")
        await pilot.pause()
    assert exchange.requests == []


async def test_review_and_result_name_the_same_quantity(demo_app: AppMaker) -> None:
    pairs = {"source": Wallet.ISOLATED, "destination": Wallet.ISOLATED, "from_pair": "BTCUSDT", "to_pair": "ETHUSDT"}
    async with demo_app(**pairs, asset="USDT", amount="1").run_test(size=(80, 24)) as pilot:
        await until_open(pilot)
        await review(pilot)
        ends = {"From": "Isolated Margin BTCUSDT", "To": "Isolated Margin ETHUSDT"}
        reviewed = {end: facts(pilot)[end].partition("\nAt most ")[0] for end in ends}
        await pilot.press("y")
        await until_screen(pilot, EntryScreen)
        await until(pilot, lambda: {end: facts(pilot)[end] for end in ends} == reviewed)
        assert all(reviewed[end].startswith(f"{label}\n") for end, label in ends.items())

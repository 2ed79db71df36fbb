"""Where the program cannot tell how a transfer ended: the person is shown the facts, and decides."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList

from tests.evidence import ambiguous
from tests.screens.waiting import facts, message, rows, screen_text, send, until, until_open, until_screen
from tui.app.app import ShunterApp
from tui.demo.exchange import DemoExchange
from tui.demo.faults import Edit, Fault, Reply
from tui.demo.history import Lag
from tui.desk.settle import Pace, Progress
from tui.domain.entries import Origin
from tui.domain.evidence import Awaiting
from tui.domain.transfer import Sending, TransferRequest
from tui.domain.wallets import TransferType
from tui.screens.decide import DecideScreen
from tui.screens.entry import EntryScreen
from tui.screens.history import HistoryScreen
from tui.screens.main import MainScreen
from tui.screens.ways_on import CannotOpen
from tui.screens.welcome import WelcomeScreen
from tui.structs import replace

AppMaker = Callable[..., ShunterApp]

REQUEST = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal("1.5"))
DAY_MS = 86_400_000


@pytest.fixture(autouse=True)
def no_time_to_lose(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settling at a pace that no exchange would like."""
    monkeypatch.setattr("tui.screens.decide._UNSEEN_S", 0)
    monkeypatch.setattr("tui.desk.settle.window_end_ms", lambda transfer: transfer.timestamp_ms)
    monkeypatch.setattr("tui.desk.desk.Pace", lambda: Pace(0.01, 0.5, judge_after_s=0, judge_gap_s=0.05))


def in_list(main: MainScreen) -> str:
    """The list of transfers as one text."""
    return "\n".join(" ".join(row) for row in rows(main))


async def open_row(pilot: Pilot[bool], main: MainScreen) -> list[str]:
    """Wait for the question to come up by itself, and open it once more; gives what there is to choose from."""
    await until_screen(pilot, DecideScreen)
    await pilot.press("escape")
    await until_screen(pilot, MainScreen)
    main.query_one("#transfers").focus()
    await pilot.press("enter")
    await until_screen(pilot, DecideScreen)
    return [str(option.prompt) for option in pilot.app.screen.query_one(OptionList).options]


async def find_earlier(
    pilot: Pilot[bool], main: MainScreen, exchange: DemoExchange, *, key_tail: str, ago_ms: int
) -> None:
    """An earlier session left a transfer open."""
    journal = main.desk._journal
    transfer = journal.begin(
        Sending(
            REQUEST,
            profile="second",
            key_tail=key_tail,
            key_print="",
            host=main.desk._exchange,
            timestamp_ms=exchange.server_ms() - ago_ms,
            clock_error_ms=20,
            recv_window_ms=5000,
        )
    )
    journal.record(transfer, ambiguous())
    main.find_earlier()


@pytest.mark.parametrize("choice", [0, 1, 2], ids=["the first", "the second", "none"])
async def test_of_several_records_the_person_says_which(
    demo_app: AppMaker, exchange: DemoExchange, choice: int
) -> None:
    async with demo_app(asset="USDT", amount="1.5").run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        exchange.ledger.transfer(REQUEST, exchange.server_ms(), fails=False)  # a moment before, on the web page
        exchange.faults.append(Fault(answer=Reply(502)))
        await send(pilot)
        await pilot.press("escape")
        choices = await open_row(pilot, main)
        assert [words.split()[1] for words in choices] == ["tranId", "tranId", "None", "It"]
        await pilot.press(*["down"] * (choice + 1), "enter")
        expected = ("not executed",) if choice == 2 else ("done", choices[choice].split()[2])
        await until(pilot, lambda: all(word in in_list(main) for word in expected))


@pytest.mark.parametrize(("choice", "are_declined"), [("None", True), ("It", False)])
async def test_who_saw_it_executed_has_declined_no_record(
    demo_app: AppMaker, exchange: DemoExchange, choice: str, are_declined: bool
) -> None:
    """Each record that was shown became "made elsewhere", and one of them was the transfer's."""
    async with demo_app(asset="USDT", amount="1.5").run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        exchange.ledger.transfer(REQUEST, exchange.server_ms(), fails=False)
        exchange.faults.append(Fault(answer=Reply(502)))
        await send(pilot)
        await pilot.press("escape")
        choices = [words.split()[1] for words in await open_row(pilot, main)]
        await pilot.press(*["down"] * (choices.index(choice) + 1), "enter")
        journal = main.desk._journal
        await until(pilot, lambda: not next(journal.transfers()).outcome.is_open)
        transfer = next(journal.transfers())
        declined = journal.declined(transfer.host).get(transfer.identity, set())
        assert declined == {executed.tran_id for executed in exchange.ledger.transfers if are_declined}


async def test_result_on_the_screen_follows_the_settling(demo_app: AppMaker, exchange: DemoExchange) -> None:
    async with demo_app(asset="USDT", amount="1.5").run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        main.desk._pace = Pace(0.01, 0.5, judge_reads=10**6, judge_gap_s=0.05)
        exchange.history.hidden = Lag(reads=10**6)
        exchange.faults.append(Fault(answer=Reply(502)))
        await send(pilot)
        assert "TRANSFER UNKNOWN" in screen_text(pilot)
        shown = pilot.app.screen
        exchange.history.hidden = Lag()
        (transfer,) = exchange.ledger.transfers
        await until(
            pilot, lambda: "TRANSFER DONE" in screen_text(pilot) and str(transfer.tran_id) in screen_text(pilot)
        )
        await until(pilot, lambda: facts(pilot)["From"].endswith("-> 1,248.50 USDT"))
        assert pilot.app.screen is shown  # an Esc that comes at the same time must not be lost with the one before
        assert isinstance(shown, EntryScreen)
        assert shown.transfer
        late = replace(shown.transfer, evidence=Awaiting())
        main.desk.on_change(late)
        await pilot.pause()
        assert "TRANSFER DONE" in screen_text(pilot), "what came late took the outcome back"
        await pilot.press("escape")
        await until_screen(pilot, MainScreen)


@pytest.mark.parametrize("executed", [True, False], ids=["with its record", "without a record"])
async def test_what_another_key_sent_is_told_and_can_be_left_open(
    demo_app: AppMaker, exchange: DemoExchange, executed: bool
) -> None:
    async with demo_app().run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        if executed:
            exchange.ledger.transfer(REQUEST, exchange.server_ms() - 60_000, fails=False)
        await find_earlier(pilot, main, exchange, key_tail="9zzz", ago_ms=60_000)
        choices = await open_row(pilot, main)
        assert len(choices) == 2 + executed
        assert "second ...9zzz" in screen_text(pilot)
        assert "not sent with the key in use" in screen_text(pilot)
        await pilot.press("escape")
        await until_screen(pilot, MainScreen)
        assert "unknown" in in_list(main)


async def test_what_is_older_than_the_history_is_the_persons_to_say(demo_app: AppMaker, exchange: DemoExchange) -> None:
    async with demo_app().run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        key_tail = main.desk.client.key_tail
        await find_earlier(pilot, main, exchange, key_tail=key_tail, ago_ms=181 * DAY_MS)
        await open_row(pilot, main)
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, DecideScreen), "decided without a choice"
        await pilot.press("down", "enter")
        await until(pilot, lambda: "not executed" in in_list(main))


async def test_settling_goes_on_when_the_main_screen_is_gone(demo_app: AppMaker, exchange: DemoExchange) -> None:
    async with demo_app().run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        await find_earlier(pilot, main, exchange, key_tail="9zzz", ago_ms=60_000)
        await until_screen(pilot, DecideScreen)
        heard, tell = [], main.desk.on_progress

        def count(progress: Progress) -> None:
            tell(progress)
            heard.append(progress)

        pilot.app.post_message(CannotOpen("The other key cannot be had."))
        await until_screen(pilot, WelcomeScreen)
        main.desk.on_progress = count
        await until(pilot, lambda: len(heard) > 1)


@pytest.mark.parametrize(
    "edit", [Edit("status", '"SETTLED"'), Edit("amount", '"1.5 USDT"')], ids=["says nothing final", "cannot be read"]
)
async def test_a_record_that_could_not_be_chosen_is_not_said_to_be_made_elsewhere(
    demo_app: AppMaker, exchange: DemoExchange, edit: Edit
) -> None:
    async with demo_app(asset="USDT", amount="1.5").run_test(size=(160, 40)) as pilot:
        main = await until_open(pilot)
        exchange.history.edits = [(edit, None)]
        exchange.faults.append(Fault(answer=Reply(502)))
        await send(pilot)
        await pilot.press("escape")
        choices = await open_row(pilot, main)
        await pilot.press(*["down"] * sum(" tranId" not in words for words in choices), "enter")
        await until(pilot, lambda: "done" in in_list(main))
        await pilot.press("f3")
        await until_screen(pilot, HistoryScreen)
        history = pilot.app.screen
        assert isinstance(history, HistoryScreen)
        await until(pilot, lambda: history._browser.reading is not None and not history._browser.is_asking)
        assert [entry.origin for entry in history._browser.entries if entry.record] == [Origin.POSSIBLE]


async def test_the_question_comes_by_itself_and_takes_no_key_of_a_person_who_still_types(
    demo_app: AppMaker, exchange: DemoExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.screens.decide._UNSEEN_S", 3600)
    async with demo_app().run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        await find_earlier(pilot, main, exchange, key_tail=main.desk.client.key_tail, ago_ms=181 * DAY_MS)
        await until_screen(pilot, DecideScreen)
        await pilot.press("1", "enter", "escape", "q")
        assert isinstance(pilot.app.screen, DecideScreen)
        assert pilot.app.screen.query_one(OptionList).highlighted is None


async def test_left_open_the_question_stays_in_the_message_line(demo_app: AppMaker, exchange: DemoExchange) -> None:
    async with demo_app().run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        await find_earlier(pilot, main, exchange, key_tail=main.desk.client.key_tail, ago_ms=181 * DAY_MS)
        await until_screen(pilot, DecideScreen)
        await pilot.press("escape")
        await until_screen(pilot, MainScreen)
        (progress,) = main._progress.values()
        main.show_progress(progress)
        await pilot.pause()
        assert isinstance(pilot.app.screen, MainScreen)
        assert message(main).endswith("F8 Decide") or "F8 Decide" in message(main)


async def test_question_is_answered_in_three_keys(demo_app: AppMaker, exchange: DemoExchange) -> None:
    async with demo_app().run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        await find_earlier(pilot, main, exchange, key_tail=main.desk.client.key_tail, ago_ms=181 * DAY_MS)
        await until_screen(pilot, DecideScreen)
        await pilot.press("escape")  # it was left for later
        await until_screen(pilot, MainScreen)
        await pilot.press("f8")
        await until_screen(pilot, DecideScreen)
        await pilot.press("1", "enter")
        await until(pilot, lambda: "unknown" not in in_list(main))
        assert isinstance(pilot.app.screen, MainScreen)


@pytest.mark.parametrize("draft", [{"amount": "5"}, {"asset": "US"}], ids=["an amount", "a field that has the focus"])
async def test_while_something_is_typed_the_question_waits_for_its_key(
    demo_app: AppMaker, exchange: DemoExchange, draft: dict[str, str]
) -> None:
    async with demo_app(**draft).run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        if "asset" in draft:
            main.query_one("#field-asset Input").focus()
        await find_earlier(pilot, main, exchange, key_tail=main.desk.client.key_tail, ago_ms=181 * DAY_MS)
        await until(pilot, lambda: "F8 Decide" in message(main))
        assert isinstance(pilot.app.screen, MainScreen)
        await pilot.press("ctrl+underscore")
        await until_screen(pilot, DecideScreen)
        await pilot.press("1", "enter")
        await until(pilot, lambda: "not executed" in in_list(main))


async def test_the_question_shows_what_matches_and_what_differs(demo_app: AppMaker, exchange: DemoExchange) -> None:
    async with demo_app(asset="USDT", amount="1.5").run_test(size=(80, 24)) as pilot:
        await until_open(pilot)
        exchange.history.edits = [(Edit("status", '"SETTLED"'), None)]
        exchange.faults.append(Fault(answer=Reply(502)))
        await send(pilot)
        await pilot.press("escape")
        await until_screen(pilot, DecideScreen)
        shown = {name: " ".join(value.split()) for name, value in facts(pilot).items()}
        assert shown["Amount"] == "1.5 USDT 1.5 USDT same"
        assert shown["Status"] == "SETTLED says neither yes nor no"
        assert "Spot 1,250.00 -> 1,248.50 USDT" in " ".join(screen_text(pilot).split())
        assert "as if executed" in screen_text(pilot)

"""Screens on top of each other: each closes only itself, once, and what it covers stays up to date."""

import asyncio
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot
from textual.screen import Screen

from tests.evidence import matching_record, no_record, persons_word
from tests.gate import Gate
from tests.screens.conftest import NOON_MS
from tests.screens.test_deciding import REQUEST
from tests.screens.test_themes import until_hit
from tests.screens.waiting import (
    facts,
    message,
    newest,
    review,
    rows,
    screen_text,
    send,
    until,
    until_open,
    until_screen,
)
from tui.app.app import ShunterApp
from tui.demo.exchange import DemoExchange
from tui.demo.faults import Fault, Reply
from tui.demo.history import Lag
from tui.demo.keys import demo_key
from tui.desk.settle import Pace, Progress
from tui.domain.entries import Entry
from tui.domain.evidence import Reason, Reopened
from tui.domain.transfer import Sending, Transfer
from tui.domain.wallets import Wallet
from tui.screens.add_key import AddKeyScreen
from tui.screens.decide import DecideScreen
from tui.screens.entry import EntryScreen
from tui.screens.history import HistoryScreen
from tui.screens.holdings import HoldingsScreen
from tui.screens.keys import KeysScreen
from tui.screens.lock import LockScreen
from tui.screens.main import MainScreen
from tui.screens.notice import NoticeScreen
from tui.screens.palette import QuietPalette, ThemePalette
from tui.screens.report import ReportScreen
from tui.screens.review import ReviewScreen
from tui.screens.unlock import PlainTextScreen, UnlockScreen
from tui.structs import replace
from tui.terminal import question
from tui.widgets.balance_refresher import BalanceRefresher
from tui.widgets.entry_table import EntryTable
from tui.widgets.form_field import FormField
from tui.widgets.holdings_table import HoldingsTable
from tui.words.settling import Doubt

AppMaker = Callable[..., ShunterApp]
SMALL = (80, 24)


def burst(pilot: Pilot[bool], *keys: str) -> None:
    """Keys that all arrive before the first one is handled."""
    for key in keys:
        pilot.app.post_message(events.Key(key, key if len(key) == 1 else None))


async def rest(pilot: Pilot[bool]) -> None:
    """Wait until the app has handled a burst of keys."""
    for _ in range(6):
        await pilot.pause()


def settled(main: MainScreen) -> Transfer:
    """A transfer in the journal that was unknown, and is judged."""
    journal = main.desk._journal
    sending = Sending(
        REQUEST,
        profile="demo",
        key_tail="9zzz",
        key_print="",
        host=main.desk._exchange,
        timestamp_ms=NOON_MS,
        clock_error_ms=20,
        recv_window_ms=5000,
    )
    return replace(journal.begin(sending), evidence=no_record())


async def sent_and_held(pilot: Pilot[bool], exchange: DemoExchange) -> Gate:
    """Send what is in the form; its answer waits behind the gate."""
    gate = Gate()
    exchange.faults.append(Fault(after=gate))
    await review(pilot)
    await pilot.press("y")
    await until(pilot, gate.reached.is_set)
    return gate


@pytest.mark.parametrize(
    ("opened", "keys"),
    [
        (["f6"], ["enter", "enter"]),
        (["f6"], ["enter", "escape"]),
        (["f1"], ["escape", "q"]),
        (["f3"], ["q", "escape", "q"]),
        (["f4"], ["escape", "escape"]),
        (["f7"], ["escape", "q"]),
        (["f2"], ["escape", "q"]),
        (["ctrl+p"], ["ctrl+p", "ctrl+p"]),
        (["ctrl+p"], ["escape", "escape"]),
        ([], ["ctrl+p", "ctrl+p", "ctrl+p"]),
    ],
    ids=lambda keys: "-".join(keys),
)
async def test_keys_in_one_burst_close_no_more_than_was_opened(
    opened: list[str], keys: list[str], demo_app: AppMaker
) -> None:
    async with demo_app(asset="USDT", amount="1.5").run_test(size=SMALL) as pilot:
        main = await until_open(pilot)
        await pilot.press(*opened)
        await rest(pilot)
        burst(pilot, *keys)
        await rest(pilot)
        assert main in pilot.app.screen_stack


async def test_a_command_runs_once_however_often_it_is_chosen(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=SMALL) as pilot:
        await until_open(pilot)
        await pilot.press("ctrl+p")
        await until_screen(pilot, QuietPalette)
        await pilot.press(*"theme")
        await until_hit(pilot, "Theme")
        burst(pilot, "enter", "enter", "enter")
        await until_screen(pilot, ThemePalette)
        assert len(pilot.app.screen_stack) == 3


async def test_no_second_palette_opens_while_a_notice_covers_one(demo_app: AppMaker) -> None:
    async with demo_app(asset="USDT", amount="1.5").run_test(size=SMALL) as pilot:
        main = await until_open(pilot)
        await send(pilot)
        await pilot.press("escape", "ctrl+p")
        await until_screen(pilot, QuietPalette)
        main.desk.on_notice(newest(main))
        await until_screen(pilot, NoticeScreen)
        await pilot.press("ctrl+p")
        await rest(pilot)
        assert [type(screen) for screen in pilot.app.screen_stack[1:]] == [MainScreen, QuietPalette, NoticeScreen]


async def test_an_answer_under_the_palette_is_shown_once_the_palette_closes(
    demo_app: AppMaker, exchange: DemoExchange
) -> None:
    async with demo_app(asset="USDT", amount="1.5").run_test(size=SMALL) as pilot:
        main = await until_open(pilot)
        gate = await sent_and_held(pilot, exchange)
        await pilot.press("ctrl+p")
        await until_screen(pilot, QuietPalette)
        gate.open()
        await until(pilot, lambda: [row[4] for row in rows(main)] == ["done"])
        await rest(pilot)
        assert isinstance(pilot.app.screen, QuietPalette)
        assert main.review
        assert not main.review.is_sending  # else it would never be locked
        await pilot.press("escape")
        await until_screen(pilot, EntryScreen)
        assert "TRANSFER DONE" in screen_text(pilot)
        await pilot.press("escape")
        await until_screen(pilot, MainScreen)


async def test_a_notice_stays_when_screens_below_it_close(demo_app: AppMaker, exchange: DemoExchange) -> None:
    async with demo_app(asset="USDT", amount="1.5").run_test(size=SMALL) as pilot:
        main = await until_open(pilot)
        await send(pilot)
        await pilot.press("escape")
        first = newest(main)
        main.query_one("#field-amount", FormField).entry.value = "2.5"
        gate = await sent_and_held(pilot, exchange)
        main.desk.on_notice(first)
        await until_screen(pilot, NoticeScreen)
        gate.open()
        await until(pilot, lambda: [row[4] for row in rows(main)] == ["done", "done"])
        await rest(pilot)
        assert isinstance(pilot.app.screen, NoticeScreen)
        pilot.app.screen.dismiss(first)
        await until_screen(pilot, EntryScreen)


def is_said(pilot: Pilot[bool], said: str) -> bool:
    """Whether the screen shows it, in whatever lines."""
    return said in screen_text(pilot).replace("\n", " ")


async def test_a_notice_shows_the_newest_outcome(demo_app: AppMaker) -> None:
    async with demo_app(asset="USDT", amount="1.5").run_test(size=SMALL) as pilot:
        main = await until_open(pilot)
        await send(pilot)
        unknown = replace(newest(main), evidence=Reopened(Reason.RECORDS_APPEARED))
        main.desk.on_notice(unknown)
        await until_screen(pilot, NoticeScreen)
        assert "unknown again" in screen_text(pilot)
        for evidence, said in (
            (no_record(), "was wrong. Judged not executed: "),
            (no_record(), "This is not proof."),
            (persons_word(is_executed=True), "was wrong. You "),
            (matching_record(), "WAS executed"),
        ):
            main.desk.on_change(replace(unknown, evidence=evidence))
            await until(pilot, partial(is_said, pilot, said))
            assert "unknown again" not in screen_text(pilot)


async def test_a_held_answer_is_dropped_once_its_question_is_covered(
    demo_app: AppMaker, exchange: DemoExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The driver has no other key, and its terminal answers nothing."""
    monkeypatch.setattr(question, "_HOLD_S", 0.2)
    driver: Any = SimpleNamespace(
        answers=False,
        broke_out_order=0,
        fence=lambda: SimpleNamespace(order=1, written_s=0.0),
        write_fence=lambda: None,
        is_last=lambda _: True,
        is_no_paste=lambda: None,
    )
    async with demo_app(asset="USDT", amount="1.5").run_test(size=SMALL) as pilot:
        main = await until_open(pilot)
        await send(pilot)
        await pilot.press("escape")
        main.query_one("#field-amount", FormField).entry.value = "2.5"
        await review(pilot)
        asking = pilot.app.screen
        assert isinstance(asking, ReviewScreen)
        press: Any = SimpleNamespace(order=1)
        asking._question._hold("A click", press, asking.action_send, driver)
        main.desk.on_notice(newest(main))
        await until_screen(pilot, NoticeScreen)
        await until(pilot, lambda: asking._question._held is None)
        assert not asking.is_sending
        assert len(exchange.ledger.transfers) == 1


async def test_the_lock_screen_stays_when_screens_below_it_close(demo_app: AppMaker) -> None:
    app = demo_app()
    async with app.run_test(size=SMALL) as pilot:
        await until_open(pilot)
        await pilot.press("f4")
        await until_screen(pilot, KeysScreen)
        below = app.screen
        app._lock.lock()
        await until_screen(pilot, LockScreen)
        below.dismiss()
        await rest(pilot)
        assert isinstance(app.screen, LockScreen)
        await app._lock.unlock(demo_key())
        await until_screen(pilot, MainScreen)
        assert not app._lock.is_locked


@pytest.mark.parametrize("key", ["tab", "shift+tab"])
async def test_moving_on_without_a_field_does_nothing(key: str, demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=(50, 12)) as pilot:
        await until_screen(pilot, MainScreen)
        await pilot.press(key)
        await pilot.resize_terminal(*SMALL)
        await pilot.press(key)
        assert pilot.app.screen.focused


@pytest.mark.parametrize("key", ["f2", "f3", "f4", "f7", "ctrl+p"])
async def test_keys_after_the_one_that_quits_open_nothing(key: str, demo_app: AppMaker) -> None:
    app = demo_app(asset="USDT", amount="1.5")
    async with app.run_test(size=SMALL) as pilot:
        main = await until_open(pilot)
        burst(pilot, "ctrl+q", key, "x", key)
        await until(pilot, lambda: app._exit)
        assert app.screen is main


async def test_a_covered_result_shows_how_the_transfer_ended(demo_app: AppMaker, exchange: DemoExchange) -> None:
    exchange.history.hidden = Lag(reads=10**6)
    exchange.faults.append(Fault(answer=Reply(502)))
    async with demo_app(asset="USDT", amount="1.5").run_test(size=SMALL) as pilot:
        main = await until_open(pilot)
        await send(pilot)
        assert "TRANSFER UNKNOWN" in screen_text(pilot)
        await pilot.press("ctrl+p")
        await until_screen(pilot, QuietPalette)
        exchange.history.hidden = Lag()
        await until(pilot, lambda: [row[4] for row in rows(main)] == ["done"])
        await pilot.press("escape")
        await until_screen(pilot, EntryScreen)
        await until(pilot, lambda: "TRANSFER DONE" in screen_text(pilot) and "reading" not in screen_text(pilot))


async def test_a_result_shows_that_its_transfer_is_unknown_again(demo_app: AppMaker, exchange: DemoExchange) -> None:
    exchange.faults.append(Fault(answer=Reply(502)))
    exchange.history.hidden = Lag(reads=10**6)
    async with demo_app(asset="USDT", amount="1.5").run_test(size=SMALL) as pilot:
        main = await until_open(pilot)
        await send(pilot)
        unknown = newest(main)
        main.desk.on_change(replace(unknown, evidence=no_record()))
        await until(pilot, lambda: "TRANSFER UNKNOWN" not in screen_text(pilot))
        main.desk.on_change(unknown)
        await until(pilot, lambda: "TRANSFER UNKNOWN" in screen_text(pilot))
        await until(pilot, lambda: facts(pilot)["From"].endswith("USDT (may change)"))


async def test_an_entry_shows_how_its_transfer_ended(demo_app: AppMaker, exchange: DemoExchange) -> None:
    exchange.history.hidden = Lag(reads=10**6)
    exchange.faults.append(Fault(answer=Reply(502)))
    async with demo_app(asset="USDT", amount="1.5").run_test(size=SMALL) as pilot:
        await until_open(pilot)
        await send(pilot)
        await pilot.press("escape", "f3")
        await until_screen(pilot, HistoryScreen)
        table = pilot.app.screen.query_one(EntryTable)
        await until(pilot, lambda: table.marked is not None and table.marked.transfer is not None)
        await pilot.press("enter")
        await until_screen(pilot, EntryScreen)
        assert "unknown" in screen_text(pilot)
        exchange.history.hidden = Lag()
        await until(pilot, lambda: "unknown" not in screen_text(pilot))
        assert isinstance(pilot.app.screen, EntryScreen)


async def test_covered_holdings_show_new_balances(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=SMALL) as pilot:
        main = await until_open(pilot)
        await pilot.press("f6")
        await until_screen(pilot, HoldingsScreen)
        await pilot.press("f1")
        before = main.desk.balance_reader.balances
        emptied = before.with_holdings(Wallet.SPOT, replace(before.wallets[Wallet.SPOT], assets={}))
        main.post_message(BalanceRefresher.Read(emptied))
        await pilot.press("escape")
        await until_screen(pilot, HoldingsScreen)
        table = pilot.app.screen.query_one(HoldingsTable)
        await until(pilot, lambda: len(table.rows) < 13)


async def test_a_comparison_waits_while_the_app_is_locked(
    demo_app: AppMaker, exchange: DemoExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = demo_app(asset="USDT", amount="1")
    async with app.run_test(size=SMALL) as pilot:
        await until_open(pilot)
        await pilot.press("f3")
        await until_screen(pilot, HistoryScreen)
        history = app.screen
        assert isinstance(history, HistoryScreen)
        await until(pilot, lambda: history._browser.reading is not None and not history._browser.is_asking)
        compared = await history._browser.compare()
        app._lock.lock()
        await until_screen(pilot, LockScreen)
        history.post_call(history.show_comparison, compared)
        await rest(pilot)
        assert isinstance(app.screen, LockScreen)
        await app._lock.unlock(demo_key())
        await until_screen(pilot, ReportScreen)


async def test_a_decision_is_not_asked_for_once_the_transfer_is_settled(
    demo_app: AppMaker, exchange: DemoExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.desk.settle.window_end_ms", lambda transfer: transfer.timestamp_ms)
    monkeypatch.setattr("tui.desk.desk.Pace", lambda: Pace(0.01, 0.5, judge_after_s=0, judge_gap_s=0.05))
    async with demo_app(asset="USDT", amount="1.5").run_test(size=SMALL) as pilot:
        main = await until_open(pilot)
        exchange.ledger.transfer(REQUEST, exchange.server_ms(), fails=False)
        exchange.faults.append(Fault(answer=Reply(502)))
        await send(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: "Decide" in message(main))
        main.query_one("#transfers").focus()
        await pilot.press("enter")
        await until_screen(pilot, DecideScreen)
        record = matching_record(exchange.ledger.transfers[-1].tran_id)
        main.desk._report(main.desk._journal.record(newest(main), record))
        await until_screen(pilot, MainScreen)
        assert [row[4] for row in rows(main)] == ["done"]


@pytest.mark.parametrize(
    "opened",
    [
        "review",
        "history",
        "holdings",
        "favourites",
        "keys",
        "help",
        "decide",
        "notice",
        "result",
        "add key",
        "unlock",
        "plain",
        "goto",
    ],
)
async def test_a_screen_removed_before_it_is_shown_is_no_error(
    demo_app: AppMaker, exchange: DemoExchange, opened: str
) -> None:
    app = demo_app(asset="USDT", amount="1")
    async with app.run_test(size=SMALL) as pilot:
        main = await until_open(pilot)
        transfer = settled(main)
        open_it: Callable[[], object] = {
            "review": main.action_review,
            "history": main.action_history,
            "holdings": main.action_holdings,
            "favourites": main.action_favourites,
            "keys": app.action_keys,
            "help": app.action_help,
            "goto": main.action_go_to,
            "decide": lambda: app.push_screen(DecideScreen(main.desk, Progress(transfer, "", Doubt.GONE))),
            "notice": lambda: app.push_screen(NoticeScreen(transfer)),
            "result": lambda: app.push_screen(EntryScreen(Entry(None, transfer), main.desk.watch_over)),
            "add key": lambda: app.push_screen(AddKeyScreen("https://api.binance.com")),
            "unlock": lambda: app.push_screen(UnlockScreen()),
            "plain": lambda: app.push_screen(PlainTextScreen("x")),
        }[opened]
        open_it()
        app.pop_screen()
        await rest(pilot)
        assert app.screen is main


async def test_a_key_for_a_closed_review_sends_nothing(demo_app: AppMaker, exchange: DemoExchange) -> None:
    app = demo_app(asset="USDT", amount="1")
    async with app.run_test(size=SMALL) as pilot:
        await until_open(pilot)
        await review(pilot)
        shown = app.screen
        assert isinstance(shown, ReviewScreen)
        await until(pilot, lambda: "y  Send" in screen_text(pilot))
        shown.post_message(events.Key("y", "y"))  # is under way
        shown.dismiss(None)
        await rest(pilot)
        assert not exchange.ledger.transfers


async def test_a_notice_that_changes_twice_at_once_is_no_error(demo_app: AppMaker) -> None:
    app = demo_app(asset="USDT", amount="1")
    async with app.run_test(size=SMALL) as pilot:
        main = await until_open(pilot)
        transfer = settled(main)
        notice = NoticeScreen(transfer)
        await app.push_screen(notice)
        for number in range(1, 30):
            notice.show(replace(transfer, evidence=matching_record(number)))
            await asyncio.sleep(0)
        await until(pilot, lambda: "29" in screen_text(pilot))


async def test_quitting_while_the_app_opens_is_no_error(demo_app: AppMaker) -> None:
    for turns in range(40):
        app = demo_app(asset="USDT", amount="1")
        running = asyncio.create_task(app.run_async(headless=True, size=SMALL))
        for _ in range(turns * 3):
            await asyncio.sleep(0)
        app.exit()
        await running
        assert app.return_code == 0, f"{turns}: {app._exception!r}"


async def test_removed_widgets_come_to_rest(demo_app: AppMaker) -> None:
    """Textual's handler of the idle event for screens comes last: the next one would post another idle event."""
    async with demo_app().run_test(size=SMALL) as pilot:
        await until_open(pilot)
        await pilot.press("f4")
        await until_screen(pilot, KeysScreen)
        removed = pilot.app.screen
        await pilot.press("escape")
        await until(pilot, lambda: removed not in pilot.app.screen_stack)
        event = events.Idle()
        handlers = []
        for handler, _ in removed._get_dispatch_methods("on_idle", event):
            handlers.append(handler)
            event.prevent_default()
        assert handlers == [Screen]

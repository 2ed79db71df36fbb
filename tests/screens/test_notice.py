"""A wrong judgement is corrected in a notice that cannot be missed, and a repeat of its transfer needs a yes."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from textual.pilot import Pilot

from tests.evidence import ambiguous, matching_record
from tests.screens.waiting import newest, review, rows, screen_text, send, until, until_open, until_screen, words
from tui import keys
from tui.app.app import ShunterApp
from tui.demo.exchange import DemoExchange
from tui.demo.faults import Fault, Reply
from tui.demo.history import Lag
from tui.desk.settle import Pace
from tui.domain.transfer import Field
from tui.screens.main import MainScreen
from tui.screens.notice import NoticeScreen
from tui.screens.review import ReviewScreen
from tui.structs import replace
from tui.widgets.form_field import FormField

AppMaker = Callable[..., ShunterApp]


@pytest.fixture(autouse=True)
def no_time_to_lose(monkeypatch: pytest.MonkeyPatch, exchange: DemoExchange) -> None:
    """Judge far more often than an exchange would like, with a window that closes at once."""
    often_s = tuple(0.2 * count for count in range(1, 200))
    pace = Pace(first_s=0.01, longest_s=0.05, judge_after_s=0, judge_gap_s=0.01, watch_s=often_s)
    monkeypatch.setattr("tui.desk.desk.Pace", lambda: pace)
    monkeypatch.setattr("tui.desk.settle.window_end_ms", lambda transfer: transfer.timestamp_ms)
    exchange.history.hidden = Lag(reads=10**6)


async def judged(pilot: Pilot[bool], exchange: DemoExchange) -> MainScreen:
    """Send a transfer whose answer and record do not come, and wait until it is judged not executed."""
    main = await until_open(pilot)
    exchange.faults.append(Fault(answer=Reply(502)))
    await send(pilot)
    await until(pilot, lambda: "Judged not executed" in screen_text(pilot))
    assert "This is not proof" in screen_text(pilot)
    await pilot.press("escape")
    await until_screen(pilot, MainScreen)
    return main


async def test_notice_of_a_late_record_covers_any_screen(
    demo_app: AppMaker, exchange: DemoExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with demo_app(asset="USDT", amount="1.5").run_test(size=(80, 24)) as pilot:
        main = await judged(pilot, exchange)
        await pilot.press("f3")
        exchange.history.hidden = Lag()
        await until_screen(pilot, NoticeScreen)
        (transfer,) = exchange.ledger.transfers
        assert "EXECUTED AFTER ALL" in screen_text(pilot)
        assert str(transfer.tran_id) in screen_text(pilot)
        monkeypatch.setattr("tui.screens.notice._UNSEEN_S", 3600)
        await pilot.press("escape", "y", "enter")  # the person was still typing
        assert isinstance(pilot.app.screen, NoticeScreen)
        monkeypatch.setattr("tui.screens.notice._UNSEEN_S", 0)
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(pilot.app.screen, NoticeScreen))
        await until(pilot, lambda: not main.desk._journal.notices(main.desk._exchange))
        assert [row[-1] for row in rows(main)] == ["done"]


async def test_review_of_a_repeat_says_what_the_history_now_has_of_the_judged_transfer(
    demo_app: AppMaker, exchange: DemoExchange
) -> None:
    async with demo_app(asset="USDT", amount="1.5").run_test(size=(80, 24)) as pilot:
        main = await judged(pilot, exchange)
        main.query_one(f"#field-{Field.AMOUNT}", FormField).entry.value = "1.50"
        await review(pilot)
        assert isinstance(pilot.app.screen, ReviewScreen)
        warning = words(pilot, "#review-warning")
        assert "judged not executed, which is not proof" in warning
        assert "No record in the exchange's history as of" in warning
        assert "If that one was executed and you send this one as well, 1.5 USDT is moved twice." in warning
        await pilot.press("y", "y")
        await pilot.pause()
        assert len(exchange.requests) == 1


async def test_open_transfer_makes_balances_doubtful(demo_app: AppMaker, exchange: DemoExchange) -> None:
    async with demo_app(asset="USDT", amount="1.5").run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        main.desk._pace = Pace()
        exchange.faults.append(Fault(answer=Reply(502)))
        await send(pilot)
        await pilot.press("escape")
        await until_screen(pilot, MainScreen)
        await until(pilot, lambda: "may change" in str(main.query_one("#from").render_line(1).text))
        main.query_one(f"#field-{Field.AMOUNT}", FormField).entry.value = "2"
        assert "(may change)" in screen_text(pilot)
        await review(pilot)
        await until(pilot, lambda: "USDT (may change)" in screen_text(pilot))
        assert Decimal(exchange.requests[0]["amount"]) == Decimal("1.5")


@pytest.mark.parametrize("are_on", [True, False], ids=["on", "off"])
@pytest.mark.parametrize("tmux", ["", "/tmp/tmux-1000/default,1,0"], ids=["a terminal", "tmux"])
async def test_a_settled_outcome_rings_and_notifies_unless_that_is_off(
    demo_app: AppMaker, monkeypatch: pytest.MonkeyPatch, are_on: bool, tmux: str
) -> None:
    monkeypatch.delenv("STY", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    if tmux:
        monkeypatch.setenv("TMUX", tmux)
    else:
        monkeypatch.delenv("TMUX", raising=False)
    keys.keep_notifications(are_on)
    app = demo_app(asset="USDT", amount="1")
    async with app.run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        await send(pilot)
        await pilot.press("escape")
        await until_screen(pilot, MainScreen)
        written: list[str] = []
        assert app._driver
        monkeypatch.setattr(app._driver, "write", written.append)
        monkeypatch.setattr(app, "bell", lambda: written.append("bell"))
        done = newest(main)
        main.notices.update(replace(done, evidence=ambiguous()))
        main.notices.update(replace(done, evidence=matching_record()))
        monkeypatch.setattr(app._driver, "write", lambda _: None)
    sent = "".join(written)
    assert sent.startswith("bell")
    notified = "]9;Shunter: Settled: 1 USDT, Spot -> Funding" in sent
    assert notified == are_on
    assert sent.count("\x1bPtmux;\x1b\x1b]9;") == (are_on and bool(tmux))

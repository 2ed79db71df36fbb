"""Balances in the lists, the form, the review and the result; completion and Max."""

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from textual.pilot import Pilot

from tests.gate import Gate
from tests.screens.waiting import (
    facts,
    figure,
    message,
    picture,
    review,
    review_after_a_failure,
    until,
    until_open,
    until_screen,
    words,
)
from tui.app.app import ShunterApp
from tui.clock import ticks_ms
from tui.demo.exchange import DemoExchange
from tui.demo.faults import Fault, Reply
from tui.domain.wallets import Wallet
from tui.screens.entry import EntryScreen
from tui.screens.main import MainScreen
from tui.screens.review import ReviewScreen
from tui.structs import replace
from tui.widgets.completing_input import Suggestions
from tui.widgets.form_field import FormField
from tui.widgets.transfer_form import TransferForm
from tui.widgets.wallet_list import WalletList
from tui.words.wallets import trouble

AppMaker = Callable[..., ShunterApp]

PORTFOLIO_CALL = "/papi/v1/balance"
BROKEN = Reply(500, b"oops")


def field(main: MainScreen, which: str) -> FormField:
    """A field of the form."""
    return main.query_one(f"#field-{which}", FormField)


def note(main: MainScreen, which: str) -> str:
    """What a field says is wrong with it, else its hint."""
    return field(main, which).note


def offered(main: MainScreen, which: str) -> list[str]:
    """What the list below a completing field offers."""
    return [choice.value for choice in field(main, which).query_one("Suggestions").choices]  # type: ignore[attr-defined]


async def grow_old(pilot: Pilot[bool], main: MainScreen, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every figure older than a minute, and keep the form from asking anew."""
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()
    monkeypatch.setattr("tui.widgets.balance_refresher._SETTLED_S", 3600)
    balances = main.desk.balance_reader.balances
    wallets = {
        wallet: replace(holdings, read_ms=(holdings.read_ms or 0) - 61_000)
        for wallet, holdings in balances.wallets.items()
    }
    main.desk.balance_reader.balances = replace(balances, wallets=wallets, transferable={})
    main.query_one(TransferForm).show_balances(main.desk.balance_reader.balances)


async def test_a_wallet_that_cannot_be_read_looks_it_and_hides_no_other(
    demo_app: AppMaker, exchange: DemoExchange
) -> None:
    exchange.faults.append(Fault(method="GET", path=PORTFOLIO_CALL, executes=False, answer=BROKEN))
    async with demo_app(asset="USDT").run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        assert figure(main, Wallet.PORTFOLIO).endswith("not read")
        assert "300.00" in figure(main, Wallet.UM)
        await pilot.press("f5")
        await until(pilot, lambda: "100.00" in figure(main, Wallet.PORTFOLIO))


async def test_what_cannot_be_read_stays_in_sight_until_it_mends_itself(
    demo_app: AppMaker, exchange: DemoExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.widgets.balance_refresher._AGAIN_S", (0.01,))
    gate = Gate()
    exchange.faults.append(Fault(method="GET", path=PORTFOLIO_CALL, executes=False, answer=BROKEN))
    exchange.faults.append(Fault(method="GET", path=PORTFOLIO_CALL, before=gate))
    async with demo_app(asset="USDT").run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        await until(pilot, lambda: bool(message(main)))
        assert message(main).startswith("Not read: Portfolio Margin: ")
        assert message(main).endswith("Shunter retries, F5 retries now.")
        gate.open()
        await until(pilot, lambda: not message(main))
        assert "100.00" in figure(main, Wallet.PORTFOLIO)


def test_all_wallets_in_the_same_trouble_are_one_and_a_key_that_cannot_transfer_comes_first() -> None:
    unread = {"Could not reach the exchange.": list(Wallet)}
    told = r"No wallet can be read: Could not reach the exchange\. Since \d\d:\d\d; Shunter retries, F5 retries now\."
    assert re.fullmatch(told, trouble([], unread, ticks_ms()))
    assert trouble(["The key lacks it."], unread, 1).split("\n")[0] == "The key lacks it."
    assert trouble([], {}, None) == ""


async def test_old_figures_are_marked(demo_app: AppMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    async with demo_app(asset="USDT").run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        await grow_old(pilot, main, monkeypatch)
        assert re.search(r" [0-2]\d:[0-5]\d 1,250\.00$", figure(main, Wallet.SPOT))
        heading = str(main.query_one("#from", WalletList).render()).splitlines()[0]
        assert heading.endswith("read at  USDT available ")
        assert "old" in note(main, "amount")


async def test_fresh_figures_have_no_heading_for_times(demo_app: AppMaker) -> None:
    async with demo_app(asset="USDT").run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        assert "read at" not in str(main.query_one("#from", WalletList).render())


async def test_of_a_part_that_cannot_be_moved_no_figures_after_are_promised(
    demo_app: AppMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = {"source": Wallet.CROSS, "destination": Wallet.SPOT, "asset": "USDC", "amount": "30"}
    async with demo_app(**draft).run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        await grow_old(pilot, main, monkeypatch)
        await pilot.press("f2")
        await until_screen(pilot, ReviewScreen)
        await until(pilot, lambda: "Only 15.00 USDC can be moved" in words(pilot, "#review-warning"))
        assert facts(pilot)["From"].endswith("60.00 USDC free\nAt most 15.00 can be moved.")
        assert "->" not in facts(pilot)["From"] + facts(pilot)["To"]


async def test_without_an_asset_the_lists_count(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        assert figure(main, Wallet.SPOT).endswith("13 assets")
        assert figure(main, Wallet.ISOLATED).endswith("2 pairs")


@pytest.mark.parametrize(
    ("draft", "key", "amount"),
    [
        ({"asset": "USDT"}, "m", "1250.00"),
        ({"asset": "BTC"}, "q", "0.01330251"),
        ({"asset": "ETH"}, "h", "0.4012"),
        ({"source": Wallet.CROSS, "asset": "USDC"}, "m", "15.00"),
        ({"source": Wallet.UM, "destination": Wallet.SPOT, "asset": "USDT"}, "t", "225"),
        (
            {"source": Wallet.ISOLATED, "destination": Wallet.SPOT, "asset": "USDT", "from_pair": "BTCUSDT"},
            "m",
            "119.97530865",
        ),
        ({"source": Wallet.PORTFOLIO, "destination": Wallet.SPOT, "asset": "USDT"}, "m", "60.00"),
    ],
)
async def test_a_letter_fills_in_a_part_of_what_can_be_moved(
    demo_app: AppMaker, draft: dict[str, object], key: str, amount: str
) -> None:
    async with demo_app(**draft).run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        field(main, "amount").entry.focus()
        await pilot.press(key)
        await until(pilot, lambda: field(main, "amount").text == amount)


async def test_form_that_opens_with_max_fills_it_in_as_soon_as_it_is_known(demo_app: AppMaker) -> None:
    app = demo_app(source=Wallet.CROSS, destination=Wallet.SPOT, asset="BTC", takes_all=True)
    async with app.run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        await until(pilot, lambda: field(main, "amount").text == "0.0075")  # of 0.02, which secures a loan


async def test_max_waits_for_the_exact_figure(demo_app: AppMaker, exchange: DemoExchange) -> None:
    gate = Gate()
    exchange.faults.append(Fault(method="GET", path="/sapi/v1/margin/maxTransferable", before=gate))
    async with demo_app(source=Wallet.CROSS, asset="USDC").run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        field(main, "amount").entry.focus()
        await pilot.press("m")
        assert field(main, "amount").text == ""
        gate.open()
        await until(pilot, lambda: field(main, "amount").text == "15.00")


async def test_max_that_is_not_known_says_so_and_fills_in_nothing(demo_app: AppMaker, exchange: DemoExchange) -> None:
    exchange.faults.append(
        Fault(method="GET", path="/sapi/v1/margin/maxTransferable", times=None, executes=False, answer=BROKEN)
    )
    async with demo_app(source=Wallet.CROSS, asset="USDC").run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        field(main, "amount").entry.focus()
        await pilot.press("m")
        await until(pilot, lambda: "not known" in note(main, "amount"))
        assert field(main, "amount").text == ""


async def test_more_than_is_available_is_said_at_once_and_not_reviewed(demo_app: AppMaker) -> None:
    async with demo_app(asset="USDT").run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        field(main, "amount").entry.focus()
        await pilot.press(*"1250.01")
        await until(pilot, lambda: note(main, "amount") == "Only 1,250.00 USDT can be moved")
        await pilot.press("f2")
        await pilot.pause()
        assert pilot.app.screen is main


async def test_an_old_figure_stops_nobody_and_the_review_reads_it_again(
    demo_app: AppMaker, exchange: DemoExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with demo_app(asset="USDT", amount="1300").run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        await grow_old(pilot, main, monkeypatch)
        await pilot.press("f2")
        await until_screen(pilot, ReviewScreen)
        await until(pilot, lambda: "Only 1,250.00" in words(pilot, "#review-warning"))
        assert facts(pilot)["From"].endswith("1,250.00 USDT: not enough")
        assert facts(pilot)["To"].endswith("\n80.00 USDT")  # nothing will arrive
        await pilot.press("y")
        await pilot.pause()
        assert isinstance(pilot.app.screen, ReviewScreen)
        assert not exchange.requests


async def test_what_is_read_while_the_review_gets_ready_a_second_time_counts(
    demo_app: AppMaker, exchange: DemoExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with demo_app(asset="USDT", amount="1300").run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        await grow_old(pilot, main, monkeypatch)
        exchange.faults.append(Fault(method="POST", path="/sapi/v3/asset/getUserAsset", after=(gate := Gate())))
        await review_after_a_failure(pilot, main, exchange)
        await until(pilot, lambda: "y  Send" in words(pilot, "#review-ask"))
        await until(pilot, gate.reached.is_set)
        gate.open()
        await until(pilot, lambda: "Only 1,250.00" in words(pilot, "#review-warning"))


async def test_an_old_figure_that_cannot_be_read_again_warns_and_lets_send(
    demo_app: AppMaker, exchange: DemoExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with demo_app(asset="USDT", amount="1300").run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        await grow_old(pilot, main, monkeypatch)
        exchange.faults.append(
            Fault(method="POST", path="/sapi/v3/asset/getUserAsset", times=None, executes=False, answer=BROKEN)
        )
        await review(pilot)
        await until(pilot, lambda: "may refuse" in words(pilot, "#review-warning"))
        assert "->" not in facts(pilot)["To"]
        await pilot.press("y")
        await until_screen(pilot, EntryScreen)
        assert len(exchange.requests) == 1


async def test_review_and_result_show_both_wallets_before_and_after(demo_app: AppMaker) -> None:
    async with demo_app(source=Wallet.UM, destination=Wallet.SPOT, asset="USDT", amount="50").run_test(
        size=(80, 24)
    ) as pilot:
        await until_open(pilot)
        await review(pilot)
        assert "300.00 -> 250.00 USDT" in facts(pilot)["From"]
        assert "1,250.00 -> 1,300.00 USDT" in facts(pilot)["To"]
        await pilot.press("y")
        await until_screen(pilot, EntryScreen)
        await until(pilot, lambda: facts(pilot)["From"] == "USD-M Futures\n300.00 -> 250.00 USDT")


@pytest.mark.parametrize(
    ("source", "destination", "flag", "mark", "way"),
    [
        (Wallet.CROSS, Wallet.SPOT, "transferOutEnabled", "out barred", "out of"),
        (Wallet.SPOT, Wallet.CROSS, "transferInEnabled", "in barred", "into"),
    ],
)
async def test_a_wallet_that_the_exchange_has_barred_says_so_before_anything_is_sent(
    demo_app: AppMaker, exchange: DemoExchange, source: Wallet, destination: Wallet, flag: str, mark: str, way: str
) -> None:
    body = b'{"%s":false,"userAssets":[{"asset":"USDT","free":"70.00"}]}' % flag.encode()
    path = "/sapi/v1/margin/account"
    exchange.faults.append(Fault(method="GET", path=path, times=None, executes=False, answer=Reply(body=body)))
    app = demo_app(source=source, destination=destination, asset="USDT", amount="5")
    async with app.run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        assert figure(main, Wallet.CROSS).endswith(f"70.00 {mark}")
        assert note(main, "amount") == f"The exchange bars transfers {way} Cross Margin"
        await review(pilot)
        end = "From" if source is Wallet.CROSS else "To"
        await until(pilot, lambda: f"The exchange bars transfers {way} it." in facts(pilot)[end])
        await pilot.press("y")
        await until_screen(pilot, EntryScreen)


async def test_down_puts_a_suggestion_into_the_field_and_escape_takes_it_back(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        asset = field(main, "asset")
        asset.entry.focus()
        await pilot.press(*"usd")
        await until(pilot, lambda: offered(main, "asset") == ["USDT", "USDC", "FDUSD"])
        await pilot.press("down", "down")
        assert asset.text == "USDC"
        await pilot.press("escape")
        assert asset.text == "USD"
        await until(pilot, lambda: offered(main, "asset") == [])
        await pilot.press("down", "down", "enter")
        assert asset.text == "USDT"
        assert pilot.app.screen is main


async def test_tab_puts_in_the_suggestion_that_says_so_and_goes_on(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        field(main, "asset").entry.focus()
        await pilot.press(*"usd")
        suggestions = main.query_one("#field-asset Suggestions", Suggestions)
        await until(pilot, lambda: str(suggestions.render()).split("\n")[0].endswith(" Tab "))
        await pilot.press("tab", "5")
        assert (field(main, "asset").text, field(main, "amount").text) == ("USDT", "5")
        assert offered(main, "asset") == []


@pytest.mark.parametrize(
    ("typed", "key"), [("sd", "tab"), ("btc", "tab"), ("xyz", "tab"), ("us", "enter"), ("us", "f5")]
)
async def test_nothing_else_takes_a_suggestion_and_no_other_is_taken(typed: str, key: str, demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        field(main, "asset").entry.focus()
        await pilot.press(*typed, key)
        assert field(main, "asset").text == typed.upper()


async def test_a_click_offers_what_a_field_can_be_and_how_many_more_there_are(demo_app: AppMaker) -> None:
    async with demo_app(asset="USDT").run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        await pilot.click(field(main, "asset").entry)
        count = len(offered(main, "asset"))
        assert count > 8
        assert (
            str(main.query_one("#field-asset Suggestions", Suggestions).render()).split("\n")[7].strip()
            == f"{count - 7} more: type on, or Down"
        )


async def test_pairs_that_are_held_and_take_the_asset_are_offered_first(demo_app: AppMaker) -> None:
    draft = {"destination": Wallet.ISOLATED, "asset": "USDT"}
    async with demo_app(**draft).run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        field(main, "to-pair").entry.focus()
        await pilot.press("down")
        await until(pilot, lambda: offered(main, "to-pair")[:2] == ["BTCUSDT", "ETHUSDT"])
        assert all("USDT" in symbol for symbol in offered(main, "to-pair"))


async def test_pair_without_an_account_is_told_apart(demo_app: AppMaker) -> None:
    async with demo_app(destination=Wallet.ISOLATED, asset="USDT", to_pair="BNBUSDT").run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        await until(pilot, lambda: note(main, "to-pair") == "You have no BNBUSDT account yet")
        field(main, "to-pair").entry.focus()
        await pilot.press("ctrl+u", *"BTCUSDT")
        await until(pilot, lambda: note(main, "to-pair").startswith("You hold"))


async def test_asset_and_pair_check_each_other_whichever_is_entered_first(demo_app: AppMaker) -> None:
    async with demo_app(destination=Wallet.ISOLATED, asset="ETH").run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        field(main, "to-pair").entry.focus()
        await pilot.press(*"BTCUSDT")
        await until(pilot, lambda: "It takes BTC and USDT" in note(main, "to-pair"))
        asset = field(main, "asset").entry
        asset.value = ""
        asset.focus()
        await pilot.press("down")
        await until(pilot, lambda: offered(main, "asset") == ["BTC", "USDT"])
        await pilot.press("down")
        await until(pilot, lambda: "It takes" not in note(main, "to-pair"))


async def test_a_ban_is_in_the_header_with_its_end(demo_app: AppMaker, exchange: DemoExchange) -> None:
    refusal = Reply(429, b'{"code":-1003,"msg":"Too many requests."}', {"Retry-After": "50"})
    exchange.faults.append(Fault(method="GET", path="/sapi/v1/asset/wallet/balance", executes=False, answer=refusal))
    async with demo_app().run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(pilot.app.screen, MainScreen))
        await until(pilot, lambda: "too many requests: wallets in" in picture(pilot).split("\n")[0])


def test_the_demo_tells_free_from_transferable(exchange: DemoExchange) -> None:
    held = exchange.ledger.balance(Wallet.CROSS, "USDC")
    assert held.free > held.transferable > Decimal(0)

"""The review shows what the exchange says of the risk of the source. It neither waits for it nor hides facts for it."""

from collections.abc import Callable

import pytest

from tests.gate import Gate
from tests.screens.waiting import picture, review, screen_text, until, until_open, until_screen, words
from tui.app.app import ShunterApp
from tui.demo.exchange import DemoExchange
from tui.demo.faults import Fault, Reply
from tui.domain.wallets import Wallet
from tui.screens.entry import EntryScreen
from tui.screens.plan_review import PlanReviewScreen
from tui.screens.review import ReviewScreen

AppMaker = Callable[..., ShunterApp]

FROM = [
    ({"source": Wallet.CROSS, "destination": Wallet.SPOT, "asset": "USDC"}, "margin level"),
    (
        {
            "source": Wallet.ISOLATED,
            "destination": Wallet.ISOLATED,
            "from_pair": "BTCUSDT",
            "to_pair": "ETHUSDT",
            "asset": "USDT",
        },
        "liquidation price 21,034.50000000",
    ),
    ({"source": Wallet.UM, "destination": Wallet.SPOT, "asset": "USDT"}, "maintenance margin 22.75"),
    ({"source": Wallet.CM, "destination": Wallet.SPOT, "asset": "BTC"}, "maintenance margin 0.0015"),
    ({"source": Wallet.PORTFOLIO, "destination": Wallet.SPOT, "asset": "USDT"}, "uniMMR 5.31680000"),
]


def _facts(pilot: object) -> str:
    return " ".join(screen_text(pilot).split())  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 40)], ids=lambda size: "x".join(map(str, size)))
@pytest.mark.parametrize(("draft", "figure"), FROM, ids=lambda value: value if isinstance(value, str) else "")
async def test_the_review_shows_the_risk_and_every_fact(
    draft: dict[str, object], figure: str, size: tuple[int, int], demo_app: AppMaker
) -> None:
    async with demo_app(**draft, amount="0.001").run_test(size=size) as pilot:
        await until_open(pilot)
        await review(pilot)
        await until(pilot, lambda: figure in _facts(pilot))
        shown = pilot.app.screen
        assert isinstance(shown, ReviewScreen)
        assert shown._shows_all()
        assert figure in " ".join(picture(pilot).split())


async def test_a_move_out_of_spot_asks_for_no_risk(demo_app: AppMaker) -> None:
    async with demo_app(asset="USDT", amount="1").run_test() as pilot:
        await until_open(pilot)
        await review(pilot)
        assert "Risk" not in screen_text(pilot)


async def test_y_does_not_wait_for_the_risk(demo_app: AppMaker, exchange: DemoExchange) -> None:
    exchange.faults.append(Fault(method="GET", path="/papi/v1/account", before=(gate := Gate())))
    draft = {"source": Wallet.PORTFOLIO, "destination": Wallet.SPOT, "asset": "USDT", "amount": "1"}
    async with demo_app(**draft).run_test() as pilot:
        await until_open(pilot)
        await review(pilot)
        assert "asking the exchange..." in screen_text(pilot)
        await pilot.press("y")
        await until_screen(pilot, EntryScreen)
        assert len(exchange.requests) == 1
        gate.open()


async def test_a_risk_that_cannot_be_read_is_not_known(demo_app: AppMaker, exchange: DemoExchange) -> None:
    broken = Reply(500, b"oops")
    exchange.faults.append(Fault(method="GET", path="/papi/v1/account", executes=False, answer=broken))
    draft = {"source": Wallet.PORTFOLIO, "destination": Wallet.SPOT, "asset": "USDT", "amount": "1"}
    async with demo_app(**draft).run_test() as pilot:
        await until_open(pilot)
        await review(pilot)
        await until(pilot, lambda: "not known" in screen_text(pilot))
        assert "y  Send" in words(pilot, "#review-ask")


async def test_the_risk_makes_room_for_what_has_to_be_seen(demo_app: AppMaker) -> None:
    draft, figure = FROM[1]
    async with demo_app(**draft, amount="0.001").run_test(size=(60, 16)) as pilot:
        await until_open(pilot)
        await review(pilot)
        await until(pilot, lambda: figure in _facts(pilot))
        shown = pilot.app.screen
        assert isinstance(shown, ReviewScreen)
        shown._warn("A warning\nof\nmany\nlines")
        await until(pilot, lambda: "Risk" not in picture(pilot) and shown._shows_all())
        await pilot.resize_terminal(80, 40)
        await until(pilot, lambda: figure in " ".join(picture(pilot).split()))


async def test_the_review_of_a_plan_shows_the_risk_of_its_source_and_prepares_once(
    demo_app: AppMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = []
    prepare = PlanReviewScreen.prepare

    def counted(screen: PlanReviewScreen) -> object:
        prepared.append(1)
        return prepare(screen)

    monkeypatch.setattr(PlanReviewScreen, "prepare", counted)
    draft = {"source": Wallet.CM, "destination": Wallet.UM, "asset": "BTC", "amount": "0.001"}
    async with demo_app(**draft).run_test() as pilot:
        await until_open(pilot)
        await pilot.press("f2")
        await until_screen(pilot, PlanReviewScreen)
        await until(pilot, lambda: "maintenance margin 0.00150000" in _facts(pilot))
        assert prepared == [1]

"""On the main screen no number is cut, no head touches another, and nothing moves but the marker, at every size."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal

import pytest
from textual.geometry import Region
from textual.pilot import Pilot

from tests.evidence import accepted, ambiguous
from tests.evidence import transfer as transfer_with
from tests.screens.waiting import message, picture, until, until_open
from tui.app.app import ShunterApp
from tui.demo.exchange import DemoExchange
from tui.desk.settle import Progress
from tui.domain.amounts import grouped, plain
from tui.domain.balances import Account, Restriction
from tui.domain.transfer import Draft, Field, TransferRequest
from tui.domain.wallets import TransferType, Wallet
from tui.screens.main import MainScreen
from tui.structs import replace
from tui.widgets.form_field import FormField
from tui.widgets.message_line import MessageLine
from tui.widgets.move_line import MoveLine
from tui.widgets.transfer_form import TransferForm
from tui.widgets.wallet_list import WalletList

AppMaker = Callable[..., ShunterApp]

SIZES = [(60, 16), (80, 24), (120, 40), (160, 45), (200, 50)]
sizes = pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
TWO_PAIRS = {"source": Wallet.ISOLATED, "destination": Wallet.ISOLATED, "from_pair": "BTCUSDT", "to_pair": "ETHUSDT"}
LONG = Decimal("1234567.12345678")
UNKNOWN = ambiguous()


def lists(pilot: Pilot[bool]) -> list[str]:
    """The lines of both wallet lists."""
    main = pilot.app.screen
    drawn = [main.query_one(which, WalletList) for which in ("#from", "#to")]
    return [line for wallets in drawn for line in region_lines(pilot, wallets.region)]


def region_lines(pilot: Pilot[bool], region: Region) -> list[str]:
    """What the screen shows in a region."""
    lines = picture(pilot).split("\n")
    return [line[region.x : region.right] for line in lines[region.y : region.bottom]]


def left_of_the_side(pilot: Pilot[bool]) -> list[str]:
    """The form and the session, without their markers."""
    end = 80 if pilot.app.size.width >= 120 else pilot.app.size.width
    return [line[:end].replace(">", " ").replace("-  ", "   ") for line in picture(pilot).split("\n")[:-2]]


def show_amounts(main: MainScreen, amounts: Mapping[Wallet, Decimal], **changes: object) -> None:
    """Have these wallets hold so much USDT."""
    balances = main.desk.balance_reader.balances
    wallets = dict(balances.wallets)
    for wallet, amount in amounts.items():
        wallets[wallet] = replace(wallets[wallet], assets={"USDT": amount}, **changes)  # type: ignore[arg-type]
    main.query_one(TransferForm).show_balances(replace(balances, wallets=wallets, transferable={}))


@sizes
async def test_every_amount_of_the_wallets_is_whole(size: tuple[int, int], demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=size) as pilot:
        main = await until_open(pilot)
        balances = main.desk.balance_reader.balances
        for asset in ("USDT", "BTC", "ETH", "BNB", "SOL", "DOGE"):
            main.query_one(TransferForm).fill(Draft(asset=asset))
            await pilot.pause()
            wallets = [Account(wallet) for wallet in Wallet if wallet is not Wallet.ISOLATED]
            for figure in filter(None, (balances.figure(account, asset) for account in wallets)):
                if figure.amount:
                    assert sum(f" {grouped(figure.amount)} " in f"{line} " for line in lists(pilot)) >= 2


@sizes
@pytest.mark.parametrize("is_barred", [False, True])
async def test_an_amount_with_all_its_digits_and_doubts_is_whole(
    is_barred: bool, size: tuple[int, int], demo_app: AppMaker
) -> None:
    async with demo_app(asset="USDT").run_test(size=size) as pilot:
        main = await until_open(pilot)
        restrictions = frozenset({Restriction.TRANSFERS_OUT} if is_barred else ())
        show_amounts(main, {Wallet.SPOT: LONG, Wallet.PORTFOLIO: Decimal(3)}, read_ms=1.0, restrictions=restrictions)
        await pilot.pause()
        spot = next(line for line in lists(pilot) if line.startswith(">1 "))
        if is_barred and size[0] == 60:
            assert spot.split() == [">1", "Spot", "see", "F6"]
        else:
            assert re.search(rf" \d\d:\d\d ({grouped(LONG)}|{plain(LONG)}) ", spot), (
                spot
            )  # with the time of its reading
            assert ("barred" in spot) is is_barred
        assert not any(re.search(r"\d~", line) for line in lists(pilot))


@sizes
async def test_heads_stand_apart(size: tuple[int, int], demo_app: AppMaker) -> None:
    async with demo_app(asset="USDT").run_test(size=size) as pilot:
        main = await until_open(pilot)
        send(main)
        await until(pilot, lambda: "done" in picture(pilot))
        strips = [wallets.region.y for wallets in main.query(WalletList)]
        lines = [picture(pilot).split("\n")[y][:80] for y in strips]
        session = main.query_one("#transfers").region
        if session.height > 1:
            lines.append(region_lines(pilot, session)[0])
            assert re.search(r" THIS SESSION 3 +amount +outcome", lines[-1])
        for line in lines:
            heads = [head for head in re.split(r" {2,}", line.strip()) if head]
            assert set(heads) <= {
                "FROM",
                "TO",
                "USDT available",
                "THIS SESSION 3",
                "amount",
                "outcome",
                "outcome tranId",
                "tranId",
                "profile",
                "type",
                "Right: 1 more",
            }


@sizes
async def test_what_was_sent_is_whole(size: tuple[int, int], demo_app: AppMaker) -> None:
    async with demo_app(asset="USDT").run_test(size=size) as pilot:
        main = await until_open(pilot)
        send(main)
        await until(pilot, lambda: "done" in picture(pilot))
        shown = "\n".join(region_lines(pilot, main.query_one("#transfers").region))
        assert " 5,000,000.12345678 USDT " in shown
        if size[0] > 60:
            assert re.findall(r" (\d{11})(?: |$)", shown, re.MULTILINE) == ["13526853703", "13526853702", "13526853701"]


def send(main: MainScreen) -> None:
    """Have three transfers be done, the last one with many digits."""
    for number, amount in enumerate((Decimal(1), Decimal("0.5"), Decimal("5000000.12345678")), 1):
        request = TransferRequest(TransferType.MAIN_UMFUTURE, "USDT", amount)
        done = accepted(13_526_853_700 + number)
        main.desk.on_change(
            transfer_with(
                id=number - 1000, identity=f"n{number}", request=request, timestamp_ms=number * 1000, evidence=done
            )
        )


@sizes
@pytest.mark.parametrize("draft", [{}, TWO_PAIRS], ids=["no pairs", "two pairs"])
async def test_nothing_moves_when_it_gets_the_focus(
    draft: dict[str, object], size: tuple[int, int], demo_app: AppMaker
) -> None:
    async with demo_app(**draft, asset="USDT", amount="1").run_test(size=size) as pilot:
        main = await until_open(pilot)
        send(main)
        await until(pilot, lambda: main.query_one("#transfers").region.height == 0 or "done" in picture(pilot))
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        before = left_of_the_side(pilot)
        for _ in range(8):
            await pilot.press("tab")
            await pilot.pause()
            assert left_of_the_side(pilot) == before


@sizes
async def test_nothing_moves_when_another_wallet_is_chosen(size: tuple[int, int], demo_app: AppMaker) -> None:
    async with demo_app(asset="USDT", destination=Wallet.FUNDING).run_test(size=size) as pilot:
        main = await until_open(pilot)
        main.query_one("#to").focus()
        before = [line[1:] for line in lists(pilot)]
        for key in ("5", "8", "3"):
            await pilot.press("ctrl+o", "t", key)
            await pilot.pause()
            assert [line[1:] for line in lists(pilot)] == before


@sizes
async def test_a_letter_below_the_amount_can_be_clicked(size: tuple[int, int], demo_app: AppMaker) -> None:
    async with demo_app(asset="USDT").run_test(size=size) as pilot:
        main = await until_open(pilot)
        field = main.query_one(f"#field-{Field.AMOUNT}", FormField)
        for letter, amount in {"m": "1250.00", "t": "937.5", "h": "625", "q": "312.5"}.items():
            main.query_one("#from").focus()
            await pilot.pause()
            column = region_lines(pilot, field.region)[1].index(f" {letter} ") + 1
            await pilot.click(offset=(field.region.x + column, field.region.y + 1))
            await until(pilot, lambda amount=amount: Decimal(field.text or 0) == Decimal(amount))  # type: ignore[misc]
            assert main.focused is field.entry


@sizes
@pytest.mark.parametrize("draft", [{}, TWO_PAIRS], ids=["no pairs", "two pairs"])
async def test_messages_never_hide_the_form(
    draft: dict[str, object], size: tuple[int, int], demo_app: AppMaker
) -> None:
    async with demo_app(**draft, asset="USDT", amount="1").run_test(size=size) as pilot:
        main = await until_open(pilot)
        line = main.query_one(MessageLine)
        line.show("error", "Everything is wrong, " * 8)
        main.show_progress(Progress(transfer_with(evidence=UNKNOWN), "a note"))
        await until(pilot, lambda: "Everything is wrong" in message(main))
        await pilot.pause()
        shown = picture(pilot)
        for text in (" FROM ", "8 Portfolio", " Asset ", " Amount ", " F2 Review ", "Everything is wrong"):
            assert text in shown
        form, messages, keys = (main.query_one(name).region for name in ("#form", "#message", "KeyBar"))
        assert form.height == 12 + bool(draft) + (2 - bool(draft)) * (size[1] > 16) + (size[1] >= 30)
        assert form.bottom <= messages.y < messages.bottom <= keys.y
        if "unknown" not in shown.casefold():
            assert region_lines(pilot, messages)[-1].rstrip().endswith("~")


@sizes
async def test_the_action_is_whole_next_to_the_longest_move(size: tuple[int, int], demo_app: AppMaker) -> None:
    pairs = {"from_pair": "1000000MOGUSDT", "to_pair": "1000CHEEMSFDUSD"}
    async with demo_app(**{**TWO_PAIRS, **pairs}).run_test(size=size) as pilot:
        main = await until_open(pilot)
        line = region_lines(pilot, main.query_one(MoveLine).region)[0]
        assert line.startswith(" Isolated ")
        assert line.endswith("  F2 Review  ")


@sizes
async def test_what_a_field_has_no_room_for_is_in_the_message_line(
    size: tuple[int, int], demo_app: AppMaker, exchange: DemoExchange
) -> None:
    async with demo_app(asset="ETH", destination=Wallet.ISOLATED, to_pair="BTCUSDT").run_test(size=size) as pilot:
        main = await until_open(pilot)
        await pilot.press("f2")
        pair = main.query_one(f"#field-{Field.TO_PAIR}", FormField)
        await until(pilot, lambda: "It takes BTC and USDT" in pair.note)
        shown = " ".join(picture(pilot).split())
        assert pair.note in shown

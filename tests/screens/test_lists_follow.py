"""The newest transfer is in sight, in every terminal that is large enough, and nothing scrolls."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from textual.pilot import Pilot

from tests.evidence import accepted, ambiguous, legacy
from tests.evidence import transfer as transfer_with
from tests.screens.waiting import message, picture, rows, send, until, until_open, until_screen
from tui.app.app import ShunterApp
from tui.demo.exchange import DemoExchange
from tui.demo.ledger import Executed
from tui.desk.settle import Progress
from tui.domain.entries import Entry
from tui.domain.evidence import Awaiting
from tui.domain.transfer import Field, Outcome, Transfer, TransferRequest
from tui.domain.wallets import TransferType
from tui.screens.main import MainScreen
from tui.structs import replace
from tui.widgets.form_field import FormField
from tui.widgets.session_list import SessionList

AppMaker = Callable[..., ShunterApp]

SIZES = [(60, 16), (70, 20), (80, 24), (120, 40), (160, 45), (200, 50)]

REQUEST = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(1))
AT_MS = 1_767_268_800_000  # 2026-01-01 12:00, in UTC
DONE = transfer_with(request=REQUEST, timestamp_ms=AT_MS, evidence=accepted())


def made(number: int) -> Transfer:
    """One of many transfers, which its tranId tells apart."""
    id_ = number - 1000  # before those of the demo's own journal
    evidence, at_ms = accepted(700_000_000 + number), AT_MS + number
    return replace(DONE, id=id_, identity=f"made {number}", timestamp_ms=at_ms, evidence=evidence)


async def fill(pilot: Pilot[bool], main: MainScreen, *, earlier: int) -> None:
    """Thirty transfers, and before them earlier ones."""
    unknown = [
        replace(made(number), evidence=legacy(Outcome.UNKNOWN, tran_id=made(number).tran_id))
        for number in range(1, earlier + 1)
    ]
    main.show_earlier(unknown)
    for number in range(earlier + 1, earlier + 31):
        come(main, number)
    await until(pilot, lambda: len(rows(main)) == earlier + 30)


def come(main: MainScreen, number: int) -> None:
    """Have one be sent, and done."""
    main.desk.on_change(replace(made(number), evidence=Awaiting()))
    main.desk.on_change(made(number))


async def until_shown(pilot: Pilot[bool], transfer: Transfer | Executed, size: tuple[int, int]) -> None:
    """Wait until a transfer is in sight."""
    try:
        await until(pilot, lambda: str(transfer.tran_id) in picture(pilot))
    except TimeoutError:
        pytest.fail(f"{transfer.tran_id} is never in sight at {size}:\n{picture(pilot)}")


@pytest.mark.parametrize("earlier", [0, 3])
async def test_the_newest_of_many_is_in_sight_without_a_scroll_bar(earlier: int, demo_app: AppMaker) -> None:
    async with demo_app(asset="USDT", amount="1").run_test(size=SIZES[0]) as pilot:
        main = await until_open(pilot)
        await fill(pilot, main, earlier=earlier)
        for number, size in enumerate(SIZES, earlier + 31):
            await pilot.resize_terminal(*size)
            come(main, number)
            await until_shown(pilot, made(number), size)
            assert not any(widget.show_vertical_scrollbar for widget in main.query("*")), size
            main.query_one("#transfers").focus()
            await pilot.press("ctrl+end")
            await until_shown(pilot, made(1), size)
            await pilot.press("ctrl+home")
            main.query_one(f"#field-{Field.ASSET}", FormField).entry.focus()


async def test_what_was_just_sent_is_in_sight_and_so_is_the_amount(demo_app: AppMaker, exchange: DemoExchange) -> None:
    async with demo_app(asset="USDT").run_test(size=SIZES[0]) as pilot:
        main = await until_open(pilot)
        await fill(pilot, main, earlier=2)
        for number, size in enumerate(SIZES, 1):
            await pilot.resize_terminal(*size)
            main.query_one(f"#field-{Field.AMOUNT}", FormField).entry.value = f"{number}.5"
            await send(pilot)
            await pilot.press("escape")
            await until_screen(pilot, MainScreen)
            assert len(exchange.ledger.transfers) == number, size
            await until_shown(pilot, exchange.ledger.transfers[-1], size)
            assert "Amount" in picture(pilot), size


async def test_who_reads_another_row_is_left_there(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        await fill(pilot, main, earlier=0)
        session = main.query_one(SessionList)
        main.query_one("#transfers").focus()
        await pilot.press("down", "down")
        read = session.marked
        main.desk.on_change(made(31))
        await until(pilot, lambda: len(rows(main)) == 31)
        assert session.marked == read == Entry(None, made(28))
        await pilot.press("ctrl+home")
        main.desk.on_change(made(32))
        await until(pilot, lambda: session.marked == Entry(None, made(32)))


async def test_earlier_ones_that_come_late_are_below(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        main.desk.on_change(made(5))
        main.show_earlier([replace(made(2), evidence=ambiguous())])
        await until(pilot, lambda: len(rows(main)) == 2)
        assert [(row[0], row[4]) for row in rows(main)] == [("12:00:00", "done"), ("01-01 12:00", "unknown")]
        assert main.query_one(SessionList).marked == Entry(None, made(5))
        assert "THIS SESSION 1 and 1 from before" in picture(pilot)


async def test_newest_of_many_unknown_ones_is_in_sight_with_its_note(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        for number in range(1, 6):
            main.show_progress(Progress(replace(made(number), evidence=ambiguous()), f"note {number}"))
        await until(pilot, lambda: "4 more unknown" in picture(pilot))
        assert "note 5" in message(main)

"""What the screens look like. `pytest tests/screens/test_snapshots.py --snapshot-update` takes new pictures."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from textual.pilot import Pilot

from tests.evidence import ambiguous, evidence_for, matching_record
from tests.evidence import transfer as transfer_with
from tests.screens.conftest import NOON_MS
from tests.screens.waiting import (
    figure,
    is_reading,
    message,
    picture,
    review,
    rows,
    send,
    until,
    until_open,
    until_screen,
)
from tui import keys
from tui.app.app import ShunterApp
from tui.app.opening import Start
from tui.demo.exchange import DemoExchange
from tui.demo.faults import Fault, Reply
from tui.desk.settle import Progress
from tui.domain.balances import Account
from tui.domain.evidence import Reason, Reopened
from tui.domain.favourite import Favourite
from tui.domain.records import HistoryRow, OtherStatus, RecordStatus, UnreadableRow
from tui.domain.transfer import Draft, Outcome, Transfer, TransferRequest
from tui.domain.wallets import TransferType, Wallet
from tui.favourites import favourites_path, keep
from tui.screens.add_key import AddKeyScreen
from tui.screens.decide import DecideScreen
from tui.screens.favourites import FavouritesScreen
from tui.screens.help import HelpScreen
from tui.screens.keys import KeysScreen
from tui.screens.main import MainScreen
from tui.screens.notice import NoticeScreen
from tui.screens.welcome import WelcomeScreen
from tui.widgets.status_bar import StatusBar
from tui.words.settling import Doubt

pytestmark = pytest.mark.usefixtures("clocks_stand_still")

SnapCompare = Callable[..., bool]
SnapSizes = Callable[..., None]
AppMaker = Callable[..., ShunterApp]
Steps = Callable[[Pilot[bool]], Awaitable[None]]

SMALL, LARGE = (80, 24), (120, 40)
SIZES = [(60, 16), SMALL, LARGE, (160, 45), (200, 50)]


def starting_at(size: tuple[int, int]) -> list[tuple[int, int]]:
    """All sizes, another one first: how an app starts in each is seen by one test at least."""
    return [size, *(other for other in SIZES if other != size)]


ISOLATED = {"source": Wallet.ISOLATED, "destination": Wallet.ISOLATED}


async def _sent(pilot: Pilot[bool]) -> None:
    await until_open(pilot)
    await send(pilot)
    await until(pilot, lambda: not is_reading(pilot))
    await pilot.pause()


def test_main_screen(demo_app: AppMaker, snap_sizes: SnapSizes) -> None:
    async def steps(pilot: Pilot[bool]) -> None:
        await _sent(pilot)
        await pilot.press("escape")
        await pilot.pause()

    snap_sizes(demo_app(asset="USDT", amount="100"), SIZES, steps)


@pytest.mark.parametrize("has_few_colours", [False, True], ids=["colour", "no colour"])
def test_thirty_transfers(
    has_few_colours: bool,
    exchange: DemoExchange,
    snap_sizes: SnapSizes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    outcomes = [Outcome.DONE, Outcome.DONE, Outcome.REJECTED, Outcome.NOT_EXECUTED, Outcome.DONE, Outcome.NOT_SENT]

    def made(number: int, outcome: Outcome) -> Transfer:
        move = list(TransferType)[number % 7]
        pair = "BTCUSDT" if move.needs_to_pair else None
        request = TransferRequest(move, "USDT", Decimal(number * number) / 4, to_symbol=pair)
        evidence = evidence_for(outcome, 13526853600 + number)
        at_ms = NOON_MS + number * 60_000
        return transfer_with(
            id=number, request=request, profile="demo", timestamp_ms=at_ms, evidence=evidence, answer=evidence
        )

    async def steps(pilot: Pilot[bool]) -> None:
        main = await until_open(pilot)
        main.show_earlier([made(1, Outcome.UNKNOWN), made(2, Outcome.UNKNOWN)])
        for number in range(3, 33):
            main.desk.on_change(made(number, outcomes[number % 6]))
        await until(pilot, lambda: len(rows(main)) == 32)
        status = main.query_one(StatusBar)
        await until(pilot, lambda: not status.status.waiting_for and "?" not in figure(main, Wallet.SPOT))

    if has_few_colours:
        monkeypatch.setenv("NO_COLOR", "1")
    app = ShunterApp(Start(demo=True, draft=Draft(asset="USDT"), has_few_colours=has_few_colours))
    snap_sizes(app, SIZES, steps)


def test_main_screen_with_pairs(demo_app: AppMaker, snap_compare: SnapCompare) -> None:
    async def steps(pilot: Pilot[bool]) -> None:
        await until_open(pilot)

    draft = {**ISOLATED, "asset": "USDT", "amount": "1", "from_pair": "BTCUSDT", "to_pair": "ETHUSDT"}
    assert snap_compare(demo_app(**draft), terminal_size=SMALL, run_before=steps)


def test_errors_at_their_fields(demo_app: AppMaker, snap_compare: SnapCompare) -> None:
    async def steps(pilot: Pilot[bool]) -> None:
        await until_open(pilot)
        await pilot.press("f2")
        await pilot.pause()

    draft = {**ISOLATED, "amount": "1,5", "from_pair": "BTCUSDT", "to_pair": "BTCUSDT"}
    assert snap_compare(demo_app(**draft), terminal_size=SMALL, run_before=steps)


def test_review(demo_app: AppMaker, snap_sizes: SnapSizes) -> None:
    async def steps(pilot: Pilot[bool]) -> None:
        await until_open(pilot)
        await review(pilot)

    snap_sizes(demo_app(asset="USDT", amount="100"), starting_at((120, 40)), steps)


def test_result(demo_app: AppMaker, snap_sizes: SnapSizes) -> None:
    snap_sizes(demo_app(asset="USDT", amount="100"), starting_at((160, 45)), _sent)


async def _closed(pilot: Pilot[bool]) -> None:
    await _sent(pilot)
    await pilot.press("escape")
    await pilot.pause()


async def _reviewed(pilot: Pilot[bool]) -> None:
    await until_open(pilot)
    await review(pilot)


async def _holdings(pilot: Pilot[bool]) -> None:
    await until_open(pilot)
    await pilot.press("f6", "down", "down", "right")
    await pilot.pause()


async def _keys(pilot: Pilot[bool]) -> None:
    await until_open(pilot)
    await pilot.press("f4")
    await until_screen(pilot, KeysScreen)
    await pilot.pause()


@pytest.mark.parametrize(
    ("steps", "sizes"),
    [
        pytest.param(_closed, SIZES[1:], id="closed"),
        pytest.param(_reviewed, SIZES[1:], id="reviewed"),
        pytest.param(_sent, SIZES[1:], id="sent"),
        pytest.param(_holdings, SIZES[1:], id="holdings"),
        pytest.param(_keys, SIZES[1:], id="keys"),
    ],
)
def test_without_colour(
    steps: Steps,
    sizes: list[tuple[int, int]],
    exchange: DemoExchange,
    two_keys: None,
    monkeypatch: pytest.MonkeyPatch,
    snap_sizes: SnapSizes,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = ShunterApp(Start(demo=True, draft=Draft(asset="USDT", amount="100"), has_few_colours=True))
    snap_sizes(app, sizes, steps)


@pytest.mark.parametrize("theme", ["textual-light", "ansi-dark"])
def test_in_a_theme(theme: str, demo_app: AppMaker, snap_compare: SnapCompare) -> None:
    async def steps(pilot: Pilot[bool]) -> None:
        await _sent(pilot)
        await pilot.press("escape")
        await pilot.pause()

    keys.keep_theme(theme)
    assert snap_compare(demo_app(asset="USDT", amount="100"), terminal_size=LARGE, run_before=steps)


def test_holdings(demo_app: AppMaker, snap_sizes: SnapSizes) -> None:
    snap_sizes(demo_app(asset="USDT", amount="100"), SIZES, _holdings)


def test_last_moves(demo_app: AppMaker, exchange: DemoExchange, snap_sizes: SnapSizes) -> None:
    async def steps(pilot: Pilot[bool]) -> None:
        main = await until_open(pilot)
        for destination, amount in ((TransferType.MAIN_UMFUTURE, 100), (TransferType.MAIN_MARGIN, 9999)):
            await main.desk.submit(TransferRequest(destination, "USDT", Decimal(amount)))
        exchange.faults.append(Fault(answer=Reply(502, b"")))
        await main.desk.submit(
            TransferRequest(TransferType.MAIN_ISOLATED_MARGIN, "USDT", Decimal("0.5"), None, "BTCUSDT")
        )
        held = {Account(Wallet.SPOT): "1149.5", Account(Wallet.ISOLATED, "BTCUSDT"): "200.5", Account(Wallet.UM): "400"}

        def is_read_again() -> bool:
            figures = {account: main.desk.balance_reader.balances.held(account, "USDT") for account in held}
            return all(figure and figure.amount == Decimal(held[account]) for account, figure in figures.items())

        await until(pilot, is_read_again)
        await pilot.press("f6")
        await until(pilot, lambda: Outcome.UNKNOWN.words in picture(pilot))

    snap_sizes(demo_app(asset="USDT"), [LARGE, (200, 50)], steps)


def _unreachable(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("All connection attempts failed", request=request)


@pytest.mark.parametrize("has_few_colours", [False, True], ids=["colour", "no colour"])
def test_offline(has_few_colours: bool, snap_sizes: SnapSizes, monkeypatch: pytest.MonkeyPatch) -> None:
    async def steps(pilot: Pilot[bool]) -> None:
        main = await until_open(pilot)
        await until(pilot, lambda: bool(message(main)))

    monkeypatch.setattr("tui.demo.in_process.in_process", lambda: httpx.MockTransport(_unreachable))
    if has_few_colours:
        monkeypatch.setenv("NO_COLOR", "1")
    app = ShunterApp(Start(demo=True, draft=Draft(asset="USDT", amount="100"), has_few_colours=has_few_colours))
    snap_sizes(app, starting_at((200, 50)), steps)


def test_refused(demo_app: AppMaker, exchange: DemoExchange, snap_compare: SnapCompare) -> None:
    refusal = b'{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}'
    exchange.faults.append(Fault(executes=False, answer=Reply(401, refusal)))
    assert snap_compare(demo_app(asset="USDT", amount="100"), terminal_size=SMALL, run_before=_sent)


def test_unknown(demo_app: AppMaker, exchange: DemoExchange, snap_compare: SnapCompare) -> None:
    exchange.faults.append(Fault(answer=Reply(502, b"<html>Bad gateway</html>")))
    assert snap_compare(demo_app(asset="USDT", amount="100"), terminal_size=SMALL, run_before=_sent)


def test_too_small(demo_app: AppMaker, snap_compare: SnapCompare) -> None:
    async def steps(pilot: Pilot[bool]) -> None:
        await until_screen(pilot, MainScreen)
        status = pilot.app.screen.query_one(StatusBar)
        await until(pilot, lambda: status.status.clock_offset_ms is not None and not status.status.waiting_for)

    assert snap_compare(demo_app(), terminal_size=(50, 14), run_before=steps)


@pytest.mark.parametrize(
    ("keys", "screen", "size"),
    [(["f1"], HelpScreen, SMALL)],
    ids=["help"],
)
def test_pages(
    keys: list[str], screen: type, size: tuple[int, int], demo_app: AppMaker, snap_compare: SnapCompare
) -> None:
    async def steps(pilot: Pilot[bool]) -> None:
        await _sent(pilot)
        await pilot.press("escape", *keys)
        await until_screen(pilot, screen)

    assert snap_compare(demo_app(asset="USDT", amount="100"), terminal_size=size, run_before=steps)


@pytest.mark.parametrize("doubt", Doubt, ids=lambda doubt: doubt.name.lower().replace("_", " "))
def test_deciding(doubt: Doubt, demo_app: AppMaker, snap_compare: SnapCompare) -> None:
    request = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal("1.5"))
    transfer = transfer_with(
        request=request, key_tail="9zzz", timestamp_ms=NOON_MS, evidence=ambiguous(), answer=ambiguous()
    )
    records = [
        HistoryRow("USDT", request.amount, "MAIN_FUNDING", RecordStatus.CONFIRMED, 75_000 + n, NOON_MS + n)
        for n in (9, 800)
    ]
    rounded = HistoryRow("USDT", Decimal("1.49"), "MAIN_FUNDING", RecordStatus.CONFIRMED, 75_003, NOON_MS + 60_000)
    pending = HistoryRow("USDT", request.amount, "MAIN_FUNDING", OtherStatus("PROCESSING"), 75_004, NOON_MS + 70_000)
    candidates = {Doubt.SEVERAL: records, Doubt.OTHER_KEY: records[:1], Doubt.NEAR: [rounded, pending]}.get(doubt, [])
    text = '{"asset":"USDT","amount":null,"type":"MAIN_FUNDING","status":"CONFIRMED","tranId":75000}'
    row = UnreadableRow(text, "MAIN_FUNDING", "USDT", None, RecordStatus.CONFIRMED, 75_000, None)
    progress = Progress(transfer, "", doubt, tuple(candidates), (row,) if doubt is Doubt.UNREADABLE else ())

    async def steps(pilot: Pilot[bool]) -> None:
        main = await until_open(pilot)
        await pilot.app.push_screen(DecideScreen(main.desk, progress))
        await until_screen(pilot, DecideScreen)

    assert snap_compare(demo_app(), terminal_size=SMALL, run_before=steps)


@pytest.mark.parametrize("outcome", [Outcome.DONE, Outcome.UNKNOWN])
def test_notice(outcome: Outcome, demo_app: AppMaker, snap_compare: SnapCompare, clocks_stand_still: None) -> None:
    request = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal("1.5"))
    evidence = (
        matching_record(75_000, recorded_ms=NOON_MS + 800, corrects=Outcome.NOT_EXECUTED)
        if outcome is Outcome.DONE
        else Reopened(Reason.RECORDS_APPEARED, Outcome.NOT_EXECUTED)
    )
    transfer = transfer_with(
        request=request, key_tail="9zzz", timestamp_ms=NOON_MS, evidence=evidence, answer=ambiguous()
    )

    async def steps(pilot: Pilot[bool]) -> None:
        main = await until_open(pilot)
        main.desk.on_notice(transfer)
        await until_screen(pilot, NoticeScreen)

    assert snap_compare(demo_app(), terminal_size=SMALL, run_before=steps)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])
def test_favourites(
    size: tuple[int, int],
    demo_app: AppMaker,
    snap_compare: SnapCompare,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def steps(pilot: Pilot[bool]) -> None:
        await until_open(pilot)
        await pilot.press("f7")
        await until_screen(pilot, FavouritesScreen)
        await pilot.pause()

    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr("tui.screens.favourites.favourites_path", lambda: Path("favourites.toml"))
    keep(Favourite("margin", Draft(Wallet.SPOT, Wallet.ISOLATED, "USDT", "25", to_pair="BTCUSDT")))
    keep(Favourite("all home", Draft(Wallet.UM, Wallet.SPOT, "USDT", takes_all=True)))
    keep(Favourite("own", Draft(Wallet.SPOT, Wallet.UM, "BTC"), "demo"))
    keep(Favourite("coins", Draft(Wallet.CM, Wallet.UM, "BTC", takes_all=True)))
    with favourites_path().open("a") as file:
        file.write('\n[[favourite]]\nname = "bad"\nfrom = "um"\nto = "um"\nasset = "USDT"\n')
    assert snap_compare(demo_app(asset="USDT", amount="100"), terminal_size=size, run_before=steps)


def test_welcome_without_a_key(no_keys: None, snap_compare: SnapCompare) -> None:
    async def steps(pilot: Pilot[bool]) -> None:
        await until_screen(pilot, WelcomeScreen)

    assert snap_compare(ShunterApp(Start()), terminal_size=SMALL, run_before=steps)


def test_adding_a_key_shows_none_of_it(no_keys: None, snap_compare: SnapCompare) -> None:
    async def steps(pilot: Pilot[bool]) -> None:
        await until_screen(pilot, WelcomeScreen)
        await pilot.press("f4")
        await until_screen(pilot, KeysScreen)
        await pilot.press("a")
        await until_screen(pilot, AddKeyScreen)
        await pilot.press(*"plainly-visible", "tab", *"also visible", "f2")
        await pilot.pause()

    assert snap_compare(ShunterApp(Start()), terminal_size=SMALL, run_before=steps)


def test_keys(two_keys: None, snap_sizes: SnapSizes) -> None:
    async def steps(pilot: Pilot[bool]) -> None:
        await until_screen(pilot, WelcomeScreen)
        await pilot.press("f4")
        await until_screen(pilot, KeysScreen)

    snap_sizes(ShunterApp(Start()), starting_at((80, 24)), steps)


def test_keys_without_any(no_keys: None, snap_compare: SnapCompare) -> None:
    async def steps(pilot: Pilot[bool]) -> None:
        await until_screen(pilot, WelcomeScreen)
        await pilot.press("f4")
        await until_screen(pilot, KeysScreen)

    assert snap_compare(ShunterApp(Start()), terminal_size=SMALL, run_before=steps)

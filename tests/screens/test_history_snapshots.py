"""What the past looks like: as it comes, merged, filtered, in full, and where it differs."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from decimal import Decimal

import pytest
from textual.pilot import Pilot

from tests.evidence import evidence_for, no_record
from tests.evidence import transfer as transfer_with
from tests.screens.conftest import NOON_MS
from tests.screens.waiting import below, part, until, until_open, until_screen
from tui.app.app import ShunterApp
from tui.desk.browse import HistoryBrowser
from tui.domain.entries import Comparison, Difference, DifferenceKind, Entry, merge, mismatches
from tui.domain.records import HistoryRow, OtherStatus, Reach, Reading, RecordStatus, Row, UnreadableRow
from tui.domain.transfer import Outcome, Transfer, TransferRequest
from tui.domain.wallets import TransferType, Wallet
from tui.language import _, ngettext
from tui.screens.entry import EntryScreen
from tui.screens.history import HistoryScreen
from tui.screens.report import ReportScreen
from tui.structs import replace
from tui.widgets.entry_table import EntryTable

pytestmark = pytest.mark.usefixtures("clocks_stand_still")

AppMaker = Callable[..., ShunterApp]
SnapCompare = Callable[..., bool]
Steps = Callable[[Pilot[bool]], Awaitable[None]]
SIZES = [(80, 24), (120, 40)]
HOST = "https://demo.invalid"
HOUR_MS = 60 * 60 * 1000

RECORDS = [
    HistoryRow(
        ("USDT", "BTC", "USDT", "BNB")[number % 4],
        Decimal(number * number + 1) / (1, 1000, 4, 100)[number % 4],
        move.name,
        RecordStatus.FAILED if number % 9 == 4 else RecordStatus.CONFIRMED,
        13526853600 + number,
        NOON_MS - number * 7 * HOUR_MS,
        "BTCUSDT" if move.needs_from_pair else None,
        "ETHUSDT" if move.needs_to_pair else None,
    )
    for number, move in enumerate([*TransferType, *TransferType])
]
UNKNOWN: list[Row] = [
    HistoryRow("USDT", Decimal(4), "MAIN_MOON", OtherStatus("ON_ITS_WAY"), 13526853700, NOON_MS - HOUR_MS),
    UnreadableRow('{"tranId":null,"amount":"1e99","asset":"USDT"}', asset="USDT", timestamp=NOON_MS - 2 * HOUR_MS),
]


def _row(number: int, outcome: Outcome, *, host: str = HOST, profile: str = "demo") -> Transfer:
    record = RECORDS[number]
    request = TransferRequest(
        TransferType[record.type], record.asset, record.amount, record.from_symbol, record.to_symbol
    )
    at_ms = record.timestamp - 40
    evidence = evidence_for(outcome, record.tran_id)
    return transfer_with(
        id=number + 1,
        request=request,
        profile=profile,
        key_tail="9zzz",
        host=host,
        timestamp_ms=at_ms,
        evidence=evidence,
        answer=evidence,
    )


ROWS = [
    _row(0, Outcome.DONE),
    _row(3, Outcome.DONE),
    _row(4, Outcome.DONE),  # of which the record says FAILED
    _row(5, Outcome.NOT_SENT),
    _row(7, Outcome.UNKNOWN),
]
REHEARSALS = [
    _row(1, Outcome.DONE, host="http://127.0.0.1:8321", profile="rehearsal"),
    _row(2, Outcome.NOT_EXECUTED, host="http://127.0.0.1:8321", profile="rehearsal"),
]


class KnownHistory(HistoryBrowser):
    """What stands here, and nothing else."""

    shown: list[Entry]
    notes: list[str]

    async def follow(self) -> AsyncGenerator[None, None]:
        self.entries = self.shown
        yield
        await asyncio.Event().wait()

    @property
    def missing(self) -> list[str]:
        return self.notes

    def ask(self) -> None:
        pass


def _of(
    monkeypatch: pytest.MonkeyPatch, records: list[Row], rows: list[Transfer], reading: Reading, *notes: str
) -> None:
    def browse(desk: object) -> KnownHistory:
        made = KnownHistory(desk.client, desk._journal)  # type: ignore[attr-defined]
        made.shown = merge(records, rows, HOST)
        made.reading = reading
        made.reach, made.is_taking = Reach.WHOLE if reading.is_over else Reach.READING, False
        made.notes = list(notes)
        return made

    monkeypatch.setattr("tui.desk.desk.Desk.browse", browse)


NOTE = "Isolated Margin was asked for BTCUSDT: what the account has. What was moved for any other pair is not here."
MERGED: tuple[list[Row], list[Transfer], Reading, str] = [*UNKNOWN, *RECORDS], ROWS, Reading(33, 33), NOTE


async def _opened(pilot: Pilot[bool], *keys: str) -> None:
    await until_open(pilot)
    await pilot.press("f3")
    await until_screen(pilot, HistoryScreen)
    await until(pilot, lambda: part(ngettext("{count} transfer", "{count} transfers", 2)) in below(pilot))
    await pilot.press(*keys)
    await pilot.pause()


sizes = pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))


@sizes
def test_loading(
    size: tuple[int, int], demo_app: AppMaker, snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch
) -> None:
    _of(monkeypatch, list(RECORDS[:9]), ROWS, Reading(33, 12, wait_s=30))
    assert snap_compare(demo_app(), terminal_size=size, run_before=_opened)


@sizes
def test_merged(
    size: tuple[int, int], demo_app: AppMaker, snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch
) -> None:
    _of(monkeypatch, *MERGED)

    async def steps(pilot: Pilot[bool]) -> None:
        await _opened(pilot, *["down"] * 6)

    assert snap_compare(demo_app(), terminal_size=size, run_before=steps)


@sizes
def test_rehearsals_beside(
    size: tuple[int, int], demo_app: AppMaker, snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch
) -> None:
    _of(monkeypatch, list(RECORDS), [*ROWS, *REHEARSALS], Reading(33, 33))
    assert snap_compare(demo_app(), terminal_size=size, run_before=_opened)


@sizes
def test_filtered(
    size: tuple[int, int], demo_app: AppMaker, snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch
) -> None:
    _of(monkeypatch, *MERGED)

    async def steps(pilot: Pilot[bool]) -> None:
        await _opened(pilot, "s", "s", "slash", *"asset:usdt wallet:um")
        await until(pilot, lambda: part(_("filtered: {shown} of {count}")) in below(pilot))
        await pilot.press("enter")
        wallet = Wallet.UM.short_label
        await until(pilot, lambda: wallet in str(pilot.app.screen.query_one(EntryTable).render()).split("\n")[1])

    assert snap_compare(demo_app(), terminal_size=size, run_before=steps)


def test_mistake_in_the_filter(demo_app: AppMaker, snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch) -> None:
    _of(monkeypatch, *MERGED)

    async def steps(pilot: Pilot[bool]) -> None:
        await _opened(pilot, "slash", *"outcome:good")

    assert snap_compare(demo_app(), terminal_size=SIZES[0], run_before=steps)


@sizes
def test_difference(
    size: tuple[int, int], demo_app: AppMaker, snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch
) -> None:
    _of(monkeypatch, *MERGED)

    async def steps(pilot: Pilot[bool]) -> None:
        await _opened(pilot, "slash", *"differs", "enter")
        one = _("filtered: {shown} of {count}").partition("{count}")[0].format(shown=1)
        await until(pilot, lambda: one in below(pilot))
        await pilot.press("enter")
        await until_screen(pilot, EntryScreen)

    assert snap_compare(demo_app(), terminal_size=size, run_before=steps)


def test_record_that_cannot_be_read(
    demo_app: AppMaker, snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch
) -> None:
    _of(monkeypatch, *MERGED)

    async def steps(pilot: Pilot[bool]) -> None:
        await _opened(pilot, "down", "down", "enter")
        await until_screen(pilot, EntryScreen)

    assert snap_compare(demo_app(), terminal_size=SIZES[0], run_before=steps)


@sizes
def test_comparison(
    size: tuple[int, int], demo_app: AppMaker, snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch
) -> None:
    _of(monkeypatch, *MERGED)
    failed, found = ROWS[2], replace(ROWS[3], evidence=no_record())
    differences = (
        Difference(DifferenceKind.FAILED_AFTER_ALL, failed, RECORDS[4], mismatches(failed, RECORDS[4])),
        Difference(DifferenceKind.EXECUTED_AFTER_ALL, found, RECORDS[5]),
    )
    elsewhere = tuple(Difference(DifferenceKind.ELSEWHERE, None, record) for record in RECORDS[8:])

    async def steps(pilot: Pilot[bool]) -> None:
        await _opened(pilot)
        comparison = Comparison(differences, elsewhere, agree=2, open=1)
        history = pilot.app.screen
        assert isinstance(history, HistoryScreen)
        history.post_call(history.show_comparison, comparison)
        await until_screen(pilot, ReportScreen)

    assert snap_compare(demo_app(), terminal_size=size, run_before=steps)

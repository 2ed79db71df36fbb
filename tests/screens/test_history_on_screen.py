"""The past on screen: how it comes, how it is found, sorted, compared, copied and taken into the form again."""

import csv
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tests.evidence import matching_record
from tests.gate import Gate
from tests.screens.waiting import below, newest, picture, screen_text, send, until, until_open, until_screen
from tui.app.app import ShunterApp
from tui.demo.exchange import DemoExchange
from tui.demo.faults import TRANSFER_PATH, Fault, Reply
from tui.demo.person import earlier_transfers as earlier_transfers
from tui.desk import browse
from tui.domain.entries import Entry
from tui.domain.records import HistoryRow, OtherStatus, Reach, RecordStatus, UnreadableRow
from tui.domain.transfer import Draft, Sending, TransferRequest
from tui.domain.wallets import TransferType, Wallet
from tui.screens.entry import EntryScreen
from tui.screens.history import HistoryScreen
from tui.screens.main import MainScreen
from tui.screens.report import ReportScreen
from tui.screens.review import ReviewScreen
from tui.structs import replace
from tui.widgets.entry_table import EntryTable, Texts, Widths
from tui.widgets.filter_line import FilterLine
from tui.words.columns import AMOUNT, COLUMNS, MOVE, OUTCOME, TIME, Listed, View
from tui.words.entries import InUse

AppMaker = Callable[..., ShunterApp]
SMALL, LARGE = (80, 24), (120, 40)
IN_USE = InUse("demo", "https://demo.invalid")
RECORD = HistoryRow("USDT", Decimal("12.5"), "MAIN_FUNDING", RecordStatus.CONFIRMED, 7, 1_767_268_800_000)


@pytest.fixture(autouse=True)
def exchange(monkeypatch: pytest.MonkeyPatch) -> DemoExchange:
    """An exchange with a past of sixty transfers; nothing waits longer than it has to."""
    monkeypatch.setattr(browse, "_PAUSE_S", 0)
    made = DemoExchange()
    began_ms = made.server_ms()
    made.history.earlier = lambda: earlier_transfers(60, began_ms)
    monkeypatch.setattr("tui.demo.exchange.DemoExchange", lambda *, earlier: made)
    return made


def lines(pilot: Pilot[bool]) -> list[str]:
    """The list as a person reads it."""
    return str(pilot.app.screen.query_one(EntryTable).render()).split("\n")


def chosen(pilot: Pilot[bool]) -> str:
    """The line under the cursor."""
    (line,) = (line for line in lines(pilot) if line.startswith(">"))
    return line


async def until_read(pilot: Pilot[bool], said: str = "records of the exchange") -> HistoryScreen:
    await until(pilot, lambda: isinstance(pilot.app.screen, HistoryScreen) and said in below(pilot))
    screen = pilot.app.screen
    assert isinstance(screen, HistoryScreen)
    return screen


async def opened(pilot: Pilot[bool]) -> HistoryScreen:
    await until_open(pilot)
    await pilot.press("f3")
    return await until_read(pilot)


@contextmanager
def held(exchange: DemoExchange) -> Iterator[Gate]:
    """Answers about the history wait until the gate opens."""
    gate = Gate()
    exchange.faults.append(Fault(method="GET", path=TRANSFER_PATH, before=gate, times=None))
    yield gate
    gate.open()


async def test_journal_is_there_at_once_and_the_record_is_merged_in_as_it_comes(
    demo_app: AppMaker, exchange: DemoExchange
) -> None:
    async with demo_app(asset="USDT", amount="100").run_test(size=SMALL) as pilot:
        await until_open(pilot)
        await send(pilot)
        await pilot.press("escape")
        with held(exchange):
            await pilot.press("f3")
            await until_read(pilot, "1 transfer; asked 0 of ")
            assert "F5 stops" in below(pilot)
            assert len(lines(pilot)) == 2
            assert " journal " in chosen(pilot)
        exchange.faults.clear()
        await until_read(pilot)
        (own,) = exchange.ledger.transfers
        assert "Spot -> Funding" in " ".join(chosen(pilot).split())
        assert chosen(pilot).split()[-1] == "here"
        marked = pilot.app.screen.query_one(EntryTable).marked
        assert marked
        assert marked.tran_id == own.tran_id
        assert len(lines(pilot)) > 10
        assert not any("here" in line for line in lines(pilot)[2:])
        assert "n: what may be missing" in below(pilot)


async def test_reading_can_be_stopped_and_taken_up_again(demo_app: AppMaker, exchange: DemoExchange) -> None:
    async with demo_app().run_test(size=SMALL) as pilot:
        await until_open(pilot)
        with held(exchange):
            await pilot.press("f3")
            await until_read(pilot, "asked 0 of ")
            await pilot.press("f5")
            await until_read(pilot, "stopped, asked 0 of ")
            await pilot.press("n")
            await until_screen(pilot, ReportScreen)
            assert "Stopped when 0 of " in str(pilot.app.screen.query_one("#findings").render())
            await pilot.press("q")
        exchange.faults.clear()
        await pilot.press("f5")
        await until_read(pilot)


async def test_nothing_goes_over_the_wire_once_all_is_read(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=SMALL) as pilot:
        screen = await opened(pilot)
        assert screen._browser.reach is not Reach.READING
        assert [widget for widget in screen.query("*") if widget.auto_refresh] == []
        drawn: list[object] = []
        screen.query_one(EntryTable).refresh = lambda *regions, **how: drawn.append(regions)  # type: ignore[assignment,method-assign]
        for _ in range(20):
            await pilot.pause()
        assert drawn == []


async def test_what_could_not_be_read_is_said_and_reachable(demo_app: AppMaker, exchange: DemoExchange) -> None:
    refusal = Reply(400, b'{"code":-1002,"msg":"You [b]are[/b] not\\u001b[31m authorized."}')
    exchange.faults.append(Fault(method="GET", path=TRANSFER_PATH, executes=False, answer=refusal))
    async with demo_app().run_test(size=SMALL) as pilot:
        await opened(pilot)
        assert "1 not read: n says why" in below(pilot)
        await pilot.press("n")
        await until_screen(pilot, ReportScreen)
        said = str(pilot.app.screen.query_one("#findings").render())
        assert "could not be read: You [b]are[/b] not?[31m authorized" in said
        assert "Isolated Margin was asked for BTCUSDT, ETHUSDT" in said


async def test_filter_and_order_stay_when_it_is_left_and_opened_again_and_the_screen_says_so(
    demo_app: AppMaker,
) -> None:
    async with demo_app().run_test(size=SMALL) as pilot:
        await opened(pilot)
        await pilot.press("s", "s", "S", "slash", *"from:spot to:um", "enter")
        await until(pilot, lambda: below(pilot).startswith("filtered: "))
        before = lines(pilot)
        await pilot.press("f3")
        await until_screen(pilot, MainScreen)
        await pilot.press("f3")
        await until_read(pilot)
        await until(pilot, lambda: lines(pilot) == before)
        assert all("Spot -> USD-M" in line for line in before[1:])
        assert " amount ^" in before[0]
        assert below(pilot).startswith("filtered: ")
        assert "Filter" in picture(pilot)
        assert "from:spot to:um" in picture(pilot)
        await pilot.press("slash", "ctrl+u", "enter")
        await until(pilot, lambda: not below(pilot).startswith("filtered: "))


async def test_a_filter_that_is_no_filter_is_told_again(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=SMALL) as pilot:
        await opened(pilot)
        await pilot.press("slash", *"wallet:x", "enter", "f3")
        await until_screen(pilot, MainScreen)
        await pilot.press("f3")
        await until_read(pilot)
        assert "no wallet" in picture(pilot)


async def test_filter_finds_while_it_is_typed_and_tells_a_mistake_at_the_line(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=SMALL) as pilot:
        await opened(pilot)
        await pilot.press("slash", *"from:spot")
        await until(pilot, lambda: all("Spot -> " in line for line in lines(pilot)[1:]))
        assert below(pilot).startswith("filtered: ")
        before = lines(pilot)
        await pilot.press(*" wallet:moon")
        line = pilot.app.screen.query_one(FilterLine)
        await until(pilot, lambda: below(pilot).startswith("wallet: there is no wallet 'moon'; choose one of: spot"))
        assert lines(pilot) == before
        await pilot.press("enter")
        assert isinstance(pilot.app.focused, EntryTable)
        assert "from:spot wallet:moon" in str(line.query_one("FieldInput").render_line(0).text)
        await pilot.press("slash", "backspace", "escape")
        await until(pilot, lambda: "transfers; " in below(pilot))
        assert not line.display


async def test_keys_that_come_in_one_packet_go_where_they_are_meant(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=SMALL) as pilot:
        await opened(pilot)
        await pilot.press("down", "slash", *"xrscnqSRC funding", "enter", "up")
        assert pilot.app.screen.query_one(FilterLine).query_one("FieldInput").value == "xrscnqSRC funding"  # type: ignore[attr-defined]
        await until(pilot, lambda: "Nothing matches. / changes the filter" in lines(pilot)[1])
        await pilot.press("enter", "r", "c", "C")
        assert isinstance(pilot.app.screen, HistoryScreen)


async def test_slash_finds_from_the_list_of_the_session_too(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=SMALL) as pilot:
        main = await until_open(pilot)
        main.query_one("#transfers").focus()
        await pilot.press("slash")
        await until_read(pilot)
        await until(pilot, lambda: pilot.app.screen.query_one(FilterLine).has_focus_within)
        await pilot.press(*"from:spot to:um")
        await until(pilot, lambda: below(pilot).startswith("filtered: "))
        await pilot.press("escape", "escape")
        await until_screen(pilot, MainScreen)


async def test_columns_sort_in_turn_and_the_other_way_round(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=LARGE) as pilot:
        await opened(pilot)
        assert lines(pilot)[0].startswith(" HISTORY  ")
        await pilot.press("S")
        await until(pilot, lambda: lines(pilot)[0].startswith(" HISTORY by time ^"))
        await pilot.press("s", "s")
        await until(pilot, lambda: " amount v" in lines(pilot)[0])
        await pilot.press("home")
        assert " BNB " in chosen(pilot)
        await pilot.press("S", "home")
        await until(pilot, lambda: " amount ^" in lines(pilot)[0] and " USDT " in lines(pilot)[1])


async def test_enter_shows_all_of_a_row_and_beside_the_list_where_there_is_room(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=LARGE) as pilot:
        screen = await opened(pilot)
        await pilot.press("down", "down")
        entry = screen.query_one(EntryTable).marked
        assert entry
        await until(pilot, lambda: re.search(rf"tranId +{entry.tran_id}", picture(pilot)) is not None)
        await pilot.press("enter")
        await until_screen(pilot, EntryScreen)
        for told in ("Only the exchange has a record of it", str(entry.tran_id), entry.type or "", "CONFIRMED"):
            assert told in screen_text(pilot)


async def test_row_is_taken_into_the_form_and_turned_round(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=SMALL) as pilot:
        main = await until_open(pilot)
        for key in ("r", "R"):
            await pilot.press("f3")
            screen = await until_read(pilot)
            await pilot.press("slash", *"from:isolated to:spot", "enter")
            await until(pilot, lambda: "Isolated -> Spot" in chosen(pilot))
            entry = screen.query_one(EntryTable).marked
            assert entry
            assert entry.amount
            await pilot.press(key)
            await until_screen(pilot, MainScreen)
            there, back = (Wallet.ISOLATED, Wallet.SPOT), (Wallet.SPOT, Wallet.ISOLATED)
            pair = entry.symbols[0] or ""
            pairs = (pair, "") if key == "r" else ("", pair)
            expected = Draft(*(there if key == "r" else back), entry.asset or "", format(entry.amount, "f"), *pairs)
            await until(pilot, lambda expected=expected: main.draft == expected)  # type: ignore[misc]


async def test_what_cannot_be_made_again_is_said_below_the_list(demo_app: AppMaker) -> None:
    unknown = UnreadableRow('{"type":"MAIN_MOON"}', "MAIN_MOON", "USDT", Decimal(1), RecordStatus.CONFIRMED, 9, None)
    async with demo_app().run_test(size=SMALL) as pilot:
        screen = await opened(pilot)
        screen.query_one(EntryTable).show(Listed([Entry(unknown, None)], COLUMNS), View(), empty="")
        await pilot.press("R")
        assert "Shunter knows no move MAIN_MOON" in below(pilot)
        assert isinstance(pilot.app.screen, HistoryScreen)


async def test_tran_id_and_all_of_a_row_are_copied(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=SMALL) as pilot:
        screen = await opened(pilot)
        entry = screen.query_one(EntryTable).marked
        assert entry
        await pilot.press("c")
        assert pilot.app.clipboard == str(entry.tran_id)
        await pilot.press("C")
        assert f"tranId: {entry.tran_id}\n" in pilot.app.clipboard
        assert f"Type: {entry.type}\n" in pilot.app.clipboard


async def test_comparing_tells_each_difference_with_what_to_do(demo_app: AppMaker, exchange: DemoExchange) -> None:
    async with demo_app(asset="USDT", amount="5").run_test(size=SMALL) as pilot:
        await until_open(pilot)
        exchange.history.fails = True
        await send(pilot)
        await pilot.press("escape", "f3")
        screen = await until_read(pilot)
        assert " diff " in chosen(pilot)
        await pilot.press("x")
        await until_screen(pilot, ReportScreen)
        said = str(pilot.app.screen.query_one("#findings").render())
        for told in (
            "Failed after all",
            "outcome: done in the journal, FAILED at the exchange",
            "says FAILED: nothing should have moved",
        ):
            assert told in said
        assert "0 agree, 1 differs. " in screen_text(pilot)
        await pilot.press("q", "enter")
        await until_screen(pilot, EntryScreen)
        assert "record of it differ" in " ".join(screen_text(pilot).split())
        assert "outcome: done in the journal, FAILED at the exchange" in screen_text(pilot)
        assert screen._browser.reach is not Reach.READING


async def test_comparing_waits_until_all_is_read(demo_app: AppMaker, exchange: DemoExchange) -> None:
    async with demo_app().run_test(size=SMALL) as pilot:
        await until_open(pilot)
        with held(exchange):
            await pilot.press("f3")
            await until_read(pilot, "asked 0 of ")
            await pilot.press("x")
            assert "has to be read: x checks after that" in below(pilot)


async def test_transfer_that_is_settled_meanwhile_is_shown_as_it_stands(demo_app: AppMaker) -> None:
    async with demo_app(asset="USDT", amount="5").run_test(size=SMALL) as pilot:
        main = await until_open(pilot)
        await send(pilot)
        await pilot.press("escape", "f3")
        await until_read(pilot)
        transfer = newest(main)
        failed = matching_record(transfer.tran_id or 0, status=RecordStatus.FAILED)
        main.desk.on_change(replace(transfer, evidence=failed))
        await until(pilot, lambda: " rejected " in chosen(pilot))


class TableApp(App[None]):
    """A list, and nothing else."""

    def compose(self) -> ComposeResult:
        yield EntryTable(IN_USE, "HISTORY")


def texts(entry: Entry) -> Texts:
    """What the columns show of an entry."""
    return {column: column.text(entry, IN_USE) for column in COLUMNS}


def entries(count: int) -> list[Entry]:
    return [
        Entry(replace(RECORD, tran_id=10**12 + number, timestamp=RECORD.timestamp - number), None)
        for number in range(count)
    ]


async def test_only_lines_in_sight_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Entry] = []
    texts = EntryTable._texts

    def counted(table: EntryTable, entry: Entry, **how: bool) -> Texts:
        made.append(entry)
        return texts(table, entry, **how)

    monkeypatch.setattr(EntryTable, "_texts", counted)
    many = Listed(entries(100_000), COLUMNS)
    async with TableApp().run_test(size=SMALL) as pilot:
        table = pilot.app.query_one(EntryTable)
        table.show(many, View(), empty="")
        await pilot.press("end", "pageup", "up")
        await pilot.pause()
        assert table.marked == many.entries[100_000 - 1 - 23 - 1]
        assert len(made) < 1000


async def test_cursor_stays_on_its_row_when_others_come_and_at_the_top_it_stays_there() -> None:
    all_of_them = entries(200)
    async with TableApp().run_test(size=SMALL) as pilot:
        table = pilot.app.query_one(EntryTable)
        table.show(Listed(all_of_them[50:], COLUMNS), View(), empty="")
        await pilot.press(*["down"] * 30)
        marked, at = table.marked, table._row - table._top
        table.show(Listed(all_of_them, COLUMNS), View(), empty="")
        assert table.marked == marked
        assert table._row - table._top == at
        await pilot.press("home")
        table.show(Listed(entries(300), COLUMNS), View(), empty="")
        assert table.marked == all_of_them[0]


async def test_columns_out_of_sight_are_reached_and_said_to_be_there() -> None:
    long = replace(RECORD, from_symbol="BTCUSDT", to_symbol="ETHUSDT", type="ISOLATEDMARGIN_ISOLATEDMARGIN")
    async with TableApp().run_test(size=(70, 24)) as pilot:
        table = pilot.app.query_one(EntryTable)
        table.show(Listed([Entry(long, None)], COLUMNS), View(), empty="")
        seen = str(table.render()).split("\n")
        assert seen[0].rstrip().endswith("  >")
        assert "profile" not in seen[0]
        heads = []
        for _ in range(9):
            await pilot.press("right")
            heads.append(str(table.render()).split("\n")[0].rstrip())
        assert any(head.endswith(("<", "<Right >", "<>", "<Right: 1 more>")) for head in heads)
        assert "profile" in heads[-1]
        await pilot.press(*["left"] * 9)
        assert " DEMO " in str(table.render())


def test_amounts_stand_by_their_dots_and_what_is_not_known_stands_as_it_came() -> None:
    rows = [
        Entry(replace(RECORD, amount=Decimal("1250.00")), None),
        Entry(replace(RECORD, amount=Decimal("0.00000001"), asset="BTC"), None),
        Entry(replace(RECORD, amount=Decimal(3), status=OtherStatus("LOST"), type="MAIN_MOON"), None),
        Entry(UnreadableRow("{}"), None),
    ]
    widths, found = Widths(), [texts(entry) for entry in rows]
    for one in found:
        widths.take(one)
    width = widths.columns[AMOUNT]
    assert [widths.cell(one, AMOUNT, width) for one in found] == [
        "1,250.00       USDT",
        "    0.00000001 BTC ",
        "    3          USDT",
        "    ?          ?   ",
    ]
    assert [(one[MOVE], one[OUTCOME]) for one in found[2:]] == [
        ("MAIN_MOON", "  LOST"),
        ("?", "  ?"),
    ]


def test_no_text_of_an_exchange_is_markup_or_commands() -> None:
    status = OtherStatus("\x1b]52;c;x\x07")
    hostile = replace(RECORD, asset="[b]X\x1b[2J", status=status, type="[red]\u202eT", from_symbol="\x9b1m")
    told = texts(Entry(hostile, None))
    assert all(text.isprintable() for text in told.values())
    assert told[MOVE] == "[red]?T"


def test_old_moments_show_their_year(monkeypatch: pytest.MonkeyPatch) -> None:
    at_ms = RECORD.timestamp
    monkeypatch.setattr("tui.clock.wall_ms", lambda: at_ms)
    assert len(texts(Entry(RECORD, None))[TIME]) == len("01-01 12:00")
    monkeypatch.setattr("tui.clock.wall_ms", lambda: at_ms + 200 * 86_400_000)
    year = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone().strftime("%Y-%m-%d")
    assert texts(Entry(RECORD, None))[TIME] == year


@pytest.mark.parametrize("key", ["r", "R"])
async def test_row_of_another_place_says_so_in_the_list_and_in_the_form(demo_app: AppMaker, key: str) -> None:
    request = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal("12.5"))
    rehearsed = Sending(request, "rehearsal", "tail", "print", "http://127.0.0.1:8321", 4_000_000_000_000, 20, 5000)
    async with demo_app(amount="7").run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        await pilot.app.workers.wait_for_complete()
        main.desk._journal.begin(rehearsed)
        await opened(pilot)
        await until(pilot, lambda: "127.0.0.1:8321" in "\n".join(lines(pilot)))
        await pilot.press("home", key)
        await until_screen(pilot, MainScreen)
        words = "Filled from a transfer at 127.0.0.1:8321 as rehearsal. This form sends to DEMO as demo."
        await until(pilot, lambda: words in below(pilot))
        await pilot.press("f2")
        await until_screen(pilot, ReviewScreen)
        await pilot.press("escape")
        await until_screen(pilot, MainScreen)
        assert words in below(pilot)
        await opened(pilot)
        await pilot.press("end", "r")
        await until_screen(pilot, MainScreen)
        await until(pilot, lambda: words not in below(pilot))


def exported(folder: Path, kind: str) -> list[str]:
    """The tranIds in the file that was written, which only its owner can read."""
    (path,) = folder.glob(f"shunter-history-*.{kind}")
    assert path.stat().st_mode & 0o777 == 0o600
    rows = list(csv.DictReader(path.read_text().splitlines())) if kind == "csv" else json.loads(path.read_text())
    return [str(row["tran_id"]) for row in rows]


@pytest.mark.parametrize(("key", "kind"), [("e", "csv"), ("E", "json")])
async def test_what_is_listed_is_written_as_the_command_line_does(
    key: str, kind: str, demo_app: AppMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    async with demo_app().run_test(size=(80, 24)) as pilot:
        await until_open(pilot)
        await pilot.press("f3")
        await until_screen(pilot, HistoryScreen)
        table = pilot.app.screen.query_one(EntryTable)
        await until(pilot, lambda: len(table.entries) > 50)
        await pilot.press(key)
        await until(pilot, lambda: "written to" in screen_text(pilot))
        assert exported(tmp_path, kind) == [str(entry.tran_id) for entry in table.entries if entry.record]
        monkeypatch.setattr(Path, "home", lambda: tmp_path / "gone")
        await pilot.press(key)
        await until(pilot, lambda: "Not exported" in screen_text(pilot))

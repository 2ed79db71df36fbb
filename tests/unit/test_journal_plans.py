"""Plans in the journal: what is on the disk before a step is sent, and who may send it."""

import contextlib
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.evidence import SENT_MS, accepted, begin_anyway, refusal, transfer
from tests.unit.test_journal import HOST, query
from tui.domain.balances import Account
from tui.domain.plan import Plan, gather, rest, via
from tui.domain.plan_state import Place, StoredPlan
from tui.domain.transfer import Outcome, PlanStep, Sending, Transfer
from tui.domain.wallets import Wallet
from tui.journal import Conditions, DayIsFull, DayLimit, Journal, JournalError, PlanTaken
from tui.journal.file import Opened
from tui.structs import replace

SPOT, FUNDING, CROSS, UM, CM = map(Account, (Wallet.SPOT, Wallet.FUNDING, Wallet.CROSS, Wallet.UM, Wallet.CM))
PLAN = via(CM, UM, "BTC", Decimal("0.017"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.sqlite3"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with contextlib.closing(Journal.open(path)) as opened:
        yield opened


def stored(plan: Plan = PLAN, identity: str = "f00d", key_print: str = "print") -> StoredPlan:
    return StoredPlan(identity, plan, "main", "demo", key_print, HOST, SENT_MS, (None,) * len(plan.steps))


def begin(journal: Journal, confirmed: StoredPlan, number: int) -> Transfer:
    return begin_anyway(journal, sending_of(confirmed, number))


def sending_of(confirmed: StoredPlan, number: int) -> Sending:
    return Sending(
        confirmed.plan.steps[number].request,
        profile=confirmed.profile,
        key_tail=confirmed.key_tail,
        key_print=confirmed.key_print,
        host=confirmed.host,
        timestamp_ms=SENT_MS,
        clock_error_ms=20,
        recv_window_ms=5000,
        plan_step=confirmed.step(number),
    )


def open_plans(journal: Journal) -> list[StoredPlan]:
    return journal.open_plans(HOST, "print")


@pytest.mark.parametrize(
    "plan",
    [
        PLAN,
        gather(Account(Wallet.ISOLATED, "BTCUSDT"), "BTC", {SPOT: Decimal("1E-8"), UM: Decimal(5)}),
        via(Account(Wallet.ISOLATED, "BTCUSDT"), UM, "BTC", Decimal("0.10")),
        rest(gather(UM, "BTC", {CM: Decimal(1), SPOT: Decimal(2)}), 1),
    ],
)
def test_plan_is_written_whole_before_a_step_is(journal: Journal, path: Path, plan: Plan | None) -> None:
    assert plan
    journal.begin_plan(stored(plan))
    assert open_plans(journal) == [stored(plan)]
    assert query(path, "SELECT count(*) FROM transfers") == [(0,)]


def test_step_becomes_a_transfer_only_when_it_is_about_to_be_sent(journal: Journal) -> None:
    journal.begin_plan(confirmed := stored())
    first = journal.record(begin(journal, confirmed, 0), accepted(1))
    assert first.plan_step == PlanStep("f00d", 1, 2)
    (found,) = open_plans(journal)
    assert (found.transfers, found.done, found.is_done) == ((first, None), 1, False)
    assert found.places == [Place(Decimal("0.017"), SPOT)]
    (written,) = journal.written()
    assert (written.plan, written.step, written.steps) == ("f00d", 1, 2)
    journal.record(begin(journal, confirmed, 1), refusal())
    (found,) = open_plans(journal)
    assert [transfer and transfer.outcome for transfer in found.transfers] == [Outcome.DONE, Outcome.REJECTED]


def test_step_is_never_begun_twice(journal: Journal) -> None:
    journal.begin_plan(confirmed := stored())
    begin(journal, confirmed, 0)
    with pytest.raises(PlanTaken):
        begin(journal, confirmed, 0)


def test_closed_plan_is_neither_offered_nor_carried_on(journal: Journal) -> None:
    journal.begin_plan(confirmed := stored())
    journal.close_plan("f00d")
    assert open_plans(journal) == []
    with pytest.raises(PlanTaken):
        begin(journal, confirmed, 0)


def test_plan_of_another_key_or_host_is_not_offered(journal: Journal) -> None:
    journal.begin_plan(stored())
    assert journal.open_plans(HOST, "other") == []
    assert journal.open_plans("https://demo.example", "print") == []


def test_two_shunters_never_carry_out_the_same_plan(journal: Journal, path: Path) -> None:
    journal.begin_plan(confirmed := stored())
    with contextlib.closing(Journal.open(path)) as other:
        assert open_plans(other) == []
        for use in (
            lambda: begin(other, confirmed, 0),
            lambda: other.begin_plan(stored(identity="beef"), succeeds="f00d"),
        ):
            with pytest.raises(PlanTaken):
                use()
    assert open_plans(journal) == [confirmed]


def test_rest_of_a_dead_shunters_plan_is_taken_over_once(journal: Journal, path: Path) -> None:
    with contextlib.closing(Journal.open(path)) as dying:
        dying.begin_plan(confirmed := stored())
        dying.record(begin(dying, confirmed, 0), accepted(1))
    with contextlib.closing(Journal.open(path)) as other:
        assert [plan.done for plan in open_plans(journal)] == [plan.done for plan in open_plans(other)] == [1]
        left = rest(PLAN, 1)
        assert left
        journal.begin_plan(stored(left, "beef"), succeeds="f00d")
        with pytest.raises(PlanTaken):
            other.begin_plan(stored(left, "cafe"), succeeds="f00d")
    assert [plan.identity for plan in open_plans(journal)] == ["beef"]


def test_killed_shunter_leaves_its_plan_to_the_next(path: Path) -> None:
    program = f"""
import os, signal
from pathlib import Path
from tests.unit.test_journal_plans import begin, stored
from tui.journal import Journal
journal = Journal.open(Path({str(path)!r}))
journal.begin_plan(stored())
begin(journal, stored(), 0)
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", program], check=False)
    with contextlib.closing(Journal.open(path)) as journal:
        (found,) = open_plans(journal)
        assert found.transfers[0]
        assert (found.transfers[0].outcome, found.transfers[1]) == (Outcome.UNKNOWN, None)
        assert found.places == [Place(Decimal("0.017"), CM, SPOT)]


def test_older_copy_of_the_file_forgets_no_plan(journal: Journal, path: Path) -> None:
    copy = path.read_bytes()
    journal.begin_plan(confirmed := stored())
    journal.begin_plan(stored(identity="beef"))
    journal.close_plan("beef")
    first = journal.record(begin(journal, confirmed, 0), accepted(1))
    path.write_bytes(copy)
    assert begin(journal, confirmed, 1).plan_step == PlanStep("f00d", 2, 2)
    assert [(plan.identity, plan.transfers[0]) for plan in open_plans(journal)] == [("f00d", first)]


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE plans SET purpose = 'x'",
        "UPDATE planned SET amount = '-1'",
        "UPDATE planned SET type = 'x'",
        "DELETE FROM planned WHERE step = 1",
    ],
)
def test_plan_that_cannot_be_read_says_so(path: Path, damage: str) -> None:
    with contextlib.closing(Journal.open(path)) as journal:
        journal.begin_plan(stored())
    query_and_commit(path, damage)
    with contextlib.closing(Journal.open(path)) as journal, pytest.raises(JournalError, match="a plan cannot be read"):
        open_plans(journal)


def query_and_commit(path: Path, statement: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def test_transfer_of_another_plan_is_none_of_its_steps() -> None:
    confirmed, other = stored(), replace(stored(), identity="beef")
    assert confirmed.with_transfer(transfer(plan_step=other.step(0))) == confirmed
    own = transfer(plan_step=confirmed.step(1))
    assert confirmed.with_transfer(own).transfers == (None, own)


@pytest.mark.parametrize("is_there", [True, False], ids=["all of it written", "rolled back"])
def test_plan_that_failed_to_begin_is_not_offered(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, is_there: bool
) -> None:
    journal.begin_plan(stored())
    transaction, fails = journal._file.transaction, [True]

    @contextlib.contextmanager
    def late() -> Iterator[Opened]:
        """A disk that fails when all of a commit is written, or just before."""
        with transaction() as opened:
            yield opened
            if fails and not is_there:
                raise JournalError(fails.pop())
        if fails:
            raise JournalError(fails.pop())

    monkeypatch.setattr(journal._file, "transaction", late)
    with pytest.raises(JournalError):
        journal.begin_plan(stored(identity="beef"), succeeds="f00d")
    assert [each.identity for each in open_plans(journal)] == ["f00d"]
    journal.begin_plan(stored(identity="feed"), succeeds="f00d")
    assert [each.identity for each in open_plans(journal)] == ["feed"]


def test_what_a_plan_has_still_to_send_counts_on_an_older_copy(journal: Journal, path: Path) -> None:
    older = path.read_bytes()
    journal.begin_plan(confirmed := stored())
    path.write_bytes(older)
    day = Conditions((DayLimit("BTC", Decimal("0.02")),))
    sending = replace(sending_of(confirmed, 0), plan_step=None)
    with pytest.raises(DayIsFull):
        journal.begin(sending, conditions=day)

"""A thousand transfers through random faults, with the sender killed (SIGKILL) and started again at random.

    python tests/bench/soak.py [--transfers 1000] [--seed 1]

The parent serves the demo exchange and kills; the child, a process of its own, sends with a real desk and journal and
notes each confirmation before it is submitted. At the end every row is settled, each tranId of the ledger stands in
exactly one row, nothing was executed twice for one confirmation, and nothing executed is missing; or it says what is
not so and exits with 1.
"""

import argparse
import asyncio
import contextlib
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path
from random import Random

import httpx
from starlette.types import Receive, Scope, Send

from tui.demo.exchange import DemoExchange
from tui.demo.faults import TRANSFER_PATH, Answer, Cut, Fault
from tui.demo.history import Lag
from tui.demo.keys import demo_key
from tui.demo.serving import served
from tui.demo.weights import Weights
from tui.desk import Desk
from tui.domain.amounts import plain
from tui.domain.transfer import Outcome, TransferRequest
from tui.domain.wallets import TransferType
from tui.exchange.client import BinanceClient
from tui.exchange.errors import ExchangeError
from tui.journal import Journal, TranIdTaken
from tui.settle import Pace, Progress

_SAME_AMOUNT = Decimal("0.5")
"""What every tenth transfer moves: identical ones, of which a record does not tell which it is."""

_DOUBTFUL = (Cut.CLOSE, Cut.RESET, Cut.MID_ANSWER, Answer(500), Answer(504), Answer(200, b"<html>"), Answer(302))
_REFUSALS = (Answer(400), Answer(403), Answer(418), Answer(429), Answer(503, b'{"code":-1008,"msg":"busy"}'))
_PACE = Pace(first_s=0.1, longest_s=0.5, between_empty_reads_s=0.5)


# The child


def _amount(n: int) -> Decimal:
    return _SAME_AMOUNT if n % 10 == 0 else Decimal(n) / 10_000


async def send(base_url: str, folder: Path, transfers: int) -> None:
    """Confirm what is left of the transfers, then settle all; exits with 0 when nothing is open."""
    notes = folder / "confirmed"
    journal = Journal.open(folder / "journal.sqlite3")
    client = BinanceClient(base_url, demo_key())
    client._http.timeout = httpx.Timeout(5, read=0.3)
    asked: dict[int, Progress] = {}

    def progressed(progress: Progress) -> None:
        asked.pop(progress.transfer.id, None)
        if progress.needs_person:
            asked[progress.transfer.id] = progress

    desk = Desk(client, journal, profile="soak", on_progress=progressed, pace=_PACE)
    await desk.open_transfers()
    confirmed = len(notes.read_text().splitlines()) if notes.exists() else 0
    for n in range(confirmed + 1, transfers + 1):
        with notes.open("a") as file:
            file.write(f"{n} {plain(_amount(n))}\n")
        with contextlib.suppress(ExchangeError):
            await desk.submit(TransferRequest(TransferType.MAIN_FUNDING, "USDT", _amount(n)))
    (folder / "all-confirmed").touch()
    await desk.finish()
    while open_ids := [transfer.id for transfer in await desk.open_transfers()]:
        if progress := asked.get(min(open_ids)):  # the oldest transfer is the oldest record, as a person would say
            with contextlib.suppress(TranIdTaken):
                await desk.choose(progress.transfer, min(progress.candidates, key=lambda row: row.tran_id))
            asked.clear()
        await asyncio.sleep(0.05)
    await desk.close()


# The parent


class Misbehaving:
    """The demo exchange with a random fault for each request."""

    def __init__(self, random: Random) -> None:
        self.exchange = DemoExchange()
        self.faulty = True
        self._random = random

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.exchange.weights = Weights()  # a person does not send so many in a minute
        if self.faulty and scope["type"] == "http" and (fault := self._fault(scope["method"], scope["path"])):
            self.exchange.faults[:] = [fault]
        await self.exchange(scope, receive, send)

    def _fault(self, method: str, path: str) -> Fault | None:
        if path != TRANSFER_PATH:
            return None
        random = self._random
        if method == "GET":
            instead = random.choice([*_DOUBTFUL, Answer(429, headers={"retry-after": "0"})])
            return Fault(method="GET", answer=instead) if random.random() < 0.2 else None
        match random.randrange(8):
            case 0:
                return Fault(answer=random.choice(_DOUBTFUL))
            case 1:
                return Fault(answer=random.choice(_DOUBTFUL), executes=False)
            case 2:
                return Fault(answer=random.choice(_REFUSALS), executes=False)
            case 3:
                return Fault(before=random.uniform(0, 0.6))
            case 4:
                return Fault(after=random.uniform(0, 0.6))
            case _:
                return None


def soak(folder: Path, transfers: int, random: Random) -> int:
    """Run it, print the figures and what is wrong; gives how much is wrong."""
    app = Misbehaving(random)
    app.exchange.history.hidden = Lag(seconds=0.2)
    started = time.monotonic()
    kills = 0
    with served(app) as base_url:
        command = [sys.executable, __file__, "--child", base_url, str(folder), "--transfers", str(transfers)]
        all_confirmed = folder / "all-confirmed"
        while not all_confirmed.exists():
            child = subprocess.Popen(command)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(random.uniform(0.4, 2))
            if child.poll() is None and not all_confirmed.exists():
                child.send_signal(signal.SIGKILL)
                kills += 1
            elif child.poll() is None:
                child.kill()
            if child.wait() > 0:
                sys.exit("the child failed")
        app.faulty = False
        time.sleep(1)  # what is held comes to its end
        subprocess.run(command, check=True)
    with contextlib.closing(Journal.open(folder / "journal.sqlite3")) as journal:
        rows = list(journal.transfers())
    confirmed = Counter(line.split()[1] for line in (folder / "confirmed").read_text().splitlines())

    ledger = app.exchange.ledger.transfers
    done = [row for row in rows if row.outcome is Outcome.DONE]
    asked = Counter(plain(row.request.amount) for row in rows)
    on_the_wire = Counter(sent["amount"] for sent in app.exchange.requests)
    executed = Counter(plain(transfer.request.amount) for transfer in ledger)
    claimed = {row.tran_id for row in done}
    wrong = {
        "rows still open": sum(row.outcome.is_open for row in rows),
        "executed, but in no row": len({transfer.tran_id for transfer in ledger} - claimed),
        "done, but not in the ledger": len(claimed - {transfer.tran_id for transfer in ledger}),
        "tranIds in two rows": len(done) - len(claimed),
        "executed more often than sent": (executed - on_the_wire).total(),
        "sent more often than written down": (on_the_wire - asked).total(),
        "written down more often than confirmed": (asked - confirmed).total(),
    }
    counts = Counter(row.outcome for row in rows)
    report = [
        f"{confirmed.total()} confirmations, {kills} kills (SIGKILL), {time.monotonic() - started:.0f} s",
        f"{len(rows)} rows, {on_the_wire.total()} requests on the wire, {len(ledger)} executed",
        "  ".join(f"{outcome.value}: {count}" for outcome, count in counts.items()),
        *(f"{count:6} {what}" for what, count in wrong.items()),
    ]
    sys.stdout.write("\n".join(report) + "\n")
    return sum(wrong.values())


def main() -> None:
    """Parent or child."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--transfers", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        asyncio.run(send(given.child[0], Path(given.child[1]), given.transfers))
        return
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(1 if soak(Path(folder), given.transfers, Random(given.seed)) else 0)


if __name__ == "__main__":
    main()

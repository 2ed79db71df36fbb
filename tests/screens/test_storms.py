"""Keys in bursts while answers are held, wallets fail, the app locks and notices come up: it comes to rest, and what
the exchange executed is in the journal as done.
"""

import asyncio
from contextlib import closing
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual.pilot import Pilot

from tests.examples import one_in
from tests.gate import Gate
from tests.keyrings import FakeKeyring
from tests.screens.conftest import HOST
from tests.screens.waiting import rows, until
from tui import keys
from tui.app.app import ShunterApp
from tui.app.opening import Start
from tui.demo.exchange import DemoExchange
from tui.demo.faults import TRANSFER_PATH, Fault, Reply
from tui.demo.keys import demo_key
from tui.desk.settle import Pace
from tui.domain.transfer import Draft, Outcome, Transfer
from tui.journal import Journal
from tui.screens.lock import LockScreen
from tui.screens.main import MainScreen
from tui.screens.notice import NoticeScreen
from tui.screens.welcome import WelcomeScreen

_AT_ONCE = Pace(first_s=0.01, longest_s=0.1, judge_after_s=0, judge_gap_s=0.01, watch_s=(0.2, 0.4))


@dataclass
class Storm:
    """An app in the midst of it."""

    app: ShunterApp
    pilot: Pilot[bool]
    exchange: DemoExchange
    keyring: FakeKeyring
    gates: list[Gate] = field(default_factory=list)

    def abate(self) -> None:
        """Hold nothing any more."""
        self.keyring.hangs = False
        self.keyring.released.set()
        self.exchange.faults.clear()
        while self.gates:
            self.gates.pop().open()


@dataclass(frozen=True)
class Pressed:
    """Keys that come at once."""

    keys: list[str]

    async def come(self, storm: Storm) -> None:
        for key in self.keys:
            storm.app.post_message(events.Key(key, key if len(key) == 1 else None))


@dataclass(frozen=True)
class Passed:
    """The app gets to work so often."""

    turns: int

    async def come(self, storm: Storm) -> None:
        for _ in range(self.turns):
            await storm.pilot.pause()


@dataclass(frozen=True)
class Held:
    """The next request of a kind waits, before it is executed or after."""

    request: tuple[str, str]
    is_executed: bool

    async def come(self, storm: Storm) -> None:
        storm.gates.append(gate := Gate())
        (method, path), (before, after) = self.request, (0, gate) if self.is_executed else (gate, 0)
        storm.exchange.faults.append(Fault(before=before, after=after, method=method, path=path))


@dataclass(frozen=True)
class Failed:
    """The next request of a kind gets an error page, executed or not."""

    request: tuple[str, str]
    is_executed: bool

    async def come(self, storm: Storm) -> None:
        method, path = self.request
        fault = Fault(answer=Reply(502), executes=self.is_executed, method=method, path=path)
        storm.exchange.faults.append(fault)


@dataclass(frozen=True)
class Released:
    """One of those that wait goes on."""

    which: int

    async def come(self, storm: Storm) -> None:
        if storm.gates:
            storm.gates.pop(self.which % len(storm.gates)).open()


@dataclass(frozen=True)
class Locked:
    """Nobody has pressed a key for a while."""

    async def come(self, storm: Storm) -> None:
        if not storm.app._lock._is_busy():
            storm.app._lock.lock()


@dataclass(frozen=True)
class Resized:
    """The terminal has another size."""

    columns: int
    rows: int

    async def come(self, storm: Storm) -> None:
        await storm.pilot.resize_terminal(self.columns, self.rows)


@dataclass(frozen=True)
class Noticed:
    """The desk has found that it said something false of the newest transfer."""

    async def come(self, storm: Storm) -> None:
        made = recorded()
        if made and storm.app._desk:
            storm.app._desk.on_notice(made[-1])


@dataclass(frozen=True)
class Hung:
    """The keyring waits for somebody, or no longer does."""

    hangs: bool

    async def come(self, storm: Storm) -> None:
        storm.keyring.hangs = self.hangs
        if self.hangs:
            storm.keyring.released.clear()
        else:
            storm.keyring.released.set()


Step = Pressed | Passed | Held | Failed | Released | Locked | Resized | Noticed | Hung

_KEYS = [
    *["f1", "f2", "f3", "f4", "f5", "f6", "f7", "ctrl+p", "ctrl+o", "ctrl+x", "escape", "enter", "tab", "shift+tab"],
    *["up", "down", "left", "right", "slash", "backspace"],
    *"ydqkmpxrRcCsSnaftmh12345678",
]
_REQUESTS = [
    ("POST", TRANSFER_PATH),
    ("GET", TRANSFER_PATH),
    ("GET", "/api/v3/time"),
    ("GET", "/sapi/v1/asset/wallet/balance"),
    ("POST", "/sapi/v3/asset/getUserAsset"),
    ("GET", "/sapi/v1/margin/isolated/account"),
    ("GET", "/sapi/v1/account/apiRestrictions"),
]
_BURSTS = st.lists(st.sampled_from(_KEYS), min_size=1, max_size=7)
_TRANSFERS = st.sampled_from([["f2"], ["f2", "y"], ["y"], ["escape"]])
_WHERE = st.sampled_from([_REQUESTS[0], *_REQUESTS])
_STEPS = st.one_of(
    st.builds(Pressed, st.one_of(_BURSTS, _TRANSFERS)),
    st.builds(Pressed, st.one_of(_BURSTS, _TRANSFERS)),
    st.builds(Passed, st.integers(1, 8)),
    st.builds(Passed, st.integers(1, 8)),
    st.builds(Held, _WHERE, st.booleans()),
    st.builds(Failed, _WHERE, st.booleans()),
    st.builds(Released, st.integers(0, 9)),
    st.builds(lambda size: Resized(*size), st.sampled_from([(80, 24), (140, 45), (60, 16), (100, 30), (50, 12)])),
    st.sampled_from([Locked(), Noticed(), Hung(hangs=True), Hung(hangs=False)]),
)


def recorded() -> list[Transfer]:
    """All that is in the journal on disk, newest last."""
    journal = Journal.open_to_read()
    if journal is None:
        return []
    with closing(journal):
        return list(journal.transfers())


async def come_to_rest(storm: Storm) -> None:
    """Leave whatever lies over the main screen, as a person would."""
    await storm.pilot.resize_terminal(80, 24)

    async def leave() -> bool:
        top = storm.app.screen
        if isinstance(top, MainScreen):
            return True
        key = {NoticeScreen: "enter", WelcomeScreen: "d", LockScreen: "x"}.get(type(top), "escape")
        await storm.pilot.press(key)
        return False

    while not await leave():
        await asyncio.sleep(0.02)
        await storm.pilot.pause()


def is_true_of_money(storm: Storm) -> None:
    """What the exchange executed is done in the journal, or not known yet; and nothing else is done."""
    made = recorded()
    done = [transfer.tran_id for transfer in made if transfer.outcome is Outcome.DONE]
    executed = [transfer.tran_id for transfer in storm.exchange.ledger.transfers if not transfer.failed]
    assert len(done) == len(set(done))
    assert set(done) <= set(executed)
    assert len(executed) - len(done) <= sum(transfer.outcome.is_open for transfer in made)


@one_in(20)
@given(steps=st.lists(_STEPS, min_size=5, max_size=30))
async def test_it_comes_to_rest_and_what_was_executed_is_done(
    steps: list[Step],
    backend: FakeKeyring,
    one_key: keys.Profile,
    demo_host: DemoExchange,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tui.screens.notice._UNSEEN_S", 0)
    monkeypatch.setattr("tui.desk.desk.Pace", lambda: _AT_ONCE)
    monkeypatch.setattr("tui.desk.settle.window_end_ms", lambda transfer: transfer.timestamp_ms)
    for name in {"main", "other"} - set(backend.names):
        keys.add(name, demo_key(), HOST)
    app = ShunterApp(Start(profile="main", draft=Draft(asset="USDT", amount="1")))
    async with app.run_test(size=(80, 24)) as pilot:
        storm = Storm(app, pilot, demo_host, backend)
        try:
            for step in steps:
                await step.come(storm)
            is_true_of_money(storm)
        finally:
            storm.abate()
        await come_to_rest(storm)
        assert app._desk
        if app._desk.profile in ("main", "other"):
            await until(pilot, lambda: not any(transfer.outcome.is_open for transfer in recorded()))
            assert isinstance(app.screen, MainScreen)
            assert not [row for row in rows(app.screen) if "unknown" in row or "sending" in row]
        is_true_of_money(storm)

"""A demo exchange on a real socket, and desks at it."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from ipaddress import ip_address
from pathlib import Path

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from keyring.backend import KeyringBackend
from starlette.types import Receive, Scope, Send

from tests.gate import Gate
from tests.keyrings import FakeKeyring
from tests.waiting import LIMIT_S
from tui import clock, keys
from tui.clock import ticks_ms
from tui.demo.exchange import DemoExchange
from tui.demo.keys import demo_key
from tui.demo.serving import served
from tui.desk import settle
from tui.desk.desk import Desk
from tui.desk.settle import Pace, Progress
from tui.domain.credentials import ApiKey
from tui.domain.transfer import Outcome, Transfer, TransferRequest
from tui.domain.wallets import TransferType
from tui.exchange.client import BinanceClient
from tui.journal import Journal, RepeatUnconfirmed

_FAST = Pace(first_s=0.01, longest_s=0.04, judge_after_s=0, judge_gap_s=0.04, watch_s=(0.3, 0.6), retry_s=0.02)


@dataclass
class DemoServer:
    """The exchange of one test, and where it is reached."""

    base_url: str
    exchange: DemoExchange = field(default_factory=DemoExchange)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.exchange(scope, receive, send)

    @property
    def executed(self) -> list[int]:
        """The tranIds of the ledger."""
        return [transfer.tran_id for transfer in self.exchange.ledger.transfers]


@pytest.fixture(scope="session")
def _one_server() -> Iterator[DemoServer]:
    """Starting and stopping a server takes longer than most tests."""
    server = DemoServer("")
    with served(server) as server.base_url:
        yield server


@pytest.fixture
def server(_one_server: DemoServer) -> DemoServer:
    """A fresh exchange at `base_url`; the test sets its faults and clock, and reads its books."""
    _one_server.exchange = DemoExchange()
    return _one_server


class Seat:
    """A person at a desk: what the screen was told, and the journal beneath."""

    def __init__(self, base_url: str, path: Path, profile: str, key: ApiKey) -> None:
        self.path = path
        self.journal = Journal.open(path)
        self.client = BinanceClient(base_url, key)
        self.shown: list[Transfer] = []
        self.notes: list[Progress] = []
        self.notices: list[Transfer] = []
        self._changed = asyncio.Event()
        self.desk = Desk(
            self.client,
            self.journal,
            profile=profile,
            on_change=self._on_change,
            on_progress=self._on_progress,
            on_notice=self._on_notice,
            pace=_FAST,
        )

    def _on_change(self, transfer: Transfer) -> None:
        self.shown.append(transfer)
        self._changed.set()

    def _on_progress(self, progress: Progress) -> None:
        self.notes.append(progress)
        self._changed.set()

    def _on_notice(self, transfer: Transfer) -> None:
        self.notices.append(transfer)
        self._changed.set()

    async def send(self, amount: str = "1", move: TransferType = TransferType.MAIN_FUNDING) -> Transfer:
        """Confirm a transfer, whatever it repeats; gives it as it stands when the desk answers."""
        meant: frozenset[str] = frozenset()
        while True:
            try:
                return await self.desk.submit(TransferRequest(move, "USDT", Decimal(amount)), meant=meant)
            except RepeatUnconfirmed as repeat:
                meant |= {transfer.identity for transfer in repeat.transfers}

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until something holds, as the desk tells of changes."""
        try:
            async with asyncio.timeout(LIMIT_S):
                while not holds():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            pytest.fail(f"It never came to hold. The desk told last: {self.shown[-1:]}, {self.notes[-1:]}")

    async def settled(self, transfer: Transfer) -> Transfer:
        """Wait for the end of a transfer, and give it as the screen shows it."""
        await self.until(lambda: not self.on_screen(transfer.id).outcome.is_open)
        return self.on_screen(transfer.id)

    def on_screen(self, transfer_id: int) -> Transfer:
        """The newest that the screen was told of a transfer."""
        return [transfer for transfer in self.shown if transfer.id == transfer_id][-1]

    def written(self) -> list[Transfer]:
        """The journal, as another Shunter reads it from the disk."""
        reading = Journal.open_to_read(self.path)
        assert reading
        with contextlib.closing(reading):
            return list(reading.transfers())


OpenDesk = Callable[..., Seat]


@pytest.fixture
def one_account(
    server: DemoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, use_keyring: Callable[[KeyringBackend], None]
) -> None:
    """A person whose one key, `main`, is for the demo exchange, with a home of their own."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    use_keyring(FakeKeyring())
    keys.add("main", demo_key(), server.base_url)


@pytest.fixture
async def open_desk(server: DemoServer, tmp_path: Path) -> AsyncIterator[OpenDesk]:
    """Opens desks at the demo exchange, or at another base URL, over one journal on the disk."""
    seats: list[Seat] = []

    def opened(base_url: str | None = None, profile: str = "main", key: ApiKey | None = None) -> Seat:
        seats.append(Seat(base_url or server.base_url, tmp_path / "journal.sqlite3", profile, key or demo_key()))
        return seats[-1]

    yield opened
    for seat in seats:
        await seat.desk.close()


@pytest.fixture
def seat(open_desk: OpenDesk) -> Seat:
    """One desk at the demo exchange."""
    return open_desk()


@pytest.fixture
def gate() -> Iterator[Gate]:
    """Holds requests until the test opens it, or ends."""
    gate = Gate()
    yield gate
    gate.open()


TimePasses = Callable[[int], None]


@pytest.fixture
def time_passes(server: DemoServer, monkeypatch: pytest.MonkeyPatch) -> TimePasses:
    """Lets time go by on every clock that the desk judges by; the exchange's time has to be measured again."""
    passed_ms = 0
    now_ms = clock.wall_ms
    monkeypatch.setattr(settle, "ticks_ms", lambda: ticks_ms() + passed_ms)
    monkeypatch.setattr(clock, "wall_ms", lambda: now_ms() + passed_ms)

    def jump(by_ms: int) -> None:
        nonlocal passed_ms
        passed_ms += by_ms
        server.exchange.clock_offset_ms += by_ms

    return jump


@pytest.fixture
def past_the_window(time_passes: TimePasses) -> Callable[[], None]:
    """Lets so much time go by that a record of a request sent before would be late."""
    return lambda: time_passes(20_000)


@pytest.fixture
def agree(server: DemoServer) -> Callable[[Seat], None]:
    """Checks that the screen, the journal and the exchange's ledger say the same, now that all is settled."""

    def check(seat: Seat) -> None:
        written = seat.written()
        assert {transfer.id: transfer for transfer in seat.shown} == {transfer.id: transfer for transfer in written}
        assert not [transfer for transfer in written if transfer.outcome.is_open]
        done = [transfer.tran_id for transfer in written if transfer.outcome is Outcome.DONE]
        assert sorted(filter(None, done)) == sorted(server.executed)

    return check


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
RawServer = Callable[..., Awaitable[str]]


def _abort(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(AttributeError):  # of a TLS connection that has ended, whose protocol asyncio let go of
        writer.transport.abort()


@pytest.fixture
async def raw_server() -> AsyncIterator[RawServer]:
    """Serves connections with a function, in TLS if it is given a context; gives the base URL."""
    async with contextlib.AsyncExitStack() as stack:

        async def serve(handler: Handler, tls: ssl.SSLContext | None = None) -> str:
            async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                stack.callback(_abort, writer)
                with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                    await handler(reader, writer)

            listening = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
            stack.callback(listening.close)
            return f"{'https' if tls else 'http'}://127.0.0.1:{listening.sockets[0].getsockname()[1]}"

        yield serve


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 and exchange.test that only itself vouches for, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1")), x509.DNSName("exchange.test")]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path_factory.mktemp("tls") / "server.pem"
    pem.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return pem


@pytest.fixture(scope="session")
def self_signed(certificate: Path) -> ssl.SSLContext:
    """A server's context with that certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients trust that certificate, and no other."""
    monkeypatch.setattr(certifi, "where", lambda: str(certificate))


@pytest.fixture
def knows_the_time(server: DemoServer) -> Callable[[Seat], Awaitable[None]]:
    """Gives a desk the exchange's time, as if it had just heard from it, so that it sends to a place that has none."""

    async def tell(seat: Seat) -> None:
        async with BinanceClient(server.base_url) as client:
            seat.client.clock = await client.sync_clock()
        seat.client._connection._heard_ms = ticks_ms()

    return tell

"""A demo exchange on a real socket."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from starlette.types import Receive, Scope, Send

from tui.demo.exchange import DemoExchange
from tui.demo.serving import served


@dataclass
class DemoServer:
    """The exchange of one test, and where it is reached."""

    base_url: str
    exchange: DemoExchange = field(default_factory=DemoExchange)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.exchange(scope, receive, send)


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

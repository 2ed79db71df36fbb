"""The demo exchange on a loopback socket. Needs uvicorn, from the extra `simulator`."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from tui.demo.faults import TRANSPORT_STATE

_LOOPBACK = "127.0.0.1"
_SECONDS_TO_FINISH = 1


class CuttableProtocol(H11Protocol):
    """HTTP that gives the app its connection, which a fault may cut: an ASGI app cannot do that by itself."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Put the connection into the state of each scope."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, TRANSPORT_STATE: transport}


def listen(port: int) -> socket.socket:
    """Return a listening socket; port 0 is any free one. Raises OSError, with EADDRINUSE if the port is taken."""
    # asyncio sets TCP_NODELAY only on a socket that names its protocol, which `socket.create_server` does not: each
    # answer on a connection in use would wait 40 ms for the acknowledgement of its head.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((_LOOPBACK, port))
        listening.listen()
    except OSError:
        listening.close()
        raise
    return listening


def base_url(listening: socket.socket) -> str:
    """Return the base URL of a listening socket."""
    return f"http://{_LOOPBACK}:{listening.getsockname()[1]}"


def server(app: ASGIApp) -> uvicorn.Server:
    """Return a server that prints nothing; pass its socket to `serve(sockets=[...])`."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=CuttableProtocol,
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_SECONDS_TO_FINISH,
        )
    )


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """Serve an app from a thread, on a free port, until the block ends; provides its base URL."""
    with listen(0) as listening:
        running = server(app)
        thread = threading.Thread(target=lambda: asyncio.run(running.serve(sockets=[listening])), daemon=True)
        thread.start()
        try:
            yield base_url(listening)
        finally:
            running.should_exit = True
            thread.join()

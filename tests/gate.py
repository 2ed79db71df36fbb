"""A gate: a fault of the demo exchange that holds a request for as long as a test wants."""

import asyncio
import threading
from concurrent.futures import Future


class Gate:
    """Holds requests until it is opened, from any thread."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        """Set once a request waits at the gate."""
        self._opened: Future[None] = Future()

    def open(self) -> None:
        """Let through the waiting requests, and all later ones."""
        if not self._opened.done():
            self._opened.set_result(None)

    async def __call__(self) -> None:
        """Wait until the gate is open."""
        self.reached.set()
        await asyncio.shield(asyncio.wrap_future(self._opened))

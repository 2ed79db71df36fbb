"""How an unknown transfer ended is told wherever the person is."""

from collections.abc import Iterable
from typing import Any

from textual.app import App

from tui.domain.outcome import Basis
from tui.domain.transfer import Outcome, Transfer
from tui.words import transfers as words

_READING_S = 30.0


class Endings:
    """Knows which ends are still to be told."""

    def __init__(self) -> None:
        self._unknown: set[str] = set()

    def await_all(self, transfers: Iterable[Transfer]) -> None:
        """Tell of these as soon as they have ended."""
        self._unknown.update(transfer.identity for transfer in transfers)

    def changed(self, transfer: Transfer, app: App[Any]) -> None:
        """Tell of it, where it has ended after it was unknown; what a person decided they know."""
        if transfer.outcome is Outcome.UNKNOWN:
            self._unknown.add(transfer.identity)
        elif transfer.identity in self._unknown and not transfer.outcome.is_open:
            self._unknown.discard(transfer.identity)
            if transfer.basis is not Basis.PERSON:
                app.bell()
                title, text = words.ended(transfer)
                app.notify(text, title=title, timeout=_READING_S, markup=False)

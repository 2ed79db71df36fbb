"""How an unknown transfer ended is told wherever the person is."""

from collections.abc import Iterable
from typing import Any

from textual.app import App

from tui.domain.amounts import grouped
from tui.domain.moments import in_zone
from tui.domain.transfer import Evidence, Outcome, Transfer
from tui.widgets.transfer_facts import JUDGED_WORDS

_READING_S = 30.0


class Endings:
    """Knows which ends are still to be told."""

    def __init__(self) -> None:
        self._unknown: set[int] = set()

    def await_all(self, transfers: Iterable[Transfer]) -> None:
        """Tell of these as soon as they have ended."""
        self._unknown.update(transfer.id for transfer in transfers)

    def changed(self, transfer: Transfer, app: App[Any]) -> None:
        """Tell of it, where it has ended after it was unknown; what a person decided they know."""
        if transfer.outcome is Outcome.UNKNOWN:
            self._unknown.add(transfer.id)
        elif transfer.id in self._unknown and not transfer.outcome.is_open:
            self._unknown.discard(transfer.id)
            if transfer.evidence is not Evidence.PERSON:
                app.bell()
                title = "Judged" if transfer.is_judged else "Settled"
                app.notify(_words(transfer), title=title, timeout=_READING_S, markup=False)


def _words(transfer: Transfer) -> str:
    request = transfer.request
    source, destination = request.ends
    what = f"{grouped(request.amount)} {request.asset}, {source.label} -> {destination.label}"
    tran_id = f", tranId {transfer.tran_id}" if transfer.tran_id else ""
    outcome = transfer.outcome.words
    if transfer.is_judged:
        outcome = JUDGED_WORDS if transfer.outcome is Outcome.NOT_EXECUTED else f"{outcome}: its history says FAILED"
    return f"{what}, sent {in_zone(transfer.sent_at):%H:%M:%S}: {outcome}{tran_id}"

"""How the end of an unknown transfer is notified: no surer than it is."""

from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.evidence import (
    accepted,
    ambiguous,
    legacy,
    matching_record,
    no_record,
    persons_word,
    refusal,
)
from tests.evidence import transfer as transfer_with
from tui.domain.evidence import Basis, Evidence
from tui.domain.transfer import Outcome, Transfer, TransferRequest
from tui.domain.wallets import TransferType
from tui.screens.notice import Notices
from tui.structs import replace

REQUEST = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(7))
UNKNOWN = transfer_with(request=REQUEST, evidence=ambiguous(), answer=ambiguous())


class App:
    """Records what an app would ring and show."""

    def __init__(self) -> None:
        self.rings = 0
        self.notices: list[tuple[str, str]] = []

    def bell(self) -> None:
        self.rings += 1

    def alert(self, text: str) -> None:
        self.bell()

    def notify(self, message: str, *, title: str, **_: object) -> None:
        self.notices.append((title, message))


def updated(*transfers: Transfer) -> App:
    """The app after these updates."""
    app = App()
    notices = Notices(cast("Any", SimpleNamespace(app=app)), cast("Any", None))
    for transfer in transfers:
        notices.update(transfer)
    return app


@pytest.mark.parametrize(
    ("evidence", "title", "ending"),
    [
        (matching_record(12), "Settled", "it is done, according to a matching record, tranId 12"),
        (no_record(), "Judged", "it was judged not executed, which is not proof"),
        (matching_record(12, "FAILED"), "Judged", "it failed, according to a matching record, tranId 12"),
        (accepted(12), "Settled", "it is done, tranId 12"),
        (refusal(), "Settled", "it is rejected"),
        (
            legacy(Outcome.NOT_EXECUTED, basis=Basis.HISTORY),
            "Judged",
            "it was not executed, according to the exchange's history, which is not proof",
        ),
    ],
)
def test_an_end_is_notified_once_with_the_bell_and_a_judgement_as_one(
    evidence: Evidence, title: str, ending: str
) -> None:
    end = replace(UNKNOWN, evidence=evidence)
    app = updated(UNKNOWN, end, end)
    ((shown_title, message),) = app.notices
    assert (shown_title, app.rings) == (title, 1)
    assert message.startswith("7 USDT, Spot -> Funding, sent ")
    assert message.endswith(f": {ending}")


def test_what_a_person_decided_and_what_was_never_unknown_is_not_notified() -> None:
    decided = replace(UNKNOWN, evidence=persons_word(is_executed=True))
    answered = transfer_with(id=2, request=REQUEST, evidence=accepted(3))
    assert updated(UNKNOWN, decided, answered).notices == []

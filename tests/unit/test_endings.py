"""How the end of an unknown transfer is told: no surer than it is."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

import pytest

from tui.domain.transfer import Evidence, Outcome, Transfer, TransferRequest
from tui.domain.wallets import TransferType
from tui.screens.endings import Endings

REQUEST = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(7))
UNKNOWN = Transfer(1, REQUEST, "main", "", "demo", datetime.now(UTC), 0, 5000, Outcome.UNKNOWN)


class Told:
    """Takes what an app would ring and show."""

    def __init__(self) -> None:
        self.rings = 0
        self.notices: list[tuple[str, str]] = []

    def bell(self) -> None:
        self.rings += 1

    def notify(self, words: str, *, title: str, **_: object) -> None:
        self.notices.append((title, words))


def told(*transfers: Transfer) -> Told:
    app, endings = Told(), Endings()
    for transfer in transfers:
        endings.changed(transfer, cast("Any", app))
    return app


@pytest.mark.parametrize(
    ("ended", "title", "words"),
    [
        ({"outcome": Outcome.DONE, "tran_id": 12}, "Settled", "done, tranId 12"),
        ({"outcome": Outcome.NOT_EXECUTED}, "Judged", "judged not executed, which is no proof"),
        ({"outcome": Outcome.REJECTED}, "Judged", "rejected: its history says FAILED"),
    ],
)
def test_an_end_is_told_once_with_the_bell_and_a_judgement_as_one(
    ended: dict[str, Any], title: str, words: str
) -> None:
    end = replace(UNKNOWN, evidence=Evidence.HISTORY, **ended)
    app = told(UNKNOWN, end, end)
    ((said_title, said),) = app.notices
    assert (said_title, app.rings) == (title, 1)
    assert said.startswith("7 USDT, Spot -> Funding, sent ")
    assert said.endswith(f": {words}")


def test_what_a_person_decided_and_what_was_never_unknown_is_not_told() -> None:
    decided = replace(UNKNOWN, outcome=Outcome.DONE, evidence=Evidence.PERSON)
    answered = replace(UNKNOWN, id=2, outcome=Outcome.DONE, tran_id=3)
    assert told(UNKNOWN, decided, answered).notices == []

"""How the end of an unknown transfer is told: no surer than it is."""

from dataclasses import replace
from decimal import Decimal
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
from tui.domain.evidence import Evidence
from tui.domain.outcome import Basis
from tui.domain.transfer import Outcome, Transfer, TransferRequest
from tui.domain.wallets import TransferType
from tui.screens.endings import Endings

REQUEST = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(7))
UNKNOWN = transfer_with(request=REQUEST, evidence=ambiguous(), answer=ambiguous())


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
    ("evidence", "title", "words"),
    [
        (matching_record(12), "Settled", "it is done, by a matching record, tranId 12"),
        (no_record(), "Judged", "it was judged not executed, which is no proof"),
        (matching_record(12, "FAILED"), "Judged", "it failed, by a matching record, tranId 12"),
        (accepted(12), "Settled", "it is done, tranId 12"),
        (refusal(), "Settled", "it is rejected"),
        (
            legacy(Outcome.NOT_EXECUTED, basis=Basis.HISTORY),
            "Judged",
            "it was not executed by the history, which is no proof",
        ),
    ],
)
def test_an_end_is_told_once_with_the_bell_and_a_judgement_as_one(evidence: Evidence, title: str, words: str) -> None:
    end = replace(UNKNOWN, evidence=evidence)
    app = told(UNKNOWN, end, end)
    ((said_title, said),) = app.notices
    assert (said_title, app.rings) == (title, 1)
    assert said.startswith("7 USDT, Spot -> Funding, sent ")
    assert said.endswith(f": {words}")


def test_what_a_person_decided_and_what_was_never_unknown_is_not_told() -> None:
    decided = replace(UNKNOWN, evidence=persons_word(is_executed=True))
    answered = transfer_with(id=2, request=REQUEST, evidence=accepted(3))
    assert told(UNKNOWN, decided, answered).notices == []

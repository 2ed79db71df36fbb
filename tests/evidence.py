"""Evidence for tests, built the way the program builds it: from whole answers."""

import json
from decimal import Decimal
from typing import Any

from tui.domain.evidence import (
    Accepted,
    Ambiguous,
    Awaiting,
    Basis,
    Evidence,
    Failure,
    Flaw,
    Legacy,
    MatchingRecord,
    NeverLeft,
    NoRecord,
    Obstacle,
    Outcome,
    PersonsRecord,
    PersonsWord,
    Refusal,
)
from tui.domain.records import RecordStatus
from tui.domain.transfer import Sending, Transfer, TransferRequest
from tui.domain.wallets import TransferType
from tui.exchange.answers import evidence_from
from tui.journal import Journal, RepeatUnconfirmed

SENT_MS = 1_700_000_000_123


def _from(status: int, body: object) -> Accepted | Refusal | Ambiguous:
    return evidence_from(status, {}, json.dumps(body).encode())


def accepted(tran_id: int = 13526853623) -> Accepted:
    """Return the exchange's yes."""
    evidence = _from(200, {"tranId": tran_id})
    assert isinstance(evidence, Accepted)
    return evidence


def refusal(status: int = 400, code: int = -5002, message: str = "You have insufficient balance.") -> Refusal:
    """Return the exchange's no."""
    evidence = _from(status, {"code": code, "msg": message})
    assert isinstance(evidence, Refusal)
    return evidence


def never_left(obstacle: Obstacle = Obstacle.UNREACHABLE, failure: Failure | None = Failure.NOBODY) -> NeverLeft:
    """Return that nothing reached the exchange."""
    return NeverLeft(obstacle, failure if obstacle is Obstacle.UNREACHABLE else None)


def ambiguous(
    code: int | None = None, message: str = "Timeout waiting for response from backend server.", status: int = 400
) -> Ambiguous:
    """Return that the connection broke; with a code, an answer of that code that says neither yes nor no."""
    if code is None:
        return Ambiguous(Flaw.NO_ANSWER, failure=Failure.CUT)
    evidence = _from(status, {"code": code, "msg": message})
    assert isinstance(evidence, Ambiguous)
    return evidence


def named(tran_id: int = 13526853623, **beside: object) -> Ambiguous:
    """Return an answer that names a tranId and is no yes."""
    evidence = _from(200, {"tranId": tran_id, **(beside or {"success": False})})
    assert isinstance(evidence, Ambiguous)
    return evidence


def matching_record(
    tran_id: int = 13526853623,
    status: str = RecordStatus.CONFIRMED,
    recorded_ms: int = SENT_MS + 100,
    corrects: Outcome | None = None,
) -> MatchingRecord:
    """Return that the exchange's history has the transfer."""
    return MatchingRecord(tran_id, RecordStatus(status), recorded_ms, corrects=corrects)


def no_record(as_of_ms: int = SENT_MS + 300_000) -> NoRecord:
    """Return the judgement that a transfer was not executed."""
    return NoRecord(reads=3, as_of_ms=as_of_ms, waited_ms=300_000)


def persons_word(is_executed: bool = False) -> PersonsWord:
    """Return what a person says who found no record."""
    return PersonsWord(is_executed)


def persons_record(tran_id: int = 13526853623, status: str = RecordStatus.CONFIRMED) -> PersonsRecord:
    """Return which record a person says it is."""
    return PersonsRecord(tran_id, RecordStatus(status), SENT_MS + 100)


def legacy(
    outcome: Outcome,
    sentence: str = "The answer did not come.",
    tran_id: int | None = None,
    code: int | None = None,
    basis: Basis = Basis.ANSWER,
) -> Legacy:
    """Return what a row said before evidence was kept."""
    return Legacy(outcome, basis, sentence, tran_id, code)


_DEFAULTS: dict[str, Any] = {
    "id": 1,
    "request": TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal("100.50")),
    "profile": "main",
    "key_tail": "demo",
    "host": "https://api.binance.com",
    "timestamp_ms": SENT_MS,
    "recv_window_ms": 5000,
    "confirmed_ms": SENT_MS,
    "clock_error_ms": 20,
    "key_print": "print",
}


def transfer(**changes: Any) -> Transfer:
    """Return a transfer of 100.50 USDT from Spot to Funding that is being sent; another id is another transfer."""
    values = {**_DEFAULTS, **changes}
    return Transfer(**{"identity": f"{values['id']:032x}", **values})


def begin_anyway(journal: Journal, sending: Sending) -> Transfer:
    """Write down a transfer, whatever it repeats."""
    meant: frozenset[str] = frozenset()
    while True:
        try:
            return journal.begin(sending, meant=meant)
        except RepeatUnconfirmed as repeat:
            meant |= {transfer.identity for transfer in repeat.transfers}


def evidence_for(outcome: Outcome, tran_id: int = 13526853623) -> Evidence:
    """Return the plainest evidence of an outcome."""
    evidence: dict[Outcome, Evidence] = {
        Outcome.SENDING: Awaiting(),
        Outcome.DONE: accepted(tran_id),
        Outcome.REJECTED: refusal(),
        Outcome.NOT_SENT: never_left(),
        Outcome.UNKNOWN: ambiguous(),
        Outcome.NOT_EXECUTED: no_record(),
    }
    return evidence[outcome]

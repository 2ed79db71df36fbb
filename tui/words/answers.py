"""The answer to a request, in words: the reason, and what to do about it."""

from typing import assert_never

from tui.clock import wall_ms
from tui.domain import moments
from tui.domain.answers import OUTSIDE_WINDOW, OVERLOADED, Shape, WholeAnswer
from tui.domain.evidence import (
    Ambiguous,
    Failure,
    Flaw,
    NeverLeft,
    Obstacle,
    Refusal,
)
from tui.domain.text import printable

_MAX_MESSAGE = 300

_LESS = "More than there is: try less."
_MARGIN_LIMIT = "More than can be moved out: part may be borrowed, or hold a position. Try less."
_OPEN_ACCOUNT = "This margin account does not exist yet: open it on the exchange first."
_BANNED_ASSET = "The exchange does not move this asset this way: choose another asset or wallet."
_ASK_EXCHANGE = "Look at this account on the exchange's own site."

_ADVICE = {
    -1002: "This key may not do that: check its permissions on the exchange's API page.",
    -1003: "Too many requests: wait a minute.",
    OUTSIDE_WINDOW: "Shunter has measured the exchange's clock again. Send again.",
    -1022: "The signature does not match the key: enter the key again, with its own secret.",
    -1100: "A field has characters that the exchange does not accept: check asset and pairs.",
    -1102: "The exchange found a field missing or unreadable: check asset, amount and pairs.",
    -1121: "The exchange does not know this pair: check its spelling, like BTCUSDT.",
    -2008: "The exchange does not know this API key: check that it still exists there.",
    -2014: "The API key is malformed: enter the key again.",
    -2015: "Check the API key, that it allows this machine's IP address, and its permission for universal transfer.",
    -3002: _BANNED_ASSET,
    -3003: _OPEN_ACCOUNT,
    -3005: _MARGIN_LIMIT,
    -3020: _MARGIN_LIMIT,
    -3041: _LESS,
    -5002: _LESS,
    -5013: _LESS,
    -9000: _LESS,
    -3009: _BANNED_ASSET,
    -3017: _BANNED_ASSET,
    -3018: _ASK_EXCHANGE,
    -3019: _ASK_EXCHANGE,
    -3022: _ASK_EXCHANGE,
    -3023: "The margin level is too low to move anything out: repay, or bring more in.",
    -3026: "The exchange found a field missing or unreadable: check asset, amount and pairs.",
    -3027: _BANNED_ASSET,
    -3028: "The exchange has no such margin pair: check its spelling, like BTCUSDT.",
    -3043: "The exchange found a field missing or unreadable: check asset, amount and pairs.",
    -5001: _ASK_EXCHANGE,
    -5003: "This account does not have the asset: choose another asset or wallet.",
    -5007: "The exchange accepts only amounts above 0.",
    -5011: _ASK_EXCHANGE,
    -11001: "This pair's isolated account does not exist yet: open it on the exchange first.",
    -21001: "This account does not use Portfolio Margin: enable it on the exchange, or choose another wallet.",
    -21002: "This account cannot transfer to or from Portfolio Margin: look at it on the exchange's own site.",
}

_UNDOCUMENTED = {100001002: "Unsupported operation", 100001003: "Verification failed"}
"""Codes whose documentation does not say that nothing moved, with its text."""

_OBSTACLES = {
    Obstacle.UNREACHABLE: ("Could not reach the exchange", "Check the network."),
    Obstacle.LOCKED: ("Shunter is locked: it has dropped the key.", "Unlock it, then try again."),
    Obstacle.CLOSED: ("Shunter has left this exchange.", ""),
    Obstacle.PAUSED: ("The exchange asks for a pause.", ""),
    Obstacle.ENVIRONMENT: (
        "A variable of the environment keeps Shunter from connecting",
        "Correct that variable, or unset it, and start Shunter again.",
    ),
    Obstacle.UNWRITABLE: ("The request could not be written.", "Check asset and pairs."),
    Obstacle.DAMAGED_KEY: ("This key is damaged: it cannot sign.", "Enter it again."),
    Obstacle.JOURNAL: ("The journal could not be written.", ""),
}

_FAILURES = {
    Failure.NAME: "its name cannot be looked up",
    Failure.CERTIFICATE: "its certificate cannot be trusted",
    Failure.TLS: "no secure connection could be made",
    Failure.NOBODY: "nothing answers at its address",
    Failure.NO_ROUTE: "this machine has no route to it",
    Failure.SLOW_CONNECT: "connecting took too long",
    Failure.SLOW: "it took too long",
    Failure.CUT: "the connection was cut",
    Failure.ODD: "it cannot be understood",
    Failure.OTHER: "",
}


def reason(evidence: NeverLeft | Refusal | Ambiguous) -> str:
    """Return the reason as one sentence, without the exchange's code."""
    match evidence:
        case NeverLeft(obstacle=obstacle, failure=failure, detail=detail):
            if obstacle is Obstacle.PAUSED and detail:
                return f"The exchange asks for a pause of {detail}."
            sentence = _OBSTACLES[obstacle][0]
            if failure or obstacle is Obstacle.ENVIRONMENT:
                return f"{sentence}: {_failure(failure, detail)}."
            return sentence
        case Refusal(answer=answer):
            return _refusal(answer)
        case Ambiguous():
            return _ambiguous(evidence)
        case _:
            assert_never(evidence)


def advice(evidence: NeverLeft | Refusal | Ambiguous) -> str:
    """Return what to do about it; empty if there is nothing."""
    match evidence:
        case NeverLeft(obstacle=obstacle):
            return _OBSTACLES[obstacle][1]
        case Refusal(answer=answer, wait_s=wait_s):
            if answer.status in (418, 429):
                return f"Wait {wait_s} s." if wait_s is not None else "Wait a few minutes."
            if answer.status == 403:
                return "Wait a few minutes."
            if answer.status == 503 or answer.code == OVERLOADED:
                return "The exchange is overloaded: try again later."
            return _ADVICE.get(answer.code or 0, "")
        case Ambiguous():
            return ""
        case _:
            assert_never(evidence)


def paused(wait_s: int) -> str:
    """Return a warning before something is sent although the exchange asks for a pause."""
    until = moments.time_of_day(wall_ms() + wait_s * 1000)
    return (
        f"The exchange asks for a pause until {until}: too many requests came from here. Sending before then may "
        "make the pause longer."
    )


def with_code(sentence: str, code: int | None) -> str:
    """Return a sentence with the exchange's code in it."""
    numbered = sentence if code is None else f"{sentence.rstrip('.')} ({code})"
    return numbered if numbered.endswith((".", "!", "?")) else f"{numbered}."


def _refusal(answer: WholeAnswer) -> str:
    if answer.shape is Shape.OBJECT:
        return _message(answer)
    if answer.status == 403:
        return "A firewall of the exchange refused the request (HTTP 403)."
    return f"The exchange answered HTTP {answer.status} without a reason."


def _ambiguous(evidence: Ambiguous) -> str:
    match evidence.flaw:
        case Flaw.BOTH if evidence.answer and evidence.answer.is_followed:
            return "More than one answer came."
        case Flaw.BOTH:
            return f"The exchange's answer names a tranId and says more: {_quoted(evidence.answer)}."
        case Flaw.NEITHER:
            return _neither(evidence.answer, evidence.detail)
        case Flaw.UNREADABLE:
            return "The exchange's answer cannot be read: it is packed wrongly, or too long."
        case Flaw.NO_ANSWER:
            return f"The answer did not come: {_failure(evidence.failure, evidence.detail)}."
        case Flaw.TOO_LATE:
            return f"The answer was not complete within {evidence.detail}."
        case Flaw.INTERRUPTED:
            return "The answer was not complete before Shunter was locked."
        case Flaw.OWN_FAILURE:
            return "Shunter itself failed while it was being sent."
        case _:
            assert_never(evidence.flaw)


def _neither(answer: WholeAnswer | None, detail: str) -> str:
    if answer is None:
        return f"The exchange's answer cannot be read: {detail or 'it is not what the exchange documents'}."
    if answer.code is not None:
        return _message(answer)
    if answer.is_followed:
        return "More than one answer came."
    if answer.shape in (Shape.EMPTY, Shape.PAGE):
        return f"The exchange answered HTTP {answer.status} without a reason."
    return f"The exchange answered HTTP {answer.status}, and not as it documents: {_quoted(answer)}."


def _message(answer: WholeAnswer) -> str:
    message = printable(answer.message)[:_MAX_MESSAGE] or _UNDOCUMENTED.get(answer.code or 0, "")
    return message or "The exchange gave no reason."


def _quoted(answer: WholeAnswer | None) -> str:
    text = answer.text.strip() if answer else ""
    return f"{text[:120]}{'...' if len(text) > 120 or (answer and answer.is_cut) else ''}" or "nothing"


def _failure(failure: Failure | None, detail: str) -> str:
    plainly = _FAILURES[failure] if failure else ""
    raw = printable(detail).rstrip(".")[:_MAX_MESSAGE]
    if plainly and raw:
        return f"{plainly} ({raw})"
    return plainly or raw or "the connection was cut"

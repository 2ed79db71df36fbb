"""The answer to a request, in words: the reason, and what to do about it."""

from typing import assert_never

from tui.clock import wall_ms
from tui.domain import moments
from tui.domain.answers import OUTSIDE_WINDOW, OVERLOADED, Shape, WholeAnswer
from tui.domain.details import detail_shown
from tui.domain.evidence import (
    Ambiguous,
    Failure,
    Flaw,
    NeverLeft,
    Obstacle,
    Refusal,
)
from tui.domain.text import printable
from tui.language import N_, _

_MAX_MESSAGE = 300

_LESS = N_("More than there is: try less.")
_MARGIN_LIMIT = N_("More than can be moved out: part may be borrowed, or hold a position. Try less.")
_OPEN_ACCOUNT = N_("This margin account does not exist yet: open it on the exchange first.")
_BANNED_ASSET = N_("The exchange does not move this asset this way: choose another asset or wallet.")
_ASK_EXCHANGE = N_("Look at this account on the exchange's own site.")

_ADVICE = {
    -1002: N_("This key may not do that: check its permissions on the exchange's API page."),
    -1003: N_("Too many requests: wait a minute."),
    OUTSIDE_WINDOW: N_("Shunter has measured the exchange's clock again. Send again."),
    -1022: N_("The signature does not match the key: enter the key again, with its own secret."),
    -1100: N_("A field has characters that the exchange does not accept: check asset and pairs."),
    -1102: N_("The exchange found a field missing or unreadable: check asset, amount and pairs."),
    -1121: N_("The exchange does not know this pair: check its spelling, like BTCUSDT."),
    -2008: N_("The exchange does not know this API key: check that it still exists there."),
    -2014: N_("The API key is malformed: enter the key again."),
    -2015: N_(
        "Check the API key, that it allows this machine's IP address, and its permission for universal transfer."
    ),
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
    -3023: N_("The margin level is too low to move anything out: repay, or bring more in."),
    -3026: N_("The exchange found a field missing or unreadable: check asset, amount and pairs."),
    -3027: _BANNED_ASSET,
    -3028: N_("The exchange has no such margin pair: check its spelling, like BTCUSDT."),
    -3043: N_("The exchange found a field missing or unreadable: check asset, amount and pairs."),
    -5001: _ASK_EXCHANGE,
    -5003: N_("This account does not have the asset: choose another asset or wallet."),
    -5007: N_("The exchange accepts only amounts above 0."),
    -5011: _ASK_EXCHANGE,
    -11001: N_("This pair's isolated account does not exist yet: open it on the exchange first."),
    -21001: N_("This account does not use Portfolio Margin: enable it on the exchange, or choose another wallet."),
    -21002: N_("This account cannot transfer to or from Portfolio Margin: look at it on the exchange's own site."),
}

_UNDOCUMENTED = {100001002: N_("Unsupported operation"), 100001003: N_("Verification failed")}
"""Codes whose documentation does not say that nothing moved, with its text."""

_OBSTACLES = {
    Obstacle.UNREACHABLE: N_("Could not reach the exchange"),
    Obstacle.LOCKED: N_("Shunter is locked: it has dropped the key."),
    Obstacle.CLOSED: N_("Shunter has left this exchange."),
    Obstacle.PAUSED: N_("The exchange asks for a pause."),
    Obstacle.UNWRITABLE: N_("The request could not be written."),
    Obstacle.DAMAGED_KEY: N_("This key is damaged: it cannot sign."),
    Obstacle.JOURNAL: N_("The journal could not be written."),
}
"""Why nothing was sent. An environment variable that cannot be used has a function below: it is named."""

_REMEDIES = {
    Obstacle.UNREACHABLE: N_("Check the network."),
    Obstacle.LOCKED: N_("Unlock it, then try again."),
    Obstacle.ENVIRONMENT: N_("Correct that variable, or unset it, and start Shunter again."),
    Obstacle.UNWRITABLE: N_("Check asset and pairs."),
    Obstacle.DAMAGED_KEY: N_("Enter it again."),
}

_FAILURES = {
    Failure.NAME: N_("its name cannot be looked up"),
    Failure.CERTIFICATE: N_("its certificate cannot be trusted"),
    Failure.TLS: N_("no secure connection could be made"),
    Failure.NOBODY: N_("nothing answers at its address"),
    Failure.NO_ROUTE: N_("this machine has no route to it"),
    Failure.SLOW_CONNECT: N_("connecting took too long"),
    Failure.SLOW: N_("it took too long"),
    Failure.CUT: N_("the connection was cut"),
    Failure.ODD: N_("it cannot be understood"),
    Failure.OTHER: "",
}


def reason(evidence: NeverLeft | Refusal | Ambiguous) -> str:
    """Return the reason as one sentence, without the exchange's code."""
    match evidence:
        case NeverLeft():
            return _never_left(evidence)
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
            return _(_REMEDIES.get(obstacle, ""))
        case Refusal(answer=answer, wait_s=wait_s):
            if answer.status in (418, 429):
                return _("Wait a few minutes.") if wait_s is None else _("Wait {seconds} s.").format(seconds=wait_s)
            if answer.status == 403:
                return _("Wait a few minutes.")
            if answer.status == 503 or answer.code == OVERLOADED:
                return _("The exchange is overloaded: try again later.")
            return _(_ADVICE.get(answer.code or 0, ""))
        case Ambiguous():
            return ""
        case _:
            assert_never(evidence)


def paused(wait_s: int) -> str:
    """Return a warning before something is sent although the exchange asks for a pause."""
    until = moments.time_of_day(wall_ms() + wait_s * 1000)
    return _(
        "The exchange asks for a pause until {time}: too many requests came from here. Sending before then may make "
        "the pause longer."
    ).format(time=until)


def with_code(sentence: str, code: int | None) -> str:
    """Return a sentence with the exchange's code in it, and a full stop after it."""
    stop = full_stop("")
    if code is not None:
        return _("{sentence} ({code}).").format(sentence=sentence.rstrip(f".{stop}"), code=code)
    return sentence if sentence.endswith((".", "!", "?", stop)) else full_stop(sentence)


def full_stop(sentence: str) -> str:
    """Return a sentence with a full stop after it."""
    return _("{sentence}.").format(sentence=without_chinese_stop(sentence))


def without_chinese_stop(sentence: str) -> str:
    """Return a sentence without the full stop of a Chinese one, to go on after it."""
    return sentence.removesuffix("。")


def _never_left(evidence: NeverLeft) -> str:
    match evidence.obstacle:
        case Obstacle.PAUSED if evidence.detail:
            return _("The exchange asks for a pause of {time}.").format(time=_time(evidence.detail))
        case Obstacle.UNREACHABLE if evidence.failure:
            cause = _failure(evidence.failure, evidence.detail)
            return _("Could not reach the exchange: {cause}.").format(cause=cause)
        case Obstacle.ENVIRONMENT:
            cause = _failure(evidence.failure, evidence.detail)
            return _("A variable of the environment keeps Shunter from connecting: {cause}.").format(cause=cause)
        case obstacle:
            return _(_OBSTACLES[obstacle])


def _refusal(answer: WholeAnswer) -> str:
    if answer.shape is Shape.OBJECT:
        return _message(answer)
    if answer.status == 403:
        return _("A firewall of the exchange refused the request (HTTP 403).")
    return _no_reason(answer)


def _no_reason(answer: WholeAnswer) -> str:
    return _("The exchange answered HTTP {status} without a reason.").format(status=answer.status)


def _ambiguous(evidence: Ambiguous) -> str:
    match evidence.flaw:
        case Flaw.BOTH if evidence.answer and evidence.answer.is_followed:
            return _("More than one answer came.")
        case Flaw.BOTH:
            quoted = _quoted(evidence.answer)
            return _("The exchange's answer names a tranId and says more: {answer}.").format(answer=quoted)
        case Flaw.NEITHER:
            return _neither(evidence.answer, evidence.detail)
        case Flaw.UNREADABLE:
            return _("The exchange's answer cannot be read: it is packed wrongly, or too long.")
        case Flaw.NO_ANSWER:
            cause = _failure(evidence.failure, evidence.detail)
            return _("The answer did not come: {cause}.").format(cause=cause)
        case Flaw.TOO_LATE:
            return _("The answer was not complete within {time}.").format(time=_time(evidence.detail))
        case Flaw.INTERRUPTED:
            return _("The answer was not complete before Shunter was locked.")
        case Flaw.OWN_FAILURE:
            return _("Shunter itself failed while it was being sent.")
        case _:
            assert_never(evidence.flaw)


def _neither(answer: WholeAnswer | None, detail: str) -> str:
    if answer is None:
        problem = detail_shown(detail) or _("it is not what the exchange documents")
        return _("The exchange's answer cannot be read: {problem}.").format(problem=problem)
    if answer.code is not None:
        return _message(answer)
    if answer.is_followed:
        return _("More than one answer came.")
    if answer.shape in (Shape.EMPTY, Shape.PAGE):
        return _no_reason(answer)
    return _("The exchange answered HTTP {status}, and not as it documents: {answer}.").format(
        status=answer.status, answer=_quoted(answer)
    )


def _message(answer: WholeAnswer) -> str:
    message = printable(answer.message)[:_MAX_MESSAGE] or _(_UNDOCUMENTED.get(answer.code or 0, ""))
    return message or _("The exchange gave no reason.")


def _quoted(answer: WholeAnswer | None) -> str:
    text = answer.text.strip() if answer else ""
    return f"{text[:120]}{'...' if len(text) > 120 or (answer and answer.is_cut) else ''}" or _("nothing")


def _time(detail: str) -> str:
    """Return a length of time, which evidence has in English."""
    seconds = detail.removesuffix(" s")
    return detail_shown(detail) if seconds == detail else _("{seconds} s").format(seconds=seconds)


def _failure(failure: Failure | None, detail: str) -> str:
    plainly = _(_FAILURES[failure]) if failure else ""
    raw = printable(detail_shown(detail)).rstrip(".")[:_MAX_MESSAGE]
    if plainly and raw:
        return _("{cause} ({detail})").format(cause=plainly, detail=raw)
    return plainly or raw or _("the connection was cut")

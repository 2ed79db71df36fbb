"""Errors of calls, and what each says about the outcome.

x ExchangeError
  · NotSent          nothing reached the exchange
  x Refused          the exchange definitely said no: nothing was executed
    · ClockRefused     the timestamp was outside the window (-1021)
    · RateLimited      too many requests, or banned for a while
  · OutcomeUnknown   it may or may not have been executed
  · HistoryNotWhole  the history arrived incomplete: records that are not in it may exist

Each carries the evidence from which it was made (`tui.domain.evidence`).
"""

import errno
import socket
import ssl
from collections.abc import Mapping

from tui.domain.answers import LIMITED_STATUSES
from tui.domain.evidence import (
    Accepted,
    Ambiguous,
    Failure,
    Flaw,
    NeverLeft,
    Obstacle,
    Refusal,
    code_from,
)
from tui.domain.layout import sentences
from tui.domain.text import printable
from tui.exchange.answers import evidence_from, whole_answer
from tui.language import _
from tui.words import answers as words

_FAILURES: dict[type[BaseException], Failure] = {
    socket.gaierror: Failure.NAME,
    ssl.SSLCertVerificationError: Failure.CERTIFICATE,
    ssl.SSLError: Failure.TLS,
    ConnectionRefusedError: Failure.NOBODY,
    ConnectionError: Failure.CUT,
}
"""What the system's errors mean; subclasses first."""

_MAX_DETAIL = 300

_NO_WAY = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN}


class ExchangeError(Exception):
    """Raised when a call did not succeed. It holds only evidence and text: no request, and so no key."""

    def __init__(self, evidence: NeverLeft | Refusal | Ambiguous) -> None:
        self.evidence = evidence
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """What went wrong, in the exchange's words if there are any."""
        return words.reason(self.evidence)

    @property
    def code(self) -> int | None:
        """The exchange's error code, if there is one."""
        return code_from(self.evidence)

    @property
    def advice(self) -> str:
        """What to do about it; empty if nothing helps."""
        return words.advice(self.evidence)

    @property
    def sentence(self) -> str:
        """What went wrong, as a sentence, with the exchange's code."""
        return words.with_code(self.message, self.code)

    @property
    def lines(self) -> str:
        """What went wrong, and on a second line what to do about it."""
        return f"{self.sentence}\n{self.advice}".rstrip()

    def __str__(self) -> str:
        return sentences(self.sentence, self.advice)


class NotSent(ExchangeError):
    """Raised when nothing reached the exchange: no connection, no name, no TLS."""

    def __init__(self, obstacle: Obstacle, failure: Failure | None = None, detail: str = "") -> None:
        super().__init__(NeverLeft(obstacle, failure, detail))


class Refused(ExchangeError):
    """Raised when the exchange answered with a definite no. Nothing was executed."""


class ClockRefused(Refused):
    """Raised when the request came outside its window (-1021)."""


class RateLimited(Refused):
    """Raised after too many requests (429), or during a ban (418)."""


class OutcomeUnknown(ExchangeError):
    """Raised when the request may have been executed; only the exchange's history can tell."""


class HistoryNotWhole(ExchangeError):
    """Raised when the history arrived incomplete. What was read of it proves nothing."""

    def __init__(self, why: str) -> None:
        self._why = why
        super().__init__(Ambiguous(Flaw.UNREADABLE))

    @property
    def message(self) -> str:
        """What is missing."""
        return _("The history arrived incomplete: {why}.").format(why=self._why)


def error_from(evidence: Refusal | Ambiguous) -> ExchangeError:
    """Return the error for an answer other than a yes."""
    if isinstance(evidence, Ambiguous):
        return OutcomeUnknown(evidence)
    if evidence.is_clock:
        return ClockRefused(evidence)
    return (RateLimited if evidence.answer.status in LIMITED_STATUSES else Refused)(evidence)


def error_of_answer(status: int, headers: Mapping[str, str], body: bytes) -> ExchangeError:
    """Return the error for an answer other than a good 200: unknown, unless it is a documented no."""
    evidence = evidence_from(status, headers, body)
    return error_from(Ambiguous(Flaw.NEITHER) if isinstance(evidence, Accepted) else evidence)


def contradictory_answer(problem: str) -> OutcomeUnknown:
    """Return the error for an answer that contradicts itself; `problem` says how."""
    return OutcomeUnknown(Ambiguous(Flaw.NEITHER, detail=problem))


def undocumented_answer(body: bytes) -> OutcomeUnknown:
    """Return the error for a 200 that is not the documented answer of a call that only reads."""
    answer = whole_answer(200, body)
    return OutcomeUnknown(Ambiguous(Flaw.NEITHER, answer if answer.code is not None else None))


def error_of_transport(error: Exception) -> ExchangeError:
    """Return the error for a broken connection. In doubt, the outcome is unknown."""
    import httpx

    # DNS, TCP, TLS and proxy failures come as these, before a byte of the request is written.
    never_left = (
        httpx.ConnectError,
        httpx.ConnectTimeout,
        httpx.PoolTimeout,
        httpx.ProxyError,
        httpx.UnsupportedProtocol,
    )
    if isinstance(error, never_left):
        return NotSent(Obstacle.UNREACHABLE, *_failure(error))
    return OutcomeUnknown(Ambiguous(Flaw.NO_ANSWER, None, *_failure(error)))


def _failure(error: Exception) -> tuple[Failure, str]:
    """Return why a call failed, and the system's own words."""
    import httpx

    if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
        return Failure.SLOW_CONNECT, ""
    if isinstance(error, httpx.TimeoutException):
        return Failure.SLOW, ""
    if not isinstance(error, httpx.HTTPError | OSError):  # its text is for programmers, or may hold the request
        return Failure.ODD, ""
    cause = _system_error(error) or error
    failure = next((failure for kind, failure in _FAILURES.items() if isinstance(cause, kind)), Failure.OTHER)
    if failure is Failure.OTHER and isinstance(cause, OSError) and cause.errno in _NO_WAY:
        failure = Failure.NO_ROUTE
    return failure, printable(str(cause))[:_MAX_DETAIL]


def _system_error(error: BaseException | None) -> OSError | None:
    """Return the system's own error, if one is the cause: the libraries in between say less."""
    cause = None
    while error is not None:
        if isinstance(error, BaseExceptionGroup):  # several addresses, each with an error of its own
            error = error.exceptions[0]
        cause = error if isinstance(error, OSError) else cause
        error = error.__cause__ or error.__context__
    return cause

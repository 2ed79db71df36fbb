"""What a call that did not succeed tells about the outcome.

x ExchangeError
  · NotSent          nothing reached the exchange
  x Refused          the exchange definitely said no: nothing was executed
    · ClockRefused     the timestamp was outside the window (-1021)
    · RateLimited      too many requests, or banned for a while
  · OutcomeUnknown   it may or may not have been executed
  · HistoryNotWhole  the history did not come whole: what is not in it may exist all the same

Every rule about what an answer means for the outcome stands here. Source: the exchange's pages on general
information and error codes.
"""

from typing import Annotated

import httpx
import msgspec

from tui.domain.text import printable

_UNKNOWN_CODES = {-1006, -1007}
"""Unexpected response and backend timeout: the outcome is unknown, whatever the status."""

OUTSIDE_WINDOW = -1021
"""The timestamp was outside the window: the clock is off, and nothing was executed."""

_OVERLOADED = -1008

_DEFINITE_503_MESSAGES = {
    "Service Unavailable.",
    "Internal error; unable to process your request. Please try again.",
}
"""The exchange documents these as failures; any other 5xx leaves the outcome unknown."""

_NEVER_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
"""DNS, TCP, TLS and proxy failures come as these, before a byte of the request is written."""

_ADVICE = {
    -1002: "This key may not do that: check its permissions on the exchange's API page.",
    -1003: "Too many requests: wait a minute.",
    OUTSIDE_WINDOW: "The clock has been set by the exchange's again. Send again.",
    -1022: "The signature does not fit the key: enter the key again, with the secret that belongs to it.",
    -1100: "A field holds characters that the exchange does not take: check asset and pairs.",
    -1102: "The exchange misses a field, or cannot read one: check asset, amount and pairs.",
    -1121: "The exchange does not know this pair: check its spelling, like BTCUSDT.",
    -2014: "The API key is malformed: enter the key again.",
    -2015: "Check the API key, that it allows this machine's IP address, and its permission for universal transfer.",
    -3020: "More than can be moved out: part may be borrowed, or hold a position. Try less.",
    -3041: "More than there is: try less.",
    -5002: "More than there is: try less.",
    -9000: "The exchange does not do this move for this account.",
}

_MAX_MESSAGE = 300


class ExchangeError(Exception):
    """A call that did not succeed. It holds words only: no request, so no key."""

    def __init__(self, message: str, *, code: int | None = None, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.advice = advice

    def __str__(self) -> str:
        code = f" ({self.code})" if self.code is not None else ""
        return f"{self.message}{code} {self.advice}".rstrip()


class NotSent(ExchangeError):
    """Nothing reached the exchange: no connection, no name, no TLS."""


class Refused(ExchangeError):
    """The exchange answered with a definite no. Nothing was executed."""


class ClockRefused(Refused):
    """The request came outside its window (-1021)."""


class RateLimited(Refused):
    """Too many requests (429), or banned for a while (418)."""

    def __init__(self, message: str, *, code: int | None, retry_after_s: int | None) -> None:
        wait = f"Wait {retry_after_s} s." if retry_after_s is not None else "Wait a few minutes."
        super().__init__(message, code=code, advice=wait)
        self.retry_after_s = retry_after_s


class OutcomeUnknown(ExchangeError):
    """The request may have been executed; only the exchange's history can tell."""


class HistoryNotWhole(ExchangeError):
    """The history did not come whole. What was read of it proves nothing."""

    def __init__(self, why: str) -> None:
        super().__init__(f"The history did not come whole: {why}.")


class _ErrorBody(msgspec.Struct):
    code: Annotated[int, msgspec.Meta(ge=-(2**31), lt=2**31)]
    msg: str = ""


def error_of_answer(status: int, headers: httpx.Headers, body: bytes) -> ExchangeError:
    """What an answer other than a good 200 says about the outcome."""
    try:
        error = msgspec.json.decode(body, type=_ErrorBody)
        code, message = error.code, printable(error.msg)[:_MAX_MESSAGE] or "The exchange gave no reason."
    except msgspec.DecodeError:
        code, message = None, f"The exchange answered HTTP {status} without a reason."

    if code in _UNKNOWN_CODES or not (400 <= status < 600) or (status == 408 and code is None):
        return OutcomeUnknown(message, code=code)
    if status in (418, 429):
        return RateLimited(message, code=code, retry_after_s=_retry_after_s(headers))
    if status >= 500 and code != _OVERLOADED and not (status == 503 and message in _DEFINITE_503_MESSAGES):
        return OutcomeUnknown(message, code=code)
    if status >= 500:
        return Refused(message, code=code, advice="The exchange is overloaded: try again later.")
    if code is None and status == 403:
        return Refused("A firewall of the exchange refused the request (HTTP 403).", advice="Wait a few minutes.")
    if code == OUTSIDE_WINDOW:
        return ClockRefused(message, code=code, advice=_ADVICE[code])
    return Refused(message, code=code, advice=_ADVICE.get(code, "") if code is not None else "")


def error_of_transport(error: httpx.HTTPError | httpx.InvalidURL | OSError) -> ExchangeError:
    """What a broken connection says about the outcome: the doubt goes to unknown."""
    if isinstance(error, _NEVER_LEFT):
        return NotSent(f"Could not reach the exchange: {_reason(error)}.", advice="Check the network.")
    return OutcomeUnknown(f"The answer did not come: {_reason(error)}.")


def damaged_key() -> NotSent:
    """The key can neither sign nor go into a header. Adding a profile does not let such a key in."""
    return NotSent("This key is damaged: it cannot sign.", advice="Enter it again.")


def unreadable_answer(what: str) -> OutcomeUnknown:
    """A 200 that is not what it should be: the request was probably executed, but nothing says so."""
    return OutcomeUnknown(f"The exchange's answer cannot be read: {what}.")


def _reason(error: Exception) -> str:
    if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
        return "connecting took too long"
    if isinstance(error, httpx.TimeoutException):
        return "it took too long"
    return printable(str(error)).rstrip(".")[:_MAX_MESSAGE] or "the connection was cut"


def _retry_after_s(headers: httpx.Headers) -> int | None:
    value = headers.get("Retry-After", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None

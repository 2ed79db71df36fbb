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

import errno
import re
import socket
import ssl
from collections.abc import Mapping
from typing import Annotated

import msgspec

from tui.domain.text import ServerText, printable
from tui.exchange.decoding import decode

OUTSIDE_WINDOW = -1021
"""The timestamp was outside the window: the clock is off, and nothing was executed."""

_OVERLOADED = -1008
_UNSUPPORTED = -9000

_REFUSALS = frozenset(
    {
        *(-1002, -1099, -2008, -2014, -2015),  # what the key may do
        *(-1003, _OVERLOADED, -1015),  # too much at a time
        *(-1020, _UNSUPPORTED),  # what the exchange does not do
        *(OUTSIDE_WINDOW, -1022),  # clock and signature
        *range(-1130, -1099),  # the form of the request
        *(-3003, -3021, -11001),  # pairs and accounts that are not there
        *(-3020, -3041, -5002, -5013),  # more than there is
    }
)
"""The codes that say that a request was turned down before anything moved. Every other code says nothing about that,
least of all -1000 (unknown error), -1006 and -1007 (no answer from within), -3000 and -5012 (transfer in progress).
"""

_CODED_STATUSES = {400, 401, 403}
"""Under these the exchange's own codes come."""

LIMITED_STATUSES = {418, 429}

_DEFINITE_503_MESSAGES = {
    "Service Unavailable.",
    "Internal error; unable to process your request. Please try again.",
}
_CODES_OF_503 = _REFUSALS | {-1000, -1001}
"""The exchange documents these messages as failures, whatever of these codes comes along."""

_WORDS_OF_DOUBT = re.compile(r"progress|pending|processing|time.?out|timed out|unknown|later", re.IGNORECASE)
_WORDS_OF_BALANCE = re.compile(r"ava[il]+able|balance|insufficient|not enough|exceed", re.IGNORECASE)
"""-9000 wraps other refusals, so that its words count more than its number; "avaliable" is how it is spelled."""

_LONGEST_WAIT_S = 3 * 24 * 60 * 60
"""No ban is longer."""

_ADVICE = {
    -1002: "This key may not do that: check its permissions on the exchange's API page.",
    -1003: "Too many requests: wait a minute.",
    OUTSIDE_WINDOW: "The clock has been set by the exchange's again. Send again.",
    -1022: "The signature does not fit the key: enter the key again, with the secret that belongs to it.",
    -1100: "A field holds characters that the exchange does not take: check asset and pairs.",
    -1102: "The exchange found a field missing or unreadable: check asset, amount and pairs.",
    -1121: "The exchange does not know this pair: check its spelling, like BTCUSDT.",
    -2008: "The exchange does not know this API key: check that it still exists there.",
    -2014: "The API key is malformed: enter the key again.",
    -2015: "Check the API key, that it allows this machine's IP address, and its permission for universal transfer.",
    -3003: "This margin account does not exist yet: open it on the exchange first.",
    -3020: "More than can be moved out: part may be borrowed, or hold a position. Try less.",
    -3041: "More than there is: try less.",
    -5002: "More than there is: try less.",
    -5013: "More than there is: try less.",
    _UNSUPPORTED: "The exchange does not do this move for this account.",
    -11001: "This pair's isolated account does not exist yet: open it on the exchange first.",
}

_PLAINLY: dict[type[BaseException], str] = {
    socket.gaierror: "its name cannot be looked up",
    ssl.SSLCertVerificationError: "its certificate is not to be trusted",
    ssl.SSLError: "no secure connection could be made",
    ConnectionRefusedError: "nothing answers at its address",
    ConnectionError: "the connection was cut",
}
"""What the system's errors mean to a person; the more special kinds first."""

_NO_WAY = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN}

_MAX_MESSAGE = 300


class ExchangeError(Exception):
    """A call that did not succeed. It holds words only: no request, so no key."""

    def __init__(self, message: str, *, code: int | None = None, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.advice = advice

    @property
    def said(self) -> str:
        """What went wrong, as a sentence, with the exchange's code."""
        code = f" ({self.code})" if self.code is not None else ""
        return _sentence(f"{self.message.rstrip('.')}{code}")

    @property
    def lines(self) -> str:
        """What went wrong, and on a line of its own what to do about it."""
        return f"{self.said}\n{self.advice}".rstrip()

    def __str__(self) -> str:
        return f"{self.said} {self.advice}".rstrip()


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


class OutcomeUnknown(ExchangeError):
    """The request may have been executed; only the exchange's history can tell."""


class HistoryNotWhole(ExchangeError):
    """The history did not come whole. What was read of it proves nothing."""

    def __init__(self, why: str) -> None:
        super().__init__(f"The history did not come whole: {why}.")


class _ErrorBody(msgspec.Struct):
    code: Annotated[int, msgspec.Meta(ge=-(2**31), lt=2**31)]
    msg: ServerText = ServerText("")


def error_of_answer(status: int, headers: Mapping[str, str], body: bytes) -> ExchangeError:
    """What an answer other than a good 200 says about the outcome: unknown, unless it is one of those that say no."""
    said = _said(body)
    if said is None:
        return _error_without_code(status, headers, body)
    code, message = said.code, printable(said.msg)[:_MAX_MESSAGE] or "The exchange gave no reason."
    is_5xx = 500 <= status < 600
    if (is_5xx and code == _OVERLOADED) or (
        status == 503 and message in _DEFINITE_503_MESSAGES and code in _CODES_OF_503
    ):
        return Refused(message, code=code, advice="The exchange is overloaded: try again later.")
    if code not in _REFUSALS or (code == _UNSUPPORTED and _WORDS_OF_DOUBT.search(message)):
        return OutcomeUnknown(message, code=code)
    if status in LIMITED_STATUSES:
        return RateLimited(message, code=code, retry_after_s=retry_after_s(headers))
    if status not in _CODED_STATUSES:
        return OutcomeUnknown(message, code=code)
    if code == OUTSIDE_WINDOW:
        return ClockRefused(message, code=code, advice=_ADVICE[code])
    return Refused(message, code=code, advice=_advice(code, message))


def _error_without_code(status: int, headers: Mapping[str, str], body: bytes) -> ExchangeError:
    message = f"The exchange answered HTTP {status} without a reason."
    if _has_code(body):
        return OutcomeUnknown(f"The exchange answered HTTP {status} with a reason that cannot be read.")
    if status in LIMITED_STATUSES:
        return RateLimited(message, code=None, retry_after_s=retry_after_s(headers))
    if status == 403:
        return Refused("A firewall of the exchange refused the request (HTTP 403).", advice="Wait a few minutes.")
    return OutcomeUnknown(message)


def _sentence(words: str) -> str:
    return words if words.endswith((".", "!", "?")) else f"{words}."


def _said(body: bytes) -> _ErrorBody | None:
    """What the exchange says of an error; None where it says nothing that can be read."""
    try:
        return decode(body.decode("utf-8", "replace").encode(), _ErrorBody)
    except ValueError:
        return None


def _has_code(body: bytes) -> bool:
    """Whether something stands where the code should: an answer of the exchange then, and not of a firewall."""
    return b'"code"' in body


def _advice(code: int, message: str) -> str:
    if code == _UNSUPPORTED and _WORDS_OF_BALANCE.search(message):
        return _ADVICE[-5013]
    return _ADVICE.get(code, "")


def error_of_transport(error: Exception) -> ExchangeError:
    """What a broken connection says about the outcome: the doubt goes to unknown."""
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
        return NotSent(f"Could not reach the exchange: {_reason(error)}.", advice="Check the network.")
    return OutcomeUnknown(f"The answer did not come: {_reason(error)}.")


def unsendable() -> NotSent:
    """A request that could not even be put together."""
    return NotSent("The request could not be written.", advice="Check asset and pairs.")


def damaged_key() -> NotSent:
    """The key can neither sign nor go into a header. Adding a profile does not let such a key in."""
    return NotSent("This key is damaged: it cannot sign.", advice="Enter it again.")


def unreadable_answer(what: str) -> OutcomeUnknown:
    """A 200 that is not what it should be: the request was probably executed, but nothing says so."""
    return OutcomeUnknown(f"The exchange's answer cannot be read: {what}.")


def _reason(error: Exception) -> str:
    """Why a call failed, in plain words, with the system's own in brackets."""
    import httpx

    if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
        return "connecting took too long"
    if isinstance(error, httpx.TimeoutException):
        return "it took too long"
    if not isinstance(error, httpx.HTTPError | OSError):  # whose words are for programmers, or hold what was sent
        return "it cannot be understood"
    cause = _of_the_system(error) or error
    raw = printable(str(cause)).rstrip(".")[:_MAX_MESSAGE]
    plainly = next((words for kind, words in _PLAINLY.items() if isinstance(cause, kind)), "")
    if not plainly and isinstance(cause, OSError) and cause.errno in _NO_WAY:
        plainly = "this machine has no way to it"
    if plainly and raw:
        return f"{plainly} ({raw})"
    return plainly or raw or "the connection was cut"


def _of_the_system(error: BaseException | None) -> OSError | None:
    """The system's own error, where one is the cause: the libraries in between say less."""
    found = None
    while error is not None:
        if isinstance(error, BaseExceptionGroup):  # of several addresses, each with an error of its own
            error = error.exceptions[0]
        found = error if isinstance(error, OSError) else found
        error = error.__cause__ or error.__context__
    return found


def retry_after_s(headers: Mapping[str, str]) -> int | None:
    """For how long an answer asks to be left alone, at most as long as a ban lasts; None where it does not say."""
    value = headers.get("Retry-After", "")
    if not (value.isascii() and value.isdigit()):
        return None
    return min(int(value), _LONGEST_WAIT_S) if len(value) < 10 else _LONGEST_WAIT_S

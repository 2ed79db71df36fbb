"""What each way of failing says about the outcome, and in which words."""

import errno
import socket
import ssl

import httpx
import pytest

from tui.exchange.errors import (
    ClockRefused,
    ExchangeError,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    Refused,
    error_of_answer,
    error_of_transport,
)

_NEVER_LEFT = {httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol}


def _kinds(base: type[BaseException]) -> set[type[BaseException]]:
    return {base}.union(*(_kinds(kind) for kind in base.__subclasses__()))


@pytest.mark.parametrize(
    "kind", sorted(_kinds(httpx.HTTPError) - {httpx.HTTPStatusError}, key=str), ids=lambda k: k.__name__
)
def test_every_transport_error_is_unknown_but_those_before_the_first_byte(kind: type[httpx.HTTPError]) -> None:
    """The list is of what cannot have left; an error that httpx adds one day is unknown until someone knows better."""
    error = error_of_transport(kind(""))
    assert type(error) is (NotSent if kind in _NEVER_LEFT else OutcomeUnknown)
    assert str(error).isprintable()
    assert ": ." not in str(error)


@pytest.mark.parametrize("error", [OSError("gone"), ConnectionResetError(104, "Connection reset by peer")])
def test_error_of_the_system_is_unknown(error: OSError) -> None:
    assert type(error_of_transport(error)) is OutcomeUnknown


_REFUSALS = {-1002, -1099, -2008, -2014, -2015, -1003, -1008, -1015, -1020, -1021, -1022, *range(-1130, -1099)}
_REFUSALS |= {-3003, -3021, -11001, -21001, -21002, -3020, -3041, -5002, -5013, -5001, -5003, -5007, -5011}
_REFUSALS |= {-3002, -3005, -3009, -3017, -3018, -3019, -3022, -3023, -3026, -3027, -3028, -3043}
"""BINANCE.md, "Limits and answers"."""

_LIMIT_CODES = {-1003, -1008, -1015}


def _of(status: int, code: int, words: str = "Something.") -> ExchangeError:
    return error_of_answer(status, httpx.Headers(), b'{"code":%d,"msg":"%b"}' % (code, words.encode()))


@pytest.mark.parametrize("body", [b"", b" \r\n", b"<html>Blocked</html>", b"\n <!DOCTYPE html><p>Blocked"])
def test_status_without_a_code_is_a_refusal_only_of_limits_and_of_the_firewall(body: bytes) -> None:
    for status in range(100, 1000):
        error = error_of_answer(status, httpx.Headers(), body)
        assert type(error) is {403: Refused, 418: RateLimited, 429: RateLimited}.get(status, OutcomeUnknown), status


@pytest.mark.parametrize("status", [400, 401])
def test_only_codes_on_the_list_are_refusals(status: int) -> None:
    for code in range(-22_000, 1000):
        assert isinstance(_of(status, code), Refused) is (code in _REFUSALS), code


@pytest.mark.parametrize(("status", "codes"), [(418, _LIMIT_CODES), (429, _LIMIT_CODES), (503, {-1008}), (403, set())])
def test_status_of_its_own_goes_with_its_own_codes_alone(status: int, codes: set[int]) -> None:
    for code in range(-22_000, 1000):
        assert isinstance(_of(status, code), Refused) is (code in codes), code


def test_code_on_the_list_counts_for_nothing_under_a_status_that_it_does_not_come_with() -> None:
    for status in {*range(100, 1000)} - {400, 401, 418, 429, 503}:
        assert {type(_of(status, code)) for code in _REFUSALS} == {OutcomeUnknown}, status


@pytest.mark.parametrize(
    "words",
    [
        "Insufficient balance.",
        "Balance is not enough",
        "Unsupported operation.",
        "Timeout, please check later.",
        "USER_OUT_OF_TRANSFER_FLOAT",
        "user have no avaliable amount?",
        "User have no avaliable amount",
        "user have no avaliable amount yet, transfer is queued",
        "",
    ],
)
def test_words_of_a_wrapper_count_only_where_they_are_listed(words: str) -> None:
    """-9000 wraps other answers: its number says nothing of what happened."""
    assert _of(400, -9000, "user have no avaliable amount").advice == "More than there is: try less."
    error = _of(400, -9000, words)
    assert type(error) is OutcomeUnknown
    assert error.message == (words or "The exchange gave no reason.")


@pytest.mark.parametrize("code", [-1006, -1007])
@pytest.mark.parametrize("status", [200, 201, 302, 400, 401, 403, 404, 408, 409, 418, 429, 500, 502, 503, 504])
def test_codes_of_doubt_are_unknown_under_any_status(status: int, code: int) -> None:
    body = b'{"code":%d,"msg":"Service Unavailable."}' % code
    assert type(error_of_answer(status, httpx.Headers(), body)) is OutcomeUnknown


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("²", None),
        ("1" * 9, 259_200),
        ("1" * 5000, 259_200),
        ("259201", 259_200),
        ("Wed, 21 Oct", None),
    ],
)
def test_wait_is_what_the_exchange_says_or_some_minutes(retry_after: str, seconds: int | None) -> None:
    headers = httpx.Headers([(b"retry-after", retry_after.encode())])
    error = error_of_answer(429, headers, b"")
    assert isinstance(error, RateLimited)
    assert str(error).endswith("Wait a few minutes." if seconds is None else f"Wait {seconds} s.")


def test_refused_clock_is_told_apart() -> None:
    error = error_of_answer(400, httpx.Headers(), b'{"code":-1021,"msg":"late"}')
    assert type(error) is ClockRefused
    assert str(error) == "late (-1021). Shunter has measured the exchange's clock again. Send again."


@pytest.mark.parametrize("words", ["user have no available amount", "Insufficient balance."])
def test_what_the_exchange_said_and_what_to_do_never_run_together(words: str) -> None:
    error = _of(400, -5013, words)
    said = f"{words.rstrip('.')} (-5013)."
    assert error.lines == f"{said}\nMore than there is: try less."
    assert str(error) == f"{said} More than there is: try less."


_LOOKED_UP = socket.gaierror(-2, "Name or service not known")
_NO_ANSWER = ConnectionRefusedError(111, "Connect call failed")


@pytest.mark.parametrize(
    ("system", "plainly"),
    [
        (_LOOKED_UP, "its name cannot be looked up ([Errno -2] Name or service not known)"),
        (_NO_ANSWER, "nothing answers at its address ([Errno 111] Connect call failed)"),
        (
            ExceptionGroup("all failed", [_NO_ANSWER]),
            "nothing answers at its address ([Errno 111] Connect call failed)",
        ),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "this machine has no route to it ([Errno 101] Network"),
        (ssl.SSLCertVerificationError(1, "self-signed"), "its certificate cannot be trusted (self-signed)"),
        (OSError("something else"), "something else"),
    ],
)
def test_what_the_system_says_of_a_connection_comes_after_plain_words(system: Exception, plainly: str) -> None:
    failed = httpx.ConnectError("All connection attempts failed")
    failed.__cause__ = OSError("All connection attempts failed") if isinstance(system, ExceptionGroup) else system
    if isinstance(system, ExceptionGroup):
        failed.__cause__.__cause__ = system
    assert str(error_of_transport(failed)).startswith(f"Could not reach the exchange: {plainly}")


@pytest.mark.parametrize("words", ["x" * 10_000, "\\u001b]52;c;aGk=\\u0007", "\\u202egnol", "\\ud800", "a\\nb"])
def test_words_of_the_exchange_are_safe_to_show(words: str) -> None:
    error = error_of_answer(400, httpx.Headers(), b'{"code":-1,"msg":"%b"}' % words.encode())
    assert isinstance(error, ExchangeError)
    assert error.message.isprintable()
    assert len(error.message) <= 300


@pytest.mark.parametrize("status", [418, 429])
def test_end_of_a_ban_that_only_the_message_names_counts(status: int) -> None:
    """ccxt 14639: without Retry-After, the ban's end stands in the message alone."""
    headers = httpx.Headers({"Date": "Sun, 29 Nov 2026 17:00:00 GMT"})
    until_ms = 1_795_971_600_000 + 521_000
    body = b'{"code":-1003,"msg":"Way too much request weight used; IP banned until %d."}' % until_ms
    error = error_of_answer(status, headers, body)
    assert isinstance(error, RateLimited)
    assert error.advice == "Wait 521 s."

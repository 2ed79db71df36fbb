"""Faults as words, for the command line: `cut-after@2`."""

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # `shunter --help` shows the words, and must not wait for the exchange
    from tui.demo.exchange import DemoExchange
    from tui.demo.faults import Fault

SPECS: Final = {
    "cut-before": "the connection is cut, nothing is executed",
    "cut-after": "executed, then the connection is cut without an answer",
    "cut-mid": "executed, and the answer breaks off halfway",
    "delay-before=5s": "held for 5 seconds, then executed if the request is still valid",
    "delay-after=5s": "executed, and answered 5 seconds later",
    "status-before=503:TEXT": "not executed, answered with a status and a body (the body may be left out)",
    "status-after=503:TEXT": "executed, answered with a status and a body",
    "clock=+5000": "the exchange's clock is off by so many milliseconds (+ is ahead)",
    "history-lag=10s": "a transfer shows in the history 10 seconds late",
    "pending=10s": "a transfer stands in the history as PENDING for 10 seconds",
    "failed": "a transfer is taken and gets a tranId, but ends as FAILED: nothing moves",
}
"""Each fault by an example of how it is written, and what it does."""

_OF_THE_EXCHANGE: Final = ("clock", "history-lag", "pending", "failed")
"""Not of one transfer, so they take no @N."""

_SPEC: Final = re.compile(r"(?P<word>[a-z-]+)(?:=(?P<value>.*?))?(?:@(?P<nth>[1-9][0-9]{0,5}))?", re.DOTALL)


class BadFault(ValueError):
    """The text names no fault; the message says what would."""


def set_fault(exchange: "DemoExchange", spec: str) -> None:
    """Makes the exchange misbehave as a text says. Raises BadFault."""
    match = _SPEC.fullmatch(spec)
    if match is None or match["word"] not in _forms():
        raise BadFault(f"there is no fault {spec!r}; write one of: {', '.join(SPECS)}")
    word, value, nth = match["word"], match["value"], match["nth"]
    form = _forms()[word]
    if ("=" in form) != (value is not None):
        raise BadFault(f"{spec!r} is not how that fault is written; write it like {form}")
    if word in _OF_THE_EXCHANGE:
        if nth is not None:
            raise BadFault(f"{word} holds for all transfers; leave out @{nth}")
        _set_on_exchange(exchange, word, value or "")
        return
    fault = _transfer_fault(word, value or "")
    if nth is None:
        fault.times = None
        exchange.faults.append(fault)
    else:
        fault.skip = int(nth) - 1
        exchange.faults.insert(0, fault)  # one for a certain transfer goes before one for all


def _forms() -> dict[str, str]:
    return {example.partition("=")[0]: example for example in SPECS}


def _set_on_exchange(exchange: "DemoExchange", word: str, value: str) -> None:
    from tui.demo.history import Lag

    match word:
        case "clock":
            if not re.fullmatch(r"[+-]?[0-9]{1,12}", value, re.ASCII):
                raise BadFault(f"{value!r} is not a number of milliseconds, like +5000 or -5000")
            exchange.clock_offset_ms = int(value)
        case "history-lag":
            exchange.history.hidden = Lag(seconds=_seconds(value))
        case "pending":
            exchange.history.pending = Lag(seconds=_seconds(value))
        case "failed":
            exchange.transfers_fail = True


def _transfer_fault(word: str, value: str) -> "Fault":
    from tui.demo.faults import Cut, Fault

    match word:
        case "cut-before":
            return Fault(executes=False, answer=Cut.CLOSE)
        case "cut-after":
            return Fault(answer=Cut.CLOSE)
        case "cut-mid":
            return Fault(answer=Cut.MID_ANSWER)
        case "delay-before":
            return Fault(before=_seconds(value))
        case "delay-after":
            return Fault(after=_seconds(value))
        case _:
            return _answered(value, executes=word == "status-after")


def _answered(value: str, *, executes: bool) -> "Fault":
    from tui.demo.faults import Answer, Fault

    status, _, body = value.partition(":")
    if not re.fullmatch(r"[2-5][0-9]{2}", status, re.ASCII):
        raise BadFault(f"{status!r} is not an HTTP status from 200 to 599")
    return Fault(executes=executes, answer=Answer(int(status), body.encode()))


def _seconds(value: str) -> float:
    match = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)(ms|s)", value, re.ASCII)
    if match is None:
        raise BadFault(f"{value!r} is not a time, like 5s or 800ms")
    return float(match[1]) / (1000 if match[2] == "ms" else 1)

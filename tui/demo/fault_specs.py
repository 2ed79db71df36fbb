"""Faults as words, for the command line: `cut-after@2`."""

import re
from collections.abc import Callable
from typing import Final

from tui.demo.account import add_hostile_names
from tui.demo.edits import Edit
from tui.demo.exchange import DemoExchange
from tui.demo.fault_words import SPECS, TAKE_NTH, word_of
from tui.demo.faults import TRANSFER_PATH, Answer, Cut, Fault
from tui.demo.history import Lag
from tui.demo.routes import ENDPOINTS
from tui.demo.unwritable import named

_SPEC: Final = re.compile(r"(?P<word>[a-z-]+)(?:=(?P<value>.*?))?(?:@(?P<nth>[1-9][0-9]{0,5}))?", re.DOTALL)
_FORMS: Final = {word_of(example): example for example in SPECS}


class BadFault(ValueError):
    """The text names no fault; the message says what would."""


def set_fault(exchange: DemoExchange, spec: str) -> None:
    """Makes the exchange misbehave as a text says. Raises BadFault."""
    match = _SPEC.fullmatch(spec)
    if match is None or match["word"] not in _FORMS:
        raise BadFault(f"there is no fault {spec!r}; write one of: {', '.join(SPECS)}")
    word, value, nth = match["word"], match["value"], int(match["nth"] or 0)
    form = _FORMS[word]
    if ("=" in form) != (value is not None):
        raise BadFault(f"{spec!r} is not how that fault is written; write it like {form}")
    if nth and form not in TAKE_NTH:
        raise BadFault(f"{word} holds for all; leave out @{nth}")
    if word in _OF_REQUESTS:
        _lie_in_wait(exchange, _OF_REQUESTS[word](value or ""), nth)
    elif word == "record":
        exchange.history.edits.append((_edit(value), nth or None))
    else:
        _OF_THE_EXCHANGE[word](exchange, value or "")


def _lie_in_wait(exchange: DemoExchange, fault: Fault, nth: int) -> None:
    if nth:
        fault.skip = nth - 1
        exchange.faults.insert(0, fault)  # one for a certain request goes before one for all
    else:
        fault.times = None
        exchange.faults.append(fault)


def _executed_late(value: str) -> Fault:
    times, _, answer = value.partition(":")
    late, _, answered = times.partition("/")
    return Fault(late=_seconds(late), after=_seconds(answered or "0s"), answer=_answer(answer))


def _answered(value: str) -> Fault:
    path, _, answer = value.partition(":")
    methods = [endpoint.method for endpoint in ENDPOINTS if endpoint.path == path]
    if not methods:
        raise BadFault(f"{path!r} is no path of the exchange, like /fapi/v3/balance")
    if path == TRANSFER_PATH:
        raise BadFault("for that path write status-before=, status-after= or history-answer=")
    return Fault(method=methods[0], path=path, executes=False, answer=_answer(answer))


def _history_answered(value: str) -> Fault:
    return Fault(method="GET", executes=False, answer=_answer(value))


_OF_REQUESTS: Final[dict[str, Callable[[str], Fault]]] = {
    "cut-before": lambda _: Fault(executes=False, answer=Cut.CLOSE),
    "cut-after": lambda _: Fault(answer=Cut.CLOSE),
    "cut-mid": lambda _: Fault(answer=Cut.MID_ANSWER),
    "delay-before": lambda value: Fault(before=_seconds(value)),
    "delay-after": lambda value: Fault(after=_seconds(value)),
    "status-before": lambda value: Fault(executes=False, answer=_answer(value)),
    "status-after": lambda value: Fault(answer=_answer(value)),
    "execute-late": _executed_late,
    "history-answer": _history_answered,
    "answer": _answered,
}


def _clock(exchange: DemoExchange, value: str) -> None:
    exchange.clock_offset_ms = _whole(value)


def _history_lag(exchange: DemoExchange, value: str) -> None:
    exchange.history.hidden = Lag(_seconds(value))


def _pending(exchange: DemoExchange, value: str) -> None:
    exchange.history.pending = Lag(_seconds(value))


def _failed(exchange: DemoExchange, _: str) -> None:
    exchange.transfers_fail = True


def _failed_for(exchange: DemoExchange, value: str) -> None:
    exchange.history.failing = Lag(_seconds(value))


def _record_time(exchange: DemoExchange, value: str) -> None:
    exchange.history.time_shift_ms = _whole(value)


def _record_amount(exchange: DemoExchange, value: str) -> None:
    if not re.fullmatch("[0-8]", value, re.ASCII):
        raise BadFault(f"{value!r} is not a number of decimals from 0 to 8")
    exchange.history.decimals = int(value)


def _page_size(exchange: DemoExchange, value: str) -> None:
    if _whole(value) < 1:
        raise BadFault(f"{value!r} is not a number of rows from 1")
    exchange.history.most_rows = int(value)


def _page_shift(exchange: DemoExchange, value: str) -> None:
    exchange.history.page_shift = _whole(value)


def _history_total(exchange: DemoExchange, value: str) -> None:
    exchange.history.total_error = _whole(value)


def _balance(exchange: DemoExchange, value: str) -> None:
    exchange.balance_edits.append(_edit(value))


def _hostile_names(exchange: DemoExchange, _: str) -> None:
    add_hostile_names(exchange.ledger)


def _header(exchange: DemoExchange, value: str) -> None:
    name, _, said = value.partition(":")
    said = _written(said)
    if not re.fullmatch(r"[A-Za-z0-9-]+", name, re.ASCII) or not re.fullmatch(r"[!-~]([ -~]*[!-~])?", said, re.ASCII):
        raise BadFault(f"{value!r} is not a header, like Retry-After:7")
    exchange.headers[name] = said


_OF_THE_EXCHANGE: Final[dict[str, Callable[[DemoExchange, str], None]]] = {
    "clock": _clock,
    "history-lag": _history_lag,
    "pending": _pending,
    "failed": _failed,
    "failed-for": _failed_for,
    "record-time": _record_time,
    "record-amount": _record_amount,
    "page-size": _page_size,
    "page-shift": _page_shift,
    "history-total": _history_total,
    "balance": _balance,
    "hostile-names": _hostile_names,
    "header": _header,
}


def _answer(value: str) -> Answer:
    status, _, body = value.partition(":")
    if not re.fullmatch(r"[2-5][0-9]{2}", status, re.ASCII):
        raise BadFault(f"{status!r} is not an HTTP status from 200 to 599")
    return Answer(int(status), *(named(body) or (body.encode(errors="surrogateescape"), {})))


def _edit(value: str) -> Edit:
    key, colon, raw = value.partition(":")
    if not key or not colon:
        raise BadFault(f"{value!r} is not a key and a value, like amount:null")
    return Edit(key, _written(raw))


def _written(text: str) -> str:
    body, _ = named(text) or (text.encode(errors="surrogateescape"), {})
    return body.decode(errors="replace")


def _whole(value: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,12}", value, re.ASCII):
        raise BadFault(f"{value!r} is not a whole number, like +5000 or -5000")
    return int(value)


_UNITS_S: Final = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}


def _seconds(value: str) -> float:
    match = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)(ms|s|m|h)", value, re.ASCII)
    if match is None:
        raise BadFault(f"{value!r} is not a time, like 5s, 800ms or 4m")
    return float(match[1]) * _UNITS_S[match[2]]

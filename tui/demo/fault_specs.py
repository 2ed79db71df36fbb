"""Set faults from texts, for the command line: `cut-after@2`."""

import gzip
import re
import zlib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

import msgspec

from tui.demo.errors import Code
from tui.demo.exchange import DemoExchange
from tui.demo.fault_words import OF_ALL, SPECS, fault_name
from tui.demo.faults import TRANSFER_PATH, Cut, Edit, Fault, Reply
from tui.demo.history import Lag
from tui.demo.person import add_hostile_names
from tui.demo.routes import ENDPOINTS
from tui.language import _

_SPEC: Final = re.compile(r"(?P<word>[a-z-]+)(?:=(?P<value>.*?))?(?:@(?P<nth>[1-9][0-9]{0,5}))?", re.DOTALL)
_FORMS: Final = {fault_name(example): example for example in SPECS}
_UNITS_S: Final = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
_MIB = 1024 * 1024
_MIB_IN_BOMB = 1024


class BadFault(ValueError):
    """Raised when a text is not a fault; the message says what would be."""


def set_fault(exchange: DemoExchange, spec: str) -> None:
    """Make the exchange misbehave as a text says. Raises BadFault."""
    match = _SPEC.fullmatch(spec)
    if match is None or match["word"] not in _FORMS:
        raise BadFault(
            _("there is no fault {spec!r}; write one of: {specs}").format(spec=spec, specs=_(", ").join(SPECS))
        )
    word, value, nth = match["word"], match["value"], int(match["nth"] or 0)
    form = _FORMS[word]
    if ("=" in form) != (value is not None):
        raise BadFault(
            _("{spec!r} is not how that fault is written; write it like {form}").format(spec=spec, form=form)
        )
    if nth and form in OF_ALL:
        raise BadFault(_("{fault} holds for all; leave out @{number}").format(fault=word, number=nth))
    if word in _OF_REQUESTS:
        fault = _OF_REQUESTS[word](value or "")
        if nth:
            fault.skip = nth - 1
            exchange.faults.insert(0, fault)  # a fault of one request goes before a fault of all
        else:
            fault.times = None
            exchange.faults.append(fault)
    elif word in _FLAWS:
        name, parse = _FLAWS[word]
        if nth:
            exchange.history.of_nth[nth][name] = parse(value or "")
        else:
            setattr(exchange.history, name, parse(value or ""))
    else:
        _set_on_exchange(exchange, word, value or "", nth or None)


def _set_on_exchange(exchange: DemoExchange, word: str, value: str, nth: int | None) -> None:
    history = exchange.history
    match word:
        case "clock":
            exchange.clock_offset_ms = _whole(value)
        case "record":
            history.edits.append((_edit(value), nth))
        case "page-size":
            history.most_rows = int(_match("[1-9][0-9]{0,11}", value, _("{value!r} is not a number of rows from 1"))[0])
        case "page-shift":
            history.page_shift = _whole(value)
        case "history-total":
            history.total_error = _whole(value)
        case "balance":
            exchange.balance_edits.append(_edit(value))
        case "hostile-names":
            add_hostile_names(exchange.ledger)
        case "header":
            _set_header(exchange, value)


def _set_header(exchange: DemoExchange, value: str) -> None:
    name, _colon, text = value.partition(":")
    text = _text(text)
    if not re.fullmatch(r"[A-Za-z0-9-]+", name, re.ASCII) or not re.fullmatch(r"[!-~]([ -~]*[!-~])?", text, re.ASCII):
        raise BadFault(_("{value!r} is not a header, like Retry-After:7").format(value=value))
    exchange.headers[name] = text


def _executed_late(value: str) -> Fault:
    times, _colon, reply = value.partition(":")
    late, _slash, answered = times.partition("/")
    return Fault(late=_seconds(late), after=_seconds(answered or "0s"), answer=_reply(reply))


def _answered(value: str) -> Fault:
    path, _colon, reply = value.partition(":")
    methods = [endpoint.method for endpoint in ENDPOINTS if endpoint.path == path]
    if not methods:
        raise BadFault(_("{path!r} is no path of the exchange, like /fapi/v3/balance").format(path=path))
    if path == TRANSFER_PATH:
        raise BadFault(_("for that path write status-before=, status-after= or history-answer="))
    return Fault(method=methods[0], path=path, executes=False, answer=_reply(reply))


def _refused(value: str) -> Fault:
    """Return the fault that refuses a transfer with one of the exchange's codes, in its words."""
    codes = {str(code.number): code for code in Code if "{}" not in code.message}
    if value not in codes:
        raise BadFault(
            _("{value!r} is not a code like -5013; it can be one of: {codes}").format(
                value=value, codes=_(", ").join(codes)
            )
        )
    code = codes[value]
    body = msgspec.json.encode({"code": code.number, "msg": code.message})
    return Fault(executes=False, answer=Reply(code.status, body))


_FLAWS: Final[dict[str, tuple[str, Callable[[str], object]]]] = {
    "arrival": ("arrival_s", lambda value: _seconds(value)),
    "failed": ("fails", lambda _value: True),
    "failed-for": ("failing", lambda value: Lag(_seconds(value))),
    "history-lag": ("hidden", lambda value: Lag(_seconds(value))),
    "pending": ("pending", lambda value: Lag(_seconds(value))),
    "record-time": ("time_shift_ms", lambda value: _whole(value)),
    "record-amount": (
        "decimals",
        lambda value: int(_match("[0-8]", value, _("{value!r} is not a number of decimals from 0 to 8"))[0]),
    ),
}
"""The faults of executed transfers: the attribute of `Flaws` that each one sets, and its value."""

_OF_REQUESTS: Final[dict[str, Callable[[str], Fault]]] = {
    "cut-before": lambda _value: Fault(executes=False, answer=Cut.CLOSE),
    "cut-after": lambda _value: Fault(answer=Cut.CLOSE),
    "cut-mid": lambda _value: Fault(answer=Cut.MID_ANSWER),
    "delay-before": lambda value: Fault(before=_seconds(value)),
    "delay-after": lambda value: Fault(after=_seconds(value)),
    "refused": _refused,
    "status-before": lambda value: Fault(executes=False, answer=_reply(value)),
    "status-after": lambda value: Fault(answer=_reply(value)),
    "execute-late": _executed_late,
    "history-answer": lambda value: Fault(method="GET", executes=False, answer=_reply(value)),
    "answer": _answered,
}


def _reply(value: str) -> Reply:
    status, _colon, body = value.partition(":")
    return Reply(
        int(_match("[2-5][0-9]{2}", status, _("{value!r} is not an HTTP status from 200 to 599"))[0]), *_body(body)
    )


def _edit(value: str) -> Edit:
    key, colon, raw = value.partition(":")
    if not key or not colon:
        raise BadFault(_("{value!r} is not a key and a value, like amount:null").format(value=value))
    return Edit(key, _text(raw))


def _text(text: str) -> str:
    return _body(text)[0].decode(errors="replace")


def _whole(value: str) -> int:
    return int(_match("[+-]?[0-9]{1,12}", value, _("{value!r} is not a whole number, like +5000 or -5000"))[0])


def _seconds(value: str) -> float:
    match = _match(
        r"([0-9]{1,6}(?:\.[0-9]{1,3})?)(ms|s|m|h)", value, _("{value!r} is not a time, like 5s, 800ms or 4m")
    )
    return float(match[1]) * _UNITS_S[match[2]]


def _match(pattern: str, value: str, expected: str) -> re.Match[str]:
    """Match all of a value. Raises BadFault, which says what was expected."""
    match = re.fullmatch(pattern, value, re.ASCII)
    if match is None:
        raise BadFault(expected.format(value=value))
    return match


@cache
def _body(text: str) -> tuple[bytes, Mapping[str, str]]:
    """Return the body that a text stands for, and its headers; `fault_words.UNWRITABLE` lists the special names."""
    match text:
        case "%digits":
            return b"9" * 5000, {}
        case "%deep":
            return b"[" * 100_000 + b"]" * 100_000, {}
        case "%not-utf-8":
            return b'{"code":-1000,"msg":"\xff\xfe \xed\xa0\x80"}', {}
        case "%bomb":
            return gzip.compress(_packed_zeros()), {
                "content-encoding": "gzip, gzip",
                "content-type": "application/json",
            }
        case _:
            return text.encode(errors="surrogateescape"), {}


def _packed_zeros() -> bytes:
    """Return zeros as gzip, made of one packed block many times over: packing them all would take seconds."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    zeros = bytes(_MIB)
    block = packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = 0
    for _each in range(_MIB_IN_BOMB):
        checksum = zlib.crc32(zeros, checksum)
    head = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
    tail = checksum.to_bytes(4, "little") + (_MIB * _MIB_IN_BOMB % 2**32).to_bytes(4, "little")
    return head + block * _MIB_IN_BOMB + packer.flush() + tail

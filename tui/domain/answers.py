"""What an answer to a transfer says about the outcome: yes, no, or neither.

An answer is read as a whole. It is a yes only if it is 200 with exactly `{"tranId": n}`, and a no only if status, code
and shape together are a refusal that the exchange documents as made before anything moved. Source:
BINANCE.md, "Limits and answers".
"""

import re
import unicodedata
from enum import StrEnum
from urllib.parse import unquote

from tui.structs import Struct

OUTSIDE_WINDOW = -1021
"""The timestamp was outside the window: a clock is off."""

OVERLOADED = -1008

_WRAPPER = -9000
_WRAPPED_REFUSALS = frozenset({"user have no avaliable amount"})
"""-9000 wraps other answers, so its words count and not its number. These are the ones known to be refusals."""

_LIMIT_CODES = frozenset({-1003, OVERLOADED, -1015})

REFUSAL_CODES = frozenset(
    {
        *(-1002, -1099, -2008, -2014, -2015),  # what the key may do
        *_LIMIT_CODES,
        -1020,  # what the exchange does not do
        *(OUTSIDE_WINDOW, -1022),  # clock and signature
        *range(-1130, -1099),  # the form of the request
        *(-3003, -3021, -11001, -21001, -21002),  # pairs and accounts that are not there, or not of this kind
        *(-3020, -3041, -5002, -5013),  # more than there is
        *(-3002, -3005, -3009, -3017, -3018, -3019, -3022, -3023, -3026, -3027, -3028, -3043),  # the margin accounts
        *(-5001, -5003, -5007, -5011),  # asset, amount, account
    }
)
"""The codes that say that a request was turned down before anything moved. Every other code says nothing about that,
least of all -1000 (unknown error), -1006 and -1007 (no answer from within), -3000 and -5012 (transfer in progress).
"""

_CODED_STATUSES = frozenset({400, 401})
LIMITED_STATUSES = frozenset({418, 429})
_FIREWALL = 403
_UNAVAILABLE = 503

_UNAVAILABLE_MESSAGES = frozenset(
    {"Service Unavailable.", "Internal error; unable to process your request. Please try again."}
)
_UNAVAILABLE_CODES = frozenset({-1000, -1001})
"""With status 503 the exchange documents these messages as failures, whichever of these codes comes along."""

_LARGEST_TRAN_ID = 2**63 - 1

_MENTION = re.compile(r"tran[\W_]{0,8}id", re.IGNORECASE)
_TRAN_ID = re.compile(_MENTION.pattern + r"[\W_]{0,8}?(\d{1,19})(?!\d)", re.IGNORECASE)
_CODE_POINT = re.compile(r"\\+u([0-9a-f]{4})", re.IGNORECASE)
_BLANK = re.compile(r"\\+[bfnrt]")
_REFERENCE = re.compile(r"&[#\w]{1,32};?", re.ASCII)
_MOST_ESCAPES = 4
"""The most times that a text within texts is escaped."""


class Shape(StrEnum):
    """What kind of body an answer has."""

    OBJECT = "object"
    """A JSON object of plain values, each name once."""
    EMPTY = "empty"
    PAGE = "page"
    """HTML."""
    OTHER = "other"


class WholeAnswer(Struct):
    """An answer to a transfer, with everything that came."""

    status: int
    shape: Shape
    fields: dict[str, str | int | bool | None]
    """All fields of an `OBJECT`; empty for any other shape."""
    text: str
    """The body, printable, and cut if it is long."""
    tran_ids: tuple[int, ...] = ()
    """Every tranId anywhere in the body."""
    is_followed: bool = False
    """Whether more bytes followed it."""
    is_cut: bool = False
    """Whether `text` is less than the body."""

    @property
    def code(self) -> int | None:
        """The exchange's error code; None if it is not in its usual place."""
        code = self.fields.get("code")
        return code if type(code) is int else None

    @property
    def message(self) -> str:
        """The exchange's own message; empty if it is not in its usual place."""
        message = self.fields.get("msg")
        return message if isinstance(message, str) else ""


def accepted_tran_id(answer: WholeAnswer) -> int | None:
    """The tranId of a yes; None for any other answer."""
    tran_id = answer.fields.get("tranId")
    is_whole = answer.shape is Shape.OBJECT and len(answer.fields) == 1 and not answer.is_followed
    is_yes = answer.status == 200 and is_whole and type(tran_id) is int and 0 < tran_id <= _LARGEST_TRAN_ID
    return tran_id if is_yes and type(tran_id) is int else None


def mentions_tran_id(text: str) -> bool:
    """Whether a text has the word tranId, in any case, spelling or escapes."""
    return any(map(_MENTION.search, (text, unescaped(text))))


def mentioned_tran_ids(text: str) -> tuple[int, ...]:
    """Return every tranId in a text."""
    numbers = (int(number) for form in (text, unescaped(text)) for number in _TRAN_ID.findall(form))
    return tuple(dict.fromkeys(number for number in numbers if 0 < number <= _LARGEST_TRAN_ID))


def unescaped(text: str) -> str:
    """Return a text without the escapes of JSON, HTML and URLs, for searching, not for showing."""
    import html  # late: no answer is read before the first picture

    for _ in range(_MOST_ESCAPES):
        before, text = text, _CODE_POINT.sub(lambda code: chr(int(code[1], 16)), text)
        text = unquote(_REFERENCE.sub(lambda reference: html.unescape(reference[0]), text))
        if text == before:
            break
    return unicodedata.normalize("NFKC", _BLANK.sub(" ", text))


def is_refusal(answer: WholeAnswer) -> bool:
    """Whether an answer is a documented no: nothing was executed."""
    if answer.is_followed or answer.tran_ids:
        return False
    if answer.shape in (Shape.EMPTY, Shape.PAGE):
        return answer.status == _FIREWALL or answer.status in LIMITED_STATUSES
    code, message = answer.code, answer.message
    if answer.shape is not Shape.OBJECT or answer.fields.keys() != {"code", "msg"} or code is None:
        return False
    if type(answer.fields["msg"]) is not str or mentions_tran_id(message):
        return False
    if answer.status == _UNAVAILABLE:
        return code == OVERLOADED or (code in _UNAVAILABLE_CODES and message in _UNAVAILABLE_MESSAGES)
    if answer.status in LIMITED_STATUSES:
        return code in _LIMIT_CODES
    if answer.status not in _CODED_STATUSES:
        return False
    return message in _WRAPPED_REFUSALS if code == _WRAPPER else code in REFUSAL_CODES

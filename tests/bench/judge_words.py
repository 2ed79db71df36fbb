"""What the words on a screen claim. Every pattern of the product's words stands here, and nowhere else in the judge."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto

from tests.bench import judge_words_zh

_OUTCOMES = r"(sending|done|rejected|not sent|unknown|not executed)"
AMOUNT = r"([0-9][0-9,]*(?:\.[0-9]+)?)"

_ROW = re.compile(rf"-> \S+(?: \S+)?(?: \S+)? +{AMOUNT} +USDT +(?:! )?{_OUTCOMES} +([0-9]+|-)(?![a-z0-9])")
"""A line of a list of transfers."""
_DIALOG = re.compile(rf"TRANSFER {_OUTCOMES.upper()}\b")
_DIALOG_AMOUNT = re.compile(rf"Amount +{AMOUNT} USDT")
_DIALOG_TRAN_ID = re.compile(r"tranId {2,}([0-9]+)")
"""The fact: in a sentence there is one blank."""
_DIALOG_ENDS = re.compile(r"Enter  Close")
ASKS_TO_DECIDE = r"Leave it open"
EXECUTED_AFTER_ALL = "EXECUTED AFTER ALL"
REOPENED = "UNKNOWN AGAIN"
_ALARM = re.compile(r"EXECUTED AFTER ALL|UNKNOWN AGAIN|CORRECTED")
_ANY_AMOUNT = re.compile(rf"{AMOUNT} USDT")
_NOTHING_MOVED = re.compile(r"[Nn]othing (?:was )?moved|will not be executed|nothing will")
IS_ALREADY = re.compile(r"answered with tranId ([0-9]+), which transfer ([0-9]+) already had")

_REVIEW = re.compile(r"\bREVIEW\b(?s:.*?)Amount")
_REFUSED_NOW = re.compile(r"refused it")
_NOTHING_SENT = re.compile(r"Nothing was sent")
_REPEAT = re.compile(rf"An identical transfer went out at \S+ and (?:(?:is|was judged|was) {_OUTCOMES}|(failed))")
_ENDED = re.compile(
    rf"{AMOUNT} USDT, [^,\n]* -> [^,\n]*, sent \S+: it (?:(?:is|was judged|was) {_OUTCOMES}|(failed))"
    r"[^\n]*?(?:, tranId ([0-9]+))?$",
    re.MULTILINE,
)
"""What pops up of a transfer that was unknown and has ended."""

_WALLET_NAME = r"(?:Spot|Funding|Options|(?:Cross|Isolated|Portfolio)(?: Margin)?|(?:USD-M|COIN-M)(?: Futures)?)"
"""Whole: what is left of one beside a dialog has the dialog's amount behind it."""
_WALLET = re.compile(rf"[> ]([1-8]) {_WALLET_NAME} +{AMOUNT}(?![0-9.,:]| +(?:assets?|pairs?)\b)")
"""A figure with a mark of doubt, or the time of its reading, in front of it is no claim."""
_HINT = re.compile(rf"\bof {AMOUNT} USDT(?: free)?( ?[(?]?)")
_MARK_BELOW = re.compile(r" *\n *\((?:may change|old)")
"""Of a hint that did not fit on its line."""
_END = re.compile(
    rf"\b(From|To) {{2,}}(Spot|Funding|USD-M Futures|Isolated Margin)(?:  [A-Z]+)?  .*?"
    rf"{AMOUNT}(?: +-> +{AMOUNT})? +USDT(?: free)?( ?[(?]?)"
)
"""An end of a transfer: in a review what it holds now, and after; in a result what it held, and holds now."""
_NOT_OPEN = re.compile(rf"[> ]([1-8-]) ({_WALLET_NAME}) +not open")
_NOTHING_TO_MOVE = re.compile(r"No USDT to move in (\S+)")
_KEY_LACKS = re.compile(r'lacks "?Permits Universal Transfer|transfer would be refused: the key')
_MOVED_FOR_SURE = re.compile(
    r"The\s+exchange\s+has\s+moved\s+it|It moved|The\s+exchange\s+says\s+that\s+this\s+transfer\s+WAS"
)
"""What needs more than a record that matches."""
_NOT_MOVED_FOR_SURE = re.compile(
    r"The\s+exchange\s+refused\s+it\.\s+Nothing\s+moved|It\s+never\s+reached\s+the\s+exchange\.\s+Nothing\s+moved"
)
"""What needs more than a record that says FAILED."""
_HOLDINGS = re.compile(rf"(Free in all): {AMOUNT} USDT")
_HOLDINGS_READ = re.compile(rf"Free in all that was read: {AMOUNT} USDT")
_HAS_NONE = re.compile(rf"[> ]([1-8-]) ({_WALLET_NAME}) +none\b")

_WALLET_OF_DIGIT = {"1": "spot", "2": "funding", "4": "isolated", "5": "um"}
_WALLET_OF_NAME = {"Spot": "spot", "Funding": "funding", "Isolated": "isolated", "USD-M": "um"}
LABELS = {
    "spot": "Spot",
    "funding": "Funding",
    "cross": "Cross Margin",
    "isolated": "Isolated Margin",
    "um": "USD-M Futures",
    "cm": "COIN-M Futures",
    "options": "Options",
    "pm": "Portfolio Margin",
}
_WALLET_OF_LABEL = {label: wallet for wallet, label in LABELS.items()}

# What a person waits for, and answers.
FORM_IS_SHOWN = r"Asset +USDT"
FORM_IS_READY = r"\n>[1-8] [A-Z][\w -]*? +[0-9][0-9.,]*"
FORM_COULD_NOT_READ = r"\n>[1-8] [A-Z][\w -]*? +not read"
FORM_IS_UNCOVERED = r"\A(?!(?s:.*)(?:Enter  Close|Esc  Back|Leave it open|seen it))(?s:.*)Asset +USDT"
AMOUNT_IS_EMPTY = r"Amount +e\.g\."
NO_DIALOG = FORM_IS_UNCOVERED
ASKS_AGAIN = r"d  Allow"
MAY_SEND = r"y  Send"
REFUSES = r"cannot be sent: the key|to move in"
REVIEW_ASKS = r"(y  Send|y  Try|d  Allow|cannot be sent|can be moved\.|is free\.|to move in)"
RESULT = rf"TRANSFER {_OUTCOMES.upper()}\b(?s:.*)Enter +Close"
REVIEW_ENDS = r"Nothing was sent|refused it:"
ALARM_IS_SHOWN = r"Enter  I have seen it"
EARLIER = r"from before"
DIALOG_IS_OPEN = r"Enter  Close|Leave it open"
IS_UNKNOWN = r"TRANSFER UNKNOWN"
GOES_ON_BY_ITSELF = r"history cannot be read. Shunter keeps|Shunter keeps trying"
"""Where a person may decide, and need not."""
BY_HAND = "Decided by hand"
HISTORY_IS_OPEN = r"HISTORY(?s:.*)\d+ transfers?"

# Of the commands.
AGREE = re.compile(r"^([0-9,]+) agree, ([0-9,]+) differ", re.MULTILINE)
UNMOVED = re.compile(r"^([0-9,]+) refused, failed, not sent or judged; no record says that they moved", re.MULTILINE)
BY_WORD = re.compile(r"^([0-9,]+) done, as you decided; not compared", re.MULTILINE)
STILL_PENDING = re.compile(r"^([0-9,]+) done, and their records still say PENDING", re.MULTILINE)
STILL_OPEN = re.compile(r"^([0-9,]+) not settled yet: open Shunter", re.MULTILINE)
LEFT_OUT = re.compile(r"^([0-9,]+) not compared: sent within the last hour", re.MULTILINE)
IT_MOVED = "It moved"
SO_DID = re.compile(r"so did transfer ([0-9]+)")
DIFFERS_ELSEWHERE, DIFFERS_NO_RECORD, DIFFERS_FAILED = "made elsewhere", "no record", "failed after all"
DIFFERS_EXECUTED, DIFFERS_OTHER, DIFFERS_PENDING = "executed after all", "other record", "not settled yet"
DIFFERS_POSSIBLE, DIFFERS_UNSETTLED = "possible match", "unsettled"
MADE_ELSEWHERE, MADE_HERE, MADE_PERHAPS_HERE = "elsewhere", ("here", "differs"), "perhaps here"
NOT_MOVED_IN_JOURNAL = ("rejected", "not_sent", "not_executed")
FINAL = ("CONFIRMED", "FAILED")
REJECTED_IN_JOURNAL, DONE_IN_JOURNAL = "rejected", "done"


class Said(Enum):
    """What is claimed of one transfer."""

    MOVED = auto()
    NOT_MOVED = auto()
    """By a refusal, by nothing having been sent."""
    JUDGED = auto()
    """Not executed: a judgement, worded as one."""
    OPEN = auto()
    MOVED_FOR_SURE = auto()
    """By more than a record that matches."""
    NOT_MOVED_FOR_SURE = auto()
    """By the exchange's own answer, or by nothing having left."""
    NOT_SENT_NOW = auto()
    """This confirmation reached nobody; the amount may have been sent before."""


KIND_OF = {
    "sending": Said.OPEN,
    "unknown": Said.OPEN,
    "done": Said.MOVED,
    "rejected": Said.NOT_MOVED,
    "not sent": Said.NOT_MOVED,
    "not executed": Said.JUDGED,
}

OPEN_IN_JOURNAL = ("sending", "unknown")


def read_chinese() -> None:
    """Read Chinese from here on, instead of English. What programs read stays English."""
    patterns = {name: value for name, value in vars(judge_words_zh).items() if not name.startswith("__")}
    globals().update({name: pattern for name, pattern in patterns.items() if name in globals()})
    KIND_OF.update({chinese: KIND_OF[english] for chinese, english in judge_words_zh.OUTCOMES.items()})


@dataclass(frozen=True)
class Claim:
    """Of one transfer."""

    said: Said
    amount: str
    words: str
    tran_id: int | None = None


@dataclass(frozen=True)
class AlikeClaim:
    """Of some earlier transfer that is identical, but for zeros at the end of its amount."""

    said: Said
    amount: str
    words: str


@dataclass(frozen=True)
class Figure:
    """What a wallet is said to hold, without a mark of doubt. `source` and `destination` are those of the form."""

    wallet: str
    amount: Decimal
    words: str


@dataclass(frozen=True)
class NeverSo:
    """What is never so at the judge's exchange."""

    kind: str
    words: str


def read(screen: str) -> Iterator[Claim | AlikeClaim | Figure | NeverSo]:
    """Everything that a screen claims."""
    yield from _never_so(screen)
    for row in _ROW.finditer(screen):
        tran_id = int(row[3]) if row[3] != "-" else None
        yield Claim(KIND_OF[row[2]], _bare(row[1]), row[0], tran_id)
    for end in _ENDED.finditer(screen):
        said = KIND_OF[end[2]] if end[2] else Said.NOT_MOVED
        yield Claim(said, _bare(end[1]), end[0], int(end[4]) if end[4] else None)
    yield from _dialog(screen)
    yield from _review(screen)
    yield from _figures(screen)


def asks_to_decide(screen: str) -> bool:
    """Whether it is the dialog where a person decides."""
    return bool(re.search(ASKS_TO_DECIDE, screen))


def dialog_amount(screen: str) -> str:
    """The amount of the transfer in the open dialog."""
    start = _ALARM.search(screen) or _DIALOG.search(screen)
    pattern = _ANY_AMOUNT if asks_to_decide(screen) else _DIALOG_AMOUNT
    found = pattern.search(screen, start.end() if start else 0)
    return _bare(found[1]) if found else ""


def options(screen: str) -> list[tuple[str, int | None]]:
    """What can be chosen where a person decides: the kind, and the tranId of a record."""
    found: list[tuple[str, int | None]] = []
    for line in screen.splitlines():
        if record := re.search(r" tranId ([0-9]+) +[0-9-]+ [0-9:]+ ", line):
            if re.search(r" (?:CONFIRMED|FAILED)\b", line):  # else the cursor passes over it
                found.append(("record", int(record[1])))
        elif re.search(r"None of these|It was not executed", line):
            found.append(("not executed", None))
        elif re.search(r"It was executed", line):
            found.append(("executed", None))
    return found


def _never_so(screen: str) -> Iterator[NeverSo]:
    for row in _NOT_OPEN.finditer(screen):
        if row[2].split(" ")[0] in _WALLET_OF_NAME:
            yield NeverSo("said not open, is open", row[0].strip())
    for row in _HAS_NONE.finditer(screen):
        if row[2].split(" ")[0] in _WALLET_OF_NAME:
            yield NeverSo("said that a wallet has none", row[0].strip())
    for words in _NOTHING_TO_MOVE.finditer(screen):
        yield NeverSo("said that there is nothing to move", words[0])
    if lacks := _KEY_LACKS.search(screen):
        yield NeverSo("said that the key lacks a permission, does not", lacks[0])


def _dialog(screen: str) -> Iterator[Claim]:
    title = _DIALOG.search(screen)
    if alarm := _ALARM.search(screen):
        said = Said.MOVED if alarm[0] == EXECUTED_AFTER_ALL else Said.OPEN
        yield Claim(said, dialog_amount(screen), alarm[0])
        yield from _for_sure(alarm[0], dialog_amount(screen), screen[alarm.end() :])
    if alarm or not title or asks_to_decide(screen):
        return
    end = _DIALOG_ENDS.search(screen, title.end())
    body = screen[title.end() : end.start() if end else None]
    amount, tran_id = _DIALOG_AMOUNT.search(body), _DIALOG_TRAN_ID.search(body)
    if not amount:
        return
    typed, said = _bare(amount[1]), KIND_OF[title[1].lower()]
    yield Claim(said, typed, title[0], int(tran_id[1]) if tran_id else None)
    yield from _for_sure(title[0], typed, body)
    if said in (Said.OPEN, Said.MOVED) and (nothing := _NOTHING_MOVED.search(body)):
        yield Claim(Said.NOT_MOVED, typed, f"{title[0]}: {nothing[0]}")


def _for_sure(title: str, amount: str, body: str) -> Iterator[Claim]:
    for said, pattern in ((Said.MOVED_FOR_SURE, _MOVED_FOR_SURE), (Said.NOT_MOVED_FOR_SURE, _NOT_MOVED_FOR_SURE)):
        if sure := pattern.search(body):
            yield Claim(said, amount, f"{title}: {sure[0]}")


def _review(screen: str) -> Iterator[Claim | AlikeClaim]:
    if not _REVIEW.search(screen):
        return
    amount = _DIALOG_AMOUNT.search(screen)
    if not amount:
        return
    typed = _bare(amount[1])
    if _REFUSED_NOW.search(screen):
        yield Claim(Said.NOT_MOVED, typed, "The exchange refused it")
    if _NOTHING_SENT.search(screen):
        yield Claim(Said.NOT_SENT_NOW, typed, "Nothing was sent")
    if repeat := _REPEAT.search(screen):
        yield AlikeClaim(KIND_OF[repeat[1]] if repeat[1] else Said.NOT_MOVED, typed, repeat[0])


def _figures(screen: str) -> Iterator[Figure]:
    for row in _WALLET.finditer(screen):
        if row[1] in _WALLET_OF_DIGIT:
            yield Figure(_WALLET_OF_DIGIT[row[1]], _decimal(row[2]), row[0].strip())
    for hint in _HINT.finditer(screen):
        is_marked = hint[2].strip() or _MARK_BELOW.match(screen, hint.end())
        if not is_marked:
            yield Figure("source", _decimal(hint[1]), hint[0])
    yield from _figures_of_ends(screen)
    for total in _HOLDINGS.finditer(screen):
        yield Figure("all", _decimal(total[2]), total[0])
    for total in _HOLDINGS_READ.finditer(screen):
        yield Figure("at least", _decimal(total[1]), total[0])


def _figures_of_ends(screen: str) -> Iterator[Figure]:
    for end in _END.finditer(screen):
        now = end[4] if end[4] and _DIALOG.search(screen) else end[3]
        if not end[5].strip():
            yield Figure(_WALLET_OF_LABEL[end[2]], _decimal(now), end[0])


def _bare(amount: str) -> str:
    return amount.replace(",", "")


def _decimal(amount: str) -> Decimal:
    return Decimal(_bare(amount))

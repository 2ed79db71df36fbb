"""What may be sent for a plan, and said of it: written from Shunter's promises, and judged by the exchange's books."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.bench import judge_words as words
from tests.bench.judge_ledger import ASSET, Record
from tests.bench.judge_plan_exchange import Key, PlanExchange, Sent

if TYPE_CHECKING:
    from tui.domain.plan import Plan

_AMOUNT = f"{words.AMOUNT} {ASSET}"
_BY = r"(According to the exchange's history, |According to your decision, )?"
_WHERE = {
    "open": re.compile(rf"It is not known whether {_AMOUNT} was moved from (.+) to (.+)\."),
    "open on": re.compile(rf"{_BY}{_AMOUNT} was moved to (.+)\. It is not known whether it was moved on to (.+)\."),
    "between": re.compile(rf"{_BY}{_AMOUNT} was moved to (.+), and no further\."),
    "not out": re.compile(rf"{_BY}{_AMOUNT} was not moved out of (.+)\."),
    "at the end": re.compile(rf"{_BY}{_AMOUNT} was moved to (.+)\."),
}
"""The sentences about where an amount is, by their meaning."""

_STEP = r"[Ss]tep (\d+) of (\d+)"
_ENDED = re.compile(rf"^{_STEP}: (rejected|not sent|not executed|done|unknown)\b")
_NOT_SENT = re.compile(
    rf"^{_STEP} was not sent\b|^(?:You stopped the plan|Shunter was locked|Shunter ended) before {_STEP}\."
)
_IS_DONE = re.compile(rf"^{_STEP} is done, but")
_IS_OPEN = re.compile(rf"^The outcome of {_STEP} is not known\.")
_DECIDED = re.compile(rf"^You decided how {_STEP} ended\. Nothing more was sent\.")
_ALL_DONE = re.compile(r"^All steps are done\.")
_UNDER_WAY = re.compile(rf"^{_STEP}: (sending\.|its outcome is not known\.|it waits for)")
_SHOWS = re.compile(rf"for {_AMOUNT} in (.+), which shows {_AMOUNT} as movable")

_SLACK_MS = 20
_READ_BEFORE_MS = 62_000
"""How long before a step the reading may be that showed its amount."""
_RECENT_MS = 120_000
_ARRIVES_MS, _SETTLED_MS = 66_000, 5_000
"""How long after that, at most, the next step is sent."""
_WAITS_MS = 72_000
"""A minute, and the last reading."""
_REPEAT_MS = 240_000
"""So long after an identical transfer a repeat of it is asked about for sure."""


@dataclass(frozen=True)
class Broken:
    """A promise broken."""

    kind: str
    plan: str
    what: str


@dataclass(eq=False)
class Confirmation:
    """A plan that a person has confirmed once."""

    number: int
    plan: "Plan"
    keys: list[Key]
    at_ms: int
    program: str
    """Which program it was confirmed in."""
    last_key_ms: int
    known: list[Sent]
    """What had been sent of the same when it was reviewed: the person knows."""
    sent: list[Sent | None]
    """What reached the exchange for each step."""
    succeeds: "Confirmation | None" = None
    """The plan in whose place it comes."""
    identity: str = ""
    """Its name in the journal, once that is known."""
    is_over: bool = False
    """Whether it was said to be over: nothing more is sent."""
    is_closed: bool = False
    """Whether the person has decided on the rest, or there is none."""
    ended_ms: int | None = None
    """When the program ended that carried it out."""
    last_step: int | None = None
    """The last step that may be sent, once the person has stopped it: the one that was begun."""
    waits_since_ms: int | None = None
    """Since when it is said to wait for an amount."""
    history: list[str] = field(default_factory=list)
    """What was said of it."""

    @property
    def name(self) -> str:
        """Its name in a report."""
        return f"{self.number} {self.plan.purpose} {' > '.join(key.move for key in self.keys)}"

    def moved(self, step: int, at_ms: int) -> bool:
        """Whether a step has moved its amount."""
        sent = self.sent[step]
        return sent is not None and sent.moved(at_ms)


class PlanJudge:
    """Holds what one person's programs send and say against the books."""

    def __init__(self, exchange: PlanExchange) -> None:
        self.exchange = exchange
        self.confirmed: list[Confirmation] = []
        self.decided: list[Sent] = []
        """What the person has decided on."""
        self.broken: list[Broken] = []
        self.counts: Counter[str] = Counter()
        exchange.on_sent = self._judge_sending

    def breaks(self, kind: str, confirmation: Confirmation | None, what: str) -> None:
        """Note a broken promise."""
        books = ""
        if confirmation:
            books = "".join(
                f"\n         {step}: {sent or 'never sent'}" for step, sent in enumerate(confirmation.sent, 1)
            )
            books += "".join(f"\n         {text}" for text in confirmation.history[-8:])
        self.broken.append(Broken(kind, confirmation.name if confirmation else "", f"{what}{books}"))

    def confirm(self, plan: "Plan", program: str, last_key_ms: int = 2**62) -> Confirmation:
        """Note that the person confirms a plan now."""
        keys = [
            Key(step.request.type.name, step.request.amount, step.request.from_symbol, step.request.to_symbol)
            for step in plan.steps
        ]
        known = [sent for sent in self.exchange.sent if sent.key in keys]
        confirmation = Confirmation(
            len(self.confirmed) + 1, plan, keys, self._now_ms(), program, last_key_ms, known, [None] * len(keys)
        )
        self.confirmed.append(confirmation)
        return confirmation

    def _now_ms(self) -> int:
        return self.exchange.clock.now_ms()

    # What is sent

    def _judge_sending(self, sent: Sent) -> None:
        of_program = [one for one in reversed(self.confirmed) if one.program == sent.program]
        owners = [one for one in of_program if self._free_step(one, sent) is not None]
        if not owners:
            last = next((one for one in of_program if sent.key in one.keys), None)
            kind = "sent twice for one confirmation" if last else "sent what nobody confirmed"
            self.breaks(kind, last, f"{sent}")
            return
        owner = owners[0]
        step = self._free_step(owner, sent)
        assert step is not None
        owner.sent[step] = sent
        self.counts["steps sent"] += 1
        now_ms = self._now_ms()
        if owner.ended_ms is not None and now_ms - owner.ended_ms > 1000:
            self.breaks("sent after the program had ended", owner, f"{sent}")
        if owner.last_step is not None and step > owner.last_step:
            self.breaks("sent after the person had stopped it", owner, f"step {step + 1}: {sent}")
        if owner.is_over:
            self.breaks("sent after it was said to be over", owner, f"{sent}")
        for earlier in range(step):
            if owner.sent[earlier] in self.decided:
                self.breaks("went on after the person's decision", owner, f"step {step + 1}: {sent}")
            if not owner.moved(earlier, now_ms):
                self.breaks("sent before the step before it was executed", owner, f"step {step + 1}: {sent}")
        self._judge_repeat(owner, sent)
        self._judge_going_on(owner, step, sent)

    def _free_step(self, confirmation: Confirmation, sent: Sent) -> int | None:
        return next(
            (n for n, key in enumerate(confirmation.keys) if key == sent.key and confirmation.sent[n] is None), None
        )

    def _judge_repeat(self, owner: Confirmation, sent: Sent) -> None:
        for other in self.exchange.sent[:-1]:
            is_of_another = other.key == sent.key and other not in owner.known and other not in owner.sent
            age_ms = sent.at_ms - other.at_ms
            if is_of_another and other.moved(sent.at_ms) and 1000 < age_ms < _REPEAT_MS:
                self.breaks("a repeat that had turned up did not stop it", owner, f"{other}, then {sent}")

    def _judge_going_on(self, owner: Confirmation, step: int, sent: Sent) -> None:
        before = owner.sent[step - 1] if step else None
        if before and before.lot.answer is not None:  # it was unknown
            quiet_ms = sent.at_ms - min(owner.at_ms, owner.last_key_ms)
            if quiet_ms > _RECENT_MS + (_ARRIVES_MS if owner.plan.steps[step].carries_on else _SETTLED_MS):
                self.breaks("went on though the person may be gone", owner, f"{quiet_ms} ms after, {sent}")
        if owner.plan.steps[step].carries_on:
            since_ms = before.at_ms if before else owner.at_ms
            shown = [
                amount
                for at_ms, amount in self.exchange.spot_shown
                if max(since_ms, sent.at_ms - _READ_BEFORE_MS) <= at_ms <= sent.at_ms
            ]
            if not any(amount >= sent.key.amount for amount in shown):
                self.breaks("sent before its amount was seen in the wallet between", owner, f"{sent}; shown {shown}")

    # What is said

    def read_state(self, confirmation: Confirmation, progress: str, whereabouts: Sequence[str]) -> None:
        """Judge the sentences about a plan: its progress or why it stopped, and where its amounts are."""
        self.counts["states"] += 1
        confirmation.history.append(f"{self._now_ms()} {progress} | {' '.join(whereabouts)}")
        self._judge_progress(confirmation, progress)
        if len(whereabouts) != len(confirmation.plan.legs):
            self.breaks("said nothing of an amount", confirmation, f"{whereabouts}")
            return
        for leg, sentence in zip(confirmation.plan.legs, whereabouts, strict=True):
            self._judge_where(confirmation, leg, sentence)

    def _judge_where(self, confirmation: Confirmation, leg: Sequence[int], sentence: str) -> None:
        self.counts["sentences about where an amount is"] += 1
        means, match = next(
            ((means, match) for means, pattern in _WHERE.items() if (match := pattern.fullmatch(sentence))), ("", None)
        )
        if match is None:
            self.breaks("words that cannot be read", confirmation, sentence)
            return
        accounts = [_label(confirmation.keys[leg[0]].ends[0]), *(_label(confirmation.keys[n].ends[1]) for n in leg)]
        groups = list(match.groups())
        by = groups.pop(0) if means != "open" else None
        amount, *named = groups
        moved = [n for n in leg if confirmation.moved(n, self._now_ms() + _SLACK_MS)]
        expected, must_have_moved, must_not_move = {
            "open": (accounts[:2], 0, None),
            "open on": (accounts[1:], 1, None),
            "between": (accounts[1:2], 1, 1),
            "not out": (accounts[:1], 0, 0),
            "at the end": (accounts[-1:], len(leg), None),
        }[means]
        if Decimal(amount.replace(",", "")) != confirmation.keys[leg[0]].amount or named != expected:
            self.breaks("said another amount or place", confirmation, f"{sentence!r}; it is {accounts}")
        if moved[:must_have_moved] != list(leg[:must_have_moved]):
            self.breaks("said that it was moved, was not", confirmation, sentence)
        if must_not_move is not None and not self._may_deny(confirmation.sent[leg[must_not_move]], is_read=bool(by)):
            self.breaks("said that it was not moved, was", confirmation, sentence)

    def _may_deny(self, sent: Sent | None, *, is_read: bool) -> bool:
        """Whether it can be said that a step moved nothing: by the history, also where that misled everybody."""
        if sent is None or sent.record is None or not sent.moves:
            return True
        return is_read and self._misleads(sent.record)

    def _misleads(self, record: Record) -> bool:
        is_gone = record.gone_ms is not None and self.exchange.shown[record.tran_id] < 2
        return record.says_failed_first or record.may_be_judged or is_gone

    def _judge_progress(self, confirmation: Confirmation, text: str) -> None:
        now_ms = self._now_ms() + _SLACK_MS
        claims = list(_claims_of(text))
        for kind, step in claims:
            self.counts[f"said {kind}"] += 1
            if not self._is_so(confirmation, kind, step - 1, text):
                self.breaks(f"said of a step that it is {kind}, is not", confirmation, text)
        is_all_done = bool(_ALL_DONE.search(text))
        if is_all_done and not all(confirmation.moved(n, now_ms) for n in range(len(confirmation.keys))):
            self.breaks("said that all is done, is not", confirmation, text)
        under_way = _UNDER_WAY.search(text)
        if confirmation.is_over and under_way:
            self.breaks("said to go on after it was over", confirmation, text)
        if not (claims or is_all_done or under_way):
            self.breaks("words that cannot be read", confirmation, text)
        self._judge_waiting(confirmation, text)
        if shows := _SHOWS.search(text):
            seen = {amount for at_ms, amount in self.exchange.spot_shown if at_ms > now_ms - _READ_BEFORE_MS - 5000}
            if shows[2] != "Spot" or Decimal(shows[3].replace(",", "")) not in seen:
                self.breaks("said that a wallet shows what it does not", confirmation, f"{text}; {sorted(seen)[-3:]}")

    def _judge_waiting(self, confirmation: Confirmation, text: str) -> None:
        if "it waits for" not in text:
            confirmation.waits_since_ms = None
        elif confirmation.waits_since_ms is None:
            confirmation.waits_since_ms = self._now_ms()
        elif self._now_ms() - confirmation.waits_since_ms > _WAITS_MS:
            self.breaks("waited for an amount longer than a minute", confirmation, text)

    def _is_so(self, confirmation: Confirmation, kind: str, step: int, text: str) -> bool:
        sent = confirmation.sent[step]
        match kind:
            case "not sent":
                return sent is None
            case "done":
                return confirmation.moved(step, self._now_ms() + _SLACK_MS)
            case "rejected" | "not executed":
                is_read = kind == "not executed" or "history" in text
                return self._may_deny(sent, is_read=is_read)
        return True

    # What is offered

    def judge_offers(self, offered: Sequence[Confirmation]) -> None:
        """Judge which plans a start offers to go on with."""
        self.counts["starts"] += 1
        for one in offered:
            if one.succeeds:
                one.succeeds.is_closed = True
        for one in self.confirmed:
            is_known = bool(one.identity) or any(one.sent)
            if one.is_closed:
                if one in offered:
                    self.breaks("offered again what was decided", one, "")
            elif one in offered:
                self.counts["offered"] += 1
                one.is_over = True
            elif all(one.moved(step, self._now_ms()) for step in range(len(one.keys))):
                one.is_closed = True  # there is nothing to go on with
            elif is_known and (one.ended_ms is not None or one.is_over):
                self.breaks("forgotten", one, "")
                one.is_closed = True
            elif one.ended_ms is not None:
                one.is_closed = True  # it was never written down, and nothing of it was sent


def _claims_of(text: str) -> Iterator[tuple[str, int]]:
    for pattern, kind in ((_NOT_SENT, "not sent"), (_IS_DONE, "done"), (_IS_OPEN, "open"), (_DECIDED, "decided")):
        if match := pattern.search(text):
            yield kind, int(match[1] or match[3]) if pattern is _NOT_SENT else int(match[1])
    if match := _ENDED.search(text):
        yield match[3], int(match[1])


def _label(account: str) -> str:
    return words.LABELS.get(account, f"{words.LABELS['isolated']} {account}")

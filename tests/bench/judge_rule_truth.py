"""Which rules stood when, and what they let pass: written from the manual, and judged by the exchange's books."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

from tests.bench.judge_faults import Cut
from tests.bench.judge_ledger import ROUTES
from tests.bench.judge_plan_exchange import OPEN_PAIRS, WALLETS, Key, PlanExchange, Sent
from tests.bench.judge_plan_truth import Broken

PROFILES = ("main", "other")
_DAY_MS = 86_400_000
_SLACK_MS = 5
_NOTHING = Decimal()


@dataclass(frozen=True)
class Section:
    """The rules for one profile, or for all."""

    allow: frozenset[tuple[str, str]] | None = None
    most: Decimal | None = None
    most_per_day: Decimal | None = None
    keep: Mapping[str, Decimal] = field(default_factory=dict)
    retype_from: tuple[Decimal, str] | None = None


@dataclass(frozen=True)
class Version:
    """What stands in the file's place for a while."""

    content: bytes
    sections: Mapping[str, Section] | None = field(default_factory=dict)
    """By profile; those for all under an empty name. None if nothing may be sent by it."""

    def of(self, profile: str) -> list[tuple[str, Section]]:
        """The sections that apply to a profile."""
        return [(name, one) for name, one in (self.sections or {}).items() if name in ("", profile)]


@dataclass(eq=False)
class Operation:
    """A transfer or a plan that a person has confirmed."""

    program: str
    profile: str
    keys: list[Key]
    carries_on: list[bool]
    """Of each step: whether it moves on the amount of the one before."""
    from_ms: int
    retyped: Decimal | None
    earlier: list[tuple[Key, bool]] = field(default_factory=list)
    """What stopped plans have done before it."""
    succeeds: "Operation | None" = None
    sent: list[Sent | None] = field(default_factory=list)
    identity: str = ""
    is_closed: bool = False
    """Whether the person has decided on what it left."""

    def __post_init__(self) -> None:
        self.sent = [None] * len(self.keys)

    def ends(self, step: int) -> tuple[str, str]:
        """The accounts between which the amount of a step moves, in all."""
        every = [*self.earlier, *zip(self.keys, self.carries_on, strict=True)]
        first = last = len(self.earlier) + step
        while every[first][1]:
            first -= 1
        while last + 1 < len(every) and every[last + 1][1]:
            last += 1
        return every[first][0].ends[0], every[last][0].ends[1]

    @property
    def total(self) -> Decimal:
        """All that it moves: each amount once."""
        is_first = [not carries_on or step == 0 for step, carries_on in enumerate(self.carries_on)]
        return sum((key.amount for key, counts in zip(self.keys, is_first, strict=True) if counts), _NOTHING)


@dataclass(eq=False)
class Sending:
    """A request of an operation that reached the exchange."""

    operation: Operation
    step: int
    sent: Sent
    from_ms: int
    """Since when the rules may have been read for it."""

    @property
    def is_new(self) -> bool:
        """Whether its amount leaves where it was, instead of going on."""
        return not self.operation.carries_on[self.step]

    @property
    def counts(self) -> bool:
        """Whether it counts for sure: it was executed, or nobody can know."""
        return self.is_new and (
            self.sent.record is not None or (not self.sent.refusal and isinstance(self.sent.lot.answer, Cut))
        )

    @property
    def day(self) -> int:
        """The UTC day by the exchange's time."""
        return self.sent.timestamp_ms // _DAY_MS


class RuleJudge:
    """Compares each request for a transfer with the rules that stood when it was confirmed and sent."""

    def __init__(self, exchange: PlanExchange) -> None:
        self.exchange = exchange
        self.operations: list[Operation] = []
        self.broken: list[Broken] = []
        self.longest_ms = 0
        """The longest time between the confirmation of a single transfer and its arrival."""
        self.sendings: list[Sending] = []
        self._versions: list[tuple[int, Version]] = [(0, Version(b""))]
        exchange.on_sent = self._judge

    def stands(self, version: Version) -> None:
        """Note that the file is about to be replaced: from now on, either may be read until the next call."""
        self._versions.append((self.now_ms(), version))

    def now_ms(self) -> int:
        """The time of the books."""
        return self.exchange.clock.now_ms()

    def versions(self, since_ms: int, until_ms: int) -> list[Version]:
        """What stood in the file's place at some moment of a span."""
        ends_ms = [since for since, _ in self._versions[1:]] + [2**62]
        return [
            version
            for (since, version), end_ms in zip(self._versions, ends_ms, strict=True)
            if since <= until_ms + _SLACK_MS and end_ms >= since_ms - _SLACK_MS
        ]

    def confirm(self, operation: Operation) -> Operation:
        """Note that a person confirms something."""
        self.operations.append(operation)
        return operation

    def breaks(self, kind: str, text: str) -> None:
        """Note a broken promise."""
        self.broken.append(Broken(kind, "", text))

    def _judge(self, sent: Sent) -> None:
        sending = self._sending(sent)
        if sending is None:
            self.breaks("sent what nobody confirmed, or twice", f"{sent}")
            return
        operation, step = sending.operation, sending.step
        operation.sent[step] = sent
        if operation.succeeds:
            operation.succeeds.is_closed = True
        self.sendings.append(sending)
        candidates = self.versions(sending.from_ms, sent.at_ms)
        if step:  # it goes on by the file that the plan was confirmed with
            first = self._of(operation.sent[0])
            confirmed = self.versions(first.from_ms, first.sent.at_ms) if first else []
            candidates = [version for version in candidates if version.content in {one.content for one in confirmed}]
        else:
            self.longest_ms = max(self.longest_ms, sent.at_ms - sending.from_ms)
        problems = [list(self._problems(version, sending)) for version in candidates] or [["the file has changed"]]
        if all(problems):
            plan = [f"{key.move} {key.amount}" for key in operation.keys]
            files = [version.content.decode(errors="replace")[:900] for version in candidates]
            self.breaks(
                "past a rule: " + " | ".join(sorted({one.partition(":")[0] for one in problems[-1]})),
                f"{sent} of {operation.profile} step {step + 1} of {plan}"
                f"\n         {problems}\n         confirmed {sent.at_ms - operation.from_ms} ms before; {files}",
            )

    def _sending(self, sent: Sent) -> Sending | None:
        for operation in reversed(self.operations):
            if operation.program == sent.program:
                for step, key in enumerate(operation.keys):
                    if key == sent.key and operation.sent[step] is None:
                        before = operation.sent[step - 1] if step else None
                        return Sending(operation, step, sent, before.at_ms if before else operation.from_ms)
        return None

    def _of(self, sent: Sent | None) -> Sending | None:
        return next((one for one in self.sendings if one.sent is sent), None)

    def _problems(self, version: Version, sending: Sending) -> Iterator[str]:
        if version.sections is None:
            yield "the file: it cannot be understood"
        operation, key = sending.operation, sending.sent.key
        for name, section in version.of(operation.profile):
            yield from problems_before(section, operation, sending.step)
            if sending.is_new:
                yield from self._day(name, section, sending)
                yield from self._kept(section, key)

    def _day(self, name: str, section: Section, sending: Sending) -> Iterator[str]:
        if section.most_per_day is None:
            return
        same = [
            one
            for one in self.sendings
            if one.day == sending.day
            and (one is sending or one.counts)
            and one.is_new
            and name in ("", one.operation.profile)
        ]
        # Whoever wrote last has counted all others: it is this one, or one that was under way at the same time.
        beside = [one for one in same if one.sent.at_ms + _SLACK_MS >= sending.operation.from_ms]
        limits = [
            version.sections[name].most_per_day if name in version.sections else None
            for one in beside
            for version in self.versions(one.operation.from_ms, one.sent.at_ms)
            if version.sections is not None
        ]
        total = sum((one.sent.key.amount for one in same), _NOTHING)
        if not any(limit is None or total <= limit for limit in limits):
            amounts = ", ".join(f"{one.sent.key.amount} at {one.sent.at_ms - sending.sent.at_ms}" for one in same)
            yield f"most_per_day: {section.most_per_day}, {total} in all: {amounts}"

    def known(self, wallet: str) -> Decimal:
        """What a wallet holds; what has been moved today without a name."""
        if wallet:
            return self.exchange.ledger.holds(OPEN_PAIRS[0] if wallet == "isolated" else wallet, self.now_ms())
        today = self.exchange.now_ms() // _DAY_MS
        return sum((one.sent.key.amount for one in self.sendings if one.counts and one.day == today), _NOTHING)

    def _kept(self, section: Section, key: Key) -> Iterator[str]:
        account = key.ends[0]
        must_stay = section.keep.get("isolated" if account in OPEN_PAIRS else account)
        if must_stay is not None:
            held, passing = self.exchange.ledger.holds(account, self.now_ms()), self.passing(account)
            if held - passing - key.amount < must_stay:
                yield f"keep: {must_stay} in {account}, held {held}, of which {passing} passes through"

    def passing(self, account: str) -> Decimal:
        """What is in an account only because a plan has not moved it on yet."""
        now_ms, amount = self.now_ms(), _NOTHING
        for operation in self.operations:
            if operation.is_closed:
                continue
            for step, key in enumerate(operation.keys):
                if not operation.carries_on[step] or operation.sent[step] or key.ends[0] != account:
                    continue
                before = self._before(operation, step)
                if before and before.record and before.moved(now_ms - before.record.arrival_ms):
                    amount += key.amount
        return amount

    def _before(self, operation: Operation, step: int) -> Sent | None:
        """What moved the amount of a step to where it is."""
        if step:
            return operation.sent[step - 1]
        begun = operation.succeeds
        while begun and not any(begun.sent):
            begun = begun.succeeds
        return next((sent for sent in reversed(begun.sent) if sent), None) if begun else None

    def may_be_refused(self, operation: Operation) -> bool:
        """Whether some rule may have been in the way of what is refused now."""
        for version in self.versions(operation.from_ms, self.now_ms()):
            if version.sections is None:
                return True
            for _, section in version.of(operation.profile):
                steps = range(len(operation.keys))
                sources = {operation.keys[step].ends[0] for step in steps}
                kept = {"isolated" if source in OPEN_PAIRS else source for source in sources} & section.keep.keys()
                asks = section.retype_from and operation.retyped != operation.total  # its worth may not be known
                if kept or asks or section.most_per_day is not None:
                    return True
                if any(problem for step in steps for problem in problems_before(section, operation, step)):
                    return True
        return False

    def may_have_changed(self, operation: Operation) -> bool:
        """Whether the file may have changed since something was confirmed."""
        return len({version.content for version in self.versions(operation.from_ms, self.now_ms())}) > 1


def problems_before(section: Section, operation: Operation, step: int) -> Iterator[str]:
    """What is wrong with a step before any balance or journal is read."""
    wallets = tuple("isolated" if end in OPEN_PAIRS or end not in WALLETS else end for end in operation.ends(step))
    if section.allow is not None and wallets not in section.allow:
        yield f"allow: not {wallets}"
    if section.most is not None and operation.keys[step].amount > section.most:
        yield f"most: {section.most}"
    if section.retype_from and operation.retyped != operation.total:
        worth, unit = section.retype_from
        if unit != "USDT" or operation.total >= worth:
            yield f"retype_from: {worth} {unit}, {operation.total} was not typed again"


# Files


Known = Callable[[str], Decimal]
"""What a wallet holds, or, without a name, what was moved today: rules that are near it are in the way."""


def random_version(random: Random, known: Known) -> Version:
    """A file that is right, with its rules."""
    sections = {"": _section(random, 0.35, known)} if random.random() < 0.8 else {}
    sections |= {name: _section(random, 0.25, known) for name in PROFILES if random.random() < 0.35}
    tables = [table for name, section in sections.items() for table in _tables(name, section, random)]
    tables.sort(key=lambda table: table.startswith("["))  # what belongs to no table comes first
    return Version("\n".join(["# rules", *tables, ""]).encode(), sections)


def _section(random: Random, share: float, known: Known) -> Section:
    def whether() -> bool:
        return random.random() < share

    moves = {(source, destination) for source, destination in ROUTES.values()}
    moves |= {(one, other) for one, _ in moves for other in {end for _, end in moves} if one != other}
    allow = None
    if random.random() < share / 2:
        allow = frozenset(random.sample(sorted(moves), random.choice([5, 30, 45])))
    keep = {}
    if whether():
        wallets = random.sample([*WALLETS, "isolated"], random.randint(1, 5))
        wallets = [*wallets, "spot"]
        keep = {wallet: Decimal(max(1, int(known(wallet)) - random.randint(0, 110))) for wallet in wallets}
    moved = int(known("")) if whether() else 0
    return Section(
        allow=allow,
        most=Decimal(random.randint(8, 45)) + Decimal(random.choice(["0", "0.5"])) if whether() else None,
        most_per_day=Decimal(moved + random.randint(1, 120)) if random.random() < share * 1.5 else None,
        keep=keep,
        retype_from=(Decimal(random.randint(5, 60)), random.choice(["USDT", "USDT", "EUR"])) if whether() else None,
    )


def _tables(name: str, section: Section, random: Random) -> Iterator[str]:
    """The section as a person may write it."""
    lines = []
    if section.allow is not None:
        lines.append(f"allow = {[f'{one} -> {other}' for one, other in sorted(section.allow)]}")
    for key, amount in (("most", section.most), ("most_per_day", section.most_per_day)):
        if amount is not None:
            lines.append(f'{key} = {{ BTC = "0.001", USDT = "{amount}" }}')
    if section.keep:
        kept = ", ".join(f'{wallet} = {{ USDT = "{amount}" }}' for wallet, amount in section.keep.items())
        lines.append(f"keep = {{ {kept} }}")
    if section.retype_from:
        lines.append(f'retype_from = "{section.retype_from[0]} {section.retype_from[1]}"')
    if not name:
        yield from lines
        return
    is_dotted = random.random() < 0.5
    yield "\n".join([f"profile.{name}.{line}" for line in lines] if is_dotted else [f"[profile.{name}]", *lines])


_HALF = b'\nkeep = { spot = { USDT = "10'


def half(version: Version) -> Version:
    """A file that is being written."""
    return Version(version.content + _HALF, None)


def spoilt(version: Version, random: Random) -> Version:
    """A file that is wrong somewhere, with rules that are right around it."""
    content = version.content
    wrong = random.choice(
        [
            b"foo = 1\n" + content,
            b'Most = { USDT = "5" }\n' + content,
            content + b'\n[profile.nobody]\nmost = { USDT = "5" }\n',
            content + _HALF,
            b"\xff" + content,
            content + b'\n[profile.main.keep.moon]\nUSDT = "5"\n',
            content + b"\n[most]\nUSDT = -5\n",
            content + b"\n[most_per_day]\nUSDT = 1.5\n",
            content + b'\n[most]\n"US DT" = "5"\n',
            content.replace(b"# rules", b'allow = ["spot -> spot"]'),
            content + b"#" * 300_000,
            b"",
        ]
    )
    return Version(wrong, None)

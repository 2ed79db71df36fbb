"""The description of an entry (a transfer, a record, or both) that every screen shows."""

from collections.abc import Sequence

from tui.domain import moments
from tui.domain.amounts import quantity
from tui.domain.balances import Account, ends
from tui.domain.entries import Entry, again, reverse
from tui.domain.evidence import Outcome, recorded_outcome
from tui.domain.hosts import in_short, place_label, place_name
from tui.domain.layout import labelled
from tui.domain.records import HistoryRow, Row
from tui.domain.text import printable
from tui.domain.transfer import Draft, Transfer
from tui.domain.wallets import TransferType, Wallet
from tui.language import N_, _
from tui.structs import Struct, replace
from tui.words import outcomes, transfers
from tui.words.differences import meaning, possible_rows
from tui.words.outcomes import Watch

_MOST_IN_PLACE = 24

_STATUS_WORDS = {"CONFIRMED": N_("done"), "FAILED": N_("failed"), "PENDING": N_("pending")}


class InUse(Struct):
    """The profile and the exchange in use. A record without a row in the journal was read with them."""

    profile: str
    host: str
    """The exchange's base URL."""


class Description(Struct):
    """What a person reads about an entry."""

    style: str
    """The outcome whose colour the title has; empty if the outcome is not known."""
    heading: str
    """How it ended."""
    meaning: str
    """What it means for the money, in a sentence or two."""
    facts: list[tuple[str, str]]
    """Names and values, without empty ones."""
    at: str = ""
    """The place and the time, in short."""
    amount: str = ""
    """What was moved; empty if the heading is of a notice."""

    @property
    def title(self) -> str:
        """The heading with the amount."""
        if not self.amount:
            return self.heading
        return labelled(self.heading, self.amount)

    @property
    def headline(self) -> str:
        """The heading in capitals."""
        return self.heading.upper()

    @property
    def text(self) -> str:
        """All facts, one per line."""
        return "\n".join(labelled(name, value) for name, value in self.facts)


def describe(
    entry: Entry, history: InUse | None = None, *, note: str = "", watch: Watch = Watch.UNKNOWN
) -> Description:
    """Return the description of an entry.

    `history` is the profile and the exchange whose history the entry was compared with; None for a transfer that was
    not compared with any. `note` is the progress of the settling.
    """
    transfer, record = entry.transfer, entry.record
    ending = _("differs") if entry.mismatches else outcome_word(entry)
    if ending == "?":
        heading = _("Transfer")
    elif ending == Outcome.UNKNOWN.words:
        heading = _("Transfer unknown")  # as a whole: not every language puts the two together
    else:
        heading = _("Transfer {outcome}").format(outcome=ending)
    facts = [(_("Differs"), printable(str(mismatch))) for mismatch in entry.mismatches]
    if transfer is not None:
        facts += transfers.facts(transfer, note)
    if record is not None:
        facts += _record_facts(entry, record) if transfer is None else _next_to_transfer(record)
    if history is None and transfer is not None:
        text = outcomes.meaning(transfer.evidence, watch)
    else:
        text = meaning(entry, history.host if history else "", watch)
    if history is not None:
        facts += [
            (_("Made"), entry.origin.label),
            (_("Perhaps"), printable(possible_rows(entry))),
            (_("Profile"), printable(profile_of(entry, history))),
            (_("Host"), place(host_of(entry, history))),
        ]
    host = transfer.host if transfer else history.host if history else ""
    time = moments.shown(entry.at_ms, "%m-%d %H:%M:%S") if entry.at_ms is not None else "?"
    return Description(
        Outcome.UNKNOWN.value if entry.mismatches else outcome_style(entry),
        printable(heading),
        printable(text),
        [fact for fact in facts if fact[1]],
        _("{place}, {time}").format(place=in_short(place(host), _MOST_IN_PLACE), time=time),
        printable(quantity(entry.amount, entry.asset)),
    )


def describe_correction(transfer: Transfer) -> Description:
    """Return the description of a transfer about which Shunter showed something wrong before."""
    heading, text = outcomes.notice(transfer.evidence)
    described = describe(Entry(None, transfer))
    facts = [fact for fact in described.facts if fact[0] != transfers.settling_name()]
    return Description(Outcome.UNKNOWN.value, heading, text, facts)


def move(entry: Entry, *, is_short: bool = False) -> str:
    """Return the move in short: "Spot -> Isolated BTCUSDT", or shorter still; the exchange's own name of a type that
    is not known. A pair is the entry's own.
    """
    kind = TransferType.__members__.get(entry.type or "")
    if kind is None:
        return printable(entry.type or "?")
    accounts = ends(kind, *(symbol or "" for symbol in entry.symbols))
    source, destination = (printable(account.short_label) for account in accounts)
    text = f"{source} -> {destination}"
    shorter = _("Iso")
    return text.replace(f"{Wallet.ISOLATED.short_label} ", f"{shorter} ") if is_short else text


def step_mark(entry: Entry) -> str:
    """Return which step of a plan it is: 1/2; empty for a single transfer."""
    step = entry.transfer.plan_step if entry.transfer else None
    return f"{step.number}/{step.count}" if step else ""


def move_names(types: Sequence[TransferType], source: Account, destination: Account) -> list[tuple[str, str]]:
    """Return names of a move of one or two types, the longest first: each as a person says it, and the exchange's name
    of each type.
    """
    between = [move.destination.label for move in types[:-1]]
    wide, short, wallets = (
        " -> ".join((one, *between, other))
        for one, other in (
            (source.label, destination.label),
            (source.short_label, destination.short_label),
            (source.wallet.short_label, destination.wallet.short_label),
        )
    )
    names = _(", then ").join(each.name for each in types)
    return [(wide, names), (short, names), (wallets, names), (short, "")]


def place(host: str) -> str:
    """Return what a person calls an exchange: LIVE, DEMO, or its host."""
    return printable(place_label(place_name(host)))


def host_of(entry: Entry, in_use: InUse) -> str:
    """Return the base URL of the exchange where an entry was made."""
    return entry.transfer.host if entry.transfer else in_use.host


def profile_of(entry: Entry, in_use: InUse) -> str:
    """Return the profile of an entry: that of its row in the journal, or the one that read the record."""
    return entry.transfer.profile if entry.transfer else in_use.profile


def outcome_word(entry: Entry) -> str:
    """Return how an entry ended, in a word: from the journal, else from the record. An unknown status is kept."""
    if entry.transfer:
        return entry.transfer.outcome.words
    status = (entry.record.status if entry.record else None) or "?"
    return _(_STATUS_WORDS[status]) if status in _STATUS_WORDS else status


def outcome_mark(entry: Entry) -> str:
    """Return how an entry ended, after a mark if that is not known, or if journal and exchange differ."""
    is_marked = entry.mismatches or outcome_style(entry) == Outcome.UNKNOWN
    return f"{'!' if is_marked else ' '} {outcome_word(entry)}"


def outcome_style(entry: Entry) -> str:
    """Return the outcome whose colour an entry has; empty if it is not known."""
    if entry.transfer:
        return entry.transfer.outcome.value
    outcome = recorded_outcome(entry.record.status) if entry.record else None
    return outcome.value if outcome else ""


def draft_from(entry: Entry, in_use: InUse, *, is_reversed: bool) -> Draft:
    """Return a draft that makes a transfer again, or reverses it.

    Raises ValueError, with the reason, if there can be none.
    """
    draft = reverse(again(entry)) if is_reversed else again(entry)
    return replace(draft, origin=made_elsewhere(host_of(entry, in_use), profile_of(entry, in_use), in_use))


def made_elsewhere(host: str, profile: str, in_use: InUse) -> str:
    """Return a warning that a draft comes from another place or profile; empty if it does not."""
    if (host, profile) == (in_use.host, in_use.profile):
        return ""
    origin, destination = (in_short(place(either), _MOST_IN_PLACE) for either in (host, in_use.host))
    return _(
        "Filled from a transfer at {origin} as {profile}. This form sends to {destination} as {own_profile}."
    ).format(
        origin=origin,
        profile=printable(profile),
        destination=destination,
        own_profile=printable(in_use.profile),
    )


def _next_to_transfer(record: Row) -> list[tuple[str, str]]:
    """Return what a record says about the transfer that it belongs to."""
    if not isinstance(record, HistoryRow):
        return [(_("Received as"), record.text)]
    amount, at = quantity(record.amount, record.asset), moments.with_offset(record.timestamp)
    text = _("{type} {amount}, {status}, {time}")
    return [
        (
            _("On record"),
            printable(text.format(type=record.type, amount=amount, status=record.status, time=at)),
        )
    ]


def _record_facts(entry: Entry, record: Row) -> list[tuple[str, str]]:
    """Return what a record without a row in the journal says."""
    kind = TransferType.__members__.get(record.type or "")
    accounts = [account.wide_label for account in ends(kind, *entry.symbols)] if kind else []
    facts = [
        ("tranId", "" if record.tran_id is None else str(record.tran_id)),
        *zip((_("From"), _("To")), accounts, strict=False),
        (_("Pairs"), "" if kind else entry.pairs),
        (_("Asked for"), "" if entry.pairs else entry.asked_pairs),
        (_("Amount"), quantity(record.amount, record.asset)),
        (_("Type"), record.type or ""),
        (_("Status"), record.status or ""),
        (_("Recorded"), "?" if record.timestamp is None else moments.with_offset(record.timestamp)),
        (_("Received as"), "" if isinstance(record, HistoryRow) else record.text),
    ]
    return [(name, printable(value)) for name, value in facts]

"""The state of the transfer form at one moment: it alone decides what may be reviewed."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import chain

from tui.domain.amounts import EXACT, AmountError, left_behind, parse_amount, plain, quantity
from tui.domain.balances import FRESH_MS, Account, Balances, Figure, Restriction, ends, pair_mismatch, share
from tui.domain.openness import Closure, PairLimit, Unopened, unopened
from tui.domain.plan import via
from tui.domain.reasons import Shortfall, shortfall
from tui.domain.rules import NO_RULES, Keep, Rules, violations
from tui.domain.transfer import Draft, Field, InvalidTransfer, parse_transfers
from tui.domain.wallets import Wallet
from tui.language import N_, _
from tui.structs import Struct, replace
from tui.words import guards

_NOT_KNOWN = N_("What can be moved is not known: type it")


_EARN = "LD"
"""How the names of Simple Earn positions begin; LDO, whose rest is no asset, is none."""


class Problem(Struct):
    """What is wrong with one field."""

    field: Field
    words: str
    is_certain: bool = True
    """False if it rests on a balance that may have changed: the review, which reads it again, may be opened."""


class Inquiry(Struct):
    """A question to the exchange: how much of an asset can be moved out of an account, or why it is less."""

    account: Account
    asset: str
    read_ms: float | None
    """When the account's wallet was last read: each reading may change the answer."""


class FormState(Struct):
    """What is entered, and what is known about the wallets. One or two types lead from source to destination."""

    draft: Draft
    """Its names are as the exchange writes them: the fields see to that."""
    balances: Balances
    now_ms: float
    """On the clock of the balances."""
    doubt: str = ""
    """Why the amount may differ from what was typed; empty if it does not."""
    rules: Rules = NO_RULES
    """The person's rules, as they were last read: the review reads them again."""

    lacking: frozenset[Wallet] = frozenset()
    """The wallets for which the exchange says that the key lacks a permission."""
    pair_limit: PairLimit | None = None
    """How many isolated pairs can be enabled, as it was last read."""

    @property
    def ends(self) -> tuple[Account, Account]:
        """Source and destination; a pair that is not entered yet is empty."""
        return self.draft.ends

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields to fill in, in their order: a pair exactly if its end needs one."""
        pairs = zip((Field.FROM_PAIR, Field.TO_PAIR), self.ends, strict=True)
        return (*(which for which, end in pairs if end.pair is not None), Field.ASSET, Field.AMOUNT)

    @property
    def has_pairs(self) -> bool:
        """Whether an end needs a pair."""
        return any(end.pair is not None for end in self.ends)

    def field_after(self, which: Field) -> Field:
        """Return the field after this one. Each pair comes after its wallet."""
        order = (Field.SOURCE, Field.FROM_PAIR, Field.DESTINATION, Field.TO_PAIR, Field.ASSET, Field.AMOUNT)
        left = order[order.index(which) + 1 :]
        return next((field for field in left if field in (*self.fields, Field.DESTINATION)), Field.AMOUNT)

    @property
    def known_asset(self) -> str:
        """The asset; empty until what is typed is one."""
        asset = self.draft.asset
        return asset if asset and self.balances.knows(asset) else ""

    @property
    def figure(self) -> Figure | None:
        """How much of the asset is known to be available in the source."""
        source, asset = self.ends[0], self.draft.asset
        return self.balances.figure(source, asset) if asset and source.pair != "" else None

    @property
    def shortfall(self) -> Shortfall | None:
        """That less can be moved than is there, and why; None if that is not known now, or if all of it can be."""
        source, asset, figure = self.ends[0], self.draft.asset, self.figure
        stock = self.balances.stock(source, asset, self.now_ms) if figure and figure.is_exact else None
        if not figure or not stock or not figure.is_fresh(self.now_ms):
            return None
        return shortfall(stock, figure.amount)

    @property
    def inquiry(self) -> Inquiry | None:
        """The question that finds out how much can be moved; None if that is known, or if nothing is known."""
        figure, source = self.figure, self.ends[0]
        if figure is None or figure.is_exact:
            return None
        return Inquiry(source, self.draft.asset, self.balances.wallets[source.wallet].read_ms)

    @property
    def reason_inquiry(self) -> Inquiry | None:
        """The question that finds out why less can be moved than is there; None if that is known, or if all can be."""
        source, less = self.ends[0], self.shortfall
        if less is None or less.is_known:
            return None
        return Inquiry(source, self.draft.asset, self.balances.wallets[source.wallet].read_ms)

    @property
    def unopened(self) -> list[Unopened]:
        """What the exchange says is not open for this move. It may be open by now: the review may be opened."""
        closures = unopened(self.balances, self.ends, self.known_asset, self.lacking)
        pairs = self.balances.pairs  # one that is still being typed is none of them
        return [each for each in closures if each.closure is not Closure.NO_ACCOUNT or each.account.pair in pairs]

    @property
    def wants_limit(self) -> bool:
        """Whether it is to be asked how many isolated pairs can be enabled."""
        is_about_pairs = any(each.closure in (Closure.NO_ACCOUNT, Closure.DISABLED) for each in self.unopened)
        read_ms = self.balances.wallets[Wallet.ISOLATED].read_ms or 0
        return is_about_pairs and (self.pair_limit is None or self.pair_limit.read_ms < read_ms)

    @property
    def problems(self) -> dict[Field, Problem]:
        """What is wrong with each field, in the order of the fields.

        What is wrong with a field alone comes before what is wrong with it next to other fields and balances.
        """
        by_field = {
            problem.field: problem
            for problem in (
                *self._bars(),
                *self._forbidden(),
                *self._earning(),
                *self._mismatches(),
                *filter(None, [self.excess]),
                *self._flaws(),
            )
        }
        return {which: by_field[which] for which in self.fields if which in by_field}

    @property
    def obstacle(self) -> Problem | None:
        """The first problem that prevents a review; None if there is none."""
        return next((problem for problem in self.problems.values() if problem.is_certain), None)

    def part(self, percent: int, *, is_asked: bool) -> Decimal | Problem | None:
        """Return a part of what can be moved, or why it cannot be filled in.

        Return None while the wallet is being read, or while the exchange is being asked (`is_asked`).
        """
        figure = self.figure
        if self.ends[0].pair == "":
            return Problem(Field.FROM_PAIR, _("Enter the pair first"))
        is_read = self.balances.wallets[self.draft.source].read_ms is not None
        if (figure is None and not (is_read and self.draft.asset)) or (figure and is_asked and not figure.is_exact):
            return None
        if figure is None or not figure.is_exact:
            return Problem(Field.AMOUNT, _(_NOT_KNOWN))
        asset, source = self.draft.asset, self.ends[0]
        part = share(figure.amount, percent)
        if not part:
            too_little = _("{amount} is too little to move").format(amount=quantity(figure.amount, asset))
            return Problem(Field.AMOUNT, too_little if figure.amount else _nothing(asset, source))
        held = self.balances.held(source, asset) or figure
        allowed = share(self.rules.at(self.now_ms).movable(source, asset, figure.amount, held.amount), 100)
        if not allowed:
            everything = replace(self, draft=replace(self.draft, amount=plain(share(figure.amount, 100))))
            return next(everything._forbidden(), Problem(Field.AMOUNT, _("Your rules keep all of it")))
        return min(part, allowed)

    @property
    def rest(self) -> Decimal | Problem | None:
        """The amount that "all but 50" means, or why it means none; None if the amount is typed as digits."""
        left = left_behind(self.draft.amount)
        if left is None:
            return None
        try:
            staying = parse_amount(left)
        except AmountError as error:
            return Problem(Field.AMOUNT, str(error) if left.strip() else _("Enter what should stay, like: all but 50"))
        figure = self.figure
        if figure is None or not figure.is_exact:
            return Problem(Field.AMOUNT, _(_NOT_KNOWN))
        rest = share(max(EXACT.subtract(figure.amount, staying), Decimal(0)), 100)
        there = quantity(figure.amount, self.draft.asset)
        return rest or Problem(Field.AMOUNT, _("Only {amount} is there").format(amount=there))

    @property
    def calculated(self) -> "FormState":
        """This state with "all but 50" replaced by the amount in digits, if that is known."""
        rest = self.rest
        return replace(self, draft=replace(self.draft, amount=plain(rest))) if isinstance(rest, Decimal) else self

    @property
    def first_empty(self) -> Field:
        """The first field that is still empty, else the amount."""
        draft = self.draft
        texts = {Field.ASSET: draft.asset, Field.FROM_PAIR: draft.from_pair, Field.TO_PAIR: draft.to_pair}
        open_wallets = (which for which in (Field.SOURCE, Field.DESTINATION) if which not in draft.chosen)
        open_texts = (which for which in self.fields if texts.get(which) == "")
        return next(chain(open_wallets, open_texts), Field.AMOUNT)

    def _flaws(self) -> Iterator[Problem]:
        """Yield the problems that no balance is needed to see."""
        try:
            parse_transfers(self.calculated.draft)
        except InvalidTransfer as invalid:
            for which, text in invalid.problems.items():
                yield Problem(which, text)
        if isinstance(rest := self.rest, Problem):
            yield rest
        if self.doubt:
            yield Problem(Field.AMOUNT, self.doubt)

    def _mismatches(self) -> Iterator[Problem]:
        if self._lacks_account:
            is_certain = self.balances.is_fresh(Wallet.ISOLATED, self.now_ms)
            pair = self.ends[0].pair
            is_there = pair in self.balances.wallets[Wallet.ISOLATED].disabled
            text = _("Your {pair} account is disabled") if is_there else _("You have no {pair} account")
            yield Problem(Field.FROM_PAIR, text.format(pair=pair), is_certain=is_certain)
        for which, end in zip((Field.FROM_PAIR, Field.TO_PAIR), self.ends, strict=True):
            if text := pair_mismatch(
                end.pair or "", self.draft.asset, self.balances.pairs, are_all=self.balances.has_all_pairs
            ):
                yield Problem(which, text)

    def _earning(self) -> Iterator[Problem]:
        """Yield a problem for a Simple Earn position, which looks like an asset. Source: BINANCE.md, "Balances"."""
        asset = self.draft.asset
        if asset.startswith(_EARN) and self.balances.knows(asset.removeprefix(_EARN)):
            inner = asset.removeprefix(_EARN)
            text = _("{asset} in Simple Earn: redeem it there first").format(asset=inner)
            yield Problem(Field.ASSET, text, is_certain=False)

    def _bars(self) -> Iterator[Problem]:
        draft = self.draft
        for move in draft.route:
            for end, bar in self.balances.bars(*ends(move, draft.from_pair, draft.to_pair)).items():
                if bar is Restriction.TRANSFERS_OUT:
                    text = _("The exchange bars transfers out of {wallet}")
                else:
                    text = _("The exchange bars transfers into {wallet}")
                yield Problem(Field.AMOUNT, text.format(wallet=end.wallet.label), is_certain=False)

    def _forbidden(self) -> Iterator[Problem]:
        """Yield the first rule that the transfer would break."""
        try:
            requests = parse_transfers(self.calculated.draft)
        except InvalidTransfer:
            return
        sending = requests[0] if len(requests) == 1 else via(*self.ends, requests[0].asset, requests[0].amount)
        for broken in violations(self.rules.at(self.now_ms), sending, self.balances, self.now_ms - FRESH_MS):
            if broken.left is not None or not isinstance(broken.rule, Keep):  # the review reads the balance
                yield Problem(Field.AMOUNT, guards.broken(broken).rstrip(".。"), is_certain=False)
                return

    @property
    def excess(self) -> Problem | None:
        """What is wrong with an amount that exceeds what is there; None if it does not."""
        try:
            amount = parse_amount(self.draft.amount)
        except AmountError:
            return None  # "all but 50" is not an amount either, and never too much
        if self._lacks_account:  # the pair already says so
            return None
        return too_much(amount, self.draft.asset, self.ends[0], self.figure, self.now_ms)

    @property
    def _lacks_account(self) -> bool:
        """Whether the source is a pair for which the person has no account with anything in it: the exchange has far
        more pairs.
        """
        pair, isolated = self.ends[0].pair, self.balances.wallets[Wallet.ISOLATED]
        return bool(pair) and isolated.is_whole and pair not in isolated.pairs


def too_much(amount: Decimal, asset: str, source: Account, figure: Figure | None, now_ms: float) -> Problem | None:
    """Return what is wrong with an amount that exceeds what is known to be there; else None.

    The problem is certain if the figure is fresh.
    """
    if figure is None or amount <= figure.amount:
        return None
    only = _("Only {amount} can be moved") if figure.is_transferable else _("Only {amount} is free")
    text = only.format(amount=quantity(figure.amount, asset)) if figure.amount else _nothing(asset, source)
    return Problem(Field.AMOUNT, text, is_certain=figure.is_fresh(now_ms))


def _nothing(asset: str, source: Account) -> str:
    return _("No {asset} to move in {account}").format(asset=asset, account=source.label)

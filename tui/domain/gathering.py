"""Gathering: one asset from every account that has it into one. Each account gives what can be moved out of it, unless
the person says otherwise.
"""

from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property

from tui.domain.amounts import parse_amount, plain
from tui.domain.balances import Account, Balances, Figure
from tui.domain.form import FormState, Inquiry, Problem
from tui.domain.holdings import accounts
from tui.domain.layout import labelled
from tui.domain.plan import Plan, gather
from tui.domain.rules import NO_RULES, Rules
from tui.domain.transfer import BOTH_ENDS, Draft, Field
from tui.domain.wallets import Wallet
from tui.language import _
from tui.structs import Struct, field, replace


class Contribution(Struct):
    """What one account gives."""

    account: Account
    figure: Figure | None
    """How much is known to be available there."""
    amount: Decimal | None = None
    """What is moved; None if nothing is, or if that is not known yet."""
    problem: Problem | None = None
    """Why nothing is moved, or what may be wrong with the amount."""
    is_typed: bool = False
    """Whether the person has entered the amount."""
    is_left_out: bool = False
    """Whether the person has left it out."""
    is_awaited: bool = False
    """Whether the exchange is being asked."""

    @property
    def is_wrong(self) -> bool:
        """Whether the amount that the person has entered cannot be moved."""
        return self.is_typed and self.amount is None and not self.is_awaited


class Gathering(Struct, dict=True):
    """What is gathered, as far as the person has said so, and what is known about the accounts."""

    asset: str
    destination: Account
    """Its pair is empty until it is entered."""
    balances: Balances
    now_ms: float
    """On the clock of the balances."""
    typed: Mapping[Account, str] = field(default_factory=dict)
    """The amounts that the person has entered in place of all that can be moved."""
    left_out: frozenset[Account] = frozenset()
    """The accounts that the person has left out."""
    answered: frozenset[Inquiry] = frozenset()
    """The questions to the exchange that it has answered, or has not answered in time."""
    rules: Rules = NO_RULES
    """The person's rules, as they were last read: the review reads them again."""

    def form(self, source: Account) -> FormState:
        """Return the state of a form that moves the entered amount out of one account."""
        pairs = source.pair or "", self.destination.pair or ""
        amount = self.typed.get(source, "")
        draft = Draft(source.wallet, self.destination.wallet, self.asset, amount, *pairs, BOTH_ENDS)
        return FormState(draft, self.balances, self.now_ms, rules=self.rules)

    @cached_property
    def contributions(self) -> list[Contribution]:
        """What each account gives that has the asset, or may have it, in a fixed order."""
        others = (account for account in accounts(self.balances) if account != self.destination)
        return [self._contribution(account) for account in others if self._may_give(account)]

    @property
    def inquiries(self) -> list[Inquiry]:
        """The questions to the exchange that are not answered yet: how much can be moved out of an account."""
        asked = (self.form(each.account).inquiry for each in self.contributions)
        return [inquiry for inquiry in asked if inquiry and inquiry not in self.answered]

    @property
    def general_problems(self) -> list[Problem]:
        """What is wrong, whatever the source: with the destination's pair, and with the asset."""
        source = Wallet.FUNDING if self.destination.wallet is Wallet.SPOT else Wallet.SPOT
        problems = self.form(Account(source)).problems
        return [problems[which] for which in (Field.TO_PAIR, Field.ASSET) if which in problems]

    @property
    def is_awaited(self) -> bool:
        """Whether the exchange is being asked about an account that is not left out."""
        return any(each.is_awaited and not each.is_left_out for each in self.contributions)

    @property
    def obstacle(self) -> Problem | None:
        """What prevents a review; None if nothing does."""
        if certain := [problem for problem in self.general_problems if problem.is_certain]:
            return certain[0]
        given = [each for each in self.contributions if not each.is_left_out]
        for each in given:
            if each.is_awaited:
                text = _("The exchange is still being asked about {account}")
                return Problem(Field.AMOUNT, text.format(account=each.account.label))
            if each.is_wrong and each.problem:
                return replace(each.problem, words=labelled(each.account.label, each.problem.words))
        if not any(each.amount for each in given):
            return Problem(Field.AMOUNT, _("There is no {asset} to gather").format(asset=self.asset))
        return None

    @property
    def plan(self) -> Plan:
        """The plan. Raises ValueError if there is nothing to gather, and InvalidTransfer."""
        amounts = {each.account: each.amount for each in self.contributions if each.amount and not each.is_left_out}
        return gather(self.destination, self.asset, amounts)

    def _may_give(self, account: Account) -> bool:
        """Whether an account has the asset, or may have it."""
        figure, holdings = self.form(account).figure, self.balances.wallets[account.wallet]
        if figure is not None:
            return figure.amount > 0
        has_no_pairs = account == Account(Wallet.ISOLATED) and holdings.is_whole
        return holdings.is_open and not has_no_pairs

    def _contribution(self, account: Account) -> Contribution:
        form, is_typed = self.form(account), account in self.typed
        known = Contribution(account, form.figure, is_typed=is_typed, is_left_out=account in self.left_out)
        inquiry, holdings = form.inquiry, self.balances.wallets[account.wallet]
        if (inquiry and inquiry not in self.answered) or (holdings.read_ms is None and not holdings.problem):
            return replace(known, is_awaited=True)
        part = None if is_typed else form.part(100, is_asked=False)
        if isinstance(part, Problem):
            return replace(known, problem=part)
        if part is not None:
            form = replace(form, draft=replace(form.draft, amount=plain(part)))
        problem = form.problems.get(Field.AMOUNT)
        if problem and problem.is_certain:
            return replace(known, problem=problem)
        return replace(known, amount=parse_amount(form.calculated.draft.amount), problem=problem)

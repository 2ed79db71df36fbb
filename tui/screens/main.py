"""The main screen: the form of a transfer, and the session's transfers."""

import contextlib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input, Label

from tui.clock import ticks_ms
from tui.desk.desk import Desk
from tui.desk.guards import Forbidden, ReadOnly
from tui.desk.keycheck import KeyCheck, examine
from tui.desk.settle import Progress
from tui.domain.balances import Account, Balances
from tui.domain.entries import Entry
from tui.domain.hosts import exchange_of
from tui.domain.plan import Plan
from tui.domain.plan_state import PlanState
from tui.domain.rules import Rules
from tui.domain.transfer import Draft, Outcome, Transfer
from tui.domain.wallets import Wallet
from tui.exchange.errors import ExchangeError
from tui.journal import JournalError
from tui.language import _
from tui.screens.decide import DecideScreen
from tui.screens.entry import EntryScreen
from tui.screens.fitting import TOO_SMALL, Fitting
from tui.screens.following import FollowsBalances
from tui.screens.go_to import LETTERS, GoToScreen
from tui.screens.holdings import HoldingsScreen
from tui.screens.notice import Notices
from tui.screens.panes import WIDE, Panes
from tui.screens.plans import Plans
from tui.screens.review import Reviewing, ReviewScreen
from tui.screens.ways_on import CannotOpen
from tui.widgets.at_once import at_once
from tui.widgets.balance_refresher import BalanceRefresher
from tui.widgets.completing_input import CompletingInput
from tui.widgets.entry_table import EntryTable
from tui.widgets.holding_places import HoldingPlaces
from tui.widgets.holdings_table import HoldingsTable
from tui.widgets.key_bar import KeyBar
from tui.widgets.late_messages import DropsLateMessages
from tui.widgets.message_line import MessageLine
from tui.widgets.pane import TALL
from tui.widgets.session_list import SessionList
from tui.widgets.status_bar import Status, StatusBar
from tui.widgets.transfer_detail import TransferDetail
from tui.widgets.transfer_form import TransferForm
from tui.words import guards, settling
from tui.words.entries import InUse, describe, draft_from
from tui.words.wallets import total_worth, trouble

if TYPE_CHECKING:
    from tui.screens.history import HistoryScreen

_Shown = TypeVar("_Shown", EntryScreen, DecideScreen)

_TAB_HELP = _("from field to field; on from Asset and Pair with the suggestion that says Tab")


class MainScreen(DropsLateMessages, Fitting, Screen[None]):
    """The screen where transfers are made. The desk's callbacks become messages, which are dropped once it is gone."""

    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (60, "-narrow"), (120, "-wide")]  # noqa: RUF012 - as Textual declares it
    VERTICAL_BREAKPOINTS = [(0, "-low"), (16, "-short"), (22, "-high"), (TALL, "-tall")]  # noqa: RUF012
    AUTO_FOCUS = None
    """The form sets the first focus."""

    BINDINGS: ClassVar[list[BindingType]] = at_once(
        [
            Binding("tab", "move_focus(1)", _("Next field"), show=False, tooltip=_TAB_HELP),
            Binding("shift+tab", "move_focus(-1)", _("Previous field"), show=False, tooltip=_TAB_HELP),
            # In the order of the line at the bottom, whose end a narrow terminal leaves out.
            Binding(
                "f2,ctrl+r",
                "review",
                _("Review"),
                key_display="F2",
                tooltip=_("review (Enter in a field does it too)"),
            ),
            Binding(
                "f3,ctrl+t",
                "history",
                _("History"),
                key_display="F3",
                tooltip=_("history: all transfers, made here and elsewhere"),
            ),
            Binding(
                "f6,ctrl+n",
                "holdings",
                _("Holdings"),
                key_display="F6",
                tooltip=_("holdings: every asset in every wallet"),
            ),
            Binding("f4,ctrl+k", "app.keys", _("Keys"), key_display="F4"),
            Binding(
                "f7,ctrl+y",
                "favourites",
                _("Favourites"),
                key_display="F7",
                tooltip=_("favourites: moves kept under a name"),
            ),
            Binding("ctrl+x", "swap", _("Swap"), key_display="^X", tooltip=_("swap source and destination")),
            Binding(
                "f5,ctrl+l",
                "refresh_balances",
                _("Reload"),
                key_display="F5",
                tooltip=_("reload: read the wallets again"),
            ),
            Binding(
                "ctrl+o",
                "go_to",
                _("Go to"),
                key_display="^O",
                tooltip=_("go to any field or list: a letter says which"),
            ),
            Binding(
                "f8,ctrl+underscore,ctrl+slash",
                "decide",
                _("Decide"),
                key_display="F8",
                show=False,
                tooltip=_("decide how a transfer ended, if Shunter cannot tell"),
            ),
            Binding("ctrl+q", "app.quit", _("Quit"), key_display="^Q"),
            Binding("f1,ctrl+g", "app.help", _("Help"), key_display="F1"),
        ]
    )

    class TransferLeft(Message):
        """Posted when the person has left the review or closed the result."""

    def __init__(self, desk: Desk, status: Status, draft: Draft) -> None:
        super().__init__()
        self.desk = desk
        self._status = status
        self._in_use = InUse(desk.profile, exchange_of(desk.client.base_url))
        self._draft = draft
        self._answered_ms: dict[str, float] = {}
        """When each transfer of this session got its outcome, on the clock of the balances."""
        self._before: dict[str, Mapping[Account, Decimal]] = {}
        """What both ends of each transfer of this session held before it was sent, by its id."""
        self.review: Reviewing[Any] | None = None
        """The review of the current transfer or plan, until the person has left it or closed its result."""
        self._history: HistoryScreen | None = None
        """The newest one."""
        self._progress: dict[str, Progress] = {}
        """The progress of settling each unknown transfer, by its id."""
        self._asked: set[str] = set()
        """The ids of transfers that the person was asked about."""
        self._unread: Mapping[str, Sequence[Wallet]] = {}
        """The wallets that cannot be read, by the problem."""
        self._unread_since_ms: float | None = None
        self._day: Timer | None = None
        """Reads the rules again when a day begins, of which more is left."""
        self._rules, self._rules_problem = Rules(), ""
        """Why nothing can be sent until the rules are right."""
        self.notices = Notices(self, desk)
        self.plans = Plans(self, desk)

    def compose(self) -> ComposeResult:
        """Status, form, session, keys."""
        yield StatusBar(self._status)
        yield Label(TOO_SMALL, id="too-small")
        with Panes(id="panes"):
            yield TransferForm(self._draft, id="form")
            yield SessionList(self._in_use)
            yield HoldingsTable(is_beside=True)
            yield HoldingPlaces(is_beside=True)
            yield TransferDetail(id="detail")
            yield MessageLine()
        yield BalanceRefresher(self.desk.balance_reader)
        yield KeyBar()

    def on_mount(self) -> None:
        """Listen to the desk, and ask for what is shown from the start."""
        self.desk.on_change = partial(self.post_call, self.show_transfer)
        self.desk.on_progress = partial(self.post_call, self.show_progress)
        self.desk.on_notice = partial(self.post_call, self.notices.correct)  # over any screen
        self.watch(self.query_one("#field-asset Input"), "value", self._mark_asset, init=False)
        # Only once the form is visible: the first request imports what it needs.
        for ask in (self.action_refresh_balances, self.find_earlier, self.examine_key, self.read_rules):
            self.call_after_refresh(ask)

    def on_screen_resume(self) -> None:
        """Show what the review has read, and the notices that came up meanwhile."""
        self._show_balances(self.desk.balance_reader.balances)
        self.notices.show_next()
        self.plans.show_next()
        self.read_rules()

    @property
    def status(self) -> Status:
        """What the first line says."""
        return self.query_one(StatusBar).status

    @property
    def draft(self) -> Draft:
        """The content of the form, as it was typed."""
        return self.query_one(TransferForm).draft

    def action_review(self) -> None:
        """Review the draft if it is valid in form."""
        request = self.query_one(TransferForm).request()
        if isinstance(request, Plan):
            self.plans.review(request)
        elif request:
            self.review = ReviewScreen(self.desk, request, self.status)
            self.app.push_screen(self.review, self._reviewed)

    def action_swap(self) -> None:
        """Swap source and destination."""
        self.query_one(TransferForm).action_swap()

    def action_move_focus(self, step: int) -> None:
        """Move the focus from field to field, in the order of the form.

        Textual's own order is by position on the screen, and a pair field that just appeared has none yet. Moving
        forward accepts the suggestion.
        """
        if step > 0 and isinstance(self.focused, CompletingInput):
            self.focused.accept_suggestion()
        fields = [
            widget for selector, _name in LETTERS.values() for widget in self.query(selector) if _can_go_to(widget)
        ]
        if not fields:  # the terminal is too small
            return
        at = fields.index(self.focused) if self.focused in fields else -max(step, 0)
        self.set_focus(fields[(at + step) % len(fields)])

    def action_go_on(self) -> None:
        """Move the focus from a chosen wallet to the next field."""
        self.query_one(TransferForm).go_on()

    def action_go_to(self) -> None:
        """Ask for the letter of a field or list."""
        widgets = {letter: self.query(selector) for letter, (selector, _name) in LETTERS.items()}
        targets = {letter: query.first() for letter, query in widgets.items() if query and _can_go_to(query.first())}
        self.app.push_screen(GoToScreen(targets))

    def action_refresh_balances(self) -> None:
        """Read the wallets again, and the person's rules."""
        self.query_one(BalanceRefresher).read_all()
        self.read_rules()

    def on_balance_refresher_read(self, message: BalanceRefresher.Read) -> None:
        """Show what was read."""
        self._show_balances(message.balances)
        for screen in self.app.screen_stack:  # other screens may cover them
            if isinstance(screen, FollowsBalances):
                screen.show_balances(message.balances)

    def on_balance_refresher_transferable_read(self, message: BalanceRefresher.TransferableRead) -> None:
        """Show what can be moved."""
        self.query_one(TransferForm).transferable_read(message.balances, message.account, message.asset)

    def on_balance_refresher_waiting(self, message: BalanceRefresher.Waiting) -> None:
        """Show what the app waits for, and the state of the exchange."""
        self.show_exchange_state()
        self.query_one(StatusBar).show(waiting_for=message.text)

    def on_balance_refresher_unread(self, message: BalanceRefresher.Unread) -> None:
        """Show which wallets cannot be read."""
        self._unread = message.wallets
        self._unread_since_ms = (self._unread_since_ms or ticks_ms()) if message.wallets else None
        self._show_trouble()

    def on_transfer_form_noted(self, message: TransferForm.Noted) -> None:
        """Show what the form's fields have no room for."""
        for kind, (text, *briefer) in message.texts.items():
            self.query_one(MessageLine).show(kind, text, briefer=tuple(briefer))

    def _show_trouble(self) -> None:
        """Show what is wrong for longer than a moment, and since when."""
        read_only = self.query_one(StatusBar).status.read_only
        problems = [guards.nothing_is_sent(read_only)] if read_only else []
        problems += [self._rules_problem] if self._rules_problem else []
        self.query_one(MessageLine).show("error", trouble(problems, self._unread, self._unread_since_ms))

    def _show_unknown(self) -> None:
        """Show the newest transfer whose outcome is not known; one that the person has to decide comes first."""
        open_now = sorted(self._progress.values(), key=lambda one: (one.doubt is None, -one.transfer.timestamp_ms))
        text = settling.unknown_line(open_now[0].transfer, open_now[0].note, len(open_now)) if open_now else ""
        is_asked = bool(open_now and open_now[0].doubt)
        label, action = (_("F8 Decide"), "decide") if is_asked else ("", "")
        self.query_one(MessageLine).show("unknown", text, label=label, action=action)

    def action_decide(self) -> None:
        """Let the person decide the newest transfer that Shunter cannot settle."""
        asked = [progress for progress in self._progress.values() if progress.doubt]
        if asked:
            newest = max(asked, key=lambda progress: progress.transfer.timestamp_ms)
            self._ask_about(newest)

    def _ask_about(self, progress: Progress, *, comes_by_itself: bool = False) -> None:
        identity = progress.transfer.identity
        self._asked.add(identity)
        question = DecideScreen(
            self.desk,
            progress,
            before=self._before.get(identity),
            since_ms=self._answered_ms.get(identity),
            comes_by_itself=comes_by_itself,
        )
        self.app.push_screen(question)

    def _may_ask_by_itself(self, progress: Progress) -> bool:
        """Whether a question may come up by itself: once, if nothing lies over the form, and nothing in it is
        unfinished.
        """
        is_typing = isinstance(self.focused, Input) and bool(self.focused.value)
        is_free = self.app.screen is self and not is_typing and not self.draft.amount
        return bool(progress.doubt) and is_free and progress.transfer.identity not in self._asked

    def on_transfer_form_transferable_wanted(self, message: TransferForm.TransferableWanted) -> None:
        """Ask the exchange how much can be moved."""
        self.query_one(BalanceRefresher).read_transferable(message.account, message.asset)

    def on_transfer_form_pair_limit_wanted(self) -> None:
        """Ask the exchange how many isolated pairs can be enabled."""
        self.query_one(BalanceRefresher).read_pair_limit()

    def on_balance_refresher_pair_limit_read(self, message: BalanceRefresher.PairLimitRead) -> None:
        """Show how many isolated pairs can be enabled."""
        self.query_one(TransferForm).show_pair_limit(message.limit)

    def show_exchange_state(self) -> None:
        """Show the offset of the exchange's clock, and how much of its limit is used."""
        clock = self.desk.client.clock
        self.query_one(StatusBar).show(
            clock_offset_ms=clock.offset_ms if clock else None, weight=self.desk.client.uid_weight
        )

    def action_filter(self) -> None:
        """Find something in the history."""
        self.action_history(is_filtering=True)

    def action_history(self, is_filtering: bool = False) -> None:
        """Show the transfers of all sessions."""
        from tui.screens.history import HistoryScreen  # late, like the favourites: the start need not wait for it

        status = self.query_one(StatusBar).status
        self._history = HistoryScreen(self.desk, status, before=self._history, is_filtering=is_filtering)
        self.app.push_screen(self._history, self._fill)

    def on_resize(self) -> None:
        """Show what there is room for now."""
        self._mark_asset()

    def _show_balances(self, balances: Balances) -> None:
        """Show what the wallets hold."""
        self.query_one(TransferForm).show_balances(balances)
        self.query_one(StatusBar).show(worth=total_worth(balances))
        self._mark_asset()

    def _mark_asset(self) -> None:
        """Show what is held next to the form, with its asset marked."""
        if self.app.size.width < WIDE:
            return
        balances, asset = self.desk.balance_reader.balances, self.draft.asset
        self.query_one(HoldingsTable).show_balances(balances, asset)
        self.query_one(HoldingPlaces).show_balances(balances, asset if balances.knows(asset) else "")
        self.query_one(Panes).follow()

    def action_holdings(self) -> None:
        """Show every asset in every wallet."""
        balances, status = self.desk.balance_reader.balances, self.query_one(StatusBar).status
        screen = HoldingsScreen(
            balances,
            status=status,
            asset=self.draft.asset,
            read=self.action_refresh_balances,
            gather=self._gather,
            in_use=self._in_use,
            last_moves=self._last_moves,
        )
        self.app.push_screen(screen, self._holding_chosen)

    async def _last_moves(self, asset: str, count: int) -> list[Transfer]:
        """Return the newest transfers of an asset: of one whose answer the journal lacks, the answer counts."""
        session = self.query_one(SessionList)
        transfers = await self.desk.last_moves(asset, count)
        return [known if (known := session.newest(each)).unwritten else each for each in transfers]

    def action_gather(self) -> None:
        """Gather the asset of the form; if it has none, show the holdings to choose one."""
        asset = self.draft.asset
        if self.desk.balance_reader.balances.knows(asset):
            self._gather(asset)
        else:
            self.action_holdings()

    def _gather(self, asset: str) -> None:
        from tui.screens.gather import GatherScreen

        reader, status = self.desk.balance_reader, self.query_one(StatusBar).status
        form = self.query_one(TransferForm)
        screen = GatherScreen(
            reader,
            asset,
            status,
            rules=lambda: form.rules,
            read=self.action_refresh_balances,
            review=self.plans.review,
        )
        self.app.push_screen(screen)

    def show_transfer(self, transfer: Transfer) -> None:
        """Show a transfer as it is now."""
        self.notices.update(transfer)
        self.plans.update(transfer)
        if not transfer.outcome.is_open:
            self._progress.pop(transfer.identity, None)
        self.query_one(SessionList).show_transfer(transfer)
        self._show_unknown()
        self.show_exchange_state()
        self._show_balances(self.desk.balance_reader.balances)
        if transfer.outcome is not Outcome.SENDING:
            self._answered_ms[transfer.identity] = ticks_ms()
            self.query_one(BalanceRefresher).read_touched(transfer)
        if self._history and self._history in self.app.screen_stack:
            self._history.put(transfer)
        for screen in self.app.screen_stack:
            if isinstance(screen, HoldingsScreen):
                screen.show_transfer(transfer)
        for asking in _about(self.app.screen_stack, DecideScreen, transfer):
            if not transfer.outcome.is_open:
                asking.settled()
        for shown in _about(self.app.screen_stack, EntryScreen, transfer):
            shown.show(transfer, self.desk.balance_reader.balances, self._answered_ms.get(transfer.identity))

    @work(group="earlier")
    async def find_earlier(self) -> None:
        """Look for transfers of earlier sessions that are still open, and for plans that were left."""
        try:
            self.post_call(self.show_earlier, await self.desk.open_transfers())
            self.post_call(self.plans.expect, await self.desk.open_plans())
        except JournalError as error:
            self.post_message(CannotOpen(str(error)))

    def show_earlier(self, transfers: list[Transfer]) -> None:
        """Show them above the session's."""
        self.notices.expect(transfers)
        self.query_one(SessionList).show_earlier(transfers)

    @work(exclusive=True, group="rules")
    async def read_rules(self) -> None:
        """Read the person's rules, for what the form shows; each send reads them again."""
        try:
            rules = await self.desk.rules()
        except ReadOnly:  # the first line says it
            self.post_call(self._show_rules, Rules(), "")
            return
        except Forbidden as error:
            self.post_call(self._show_rules, Rules(), str(error))
            return
        if rules != self._rules:  # what was left of the day stays until it is known anew
            self.post_call(self._show_rules, rules, "")
        self.post_call(self._show_rules, await self.desk.with_day(rules), "")

    def _show_rules(self, rules: Rules, problem: str) -> None:
        self._rules, self._rules_problem = rules.at(inf), problem
        if self._day:
            self._day.stop()
        if rules.left_today:
            self._day = self.set_timer(max(rules.day_ends_ms - ticks_ms(), 0) / 1000 + 1, self.read_rules)
        self.query_one(TransferForm).show_rules(rules)
        self.query_one(StatusBar).show(read_only=self.desk.read_only)  # another Shunter may have switched it
        self._show_trouble()

    @work(group="examine")
    async def examine_key(self) -> None:
        """Ask the exchange what the key may do. If it does not answer, the first transfer shows it."""
        with contextlib.suppress(ExchangeError):
            self.post_call(self._warn_of_key, await examine(self.desk.client))

    def _warn_of_key(self, report: KeyCheck) -> None:
        """Warn of unneeded permissions of the key, and of missing ones."""
        if missing := report.missing_permission:
            self.desk.session_read_only = self.desk.session_read_only or guards.by_key(missing)
            self.query_one(StatusBar).show(read_only=self.desk.read_only)
        self.query_one(TransferForm).show_lacking(report.lacking)
        self._show_trouble()
        whose = self.query_one(StatusBar).status.whose  # by name: it may stay up over another profile
        for warning in report.warnings:
            self.notify(warning, title=_("Key {key}").format(key=whose), severity="warning", timeout=15, markup=False)

    def show_progress(self, progress: Progress) -> None:
        """Show the progress of settling an unknown transfer."""
        self._progress[progress.transfer.identity] = progress
        self.query_one(SessionList).show_transfer(progress.transfer, progress.note)
        self._show_unknown()
        for shown in _about(self.app.screen_stack, EntryScreen, progress.transfer):
            shown.show_note(progress.note)
        if self._may_ask_by_itself(progress):
            self._ask_about(progress, comes_by_itself=True)

    def on_session_list_followed(self, message: SessionList.Followed) -> None:
        """Show all of the marked transfer next to the form."""
        entry, watch = Entry(None, message.transfer), self.desk.watch_over(message.transfer)
        self.query_one(TransferDetail).show(describe(entry, note=message.note, watch=watch))

    def on_entry_table_opened(self, message: EntryTable.Opened) -> None:
        """Show all of one transfer, or let the person decide about one that the program cannot settle."""
        transfer = message.entry.transfer
        progress = self._progress.get(transfer.identity) if transfer else None
        if progress and progress.doubt:
            self._ask_about(progress)
        else:
            note = progress.note if progress else ""
            self.app.push_screen(EntryScreen(message.entry, self.desk.watch_over, note=note))

    def action_favourites(self) -> None:
        """Show the favourites."""
        status = self.query_one(StatusBar).status
        from tui.screens.favourites import FavouritesScreen

        self.app.push_screen(FavouritesScreen(self.draft, status.profile), self._fill)

    def action_again(self, is_reversed: bool) -> None:
        """Fill the form with the marked transfer, or with its reverse."""
        if entry := self.query_one("#transfers", EntryTable).marked:
            try:
                self._fill(draft_from(entry, self._in_use, is_reversed=is_reversed))
            except ValueError as error:
                self.notify(str(error), severity="warning", markup=False)

    @property
    def _place(self) -> str:
        """LIVE or DEMO, and the profile: the first line of every screen shows it."""
        status = self.query_one(StatusBar).status
        return f"{status.short_place} {status.profile}"

    def _fill(self, draft: Draft | None) -> None:
        if draft:
            self.query_one(TransferForm).fill(draft)

    def _holding_chosen(self, chosen: HoldingPlaces.HoldingChosen | None) -> None:
        if chosen:
            self.query_one(TransferForm).move_from(chosen.source, chosen.asset)

    def review_over(self) -> None:
        """Note that the person has left a review, or closed its result."""
        self.review = None
        self.post_message(self.TransferLeft())

    def plan_ended(self, state: PlanState) -> None:
        """Empty the amount if a plan has sent something."""
        from tui.screens.gather import GatherScreen

        if any(state.stored.transfers):
            self.query_one(TransferForm).clear_amount()
            for screen in self.app.screen_stack[::-1]:
                if isinstance(screen, GatherScreen | HoldingsScreen):
                    screen.dismiss(None)

    def _reviewed(self, transfer: Transfer | None) -> None:
        if transfer is None:  # left, or its result was closed
            self.review_over()
            return
        shown = self.query_one(SessionList).newest(transfer)
        if not shown.outcome.is_open:  # it may have been settled while something lay over the review
            transfer = shown
        if transfer.outcome.is_open or transfer.tran_id is not None:
            self.query_one(TransferForm).clear_amount()
        if self.review and self.review.before:
            self._before[transfer.identity] = self.review.before
        result = EntryScreen(
            Entry(None, transfer),
            self.desk.watch_over,
            before=self._before.get(transfer.identity),
            balances=self.desk.balance_reader.balances,
            since_ms=self._answered_ms.setdefault(transfer.identity, ticks_ms()),  # the desk may report it later
        )
        self.app.push_screen(result, self._reviewed)


def _about(screens: Sequence[Screen[Any]], kind: type[_Shown], transfer: Transfer) -> list[_Shown]:
    """Return the screens of a kind that show one transfer, even if other screens cover them."""
    return [
        screen
        for screen in screens
        if isinstance(screen, kind) and screen.transfer and screen.transfer.identity == transfer.identity
    ]


def _can_go_to(widget: Widget) -> bool:
    """Whether a widget can have the focus, and has a place on the screen: perhaps from the next picture on, as a pair
    that the typed wallet needs.
    """
    nodes = [node for node in widget.ancestors_with_self if isinstance(node, Widget)]
    has_place = all(node.id in node.parent.shown for node in nodes if isinstance(node.parent, Panes))
    return widget.focusable and has_place and all(node.display and node.visible for node in nodes)

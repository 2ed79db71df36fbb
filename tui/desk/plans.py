"""Carries out a plan: each step once, in the way of a single transfer, and only after the step before is done.

A step that carries on an amount is sent only after a fresh reading shows that amount as movable. The plan stops as soon
as anything is not certain. It then never goes on by itself: the person reviews what is left as a plan of its own.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from tui.clock import ticks_ms
from tui.desk.balances import BalanceReader
from tui.desk.guards import Forbidden, Permit
from tui.domain.plan_state import Arrival, Cause, Phase, PlanState, StoredPlan
from tui.domain.transfer import Basis, Outcome, PlanStep, Transfer, TransferRequest
from tui.exchange.client import BinanceClient
from tui.exchange.errors import ExchangeError
from tui.journal import Journal, JournalError, RepeatUnconfirmed
from tui.structs import replace
from tui.words import answers
from tui.words.transfers import not_written

ARRIVES_S = 60
"""How long an amount may take to arrive before its next step."""
RECENT_MS = 2 * 60_000
"""A step that was unknown lets the plan go on only if the person confirmed, and pressed a key, less than this ago."""

_PAUSES_S = (0.5, 1, 2, 4)
"""Between the readings of the wallet in which an amount should arrive; the last one is repeated."""


class _Stop(Exception):
    def __init__(self, cause: Cause, detail: str = "") -> None:
        super().__init__(cause)
        self.cause = cause
        self.detail = detail


class Submit(Protocol):
    """Sends one transfer: `Desk.submit`."""

    async def __call__(
        self, request: TransferRequest, *, meant: frozenset[str], plan_step: PlanStep | None, permitted: Permit
    ) -> Transfer: ...


class PlanRun:
    """One plan that is being carried out. `report` is called in the event loop with every new state."""

    def __init__(
        self,
        stored: StoredPlan,
        *,
        submit: Submit,
        journal: Journal,
        client: BinanceClient,
        balance_reader: BalanceReader,
        permit: Callable[[int], Awaitable[Permit]],
        meant: frozenset[str],
        report: Callable[[PlanState], object],
        last_key_ms: Callable[[], float],
    ) -> None:
        """`submit` is the desk's. `permit` raises Forbidden unless the person's rules still allow the step with a
        number. `meant` are the identities of earlier transfers that the person has agreed to repeat. `last_key_ms`
        returns when the person last pressed a key, by `ticks_ms`.
        """
        self.state = PlanState(stored, Phase.CHECKING, 0)
        self._submit = submit
        self._client = client
        self._reader = balance_reader
        self._permit = permit
        self._journal = journal
        self._meant = meant
        self._report = report
        self._last_key_ms = last_key_ms
        self._confirmed_ms = ticks_ms()
        self._is_stopping = False
        self._changed = asyncio.Event()

    @property
    def stored(self) -> StoredPlan:
        """The plan, with its transfers as they are now."""
        return self.state.stored

    def stop(self) -> None:
        """Stop before the next step."""
        self._is_stopping = True
        self._changed.set()

    def follow(self, transfer: Transfer) -> None:
        """Note that a transfer has changed."""
        stored = self.stored.with_transfer(transfer)
        if stored != self.stored:
            self._show(replace(self.state, stored=stored))
            self._changed.set()

    async def run(self) -> PlanState:
        """Send the steps. Return how it ended."""
        try:
            for number, step in enumerate(self.stored.plan.steps):
                self._show(replace(self.state, phase=Phase.CHECKING, number=number))
                if step.carries_on:
                    await self._wait_for_arrival(number)
                permitted = await self._require_certainty(number)
                await self._send(number, permitted)
            await asyncio.to_thread(self._journal.close_plan, self.stored.identity)
        except _Stop as stop:
            self._show(replace(self.state, phase=Phase.STOPPED, cause=stop.cause, detail=stop.detail))
        except JournalError as error:
            is_done = self.stored.is_done  # then only the note that it is finished is missing
            phase, cause = (Phase.DONE, None) if is_done else (Phase.STOPPED, Cause.FAILED)
            self._show(replace(self.state, phase=phase, cause=cause, detail=str(error)))
        else:
            self._show(replace(self.state, phase=Phase.DONE, arrival=None))
        return self.state

    async def _send(self, number: int, permitted: Permit) -> None:
        request = self.stored.plan.steps[number].request
        if number and self._client.wait_s:  # before the first step, the review asks about a pause
            raise _Stop(Cause.FAILED, answers.paused(self._client.wait_s))
        self._show(replace(self.state, phase=Phase.SENDING, arrival=None))
        own = {transfer.identity for transfer in self.stored.transfers if transfer}
        try:
            transfer = await self._submit(
                request, meant=self._meant | own, plan_step=self.stored.step(number), permitted=permitted
            )
        except RepeatUnconfirmed:
            raise _Stop(Cause.REPEAT) from None
        except (ExchangeError, JournalError, Forbidden) as error:
            raise _Stop(Cause.FAILED, str(error)) from None
        except Exception as error:  # noqa: BLE001 - a failure of our own: it must not leave the plan without an end
            is_begun = self.stored.transfers[number] is not None
            raise _Stop(Cause.UNKNOWN if is_begun else Cause.FAILED, not_written(error)) from None
        self.follow(transfer)
        was_unknown = transfer.outcome is Outcome.UNKNOWN
        if was_unknown:
            transfer = await self._settled(number)
        if transfer.basis is Basis.PERSON:
            raise _Stop(Cause.DECIDED)
        if transfer.outcome is not Outcome.DONE:
            raise _Stop(Cause.UNKNOWN if transfer.outcome.is_open else Cause.REFUSED)
        is_last = number + 1 == len(self.stored.plan.steps)
        if was_unknown and not is_last and not self._is_recent:
            raise _Stop(Cause.LATE)

    async def _settled(self, number: int) -> Transfer:
        """Return an unknown transfer once its outcome is known, or as it is when the person stops the plan."""
        self._show(replace(self.state, phase=Phase.SETTLING))
        while True:
            self._changed.clear()
            transfer = self.stored.transfers[number]
            if transfer is None or not transfer.outcome.is_open or self._is_stopping or self._client.is_locked:
                break
            await self._pause(1)
        if transfer is None:
            raise _Stop(Cause.CHANGED)
        return transfer

    async def _wait_for_arrival(self, number: int) -> None:
        """Read the wallet between until it shows the whole amount as movable."""
        request = self.stored.plan.steps[number].request
        account, reader = request.ends[0], self._reader
        began_ms, pauses_s = ticks_ms(), list(_PAUSES_S)
        while True:
            self._require_person()
            asked_ms = ticks_ms()
            async for _ in reader.read_wallets([account.wallet]):
                pass
            figure = reader.balances.figure(account, request.asset)
            is_read = figure is not None and figure.read_ms >= asked_ms and not figure.problem
            if is_read and figure and figure.is_exact and figure.amount >= request.amount:
                return
            wait_s, problem = self._client.wait_s, reader.balances.wallets[account.wallet].problem
            arrival = Arrival(account, figure if is_read else None, answers.paused(wait_s) if wait_s else problem)
            self._show(replace(self.state, phase=Phase.ARRIVING, arrival=arrival))
            if ticks_ms() - began_ms >= ARRIVES_S * 1000:
                raise _Stop(Cause.NOT_ARRIVED)
            self._changed.clear()
            await self._pause(pauses_s[0])
            pauses_s = pauses_s[1:] or pauses_s

    async def _require_certainty(self, number: int) -> Permit:
        """Raise _Stop unless the person lets it go on, and every earlier step is still done by the journal. Return what
        permits the step.
        """
        for earlier in self.stored.transfers[:number]:
            if earlier is None:
                raise _Stop(Cause.CHANGED)
            if earlier.unwritten:
                raise _Stop(Cause.FAILED, earlier.unwritten)
            transfer = await asyncio.to_thread(self._journal.transfer, earlier)
            self.follow(transfer)
            if transfer.outcome is not Outcome.DONE or transfer.basis is Basis.PERSON:
                raise _Stop(Cause.CHANGED)
        try:
            permitted = await self._permit(number)
        except Forbidden as error:
            raise _Stop(Cause.FAILED, str(error)) from None
        self._require_person()
        return permitted

    def _require_person(self) -> None:
        if self._client.is_locked:
            raise _Stop(Cause.LOCKED)
        if self._is_stopping:
            raise _Stop(Cause.LEFT)

    @property
    def _is_recent(self) -> bool:
        return ticks_ms() - min(self._confirmed_ms, self._last_key_ms()) < RECENT_MS

    async def _pause(self, seconds: float) -> None:
        """Wait, but not after something has changed."""
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            pass

    def _show(self, state: PlanState) -> None:
        if state != self.state:
            self.state = state
            asyncio.get_running_loop().call_soon(self._report, state)

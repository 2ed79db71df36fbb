"""Checks what a person's rules demand of the journal, within the transaction that writes down what is to be sent."""

import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal

from tui.domain.amounts import EXACT, exact_sum
from tui.domain.balances import Account
from tui.domain.wallets import TransferType, Wallet
from tui.journal import rows
from tui.journal.file import Conditions, DayIsFull, DayLimit, NotQuiet

DAY_MS = 24 * 60 * 60 * 1000


def require(
    connection: sqlite3.Connection,
    conditions: Conditions | None,
    host: str,
    at_ms: int,
    amounts: Mapping[str, Decimal],
) -> None:
    """Raise DayIsFull or NotQuiet unless the conditions hold. `amounts` are what is to be moved now, by asset, and
    `at_ms` is the exchange's time.
    """
    if conditions is None:
        return
    for limit in conditions.limits:
        left_today = left(connection, limit, host, at_ms)
        if amounts.get(limit.asset, Decimal(0)) > left_today:
            raise DayIsFull(limit, left_today)
    if conditions.quiet_since is not None and any(
        _has_changed(connection, conditions.quiet_since, host, *place) for place in conditions.quiet
    ):
        raise NotQuiet


def left(connection: sqlite3.Connection, limit: DayLimit, host: str, at_ms: int) -> Decimal:
    """Return what is left of a limit on the UTC day of a moment. Transfers that are done, open or judged count, and the
    steps of open plans that are still to be sent. An amount that two steps move along counts once.
    """
    start_ms = at_ms - at_ms % DAY_MS
    by_profile, profile = ("AND profile = ?", [limit.profile]) if limit.profile else ("", [])
    moved = connection.execute(
        f"""
        SELECT amount FROM transfers
        WHERE host = ? AND asset = ? AND timestamp_ms >= ? AND timestamp_ms < ? {by_profile}
            AND (outcome = 'done' OR {rows.OPEN} OR {rows.JUDGED})
            AND NOT EXISTS (
                SELECT 1 FROM planned
                WHERE planned.plan = transfers.plan AND planned.step = transfers.step AND carries_on
            )
        """,  # noqa: S608 - constants
        (host, limit.asset, start_ms, start_ms + DAY_MS, *profile),
    ).fetchall()
    coming = connection.execute(
        f"""
        SELECT amount FROM planned JOIN plans ON identity = plan
        WHERE NOT is_closed AND host = ? AND asset = ? AND planned.step >= 1 AND NOT carries_on {by_profile}
            AND NOT EXISTS (
                SELECT 1 FROM transfers WHERE transfers.plan = planned.plan AND transfers.step = planned.step
            )
        """,  # noqa: S608 - constants
        (host, limit.asset, *profile),
    ).fetchall()
    return EXACT.subtract(limit.amount, exact_sum(Decimal(row["amount"]) for row in (*moved, *coming)))


def passing(connection: sqlite3.Connection, host: str, but: str) -> Mapping[tuple[Account, str], Decimal]:
    """Return the amounts that plans which are not closed, apart from one, have moved into an account and have still to
    move on, by account and asset.
    """
    amounts: defaultdict[tuple[Account, str], Decimal] = defaultdict(Decimal)
    for row in connection.execute(
        f"""
        SELECT type, asset, amount, from_symbol FROM planned AS next JOIN plans ON identity = plan
        WHERE NOT is_closed AND host = ? AND identity != ? AND carries_on AND step >= 1
            AND NOT EXISTS (
                SELECT 1 FROM transfers WHERE transfers.plan = next.plan AND transfers.step = next.step
            )
            AND (step = 1 OR EXISTS (
                SELECT 1 FROM transfers WHERE transfers.plan = next.plan AND transfers.step = next.step - 1
                    AND (outcome = 'done' OR {rows.OPEN})
            ))
        """,  # noqa: S608 - constants
        (host, but),
    ):
        place = Account(TransferType[row["type"]].source, row["from_symbol"]), row["asset"]
        amounts[place] = EXACT.add(amounts[place], Decimal(row["amount"]))
    return amounts


def _has_changed(connection: sqlite3.Connection, since: int, host: str, wallet: Wallet, asset: str) -> bool:
    """Whether a transfer out of a wallet is open, or has changed since a change of the journal."""
    types = [move.name for move in TransferType if move.source is wallet]
    statement = f"""
        SELECT 1 FROM transfers WHERE host = ? AND asset = ? AND type IN ({rows.marks(len(types))})
            AND ({rows.OPEN} OR EXISTS (SELECT 1 FROM changes WHERE transfer_id = id AND changes.rowid > ?))
        """  # noqa: S608 - marks
    return connection.execute(statement, (host, asset, *types, since)).fetchone() is not None

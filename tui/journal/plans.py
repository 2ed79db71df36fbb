"""Reads and writes plans, each within a transaction of the file."""

import sqlite3
from collections.abc import Iterable
from decimal import Decimal

from tui.domain.amounts import plain
from tui.domain.moments import is_moment
from tui.domain.plan import Plan, Purpose, Step
from tui.domain.plan_state import StoredPlan
from tui.domain.transfer import Transfer, TransferRequest
from tui.domain.wallets import TransferType
from tui.language import _

_COLUMNS = "identity, sender, purpose, profile, key_tail, key_print, host, confirmed_ms, is_closed"


def find(connection: sqlite3.Connection, identity: str) -> sqlite3.Row | None:
    """Return the row of a plan, or None."""
    row: sqlite3.Row | None = connection.execute(
        f"SELECT {_COLUMNS} FROM plans WHERE identity = ?",  # noqa: S608 - a constant
        (identity,),
    ).fetchone()
    return row


def put(connection: sqlite3.Connection, stored: StoredPlan, sender: str) -> None:
    """Write a plan and its steps, if they are not there."""
    plan = (stored.identity, sender, stored.plan.purpose, stored.profile, stored.key_tail, stored.key_print)
    connection.execute(
        "INSERT OR IGNORE INTO plans VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)",
        (*plan, stored.host, stored.confirmed_ms),
    )
    every = (*stored.plan.earlier, *stored.plan.steps)
    connection.executemany(
        "INSERT OR IGNORE INTO planned VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                stored.identity,
                number,
                step.carries_on,
                step.request.type.name,
                step.request.asset,
                plain(step.request.amount),
                step.request.from_symbol,
                step.request.to_symbol,
            )
            for number, step in enumerate(every, start=1 - len(stored.plan.earlier))
        ],
    )


def close(connection: sqlite3.Connection, identities: Iterable[str]) -> None:
    """Note that plans are finished, or that the person has decided on them."""
    statement = "UPDATE plans SET is_closed = 1 WHERE identity = ? AND NOT is_closed"
    connection.executemany(statement, [(name,) for name in identities])


def disown(connection: sqlite3.Connection, identity: str, succeeds: str) -> None:
    """Close a plan that must not be carried out, if it is there, and open again the one in whose place it came."""
    if find(connection, identity):
        close(connection, [identity])
        connection.execute("UPDATE plans SET is_closed = 0 WHERE identity = ?", (succeeds,))


def is_begun(connection: sqlite3.Connection, identity: str, number: int) -> bool:
    """Whether a step of a plan, counted from 1, is among the transfers."""
    statement = "SELECT 1 FROM transfers WHERE plan = ? AND step = ?"
    return connection.execute(statement, (identity, number)).fetchone() is not None


def still_open(connection: sqlite3.Connection, host: str, key_print: str) -> list[sqlite3.Row]:
    """Return the rows of the plans with this key at a host that are not closed, oldest first."""
    return connection.execute(
        f"SELECT {_COLUMNS} FROM plans "  # noqa: S608 - a constant
        "WHERE NOT is_closed AND host = ? AND key_print = ? ORDER BY confirmed_ms, identity",
        (host, key_print),
    ).fetchall()


def stored_plan(connection: sqlite3.Connection, row: sqlite3.Row, transfers: Iterable[Transfer]) -> StoredPlan:
    """Return the plan in a row, with the transfers of its steps. Raises sqlite3.DataError if it cannot be read."""
    planned = connection.execute("SELECT * FROM planned WHERE plan = ? ORDER BY step", (row["identity"],)).fetchall()
    try:
        numbers, steps = [each["step"] for each in planned], tuple(map(_step, planned))
        earlier = sum(number < 1 for number in numbers)
        plan = Plan(Purpose(row["purpose"]), steps[earlier:], steps[:earlier])
        is_sound = is_moment(row["confirmed_ms"]) and numbers == list(range(1 - earlier, len(plan.steps) + 1))
        stored = StoredPlan(
            identity=row["identity"],
            plan=plan,
            profile=row["profile"],
            key_tail=row["key_tail"],
            key_print=row["key_print"],
            host=row["host"],
            confirmed_ms=row["confirmed_ms"],
            transfers=(None,) * len(plan.steps),
        )
        for transfer in transfers:
            stored = stored.with_transfer(transfer)
    except (LookupError, ValueError, TypeError, ArithmeticError) as error:
        raise sqlite3.DataError(_("a plan cannot be read")) from error
    if not is_sound:
        raise sqlite3.DataError(_("a plan cannot be read"))
    return stored


def _step(row: sqlite3.Row) -> Step:
    request = TransferRequest(
        TransferType[row["type"]], row["asset"], Decimal(row["amount"]), row["from_symbol"], row["to_symbol"]
    )
    return Step(request, carries_on=bool(row["carries_on"]))

"""Single cases before the judge: the faults of a few transfers of one person, one after the other.

    python -m tests.bench.judge_cases [NAME ...]

They are what random runs of `judge` found, made small enough to look at: amounts that differ in zeros at the end alone
are identical to the program.
"""

import sys
from dataclasses import dataclass

from tests.bench.judge import Plan, judging
from tests.bench.judge_faults import Answer, Cut, Lot
from tests.bench.real_program import home

_NO_ANSWER = Cut.CLOSE


@dataclass(frozen=True)
class Case:
    """The fault of each transfer, and how long it is watched then."""

    lots: dict[str, Lot]
    minutes: float
    between_s: float = 0
    """What the person waits after each."""
    told_late: bool = False
    """Whether the history lags so long that "not executed" has to be said of what was executed, and put right."""


CASES = {
    "twins, the first shown late, the second's time early": Case(
        {
            "10.0137": Lot("first", answer=_NO_ANSWER, lag_ms=100_000),
            "10.01370": Lot("second", answer=_NO_ANSWER, shift_ms=-5000),
        },
        minutes=8,
    ),
    "twins, the second failed": Case(
        {
            "10.0137": Lot("first", answer=_NO_ANSWER, lag_ms=100_000),
            "10.01370": Lot("second", answer=_NO_ANSWER, shift_ms=-5000, fails=True),
        },
        minutes=8,
    ),
    "twins, some seconds apart": Case(
        {
            "10.0137": Lot("first", answer=_NO_ANSWER, lag_ms=100_000),
            "10.01370": Lot("second", answer=_NO_ANSWER, shift_ms=-5000),
        },
        minutes=8,
        between_s=4.3,
    ),
    "failed, confirmed after all": Case(
        {"10.0137": Lot("failed", answer=Answer(500), fails=True, confirmed_after_all_ms=600_000)}, minutes=45
    ),
    "shown ten minutes late": Case(
        {"10.0137": Lot("late", answer=Answer(500), lag_ms=600_000)}, minutes=45, told_late=True
    ),
    "a twin judged not executed, then sent again": Case(
        {
            "10.0137": Lot("first", executes=False, answer=_NO_ANSWER),
            "10.01370": Lot("second", answer=_NO_ANSWER, lag_ms=200_000, shift_ms=9000),
        },
        minutes=8,
        between_s=12,
    ),
}


def run_case(case: Case) -> bool:
    """Run one, say how it went; whether no promise was broken."""
    with home() as environment, judging(environment, seed=1, persons=1, lots=case.lots) as run:
        person = run.persons[0]
        for amount in case.lots:
            person.make(Plan(amount))
            person.watch_for(case.between_s)
        run.let_pass(run.clock.now_s() + case.minutes * 60)
        run.judge.judge_rows(rows := run.journal())
        shown = person.terminal.screen() if person.terminal else ""
        person.leave()
    broken = [one for one in run.judge.broken.values() if not (case.told_late and one.kind.startswith("said not exec"))]
    if broken or case.told_late:
        print(shown)
    for row in rows:
        print(f"  {row['amount']} {row['outcome']} {row['tran_id']}: {row['message']}")
    print(f"  alarms: {run.diary.alarms}")
    for one in broken:
        print(f"  {one.kind} {one.amount}: {one.what}")
    return not broken


def main() -> int:
    """Run the cases that are named, or all."""
    names = sys.argv[1:] or list(CASES)
    is_good = True
    for name in names:
        print(name)
        is_good &= run_case(CASES[name])
    return int(not is_good)


if __name__ == "__main__":
    sys.exit(main())

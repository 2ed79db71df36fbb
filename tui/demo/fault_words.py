"""The faults by name, as the help of `shunter simulate` shows them. It imports little: the help must not wait."""

from typing import Final

from tui.language import N_

OF_A_TRANSFER: Final = {
    "cut-before": N_("the connection is cut, nothing is executed"),
    "cut-after": N_("executed, then the connection is cut without an answer"),
    "cut-mid": N_("executed, and the answer breaks off halfway"),
    "delay-before=5s": N_("held for 5 seconds, then executed if the request is still valid"),
    "delay-after=5s": N_("executed, and answered 5 seconds later"),
    "status-before=503:BODY": N_("not executed, answered with a status and a body (it may be left out)"),
    "status-after=503:BODY": N_("executed, answered with a status and a body"),
    "refused=-5013": N_("not executed, refused with that code in the exchange's words"),
    "execute-late=12s:504:BODY": N_(
        "executed 12 seconds after it came, but answered at once, with a status and a body; 12s/10s answers after 10"
    ),
    "arrival=5s": N_("debited at once, and credited 5 seconds later"),
}
OF_THE_HISTORY: Final = {
    "history-answer=200:{}": N_('answered with a status and a body, as 200:{"total":1} or 503'),
    "history-lag=4m": N_("a transfer shows up 4 minutes late"),
    "pending=10s": N_("it is PENDING for 10 seconds"),
    "failed": N_("it gets a tranId, but ends as FAILED: nothing moves"),
    "failed-for=30s": N_("it moves the money, but is FAILED for 30 seconds"),
    "record=amount:null": N_('one value of its record is this, like status:"DONE" or tranId:0; tranId: leaves it out'),
    "record-time=-5000": N_("its record's time is off by so many milliseconds"),
    "record-amount=2": N_("its record's amount is rounded to 2 decimals"),
    "page-size=5": N_("a page has at most 5 records, however many are asked for"),
    "page-shift=-1": N_("the last record of page 1 is on page 2 again; +1 leaves one out in between"),
    "history-total=+1": N_("the total is one more than there are"),
}
OF_THE_REST: Final = {
    "answer=/api/v3/time:503:BODY": N_("a call of that path is answered with a status and a body"),
    'balance=free:"NaN"': N_("one value is this, in every answer about wallets, their assets and pairs"),
    "hostile-names": N_("there are assets and pairs whose names command a terminal"),
    "header=Retry-After:99999999": N_("every answer has this header"),
    "clock=+5000": N_("the exchange's clock is off by so many milliseconds (+ is ahead)"),
}
UNWRITABLE: Final = {
    "%digits": N_("5,000 digits, as in header=X-SAPI-USED-UID-WEIGHT-1M:%digits"),
    "%deep": N_("100,000 lists, one inside the other"),
    "%not-utf-8": N_("an error whose text is not UTF-8"),
    "%bomb": N_("2 KB, which unpack twice to 1 GB"),
}
"""Bodies and values that no command line can hold."""

SPECS: Final = OF_A_TRANSFER | OF_THE_HISTORY | OF_THE_REST
"""What each fault does, by an example of how it is written."""

OF_ALL: Final = (
    *("page-size=5", "page-shift=-1", "history-total=+1", 'balance=free:"NaN"', "hostile-names"),
    *("header=Retry-After:99999999", "clock=+5000"),
)
"""The faults that `@N` cannot follow."""


def fault_name(example: str) -> str:
    """Return the name of a fault, without its value."""
    return example.partition("=")[0]

"""`shunter journal`: every transfer ever recorded, newest last."""

import argparse
import contextlib
import io
import json
import os
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime

from tui.domain.amounts import grouped, plain
from tui.domain.text import printable
from tui.domain.transfer import Transfer
from tui.journal import Journal, JournalError, journal_path

_HEADINGS = ("ID", "SENT (UTC)", "PROFILE", "HOST", "FROM", "TO", "AMOUNT", "ASSET", "OUTCOME", "TRANID", "MESSAGE")
_AMOUNT = _HEADINGS.index("AMOUNT")
_GAP = "  "


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `shunter journal`."""
    parser.add_argument("--json", action="store_true", help="print a JSON array, one transfer a line")


def run(args: argparse.Namespace) -> int:
    """Print the journal; the exit status."""
    try:
        journal = Journal.open_to_read()
        with contextlib.closing(journal) if journal else contextlib.nullcontext():
            if args.json:
                _print_json(journal.transfers() if journal else ())
            else:
                _print_table(journal)
        sys.stdout.flush()
    except JournalError as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader has seen enough. Python flushes once more as it ends, and must not fail then.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _print_json(transfers: Iterable[Transfer]) -> None:
    opening = "["
    for transfer in transfers:
        print(opening, json.dumps(_fields(transfer)), sep="\n", end="")
        opening = ","
    print("[]" if opening == "[" else "\n]")


def _fields(transfer: Transfer) -> dict[str, str | int | None]:
    request = transfer.request
    return {
        "id": transfer.id,
        "sent_at": _iso(transfer.sent_at),
        "profile": transfer.profile,
        "host": transfer.host,
        "type": request.type.name,
        "from": request.type.source.value,
        "to": request.type.destination.value,
        "asset": request.asset,
        "amount": plain(request.amount),
        "from_symbol": request.from_symbol,
        "to_symbol": request.to_symbol,
        "outcome": transfer.outcome.value,
        "tran_id": transfer.tran_id,
        "code": transfer.code,
        "message": transfer.message,
        "settled_at": transfer.settled_at and _iso(transfer.settled_at),
        "evidence": transfer.evidence.value,
    }


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _print_table(journal: Journal | None) -> None:
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # what it writes to may know fewer scripts than the exchange
    # Read twice rather than kept: a journal can be longer than memory is.
    widths = [0] * len(_HEADINGS)
    for row in _rows(journal):
        widths = [max(width, _columns(cell)) for width, cell in zip(widths, row, strict=True)]
    if not any(widths):
        print(f"No transfer has been recorded yet; the journal will be {journal_path()}")
        return
    widths = [max(width, len(heading)) for width, heading in zip(widths, _HEADINGS, strict=True)]
    print(_line(_HEADINGS, widths))
    for row in _rows(journal):
        print(_line(row, widths))


def _rows(journal: Journal | None) -> Iterator[tuple[str, ...]]:
    for transfer in journal.transfers() if journal else ():
        request = transfer.request
        source, destination = request.ends
        yield (
            str(transfer.id),
            transfer.sent_at.strftime("%Y-%m-%d %H:%M:%S"),
            printable(transfer.profile),
            printable(transfer.host),
            printable(source.label),
            printable(destination.label),
            grouped(request.amount),
            printable(request.asset),
            transfer.outcome.value.replace("_", " "),
            "" if transfer.tran_id is None else str(transfer.tran_id),
            _reason(transfer),
        )


def _reason(transfer: Transfer) -> str:
    message = "; ".join(printable(line) for line in (transfer.reason, transfer.advice) if line)
    return message if transfer.code is None else f"{transfer.code} {message}"


def _line(cells: Iterable[str], widths: list[int]) -> str:
    padded = (
        f"{' ' * (width - _columns(cell))}{cell}" if column == _AMOUNT else f"{cell}{' ' * (width - _columns(cell))}"
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return _GAP.join(padded).rstrip()


def _columns(text: str) -> int:
    """How many columns of a terminal the text takes."""
    from rich.cells import cell_len  # late: the screens' own measure, which JSON does not need

    return cell_len(text)

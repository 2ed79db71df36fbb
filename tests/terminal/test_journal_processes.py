"""The journal between processes, and on disks that are full or read-only: with real processes, signals and mounts.

Run as a script, this file is the child process: `test_journal_processes.py FUNCTION FOLDER`.
"""

import contextlib
import os
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from tests.evidence import accepted, ambiguous, begin_anyway, no_record
from tui.domain.transfer import Outcome, Sending, Transfer, TransferRequest
from tui.domain.wallets import TransferType
from tui.journal import Journal, JournalError

HOST = "https://api.binance.com"
NAME = "journal.sqlite3"


def begin(journal: Journal) -> Transfer:
    request = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal("12.5"))
    sending = Sending(
        request,
        profile="main",
        key_tail="demo",
        key_print="print",
        host=HOST,
        timestamp_ms=1_700_000_000_000,
        clock_error_ms=20,
        recv_window_ms=5000,
    )
    return begin_anyway(journal, sending)


def open_ids(journal: Journal) -> list[int]:
    return [transfer.id for transfer in journal.open_transfers(HOST)]


# What the children do


def begin_and_wait(folder: Path) -> None:
    transfer = begin(Journal.open(folder / NAME))
    sys.stdout.write(f"{transfer.id}\n")
    sys.stdout.flush()
    sys.stdin.read()


def begin_and_record_many(folder: Path) -> None:
    sys.stdout.write("up\n")
    sys.stdout.flush()
    sys.stdin.readline()
    with contextlib.closing(Journal.open(folder / NAME)) as journal:
        for _ in range(10):
            transfer = begin(journal)
            journal.record(transfer, accepted(transfer.id))


def begin_between_marks(folder: Path) -> None:
    journal = Journal.open(folder / "new" / "shunter" / NAME)
    begin(journal)
    os.write(2, b"first\n")
    transfer = begin(journal)
    os.write(2, b"second\n")
    journal.record(transfer, accepted(1))
    os.write(2, b"recorded\n")


def meet_a_full_disk(folder: Path) -> None:
    with contextlib.closing(Journal.open(folder / NAME)) as journal:
        sent = begin(journal)
        filler = folder / "filler"
        with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"x" * 4096)
        uses: tuple[Callable[[], Transfer], ...] = (
            lambda: begin(journal),
            lambda: journal.record(sent, accepted(1)),
            lambda: begin(Journal.open(folder / "second" / NAME)),
        )
        for use in uses:
            with pytest.raises(JournalError, match=r"disk is full .* Free some space"):
                use()
        assert list(journal.transfers()) == [sent]
        filler.unlink()
        assert journal.record(sent, accepted(1)).outcome is Outcome.DONE
        assert begin(journal).id == sent.id + 1


def meet_a_read_only_disk(folder: Path) -> None:
    with contextlib.closing(Journal.open(folder / NAME)) as journal:
        sent = journal.record(begin(journal), ambiguous())
        begin(journal)
    (folder / "senders" / "dead.lock").touch()
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    for path in (folder / NAME, folder / "second" / NAME):
        with pytest.raises(JournalError, match="cannot be opened or written"):
            Journal.open(path)
    reading = Journal.open_to_read(folder / NAME)
    assert reading is not None
    with contextlib.closing(reading):
        assert [(transfer.id, transfer.outcome) for transfer in reading.transfers()] == [
            (sent.id, Outcome.UNKNOWN),
            (sent.id + 1, Outcome.UNKNOWN),
        ]
        with pytest.raises(JournalError, match="cannot be opened or written"):
            begin(reading)


def meet_a_limit_on_file_size(folder: Path) -> None:
    with contextlib.closing(Journal.open(folder / NAME)) as journal:
        sent = begin(journal)
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
        with pytest.raises(JournalError, match="disk"):
            begin(journal)
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert list(journal.transfers()) == [sent]
        assert begin(journal).id == sent.id + 1


# What is promised


def command(function: object, folder: Path) -> list[str]:
    name: str = function.__name__  # type: ignore[attr-defined]
    # The tests are no part of what is installed, and a script finds only what is beside it.
    return ["env", f"PYTHONPATH={Path(__file__).parents[2]}", sys.executable, __file__, name, str(folder)]


@contextlib.contextmanager
def child(function: object, folder: Path) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(command(function, folder), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def on_a_small_disk(function: object, folder: Path) -> None:
    """Run a child in a mount namespace of its own, in which the folder is a disk of 256 KiB."""
    unshare = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
    mount = [*unshare, "sh", "-c", 'mount -t tmpfs -o size=256k,mode=700 shunter "$0" && exec "$@"', str(folder)]
    if shutil.which("unshare") is None or subprocess.run([*mount, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this system mounts nothing for us")
    run([*mount, *command(function, folder)])


def run(arguments: Sequence[str]) -> None:
    done = subprocess.run(arguments, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_transfer_of_a_killed_shunter_is_unknown(tmp_path: Path) -> None:
    with contextlib.closing(Journal.open(tmp_path / NAME)) as journal, child(begin_and_wait, tmp_path) as sender:
        assert sender.stdout
        sent = int(sender.stdout.readline())
        assert open_ids(journal) == []
        sender.kill()
        sender.wait()
        (orphan,) = journal.open_transfers(HOST)
        assert orphan.id == sent
        assert list((tmp_path / "senders").iterdir()) == []
        assert journal.record(orphan, no_record()).outcome is Outcome.NOT_EXECUTED


def test_shunters_that_start_at_once_lose_nothing(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        writers = [stack.enter_context(child(begin_and_record_many, tmp_path)) for _ in range(4)]
        for writer in writers:
            assert writer.stdout
            assert writer.stdout.readline() == "up\n"
        for writer in writers:
            assert writer.stdin
            writer.stdin.write("go\n")
            writer.stdin.flush()
        assert [writer.wait() for writer in writers] == [0] * 4
    with contextlib.closing(Journal.open(tmp_path / NAME)) as journal:
        assert [(transfer.id, transfer.tran_id) for transfer in journal.transfers()] == [(n, n) for n in range(1, 41)]


def test_full_disk_stops_a_transfer_before_it_is_sent(tmp_path: Path) -> None:
    on_a_small_disk(meet_a_full_disk, tmp_path)


def test_read_only_disk_stops_a_transfer_before_it_is_sent_but_can_be_read(tmp_path: Path) -> None:
    on_a_small_disk(meet_a_read_only_disk, tmp_path)


def test_write_that_the_system_refuses_stops_a_transfer_before_it_is_sent(tmp_path: Path) -> None:
    run(command(meet_a_limit_on_file_size, tmp_path))


def test_transfer_and_outcome_are_on_the_disk_when_the_call_returns(tmp_path: Path) -> None:
    """Every write to the journal's files, and every new name in its folders, is synced before the mark that follows."""
    strace = ["strace", "-f", "-y", "-o", str(tmp_path / "trace"), "-e"]
    calls = "trace=mkdir,openat,write,pwrite64,ftruncate,unlink,fsync,fdatasync"
    if (
        shutil.which("strace") is None
        or subprocess.run([*strace, calls, "true"], check=False, capture_output=True).returncode
    ):
        pytest.skip("needs strace")
    folder = tmp_path / "home"
    folder.mkdir()
    run([*strace, calls, *command(begin_between_marks, folder)])

    unsynced: set[str] = set()
    known = {str(folder)}
    marks = []
    written = 0
    for line in (tmp_path / "trace").read_text().splitlines():
        if mark := re.search(r'write\(2<.*?>, "(\w+)\\n"', line):
            marks.append(mark[1])
            assert not unsynced, f"before {mark[1]!r}"
            assert written, f"before {mark[1]!r}"
            written = 0
        elif made := re.search(rf'(?:mkdir\(|openat\([^"]*)"({folder}[^"]*)".* = \d', line):
            path = Path(made[1])
            if "senders" not in path.parts and str(path) not in known:  # no one is missing a dead sender's lock
                known.add(str(path))
                unsynced.add(str(path.parent))
        elif change := re.search(rf"(?:pwrite64|write|ftruncate)\(\d+<({folder}[^>]*)>", line):
            written += 1
            unsynced.add(change[1])
        elif gone := re.search(rf'unlink\("({folder}[^"]*)"\) = 0', line):
            unsynced.add(str(Path(gone[1]).parent))
        elif synced := re.search(rf"(?:fsync|fdatasync)\(\d+<({folder}[^>]*)>\) = 0", line):
            unsynced.discard(synced[1])
    assert marks == ["first", "second", "recorded"]


if __name__ == "__main__":
    globals()[sys.argv[1]](Path(sys.argv[2]))

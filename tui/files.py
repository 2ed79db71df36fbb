"""The files that Shunter keeps for a person: opened only if they are regular, read within limits, replaced at once.

A person, or an unpacked archive, can put anything under a file's name. A relative path would be another folder in each
working directory, and a journal left in another one cannot warn of a repeat. Some versions of platformdirs follow a
relative path and others ignore it, so it is refused here.
"""

import errno
import fcntl
import os
import sqlite3
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

import platformdirs

from tui.domain.text import printable
from tui.language import N_, _
from tui.structs import Struct

_APP = "shunter"
_HOME = "HOME"
_NAMED = ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR")
_POLL_S = 0.05
_OTHER_KIND = N_("something else")
_KINDS = {
    stat.S_IFIFO: N_("a named pipe"),
    stat.S_IFSOCK: N_("a socket"),
    stat.S_IFCHR: N_("a device"),
    stat.S_IFBLK: N_("a device"),
    stat.S_IFDIR: N_("a folder"),
}


class FolderRefused(Exception):
    """Raised when an environment variable is not an absolute path. The message names the variable."""


def config_folder() -> Path:
    """Return the folder of profiles, settings and favourites. Raises FolderRefused."""
    _require_absolute("XDG_CONFIG_HOME")
    return platformdirs.user_config_path(_APP)


def state_folder() -> Path:
    """Return the folder of the journal and the history. Raises FolderRefused."""
    _require_absolute("XDG_STATE_HOME")
    return platformdirs.user_state_path(_APP)


def require_absolute_folders() -> None:
    """Check every folder that Shunter, its keyring or its session bus uses. Raises FolderRefused."""
    for variable in _NAMED:
        _require_absolute(variable)


def _require_absolute(variable: str) -> None:
    for name in (variable, _HOME):
        value = os.environ.get(name, "")
        if value and not Path(value).is_absolute():
            if name == _HOME:
                refusal = _(
                    "{name} is {value!r}, which is not an absolute path: Shunter's files would be in another folder "
                    "wherever it is started. Set {name} to a path that begins with /."
                )
            else:
                refusal = _(
                    "{name} is {value!r}, which is not an absolute path: Shunter's files would be in another folder "
                    "wherever it is started. Set {name} to a path that begins with /, or unset it."
                )
            raise FolderRefused(refusal.format(name=name, value=printable(value)))
    if not os.environ.get(_HOME):
        raise FolderRefused(_("HOME is not set. Set it to your home folder: Shunter's files are below it."))


class NotRegular(OSError):
    """Raised when a folder, a pipe, a socket or a device has a file's name. It was not opened."""

    def __init__(self, path: Path, mode: int) -> None:
        kind = _(_KINDS.get(stat.S_IFMT(mode), _OTHER_KIND))
        problem = _("{file} is {kind}, not a file. Move it away").format(file=path.name, kind=kind)
        super().__init__(errno.EINVAL, problem)


class TooLarge(OSError):
    """Raised when a file is larger than anyone would write."""

    def __init__(self, path: Path, most_bytes: int) -> None:
        problem = _("{file} has more than {most:,} bytes. Correct it, or move it away")
        super().__init__(errno.EFBIG, problem.format(file=path.name, most=most_bytes))


def require_regular(path: Path) -> None:
    """Raise NotRegular unless a regular file, a link to one, or nothing has the name. Raises OSError."""
    with suppress(FileNotFoundError):
        _check(path, path.stat())


def read_regular(path: Path, most_bytes: int) -> bytes:
    """Return the content of a regular file. Never waits, and never reads more than `most_bytes`.

    Raises NotRegular, TooLarge, and OSError.
    """
    descriptor = regular_descriptor(path, os.O_RDONLY)
    try:
        if os.fstat(descriptor).st_size > most_bytes:
            raise TooLarge(path, most_bytes)
        content = b""
        while part := os.read(descriptor, most_bytes + 1 - len(content)):
            content += part
            if len(content) > most_bytes:  # it grew, or its size was not known
                raise TooLarge(path, most_bytes)
        return content
    finally:
        os.close(descriptor)


def regular_descriptor(path: Path, flags: int) -> int:
    """Return an open descriptor of a regular file. If `flags` create it, it is for its owner only.

    Raises NotRegular, OSError.
    """
    require_regular(path)  # first: opening a pipe or a device may have an effect
    descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC, 0o600)
    try:
        _check(path, os.fstat(descriptor))
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _check(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise NotRegular(path, status.st_mode)


def require_regular_database(path: Path) -> None:
    """Raise NotRegular unless what SQLite opens under this name are regular files, as far as they are there.

    SQLite follows links, and looks for its rollback file and its log next to their target.
    """
    require_regular(path)
    real = Path(os.path.realpath(path))
    for ending in ("-journal", "-wal", "-shm"):
        require_regular(real.with_name(real.name + ending))


@contextmanager
def transaction(connection: sqlite3.Connection, begin: str = "BEGIN IMMEDIATE") -> Iterator[sqlite3.Connection]:
    """A transaction: reads see one moment, and writes are kept together or not at all."""
    connection.execute(begin)
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
        raise


class ConfigFile(Struct):
    """A file of Shunter's that a person may edit, version or share. Every method raises FolderRefused too."""

    name: str
    title: str
    """What messages call it, like "The settings"; in English, and marked for translation."""
    most_bytes: int
    error: Callable[[str], Exception]
    """Makes the exception to raise from a message."""

    @property
    def path(self) -> Path:
        return config_folder() / self.name

    def failure(self, problem: str) -> Exception:
        """Return the exception that says what is wrong with the file, and where the file is."""
        told = _("{title}, {path}, {problem}").format(title=_(self.title), path=self.path, problem=problem)
        return self.error(told)

    def read(self) -> bytes | None:
        """Return the content, or None if there is no such file. Raises `error`."""
        try:
            return read_regular(self.path, self.most_bytes)
        except FileNotFoundError:
            return None
        except OSError as error:
            problem = _("cannot be read: {reason}").format(reason=error.strerror)
        raise self.failure(problem)

    def write(self, content: bytes, *, mode: int = 0o600) -> None:
        """Replace the content. Raises `error`; then the file is as it was, and nothing else is left behind."""
        try:
            _replace(self.path, content, mode)
        except OSError as error:
            raise self.failure(_("cannot be written: {reason}").format(reason=error.strerror)) from None

    @contextmanager
    def locked(self, limit_s: float, *, needs_lock: bool = True) -> Iterator[None]:
        """Keep other Shunters from changing the file. Raises `error` if one of them still changes it after the limit,
        or if the folder takes no locks and the change needs one.
        """
        folder = self.path.parent
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = regular_descriptor(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT)
        except NotRegular as error:
            raise self.failure(_("cannot be changed: {reason}.").format(reason=error.strerror)) from None
        except OSError as error:
            problem = _("The folder {folder} cannot be written to: {reason}")
            raise self.error(problem.format(folder=folder, reason=error.strerror)) from None
        deadline = time.monotonic() + limit_s
        try:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        busy = _(
                            "cannot be changed: another Shunter has locked the file. Finish there, then try again."
                        )
                        raise self.failure(busy) from None
                    time.sleep(_POLL_S)
                    continue
                except OSError as error:
                    if needs_lock:
                        problem = _("The folder {folder} takes no locks: {reason}")
                        raise self.error(problem.format(folder=folder, reason=error.strerror)) from None
                break
            yield
        finally:
            os.close(lock)


def _replace(path: Path, content: bytes, mode: int) -> None:
    """Replace a file. A symbolic link to it, as in a folder of dotfiles, stays."""
    require_regular(path)
    path = Path(os.path.realpath(path))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


@contextmanager
def new_file(path: Path) -> Iterator[TextIO]:
    """Open a file that is not there yet for writing text, for its owner only. Raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace", newline="") as file:
        yield file

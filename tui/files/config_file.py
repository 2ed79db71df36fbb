"""A file in the config folder: read within a limit, locked while it changes, and replaced at once or not at all."""

import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tui.files.folders import config_folder
from tui.files.regular import NotRegular, read_regular, regular_descriptor, require_regular

_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A file of Shunter's that a person may edit, version or share. Every method raises FolderRefused too."""

    name: str
    title: str
    """What messages call it, like "The settings"."""
    most_bytes: int
    error: Callable[[str], Exception]
    """Makes the exception to raise from a message."""

    @property
    def path(self) -> Path:
        return config_folder() / self.name

    def failure(self, problem: str) -> Exception:
        """Return the exception that says what is wrong with the file, and where the file is."""
        return self.error(f"{self.title}, {self.path}, {problem}")

    def read(self) -> bytes | None:
        """Return the content, or None if there is no such file. Raises `error`."""
        try:
            return read_regular(self.path, self.most_bytes)
        except FileNotFoundError:
            return None
        except OSError as error:
            problem = f"cannot be read: {error.strerror}"
        raise self.failure(problem)

    def write(self, content: bytes, *, mode: int = 0o600) -> None:
        """Replace the content. Raises `error`; then the file is as it was, and nothing else is left behind."""
        try:
            _replace(self.path, content, mode)
        except OSError as error:
            raise self.failure(f"cannot be written: {error.strerror}") from None

    @contextmanager
    def locked(self, limit_s: float, *, busy: str, needs_lock: bool = True) -> Iterator[None]:
        """Keep other Shunters from changing the file. Raises `error`, with `busy` if one of them still changes it
        after the limit, or if the folder takes no locks and the change needs one.
        """
        folder = self.path.parent
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = regular_descriptor(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT)
        except NotRegular as error:
            raise self.failure(f"cannot be changed: {error.strerror}.") from None
        except OSError as error:
            raise self.error(f"The folder {folder} cannot be written to: {error.strerror}") from None
        deadline = time.monotonic() + limit_s
        try:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise self.error(busy) from None
                    time.sleep(_POLL_S)
                    continue
                except OSError as error:
                    if needs_lock:
                        raise self.error(f"The folder {folder} takes no locks: {error.strerror}") from None
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

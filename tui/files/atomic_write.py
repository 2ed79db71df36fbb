"""Replacing a file, at once or not at all."""

import os
import tempfile
from pathlib import Path

from tui.files.regular import require_regular


def atomic_write(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Put new content in the place of a file, for its owner only unless another mode is given. Raises OSError; then the
    file is as it was, and nothing else is left behind. Where a link stands for the file, as a folder of dotfiles has
    it, the link stays.
    """
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

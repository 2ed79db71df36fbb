"""What an error holds: every text that can be reached from it."""

import gc
import traceback
import types
from collections.abc import Iterator
from pathlib import Path

from tests.traces import traces
from tui.domain.credentials import ApiKey


def assert_no_key_in(error: BaseException, key: ApiKey) -> None:
    """The key is in nothing that is reachable from the error or printed of it.

    Nor does the error hold a frame that knew the secret, or one of a library that was handed the API key.
    """
    reachable = all_text(error)
    assert str(error.args[0]) in reachable
    printed = [repr(error), str(error), *traceback.TracebackException.from_exception(error).format()]
    text = "\n".join([reachable, *printed])
    for secret in (key.api_key.reveal(), key.secret.reveal()):
        if len(secret) > 1:
            assert secret.strip() not in text
    assert not [trace for trace in traces(key) if trace in text.encode("latin-1", "replace")]
    for frame in _frames(error):
        folder = Path(frame.f_code.co_filename).parent.name
        assert folder in ("exchange", "wire"), frame
        if folder == "exchange":
            names = repr(frame.f_locals)
            assert not [line for line in key.secret.reveal().splitlines() if len(line) > 1 and line in names], frame


def _chain(error: BaseException) -> Iterator[BaseException]:
    waiting: list[BaseException | None] = [error]
    while waiting:
        link = waiting.pop()
        if link is not None:
            yield link
            waiting += [link.__cause__, link.__context__]


def _frames(error: BaseException) -> Iterator[types.FrameType]:
    for link in _chain(error):
        for frame, _ in traceback.walk_tb(link.__traceback__):
            yield frame


_NOT_HELD: tuple[type, ...] = (
    type,
    types.ModuleType,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.TracebackType,
)


def all_text(error: BaseException) -> str:
    """Every text that can be reached from an error, its causes, arguments and attributes; not through its frames."""
    texts: list[str] = []
    seen: set[int] = set()
    waiting: list[object] = list(_chain(error))
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, _NOT_HELD):
            continue
        seen.add(id(thing))
        if isinstance(thing, bytes | bytearray):
            texts.append(bytes(thing).decode("latin-1"))
        elif isinstance(thing, str):
            texts.append(thing)
        else:
            waiting += gc.get_referents(thing)
    return "\n".join(texts)

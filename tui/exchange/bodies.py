"""The body of an answer, counted while it is unpacked: a short one can be made to unpack to gigabytes."""

import zlib
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    import httpx

_GZIP = 16 + zlib.MAX_WBITS


async def read_body(response: "httpx.Response", most_bytes: int) -> bytes | None:
    """The body, unpacked. None where it is longer than that, or packed in any way but gzip, once.

    Nothing packed is asked for; some servers pack all the same.
    """
    packing = response.headers.get("Content-Encoding", "").strip().lower()
    if packing not in ("", "identity", "gzip", "x-gzip"):
        return None
    unpacker = zlib.decompressobj(_GZIP) if packing.endswith("gzip") else None
    body = bytearray()
    # As it came: httpx's own ways to read a body unpack it.
    async for chunk in cast("httpx.AsyncByteStream", response.stream):
        try:
            # One byte more than fits is enough to know.
            body += unpacker.decompress(chunk, most_bytes - len(body) + 1) if unpacker else chunk
        except zlib.error:
            return None
        if len(body) > most_bytes:
            return None
    return bytes(body) if unpacker is None or (unpacker.eof and not unpacker.unused_data) else None

"""Answers that no command line can hold, by the names that `fault_words.UNWRITABLE` lists."""

import gzip
import zlib
from collections.abc import Mapping
from functools import cache

_MIB = 1024 * 1024
_MIB_IN_BOMB = 1024


@cache
def named(text: str) -> tuple[bytes, Mapping[str, str]] | None:
    """The body that a name stands for, and its headers; None where the text is no such name."""
    match text:
        case "%digits":
            return b"9" * 5000, {}
        case "%deep":
            return b"[" * 100_000 + b"]" * 100_000, {}
        case "%not-utf-8":
            return b'{"code":-1000,"msg":"\xff\xfe \xed\xa0\x80"}', {}
        case "%bomb":
            return gzip.compress(_packed_zeros()), {
                "content-encoding": "gzip, gzip",
                "content-type": "application/json",
            }
        case _:
            return None


def _packed_zeros() -> bytes:
    """Gzip of zeros without end, made of one packed block many times over: packing them would take seconds."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    zeros = bytes(_MIB)
    block = packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = 0
    for _ in range(_MIB_IN_BOMB):
        checksum = zlib.crc32(zeros, checksum)
    head = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
    tail = checksum.to_bytes(4, "little") + (_MIB * _MIB_IN_BOMB % 2**32).to_bytes(4, "little")
    return head + block * _MIB_IN_BOMB + packer.flush() + tail
